# demo.sh - the main job, shown as it happens: a destination is looked up in signed DNS, IKE keys the pair, and its very
# first packet leaves as ESP; then one destination falls to clear, and one is refused. Runs in the test kernel.
. testing/kernel/lab.sh
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
quiet() { "$@" > /run/quiet 2>&1 || { cat /run/quiet; exit 1; }; }
say "Two hosts, alice 192.0.2.10 and bob 198.51.100.20, a router between them, and a signed zone."
lab
dns_host
quiet oe_publish
echo "   bob publishes: 20.100.51.198.in-addr.arpa $(cygnet bob key show --name host --ipseckey | cut -c1-60)..."
quiet dns_start
oe_configure
capture oe bob
quiet cygnetd_start alice
quiet cygnetd_start bob

say "alice pings bob. Nobody has configured bob at alice, nor alice at bob."
tail -n 0 -f "$OUT/alice.log" | sed -n -u 's/^[^ ]* \(info\|debug\): /   /; /POTENTIAL\|AUTHTXT\|PENDING\|KEYED\|dns: \|received\|ESTABLISHED\|INSTALLED/p' &
watcher=$!
at alice ping -c 5 -i 0.3 -W 3 198.51.100.20 > /run/ping
sleep 0.5
kill $watcher 2>/dev/null
sed 's/^/   /' /run/ping | tail -n 8
say "The SAs in alice's kernel"
ip -n alice xfrm state | grep -E '^src|proto' | sed 's/^/   /'
say "cygnet explain 198.51.100.20"
cygnet alice explain 198.51.100.20 | sed 's/^/   /'
say "A host that publishes nothing: 198.51.100.99 falls to clear (private-or-clear)"
at alice ping -c 2 -i 0.3 -W 3 198.51.100.99 | tail -n 2 | sed 's/^/   /'
cygnet alice explain 198.51.100.99 | sed 's/^/   /'
clear_status=${PIPESTATUS[0]}
say "A destination that must be private, without a record: 203.0.113.9 is refused"
at alice ping -c 2 -i 0.3 -W 1 203.0.113.9 2>&1 | tail -n 3 | sed 's/^/   /'
cygnet alice explain 203.0.113.9 | sed 's/^/   /'
deny_status=${PIPESTATUS[0]}
say "Both stop: every delete is confirmed"
cygnetd_stop alice; echo "   alice: exit $?, $(grep -o 'stopped:.*' "$OUT/alice.log")"
cygnetd_stop bob; echo "   bob: exit $?, $(grep -o 'stopped:.*' "$OUT/bob.log")"
end_captures
clear=$(count oe 'icmp and host 198.51.100.20') esp=$(count oe esp)
lost=yes
grep -q ' 0% packet loss' /run/ping && lost=no
say "What was on the wire between alice and bob"
printf '   clear packets: %s\n   ESP packets: %s\n   first packet lost: %s\n' "$clear" "$esp" "$lost"
[ "$clear" = 0 ] && [ "$esp" -ge 10 ] && [ $lost = no ] && [ $clear_status = 10 ] && [ $deny_status = 11 ]
