/*
 * The face of IKE: what the node may ask of it and what it tells. IKE knows peers, exchanges, keys and
 * SAs; it knows no groups' states and no kernel policies. It emits actions for packets, jobs and kernel
 * SAs; what other rooms must know it leaves as news, which the node takes and translates.
 */
#ifndef CYGNET_IKE_H
#define CYGNET_IKE_H

#include "action.h"

struct ike;

struct ike *ike_new(const struct crypto *crypto); /* borrows crypto; NULL without memory */
void ike_discard(struct ike *ike); /* sends nothing; NULL is allowed */

/*
 * The plan and addresses in force; false: there was no memory, and it is to be called again: until then there is no
 * peer. Borrows plan until the next call. SAs of connections that are gone end by themselves.
 */
MUST_USE bool ike_set_plan(struct ike *ike, const struct plan *plan, const struct event_addresses *addresses);
/* The ESP offer is cut to what this kernel can. */
void ike_set_abilities(struct ike *ike, const struct kernel_abilities *abilities);

/* Packets, jobs done, SA expiry, kernel failures and time. Adopts a job. */
void ike_event(struct ike *ike, msec now, struct event *event, struct actions *actions);
msec ike_deadline(const struct ike *ike); /* MSEC_NEVER: no need */

/*
 * Whether an IKE datagram (28 octets at least) is a stranger's first message without a cookie, which would stand first (RFC
 * 7296 2.6): anybody can send any number of those, so a caller that falls behind may pass them over. No deep look.
 */
bool ike_is_first_message(struct bytes datagram);

/* One attempt to have an IKE SA with its first Child SA. */
struct ike_wish {
	uint64_t owner; /* comes back in all news of this attempt and its SAs */
	bool fresh; /* with an IKE SA of its own, though there is one to the same peer */
	uint32_t conn; /* serial in the plan: identities, methods, algorithms, lifetimes */
	struct endpoint local, remote;
	struct selector ts_local, ts_remote;
	enum kernel_mode mode;
	uint32_t reqid;
	uint32_t acquire_seq; /* 0: no acquire */
	const struct public_key *peer_keys; /* borrowed for the call, copied; NULL: the connection's own */
	size_t peer_key_count;
	enum key_level level; /* what those keys prove */
	msec timeout; /* give up when no answer came for so long; 0: the connection's */
};

/*
 * Begins an attempt: a Child SA on an IKE SA that there is to the same peer by the same proofs, or a new IKE SA with
 * it. The serial of the IKE SA, or 0 with *reason.
 */
uint64_t ike_initiate(struct ike *ike, msec now, const struct ike_wish *wish, struct actions *actions,
		      enum reason *reason);

/*
 * Queues a delete of an IKE SA (the children go with it), or of one Child SA; the last one takes its IKE SA along.
 * Unknown serials are ignored.
 */
void ike_delete(struct ike *ike, msec now, uint64_t ike_sa, enum reason reason, struct actions *actions);
void ike_delete_child(struct ike *ike, msec now, uint64_t child, enum reason reason, struct actions *actions);
/* Queues rekeys (RFC 7296 1.3.2, 1.3.3), unless one is under way; unknown serials are ignored. */
void ike_rekey(struct ike *ike, msec now, uint64_t ike_sa, enum reason reason, struct actions *actions);
void ike_rekey_child(struct ike *ike, msec now, uint64_t child, enum reason reason, struct actions *actions);
/* As ike_delete_child, but the IKE SA stays though the child was its last. */
void ike_delete_only_child(struct ike *ike, msec now, uint64_t child, enum reason reason,
			   struct actions *actions);
/*
 * Another Child SA serves its pair (it lost a crossing, or the peer began anew): it receives only, so that nothing under
 * way is lost, and we delete it when the peer does not do so soon.
 */
void ike_redundant_child(struct ike *ike, msec now, uint64_t child, enum reason reason,
			 struct actions *actions);
/* Asks the peer for a sign of life now. */
void ike_liveness(struct ike *ike, msec now, uint64_t ike_sa, struct actions *actions);
/*
 * Ends the attempt of an owner on that IKE SA, wherever it stands: one that is not established, or a Child SA that is
 * being made. Nobody is told.
 */
void ike_withdraw(struct ike *ike, msec now, uint64_t ike_sa, uint64_t owner, enum reason reason,
		  struct actions *actions);
/*
 * The peer's own handshake for the same pair succeeded: ours ends, without a word, if its IKE_SA_INIT is not yet answered.
 * false: it is further on, so that both will be there, and it goes on. So whoever sees two that overlap in time knows that
 * they crossed, and that the other end sees the same.
 */
MUST_USE bool ike_yield(struct ike *ike, msec now, uint64_t ike_sa, struct actions *actions);
/* Ends an attempt that is not yet established; nothing is sent but what RFC 7296 asks for. */
void ike_abandon(struct ike *ike, msec now, uint64_t ike_sa, enum reason reason, struct actions *actions);
/* Queues a delete on every IKE SA, refuses new ones. Done when ike_count() is 0. */
void ike_stop(struct ike *ike, msec now, struct actions *actions);
/* Discards what is left after a stop's deadline: one note and one news each; sends nothing. */
void ike_give_up(struct ike *ike, msec now, struct actions *actions);

struct ike_counts {
	size_t ike_sas, half_open, established,
		lingering; /* lingering: DELETED, kept to answer retransmits */
	size_t children;
	uint64_t deletes_confirmed, deletes_unanswered; /* since the start */
};
struct ike_counts ike_count(const struct ike *ike);

/* How many IKE SAs are not ended yet: those that only linger do not count. */
size_t ike_waits(const struct ike *ike);

enum ike_news_kind {
	NEWS_CHILD_UP,
	NEWS_CHILD_DOWN,
	NEWS_CHILD_DELETED, /* our delete of it is over: confirmed by the peer, or not */
	NEWS_CHILD_REPLACED, /* rekeyed: the child serves in place of `replaced`, for the same owner and pair */
	NEWS_ATTEMPT_FAILED, /* of ours: no Child SA came of it; the IKE SA ends by itself */
	NEWS_IKE_UP,
	NEWS_IKE_DOWN,
	NEWS_IKE_REPLACED, /* rekeyed: the IKE SA has taken over what belonged to `replaced` */
	NEWS_REAUTH_WANTED, /* the IKE SA must be made anew by a handshake, before it ends */
	NEWS_PEER_WANTED, /* a responder asks: who is this peer, what keys, may it have this pair? */
	NEWS_HINT, /* an unprotected error came: believed by nobody, counted */
};

struct ike_news {
	enum ike_news_kind kind;
	uint64_t ike_sa, child; /* serials */
	uint64_t replaced; /* CHILD_REPLACED, IKE_REPLACED: the serial before */
	uint64_t owner; /* of the wish; 0 when the peer started it */
	msec began; /* CHILD_UP: when its handshake or exchange did, at this end */
	uint32_t conn;
	bool initiator; /* of the IKE SA */
	enum reason reason;
	uint16_t notify; /* the error type that ended it, 0: none */
	bool proven; /* the refusal came from a peer whose AUTH was verified */
	enum key_level level;
	struct endpoint local, remote;
	struct selector ts_local, ts_remote;
	enum kernel_mode mode;
	uint32_t reqid;
	uint32_t spi_in, spi_out;
	uint32_t acquire_seq;
	bool confirmed; /* IKE_DOWN after our delete: the peer answered it */
	bool null_auth; /* PEER_WANTED: it proves nothing */
	char peer_id[128]; /* printed, escaped */
	struct identity id; /* PEER_WANTED: IDi. Borrowed until the answer; do not keep */
};

/* Takes the oldest news; false when there is none. */
MUST_USE bool ike_next_news(struct ike *ike, struct ike_news *news);

/*
 * The answer to NEWS_PEER_WANTED: keys to try (copied) and their level; or a refusal with its reason
 * (allowed false). An unknown serial is ignored: the answer came too late.
 */
void ike_peer_found(struct ike *ike, msec now, uint64_t ike_sa, bool allowed, enum reason reason,
		    const struct public_key *keys, size_t count, enum key_level level,
		    struct actions *actions);

/* What `cygnet show` and explain tell of an IKE SA and its children: rows appended as reports of a command. */
void ike_report(const struct ike *ike, msec now, uint64_t command, uint32_t conn, struct actions *actions);

/* For the invariants of the simulator: walks everything; false with a text when something is wrong. */
MUST_USE bool ike_check(const struct ike *ike, char why[160]);
/* For invariants and tests: calls for each Child SA that is installed. */
struct ike_child_view {
	uint64_t ike_sa, child, owner;
	uint32_t conn, spi_in, spi_out;
	struct selector ts_local, ts_remote;
	struct endpoint local, remote;
	const char *ike_state;
};
void ike_each_child(const struct ike *ike, void (*see)(void *context, const struct ike_child_view *view),
		    void *context);

#endif
