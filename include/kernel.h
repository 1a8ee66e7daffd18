/*
 * SAs, policies and acquires as plain data: what the core asks of a kernel, and what a kernel tells.
 * lib/kernel turns these into netlink octets and back; programs/daemon/kernel_port.c owns the socket.
 *
 * What is ours is recognised by the reqid range and the priority band below; nothing else is touched.
 */
#ifndef CYGNET_KERNEL_H
#define CYGNET_KERNEL_H

#include "address.h"
#include "algorithms.h"
#include "instant.h"

/* Reqids that we give out: KERNEL_REQID_FIRST .. KERNEL_REQID_LAST. */
#define KERNEL_REQID_FIRST 0x43000000u
#define KERNEL_REQID_LAST 0x43ffffffu

/*
 * Priorities (lower wins), a band of our own. Within it, more specific comes first:
 * a pair's own policy is one better than its template's.
 */
#define KERNEL_PRIORITY_FIRST 0x00100000u
#define KERNEL_PRIORITY_LAST 0x001fffffu

enum kernel_direction {
	KERNEL_OUT,
	KERNEL_IN,
	KERNEL_FORWARD,
};

enum kernel_mode {
	KERNEL_TRANSPORT,
	KERNEL_TUNNEL,
};

/* What a policy does with a packet. */
enum kernel_policy_action {
	KERNEL_TRAP, /* ask for keys; the packet is queued or dropped, never sent in clear */
	KERNEL_HOLD, /* a pair's own trap while we negotiate (docs/opportunistic.md 1.4): same as TRAP for the kernel */
	KERNEL_PASS,
	KERNEL_BLOCK,
	KERNEL_IPSEC,
};

/* One SA, one direction. Keys are wiped by whoever owns the value. */
struct kernel_sa {
	uint32_t spi; /* host order */
	struct address src, dst; /* outer */
	struct selector inner_src, inner_dst; /* transport mode: the selector that the SA is bound to */
	enum kernel_mode mode;
	uint32_t reqid;
	bool inbound;
	bool esn;
	uint16_t replay_window; /* packets; 0 on outbound */
	uint16_t encr, encr_bits; /* IKEv2 numbers */
	uint16_t integ;
	uint8_t encr_key[ENCR_KEY_OCTETS_MAX]; /* key, then salt */
	uint8_t encr_key_len;
	uint8_t integ_key[INTEG_KEY_OCTETS_MAX];
	uint8_t integ_key_len;
	uint32_t acquire_seq; /* of the acquire that asked for it; 0 for none: settles the larval state */
	uint16_t encap_sport, encap_dport; /* UDP encapsulation; 0 for none */
	msec soft_life, hard_life; /* spans; MSEC_NEVER for none */
	uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets; /* 0: no limit */
};

/* A policy, one direction. The selector (src, dst) together with the direction is its identity. */
struct kernel_policy {
	enum kernel_direction direction;
	struct selector src, dst; /* must be prefixes */
	enum kernel_policy_action action;
	uint32_t priority;
	uint32_t reqid; /* of the template: TRAP, HOLD, IPSEC */
	enum kernel_mode mode;
	struct address tunnel_src, tunnel_dst; /* tunnel mode, IPSEC; zero where not yet known */
	bool optional; /* inbound: packets without IPsec are accepted too (level use) */
};

/* The kernel asks for keys. */
struct kernel_acquire {
	uint32_t seq;
	uint32_t reqid; /* of the template that fired */
	uint32_t policy_index;
	struct address src, dst; /* of the packet (or of the tunnel's outer side, see inner) */
	struct selector inner_src, inner_dst; /* of the packet: protocol and ports where the kernel told */
};

struct kernel_expire {
	uint32_t spi;
	struct address dst;
	bool hard;
};

/* What stands in the kernel and is ours: by reqid and priority. Keys are not read. */
struct kernel_state {
	struct kernel_sa *sas; /* owned arrays */
	struct kernel_policy *policies;
	size_t sa_count, policy_count;
	bool adopt; /* keep traffic flowing until each connection is keyed anew; else only policies are kept until replaced */
};

/* Frees it (NULL is allowed). */
void kernel_state_discard(struct kernel_state *state);

struct kernel_counters {
	uint64_t bytes, packets;
	uint64_t last_used_s; /* wall clock seconds of the kernel, 0 for never: compare only with itself */
	uint32_t integrity_failed, replayed;
};

/* What this kernel, through this port, can do. Shapes the ESP offer. */
struct kernel_abilities {
	const char *port; /* "xfrm", "record" */
	bool esp; /* can install ESP at all */
	bool queues_first_packet; /* xfrm_larval_drop is 0 */
	bool aead;
	bool esn;
	uint16_t replay_window_max;
};

enum kernel_priority_kind {
	KERNEL_PRIORITY_BUILTIN, /* exemptions that must always hold */
	KERNEL_PRIORITY_CONFIGURED,
	KERNEL_PRIORITY_PAIR, /* an opportunistic pair: one better than its template */
	KERNEL_PRIORITY_TEMPLATE,
};

/* The priority of a policy, by kind and by how much its selectors cover. */
uint32_t kernel_priority(enum kernel_priority_kind kind, const struct selector *src,
			 const struct selector *dst);

const char *kernel_direction_name(enum kernel_direction direction); /* "out", "in", "fwd" */
const char *kernel_mode_name(enum kernel_mode mode); /* "transport", "tunnel" */
const char *
kernel_policy_action_name(enum kernel_policy_action action); /* "trap", "hold", "pass", "block", "ipsec" */

#endif
