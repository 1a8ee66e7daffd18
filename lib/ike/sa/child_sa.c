/* Making, installing, discarding Child SAs (child_sa.h). */
#include "child_sa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ike_sa.h"

/* The kernel and RFC 4303 2.1 reserve SPIs up to 255. */
#define SPI_LEAST 256

struct child_sa *child_sa_new(struct ike_context *c)
{
	struct child_sa *child = calloc(1, sizeof(*child));

	if (!child)
		return NULL;
	list_init(&child->link);
	child->state = CHILD_LARVAL;
	child->serial = context_serial(c);
	while (child->spi_in < SPI_LEAST) {
		if (!c->crypto->random(c->crypto->self, &child->spi_in, sizeof(child->spi_in))) {
			free(child);
			return NULL;
		}
	}
	return child;
}

/* What both directions have in common, and the addresses of the one. */
static void fill_sa(const struct ike_sa *sa, const struct child_sa *child, const struct conn *conn,
		    bool inbound, const struct ike_context *c, struct kernel_sa *k)
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
	k->hard_life = conn ? conn->sa_lifetime : LIMIT_SA_LIFETIME;
	k->soft_life = k->hard_life - k->hard_life / 10;
	if (sa->encapsulated) {
		k->encap_sport = inbound ? sa->remote.port : sa->local.port;
		k->encap_dport = inbound ? sa->local.port : sa->remote.port;
	}
}

/* Tells the node of a child; without memory nobody is told, and the invariants of the node will show it. */
static void tell(struct ike_context *c, const struct ike_sa *sa, const struct child_sa *child,
		 enum ike_news_kind kind, enum reason reason)
{
	struct ike_news *news = context_news(c, kind);

	if (!news)
		return;
	ike_sa_fill_news(sa, news);
	news->child = child->serial;
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
}

static void tell_up(struct ike_context *c, struct ike_sa *sa, struct child_sa *child)
{
	char pair[2 * SELECTOR_TEXT], l[SELECTOR_TEXT], r[SELECTOR_TEXT];

	tell(c, sa, child, NEWS_CHILD_UP, REASON_UP);
	snprintf(pair, sizeof(pair), "%s=%s", selector_print(&child->ts_local, l),
		 selector_print(&child->ts_remote, r));
	actions_transition(c->actions, "child", child->serial, pair, "LARVAL", "INSTALLED", REASON_UP);
}

bool child_sa_install(struct ike_context *c, struct ike_sa *sa, struct child_sa *child, struct bytes nonce_i,
		      struct bytes nonce_r, bool initiator)
{
	const struct conn *conn = plan_conn(c->plan, child->conn);
	struct kernel_sa in, out;
	struct action *a = NULL, *b = NULL;
	size_t before = c->actions->count;
	bool ok;

	memset(&in, 0, sizeof(in));
	memset(&out, 0, sizeof(out));
	fill_sa(sa, child, conn, true, c, &in);
	fill_sa(sa, child, conn, false, c, &out);
	ok = keys_child(c->crypto, sa->suite.prf, sa->keys.sk_d, &child->esp, nonce_i, nonce_r,
			initiator ? &out : &in, initiator ? &in : &out);
	if (ok && (a = actions_add(c->actions, ACTION_SA_INSTALL)) != NULL) {
		a->sa.child = child->serial;
		a->sa.sa = in;
		b = actions_add(c->actions, ACTION_SA_INSTALL);
	}
	if (b) {
		b->sa.child = child->serial;
		b->sa.sa = out;
		child->state = CHILD_INSTALLED;
		child->installed = c->now;
		list_append(&sa->children, &child->link);
		sa->child_count++;
		tell_up(c, sa, child);
	} else if (a) {
		/* Half an SA is none: the first action is taken back. */
		wipe(&c->actions->at[before], sizeof(c->actions->at[before]));
		c->actions->count = before;
	}
	wipe(&in, sizeof(in));
	wipe(&out, sizeof(out));
	return b != NULL;
}

static void remove_one(struct ike_context *c, const struct ike_sa *sa, const struct child_sa *child,
		       bool inbound)
{
	struct action *a = actions_add(c->actions, ACTION_SA_REMOVE);

	if (!a)
		return;
	a->sa.child = child->serial;
	a->sa.sa.spi = inbound ? child->spi_in : child->spi_out;
	a->sa.sa.src = inbound ? sa->remote.address : sa->local.address;
	a->sa.sa.dst = inbound ? sa->local.address : sa->remote.address;
	a->sa.sa.inbound = inbound;
	a->sa.sa.reqid = child->reqid;
}

void child_sa_uninstall(struct ike_context *c, struct ike_sa *sa, struct child_sa *child, enum reason reason)
{
	if (child->state != CHILD_INSTALLED)
		return;
	child->state = CHILD_DELETING;
	remove_one(c, sa, child, false);
	remove_one(c, sa, child, true);
	tell(c, sa, child, NEWS_CHILD_DOWN, reason);
	actions_transition(c->actions, "child", child->serial, "", "INSTALLED", "REMOVED", reason);
}

void child_sa_discard(struct ike_context *c, struct ike_sa *sa, struct child_sa *child, enum reason reason)
{
	if (!child)
		return;
	if (sa && child->state == CHILD_INSTALLED)
		child_sa_uninstall(c, sa, child, reason);
	if (sa && child->state != CHILD_LARVAL)
		sa->child_count--;
	list_remove(&child->link);
	wipe(child, sizeof(*child));
	free(child);
}
