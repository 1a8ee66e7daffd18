/* Building and opening messages (build.h). */
#include "build.h"

#include <string.h>

#include "reader.h"

#define HEADER_NEXT 16 /* offset of the header's next-payload field */
#define HEADER_LENGTH 24

/* @rfc 7296-3.1-1 7296-3.1-4 7296-3.1-6 */
void build_begin(struct build *b, uint8_t *room, size_t size, const struct ike_header *header)
{
	memset(b, 0, sizeof(*b));
	b->w = writer_into(room, size);
	writer_u64(&b->w, header->spi_i);
	writer_u64(&b->w, header->spi_r);
	writer_u8(&b->w, PAYLOAD_NONE);
	writer_u8(&b->w, 0x20); /* version 2.0 */
	writer_u8(&b->w, header->exchange);
	writer_u8(&b->w, header->flags);
	writer_u32(&b->w, header->message_id);
	writer_u32(&b->w, 0);
	b->next_field = HEADER_NEXT;
}

static void begin_sealed(struct build *b, const struct sealing_key *key, uint8_t type)
{
	writer_patch_u8(&b->w, b->next_field, type);
	b->sealed_at = writer_mark(&b->w);
	b->next_field = b->sealed_at;
	b->iv_octets = key->encr->iv_octets;
	writer_u8(&b->w, PAYLOAD_NONE);
	writer_u8(&b->w, 0);
	writer_u16(&b->w, 0);
}

static void begin_inner(struct build *b)
{
	writer_zeros(&b->w, b->iv_octets);
	b->inner_at = writer_mark(&b->w);
}

void build_seal(struct build *b, const struct sealing_key *key)
{
	begin_sealed(b, key, PAYLOAD_SK);
	begin_inner(b);
}

/* @rfc 7383-2.5-5 7383-2.5-6 7383-2.5-7 7383-2.5-11 */
void build_seal_fragment(struct build *b, const struct sealing_key *key, uint8_t first, struct fragment which)
{
	begin_sealed(b, key, PAYLOAD_SKF);
	writer_patch_u8(&b->w, b->next_field, which.number == 1 ? first : PAYLOAD_NONE);
	writer_u16(&b->w, which.number);
	writer_u16(&b->w, which.total);
	begin_inner(b);
}

/* @rfc 7296-2.5-6 7296-2.5-12 7296-3.2-1 7296-3.2-2 7296-3.2-4 */
struct writer *build_payload(struct build *b, uint8_t type)
{
	writer_patch_u8(&b->w, b->next_field, type);
	b->payload_at = writer_mark(&b->w);
	b->next_field = b->payload_at;
	writer_u8(&b->w, PAYLOAD_NONE);
	writer_u8(&b->w, 0);
	writer_u16(&b->w, 0);
	return &b->w;
}

/* @rfc 7296-3.2-6 */
void build_end(struct build *b)
{
	writer_patch_length(&b->w, b->payload_at + 2, b->payload_at);
}

void build_body(struct build *b, uint8_t type, struct bytes body)
{
	writer_bytes(build_payload(b, type), body);
	build_end(b);
}

/* @rfc 7296-3.10-1 */
void build_notify(struct build *b, uint8_t protocol, uint16_t type, struct bytes spi, struct bytes data)
{
	struct writer *w = build_payload(b, PAYLOAD_N);

	if (spi.len > UINT8_MAX)
		writer_fail(w);
	writer_u8(w, protocol);
	writer_u8(w, (uint8_t)spi.len);
	writer_u16(w, type);
	writer_bytes(w, spi);
	writer_bytes(w, data);
	build_end(b);
}

/* @rfc 7296-3.1-15 */
struct bytes build_finish(struct build *b)
{
	writer_patch_u32(&b->w, HEADER_LENGTH, (uint32_t)b->w.used);
	return writer_written(&b->w);
}

static size_t icv_octets_of(const struct sealing_key *key)
{
	return key->encr->aead ? key->encr->icv_octets : key->integ->icv_octets;
}

/* How much padding makes text, padding and its length octet whole blocks (3.14). */
/* @rfc 7296-3.14-5 7296-3.14-7 */
static size_t padding_of(const struct sealing_key *key, size_t text)
{
	size_t block = key->encr->block_octets;

	return (block - (text + 1) % block) % block;
}

size_t sealed_octets(const struct sealing_key *key, size_t text)
{
	return key->encr->iv_octets + text + padding_of(key, text) + 1 + icv_octets_of(key);
}

struct bytes build_plain(const struct build *b, uint8_t *first)
{
	*first = PAYLOAD_NONE;
	if (!b->sealed_at || !writer_ok(&b->w))
		return BYTES_NONE;
	*first = b->w.base[b->sealed_at];
	return bytes_of(b->w.base + b->inner_at, b->w.used - b->inner_at);
}

size_t build_sealed_octets(const struct build *b, const struct sealing_key *key)
{
	return b->inner_at - b->iv_octets + sealed_octets(key, writer_mark(&b->w) - b->inner_at);
}

static void pad(struct build *b, const struct sealing_key *key)
{
	size_t octets = padding_of(key, writer_mark(&b->w) - b->inner_at);

	writer_zeros(&b->w, octets);
	writer_u8(&b->w, (uint8_t)octets);
}

/* @rfc 7296-3.14-2 7296-3.14-3 7296-3.14-9 */
struct bytes build_finish_sealed(struct build *b, const struct crypto *crypto, const struct sealing_key *key,
				 uint64_t iv)
{
	size_t icv_octets = icv_octets_of(key);
	size_t iv_at = b->inner_at - b->iv_octets, text_len;
	uint8_t iv_room[IV_OCTETS_MAX];
	struct writer iv_writer = writer_into(iv_room, key->encr->iv_octets);
	uint8_t *icv;

	pad(b, key);
	text_len = writer_mark(&b->w) - b->inner_at;
	icv = writer_reserve(&b->w, icv_octets);
	writer_patch_length(&b->w, b->sealed_at + 2, b->sealed_at);
	writer_patch_u32(&b->w, HEADER_LENGTH, (uint32_t)b->w.used);
	if (key->encr->aead)
		writer_u64(&iv_writer, iv);
	else if (!crypto->random(crypto->self, iv_room, key->encr->iv_octets))
		writer_fail(&b->w);
	if (!icv || !writer_ok(&b->w) || (key->encr->aead && !writer_ok(&iv_writer)))
		return BYTES_NONE;
	memcpy(b->w.base + iv_at, iv_room, key->encr->iv_octets);
	if (!crypto->seal(crypto->self, key, bytes_of(b->w.base, iv_at),
			  bytes_of(iv_room, key->encr->iv_octets), b->w.base + b->inner_at, text_len, icv))
		return BYTES_NONE;
	return writer_written(&b->w);
}

/* Splits what was decrypted into payloads and padding. */
/* @rfc 7296-3.14-8 */
static enum reason strip(struct blob *plain)
{
	uint8_t padding = plain->len ? plain->data[plain->len - 1] : 0;

	if (plain->len < 1 + (size_t)padding)
		return REASON_MALFORMED;
	plain->len -= 1 + (size_t)padding;
	return REASON_OK;
}

/* @rfc 7296-3.14-4 7296-3.14-9 */
static enum reason open_sealed(const struct message *m, const struct crypto *crypto,
			       const struct sealing_key *key, struct blob *plain)
{
	size_t icv_octets = icv_octets_of(key);
	struct reader r = reader_of(m->sealed_body);
	struct bytes iv = reader_take(&r, key->encr->iv_octets), text, icv;

	/*
	 * Wrong lengths here prove nothing about the sender: anybody can write them. They are a wrong ICV and
	 * nothing more, or a stranger's short datagram would end the IKE SA as malformed (2.21.3).
	 */
	if (!m->sealed || !reader_ok(&r) || r.left < icv_octets)
		return REASON_INTEGRITY;
	text = reader_take(&r, r.left - icv_octets);
	icv = reader_rest(&r);
	if (!text.len || text.len % key->encr->block_octets)
		return REASON_INTEGRITY;
	if (!blob_copy(plain, text))
		return REASON_MEMORY;
	if (!crypto->open(crypto->self, key, bytes_of(m->packet.at, m->sealed_at), iv, plain->data,
			  plain->len, icv)) {
		blob_discard(plain);
		return REASON_INTEGRITY;
	}
	return strip(plain);
}

enum reason message_open(const struct message *m, const struct crypto *crypto, const struct sealing_key *key,
			 struct blob *plain)
{
	return m->fragment.total ? REASON_INTEGRITY : open_sealed(m, crypto, key, plain);
}

enum reason message_open_fragment(const struct message *m, const struct crypto *crypto,
				  const struct sealing_key *key, struct blob *plain)
{
	return m->fragment.total ? open_sealed(m, crypto, key, plain) : REASON_INTEGRITY;
}
