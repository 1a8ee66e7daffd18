/*
 * How many half-open IKE SAs each prefix has (RFC 8019 3; checklist F2): /24 of IPv4, /64 of IPv6. A stranger that
 * commands one network cannot take the room of all others. Counts only: who is refused is decided in init_screen.c.
 */
#ifndef CYGNET_IKE_SA_CROWD_H
#define CYGNET_IKE_SA_CROWD_H

#include "address.h"
#include "limits.h"

struct crowd {
	struct crowd_place {
		uint64_t key; /* family and prefix, mixed; 0: free */
		uint32_t count;
	} place[LIMIT_PREFIXES];
};

/* Zeroed it is empty. A full table counts no further prefix: the whole number of half-open SAs is limited, too. */
void crowd_add(struct crowd *c, const struct address *a);
void crowd_remove(struct crowd *c, const struct address *a);
unsigned crowd_count(const struct crowd *c, const struct address *a);

#endif
