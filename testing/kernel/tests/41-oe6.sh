# Opportunism over IPv6: ip6.arpa, both directions, and neighbour discovery that is never held.
. testing/kernel/lab.sh
lab
dns_host
is "both make a key and publish it" oe_publish
is "signed DNS answers" dns_start
oe_configure
capture oe6 bob
is "alice's daemon starts" cygnetd_start alice
is "bob's daemon starts" cygnetd_start bob
is "the first ping is answered, and all that follow" pings alice 4 2001:db8:b::20
cygnet alice explain 2001:db8:b::20 | sed 's/^/# /'
is "explain says encrypted" cygnet alice explain 2001:db8:b::20
is "bob's view: encrypted too" cygnet bob explain 2001:db8:a::10
in_ns alice ip -6 neigh flush dev eth0
in_ns router ip -6 neigh flush all
is "neighbour discovery starts anew, and the pair goes on" pings alice 3 2001:db8:b::20
is "alice stops clean" cygnetd_stop alice
is "bob stops clean" cygnetd_stop bob
end_captures
is "ESP between the pair: the first packet too" [ "$(count oe6 'ip6 proto 50')" -ge 14 ]
is "no ping was in clear" [ "$(count oe6 'icmp6 and (ip6[40] == 128 or ip6[40] == 129)')" = 0 ]
done_testing
