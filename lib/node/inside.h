/* What the rooms of lib/node share. */
#ifndef CYGNET_NODE_INSIDE_H
#define CYGNET_NODE_INSIDE_H

#include "ike.h"
#include "node.h"
#include "oe.h"

/* A configured connection's run: what is wanted of it, and how far it is. One row a connection that is loaded. */
struct run {
	uint64_t serial; /* the owner in wishes and news */
	uint32_t conn;
	bool loaded, routed, wanted;
	bool trapped; /* our trap policy stands in the kernel */
	unsigned attempts;
	uint64_t ike_sa; /* the attempt or the IKE SA, 0 for none */
	uint64_t child; /* installed, 0 for none */
	bool initiator; /* we made what is up */
	msec up_since;
	uint32_t acquire_seq;
	msec retry_due;
	uint64_t up_command, down_command; /* who waits for the result, 0 nobody */
	enum reason reason; /* of the last change */
	uint16_t notify;
	bool proven;
	msec since;
	/* of the installed child */
	struct selector ts_local, ts_remote;
	struct address local, remote;
	enum kernel_mode mode;
};

struct node {
	const struct crypto *crypto;
	struct ike *ike;
	struct oe *oe;
	struct plan *plan; /* owned; NULL before the first */
	struct event_addresses *addresses; /* owned */
	struct run *runs; /* owned, by plan order */
	size_t run_count;
	uint64_t last_run;
	bool stopping, stopped;
	uint64_t stop_command;
	msec stop_due;
	struct ike_counts at_stop;
	uint64_t kernel_failures;
};

/* conns.c */
void conns_set_plan(struct node *n, msec now, struct actions *actions);
bool conns_owns(const struct node *n, uint64_t owner);
void conns_acquire(struct node *n, msec now, const struct kernel_acquire *acquire, struct actions *actions);
void conns_news(struct node *n, msec now, const struct ike_news *news, struct actions *actions);
void conns_command(struct node *n, msec now, const struct command *command, struct actions *actions);
void conns_time(struct node *n, msec now, struct actions *actions);
msec conns_deadline(const struct node *n);
void conns_stop(struct node *n, msec now, struct actions *actions);

/* conn_policy.c: kernel policies of a configured connection */
void conn_policy_trap(struct node *n, const struct run *run, struct actions *actions);
void conn_policy_up(const struct node *n, const struct run *run, struct actions *actions);
/* Back to the trap where one is wanted, else nothing of ours remains. */
void conn_policy_down(struct node *n, const struct run *run, struct actions *actions);
void conn_policy_untrap(struct node *n, const struct run *run, struct actions *actions);
/* Our side of a connection: false when neither end, or each end, is ours. */
bool conn_sides(const struct node *n, const struct conn *conn, const struct end **local,
		const struct end **remote, struct address *address);

/* status.c */
void status_command(struct node *n, msec now, const struct command *command, struct actions *actions);

#endif
