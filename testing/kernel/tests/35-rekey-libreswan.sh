# Rekeys and deletes with unmodified libreswan, from either end and from both at once: one pair of SAs left each time.
# @rfc-test 7296-2.17-1 7296-2.18-1
# @rfc-test 7296-1.3.2-1 7296-1.3.2-3 7296-1.3.3-1 7296-1.3.3-2 7296-1.4.1-4 7296-1.4.1-6
# @rfc-test 7296-2.8.1-3 7296-2.8.2-2 7296-2.18-3 7296-3.11-1
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
# Libreswan 4.10 does not resolve two rekeys of one IKE SA that cross (RFC 7296 2.8.2): it logs EXPECTATION FAILED and each of
# the two heirs takes the children in turn, so that it may delete them with the heir that the nonces name. Nothing that we
# send can mend that. What we show is that both daemons live on, that delete-ike and up bring the pair back, and that the heirs
# which libreswan has made and never deletes end by themselves.
one_esp_pair() { [ "$(ip -n alice xfrm state | grep -c 'proto esp')" = 2 ] && [ "$(ip -n bob xfrm state | grep -c 'proto esp')" = 2 ]; }
unresolved() { # unresolved TIMES OURS THEIRS SPIS
	local i good=0
	in_ns router tc qdisc replace dev bob root netem delay 150ms
	in_ns router tc qdisc replace dev alice root netem delay 150ms
	for i in $(seq "$1"); do
		both "$2" "$3"
		sleep 3
		cygnet alice delete-ike t > /dev/null
		cygnet alice up t > /dev/null
		waitfor 20 one_esp_pair && good=$((good + 1))
	done
	in_ns router tc qdisc del dev bob root
	in_ns router tc qdisc del dev alice root
	is "$2 at both ends at once, $1 times: delete-ike and up left one pair of SAs $good times" [ "$good" = "$1" ]
	is "no more than one IKE SA is left after a while" waitfor 100 one_pair
}
PEER_IKE_CROSSING=unresolved
rekeys libreswan "${1:-6}"
done_testing
