/* The window in both directions, with sizes 1 and 4, against a plain model (RFC 7296 2.2, 2.3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/ike/sa/exchange.h"
#include "lib/ike/sa/window.h"

/* @rfc-test 7296-2.2-3 7296-2.2-4 7296-2.3-2 */
static void one_request_at_a_time(void **state)
{
	struct window w;
	struct exchange a = { 0 }, b = { 0 };

	window_init(&w, 1);
	assert_true(window_has_room(&w));
	a.message_id = window_take(&w, &a);
	assert_int_equal(a.message_id, 0);
	assert_false(window_has_room(&w));
	assert_ptr_equal(window_awaiting(&w, 0), &a);
	assert_null(window_awaiting(&w, 1));
	window_release(&w, &a, 0);
	assert_null(window_awaiting(&w, 0));
	assert_true(window_has_room(&w));
	b.message_id = window_take(&w, &b);
	assert_int_equal(b.message_id, 1);
}

/* Of four, the oldest that still waits holds the window back: never five numbers in a row are out. */
/* @rfc-test 7296-2.3-5 */
static void the_oldest_holds_the_window_back(void **state)
{
	struct window w;
	struct exchange x[8];

	memset(x, 0, sizeof(x));
	window_init(&w, 4);
	for (int i = 0; i < 4; i++) {
		assert_true(window_has_room(&w));
		x[i].message_id = window_take(&w, &x[i]);
	}
	assert_false(window_has_room(&w));
	window_release(&w, &x[1], 1);
	window_release(&w, &x[2], 2);
	assert_false(window_has_room(&w));
	window_release(&w, &x[0], 0);
	assert_true(window_has_room(&w));
	x[4].message_id = window_take(&w, &x[4]);
	assert_int_equal(x[4].message_id, 4);
	assert_ptr_equal(window_awaiting(&w, 3), &x[3]);
	x[5].message_id = window_take(&w, &x[5]);
	x[6].message_id = window_take(&w, &x[6]);
	assert_false(window_has_room(&w));
}

/* Requests of a peer in random order, with repeats, against a model that remembers every number. */
/* @rfc-test 7296-2.1-4 7296-2.1-6 7296-2.3-7 7296-2.3-8 */
static void arrivals_are_placed_as_the_model_says(void **state)
{
	for (unsigned size = 1; size <= 4; size += 3) {
		struct exchange *of[256] = { NULL };
		struct window w;
		uint32_t lowest = 0, random = 7;

		window_init(&w, size);
		for (unsigned step = 0; step < 4000 && lowest < 200; step++) {
			struct exchange *holder, *old, *x;
			uint32_t number, least;
			enum window_place place;

			random = random * 1664525u + 1013904223u;
			number = lowest + (random >> 16) % (size + 3);
			number = number >= 2 ? number - 2 : 0;
			place = window_place(&w, number, &holder);
			least = lowest > size ? lowest - size : 0;
			if (of[number]) {
				/* a repeat, as long as its slot was not taken over */
				assert_true(place == WINDOW_REPEATED ? holder == of[number]
								     : number + size <= lowest + size);
				continue;
			}
			if (number < lowest || number >= lowest + size) {
				assert_int_equal(place, WINDOW_OUTSIDE);
				continue;
			}
			assert_true(number >= least);
			assert_int_equal(place, WINDOW_NEW);
			x = calloc(1, sizeof(*x));
			assert_non_null(x);
			x->step = EXCHANGE_ANSWERED;
			x->message_id = number;
			old = window_accept(&w, x, number);
			of[number] = x;
			if (old) {
				assert_int_equal(old->message_id, number - size);
				of[old->message_id] = x; /* answered long ago: only a mark */
				free(old);
			}
			while (lowest < 256 && of[lowest])
				lowest++;
			assert_int_equal(w.next, lowest);
		}
		assert_true(lowest > 100);
		for (unsigned i = 0; i < size; i++)
			free(w.slot[i]);
	}
}

/* While an answer is still being worked on, its slot is not given to the next request. */
static void a_slot_at_work_is_not_taken(void **state)
{
	struct window w;
	struct exchange first = { .step = EXCHANGE_WORKING }, *holder;

	window_init(&w, 1);
	assert_null(window_accept(&w, &first, 0));
	assert_int_equal(window_place(&w, 0, &holder), WINDOW_REPEATED);
	assert_int_equal(window_place(&w, 1, &holder), WINDOW_OUTSIDE);
	first.step = EXCHANGE_ANSWERED;
	assert_int_equal(window_place(&w, 1, &holder), WINDOW_NEW);
	assert_int_equal(window_place(&w, 2, &holder), WINDOW_OUTSIDE);
}

/* The number of what was never sent is given again; not when a later one is out. */
static void a_number_can_be_given_back(void **state)
{
	struct window w;
	struct exchange a = { 0 }, b = { 0 };

	window_init(&w, 4);
	a.message_id = window_take(&w, &a);
	assert_true(window_give_back(&w, &a));
	assert_int_equal(w.next, 0);
	assert_null(window_awaiting(&w, 0));
	a.message_id = window_take(&w, &a);
	assert_int_equal(a.message_id, 0);
	b.message_id = window_take(&w, &b);
	assert_false(window_give_back(&w, &a));
	assert_ptr_equal(window_awaiting(&w, 0), &a);
	assert_int_equal(w.next, 2);
	assert_true(window_give_back(&w, &b));
	assert_int_equal(w.next, 1);
}

static void numbers_do_not_run_over(void **state)
{
	struct window w;

	window_init(&w, 1);
	w.next = UINT32_MAX;
	assert_false(window_has_room(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_request_at_a_time),
		cmocka_unit_test(the_oldest_holds_the_window_back),
		cmocka_unit_test(arrivals_are_placed_as_the_model_says),
		cmocka_unit_test(a_slot_at_work_is_not_taken),
		cmocka_unit_test(a_number_can_be_given_back),
		cmocka_unit_test(numbers_do_not_run_over),
	};
	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
