/* AUTH: octets, MACs, AlgorithmIdentifiers (proof.h). */
#include "proof.h"

#include <string.h>

#include "reader.h"
#include "writer.h"

/* The DER AlgorithmIdentifiers of RFC 7427 appendix A; RSASSA-PSS with salt as long as the hash (RFC 4055). */
static const uint8_t pss_256[] = {
	0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0, 0x0f,
	0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa1, 0x1c,
	0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09,
	0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x20,
};
static const uint8_t pss_384[] = {
	0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0, 0x0f,
	0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa1, 0x1c,
	0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09,
	0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x30,
};
static const uint8_t pss_512[] = {
	0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0, 0x0f,
	0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0xa1, 0x1c,
	0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09,
	0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x40,
};
static const uint8_t pkcs1_256[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				     0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00 };
static const uint8_t pkcs1_384[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				     0xf7, 0x0d, 0x01, 0x01, 0x0c, 0x05, 0x00 };
static const uint8_t pkcs1_512[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				     0xf7, 0x0d, 0x01, 0x01, 0x0d, 0x05, 0x00 };
static const uint8_t ecdsa_256[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
static const uint8_t ecdsa_384[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03 };
static const uint8_t ecdsa_512[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04 };

static const struct scheme_row {
	struct bytes der;
	enum key_kind kind;
	bool pss;
	enum hash_id hash;
} schemes[SIGN_SCHEMES] = {
	[SIGN_RSA_PSS_SHA2_256] = { { pss_256, sizeof(pss_256) }, KEY_RSA, true, HASH_SHA2_256 },
	[SIGN_RSA_PSS_SHA2_384] = { { pss_384, sizeof(pss_384) }, KEY_RSA, true, HASH_SHA2_384 },
	[SIGN_RSA_PSS_SHA2_512] = { { pss_512, sizeof(pss_512) }, KEY_RSA, true, HASH_SHA2_512 },
	[SIGN_RSA_PKCS1_SHA2_256] = { { pkcs1_256, sizeof(pkcs1_256) }, KEY_RSA, false, HASH_SHA2_256 },
	[SIGN_RSA_PKCS1_SHA2_384] = { { pkcs1_384, sizeof(pkcs1_384) }, KEY_RSA, false, HASH_SHA2_384 },
	[SIGN_RSA_PKCS1_SHA2_512] = { { pkcs1_512, sizeof(pkcs1_512) }, KEY_RSA, false, HASH_SHA2_512 },
	[SIGN_ECDSA_SHA2_256] = { { ecdsa_256, sizeof(ecdsa_256) }, KEY_ECDSA_P256, false, HASH_SHA2_256 },
	[SIGN_ECDSA_SHA2_384] = { { ecdsa_384, sizeof(ecdsa_384) }, KEY_ECDSA_P256, false, HASH_SHA2_384 },
	[SIGN_ECDSA_SHA2_512] = { { ecdsa_512, sizeof(ecdsa_512) }, KEY_ECDSA_P256, false, HASH_SHA2_512 },
};

struct bytes proof_key(const struct ike_sa *sa, bool initiator)
{
	const struct prf_row *prf = prf_find(sa->suite.prf);

	return bytes_of(initiator ? sa->handshake->proof.pi : sa->handshake->proof.pr, prf ? prf->octets : 0);
}

const uint8_t proof_no_reserved[3] = { 0, 0, 0 };

/* @rfc 7296-2.15-1 7296-2.15-2 7296-2.15-3 */
bool proof_octets(struct ike_context *c, const struct ike_sa *sa, bool initiator, const struct identity *id,
		  const uint8_t reserved[3], struct blob *octets)
{
	const struct handshake *h = sa->handshake;
	const struct blob *message = initiator ? &h->init_request : &h->init_answer;
	const struct blob *nonce = initiator ? &h->nonce_r : &h->nonce_i;
	const struct prf_row *prf = prf_find(sa->suite.prf);
	uint8_t head[4] = { id->type, reserved[0], reserved[1], reserved[2] }, mac[PRF_OCTETS_MAX];
	const struct bytes parts[] = { BYTES_OF_ARRAY(head), bytes_of_blob(&id->data) };
	struct writer w;

	if (!prf ||
	    !c->crypto->prf(c->crypto->self, sa->suite.prf, proof_key(sa, initiator), parts, 2, mac) ||
	    !blob_make(octets, message->len + nonce->len + prf->octets))
		return false;
	w = writer_into(octets->data, octets->len);
	writer_bytes(&w, bytes_of_blob(message));
	writer_bytes(&w, bytes_of_blob(nonce));
	writer_bytes(&w, bytes_of(mac, prf->octets));
	return writer_ok(&w);
}

/* @rfc 7296-2.15-5 7296-2.15-8 */
bool proof_mac(struct ike_context *c, const struct ike_sa *sa, struct bytes secret, struct bytes octets,
	       uint8_t mac[PRF_OCTETS_MAX])
{
	const struct prf_row *prf = prf_find(sa->suite.prf);
	struct bytes pad = bytes_of_text("Key Pad for IKEv2");
	uint8_t key[PRF_OCTETS_MAX];
	bool ok;

	ok = prf && c->crypto->prf(c->crypto->self, sa->suite.prf, secret, &pad, 1, key) &&
	     c->crypto->prf(c->crypto->self, sa->suite.prf, bytes_of(key, prf->octets), &octets, 1, mac);
	wipe(key, sizeof(key));
	return ok;
}

bool proof_allowed(enum auth_method method, enum signature_scheme scheme)
{
	const struct scheme_row *row = scheme < SIGN_SCHEMES ? &schemes[scheme] : NULL;

	if (!row || row->kind == KEY_NONE)
		return false;
	if (method == AUTH_RSA_PKCS1)
		return row->kind == KEY_RSA && !row->pss;
	return (method == AUTH_RSA && row->kind == KEY_RSA) ||
	       (method == AUTH_ECDSA && row->kind == KEY_ECDSA_P256);
}

enum signature_scheme proof_scheme(enum auth_method method, enum key_kind kind, uint32_t peer_hashes)
{
	/* In the table's order: PSS before PKCS#1, the shortest hash that both know first. */
	for (unsigned s = SIGN_NONE + 1; s < SIGN_SCHEMES; s++) {
		if (schemes[s].kind == kind && proof_allowed(method, (enum signature_scheme)s) &&
		    (peer_hashes & 1u << schemes[s].hash))
			return (enum signature_scheme)s;
	}
	return SIGN_NONE;
}

void proof_write(struct writer *w, enum signature_scheme scheme, struct bytes signature)
{
	writer_u8(w, (uint8_t)schemes[scheme].der.len);
	writer_bytes(w, schemes[scheme].der);
	writer_bytes(w, signature);
}

enum signature_scheme proof_read(struct bytes data, struct bytes *signature)
{
	struct reader r = reader_of(data);
	size_t len = reader_u8(&r);
	struct bytes der = reader_take(&r, len);

	*signature = reader_rest(&r);
	for (unsigned s = SIGN_NONE + 1; reader_ok(&r) && s < SIGN_SCHEMES; s++) {
		if (bytes_equal(der, schemes[s].der))
			return (enum signature_scheme)s;
	}
	return SIGN_NONE;
}

struct bytes proof_our_hashes(void)
{
	static const uint8_t hashes[] = { 0, HASH_SHA2_256, 0, HASH_SHA2_384, 0, HASH_SHA2_512 };

	return BYTES_OF_ARRAY(hashes);
}

uint32_t proof_peer_hashes(struct bytes data)
{
	struct reader r = reader_of(data);
	uint32_t mask = 0;

	while (reader_ok(&r) && r.left) {
		uint16_t hash = reader_u16(&r);

		/* SHA-1 is not accepted for signatures (RFC 8247 3.2.1). */
		if (hash >= HASH_SHA2_256 && hash <= HASH_SHA2_512)
			mask |= 1u << hash;
	}
	return mask;
}
