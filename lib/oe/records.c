/* Reading DNS records by strict grammars (records.h). Everything here is hostile until proven. */
#include "records.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "reader.h"
#include "writer.h"

static const char attribute[] = "X-IPsec-Server";
static const char near_miss[] = "X-IPsec-Gateway";

/* ---- TXT: X-IPsec-Server(10)=192.0.2.1 AQ... ---- */

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(struct reader *r)
{
	while (r->left && is_space(*r->at))
		reader_skip(r, 1);
}

/* The strings of a record, joined without adding anything. */
static bool join(struct bytes rdata, struct writer *w)
{
	struct reader r = reader_of(rdata);

	while (reader_ok(&r) && r.left) {
		size_t len = reader_u8(&r);

		writer_bytes(w, reader_take(&r, len));
	}
	return reader_done(&r) && writer_ok(w);
}

static bool starts_with(const struct reader *r, const char *word)
{
	return r->left >= strlen(word) && strncasecmp((const char *)r->at, word, strlen(word)) == 0;
}

static bool take_char(struct reader *r, char c)
{
	skip_space(r);
	return r->left && reader_u8(r) == (uint8_t)c;
}

static bool take_precedence(struct reader *r, unsigned *precedence, const char **why)
{
	unsigned value = 0, digits = 0;

	*why = "the precedence in parentheses is missing";
	if (!take_char(r, '('))
		return false;
	skip_space(r);
	for (; r->left && isdigit(*r->at) && digits < 6; digits++)
		value = value * 10 + (unsigned)(reader_u8(r) - '0');
	if (!digits)
		return false;
	*why = "precedence over 65535";
	if (digits > 5 || value > UINT16_MAX)
		return false;
	*why = "the precedence in parentheses is not closed";
	*precedence = value;
	return take_char(r, ')');
}

static bool take_gateway(struct reader *r, struct delegation *d, const char **why)
{
	char text[DNS_NAME_TEXT];
	size_t len = 0;

	skip_space(r);
	*why = "the gateway is too long";
	while (r->left && !is_space(*r->at) && len < sizeof(text) - 1)
		text[len++] = (char)reader_u8(r);
	if (r->left && !is_space(*r->at))
		return false;
	text[len] = '\0';
	*why = "the gateway is neither an address nor @name";
	if (len > 1 && text[0] == '@') {
		d->gateway = GATEWAY_NAME;
		return strspn(text + 1,
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_") == len - 1;
	}
	d->gateway = GATEWAY_ADDRESS;
	if (!address_parse(&d->address, text))
		return false;
	*why = "the gateway's address can be nobody's";
	return !address_is_any(&d->address) && !address_is_multicast(&d->address) &&
	       !address_is_loopback(&d->address);
}

enum record_verdict record_read_txt(struct bytes rdata, struct delegation *d, const char **why)
{
	uint8_t room[LIMIT_DNS_TEXT];
	struct writer w = writer_into(room, sizeof(room));
	struct blob raw = { NULL, 0 };
	struct reader r;
	bool ok;

	memset(d, 0, sizeof(*d));
	*why = "the record is too long or its strings are cut";
	ok = join(rdata, &w);
	r = reader_of(writer_written(&w));
	skip_space(&r);
	if (!ok)
		return RECORD_MALFORMED;
	*why = "the attribute is called X-IPsec-Server";
	if (starts_with(&r, near_miss))
		return RECORD_MALFORMED;
	if (!starts_with(&r, attribute))
		return RECORD_NOT_OURS;
	*why = "a NUL octet stands in it";
	if (memchr(r.at, '\0', r.left))
		return RECORD_MALFORMED;
	reader_skip(&r, strlen(attribute));
	if (!take_precedence(&r, &d->precedence, why))
		return RECORD_MALFORMED;
	*why = "'=' is missing";
	if (!take_char(&r, '='))
		return RECORD_MALFORMED;
	if (!take_gateway(&r, d, why))
		return RECORD_MALFORMED;
	skip_space(&r);
	if (!r.left)
		return RECORD_GOOD;
	*why = "the key is not base64";
	ok = base64_decode(&raw, bytes_of(r.at, r.left)) && raw.len &&
	     public_key_from_rfc3110(&d->key, bytes_of_blob(&raw), why);
	blob_discard(&raw);
	return ok ? RECORD_GOOD : RECORD_MALFORMED;
}

/* ---- IPSECKEY (RFC 4025 2) ---- */

/* An uncompressed name: labels up to the root. */
static bool skip_name(struct reader *r)
{
	for (unsigned octets = 0; octets < 255;) {
		uint8_t len = reader_u8(r);

		if (!reader_ok(r) || len > 63)
			return false;
		if (len == 0)
			return true;
		reader_skip(r, len);
		octets += len + 1u;
	}
	return false;
}

static bool read_gateway(struct reader *r, uint8_t type, struct delegation *d)
{
	switch (type) {
	case 0:
		d->gateway = GATEWAY_SELF;
		return true;
	case 1:
	case 2:
		d->gateway = GATEWAY_ADDRESS;
		return address_from_bytes(&d->address, reader_take(r, type == 1 ? 4 : 16)) &&
		       !address_is_any(&d->address) && !address_is_multicast(&d->address) &&
		       !address_is_loopback(&d->address);
	case 3:
		d->gateway = GATEWAY_NAME;
		return skip_name(r);
	default:
		return false;
	}
}

enum record_verdict record_read_ipseckey(struct bytes rdata, struct delegation *d, const char **why)
{
	struct reader r = reader_of(rdata);
	uint8_t gateway, algorithm;
	struct bytes key;
	bool ok = false;

	memset(d, 0, sizeof(*d));
	d->precedence = reader_u8(&r);
	gateway = reader_u8(&r);
	algorithm = reader_u8(&r);
	*why = "the gateway is malformed";
	if (!read_gateway(&r, gateway, d))
		return RECORD_MALFORMED;
	key = reader_rest(&r);
	*why = "the record is cut short";
	if (!reader_ok(&r))
		return RECORD_MALFORMED;
	*why = "the key algorithm is not RSA or ECDSA";
	if (algorithm == 0)
		ok = key.len == 0;
	else if (algorithm == 2)
		ok = public_key_from_rfc3110(&d->key, key, why);
	else if (algorithm == 3)
		ok = public_key_from_rfc6605(&d->key, key, why);
	return ok ? RECORD_GOOD : RECORD_MALFORMED;
}
