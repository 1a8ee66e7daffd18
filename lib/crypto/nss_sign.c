/*
 * Signatures of IKE_AUTH (RFC 7427): RSA-PSS with salt as long as the hash, RSA PKCS#1 v1.5, ECDSA P-256 in
 * DER. Private keys lie in the database and are found by CKAID.
 */
#include <secoid.h>
#include <stdlib.h>
#include <string.h>

#include "nss_inside.h"
#include "reader.h"

static const struct {
	enum hash_id hash;
	enum key_kind kind;
	bool pss;
} schemes[SIGN_SCHEMES] = {
	[SIGN_RSA_PSS_SHA2_256] = { HASH_SHA2_256, KEY_RSA, true },
	[SIGN_RSA_PSS_SHA2_384] = { HASH_SHA2_384, KEY_RSA, true },
	[SIGN_RSA_PSS_SHA2_512] = { HASH_SHA2_512, KEY_RSA, true },
	[SIGN_RSA_PKCS1_SHA2_256] = { HASH_SHA2_256, KEY_RSA, false },
	[SIGN_RSA_PKCS1_SHA2_384] = { HASH_SHA2_384, KEY_RSA, false },
	[SIGN_RSA_PKCS1_SHA2_512] = { HASH_SHA2_512, KEY_RSA, false },
	[SIGN_ECDSA_SHA2_256] = { HASH_SHA2_256, KEY_ECDSA_P256, false },
	[SIGN_ECDSA_SHA2_384] = { HASH_SHA2_384, KEY_ECDSA_P256, false },
	[SIGN_ECDSA_SHA2_512] = { HASH_SHA2_512, KEY_ECDSA_P256, false },
};

static CK_RSA_PKCS_PSS_PARAMS pss_of(enum hash_id hash)
{
	CK_RSA_PKCS_PSS_PARAMS p = { CKM_SHA256, CKG_MGF1_SHA256, hash_octets(hash) };

	if (hash == HASH_SHA2_384) {
		p.hashAlg = CKM_SHA384;
		p.mgf = CKG_MGF1_SHA384;
	} else if (hash == HASH_SHA2_512) {
		p.hashAlg = CKM_SHA512;
		p.mgf = CKG_MGF1_SHA512;
	}
	return p;
}

/* DigestInfo of PKCS#1 v1.5: the fixed head of each hash (RFC 8017 9.2 note 1). */
static bool digest_info(enum hash_id hash, const uint8_t *digest, uint8_t out[128], unsigned *len)
{
	static const uint8_t head[] = { 0x30, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
					0x65, 0x03, 0x04, 0x02, 0x00, 0x05, 0x00, 0x04, 0x00 };
	size_t octets = hash_octets(hash);

	memcpy(out, head, sizeof(head));
	out[1] = (uint8_t)(sizeof(head) - 2 + octets);
	out[14] = hash == HASH_SHA2_256 ? 1 : hash == HASH_SHA2_384 ? 2 : 3;
	out[18] = (uint8_t)octets;
	memcpy(out + sizeof(head), digest, octets);
	*len = (unsigned)(sizeof(head) + octets);
	return true;
}

static SECKEYPrivateKey *find_private(struct bytes ckaid)
{
	PK11SlotInfo *slot = PK11_GetInternalKeySlot();
	SECItem id = item_of(ckaid);
	SECKEYPrivateKey *key = NULL;

	if (slot) {
		key = PK11_FindKeyByKeyID(slot, &id, NULL);
		PK11_FreeSlot(slot);
	}
	return key;
}

enum key_kind nss_key_kind(void *self, struct bytes ckaid)
{
	SECKEYPrivateKey *key = find_private(ckaid);
	enum key_kind kind = KEY_NONE;

	if (!key)
		return KEY_NONE;
	if (SECKEY_GetPrivateKeyType(key) == rsaKey)
		kind = KEY_RSA;
	else if (SECKEY_GetPrivateKeyType(key) == ecKey && PK11_SignatureLen(key) == 64)
		kind = KEY_ECDSA_P256;
	SECKEY_DestroyPrivateKey(key);
	return kind;
}

static bool raw_sign(SECKEYPrivateKey *key, enum signature_scheme scheme, const uint8_t *digest, size_t len,
		     SECItem *out)
{
	CK_RSA_PKCS_PSS_PARAMS pss = pss_of(schemes[scheme].hash);
	SECItem parameters = { siBuffer, (unsigned char *)&pss, sizeof(pss) };
	uint8_t info[128];
	SECItem in = { siBuffer, info, 0 };

	if (schemes[scheme].pss) {
		in = item_of(bytes_of(digest, len));
		return PK11_SignWithMechanism(key, CKM_RSA_PKCS_PSS, &parameters, out, &in) == SECSuccess;
	}
	if (schemes[scheme].kind == KEY_RSA) {
		digest_info(schemes[scheme].hash, digest, info, &in.len);
		return PK11_SignWithMechanism(key, CKM_RSA_PKCS, NULL, out, &in) == SECSuccess;
	}
	/* A longer hash is cut to the order's length (FIPS 186-4 6.4). */
	in = item_of(bytes_of(digest, len < 32 ? len : 32));
	return PK11_Sign(key, out, &in) == SECSuccess;
}

bool nss_sign(void *self, struct bytes ckaid, enum signature_scheme scheme, struct bytes data, struct blob *signature)
{
	uint8_t digest[HASH_OCTETS_MAX], room[1024];
	SECItem raw = { siBuffer, room, sizeof(room) }, der = { siBuffer, NULL, 0 };
	SECKEYPrivateKey *key;
	bool ok;

	if (scheme <= SIGN_NONE || scheme >= SIGN_SCHEMES || !nss_hash(self, schemes[scheme].hash, &data, 1, digest))
		return false;
	key = find_private(ckaid);
	if (!key)
		return false;
	ok = raw_sign(key, scheme, digest, hash_octets(schemes[scheme].hash), &raw);
	SECKEY_DestroyPrivateKey(key);
	if (ok && schemes[scheme].kind == KEY_ECDSA_P256) {
		ok = DSAU_EncodeDerSigWithLen(&der, &raw, raw.len) == SECSuccess &&
		     blob_copy(signature, bytes_of(der.data, der.len));
		SECITEM_FreeItem(&der, PR_FALSE);
		return ok;
	}
	return ok && blob_copy(signature, bytes_of(raw.data, raw.len));
}

SECKEYPublicKey *nss_public_key(const struct public_key *key)
{
	SECItem der = item_of(bytes_of_blob(&key->spki));
	CERTSubjectPublicKeyInfo *info = SECKEY_DecodeDERSubjectPublicKeyInfo(&der);
	SECKEYPublicKey *made = info ? SECKEY_ExtractPublicKey(info) : NULL;

	if (info)
		SECKEY_DestroySubjectPublicKeyInfo(info);
	return made;
}

static bool verify_rsa(SECKEYPublicKey *key, enum signature_scheme scheme, const uint8_t *digest,
		       struct bytes signature)
{
	size_t len = hash_octets(schemes[scheme].hash);
	CK_RSA_PKCS_PSS_PARAMS pss = pss_of(schemes[scheme].hash);
	SECItem parameters = { siBuffer, (unsigned char *)&pss, sizeof(pss) };
	SECItem sig = item_of(signature), in = item_of(bytes_of(digest, len));
	uint8_t info[128];

	/* Exactly as long as the modulus: s >= n and shortened signatures are no signatures. */
	if (signature.len != SECKEY_PublicKeyStrength(key))
		return false;
	if (schemes[scheme].pss)
		return PK11_VerifyWithMechanism(key, CKM_RSA_PKCS_PSS, &parameters, &sig, &in, NULL) == SECSuccess;
	in.data = info;
	digest_info(schemes[scheme].hash, digest, info, &in.len);
	/* softoken re-encodes the block and compares all of it: no lenient parse of the padding or the DER. */
	return PK11_VerifyWithMechanism(key, CKM_RSA_PKCS, NULL, &sig, &in, NULL) == SECSuccess;
}

/* One INTEGER of a DER signature, strictly: positive, shortest, at most 32 octets of value. */
static bool der_integer(struct reader *r)
{
	uint8_t tag = reader_u8(r), len = reader_u8(r);
	struct bytes b = reader_take(r, len);

	if (!reader_ok(r) || tag != 0x02 || !b.len || b.len > 33 || b.at[0] >= 0x80)
		return false;
	if (b.len == 33 && b.at[0] != 0)
		return false;
	return b.len == 1 ? b.at[0] != 0 : b.at[0] != 0 || b.at[1] >= 0x80;
}

static bool der_signature_is_strict(struct bytes signature)
{
	struct reader r = reader_of(signature), in;
	uint8_t tag = reader_u8(&r), len = reader_u8(&r);

	in = reader_sub(&r, len);
	return tag == 0x30 && len < 0x80 && reader_done(&r) && der_integer(&in) && der_integer(&in) && reader_done(&in);
}

static bool verify_ecdsa(SECKEYPublicKey *key, const uint8_t *digest, size_t len, struct bytes signature)
{
	SECItem der = item_of(signature), in = item_of(bytes_of(digest, len < 32 ? len : 32)), *raw;
	bool ok;

	if (!der_signature_is_strict(signature))
		return false;
	raw = DSAU_DecodeDerSigToLen(&der, 64);
	if (!raw)
		return false;
	ok = PK11_Verify(key, raw, &in, NULL) == SECSuccess;
	SECITEM_FreeItem(raw, PR_TRUE);
	return ok;
}

bool nss_verify(void *self, const struct public_key *key, enum signature_scheme scheme, struct bytes data,
		struct bytes signature)
{
	uint8_t digest[HASH_OCTETS_MAX];
	SECKEYPublicKey *k;
	bool ok;

	if (scheme <= SIGN_NONE || scheme >= SIGN_SCHEMES || schemes[scheme].kind != key->kind || !signature.len ||
	    !nss_hash(self, schemes[scheme].hash, &data, 1, digest))
		return false;
	k = nss_public_key(key);
	if (!k)
		return false;
	ok = key->kind == KEY_RSA ? verify_rsa(k, scheme, digest, signature) :
				    verify_ecdsa(k, digest, hash_octets(schemes[scheme].hash), signature);
	SECKEY_DestroyPublicKey(k);
	return ok;
}

bool nss_key_ckaid(void *self, const struct public_key *key, uint8_t ckaid[CKAID_OCTETS])
{
	SECKEYPublicKey *k = nss_public_key(key);
	SECItem *id;
	bool ok;

	if (!k)
		return false;
	id = PK11_MakeIDFromPubKey(k->keyType == rsaKey ? &k->u.rsa.modulus : &k->u.ec.publicValue);
	ok = id && id->len == CKAID_OCTETS;
	if (ok)
		memcpy(ckaid, id->data, CKAID_OCTETS);
	if (id)
		SECITEM_FreeItem(id, PR_TRUE);
	SECKEY_DestroyPublicKey(k);
	return ok;
}
