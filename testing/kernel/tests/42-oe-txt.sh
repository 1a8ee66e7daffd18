# The delegation of RFC 4322: TXT X-IPsec-Server with an RSA key in several strings; and a bogus answer, where nobody falls
# open though the group would allow it.
. testing/kernel/lab.sh
lab
dns_host
for h in alice bob; do is "$h makes an RSA key" cygnet $h key new --type rsa --bits 2048 --name host; done
dns_record 100.51.198.in-addr.arpa "20 $(cygnet bob key show --name host --txt 198.51.100.20)"
dns_record 2.0.192.in-addr.arpa "10 $(cygnet alice key show --name host --txt 192.0.2.10)"
dns_record 100.51.198.in-addr.arpa "99 $(cygnet bob key show --name host --ipseckey)"
DAMAGE=99
is "signed DNS answers" dns_start
oe_configure rsa-sha2
capture txt bob
capture bogus nopsec
is "alice's daemon starts" cygnetd_start alice
is "bob's daemon starts" cygnetd_start bob
is "the first ping is answered, and all that follow" pings alice 4 198.51.100.20
cygnet alice explain 198.51.100.20 | sed 's/^/# /'
is "keyed by the TXT record" sh -c "nsenter -t $(cat /run/lab/alice/pid) --net --mount $TOP/build/cygnet explain 198.51.100.20 | grep -q 'type=TXT.*used=yes'"
is "a bogus answer: no ping is answered" sh -c "! nsenter -t $(cat /run/lab/alice/pid) --net --mount ping -c 3 -i 0.3 -W 1 198.51.100.99"
cygnet alice explain 198.51.100.99 | sed 's/^/# /'
is "explain says denied" sh -c "nsenter -t $(cat /run/lab/alice/pid) --net --mount $TOP/build/cygnet explain 198.51.100.99 > /run/explain; [ \$? = 11 ] && grep -q oe-dns-bogus /run/explain"
is "alice stops clean" cygnetd_stop alice
is "bob stops clean" cygnetd_stop bob
end_captures
is "ESP between the pair: the first packet too" [ "$(count txt esp)" -ge 8 ]
is "nothing of the pair was in clear" [ "$(count txt icmp)" = 0 ]
is "nothing at all went to the bogus destination" [ "$(count bogus icmp)" = 0 ]
done_testing
