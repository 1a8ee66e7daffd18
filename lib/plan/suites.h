/* ike= and esp=: texts of proposals into suites. Pure. */
#ifndef CYGNET_PLAN_SUITES_H
#define CYGNET_PLAN_SUITES_H

#include "problem.h"

/* What was wrong with a text of proposals. */
struct suite_fault {
	char word[64];
	char what[160];
	const char *nearest; /* static, or NULL */
	size_t offset; /* of the word in the text */
};

/*
 * Reads "CIPHER[-HASH][-GROUP]" proposals with commas between them; '+' joins alternatives of one place,
 * ';' stands before a group too. What is left out is filled with our defaults. Fills suites[CONN_SUITES];
 * on false they are unchanged and *fault says why.
 */
MUST_USE bool suites_read(const char *text, bool ike, struct suite *suites, size_t *count,
			  struct suite_fault *fault);

/* What we propose when nothing is configured. */
void suites_default(bool ike, struct suite *suites, size_t *count);

#endif
