/*
 * Templates: the kernel policies of group entries, put when a plan comes into force; on a reload only what
 * changed changes, and what is new is put before what is old goes. Exemptions that must always hold
 * (loopback, link-local, multicast, neighbour discovery with them) stand before everything.
 */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

static bool same_policy(const struct kernel_policy *a, const struct kernel_policy *b)
{
	return a->direction == b->direction && selector_equal(&a->src, &b->src) &&
	       selector_equal(&a->dst, &b->dst);
}

static bool identical(const struct kernel_policy *a, const struct kernel_policy *b)
{
	return same_policy(a, b) && a->action == b->action && a->reqid == b->reqid && a->mode == b->mode &&
	       a->priority == b->priority;
}

/* Wants a policy: put unless it stands already exactly so. */
static void want(struct oe *oe, const struct kernel_policy *p)
{
	struct template *grown;

	for (size_t i = 0; i < oe->template_count; i++) {
		struct template *t = &oe->templates[i];

		if (!same_policy(&t->policy, p))
			continue;
		/* Two entries for one destination: the safer class stands (its action has the higher number). */
		if (t->kept && t->policy.priority <= p->priority)
			return;
		if (!identical(&t->policy, p))
			policy_put(oe, p);
		t->policy = *p;
		t->kept = true;
		return;
	}
	grown = realloc(oe->templates, (oe->template_count + 1) * sizeof(*grown));
	if (!grown) {
		oe->lacks_templates = true;
		return;
	}
	oe->templates = grown;
	grown[oe->template_count++] = (struct template){ *p, true };
	policy_put(oe, p);
}

static void want_both(struct oe *oe, struct kernel_policy p, enum kernel_direction direction)
{
	struct selector src = p.src;

	p.direction = direction;
	if (direction != KERNEL_OUT) {
		p.src = p.dst;
		p.dst = src;
	}
	want(oe, &p);
}

static void want_entry(struct oe *oe, const struct group_entry *e, const struct conn *conn,
		       const struct selector *src)
{
	struct kernel_policy p;

	memset(&p, 0, sizeof(p));
	p.src = *src;
	p.dst = selector_of_prefix(&e->prefix);
	p.dst.protocol = p.src.protocol = e->protocol;
	if (e->destination_port)
		p.dst.port_first = p.dst.port_last = e->destination_port;
	if (e->source_port)
		p.src.port_first = p.src.port_last = e->source_port;
	p.reqid = conn->reqid;
	p.mode = conn->type == CONN_TRANSPORT ? KERNEL_TRANSPORT : KERNEL_TUNNEL;
	p.tunnel_src = src->first;
	p.tunnel_dst = address_any((enum address_family)src->first.family);
	p.priority = kernel_priority(KERNEL_PRIORITY_TEMPLATE, &p.src, &p.dst);
	switch (e->group) {
	case CLASS_BLOCK:
		p.action = KERNEL_BLOCK;
		want_both(oe, p, KERNEL_IN);
		want_both(oe, p, KERNEL_FORWARD);
		break;
	case CLASS_PRIVATE:
		/* Clear packets from there are refused too; a keyed pair's own policy stands before this. */
		p.action = KERNEL_BLOCK;
		want_both(oe, p, KERNEL_IN);
		want_both(oe, p, KERNEL_FORWARD);
		p.action = KERNEL_TRAP;
		break;
	case CLASS_PRIVATE_OR_CLEAR:
		p.action = KERNEL_TRAP;
		break;
	case CLASS_CLEAR:
	case CLASS_CLEAR_OR_PRIVATE:
	case CLASS_NONE:
		p.action = KERNEL_PASS;
		break;
	}
	want_both(oe, p, KERNEL_OUT);
}

static void want_group(struct oe *oe, const struct group_entry *e)
{
	const struct conn *conn = plan_conn(oe->plan, e->conn);
	const struct end *local, *remote;
	struct address address;
	struct selector src;

	if (!conn || !oe_sides(oe, conn, e->prefix.address.family, &local, &remote, &address))
		return;
	src = local->has_client ? local->client : selector_of_host(&address);
	if (address.family != ADDRESS_NONE && src.first.family == e->prefix.address.family)
		want_entry(oe, e, conn, &src);
}

static void want_exemption(struct oe *oe, const char *text)
{
	struct kernel_policy p;
	struct prefix prefix, any;

	memset(&p, 0, sizeof(p));
	if (!prefix_parse(&prefix, text))
		return;
	any = (struct prefix){ address_any((enum address_family)prefix.address.family), 0 };
	p.action = KERNEL_PASS;
	p.src = selector_of_prefix(&any);
	p.dst = selector_of_prefix(&prefix);
	p.priority = kernel_priority(KERNEL_PRIORITY_BUILTIN, &p.src, &p.dst);
	want_both(oe, p, KERNEL_OUT);
	want_both(oe, p, KERNEL_IN);
	/* From anywhere to there, and from there to anywhere: answers come back the other way. */
	p.dst = selector_of_prefix(&any);
	p.src = selector_of_prefix(&prefix);
	want_both(oe, p, KERNEL_OUT);
	want_both(oe, p, KERNEL_IN);
}

/* What this host sends to itself is nobody's business, whatever group contains it. */
static void want_own(struct oe *oe, const struct address *own)
{
	struct prefix any = { address_any((enum address_family)own->family), 0 };
	struct kernel_policy p;

	memset(&p, 0, sizeof(p));
	p.action = KERNEL_PASS;
	p.src = selector_of_prefix(&any);
	p.dst = selector_of_host(own);
	p.priority = kernel_priority(KERNEL_PRIORITY_BUILTIN, &p.src, &p.dst);
	want_both(oe, p, KERNEL_OUT);
}

static void want_exemptions(struct oe *oe)
{
	static const char *const always[] = { "127.0.0.0/8", "169.254.0.0/16",
					      "224.0.0.0/4", "255.255.255.255/32",
					      "::1/128",     "fe80::/10",
					      "ff00::/8" };

	if (!oe->plan || !oe->plan->group_count)
		return;
	for (size_t i = 0; i < ARRAY_LENGTH(always); i++)
		want_exemption(oe, always[i]);
	for (size_t i = 0; oe->addresses && i < oe->addresses->count; i++)
		want_own(oe, &oe->addresses->at[i]);
}

static void drop_unwanted(struct oe *oe)
{
	size_t kept = 0;

	for (size_t i = 0; i < oe->template_count; i++) {
		if (oe->templates[i].kept)
			oe->templates[kept++] = oe->templates[i];
		else
			policy_remove(oe, &oe->templates[i].policy);
	}
	oe->template_count = kept;
}

bool templates_put(struct oe *oe)
{
	oe->lacks_templates = false;
	for (size_t i = 0; i < oe->template_count; i++)
		oe->templates[i].kept = false;
	want_exemptions(oe);
	/* From the safest class to the least safe, so that of two equal destinations the safer stands. */
	for (int g = CLASS_BLOCK; oe->plan && g > CLASS_NONE; g--) {
		for (size_t i = 0; i < oe->plan->group_count; i++) {
			if (oe->plan->groups[i].group == (enum group_class)g)
				want_group(oe, &oe->plan->groups[i]);
		}
	}
	drop_unwanted(oe);
	return !oe->lacks_templates;
}

void templates_again(struct oe *oe, const struct flow *f)
{
	for (size_t i = 0; i < oe->template_count; i++) {
		const struct kernel_policy *p = &oe->templates[i].policy;

		if (p->direction == KERNEL_OUT && p->action == KERNEL_TRAP &&
		    selector_has_address(&p->src, &f->local) && selector_has_address(&p->dst, &f->remote))
			policy_put(oe, p);
	}
}

void templates_remove(struct oe *oe)
{
	for (size_t i = 0; i < oe->template_count; i++)
		policy_remove(oe, &oe->templates[i].policy);
	oe->template_count = 0;
}
