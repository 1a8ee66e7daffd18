/* The rows of all kinds of exchange, and what begins them (sa/exchange.h says what a row is). */
#ifndef CYGNET_IKE_EXCHANGES_KINDS_H
#define CYGNET_IKE_EXCHANGES_KINDS_H

#include "../sa/exchange.h"
#include "../sa/ike_sa.h"
#include "../wire/message.h"

struct choice;
struct proposal_list;

extern const struct exchange_kind kind_init, kind_auth, kind_create_child, kind_rekey_child, kind_rekey_ike,
	kind_delete, kind_delete_children, kind_liveness, kind_informational;

/* The kind that answers a lawful request, by its exchange type and content; NULL: none. */
const struct exchange_kind *kind_of_request(const struct message *m);

/* init_screen.c: what can be decided on a stranger's first message without keeping anything. */
enum init_outcome {
	INIT_ACCEPT, /* make an IKE SA and let kind_init answer */
	INIT_REPLY, /* send `reply`, keep nothing */
	INIT_SILENCE,
};
enum init_outcome init_screen(struct ike_context *c, const struct endpoint *local,
			      const struct endpoint *remote, const struct message *m, struct blob *reply,
			      enum reason *reason);

/*
 * The suite for a stranger's first message over all connections that it may mean; group: of its KE payload. *known: there
 * is such a connection. false: none of them takes what it offers.
 */
bool init_choose(struct ike_context *c, const struct endpoint *local, const struct endpoint *remote,
		 const struct proposal_list *list, uint16_t group, struct choice *choice, bool *known);

/* auth.c: the answer to NEWS_PEER_WANTED. keys are copied. */
void auth_peer_found(struct ike_context *c, struct exchange *x, bool allowed, enum reason reason,
		     const struct public_key *keys, size_t count, enum key_level level);

/* create_child.c: queues a new Child SA on a live IKE SA; false: without memory or room, and nobody is told. */
bool create_child_begin(struct ike_context *c, struct ike_sa *sa, const struct ike_wish *wish);

/* The same for a larval child that an exchange has already: x->subject moves. */
bool create_child_follow(struct ike_context *c, struct ike_sa *sa, struct exchange *x);

/* rekey_child.c, rekey_ike.c: queue a rekey, unless one is under way or it makes no sense now. */
void rekey_child_begin(struct ike_context *c, struct ike_sa *sa, struct child_sa *child, enum reason reason);
void rekey_ike_begin(struct ike_context *c, struct ike_sa *sa, enum reason reason);
/*
 * rekey_ike.c: the peer works on the successor that it made, of one for which our own request is under way: so its
 * children are there already, and must be here. Either it has not seen our request and will refuse it, or the nonces
 * were for its own.
 */
void rekey_ike_chosen(struct ike_context *c, struct ike_sa *heir);
/* The peer deletes an IKE SA that both were replacing: its successor is the peer's. */
void rekey_ike_give_way(struct ike_context *c, struct ike_sa *sa);

/* delete.c: queue a delete of the IKE SA or of one child; by the tables. */
void delete_ike(struct ike_context *c, struct ike_sa *sa, enum reason reason);
void delete_child(struct ike_context *c, struct child_sa *child, enum reason reason);
/* Sees to it that the children whose delete is wanted will be named to the peer: one message names them all. */
void delete_children_queue(struct ike_context *c, struct ike_sa *sa);

/* liveness.c: asks for a sign of life, unless something is on the wire already, which is as good. */
void liveness_begin(struct ike_context *c, struct ike_sa *sa, enum reason reason);
/* Tells the peer of an error in its answer, which itself cannot be answered (2.21.3). */
void informational_begin(struct ike_context *c, struct ike_sa *sa, uint16_t notify);

#endif
