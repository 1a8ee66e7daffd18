# kill -9 of one daemon at a random moment of handshakes, rekeys, deletes, starts and stops, under floods of pings both ways
# through two tunnels of one IKE SA and to a private pair. It is started again as the unit does, with --adopt, or without. Within 5 s kernel
# and daemon agree at both ends, nothing is left that belongs to nobody, nothing was in clear (testing/kernel/torture.py).
# The arguments: how many kills, and the seed of the choices.
. testing/kernel/lab.sh
COUNT=${1:-20} SEED=${2:-$((RANDOM * 32768 + RANDOM))}
rm -f "$OUT"/{alice,bob}.{log,keys} "$OUT"/{stops,differences}
lab
for h in alice bob; do
	put $h /etc/ipsec.conf 644 <<-END
		conn t
		 left=192.0.2.11
		 leftsubnet=10.1.0.0/24
		 right=198.51.100.21
		 rightsubnet=10.2.0.0/24
		 authby=secret
		 type=tunnel
		 auto=ondemand
		 retransmit-timeout=10s
		conn t2
		 also=t
		 leftsubnet=10.3.0.0/24
		 rightsubnet=10.4.0.0/24
		conn private
		 left=%defaultroute
		 right=%opportunisticgroup
		 authby=null
		 type=transport
		 auto=ondemand
		 retransmit-timeout=10s
	END
	put $h /etc/ipsec.secrets 600 <<< ': PSK "a shared key of the test kernel"'
	put $h /etc/ipsec.d/policies/private 644 <<< "$([ $h = alice ] && echo 198.51.100.0/24 || echo 192.0.2.0/24)"
done
ip -n alice -batch - <<< $'addr add 192.0.2.11/32 dev eth0\naddr add 10.1.0.1/32 dev lo\naddr add 10.3.0.1/32 dev lo'
ip -n bob -batch - <<< $'addr add 198.51.100.21/32 dev eth0\naddr add 10.2.0.1/32 dev lo\naddr add 10.4.0.1/32 dev lo'
# the router would carry every packet in clear, too, if one came
ip -n router -batch - <<-END
	route add 192.0.2.11/32 dev alice
	route add 10.1.0.0/24 dev alice
	route add 10.3.0.0/24 dev alice
	route add 198.51.100.21/32 dev bob
	route add 10.2.0.0/24 dev bob
	route add 10.4.0.0/24 dev bob
END
# as on a wire of some length: an exchange takes 20 ms, and so a kill falls into one
modprobe sch_netem
for w in alice bob; do is "a delay of 10 ms towards $w" tc -n router qdisc add dev $w root netem delay 10ms; done
capture wire bob 2048
echo "# seed $SEED: make torture KILLS=$COUNT SEED=$SEED makes the same choices"
echo "no kills" > "$OUT/result"
python3 testing/kernel/torture.py "$COUNT" "$SEED" "$n" | tee "$OUT/torture.tap"
n=$((n + $(grep -cE "^(not )?ok " "$OUT/torture.tap")))
failures=$((failures + $(grep -c "^not ok " "$OUT/torture.tap")))
end_captures
is "ESP was on the wire" [ "$(count wire esp)" -ge $((COUNT * 50)) ]
# what went in clear, but for the time of clean stops
: >> "$OUT/stops"
tcpdump -ttnr "$OUT/wire.pcap" "ip and (net 10.0.0.0/8 or icmp[icmptype] == icmp-echo or icmp[icmptype] == icmp-echoreply)" 2>/dev/null |
	awk 'NR == FNR { from[NR] = $1; to[NR] = $2; n = NR; next } { for (i = 1; i <= n; i++) if ($1 >= from[i] && $1 <= to[i]) next; print }' "$OUT/stops" - > "$OUT/clear"
clear=$(wc -l < "$OUT/clear")
line="$(cat "$OUT/result"), $clear in clear"
if [ "$line" = "$COUNT kills: 0 disagreements, 0 orphans, 0 in clear" ]; then ok "$line"; else not_ok "$line"; fi
done_testing
