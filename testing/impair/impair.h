/*
 * Named impairments: faults that a test asks for by name, put into what crosses the wall (event.h, action.h) and into
 * the provider of cryptography. One struct impair stands between a node and its world, in a scenario, in the simulator
 * and in the test build of the daemon (cygnetd-impair). The shipped daemon holds nothing of it (testing/tools/symbols).
 *
 * What they do is one table (table.c); docs/impairments.md is printed from it.
 */
#ifndef CYGNET_IMPAIR_H
#define CYGNET_IMPAIR_H

#include "action.h"

enum impair_kind {
	IMPAIR_FLOW, /* whole datagrams: dropped, held, doubled ... */
	IMPAIR_MESSAGE, /* one message is opened, changed, and sealed again */
	IMPAIR_INSIDE, /* jobs, kernel, DNS, clock, addresses, cryptography, memory */
	IMPAIR_SYSTEM, /* system calls: only in the test build of the daemon */
};

struct impair_row {
	const char *name;
	enum impair_kind kind;
	const char *form; /* its arguments */
	const char *does; /* one sentence */
};

/* The table; NULL after the last row. */
const struct impair_row *impair_row(size_t i);
const char *impair_kind_name(enum impair_kind kind);

/* A fault of the catalogue, and what provides it; NULL after the last. (catalogue.c) */
struct impair_fault {
	const char *list; /* "libreswan" or "ours" */
	const char *fault;
	const char *by; /* an impairment with its arguments, or NULL */
	const char *
		note; /* instead of an impairment: which command, keyword or step does it, or why it cannot be */
};
const struct impair_fault *impair_fault(size_t i);

struct impair;

/* Borrows inner for its whole life. NULL without memory. */
struct impair *impair_new(const struct crypto *inner);
void impair_discard(struct impair *im); /* NULL is allowed */
/* The provider for the node: inner, with the faults that are armed. Lends. */
const struct crypto *impair_crypto(const struct impair *im);

/*
 * Arms "NAME ARG... [N[-M]]": from now on, for the Nth to the Mth occasion (all of them without N). "off" disarms all,
 * "off NAME" one. False, with the reason, when it makes no sense.
 */
MUST_USE bool impair_arm(struct impair *im, msec now, const char *text, char why[160]);
/* How many occasions the impairments of that name took, since they were first armed. */
unsigned impair_met(const struct impair *im, const char *name);

/* Events that are to be fed instead of one: a packet's octets are in data, where it had to be copied. */
struct impair_fed {
	struct event event;
	struct blob data;
};

struct impair_events {
	struct impair_fed *at;
	size_t count, room;
};

/* Adopts what the event owns; what is due since earlier goes before it. */
void impair_event(struct impair *im, msec now, struct event *event, struct impair_events *in);
void impair_events_discard(struct impair_events *in); /* after they were fed */
/* Changes the actions of a step before they are carried out. */
void impair_actions(struct impair *im, msec now, struct actions *actions);

/* The node's time, when the world's is now: its clock may have been stepped. */
msec impair_now(const struct impair *im, msec now);
/* When something is to be fed, in the world's time, if the node waits for node_due in its own. */
msec impair_deadline(const struct impair *im, msec node_due);
/* The daemon was killed (die-after): it hears nothing more. */
bool impair_died(const struct impair *im);

/* Around each step of the node: only there allocations and system calls fail (alloc.c, system.c). */
void impair_step_begins(struct impair *im);
void impair_step_ends(struct impair *im);

#endif
