# cygnetd against unmodified strongswan, shared key: three suites in tunnel mode and one in transport mode, both roles.
# @rfc-test 7296-2.9-1 7296-3.3.1-6 7296-1.2-1 7296-1.2-2 7296-1.2-3 7296-1.2-4 7296-1.3.1-2
# @rfc-test 7296-1.3.1-3 7296-2.13-1 7296-2.13-4 7296-2.14-1 7296-2.14-2 7296-2.14-4 7296-2.15-1
# @rfc-test 7296-2.15-5 7296-2.15-8 7296-2.17-1 7296-2.17-2 7296-2.17-3 7296-2.17-4 7296-3.1-10
# @rfc-test 7296-3.1-14 7296-3.4-1 7296-3.5-1 7296-3.8-1 7296-3.8-2
# @rfc-test 7296-4-1
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
