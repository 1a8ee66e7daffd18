# cygnetd against unmodified strongswan, shared key: three suites in tunnel mode and one in transport mode, both roles.
. testing/kernel/lab.sh
. testing/kernel/peers.sh
lab "" "$TOP/build/peers/strongswan"
ipsec_conf alice gcm
capture wire bob
is "strongswan starts" strongswan_start
is "cygnet starts" cygnetd_start alice
for c in $MATRIX; do both_roles strongswan "$c"; done
is "cygnet stops clean" cygnetd_stop alice
end_captures
is "ESP was on the wire" [ "$(count wire esp)" -ge 40 ]
is "no ping was in clear" [ "$(count wire icmp)" = 0 ]
is "tshark opens every SK payload of the GCM and CBC runs, 0 malformed" tshark_opens
is "our decoder opens every SK payload of the ChaCha20 runs" we_open CHACHA20
done_testing
