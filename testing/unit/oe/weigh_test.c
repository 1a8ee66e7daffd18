/* Which answer counts, which gateway, which keys (weigh.c; RFC 4025 2.2, 4.1.2). */
#include "fixture.h"

struct weighing {
	struct dns_answer *ipseckey, *txt;
	struct finding f;
};

static struct weighing begin(enum dns_verdict ipseckey, enum dns_verdict txt)
{
	struct weighing w;

	memset(&w, 0, sizeof(w));
	w.ipseckey = answer_new(DNS_IPSECKEY, ipseckey, SECONDS(300));
	w.txt = answer_new(DNS_TXT, txt, SECONDS(200));
	return w;
}

static void weigh_by(struct weighing *w, uint32_t chance)
{
	struct address local = ip(ALICE), remote = ip(BOB);

	finding_discard(&w->f);
	finding_make(w->ipseckey, w->txt, &local, &remote, chance, NULL, &w->f);
}

static void weigh_once(struct weighing *w)
{
	weigh_by(w, 0);
}

static void end(struct weighing *w)
{
	struct dns_answer *both[2] = { w->ipseckey, w->txt };

	finding_discard(&w->f);
	for (int i = 0; i < 2; i++) {
		if (both[i])
			dns_answer_discard(both[i]);
		free(both[i]);
	}
}

static void assert_gateway(const struct weighing *w, const char *gateway)
{
	char text[ADDRESS_TEXT];

	assert_string_equal(address_print(&w->f.gateway, text), gateway);
}

static bool has_key(const struct weighing *w, uint8_t salt)
{
	uint8_t data[RSA_OCTETS];
	struct public_key key = { 0 };
	const char *why;
	bool has = false;

	rsa_key(data, salt);
	assert_true(public_key_from_rfc3110(&key, BYTES_OF_ARRAY(data), &why));
	for (size_t i = 0; i < w->f.key_count; i++)
		has = has || public_key_equal(&w->f.keys[i], &key);
	public_key_discard(&key);
	return has;
}

static void a_secure_key(void **state)
{
	struct weighing w = begin(DNS_SECURE, DNS_SECURE);

	add_ipseckey(w.ipseckey, 10, NULL, 1);
	weigh_once(&w);
	assert_int_equal(w.f.event, E03_RECORD_SECURE);
	assert_int_equal(w.f.level, LEVEL_DNS_SECURE);
	assert_int_equal(w.f.key_count, 1);
	assert_int_equal(w.f.source, DNS_IPSECKEY);
	assert_int_equal(w.f.ttl, SECONDS(300));
	assert_gateway(&w, BOB);
	end(&w);
}

static void an_insecure_key(void **state)
{
	struct weighing w = begin(DNS_INSECURE, DNS_INSECURE);

	add_ipseckey(w.ipseckey, 10, BOB, 1);
	weigh_once(&w);
	assert_int_equal(w.f.event, E04_RECORD_INSECURE);
	assert_int_equal(w.f.level, LEVEL_DNS_INSECURE);
	end(&w);
}

static void ipseckey_beats_txt_when_equal(void **state)
{
	struct weighing w = begin(DNS_SECURE, DNS_SECURE);

	add_ipseckey(w.ipseckey, 10, NULL, 1);
	add_server(w.txt, "X-IPsec-Server(1)=" BOB, 2);
	weigh_once(&w);
	assert_int_equal(w.f.source, DNS_IPSECKEY);
	/* Never mixed, though both name one gateway. */
	assert_int_equal(w.f.key_count, 1);
	assert_true(has_key(&w, 1));
	end(&w);
}

static void secure_txt_beats_insecure_ipseckey(void **state)
{
	struct weighing w = begin(DNS_INSECURE, DNS_SECURE);

	add_ipseckey(w.ipseckey, 10, NULL, 1);
	add_server(w.txt, "X-IPsec-Server(1)=" BOB, 2);
	weigh_once(&w);
	assert_int_equal(w.f.source, DNS_TXT);
	assert_int_equal(w.f.event, E03_RECORD_SECURE);
	assert_true(has_key(&w, 2));
	end(&w);
}

/* The order of the records in the answer does not count. */
static void roll_over_keys_are_gathered_in_any_order(void **state)
{
	static const uint8_t orders[2][2] = { { 10, 20 }, { 20, 10 } };

	for (int i = 0; i < 2; i++) {
		struct weighing w = begin(DNS_SECURE, DNS_SECURE);

		add_ipseckey(w.ipseckey, orders[i][0], NULL, 1);
		add_ipseckey(w.ipseckey, orders[i][1], BOB, 2);
		add_ipseckey(w.ipseckey, 5, "198.51.100.1", 3);
		add_ipseckey(w.ipseckey, 30, "198.51.100.1", 4);
		weigh_once(&w);
		assert_gateway(&w, "198.51.100.1");
		assert_int_equal(w.f.key_count, 2);
		assert_true(has_key(&w, 3) && has_key(&w, 4));
		end(&w);
	}
}

static void keys_without_a_gateway_are_the_owners(void **state)
{
	struct weighing w = begin(DNS_SECURE, DNS_SECURE);

	add_ipseckey(w.ipseckey, 20, NULL, 1);
	add_ipseckey(w.ipseckey, 10, BOB, 2);
	weigh_once(&w);
	assert_gateway(&w, BOB);
	assert_int_equal(w.f.key_count, 2);
	end(&w);
}

static void chance_decides_among_equals(void **state)
{
	struct weighing w = begin(DNS_SECURE, DNS_SECURE);

	add_ipseckey(w.ipseckey, 10, "198.51.100.1", 1);
	add_ipseckey(w.ipseckey, 20, "198.51.100.2", 2);
	add_ipseckey(w.ipseckey, 10, "198.51.100.3", 3);
	weigh_by(&w, 0);
	assert_gateway(&w, "198.51.100.1");
	weigh_by(&w, 1);
	assert_gateway(&w, "198.51.100.3");
	weigh_by(&w, 2);
	assert_gateway(&w, "198.51.100.1");
	weigh_by(&w, UINT32_MAX);
	assert_gateway(&w, "198.51.100.3");
	end(&w);
}

/* RFC 4025 4.1.2: an unsigned zone may not send us to a stranger; the record is as if it were not there. */
static void insecure_delegation_is_ignored(void **state)
{
	struct weighing w = begin(DNS_INSECURE, DNS_INSECURE);

	add_ipseckey(w.ipseckey, 10, "198.51.100.1", 1);
	weigh_once(&w);
	assert_int_equal(w.f.event, E04B_NOTHING_OURS);
	assert_int_equal(w.f.key_count, 0);
	add_ipseckey(w.ipseckey, 20, NULL, 2);
	weigh_once(&w);
	assert_int_equal(w.f.event, E04_RECORD_INSECURE);
	assert_gateway(&w, BOB);
	end(&w);
}

static void impossible_gateways(void **state)
{
	static const char *const wrong[] = { ALICE, "2001:db8:b::20" };

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		struct weighing w = begin(DNS_SECURE, DNS_SECURE);

		add_ipseckey(w.ipseckey, 10, wrong[i], 1);
		weigh_once(&w);
		assert_int_equal(w.f.event, E11_WRONG_GATEWAY);
		/* The next record first. */
		add_ipseckey(w.ipseckey, 20, NULL, 2);
		weigh_once(&w);
		assert_int_equal(w.f.event, E03_RECORD_SECURE);
		assert_gateway(&w, BOB);
		end(&w);
	}
}

static void malformed_records(void **state)
{
	struct weighing w = begin(DNS_SECURE, DNS_SECURE);

	add_txt(w.txt, "X-IPsec-Server(70000)=" BOB " AQ");
	weigh_once(&w);
	assert_int_equal(w.f.event, E10_MALFORMED);
	assert_string_equal(w.f.remark, "1 malformed TXT record(s): precedence over 65535");
	/* One typo must not cut the peer off. */
	add_server(w.txt, "X-IPsec-Server(10)=" BOB, 1);
	weigh_once(&w);
	assert_int_equal(w.f.event, E03_RECORD_SECURE);
	assert_string_equal(w.f.remark, "1 malformed TXT record(s): precedence over 65535");
	end(&w);
}

/* A set that is all wrong gives way to the other of equal security, never to a less secure one. */
static void a_wrong_set_gives_way_only_to_an_equal_one(void **state)
{
	struct weighing w = begin(DNS_SECURE, DNS_SECURE);

	answer_add(w.ipseckey, "\x0a\0\x01", 3);
	add_server(w.txt, "X-IPsec-Server(10)=" BOB, 1);
	weigh_once(&w);
	assert_int_equal(w.f.event, E03_RECORD_SECURE);
	assert_int_equal(w.f.source, DNS_TXT);
	w.txt->verdict = DNS_INSECURE;
	weigh_once(&w);
	assert_int_equal(w.f.event, E10_MALFORMED);
	assert_int_equal(w.f.key_count, 0);
	/* And both wrong: the first one's fault is told. */
	w.txt->verdict = DNS_SECURE;
	dns_answer_discard(w.txt);
	add_txt(w.txt, "X-IPsec-Server(10)");
	weigh_once(&w);
	assert_int_equal(w.f.event, E10_MALFORMED);
	assert_int_equal(w.f.source, DNS_IPSECKEY);
	end(&w);
}

static void nothing_there(void **state)
{
	struct weighing w = begin(DNS_SECURE, DNS_SECURE);

	weigh_once(&w);
	assert_int_equal(w.f.event, E05_NO_RECORD_PROVEN);
	assert_int_equal(w.f.ttl, SECONDS(200));
	w.txt->verdict = DNS_INSECURE;
	weigh_once(&w);
	assert_int_equal(w.f.event, E06_NO_RECORD_UNPROVEN);
	add_txt(w.txt, "v=spf1 -all");
	weigh_once(&w);
	assert_int_equal(w.f.event, E04B_NOTHING_OURS);
	end(&w);
}

/* A delegation to a name is no gateway to go to; one without a key sends us to the gateway's own records, if it is proven. */
static void records_without_a_key(void **state)
{
	struct weighing w = begin(DNS_SECURE, DNS_SECURE);

	add_server(w.txt, "X-IPsec-Server(10)=@sga.example.org", 1);
	add_txt(w.txt, "X-IPsec-Server(10)=" BOB);
	weigh_once(&w);
	assert_int_equal(w.f.event, E04B_NOTHING_OURS);
	add_txt(w.txt, "X-IPsec-Server(20)=198.51.100.1");
	weigh_once(&w);
	assert_int_equal(w.f.event, E03_RECORD_SECURE);
	assert_true(w.f.needs_key);
	assert_int_equal(w.f.key_count, 0);
	assert_gateway(&w, "198.51.100.1");
	w.txt->verdict = DNS_INSECURE;
	weigh_once(&w);
	assert_false(w.f.needs_key);
	/* Where another record of the same gateway has its key, nobody is asked. */
	w.txt->verdict = DNS_SECURE;
	add_server(w.txt, "X-IPsec-Server(30)=198.51.100.1 ", 4);
	weigh_once(&w);
	assert_false(w.f.needs_key);
	assert_true(has_key(&w, 4));
	end(&w);
}

static void trouble_with_dns(void **state)
{
	struct weighing w = begin(DNS_INSECURE, DNS_FAILED);

	weigh_once(&w);
	assert_int_equal(w.f.event, E07_DNS_FAILED);
	w.txt->verdict = DNS_TIMEOUT;
	weigh_once(&w);
	assert_int_equal(w.f.event, E08_DNS_TIMEOUT);
	/* What the other question found counts all the same. */
	add_ipseckey(w.ipseckey, 10, NULL, 1);
	weigh_once(&w);
	assert_int_equal(w.f.event, E04_RECORD_INSECURE);
	end(&w);
}

/* The time is over: what is not there is not "no record". */
static void an_answer_that_is_late(void **state)
{
	struct weighing w = begin(DNS_SECURE, DNS_SECURE);

	free(w.txt);
	w.txt = NULL;
	weigh_once(&w);
	assert_int_equal(w.f.event, E08_DNS_TIMEOUT);
	free(w.ipseckey);
	w.ipseckey = NULL;
	weigh_once(&w);
	assert_int_equal(w.f.event, E08_DNS_TIMEOUT);
	end(&w);
}

static void bogus_beats_everything(void **state)
{
	struct weighing w = begin(DNS_SECURE, DNS_BOGUS);

	add_ipseckey(w.ipseckey, 10, NULL, 1);
	snprintf(w.txt->why_bogus, sizeof(w.txt->why_bogus), "signature crypto failed");
	weigh_once(&w);
	assert_int_equal(w.f.event, E09_BOGUS);
	assert_int_equal(w.f.key_count, 0);
	assert_string_equal(w.f.remark, "signature crypto failed");
	end(&w);
}

static void as_many_keys_as_the_limit(void **state)
{
	struct weighing w = begin(DNS_SECURE, DNS_SECURE);

	for (unsigned i = 0; i < LIMIT_DNS_RECORDS; i++)
		add_ipseckey(w.ipseckey, 10, NULL, (uint8_t)i);
	weigh_once(&w);
	assert_int_equal(w.f.key_count, LIMIT_DNS_RECORDS);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secure_key),
		cmocka_unit_test(an_insecure_key),
		cmocka_unit_test(ipseckey_beats_txt_when_equal),
		cmocka_unit_test(secure_txt_beats_insecure_ipseckey),
		cmocka_unit_test(roll_over_keys_are_gathered_in_any_order),
		cmocka_unit_test(keys_without_a_gateway_are_the_owners),
		cmocka_unit_test(chance_decides_among_equals),
		cmocka_unit_test(insecure_delegation_is_ignored),
		cmocka_unit_test(impossible_gateways),
		cmocka_unit_test(malformed_records),
		cmocka_unit_test(a_wrong_set_gives_way_only_to_an_equal_one),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(records_without_a_key),
		cmocka_unit_test(trouble_with_dns),
		cmocka_unit_test(an_answer_that_is_late),
		cmocka_unit_test(bogus_beats_everything),
		cmocka_unit_test(as_many_keys_as_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
