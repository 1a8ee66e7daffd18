/*
 * The states of an IKE SA, as one total table: state x happening -> what is done, why, and by which rule.
 * The states are few because work lives in exchanges. The table draws docs/states/ike.md.
 */
#ifndef CYGNET_IKE_SA_STATES_H
#define CYGNET_IKE_SA_STATES_H

#include "reason.h"

enum ike_state {
	IKE_GONE = 0, /* to be discarded as soon as the handler has returned */
	IKE_OPENING, /* IKE_SA_INIT under way: no keys */
	IKE_AUTHENTICATING, /* keys, but nobody has proved anything */
	IKE_ESTABLISHED,
	IKE_REKEYED, /* replaced; waits for its own delete */
	IKE_DELETING, /* our delete is queued or on the wire */
	IKE_DELETED, /* the peer's delete was answered; lingers to answer retransmits */
	IKE_STATES,
};

/* The first six are a peer's doing and so may come in any state; the rest is what our own code found out. */
enum ike_happening {
	HAPPENED_INIT_REQUEST,
	HAPPENED_AUTH_REQUEST,
	HAPPENED_CREATE_REQUEST,
	HAPPENED_INFORMATIONAL_REQUEST,
	HAPPENED_ANSWER,
	HAPPENED_DELETE_RECEIVED,
	HAPPENED_KEYS, /* both KE values are known, keys derived */
	HAPPENED_PROVEN, /* both sides' AUTH is right */
	HAPPENED_INHERITED, /* made by a rekey: its predecessor's peers proved themselves */
	HAPPENED_WE_REFUSED, /* as responder: we sent the error that ends the handshake */
	HAPPENED_PEER_REFUSED, /* as initiator: the peer's protected error ended it */
	HAPPENED_PEER_UNPROVEN, /* as initiator: the responder's proof is wrong; it believes to be established */
	HAPPENED_FAILED, /* a local failure before there was anything at the peer */
	HAPPENED_DELETE_WANTED,
	HAPPENED_DELETE_ANSWERED,
	HAPPENED_SILENCE, /* a request of ours was retransmitted to its limit */
	HAPPENED_LIFE_OVER,
	HAPPENED_REPLACED,
	HAPPENED_HALF_OPEN_OVER,
	HAPPENED_LINGER_OVER,
	IKE_HAPPENINGS,
};

enum cell_sort {
	CELL_NONE = 0, /* illegal: a forgotten cell */
	CELL_DO, /* go on: admitted, or the state changes */
	CELL_STAY, /* nothing changes, deliberately */
	CELL_REFUSE, /* a request: answered with the error in notify */
	CELL_IGNORE, /* a peer's message: as if it had not come */
	CELL_NEVER, /* only our own code could cause it: a bug; the SA is discarded with a loud note */
};

struct ike_cell {
	enum cell_sort sort;
	enum ike_state next; /* CELL_DO: the state after it */
	uint16_t notify; /* CELL_REFUSE */
	const char *what; /* one short sentence */
	const char *source; /* RFC section, or a decision */
};

/* The cell; a number outside the table yields a cell of sort CELL_NEVER. Lends (const, static). */
const struct ike_cell *ike_cell(enum ike_state state, enum ike_happening happening);

const char *ike_state_name(enum ike_state state); /* "OPENING" ... */
const char *ike_happening_name(enum ike_happening happening); /* "INIT request" ... */
const char *cell_sort_name(enum cell_sort sort);
/* Whether a happening is a peer's doing: its column may hold no CELL_NEVER. */
bool ike_happening_is_peers(enum ike_happening happening);

#endif
