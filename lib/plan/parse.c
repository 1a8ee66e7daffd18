/*
 * ipsec.conf: lines into sections. A line that is not indented begins a section ("config setup",
 * "conn NAME") or includes other files; indented lines are its keywords. Which keyword means what is
 * none of this file's concern, but that it is known is: an unknown one is an error, one that has no
 * effect a warning, once, where it stands.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lex.h"
#include "maker.h"

/* Where the reading of one text stands. */
struct parse {
	struct maker *m;
	const struct plan_source *source;
	size_t section; /* in m->sections; SIZE_MAX: none */
	bool skipping; /* the section's head was wrong: its lines are passed over in silence */
};

static void complain_slice(struct parse *p, struct slice word, const char *expected, const char *what)
{
	char text[64];

	complain(
		p->m->problems,
		&(struct complaint){ .at = word.place, .word = slice_text(word, text), .expected = expected },
		"%s", what);
}

static bool section_begin(struct parse *p, enum section_kind kind, struct slice name, struct place at)
{
	struct maker *m = p->m;
	void *sections = m->sections;
	struct section s;

	memset(&s, 0, sizeof(s));
	s.kind = kind;
	s.at = at;
	if (!maker_grow(m, &sections, m->section_count, &m->section_room, sizeof(s)))
		return false;
	m->sections = sections;
	if (kind == SECTION_CONN) {
		s.name = slice_copy(name);
		if (!s.name) {
			complain_memory(m->problems);
			return false;
		}
	}
	p->section = m->section_count;
	m->sections[m->section_count++] = s;
	return true;
}

/* Takes the quotes off a word; false when they are not closed, or close before its end. */
static bool unquote(struct slice *word)
{
	const char *end;

	if (!word->len || word->at[0] != '"')
		return true;
	end = memchr(word->at + 1, '"', word->len - 1);
	if (!end || end != word->at + word->len - 1)
		return false;
	*word = slice_skip(*word, 1);
	word->len--;
	return true;
}

static bool name_is_fit(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.at[i];

		if (c <= 0x20 || c >= 0x7f || c == '"' || c == '\\')
			return false;
	}
	return name.len && name.len <= LIMIT_CONFIG_NAME;
}

static bool conn_begin(struct parse *p, struct slice rest, struct place at)
{
	struct slice name;

	if (!lex_word(&rest, &name) || rest.len) {
		complain_slice(p, rest, "one name",
			       rest.len ? "more than one name of a conn" : "conn has no name");
		return false;
	}
	if (!unquote(&name) || !name_is_fit(name)) {
		complain_slice(p, name, "up to 128 printable letters without space, quote or backslash",
			       "bad name of a conn");
		return false;
	}
	if (slice_is(name, "%default"))
		return section_begin(p, SECTION_DEFAULT, name, at);
	if (name.at[0] == '%') {
		complain_slice(p, name, "a name, or %default", "bad name of a conn");
		return false;
	}
	if (p->m->section_count >= LIMIT_CONNS) {
		complain_slice(p, name, NULL, "too many connections");
		return false;
	}
	return section_begin(p, SECTION_CONN, name, at);
}

static void include_read(struct parse *p, struct slice rest)
{
	struct source_request request = {
		.includer = p->source->name, .kind = SOURCE_CONFIG, .at = rest.place, .read = config_read
	};
	struct slice word;
	char *pattern;

	if (!lex_word(&rest, &word) || !unquote(&word) || !word.len || rest.len) {
		complain_slice(p, rest, "one file name or pattern", "bad include");
		return;
	}
	pattern = slice_copy(word);
	if (!pattern) {
		complain_memory(p->m->problems);
		return;
	}
	request.pattern = pattern;
	request.at = word.place;
	sources_read(p->m, &request);
	free(pattern);
}

/* A line that is not indented. It ends the section before it. */
static void head_read(struct parse *p, struct slice line)
{
	static const char *const heads[] = { "config", "conn", "include", "version" };
	struct nearest nearest;
	struct slice word, rest = line;
	char text[64];
	const struct word_row *row;
	enum word_side side;

	p->section = SIZE_MAX;
	p->skipping = false;
	if (!lex_word(&rest, &word))
		return;
	if (slice_is(word, "conn")) {
		p->skipping = !conn_begin(p, rest, line.place);
	} else if (slice_is(word, "config")) {
		p->skipping = !slice_is(rest, "setup") || !section_begin(p, SECTION_SETUP, rest, line.place);
		if (p->skipping)
			complain_slice(p, rest, "config setup", "unknown kind of config");
	} else if (slice_is(word, "include")) {
		include_read(p, rest);
	} else if (!slice_is(word, "version") && !(word.len > 1 && memcmp(word.at, "x-", 2) == 0)) {
		p->skipping = true;
		nearest = nearest_of(slice_text(word, text));
		for (size_t i = 0; i < ARRAY_LENGTH(heads); i++)
			nearest_try(&nearest, heads[i]);
		if (lex_split(line, '=', &word, &rest)) {
			slice_text(word, text);
			row = word_find(text, false, &side);
			complain_slice(p, word, "white space before it",
				       row || word_find(text, true, &side)
					       ? "keyword at the start of a line ends its section"
					       : "unknown word at the start of a line");
			return;
		}
		complain(p->m->problems,
			 &(struct complaint){ .at = word.place,
					      .word = text,
					      .expected = "config setup, conn NAME or include FILE",
					      .nearest = nearest.best },
			 "unknown section");
	}
}

/* Quotes, or braces around a list, are not part of a value. false: it complained. */
static bool value_read(struct parse *p, struct slice *value)
{
	char open = value->len ? value->at[0] : '\0';

	if (value->len > LIMIT_CONFIG_WORD) {
		value->len = 40;
		complain_slice(p, *value, "at most 8192 letters", "value is too long");
		return false;
	}
	if (open == '{') {
		if (memchr(value->at, '}', value->len) != value->at + value->len - 1) {
			complain_slice(p, *value, "} at its end", "list is not closed");
			return false;
		}
		*value = slice_skip(*value, 1);
		value->len--;
		*value = slice_trim(*value);
		return true;
	}
	if (!unquote(value)) {
		complain_slice(p, *value, "\" at its end", "quotes are not closed");
		return false;
	}
	if (open != '"' && value->len && memchr(value->at, '"', value->len)) {
		complain_slice(p, *value, "quotes around the whole value", "quote inside a value");
		return false;
	}
	return true;
}

/* Says once, where it stands, that a keyword does nothing here or must not be there. false: an error. */
static bool keyword_check(struct parse *p, const struct word_row *row, struct slice key, const char *value)
{
	char word[64];
	struct complaint c = { .warning = true, .at = key.place, .word = slice_text(key, word) };
	size_t len = strlen(value);

	if (row->status == WORD_IDLE || row->status == WORD_OBSOLETE)
		complain(p->m->problems, &c, "keyword has no effect here (%s):", row->meaning);
	if (row->status != WORD_REFUSED)
		return true;
	/* Asking for what we do anyhow is no fault. */
	for (const char *at = row->harmless; *at && len;) {
		size_t part = strcspn(at, " ");

		if (part == len && strncasecmp(at, value, len) == 0)
			return true;
		at += part + strspn(at + part, " ");
	}
	c.warning = false;
	complain(p->m->problems, &c, "keyword is refused (%s):", row->meaning);
	return false;
}

static bool is_also(const struct section *s, const char *key)
{
	return s->kind != SECTION_SETUP && strcasecmp(key, "also") == 0;
}

/* Finds the keyword; false: it complained. *row NULL: also=. */
static bool keyword_find(struct parse *p, const struct section *s, struct slice key,
			 const struct word_row **row, enum word_side *side)
{
	bool setup = s->kind == SECTION_SETUP;
	char text[64], near[64] = "";
	enum word_side other;

	*side = SIDE_NONE;
	*row = NULL;
	slice_text(key, text);
	if (is_also(s, text)) {
		if (s->kind != SECTION_DEFAULT)
			return true;
		complain_slice(p, key, "a conn with a name", "also= does not work in conn %default");
		return false;
	}
	*row = word_find(text, setup, side);
	if (*row)
		return true;
	if (word_find(text, !setup, &other)) {
		complain_slice(p, key, setup ? "it in a conn" : "it in config setup",
			       "keyword is in the wrong section");
		return false;
	}
	(void)!word_nearest(text, setup, near);
	complain(p->m->problems, &(struct complaint){ .at = key.place, .word = text, .nearest = near },
		 "unknown keyword");
	return false;
}

static void duplicate_check(struct parse *p, const struct section *s, const struct parameter *new,
			    struct slice key)
{
	char word[64];

	for (size_t i = 0; new->row &&i < s->count; i++) {
		const struct parameter *old = &s->parameters[i];

		if (!old->row || old->side != new->side || word_slot(old->row) != word_slot(new->row))
			continue;
		if (old->row == new->row)
			complain(p->m->problems,
				 &(struct complaint){
					 .warning = true, .at = key.place, .word = slice_text(key, word) },
				 "overrides line %u of the same section:", old->at.line);
		else
			complain_slice(p, key, "one public key", "second public key of the same end");
		return;
	}
}

/* An indented line: key = value. */
static void parameter_read(struct parse *p, struct slice line)
{
	struct section *s = &p->m->sections[p->section];
	struct parameter new;
	struct slice key, value;
	void *parameters = s->parameters;

	memset(&new, 0, sizeof(new));
	if (!lex_split(line, '=', &key, &value)) {
		complain_slice(p, line, "keyword=value", "line without =");
		return;
	}
	if (key.len > 1 && memcmp(key.at, "x-", 2) == 0)
		return;
	if (!keyword_find(p, s, key, &new.row, &new.side) || !value_read(p, &value))
		return;
	if (!value.len) {
		char word[64];

		complain(p->m->problems,
			 &(struct complaint){
				 .warning = true, .at = key.place, .word = slice_text(key, word) },
			 "keyword without a value has no effect:");
		return;
	}
	new.value = slice_copy(value);
	new.at = key.place;
	new.value_column = value.place.column;
	if (!new.value || !maker_grow(p->m, &parameters, s->count, &s->room, sizeof(new))) {
		complain_memory(p->m->problems);
		free(new.value);
		return;
	}
	s->parameters = parameters;
	if (new.row && !keyword_check(p, new.row, key, new.value)) {
		free(new.value);
		return;
	}
	duplicate_check(p, s, &new, key);
	s->parameters[s->count++] = new;
}

void config_read(struct maker *m, const struct plan_source *source, void *context)
{
	struct lex lex = lex_of(source->name, source->text, source->len, m->problems);
	struct parse p = { m, source, SIZE_MAX, false };
	struct lex_line line;

	while (lex_next(&lex, &line)) {
		if (line.broken && !line.indented) {
			p.section = SIZE_MAX;
			p.skipping = true;
		}
		if (line.broken)
			continue;
		if (!line.indented)
			head_read(&p, line.text);
		else if (p.section != SIZE_MAX)
			parameter_read(&p, line.text);
		else if (!p.skipping)
			complain_slice(&p, line.text, "config setup or conn NAME before it",
				       "line outside of a section");
	}
}
