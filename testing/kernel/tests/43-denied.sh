# A group that denies the address by which the daemon asks the kernel for its own source: the daemon must not be hindered, or
# %defaultroute has no address and the group's policies go: after a kill, and when an address comes. A private pair that was
# denied after silence stands in the way just so.
. testing/kernel/lab.sh
lab
put alice /etc/ipsec.conf 644 <<-END
	conn block
	 left=%defaultroute
	 right=%group
	 authby=never
	 type=drop
	 auto=ondemand
END
put alice /etc/ipsec.secrets 600 < /dev/null
put alice /etc/ipsec.d/policies/block 644 <<< 0.0.0.0/0
denies() { ip -n alice xfrm policy | grep -A1 'src 192.0.2.10/32 dst 0.0.0.0/0' | grep -q 'dir out action block'; }
is "alice starts with a group that denies" cygnetd_start alice
is "its template stands" denies
kill -KILL "$(cat /run/lab/alice/daemon)"
wait "$(cat /run/lab/alice/daemon)" 2>/dev/null
is "killed, alice starts again" cygnetd_start alice --adopt
is "the template stands again" denies
ip -n alice addr add 192.0.2.12/32 dev eth0
is "an address comes" waitfor 5 grep -q 'listening on 192.0.2.12:500' "$OUT/alice.log"
sleep 0.2
is "and the template stands still" denies
is "alice stops clean in the end" cygnetd_stop alice
done_testing
