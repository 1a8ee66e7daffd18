/*
 * Asking for a sign of life (RFC 7296 2.4), telling of an error (1.4, 2.21.3), and answering any INFORMATIONAL
 * that asks for nothing that we know: an empty answer. A peer that gives no sign is dead by the table (SILENCE).
 *
 *   HDR, SK {[N]}  -->
 *                  <--  HDR, SK {}
 */
#include "../sa/child_sa.h"
#include "../sa/packet.h"
#include "kinds.h"
#include "reader.h"

/* @rfc 7296-1.4-6 7296-2.4-7 */
static struct verdict empty_ask(struct ike_context *c, struct exchange *x)
{
	if (!packet_empty(c, x))
		return verdict_discard(REASON_MEMORY);
	x->to_send = true;
	return VERDICT_OK;
}

static struct verdict notify_ask(struct ike_context *c, struct exchange *x)
{
	if (!packet_notify(c, x, (uint16_t)x->target, BYTES_NONE))
		return verdict_discard(REASON_MEMORY);
	x->to_send = true;
	return VERDICT_OK;
}

static struct verdict any_conclude(struct ike_context *c, struct exchange *x, const struct message *m)
{
	return VERDICT_OK;
}

/* The peer has got ESP under an SPI that it does not know, and says so under the IKE SA: what it lacks is made anew. */
/* @rfc 7296-1.5-1 */
static void renew_lacking(struct ike_context *c, struct ike_sa *sa, const struct message *m)
{
	struct child_sa *child;
	struct notify n;
	struct reader r;

	if (!message_notify(m, INVALID_SPI, &n))
		return;
	r = reader_of(n.data);
	child = ike_sa_child_by_spi_out(sa, reader_u32(&r));
	if (reader_done(&r) && child && child->state == CHILD_INSTALLED)
		rekey_child_begin(c, sa, child, REASON_CHILD_NOT_FOUND);
}

/* @rfc 7296-1.4-4 7296-1.4-5 7296-2.21.4-12 7296-4-2 */
static struct verdict empty_answer(struct ike_context *c, struct exchange *x, const struct message *m)
{
	if (!packet_empty(c, x))
		return verdict_discard(REASON_MEMORY);
	renew_lacking(c, x->owner, m);
	return VERDICT_OK;
}

void liveness_begin(struct ike_context *c, struct ike_sa *sa, enum reason reason)
{
	struct exchange *x;

	/* Whatever is on the wire or waits for it is a question, too. */
	if (sa->queued || !window_has_room(&sa->ours))
		return;
	x = exchange_new(&kind_liveness, sa, true);
	if (!x)
		return;
	x->reason = reason;
	exchange_begin(c, x, false);
}

void informational_begin(struct ike_context *c, struct ike_sa *sa, uint16_t notify)
{
	struct exchange *x = exchange_new(&kind_informational, sa, true);

	if (!x)
		return;
	x->target = notify;
	exchange_begin(c, x, false);
}

const struct exchange_kind kind_liveness = {
	.name = "liveness",
	.wire = INFORMATIONAL,
	.ask = empty_ask,
	.conclude = any_conclude,
	.answer = empty_answer,
};

const struct exchange_kind kind_informational = {
	.name = "informational",
	.wire = INFORMATIONAL,
	.ask = notify_ask,
	.conclude = any_conclude,
};
