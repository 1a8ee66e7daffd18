/* Several gateways for one destination (RFC 4025 2.2; docs/opportunistic.md 1.6: E14, more gateways left). */
#include "fixture.h"

#define FIRST "198.51.100.1"
#define SECOND "198.51.100.2"
#define THIRD "198.51.100.3"
#define CONNECT(gateway) "connect 192.0.2.10>" gateway " keys=1 "
#define NEXT "PENDING>PENDING oe-next-gateway\n"

/* Three proven gateways in this order, each with a key of its own; bob is asked for. */
static struct bench *begin(enum group_class group)
{
	struct bench *b = bench_of(group);
	struct dns_answer *a = answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1));

	add_ipseckey(a, 30, THIRD, 3);
	add_ipseckey(a, 10, FIRST, 1);
	add_ipseckey(a, 20, SECOND, 2);
	bench_acquire(b, ALICE, BOB);
	bench_resolved(b, a);
	bench_resolved(b, answer_new(DNS_TXT, DNS_SECURE, HOURS(1)));
	assert_said(b, CONNECT(FIRST));
	return b;
}

static void fails(struct bench *b, enum reason reason, bool proven)
{
	bench_forget(b);
	bench_failed(b, reason, proven);
}

static void each_in_its_turn(void **state)
{
	struct bench *b = begin(CLASS_PRIVATE);

	fails(b, REASON_PEER_SILENT, false);
	assert_said(b, NEXT);
	assert_said(b, CONNECT(SECOND));
	assert_not_said(b, "put"); /* it is held all the time */
	fails(b, REASON_NO_PROPOSAL, true);
	assert_said(b, CONNECT(THIRD));
	fails(b, REASON_AUTH_REFUSED, false);
	assert_said(b, "PENDING>DENY oe-unproven-refusal\n");
	bench_end(b);
}

/* Whoever falls into clear must not wait for all of them. */
static void two_for_the_permissive(void **state)
{
	struct bench *b = begin(CLASS_PRIVATE_OR_CLEAR);

	fails(b, REASON_PEER_SILENT, false);
	assert_said(b, CONNECT(SECOND));
	fails(b, REASON_PEER_SILENT, false);
	assert_said(b, "PENDING>CLEAR oe-silent\n");
	bench_end(b);
}

/* A proven key that does not fit is an attack or a fault: nobody else is asked. */
static void not_after_a_bad_proof(void **state)
{
	struct bench *b = begin(CLASS_PRIVATE_OR_CLEAR);

	fails(b, REASON_AUTH_FAILED, false);
	assert_said(b, "PENDING>DENY oe-bad-signature\n");
	bench_end(b);
}

/* The guard's time is over before IKE gave up: that attempt ends. */
static void the_old_attempt_ends(void **state)
{
	struct bench *b = begin(CLASS_PRIVATE);
	uint64_t first = b->ike_sa;
	char line[64];

	bench_forget(b);
	bench_wait(b, SECONDS(60));
	snprintf(line, sizeof(line), "abandon %llu ", (unsigned long long)first);
	assert_said(b, line);
	assert_said(b, CONNECT(SECOND));
	assert_int_not_equal(b->ike_sa, first);
	bench_end(b);
}

static void the_second_serves(void **state)
{
	struct bench *b = begin(CLASS_PRIVATE);
	struct command c = { .kind = COMMAND_EXPLAIN, .address = ip(BOB) };

	fails(b, REASON_PEER_SILENT, false);
	bench_child_up(b, b->flow, LEVEL_DNS_SECURE);
	bench_forget(b);
	oe_explain(b->oe, b->now, &c, &b->actions);
	bench_look(b);
	assert_said(b, "gateway");
	assert_said(b, FIRST);
	assert_said(b, "peer-silent");
	bench_end(b);
}

/* The next life begins with all of them again. */
static void a_new_life_tries_all(void **state)
{
	struct bench *b = begin(CLASS_PRIVATE_OR_CLEAR);
	struct dns_answer *a;

	fails(b, REASON_PEER_SILENT, false);
	fails(b, REASON_PEER_SILENT, false);
	bench_wait(b, SECONDS(60));
	bench_forget(b);
	bench_acquire(b, ALICE, BOB);
	a = answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1));
	add_ipseckey(a, 10, FIRST, 1);
	bench_resolved(b, a);
	bench_resolved(b, answer_new(DNS_TXT, DNS_SECURE, HOURS(1)));
	assert_said(b, CONNECT(FIRST));
	bench_end(b);
}

/* The other set may name one more, as long as it is proven as well. */
static void the_other_set(void **state)
{
	static const enum dns_verdict verdicts[] = { DNS_SECURE, DNS_INSECURE };

	for (size_t i = 0; i < ARRAY_LENGTH(verdicts); i++) {
		struct bench *b = bench_of(CLASS_PRIVATE);
		struct dns_answer *ipseckey = answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1));
		struct dns_answer *txt = answer_new(DNS_TXT, verdicts[i], HOURS(1));

		add_ipseckey(ipseckey, 10, FIRST, 1);
		add_server(txt, "X-IPsec-Server(10)=" BOB " ", 2);
		bench_acquire(b, ALICE, BOB);
		bench_resolved(b, ipseckey);
		bench_resolved(b, txt);
		fails(b, REASON_PEER_SILENT, false);
		if (verdicts[i] == DNS_SECURE)
			assert_said(b, CONNECT(BOB));
		else
			assert_said(b, "PENDING>DENY oe-silent\n");
		bench_end(b);
	}
}

/* ---- a gateway without a key: its own records hold it (draft 2.3.2, 3.2.4; law 1.6: E12) ---- */

#define FIRST_NAME "1.100.51.198.in-addr.arpa."

static struct bench *without_a_key(enum group_class group)
{
	struct bench *b = bench_of(group);
	struct dns_answer *txt = answer_new(DNS_TXT, DNS_SECURE, HOURS(1));

	add_txt(txt, "X-IPsec-Server(10)=" FIRST);
	bench_acquire(b, ALICE, BOB);
	bench_resolved(b, answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1)));
	bench_forget(b);
	bench_resolved(b, txt);
	bench_said(b, "POTENTIAL>AUTHTXT oe-record-secure\nask " FIRST_NAME " IPSECKEY\nask " FIRST_NAME
		      " TXT\n");
	bench_forget(b);
	return b;
}

static void its_own_record_has_the_key(void **state)
{
	struct bench *b = without_a_key(CLASS_PRIVATE);

	bench_answers(b, DNS_SECURE, SECONDS(100), true);
	assert_said(b, "AUTHTXT>PENDING oe-negotiating\n");
	assert_said(b, "connect 192.0.2.10>" FIRST " keys=1 dns-secure");
	assert_true(bench_flow(b)->finding.ttl == SECONDS(100));
	bench_end(b);
}

/* The chain is as good as its weakest link. */
static void but_in_an_unsigned_zone(void **state)
{
	struct bench *b = without_a_key(CLASS_PRIVATE_OR_CLEAR);

	bench_answers(b, DNS_INSECURE, HOURS(1), true);
	assert_said(b, "keys=1 dns-insecure");
	bench_end(b);
	b = without_a_key(CLASS_PRIVATE);
	bench_answers(b, DNS_INSECURE, HOURS(1), true);
	assert_said(b, "AUTHTXT>DENY oe-insecure-key\n");
	bench_end(b);
}

static void it_has_none_either(void **state)
{
	struct bench *b = without_a_key(CLASS_PRIVATE_OR_CLEAR);
	struct dns_answer *other;

	bench_answers(b, DNS_SECURE, HOURS(1), false);
	assert_said(b, "AUTHTXT>CLEAR oe-no-record-insecure\n");
	bench_end(b);
	/* Or it sends us on to the next: nobody follows. */
	b = without_a_key(CLASS_PRIVATE);
	other = answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1));
	add_ipseckey(other, 10, SECOND, 1);
	bench_resolved(b, other);
	bench_resolved(b, answer_new(DNS_TXT, DNS_SECURE, HOURS(1)));
	assert_said(b, "AUTHTXT>DENY oe-no-record-insecure\n");
	bench_end(b);
}

static void its_answer_is_forged_or_late(void **state)
{
	struct bench *b = without_a_key(CLASS_PRIVATE_OR_CLEAR);

	bench_answers(b, DNS_BOGUS, 0, false);
	assert_said(b, "AUTHTXT>DENY oe-dns-bogus\n");
	bench_end(b);
	b = without_a_key(CLASS_PRIVATE_OR_CLEAR);
	bench_wait(b, SECONDS(5));
	assert_said(b, "AUTHTXT>CLEAR oe-dns-timeout\n");
	bench_forget(b);
	bench_answers(b, DNS_SECURE, HOURS(1), true);
	bench_said(b, "");
	bench_end(b);
	b = without_a_key(CLASS_PRIVATE);
	bench_answers(b, DNS_FAILED, 0, false);
	assert_said(b, "AUTHTXT>DENY oe-dns-failed\n");
	bench_end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_in_its_turn),
		cmocka_unit_test(two_for_the_permissive),
		cmocka_unit_test(not_after_a_bad_proof),
		cmocka_unit_test(the_old_attempt_ends),
		cmocka_unit_test(the_second_serves),
		cmocka_unit_test(a_new_life_tries_all),
		cmocka_unit_test(the_other_set),
		cmocka_unit_test(its_own_record_has_the_key),
		cmocka_unit_test(but_in_an_unsigned_zone),
		cmocka_unit_test(it_has_none_either),
		cmocka_unit_test(its_answer_is_forged_or_late),
	};

	return cmocka_run_group_tests_name("oe/gateways", tests, NULL, NULL);
}
