/*
 * The opportunistic machine as one total table: state x event -> what is done, where it leads for a
 * permissive and for a paranoid group, for how long, why, and by which rule. It draws docs/states/oe.md.
 */
#ifndef CYGNET_OE_TABLE_H
#define CYGNET_OE_TABLE_H

#include "reason.h"

enum flow_state {
	FLOW_NONE,
	FLOW_POTENTIAL, /* held; DNS is asked */
	FLOW_AUTHTXT, /* held; the answers are weighed */
	FLOW_PENDING, /* held; IKE negotiates */
	FLOW_KEYED,
	FLOW_CLEAR,
	FLOW_DENY,
	FLOW_EXPIRING, /* still used? still true? */
	FLOW_EXPIRED, /* back at the template; the delete is on its way */
	FLOW_STATES,
};

/* The events of the law (docs/opportunistic.md), E01 to E34. */
enum flow_event {
	E01_ACQUIRE, /* of a class that encrypts */
	E02_CLEAR, /* an acquire of a pair whose class is clear */
	E02_PASSIVE, /* clear-or-private: in clear until the peer asks */
	E02_BLOCK,
	E03_RECORD_SECURE,
	E04_RECORD_INSECURE,
	E04B_NOTHING_OURS,
	E05_NO_RECORD_PROVEN,
	E06_NO_RECORD_UNPROVEN,
	E07_DNS_FAILED,
	E08_DNS_TIMEOUT,
	E09_BOGUS,
	E10_MALFORMED,
	E11_WRONG_GATEWAY,
	E12_KEY_FOUND,
	E12_KEY_ABSENT,
	E13_CHILD_UP,
	E14_SILENCE,
	E14_NEXT_GATEWAY, /* an attempt failed, and there is another gateway to try */
	E15_UNPROTECTED_REFUSAL,
	E16_UNPROVEN_REFUSAL,
	E17_PROVEN_REFUSAL,
	E18_BAD_PROOF,
	E19_ICMP,
	E20_UNKNOWN_SPI_HINT,
	E21_INVALID_SPI,
	E22_SOFT_EXPIRY,
	E23_HARD_EXPIRY,
	E24_USED,
	E24_IDLE,
	E25_PEER_DELETE,
	E26_PEER_INITIATES,
	E27_LIVENESS_FAILED,
	E28_OPERATOR, /* forgotten, or unpinned */
	E28_PIN_CLEAR,
	E28_PIN_DENY,
	E29_CLASS_CHANGED,
	E30_ADDRESS_GONE,
	E31_ADDRESS_CHANGED,
	E32_TTL_OVER,
	E33_STOP,
	E34_LIMIT,
	FLOW_EVENTS,
};

enum oe_sort {
	OE_ILLEGAL = 0,
	OE_DO,
	OE_STAY, /* deliberately nothing but to count */
	OE_IGNORE, /* by the line of the law that it cites */
	OE_NEVER, /* our own code cannot cause it */
};

/* How long what is decided holds. */
enum lifespan {
	LIFE_NONE,
	LIFE_DNS,
	LIFE_IKE,
	LIFE_SHORT, /* doubled on each repeat, up to ten minutes */
	LIFE_NORMAL, /* never longer than the TTL that justified it */
	LIFE_KEY,
	LIFE_INITIAL,
	LIFE_LATER,
	LIFE_MEMORY, /* nothing stands; the pair is only remembered */
};

struct oe_cell {
	enum oe_sort sort;
	enum flow_state permissive, paranoid; /* OE_DO: the next state */
	enum lifespan life;
	enum reason reason;
	const char *what;
	const char *source;
};

/* The cell; a number outside the table yields one of sort OE_NEVER. Lends. */
const struct oe_cell *oe_cell(enum flow_state state, enum flow_event event);
const char *flow_state_name(enum flow_state state);
const char *flow_event_name(enum flow_event event);
const char *oe_sort_name(enum oe_sort sort);
size_t oe_cells_count(enum oe_sort sort);

#endif
