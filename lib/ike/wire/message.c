/* Reading the header and the payload chain (message.h). */
#include "message.h"

#include <string.h>

#include "reader.h"

/* @rfc 7296-3.1-1 */
bool header_read(struct bytes packet, struct ike_header *header)
{
	struct reader r = reader_of(packet);

	header->spi_i = reader_u64(&r);
	header->spi_r = reader_u64(&r);
	header->next_payload = reader_u8(&r);
	header->version = reader_u8(&r);
	header->exchange = reader_u8(&r);
	header->flags = reader_u8(&r);
	header->message_id = reader_u32(&r);
	header->length = reader_u32(&r);
	return reader_ok(&r);
}

/* @rfc 7296-3.2-7 */
static bool is_known(uint8_t type)
{
	return (type >= PAYLOAD_FIRST && type <= PAYLOAD_LAST) || type == PAYLOAD_SKF;
}

/* The SK or SKF payload: what is sealed, and before it, for a fragment, its number and their total (RFC 7383 2.5). */
/* @rfc 7383-2.6-1 */
static enum reason read_sealed(struct message *m, uint8_t type, uint8_t next, struct bytes body)
{
	struct reader r = reader_of(body);

	if (type == PAYLOAD_SKF) {
		m->fragment.number = reader_u16(&r);
		m->fragment.total = reader_u16(&r);
		/* Nothing at all behind the two numbers is no fragment; there is no fragment 0, nor one of none. */
		if (!r.left || !m->fragment.number || m->fragment.number > m->fragment.total)
			return REASON_MALFORMED;
	}
	m->sealed = true;
	m->inner_first = next;
	m->sealed_body = reader_rest(&r);
	m->sealed_at = m->packet.len - m->sealed_body.len;
	return REASON_OK;
}

/*
 * Walks a chain. outer: SK or SKF ends it, and its next-payload field belongs to the inside (3.14); within
 * a sealed part neither may stand.
 */
/* @rfc 7296-2.5-7 7296-2.5-8 7296-2.5-9 7296-2.5-11 7296-2.5-13 7296-3.2-1 7296-3.2-3 7296-3.2-5 */
/* @rfc 7296-3.2-6 7296-3.14-1 7383-2.5-5 */
static enum reason walk(struct message *m, struct reader *r, uint8_t type, bool outer)
{
	size_t met = 0;

	while (type != PAYLOAD_NONE) {
		uint8_t next = reader_u8(r);
		bool critical = reader_u8(r) & 0x80;
		uint16_t length = reader_u16(r);
		struct bytes body;

		if (length < PAYLOAD_HEADER)
			reader_fail(r);
		body = reader_take(r, length >= PAYLOAD_HEADER ? (size_t)length - PAYLOAD_HEADER : 0);
		if (!reader_ok(r) || ++met > LIMIT_PAYLOADS || body.len < payload_least(type))
			return REASON_MALFORMED;
		if (type == PAYLOAD_SK || type == PAYLOAD_SKF) {
			if (!outer || !reader_done(r))
				return REASON_MALFORMED;
			return read_sealed(m, type, next, body);
		}
		if (is_known(type)) {
			m->payload[m->count++] = (struct payload){ type, body };
		} else if (critical) {
			m->unknown_critical = type;
			return REASON_UNKNOWN_CRITICAL;
		}
		type = next;
	}
	return reader_done(r) ? REASON_OK : REASON_MALFORMED;
}

/* @rfc 7296-2-2 7296-2-3 7296-2.5-1 7296-3.1-5 7296-3.1-7 7296-3.1-9 7296-3.1-13 7296-3.1-15 */
enum reason message_read(struct bytes packet, struct message *m)
{
	struct reader r = reader_of(packet);

	m->count = 0;
	m->sealed = false;
	m->opened = false;
	m->packet = packet;
	m->inner_first = PAYLOAD_NONE;
	m->sealed_body = BYTES_NONE;
	m->sealed_at = 0;
	m->fragment = (struct fragment){ 0, 0 };
	m->unknown_critical = 0;
	if (!header_read(packet, &m->header))
		return REASON_MALFORMED;
	if (m->header.version >> 4 != 2)
		return REASON_VERSION;
	if (m->header.length != packet.len || packet.len > LIMIT_MESSAGE)
		return REASON_MALFORMED;
	reader_skip(&r, HEADER_OCTETS);
	return walk(m, &r, m->header.next_payload, true);
}

enum reason message_read_inner(uint8_t first, struct bytes plain, struct message *m)
{
	struct reader r = reader_of(plain);

	m->count = 0;
	m->opened = true;
	m->inner_first = first;
	m->unknown_critical = 0;
	return walk(m, &r, first, false);
}

const struct payload *message_find(const struct message *m, uint8_t type, size_t n)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->payload[i].type == type && n-- == 0)
			return &m->payload[i];
	}
	return NULL;
}

size_t message_count(const struct message *m, uint8_t type)
{
	size_t count = 0;

	for (size_t i = 0; i < m->count; i++)
		count += m->payload[i].type == type;
	return count;
}

/* @rfc 7296-3.10-1 7296-3.10-5 */
bool notify_read(struct bytes body, struct notify *n)
{
	struct reader r = reader_of(body);
	size_t spi_len;

	n->protocol = reader_u8(&r);
	spi_len = reader_u8(&r);
	n->type = reader_u16(&r);
	n->spi = reader_take(&r, spi_len);
	n->data = reader_rest(&r);
	return reader_ok(&r);
}

/* @rfc 7296-3.10.1-1 7296-3.10.1-2 */
bool message_notify(const struct message *m, uint16_t type, struct notify *n)
{
	const struct payload *p;

	for (size_t i = 0; (p = message_find(m, PAYLOAD_N, i)) != NULL; i++) {
		struct notify read;

		if (notify_read(p->body, &read) && (type ? read.type == type : notify_is_error(read.type))) {
			*n = read;
			return true;
		}
	}
	return false;
}
