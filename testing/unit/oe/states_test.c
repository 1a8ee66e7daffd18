/*
 * Each state, come to as in life, and what may befall a pair in any of them: an operator, a reload, an address that goes or changes,
 * a peer that begins, a child of ours that comes late, a stop. The table says where it leads; the kernel's policies must follow.
 */
#include "fixture.h"

static struct bench *potential(enum group_class group)
{
	struct bench *b = bench_of(group);

	bench_acquire(b, ALICE, BOB);
	return b;
}

/* A gateway without a key: its own records are asked for. */
static struct bench *authtxt(enum group_class group)
{
	struct bench *b = potential(group);
	struct dns_answer *txt = answer_new(DNS_TXT, DNS_SECURE, HOURS(1));

	add_txt(txt, "X-IPsec-Server(10)=198.51.100.1");
	bench_resolved(b, answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1)));
	bench_resolved(b, txt);
	return b;
}

static struct bench *clear_or_deny(enum group_class group)
{
	struct bench *b = potential(group);

	bench_answers(b, DNS_SECURE, HOURS(1), false);
	return b;
}

static struct bench *expiring(enum group_class group)
{
	struct bench *b = clear_or_deny(group);

	bench_wait(b, MINUTES(15) / 2);
	bench_policy_use(b, true, 1);
	bench_wait(b, MINUTES(15) / 2);
	bench_policy_use(b, true, 2);
	return b;
}

static struct bench *expired(enum group_class group)
{
	struct bench *b = clear_or_deny(group);

	bench_wait(b, MINUTES(15));
	bench_policy_use(b, true, 0);
	return b;
}

static struct bench *bogus(enum group_class group)
{
	struct bench *b = potential(group);

	bench_answers(b, DNS_BOGUS, 0, false);
	return b;
}

static const struct {
	enum flow_state state;
	enum group_class group;
	struct bench *(*come)(enum group_class group);
} states[] = {
	{ FLOW_POTENTIAL, CLASS_PRIVATE_OR_CLEAR, potential },
	{ FLOW_POTENTIAL, CLASS_PRIVATE, potential },
	{ FLOW_AUTHTXT, CLASS_PRIVATE_OR_CLEAR, authtxt },
	{ FLOW_AUTHTXT, CLASS_PRIVATE, authtxt },
	{ FLOW_PENDING, CLASS_PRIVATE_OR_CLEAR, bench_pending },
	{ FLOW_PENDING, CLASS_PRIVATE, bench_pending },
	{ FLOW_KEYED, CLASS_PRIVATE_OR_CLEAR, bench_keyed },
	{ FLOW_KEYED, CLASS_PRIVATE, bench_keyed },
	{ FLOW_CLEAR, CLASS_PRIVATE_OR_CLEAR, clear_or_deny },
	{ FLOW_DENY, CLASS_PRIVATE, clear_or_deny },
	{ FLOW_DENY, CLASS_PRIVATE_OR_CLEAR, bogus },
	{ FLOW_EXPIRING, CLASS_PRIVATE_OR_CLEAR, expiring },
	{ FLOW_EXPIRING, CLASS_PRIVATE, expiring },
	{ FLOW_EXPIRED, CLASS_PRIVATE_OR_CLEAR, expired },
	{ FLOW_EXPIRED, CLASS_PRIVATE, expired },
};

static void order(struct bench *b, enum command_kind kind)
{
	struct command c = { .number = 1, .kind = kind, .address = ip(BOB) };

	oe_command(b->oe, b->now, &c, &b->actions);
	bench_look(b);
}

static void forget(struct bench *b)
{
	order(b, COMMAND_OE_FORGET);
}

static void pin_clear(struct bench *b)
{
	order(b, COMMAND_OE_PIN_CLEAR);
}

static void pin_deny(struct bench *b)
{
	order(b, COMMAND_OE_PIN_DENY);
}

static void change_class(struct bench *b)
{
	b->groups[0].group = b->conns[0].group = CLASS_CLEAR_OR_PRIVATE;
	bench_plan(b);
}

static void change_address(struct bench *b)
{
	b->addresses.at[0] = b->addresses.default_v4 = ip("192.0.2.99");
	bench_plan(b);
}

static void lose_address(struct bench *b)
{
	b->addresses.at[0] = b->addresses.at[1];
	b->addresses.default_v4 = (struct address){ .family = ADDRESS_NONE };
	b->addresses.count = 1;
	bench_plan(b);
}

static void stop(struct bench *b)
{
	oe_stop(b->oe, b->now, &b->actions);
	bench_look(b);
}

static void peer_begins(struct bench *b)
{
	bench_child_up(b, 0, LEVEL_DNS_SECURE);
}

static void ours_comes_late(struct bench *b)
{
	bench_child_up(b, bench_flow(b)->serial, LEVEL_DNS_SECURE);
}

static const struct {
	enum flow_event event;
	void (*happen)(struct bench *b);
} deeds[] = {
	{ E28_OPERATOR, forget },
	{ E28_PIN_CLEAR, pin_clear },
	{ E28_PIN_DENY, pin_deny },
	{ E29_CLASS_CHANGED, change_class },
	{ E30_ADDRESS_GONE, lose_address },
	{ E31_ADDRESS_CHANGED, change_address },
	{ E33_STOP, stop },
	{ E26_PEER_INITIATES, peer_begins },
	{ E13_CHILD_UP, ours_comes_late },
};

/* What stands for the pair in a state that decides. */
static enum kernel_policy_action stands_in(enum flow_state state)
{
	return state == FLOW_KEYED ? KERNEL_IPSEC : state == FLOW_CLEAR ? KERNEL_PASS : KERNEL_BLOCK;
}

static void each_deed_in_each_state(void **unused)
{
	for (size_t i = 0; i < ARRAY_LENGTH(states) * ARRAY_LENGTH(deeds); i++) {
		size_t s = i / ARRAY_LENGTH(deeds), d = i % ARRAY_LENGTH(deeds);
		struct bench *b = states[s].come(states[s].group);
		const struct oe_cell *cell = oe_cell(states[s].state, deeds[d].event);
		enum flow_state to = states[s].group == CLASS_PRIVATE ? cell->paranoid : cell->permissive;
		const struct flow *f = bench_flow(b);

		assert_non_null(f);
		assert_int_equal(f->state, states[s].state);
		/* What is only remembered ends by being forgotten. */
		if (states[s].state == FLOW_EXPIRED && deeds[d].event == E28_OPERATOR) {
			cell = oe_cell(FLOW_EXPIRED, E24_IDLE);
			to = FLOW_NONE;
		}
		bench_forget(b);
		deeds[d].happen(b);
		f = bench_flow(b);
		if (cell->sort != OE_DO) {
			assert_int_equal(f->state, states[s].state);
		} else if (to == FLOW_NONE) {
			assert_null(f);
		} else {
			assert_int_equal(f->state, to);
			if (to == FLOW_KEYED || to == FLOW_CLEAR || to == FLOW_DENY)
				assert_true(f->pair_policy && f->stands == stands_in(to));
			else
				assert_false(f->pair_policy);
		}
		bench_end(b);
	}
}

/* ---- a new life after the last one, by the class that is in force now ---- */

static void a_new_life_by_each_class(void **unused)
{
	static const struct {
		enum group_class group;
		enum auth_method auth;
		enum flow_state to;
	} cases[] = { { CLASS_CLEAR, AUTH_RSA, FLOW_CLEAR },
		      { CLASS_CLEAR_OR_PRIVATE, AUTH_RSA, FLOW_CLEAR },
		      { CLASS_BLOCK, AUTH_RSA, FLOW_DENY },
		      { CLASS_PRIVATE_OR_CLEAR, AUTH_NULL, FLOW_PENDING },
		      { CLASS_PRIVATE_OR_CLEAR, AUTH_RSA, FLOW_POTENTIAL } };

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct bench *b = expired(CLASS_PRIVATE_OR_CLEAR);

		b->groups[0].group = b->conns[0].group = cases[i].group;
		b->conns[0].left.auth = b->conns[0].right.auth = cases[i].auth;
		if (cases[i].auth == AUTH_NULL)
			b->conns[0].right.key_source = KEY_SOURCE_NONE;
		bench_plan(b);
		bench_acquire(b, ALICE, BOB);
		assert_int_equal(bench_flow(b)->state, cases[i].to);
		bench_end(b);
	}
}

/* Too many are being tried: what begins anew is decided shortly, and what is tried is not disturbed (law 3.6). */
static void too_many(void **unused)
{
	struct bench *b = expired(CLASS_PRIVATE_OR_CLEAR);
	char text[ADDRESS_TEXT];

	b->muted = true;
	for (unsigned i = 0; i < LIMIT_FLOWS_TRYING; i++) {
		snprintf(text, sizeof(text), "10.0.%u.%u", i / 256, i % 256);
		bench_acquire(b, ALICE, text);
	}
	bench_acquire(b, ALICE, BOB);
	assert_int_equal(bench_flow(b)->state, FLOW_CLEAR);
	assert_int_equal(bench_flow(b)->reason, REASON_OE_LIMIT);
	assert_int_equal(bench_flow(b)->until - b->now, SECONDS(60));
	assert_int_equal(b->oe->counts.by_state[FLOW_POTENTIAL], LIMIT_FLOWS_TRYING);
	bench_end(b);
}

/* ---- answers about the gateway's key, and answers to what was asked again ---- */

static void malformed(struct bench *b)
{
	struct dns_answer *txt = answer_new(DNS_TXT, DNS_SECURE, HOURS(1));

	add_txt(txt, "X-IPsec-Server(70000)=198.51.100.1 AQ");
	bench_resolved(b, answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1)));
	bench_resolved(b, txt);
}

static void impossible(struct bench *b)
{
	struct dns_answer *ipseckey = answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1));

	add_ipseckey(ipseckey, 10, ALICE, 1);
	bench_resolved(b, ipseckey);
	bench_resolved(b, answer_new(DNS_TXT, DNS_SECURE, HOURS(1)));
}

static void something_else(struct bench *b)
{
	struct dns_answer *txt = answer_new(DNS_TXT, DNS_SECURE, HOURS(1));

	add_txt(txt, "v=spf1 -all");
	bench_resolved(b, answer_new(DNS_IPSECKEY, DNS_SECURE, HOURS(1)));
	bench_resolved(b, txt);
}

static void failed(struct bench *b)
{
	bench_answers(b, DNS_FAILED, 0, false);
}

static void insecure(struct bench *b)
{
	bench_answers(b, DNS_INSECURE, HOURS(1), true);
}

static void answers_in_each_state(void **unused)
{
	static const struct {
		struct bench *(*come)(enum group_class group);
		enum group_class group;
		void (*answer)(struct bench *b);
		enum flow_state to;
		enum reason reason;
	} cases[] = {
		{ potential, CLASS_PRIVATE_OR_CLEAR, something_else, FLOW_CLEAR,
		  REASON_OE_NO_RECORD_INSECURE },
		{ potential, CLASS_PRIVATE, something_else, FLOW_DENY, REASON_OE_NO_RECORD_INSECURE },
		{ potential, CLASS_PRIVATE_OR_CLEAR, impossible, FLOW_DENY, REASON_OE_WRONG_GATEWAY },
		{ authtxt, CLASS_PRIVATE_OR_CLEAR, malformed, FLOW_DENY, REASON_OE_RECORD_MALFORMED },
		{ authtxt, CLASS_PRIVATE_OR_CLEAR, something_else, FLOW_CLEAR, REASON_OE_NO_RECORD_INSECURE },
		{ expiring, CLASS_PRIVATE_OR_CLEAR, malformed, FLOW_DENY, REASON_OE_RECORD_MALFORMED },
		{ expiring, CLASS_PRIVATE_OR_CLEAR, impossible, FLOW_DENY, REASON_OE_WRONG_GATEWAY },
		{ expiring, CLASS_PRIVATE_OR_CLEAR, something_else, FLOW_CLEAR,
		  REASON_OE_NO_RECORD_INSECURE },
		{ expiring, CLASS_PRIVATE_OR_CLEAR, failed, FLOW_CLEAR, REASON_OE_DNS_FAILED },
		{ expiring, CLASS_PRIVATE, failed, FLOW_DENY, REASON_OE_DNS_FAILED },
		{ expiring, CLASS_PRIVATE_OR_CLEAR, insecure, FLOW_PENDING, REASON_OE_NEGOTIATING },
		{ expiring, CLASS_PRIVATE, insecure, FLOW_DENY, REASON_OE_INSECURE_KEY },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct bench *b = cases[i].come(cases[i].group);

		cases[i].answer(b);
		assert_int_equal(bench_flow(b)->state, cases[i].to);
		assert_int_equal(bench_flow(b)->reason, cases[i].reason);
		bench_end(b);
	}
}

/* ---- what IKE says of the child of a pair that is over, or being keyed ---- */

static void the_end_of_a_dying_child(void **unused)
{
	static const enum reason reasons[] = { REASON_EXPIRED, REASON_LIVENESS, REASON_WE_DELETED };

	for (size_t i = 0; i < ARRAY_LENGTH(reasons); i++) {
		struct bench *b = bench_keyed(CLASS_PRIVATE);

		order(b, COMMAND_OE_FORGET);
		assert_int_equal(bench_flow(b)->state, FLOW_EXPIRED);
		bench_child_down(b, reasons[i]);
		assert_null(bench_flow(b));
		bench_end(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_deed_in_each_state),
		cmocka_unit_test(a_new_life_by_each_class),
		cmocka_unit_test(too_many),
		cmocka_unit_test(answers_in_each_state),
		cmocka_unit_test(the_end_of_a_dying_child),
	};

	return cmocka_run_group_tests_name("oe/states", tests, NULL, NULL);
}
