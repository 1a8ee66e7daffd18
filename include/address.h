/*
 * Addresses, endpoints, prefixes and traffic selectors as plain data: comparable, printable, and the
 * same for IPv4 and IPv6.
 */
#ifndef CYGNET_ADDRESS_H
#define CYGNET_ADDRESS_H

#include "bytes.h"

enum address_family {
	ADDRESS_NONE = 0,
	ADDRESS_V4 = 4,
	ADDRESS_V6 = 6,
};

/* An address; unused octets are zero, so that two equal addresses are equal as memory too. */
struct address {
	uint8_t family; /* enum address_family */
	uint8_t octet[16];
};

/* An address and a UDP port in host order. */
struct endpoint {
	struct address address;
	uint16_t port;
};

/* An address and how many of its leading bits count; bits beyond are zero. */
struct prefix {
	struct address address;
	uint8_t bits;
};

/*
 * A traffic selector (RFC 7296 3.13.1): addresses first..last, ports first..last (host order), and a
 * protocol (0: any). For ICMP the ports hold type and code as RFC 7296 says.
 */
struct selector {
	uint8_t protocol;
	uint16_t port_first, port_last;
	struct address first, last;
};

/* Room for any text of address_print, endpoint_print, prefix_print, selector_print (with NUL). */
#define ADDRESS_TEXT 48
#define ENDPOINT_TEXT 56
#define PREFIX_TEXT 52
#define SELECTOR_TEXT 128

size_t address_octets(const struct address *a); /* 4, 16, or 0 for none */
struct bytes address_bytes(const struct address *a); /* borrows */
MUST_USE bool address_from_bytes(struct address *a, struct bytes b); /* 4 or 16 octets */
bool address_equal(const struct address *a, const struct address *b);
/* Order: family, then octets: negative, 0 or positive. */
int address_compare(const struct address *a, const struct address *b);
bool address_is_any(const struct address *a); /* 0.0.0.0 or :: (not "none") */
bool address_is_loopback(const struct address *a);
bool address_is_multicast(const struct address *a); /* and the v4 limited broadcast */
bool address_is_link_local(const struct address *a);
/* The all-zero address of a family. */
struct address address_any(enum address_family family);

/* The text of an address, "none" for none; returns text, which it fills. */
const char *address_print(const struct address *a, char text[ADDRESS_TEXT]);
/* Reads dotted IPv4 or IPv6 text, nothing around it; false, *a unchanged, for anything else. */
MUST_USE bool address_parse(struct address *a, const char *text);

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
/* "192.0.2.1:500" or "[2001:db8::1]:500". */
const char *endpoint_print(const struct endpoint *e, char text[ENDPOINT_TEXT]);
MUST_USE bool endpoint_parse(struct endpoint *e, const char *text);

/* "192.0.2.0/24". A text without "/n" is a host. Bits beyond the prefix must be zero. */
const char *prefix_print(const struct prefix *p, char text[PREFIX_TEXT]);
MUST_USE bool prefix_parse(struct prefix *p, const char *text);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
bool prefix_contains(const struct prefix *p, const struct address *a);
struct prefix prefix_of_host(const struct address *a);
/* The first and last address of a prefix. */
void prefix_range(const struct prefix *p, struct address *first, struct address *last);

/* A selector of one host, or of a prefix, any protocol and port. */
struct selector selector_of_host(const struct address *a);
struct selector selector_of_prefix(const struct prefix *p);
bool selector_equal(const struct selector *a, const struct selector *b);
bool selector_contains(const struct selector *outer, const struct selector *inner);
bool selector_has_address(const struct selector *s, const struct address *a);
/* The common part; false, *out unchanged, when there is none. */
MUST_USE bool selector_intersect(const struct selector *a, const struct selector *b, struct selector *out);
/* The narrowest prefix that covers the addresses; exact tells whether it covers nothing more. */
struct prefix selector_prefix(const struct selector *s, bool *exact);
/* "192.0.2.0/24", "192.0.2.1-192.0.2.9", with ";udp/53" or ";17/1-1023" appended where they count. */
const char *selector_print(const struct selector *s, char text[SELECTOR_TEXT]);
MUST_USE bool selector_parse(struct selector *s, const char *text);

#endif
