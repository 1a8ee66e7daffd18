/*
 * The kernel policies of one pair (docs/opportunistic.md 1.4): held by a trap of its own, updated in place to what is
 * decided, never deleted and added. Nothing inbound unless it is keyed: what may come in clear is the
 * template's to say.
 */
#include <string.h>

#include "inside.h"

static void fill(const struct flow *f, struct kernel_policy *p, enum kernel_policy_action action)
{
	memset(p, 0, sizeof(*p));
	p->src = selector_of_host(&f->local);
	p->dst = selector_of_host(&f->remote);
	p->action = action;
	p->reqid = f->reqid;
	p->mode = f->mode;
	p->tunnel_src = f->outer;
	p->tunnel_dst = address_any((enum address_family)f->remote.family);
	if (action == KERNEL_IPSEC)
		p->tunnel_dst = f->gateway;
	p->priority = kernel_priority(KERNEL_PRIORITY_PAIR, &p->src, &p->dst);
}

static void put(struct oe *oe, const struct kernel_policy *p, enum action_kind kind,
		enum kernel_direction direction)
{
	struct action *a = actions_add(oe->actions, kind);

	if (!a)
		return;
	a->policy = *p;
	a->policy.direction = direction;
	if (direction == KERNEL_OUT)
		return;
	a->policy.src = p->dst;
	a->policy.dst = p->src;
	a->policy.tunnel_src = p->tunnel_dst;
	a->policy.tunnel_dst = p->tunnel_src;
}

static void remove_inbound(struct oe *oe, struct flow *f)
{
	struct kernel_policy p;

	if (!f->ipsec_policy)
		return;
	fill(f, &p, KERNEL_IPSEC);
	put(oe, &p, ACTION_POLICY_REMOVE, KERNEL_IN);
	if (f->mode == KERNEL_TUNNEL)
		put(oe, &p, ACTION_POLICY_REMOVE, KERNEL_FORWARD);
	f->ipsec_policy = false;
}

void pair_put(struct oe *oe, struct flow *f, enum kernel_policy_action action)
{
	struct kernel_policy p;

	fill(f, &p, action);
	if (action == KERNEL_IPSEC) {
		put(oe, &p, ACTION_POLICY_PUT, KERNEL_IN);
		if (f->mode == KERNEL_TUNNEL)
			put(oe, &p, ACTION_POLICY_PUT, KERNEL_FORWARD);
		f->ipsec_policy = true;
	} else {
		remove_inbound(oe, f);
	}
	put(oe, &p, ACTION_POLICY_PUT, KERNEL_OUT);
	f->pair_policy = true;
	/* The packet that asked sits on the template's queue: re-issuing the template lets it go at once. */
	if (action != KERNEL_HOLD)
		templates_again(oe, f);
}

void pair_remove(struct oe *oe, struct flow *f)
{
	struct kernel_policy p;

	remove_inbound(oe, f);
	if (!f->pair_policy)
		return;
	fill(f, &p, KERNEL_TRAP);
	put(oe, &p, ACTION_POLICY_REMOVE, KERNEL_OUT);
	f->pair_policy = false;
}
