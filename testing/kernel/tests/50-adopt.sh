# A stop that leaves the kernel's state and a start that adopts it, under a ping flood: nothing is lost, nothing goes in
# clear, the pair is keyed anew. Then kill -9 and an ordinary start of a private group: nothing goes in clear either.
. testing/kernel/lab.sh
lab
for h in alice bob; do
	put $h /etc/ipsec.conf 644 <<-END
		conn t
		 left=192.0.2.10
		 right=198.51.100.20
		 authby=secret
		 type=transport
		 auto=$([ $h = alice ] && echo ondemand || echo add)
	END
	put $h /etc/ipsec.secrets 600 <<< ': PSK "a shared key of the test kernel"'
done
capture wire bob
is "bob starts" cygnetd_start bob
is "alice starts" cygnetd_start alice
is "the pair is keyed by a packet" pings alice 3 198.51.100.20
not() { ! "$@"; }
spis() { ip -n "$1" xfrm state | awk '/spi 0x/ { print $4 }' | sort; }
before=$(spis alice)
bg alice ping -i 0.01 -c 1500 -W 2 198.51.100.20 > "$OUT/flood" 2>&1
flood=$bg
sleep 2
is "alice stops and leaves her state" cygnet alice shutdown --leave-state
is "her exit status is 0" wait "$(cat /run/lab/alice/daemon)"
is "her SAs are still in the kernel" [ "$(spis alice)" = "$before" ]
sleep 1
is "alice starts and adopts it" cygnetd_start alice --adopt
is "the pair is keyed anew" waitfor 10 sh -c "[ \"\$(ip -n alice xfrm state | awk '/spi 0x/ { print \$4 }' | sort)\" != '$before' ] && grep -q 'up' $OUT/alice.log"
is "of the old SAs nothing is left after a while" waitfor 20 sh -c "for s in $(echo $before); do ! ip -n alice xfrm state | grep -q \$s || exit 1; done"
wait $flood
is "of 1500 pings none was lost" grep -q '1500 received, 0% packet loss' "$OUT/flood"
tail -n 3 "$OUT/flood" | sed 's/^/# /'
is "two SAs are left at each end" sh -c "[ \$(ip -n alice xfrm state | grep -c 'proto esp') = 2 ] && [ \$(ip -n bob xfrm state | grep -c 'proto esp') = 2 ]"
is "alice stops clean" cygnetd_stop alice
is "nothing of hers is left" sh -c "[ -z \"\$(ip -n alice xfrm state)\" ]"

# a private group, whose pings must never go in clear, whatever happens to the daemon
for h in alice bob; do
	put $h /etc/ipsec.conf 644 <<-END
		conn private
		 left=%defaultroute
		 right=%opportunisticgroup
		 authby=null
		 type=transport
		 auto=ondemand
	END
	put $h /etc/ipsec.d/policies/private 644 <<< $([ $h = alice ] && echo 198.51.100.20/32 || echo 192.0.2.10/32)
done
is "bob takes the group" cygnet bob reload
is "alice starts with the group" cygnetd_start alice
is "the private pair is keyed" pings alice 3 198.51.100.20
bg alice ping -i 0.02 -c 400 -W 1 198.51.100.20 > "$OUT/killed" 2>&1
flood=$bg
sleep 1
kill -KILL "$(cat /run/lab/alice/daemon)"
wait "$(cat /run/lab/alice/daemon)" 2>/dev/null
sleep 1
is "alice starts again" cygnetd_start alice
wait $flood
sed -n '/statistics/,$p' "$OUT/killed" | sed 's/^/# /'
is "the pair is keyed again" pings alice 3 198.51.100.20
is "no SA of the killed daemon is left" sh -c "[ \$(ip -n alice xfrm state | grep -c 'proto esp') = 2 ]"

# an adopted private pair, whose entry is of one host: neither the entry's trap nor its block may cut it off
bg alice ping -i 0.01 -c 800 -W 2 198.51.100.20 > "$OUT/private" 2>&1
flood=$bg
sleep 1
is "alice leaves the private pair" cygnet alice shutdown --leave-state
is "with status 0" wait "$(cat /run/lab/alice/daemon)"
is "she says what she left" grep -q 'left 2 SAs and [0-9]* policies for the next run' "$OUT/alice.log"
before=$(spis alice)
# a start that fails leaves the leavings
at alice mkdir -p /run/cygnet/ctl/x
is "a start fails" not cygnetd_start alice --adopt
is "and removes nothing" [ "$(spis alice)" = "$before" ]
at alice rm -r /run/cygnet/ctl
is "alice adopts the private pair" cygnetd_start alice --adopt
is "it is keyed anew" waitfor 10 sh -c "[ \"\$(ip -n alice xfrm state | awk '/spi 0x/ { print \$4 }' | sort)\" != '$before' ]"
wait $flood
is "of 800 pings none was lost" grep -q '800 received, 0% packet loss' "$OUT/private"
tail -n 3 "$OUT/private" | sed 's/^/# /'
is "after the draining two SAs are left" waitfor 10 sh -c "[ \$(ip -n alice xfrm state | grep -c 'proto esp') = 2 ]"

# killed while it waits for an answer: the next run takes the question up at once, the kernel would not ask for minutes
is "alice stops clean again" cygnetd_stop alice
cygnetd_stop bob
is "alice starts without a peer" cygnetd_start alice
bg alice ping -i 0.2 -c 60 -W 2 198.51.100.20 > "$OUT/asked" 2>&1
flood=$bg
is "the kernel has asked" waitfor 5 sh -c "ip -n alice xfrm state | grep -q 'spi 0x00000000'"
kill -KILL "$(cat /run/lab/alice/daemon)"
wait "$(cat /run/lab/alice/daemon)" 2>/dev/null
is "bob is there" cygnetd_start bob
is "alice starts once more" cygnetd_start alice
is "and keys within 5 s what was asked for" waitfor 5 sh -c "[ \$(ip -n alice xfrm state | grep -c 'spi 0x[0-9a-f]*[1-9a-f]') = 2 ]"
kill -INT $flood
wait $flood
is "those pings are answered" grep -q ' bytes from' "$OUT/asked"
is "alice stops clean at last" cygnetd_stop alice
# bob may still ask the killed daemon to confirm its delete: his status says so
cygnetd_stop bob
end_captures
is "ESP was on the wire" [ "$(count wire esp)" -ge 2000 ]
is "no ping was in clear" [ "$(count wire "icmp[icmptype] == icmp-echo or icmp[icmptype] == icmp-echoreply")" = 0 ]
done_testing
