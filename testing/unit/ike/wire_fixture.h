/*
 * What the tests of lib/ike/wire share: hexadecimal text, a header, keys, and a worthless cipher that notices
 * every change of key, AAD, IV and text.
 */
#ifndef CYGNET_TESTING_WIRE_FIXTURE_H
#define CYGNET_TESTING_WIRE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../../lib/ike/wire/build.h"
#include "../../../lib/ike/wire/law.h"
#include "../../../lib/ike/wire/proposal.h"
#include "../../../lib/ike/wire/ts.h"
#include "note.h"
#include "reader.h"

static inline void assert_bytes_at(struct bytes got, struct bytes want, const char *file, int line)
{
	struct text a, b;

	if (bytes_equal(got, want))
		return;
	text_clear(&a);
	text_clear(&b);
	text_add_hex(&a, got);
	text_add_hex(&b, want);
	print_error("got  %s\nwant %s\n", a.at, b.at);
	_fail(file, line);
}
#define assert_bytes(got, want) assert_bytes_at(got, want, __FILE__, __LINE__)

/* Octets written as hexadecimal digits and blanks, in room that the caller gives. */
static inline struct bytes hex_into(uint8_t *room, size_t size, const char *digits)
{
	size_t len = 0;

	for (; *digits; digits++) {
		char pair[3] = { digits[0], digits[1], 0 };

		if (*digits == ' ')
			continue;
		assert_true(len < size);
		room[len++] = (uint8_t)strtoul(pair, NULL, 16);
		digits++;
	}
	return bytes_of(room, len);
}

/* A copy on the heap, exactly as long as what it views, so that reading one octet too far is seen. */
static inline uint8_t *exactly(struct bytes b)
{
	uint8_t *copy = malloc(b.len ? b.len : 1);

	assert_non_null(copy);
	if (b.len)
		memcpy(copy, b.at, b.len);
	return copy;
}

static const struct ike_header test_header = {
	.spi_i = 0x0102030405060708,
	.spi_r = 0x1112131415161718,
	.exchange = IKE_AUTH,
	.flags = FLAG_INITIATOR,
	.message_id = 1,
};

/* ---- the worthless cipher ---- */

static inline uint64_t mix(uint64_t sum, struct bytes b)
{
	sum = (sum ^ b.len) * 0x100000001b3u;
	for (size_t i = 0; i < b.len; i++)
		sum = ((sum ^ b.at[i]) * 0x100000001b3u) ^ sum >> 29;
	return sum;
}

static inline uint64_t key_sum(const struct sealing_key *key, struct bytes iv)
{
	return mix(mix(key->encr->id, bytes_of(key->encr_key, sizeof(key->encr_key))), iv);
}

static inline void whiten(const struct sealing_key *key, struct bytes iv, uint8_t *text, size_t len)
{
	uint64_t sum = key_sum(key, iv);

	for (size_t i = 0; i < len; i++) {
		sum = sum * 6364136223846793005u + 1442695040888963407u;
		text[i] ^= (uint8_t)(sum >> 56);
	}
}

static inline void icv_of(const struct sealing_key *key, struct bytes aad, struct bytes iv, struct bytes text,
			  uint8_t *icv)
{
	uint64_t sum =
		mix(mix(mix(key_sum(key, iv), bytes_of(key->integ_key, sizeof(key->integ_key))), aad), text);
	size_t octets = key->encr->aead ? key->encr->icv_octets : key->integ->icv_octets;

	for (size_t i = 0; i < octets; i++)
		icv[i] = (uint8_t)(sum >> i % 8 * 8);
}

static inline bool fake_seal(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
			     uint8_t *text, size_t len, uint8_t *icv)
{
	whiten(key, iv, text, len);
	icv_of(key, aad, iv, bytes_of(text, len), icv);
	return true;
}

static inline bool fake_open(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
			     uint8_t *text, size_t len, struct bytes icv)
{
	uint8_t want[ICV_OCTETS_MAX];

	icv_of(key, aad, iv, bytes_of(text, len), want);
	if (!bytes_equal(icv, bytes_of(want, icv.len)))
		return false;
	whiten(key, iv, text, len);
	return true;
}

static inline bool fake_random(void *self, void *out, size_t len)
{
	memset(out, 0x77, len);
	return true;
}

static inline bool broken_random(void *self, void *out, size_t len)
{
	return false;
}

static inline bool broken_seal(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
			       uint8_t *text, size_t len, uint8_t *icv)
{
	return false;
}

static const struct crypto fake_crypto = {
	.name = "fake", .random = fake_random, .seal = fake_seal, .open = fake_open
};

static inline struct sealing_key fake_key(uint16_t encr, uint16_t bits, uint16_t integ)
{
	struct sealing_key key = { encr_find(encr, bits), integ_find(integ), { 1, 2, 3 }, { 4, 5, 6 } };

	assert_non_null(key.encr);
	assert_non_null(key.integ);
	return key;
}

#endif
