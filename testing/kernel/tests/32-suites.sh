# cygnetd against unmodified strongSwan (33: libreswan) with the algorithms that the other groups of tests do not name: the large
# groups, AES-128, the longer hashes. `make unit` proves that two of us agree; only another's code proves that we are right.
. testing/kernel/lab.sh
. testing/kernel/peers.sh
MATRIX="cbc256-384-dh20 cbc128-512-dh21 cbc128-256-modp3072 gcm128-384-modp4096" # as in peers.sh
type_of() { echo tunnel; }
ike_of() {
	case $1 in
	cbc256-384-dh20) echo aes256-sha2_384-dh20 ;;
	cbc128-512-dh21) echo aes128-sha2_512-dh21 ;;
	cbc128-256-modp3072) echo "aes128-sha2_256;modp3072" ;;
	gcm128-384-modp4096) echo aes_gcm128-sha2_384-dh16 ;;
	*) echo aes_gcm256-sha2_256-dh31 ;;
	esac
}
esp_of() {
	case $1 in
	cbc256-384-dh20) echo aes256-sha2_384 ;;
	cbc128-512-dh21) echo aes128-sha2_512 ;;
	cbc128-256-modp3072) echo aes128-sha2_256 ;;
	*) echo aes_gcm128 ;;
	esac
}
swan_ike_of() {
	case $1 in
	cbc256-384-dh20) echo aes256-sha384-ecp384 ;;
	cbc128-512-dh21) echo aes128-sha512-ecp521 ;;
	cbc128-256-modp3072) echo aes128-sha256-modp3072 ;;
	gcm128-384-modp4096) echo aes128gcm16-prfsha384-modp4096 ;;
	esac
}
swan_esp_of() {
	case $1 in
	cbc256-384-dh20) echo aes256-sha384 ;;
	cbc128-512-dh21) echo aes128-sha512 ;;
	cbc128-256-modp3072) echo aes128-sha256 ;;
	gcm128-384-modp4096) echo aes128gcm16 ;;
	esac
}
# in_turn PEER CASE: cygnet begins the odd cases, the peer the even ones. Who began ends it: for the other it would be a
# loss, after which both libreswan and we try again.
turn=0
in_turn() {
	ipsec_conf alice "$2"
	is "$1, $2: configured" "$1_load" "$2"
	is "$1, $2: cygnet takes its configuration" cygnet alice reload
	turn=$((1 - turn))
	if [ $turn = 1 ]; then
		is "$1, $2: up from cygnet" cygnet alice up t
		is "$1, $2: ping over ESP" pings alice 1 198.51.100.20
		is "$1, $2: down from cygnet, confirmed" cygnet alice down t
	else
		is "$1, $2: up from the peer" "$1_up"
		is "$1, $2: SAs in both kernels" waitfor 5 sas_up
		is "$1, $2: ping over ESP" pings bob 1 192.0.2.10
		is "$1, $2: down from the peer" "$1_down"
	fi
	is "$1, $2: no SA is left" waitfor 8 no_sa
}
peer=${PEER:-strongswan}
lab "" "$TOP/build/peers/$peer"
ipsec_conf alice none
capture wire bob
is "cygnet starts" cygnetd_start alice
is "$peer starts" "${peer}_start"
for c in $MATRIX; do in_turn "$peer" "$c"; done
is "cygnet stops clean" cygnetd_stop alice
end_captures
is "ESP was on the wire" [ "$(count wire esp)" -ge 8 ]
is "no ping was in clear" [ "$(count wire icmp)" = 0 ]
is "our decoder opens every SK payload of the AES-CBC-128 runs" we_open AES-CBC-128
done_testing
