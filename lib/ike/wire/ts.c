/* Reading and writing TSi and TSr (ts.h). */
#include "ts.h"

#include <string.h>

#include "reader.h"

#define TS_IPV4_ADDR_RANGE 7
#define TS_IPV6_ADDR_RANGE 8
#define TS_HEADER 4 /* type, protocol, length: all that every type has (RFC 9478's labels have no more) */
#define TS_FIXED 8 /* octets before the addresses */

/* The special pair 65535-0 means OPAQUE ports (3.13.1): no port of ours can match them, so it is passed over. */
static bool is_opaque(const struct selector *s)
{
	return s->port_first == UINT16_MAX && s->port_last == 0;
}

/* @rfc 7296-2.9-3 7296-3.13-1 7296-3.13.1-1 7296-3.13.1-5 */
bool ts_read(struct bytes body, struct selector out[LIMIT_SELECTORS], size_t *count)
{
	struct reader r = reader_of(body);
	unsigned announced = reader_u8(&r), met = 0;

	*count = 0;
	reader_skip(&r, 3);
	while (reader_ok(&r) && !reader_done(&r)) {
		uint8_t type = reader_u8(&r);
		struct selector s;
		uint16_t length;
		struct reader in;
		size_t octets = type == TS_IPV4_ADDR_RANGE ? 4 : type == TS_IPV6_ADDR_RANGE ? 16 : 0;

		memset(&s, 0, sizeof(s));
		s.protocol = reader_u8(&r);
		length = reader_u16(&r);
		if (length < TS_HEADER)
			reader_fail(&r);
		in = reader_sub(&r, length >= TS_HEADER ? length - (size_t)TS_HEADER : 0);
		met++;
		if (!octets)
			continue;
		s.port_first = reader_u16(&in);
		s.port_last = reader_u16(&in);
		if (!address_from_bytes(&s.first, reader_take(&in, octets)) ||
		    !address_from_bytes(&s.last, reader_take(&in, octets)) || !reader_done(&in))
			return false;
		if (is_opaque(&s))
			continue;
		if (s.port_first > s.port_last || address_compare(&s.first, &s.last) > 0)
			return false;
		if (*count < LIMIT_SELECTORS)
			out[(*count)++] = s;
	}
	return reader_done(&r) && met == announced && announced > 0;
}

/* @rfc 7296-3.13-1 7296-3.13.1-1 7296-3.13.1-5 */
void ts_write(struct writer *w, const struct selector *selectors, size_t count)
{
	if (count > UINT8_MAX)
		writer_fail(w);
	writer_u8(w, (uint8_t)count);
	writer_zeros(w, 3);
	for (size_t i = 0; i < count; i++) {
		const struct selector *s = &selectors[i];

		writer_u8(w, s->first.family == ADDRESS_V6 ? TS_IPV6_ADDR_RANGE : TS_IPV4_ADDR_RANGE);
		writer_u8(w, s->protocol);
		writer_u16(w, (uint16_t)(TS_FIXED + 2 * address_octets(&s->first)));
		writer_u16(w, s->port_first);
		writer_u16(w, s->port_last);
		writer_bytes(w, address_bytes(&s->first));
		writer_bytes(w, address_bytes(&s->last));
	}
}
