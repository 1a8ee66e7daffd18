/*
 * Key exchange (crypto.h: ke_make, ke_share, ke_discard): MODP (RFC 3526), ECP (RFC 5903), Curve25519
 * (RFC 8031). A group is a row: how NSS makes and derives, what it must be told, and how a
 * peer's value is checked before any secret meets it (RFC 6989). Called by workers, several at once.
 */
#include "provider.h"

#include <stdlib.h>
#include <string.h>

#include "primes.h"

static const uint8_t modp_base[] = { 2 };

/* The names of the curves as DER object identifiers: prime256v1, secp384r1, secp521r1, and NSS's Curve25519. */
static const uint8_t p256_name[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const uint8_t p384_name[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };
static const uint8_t p521_name[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23 };
static const uint8_t curve25519_name[] = { 0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01 };

struct nss_group {
	uint16_t id;
	bool curve;
	CK_MECHANISM_TYPE make, derive;
	struct bytes prime; /* of the field; empty where every value is taken */
	struct bytes name; /* of the curve */
	struct bytes prefix; /* what NSS writes before the public value and IKE does not */
	bool (*value_fits)(const struct nss_group *row, struct bytes value);
};

static bool modp_value_fits(const struct nss_group *row, struct bytes value);
static bool ecp_value_fits(const struct nss_group *row, struct bytes value);
static bool any_value_fits(const struct nss_group *row, struct bytes value);

static const uint8_t uncompressed[] = { 0x04 };

/* The two families; Curve25519 stands alone. */
#define MODP(number, p)                                                                       \
	{                                                                                     \
		.id = number, .make = CKM_DH_PKCS_KEY_PAIR_GEN, .derive = CKM_DH_PKCS_DERIVE, \
		.prime = NSS_VIEW(p), .value_fits = modp_value_fits,                          \
	}
#define ECP(number, p, oid)                                                                           \
	{                                                                                             \
		.id = number, .curve = true, .make = CKM_EC_KEY_PAIR_GEN, .derive = CKM_ECDH1_DERIVE, \
		.prime = NSS_VIEW(p), .name = NSS_VIEW(oid), .prefix = NSS_VIEW(uncompressed),        \
		.value_fits = ecp_value_fits,                                                         \
	}

static const struct nss_group groups[] = {
	MODP(KE_MODP_2048, modp2048_prime),
	MODP(KE_MODP_3072, modp3072_prime),
	MODP(KE_MODP_4096, modp4096_prime),
	ECP(KE_ECP_256, p256_prime, p256_name),
	ECP(KE_ECP_384, p384_prime, p384_name),
	ECP(KE_ECP_521, p521_prime, p521_name),
	{
		.id = KE_CURVE25519,
		.curve = true,
		.make = CKM_EC_KEY_PAIR_GEN,
		.derive = CKM_ECDH1_DERIVE,
		.name = NSS_VIEW(curve25519_name),
		.value_fits = any_value_fits,
	},
};

static const struct nss_group *find(uint16_t id)
{
	for (size_t i = 0; i < ARRAY_LENGTH(groups); i++) {
		if (groups[i].id == id)
			return &groups[i];
	}
	return NULL;
}

/* 1 < r < p - 1 (RFC 6989 2.1). The prime is odd, so p - 1 differs from p in the last octet only. */
static bool modp_value_fits(const struct nss_group *row, struct bytes value)
{
	size_t last = row->prime.len - 1;
	int order = memcmp(value.at, row->prime.at, last);
	bool small = value.at[last] <= 1;

	for (size_t i = 0; small && i < last; i++)
		small = value.at[i] == 0;
	return !small && (order < 0 || (order == 0 && value.at[last] < row->prime.at[last] - 1));
}

/* Both coordinates are below p (RFC 6989 2.3); that the point is on the curve is checked by NSS itself. */
static bool ecp_value_fits(const struct nss_group *row, struct bytes value)
{
	size_t half = row->prime.len;

	return memcmp(value.at, row->prime.at, half) < 0 && memcmp(value.at + half, row->prime.at, half) < 0;
}

/* RFC 8031 3.2: every value is taken; a useless one gives an all-zero secret and is refused there. */
static bool any_value_fits(const struct nss_group *row, struct bytes value)
{
	return true;
}

static struct bytes public_octets(const SECKEYPublicKey *key, bool curve)
{
	return nss_bytes(curve ? &key->u.ec.publicValue : &key->u.dh.publicValue);
}

/* The public value as it stands on the wire: without NSS's prefix, padded on the left. */
/* @rfc 7296-3.4-2 */
static bool wire_value(const struct nss_group *row, size_t octets, struct bytes made, struct blob *value)
{
	size_t skip = row->prefix.len;

	if (made.len < skip || made.len - skip > octets || (row->curve && made.len - skip != octets) ||
	    !bytes_equal(bytes_of(made.at, skip), row->prefix) || !blob_make(value, octets))
		return false;
	memcpy(value->data + octets - (made.len - skip), made.at + skip, made.len - skip);
	return true;
}

bool nss_ke_make(void *self, uint16_t group, struct ke_secret **secret, struct blob *public_value)
{
	const struct keystore *store = self;
	const struct nss_group *row = find(group);
	const struct group_row *sizes = group_find(group);
	struct ke_secret *made;
	SECKEYPublicKey *public_key = NULL;
	SECKEYDHParams modp;
	SECItem curve;
	bool ok;

	if (!row || !sizes)
		return false;
	made = calloc(1, sizeof(*made));
	if (!made)
		return false;
	modp = (SECKEYDHParams){ NULL, nss_item(row->prime), nss_item(BYTES_OF_ARRAY(modp_base)) };
	curve = nss_item(row->name);
	made->group = group;
	made->key = PK11_GenerateKeyPairWithFlags(
		store->work, row->make, row->curve ? (void *)&curve : (void *)&modp, &public_key,
		PK11_ATTR_SESSION | PK11_ATTR_PRIVATE | PK11_ATTR_SENSITIVE, NULL);
	ok = made->key && public_key &&
	     wire_value(row, sizes->public_octets, public_octets(public_key, row->curve), public_value);
	if (public_key)
		SECKEY_DestroyPublicKey(public_key);
	if (!ok) {
		nss_ke_discard(self, made);
		return false;
	}
	*secret = made;
	return true;
}

/* Derives into a key of NSS; NULL on failure. value has the prefix that NSS wants. */
static PK11SymKey *derive(const struct nss_group *row, SECKEYPrivateKey *key, struct bytes value)
{
	SECKEYPublicKey peer;

	memset(&peer, 0, sizeof(peer));
	peer.pkcs11ID = CK_INVALID_HANDLE;
	if (!row->curve) {
		peer.keyType = dhKey;
		peer.u.dh.prime = nss_item(row->prime);
		peer.u.dh.base = nss_item(BYTES_OF_ARRAY(modp_base));
		peer.u.dh.publicValue = nss_item(value);
		return PK11_PubDerive(key, &peer, PR_FALSE, NULL, NULL, row->derive,
				      CKM_CONCATENATE_DATA_AND_BASE, CKA_DERIVE, (int)row->prime.len, NULL);
	}
	peer.keyType = ecKey;
	peer.u.ec.DEREncodedParams = nss_item(row->name);
	peer.u.ec.publicValue = nss_item(value);
	peer.u.ec.encoding = ECPoint_Undefined;
	return PK11_PubDeriveWithKDF(key, &peer, PR_FALSE, NULL, NULL, row->derive,
				     CKM_CONCATENATE_DATA_AND_BASE, CKA_DERIVE, 0, CKD_NULL, NULL, NULL);
}

/* Copies the secret out, padded on the left (RFC 7296 2.14); an all-zero one is refused (RFC 7748 6.1). */
/* @rfc 7296-2.14-3 */
static bool extract(PK11SymKey *derived, size_t octets, struct blob *shared)
{
	struct blob padded = { NULL, 0 };
	volatile uint8_t any = 0;
	SECItem *data;

	if (PK11_ExtractKeyValue(derived) != SECSuccess)
		return false;
	data = PK11_GetKeyData(derived); /* lent by the key, wiped with it */
	if (!data || data->len == 0 || data->len > octets || !blob_make(&padded, octets))
		return false;
	memcpy(padded.data + octets - data->len, data->data, data->len);
	for (size_t i = 0; i < octets; i++)
		any = (uint8_t)(any | padded.data[i]);
	if (!any) {
		blob_discard(&padded);
		return false;
	}
	blob_move(shared, &padded);
	return true;
}

bool nss_ke_share(void *self, uint16_t group, const struct ke_secret *secret, struct bytes peer_value,
		  struct blob *shared)
{
	const struct nss_group *row = find(group);
	const struct group_row *sizes = group_find(group);
	struct blob value = { NULL, 0 };
	PK11SymKey *derived;
	bool ok;

	if (!row || !sizes || !secret || secret->group != group || peer_value.len != sizes->public_octets ||
	    !row->value_fits(row, peer_value))
		return false;
	if (!blob_make(&value, row->prefix.len + peer_value.len))
		return false;
	if (row->prefix.len)
		memcpy(value.data, row->prefix.at, row->prefix.len);
	memcpy(value.data + row->prefix.len, peer_value.at, peer_value.len);
	derived = derive(row, secret->key, bytes_of_blob(&value));
	blob_discard(&value);
	if (!derived)
		return false;
	ok = extract(derived, sizes->shared_octets, shared);
	PK11_FreeSymKey(derived);
	return ok;
}

void nss_ke_discard(void *self, struct ke_secret *secret)
{
	if (!secret)
		return;
	if (secret->key)
		SECKEY_DestroyPrivateKey(secret->key); /* softoken wipes the object of a session key */
	wipe(secret, sizeof(*secret));
	free(secret);
}
