/*
 * Policies that the kernel refused (for want of memory, say). What stands there instead may be nothing, and nothing means in
 * clear: so each is put again, ever more rarely, until the kernel takes it or nobody wants it any more.
 */
#ifndef CYGNET_NODE_REFUSED_H
#define CYGNET_NODE_REFUSED_H

#include "action.h"
#include "limits.h"

struct refused {
	struct refused_policy {
		struct kernel_policy policy;
		msec due; /* it is put again then, or was put and is taken for good then */
		bool put;
		unsigned tries;
	} at[LIMIT_REFUSED];
	size_t count;
};

/* Zeroed it is empty. The kernel refused a policy; one too many is dropped with an error in the log. */
void refused_note(struct refused *r, msec now, const struct kernel_policy *policy, struct actions *actions);
/* What the actions from `from` on put or remove is decided anew: no longer ours. */
void refused_look(struct refused *r, const struct actions *actions, size_t from);
/* Puts what is due. */
void refused_time(struct refused *r, msec now, struct actions *actions);
msec refused_deadline(const struct refused *r);

#endif
