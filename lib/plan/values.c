/* Typed values of ipsec.conf (values.h). */
#include "values.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "limits.h"

static const struct {
	const char *suffix;
	msec unit;
} units[] = {
	{ "ms", 1 },       { "s", SECONDS(1) }, { "m", MINUTES(1) },
	{ "h", HOURS(1) }, { "d", HOURS(24) },  { "w", HOURS(24 * 7) },
};

/* Digits to a number of at most max; *text moves behind them. */
static bool digits(const char **text, uint64_t max, uint64_t *out)
{
	const char *p = *text;
	uint64_t value = 0;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		value = value * 10 + (uint64_t)(*p - '0');
		if (value > max)
			return false;
	}
	*text = p;
	*out = value;
	return true;
}

bool value_time(const char *text, msec unit, msec *out)
{
	uint64_t whole, fraction = 0, scale = 1;
	msec span;

	if (!digits(&text, UINT32_MAX, &whole))
		return false;
	if (*text == '.') {
		const char *first = ++text;

		if (!digits(&text, 999, &fraction))
			return false;
		for (; first < text; first++)
			scale *= 10;
	}
	if (*text) {
		size_t i = 0;

		while (i < ARRAY_LENGTH(units) && strcasecmp(units[i].suffix, text) != 0)
			i++;
		if (i == ARRAY_LENGTH(units))
			return false;
		unit = units[i].unit;
	}
	span = (msec)whole * unit + (msec)fraction * unit / (msec)scale;
	if (span > LIMIT_CONFIG_SPAN)
		return false;
	*out = span;
	return true;
}

bool value_bool(const char *text, bool *out)
{
	static const char *const words[] = { "no", "yes", "n", "y", "false", "true", "off", "on", "0", "1" };

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*out = i % 2;
			return true;
		}
	}
	return false;
}

bool value_number(const char *text, unsigned long max, unsigned long *out)
{
	uint64_t value;

	if (!digits(&text, max, &value) || *text)
		return false;
	*out = value;
	return true;
}

bool value_subnet(const char *text, struct prefix *out)
{
	return prefix_parse(out, strcmp(text, "0/0") == 0 ? "0.0.0.0/0" : text);
}

static const struct {
	const char *name;
	uint16_t number;
} protocols[] = {
	{ "icmp", 1 },	 { "igmp", 2 },	 { "ipip", 4 },	     { "tcp", 6 },	  { "udp", 17 },
	{ "ipv6", 41 },	 { "gre", 47 },	 { "esp", 50 },	     { "ah", 51 },	  { "icmpv6", 58 },
	{ "ospf", 89 },	 { "vrrp", 112 }, { "l2tp", 115 },   { "sctp", 132 },	  { "ipv6-icmp", 58 },
	{ "%any", 0 },	 { "any", 0 },
}, ports[] = {
	{ "ssh", 22 },	   { "smtp", 25 },   { "domain", 53 }, { "http", 80 },	  { "ntp", 123 },
	{ "snmp", 161 },   { "bgp", 179 },   { "ldap", 389 },  { "https", 443 },  { "isakmp", 500 },
	{ "l2tp", 1701 },  { "vxlan", 4789 }, { "geneve", 6081 }, { "%any", 0 },  { "any", 0 },
};

bool value_protocol(const char *text, uint8_t *out)
{
	unsigned long number;

	for (size_t i = 0; i < ARRAY_LENGTH(protocols); i++) {
		if (strcasecmp(text, protocols[i].name) == 0) {
			*out = (uint8_t)protocols[i].number;
			return true;
		}
	}
	if (!value_number(text, UINT8_MAX, &number))
		return false;
	*out = (uint8_t)number;
	return true;
}

bool value_port(const char *text, uint16_t *out)
{
	unsigned long number;

	for (size_t i = 0; i < ARRAY_LENGTH(ports); i++) {
		if (strcasecmp(text, ports[i].name) == 0) {
			*out = ports[i].number;
			return true;
		}
	}
	if (!value_number(text, UINT16_MAX, &number))
		return false;
	*out = (uint16_t)number;
	return true;
}

/* "22", "%any" or "8000-8010". */
static bool port_range(char *text, uint16_t *first, uint16_t *last)
{
	char *dash = strchr(text, '-');

	if (dash) {
		*dash = '\0';
		return value_port(text, first) && value_port(dash + 1, last) && *first <= *last;
	}
	if (!value_port(text, first))
		return false;
	*last = *first ? *first : UINT16_MAX;
	return true;
}

bool value_protoport(const char *text, struct selector *out)
{
	uint16_t first = 0, last = UINT16_MAX;
	uint8_t protocol;
	char copy[64], *slash;

	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	slash = strchr(copy, '/');
	if (slash) {
		*slash = '\0';
		if (!port_range(slash + 1, &first, &last))
			return false;
	}
	/* Ports of no protocol mean nothing. */
	if (!value_protocol(copy, &protocol) || (!protocol && (first || last != UINT16_MAX)))
		return false;
	out->protocol = protocol;
	out->port_first = first;
	out->port_last = last;
	return true;
}

bool value_octets(const char *text, struct blob *out)
{
	size_t len = strlen(text), used = 0;
	char *plain;
	bool ok;

	if (len < 3 || text[0] != '0')
		return false;
	if (tolower((unsigned char)text[1]) == 's')
		return base64_decode(out, bytes_of(text + 2, len - 2)) && out->len;
	if (tolower((unsigned char)text[1]) != 'x')
		return false;
	plain = malloc(len);
	if (!plain)
		return false;
	for (const char *p = text + 2; *p; p++) {
		if (*p != '_' && *p != ':')
			plain[used++] = *p;
	}
	ok = used && hex_decode(out, bytes_of(plain, used));
	wipe(plain, len);
	free(plain);
	return ok;
}
