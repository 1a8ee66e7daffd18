/* Every keyword that acts, with good and bad values; every other known one with its warning or refusal. */
#include "plan_fixture.h"

#include <stdlib.h>

#define CKAID "00112233445566778899aabbccddeeff00112233"
/* An RSA key of 2048 bits: exponent 65537, modulus of 0xc1 and then 0x01 octets. */
static char rsa_key[512], ec_key[128], spki[256];

static int make_keys(void **state)
{
	uint8_t rsa[4 + 256], ec[64];
	struct public_key key = { KEY_NONE, { NULL, 0 } };
	const char *why;
	char *text;

	memset(rsa, 1, sizeof(rsa));
	memcpy(rsa, "\x03\x01\x00\x01\xc1", 5);
	text = base64_encode(BYTES_OF_ARRAY(rsa));
	snprintf(rsa_key, sizeof(rsa_key), "0s%s", text);
	free(text);
	memset(ec, 0x22, sizeof(ec));
	text = base64_encode(BYTES_OF_ARRAY(ec));
	snprintf(ec_key, sizeof(ec_key), "0s%s", text);
	free(text);
	if (!public_key_from_rfc6605(&key, BYTES_OF_ARRAY(ec), &why))
		return 1;
	text = base64_encode(bytes_of_blob(&key.spki));
	snprintf(spki, sizeof(spki), "%s", text);
	free(text);
	public_key_discard(&key);
	return 0;
}

/* "conn a" with two addresses and one more line. */
static const char *with(const char *line)
{
	static char text[4096];

	snprintf(text, sizeof(text), "conn a\n" ENDS " %s\n", line);
	return text;
}

static struct plan *well(const char *line)
{
	return make_well(with(line));
}

static void times(void **state)
{
	static const struct {
		const char *text;
		msec seconds, milliseconds;
	} good[] = {
		{ "30", 30000, 30 },          { "30s", 30000, 30000 }, { "5m", 300000, 300000 },
		{ "1.5s", 1500, 1500 },       { "500ms", 500, 500 },   { "2h", 7200000, 7200000 },
		{ "1d", 86400000, 86400000 },
	};
	static const char *const bad[] = { "0",   "-1",      "",     "x",
					   "1x",  "1 s",     "400d", "99999999999999999999",
					   "1.s", "1.9999s", "0x10" };
	char line[128];

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		struct plan *plan;

		snprintf(line, sizeof(line), "retransmit-interval=%s\n retransmit-timeout=1d", good[i].text);
		plan = well(line);
		assert_int_equal(plan->conns[0].retransmit_interval, good[i].milliseconds);
		plan_discard(plan);
		snprintf(line, sizeof(line), "ikelifetime=%s\n salifetime=%s\n retransmit-timeout=%s",
			 good[i].text, good[i].text, good[i].text);
		plan = well(line);
		assert_int_equal(plan->conns[0].ike_lifetime, good[i].seconds);
		assert_int_equal(plan->conns[0].sa_lifetime, good[i].seconds);
		assert_int_equal(plan->conns[0].retransmit_timeout, good[i].seconds);
		plan_discard(plan);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		if (!bad[i][0])
			continue;
		snprintf(line, sizeof(line), "ikelifetime=%s", bad[i]);
		assert_refused(with(line), CONF ":4:14: ");
	}
	assert_refused(with("retransmit-interval=2s\n retransmit-timeout=1s"),
		       "longer than retransmit-timeout");
}

static void defaults(void **state)
{
	struct plan *plan = well("type=tunnel");
	const struct conn *c = &plan->conns[0];
	char text[80];

	assert_int_equal(c->start, AUTO_IGNORE);
	assert_int_equal(c->keyingtries, 0);
	assert_int_equal(c->retransmit_interval, LIMIT_RETRANSMIT_INTERVAL);
	assert_int_equal(c->ike_lifetime, LIMIT_IKE_LIFETIME);
	assert_int_equal(c->left.ikeport, 500);
	assert_int_equal(c->left.auth, AUTH_RSA);
	assert_int_equal(c->left.client.port_last, 65535);
	assert_int_equal(c->family, ADDRESS_V4);
	assert_int_equal(c->ike_count, 13);
	assert_string_equal(suite_print(&c->ike[0], text), "aes_gcm256-sha2_512-dh31");
	assert_string_equal(suite_print(&c->ike[12], text), "aes256-sha2_256;sha2_256-modp2048");
	assert_int_equal(c->esp_count, 4);
	assert_int_equal(c->esp[3].integ, INTEG_HMAC_SHA2_256_128);
	assert_true(plan->setup.dnssec_enable && plan->setup.unique_ids);
	assert_int_equal(plan->setup.oe_dns_timeout_permissive, SECONDS(5));
	assert_int_equal(plan->setup.oe_dns_timeout_paranoid, SECONDS(15));
	assert_int_equal(plan->setup.oe_lifespan, MINUTES(20));
	plan_discard(plan);
}

static void setup_words(void **state)
{
	struct plan *plan = make_well(
		"config setup\n logfile=/l\n listen=192.0.2.1\n nssdir=/n\n dnssec-anchors=/d\n"
		" dnssec-enable=no\n uniqueids=no\n dns-forwarders=192.0.2.53, 2001:db8::53\n"
		" oe-dns-timeout=1s\n oe-ike-timeout=2s\n oe-short-timeout=3s\n oe-normal-timeout=4\n"
		" oe-initial-lifespan=5s\n oe-lifespan=6s\n stop-deadline=7s\n");
	const struct setup *s = &plan->setup;

	assert_string_equal(s->nssdir, "/n");
	assert_string_equal(s->listen, "192.0.2.1");
	assert_string_equal(s->dnssec_anchors, "/d");
	assert_false(s->dnssec_enable || s->unique_ids);
	assert_int_equal(s->forwarder_count, 2);
	assert_int_equal(s->forwarders[1].family, ADDRESS_V6);
	assert_int_equal(s->oe_dns_timeout_permissive + s->oe_dns_timeout_paranoid, 2000);
	assert_int_equal(s->oe_ike_timeout_permissive + s->oe_ike_timeout_paranoid, 4000);
	assert_int_equal(s->oe_short_timeout + s->oe_normal_timeout, 7000);
	assert_int_equal(s->oe_initial_lifespan + s->oe_lifespan, 11000);
	assert_int_equal(s->stop_deadline, 7000);
	plan_discard(plan);
	assert_refused("config setup\n dnssec-enable=maybe\n",
		       ":2:16: neither yes nor no 'maybe': expected yes or no");
	assert_refused("config setup\n dns-forwarders=192.0.2.1 x\n", "not an address 'x'");
	assert_refused("config setup\n dns-forwarders=1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5\n",
		       "too many resolvers");
	assert_refused("config setup\n stop-deadline=x\n", "not a time 'x'");
	assert_refused("config setup\n ikev1-policy=accept\n", "only IKEv2 is spoken");
	plan_discard(make_well("config setup\n ikev1-policy=drop\n"));
	plan = make_well("config setup\n dnssec-rootkey-file=/alias\n");
	assert_string_equal(plan->setup.dnssec_anchors, "/alias");
	plan_discard(plan);
}

static void hosts(void **state)
{
	struct plan *plan = make_well(
		"conn a\n left=%defaultroute\n right=2001:db8::1\nconn b\n left=192.0.2.1\n right=%any\n"
		"conn c\n left=%any6\n right=%group\nconn d\n left=0.0.0.0\n right=192.0.2.1\n");

	assert_int_equal(plan_conn_by_name(plan, "a")->left.host, HOST_DEFAULTROUTE);
	assert_int_equal(plan_conn_by_name(plan, "a")->family, ADDRESS_V6);
	assert_int_equal(plan_conn_by_name(plan, "b")->right.host, HOST_ANY);
	assert_int_equal(plan_conn_by_name(plan, "c")->family, ADDRESS_V6);
	assert_int_equal(plan_conn_by_name(plan, "c")->group, CLASS_PRIVATE);
	assert_int_equal(plan_conn_by_name(plan, "d")->left.host, HOST_ANY);
	plan_discard(plan);
	assert_refused("conn a\n left=east.example\n right=192.0.2.1\n",
		       "not an address (names of hosts and interfaces");
	assert_refused("conn a\n left=%defaultrout\n right=192.0.2.1\n", "did you mean '%defaultroute'?");
	assert_refused("conn a\n left=192.0.2.256\n right=192.0.2.1\n", ":2:7: not an address");
	assert_refused("conn a\n left=224.0.0.1\n right=192.0.2.1\n", "multicast address");
	assert_refused("conn a\n left=192.0.2.1\n right=2001:db8::1\n", "different families");
	assert_refused("conn a\n left=192.0.2.1\n right=192.0.2.1\n", "the same address");
	assert_refused("conn a\n left=%any\n right=%any\n", "both ends are %any");
	assert_refused("conn a\n left=%group\n right=%group\n", "both ends are groups");
	assert_refused(with("hostaddrfamily=ipv6"), "hostaddrfamily= is not the family");
	assert_refused(with("hostaddrfamily=ipv5"),
		       "unknown value 'ipv5': expected ipv4, ipv6; did you mean 'ipv4'?");
}

static void ends(void **state)
{
	struct plan *plan = well(
		"leftid=@east.example\n right-id=user@example\n leftsubnet=10.1.0.0/16\n rightsubnet=0/0\n"
		" leftprotoport=udp/6081\n rightprotoport=udp\n leftikeport=4501\n leftckaid=" CKAID);
	const struct conn *c = &plan->conns[0];
	char text[SELECTOR_TEXT];

	assert_int_equal(c->left.id.type, ID_FQDN);
	assert_int_equal(c->right.id.type, ID_RFC822_ADDR);
	assert_string_equal(selector_print(&c->left.client, text), "10.1.0.0/16;17/6081");
	assert_true(c->left.has_client && c->right.has_client);
	assert_int_equal(c->right.client.protocol, 17);
	assert_int_equal(c->right.client.port_last, 65535);
	assert_int_equal(c->left.ikeport, 4501);
	assert_true(c->left.has_ckaid && c->left.ckaid[19] == 0x33 && !c->right.has_ckaid);
	plan_discard(plan);
	plan = well("leftprotoport=17/%any\n rightprotoport=udp/8000-8010");
	assert_int_equal(plan->conns[0].right.client.port_first, 8000);
	assert_int_equal(plan->conns[0].right.client.port_last, 8010);
	plan_discard(plan);
}

static void ends_go_wrong(void **state)
{
	assert_refused(with("leftsubnet=10.1.0.1/16"),
		       ":4:13: not a subnet, or bits are set behind its prefix '10.1.0.1/16'");
	assert_refused(with("leftsubnet=10.1.0.0/33"), "not a subnet");
	assert_refused(with("leftsubnet={10.1.0.0/16 10.2.0.0/16}"), "several subnets");
	assert_refused(with("leftsubnets={10.1.0.0/16}"), "write a conn for each");
	assert_refused(with("leftsubnet=10.0.0.0/8\n rightsubnet=2001:db8::/32"), "different families");
	assert_refused(with("type=transport\n leftsubnet=10.0.0.0/8"), "transport mode is between two hosts");
	assert_refused(with("leftprotoport=foo"), "not a protocol and port 'foo'");
	assert_refused(with("leftprotoport=tcp/70000"), "not a protocol and port");
	assert_refused(with("leftprotoport=0/53"), "not a protocol and port");
	assert_refused(with("leftprotoport=tcp\n rightprotoport=udp"), "different protocols");
	assert_refused(with("leftid=%fromcert"), "certificates are not supported yet");
	assert_refused(with("leftid=C=CA,O=x"), "certificates are not supported yet");
	assert_refused(with("leftid=%what"), "not an identity '%what'");
	assert_refused(with("leftckaid=1234"), "not a CKAID '1234': expected 40 hexadecimal digits");
	assert_refused(with("leftckaid=" CKAID "00"), "not a CKAID");
	assert_refused(with("leftikeport=0"), "not a port '0'");
	assert_refused(with("leftikeport=65536"), "not a port");
	assert_refused(with("leftcert=east"), ":4:2: keyword is refused (certificates are not supported yet");
}

static void authentication(void **state)
{
	static const struct {
		const char *word;
		enum auth_method method;
	} good[] = {
		{ "secret", AUTH_SECRET },
		{ "null", AUTH_NULL },
		{ "rsasig", AUTH_RSA },
		{ "rsa-sha2", AUTH_RSA },
		{ "rsa-sha2_512", AUTH_RSA },
		{ "rsa-pkcs1", AUTH_RSA_PKCS1 },
		{ "ecdsa", AUTH_ECDSA },
		{ "ecdsa-sha2", AUTH_ECDSA },
		{ "ecdsa-sha2_384,rsasig", AUTH_RSA },
		{ "rsa-sha1, null", AUTH_NULL },
	};
	char line[128];
	struct plan *plan;

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		snprintf(line, sizeof(line), "authby=%s", good[i].word);
		plan = well(line);
		assert_int_equal(plan->conns[0].left.auth, good[i].method);
		assert_int_equal(plan->conns[0].right.auth, good[i].method);
		plan_discard(plan);
	}
	plan = well("authby=secret\n leftauth=null");
	assert_int_equal(plan->conns[0].left.auth, AUTH_NULL);
	assert_int_equal(plan->conns[0].right.auth, AUTH_SECRET);
	plan_discard(plan);
	assert_refused(with("authby=rsa-sha1"), "SHA-1 is too weak");
	assert_refused(with("authby=ecdsa-sha2_384"), "write ecdsa");
	assert_refused(with("authby=secert"), "unknown way to authenticate 'secert'");
	assert_told("did you mean 'secret'?");
	assert_refused(with("authby=secret,foo"), "'foo'");
	assert_refused(with("leftauth=eaponly"), "EAP is not supported");
	assert_refused(with("authby=never"), "authby=never needs type=passthrough");
	assert_refused(with("authby=secret\n leftauth=never"), "one end authenticates");
	plan = well("authby=never\n type=passthrough");
	assert_int_equal(plan->conns[0].left.auth, AUTH_NEVER);
	plan_discard(plan);
	plan = make(with("auto=add"));
	assert_told("warning: neither end has a public key");
	plan_discard(plan);
}

static void keys(void **state)
{
	char line[1024];
	struct plan *plan;

	snprintf(line, sizeof(line), "leftrsasigkey=%s\n rightrsasigkey=%%dnsondemand", rsa_key);
	plan = well(line);
	assert_int_equal(plan->conns[0].left.key.kind, KEY_RSA);
	assert_int_equal(plan->conns[0].left.key_source, KEY_SOURCE_CONFIGURED);
	assert_int_equal(plan->conns[0].right.key_source, KEY_SOURCE_DNS);
	assert_int_equal(plan->conns[0].right.auth, AUTH_RSA);
	plan_discard(plan);
	snprintf(line, sizeof(line), "leftecdsakey=%s\n rightpubkey=%s", ec_key, spki);
	plan = well(line);
	assert_int_equal(plan->conns[0].left.key.kind, KEY_ECDSA_P256);
	assert_int_equal(plan->conns[0].right.key.kind, KEY_ECDSA_P256);
	assert_true(public_key_equal(&plan->conns[0].left.key, &plan->conns[0].right.key));
	assert_int_equal(plan->conns[0].left.auth, AUTH_ECDSA);
	plan_discard(plan);
	snprintf(line, sizeof(line), "leftecdsakey=0s%s", spki);
	plan_discard(well(line));
	snprintf(line, sizeof(line), "authby=rsasig\n leftecdsakey=%s", ec_key);
	assert_refused(with(line), "public key is of another kind than authby= says");
	snprintf(line, sizeof(line), "leftecdsakey=%s\n leftrsasigkey=%s", ec_key, rsa_key);
	assert_refused(with(line), ":5:2: second public key of the same end 'leftrsasigkey'");
	assert_refused(with("leftrsasigkey=%cert"), "certificates are not supported yet '%cert'");
	assert_refused(with("leftrsasigkey=%what"), "unknown source of a key '%what'");
	assert_refused(with("leftrsasigkey=0sAAAA"), "bad public key");
	assert_refused(with("leftrsasigkey=hello"), "bad public key (neither base64 nor hexadecimal digits)");
	assert_refused(with("leftecdsakey=0s!!"), "bad public key");
	assert_refused(with("leftpubkey=AAAA"), "bad public key");
	assert_refused(with("lefteddsakey=0sAAAA"), "EdDSA keys are not supported yet");
}

static void words_of_conn(void **state)
{
	static const struct {
		const char *word;
		enum conn_auto start;
	} starts[] = { { "ignore", AUTO_IGNORE }, { "add", AUTO_ADD },     { "ondemand", AUTO_ROUTE },
		       { "route", AUTO_ROUTE },   { "start", AUTO_START }, { "keep", AUTO_START } };
	char line[64];
	struct plan *plan;

	for (size_t i = 0; i < ARRAY_LENGTH(starts); i++) {
		snprintf(line, sizeof(line), "authby=secret\n auto=%s", starts[i].word);
		plan = well(line);
		assert_int_equal(plan->conns[0].start, starts[i].start);
		plan_discard(plan);
	}
	plan = well("keyingtries=%forever\n negotiationshunt=hold\n failureshunt=drop\n type=transport\n "
		    "keyexchange=ikev2\n"
		    " phase2=esp\n hostaddrfamily=ipv4");
	assert_int_equal(plan->conns[0].failure_shunt, SHUNT_DROP);
	assert_int_equal(plan->conns[0].negotiation_shunt, SHUNT_HOLD);
	assert_int_equal(plan->conns[0].type, CONN_TRANSPORT);
	plan_discard(plan);
	plan_discard(well("ikev2=insist"));
	plan_discard(well("ikev2=yes"));
	assert_refused(with("ikev2=no"), "only IKEv2 is spoken 'no'");
	assert_refused(with("keyexchange=ikev1"), "only IKEv2 is spoken 'ikev1'");
	assert_refused(with("type=tunel"),
		       "unknown value 'tunel': expected tunnel, transport, passthrough, drop, reject; did "
		       "you mean 'tunnel'?");
	assert_refused(with("auto=strat"), "did you mean 'start'?");
	assert_refused(with("keyingtries=-1"), "not a number of attempts");
	assert_refused(with("failureshunt=clear"), "unknown value 'clear'");
	assert_refused(with("phase2=ah"), "AH does not encrypt");
	plan = make("conn a\n left=192.0.2.1\n right=%any\n authby=secret\n auto=start\n");
	assert_told(":5:7: warning: a connection to %any cannot be started");
	plan_discard(plan);
}

static struct plan *one(const char *word)
{
	struct plan *plan = make(with(word));

	assert_non_null(plan);
	return plan;
}

#define IS(word, condition)                       \
	do {                                      \
		struct plan *p_ = one(word);      \
		const struct conn *c = p_->conns; \
		assert_true(condition);           \
		plan_discard(p_);                 \
	} while (0)

static void words_of_lives(void **state)
{
	static const char *const wrong[] = { "rekeyfuzz=-1",
					     "rekeyfuzz=many",
					     "rekeyfuzz=1001%",
					     "rekeymargin=0",
					     "ipsec-max-bytes=1k",
					     "ipsec-max-bytes=64X",
					     "pfs=perhaps",
					     "ipsec-max-packets=9",
					     "fragment-size=100",
					     "fragment-size=70000",
					     "encapsulation=2",
					     "childless=child",
					     "dpddelay=soon",
					     "rekey=2",
					     "ipsec-max-bytes=99999999E" };

	IS("mtu=1400", c->rekey && !c->reauth && c->rekey_margin == MINUTES(9) && c->rekey_fuzz == 100);
	IS("mtu=1400", c->pfs == PFS_YES && c->nat_keepalive && c->initial_contact && !c->sa_max_bytes);
	IS("rekey=no", !c->rekey);
	IS("reauth=yes", c->reauth);
	IS("rekeymargin=5m", c->rekey_margin == MINUTES(5));
	IS("rekeyfuzz=50%", c->rekey_fuzz == 50);
	IS("rekeyfuzz=0", c->rekey_fuzz == 0);
	IS("ipsec-max-bytes=64k", c->sa_max_bytes == 65536);
	IS("ipsec-max-bytes=2GiB", c->sa_max_bytes == (uint64_t)2 << 30);
	IS("ipsec-max-bytes=0", c->sa_max_bytes == 0);
	IS("ipsec-max-packets=1M", c->sa_max_packets == 1u << 20);
	IS("pfs=no", c->pfs == PFS_NO);
	IS("pfs=insist", c->pfs == PFS_INSIST);
	IS("fragmentation=no", c->fragmentation == WHEN_NEVER);
	IS("fragmentation=force", c->fragmentation == WHEN_ALWAYS);
	IS("fragment-size=576", c->fragment_size == 576);
	IS("encapsulation=yes", c->encapsulation == WHEN_ALWAYS);
	IS("encapsulation=auto", c->encapsulation == WHEN_NEEDED);
	IS("nat-keepalive=no", !c->nat_keepalive);
	IS("initial-contact=no", !c->initial_contact);
	IS("childless=prefer", c->childless == CHILDLESS_PREFER);
	IS("dpddelay=10", c->liveness == SECONDS(10));
	IS("dpddelay=0", c->liveness == MSEC_NEVER);
	/* A short life has a short margin. */
	IS("salifetime=60s", c->rekey_margin == SECONDS(15));
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		assert_null(make(with(wrong[i])));
}

static void idle_and_refused_words(void **state)
{
	static const char *const idle[] = { "leftupdown=\"ipsec _updown\"",
					    "mtu=1400",
					    "mobike=yes",
					    "rightca=%same",
					    "narrowing=yes",
					    "dpdaction=restart",
					    "nm-configured=yes",
					    "replay-window=32" };
	static const char *const refused[] = { "ah=sha2_256",       "ppk=insist",      "sec-label=x",
					       "mark=1/0xff",       "vti-interface=v", "ipsec-interface=yes",
					       "aggressive=yes",    "aggrmode=yes",    "leftxauthclient=yes",
					       "sha2-truncbug=yes", "policy-label=x" };
	static const char *const harmless[] = { "ppk=no", "ppk=never", "ipsec-interface=no", "aggressive=no",
						"leftxauthclient=no" };

	for (size_t i = 0; i < ARRAY_LENGTH(idle); i++) {
		struct plan *plan = make(with(idle[i]));

		assert_non_null(plan);
		assert_told(CONF ":4:2: warning: keyword has no effect here (");
		assert_int_equal(problems.count, 1);
		plan_discard(plan);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++)
		assert_refused(with(refused[i]), CONF ":4:2: keyword is refused (");
	for (size_t i = 0; i < ARRAY_LENGTH(harmless); i++)
		plan_discard(well(harmless[i]));
	plan_discard(make(with("leftsubnet=")));
	assert_told("warning: keyword without a value has no effect: 'leftsubnet'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times),
		cmocka_unit_test(defaults),
		cmocka_unit_test(setup_words),
		cmocka_unit_test(hosts),
		cmocka_unit_test(ends),
		cmocka_unit_test(ends_go_wrong),
		cmocka_unit_test(authentication),
		cmocka_unit_test(keys),
		cmocka_unit_test(words_of_conn),
		cmocka_unit_test(words_of_lives),
		cmocka_unit_test(idle_and_refused_words),
	};
	return cmocka_run_group_tests_name("words", tests, make_keys, NULL);
}
