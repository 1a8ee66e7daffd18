/*
 * Sealing and opening (crypto.h: seal, open). AES-GCM with a 16 octet ICV (RFC 5282), ChaCha20-Poly1305
 * (RFC 7634), AES-CBC with HMAC-SHA2 (RFC 3602, RFC 4868, RFC 7296 3.14). The key is imported for one
 * message. NSS does not promise that input and output may be the same octets, so what is ciphertext
 * anyway passes through a buffer of this folder; plaintext never does.
 */
#include "provider.h"

#include <string.h>

#include "limits.h"

#define NONCE_OCTETS 12 /* salt and IV, for both AEADs */

struct nss_cipher {
	uint16_t id;
	CK_MECHANISM_TYPE mechanism;
};

static const struct nss_cipher ciphers[] = {
	{ ENCR_AES_GCM_16, CKM_AES_GCM },
	{ ENCR_CHACHA20_POLY1305, CKM_CHACHA20_POLY1305 },
	{ ENCR_AES_CBC, CKM_AES_CBC },
};

static const struct nss_cipher *cipher_find(uint16_t id)
{
	for (size_t i = 0; i < ARRAY_LENGTH(ciphers); i++) {
		if (ciphers[i].id == id)
			return &ciphers[i];
	}
	return NULL;
}

/* One AEAD operation from in to out; the tag is written (sealing) or read (opening). */
static bool aead_run(const struct keystore *store, const struct sealing_key *key, CK_ATTRIBUTE_TYPE direction,
		     struct bytes aad, struct bytes iv, struct bytes in, uint8_t *out, uint8_t *tag)
{
	const struct encr_row *row = key->encr;
	const struct nss_cipher *cipher = cipher_find(row->id);
	SECItem none = { siBuffer, NULL, 0 };
	uint8_t nonce[NONCE_OCTETS];
	PK11SymKey *imported = NULL;
	PK11Context *context = NULL;
	int made = -1;
	bool ok = false;

	if (!cipher || (size_t)row->salt_octets + iv.len != sizeof(nonce))
		return false;
	memcpy(nonce, key->encr_key + row->key_octets, row->salt_octets);
	memcpy(nonce + row->salt_octets, iv.at, iv.len);
	imported = nss_import(store, cipher->mechanism, direction, bytes_of(key->encr_key, row->key_octets));
	if (imported)
		context = PK11_CreateContextBySymKey(cipher->mechanism, CKA_NSS_MESSAGE | direction, imported,
						     &none);
	if (context)
		ok = PK11_AEADOp(context, CKG_NO_GENERATE, 0, nonce, sizeof(nonce), aad.at, (int)aad.len, out,
				 &made, (int)in.len, tag, row->icv_octets, in.at,
				 (int)in.len) == SECSuccess &&
		     made == (int)in.len;
	if (context)
		PK11_DestroyContext(context, PR_TRUE);
	if (imported)
		PK11_FreeSymKey(imported);
	wipe(nonce, sizeof(nonce));
	return ok;
}

/* AES-CBC without padding of its own: IKE pads (RFC 7296 3.14). */
static bool cbc_run(const struct keystore *store, const struct sealing_key *key, CK_ATTRIBUTE_TYPE direction,
		    struct bytes iv, struct bytes in, uint8_t *out)
{
	const struct nss_cipher *cipher = cipher_find(key->encr->id);
	SECItem parameter = nss_item(iv);
	PK11SymKey *imported;
	unsigned made = 0;
	bool ok;

	if (!cipher || in.len % key->encr->block_octets)
		return false;
	imported = nss_import(store, cipher->mechanism, direction,
			      bytes_of(key->encr_key, key->encr->key_octets));
	if (!imported)
		return false;
	if (direction == CKA_ENCRYPT)
		ok = PK11_Encrypt(imported, cipher->mechanism, &parameter, out, &made, (unsigned)in.len,
				  in.at, (unsigned)in.len) == SECSuccess;
	else
		ok = PK11_Decrypt(imported, cipher->mechanism, &parameter, out, &made, (unsigned)in.len,
				  in.at, (unsigned)in.len) == SECSuccess;
	PK11_FreeSymKey(imported);
	return ok && made == in.len;
}

/* The ICV of a cipher that has none of its own: HMAC over aad | iv | ciphertext, cut. */
static bool integrity_run(const struct keystore *store, const struct sealing_key *key, struct bytes aad,
			  struct bytes iv, struct bytes ciphertext, uint8_t *icv)
{
	const struct bytes parts[] = { aad, iv, ciphertext };
	uint8_t whole[HASH_OCTETS_MAX];
	bool ok = nss_hmac(store, key->integ->hash, bytes_of(key->integ_key, key->integ->key_octets), parts,
			   ARRAY_LENGTH(parts), whole);

	if (ok)
		memcpy(icv, whole, key->integ->icv_octets);
	wipe(whole, sizeof(whole));
	return ok;
}

/* What both directions ask of their arguments: a cipher alone or with its INTEG, never both or neither. */
static bool arguments_fit(const struct sealing_key *key, struct bytes aad, struct bytes iv, size_t len)
{
	return key->encr && key->integ && key->encr->aead == (key->integ->id == INTEG_NONE) &&
	       iv.len == key->encr->iv_octets && len <= LIMIT_MESSAGE && aad.len <= LIMIT_MESSAGE;
}

bool nss_seal(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv, uint8_t *text,
	      size_t len, uint8_t *icv)
{
	uint8_t ciphertext[LIMIT_MESSAGE], made_icv[ICV_OCTETS_MAX];
	size_t icv_octets;
	bool ok;

	if (!arguments_fit(key, aad, iv, len))
		return false;
	if (key->encr->aead) {
		icv_octets = key->encr->icv_octets;
		ok = aead_run(self, key, CKA_ENCRYPT, aad, iv, bytes_of(text, len), ciphertext, made_icv);
	} else {
		icv_octets = key->integ->icv_octets;
		ok = cbc_run(self, key, CKA_ENCRYPT, iv, bytes_of(text, len), ciphertext) &&
		     integrity_run(self, key, aad, iv, bytes_of(ciphertext, len), made_icv);
	}
	if (!ok)
		return false;
	memcpy(text, ciphertext, len);
	memcpy(icv, made_icv, icv_octets);
	return true;
}

bool nss_open(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv, uint8_t *text,
	      size_t len, struct bytes icv)
{
	uint8_t ciphertext[LIMIT_MESSAGE], right_icv[ICV_OCTETS_MAX];
	bool ok;

	if (!arguments_fit(key, aad, iv, len))
		return false;
	memcpy(ciphertext, text, len);
	if (key->encr->aead) {
		if (icv.len != key->encr->icv_octets)
			return false;
		memcpy(right_icv, icv.at, icv.len);
		return aead_run(self, key, CKA_DECRYPT, aad, iv, bytes_of(ciphertext, len), text, right_icv);
	}
	ok = integrity_run(self, key, aad, iv, bytes_of(ciphertext, len), right_icv) &&
	     bytes_equal_secret(bytes_of(right_icv, key->integ->icv_octets), icv);
	wipe(right_icv, sizeof(right_icv)); /* for a wrong message it is a secret */
	return ok && cbc_run(self, key, CKA_DECRYPT, iv, bytes_of(ciphertext, len), text);
}
