/*
 * The key log: a line for each IKE SA as Wireshark's ikev2_decryption_table wants it, so that its owner can
 * read his own traffic. Who has the file can read it too.
 */
#include <errno.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"

FILE *keylog_open(const char *file, char why[256])
{
	int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *f = fd < 0 || fchmod(fd, 0600) < 0 ? NULL : fdopen(fd, "a");

	if (!f) {
		snprintf(why, 256, "%s: %s", file, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	setvbuf(f, NULL, _IOLBF, 0);
	return f;
}

static void put_hex(FILE *f, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fprintf(f, "%02x", at[i]);
}

/* Wireshark's own names of algorithms. ChaCha20 is unknown to it; the line is still good for our decoder. */
static const char *encr_name(const struct encr_row *row)
{
	if (row->id == ENCR_AES_GCM_16)
		return row->key_bits == 256 ? "AES-GCM-256 with 16 octet ICV [RFC5282]"
					    : "AES-GCM-128 with 16 octet ICV [RFC5282]";
	if (row->id == ENCR_AES_CBC)
		return row->key_bits == 256 ? "AES-CBC-256 [RFC3602]" : "AES-CBC-128 [RFC3602]";
	return "CHACHA20-POLY1305 [RFC7634]";
}

static const char *integ_name(const struct integ_row *row)
{
	return row->id == INTEG_HMAC_SHA2_256_128   ? "HMAC_SHA2_256_128 [RFC4868]"
	       : row->id == INTEG_HMAC_SHA2_384_192 ? "HMAC_SHA2_384_192 [RFC4868]"
	       : row->id == INTEG_HMAC_SHA2_512_256 ? "HMAC_SHA2_512_256 [RFC4868]"
						    : "NONE [RFC4306]";
}

void keylog_write(FILE *f, const struct action *a)
{
	const struct sealing_key *i = &a->keys.key_i, *r = &a->keys.key_r;

	fprintf(f, "%016llx,%016llx,", (unsigned long long)a->keys.spi_i, (unsigned long long)a->keys.spi_r);
	put_hex(f, i->encr_key, (size_t)i->encr->key_octets + i->encr->salt_octets);
	fprintf(f, ",");
	put_hex(f, r->encr_key, (size_t)r->encr->key_octets + r->encr->salt_octets);
	fprintf(f, ",\"%s\",", encr_name(i->encr));
	put_hex(f, i->integ_key, i->integ->key_octets);
	fprintf(f, ",");
	put_hex(f, r->integ_key, r->integ->key_octets);
	fprintf(f, ",\"%s\"\n", integ_name(i->integ));
}
