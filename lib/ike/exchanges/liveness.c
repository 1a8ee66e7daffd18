/*
 * Asking for a sign of life (RFC 7296 2.4), and answering any INFORMATIONAL that asks for nothing that we
 * know: an empty answer. A peer that gives no sign is dead by the table (SILENCE).
 *
 *   HDR, SK {}  -->
 *               <--  HDR, SK {}
 */
#include "../sa/packet.h"
#include "kinds.h"

static struct verdict liveness_ask(struct ike_context *c, struct exchange *x)
{
	if (!packet_empty(c, x))
		return verdict_discard(REASON_MEMORY);
	x->to_send = true;
	return VERDICT_OK;
}

static struct verdict liveness_conclude(struct ike_context *c, struct exchange *x, const struct message *m)
{
	return VERDICT_OK;
}

static struct verdict liveness_answer(struct ike_context *c, struct exchange *x, const struct message *m)
{
	return packet_empty(c, x) ? VERDICT_OK : verdict_discard(REASON_MEMORY);
}

const struct exchange_kind kind_liveness = {
	.name = "liveness",
	.wire = INFORMATIONAL,
	.ask = liveness_ask,
	.conclude = liveness_conclude,
	.answer = liveness_answer,
};
