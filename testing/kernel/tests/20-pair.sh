# Two cygnetd with a shared key, tunnel and transport: up, ping over ESP, down from either side, kernel state gone.
# @rfc-test 7296-4-1
. testing/kernel/lab.sh
lab
conf() { # conf TYPE EXTRA
	for h in alice bob; do
		put $h /etc/ipsec.conf 644 <<-END
			conn t
			 left=192.0.2.10
			 right=198.51.100.20
			 authby=secret
			 type=$1
			 auto=add
		END
		put $h /etc/ipsec.secrets 600 <<< ': PSK "a shared key of the test kernel"'
	done
}
conf tunnel
capture pair bob
is "alice's daemon starts" cygnetd_start alice --trace "$OUT/alice.trace"
is "bob's daemon starts" cygnetd_start bob
is "up says that it is up" cygnet alice up t
is "four SAs are in the two kernels" sh -c "[ \$(ip -n alice xfrm state | grep -c 'proto esp') = 2 ] && [ \$(ip -n bob xfrm state | grep -c 'proto esp') = 2 ]"
is "ping through the tunnel" pings alice 3 198.51.100.20
cygnet alice show | sed 's/^/# /'
is "down is confirmed by bob" cygnet alice down t
is "no SA is left at either end" sh -c "[ -z \"\$(ip -n alice xfrm state)\" ] && [ -z \"\$(ip -n bob xfrm state)\" ]"
is "up from bob" cygnet bob up t
is "down from alice, who answered" cygnet alice down t
is "alice stops clean" cygnetd_stop alice
is "bob stops clean" cygnetd_stop bob
is "no policy of ours is left" sh -c "[ -z \"\$(ip -n alice xfrm policy | grep -v 'socket\\|^\\s')\" ]"
end_captures
is "ESP was on the wire" [ "$(count pair esp)" -ge 6 ]
is "nothing was in clear" [ "$(count pair icmp)" = 0 ]
is "the daemon's trace can be replayed: every action the same" "$TOP/build/tools/replay" "$OUT/alice.trace"
done_testing
