/*
 * ike= and esp= lines: "cipher[-integrity][;prf]-group" for IKE and "cipher[-integrity]" for ESP, separated by
 * commas. What is left out is filled with every good choice, the best first.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "inside.h"

static const uint16_t default_prfs[] = { PRF_HMAC_SHA2_512, PRF_HMAC_SHA2_256 };
static const uint16_t default_groups[] = { KE_CURVE25519, KE_ECP_256, KE_MODP_2048 };

struct parts {
	uint16_t encr[2], bits[2];
	size_t encrs;
	uint16_t prf[2], integ[2], group[3];
	size_t prfs, integs, groups;
};

static bool add(struct suite *suites, size_t *count, const struct suite *s)
{
	for (size_t i = 0; i < *count; i++) {
		if (suite_equal(&suites[i], s))
			return true;
	}
	if (*count == CONN_SUITES)
		return false;
	suites[(*count)++] = *s;
	return true;
}

/* All combinations of the parts; groups turn fastest, so that the first suites differ in group only. */
static bool combine(const struct parts *p, bool ike, struct suite *suites, size_t *count)
{
	for (size_t e = 0; e < p->encrs; e++) {
		const struct encr_row *row = encr_find(p->encr[e], p->bits[e]);
		size_t integs = row->aead ? 1 : p->integs;

		for (size_t i = 0; i < integs; i++) {
			for (size_t f = 0; f < (ike ? p->prfs : 1); f++) {
				for (size_t g = 0; g < (ike ? p->groups : 1); g++) {
					struct suite s = { .encr = row->id, .encr_bits = row->key_bits };

					s.integ = row->aead ? INTEG_NONE : p->integ[i];
					s.prf = ike ? p->prf[f] : 0;
					s.ke = ike ? p->group[g] : KE_NONE;
					if (!add(suites, count, &s))
						return false;
				}
			}
		}
	}
	return true;
}

static void fill(struct parts *p)
{
	if (!p->integs)
		p->integ[p->integs++] = INTEG_HMAC_SHA2_256_128;
	if (!p->prfs) {
		p->prfs = ARRAY_LENGTH(default_prfs);
		memcpy(p->prf, default_prfs, sizeof(default_prfs));
	}
	if (!p->groups) {
		p->groups = ARRAY_LENGTH(default_groups);
		memcpy(p->group, default_groups, sizeof(default_groups));
	}
}

size_t suites_default(bool ike, struct suite *suites)
{
	static const struct {
		uint16_t encr, bits;
	} ciphers[] = { { ENCR_AES_GCM_16, 256 }, { ENCR_CHACHA20_POLY1305, 0 }, { ENCR_AES_GCM_16, 128 }, { ENCR_AES_CBC, 256 } };
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(ciphers); i++) {
		struct parts p = { .encr = { ciphers[i].encr }, .bits = { ciphers[i].bits }, .encrs = 1 };

		fill(&p);
		if (i > 0 && ike)
			p.prfs = 1;
		combine(&p, ike, suites, &count);
	}
	return count;
}

static bool take_cipher(struct parts *p, const char *word)
{
	const struct encr_row *row = encr_find_name(word);

	if (!row)
		return false;
	p->encr[p->encrs] = row->id;
	p->bits[p->encrs++] = row->key_bits;
	/* A cipher named without its length is good in both, the longer first. */
	if (!strcasecmp(word, "aes_gcm") || !strcasecmp(word, "aes")) {
		p->encr[p->encrs] = row->id;
		p->bits[p->encrs++] = 128;
	}
	return true;
}

/* The words after the cipher: integrity or PRF (they share names) and group. */
static bool take_word(struct parts *p, const char *word, bool ike, bool aead)
{
	const struct integ_row *integ = integ_find_name(word);
	const struct prf_row *prf = prf_find_name(word);
	const struct group_row *group = group_find_name(word);

	if (group && p->groups < ARRAY_LENGTH(p->group))
		p->group[p->groups++] = group->id;
	else if (integ && integ->id == INTEG_NONE && aead)
		return true;
	else if (prf && ike && p->prfs < ARRAY_LENGTH(p->prf)) {
		p->prf[p->prfs++] = prf->id;
		if (!aead && integ && p->integs < ARRAY_LENGTH(p->integ))
			p->integ[p->integs++] = integ->id;
	} else if (integ && !aead && p->integs < ARRAY_LENGTH(p->integ))
		p->integ[p->integs++] = integ->id;
	else
		return false;
	return true;
}

static const char *refusal(const char *word)
{
	static const char *const weak[] = { "3des", "des", "md5", "sha1", "sha", "modp1024", "modp1536", "modp768",
					    "dh1",  "dh2", "dh5", "dh22", "dh23", "dh24", "cast", "blowfish", "null" };

	for (size_t i = 0; i < ARRAY_LENGTH(weak); i++) {
		if (strcasecmp(word, weak[i]) == 0)
			return "this algorithm is too weak (RFC 8247, RFC 8221)";
	}
	return NULL;
}

static bool parse_one(struct making *m, const struct place *at, const char *text, size_t len, bool ike,
		      struct suite *suites, size_t *count)
{
	struct parts p = { 0 };
	char word[64];
	bool aead = false;
	const char *end = text + len;

	for (bool first = true; text < end; first = false) {
		size_t n = strcspn(text, "-;+,");

		if (n > (size_t)(end - text))
			n = (size_t)(end - text);
		snprintf(word, sizeof(word), "%.*s", (int)(n < sizeof(word) ? n : sizeof(word) - 1), text);
		if (first ? !take_cipher(&p, word) : !take_word(&p, word, ike, aead)) {
			struct plan_problem *pr = problem(m, at, false, word, "%s", refusal(word) ? refusal(word) :
							  first ? "unknown cipher" : "this does not fit here");
			if (pr)
				snprintf(pr->expected, sizeof(pr->expected), "%s",
					 first ? "aes_gcm256, aes_gcm128, chacha20_poly1305, aes256 or aes128" :
						 "sha2_256, sha2_384, sha2_512, dh31, dh19 or dh14");
			return false;
		}
		aead = encr_find(p.encr[0], p.bits[0])->aead;
		text += n + 1;
	}
	if (!p.encrs) {
		problem(m, at, false, text, "a proposal is empty");
		return false;
	}
	fill(&p);
	if (!combine(&p, ike, suites, count)) {
		problem(m, at, false, "", "more than %d combinations of algorithms", CONN_SUITES);
		return false;
	}
	return true;
}

bool suites_parse(struct making *m, const struct place *at, const char *text, bool ike, struct suite *suites,
		  size_t *count)
{
	*count = 0;
	while (*text) {
		size_t len;

		text += strspn(text, " \t");
		len = strcspn(text, ",");
		if (!parse_one(m, at, text, len, ike, suites, count))
			return false;
		text += len + (text[len] != '\0');
	}
	return true;
}
