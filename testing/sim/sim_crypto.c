/* The simulator's provider (sim_crypto.h): a mixing function stands for every primitive. */
#include "sim_crypto.h"

#include <stdlib.h>
#include <string.h>

uint64_t sim_random_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint64_t absorb(uint64_t h, struct bytes b)
{
	h ^= b.len * 0x100000001b3u;
	for (size_t i = 0; i < b.len; i++)
		h = (h ^ b.at[i]) * 0x100000001b3u;
	return h ^ h >> 29;
}

static void squeeze(uint64_t h, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint64_t v = i % 8 ? 0 : sim_random_next(&h);

		if (i % 8 == 0)
			for (size_t k = 0; k < 8 && i + k < len; k++)
				out[i + k] = (uint8_t)(v >> 8 * k);
	}
}

static bool sim_random(void *self, void *out, size_t len)
{
	struct sim_crypto *s = self;
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)sim_random_next(&s->random_state);
	return true;
}

static bool sim_prf(void *self, uint16_t prf, struct bytes key, const struct bytes *parts, size_t count,
		    uint8_t *out)
{
	const struct prf_row *row = prf_find(prf);
	uint64_t h = absorb(0xcbf29ce484222325u + prf, key);

	if (!row)
		return false;
	/* One stream over all parts: how they are cut does not matter, as with HMAC. */
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < parts[i].len; k++)
			h = (h ^ parts[i].at[k]) * 0x100000001b3u;
	squeeze(h, out, row->octets);
	return true;
}

static bool sim_hash(void *self, enum hash_id hash, const struct bytes *parts, size_t count, uint8_t *out)
{
	uint64_t h = 77 + hash;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < parts[i].len; k++)
			h = (h ^ parts[i].at[k]) * 0x100000001b3u;
	squeeze(h, out, hash_octets(hash));
	return true;
}

static size_t icv_octets(const struct sealing_key *key)
{
	return key->encr->aead ? key->encr->icv_octets : key->integ->icv_octets;
}

static uint64_t key_hash(const struct sealing_key *key, struct bytes iv)
{
	uint64_t h = absorb(key->encr->id,
			    bytes_of(key->encr_key, key->encr->key_octets + key->encr->salt_octets));

	return absorb(absorb(h, bytes_of(key->integ_key, key->integ->key_octets)), iv);
}

static void stream(uint64_t h, uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text[i] ^= (uint8_t)sim_random_next(&h);
}

static bool sim_seal(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
		     uint8_t *text, size_t len, uint8_t *icv)
{
	uint64_t h = key_hash(key, iv);

	stream(h, text, len);
	squeeze(absorb(absorb(h + 1, aad), bytes_of(text, len)), icv, icv_octets(key));
	return true;
}

static bool sim_open(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
		     uint8_t *text, size_t len, struct bytes icv)
{
	uint64_t h = key_hash(key, iv);
	uint8_t right[ICV_OCTETS_MAX];

	squeeze(absorb(absorb(h + 1, aad), bytes_of(text, len)), right, icv_octets(key));
	if (!bytes_equal(bytes_of(right, icv_octets(key)), icv))
		return false;
	stream(h, text, len);
	return true;
}

struct ke_secret {
	uint64_t exponent;
};

/* "Group": multiplication of odd 64-bit numbers; g^a is a * G, the shared value a * b * G. */
static bool sim_ke_make(void *self, uint16_t group, struct ke_secret **secret, struct blob *public_value)
{
	struct sim_crypto *s = self;
	const struct group_row *row = group_find(group);
	uint64_t value;

	*secret = row ? malloc(sizeof(**secret)) : NULL;
	if (!*secret || !blob_make(public_value, row->public_octets)) {
		free(*secret);
		*secret = NULL;
		return false;
	}
	s->live_secrets++;
	(*secret)->exponent = sim_random_next(&s->random_state) | 1;
	value = (*secret)->exponent * 0x9e3779b97f4a7c15u;
	memcpy(public_value->data, &value, sizeof(value));
	return true;
}

static bool sim_ke_share(void *self, uint16_t group, const struct ke_secret *secret, struct bytes peer,
			 struct blob *shared)
{
	const struct group_row *row = group_find(group);
	uint64_t value;

	if (!row || !secret || peer.len != row->public_octets || !blob_make(shared, row->shared_octets))
		return false;
	memcpy(&value, peer.at, sizeof(value));
	value *= secret->exponent;
	memcpy(shared->data, &value, sizeof(value));
	return value != 0;
}

static void sim_ke_discard(void *self, struct ke_secret *secret)
{
	struct sim_crypto *s = self;

	if (secret)
		s->live_secrets--;
	free(secret);
}

static bool sim_key_ckaid(void *self, const struct public_key *key, uint8_t ckaid[CKAID_OCTETS])
{
	squeeze(absorb(5, bytes_of_blob(&key->spki)), ckaid, CKAID_OCTETS);
	return key->kind != KEY_NONE;
}

/* A signature is the hash of key ID, scheme and data: whoever knows the public key can make it. */
static bool signature_of(const uint8_t *ckaid, enum signature_scheme scheme, struct bytes data,
			 struct blob *out)
{
	if (!blob_make(out, 64))
		return false;
	squeeze(absorb(absorb(scheme, bytes_of(ckaid, CKAID_OCTETS)), data), out->data, 64);
	return true;
}

static bool sim_sign(void *self, struct bytes ckaid, enum signature_scheme scheme, struct bytes data,
		     struct blob *signature)
{
	return signature_of(ckaid.at, scheme, data, signature);
}

static bool sim_verify(void *self, const struct public_key *key, enum signature_scheme scheme,
		       struct bytes data, struct bytes signature)
{
	uint8_t ckaid[CKAID_OCTETS];
	struct blob right = { NULL, 0 };
	bool ok = sim_key_ckaid(self, key, ckaid) && signature_of(ckaid, scheme, data, &right) &&
		  bytes_equal(bytes_of_blob(&right), signature);

	blob_discard(&right);
	return ok;
}

/* The first octet of a CKAID says what kind the simulator wants it to be. */
static enum key_kind sim_key_kind(void *self, struct bytes ckaid)
{
	return ckaid.at[0] ? KEY_RSA : KEY_NONE;
}

void sim_crypto_init(struct sim_crypto *s, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->random_state = seed;
	s->crypto = (struct crypto){
		.name = "sim",
		.self = s,
		.random = sim_random,
		.prf = sim_prf,
		.hash = sim_hash,
		.seal = sim_seal,
		.open = sim_open,
		.ke_make = sim_ke_make,
		.ke_share = sim_ke_share,
		.ke_discard = sim_ke_discard,
		.sign = sim_sign,
		.verify = sim_verify,
		.key_kind = sim_key_kind,
		.key_ckaid = sim_key_ckaid,
	};
}
