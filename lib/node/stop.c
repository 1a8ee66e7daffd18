/*
 * Stopping. A clean stop deletes every IKE SA through its own queue, waits for the peers up to a deadline, and names
 * those who did not confirm. The other stop leaves all as it is to the next run: nobody is told, nothing is removed.
 */
#include "inside.h"

#define PROGRESS_EVERY 250 /* at most four words a second on how far it is */

static unsigned since_stop(const struct node *n, uint64_t now, uint64_t then)
{
	return (unsigned)(now - then);
}

static void tell_stopped(struct node *n, unsigned confirmed, unsigned unanswered, bool left,
			 struct actions *actions)
{
	struct action *a = actions_add(actions, ACTION_STOPPED);

	n->stopped = true;
	n->stop_due = n->stop_tell_due = MSEC_NEVER;
	if (!a)
		return;
	a->stopped.confirmed = confirmed;
	a->stopped.unanswered = unanswered;
	a->stopped.left = left;
}

/* The next run takes it up: SAs and policies stay, traffic flows on. */
static void leave(struct node *n, const struct command *command, struct actions *actions)
{
	struct ike_counts count = ike_count(n->ike);

	n->stopping = true;
	actions_note(actions, NOTE_INFO, "stopped: %zu IPsec SAs are left to the next run; no peer was told",
		     count.children);
	actions_result(actions, command->number, 0, REASON_STOPPING,
		       "stopped: %zu IPsec SAs are left to the next run", count.children);
	tell_stopped(n, 0, 0, true, actions);
}

void stop_begin(struct node *n, msec now, const struct command *command, struct actions *actions)
{
	msec patience = command->deadline ? command->deadline
			: n->plan         ? n->plan->setup.stop_deadline
					  : LIMIT_STOP_DEADLINE;

	if (n->stopping) {
		/* Asked again: the wait is over. */
		n->stop_due = now;
		actions_result(actions, command->number, 0, REASON_STOPPING, "stopping now");
		return;
	}
	if (command->leave_state) {
		leave(n, command, actions);
		return;
	}
	n->stopping = true;
	n->stop_command = command->number;
	n->stop_due = msec_after(now, patience);
	n->stop_tell_due = msec_after(now, PROGRESS_EVERY);
	n->at_stop = ike_count(n->ike);
	adopt_end(n->adopt, actions);
	oe_stop(n->oe, now, actions);
	conns_stop(n, now, actions);
	ike_stop(n->ike, now, actions);
}

void stop_news(struct node *n, const struct ike_news *news, struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, news->conn);
	char remote[ENDPOINT_TEXT];
	struct report *r;

	if (!n->stopping || news->kind != NEWS_IKE_DOWN || news->confirmed || !n->stop_command)
		return;
	r = actions_report(actions, n->stop_command, "unanswered");
	report_number(r, "ike", (int64_t)news->ike_sa);
	report_text(r, "peer", "%s", endpoint_print(&news->remote, remote));
	report_text(r, "id", "%s", news->peer_id);
	report_text(r, "conn", "%s", conn ? conn->name : "");
	report_text(r, "reason", "%s", reason_word(news->reason));
}

static void tell_progress(struct node *n, msec now, struct actions *actions)
{
	struct ike_counts count;
	struct report *r;
	struct action *a;

	if (now < n->stop_tell_due)
		return;
	n->stop_tell_due = msec_after(now, PROGRESS_EVERY);
	count = ike_count(n->ike);
	a = actions_add(actions, ACTION_STOPPING);
	if (a) {
		a->stopped.confirmed = since_stop(n, count.deletes_confirmed, n->at_stop.deletes_confirmed);
		a->stopped.unanswered =
			since_stop(n, count.deletes_unanswered, n->at_stop.deletes_unanswered);
		a->stopped.waiting = (unsigned)(count.ike_sas - count.lingering);
		a->stopped.wait = n->stop_due - now;
	}
	r = n->stop_command ? actions_report(actions, n->stop_command, "stopping") : NULL;
	if (!r)
		return;
	report_number(r, "confirmed", since_stop(n, count.deletes_confirmed, n->at_stop.deletes_confirmed));
	report_number(r, "waiting", (int64_t)(count.ike_sas - count.lingering));
}

void stop_look(struct node *n, msec now, struct actions *actions)
{
	struct ike_counts count;
	unsigned confirmed, unanswered;

	if (!n->stopping || n->stopped)
		return;
	if (ike_waits(n->ike) && now < n->stop_due) {
		tell_progress(n, now, actions);
		return;
	}
	if (ike_waits(n->ike)) {
		ike_give_up(n->ike, now, actions);
		node_translate(n, now, actions);
	}
	count = ike_count(n->ike);
	confirmed = since_stop(n, count.deletes_confirmed, n->at_stop.deletes_confirmed);
	unanswered = since_stop(n, count.deletes_unanswered, n->at_stop.deletes_unanswered);
	actions_note(actions, unanswered ? NOTE_WARNING : NOTE_INFO, "stopped: confirmed %u, unanswered %u",
		     confirmed, unanswered);
	actions_result(actions, n->stop_command, unanswered ? 5 : 0, REASON_STOPPING,
		       "stopped: confirmed %u, unanswered %u", confirmed, unanswered);
	tell_stopped(n, confirmed, unanswered, false, actions);
}

msec stop_deadline(const struct node *n)
{
	return !n->stopping || n->stopped ? MSEC_NEVER : msec_earlier(n->stop_due, n->stop_tell_due);
}
