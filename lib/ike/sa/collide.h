/*
 * Both sides at once (RFC 7296 2.8.1, 2.8.2, 2.25): what we are doing x what the peer asks for -> how its
 * request is answered, what follows, and who yields. One pure table; it draws docs/states/collisions.md.
 *
 * "The same" below means: about the same Child SA, or the same pair of selectors, or, for whole IKE SAs, the
 * same connection between the same two hosts.
 */
#ifndef CYGNET_IKE_SA_COLLIDE_H
#define CYGNET_IKE_SA_COLLIDE_H

#include "bytes.h"

/* What one side is doing. Ours: as far as it touches the peer's request (CLASS_OTHER: not at all). */
enum collide_class {
	COLLIDE_OTHER = 0,
	COLLIDE_CREATE_CHILD, /* the same selectors */
	COLLIDE_REKEY_CHILD, /* the same child; against a rekey of the IKE SA: any */
	COLLIDE_REKEY_IKE,
	COLLIDE_DELETE_CHILD, /* the same child; against a rekey of the IKE SA: any */
	COLLIDE_DELETE_IKE,
	COLLIDE_INIT, /* IKE_SA_INIT of our own is under way to the same peer */
	COLLIDE_AUTH, /* the same, further on */
	COLLIDE_CLASSES,
};

/* How the peer's request is answered. */
enum collide_answer {
	ANSWER_USUAL = 1, /* as if nothing else went on */
	ANSWER_LATER, /* TEMPORARY_FAILURE */
	ANSWER_EMPTY, /* without a D payload: our own request names the SA */
};

/* What follows. */
enum collide_follow {
	FOLLOW_NOTHING = 1,
	FOLLOW_NONCES, /* when ours is answered too, the one made with the lowest nonce is redundant (2.8.1, 2.8.2) */
	FOLLOW_ADDRESSES, /* the one begun by the lower address stays (docs/decisions/0009) */
	FOLLOW_FORGET, /* ours is given up */
};

struct collision {
	enum collide_answer answer; /* 0: the cell is empty, which is a fault */
	enum collide_follow follow;
	const char *what, *source;
};

/* The cell; numbers outside the table yield an empty one. Lends (const, static). */
const struct collision *collide(enum collide_class ours, enum collide_class theirs);

/*
 * Whether an SA made with nonce a is redundant against one made with nonce b, each the lower of its own two:
 * octet by octet, and what ends first is lower (2.8.1).
 */
bool collide_is_lower(struct bytes a, struct bytes b);
/* The lower of two nonces. Lends one of them. */
struct bytes collide_lowest(struct bytes a, struct bytes b);

const char *collide_class_name(enum collide_class class); /* "create child" ... */
const char *collide_answer_name(enum collide_answer answer); /* "as usual", "TEMPORARY_FAILURE" ... */
const char *collide_follow_name(enum collide_follow follow);

#endif
