/* The table of collisions, cell by cell as RFC 7296 2.8 and 2.25 say, and the rule of the lowest nonce. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/ike/sa/collide.h"

#define LATER ANSWER_LATER
#define USUAL ANSWER_USUAL
#define EMPTY ANSWER_EMPTY

/* Rows: ours; columns: create child, rekey child, rekey IKE, delete child, delete IKE of the peer. */
static const struct {
	enum collide_class ours;
	enum collide_answer answer[5];
	enum collide_follow follow[5];
} rows[] = {
	{ COLLIDE_OTHER,
	  { USUAL, USUAL, USUAL, USUAL, USUAL },
	  { FOLLOW_NOTHING, FOLLOW_NOTHING, FOLLOW_NOTHING, FOLLOW_NOTHING, FOLLOW_FORGET } },
	{ COLLIDE_CREATE_CHILD,
	  { USUAL, USUAL, LATER, USUAL, USUAL },
	  { FOLLOW_NONCES, FOLLOW_NOTHING, FOLLOW_NOTHING, FOLLOW_NOTHING, FOLLOW_FORGET } },
	{ COLLIDE_REKEY_CHILD,
	  { USUAL, USUAL, LATER, USUAL, USUAL },
	  { FOLLOW_NOTHING, FOLLOW_NONCES, FOLLOW_NOTHING, FOLLOW_NOTHING, FOLLOW_FORGET } },
	{ COLLIDE_REKEY_IKE,
	  { LATER, LATER, USUAL, USUAL, USUAL },
	  { FOLLOW_NOTHING, FOLLOW_NOTHING, FOLLOW_NONCES, FOLLOW_NOTHING, FOLLOW_FORGET } },
	{ COLLIDE_DELETE_CHILD,
	  { USUAL, LATER, LATER, EMPTY, USUAL },
	  { FOLLOW_NOTHING, FOLLOW_NOTHING, FOLLOW_NOTHING, FOLLOW_NOTHING, FOLLOW_FORGET } },
	{ COLLIDE_DELETE_IKE,
	  { LATER, LATER, LATER, USUAL, USUAL },
	  { FOLLOW_NOTHING, FOLLOW_NOTHING, FOLLOW_NOTHING, FOLLOW_NOTHING, FOLLOW_FORGET } },
};

/* @rfc-test 7296-2.25.1-1 7296-2.25.1-2 7296-2.25.1-3 7296-2.25.1-4 7296-2.25.1-6 7296-2.25.2-1 */
/* @rfc-test 7296-2.25.2-2 7296-2.25.2-3 7296-2.25.2-4 7296-2.25.2-5 7296-2.25.2-6 */
static void cells_are_as_the_rfc_says(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		for (int k = 0; k < 5; k++) {
			const struct collision *c =
				collide(rows[i].ours, (enum collide_class)(COLLIDE_CREATE_CHILD + k));

			assert_int_equal(c->answer, rows[i].answer[k]);
			assert_int_equal(c->follow, rows[i].follow[k]);
		}
	}
}

static void handshakes_are_decided_by_addresses(void **state)
{
	assert_int_equal(collide(COLLIDE_INIT, COLLIDE_INIT)->follow, FOLLOW_ADDRESSES);
	assert_int_equal(collide(COLLIDE_INIT, COLLIDE_AUTH)->follow, FOLLOW_ADDRESSES);
	assert_int_equal(collide(COLLIDE_AUTH, COLLIDE_INIT)->follow, FOLLOW_ADDRESSES);
	assert_int_equal(collide(COLLIDE_AUTH, COLLIDE_AUTH)->follow, FOLLOW_ADDRESSES);
	for (int k = COLLIDE_CREATE_CHILD; k <= COLLIDE_DELETE_IKE; k++) {
		assert_int_equal(collide(COLLIDE_AUTH, (enum collide_class)k)->answer, USUAL);
		assert_int_equal(collide((enum collide_class)k, COLLIDE_INIT)->answer, USUAL);
	}
}

static void outside_is_empty(void **state)
{
	assert_int_equal(collide(COLLIDE_CLASSES, COLLIDE_OTHER)->answer, 0);
	assert_int_equal(collide(COLLIDE_OTHER, COLLIDE_CLASSES)->answer, 0);
	assert_string_equal(collide_class_name(COLLIDE_CLASSES), "?");
	assert_string_equal(collide_answer_name((enum collide_answer)9), "?");
	assert_string_equal(collide_follow_name((enum collide_follow)9), "?");
	assert_string_equal(collide_class_name(COLLIDE_REKEY_IKE), "rekey IKE");
	assert_string_equal(collide_answer_name(ANSWER_LATER), "TEMPORARY_FAILURE");
	assert_string_equal(collide_follow_name(FOLLOW_NONCES), "nonces decide");
}

/* @rfc-test 7296-2.8.1-4 */
static void the_lower_nonce(void **state)
{
	static const struct {
		const char *a, *b;
		bool lower;
	} pairs[] = {
		{ "abc", "abd", true },   { "abd", "abc", false },   { "abc", "abc", false },
		{ "ab", "abc", true },    { "abc", "ab", false },    { "b", "aaaa", false },
		{ "aaaa", "b", true },    { "", "a", true },         { "a", "", false },
		{ "\x7f", "\x80", true }, { "\xff", "\x01", false },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
		struct bytes a = bytes_of_text(pairs[i].a), b = bytes_of_text(pairs[i].b);

		assert_int_equal(collide_is_lower(a, b), pairs[i].lower);
		assert_ptr_equal(collide_lowest(a, b).at, pairs[i].lower || bytes_equal(a, b) ? a.at : b.at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_as_the_rfc_says),
		cmocka_unit_test(handshakes_are_decided_by_addresses),
		cmocka_unit_test(outside_is_empty),
		cmocka_unit_test(the_lower_nonce),
	};
	return cmocka_run_group_tests_name("collide", tests, NULL, NULL);
}
