/*
 * XFRM messages (linux/xfrm.h) as octets: values to netlink and back. Pure; the socket is
 * programs/daemon/kernel_port.c's. libmnl does the framing.
 */
#ifndef CYGNET_KERNEL_XFRM_H
#define CYGNET_KERNEL_XFRM_H

#include "kernel.h"

#define XFRM_ROOM 4096 /* octets that any of our messages fits into */

/* Each writes one request into room (XFRM_ROOM octets, zeroed by it) and returns its length; 0: it cannot be said. */
size_t xfrm_write_sa(void *room, uint32_t seq, const struct kernel_sa *sa, bool update);
size_t xfrm_write_sa_remove(void *room, uint32_t seq, const struct kernel_sa *sa);
size_t xfrm_write_sa_query(void *room, uint32_t seq, const struct kernel_sa *sa);
size_t xfrm_write_policy(void *room, uint32_t seq, const struct kernel_policy *policy);
size_t xfrm_write_policy_remove(void *room, uint32_t seq, const struct kernel_policy *policy);
size_t xfrm_write_policy_query(void *room, uint32_t seq, const struct kernel_policy *policy);
size_t xfrm_write_sa_dump(void *room, uint32_t seq);
size_t xfrm_write_policy_dump(void *room, uint32_t seq);

enum xfrm_kind {
	XFRM_OTHER, /* nothing that we care for, or malformed */
	XFRM_ACK, /* answer to a request: error 0 or an errno */
	XFRM_DONE, /* end of a dump */
	XFRM_ACQUIRE,
	XFRM_EXPIRE,
	XFRM_MAPPING,
	XFRM_SA, /* of a dump or a query */
	XFRM_POLICY, /* of a dump */
};

struct xfrm_message {
	enum xfrm_kind kind;
	uint32_t seq;
	int error; /* XFRM_ACK: positive errno, or 0 */
	char why[96]; /* the kernel's own words, or empty */
	struct kernel_acquire acquire;
	struct kernel_expire expire;
	struct {
		uint32_t spi;
		struct endpoint local, remote;
	} mapping;
	struct kernel_sa sa; /* without keys */
	struct kernel_counters counters;
	struct kernel_policy policy;
	uint64_t
		policy_used_s; /* XFRM_POLICY: wall clock second of its last packet; 0: none since it was put */
	bool larval; /* XFRM_SA: an acquire's placeholder; acquire is filled too */
};

/* Reads the message at the head of data; *used is its length with padding, 0 when data holds no whole message. */
void xfrm_read(struct bytes data, struct xfrm_message *m, size_t *used);

/* Whether what a dump showed is ours. */
bool xfrm_sa_is_ours(const struct kernel_sa *sa);
bool xfrm_policy_is_ours(const struct kernel_policy *policy);

#endif
