/* What DNS said of a pair is weighed, and becomes an event of it (docs/opportunistic.md 3). */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

void oe_weigh(struct oe *oe, struct dns_answer *const answers[2], const struct address *local,
	      const struct address *remote, const struct gateways *tried, struct finding *finding)
{
	uint32_t chance = 0;

	/* Without chance the first of equals is taken, which is no worse than any. */
	if (oe->crypto && !oe->crypto->random(oe->crypto->self, &chance, sizeof(chance)))
		chance = 0;
	finding_discard(finding);
	finding_make(answers[0], answers[1], local, remote, chance, tried, finding);
}

/* Both answers are in (or the time is over): weigh them. */
/* Its own records, of an address that is proven to be the gateway's or is the destination's. */
static void ask_for_key(struct oe *oe, struct flow *f)
{
	f->gateway = f->finding.gateway;
	ask_dns(oe, f->serial, true, &f->gateway);
}

/* A key is there: is it proven well enough? */
static void go_on(struct oe *oe, struct flow *f)
{
	f->gateway = f->finding.gateway;
	if (f->finding.level < LEVEL_DNS_SECURE && is_paranoid(f->group))
		flow_happens(oe, f, E04_RECORD_INSECURE);
	else
		flow_happens(oe, f, E12_KEY_FOUND);
}

void answers_weigh_key(struct oe *oe, struct flow *f)
{
	enum flow_event event = finding_add_keys(&f->finding, f->answers[2], f->answers[3], &f->outer);

	if (event == E12_KEY_FOUND)
		go_on(oe, f);
	else
		flow_happens(oe, f, event);
}

void answers_weigh(struct oe *oe, struct flow *f)
{
	oe_weigh(oe, f->answers, &f->outer, &f->remote, NULL, &f->finding);
	if (!flow_happens(oe, f, f->finding.event) || f->state != FLOW_AUTHTXT)
		return;
	if (f->finding.needs_key)
		ask_for_key(oe, f);
	else
		go_on(oe, f);
}

/* A keyed pair was asked about again. What stands in DNS is taken note of; what fails or is not proven changes nothing. */
static void weigh_again(struct oe *oe, struct flow *f)
{
	struct finding news;

	memset(&news, 0, sizeof(news));
	oe_weigh(oe, f->answers, &f->outer, &f->remote, NULL, &news);
	f->asking = false;
	f->true_until = msec_after(oe->now,
				   news.key_count && news.ttl ? news.ttl : oe->plan->setup.oe_normal_timeout);
	if (news.key_count) {
		finding_discard(&f->finding);
		f->finding = news;
	} else {
		finding_discard(&news);
	}
	flow_happens(oe, f, news.event);
}

/* Which pair of answers the flow waits for: 0 of its destination, 2 of its gateway; negative: none. */
static int awaited(const struct flow *f)
{
	if (f->state == FLOW_POTENTIAL || f->state == FLOW_EXPIRING || (f->state == FLOW_KEYED && f->asking))
		return 0;
	return f->state == FLOW_AUTHTXT && f->finding.needs_key ? 2 : -1;
}

void answers_resolved(struct oe *oe, struct event *event)
{
	uint64_t number = event->resolved.number;
	struct dns_answer *answer = event->resolved.answer;
	struct flow *f;
	int first;

	event->resolved.answer = NULL;
	if (number & QUERY_ASKER) {
		responder_answer(oe, number, answer);
		return;
	}
	f = flow_by_serial(oe, number >> 2);
	first = f ? awaited(f) : -1;
	if (first != (int)(number & 2) || f->answers[number & 3]) {
		/* Too late: nothing changes. */
		dns_answer_discard(answer);
		free(answer);
		return;
	}
	f->answers[number & 3] = answer;
	if (!f->answers[first] || !f->answers[first + 1])
		return;
	if (f->state == FLOW_KEYED)
		weigh_again(oe, f);
	else if (first)
		answers_weigh_key(oe, f);
	else
		answers_weigh(oe, f);
}

/*
 * How many gateways a pair tries: what falls back into clear must not keep its user waiting (law 1.6); what is refused
 * otherwise may as well try all.
 */
static size_t most_gateways(const struct flow *f)
{
	return is_paranoid(f->group) ? LIMIT_GATEWAYS : LIMIT_GATEWAYS_PERMISSIVE;
}

static bool next_gateway(struct oe *oe, struct flow *f)
{
	struct finding next;

	if (f->tried.count + 1 >= most_gateways(f) || (!f->answers[0] && !f->answers[1]))
		return false;
	memset(&next, 0, sizeof(next));
	f->tried.at[f->tried.count] = f->gateway;
	f->tried.count++;
	oe_weigh(oe, f->answers, &f->outer, &f->remote, &f->tried, &next);
	if (!next.key_count || (next.event == E04_RECORD_INSECURE && is_paranoid(f->group))) {
		f->tried.count--;
		finding_discard(&next);
		return false;
	}
	finding_discard(&f->finding);
	f->finding = next;
	f->gateway = next.gateway;
	return true;
}

void answers_failed(struct oe *oe, struct flow *f, enum flow_event event, enum reason reason)
{
	if (f->state == FLOW_PENDING && event != E18_BAD_PROOF && next_gateway(oe, f)) {
		f->tried_why[f->tried.count - 1] = reason;
		flow_end(oe, f, reason);
		event = E14_NEXT_GATEWAY;
	}
	flow_happens(oe, f, event);
}
