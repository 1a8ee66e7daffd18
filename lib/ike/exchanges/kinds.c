/* Which kind answers a request (kinds.h). */
#include "kinds.h"

/* CREATE_CHILD_SA is three exchanges in one: told apart by what stands in it (RFC 7296 1.3). */
/* @rfc 7296-1.3-1 7296-1.3.2-1 7296-1.3.3-1 */
static const struct exchange_kind *kind_of_create(const struct message *m)
{
	struct notify n;

	if (message_notify(m, REKEY_SA, &n))
		return &kind_rekey_child;
	return message_find(m, PAYLOAD_TSI, 0) || message_find(m, PAYLOAD_TSR, 0) ? &kind_create_child
										  : &kind_rekey_ike;
}

const struct exchange_kind *kind_of_request(const struct message *m)
{
	switch (m->header.exchange) {
	case IKE_SA_INIT:
		return &kind_init;
	case IKE_AUTH:
		return &kind_auth;
	case CREATE_CHILD_SA:
		return kind_of_create(m);
	case INFORMATIONAL:
		return message_find(m, PAYLOAD_D, 0) ? &kind_delete : &kind_liveness;
	default:
		return NULL;
	}
}
