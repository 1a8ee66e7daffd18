/* What an operator orders for a destination (docs/opportunistic.md 1.6, E28). */
#include "fixture.h"

static void order(struct bench *b, enum command_kind kind, const char *to)
{
	struct command c = { .number = 1, .kind = kind, .address = ip(to) };

	bench_forget(b);
	oe_command(b->oe, b->now, &c, &b->actions);
	bench_look(b);
}

static void pinned_in_clear(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE);

	bench_acquire(b, ALICE, BOB);
	bench_answers(b, DNS_SECURE, HOURS(1), false);
	assert_int_equal(bench_flow(b)->state, FLOW_DENY);
	/* The range refuses clear packets: the pin lets them in, too. */
	order(b, COMMAND_OE_PIN_CLEAR, BOB);
	assert_said(b, "DENY>CLEAR oe-pinned\n");
	assert_said(b, "put in pass 198.51.100.20/32>192.0.2.10/32\n");
	assert_said(b, "put out pass 192.0.2.10/32>198.51.100.20/32\n");
	assert_true(bench_flow(b)->until == MSEC_NEVER);
	bench_forget(b);
	bench_wait(b, HOURS(30));
	bench_said(b, "");
	order(b, COMMAND_OE_UNPIN, BOB);
	assert_said(b, "CLEAR>NONE operator\n");
	assert_said(b, "remove in ");
	assert_said(b, "remove out trap 192.0.2.10/32>198.51.100.20/32\n");
	assert_null(bench_flow(b));
	bench_end(b);
}

static void pinned_before_any_packet(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);

	order(b, COMMAND_OE_PIN_DENY, BOB);
	assert_said(b, "NONE>DENY oe-pinned\n");
	assert_said(b, "put out block 192.0.2.10/32>198.51.100.20/32\n");
	/* From one pin to the other. */
	order(b, COMMAND_OE_PIN_CLEAR, BOB);
	assert_said(b, "DENY>CLEAR oe-pinned\n");
	assert_not_said(b, "put in"); /* its range lets clear packets in */
	bench_end(b);
}

static void what_was_keyed_is_deleted(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE);

	order(b, COMMAND_OE_PIN_DENY, BOB);
	assert_said(b, "KEYED>DENY oe-pinned\n");
	assert_said(b, "remove in ipsec 198.51.100.20/32>192.0.2.10/32\n");
	assert_said(b, "delete child ");
	bench_end(b);
}

/* A pin is the operator's word against the peer, too, whatever it proves. */
static void nobody_else_ends_a_pin(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);
	struct identity id = { 0 };
	struct address local = ip(ALICE), remote = ip(BOB);

	order(b, COMMAND_OE_PIN_CLEAR, BOB);
	bench_forget(b);
	oe_peer_wanted(b->oe, b->now, 77, b->conns[0].serial, &id, false, &local, &remote, &b->actions);
	bench_look(b);
	assert_said(b, "answer 77 no oe-pinned");
	bench_child_up(b, 0, LEVEL_DNS_SECURE);
	assert_int_equal(bench_flow(b)->state, FLOW_CLEAR);
	assert_said(b, "delete child ");
	/* A reload that moves its range changes nothing; one that takes its group away ends it. */
	b->groups[0].group = b->conns[0].group = CLASS_PRIVATE;
	bench_plan(b);
	assert_int_equal(bench_flow(b)->state, FLOW_CLEAR);
	b->plan.group_count = 0;
	bench_plan(b);
	assert_null(bench_flow(b));
	bench_end(b);
}

static void begun_anew(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE_OR_CLEAR);

	bench_acquire(b, ALICE, BOB);
	bench_answers(b, DNS_INSECURE, HOURS(1), false);
	order(b, COMMAND_OE_INITIATE, BOB);
	assert_said(b, "CLEAR>NONE operator\n");
	assert_said(b, "NONE>POTENTIAL oe-acquire\n");
	assert_said(b, "ask " BOB_NAME " IPSECKEY\n");
	assert_int_equal(b->oe->flow_count, 1);
	bench_end(b);
	/* Where nothing is known of it: the same, from our own address. */
	b = bench_of(CLASS_PRIVATE);
	order(b, COMMAND_OE_INITIATE, BOB);
	assert_said(b, "NONE>POTENTIAL oe-acquire\n");
	assert_non_null(bench_flow(b));
	bench_end(b);
	/* What is keyed is closed, and asked for again. */
	b = bench_keyed(CLASS_PRIVATE);
	order(b, COMMAND_OE_INITIATE, BOB);
	assert_said(b, "KEYED>EXPIRED operator\n");
	assert_said(b, "EXPIRED>POTENTIAL oe-acquire\n");
	bench_end(b);
}

static void forgotten(void **state)
{
	struct bench *b = bench_pending(CLASS_PRIVATE);

	order(b, COMMAND_OE_FORGET, BOB);
	assert_said(b, "PENDING>NONE operator\n");
	assert_said(b, "abandon ");
	assert_null(bench_flow(b));
	order(b, COMMAND_OE_FORGET, BOB);
	assert_said(b, "status=6");
	bench_end(b);
}

static void no_group(void **state)
{
	struct bench *b = bench_new();

	bench_entry(b, "203.0.113.0/24", bench_conn(b, CLASS_PRIVATE, AUTH_RSA, CONN_TRANSPORT));
	bench_start(b);
	order(b, COMMAND_OE_PIN_CLEAR, BOB);
	assert_said(b, "status=6");
	assert_null(bench_flow(b));
	order(b, COMMAND_OE_UNPIN, BOB);
	assert_said(b, "status=6");
	bench_end(b);
}

static void lists_are_filtered(void **state)
{
	struct bench *b = bench_keyed(CLASS_PRIVATE_OR_CLEAR);
	static const struct {
		const char *state, *level;
		msec within;
		bool shown;
	} cases[] = { { "", "", 0, true },          { "keyed", "", 0, true },
		      { "CLEAR", "", 0, false },    { "", "dns-secure", 0, true },
		      { "", "null", 0, false },     { "KEYED", "dns-secure", SECONDS(60), true },
		      { "", "", SECONDS(1), false } };

	bench_wait(b, SECONDS(30));
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct command c = { .number = 1, .kind = COMMAND_OE_LIST, .within = cases[i].within };

		snprintf(c.state, sizeof(c.state), "%s", cases[i].state);
		snprintf(c.level, sizeof(c.level), "%s", cases[i].level);
		bench_forget(b);
		oe_list(b->oe, b->now, &c, &b->actions);
		bench_look(b);
		if (cases[i].shown)
			assert_said(b, "1 of 1 pairs");
		else
			assert_said(b, "0 of 1 pairs");
	}
	bench_end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pinned_in_clear),
		cmocka_unit_test(pinned_before_any_packet),
		cmocka_unit_test(what_was_keyed_is_deleted),
		cmocka_unit_test(nobody_else_ends_a_pin),
		cmocka_unit_test(begun_anew),
		cmocka_unit_test(forgotten),
		cmocka_unit_test(no_group),
		cmocka_unit_test(lists_are_filtered),
	};

	return cmocka_run_group_tests_name("oe/operator", tests, NULL, NULL);
}
