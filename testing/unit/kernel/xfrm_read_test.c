/* What XFRM tells, whole and torn: mappings, expiries, SAs with their counters, policies, acquires, acknowledgements. */
#include "fixture.h"

#include <errno.h>
#include <stdlib.h>

static void put_v4(xfrm_address_t *to, const char *text)
{
	struct address a = address(text);

	memcpy(to, a.octet, 4);
}

static void put_v6(xfrm_address_t *to, const char *text)
{
	struct address a = address(text);

	memcpy(to, a.octet, 16);
}

/* A message that is cut anywhere, or says that it is longer, is nothing and is not read beyond. */
static void torn_is_nothing(enum xfrm_kind kind, size_t fixed)
{
	uint32_t whole = room.head.nlmsg_len;
	struct xfrm_message m;
	size_t used;

	for (uint32_t len = 0; len < whole; len++) {
		uint8_t *copy = malloc(len + 1);

		assert_non_null(copy);
		/* The head tells the true length, but less is there. */
		memcpy(copy, room.octets, len);
		xfrm_read(bytes_of(copy, len), &m, &used);
		assert_int_equal(m.kind, XFRM_OTHER);
		assert_int_equal(used, 0);
		/* The head tells what is there. */
		if (len >= NLMSG_HDRLEN) {
			((struct nlmsghdr *)(void *)copy)->nlmsg_len = len;
			xfrm_read(bytes_of(copy, len), &m, &used);
			assert_int_equal(used, len);
			assert_int_equal(m.kind, len < NLMSG_HDRLEN + fixed ? XFRM_OTHER : kind);
		}
		free(copy);
	}
}

static void a_mapping_names_our_inbound_sa(void **state)
{
	struct xfrm_user_mapping *in = message(XFRM_MSG_MAPPING, sizeof(*in));
	struct xfrm_message m;
	struct address a;

	in->id.spi = htonl(0xc0ffee01);
	in->id.family = AF_INET;
	in->id.proto = IPPROTO_ESP;
	in->reqid = KERNEL_REQID_FIRST;
	put_v4(&in->id.daddr, "192.0.2.10");
	put_v4(&in->old_saddr, "203.0.113.1");
	put_v4(&in->new_saddr, "203.0.113.2");
	in->old_sport = htons(1111);
	in->new_sport = htons(2222);
	m = read_whole();
	assert_int_equal(m.kind, XFRM_MAPPING);
	assert_int_equal(m.mapping.spi, 0xc0ffee01);
	assert_true(xfrm_sa_is_ours(&m.sa));
	a = address("192.0.2.10");
	assert_true(address_equal(&m.mapping.local.address, &a));
	assert_int_equal(m.mapping.local.port, 4500);
	a = address("203.0.113.2");
	assert_true(address_equal(&m.mapping.remote.address, &a));
	assert_int_equal(m.mapping.remote.port, 2222);
	torn_is_nothing(XFRM_MAPPING, sizeof(*in));
}

static void a_mapping_over_ipv6_and_of_others(void **state)
{
	struct xfrm_user_mapping *in = message(XFRM_MSG_MAPPING, sizeof(*in));
	struct xfrm_message m;
	struct address a = address("2001:db8:c::2");

	in->id.spi = htonl(2);
	in->id.family = AF_INET6;
	in->reqid = KERNEL_REQID_LAST + 1;
	put_v6(&in->id.daddr, "2001:db8:a::10");
	put_v6(&in->new_saddr, "2001:db8:c::2");
	in->new_sport = htons(65535);
	m = read_whole();
	assert_int_equal(m.kind, XFRM_MAPPING);
	assert_false(xfrm_sa_is_ours(&m.sa));
	assert_true(address_equal(&m.mapping.remote.address, &a));
	assert_int_equal(m.mapping.remote.port, 65535);
}

static struct xfrm_usersa_info *an_sa(struct xfrm_usersa_info *in)
{
	in->id.spi = htonl(0x01020304);
	in->id.proto = IPPROTO_ESP;
	in->family = AF_INET;
	in->mode = XFRM_MODE_TUNNEL;
	in->reqid = KERNEL_REQID_LAST;
	put_v4(&in->id.daddr, "198.51.100.20");
	put_v4(&in->saddr, "192.0.2.10");
	return in;
}

/* Each counter has a value of its own: none is another's. */
static void counters_are_the_kernels(void **state)
{
	struct xfrm_usersa_info *in = an_sa(message(XFRM_MSG_NEWSA, sizeof(*in)));
	uint64_t last_used = UINT64_C(1700000000);
	struct xfrm_message m;

	in->curlft.bytes = UINT64_C(0x100000001);
	in->curlft.packets = UINT64_C(0x200000002);
	in->stats.replay_window = 3;
	in->stats.replay = 4;
	in->stats.integrity_failed = 5;
	m = read_whole();
	assert_int_equal(m.kind, XFRM_SA);
	assert_true(m.counters.bytes == UINT64_C(0x100000001));
	assert_true(m.counters.packets == UINT64_C(0x200000002));
	assert_int_equal(m.counters.replayed, 4);
	assert_int_equal(m.counters.integrity_failed, 5);
	assert_true(m.counters.last_used_s == 0);
	append(XFRMA_IF_ID, &last_used, 4);
	append(XFRMA_LASTUSED, &last_used, sizeof(last_used));
	assert_true(read_whole().counters.last_used_s == last_used);
	torn_is_nothing(XFRM_SA, sizeof(*in));
	/* AH and IPComp are not ours to read. */
	in->id.proto = IPPROTO_AH;
	assert_int_equal(read_whole().kind, XFRM_OTHER);
}

static void keys_are_not_read(void **state)
{
	struct xfrm_usersa_info *in = an_sa(message(XFRM_MSG_NEWSA, sizeof(*in)));
	uint8_t aead[sizeof(struct xfrm_algo_aead) + 36];
	struct xfrm_message m;

	memset(aead, 0xab, sizeof(aead));
	append(XFRMA_ALG_AEAD, aead, sizeof(aead));
	m = read_whole();
	for (size_t i = 0; i < sizeof(m); i++)
		assert_int_not_equal(((const uint8_t *)&m)[i], 0xab);
}

static void a_larval_sa_is_an_acquire(void **state)
{
	struct xfrm_usersa_info *in = an_sa(message(XFRM_MSG_NEWSA, sizeof(*in)));
	struct xfrm_message m;

	in->id.spi = 0;
	in->seq = 99;
	m = read_whole();
	assert_true(m.larval);
	assert_int_equal(m.acquire.seq, 99);
	assert_int_equal(m.acquire.reqid, KERNEL_REQID_LAST);
}

static void an_expiry(void **state)
{
	struct xfrm_user_expire *in = message(XFRM_MSG_EXPIRE, sizeof(*in));
	struct address dst = address("198.51.100.20");
	struct xfrm_message m;

	an_sa(&in->state);
	m = read_whole();
	assert_int_equal(m.kind, XFRM_EXPIRE);
	assert_false(m.expire.hard);
	in->hard = 1;
	m = read_whole();
	assert_true(m.expire.hard);
	assert_int_equal(m.expire.spi, 0x01020304);
	assert_true(address_equal(&m.expire.dst, &dst));
	torn_is_nothing(XFRM_EXPIRE, sizeof(*in));
}

static void policies_and_whose_they_are(void **state)
{
	struct xfrm_userpolicy_info *in = message(XFRM_MSG_NEWPOLICY, sizeof(*in));
	struct xfrm_user_tmpl tmpl = { .reqid = KERNEL_REQID_FIRST,
				       .family = AF_INET,
				       .mode = XFRM_MODE_TUNNEL };
	struct xfrm_message m;

	in->sel.family = AF_INET;
	in->sel.prefixlen_s = in->sel.prefixlen_d = 33; /* a lie */
	in->dir = XFRM_POLICY_IN;
	in->index = 8;
	in->priority = KERNEL_PRIORITY_FIRST;
	in->curlft.add_time = 4;
	assert_true(read_whole().policy_used_s == 0);
	in->curlft.use_time = UINT64_C(0x100000005);
	m = read_whole();
	assert_true(m.policy_used_s == UINT64_C(0x100000005));
	assert_int_equal(m.kind, XFRM_POLICY);
	assert_int_equal(m.policy.direction, KERNEL_IN);
	assert_int_equal(m.policy.action, KERNEL_PASS);
	assert_true(xfrm_policy_is_ours(&m.policy));
	in->priority = KERNEL_PRIORITY_FIRST - 1;
	m = read_whole();
	assert_false(xfrm_policy_is_ours(&m.policy));
	in->priority = KERNEL_PRIORITY_LAST + 1;
	m = read_whole();
	assert_false(xfrm_policy_is_ours(&m.policy));
	in->priority = KERNEL_PRIORITY_LAST;
	put_v4(&tmpl.id.daddr, "192.0.2.10");
	put_v4(&tmpl.saddr, "198.51.100.20");
	append(XFRMA_TMPL, &tmpl, sizeof(tmpl));
	m = read_whole();
	assert_true(xfrm_policy_is_ours(&m.policy));
	assert_int_equal(m.policy.action, KERNEL_IPSEC);
	assert_int_equal(m.policy.reqid, KERNEL_REQID_FIRST);
	assert_int_equal(m.policy.mode, KERNEL_TUNNEL);
	torn_is_nothing(XFRM_POLICY, sizeof(*in));
	/* A socket's policy is in another book. */
	in->index = 8 | 3;
	assert_int_equal(read_whole().kind, XFRM_OTHER);
}

static void reqids_have_their_range(void **state)
{
	static const struct {
		uint32_t reqid;
		bool ours;
	} cases[] = { { 0, false },
		      { KERNEL_REQID_FIRST - 1, false },
		      { KERNEL_REQID_FIRST, true },
		      { KERNEL_REQID_LAST, true },
		      { KERNEL_REQID_LAST + 1, false } };

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct kernel_sa sa = { .reqid = cases[i].reqid };

		assert_int_equal(xfrm_sa_is_ours(&sa), cases[i].ours);
	}
}

static void an_acquire(void **state)
{
	struct xfrm_user_acquire *in = message(XFRM_MSG_ACQUIRE, sizeof(*in));
	struct xfrm_user_tmpl tmpl = { .reqid = KERNEL_REQID_FIRST + 3 };
	struct address dst = address("198.51.100.20");
	struct xfrm_message m;

	in->seq = 12;
	in->sel.family = AF_INET;
	in->sel.prefixlen_s = in->sel.prefixlen_d = 32;
	in->sel.proto = IPPROTO_UDP;
	in->sel.dport = htons(53);
	in->sel.dport_mask = UINT16_MAX;
	put_v4(&in->sel.daddr, "198.51.100.20");
	put_v4(&in->id.daddr, "198.51.100.20");
	append(XFRMA_TMPL, &tmpl, sizeof(tmpl));
	m = read_whole();
	assert_int_equal(m.kind, XFRM_ACQUIRE);
	assert_int_equal(m.acquire.seq, 12);
	assert_int_equal(m.acquire.reqid, KERNEL_REQID_FIRST + 3);
	assert_true(address_equal(&m.acquire.dst, &dst));
	assert_int_equal(m.acquire.inner_dst.protocol, IPPROTO_UDP);
	assert_int_equal(m.acquire.inner_dst.port_first, 53);
	assert_int_equal(m.acquire.inner_dst.port_last, 53);
	torn_is_nothing(XFRM_ACQUIRE, sizeof(*in));
}

static void acknowledgements(void **state)
{
	struct nlmsgerr *in = message(NLMSG_ERROR, sizeof(*in));
	static const struct {
		int error, read;
	} cases[] = { { 0, 0 }, { -EEXIST, EEXIST }, { 5, EIO }, { -5000, EIO } };

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		in->error = cases[i].error;
		assert_int_equal(read_whole().kind, XFRM_ACK);
		assert_int_equal(read_whole().error, cases[i].read);
		assert_int_equal(read_whole().seq, 7);
	}
	in->error = -EINVAL;
	room.head.nlmsg_flags = NLM_F_CAPPED | NLM_F_ACK_TLVS;
	append(NLMSGERR_ATTR_MSG, "no such thing", sizeof("no such thing"));
	assert_string_equal(read_whole().why, "no such thing");
	message(NLMSG_DONE, 4);
	assert_int_equal(read_whole().kind, XFRM_DONE);
}

/* Two in one buffer: the first is read, and told how far it went. */
static void messages_follow_each_other(void **state)
{
	struct xfrm_user_mapping *in = message(XFRM_MSG_MAPPING, sizeof(*in));
	uint8_t both[2 * XFRM_ROOM];
	uint32_t len = room.head.nlmsg_len;
	struct xfrm_message m;
	size_t used;

	memcpy(both, room.octets, len);
	message(NLMSG_DONE, 4);
	memcpy(both + len, room.octets, room.head.nlmsg_len);
	xfrm_read(bytes_of(both, len + room.head.nlmsg_len), &m, &used);
	assert_int_equal(m.kind, XFRM_MAPPING);
	assert_int_equal(used, len);
	xfrm_read(bytes_of(both + used, room.head.nlmsg_len), &m, &used);
	assert_int_equal(m.kind, XFRM_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mapping_names_our_inbound_sa),
		cmocka_unit_test(a_mapping_over_ipv6_and_of_others),
		cmocka_unit_test(counters_are_the_kernels),
		cmocka_unit_test(keys_are_not_read),
		cmocka_unit_test(a_larval_sa_is_an_acquire),
		cmocka_unit_test(an_expiry),
		cmocka_unit_test(policies_and_whose_they_are),
		cmocka_unit_test(reqids_have_their_range),
		cmocka_unit_test(an_acquire),
		cmocka_unit_test(acknowledgements),
		cmocka_unit_test(messages_follow_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
