/*
 * A Child SA: a pair of kernel SAs, their selectors, and who asked for them. While larval it belongs to
 * the exchange that makes it; agreed, to its IKE SA, and it moves to that one's successor. Its life is the
 * table of child_states.h; what of it stands in the kernel follows from its state. Keys are kept only until
 * they are installed. RFC 7296 1.2, 1.3, 2.8, 2.9, 2.17.
 */
#ifndef CYGNET_IKE_SA_CHILD_SA_H
#define CYGNET_IKE_SA_CHILD_SA_H

#include "child_states.h"
#include "context.h"

struct ike_sa;

struct child_sa {
	struct list link; /* in the IKE SA's children, or alone */
	struct list in_serial, in_spi, out_spi; /* the table's, once agreed */
	struct ike_sa *ike; /* whose child it is; NULL while larval */
	uint64_t serial;
	enum child_state state;
	bool told; /* the node knows it as the one that serves */
	bool initiator; /* we began the exchange that made it */
	bool named; /* our delete of it is on the wire, in the message below */
	uint32_t delete_id;
	enum reason end_reason;
	uint32_t conn;
	uint64_t owner; /* of the wish */
	uint64_t replaces; /* the one in whose place it comes; 0: none */
	uint64_t newcomer; /* of another IKE SA, that waits to take its place; 0: none */
	uint32_t spi_in, spi_out;
	struct suite esp;
	struct selector ts_local, ts_remote;
	enum kernel_mode mode;
	uint32_t reqid, acquire_seq;
	struct address near, far; /* of the kernel SAs: ours and the peer's, as they were installed */
	struct kernel_sa *in, *out; /* not yet installed, with their keys; owned, wiped */
	struct blob lowest; /* the lower of the two nonces that made it: decides a crossing (2.8.1) */
	msec began; /* its making: the handshake of its IKE SA, or an exchange of its own */
	msec installed;
	msec serves; /* a newcomer: when it takes the old one's place at the latest */
	msec due; /* of its state: draining, or patience with the peer's delete; MSEC_NEVER */
	msec rekey_due; /* MSEC_NEVER: not wanted */
	unsigned rekey_failures;
	uint64_t seen_in, seen_out; /* octets, when last asked */
};

/* A larval child with a fresh serial and inbound SPI; NULL without memory or randomness. The caller owns it. */
struct child_sa *child_sa_new(struct ike_context *c);

/* What a child is made of: nonces and, with a key exchange of its own, the shared secret (2.17). */
struct child_seed {
	struct bytes nonce_i, nonce_r, shared;
	bool initiator; /* whether we began the exchange: whose keys come first */
};

/*
 * Derives the keys and hands the child to its IKE SA, which adopts it; half: only its inbound SA is
 * installed yet. false: nothing happened and the caller still owns the child.
 */
MUST_USE bool child_sa_agree(struct ike_context *c, struct ike_sa *sa, struct child_sa *child,
			     const struct child_seed *seed, bool half);

/*
 * What was agreed at the peer, but not as we asked: nothing is installed, the IKE SA adopts it only so that its
 * delete can be sent.
 */
void child_sa_adopt_refused(struct ike_context *c, struct ike_sa *sa, struct child_sa *child,
			    enum reason reason);

/*
 * Applies a happening: the table's cell, the kernel's SAs, the news. A child that is GONE afterwards stays in
 * its list until child_sa_sweep. Returns the cell.
 */
const struct child_cell *child_sa_happens(struct ike_context *c, struct child_sa *child,
					  enum child_happening happening, enum reason reason);

/* The child of another IKE SA to the same peer that serves the selectors of the larval one; NULL: none. Lends. */
struct child_sa *child_sa_rival(const struct ike_context *c, const struct ike_sa *sa,
				const struct child_sa *larval);
/*
 * Of the child that waits to take the place of another IKE SA's: its peer has our answer (it asks something new), and the
 * child serves; or it has not (it asks the same again), and the wait begins anew.
 */
void child_sa_newcomer(struct ike_context *c, struct ike_sa *sa, bool answered);
/* A successor serves instead of what it replaces (if that is still there). */
void child_sa_take_over(struct ike_context *c, struct child_sa *successor);
/* The child that is ready to take this one's place; NULL: none. Lends. */
struct child_sa *child_sa_successor(const struct child_sa *child);

/* Frees the children of an IKE SA that are gone. */
void child_sa_sweep(struct ike_context *c, struct ike_sa *sa);

/* Uninstalls what is installed, tells the news, leaves its list, frees. NULL is allowed. */
void child_sa_discard(struct ike_context *c, struct child_sa *child, enum reason reason);

#endif
