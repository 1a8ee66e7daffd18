/*
 * The face of IKE (ike.h): each entry finds the IKE SA, lets the rooms below work, and settles the SA
 * afterwards. Only here is an IKE SA discarded because of what a handler said.
 */
#include <stdlib.h>
#include <string.h>

#include "due.h"
#include "exchanges/kinds.h"
#include "ike.h"
#include "ike_inside.h"
#include "receive.h"
#include "said.h"
#include "sa/child_sa.h"

struct ike {
	struct ike_context context;
};

const struct ike_context *ike_inside(const struct ike *ike)
{
	return &ike->context;
}

struct ike *ike_new(const struct crypto *crypto)
{
	struct ike *ike = calloc(1, sizeof(*ike));

	if (!ike)
		return NULL;
	ike->context.crypto = crypto;
	list_init(&ike->context.half_opens);
	ike->context.crowd = calloc(1, sizeof(*ike->context.crowd));
	ike->context.abilities = (struct kernel_abilities){ "none", true, true, true, true, 0 };
	ike->context.suspects = calloc(1, sizeof(*ike->context.suspects));
	if (!ike->context.crowd || !ike->context.suspects || !context_news_grow(&ike->context) ||
	    !table_init(&ike->context.table)) {
		free(ike->context.news);
		free(ike->context.crowd);
		free(ike->context.suspects);
		free(ike);
		return NULL;
	}
	return ike;
}

void ike_discard(struct ike *ike)
{
	struct ike_context *c;
	struct list *pos, *next;
	struct actions lost;

	if (!ike)
		return;
	c = &ike->context;
	actions_init(&lost);
	c->actions = &lost;
	/* Larval successors go with the exchanges of the ones before them. */
	LIST_FOR_EACH (pos, next, &c->table.all)
		ike_sa_discard(c, LIST_ENTRY(pos, struct ike_sa, link), REASON_STOPPING);
	actions_discard(c->crypto, &lost);
	table_discard(&c->table);
	deadlines_discard(&c->deadlines);
	peers_discard(&c->peers);
	free(c->addresses);
	free(c->news);
	free(c->crowd);
	free(c->suspects);
	wipe(ike, sizeof(*ike));
	free(ike);
}

static struct ike_context *enter(struct ike *ike, msec now, struct actions *actions)
{
	ike->context.now = now;
	ike->context.actions = actions;
	return &ike->context;
}

bool ike_set_plan(struct ike *ike, const struct plan *plan, const struct event_addresses *addresses)
{
	struct ike_context *c = &ike->context;

	c->plan = plan;
	if (addresses && !c->addresses)
		c->addresses = malloc(sizeof(*c->addresses));
	if (addresses && c->addresses)
		*c->addresses = *addresses;
	return peers_make(&c->peers, plan, c->addresses) && (!addresses || c->addresses);
}

void ike_set_abilities(struct ike *ike, const struct kernel_abilities *abilities)
{
	ike->context.abilities = *abilities;
}

/* ---- events ---- */

static void job_done(struct ike_context *c, struct job *job)
{
	struct ike_sa *sa = table_by_serial(&c->table, job->number >> 16);
	struct list *pos, *next;

	if (sa) {
		LIST_FOR_EACH (pos, next, &sa->live) {
			struct exchange *x = LIST_ENTRY(pos, struct exchange, link);

			if (x->job != job->number)
				continue;
			x->job = 0;
			exchange_apply(c, x, x->kind->job_done(c, x, job));
			due_settle(c, sa);
			break;
		}
	}
	/* Nobody waits for it any more: thrown away. */
	job_discard(c->crypto, job);
}

void ike_event(struct ike *ike, msec now, struct event *event, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);

	switch (event->kind) {
	case EVENT_PACKET:
		due_settle(c, receive_packet(c, &event->packet.local, &event->packet.remote,
					     event->packet.encapsulated, event->packet.data));
		break;
	case EVENT_JOB_DONE:
		job_done(c, event->job);
		event->job = NULL;
		break;
	case EVENT_EXPIRE:
	case EVENT_RESYNC:
	case EVENT_COUNTERS:
	case EVENT_MAPPING:
	case EVENT_KERNEL_FAILED:
		said_by_kernel(c, event);
		break;
	default:
		break;
	}
	due_run(c);
}

msec ike_deadline(const struct ike *ike)
{
	return deadlines_first(&ike->context.deadlines, NULL);
}

/* ---- wishes ---- */

static bool fill_wish(struct ike_sa *sa, const struct ike_wish *wish)
{
	struct handshake *h = sa->handshake;

	sa->owner = wish->owner;
	sa->conn = wish->conn;
	sa->encapsulated = wish->remote.port == 4500;
	h->ts_local = wish->ts_local;
	h->ts_remote = wish->ts_remote;
	h->mode = wish->mode;
	h->reqid = wish->reqid;
	h->acquire_seq = wish->acquire_seq;
	h->timeout = wish->timeout;
	h->level = wish->level;
	h->peer_keys = wish->peer_key_count ? calloc(wish->peer_key_count, sizeof(*h->peer_keys)) : NULL;
	for (size_t i = 0; h->peer_keys && i < wish->peer_key_count; i++) {
		if (!public_key_copy(&h->peer_keys[i], &wish->peer_keys[i]))
			return false;
		h->peer_key_count++;
	}
	return h->peer_key_count == wish->peer_key_count;
}

/* An open IKE SA to the same peer by the same proofs, on which a Child SA can be made. */
static struct ike_sa *sharable(struct ike_context *c, const struct ike_wish *wish)
{
	const struct conn *conn = plan_conn(c->plan, wish->conn), *other;
	struct list *pos, *next;

	if (wish->fresh || !conn || conn->group != CLASS_NONE)
		return NULL;
	LIST_FOR_EACH (pos, next, table_peer_list(&c->table, &wish->remote.address)) {
		struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, in_address);

		other = plan_conn(c->plan, sa->conn);
		if (sa->state == IKE_ESTABLISHED && !sa->redundant && !sa->forgotten && !sa->closing &&
		    !sa->reauth_told && other && sa->child_count + sa->queued < LIMIT_CHILDREN &&
		    sa->queued < LIMIT_QUEUE && address_equal(&sa->remote.address, &wish->remote.address) &&
		    address_equal(&sa->local.address, &wish->local.address) && peers_are_same(other, conn))
			return sa;
	}
	return NULL;
}

static uint64_t begin_handshake(struct ike_context *c, const struct ike_wish *wish, enum reason *reason)
{
	struct ike_sa *sa;
	struct exchange *x;
	uint64_t serial;

	*reason = REASON_LIMIT;
	sa = ike_sa_new(c, true, 0, &wish->local, &wish->remote);
	if (!sa)
		return 0;
	serial = sa->serial;
	*reason = REASON_MEMORY;
	x = exchange_new(&kind_init, sa, true);
	if (!x || !fill_wish(sa, wish)) {
		if (x)
			exchange_discard(c, x);
		ike_sa_discard(c, sa, REASON_MEMORY);
		return 0;
	}
	*reason = REASON_OK;
	exchange_begin(c, x, false);
	due_settle(c, sa);
	return serial;
}

uint64_t ike_initiate(struct ike *ike, msec now, const struct ike_wish *wish, struct actions *actions,
		      enum reason *reason)
{
	struct ike_context *c = enter(ike, now, actions);
	struct ike_sa *sa;
	uint64_t serial;

	*reason = c->stopping ? REASON_STOPPING : REASON_NO_ADDRESS;
	if (c->stopping || !peers_of_conn(&c->peers, wish->conn))
		return 0;
	sa = sharable(c, wish);
	if (!sa)
		return begin_handshake(c, wish, reason);
	*reason = REASON_MEMORY;
	serial = create_child_begin(c, sa, wish) ? sa->serial : 0;
	due_settle(c, sa);
	return serial;
}

/* ---- what is asked of SAs ---- */

void ike_delete(struct ike *ike, msec now, uint64_t serial, enum reason reason, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct ike_sa *sa = table_by_serial(&c->table, serial);

	if (!sa)
		return;
	delete_ike(c, sa, reason);
	due_settle(c, sa);
}

void ike_delete_child(struct ike *ike, msec now, uint64_t child, enum reason reason, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct child_sa *found = table_child_by_serial(&c->table, child);

	if (found && child_state_is_live(found->state))
		said_end_child(c, found, reason);
}

void ike_delete_only_child(struct ike *ike, msec now, uint64_t child, enum reason reason,
			   struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct child_sa *found = table_child_by_serial(&c->table, child);
	struct ike_sa *sa = found ? found->ike : NULL;

	if (!sa)
		return;
	delete_child(c, found, reason);
	due_settle(c, sa);
}

void ike_redundant_child(struct ike *ike, msec now, uint64_t child, enum reason reason,
			 struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct child_sa *found = table_child_by_serial(&c->table, child);

	if (!found || !child_state_is_live(found->state))
		return;
	found->told = false; /* whoever says so has another */
	child_sa_happens(c, found, CHILD_SUCCEEDED, reason);
	due_settle(c, found->ike);
}

void ike_rekey(struct ike *ike, msec now, uint64_t serial, enum reason reason, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct ike_sa *sa = table_by_serial(&c->table, serial);

	if (!sa)
		return;
	rekey_ike_begin(c, sa, reason);
	due_settle(c, sa);
}

void ike_rekey_child(struct ike *ike, msec now, uint64_t child, enum reason reason, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct child_sa *found = table_child_by_serial(&c->table, child);

	if (!found)
		return;
	rekey_child_begin(c, found->ike, found, reason);
	due_settle(c, found->ike);
}

void ike_liveness(struct ike *ike, msec now, uint64_t serial, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct ike_sa *sa = table_by_serial(&c->table, serial);

	if (!sa || sa->state != IKE_ESTABLISHED)
		return;
	liveness_begin(c, sa, REASON_OPERATOR);
	due_settle(c, sa);
}

/* A Child SA of an owner that is being made: out of the queue, or made in vain when the answer comes. */
static void withdraw_from(struct ike_context *c, struct list *head, uint64_t owner)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, head) {
		struct exchange *x = LIST_ENTRY(pos, struct exchange, link);

		if (!x->ours || x->kind != &kind_create_child || !x->subject || x->subject->owner != owner)
			continue;
		if (x->step == EXCHANGE_QUEUED)
			exchange_discard(c, x);
		else
			x->unwanted = true;
	}
}

void ike_withdraw(struct ike *ike, msec now, uint64_t serial, uint64_t owner, enum reason reason,
		  struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct ike_sa *sa = table_by_serial(&c->table, serial);

	if (!sa)
		return;
	if (!sa->established) {
		sa->told_failed = true; /* whoever withdraws it knows */
		delete_ike(c, sa, reason);
	} else {
		withdraw_from(c, &sa->queue, owner);
		withdraw_from(c, &sa->live, owner);
	}
	due_settle(c, sa);
}

void ike_abandon(struct ike *ike, msec now, uint64_t serial, enum reason reason, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct ike_sa *sa = table_by_serial(&c->table, serial);

	if (!sa || sa->established)
		return;
	sa->told_failed = true; /* whoever abandons it knows */
	delete_ike(c, sa, reason);
	due_settle(c, sa);
}

bool ike_yield(struct ike *ike, msec now, uint64_t serial, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct ike_sa *sa = table_by_serial(&c->table, serial);

	if (!sa || sa->state != IKE_OPENING)
		return false;
	sa->told_failed = true; /* whoever yields knows */
	delete_ike(c, sa, REASON_REDUNDANT);
	due_settle(c, sa);
	return true;
}

/* @rfc 7296-2.4-19 */
void ike_stop(struct ike *ike, msec now, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct list *pos, *next;

	c->stopping = true;
	LIST_FOR_EACH (pos, next, &c->table.all) {
		struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, link);

		/*
		 * A successor that lost a crossing is its maker's to delete. Its delete may be under way, and wants its answer;
		 * but likely nobody has it any more.
		 */
		if (sa->redundant && sa->state == IKE_ESTABLISHED) {
			sa->quiet_due = msec_earlier(sa->quiet_due, msec_after(c->now, LIMIT_STOP_REDUNDANT));
			due_settle(c, sa);
			continue;
		}
		/*
		 * What the peer replaced it deletes itself, when our answer has come. Were we first, it would forget the
		 * successor with its request (2.25.2) and answer no delete of that.
		 */
		if (sa->state != IKE_REKEYED)
			delete_ike(c, sa, REASON_STOPPING);
		/* A stranger's half-open handshake is owed nothing. */
		if (!sa->initiator && sa->state == IKE_AUTHENTICATING)
			ike_sa_happens(c, sa, HAPPENED_HALF_OPEN_OVER, REASON_STOPPING);
		due_settle(c, sa);
	}
}

void ike_give_up(struct ike *ike, msec now, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct list *pos, *next;
	char remote[ENDPOINT_TEXT];

	LIST_FOR_EACH (pos, next, &c->table.all) {
		struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, link);

		if (sa->state == IKE_DELETING) {
			c->totals.deletes_unanswered++;
			actions_note(actions, NOTE_WARNING,
				     "#%llu: %s did not confirm the delete before the deadline",
				     (unsigned long long)sa->serial, endpoint_print(&sa->remote, remote));
		}
		if (sa->state != IKE_DELETED)
			ike_sa_happens(c, sa, sa->state == IKE_OPENING ? HAPPENED_FAILED : HAPPENED_SILENCE,
				       REASON_DELETE_UNANSWERED);
		ike_sa_settle(c, sa);
	}
}

size_t ike_waits(const struct ike *ike)
{
	return ike->context.table.count - ike->context.lingering;
}

struct ike_counts ike_count(const struct ike *ike)
{
	struct ike_counts n = ike->context.totals;
	struct list *pos;

	for (pos = ike->context.table.all.next; pos != &ike->context.table.all; pos = pos->next) {
		const struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, link);

		n.ike_sas++;
		n.half_open += sa->state == IKE_OPENING || sa->state == IKE_AUTHENTICATING;
		n.established += sa->state == IKE_ESTABLISHED || sa->state == IKE_REKEYED;
		n.lingering += sa->state == IKE_DELETED;
		n.children += sa->child_count;
	}
	return n;
}

bool ike_next_news(struct ike *ike, struct ike_news *news)
{
	struct ike_context *c = &ike->context;

	if (!c->news_count)
		return false;
	*news = c->news[c->news_first];
	c->news_first = (c->news_first + 1) % c->news_room;
	c->news_count--;
	return true;
}

void ike_peer_found(struct ike *ike, msec now, uint64_t ike_sa, bool allowed, enum reason reason,
		    const struct public_key *keys, size_t count, enum key_level level,
		    struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct ike_sa *sa = table_by_serial(&c->table, ike_sa);
	struct list *pos, *next;

	if (!sa)
		return;
	LIST_FOR_EACH (pos, next, &sa->live) {
		struct exchange *x = LIST_ENTRY(pos, struct exchange, link);

		if (!x->awaits_outside)
			continue;
		auth_peer_found(c, x, allowed, reason, keys, count, level);
		break;
	}
	due_settle(c, sa);
}
