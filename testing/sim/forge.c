/* Messages taken apart, changed and put together again (forge.h). */
#include "forge.h"

#include <stdlib.h>
#include <string.h>

static size_t keep(struct forged *f, struct bytes body)
{
	size_t at = f->used;

	if (body.len > sizeof(f->room) - f->used)
		abort();
	if (body.len)
		memmove(f->room + at, body.at, body.len);
	f->used += body.len;
	return at;
}

static const struct sealing_key *key_of(const struct ike_header *h, const struct sealing_key *i,
					const struct sealing_key *r)
{
	return h->flags & FLAG_INITIATOR ? i : r;
}

void forge_begin(struct forged *f, const struct ike_header *like, bool sealed)
{
	f->header = *like;
	f->sealed = sealed;
	f->wrong_key = false;
	f->count = f->outer_count = f->used = 0;
}

bool forge_open(struct world *w, struct bytes data, struct forged *f)
{
	struct sealing_key i, r;
	struct blob plain = { NULL, 0 };
	struct message *m = malloc(sizeof(*m));
	bool ok;

	if (!m)
		abort();
	ok = message_read(data, m) == REASON_OK;
	if (ok) {
		forge_begin(f, &m->header, m->sealed);
		if (m->sealed)
			ok = world_keys(w, m->header.spi_i, m->header.spi_r, &i, &r) &&
			     message_open(m, &w->nodes[0].crypto.crypto, key_of(&m->header, &i, &r),
					  &plain) == REASON_OK &&
			     message_read_inner(m->inner_first, bytes_of_blob(&plain), m) == REASON_OK;
	}
	for (size_t k = 0; ok && k < m->count; k++)
		forge_add(f, m->payload[k].type, m->payload[k].body);
	blob_discard(&plain);
	free(m);
	return ok;
}

static void put(struct build *b, const struct forged *f, const struct forged_payload *p)
{
	writer_bytes(build_payload(b, p->type), bytes_of(f->room + p->at, p->len));
	build_end(b);
	if (p->critical)
		writer_patch_u8(&b->w, b->payload_at + 1, 0x80);
	if (p->lies)
		writer_patch_u16(&b->w, b->payload_at + 2, p->length);
}

struct bytes forge_close(struct world *w, const struct forged *f, uint8_t *room, size_t size)
{
	struct sealing_key i, r, key;
	struct build b;

	build_begin(&b, room, size, &f->header);
	for (size_t k = 0; k < f->outer_count; k++)
		put(&b, f, &f->outer[k]);
	if (f->sealed) {
		if (!world_keys(w, f->header.spi_i, f->header.spi_r, &i, &r))
			return BYTES_NONE;
		key = *key_of(&f->header, &i, &r);
		key.encr_key[0] ^= f->wrong_key;
		build_seal(&b, &key);
	}
	for (size_t k = 0; k < f->count; k++)
		put(&b, f, &f->payload[k]);
	return f->sealed
		       ? build_finish_sealed(&b, &w->nodes[0].crypto.crypto, &key, world_draw(w, UINT64_MAX))
		       : build_finish(&b);
}

struct bytes forge_inner(const struct forged *f, uint8_t *room, size_t size, uint8_t *first)
{
	struct writer w = writer_into(room, size);

	for (size_t k = 0; k < f->count; k++) {
		const struct forged_payload *p = &f->payload[k];

		writer_u8(&w, k + 1 < f->count ? p[1].type : PAYLOAD_NONE);
		writer_u8(&w, 0);
		writer_u16(&w, (uint16_t)(PAYLOAD_HEADER + p->len));
		writer_bytes(&w, bytes_of(f->room + p->at, p->len));
	}
	*first = f->count ? f->payload[0].type : PAYLOAD_NONE;
	return writer_written(&w);
}

struct bytes forge_fragment(struct world *w, const struct forged *f, uint8_t first, struct fragment which,
			    struct bytes text, uint8_t *room, size_t size)
{
	struct sealing_key i, r;
	const struct sealing_key *key = key_of(&f->header, &i, &r);
	struct build b;

	if (!world_keys(w, f->header.spi_i, f->header.spi_r, &i, &r))
		return BYTES_NONE;
	build_begin(&b, room, size, &f->header);
	for (size_t k = 0; k < f->outer_count; k++)
		put(&b, f, &f->outer[k]);
	build_seal_fragment(&b, key, first, which);
	/* The number is what decides about the first payload's type; a forger writes it wherever he likes. */
	writer_patch_u8(&b.w, b.sealed_at, first);
	writer_bytes(&b.w, text);
	return build_finish_sealed(&b, &w->nodes[0].crypto.crypto, key, world_draw(w, UINT64_MAX));
}

size_t forge_find(const struct forged *f, uint8_t type, size_t n)
{
	size_t i = 0;

	while (i < f->count && (f->payload[i].type != type || n-- != 0))
		i++;
	return i;
}

size_t forge_find_notify(const struct forged *f, uint16_t type)
{
	struct notify n;

	for (size_t i = 0; i < f->count; i++) {
		if (f->payload[i].type == PAYLOAD_N && notify_read(forge_body(f, i), &n) && n.type == type)
			return i;
	}
	return f->count;
}

struct bytes forge_body(const struct forged *f, size_t i)
{
	return bytes_of(f->room + f->payload[i].at, f->payload[i].len);
}

uint8_t *forge_octets(struct forged *f, size_t i)
{
	return f->room + f->payload[i].at;
}

void forge_remove(struct forged *f, size_t i)
{
	memmove(&f->payload[i], &f->payload[i + 1], (--f->count - i) * sizeof(f->payload[0]));
}

void forge_insert(struct forged *f, size_t i, uint8_t type, struct bytes body)
{
	if (f->count == FORGED_PAYLOADS)
		abort();
	memmove(&f->payload[i + 1], &f->payload[i], (f->count++ - i) * sizeof(f->payload[0]));
	f->payload[i] = (struct forged_payload){ .type = type, .at = keep(f, body), .len = body.len };
}

void forge_add(struct forged *f, uint8_t type, struct bytes body)
{
	forge_insert(f, f->count, type, body);
}

void forge_add_outer(struct forged *f, uint8_t type, struct bytes body)
{
	if (f->outer_count == FORGED_PAYLOADS)
		abort();
	f->outer[f->outer_count++] =
		(struct forged_payload){ .type = type, .at = keep(f, body), .len = body.len };
}

void forge_add_notify(struct forged *f, uint8_t protocol, uint16_t type, struct bytes spi, struct bytes data)
{
	uint8_t room[512];
	struct writer w = writer_into(room, sizeof(room));

	writer_u8(&w, protocol);
	writer_u8(&w, (uint8_t)spi.len);
	writer_u16(&w, type);
	writer_bytes(&w, spi);
	writer_bytes(&w, data);
	if (!writer_ok(&w))
		abort();
	forge_add(f, PAYLOAD_N, writer_written(&w));
}

void forge_replace(struct forged *f, size_t i, struct bytes body)
{
	f->payload[i].at = keep(f, body);
	f->payload[i].len = body.len;
}

void forge_fill(struct forged *f, size_t i, uint8_t octet, size_t len)
{
	if (len > sizeof(f->room) - f->used)
		abort();
	memset(f->room + f->used, octet, len);
	f->payload[i].at = f->used;
	f->payload[i].len = len;
	f->used += len;
}
