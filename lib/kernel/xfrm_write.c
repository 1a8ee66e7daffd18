/* Requests to XFRM (xfrm.h). Policies are always "update": added, or changed in place, never deleted and added. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "xfrm.h"
#include "xfrm_inside.h"

/* ESP's algorithms by their names in the kernel. A new one is a row. */
static const struct {
	uint16_t encr;
	const char *name;
	bool aead;
	unsigned icv_bits;
} ciphers[] = {
	{ ENCR_AES_GCM_16, "rfc4106(gcm(aes))", true, 128 },
	{ ENCR_CHACHA20_POLY1305, "rfc7539esp(chacha20,poly1305)", true, 128 },
	{ ENCR_AES_CBC, "cbc(aes)", false, 0 },
};

static const struct {
	uint16_t integ;
	const char *name;
	unsigned icv_bits;
} integrities[] = {
	{ INTEG_HMAC_SHA2_256_128, "hmac(sha256)", 128 },
	{ INTEG_HMAC_SHA2_384_192, "hmac(sha384)", 192 },
	{ INTEG_HMAC_SHA2_512_256, "hmac(sha512)", 256 },
};

static struct nlmsghdr *begin(void *room, uint16_t type, uint16_t flags, uint32_t seq)
{
	struct nlmsghdr *nlh;

	memset(room, 0, XFRM_ROOM);
	nlh = mnl_nlmsg_put_header(room);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nlh->nlmsg_seq = seq;
	return nlh;
}

static bool put_aead(struct nlmsghdr *nlh, const struct kernel_sa *sa, const char *name, unsigned icv_bits)
{
	union {
		struct xfrm_algo_aead alg;
		char room[sizeof(struct xfrm_algo_aead) + ENCR_KEY_OCTETS_MAX];
	} u;

	memset(&u, 0, sizeof(u));
	snprintf(u.alg.alg_name, sizeof(u.alg.alg_name), "%s", name);
	u.alg.alg_key_len = sa->encr_key_len * 8u;
	u.alg.alg_icv_len = icv_bits;
	memcpy(u.room + sizeof(u.alg), sa->encr_key, sa->encr_key_len);
	mnl_attr_put(nlh, XFRMA_ALG_AEAD, sizeof(u.alg) + sa->encr_key_len, &u);
	wipe(&u, sizeof(u));
	return true;
}

static bool put_crypt(struct nlmsghdr *nlh, const struct kernel_sa *sa, const char *name)
{
	union {
		struct xfrm_algo alg;
		char room[sizeof(struct xfrm_algo) + ENCR_KEY_OCTETS_MAX];
	} u;

	memset(&u, 0, sizeof(u));
	snprintf(u.alg.alg_name, sizeof(u.alg.alg_name), "%s", name);
	u.alg.alg_key_len = sa->encr_key_len * 8u;
	memcpy(u.room + sizeof(u.alg), sa->encr_key, sa->encr_key_len);
	mnl_attr_put(nlh, XFRMA_ALG_CRYPT, sizeof(u.alg) + sa->encr_key_len, &u);
	wipe(&u, sizeof(u));
	return true;
}

/* The truncation is said (XFRMA_ALG_AUTH_TRUNC): the kernel's default for SHA2-256 is a draft's 96 bits. */
static bool put_auth(struct nlmsghdr *nlh, const struct kernel_sa *sa)
{
	union {
		struct xfrm_algo_auth alg;
		char room[sizeof(struct xfrm_algo_auth) + INTEG_KEY_OCTETS_MAX];
	} u;

	for (size_t i = 0; i < ARRAY_LENGTH(integrities); i++) {
		if (integrities[i].integ != sa->integ)
			continue;
		memset(&u, 0, sizeof(u));
		snprintf(u.alg.alg_name, sizeof(u.alg.alg_name), "%s", integrities[i].name);
		u.alg.alg_key_len = sa->integ_key_len * 8u;
		u.alg.alg_trunc_len = integrities[i].icv_bits;
		memcpy(u.room + sizeof(u.alg), sa->integ_key, sa->integ_key_len);
		mnl_attr_put(nlh, XFRMA_ALG_AUTH_TRUNC, sizeof(u.alg) + sa->integ_key_len, &u);
		wipe(&u, sizeof(u));
		return true;
	}
	return false;
}

static bool put_algorithms(struct nlmsghdr *nlh, const struct kernel_sa *sa)
{
	for (size_t i = 0; i < ARRAY_LENGTH(ciphers); i++) {
		if (ciphers[i].encr != sa->encr)
			continue;
		if (ciphers[i].aead)
			return put_aead(nlh, sa, ciphers[i].name, ciphers[i].icv_bits);
		return put_crypt(nlh, sa, ciphers[i].name) && put_auth(nlh, sa);
	}
	return false;
}

/* Windows beyond 32 packets, and extended sequence numbers, need the bitmap form. */
static void put_replay(struct nlmsghdr *nlh, const struct kernel_sa *sa, struct xfrm_usersa_info *info)
{
	union {
		struct xfrm_replay_state_esn esn;
		char room[sizeof(struct xfrm_replay_state_esn) + 4096 / 8];
	} u;
	unsigned window = sa->replay_window ? sa->replay_window : sa->esn ? 32 : 0;
	unsigned words = (window + 31) / 32;

	if (!sa->esn && window <= 32) {
		info->replay_window = (uint8_t)window;
		return;
	}
	memset(&u, 0, sizeof(u));
	u.esn.replay_window = window;
	u.esn.bmp_len = words;
	if (sa->esn)
		info->flags |= XFRM_STATE_ESN;
	mnl_attr_put(nlh, XFRMA_REPLAY_ESN_VAL, sizeof(u.esn) + words * 4u, &u);
}

static uint64_t seconds(msec span)
{
	return span == MSEC_NEVER ? 0 : (uint64_t)(span / 1000);
}

static void put_lifetime(const struct kernel_sa *sa, struct xfrm_lifetime_cfg *lft)
{
	lft->soft_byte_limit = sa->soft_bytes ? sa->soft_bytes : XFRM_INF;
	lft->hard_byte_limit = sa->hard_bytes ? sa->hard_bytes : XFRM_INF;
	lft->soft_packet_limit = sa->soft_packets ? sa->soft_packets : XFRM_INF;
	lft->hard_packet_limit = sa->hard_packets ? sa->hard_packets : XFRM_INF;
	lft->soft_add_expires_seconds = seconds(sa->soft_life);
	lft->hard_add_expires_seconds = seconds(sa->hard_life);
}

/* @rfc 7296-2.24-1: the flag that would turn ECN off is never set */
size_t xfrm_write_sa(void *room, uint32_t seq, const struct kernel_sa *sa, bool update)
{
	struct nlmsghdr *nlh = begin(room, update ? XFRM_MSG_UPDSA : XFRM_MSG_NEWSA,
				     NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, seq);
	struct xfrm_usersa_info *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));
	struct xfrm_encap_tmpl encap = { .encap_type = 2 };

	/* Transport mode binds the SA to its selector; in tunnel mode the policy does. */
	if (sa->mode == KERNEL_TRANSPORT && !xfrm_put_selector(&sa->inner_src, &sa->inner_dst, &info->sel))
		return 0;
	xfrm_put_address(&sa->dst, &info->id.daddr);
	xfrm_put_address(&sa->src, &info->saddr);
	info->id.spi = htonl(sa->spi);
	info->id.proto = IPPROTO_ESP;
	info->family = xfrm_family(&sa->dst);
	info->mode = sa->mode == KERNEL_TUNNEL ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT;
	info->reqid = sa->reqid;
	info->seq = sa->acquire_seq;
	if (sa->mode == KERNEL_TUNNEL)
		info->flags |= XFRM_STATE_AF_UNSPEC;
	put_lifetime(sa, &info->lft);
	if (!info->family || sa->encr_key_len > ENCR_KEY_OCTETS_MAX ||
	    sa->integ_key_len > INTEG_KEY_OCTETS_MAX || !put_algorithms(nlh, sa))
		return 0;
	put_replay(nlh, sa, info);
	if (sa->encap_sport) {
		encap.encap_sport = htons(sa->encap_sport);
		encap.encap_dport = htons(sa->encap_dport);
		mnl_attr_put(nlh, XFRMA_ENCAP, sizeof(encap), &encap);
	}
	return nlh->nlmsg_len;
}

static size_t write_sa_id(void *room, uint32_t seq, const struct kernel_sa *sa, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = begin(room, type, flags, seq);
	struct xfrm_usersa_id *id = mnl_nlmsg_put_extra_header(nlh, sizeof(*id));

	xfrm_put_address(&sa->dst, &id->daddr);
	id->spi = htonl(sa->spi);
	id->family = xfrm_family(&sa->dst);
	id->proto = IPPROTO_ESP;
	return id->family ? nlh->nlmsg_len : 0;
}

size_t xfrm_write_sa_remove(void *room, uint32_t seq, const struct kernel_sa *sa)
{
	return write_sa_id(room, seq, sa, XFRM_MSG_DELSA, NLM_F_ACK);
}

size_t xfrm_write_sa_query(void *room, uint32_t seq, const struct kernel_sa *sa)
{
	return write_sa_id(room, seq, sa, XFRM_MSG_GETSA, 0);
}

static uint8_t direction(enum kernel_direction d)
{
	return d == KERNEL_OUT ? XFRM_POLICY_OUT : d == KERNEL_IN ? XFRM_POLICY_IN : XFRM_POLICY_FWD;
}

static bool needs_template(enum kernel_policy_action action)
{
	return action == KERNEL_TRAP || action == KERNEL_HOLD || action == KERNEL_IPSEC;
}

static void put_template(struct nlmsghdr *nlh, const struct kernel_policy *p)
{
	struct xfrm_user_tmpl t;
	bool tunnel = p->mode == KERNEL_TUNNEL;

	memset(&t, 0, sizeof(t));
	/* In transport mode the ends are the packet's own: the template leaves them open. */
	if (tunnel) {
		xfrm_put_address(&p->tunnel_src, &t.saddr);
		xfrm_put_address(&p->tunnel_dst, &t.id.daddr);
		/* A trap whose far end nobody knows yet asks about the packet's own addresses. */
		if (address_is_any(&p->tunnel_dst) || p->tunnel_dst.family == ADDRESS_NONE)
			memset(&t.saddr, 0, sizeof(t.saddr));
	}
	t.id.proto = IPPROTO_ESP;
	t.family = tunnel && p->tunnel_src.family ? xfrm_family(&p->tunnel_src) : xfrm_family(&p->src.first);
	t.mode = tunnel && !address_is_any(&p->tunnel_dst) && p->tunnel_dst.family ? XFRM_MODE_TUNNEL
										   : XFRM_MODE_TRANSPORT;
	t.reqid = p->reqid;
	t.optional = p->optional;
	t.aalgos = t.ealgos = t.calgos = UINT32_MAX;
	mnl_attr_put(nlh, XFRMA_TMPL, sizeof(t), &t);
}

size_t xfrm_write_policy(void *room, uint32_t seq, const struct kernel_policy *p)
{
	struct nlmsghdr *nlh = begin(room, XFRM_MSG_UPDPOLICY, NLM_F_ACK, seq);
	struct xfrm_userpolicy_info *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));

	if (!xfrm_put_selector(&p->src, &p->dst, &info->sel))
		return 0;
	info->lft.soft_byte_limit = info->lft.hard_byte_limit = XFRM_INF;
	info->lft.soft_packet_limit = info->lft.hard_packet_limit = XFRM_INF;
	info->priority = p->priority;
	info->dir = direction(p->direction);
	info->action = p->action == KERNEL_BLOCK ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW;
	info->share = XFRM_SHARE_ANY;
	if (needs_template(p->action))
		put_template(nlh, p);
	return nlh->nlmsg_len;
}

size_t xfrm_write_policy_remove(void *room, uint32_t seq, const struct kernel_policy *p)
{
	struct nlmsghdr *nlh = begin(room, XFRM_MSG_DELPOLICY, NLM_F_ACK, seq);
	struct xfrm_userpolicy_id *id = mnl_nlmsg_put_extra_header(nlh, sizeof(*id));

	id->dir = direction(p->direction);
	return xfrm_put_selector(&p->src, &p->dst, &id->sel) ? nlh->nlmsg_len : 0;
}

size_t xfrm_write_policy_query(void *room, uint32_t seq, const struct kernel_policy *p)
{
	struct nlmsghdr *nlh = begin(room, XFRM_MSG_GETPOLICY, 0, seq);
	struct xfrm_userpolicy_id *id = mnl_nlmsg_put_extra_header(nlh, sizeof(*id));

	id->dir = direction(p->direction);
	return xfrm_put_selector(&p->src, &p->dst, &id->sel) ? nlh->nlmsg_len : 0;
}

size_t xfrm_write_sa_dump(void *room, uint32_t seq)
{
	struct nlmsghdr *nlh = begin(room, XFRM_MSG_GETSA, NLM_F_DUMP, seq);

	return nlh->nlmsg_len;
}

size_t xfrm_write_policy_dump(void *room, uint32_t seq)
{
	struct nlmsghdr *nlh = begin(room, XFRM_MSG_GETPOLICY, NLM_F_DUMP, seq);

	return nlh->nlmsg_len;
}
