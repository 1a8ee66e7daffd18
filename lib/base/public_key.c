/*
 * Public keys as SubjectPublicKeyInfo (public_key.h; RFC 5280 4.1, RFC 8017 A.1.1, RFC 5480). DER is
 * strict here: one encoding of one key, read by a cursor and compared with what we would write.
 */
#include "public_key.h"

#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "writer.h"

#define RSA_LEAST_OCTETS (2048 / 8)
#define RSA_MOST_OCTETS (8192 / 8)
#define SPKI_ROOM 1200

/* AlgorithmIdentifier of rsaEncryption with NULL, and of id-ecPublicKey with prime256v1. */
static const uint8_t rsa_algorithm[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
static const uint8_t ec_algorithm[] = { 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
					0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

static void der_header(struct writer *w, uint8_t tag, size_t len)
{
	writer_u8(w, tag);
	if (len < 0x80) {
		writer_u8(w, (uint8_t)len);
	} else if (len <= UINT8_MAX) {
		writer_u8(w, 0x81);
		writer_u8(w, (uint8_t)len);
	} else {
		writer_u8(w, 0x82);
		writer_u16(w, (uint16_t)len);
	}
}

static size_t der_header_octets(size_t len)
{
	return len < 0x80 ? 2 : len <= UINT8_MAX ? 3 : 4;
}

/* A reader of the content of the next element, which must have that tag and the shortest length form. */
static struct reader der_enter(struct reader *r, uint8_t tag)
{
	uint8_t found = reader_u8(r), first = reader_u8(r);
	size_t len = first;

	if (first == 0x81)
		len = reader_u8(r);
	else if (first == 0x82)
		len = reader_u16(r);
	else if (first >= 0x80)
		reader_fail(r);
	if (found != tag || der_header_octets(len) != (first < 0x80 ? 2u : first - 0x80u + 2u))
		reader_fail(r);
	return reader_sub(r, len);
}

/* The digits of a positive INTEGER without its sign octet. */
static struct bytes der_integer(struct reader *r)
{
	struct reader in = der_enter(r, 0x02);
	struct bytes b = reader_rest(&in);

	if (b.len > 1 && b.at[0] == 0 && b.at[1] >= 0x80)
		return bytes_of(b.at + 1, b.len - 1);
	if (b.len == 0 || b.at[0] >= 0x80 || b.at[0] == 0) {
		reader_fail(r);
		return BYTES_NONE;
	}
	return b;
}

static size_t integer_octets(struct bytes b)
{
	return b.len + (b.at[0] >= 0x80);
}

static void der_put_integer(struct writer *w, struct bytes b)
{
	der_header(w, 0x02, integer_octets(b));
	if (b.at[0] >= 0x80)
		writer_u8(w, 0);
	writer_bytes(w, b);
}

static const char *rsa_fault(struct bytes n, struct bytes e)
{
	if (n.len < RSA_LEAST_OCTETS)
		return "the RSA modulus is shorter than 2048 bits";
	if (n.len > RSA_MOST_OCTETS)
		return "the RSA modulus is longer than 8192 bits";
	if (n.at[0] == 0)
		return "the RSA modulus begins with a zero octet";
	if (n.len == RSA_LEAST_OCTETS && n.at[0] < 0x80)
		return "the RSA modulus is shorter than 2048 bits";
	if (!(n.at[n.len - 1] & 1))
		return "the RSA modulus is even";
	if (e.len == 0 || e.at[0] == 0 || !(e.at[e.len - 1] & 1))
		return "the RSA exponent is not odd";
	if (e.len < 3 || e.len > 8)
		return "the RSA exponent is not between 65537 and 64 bits";
	return NULL;
}

static bool set_key(struct public_key *key, enum key_kind kind, const struct writer *w, const char **why)
{
	struct blob spki = { NULL, 0 };

	*why = "there was no memory";
	if (!writer_ok(w) || !blob_copy(&spki, writer_written(w)))
		return false;
	public_key_discard(key);
	key->kind = kind;
	key->spki = spki;
	*why = NULL;
	return true;
}

static bool make_rsa(struct public_key *key, struct bytes n, struct bytes e, const char **why)
{
	uint8_t room[SPKI_ROOM];
	struct writer w = writer_into(room, sizeof(room));
	size_t sequence, bits;

	*why = rsa_fault(n, e);
	if (*why)
		return false;
	sequence = der_header_octets(integer_octets(n)) + integer_octets(n) +
		   der_header_octets(integer_octets(e)) + integer_octets(e);
	bits = 1 + der_header_octets(sequence) + sequence;
	der_header(&w, 0x30, sizeof(rsa_algorithm) + der_header_octets(bits) + bits);
	writer_bytes(&w, BYTES_OF_ARRAY(rsa_algorithm));
	der_header(&w, 0x03, bits);
	writer_u8(&w, 0);
	der_header(&w, 0x30, sequence);
	der_put_integer(&w, n);
	der_put_integer(&w, e);
	return set_key(key, KEY_RSA, &w, why);
}

static bool make_ec(struct public_key *key, struct bytes xy, const char **why)
{
	uint8_t room[128];
	struct writer w = writer_into(room, sizeof(room));

	*why = "the P-256 key is not 64 octets";
	if (xy.len != 64)
		return false;
	der_header(&w, 0x30, sizeof(ec_algorithm) + 2 + 66);
	writer_bytes(&w, BYTES_OF_ARRAY(ec_algorithm));
	der_header(&w, 0x03, 66);
	writer_u8(&w, 0);
	writer_u8(&w, 0x04); /* uncompressed */
	writer_bytes(&w, xy);
	return set_key(key, KEY_ECDSA_P256, &w, why);
}

bool public_key_from_rfc3110(struct public_key *key, struct bytes data, const char **why)
{
	struct reader r = reader_of(data);
	size_t len = reader_u8(&r);
	struct bytes e, n;

	/* RFC 3110 2: one octet of length, or zero and two octets. */
	if (len == 0)
		len = reader_u16(&r);
	e = reader_take(&r, len);
	n = reader_rest(&r);
	*why = "the RSA key data are cut short";
	if (!reader_ok(&r) || n.len == 0)
		return false;
	return make_rsa(key, n, e, why);
}

bool public_key_from_rfc6605(struct public_key *key, struct bytes data, const char **why)
{
	return make_ec(key, data, why);
}

bool public_key_from_spki(struct public_key *key, struct bytes der, const char **why)
{
	struct reader r = reader_of(der), in = der_enter(&r, 0x30), bits, sequence;
	bool rsa =
		in.left > sizeof(rsa_algorithm) && memcmp(in.at, rsa_algorithm, sizeof(rsa_algorithm)) == 0;
	bool ec = in.left > sizeof(ec_algorithm) && memcmp(in.at, ec_algorithm, sizeof(ec_algorithm)) == 0;
	struct bytes n, e;

	*why = "the key is not a SubjectPublicKeyInfo of RSA or of P-256";
	if (!reader_done(&r) || (!rsa && !ec))
		return false;
	reader_skip(&in, rsa ? sizeof(rsa_algorithm) : sizeof(ec_algorithm));
	bits = der_enter(&in, 0x03);
	if (!reader_done(&in) || reader_u8(&bits) != 0 || !reader_ok(&bits))
		return false;
	if (ec) {
		if (reader_u8(&bits) != 0x04)
			return false;
		return make_ec(key, reader_rest(&bits), why);
	}
	sequence = der_enter(&bits, 0x30);
	n = der_integer(&sequence);
	e = der_integer(&sequence);
	if (!reader_done(&sequence) || !reader_done(&bits))
		return false;
	return make_rsa(key, n, e, why);
}

bool public_key_from_pem(struct public_key *key, const char *text, const char **why)
{
	static const char begin[] = "-----BEGIN PUBLIC KEY-----", end[] = "-----END PUBLIC KEY-----";
	const char *from = strstr(text, begin), *to;
	struct blob der = { NULL, 0 };
	bool ok;

	from = from ? from + sizeof(begin) - 1 : text;
	to = strstr(from, end);
	*why = "the text is not base64";
	ok = base64_decode(&der, bytes_of(from, to ? (size_t)(to - from) : strlen(from))) && der.len &&
	     public_key_from_spki(key, bytes_of_blob(&der), why);
	blob_discard(&der);
	return ok;
}

bool public_key_rsa_parts(const struct public_key *key, struct bytes *modulus, struct bytes *exponent)
{
	struct reader r = reader_of(bytes_of_blob(&key->spki)), in = der_enter(&r, 0x30), bits, sequence;

	if (key->kind != KEY_RSA)
		return false;
	reader_skip(&in, sizeof(rsa_algorithm));
	bits = der_enter(&in, 0x03);
	reader_skip(&bits, 1);
	sequence = der_enter(&bits, 0x30);
	*modulus = der_integer(&sequence);
	*exponent = der_integer(&sequence);
	return reader_done(&sequence);
}

bool public_key_to_dns(const struct public_key *key, struct blob *out)
{
	uint8_t room[SPKI_ROOM];
	struct writer w = writer_into(room, sizeof(room));
	struct bytes n, e;

	if (key->kind == KEY_ECDSA_P256 && key->spki.len > 64) {
		writer_bytes(&w, bytes_of(key->spki.data + key->spki.len - 64, 64));
	} else if (public_key_rsa_parts(key, &n, &e) && e.len <= UINT8_MAX) {
		writer_u8(&w, (uint8_t)e.len);
		writer_bytes(&w, e);
		writer_bytes(&w, n);
	} else {
		return false;
	}
	return writer_ok(&w) && blob_copy(out, writer_written(&w));
}

bool public_key_copy(struct public_key *to, const struct public_key *from)
{
	if (!blob_copy(&to->spki, bytes_of_blob(&from->spki)))
		return false;
	to->kind = from->kind;
	return true;
}

bool public_key_equal(const struct public_key *a, const struct public_key *b)
{
	return a->kind == b->kind && bytes_equal(bytes_of_blob(&a->spki), bytes_of_blob(&b->spki));
}

void public_key_discard(struct public_key *key)
{
	blob_discard(&key->spki);
	key->kind = KEY_NONE;
}
