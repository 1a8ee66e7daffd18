/*
 * Collecting what is wrong with a configuration: every problem with its place, none twice, the first
 * PLAN_PROBLEMS kept. Words of the file are kept escaped and cut; a secret is never handed in as a word.
 */
#ifndef CYGNET_PLAN_PROBLEM_H
#define CYGNET_PLAN_PROBLEM_H

#include "plan.h"

/* A place in a text. The file's name is borrowed from the source, which lives as long as the plan. */
struct place {
	const char *file;
	unsigned line, column;
};

/* What is said about a word: all but the place may be NULL. Borrows everything. */
struct complaint {
	bool warning;
	struct place at;
	const char *word;
	const char *expected;
	const char *nearest;
};

/* Keeps the problem; the format says what is wrong in few words, without the word itself. */
void complain(struct plan_problems *problems, const struct complaint *c, const char *what, ...)
	__attribute__((format(printf, 3, 4)));

/* Says that memory ran out (an error, so that no plan results). */
void complain_memory(struct plan_problems *problems);

/* How many letters must be added, left out or changed to make one word of the other, regardless of case. */
unsigned spelling_distance(const char *a, const char *b);

/* Remembers the nearest word so far; a distance of more than a third of the word is no likeness. */
struct nearest {
	const char *word; /* what was written */
	const char *best; /* the nearest, or NULL; borrowed from nearest_try */
	unsigned distance;
};

struct nearest nearest_of(const char *word);
void nearest_try(struct nearest *n, const char *candidate);

#endif
