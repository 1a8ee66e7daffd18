/* A provider of cryptography that writes down the random octets it gives, or gives those of a tape (node.h). */
#include <stdlib.h>
#include <string.h>

#include "node.h"

static bool tape_random(void *self, void *out, size_t len)
{
	struct tape *t = self;

	if (t->playing) {
		if (len > t->used - t->at)
			return false;
		memcpy(out, t->octets + t->at, len);
		t->at += len;
		return true;
	}
	if (!t->inner->random(t->inner->self, out, len))
		return false;
	if (t->used + len > t->room) {
		uint8_t *grown = realloc(t->octets, (t->used + len) * 2);

		if (!grown)
			return false;
		t->octets = grown;
		t->room = (t->used + len) * 2;
	}
	memcpy(t->octets + t->used, out, len);
	t->used += len;
	return true;
}

/* Everything but random is the inner provider's. */
static bool tape_prf(void *self, uint16_t prf, struct bytes key, const struct bytes *parts, size_t count,
		     uint8_t *out)
{
	const struct crypto *c = ((struct tape *)self)->inner;

	return c->prf(c->self, prf, key, parts, count, out);
}

static bool tape_hash(void *self, enum hash_id hash, const struct bytes *parts, size_t count, uint8_t *out)
{
	const struct crypto *c = ((struct tape *)self)->inner;

	return c->hash(c->self, hash, parts, count, out);
}

static bool tape_seal(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
		      uint8_t *text, size_t len, uint8_t *icv)
{
	const struct crypto *c = ((struct tape *)self)->inner;

	return c->seal(c->self, key, aad, iv, text, len, icv);
}

static bool tape_open(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
		      uint8_t *text, size_t len, struct bytes icv)
{
	const struct crypto *c = ((struct tape *)self)->inner;

	return c->open(c->self, key, aad, iv, text, len, icv);
}

static bool tape_ke_make(void *self, uint16_t group, struct ke_secret **secret, struct blob *public_value)
{
	const struct crypto *c = ((struct tape *)self)->inner;

	return c->ke_make(c->self, group, secret, public_value);
}

static bool tape_ke_share(void *self, uint16_t group, const struct ke_secret *secret, struct bytes peer,
			  struct blob *shared)
{
	const struct crypto *c = ((struct tape *)self)->inner;

	return c->ke_share(c->self, group, secret, peer, shared);
}

static void tape_ke_discard(void *self, struct ke_secret *secret)
{
	const struct crypto *c = ((struct tape *)self)->inner;

	c->ke_discard(c->self, secret);
}

static bool tape_sign(void *self, struct bytes ckaid, enum signature_scheme scheme, struct bytes data,
		      struct blob *signature)
{
	const struct crypto *c = ((struct tape *)self)->inner;

	return c->sign(c->self, ckaid, scheme, data, signature);
}

static bool tape_verify(void *self, const struct public_key *key, enum signature_scheme scheme,
			struct bytes data, struct bytes signature)
{
	const struct crypto *c = ((struct tape *)self)->inner;

	return c->verify(c->self, key, scheme, data, signature);
}

/* In a replay no store is there: a signature was made, so the key was of the kind that the method needs. */
static enum key_kind tape_key_kind(void *self, struct bytes ckaid)
{
	const struct tape *t = self;

	return t->playing ? t->played_kind : t->inner->key_kind(t->inner->self, ckaid);
}

static bool tape_key_ckaid(void *self, const struct public_key *key, uint8_t ckaid[CKAID_OCTETS])
{
	struct tape *t = self;

	t->played_kind = key->kind;
	return t->inner->key_ckaid(t->inner->self, key, ckaid);
}

void tape_init(struct tape *t, const struct crypto *inner, bool playing)
{
	memset(t, 0, sizeof(*t));
	t->inner = inner;
	t->playing = playing;
	t->crypto = (struct crypto){
		.name = inner->name,
		.self = t,
		.random = tape_random,
		.prf = tape_prf,
		.hash = tape_hash,
		.seal = tape_seal,
		.open = tape_open,
		.ke_make = tape_ke_make,
		.ke_share = tape_ke_share,
		.ke_discard = tape_ke_discard,
		.sign = tape_sign,
		.verify = tape_verify,
		.key_kind = tape_key_kind,
		.key_ckaid = tape_key_ckaid,
	};
}

void tape_rewind(struct tape *t)
{
	t->used = t->at = 0;
}

bool tape_load(struct tape *t, struct bytes octets)
{
	uint8_t *copy = malloc(octets.len + 1);

	if (!copy)
		return false;
	if (octets.len)
		memcpy(copy, octets.at, octets.len);
	free(t->octets);
	t->octets = copy;
	t->used = octets.len;
	t->room = octets.len + 1;
	t->at = 0;
	return true;
}

void tape_discard(struct tape *t)
{
	if (t->octets)
		wipe(t->octets, t->used);
	free(t->octets);
	memset(t, 0, sizeof(*t));
}
