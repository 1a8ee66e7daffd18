/*
 * IKE_SA_INIT (RFC 7296 1.2, 2.6, 2.7, 2.14): the first exchange. Its messages are not protected; they are
 * kept as they were on the wire because IKE_AUTH signs them.
 *
 *   initiator                                   responder
 *   HDR, [N(COOKIE),] SA, KE, Ni, N(hashes) -->
 *                                          <--  HDR, N(COOKIE) | N(INVALID_KE_PAYLOAD)      keeps nothing
 *                                          <--  HDR, SA, KE, Nr, N(hashes)
 */
#include <string.h>

#include "../sa/packet.h"
#include "../wire/natd.h"
#include "choose.h"
#include "kinds.h"
#include "making.h"
#include "proof.h"
#include "reader.h"

static bool derive(struct ike_context *c, struct ike_sa *sa, struct bytes shared)
{
	struct handshake *h = sa->handshake;

	sa->keyed = keys_derive(c->crypto, &sa->suite, shared, bytes_of_blob(&h->nonce_i),
				bytes_of_blob(&h->nonce_r), sa->spi_i, sa->spi_r, &sa->keys, &h->proof);
	return sa->keyed;
}

static void tell_keys(struct ike_context *c, const struct ike_sa *sa)
{
	struct action *a = actions_add(c->actions, ACTION_KEYS);

	if (!a)
		return;
	a->keys.spi_i = sa->spi_i;
	a->keys.spi_r = sa->spi_r;
	a->keys.key_i = sa->keys.i;
	a->keys.key_r = sa->keys.r;
}

/* ---- we ask ---- */

static struct verdict start_ke(struct ike_context *c, struct exchange *x)
{
	struct handshake *h = x->owner->handshake;
	struct job *job = job_new(JOB_KE_MAKE, 0);

	c->crypto->ke_discard(c->crypto->self, h->secret);
	h->secret = NULL;
	if (job)
		job->group = h->group;
	return exchange_start_job(c, x, job) ? verdict_wait(REASON_OK) : verdict_discard(REASON_MEMORY);
}

/* @rfc 7296-2.10-1 7296-2.10-2 7296-2.10-3 7296-3.3.6-6 7296-3.4-4 7296-3.9-1 7296-3.9-2 */
static struct verdict init_ask(struct ike_context *c, struct exchange *x)
{
	const struct conn *conn = plan_conn(c->plan, x->owner->conn);
	struct handshake *h = x->owner->handshake;

	if (!conn)
		return verdict_discard(REASON_CONFIG);
	if (!blob_make(&h->nonce_i, LIMIT_NONCE_OURS))
		return verdict_discard(REASON_MEMORY);
	if (!c->crypto->random(c->crypto->self, h->nonce_i.data, h->nonce_i.len))
		return verdict_discard(REASON_RANDOM);
	h->group = conn->ike[0].ke;
	return start_ke(c, x);
}

/*
 * What both say of themselves in either direction: addresses as they see them (2.23), and that they take fragments
 * (RFC 7383 2.3). A source that is none of ours makes the peer believe in a NAT: so encapsulation is forced.
 */
/* @rfc 7296-2.23-5 7383-2.3-1 7383-2.3-4 */
static bool write_abilities(struct ike_context *c, struct build *b, const struct ike_sa *sa, uint64_t spi_r,
			    enum when encapsulation, enum when fragmentation)
{
	static const struct endpoint nobody = { .address = { .family = ADDRESS_V4 } };
	const struct endpoint *source = encapsulation == WHEN_ALWAYS ? &nobody : &sa->local;

	if (fragmentation != WHEN_NEVER)
		build_notify(b, PROTOCOL_NONE, IKEV2_FRAGMENTATION_SUPPORTED, BYTES_NONE, BYTES_NONE);
	return encapsulation == WHEN_NEVER ||
	       natd_write(b, c->crypto, sa->spi_i, spi_r, source, 1, &sa->remote);
}

/* @rfc 7296-2.23-4 7296-2.23-9 7296-2.23-12 7383-2.3-2 7383-2.3-3 */
static void read_abilities(struct ike_context *c, struct ike_sa *sa, const struct message *m,
			   enum when encapsulation)
{
	struct natd natd = natd_read(m, c->crypto, m->header.spi_i, m->header.spi_r, &sa->local, &sa->remote);
	struct notify n;

	sa->fragments = message_notify(m, IKEV2_FRAGMENTATION_SUPPORTED, &n);
	sa->childless = message_notify(m, CHILDLESS_IKEV2_SUPPORTED, &n);
	if (!natd.present || encapsulation == WHEN_NEVER)
		return;
	sa->we_are_behind = natd.we_are_behind;
	sa->peer_is_behind = natd.peer_is_behind;
	sa->esp_in_udp = natd.we_are_behind || natd.peer_is_behind || encapsulation == WHEN_ALWAYS;
}

/* A NAT is on the way: from here on IKE goes from port 4500 to port 4500, and ESP in UDP (2.23). */
/* @rfc 7296-2.23-1 7296-2.23-12 */
static void float_ports(struct ike_sa *sa)
{
	if (sa->encapsulated || !sa->esp_in_udp)
		return;
	sa->local.port = sa->remote.port = IKE_NATT_PORT;
	sa->encapsulated = true;
}

/* @rfc 7296-1.2-1 7296-2.6.1-1 7296-2.7-8 7296-2.15-4 7296-2.23-6 7296-3.3.6-7 7296-3.4-3 */
static struct verdict build_request(struct ike_context *c, struct exchange *x)
{
	struct ike_sa *sa = x->owner;
	struct handshake *h = sa->handshake;
	const struct conn *conn = plan_conn(c->plan, sa->conn);
	struct packet p;

	if (!conn)
		return verdict_discard(REASON_CONFIG);
	packet_begin(&p, x);
	if (h->cookie.len)
		build_notify(&p.build, PROTOCOL_NONE, COOKIE, BYTES_NONE, bytes_of_blob(&h->cookie));
	choose_offer(build_payload(&p.build, PAYLOAD_SA), PROTOCOL_IKE, 0, conn->ike, conn->ike_count);
	build_end(&p.build);
	parts_write_ke(&p.build, h->group, bytes_of_blob(&h->ke_public));
	build_body(&p.build, PAYLOAD_NONCE, bytes_of_blob(&h->nonce_i));
	build_notify(&p.build, PROTOCOL_NONE, SIGNATURE_HASH_ALGORITHMS, BYTES_NONE, proof_our_hashes());
	if (!write_abilities(c, &p.build, sa, 0, conn->encapsulation, conn->fragmentation))
		return verdict_discard(REASON_CRYPTO);
	if (!packet_finish(c, &p, x) || !blob_copy(&h->init_request, bytes_of_blob(&x->parcel)))
		return verdict_discard(REASON_MEMORY);
	x->to_send = true;
	return VERDICT_OK;
}

/* The responder wants its cookie back: the same message with it, the same number (2.6). */
/* @rfc 7296-2.6-7 7296-2.6-14 */
static struct verdict follow_cookie(struct ike_context *c, struct exchange *x, struct bytes cookie)
{
	struct handshake *h = x->owner->handshake;

	if (!cookie.len || cookie.len > LIMIT_COOKIE)
		return verdict_ignore(REASON_MALFORMED);
	if (++h->retries > LIMIT_INIT_RETRIES)
		return verdict_ignore(REASON_TOO_MANY_RETRIES);
	if (!blob_copy(&h->cookie, cookie))
		return verdict_discard(REASON_MEMORY);
	return build_request(c, x);
}

/* Another group, once, and only one that we offered (2.7, checklist D4). */
/* @rfc 7296-2.7-7 7296-2.6.1-2 */
static struct verdict follow_group(struct ike_context *c, struct exchange *x, struct bytes data)
{
	struct handshake *h = x->owner->handshake;
	const struct conn *conn = plan_conn(c->plan, x->owner->conn);
	struct reader r = reader_of(data);
	uint16_t group = reader_u16(&r);

	if (!conn)
		return verdict_discard(REASON_CONFIG);
	if (!reader_done(&r) || group == h->group)
		return verdict_ignore(REASON_MALFORMED);
	if (h->group_changed || ++h->retries > LIMIT_INIT_RETRIES)
		return verdict_ignore(REASON_TOO_MANY_RETRIES);
	for (size_t i = 0; i < conn->ike_count; i++) {
		if (conn->ike[i].ke == group) {
			h->group_changed = true;
			h->group = group;
			return start_ke(c, x);
		}
	}
	return verdict_ignore(REASON_INVALID_KE);
}

/* An error that nobody signed is a hint and ends nothing (2.21.1, checklist M4). */
/* @rfc 7296-2.21.1-1 7296-2.21.1-2 */
static struct verdict note_hint(struct ike_context *c, struct ike_sa *sa, const struct notify *n)
{
	struct ike_news *news;

	sa->handshake->hint = n->type;
	news = context_news(c, NEWS_HINT);
	if (news) {
		ike_sa_fill_news(sa, news);
		news->notify = n->type;
		news->reason = REASON_PEER_REFUSED;
	}
	actions_note(c->actions, NOTE_INFO, "#%llu: unprotected %s noted; still waiting for a good answer",
		     (unsigned long long)sa->serial, notify_name(n->type));
	return verdict_ignore(REASON_PEER_REFUSED);
}

/* @rfc 7296-2.7-10 7296-3.3.6-3 7296-3.4-3 */
static struct verdict init_conclude(struct ike_context *c, struct exchange *x, const struct message *m)
{
	struct ike_sa *sa = x->owner;
	struct handshake *h = sa->handshake;
	const struct conn *conn = plan_conn(c->plan, sa->conn);
	struct proposal_list list;
	struct parts p;
	struct choice choice;
	struct notify n;
	struct job *job;

	if (!conn)
		return verdict_discard(REASON_CONFIG);
	if (message_notify(m, COOKIE, &n))
		return follow_cookie(c, x, n.data);
	if (message_notify(m, INVALID_KE_PAYLOAD, &n))
		return follow_group(c, x, n.data);
	if (message_notify(m, 0, &n))
		return note_hint(c, sa, &n);
	/* A bad answer may be a stranger's: it is passed over, and the good one awaited (2.21.1). */
	if (!parts_read(m, &p) || m->header.spi_r == 0 || !proposals_read(p.sa, &list))
		return verdict_ignore(REASON_MALFORMED);
	if (!choose_confirm(&list, PROTOCOL_IKE, conn->ike, conn->ike_count, &choice) ||
	    choice.suite.ke != p.group || p.group != h->group ||
	    !nonce_is_long_enough(p.nonce, choice.suite.prf))
		return verdict_ignore(REASON_NO_PROPOSAL);
	job = job_new(JOB_KE_SHARE, 0);
	if (!job || !blob_copy(&job->peer_value, p.ke) || !blob_copy(&h->nonce_r, p.nonce) ||
	    !blob_copy(&h->init_answer, m->packet)) {
		job_discard(c->crypto, job);
		return verdict_discard(REASON_MEMORY);
	}
	sa->suite = choice.suite;
	sa->spi_r = m->header.spi_r;
	read_abilities(c, sa, m, conn->encapsulation);
	sa->fragments = sa->fragments && conn->fragmentation != WHEN_NEVER;
	h->peer_hashes = message_notify(m, SIGNATURE_HASH_ALGORITHMS, &n) ? proof_peer_hashes(n.data) : 0;
	job->group = h->group;
	job->secret = h->secret;
	h->secret = NULL;
	return exchange_start_job(c, x, job) ? verdict_wait(REASON_OK) : verdict_discard(REASON_MEMORY);
}

static struct verdict init_asked_job(struct ike_context *c, struct exchange *x, struct job *job)
{
	struct ike_sa *sa = x->owner;

	if (!job->ok)
		return verdict_discard(job->kind == JOB_KE_MAKE ? REASON_CRYPTO : REASON_BAD_KE);
	if (job->kind == JOB_KE_MAKE) {
		sa->handshake->secret = job->secret;
		job->secret = NULL;
		blob_move(&sa->handshake->ke_public, &job->public_value);
		return build_request(c, x);
	}
	if (!derive(c, sa, bytes_of_blob(&job->shared)))
		return verdict_discard(REASON_CRYPTO);
	tell_keys(c, sa);
	return VERDICT_OK;
}

/* What follows an IKE_SA_INIT that we began is IKE_AUTH. */
static void init_after(struct ike_context *c, struct exchange *x)
{
	struct ike_sa *sa = x->owner;
	struct exchange *auth;

	ike_sa_happens(c, sa, HAPPENED_KEYS, REASON_OK);
	if (!x->ours)
		return;
	float_ports(sa);
	auth = exchange_new(&kind_auth, sa, true);
	if (auth)
		exchange_begin(c, auth, true);
	else
		ike_sa_happens(c, sa, HAPPENED_FAILED, REASON_MEMORY);
}

static void init_abandon(struct ike_context *c, struct exchange *x, enum reason reason, uint16_t notify)
{
	struct ike_sa *sa = x->owner;

	/* A hint that came while the peer kept silent is the best explanation that there is. */
	ike_sa_attempt_failed(c, sa, reason, notify ? notify : sa->handshake->hint, false);
	ike_sa_happens(c, sa, HAPPENED_FAILED, reason);
}

/* ---- they ask ---- */

/* What the connections that a stranger may mean say of UDP encapsulation and RFC 6023: the first one's word. */
static void take_candidate(struct ike_context *c, struct ike_sa *sa)
{
	size_t walk = 0;
	const struct peer *peer =
		peers_next(&c->peers, c->plan, &sa->local.address, &sa->remote.address, &walk);

	sa->handshake->encapsulation = peer ? peer->conn->encapsulation : WHEN_NEEDED;
	sa->handshake->childless = peer && peer->conn->childless != CHILDLESS_NEVER;
}

static struct verdict init_answer(struct ike_context *c, struct exchange *x, const struct message *m)
{
	struct ike_sa *sa = x->owner;
	struct handshake *h = sa->handshake;
	struct proposal_list list;
	struct parts p;
	struct choice choice;
	struct notify n;
	struct job *job;
	bool known;

	/* Screened before: what was good then is good now. */
	if (!parts_read(m, &p) || !proposals_read(p.sa, &list) ||
	    !init_choose(c, &sa->local, &sa->remote, &list, p.group, &choice, &known))
		return verdict_discard(REASON_MALFORMED);
	job = job_new(JOB_KE_ANSWER, 0);
	if (!job || !blob_copy(&job->peer_value, p.ke) || !blob_copy(&h->nonce_i, p.nonce) ||
	    !blob_copy(&h->init_request, m->packet) || !blob_make(&h->nonce_r, LIMIT_NONCE_OURS)) {
		job_discard(c->crypto, job);
		return verdict_discard(REASON_MEMORY);
	}
	if (!c->crypto->random(c->crypto->self, h->nonce_r.data, h->nonce_r.len)) {
		job_discard(c->crypto, job);
		return verdict_discard(REASON_RANDOM);
	}
	h->peer_hashes = message_notify(m, SIGNATURE_HASH_ALGORITHMS, &n) ? proof_peer_hashes(n.data) : 0;
	h->group = job->group = choice.suite.ke;
	take_candidate(c, sa);
	read_abilities(c, sa, m, h->encapsulation);
	/* The number of the peer's proposal is kept where the answer is built. */
	h->retries = choice.number;
	sa->suite = choice.suite;
	return exchange_start_job(c, x, job) ? verdict_wait(REASON_OK) : verdict_discard(REASON_MEMORY);
}

/* @rfc 7296-1.2-1 7296-1.2-2 7296-2.5-14 */
static struct verdict init_answered_job(struct ike_context *c, struct exchange *x, struct job *job)
{
	struct ike_sa *sa = x->owner;
	struct handshake *h = sa->handshake;
	struct choice choice = { sa->suite, (uint8_t)h->retries, 0 };
	struct packet p;

	/* A value off the curve gets silence: the honest never send one. */
	if (!job->ok || !derive(c, sa, bytes_of_blob(&job->shared)))
		return verdict_discard(REASON_BAD_KE);
	packet_begin(&p, x);
	choose_reply(build_payload(&p.build, PAYLOAD_SA), PROTOCOL_IKE, 0, &choice);
	build_end(&p.build);
	parts_write_ke(&p.build, h->group, bytes_of_blob(&job->public_value));
	build_body(&p.build, PAYLOAD_NONCE, bytes_of_blob(&h->nonce_r));
	if (h->peer_hashes)
		build_notify(&p.build, PROTOCOL_NONE, SIGNATURE_HASH_ALGORITHMS, BYTES_NONE,
			     proof_our_hashes());
	if (h->childless)
		build_notify(&p.build, PROTOCOL_NONE, CHILDLESS_IKEV2_SUPPORTED, BYTES_NONE, BYTES_NONE);
	/* Which connection it will be is not known yet: what is asked for by all that it may be is done. */
	if (!write_abilities(c, &p.build, sa, sa->spi_r, h->encapsulation,
			     sa->fragments ? WHEN_NEEDED : WHEN_NEVER))
		return verdict_discard(REASON_CRYPTO);
	if (!packet_finish(c, &p, x) || !blob_copy(&h->init_answer, bytes_of_blob(&x->parcel)))
		return verdict_discard(REASON_MEMORY);
	tell_keys(c, sa);
	return VERDICT_OK;
}

static struct verdict init_job_done(struct ike_context *c, struct exchange *x, struct job *job)
{
	return x->ours ? init_asked_job(c, x, job) : init_answered_job(c, x, job);
}

const struct exchange_kind kind_init = {
	.name = "init",
	.wire = IKE_SA_INIT,
	.ends_attempt = true,
	.ask = init_ask,
	.conclude = init_conclude,
	.answer = init_answer,
	.job_done = init_job_done,
	.after = init_after,
	.abandon = init_abandon,
};
