/*
 * What happens in a simulated world: drawn from its seed, faults and deeds alike, so that every seed is another
 * weather. A storm, a calm, and a stop of everybody.
 */
#ifndef CYGNET_SIM_MIX_H
#define CYGNET_SIM_MIX_H

#include "world.h"

struct mix {
	size_t nodes;
	bool opportunistic;
	bool by_dns; /* its keys come from DNS, which has its own weather */
	const char *class; /* of its group */
	bool ring, star; /* neighbours only, or all with the first: large worlds */
	uint32_t deeds_left_out; /* bits: what no node does in this world */
	bool uneven; /* the net is better here and worse there */
	bool gentle; /* only rekeys, no loss of ESP: then no packet may be lost, none may go in clear */
	bool short_lives; /* SAs live so short that they are rekeyed by themselves all the time */
	unsigned conns; /* between two nodes that are paired: 1 to 3 */
	unsigned deeds;
	unsigned loss, duplication, refusals, long_delays;
	msec delay;
	bool hand_overs; /* daemons end and leave their kernel's state to the next */
	const char *
		impair; /* an impairment that nodes get and lose by chance; "any": one of the catalogue's; or NULL */
	bool restarts, sleeps, partitions, vanishings, noise, downs;
};

enum mix_kind {
	MIX_ANY,
	MIX_GENTLE,
	MIX_HAND_OVERS, /* a gentle one, and daemons hand over to the next */
};

void mix_draw(struct mix *m, uint64_t seed, enum mix_kind kind);
/* Such a world is not gentle: what is impaired may lose packets. */
void mix_impair(struct mix *m, const char *text);
/* Configures all nodes. */
void mix_begin(struct world *w, const struct mix *m);
void mix_storm(struct world *w, const struct mix *m);
/* Five minutes without faults; then everything is asked for once more, and must be there, alike at both ends. */
void mix_calm(struct world *w, const struct mix *m);
/* Every node stops: confirmed, and nothing of it is left. */
void mix_stop(struct world *w, const struct mix *m);

#endif
