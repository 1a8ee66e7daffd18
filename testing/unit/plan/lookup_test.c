/* Secrets, groups, orientation, suites, reloads, and configurations as they are found in the field. */
#include "plan_fixture.h"

#include <stdlib.h>

static struct identity id(const char *text)
{
	struct identity i = { ID_NONE, { NULL, 0 } };

	assert_true(identity_parse(&i, text));
	return i;
}

/* The secret for two names, "" for none. */
static const char *secret_of(const struct plan *plan, const char *local, const char *remote)
{
	static char text[128];
	struct identity l = id(local), r = id(remote);
	const struct secret *s = plan_secret(plan, &l, &r);

	snprintf(text, sizeof(text), "%.*s", s ? (int)s->value.len : 0, s ? (const char *)s->value.data : "");
	identity_discard(&l);
	identity_discard(&r);
	return text;
}

/* @rfc-test 7296-1.2-6 7296-2.15-9 */
static void secrets_are_selected(void **state)
{
	struct plan *plan = make_both("",
				      ": PSK \"for-everybody-0123\"\n"
				      "%any : PSK \"for-any-0123456789\"\n"
				      "@a : PSK \"for-a-alone-0123456\"\n"
				      "@a %any : PSK \"for-a-and-any-01234\"\n"
				      "@a @b : PSK \"for-a-and-b-0123456\"\n"
				      "192.0.2.1 2001:db8::1:\n\tPSK\n\t'single # quoted 01' # comment\n"
				      "@x @y : psk 0x41424344_45464748_494a4b4c4d4e4f50\n"
				      "@v @w: PSK 0sQUJDREVGR0hJSktMTU5PUFFS\n",
				      NULL);

	assert_non_null(plan);
	assert_string_equal(told(), "");
	assert_int_equal(plan->secret_count, 8);
	assert_string_equal(secret_of(plan, "@a", "@b"), "for-a-and-b-0123456");
	assert_string_equal(secret_of(plan, "@b", "@a"), "for-a-and-b-0123456");
	assert_string_equal(secret_of(plan, "@a", "@c"), "for-a-and-any-01234");
	assert_string_equal(secret_of(plan, "@q", "@r"), "for-any-0123456789");
	assert_string_equal(secret_of(plan, "192.0.2.1", "2001:db8::1"), "single # quoted 01");
	assert_string_equal(secret_of(plan, "@x", "@y"), "ABCDEFGHIJKLMNOP");
	assert_string_equal(secret_of(plan, "@v", "@w"), "ABCDEFGHIJKLMNOPQR");
	plan_discard(plan);
	plan = make_both("", "@a @b : PSK \"0123456789abcdef\"\n@c : PSK \"0123456789abcdeg\"\n", NULL);
	assert_string_equal(secret_of(plan, "@a", "@z"), "");
	assert_string_equal(secret_of(plan, "@z", "@c"), "0123456789abcdeg");
	plan_discard(plan);
}

static void secrets_go_wrong(void **state)
{
	static const struct {
		const char *text, *part;
	} bad[] = {
		{ "@a @b : PSK \"open-my-secret\n", ":1:13: quotes of the secret are not closed" },
		{ "@a @b : PSK my-secret\n", ":1:13: bad secret: expected \"text\" in quotes" },
		{ "@a @b : PSK 0xmy-secret\n", "bad secret" },
		{ "@a @b : PSK \"\"\n", "secret is empty" },
		{ "@a @b : PKS \"my-secret\"\n", ":1:9: unknown kind of secret: expected PSK" },
		{ "@a @b : \"my-secret\"\n", "unknown kind of secret" },
		{ "@a @b\n", ":1:1: entry without a secret" },
		{ "@a : PSK\n", "entry without a secret" },
		{ "@a : PSK \"my-secret\" more\n", "something stands behind the secret" },
		{ "%foo : PSK \"my-secret-0123456\"\n", ":1:1: not an identity '%foo'" },
		{ " PSK \"my-secret\"\n", "indented line continues no entry" },
	};
	struct plan *plan;

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		assert_null(make_both("", bad[i].text, NULL));
		assert_told(bad[i].part);
		assert_null(strstr(told(), "my-secret"));
	}
	plan = make_both("",
			 "@a : PSK \"short\"\n: RSA {\n\tModulus: 0x00\n\t}\n@u : XAUTH \"pw\"\ninclude "
			 "/none/*.secrets\n",
			 NULL);
	assert_int_equal(plan->secret_count, 1);
	assert_told(SECRETS ":1:10: warning: shared secret is shorter than 16 octets");
	assert_told(SECRETS ":2:3: warning: private keys are not read from here");
	assert_told(":5:6: warning: secret of a kind that is not used");
	assert_int_equal(problems.count, 3);
	plan_discard(plan);
}

/* The mesh that a configuration management role writes, unchanged but for keys in place of certificates. */
static const char mesh[] =
	"conn "
	"clear\n\tleft=%defaultroute\n\tright=%group\n\tauthby=never\n\ttype=passthrough\n\tauto=ondemand\n"
	"conn private\n\tleft=%defaultroute\n\tright=%opportunisticgroup\n\tauto=ondemand\n\ttype=transport\n"
	"\tnegotiationshunt=hold\n\tfailureshunt=drop\n\tkeyingtries=1\n\tretransmit-timeout=2s\n"
	"conn private-or-clear\n\tleft=%defaultroute\n\tright=%opportunisticgroup\n\tauto=ondemand\n"
	"\tnegotiationshunt=hold\n\tfailureshunt=passthrough\n\tkeyingtries=1\n\tretransmit-timeout=2s\n"
	"conn block\n\tleft=%defaultroute\n\tright=%group\n\tauto=ondemand\n"
	"conn "
	"branch\n\tleft=%defaultroute\n\tright=%group\n\tfailureshunt=passthrough\n\tauthby=null\n\tauto="
	"add\n";

static void groups(void **state)
{
	struct texts t = { .count = 0 };
	struct address a;
	struct plan *plan;
	const struct group_entry *e;

	texts_add(&t, CONF, mesh, SOURCE_CONFIG);
	texts_add(&t, SECRETS, "", SOURCE_SECRETS);
	texts_add(&t, POLICIES "/private", "# ours\n192.0.2.0/24\n2001:db8::/32 # six\n10.0.0.0/8\n",
		  SOURCE_GROUP);
	texts_add(&t, POLICIES "/private-or-clear", "0.0.0.0/0\n10.0.0.0/8\n", SOURCE_GROUP);
	texts_add(&t, POLICIES "/clear", "192.0.2.53/32 udp 0 53\n192.0.2.1\n", SOURCE_GROUP);
	texts_add(&t, POLICIES "/block", "", SOURCE_GROUP);
	texts_add(&t, POLICIES "/branch", "198.51.100.0/24", SOURCE_GROUP);
	plan = make_texts(&t, NULL);
	assert_non_null(plan);
	assert_string_equal(
		told(), POLICIES
		"/private-or-clear:2:1: warning: destination is in a safer group too, private, which "
		"wins (" POLICIES "/private:4): '10.0.0.0/8'\n");
	assert_int_equal(plan->group_count, 7);
	assert_true(address_parse(&a, "192.0.2.7"));
	e = plan_group(plan, &a);
	assert_int_equal(e->group, CLASS_PRIVATE);
	assert_int_equal(e->line, 2);
	assert_string_equal(e->file, POLICIES "/private");
	assert_string_equal(plan_conn(plan, e->conn)->name, "private");
	assert_true(address_parse(&a, "192.0.2.53"));
	e = plan_group(plan, &a);
	assert_int_equal(e->group, CLASS_CLEAR);
	assert_int_equal(e->protocol, 17);
	assert_int_equal(e->destination_port, 53);
	assert_true(address_parse(&a, "10.1.1.1"));
	assert_int_equal(plan_group(plan, &a)->group, CLASS_PRIVATE);
	assert_true(address_parse(&a, "203.0.113.1"));
	assert_int_equal(plan_group(plan, &a)->group, CLASS_PRIVATE_OR_CLEAR);
	assert_true(address_parse(&a, "198.51.100.1"));
	assert_int_equal(plan_group(plan, &a)->group, CLASS_PRIVATE_OR_CLEAR);
	assert_true(address_parse(&a, "2001:db9::1"));
	assert_null(plan_group(plan, &a));
	assert_int_equal(plan_conn_by_name(plan, "private")->right.key_source, KEY_SOURCE_DNS);
	assert_int_equal(plan_conn_by_name(plan, "branch")->right.auth, AUTH_NULL);
	assert_int_equal(plan_conn_by_name(plan, "branch")->right.key_source, KEY_SOURCE_NONE);
	assert_int_equal(plan_conn_by_name(plan, "clear")->left.auth, AUTH_NEVER);
	assert_int_equal(plan_conn_by_name(plan, "block")->type, CONN_DROP);
	plan_discard(plan);
}

static void groups_go_wrong(void **state)
{
	static const struct {
		const char *text, *part;
	} bad[] = {
		{ "192.0.2.1/24\n", "/private:1:1: not a subnet" },
		{ "x\n", "not a subnet" },
		{ "192.0.2.0/24 foo\n", ":1:14: not a protocol 'foo'" },
		{ "192.0.2.0/24 udp x\n", "not a source port" },
		{ "192.0.2.0/24 udp 0 x\n", "not a destination port" },
		{ "192.0.2.0/24 udp 0 1 2\n", "too many words '2'" },
		{ "192.0.2.0/24 0 0 53\n", "ports of no protocol" },
	};
	struct plan *plan;

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		struct texts t = { .count = 0 };

		texts_add(&t, CONF, "conn private\n left=%defaultroute\n right=%group\n auto=route\n",
			  SOURCE_CONFIG);
		texts_add(&t, SECRETS, "", SOURCE_SECRETS);
		texts_add(&t, POLICIES "/private", bad[i].text, SOURCE_GROUP);
		assert_null(make_texts(&t, NULL));
		assert_told(bad[i].part);
	}
	assert_refused("conn private\n left=%defaultroute\n right=%group\n failureshunt=passthrough\n",
		       ":4:15: private never falls to clear");
	assert_refused("conn private\n left=%defaultroute\n right=%group\n type=passthrough\n",
		       "type= contradicts the class");
	plan = make("conn private\n left=%defaultroute\n right=%group\n auto=route\n");
	assert_told(":1:1: warning: no such file '" POLICIES "/private'");
	plan_discard(plan);
}

static void orientation(void **state)
{
	static const struct {
		const char *left, *right;
		int ours; /* 0: neither or both; 1: left; 2: right */
		const char *address;
	} cases[] = {
		{ "192.0.2.1", "198.51.100.1", 1, "192.0.2.1" },
		{ "198.51.100.1", "192.0.2.1", 2, "192.0.2.1" },
		{ "192.0.2.1", "192.0.2.2", 0, NULL },
		{ "198.51.100.1", "198.51.100.2", 0, NULL },
		{ "%defaultroute", "198.51.100.1", 1, "192.0.2.1" },
		{ "%defaultroute", "2001:db8::9", 1, "2001:db8::1" },
		{ "192.0.2.2", "%any", 1, "192.0.2.2" },
		{ "%any", "192.0.2.2", 2, "192.0.2.2" },
		{ "%any", "198.51.100.1", 1, "none" },
		{ "%defaultroute", "%group", 1, "192.0.2.1" },
		{ "%any", "%opportunisticgroup", 1, "none" },
		{ "%group", "%defaultroute", 2, "192.0.2.1" },
		{ "198.51.100.1", "%group", 0, NULL },
		{ "%defaultroute", "192.0.2.2", 0, NULL },
	};
	struct address ours[3], address;
	const struct end *local, *remote;
	char conf[256], text[ADDRESS_TEXT];

	assert_true(address_parse(&ours[0], "192.0.2.1") && address_parse(&ours[1], "192.0.2.2") &&
		    address_parse(&ours[2], "2001:db8::1"));
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct plan *plan;
		bool found;

		snprintf(conf, sizeof(conf), "conn a\n left=%s\n right=%s\n", cases[i].left, cases[i].right);
		plan = make_well(conf);
		found = conn_orient(&plan->conns[0], ours, 3, &ours[0], &ours[2], &local, &remote, &address);
		assert_int_equal(found, cases[i].ours != 0);
		if (found) {
			assert_ptr_equal(local,
					 cases[i].ours == 1 ? &plan->conns[0].left : &plan->conns[0].right);
			assert_ptr_equal(remote,
					 cases[i].ours == 1 ? &plan->conns[0].right : &plan->conns[0].left);
			assert_string_equal(address_print(&address, text), cases[i].address);
		}
		plan_discard(plan);
	}
}

static void default_route_may_be_missing(void **state)
{
	struct plan *plan = make_well("conn a\n left=%defaultroute\n right=198.51.100.1\n");
	const struct end *local, *remote;
	struct address address;

	assert_false(conn_orient(&plan->conns[0], NULL, 0, NULL, NULL, &local, &remote, &address));
	plan_discard(plan);
}

/* What the kernel still holds after a restart is known by its reqid: it comes from the name, whatever the order. */
static void reqids_come_from_names(void **state)
{
	struct plan *first = make_well("conn a\n" ENDS "conn b\n" ENDS);
	struct plan *second = make_well("conn x\n" ENDS "conn b\n" ENDS "conn a\n" ENDS);

	assert_int_equal(plan_conn_by_name(first, "a")->reqid, plan_conn_by_name(second, "a")->reqid);
	assert_int_equal(plan_conn_by_name(first, "b")->reqid, plan_conn_by_name(second, "b")->reqid);
	assert_int_not_equal(plan_conn_by_name(second, "x")->reqid, plan_conn_by_name(second, "a")->reqid);
	for (size_t i = 0; i < second->conn_count; i++)
		assert_ptr_equal(plan_conn_by_reqid(second, second->conns[i].reqid), &second->conns[i]);
	plan_discard(first);
	plan_discard(second);
}

/* Thousands of names: no reqid twice, and each is found by its own. */
static void reqids_never_meet(void **state)
{
	size_t room = 20000 * 80, used = 0;
	char *text = malloc(room);
	struct plan *plan;

	assert_non_null(text);
	for (int i = 0; i < 20000; i++)
		used += (size_t)snprintf(text + used, room - used, "conn c%d\n" ENDS, i);
	plan = make_well(text);
	for (size_t i = 0; i < plan->conn_count; i++)
		assert_ptr_equal(plan_conn_by_reqid(plan, plan->conns[i].reqid), &plan->conns[i]);
	plan_discard(plan);
	free(text);
}

static void who_may_share_an_ike_sa(void **state)
{
	struct plan *p = make_well("conn a\n" ENDS "conn b\n" ENDS " rightprotoport=udp/53\n"
				   "conn c\n" ENDS " rightid=@else\nconn d\n" ENDS " ikelifetime=1h\n"
				   "conn e\n" ENDS " salifetime=1h\nconn f\n" ENDS " type=passthrough\n"
				   " authby=never\n");
	const struct conn *a = plan_conn_by_name(p, "a");

	assert_true(plan_conn_same_peer(a, a));
	assert_true(plan_conn_same_peer(a, plan_conn_by_name(p, "b")));
	assert_false(plan_conn_same_peer(a, plan_conn_by_name(p, "c")));
	assert_false(plan_conn_same_peer(a, plan_conn_by_name(p, "d")));
	assert_true(plan_conn_same_peer(a, plan_conn_by_name(p, "e")));
	assert_false(plan_conn_same_peer(a, plan_conn_by_name(p, "f")));
	plan_discard(p);
}

static void reload_keeps_serials(void **state)
{
	struct plan *first = make_well("conn a\n" ENDS "conn b\n" ENDS "conn c\n" ENDS), *second, *third;
	uint32_t a = plan_conn_by_name(first, "a")->serial, b = plan_conn_by_name(first, "b")->serial;
	uint32_t c = plan_conn_by_name(first, "c")->serial;

	assert_int_equal(a, 1);
	assert_in_range(plan_conn(first, b)->reqid, KERNEL_REQID_FIRST + 1, KERNEL_REQID_LAST);
	assert_ptr_equal(plan_conn_by_reqid(first, plan_conn(first, c)->reqid),
			 plan_conn_by_name(first, "c"));
	assert_null(plan_conn_by_reqid(first, 7));
	assert_null(plan_conn(first, 0));
	second = make_both("conn c\n" ENDS " keyingtries=5\nconn new\n" ENDS "# moved down\nconn a\n" ENDS,
			   NULL, first);
	assert_int_equal(plan_conn_by_name(second, "a")->serial, a);
	assert_true(plan_conn_by_name(second, "c")->serial > c);
	assert_true(plan_conn_by_name(second, "new")->serial > c);
	assert_null(plan_conn(second, b));
	plan_discard(first);
	/* b comes back: its old number must not. */
	third = make_both("conn a\n" ENDS "conn b\n" ENDS, NULL, second);
	assert_int_equal(plan_conn_by_name(third, "a")->serial, a);
	assert_true(plan_conn_by_name(third, "b")->serial > plan_conn_by_name(second, "new")->serial);
	plan_discard(second);
	plan_discard(third);
}

static void sources_make_the_same_plan(void **state)
{
	struct texts t = { .count = 0 };
	const struct plan_places places = { CONF, SECRETS, POLICIES };
	struct plan *plan, *again;

	texts_add(&t, CONF, mesh, SOURCE_CONFIG);
	texts_add(&t, SECRETS, ": PSK \"0123456789abcdef\"\n", SOURCE_SECRETS);
	texts_add(&t, POLICIES "/private", "192.0.2.0/24\n", SOURCE_GROUP);
	plan = make_texts(&t, NULL);
	again = plan_make_from_sources(plan->sources, plan->source_count, &places, plan, &problems);
	assert_int_equal(again->conn_count, plan->conn_count);
	assert_int_equal(again->next_serial, plan->next_serial);
	assert_int_equal(again->group_count, 1);
	assert_int_equal(again->secret_count, 1);
	plan_discard(plan);
	plan_discard(again);
	plan_discard(NULL);
}

/* What the Open vSwitch monitor writes. */
static void open_vswitch(void **state)
{
	struct plan *plan =
		make("config setup\n    uniqueids=yes\nconn %default\n    keyingtries=%forever\n    "
		     "type=transport\n"
		     "    auto=route\n    ike=aes_gcm256-sha2_256\n    esp=aes_gcm256\n    ikev2=insist\n"
		     "conn tun0-in-1\n    left=192.0.2.1\n    right=192.0.2.2\n    authby=secret\n"
		     "    leftprotoport=udp/6081\n    rightprotoport=udp\n");
	const struct conn *c = plan_conn_by_name(plan, "tun0-in-1");

	assert_int_equal(problems.count, 0);
	assert_int_equal(c->type, CONN_TRANSPORT);
	assert_int_equal(c->ike_count, 3);
	assert_int_equal(c->ike[0].prf, PRF_HMAC_SHA2_256);
	assert_int_equal(c->ike[0].integ, INTEG_NONE);
	assert_int_equal(c->esp_count, 1);
	plan_discard(plan);
}

/* @rfc-test 7296-3.3.4-1 */
static void suites(void **state)
{
	static const struct {
		const char *line;
		size_t count;
		const char *first;
	} good[] = {
		{ "ike=aes_gcm256-sha2_256-dh31", 1, "aes_gcm256-sha2_256-dh31" },
		{ "ike=aes256-sha2_256;modp2048", 1, "aes256-sha2_256;sha2_256-modp2048" },
		{ "ike=aes256-sha2_512-dh19+dh31", 2, "aes256-sha2_512;sha2_512-dh19" },
		{ "ike=aes_gcm", 12, "aes_gcm256-sha2_512-dh31" },
		{ "ike=aes_gcm,aes", 12, "aes_gcm256-sha2_256-dh31" },
		{ "ike=aes_gcm,chacha20_poly1305,aes", 15, "aes_gcm256-sha2_256-dh31" },
		{ "ike=chacha20_poly1305-sha2_256-ecp256", 1, "chacha20_poly1305-sha2_256-dh19" },
		{ "ike=aes_gcm256-none-sha2_256-dh31", 1, "aes_gcm256-sha2_256-dh31" },
		{ "ike=aes256-sha2_384-dh20", 1, "aes256-sha2_384;sha2_384-dh20" },
		{ "ike=aes128-sha2_512;modp3072", 1, "aes128-sha2_512;sha2_512-modp3072" },
		{ "ike=aes128-sha256-ecp521", 1, "aes128-sha2_256;sha2_256-dh21" },
		{ "ike=aes256gcm16-sha384-ecp384", 1, "aes_gcm256-sha2_384-dh20" },
		{ "ike=aes_cbc_128-hmac_sha2_384_192-dh15+dh16", 2, "aes128-sha2_384;sha2_384-modp3072" },
		{ "ike=aes_gcm256-sha2_512-dh14+dh15+dh16+dh19+dh20+dh21+dh31", 7,
		  "aes_gcm256-sha2_512-modp2048" },
	};
	char line[128], text[80];
	struct plan *plan;

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		snprintf(line, sizeof(line), "conn a\n" ENDS " %s\n", good[i].line);
		plan = make_well(line);
		assert_string_equal(suite_print(&plan->conns[0].ike[0], text), good[i].first);
		assert_int_equal(plan->conns[0].ike_count, good[i].count);
		plan_discard(plan);
	}
	plan = make_well("conn a\n" ENDS " phase2alg=aes_gcm,aes128-sha2_256,aes256-sha2_512-dh31\n");
	assert_int_equal(plan->conns[0].esp_count, 4);
	assert_int_equal(plan->conns[0].esp[3].ke, KE_CURVE25519);
	assert_int_equal(plan->conns[0].esp[0].prf, 0);
	plan_discard(plan);
	assert_refused("conn a\n" ENDS " ike=aes256,3des-sha2_256\n",
		       ":4:13: algorithm is too weak and is refused (64-bit");
	assert_refused("conn a\n" ENDS " ike=aes256-md5\n", "MD5 is broken");
	assert_refused("conn a\n" ENDS " ike=aes256-sha1-modp1024\n", ":4:13: algorithm is too weak");
	assert_refused("conn a\n" ENDS " esp=null-sha2_256\n", "does not encrypt");
	assert_refused("conn a\n" ENDS " esp=aes_gcm256-sha2_256\n",
		       "takes no integrity algorithm in esp 'sha2_256'");
	assert_refused("conn a\n" ENDS " esp=aes256-none\n", "needs an integrity algorithm");
	assert_refused("conn a\n" ENDS " ike=aes_gcm265\n", "unknown algorithm 'aes_gcm265'");
	assert_told("did you mean 'aes_gcm256'?");
	assert_refused("conn a\n" ENDS " ike=aes256-dh31-sha2_256\n", "hash stands behind a group");
	assert_refused("conn a\n" ENDS " ike=aes256--dh31\n", "empty part");
	assert_refused("conn a\n" ENDS " ike=aes256-sha2_256-modp6144\n", "not supported yet 'modp6144'");
	assert_refused("conn a\n" ENDS " ike=aes256-sha2_256-ecp348\n", "unknown algorithm 'ecp348'");
	assert_told("did you mean 'ecp384'?");
	assert_refused("conn a\n" ENDS " ike=aes+aes_gcm-sha2_256+sha2_384+sha2_512-dh14+dh19+dh31\n",
		       "too many combinations");
}

/* Whatever the tables have can be written, by each of its names, for IKE and for ESP. */
static void every_row_can_be_written(void **state)
{
	for (size_t e = 0; e < encr_count; e++) {
		for (size_t h = 0; h < prf_count; h++) {
			for (size_t g = 0; g < 2 * group_count; g++) {
				const struct encr_row *encr = &encr_table[e];
				const struct group_row *group = &group_table[g / 2];
				const struct prf_row *prf = &prf_table[h];
				const struct integ_row *integ = integ_find_name(prf->name);
				const struct suite esp = { encr->id,  encr->key_bits,
							   0,         encr->aead ? INTEG_NONE : integ->id,
							   group->id, false };
				struct suite ike = esp;
				struct plan *plan;
				char text[320];

				ike.prf = prf->id;
				snprintf(text, sizeof(text),
					 "conn a\n" ENDS " ike=%s-%s-%s\n esp=%s%s%s-%s\n", encr->name,
					 prf->name, g % 2 ? group->other_name : group->name, encr->name,
					 encr->aead ? "" : "-", encr->aead ? "" : integ->name,
					 g % 2 ? group->other_name : group->name);
				plan = make_well(text);
				assert_int_equal(plan->conns[0].ike_count, 1);
				assert_true(suite_equal(&plan->conns[0].ike[0], &ike));
				assert_int_equal(plan->conns[0].esp_count, 1);
				assert_true(suite_equal(&plan->conns[0].esp[0], &esp));
				plan_discard(plan);
			}
		}
	}
}

static void man_page(void **state)
{
	char *page = plan_man_page();

	assert_non_null(page);
	assert_non_null(strstr(page, ".TH IPSEC.CONF 5"));
	assert_non_null(strstr(page, "leftrsasigkey, rightrsasigkey"));
	assert_non_null(strstr(page, "Also written keylife."));
	assert_non_null(strstr(page, "oe\\-dns\\-timeout"));
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_selected),
		cmocka_unit_test(secrets_go_wrong),
		cmocka_unit_test(groups),
		cmocka_unit_test(groups_go_wrong),
		cmocka_unit_test(orientation),
		cmocka_unit_test(default_route_may_be_missing),
		cmocka_unit_test(reqids_come_from_names),
		cmocka_unit_test(reqids_never_meet),
		cmocka_unit_test(who_may_share_an_ike_sa),
		cmocka_unit_test(reload_keeps_serials),
		cmocka_unit_test(sources_make_the_same_plan),
		cmocka_unit_test(open_vswitch),
		cmocka_unit_test(suites),
		cmocka_unit_test(every_row_can_be_written),
		cmocka_unit_test(man_page),
	};
	return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
