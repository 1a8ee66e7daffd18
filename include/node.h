/*
 * The node: the daemon without hands. IKE and OE, the configured connections, and the translator between
 * them. The daemon runs one, the simulator runs many; both by the same two functions. It opens nothing,
 * reads no clock and starts no thread.
 *
 *   node      the daemon without hands
 *   event     what came in: packet, time, job done, acquire, expiry, DNS answer, command, plan, addresses
 *   action    what is to be done: send, start a job, resolve, install, remove, report, note
 *   exchange  one request and its answer in an IKE SA's window: the unit of work
 *   kind      what an exchange is for: a const row of functions (init, auth, delete, liveness ...)
 *   subject   the SA that an exchange makes, replaces or removes; owned by it while larval
 *   parcel    the finished packet octets of a request or answer, kept for sending again
 *   window    the numbered row of exchanges in one direction
 *   law       which payloads a message must, may and must not bear
 *   verdict   what a handler returns: go on, wait, refuse, ignore, discard; always with a reason
 *   flow      opportunism's unit: a pair of addresses and what is to become of it
 *   note      one log line, an action like any other
 */
#ifndef CYGNET_NODE_H
#define CYGNET_NODE_H

#include "action.h"

struct node;

/* Borrows crypto for its whole life. NULL without memory. */
struct node *node_new(const struct crypto *crypto);
void node_discard(struct node *node); /* sends nothing, removes nothing; NULL is allowed */

/*
 * One event in, actions appended. Adopts what the event owns, also when it is refused. The actions of
 * one step are in the safe order: install SAs, put policies, all else as it came, remove policies,
 * remove SAs.
 */
void node_step(struct node *node, msec now, struct event *event, struct actions *actions);

/* When to call again with EVENT_TIME though nothing came; MSEC_NEVER: no need. */
msec node_deadline(const struct node *node);

/* For the simulator's invariants and the tests. Lend. */
struct ike;
struct oe;
const struct ike *node_ike(const struct node *node);
const struct oe *node_oe(const struct node *node);
MUST_USE bool node_check(const struct node *node, msec now, char why[160]);

/*
 * Traces (lib/node/trace.c): one line an event or an action, so that a run can be written, compared and
 * replayed. A trace holds secrets (job results, shared secrets in the plan's texts): its reader is root.
 * Appends a malloc'ed text without its newline; NULL without memory.
 */
char *event_print(const struct event *event);
char *action_print(const struct action *action);
/*
 * Reads a line that event_print made; previous: the plan in force, so that connections keep their numbers.
 * room owns a packet's octets (the event borrows them). The caller discards the event, and frees addresses.
 */
MUST_USE bool event_parse(const char *line, struct event *event, const struct plan *previous,
			  struct blob *room, char why[160]);

/*
 * A tape: a provider that passes everything on to another, and writes down the random octets that it gave, or
 * (playing) gives the octets that were loaded. With it a step can be had again, octet for octet.
 */
struct tape {
	struct crypto crypto; /* lent to the node */
	const struct crypto *inner; /* borrowed */
	uint8_t *octets; /* owned */
	size_t used, room, at;
	bool playing;
	enum key_kind played_kind;
};

void tape_init(struct tape *t, const struct crypto *inner, bool playing);
void tape_rewind(struct tape *t); /* forgets what was written down: before each step */
MUST_USE bool tape_load(struct tape *t, struct bytes octets);
void tape_discard(struct tape *t);

#endif
