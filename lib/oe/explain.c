/* "Is it encrypted, and why?": the answers to explain and oe list (docs/commands.md). Reads only. */
#include <stdio.h>
#include <strings.h>

#include "inside.h"

/* Exit statuses of explain. */
enum {
	EXPLAIN_ENCRYPTED = 0,
	EXPLAIN_CLEAR = 10,
	EXPLAIN_DENIED = 11,
	EXPLAIN_HELD = 12
};

/* What the kernel does with its packets: its own policy, or its template's trap. */
static int status_of(const struct flow *f)
{
	if (!f->pair_policy)
		return EXPLAIN_HELD;
	return f->stands == KERNEL_IPSEC   ? EXPLAIN_ENCRYPTED
	       : f->stands == KERNEL_PASS  ? EXPLAIN_CLEAR
	       : f->stands == KERNEL_BLOCK ? EXPLAIN_DENIED
					   : EXPLAIN_HELD;
}

static const char *verdict_word(int status)
{
	return status == EXPLAIN_ENCRYPTED ? "encrypted"
	       : status == EXPLAIN_CLEAR   ? "in clear"
	       : status == EXPLAIN_DENIED  ? "denied"
					   : "held";
}

static void report_dns(const struct flow *f, uint64_t command, struct actions *actions)
{
	for (size_t i = 0; i < ARRAY_LENGTH(f->answers); i++) {
		const struct dns_answer *a = f->answers[i];
		struct report *r = a ? actions_report(actions, command, "dns") : NULL;

		if (!r)
			continue;
		report_text(r, "name", "%s", a->question.name);
		report_text(r, "type", "%s", dns_type_name(a->question.type));
		report_text(r, "verdict", "%s", dns_verdict_name(a->verdict));
		report_number(r, "records", (int64_t)a->count);
		report_number(r, "ttl-s", a->ttl / 1000);
		report_text(r, "used", "%s",
			    f->finding.key_count && f->finding.source == a->question.type ? "yes" : "no");
		if (a->why_bogus[0])
			report_text(r, "why", "%s", a->why_bogus);
	}
}

static void report_history(const struct flow *f, msec now, uint64_t command, struct actions *actions)
{
	size_t first = f->steps > LIMIT_FLOW_HISTORY ? f->steps - LIMIT_FLOW_HISTORY : 0;

	for (size_t i = first; i < f->steps; i++) {
		const struct step_back *s = &f->history[i % LIMIT_FLOW_HISTORY];
		struct report *r = actions_report(actions, command, "history");

		report_number(r, "ago-ms", now - s->at);
		report_text(r, "from", "%s", flow_state_name(s->from));
		report_text(r, "to", "%s", flow_state_name(s->to));
		report_text(r, "reason", "%s", reason_word(s->reason));
		report_text(r, "why", "%s", reason_sentence(s->reason));
	}
}

static void report_flow(const struct flow *f, msec now, uint64_t command, struct actions *actions)
{
	struct report *r = actions_report(actions, command, "flow");
	char text[ADDRESS_TEXT];

	report_text(r, "local", "%s", address_print(&f->local, text));
	report_text(r, "remote", "%s", address_print(&f->remote, text));
	report_text(r, "state", "%s", flow_state_name(f->state));
	report_text(r, "level", "%s", key_level_name(f->level));
	report_text(r, "class", "%s", group_class_name(f->group));
	report_text(r, "reason", "%s", reason_word(f->reason));
	report_text(r, "why", "%s", reason_sentence(f->reason));
	report_number(r, "since-s", (now - f->since) / 1000);
	if (f->until != MSEC_NEVER)
		report_number(r, "until-s", (f->until - now) / 1000);
	if (f->gateway.family != ADDRESS_NONE)
		report_text(r, "gateway", "%s", address_print(&f->gateway, text));
	if (f->finding.remark[0])
		report_text(r, "remark", "%s", f->finding.remark);
	if (f->state == FLOW_KEYED) {
		report_text(r, "peer-id", "%s", f->peer_id);
		report_text(r, "spi-in", "%08x", f->spi_in);
		report_text(r, "spi-out", "%08x", f->spi_out);
		report_text(r, "mode", "%s", kernel_mode_name(f->mode));
	}
	report_text(r, "pinned", "%s", f->pinned ? "yes" : "no");
	report_number(r, "acquires", (int64_t)f->acquires);
}

static void report_tried(const struct flow *f, uint64_t command, struct actions *actions)
{
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < f->tried.count; i++) {
		struct report *r = actions_report(actions, command, "gateway");

		report_text(r, "address", "%s", address_print(&f->tried.at[i], text));
		report_text(r, "result", "%s", reason_word(f->tried_why[i]));
		report_text(r, "why", "%s", reason_sentence(f->tried_why[i]));
	}
}

static void report_entry(const struct group_entry *e, uint64_t command, struct actions *actions)
{
	struct report *r = actions_report(actions, command, "group");
	char text[PREFIX_TEXT];

	report_text(r, "class", "%s", group_class_name(e->group));
	report_text(r, "entry", "%s", prefix_print(&e->prefix, text));
	report_text(r, "file", "%s:%u", e->file, e->line);
	report_text(r, "why", "the longest prefix that contains the address");
}

/* What an address without a flow would meet. */
static void would_be(struct oe *oe, const struct command *command, const struct group_entry *e,
		     struct actions *actions)
{
	char text[ADDRESS_TEXT];
	const char *address = address_print(&command->address, text);

	if (!e)
		actions_result(actions, command->number, EXPLAIN_CLEAR, REASON_OE_NO_GROUP,
			       "%s is in clear: no group contains it", address);
	else if (e->group == CLASS_BLOCK)
		actions_result(actions, command->number, EXPLAIN_DENIED, REASON_OE_CLASS_BLOCK,
			       "%s is denied by its group", address);
	else if (e->group == CLASS_CLEAR || e->group == CLASS_CLEAR_OR_PRIVATE)
		actions_result(actions, command->number, EXPLAIN_CLEAR,
			       e->group == CLASS_CLEAR ? REASON_OE_CLASS_CLEAR : REASON_OE_CLASS_PASSIVE,
			       "%s is in clear by its group", address);
	else
		actions_result(actions, command->number, EXPLAIN_HELD, REASON_OE_ACQUIRE,
			       "%s has no traffic: its first packet is held while DNS is asked", address);
}

void oe_explain(struct oe *oe, msec now, const struct command *command, struct actions *actions)
{
	const struct group_entry *e = plan_group(oe->plan, &command->address);
	char text[ADDRESS_TEXT];
	struct list *pos;
	const struct flow *found = NULL;

	if (e)
		report_entry(e, command->number, actions);
	for (pos = oe->flows.next; pos != &oe->flows; pos = pos->next) {
		const struct flow *f = LIST_ENTRY(pos, struct flow, link);

		if (!address_equal(&f->remote, &command->address) ||
		    (command->source.family != ADDRESS_NONE && !address_equal(&f->local, &command->source)))
			continue;
		/* A pair that is only remembered decides nothing: its next packet does. */
		if (f->state != FLOW_EXPIRED)
			found = f;
		report_flow(f, now, command->number, actions);
		report_dns(f, command->number, actions);
		report_tried(f, command->number, actions);
		report_history(f, now, command->number, actions);
	}
	if (found)
		actions_result(actions, command->number, status_of(found), found->reason, "%s is %s: %s",
			       address_print(&command->address, text), verdict_word(status_of(found)),
			       reason_sentence(found->reason));
	else
		would_be(oe, command, e, actions);
}

/* The filters that a list may have: all that are given must fit. */
static bool is_listed(const struct flow *f, msec now, const struct command *c)
{
	return (!c->state[0] || strcasecmp(c->state, flow_state_name(f->state)) == 0) &&
	       (!c->level[0] || strcasecmp(c->level, key_level_name(f->level)) == 0) &&
	       (!c->within || now - f->since <= c->within);
}

void oe_list(struct oe *oe, msec now, const struct command *command, struct actions *actions)
{
	size_t shown = 0;

	for (struct list *pos = oe->flows.next; pos != &oe->flows; pos = pos->next) {
		const struct flow *f = LIST_ENTRY(pos, struct flow, link);

		if (!is_listed(f, now, command))
			continue;
		report_flow(f, now, command->number, actions);
		shown++;
	}
	actions_result(actions, command->number, 0, REASON_OK, "%zu of %zu pairs", shown, oe->flow_count);
}

struct oe_counts oe_count(const struct oe *oe)
{
	struct oe_counts n = oe->counts;

	n.flows = oe->flow_count;
	return n;
}

/* I1 to I6, as far as one node sees them (docs/opportunistic.md). */
static const char *fault_of(const struct flow *f, msec now)
{
	bool timed = f->state == FLOW_POTENTIAL || f->state == FLOW_PENDING || f->state == FLOW_CLEAR ||
		     f->state == FLOW_DENY || f->state == FLOW_KEYED;

	if (f->state == FLOW_NONE)
		return "a flow without a state was kept";
	if (is_paranoid(f->group) && f->state == FLOW_CLEAR && !f->pinned)
		return "I1: a private pair is in clear";
	if (f->state == FLOW_KEYED && !f->child)
		return "I2: a keyed pair has no child";
	if (timed && f->until == MSEC_NEVER && !f->pinned)
		return "I3: a state that must end has no timer";
	if (f->steps && f->history[(f->steps - 1) % LIMIT_FLOW_HISTORY].reason == REASON_NONE)
		return "I4: a transition without a reason";
	if ((f->state == FLOW_POTENTIAL || f->state == FLOW_PENDING) && now > f->until + SECONDS(1))
		return "I6: a hold did not end in time";
	if ((f->state == FLOW_POTENTIAL || f->state == FLOW_PENDING || f->state == FLOW_CLEAR ||
	     f->state == FLOW_DENY || f->state == FLOW_KEYED) &&
	    !f->pair_policy)
		return "I1: a decided pair has no policy";
	return NULL;
}

bool oe_check(const struct oe *oe, msec now, char why[160])
{
	size_t count = 0;

	for (struct list *pos = oe->flows.next; pos != &oe->flows; pos = pos->next) {
		const struct flow *f = LIST_ENTRY(pos, struct flow, link);
		const char *fault = fault_of(f, now);
		char pair[96];

		count++;
		if (!fault)
			continue;
		flow_pair_text(f, pair);
		snprintf(why, 160, "%s %s: %s", pair, flow_state_name(f->state), fault);
		return false;
	}
	if (count != oe->flow_count || oe->flow_count > LIMIT_FLOWS) {
		snprintf(why, 160, "the count of flows is wrong: %zu/%zu", count, oe->flow_count);
		return false;
	}
	return true;
}
