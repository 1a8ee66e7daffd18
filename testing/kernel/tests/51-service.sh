# The unit under a real systemd, in alice's namespaces: start, reload, a restart and a crash that lose no ping of a flood and send
# none in clear, and a stop that deletes everything.
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
# /usr is everybody's, in memory: what the package installs there; sbin must have cygnet for the unit's stop command
cp build/cygnetd build/cygnet /usr/sbin/
mount -t cgroup2 cgroup2 /sys/fs/cgroup
at alice groupadd -f cygnet
put alice /run/systemd/system/cygnet.service 644 < packaging/cygnet.service
# no machine is booted here, only this unit: it must not wait for one
put alice /run/systemd/system/cygnet.service.d/lab.conf 644 <<-END
	[Unit]
	DefaultDependencies=no
	Wants=
	After=
	Before=
	[Service]
	StandardError=append:$OUT/alice.log
END
put alice /run/systemd/system/lab.target 644 <<< $'[Unit]\nDescription=nothing but what the test starts\nDefaultDependencies=no\n'
bg alice unshare --fork --pid --mount-proc --kill-child env container=lab /lib/systemd/systemd --system --unit=lab.target \
	> "$OUT/systemd.log" 2>&1
manager=$bg
sd() { nsenter -t "$(pgrep -P "$(pgrep -P $manager -x unshare || echo $manager)" -x systemd)" --net --mount --pid -- "$@"; }
is "systemd runs" waitfor 20 sd systemctl is-system-running
capture wire bob
is "bob starts" cygnetd_start bob
is "the service starts" sd systemctl start cygnet
is "and says that it is ready" sd sh -c '[ "$(systemctl show -p StatusText --value cygnet)" = ready ]'
is "the pair is keyed by a packet" pings alice 3 198.51.100.20
spis() { ip -n "$1" xfrm state | awk '/spi 0x/ { print $4 }' | sort; }
main_pid() { sd systemctl show -p MainPID --value cygnet; }
# flood FILE: pings for ten seconds; flooded WHAT FILE: none of them was lost
flood() { bg alice ping -i 0.01 -c 1000 -W 2 198.51.100.20 > "$OUT/$1" 2>&1; flood=$bg; sleep 1; }
flooded() {
	wait $flood
	is "of 1000 pings none was lost $1" grep -q '1000 received, 0% packet loss' "$OUT/$2"
	tail -n 3 "$OUT/$2" | sed 's/^/# /'
}
anew() { [ "$(spis alice | wc -l)" -ge 2 ] && [ -z "$(echo "$before" | grep -Fx "$(spis alice)")" ]; }

before=$(spis alice)
pid=$(main_pid)
is "the service reloads" sd systemctl reload cygnet
is "and is the same" [ "$(main_pid)" = "$pid" ]

flood restart
is "the service restarts" sd systemctl restart cygnet
is "it is another process" [ "$(main_pid)" != "$pid" ]
is "the former has left its state" grep -q 'left 2 SAs and [0-9]* policies for the next run' "$OUT/alice.log"
is "this one has adopted it" grep -q 'adopted until they are keyed anew' "$OUT/alice.log"
is "that has keyed the pair anew, and let the old SAs drain" waitfor 15 anew
flooded "by a restart" restart

before=$(spis alice)
pid=$(main_pid)
flood crash
sd kill -KILL "$pid"
is "after a crash it is started again" waitfor 10 sh -c "[ \"\$(nsenter -t $(pgrep -P "$(pgrep -P $manager -x unshare || echo $manager)" -x systemd) --net --mount --pid -- systemctl show -p StatusText --value cygnet)\" = ready ]"
is "by another process" [ "$(main_pid)" != "$pid" ]
is "that has keyed the pair anew, too" waitfor 15 anew
flooded "by a crash" crash

is "the service stops" sd systemctl stop cygnet
is "it did not fail" sd sh -c '[ "$(systemctl show -p Result --value cygnet)" = success ]'
is "nothing of it is left in alice's kernel" sh -c "[ -z \"\$(ip -n alice xfrm state)\$(ip -n alice xfrm policy | grep 'dir out')\" ]"
is "bob was told" waitfor 5 sh -c "[ -z \"\$(ip -n bob xfrm state)\" ]"
is "it deleted, and its peer confirmed" grep -q 'stopped: confirmed [1-9][0-9]*, unanswered 0' "$OUT/alice.log"
# bob may still ask a former process to confirm its delete: his status says so
cygnetd_stop bob
end_captures
is "ESP was on the wire" [ "$(count wire esp)" -ge 4000 ]
is "no ping was in clear" [ "$(count wire "icmp[icmptype] == icmp-echo or icmp[icmptype] == icmp-echoreply")" = 0 ]
done_testing
