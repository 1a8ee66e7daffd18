/*
 * What a handler returns: what to do next, always with a reason. A handler never frees what it was
 * handed; the face (lib/ike/ike.c) applies the verdict after the handler has returned.
 */
#ifndef CYGNET_VERDICT_H
#define CYGNET_VERDICT_H

#include "reason.h"

enum verdict_kind {
	VERDICT_GO_ON, /* done with this step; the exchange moves on */
	VERDICT_WAIT, /* a job, or an answer from elsewhere, is awaited */
	VERDICT_REFUSED, /* a request: the error answer is in the parcel already */
	VERDICT_REFUSE, /* answer (or end) with the error notify */
	VERDICT_IGNORE, /* as if the message had not come */
	VERDICT_DISCARD, /* the IKE SA cannot go on */
};

struct verdict {
	enum verdict_kind kind;
	enum reason reason;
	uint16_t notify; /* VERDICT_REFUSE: the error type to send (RFC 7296 3.10.1); 0: none */
};

#define VERDICT_OK ((struct verdict){ VERDICT_GO_ON, REASON_OK, 0 })

static inline struct verdict verdict_wait(enum reason reason)
{
	return (struct verdict){ VERDICT_WAIT, reason, 0 };
}

static inline struct verdict verdict_refuse(enum reason reason, uint16_t notify)
{
	return (struct verdict){ VERDICT_REFUSE, reason, notify };
}

static inline struct verdict verdict_refused(enum reason reason)
{
	return (struct verdict){ VERDICT_REFUSED, reason, 0 };
}

static inline struct verdict verdict_ignore(enum reason reason)
{
	return (struct verdict){ VERDICT_IGNORE, reason, 0 };
}

static inline struct verdict verdict_discard(enum reason reason)
{
	return (struct verdict){ VERDICT_DISCARD, reason, 0 };
}

#endif
