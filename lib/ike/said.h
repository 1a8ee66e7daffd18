/* What the kernel says of our SAs, and how a child ends by our side's doing (said.c). Inside lib/ike only. */
#ifndef CYGNET_IKE_SAID_H
#define CYGNET_IKE_SAID_H

#include "sa/context.h"

/* EVENT_EXPIRE, RESYNC, COUNTERS, MAPPING and KERNEL_FAILED. */
void said_by_kernel(struct ike_context *c, const struct event *event);

/*
 * A child ends by our side's doing. When it is the last one its IKE SA goes with it: one exchange instead of two. It
 * stays where something else is to come. Settles the IKE SA: child may be gone after it.
 */
void said_end_child(struct ike_context *c, struct child_sa *child, enum reason reason);

#endif
