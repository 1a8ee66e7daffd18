/* Which kind answers a request (kinds.h), and the kind that refuses what we do not yet do. */
#include "kinds.h"

#include "../sa/packet.h"

/*
 * More children, and rekeying, are refused as RFC 7296 1.3 allows a minimal implementation to do: the peer
 * then makes a new IKE SA when this one's life ends.
 */
static struct verdict create_child_answer(struct ike_context *c, struct exchange *x, const struct message *m)
{
	return verdict_refuse(REASON_LIMIT, NO_ADDITIONAL_SAS);
}

const struct exchange_kind kind_create_child = {
	.name = "create-child",
	.wire = CREATE_CHILD_SA,
	.answer = create_child_answer,
};

const struct exchange_kind *kind_of_request(const struct message *m)
{
	switch (m->header.exchange) {
	case IKE_SA_INIT:
		return &kind_init;
	case IKE_AUTH:
		return &kind_auth;
	case CREATE_CHILD_SA:
		return &kind_create_child;
	case INFORMATIONAL:
		return message_find(m, PAYLOAD_D, 0) ? &kind_delete : &kind_liveness;
	default:
		return NULL;
	}
}
