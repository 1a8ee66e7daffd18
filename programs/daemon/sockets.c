/*
 * UDP 500 and 4500: one socket an address and port, exempt from policies before it is used. On 4500 IKE
 * carries four zero octets (RFC 3948 2.2, 2.3); a single 0xff is a keepalive and nobody's business.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon.h"
#include "ike.h"
#include "list.h"

#define BATCH 32 /* datagrams that one call reads */
#define BATCHES 4 /* calls at one wake-up, so that nobody starves */
#define RECEIVE_ROOM (1 << 20) /* octets that the kernel keeps for us while we are busy */
#define FIRSTS 8 /* strangers' first messages of a batch that are looked at while we are behind */
#define MARKER_OCTETS 4
#define HEADER_OCTETS 28 /* of an IKE message (RFC 7296 3.1): what is shorter is none */

#ifndef UDP_ENCAP_ESPINUDP
#define UDP_ENCAP_ESPINUDP 2
#endif

struct socket {
	struct list link;
	struct sockets *owner;
	struct endpoint local;
	bool natt;
	int fd;
	struct event *event;
};

/* Room for a batch. A longer datagram is no message that we read: it comes truncated and is dropped. */
struct batch {
	uint8_t room[BATCH][MARKER_OCTETS + LIMIT_MESSAGE];
	struct sockaddr_storage from[BATCH];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
};

struct sockets {
	struct daemon *d;
	struct list all;
	bool no_encap[2]; /* IPv4, IPv6: this kernel refused, and that was said */
	struct batch batch;
};

static socklen_t to_sockaddr(const struct endpoint *e, struct sockaddr_storage *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (e->address.family == ADDRESS_V4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(e->port);
		memcpy(&v4->sin_addr, e->address.octet, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(e->port);
	memcpy(&v6->sin6_addr, e->address.octet, 16);
	return sizeof(*v6);
}

static bool from_sockaddr(const struct sockaddr_storage *from, struct endpoint *e)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;

	if (from->ss_family == AF_INET) {
		e->port = ntohs(v4->sin_port);
		return address_from_bytes(&e->address, bytes_of(&v4->sin_addr, 4));
	}
	e->port = ntohs(v6->sin6_port);
	return from->ss_family == AF_INET6 && address_from_bytes(&e->address, bytes_of(&v6->sin6_addr, 16));
}

/*
 * Strips the marker of 4500; false for what is no IKE message, keepalives among it (RFC 3948 2.3). It is looked at here,
 * because a datagram that nobody wants must cost as little as it can: the node is not asked.
 */
/* @rfc 7296-2-1 7296-2.23-13 */
static bool unmark(const struct socket *s, struct bytes *data)
{
	static const uint8_t marker[MARKER_OCTETS];
	uint32_t length;

	if (s->natt) {
		if (data->len < MARKER_OCTETS || memcmp(data->at, marker, MARKER_OCTETS) != 0)
			return false;
		*data = bytes_of(data->at + MARKER_OCTETS, data->len - MARKER_OCTETS);
	}
	if (data->len < HEADER_OCTETS)
		return false;
	/* The last field of the header is the message's length. */
	memcpy(&length, data->at + HEADER_OCTETS - sizeof(length), sizeof(length));
	return ntohl(length) == data->len;
}

/* firsts: how many first messages may still be looked at in this batch. */
static void take(struct socket *s, struct mmsghdr *m, unsigned *firsts)
{
	struct event event = { .kind = EVENT_PACKET };

	event.packet.local = s->local;
	event.packet.encapsulated = s->natt;
	event.packet.data = bytes_of(m->msg_hdr.msg_iov->iov_base, m->msg_len);
	if ((m->msg_hdr.msg_flags & MSG_TRUNC) || !unmark(s, &event.packet.data) ||
	    !from_sockaddr(m->msg_hdr.msg_name, &event.packet.remote))
		return;
	if (ike_is_first_message(event.packet.data) && (*firsts)-- == 0) {
		*firsts = 0;
		return;
	}
	daemon_feed(s->owner->d, &event);
}

static int read_batch(const struct socket *s, struct batch *b)
{
	size_t octets = LIMIT_MESSAGE + (s->natt ? MARKER_OCTETS : 0);

	for (size_t i = 0; i < BATCH; i++) {
		b->parts[i] = (struct iovec){ b->room[i], octets };
		b->messages[i].msg_hdr = (struct msghdr){ .msg_name = &b->from[i],
							  .msg_namelen = sizeof(b->from[i]),
							  .msg_iov = &b->parts[i],
							  .msg_iovlen = 1 };
	}
	return recvmmsg(s->fd, b->messages, BATCH, MSG_DONTWAIT, NULL);
}

/* @rfc 7296-2.11-1 7296-2.11-4 */
static void readable(evutil_socket_t fd, short what, void *context)
{
	struct socket *s = context;
	struct batch *b = &s->owner->batch;
	unsigned firsts;

	for (unsigned i = 0; i < BATCHES; i++) {
		int n = read_batch(s, b);

		if (n < 0) {
			/* An ICMP error about an earlier packet is a hint, and read away. */
			if (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH ||
			    errno == EINTR)
				continue;
			return;
		}
		/*
		 * Behind: more waits than a batch. Then the kernel drops what comes last, whoever sent it, unless we read
		 * faster; so most strangers are passed over, and those that have begun get through.
		 */
		firsts = i ? FIRSTS : BATCH;
		for (int k = 0; k < n && !s->owner->d->done; k++)
			take(s, &b->messages[k], &firsts);
		if (n < BATCH)
			return;
	}
}

static void socket_close(struct socket *s)
{
	if (s->event)
		event_free(s->event);
	if (s->fd >= 0)
		close(s->fd);
	list_remove(&s->link);
	free(s);
}

/* ESP that comes in UDP on 4500 goes to the kernel's SAs (RFC 3948). IPv6 sockets can do so since Linux 5.8. */
static void encapsulate(struct sockets *all, const struct socket *s)
{
	bool v6 = s->local.address.family == ADDRESS_V6;
	int encap = UDP_ENCAP_ESPINUDP;

	if (setsockopt(s->fd, IPPROTO_UDP, UDP_ENCAP, &encap, sizeof(encap)) == 0 || all->no_encap[v6])
		return;
	all->no_encap[v6] = true;
	log_write(NOTE_WARNING,
		  "this kernel takes no ESP in UDP over IPv%d: %s; peers behind a NAT cannot be served there",
		  v6 ? 6 : 4, strerror(errno));
}

static bool prepare(struct sockets *all, struct socket *s, char why[96])
{
	int family = s->local.address.family == ADDRESS_V4 ? AF_INET : AF_INET6;
	int one = 1, room = RECEIVE_ROOM;
	struct sockaddr_storage address;
	socklen_t len = to_sockaddr(&s->local, &address);

	s->fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return false;
	if (family == AF_INET6)
		setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (!kernel_port_exempt(all->d->kernel, s->fd, family, why))
		return false;
	if (s->natt)
		encapsulate(all, s);
	return bind(s->fd, (struct sockaddr *)&address, len) == 0;
}

static void socket_open(struct sockets *all, const struct address *address, uint16_t port, bool natt)
{
	struct socket *s = calloc(1, sizeof(*s));
	char text[ENDPOINT_TEXT], why[96] = "";

	if (!s)
		return;
	list_init(&s->link);
	s->owner = all;
	s->local = (struct endpoint){ *address, port };
	s->natt = natt;
	s->fd = -1;
	if (prepare(all, s, why))
		s->event = event_new(all->d->base, s->fd, EV_READ | EV_PERSIST, readable, s);
	if (!s->event) {
		log_write(NOTE_WARNING, "cannot listen on %s: %s", endpoint_print(&s->local, text),
			  why[0] ? why : strerror(errno));
		socket_close(s);
		return;
	}
	event_add(s->event, NULL);
	list_append(&all->all, &s->link);
	log_write(NOTE_DEBUG, "listening on %s", endpoint_print(&s->local, text));
}

static struct socket *find(struct sockets *all, const struct endpoint *local)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &all->all) {
		struct socket *s = LIST_ENTRY(pos, struct socket, link);

		if (endpoint_equal(&s->local, local))
			return s;
	}
	return NULL;
}

/* setup.listen is a list of the addresses to use; without it all are. */
static bool is_listed(const struct daemon *d, const struct address *a)
{
	const char *at = d->plan ? d->plan->setup.listen : NULL;

	if (!at)
		return true;
	while (*at) {
		size_t len = strcspn(at, ", \t");
		char word[ADDRESS_TEXT];
		struct address listed;

		/* Compared as addresses: IPv6 has many spellings. */
		snprintf(word, sizeof(word), "%.*s", (int)len, at);
		if (len < sizeof(word) && address_parse(&listed, word) && address_equal(&listed, a))
			return true;
		at += len + (at[len] != '\0');
	}
	return false;
}

void sockets_follow(struct sockets *all, const struct event_addresses *addresses)
{
	const uint16_t ports[] = { all->d->options.ike_port, all->d->options.natt_port };
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &all->all) {
		struct socket *s = LIST_ENTRY(pos, struct socket, link);
		bool there = false;

		for (size_t i = 0; i < addresses->count; i++)
			there = there || address_equal(&addresses->at[i], &s->local.address);
		if (!there || !is_listed(all->d, &s->local.address))
			socket_close(s);
	}
	for (size_t i = 0; i < addresses->count; i++) {
		for (size_t p = 0; p < 2; p++) {
			struct endpoint local = { addresses->at[i], ports[p] };

			if (!address_is_link_local(&local.address) && is_listed(all->d, &local.address) &&
			    !find(all, &local))
				socket_open(all, &local.address, local.port, p == 1);
		}
	}
}

struct sockets *sockets_open(struct daemon *d, char why[256])
{
	struct sockets *all = calloc(1, sizeof(*all));

	if (!all) {
		snprintf(why, 256, "no memory");
		return NULL;
	}
	all->d = d;
	list_init(&all->all);
	return all;
}

void sockets_close(struct sockets *all)
{
	struct list *pos, *next;

	if (!all)
		return;
	LIST_FOR_EACH (pos, next, &all->all)
		socket_close(LIST_ENTRY(pos, struct socket, link));
	free(all);
}

void sockets_send(struct sockets *all, const struct endpoint *local, const struct endpoint *remote,
		  bool encapsulated, struct bytes data)
{
	static const uint8_t marker[MARKER_OCTETS];
	struct sockaddr_storage to;
	struct iovec parts[2] = { { (void *)(uintptr_t)marker, encapsulated ? MARKER_OCTETS : 0 },
				  { (void *)(uintptr_t)data.at, data.len } };
	struct msghdr message = { .msg_name = &to, .msg_iov = parts, .msg_iovlen = 2 };
	struct socket *s = find(all, local);
	char text[ENDPOINT_TEXT];

	if (!s) {
		log_write(NOTE_DEBUG, "nothing listens on %s: a packet is not sent",
			  endpoint_print(local, text));
		return;
	}
	message.msg_namelen = to_sockaddr(remote, &to);
	/* What cannot be sent is retransmitted like what was lost. */
	if (sendmsg(s->fd, &message, MSG_DONTWAIT) < 0)
		log_write(NOTE_DEBUG, "cannot send to %s: %s", endpoint_print(remote, text), strerror(errno));
}
