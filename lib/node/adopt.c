/*
 * What an earlier run of ours left in the kernel (EVENT_KERNEL_STATE), until it is replaced or of no use. The node's
 * own actions are watched: what is put again in the same place needs no removal.
 *
 * Left policies stay until the plan's own stand, so that what must not go in clear never does, also after a kill.
 * Left SAs go at once, unless they are to be adopted: then traffic flows on under them, and under their policies,
 * until each pair is keyed anew; what is not within LIMIT_ADOPT goes.
 */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

/* A policy with a template is a trap unless there is an SA that it sends to, or takes from. */
static bool carries(const struct kernel_state *state, const struct kernel_policy *p)
{
	const struct address *far = p->direction == KERNEL_OUT ? &p->dst.first : &p->src.first;
	const struct address *outer = p->direction == KERNEL_OUT ? &p->tunnel_dst : &p->tunnel_src;

	for (size_t i = 0; i < state->sa_count; i++) {
		const struct kernel_sa *sa = &state->sas[i];
		const struct address *end = p->direction == KERNEL_OUT ? &sa->dst : &sa->src;

		if (sa->reqid == p->reqid && (address_equal(end, far) || address_equal(end, outer)))
			return true;
	}
	return false;
}

void adopt_take(struct node *n, struct kernel_state *state)
{
	for (size_t i = 0; state && i < state->policy_count; i++) {
		struct kernel_policy *p = &state->policies[i];

		if (p->action == KERNEL_IPSEC && !carries(state, p))
			p->action = KERNEL_TRAP;
	}
	kernel_state_discard(n->left);
	n->left = state;
	n->left_due = MSEC_NEVER;
}

/* Whether an SA or policy of that reqid is a connection's of the plan, and to be kept for it. */
static bool is_adopted(const struct node *n, uint32_t reqid)
{
	return n->left->adopt && reqid && n->plan && plan_conn_by_reqid(n->plan, reqid);
}

static void remove_sa(const struct kernel_sa *sa, struct actions *actions)
{
	struct action *a = actions_add(actions, ACTION_SA_REMOVE);

	if (a)
		a->sa.sa = *sa;
}

static void remove_policy(const struct kernel_policy *p, struct actions *actions)
{
	struct action *a = actions_add(actions, ACTION_POLICY_REMOVE);

	if (a)
		a->policy = *p;
}

static bool same_place(const struct kernel_policy *a, const struct kernel_policy *b)
{
	return a->direction == b->direction && selector_equal(&a->src, &b->src) &&
	       selector_equal(&a->dst, &b->dst);
}

static struct kernel_policy *left_policy(const struct node *n, const struct kernel_policy *p)
{
	for (size_t i = 0; i < n->left->policy_count; i++) {
		if (same_place(&n->left->policies[i], p))
			return &n->left->policies[i];
	}
	return NULL;
}

static void forget_policy(struct node *n, struct kernel_policy *p)
{
	*p = n->left->policies[--n->left->policy_count];
}

/* A trap must not displace what still carries traffic; a policy with keys takes its place. */
static bool must_wait(struct node *n, const struct action *a)
{
	struct kernel_policy *left = a->kind == ACTION_POLICY_PUT ? left_policy(n, &a->policy) : NULL;

	if (!left)
		return false;
	if ((a->policy.action == KERNEL_TRAP || a->policy.action == KERNEL_HOLD) &&
	    left->action == KERNEL_IPSEC && is_adopted(n, left->reqid))
		return true;
	forget_policy(n, left);
	return false;
}

/* New SAs of a pair are there: the old ones stop sending at once, and receive a while longer. */
static void replace_sas(struct node *n, msec now, const struct kernel_sa *fresh, struct actions *actions)
{
	for (size_t i = 0; i < n->left->sa_count; i++) {
		struct kernel_sa *old = &n->left->sas[i];

		if (old->reqid != fresh->reqid)
			continue;
		if (address_equal(&old->dst, &fresh->dst) && !fresh->inbound) {
			remove_sa(old, actions);
			*old = n->left->sas[--n->left->sa_count];
			i--;
		} else if (address_equal(&old->src, &fresh->dst) && !fresh->inbound) {
			old->hard_life = msec_after(now, LIMIT_DRAIN);
			n->left_due = msec_earlier(n->left_due, old->hard_life);
		}
	}
}

/* The policies of a pair that ends up in clear or blocked, or that nobody asked for again. */
static void sweep(struct node *n, struct actions *actions)
{
	for (size_t i = 0; i < n->left->policy_count; i++) {
		if (n->left->policies[i].action == KERNEL_IPSEC && is_adopted(n, n->left->policies[i].reqid))
			continue;
		remove_policy(&n->left->policies[i], actions);
		forget_policy(n, &n->left->policies[i--]);
	}
	for (size_t i = 0; i < n->left->sa_count; i++) {
		if (is_adopted(n, n->left->sas[i].reqid))
			continue;
		remove_sa(&n->left->sas[i], actions);
		n->left->sas[i--] = n->left->sas[--n->left->sa_count];
	}
}

/* Their time is over: traps that had to wait are put now, by those who want them. */
static void end_all(struct node *n, msec now, struct actions *actions)
{
	actions_note(actions, NOTE_WARNING, "%zu SAs of an earlier run were not keyed anew in time: removed",
		     n->left->sa_count);
	n->left->adopt = false;
	sweep(n, actions);
	adopt_take(n, NULL);
	oe_set_plan(n->oe, now, n->plan, NULL, actions);
	conns_set_plan(n, now, actions);
}

static void drain(struct node *n, msec now, struct actions *actions)
{
	for (size_t i = 0; i < n->left->sa_count; i++) {
		if (!n->left->sas[i].hard_life || n->left->sas[i].hard_life > now)
			continue;
		remove_sa(&n->left->sas[i], actions);
		n->left->sas[i--] = n->left->sas[--n->left->sa_count];
	}
}

void adopt_look(struct node *n, msec now, size_t from, struct actions *actions)
{
	size_t kept = from, end = actions->count;

	if (!n->left)
		return;
	for (size_t i = from; i < end; i++) {
		if (must_wait(n, &actions->at[i]))
			continue;
		actions->at[kept++] = actions->at[i];
	}
	if (end > kept)
		memset(&actions->at[kept], 0, (end - kept) * sizeof(actions->at[0]));
	actions->count = kept;
	for (size_t i = from; i < kept; i++) {
		if (actions->at[i].kind == ACTION_SA_INSTALL) {
			struct kernel_sa fresh = actions->at[i].sa.sa;

			replace_sas(n, now, &fresh, actions);
			wipe(&fresh, sizeof(fresh));
		}
	}
	if (!n->plan)
		return;
	if (n->left_end == 0)
		n->left_end = msec_after(now, LIMIT_ADOPT);
	sweep(n, actions);
	drain(n, now, actions);
	n->left_due = n->left_end;
	for (size_t i = 0; i < n->left->sa_count; i++) {
		if (n->left->sas[i].hard_life)
			n->left_due = msec_earlier(n->left_due, n->left->sas[i].hard_life);
	}
	if (now >= n->left_end && (n->left->sa_count || n->left->policy_count))
		end_all(n, now, actions);
	else if (!n->left->sa_count && !n->left->policy_count)
		adopt_take(n, NULL);
}

void adopt_begin(struct node *n, msec now, struct actions *actions)
{
	if (!n->left || !n->left->adopt || !n->plan)
		return;
	/* Each pair whose policy still carries traffic is keyed anew, as if a packet had asked. */
	for (size_t i = 0; i < n->left->policy_count; i++) {
		const struct kernel_policy *p = &n->left->policies[i];
		struct event event = { .kind = EVENT_ACQUIRE };

		if (p->direction != KERNEL_OUT || p->action != KERNEL_IPSEC || !is_adopted(n, p->reqid))
			continue;
		event.acquire.reqid = p->reqid;
		event.acquire.src = p->src.first;
		event.acquire.dst = p->dst.first;
		event.acquire.inner_src = p->src;
		event.acquire.inner_dst = p->dst;
		if (oe_owns_reqid(n->oe, p->reqid))
			oe_event(n->oe, now, &event, actions);
		else
			conns_adopt(n, now, p->reqid, actions);
	}
}

msec adopt_deadline(const struct node *n)
{
	return n->left ? n->left_due : MSEC_NEVER;
}
