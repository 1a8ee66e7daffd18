/*
 * XFRM over netlink (kernel_port.h). Requests are answered at once on a socket of their own; what the
 * kernel tells by itself comes on another. lib/kernel makes and reads the octets.
 */
#include "kernel_port.h"

#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/kernel/xfrm.h"

#define READ_BUDGET 32 /* buffers read at one wake-up */
#define EVENT_ROOM (8 << 20) /* octets of kernel memory for a storm of acquires */

struct tuned {
	const char *file;
	char before[16];
	bool changed;
};

struct kernel_port {
	int requests, events;
	uint32_t seq;
	uint8_t out[XFRM_ROOM];
	uint8_t in[64 * 1024]; /* answers to requests */
	uint8_t heard[64 * 1024]; /* what the kernel tells: handlers make requests while it is read */
	struct tuned tuned[2];
};

static int open_socket(uint32_t groups)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM), one = 1, room = EVENT_ROOM;

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	if (groups && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return fd;
}

struct kernel_port *kernel_port_open(char why[256])
{
	struct kernel_port *port = calloc(1, sizeof(*port));

	if (!port)
		return NULL;
	port->tuned[0].file = "/proc/sys/net/core/xfrm_larval_drop";
	port->tuned[1].file = "/proc/sys/net/core/xfrm_acq_expires";
	port->requests = open_socket(0);
	port->events = open_socket(1u << (XFRMNLGRP_ACQUIRE - 1) | 1u << (XFRMNLGRP_EXPIRE - 1) |
				   1u << (XFRMNLGRP_MAPPING - 1));
	if (port->requests >= 0 && port->events >= 0 && fcntl(port->events, F_SETFL, O_NONBLOCK) == 0)
		return port;
	snprintf(why, 256, "the kernel's XFRM cannot be reached: %s", strerror(errno));
	kernel_port_close(port);
	return NULL;
}

/* ---- sysctls ---- */

static bool swap_setting(struct tuned *t, const char *value)
{
	int fd = open(t->file, O_RDWR | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, t->before, sizeof(t->before) - 1);
	bool ok = n > 0 && pwrite(fd, value, strlen(value), 0) == (ssize_t)strlen(value);

	if (n > 0)
		t->before[n] = '\0';
	t->changed = ok;
	if (fd >= 0)
		close(fd);
	return ok;
}

bool kernel_port_tune(struct kernel_port *port, unsigned acquire_expires_s, char why[256])
{
	char value[16];
	bool ok;

	snprintf(value, sizeof(value), "%u", acquire_expires_s);
	ok = swap_setting(&port->tuned[0], "0");
	if (!ok)
		snprintf(why, 256, "%s cannot be set to 0: %s", port->tuned[0].file, strerror(errno));
	if (!swap_setting(&port->tuned[1], value) && ok) {
		snprintf(why, 256, "%s cannot be set: %s", port->tuned[1].file, strerror(errno));
		ok = false;
	}
	return ok;
}

static void restore(struct tuned *t)
{
	int fd = t->changed ? open(t->file, O_WRONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	if (write(fd, t->before, strlen(t->before)) < 0)
		fprintf(stderr, "cygnetd: %s cannot be restored: %s\n", t->file, strerror(errno));
	close(fd);
}

void kernel_port_close(struct kernel_port *port)
{
	if (!port)
		return;
	restore(&port->tuned[0]);
	restore(&port->tuned[1]);
	if (port->requests >= 0)
		close(port->requests);
	if (port->events >= 0)
		close(port->events);
	free(port);
}

int kernel_port_fd(const struct kernel_port *port)
{
	return port->events;
}

/* ---- what the kernel tells ---- */

static void tell(const struct xfrm_message *m, const struct kernel_port_handlers *handlers, void *context)
{
	if (m->kind == XFRM_ACQUIRE)
		handlers->acquire(context, &m->acquire);
	else if (m->kind == XFRM_EXPIRE && xfrm_sa_is_ours(&m->sa))
		handlers->expire(context, &m->expire);
	else if (m->kind == XFRM_MAPPING && xfrm_sa_is_ours(&m->sa))
		handlers->mapping(context, m->mapping.spi, &m->mapping.local, &m->mapping.remote);
}

void kernel_port_read(struct kernel_port *port, const struct kernel_port_handlers *handlers, void *context)
{
	for (unsigned i = 0; i < READ_BUDGET; i++) {
		ssize_t n = recv(port->events, port->heard, sizeof(port->heard), MSG_DONTWAIT);
		struct bytes data;
		size_t used = 1;

		if (n < 0) {
			/* A storm was larger than the buffer: what was lost must be found by looking. */
			if (errno == ENOBUFS)
				handlers->lost(context);
			return;
		}
		for (data = bytes_of(port->heard, (size_t)n); data.len && used;
		     data = bytes_of(data.at + used, data.len - used)) {
			struct xfrm_message m;

			xfrm_read(data, &m, &used);
			tell(&m, handlers, context);
		}
	}
}

/* ---- requests ---- */

/* Calls see for each message that answers a request, until the last one; false with errno. */
static bool exchange(struct kernel_port *port, size_t len,
		     void (*see)(void *context, const struct xfrm_message *m), void *context, char why[96])
{
	if (!len || send(port->requests, port->out, len, 0) < 0) {
		if (!len)
			errno = EINVAL;
		snprintf(why, 96, "%s", len ? strerror(errno) : "it cannot be said to this kernel");
		return false;
	}
	wipe(port->out, len);
	for (;;) {
		ssize_t n = recv(port->requests, port->in, sizeof(port->in), 0);
		struct bytes data = bytes_of(port->in, n > 0 ? (size_t)n : 0);
		size_t used = 1;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			snprintf(why, 96, "%s", strerror(errno));
			return false;
		}
		for (; data.len && used; data = bytes_of(data.at + used, data.len - used)) {
			struct xfrm_message m;

			xfrm_read(data, &m, &used);
			if (m.seq != port->seq)
				continue;
			if (m.kind == XFRM_ACK) {
				errno = m.error;
				snprintf(why, 96, "%s%s%.60s", m.error ? strerror(m.error) : "",
					 m.why[0] ? ": " : "", m.why);
				return m.error == 0;
			}
			if (m.kind == XFRM_DONE)
				return true;
			if (see)
				see(context, &m);
		}
	}
}

bool kernel_sa_install(struct kernel_port *port, const struct kernel_sa *sa, char why[96])
{
	/* The larval SA that an acquire left is settled by an update of the same SPI or vanishes by its seq. */
	return exchange(port, xfrm_write_sa(port->out, ++port->seq, sa, false), NULL, NULL, why);
}

bool kernel_sa_remove(struct kernel_port *port, const struct kernel_sa *sa, char why[96])
{
	return exchange(port, xfrm_write_sa_remove(port->out, ++port->seq, sa), NULL, NULL, why);
}

/* One question, one answer; what else waits there is passed over. */
static bool ask(struct kernel_port *port, size_t len, struct xfrm_message *m)
{
	size_t used = 0;
	ssize_t n;

	if (!len || send(port->requests, port->out, len, 0) < 0)
		return false;
	do {
		n = recv(port->requests, port->in, sizeof(port->in), 0);
		if (n <= 0)
			return false;
		xfrm_read(bytes_of(port->in, (size_t)n), m, &used);
	} while (m->seq != port->seq);
	wipe(port->in, (size_t)n);
	return true;
}

bool kernel_sa_query(struct kernel_port *port, const struct kernel_sa *sa, struct kernel_counters *counters)
{
	struct xfrm_message m;

	if (!ask(port, xfrm_write_sa_query(port->out, ++port->seq, sa), &m) || m.kind != XFRM_SA)
		return false;
	*counters = m.counters;
	return true;
}

bool kernel_policy_query(struct kernel_port *port, const struct kernel_policy *policy, uint64_t *used)
{
	struct xfrm_message m;

	if (!ask(port, xfrm_write_policy_query(port->out, ++port->seq, policy), &m) || m.kind != XFRM_POLICY)
		return false;
	*used = m.policy_used_s;
	return true;
}

bool kernel_policy_put(struct kernel_port *port, const struct kernel_policy *policy, char why[96])
{
	return exchange(port, xfrm_write_policy(port->out, ++port->seq, policy), NULL, NULL, why);
}

bool kernel_policy_remove(struct kernel_port *port, const struct kernel_policy *policy, char why[96])
{
	return exchange(port, xfrm_write_policy_remove(port->out, ++port->seq, policy), NULL, NULL, why);
}

/* ---- everything that is ours ---- */

static void write_down(void *context, const struct xfrm_message *m)
{
	struct kernel_state *b = context;

	/* A larval SA has no name by which it could be removed: it is an acquire (kernel_port_look). */
	if (m->kind == XFRM_SA && !m->larval && xfrm_sa_is_ours(&m->sa)) {
		struct kernel_sa *grown = realloc(b->sas, (b->sa_count + 1) * sizeof(*grown));

		if (grown) {
			b->sas = grown;
			grown[b->sa_count++] = m->sa;
		}
	} else if (m->kind == XFRM_POLICY && xfrm_policy_is_ours(&m->policy)) {
		struct kernel_policy *grown = realloc(b->policies, (b->policy_count + 1) * sizeof(*grown));

		if (grown) {
			b->policies = grown;
			grown[b->policy_count++] = m->policy;
		}
	}
}

struct unheard {
	struct kernel_acquire acquire[LIMIT_UNHEARD];
	size_t count;
};

static void collect_unheard(void *context, const struct xfrm_message *m)
{
	struct unheard *u = context;

	if (m->kind == XFRM_SA && m->larval && xfrm_sa_is_ours(&m->sa) && u->count < LIMIT_UNHEARD)
		u->acquire[u->count++] = m->acquire;
}

void kernel_port_look(struct kernel_port *port, const struct kernel_port_handlers *handlers, void *context)
{
	struct unheard *u = calloc(1, sizeof(*u));
	char why[96];

	if (!u)
		return;
	exchange(port, xfrm_write_sa_dump(port->out, ++port->seq), collect_unheard, u, why);
	/* The dump is over: what the handlers bring about may use the port again. */
	for (size_t i = 0; i < u->count; i++)
		handlers->acquire(context, &u->acquire[i]);
	free(u);
}

struct kernel_state *kernel_port_state(struct kernel_port *port)
{
	struct kernel_state *state = calloc(1, sizeof(*state));
	char why[96];

	if (!state)
		return NULL;
	exchange(port, xfrm_write_policy_dump(port->out, ++port->seq), write_down, state, why);
	exchange(port, xfrm_write_sa_dump(port->out, ++port->seq), write_down, state, why);
	/* The kernel's answers held the keys of the SAs. */
	wipe(port->in, sizeof(port->in));
	return state;
}

unsigned kernel_port_flush_own(struct kernel_port *port)
{
	struct kernel_state *state = kernel_port_state(port);
	unsigned removed = 0;
	char why[96];

	for (size_t i = 0; state && i < state->policy_count; i++)
		removed += kernel_policy_remove(port, &state->policies[i], why);
	for (size_t i = 0; state && i < state->sa_count; i++)
		removed += kernel_sa_remove(port, &state->sas[i], why);
	kernel_state_discard(state);
	return removed;
}

/* ---- abilities ---- */

/* An SA between two documentation addresses, put in and taken out. */
static bool try_sa(struct kernel_port *port, uint16_t encr, uint16_t bits, bool esn)
{
	const struct encr_row *row = encr_find(encr, bits);
	struct kernel_sa sa = {
		.spi = 0x43594702, .mode = KERNEL_TUNNEL, .reqid = KERNEL_REQID_LAST, .inbound = true
	};
	char why[96];
	bool ok;

	if (!row || !address_parse(&sa.src, "192.0.2.1") || !address_parse(&sa.dst, "192.0.2.2"))
		return false;
	sa.encr = encr;
	sa.encr_bits = bits;
	sa.encr_key_len = (uint8_t)(row->key_octets + row->salt_octets);
	sa.integ = row->aead ? INTEG_NONE : INTEG_HMAC_SHA2_256_128;
	sa.integ_key_len = row->aead ? 0 : 32;
	sa.esn = esn;
	sa.replay_window = 128;
	sa.soft_life = sa.hard_life = MSEC_NEVER;
	ok = kernel_sa_install(port, &sa, why);
	if (ok)
		kernel_sa_remove(port, &sa, why);
	return ok;
}

void kernel_port_abilities(struct kernel_port *port, struct kernel_abilities *abilities)
{
	*abilities = (struct kernel_abilities){ .port = "xfrm", .replay_window_max = 4096 };
	abilities->aead = try_sa(port, ENCR_AES_GCM_16, 256, false);
	abilities->esn = try_sa(port, ENCR_AES_GCM_16, 256, true);
	abilities->esp = abilities->aead || try_sa(port, ENCR_AES_CBC, 256, false);
	abilities->queues_first_packet = port->tuned[0].changed;
}

bool kernel_port_exempt(struct kernel_port *port, int fd, int family, char why[96])
{
	struct xfrm_userpolicy_info allow;

	memset(&allow, 0, sizeof(allow));
	allow.action = XFRM_POLICY_ALLOW;
	allow.sel.family = (uint16_t)family;
	for (int direction = XFRM_POLICY_IN; direction <= XFRM_POLICY_OUT; direction++) {
		allow.dir = (uint8_t)direction;
		if (setsockopt(fd, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
			       family == AF_INET ? IP_XFRM_POLICY : IPV6_XFRM_POLICY, &allow,
			       sizeof(allow)) < 0) {
			snprintf(why, 96, "a socket cannot be exempted from policies: %s", strerror(errno));
			return false;
		}
	}
	return true;
}
