/*
 * Replacing a Child SA (RFC 7296 1.3.3, 2.8, 2.8.1, 2.25.1). The ladder is create_child.c's, with N(REKEY_SA).
 *
 * Without loss: who answers has the new inbound SA in the kernel before the answer leaves (the order of a step's
 * actions), and changes over when the delete of the old one shows that the peer has its own; who asked changes over
 * at once and deletes the old one, which goes on receiving until a while after that.
 */
#include "../sa/child_sa.h"
#include "child_exchange.h"
#include "reader.h"

void rekey_child_begin(struct ike_context *c, struct ike_sa *sa, struct child_sa *child, enum reason reason)
{
	struct exchange *x;

	child->rekey_due = MSEC_NEVER;
	if (child->state != CHILD_INSTALLED || sa->forgotten || child_sa_successor(child) ||
	    exchange_under_way(sa, COLLIDE_REKEY_CHILD, child->serial) ||
	    exchange_is_queued(sa, &kind_rekey_child, child->serial))
		return;
	x = exchange_new(&kind_rekey_child, sa, true);
	if (!x)
		return;
	x->target = child->serial;
	x->reason = reason;
	exchange_begin(c, x, false);
}

/* ---- we ask ---- */

/* The successor asks for just what the old one has. */
/* @rfc 7296-2.8-4 7296-2.9.2-2 7296-2.9.2-4 */
static struct verdict rekey_ask(struct ike_context *c, struct exchange *x)
{
	const struct child_sa *old = ike_sa_child(x->owner, x->target);
	struct child_sa *child = x->subject;

	if (!old || old->state != CHILD_INSTALLED || child_sa_successor(old))
		return verdict_discard(REASON_REPLACED);
	if (!child)
		child = x->subject = child_sa_new(c);
	if (!child)
		return verdict_discard(REASON_MEMORY);
	child->conn = old->conn;
	child->owner = old->owner;
	child->ts_local = old->ts_local;
	child->ts_remote = old->ts_remote;
	child->mode = old->mode;
	child->reqid = old->reqid;
	return child_ask(c, x);
}

/* @rfc 7296-1.3.3-1 7296-1.3.3-2 7296-3.10-2 7296-3.10-3 */
bool rekey_child_write(struct build *b, const struct exchange *x)
{
	const struct child_sa *old = ike_sa_child(x->owner, x->target);
	uint8_t room[4];
	struct writer w = writer_into(room, sizeof(room));

	if (!old || !child_state_is_live(old->state))
		return false;
	/* The SPI that the sender of this request expects in packets (1.3.3). */
	writer_u32(&w, old->spi_in);
	build_notify(b, PROTOCOL_ESP, REKEY_SA, writer_written(&w), BYTES_NONE);
	return true;
}

bool rekey_child_is_wanted(struct ike_context *c, const struct exchange *x)
{
	const struct child_sa *old = ike_sa_child(x->owner, x->target);

	/* Gone by the peer's delete: what the peer answered after it stands. Closed by us: the successor goes, too. */
	return !old || (old->state != CHILD_DELETING && !x->owner->closing);
}

/* @rfc 7296-2.9.2-1 7296-2.9.2-3 */
enum reason rekey_child_fits(const struct exchange *x)
{
	const struct child_sa *old = ike_sa_child(x->owner, x->target);

	if (!old)
		return REASON_OK;
	return selector_equal(&old->ts_local, &x->subject->ts_local) &&
			       selector_equal(&old->ts_remote, &x->subject->ts_remote)
		       ? REASON_OK
		       : REASON_TS_UNACCEPTABLE;
}

/* @rfc 7296-1.3-2 7296-2.8.1-5 */
void rekey_child_done(struct ike_context *c, struct exchange *x)
{
	struct child_sa *old = ike_sa_child(x->owner, x->target);

	if (!old)
		return;
	child_sa_happens(c, old, CHILD_SUCCEEDED, REASON_REPLACED);
	child_sa_happens(c, old, CHILD_DELETE_WANTED, REASON_REPLACED);
	delete_children_queue(c, x->owner);
}

/* Doubled each time, to a limit; the hard end of its life decides in the end. */
/* @rfc 7296-2.25-2 7296-2.25-3 */
void rekey_child_again(struct ike_context *c, const struct exchange *x)
{
	struct child_sa *old = ike_sa_child(x->owner, x->target);
	msec wait;

	if (!old || old->state != CHILD_INSTALLED)
		return;
	wait = LIMIT_REKEY_RETRY << (old->rekey_failures < 5 ? old->rekey_failures : 5);
	old->rekey_failures++;
	old->rekey_due = msec_after(c->now, context_jitter(c, wait, 30));
}

/* The peer does not have it: nothing is left to be replaced or deleted (2.25.1). */
/* @rfc 7296-2.8.1-6 7296-2.25-7 */
static void peer_lacks(struct ike_context *c, struct exchange *x)
{
	struct child_sa *old = ike_sa_child(x->owner, x->target);
	struct child_sa *successor = old ? child_sa_successor(old) : NULL;

	if (successor)
		child_sa_take_over(c, successor);
	if (old && child_state_is_live(old->state))
		child_sa_happens(c, old, CHILD_DELETE_RECEIVED, REASON_CHILD_NOT_FOUND);
}

/* @rfc 7296-2.25-4 7296-4-4 */
void rekey_child_refused(struct ike_context *c, struct exchange *x, uint16_t notify)
{
	const struct child_sa *old = ike_sa_child(x->owner, x->target);

	actions_note(c->actions, notify == TEMPORARY_FAILURE ? NOTE_DEBUG : NOTE_INFO,
		     "child #%llu: the peer does not rekey it: %s", (unsigned long long)x->target,
		     notify_name(notify));
	if (notify == CHILD_SA_NOT_FOUND) {
		peer_lacks(c, x);
		return;
	}
	if (old && child_sa_successor(old))
		return; /* the peer's own rekey went on: its delete of the old one is awaited */
	if (notify == NO_ADDITIONAL_SAS ||
	    (notify == TEMPORARY_FAILURE && old && old->rekey_failures >= LIMIT_REKEY_REFUSALS))
		ike_sa_want_reauth(c, x->owner);
	rekey_child_again(c, x);
}

static void rekey_abandon(struct ike_context *c, struct exchange *x, enum reason reason, uint16_t notify)
{
	if (reason != REASON_REPLACED)
		rekey_child_again(c, x);
}

/* ---- they ask ---- */

bool message_has_rekey(const struct message *m)
{
	struct notify n;

	return message_notify(m, REKEY_SA, &n);
}

/* What we are doing about that child ourselves. */
static enum collide_class doing(const struct ike_sa *sa, const struct child_sa *child)
{
	if (exchange_under_way(sa, COLLIDE_REKEY_IKE, 0))
		return COLLIDE_REKEY_IKE;
	if (child->state == CHILD_DELETING || child->state == CHILD_RETIRING)
		return COLLIDE_DELETE_CHILD;
	return exchange_under_way(sa, COLLIDE_REKEY_CHILD, child->serial) ? COLLIDE_REKEY_CHILD
									  : COLLIDE_OTHER;
}

/* @rfc 7296-2.25.1-1 7296-2.25.1-2 */
static struct verdict may_replace(const struct ike_sa *sa, const struct child_sa *old)
{
	if (collide(doing(sa, old), COLLIDE_REKEY_CHILD)->answer == ANSWER_LATER)
		return verdict_refuse(REASON_COLLISION, TEMPORARY_FAILURE);
	/* It has a successor already, whoever asked for it. */
	if (old->state != CHILD_INSTALLED || child_sa_successor(old))
		return verdict_refuse(REASON_COLLISION, TEMPORARY_FAILURE);
	return VERDICT_OK;
}

/* @rfc 7296-2.25-5 7296-2.25-6 7296-3.10-2 7296-3.10-3 */
static struct verdict not_found(struct ike_context *c, struct exchange *x, struct bytes spi)
{
	return making_error(c, x, REASON_CHILD_NOT_FOUND, PROTOCOL_ESP, spi, CHILD_SA_NOT_FOUND, BYTES_NONE);
}

struct verdict rekey_child_aim(struct ike_context *c, struct exchange *x, const struct message *m)
{
	struct child_sa *child = x->subject, *old;
	struct notify n;
	struct reader r;
	struct verdict v;

	if (!message_notify(m, REKEY_SA, &n) || n.protocol != PROTOCOL_ESP || n.spi.len != 4)
		return verdict_refuse(REASON_MALFORMED, INVALID_SYNTAX);
	r = reader_of(n.spi);
	old = ike_sa_child_by_spi_out(x->owner, reader_u32(&r));
	/* It may be the one that our own request is making: its answer is late, and names it. */
	if (!old && (exchange_under_way(x->owner, COLLIDE_CREATE_CHILD, 0) ||
		     exchange_under_way(x->owner, COLLIDE_REKEY_CHILD, 0)))
		return verdict_refuse(REASON_COLLISION, TEMPORARY_FAILURE);
	if (!old || old->state == CHILD_DRAINING || old->state == CHILD_GONE)
		return not_found(c, x, n.spi);
	v = may_replace(x->owner, old);
	if (v.kind != VERDICT_GO_ON)
		return v;
	x->target = child->replaces = old->serial;
	child->conn = old->conn;
	child->owner = old->owner;
	child->reqid = old->reqid;
	child->ts_local = old->ts_local;
	child->ts_remote = old->ts_remote;
	return VERDICT_OK;
}

struct verdict rekey_child_recheck(struct ike_context *c, struct exchange *x)
{
	const struct child_sa *old = ike_sa_child(x->owner, x->target);

	return old && child_state_is_live(old->state) ? may_replace(x->owner, old)
						      : verdict_refuse(REASON_COLLISION, TEMPORARY_FAILURE);
}

const struct exchange_kind kind_rekey_child = {
	.name = "rekey-child",
	.wire = CREATE_CHILD_SA,
	.class = COLLIDE_REKEY_CHILD,
	.ask = rekey_ask,
	.conclude = child_conclude,
	.answer = child_answer,
	.job_done = child_job_done,
	.abandon = rekey_abandon,
	.free_work = making_free,
};
