/* Making, settling, discarding IKE SAs (ike_sa.h). */
#include "ike_sa.h"

#include <stdlib.h>
#include <string.h>

#include "child_sa.h"
#include "exchange.h"

/* A fresh SPI, never 0, that no IKE SA of ours has (checklist D7). */
/* @rfc 7296-2.6-2 7296-3.1-2 */
static bool draw_spi(struct ike_context *c, uint64_t *spi)
{
	for (unsigned i = 0; i < LIMIT_SPI_DRAWS; i++) {
		if (!c->crypto->random(c->crypto->self, spi, sizeof(*spi)))
			return false;
		if (*spi && !table_by_spi(&c->table, *spi))
			return true;
	}
	return false;
}

/* @rfc 7296-1.3.2-5 7296-2.2-3 7296-2.18-5 */
static void init_fields(struct ike_context *c, struct ike_sa *sa, const struct endpoint *local,
			const struct endpoint *remote)
{
	sa->serial = context_serial(c);
	sa->state = IKE_OPENING;
	sa->local = *local;
	sa->remote = sa->first_remote = *remote;
	sa->made = sa->last_heard = c->now;
	sa->half_open_due = sa->linger_due = sa->life_due = sa->rekey_due = MSEC_NEVER;
	sa->liveness_due = sa->quiet_due = sa->keepalive_due = sa->again_due = MSEC_NEVER;
	sa->peer_window = 1;
	window_init(&sa->ours, 1);
	window_init(&sa->theirs, 1);
}

static struct ike_sa *allocate(void)
{
	struct ike_sa *sa = calloc(1, sizeof(*sa));

	if (!sa)
		return NULL;
	list_init(&sa->link);
	list_init(&sa->in_spi);
	list_init(&sa->in_serial);
	list_init(&sa->in_peer);
	list_init(&sa->in_address);
	list_init(&sa->in_name);
	list_init(&sa->queue);
	list_init(&sa->live);
	list_init(&sa->children);
	list_init(&sa->in_half_opens);
	return sa;
}

/* @rfc 7296-1.3.2-6 7296-2.6-1 7296-3.1-3 */
static void set_spis(struct ike_sa *sa, bool initiator, uint64_t ours, uint64_t peers)
{
	sa->initiator = initiator;
	sa->spi_i = initiator ? ours : peers;
	sa->spi_r = initiator ? peers : ours;
}

/* Whoever is in the table has room for its deadline: without one it could live for ever. */
static bool enter_table(struct ike_context *c, struct ike_sa *sa)
{
	return deadlines_reserve(&c->deadlines, c->table.count + 1) && table_add(&c->table, sa);
}

struct ike_sa *ike_sa_new(struct ike_context *c, bool initiator, uint64_t peer_spi,
			  const struct endpoint *local, const struct endpoint *remote)
{
	struct ike_sa *sa = allocate();
	uint64_t spi;

	if (!sa)
		return NULL;
	sa->handshake = calloc(1, sizeof(*sa->handshake));
	if (!sa->handshake || !draw_spi(c, &spi)) {
		free(sa->handshake);
		free(sa);
		return NULL;
	}
	init_fields(c, sa, local, remote);
	set_spis(sa, initiator, spi, peer_spi);
	if (!enter_table(c, sa)) {
		ike_sa_discard(c, sa, REASON_LIMIT);
		return NULL;
	}
	if (!initiator) {
		context_half_open(c, sa, true);
		sa->half_open_due = msec_after(c->now, LIMIT_HALF_OPEN_TIME);
	}
	return sa;
}

struct ike_sa *ike_sa_heir(struct ike_context *c, const struct ike_sa *old, bool initiator, uint64_t peer_spi)
{
	struct ike_sa *sa = allocate();
	uint64_t spi;

	if (!sa)
		return NULL;
	if (!draw_spi(c, &spi) || !identity_copy(&sa->local_id, &old->local_id) ||
	    !identity_copy(&sa->remote_id, &old->remote_id)) {
		identity_discard(&sa->local_id);
		identity_discard(&sa->remote_id);
		free(sa);
		return NULL;
	}
	init_fields(c, sa, &old->local, &old->remote);
	sa->first_remote = old->remote;
	set_spis(sa, initiator, spi, peer_spi);
	sa->conn = old->conn;
	sa->owner = old->owner;
	sa->level = old->level;
	sa->encapsulated = old->encapsulated;
	sa->esp_in_udp = old->esp_in_udp;
	sa->we_are_behind = old->we_are_behind;
	sa->peer_is_behind = old->peer_is_behind;
	sa->fragments = old->fragments;
	sa->last_heard = old->last_heard;
	table_add_larval(&c->table, sa);
	return sa;
}

bool ike_sa_open_heir(struct ike_context *c, struct ike_sa *heir)
{
	if (!enter_table(c, heir))
		return false;
	ike_sa_happens(c, heir, HAPPENED_INHERITED, REASON_REPLACED);
	return true;
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
		child_sa_discard(c, LIST_ENTRY(pos, struct child_sa, link), reason);
}

void ike_sa_discard(struct ike_context *c, struct ike_sa *sa, enum reason reason)
{
	discard_children(c, sa, reason);
	discard_exchanges(c, &sa->queue);
	discard_exchanges(c, &sa->live);
	ike_sa_forget_handshake(c, sa);
	table_remove(&c->table, sa);
	deadlines_remove(&c->deadlines, sa->serial);
	c->lingering -= sa->state == IKE_DELETED;
	if (sa->established)
		context_ended(c, ike_sa_our_spi(sa));
	if (sa->half_open)
		context_half_open(c, sa, false);
	for (size_t i = 0; i < ARRAY_LENGTH(sa->gather); i++) {
		c->gathered -= sa->gather[i].octets;
		gather_discard(&sa->gather[i]);
	}
	identity_discard(&sa->local_id);
	identity_discard(&sa->remote_id);
	wipe(sa, sizeof(*sa));
	free(sa);
}

/* When its life and its rekeying are due: with fuzz, and later at the responder, so that both do not begin at once. */
/* @rfc 7296-2.8-8 7296-2.8-9 7296-2.8.1-1 */
static void begin_life(struct ike_context *c, struct ike_sa *sa, const struct conn *conn)
{
	msec life = conn ? conn->ike_lifetime : LIMIT_IKE_LIFETIME;
	msec margin = conn ? conn->rekey_margin : LIMIT_REKEY_MARGIN;
	uint32_t draw = 0;

	if (!c->crypto->random(c->crypto->self, &draw, sizeof(draw)))
		draw = 0;
	margin += margin * (conn ? conn->rekey_fuzz : LIMIT_REKEY_FUZZ) / 100 * (draw % 1000) / 1000;
	if (!sa->initiator)
		margin -= margin / 4;
	if (margin > life / 2)
		margin = life / 2;
	sa->established = c->now;
	table_enter_name(&c->table, sa);
	sa->life_due = msec_after(c->now, life);
	sa->rekey_due = conn && !conn->rekey ? MSEC_NEVER : msec_after(c->now, life - margin);
	sa->liveness_due = msec_after(c->now, context_liveness(c, sa->conn));
	sa->quiet_due = msec_after(c->now, c->plan ? c->plan->setup.ike_quiet : LIMIT_IKE_QUIET);
	if (sa->we_are_behind && (!conn || conn->nat_keepalive))
		sa->keepalive_due = msec_after(c->now, c->plan ? c->plan->setup.keep_alive : LIMIT_KEEPALIVE);
}

/* The kernel stops using them at once; the peer is told of all by the delete of their IKE SA. */
static void stop_children(struct ike_context *c, struct ike_sa *sa, enum reason reason)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->children) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		if (child_state_is_live(child->state))
			child_sa_happens(c, child, CHILD_DELETE_WANTED, reason);
	}
}

static void enter_state(struct ike_context *c, struct ike_sa *sa, enum ike_state next, enum reason reason)
{
	const struct conn *conn = plan_conn(c->plan, sa->conn);

	actions_transition(c->actions, "ike", sa->serial, conn ? conn->name : "", ike_state_name(sa->state),
			   ike_state_name(next), reason);
	c->lingering += next == IKE_DELETED;
	c->lingering -= sa->state == IKE_DELETED;
	if (sa->half_open && sa->state == IKE_OPENING)
		c->answering--;
	sa->state = next;
	if (next == IKE_ESTABLISHED && sa->half_open)
		suspects_finished(c->suspects, &sa->first_remote.address);
	if (next != IKE_AUTHENTICATING && sa->half_open) {
		context_half_open(c, sa, false);
		sa->half_open_due = MSEC_NEVER;
	}
	if (next == IKE_ESTABLISHED) {
		begin_life(c, sa, conn);
	} else if (next == IKE_DELETING) {
		sa->end_reason = reason;
		stop_children(c, sa, reason);
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
		c->impossible++;
		enter_state(c, sa, IKE_GONE, reason);
	} else if (cell->sort == CELL_DO && cell->next != sa->state) {
		enter_state(c, sa, cell->next, reason);
	}
	return cell;
}

void ike_sa_again(struct ike_context *c, struct ike_sa *sa)
{
	sa->again_due = msec_earlier(sa->again_due, msec_after(c->now, LIMIT_AGAIN));
}

void ike_sa_fails(struct ike_context *c, struct ike_sa *sa, enum reason reason)
{
	if (sa->state == IKE_ESTABLISHED || sa->state == IKE_REKEYED)
		sa->closing = true; /* due_settle asks for the delete */
	else
		ike_sa_happens(c, sa, HAPPENED_FAILED, reason);
}

void ike_sa_succeed(struct ike_context *c, struct ike_sa *old, struct ike_sa *heir)
{
	struct list *pos, *next;
	struct ike_news *news;

	LIST_FOR_EACH (pos, next, &old->children)
		LIST_ENTRY(pos, struct child_sa, link)->ike = heir;
	list_splice(&heir->children, &old->children);
	heir->child_count += old->child_count;
	old->child_count = 0;
	if (heir->child_count)
		heir->quiet_due = MSEC_NEVER;
	LIST_FOR_EACH (pos, next, &old->queue)
		LIST_ENTRY(pos, struct exchange, link)->owner = heir;
	list_splice(&heir->queue, &old->queue);
	heir->queued += old->queued;
	old->queued = 0;
	heir->again_due = msec_earlier(heir->again_due, old->again_due);
	ike_sa_happens(c, old, HAPPENED_REPLACED, REASON_REPLACED);
	old->quiet_due = msec_after(c->now, context_replaced(c, old->conn));
	news = context_news(c, NEWS_IKE_REPLACED);
	if (news) {
		ike_sa_fill_news(heir, news);
		news->replaced = old->serial;
		news->reason = REASON_REPLACED;
	}
	old->told_down = true; /* it lives on in its successor */
	exchange_pump(c, heir);
	ike_sa_arm(c, heir);
}

void ike_sa_moved(struct ike_context *c, struct ike_sa *sa, const struct endpoint *remote)
{
	char before[ENDPOINT_TEXT], after[ENDPOINT_TEXT];
	struct list *pos, *next;

	if (endpoint_equal(&sa->remote, remote))
		return;
	actions_note(c->actions, NOTE_INFO, "#%llu: the peer behind its NAT moved from %s to %s",
		     (unsigned long long)sa->serial, endpoint_print(&sa->remote, before),
		     endpoint_print(remote, after));
	sa->remote = *remote;
	/* The kernel's SAs name the old mapping: new ones come with the new. */
	LIST_FOR_EACH (pos, next, &sa->children) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		if (child->state == CHILD_INSTALLED)
			child->rekey_due = c->now;
	}
}

/* Requests that wait or are on the wire die with their IKE SA; who asked for them is told. */
static void lose_exchanges(struct ike_context *c, struct ike_sa *sa, struct list *head)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, head) {
		struct exchange *x = LIST_ENTRY(pos, struct exchange, link);

		if (!x->ours)
			continue;
		if (x->kind->lost)
			x->kind->lost(c, x, sa->end_reason);
		exchange_discard(c, x);
	}
}

/* The peer is told nothing any more, or has told us: children, queue and our own requests go. */
/* @rfc 7296-1.4.1-9 7296-2.1-8 7296-2.4-17 */
static void leave_life(struct ike_context *c, struct ike_sa *sa)
{
	struct ike_news *news;

	discard_children(c, sa, sa->end_reason);
	lose_exchanges(c, sa, &sa->queue);
	lose_exchanges(c, sa, &sa->live);
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

/*
 * An IKE SA without children has its quiet time, and then goes; at once nearly, when another took its place by a
 * handshake of its own (2.8.3).
 */
static void count_quiet(struct ike_context *c, struct ike_sa *sa)
{
	if (sa->forgotten)
		return;
	if (sa->state != IKE_ESTABLISHED || sa->child_count)
		sa->quiet_due = sa->state == IKE_ESTABLISHED ? MSEC_NEVER : sa->quiet_due;
	else if (sa->quiet_due == MSEC_NEVER)
		sa->quiet_due = msec_after(c->now, sa->reauth_told ? LIMIT_REDUNDANT
						   : c->plan       ? c->plan->setup.ike_quiet
								   : LIMIT_IKE_QUIET);
}

bool ike_sa_settle(struct ike_context *c, struct ike_sa *sa)
{
	child_sa_sweep(c, sa);
	if ((sa->state == IKE_GONE || sa->state == IKE_DELETED) && !sa->settled) {
		sa->settled = true;
		sa->linger_due = msec_after(c->now, LIMIT_LINGER);
		leave_life(c, sa);
	}
	if (sa->state == IKE_GONE) {
		ike_sa_discard(c, sa, sa->end_reason);
		return false;
	}
	count_quiet(c, sa);
	ike_sa_arm(c, sa);
	return true;
}

static msec due_of_exchanges(const struct ike_sa *sa)
{
	msec due = MSEC_NEVER;
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->live) {
		const struct exchange *x = LIST_ENTRY(pos, struct exchange, link);

		if (x->ours && x->step == EXCHANGE_WAITING)
			due = msec_earlier(due, msec_earlier(x->due, x->give_up));
	}
	LIST_FOR_EACH (pos, next, &sa->queue)
		due = msec_earlier(due, LIST_ENTRY(pos, struct exchange, link)->expires);
	return due;
}

void ike_sa_arm(struct ike_context *c, struct ike_sa *sa)
{
	msec due = msec_earlier(msec_earlier(sa->half_open_due, sa->again_due), due_of_exchanges(sa));
	struct list *pos, *next;

	if (sa->state == IKE_DELETED)
		due = sa->linger_due;
	if (sa->state == IKE_ESTABLISHED || sa->state == IKE_REKEYED)
		due = msec_earlier(due, msec_earlier(sa->life_due, sa->quiet_due));
	if (sa->state == IKE_ESTABLISHED) {
		due = msec_earlier(due, msec_earlier(sa->rekey_due, sa->liveness_due));
		due = msec_earlier(due, sa->keepalive_due);
	}
	LIST_FOR_EACH (pos, next, &sa->children) {
		const struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		due = msec_earlier(due, msec_earlier(child->due, child->rekey_due));
	}
	/* There is room for it (enter_table). */
	if (!deadlines_set(&c->deadlines, sa->serial, due))
		actions_note(c->actions, NOTE_ERROR, "#%llu: no memory for a deadline",
			     (unsigned long long)sa->serial);
}

struct child_sa *ike_sa_child(const struct ike_sa *sa, uint64_t serial)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->children) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		if (child->serial == serial)
			return child;
	}
	return NULL;
}

struct child_sa *ike_sa_child_by_spi_out(const struct ike_sa *sa, uint32_t spi_out)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->children) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		if (child->spi_out == spi_out)
			return child;
	}
	return NULL;
}

bool ike_sa_has_live_child(const struct ike_sa *sa)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->children) {
		const struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		if (child->state == CHILD_INSTALLED || child->state == CHILD_INBOUND)
			return true;
	}
	return false;
}
