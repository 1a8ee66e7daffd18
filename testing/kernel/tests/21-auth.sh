# cygnetd to cygnetd: NULL, RSA and ECDSA raw keys, IPv4 and IPv6; and what must fail: a wrong key, a wrong identity, a
# missing secret. Each failure is AUTHENTICATION_FAILED, leaves nothing behind, and the side that knows says which it was.
# @rfc-test 7296-1.2-5 7296-1.2-6 7296-1.2-8 7296-2.11-4 7296-2.21.2-1
. testing/kernel/lab.sh
lab
for h in alice bob; do
	is "$h makes an ECDSA key" cygnet $h key new --type ecdsa --name ec
	is "$h makes an RSA key" cygnet $h key new --type rsa --bits 2048 --name rsa
done
pub() { cygnet $1 key show --name $2 | grep -v ckaid | sed "s/left/$3/"; }
# conn LEFT RIGHT LINES...: the same on both
conn() {
	local l=$1 r=$2
	shift 2
	for h in alice bob; do
		{ printf 'conn t\n left=%s\n right=%s\n auto=add\n retransmit-timeout=8s\n' "$l" "$r"; printf ' %s\n' "$@"; } | put $h /etc/ipsec.conf 644
	done
}
for h in alice bob; do put $h /etc/ipsec.secrets 600 < /dev/null; done
conn 192.0.2.10 198.51.100.20 authby=null
is "alice starts" cygnetd_start alice
is "bob starts" cygnetd_start bob
no_sa() { ! ip -n alice xfrm state | grep -q 'proto esp' && ! ip -n bob xfrm state | grep -q 'proto esp'; }
works() { # works "what" PING-ADDRESS
	is "$1: alice takes the configuration" cygnet alice reload
	is "$1: bob takes the configuration" cygnet bob reload
	is "$1: up" cygnet alice up t
	is "$1: ping over ESP" pings alice 2 $2
	is "$1: down, confirmed" cygnet alice down t
	is "$1: no SA is left" no_sa
}
works "NULL, IPv4" 198.51.100.20
conn 2001:db8:a::10 2001:db8:b::20 authby=null
works "NULL, IPv6" 2001:db8:b::20
EC="$(pub alice ec left | tr -d '\t')" ECR="$(pub bob ec right | tr -d '\t')"
RSA="$(pub alice rsa left | tr -d '\t')" RSAR="$(pub bob rsa right | tr -d '\t')"
for v in 4 6; do
	[ $v = 4 ] && l=192.0.2.10 r=198.51.100.20 || l=2001:db8:a::10 r=2001:db8:b::20
	conn $l $r authby=ecdsa "$EC" "$ECR"
	works "ECDSA, IPv$v" $r
	conn $l $r authby=rsa-sha2 "$RSA" "$RSAR"
	works "RSA, IPv$v" $r
done
fails() { # fails "what" "alice's word" "bob's word in his log"
	is "$1: alice reloads" cygnet alice reload
	is "$1: bob reloads" cygnet bob reload
	cygnet alice up t > /run/up 2>&1
	[ $? = 7 ] && ok "$1: up fails, refused by the peer" || { not_ok "$1: up fails, refused by the peer"; sed 's/^/# /' /run/up; }
	is "$1: no SA is left" no_sa
	is "$1: bob knows why: $2" grep -q "failed: $2" "$OUT/bob.log"
	is "$1: no IKE SA is left open" sh -c "! nsenter -t $(cat /run/lab/bob/pid) --net --mount $TOP/build/cygnet show | grep -q ESTABLISHED"
}
# a wrong key: bob believes alice has the RSA key of nobody
conn 192.0.2.10 198.51.100.20 authby=rsa-sha2 "$RSA" "$RSAR"
put bob /etc/ipsec.conf 644 <<-END
	conn t
	 left=192.0.2.10
	 right=198.51.100.20
	 auto=add
	 authby=rsa-sha2
	 $(pub bob rsa left | tr -d '\t')
	 $RSAR
END
fails "wrong key" auth-failed
# a wrong identity: alice says another name than bob expects
conn 192.0.2.10 198.51.100.20 authby=secret leftid=@alice.lab.test
put bob /etc/ipsec.conf 644 <<-END
	conn t
	 left=192.0.2.10
	 right=198.51.100.20
	 leftid=@carol.lab.test
	 authby=secret
	 auto=add
END
for h in alice bob; do put $h /etc/ipsec.secrets 600 <<< ': PSK "a shared key of the test kernel"'; done
fails "wrong identity" id-mismatch
# a missing secret at bob
conn 192.0.2.10 198.51.100.20 authby=secret
put bob /etc/ipsec.secrets 600 < /dev/null
fails "missing secret" no-secret
# another secret at bob
put bob /etc/ipsec.secrets 600 <<< ': PSK "quite another key of the test kernel"'
fails "wrong secret" auth-failed
is "alice stops clean" cygnetd_stop alice
is "bob stops clean" cygnetd_stop bob
done_testing
