/*
 * The node (node.h): events to the room they are for, IKE's news to opportunism and to the configured
 * connections, opportunism's wishes to IKE, and the actions of one step in their safe order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

#define ROUNDS_LIMIT 10000 /* news and wishes of one step: more is a loop of ours */

struct node *node_new(const struct crypto *crypto)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->crypto = crypto;
	n->ike = ike_new(crypto);
	n->oe = oe_new(crypto);
	n->stop_due = n->stop_tell_due = n->again_due = MSEC_NEVER;
	n->room = calloc(1, sizeof(*n->room));
	/* Runs and flows name themselves to IKE by one series of numbers: runs have the odd upper half. */
	n->last_run = (uint64_t)1 << 48;
	if (!n->ike || !n->oe || !n->room) {
		node_discard(n);
		return NULL;
	}
	return n;
}

void node_discard(struct node *n)
{
	if (!n)
		return;
	ike_discard(n->ike);
	oe_discard(n->oe);
	adopt_discard(n->adopt);
	plan_discard(n->plan);
	free(n->room);
	runs_forget(n);
	deadlines_discard(&n->retries);
	free(n);
}

const struct ike *node_ike(const struct node *n)
{
	return n->ike;
}

const struct oe *node_oe(const struct node *n)
{
	return n->oe;
}

/* ---- the translator ---- */

static bool is_group(const struct node *n, uint32_t serial)
{
	const struct conn *conn = plan_conn(n->plan, serial);

	return conn && conn->group != CLASS_NONE;
}

static void tell_child(struct oe_child *child, const struct ike_news *news)
{
	*child = (struct oe_child){
		.flow = news->owner,
		.ike_sa = news->ike_sa,
		.child = news->child,
		.conn = news->conn,
		.local = news->ts_local.first,
		.remote = news->ts_remote.first,
		.gateway = news->remote.address,
		.mode = news->mode,
		.reqid = news->reqid,
		.spi_in = news->spi_in,
		.spi_out = news->spi_out,
		.level = news->level,
		.initiator = news->initiator,
		.began = news->began,
	};
	snprintf(child->peer_id, sizeof(child->peer_id), "%s", news->peer_id);
}

static void tell_oe(struct node *n, msec now, const struct ike_news *news, struct actions *actions)
{
	struct oe_child child;

	switch (news->kind) {
	case NEWS_CHILD_UP:
		tell_child(&child, news);
		oe_child_up(n->oe, now, &child, actions);
		break;
	case NEWS_CHILD_REPLACED:
		tell_child(&child, news);
		oe_child_replaced(n->oe, now, news->replaced, &child, actions);
		break;
	case NEWS_CHILD_DOWN:
		oe_child_down(n->oe, now, news->child, news->reason, actions);
		break;
	case NEWS_ATTEMPT_FAILED:
		oe_attempt_failed(n->oe, now, news->owner, news->reason, news->notify, news->proven, actions);
		break;
	case NEWS_HINT:
		oe_hint(n->oe, now, news->owner, actions);
		break;
	case NEWS_PEER_WANTED:
		oe_peer_wanted(n->oe, now, news->ike_sa, news->conn, &news->id, news->null_auth,
			       &news->local.address, &news->remote.address, actions);
		break;
	case NEWS_REAUTH_WANTED:
	case NEWS_CHILD_DELETED:
	case NEWS_IKE_REPLACED:
	case NEWS_IKE_UP:
	case NEWS_IKE_DOWN:
		break;
	}
}

static void connect_flow(struct node *n, msec now, const struct oe_wish *wish, struct actions *actions)
{
	struct ike_wish ask = {
		.owner = wish->flow,
		.conn = wish->conn,
		.local = { wish->local, 500 },
		.remote = { wish->gateway, 500 },
		.ts_local = wish->ts_local,
		.ts_remote = wish->ts_remote,
		.mode = wish->mode,
		.reqid = wish->reqid,
		.acquire_seq = wish->acquire_seq,
		.peer_keys = wish->keys,
		.peer_key_count = wish->key_count,
		.level = wish->level,
		.timeout = wish->timeout,
	};
	const struct conn *conn = plan_conn(n->plan, wish->conn);
	const struct end *local, *remote;
	struct address address;
	enum reason reason;
	uint64_t serial;

	if (conn && conn_sides(n, conn, &local, &remote, &address)) {
		ask.local.port = local->ikeport;
		ask.remote.port = remote->ikeport;
	}
	serial = ike_initiate(n->ike, now, &ask, actions, &reason);
	oe_connecting(n->oe, now, wish->flow, serial, reason, actions);
}

static void fulfil(struct node *n, msec now, const struct oe_wish *wish, struct actions *actions)
{
	switch (wish->kind) {
	case WISH_CONNECT:
		connect_flow(n, now, wish, actions);
		break;
	case WISH_DELETE_CHILD:
		ike_delete_child(n->ike, now, wish->child, wish->reason, actions);
		break;
	case WISH_REDUNDANT_CHILD:
		ike_redundant_child(n->ike, now, wish->child, wish->reason, actions);
		break;
	case WISH_YIELD:
		(void)!ike_yield(n->ike, now, wish->ike_sa, actions);
		break;
	case WISH_ABANDON:
		ike_abandon(n->ike, now, wish->ike_sa, wish->reason, actions);
		break;
	case WISH_PEER_ANSWER:
		ike_peer_found(n->ike, now, wish->ike_sa, wish->allowed, wish->reason, wish->keys,
			       wish->key_count, wish->level, actions);
		break;
	}
}

/* News and wishes until there are none. */
void node_translate(struct node *n, msec now, struct actions *actions)
{
	struct ike_news news;
	struct oe_wish wish;

	for (unsigned round = 0; round < ROUNDS_LIMIT; round++) {
		if (ike_next_news(n->ike, &news)) {
			stop_news(n, &news, actions);
			if (is_group(n, news.conn))
				tell_oe(n, now, &news, actions);
			else
				conns_news(n, now, &news, actions);
		} else if (oe_next_wish(n->oe, &wish)) {
			fulfil(n, now, &wish, actions);
		} else {
			return;
		}
	}
	actions_note(actions, NOTE_ERROR, "news and wishes did not come to rest in one step");
}

/* ---- events ---- */

/* The plan and the addresses come into force: everywhere, or again soon. */
static void put_plan(struct node *n, msec now, struct actions *actions)
{
	bool ike = ike_set_plan(n->ike, n->plan, n->addresses);
	bool oe = oe_set_plan(n->oe, now, n->plan, n->addresses, actions);
	bool conns = conns_set_plan(n, now, actions);

	n->again_due = ike && oe && conns ? MSEC_NEVER : msec_after(now, LIMIT_AGAIN);
	if (n->again_due != MSEC_NEVER)
		actions_note(actions, NOTE_ERROR,
			     "there was no memory for the whole configuration: it is tried again");
}

static void take_plan(struct node *n, msec now, struct plan *plan, struct actions *actions)
{
	struct plan *old = n->plan;

	n->plan = plan;
	put_plan(n, now, actions);
	plan_discard(old);
}

static void take_addresses(struct node *n, msec now, const struct event_addresses *addresses,
			   struct actions *actions)
{
	*n->room = *addresses;
	n->addresses = n->room;
	if (n->plan)
		put_plan(n, now, actions);
}

static void take_command(struct node *n, msec now, struct event *event, struct actions *actions)
{
	const struct command *command = &event->command;

	if (command->kind == COMMAND_SHUTDOWN)
		stop_begin(n, now, command, actions);
	else if (!n->plan)
		actions_result(actions, command->number, 8, REASON_CONFIG, "there is no configuration");
	else if (command->kind == COMMAND_EXPLAIN)
		oe_explain(n->oe, now, command, actions);
	else if (command->kind == COMMAND_OE_LIST)
		oe_list(n->oe, now, command, actions);
	else if (command->kind > COMMAND_OE_LIST && command->kind <= COMMAND_OE_UNPIN)
		oe_command(n->oe, now, command, actions);
	else if (command->kind == COMMAND_STATUS || command->kind == COMMAND_SHOW)
		status_command(n, now, command, actions);
	else
		conns_command(n, now, command, actions);
}

static void take_leftovers(struct node *n, struct kernel_state *state, struct actions *actions)
{
	bool failed;

	adopt_discard(n->adopt);
	n->adopt = adopt_new(state, &failed);
	if (failed)
		actions_note(actions, NOTE_ERROR,
			     "there was no memory to take over what an earlier run left");
}

/* What an earlier run left keyed is keyed anew, as if packets had asked. */
static void key_anew(struct node *n, msec now, struct actions *actions)
{
	struct event event = { .kind = EVENT_ACQUIRE };

	while (adopt_next(n->adopt, n->plan, &event.acquire)) {
		if (oe_owns_reqid(n->oe, event.acquire.reqid))
			oe_event(n->oe, now, &event, actions);
		else
			conns_adopt(n, now, event.acquire.reqid, actions);
	}
}

static void look_at_leftovers(struct node *n, msec now, size_t from, struct actions *actions)
{
	adopt_look(n->adopt, n->plan, now, from, actions);
	if (n->adopt && adopt_is_over(n->adopt)) {
		adopt_discard(n->adopt);
		n->adopt = NULL;
	}
}

static void dispatch(struct node *n, msec now, struct event *event, struct actions *actions)
{
	switch (event->kind) {
	case EVENT_TIME:
		break;
	case EVENT_ACQUIRE:
		if (oe_owns_reqid(n->oe, event->acquire.reqid))
			oe_event(n->oe, now, event, actions);
		else
			conns_acquire(n, now, &event->acquire, actions);
		break;
	case EVENT_COUNTERS:
		oe_event(n->oe, now, event, actions);
		ike_event(n->ike, now, event, actions);
		break;
	case EVENT_POLICY_USE:
	case EVENT_RESOLVED:
		oe_event(n->oe, now, event, actions);
		break;
	case EVENT_COMMAND:
		take_command(n, now, event, actions);
		break;
	case EVENT_PLAN:
		take_plan(n, now, event->plan, actions);
		event->plan = NULL;
		key_anew(n, now, actions);
		break;
	case EVENT_ADDRESSES:
		take_addresses(n, now, event->addresses, actions);
		break;
	case EVENT_KERNEL_STATE:
		take_leftovers(n, event->kernel_state, actions);
		event->kernel_state = NULL;
		break;
	case EVENT_ABILITIES:
		ike_set_abilities(n->ike, &event->abilities);
		break;
	case EVENT_KERNEL_FAILED:
		n->kernel_failures++;
		actions_note(actions, NOTE_ERROR, "the kernel refused: %s", event->kernel_failed.why);
		if (!event->kernel_failed.child && !n->stopping)
			refused_note(&n->refused, now, &event->kernel_failed.policy, actions);
		ike_event(n->ike, now, event, actions);
		break;
	case EVENT_PACKET:
	case EVENT_JOB_DONE:
	case EVENT_EXPIRE:
	case EVENT_MAPPING:
	case EVENT_RESYNC:
		ike_event(n->ike, now, event, actions);
		break;
	}
}

/* What must happen first: a policy never points at an SA that is not there, nor outlives its last SA. */
static int rank(enum action_kind kind)
{
	return kind == ACTION_SA_INSTALL      ? 0
	       : kind == ACTION_POLICY_PUT    ? 1
	       : kind == ACTION_POLICY_REMOVE ? 3
	       : kind == ACTION_SA_REMOVE     ? 4
	       : kind == ACTION_STOPPED       ? 5
					      : 2;
}

/*
 * A policy that goes and comes again within the step stays: the order would put it first and remove it last.
 */
static bool is_put_again(const struct actions *actions, size_t at)
{
	const struct kernel_policy *p = &actions->at[at].policy;

	for (size_t i = at + 1; i < actions->count; i++) {
		const struct kernel_policy *later = &actions->at[i].policy;

		if (actions->at[i].kind == ACTION_POLICY_PUT && later->direction == p->direction &&
		    selector_equal(&later->src, &p->src) && selector_equal(&later->dst, &p->dst))
			return true;
	}
	return false;
}

static void drop_undone(struct actions *actions, size_t from)
{
	size_t kept = from;

	for (size_t i = from; i < actions->count; i++) {
		if (actions->at[i].kind != ACTION_POLICY_REMOVE || !is_put_again(actions, i))
			actions->at[kept++] = actions->at[i];
	}
	actions->count = kept;
}

/* The same without memory, in place: slower. */
static void order_slowly(struct action *at, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct action moved = at[i];
		size_t to = i;

		for (; to && rank(at[to - 1].kind) > rank(moved.kind); to--)
			at[to] = at[to - 1];
		at[to] = moved;
		wipe(&moved, sizeof(moved));
	}
}

/* Orders this step's actions, keeping those of one rank as they came. */
static void order(struct actions *actions, size_t from)
{
	size_t count = actions->count - from;
	struct action *sorted = count > 1 ? malloc(count * sizeof(*sorted)) : NULL;
	size_t used = 0;

	if (!sorted) {
		order_slowly(&actions->at[from], count);
		return;
	}
	for (int r = 0; r <= 5; r++) {
		for (size_t i = 0; i < count; i++) {
			if (rank(actions->at[from + i].kind) == r)
				sorted[used++] = actions->at[from + i];
		}
	}
	memcpy(&actions->at[from], sorted, count * sizeof(*sorted));
	wipe(sorted, count * sizeof(*sorted));
	free(sorted);
}

void node_step(struct node *n, msec now, struct event *event, struct actions *actions)
{
	size_t from = actions->count;
	struct event time = { .kind = EVENT_TIME };

	dispatch(n, now, event, actions);
	event_discard(n->crypto, event);
	node_translate(n, now, actions);
	if (n->again_due <= now)
		put_plan(n, now, actions);
	if (oe_deadline(n->oe) <= now)
		oe_event(n->oe, now, &time, actions);
	if (ike_deadline(n->ike) <= now)
		ike_event(n->ike, now, &time, actions);
	if (conns_deadline(n) <= now)
		conns_time(n, now, actions);
	node_translate(n, now, actions);
	stop_look(n, now, actions);
	look_at_leftovers(n, now, from, actions);
	refused_look(&n->refused, actions, from);
	if (refused_deadline(&n->refused) <= now)
		refused_time(&n->refused, now, actions);
	drop_undone(actions, from);
	order(actions, from);
}

msec node_deadline(const struct node *n)
{
	msec due = msec_earlier(ike_deadline(n->ike), oe_deadline(n->oe));

	due = msec_earlier(msec_earlier(due, n->again_due), conns_deadline(n));
	due = msec_earlier(due, adopt_deadline(n->adopt));
	due = msec_earlier(due, refused_deadline(&n->refused));
	return msec_earlier(due, stop_deadline(n));
}

bool node_check(const struct node *n, msec now, char why[160])
{
	return ike_check(n->ike, why) && oe_check(n->oe, now, why);
}
