/*
 * The exchange: one request and its answer in an IKE SA's window; the unit of work and the one concept of
 * this house. It carries initiating, answering, retransmitting, proving life and deleting alike.
 *
 *   we ask:    QUEUED -> WORKING -> WAITING -> (WORKING, when the answer needs a job) -> concluded
 *   they ask:  WORKING -> ANSWERED -> concluded by the peer's next request
 *
 * An exchange belongs to its IKE SA. It owns its subject while that is larval, its parcel, the request
 * that it digests, and what its kind put into `work`; discarding it discards them, so that nothing can
 * be orphaned. What an exchange is for is its kind: a const row of functions, which never free it.
 *
 * RFC 7296 2.1 to 2.4.
 */
#ifndef CYGNET_IKE_SA_EXCHANGE_H
#define CYGNET_IKE_SA_EXCHANGE_H

#include "collide.h"
#include "context.h"
#include "list.h"
#include "verdict.h"

struct child_sa;
struct exchange;
struct ike_sa;
struct message;

enum exchange_step {
	EXCHANGE_QUEUED = 1, /* ours: waits for room in the window */
	EXCHANGE_WORKING, /* building or digesting; perhaps a job is out */
	EXCHANGE_WAITING, /* ours: sent, kept, retransmitted */
	EXCHANGE_ANSWERED, /* theirs: answered, kept for repeats */
};

/* What an exchange is for. All functions borrow what they are handed and free none of it. */
struct exchange_kind {
	const char *name;
	uint8_t wire; /* exchange type, RFC 7296 3.1 */
	enum collide_class class; /* what meets what (collide.h) */
	bool ends_attempt; /* its failure is the failure of the whole attempt */
	bool waits_for_ever; /* it is not given up while it is queued */

	/* Ours: make the request (GO_ON: it is in x->parcel), or start a job (WAIT). */
	struct verdict (*ask)(struct ike_context *c, struct exchange *x);
	/*
	 * Ours: the answer came, opened and lawful. GO_ON: the exchange is concluded, or, with to_send, the
	 * changed request leaves under the same number. IGNORE: it did not come.
	 */
	struct verdict (*conclude)(struct ike_context *c, struct exchange *x, const struct message *answer);
	/* Theirs: digest a request, opened and lawful, and make the answer into x->parcel. */
	struct verdict (*answer)(struct ike_context *c, struct exchange *x, const struct message *request);
	/* Either side: the job that x waited for is done. The job stays the caller's. */
	struct verdict (*job_done)(struct ike_context *c, struct exchange *x, struct job *job);
	/* Theirs: what x waited for from outside (ike_peer_found) is there, in x->work. */
	struct verdict (*resume)(struct ike_context *c, struct exchange *x);
	/* After the answer was sent, or the conclusion reached: what follows from it. May be NULL. */
	void (*after)(struct ike_context *c, struct exchange *x);
	/* Ours: it came to nothing. May be NULL. */
	void (*abandon)(struct ike_context *c, struct exchange *x, enum reason reason, uint16_t notify);
	/* Ours: its IKE SA ends before it. Whoever asked for it is told. May be NULL. */
	void (*lost)(struct ike_context *c, struct exchange *x, enum reason reason);
	/* Frees x->work. May be NULL. */
	void (*free_work)(struct ike_context *c, struct exchange *x);
};

struct exchange {
	struct list link; /* in the IKE SA's queue, or alone */
	const struct exchange_kind *kind;
	struct ike_sa *owner;
	bool ours;
	struct endpoint came_from, came_to; /* theirs: of the request, or of its newest repetition (2.11) */
	bool came_encapsulated;
	enum exchange_step step;
	uint32_t message_id;
	struct child_sa *subject; /* larval: owned */
	struct ike_sa *heir; /* larval successor of the IKE SA: owned */
	uint64_t target; /* serial of the Child SA that it is about; 0: none */
	enum reason reason; /* why it was begun */
	struct blob parcel; /* the finished message, or its fragments one behind the other */
	struct blob inner; /* ours: its contents, while they may have to be made smaller fragments */
	uint8_t inner_first;
	struct blob request; /* theirs: the message as received (init), or its opened payloads (others) */
	uint8_t first_payload; /* theirs: type of the first opened payload in `request` */
	unsigned tries;
	msec due, interval, give_up; /* ours, WAITING */
	msec expires; /* ours, QUEUED: given up then; MSEC_NEVER */
	uint64_t job; /* number of the job that is out; 0: none */
	bool unwanted; /* ours: whoever asked for its subject does not want it any more */
	bool to_send; /* ours: the parcel is fresh; GO_ON means send it, not concluded */
	bool awaits_outside; /* theirs: waits for ike_peer_found */
	void *work; /* the kind's own */
};

/* A new exchange of a kind, not yet in any window; NULL without memory. */
struct exchange *exchange_new(const struct exchange_kind *kind, struct ike_sa *owner, bool ours);

/* Frees an exchange with all that it owns and takes it out of window and queue. Sends nothing. */
void exchange_discard(struct ike_context *c, struct exchange *x);

/*
 * Queues an exchange of ours; it starts at once when the window has room. A full queue refuses (false),
 * and then x is discarded. `first` puts it ahead of what waits (deletes outrank new work) but never ahead of
 * what is on the wire.
 */
bool exchange_begin(struct ike_context *c, struct exchange *x, bool first);

/* Our exchange of a class that has its number already and is not concluded; target 0: any. NULL: none. Lends. */
struct exchange *exchange_under_way(const struct ike_sa *sa, enum collide_class class, uint64_t target);
/* Whether one of a kind waits in the queue (about target; 0: any). */
bool exchange_is_queued(const struct ike_sa *sa, const struct exchange_kind *kind, uint64_t target);

/* Starts what waits while the window has room. */
void exchange_pump(struct ike_context *c, struct ike_sa *sa);

/* Applies what a function of the kind returned, for our exchange and for theirs. x may be gone after it. */
void exchange_apply(struct ike_context *c, struct exchange *x, struct verdict verdict);

/* Sends the parcel (again). */
void exchange_transmit(struct ike_context *c, struct exchange *x);

/* Our exchange's time came: retransmit, or give up. x may be gone after it. */
void exchange_due(struct ike_context *c, struct exchange *x);

/* Ends our exchange without success. x is gone after it. */
void exchange_abandon(struct ike_context *c, struct exchange *x, enum reason reason, uint16_t notify);

/* Starts a job for x: its number is set and remembered. Adopts job; false (job gone) when it cannot. */
MUST_USE bool exchange_start_job(struct ike_context *c, struct exchange *x, struct job *job);

#endif
