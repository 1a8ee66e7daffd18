/*
 * The face of IKE (ike.h): each entry finds the IKE SA, lets the rooms below work, and settles the SA
 * afterwards. Only here is an IKE SA discarded because of what a handler said.
 */
#include <stdlib.h>
#include <string.h>

#include "exchanges/kinds.h"
#include "ike.h"
#include "ike_inside.h"
#include "receive.h"
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
	ike->context.abilities = (struct kernel_abilities){ "none", true, true, true, true, 0 };
	if (!table_init(&ike->context.table)) {
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
	LIST_FOR_EACH (pos, next, &c->table.all)
		ike_sa_discard(c, LIST_ENTRY(pos, struct ike_sa, link), REASON_STOPPING);
	actions_discard(c->crypto, &lost);
	table_discard(&c->table);
	deadlines_discard(&c->deadlines);
	peers_discard(&c->peers);
	free(c->addresses);
	free(c->news);
	wipe(ike, sizeof(*ike));
	free(ike);
}

static struct ike_context *enter(struct ike *ike, msec now, struct actions *actions)
{
	ike->context.now = now;
	ike->context.actions = actions;
	return &ike->context;
}

/* After each handler: a wanted delete that could not be queued before is queued now; then what the state asks for. */
static void settle(struct ike_context *c, struct ike_sa *sa)
{
	if (!sa)
		return;
	if (sa->state == IKE_ESTABLISHED && sa->closing)
		delete_ike(c, sa, c->stopping ? REASON_STOPPING : REASON_WE_DELETED);
	ike_sa_settle(c, sa);
}

void ike_set_plan(struct ike *ike, const struct plan *plan, const struct event_addresses *addresses)
{
	struct ike_context *c = &ike->context;

	c->plan = plan;
	if (addresses && !c->addresses)
		c->addresses = malloc(sizeof(*c->addresses));
	if (addresses && c->addresses)
		*c->addresses = *addresses;
	peers_make(&c->peers, plan, c->addresses);
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
			settle(c, sa);
			break;
		}
	}
	/* Nobody waits for it any more: thrown away. */
	job_discard(c->crypto, job);
}

static struct child_sa *find_child(struct ike_context *c, uint64_t serial, uint32_t spi,
				   struct ike_sa **owner)
{
	struct list *pos, *next, *at, *after;

	LIST_FOR_EACH (pos, next, &c->table.all) {
		struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, link);

		LIST_FOR_EACH (at, after, &sa->children) {
			struct child_sa *child = LIST_ENTRY(at, struct child_sa, link);

			if (serial ? child->serial == serial
				   : child->spi_in == spi || child->spi_out == spi) {
				*owner = sa;
				return child;
			}
		}
	}
	return NULL;
}

static void child_event(struct ike_context *c, uint64_t serial, uint32_t spi, enum reason reason)
{
	struct ike_sa *sa;
	struct child_sa *child = find_child(c, serial, spi, &sa);

	if (!child)
		return;
	delete_child(c, sa, child, reason);
	/* An IKE SA is made for its one child (docs/decisions): without it there is nothing to keep. */
	if (sa->child_count <= 1)
		delete_ike(c, sa, reason);
	settle(c, sa);
}

/* Kernel messages were lost: each Child SA is looked up, and what is gone is found so. */
static void query_children(struct ike_context *c)
{
	struct list *pos, *next, *at, *after;

	LIST_FOR_EACH (pos, next, &c->table.all) {
		struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, link);

		LIST_FOR_EACH (at, after, &sa->children) {
			struct child_sa *child = LIST_ENTRY(at, struct child_sa, link);
			struct action *a = child->state == CHILD_INSTALLED
						   ? actions_add(c->actions, ACTION_SA_QUERY)
						   : NULL;

			if (!a)
				continue;
			a->sa.child = child->serial;
			a->sa.sa.spi = child->spi_in;
			a->sa.sa.dst = sa->local.address;
			a->sa.sa.reqid = child->reqid;
		}
	}
}

static void sa_due(struct ike_context *c, struct ike_sa *sa)
{
	struct list *pos, *next;
	struct exchange *x;

	LIST_FOR_EACH (pos, next, &sa->live) {
		x = LIST_ENTRY(pos, struct exchange, link);
		if (x->ours && x->step == EXCHANGE_WAITING && c->now >= msec_earlier(x->due, x->give_up)) {
			exchange_due(c, x);
			break; /* x, and its neighbours, may be gone: the deadline is armed anew */
		}
	}
	if (sa->half_open && c->now >= sa->half_open_due)
		ike_sa_happens(c, sa, HAPPENED_HALF_OPEN_OVER, REASON_HALF_OPEN);
	if (sa->state == IKE_DELETED && c->now >= sa->linger_due)
		ike_sa_happens(c, sa, HAPPENED_LINGER_OVER, sa->end_reason);
	if (sa->state == IKE_ESTABLISHED && c->now >= sa->life_due)
		delete_ike(c, sa, REASON_EXPIRED);
	if (sa->state == IKE_ESTABLISHED && c->now >= sa->liveness_due) {
		sa->liveness_due = msec_after(c->now, LIMIT_LIVENESS);
		x = c->now - sa->last_heard >= LIMIT_LIVENESS && !sa->queued && window_has_room(&sa->ours)
			    ? exchange_new(&kind_liveness, sa, true)
			    : NULL;
		if (x) {
			x->reason = REASON_LIVENESS;
			exchange_begin(c, x, false);
		}
	}
	settle(c, sa);
}

static void run_due(struct ike_context *c)
{
	uint64_t serial;

	while (deadlines_first(&c->deadlines, &serial) <= c->now) {
		struct ike_sa *sa = table_by_serial(&c->table, serial);

		deadlines_remove(&c->deadlines, serial);
		if (sa)
			sa_due(c, sa);
	}
}

void ike_event(struct ike *ike, msec now, struct event *event, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);

	switch (event->kind) {
	case EVENT_PACKET:
		settle(c, receive_packet(c, &event->packet.local, &event->packet.remote,
					 event->packet.encapsulated, event->packet.data));
		break;
	case EVENT_JOB_DONE:
		job_done(c, event->job);
		event->job = NULL;
		break;
	case EVENT_EXPIRE:
		if (event->expire.hard)
			child_event(c, 0, event->expire.spi, REASON_EXPIRED);
		break;
	case EVENT_RESYNC:
		query_children(c);
		break;
	case EVENT_COUNTERS:
		/* Asked for after messages were lost: an SA that is not there any more has expired unheard. */
		if (!event->counters.found)
			child_event(c, 0, event->counters.spi, REASON_EXPIRED);
		break;
	case EVENT_KERNEL_FAILED:
		if (event->kernel_failed.child)
			child_event(c, event->kernel_failed.child, 0, REASON_KERNEL);
		break;
	default:
		break;
	}
	run_due(c);
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

uint64_t ike_initiate(struct ike *ike, msec now, const struct ike_wish *wish, struct actions *actions,
		      enum reason *reason)
{
	struct ike_context *c = enter(ike, now, actions);
	struct ike_sa *sa;
	struct exchange *x;
	uint64_t serial;

	*reason = c->stopping ? REASON_STOPPING : REASON_NO_ADDRESS;
	if (c->stopping || !peers_of_conn(&c->peers, wish->conn))
		return 0;
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
	settle(c, sa);
	return serial;
}

void ike_delete(struct ike *ike, msec now, uint64_t serial, enum reason reason, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct ike_sa *sa = table_by_serial(&c->table, serial);

	if (!sa)
		return;
	delete_ike(c, sa, reason);
	settle(c, sa);
}

void ike_delete_child(struct ike *ike, msec now, uint64_t child, enum reason reason, struct actions *actions)
{
	child_event(enter(ike, now, actions), child, 0, reason);
}

void ike_abandon(struct ike *ike, msec now, uint64_t serial, enum reason reason, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct ike_sa *sa = table_by_serial(&c->table, serial);

	if (!sa || sa->established)
		return;
	sa->told_failed = true; /* whoever abandons it knows */
	delete_ike(c, sa, reason);
	settle(c, sa);
}

void ike_stop(struct ike *ike, msec now, struct actions *actions)
{
	struct ike_context *c = enter(ike, now, actions);
	struct list *pos, *next;

	c->stopping = true;
	LIST_FOR_EACH (pos, next, &c->table.all) {
		struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, link);

		delete_ike(c, sa, REASON_STOPPING);
		/* A stranger's half-open handshake is owed nothing. */
		if (!sa->initiator && sa->state == IKE_AUTHENTICATING)
			ike_sa_happens(c, sa, HAPPENED_HALF_OPEN_OVER, REASON_STOPPING);
		settle(c, sa);
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
	settle(c, sa);
}
