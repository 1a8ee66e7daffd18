/* "Is it encrypted, and why?" (explain.c): rows, sentences, exit statuses. */
#include "fixture.h"

static void explain(struct bench *b, const char *address)
{
	struct command command = { .number = 5, .kind = COMMAND_EXPLAIN, .address = ip(address) };

	bench_forget(b);
	oe_explain(b->oe, b->now, &command, &b->actions);
	bench_look(b);
}

static void without_a_flow(void **state)
{
	static const struct {
		enum group_class group;
		const char *expected;
	} cases[] = {
		{ CLASS_CLEAR,
		  "result status=10 reason=oe-class-clear text=198.51.100.20 is in clear by its group\n" },
		{ CLASS_CLEAR_OR_PRIVATE,
		  "result status=10 reason=oe-class-passive text=198.51.100.20 is in clear by its group\n" },
		{ CLASS_BLOCK,
		  "result status=11 reason=oe-class-block text=198.51.100.20 is denied by its group\n" },
		{ CLASS_PRIVATE,
		  "result status=12 reason=oe-acquire text=198.51.100.20 has no traffic: its first "
		  "packet is held while DNS is asked\n" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct bench *b = bench_of(cases[i].group);

		explain(b, BOB);
		assert_said(b, "group class=");
		assert_said(b, "entry=0.0.0.0/0 file=/etc/ipsec.d/policies/group:1 ");
		assert_said(b, cases[i].expected);
		bench_end(b);
	}
}

static void outside_all_groups(void **state)
{
	struct bench *b = bench_new();

	bench_entry(b, "203.0.113.0/24", bench_conn(b, CLASS_PRIVATE, AUTH_RSA, CONN_TRANSPORT));
	bench_start(b);
	explain(b, BOB);
	bench_said(
		b,
		"result status=10 reason=oe-no-group text=198.51.100.20 is in clear: no group contains it\n");
	bench_end(b);
}

static void held(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE);

	bench_acquire(b, ALICE, BOB);
	explain(b, BOB);
	assert_said(b,
		    "flow local=192.0.2.10 remote=198.51.100.20 state=POTENTIAL level=none class=private ");
	assert_said(b, "result status=12 reason=oe-acquire");
	bench_end(b);
}

static void encrypted(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE);

	bench_wait(b, SECONDS(7));
	explain(b, BOB);
	assert_said(b, "state=KEYED level=dns-secure class=private reason=oe-keyed ");
	assert_said(b, "since-s=7 until-s=53 gateway=198.51.100.20 ");
	assert_said(b, "spi-in=00001111 spi-out=00002222 mode=transport ");
	assert_said(b, "dns name=" BOB_NAME " type=IPSECKEY verdict=secure records=1 ttl-s=3600 used=yes\n");
	assert_said(b, "dns name=" BOB_NAME " type=TXT verdict=secure records=0 ttl-s=3600 used=no\n");
	assert_said(b, "history ago-ms=7000 from=NONE to=POTENTIAL reason=oe-acquire ");
	assert_said(b, "history ago-ms=7000 from=PENDING to=KEYED reason=oe-keyed ");
	assert_said(
		b,
		"result status=0 reason=oe-keyed text=198.51.100.20 is encrypted: The pair is encrypted.\n");
	bench_end(b);
}

static void clear_and_denied(void **state)
{
	struct bench *b = bench_pending(CLASS_PRIVATE_OR_CLEAR);

	bench_failed(b, REASON_PEER_SILENT, false);
	explain(b, BOB);
	assert_said(b, "result status=10 reason=oe-silent text=198.51.100.20 is in clear: ");
	/* After it only the memory is left: what counts is what the next packet would meet. */
	bench_wait(b, SECONDS(60));
	explain(b, BOB);
	assert_said(b, "state=EXPIRED ");
	assert_said(b, "from=PENDING to=CLEAR reason=oe-silent ");
	assert_said(b, "result status=12 reason=oe-acquire ");
	bench_end(b);
	b = bench_pending(CLASS_PRIVATE);
	bench_failed(b, REASON_AUTH_FAILED, false);
	explain(b, BOB);
	assert_said(b, "result status=11 reason=oe-bad-signature text=198.51.100.20 is denied: ");
	bench_end(b);
}

static void what_was_odd_is_told(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE);
	struct dns_answer *a = answer_new(DNS_IPSECKEY, DNS_BOGUS, 0);

	snprintf(a->why_bogus, sizeof(a->why_bogus), "signature expired");
	bench_acquire(b, ALICE, BOB);
	bench_resolved(b, a);
	bench_resolved(b, answer_new(DNS_TXT, DNS_BOGUS, 0));
	explain(b, BOB);
	assert_said(b, "verdict=bogus records=0 ttl-s=0 used=no why=signature expired\n");
	assert_said(b, "remark=signature expired ");
	assert_said(b, "result status=11 reason=oe-dns-bogus");
	bench_end(b);
}

/* Only the last steps are kept, and they are told in order. */
static void the_history_is_bounded(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE);
	struct flow *f = bench_flow(b);
	const char *at;
	unsigned lines = 0;

	for (unsigned i = 0; i < 100; i++) {
		b->now += 10;
		bench_child_up(b, 0, LEVEL_DNS_SECURE);
		bench_forget(b);
	}
	assert_int_equal(f->steps, 104);
	explain(b, BOB);
	for (at = b->told; (at = strstr(at, "history ")); at++)
		lines++;
	assert_int_equal(lines, LIMIT_FLOW_HISTORY);
	assert_said(b, "history ago-ms=150 from=KEYED to=KEYED");
	assert_not_said(b, "ago-ms=160 ");
	bench_end(b);
}

static void a_source_chooses_among_pairs(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE);
	struct command command = { .number = 5, .address = ip(BOB), .source = ip("192.0.2.11") };

	bench_acquire(b, ALICE, BOB);
	bench_acquire(b, "192.0.2.11", BOB);
	bench_forget(b);
	oe_explain(b->oe, b->now, &command, &b->actions);
	bench_look(b);
	assert_said(b, "flow local=192.0.2.11 ");
	assert_not_said(b, "flow local=192.0.2.10 ");
	bench_end(b);
}

static void the_list(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE);
	struct command command = { .number = 6, .kind = COMMAND_OE_LIST };
	struct oe_counts counts;

	bench_acquire(b, ALICE, "203.0.113.9");
	bench_forget(b);
	oe_list(b->oe, b->now, &command, &b->actions);
	bench_look(b);
	assert_said(b, "remote=198.51.100.20 state=KEYED ");
	assert_said(b, "remote=203.0.113.9 state=POTENTIAL ");
	assert_said(b, "result status=0 reason=ok text=2 of 2 pairs\n");
	counts = oe_count(b->oe);
	assert_int_equal(counts.flows, 2);
	assert_int_equal(counts.by_state[FLOW_KEYED], 1);
	assert_int_equal(counts.by_state[FLOW_POTENTIAL], 1);
	assert_int_equal(counts.by_state[FLOW_NONE], 0);
	assert_int_equal(counts.acquires, 2);
	bench_end(b);
}

/* Each invariant is looked at: a flow that breaks it is named. */
static void broken_invariants_are_found(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE);
	struct flow *f = bench_flow(b), good = *f;
	char why[160];

	f->child = 0;
	assert_false(oe_check(b->oe, b->now, why));
	assert_string_equal(why, "192.0.2.10>198.51.100.20 KEYED: I2: a keyed pair has no child");
	f->child = good.child;
	f->state = FLOW_CLEAR;
	assert_false(oe_check(b->oe, b->now, why));
	f->state = good.state;
	f->until = MSEC_NEVER;
	assert_false(oe_check(b->oe, b->now, why));
	f->until = good.until;
	f->pair_policy = false;
	assert_false(oe_check(b->oe, b->now, why));
	f->pair_policy = true;
	f->state = FLOW_PENDING;
	assert_false(oe_check(b->oe, b->now + HOURS(1), why));
	f->state = good.state;
	assert_true(oe_check(b->oe, b->now, why));
	bench_end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_flow),
		cmocka_unit_test(outside_all_groups),
		cmocka_unit_test(held),
		cmocka_unit_test(encrypted),
		cmocka_unit_test(clear_and_denied),
		cmocka_unit_test(what_was_odd_is_told),
		cmocka_unit_test(the_history_is_bounded),
		cmocka_unit_test(a_source_chooses_among_pairs),
		cmocka_unit_test(the_list),
		cmocka_unit_test(broken_invariants_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
