/*
 * IKE_AUTH (RFC 7296 1.2, 2.15, 2.21.2): both sides prove themselves and the first Child SA is made.
 *
 *   initiator                                        responder
 *   HDR, SK {IDi, [IDr,] AUTH, SA, TSi, TSr}   -->
 *                                              <--   HDR, SK {IDr, AUTH, SA, TSi, TSr}
 *                                              <--   HDR, SK {IDr, AUTH, N(error)}       proven, but no child
 *                                              <--   HDR, SK {N(AUTHENTICATION_FAILED)}  ends the IKE SA
 *
 * The subject is the child; opening the IKE SA is the conclusion. A refused child leaves the IKE SA open,
 * and the initiator then closes it.
 */
#include <string.h>

#include "../sa/packet.h"
#include "auth_work.h"
#include "child_offer.h"
#include "contact.h"
#include "proof.h"

#include <stdlib.h>

/* @rfc 7296-3.5-1 */
static void write_id(struct build *b, uint8_t type, const struct identity *id)
{
	struct writer *w = build_payload(b, type);

	writer_u8(w, id->type);
	writer_zeros(w, 3);
	writer_bytes(w, bytes_of_blob(&id->data));
	build_end(b);
}

/* Both proofs stand: the IKE SA opens. */
static void open_sa(struct ike_context *c, struct ike_sa *sa)
{
	struct ike_news *news;

	ike_sa_happens(c, sa, HAPPENED_PROVEN, REASON_UP);
	news = context_news(c, NEWS_IKE_UP);
	if (news)
		ike_sa_fill_news(sa, news);
}

/* The views of the message whose work was interrupted by a job. */
static bool reread(const struct exchange *x, struct message *m)
{
	memset(&m->header, 0, sizeof(m->header));
	m->header.exchange = IKE_AUTH;
	m->packet = bytes_of_blob(&x->request);
	return message_read_inner(x->first_payload, bytes_of_blob(&x->request), m) == REASON_OK;
}

/* RFC 6023: the IKE SA comes without a Child SA, which follows by CREATE_CHILD_SA. */
static bool goes_childless(const struct ike_sa *sa, const struct conn *conn)
{
	return sa->childless && conn->childless == CHILDLESS_PREFER && conn->group == CLASS_NONE;
}

/* SA, TSi and TSr stand together, or none of them does. */
static bool child_is_whole(const struct message *m, bool *childless)
{
	size_t count =
		message_count(m, PAYLOAD_SA) + message_count(m, PAYLOAD_TSI) + message_count(m, PAYLOAD_TSR);

	*childless = count == 0;
	return count == 0 || count == 3;
}

/* ---- we ask ---- */

/* @rfc 7296-1.2-4 7296-1.2-11 7296-2.4-3 7296-2.5-14 */
static struct verdict send_request(struct ike_context *c, struct exchange *x, const struct peer *peer)
{
	struct ike_sa *sa = x->owner;
	struct auth_work *w = x->work;
	struct packet p;

	packet_begin(&p, x);
	write_id(&p.build, PAYLOAD_IDI, &sa->local_id);
	if (peer->remote->id.type != ID_NONE && peer->remote->id.type != ID_NULL)
		write_id(&p.build, PAYLOAD_IDR, &peer->remote->id);
	build_body(&p.build, PAYLOAD_AUTH, bytes_of_blob(&w->proof));
	if (peer->conn->initial_contact && contact_is_initial(c, sa, peer))
		build_notify(&p.build, PROTOCOL_NONE, INITIAL_CONTACT, BYTES_NONE, BYTES_NONE);
	if (!goes_childless(sa, peer->conn)) {
		child_offer_write(c, &p.build, peer->conn, &child_groups_none, x->subject);
		child_offer_write_ts(&p.build, x->subject);
	}
	if (!packet_finish(c, &p, x))
		return verdict_discard(REASON_MEMORY);
	x->to_send = true;
	return VERDICT_OK;
}

static struct child_sa *wanted_child(struct ike_context *c, const struct ike_sa *sa)
{
	const struct handshake *h = sa->handshake;
	struct child_sa *child = child_sa_new(c);

	if (!child)
		return NULL;
	child->conn = sa->conn;
	child->owner = sa->owner;
	child->ts_local = h->ts_local;
	child->ts_remote = h->ts_remote;
	child->mode = h->mode;
	child->reqid = h->reqid;
	child->acquire_seq = h->acquire_seq;
	return child;
}

static struct verdict auth_ask(struct ike_context *c, struct exchange *x)
{
	struct ike_sa *sa = x->owner;
	const struct peer *peer = peers_of_conn(&c->peers, sa->conn);
	struct verdict v;

	if (!peer)
		return verdict_discard(REASON_CONFIG);
	if (!auth_work_of(x))
		return verdict_discard(REASON_MEMORY);
	if (!x->subject) {
		x->subject = wanted_child(c, sa);
		/* Whom we expect, so that the shared secret can be found before the peer has said its name. */
		if (!x->subject || !auth_own_id(peer->local, &sa->local.address, &sa->local_id) ||
		    !auth_own_id(peer->remote, &sa->remote.address, &sa->remote_id))
			return verdict_discard(REASON_MEMORY);
	}
	v = auth_make_own(c, x, peer);
	return v.kind == VERDICT_GO_ON ? send_request(c, x, peer) : v;
}

/* The first child takes its nonces from IKE_SA_INIT, and has no key exchange of its own (2.17). */
/* @rfc 7296-2.17-2 */
static struct child_seed seed_of(const struct ike_sa *sa, bool initiator)
{
	return (struct child_seed){
		.nonce_i = bytes_of_blob(&sa->handshake->nonce_i),
		.nonce_r = bytes_of_blob(&sa->handshake->nonce_r),
		.initiator = initiator,
	};
}

/* The peer is proven: take the child, or learn why there is none. */
/* @rfc 7296-1.2-7 7296-2.21.2-6 7296-2.21.2-7 */
static struct verdict take_answer(struct ike_context *c, struct exchange *x, const struct message *m,
				  const struct peer *peer)
{
	struct ike_sa *sa = x->owner;
	const struct child_seed seed = seed_of(sa, true);
	enum reason reason = REASON_PEER_REFUSED;
	struct notify n = { 0 };

	open_sa(c, sa);
	if (!message_notify(m, 0, &n) && goes_childless(sa, peer->conn)) {
		/* The child that was wanted from the first follows in an exchange of its own. */
		reason = create_child_follow(c, sa, x) ? REASON_OK : REASON_MEMORY;
	} else if (!message_notify(m, 0, &n)) {
		reason = child_offer_confirm(c, sa, peer->conn, &child_groups_none, m, x->subject);
		if (reason == REASON_OK && child_sa_agree(c, sa, x->subject, &seed, false))
			x->subject = NULL;
		else if (reason == REASON_OK)
			reason = REASON_MEMORY;
	}
	if (x->subject) {
		/* An IKE SA without its child serves nobody: it is closed at once (RFC 7296 1.2 leaves it to us). */
		ike_sa_attempt_failed(c, sa, reason, n.type, true);
		sa->closing = true;
	}
	ike_sa_forget_handshake(c, sa);
	return VERDICT_OK;
}

/* The responder believes to be established though its proof is wrong: it is told by a delete (2.21.2). */
/* @rfc 7296-1.2-8 7296-1.2-12 */
static struct verdict peer_unproven(struct ike_context *c, struct exchange *x, struct verdict why)
{
	struct ike_sa *sa = x->owner;
	struct exchange *bye;

	bye = exchange_new(&kind_delete, sa, true);
	if (!bye)
		return x->step == EXCHANGE_WAITING ? verdict_ignore(REASON_MEMORY)
						   : verdict_discard(REASON_MEMORY);
	ike_sa_attempt_failed(c, sa, why.reason, AUTHENTICATION_FAILED, false);
	ike_sa_happens(c, sa, HAPPENED_PEER_UNPROVEN, why.reason);
	bye->reason = why.reason;
	exchange_begin(c, bye, true);
	return VERDICT_OK;
}

static struct verdict auth_conclude_go(struct ike_context *c, struct exchange *x, const struct message *m)
{
	struct ike_sa *sa = x->owner;
	const struct peer *peer = peers_of_conn(&c->peers, sa->conn);
	struct verdict v;

	if (!peer)
		return verdict_discard(REASON_CONFIG);
	v = auth_verify_peer(c, x, peer);
	if (v.kind == VERDICT_REFUSE)
		return peer_unproven(c, x, v);
	return v.kind == VERDICT_GO_ON ? take_answer(c, x, m, peer) : v;
}

static struct verdict auth_conclude(struct ike_context *c, struct exchange *x, const struct message *m)
{
	struct ike_sa *sa = x->owner;
	const struct peer *peer = peers_of_conn(&c->peers, sa->conn);
	struct auth_work *w = x->work;
	struct notify n;
	struct verdict v;
	enum reason reason;
	bool childless;

	if (!peer || !w)
		return verdict_discard(REASON_CONFIG);
	if (!message_find(m, PAYLOAD_AUTH, 0)) {
		/* Sealed, but by whom is not proven: the peer is gone all the same (2.21.2). */
		if (!message_notify(m, 0, &n))
			return verdict_refuse(REASON_LAW, INVALID_SYNTAX);
		reason = n.type == AUTHENTICATION_FAILED ? REASON_AUTH_REFUSED : REASON_PEER_REFUSED;
		ike_sa_attempt_failed(c, sa, reason, n.type, false);
		ike_sa_happens(c, sa, HAPPENED_PEER_REFUSED, reason);
		return VERDICT_OK;
	}
	reason = auth_work_read(w, m, PAYLOAD_IDR);
	/* As if the answer had not come: the request is sent again, and the answer with it. */
	if (reason == REASON_MEMORY)
		return verdict_ignore(reason);
	if (reason != REASON_OK || !child_is_whole(m, &childless) ||
	    (childless && !message_notify(m, 0, &n) && !goes_childless(sa, peer->conn)))
		return verdict_refuse(REASON_MALFORMED, INVALID_SYNTAX);
	if (!auth_type_fits(peer->remote->auth, w->auth_type))
		return peer_unproven(c, x, verdict_refuse(REASON_AUTH_METHOD, AUTHENTICATION_FAILED));
	if (!auth_id_fits(peer->remote, &sa->remote.address, &w->peer_id))
		return peer_unproven(c, x, verdict_refuse(REASON_ID_MISMATCH, AUTHENTICATION_FAILED));
	if (!identity_copy(&sa->remote_id, &w->peer_id))
		return verdict_ignore(REASON_MEMORY);
	v = auth_conclude_go(c, x, m);
	return v.kind == VERDICT_DISCARD && v.reason == REASON_MEMORY ? verdict_ignore(v.reason) : v;
}

static void auth_abandon(struct ike_context *c, struct exchange *x, enum reason reason, uint16_t notify)
{
	struct ike_sa *sa = x->owner;

	ike_sa_attempt_failed(c, sa, reason, notify, false);
	if (reason != REASON_PEER_SILENT)
		ike_sa_happens(c, sa, HAPPENED_FAILED, reason);
}

/* ---- they ask ---- */

/* @rfc 7296-1.2-8 7296-2.21.2-1 7296-2.21.2-2 */
static struct verdict note_refusal(struct ike_context *c, struct exchange *x, struct verdict v)
{
	struct ike_sa *sa = x->owner;
	struct auth_work *w = x->work;
	char remote[ENDPOINT_TEXT], id[IDENTITY_TEXT];

	actions_note(c->actions, NOTE_WARNING, "#%llu: authentication of %s (%s) failed: %s: %s",
		     (unsigned long long)sa->serial, endpoint_print(&sa->remote, remote),
		     identity_print(&w->peer_id, id), reason_word(v.reason), reason_sentence(v.reason));
	return v;
}

/* The proof, and what stands beside it: the child, why there is none, or nothing at all. */
/* @rfc 7296-1.2-4 7296-1.2-7 7296-2.20-2 */
static bool write_answer(struct ike_context *c, struct exchange *x, uint8_t proposal, uint16_t notify)
{
	const struct auth_work *w = x->work;
	struct packet p;

	packet_begin(&p, x);
	write_id(&p.build, PAYLOAD_IDR, &x->owner->local_id);
	build_body(&p.build, PAYLOAD_AUTH, bytes_of_blob(&w->proof));
	if (notify) {
		build_notify(&p.build, PROTOCOL_NONE, notify, BYTES_NONE, BYTES_NONE);
	} else if (x->subject) {
		child_offer_reply(&p.build, x->subject, proposal);
		child_offer_reply_ts(&p.build, x->subject);
	}
	return packet_finish(c, &p, x);
}

/* Everything is proven and signed: choose the child and answer. */
static struct verdict send_answer(struct ike_context *c, struct exchange *x, const struct message *m,
				  const struct peer *peer)
{
	struct ike_sa *sa = x->owner;
	const struct child_seed seed = seed_of(sa, false);
	struct child_sa *serving;
	const struct peer *best;
	uint8_t proposal = 0;
	uint16_t notify = 0;
	enum reason reason = REASON_OK;
	bool childless;

	(void)!child_is_whole(m, &childless);
	x->subject = childless ? NULL : child_sa_new(c);
	if (!childless && !x->subject)
		return verdict_discard(REASON_MEMORY);
	if (x->subject) {
		/* The proofs may fit several connections: the selectors say which one the child is for. */
		best = auth_is_group(peer) ? NULL : child_offer_select(c, sa, m);
		if (best)
			peer = best;
		x->subject->conn = peer->conn->serial;
		x->subject->reqid = peer->conn->reqid;
		x->subject->ts_local = end_selector(peer->local, &sa->local.address);
		x->subject->ts_remote = end_selector(peer->remote, &sa->remote.address);
		reason = child_offer_answer(c, sa, peer->conn, &child_groups_none, 0, m, x->subject,
					    &proposal, &notify);
	}
	if (!write_answer(c, x, proposal, reason == REASON_OK ? 0 : notify))
		return verdict_discard(REASON_MEMORY);
	open_sa(c, sa);
	contact_take(c, sa, m);
	if (reason != REASON_OK) {
		actions_note(c->actions, NOTE_WARNING, "#%llu: no Child SA for connection %s: %s",
			     (unsigned long long)sa->serial, peer->conn->name, reason_sentence(reason));
		child_sa_discard(c, x->subject, reason);
		x->subject = NULL;
	} else if (x->subject) {
		/* What serves the pair already does so until the initiator has our answer. */
		serving = child_sa_rival(c, sa, x->subject);
		if (!child_sa_agree(c, sa, x->subject, &seed, serving != NULL)) {
			/* The IKE SA is open all the same: the peer must not believe that there is a child. */
			child_sa_discard(c, x->subject, REASON_MEMORY);
			x->subject = NULL;
			if (!write_answer(c, x, 0, TEMPORARY_FAILURE)) {
				ike_sa_forget_handshake(c, sa);
				return verdict_discard(REASON_MEMORY);
			}
		} else {
			if (serving)
				serving->newcomer = x->subject->serial;
			x->subject = NULL;
		}
	}
	ike_sa_forget_handshake(c, sa);
	return VERDICT_OK;
}

/* @rfc 7296-4-1 */
static struct verdict auth_answer_go(struct ike_context *c, struct exchange *x, const struct message *m)
{
	struct ike_sa *sa = x->owner;
	const struct peer *peer = peers_of_conn(&c->peers, sa->conn);
	struct verdict v;

	if (!peer)
		return verdict_refuse(REASON_CONFIG, AUTHENTICATION_FAILED);
	v = auth_verify_peer(c, x, peer);
	if (v.kind == VERDICT_GO_ON)
		v = auth_make_own(c, x, peer);
	if (v.kind == VERDICT_REFUSE)
		return note_refusal(c, x, v);
	return v.kind == VERDICT_GO_ON ? send_answer(c, x, m, peer) : v;
}

static struct verdict auth_answer(struct ike_context *c, struct exchange *x, const struct message *m)
{
	struct ike_sa *sa = x->owner;
	struct auth_work *w = auth_work_of(x);
	const struct peer *peer;
	enum reason why;
	bool childless;

	if (!w)
		return verdict_discard(REASON_MEMORY);
	/* Without AUTH the initiator asks for EAP, which we do not speak (2.16). */
	if (!message_find(m, PAYLOAD_AUTH, 0))
		return verdict_refuse(REASON_AUTH_METHOD, AUTHENTICATION_FAILED);
	why = auth_work_read(w, m, PAYLOAD_IDI);
	if (why == REASON_MEMORY)
		return verdict_discard(why);
	if (why != REASON_OK || !child_is_whole(m, &childless))
		return verdict_refuse(REASON_MALFORMED, INVALID_SYNTAX);
	peer = auth_select_peer(c, sa, w, m, &why);
	/* We have said that we can do without (RFC 6023 3), but not for a connection that must not. */
	if (peer && childless && (peer->conn->childless == CHILDLESS_NEVER || auth_is_group(peer)))
		return verdict_refuse(REASON_LAW, INVALID_SYNTAX);
	if (!peer && why == REASON_MEMORY)
		return verdict_discard(why);
	if (!peer)
		return note_refusal(c, x, verdict_refuse(why, AUTHENTICATION_FAILED));
	if (!identity_copy(&sa->remote_id, &w->peer_id) ||
	    !auth_own_id(peer->local, &sa->local.address, &sa->local_id))
		return verdict_discard(REASON_MEMORY);
	sa->conn = peer->conn->serial;
	return auth_answer_go(c, x, m);
}

/* ---- jobs and answers from outside ---- */

static struct verdict go_on(struct ike_context *c, struct exchange *x)
{
	struct message m;

	if (x->ours && !((struct auth_work *)x->work)->peer_proven)
		return auth_ask(c, x);
	if (!reread(x, &m))
		return verdict_discard(REASON_MALFORMED);
	return x->ours ? auth_conclude_go(c, x, &m) : auth_answer_go(c, x, &m);
}

static struct verdict auth_job_done(struct ike_context *c, struct exchange *x, struct job *job)
{
	struct auth_work *w = x->work;
	struct verdict v = VERDICT_OK;

	if (job->kind == JOB_SIGN) {
		v = auth_take_signature(x, job);
	} else if (job->ok) {
		w->peer_proven = true;
		x->owner->level = w->level;
	} else {
		v = verdict_refuse(REASON_AUTH_FAILED, AUTHENTICATION_FAILED);
	}
	if (v.kind == VERDICT_GO_ON)
		return go_on(c, x);
	if (v.kind == VERDICT_REFUSE && x->ours && job->kind == JOB_VERIFY)
		return peer_unproven(c, x, v);
	return x->ours ? v : note_refusal(c, x, v);
}

void auth_peer_found(struct ike_context *c, struct exchange *x, bool allowed, enum reason reason,
		     const struct public_key *keys, size_t count, enum key_level level)
{
	struct auth_work *w = x->work;
	struct verdict v;

	x->awaits_outside = false;
	if (!allowed) {
		exchange_apply(c, x, note_refusal(c, x, verdict_refuse(reason, AUTHENTICATION_FAILED)));
		return;
	}
	w->keys = count ? calloc(count, sizeof(*w->keys)) : NULL;
	for (; w->keys && w->key_count < count; w->key_count++) {
		if (!public_key_copy(&w->keys[w->key_count], &keys[w->key_count]))
			break;
	}
	w->found_outside = true;
	w->level = level;
	v = go_on(c, x);
	exchange_apply(c, x, v);
}

const struct exchange_kind kind_auth = {
	.name = "auth",
	.wire = IKE_AUTH,
	.ends_attempt = true,
	.ask = auth_ask,
	.conclude = auth_conclude,
	.answer = auth_answer,
	.job_done = auth_job_done,
	.abandon = auth_abandon,
	.free_work = auth_work_free,
};
