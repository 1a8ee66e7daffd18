/* What operators ask of configured connections (docs/commands.md), and who waits for which answer. */
#include "inside.h"

void run_answer_up(struct run *run, int status, const char *name, struct actions *actions)
{
	if (run->up_command)
		actions_result(actions, run->up_command, status, run->reason, "\"%s\": %s", name,
			       reason_sentence(run->reason));
	run->up_command = 0;
}

void run_answer_down(struct node *n, struct run *run, int status, const char *name, const char *text,
		     struct actions *actions)
{
	if (!run->down_command)
		return;
	n->downs--;
	actions_result(actions, run->down_command, status, run->reason, "\"%s\": %s", name, text);
	run->down_command = run->down_child = run->down_ike_sa = 0;
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
	run_answer_up(run, 1, conn->name, actions);
	run->up_command = command->number;
	run->attempts = 0;
	if (!run->attempt)
		run_start(n, run, now, false, actions);
}

/* Ends what runs of a connection; true when there is something to wait for. */
static bool take_down(struct node *n, struct run *run, msec now, struct actions *actions)
{
	const char *before = run_state(run);
	uint64_t attempt = run->attempt;

	run->wanted = false;
	run_set_retry(n, run, MSEC_NEVER);
	run->attempt = 0;
	if (attempt)
		ike_withdraw(n->ike, now, attempt, run->serial, REASON_OPERATOR, actions);
	run->down_child = run->child;
	run->down_ike_sa = run->ike_sa;
	if (run->child) {
		ike_delete_child(n->ike, now, run->child, REASON_OPERATOR, actions);
		return true;
	}
	run_changed(n, run, now, before, REASON_OPERATOR, actions);
	run_answer_up(run, 1, "", actions);
	return false;
}

static void command_down(struct node *n, struct run *run, msec now, const struct command *command,
			 const struct conn *conn, struct actions *actions)
{
	if (command->kind == COMMAND_DELETE) {
		run_unroute(n, run, now, actions);
		run->loaded = false;
	}
	run_answer_down(n, run, 1, conn->name, "another command took over", actions);
	if (!take_down(n, run, now, actions)) {
		actions_result(actions, command->number, 0, REASON_OPERATOR, "\"%s\" is down", conn->name);
		return;
	}
	run->down_command = command->number;
	n->downs++;
}

/* Commands about the SAs that serve a connection. */
static void command_sa(struct node *n, struct run *run, msec now, const struct command *command,
		       const struct conn *conn, struct actions *actions)
{
	bool done = run->child != 0;

	if (!done) {
		actions_result(actions, command->number, 6, REASON_NONE, "\"%s\" is not up: it has no SA",
			       conn->name);
		return;
	}
	switch (command->kind) {
	case COMMAND_REKEY_CHILD:
		ike_rekey_child(n->ike, now, run->child, REASON_OPERATOR, actions);
		break;
	case COMMAND_REKEY_IKE:
		ike_rekey(n->ike, now, run->ike_sa, REASON_OPERATOR, actions);
		break;
	case COMMAND_DELETE_CHILD:
		ike_delete_only_child(n->ike, now, run->child, REASON_OPERATOR, actions);
		break;
	case COMMAND_DELETE_IKE:
		ike_delete(n->ike, now, run->ike_sa, REASON_OPERATOR, actions);
		break;
	default:
		ike_liveness(n->ike, now, run->ike_sa, actions);
		break;
	}
	actions_result(actions, command->number, 0, REASON_OPERATOR, "\"%s\": %s is queued", conn->name,
		       command_kind_name(command->kind));
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
	} else if (command->kind >= COMMAND_REKEY_IKE) {
		command_sa(n, run, now, command, conn, actions);
	} else {
		if (command->kind == COMMAND_ROUTE)
			run_route(n, run, now, actions);
		else if (command->kind == COMMAND_UNROUTE)
			run_unroute(n, run, now, actions);
		else
			run_load(n, run, conn, now, actions);
		actions_result(actions, command->number, 0, REASON_OPERATOR, "\"%s\": %s", conn->name,
			       run_state(run));
	}
}
