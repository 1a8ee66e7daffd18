/*
 * The algorithms that Cygnet knows, as tables: number (IANA "IKEv2 Parameters"), name in ipsec.conf,
 * sizes. A new cipher or group is one row here, one in lib/crypto and, for ESP, one in lib/kernel.
 */
#ifndef CYGNET_ALGORITHMS_H
#define CYGNET_ALGORITHMS_H

#include "bytes.h"

/* RFC 7296 3.3.2 */
enum transform_type {
	TRANSFORM_ENCR = 1,
	TRANSFORM_PRF = 2,
	TRANSFORM_INTEG = 3,
	TRANSFORM_KE = 4,
	TRANSFORM_ESN = 5,
};

enum {
	ENCR_AES_CBC = 12,
	ENCR_AES_GCM_16 = 20,
	ENCR_CHACHA20_POLY1305 = 28,

	PRF_HMAC_SHA2_256 = 5,
	PRF_HMAC_SHA2_384 = 6,
	PRF_HMAC_SHA2_512 = 7,

	INTEG_NONE = 0,
	INTEG_HMAC_SHA2_256_128 = 12,
	INTEG_HMAC_SHA2_384_192 = 13,
	INTEG_HMAC_SHA2_512_256 = 14,

	KE_NONE = 0,
	KE_MODP_2048 = 14,
	KE_MODP_3072 = 15,
	KE_MODP_4096 = 16,
	KE_ECP_256 = 19,
	KE_ECP_384 = 20,
	KE_ECP_521 = 21,
	KE_CURVE25519 = 31,

	ESN_NO = 0,
	ESN_YES = 1,
};

/* RFC 7427 4 (hash algorithm identifiers of SIGNATURE_HASH_ALGORITHMS); SHA-1 is here for NAT detection only. */
enum hash_id {
	HASH_SHA1 = 1,
	HASH_SHA2_256 = 2,
	HASH_SHA2_384 = 3,
	HASH_SHA2_512 = 4,
};

#define HASH_OCTETS_MAX 64
#define PRF_OCTETS_MAX 64
#define ENCR_KEY_OCTETS_MAX 36 /* key and salt */
#define INTEG_KEY_OCTETS_MAX 64
#define IV_OCTETS_MAX 16
#define ICV_OCTETS_MAX 32
#define KE_OCTETS_MAX 512 /* the longest public value, and the longest shared secret */

struct encr_row {
	uint16_t id;
	uint16_t key_bits; /* as sent in the key length attribute; 0: no attribute (RFC 7634) */
	const char *name; /* as in ipsec.conf: "aes_gcm256" */
	uint8_t key_octets; /* without salt */
	uint8_t salt_octets; /* taken from KEYMAT after the key (RFC 5282, RFC 7634) */
	uint8_t iv_octets; /* on the wire */
	uint8_t icv_octets; /* 0 for a cipher that needs an INTEG */
	uint8_t block_octets; /* what IKE pads to (1: no need) */
	bool aead;
};

struct prf_row {
	uint16_t id;
	const char *name; /* "sha2_256" */
	uint8_t octets; /* output, and preferred key length */
	enum hash_id hash;
};

struct integ_row {
	uint16_t id;
	const char *name; /* "sha2_256", "none" */
	uint8_t key_octets;
	uint8_t icv_octets;
	enum hash_id hash;
};

struct group_row {
	uint16_t id;
	const char *name; /* "modp2048", "dh19", "dh31" */
	const char *other_name; /* "dh14", "ecp256", "x25519" ("curve25519" and "ecp_256" are accepted too) */
	uint16_t public_octets; /* exact length of the KE data on the wire */
	uint16_t shared_octets;
};

/* The row of a number (and of a key length, for ciphers), or NULL. */
const struct encr_row *encr_find(uint16_t id, uint16_t key_bits);
const struct prf_row *prf_find(uint16_t id);
const struct integ_row *integ_find(uint16_t id);
const struct group_row *group_find(uint16_t id);

/* The row of a name as in ipsec.conf (spellings of libreswan accepted: aes_gcm256, aes_gcm_16_256, aes256, chacha20_poly1305 ...). */
const struct encr_row *encr_find_name(const char *name);
const struct prf_row *prf_find_name(const char *name);
const struct integ_row *integ_find_name(const char *name);
const struct group_row *group_find_name(const char *name);

/* The whole tables, for tests and messages ("known ciphers are ..."). */
extern const struct encr_row encr_table[];
extern const size_t encr_count;
extern const struct prf_row prf_table[];
extern const size_t prf_count;
extern const struct integ_row integ_table[];
extern const size_t integ_count;
extern const struct group_row group_table[];
extern const size_t group_count;

size_t hash_octets(enum hash_id hash);

/*
 * One acceptable combination, for IKE or for ESP. 0 in integ: none (AEAD). 0 in ke: none.
 * A conn's ike= and esp= lines become a list of these (plan.h), tried in order.
 */
struct suite {
	uint16_t encr, encr_bits;
	uint16_t prf; /* 0 for ESP */
	uint16_t integ;
	uint16_t ke; /* ESP: the group of PFS at rekey; 0 for none */
	bool esn; /* ESP only */
};

bool suite_equal(const struct suite *a, const struct suite *b);
/* "aes_gcm256-sha2_256-dh31" */
const char *suite_print(const struct suite *s, char text[80]);

#endif
