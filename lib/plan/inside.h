/*
 * What the rooms of lib/plan share: the keyword table, positions, the problems' writer, the plan being made.
 */
#ifndef CYGNET_PLAN_INSIDE_H
#define CYGNET_PLAN_INSIDE_H

#include "plan.h"

/* Where a word stands. */
struct place {
	const char *file;
	unsigned line, column;
};

/* One "key=value" line of a section. */
struct setting {
	char *key, *value; /* owned */
	unsigned line, key_column, value_column;
	const char *file; /* borrowed from the sources */
};

/* One section: "config setup" or "conn NAME". */
struct section {
	char *kind, *name; /* owned */
	struct setting *settings; /* owned */
	size_t count, room;
	const char *file;
	unsigned line;
	bool visiting; /* also= under way: finds loops */
};

struct making {
	struct plan *plan;
	const struct plan *previous;
	struct plan_problems *problems;
	const struct plan_loader *loader;
	struct section *sections; /* owned */
	size_t section_count, section_room;
	unsigned depth; /* of includes */
	enum plan_source_kind source_kind;
	const char *includer;
	uint32_t next_serial;
};

/* What a keyword's value is. */
enum value_kind {
	VALUE_TEXT,
	VALUE_BOOL,
	VALUE_NUMBER,
	VALUE_TIME,
	VALUE_WORD, /* one of the words in `words` */
	VALUE_HOST,
	VALUE_ID,
	VALUE_SUBNET,
	VALUE_PROTOPORT,
	VALUE_KEY_RSA,
	VALUE_KEY_ECDSA,
	VALUE_KEY_PEM,
	VALUE_CKAID,
	VALUE_AUTH,
	VALUE_AUTHBY,
	VALUE_IKE,
	VALUE_ESP,
	VALUE_TRIES,
	VALUE_ADDRESSES,
	VALUE_IGNORED, /* known, of no consequence here: a warning */
	VALUE_REFUSED, /* known, but leaving it out would be less safe than the file says: an error */
};

struct word_value {
	const char *word;
	int value;
};

struct keyword {
	const char *name; /* without left or right */
	const char *section; /* "conn" or "setup" */
	bool sided; /* written left... and right... */
	enum value_kind kind;
	size_t offset; /* of the field, in struct conn, struct end or struct setup */
	const struct word_value *words; /* VALUE_WORD: ended by NULL */
	const char *fallback; /* the default, for the manual */
	const char *meaning;
};

extern const struct keyword keywords[];
extern const size_t keyword_count;

/* The row of a keyword; *side is 'l', 'r' or 0. Aliases are followed. NULL: unknown. */
const struct keyword *keyword_find(const char *section, const char *key, char *side);
/* The keyword of the section that is spelled most alike, or NULL when none is near. */
const char *keyword_nearest(const char *section, const char *key, char room[64]);
/* The nearest of a list of words. */
const char *word_nearest(const struct word_value *words, const char *word);

/* Notes a problem; format says what is wrong. Later fields by plan_problem_last. */
struct plan_problem *problem(struct making *m, const struct place *at, bool warning, const char *word,
			     const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Reads a text into sections (config), following includes; keeps a copy among the plan's sources. */
bool parse_config(struct making *m, const char *name, const char *text, size_t len);
void sections_discard(struct making *m);
const struct section *section_find(const struct making *m, const char *kind, const char *name);

/* Applies one setting to its target (a conn, or the setup); problems are noted. */
void value_apply(struct making *m, const struct section *section, const struct setting *setting, struct conn *conn);
/* Suites of an ike= or esp= line; false when a problem was noted. */
bool suites_parse(struct making *m, const struct place *at, const char *text, bool ike, struct suite *suites,
		  size_t *count);
size_t suites_default(bool ike, struct suite *suites);

/* Secrets and groups of a text. */
bool parse_secrets(struct making *m, const char *name, const char *text, size_t len);
bool parse_group(struct making *m, const char *name, const char *text, size_t len);

bool keep_source(struct making *m, const char *name, const char *text, size_t len, enum plan_source_kind kind);
/* The copy of a name that lives as long as the plan. */
const char *kept_name(const struct making *m);

#endif
