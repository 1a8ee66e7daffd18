# Every algorithm of ESP on the real kernel, and every group of IKE between two daemons: each cipher and each integrity of
# lib/base/algorithms.c keys a tunnel of its own. The kernels must name it as it was meant, with keys of the right length and
# the ICV cut to the bits of its RFC, and carry a ping. The lists are read out of the tables: a new row is tested by being there.
. testing/kernel/lab.sh
lab
names() { sed -n "s/^\t{ $1[A-Z0-9_]*, [^\"]*\"\([a-z0-9_]*\)\".*$2 },.*/\1/p" lib/base/algorithms.c; } # names ENUM LAST-FIELD
groups=($(names KE_ '[0-9]'))
rows=($(names ENCR_ true))
for c in $(names ENCR_ false); do for i in $(names INTEG_HMAC '[0-9]'); do rows+=("$c-$i"); done; done
N=${#rows[@]}
echo "# ESP: ${rows[*]}; groups: ${groups[*]}"
is "the tables were read: 9 rows of ESP or more, 7 groups or more" [ "$N" -ge 9 -a "${#groups[@]}" -ge 7 ]

key() { echo "0x[0-9a-f]{$(($1 / 4))}"; } # key BITS
# words_of ROW: what `ip xfrm state` must say, as a pattern; a row that is unknown here matches nothing
words_of() {
	local cipher auth
	case $1 in
	aes_gcm256) echo "aead rfc4106\(gcm\(aes\)\) $(key 288) 128" && return ;;
	aes_gcm128) echo "aead rfc4106\(gcm\(aes\)\) $(key 160) 128" && return ;;
	chacha20_poly1305) echo "aead rfc7539esp\(chacha20,poly1305\) $(key 288) 128" && return ;;
	aes256-*) cipher="enc cbc\(aes\) $(key 256)" ;;
	aes128-*) cipher="enc cbc\(aes\) $(key 128)" ;;
	esac
	case $1 in
	*-sha2_256) auth="auth-trunc hmac\(sha256\) $(key 256) 128" ;;
	*-sha2_384) auth="auth-trunc hmac\(sha384\) $(key 384) 192" ;;
	*-sha2_512) auth="auth-trunc hmac\(sha512\) $(key 512) 256" ;;
	esac
	echo "${auth:-no such integrity}.*${cipher:-no such cipher}"
}
# both_say ADDRESS PATTERN: both SAs of the pair, on both hosts; in one line each, with \ for an end of line
both_say() {
	local h
	for h in alice bob; do
		grep -E "(src|dst) ${1//./[.]}[ \\]" /run/$h.states
		[ "$(grep -E "(src|dst) ${1//./[.]}[ \\]" /run/$h.states | grep -Ec "$2 *[\\]")" = 2 ] || return 1
	done
}

for i in $(seq $N); do echo "addr add 10.9.0.$i/32 dev lo"; done | ip -n bob -batch -
in_ns router ip route add 10.9.0.0/24 via 198.51.100.20 dev bob 2> /dev/null || in_ns router ip route add 10.9.0.0/24 dev bob
in_ns router sh -c 'echo 1 > /proc/sys/net/ipv4/conf/bob/proxy_arp'
group_of() { echo "${groups[$(($1 % ${#groups[@]}))]}"; }
for h in alice bob; do
	for i in $(seq $N); do
		printf 'conn c%s\n left=192.0.2.10\n right=10.9.0.%s\n authby=secret\n auto=add\n' "$i" "$i"
		printf ' ike=aes256-sha2_384-%s\n esp=%s\n' "$(group_of "$i")" "${rows[$((i - 1))]}"
	done | put $h /etc/ipsec.conf 644
	put $h /etc/ipsec.secrets 600 <<< ': PSK "a shared key of the test kernel"'
done
is "alice's daemon starts" cygnetd_start alice
is "bob's daemon starts" cygnetd_start bob
capture algorithms bob
for i in $(seq $N); do is "esp=${rows[$((i - 1))]}, group $(group_of "$i"): up" cygnet alice up "c$i"; done
for h in alice bob; do ip -n $h -o xfrm state > /run/$h.states; done
for i in $(seq $N); do
	row=${rows[$((i - 1))]}
	is "esp=$row: both kernels have it as its RFC says" both_say "10.9.0.$i" "$(words_of "$row")"
	is "esp=$row: ping" pings alice 1 "10.9.0.$i"
done
end_captures
is "every ping went over ESP, there and back" [ "$(count algorithms esp)" = $((2 * N)) ]
is "nothing was in clear" [ "$(count algorithms icmp)" = 0 ]
is "alice stops clean" cygnetd_stop alice
is "every delete was confirmed" grep -q "stopped: confirmed $N, unanswered 0" "$OUT/alice.log"
is "bob stops clean" cygnetd_stop bob
done_testing
