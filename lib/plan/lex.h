/*
 * Lines and words of a configuration text, with their places. Knows no keyword: ipsec.conf,
 * ipsec.secrets and the group files are all read through it.
 */
#ifndef CYGNET_PLAN_LEX_H
#define CYGNET_PLAN_LEX_H

#include "problem.h"

/* A part of a text that somebody else owns. */
struct slice {
	const char *at;
	size_t len;
	struct place place;
};

struct lex {
	struct slice rest; /* what is still to be read; its place is that of the next line */
	struct plan_problems *problems;
	bool single_quotes; /* quote too (ipsec.secrets); else they are letters like others */
};

/* One line without its end, its comment and its surrounding space. */
struct lex_line {
	bool indented; /* began with a space or a tab */
	bool broken; /* was complained of: nothing of it is to be believed */
	struct slice text;
};

/* Borrows everything. */
struct lex lex_of(const char *file, const char *text, size_t len, struct plan_problems *problems);

/* The next line that holds something; false at the end of the text. */
MUST_USE bool lex_next(struct lex *lex, struct lex_line *line);

/* Takes the next word (up to white space, or a quoted one with its quotes) from a line; false when none is left. */
MUST_USE bool lex_word(struct slice *line, struct slice *word);

/* Takes what stands before the separator; *rest is what stands behind it. false: there is no separator. */
MUST_USE bool lex_split(struct slice text, char separator, struct slice *before, struct slice *rest);

struct slice slice_trim(struct slice s);
/* The part of s that begins n octets later. */
struct slice slice_skip(struct slice s, size_t n);
bool slice_is(struct slice s, const char *word);
/* A malloc'ed copy with NUL, or NULL. */
char *slice_copy(struct slice s);
/* A copy for messages, cut to what fits. Returns out. */
const char *slice_text(struct slice s, char out[64]);

#endif
