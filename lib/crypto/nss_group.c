/*
 * Key exchange: MODP 2048 (RFC 3526), P-256 (RFC 5903), Curve25519 (RFC 8031). A group is a row; the checks
 * of the peer's value (RFC 6989) come before any secret is touched.
 */
#include <stdlib.h>
#include <string.h>

#include "nss_inside.h"
#include "writer.h"

struct ke_secret {
	SECKEYPrivateKey *private_key;
	SECKEYPublicKey *public_key;
};

/* RFC 3526 3 */
static const uint8_t modp2048[256] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x0f, 0xda, 0xa2, 0x21, 0x68, 0xc2, 0x34, 0xc4, 0xc6,
	0x62, 0x8b, 0x80, 0xdc, 0x1c, 0xd1, 0x29, 0x02, 0x4e, 0x08, 0x8a, 0x67, 0xcc, 0x74, 0x02, 0x0b, 0xbe, 0xa6,
	0x3b, 0x13, 0x9b, 0x22, 0x51, 0x4a, 0x08, 0x79, 0x8e, 0x34, 0x04, 0xdd, 0xef, 0x95, 0x19, 0xb3, 0xcd, 0x3a,
	0x43, 0x1b, 0x30, 0x2b, 0x0a, 0x6d, 0xf2, 0x5f, 0x14, 0x37, 0x4f, 0xe1, 0x35, 0x6d, 0x6d, 0x51, 0xc2, 0x45,
	0xe4, 0x85, 0xb5, 0x76, 0x62, 0x5e, 0x7e, 0xc6, 0xf4, 0x4c, 0x42, 0xe9, 0xa6, 0x37, 0xed, 0x6b, 0x0b, 0xff,
	0x5c, 0xb6, 0xf4, 0x06, 0xb7, 0xed, 0xee, 0x38, 0x6b, 0xfb, 0x5a, 0x89, 0x9f, 0xa5, 0xae, 0x9f, 0x24, 0x11,
	0x7c, 0x4b, 0x1f, 0xe6, 0x49, 0x28, 0x66, 0x51, 0xec, 0xe4, 0x5b, 0x3d, 0xc2, 0x00, 0x7c, 0xb8, 0xa1, 0x63,
	0xbf, 0x05, 0x98, 0xda, 0x48, 0x36, 0x1c, 0x55, 0xd3, 0x9a, 0x69, 0x16, 0x3f, 0xa8, 0xfd, 0x24, 0xcf, 0x5f,
	0x83, 0x65, 0x5d, 0x23, 0xdc, 0xa3, 0xad, 0x96, 0x1c, 0x62, 0xf3, 0x56, 0x20, 0x85, 0x52, 0xbb, 0x9e, 0xd5,
	0x29, 0x07, 0x70, 0x96, 0x96, 0x6d, 0x67, 0x0c, 0x35, 0x4e, 0x4a, 0xbc, 0x98, 0x04, 0xf1, 0x74, 0x6c, 0x08,
	0xca, 0x18, 0x21, 0x7c, 0x32, 0x90, 0x5e, 0x46, 0x2e, 0x36, 0xce, 0x3b, 0xe3, 0x9e, 0x77, 0x2c, 0x18, 0x0e,
	0x86, 0x03, 0x9b, 0x27, 0x83, 0xa2, 0xec, 0x07, 0xa2, 0x8f, 0xb5, 0xc5, 0x5d, 0xf0, 0x6f, 0x4c, 0x52, 0xc9,
	0xde, 0x2b, 0xcb, 0xf6, 0x95, 0x58, 0x17, 0x18, 0x39, 0x95, 0x49, 0x7c, 0xea, 0x95, 0x6a, 0xe5, 0x15, 0xd2,
	0x26, 0x18, 0x98, 0xfa, 0x05, 0x10, 0x15, 0x72, 0x8e, 0x5a, 0x8a, 0xac, 0xaa, 0x68, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff,
};

static const struct nss_group {
	uint16_t id;
	CK_MECHANISM_TYPE make, derive;
	SECOidTag curve; /* 0 for MODP */
	bool point; /* NSS puts 0x04 before the coordinates */
	struct bytes prime;
} groups[] = {
	{ KE_MODP_2048, CKM_DH_PKCS_KEY_PAIR_GEN, CKM_DH_PKCS_DERIVE, SEC_OID_UNKNOWN, false, { modp2048, sizeof(modp2048) } },
	{ KE_ECP_256, CKM_EC_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, SEC_OID_ANSIX962_EC_PRIME256V1, true, { NULL, 0 } },
	{ KE_CURVE25519, CKM_EC_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, SEC_OID_CURVE25519, false, { NULL, 0 } },
};

static const struct nss_group *find(uint16_t id)
{
	for (size_t i = 0; i < ARRAY_LENGTH(groups); i++) {
		if (groups[i].id == id)
			return &groups[i];
	}
	return NULL;
}

/* The DER OBJECT IDENTIFIER of a curve: NSS's form of EC parameters. */
static bool curve_parameters(SECOidTag tag, uint8_t *room, size_t size, SECItem *item)
{
	const SECOidData *oid = SECOID_FindOIDByTag(tag);
	struct writer w = writer_into(room, size);

	if (!oid)
		return false;
	writer_u8(&w, SEC_ASN1_OBJECT_ID);
	writer_u8(&w, (uint8_t)oid->oid.len);
	writer_bytes(&w, bytes_of(oid->oid.data, oid->oid.len));
	*item = (SECItem){ siBuffer, room, (unsigned)w.used };
	return writer_ok(&w);
}

static SECKEYPrivateKey *generate(const struct nss_group *g, SECKEYPublicKey **public_key)
{
	static uint8_t generator[] = { 2 };
	uint8_t room[32];
	SECItem curve = { siBuffer, NULL, 0 };
	SECKEYDHParams dh = { NULL, { siBuffer, NULL, 0 }, { siBuffer, NULL, 0 } };
	PK11SlotInfo *slot = PK11_GetInternalSlot();
	SECKEYPrivateKey *made = NULL;
	void *parameters = &dh;

	dh.prime = item_of(g->prime);
	dh.base = (SECItem){ siBuffer, generator, sizeof(generator) };
	if (g->curve != SEC_OID_UNKNOWN) {
		parameters = &curve;
		if (!curve_parameters(g->curve, room, sizeof(room), &curve))
			slot = NULL;
	}
	if (slot) {
		made = PK11_GenerateKeyPairWithFlags(slot, g->make, parameters, public_key,
						     PK11_ATTR_SESSION | PK11_ATTR_INSENSITIVE | PK11_ATTR_PUBLIC, NULL);
		PK11_FreeSlot(slot);
	}
	return made;
}

/* The public value in wire form: exact length, left-padded for MODP, without the point's 0x04. */
static bool wire_value(const struct nss_group *g, const SECKEYPublicKey *key, struct blob *out)
{
	size_t want = group_find(g->id)->public_octets;
	const SECItem *value = g->prime.len ? &key->u.dh.publicValue : &key->u.ec.publicValue;
	struct bytes b = bytes_of(value->data, value->len);

	if (g->point) {
		if (b.len != want + 1 || b.at[0] != 0x04)
			return false;
		b = bytes_of(b.at + 1, want);
	}
	while (b.len > want && b.at[0] == 0)
		b = bytes_of(b.at + 1, b.len - 1);
	if (b.len > want || !blob_make(out, want))
		return false;
	memcpy(out->data + want - b.len, b.at, b.len);
	return true;
}

bool nss_ke_make(void *self, uint16_t group, struct ke_secret **secret, struct blob *public_value)
{
	const struct nss_group *g = find(group);
	struct ke_secret *made = g ? calloc(1, sizeof(*made)) : NULL;

	if (!made)
		return false;
	made->private_key = generate(g, &made->public_key);
	if (!made->private_key || !made->public_key || !wire_value(g, made->public_key, public_value)) {
		nss_ke_discard(self, made);
		return false;
	}
	*secret = made;
	return true;
}

void nss_ke_discard(void *self, struct ke_secret *secret)
{
	if (!secret)
		return;
	if (secret->private_key)
		SECKEY_DestroyPrivateKey(secret->private_key);
	if (secret->public_key)
		SECKEY_DestroyPublicKey(secret->public_key);
	free(secret);
}

/* 1 < r < p - 1 (checklist D1). */
static bool modp_in_range(struct bytes value, struct bytes prime)
{
	uint8_t most[256], least[256] = { 0 };

	memcpy(most, prime.at, sizeof(most));
	most[255] -= 1; /* the prime is odd */
	least[255] = 1;
	return bytes_compare(value, BYTES_OF_ARRAY(most)) < 0 && bytes_compare(value, BYTES_OF_ARRAY(least)) > 0;
}

static bool all_zero(struct bytes b)
{
	uint8_t any = 0;

	for (size_t i = 0; i < b.len; i++)
		any |= b.at[i];
	return any == 0;
}

/* The peer's value as an NSS key in an arena of its own. */
static SECKEYPublicKey *peer_key(const struct nss_group *g, struct bytes value)
{
	PLArenaPool *arena = PORT_NewArena(DER_DEFAULT_CHUNKSIZE);
	SECKEYPublicKey *key = arena ? PORT_ArenaZNew(arena, SECKEYPublicKey) : NULL;
	uint8_t room[32], point[1 + 64];
	SECItem curve, item = item_of(value), prime = item_of(g->prime), base;
	static uint8_t two[] = { 2 };
	bool ok = key != NULL;

	if (!arena)
		return NULL;
	if (ok) {
		key->arena = arena;
		key->pkcs11ID = CK_INVALID_HANDLE;
		key->keyType = g->prime.len ? dhKey : ecKey;
	}
	if (ok && g->prime.len) {
		base = (SECItem){ siBuffer, two, sizeof(two) };
		ok = SECITEM_CopyItem(arena, &key->u.dh.prime, &prime) == SECSuccess &&
		     SECITEM_CopyItem(arena, &key->u.dh.base, &base) == SECSuccess &&
		     SECITEM_CopyItem(arena, &key->u.dh.publicValue, &item) == SECSuccess;
	} else if (ok) {
		if (g->point) {
			point[0] = 0x04;
			memcpy(point + 1, value.at, value.len);
			item = (SECItem){ siBuffer, point, sizeof(point) };
		}
		key->u.ec.encoding = g->point ? ECPoint_Uncompressed : ECPoint_XOnly;
		ok = curve_parameters(g->curve, room, sizeof(room), &curve) &&
		     SECITEM_CopyItem(arena, &key->u.ec.DEREncodedParams, &curve) == SECSuccess &&
		     SECITEM_CopyItem(arena, &key->u.ec.publicValue, &item) == SECSuccess;
	}
	if (ok)
		return key;
	PORT_FreeArena(arena, PR_FALSE);
	return NULL;
}

/* Left-pads to the group's length (RFC 7296 2.14): softoken strips leading zeros of MODP secrets. */
static bool take_secret(PK11SymKey *derived, size_t want, struct blob *shared)
{
	const SECItem *data = PK11_ExtractKeyValue(derived) == SECSuccess ? PK11_GetKeyData(derived) : NULL;

	if (!data || data->len > want || !blob_make(shared, want))
		return false;
	memcpy(shared->data + want - data->len, data->data, data->len);
	return true;
}

bool nss_ke_share(void *self, uint16_t group, const struct ke_secret *secret, struct bytes peer_value,
		  struct blob *shared)
{
	const struct nss_group *g = find(group);
	const struct group_row *row = group_find(group);
	SECKEYPublicKey *peer;
	PK11SymKey *derived;
	bool ok;

	if (!g || !row || !secret || peer_value.len != row->public_octets || all_zero(peer_value))
		return false;
	if (g->prime.len && !modp_in_range(peer_value, g->prime))
		return false;
	peer = peer_key(g, peer_value);
	if (!peer)
		return false;
	derived = g->prime.len ? PK11_PubDerive(secret->private_key, peer, PR_FALSE, NULL, NULL, g->derive,
						CKM_CONCATENATE_DATA_AND_BASE, CKA_DERIVE, 0, NULL) :
				 PK11_PubDeriveWithKDF(secret->private_key, peer, PR_FALSE, NULL, NULL, g->derive,
						       CKM_CONCATENATE_DATA_AND_BASE, CKA_DERIVE, 0, CKD_NULL, NULL, NULL);
	SECKEY_DestroyPublicKey(peer);
	if (!derived)
		return false;
	ok = take_secret(derived, row->shared_octets, shared);
	PK11_FreeSymKey(derived);
	/* A point of small order leads to zero (RFC 7748 6.1). */
	return ok && !all_zero(bytes_of_blob(shared));
}
