/*
 * Sealing and opening: AES-GCM (RFC 5282), ChaCha20-Poly1305 (RFC 7634), AES-CBC with HMAC (RFC 7296 3.14:
 * encrypt, then MAC over all). One shape for all: text in place, the ICV apart.
 */
#include <stdlib.h>
#include <string.h>

#include "nss_inside.h"
#include "writer.h"

#define NONCE_OCTETS 12

/* salt | iv */
static bool make_nonce(const struct sealing_key *key, struct bytes iv, uint8_t nonce[NONCE_OCTETS])
{
	struct writer w = writer_into(nonce, NONCE_OCTETS);

	writer_bytes(&w, bytes_of(key->encr_key + key->encr->key_octets, key->encr->salt_octets));
	writer_bytes(&w, iv);
	return writer_ok(&w) && w.used == NONCE_OCTETS;
}

/* The mechanism's parameters over nonce and aad, which they borrow. */
union aead_parameters {
	CK_NSS_GCM_PARAMS gcm;
	CK_NSS_AEAD_PARAMS chacha;
};

static CK_MECHANISM_TYPE aead_parameters(const struct sealing_key *key, struct bytes nonce, struct bytes aad,
					 union aead_parameters *p, SECItem *item)
{
	SECItem n = item_of(nonce), a = item_of(aad);

	memset(p, 0, sizeof(*p));
	if (key->encr->id == ENCR_AES_GCM_16) {
		p->gcm.pIv = n.data;
		p->gcm.ulIvLen = n.len;
		p->gcm.pAAD = a.data;
		p->gcm.ulAADLen = a.len;
		p->gcm.ulTagBits = key->encr->icv_octets * 8u;
		*item = (SECItem){ siBuffer, (unsigned char *)&p->gcm, sizeof(p->gcm) };
		return CKM_AES_GCM;
	}
	p->chacha.pNonce = n.data;
	p->chacha.ulNonceLen = n.len;
	p->chacha.pAAD = a.data;
	p->chacha.ulAADLen = a.len;
	p->chacha.ulTagLen = key->encr->icv_octets;
	*item = (SECItem){ siBuffer, (unsigned char *)&p->chacha, sizeof(p->chacha) };
	return CKM_NSS_CHACHA20_POLY1305;
}

static bool aead(const struct sealing_key *key, struct bytes aad, struct bytes iv, struct bytes in, uint8_t *out,
		 size_t out_len, bool sealing)
{
	uint8_t nonce[NONCE_OCTETS];
	union aead_parameters p;
	SECItem item;
	CK_MECHANISM_TYPE mechanism;
	PK11SymKey *k;
	unsigned written = 0;
	SECStatus s;

	if (!make_nonce(key, iv, nonce))
		return false;
	mechanism = aead_parameters(key, BYTES_OF_ARRAY(nonce), aad, &p, &item);
	k = nss_import(mechanism, sealing ? CKA_ENCRYPT : CKA_DECRYPT, bytes_of(key->encr_key, key->encr->key_octets));
	if (!k)
		return false;
	s = sealing ? PK11_Encrypt(k, mechanism, &item, out, &written, (unsigned)out_len, in.at, (unsigned)in.len) :
		      PK11_Decrypt(k, mechanism, &item, out, &written, (unsigned)out_len, in.at, (unsigned)in.len);
	PK11_FreeSymKey(k);
	return s == SECSuccess && written == out_len;
}

/* NSS wants text and tag together: they meet in a room that is wiped afterwards. */
static bool aead_seal(const struct sealing_key *key, struct bytes aad, struct bytes iv, uint8_t *text, size_t len,
		      uint8_t *icv)
{
	struct blob room = { NULL, 0 };
	bool ok = blob_make(&room, len + key->encr->icv_octets) &&
		  aead(key, aad, iv, bytes_of(text, len), room.data, room.len, true);

	if (ok) {
		memcpy(text, room.data, len);
		memcpy(icv, room.data + len, key->encr->icv_octets);
	}
	blob_discard(&room);
	return ok;
}

static bool aead_open(const struct sealing_key *key, struct bytes aad, struct bytes iv, uint8_t *text, size_t len,
		      struct bytes icv)
{
	struct blob in = { NULL, 0 }, out = { NULL, 0 };
	bool ok = icv.len == key->encr->icv_octets && blob_make(&in, len + icv.len) && blob_make(&out, len);

	if (ok) {
		memcpy(in.data, text, len);
		memcpy(in.data + len, icv.at, icv.len);
		ok = aead(key, aad, iv, bytes_of_blob(&in), out.data, len, false);
	}
	if (ok)
		memcpy(text, out.data, len);
	blob_discard(&in);
	blob_discard(&out);
	return ok;
}

static bool cbc(const struct sealing_key *key, struct bytes iv, uint8_t *text, size_t len, bool sealing)
{
	SECItem item = item_of(iv);
	PK11SymKey *k = nss_import(CKM_AES_CBC, sealing ? CKA_ENCRYPT : CKA_DECRYPT,
				   bytes_of(key->encr_key, key->encr->key_octets));
	struct blob out = { NULL, 0 };
	unsigned written = 0;
	bool ok = k && blob_make(&out, len);

	ok = ok && (sealing ? PK11_Encrypt(k, CKM_AES_CBC, &item, out.data, &written, (unsigned)len, text, (unsigned)len) :
			      PK11_Decrypt(k, CKM_AES_CBC, &item, out.data, &written, (unsigned)len, text,
					   (unsigned)len)) == SECSuccess &&
	     written == len;
	if (ok)
		memcpy(text, out.data, len);
	blob_discard(&out);
	if (k)
		PK11_FreeSymKey(k);
	return ok;
}

static bool mac(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv, const uint8_t *text,
		size_t len, uint8_t *out)
{
	/* The PRF of the same hash is the same HMAC; the ICV is its head (RFC 4868 2.3). */
	static const uint16_t prfs[] = { [HASH_SHA2_256] = PRF_HMAC_SHA2_256,
					 [HASH_SHA2_384] = PRF_HMAC_SHA2_384,
					 [HASH_SHA2_512] = PRF_HMAC_SHA2_512 };
	const struct bytes parts[] = { aad, iv, bytes_of(text, len) };

	return nss_prf(self, prfs[key->integ->hash], bytes_of(key->integ_key, key->integ->key_octets), parts, 3, out);
}

bool nss_seal(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv, uint8_t *text, size_t len,
	      uint8_t *icv)
{
	uint8_t whole[PRF_OCTETS_MAX];

	if (key->encr->aead)
		return aead_seal(key, aad, iv, text, len, icv);
	if (!cbc(key, iv, text, len, true) || !mac(self, key, aad, iv, text, len, whole))
		return false;
	memcpy(icv, whole, key->integ->icv_octets);
	return true;
}

bool nss_open(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv, uint8_t *text, size_t len,
	      struct bytes icv)
{
	uint8_t whole[PRF_OCTETS_MAX];

	if (key->encr->aead)
		return aead_open(key, aad, iv, text, len, icv);
	return mac(self, key, aad, iv, text, len, whole) &&
	       bytes_equal_secret(bytes_of(whole, key->integ->icv_octets), icv) && cbc(key, iv, text, len, false);
}
