/* The addresses of this host, followed by rtnetlink, and our source towards the default routes. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon.h"

#define SETTLE_MS 50 /* changes come in bursts */

static struct {
	int fd;
	struct event *readable, *settled;
} watch = { -1, NULL, NULL };

static bool address_of(const struct sockaddr *sa, struct address *a)
{
	if (sa && sa->sa_family == AF_INET)
		return address_from_bytes(
			a, bytes_of(&((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4));
	if (sa && sa->sa_family == AF_INET6)
		return address_from_bytes(
			a, bytes_of(&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16));
	return false;
}

/*
 * The source that the kernel would use towards the default route: asked by a socket that sends nothing. It is exempt from
 * policies: else a group that denies the address asked about would hide our own, and its trap would ask for keys to it.
 */
static void default_source(struct daemon *d, int family, struct address *a)
{
	char why[96];
	struct sockaddr_storage far, near;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&far;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&far;
	socklen_t len = sizeof(near);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memset(a, 0, sizeof(*a));
	memset(&far, 0, sizeof(far));
	far.ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		v4->sin_port = htons(9);
		v4->sin_addr.s_addr = htonl(0xc6336401); /* any global unicast address will do */
	} else {
		v6->sin6_port = htons(9);
		v6->sin6_addr.s6_addr[0] = 0x20;
		v6->sin6_addr.s6_addr[1] = 0x01;
		v6->sin6_addr.s6_addr[15] = 1;
	}
	if (fd >= 0 && !kernel_port_exempt(d->kernel, fd, family, why))
		log_write(NOTE_WARNING, "our source towards the default route: %s", why);
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&far, family == AF_INET ? sizeof(*v4) : sizeof(*v6)) == 0 &&
	    getsockname(fd, (struct sockaddr *)&near, &len) == 0)
		address_of((struct sockaddr *)&near, a);
	if (fd >= 0)
		close(fd);
}

static void collect(struct daemon *d, struct event_addresses *out)
{
	struct ifaddrs *all, *i;

	memset(out, 0, sizeof(*out));
	if (getifaddrs(&all) == 0) {
		for (i = all; i; i = i->ifa_next) {
			struct address a;

			if (address_of(i->ifa_addr, &a) && out->count < EVENT_ADDRESS_LIMIT)
				out->at[out->count++] = a;
		}
		freeifaddrs(all);
	}
	default_source(d, AF_INET, &out->default_v4);
	default_source(d, AF_INET6, &out->default_v6);
}

static void tell(struct daemon *d)
{
	struct event event = { .kind = EVENT_ADDRESSES };
	struct event_addresses *now = calloc(1, sizeof(*now));

	if (!now)
		return;
	collect(d, now);
	/* Also when nothing changed: a fresh IPv6 address takes no socket until it is known to be unique. */
	sockets_follow(d->sockets, now);
	if (d->addresses && memcmp(d->addresses, now, sizeof(*now)) == 0) {
		free(now);
		return;
	}
	free(d->addresses);
	d->addresses = now;
	event.addresses = now;
	daemon_feed(d, &event);
}

static void settled(evutil_socket_t fd, short what, void *context)
{
	tell(context);
}

static void changed(evutil_socket_t fd, short what, void *context)
{
	const struct timeval soon = { 0, SETTLE_MS * 1000 };
	char room[8192];

	while (recv(fd, room, sizeof(room), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		errno = 0;
	event_add(watch.settled, &soon);
}

bool addresses_open(struct daemon *d, char why[256])
{
	struct sockaddr_nl groups = { .nl_family = AF_NETLINK,
				      .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
						   RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE };

	watch.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (watch.fd < 0 || bind(watch.fd, (struct sockaddr *)&groups, sizeof(groups)) < 0) {
		snprintf(why, 256, "addresses cannot be watched: %s", strerror(errno));
		return false;
	}
	watch.readable = event_new(d->base, watch.fd, EV_READ | EV_PERSIST, changed, d);
	watch.settled = event_new(d->base, -1, 0, settled, d);
	if (!watch.readable || !watch.settled)
		return false;
	event_add(watch.readable, NULL);
	tell(d);
	return true;
}

void addresses_close(struct daemon *d)
{
	if (watch.readable)
		event_free(watch.readable);
	if (watch.settled)
		event_free(watch.settled);
	if (watch.fd >= 0)
		close(watch.fd);
	free(d->addresses);
	d->addresses = NULL;
}
