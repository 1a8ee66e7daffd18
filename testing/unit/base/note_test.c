/* Text in a fixed buffer: cut where one sees it, escaped, never past its end. And the list of reasons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "note.h"
#include "reason.h"

static void text_is_appended(void **state)
{
	struct text t;

	text_clear(&t);
	assert_string_equal(t.at, "");
	text_add(&t, "%s %u", "a", 7u);
	text_add(&t, "%s", "");
	text_add(&t, "!");
	assert_string_equal(t.at, "a 7!");
	assert_int_equal(t.used, 4);
	assert_false(t.cut);
	text_clear(&t);
	assert_string_equal(t.at, "");
}

/* Every fill of the buffer, one octet at a time and at once. */
static void what_does_not_fit_is_cut_where_one_sees_it(void **state)
{
	struct text *t = malloc(sizeof(*t));
	char filler[LIMIT_NOTE_TEXT + 8];

	assert_non_null(t);
	for (size_t n = LIMIT_NOTE_TEXT - 8; n < sizeof(filler); n++) {
		memset(filler, 'x', sizeof(filler));
		filler[n] = '\0';
		text_clear(t);
		text_add(t, "%s", filler);
		assert_int_equal(t->cut, n >= LIMIT_NOTE_TEXT);
		assert_int_equal(strlen(t->at), t->used);
		assert_int_equal(t->used, n >= LIMIT_NOTE_TEXT ? LIMIT_NOTE_TEXT - 1 : n);
		if (t->cut)
			assert_string_equal(t->at + LIMIT_NOTE_TEXT - 4, "...");
		text_clear(t);
		for (size_t i = 0; i < n; i++)
			text_add(t, "%c", 'x');
		assert_int_equal(t->cut, n >= LIMIT_NOTE_TEXT);
		text_add(t, "more and more and more");
		assert_true(strlen(t->at) < sizeof(t->at));
		assert_true(t->cut);
	}
	free(t);
}

static void octets_of_strangers_are_escaped(void **state)
{
	struct text t;

	for (unsigned c = 0; c < 256; c++) {
		uint8_t octet = (uint8_t)c;
		char expected[8];

		text_clear(&t);
		text_add_escaped(&t, bytes_of(&octet, 1));
		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
			snprintf(expected, sizeof(expected), "%c", (int)c);
		else
			snprintf(expected, sizeof(expected), "\\x%02x", c);
		assert_string_equal(t.at, expected);
	}
}

static void long_strangers_stay_bounded_and_printable(void **state)
{
	uint8_t *octets = malloc(65536);
	struct text t;

	assert_non_null(octets);
	for (size_t i = 0; i < 65536; i++)
		octets[i] = (uint8_t)(i * 7);
	for (size_t n = 0; n <= 65536; n += n < 600 ? 1 : 8117) {
		text_clear(&t);
		text_add_escaped(&t, bytes_of(octets, n));
		assert_true(strlen(t.at) == t.used && t.used < sizeof(t.at));
		for (size_t i = 0; i < t.used; i++)
			assert_true(t.at[i] >= 0x20 && t.at[i] < 0x7f);
		text_clear(&t);
		text_add_hex(&t, bytes_of(octets, n));
		assert_int_equal(t.cut, 2 * n >= sizeof(t.at));
	}
	text_clear(&t);
	text_add_hex(&t, bytes_of("\x00\x7f\xff", 3));
	assert_string_equal(t.at, "007fff");
	free(octets);
}

static void levels_have_names(void **state)
{
	enum note_level level, back;

	for (level = NOTE_ERROR; level <= NOTE_DEBUG; level++) {
		back = (enum note_level)99;
		assert_true(note_level_parse(note_level_name(level), &back));
		assert_int_equal(back, level);
	}
	assert_string_equal(note_level_name((enum note_level)99), "?");
	assert_false(note_level_parse("", &back));
	assert_false(note_level_parse("Error", &back));
	assert_false(note_level_parse("infos", &back));
}

static void reasons_have_a_word_each(void **state)
{
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const char *word = reason_word((enum reason)i), *sentence = reason_sentence((enum reason)i);
		enum reason back;

		assert_true(reason_parse(word, &back));
		assert_int_equal(back, i); /* a word given twice would lead to the first */
		assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz-"), strlen(word));
		assert_true(strlen(word) > 0 && sentence[strlen(sentence) - 1] == '.');
	}
	assert_string_equal(reason_word(REASON_COUNT), "?");
	assert_string_equal(reason_sentence((enum reason) - 1), "?");
	assert_false(reason_parse("no such word", &(enum reason){ 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_appended),
		cmocka_unit_test(what_does_not_fit_is_cut_where_one_sees_it),
		cmocka_unit_test(octets_of_strangers_are_escaped),
		cmocka_unit_test(long_strangers_stay_bounded_and_printable),
		cmocka_unit_test(levels_have_names),
		cmocka_unit_test(reasons_have_a_word_each),
	};
	return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
