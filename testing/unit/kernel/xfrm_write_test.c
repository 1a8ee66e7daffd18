/* Requests to XFRM, octet by octet where it matters: limits, encapsulation, algorithms, replay windows, templates. */
#include "fixture.h"

#define IN6_A "2001:db8:a::10"
#define IN6_B "2001:db8:b::20"

static struct kernel_sa an_sa(const char *src, const char *dst)
{
	struct kernel_sa sa = { .spi = 0x11223344,
				.src = address(src),
				.dst = address(dst),
				.mode = KERNEL_TUNNEL,
				.reqid = KERNEL_REQID_FIRST + 5,
				.encr = ENCR_AES_GCM_16,
				.encr_bits = 256,
				.encr_key_len = 36,
				.integ = INTEG_NONE,
				.soft_life = MSEC_NEVER,
				.hard_life = MSEC_NEVER };

	memset(sa.encr_key, 0xab, sizeof(sa.encr_key));
	return sa;
}

/* The length that a writer returns is the one that the message has. */
static void whole(size_t len)
{
	assert_true(len > 0);
	assert_int_equal(len, room.head.nlmsg_len);
}

static struct xfrm_usersa_info written(const struct kernel_sa *sa)
{
	struct xfrm_usersa_info info;

	whole(xfrm_write_sa(&room, 3, sa, false));
	assert_int_equal(room.head.nlmsg_type, XFRM_MSG_NEWSA);
	assert_int_equal(room.head.nlmsg_seq, 3);
	memcpy(&info, room.octets + NLMSG_HDRLEN, sizeof(info));
	return info;
}

/* What an option leaves at 0 is no limit: for the kernel 0 octets would be one. */
static void no_limit_is_infinity(void **state)
{
	struct kernel_sa sa = an_sa("192.0.2.10", "198.51.100.20");
	struct xfrm_usersa_info info = written(&sa);

	assert_true(info.lft.soft_byte_limit == XFRM_INF);
	assert_true(info.lft.hard_byte_limit == XFRM_INF);
	assert_true(info.lft.soft_packet_limit == XFRM_INF);
	assert_true(info.lft.hard_packet_limit == XFRM_INF);
	assert_true(info.lft.soft_add_expires_seconds == 0 && info.lft.hard_add_expires_seconds == 0);
	assert_true(info.lft.soft_use_expires_seconds == 0 && info.lft.hard_use_expires_seconds == 0);
}

static void each_limit_has_its_place(void **state)
{
	struct kernel_sa sa = an_sa("192.0.2.10", "198.51.100.20");
	struct xfrm_usersa_info info;

	sa.soft_bytes = 1000;
	sa.hard_bytes = UINT64_C(5000000000);
	sa.soft_packets = 30;
	sa.hard_packets = 40;
	sa.soft_life = SECONDS(50);
	sa.hard_life = SECONDS(60);
	info = written(&sa);
	assert_true(info.lft.soft_byte_limit == 1000);
	assert_true(info.lft.hard_byte_limit == UINT64_C(5000000000));
	assert_true(info.lft.soft_packet_limit == 30);
	assert_true(info.lft.hard_packet_limit == 40);
	assert_true(info.lft.soft_add_expires_seconds == 50);
	assert_true(info.lft.hard_add_expires_seconds == 60);
	/* One alone leaves the others without a limit. */
	sa = an_sa("192.0.2.10", "198.51.100.20");
	sa.hard_packets = 40;
	info = written(&sa);
	assert_true(info.lft.hard_packet_limit == 40 && info.lft.soft_packet_limit == XFRM_INF);
	assert_true(info.lft.hard_byte_limit == XFRM_INF);
}

static void encapsulation_is_said_for_both_families(void **state)
{
	static const char *const ends[][2] = { { "192.0.2.10", "198.51.100.20" }, { IN6_A, IN6_B } };
	struct xfrm_encap_tmpl encap;
	struct xfrm_usersa_info info;
	const void *at;
	size_t len;

	for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
		struct kernel_sa sa = an_sa(ends[i][0], ends[i][1]);

		info = written(&sa);
		assert_null(found(sizeof(info), XFRMA_ENCAP, &len));
		sa.encap_sport = 4500;
		sa.encap_dport = 31234;
		info = written(&sa);
		assert_int_equal(info.family, i ? AF_INET6 : AF_INET);
		at = found(sizeof(info), XFRMA_ENCAP, &len);
		assert_non_null(at);
		assert_int_equal(len, sizeof(encap));
		memcpy(&encap, at, sizeof(encap));
		assert_int_equal(encap.encap_type, 2); /* UDP_ENCAP_ESPINUDP */
		assert_int_equal(ntohs(encap.encap_sport), 4500);
		assert_int_equal(ntohs(encap.encap_dport), 31234);
	}
}

static void algorithms_and_keys(void **state)
{
	struct kernel_sa sa = an_sa("192.0.2.10", "198.51.100.20");
	struct xfrm_algo_aead aead;
	struct xfrm_algo_auth auth;
	struct xfrm_algo crypt;
	const uint8_t *at;
	size_t len;

	written(&sa);
	at = found(sizeof(struct xfrm_usersa_info), XFRMA_ALG_AEAD, &len);
	assert_non_null(at);
	memcpy(&aead, at, sizeof(aead));
	assert_string_equal(aead.alg_name, "rfc4106(gcm(aes))");
	assert_int_equal(aead.alg_key_len, 288);
	assert_int_equal(aead.alg_icv_len, 128);
	assert_int_equal(len, sizeof(aead) + 36);
	assert_memory_equal(at + sizeof(aead), sa.encr_key, 36);

	sa.encr = ENCR_AES_CBC;
	sa.encr_bits = 128;
	sa.encr_key_len = 16;
	sa.integ = INTEG_HMAC_SHA2_384_192;
	sa.integ_key_len = 48;
	memset(sa.integ_key, 0xcd, sizeof(sa.integ_key));
	written(&sa);
	at = found(sizeof(struct xfrm_usersa_info), XFRMA_ALG_CRYPT, &len);
	assert_non_null(at);
	memcpy(&crypt, at, sizeof(crypt));
	assert_string_equal(crypt.alg_name, "cbc(aes)");
	assert_int_equal(crypt.alg_key_len, 128);
	at = found(sizeof(struct xfrm_usersa_info), XFRMA_ALG_AUTH_TRUNC, &len);
	assert_non_null(at);
	memcpy(&auth, at, sizeof(auth));
	assert_string_equal(auth.alg_name, "hmac(sha384)");
	assert_int_equal(auth.alg_key_len, 384);
	assert_int_equal(auth.alg_trunc_len, 192);
	assert_memory_equal(at + sizeof(auth), sa.integ_key, 48);
}

static void what_cannot_be_said_is_not(void **state)
{
	struct kernel_sa sa = an_sa("192.0.2.10", "198.51.100.20");
	struct kernel_policy p = { .src = selector("192.0.2.1-192.0.2.9"), .dst = selector("198.51.100.20") };

	sa.encr = 999;
	assert_int_equal(xfrm_write_sa(&room, 1, &sa, false), 0);
	sa = an_sa("192.0.2.10", "198.51.100.20");
	sa.encr = ENCR_AES_CBC; /* without integrity */
	assert_int_equal(xfrm_write_sa(&room, 1, &sa, false), 0);
	sa = an_sa("192.0.2.10", "198.51.100.20");
	sa.encr_key_len = ENCR_KEY_OCTETS_MAX + 1;
	assert_int_equal(xfrm_write_sa(&room, 1, &sa, false), 0);
	sa = an_sa("192.0.2.10", "198.51.100.20");
	memset(&sa.dst, 0, sizeof(sa.dst));
	assert_int_equal(xfrm_write_sa(&room, 1, &sa, false), 0);
	assert_int_equal(xfrm_write_sa_remove(&room, 1, &sa), 0);
	/* No prefix; a range of ports. */
	assert_int_equal(xfrm_write_policy(&room, 1, &p), 0);
	p.src = selector("192.0.2.0/24;17/1-9");
	assert_int_equal(xfrm_write_policy(&room, 1, &p), 0);
	p.src = selector("2001:db8::/64");
	assert_int_equal(xfrm_write_policy(&room, 1, &p), 0);
}

static void replay_windows(void **state)
{
	struct kernel_sa sa = an_sa("192.0.2.10", "198.51.100.20");
	struct xfrm_replay_state_esn esn;
	struct xfrm_usersa_info info;
	const void *at;
	size_t len;

	sa.inbound = true;
	sa.replay_window = 32;
	info = written(&sa);
	assert_int_equal(info.replay_window, 32);
	assert_null(found(sizeof(info), XFRMA_REPLAY_ESN_VAL, &len));
	sa.replay_window = 128;
	sa.esn = true;
	info = written(&sa);
	assert_true(info.flags & XFRM_STATE_ESN);
	at = found(sizeof(info), XFRMA_REPLAY_ESN_VAL, &len);
	assert_non_null(at);
	memcpy(&esn, at, sizeof(esn));
	assert_int_equal(esn.replay_window, 128);
	assert_int_equal(esn.bmp_len, 4);
	assert_int_equal(len, sizeof(esn) + 16);
}

/* What is written reads back the same, as a dump would tell it; without keys. */
static void an_sa_comes_back(void **state)
{
	struct kernel_sa sa = an_sa(IN6_A, IN6_B);
	struct xfrm_message m;

	written(&sa);
	m = read_whole();
	assert_int_equal(m.kind, XFRM_SA);
	assert_false(m.larval);
	assert_int_equal(m.sa.spi, sa.spi);
	assert_int_equal(m.sa.reqid, sa.reqid);
	assert_int_equal(m.sa.mode, KERNEL_TUNNEL);
	assert_true(address_equal(&m.sa.src, &sa.src) && address_equal(&m.sa.dst, &sa.dst));
	assert_int_equal(m.sa.encr_key_len, 0);
	for (size_t i = 0; i < sizeof(m.sa.encr_key); i++)
		assert_int_equal(m.sa.encr_key[i], 0);
	assert_true(xfrm_sa_is_ours(&m.sa));
}

static struct kernel_policy came_back(const struct kernel_policy *p)
{
	struct xfrm_message m;

	assert_true(xfrm_write_policy(&room, 4, p) > 0);
	assert_int_equal(room.head.nlmsg_type, XFRM_MSG_UPDPOLICY);
	room.head.nlmsg_type = XFRM_MSG_NEWPOLICY;
	m = read_whole();
	assert_int_equal(m.kind, XFRM_POLICY);
	assert_true(selector_equal(&m.policy.src, &p->src) && selector_equal(&m.policy.dst, &p->dst));
	assert_int_equal(m.policy.direction, p->direction);
	assert_int_equal(m.policy.priority, p->priority);
	return m.policy;
}

static void policies_come_back(void **state)
{
	struct kernel_policy p = { .src = selector("192.0.2.0/24;6/80"),
				   .dst = selector("198.51.100.20;6"),
				   .priority = KERNEL_PRIORITY_FIRST + 9,
				   .reqid = KERNEL_REQID_FIRST + 1 },
			     q;

	for (int d = KERNEL_OUT; d <= KERNEL_FORWARD; d++) {
		p.direction = (enum kernel_direction)d;
		p.action = KERNEL_BLOCK;
		q = came_back(&p);
		assert_int_equal(q.action, KERNEL_BLOCK);
		assert_int_equal(q.reqid, 0);
		p.action = KERNEL_PASS;
		assert_int_equal(came_back(&p).action, KERNEL_PASS);
		/* A trap is a template without an SA: the reader cannot know it from one with. */
		p.action = KERNEL_TRAP;
		q = came_back(&p);
		assert_int_equal(q.action, KERNEL_IPSEC);
		assert_int_equal(q.reqid, p.reqid);
		assert_int_equal(q.mode, KERNEL_TRANSPORT);
	}
	p.action = KERNEL_IPSEC;
	p.mode = KERNEL_TUNNEL;
	p.tunnel_src = address(IN6_A);
	p.tunnel_dst = address(IN6_B);
	q = came_back(&p);
	assert_int_equal(q.mode, KERNEL_TUNNEL);
	assert_true(address_equal(&q.tunnel_src, &p.tunnel_src) &&
		    address_equal(&q.tunnel_dst, &p.tunnel_dst));
}

static void requests_name_what_they_are_about(void **state)
{
	struct kernel_sa sa = an_sa("192.0.2.10", "198.51.100.20");
	struct kernel_policy p = { .src = selector("192.0.2.10"), .dst = selector("198.51.100.20") };
	struct xfrm_userpolicy_id policy;
	struct xfrm_usersa_id id;

	whole(xfrm_write_sa_remove(&room, 5, &sa));
	assert_int_equal(room.head.nlmsg_type, XFRM_MSG_DELSA);
	assert_true(room.head.nlmsg_flags & NLM_F_ACK);
	memcpy(&id, room.octets + NLMSG_HDRLEN, sizeof(id));
	assert_int_equal(ntohl(id.spi), sa.spi);
	assert_int_equal(id.proto, IPPROTO_ESP);
	assert_int_equal(id.family, AF_INET);
	assert_memory_equal(&id.daddr, sa.dst.octet, 4);
	whole(xfrm_write_sa_query(&room, 6, &sa));
	assert_int_equal(room.head.nlmsg_type, XFRM_MSG_GETSA);
	whole(xfrm_write_policy_query(&room, 7, &p));
	assert_int_equal(room.head.nlmsg_type, XFRM_MSG_GETPOLICY);
	assert_int_equal(room.head.nlmsg_flags, NLM_F_REQUEST);
	memcpy(&policy, room.octets + NLMSG_HDRLEN, sizeof(policy));
	assert_int_equal(policy.dir, XFRM_POLICY_OUT);
	assert_int_equal(policy.sel.prefixlen_d, 32);
	assert_memory_equal(&policy.sel.daddr, p.dst.first.octet, 4);
	assert_int_equal(xfrm_write_sa_dump(&room, 7), NLMSG_HDRLEN);
	assert_true((room.head.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP);
	assert_int_equal(xfrm_write_policy_dump(&room, 8), NLMSG_HDRLEN);
	assert_int_equal(room.head.nlmsg_type, XFRM_MSG_GETPOLICY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_limit_is_infinity),
		cmocka_unit_test(each_limit_has_its_place),
		cmocka_unit_test(encapsulation_is_said_for_both_families),
		cmocka_unit_test(algorithms_and_keys),
		cmocka_unit_test(what_cannot_be_said_is_not),
		cmocka_unit_test(replay_windows),
		cmocka_unit_test(an_sa_comes_back),
		cmocka_unit_test(policies_come_back),
		cmocka_unit_test(requests_name_what_they_are_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
