/*
 * The face of opportunism: pairs (flows), the groups that decide their class, what DNS says of them, and
 * the kernel policies of pairs and templates. It knows no packet and no exchange: what it wants of IKE
 * it leaves as wishes, which the node takes and translates; what IKE did it is told.
 */
#ifndef CYGNET_OE_H
#define CYGNET_OE_H

#include "action.h"

struct oe;

struct oe *
oe_new(const struct crypto *crypto); /* borrows; crypto's random chooses among equals. NULL without memory */
void oe_discard(struct oe *oe); /* NULL is allowed */

/*
 * The plan and addresses in force (E29, E30, E31): templates are put before leftovers are removed.
 * Borrows plan until the next call. false: some templates were left out for want of memory; it is to be called again.
 */
MUST_USE bool oe_set_plan(struct oe *oe, msec now, const struct plan *plan,
			  const struct event_addresses *addresses, struct actions *actions);

/* Whether an acquire's reqid is a group's. */
bool oe_owns_reqid(const struct oe *oe, uint32_t reqid);

/* Acquires, DNS answers, counters, commands about pairs, and time. Adopts a DNS answer. */
void oe_event(struct oe *oe, msec now, struct event *event, struct actions *actions);
msec oe_deadline(const struct oe *oe);

enum oe_wish_kind {
	WISH_CONNECT, /* an IKE attempt for a flow; serial is the owner */
	WISH_DELETE_CHILD,
	WISH_REDUNDANT_CHILD, /* another serves its pair: it only receives from now on (ike_redundant_child) */
	WISH_YIELD, /* the attempt of a flow that the peer was faster with (ike_yield) */
	WISH_ABANDON, /* the attempt of a flow */
	WISH_PEER_ANSWER, /* to NEWS_PEER_WANTED */
};

struct oe_wish {
	enum oe_wish_kind kind;
	uint64_t flow; /* serial */
	uint64_t ike_sa, child;
	uint32_t conn;
	struct address local, gateway;
	struct selector ts_local, ts_remote;
	enum kernel_mode mode;
	uint32_t reqid, acquire_seq;
	const struct public_key *keys; /* lent until the next call into oe */
	size_t key_count;
	enum key_level level;
	msec timeout;
	bool allowed; /* PEER_ANSWER */
	enum reason reason;
};

/* Takes the oldest wish; false when there is none. */
MUST_USE bool oe_next_wish(struct oe *oe, struct oe_wish *wish);

/* WISH_CONNECT was begun: the IKE SA's serial (0: it could not be, with the reason). */
void oe_connecting(struct oe *oe, msec now, uint64_t flow, uint64_t ike_sa, enum reason reason,
		   struct actions *actions);

/* What IKE did, in OE's words (E13 to E18, E20, E25 to E27). flow 0: the peer started it. */
struct oe_child {
	uint64_t flow, ike_sa, child;
	uint32_t conn;
	struct address local, remote, gateway;
	enum kernel_mode mode;
	uint32_t reqid, spi_in, spi_out;
	enum key_level level;
	bool initiator; /* we made the IKE SA that it belongs to */
	msec began; /* its making, at this end */
	char peer_id[128];
};
void oe_child_up(struct oe *oe, msec now, const struct oe_child *child, struct actions *actions);
/* Rekeyed: child serves the pair in place of the one with the serial `before`. */
void oe_child_replaced(struct oe *oe, msec now, uint64_t before, const struct oe_child *child,
		       struct actions *actions);
void oe_child_down(struct oe *oe, msec now, uint64_t child, enum reason reason, struct actions *actions);
void oe_attempt_failed(struct oe *oe, msec now, uint64_t flow, enum reason reason, uint16_t notify,
		       bool proven, struct actions *actions);
void oe_hint(struct oe *oe, msec now, uint64_t flow, struct actions *actions);

/* The responder's question (docs/opportunistic.md 2): answered by WISH_PEER_ANSWER, perhaps later. */
void oe_peer_wanted(struct oe *oe, msec now, uint64_t ike_sa, uint32_t conn, const struct identity *id,
		    bool null_auth, const struct address *local, const struct address *remote,
		    struct actions *actions);

/* A clean stop: flows back to their templates, templates removed (private: blocked when so configured). */
void oe_stop(struct oe *oe, msec now, struct actions *actions);

struct oe_counts {
	size_t flows, by_state[9];
	uint64_t first_packets_lost, hints_ignored, acquires, limits_hit;
};
struct oe_counts oe_count(const struct oe *oe);

/* COMMAND_OE_INITIATE to COMMAND_OE_UNPIN: the final report says what became of it. */
void oe_command(struct oe *oe, msec now, const struct command *command, struct actions *actions);

/* COMMAND_EXPLAIN and COMMAND_OE_LIST: rows, then the final report with the exit status. */
void oe_explain(struct oe *oe, msec now, const struct command *command, struct actions *actions);
void oe_list(struct oe *oe, msec now, const struct command *command, struct actions *actions);

MUST_USE bool oe_check(const struct oe *oe, msec now,
		       char why[160]); /* invariants I1 to I6 as far as one node sees them */

#endif
