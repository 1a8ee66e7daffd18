# A stop with 100 SAs: every peer has seen and answered the delete, none of our kernel state is left, exit 0.
# @rfc-test 7296-2.4-19
. testing/kernel/lab.sh
lab
N=100
for i in $(seq $N); do echo "addr add 10.9.0.$i/32 dev lo"; done | ip -n bob -batch -
in_ns router ip route add 10.9.0.0/24 via 198.51.100.20 dev bob 2>/dev/null || in_ns router ip route add 10.9.0.0/24 dev bob
in_ns router sh -c 'echo 1 > /proc/sys/net/ipv4/conf/bob/proxy_arp'
for h in alice bob; do
	for i in $(seq $N); do
		printf 'conn c%s\n left=192.0.2.10\n right=10.9.0.%s\n authby=secret\n auto=%s\n' $i $i $([ $h = alice ] && echo start || echo add)
	done | put $h /etc/ipsec.conf 644
	put $h /etc/ipsec.secrets 600 <<< ': PSK "a shared key of the test kernel"'
done
is "bob starts" cygnetd_start bob
is "alice starts and keys 100 connections" cygnetd_start alice
is "100 pairs of SAs in alice's kernel" waitfor 60 sh -c "[ \$(ip -n alice xfrm state | grep -c 'proto esp') = 200 ]"
is "100 pairs of SAs in bob's kernel" waitfor 10 sh -c "[ \$(ip -n bob xfrm state | grep -c 'proto esp') = 200 ]"
is "SIGTERM: alice's exit status is 0" cygnetd_stop alice
is "all 100 peers confirmed" grep -q 'stopped: confirmed 100, unanswered 0' "$OUT/alice.log"
grep -o 'stopped:.*' "$OUT/alice.log" | sed 's/^/# /'
is "nothing is left in alice's kernel" sh -c "[ -z \"\$(ip -n alice xfrm state)\" ] && ! ip -n alice xfrm policy | grep -q '^src.*/'"
is "bob deleted them all" sh -c "[ -z \"\$(ip -n bob xfrm state)\" ]"
is "bob stops clean" cygnetd_stop bob
done_testing
