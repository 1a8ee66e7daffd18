# Transport mode through a NAT: the selectors are taken as each side sees the other; UDP and TCP, whose sums cover the addresses,
# pass both ways, with cygnet and with strongSwan at the other end.
# @rfc-test 7296-2.23.1-1 7296-2.23.1-2
. testing/kernel/lab.sh
. testing/kernel/peers.sh
lab "" "$TOP/build/peers/strongswan"
in_ns router sh -c 'iptables-legacy -t nat -A POSTROUTING -o bob -s 192.0.2.10 -j MASQUERADE --random'
OUTSIDE=$(ip -n router -4 -o address show dev bob | sed 's/.*inet \([0-9.]*\).*/\1/')
nat_conf() { # nat_conf HOST LEFT RIGHT ME PEER
	put "$1" /etc/ipsec.conf 644 <<-END
		conn t
		 type=transport
		 left=$2
		 leftid=@$4
		 right=$3
		 rightid=@$5
		 authby=secret
		 ike=aes_gcm256-sha2_256-dh31
		 esp=aes_gcm256
		 auto=add
	END
	put "$1" /etc/ipsec.secrets 600 <<< "@alice @bob : PSK \"$SECRET\""
}
nat_conf alice 192.0.2.10 198.51.100.20 alice bob
nat_conf bob 198.51.100.20 %any bob alice
# talk PROTOCOL: a thousand octets to bob, and back
talk() {
	bg bob timeout 10 python3 "$TOP/testing/kernel/echo.py" "$1"
	waitfor 5 sh -c "nsenter -t $(cat /run/lab/bob/pid) --net ss -lnH -$(echo "$1" | cut -c1) 'sport = :7777' | grep -q ."
	at alice timeout 10 python3 "$TOP/testing/kernel/echo.py" "$1" 198.51.100.20
}
espinudp() { [ "$(ip -n alice xfrm state | grep -c espinudp)" = 2 ] && [ "$(ip -n bob xfrm state | grep -c espinudp)" = 2 ]; }
through() { # through PEER
	is "up through the NAT to $1" cygnet alice up t
	is "ESP is in UDP at both ends" waitfor 5 espinudp
	is "in transport mode" sh -c "ip -n alice xfrm state | grep -q 'mode transport' && ip -n bob xfrm state | grep -q 'mode transport'"
	is "bob's policy is about $OUTSIDE, which is what bob sees" sh -c "ip -n bob xfrm policy | grep -q '$OUTSIDE/32'"
	is "ping" pings alice 3 198.51.100.20
	is "UDP both ways" talk udp
	is "TCP both ways" talk tcp
	is "the child is rekeyed from inside" cygnet alice rekey-child t
	sleep 1
	is "TCP after that" talk tcp
}
capture wire bob
is "bob starts" cygnetd_start bob
is "alice starts" cygnetd_start alice
through cygnet
is "the child is rekeyed from outside" cygnet bob rekey-child t
sleep 1
is "UDP after that" talk udp
is "down is confirmed" cygnet alice down t
is "bob stops clean" cygnetd_stop bob
strongswan_nat() {
	put bob /etc/swanctl/swanctl.conf 600 <<-END
		connections { t {
		  version = 2
		  local_addrs = 198.51.100.20
		  proposals = aes256gcm16-prfsha256-x25519
		  local { auth = psk
		    id = bob }
		  remote { auth = psk
		    id = alice }
		  children { t { mode = transport
		    esp_proposals = aes256gcm16-x25519 } }
		} }
		secrets { ike-1 { secret = "$SECRET" } }
	END
	at bob swanctl --load-all
}
is "strongswan starts" strongswan_start
is "strongswan takes its configuration" strongswan_nat
through strongswan
is "down is confirmed by strongswan" cygnet alice down t
is "alice stops clean" cygnetd_stop alice
end_captures
is "nothing went in clear" [ "$(count wire 'icmp or port 7777')" = 0 ]
done_testing
