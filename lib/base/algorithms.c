/*
 * The tables of algorithms (algorithms.h). IANA "Internet Key Exchange Version 2 (IKEv2) Parameters";
 * RFC 8247 and RFC 8221 say which are fit. A new one is a row.
 */
#include "algorithms.h"

#include <stdio.h>
#include <strings.h>

const struct encr_row encr_table[] = {
	{ ENCR_AES_GCM_16, 256, "aes_gcm256", 32, 4, 8, 16, 1, true }, /* RFC 5282 */
	{ ENCR_AES_GCM_16, 128, "aes_gcm128", 16, 4, 8, 16, 1, true },
	{ ENCR_CHACHA20_POLY1305, 0, "chacha20_poly1305", 32, 4, 8, 16, 1, true }, /* RFC 7634 */
	{ ENCR_AES_CBC, 256, "aes256", 32, 0, 16, 0, 16, false }, /* RFC 3602 */
	{ ENCR_AES_CBC, 128, "aes128", 16, 0, 16, 0, 16, false },
};
const size_t encr_count = ARRAY_LENGTH(encr_table);

/* @rfc 7296-2.13-3 */
const struct prf_row prf_table[] = {
	{ PRF_HMAC_SHA2_256, "sha2_256", 32, HASH_SHA2_256 }, /* RFC 4868 */
	{ PRF_HMAC_SHA2_384, "sha2_384", 48, HASH_SHA2_384 },
	{ PRF_HMAC_SHA2_512, "sha2_512", 64, HASH_SHA2_512 },
};
const size_t prf_count = ARRAY_LENGTH(prf_table);

const struct integ_row integ_table[] = {
	{ INTEG_NONE, "none", 0, 0, HASH_SHA2_256 },
	{ INTEG_HMAC_SHA2_256_128, "sha2_256", 32, 16, HASH_SHA2_256 }, /* RFC 4868 */
	{ INTEG_HMAC_SHA2_384_192, "sha2_384", 48, 24, HASH_SHA2_384 },
	{ INTEG_HMAC_SHA2_512_256, "sha2_512", 64, 32, HASH_SHA2_512 },
};
const size_t integ_count = ARRAY_LENGTH(integ_table);

const struct group_row group_table[] = {
	{ KE_MODP_2048, "modp2048", "dh14", 256, 256 }, /* RFC 3526 */
	{ KE_MODP_3072, "modp3072", "dh15", 384, 384 },
	{ KE_MODP_4096, "modp4096", "dh16", 512, 512 },
	{ KE_ECP_256, "dh19", "ecp256", 64, 32 }, /* RFC 5903 */
	{ KE_ECP_384, "dh20", "ecp384", 96, 48 },
	{ KE_ECP_521, "dh21", "ecp521", 132, 66 }, /* 521 bits in 66 octets */
	{ KE_CURVE25519, "dh31", "x25519", 32, 32 }, /* RFC 8031 */
};
const size_t group_count = ARRAY_LENGTH(group_table);

/* Other spellings that configurations in the field use. */
static const struct {
	const char *other, *name;
} spellings[] = {
	{ "aes_gcm", "aes_gcm256" },
	{ "aes_gcm_256", "aes_gcm256" },
	{ "aes_gcm_16_256", "aes_gcm256" },
	{ "aes_gcm_c_256", "aes_gcm256" },
	{ "aes256gcm16", "aes_gcm256" },
	{ "aes256gcm128", "aes_gcm256" },
	{ "aes_gcm_128", "aes_gcm128" },
	{ "aes_gcm_16_128", "aes_gcm128" },
	{ "aes_gcm_c_128", "aes_gcm128" },
	{ "aes128gcm16", "aes_gcm128" },
	{ "aes128gcm128", "aes_gcm128" },
	{ "chacha20poly1305", "chacha20_poly1305" },
	{ "aes", "aes256" },
	{ "aes_256", "aes256" },
	{ "aes_cbc256", "aes256" },
	{ "aes_cbc_256", "aes256" },
	{ "aes_128", "aes128" },
	{ "aes_cbc128", "aes128" },
	{ "aes_cbc_128", "aes128" },
	{ "sha2", "sha2_256" },
	{ "sha256", "sha2_256" },
	{ "hmac_sha2_256", "sha2_256" },
	{ "sha2_256_128", "sha2_256" },
	{ "hmac_sha2_256_128", "sha2_256" },
	{ "sha384", "sha2_384" },
	{ "hmac_sha2_384", "sha2_384" },
	{ "sha2_384_192", "sha2_384" },
	{ "hmac_sha2_384_192", "sha2_384" },
	{ "sha512", "sha2_512" },
	{ "hmac_sha2_512", "sha2_512" },
	{ "sha2_512_256", "sha2_512" },
	{ "hmac_sha2_512_256", "sha2_512" },
	{ "ecp_256", "dh19" },
	{ "ecp_384", "dh20" },
	{ "ecp_521", "dh21" },
	{ "curve25519", "dh31" },
};

static const char *proper_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(spellings); i++) {
		if (strcasecmp(name, spellings[i].other) == 0)
			return spellings[i].name;
	}
	return name;
}

const struct encr_row *encr_find(uint16_t id, uint16_t key_bits)
{
	for (size_t i = 0; i < encr_count; i++) {
		if (encr_table[i].id == id && encr_table[i].key_bits == key_bits)
			return &encr_table[i];
	}
	return NULL;
}

const struct prf_row *prf_find(uint16_t id)
{
	for (size_t i = 0; i < prf_count; i++) {
		if (prf_table[i].id == id)
			return &prf_table[i];
	}
	return NULL;
}

const struct integ_row *integ_find(uint16_t id)
{
	for (size_t i = 0; i < integ_count; i++) {
		if (integ_table[i].id == id)
			return &integ_table[i];
	}
	return NULL;
}

const struct group_row *group_find(uint16_t id)
{
	for (size_t i = 0; i < group_count; i++) {
		if (group_table[i].id == id)
			return &group_table[i];
	}
	return NULL;
}

const struct encr_row *encr_find_name(const char *name)
{
	name = proper_name(name);
	for (size_t i = 0; i < encr_count; i++) {
		if (strcasecmp(encr_table[i].name, name) == 0)
			return &encr_table[i];
	}
	return NULL;
}

const struct prf_row *prf_find_name(const char *name)
{
	name = proper_name(name);
	for (size_t i = 0; i < prf_count; i++) {
		if (strcasecmp(prf_table[i].name, name) == 0)
			return &prf_table[i];
	}
	return NULL;
}

const struct integ_row *integ_find_name(const char *name)
{
	name = proper_name(name);
	for (size_t i = 0; i < integ_count; i++) {
		if (strcasecmp(integ_table[i].name, name) == 0)
			return &integ_table[i];
	}
	return NULL;
}

const struct group_row *group_find_name(const char *name)
{
	name = proper_name(name);
	for (size_t i = 0; i < group_count; i++) {
		if (strcasecmp(group_table[i].name, name) == 0 ||
		    strcasecmp(group_table[i].other_name, name) == 0)
			return &group_table[i];
	}
	return NULL;
}

size_t hash_octets(enum hash_id hash)
{
	switch (hash) {
	case HASH_SHA1:
		return 20;
	case HASH_SHA2_256:
		return 32;
	case HASH_SHA2_384:
		return 48;
	case HASH_SHA2_512:
		return 64;
	}
	return 0;
}

bool suite_equal(const struct suite *a, const struct suite *b)
{
	return a->encr == b->encr && a->encr_bits == b->encr_bits && a->prf == b->prf &&
	       a->integ == b->integ && a->ke == b->ke && a->esn == b->esn;
}

const char *suite_print(const struct suite *s, char text[80])
{
	const struct encr_row *encr = encr_find(s->encr, s->encr_bits);
	const struct prf_row *prf = prf_find(s->prf);
	const struct integ_row *integ = integ_find(s->integ);
	const struct group_row *group = group_find(s->ke);

	snprintf(text, 80, "%s%s%s%s%s%s%s", encr ? encr->name : "?", integ && integ->id ? "-" : "",
		 integ && integ->id ? integ->name : "", prf ? (integ && integ->id ? ";" : "-") : "",
		 prf ? prf->name : "", group ? "-" : "", group ? group->name : "");
	return text;
}
