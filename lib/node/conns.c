/*
 * The life of configured connections: what is wanted of each (loaded, routed, up), attempts and their
 * retries. What an operator asks of them is in conn_commands.c. Groups are opportunism's (lib/oe).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

#define RETRY_FIRST SECONDS(1)
#define RETRY_LONGEST MINUTES(2)

const char *run_state(const struct run *run)
{
	return run->child                     ? "up"
	       : run->attempt                 ? "negotiating"
	       : run->retry_due != MSEC_NEVER ? "waiting"
	       : run->routed                  ? "routed"
	       : run->loaded                  ? "loaded"
					      : "unloaded";
}

void run_changed(struct node *n, struct run *run, msec now, const char *from, enum reason reason,
		 struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, run->conn);
	const char *to = run_state(run);

	run->reason = reason;
	run->since = now;
	if (strcmp(from, to) == 0)
		return;
	actions_transition(actions, "conn", run->serial, conn ? conn->name : "", from, to, reason);
	actions_note(actions, NOTE_INFO, "\"%s\": %s -> %s: %s", conn ? conn->name : "", from, to,
		     reason_sentence(reason));
}

static bool fill_wish(struct node *n, const struct run *run, const struct conn *conn, struct ike_wish *wish)
{
	const struct end *local, *remote;

	if (!conn_sides(n, conn, &local, &remote, &wish->local.address) || remote->host != HOST_ADDRESS)
		return false;
	wish->owner = run->serial;
	wish->conn = run->conn;
	wish->acquire_seq = run->acquire_seq;
	wish->local.port = local->ikeport;
	wish->remote = (struct endpoint){ remote->address, remote->ikeport };
	wish->ts_local = end_selector(local, &wish->local.address);
	wish->ts_remote = end_selector(remote, &remote->address);
	wish->mode = conn->type == CONN_TRANSPORT ? KERNEL_TRANSPORT : KERNEL_TUNNEL;
	wish->reqid = conn->reqid;
	return true;
}

void run_start(struct node *n, struct run *run, msec now, bool fresh, struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, run->conn);
	const char *before = run_state(run);
	struct ike_wish wish = { .fresh = fresh };
	enum reason reason = REASON_NO_ADDRESS;

	run_set_retry(n, run, MSEC_NEVER);
	if (!conn || run->attempt || n->stopping)
		return;
	run->attempts++;
	if (fill_wish(n, run, conn, &wish))
		run->attempt = ike_initiate(n->ike, now, &wish, actions, &reason);
	if (run->attempt) {
		run_changed(n, run, now, before, REASON_OK, actions);
		return;
	}
	run_changed(n, run, now, before, reason, actions);
	run_answer_up(run, 1, conn->name, actions);
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

/* Exit statuses of docs/commands.md. */
static int status_of(const struct run *run)
{
	/* A refusal that nobody signed still is the best answer to "why" when nothing better came. */
	if (run->reason == REASON_AUTH_REFUSED || run->reason == REASON_PEER_REFUSED || run->notify)
		return 7;
	return run->reason == REASON_PEER_SILENT ? 5 : 1;
}

static void failed(struct node *n, struct run *run, const struct ike_news *news, msec now,
		   struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, run->conn);
	const char *before = run_state(run);
	bool again;

	run->attempt = 0;
	run->acquire_seq = 0;
	run->notify = news->notify;
	run->proven = news->proven;
	run->reason = news->reason;
	again = run->wanted && conn && !n->stopping && !run->child &&
		(conn->keyingtries == 0 || run->attempts < conn->keyingtries);
	if (again)
		run_set_retry(n, run, msec_after(now, retry_wait(n, run)));
	else if (!run->child)
		run->wanted = false;
	run_changed(n, run, now, before, news->reason, actions);
	/* Whoever waits is told of the first failure; the retries go on without him. */
	run_answer_up(run, status_of(run), conn ? conn->name : "", actions);
	run_answer_down(n, run, 0, conn ? conn->name : "", "the attempt was ended", actions);
}

/*
 * Both sides began at the same time and both finished: the one made by the lower address stays; the other
 * is closed by the side that made it (the same rule as for pairs, lib/oe/oe.c). A handshake that began when ours was up
 * crosses nothing: its peer has begun anew (ike_yield).
 */
static bool is_crossing(const struct run *run, const struct ike_news *news)
{
	return run->child && run->ike_sa != news->ike_sa && run->initiator != news->initiator &&
	       news->began <= run->up_since;
}

static void serve(struct node *n, struct run *run, const struct ike_news *news, msec now,
		  struct actions *actions)
{
	run->child = news->child;
	run_set_ike_sa(n, run, news->ike_sa);
	run->initiator = news->initiator;
	run->up_since = now;
	run->attempts = 0;
	run->acquire_seq = 0;
	run->notify = 0;
	run_set_retry(n, run, MSEC_NEVER);
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
	const char *before = run_state(run);
	bool crossing = is_crossing(run, news);
	bool ours_stays = address_compare(&news->local.address, &news->remote.address) < 0;
	uint64_t loser = run->child;

	if (news->owner == run->serial || (run->attempt && ike_yield(n->ike, now, run->attempt, actions)))
		run->attempt = 0;
	if (crossing && news->initiator != ours_stays) {
		if (news->initiator)
			ike_delete_child(n->ike, now, news->child, REASON_REPLACED, actions);
		else
			ike_redundant_child(n->ike, now, news->child, REASON_REDUNDANT, actions);
		run_answer_up(run, 0, conn ? conn->name : "", actions);
		return;
	}
	if (crossing && !run->initiator) {
		ike_redundant_child(n->ike, now, loser, REASON_REDUNDANT, actions);
		loser = 0; /* the peer's to close */
	}
	serve(n, run, news, now, actions);
	run_changed(n, run, now, before, REASON_UP, actions);
	run_answer_up(run, 0, conn ? conn->name : "", actions);
	if (loser && crossing)
		ike_delete_child(n->ike, now, loser, REASON_REPLACED, actions);
	else if (loser)
		ike_redundant_child(n->ike, now, loser, REASON_REPLACED, actions);
}

/* Rekeyed: the same pair, so the policies stay as they are. */
static void replaced(struct node *n, struct run *run, const struct ike_news *news)
{
	if (run->child != news->replaced)
		return;
	run->child = news->child;
	run_set_ike_sa(n, run, news->ike_sa);
}

static void went_down(struct node *n, struct run *run, const struct ike_news *news, msec now,
		      struct actions *actions)
{
	const char *before = run_state(run);

	if (news->child != run->child)
		return;
	conn_policy_down(n, run, actions);
	run->child = 0;
	run_set_ike_sa(n, run, 0);
	if (run->wanted && !n->stopping && news->reason != REASON_OPERATOR && !run->attempt)
		run_set_retry(n, run, msec_after(now, retry_wait(n, run)));
	run_changed(n, run, now, before, news->reason, actions);
}

/* What `down` waits for has ended. */
static void ended(struct node *n, struct run *run, const struct ike_news *news, struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, run->conn);

	run_answer_down(n, run, news->confirmed ? 0 : 5, conn ? conn->name : "",
			news->confirmed ? "down, confirmed by the peer" : "down, not confirmed by the peer",
			actions);
}

/* News of an IKE SA as a whole: for each run that it serves, or whose `down` waits for it. */
/* @rfc 7296-2.8.3-2 */
static void ike_news(struct node *n, msec now, const struct ike_news *news, struct actions *actions)
{
	struct run *run, *next;

	if (news->kind == NEWS_IKE_REPLACED) {
		for (run = run_next_of_ike(n, news->replaced, NULL); run; run = next) {
			next = run_next_of_ike(n, news->replaced, run);
			run_set_ike_sa(n, run, news->ike_sa);
		}
	} else if (news->kind == NEWS_REAUTH_WANTED) {
		for (run = run_next_of_ike(n, news->ike_sa, NULL); run;
		     run = run_next_of_ike(n, news->ike_sa, run))
			run_start(n, run, now, true, actions);
	} else if (news->kind == NEWS_IKE_DOWN && n->downs) {
		for (size_t i = 0; i < n->run_count; i++) {
			if (n->runs[i].down_command && n->runs[i].down_ike_sa == news->ike_sa)
				ended(n, &n->runs[i], news, actions);
		}
	}
}

void conns_news(struct node *n, msec now, const struct ike_news *news, struct actions *actions)
{
	struct run *run = news->owner ? run_of_serial(n, news->owner) : NULL;

	if (news->kind == NEWS_IKE_REPLACED || news->kind == NEWS_REAUTH_WANTED ||
	    news->kind == NEWS_IKE_DOWN) {
		ike_news(n, now, news, actions);
		return;
	}
	if (!run)
		run = run_of_conn(n, news->conn);
	if (!run)
		return;
	if (news->kind == NEWS_CHILD_UP)
		came_up(n, run, news, now, actions);
	else if (news->kind == NEWS_CHILD_REPLACED)
		replaced(n, run, news);
	else if (news->kind == NEWS_CHILD_DOWN)
		went_down(n, run, news, now, actions);
	else if (news->kind == NEWS_CHILD_DELETED && run->down_command && run->down_child == news->child)
		ended(n, run, news, actions);
	else if (news->kind == NEWS_ATTEMPT_FAILED && run->attempt)
		failed(n, run, news, now, actions);
}

void conns_acquire(struct node *n, msec now, const struct kernel_acquire *acquire, struct actions *actions)
{
	const struct conn *conn = plan_conn_by_reqid(n->plan, acquire->reqid);
	struct run *run = conn ? run_of_conn(n, conn->serial) : NULL;

	if (!run || run->child || run->attempt)
		return;
	run->acquire_seq = acquire->seq;
	run_start(n, run, now, false, actions);
}

void conns_adopt(struct node *n, msec now, uint32_t reqid, struct actions *actions)
{
	const struct conn *conn = plan_conn_by_reqid(n->plan, reqid);
	struct run *run = conn ? run_of_conn(n, conn->serial) : NULL;

	if (!run || run->child)
		return;
	run->loaded = run->wanted = true;
	if (!run->attempt)
		run_start(n, run, now, false, actions);
}

void run_route(struct node *n, struct run *run, msec now, struct actions *actions)
{
	const char *before = run_state(run);

	run->loaded = run->routed = true;
	if (!run->trapped && !run->child)
		conn_policy_trap(n, run, actions);
	run->trapped = true;
	run_changed(n, run, now, before, REASON_OPERATOR, actions);
}

void run_unroute(struct node *n, struct run *run, msec now, struct actions *actions)
{
	const char *before = run_state(run);

	if (run->trapped && !run->child)
		conn_policy_untrap(n, run, actions);
	run->trapped = run->routed = false;
	run_changed(n, run, now, before, REASON_OPERATOR, actions);
}

void run_load(struct node *n, struct run *run, const struct conn *conn, msec now, struct actions *actions)
{
	run->loaded = true;
	if (conn->type == CONN_PASSTHROUGH || conn->type == CONN_DROP || conn->start == AUTO_ROUTE)
		run_route(n, run, now, actions);
	if (conn->start != AUTO_START || conn->type == CONN_PASSTHROUGH || conn->type == CONN_DROP)
		return;
	run->wanted = true;
	run_start(n, run, now, false, actions);
}

/* A run for each connection of the plan: the one that it has, or a new one. */
static size_t carry_over(struct node *n, struct run *runs, const struct run_serial *before, msec now)
{
	size_t count = 0;

	for (size_t i = 0; i < n->plan->conn_count; i++) {
		const struct conn *conn = &n->plan->conns[i];
		const struct run *kept =
			conn->group == CLASS_NONE ? runs_kept(n, before, conn->serial) : NULL;

		if (conn->group != CLASS_NONE)
			continue;
		if (kept)
			runs[count++] = *kept;
		else
			runs[count++] = (struct run){ .serial = ++n->last_run,
						      .conn = conn->serial,
						      .retry_due = MSEC_NEVER,
						      .since = now };
	}
	return count;
}

/* What is gone from the plan ends; its children take their policies along when they go. */
static void end_gone(struct node *n, const struct run *old, size_t count, msec now, struct actions *actions)
{
	for (size_t i = 0; i < count; i++) {
		if (run_of_serial(n, old[i].serial))
			continue;
		deadlines_remove(&n->retries, old[i].serial);
		if (old[i].attempt)
			ike_withdraw(n->ike, now, old[i].attempt, old[i].serial, REASON_CONFIG, actions);
		if (old[i].child)
			ike_delete_child(n->ike, now, old[i].child, REASON_CONFIG, actions);
	}
}

bool conns_set_plan(struct node *n, msec now, struct actions *actions)
{
	struct run *runs = calloc(n->plan->conn_count + 1, sizeof(*runs));
	struct run *old = calloc(n->run_count + 1, sizeof(*old));
	struct run_serial *before = runs_by_conn(n);
	size_t old_count = n->run_count, count = 0;
	bool ok = runs && old && before;

	if (ok && old_count)
		memcpy(old, n->runs, old_count * sizeof(*old));
	if (ok)
		count = carry_over(n, runs, before, now);
	ok = ok && runs_replace(n, runs, count);
	if (ok)
		end_gone(n, old, old_count, now, actions);
	else
		free(runs);
	free(old);
	free(before);
	if (!ok) {
		/* Places are those of the plan before. */
		free(n->run_places);
		n->run_places = NULL;
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct run *run = &n->runs[i];
		const struct conn *conn = plan_conn(n->plan, run->conn);

		if (!run->loaded && conn && conn->start != AUTO_IGNORE)
			run_load(n, run, conn, now, actions);
		else if (run->loaded && run->wanted && !run->attempt && !run->child &&
			 run->retry_due == MSEC_NEVER)
			run_start(n, run, now, false, actions);
		else if (run->trapped && !run->child)
			conn_policy_trap(n, run, actions);
	}
	return true;
}

void conns_time(struct node *n, msec now, struct actions *actions)
{
	uint64_t serial;

	while (deadlines_first(&n->retries, &serial) <= now) {
		struct run *run = run_of_serial(n, serial);

		deadlines_remove(&n->retries, serial);
		if (run)
			run_start(n, run, now, false, actions);
	}
}

msec conns_deadline(const struct node *n)
{
	return deadlines_first(&n->retries, NULL);
}

void conns_stop(struct node *n, msec now, struct actions *actions)
{
	for (size_t i = 0; i < n->run_count; i++) {
		n->runs[i].wanted = false;
		run_set_retry(n, &n->runs[i], MSEC_NEVER);
		run_unroute(n, &n->runs[i], now, actions);
	}
}
