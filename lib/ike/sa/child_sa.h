/*
 * A Child SA: a pair of kernel SAs, their selectors, and who asked for them. While larval it belongs to
 * the exchange that makes it; installed, to its IKE SA. Keys are kept only until they are installed.
 * RFC 7296 1.2, 1.3, 2.9, 2.17.
 */
#ifndef CYGNET_IKE_SA_CHILD_SA_H
#define CYGNET_IKE_SA_CHILD_SA_H

#include "context.h"

struct ike_sa;

enum child_state {
	CHILD_LARVAL = 1,
	CHILD_INSTALLED,
	CHILD_DELETING, /* our delete is queued or on the wire; kernel SAs are gone */
};

struct child_sa {
	struct list link; /* in the IKE SA's children, or alone */
	uint64_t serial;
	enum child_state state;
	uint32_t conn;
	uint64_t owner; /* of the wish */
	uint32_t spi_in, spi_out;
	struct suite esp;
	struct selector ts_local, ts_remote;
	enum kernel_mode mode;
	uint32_t reqid, acquire_seq;
	msec installed;
};

/* A larval child with a fresh serial and inbound SPI; NULL without memory or randomness. The caller owns it. */
struct child_sa *child_sa_new(struct ike_context *c);

/*
 * Derives the keys, has both kernel SAs installed (inbound first) and hands the child to its IKE SA, which
 * adopts it; news: CHILD_UP. false: nothing happened and the caller still owns the child.
 * initiator: whether we began the exchange that made it (2.17: whose keys come first).
 */
MUST_USE bool child_sa_install(struct ike_context *c, struct ike_sa *sa, struct child_sa *child,
			       struct bytes nonce_i, struct bytes nonce_r, bool initiator);

/* Takes the kernel SAs away and tells the news, once; the child stays with its IKE SA. */
void child_sa_uninstall(struct ike_context *c, struct ike_sa *sa, struct child_sa *child, enum reason reason);

/* Uninstalls what is installed, leaves its list, frees. NULL is allowed. sa may be NULL for a larval child. */
void child_sa_discard(struct ike_context *c, struct ike_sa *sa, struct child_sa *child, enum reason reason);

#endif
