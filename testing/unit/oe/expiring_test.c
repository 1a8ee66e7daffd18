/* What is decided is asked again when its time is over and it is in use (docs/opportunistic.md 1.6, from EXPIRING; draft 3.2.7). */
#include "fixture.h"

#define PASS_PUT "put out pass 192.0.2.10/32>198.51.100.20/32\n"
#define BLOCK_PUT "put out block 192.0.2.10/32>198.51.100.20/32\n"
#define HOLD_PUT "put out hold 192.0.2.10/32>198.51.100.20/32\n"
#define AGAIN "put out trap 192.0.2.10/32>0.0.0.0/0\n"
#define ASKED "ask " BOB_NAME " IPSECKEY\nask " BOB_NAME " TXT\n"

/* Decided by "no record", and its time is over. */
static struct bench *decided(enum group_class group)
{
	struct bench *b = bench_of(group);

	bench_acquire(b, ALICE, BOB);
	bench_answers(b, DNS_SECURE, HOURS(1), false);
	/* Half-way the kernel is asked, too: a packet met it at its second 100. */
	bench_wait(b, MINUTES(15) / 2);
	bench_policy_use(b, true, 100);
	bench_wait(b, MINUTES(15) / 2 - 1);
	bench_forget(b);
	bench_wait(b, 1);
	bench_said(b, group == CLASS_PRIVATE ? "query out block 192.0.2.10/32>198.51.100.20/32\n"
					     : "query out pass 192.0.2.10/32>198.51.100.20/32\n");
	return b;
}

/* The same, in use, so that DNS is asked again. */
static struct bench *expiring(enum group_class group)
{
	struct bench *b = decided(group);

	bench_forget(b);
	bench_policy_use(b, true, 101);
	bench_said(b, group == CLASS_PRIVATE ? "DENY>EXPIRING oe-asked-again\n" ASKED
					     : "CLEAR>EXPIRING oe-asked-again\n" ASKED);
	bench_forget(b);
	return b;
}

static void idle_decisions_end(void **state)
{
	static const struct {
		bool found;
		uint64_t used;
	} idle[] = { { false, 0 }, { true, 0 }, { true, 100 } };

	for (size_t i = 0; i < ARRAY_LENGTH(idle); i++) {
		struct bench *b = decided(CLASS_PRIVATE_OR_CLEAR);

		bench_policy_use(b, idle[i].found, idle[i].used);
		assert_said(b, "CLEAR>EXPIRED oe-lifespan\nremove out trap 192.0.2.10/32>198.51.100.20/32\n");
		bench_end(b);
	}
}

static void a_kernel_that_does_not_answer(void **state)
{
	struct bench *b = decided(CLASS_PRIVATE_OR_CLEAR);

	bench_wait(b, SECONDS(1));
	assert_said(b, "CLEAR>EXPIRED oe-lifespan\n");
	/* It answers after all. */
	bench_forget(b);
	bench_policy_use(b, true, 200);
	bench_said(b, "");
	bench_end(b);
}

static void the_same_answer(void **state)
{
	struct bench *b = expiring(CLASS_PRIVATE_OR_CLEAR);

	bench_answers(b, DNS_INSECURE, HOURS(1), false);
	bench_said(b, "EXPIRING>CLEAR oe-no-record-insecure\n" PASS_PUT AGAIN);
	assert_int_equal(bench_flow(b)->until - b->now, MINUTES(15));
	bench_end(b);
	b = expiring(CLASS_PRIVATE);
	bench_answers(b, DNS_SECURE, HOURS(1), false);
	bench_said(b, "EXPIRING>DENY oe-no-record-secure\n" BLOCK_PUT AGAIN);
	bench_end(b);
}

/* In clear until it is keyed; what was refused is held, so that its next packet is not lost. */
static void a_record_has_come(void **state)
{
	struct bench *b = expiring(CLASS_PRIVATE_OR_CLEAR);

	bench_answers(b, DNS_SECURE, HOURS(1), true);
	assert_said(b, "EXPIRING>AUTHTXT oe-record-secure\nAUTHTXT>PENDING oe-negotiating\nconnect ");
	assert_not_said(b, "put");
	bench_child_up(b, b->flow, LEVEL_DNS_SECURE);
	assert_said(b, "PENDING>KEYED oe-keyed\nput in ipsec 198.51.100.20/32>192.0.2.10/32\n");
	bench_end(b);
	b = expiring(CLASS_PRIVATE);
	bench_answers(b, DNS_SECURE, HOURS(1), true);
	assert_said(b, HOLD_PUT);
	bench_end(b);
}

static void and_its_peer_is_silent(void **state)
{
	struct bench *b = expiring(CLASS_PRIVATE_OR_CLEAR);

	bench_answers(b, DNS_SECURE, HOURS(1), true);
	bench_forget(b);
	bench_failed(b, REASON_PEER_SILENT, false);
	assert_said(b, "PENDING>CLEAR oe-silent\n" PASS_PUT);
	bench_end(b);
}

static void dns_is_silent(void **state)
{
	struct bench *b = expiring(CLASS_PRIVATE_OR_CLEAR);

	bench_wait(b, SECONDS(5));
	assert_said(b, "EXPIRING>CLEAR oe-dns-timeout\n");
	/* A short decision: the next packet asks, nobody else. */
	bench_forget(b);
	bench_wait(b, SECONDS(60));
	assert_said(b, "CLEAR>EXPIRED oe-lifespan\n");
	assert_not_said(b, "query");
	bench_end(b);
	b = expiring(CLASS_PRIVATE);
	bench_wait(b, SECONDS(15));
	assert_said(b, "EXPIRING>DENY oe-dns-timeout\n");
	bench_end(b);
}

static void a_forged_answer_denies(void **state)
{
	struct bench *b = expiring(CLASS_PRIVATE_OR_CLEAR);

	bench_answers(b, DNS_BOGUS, 0, false);
	assert_said(b, "EXPIRING>DENY oe-dns-bogus\n" BLOCK_PUT);
	bench_end(b);
}

static void the_peer_comes_meanwhile(void **state)
{
	struct bench *b = expiring(CLASS_PRIVATE_OR_CLEAR);

	bench_child_up(b, 0, LEVEL_DNS_SECURE);
	assert_said(b, "EXPIRING>KEYED oe-peer-started\n");
	bench_forget(b);
	bench_answers(b, DNS_SECURE, HOURS(1), false);
	bench_said(b, "");
	bench_end(b);
}

/* A packet that asks although a policy stands: somebody took it away. */
static void its_policy_is_put_again(void **state)
{
	struct bench *b = expiring(CLASS_PRIVATE_OR_CLEAR);

	bench_acquire(b, ALICE, BOB);
	bench_said(b, PASS_PUT AGAIN);
	bench_end(b);
}

static void passive_pairs_ask_nobody(void **state)
{
	struct bench *b = bench_of(CLASS_CLEAR_OR_PRIVATE);

	bench_acquire(b, ALICE, BOB);
	bench_forget(b);
	bench_wait(b, MINUTES(15));
	assert_said(b, "CLEAR>EXPIRED oe-lifespan\n");
	assert_not_said(b, "query");
	bench_end(b);
}

/* ---- keyed pairs ---- */

/* Used at its first look, which comes when the TTL is over. */
static struct bench *keyed_and_asked(enum group_class group)
{
	struct bench *b = bench_of(group);
	struct event counters = { .kind = EVENT_COUNTERS };

	bench_acquire(b, ALICE, BOB);
	bench_answers(b, DNS_SECURE, SECONDS(40), true);
	bench_child_up(b, b->flow, LEVEL_DNS_SECURE);
	bench_wait(b, SECONDS(60));
	bench_forget(b);
	counters.counters.spi = 0x2222;
	counters.counters.dst = ip(BOB);
	counters.counters.found = true;
	counters.counters.counters.bytes = 1000;
	bench_event(b, &counters);
	bench_said(b, "KEYED>KEYED oe-used\nKEYED>KEYED oe-asked-again\n" ASKED);
	bench_forget(b);
	return b;
}

static void the_record_stands(void **state)
{
	struct bench *b = keyed_and_asked(CLASS_PRIVATE);

	bench_answers(b, DNS_SECURE, HOURS(1), true);
	bench_said(b, "");
	assert_int_equal(bench_flow(b)->state, FLOW_KEYED);
	assert_int_equal(bench_flow(b)->true_until - b->now, HOURS(1));
	bench_end(b);
}

static void the_record_is_withdrawn(void **state)
{
	struct bench *b = keyed_and_asked(CLASS_PRIVATE);

	bench_answers(b, DNS_SECURE, HOURS(1), false);
	assert_said(b, "KEYED>EXPIRED oe-withdrawn\n");
	bench_end(b);
}

static void nothing_unproven_ends_it(void **state)
{
	static const enum dns_verdict verdicts[] = { DNS_INSECURE, DNS_BOGUS, DNS_FAILED };

	for (size_t i = 0; i < ARRAY_LENGTH(verdicts); i++) {
		struct bench *b = keyed_and_asked(CLASS_PRIVATE);

		bench_answers(b, verdicts[i], 0, false);
		bench_said(b, "");
		assert_int_equal(bench_flow(b)->state, FLOW_KEYED);
		/* Not asked again at every look. */
		assert_int_equal(bench_flow(b)->true_until - b->now, MINUTES(15));
		bench_end(b);
	}
}

static void late_answers_of_its_first_question(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE);

	bench_answers(b, DNS_SECURE, HOURS(1), false);
	bench_said(b, "");
	assert_int_equal(bench_flow(b)->state, FLOW_KEYED);
	bench_end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_decisions_end),
		cmocka_unit_test(a_kernel_that_does_not_answer),
		cmocka_unit_test(the_same_answer),
		cmocka_unit_test(a_record_has_come),
		cmocka_unit_test(and_its_peer_is_silent),
		cmocka_unit_test(dns_is_silent),
		cmocka_unit_test(a_forged_answer_denies),
		cmocka_unit_test(the_peer_comes_meanwhile),
		cmocka_unit_test(its_policy_is_put_again),
		cmocka_unit_test(passive_pairs_ask_nobody),
		cmocka_unit_test(the_record_stands),
		cmocka_unit_test(the_record_is_withdrawn),
		cmocka_unit_test(nothing_unproven_ends_it),
		cmocka_unit_test(late_answers_of_its_first_question),
	};

	return cmocka_run_group_tests_name("oe/expiring", tests, NULL, NULL);
}
