/* A message taken apart, sealed part and all, and put together again (inside.h). */
#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include "reader.h"

bool draft_insert(struct draft *d, size_t at, uint8_t type, uint8_t flags, bool outer, struct bytes body)
{
	struct piece p = { type, flags, outer, -1, { NULL, 0 } };

	if (d->count == IMPAIR_PIECES || !blob_copy(&p.body, body))
		return false;
	memmove(&d->piece[at + 1], &d->piece[at], (d->count - at) * sizeof(p));
	d->piece[at] = p;
	d->count++;
	return true;
}

void draft_remove(struct draft *d, size_t at)
{
	blob_discard(&d->piece[at].body);
	d->count--;
	memmove(&d->piece[at], &d->piece[at + 1], (d->count - at) * sizeof(d->piece[0]));
}

void draft_discard(struct draft *d)
{
	while (d->count)
		draft_remove(d, d->count - 1);
}

bool draft_bears(const struct draft *d, uint8_t payload)
{
	for (size_t i = 0; i < d->count; i++) {
		if (d->piece[i].type == payload)
			return true;
	}
	return false;
}

/* Unlike message_read it keeps flags, and payloads that we do not know. */
static bool read_chain(struct draft *d, struct reader *r, uint8_t type, bool outer)
{
	while (type != PAYLOAD_NONE && !(outer && type == PAYLOAD_SK)) {
		uint8_t next = reader_u8(r), flags = reader_u8(r);
		uint16_t length = reader_u16(r);
		struct bytes body =
			reader_take(r, length >= PAYLOAD_HEADER ? (size_t)length - PAYLOAD_HEADER : 0);

		if (!reader_ok(r) || length < PAYLOAD_HEADER ||
		    !draft_insert(d, d->count, type, flags, outer, body))
			return false;
		type = next;
	}
	return true;
}

static const struct sealing_key *key_of(const struct impair *im, const struct ike_header *h)
{
	size_t first = im->key_count > IMPAIR_KEYS ? im->key_count - IMPAIR_KEYS : 0;

	for (size_t i = im->key_count; i > first; i--) {
		size_t at = (i - 1) % IMPAIR_KEYS;

		if (im->keys[at].spi_i == h->spi_i && im->keys[at].spi_r == h->spi_r)
			return h->flags & FLAG_INITIATOR ? &im->keys[at].key_i : &im->keys[at].key_r;
	}
	return NULL;
}

static bool open_inner(struct impair *im, struct draft *d, const struct message *m)
{
	struct blob plain = { NULL, 0 };
	struct reader r;
	bool ok;

	d->key = key_of(im, &d->header);
	if (!d->key || m->fragment.total || message_open(m, im->inner, d->key, &plain) != REASON_OK) {
		blob_discard(&plain);
		return false;
	}
	r = reader_of(m->sealed_body);
	d->iv = reader_u64(&r);
	r = reader_of(bytes_of_blob(&plain));
	ok = read_chain(d, &r, m->inner_first, false);
	blob_discard(&plain);
	return ok;
}

bool draft_open(struct impair *im, struct bytes data, struct draft *d)
{
	struct reader r = reader_of(data);
	struct message *m = calloc(1, sizeof(*m));
	bool ok = m && message_read(data, m) != REASON_MALFORMED;

	memset(d, 0, sizeof(*d));
	d->next_payload = -1;
	d->length = -1;
	if (ok) {
		d->header = m->header;
		d->sealed = m->sealed;
		reader_skip(&r, HEADER_OCTETS);
		ok = read_chain(d, &r, m->header.next_payload, true) && (!m->sealed || open_inner(im, d, m));
	}
	if (!ok)
		draft_discard(d);
	free(m);
	return ok;
}

static void write_pieces(struct build *b, const struct draft *d, bool outer)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct piece *p = &d->piece[i];

		if (p->outer != outer)
			continue;
		build_body(b, p->type, bytes_of_blob(&p->body));
		writer_patch_u8(&b->w, b->payload_at + 1, p->flags);
		if (p->length >= 0)
			writer_patch_u16(&b->w, b->payload_at + 2, (uint16_t)p->length);
	}
}

/* The IV is that of the message that was taken apart: this key's secrets are a test's. */
bool draft_write(struct impair *im, struct draft *d, struct blob *out)
{
	uint8_t *room = malloc(LIMIT_DATAGRAM);
	struct build b;
	struct bytes made;
	bool ok;

	if (!room)
		return false;
	build_begin(&b, room, LIMIT_DATAGRAM, &d->header);
	writer_patch_u8(&b.w, 17, d->header.version);
	write_pieces(&b, d, true);
	if (d->sealed) {
		build_seal(&b, d->key);
		write_pieces(&b, d, false);
	}
	if (d->next_payload >= 0)
		writer_patch_u8(&b.w, 16, (uint8_t)d->next_payload);
	made = d->sealed ? build_finish_sealed(&b, im->inner, d->key, d->iv) : build_finish(&b);
	if (d->length >= 0 && made.len)
		writer_patch_u32(&b.w, 24, (uint32_t)d->length);
	ok = made.len && blob_copy(out, made);
	free(room);
	return ok;
}
