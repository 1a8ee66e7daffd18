/*
 * The life of configured connections: what is wanted of each (loaded, routed, up), attempts and their
 * retries, and who waits for a result. Groups are opportunism's (lib/oe).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

#define RETRY_FIRST SECONDS(1)
#define RETRY_LONGEST MINUTES(2)

static struct run *run_of_conn(const struct node *n, uint32_t conn)
{
	for (size_t i = 0; i < n->run_count; i++) {
		if (n->runs[i].conn == conn)
			return &n->runs[i];
	}
	return NULL;
}

static struct run *run_of_serial(const struct node *n, uint64_t serial)
{
	for (size_t i = 0; serial && i < n->run_count; i++) {
		if (n->runs[i].serial == serial)
			return &n->runs[i];
	}
	return NULL;
}

bool conns_owns(const struct node *n, uint64_t owner)
{
	return run_of_serial(n, owner) != NULL;
}

static const char *state_of(const struct run *run)
{
	return run->child                     ? "up"
	       : run->ike_sa                  ? "negotiating"
	       : run->retry_due != MSEC_NEVER ? "waiting"
	       : run->routed                  ? "routed"
	       : run->loaded                  ? "loaded"
					      : "unloaded";
}

static void changed(struct node *n, struct run *run, msec now, const char *from, enum reason reason,
		    struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, run->conn);
	const char *to = state_of(run);

	run->reason = reason;
	run->since = now;
	if (strcmp(from, to) == 0)
		return;
	actions_transition(actions, "conn", run->serial, conn ? conn->name : "", from, to, reason);
	actions_note(actions, NOTE_INFO, "\"%s\": %s -> %s: %s", conn ? conn->name : "", from, to,
		     reason_sentence(reason));
}

/* Exit statuses of docs/commands.md. */
static int status_of(const struct run *run)
{
	/* A refusal that nobody signed still is the best answer to "why" when nothing better came. */
	if (run->reason == REASON_AUTH_REFUSED || run->reason == REASON_PEER_REFUSED || run->notify)
		return 7;
	return run->reason == REASON_PEER_SILENT ? 5 : 1;
}

static void answer_up(struct run *run, int status, const char *name, struct actions *actions)
{
	if (run->up_command)
		actions_result(actions, run->up_command, status, run->reason, "\"%s\": %s", name,
			       reason_sentence(run->reason));
	run->up_command = 0;
}

static void answer_down(struct run *run, int status, const char *name, const char *text,
			struct actions *actions)
{
	if (run->down_command)
		actions_result(actions, run->down_command, status, run->reason, "\"%s\": %s", name, text);
	run->down_command = 0;
}

static void start(struct node *n, struct run *run, msec now, struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, run->conn);
	const char *before = state_of(run);
	const struct end *local, *remote;
	struct ike_wish wish = { .owner = run->serial, .conn = run->conn, .acquire_seq = run->acquire_seq };
	enum reason reason = REASON_NO_ADDRESS;

	run->retry_due = MSEC_NEVER;
	if (!conn || run->ike_sa || n->stopping)
		return;
	run->attempts++;
	if (conn_sides(n, conn, &local, &remote, &wish.local.address) && remote->host == HOST_ADDRESS) {
		wish.local.port = local->ikeport;
		wish.remote = (struct endpoint){ remote->address, remote->ikeport };
		wish.ts_local = end_selector(local, &wish.local.address);
		wish.ts_remote = end_selector(remote, &remote->address);
		wish.mode = conn->type == CONN_TRANSPORT ? KERNEL_TRANSPORT : KERNEL_TUNNEL;
		wish.reqid = conn->reqid;
		run->ike_sa = ike_initiate(n->ike, now, &wish, actions, &reason);
	}
	if (run->ike_sa) {
		changed(n, run, now, before, REASON_OK, actions);
		return;
	}
	changed(n, run, now, before, reason, actions);
	answer_up(run, 1, conn->name, actions);
}

/* The wait before the next attempt: doubled each time, with jitter, so that peers do not stampede. */
static msec retry_wait(struct node *n, const struct run *run)
{
	msec wait = RETRY_FIRST << (run->attempts < 8 ? run->attempts : 8);
	uint32_t draw = 0;

	if (wait > RETRY_LONGEST)
		wait = RETRY_LONGEST;
	if (!n->crypto->random(n->crypto->self, &draw, sizeof(draw)))
		return wait;
	return wait + (msec)(draw % (uint32_t)(wait / 2 + 1));
}

static void failed(struct node *n, struct run *run, const struct ike_news *news, msec now,
		   struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, run->conn);
	const char *before = state_of(run);
	bool again;

	run->ike_sa = 0;
	run->acquire_seq = 0;
	run->notify = news->notify;
	run->proven = news->proven;
	run->reason = news->reason;
	again = run->wanted && conn && !n->stopping &&
		(conn->keyingtries == 0 || run->attempts < conn->keyingtries);
	if (again)
		run->retry_due = msec_after(now, retry_wait(n, run));
	else
		run->wanted = false;
	changed(n, run, now, before, news->reason, actions);
	/* Whoever waits is told of the first failure; the retries go on without him. */
	answer_up(run, status_of(run), conn ? conn->name : "", actions);
	answer_down(run, 0, conn ? conn->name : "", "the attempt was ended", actions);
}

/*
 * Both sides began at the same time and both finished: the one made by the lower address stays; the other
 * is closed by the side that made it (the same rule as for pairs, lib/oe/oe.c).
 */
static bool is_crossing(const struct run *run, const struct ike_news *news, msec now)
{
	return run->child && run->initiator != news->initiator && now - run->up_since <= LIMIT_CROSSING;
}

static void serve(struct node *n, struct run *run, const struct ike_news *news, msec now,
		  struct actions *actions)
{
	run->child = news->child;
	run->ike_sa = news->ike_sa;
	run->initiator = news->initiator;
	run->up_since = now;
	run->attempts = 0;
	run->acquire_seq = 0;
	run->notify = 0;
	run->retry_due = MSEC_NEVER;
	run->ts_local = news->ts_local;
	run->ts_remote = news->ts_remote;
	run->local = news->local.address;
	run->remote = news->remote.address;
	run->mode = news->mode;
	conn_policy_up(n, run, actions);
}

static void came_up(struct node *n, struct run *run, const struct ike_news *news, msec now,
		    struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, run->conn);
	const char *before = state_of(run);
	bool crossing = is_crossing(run, news, now);
	bool ours_stays = address_compare(&news->local.address, &news->remote.address) < 0;
	uint64_t loser = run->child && run->ike_sa != news->ike_sa ? run->ike_sa : 0;

	if (crossing && news->initiator != ours_stays) {
		if (news->initiator)
			ike_delete(n->ike, now, news->ike_sa, REASON_REPLACED, actions);
		return;
	}
	if (crossing && !run->initiator)
		loser = 0; /* the peer's to close */
	serve(n, run, news, now, actions);
	changed(n, run, now, before, REASON_UP, actions);
	answer_up(run, 0, conn ? conn->name : "", actions);
	if (loser)
		ike_delete(n->ike, now, loser, REASON_REPLACED, actions);
}

static void went_down(struct node *n, struct run *run, const struct ike_news *news, msec now,
		      struct actions *actions)
{
	const char *before = state_of(run);

	if (news->child != run->child)
		return;
	conn_policy_down(n, run, actions);
	run->child = 0;
	if (run->wanted && !n->stopping && news->reason != REASON_OPERATOR)
		run->retry_due = msec_after(now, retry_wait(n, run));
	changed(n, run, now, before, news->reason, actions);
}

void conns_news(struct node *n, msec now, const struct ike_news *news, struct actions *actions)
{
	struct run *run = run_of_serial(n, news->owner);
	const struct conn *conn = plan_conn(n->plan, news->conn);
	const char *before;

	if (!run)
		run = run_of_conn(n, news->conn);
	if (!run)
		return;
	before = state_of(run);
	switch (news->kind) {
	case NEWS_CHILD_UP:
		came_up(n, run, news, now, actions);
		break;
	case NEWS_CHILD_DOWN:
		went_down(n, run, news, now, actions);
		break;
	case NEWS_ATTEMPT_FAILED:
		if (run->ike_sa == news->ike_sa)
			failed(n, run, news, now, actions);
		break;
	case NEWS_IKE_DOWN:
		if (run->ike_sa != news->ike_sa)
			break;
		run->ike_sa = 0;
		changed(n, run, now, before, news->reason, actions);
		answer_down(run, news->confirmed ? 0 : 5, conn ? conn->name : "",
			    news->confirmed ? "down, confirmed by the peer"
					    : "down, not confirmed by the peer",
			    actions);
		break;
	case NEWS_IKE_UP:
	case NEWS_HINT:
	case NEWS_PEER_WANTED:
		break;
	}
}

void conns_acquire(struct node *n, msec now, const struct kernel_acquire *acquire, struct actions *actions)
{
	const struct conn *conn = plan_conn_by_reqid(n->plan, acquire->reqid);
	struct run *run = conn ? run_of_conn(n, conn->serial) : NULL;

	if (!run || run->child || run->ike_sa)
		return;
	run->acquire_seq = acquire->seq;
	start(n, run, now, actions);
}

static void route(struct node *n, struct run *run, msec now, struct actions *actions)
{
	const char *before = state_of(run);

	run->loaded = run->routed = true;
	if (!run->trapped && !run->child)
		conn_policy_trap(n, run, actions);
	run->trapped = true;
	changed(n, run, now, before, REASON_OPERATOR, actions);
}

static void unroute(struct node *n, struct run *run, msec now, struct actions *actions)
{
	const char *before = state_of(run);

	if (run->trapped && !run->child)
		conn_policy_untrap(n, run, actions);
	run->trapped = run->routed = false;
	changed(n, run, now, before, REASON_OPERATOR, actions);
}

/* Ends what runs; true when there is something to wait for. */
static bool take_down(struct node *n, struct run *run, msec now, enum reason reason, struct actions *actions)
{
	run->wanted = false;
	run->retry_due = MSEC_NEVER;
	if (!run->ike_sa)
		return false;
	ike_delete(n->ike, now, run->ike_sa, reason, actions);
	return true;
}

static void begin_loaded(struct node *n, struct run *run, const struct conn *conn, msec now,
			 struct actions *actions)
{
	run->loaded = true;
	if (conn->type == CONN_PASSTHROUGH || conn->type == CONN_DROP || conn->start == AUTO_ROUTE)
		route(n, run, now, actions);
	if (conn->start != AUTO_START || conn->type == CONN_PASSTHROUGH || conn->type == CONN_DROP)
		return;
	run->wanted = true;
	start(n, run, now, actions);
}

void conns_set_plan(struct node *n, msec now, struct actions *actions)
{
	struct run *runs = calloc(n->plan->conn_count + 1, sizeof(*runs)), *old = n->runs;
	size_t old_count = n->run_count, count = 0;

	if (!runs)
		return;
	for (size_t i = 0; i < n->plan->conn_count; i++) {
		const struct conn *conn = &n->plan->conns[i];
		const struct run *before = conn->group == CLASS_NONE ? run_of_conn(n, conn->serial) : NULL;

		if (conn->group != CLASS_NONE)
			continue;
		if (before)
			runs[count++] = *before;
		else
			runs[count++] = (struct run){ .serial = ++n->last_run,
						      .conn = conn->serial,
						      .retry_due = MSEC_NEVER,
						      .since = now };
	}
	n->runs = runs;
	n->run_count = count;
	/* What is gone from the plan ends; its children take their policies along when they go. */
	for (size_t i = 0; i < old_count; i++) {
		if (!run_of_serial(n, old[i].serial) && old[i].ike_sa)
			ike_delete(n->ike, now, old[i].ike_sa, REASON_CONFIG, actions);
	}
	free(old);
	for (size_t i = 0; i < count; i++) {
		const struct conn *conn = plan_conn(n->plan, runs[i].conn);

		if (!runs[i].loaded && conn && conn->start != AUTO_IGNORE)
			begin_loaded(n, &runs[i], conn, now, actions);
		else if (runs[i].loaded && runs[i].wanted && !runs[i].ike_sa &&
			 runs[i].retry_due == MSEC_NEVER)
			start(n, &runs[i], now, actions);
		else if (runs[i].trapped && !runs[i].child)
			conn_policy_trap(n, &runs[i], actions);
	}
}

static void command_up(struct node *n, struct run *run, msec now, const struct command *command,
		       const struct conn *conn, struct actions *actions)
{
	run->loaded = true;
	run->wanted = true;
	if (run->child) {
		actions_result(actions, command->number, 0, REASON_UP, "\"%s\" is up already", conn->name);
		return;
	}
	answer_up(run, 1, conn->name, actions);
	run->up_command = command->number;
	run->attempts = 0;
	if (!run->ike_sa)
		start(n, run, now, actions);
}

static void command_down(struct node *n, struct run *run, msec now, const struct command *command,
			 const struct conn *conn, struct actions *actions)
{
	if (command->kind == COMMAND_DELETE) {
		unroute(n, run, now, actions);
		run->loaded = false;
	}
	if (!take_down(n, run, now, REASON_OPERATOR, actions)) {
		actions_result(actions, command->number, 0, REASON_OPERATOR, "\"%s\" is down", conn->name);
		return;
	}
	answer_down(run, 1, conn->name, "another command took over", actions);
	run->down_command = command->number;
}

void conns_command(struct node *n, msec now, const struct command *command, struct actions *actions)
{
	const struct conn *conn = plan_conn_by_name(n->plan, command->name);
	struct run *run = conn ? run_of_conn(n, conn->serial) : NULL;

	if (!run) {
		actions_result(actions, command->number, 6, REASON_NO_CONNECTION,
			       conn ? "\"%s\" is a group: its traffic starts it"
				    : "there is no connection \"%s\"",
			       command->name);
		return;
	}
	if (command->kind == COMMAND_UP) {
		command_up(n, run, now, command, conn, actions);
	} else if (command->kind == COMMAND_DOWN || command->kind == COMMAND_DELETE) {
		command_down(n, run, now, command, conn, actions);
	} else {
		if (command->kind == COMMAND_ROUTE)
			route(n, run, now, actions);
		else if (command->kind == COMMAND_UNROUTE)
			unroute(n, run, now, actions);
		else
			begin_loaded(n, run, conn, now, actions);
		actions_result(actions, command->number, 0, REASON_OPERATOR, "\"%s\": %s", conn->name,
			       state_of(run));
	}
}

void conns_time(struct node *n, msec now, struct actions *actions)
{
	for (size_t i = 0; i < n->run_count; i++) {
		if (n->runs[i].retry_due <= now)
			start(n, &n->runs[i], now, actions);
	}
}

msec conns_deadline(const struct node *n)
{
	msec due = MSEC_NEVER;

	for (size_t i = 0; i < n->run_count; i++)
		due = msec_earlier(due, n->runs[i].retry_due);
	return due;
}

void conns_stop(struct node *n, msec now, struct actions *actions)
{
	for (size_t i = 0; i < n->run_count; i++) {
		n->runs[i].wanted = false;
		n->runs[i].retry_due = MSEC_NEVER;
		unroute(n, &n->runs[i], now, actions);
	}
}
