/* Deadlines against the plainest model there is: an array that is searched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "deadlines.h"

#define NUMBERS 400

static msec model[NUMBERS];

static msec model_first(void)
{
	msec first = MSEC_NEVER;

	for (size_t i = 0; i < NUMBERS; i++)
		first = msec_earlier(first, model[i]);
	return first;
}

static uint64_t number_of(size_t i, unsigned pattern)
{
	/* Serials, numbers that differ in high bits only, and the two ends. */
	return pattern == 0 ? i : pattern == 1 ? (uint64_t)i << 55 | i >> 9 : UINT64_MAX - i;
}

static void agrees_with(const struct deadlines *d, unsigned pattern)
{
	uint64_t number = 0;
	msec first = deadlines_first(d, &number);
	bool found = false;

	assert_true(first == model_first());
	for (size_t i = 0; i < NUMBERS && !found; i++)
		found = model[i] == first && number_of(i, pattern) == number;
	assert_true(found || first == MSEC_NEVER);
	/* A heap that is wrong deep down shows its first only much later, so that it is looked at here. */
	for (size_t i = 1; i < d->count; i++)
		assert_true(d->heap[(i - 1) / 2].at <= d->heap[i].at);
}

/* Takes all out, earliest first, as the owner does. */
static void drains_in_order(struct deadlines *d, unsigned pattern)
{
	uint64_t number;

	while (deadlines_first(d, &number) != MSEC_NEVER) {
		agrees_with(d, pattern);
		for (size_t i = 0; i < NUMBERS; i++) {
			if (number_of(i, pattern) == number)
				model[i] = MSEC_NEVER;
		}
		deadlines_remove(d, number);
	}
	assert_true(model_first() == MSEC_NEVER);
}

static void agrees_with_the_model(void **state)
{
	for (unsigned pattern = 0; pattern < 3; pattern++) {
		struct deadlines d = { 0 };
		uint32_t seed = 12345 + pattern;

		for (size_t i = 0; i < NUMBERS; i++)
			model[i] = MSEC_NEVER;
		for (unsigned step = 0; step < 20000; step++) {
			size_t i = (seed = seed * 1664525 + 1013904223) >> 8 & 0xffff;
			unsigned what = (seed = seed * 1664525 + 1013904223) >> 24;
			msec at = (msec)((seed = seed * 1664525 + 1013904223) >> 20) - 1000;

			i %= NUMBERS;
			if (what < 90) {
				deadlines_remove(&d, number_of(i, pattern));
				at = MSEC_NEVER;
			} else if (what < 110) {
				at = MSEC_NEVER;
				assert_true(deadlines_set(&d, number_of(i, pattern), at));
			} else {
				assert_true(deadlines_set(&d, number_of(i, pattern), at));
			}
			model[i] = at;
			agrees_with(&d, pattern);
		}
		drains_in_order(&d, pattern);
		deadlines_discard(&d);
	}
}

static void many_come_out_in_order(void **state)
{
	struct deadlines d = { 0 };
	msec before = -1;
	uint64_t number;

	for (uint64_t i = 0; i < 50000; i++)
		assert_true(deadlines_set(&d, i, (msec)(i * 7919 % 50000)));
	for (size_t left = 50000; left; left--) {
		msec at = deadlines_first(&d, &number);

		assert_int_equal(at, (msec)(number * 7919 % 50000));
		assert_true(at >= before);
		before = at;
		deadlines_remove(&d, number);
		assert_int_equal(d.count, left - 1);
	}
	assert_true(deadlines_first(&d, NULL) == MSEC_NEVER);
	deadlines_discard(&d);
}

static void an_empty_one_is_valid(void **state)
{
	struct deadlines d = { 0 };
	uint64_t number = 77;

	assert_true(deadlines_first(&d, &number) == MSEC_NEVER);
	assert_int_equal(number, 77);
	deadlines_remove(&d, 5);
	assert_true(deadlines_set(&d, 5, MSEC_NEVER));
	assert_true(deadlines_first(&d, NULL) == MSEC_NEVER);
	deadlines_discard(&d);
	deadlines_discard(&d);
	assert_true(deadlines_set(&d, 5, 10));
	assert_true(deadlines_first(&d, &number) == 10);
	assert_int_equal(number, 5);
	deadlines_discard(&d);
}

static void a_number_has_one_instant(void **state)
{
	struct deadlines d = { 0 };

	assert_true(deadlines_set(&d, 1, 10) && deadlines_set(&d, 2, 20));
	assert_true(deadlines_set(&d, 1, 30));
	assert_int_equal(d.count, 2);
	assert_true(deadlines_first(&d, NULL) == 20);
	assert_true(deadlines_set(&d, 1, 5));
	assert_true(deadlines_first(&d, NULL) == 5);
	deadlines_remove(&d, 1);
	deadlines_remove(&d, 1);
	assert_true(deadlines_first(&d, NULL) == 20);
	deadlines_discard(&d);
}

/* Room that was reserved is not asked for again: setting, and moving what is full, needs no memory. */
static void reserved_room_is_kept(void **state)
{
	struct deadlines d = { 0 };
	const struct deadline *heap;

	assert_true(deadlines_reserve(&d, 1000));
	heap = d.heap;
	for (uint64_t i = 0; i < 1000; i++)
		assert_true(deadlines_set(&d, i, (msec)i));
	assert_true(d.heap == heap);
	for (uint64_t i = d.count; i < d.room; i++)
		assert_true(deadlines_set(&d, i, (msec)i));
	assert_true(deadlines_set(&d, 7, 2000));
	assert_true(d.heap == heap);
	assert_true(deadlines_first(&d, NULL) == 0);
	deadlines_discard(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_model), cmocka_unit_test(many_come_out_in_order),
		cmocka_unit_test(an_empty_one_is_valid), cmocka_unit_test(a_number_has_one_instant),
		cmocka_unit_test(reserved_room_is_kept),
	};
	return cmocka_run_group_tests_name("deadlines", tests, NULL, NULL);
}
