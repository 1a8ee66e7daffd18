/*
 * The forger: takes a message of the wire apart, lets a test change it, and puts it together again; what was sealed is
 * sealed again with the right keys, so that it is as if the peer itself had sent it. Lengths and counts may lie.
 */
#ifndef CYGNET_SIM_FORGE_H
#define CYGNET_SIM_FORGE_H

#include "lib/ike/wire/build.h"
#include "world.h"

#define FORGED_PAYLOADS 128
#define FORGED_ROOM 20000 /* octets of bodies of one message, and of a message */

struct forged_payload {
	uint8_t type;
	bool critical;
	bool lies; /* the length field has `length` instead of what is true */
	uint16_t length;
	size_t at, len; /* of its body in the room */
};

struct forged {
	struct ike_header header;
	bool sealed; /* the payloads are those within SK */
	bool wrong_key; /* to be sealed with a key that nobody has */
	struct forged_payload payload[FORGED_PAYLOADS];
	size_t count;
	struct forged_payload outer[FORGED_PAYLOADS]; /* before the SK payload, in clear */
	size_t outer_count;
	uint8_t room[FORGED_ROOM];
	size_t used;
};

/* Takes apart a message that is whole; false when it cannot be: no keys, a fragment. */
MUST_USE bool forge_open(struct world *w, struct bytes data, struct forged *f);
/* Puts it together into room; empty when it does not fit. */
struct bytes forge_close(struct world *w, const struct forged *f, uint8_t *room, size_t size);

/* What would be sealed, without padding, and the type of its first payload. */
struct bytes forge_inner(const struct forged *f, uint8_t *room, size_t size, uint8_t *first);
/* One fragment of it (RFC 7383 2.5), of any number and total, with a part of what forge_inner gave. */
struct bytes forge_fragment(struct world *w, const struct forged *f, uint8_t first, struct fragment which,
			    struct bytes text, uint8_t *room, size_t size);

/* An empty message with a header like that of another. */
void forge_begin(struct forged *f, const struct ike_header *like, bool sealed);

/* The index of the n-th payload of a type, from 0; count when there is none. */
size_t forge_find(const struct forged *f, uint8_t type, size_t n);
/* The index of the first notification of a type; count when there is none. */
size_t forge_find_notify(const struct forged *f, uint16_t type);
struct bytes forge_body(const struct forged *f, size_t i);
/* A payload's octets in place, to be changed. */
uint8_t *forge_octets(struct forged *f, size_t i);
void forge_remove(struct forged *f, size_t i);
/* Puts a payload before the i-th. */
void forge_insert(struct forged *f, size_t i, uint8_t type, struct bytes body);
void forge_add(struct forged *f, uint8_t type, struct bytes body);
void forge_add_outer(struct forged *f, uint8_t type, struct bytes body);
void forge_add_notify(struct forged *f, uint8_t protocol, uint16_t type, struct bytes spi, struct bytes data);
/* Another body in a payload's place. */
void forge_replace(struct forged *f, size_t i, struct bytes body);
/* The same, of so many octets of one value. */
void forge_fill(struct forged *f, size_t i, uint8_t octet, size_t len);

#endif
