/*
 * Identities (RFC 7296 3.5, RFC 7619 2.2): a type and its data, exactly as they are signed in IKE_AUTH.
 */
#ifndef CYGNET_IDENTITY_H
#define CYGNET_IDENTITY_H

#include "address.h"

enum identity_type {
	ID_NONE = 0, /* not given */
	ID_IPV4_ADDR = 1,
	ID_FQDN = 2,
	ID_RFC822_ADDR = 3,
	ID_IPV6_ADDR = 5,
	ID_DER_ASN1_DN = 9,
	ID_KEY_ID = 11,
	ID_NULL = 13,
};

struct identity {
	uint8_t type;
	struct blob data; /* owned */
};

#define IDENTITY_TEXT 128

/* Each replaces what *id held; on false (no memory, or text that names no identity) *id is unchanged. */
MUST_USE bool identity_set(struct identity *id, uint8_t type, struct bytes data);
MUST_USE bool identity_copy(struct identity *id, const struct identity *from);
MUST_USE bool identity_of_address(struct identity *id, const struct address *address);
/* ipsec.conf's spelling: an address, "@fqdn", "user@host", "@#hex" (key ID), "%null", or a bare FQDN. */
MUST_USE bool identity_parse(struct identity *id, const char *text);

/* Same type and data; FQDN and mail host without regard to case; a type of none equals nothing. */
bool identity_equal(const struct identity *a, const struct identity *b);
/* The address of an address identity; false for other types or a wrong length. */
MUST_USE bool identity_address(const struct identity *id, struct address *address);
/* Escaped and bounded, as identity_parse would read it where it can. Returns text. */
const char *identity_print(const struct identity *id, char text[IDENTITY_TEXT]);
void identity_discard(struct identity *id);

#endif
