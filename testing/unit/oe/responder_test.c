/* The responder's question: who may have this pair, by which keys (responder.c; RFC 7619 2, 3.3). */
#include "fixture.h"

#define IKE_SA 77

static void wanted(struct bench *b, const char *id, bool null_auth)
{
	struct address local = ip(ALICE), remote = ip(BOB);
	struct identity identity = { 0 };

	assert_true(identity_parse(&identity, id));
	oe_peer_wanted(b->oe, b->now, IKE_SA, b->plan.conns[0].serial, &identity, null_auth, &local, &remote,
		       &b->actions);
	bench_look(b);
	identity_discard(&identity);
}

static struct bench *null_bench(enum group_class group)
{
	struct bench *b = bench_new();

	bench_entry(b, "0.0.0.0/0", bench_conn(b, group, AUTH_NULL, CONN_TRANSPORT));
	bench_start(b);
	return b;
}

static void null_is_answered_at_once(void **state)
{
	static const enum group_class classes[] = { CLASS_CLEAR_OR_PRIVATE, CLASS_PRIVATE_OR_CLEAR,
						    CLASS_PRIVATE };

	for (size_t i = 0; i < ARRAY_LENGTH(classes); i++) {
		struct bench *b = null_bench(classes[i]);

		wanted(b, "%null", true);
		bench_said(b, "answer 77 yes ok null keys=0\n");
		bench_end(b);
	}
}

/* Nobody may leave out the proof that a group asks for, nor bring one where none is known. */
static void the_method_is_the_groups(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);

	wanted(b, "%null", true);
	assert_said(b, "answer 77 no auth-method");
	bench_end(b);
	b = null_bench(CLASS_PRIVATE_OR_CLEAR);
	wanted(b, BOB, false);
	assert_said(b, "answer 77 no auth-method");
	bench_end(b);
}

static void block_and_clear_refuse(void **state)
{
	static const enum group_class classes[] = { CLASS_BLOCK, CLASS_CLEAR };

	for (size_t i = 0; i < ARRAY_LENGTH(classes); i++) {
		struct bench *b = bench_of(classes[i]);

		wanted(b, BOB, false);
		assert_said(b, "answer 77 no no-connection");
		assert_not_said(b, "ask");
		bench_end(b);
	}
}

static void a_key_is_looked_up(void **state)
{
	struct bench *b = bench_of(CLASS_CLEAR_OR_PRIVATE);

	wanted(b, BOB, false);
	bench_said(b, "ask " BOB_NAME " IPSECKEY\nask " BOB_NAME " TXT\n");
	bench_answers(b, DNS_SECURE, HOURS(1), true);
	bench_said(b, "answer 77 yes ok dns-secure keys=1\n");
	/* Nothing is left that waits. */
	assert_int_equal(oe_deadline(b->oe), MSEC_NEVER);
	assert_int_equal(b->oe->asker_count, 0);
	bench_end(b);
}

static void the_name_must_be_the_source(void **state)
{
	static const char *const names[] = { "198.51.100.21", "@bob.example.org", "2001:db8::1",
					     "bob@example.org" };

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);

		wanted(b, names[i], false);
		assert_said(b, "answer 77 no id-mismatch");
		assert_not_said(b, "ask");
		bench_end(b);
	}
}

static void what_dns_says_decides(void **state)
{
	static const struct {
		enum group_class group;
		enum dns_verdict verdict;
		bool key;
		const char *expected;
	} cases[] = {
		{ CLASS_PRIVATE_OR_CLEAR, DNS_INSECURE, true, "answer 77 yes ok dns-insecure keys=1\n" },
		{ CLASS_PRIVATE, DNS_INSECURE, true, "answer 77 no oe-insecure-key none keys=0\n" },
		{ CLASS_PRIVATE, DNS_SECURE, true, "answer 77 yes ok dns-secure keys=1\n" },
		{ CLASS_PRIVATE, DNS_SECURE, false, "answer 77 no no-key none keys=0\n" },
		{ CLASS_CLEAR_OR_PRIVATE, DNS_BOGUS, true, "answer 77 no oe-dns-bogus none keys=0\n" },
		{ CLASS_CLEAR_OR_PRIVATE, DNS_FAILED, false, "answer 77 no no-key none keys=0\n" },
		{ CLASS_CLEAR_OR_PRIVATE, DNS_TIMEOUT, false, "answer 77 no no-key none keys=0\n" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct bench *b = bench_of(cases[i].group);

		wanted(b, BOB, false);
		bench_forget(b);
		bench_answers(b, cases[i].verdict, HOURS(1), cases[i].key);
		bench_said(b, cases[i].expected);
		bench_end(b);
	}
}

/* The key of the gateway behind which the source says to be is not the source's own. */
static void the_key_of_another_gateway_is_no_key(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);
	struct dns_answer *a = answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1));

	add_ipseckey(a, 10, "198.51.100.1", 1);
	wanted(b, BOB, false);
	bench_forget(b);
	bench_resolved(b, a);
	bench_resolved(b, answer_new(DNS_TXT, DNS_SECURE, HOURS(1)));
	bench_said(b, "answer 77 no no-key none keys=0\n");
	bench_end(b);
}

/* The peer does not wait for ever, and neither do we. */
static void slow_dns_is_an_answer_too(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);
	struct dns_answer *a = answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1));

	wanted(b, BOB, false);
	bench_forget(b);
	bench_wait(b, SECONDS(5) - 1);
	bench_said(b, "");
	bench_wait(b, 1);
	bench_said(b, "answer 77 no no-key none keys=0\n");
	/* What comes after that is thrown away. */
	add_ipseckey(a, 10, NULL, 1);
	bench_resolved(b, a);
	bench_said(b, "");
	bench_end(b);
}

static void half_an_answer_with_a_key_counts(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);
	struct dns_answer *a = answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1));

	add_ipseckey(a, 10, NULL, 1);
	wanted(b, BOB, false);
	bench_resolved(b, a);
	bench_forget(b);
	bench_wait(b, SECONDS(5));
	bench_said(b, "answer 77 yes ok dns-secure keys=1\n");
	bench_end(b);
}

/* RFC 7619 3.3: nobody takes a pair over by proving less than its holder did. */
static void the_level_never_falls(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE_OR_CLEAR);

	wanted(b, BOB, false);
	bench_forget(b);
	bench_answers(b, DNS_INSECURE, HOURS(1), true);
	bench_said(b, "answer 77 no auth-method none keys=0\n");
	wanted(b, BOB, false);
	bench_forget(b);
	bench_answers(b, DNS_SECURE, HOURS(1), true);
	bench_said(b, "answer 77 yes ok dns-secure keys=1\n");
	bench_end(b);
}

static void a_configured_key_asks_no_dns(void **state)
{
	struct bench *b = bench_new();
	struct conn *c = bench_conn(b, CLASS_PRIVATE, AUTH_RSA, CONN_TRANSPORT);

	c->right.key_source = KEY_SOURCE_CONFIGURED;
	bench_entry(b, "0.0.0.0/0", c);
	bench_start(b);
	wanted(b, BOB, false);
	bench_said(b, "answer 77 yes ok pinned keys=0\n");
	bench_end(b);
}

static void strangers_are_bounded(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);
	unsigned asked = 0;

	for (unsigned i = 0; i < 2000; i++) {
		bench_forget(b);
		wanted(b, BOB, false);
		asked += strstr(b->told, "ask ") != NULL;
	}
	assert_int_equal(asked, 1024);
	assert_said(b, "answer 77 no oe-limit");
	bench_wait(b, SECONDS(5));
	assert_int_equal(b->oe->asker_count, 0);
	bench_end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_is_answered_at_once),
		cmocka_unit_test(the_method_is_the_groups),
		cmocka_unit_test(block_and_clear_refuse),
		cmocka_unit_test(a_key_is_looked_up),
		cmocka_unit_test(the_name_must_be_the_source),
		cmocka_unit_test(what_dns_says_decides),
		cmocka_unit_test(the_key_of_another_gateway_is_no_key),
		cmocka_unit_test(slow_dns_is_an_answer_too),
		cmocka_unit_test(half_an_answer_with_a_key_counts),
		cmocka_unit_test(the_level_never_falls),
		cmocka_unit_test(a_configured_key_asks_no_dns),
		cmocka_unit_test(strangers_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
