/*
 * What an earlier run of ours left in the kernel, until it is replaced or of no use. Owned by the node, which shows it the
 * actions of each step: what is put in the same place needs no removal.
 */
#ifndef CYGNET_NODE_ADOPT_H
#define CYGNET_NODE_ADOPT_H

#include "action.h"

struct adopt;

/* Takes state in (frees it). NULL without memory, or when nothing was left: *failed tells which. */
struct adopt *adopt_new(struct kernel_state *state, bool *failed);
void adopt_discard(struct adopt *a); /* NULL is allowed */

/*
 * The next pair that is to be keyed anew, as if a packet had asked; false: no more. Each is told once, and only those that are
 * adopted: their reqid is a connection's of the plan.
 */
bool adopt_next(struct adopt *a, const struct plan *plan, struct kernel_acquire *acquire);

/*
 * The actions of a step, from an index on, before they are put in order: what would displace a policy that still carries
 * traffic is taken out and kept for later; what they replace is removed. plan: NULL before the first.
 */
void adopt_look(struct adopt *a, const struct plan *plan, msec now, size_t from, struct actions *actions);

/* Rows of what is left, for `show`. NULL is allowed. */
void adopt_report(const struct adopt *a, uint64_t command, struct actions *actions);

/* A clean stop: all of it goes. NULL is allowed. */
void adopt_end(struct adopt *a, struct actions *actions);

/* When adopt_look is to be called though nothing happened. MSEC_NEVER: no need; NULL is allowed. */
msec adopt_deadline(const struct adopt *a);
/* Whether nothing of it is left. */
bool adopt_is_over(const struct adopt *a);

#endif
