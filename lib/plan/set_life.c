/* Setters of keywords about the lives of SAs, the size of messages and half-open peers (words.h). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "values.h"
#include "words.h"

#define BYTES_LEAST 65536 /* an SA that is rekeyed more often than that does nothing else */
#define PACKETS_LEAST 1000
#define DATAGRAM_LEAST 256 /* room for headers, one IV, one ICV and something to say */

static void *field_of(const struct setting *s)
{
	return (char *)s->base + s->row->offset;
}

bool set_fuzz(struct setting *s)
{
	unsigned *field = field_of(s);
	char copy[16];
	unsigned long percent;
	size_t len = strlen(s->value);

	if (len >= sizeof(copy))
		return setting_refuse(s, NULL, "not a percentage");
	strcpy(copy, s->value);
	if (len && copy[len - 1] == '%')
		copy[len - 1] = '\0';
	if (!value_number(copy, 1000, &percent))
		return setting_refuse(s, NULL, "not a percentage");
	*field = (unsigned)percent;
	return true;
}

/* A number with a binary suffix: 100M, 2GiB, 1TB. */
static bool amount(const char *text, uint64_t *value)
{
	static const char suffixes[] = "kmgtpe";
	char *end;
	const char *at;
	uint64_t n;
	unsigned shift = 0;

	if (*text < '0' || *text > '9')
		return false;
	n = strtoull(text, &end, 10);
	at = *end ? strchr(suffixes, *end | 0x20) : NULL;
	if (at) {
		shift = 10u * (unsigned)(at - suffixes + 1);
		end++;
		if (*end == 'i')
			end++;
	}
	if (*end == 'B' || *end == 'b')
		end++;
	if (*end || (shift && n > UINT64_MAX >> shift))
		return false;
	*value = n << shift;
	return true;
}

static bool set_amount(struct setting *s, uint64_t least)
{
	uint64_t *field = field_of(s), value;

	if (!amount(s->value, &value))
		return setting_refuse(s, NULL, "not an amount");
	if (value && value < least)
		return setting_refuse(s, NULL, "so little that rekeying would never end");
	*field = value;
	return true;
}

bool set_bytes(struct setting *s)
{
	return set_amount(s, BYTES_LEAST);
}

bool set_packets(struct setting *s)
{
	return set_amount(s, PACKETS_LEAST);
}

bool set_datagram(struct setting *s)
{
	uint16_t *field = field_of(s);
	unsigned long value;

	if (!value_number(s->value, UINT16_MAX, &value) || (value && value < DATAGRAM_LEAST))
		return setting_refuse(s, NULL, "not a size that a datagram can have");
	*field = (uint16_t)value;
	return true;
}

bool set_liveness(struct setting *s)
{
	msec *field = field_of(s), span;

	if (!value_time(s->value, SECONDS(1), &span) || span < 0)
		return setting_refuse(s, NULL, "not a time");
	*field = span ? span : MSEC_NEVER;
	return true;
}

bool set_half_open(struct setting *s)
{
	unsigned *field = field_of(s);
	unsigned long value;

	if (!value_number(s->value, 100000, &value) || !value)
		return setting_refuse(s, NULL, "not a number of half-open IKE SAs");
	*field = (unsigned)value;
	return true;
}
