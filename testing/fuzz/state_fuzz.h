/* What the two rooms of state_fuzz share. */
#ifndef CYGNET_FUZZ_STATE_H
#define CYGNET_FUZZ_STATE_H

#include "lib/ike/sa/ike_sa.h"
#include "lib/ike/wire/message.h"
#include "reader.h"
#include "testing/sim/world_inside.h"

#define STATE_FRAGMENTS 8

struct state {
	struct world w;
	size_t victim; /* the node that is spoken to with its peer's keys */
	struct reader input;
	bool silent; /* the net is: nothing arrives any more */
	struct ike_header answer; /* the victim's newest */
	struct blob said[STATE_FRAGMENTS]; /* the last message that the input made: whole, or its fragments */
	size_t said_count;
	uint64_t iv;
};

/* The next octet of the input; 0 at its end. */
static inline uint8_t state_octet(struct state *s)
{
	return s->input.left ? reader_u8(&s->input) : 0;
}

/* A datagram of the peer arrives at the victim. */
void state_arrives(struct state *s, struct bytes data);

/* state_message.c: a message of the peer's in one of the victim's IKE SAs, made as the input says. how: 5 bits of it. */
void state_message(struct state *s, uint8_t how);
/* The last one comes again: all of it, or one fragment. */
void state_again(struct state *s);
/* A good empty request in an IKE SA of the victim's. */
void state_liveness(struct state *s, struct ike_sa *sa);
void state_forget(struct state *s);

#endif
