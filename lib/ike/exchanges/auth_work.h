/*
 * What both directions of IKE_AUTH share: the state that an exchange keeps between its jobs, the proof of
 * the peer and our own. auth.c holds the two directions.
 */
#ifndef CYGNET_IKE_EXCHANGES_AUTH_WORK_H
#define CYGNET_IKE_EXCHANGES_AUTH_WORK_H

#include "kinds.h"

struct auth_work {
	struct identity peer_id; /* IDi when they ask, IDr when we do */
	uint8_t reserved[3]; /* of its payload, as they came: the proof is over them, too (2.15) */
	uint8_t auth_type;
	struct blob auth_data;
	struct public_key *keys; /* of the peer, from outside */
	size_t key_count;
	enum key_level level;
	bool asked_outside, found_outside; /* NEWS_PEER_WANTED was sent; was answered */
	bool peer_proven;
	bool signed_by_us;
	enum signature_scheme scheme;
	struct blob proof; /* our AUTH data: type, three zeros, data */
	enum reason why; /* of the last refusal, for the log of the side that knows */
};

/* Makes the work of an exchange; NULL without memory. x->work owns it. */
struct auth_work *auth_work_of(struct exchange *x);
void auth_work_free(struct ike_context *c, struct exchange *x);

/* Takes ID and AUTH of a message into the work. id_type: PAYLOAD_IDI or PAYLOAD_IDR. MALFORMED, MEMORY. */
MUST_USE enum reason auth_work_read(struct auth_work *w, const struct message *m, uint8_t id_type);

/*
 * The connection's peer that fits the addresses and what the message says; NULL with the best reason. MEMORY: it is not
 * known.
 */
const struct peer *auth_select_peer(struct ike_context *c, const struct ike_sa *sa, const struct auth_work *w,
				    const struct message *m, enum reason *why);

/* Our identity for an end: configured, NULL for a NULL proof, or our address. */
MUST_USE bool auth_own_id(const struct end *end, const struct address *address, struct identity *id);
/* Whether the peer's identity is the one that the end expects; host: the peer's address. */
bool auth_id_fits(const struct end *end, const struct address *host, const struct identity *id);
/* Whether AUTH's type can be the method. */
bool auth_type_fits(enum auth_method method, uint8_t type);

/*
 * Checks the peer's AUTH: GO_ON when it is right (sa->level set), WAIT for a job or for ike_peer_found,
 * else REFUSE with AUTHENTICATION_FAILED and the reason.
 */
struct verdict auth_verify_peer(struct ike_context *c, struct exchange *x, const struct peer *peer);

/* Makes our AUTH into work->proof: GO_ON, WAIT for a job, or REFUSE. */
struct verdict auth_make_own(struct ike_context *c, struct exchange *x, const struct peer *peer);
/* The signing job is done. */
struct verdict auth_take_signature(struct exchange *x, struct job *job);

/* Whether the conn is one of an opportunistic group, whose peers are known from outside. */
static inline bool auth_is_group(const struct peer *peer)
{
	return peer->conn->group != CLASS_NONE;
}

#endif
