/* The answers to `status` and `show` (docs/commands.md). */
#include "inside.h"

static void status(struct node *n, const struct command *command, struct actions *actions)
{
	struct ike_counts ike = ike_count(n->ike);
	struct oe_counts oe = oe_count(n->oe);
	struct report *r = actions_report(actions, command->number, "status");
	size_t up = 0;

	for (size_t i = 0; i < n->run_count; i++)
		up += n->runs[i].child != 0;
	report_number(r, "connections", (int64_t)n->run_count);
	report_number(r, "connections-up", (int64_t)up);
	report_number(r, "ike-sas", (int64_t)ike.established);
	report_number(r, "half-open", (int64_t)ike.half_open);
	report_number(r, "lingering", (int64_t)ike.lingering);
	report_number(r, "child-sas", (int64_t)ike.children);
	report_number(r, "flows", (int64_t)oe.flows);
	report_number(r, "acquires", (int64_t)oe.acquires);
	report_number(r, "kernel-failures", (int64_t)n->kernel_failures);
	report_text(r, "stopping", "%s", n->stopping ? "yes" : "no");
}

static void show_run(struct node *n, const struct run *run, msec now, const struct command *command,
		     struct actions *actions)
{
	const struct conn *conn = plan_conn(n->plan, run->conn);
	struct report *r = actions_report(actions, command->number, "conn");
	const struct end *local, *remote;
	struct address address;
	char text[ADDRESS_TEXT];

	if (!conn)
		return;
	report_text(r, "name", "%s", conn->name);
	report_text(r, "state", "%s", run_state(run));
	if (conn_sides(n, conn, &local, &remote, &address)) {
		report_text(r, "local", "%s", address_print(&address, text));
		report_text(r, "remote", "%s",
			    remote->host == HOST_ADDRESS ? address_print(&remote->address, text) : "any");
		report_text(r, "local-auth", "%s", auth_method_name(local->auth));
		report_text(r, "remote-auth", "%s", auth_method_name(remote->auth));
	} else {
		report_text(r, "local", "none of this host's addresses");
	}
	report_text(r, "file", "%s:%u", conn->file, conn->line);
	report_text(r, "reason", "%s", reason_word(run->reason));
	report_text(r, "why", "%s", reason_sentence(run->reason));
	report_number(r, "since-s", (now - run->since) / 1000);
	ike_report(n->ike, now, command->number, run->conn, actions);
}

/* Without a name: all that there is, so that whatever of ours stands in the kernel is found among the rows. */
static void show(struct node *n, const struct conn *named, msec now, const struct command *command,
		 struct actions *actions)
{
	for (size_t i = 0; i < n->run_count; i++) {
		if (!named || n->runs[i].conn == named->serial)
			show_run(n, &n->runs[i], now, command, actions);
	}
	/* A group has no run: its pairs are in `oe list`, their SAs here. */
	for (size_t i = 0; i < n->plan->conn_count; i++) {
		const struct conn *conn = &n->plan->conns[i];

		if (conn->group != CLASS_NONE && (!named || conn == named))
			ike_report(n->ike, now, command->number, conn->serial, actions);
	}
	if (!named)
		adopt_report(n->adopt, command->number, actions);
}

void status_command(struct node *n, msec now, const struct command *command, struct actions *actions)
{
	const struct conn *named = command->name[0] ? plan_conn_by_name(n->plan, command->name) : NULL;

	if (command->kind == COMMAND_STATUS) {
		status(n, command, actions);
	} else if (command->name[0] && !named) {
		actions_result(actions, command->number, 6, REASON_NO_CONNECTION,
			       "there is no connection \"%s\"", command->name);
		return;
	} else {
		show(n, named, now, command, actions);
	}
	actions_result(actions, command->number, 0, REASON_OK, "%s", "");
}
