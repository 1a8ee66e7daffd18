# rekeys.sh - what is tried with every peer: rekeys and deletes from either end, and both at once. The group defines
# peer_rekey_child, peer_rekey_ike, peer_delete_child and peer_delete_ike. To be sourced after peers.sh.

one_pair() {
	[ "$(ip -n alice xfrm state | grep -c 'proto esp')" = 2 ] && [ "$(ip -n bob xfrm state | grep -c 'proto esp')" = 2 ] &&
		[ "$(cygnet alice show t | grep -c 'state=ESTABLISHED')" = 1 ]
}
spis() { ip -n alice xfrm state | awk '/spi 0x/ { print $4 }' | sort; }
ike_spis() { cygnet alice show t | sed -n 's/.*state=ESTABLISHED.*spi-i=\([0-9a-f]*\).*/\1/p'; }
# renewed WHAT BEFORE: the SPIs are others than before, and one pair is left
renewed() { [ "$($1)" != "$2" ] && one_pair; }

step() { # step "what" SPIS COMMAND...: the SPIs change, one pair is left, and it carries packets
	local what=$1 of=$2 before
	before=$($of)
	shift 2
	is "$what" "$@"
	waitfor 15 renewed "$of" "$before"
	is "$what: renewed, one pair of SAs is left" renewed "$of" "$before"
	is "$what: a ping goes through" pings alice 2 198.51.100.20
}

both() { # both OURS THEIRS
	cygnet alice "$1" t > /dev/null 2>&1 &
	local ours=$!
	"$2" > /dev/null 2>&1
	wait $ours
}

together() { # together TIMES OURS THEIRS SPIS: at once, over and over; messages are slow, so that they cross
	local i before good=0
	in_ns router tc qdisc replace dev bob root netem delay 150ms
	in_ns router tc qdisc replace dev alice root netem delay 150ms
	for i in $(seq "$1"); do
		before=$($4)
		both "$2" "$3"
		waitfor 20 renewed "$4" "$before" && good=$((good + 1))
	done
	in_ns router tc qdisc del dev bob root
	in_ns router tc qdisc del dev alice root
	is "$2 at both ends at once, $1 times: one pair of SAs was left $good times" [ "$good" = "$1" ]
}

rekeys() { # rekeys PEER TIMES
	is "$1 takes its configuration" "${1}_load" gcm
	is "up" cygnet alice up t
	is "SAs in both kernels" waitfor 5 sas_up
	step "child rekeyed by cygnet" spis cygnet alice rekey-child t
	step "child rekeyed by $1" spis peer_rekey_child
	step "IKE rekeyed by cygnet" ike_spis cygnet alice rekey-ike t
	step "IKE rekeyed by $1" ike_spis peer_rekey_ike
	step "child rekeyed by cygnet on the successor" spis cygnet alice rekey-child t
	together "$2" rekey-child peer_rekey_child spis
	"${PEER_IKE_CROSSING:-together}" $(($2 / 2)) rekey-ike peer_rekey_ike ike_spis
	is "a ping goes through after all" pings alice 3 198.51.100.20
	is "child deleted by cygnet" cygnet alice delete-child t
	is "no SA is left at either end" waitfor 8 no_sa
	is "up again, on the IKE SA that is there" cygnet alice up t
	is "SAs in both kernels again" waitfor 5 sas_up
	is "child deleted by $1" peer_delete_child
	is "it was wanted, so it comes again" waitfor 15 sas_up
	sleep 3
	is "down" cygnet alice down t
	is "no SA is left after that" waitfor 8 no_sa
	is "up a third time" cygnet alice up t
	is "IKE deleted by cygnet" cygnet alice delete-ike t
	cygnet alice down t > /dev/null
	is "no SA is left after it" waitfor 8 no_sa
	is "up a fourth time" cygnet alice up t
	is "SAs in both kernels once more" waitfor 5 sas_up
	is "IKE deleted by $1" peer_delete_ike
	is "it comes again, too" waitfor 15 sas_up
	sleep 3
	is "down at the end" cygnet alice down t
	is "no SA is left at the end" waitfor 10 no_sa
	is "cygnet stops clean" cygnetd_stop alice
}
