/*
 * The SA payload: proposals, transforms, attributes (RFC 7296 3.3). What cannot be understood makes its
 * transform unusable, not the message malformed; only lengths that lie do that.
 */
#ifndef CYGNET_IKE_WIRE_PROPOSAL_H
#define CYGNET_IKE_WIRE_PROPOSAL_H

#include "algorithms.h"
#include "limits.h"
#include "writer.h"

/* The id of a transform that has attributes we cannot understand: of the private range, never one of ours. */
#define TRANSFORM_UNUSABLE 0xffff

struct transform {
	uint8_t type; /* enum transform_type, or a number that we do not know */
	uint16_t id; /* TRANSFORM_UNUSABLE: matches nothing */
	uint16_t key_bits; /* 0: no key length attribute */
};

struct proposal {
	uint8_t number;
	uint8_t protocol;
	uint64_t spi; /* as a number, 0 when there is none */
	uint8_t spi_len;
	struct transform transform[LIMIT_TRANSFORMS];
	size_t count;
};

struct proposal_list {
	struct proposal at[LIMIT_PROPOSALS];
	size_t count;
};

/* Reads an SA payload's body; false when it is malformed. More proposals or transforms than the limits: malformed. */
MUST_USE bool proposals_read(struct bytes body, struct proposal_list *list);

/* Writes one proposal; more: whether others follow. spi_len of 0, 4 or 8. */
void proposal_write(struct writer *w, const struct proposal *p, bool more);

/* Adds a transform to a proposal being built; false when it is full. */
bool proposal_add(struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits);

#endif
