# Rekeys and deletes with unmodified strongSwan, from either end and from both at once: one pair of SAs left each time.
# @rfc-test 7296-2.17-1 7296-2.18-1
# @rfc-test 7296-1.3.2-1 7296-1.3.2-3 7296-1.3.3-1 7296-1.3.3-2 7296-1.4.1-4 7296-1.4.1-6
# @rfc-test 7296-2.8.1-3 7296-2.8.2-2 7296-2.18-3 7296-3.11-1
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
