/*
 * An IKE SA: who owns its two windows, its queue, its children and its keys. It alone sends: every
 * request, deletes included, goes through its queue. Nothing else holds a pointer to it but the table;
 * everybody outside holds its serial. RFC 7296 1.2, 2.
 */
#ifndef CYGNET_IKE_SA_IKE_SA_H
#define CYGNET_IKE_SA_IKE_SA_H

#include "../wire/fragment.h"
#include "context.h"
#include "keys.h"
#include "list.h"
#include "states.h"
#include "window.h"

struct exchange;

/* What only the handshake needs: freed when it is over, because memory per SA counts. */
struct handshake {
	uint16_t group; /* of our KE value */
	struct ke_secret *secret;
	struct blob ke_public; /* ours */
	struct blob nonce_i, nonce_r;
	struct blob init_request, init_answer; /* as on the wire: they are signed (2.15) */
	struct blob cookie; /* the responder's, to be sent back */
	unsigned retries; /* cookie and INVALID_KE answers followed */
	bool group_changed; /* INVALID_KE_PAYLOAD was followed once (D4) */
	struct proof_keys proof;
	uint32_t peer_hashes; /* bit n: hash_id n was announced (RFC 7427 4) */
	enum when encapsulation; /* as responder: what the candidates want */
	bool childless; /* as responder: they allow a handshake without a Child SA */
	uint16_t hint; /* the last unprotected error of somebody */
	/* of the wish, ours only */
	struct public_key *peer_keys;
	size_t peer_key_count;
	enum key_level level;
	struct selector ts_local, ts_remote;
	enum kernel_mode mode;
	uint32_t reqid, acquire_seq;
	msec timeout;
};

struct ike_sa {
	struct list link, in_spi, in_serial, in_peer, in_address, in_name; /* the table's */
	uint64_t serial;
	enum ike_state state;
	bool initiator; /* we sent the first message: fixes flags and key directions for ever */
	bool larval; /* a successor under way: its exchange owns it */
	bool closing; /* delete it as soon as it is established, or there is memory for that */
	bool encapsulated; /* IKE on port 4500, with the non-ESP marker (RFC 3948 2.2) */
	bool esp_in_udp; /* a NAT is on the way, or one side wants it so: 4500 alone says nothing (MOBIKE floats, too) */
	bool we_are_behind, peer_is_behind; /* a NAT (2.23) */
	bool fragments; /* both sides take fragments (RFC 7383 2.3) */
	bool childless; /* the peer can do without a first Child SA (RFC 6023) */
	uint64_t
		contests; /* made by the peer while our own request for a successor of that one was under way; 0: no */
	bool redundant; /* a successor that lost a crossing: whoever made it deletes it */
	bool forgotten; /* by its peer, which began anew (INITIAL_CONTACT): nothing is sent on it any more */
	bool reauth_told; /* the node makes it anew by a handshake */
	bool half_open; /* counted in the context's half_open */
	struct list in_half_opens; /* the context's */
	msec half_open_since; /* it last proved something then: a cookie, a message under our keys */
	bool settled; /* what leaving life means was done (ike_sa_settle) */
	bool told_down; /* IKE_DOWN was told */
	bool told_failed; /* ATTEMPT_FAILED was told */
	bool confirmed; /* the peer answered our delete, or deleted at the same time */
	enum reason end_reason;
	uint64_t spi_i, spi_r;
	uint32_t conn; /* serial; 0 before one is chosen */
	uint64_t owner;
	struct endpoint local, remote;
	struct endpoint first_remote; /* where the first message came from */
	struct suite suite;
	struct ike_keys keys;
	bool keyed; /* keys is valid */
	uint64_t next_iv; /* for AEADs: a counter, never used twice with one key */
	struct window ours, theirs;
	struct list queue; /* exchanges of ours that wait for room */
	size_t queued;
	struct list live; /* exchanges in a window */
	struct list children;
	size_t child_count;
	unsigned peer_window; /* SET_WINDOW_SIZE of the peer (2.3); ours stays at 1 */
	struct gather gather[2]; /* fragments of a request, of an answer, while they come in */
	uint64_t jobs; /* started so far: part of their numbers */
	struct handshake *handshake; /* NULL once established */
	struct identity local_id, remote_id;
	enum key_level level;
	msec made, established;
	/* MSEC_NEVER: not running */
	msec half_open_due, linger_due, life_due, rekey_due, liveness_due, quiet_due, keepalive_due,
		again_due;
	unsigned rekey_failures;
	msec last_heard; /* a fresh protected message or packet */
	msec checked; /* when a hint last made us ask for a sign of life */
};

/* Makes and enters an IKE SA with a fresh serial and a fresh SPI of ours; NULL when it cannot. */
struct ike_sa *ike_sa_new(struct ike_context *c, bool initiator, uint64_t peer_spi,
			  const struct endpoint *local, const struct endpoint *remote);

/*
 * A larval successor: the same peers, endpoints and names, its own SPIs, no keys yet. The exchange that makes it
 * owns it. initiator: whether we began that exchange. peer_spi: 0 while it is not known.
 */
/* @rfc 7296-2.8.3-1 7383-2.3-5 */
struct ike_sa *ike_sa_heir(struct ike_context *c, const struct ike_sa *old, bool initiator,
			   uint64_t peer_spi);

/* The successor has its keys and is open: it enters the table (false without room: the caller keeps it). */
MUST_USE bool ike_sa_open_heir(struct ike_context *c, struct ike_sa *heir);

/* Children, waiting requests and the node's interest move to the successor by one splice; old becomes REKEYED. */
/* @rfc 7296-1.3.2-4 7296-1.4-2 7296-2.8-5 7296-2.8.2-2 */
void ike_sa_succeed(struct ike_context *c, struct ike_sa *old, struct ike_sa *heir);

/* The peer of an SA behind a NAT is reached elsewhere now: its children are to be rekeyed (2.23). */
/* @rfc 7296-2.23-15 */
void ike_sa_moved(struct ike_context *c, struct ike_sa *sa, const struct endpoint *remote);

/*
 * Everything goes: children (their kernel SAs, with news), exchanges with their subjects, keys, the place
 * in the table. Correct in every state. Sends nothing.
 */
/* @rfc 7296-2.12-1 */
void ike_sa_discard(struct ike_context *c, struct ike_sa *sa, enum reason reason);

/* The SPI that the peer must write to reach us. */
static inline uint64_t ike_sa_our_spi(const struct ike_sa *sa)
{
	return sa->initiator ? sa->spi_i : sa->spi_r;
}

/* Applies a happening: the table's cell, with its transition told. Returns the cell. */
const struct ike_cell *ike_sa_happens(struct ike_context *c, struct ike_sa *sa, enum ike_happening happening,
				      enum reason reason);

/* Tells the node, once, that the IKE SA must be made anew by a handshake. */
void ike_sa_want_reauth(struct ike_context *c, struct ike_sa *sa);

/* The handshake is over: wipes and frees what only it needed. */
/* @rfc 7296-2.12-1 */
void ike_sa_forget_handshake(struct ike_context *c, struct ike_sa *sa);

/* Copies serials, endpoints, level and identities into news. */
void ike_sa_fill_news(const struct ike_sa *sa, struct ike_news *news);

/* Tells ATTEMPT_FAILED once, when the attempt was ours. */
void ike_sa_attempt_failed(struct ike_context *c, struct ike_sa *sa, enum reason reason, uint16_t notify,
			   bool proven);

/*
 * After a handler has returned: applies what the state asks for (children and queue go when the SA is
 * deleted) and arms the deadline. The SA may be gone after it:
 * returns whether it still is there.
 */
bool ike_sa_settle(struct ike_context *c, struct ike_sa *sa);

/*
 * There was no memory for what must not be left undone (a delete): it is tried again soon, when the caller settles or arms
 * the IKE SA.
 */
void ike_sa_again(struct ike_context *c, struct ike_sa *sa);
/* A failure of our own: the peer of an open IKE SA is told by a delete, another ends. */
void ike_sa_fails(struct ike_context *c, struct ike_sa *sa, enum reason reason);

/* The earliest of its times, entered into the context's deadlines. Call after anything changed. */
void ike_sa_arm(struct ike_context *c, struct ike_sa *sa);

/* The child with that serial, or with that SPI of the peer's; NULL. Lend. */
struct child_sa *ike_sa_child(const struct ike_sa *sa, uint64_t serial);
struct child_sa *ike_sa_child_by_spi_out(const struct ike_sa *sa, uint32_t spi_out);
/* Whether a child serves or will. */
bool ike_sa_has_live_child(const struct ike_sa *sa);

#endif
