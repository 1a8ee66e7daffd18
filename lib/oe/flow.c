/*
 * The machine: an event meets a state, the table's cell says where to, and entering the state does what
 * the state means (kernel policy, question, wish, timer). Nobody else changes a flow's state.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

#define SHORT_LONGEST MINUTES(10)
#define KEY_LONGEST HOURS(6)
#define MEMORY MINUTES(10) /* so long a pair that failed is not forgotten */
#define TTL_LEAST SECONDS(30)

bool is_paranoid(enum group_class group)
{
	return group == CLASS_PRIVATE || group == CLASS_BLOCK;
}

void flow_pair_text(const struct flow *f, char text[96])
{
	char local[ADDRESS_TEXT], remote[ADDRESS_TEXT];

	snprintf(text, 96, "%s>%s", address_print(&f->local, local), address_print(&f->remote, remote));
}

bool oe_wishes_grow(struct oe *oe)
{
	size_t room = oe->wish_room ? oe->wish_room * 2 : LIMIT_STEP_NEWS;
	struct oe_wish *grown = calloc(room, sizeof(*grown));

	if (!grown)
		return false;
	for (size_t i = 0; i < oe->wish_count; i++)
		grown[i] = oe->wishes[(oe->wish_first + i) % oe->wish_room];
	free(oe->wishes);
	oe->wishes = grown;
	oe->wish_room = room;
	oe->wish_first = 0;
	return true;
}

struct oe_wish *oe_wish_add(struct oe *oe, enum oe_wish_kind kind)
{
	struct oe_wish *w;

	if (oe->wish_count == oe->wish_room && !oe_wishes_grow(oe))
		return NULL;
	w = &oe->wishes[(oe->wish_first + oe->wish_count++) % oe->wish_room];
	memset(w, 0, sizeof(*w));
	w->kind = kind;
	return w;
}

void ask_dns(struct oe *oe, uint64_t serial, bool second, const struct address *address)
{
	static const enum dns_type types[2] = { DNS_IPSECKEY, DNS_TXT };

	for (int i = 0; i < 2; i++) {
		struct action *a = actions_add(oe->actions, ACTION_RESOLVE);

		if (!a)
			return;
		a->resolve.number = query_number(serial, second ? 2 + i : i);
		reverse_name(address, a->resolve.question.name);
		a->resolve.question.type = types[i];
	}
}

/* ---- what entering a state means ---- */

void flow_end(struct oe *oe, struct flow *f, enum reason reason)
{
	struct oe_wish *w;

	if (!f->ike_sa && !f->child)
		return;
	w = oe_wish_add(oe, f->child ? WISH_DELETE_CHILD : WISH_ABANDON);
	if (!w)
		return;
	w->flow = f->serial;
	w->ike_sa = f->ike_sa;
	w->child = f->child;
	w->reason = reason;
}

static void enter_potential(struct oe *oe, struct flow *f)
{
	pair_put(oe, f, KERNEL_HOLD);
	flow_set_child(oe, f, 0, 0);
	ask_dns(oe, f->serial, false, &f->remote);
}

static void enter_pending(struct oe *oe, struct flow *f)
{
	struct oe_wish *w = oe_wish_add(oe, WISH_CONNECT);
	const struct setup *setup = &oe->plan->setup;

	/* What goes in clear does so until it is keyed (1.6, from EXPIRING); what was refused is held. */
	if (!f->pair_policy || f->stands == KERNEL_BLOCK)
		pair_put(oe, f, KERNEL_HOLD);
	flow_set_child(oe, f, 0, 0);
	if (!w)
		return;
	w->flow = f->serial;
	w->conn = f->conn;
	w->local = f->outer;
	w->gateway = f->gateway;
	w->ts_local = selector_of_host(&f->local);
	w->ts_remote = selector_of_host(&f->remote);
	w->mode = f->mode;
	w->reqid = f->reqid;
	w->acquire_seq = f->acquire_seq;
	w->keys = f->finding.keys;
	w->key_count = f->finding.key_count;
	w->level = f->finding.level;
	w->timeout =
		is_paranoid(f->group) ? setup->oe_ike_timeout_paranoid : setup->oe_ike_timeout_permissive;
}

static void enter_keyed(struct oe *oe, struct flow *f)
{
	f->asking = false;
	f->true_until =
		f->finding.key_count && f->finding.ttl ? msec_after(oe->now, f->finding.ttl) : MSEC_NEVER;
	f->shorts = 0;
	f->bytes = 0;
	pair_put(oe, f, KERNEL_IPSEC);
}

static void enter_clear(struct oe *oe, struct flow *f)
{
	flow_end(oe, f, f->reason);
	flow_set_child(oe, f, 0, 0);
	pair_put(oe, f, KERNEL_PASS);
}

static void enter_deny(struct oe *oe, struct flow *f)
{
	flow_end(oe, f, f->reason);
	flow_set_child(oe, f, 0, 0);
	pair_put(oe, f, KERNEL_BLOCK);
}

/* The template's trap stands: the pair's policy may go; the delete is IKE's, in its own queue. */
static void enter_expired(struct oe *oe, struct flow *f)
{
	flow_end(oe, f, f->reason);
	pair_remove(oe, f);
}

static void enter_none(struct oe *oe, struct flow *f)
{
	/* The peer's delete, or its silence, took the child: only an attempt of ours is left to end. */
	if (f->ike_sa && !f->child)
		flow_end(oe, f, f->reason);
	pair_remove(oe, f);
}

/* A question in the background: the policy stays as it is. */
static void enter_expiring(struct oe *oe, struct flow *f)
{
	flow_forget(f);
	ask_dns(oe, f->serial, false, &f->remote);
}

static void enter_quietly(struct oe *oe, struct flow *f)
{
}

static void (*const enter[FLOW_STATES])(struct oe *oe, struct flow *f) = {
	[FLOW_NONE] = enter_none,       [FLOW_POTENTIAL] = enter_potential, [FLOW_AUTHTXT] = enter_quietly,
	[FLOW_PENDING] = enter_pending, [FLOW_KEYED] = enter_keyed,         [FLOW_CLEAR] = enter_clear,
	[FLOW_DENY] = enter_deny,       [FLOW_EXPIRING] = enter_expiring,   [FLOW_EXPIRED] = enter_expired,
};

/* ---- lifespans ---- */

static msec short_life(struct oe *oe, struct flow *f)
{
	msec life = oe->plan->setup.oe_short_timeout << (f->shorts < 8 ? f->shorts : 8);

	f->shorts++;
	return msec_earlier(life, SHORT_LONGEST > oe->plan->setup.oe_short_timeout
					  ? SHORT_LONGEST
					  : oe->plan->setup.oe_short_timeout);
}

/* No decision outlives the answer that justified it, but none is made anew every few seconds either. */
static msec within_ttl(const struct flow *f, msec life)
{
	msec ttl = f->finding.ttl;

	if (!ttl)
		return life;
	return msec_earlier(life, ttl < TTL_LEAST ? TTL_LEAST : ttl);
}

/* A key that does not fit stays so while its record lives: the peer must publish the right one first. */
static msec key_life(const struct oe *oe, const struct flow *f)
{
	msec life = f->finding.ttl ? msec_earlier(f->finding.ttl, KEY_LONGEST)
				   : oe->plan->setup.oe_normal_timeout;

	return life < oe->plan->setup.oe_short_timeout ? oe->plan->setup.oe_short_timeout : life;
}

static msec life_of(struct oe *oe, struct flow *f, enum lifespan life)
{
	const struct setup *s = &oe->plan->setup;
	bool paranoid = is_paranoid(f->group);

	switch (life) {
	case LIFE_NONE:
		return MSEC_NEVER;
	case LIFE_DNS:
		return paranoid ? s->oe_dns_timeout_paranoid : s->oe_dns_timeout_permissive;
	case LIFE_IKE:
		/* IKE gives up by itself at this time; the guard is a little later. */
		return 2 * (paranoid ? s->oe_ike_timeout_paranoid : s->oe_ike_timeout_permissive);
	case LIFE_SHORT:
		return short_life(oe, f);
	case LIFE_NORMAL:
		f->shorts = 0;
		return within_ttl(f, s->oe_normal_timeout);
	case LIFE_KEY:
		f->shorts = 0;
		return key_life(oe, f);
	case LIFE_INITIAL:
		return s->oe_initial_lifespan;
	case LIFE_LATER:
		return s->oe_lifespan;
	case LIFE_MEMORY:
		return MEMORY;
	}
	return MSEC_NEVER;
}

/* ---- the machine ---- */

static void remember(struct oe *oe, struct flow *f, enum flow_state from, enum reason reason)
{
	struct step_back *step = &f->history[f->steps++ % LIMIT_FLOW_HISTORY];

	*step = (struct step_back){ oe->now, from, f->state, reason };
}

static void move(struct oe *oe, struct flow *f, const struct oe_cell *cell)
{
	enum flow_state from = f->state, to = is_paranoid(f->group) ? cell->paranoid : cell->permissive;
	msec life;
	char pair[96];

	oe->counts.by_state[from]--;
	oe->counts.by_state[to]++;
	f->state = to;
	f->reason = cell->reason;
	f->since = oe->now;
	f->life = cell->life;
	f->counting = f->looked = false;
	life = life_of(oe, f, cell->life);
	f->until = life == MSEC_NEVER ? MSEC_NEVER : msec_after(oe->now, life);
	if (to == FLOW_CLEAR || to == FLOW_DENY || to == FLOW_NONE)
		f->level = LEVEL_NONE;
	remember(oe, f, from, cell->reason);
	flow_pair_text(f, pair);
	actions_transition(oe->actions, "flow", f->serial, pair, flow_state_name(from), flow_state_name(to),
			   cell->reason);
	actions_note(oe->actions, NOTE_INFO, "%s: %s -> %s: %s: %s", pair, flow_state_name(from),
		     flow_state_name(to), reason_word(cell->reason), cell->what);
	/* A keyed pair that was only looked at keeps its policies as they are. */
	if (from != to || from != FLOW_KEYED || cell->reason == REASON_REPLACED)
		enter[to](oe, f);
}

bool flow_happens(struct oe *oe, struct flow *f, enum flow_event event)
{
	const struct oe_cell *cell = oe_cell(f->state, event);
	char pair[96];

	oe->met[f->state][event]++;
	if (cell->sort != OE_DO) {
		flow_pair_text(f, pair);
		oe->counts.hints_ignored += event == E15_UNPROTECTED_REFUSAL || event == E19_ICMP ||
					    event == E20_UNKNOWN_SPI_HINT;
		actions_note(oe->actions, NOTE_DEBUG, "%s: %s: %s: %s (%s)", pair, flow_state_name(f->state),
			     flow_event_name(event), oe_sort_name(cell->sort), cell->what);
		return true;
	}
	move(oe, f, cell);
	if (f->state == FLOW_NONE) {
		flow_discard(oe, f);
		return false;
	}
	if (!deadlines_set(&oe->deadlines, f->serial, looks_next(oe, f)))
		actions_note(oe->actions, NOTE_ERROR, "no memory for a deadline");
	return true;
}
