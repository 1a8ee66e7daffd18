/*
 * Time: retransmission, half-open and lingering ends, lives, rekeying, proof of life, quiet times, draining. All
 * deadlines of an IKE SA are fields of it and of its children; ike_sa_arm enters the earliest.
 */
#include "due.h"

#include "exchanges/kinds.h"
#include "sa/child_sa.h"

static void exchanges_due(struct ike_context *c, struct ike_sa *sa)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->live) {
		struct exchange *x = LIST_ENTRY(pos, struct exchange, link);

		if (x->ours && x->step == EXCHANGE_WAITING && c->now >= msec_earlier(x->due, x->give_up)) {
			exchange_due(c, x);
			break; /* x, and its neighbours, may be gone: the deadline is armed anew */
		}
	}
	LIST_FOR_EACH (pos, next, &sa->queue) {
		struct exchange *x = LIST_ENTRY(pos, struct exchange, link);

		if (c->now >= x->expires) {
			exchange_abandon(c, x, REASON_WAITED, 0);
			break;
		}
	}
}

static void query(struct ike_context *c, const struct child_sa *child, bool inbound)
{
	struct action *a = actions_add(c->actions, ACTION_SA_QUERY);

	if (!a)
		return;
	a->sa.child = child->serial;
	a->sa.sa.spi = inbound ? child->spi_in : child->spi_out;
	a->sa.sa.src = inbound ? child->far : child->near;
	a->sa.sa.dst = inbound ? child->near : child->far;
	a->sa.sa.reqid = child->reqid;
	a->sa.sa.inbound = inbound;
}

/* With it goes an IKE SA that was made for it alone. */
static void end_redundant(struct ike_context *c, struct child_sa *child)
{
	struct ike_sa *sa = child->ike;

	if (sa->state == IKE_ESTABLISHED && !ike_sa_has_live_child(sa) && list_empty(&sa->queue) &&
	    list_empty(&sa->live))
		delete_ike(c, sa, REASON_REDUNDANT);
	else
		delete_child(c, child, REASON_REDUNDANT);
}

/*
 * It came with an IKE SA of its own, and the old one still serves. Its peer has it as soon as our answer came, and then
 * uses it, or has nothing to send.
 */
static void newcomer_due(struct ike_context *c, struct child_sa *child)
{
	if (child->ike->forgotten) {
		/* The peer began anew once more before it ever used it. */
		child_sa_happens(c, child, CHILD_SUCCEEDED, REASON_INITIAL_CONTACT);
		return;
	}
	if (c->now >= child->serves) {
		child_sa_happens(c, child, CHILD_PROVED, REASON_UP);
		return;
	}
	query(c, child, true);
	child->due = msec_after(c->now, LIMIT_NEWCOMER_LOOK);
}

/* Something else may have taken the place of what it was to replace: then nobody waits for it any more. */
static bool replaces_what_serves(const struct ike_context *c, const struct child_sa *successor)
{
	const struct child_sa *before = table_child_by_serial(&c->table, successor->replaces);

	return before && before->state == CHILD_INSTALLED;
}

static void child_due(struct ike_context *c, struct child_sa *child)
{
	if (c->now >= child->due) {
		child->due = MSEC_NEVER;
		if (child->state == CHILD_DRAINING) {
			child_sa_happens(c, child, CHILD_DRAINED, child->end_reason);
		} else if (child->state == CHILD_INBOUND && !child->replaces) {
			newcomer_due(c, child);
		} else if (child->state == CHILD_INBOUND && !replaces_what_serves(c, child)) {
			end_redundant(c, child);
		} else if (child->state == CHILD_INBOUND) {
			/*
			 * The peer did not delete what it replaced. Whether it has the new one its packets show: the kernel
			 * is asked. Until then the old one serves, to the end of its life.
			 */
			query(c, child, true);
			child->due = msec_after(c->now, LIMIT_CHANGE_OVER);
		} else if (child->state == CHILD_REPLACED) {
			/* Whoever was to delete it did not: we do (2.8.1). */
			end_redundant(c, child);
		}
	}
	if (c->now >= child->rekey_due)
		rekey_child_begin(c, child->ike, child, REASON_REKEY);
}

static void children_due(struct ike_context *c, struct ike_sa *sa)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->children)
		child_due(c, LIST_ENTRY(pos, struct child_sa, link));
}

/* Was there output without input? The kernel is asked, inbound first; due_counted judges. */
/* @rfc 7296-2.4-11 */
static void liveness_due(struct ike_context *c, struct ike_sa *sa)
{
	msec interval = context_liveness(c, sa->conn);
	bool serves = false, waits = false;
	struct list *pos, *next;

	sa->liveness_due = msec_after(c->now, interval);
	if (sa->forgotten || interval == MSEC_NEVER || c->now - sa->last_heard < interval)
		return;
	LIST_FOR_EACH (pos, next, &sa->children) {
		const struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		waits = waits || child->state == CHILD_INBOUND;
		if (child->state != CHILD_INSTALLED)
			continue;
		serves = true;
		query(c, child, true);
		query(c, child, false);
	}
	/* Nothing that we send shows it: a peer that is gone would leave a successor waiting for it to its life's end. */
	if (waits && !serves)
		liveness_begin(c, sa, REASON_LIVENESS);
}

/* @rfc 7296-2.4-12 7296-2.8-15 */
void due_counted(struct ike_context *c, struct child_sa *child, bool inbound, uint64_t octets)
{
	struct ike_sa *sa = child->ike;
	uint64_t *seen = inbound ? &child->seen_in : &child->seen_out;
	bool moved = octets > *seen;

	*seen = octets;
	if (inbound && moved && child->state == CHILD_INBOUND)
		child_sa_take_over(c, child);
	/* A fresh protected packet is a sign of life as good as a message (2.4). */
	if (inbound && moved)
		sa->last_heard = c->now;
	if (!inbound && moved && sa->state == IKE_ESTABLISHED &&
	    c->now - sa->last_heard >= context_liveness(c, sa->conn))
		liveness_begin(c, sa, REASON_LIVENESS);
}

/* @rfc 7296-2.23-10 */
static void keepalive_due(struct ike_context *c, struct ike_sa *sa)
{
	static const uint8_t octet = 0xff;

	/* RFC 3948 4: one octet, without the marker, from the side behind the NAT. */
	actions_send(c->actions, &sa->local, &sa->remote, false, bytes_of(&octet, 1));
	sa->keepalive_due = msec_after(c->now, c->plan ? c->plan->setup.keep_alive : LIMIT_KEEPALIVE);
}

/* Its successor by a handshake of its own has what it served: it ends soon, and is not rekeyed (2.8.3). */
static bool is_superseded(const struct ike_sa *sa)
{
	const struct list *pos;

	for (pos = sa->children.next; sa->reauth_told && pos != &sa->children; pos = pos->next) {
		if (child_state_holds_out(LIST_ENTRY(pos, struct child_sa, link)->state))
			return false;
	}
	return sa->reauth_told;
}

/* @rfc 7296-2.8-1 7296-2.8-3 */
static void life_due(struct ike_context *c, struct ike_sa *sa)
{
	const struct conn *conn = plan_conn(c->plan, sa->conn);

	if (c->now >= sa->life_due) {
		delete_ike(c, sa, REASON_EXPIRED);
	} else if (sa->redundant && c->now >= sa->quiet_due) {
		/*
		 * Its maker lost the crossing and would have deleted it long ago, had it heard our answer: it does not
		 * have it. There is nobody to ask (2.25.2: a request that a delete overtook is forgotten).
		 */
		ike_sa_happens(c, sa, HAPPENED_SILENCE, REASON_REDUNDANT);
	} else if (c->now >= sa->quiet_due) {
		delete_ike(c, sa, sa->state == IKE_REKEYED ? REASON_REPLACED : REASON_QUIET);
	} else if (sa->state == IKE_ESTABLISHED && c->now >= sa->rekey_due) {
		sa->rekey_due = MSEC_NEVER;
		if (conn && conn->reauth)
			ike_sa_want_reauth(c, sa);
		else if (!is_superseded(sa))
			rekey_ike_begin(c, sa, REASON_REKEY);
	}
}

/* What there was no memory for; a delete of the IKE SA itself is due_settle's. */
static void again_due(struct ike_context *c, struct ike_sa *sa)
{
	sa->again_due = MSEC_NEVER;
	delete_children_queue(c, sa);
	exchange_pump(c, sa);
}

static void sa_due(struct ike_context *c, struct ike_sa *sa)
{
	exchanges_due(c, sa);
	if (c->now >= sa->again_due)
		again_due(c, sa);
	if (sa->half_open && c->now >= sa->half_open_due)
		ike_sa_happens(c, sa, HAPPENED_HALF_OPEN_OVER, REASON_HALF_OPEN);
	if (sa->state == IKE_DELETED && c->now >= sa->linger_due)
		ike_sa_happens(c, sa, HAPPENED_LINGER_OVER, sa->end_reason);
	if (sa->state == IKE_ESTABLISHED || sa->state == IKE_REKEYED)
		life_due(c, sa);
	if (sa->state == IKE_ESTABLISHED && c->now >= sa->liveness_due)
		liveness_due(c, sa);
	if (sa->state == IKE_ESTABLISHED && !sa->forgotten && c->now >= sa->keepalive_due)
		keepalive_due(c, sa);
	children_due(c, sa);
	due_settle(c, sa);
}

/* @rfc 7296-2.2-5 */
void due_settle(struct ike_context *c, struct ike_sa *sa)
{
	if (!sa)
		return;
	/* A wanted delete that could not be queued before is queued now. */
	if ((sa->state == IKE_ESTABLISHED || sa->state == IKE_REKEYED) && sa->closing)
		delete_ike(c, sa, c->stopping ? REASON_STOPPING : REASON_WE_DELETED);
	/* Long before the numbers run out (checklist M7). */
	if (sa->state == IKE_ESTABLISHED &&
	    (sa->ours.next >= LIMIT_MESSAGE_ID || sa->theirs.next >= LIMIT_MESSAGE_ID))
		rekey_ike_begin(c, sa, REASON_REKEY);
	ike_sa_settle(c, sa);
}

void due_run(struct ike_context *c)
{
	uint64_t serial;

	while (deadlines_first(&c->deadlines, &serial) <= c->now) {
		struct ike_sa *sa = table_by_serial(&c->table, serial);

		deadlines_remove(&c->deadlines, serial);
		if (sa)
			sa_due(c, sa);
	}
}
