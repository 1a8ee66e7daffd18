# alice behind a NAT (the router masquerades), first with cygnet at the other end, then with strongSwan: keyed on 4500 with
# ESP in UDP, kept alive, rekeyed; the NAT forgets its mapping and takes another port, and the pair goes on.
# @rfc-test 7296-2-1 7296-2.11-1 7296-2.23-1 7296-2.23-4 7296-2.23-5 7296-2.23-9 7296-2.23-11
# @rfc-test 7296-2.23-12 7296-2.23-13
# @rfc-test 7296-2.23-10 7296-2.23-15 7296-2.23-17
. testing/kernel/lab.sh
. testing/kernel/peers.sh
lab "" "$TOP/build/peers/strongswan"
in_ns router sh -c 'iptables-legacy -t nat -A POSTROUTING -o bob -s 192.0.2.10 -j MASQUERADE --random'
nat_conf() { # nat_conf HOST LEFT RIGHT MORE
	put "$1" /etc/ipsec.conf 644 <<-END
		config setup
		 keep-alive=2s
		conn t
		 left=$2
		 leftid=@$4
		 right=$3
		 rightid=@$5
		 authby=secret
		 ike=aes_gcm256-sha2_256-dh31
		 esp=aes_gcm256
		 auto=add
		 dpddelay=5s
		 retransmit-timeout=20s
		 $6
	END
	put "$1" /etc/ipsec.secrets 600 <<< "@alice @bob : PSK \"$SECRET\""
}
nat_conf alice 192.0.2.10 198.51.100.20 alice bob
nat_conf bob 198.51.100.20 %any bob alice rightsubnet=192.0.2.10/32
port() { ip -n bob xfrm state | sed -n 's/.*encap type espinudp sport \([0-9]*\) dport 4500.*/\1/p' | tail -n 1; }
# forget: the NAT keeps a mapping for 1 s of silence only, so that each keepalive (every 2 s) gets another port
timeouts() { in_ns router sh -c "cd /proc/sys/net/netfilter && echo $1 > nf_conntrack_udp_timeout && echo $2 > nf_conntrack_udp_timeout_stream"; }
forget() {
	timeouts 1 1
	sleep 6
	timeouts 30 120
}
other_port() { [ -n "$(port)" ] && [ "$(port)" != "$1" ]; }
capture wire bob
is "bob starts" cygnetd_start bob
is "alice starts" cygnetd_start alice
is "up through the NAT" cygnet alice up t
is "ESP is in UDP at both ends of two cygnets" sh -c "[ \$(ip -n alice xfrm state | grep -c espinudp) = 2 ] && [ \$(ip -n bob xfrm state | grep -c espinudp) = 2 ]"
is "ping through the tunnel" pings alice 3 198.51.100.20
is "ping back through the NAT" pings bob 3 192.0.2.10
is "the child is rekeyed from inside" cygnet alice rekey-child t
is "and from outside" cygnet bob rekey-child t
sleep 2
is "ping after that" pings alice 3 198.51.100.20
before=$(port)
forget
is "the mapping has changed: bob follows alice" sh -c "timeout 20 sh -c 'until nsenter -t $(cat /run/lab/alice/pid) --net --mount ping -c 1 -W 1 198.51.100.20; do :; done'"
is "packets pass both ways again" waitfor 15 pings bob 3 192.0.2.10
is "the port is another than $before, once the SAs before have drained" waitfor 10 other_port "$before"
is "IKE passes, too: down is confirmed" cygnet alice down t
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
		  children { t { mode = tunnel
		    esp_proposals = aes256gcm16-x25519
		    local_ts = 198.51.100.20/32
		    remote_ts = 192.0.2.10/32 } }
		} }
		secrets { ike-1 { secret = "$SECRET" } }
	END
	at bob swanctl --load-all
}
is "strongswan starts" strongswan_start
is "strongswan takes its configuration" strongswan_nat
is "up through the NAT to strongswan" cygnet alice up t
is "ESP is in UDP at both ends" sh -c "[ \$(ip -n alice xfrm state | grep -c espinudp) = 2 ] && [ \$(ip -n bob xfrm state | grep -c espinudp) = 2 ]"
is "ping through the tunnel to strongswan" pings alice 3 198.51.100.20
is "the child is rekeyed by strongswan" at bob timeout 20 swanctl --rekey --child t
sleep 2
is "ping after its rekey" pings alice 3 198.51.100.20
forget
is "the mapping has changed: strongswan follows alice" sh -c "timeout 20 sh -c 'until nsenter -t $(cat /run/lab/alice/pid) --net --mount ping -c 1 -W 1 198.51.100.20; do :; done'"
is "down is confirmed by strongswan" cygnet alice down t
is "alice stops clean" cygnetd_stop alice
end_captures
is "keepalives were sent" [ "$(count wire 'udp port 4500 and udp[4:2] = 9')" -ge 2 ]
is "no ESP went outside UDP" [ "$(count wire esp)" = 0 ]
is "no ping was in clear" [ "$(count wire "icmp[icmptype] == icmp-echo or icmp[icmptype] == icmp-echoreply")" = 0 ]
done_testing
