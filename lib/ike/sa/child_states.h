/*
 * The life of a Child SA as a total table: state x happening -> cell (RFC 7296 1.3, 1.4.1, 2.8). What of it
 * stands in the kernel follows from the state alone, so that no path can forget to put it in or to take it
 * away (child_sa.c compares before and after).
 *
 * Make before break: whoever answers a rekey puts the new inbound SA into the kernel before the answer
 * leaves (INBOUND) and changes over when the peer has shown that it has its own; whoever asked changes over
 * at once. What was replaced goes on receiving until its delete, and a while longer (DRAINING).
 */
#ifndef CYGNET_IKE_SA_CHILD_STATES_H
#define CYGNET_IKE_SA_CHILD_STATES_H

#include "states.h"

enum child_state {
	CHILD_GONE = 0, /* to be freed at once */
	CHILD_LARVAL, /* belongs to the exchange that makes it */
	CHILD_INBOUND, /* receives; what it replaces still sends */
	CHILD_INSTALLED, /* serves */
	CHILD_REPLACED, /* its successor serves; whoever is to delete it will */
	CHILD_RETIRING, /* replaced or redundant, and our delete of it is queued or on the wire */
	CHILD_DELETING, /* our delete is queued or on the wire */
	CHILD_DRAINING, /* deleted on both sides; late packets still come in */
	CHILD_STATES,
};

enum child_happening {
	CHILD_AGREED, /* keys are known, and the peer has its inbound SA: it serves */
	CHILD_AGREED_HALF, /* keys are known; whether the peer has its inbound SA is not */
	CHILD_PROVED, /* the peer has shown that it has its inbound SA */
	CHILD_SUCCEEDED, /* another one serves in its place */
	CHILD_DELETE_WANTED,
	CHILD_DELETE_RECEIVED,
	CHILD_DELETE_ANSWERED, /* or given up */
	CHILD_DRAINED,
	CHILD_HAPPENINGS,
};

struct child_cell {
	enum cell_sort sort;
	enum child_state next; /* CELL_DO: the state after it */
	const char *what, *source;
};

/* The cell; a number outside the table yields a cell of sort CELL_NEVER. Lends (const, static). */
const struct child_cell *child_cell(enum child_state state, enum child_happening happening);

/* What stands in the kernel in that state. */
bool child_state_holds_in(enum child_state state);
bool child_state_holds_out(enum child_state state);
/* Whether a request may still be about it (it is not being deleted, nor larval). */
bool child_state_is_live(enum child_state state);

const char *child_state_name(enum child_state state); /* "INSTALLED" ... */
const char *child_happening_name(enum child_happening happening); /* "delete wanted" ... */
/* Whether a happening is a peer's doing: its column may hold no CELL_NEVER. */
bool child_happening_is_peers(enum child_happening happening);

#endif
