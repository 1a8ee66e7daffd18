/*
 * When the time of a state is over (docs/opportunistic.md 1.3): is it still used, and is what it rests on still true? A keyed
 * pair's octets tell, or the last packet that met the policy of one that is clear or denied.
 */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

/* E32 of a keyed pair: what its key was taken from is no longer true by itself. */
static void ask_again(struct oe *oe, struct flow *f)
{
	if (!flow_happens(oe, f, E32_TTL_OVER))
		return;
	flow_forget_answers(f);
	f->asking = true;
	ask_dns(oe, f->serial, false, &f->remote);
}

void looks_counted(struct oe *oe, const struct event *event)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &oe->flows) {
		struct flow *f = LIST_ENTRY(pos, struct flow, link);
		bool used;

		if (f->state != FLOW_KEYED || !f->counting || event->counters.spi != f->spi_out ||
		    !address_equal(&event->counters.dst, &f->gateway))
			continue;
		f->counting = false;
		used = event->counters.found && event->counters.counters.bytes > f->bytes;
		f->bytes = event->counters.counters.bytes;
		if (flow_happens(oe, f, used ? E24_USED : E24_IDLE) && used && oe->now >= f->true_until)
			ask_again(oe, f);
		return;
	}
}

/* What DNS had justified may be asked of it again; after trouble that passes, the next packet asks. */
static bool may_ask_again(const struct oe *oe, const struct flow *f)
{
	return (f->state == FLOW_CLEAR || f->state == FLOW_DENY) && !f->counting &&
	       (f->life == LIFE_NORMAL || f->life == LIFE_KEY) &&
	       (f->group == CLASS_PRIVATE || f->group == CLASS_PRIVATE_OR_CLEAR) && oe_needs_dns(oe, f);
}

/* "Lately" is the second half of its time (law 1.3): the kernel's stamp is another then than it was half-way. */
void looks_policy_used(struct oe *oe, const struct event *event)
{
	struct flow *f = flow_find(oe, &event->policy_use.src.first, &event->policy_use.dst.first);
	bool used;

	if (!f || !f->looked || (f->state != FLOW_CLEAR && f->state != FLOW_DENY))
		return;
	if (!f->counting) {
		f->used = event->policy_use.used;
		return;
	}
	f->counting = false;
	used = event->policy_use.found && event->policy_use.used && event->policy_use.used != f->used;
	flow_happens(oe, f, used && oe_trying(oe) < LIMIT_FLOWS_TRYING ? E24_USED : E24_IDLE);
}

msec looks_next(const struct oe *oe, const struct flow *f)
{
	return may_ask_again(oe, f) && !f->looked ? f->since + (f->until - f->since) / 2 : f->until;
}

/* Half-way, and at the end: the kernel is asked; one that does not answer says that nobody used it. */
static void decided_due(struct oe *oe, struct flow *f)
{
	if (!may_ask_again(oe, f)) {
		flow_happens(oe, f, E24_IDLE);
		return;
	}
	if (f->looked) {
		f->counting = true;
		f->until = msec_after(oe->now, SECONDS(1));
	}
	f->looked = true;
	pair_query(oe, f);
	if (!deadlines_set(&oe->deadlines, f->serial, f->until))
		flow_happens(oe, f, E24_IDLE);
}

/* The lifespan of a state is over. */
void looks_due(struct oe *oe, struct flow *f)
{
	struct action *a;

	if (f->state == FLOW_POTENTIAL || f->state == FLOW_EXPIRING) {
		/* What came in time counts; what did not is a time-out. */
		if (f->answers[0] || f->answers[1])
			answers_weigh(oe, f);
		else
			flow_happens(oe, f, E08_DNS_TIMEOUT);
	} else if (f->state == FLOW_AUTHTXT) {
		answers_weigh_key(oe, f);
	} else if (f->state == FLOW_PENDING) {
		answers_failed(oe, f, E14_SILENCE, REASON_PEER_SILENT);
	} else if (f->state == FLOW_KEYED) {
		a = actions_add(oe->actions, ACTION_SA_QUERY);
		f->counting = true;
		f->until = msec_after(oe->now, oe->plan->setup.oe_lifespan);
		if (a) {
			a->sa.child = f->child;
			a->sa.sa.spi = f->spi_out;
			a->sa.sa.dst = f->gateway;
			a->sa.sa.reqid = f->reqid;
		}
		if (!deadlines_set(&oe->deadlines, f->serial, f->until))
			flow_happens(oe, f, E24_IDLE);
	} else if (f->state == FLOW_CLEAR || f->state == FLOW_DENY) {
		decided_due(oe, f);
	} else {
		flow_happens(oe, f, E24_IDLE);
	}
}
