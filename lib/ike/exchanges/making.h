/*
 * What the exchanges that make an SA have in common: the views of SA, nonce and KE in a message, and, for those
 * of CREATE_CHILD_SA, the state between their jobs (RFC 7296 1.2, 1.3, 2.10, 3.4, 3.9).
 */
#ifndef CYGNET_IKE_EXCHANGES_MAKING_H
#define CYGNET_IKE_EXCHANGES_MAKING_H

#include "../wire/build.h"
#include "../sa/child_sa.h"
#include "kinds.h"

/* The views of a message that makes an SA. */
struct parts {
	struct bytes sa, nonce, ke;
	uint16_t group; /* 0: no KE payload */
};

/* false: a payload is missing or of a wrong length. A KE payload may be missing; IKE_SA_INIT's law demands it. */
MUST_USE bool parts_read(const struct message *m, struct parts *p);
/* At least half the key size of the prf (2.10). */
bool nonce_is_long_enough(struct bytes nonce, uint16_t prf);
void parts_write_ke(struct build *b, uint16_t group, struct bytes value);

#define MAKING_GONE 4

/* x->work of the three kinds of CREATE_CHILD_SA. */
struct making {
	uint16_t group; /* of the KE value; 0: none */
	struct ke_secret *secret;
	struct blob ke_public, shared; /* ours; the secret that both have */
	struct blob nonce_ours, nonce_theirs;
	uint8_t proposal; /* number of the peer's */
	uint32_t gone[MAKING_GONE]; /* SPIs that the peer deleted before its answer came */
	size_t gone_count;
	unsigned retries; /* INVALID_KE answers followed */
	uint64_t
		rival; /* what the peer made at the same time: serial of a child or of an IKE SA; 0: nothing */
	struct blob rival_lowest; /* the lower of the nonces that made it */
};

/* Makes the work of an exchange; NULL without memory. x->work owns it. */
struct making *making_of(struct exchange *x);
void making_free(struct ike_context *c, struct exchange *x);

/* We ask: a fresh nonce, and with a group the job that makes our value (WAIT). */
struct verdict making_begin(struct ike_context *c, struct exchange *x, uint16_t group);
/* The job of making_begin is done. */
struct verdict making_take_value(struct exchange *x, struct job *job);
/* They ask: nonces, and with a group the job that makes our value and the shared secret (WAIT). */
struct verdict making_begin_answer(struct ike_context *c, struct exchange *x, const struct parts *p,
				   uint16_t group);
/* The job of making_begin_answer is done. */
struct verdict making_take_answer(struct exchange *x, struct job *job);
/* We asked: the peer's value is there: the job that makes the shared secret. */
struct verdict making_share(struct ike_context *c, struct exchange *x, const struct parts *p);

/* Nonces and secret as a seed; the nonces are ordered by who asked. Borrows from the work. */
struct child_seed making_seed(const struct exchange *x);
/* The lower of both nonces. Lends. */
struct bytes making_lowest(const struct making *w);

/*
 * The peer deletes an SPI that we do not know: it may be of the child that ours is making, whose answer is late. It is
 * remembered; making_is_gone asks when the answer comes.
 */
void making_note_gone(const struct ike_sa *sa, uint32_t spi);
bool making_is_gone(const struct making *w, uint32_t spi);

/* The group of an INVALID_KE_PAYLOAD notification; 0: malformed. */
uint16_t making_wanted_group(const struct notify *n);
/* An answer that bears the one error with data and SPI. REFUSED, or DISCARD without memory. */
struct verdict making_error(struct ike_context *c, struct exchange *x, enum reason reason, uint8_t protocol,
			    struct bytes spi, uint16_t type, struct bytes data);

#endif
