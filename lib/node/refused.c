/* Refused policies, put again (refused.h). A short array: there is seldom one, and never many. */
#include "refused.h"

#define LONGEST_SHIFT 6 /* about a minute */

static bool is_same(const struct kernel_policy *a, const struct kernel_policy *b)
{
	return a->direction == b->direction && selector_equal(&a->src, &b->src) &&
	       selector_equal(&a->dst, &b->dst);
}

static struct refused_policy *find(struct refused *r, const struct kernel_policy *policy)
{
	for (size_t i = 0; i < r->count; i++) {
		if (is_same(&r->at[i].policy, policy))
			return &r->at[i];
	}
	return NULL;
}

static void drop(struct refused *r, struct refused_policy *p)
{
	*p = r->at[--r->count];
}

void refused_note(struct refused *r, msec now, const struct kernel_policy *policy, struct actions *actions)
{
	struct refused_policy *p = find(r, policy);
	char src[SELECTOR_TEXT], dst[SELECTOR_TEXT];

	actions_note(actions, NOTE_ERROR, "the kernel refused a policy %s %s %s > %s: it is put again",
		     kernel_direction_name(policy->direction), kernel_policy_action_name(policy->action),
		     selector_print(&policy->src, src), selector_print(&policy->dst, dst));
	if (!p && r->count == ARRAY_LENGTH(r->at)) {
		actions_note(actions, NOTE_ERROR,
			     "too many policies were refused: this one is not put again");
		return;
	}
	if (!p) {
		p = &r->at[r->count++];
		*p = (struct refused_policy){ .policy = *policy };
	}
	p->put = false;
	p->due = msec_after(now, LIMIT_AGAIN << (p->tries < LONGEST_SHIFT ? p->tries : LONGEST_SHIFT));
	p->tries++;
}

void refused_look(struct refused *r, const struct actions *actions, size_t from)
{
	for (size_t i = from; r->count && i < actions->count; i++) {
		const struct action *a = &actions->at[i];
		struct refused_policy *p;

		if (a->kind != ACTION_POLICY_PUT && a->kind != ACTION_POLICY_REMOVE)
			continue;
		p = find(r, &a->policy);
		if (p)
			drop(r, p);
	}
}

void refused_time(struct refused *r, msec now, struct actions *actions)
{
	for (size_t i = 0; i < r->count;) {
		struct refused_policy *p = &r->at[i];
		struct action *a;

		if (p->due > now) {
			i++;
			continue;
		}
		if (p->put) {
			/* No refusal came: the kernel has it. */
			drop(r, p);
			continue;
		}
		a = actions_add(actions, ACTION_POLICY_PUT);
		if (a)
			a->policy = p->policy;
		p->put = a != NULL;
		p->due = msec_after(now, LIMIT_AGAIN);
		i++;
	}
}

msec refused_deadline(const struct refused *r)
{
	msec due = MSEC_NEVER;

	for (size_t i = 0; i < r->count; i++)
		due = msec_earlier(due, r->at[i].due);
	return due;
}
