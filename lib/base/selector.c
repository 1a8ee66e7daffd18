/* Traffic selectors as ranges (address.h, RFC 7296 2.9 and 3.13.1). */
#include "address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* @rfc 7296-3.13.1-2 */
struct selector selector_of_prefix(const struct prefix *p)
{
	struct selector s;

	memset(&s, 0, sizeof(s));
	s.port_last = UINT16_MAX;
	prefix_range(p, &s.first, &s.last);
	return s;
}

struct selector selector_of_host(const struct address *a)
{
	struct prefix host = prefix_of_host(a);

	return selector_of_prefix(&host);
}

bool selector_equal(const struct selector *a, const struct selector *b)
{
	return a->protocol == b->protocol && a->port_first == b->port_first && a->port_last == b->port_last &&
	       address_equal(&a->first, &b->first) && address_equal(&a->last, &b->last);
}

bool selector_contains(const struct selector *outer, const struct selector *inner)
{
	struct selector common;

	return selector_intersect(outer, inner, &common) && selector_equal(&common, inner);
}

bool selector_has_address(const struct selector *s, const struct address *a)
{
	return a->family == s->first.family && address_compare(&s->first, a) <= 0 &&
	       address_compare(a, &s->last) <= 0;
}

bool selector_intersect(const struct selector *a, const struct selector *b, struct selector *out)
{
	struct selector s;

	if (a->first.family != b->first.family || (a->protocol && b->protocol && a->protocol != b->protocol))
		return false;
	s.protocol = a->protocol ? a->protocol : b->protocol;
	s.port_first = a->port_first > b->port_first ? a->port_first : b->port_first;
	s.port_last = a->port_last < b->port_last ? a->port_last : b->port_last;
	s.first = address_compare(&a->first, &b->first) > 0 ? a->first : b->first;
	s.last = address_compare(&a->last, &b->last) < 0 ? a->last : b->last;
	if (s.port_first > s.port_last || address_compare(&s.first, &s.last) > 0)
		return false;
	*out = s;
	return true;
}

struct prefix selector_prefix(const struct selector *s, bool *exact)
{
	struct prefix p = prefix_of_host(&s->first);
	struct address first, last;

	for (;;) {
		prefix_range(&p, &first, &last);
		if (address_compare(&last, &s->last) >= 0 || p.bits == 0)
			break;
		p.bits--;
	}
	p.address = first;
	*exact = address_equal(&first, &s->first) && address_equal(&last, &s->last);
	return p;
}

const char *selector_print(const struct selector *s, char text[SELECTOR_TEXT])
{
	char first[PREFIX_TEXT], last[ADDRESS_TEXT], ports[32] = "";
	bool exact;
	struct prefix p = selector_prefix(s, &exact);

	if (s->port_first || s->port_last != UINT16_MAX) {
		if (s->port_first == s->port_last)
			snprintf(ports, sizeof(ports), "/%u", s->port_first);
		else
			snprintf(ports, sizeof(ports), "/%u-%u", s->port_first, s->port_last);
	}
	if (exact)
		snprintf(text, SELECTOR_TEXT, "%s", prefix_print(&p, first));
	else
		snprintf(text, SELECTOR_TEXT, "%s-%s", address_print(&s->first, first),
			 address_print(&s->last, last));
	if (s->protocol || ports[0]) {
		size_t used = strlen(text);

		snprintf(text + used, SELECTOR_TEXT - used, ";%u%s", s->protocol, ports);
	}
	return text;
}

static bool parse_ports(struct selector *s, const char *text)
{
	unsigned protocol, first, last;
	char end;

	/* scanf would take blanks and signs before a number. */
	if (strspn(text, "0123456789/-") != strlen(text) || strstr(text, "/-") || strstr(text, "--") ||
	    text[0] == '-')
		return false;
	if (sscanf(text, "%3u/%5u-%5u%c", &protocol, &first, &last, &end) == 3) {
		;
	} else if (sscanf(text, "%3u/%5u%c", &protocol, &first, &end) == 2) {
		last = first;
	} else if (sscanf(text, "%3u%c", &protocol, &end) == 1) {
		first = 0;
		last = UINT16_MAX;
	} else {
		return false;
	}
	if (protocol > UINT8_MAX || last > UINT16_MAX || first > last)
		return false;
	s->protocol = (uint8_t)protocol;
	s->port_first = (uint16_t)first;
	s->port_last = (uint16_t)last;
	return true;
}

bool selector_parse(struct selector *s, const char *text)
{
	char copy[SELECTOR_TEXT];
	struct selector read;
	struct prefix p;
	char *ports, *dash;

	if (strlen(text) >= sizeof(copy))
		return false;
	snprintf(copy, sizeof(copy), "%s", text);
	ports = strchr(copy, ';');
	if (ports)
		*ports++ = '\0';
	dash = strchr(copy, '-');
	if (dash) {
		*dash++ = '\0';
		memset(&read, 0, sizeof(read));
		read.port_last = UINT16_MAX;
		if (!address_parse(&read.first, copy) || !address_parse(&read.last, dash) ||
		    read.first.family != read.last.family || address_compare(&read.first, &read.last) > 0)
			return false;
	} else {
		if (!prefix_parse(&p, copy))
			return false;
		read = selector_of_prefix(&p);
	}
	if (ports && !parse_ports(&read, ports))
		return false;
	*s = read;
	return true;
}
