/* The common part of exchanges that make an SA (making.h). */
#include "making.h"

#include <stdlib.h>

#include "../sa/packet.h"
#include "reader.h"

/* @rfc 7296-2.10-2 7296-3.4-1 7296-3.9-1 */
bool parts_read(const struct message *m, struct parts *p)
{
	const struct payload *sa = message_find(m, PAYLOAD_SA, 0), *ke = message_find(m, PAYLOAD_KE, 0);
	const struct payload *nonce = message_find(m, PAYLOAD_NONCE, 0);
	struct reader r;

	if (!sa || !nonce || nonce->body.len < LIMIT_NONCE_MIN || nonce->body.len > LIMIT_NONCE_MAX)
		return false;
	p->sa = sa->body;
	p->nonce = nonce->body;
	p->group = 0;
	p->ke = BYTES_NONE;
	if (!ke)
		return true;
	r = reader_of(ke->body);
	p->group = reader_u16(&r);
	reader_skip(&r, 2);
	p->ke = reader_rest(&r);
	return reader_ok(&r) && p->group;
}

/* @rfc 7296-2.10-3 */
bool nonce_is_long_enough(struct bytes nonce, uint16_t prf)
{
	const struct prf_row *row = prf_find(prf);

	return row && nonce.len >= row->octets / 2u;
}

/* @rfc 7296-3.4-1 */
void parts_write_ke(struct build *b, uint16_t group, struct bytes value)
{
	struct writer *w = build_payload(b, PAYLOAD_KE);

	writer_u16(w, group);
	writer_u16(w, 0);
	writer_bytes(w, value);
	build_end(b);
}

struct making *making_of(struct exchange *x)
{
	if (!x->work)
		x->work = calloc(1, sizeof(struct making));
	return x->work;
}

void making_free(struct ike_context *c, struct exchange *x)
{
	struct making *w = x->work;

	if (!w)
		return;
	c->crypto->ke_discard(c->crypto->self, w->secret);
	blob_discard(&w->ke_public);
	blob_discard(&w->shared);
	blob_discard(&w->nonce_ours);
	blob_discard(&w->nonce_theirs);
	blob_discard(&w->rival_lowest);
	wipe(w, sizeof(*w));
	free(w);
	x->work = NULL;
}

/* @rfc 7296-2.10-1 7296-2.10-2 7296-2.10-3 7296-3.9-1 7296-3.9-2 */
static struct verdict draw_nonce(struct ike_context *c, struct making *w)
{
	if (!blob_make(&w->nonce_ours, LIMIT_NONCE_OURS))
		return verdict_discard(REASON_MEMORY);
	if (!c->crypto->random(c->crypto->self, w->nonce_ours.data, w->nonce_ours.len))
		return verdict_discard(REASON_RANDOM);
	return VERDICT_OK;
}

struct verdict making_begin(struct ike_context *c, struct exchange *x, uint16_t group)
{
	struct making *w = making_of(x);
	struct verdict v = w ? draw_nonce(c, w) : verdict_discard(REASON_MEMORY);
	struct job *job;

	if (v.kind != VERDICT_GO_ON)
		return v;
	w->group = group;
	if (!group)
		return VERDICT_OK;
	job = job_new(JOB_KE_MAKE, 0);
	if (job)
		job->group = group;
	return exchange_start_job(c, x, job) ? verdict_wait(REASON_OK) : verdict_discard(REASON_MEMORY);
}

struct verdict making_take_value(struct exchange *x, struct job *job)
{
	struct making *w = x->work;

	if (!job->ok)
		return verdict_discard(REASON_CRYPTO);
	w->secret = job->secret;
	job->secret = NULL;
	blob_move(&w->ke_public, &job->public_value);
	return VERDICT_OK;
}

struct verdict making_begin_answer(struct ike_context *c, struct exchange *x, const struct parts *p,
				   uint16_t group)
{
	struct making *w = making_of(x);
	struct verdict v = w ? draw_nonce(c, w) : verdict_discard(REASON_MEMORY);
	struct job *job;

	if (v.kind != VERDICT_GO_ON)
		return v;
	if (!blob_copy(&w->nonce_theirs, p->nonce))
		return verdict_discard(REASON_MEMORY);
	w->group = group;
	if (!group)
		return VERDICT_OK;
	job = job_new(JOB_KE_ANSWER, 0);
	if (!job || !blob_copy(&job->peer_value, p->ke)) {
		job_discard(c->crypto, job);
		return verdict_discard(REASON_MEMORY);
	}
	job->group = group;
	return exchange_start_job(c, x, job) ? verdict_wait(REASON_OK) : verdict_discard(REASON_MEMORY);
}

struct verdict making_take_answer(struct exchange *x, struct job *job)
{
	struct making *w = x->work;

	/* Under valid keys a value off the curve is a fault of the peer's (D1). */
	if (!job->ok)
		return verdict_refuse(REASON_BAD_KE, INVALID_SYNTAX);
	blob_move(&w->ke_public, &job->public_value);
	blob_move(&w->shared, &job->shared);
	return VERDICT_OK;
}

struct verdict making_share(struct ike_context *c, struct exchange *x, const struct parts *p)
{
	struct making *w = x->work;
	struct job *job = job_new(JOB_KE_SHARE, 0);

	/* As if the answer had not come: the request is sent again, and the answer with it. */
	if (!job || !blob_copy(&job->peer_value, p->ke)) {
		job_discard(c->crypto, job);
		return verdict_ignore(REASON_MEMORY);
	}
	job->group = w->group;
	job->secret = w->secret;
	w->secret = NULL;
	return exchange_start_job(c, x, job) ? verdict_wait(REASON_OK) : verdict_discard(REASON_MEMORY);
}

struct child_seed making_seed(const struct exchange *x)
{
	const struct making *w = x->work;
	struct bytes ours = bytes_of_blob(&w->nonce_ours), theirs = bytes_of_blob(&w->nonce_theirs);

	return (struct child_seed){
		.nonce_i = x->ours ? ours : theirs,
		.nonce_r = x->ours ? theirs : ours,
		.shared = bytes_of_blob(&w->shared),
		.initiator = x->ours,
	};
}

struct bytes making_lowest(const struct making *w)
{
	return collide_lowest(bytes_of_blob(&w->nonce_ours), bytes_of_blob(&w->nonce_theirs));
}

static void note_gone(struct exchange *x, uint32_t spi)
{
	struct making *w = x ? making_of(x) : NULL;

	if (w && w->gone_count < MAKING_GONE)
		w->gone[w->gone_count++] = spi;
}

void making_note_gone(const struct ike_sa *sa, uint32_t spi)
{
	note_gone(exchange_under_way(sa, COLLIDE_CREATE_CHILD, 0), spi);
	note_gone(exchange_under_way(sa, COLLIDE_REKEY_CHILD, 0), spi);
}

bool making_is_gone(const struct making *w, uint32_t spi)
{
	for (size_t i = 0; i < w->gone_count; i++) {
		if (w->gone[i] == spi)
			return true;
	}
	return false;
}

uint16_t making_wanted_group(const struct notify *n)
{
	struct reader r = reader_of(n->data);
	uint16_t group = reader_u16(&r);

	return reader_done(&r) ? group : 0;
}

struct verdict making_error(struct ike_context *c, struct exchange *x, enum reason reason, uint8_t protocol,
			    struct bytes spi, uint16_t type, struct bytes data)
{
	struct packet p;

	packet_begin(&p, x);
	build_notify(&p.build, protocol, type, spi, data);
	return packet_finish(c, &p, x) ? verdict_refused(reason) : verdict_discard(REASON_MEMORY);
}
