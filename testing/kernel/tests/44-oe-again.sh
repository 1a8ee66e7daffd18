# A pair that is in clear for want of a record, and in use: it is asked about again, and keyed when a record has come, without an
# interruption. One that nobody uses is not asked about. Then an operator's word: pinned, unpinned, forgotten, begun anew.
. testing/kernel/lab.sh
lab
dns_host
is "both make a key" oe_publish
zone=/zones/100.51.198.in-addr.arpa
cp $zone /zones/with-bob
grep -v IPSECKEY /zones/with-bob | sed 's/ 86400 30$/ 86400 5/' > $zone
is "signed DNS answers, and has nothing of bob" dns_start
oe_configure
# bob never asks by himself: it agrees when alice does
at bob sed -i 's/private-or-clear/clear-or-private/' /etc/ipsec.conf
at bob mv /etc/ipsec.d/policies/private-or-clear /etc/ipsec.d/policies/clear-or-private
is "alice's daemon starts" cygnetd_start alice
is "bob's daemon starts" cygnetd_start bob
says() { at alice "$TOP/build/cygnet" explain "$1" > "$OUT/explain"; [ $? = "$2" ]; }
bg alice ping -i 0.1 -W 1 198.51.100.20 > "$OUT/flood" 2>&1
flood=$bg
is "nopsec is in clear" pings alice 1 198.51.100.99
sleep 2
is "bob is in clear" says 198.51.100.20 10
sed 's/ 1 3600 600 86400 30$/ 2 3600 600 86400 5/' /zones/with-bob > $zone
is "bob's record is published" sh -c "cd /zones && ldns-signzone -n -f $zone.signed $zone \$(basename \$(ls K100.51.198.in-addr.arpa.*.key) .key)"
pkill -f '^.*/nsd -d'
pkill -f '^.*/unbound -d'
sleep 1
bg dns env LD_LIBRARY_PATH=$DNSROOT/usr/lib/x86_64-linux-gnu "$DNSROOT/usr/sbin/nsd" -d -c /zones/nsd.conf > "$OUT/nsd2.log" 2>&1
bg dns env LD_LIBRARY_PATH=$DNSROOT/usr/lib/x86_64-linux-gnu "$DNSROOT/usr/sbin/unbound" -d -c /zones/unbound.conf > "$OUT/unbound2.log" 2>&1
is "within its time it is asked about again, and keyed" waitfor 70 says 198.51.100.20 0
sed 's/^/# /' "$OUT/explain"
is "beside it stands what the kernel has: two SAs, and the pair's policy first" sh -c "[ \$(grep -c kernel-sa '$OUT/explain') = 2 ] && grep kernel-policy '$OUT/explain' | grep 'direction=out' | head -n 1 | grep -q 'action=ipsec.*dst=198.51.100.20/32'"
is "its history says why" grep -q oe-asked-again "$OUT/explain"
is "nopsec, which nobody spoke to, was not asked about again" sh -c "! nsenter -t $(cat /run/lab/alice/pid) --net --mount $TOP/build/cygnet explain 198.51.100.99 | grep -q oe-asked-again"
sleep 1
kill -INT "$(pgrep -f 'ping -i 0.1')"
wait $flood
lost=$(sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) received.*/\1 \2/p' "$OUT/flood" | awk '{ print $1 - $2 }')
is "at most three pings were lost over the change: $lost" [ "$lost" -le 3 ]
is "pinned: denied" cygnet alice oe pin deny 198.51.100.20
is "explain says denied" says 198.51.100.20 11
is "and so it is" sh -c "! nsenter -t $(cat /run/lab/alice/pid) --net --mount ping -c 2 -i 0.3 -W 1 198.51.100.20"
is "a private destination pinned in clear" cygnet alice oe pin clear 203.0.113.9
is "explain says in clear" says 203.0.113.9 10
is "unpinned" cygnet alice oe unpin 198.51.100.20
is "keyed by the next packet" pings alice 3 198.51.100.20
is "explain says encrypted" says 198.51.100.20 0
is "begun anew" cygnet alice oe retry 198.51.100.20
is "and keyed again" waitfor 10 says 198.51.100.20 0
is "forgotten" cygnet alice oe forget 203.0.113.9
is "nothing is pinned there any more" sh -c "! nsenter -t $(cat /run/lab/alice/pid) --net --mount $TOP/build/cygnet oe unpin 203.0.113.9"
is "alice stops clean" cygnetd_stop alice
is "bob stops clean" cygnetd_stop bob
done_testing
