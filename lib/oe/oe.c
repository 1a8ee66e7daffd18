/* The face of opportunism (oe.h): what happened outside becomes an event of a flow. */
#include "oe.h"

#include <stdlib.h>
#include <string.h>

#include "inside.h"

struct oe *oe_new(const struct crypto *crypto)
{
	struct oe *oe = calloc(1, sizeof(*oe));

	if (!oe)
		return NULL;
	oe->crypto = crypto;
	if (!flows_init(oe) || !oe_wishes_grow(oe)) {
		oe_discard(oe);
		return NULL;
	}
	return oe;
}

void oe_discard(struct oe *oe)
{
	if (!oe)
		return;
	flows_discard(oe);
	askers_discard(oe);
	finding_discard(&oe->answer);
	deadlines_discard(&oe->deadlines);
	free(oe->addresses);
	free(oe->wishes);
	free(oe->templates);
	free(oe);
}

static void enter(struct oe *oe, msec now, struct actions *actions)
{
	oe->now = now;
	oe->actions = actions;
}

bool oe_owns_reqid(const struct oe *oe, uint32_t reqid)
{
	const struct conn *conn = oe->plan ? plan_conn_by_reqid(oe->plan, reqid) : NULL;

	return conn && conn->group != CLASS_NONE;
}

bool oe_has_address(const struct oe *oe, const struct address *address)
{
	for (size_t i = 0; oe->addresses && i < oe->addresses->count; i++) {
		if (address_equal(&oe->addresses->at[i], address))
			return true;
	}
	return false;
}

bool oe_sides(const struct oe *oe, const struct conn *conn, uint8_t family, const struct end **local,
	      const struct end **remote, struct address *address)
{
	if (!oe->addresses ||
	    !conn_orient(conn, oe->addresses->at, oe->addresses->count, &oe->addresses->default_v4,
			 &oe->addresses->default_v6, local, remote, address))
		return false;
	/* A group's family is that of its entry: %defaultroute means the route of that family. */
	if ((*local)->host == HOST_DEFAULTROUTE)
		*address = family == ADDRESS_V6 ? oe->addresses->default_v6 : oe->addresses->default_v4;
	return true;
}

/* An address of ours that the pair's packets may have from now on. */
static bool has_another(const struct oe *oe, const struct flow *f)
{
	for (size_t i = 0; i < oe->addresses->count; i++) {
		if (oe->addresses->at[i].family == f->outer.family)
			return true;
	}
	return false;
}

bool oe_set_plan(struct oe *oe, msec now, const struct plan *plan, const struct event_addresses *addresses,
		 struct actions *actions)
{
	struct list *pos, *next;
	bool whole;

	enter(oe, now, actions);
	oe->plan = plan;
	if (addresses && !oe->addresses)
		oe->addresses = malloc(sizeof(*oe->addresses));
	if (addresses && oe->addresses)
		*oe->addresses = *addresses;
	/* New templates stand before any pair loses its policy. */
	whole = templates_put(oe) && (!addresses || oe->addresses);
	LIST_FOR_EACH (pos, next, &oe->flows) {
		struct flow *f = LIST_ENTRY(pos, struct flow, link);
		const struct group_entry *e = plan_group(plan, &f->remote);

		if (oe->addresses && !oe_has_address(oe, &f->outer))
			flow_happens(oe, f, has_another(oe, f) ? E31_ADDRESS_CHANGED : E30_ADDRESS_GONE);
		else if (f->pinned && e)
			flow_settle(oe, f, e);
		else if (!e || e->group != f->group || e->conn != f->conn)
			flow_happens(oe, f, E29_CLASS_CHANGED);
	}
	return whole;
}

/* ---- events ---- */

size_t oe_trying(const struct oe *oe)
{
	const size_t *n = oe->counts.by_state;

	return n[FLOW_POTENTIAL] + n[FLOW_AUTHTXT] + n[FLOW_PENDING] + n[FLOW_EXPIRING];
}

/* Where nobody knows, DNS is asked: no key is ever made up. */
bool oe_needs_dns(const struct oe *oe, const struct flow *f)
{
	const struct conn *conn = plan_conn(oe->plan, f->conn);
	const struct end *local, *remote;
	struct address address;

	return !conn || !oe_sides(oe, conn, f->remote.family, &local, &remote, &address) ||
	       remote->key_source == KEY_SOURCE_DNS;
}

static enum flow_event acquire_event(const struct oe *oe, const struct flow *f)
{
	if (f->group == CLASS_CLEAR)
		return E02_CLEAR;
	if (f->group == CLASS_CLEAR_OR_PRIVATE)
		return E02_PASSIVE;
	if (f->group == CLASS_BLOCK)
		return E02_BLOCK;
	if (oe_trying(oe) >= LIMIT_FLOWS_TRYING)
		return E34_LIMIT;
	return oe_needs_dns(oe, f) ? E01_ACQUIRE : E12_KEY_FOUND;
}

void oe_begin(struct oe *oe, struct flow *f, const struct group_entry *e)
{
	enum flow_event event;

	/* A new life: nothing of the last one counts but how often it failed. */
	flow_settle(oe, f, e);
	flow_forget(f);
	f->gateway = f->remote;
	event = acquire_event(oe, f);
	oe->counts.limits_hit += event == E34_LIMIT;
	flow_happens(oe, f, event);
}

static void acquire(struct oe *oe, const struct kernel_acquire *a)
{
	const struct address *local = &a->inner_src.first, *remote = &a->inner_dst.first;
	const struct group_entry *e = plan_group(oe->plan, remote);
	struct flow *f = flow_find(oe, local, remote);

	oe->counts.acquires++;
	if (oe->stopping || !e)
		return;
	if (!f)
		f = flow_make(oe, local, remote, e);
	if (!f) {
		oe->counts.limits_hit++;
		return;
	}
	f->acquires++;
	f->acquire_seq = a->seq;
	if (f->state != FLOW_NONE && f->state != FLOW_EXPIRED) {
		flow_happens(oe, f, E01_ACQUIRE);
		pair_again(oe, f);
		return;
	}
	oe_begin(oe, f, e);
}

static void run_due(struct oe *oe)
{
	uint64_t serial;

	while (deadlines_first(&oe->deadlines, &serial) <= oe->now) {
		struct flow *f = flow_by_serial(oe, serial);

		deadlines_remove(&oe->deadlines, serial);
		if (serial & ASKER)
			responder_due(oe, serial);
		else if (f)
			looks_due(oe, f);
	}
}

void oe_event(struct oe *oe, msec now, struct event *event, struct actions *actions)
{
	enter(oe, now, actions);
	if (event->kind == EVENT_ACQUIRE)
		acquire(oe, &event->acquire);
	else if (event->kind == EVENT_RESOLVED)
		answers_resolved(oe, event);
	else if (event->kind == EVENT_COUNTERS)
		looks_counted(oe, event);
	else if (event->kind == EVENT_POLICY_USE)
		looks_policy_used(oe, event);
	run_due(oe);
}

msec oe_deadline(const struct oe *oe)
{
	return deadlines_first(&oe->deadlines, NULL);
}

bool oe_next_wish(struct oe *oe, struct oe_wish *wish)
{
	if (!oe->wish_count)
		return false;
	*wish = oe->wishes[oe->wish_first];
	oe->wish_first = (oe->wish_first + 1) % oe->wish_room;
	oe->wish_count--;
	return true;
}

/* ---- what IKE did ---- */

void oe_connecting(struct oe *oe, msec now, uint64_t flow, uint64_t ike_sa, enum reason reason,
		   struct actions *actions)
{
	struct flow *f = flow_by_serial(oe, flow);

	enter(oe, now, actions);
	if (!f || f->state != FLOW_PENDING)
		return;
	flow_set_child(oe, f, ike_sa, 0);
	if (!ike_sa)
		answers_failed(oe, f, E14_SILENCE, reason);
}

static void wish_delete(struct oe *oe, uint64_t ike_sa, uint64_t child, enum reason reason)
{
	struct oe_wish *w = oe_wish_add(oe, child ? WISH_DELETE_CHILD : WISH_ABANDON);

	if (!w)
		return;
	w->ike_sa = ike_sa;
	w->child = child;
	w->reason = reason;
}

/*
 * Both sides began at the same time and both finished: one child is enough, and both must choose the same.
 * The one made by the lower address stays; the other is closed by the side that made it. A handshake that began when
 * ours was up crosses nothing: its peer has begun anew (ike_yield).
 */
static bool is_crossing(const struct flow *f, const struct oe_child *child)
{
	return f->state == FLOW_KEYED && f->child && f->child_initiator != child->initiator &&
	       child->began <= f->child_since;
}

static bool loses_crossing(const struct flow *f, const struct oe_child *child)
{
	bool ours_stays = address_compare(&f->local, &f->remote) < 0;

	return child->initiator != ours_stays;
}

static void wish_redundant(struct oe *oe, uint64_t child, enum reason reason)
{
	struct oe_wish *w = oe_wish_add(oe, WISH_REDUNDANT_CHILD);

	if (!w)
		return;
	w->child = child;
	w->reason = reason;
}

/* Of two that crossed, the one that lost: its maker deletes it. */
static void end_crossed(struct oe *oe, bool ours, uint64_t ike_sa, uint64_t child)
{
	if (ours) {
		wish_delete(oe, ike_sa, child, REASON_REPLACED);
		return;
	}
	wish_redundant(oe, child, REASON_REDUNDANT);
}

/* The peer was faster: an attempt of ours that it has not answered yet ends; one that is further on crosses. */
static void wish_yield(struct oe *oe, const struct flow *f)
{
	struct oe_wish *w = f->child || !f->ike_sa ? NULL : oe_wish_add(oe, WISH_YIELD);

	if (w)
		w->ike_sa = f->ike_sa;
}

void oe_child_up(struct oe *oe, msec now, const struct oe_child *child, struct actions *actions)
{
	struct flow *f = flow_find(oe, &child->local, &child->remote);
	const struct group_entry *e = plan_group(oe->plan, &child->remote);
	bool ours = f && f->serial == child->flow;

	enter(oe, now, actions);
	if (!f && e)
		f = flow_make(oe, &child->local, &child->remote, e);
	if (!f) {
		wish_delete(oe, child->ike_sa, child->child, REASON_LIMIT);
		return;
	}
	if (e && f->state == FLOW_EXPIRED)
		flow_settle(oe, f, e);
	if (f->pinned) {
		wish_delete(oe, child->ike_sa, child->child, REASON_OE_PINNED);
		return;
	}
	/* Nobody takes a pair over who proved less than its holder (RFC 7619 3.3). */
	if (!ours && f->state == FLOW_KEYED && f->level > child->level) {
		wish_delete(oe, child->ike_sa, child->child, REASON_AUTH_METHOD);
		return;
	}
	if (is_crossing(f, child)) {
		if (loses_crossing(f, child)) {
			end_crossed(oe, child->initiator, child->ike_sa, child->child);
			return;
		}
		end_crossed(oe, f->child_initiator, f->ike_sa, f->child);
	} else if (f->child && f->ike_sa != child->ike_sa) {
		/* The peer began anew (it may have lost everything): the newest child serves. */
		wish_redundant(oe, f->child, REASON_REPLACED);
	}
	if (!ours)
		wish_yield(oe, f);
	f->child_initiator = child->initiator;
	f->child_since = now;
	flow_set_child(oe, f, child->ike_sa, child->child);
	f->gateway = child->gateway;
	f->spi_in = child->spi_in;
	f->spi_out = child->spi_out;
	f->mode = child->mode;
	f->level = child->level;
	f->counting = false;
	memcpy(f->peer_id, child->peer_id, sizeof(f->peer_id));
	flow_happens(oe, f, ours ? E13_CHILD_UP : E26_PEER_INITIATES);
}

void oe_child_replaced(struct oe *oe, msec now, uint64_t before, const struct oe_child *child,
		       struct actions *actions)
{
	struct flow *f = flow_by_child(oe, before);

	enter(oe, now, actions);
	if (!f)
		return;
	/* The same pair under new keys: its policies, its level and its lifespan stay. */
	flow_set_child(oe, f, child->ike_sa, child->child);
	f->spi_in = child->spi_in;
	f->spi_out = child->spi_out;
	f->bytes = 0;
	f->counting = false;
}

static enum flow_event loss_event(enum reason reason)
{
	switch (reason) {
	case REASON_PEER_DELETED:
		return E25_PEER_DELETE;
	case REASON_LIVENESS:
	case REASON_PEER_SILENT:
		return E27_LIVENESS_FAILED;
	case REASON_EXPIRED:
		return E23_HARD_EXPIRY;
	default:
		return E25_PEER_DELETE;
	}
}

void oe_child_down(struct oe *oe, msec now, uint64_t child, enum reason reason, struct actions *actions)
{
	struct flow *f = flow_by_child(oe, child);

	enter(oe, now, actions);
	if (!f)
		return;
	flow_set_child(oe, f, 0, 0);
	flow_happens(oe, f, loss_event(reason));
}

void oe_attempt_failed(struct oe *oe, msec now, uint64_t flow, enum reason reason, uint16_t notify,
		       bool proven, struct actions *actions)
{
	struct flow *f = flow_by_serial(oe, flow);
	enum flow_event event = E14_SILENCE;

	enter(oe, now, actions);
	if (!f || f->state != FLOW_PENDING)
		return;
	flow_set_child(oe, f, 0, 0);
	if (proven)
		event = E17_PROVEN_REFUSAL;
	else if (reason == REASON_AUTH_FAILED || reason == REASON_ID_MISMATCH || reason == REASON_AUTH_METHOD)
		event = E18_BAD_PROOF;
	else if (reason == REASON_AUTH_REFUSED || reason == REASON_PEER_REFUSED)
		event = E16_UNPROVEN_REFUSAL;
	answers_failed(oe, f, event, reason);
}

void oe_hint(struct oe *oe, msec now, uint64_t flow, struct actions *actions)
{
	struct flow *f = flow_by_serial(oe, flow);

	enter(oe, now, actions);
	if (f)
		flow_happens(oe, f, E15_UNPROTECTED_REFUSAL);
}

void oe_stop(struct oe *oe, msec now, struct actions *actions)
{
	struct list *pos, *next;

	enter(oe, now, actions);
	oe->stopping = true;
	LIST_FOR_EACH (pos, next, &oe->flows)
		flow_happens(oe, LIST_ENTRY(pos, struct flow, link), E33_STOP);
	templates_remove(oe);
}
