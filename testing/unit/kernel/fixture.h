/* Netlink messages in a test: whole ones as a kernel would send them, and attributes found without lib/kernel's help. */
#ifndef TESTING_KERNEL_FIXTURE_H
#define TESTING_KERNEL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <string.h>

#include "../../../lib/kernel/xfrm.h"

static union {
	uint8_t octets[XFRM_ROOM];
	struct nlmsghdr head;
} room;

static inline struct address address(const char *text)
{
	struct address a;

	assert_true(address_parse(&a, text));
	return a;
}

static inline struct selector selector(const char *text)
{
	struct selector s;

	assert_true(selector_parse(&s, text));
	return s;
}

/* Begins a message of a type with a fixed part of so many octets. */
static inline void *message(uint16_t type, size_t fixed)
{
	memset(&room, 0, sizeof(room));
	room.head.nlmsg_type = type;
	room.head.nlmsg_seq = 7;
	room.head.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + NLMSG_ALIGN(fixed));
	return room.octets + NLMSG_HDRLEN;
}

static inline void append(uint16_t type, const void *data, size_t len)
{
	struct nlattr head = { .nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type };

	memcpy(room.octets + room.head.nlmsg_len, &head, sizeof(head));
	memcpy(room.octets + room.head.nlmsg_len + NLA_HDRLEN, data, len);
	room.head.nlmsg_len += (uint32_t)NLA_ALIGN(head.nla_len);
}

static inline struct xfrm_message read_whole(void)
{
	struct xfrm_message m;
	size_t used;

	xfrm_read(bytes_of(room.octets, room.head.nlmsg_len), &m, &used);
	assert_int_equal(used, room.head.nlmsg_len);
	return m;
}

/* Data of the attribute that follows a fixed part; NULL when there is none. */
static inline const void *found(size_t fixed, uint16_t type, size_t *len)
{
	size_t at = (size_t)NLMSG_HDRLEN + NLMSG_ALIGN(fixed);

	while (at + NLA_HDRLEN <= room.head.nlmsg_len) {
		struct nlattr head;

		memcpy(&head, room.octets + at, sizeof(head));
		assert_true(head.nla_len >= NLA_HDRLEN && at + head.nla_len <= room.head.nlmsg_len);
		if (head.nla_type == type) {
			*len = head.nla_len - (size_t)NLA_HDRLEN;
			return room.octets + at + NLA_HDRLEN;
		}
		at += (size_t)NLA_ALIGN(head.nla_len);
	}
	return NULL;
}

#endif
