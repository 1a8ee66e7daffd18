/* The kernel policies of group entries, their priorities, and what a reload changes (templates.c, kernel.h). */
#include "fixture.h"

static void each_class_has_its_policies(void **state)
{
	static const struct {
		enum group_class group;
		const char *expected;
	} cases[] = {
		{ CLASS_CLEAR, "put out pass 192.0.2.10/32>203.0.113.0/24\n" },
		{ CLASS_CLEAR_OR_PRIVATE, "put out pass 192.0.2.10/32>203.0.113.0/24\n" },
		{ CLASS_PRIVATE_OR_CLEAR, "put out trap 192.0.2.10/32>203.0.113.0/24\n" },
		/* Clear packets from there are refused too. */
		{ CLASS_PRIVATE, "put in block 203.0.113.0/24>192.0.2.10/32\n"
				 "put fwd block 203.0.113.0/24>192.0.2.10/32\n"
				 "put out trap 192.0.2.10/32>203.0.113.0/24\n" },
		{ CLASS_BLOCK, "put in block 203.0.113.0/24>192.0.2.10/32\n"
			       "put fwd block 203.0.113.0/24>192.0.2.10/32\n"
			       "put out block 192.0.2.10/32>203.0.113.0/24\n" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct bench *b = bench_new();

		bench_entry(b, "203.0.113.0/24", bench_conn(b, cases[i].group, AUTH_RSA, CONN_TRANSPORT));
		bench_plan(b);
		bench_said(b, cases[i].expected);
		bench_end(b);
	}
}

static void families_go_by_the_entry(void **state)
{
	struct bench *b = bench_new();

	bench_entry(b, "2001:db8:b::/48", bench_conn(b, CLASS_PRIVATE_OR_CLEAR, AUTH_RSA, CONN_TRANSPORT));
	bench_plan(b);
	bench_said(b, "put out trap 2001:db8:a::10/128>2001:db8:b::/48\n");
	bench_end(b);
}

static void ports_and_protocols(void **state)
{
	struct bench *b = bench_new();

	bench_entry(b, "203.0.113.0/24", bench_conn(b, CLASS_CLEAR, AUTH_RSA, CONN_TRANSPORT));
	b->groups[0].protocol = 17;
	b->groups[0].destination_port = 53;
	bench_plan(b);
	bench_said(b, "put out pass 192.0.2.10/32;17>203.0.113.0/24;17/53\n");
	bench_end(b);
}

static size_t exemptions(struct bench *b)
{
	size_t count = 0;

	assert_true(oe_set_plan(b->oe, b->now, &b->plan, &b->addresses, &b->actions));
	for (size_t i = 0; i < b->actions.count; i++) {
		const struct action *a = &b->actions.at[i];

		if (a->kind != ACTION_POLICY_PUT || a->policy.priority >= KERNEL_PRIORITY_FIRST + 0x10000u)
			continue;
		assert_int_equal(a->policy.action, KERNEL_PASS);
		count++;
	}
	return count;
}

/* Loopback, link-local, multicast and broadcast each way, and what we send to ourselves. */
static void exemptions_stand_when_there_are_groups(void **state)
{
	struct bench *b = bench_new();

	assert_int_equal(exemptions(b), 0);
	bench_entry(b, "0.0.0.0/0", bench_conn(b, CLASS_PRIVATE, AUTH_RSA, CONN_TRANSPORT));
	assert_int_equal(exemptions(b), 7 * 4 + 2);
	bench_end(b);
}

static void a_reload_changes_only_what_changed(void **state)
{
	struct bench *b = bench_new();
	struct conn *c = bench_conn(b, CLASS_PRIVATE_OR_CLEAR, AUTH_RSA, CONN_TRANSPORT);
	struct conn *clear = bench_conn(b, CLASS_CLEAR, AUTH_RSA, CONN_TRANSPORT);

	bench_entry(b, "203.0.113.0/25", c);
	bench_entry(b, "203.0.113.128/25", c);
	bench_entry(b, "198.51.100.0/24", c);
	bench_start(b);
	/* One stays, one changes its class in place, one goes, one comes: the new before the old goes. */
	b->groups[1].group = CLASS_CLEAR;
	b->groups[1].conn = clear->serial;
	assert_true(prefix_parse(&b->groups[2].prefix, "100.64.0.0/10"));
	bench_plan(b);
	bench_said(b, "put out trap 192.0.2.10/32>100.64.0.0/10\n"
		      "put out pass 192.0.2.10/32>203.0.113.128/25\n"
		      "remove out trap 192.0.2.10/32>198.51.100.0/24\n");
	bench_plan(b);
	bench_said(b, "");
	bench_end(b);
}

/* Of two groups with one destination the safer stands, in whatever order the files came. */
static void the_safer_class_stands(void **state)
{
	for (int turn = 0; turn < 2; turn++) {
		struct bench *b = bench_new();
		struct conn *c[2];

		c[turn] = bench_conn(b, CLASS_PRIVATE, AUTH_RSA, CONN_TRANSPORT);
		c[!turn] = bench_conn(b, CLASS_CLEAR, AUTH_RSA, CONN_TRANSPORT);
		bench_entry(b, "203.0.113.0/24", c[0]);
		bench_entry(b, "203.0.113.0/24", c[1]);
		bench_plan(b);
		assert_said(b, "put out trap");
		assert_not_said(b, "pass");
		bench_end(b);
	}
}

static void a_stop_takes_all_away(void **state)
{
	struct bench *b = bench_of(CLASS_PRIVATE);

	assert_int_not_equal(b->oe->template_count, 0);
	oe_stop(b->oe, b->now, &b->actions);
	bench_look(b);
	assert_said(b, "remove in block 0.0.0.0/0>192.0.2.10/32\n");
	assert_said(b, "remove out trap 192.0.2.10/32>0.0.0.0/0\n");
	assert_int_equal(b->oe->template_count, 0);
	bench_end(b);
}

/* ---- priorities: a smaller number wins ---- */

static uint32_t priority(enum kernel_priority_kind kind, const char *src, const char *dst)
{
	struct selector s, d;

	assert_true(selector_parse(&s, src));
	assert_true(selector_parse(&d, dst));
	return kernel_priority(kind, &s, &d);
}

static void priorities(void **state)
{
	static const struct {
		enum kernel_priority_kind kind;
		const char *src, *dst;
	} order[] = {
		/* From the first that wins to the last. */
		{ KERNEL_PRIORITY_BUILTIN, "192.0.2.1/32", "192.0.2.2/32" },
		{ KERNEL_PRIORITY_BUILTIN, "0.0.0.0/0", "224.0.0.0/4" },
		{ KERNEL_PRIORITY_CONFIGURED, "192.0.2.1/32", "192.0.2.2/32;17/53" },
		{ KERNEL_PRIORITY_CONFIGURED, "192.0.2.1/32", "192.0.2.2/32" },
		{ KERNEL_PRIORITY_CONFIGURED, "0.0.0.0/0", "0.0.0.0/0" },
		{ KERNEL_PRIORITY_TEMPLATE, "192.0.2.1/32", "192.0.2.2/32;17/53" },
		{ KERNEL_PRIORITY_PAIR, "192.0.2.1/32", "192.0.2.2/32" },
		{ KERNEL_PRIORITY_TEMPLATE, "192.0.2.1/32", "192.0.2.2/32" },
		{ KERNEL_PRIORITY_TEMPLATE, "192.0.2.1/32", "192.0.2.0/24" },
		{ KERNEL_PRIORITY_TEMPLATE, "192.0.2.1/32", "0.0.0.0/0" },
		{ KERNEL_PRIORITY_TEMPLATE, "0.0.0.0/0", "0.0.0.0/0" },
	};

	for (size_t i = 1; i < ARRAY_LENGTH(order); i++) {
		uint32_t a = priority(order[i - 1].kind, order[i - 1].src, order[i - 1].dst);
		uint32_t b = priority(order[i].kind, order[i].src, order[i].dst);

		if (a >= b)
			fail_msg("%zu: %u is not before %u", i, a, b);
		assert_in_range(a, KERNEL_PRIORITY_FIRST, KERNEL_PRIORITY_LAST);
		assert_in_range(b, KERNEL_PRIORITY_FIRST, KERNEL_PRIORITY_LAST);
	}
	assert_true(priority(KERNEL_PRIORITY_PAIR, "2001:db8::1/128", "2001:db8::2/128") + 1 ==
		    priority(KERNEL_PRIORITY_TEMPLATE, "2001:db8::1/128", "2001:db8::2/128"));
	assert_in_range(priority(KERNEL_PRIORITY_TEMPLATE, "::/0", "::/0"), KERNEL_PRIORITY_FIRST,
			KERNEL_PRIORITY_LAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_class_has_its_policies),
		cmocka_unit_test(families_go_by_the_entry),
		cmocka_unit_test(ports_and_protocols),
		cmocka_unit_test(exemptions_stand_when_there_are_groups),
		cmocka_unit_test(a_reload_changes_only_what_changed),
		cmocka_unit_test(the_safer_class_stands),
		cmocka_unit_test(a_stop_takes_all_away),
		cmocka_unit_test(priorities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
