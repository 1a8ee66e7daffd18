/*
 * Deadlines: which number is to be looked at when. A binary heap that the owner embeds; a number has at
 * most one instant. Setting and removing cost O(log n), the earliest is at hand.
 */
#ifndef CYGNET_DEADLINES_H
#define CYGNET_DEADLINES_H

#include "bytes.h"
#include "instant.h"

struct deadline {
	msec at;
	uint64_t number;
};

struct deadlines {
	struct deadline *heap; /* owned */
	size_t count, room;
	size_t *place; /* hash: number -> index in heap + 1, owned */
	size_t places;
};

/* A zeroed struct is valid and empty. */
void deadlines_discard(struct deadlines *d);
/* Room for so many numbers: setting one of them cannot fail then. false without memory: nothing changed. */
MUST_USE bool deadlines_reserve(struct deadlines *d, size_t count);
/* Sets (or moves) a number's instant; MSEC_NEVER removes it. false without memory: nothing changed. */
MUST_USE bool deadlines_set(struct deadlines *d, uint64_t number, msec at);
void deadlines_remove(struct deadlines *d, uint64_t number);
/* The earliest instant, MSEC_NEVER when there is none; *number (may be NULL) is whose. */
msec deadlines_first(const struct deadlines *d, uint64_t *number);

#endif
