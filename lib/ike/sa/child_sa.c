/* Making, installing, discarding Child SAs (child_sa.h). */
#include "child_sa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ike_sa.h"

/* The kernel and RFC 4303 2.1 reserve SPIs up to 255. */
#define SPI_LEAST 256

/* A fresh SPI that no Child SA of ours has (checklist D7). */
static bool draw_spi(struct ike_context *c, uint32_t *spi)
{
	for (unsigned i = 0; i < LIMIT_SPI_DRAWS; i++) {
		if (!c->crypto->random(c->crypto->self, spi, sizeof(*spi)))
			return false;
		if (*spi >= SPI_LEAST && !table_child_by_spi_in(&c->table, *spi))
			return true;
	}
	return false;
}

struct child_sa *child_sa_new(struct ike_context *c)
{
	struct child_sa *child = calloc(1, sizeof(*child));

	if (!child)
		return NULL;
	list_init(&child->link);
	list_init(&child->in_serial);
	list_init(&child->in_spi);
	list_init(&child->out_spi);
	child->state = CHILD_LARVAL;
	child->serial = context_serial(c);
	child->due = child->rekey_due = MSEC_NEVER;
	child->began = c->now;
	if (!draw_spi(c, &child->spi_in)) {
		free(child);
		return NULL;
	}
	return child;
}

/* When the kernel says that it is time: earlier than the end by margin and fuzz, and not alike on both sides. */
/* @rfc 7296-2.8-1 7296-2.8-8 7296-2.8-9 7296-2.8.1-1 */
static void fill_lives(struct ike_context *c, const struct ike_sa *sa, const struct conn *conn,
		       struct kernel_sa *k)
{
	msec margin = conn ? conn->rekey_margin : LIMIT_REKEY_MARGIN;
	unsigned fuzz = conn ? conn->rekey_fuzz : LIMIT_REKEY_FUZZ;
	uint32_t draw = 0;

	k->hard_life = conn ? conn->sa_lifetime : LIMIT_SA_LIFETIME;
	k->hard_bytes = conn ? conn->sa_max_bytes : 0;
	k->hard_packets = conn ? conn->sa_max_packets : 0;
	k->soft_life = MSEC_NEVER;
	if (conn && !conn->rekey)
		return;
	/* Without randomness the margin is as written. */
	if (!c->crypto->random(c->crypto->self, &draw, sizeof(draw)))
		draw = 0;
	margin += margin * fuzz / 100 * (draw % 1000) / 1000;
	if (!sa->initiator)
		margin -= margin / 4;
	if (margin > k->hard_life / 2)
		margin = k->hard_life / 2;
	k->soft_life = k->hard_life - margin;
	k->soft_bytes = k->hard_bytes / 10 * (sa->initiator ? 8 : 9);
	k->soft_packets = k->hard_packets / 10 * (sa->initiator ? 8 : 9);
}

/* What both directions have in common, and the addresses of the one. */
/* @rfc 7296-2.23-4 */
static void fill_sa(struct ike_context *c, const struct ike_sa *sa, const struct child_sa *child,
		    bool inbound, struct kernel_sa *k)
{
	k->inbound = inbound;
	k->spi = inbound ? child->spi_in : child->spi_out;
	k->src = inbound ? sa->remote.address : sa->local.address;
	k->dst = inbound ? sa->local.address : sa->remote.address;
	k->inner_src = inbound ? child->ts_remote : child->ts_local;
	k->inner_dst = inbound ? child->ts_local : child->ts_remote;
	k->mode = child->mode;
	k->reqid = child->reqid;
	k->esn = child->esp.esn;
	k->replay_window = inbound ? LIMIT_REPLAY_WINDOW : 0;
	if (c->abilities.replay_window_max && k->replay_window > c->abilities.replay_window_max)
		k->replay_window = c->abilities.replay_window_max;
	/* The larval state that the acquire left is the outbound one: same reqid and destination. */
	k->acquire_seq = inbound ? 0 : child->acquire_seq;
	fill_lives(c, sa, plan_conn(c->plan, child->conn), k);
	if (sa->esp_in_udp) {
		k->encap_sport = inbound ? sa->remote.port : sa->local.port;
		k->encap_dport = inbound ? sa->local.port : sa->remote.port;
	}
}

/* @rfc 7296-2.12-1 */
static void forget_keys(struct kernel_sa **k)
{
	if (*k)
		wipe(*k, sizeof(**k));
	free(*k);
	*k = NULL;
}

/* ---- news ---- */

/* Tells the node of a child; without memory nobody is told, and the invariants of the node will show it. */
static void tell(struct ike_context *c, const struct child_sa *child, enum ike_news_kind kind,
		 enum reason reason)
{
	struct ike_news *news = context_news(c, kind);

	if (!news)
		return;
	ike_sa_fill_news(child->ike, news);
	news->child = child->serial;
	news->began = child->began;
	news->owner = child->owner;
	news->conn = child->conn;
	news->reason = reason;
	news->ts_local = child->ts_local;
	news->ts_remote = child->ts_remote;
	news->mode = child->mode;
	news->reqid = child->reqid;
	news->spi_in = child->spi_in;
	news->spi_out = child->spi_out;
	news->acquire_seq = child->acquire_seq;
	news->confirmed = reason == REASON_WE_DELETED || reason == REASON_PEER_DELETED;
	news->replaced = kind == NEWS_CHILD_REPLACED ? child->replaces : 0;
}

/* It serves from now on: as a newcomer, or in another's place. */
static void tell_serving(struct ike_context *c, struct child_sa *child, enum reason reason)
{
	struct child_sa *before = child->replaces ? table_child_by_serial(&c->table, child->replaces) : NULL;
	bool replaced = before && before->told;

	if (child->told)
		return;
	if (replaced)
		before->told = false;
	child->told = true;
	tell(c, child, replaced ? NEWS_CHILD_REPLACED : NEWS_CHILD_UP, reason);
}

static void note_move(struct ike_context *c, const struct child_sa *child, enum child_state from,
		      enum reason reason)
{
	char pair[2 * SELECTOR_TEXT], l[SELECTOR_TEXT], r[SELECTOR_TEXT];

	snprintf(pair, sizeof(pair), "%s=%s", selector_print(&child->ts_local, l),
		 selector_print(&child->ts_remote, r));
	actions_transition(c->actions, "child", child->serial, pair, child_state_name(from),
			   child_state_name(child->state), reason);
}

/* ---- the kernel follows the state ---- */

static bool put_one(struct ike_context *c, struct child_sa *child, struct kernel_sa **k)
{
	struct action *a = *k ? actions_add(c->actions, ACTION_SA_INSTALL) : NULL;

	if (!a)
		return false;
	a->sa.child = child->serial;
	a->sa.sa = **k;
	forget_keys(k);
	return true;
}

static void remove_one(struct ike_context *c, const struct child_sa *child, bool inbound)
{
	struct action *a = actions_add(c->actions, ACTION_SA_REMOVE);

	if (!a)
		return;
	a->sa.child = child->serial;
	a->sa.sa.spi = inbound ? child->spi_in : child->spi_out;
	a->sa.sa.src = inbound ? child->far : child->near;
	a->sa.sa.dst = inbound ? child->near : child->far;
	a->sa.sa.inbound = inbound;
	a->sa.sa.reqid = child->reqid;
}

/* Inbound first: nobody may send what cannot be received. */
/* @rfc 7296-2.8-12 7296-2.8-13 */
static void follow(struct ike_context *c, struct child_sa *child, enum child_state from)
{
	bool in = child_state_holds_in(child->state), out = child_state_holds_out(child->state);

	if (in && !child_state_holds_in(from) && !put_one(c, child, &child->in))
		c->actions->failed = true;
	if (out && !child_state_holds_out(from) && !put_one(c, child, &child->out))
		c->actions->failed = true;
	if (!out && child_state_holds_out(from))
		remove_one(c, child, false);
	if (!in && child_state_holds_in(from))
		remove_one(c, child, true);
}

static void arm(struct ike_context *c, struct child_sa *child)
{
	child->due = child->state == CHILD_DRAINING   ? msec_after(c->now, LIMIT_DRAIN)
		     : child->state == CHILD_REPLACED ? msec_after(c->now, LIMIT_REDUNDANT)
		     : child->state == CHILD_INBOUND
			     ? msec_after(c->now, child->replaces ? LIMIT_CHANGE_OVER : LIMIT_NEWCOMER_LOOK)
			     : MSEC_NEVER;
	if (child->state != CHILD_INSTALLED)
		child->rekey_due = MSEC_NEVER;
}

/* It serves no more, and one of another IKE SA has only waited for its peer's first packet: it serves now, without a gap. */
static void let_newcomer(struct ike_context *c, const struct child_sa *child)
{
	struct child_sa *newcomer =
		child->newcomer ? table_child_by_serial(&c->table, child->newcomer) : NULL;

	if (newcomer && newcomer->state == CHILD_INBOUND)
		child_sa_happens(c, newcomer, CHILD_PROVED, REASON_UP);
}

static void move(struct ike_context *c, struct child_sa *child, enum child_state to, enum reason reason)
{
	enum child_state from = child->state;

	child->state = to;
	follow(c, child, from);
	arm(c, child);
	note_move(c, child, from, reason);
	if (to == CHILD_INSTALLED) {
		tell_serving(c, child, reason == REASON_OK ? REASON_UP : reason);
	} else if (child->told && to != CHILD_REPLACED) {
		let_newcomer(c, child);
		child->told = false;
		child->end_reason = reason;
		tell(c, child, NEWS_CHILD_DOWN, reason);
	}
	if (!child_state_holds_in(to) && !child_state_holds_out(to)) {
		forget_keys(&child->in);
		forget_keys(&child->out);
	}
}

const struct child_cell *child_sa_happens(struct ike_context *c, struct child_sa *child,
					  enum child_happening happening, enum reason reason)
{
	const struct child_cell *cell = child_cell(child->state, happening);

	if (cell->sort == CELL_NEVER) {
		actions_note(c->actions, NOTE_ERROR, "child #%llu: %s in %s cannot be (%s): it is discarded",
			     (unsigned long long)child->serial, child_happening_name(happening),
			     child_state_name(child->state), cell->what);
		c->impossible++;
		move(c, child, CHILD_GONE, reason);
	} else if (cell->sort == CELL_DO) {
		bool over = child->state == CHILD_DELETING && cell->next == CHILD_GONE;

		move(c, child, cell->next, reason);
		/* Whoever waits for the end of our delete hears of it; an IKE SA that ends tells for all its own. */
		if (over)
			tell(c, child, NEWS_CHILD_DELETED, reason);
	}
	return cell;
}

/* ---- making ---- */

static bool derive(struct ike_context *c, const struct ike_sa *sa, struct child_sa *child,
		   const struct child_seed *seed)
{
	child->in = calloc(1, sizeof(*child->in));
	child->out = calloc(1, sizeof(*child->out));
	if (!child->in || !child->out)
		return false;
	fill_sa(c, sa, child, true, child->in);
	fill_sa(c, sa, child, false, child->out);
	/* Both ends of one life: what the kernel says of either direction is the same hour. */
	child->out->soft_life = child->in->soft_life;
	return keys_child(c->crypto, sa->suite.prf, sa->keys.sk_d, &child->esp, seed->shared, seed->nonce_i,
			  seed->nonce_r, seed->initiator ? child->out : child->in,
			  seed->initiator ? child->in : child->out);
}

static void adopt(struct ike_context *c, struct ike_sa *sa, struct child_sa *child)
{
	child->ike = sa;
	child->near = sa->local.address;
	child->far = sa->remote.address;
	child->installed = c->now;
	child->serves = msec_after(c->now, LIMIT_NEWCOMER);
	list_append(&sa->children, &child->link);
	sa->child_count++;
	sa->quiet_due = MSEC_NEVER;
	table_add_child(&c->table, child);
}

bool child_sa_agree(struct ike_context *c, struct ike_sa *sa, struct child_sa *child,
		    const struct child_seed *seed, bool half)
{
	child->initiator = seed->initiator;
	if (sa->handshake)
		child->began = sa->made;
	if (sa->child_count >= LIMIT_CHILDREN || !derive(c, sa, child, seed)) {
		forget_keys(&child->in);
		forget_keys(&child->out);
		return false;
	}
	adopt(c, sa, child);
	child_sa_happens(c, child, half ? CHILD_AGREED_HALF : CHILD_AGREED, REASON_UP);
	return true;
}

void child_sa_adopt_refused(struct ike_context *c, struct ike_sa *sa, struct child_sa *child,
			    enum reason reason)
{
	adopt(c, sa, child);
	child_sa_happens(c, child, CHILD_DELETE_WANTED, reason);
}

/* ---- succession ---- */

struct child_sa *child_sa_successor(const struct child_sa *child)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &child->ike->children) {
		struct child_sa *other = LIST_ENTRY(pos, struct child_sa, link);

		if (other->replaces == child->serial && other->state == CHILD_INBOUND)
			return other;
	}
	return NULL;
}

struct child_sa *child_sa_rival(const struct ike_context *c, const struct ike_sa *sa,
				const struct child_sa *larval)
{
	struct list *pos, *next, *inner, *after;

	LIST_FOR_EACH (pos, next, table_peer_list(&c->table, &sa->remote.address)) {
		const struct ike_sa *other = LIST_ENTRY(pos, struct ike_sa, in_address);

		if (other == sa)
			continue;
		LIST_FOR_EACH (inner, after, &other->children) {
			struct child_sa *child = LIST_ENTRY(inner, struct child_sa, link);

			if (child->state == CHILD_INSTALLED && child->conn == larval->conn &&
			    selector_equal(&child->ts_local, &larval->ts_local) &&
			    selector_equal(&child->ts_remote, &larval->ts_remote))
				return child;
		}
	}
	return NULL;
}

void child_sa_newcomer(struct ike_context *c, struct ike_sa *sa, bool answered)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->children) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		if (child->state != CHILD_INBOUND || child->replaces)
			continue;
		if (answered) {
			child_sa_happens(c, child, CHILD_PROVED, REASON_UP);
			continue;
		}
		/* Whoever waits twice as long each time asks again within the time that has gone by. */
		child->serves = msec_after(c->now, c->now - child->installed + LIMIT_NEWCOMER);
	}
}

void child_sa_take_over(struct ike_context *c, struct child_sa *successor)
{
	struct child_sa *before =
		successor->replaces ? table_child_by_serial(&c->table, successor->replaces) : NULL;

	if (successor->state == CHILD_INBOUND)
		child_sa_happens(c, successor, CHILD_PROVED, REASON_REPLACED);
	if (before && before->state == CHILD_INSTALLED)
		child_sa_happens(c, before, CHILD_SUCCEEDED, REASON_REPLACED);
}

/* ---- ending ---- */

void child_sa_sweep(struct ike_context *c, struct ike_sa *sa)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->children) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, link);

		if (child->state == CHILD_GONE)
			child_sa_discard(c, child, child->end_reason);
	}
}

void child_sa_discard(struct ike_context *c, struct child_sa *child, enum reason reason)
{
	if (!child)
		return;
	if (child->ike) {
		if (child->state != CHILD_GONE)
			move(c, child, CHILD_GONE, reason);
		child->ike->child_count--;
		table_remove_child(&c->table, child);
	}
	list_remove(&child->link);
	forget_keys(&child->in);
	forget_keys(&child->out);
	blob_discard(&child->lowest);
	wipe(child, sizeof(*child));
	free(child);
}
