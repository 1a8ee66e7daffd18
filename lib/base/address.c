/* Addresses: text, order, prefixes (address.h). Selectors are in selector.c. */
#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t address_octets(const struct address *a)
{
	return a->family == ADDRESS_V4 ? 4 : a->family == ADDRESS_V6 ? 16 : 0;
}

struct bytes address_bytes(const struct address *a)
{
	return bytes_of(a->octet, address_octets(a));
}

bool address_from_bytes(struct address *a, struct bytes b)
{
	if (b.len != 4 && b.len != 16)
		return false;
	memset(a, 0, sizeof(*a));
	a->family = b.len == 4 ? ADDRESS_V4 : ADDRESS_V6;
	memcpy(a->octet, b.at, b.len);
	return true;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return address_compare(a, b) == 0;
}

int address_compare(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->octet, b->octet, sizeof(a->octet));
}

struct address address_any(enum address_family family)
{
	return (struct address){ .family = (uint8_t)family };
}

bool address_is_any(const struct address *a)
{
	struct address any = address_any(a->family);

	return a->family != ADDRESS_NONE && address_equal(a, &any);
}

bool address_is_loopback(const struct address *a)
{
	static const uint8_t v6[16] = { [15] = 1 };

	if (a->family == ADDRESS_V4)
		return a->octet[0] == 127;
	return a->family == ADDRESS_V6 && memcmp(a->octet, v6, sizeof(v6)) == 0;
}

bool address_is_multicast(const struct address *a)
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };

	if (a->family == ADDRESS_V4)
		return (a->octet[0] & 0xf0) == 0xe0 || memcmp(a->octet, broadcast, 4) == 0;
	return a->family == ADDRESS_V6 && a->octet[0] == 0xff;
}

bool address_is_link_local(const struct address *a)
{
	if (a->family == ADDRESS_V4)
		return a->octet[0] == 169 && a->octet[1] == 254;
	return a->family == ADDRESS_V6 && a->octet[0] == 0xfe && (a->octet[1] & 0xc0) == 0x80;
}

const char *address_print(const struct address *a, char text[ADDRESS_TEXT])
{
	int family = a->family == ADDRESS_V6 ? AF_INET6 : AF_INET;

	if (a->family == ADDRESS_NONE || !inet_ntop(family, a->octet, text, ADDRESS_TEXT))
		snprintf(text, ADDRESS_TEXT, "none");
	return text;
}

bool address_parse(struct address *a, const char *text)
{
	uint8_t octets[16];

	if (inet_pton(AF_INET, text, octets) == 1)
		return address_from_bytes(a, bytes_of(octets, 4));
	if (inet_pton(AF_INET6, text, octets) == 1)
		return address_from_bytes(a, bytes_of(octets, 16));
	return false;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && address_equal(&a->address, &b->address);
}

const char *endpoint_print(const struct endpoint *e, char text[ENDPOINT_TEXT])
{
	char address[ADDRESS_TEXT];

	snprintf(text, ENDPOINT_TEXT, e->address.family == ADDRESS_V6 ? "[%s]:%u" : "%s:%u",
		 address_print(&e->address, address), e->port);
	return text;
}

/* A decimal number up to max with nothing around it. */
static bool parse_number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 5)
		return false;
	*value = strtoul(text, &end, 10);
	return *end == '\0' && *value <= max;
}

bool endpoint_parse(struct endpoint *e, const char *text)
{
	char copy[ENDPOINT_TEXT];
	char *colon, *begin = copy;
	unsigned long port;
	struct endpoint read;

	if (strlen(text) >= sizeof(copy))
		return false;
	snprintf(copy, sizeof(copy), "%s", text);
	colon = strrchr(copy, ':');
	if (!colon || !parse_number(colon + 1, UINT16_MAX, &port))
		return false;
	*colon = '\0';
	if (copy[0] == '[') {
		if (colon == copy + 1 || colon[-1] != ']')
			return false;
		colon[-1] = '\0';
		begin = copy + 1;
	}
	if (!address_parse(&read.address, begin) || (read.address.family == ADDRESS_V6) != (begin != copy))
		return false;
	read.port = (uint16_t)port;
	*e = read;
	return true;
}

/* The address with the bits beyond the prefix set to zero or to one. */
static struct address edge(const struct prefix *p, bool ones)
{
	struct address a = p->address;

	for (size_t i = 0; i < address_octets(&a); i++) {
		unsigned kept = p->bits > i * 8 ? p->bits - (unsigned)i * 8 : 0;
		uint8_t mask = kept >= 8 ? 0xff : (uint8_t)(0xff00 >> kept);

		a.octet[i] = (uint8_t)((a.octet[i] & mask) | (ones ? (uint8_t)~mask : 0));
	}
	return a;
}

const char *prefix_print(const struct prefix *p, char text[PREFIX_TEXT])
{
	char address[ADDRESS_TEXT];

	snprintf(text, PREFIX_TEXT, "%s/%u", address_print(&p->address, address), p->bits);
	return text;
}

bool prefix_parse(struct prefix *p, const char *text)
{
	char copy[PREFIX_TEXT];
	struct prefix read;
	struct address low;
	unsigned long bits;
	char *slash;

	if (strlen(text) >= sizeof(copy))
		return false;
	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash)
		*slash = '\0';
	if (!address_parse(&read.address, copy))
		return false;
	bits = 8 * address_octets(&read.address);
	if (slash && !parse_number(slash + 1, bits, &bits))
		return false;
	read.bits = (uint8_t)bits;
	low = edge(&read, false);
	if (!address_equal(&low, &read.address))
		return false;
	*p = read;
	return true;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->bits == b->bits && address_equal(&a->address, &b->address);
}

bool prefix_contains(const struct prefix *p, const struct address *a)
{
	struct prefix other = { *a, p->bits };
	struct address low = edge(&other, false);

	return a->family == p->address.family && address_equal(&low, &p->address);
}

struct prefix prefix_of_host(const struct address *a)
{
	return (struct prefix){ *a, (uint8_t)(8 * address_octets(a)) };
}

void prefix_range(const struct prefix *p, struct address *first, struct address *last)
{
	*first = edge(p, false);
	*last = edge(p, true);
}
