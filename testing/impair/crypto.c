/* The provider with faults: chance that fails or stands still, primitives that fail (inside.h). */
#include <string.h>

#include "inside.h"

static bool impaired_random(void *self, void *out, size_t len)
{
	struct impair *im = self;
	const struct armed *a = impair_ask(im, "stuck-random", NULL);

	if (a) {
		memset(out, (int)a->number[0], len);
		return true;
	}
	return !impair_ask(im, "fail-crypto", "random") && im->inner->random(im->inner->self, out, len);
}

static bool impaired_prf(void *self, uint16_t prf, struct bytes key, const struct bytes *parts, size_t count,
			 uint8_t *out)
{
	struct impair *im = self;
	struct blob octets = { NULL, 0 };
	struct bytes one;
	bool ok;

	if (impair_ask(im, "fail-crypto", "prf"))
		return false;
	if (count != 1 || !impair_substitute(im, parts[0], &octets))
		return im->inner->prf(im->inner->self, prf, key, parts, count, out);
	one = bytes_of_blob(&octets);
	ok = im->inner->prf(im->inner->self, prf, key, &one, 1, out);
	blob_discard(&octets);
	return ok;
}

static bool impaired_stamp(void *self, const uint8_t secret[32], const struct bytes *parts, size_t count,
			   uint8_t out[32])
{
	struct impair *im = self;

	return !impair_ask(im, "fail-crypto", "prf") &&
	       im->inner->stamp(im->inner->self, secret, parts, count, out);
}

static bool impaired_hash(void *self, enum hash_id hash, const struct bytes *parts, size_t count,
			  uint8_t *out)
{
	struct impair *im = self;

	return !impair_ask(im, "fail-crypto", "hash") &&
	       im->inner->hash(im->inner->self, hash, parts, count, out);
}

static bool impaired_seal(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
			  uint8_t *text, size_t len, uint8_t *icv)
{
	struct impair *im = self;

	return !impair_ask(im, "fail-crypto", "seal") &&
	       im->inner->seal(im->inner->self, key, aad, iv, text, len, icv);
}

static bool impaired_open(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
			  uint8_t *text, size_t len, struct bytes icv)
{
	struct impair *im = self;

	return !impair_ask(im, "fail-crypto", "open") &&
	       im->inner->open(im->inner->self, key, aad, iv, text, len, icv);
}

/* The slow ones are jobs, and fail by fail-job. */
static bool passed_ke_make(void *self, uint16_t group, struct ke_secret **secret, struct blob *public_value)
{
	const struct crypto *c = ((struct impair *)self)->inner;

	return c->ke_make(c->self, group, secret, public_value);
}

static bool passed_ke_share(void *self, uint16_t group, const struct ke_secret *secret, struct bytes peer,
			    struct blob *shared)
{
	const struct crypto *c = ((struct impair *)self)->inner;

	return c->ke_share(c->self, group, secret, peer, shared);
}

static void passed_ke_discard(void *self, struct ke_secret *secret)
{
	const struct crypto *c = ((struct impair *)self)->inner;

	c->ke_discard(c->self, secret);
}

static bool passed_sign(void *self, struct bytes ckaid, enum signature_scheme scheme, struct bytes data,
			struct blob *signature)
{
	const struct crypto *c = ((struct impair *)self)->inner;

	return c->sign(c->self, ckaid, scheme, data, signature);
}

static bool passed_verify(void *self, const struct public_key *key, enum signature_scheme scheme,
			  struct bytes data, struct bytes signature)
{
	const struct crypto *c = ((struct impair *)self)->inner;

	return c->verify(c->self, key, scheme, data, signature);
}

static enum key_kind passed_key_kind(void *self, struct bytes ckaid)
{
	const struct crypto *c = ((struct impair *)self)->inner;

	return c->key_kind(c->self, ckaid);
}

static bool passed_key_ckaid(void *self, const struct public_key *key, uint8_t ckaid[CKAID_OCTETS])
{
	const struct crypto *c = ((struct impair *)self)->inner;

	return c->key_ckaid(c->self, key, ckaid);
}

void impair_crypto_init(struct impair *im)
{
	im->crypto = (struct crypto){
		.name = im->inner->name,
		.self = im,
		.random = impaired_random,
		.prf = impaired_prf,
		.stamp = im->inner->stamp ? impaired_stamp : NULL,
		.hash = impaired_hash,
		.seal = impaired_seal,
		.open = impaired_open,
		.ke_make = passed_ke_make,
		.ke_share = passed_ke_share,
		.ke_discard = passed_ke_discard,
		.sign = passed_sign,
		.verify = passed_verify,
		.key_kind = passed_key_kind,
		.key_ckaid = passed_key_ckaid,
	};
}
