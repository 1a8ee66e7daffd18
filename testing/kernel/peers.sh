# peers.sh - unmodified strongSwan (swanctl) and libreswan (pluto) on bob, and the matrix of what is agreed with them;
# to be sourced after lab.sh.
SECRET="a shared key of the test kernel"

# the matrix: name, then ike= and esp= of ipsec.conf, then swanctl's proposals, then the mode
MATRIX="gcm chacha-ecp cbc-modp transport"
ike_of() { case $1 in gcm | transport) echo aes_gcm256-sha2_256-dh31 ;; cbc-modp) echo aes256-sha2_256-modp2048 ;; chacha-ecp) echo chacha20_poly1305-sha2_256-dh19 ;; esac; }
esp_of() { case $1 in gcm | transport) echo aes_gcm256 ;; cbc-modp) echo aes256-sha2_256 ;; chacha-ecp) echo chacha20_poly1305 ;; esac; }
swan_ike_of() { case $1 in gcm | transport) echo aes256gcm16-prfsha256-x25519 ;; cbc-modp) echo aes256-sha256-modp2048 ;; chacha-ecp) echo chacha20poly1305-prfsha256-ecp256 ;; esac; }
swan_esp_of() { case $1 in gcm | transport) echo aes256gcm16 ;; cbc-modp) echo aes256-sha256 ;; chacha-ecp) echo chacha20poly1305 ;; esac; }
type_of() { [ "$1" = transport ] && echo transport || echo tunnel; }

ipsec_conf() { # ipsec_conf HOST CASE: for cygnet and for libreswan alike
	put "$1" /etc/ipsec.conf 644 <<-END
		conn t
		 left=192.0.2.10
		 right=198.51.100.20
		 authby=secret
		 ike=$(ike_of "$2")
		 esp=$(esp_of "$2")
		 type=$(type_of "$2")
		 auto=add
		 retransmit-timeout=10s
	END
	put "$1" /etc/ipsec.secrets 600 <<< "192.0.2.10 198.51.100.20 : PSK \"$SECRET\""
}

strongswan_start() {
	put bob /etc/strongswan.conf 644 <<-END
		charon-systemd {
		  load = random nonce openssl kdf hmac sha2 sha1 aes gcm chapoly curve25519 pem pkcs1 x509 pubkey kernel-netlink socket-default vici
		  journal { default = -1 }
		  filelog { stderr { default = 1 } }
		}
		swanctl { load = random openssl pem pkcs1 x509 pubkey sha1 sha2 }
	END
	bg bob charon-systemd > "$OUT/charon.log" 2>&1
	echo $bg > /run/lab/bob/daemon
	waitfor 15 at bob test -S /run/charon.vici || waitfor 5 at bob test -S /var/run/charon.vici
}
strongswan_load() { # strongswan_load CASE
	put bob /etc/swanctl/swanctl.conf 600 <<-END
		connections { t {
		  version = 2
		  local_addrs = 198.51.100.20
		  remote_addrs = 192.0.2.10
		  proposals = $(swan_ike_of "$1")
		  local { auth = psk }
		  remote { auth = psk }
		  children { t { mode = $(type_of "$1")
		    esp_proposals = $(swan_esp_of "$1")
		    local_ts = 198.51.100.20/32
		    remote_ts = 192.0.2.10/32 } }
		} }
		secrets { ike-1 { secret = "$SECRET" } }
	END
	at bob swanctl --load-all
}
strongswan_up() { at bob swanctl --initiate --child t --timeout 15; }
strongswan_down() { at bob swanctl --terminate --ike t --timeout 15; }

libreswan_start() {
	at bob sh -c 'mkdir -p /run/pluto /var/lib/ipsec/nss && certutil -N -d sql:/var/lib/ipsec/nss --empty-password'
	ipsec_conf bob gcm
	bg bob /usr/libexec/ipsec/pluto --config /etc/ipsec.conf --nofork --stderrlog > "$OUT/pluto.log" 2>&1
	echo $bg > /run/lab/bob/daemon
	waitfor 15 at bob test -S /run/pluto/pluto.ctl && at bob /usr/libexec/ipsec/whack --listen
}
libreswan_load() {
	ipsec_conf bob "$1"
	at bob /usr/libexec/ipsec/whack --rereadsecrets
	at bob /usr/libexec/ipsec/addconn --config /etc/ipsec.conf t
}
libreswan_up() { at bob timeout 15 /usr/libexec/ipsec/whack --initiate --name t; }
libreswan_down() { at bob timeout 15 /usr/libexec/ipsec/whack --terminate --name t; }

no_sa() { ! ip -n alice xfrm state | grep -q 'proto esp' && ! ip -n bob xfrm state | grep -q 'proto esp'; }
sas_up() { [ "$(ip -n alice xfrm state | grep -c 'proto esp')" -ge 2 ] && [ "$(ip -n bob xfrm state | grep -c 'proto esp')" -ge 2 ]; }

# both_roles PEER CASE: up, ping, down, from either side
both_roles() {
	local peer=$1 c=$2
	ipsec_conf alice "$c"
	is "$c: $peer takes its configuration" ${peer}_load "$c"
	is "$c: cygnet takes its configuration" cygnet alice reload
	is "$c: up from cygnet" cygnet alice up t
	is "$c: SAs in both kernels" waitfor 5 sas_up
	is "$c: ping over ESP" pings alice 3 198.51.100.20
	is "$c: down from cygnet, confirmed by $peer" cygnet alice down t
	is "$c: no SA is left at either end" waitfor 8 no_sa
	is "$c: up from $peer" ${peer}_up
	is "$c: SAs in both kernels again" waitfor 5 sas_up
	is "$c: ping over ESP again" pings bob 3 192.0.2.10
	is "$c: down from $peer" ${peer}_down
	is "$c: no SA is left at either end again" waitfor 8 no_sa
}

# What was captured, opened with our key log: by tshark (which knows no ChaCha20 here), and by our own decoder.
tshark_opens() {
	local args=() line spis= sealed opened
	while read -r line; do
		case $line in
		*CHACHA20*) spis="$spis && !(isakmp.ispi == $(echo "${line%%,*}" | sed 's/../&:/g; s/:$//'))" ;;
		*) args+=(-o "uat:ikev2_decryption_table:$line") ;;
		esac
	done < "$OUT/alice.keys"
	tshark -r "$OUT/wire.pcap" "${args[@]}" -Y "isakmp.exchangetype >= 35$spis" -V > "$OUT/tshark.txt" 2> "$OUT/tshark.err"
	sealed=$(grep -c 'Encrypted Data (' "$OUT/tshark.txt")
	opened=$(grep -c 'Decrypted Data (' "$OUT/tshark.txt")
	echo "$sealed sealed, $opened opened, $(grep -ci malformed "$OUT/tshark.txt") malformed"
	[ "$sealed" -gt 20 ] && [ "$sealed" = "$opened" ] && ! grep -qi malformed "$OUT/tshark.txt"
}
we_open() {
	tshark -r "$OUT/wire.pcap" -Y 'udp.port == 500' -T fields -e udp.payload 2>/dev/null |
		"$TOP/build/tools/decode" "$OUT/alice.keys" --only "$1"
}
