/*
 * The test build of the daemon (cygnetd-impair): the linker puts these in place of the node's faces (-Wl,--wrap=...), so
 * that the daemon's own sources know nothing of impairments. The command "impair" of the control socket is answered
 * here, before the node would see it. One daemon a process; all of it on the main thread.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node.h"
#include "testing/impair/impair.h"

/* A kind that the node does not have. */
#define COMMAND_IMPAIR ((enum command_kind)1000)

struct node *__real_node_new(const struct crypto *crypto);
void __real_node_discard(struct node *node);
void __real_node_step(struct node *node, msec now, struct event *event, struct actions *actions);
msec __real_node_deadline(const struct node *node);
bool __real_command_kind_parse(const char *name, enum command_kind *kind);
const char *__real_command_kind_name(enum command_kind kind);
struct node *__wrap_node_new(const struct crypto *crypto);
void __wrap_node_discard(struct node *node);
void __wrap_node_step(struct node *node, msec now, struct event *event, struct actions *actions);
msec __wrap_node_deadline(const struct node *node);
bool __wrap_command_kind_parse(const char *name, enum command_kind *kind);
const char *__wrap_command_kind_name(enum command_kind kind);

static struct impair *impair;

struct node *__wrap_node_new(const struct crypto *crypto)
{
	impair = impair_new(crypto);
	return impair ? __real_node_new(impair_crypto(impair)) : NULL;
}

void __wrap_node_discard(struct node *node)
{
	__real_node_discard(node);
	impair_discard(impair);
	impair = NULL;
}

static void list(uint64_t number, struct actions *actions)
{
	const struct impair_row *row;

	for (size_t i = 0; (row = impair_row(i)) != NULL; i++) {
		struct report *r = actions_report(actions, number, "impairment");

		if (!r)
			return;
		report_text(r, "name", "%s", row->name);
		report_text(r, "arguments", "%s", row->form);
		report_text(r, "does", "%s", row->does);
		report_number(r, "met", impair_met(impair, row->name));
	}
	actions_result(actions, number, 0, REASON_OK, "%s", "");
}

static void answer(msec now, const struct command *command, struct actions *actions)
{
	char why[160];

	if (!command->name[0])
		list(command->number, actions);
	else if (impair_arm(impair, now, command->name, why))
		actions_result(actions, command->number, 0, REASON_OPERATOR, "impaired: %s", command->name);
	else
		actions_result(actions, command->number, 1, REASON_OPERATOR, "%s", why);
}

/* What was to happen before has happened: the loop carries actions out before it asks again. */
static void die_if_told(void)
{
	if (impair_died(impair))
		kill(getpid(), SIGKILL);
}

void __wrap_node_step(struct node *node, msec now, struct event *event, struct actions *actions)
{
	struct impair_events in;

	die_if_told();
	if (event->kind == EVENT_COMMAND && event->command.kind == COMMAND_IMPAIR) {
		answer(now, &event->command, actions);
		return;
	}
	impair_event(impair, now, event, &in);
	for (size_t i = 0; i < in.count; i++) {
		impair_step_begins(impair);
		__real_node_step(node, impair_now(impair, now), &in.at[i].event, actions);
		impair_step_ends(impair);
	}
	impair_events_discard(&in);
	impair_actions(impair, now, actions);
}

msec __wrap_node_deadline(const struct node *node)
{
	die_if_told();
	return impair_deadline(impair, __real_node_deadline(node));
}

bool __wrap_command_kind_parse(const char *name, enum command_kind *kind)
{
	if (strcmp(name, "impair") != 0)
		return __real_command_kind_parse(name, kind);
	*kind = COMMAND_IMPAIR;
	return true;
}

const char *__wrap_command_kind_name(enum command_kind kind)
{
	return kind == COMMAND_IMPAIR ? "impair" : __real_command_kind_name(kind);
}
