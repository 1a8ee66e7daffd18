/* What an operator may order for a destination (docs/opportunistic.md 1.6, E28): begun, forgotten, pinned, unpinned. */
#include "inside.h"

#define NOT_FOUND 6 /* exit status */
#define REFUSED 1

struct order {
	const struct command *command;
	const struct group_entry *entry;
	size_t met;
};

static bool is_meant(const struct flow *f, const struct command *c)
{
	return address_equal(&f->remote, &c->address) &&
	       (c->source.family == ADDRESS_NONE || address_equal(&f->local, &c->source));
}

/* The pair that a packet of ours to that destination would make, for want of one. */
static struct flow *make(struct oe *oe, const struct order *o)
{
	const struct command *c = o->command;
	const struct conn *conn = plan_conn(oe->plan, o->entry->conn);
	const struct end *local, *remote;
	struct address source = c->source, address;

	if (conn && source.family == ADDRESS_NONE &&
	    oe_sides(oe, conn, c->address.family, &local, &remote, &address))
		source = address;
	if (source.family != c->address.family)
		return NULL;
	return flow_make(oe, &source, &c->address, o->entry);
}

/* Anew from the start, whatever was decided before. */
static void begin(struct oe *oe, struct flow *f, const struct order *o)
{
	struct address local = f->local, remote = f->remote;

	f->pinned = false;
	f->shorts = 0;
	if (f->state != FLOW_NONE && f->state != FLOW_EXPIRED && !flow_happens(oe, f, E28_OPERATOR))
		f = flow_make(oe, &local, &remote, o->entry);
	if (f)
		oe_begin(oe, f, o->entry);
}

static void forget(struct oe *oe, struct flow *f, const struct order *o)
{
	f->pinned = false;
	flow_happens(oe, f, f->state == FLOW_EXPIRED ? E24_IDLE : E28_OPERATOR);
}

static void pin_clear(struct oe *oe, struct flow *f, const struct order *o)
{
	f->pinned = true;
	flow_happens(oe, f, E28_PIN_CLEAR);
}

static void pin_deny(struct oe *oe, struct flow *f, const struct order *o)
{
	f->pinned = true;
	flow_happens(oe, f, E28_PIN_DENY);
}

static void unpin(struct oe *oe, struct flow *f, const struct order *o)
{
	if (f->pinned)
		forget(oe, f, o);
}

static const struct {
	enum command_kind kind;
	bool makes; /* a pair, where there is none */
	void (*run)(struct oe *oe, struct flow *f, const struct order *o);
	const char *done;
} orders[] = {
	{ COMMAND_OE_INITIATE, true, begin, "begun" },
	{ COMMAND_OE_FORGET, false, forget, "forgotten: its next packet decides" },
	{ COMMAND_OE_PIN_CLEAR, true, pin_clear, "pinned in clear" },
	{ COMMAND_OE_PIN_DENY, true, pin_deny, "pinned: denied" },
	{ COMMAND_OE_UNPIN, false, unpin, "unpinned: its next packet decides" },
};

static void carry_out(struct oe *oe, size_t which, struct order *o)
{
	uint64_t newest = oe->last_serial; /* not those that the orders make */
	struct list *pos, *next;
	struct flow *f;

	LIST_FOR_EACH (pos, next, &oe->flows) {
		f = LIST_ENTRY(pos, struct flow, link);
		if (f->serial > newest || !is_meant(f, o->command) ||
		    (o->command->kind == COMMAND_OE_UNPIN && !f->pinned) ||
		    (orders[which].makes && f->state == FLOW_NONE))
			continue;
		o->met++;
		orders[which].run(oe, f, o);
	}
	f = !o->met && orders[which].makes ? make(oe, o) : NULL;
	if (f) {
		o->met++;
		orders[which].run(oe, f, o);
	}
}

void oe_command(struct oe *oe, msec now, const struct command *command, struct actions *actions)
{
	struct order o = { command, plan_group(oe->plan, &command->address), 0 };
	char address[ADDRESS_TEXT];
	size_t which = 0;

	oe->now = now;
	oe->actions = actions;
	address_print(&command->address, address);
	while (which < ARRAY_LENGTH(orders) && orders[which].kind != command->kind)
		which++;
	if (which == ARRAY_LENGTH(orders) || oe->stopping) {
		actions_result(actions, command->number, REFUSED, REASON_STOPPING, "the daemon is stopping");
		return;
	}
	if (orders[which].makes && !o.entry) {
		actions_result(actions, command->number, NOT_FOUND, REASON_OE_NO_GROUP,
			       "%s is in no group: add it to a file of ipsec.d/policies and reload", address);
		return;
	}
	carry_out(oe, which, &o);
	if (o.met)
		actions_result(actions, command->number, 0, REASON_OPERATOR, "%s: %s", address,
			       orders[which].done);
	else if (orders[which].makes)
		actions_result(actions, command->number, NOT_FOUND, REASON_OE_ADDRESS_GONE,
			       "there is no address of ours to speak to %s from; --src names one", address);
	else
		actions_result(actions, command->number, NOT_FOUND, REASON_OE_NO_GROUP,
			       "nothing is %s about %s",
			       command->kind == COMMAND_OE_UNPIN ? "pinned" : "known", address);
}
