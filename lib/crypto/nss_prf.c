/* Randomness, hashes and the HMAC PRFs (crypto.h; RFC 2104, RFC 4868). Keys are imported for the moment of use. */
#include <string.h>

#include "nss_inside.h"

bool nss_random(void *self, void *out, size_t len)
{
	return len <= INT32_MAX && PK11_GenerateRandom(out, (int)len) == SECSuccess;
}

SECOidTag nss_hash_oid(enum hash_id hash)
{
	switch (hash) {
	case HASH_SHA1:
		return SEC_OID_SHA1;
	case HASH_SHA2_256:
		return SEC_OID_SHA256;
	case HASH_SHA2_384:
		return SEC_OID_SHA384;
	case HASH_SHA2_512:
		return SEC_OID_SHA512;
	}
	return SEC_OID_UNKNOWN;
}

CK_MECHANISM_TYPE nss_hmac_mechanism(enum hash_id hash)
{
	switch (hash) {
	case HASH_SHA2_256:
		return CKM_SHA256_HMAC;
	case HASH_SHA2_384:
		return CKM_SHA384_HMAC;
	case HASH_SHA2_512:
		return CKM_SHA512_HMAC;
	case HASH_SHA1:
		break;
	}
	return CKM_INVALID_MECHANISM;
}

PK11SymKey *nss_import(CK_MECHANISM_TYPE mechanism, CK_ATTRIBUTE_TYPE operation, struct bytes key)
{
	static const uint8_t empty;
	SECItem item = item_of(key.len ? key : bytes_of(&empty, 0));
	PK11SlotInfo *slot = PK11_GetInternalSlot();
	PK11SymKey *imported;

	if (!slot)
		return NULL;
	imported = PK11_ImportSymKey(slot, mechanism, PK11_OriginUnwrap, operation, &item, NULL);
	PK11_FreeSlot(slot);
	return imported;
}

/* Runs a digest or MAC context over the parts. Adopts ctx. */
static bool run(PK11Context *ctx, const struct bytes *parts, size_t count, uint8_t *out, size_t want)
{
	unsigned written = 0;
	bool ok = ctx && PK11_DigestBegin(ctx) == SECSuccess;

	for (size_t i = 0; ok && i < count; i++) {
		if (parts[i].len)
			ok = PK11_DigestOp(ctx, parts[i].at, (unsigned)parts[i].len) == SECSuccess;
	}
	ok = ok && PK11_DigestFinal(ctx, out, &written, (unsigned)want) == SECSuccess && written == want;
	if (ctx)
		PK11_DestroyContext(ctx, PR_TRUE);
	return ok;
}

bool nss_prf(void *self, uint16_t prf, struct bytes key, const struct bytes *parts, size_t count, uint8_t *out)
{
	const struct prf_row *row = prf_find(prf);
	SECItem none = { siBuffer, NULL, 0 };
	CK_MECHANISM_TYPE mechanism;
	PK11SymKey *imported;
	bool ok;

	if (!row)
		return false;
	mechanism = nss_hmac_mechanism(row->hash);
	imported = nss_import(mechanism, CKA_SIGN, key);
	if (!imported)
		return false;
	ok = run(PK11_CreateContextBySymKey(mechanism, CKA_SIGN, imported, &none), parts, count, out, row->octets);
	PK11_FreeSymKey(imported);
	return ok;
}

bool nss_hash(void *self, enum hash_id hash, const struct bytes *parts, size_t count, uint8_t *out)
{
	return run(PK11_CreateDigestContext(nss_hash_oid(hash)), parts, count, out, hash_octets(hash));
}
