/* Splitting and gathering (fragment.h). */
#include "fragment.h"

#include <stdlib.h>
#include <string.h>

#include "reader.h"

#define NUMBERS 4 /* octets of fragment number and total in an SKF payload */

_Static_assert(LIMIT_FRAGMENTS <= 64, "struct gather has one bit for each fragment");

/* ---- splitting (2.5) ---- */

static size_t fragment_octets(const struct sealing_key *key, size_t text)
{
	return HEADER_OCTETS + PAYLOAD_HEADER + NUMBERS + sealed_octets(key, text);
}

/* The most inner octets that fit into a fragment of so many octets; 0 for none. */
static size_t text_of(const struct sealing_key *key, size_t largest)
{
	size_t least = fragment_octets(key, 0), block = key->encr->block_octets;

	if (largest < least)
		return 0;
	/* The least one has a block for the padding length alone; what remains of it takes text. */
	return (largest - least) / block * block + block - 1;
}

/* @rfc 7383-2.1-1 7383-2.5-3 7383-2.5-4 */
static bool write_fragment(struct writer *out, const struct ike_header *header, uint8_t first,
			   struct fragment which, struct bytes text, const struct crypto *crypto,
			   const struct sealing_key *key, uint64_t iv)
{
	uint8_t *room = writer_reserve(out, fragment_octets(key, text.len));
	struct build b;

	if (!room)
		return false;
	build_begin(&b, room, fragment_octets(key, text.len), header);
	build_seal_fragment(&b, key, first, which);
	writer_bytes(&b.w, text);
	return build_finish_sealed(&b, crypto, key, iv).len > 0;
}

/* @rfc 7383-2.5-2 7383-2.5-8 7383-2.5-9 7383-2.5-10 7383-5-1 */
bool fragment_split(const struct ike_header *header, uint8_t first, struct bytes inner,
		    const struct crypto *crypto, const struct sealing_key *key, uint64_t *next_iv,
		    size_t largest, struct blob *parcel)
{
	size_t each = text_of(key, largest), total, last;
	struct reader r = reader_of(inner);
	struct blob made = { NULL, 0 };
	struct writer out;
	bool ok = true;

	if (!each || inner.len > each * LIMIT_FRAGMENTS)
		return false;
	total = inner.len ? (inner.len + each - 1) / each : 1;
	last = inner.len - (total - 1) * each;
	if (!blob_make(&made, (total - 1) * fragment_octets(key, each) + fragment_octets(key, last)))
		return false;
	out = writer_into(made.data, made.len);
	for (size_t i = 1; ok && i <= total; i++) {
		struct fragment which = { (uint16_t)i, (uint16_t)total };

		ok = write_fragment(&out, header, first, which, reader_take(&r, i < total ? each : last),
				    crypto, key, (*next_iv)++);
	}
	if (ok)
		blob_move(parcel, &made);
	blob_discard(&made);
	return ok;
}

struct bytes parcel_next(struct bytes *rest)
{
	struct bytes one = *rest;
	struct ike_header header;

	if (header_read(one, &header) && header.length >= HEADER_OCTETS && header.length < one.len)
		one.len = header.length;
	if (one.len)
		*rest = bytes_of(rest->at + one.len, rest->len - one.len);
	return one;
}

/* ---- gathering (2.6) ---- */

void gather_discard(struct gather *g)
{
	for (size_t i = 0; g->part && i < g->total; i++)
		blob_discard(&g->part[i]);
	free(g->part);
	blob_discard(&g->plain);
	memset(g, 0, sizeof(*g));
}

static uint64_t bit_of(const struct message *m)
{
	return (uint64_t)1 << (m->fragment.number - 1);
}

/* Whether the fragment begins anew: nothing is there yet, or its sender has made smaller ones meanwhile. */
/* @rfc 7383-2.6-4 */
static bool begins(const struct gather *g, const struct message *m)
{
	return !g->count || (m->fragment.total > g->total && g->count < g->total);
}

/* Whether an opened fragment may be taken, whose part of the inner payloads has so many octets. */
/* @rfc 7383-2.6-1 7383-2.6-2 7383-2.6-3 7383-5-1 */
static enum reason check(const struct gather *g, const struct message *m, size_t octets)
{
	if (!m->fragment.number || m->fragment.number > m->fragment.total)
		return REASON_MALFORMED;
	if (m->fragment.total > LIMIT_FRAGMENTS)
		return REASON_LIMIT;
	/* Only the first names a type (2.5); an empty message has none to name. */
	if (m->fragment.number > 1 && m->inner_first != PAYLOAD_NONE)
		return REASON_MALFORMED;
	if (g->count && (g->message_id != m->header.message_id || g->exchange != m->header.exchange ||
			 g->flags != m->header.flags))
		return REASON_FRAGMENT;
	if (!begins(g, m)) {
		if (m->fragment.total != g->total || g->received & bit_of(m))
			return REASON_FRAGMENT;
		octets += g->octets;
	}
	return octets > LIMIT_MESSAGE ? REASON_LIMIT : REASON_OK;
}

static bool begin(struct gather *g, const struct message *m, msec now)
{
	struct blob *part = calloc(m->fragment.total, sizeof(*part));

	if (!part)
		return false;
	gather_discard(g);
	g->part = part;
	g->message_id = m->header.message_id;
	g->exchange = m->header.exchange;
	g->flags = m->header.flags;
	g->total = m->fragment.total;
	g->began = now;
	return true;
}

/* All parts in order, the last of which is still in the caller's hands. */
/* @rfc 7383-2.6-6 */
static bool join(struct gather *g, size_t last, const struct blob *text)
{
	struct writer w;

	if (!blob_make(&g->plain, g->octets + text->len))
		return false;
	w = writer_into(g->plain.data, g->plain.len);
	for (size_t i = 0; i < g->total; i++)
		writer_bytes(&w, bytes_of_blob(i == last ? text : &g->part[i]));
	return writer_ok(&w);
}

/* @rfc 7383-2.6-5 7383-2.6-7 7383-5-2 */
struct gathered gather_take(struct gather *g, const struct crypto *crypto, const struct sealing_key *key,
			    const struct message *m, msec now)
{
	struct blob text = { NULL, 0 };
	enum reason reason = message_open_fragment(m, crypto, key, &text);
	size_t at;

	if (reason == REASON_OK)
		reason = check(g, m, text.len);
	if (reason == REASON_OK && begins(g, m) && !begin(g, m, now))
		reason = REASON_MEMORY;
	at = (size_t)m->fragment.number - 1;
	/* The last one is joined before it is kept: if there is no memory, its repetition completes the message. */
	if (reason == REASON_OK && g->count + 1 == g->total && !join(g, at, &text))
		reason = REASON_MEMORY;
	if (reason != REASON_OK) {
		blob_discard(&text);
		return (struct gathered){ GATHER_DROP, reason };
	}
	if (m->fragment.number == 1)
		g->first = m->inner_first;
	g->octets += text.len;
	g->received |= bit_of(m);
	g->count++;
	blob_move(&g->part[at], &text);
	return (struct gathered){ g->count == g->total ? GATHER_WHOLE : GATHER_MORE, REASON_OK };
}
