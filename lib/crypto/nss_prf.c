/*
 * Randomness, hashes and HMAC (crypto.h: random, hash, prf). RFC 7296 2.13, RFC 4868. A key is imported
 * for one computation and freed again, so that softoken's list of live objects stays short.
 */
#include "provider.h"

#include <string.h>

#define DIGEST_INFO(last, hash)                                                                              \
	{                                                                                                    \
		0x30, 0x11 + (hash), 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, \
			(last), 0x05, 0x00, 0x04, (hash)                                                     \
	}

/* RFC 8017 9.2, note 1. */
static const uint8_t sha2_256_info[] = DIGEST_INFO(0x01, 32);
static const uint8_t sha2_384_info[] = DIGEST_INFO(0x02, 48);
static const uint8_t sha2_512_info[] = DIGEST_INFO(0x03, 64);

static const struct nss_hash hashes[] = {
	{ HASH_SHA1, SEC_OID_SHA1, CKM_SHA_1, CKM_SHA_1_HMAC, CKG_MGF1_SHA1, { NULL, 0 } },
	{ HASH_SHA2_256, SEC_OID_SHA256, CKM_SHA256, CKM_SHA256_HMAC, CKG_MGF1_SHA256,
	  NSS_VIEW(sha2_256_info) },
	{ HASH_SHA2_384, SEC_OID_SHA384, CKM_SHA384, CKM_SHA384_HMAC, CKG_MGF1_SHA384,
	  NSS_VIEW(sha2_384_info) },
	{ HASH_SHA2_512, SEC_OID_SHA512, CKM_SHA512, CKM_SHA512_HMAC, CKG_MGF1_SHA512,
	  NSS_VIEW(sha2_512_info) },
};

const struct nss_hash *nss_hash_find(enum hash_id id)
{
	for (size_t i = 0; i < ARRAY_LENGTH(hashes); i++) {
		if (hashes[i].id == id)
			return &hashes[i];
	}
	return NULL;
}

PK11SymKey *nss_import(const struct keystore *store, CK_MECHANISM_TYPE mechanism, CK_ATTRIBUTE_TYPE use,
		       struct bytes key)
{
	SECItem item = nss_item(key);

	return PK11_ImportSymKey(store->work, mechanism, PK11_OriginUnwrap, use, &item, NULL);
}

bool nss_random(void *self, void *out, size_t len)
{
	return len <= INT32_MAX && PK11_GenerateRandom(out, (int)len) == SECSuccess;
}

/* Feeds the parts to a context. */
static bool digest(PK11Context *context, const struct bytes *parts, size_t count, size_t octets, uint8_t *out)
{
	uint8_t result[HASH_OCTETS_MAX];
	unsigned made = 0;
	bool ok = PK11_DigestBegin(context) == SECSuccess;

	for (size_t i = 0; ok && i < count; i++) {
		if (parts[i].len)
			ok = parts[i].len <= INT32_MAX &&
			     PK11_DigestOp(context, parts[i].at, (unsigned)parts[i].len) == SECSuccess;
	}
	ok = ok && PK11_DigestFinal(context, result, &made, sizeof(result)) == SECSuccess && made == octets;
	if (ok)
		memcpy(out, result, octets);
	wipe(result, sizeof(result));
	return ok;
}

/* The same with a context that was just made, and is freed. NULL is a context that was not made. */
static bool digest_parts(PK11Context *context, const struct bytes *parts, size_t count, size_t octets,
			 uint8_t *out)
{
	bool ok = context && digest(context, parts, count, octets, out);

	if (context)
		PK11_DestroyContext(context, PR_TRUE);
	return ok;
}

bool nss_digest(void *self, enum hash_id hash, const struct bytes *parts, size_t count, uint8_t *out)
{
	const struct nss_hash *row = nss_hash_find(hash);

	return row && digest_parts(PK11_CreateDigestContext(row->oid), parts, count, hash_octets(hash), out);
}

bool nss_hmac(const struct keystore *store, enum hash_id hash, struct bytes key, const struct bytes *parts,
	      size_t count, uint8_t *out)
{
	const struct nss_hash *row = nss_hash_find(hash);
	SECItem none = { siBuffer, NULL, 0 };
	PK11SymKey *imported;
	bool ok;

	if (!row)
		return false;
	imported = nss_import(store, row->hmac, CKA_SIGN, key);
	if (!imported)
		return false;
	ok = digest_parts(PK11_CreateContextBySymKey(row->hmac, CKA_SIGN, imported, &none), parts, count,
			  hash_octets(hash), out);
	PK11_FreeSymKey(imported);
	return ok;
}

bool nss_prf(void *self, uint16_t prf, struct bytes key, const struct bytes *parts, size_t count,
	     uint8_t *out)
{
	const struct prf_row *row = prf_find(prf);

	return row && nss_hmac(self, row->hash, key, parts, count, out);
}

static void stamp_forget(struct nss_stamp *stamp)
{
	if (stamp->context)
		PK11_DestroyContext(stamp->context, PR_TRUE);
	wipe(stamp, sizeof(*stamp));
}

void nss_stamps_forget(struct keystore *store)
{
	for (size_t i = 0; i < ARRAY_LENGTH(store->stamps); i++)
		stamp_forget(&store->stamps[i]);
}

/* The context of a secret: of two, the one that was made first gives way. */
static PK11Context *stamp_context(struct keystore *store, const uint8_t secret[32])
{
	const struct nss_hash *row = nss_hash_find(HASH_SHA2_256);
	SECItem none = { siBuffer, NULL, 0 };
	struct nss_stamp *stamp;
	PK11SymKey *key;

	for (size_t i = 0; i < ARRAY_LENGTH(store->stamps); i++) {
		stamp = &store->stamps[i];
		if (stamp->context && memcmp(stamp->secret, secret, sizeof(stamp->secret)) == 0)
			return stamp->context;
	}
	key = nss_import(store, row->hmac, CKA_SIGN, bytes_of(secret, 32));
	if (!key)
		return NULL;
	stamp = &store->stamps[store->stamp_next++ % ARRAY_LENGTH(store->stamps)];
	stamp_forget(stamp);
	memcpy(stamp->secret, secret, sizeof(stamp->secret));
	stamp->context = PK11_CreateContextBySymKey(row->hmac, CKA_SIGN, key, &none);
	PK11_FreeSymKey(key);
	return stamp->context;
}

bool nss_stamp(void *self, const uint8_t secret[32], const struct bytes *parts, size_t count, uint8_t out[32])
{
	PK11Context *context = stamp_context(self, secret);

	return context && digest(context, parts, count, 32, out);
}
