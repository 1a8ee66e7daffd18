/* Lines and words with their places (lex.h). */
#include "lex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lex lex_of(const char *file, const char *text, size_t len, struct plan_problems *problems)
{
	struct lex lex = { { text, len, { file, 1, 1 } }, problems, false };

	/* A byte order mark is no part of the text. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		lex.rest.at += 3;
		lex.rest.len -= 3;
	}
	return lex;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

struct slice slice_skip(struct slice s, size_t n)
{
	if (n > s.len)
		n = s.len;
	s.at += n;
	s.len -= n;
	s.place.column += (unsigned)n;
	return s;
}

struct slice slice_trim(struct slice s)
{
	while (s.len && is_space(s.at[0]))
		s = slice_skip(s, 1);
	while (s.len && is_space(s.at[s.len - 1]))
		s.len--;
	return s;
}

bool slice_is(struct slice s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

char *slice_copy(struct slice s)
{
	char *copy = malloc(s.len + 1);

	if (copy) {
		if (s.len)
			memcpy(copy, s.at, s.len);
		copy[s.len] = '\0';
	}
	return copy;
}

const char *slice_text(struct slice s, char out[64])
{
	snprintf(out, 64, "%.*s", s.len > 63 ? 63 : (int)s.len, s.at);
	return out;
}

/* A comment begins with a '#' at the start of the line or after white space, but not inside quotes. */
static size_t length_without_comment(struct slice s, bool single_quotes)
{
	char quote = '\0';

	for (size_t i = 0; i < s.len; i++) {
		if (quote && s.at[i] == quote)
			quote = '\0';
		else if (!quote && (s.at[i] == '"' || (single_quotes && s.at[i] == '\'')))
			quote = s.at[i];
		if (s.at[i] == '#' && (i == 0 || (!quote && is_space(s.at[i - 1]))))
			return i;
	}
	return s.len;
}

/* Control characters would reach logs and scripts; a NUL would end a value early. */
static bool has_control(struct lex *lex, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f) {
			struct place at = s.place;

			at.column += (unsigned)i;
			complain(lex->problems, &(struct complaint){ .at = at, .expected = "printable text" },
				 "control character 0x%02x", c);
			return true;
		}
	}
	return false;
}

bool lex_next(struct lex *lex, struct lex_line *line)
{
	while (lex->rest.len) {
		struct slice s = lex->rest;
		const char *end = memchr(s.at, '\n', s.len);

		if (end)
			s.len = (size_t)(end - s.at);
		lex->rest = slice_skip(lex->rest, end ? s.len + 1 : s.len);
		lex->rest.place.line++;
		lex->rest.place.column = 1;
		if (s.len && s.at[s.len - 1] == '\r')
			s.len--;
		line->indented = s.len && is_space(s.at[0]);
		s.len = length_without_comment(s, lex->single_quotes);
		line->text = slice_trim(s);
		if (!line->text.len)
			continue;
		line->broken = has_control(lex, line->text);
		return true;
	}
	return false;
}

bool lex_word(struct slice *line, struct slice *word)
{
	size_t len = 0;

	*line = slice_trim(*line);
	if (!line->len)
		return false;
	if (line->at[0] == '"' || line->at[0] == '\'') {
		const char *end = memchr(line->at + 1, line->at[0], line->len - 1);

		len = end ? (size_t)(end - line->at) + 1 : line->len;
	} else {
		while (len < line->len && !is_space(line->at[len]))
			len++;
	}
	*word = *line;
	word->len = len;
	*line = slice_trim(slice_skip(*line, len));
	return true;
}

bool lex_split(struct slice text, char separator, struct slice *before, struct slice *rest)
{
	const char *at = text.len ? memchr(text.at, separator, text.len) : NULL;

	if (!at)
		return false;
	*before = text;
	before->len = (size_t)(at - text.at);
	*rest = slice_trim(slice_skip(text, before->len + 1));
	*before = slice_trim(*before);
	return true;
}
