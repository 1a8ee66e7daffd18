/*
 * The engine of exchanges (exchange.h): queueing, sending, retransmitting, applying verdicts. It knows
 * no kind by name; all that differs between kinds is behind the const row it was handed.
 */
#include "exchange.h"

#include <stdlib.h>

#include "../wire/fragment.h"
#include "child_sa.h"
#include "ike_sa.h"
#include "packet.h"

struct exchange *exchange_new(const struct exchange_kind *kind, struct ike_sa *owner, bool ours)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	list_init(&x->link);
	x->kind = kind;
	x->owner = owner;
	x->ours = ours;
	x->step = ours ? EXCHANGE_QUEUED : EXCHANGE_WORKING;
	x->expires = MSEC_NEVER;
	return x;
}

void exchange_discard(struct ike_context *c, struct exchange *x)
{
	struct ike_sa *sa = x->owner;

	if (x->step == EXCHANGE_QUEUED) {
		if (!list_empty(&x->link))
			sa->queued--;
	} else {
		window_release(x->ours ? &sa->ours : &sa->theirs, x, x->message_id);
	}
	list_remove(&x->link);
	if (x->kind->free_work)
		x->kind->free_work(c, x);
	child_sa_discard(c, x->subject, REASON_NONE);
	if (x->heir)
		ike_sa_discard(c, x->heir, REASON_NONE);
	blob_discard(&x->parcel);
	blob_discard(&x->inner);
	blob_discard(&x->request);
	free(x);
}

/* @rfc 7296-1-1 7296-1-4 */
bool exchange_begin(struct ike_context *c, struct exchange *x, bool first)
{
	struct ike_sa *sa = x->owner;

	if (sa->queued >= LIMIT_QUEUE + (first ? 2 : 0)) {
		actions_note(c->actions, NOTE_WARNING, "#%llu: the queue is full; %s is dropped",
			     (unsigned long long)sa->serial, x->kind->name);
		exchange_discard(c, x);
		return false;
	}
	if (first)
		list_prepend(&sa->queue, &x->link);
	else
		list_append(&sa->queue, &x->link);
	sa->queued++;
	if (!x->kind->waits_for_ever)
		x->expires = msec_after(c->now, LIMIT_QUEUE_WAIT);
	exchange_pump(c, sa);
	return true;
}

struct exchange *exchange_under_way(const struct ike_sa *sa, enum collide_class class, uint64_t target)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->live) {
		struct exchange *x = LIST_ENTRY(pos, struct exchange, link);

		if (x->ours && x->kind->class == class && (!target || x->target == target))
			return x;
	}
	return NULL;
}

bool exchange_is_queued(const struct ike_sa *sa, const struct exchange_kind *kind, uint64_t target)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->queue) {
		const struct exchange *x = LIST_ENTRY(pos, struct exchange, link);

		if (x->kind == kind && (!target || x->target == target))
			return true;
	}
	return false;
}

/* There is no memory for what must be asked: it stays the next. */
static void wait_again(struct ike_context *c, struct ike_sa *sa, struct exchange *x)
{
	x->step = EXCHANGE_QUEUED;
	list_remove(&x->link);
	list_prepend(&sa->queue, &x->link);
	sa->queued++;
	ike_sa_again(c, sa);
}

/* @rfc 7296-2.2-2 7296-2.3-2 */
void exchange_pump(struct ike_context *c, struct ike_sa *sa)
{
	struct verdict v;

	while (!list_empty(&sa->queue) && window_has_room(&sa->ours) && sa->state != IKE_GONE) {
		struct exchange *x = LIST_ENTRY(sa->queue.next, struct exchange, link);

		/* The number is taken before any work is begun: what is on its way can not be overtaken. */
		list_remove(&x->link);
		sa->queued--;
		list_append(&sa->live, &x->link);
		x->expires = MSEC_NEVER;
		x->message_id = window_take(&sa->ours, x);
		x->step = EXCHANGE_WORKING;
		v = x->kind->ask(c, x);
		if (v.kind == VERDICT_DISCARD && v.reason == REASON_MEMORY && x->kind->waits_for_ever &&
		    window_give_back(&sa->ours, x)) {
			wait_again(c, sa, x);
			return;
		}
		exchange_apply(c, x, v);
	}
}

/* @rfc 7296-2.1-9 7296-2.2-1 7383-4-1 */
void exchange_transmit(struct ike_context *c, struct exchange *x)
{
	const struct ike_sa *sa = x->owner;
	const struct endpoint *local = x->ours ? &sa->local : &x->came_to;
	const struct endpoint *remote = x->ours ? &sa->remote : &x->came_from;
	struct bytes rest = bytes_of_blob(&x->parcel), one;

	while ((one = parcel_next(&rest)).len)
		actions_send(c->actions, local, remote, x->ours ? sa->encapsulated : x->came_encapsulated,
			     one);
}

/* The first interval and the whole patience: the connection's, or the wish's where that is given. */
static void start_clock(struct ike_context *c, struct exchange *x)
{
	const struct conn *conn = plan_conn(c->plan, x->owner->conn);
	const struct handshake *h = x->owner->handshake;
	msec timeout = conn ? conn->retransmit_timeout : LIMIT_RETRANSMIT_TIMEOUT;

	if (h && h->timeout)
		timeout = h->timeout;
	x->interval = conn ? conn->retransmit_interval : LIMIT_RETRANSMIT_INTERVAL;
	x->tries = 1;
	x->due = msec_after(c->now, context_jitter(c, x->interval, LIMIT_RETRANSMIT_JITTER_PERCENT));
	x->give_up = msec_after(c->now, timeout);
}

/* @rfc 7296-2.1-3 7296-2.1-7 7296-2.3-6 7296-2.4-10 */
void exchange_due(struct ike_context *c, struct exchange *x)
{
	if (c->now >= x->give_up) {
		exchange_abandon(c, x, REASON_PEER_SILENT, 0);
		return;
	}
	x->tries++;
	if (x->tries > LIMIT_FRAGMENT_LOSSES)
		packet_shrink(c, x);
	x->interval = msec_earlier(x->interval * 2, LIMIT_RETRANSMIT_CEILING);
	x->due = msec_after(c->now, context_jitter(c, x->interval, LIMIT_RETRANSMIT_JITTER_PERCENT));
	exchange_transmit(c, x);
}

/* @rfc 7296-2.4-6 */
void exchange_abandon(struct ike_context *c, struct exchange *x, enum reason reason, uint16_t notify)
{
	struct ike_sa *sa = x->owner;
	/* The number of what was never sent is free again; were it not, the peer would wait for it for ever. */
	bool gap = x->step == EXCHANGE_WORKING && !x->tries && !window_give_back(&sa->ours, x);

	if (x->kind->abandon)
		x->kind->abandon(c, x, reason, notify);
	if (gap)
		ike_sa_fails(c, sa, reason);
	if (reason == REASON_PEER_SILENT)
		ike_sa_happens(c, sa, HAPPENED_SILENCE,
			       sa->state == IKE_DELETING ? REASON_DELETE_UNANSWERED : reason);
	exchange_discard(c, x);
	exchange_pump(c, sa);
}

static void apply_ours(struct ike_context *c, struct exchange *x, struct verdict verdict)
{
	struct ike_sa *sa = x->owner;

	if (verdict.kind == VERDICT_IGNORE)
		return;
	if (verdict.kind == VERDICT_WAIT) {
		x->step = EXCHANGE_WORKING;
		return;
	}
	if (verdict.kind == VERDICT_REFUSE || verdict.kind == VERDICT_DISCARD) {
		exchange_abandon(c, x, verdict.reason, verdict.notify);
		return;
	}
	if (x->to_send) {
		x->to_send = false;
		x->step = EXCHANGE_WAITING;
		start_clock(c, x);
		exchange_transmit(c, x);
		return;
	}
	if (x->kind->after)
		x->kind->after(c, x);
	exchange_discard(c, x);
	exchange_pump(c, sa);
}

/* Whether the peer believes in an IKE SA that is open: then a failure of ours must not leave its window shut. */
static bool is_open(const struct ike_sa *sa)
{
	return sa->state == IKE_ESTABLISHED || sa->state == IKE_REKEYED || sa->state == IKE_DELETING;
}

/* @rfc 7296-1.4-4 7296-2.25-1 */
static void apply_theirs(struct ike_context *c, struct exchange *x, struct verdict verdict)
{
	struct ike_sa *sa = x->owner;
	bool refused = verdict.kind == VERDICT_REFUSE || verdict.kind == VERDICT_REFUSED;

	if (verdict.kind == VERDICT_WAIT)
		return;
	/* After an internal failure the window is freed all the same: the peer gets an answer. */
	if (verdict.kind == VERDICT_DISCARD && is_open(sa)) {
		verdict = verdict_refuse(verdict.reason, TEMPORARY_FAILURE);
		refused = true;
	}
	if (verdict.kind == VERDICT_REFUSE && !packet_notify(c, x, verdict.notify, BYTES_NONE))
		verdict.kind = VERDICT_DISCARD;
	if (verdict.kind == VERDICT_DISCARD || verdict.kind == VERDICT_IGNORE) {
		ike_sa_fails(c, sa, verdict.reason);
		exchange_discard(c, x);
		return;
	}
	x->step = EXCHANGE_ANSWERED;
	if (x->kind->wire != IKE_SA_INIT)
		blob_discard(&x->request);
	if (refused) {
		child_sa_discard(c, x->subject, verdict.reason);
		x->subject = NULL;
		if (x->heir)
			ike_sa_discard(c, x->heir, verdict.reason);
		x->heir = NULL;
	}
	exchange_transmit(c, x);
	if (refused && x->kind->ends_attempt && is_open(sa))
		ike_sa_fails(c, sa, verdict.reason);
	else if (refused && x->kind->ends_attempt)
		ike_sa_happens(c, sa, HAPPENED_WE_REFUSED, verdict.reason);
	else if (!refused && x->kind->after)
		x->kind->after(c, x);
	if (x->kind->free_work)
		x->kind->free_work(c, x);
}

void exchange_apply(struct ike_context *c, struct exchange *x, struct verdict verdict)
{
	if (x->ours)
		apply_ours(c, x, verdict);
	else
		apply_theirs(c, x, verdict);
}

bool exchange_start_job(struct ike_context *c, struct exchange *x, struct job *job)
{
	struct action *a = job ? actions_add(c->actions, ACTION_JOB) : NULL;

	if (!a) {
		job_discard(c->crypto, job);
		return false;
	}
	/* The number leads back: the IKE SA's serial above, a count below. */
	x->job = x->owner->serial << 16 | (++x->owner->jobs & 0xffff);
	job->number = x->job;
	a->job = job;
	return true;
}
