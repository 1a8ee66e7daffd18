/* The words of the opportunistic table (table.h), as the drawings, the log and explain show them. */
#include "table.h"

const char *flow_state_name(enum flow_state state)
{
	static const char *const names[] = { "NONE",  "POTENTIAL", "AUTHTXT",  "PENDING", "KEYED",
					     "CLEAR", "DENY",      "EXPIRING", "EXPIRED" };

	return (unsigned)state < ARRAY_LENGTH(names) ? names[state] : "?";
}

const char *flow_event_name(enum flow_event event)
{
	static const char *const names[] = {
		"E01 acquire",
		"E02 class clear",
		"E02 class passive",
		"E02 class block",
		"E03 record secure",
		"E04 record insecure",
		"E04b nothing ours",
		"E05 no record proven",
		"E06 no record unproven",
		"E07 dns failed",
		"E08 dns timeout",
		"E09 bogus",
		"E10 malformed",
		"E11 wrong gateway",
		"E12 key found",
		"E12 key absent",
		"E13 child up",
		"E14 silence",
		"E14 next gateway",
		"E15 unprotected refusal",
		"E16 unproven refusal",
		"E17 proven refusal",
		"E18 bad proof",
		"E19 icmp",
		"E20 unknown spi hint",
		"E21 invalid spi",
		"E22 soft expiry",
		"E23 hard expiry",
		"E24 used",
		"E24 idle",
		"E25 peer delete",
		"E26 peer initiates",
		"E27 liveness failed",
		"E28 operator",
		"E28 pin clear",
		"E28 pin deny",
		"E29 class changed",
		"E30 address gone",
		"E31 address changed",
		"E32 ttl over",
		"E33 stop",
		"E34 limit",
	};
	return (unsigned)event < ARRAY_LENGTH(names) ? names[event] : "?";
}

const char *oe_sort_name(enum oe_sort sort)
{
	static const char *const names[] = { "illegal", "do", "stay", "ignore", "never" };

	return (unsigned)sort < ARRAY_LENGTH(names) ? names[sort] : "?";
}
