/* Every cell of the opportunistic table (table.h): filled, explained, and within the invariants. */
#include "fixture.h"

static const struct oe_cell *at(unsigned s, unsigned e)
{
	return oe_cell((enum flow_state)s, (enum flow_event)e);
}

#define FOR_EACH_CELL(s, e, c)                             \
	for (unsigned s = 0; s < FLOW_STATES; s++)         \
		for (unsigned e = 0; e < FLOW_EVENTS; e++) \
			for (const struct oe_cell *c = at(s, e); c; c = NULL)

static void every_cell_is_filled(void **state)
{
	FOR_EACH_CELL(s, e, c)
	{
		if (c->sort == OE_ILLEGAL || !c->what || !c->what[0] || !c->source || !c->source[0])
			fail_msg("%s x %s is empty", flow_state_name((enum flow_state)s),
				 flow_event_name((enum flow_event)e));
	}
}

static void every_move_has_a_reason(void **state)
{
	FOR_EACH_CELL(s, e, c)
	{
		if (c->sort == OE_DO)
			assert_int_not_equal(c->reason, REASON_NONE);
	}
}

/* What only peers, the network or the kernel cause may come at any time. */
static void no_cell_is_never(void **state)
{
	assert_int_equal(oe_cells_count(OE_NEVER), 0);
	assert_int_equal(oe_cells_count(OE_ILLEGAL), 0);
	assert_int_equal(oe_cells_count(OE_DO) + oe_cells_count(OE_STAY) + oe_cells_count(OE_IGNORE),
			 FLOW_STATES * FLOW_EVENTS);
}

static void private_never_falls_open(void **state)
{
	FOR_EACH_CELL(s, e, c)
	{
		/* But an operator may say so, for one destination. */
		if (c->sort == OE_DO && e != E28_PIN_CLEAR)
			assert_int_not_equal(c->paranoid, FLOW_CLEAR);
	}
}

/* The one place where the permissive class is as strict as the other (draft 3.2.4, diagram A10). */
static void forged_answers_deny_both_classes(void **state)
{
	static const enum flow_event events[] = { E09_BOGUS, E10_MALFORMED, E11_WRONG_GATEWAY };

	for (size_t i = 0; i < ARRAY_LENGTH(events); i++) {
		assert_int_equal(at(FLOW_POTENTIAL, events[i])->permissive, FLOW_DENY);
		assert_int_equal(at(FLOW_AUTHTXT, events[i])->permissive, FLOW_DENY);
	}
	assert_int_equal(at(FLOW_PENDING, E18_BAD_PROOF)->permissive, FLOW_DENY);
}

/* The first diagram had these two the other way round. */
static void silence_is_short_and_refusal_is_normal(void **state)
{
	assert_int_equal(at(FLOW_PENDING, E14_SILENCE)->life, LIFE_SHORT);
	assert_int_equal(at(FLOW_PENDING, E16_UNPROVEN_REFUSAL)->life, LIFE_SHORT);
	assert_int_equal(at(FLOW_PENDING, E17_PROVEN_REFUSAL)->life, LIFE_NORMAL);
}

/* Nothing that anybody can forge moves a pair. */
static void hints_move_nothing(void **state)
{
	static const enum flow_event events[] = { E15_UNPROTECTED_REFUSAL, E19_ICMP, E20_UNKNOWN_SPI_HINT };

	for (unsigned s = 0; s < FLOW_STATES; s++) {
		for (size_t i = 0; i < ARRAY_LENGTH(events); i++)
			assert_int_not_equal(at(s, events[i])->sort, OE_DO);
	}
}

/* A state with a policy of the pair ends by itself; a keyed one is looked at. */
static void what_must_end_has_a_lifespan(void **state)
{
	FOR_EACH_CELL(s, e, c)
	{
		enum flow_state to[2] = { c->permissive, c->paranoid };

		for (int i = 0; c->sort == OE_DO && i < 2; i++) {
			if (to[i] != FLOW_NONE && c->reason != REASON_OE_PINNED)
				assert_int_not_equal(c->life, LIFE_NONE);
		}
	}
}

static void names_are_there_and_differ(void **state)
{
	for (unsigned s = 0; s < FLOW_STATES; s++) {
		for (unsigned t = 0; t < s; t++)
			assert_string_not_equal(flow_state_name((enum flow_state)s),
						flow_state_name((enum flow_state)t));
	}
	for (unsigned e = 0; e < FLOW_EVENTS; e++) {
		assert_string_not_equal(flow_event_name((enum flow_event)e), "?");
		for (unsigned t = 0; t < e; t++)
			assert_string_not_equal(flow_event_name((enum flow_event)e),
						flow_event_name((enum flow_event)t));
	}
	assert_string_equal(flow_event_name(E34_LIMIT), "E34 limit");
	assert_string_equal(flow_state_name(FLOW_EXPIRED), "EXPIRED");
	assert_string_equal(flow_state_name(FLOW_STATES), "?");
	assert_string_equal(flow_event_name(FLOW_EVENTS), "?");
	assert_string_equal(oe_sort_name((enum oe_sort)99), "?");
}

static void outside_the_table_is_never(void **state)
{
	assert_int_equal(at(FLOW_STATES, 0)->sort, OE_NEVER);
	assert_int_equal(at(0, FLOW_EVENTS)->sort, OE_NEVER);
}

/* Every event in every state: whatever the cell says happens, and the invariants hold after it. */
static void every_cell_can_happen(void **state)
{
	static const enum group_class classes[] = { CLASS_PRIVATE_OR_CLEAR, CLASS_PRIVATE };

	FOR_EACH_CELL(s, e, c)
	{
		for (size_t i = 0; i < ARRAY_LENGTH(classes); i++) {
			struct bench *b = bench_keyed(classes[i]);
			struct flow *f = bench_flow(b);
			enum flow_state to = classes[i] == CLASS_PRIVATE ? c->paranoid : c->permissive;
			bool there;

			/* A stage set by force: only the cell counts here. */
			b->oe->counts.by_state[f->state]--;
			b->oe->counts.by_state[s]++;
			f->state = (enum flow_state)s;
			b->oe->actions = &b->actions;
			there = flow_happens(b->oe, f, (enum flow_event)e);
			assert_int_equal(there, c->sort != OE_DO || to != FLOW_NONE);
			if (there)
				assert_int_equal(f->state, c->sort == OE_DO ? to : s);
			assert_int_equal(b->oe->flow_count, there);
			bench_end(b);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_filled),
		cmocka_unit_test(every_move_has_a_reason),
		cmocka_unit_test(no_cell_is_never),
		cmocka_unit_test(private_never_falls_open),
		cmocka_unit_test(forged_answers_deny_both_classes),
		cmocka_unit_test(silence_is_short_and_refusal_is_normal),
		cmocka_unit_test(hints_move_nothing),
		cmocka_unit_test(what_must_end_has_a_lifespan),
		cmocka_unit_test(names_are_there_and_differ),
		cmocka_unit_test(outside_the_table_is_never),
		cmocka_unit_test(every_cell_can_happen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
