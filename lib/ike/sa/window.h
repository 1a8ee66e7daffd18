/*
 * The window (RFC 7296 2.2, 2.3): message numbers in one direction, which exchange holds which number,
 * and whether an incoming number is new, a repeat, awaited or stray. One struct serves both directions
 * and any size up to LIMIT_WINDOW; on the wire the size is 1.
 *
 * The window lends room, it owns nothing: the exchanges belong to their IKE SA.
 */
#ifndef CYGNET_IKE_SA_WINDOW_H
#define CYGNET_IKE_SA_WINDOW_H

#include "bytes.h"
#include "limits.h"

struct exchange;

struct window {
	uint32_t next; /* ours: the next number to give; theirs: the lowest number not yet received */
	unsigned size;
	struct exchange *slot[LIMIT_WINDOW]; /* number % size -> the exchange that holds the number */
};

enum window_place {
	WINDOW_NEW, /* a request to be worked on */
	WINDOW_REPEATED, /* a request that we have; *holder is its exchange */
	WINDOW_OUTSIDE, /* too old, too new, or its slot is still at work */
};

void window_init(struct window *w, unsigned size);

/* Ours: whether a request may leave now. */
bool window_has_room(const struct window *w);
/* Ours: gives the next number to x. The caller has asked window_has_room. */
uint32_t window_take(struct window *w, struct exchange *x);
/* Ours: the exchange that awaits the answer with this number, or NULL (stray). Lends. */
struct exchange *window_awaiting(const struct window *w, uint32_t number);
/* Ours: frees the number of an exchange that is concluded or abandoned. */
void window_release(struct window *w, const struct exchange *x, uint32_t number);

/*
 * Ours: x was never sent and will not be: its number is given again, for a gap would shut the peer's window. False when
 * a later number is out already.
 */
MUST_USE bool window_give_back(struct window *w, const struct exchange *x);

/* Theirs: where a request with this number stands. */
enum window_place window_place(const struct window *w, uint32_t number, struct exchange **holder);
/*
 * Theirs: x takes the number (which was WINDOW_NEW). Returns the exchange whose number it takes over,
 * which the caller discards: the new request shows that its answer has arrived. NULL: none.
 */
struct exchange *window_accept(struct window *w, struct exchange *x, uint32_t number);

#endif
