/* What XFRM tells (xfrm.h). Every length is checked; what is odd is XFRM_OTHER. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include "reader.h"
#include "xfrm.h"
#include "xfrm_inside.h"

/* The data of an attribute after a fixed part; empty when it is not there, or shorter than least. */
static struct bytes attribute(struct bytes body, size_t fixed, uint16_t type, size_t least)
{
	struct reader r = reader_of(body);

	reader_skip(&r, NLMSG_ALIGN(fixed));
	while (reader_ok(&r) && r.left >= NLA_HDRLEN) {
		struct nlattr head;
		struct bytes data;
		size_t padding;

		reader_copy(&r, &head, sizeof(head));
		if (head.nla_len < NLA_HDRLEN)
			break;
		data = reader_take(&r, head.nla_len - (size_t)NLA_HDRLEN);
		if (reader_ok(&r) && (head.nla_type & NLA_TYPE_MASK) == type)
			return data.len >= least ? data : BYTES_NONE;
		padding = (size_t)NLA_ALIGN(head.nla_len) - head.nla_len;
		reader_skip(&r, padding <= r.left ? padding : 0);
	}
	return BYTES_NONE;
}

static bool fixed_part(struct bytes body, void *out, size_t len)
{
	struct reader r = reader_of(body);

	reader_copy(&r, out, len);
	return reader_ok(&r);
}

static void read_acquire(struct bytes body, struct xfrm_message *m)
{
	struct xfrm_user_acquire in;
	struct xfrm_user_tmpl tmpl;
	struct bytes t;

	if (!fixed_part(body, &in, sizeof(in)))
		return;
	t = attribute(body, sizeof(in), XFRMA_TMPL, sizeof(tmpl));
	m->kind = XFRM_ACQUIRE;
	m->acquire.seq = in.seq;
	m->acquire.policy_index = in.policy.index;
	xfrm_get_address(in.sel.family, &in.saddr, &m->acquire.src);
	xfrm_get_address(in.sel.family, &in.id.daddr, &m->acquire.dst);
	xfrm_get_selector(&in.sel, &m->acquire.inner_src, &m->acquire.inner_dst);
	if (t.len) {
		memcpy(&tmpl, t.at, sizeof(tmpl));
		m->acquire.reqid = tmpl.reqid;
	}
}

static void take_state(const struct xfrm_usersa_info *in, struct kernel_sa *sa)
{
	sa->spi = ntohl(in->id.spi);
	sa->reqid = in->reqid;
	sa->mode = in->mode == XFRM_MODE_TUNNEL ? KERNEL_TUNNEL : KERNEL_TRANSPORT;
	xfrm_get_address(in->family, &in->id.daddr, &sa->dst);
	xfrm_get_address(in->family, &in->saddr, &sa->src);
}

static void read_expire(struct bytes body, struct xfrm_message *m)
{
	struct xfrm_user_expire in;

	if (!fixed_part(body, &in, sizeof(in)) || in.state.id.proto != IPPROTO_ESP)
		return;
	m->kind = XFRM_EXPIRE;
	take_state(&in.state, &m->sa);
	m->expire.spi = m->sa.spi;
	m->expire.dst = m->sa.dst;
	m->expire.hard = in.hard != 0;
}

/* A fresh ESP packet came in UDP from another place: a NAT's mapping has changed. */
static void read_mapping(struct bytes body, struct xfrm_message *m)
{
	struct xfrm_user_mapping in;

	if (!fixed_part(body, &in, sizeof(in)))
		return;
	m->kind = XFRM_MAPPING;
	m->sa.spi = m->mapping.spi = ntohl(in.id.spi);
	m->sa.reqid = in.reqid;
	xfrm_get_address(in.id.family, &in.id.daddr, &m->mapping.local.address);
	xfrm_get_address(in.id.family, &in.new_saddr, &m->mapping.remote.address);
	m->mapping.local.port = 4500;
	m->mapping.remote.port = ntohs(in.new_sport);
}

static void read_sa(struct bytes body, struct xfrm_message *m)
{
	struct xfrm_usersa_info in;
	struct bytes last_used;

	if (!fixed_part(body, &in, sizeof(in)) || in.id.proto != IPPROTO_ESP)
		return;
	m->kind = XFRM_SA;
	take_state(&in, &m->sa);
	m->larval = in.id.spi == 0;
	m->acquire.seq = in.seq;
	m->acquire.reqid = in.reqid;
	m->acquire.src = m->sa.src;
	m->acquire.dst = m->sa.dst;
	xfrm_get_selector(&in.sel, &m->acquire.inner_src, &m->acquire.inner_dst);
	m->counters.bytes = in.curlft.bytes;
	m->counters.packets = in.curlft.packets;
	m->counters.integrity_failed = in.stats.integrity_failed;
	m->counters.replayed = in.stats.replay;
	last_used = attribute(body, sizeof(in), XFRMA_LASTUSED, sizeof(uint64_t));
	if (last_used.len)
		memcpy(&m->counters.last_used_s, last_used.at, sizeof(m->counters.last_used_s));
}

static void read_policy(struct bytes body, struct xfrm_message *m)
{
	struct xfrm_userpolicy_info in;
	struct xfrm_user_tmpl tmpl;
	struct bytes t;

	if (!fixed_part(body, &in, sizeof(in)))
		return;
	m->kind = XFRM_POLICY;
	m->policy.priority = in.priority;
	m->policy_used_s = in.curlft.use_time;
	m->policy.direction = in.dir == XFRM_POLICY_OUT  ? KERNEL_OUT
			      : in.dir == XFRM_POLICY_IN ? KERNEL_IN
							 : KERNEL_FORWARD;
	m->policy.action = in.action == XFRM_POLICY_BLOCK ? KERNEL_BLOCK : KERNEL_PASS;
	xfrm_get_selector(&in.sel, &m->policy.src, &m->policy.dst);
	t = attribute(body, sizeof(in), XFRMA_TMPL, sizeof(tmpl));
	if (t.len) {
		memcpy(&tmpl, t.at, sizeof(tmpl));
		m->policy.action = KERNEL_IPSEC;
		m->policy.reqid = tmpl.reqid;
		m->policy.mode = tmpl.mode == XFRM_MODE_TUNNEL ? KERNEL_TUNNEL : KERNEL_TRANSPORT;
		xfrm_get_address(tmpl.family, &tmpl.id.daddr, &m->policy.tunnel_dst);
		xfrm_get_address(tmpl.family, &tmpl.saddr, &m->policy.tunnel_src);
	}
	/* Policies of sockets are not in the book of selectors: index & 7 is 3 and more for them. */
	if ((in.index & 7) > XFRM_POLICY_FWD)
		m->kind = XFRM_OTHER;
}

static void read_ack(struct bytes body, uint16_t flags, struct xfrm_message *m)
{
	struct nlmsgerr in;
	struct bytes words;

	if (!fixed_part(body, &in, sizeof(in)))
		return;
	m->kind = XFRM_ACK;
	/* An error is a negative errno; anything else is the sender's nonsense. */
	m->error = in.error == 0 ? 0 : in.error < 0 && in.error > -4096 ? -in.error : EIO;
	if (!(flags & NLM_F_ACK_TLVS))
		return;
	words = attribute(body,
			  sizeof(in) + (flags & NLM_F_CAPPED || !in.error
						? 0
						: NLMSG_ALIGN(in.msg.nlmsg_len) - NLMSG_HDRLEN),
			  NLMSGERR_ATTR_MSG, 1);
	if (words.len)
		snprintf(m->why, sizeof(m->why), "%.*s", (int)(words.len < 90 ? words.len : 90),
			 (const char *)words.at);
}

void xfrm_read(struct bytes data, struct xfrm_message *m, size_t *used)
{
	struct nlmsghdr head;
	struct bytes body;

	memset(m, 0, sizeof(*m));
	*used = 0;
	if (!fixed_part(data, &head, sizeof(head)) || head.nlmsg_len < NLMSG_HDRLEN ||
	    head.nlmsg_len > data.len)
		return;
	*used = NLMSG_ALIGN(head.nlmsg_len) < data.len ? NLMSG_ALIGN(head.nlmsg_len) : data.len;
	body = bytes_of(data.at + NLMSG_HDRLEN, head.nlmsg_len - NLMSG_HDRLEN);
	m->seq = head.nlmsg_seq;
	switch (head.nlmsg_type) {
	case NLMSG_ERROR:
		read_ack(body, head.nlmsg_flags, m);
		break;
	case NLMSG_DONE:
		m->kind = XFRM_DONE;
		break;
	case XFRM_MSG_ACQUIRE:
		read_acquire(body, m);
		break;
	case XFRM_MSG_EXPIRE:
		read_expire(body, m);
		break;
	case XFRM_MSG_MAPPING:
		read_mapping(body, m);
		break;
	case XFRM_MSG_NEWSA:
		read_sa(body, m);
		break;
	case XFRM_MSG_NEWPOLICY:
		read_policy(body, m);
		break;
	default:
		break;
	}
}

bool xfrm_sa_is_ours(const struct kernel_sa *sa)
{
	return sa->reqid >= KERNEL_REQID_FIRST && sa->reqid <= KERNEL_REQID_LAST;
}

bool xfrm_policy_is_ours(const struct kernel_policy *p)
{
	return p->priority >= KERNEL_PRIORITY_FIRST && p->priority <= KERNEL_PRIORITY_LAST;
}
