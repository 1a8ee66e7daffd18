# Rekeys from both ends at once, IKE losing a fifth of its messages and ESP none, under a constant flood of pings: not one
# is lost, not one goes in clear. The argument: how many Child SAs are rekeyed (a tenth of it IKE SAs).
# @rfc-test 7296-2.8-12 7296-2.8-13 7296-2.8-15 7296-2.8.1-2 7296-2.8.1-3
. testing/kernel/lab.sh
lab
REKEYS=${1:-40}
for h in alice bob; do
	put $h /etc/ipsec.conf 644 <<-END
		conn t
		 left=192.0.2.10
		 right=198.51.100.20
		 authby=secret
		 type=transport
		 auto=add
		 retransmit-timeout=4m
	END
	put $h /etc/ipsec.secrets 600 <<< ': PSK "a shared key of the test kernel"'
done
capture wire bob
is "bob starts" cygnetd_start bob
is "alice starts" cygnetd_start alice
is "up" cygnet alice up t
is "the router loses a fifth of IKE" in_ns router sh -c 'for p in 500 4500; do iptables-legacy -A FORWARD -p udp --dport $p -m statistic --mode random --probability 0.2 -j DROP || exit 1; done'
bg alice ping -i 0.01 -W 2 198.51.100.20 > "$OUT/flood" 2>&1
flood=$bg
count_of() { grep -c "child .* LARVAL -> " "$OUT/$1.log"; }
rekey() { # rekey WHAT TIMES: from both ends at once; the next when both are done with it
	local i
	for i in $(seq "$2"); do
		cygnet alice "$1" t > /dev/null 2>&1 &
		cygnet bob "$1" t > /dev/null 2>&1
		wait $!
		sleep 0.3
	done
}
first=$(count_of alice)
began=$SECONDS
until [ $(($(count_of alice) - first)) -ge "$REKEYS" ] || [ $((SECONDS - began)) -gt 240 ]; do rekey rekey-child 5; done
is "alice made at least $REKEYS successors of the Child SA" [ $(($(count_of alice) - first)) -ge "$REKEYS" ]
heirs() { grep -c 'ike .*OPENING -> ESTABLISHED' "$OUT/alice.log"; }
until [ "$(heirs)" -ge $((REKEYS / 10)) ] || [ $((SECONDS - began)) -gt 280 ]; do rekey rekey-ike 1; done
is "and at least $((REKEYS / 10)) successors of the IKE SA" [ "$(heirs)" -ge $((REKEYS / 10)) ]
in_ns router iptables-legacy -F FORWARD
is "one pair of SAs is left at each end" waitfor 60 sh -c "[ \$(ip -n alice xfrm state | grep -c 'proto esp') = 2 ] && [ \$(ip -n bob xfrm state | grep -c 'proto esp') = 2 ]"
kill -INT "$(pgrep -f 'ping -i 0.01')"
wait $flood
is "not one ping was lost" grep -q ' 0% packet loss' "$OUT/flood"
sed -n '/statistics/,$p' "$OUT/flood" | sed 's/^/# /'
echo "# $(($(count_of alice) - first)) Child SAs, $(heirs) IKE SAs made by rekeying in $((SECONDS - began)) s"
is "alice stops clean" cygnetd_stop alice
is "bob stops clean" cygnetd_stop bob
end_captures
is "no ping was in clear" [ "$(count wire "icmp[icmptype] == icmp-echo or icmp[icmptype] == icmp-echoreply")" = 0 ]
done_testing
