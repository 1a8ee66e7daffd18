# lab.sh - hosts, wires, captures, daemons; to be sourced by the groups in testing/kernel/tests (README.md there).
#
#   alice 192.0.2.10    2001:db8:a::10  --+
#   bob   198.51.100.20 2001:db8:b::20  --+-- router (captures here)
#   nopsec 198.51.100.99                --+   a host without IPsec
#   dns   192.0.2.53                    --+
#
# Each host is a namespace of network and of mounts: its own /etc, /var, /run.
n=0 failures=0
ok() { n=$((n + 1)); echo "ok $n - $*"; }
not_ok() { n=$((n + 1)); failures=$((failures + 1)); echo "not ok $n - $*"; }
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }
# is "what" COMMAND...: one test; its output is shown when it fails
is() {
	local what=$1
	shift
	if "$@" > /run/is.out 2>&1; then ok "$what"; else not_ok "$what"; tail -n 12 /run/is.out | sed 's/^/# /'; fi
}
done_testing() { echo "1..$n"; exit $((failures > 0)); }

in_ns() { local h=$1; shift; nsenter --net="/run/netns/$h" "$@"; }

host() { # host NAME V4 GW4 [V6 GW6] [PEER-LAYER]
	local d=/run/lab/$1 lower=/etc layer=${6:-}
	ip netns add "$1"
	ip link add eth0 netns "$1" type veth peer name "$1" netns router
	ip -n router -batch - <<-END
		addr add $3/32 dev $1
		${5:+addr add $5/128 dev $1 nodad}
		link set $1 up
		route add $2/32 dev $1
		${4:+route add $4/128 dev $1}
	END
	ip -n "$1" -batch - <<-END
		link set lo up
		addr add $2/32 dev eth0
		${4:+addr add $4/128 dev eth0 nodad}
		link set eth0 up
		route add $3/32 dev eth0
		route add default via $3 dev eth0
		${5:+route add $5/128 dev eth0}
		${5:+route add default via $5 dev eth0}
	END
	mkdir -p "$d"/{etc,etc.w,var,var.w,usr.w,usr}
	[ -z "$layer" ] || [ ! -d "$layer/etc" ] || lower=$layer/etc:/etc
	{
		echo "o /etc overlay lowerdir=$lower,upperdir=$d/etc,workdir=$d/etc.w 0 0"
		echo "o /var overlay lowerdir=/var,upperdir=$d/var,workdir=$d/var.w 0 0"
		[ -z "$layer" ] || echo "o /usr overlay lowerdir=$layer/usr:/usr,upperdir=$d/usr,workdir=$d/usr.w 0 0"
		[ -z "$layer" ] || [ ! -d "$layer/lib" ] || echo "# /lib is /usr/lib"
		echo "r-$1 /run tmpfs mode=755 0 0"
	} > "$d/fstab"
	nsenter --net="/run/netns/$1" unshare --mount sh -c "mount -a -T $d/fstab; exec sleep 1000000" >/dev/null 2>&1 &
	echo $! > "$d/pid"
}
at() { local p; p=$(</run/lab/"$1"/pid); shift; nsenter -t "$p" --net --mount "$@"; }
# bg HOST COMMAND...: in the background; $bg is the process
bg() { local p; p=$(</run/lab/"$1"/pid); shift; nsenter -t "$p" --net --mount "$@" & bg=$!; }

waitfor() { # waitfor SECONDS COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@" > /dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

lab() { # lab [ALICE-LAYER [BOB-LAYER]]
	ip netns add router
	ip -n router link set lo up
	in_ns router sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
	host alice 192.0.2.10 192.0.2.1 2001:db8:a::10 2001:db8:a::1 "${1:-}"
	host bob 198.51.100.20 198.51.100.1 2001:db8:b::20 2001:db8:b::1 "${2:-}"
	for h in alice bob; do
		waitfor 5 sh -c "! [ -d /proc/\$(cat /run/lab/$h/pid)/root/run/lab ]"
	done
}

# capture NAME HOST [OCTETS]: what passes the router towards HOST, into $OUT/NAME.pcap; of each packet so much (whole packets
# leave the kernel room for eight of them, too few for a flood). Without --immediate-mode the kernel hands
# over whole blocks, up to a second late, and the end of the capture would be lost.
capture() {
	nsenter --net=/run/netns/router tcpdump --immediate-mode -U -s "${3:-0}" -ni "$2" -w "$OUT/$1.pcap" 2> "$OUT/$1.tcpdump" &
	captures="${captures:-} $1:$!"
	waitfor 5 grep -q listening "$OUT/$1.tcpdump"
}
# whole NAME PID: tcpdump has written every packet that the kernel counted (SIGUSR1 asks it for both figures)
whole() {
	kill -USR1 "$2" && sleep 0.1
	tail -n 1 "$OUT/$1.tcpdump" | awk '{ exit !(/packets? captured/ && $2 == $5 && $10 == 0) }'
}
# end_captures: a capture that lacks packets proves nothing, so that is a failure of its own
end_captures() {
	local c
	for c in $captures; do
		waitfor 5 whole "${c%:*}" "${c#*:}" || not_ok "the capture ${c%:*} is whole: $(tail -n 1 "$OUT/${c%:*}.tcpdump")"
		kill "${c#*:}"
		wait "${c#*:}" 2>/dev/null
	done
	captures=
}
count() { tcpdump -nr "$OUT/$1.pcap" "$2" 2>/dev/null | wc -l; } # count CAPTURE FILTER
clear_packets() { count "$1" "host $2 and host $3 and not esp and not (udp port 500 or udp port 4500) and not icmp6 and ip6[40] != 135 and ip6[40] != 136 or (host $2 and host $3 and icmp)"; }

# pings HOST N ADDRESS: each of N pings is answered (ping itself is content with one)
pings() { at "$1" ping -c "$2" -i 0.3 -W 3 "$3" | tee /run/pings && grep -q ' 0% packet loss' /run/pings; }

# cygnet daemons: files in /etc of the host; cygnetd_start HOST [OPTION...]
cygnetd_start() {
	local h=$1
	shift
	bg "$h" "$TOP/build/cygnetd" --config /etc/ipsec.conf --secrets /etc/ipsec.secrets --policies /etc/ipsec.d/policies \
		--nssdir /var/lib/ipsec/nss --rundir /run/cygnet --foreground --log-level debug --keylog "$OUT/$h.keys" "$@" \
		> "$OUT/$h.log" 2>&1
	echo $bg > "/run/lab/$h/daemon"
	if ! waitfor 30 grep -q 'cygnetd is ready' "$OUT/$h.log"; then
		sed 's/^/# /' "$OUT/$h.log"
		return 1
	fi
}
cygnet() { local h=$1; shift; at "$h" "$TOP/build/cygnet" "$@"; }
cygnetd_stop() { kill -TERM "$(cat "/run/lab/$1/daemon")"; wait "$(cat "/run/lab/$1/daemon")"; }

put() { # put HOST FILE MODE < text
	at "$1" sh -c "mkdir -p \$(dirname '$2'); cat > '$2'; chmod $3 '$2'"
}

# --- signed DNS: unbound at 192.0.2.53 in front of nsd, zones signed by ldns-signzone ---
# dns_zones fills /zones; records are added by dns_record ZONE LINE before dns_start.
DNSROOT=${TOP:-.}/build/peers/dns
dns_host() {
	host dns 192.0.2.53 192.0.2.1 "" "" ""
	ip netns add nopsec 2>/dev/null
	ip link add eth0 netns nopsec type veth peer name nopsec netns router
	ip -n router addr add 198.51.100.1/32 dev nopsec
	ip -n router link set nopsec up
	ip -n router route add 198.51.100.99/32 dev nopsec
	ip -n nopsec link set lo up
	ip -n nopsec addr add 198.51.100.99/32 dev eth0
	ip -n nopsec link set eth0 up
	ip -n nopsec route add 198.51.100.1/32 dev eth0
	ip -n nopsec route add default via 198.51.100.1 dev eth0
	mkdir -p /zones
	for z in 100.51.198.in-addr.arpa 2.0.192.in-addr.arpa 8.b.d.0.1.0.0.2.ip6.arpa lab.test 113.0.203.in-addr.arpa; do
		printf '$ORIGIN %s.\n$TTL 60\n@ IN SOA ns.lab.test. root.lab.test. 1 3600 600 86400 30\n@ IN NS ns.lab.test.\n' $z > /zones/$z
	done
	echo 'ns IN A 192.0.2.53' >> /zones/lab.test
}
dns_record() { echo "$2" >> "/zones/$1"; }
# damage FILE NAME: turns one character of the signature over NAME's IPSECKEY: its answer is bogus
damage() {
	awk -v name="$2." 'index($1, name) == 1 && $4 == "RRSIG" && $5 == "IPSECKEY" { c = substr($NF, 20, 1); $NF = substr($NF, 1, 19) (c == "A" ? "B" : "A") substr($NF, 21) } { print }' "$1" > "$1.d" && mv "$1.d" "$1"
}
# dns_start: signs all but 113.0.203 (the unsigned one), starts nsd and unbound; anchors in /zones/anchors
dns_start() {
	local z k
	cd /zones || return 1
	: > anchors
	{
		echo 'server:'
		printf ' ip-address: 127.0.0.1@5300\n username: ""\n pidfile: ""\n zonesdir: /zones\n database: ""\n logfile: /zones/nsd.log\n'
		printf 'remote-control:\n control-enable: no\n'
	} > nsd.conf
	{
		printf 'server:\n interface: 192.0.2.53\n access-control: 0.0.0.0/0 allow\n do-daemonize: no\n username: ""\n chroot: ""\n pidfile: ""\n use-syslog: no\n'
		printf ' module-config: "iterator"\n do-not-query-localhost: no\n do-ip6: no\n directory: "/zones"\n unblock-lan-zones: yes\n insecure-lan-zones: yes\n local-zone: "test." nodefault\n'
	} > unbound.conf
	for z in 100.51.198.in-addr.arpa 2.0.192.in-addr.arpa 8.b.d.0.1.0.0.2.ip6.arpa lab.test 113.0.203.in-addr.arpa; do
		k=
		if [ $z != 113.0.203.in-addr.arpa ]; then
			k=$(ldns-keygen -a ECDSAP256SHA256 -k $z)
			ldns-signzone -n -f $z.signed $z $k || return 1
			[ -z "${DAMAGE:-}" ] || [ $z != 100.51.198.in-addr.arpa ] || damage $z.signed "$DAMAGE"
			cat $k.key >> anchors
		else
			cp $z $z.signed
		fi
		printf 'zone:\n name: %s\n zonefile: %s.signed\n' $z $z >> nsd.conf
		printf ' local-zone: "%s." nodefault\n' $z >> unbound.conf
	done
	for z in 100.51.198.in-addr.arpa 2.0.192.in-addr.arpa 8.b.d.0.1.0.0.2.ip6.arpa lab.test 113.0.203.in-addr.arpa; do
		printf 'stub-zone:\n name: "%s"\n stub-addr: 127.0.0.1@5300\n' $z >> unbound.conf
	done
	cd "$TOP" || return 1
	bg dns env LD_LIBRARY_PATH=$DNSROOT/usr/lib/x86_64-linux-gnu "$DNSROOT/usr/sbin/nsd" -d -c /zones/nsd.conf > "$OUT/nsd.log" 2>&1
	bg dns env LD_LIBRARY_PATH=$DNSROOT/usr/lib/x86_64-linux-gnu "$DNSROOT/usr/sbin/unbound" -d -c /zones/unbound.conf > "$OUT/unbound.log" 2>&1
	for h in alice bob; do
		at $h mkdir -p /etc/cygnet
		cp /zones/anchors /run/lab/$h/etc/cygnet/anchors 2>/dev/null || put $h /etc/cygnet/anchors 644 < /zones/anchors
	done
	waitfor 10 sh -c "nsenter --net=/run/netns/alice drill @192.0.2.53 ns.lab.test 2>/dev/null | grep -q 'ns.lab.test.*IN.*A.*192.0.2.53'"
}

# --- opportunism between alice and bob: keys, their records, groups ---
oe_publish() { # before dns_start
	local h
	for h in alice bob; do cygnet $h key new --type ecdsa --name host || return 1; done
	dns_record 100.51.198.in-addr.arpa "20 $(cygnet bob key show --name host --ipseckey)"
	dns_record 2.0.192.in-addr.arpa "10 $(cygnet alice key show --name host --ipseckey)"
	dns_record 8.b.d.0.1.0.0.2.ip6.arpa "$(reverse6 b 20) $(cygnet bob key show --name host --ipseckey)"
	dns_record 8.b.d.0.1.0.0.2.ip6.arpa "$(reverse6 a 10) $(cygnet alice key show --name host --ipseckey)"
}
# reverse6 a 10: the name of 2001:db8:a::10 within its zone
reverse6() { echo "${2:1:1}.${2:0:1}.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.$1.0.0.0"; }
oe_configure() { # oe_configure [KIND-OF-KEY] after dns_start
	local h k=${1:-ecdsa}
	for h in alice bob; do
		put $h /etc/ipsec.conf 644 <<-END
			config setup
			 dnssec-anchors=/etc/cygnet/anchors
			 dns-forwarders=192.0.2.53
			conn private-or-clear
			 left=%defaultroute
			 right=%opportunisticgroup
			 authby=$k
			 $(cygnet $h key show --name host | grep -v ckaid | tr -d '\t')
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
		put $h /etc/ipsec.d/policies/private-or-clear 644 <<< $'0.0.0.0/0\n::/0'
		put $h /etc/ipsec.d/policies/private 644 <<< 203.0.113.0/24
		put $h /etc/ipsec.d/policies/clear 644 <<< 192.0.2.53/32
	done
}
