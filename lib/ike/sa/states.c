/*
 * The table of states.h (RFC 7296 1.2, 1.4, 2.4, 2.8, 2.21). Pure data, and its look-up.
 *
 * A state's row says what it admits (DO with the same state), what it refuses, and what changes it.
 */
#include "states.h"

#define TEMPORARY_FAILURE 43 /* RFC 7296 2.25 */

#define DO(state, text, from)                 \
	{                                     \
		CELL_DO, state, 0, text, from \
	}
#define STAY(text, from)                           \
	{                                          \
		CELL_STAY, IKE_GONE, 0, text, from \
	}
#define REFUSE(error, text, from)                        \
	{                                                \
		CELL_REFUSE, IKE_GONE, error, text, from \
	}
#define IGNORE(text, from)                           \
	{                                            \
		CELL_IGNORE, IKE_GONE, 0, text, from \
	}
#define NEVER(text)                                           \
	{                                                     \
		CELL_NEVER, IKE_GONE, 0, text, "our own code" \
	}

/* @rfc 7296-1-2 7296-1-3 7296-1.4-1 7296-2.8.2-3 7296-2.25.2-2 */
static const struct ike_cell table[IKE_STATES][IKE_HAPPENINGS] = {
	[IKE_GONE] = {
		[HAPPENED_INIT_REQUEST] = IGNORE("it is about to be discarded", "house: discard"),
		[HAPPENED_AUTH_REQUEST] = IGNORE("it is about to be discarded", "house: discard"),
		[HAPPENED_CREATE_REQUEST] = IGNORE("it is about to be discarded", "house: discard"),
		[HAPPENED_INFORMATIONAL_REQUEST] = IGNORE("it is about to be discarded", "house: discard"),
		[HAPPENED_ANSWER] = IGNORE("it is about to be discarded", "house: discard"),
		[HAPPENED_DELETE_RECEIVED] = IGNORE("it is about to be discarded", "house: discard"),
		[HAPPENED_KEYS] = STAY("it is about to be discarded", "house: discard"),
		[HAPPENED_PROVEN] = STAY("it is about to be discarded", "house: discard"),
		[HAPPENED_INHERITED] = STAY("it is about to be discarded", "house: discard"),
		[HAPPENED_WE_REFUSED] = STAY("it is about to be discarded", "house: discard"),
		[HAPPENED_PEER_REFUSED] = STAY("it is about to be discarded", "house: discard"),
		[HAPPENED_PEER_UNPROVEN] = STAY("it is about to be discarded", "house: discard"),
		[HAPPENED_FAILED] = STAY("it is about to be discarded", "house: discard"),
		[HAPPENED_DELETE_WANTED] = STAY("it is about to be discarded", "house: discard"),
		[HAPPENED_DELETE_ANSWERED] = STAY("it is about to be discarded", "house: discard"),
		[HAPPENED_SILENCE] = STAY("it is about to be discarded", "house: discard"),
		[HAPPENED_LIFE_OVER] = STAY("it is about to be discarded", "house: discard"),
		[HAPPENED_REPLACED] = STAY("it is about to be discarded", "house: discard"),
		[HAPPENED_HALF_OPEN_OVER] = STAY("it is about to be discarded", "house: discard"),
		[HAPPENED_LINGER_OVER] = STAY("it is about to be discarded", "house: discard"),
	},
	[IKE_OPENING] = {
		[HAPPENED_INIT_REQUEST] = DO(IKE_OPENING, "answered", "RFC 7296 1.2"),
		[HAPPENED_AUTH_REQUEST] = IGNORE("there are no keys to open it with", "RFC 7296 2.21.1"),
		[HAPPENED_CREATE_REQUEST] = IGNORE("there are no keys to open it with", "RFC 7296 2.21.1"),
		[HAPPENED_INFORMATIONAL_REQUEST] = IGNORE("there are no keys to open it with", "RFC 7296 2.21.1"),
		[HAPPENED_ANSWER] = DO(IKE_OPENING, "to its exchange", "RFC 7296 2.1"),
		[HAPPENED_DELETE_RECEIVED] = IGNORE("nothing protected can come yet", "RFC 7296 1.4.1"),
		[HAPPENED_KEYS] = DO(IKE_AUTHENTICATING, "keys derived", "RFC 7296 2.14"),
		[HAPPENED_PROVEN] = NEVER("a proof without keys"),
		[HAPPENED_INHERITED] = DO(IKE_ESTABLISHED, "made by a rekey, under the old one's keys", "RFC 7296 1.3.2"),
		[HAPPENED_WE_REFUSED] = DO(IKE_GONE, "an unprotected error leaves no state", "RFC 7296 2.21.1"),
		[HAPPENED_PEER_REFUSED] = DO(IKE_GONE, "the attempt is over", "RFC 7296 2.21.1"),
		[HAPPENED_PEER_UNPROVEN] = NEVER("a proof without keys"),
		[HAPPENED_FAILED] = DO(IKE_GONE, "the peer has nothing to delete", "house: discard"),
		[HAPPENED_DELETE_WANTED] = DO(IKE_GONE, "the peer has nothing to delete", "RFC 7296 1.4.1"),
		[HAPPENED_DELETE_ANSWERED] = NEVER("no delete was asked for"),
		[HAPPENED_SILENCE] = DO(IKE_GONE, "the peer does not answer", "RFC 7296 2.4"),
		[HAPPENED_LIFE_OVER] = NEVER("its life has not begun"),
		[HAPPENED_REPLACED] = NEVER("only an established SA is replaced"),
		[HAPPENED_HALF_OPEN_OVER] = DO(IKE_GONE, "the handshake took too long", "RFC 7296 2.4"),
		[HAPPENED_LINGER_OVER] = NEVER("it was not deleted"),
	},
	[IKE_AUTHENTICATING] = {
		[HAPPENED_INIT_REQUEST] = STAY("a repeat gets the stored answer, another is not ours", "RFC 7296 2.1"),
		[HAPPENED_AUTH_REQUEST] = DO(IKE_AUTHENTICATING, "answered", "RFC 7296 1.2"),
		[HAPPENED_CREATE_REQUEST] = IGNORE("nobody has proved anything", "RFC 7296 1.3; CVE-2014-2338"),
		[HAPPENED_INFORMATIONAL_REQUEST] = IGNORE("nobody has proved anything", "RFC 7296 1.4; CVE-2019-12312"),
		[HAPPENED_ANSWER] = DO(IKE_AUTHENTICATING, "to its exchange", "RFC 7296 2.1"),
		[HAPPENED_DELETE_RECEIVED] = IGNORE("nobody has proved anything", "RFC 7296 1.4.1"),
		[HAPPENED_KEYS] = NEVER("the keys are derived once"),
		[HAPPENED_PROVEN] = DO(IKE_ESTABLISHED, "both sides proved themselves", "RFC 7296 2.15"),
		[HAPPENED_INHERITED] = NEVER("it must be proven by AUTH (CVE-2014-2338)"),
		[HAPPENED_WE_REFUSED] = DO(IKE_DELETED, "the error lingers for retransmits", "RFC 7296 2.21.2"),
		[HAPPENED_PEER_REFUSED] = DO(IKE_GONE, "the peer keeps nothing", "RFC 7296 2.21.2"),
		[HAPPENED_PEER_UNPROVEN] = DO(IKE_DELETING, "the peer believes in the SA: it is told", "RFC 7296 2.21.2"),
		[HAPPENED_FAILED] = DO(IKE_GONE, "the peer's half-open SA ends by itself", "RFC 7296 2.4"),
		[HAPPENED_DELETE_WANTED] = STAY("deleted as soon as it is established", "RFC 7296 2.3: nothing jumps the queue"),
		[HAPPENED_DELETE_ANSWERED] = NEVER("no delete was asked for"),
		[HAPPENED_SILENCE] = DO(IKE_GONE, "the peer does not answer", "RFC 7296 2.4"),
		[HAPPENED_LIFE_OVER] = NEVER("its life has not begun"),
		[HAPPENED_REPLACED] = NEVER("only an established SA is replaced"),
		[HAPPENED_HALF_OPEN_OVER] = DO(IKE_GONE, "the handshake took too long", "RFC 7296 2.4"),
		[HAPPENED_LINGER_OVER] = NEVER("it was not deleted"),
	},
	[IKE_ESTABLISHED] = {
		[HAPPENED_INIT_REQUEST] = STAY("a repeat gets the stored answer, another is not ours", "RFC 7296 2.1"),
		[HAPPENED_AUTH_REQUEST] = IGNORE("authentication is done once", "RFC 7296 1.2"),
		[HAPPENED_CREATE_REQUEST] = DO(IKE_ESTABLISHED, "answered", "RFC 7296 1.3"),
		[HAPPENED_INFORMATIONAL_REQUEST] = DO(IKE_ESTABLISHED, "answered", "RFC 7296 1.4"),
		[HAPPENED_ANSWER] = DO(IKE_ESTABLISHED, "to its exchange", "RFC 7296 2.1"),
		[HAPPENED_DELETE_RECEIVED] = DO(IKE_DELETED, "answered, then lingers", "RFC 7296 1.4.1"),
		[HAPPENED_KEYS] = NEVER("the keys are derived once"),
		[HAPPENED_PROVEN] = NEVER("it is proven already"),
		[HAPPENED_INHERITED] = NEVER("it is made once"),
		[HAPPENED_WE_REFUSED] = NEVER("the handshake is over"),
		[HAPPENED_PEER_REFUSED] = NEVER("the handshake is over"),
		[HAPPENED_PEER_UNPROVEN] = NEVER("the handshake is over"),
		[HAPPENED_FAILED] = DO(IKE_DELETING, "a local failure: the peer is told by a delete", "RFC 7296 2.21.3"),
		[HAPPENED_DELETE_WANTED] = DO(IKE_DELETING, "a delete is queued", "RFC 7296 1.4.1"),
		[HAPPENED_DELETE_ANSWERED] = NEVER("no delete was asked for"),
		[HAPPENED_SILENCE] = DO(IKE_GONE, "the peer is taken for dead", "RFC 7296 2.4"),
		[HAPPENED_LIFE_OVER] = DO(IKE_DELETING, "a delete is queued", "RFC 7296 2.8"),
		[HAPPENED_REPLACED] = DO(IKE_REKEYED, "its successor has the children", "RFC 7296 2.8"),
		[HAPPENED_HALF_OPEN_OVER] = STAY("it is open", "RFC 7296 2.4"),
		[HAPPENED_LINGER_OVER] = NEVER("it was not deleted"),
	},
	[IKE_REKEYED] = {
		[HAPPENED_INIT_REQUEST] = STAY("a repeat gets the stored answer, another is not ours", "RFC 7296 2.1"),
		[HAPPENED_AUTH_REQUEST] = IGNORE("authentication is done once", "RFC 7296 1.2"),
		[HAPPENED_CREATE_REQUEST] = REFUSE(TEMPORARY_FAILURE, "its successor takes new work", "RFC 7296 2.25.2"),
		[HAPPENED_INFORMATIONAL_REQUEST] = DO(IKE_REKEYED, "answered", "RFC 7296 1.4"),
		[HAPPENED_ANSWER] = DO(IKE_REKEYED, "to its exchange", "RFC 7296 2.1"),
		[HAPPENED_DELETE_RECEIVED] = DO(IKE_DELETED, "answered, then lingers", "RFC 7296 1.4.1"),
		[HAPPENED_KEYS] = NEVER("the keys are derived once"),
		[HAPPENED_PROVEN] = NEVER("it is proven already"),
		[HAPPENED_INHERITED] = NEVER("it is made once"),
		[HAPPENED_WE_REFUSED] = NEVER("the handshake is over"),
		[HAPPENED_PEER_REFUSED] = NEVER("the handshake is over"),
		[HAPPENED_PEER_UNPROVEN] = NEVER("the handshake is over"),
		[HAPPENED_FAILED] = DO(IKE_DELETING, "a local failure: the peer is told by a delete", "RFC 7296 2.21.3"),
		[HAPPENED_DELETE_WANTED] = DO(IKE_DELETING, "a delete is queued", "RFC 7296 2.8"),
		[HAPPENED_DELETE_ANSWERED] = NEVER("no delete was asked for"),
		[HAPPENED_SILENCE] = DO(IKE_GONE, "the peer is taken for dead", "RFC 7296 2.4"),
		[HAPPENED_LIFE_OVER] = DO(IKE_DELETING, "a delete is queued", "RFC 7296 2.8"),
		[HAPPENED_REPLACED] = NEVER("it is replaced already"),
		[HAPPENED_HALF_OPEN_OVER] = STAY("it is open", "RFC 7296 2.4"),
		[HAPPENED_LINGER_OVER] = NEVER("it was not deleted"),
	},
	[IKE_DELETING] = {
		[HAPPENED_INIT_REQUEST] = STAY("a repeat gets the stored answer, another is not ours", "RFC 7296 2.1"),
		[HAPPENED_AUTH_REQUEST] = IGNORE("authentication is done once", "RFC 7296 1.2"),
		[HAPPENED_CREATE_REQUEST] = REFUSE(TEMPORARY_FAILURE, "it is being deleted", "RFC 7296 2.25.2"),
		[HAPPENED_INFORMATIONAL_REQUEST] = DO(IKE_DELETING, "answered", "RFC 7296 1.4"),
		[HAPPENED_ANSWER] = DO(IKE_DELETING, "to its exchange", "RFC 7296 2.1"),
		[HAPPENED_DELETE_RECEIVED] = DO(IKE_DELETED, "crossing: answered; ours needs no answer", "RFC 7296 2.25.2"),
		[HAPPENED_KEYS] = NEVER("the keys are derived once"),
		[HAPPENED_PROVEN] = NEVER("it is being deleted"),
		[HAPPENED_INHERITED] = NEVER("it is made once"),
		[HAPPENED_WE_REFUSED] = NEVER("the handshake is over"),
		[HAPPENED_PEER_REFUSED] = NEVER("the handshake is over"),
		[HAPPENED_PEER_UNPROVEN] = NEVER("the handshake is over"),
		[HAPPENED_FAILED] = STAY("it is being deleted", "RFC 7296 1.4.1"),
		[HAPPENED_DELETE_WANTED] = STAY("one delete is enough", "RFC 7296 1.4.1"),
		[HAPPENED_DELETE_ANSWERED] = DO(IKE_GONE, "confirmed", "RFC 7296 1.4.1"),
		[HAPPENED_SILENCE] = DO(IKE_GONE, "not confirmed, and named", "RFC 7296 2.4"),
		[HAPPENED_LIFE_OVER] = STAY("one delete is enough", "RFC 7296 1.4.1"),
		[HAPPENED_REPLACED] = STAY("it is being deleted", "RFC 7296 2.25.2"),
		[HAPPENED_HALF_OPEN_OVER] = STAY("it is being deleted", "RFC 7296 2.4"),
		[HAPPENED_LINGER_OVER] = NEVER("its own delete is under way"),
	},
	[IKE_DELETED] = {
		[HAPPENED_INIT_REQUEST] = STAY("a repeat gets the stored answer, another is not ours", "RFC 7296 2.1"),
		[HAPPENED_AUTH_REQUEST] = IGNORE("only repeats are answered", "RFC 7296 2.1"),
		[HAPPENED_CREATE_REQUEST] = IGNORE("only repeats are answered", "RFC 7296 2.1"),
		[HAPPENED_INFORMATIONAL_REQUEST] = IGNORE("only repeats are answered", "RFC 7296 2.1"),
		[HAPPENED_ANSWER] = IGNORE("nothing of ours is awaited", "RFC 7296 1.4.1"),
		[HAPPENED_DELETE_RECEIVED] = IGNORE("only repeats are answered", "RFC 7296 2.1"),
		[HAPPENED_KEYS] = NEVER("the keys are derived once"),
		[HAPPENED_PROVEN] = NEVER("it is deleted"),
		[HAPPENED_INHERITED] = NEVER("it is made once"),
		[HAPPENED_WE_REFUSED] = NEVER("the handshake is over"),
		[HAPPENED_PEER_REFUSED] = NEVER("the handshake is over"),
		[HAPPENED_PEER_UNPROVEN] = NEVER("the handshake is over"),
		[HAPPENED_FAILED] = STAY("it only lingers", "house: linger"),
		[HAPPENED_DELETE_WANTED] = STAY("it is deleted", "RFC 7296 1.4.1"),
		[HAPPENED_DELETE_ANSWERED] = STAY("a crossing delete was answered late", "RFC 7296 2.25.2"),
		[HAPPENED_SILENCE] = STAY("nothing of ours is awaited", "house: linger"),
		[HAPPENED_LIFE_OVER] = STAY("it is deleted", "house: linger"),
		[HAPPENED_REPLACED] = STAY("it is deleted", "house: linger"),
		[HAPPENED_HALF_OPEN_OVER] = STAY("it is deleted", "house: linger"),
		[HAPPENED_LINGER_OVER] = DO(IKE_GONE, "nobody asks for the answer any more", "house: linger"),
	},
};

const struct ike_cell *ike_cell(enum ike_state state, enum ike_happening happening)
{
	static const struct ike_cell outside = NEVER("outside the table");

	if ((unsigned)state >= IKE_STATES || (unsigned)happening >= IKE_HAPPENINGS)
		return &outside;
	return &table[state][happening];
}

const char *ike_state_name(enum ike_state state)
{
	static const char *const names[IKE_STATES] = {
		"GONE", "OPENING", "AUTHENTICATING", "ESTABLISHED", "REKEYED", "DELETING", "DELETED",
	};
	return (unsigned)state < IKE_STATES ? names[state] : "?";
}

const char *ike_happening_name(enum ike_happening happening)
{
	static const char *const names[IKE_HAPPENINGS] = {
		"INIT request",
		"AUTH request",
		"CREATE request",
		"INFORMATIONAL request",
		"answer",
		"delete received",
		"keys",
		"proven",
		"inherited",
		"we refused",
		"peer refused",
		"peer unproven",
		"failed",
		"delete wanted",
		"delete answered",
		"silence",
		"life over",
		"replaced",
		"half-open over",
		"linger over",
	};
	return (unsigned)happening < IKE_HAPPENINGS ? names[happening] : "?";
}

const char *cell_sort_name(enum cell_sort sort)
{
	static const char *const names[] = { "none", "do", "stay", "refuse", "ignore", "never" };

	return (unsigned)sort < ARRAY_LENGTH(names) ? names[sort] : "?";
}

bool ike_happening_is_peers(enum ike_happening happening)
{
	return happening <= HAPPENED_DELETE_RECEIVED;
}
