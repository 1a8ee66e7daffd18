/*
 * Replacing an IKE SA (RFC 7296 1.3.2, 2.8.2, 2.18, 2.25.2): the children move to the successor by one splice, and
 * the old IKE SA is deleted through its own queue by whoever asked.
 *
 *   initiator                                  responder
 *   HDR, SK {SA, Ni, KEi}                  -->
 *                                          <--   HDR, SK {SA, Nr, KEr}
 *   HDR, SK {D}  (of the old IKE SA)       -->
 *                                          <--   HDR, SK {}
 *
 * When both ask at once there are two successors. The one made with the lowest nonce is redundant and is deleted
 * by who made it; the children move to the other one, whose maker deletes the old IKE SA. Until our own request is
 * answered they stay where they are.
 */
#include "../sa/child_sa.h"
#include "../sa/packet.h"
#include "choose.h"
#include "making.h"

void rekey_ike_begin(struct ike_context *c, struct ike_sa *sa, enum reason reason)
{
	struct exchange *x;

	sa->rekey_due = MSEC_NEVER;
	if (sa->state != IKE_ESTABLISHED || sa->redundant || sa->forgotten ||
	    exchange_under_way(sa, COLLIDE_REKEY_IKE, 0) || exchange_is_queued(sa, &kind_rekey_ike, 0))
		return;
	x = exchange_new(&kind_rekey_ike, sa, true);
	if (!x)
		return;
	x->reason = reason;
	exchange_begin(c, x, false);
}

/* ---- we ask ---- */

/* @rfc 7296-1.3.2-1 7296-1.3.2-2 7296-1.3.2-3 7296-2.18-3 7296-2.18-4 */
static struct verdict send_request(struct ike_context *c, struct exchange *x, const struct conn *conn)
{
	const struct making *w = x->work;
	struct packet p;

	packet_begin(&p, x);
	choose_offer(build_payload(&p.build, PAYLOAD_SA), PROTOCOL_IKE, ike_sa_our_spi(x->heir), conn->ike,
		     conn->ike_count);
	build_end(&p.build);
	build_body(&p.build, PAYLOAD_NONCE, bytes_of_blob(&w->nonce_ours));
	parts_write_ke(&p.build, w->group, bytes_of_blob(&w->ke_public));
	if (!packet_finish(c, &p, x))
		return verdict_discard(REASON_MEMORY);
	x->to_send = true;
	return VERDICT_OK;
}

static struct verdict rekey_ask(struct ike_context *c, struct exchange *x)
{
	struct ike_sa *sa = x->owner;
	const struct conn *conn = plan_conn(c->plan, sa->conn);
	struct making *w = making_of(x);

	if (sa->state != IKE_ESTABLISHED)
		return verdict_discard(REASON_STATE);
	if (!conn)
		return verdict_discard(REASON_CONFIG);
	x->heir = w ? ike_sa_heir(c, sa, true, 0) : NULL;
	if (!x->heir)
		return verdict_discard(REASON_MEMORY);
	return making_begin(c, x, w->group ? w->group : sa->suite.ke);
}

/* In vain: another try, later, until the end of its life decides. */
/* @rfc 7296-2.25-2 7296-2.25-3 */
static void again(struct ike_context *c, struct ike_sa *sa)
{
	msec wait = LIMIT_REKEY_RETRY << (sa->rekey_failures < 5 ? sa->rekey_failures : 5);

	sa->rekey_failures++;
	sa->rekey_due = msec_after(c->now, context_jitter(c, wait, 30));
}

/* The successor that the peer made while ours was under way; NULL: none. */
static struct ike_sa *rival_of(struct ike_context *c, const struct making *w)
{
	struct ike_sa *rival = w && w->rival ? table_by_serial(&c->table, w->rival) : NULL;

	return rival && rival->state == IKE_ESTABLISHED ? rival : NULL;
}

/*
 * Only the peer's successor is left to follow. It does, unless the old one is being closed by us: then whoever wants it
 * closed does not want another in its place.
 */
static void follow_rival(struct ike_context *c, struct ike_sa *old, struct ike_sa *rival)
{
	if (old->state == IKE_ESTABLISHED) {
		ike_sa_succeed(c, old, rival);
	} else {
		rival->told_down = true;
		delete_ike(c, rival, old->end_reason);
		ike_sa_arm(c, rival);
	}
}

static struct verdict follow_group(struct ike_context *c, struct exchange *x, const struct notify *n)
{
	struct ike_sa *sa = x->owner;
	const struct conn *conn = plan_conn(c->plan, sa->conn);
	struct making *w = x->work, *more;
	uint16_t wanted = making_wanted_group(n);
	struct exchange *next;
	bool offered = false;

	for (size_t i = 0; conn && i < conn->ike_count; i++)
		offered = offered || conn->ike[i].ke == wanted;
	if (!offered || wanted == w->group || w->retries) {
		again(c, sa);
		return VERDICT_OK;
	}
	next = exchange_new(&kind_rekey_ike, sa, true);
	more = next ? making_of(next) : NULL;
	if (more) {
		more->group = wanted;
		more->retries = w->retries + 1;
		next->reason = x->reason;
		exchange_begin(c, next, true);
	} else if (next) {
		exchange_discard(c, next);
	}
	return VERDICT_OK;
}

/* @rfc 7296-2.25-4 7296-4-4 */
static struct verdict take_refusal(struct ike_context *c, struct exchange *x, const struct notify *n)
{
	struct ike_sa *sa = x->owner, *rival = rival_of(c, x->work);

	if (rival) {
		/* The peer knows only of its own: that one it is. Its delete of the old one follows. */
		follow_rival(c, sa, rival);
		return VERDICT_OK;
	}
	actions_note(c->actions, n->type == TEMPORARY_FAILURE ? NOTE_DEBUG : NOTE_INFO,
		     "#%llu: the peer does not rekey it: %s", (unsigned long long)sa->serial,
		     notify_name(n->type));
	if (n->type == INVALID_KE_PAYLOAD)
		return follow_group(c, x, n);
	if (n->type == NO_ADDITIONAL_SAS || n->type == NO_PROPOSAL_CHOSEN ||
	    (n->type == TEMPORARY_FAILURE && sa->rekey_failures >= LIMIT_REKEY_REFUSALS))
		ike_sa_want_reauth(c, sa);
	again(c, sa);
	return VERDICT_OK;
}

static struct verdict rekey_conclude(struct ike_context *c, struct exchange *x, const struct message *m)
{
	const struct conn *conn = plan_conn(c->plan, x->owner->conn);
	struct making *w = x->work;
	struct proposal_list list;
	struct choice choice;
	struct notify n;
	struct parts p;
	struct verdict v;

	if (message_notify(m, 0, &n))
		return take_refusal(c, x, &n);
	/* A wrong answer under valid keys: the peer has a successor that we cannot have. */
	if (!conn || !parts_read(m, &p) || !proposals_read(p.sa, &list) ||
	    !choose_confirm(&list, PROTOCOL_IKE, conn->ike, conn->ike_count, &choice) || !choice.spi ||
	    choice.suite.ke != p.group || p.group != w->group ||
	    !nonce_is_long_enough(p.nonce, choice.suite.prf))
		return verdict_refuse(REASON_NO_PROPOSAL, INVALID_SYNTAX);
	if (!blob_copy(&w->nonce_theirs, p.nonce))
		return verdict_ignore(REASON_MEMORY);
	x->heir->suite = choice.suite;
	x->heir->spi_r = choice.spi;
	v = making_share(c, x, &p);
	return v.kind == VERDICT_DISCARD ? verdict_refuse(v.reason, INVALID_SYNTAX) : v;
}

static bool derive(struct ike_context *c, struct exchange *x, struct bytes shared)
{
	const struct ike_sa *old = x->owner;
	struct ike_sa *heir = x->heir;
	struct child_seed seed = making_seed(x);
	struct action *a;

	heir->keyed = keys_rekey(c->crypto, old->suite.prf, old->keys.sk_d, &heir->suite, shared,
				 seed.nonce_i, seed.nonce_r, heir->spi_i, heir->spi_r, &heir->keys);
	a = heir->keyed ? actions_add(c->actions, ACTION_KEYS) : NULL;
	if (a) {
		a->keys.spi_i = heir->spi_i;
		a->keys.spi_r = heir->spi_r;
		a->keys.key_i = heir->keys.i;
		a->keys.key_r = heir->keys.r;
	}
	return heir->keyed;
}

/* It lost, or nobody needs it: who made it deletes it, through its own queue. */
static void retire(struct ike_context *c, struct ike_sa *heir)
{
	heir->redundant = true;
	heir->told_down = true;
	delete_ike(c, heir, REASON_REDUNDANT);
	ike_sa_arm(c, heir);
}

/* The peer's, which lost: its delete is awaited, but not for ever. */
static void await_delete(struct ike_context *c, struct ike_sa *heir)
{
	heir->redundant = true;
	heir->told_down = true;
	heir->quiet_due = msec_after(c->now, LIMIT_REKEYED);
	ike_sa_arm(c, heir);
}

/* @rfc 7296-2.8-6 7296-2.8-7 7296-2.8.2-1 7296-2.8.2-2 */
static void settle_succession(struct ike_context *c, struct exchange *x, struct ike_sa *heir)
{
	struct ike_sa *old = x->owner;
	const struct making *w = x->work;
	struct ike_sa *rival = rival_of(c, w);

	if (old->state != IKE_ESTABLISHED) {
		/* It is being closed: nobody is to follow. */
		retire(c, heir);
		if (rival)
			follow_rival(c, old, rival);
	} else if (rival && collide_is_lower(making_lowest(w), bytes_of_blob(&w->rival_lowest))) {
		ike_sa_succeed(c, old, rival);
		retire(c, heir);
	} else {
		if (rival)
			await_delete(c, rival);
		ike_sa_succeed(c, old, heir);
		delete_ike(c, old, REASON_REPLACED);
	}
}

static struct verdict asked_job(struct ike_context *c, struct exchange *x, struct job *job)
{
	const struct conn *conn = plan_conn(c->plan, x->owner->conn);
	struct ike_sa *heir = x->heir;
	struct verdict v;

	if (job->kind == JOB_KE_MAKE) {
		v = making_take_value(x, job);
		if (v.kind == VERDICT_GO_ON && !conn)
			v = verdict_discard(REASON_CONFIG);
		return v.kind == VERDICT_GO_ON ? send_request(c, x, conn) : v;
	}
	if (!job->ok || !derive(c, x, bytes_of_blob(&job->shared)) || !ike_sa_open_heir(c, heir))
		return verdict_refuse(REASON_BAD_KE, INVALID_SYNTAX);
	x->heir = NULL;
	settle_succession(c, x, heir);
	return VERDICT_OK;
}

static void rekey_abandon(struct ike_context *c, struct exchange *x, enum reason reason, uint16_t notify)
{
	struct ike_sa *sa = x->owner, *rival = rival_of(c, x->work);

	if (rival)
		follow_rival(c, sa, rival);
	else if (reason == REASON_PEER_SILENT)
		return; /* the whole IKE SA ends */
	else if (notify == INVALID_SYNTAX)
		delete_ike(c, sa, reason); /* the two sides do not agree any more on what there is */
	else if (sa->state == IKE_ESTABLISHED)
		again(c, sa);
}

/* @rfc 7296-2.8.2-4 7296-2.25.2-3 */
void rekey_ike_give_way(struct ike_context *c, struct ike_sa *sa)
{
	struct exchange *own = exchange_under_way(sa, COLLIDE_REKEY_IKE, 0);
	struct ike_sa *rival = own ? rival_of(c, own->work) : NULL;

	if (rival)
		follow_rival(c, sa, rival);
}

/* @rfc 7296-2.8.2-1 7296-2.8.2-2 */
void rekey_ike_chosen(struct ike_context *c, struct ike_sa *heir)
{
	struct ike_sa *old = heir->contests ? table_by_serial(&c->table, heir->contests) : NULL;
	struct exchange *own = old ? exchange_under_way(old, COLLIDE_REKEY_IKE, 0) : NULL;
	struct making *w = own ? own->work : NULL;

	heir->contests = 0;
	if (!w || rival_of(c, w) != heir)
		return;
	w->rival = 0;
	follow_rival(c, old, heir);
}

/* ---- they ask ---- */

/* What we are doing that a rekey of the IKE SA meets (2.25). */
static enum collide_class doing(const struct ike_sa *sa)
{
	static const enum collide_class classes[] = { COLLIDE_REKEY_IKE, COLLIDE_CREATE_CHILD,
						      COLLIDE_REKEY_CHILD, COLLIDE_DELETE_CHILD };

	for (size_t i = 0; i < ARRAY_LENGTH(classes); i++) {
		if (exchange_under_way(sa, classes[i], 0))
			return classes[i];
	}
	return COLLIDE_OTHER;
}

/* @rfc 7296-1.3-5 7296-1.3.2-2 7296-2.18-3 7296-2.18-4 7296-2.25.1-6 7296-2.25.2-1 7296-3.4-6 */
static struct verdict rekey_answer(struct ike_context *c, struct exchange *x, const struct message *m)
{
	struct ike_sa *sa = x->owner;
	const struct conn *conn = plan_conn(c->plan, sa->conn);
	struct making *w = making_of(x);
	struct proposal_list list;
	struct choice choice;
	struct parts p;
	uint8_t room[2];
	struct writer wanted = writer_into(room, sizeof(room));

	if (!w)
		return verdict_discard(REASON_MEMORY);
	if (!parts_read(m, &p) || !p.group || !proposals_read(p.sa, &list))
		return verdict_refuse(REASON_MALFORMED, INVALID_SYNTAX);
	if (sa->redundant || collide(doing(sa), COLLIDE_REKEY_IKE)->answer == ANSWER_LATER)
		return verdict_refuse(REASON_COLLISION, TEMPORARY_FAILURE);
	if (c->stopping || !conn)
		return verdict_refuse(REASON_STOPPING, NO_ADDITIONAL_SAS);
	if (!choose_suite(&list, PROTOCOL_IKE, conn->ike, conn->ike_count, p.group, &choice) || !choice.spi)
		return verdict_refuse(REASON_NO_PROPOSAL, NO_PROPOSAL_CHOSEN);
	writer_u16(&wanted, choice.suite.ke);
	if (choice.suite.ke != p.group)
		return making_error(c, x, REASON_INVALID_KE, PROTOCOL_NONE, BYTES_NONE, INVALID_KE_PAYLOAD,
				    writer_written(&wanted));
	if (p.ke.len != group_find(p.group)->public_octets ||
	    !nonce_is_long_enough(p.nonce, choice.suite.prf))
		return verdict_refuse(REASON_BAD_KE, INVALID_SYNTAX);
	x->heir = ike_sa_heir(c, sa, false, choice.spi);
	if (!x->heir)
		return verdict_discard(REASON_MEMORY);
	x->heir->suite = choice.suite;
	w->proposal = choice.number;
	return making_begin_answer(c, x, &p, p.group);
}

/*
 * Our own request is on the wire, too: the nonces of the peer's successor decide when it is answered. false without memory:
 * then the peer must not get its own, for nobody could tell later which of the two is redundant.
 */
static bool remember_rival(const struct exchange *x)
{
	struct exchange *own = exchange_under_way(x->owner, COLLIDE_REKEY_IKE, 0);
	struct making *w = own ? making_of(own) : NULL;

	return !own || (w && blob_copy(&w->rival_lowest, making_lowest(x->work)));
}

/* @rfc 7296-1.3.2-1 7296-1.3.2-3 */
static struct verdict answered_job(struct ike_context *c, struct exchange *x, struct job *job)
{
	struct making *w = x->work;
	struct ike_sa *heir = x->heir;
	struct verdict v = making_take_answer(x, job);
	struct choice choice;
	struct packet p;

	if (v.kind != VERDICT_GO_ON)
		return v;
	/* The world may have changed while the job was out. */
	if (x->owner->state != IKE_ESTABLISHED ||
	    collide(doing(x->owner), COLLIDE_REKEY_IKE)->answer == ANSWER_LATER)
		return verdict_refuse(REASON_COLLISION, TEMPORARY_FAILURE);
	if (!derive(c, x, bytes_of_blob(&w->shared)))
		return verdict_discard(REASON_CRYPTO);
	choice = (struct choice){ heir->suite, w->proposal, 0 };
	packet_begin(&p, x);
	choose_reply(build_payload(&p.build, PAYLOAD_SA), PROTOCOL_IKE, ike_sa_our_spi(heir), &choice);
	build_end(&p.build);
	build_body(&p.build, PAYLOAD_NONCE, bytes_of_blob(&w->nonce_ours));
	parts_write_ke(&p.build, w->group, bytes_of_blob(&w->ke_public));
	if (!packet_finish(c, &p, x) || !remember_rival(x) || !ike_sa_open_heir(c, heir))
		return verdict_discard(REASON_MEMORY);
	return VERDICT_OK;
}

/* The answer is on its way: the children move, unless our own request is on the wire, too. */
/* @rfc 7296-2.8.2-2 */
static void rekey_after(struct ike_context *c, struct exchange *x)
{
	struct exchange *own = exchange_under_way(x->owner, COLLIDE_REKEY_IKE, 0);
	struct ike_sa *heir = x->heir;
	struct making *w = own ? own->work : NULL;

	if (x->ours || !heir)
		return;
	x->heir = NULL;
	if (w) {
		w->rival = heir->serial;
		heir->contests = x->owner->serial;
		ike_sa_arm(c, heir);
		return;
	}
	ike_sa_succeed(c, x->owner, heir);
}

static struct verdict rekey_job_done(struct ike_context *c, struct exchange *x, struct job *job)
{
	return x->ours ? asked_job(c, x, job) : answered_job(c, x, job);
}

const struct exchange_kind kind_rekey_ike = {
	.name = "rekey-ike",
	.wire = CREATE_CHILD_SA,
	.class = COLLIDE_REKEY_IKE,
	.ask = rekey_ask,
	.conclude = rekey_conclude,
	.answer = rekey_answer,
	.job_done = rekey_job_done,
	.after = rekey_after,
	.abandon = rekey_abandon,
	.free_work = making_free,
};
