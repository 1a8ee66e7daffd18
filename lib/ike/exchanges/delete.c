/*
 * Deleting (RFC 7296 1.4.1): an ordinary exchange through the queue.
 *
 *   HDR, SK {D}  -->
 *                <--  HDR, SK {[D]}
 *
 * For the IKE SA: ESTABLISHED -> DELETING when queued, discarded when answered. The answering side goes to
 * DELETED and lingers. For Child SAs each side names its own inbound SPIs; one message names all whose delete is
 * wanted when it leaves.
 */
#include "../sa/child_sa.h"
#include "../sa/packet.h"
#include "kinds.h"
#include "making.h"
#include "reader.h"

/* @rfc 7296-1.4.1-9 7296-2.4-19 */
void delete_ike(struct ike_context *c, struct ike_sa *sa, enum reason reason)
{
	const struct ike_cell *cell;
	struct exchange *x;

	if (sa->forgotten && (sa->state == IKE_ESTABLISHED || sa->state == IKE_REKEYED)) {
		ike_sa_happens(c, sa, HAPPENED_SILENCE, REASON_INITIAL_CONTACT);
		return;
	}
	cell = ike_cell(sa->state, HAPPENED_DELETE_WANTED);
	x = cell->sort == CELL_DO && cell->next == IKE_DELETING ? exchange_new(&kind_delete, sa, true) : NULL;
	if (cell->sort == CELL_DO && cell->next == IKE_DELETING && !x) {
		/* Were it to go without a word, the peer would keep it. */
		sa->closing = true;
		ike_sa_again(c, sa);
		return;
	}
	ike_sa_happens(c, sa, HAPPENED_DELETE_WANTED, reason);
	if (cell->sort == CELL_STAY)
		sa->closing = true;
	if (!x)
		return;
	x->reason = reason;
	exchange_begin(c, x, true);
}

/* @rfc 7296-2.4-18 */
void delete_child(struct ike_context *c, struct child_sa *child, enum reason reason)
{
	struct child_sa *successor = child->state == CHILD_INSTALLED ? child_sa_successor(child) : NULL;
	struct ike_sa *sa = child->ike;

	if (successor && reason == REASON_EXPIRED)
		child_sa_take_over(c, successor);
	else if (successor)
		child_sa_happens(c, successor, CHILD_DELETE_WANTED, reason);
	/* What the peer has forgotten with its IKE SA needs no delete. */
	if (child_state_is_live(child->state))
		child_sa_happens(c, child, sa->forgotten ? CHILD_DELETE_RECEIVED : CHILD_DELETE_WANTED,
				 reason);
	delete_children_queue(c, sa);
}

/* A child that the peer is still to be told of. */
static bool is_unnamed(const struct child_sa *child)
{
	return (child->state == CHILD_DELETING || child->state == CHILD_RETIRING) && !child->named;
}

void delete_children_queue(struct ike_context *c, struct ike_sa *sa)
{
	struct list *pos, *next;
	struct exchange *x;
	bool any = false;

	LIST_FOR_EACH (pos, next, &sa->children)
		any = any || is_unnamed(LIST_ENTRY(pos, struct child_sa, link));
	/* What waits already will name it, too; a delete of the whole IKE SA names nothing and takes all. */
	if (!any || sa->state == IKE_DELETING || exchange_is_queued(sa, &kind_delete_children, 0))
		return;
	x = exchange_new(&kind_delete_children, sa, true);
	if (x)
		exchange_begin(c, x, true);
	else
		ike_sa_again(c, sa);
}

/* @rfc 7296-3.11-1 7296-3.11-3 */
static void write_delete_ike(struct build *b)
{
	struct writer *w = build_payload(b, PAYLOAD_D);

	writer_u8(w, PROTOCOL_IKE);
	writer_u8(w, 0);
	writer_u16(w, 0);
	build_end(b);
}

/* @rfc 7296-3.11-1 7296-3.11-2 */
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

/* ---- we ask ---- */

static struct verdict delete_ask(struct ike_context *c, struct exchange *x)
{
	struct packet p;

	packet_begin(&p, x);
	write_delete_ike(&p.build);
	if (!packet_finish(c, &p, x))
		return verdict_discard(REASON_MEMORY);
	x->to_send = true;
	return VERDICT_OK;
}

static struct verdict delete_conclude(struct ike_context *c, struct exchange *x, const struct message *m)
{
	struct ike_sa *sa = x->owner;

	sa->confirmed = true;
	c->totals.deletes_confirmed++;
	ike_sa_happens(c, sa, HAPPENED_DELETE_ANSWERED, x->reason);
	return VERDICT_OK;
}

static void delete_abandon(struct ike_context *c, struct exchange *x, enum reason reason, uint16_t notify)
{
	struct ike_sa *sa = x->owner;
	char remote[ENDPOINT_TEXT];

	c->totals.deletes_unanswered++;
	actions_note(c->actions, NOTE_WARNING, "#%llu: %s did not confirm the delete",
		     (unsigned long long)sa->serial, endpoint_print(&sa->remote, remote));
	if (reason != REASON_PEER_SILENT)
		ike_sa_happens(c, sa, HAPPENED_SILENCE, REASON_DELETE_UNANSWERED);
}

/* The message that names them leaves. */
static void name_them(const struct exchange *x, const uint32_t *spis, size_t count)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &x->owner->children) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		for (size_t i = 0; i < count; i++) {
			if (child->spi_in != spis[i] || !is_unnamed(child))
				continue;
			child->named = true;
			child->delete_id = x->message_id;
			break;
		}
	}
}

/* @rfc 7296-1.4.1-2 7296-1.4.1-3 7296-1.4.1-5 */
static struct verdict children_ask(struct ike_context *c, struct exchange *x)
{
	uint32_t spis[LIMIT_DELETE_SPIS];
	struct list *pos, *next;
	size_t count = 0;
	struct packet p;

	LIST_FOR_EACH (pos, next, &x->owner->children) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		if (!is_unnamed(child) || count == LIMIT_DELETE_SPIS)
			continue;
		spis[count++] = child->spi_in;
	}
	/* The peer's own deletes came first. */
	if (!count)
		return verdict_discard(REASON_REPLACED);
	packet_begin(&p, x);
	write_delete_esp(&p.build, spis, count);
	if (!packet_finish(c, &p, x))
		return verdict_discard(REASON_MEMORY);
	name_them(x, spis, count);
	x->to_send = true;
	return VERDICT_OK;
}

/* Those that the message named are deleted at the peer; or it is not to be asked any more. */
static void children_answered(struct ike_context *c, struct exchange *x, enum reason reason)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &x->owner->children) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		if (child->named && child->delete_id == x->message_id &&
		    (child->state == CHILD_DELETING || child->state == CHILD_RETIRING))
			child_sa_happens(c, child, CHILD_DELETE_ANSWERED, reason);
	}
}

static struct verdict children_conclude(struct ike_context *c, struct exchange *x, const struct message *m)
{
	children_answered(c, x, REASON_WE_DELETED);
	/* More than one message could name. */
	delete_children_queue(c, x->owner);
	return VERDICT_OK;
}

static void children_abandon(struct ike_context *c, struct exchange *x, enum reason reason, uint16_t notify)
{
	children_answered(c, x, REASON_DELETE_UNANSWERED);
}

/* ---- they ask ---- */

/* One of ours that the peer names: whether our answer is to name it, too (1.4.1, 2.25.1). */
/* @rfc 7296-1.4.1-6 7296-1.4.1-7 7296-1.4.1-8 7296-2.25.1-3 7296-2.25.1-4 */
static bool take_one(struct ike_context *c, struct child_sa *child)
{
	struct child_sa *successor = child->state == CHILD_INSTALLED ? child_sa_successor(child) : NULL;
	bool deleted = child->state == CHILD_DRAINING || child->state == CHILD_GONE;
	enum collide_class ours = child->named ? COLLIDE_DELETE_CHILD : COLLIDE_OTHER;

	/* The peer deletes what it replaced: so it has what came in its place. */
	if (successor)
		child_sa_take_over(c, successor);
	child_sa_happens(c, child, CHILD_DELETE_RECEIVED, REASON_PEER_DELETED);
	return !deleted && collide(ours, COLLIDE_DELETE_CHILD)->answer == ANSWER_USUAL;
}

/* Takes the children that the peer names by its inbound SPIs, and collects ours for the answer. */
/* @rfc 7296-1.4.1-4 7296-2.25.1-5 */
static bool delete_children(struct ike_context *c, struct ike_sa *sa, struct reader *r, unsigned count,
			    uint32_t *spis, size_t *spi_count)
{
	for (unsigned i = 0; i < count; i++) {
		uint32_t spi = reader_u32(r);
		struct child_sa *child = ike_sa_child_by_spi_out(sa, spi);

		if (!reader_ok(r))
			return false;
		if (!child)
			making_note_gone(sa, spi);
		if (!child || *spi_count == LIMIT_DELETE_SPIS)
			continue;
		if (take_one(c, child))
			spis[(*spi_count)++] = child->spi_in;
	}
	return true;
}

/* Whether every D payload says what it holds: nothing is deleted by a message that is wrong further on (M2). */
/* @rfc 7296-3.11-1 7296-3.11-2 7296-3.11-3 7296-3.11-4 */
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

/* @rfc 7296-1.4.1-1 7296-1.4.1-10 7296-2.25.2-4 7296-2.25.2-6 */
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
	if (whole) {
		rekey_ike_give_way(c, sa);
		/* A delete of ours that crosses this one needs no answer any more: both want the same. */
		if (sa->state == IKE_DELETING) {
			sa->confirmed = true;
			c->totals.deletes_confirmed++;
		}
		ike_sa_happens(c, sa, HAPPENED_DELETE_RECEIVED, REASON_PEER_DELETED);
	}
	packet_begin(&p, x);
	if (spi_count && !whole)
		write_delete_esp(&p.build, spis, spi_count);
	/* The peer holds it for deleted as soon as anything is answered, so it is deleted here, too. */
	return packet_finish(c, &p, x) ? VERDICT_OK : verdict_refuse(REASON_MEMORY, TEMPORARY_FAILURE);
}

const struct exchange_kind kind_delete = {
	.name = "delete",
	.wire = INFORMATIONAL,
	.class = COLLIDE_DELETE_IKE,
	.waits_for_ever = true,
	.ask = delete_ask,
	.conclude = delete_conclude,
	.answer = delete_answer,
	.abandon = delete_abandon,
};

const struct exchange_kind kind_delete_children = {
	.name = "delete-children",
	.wire = INFORMATIONAL,
	.class = COLLIDE_DELETE_CHILD,
	.waits_for_ever = true,
	.ask = children_ask,
	.conclude = children_conclude,
	.abandon = children_abandon,
};
