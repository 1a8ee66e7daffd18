/* The table of child_states.h. Pure data, and its look-up. */
#include "child_states.h"

#define DO(state, text, from)              \
	{                                  \
		CELL_DO, state, text, from \
	}
#define STAY(text, from)                          \
	{                                         \
		CELL_STAY, CHILD_GONE, text, from \
	}
#define IGNORE(text, from)                          \
	{                                           \
		CELL_IGNORE, CHILD_GONE, text, from \
	}
#define NEVER(text)                                          \
	{                                                    \
		CELL_NEVER, CHILD_GONE, text, "our own code" \
	}
#define FREED "it is about to be freed"

/* @rfc 7296-1.4.1-2 7296-1.4.1-11 7296-2.8-14 7296-2.8-15 7296-2.8.1-2 */
static const struct child_cell table[CHILD_STATES][CHILD_HAPPENINGS] = {
	[CHILD_GONE] = {
		[CHILD_AGREED] = NEVER(FREED),
		[CHILD_AGREED_HALF] = NEVER(FREED),
		[CHILD_PROVED] = STAY(FREED, "house: discard"),
		[CHILD_SUCCEEDED] = STAY(FREED, "house: discard"),
		[CHILD_DELETE_WANTED] = STAY(FREED, "house: discard"),
		[CHILD_DELETE_RECEIVED] = IGNORE(FREED, "house: discard"),
		[CHILD_DELETE_ANSWERED] = STAY(FREED, "house: discard"),
		[CHILD_DRAINED] = STAY(FREED, "house: discard"),
	},
	[CHILD_LARVAL] = {
		[CHILD_AGREED] = DO(CHILD_INSTALLED, "keys are known", "RFC 7296 2.17"),
		[CHILD_AGREED_HALF] = DO(CHILD_INBOUND, "ready to receive before the answer leaves", "RFC 7296 2.8"),
		[CHILD_PROVED] = NEVER("it is not agreed yet"),
		[CHILD_SUCCEEDED] = NEVER("it serves nobody yet"),
		[CHILD_DELETE_WANTED] = DO(CHILD_DELETING, "made at the peer, but not as we asked: it is told", "RFC 7296 2.9"),
		[CHILD_DELETE_RECEIVED] = IGNORE("the peer cannot know it", "RFC 7296 1.4.1"),
		[CHILD_DELETE_ANSWERED] = NEVER("no delete was asked for"),
		[CHILD_DRAINED] = NEVER("nothing of it is in the kernel"),
	},
	[CHILD_INBOUND] = {
		[CHILD_AGREED] = NEVER("the keys are known already"),
		[CHILD_AGREED_HALF] = NEVER("the keys are known already"),
		[CHILD_PROVED] = DO(CHILD_INSTALLED, "the peer can receive: now it sends", "RFC 7296 2.8"),
		[CHILD_SUCCEEDED] = DO(CHILD_REPLACED, "redundant: the other one of a crossing serves", "RFC 7296 2.8.1"),
		[CHILD_DELETE_WANTED] = DO(CHILD_RETIRING, "a delete is queued", "RFC 7296 1.4.1"),
		[CHILD_DELETE_RECEIVED] = DO(CHILD_DRAINING, "redundant: its maker deleted it", "RFC 7296 2.8.1"),
		[CHILD_DELETE_ANSWERED] = NEVER("no delete was asked for"),
		[CHILD_DRAINED] = NEVER("it is not draining"),
	},
	[CHILD_INSTALLED] = {
		[CHILD_AGREED] = NEVER("the keys are known already"),
		[CHILD_AGREED_HALF] = NEVER("the keys are known already"),
		[CHILD_PROVED] = STAY("it sends already", "RFC 7296 2.8"),
		[CHILD_SUCCEEDED] = DO(CHILD_REPLACED, "its successor serves", "RFC 7296 2.8"),
		[CHILD_DELETE_WANTED] = DO(CHILD_DELETING, "a delete is queued", "RFC 7296 1.4.1"),
		[CHILD_DELETE_RECEIVED] = DO(CHILD_GONE, "answered with our SPI", "RFC 7296 1.4.1"),
		[CHILD_DELETE_ANSWERED] = NEVER("no delete was asked for"),
		[CHILD_DRAINED] = NEVER("it is not draining"),
	},
	[CHILD_REPLACED] = {
		[CHILD_AGREED] = NEVER("the keys are known already"),
		[CHILD_AGREED_HALF] = NEVER("the keys are known already"),
		[CHILD_PROVED] = STAY("another one serves", "RFC 7296 2.8"),
		[CHILD_SUCCEEDED] = STAY("it has a successor", "RFC 7296 2.8"),
		[CHILD_DELETE_WANTED] = DO(CHILD_RETIRING, "a delete is queued", "RFC 7296 2.8"),
		[CHILD_DELETE_RECEIVED] = DO(CHILD_DRAINING, "answered; late packets still come in", "RFC 7296 2.8"),
		[CHILD_DELETE_ANSWERED] = NEVER("no delete was asked for"),
		[CHILD_DRAINED] = NEVER("it is not draining"),
	},
	[CHILD_RETIRING] = {
		[CHILD_AGREED] = NEVER("the keys are known already"),
		[CHILD_AGREED_HALF] = NEVER("the keys are known already"),
		[CHILD_PROVED] = STAY("it is being deleted", "RFC 7296 2.8"),
		[CHILD_SUCCEEDED] = STAY("its delete is under way", "RFC 7296 2.8"),
		[CHILD_DELETE_WANTED] = STAY("one delete is enough", "RFC 7296 1.4.1"),
		[CHILD_DELETE_RECEIVED] = DO(CHILD_DRAINING, "crossing: both asked for it", "RFC 7296 1.4.1"),
		[CHILD_DELETE_ANSWERED] = DO(CHILD_DRAINING, "confirmed; late packets still come in", "RFC 7296 2.8"),
		[CHILD_DRAINED] = NEVER("it is not draining"),
	},
	[CHILD_DELETING] = {
		[CHILD_AGREED] = NEVER("the keys are known already"),
		[CHILD_AGREED_HALF] = NEVER("the keys are known already"),
		[CHILD_PROVED] = STAY("it is being deleted", "RFC 7296 1.4.1"),
		[CHILD_SUCCEEDED] = STAY("its delete is under way", "RFC 7296 2.8"),
		[CHILD_DELETE_WANTED] = STAY("one delete is enough", "RFC 7296 1.4.1"),
		[CHILD_DELETE_RECEIVED] = DO(CHILD_GONE, "crossing: both asked for it", "RFC 7296 1.4.1"),
		[CHILD_DELETE_ANSWERED] = DO(CHILD_GONE, "confirmed", "RFC 7296 1.4.1"),
		[CHILD_DRAINED] = NEVER("it is not draining"),
	},
	[CHILD_DRAINING] = {
		[CHILD_AGREED] = NEVER("the keys are known already"),
		[CHILD_AGREED_HALF] = NEVER("the keys are known already"),
		[CHILD_PROVED] = STAY("it is deleted", "RFC 7296 1.4.1"),
		[CHILD_SUCCEEDED] = STAY("it is deleted", "RFC 7296 1.4.1"),
		[CHILD_DELETE_WANTED] = STAY("it is deleted", "RFC 7296 1.4.1"),
		[CHILD_DELETE_RECEIVED] = IGNORE("it is deleted", "RFC 7296 1.4.1"),
		[CHILD_DELETE_ANSWERED] = STAY("a crossing delete was answered late", "RFC 7296 1.4.1"),
		[CHILD_DRAINED] = DO(CHILD_GONE, "nothing is under way any more", "RFC 7296 2.8"),
	},
};

const struct child_cell *child_cell(enum child_state state, enum child_happening happening)
{
	static const struct child_cell outside = NEVER("outside the table");

	if ((unsigned)state >= CHILD_STATES || (unsigned)happening >= CHILD_HAPPENINGS)
		return &outside;
	return &table[state][happening];
}

/* One row a state: what it is called, what of it stands in the kernel, whether requests may be about it. */
static const struct {
	const char *name;
	bool in, out, live;
} states[CHILD_STATES] = {
	[CHILD_GONE] = { "GONE", false, false, false },
	[CHILD_LARVAL] = { "LARVAL", false, false, false },
	[CHILD_INBOUND] = { "INBOUND", true, false, true },
	[CHILD_INSTALLED] = { "INSTALLED", true, true, true },
	[CHILD_REPLACED] = { "REPLACED", true, false, true },
	[CHILD_RETIRING] = { "RETIRING", true, false, false },
	[CHILD_DELETING] = { "DELETING", false, false, false },
	[CHILD_DRAINING] = { "DRAINING", true, false, false },
};

bool child_state_holds_in(enum child_state state)
{
	return (unsigned)state < CHILD_STATES && states[state].in;
}

bool child_state_holds_out(enum child_state state)
{
	return (unsigned)state < CHILD_STATES && states[state].out;
}

bool child_state_is_live(enum child_state state)
{
	return (unsigned)state < CHILD_STATES && states[state].live;
}

const char *child_state_name(enum child_state state)
{
	return (unsigned)state < CHILD_STATES ? states[state].name : "?";
}

const char *child_happening_name(enum child_happening happening)
{
	static const char *const names[CHILD_HAPPENINGS] = {
		"agreed",        "agreed half",     "proved",          "succeeded",
		"delete wanted", "delete received", "delete answered", "drained",
	};
	return (unsigned)happening < CHILD_HAPPENINGS ? names[happening] : "?";
}

bool child_happening_is_peers(enum child_happening happening)
{
	return happening == CHILD_DELETE_RECEIVED;
}
