/*
 * The keywords: one table that the parser, the checker and the manual page share. A new keyword is one
 * row here and, if it needs one, a setter in set.c.
 */
#ifndef CYGNET_PLAN_WORDS_H
#define CYGNET_PLAN_WORDS_H

#include "problem.h"

enum word_place {
	PLACE_SETUP,
	PLACE_CONN,
	PLACE_END, /* written with left or right before it */
};

enum word_status {
	WORD_ACTS,
	WORD_IDLE, /* known, has no effect here: a warning */
	WORD_REFUSED, /* known; acting as if it were not there would weaken what the operator asked for: an error */
	WORD_OBSOLETE, /* libreswan ignores it too: a warning */
};

/* One word of a keyword that takes words. */
struct choice {
	const char *word;
	unsigned value;
	const char *refused; /* why this word is known but not accepted, or NULL */
};

/* What a connection is while its keywords are being applied; conn.c finishes it. */
struct draft {
	struct conn conn;
	enum auth_method authby; /* AUTH_DEFAULT: not given */
	bool type_given, start_given;
	struct place failure_at, start_at, at; /* of failureshunt, auto, and the section */
	bool refused; /* a keyword was wrong: what is missing then need not be said */
};

/* One keyword being applied. Borrows everything. */
struct setting {
	const struct word_row *row;
	const char *value;
	struct place at; /* of the value */
	void *base; /* struct setup, struct draft or struct end: where row->offset counts from */
	struct draft *draft; /* NULL for config setup */
	struct plan_problems *problems;
};

struct word_row {
	const char *name; /* without left or right; empty for left and right themselves */
	enum word_place place;
	enum word_status status;
	bool (*set)(struct setting *s); /* WORD_ACTS: false when it complained */
	size_t offset; /* of the field that set fills, where one setter serves many */
	const struct choice *choices;
	const char *expected; /* what a value looks like */
	const char *fallback; /* the default, for people */
	const char *meaning; /* WORD_REFUSED: why */
	const char *harmless; /* WORD_REFUSED: values, between spaces, that ask for nothing */
};

extern const struct word_row word_table[];
extern const size_t word_count;

enum word_side {
	SIDE_NONE,
	SIDE_LEFT,
	SIDE_RIGHT,
};

/*
 * The row of a keyword as written ("leftid", "right-ckaid", "keylife"), aliases resolved; NULL when there
 * is none in this section. *side says which end.
 */
const struct word_row *word_find(const char *name, bool setup, enum word_side *side);

/* The spelling nearest to a word in this section, in out; false when nothing is like it. */
MUST_USE bool word_nearest(const char *name, bool setup, char out[64]);

/* Rows that exclude each other share a slot (the three kinds of public key): what was given first counts. */
size_t word_slot(const struct word_row *row);

/* All other spellings, for the manual page: pairs of alias and name. */
struct word_alias {
	const char *alias, *name;
	bool setup;
};
extern const struct word_alias word_aliases[];
extern const size_t word_alias_count;

/* The setters (set.c, set_end.c, set_life.c). */
bool set_text(struct setting *s);
bool set_bool(struct setting *s);
bool set_seconds(struct setting *s); /* a bare number is seconds */
bool set_milliseconds(struct setting *s); /* a bare number is milliseconds */
bool set_two_seconds(struct setting *s); /* and the field after it */
bool set_choice(struct setting *s);
bool set_nothing(struct setting *s); /* a choice whose words have no effect of their own */
bool set_forwarders(struct setting *s);
bool set_authby(struct setting *s);
bool set_type(struct setting *s);
bool set_auto(struct setting *s);
bool set_failure_shunt(struct setting *s);
bool set_family(struct setting *s);
bool set_keyingtries(struct setting *s);
bool set_fuzz(struct setting *s); /* percent */
bool set_bytes(struct setting *s); /* with a binary suffix; 0: no limit */
bool set_packets(struct setting *s);
bool set_datagram(struct setting *s); /* octets, 16 bits */
bool set_liveness(struct setting *s); /* 0: never */
bool set_half_open(struct setting *s);
bool set_ike(struct setting *s);
bool set_esp(struct setting *s);
bool set_host(struct setting *s);
bool set_id(struct setting *s);
bool set_subnet(struct setting *s);
bool set_protoport(struct setting *s);
bool set_auth(struct setting *s);
bool set_rsa_key(struct setting *s);
bool set_public_key(struct setting *s);
bool set_ckaid(struct setting *s);
bool set_ike_port(struct setting *s);

/* Reads a list of authentication words and takes the first that we can do (authby, leftauth). */
bool read_authby(struct setting *s, enum auth_method *method);
/* Complains of the value of a setting. Returns false. */
bool setting_refuse(struct setting *s, const char *word, const char *what);

#endif
