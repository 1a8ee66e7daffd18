/* What the rooms of lib/node share. */
#ifndef CYGNET_NODE_INSIDE_H
#define CYGNET_NODE_INSIDE_H

#include "adopt.h"
#include "deadlines.h"
#include "ike.h"
#include "node.h"
#include "refused.h"
#include "oe.h"

/* A configured connection's run: what is wanted of it, and how far it is. One row a connection that is loaded. */
struct run {
	uint64_t serial; /* the owner in wishes and news */
	uint32_t conn;
	bool loaded, routed, wanted;
	bool trapped; /* our trap policy stands in the kernel */
	unsigned attempts;
	uint64_t attempt; /* the IKE SA of an attempt of ours that is under way, 0 for none */
	uint64_t ike_sa; /* whose child serves; set by run_set_ike_sa only */
	uint64_t child; /* installed, 0 for none */
	size_t next_of_ike; /* place + 1 of the next run in the bucket of ike_sa */
	bool initiator; /* we made what is up */
	msec up_since;
	uint32_t acquire_seq;
	msec retry_due; /* set by run_set_retry only */
	uint64_t up_command, down_command; /* who waits for the result, 0 nobody */
	uint64_t down_child, down_ike_sa; /* whose end down_command waits for */
	enum reason reason; /* of the last change */
	uint16_t notify;
	bool proven;
	msec since;
	/* of the installed child */
	struct selector ts_local, ts_remote;
	struct address local, remote;
	enum kernel_mode mode;
};

/* Where the run with a serial is: sorted by serial. */
struct run_serial {
	uint64_t serial;
	size_t place;
};

struct node {
	const struct crypto *crypto;
	struct ike *ike;
	struct oe *oe;
	struct plan *plan; /* owned; NULL before the first */
	struct event_addresses *room; /* owned: there is always room for the addresses */
	struct event_addresses *addresses; /* NULL before the first were told */
	struct run *runs; /* owned, by plan order */
	size_t run_count;
	size_t *run_places; /* owned: place in plan->conns -> place in runs + 1 */
	struct run_serial *run_serials; /* owned, sorted */
	size_t *run_bucket, run_buckets; /* owned: hash of the IKE SA -> place in runs + 1 */
	struct deadlines retries; /* of runs, by serial */
	size_t downs; /* runs whose `down` waits for an answer */
	uint64_t last_run;
	bool stopping, stopped;
	uint64_t stop_command;
	msec again_due; /* there was no memory for all of a plan: it is put into force again then */
	msec stop_due, stop_tell_due;
	struct refused refused; /* policies that the kernel did not take */
	struct adopt *adopt; /* what an earlier run left; owned, NULL when nothing is left of it */
	struct ike_counts at_stop;
	uint64_t kernel_failures;
};

/* conns.c */
MUST_USE bool conns_set_plan(struct node *n, msec now, struct actions *actions);
void conns_acquire(struct node *n, msec now, const struct kernel_acquire *acquire, struct actions *actions);
/* A connection whose SAs an earlier run left is to be keyed anew, whatever auto= says. */
void conns_adopt(struct node *n, msec now, uint32_t reqid, struct actions *actions);
void conns_news(struct node *n, msec now, const struct ike_news *news, struct actions *actions);
void conns_command(struct node *n, msec now, const struct command *command, struct actions *actions);
void conns_time(struct node *n, msec now, struct actions *actions);
msec conns_deadline(const struct node *n);
void conns_stop(struct node *n, msec now, struct actions *actions);
/* The state's word: "up", "negotiating" ... */
const char *run_state(const struct run *run);
/* Tells a change of state, with its reason; from: what it was. */
void run_changed(struct node *n, struct run *run, msec now, const char *from, enum reason reason,
		 struct actions *actions);
/* Begins an attempt; fresh: with an IKE SA of its own. */
void run_start(struct node *n, struct run *run, msec now, bool fresh, struct actions *actions);
void run_route(struct node *n, struct run *run, msec now, struct actions *actions);
void run_unroute(struct node *n, struct run *run, msec now, struct actions *actions);
/* What auto= asks for. */
void run_load(struct node *n, struct run *run, const struct conn *conn, msec now, struct actions *actions);

/* conn_commands.c */
void run_answer_up(struct run *run, int status, const char *name, struct actions *actions);
void run_answer_down(struct node *n, struct run *run, int status, const char *name, const char *text,
		     struct actions *actions);

/* runs.c. All lend; NULL when there is none. */
struct run *run_of_conn(const struct node *n, uint32_t conn);
struct run *run_of_serial(const struct node *n, uint64_t serial);
/* The runs that an IKE SA serves, one after the other; before NULL: the first. */
struct run *run_next_of_ike(const struct node *n, uint64_t ike_sa, const struct run *before);
void run_set_ike_sa(struct node *n, struct run *run, uint64_t ike_sa);
void run_set_retry(struct node *n, struct run *run, msec at);
/* The present runs by their connection, so that a new plan's can be matched: malloc'ed; and the one of a connection. */
struct run_serial *runs_by_conn(const struct node *n);
const struct run *runs_kept(const struct node *n, const struct run_serial *sorted, uint32_t conn);
/* Puts a new array of runs (adopted) in place of the present one; false without memory: nothing changed. */
MUST_USE bool runs_replace(struct node *n, struct run *runs, size_t count);
void runs_forget(struct node *n);

/* conn_policy.c: kernel policies of a configured connection */
void conn_policy_trap(struct node *n, const struct run *run, struct actions *actions);
void conn_policy_up(const struct node *n, const struct run *run, struct actions *actions);
/* Back to the trap where one is wanted, else nothing of ours remains. */
void conn_policy_down(struct node *n, const struct run *run, struct actions *actions);
void conn_policy_untrap(struct node *n, const struct run *run, struct actions *actions);
/* Our side of a connection: false when neither end, or each end, is ours. */
bool conn_sides(const struct node *n, const struct conn *conn, const struct end **local,
		const struct end **remote, struct address *address);

/* For a step within a step: IKE's news and OE's wishes until there are none (node.c). */
void node_translate(struct node *n, msec now, struct actions *actions);

/* stop.c */
void stop_begin(struct node *n, msec now, const struct command *command, struct actions *actions);
/* A peer that did not confirm is named to whoever asked for the stop. */
void stop_news(struct node *n, const struct ike_news *news, struct actions *actions);
void stop_look(struct node *n, msec now, struct actions *actions);
msec stop_deadline(const struct node *n);

/* status.c */
void status_command(struct node *n, msec now, const struct command *command, struct actions *actions);

#endif
