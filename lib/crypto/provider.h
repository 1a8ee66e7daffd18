/*
 * What the files of this folder share: the open store, and the small bridges between our bytes and the
 * items of NSS. NSS keeps its own global state; nothing of ours is mutable and static.
 *
 * NSS owns what it hands out; every file here gives it back in the function that asked for it. The one
 * exception is struct ke_secret, whose owner is the caller of ke_make until ke_discard.
 */
#ifndef CYGNET_CRYPTO_PROVIDER_H
#define CYGNET_CRYPTO_PROVIDER_H

#include <keyhi.h>
#include <pk11pub.h>
#include <secoid.h>

#include "crypto.h"

struct keystore {
	struct crypto crypto;
	PK11SlotInfo *work; /* where keys live for the moment of their use */
	PK11SlotInfo *keys; /* the database; the same as work when there is none */
	char *password; /* only while the database is being opened */
	struct nss_stamp {
		uint8_t secret[32];
		PK11Context *context; /* owned; NULL: the place is free */
	} stamps[2];
	unsigned stamp_next; /* the place that is given up for a new secret */
};

struct ke_secret {
	uint16_t group;
	SECKEYPrivateKey *key;
};

/* How NSS names a hash in its several vocabularies. */
struct nss_hash {
	enum hash_id id;
	SECOidTag oid;
	CK_MECHANISM_TYPE digest, hmac;
	CK_RSA_PKCS_MGF_TYPE mgf;
	struct bytes digest_info; /* the DER of a DigestInfo up to the octets of the hash (RFC 8017 9.2) */
};

/* The row of a hash, or NULL. */
const struct nss_hash *nss_hash_find(enum hash_id id);

/* An item over octets that NSS only reads, though its types do not say so. Borrows. */
static inline SECItem nss_item(struct bytes b)
{
	return (SECItem){ siBuffer, (unsigned char *)(uintptr_t)b.at, (unsigned)b.len };
}

/* Initializes a struct bytes in a table, where BYTES_OF_ARRAY is no constant. */
#define NSS_VIEW(a)          \
	{                    \
		a, sizeof(a) \
	}

static inline struct bytes nss_bytes(const SECItem *item)
{
	return bytes_of(item->data, item->len);
}

/* A key imported for the moment of use; the caller frees it with PK11_FreeSymKey. NULL on failure. */
PK11SymKey *nss_import(const struct keystore *store, CK_MECHANISM_TYPE mechanism, CK_ATTRIBUTE_TYPE use,
		       struct bytes key);

/* HMAC over the parts, whole, at out. */
bool nss_hmac(const struct keystore *store, enum hash_id hash, struct bytes key, const struct bytes *parts,
	      size_t count, uint8_t *out);

/* The functions of struct crypto; self is the store. */
bool nss_random(void *self, void *out, size_t len);
bool nss_stamp(void *self, const uint8_t secret[32], const struct bytes *parts, size_t count,
	       uint8_t out[32]);
void nss_stamps_forget(struct keystore *store);
bool nss_prf(void *self, uint16_t prf, struct bytes key, const struct bytes *parts, size_t count,
	     uint8_t *out);
bool nss_digest(void *self, enum hash_id hash, const struct bytes *parts, size_t count, uint8_t *out);
bool nss_seal(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv, uint8_t *text,
	      size_t len, uint8_t *icv);
bool nss_open(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv, uint8_t *text,
	      size_t len, struct bytes icv);
bool nss_ke_make(void *self, uint16_t group, struct ke_secret **secret, struct blob *public_value);
bool nss_ke_share(void *self, uint16_t group, const struct ke_secret *secret, struct bytes peer_value,
		  struct blob *shared);
void nss_ke_discard(void *self, struct ke_secret *secret);
bool nss_sign(void *self, struct bytes ckaid, enum signature_scheme scheme, struct bytes data,
	      struct blob *signature);
bool nss_verify(void *self, const struct public_key *key, enum signature_scheme scheme, struct bytes data,
		struct bytes signature);
enum key_kind nss_key_kind(void *self, struct bytes ckaid);
bool nss_key_ckaid(void *self, const struct public_key *key, uint8_t ckaid[CKAID_OCTETS]);

/* The kind of a private key that we can use, by its type; KEY_NONE for all others. */
enum key_kind nss_private_kind(SECKEYPrivateKey *key);

#endif
