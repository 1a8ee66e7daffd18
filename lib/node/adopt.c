/*
 * Leftovers (adopt.h). Policies stay until the plan's own stand, so that what must not go in clear never does, also after a
 * kill. SAs go at once, unless they are to be adopted: then traffic flows on under them and their policies until each pair
 * is keyed anew, and what is not within LIMIT_ADOPT goes.
 */
#include "adopt.h"

#include <stdlib.h>
#include <string.h>

#include "limits.h"

struct left_policy {
	struct kernel_policy policy;
	struct kernel_policy waiting; /* what the node wants to stand here, when the time has come */
	bool waits, gone;
};

struct left_sa {
	struct kernel_sa sa;
	bool draining, gone;
};

/* Each SA has two: both its ends are looked for. */
struct sa_end {
	uint32_t reqid;
	struct address address;
	size_t sa;
};

struct adopt {
	bool keeps; /* traffic is to flow on */
	struct left_policy *policies; /* owned; sorted by place */
	struct left_sa *sas; /* owned */
	struct sa_end *ends; /* owned; sorted */
	size_t policy_count, sa_count;
	size_t policies_left, sas_left;
	size_t next; /* adopt_next's */
	const struct plan *swept; /* compared only: the plan that was looked through */
	msec end; /* 0 before the first plan */
	msec drained; /* when the first that drains has done so */
};

/* ---- order ---- */

static int compare_number(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_selector(const struct selector *a, const struct selector *b)
{
	int d = address_compare(&a->first, &b->first);

	d = d ? d : address_compare(&a->last, &b->last);
	d = d ? d : compare_number(a->protocol, b->protocol);
	d = d ? d : compare_number(a->port_first, b->port_first);
	return d ? d : compare_number(a->port_last, b->port_last);
}

/* Direction and selectors are what a policy is known by. */
static int compare_place(const struct kernel_policy *a, const struct kernel_policy *b)
{
	int d = compare_number(a->direction, b->direction);

	d = d ? d : compare_selector(&a->src, &b->src);
	return d ? d : compare_selector(&a->dst, &b->dst);
}

static int compare_policies(const void *a, const void *b)
{
	return compare_place(&((const struct left_policy *)a)->policy,
			     &((const struct left_policy *)b)->policy);
}

static int compare_ends(const void *a, const void *b)
{
	const struct sa_end *x = a, *y = b;
	int d = compare_number(x->reqid, y->reqid);

	return d ? d : address_compare(&x->address, &y->address);
}

/* The place of the first SA's end with that reqid and address, or where it would be. */
static size_t first_end(const struct adopt *a, uint32_t reqid, const struct address *address)
{
	const struct sa_end key = { reqid, *address, 0 };
	size_t low = 0, high = 2 * a->sa_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare_ends(&a->ends[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_end(const struct adopt *a, size_t at, uint32_t reqid, const struct address *address)
{
	return at < 2 * a->sa_count && a->ends[at].reqid == reqid &&
	       address_equal(&a->ends[at].address, address);
}

static struct left_policy *find(const struct adopt *a, const struct kernel_policy *place)
{
	size_t low = 0, high = a->policy_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		struct left_policy *p = &a->policies[middle];
		int d = compare_place(&p->policy, place);

		if (d == 0)
			return p->gone ? NULL : p;
		if (d < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* ---- taking it in ---- */

static bool serves(const struct adopt *a, uint32_t reqid, const struct address *far,
		   const struct address *outer)
{
	return is_end(a, first_end(a, reqid, far), reqid, far) ||
	       is_end(a, first_end(a, reqid, outer), reqid, outer);
}

/* The kernel knows no trap: a policy with a template is one unless there is an SA that it sends to, or takes from. */
static void tell_traps(struct adopt *a)
{
	for (size_t i = 0; i < a->policy_count; i++) {
		struct kernel_policy *p = &a->policies[i].policy;
		bool out = p->direction == KERNEL_OUT;

		if (p->action == KERNEL_IPSEC && !serves(a, p->reqid, out ? &p->dst.first : &p->src.first,
							 out ? &p->tunnel_dst : &p->tunnel_src))
			p->action = KERNEL_TRAP;
	}
}

static void fill(struct adopt *a, const struct kernel_state *state)
{
	a->keeps = state->adopt;
	a->policy_count = a->policies_left = state->policy_count;
	a->sa_count = a->sas_left = state->sa_count;
	a->drained = MSEC_NEVER;
	for (size_t i = 0; i < state->policy_count; i++)
		a->policies[i].policy = state->policies[i];
	for (size_t i = 0; i < state->sa_count; i++) {
		const struct kernel_sa *sa = &state->sas[i];

		a->sas[i].sa = *sa;
		a->ends[2 * i] = (struct sa_end){ sa->reqid, sa->src, i };
		a->ends[2 * i + 1] = (struct sa_end){ sa->reqid, sa->dst, i };
	}
	qsort(a->policies, a->policy_count, sizeof(a->policies[0]), compare_policies);
	qsort(a->ends, 2 * a->sa_count, sizeof(a->ends[0]), compare_ends);
	tell_traps(a);
}

struct adopt *adopt_new(struct kernel_state *state, bool *failed)
{
	struct adopt *a = NULL;

	*failed = false;
	if (state && (state->policy_count || state->sa_count)) {
		a = calloc(1, sizeof(*a));
		*failed = !a;
	}
	if (a) {
		a->policies = calloc(state->policy_count + 1, sizeof(*a->policies));
		a->sas = calloc(state->sa_count + 1, sizeof(*a->sas));
		a->ends = calloc(2 * state->sa_count + 1, sizeof(*a->ends));
		*failed = !a->policies || !a->sas || !a->ends;
	}
	if (a && !*failed) {
		fill(a, state);
	} else {
		adopt_discard(a);
		a = NULL;
	}
	kernel_state_discard(state);
	return a;
}

void adopt_discard(struct adopt *a)
{
	if (!a)
		return;
	free(a->policies);
	free(a->sas);
	free(a->ends);
	free(a);
}

/* ---- what stays, and what goes ---- */

/* Whether an SA or policy of that reqid is a connection's of the plan, and to be kept for it. */
static bool is_kept(const struct adopt *a, const struct plan *plan, uint32_t reqid)
{
	return a->keeps && reqid && plan_conn_by_reqid(plan, reqid);
}

static bool carries(const struct adopt *a, const struct plan *plan, const struct left_policy *p)
{
	return !p->gone && p->policy.action == KERNEL_IPSEC && is_kept(a, plan, p->policy.reqid);
}

static void forget(struct adopt *a, struct left_policy *p)
{
	p->gone = true;
	a->policies_left--;
}

static void remove_sa(struct adopt *a, struct left_sa *sa, struct actions *actions)
{
	struct action *action = actions_add(actions, ACTION_SA_REMOVE);

	if (action)
		action->sa.sa = sa->sa;
	sa->gone = true;
	a->sas_left--;
}

/* What was to stand in its place is put, or it is removed. */
static void resolve(struct adopt *a, struct left_policy *p, struct actions *actions)
{
	struct action *action = actions_add(actions, p->waits ? ACTION_POLICY_PUT : ACTION_POLICY_REMOVE);

	if (action)
		action->policy = p->waits ? p->waiting : p->policy;
	forget(a, p);
}

static bool is_template(const struct kernel_policy *p)
{
	return p->priority == kernel_priority(KERNEL_PRIORITY_TEMPLATE, &p->src, &p->dst);
}

/*
 * A trap, and whatever a group's entry says of a single host, must not displace a policy that still carries traffic: such
 * a put waits. What was decided for the pair itself (keys, clear, denial) takes its place at once. A removal of what waits
 * leaves nothing to wait for.
 */
static bool must_wait(struct adopt *a, const struct plan *plan, const struct action *action)
{
	bool is_put = action->kind == ACTION_POLICY_PUT;
	struct left_policy *p =
		is_put || action->kind == ACTION_POLICY_REMOVE ? find(a, &action->policy) : NULL;
	bool waits;

	if (!p)
		return false;
	waits = carries(a, plan, p) &&
		(is_put ? action->policy.action == KERNEL_TRAP || action->policy.action == KERNEL_HOLD ||
				  is_template(&action->policy)
			: p->waits);
	if (!waits) {
		forget(a, p);
		return false;
	}
	p->waits = is_put;
	p->waiting = action->policy;
	return true;
}

static void hold_back(struct adopt *a, const struct plan *plan, size_t from, struct actions *actions)
{
	size_t kept = from;

	for (size_t i = from; i < actions->count; i++) {
		if (!must_wait(a, plan, &actions->at[i]))
			actions->at[kept++] = actions->at[i];
	}
	if (kept < actions->count)
		memset(&actions->at[kept], 0, (actions->count - kept) * sizeof(actions->at[0]));
	actions->count = kept;
}

/* New SAs of a pair are there: the old ones stop sending at once, and receive a while longer. */
static void replace_sas(struct adopt *a, msec now, uint32_t reqid, const struct address *peer,
			struct actions *actions)
{
	for (size_t i = first_end(a, reqid, peer); is_end(a, i, reqid, peer); i++) {
		struct left_sa *old = &a->sas[a->ends[i].sa];

		if (old->gone || old->draining)
			continue;
		if (address_equal(&old->sa.dst, peer)) {
			remove_sa(a, old, actions);
		} else {
			old->draining = true;
			old->sa.hard_life = msec_after(now, LIMIT_DRAIN);
			a->drained = msec_earlier(a->drained, old->sa.hard_life);
		}
	}
}

/* What was decided for packets that go out holds for those that come in: their policies wait no longer. */
static void follow(struct adopt *a, const struct plan *plan, const struct kernel_policy *out,
		   struct actions *actions)
{
	static const enum kernel_direction inward[] = { KERNEL_IN, KERNEL_FORWARD };

	for (size_t i = 0; i < ARRAY_LENGTH(inward); i++) {
		struct kernel_policy place = { .direction = inward[i], .src = out->dst, .dst = out->src };
		struct left_policy *p = find(a, &place);

		if (p && carries(a, plan, p))
			resolve(a, p, actions);
	}
}

static void replace(struct adopt *a, const struct plan *plan, msec now, size_t from, struct actions *actions)
{
	size_t end = actions->count;

	for (size_t i = from; i < end; i++) {
		const struct action *action = &actions->at[i];

		if (action->kind == ACTION_SA_INSTALL && !action->sa.sa.inbound) {
			const struct address peer = action->sa.sa.dst;

			replace_sas(a, now, action->sa.sa.reqid, &peer, actions);
		} else if ((action->kind == ACTION_POLICY_PUT || action->kind == ACTION_POLICY_REMOVE) &&
			   action->policy.direction == KERNEL_OUT) {
			const struct kernel_policy out = action->policy;

			follow(a, plan, &out, actions);
		}
	}
}

/* A new plan: what serves no connection of it goes, with all that nobody put again. */
static void sweep(struct adopt *a, const struct plan *plan, struct actions *actions)
{
	size_t policies = a->policies_left, sas = a->sas_left;

	for (size_t i = 0; i < a->policy_count; i++) {
		if (!a->policies[i].gone && !carries(a, plan, &a->policies[i]))
			resolve(a, &a->policies[i], actions);
	}
	for (size_t i = 0; i < a->sa_count; i++) {
		if (!a->sas[i].gone && !is_kept(a, plan, a->sas[i].sa.reqid))
			remove_sa(a, &a->sas[i], actions);
	}
	a->swept = plan;
	policies -= a->policies_left;
	sas -= a->sas_left;
	if (a->keeps && (policies || sas))
		actions_note(actions, NOTE_INFO,
			     "%zu SAs and %zu policies of an earlier run serve no connection now: removed",
			     sas, policies);
}

static void drain(struct adopt *a, msec now, struct actions *actions)
{
	a->drained = MSEC_NEVER;
	for (size_t i = 0; i < a->sa_count; i++) {
		struct left_sa *sa = &a->sas[i];

		if (sa->gone || !sa->draining)
			continue;
		if (sa->sa.hard_life <= now)
			remove_sa(a, sa, actions);
		else
			a->drained = msec_earlier(a->drained, sa->sa.hard_life);
	}
}

static void end_all(struct adopt *a, struct actions *actions)
{
	for (size_t i = 0; i < a->policy_count; i++) {
		if (!a->policies[i].gone)
			resolve(a, &a->policies[i], actions);
	}
	for (size_t i = 0; i < a->sa_count; i++) {
		if (!a->sas[i].gone)
			remove_sa(a, &a->sas[i], actions);
	}
}

/* What had to wait is put now. */
static void give_up(struct adopt *a, struct actions *actions)
{
	if (a->sas_left)
		actions_note(actions, NOTE_WARNING,
			     "%zu SAs of an earlier run were not keyed anew within %lld s: removed",
			     a->sas_left, (long long)(LIMIT_ADOPT / 1000));
	end_all(a, actions);
}

/* ---- the face ---- */

bool adopt_next(struct adopt *a, const struct plan *plan, struct kernel_acquire *acquire)
{
	while (a && plan && a->next < a->policy_count) {
		const struct left_policy *left = &a->policies[a->next++];
		const struct kernel_policy *p = &left->policy;

		if (p->direction != KERNEL_OUT || !carries(a, plan, left))
			continue;
		*acquire = (struct kernel_acquire){ .reqid = p->reqid,
						    .src = p->src.first,
						    .dst = p->dst.first,
						    .inner_src = p->src,
						    .inner_dst = p->dst };
		return true;
	}
	return false;
}

void adopt_look(struct adopt *a, const struct plan *plan, msec now, size_t from, struct actions *actions)
{
	if (!a || !plan)
		return;
	if (!a->end)
		a->end = msec_after(now, LIMIT_ADOPT);
	hold_back(a, plan, from, actions);
	replace(a, plan, now, from, actions);
	if (a->swept != plan)
		sweep(a, plan, actions);
	if (now >= a->drained)
		drain(a, now, actions);
	if (now >= a->end)
		give_up(a, actions);
}

static void report_left_sa(const struct left_sa *left, uint64_t command, struct actions *actions)
{
	struct report *r = actions_report(actions, command, "left-sa");
	char text[ADDRESS_TEXT];

	report_text(r, "state", "%s", left->draining ? "draining" : "kept");
	report_text(r, "src", "%s", address_print(&left->sa.src, text));
	report_text(r, "dst", "%s", address_print(&left->sa.dst, text));
	report_text(r, "spi", "%08x", left->sa.spi);
	report_number(r, "reqid", left->sa.reqid);
}

static void report_left_policy(const struct left_policy *left, uint64_t command, struct actions *actions)
{
	struct report *r = actions_report(actions, command, "left-policy");
	char text[SELECTOR_TEXT];

	report_text(r, "direction", "%s", kernel_direction_name(left->policy.direction));
	report_text(r, "src", "%s", selector_print(&left->policy.src, text));
	report_text(r, "dst", "%s", selector_print(&left->policy.dst, text));
	report_number(r, "reqid", left->policy.reqid);
}

void adopt_report(const struct adopt *a, uint64_t command, struct actions *actions)
{
	for (size_t i = 0; a && i < a->sa_count; i++) {
		if (!a->sas[i].gone)
			report_left_sa(&a->sas[i], command, actions);
	}
	for (size_t i = 0; a && i < a->policy_count; i++) {
		if (!a->policies[i].gone)
			report_left_policy(&a->policies[i], command, actions);
	}
}

void adopt_end(struct adopt *a, struct actions *actions)
{
	for (size_t i = 0; a && i < a->policy_count; i++)
		a->policies[i].waits = false;
	if (a)
		end_all(a, actions);
}

msec adopt_deadline(const struct adopt *a)
{
	return a && a->end ? msec_earlier(a->end, a->drained) : MSEC_NEVER;
}

bool adopt_is_over(const struct adopt *a)
{
	return !a->policies_left && !a->sas_left;
}
