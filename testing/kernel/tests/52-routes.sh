# Routes that lead around: policy, not routing, decides what is encrypted (what others call TunnelVision and TunnelCrack).
. testing/kernel/lab.sh
lab
# a second way out of alice: whoever gives routes (DHCP does) could send everything over it
ip link add eth1 netns alice type veth peer name other netns router
ip -n alice -batch - <<-END
	addr add 10.66.0.10/24 dev eth1
	link set eth1 up
END
ip -n router -batch - <<-END
	addr add 10.66.0.1/24 dev other
	link set other up
END
for h in alice bob; do
	put $h /etc/ipsec.conf 644 <<-END
		conn t
		 left=192.0.2.10
		 right=198.51.100.20
		 authby=secret
		 auto=ondemand
	END
	put $h /etc/ipsec.secrets 600 <<< ': PSK "a shared key of the test kernel"'
done
ping_of() { at alice ping -c 3 -i 0.2 -W 1 "$@" > /run/pings 2>&1; }
capture other other
capture pair bob
is "bob starts" cygnetd_start bob
is "alice starts" cygnetd_start alice
is "a more specific route over the other way" ip -n alice route add 198.51.100.20/32 via 10.66.0.1 dev eth1 src 192.0.2.10
is "what waits for keys gets them, over whatever way" waitfor 10 ping_of 198.51.100.20
is "the pair is up" sh -c "ip -n alice xfrm state | grep -q 'proto esp'"
is "two halves of the world over the other way" sh -c "ip -n alice route del 198.51.100.20/32; ip -n alice route add 0.0.0.0/1 via 10.66.0.1 dev eth1 src 192.0.2.10; ip -n alice route add 128.0.0.0/1 via 10.66.0.1 dev eth1 src 192.0.2.10"
ping_of 198.51.100.20
is "down, confirmed" cygnet alice down t
is "kept routed: what comes then waits for keys again" cygnet alice route t
ping_of 198.51.100.20
kill -KILL "$(cat /run/lab/alice/daemon)"
wait "$(cat /run/lab/alice/daemon)" 2>/dev/null
ping_of 198.51.100.20
ip -n alice xfrm state flush
ping_of 198.51.100.20
ping_of 203.0.113.9
cygnetd_stop bob # alice is dead and confirms nothing
end_captures
is "the other way was taken: ESP went over it" [ "$(count other esp)" -ge 3 ]
is "in clear went only what has no policy" [ "$(count other 'icmp and host 203.0.113.9')" -ge 3 ]
is "nothing of the pair was in clear on the other way" [ "$(count other 'icmp and host 198.51.100.20')" = 0 ]
is "nor at bob" [ "$(count pair 'icmp and host 192.0.2.10')" = 0 ]
done_testing
