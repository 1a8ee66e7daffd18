/*
 * flood ADDRESS PORT SECONDS [cookies]: first messages of strangers to an IKE responder on loopback, as fast as they go,
 * each from another address of 127.64.0.0/10 and with another SPI. With `cookies` it also hears: it sends cookies back,
 * and answers what then comes with garbage for IKE_AUTH. Prints what it sent and got. For testing/daemon only: it sends to
 * loopback and nowhere else.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/ike/exchanges/choose.h"
#include "lib/ike/wire/build.h"

#define STRANGERS 10000u

struct flood {
	int fd;
	struct sockaddr_in to;
	uint64_t sent, cookies, begun, chance;
	bool hears;
};

static uint64_t draw(struct flood *f)
{
	f->chance ^= f->chance << 13;
	f->chance ^= f->chance >> 7;
	f->chance ^= f->chance << 17;
	return f->chance;
}

/* From that stranger's address: the kernel lets any of loopback be named as the source. */
static void send_from(struct flood *f, struct in_addr source, struct bytes data)
{
	union {
		char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
		struct cmsghdr align;
	} control;
	struct iovec part = { (void *)(uintptr_t)data.at, data.len };
	struct msghdr m = { .msg_name = &f->to,
			    .msg_namelen = sizeof(f->to),
			    .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof(control.room) };
	struct in_pktinfo info = { .ipi_spec_dst = source };
	struct cmsghdr *c;

	memset(&control, 0, sizeof(control));
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	if (sendmsg(f->fd, &m, MSG_DONTWAIT) >= 0)
		f->sent++;
}

/* The nonce and the value come from the SPI, so that a cookie can be sent back without remembering anything. */
static struct bytes first_message(uint8_t *room, size_t size, uint64_t spi, struct bytes cookie)
{
	const struct suite suite = {
		ENCR_AES_GCM_16, 256, PRF_HMAC_SHA2_256, INTEG_NONE, KE_CURVE25519, false
	};
	const struct ike_header header = { .spi_i = spi, .exchange = IKE_SA_INIT, .flags = FLAG_INITIATOR };
	struct build b;
	struct writer *w;

	build_begin(&b, room, size, &header);
	if (cookie.len)
		build_notify(&b, PROTOCOL_NONE, COOKIE, BYTES_NONE, cookie);
	choose_offer(build_payload(&b, PAYLOAD_SA), PROTOCOL_IKE, 0, &suite, 1);
	build_end(&b);
	w = build_payload(&b, PAYLOAD_KE);
	writer_u16(w, KE_CURVE25519);
	writer_u16(w, 0);
	for (int i = 0; i < 4; i++)
		writer_u64(w, spi * (2 * (uint64_t)i + 3));
	build_end(&b);
	w = build_payload(&b, PAYLOAD_NONCE);
	for (int i = 0; i < 4; i++)
		writer_u64(w, spi ^ (uint64_t)i << 32);
	build_end(&b);
	return build_finish(&b);
}

/* A message that claims to be IKE_AUTH and opens under no key. */
static struct bytes garbage(uint8_t *room, size_t size, const struct ike_header *h)
{
	const struct ike_header header = { .spi_i = h->spi_i,
					   .spi_r = h->spi_r,
					   .exchange = IKE_AUTH,
					   .flags = FLAG_INITIATOR,
					   .message_id = 1 };
	struct build b;

	build_begin(&b, room, size, &header);
	writer_zeros(build_payload(&b, PAYLOAD_SK), 200);
	build_end(&b);
	return build_finish(&b);
}

static void hear(struct flood *f)
{
	uint8_t in[2048], out[1024];
	union {
		char room[256];
		struct cmsghdr align;
	} control;
	struct sockaddr_in from;

	for (unsigned i = 0; i < 64; i++) {
		struct iovec part = { in, sizeof(in) };
		struct msghdr m = { .msg_name = &from,
				    .msg_namelen = sizeof(from),
				    .msg_iov = &part,
				    .msg_iovlen = 1,
				    .msg_control = control.room,
				    .msg_controllen = sizeof(control.room) };
		ssize_t n = recvmsg(f->fd, &m, MSG_DONTWAIT);
		struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
		struct in_pktinfo info;
		struct message message;
		struct notify cookie;

		if (n < 0)
			return;
		if (!c || message_read(bytes_of(in, (size_t)n), &message) != REASON_OK)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		if (message_notify(&message, COOKIE, &cookie)) {
			f->cookies++;
			send_from(f, info.ipi_addr,
				  first_message(out, sizeof(out), message.header.spi_i, cookie.data));
		} else if (message.header.spi_r) {
			f->begun++;
			send_from(f, info.ipi_addr, garbage(out, sizeof(out), &message.header));
		}
	}
}

int main(int argc, char **argv)
{
	struct flood f = { .chance = 0x9e3779b97f4a7c15u, .hears = argc == 5 };
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(15777) };
	int one = 1, room = 8 << 20;
	uint8_t out[1024];
	time_t end;

	if (argc < 4 || inet_pton(AF_INET, argv[1], &f.to.sin_addr) != 1 ||
	    ntohl(f.to.sin_addr.s_addr) >> 24 != 127) {
		fprintf(stderr, "flood ADDRESS-OF-LOOPBACK PORT SECONDS [cookies]\n");
		return 2;
	}
	f.to.sin_family = AF_INET;
	f.to.sin_port = htons((uint16_t)atoi(argv[2]));
	f.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (f.fd < 0 || setsockopt(f.fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one)) ||
	    bind(f.fd, (struct sockaddr *)&any, sizeof(any))) {
		fprintf(stderr, "flood: %s\n", strerror(errno));
		return 1;
	}
	setsockopt(f.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	for (end = time(NULL) + atoi(argv[3]); time(NULL) < end;) {
		for (unsigned i = 0; i < 32; i++) {
			struct in_addr source = { htonl(0x7f400001u + (uint32_t)(draw(&f) % STRANGERS) * 7) };

			send_from(&f, source, first_message(out, sizeof(out), draw(&f) | 1, BYTES_NONE));
		}
		if (f.hears)
			hear(&f);
	}
	printf("sent %llu cookies %llu begun %llu\n", (unsigned long long)f.sent,
	       (unsigned long long)f.cookies, (unsigned long long)f.begun);
	return 0;
}
