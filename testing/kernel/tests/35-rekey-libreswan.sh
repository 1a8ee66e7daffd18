# Rekeys and deletes with unmodified libreswan, from either end and from both at once: one pair of SAs left each time.
. testing/kernel/lab.sh
. testing/kernel/peers.sh
. testing/kernel/rekeys.sh
lab "" "$TOP/build/peers/libreswan"
ipsec_conf alice gcm
is "libreswan starts" libreswan_start
is "cygnet starts" cygnetd_start alice
whack() { at bob timeout 20 /usr/libexec/ipsec/whack "$@"; }
state() { whack --showstates | sed -n "s/^[0-9 ]*#\([0-9]*\): .*$1.*/\1/p" | tail -n 1; } # its number, as whack names it
peer_rekey_child() { whack --rekey-ipsec --name t; }
peer_rekey_ike() { whack --rekey-ike --name t; }
peer_delete_child() { whack --deletestate "$(state ESTABLISHED_CHILD_SA)"; }
peer_delete_ike() { whack --deletestate "$(state ESTABLISHED_IKE_SA)"; }
rekeys libreswan "${1:-6}"
done_testing
