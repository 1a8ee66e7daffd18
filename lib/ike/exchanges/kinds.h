/* The rows of all kinds of exchange, and what begins them (sa/exchange.h says what a row is). */
#ifndef CYGNET_IKE_EXCHANGES_KINDS_H
#define CYGNET_IKE_EXCHANGES_KINDS_H

#include "../sa/exchange.h"
#include "../sa/ike_sa.h"
#include "../wire/message.h"

extern const struct exchange_kind kind_init, kind_auth, kind_create_child, kind_delete, kind_liveness;

/* The kind that answers a lawful request, by its exchange type and content; NULL: none. */
const struct exchange_kind *kind_of_request(const struct message *m);

/* init.c: what can be decided on a stranger's first message without keeping anything. */
enum init_outcome {
	INIT_ACCEPT, /* make an IKE SA and let kind_init answer */
	INIT_REPLY, /* send `reply`, keep nothing */
	INIT_SILENCE,
};
enum init_outcome init_screen(struct ike_context *c, const struct endpoint *local,
			      const struct endpoint *remote, const struct message *m, struct blob *reply,
			      enum reason *reason);

/* auth.c: the answer to NEWS_PEER_WANTED. keys are copied. */
void auth_peer_found(struct ike_context *c, struct exchange *x, bool allowed, enum reason reason,
		     const struct public_key *keys, size_t count, enum key_level level);

/* delete.c: queue a delete of the IKE SA or of one child; by the table. */
void delete_ike(struct ike_context *c, struct ike_sa *sa, enum reason reason);
void delete_child(struct ike_context *c, struct ike_sa *sa, struct child_sa *child, enum reason reason);

#endif
