/*
 * A parsed message: the header and views of its payloads, still lying in the packet. Reading checks
 * structure only (lengths, chain, criticality); what an exchange may bear is the law's (law.h), what a
 * payload means is its reader's. RFC 7296 2.5, 3.1, 3.2.
 */
#ifndef CYGNET_IKE_WIRE_MESSAGE_H
#define CYGNET_IKE_WIRE_MESSAGE_H

#include "limits.h"
#include "payload.h"
#include "reason.h"

#define HEADER_OCTETS 28
#define FLAG_INITIATOR 0x08
#define FLAG_VERSION 0x10
#define FLAG_RESPONSE 0x20

struct ike_header {
	uint64_t spi_i, spi_r;
	uint8_t next_payload;
	uint8_t version; /* major << 4 | minor */
	uint8_t exchange;
	uint8_t flags;
	uint32_t message_id;
	uint32_t length;
};

struct payload {
	uint8_t type;
	struct bytes body; /* without the generic header */
};

/* Which fragment a message is (RFC 7383 2.5): 1 to total; total 0: it is whole. */
struct fragment {
	uint16_t number, total;
};

struct message {
	struct ike_header header;
	struct bytes packet; /* the whole message as it came */
	struct payload payload[LIMIT_PAYLOADS];
	size_t count;
	/* the sealed part of an outer message, not yet opened */
	bool sealed;
	bool opened; /* the payloads are those of the opened sealed part */
	uint8_t inner_first; /* type of its first payload */
	size_t sealed_at; /* offset in the packet of the IV: all before it is authenticated too */
	struct bytes sealed_body; /* IV, ciphertext, ICV */
	struct fragment
		fragment; /* when the sealed part is an SKF payload: gathered before it is read (fragment.h) */
	uint8_t unknown_critical; /* the payload type that we do not know, when reading says so */
};

/* Reads the 28 octets; false when there are fewer. Nothing is checked but that. */
MUST_USE bool header_read(struct bytes packet, struct ike_header *header);

/*
 * Reads header and outer payload chain: REASON_OK, REASON_MALFORMED, REASON_VERSION (major not 2) or
 * REASON_UNKNOWN_CRITICAL. A fragment is read as sealed, if its numbers can be right. Borrows packet. Unknown payloads that are not critical are passed over.
 */
enum reason message_read(struct bytes packet, struct message *m);

/* Replaces the payloads by those of an opened sealed part (header and packet stay). Borrows plain. */
enum reason message_read_inner(uint8_t first, struct bytes plain, struct message *m);

/* The n-th payload of a type, from 0; NULL when there are fewer. Lends. */
const struct payload *message_find(const struct message *m, uint8_t type, size_t n);
size_t message_count(const struct message *m, uint8_t type);

/* One notification (3.10), as views. */
struct notify {
	uint8_t protocol;
	uint16_t type;
	struct bytes spi, data;
};
MUST_USE bool notify_read(struct bytes body, struct notify *n);
/* The first notification of a type (0: the first error); false when there is none. Malformed ones are passed over. */
MUST_USE bool message_notify(const struct message *m, uint16_t type, struct notify *n);

static inline bool message_is_response(const struct message *m)
{
	return m->header.flags & FLAG_RESPONSE;
}

/*
 * One line: "IKE_AUTH request 1: SK{IDi AUTH SA TSi TSr N(USE_TRANSPORT_MODE)}"; a sealed part that is not
 * opened shows its size: "SK(412 octets)", "SKF 2/3 412 octets"; what was gathered begins "SKF of 3{". Types only, never contents. Returns text's. (describe.c)
 */
struct text;
const char *message_describe(const struct message *m, struct text *text);

#endif
