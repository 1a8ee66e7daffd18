# The daemon and its world: addresses that come and go after the drop of privileges (IPv6 with its wait for uniqueness
# too), sysctls put back, other people's kernel state untouched, leavings of a kill -9 removed.
. testing/kernel/lab.sh
lab
for h in alice bob; do
	put $h /etc/ipsec.conf 644 <<-END
		conn t
		 left=192.0.2.10
		 right=198.51.100.20
		 authby=secret
		 auto=add
		conn late
		 left=192.0.2.11
		 right=198.51.100.20
		 authby=secret
		 auto=add
	END
	put $h /etc/ipsec.secrets 600 <<< ': PSK "a shared key of the test kernel"'
done
sysctl_of() { at alice cat /proc/sys/net/core/xfrm_larval_drop /proc/sys/net/core/xfrm_acq_expires | tr '\n' ' '; }
before=$(sysctl_of)
ip -n alice xfrm policy add src 203.0.113.1 dst 203.0.113.2 dir out action block priority 77
ip -n alice xfrm state add src 203.0.113.1 dst 203.0.113.2 proto esp spi 0x77 mode tunnel reqid 77 aead 'rfc4106(gcm(aes))' \
	0x000102030405060708090a0b0c0d0e0f10111213 128
foreign() { [ "$(ip -n alice xfrm policy | grep -c 'priority 77')" = 1 ] && [ "$(ip -n alice xfrm state | grep -c 'reqid 77')" = 1 ]; }
listens() { at alice ss -Hlun | grep -qF "$1:500 "; }
deaf() { ! listens "$1"; }

is "alice's daemon starts" cygnetd_start alice
is "bob's daemon starts" cygnetd_start bob
is "the sysctls are set" [ "$(sysctl_of)" = "0 165 " ]
is "it listens on its address" listens 192.0.2.10
ip -n alice addr add 192.0.2.11/32 dev eth0
in_ns router ip route add 192.0.2.11/32 dev alice
is "a new address gets port 500 after the drop" waitfor 5 listens 192.0.2.11
is "and can be used at once" cygnet alice up late
is "down, confirmed" cygnet alice down late
ip -n alice addr del 192.0.2.11/32 dev eth0
is "an address that goes takes its socket along" waitfor 5 deaf 192.0.2.11
ip -n alice addr add 2001:db8:a::11/128 dev eth0
is "a new IPv6 address gets port 500 once it is known to be unique" waitfor 8 listens '[2001:db8:a::11]'
is "secrets of mode 0600 are read again after the drop" cygnet alice reload

is "up" cygnet alice up t
kill -KILL "$(cat /run/lab/alice/daemon)"
wait "$(cat /run/lab/alice/daemon)" 2> /dev/null
is "a kill -9 leaves SAs" sh -c "ip -n alice xfrm state | grep -q 'reqid 0x43\\|reqid 11[0-9]*'"
is "alice's daemon starts again" cygnetd_start alice
is "the leavings are gone" [ "$(ip -n alice xfrm state | grep -c 'proto esp')" = 1 ]
is "up again" cygnet alice up t
is "alice stops clean" cygnetd_stop alice
is "nothing but another's SA is left" [ "$(ip -n alice xfrm state | grep -c 'proto esp')" = 1 ]
is "another's policy and SA were not touched" foreign
is "no policy of ours is left" sh -c "! ip -n alice xfrm policy | grep -q 'priority 1[0-9]\\{6\\}'"
note_sysctl=$(sysctl_of)
echo "# sysctls before: $before after the kill and the stop: $note_sysctl"
at alice sh -c 'echo 1 > /proc/sys/net/core/xfrm_larval_drop; echo 30 > /proc/sys/net/core/xfrm_acq_expires'
is "alice starts a last time" cygnetd_start alice
is "and stops" cygnetd_stop alice
is "the sysctls are put back" [ "$(sysctl_of)" = "1 30 " ]
done_testing
