# Opportunism on the real kernel with real signed DNS: a packet raises an acquire, DNS gives the key, IKE keys the
# pair, and the packet itself leaves as ESP. Then the falls: no record, a private destination, a bogus answer.
. testing/kernel/lab.sh
lab
dns_host
is "both make a key and publish it" oe_publish
is "signed DNS answers" dns_start
oe_configure
capture oe bob
capture plain nopsec
capture dns dns
is "alice's daemon starts" cygnetd_start alice --trace "$OUT/alice.trace"
is "bob's daemon starts" cygnetd_start bob
is "the first ping is answered, and all that follow" pings alice 4 198.51.100.20
cygnet alice explain 198.51.100.20 | sed 's/^/# /'
is "explain says encrypted" cygnet alice explain 198.51.100.20
is "its level is DNS-secure" sh -c "nsenter -t $(cat /run/lab/alice/pid) --net --mount $TOP/build/cygnet explain 198.51.100.20 | grep -q level=dns-secure"
is "a host without a record falls to clear" pings alice 3 198.51.100.99
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
