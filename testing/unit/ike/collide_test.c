/* The table of collisions, cell by cell as RFC 7296 2.8 and 2.25 say, and the rule of the lowest nonce. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/ike/sa/collide.h"

/*
 * Rows: ours; columns: of the peer, in the order of enum collide_class. U: answered as usual, L: TEMPORARY_FAILURE, E: empty;
 * -: nothing follows, n: nonces decide, a: addresses decide, f: ours is forgotten.
 */
static const struct {
	enum collide_class ours;
	const char *answer, *follow;
} rows[COLLIDE_CLASSES] = {
	{ COLLIDE_OTHER, "UUUUUUUU", "-----f--" },        { COLLIDE_CREATE_CHILD, "UUULUUUU", "-n---f--" },
	{ COLLIDE_REKEY_CHILD, "UUULUUUU", "--n--f--" },  { COLLIDE_REKEY_IKE, "ULLUUUUU", "---n-f--" },
	{ COLLIDE_DELETE_CHILD, "UULLEUUU", "-----f--" }, { COLLIDE_DELETE_IKE, "ULLLUUUU", "-----f--" },
	{ COLLIDE_INIT, "UUUUUUUU", "------af" },         { COLLIDE_AUTH, "UUUUUUUU", "------aa" },
};

static char letter_of_answer(enum collide_answer answer)
{
	return "?ULE"[answer];
}

static char letter_of_follow(enum collide_follow follow)
{
	return "?-naf"[follow];
}

/* @rfc-test 7296-2.25.1-1 7296-2.25.1-2 7296-2.25.1-3 7296-2.25.1-4 7296-2.25.1-6 7296-2.25.2-1 */
/* @rfc-test 7296-2.25.2-2 7296-2.25.2-3 7296-2.25.2-4 7296-2.25.2-5 7296-2.25.2-6 */
static void cells_are_as_the_rfc_says(void **state)
{
	for (size_t i = 0; i < COLLIDE_CLASSES; i++) {
		assert_int_equal(rows[i].ours, i);
		for (size_t k = 0; k < COLLIDE_CLASSES; k++) {
			const struct collision *c = collide(rows[i].ours, (enum collide_class)k);

			assert_int_equal(letter_of_answer(c->answer), rows[i].answer[k]);
			assert_int_equal(letter_of_follow(c->follow), rows[i].follow[k]);
		}
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
		cmocka_unit_test(outside_is_empty),
		cmocka_unit_test(the_lower_nonce),
	};
	return cmocka_run_group_tests_name("collide", tests, NULL, NULL);
}
