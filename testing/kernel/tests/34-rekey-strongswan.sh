# Rekeys and deletes with unmodified strongSwan, from either end and from both at once: one pair of SAs left each time.
# @rfc-test 7296-2.17-1 7296-2.18-1
. testing/kernel/lab.sh
. testing/kernel/peers.sh
. testing/kernel/rekeys.sh
lab "" "$TOP/build/peers/strongswan"
ipsec_conf alice gcm
is "strongswan starts" strongswan_start
is "cygnet starts" cygnetd_start alice
peer_rekey_child() { at bob timeout 20 swanctl --rekey --child t; }
peer_rekey_ike() { at bob timeout 20 swanctl --rekey --ike t; }
peer_delete_child() { at bob timeout 20 swanctl --terminate --child t; }
peer_delete_ike() { at bob timeout 20 swanctl --terminate --ike t; }
rekeys strongswan "${1:-6}"
done_testing
