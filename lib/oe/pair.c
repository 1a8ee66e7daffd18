/*
 * The kernel policies of one pair (docs/opportunistic.md 1.4): held by a trap of its own, updated in place to what is
 * decided, never deleted and added. Nothing inbound unless it is keyed, or pinned in clear: what may come
 * in clear otherwise is the template's to say.
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

/*
 * A step removes policies last. So one that was to be removed and is wanted again within a step is not
 * removed at all: its removal becomes the new put.
 */
static struct action *overtaken(struct oe *oe, const struct kernel_policy *p)
{
	for (size_t i = oe->actions->count; i > 0; i--) {
		struct action *a = &oe->actions->at[i - 1];

		if (a->kind == ACTION_POLICY_REMOVE && a->policy.direction == p->direction &&
		    selector_equal(&a->policy.src, &p->src) && selector_equal(&a->policy.dst, &p->dst))
			return a;
	}
	return NULL;
}

void policy_put(struct oe *oe, const struct kernel_policy *p)
{
	struct action *a = overtaken(oe, p);

	if (!a)
		a = actions_add(oe->actions, ACTION_POLICY_PUT);
	if (!a)
		return;
	a->kind = ACTION_POLICY_PUT;
	a->policy = *p;
}

void policy_remove(struct oe *oe, const struct kernel_policy *p)
{
	struct action *a = actions_add(oe->actions, ACTION_POLICY_REMOVE);

	if (a)
		a->policy = *p;
}

static struct kernel_policy towards(const struct kernel_policy *p, enum kernel_direction direction)
{
	struct kernel_policy q = *p;

	q.direction = direction;
	if (direction == KERNEL_OUT)
		return q;
	q.src = p->dst;
	q.dst = p->src;
	q.tunnel_src = p->tunnel_dst;
	q.tunnel_dst = p->tunnel_src;
	return q;
}

static void put(struct oe *oe, const struct kernel_policy *p, enum kernel_direction direction)
{
	struct kernel_policy q = towards(p, direction);

	policy_put(oe, &q);
}

static void take(struct oe *oe, const struct kernel_policy *p, enum kernel_direction direction)
{
	struct kernel_policy q = towards(p, direction);

	policy_remove(oe, &q);
}

static void remove_inbound(struct oe *oe, struct flow *f)
{
	struct kernel_policy p;

	if (!f->inbound_policy)
		return;
	fill(f, &p, KERNEL_IPSEC);
	take(oe, &p, KERNEL_IN);
	if (f->mode == KERNEL_TUNNEL)
		take(oe, &p, KERNEL_FORWARD);
	f->inbound_policy = false;
}

void pair_put(struct oe *oe, struct flow *f, enum kernel_policy_action action)
{
	struct kernel_policy p;

	fill(f, &p, action);
	/* What is pinned in clear within a range that refuses clear packets must be let in, too. */
	if (action == KERNEL_IPSEC || (action == KERNEL_PASS && is_paranoid(f->group))) {
		put(oe, &p, KERNEL_IN);
		if (f->mode == KERNEL_TUNNEL)
			put(oe, &p, KERNEL_FORWARD);
		f->inbound_policy = true;
	} else {
		remove_inbound(oe, f);
	}
	put(oe, &p, KERNEL_OUT);
	f->pair_policy = true;
	f->stands = action;
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
	take(oe, &p, KERNEL_OUT);
	f->pair_policy = false;
}

void pair_query(struct oe *oe, struct flow *f)
{
	struct action *a = actions_add(oe->actions, ACTION_POLICY_QUERY);

	if (a)
		fill(f, &a->policy, f->stands);
}

void pair_again(struct oe *oe, struct flow *f)
{
	if (f->pair_policy && f->stands != KERNEL_HOLD)
		pair_put(oe, f, f->stands);
}
