/* The proofs of IKE_AUTH (auth_work.h; RFC 7296 2.15, RFC 7427, RFC 7619). */
#include "auth_work.h"

#include <stdlib.h>
#include <string.h>

#include "proof.h"
#include "reader.h"

#define PROOF_ROOM 2048

struct auth_work *auth_work_of(struct exchange *x)
{
	if (!x->work)
		x->work = calloc(1, sizeof(struct auth_work));
	return x->work;
}

void auth_work_free(struct ike_context *c, struct exchange *x)
{
	struct auth_work *w = x->work;

	if (!w)
		return;
	identity_discard(&w->peer_id);
	blob_discard(&w->auth_data);
	blob_discard(&w->proof);
	for (size_t i = 0; i < w->key_count; i++)
		public_key_discard(&w->keys[i]);
	free(w->keys);
	free(w);
	x->work = NULL;
}

/* @rfc 7296-3.5-1 7296-3.8-1 */
enum reason auth_work_read(struct auth_work *w, const struct message *m, uint8_t id_type)
{
	const struct payload *id = message_find(m, id_type, 0), *auth = message_find(m, PAYLOAD_AUTH, 0);
	struct reader r;
	uint8_t type;

	if (!id || !auth)
		return REASON_MALFORMED;
	r = reader_of(id->body);
	type = reader_u8(&r);
	for (size_t i = 0; i < ARRAY_LENGTH(w->reserved); i++)
		w->reserved[i] = reader_u8(&r);
	if (!reader_ok(&r) || type == ID_NONE || r.left > LIMIT_IDENTITY)
		return REASON_MALFORMED;
	if (!identity_set(&w->peer_id, type, reader_rest(&r)))
		return REASON_MEMORY;
	r = reader_of(auth->body);
	w->auth_type = reader_u8(&r);
	reader_skip(&r, 3);
	if (!reader_ok(&r))
		return REASON_MALFORMED;
	return blob_copy(&w->auth_data, reader_rest(&r)) ? REASON_OK : REASON_MEMORY;
}

bool auth_own_id(const struct end *end, const struct address *address, struct identity *id)
{
	if (end->id.type != ID_NONE)
		return identity_copy(id, &end->id);
	if (end->auth == AUTH_NULL)
		return identity_set(id, ID_NULL, BYTES_NONE);
	return identity_of_address(id, address);
}

/* @rfc 7296-3.5-7 */
bool auth_id_fits(const struct end *end, const struct address *host, const struct identity *id)
{
	struct address stated;

	if (end->id.type != ID_NONE)
		return identity_equal(&end->id, id);
	if (end->auth == AUTH_NULL)
		return true; /* nobody proves anything: the name is only a remark (RFC 7619 2.2) */
	if (end->host == HOST_ANY)
		return true; /* the secret or key that the name leads to decides */
	if (end->host == HOST_GROUP || end->host == HOST_OPPORTUNISTICGROUP)
		return id->type == ID_FQDN || (identity_address(id, &stated) && address_equal(&stated, host));
	return identity_address(id, &stated) && address_equal(&stated, host);
}

/* @rfc 7296-2.15-6 7296-3.8-2 */
bool auth_type_fits(enum auth_method method, uint8_t type)
{
	switch (method) {
	case AUTH_NULL:
		return type == AUTH_TYPE_NULL;
	case AUTH_SECRET:
		return type == AUTH_TYPE_SECRET;
	case AUTH_RSA:
	case AUTH_RSA_PKCS1:
	case AUTH_ECDSA:
		return type == AUTH_TYPE_SIGNATURE;
	case AUTH_DEFAULT:
	case AUTH_NEVER:
		break;
	}
	return false;
}

/* How far a candidate came, so that the log can name the best reason. */
static enum reason candidate_fault(const struct ike_sa *sa, const struct peer *peer,
				   const struct auth_work *w, const struct payload *idr)
{
	struct identity own = { 0 }, asked = { 0 };
	enum reason fault = REASON_OK;
	bool suite = false;

	for (size_t i = 0; i < peer->conn->ike_count; i++)
		suite = suite || suite_equal(&peer->conn->ike[i], &sa->suite);
	if (!suite)
		return REASON_NO_PROPOSAL;
	if (!auth_id_fits(peer->remote, &sa->remote.address, &w->peer_id))
		return REASON_ID_MISMATCH;
	if (!auth_type_fits(peer->remote->auth, w->auth_type))
		return REASON_AUTH_METHOD;
	if (!auth_own_id(peer->local, &sa->local.address, &own))
		return REASON_MEMORY;
	if (idr && idr->body.len >= 4 && idr->body.at[0] != ID_NULL &&
	    (!identity_set(&asked, idr->body.at[0], bytes_of(idr->body.at + 4, idr->body.len - 4)) ||
	     !identity_equal(&asked, &own)))
		fault = REASON_ID_MISMATCH;
	identity_discard(&own);
	identity_discard(&asked);
	return fault;
}

const struct peer *auth_select_peer(struct ike_context *c, const struct ike_sa *sa, const struct auth_work *w,
				    const struct message *m, enum reason *why)
{
	const struct payload *idr = message_find(m, PAYLOAD_IDR, 0);
	const struct peer *peer;
	size_t walk = 0;

	*why = REASON_NO_CONNECTION;
	while ((peer = peers_next(&c->peers, c->plan, &sa->local.address, &sa->remote.address, &walk)) !=
	       NULL) {
		enum reason fault = candidate_fault(sa, peer, w, idr);

		if (fault == REASON_OK)
			return peer;
		*why = fault;
	}
	return NULL;
}

static struct verdict fail(struct exchange *x, enum reason reason)
{
	struct auth_work *w = x->work;

	w->why = reason;
	return verdict_refuse(reason, AUTHENTICATION_FAILED);
}

/* A MAC over what the peer must have signed, compared in constant time (U2). */
static struct verdict verify_mac(struct ike_context *c, struct exchange *x, struct bytes secret,
				 enum key_level level)
{
	struct ike_sa *sa = x->owner;
	struct auth_work *w = x->work;
	const struct prf_row *prf = prf_find(sa->suite.prf);
	struct blob octets = { NULL, 0 };
	uint8_t mac[PRF_OCTETS_MAX];
	bool made, right;

	/* Without memory nothing is known of the proof. */
	if (!proof_octets(c, sa, !sa->initiator, &w->peer_id, w->reserved, &octets))
		return verdict_discard(REASON_MEMORY);
	made = proof_mac(c, sa, secret, bytes_of_blob(&octets), mac);
	right = made && bytes_equal_secret(bytes_of(mac, prf->octets), bytes_of_blob(&w->auth_data));
	blob_discard(&octets);
	wipe(mac, sizeof(mac));
	if (!right)
		return fail(x, made ? REASON_AUTH_FAILED : REASON_CRYPTO);
	sa->level = level;
	w->peer_proven = true;
	return VERDICT_OK;
}

static bool copy_keys(struct job *job, const struct public_key *keys, size_t count)
{
	job->keys = calloc(count, sizeof(*job->keys));
	if (!job->keys)
		return false;
	for (; job->key_count < count; job->key_count++) {
		if (!public_key_copy(&job->keys[job->key_count], &keys[job->key_count]))
			return false;
	}
	return true;
}

static struct verdict verify_signature(struct ike_context *c, struct exchange *x, const struct end *end)
{
	struct ike_sa *sa = x->owner;
	struct auth_work *w = x->work;
	const struct public_key *keys = w->keys;
	size_t count = w->key_count;
	struct bytes signature;
	enum signature_scheme scheme = proof_read(bytes_of_blob(&w->auth_data), &signature);
	struct job *job;

	if (!count && sa->handshake->peer_key_count) {
		keys = sa->handshake->peer_keys;
		count = sa->handshake->peer_key_count;
		w->level = sa->handshake->level;
	} else if (!count && end->key_source == KEY_SOURCE_CONFIGURED) {
		keys = &end->key;
		count = 1;
		w->level = LEVEL_PINNED;
	}
	if (!proof_allowed(end->auth, scheme))
		return fail(x, REASON_AUTH_METHOD);
	if (!count)
		return fail(x, REASON_NO_KEY);
	job = job_new(JOB_VERIFY, 0);
	if (!job || !copy_keys(job, keys, count) || !blob_copy(&job->signature, signature) ||
	    !proof_octets(c, sa, !sa->initiator, &w->peer_id, w->reserved, &job->data)) {
		job_discard(c->crypto, job);
		return verdict_discard(REASON_MEMORY);
	}
	job->scheme = scheme;
	return exchange_start_job(c, x, job) ? verdict_wait(REASON_OK) : verdict_discard(REASON_MEMORY);
}

/* A group's peer is known from outside: who it is, with what keys, and whether it may have this pair. */
static struct verdict ask_outside(struct ike_context *c, struct exchange *x, const struct peer *peer)
{
	struct auth_work *w = x->work;
	struct ike_news *news = context_news(c, NEWS_PEER_WANTED);

	if (!news)
		return verdict_discard(REASON_MEMORY);
	ike_sa_fill_news(x->owner, news);
	news->conn = peer->conn->serial;
	news->null_auth = w->auth_type == AUTH_TYPE_NULL;
	news->id = w->peer_id;
	identity_print(&w->peer_id, news->peer_id);
	w->asked_outside = true;
	x->awaits_outside = true;
	return verdict_wait(REASON_OK);
}

/* @rfc 7296-1.2-5 7296-1.2-6 */
struct verdict auth_verify_peer(struct ike_context *c, struct exchange *x, const struct peer *peer)
{
	struct ike_sa *sa = x->owner;
	struct auth_work *w = x->work;
	const struct secret *secret;

	if (w->peer_proven)
		return VERDICT_OK;
	if (!x->ours && auth_is_group(peer) && !w->asked_outside)
		return ask_outside(c, x, peer);
	if (peer->remote->auth == AUTH_NULL)
		return verify_mac(c, x, proof_key(sa, !sa->initiator), LEVEL_NULL);
	if (peer->remote->auth == AUTH_SECRET) {
		secret = plan_secret(c->plan, &sa->local_id, &w->peer_id);
		return secret ? verify_mac(c, x, bytes_of_blob(&secret->value), LEVEL_PINNED)
			      : fail(x, REASON_NO_SECRET);
	}
	return verify_signature(c, x, peer->remote);
}

/* @rfc 7296-3.8-1 */
static bool set_proof(struct auth_work *w, uint8_t type, struct bytes data)
{
	struct writer out;

	if (!blob_make(&w->proof, 4 + data.len))
		return false;
	out = writer_into(w->proof.data, w->proof.len);
	writer_u8(&out, type);
	writer_zeros(&out, 3);
	writer_bytes(&out, data);
	w->signed_by_us = writer_ok(&out);
	return w->signed_by_us;
}

static struct verdict own_mac(struct ike_context *c, struct exchange *x, struct bytes secret, uint8_t type)
{
	struct ike_sa *sa = x->owner;
	const struct prf_row *prf = prf_find(sa->suite.prf);
	struct blob octets = { NULL, 0 };
	uint8_t mac[PRF_OCTETS_MAX];
	bool ok;

	ok = prf && proof_octets(c, sa, sa->initiator, &sa->local_id, proof_no_reserved, &octets) &&
	     proof_mac(c, sa, secret, bytes_of_blob(&octets), mac) &&
	     set_proof(x->work, type, bytes_of(mac, prf->octets));
	blob_discard(&octets);
	wipe(mac, sizeof(mac));
	return ok ? VERDICT_OK : verdict_discard(REASON_CRYPTO);
}

static struct verdict own_signature(struct ike_context *c, struct exchange *x, const struct end *end)
{
	struct ike_sa *sa = x->owner;
	struct auth_work *w = x->work;
	struct job *job = job_new(JOB_SIGN, 0);
	bool found, made;

	if (!job)
		return verdict_discard(REASON_MEMORY);
	memcpy(job->ckaid, end->ckaid, sizeof(job->ckaid));
	found = end->has_ckaid ||
		(end->key.kind != KEY_NONE && c->crypto->key_ckaid(c->crypto->self, &end->key, job->ckaid));
	w->scheme = proof_scheme(end->auth,
				 found ? c->crypto->key_kind(c->crypto->self, BYTES_OF_ARRAY(job->ckaid))
				       : KEY_NONE,
				 sa->handshake->peer_hashes);
	job->scheme = w->scheme;
	made = w->scheme != SIGN_NONE &&
	       proof_octets(c, sa, sa->initiator, &sa->local_id, proof_no_reserved, &job->data);
	if (!made) {
		job_discard(c->crypto, job);
		return fail(x, sa->handshake->peer_hashes ? REASON_NO_PRIVATE_KEY : REASON_AUTH_METHOD);
	}
	return exchange_start_job(c, x, job) ? verdict_wait(REASON_OK) : verdict_discard(REASON_MEMORY);
}

struct verdict auth_make_own(struct ike_context *c, struct exchange *x, const struct peer *peer)
{
	struct ike_sa *sa = x->owner;
	struct auth_work *w = x->work;
	const struct secret *secret;

	if (w->signed_by_us)
		return VERDICT_OK;
	if (peer->local->auth == AUTH_NULL)
		return own_mac(c, x, proof_key(sa, sa->initiator), AUTH_TYPE_NULL);
	if (peer->local->auth == AUTH_SECRET) {
		secret = plan_secret(c->plan, &sa->local_id, &sa->remote_id);
		return secret ? own_mac(c, x, bytes_of_blob(&secret->value), AUTH_TYPE_SECRET)
			      : fail(x, REASON_NO_SECRET);
	}
	return own_signature(c, x, peer->local);
}

struct verdict auth_take_signature(struct exchange *x, struct job *job)
{
	struct auth_work *w = x->work;
	uint8_t room[PROOF_ROOM];
	struct writer out = writer_into(room, sizeof(room));

	if (!job->ok)
		return fail(x, REASON_NO_PRIVATE_KEY);
	proof_write(&out, w->scheme, bytes_of_blob(&job->signature));
	if (!writer_ok(&out) || !set_proof(w, AUTH_TYPE_SIGNATURE, writer_written(&out)))
		return verdict_discard(REASON_MEMORY);
	return VERDICT_OK;
}
