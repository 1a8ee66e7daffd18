/*
 * The kernel as the daemon's hands reach it: requests that are answered at once, and what the kernel tells
 * by itself. kernel_port.c speaks XFRM over netlink; testing/bench/kernel_record.c only keeps books and is
 * linked instead of it into the bench's daemon, never into cygnetd.
 */
#ifndef CYGNET_DAEMON_KERNEL_PORT_H
#define CYGNET_DAEMON_KERNEL_PORT_H

#include "kernel.h"

struct kernel_port;

/* Opens both sockets and joins the groups; NULL with the reason. */
struct kernel_port *kernel_port_open(char why[256]);
void kernel_port_close(struct kernel_port *port); /* NULL is allowed */

/* The descriptor on which the kernel tells things by itself, for the loop. -1: none. */
int kernel_port_fd(const struct kernel_port *port);

struct kernel_port_handlers {
	void (*acquire)(void *context, const struct kernel_acquire *acquire);
	void (*expire)(void *context, const struct kernel_expire *expire);
	void (*mapping)(void *context, uint32_t spi, const struct endpoint *local,
			const struct endpoint *remote);
	void (*lost)(void *context); /* messages were lost (ENOBUFS): all must be read again */
};

/* Reads what is there (bounded); calls the handlers. */
void kernel_port_read(struct kernel_port *port, const struct kernel_port_handlers *handlers, void *context);

/*
 * After `lost`: looks for what was not heard. Each larval SA of ours is an acquire that nobody answered: the
 * handler is called for it.
 */
void kernel_port_look(struct kernel_port *port, const struct kernel_port_handlers *handlers, void *context);

/* Requests; false with the reason, and errno. */
MUST_USE bool kernel_sa_install(struct kernel_port *port, const struct kernel_sa *sa, char why[96]);
bool kernel_sa_remove(struct kernel_port *port, const struct kernel_sa *sa, char why[96]);
MUST_USE bool kernel_sa_query(struct kernel_port *port, const struct kernel_sa *sa,
			      struct kernel_counters *counters);
MUST_USE bool kernel_policy_put(struct kernel_port *port, const struct kernel_policy *policy, char why[96]);
bool kernel_policy_remove(struct kernel_port *port, const struct kernel_policy *policy, char why[96]);
/* When a packet met an outbound policy last: a stamp that only compares with itself, 0 for never. false: it is not there. */
MUST_USE bool kernel_policy_query(struct kernel_port *port, const struct kernel_policy *policy,
				  uint64_t *used);

/* Every SA and policy that is ours by reqid and priority, without keys; the caller owns it. NULL without memory. */
struct kernel_state *kernel_port_state(struct kernel_port *port);

/* Removes every SA and policy that is ours by reqid and priority; returns how many there were. */
unsigned kernel_port_flush_own(struct kernel_port *port);

/* What this kernel can do: tried, not guessed. */
void kernel_port_abilities(struct kernel_port *port, struct kernel_abilities *abilities);

/* Lets a socket of ours pass whatever the policies say. family: AF_INET or AF_INET6. */
MUST_USE bool kernel_port_exempt(struct kernel_port *port, int fd, int family, char why[96]);

/* xfrm_larval_drop=0 and xfrm_acq_expires while we run; the former values come back at kernel_port_close. */
bool kernel_port_tune(struct kernel_port *port, unsigned acquire_expires_s, char why[256]);

#endif
