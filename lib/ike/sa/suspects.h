/*
 * Addresses that begin handshakes and do not finish them. A cookie proves that a stranger receives at its address; it costs
 * the stranger little and us a key exchange. So in need (init_screen.c) whoever left a few unfinished within half a minute must
 * wait; whoever finishes is cleared, as often as it comes. An IPv6 stranger commands its /64 and counts as one.
 */
#ifndef CYGNET_IKE_SA_SUSPECTS_H
#define CYGNET_IKE_SA_SUSPECTS_H

#include "address.h"
#include "instant.h"
#include "limits.h"

struct suspects {
	struct suspect {
		uint64_t key; /* the address, or its first 64 bits */
		msec until; /* forgotten then; 0: free */
		uint16_t family;
		uint16_t unfinished;
	} place[LIMIT_SUSPECTS];
};

/* Zeroed it is empty. When it is full, whoever would be forgotten first is forgotten now: that errs for the stranger. */
void suspects_began(struct suspects *s, msec now, const struct address *a);
void suspects_finished(struct suspects *s, const struct address *a);
/* It has LIMIT_SUSPECT handshakes begun within LIMIT_SUSPECT_TIME of the first that it has not finished. */
bool suspects_has(const struct suspects *s, msec now, const struct address *a);

#endif
