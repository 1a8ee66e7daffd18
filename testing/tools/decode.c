/*
 * decode KEYLOG < packets: opens IKE packets (one a line, hexadecimal UDP payload) with a key log of ours,
 * prints each as one line, and counts; a fragment is opened for itself and not gathered. `--only NAME` looks at
 * SAs of one cipher only. Exit status 1 when one that has its keys does not open, or is malformed inside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore.h"
#include "lib/ike/wire/build.h"
#include "note.h"

#define SAS 4096

static struct entry {
	uint64_t spi_i, spi_r;
	char cipher[64];
	struct sealing_key i, r;
} * sas;
static size_t sa_count;

/* The next field of a line, without its quotes; *at moves behind its comma. */
static char *field(char **at)
{
	char *begin = *at, *end;

	if (!begin)
		return NULL;
	if (*begin == '"') {
		end = strchr(++begin, '"');
		if (!end)
			return NULL;
		*end++ = '\0';
		*at = *end == ',' ? end + 1 : NULL;
		return begin;
	}
	end = strpbrk(begin, ",\n");
	*at = end && *end == ',' ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return begin;
}

static bool take_key(const char *hex, uint8_t *out, size_t room)
{
	struct blob raw = { NULL, 0 };
	bool ok = hex && hex_decode(&raw, bytes_of_text(hex)) && raw.len <= room;

	if (ok && raw.len)
		memcpy(out, raw.data, raw.len);
	blob_discard(&raw);
	return ok;
}

static const struct encr_row *cipher_row(const char *name)
{
	if (strncmp(name, "AES-GCM-256", 11) == 0)
		return encr_find(ENCR_AES_GCM_16, 256);
	if (strncmp(name, "AES-GCM-128", 11) == 0)
		return encr_find(ENCR_AES_GCM_16, 128);
	if (strncmp(name, "AES-CBC-256", 11) == 0)
		return encr_find(ENCR_AES_CBC, 256);
	if (strncmp(name, "AES-CBC-128", 11) == 0)
		return encr_find(ENCR_AES_CBC, 128);
	if (strncmp(name, "CHACHA20", 8) == 0)
		return encr_find(ENCR_CHACHA20_POLY1305, 0);
	return NULL;
}

static const struct integ_row *integ_row_of(const char *name)
{
	return integ_find(strncmp(name, "HMAC_SHA2_256", 13) == 0   ? INTEG_HMAC_SHA2_256_128
			  : strncmp(name, "HMAC_SHA2_384", 13) == 0 ? INTEG_HMAC_SHA2_384_192
			  : strncmp(name, "HMAC_SHA2_512", 13) == 0 ? INTEG_HMAC_SHA2_512_256
								    : INTEG_NONE);
}

static bool take_line(char *line)
{
	struct entry *e = &sas[sa_count];
	char *at = line, *spi_i = field(&at), *spi_r = field(&at), *ei = field(&at), *er = field(&at);
	char *cipher = field(&at), *ai = field(&at), *ar = field(&at), *integ = field(&at);

	if (!integ || sa_count == SAS || !cipher_row(cipher))
		return false;
	e->spi_i = strtoull(spi_i, NULL, 16);
	e->spi_r = strtoull(spi_r, NULL, 16);
	snprintf(e->cipher, sizeof(e->cipher), "%s", cipher);
	e->i.encr = e->r.encr = cipher_row(cipher);
	e->i.integ = e->r.integ = integ_row_of(integ);
	sa_count += take_key(ei, e->i.encr_key, sizeof(e->i.encr_key)) &&
		    take_key(er, e->r.encr_key, sizeof(e->r.encr_key)) &&
		    take_key(ai, e->i.integ_key, sizeof(e->i.integ_key)) &&
		    take_key(ar, e->r.integ_key, sizeof(e->r.integ_key));
	return true;
}

static const struct entry *find(const struct ike_header *h)
{
	for (size_t k = 0; k < sa_count; k++) {
		if (sas[k].spi_i == h->spi_i && sas[k].spi_r == h->spi_r)
			return &sas[k];
	}
	return NULL;
}

/* 1: opened; 0: nothing of ours to open; -1: it should have opened. */
static int decode(const struct crypto *crypto, struct bytes packet, const char *only)
{
	struct blob plain = { NULL, 0 };
	const struct sealing_key *key;
	const struct entry *e;
	struct message m;
	struct text text;
	enum reason reason = message_read(packet, &m);
	int result = -1;

	e = reason == REASON_OK && m.sealed ? find(&m.header) : NULL;
	if (!e || (only && strncmp(e->cipher, only, strlen(only)) != 0))
		return 0;
	key = m.header.flags & FLAG_INITIATOR ? &e->i : &e->r;
	if (m.fragment.total)
		reason = message_open_fragment(&m, crypto, key, &plain);
	else
		reason = message_open(&m, crypto, key, &plain);
	if (reason == REASON_OK && !m.fragment.total)
		reason = message_read_inner(m.inner_first, bytes_of_blob(&plain), &m);
	if (reason == REASON_OK) {
		printf("%016llx %s\n", (unsigned long long)m.header.spi_i, message_describe(&m, &text));
		result = 1;
	} else {
		printf("%016llx message %u: %s\n", (unsigned long long)m.header.spi_i, m.header.message_id,
		       reason_sentence(reason));
	}
	blob_discard(&plain);
	return result;
}

int main(int argc, char **argv)
{
	const char *only = argc == 4 && strcmp(argv[2], "--only") == 0 ? argv[3] : NULL;
	FILE *keys = argc >= 2 ? fopen(argv[1], "r") : NULL;
	struct keystore *store;
	unsigned opened = 0, failed = 0;
	char why[256], *line = NULL;
	size_t room = 0;
	ssize_t len;

	store = keys ? keystore_open(NULL, false, why) : NULL;
	sas = calloc(SAS, sizeof(*sas));
	if (!store || !sas) {
		fprintf(stderr, "decode KEYLOG [--only CIPHER] < packets\n");
		return 2;
	}
	while (getline(&line, &room, keys) > 0)
		take_line(line);
	while ((len = getline(&line, &room, stdin)) > 0) {
		struct blob packet = { NULL, 0 };
		int result = 0;

		if (hex_decode(&packet, bytes_of(line, (size_t)len - (line[len - 1] == '\n'))))
			result = decode(keystore_crypto(store), bytes_of_blob(&packet), only);
		opened += result > 0;
		failed += result < 0;
		blob_discard(&packet);
	}
	printf("%u opened, %u not\n", opened, failed);
	free(line);
	free(sas);
	fclose(keys);
	keystore_close(store);
	return failed || !opened;
}
