/*
 * The machine by sequences of events: what the kernel is told, what IKE is asked for, and for how long a
 * decision holds. The lines of a scenario are in the order in which oe gave them.
 */
#include "fixture.h"

static void happy_path_by_a_secure_key(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);

	bench_acquire(b, ALICE, BOB);
	bench_said(b, "NONE>POTENTIAL oe-acquire\n"
		      "put out hold 192.0.2.10/32>198.51.100.20/32\n"
		      "ask " BOB_NAME " IPSECKEY\n"
		      "ask " BOB_NAME " TXT\n");
	bench_answers(b, DNS_SECURE, HOURS(1), true);
	bench_said(b, "POTENTIAL>AUTHTXT oe-record-secure\n"
		      "AUTHTXT>PENDING oe-negotiating\n"
		      "connect 192.0.2.10>198.51.100.20 keys=1 dns-secure transport 4000ms\n");
	/* Inbound first; then the pair is updated in place, and its template re-issued to let the packet go. */
	bench_child_up(b, b->flow, LEVEL_DNS_SECURE);
	bench_said(b, "PENDING>KEYED oe-keyed\n"
		      "put in ipsec 198.51.100.20/32>192.0.2.10/32\n"
		      "put out ipsec 192.0.2.10/32>198.51.100.20/32\n"
		      "put out trap 192.0.2.10/32>0.0.0.0/0\n");
	/* Idle: our delete goes into IKE's queue; the trap is there again before the SAs go. */
	bench_wait(b, SECONDS(60));
	bench_said(b, "query 00002222\n");
	assert_int_equal(bench_flow(b)->state, FLOW_KEYED);
	struct event none = { .kind = EVENT_COUNTERS };
	none.counters.spi = 0x2222;
	none.counters.dst = ip(BOB);
	none.counters.found = true;
	bench_event(b, &none);
	assert_said(b, "KEYED>EXPIRED oe-idle\n"
		       "remove in ipsec 198.51.100.20/32>192.0.2.10/32\n"
		       "remove out trap 192.0.2.10/32>198.51.100.20/32\n"
		       "delete child ");
	bench_forget(b);
	bench_child_down(b, REASON_WE_DELETED);
	bench_said(b, "EXPIRED>NONE we-deleted\n");
	assert_null(bench_flow(b));
	bench_end(b);
}

static void used_pairs_stay(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE_OR_CLEAR);
	struct event counters = { .kind = EVENT_COUNTERS };

	counters.counters.spi = 0x2222;
	counters.counters.dst = ip(BOB);
	counters.counters.found = true;
	for (int i = 1; i < 4; i++) {
		bench_wait(b, i == 1 ? SECONDS(60) : MINUTES(20));
		counters.counters.counters.bytes = 1000u * (unsigned)i;
		bench_event(b, &counters);
		bench_said(b, "query 00002222\nKEYED>KEYED oe-used\n");
	}
	/* As many octets as last time: idle. */
	bench_wait(b, MINUTES(20));
	bench_event(b, &counters);
	assert_said(b, "KEYED>EXPIRED oe-idle\n");
	bench_end(b);
}

static void counters_of_others_move_nothing(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE_OR_CLEAR);
	struct event counters = { .kind = EVENT_COUNTERS };

	counters.counters.spi = 0x2222;
	counters.counters.dst = ip("198.51.100.21");
	bench_wait(b, SECONDS(60));
	bench_forget(b);
	bench_event(b, &counters);
	bench_said(b, "");
	bench_end(b);
}

static void no_record(enum group_class group, enum dns_verdict verdict, msec ttl, const char *expected,
		      msec until)
{
	struct bench *b = bench_of(group);

	bench_acquire(b, ALICE, BOB);
	bench_forget(b);
	bench_answers(b, verdict, ttl, false);
	bench_said(b, expected);
	assert_int_equal(bench_flow(b)->until - b->now, until);
	bench_wait(b, until - 1);
	assert_not_said(b, "EXPIRED");
	bench_wait(b, 1);
	bench_policy_use(b, true, 0);
	assert_said(b, ">EXPIRED oe-lifespan\nremove out trap 192.0.2.10/32>198.51.100.20/32\n");
	bench_end(b);
}

static void no_record_falls_by_class(void **state)
{
	static const char clear[] = "POTENTIAL>CLEAR oe-no-record-insecure\n"
				    "put out pass 192.0.2.10/32>198.51.100.20/32\n"
				    "put out trap 192.0.2.10/32>0.0.0.0/0\n";

	no_record(CLASS_PRIVATE_OR_CLEAR, DNS_INSECURE, HOURS(3), clear, MINUTES(15));
	/* Never longer than the negative answer, never shorter than half a minute. */
	no_record(CLASS_PRIVATE_OR_CLEAR, DNS_INSECURE, SECONDS(90), clear, SECONDS(90));
	no_record(CLASS_PRIVATE_OR_CLEAR, DNS_INSECURE, SECONDS(1), clear, SECONDS(30));
	no_record(CLASS_PRIVATE, DNS_SECURE, HOURS(3),
		  "POTENTIAL>DENY oe-no-record-secure\n"
		  "put out block 192.0.2.10/32>198.51.100.20/32\n"
		  "put out trap 192.0.2.10/32>0.0.0.0/0\n",
		  MINUTES(15));
}

static void slow_dns_falls_by_class(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);

	bench_acquire(b, ALICE, BOB);
	bench_wait(b, SECONDS(5));
	assert_said(b, "POTENTIAL>CLEAR oe-dns-timeout\n");
	/* It comes after all: nothing changes, and nothing leaks. */
	bench_forget(b);
	bench_answers(b, DNS_SECURE, HOURS(1), true);
	bench_said(b, "");
	bench_end(b);
	b = bench_of(CLASS_PRIVATE);
	bench_acquire(b, ALICE, BOB);
	bench_wait(b, SECONDS(15) - 1);
	assert_not_said(b, "DENY");
	bench_wait(b, 1);
	assert_said(b, "POTENTIAL>DENY oe-dns-timeout\n");
	bench_end(b);
}

/* One question answered in time: a key counts, "no record" of one alone does not. */
static void half_an_answer(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);
	struct dns_answer *a = answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1));

	add_ipseckey(a, 10, NULL, 1);
	bench_acquire(b, ALICE, BOB);
	bench_resolved(b, a);
	assert_int_equal(bench_flow(b)->state, FLOW_POTENTIAL);
	bench_wait(b, SECONDS(5));
	assert_said(b, "AUTHTXT>PENDING");
	bench_end(b);
	b = bench_of(CLASS_PRIVATE_OR_CLEAR);
	bench_acquire(b, ALICE, BOB);
	bench_resolved(b, answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1)));
	bench_wait(b, SECONDS(5));
	assert_said(b, "POTENTIAL>CLEAR oe-dns-timeout\n");
	bench_end(b);
}

static void failed_dns_is_short(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);

	bench_acquire(b, ALICE, BOB);
	bench_answers(b, DNS_FAILED, 0, false);
	assert_said(b, "POTENTIAL>CLEAR oe-dns-failed\n");
	assert_int_equal(bench_flow(b)->until - b->now, SECONDS(60));
	bench_end(b);
}

static void bogus_denies_both_classes(void **state)
{
	static const enum group_class classes[] = { CLASS_PRIVATE_OR_CLEAR, CLASS_PRIVATE };

	for (size_t i = 0; i < ARRAY_LENGTH(classes); i++) {
		struct bench *b = bench_of(classes[i]);

		bench_acquire(b, ALICE, BOB);
		bench_forget(b);
		bench_answers(b, DNS_BOGUS, 0, true);
		bench_said(b, "POTENTIAL>DENY oe-dns-bogus\n"
			      "put out block 192.0.2.10/32>198.51.100.20/32\n"
			      "put out trap 192.0.2.10/32>0.0.0.0/0\n");
		assert_int_equal(bench_flow(b)->until - b->now, SECONDS(60));
		bench_end(b);
	}
}

static void malformed_denies_the_permissive_too(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);
	struct dns_answer *a = answer_new(DNS_TXT, DNS_SECURE, HOURS(1));

	add_txt(a, "X-IPsec-Server(70000)=198.51.100.20 AQ");
	bench_acquire(b, ALICE, BOB);
	bench_resolved(b, answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1)));
	bench_resolved(b, a);
	assert_said(b, "POTENTIAL>DENY oe-record-malformed\n");
	bench_end(b);
}

/* Private wants proof; the other is content and says so. */
static void insecure_keys(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE);

	bench_acquire(b, ALICE, BOB);
	bench_forget(b);
	bench_answers(b, DNS_INSECURE, HOURS(1), true);
	bench_said(b, "POTENTIAL>AUTHTXT oe-record-insecure\n"
		      "AUTHTXT>DENY oe-insecure-key\n"
		      "put out block 192.0.2.10/32>198.51.100.20/32\n"
		      "put out trap 192.0.2.10/32>0.0.0.0/0\n");
	assert_int_equal(bench_flow(b)->until - b->now, MINUTES(15));
	bench_end(b);
	b = bench_of(CLASS_PRIVATE_OR_CLEAR);
	bench_acquire(b, ALICE, BOB);
	bench_forget(b);
	bench_answers(b, DNS_INSECURE, HOURS(1), true);
	assert_said(b, "keys=1 dns-insecure transport");
	bench_end(b);
}

/* A group without a key of its own to prove asks no DNS (authby=null). */
static void null_asks_no_dns(void **state)
{
	struct bench *b = bench_new();

	bench_entry(b, "0.0.0.0/0", bench_conn(b, CLASS_PRIVATE_OR_CLEAR, AUTH_NULL, CONN_TUNNEL));
	bench_start(b);
	bench_acquire(b, ALICE, BOB);
	bench_said(b, "NONE>PENDING oe-negotiating\n"
		      "put out hold 192.0.2.10/32>198.51.100.20/32\n"
		      "connect 192.0.2.10>198.51.100.20 keys=0 none tunnel 4000ms\n");
	bench_end(b);
}

static void one_question_for_many_packets(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);

	bench_acquire(b, ALICE, BOB);
	bench_forget(b);
	bench_acquire(b, ALICE, BOB);
	bench_acquire(b, ALICE, BOB);
	bench_said(b, "");
	assert_int_equal(b->oe->flow_count, 1);
	assert_int_equal(bench_flow(b)->acquires, 3);
	/* Another source is another pair. */
	bench_acquire(b, "192.0.2.11", BOB);
	assert_int_equal(b->oe->flow_count, 2);
	bench_end(b);
}

/* Silence: 60 s, then twice as long each time, up to ten minutes; remembered while nothing stands. */
static void short_lifespans_double(void **state)
{
	static const msec expected[] = { 60, 120, 240, 480, 600, 600 };
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);

	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
		bench_acquire(b, ALICE, BOB);
		bench_answers(b, DNS_SECURE, HOURS(1), true);
		bench_failed(b, REASON_PEER_SILENT, false);
		assert_said(b, "PENDING>CLEAR oe-silent\n");
		assert_int_equal(bench_flow(b)->until - b->now, SECONDS(expected[i]));
		bench_wait(b, SECONDS(expected[i]));
		assert_said(b, "CLEAR>EXPIRED oe-lifespan\n");
		bench_forget(b);
	}
	/* Forgotten after ten quiet minutes. */
	bench_wait(b, MINUTES(10));
	bench_said(b, "EXPIRED>NONE oe-lifespan\n");
	bench_acquire(b, ALICE, BOB);
	bench_answers(b, DNS_SECURE, HOURS(1), true);
	bench_failed(b, REASON_PEER_SILENT, false);
	assert_int_equal(bench_flow(b)->until - b->now, SECONDS(60));
	bench_end(b);
}

static void success_ends_the_doubling(void **state)
{
	struct bench *b = bench_pending(CLASS_PRIVATE_OR_CLEAR);

	bench_failed(b, REASON_PEER_SILENT, false);
	assert_int_equal(bench_flow(b)->shorts, 1);
	bench_child_up(b, 0, LEVEL_DNS_SECURE);
	assert_int_equal(bench_flow(b)->shorts, 0);
	bench_end(b);
}

/*
 * The first diagram printed the two lifespans of this edge the wrong way round; the later drafts, and
 * their text, say: silence is short, a refusal by the proven peer is normal, for both classes.
 */
static void refusals(void **state)
{
	static const struct {
		enum reason reason;
		bool proven;
		const char *word;
		msec life;
	} cases[] = {
		{ REASON_PEER_SILENT, false, "oe-silent", SECONDS(60) },
		{ REASON_NO_PROPOSAL, false, "oe-silent", SECONDS(60) },
		{ REASON_AUTH_REFUSED, false, "oe-unproven-refusal", SECONDS(60) },
		{ REASON_PEER_REFUSED, false, "oe-unproven-refusal", SECONDS(60) },
		{ REASON_PEER_REFUSED, true, "oe-refused", MINUTES(15) },
		{ REASON_TS_UNACCEPTABLE, true, "oe-refused", MINUTES(15) },
	};

	for (size_t i = 0; i < 2 * ARRAY_LENGTH(cases); i++) {
		struct bench *b = bench_pending(i % 2 ? CLASS_PRIVATE : CLASS_PRIVATE_OR_CLEAR);
		char expected[64];

		bench_failed(b, cases[i / 2].reason, cases[i / 2].proven);
		snprintf(expected, sizeof(expected), "PENDING>%s %s\n", i % 2 ? "DENY" : "CLEAR",
			 cases[i / 2].word);
		assert_said(b, expected);
		assert_int_equal(bench_flow(b)->until - b->now, cases[i / 2].life);
		bench_end(b);
	}
}

/* A proven key that does not fit is an attack or a fault: nobody falls open, while the record lives. */
static void a_bad_proof_denies(void **state)
{
	static const enum reason reasons[] = { REASON_AUTH_FAILED, REASON_ID_MISMATCH, REASON_AUTH_METHOD };

	for (size_t i = 0; i < ARRAY_LENGTH(reasons); i++) {
		struct bench *b = bench_pending(CLASS_PRIVATE_OR_CLEAR);

		bench_failed(b, reasons[i], false);
		assert_said(b, "PENDING>DENY oe-bad-signature\n");
		assert_int_equal(bench_flow(b)->until - b->now, HOURS(1));
		bench_end(b);
	}
}

/* IKE gives up by itself; should it not, the guard does. */
static void a_negotiation_ends(void **state)
{
	struct bench *b = bench_pending(CLASS_PRIVATE);

	bench_wait(b, SECONDS(60) - 1);
	bench_said(b, "");
	bench_wait(b, 1);
	assert_said(b, "PENDING>DENY oe-silent\n");
	assert_said(b, "abandon ");
	bench_end(b);
}

static void forged_hints_are_counted(void **state)
{
	struct bench *b = bench_pending(CLASS_PRIVATE_OR_CLEAR);

	for (int i = 0; i < 50; i++)
		oe_hint(b->oe, b->now, bench_flow(b)->serial, &b->actions);
	bench_look(b);
	bench_said(b, "");
	assert_int_equal(oe_count(b->oe).hints_ignored, 50);
	oe_hint(b->oe, b->now, 12345, &b->actions);
	assert_int_equal(oe_count(b->oe).hints_ignored, 50);
	bench_end(b);
}

static void an_attempt_that_cannot_begin(void **state)
{
	struct bench *b = bench_pending(CLASS_PRIVATE);

	oe_connecting(b->oe, b->now, bench_flow(b)->serial, 0, REASON_LIMIT, &b->actions);
	bench_look(b);
	assert_said(b, "PENDING>DENY oe-silent\n");
	bench_end(b);
}

/* ---- the peer comes first ---- */

static void a_peer_replaces_clear_in_place(void **state)
{
	struct bench *b = bench_pending(CLASS_PRIVATE_OR_CLEAR);

	bench_failed(b, REASON_PEER_SILENT, false);
	bench_forget(b);
	bench_child_up(b, 0, LEVEL_DNS_SECURE);
	/* No pass is left, and none was taken away first. */
	bench_said(b, "CLEAR>KEYED oe-peer-started\n"
		      "put in ipsec 198.51.100.20/32>192.0.2.10/32\n"
		      "put out ipsec 192.0.2.10/32>198.51.100.20/32\n"
		      "put out trap 192.0.2.10/32>0.0.0.0/0\n");
	bench_end(b);
}

/*
 * Both began at once. The peer's child serves at once; our attempt is let finish, and then one of the two
 * children stays: the one made by the lower address. The other is closed by the side that made it.
 */
static void both_begin_at_once(void **state)
{
	struct bench *b = bench_pending(CLASS_PRIVATE);
	uint64_t flow = b->flow, ike_sa = b->ike_sa;
	struct oe_child ours;

	bench_child_up(b, 0, LEVEL_DNS_SECURE);
	assert_said(b, "PENDING>KEYED oe-peer-started\n");
	assert_not_said(b, "abandon");
	bench_forget(b);
	ours = bench_child(b, flow, LEVEL_DNS_SECURE);
	ours.ike_sa = ike_sa;
	ours.initiator = true;
	b->now += 20;
	oe_child_up(b->oe, b->now, &ours, &b->actions);
	bench_look(b);
	/* Alice's address is the lower one: hers stays, bob closes his. */
	assert_said(b, "KEYED>KEYED replaced\n");
	assert_not_said(b, "delete child");
	assert_int_equal(bench_flow(b)->child, ours.child);
	bench_end(b);
}

static void both_begin_at_once_and_ours_is_closed(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE);
	struct oe_child child = bench_child(b, 0, LEVEL_DNS_SECURE);
	char expected[64];

	/* Seen from the higher address. */
	child.local = ip(BOB);
	child.remote = child.gateway = ip(ALICE);
	oe_child_up(b->oe, b->now, &child, &b->actions);
	bench_look(b);
	bench_forget(b);
	child.initiator = true;
	child.ike_sa++;
	child.child += 10;
	oe_child_up(b->oe, b->now, &child, &b->actions);
	bench_look(b);
	snprintf(expected, sizeof(expected), "delete child %llu replaced\n", (unsigned long long)child.child);
	bench_said(b, expected);
	bench_end(b);
}

/* Long after: the peer began anew, it may have lost everything. The newest serves. */
static void a_peer_that_begins_anew(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE);
	uint64_t old = b->child;
	char expected[64];

	bench_wait(b, SECONDS(59));
	bench_child_up(b, 0, LEVEL_DNS_SECURE);
	snprintf(expected, sizeof(expected), "drain child %llu replaced\n", (unsigned long long)old);
	assert_said(b, "KEYED>KEYED replaced\n");
	assert_said(b, expected);
	bench_end(b);
}

/* Within seconds, and by the other side: its handshake began when ours was up, so it crosses nothing. */
static void a_peer_that_begins_anew_at_once(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE);
	struct oe_child child = bench_child(b, 0, LEVEL_DNS_SECURE);
	char expected[64];

	oe_child_up(b->oe, b->now, &child, &b->actions);
	bench_look(b);
	bench_forget(b);
	snprintf(expected, sizeof(expected), "drain child %llu replaced\n", (unsigned long long)child.child);
	child.initiator = true;
	child.began = b->now + SECONDS(1);
	child.ike_sa++;
	child.child += 10;
	bench_wait(b, SECONDS(2));
	oe_child_up(b->oe, b->now, &child, &b->actions);
	bench_look(b);
	assert_said(b, expected);
	assert_int_equal(bench_flow(b)->child, child.child);
	bench_end(b);
}

static void a_peer_is_faster(void **state)
{
	struct bench *b = bench_pending(CLASS_PRIVATE);
	char expected[64];

	snprintf(expected, sizeof(expected), "yield %llu\n", (unsigned long long)b->ike_sa);
	bench_child_up(b, 0, LEVEL_DNS_SECURE);
	assert_said(b, expected);
	bench_end(b);
}

static void a_peer_without_a_flow(void **state)
{
	struct bench *b = bench_of(CLASS_CLEAR_OR_PRIVATE);

	bench_child_up(b, 0, LEVEL_DNS_SECURE);
	bench_said(b, "NONE>KEYED oe-peer-started\n"
		      "put in ipsec 198.51.100.20/32>192.0.2.10/32\n"
		      "put out ipsec 192.0.2.10/32>198.51.100.20/32\n");
	bench_end(b);
}

static void a_peer_comes_while_dns_is_asked(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);

	bench_acquire(b, ALICE, BOB);
	bench_child_up(b, 0, LEVEL_DNS_SECURE);
	assert_said(b, "POTENTIAL>KEYED oe-peer-started\n");
	bench_forget(b);
	bench_answers(b, DNS_BOGUS, 0, false);
	bench_said(b, "");
	bench_end(b);
}

static void the_newest_child_serves(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE);
	uint64_t old = b->child;
	char expected[64];

	bench_child_up(b, 0, LEVEL_DNS_SECURE);
	snprintf(expected, sizeof(expected), "drain child %llu replaced\n", (unsigned long long)old);
	assert_said(b, "KEYED>KEYED replaced\n");
	assert_said(b, expected);
	/* The old one's end is not the pair's. */
	bench_forget(b);
	oe_child_down(b->oe, b->now, old, REASON_WE_DELETED, &b->actions);
	bench_look(b);
	bench_said(b, "");
	bench_end(b);
}

/* RFC 7619 3.3: who proved less does not take over. */
static void the_level_never_falls(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE_OR_CLEAR);
	char expected[64];

	bench_child_up(b, 0, LEVEL_NULL);
	snprintf(expected, sizeof(expected), "delete child %llu auth-method\n", (unsigned long long)b->child);
	bench_said(b, expected);
	assert_int_equal(bench_flow(b)->level, LEVEL_DNS_SECURE);
	bench_end(b);
}

/* ---- the end of a keyed pair ---- */

/* Whatever ends it, the template's trap is what is left: never nothing, never clear. */
static void the_end_is_the_trap(void **state)
{
	static const struct {
		enum reason reason;
		const char *expected;
	} cases[] = {
		{ REASON_PEER_DELETED, "KEYED>NONE peer-deleted\n" },
		{ REASON_LIVENESS, "KEYED>NONE liveness\n" },
		{ REASON_PEER_SILENT, "KEYED>NONE liveness\n" },
		{ REASON_EXPIRED, "KEYED>EXPIRED expired\n" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct bench *b = bench_keyed(CLASS_PRIVATE);

		bench_child_down(b, cases[i].reason);
		assert_said(b, cases[i].expected);
		assert_said(b, "remove in ipsec 198.51.100.20/32>192.0.2.10/32\n"
			       "remove out trap 192.0.2.10/32>198.51.100.20/32\n");
		assert_not_said(b, "pass");
		assert_not_said(b, "delete child");
		assert_true(!bench_flow(b) || bench_flow(b)->state == FLOW_EXPIRED);
		bench_end(b);
	}
}

static void traffic_before_the_delete_is_answered(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE);
	uint64_t old = b->child;

	b->plan.conns[0].serial = 99;
	b->plan.groups[0].conn = 99;
	bench_plan(b);
	assert_said(b, "KEYED>EXPIRED config\n");
	bench_forget(b);
	bench_acquire(b, ALICE, BOB);
	assert_said(b, "EXPIRED>POTENTIAL oe-acquire\n");
	assert_int_equal(bench_flow(b)->conn, 99);
	/* The old child finishes alone. */
	bench_forget(b);
	oe_child_down(b->oe, b->now, old, REASON_WE_DELETED, &b->actions);
	bench_look(b);
	bench_said(b, "");
	bench_end(b);
}

/* ---- classes, limits, reloads, the stop ---- */

static void classes_that_ask_nothing(void **state)
{
	static const struct {
		enum group_class group;
		const char *expected;
	} cases[] = {
		{ CLASS_CLEAR, "NONE>CLEAR oe-class-clear\nput out pass 192.0.2.10/32>198.51.100.20/32\n" },
		{ CLASS_CLEAR_OR_PRIVATE,
		  "NONE>CLEAR oe-class-passive\nput out pass 192.0.2.10/32>198.51.100.20/32\n" },
		{ CLASS_BLOCK, "NONE>DENY oe-class-block\nput out block 192.0.2.10/32>198.51.100.20/32\n" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct bench *b = bench_of(cases[i].group);

		bench_acquire(b, ALICE, BOB);
		bench_said(b, cases[i].expected);
		bench_end(b);
	}
}

static void too_many_at_once(void **state)
{
	static const enum group_class classes[] = { CLASS_PRIVATE_OR_CLEAR, CLASS_PRIVATE };

	for (size_t c = 0; c < ARRAY_LENGTH(classes); c++) {
		struct bench *b = bench_of(classes[c]);

		for (unsigned i = 0; i < LIMIT_FLOWS_TRYING; i++) {
			char text[ADDRESS_TEXT];

			snprintf(text, sizeof(text), "203.0.%u.%u", i >> 8, i & 255);
			bench_acquire(b, ALICE, text);
			bench_forget(b);
		}
		bench_acquire(b, ALICE, BOB);
		assert_said(b, c ? "NONE>DENY oe-limit\n" : "NONE>CLEAR oe-limit\n");
		assert_not_said(b, "ask");
		assert_int_equal(oe_count(b->oe).limits_hit, 1);
		assert_int_equal(oe_count(b->oe).flows, LIMIT_FLOWS_TRYING + 1);
		assert_int_equal(oe_count(b->oe).by_state[FLOW_POTENTIAL], LIMIT_FLOWS_TRYING);
		bench_end(b);
	}
}

static void nobody_asked_without_a_group(void **state)
{
	struct bench *b = bench_new();

	bench_entry(b, "203.0.113.0/24", bench_conn(b, CLASS_PRIVATE, AUTH_RSA, CONN_TRANSPORT));
	bench_start(b);
	bench_acquire(b, ALICE, BOB);
	bench_said(b, "");
	assert_true(oe_owns_reqid(b->oe, KERNEL_REQID_FIRST + 1));
	assert_false(oe_owns_reqid(b->oe, KERNEL_REQID_FIRST + 2));
	bench_end(b);
}

static void before_there_is_a_plan(void **state)
{
	struct oe *oe = oe_new(NULL);

	assert_non_null(oe);
	assert_false(oe_owns_reqid(oe, KERNEL_REQID_FIRST + 1));
	assert_int_equal(oe_deadline(oe), MSEC_NEVER);
	oe_discard(oe);
	oe_discard(NULL);
}

static void an_address_that_goes(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE);

	b->addresses.at[0] = b->addresses.default_v4 = ip("192.0.2.11");
	bench_plan(b);
	assert_said(b, "KEYED>EXPIRED oe-address-gone\n");
	/* The new address's template stands before the old one goes. */
	assert_said(b, "put out trap 192.0.2.11/32>0.0.0.0/0\n");
	assert_true(strstr(b->told, "put out trap 192.0.2.11") <
		    strstr(b->told, "remove out trap 192.0.2.10/32>0.0.0.0/0"));
	bench_end(b);
}

static void a_class_that_changes(void **state)
{
	struct bench *b = bench_pending(CLASS_PRIVATE);

	b->conns[0].group = b->groups[0].group = CLASS_CLEAR;
	bench_plan(b);
	assert_said(b, "PENDING>NONE config\n");
	assert_said(b, "abandon ");
	assert_null(bench_flow(b));
	bench_end(b);
}

static void an_unchanged_reload_changes_nothing(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE);

	bench_plan(b);
	bench_said(b, "");
	bench_end(b);
}

static void a_clean_stop(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE_OR_CLEAR);

	oe_stop(b->oe, b->now, &b->actions);
	bench_look(b);
	assert_said(b, "KEYED>EXPIRED stopping\n");
	assert_said(b, "delete child ");
	assert_said(b, "remove out trap 192.0.2.10/32>0.0.0.0/0\n");
	bench_forget(b);
	bench_acquire(b, ALICE, "203.0.113.1");
	bench_said(b, "");
	bench_end(b);
}

/* A gateway speaks for those behind it: the pair is theirs, the outer address is ours. */
static void a_gateway(void **state)
{
	struct bench *b = bench_new();
	struct conn *c = bench_conn(b, CLASS_PRIVATE, AUTH_RSA, CONN_TUNNEL);
	struct prefix client;

	assert_true(prefix_parse(&client, "10.77.1.0/24"));
	c->left.has_client = true;
	c->left.client = selector_of_prefix(&client);
	bench_entry(b, "0.0.0.0/0", c);
	bench_start(b);
	bench_acquire(b, "10.77.1.9", BOB);
	bench_answers(b, DNS_SECURE, HOURS(1), true);
	assert_said(b, "put out hold 10.77.1.9/32>198.51.100.20/32\n");
	assert_said(b, "connect 192.0.2.10>198.51.100.20 keys=1 dns-secure tunnel 30000ms\n");
	/* The next look at our addresses leaves the pair alone. */
	bench_forget(b);
	bench_plan(b);
	bench_said(b, "");
	bench_end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(happy_path_by_a_secure_key),
		cmocka_unit_test(used_pairs_stay),
		cmocka_unit_test(counters_of_others_move_nothing),
		cmocka_unit_test(no_record_falls_by_class),
		cmocka_unit_test(slow_dns_falls_by_class),
		cmocka_unit_test(half_an_answer),
		cmocka_unit_test(failed_dns_is_short),
		cmocka_unit_test(bogus_denies_both_classes),
		cmocka_unit_test(malformed_denies_the_permissive_too),
		cmocka_unit_test(insecure_keys),
		cmocka_unit_test(null_asks_no_dns),
		cmocka_unit_test(one_question_for_many_packets),
		cmocka_unit_test(short_lifespans_double),
		cmocka_unit_test(success_ends_the_doubling),
		cmocka_unit_test(refusals),
		cmocka_unit_test(a_bad_proof_denies),
		cmocka_unit_test(a_negotiation_ends),
		cmocka_unit_test(forged_hints_are_counted),
		cmocka_unit_test(an_attempt_that_cannot_begin),
		cmocka_unit_test(a_peer_replaces_clear_in_place),
		cmocka_unit_test(both_begin_at_once),
		cmocka_unit_test(both_begin_at_once_and_ours_is_closed),
		cmocka_unit_test(a_peer_that_begins_anew),
		cmocka_unit_test(a_peer_that_begins_anew_at_once),
		cmocka_unit_test(a_peer_is_faster),
		cmocka_unit_test(a_peer_without_a_flow),
		cmocka_unit_test(a_peer_comes_while_dns_is_asked),
		cmocka_unit_test(the_newest_child_serves),
		cmocka_unit_test(the_level_never_falls),
		cmocka_unit_test(the_end_is_the_trap),
		cmocka_unit_test(traffic_before_the_delete_is_answered),
		cmocka_unit_test(classes_that_ask_nothing),
		cmocka_unit_test(too_many_at_once),
		cmocka_unit_test(nobody_asked_without_a_group),
		cmocka_unit_test(before_there_is_a_plan),
		cmocka_unit_test(an_address_that_goes),
		cmocka_unit_test(a_class_that_changes),
		cmocka_unit_test(an_unchanged_reload_changes_nothing),
		cmocka_unit_test(a_clean_stop),
		cmocka_unit_test(a_gateway),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
