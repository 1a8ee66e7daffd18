/* Simulated DNS (names.h). */
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instant.h"
#include "public_key.h"

void names_key(size_t node, uint8_t out[NAMES_KEY_OCTETS])
{
	out[0] = 3;
	out[1] = 1;
	out[2] = 0;
	out[3] = 1;
	memset(out + 4, 0xa0 + (int)node, 256);
	out[259] |= 1;
}

char *names_key_text(size_t node)
{
	uint8_t raw[NAMES_KEY_OCTETS];
	char *encoded, *text = NULL;

	names_key(node, raw);
	encoded = base64_encode(BYTES_OF_ARRAY(raw));
	if (encoded && asprintf(&text, "0s%s", encoded) < 0)
		text = NULL;
	free(encoded);
	return text;
}

static enum dns_verdict verdict_of(const char *word)
{
	return strcmp(word, "bogus") == 0                                            ? DNS_BOGUS
	       : strcmp(word, "failed") == 0                                         ? DNS_FAILED
	       : strcmp(word, "insecure") == 0 || strcmp(word, "none-insecure") == 0 ? DNS_INSECURE
										     : DNS_SECURE;
}

struct dns_answer *names_answer(const struct dns_question *q, const char *word)
{
	struct dns_answer *a = strcmp(word, "silent") == 0 ? NULL : calloc(1, sizeof(*a));
	uint8_t rdata[3 + NAMES_KEY_OCTETS];
	size_t of = (size_t)atoi(q->name) - 1;

	if (!a)
		return NULL;
	a->ttl = SECONDS(60);
	a->verdict = verdict_of(word);
	if (q->type != DNS_IPSECKEY || a->verdict == DNS_BOGUS || a->verdict == DNS_FAILED ||
	    strncmp(word, "none", 4) == 0)
		return a;
	rdata[0] = 10;
	rdata[1] = 0;
	rdata[2] = strcmp(word, "malformed") == 0 ? 77 : 2;
	names_key(strcmp(word, "wrong-key") == 0 ? of + 20 : of, rdata + 3);
	a->count = blob_copy(&a->records[0].rdata, BYTES_OF_ARRAY(rdata));
	return a;
}
