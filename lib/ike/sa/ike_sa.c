/* Making, settling, discarding IKE SAs (ike_sa.h). */
#include "ike_sa.h"

#include <stdlib.h>
#include <string.h>

#include "child_sa.h"
#include "exchange.h"

/* A fresh SPI, never 0, that no IKE SA of ours has (checklist D7). */
static bool draw_spi(struct ike_context *c, uint64_t *spi)
{
	do {
		if (!c->crypto->random(c->crypto->self, spi, sizeof(*spi)))
			return false;
	} while (*spi == 0 || table_by_spi(&c->table, *spi));
	return true;
}

static void init_fields(struct ike_context *c, struct ike_sa *sa, const struct endpoint *local,
			const struct endpoint *remote)
{
	sa->serial = context_serial(c);
	sa->state = IKE_OPENING;
	sa->local = *local;
	sa->remote = sa->first_remote = *remote;
	sa->made = sa->last_heard = c->now;
	sa->half_open_due = sa->linger_due = sa->life_due = sa->liveness_due = MSEC_NEVER;
	window_init(&sa->ours, 1);
	window_init(&sa->theirs, 1);
}

struct ike_sa *ike_sa_new(struct ike_context *c, bool initiator, uint64_t peer_spi,
			  const struct endpoint *local, const struct endpoint *remote)
{
	struct ike_sa *sa = calloc(1, sizeof(*sa));
	uint64_t spi;

	if (!sa)
		return NULL;
	list_init(&sa->link);
	list_init(&sa->in_spi);
	list_init(&sa->in_serial);
	list_init(&sa->in_peer);
	list_init(&sa->queue);
	list_init(&sa->live);
	list_init(&sa->children);
	sa->initiator = initiator;
	sa->handshake = calloc(1, sizeof(*sa->handshake));
	if (!sa->handshake || !draw_spi(c, &spi)) {
		free(sa->handshake);
		free(sa);
		return NULL;
	}
	init_fields(c, sa, local, remote);
	sa->spi_i = initiator ? spi : peer_spi;
	sa->spi_r = initiator ? 0 : spi;
	if (!table_add(&c->table, sa)) {
		ike_sa_discard(c, sa, REASON_LIMIT);
		return NULL;
	}
	if (!initiator) {
		sa->half_open = true;
		c->half_open++;
		sa->half_open_due = msec_after(c->now, LIMIT_HALF_OPEN_TIME);
	}
	return sa;
}

void ike_sa_forget_handshake(struct ike_context *c, struct ike_sa *sa)
{
	struct handshake *h = sa->handshake;

	if (!h)
		return;
	c->crypto->ke_discard(c->crypto->self, h->secret);
	blob_discard(&h->ke_public);
	blob_discard(&h->nonce_i);
	blob_discard(&h->nonce_r);
	blob_discard(&h->init_request);
	blob_discard(&h->init_answer);
	blob_discard(&h->cookie);
	for (size_t i = 0; i < h->peer_key_count; i++)
		public_key_discard(&h->peer_keys[i]);
	free(h->peer_keys);
	wipe(h, sizeof(*h));
	free(h);
	sa->handshake = NULL;
}

static void discard_exchanges(struct ike_context *c, struct list *head)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, head)
		exchange_discard(c, LIST_ENTRY(pos, struct exchange, link));
}

static void discard_children(struct ike_context *c, struct ike_sa *sa, enum reason reason)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->children)
		child_sa_discard(c, sa, LIST_ENTRY(pos, struct child_sa, link), reason);
}

void ike_sa_discard(struct ike_context *c, struct ike_sa *sa, enum reason reason)
{
	discard_children(c, sa, reason);
	discard_exchanges(c, &sa->queue);
	discard_exchanges(c, &sa->live);
	ike_sa_forget_handshake(c, sa);
	table_remove(&c->table, sa);
	deadlines_remove(&c->deadlines, sa->serial);
	if (sa->half_open)
		c->half_open--;
	identity_discard(&sa->local_id);
	identity_discard(&sa->remote_id);
	wipe(sa, sizeof(*sa));
	free(sa);
}

static void enter_state(struct ike_context *c, struct ike_sa *sa, enum ike_state next, enum reason reason)
{
	const struct conn *conn = plan_conn(c->plan, sa->conn);

	actions_transition(c->actions, "ike", sa->serial, conn ? conn->name : "", ike_state_name(sa->state),
			   ike_state_name(next), reason);
	sa->state = next;
	if (next != IKE_AUTHENTICATING && sa->half_open) {
		sa->half_open = false;
		c->half_open--;
		sa->half_open_due = MSEC_NEVER;
	}
	if (next == IKE_ESTABLISHED) {
		msec life = conn ? conn->ike_lifetime : LIMIT_IKE_LIFETIME;

		sa->established = c->now;
		sa->life_due = msec_after(c->now, context_jitter(c, life - life / 20, 5));
		sa->liveness_due = msec_after(c->now, LIMIT_LIVENESS);
	} else if (next != IKE_AUTHENTICATING) {
		sa->end_reason = reason;
	}
}

const struct ike_cell *ike_sa_happens(struct ike_context *c, struct ike_sa *sa, enum ike_happening happening,
				      enum reason reason)
{
	const struct ike_cell *cell = ike_cell(sa->state, happening);

	if (cell->sort == CELL_NEVER) {
		actions_note(c->actions, NOTE_ERROR,
			     "#%llu: %s in %s cannot be (%s): the IKE SA is discarded",
			     (unsigned long long)sa->serial, ike_happening_name(happening),
			     ike_state_name(sa->state), cell->what);
		enter_state(c, sa, IKE_GONE, reason);
	} else if (cell->sort == CELL_DO && cell->next != sa->state) {
		enter_state(c, sa, cell->next, reason);
	}
	return cell;
}

void ike_sa_fill_news(const struct ike_sa *sa, struct ike_news *news)
{
	news->ike_sa = sa->serial;
	news->owner = sa->owner;
	news->conn = sa->conn;
	news->initiator = sa->initiator;
	news->level = sa->level;
	news->local = sa->local;
	news->remote = sa->remote;
	identity_print(&sa->remote_id, news->peer_id);
}

void ike_sa_attempt_failed(struct ike_context *c, struct ike_sa *sa, enum reason reason, uint16_t notify,
			   bool proven)
{
	struct ike_news *news;

	if (!sa->initiator || sa->told_failed)
		return;
	sa->told_failed = true;
	news = context_news(c, NEWS_ATTEMPT_FAILED);
	if (!news)
		return;
	ike_sa_fill_news(sa, news);
	news->reason = reason;
	news->notify = notify;
	news->proven = proven;
}

/* The peer is told nothing any more, or has told us: children, queue and our own requests go. */
static void leave_life(struct ike_context *c, struct ike_sa *sa)
{
	struct list *pos, *next;
	struct ike_news *news;

	discard_children(c, sa, sa->end_reason);
	discard_exchanges(c, &sa->queue);
	LIST_FOR_EACH (pos, next, &sa->live) {
		struct exchange *x = LIST_ENTRY(pos, struct exchange, link);

		if (x->ours)
			exchange_discard(c, x);
	}
	if (!sa->established) {
		ike_sa_attempt_failed(c, sa, sa->end_reason, 0, false);
		return;
	}
	news = sa->told_down ? NULL : context_news(c, NEWS_IKE_DOWN);
	if (news) {
		ike_sa_fill_news(sa, news);
		news->reason = sa->end_reason;
		news->confirmed = sa->confirmed;
	}
	sa->told_down = true;
}

bool ike_sa_settle(struct ike_context *c, struct ike_sa *sa)
{
	if ((sa->state == IKE_GONE || sa->state == IKE_DELETED) && !sa->settled) {
		sa->settled = true;
		sa->linger_due = msec_after(c->now, LIMIT_LINGER);
		leave_life(c, sa);
	}
	if (sa->state == IKE_GONE) {
		ike_sa_discard(c, sa, sa->end_reason);
		return false;
	}
	ike_sa_arm(c, sa);
	return true;
}

void ike_sa_arm(struct ike_context *c, struct ike_sa *sa)
{
	msec due = sa->half_open_due;
	struct list *pos, *next;

	if (sa->state == IKE_DELETED)
		due = sa->linger_due;
	else if (sa->state == IKE_ESTABLISHED || sa->state == IKE_REKEYED)
		due = msec_earlier(sa->life_due, sa->liveness_due);
	LIST_FOR_EACH (pos, next, &sa->live) {
		const struct exchange *x = LIST_ENTRY(pos, struct exchange, link);

		if (x->ours && x->step == EXCHANGE_WAITING)
			due = msec_earlier(due, msec_earlier(x->due, x->give_up));
	}
	/* Without memory for a deadline the SA could live for ever: it goes now. */
	if (!deadlines_set(&c->deadlines, sa->serial, due))
		actions_note(c->actions, NOTE_ERROR, "#%llu: no memory for a deadline",
			     (unsigned long long)sa->serial);
}

struct child_sa *ike_sa_child(const struct ike_sa *sa, uint64_t serial)
{
	struct list *pos, *next;

	for (pos = sa->children.next; pos != &sa->children; pos = next) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		next = pos->next;
		if (child->serial == serial)
			return child;
	}
	return NULL;
}

struct child_sa *ike_sa_child_by_spi_out(const struct ike_sa *sa, uint32_t spi_out)
{
	struct list *pos;

	for (pos = sa->children.next; pos != &sa->children; pos = pos->next) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		if (child->spi_out == spi_out)
			return child;
	}
	return NULL;
}
