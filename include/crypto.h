/*
 * What the core asks of cryptography, as a table of functions. Two implementations exist: NSS
 * (lib/crypto, the only place that knows its name) and a fast, seeded, worthless one for the simulator
 * (testing/sim, never in the shipped daemon).
 *
 * prf, hash, seal and open run inline. ke_make, ke_share, sign and verify are slow: they are called only
 * by a worker that carries out a job (job.h), never from within a step of the core; they must be safe to
 * call from several threads at once. random is inline.
 *
 * Keys are octets. Nothing here keeps a key alive inside the library: it is imported for the moment of
 * use, because live key objects slow softoken down. Every function returns false on failure and then has
 * written nothing that may be used; the caller fails the exchange (checklist D6).
 */
#ifndef CYGNET_CRYPTO_H
#define CYGNET_CRYPTO_H

#include "algorithms.h"
#include "bytes.h"
#include "public_key.h"

/* The two keys of one direction of an IKE SA. encr_key is the key followed by its salt. */
struct sealing_key {
	const struct encr_row *encr;
	const struct integ_row *integ; /* INTEG_NONE's row (never NULL) for an AEAD */
	uint8_t encr_key[ENCR_KEY_OCTETS_MAX];
	uint8_t integ_key[INTEG_KEY_OCTETS_MAX];
};

/* How a signature is made (RFC 7427; the AlgorithmIdentifiers are written in lib/ike/exchanges/proof.c). */
enum signature_scheme {
	SIGN_NONE = 0,
	SIGN_RSA_PSS_SHA2_256, /* salt as long as the hash, MGF1 with the same hash */
	SIGN_RSA_PSS_SHA2_384,
	SIGN_RSA_PSS_SHA2_512,
	SIGN_RSA_PKCS1_SHA2_256,
	SIGN_RSA_PKCS1_SHA2_384,
	SIGN_RSA_PKCS1_SHA2_512,
	SIGN_ECDSA_SHA2_256, /* P-256; the signature is the DER SEQUENCE of r and s */
	SIGN_ECDSA_SHA2_384,
	SIGN_ECDSA_SHA2_512,
	SIGN_SCHEMES,
};

/* The ephemeral private half of a key exchange: opaque, one owner, discarded by ke_discard. */
struct ke_secret;

struct crypto {
	const char *name; /* "nss", "sim" */
	void *self;

	/* Fills out with len random octets. */
	bool (*random)(void *self, void *out, size_t len);

	/* prf(key, parts[0] | parts[1] | ...) -> prf_find(prf)->octets octets at out (RFC 7296 2.13). */
	bool (*prf)(void *self, uint16_t prf, struct bytes key, const struct bytes *parts, size_t count,
		    uint8_t *out);
	/*
	 * HMAC-SHA2-256 under a secret that serves many thousand times (cookies): made ready once and kept, with the one
	 * before it, until the provider is closed. From the main thread only. NULL: there is no quicker way than prf.
	 */
	bool (*stamp)(void *self, const uint8_t secret[32], const struct bytes *parts, size_t count,
		      uint8_t out[32]);

	/* hash(parts[0] | ...) -> hash_octets(hash) octets at out. */
	bool (*hash)(void *self, enum hash_id hash, const struct bytes *parts, size_t count, uint8_t *out);

	/*
	 * Encrypts len octets at text in place and writes the ICV. aad is everything of the message before
	 * the IV; iv holds encr->iv_octets octets that the caller has chosen (unique for an AEAD, random for
	 * CBC). For CBC the ICV covers aad | iv | ciphertext (RFC 7296 3.14), for an AEAD see RFC 5282.
	 */
	bool (*seal)(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
		     uint8_t *text, size_t len, uint8_t *icv);

	/* The reverse: checks the ICV in constant time first, decrypts in place; false for a wrong ICV. */
	bool (*open)(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
		     uint8_t *text, size_t len, struct bytes icv);

	/* A fresh private key (*secret, owned by the caller) and its public value in wire form. */
	bool (*ke_make)(void *self, uint16_t group, struct ke_secret **secret, struct blob *public_value);

	/*
	 * The shared secret, left-padded to group->shared_octets (RFC 7296 2.14). Checks the peer's value
	 * first (D1: exact length, range, on the curve, not all-zero).
	 */
	bool (*ke_share)(void *self, uint16_t group, const struct ke_secret *secret, struct bytes peer_value,
			 struct blob *shared);

	void (*ke_discard)(void *self, struct ke_secret *secret); /* NULL is allowed */

	/* Signs data with the private key of that CKAID in the store. */
	bool (*sign)(void *self, struct bytes ckaid, enum signature_scheme scheme, struct bytes data,
		     struct blob *signature);

	/* Whether the signature over data is right for that key. Strict: PSS salt length, PKCS#1 by re-encoding, DER. */
	bool (*verify)(void *self, const struct public_key *key, enum signature_scheme scheme,
		       struct bytes data, struct bytes signature);

	/* The kind of the private key of that CKAID, KEY_NONE when the store has none. */
	enum key_kind (*key_kind)(void *self, struct bytes ckaid);

	/* The CKAID of a public key (so that leftrsasigkey finds its private half). */
	bool (*key_ckaid)(void *self, const struct public_key *key, uint8_t ckaid[CKAID_OCTETS]);
};

#endif
