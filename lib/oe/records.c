/* Reading and weighing DNS records (records.h). Everything here is hostile until proven. */
#include "records.h"

#include <ctype.h>
#include <stdio.h>
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
	unsigned long value = 0;
	unsigned digits = 0;

	*why = "the precedence in parentheses is missing";
	if (!take_char(r, '('))
		return false;
	skip_space(r);
	for (; r->left && isdigit(*r->at) && digits < 6; digits++)
		value = value * 10 + (unsigned)(reader_u8(r) - '0');
	if (!digits || !take_char(r, ')'))
		return false;
	*why = "precedence over 65535";
	*precedence = (unsigned)value;
	return value <= UINT16_MAX;
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
		return strspn(text + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_") == len - 1;
	}
	d->gateway = GATEWAY_ADDRESS;
	if (!address_parse(&d->address, text))
		return false;
	*why = "the gateway's address can be nobody's";
	return !address_is_any(&d->address) && !address_is_multicast(&d->address) && !address_is_loopback(&d->address);
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

/* ---- weighing ---- */

void reverse_name(const struct address *address, char name[DNS_NAME_TEXT])
{
	size_t used = 0;

	for (size_t i = address_octets(address); i > 0; i--) {
		uint8_t octet = address->octet[i - 1];

		used += (size_t)snprintf(name + used, DNS_NAME_TEXT - used,
					 address->family == ADDRESS_V4 ? "%u." : "%x.%x.",
					 address->family == ADDRESS_V4 ? octet : octet & 15u, octet >> 4);
	}
	snprintf(name + used, DNS_NAME_TEXT - used, "%s",
		 address->family == ADDRESS_V4 ? "in-addr.arpa." : "ip6.arpa.");
}

void finding_discard(struct finding *f)
{
	for (size_t i = 0; i < f->key_count; i++)
		public_key_discard(&f->keys[i]);
	f->key_count = 0;
}

/* What one set of records yields. */
struct harvest {
	struct delegation best;
	size_t good, malformed, unusable, impossible;
	const char *why;
};

static bool usable(const struct delegation *d, bool secure, const struct address *local,
		   const struct address *destination, struct harvest *h)
{
	if (d->key.kind == KEY_NONE || d->gateway == GATEWAY_NAME) {
		h->unusable++;
		return false;
	}
	if (d->gateway == GATEWAY_SELF || address_equal(&d->address, destination))
		return true;
	if (!secure) {
		/* An unsigned zone may not send us elsewhere (RFC 4025 4.1.2). */
		h->unusable++;
		return false;
	}
	if (d->address.family != destination->family || address_equal(&d->address, local)) {
		h->impossible++;
		return false;
	}
	return true;
}

static void keep(struct finding *f, const struct delegation *d, const struct address *gateway)
{
	if (f->key_count < LIMIT_DNS_RECORDS && public_key_copy(&f->keys[f->key_count], &d->key))
		f->key_count++;
	f->gateway = *gateway;
}

static void harvest_set(const struct dns_answer *a, const struct address *local, const struct address *destination,
			struct finding *f, struct harvest *h)
{
	bool secure = a->verdict == DNS_SECURE;
	unsigned best = UINT32_MAX;

	memset(h, 0, sizeof(*h));
	for (size_t i = 0; i < a->count; i++) {
		struct delegation d;
		const char *why = "";
		enum record_verdict v = a->question.type == DNS_TXT ?
						record_read_txt(bytes_of_blob(&a->records[i].rdata), &d, &why) :
						record_read_ipseckey(bytes_of_blob(&a->records[i].rdata), &d, &why);
		const struct address *gateway = d.gateway == GATEWAY_ADDRESS ? &d.address : destination;

		if (v == RECORD_MALFORMED) {
			h->malformed++;
			h->why = why;
		} else if (v == RECORD_GOOD && usable(&d, secure, local, destination, h)) {
			h->good++;
			if (d.precedence < best) {
				finding_discard(f);
				best = d.precedence;
				keep(f, &d, gateway);
			} else if (address_equal(gateway, &f->gateway)) {
				keep(f, &d, gateway); /* a roll-over key of the same gateway */
			}
		}
		public_key_discard(&d.key);
	}
}

static enum flow_event absence(const struct dns_answer *a)
{
	if (a->count)
		return E04B_NOTHING_OURS;
	return a->verdict == DNS_SECURE ? E05_NO_RECORD_PROVEN : E06_NO_RECORD_UNPROVEN;
}

static bool is_answer(const struct dns_answer *a)
{
	return a && (a->verdict == DNS_SECURE || a->verdict == DNS_INSECURE);
}

/* Weighs one set into f; true when it settles the matter. */
static bool weigh(const struct dns_answer *a, const struct address *local, const struct address *destination,
		  struct finding *f)
{
	struct harvest h;

	harvest_set(a, local, destination, f, &h);
	f->source = a->question.type;
	f->ttl = a->ttl;
	if (h.malformed)
		snprintf(f->remark, sizeof(f->remark), "%zu malformed %s record(s): %s", h.malformed,
			 dns_type_name(a->question.type), h.why);
	if (f->key_count) {
		f->event = a->verdict == DNS_SECURE ? E03_RECORD_SECURE : E04_RECORD_INSECURE;
		f->level = a->verdict == DNS_SECURE ? LEVEL_DNS_SECURE : LEVEL_DNS_INSECURE;
		return true;
	}
	if (h.impossible || h.malformed) {
		f->event = h.impossible ? E11_WRONG_GATEWAY : E10_MALFORMED;
		return true;
	}
	return false;
}

void finding_make(const struct dns_answer *ipseckey, const struct dns_answer *txt, const struct address *local,
		  const struct address *destination, struct finding *f)
{
	const struct dns_answer *order[2] = { ipseckey, txt };
	const struct dns_answer *bad = NULL;

	memset(f, 0, sizeof(*f));
	for (int i = 0; i < 2; i++) {
		if (order[i] && order[i]->verdict == DNS_BOGUS)
			bad = order[i];
	}
	if (bad) {
		f->event = E09_BOGUS;
		f->source = bad->question.type;
		snprintf(f->remark, sizeof(f->remark), "%.150s", bad->why_bogus);
		return;
	}
	/* Secure beats insecure; then IPSECKEY beats TXT. */
	if (is_answer(txt) && txt->verdict == DNS_SECURE && txt->count && !(is_answer(ipseckey) &&
	    ipseckey->verdict == DNS_SECURE && ipseckey->count)) {
		order[0] = txt;
		order[1] = ipseckey;
	}
	for (int i = 0; i < 2; i++) {
		if (is_answer(order[i]) && order[i]->count && weigh(order[i], local, destination, f))
			return;
	}
	for (int i = 0; i < 2; i++) {
		if (order[i] && !is_answer(order[i])) {
			f->event = order[i]->verdict == DNS_TIMEOUT ? E08_DNS_TIMEOUT : E07_DNS_FAILED;
			f->source = order[i]->question.type;
			return;
		}
	}
	f->event = order[0] ? absence(order[0]) : E06_NO_RECORD_UNPROVEN;
	f->ttl = order[0] ? order[0]->ttl : 0;
	if (order[1] && absence(order[1]) == E06_NO_RECORD_UNPROVEN)
		f->event = E06_NO_RECORD_UNPROVEN;
}
