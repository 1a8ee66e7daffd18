/*
 * The connections of the plan as seen from this host: which end is ours, and which connections a peer's
 * address may mean. Made anew with each plan or change of addresses; rows borrow from the plan.
 */
#ifndef CYGNET_IKE_SA_PEERS_H
#define CYGNET_IKE_SA_PEERS_H

#include "event.h"

struct peer {
	const struct conn *conn;
	const struct end *local, *remote;
	struct address address; /* ours; none when any will do */
	size_t next; /* in the chain of its bucket: index + 1, 0 ends */
};

struct peers {
	struct peer *row; /* owned; rows with a fixed peer first in no order */
	size_t count;
	const struct plan *plan; /* borrowed */
	size_t *of_conn; /* place in the plan -> place of its row + 1; owned */
	size_t *bucket; /* by the peer's address; owned */
	size_t buckets;
	struct address default_v4, default_v6; /* what %defaultroute means, in either family */
	size_t any; /* chain of connections whose peer may be anybody: index + 1 */
};

/* Replaces the rows; false without memory: there are none then. */
bool peers_make(struct peers *p, const struct plan *plan, const struct event_addresses *addresses);
void peers_discard(struct peers *p);

/*
 * Walks the candidates for a pair of addresses, the best first: fixed peers, then anybody, then the group
 * that contains the peer. Start with *state 0; NULL when there are no more. Lends.
 */
const struct peer *peers_next(const struct peers *p, const struct plan *plan, const struct address *local,
			      const struct address *remote, size_t *state);

/* Whether two connections are for the same peer by the same proofs: their children may share an IKE SA. */
bool peers_are_same(const struct conn *a, const struct conn *b);

/* The row of a connection; NULL when it is not usable here. Lends. */
const struct peer *peers_of_conn(const struct peers *p, uint32_t conn);

#endif
