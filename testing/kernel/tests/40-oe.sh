# Opportunism on the real kernel with real signed DNS: a packet raises an acquire, DNS gives the key, IKE keys the
# pair, and the packet itself leaves as ESP. Then the falls: no record, a private destination, a bogus answer.
. testing/kernel/lab.sh
lab
dns_host
for h in alice bob; do
	is "$h makes a key" cygnet $h key new --type ecdsa --name host
done
rec() { cygnet $1 key show --name host --ipseckey | sed "s/^/$2 /"; }
dns_record 100.51.198.in-addr.arpa "$(rec bob 20)"
dns_record 2.0.192.in-addr.arpa "$(rec alice 10)"
is "signed DNS answers" dns_start
for h in alice bob; do
	[ $h = alice ] && me=192.0.2.10 || me=198.51.100.20
	put $h /etc/ipsec.conf 644 <<-END
		config setup
		 dnssec-anchors=/etc/cygnet/anchors
		 dns-forwarders=192.0.2.53
		conn private-or-clear
		 left=%defaultroute
		 right=%opportunisticgroup
		 authby=ecdsa
		 $(cygnet $h key show --name host | grep leftecdsakey | tr -d '\t')
		 type=transport
		 auto=ondemand
		conn private
		 also=private-or-clear
		conn clear
		 left=%defaultroute
		 right=%group
		 authby=never
		 type=passthrough
		 auto=ondemand
	END
	put $h /etc/ipsec.secrets 600 < /dev/null
	put $h /etc/ipsec.d/policies/private-or-clear 644 <<< 0.0.0.0/0
	put $h /etc/ipsec.d/policies/private 644 <<< 203.0.113.0/24
	put $h /etc/ipsec.d/policies/clear 644 <<< 192.0.2.53/32
done
capture oe bob
capture plain nopsec
capture dns dns
is "alice's daemon starts" cygnetd_start alice --trace "$OUT/alice.trace"
is "bob's daemon starts" cygnetd_start bob
is "the first ping is answered, and all that follow" at alice ping -c 4 -i 0.3 -W 3 198.51.100.20
cygnet alice explain 198.51.100.20 | sed 's/^/# /'
is "explain says encrypted" cygnet alice explain 198.51.100.20
is "its level is DNS-secure" sh -c "nsenter -t $(cat /run/lab/alice/pid) --net --mount $TOP/build/cygnet explain 198.51.100.20 | grep -q level=dns-secure"
is "a host without a record falls to clear" at alice ping -c 3 -i 0.3 -W 3 198.51.100.99
cygnet alice explain 198.51.100.99 | sed 's/^/# /'
is "explain says in clear" sh -c "nsenter -t $(cat /run/lab/alice/pid) --net --mount $TOP/build/cygnet explain 198.51.100.99; [ \$? = 10 ]"
is "a private destination without a record is refused" sh -c "! nsenter -t $(cat /run/lab/alice/pid) --net --mount ping -c 3 -i 0.3 -W 1 203.0.113.9"
is "explain says denied" sh -c "nsenter -t $(cat /run/lab/alice/pid) --net --mount $TOP/build/cygnet explain 203.0.113.9; [ \$? = 11 ]"
is "alice stops clean" cygnetd_stop alice
is "bob stops clean" cygnetd_stop bob
end_captures
is "ESP between the pair: the first packet too" [ "$(count oe esp)" -ge 8 ]
is "nothing of the pair was in clear" [ "$(count oe icmp)" = 0 ]
is "the daemon's trace can be replayed: every action the same" "$TOP/build/tools/replay" "$OUT/alice.trace"
done_testing
