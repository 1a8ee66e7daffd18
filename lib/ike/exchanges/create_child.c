/*
 * CREATE_CHILD_SA for Child SAs (RFC 7296 1.3.1, 1.3.3, 2.8, 2.17): a new one, or one in another's place. Both are
 * one ladder; what is different when a child is replaced is in rekey_child.c.
 *
 *   initiator                                                     responder
 *   HDR, SK {[N(REKEY_SA),] SA, Ni, [KEi,] TSi, TSr}          -->
 *                                                             <--   HDR, SK {SA, Nr, [KEr,] TSi, TSr}
 *                                                             <--   HDR, SK {N(error)}
 *
 * INVALID_KE_PAYLOAD is followed by another exchange with the group that the peer wants (1.3).
 */
#include "../sa/child_sa.h"
#include "../sa/packet.h"
#include "child_exchange.h"

#include <string.h>

bool create_child_begin(struct ike_context *c, struct ike_sa *sa, const struct ike_wish *wish)
{
	struct exchange *x = exchange_new(&kind_create_child, sa, true);
	struct child_sa *child = x ? child_sa_new(c) : NULL;

	if (!child) {
		if (x)
			exchange_discard(c, x);
		return false;
	}
	x->subject = child;
	child->conn = wish->conn;
	child->owner = wish->owner;
	child->ts_local = wish->ts_local;
	child->ts_remote = wish->ts_remote;
	child->mode = wish->mode;
	child->reqid = wish->reqid;
	child->acquire_seq = wish->acquire_seq;
	return exchange_begin(c, x, false);
}

bool create_child_follow(struct ike_context *c, struct ike_sa *sa, struct exchange *from)
{
	struct exchange *x = exchange_new(&kind_create_child, sa, true);

	if (!x)
		return false;
	x->subject = from->subject;
	from->subject = NULL;
	return exchange_begin(c, x, false);
}

/* ---- we ask ---- */

/* @rfc 7296-1.3-3 7296-1.3-4 7296-1.3.1-1 7296-3.4-3 7296-3.4-5 */
static struct verdict send_request(struct ike_context *c, struct exchange *x, const struct conn *conn)
{
	const struct making *w = x->work;
	struct child_groups groups = child_groups_of(x->owner, conn);
	struct packet p;

	packet_begin(&p, x);
	if (x->target && !rekey_child_write(&p.build, x))
		return verdict_discard(REASON_REPLACED);
	child_offer_write(c, &p.build, conn, w->group ? &groups : &child_groups_none, x->subject);
	build_body(&p.build, PAYLOAD_NONCE, bytes_of_blob(&w->nonce_ours));
	if (w->group)
		parts_write_ke(&p.build, w->group, bytes_of_blob(&w->ke_public));
	child_offer_write_ts(&p.build, x->subject);
	if (!packet_finish(c, &p, x))
		return verdict_discard(REASON_MEMORY);
	x->to_send = true;
	return VERDICT_OK;
}

/* @rfc 7296-3.4-4 */
struct verdict child_ask(struct ike_context *c, struct exchange *x)
{
	const struct conn *conn = x->subject ? plan_conn(c->plan, x->subject->conn) : NULL;
	struct making *w = making_of(x);
	struct child_groups groups;
	struct verdict v;

	if (!conn)
		return verdict_discard(REASON_CONFIG);
	if (!w)
		return verdict_discard(REASON_MEMORY);
	groups = child_groups_of(x->owner, conn);
	v = making_begin(c, x, w->group ? w->group : groups.count ? groups.at[0] : 0);
	return v.kind == VERDICT_GO_ON ? send_request(c, x, conn) : v;
}

/* Another group, once, and only one that we offered: in an exchange of its own, for this one is answered. */
/* @rfc 7296-1.3-6 */
static bool follow_group(struct ike_context *c, struct exchange *x, const struct notify *n,
			 const struct conn *conn)
{
	struct making *w = x->work, *again;
	struct child_groups groups = child_groups_of(x->owner, conn);
	uint16_t wanted = making_wanted_group(n);
	struct exchange *next;
	bool offered = false;

	for (size_t i = 0; i < groups.count; i++)
		offered = offered || groups.at[i] == wanted;
	if (!w->group || !offered || wanted == w->group || w->retries)
		return false;
	next = exchange_new(x->kind, x->owner, true);
	again = next ? making_of(next) : NULL;
	if (!again) {
		if (next)
			exchange_discard(c, next);
		return false;
	}
	again->group = wanted;
	again->retries = w->retries + 1;
	next->target = x->target;
	next->reason = x->reason;
	next->subject = x->subject;
	x->subject = NULL;
	exchange_begin(c, next, true);
	return true;
}

/* The peer does not make it. */
/* @rfc 7296-1.3.1-7 */
static struct verdict take_refusal(struct ike_context *c, struct exchange *x, const struct notify *n,
				   const struct conn *conn)
{
	if (n->type == INVALID_KE_PAYLOAD && follow_group(c, x, n, conn))
		return VERDICT_OK;
	if (x->target)
		rekey_child_refused(c, x, n->type);
	else
		create_child_failed(c, x, REASON_PEER_REFUSED, n->type);
	return VERDICT_OK;
}

/* The peer has made what we do not take: it is told by a delete of our own SPI (2.9). */
/* @rfc 7296-1.3.1-4 */
static struct verdict give_back(struct ike_context *c, struct exchange *x, enum reason reason)
{
	struct child_sa *child = x->subject;

	if (x->target)
		rekey_child_again(c, x);
	else
		create_child_failed(c, x, reason, 0);
	if (!child->spi_out)
		return VERDICT_OK;
	x->subject = NULL;
	child_sa_adopt_refused(c, x->owner, child, reason);
	delete_children_queue(c, x->owner);
	return VERDICT_OK;
}

/* Keys can be derived: it serves, unless a crossing says otherwise. */
/* @rfc 7296-2.8.1-3 7296-2.8.1-5 */
static struct verdict conclude_go(struct ike_context *c, struct exchange *x)
{
	const struct making *w = x->work;
	struct child_seed seed = making_seed(x);
	struct child_sa *child = x->subject;
	bool loses = w->rival && collide_is_lower(making_lowest(w), bytes_of_blob(&w->rival_lowest));
	struct child_sa *rival = w->rival ? table_child_by_serial(&c->table, w->rival) : NULL;

	if (rival && !loses && rival->told)
		child->replaces = rival->serial;
	else if (x->target)
		child->replaces = x->target;
	if (!rival || !child_state_is_live(rival->state))
		loses = false; /* the peer has closed its own already */
	if (x->unwanted || (x->target && !rekey_child_is_wanted(c, x)))
		loses = true; /* what it was to replace is being closed */
	if (making_is_gone(w, child->spi_out)) {
		child->spi_out = 0; /* deleted already: nothing is to be given back */
		return give_back(c, x, REASON_PEER_DELETED);
	}
	if (!child_sa_agree(c, x->owner, child, &seed, loses))
		return give_back(c, x, REASON_MEMORY);
	x->subject = NULL;
	if (loses) {
		/* 2.8.1: the SA made with the lowest nonce is closed by who made it. */
		child_sa_happens(c, child, CHILD_DELETE_WANTED, REASON_REDUNDANT);
		delete_children_queue(c, x->owner);
		return VERDICT_OK;
	}
	if (rival)
		child_sa_happens(c, rival, CHILD_SUCCEEDED, REASON_REDUNDANT);
	if (x->target)
		rekey_child_done(c, x);
	return VERDICT_OK;
}

/* @rfc 7296-3.3.6-3 */
struct verdict child_conclude(struct ike_context *c, struct exchange *x, const struct message *m)
{
	const struct conn *conn = plan_conn(c->plan, x->subject->conn);
	struct child_groups groups;
	struct making *w = x->work;
	struct notify n;
	struct parts p;
	struct verdict v;
	enum reason reason;

	if (!conn)
		return give_back(c, x, REASON_CONFIG);
	if (message_notify(m, 0, &n))
		return take_refusal(c, x, &n, conn);
	groups = w->group ? child_groups_of(x->owner, conn) : child_groups_none;
	reason = child_offer_confirm(c, x->owner, conn, &groups, m, x->subject);
	if (reason == REASON_OK && x->target)
		reason = rekey_child_fits(x);
	if (reason == REASON_OK &&
	    (!parts_read(m, &p) || !nonce_is_long_enough(p.nonce, x->owner->suite.prf)))
		reason = REASON_MALFORMED;
	/* KE stands in the answer exactly when the chosen proposal has a group, and that is ours (1.3). */
	if (reason == REASON_OK &&
	    (x->subject->esp.ke ? p.group != w->group || x->subject->esp.ke != w->group : p.group != 0))
		reason = REASON_NO_PROPOSAL;
	if (reason != REASON_OK)
		return give_back(c, x, reason);
	if (!blob_copy(&w->nonce_theirs, p.nonce))
		return verdict_ignore(REASON_MEMORY);
	if (!p.group)
		return conclude_go(c, x);
	v = making_share(c, x, &p);
	return v.kind == VERDICT_DISCARD ? give_back(c, x, v.reason) : v;
}

void create_child_failed(struct ike_context *c, struct exchange *x, enum reason reason, uint16_t notify)
{
	const struct child_sa *child = x->subject;
	struct ike_news *news = child && !x->unwanted ? context_news(c, NEWS_ATTEMPT_FAILED) : NULL;

	if (!news)
		return;
	ike_sa_fill_news(x->owner, news);
	news->owner = child->owner;
	news->conn = child->conn;
	news->reason = reason;
	news->notify = notify;
	news->proven = true;
}

static void create_abandon(struct ike_context *c, struct exchange *x, enum reason reason, uint16_t notify)
{
	create_child_failed(c, x, reason, notify);
}

static void create_lost(struct ike_context *c, struct exchange *x, enum reason reason)
{
	create_child_failed(c, x, reason, 0);
}

/* ---- they ask ---- */

/* How far a new child may go, and whose it is. */
/* @rfc 7296-1.3-7 7296-2.25.2-5 */
static struct verdict aim(struct ike_context *c, struct exchange *x, const struct message *m)
{
	struct ike_sa *sa = x->owner;
	const struct peer *peer = child_offer_select(c, sa, m);
	struct child_sa *child = x->subject;

	/* A stranger that proved a name for one pair gets that pair, and no other (RFC 7619, checklist U4). */
	if (peer && peer->conn->group != CLASS_NONE)
		return verdict_refuse(REASON_LIMIT, NO_ADDITIONAL_SAS);
	if (c->stopping || sa->child_count >= LIMIT_CHILDREN)
		return verdict_refuse(REASON_LIMIT, NO_ADDITIONAL_SAS);
	if (exchange_under_way(sa, COLLIDE_REKEY_IKE, 0) &&
	    collide(COLLIDE_REKEY_IKE, COLLIDE_CREATE_CHILD)->answer == ANSWER_LATER)
		return verdict_refuse(REASON_COLLISION, TEMPORARY_FAILURE);
	if (!peer)
		return verdict_refuse(REASON_TS_UNACCEPTABLE, TS_UNACCEPTABLE);
	child->conn = peer->conn->serial;
	child->reqid = peer->conn->reqid;
	child->ts_local = end_selector(peer->local, &sa->local.address);
	child->ts_remote = end_selector(peer->remote, &sa->remote.address);
	return VERDICT_OK;
}

/* @rfc 7296-1.3-5 7296-3.4-6 */
static struct verdict invalid_ke(struct ike_context *c, struct exchange *x, uint16_t group)
{
	uint8_t room[2];
	struct writer w = writer_into(room, sizeof(room));

	writer_u16(&w, group);
	return making_error(c, x, REASON_INVALID_KE, PROTOCOL_NONE, BYTES_NONE, INVALID_KE_PAYLOAD,
			    writer_written(&w));
}

/* Our own request for the same pair that is on the wire: the nonces will decide when it is answered, too. */
static struct exchange *own_request(const struct exchange *x)
{
	struct list *pos, *next;

	if (x->target)
		return exchange_under_way(x->owner, COLLIDE_REKEY_CHILD, x->target);
	LIST_FOR_EACH (pos, next, &x->owner->live) {
		struct exchange *own = LIST_ENTRY(pos, struct exchange, link);

		if (own->ours && own->kind == &kind_create_child && own->subject &&
		    selector_equal(&own->subject->ts_local, &x->subject->ts_local) &&
		    selector_equal(&own->subject->ts_remote, &x->subject->ts_remote))
			return own;
	}
	return NULL;
}

/* false without memory: then the peer must not get its own, for nobody could tell later which of the two is redundant. */
static bool remember_rival(struct exchange *own, const struct child_sa *child)
{
	struct making *w = own ? making_of(own) : NULL;

	if (!own)
		return true;
	if (!w || !blob_copy(&w->rival_lowest, bytes_of_blob(&child->lowest)))
		return false;
	w->rival = child->serial;
	return true;
}

/*
 * The peer replaces what it made while our own request, still unanswered, was under way: that one's place in the crossing is
 * its successor's. The nonces stay those of the two that crossed.
 */
static void rival_moves_on(const struct ike_sa *sa, uint64_t from, uint64_t to)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->live) {
		struct exchange *own = LIST_ENTRY(pos, struct exchange, link);
		struct making *w = own->work;

		if (own->ours && w && w->rival == from &&
		    (own->kind->class == COLLIDE_CREATE_CHILD || own->kind->class == COLLIDE_REKEY_CHILD))
			w->rival = to;
	}
}

/* A child for the same pair that serves already: the peer wants another in its place. */
static struct child_sa *twin_of(const struct ike_sa *sa, const struct child_sa *child)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &sa->children) {
		struct child_sa *other = LIST_ENTRY(pos, struct child_sa, link);

		if (other->state == CHILD_INSTALLED && other->conn == child->conn &&
		    selector_equal(&other->ts_local, &child->ts_local) &&
		    selector_equal(&other->ts_remote, &child->ts_remote))
			return other;
	}
	return NULL;
}

static struct verdict send_answer(struct ike_context *c, struct exchange *x)
{
	const struct making *w = x->work;
	struct child_sa *child = x->subject;
	struct child_seed seed = making_seed(x);
	struct exchange *own = own_request(x);
	struct child_sa *twin = x->target || own ? NULL : twin_of(x->owner, child);
	struct packet p;

	packet_begin(&p, x);
	child_offer_reply(&p.build, child, w->proposal);
	build_body(&p.build, PAYLOAD_NONCE, bytes_of_blob(&w->nonce_ours));
	if (w->group)
		parts_write_ke(&p.build, w->group, bytes_of_blob(&w->ke_public));
	child_offer_reply_ts(&p.build, child);
	if (!packet_finish(c, &p, x) || !blob_copy(&child->lowest, making_lowest(w)) ||
	    !remember_rival(own, child))
		return verdict_discard(REASON_MEMORY);
	if (own && own->subject && !child->owner)
		child->owner = own->subject->owner;
	if (twin) {
		child->replaces = twin->serial;
		child->owner = twin->owner;
	}
	if (!child_sa_agree(c, x->owner, child, &seed, x->target != 0))
		return verdict_discard(REASON_MEMORY);
	x->subject = NULL;
	if (child->replaces)
		rival_moves_on(x->owner, child->replaces, child->serial);
	if (twin)
		child_sa_happens(c, twin, CHILD_SUCCEEDED, REASON_REPLACED);
	return VERDICT_OK;
}

/* @rfc 7296-1.3.1-1 7296-3.3.6-8 */
struct verdict child_answer(struct ike_context *c, struct exchange *x, const struct message *m)
{
	struct child_groups groups;
	const struct conn *conn;
	struct making *w = making_of(x);
	struct verdict v;
	struct parts p;
	uint16_t notify;
	enum reason reason;

	if (!w)
		return verdict_discard(REASON_MEMORY);
	if (!parts_read(m, &p) || !nonce_is_long_enough(p.nonce, x->owner->suite.prf) ||
	    !message_find(m, PAYLOAD_TSI, 0) || !message_find(m, PAYLOAD_TSR, 0))
		return verdict_refuse(REASON_MALFORMED, INVALID_SYNTAX);
	x->subject = child_sa_new(c);
	if (!x->subject)
		return verdict_discard(REASON_MEMORY);
	v = message_has_rekey(m) ? rekey_child_aim(c, x, m) : aim(c, x, m);
	if (v.kind != VERDICT_GO_ON)
		return v;
	conn = plan_conn(c->plan, x->subject->conn);
	if (!conn)
		return verdict_refuse(REASON_CONFIG, TEMPORARY_FAILURE);
	groups = child_groups_of(x->owner, conn);
	reason =
		child_offer_answer(c, x->owner, conn, &groups, p.group, m, x->subject, &w->proposal, &notify);
	if (reason == REASON_OK && x->target)
		reason = rekey_child_fits(x);
	if (reason != REASON_OK)
		return verdict_refuse(reason, notify ? notify : TS_UNACCEPTABLE);
	if (x->subject->esp.ke && x->subject->esp.ke != p.group)
		return invalid_ke(c, x, x->subject->esp.ke);
	v = making_begin_answer(c, x, &p, x->subject->esp.ke);
	return v.kind == VERDICT_GO_ON ? send_answer(c, x) : v;
}

/* ---- jobs ---- */

static struct verdict asked_job(struct ike_context *c, struct exchange *x, struct job *job)
{
	const struct conn *conn = plan_conn(c->plan, x->subject->conn);
	struct making *w = x->work;
	struct verdict v;

	if (job->kind == JOB_KE_MAKE) {
		v = making_take_value(x, job);
		if (v.kind == VERDICT_GO_ON && !conn)
			v = verdict_discard(REASON_CONFIG);
		return v.kind == VERDICT_GO_ON ? send_request(c, x, conn) : v;
	}
	if (!job->ok)
		return give_back(c, x, REASON_BAD_KE);
	blob_move(&w->shared, &job->shared);
	return conclude_go(c, x);
}

struct verdict child_job_done(struct ike_context *c, struct exchange *x, struct job *job)
{
	struct verdict v;

	if (x->ours)
		return asked_job(c, x, job);
	v = making_take_answer(x, job);
	/* The world may have changed while the job was out. */
	if (v.kind == VERDICT_GO_ON && x->target)
		v = rekey_child_recheck(c, x);
	return v.kind == VERDICT_GO_ON ? send_answer(c, x) : v;
}

const struct exchange_kind kind_create_child = {
	.name = "create-child",
	.wire = CREATE_CHILD_SA,
	.class = COLLIDE_CREATE_CHILD,
	.ask = child_ask,
	.conclude = child_conclude,
	.answer = child_answer,
	.job_done = child_job_done,
	.abandon = create_abandon,
	.lost = create_lost,
	.free_work = making_free,
};
