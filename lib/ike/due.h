/* What time brings to IKE SAs and their children (due.c). Inside lib/ike only. */
#ifndef CYGNET_IKE_DUE_H
#define CYGNET_IKE_DUE_H

#include "sa/context.h"

/* Runs all that is due; each IKE SA is settled afterwards. */
void due_run(struct ike_context *c);

/* After a handler: what its verdicts left to be done, and the deadline. sa may be NULL, and be gone after it. */
void due_settle(struct ike_context *c, struct ike_sa *sa);

/* The counters that a liveness check asked for. */
void due_counted(struct ike_context *c, struct child_sa *child, bool inbound, uint64_t octets);

#endif
