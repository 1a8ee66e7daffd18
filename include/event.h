/*
 * What comes in through the wall between lib/ and programs/daemon/: one tagged value an event. An event
 * can be printed as one line, stored and replayed (lib/node/trace.c).
 */
#ifndef CYGNET_EVENT_H
#define CYGNET_EVENT_H

#include "address.h"
#include "dns.h"
#include "job.h"
#include "kernel.h"
#include "plan.h"

enum event_kind {
	EVENT_TIME, /* nothing but time: a deadline passed */
	EVENT_PACKET, /* a datagram on 500 or 4500 */
	EVENT_JOB_DONE,
	EVENT_ACQUIRE,
	EVENT_EXPIRE, /* of an SA, soft or hard */
	EVENT_KERNEL_FAILED, /* the kernel refused an install action */
	EVENT_COUNTERS, /* answer to ACTION_SA_QUERY */
	EVENT_POLICY_USE, /* answer to ACTION_POLICY_QUERY */
	EVENT_RESOLVED,
	EVENT_COMMAND,
	EVENT_PLAN, /* a configuration comes into force */
	EVENT_ADDRESSES, /* what addresses this host has now */
	EVENT_ABILITIES, /* what the kernel can do */
	EVENT_RESYNC, /* kernel messages were lost: everything of ours was read again */
	EVENT_MAPPING, /* a fresh ESP packet came from another address or port: a NAT's mapping has changed */
	EVENT_KERNEL_STATE, /* at start: what an earlier run of ours left in the kernel */
};

#define EVENT_ADDRESS_LIMIT 256

struct event_addresses {
	struct address at[EVENT_ADDRESS_LIMIT];
	size_t count;
	struct address default_v4, default_v6; /* our source towards the default route, or none */
};

enum command_kind {
	COMMAND_STATUS, /* counts, in one report */
	COMMAND_SHOW, /* a report for each connection, or for the one named */
	COMMAND_UP,
	COMMAND_DOWN,
	COMMAND_ADD,
	COMMAND_DELETE,
	COMMAND_ROUTE,
	COMMAND_UNROUTE,
	COMMAND_EXPLAIN,
	COMMAND_OE_LIST, /* those in the state, at the level, changed within the time that it names */
	COMMAND_OE_INITIATE, /* as if a packet had asked; anew, where something is decided */
	COMMAND_OE_FORGET, /* back to the template: the next packet decides */
	COMMAND_OE_PIN_CLEAR, /* in clear until unpinned, whatever its class */
	COMMAND_OE_PIN_DENY,
	COMMAND_OE_UNPIN,
	COMMAND_SHUTDOWN,
	COMMAND_REKEY_IKE,
	COMMAND_REKEY_CHILD,
	COMMAND_DELETE_IKE,
	COMMAND_DELETE_CHILD,
	COMMAND_LIVENESS, /* ask the peer for a sign of life now */
};

struct command {
	uint64_t number; /* reports carry it, so that the control socket knows whom to tell; 0: nobody */
	enum command_kind kind;
	char name[128]; /* a connection, or empty */
	struct address address, source; /* explain, oe: destination, and source or none */
	uint8_t protocol;
	uint16_t port;
	msec deadline; /* shutdown: how long to wait; 0: the configured time */
	char state[16], level[16]; /* oe list: only these; empty: all */
	msec within; /* oe list: only what changed its state so lately; 0: all */
	bool leave_state; /* shutdown: end at once, tell nobody, leave our SAs and policies to the next run */
};

struct event {
	enum event_kind kind;
	union {
		struct {
			struct endpoint local, remote;
			bool encapsulated; /* came with the non-ESP marker, which is stripped (RFC 3948) */
			struct bytes data; /* borrowed for the step */
		} packet;
		struct job *job; /* adopted by the step */
		struct kernel_acquire acquire;
		struct kernel_expire expire;
		struct {
			uint64_t child; /* 0: a policy */
			uint32_t spi;
			struct kernel_policy policy; /* child 0 */
			char why[96];
		} kernel_failed;
		struct {
			uint32_t spi;
			struct address dst;
			bool found;
			struct kernel_counters counters;
		} counters;
		struct {
			struct selector src, dst; /* of an outbound policy */
			bool found;
			uint64_t
				used; /* when a packet met it last, by the kernel's clock: compare only with itself; 0: never since it was put */
		} policy_use;
		struct {
			uint64_t number; /* of ACTION_RESOLVE */
			struct dns_answer *answer; /* adopted by the step (malloc'ed) */
		} resolved;
		struct command command;
		struct plan *plan; /* adopted by the step */
		struct event_addresses *addresses; /* borrowed for the step */
		struct kernel_abilities abilities;
		struct {
			uint32_t spi; /* of our inbound SA */
			struct endpoint local, remote; /* remote: where it came from now */
		} mapping;
		struct kernel_state *kernel_state; /* adopted by the step */
	};
};

const char *event_kind_name(enum event_kind kind); /* "packet", "acquire" ... */
const char *command_kind_name(enum command_kind kind); /* "up", "explain" ... */
MUST_USE bool command_kind_parse(const char *name, enum command_kind *kind);
/* Frees what an event owns that no step adopted. */
void event_discard(const struct crypto *crypto, struct event *event);

#endif
