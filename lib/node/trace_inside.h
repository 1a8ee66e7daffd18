/* The words of a trace's line, for the files that read it back. */
#ifndef CYGNET_NODE_TRACE_INSIDE_H
#define CYGNET_NODE_TRACE_INSIDE_H

#include "node.h"

/* A walk over " key=value" words; the line is cut in place. */
struct walk {
	char *rest;
	const char *key, *value; /* value: "" for a word without '=' */
};

bool trace_next(struct walk *w); /* false at the end */
bool trace_is(const struct walk *w, const char *key);
uint64_t trace_number(const struct walk *w);
MUST_USE bool trace_address(const struct walk *w, struct address *a);

/* trace_state.c: EVENT_KERNEL_STATE. *out is the caller's, also when it is wrong. */
MUST_USE /* One value of a policy. */
	bool
	trace_read_policy(const struct walk *w, struct kernel_policy *p);
bool trace_read_state(struct walk *w, struct kernel_state **out);

#endif
