/*
 * Deleting (RFC 7296 1.4.1): an ordinary exchange through the queue.
 *
 *   HDR, SK {D}  -->
 *                <--  HDR, SK {[D]}
 *
 * For the IKE SA: ESTABLISHED -> DELETING when queued, discarded when answered. The answering side goes to
 * DELETED and lingers. For Child SAs each side names its own inbound SPIs.
 */
#include "../sa/child_sa.h"
#include "../sa/packet.h"
#include "kinds.h"
#include "reader.h"

void delete_ike(struct ike_context *c, struct ike_sa *sa, enum reason reason)
{
	const struct ike_cell *cell = ike_sa_happens(c, sa, HAPPENED_DELETE_WANTED, reason);
	struct exchange *x;

	if (cell->sort == CELL_STAY) {
		sa->closing = true;
		return;
	}
	if (sa->state != IKE_DELETING)
		return;
	x = exchange_new(&kind_delete, sa, true);
	if (x) {
		x->reason = reason;
		exchange_begin(c, x, true);
	}
}

void delete_child(struct ike_context *c, struct ike_sa *sa, struct child_sa *child, enum reason reason)
{
	struct exchange *x;

	if (child->state != CHILD_INSTALLED)
		return;
	x = exchange_new(&kind_delete, sa, true);
	/* The kernel stops using it at once; what the peer must be told waits its turn in the queue. */
	child_sa_uninstall(c, sa, child, reason);
	if (!x)
		return;
	x->target = child->serial;
	x->reason = reason;
	exchange_begin(c, x, true);
}

static void write_delete_ike(struct build *b)
{
	struct writer *w = build_payload(b, PAYLOAD_D);

	writer_u8(w, PROTOCOL_IKE);
	writer_u8(w, 0);
	writer_u16(w, 0);
	build_end(b);
}

static void write_delete_esp(struct build *b, const uint32_t *spis, size_t count)
{
	struct writer *w = build_payload(b, PAYLOAD_D);

	writer_u8(w, PROTOCOL_ESP);
	writer_u8(w, 4);
	writer_u16(w, (uint16_t)count);
	for (size_t i = 0; i < count; i++)
		writer_u32(w, spis[i]);
	build_end(b);
}

static struct verdict delete_ask(struct ike_context *c, struct exchange *x)
{
	const struct child_sa *child = ike_sa_child(x->owner, x->target);
	struct packet p;

	packet_begin(&p, x);
	if (!x->target)
		write_delete_ike(&p.build);
	else if (child)
		write_delete_esp(&p.build, &child->spi_in, 1);
	if (!packet_finish(c, &p, x))
		return verdict_discard(REASON_MEMORY);
	x->to_send = true;
	return VERDICT_OK;
}

static struct verdict delete_conclude(struct ike_context *c, struct exchange *x, const struct message *m)
{
	struct ike_sa *sa = x->owner;

	if (x->target) {
		child_sa_discard(c, sa, ike_sa_child(sa, x->target), x->reason);
		return VERDICT_OK;
	}
	sa->confirmed = true;
	c->totals.deletes_confirmed++;
	ike_sa_happens(c, sa, HAPPENED_DELETE_ANSWERED, x->reason);
	return VERDICT_OK;
}

static void delete_abandon(struct ike_context *c, struct exchange *x, enum reason reason, uint16_t notify)
{
	struct ike_sa *sa = x->owner;
	char remote[ENDPOINT_TEXT];

	if (x->target) {
		child_sa_discard(c, sa, ike_sa_child(sa, x->target), reason);
		return;
	}
	c->totals.deletes_unanswered++;
	actions_note(c->actions, NOTE_WARNING, "#%llu: %s did not confirm the delete",
		     (unsigned long long)sa->serial, endpoint_print(&sa->remote, remote));
	if (reason != REASON_PEER_SILENT)
		ike_sa_happens(c, sa, HAPPENED_SILENCE, REASON_DELETE_UNANSWERED);
}

/* Takes the children that the peer names by its inbound SPIs, and collects ours for the answer. */
static bool delete_children(struct ike_context *c, struct ike_sa *sa, struct reader *r, unsigned count,
			    uint32_t *spis, size_t *spi_count)
{
	for (unsigned i = 0; i < count; i++) {
		struct child_sa *child = ike_sa_child_by_spi_out(sa, reader_u32(r));

		if (!reader_ok(r))
			return false;
		if (!child)
			continue;
		/* Crossing deletes: our request names it already, so the answer does not (1.4.1). */
		if (child->state == CHILD_INSTALLED && *spi_count < LIMIT_DELETE_SPIS) {
			spis[(*spi_count)++] = child->spi_in;
			child_sa_discard(c, sa, child, REASON_PEER_DELETED);
		}
	}
	return true;
}

/* Whether every D payload says what it holds: nothing is deleted by a message that is wrong further on (M2). */
static bool deletes_are_sound(const struct message *m)
{
	const struct payload *d;

	for (size_t i = 0; (d = message_find(m, PAYLOAD_D, i)) != NULL; i++) {
		struct reader r = reader_of(d->body);
		uint8_t protocol = reader_u8(&r), size = reader_u8(&r);
		uint16_t count = reader_u16(&r);

		if (!reader_ok(&r) || r.left != (size_t)size * count || count > LIMIT_DELETE_SPIS)
			return false;
		if (protocol == PROTOCOL_IKE ? size || count : size != 4)
			return false;
	}
	return true;
}

static struct verdict delete_answer(struct ike_context *c, struct exchange *x, const struct message *m)
{
	struct ike_sa *sa = x->owner;
	uint32_t spis[LIMIT_DELETE_SPIS];
	size_t spi_count = 0;
	const struct payload *d;
	bool whole = false;
	struct packet p;

	if (!deletes_are_sound(m))
		return verdict_refuse(REASON_MALFORMED, INVALID_SYNTAX);
	for (size_t i = 0; (d = message_find(m, PAYLOAD_D, i)) != NULL; i++) {
		struct reader r = reader_of(d->body);
		uint8_t protocol = reader_u8(&r);
		uint16_t count;

		reader_skip(&r, 1);
		count = reader_u16(&r);
		if (protocol == PROTOCOL_IKE)
			whole = true;
		else if (protocol == PROTOCOL_ESP && !delete_children(c, sa, &r, count, spis, &spi_count))
			return verdict_refuse(REASON_MALFORMED, INVALID_SYNTAX);
	}
	packet_begin(&p, x);
	if (spi_count && !whole)
		write_delete_esp(&p.build, spis, spi_count);
	if (!packet_finish(c, &p, x))
		return verdict_discard(REASON_MEMORY);
	if (whole) {
		/* A delete of ours that crosses this one needs no answer any more: both want the same. */
		if (sa->state == IKE_DELETING) {
			sa->confirmed = true;
			c->totals.deletes_confirmed++;
		}
		ike_sa_happens(c, sa, HAPPENED_DELETE_RECEIVED, REASON_PEER_DELETED);
	}
	return VERDICT_OK;
}

const struct exchange_kind kind_delete = {
	.name = "delete",
	.wire = INFORMATIONAL,
	.ask = delete_ask,
	.conclude = delete_conclude,
	.answer = delete_answer,
	.abandon = delete_abandon,
};
