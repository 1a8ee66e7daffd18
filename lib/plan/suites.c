/*
 * ike= and esp= (suites.h). RFC 8247 and RFC 8221 say what is too weak to be configured. A proposal is
 * taken apart at '-' and ';'; each part is a cipher, a hash or a group by what it is called, so that
 * "aes256-sha2_256-modp2048", "aes256-sha2_256;modp2048" and "aes_gcm256-dh31" all read well.
 */
#include "suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PART_ROWS 8 /* room for every group that we know */
#define BREVITIES 3

/* One proposal: the alternatives of each place. */
struct proposal {
	const struct encr_row *encr[PART_ROWS];
	const struct prf_row *prf[PART_ROWS];
	const struct integ_row *integ[PART_ROWS]; /* beside prf: the same word means both */
	const struct group_row *group[PART_ROWS];
	size_t encrs, hashes, groups;
};

static const struct {
	const char *word, *why;
} weak[] = {
	{ "3des", "64-bit blocks are too small" },
	{ "3des_cbc", "64-bit blocks are too small" },
	{ "des", "56-bit keys are too short" },
	{ "cast", "64-bit blocks are too small" },
	{ "blowfish", "64-bit blocks are too small" },
	{ "null", "it does not encrypt" },
	{ "null_auth_aes_gmac", "it does not encrypt" },
	{ "md5", "MD5 is broken" },
	{ "hmac_md5", "MD5 is broken" },
	{ "sha1", "SHA-1 is too weak" },
	{ "sha", "SHA-1 is too weak" },
	{ "hmac_sha1", "SHA-1 is too weak" },
	{ "dh1", "the group is too small" },
	{ "modp768", "the group is too small" },
	{ "dh2", "the group is too small" },
	{ "modp1024", "the group is too small" },
	{ "dh5", "the group is too small" },
	{ "modp1536", "the group is too small" },
	{ "dh22", "the group is too small" },
	{ "dh23", "the group has small subgroups" },
	{ "dh24", "the group has small subgroups" },
};

static const char *const later[] = {
	"aes192",   "aes_gcm192", "aes_gcm_a",  "aes_gcm_b", "aes_gcm_8",   "aes_gcm_12", "aes_ctr",
	"aes_ccm",  "aes_ccm128", "aes_ccm256", "camellia",  "camellia256", "aes_xcbc",   "aes_cmac",
	"modp6144", "dh17",       "modp8192",   "dh18",      "ml_kem_512",  "ml_kem_768", "ml_kem_1024",
};

static bool fault_set(struct suite_fault *fault, const char *word, const char *what, const char *why)
{
	snprintf(fault->word, sizeof(fault->word), "%s", word);
	snprintf(fault->what, sizeof(fault->what), "%s%s%s%s", what, why ? " (" : "", why ? why : "",
		 why ? ")" : "");
	return false;
}

static bool fault_unknown(struct suite_fault *fault, const char *word)
{
	struct nearest nearest = nearest_of(word);

	for (size_t i = 0; i < ARRAY_LENGTH(weak); i++) {
		if (strcasecmp(word, weak[i].word) == 0)
			return fault_set(fault, word, "algorithm is too weak and is refused", weak[i].why);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(later); i++) {
		if (strcasecmp(word, later[i]) == 0)
			return fault_set(fault, word, "algorithm is not supported yet", NULL);
	}
	for (size_t i = 0; i < encr_count; i++)
		nearest_try(&nearest, encr_table[i].name);
	for (size_t i = 0; i < prf_count; i++)
		nearest_try(&nearest, prf_table[i].name);
	for (size_t i = 0; i < group_count; i++) {
		nearest_try(&nearest, group_table[i].name);
		nearest_try(&nearest, group_table[i].other_name);
	}
	fault->nearest = nearest.best;
	return fault_set(fault, word, "unknown algorithm", NULL);
}

static bool add_encr(struct proposal *p, const char *word, struct suite_fault *fault)
{
	const struct encr_row *row = encr_find_name(word);
	/* A cipher whose key length is left out stands for both lengths, the longer first. */
	bool gcm = strcasecmp(word, "aes_gcm") == 0 || strcasecmp(word, "aes_gcm_16") == 0 ||
		   strcasecmp(word, "aes_gcm_c") == 0;
	bool cbc = strcasecmp(word, "aes") == 0 || strcasecmp(word, "aes_cbc") == 0;

	if (p->encrs + 1 + (gcm || cbc) > PART_ROWS)
		return fault_set(fault, word, "too many alternatives", NULL);
	if (gcm || cbc) {
		p->encr[p->encrs++] = encr_find(gcm ? ENCR_AES_GCM_16 : ENCR_AES_CBC, 256);
		p->encr[p->encrs++] = encr_find(gcm ? ENCR_AES_GCM_16 : ENCR_AES_CBC, 128);
	} else if (row) {
		p->encr[p->encrs++] = row;
	} else {
		return fault_unknown(fault, word);
	}
	return true;
}

/* A part behind the cipher: a hash, a group, or "none" in the place of the integrity of an AEAD cipher. */
static bool add_part(struct proposal *p, const char *word, bool ike, struct suite_fault *fault)
{
	const struct prf_row *prf = prf_find_name(word);
	const struct group_row *group = group_find_name(word);
	bool aead = p->encr[0]->aead;

	if (prf && !ike && aead)
		return fault_set(fault, word, "this cipher takes no integrity algorithm in esp", NULL);
	if (prf && p->groups)
		return fault_set(fault, word, "hash stands behind a group", NULL);
	if ((prf && p->hashes == PART_ROWS) || (group && p->groups == PART_ROWS))
		return fault_set(fault, word, "too many alternatives", NULL);
	if (prf) {
		p->integ[p->hashes] = integ_find_name(word);
		p->prf[p->hashes++] = prf;
	} else if (group) {
		p->group[p->groups++] = group;
	} else if (strcasecmp(word, "none") == 0 || (aead && strcasecmp(word, "null") == 0)) {
		/* Behind a hash of ESP it means: no group of its own at rekeying. */
		if (!aead && (ike || !p->hashes))
			return fault_set(fault, word, "this cipher needs an integrity algorithm", NULL);
	} else {
		return fault_unknown(fault, word);
	}
	return true;
}

/* One proposal. text is changed; base is where all proposals begin, for the place of a fault. */
static bool proposal_read(char *text, const char *base, bool ike, struct proposal *p,
			  struct suite_fault *fault)
{
	char *rest = text, *part, *word;
	bool first = true;

	memset(p, 0, sizeof(*p));
	while ((part = strsep(&rest, "-;")) != NULL) {
		while ((word = strsep(&part, "+")) != NULL) {
			word += strspn(word, " \t");
			word[strcspn(word, " \t")] = '\0';
			fault->offset = (size_t)(word - base);
			if (!*word)
				return fault_set(fault, "", "proposal with an empty part", NULL);
			if (!(first ? add_encr(p, word, fault) : add_part(p, word, ike, fault)))
				return false;
		}
		first = false;
	}
	return true;
}

static bool suite_add(struct suite *suites, size_t *count, const struct suite *suite)
{
	for (size_t i = 0; i < *count; i++) {
		if (suite_equal(&suites[i], suite))
			return true;
	}
	if (*count == CONN_SUITES)
		return false;
	suites[(*count)++] = *suite;
	return true;
}

/*
 * What was left out. There is room for CONN_SUITES combinations only: the briefer we must be, the fewer
 * alternatives we fill in, rather than drop a cipher that was written.
 */
static void proposal_defaults(struct proposal *p, const struct encr_row *encr, bool ike, unsigned brevity)
{
	if (!p->hashes && (ike || !encr->aead)) {
		/* With AEAD the hash is the PRF alone, and the larger costs nothing. */
		if (ike && encr->aead && brevity == 0)
			p->prf[p->hashes++] = prf_find(PRF_HMAC_SHA2_512);
		p->prf[p->hashes++] = prf_find(PRF_HMAC_SHA2_256);
		for (size_t i = 0; i < p->hashes; i++)
			p->integ[i] = integ_find_name(p->prf[i]->name);
	}
	if (ike && !p->groups) {
		p->group[p->groups++] = group_find(KE_CURVE25519);
		if (brevity < 2)
			p->group[p->groups++] = group_find(KE_ECP_256);
		p->group[p->groups++] = group_find(KE_MODP_2048);
	}
}

/* All combinations of one cipher's proposal; false: no room. */
static bool proposal_expand(const struct proposal *written, const struct encr_row *encr, bool ike,
			    unsigned brevity, struct suite *suites, size_t *count)
{
	struct proposal p = *written;

	proposal_defaults(&p, encr, ike, brevity);
	for (size_t h = 0; h < (p.hashes ? p.hashes : 1); h++) {
		for (size_t g = 0; g < (p.groups ? p.groups : 1); g++) {
			struct suite suite;

			memset(&suite, 0, sizeof(suite));
			suite.encr = encr->id;
			suite.encr_bits = encr->key_bits;
			suite.prf = ike ? p.prf[h]->id : 0;
			suite.integ = encr->aead ? INTEG_NONE : p.integ[h]->id;
			suite.ke = p.groups ? p.group[g]->id : KE_NONE;
			if (!suite_add(suites, count, &suite))
				return false;
		}
	}
	return true;
}

static bool suites_expand(const char *text, bool ike, unsigned brevity, struct suite *found, size_t *n,
			  struct suite_fault *fault, bool *full)
{
	char *copy = strdup(text), *rest = copy, *one;
	bool ok = copy || fault_set(fault, "", "no memory", NULL);

	*full = false;
	*n = 0;
	while (ok && (one = strsep(&rest, ",")) != NULL) {
		struct proposal p;

		ok = proposal_read(one, copy, ike, &p, fault);
		for (size_t i = 0; ok && i < p.encrs; i++) {
			*full = !proposal_expand(&p, p.encr[i], ike, brevity, found, n);
			ok = !*full || fault_set(fault, "", "too many combinations", NULL);
		}
	}
	free(copy);
	return ok;
}

/* @rfc 7296-3.3.4-1 */
bool suites_read(const char *text, bool ike, struct suite *suites, size_t *count, struct suite_fault *fault)
{
	struct suite found[CONN_SUITES];
	bool ok = false, full = true;
	size_t n = 0;

	memset(found, 0, sizeof(found));
	for (unsigned brevity = 0; full && brevity < BREVITIES; brevity++)
		ok = suites_expand(text, ike, brevity, found, &n, fault, &full);
	if (ok) {
		memset(suites, 0, sizeof(found));
		memcpy(suites, found, n * sizeof(*found));
		*count = n;
	}
	return ok;
}

void suites_default(bool ike, struct suite *suites, size_t *count)
{
	/* The most wanted first; within a cipher the groups by what they cost. */
	static const char ike_text[] =
		"aes_gcm256-sha2_512+sha2_256-dh31+dh19+dh14,"
		"chacha20_poly1305-sha2_512+sha2_256-dh31+dh19,aes256-sha2_256-dh31+dh19+dh14";
	static const char esp_text[] = "aes_gcm256,aes_gcm128,chacha20_poly1305,aes256-sha2_256";
	struct suite_fault fault = { "", "", NULL, 0 };

	*count = 0;
	(void)!suites_read(ike ? ike_text : esp_text, ike, suites, count, &fault);
}
