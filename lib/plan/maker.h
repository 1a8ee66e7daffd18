/*
 * A plan in the making: what the files of this folder share while plan_make runs. The plan owns all
 * texts and results from the first moment, so that giving up is one plan_discard and one maker_discard.
 */
#ifndef CYGNET_PLAN_MAKER_H
#define CYGNET_PLAN_MAKER_H

#include "words.h"

/* One keyword as written in a section. */
struct parameter {
	const struct word_row *row; /* NULL: also= */
	enum word_side side;
	char *value; /* owned */
	struct place at; /* of the keyword */
	unsigned value_column;
};

enum section_kind {
	SECTION_SETUP,
	SECTION_CONN,
	SECTION_DEFAULT, /* conn %default */
};

struct section {
	enum section_kind kind;
	char *name; /* owned; of a conn */
	struct place at;
	struct parameter *parameters; /* owned */
	size_t count, room;
	size_t visited; /* the connection for which also= led here last, counted from 1 */
	bool entered; /* also= is followed from here now */
	bool shared; /* another section refers to it by also= */
};

struct maker {
	struct plan *plan;
	const struct plan *previous; /* or NULL */
	struct plan_problems *problems;
	const struct plan_loader *loader;
	const struct plan_places *places;
	struct section *sections; /* owned */
	size_t section_count, section_room;
	size_t *by_name; /* owned: places of conn sections, sorted by name, then by appearance */
	size_t by_name_count;
	size_t *defaults, default_count; /* owned: places of conn %default, in order */
	size_t conn_number; /* of the connection that is being made, from 1 */
	const char *including[LIMIT_INCLUDE_DEPTH]; /* names of the texts being read, outermost first */
	size_t depth;
	size_t conn_room, group_room, secret_room, source_room;
};

/* Grows an array of items to hold one more; false, after complaining, without memory. */
MUST_USE bool maker_grow(struct maker *m, void **items, size_t count, size_t *room, size_t size);
void maker_discard(struct maker *m); /* not the plan */

/*
 * Loads the texts that match a pattern and hands each to read, which may come back here (includes).
 * Missing files are a warning; circles and too much depth are errors.
 */
struct source_request {
	const char *pattern, *includer; /* includer: NULL for the places of plan_places */
	enum plan_source_kind kind;
	struct place at; /* of the include */
	bool must; /* it is an error when there is none */
	void (*read)(struct maker *m, const struct plan_source *source, void *context);
	void *context;
};
void sources_read(struct maker *m, const struct source_request *request);

/* ipsec.conf into sections (parse.c). */
void config_read(struct maker *m, const struct plan_source *source, void *context);
/* The section of a connection's name, or NULL. Lends. */
struct section *section_find(struct maker *m, const char *name);
/* Sorts the sections for section_find and complains of names that are used twice. false: no memory. */
bool sections_sort(struct maker *m);

/* Sections into setup and connections (setup.c, conn.c). */
void setup_make(struct maker *m);
void conns_make(struct maker *m);
/* Checks and completes a draft whose keywords were all applied; false: it complained. */
bool draft_finish(struct maker *m, struct draft *draft, const char *name);

/* Applies one parameter to a draft (NULL: to the setup of the plan). */
bool parameter_apply(struct maker *m, const struct parameter *p, struct draft *draft);

/* ipsec.secrets and the group files. */
void secrets_read(struct maker *m, const struct plan_source *source, void *context);
void secrets_clear(struct plan *plan);
void groups_make(struct maker *m);
void groups_clear(struct plan *plan);

/* Serials of connections, and the indexes of the look-ups (serial.c). */
bool serials_give(struct maker *m);

/* Frees what a connection owns. */
void conn_clear(struct conn *conn);

#endif
