/*
 * Signatures (crypto.h: sign, verify, key_kind, key_ckaid): RSA-PSS and RSA PKCS#1 v1.5 (RFC 8017), ECDSA
 * on P-256 (RFC 5480 encoding of r and s). Called by workers, several at once.
 *
 * Verification is strict on purpose. PKCS#1 v1.5 is checked by making the one right encoding and comparing
 * all of it; nothing of what the peer's signature holds is parsed. A PSS salt is as long as the hash. The
 * DER of an ECDSA signature has one form, and r and s are in range.
 */
#include "provider.h"

#include <string.h>

#include "reader.h"
#include "writer.h"

#define RSA_OCTETS_MAX 1024 /* 8192 bits, see public_key.h */
#define P256_OCTETS 32
#define TAG_SEQUENCE 0x30
#define TAG_INTEGER 0x02

enum padding {
	PADDING_PSS,
	PADDING_PKCS1,
	PADDING_ECDSA
};

/* A scheme in its parts. */
struct nss_scheme {
	enum key_kind kind;
	enum padding padding;
	enum hash_id hash;
};

static const struct nss_scheme schemes[SIGN_SCHEMES] = {
	[SIGN_RSA_PSS_SHA2_256] = { KEY_RSA, PADDING_PSS, HASH_SHA2_256 },
	[SIGN_RSA_PSS_SHA2_384] = { KEY_RSA, PADDING_PSS, HASH_SHA2_384 },
	[SIGN_RSA_PSS_SHA2_512] = { KEY_RSA, PADDING_PSS, HASH_SHA2_512 },
	[SIGN_RSA_PKCS1_SHA2_256] = { KEY_RSA, PADDING_PKCS1, HASH_SHA2_256 },
	[SIGN_RSA_PKCS1_SHA2_384] = { KEY_RSA, PADDING_PKCS1, HASH_SHA2_384 },
	[SIGN_RSA_PKCS1_SHA2_512] = { KEY_RSA, PADDING_PKCS1, HASH_SHA2_512 },
	[SIGN_ECDSA_SHA2_256] = { KEY_ECDSA_P256, PADDING_ECDSA, HASH_SHA2_256 },
	[SIGN_ECDSA_SHA2_384] = { KEY_ECDSA_P256, PADDING_ECDSA, HASH_SHA2_384 },
	[SIGN_ECDSA_SHA2_512] = { KEY_ECDSA_P256, PADDING_ECDSA, HASH_SHA2_512 },
};

/* The order of P-256's group (RFC 5903 3.1). */
static const uint8_t p256_order[P256_OCTETS] = {
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};

static const struct nss_scheme *scheme_find(enum signature_scheme scheme)
{
	return (unsigned)scheme < SIGN_SCHEMES && schemes[scheme].kind != KEY_NONE ? &schemes[scheme] : NULL;
}

static CK_RSA_PKCS_PSS_PARAMS pss_parameters(const struct nss_scheme *scheme)
{
	const struct nss_hash *hash = nss_hash_find(scheme->hash);

	return (CK_RSA_PKCS_PSS_PARAMS){ hash->digest, hash->mgf, hash_octets(scheme->hash) };
}

/* DigestInfo | hash, at room; its octets, or nothing. */
static struct bytes digest_info(const struct nss_scheme *scheme, struct bytes hash, uint8_t room[128])
{
	struct writer w = writer_into(room, 128);

	writer_bytes(&w, nss_hash_find(scheme->hash)->digest_info);
	writer_bytes(&w, hash);
	return writer_written(&w);
}

/* An ECDSA signature is over no more of the hash than the order has bits (FIPS 186-4 6.4). */
static struct bytes ecdsa_part(struct bytes hash)
{
	return bytes_of(hash.at, hash.len < P256_OCTETS ? hash.len : P256_OCTETS);
}

static void der_put_integer(struct writer *w, struct bytes digits)
{
	while (digits.len > 1 && digits.at[0] == 0)
		digits = bytes_of(digits.at + 1, digits.len - 1);
	writer_u8(w, TAG_INTEGER);
	writer_u8(w, (uint8_t)(digits.len + (digits.at[0] >= 0x80)));
	if (digits.at[0] >= 0x80)
		writer_u8(w, 0);
	writer_bytes(w, digits);
}

/* r | s, each 32 octets, as a DER SEQUENCE of two INTEGERs. */
static bool ecdsa_to_der(struct bytes raw, struct blob *signature)
{
	uint8_t room[80];
	struct writer w = writer_into(room, sizeof(room));
	size_t mark;

	if (raw.len != 2 * P256_OCTETS)
		return false;
	writer_u8(&w, TAG_SEQUENCE);
	mark = writer_mark(&w);
	writer_u8(&w, 0);
	der_put_integer(&w, bytes_of(raw.at, P256_OCTETS));
	der_put_integer(&w, bytes_of(raw.at + P256_OCTETS, P256_OCTETS));
	writer_patch_u8(&w, mark, (uint8_t)(writer_mark(&w) - mark - 1));
	return writer_ok(&w) && blob_copy(signature, writer_written(&w));
}

/* The next INTEGER, in its only DER form, to 32 octets: 0 < value < order (U7). */
static bool der_take_scalar(struct reader *r, uint8_t out[P256_OCTETS])
{
	struct reader in;
	struct bytes digits;
	uint8_t any = 0;

	if (reader_u8(r) != TAG_INTEGER)
		return false;
	in = reader_sub(r, reader_u8(r)); /* a long form would be longer than any reader here */
	if (!reader_ok(&in) || in.left == 0)
		return false;
	digits = reader_rest(&in);
	if (digits.at[0] >= 0x80)
		return false; /* negative */
	if (digits.at[0] == 0) {
		if (digits.len == 1 || digits.at[1] < 0x80)
			return false; /* zero, or a zero octet too many */
		digits = bytes_of(digits.at + 1, digits.len - 1);
	}
	if (digits.len > P256_OCTETS)
		return false;
	memset(out, 0, P256_OCTETS);
	memcpy(out + P256_OCTETS - digits.len, digits.at, digits.len);
	for (size_t i = 0; i < P256_OCTETS; i++)
		any |= out[i];
	return any && memcmp(out, p256_order, P256_OCTETS) < 0;
}

static bool ecdsa_from_der(struct bytes der, uint8_t raw[2 * P256_OCTETS])
{
	struct reader r = reader_of(der);
	struct reader in;
	uint8_t length;

	if (reader_u8(&r) != TAG_SEQUENCE)
		return false;
	length = reader_u8(&r);
	in = reader_sub(&r, length);
	return length < 0x80 && reader_done(&r) && der_take_scalar(&in, raw) &&
	       der_take_scalar(&in, raw + P256_OCTETS) && reader_done(&in);
}

/* The mechanism, and what it signs, of a scheme. parameters live as long as the caller's. */
static CK_MECHANISM_TYPE scheme_input(const struct nss_scheme *scheme, struct bytes hash, uint8_t room[128],
				      struct bytes *input)
{
	if (scheme->padding == PADDING_PKCS1) {
		*input = digest_info(scheme, hash, room);
		return CKM_RSA_PKCS;
	}
	*input = scheme->padding == PADDING_ECDSA ? ecdsa_part(hash) : hash;
	return scheme->padding == PADDING_ECDSA ? CKM_ECDSA : CKM_RSA_PKCS_PSS;
}

static SECKEYPrivateKey *find_private(const struct keystore *store, struct bytes ckaid)
{
	SECItem id = nss_item(ckaid);

	return ckaid.len == CKAID_OCTETS ? PK11_FindKeyByKeyID(store->keys, &id, NULL) : NULL;
}

static bool sign_hash(SECKEYPrivateKey *key, const struct nss_scheme *scheme, struct bytes hash,
		      struct blob *signature)
{
	CK_RSA_PKCS_PSS_PARAMS pss = pss_parameters(scheme);
	SECItem parameters = { siBuffer, (unsigned char *)&pss, sizeof(pss) };
	uint8_t made[RSA_OCTETS_MAX], room[128];
	SECItem out = { siBuffer, made, sizeof(made) }, in;
	struct bytes input;
	CK_MECHANISM_TYPE mechanism = scheme_input(scheme, hash, room, &input);
	int octets = PK11_SignatureLen(key);

	if (octets <= 0 || (size_t)octets > sizeof(made))
		return false;
	out.len = (unsigned)octets;
	in = nss_item(input);
	if (PK11_SignWithMechanism(key, mechanism, scheme->padding == PADDING_PSS ? &parameters : NULL, &out,
				   &in) != SECSuccess)
		return false;
	if (scheme->padding == PADDING_ECDSA)
		return ecdsa_to_der(nss_bytes(&out), signature);
	return blob_copy(signature, nss_bytes(&out));
}

bool nss_sign(void *self, struct bytes ckaid, enum signature_scheme scheme, struct bytes data,
	      struct blob *signature)
{
	const struct nss_scheme *row = scheme_find(scheme);
	uint8_t hash[HASH_OCTETS_MAX];
	SECKEYPrivateKey *key;
	bool ok;

	if (!row || !nss_digest(self, row->hash, &data, 1, hash))
		return false;
	key = find_private(self, ckaid);
	if (!key)
		return false;
	ok = nss_private_kind(key) == row->kind &&
	     sign_hash(key, row, bytes_of(hash, hash_octets(row->hash)), signature);
	SECKEY_DestroyPrivateKey(key);
	return ok;
}

/* The public key in NSS's form; its kind and sizes are looked at again, whoever made it (U6). */
static SECKEYPublicKey *import_public(const struct public_key *key)
{
	struct public_key again = { KEY_NONE, { NULL, 0 } };
	SECItem der = nss_item(bytes_of_blob(&key->spki));
	CERTSubjectPublicKeyInfo *spki;
	SECKEYPublicKey *made;
	const char *why;
	bool fits = public_key_from_spki(&again, bytes_of_blob(&key->spki), &why) && again.kind == key->kind;

	public_key_discard(&again);
	spki = fits ? SECKEY_DecodeDERSubjectPublicKeyInfo(&der) : NULL;
	if (!spki)
		return NULL;
	made = SECKEY_ExtractPublicKey(spki);
	SECKEY_DestroySubjectPublicKeyInfo(spki);
	return made;
}

/* s ^ e mod n must be 0 1 ff .. ff 0 DigestInfo hash, all of it (RFC 8017 8.2.2). */
static bool verify_pkcs1(SECKEYPublicKey *key, struct bytes modulus, const struct nss_scheme *scheme,
			 struct bytes hash, struct bytes signature)
{
	uint8_t found[RSA_OCTETS_MAX], right[RSA_OCTETS_MAX], room[128];
	struct writer w = writer_into(right, sizeof(right));
	struct bytes info = digest_info(scheme, hash, room);
	uint8_t *fill;

	writer_u16(&w, 0x0001);
	fill = writer_reserve(&w, modulus.len - info.len - 3);
	if (fill)
		memset(fill, 0xff, modulus.len - info.len - 3);
	writer_u8(&w, 0);
	writer_bytes(&w, info);
	if (!writer_ok(&w) || info.len == 0 ||
	    PK11_PubEncryptRaw(key, found, signature.at, (unsigned)signature.len, NULL) != SECSuccess)
		return false;
	return bytes_equal_secret(bytes_of(found, modulus.len), writer_written(&w));
}

static bool verify_hash(SECKEYPublicKey *key, CK_MECHANISM_TYPE mechanism, SECItem *parameters,
			struct bytes hash, struct bytes signature)
{
	SECItem in = nss_item(hash), claimed = nss_item(signature);

	return PK11_VerifyWithMechanism(key, mechanism, parameters, &claimed, &in, NULL) == SECSuccess;
}

static bool verify_rsa(SECKEYPublicKey *key, const struct public_key *from, const struct nss_scheme *scheme,
		       struct bytes hash, struct bytes signature)
{
	CK_RSA_PKCS_PSS_PARAMS pss = pss_parameters(scheme);
	SECItem parameters = { siBuffer, (unsigned char *)&pss, sizeof(pss) };
	struct bytes modulus, exponent;

	if (!public_key_rsa_parts(from, &modulus, &exponent) || modulus.len > RSA_OCTETS_MAX)
		return false;
	/* As long as the modulus and below it: another representative is another signature of the same text. */
	if (signature.len != modulus.len || memcmp(signature.at, modulus.at, modulus.len) >= 0)
		return false;
	if (scheme->padding == PADDING_PKCS1)
		return verify_pkcs1(key, modulus, scheme, hash, signature);
	return verify_hash(key, CKM_RSA_PKCS_PSS, &parameters, hash, signature);
}

bool nss_verify(void *self, const struct public_key *key, enum signature_scheme scheme, struct bytes data,
		struct bytes signature)
{
	const struct nss_scheme *row = scheme_find(scheme);
	uint8_t octets[HASH_OCTETS_MAX], raw[2 * P256_OCTETS];
	struct bytes hash;
	SECKEYPublicKey *imported;
	bool ok;

	if (!row || row->kind != key->kind || !nss_digest(self, row->hash, &data, 1, octets))
		return false;
	hash = bytes_of(octets, hash_octets(row->hash));
	if (row->padding == PADDING_ECDSA && !ecdsa_from_der(signature, raw))
		return false;
	imported = import_public(key);
	if (!imported)
		return false;
	if (row->padding == PADDING_ECDSA)
		ok = verify_hash(imported, CKM_ECDSA, NULL, ecdsa_part(hash), BYTES_OF_ARRAY(raw));
	else
		ok = verify_rsa(imported, key, row, hash, signature);
	SECKEY_DestroyPublicKey(imported);
	return ok;
}

enum key_kind nss_private_kind(SECKEYPrivateKey *key)
{
	KeyType type = SECKEY_GetPrivateKeyType(key);

	/* A P-256 signature is r and s of 32 octets; other curves have other lengths. */
	if (type == ecKey)
		return PK11_SignatureLen(key) == 2 * P256_OCTETS ? KEY_ECDSA_P256 : KEY_NONE;
	return type == rsaKey ? KEY_RSA : KEY_NONE;
}

enum key_kind nss_key_kind(void *self, struct bytes ckaid)
{
	SECKEYPrivateKey *key = find_private(self, ckaid);
	enum key_kind kind = key ? nss_private_kind(key) : KEY_NONE;

	if (key)
		SECKEY_DestroyPrivateKey(key);
	return kind;
}

bool nss_key_ckaid(void *self, const struct public_key *key, uint8_t ckaid[CKAID_OCTETS])
{
	SECKEYPublicKey *imported = import_public(key);
	SECItem *id = NULL;
	bool ok;

	if (imported)
		id = PK11_MakeIDFromPubKey(key->kind == KEY_RSA ? &imported->u.rsa.modulus
								: &imported->u.ec.publicValue);
	ok = id && id->len == CKAID_OCTETS;
	if (ok)
		memcpy(ckaid, id->data, CKAID_OCTETS);
	if (id)
		SECITEM_FreeItem(id, PR_TRUE);
	if (imported)
		SECKEY_DestroyPublicKey(imported);
	return ok;
}
