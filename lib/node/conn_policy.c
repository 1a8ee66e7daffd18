/*
 * The kernel policies of a configured connection. Every change is an update in place of the same selector,
 * so that there is no instant without a policy; what is left at the end is removed.
 */
#include <string.h>

#include "inside.h"

bool conn_sides(const struct node *n, const struct conn *conn, const struct end **local,
		const struct end **remote, struct address *address)
{
	static const struct event_addresses none;
	const struct event_addresses *a = n->addresses ? n->addresses : &none;

	return conn_orient(conn, a->at, a->count, &a->default_v4, &a->default_v6, local, remote, address);
}

static void put(struct actions *actions, enum action_kind kind, const struct kernel_policy *policy,
		enum kernel_direction direction)
{
	struct action *a = actions_add(actions, kind);

	if (!a)
		return;
	a->policy = *policy;
	a->policy.direction = direction;
	if (direction == KERNEL_OUT)
		return;
	a->policy.src = policy->dst;
	a->policy.dst = policy->src;
	a->policy.tunnel_src = policy->tunnel_dst;
	a->policy.tunnel_dst = policy->tunnel_src;
}

/* The policy as it looks outbound; put() turns it round. */
static bool outbound(const struct node *n, const struct conn *conn, struct kernel_policy *p)
{
	const struct end *local, *remote;
	struct address address;

	memset(p, 0, sizeof(*p));
	if (!conn_sides(n, conn, &local, &remote, &address) || remote->host != HOST_ADDRESS)
		return false;
	p->src = end_selector(local, &address);
	p->dst = end_selector(remote, &remote->address);
	p->reqid = conn->reqid;
	p->mode = conn->type == CONN_TRANSPORT ? KERNEL_TRANSPORT : KERNEL_TUNNEL;
	p->tunnel_src = address;
	p->tunnel_dst = remote->address;
	p->priority = kernel_priority(KERNEL_PRIORITY_CONFIGURED, &p->src, &p->dst);
	return true;
}

void conn_policy_trap(struct node *n, const struct run *run, struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, run->conn);
	struct kernel_policy p;

	if (!conn || !outbound(n, conn, &p))
		return;
	p.action = conn->type == CONN_PASSTHROUGH ? KERNEL_PASS
		   : conn->type == CONN_DROP      ? KERNEL_BLOCK
						  : KERNEL_TRAP;
	put(actions, ACTION_POLICY_PUT, &p, KERNEL_OUT);
	if (p.action == KERNEL_TRAP)
		return;
	put(actions, ACTION_POLICY_PUT, &p, KERNEL_IN);
	put(actions, ACTION_POLICY_PUT, &p, KERNEL_FORWARD);
}

void conn_policy_untrap(struct node *n, const struct run *run, struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, run->conn);
	struct kernel_policy p;

	if (!conn || !outbound(n, conn, &p))
		return;
	put(actions, ACTION_POLICY_REMOVE, &p, KERNEL_OUT);
	if (conn->type != CONN_PASSTHROUGH && conn->type != CONN_DROP)
		return;
	put(actions, ACTION_POLICY_REMOVE, &p, KERNEL_IN);
	put(actions, ACTION_POLICY_REMOVE, &p, KERNEL_FORWARD);
}

static void of_child(const struct run *run, const struct conn *conn, struct kernel_policy *p)
{
	memset(p, 0, sizeof(*p));
	p->src = run->ts_local;
	p->dst = run->ts_remote;
	p->action = KERNEL_IPSEC;
	p->reqid = conn->reqid;
	p->mode = run->mode;
	p->tunnel_src = run->local;
	p->tunnel_dst = run->remote;
	p->priority = kernel_priority(KERNEL_PRIORITY_CONFIGURED, &p->src, &p->dst);
}

void conn_policy_up(const struct node *n, const struct run *run, struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, run->conn);
	struct kernel_policy p;

	if (!conn)
		return;
	of_child(run, conn, &p);
	put(actions, ACTION_POLICY_PUT, &p, KERNEL_IN);
	if (p.mode == KERNEL_TUNNEL)
		put(actions, ACTION_POLICY_PUT, &p, KERNEL_FORWARD);
	put(actions, ACTION_POLICY_PUT, &p, KERNEL_OUT);
}

void conn_policy_down(struct node *n, const struct run *run, struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, run->conn);
	struct kernel_policy p, trap;
	bool same = false;

	if (!conn)
		return;
	of_child(run, conn, &p);
	if (run->trapped && outbound(n, conn, &trap)) {
		conn_policy_trap(n, run, actions);
		same = selector_equal(&trap.src, &p.src) && selector_equal(&trap.dst, &p.dst);
	}
	if (!same)
		put(actions, ACTION_POLICY_REMOVE, &p, KERNEL_OUT);
	put(actions, ACTION_POLICY_REMOVE, &p, KERNEL_IN);
	if (p.mode == KERNEL_TUNNEL)
		put(actions, ACTION_POLICY_REMOVE, &p, KERNEL_FORWARD);
}
