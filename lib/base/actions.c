/* The list of actions and its shorthands (action.h). */
#include "action.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 16

void actions_init(struct actions *actions)
{
	memset(actions, 0, sizeof(*actions));
}

static void report_discard(struct report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->count; i++)
		free(report->field[i].value);
	free(report);
}

static void action_discard(const struct crypto *crypto, struct action *a)
{
	if (a->kind == ACTION_SEND)
		blob_discard(&a->send.data);
	else if (a->kind == ACTION_JOB)
		job_discard(crypto, a->job);
	else if (a->kind == ACTION_REPORT)
		report_discard(a->report);
	else if (a->kind == ACTION_NOTE)
		free(a->note.text);
	wipe(a, sizeof(*a));
}

void actions_clear(const struct crypto *crypto, struct actions *actions)
{
	for (size_t i = 0; i < actions->count; i++)
		action_discard(crypto, &actions->at[i]);
	actions->count = 0;
	actions->failed = false;
	actions->unanswered = 0;
}

void actions_discard(const struct crypto *crypto, struct actions *actions)
{
	actions_clear(crypto, actions);
	free(actions->at);
	actions_init(actions);
}

bool actions_reserve(struct actions *actions, size_t room)
{
	struct action *grown = room > actions->room ? malloc(room * sizeof(*grown)) : NULL;

	if (room <= actions->room)
		return true;
	if (!grown)
		return false;
	if (actions->count)
		memcpy(grown, actions->at, actions->count * sizeof(*grown));
	/* The old place holds keys: realloc would leave them behind. */
	if (actions->at)
		wipe(actions->at, actions->count * sizeof(*actions->at));
	free(actions->at);
	actions->at = grown;
	actions->room = room;
	return true;
}

struct action *actions_add(struct actions *actions, enum action_kind kind)
{
	struct action *a;

	if (actions->count == actions->room &&
	    !actions_reserve(actions, actions->room ? actions->room * 2 : ROOM_FIRST)) {
		actions->failed = true;
		return NULL;
	}
	a = &actions->at[actions->count++];
	memset(a, 0, sizeof(*a));
	a->kind = kind;
	return a;
}

/* The text of a format, malloc'ed; NULL without memory. */
static char *text_of(const char *format, va_list args)
{
	char text[LIMIT_NOTE_TEXT];
	int wanted = vsnprintf(text, sizeof(text), format, args);

	if (wanted < 0)
		return NULL;
	if ((size_t)wanted >= sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);
	return strdup(text);
}

void actions_note(struct actions *actions, enum note_level level, const char *format, ...)
{
	struct action *a;
	va_list args;

	a = level == NOTE_DEBUG && actions->no_debug ? NULL : actions_add(actions, ACTION_NOTE);
	if (!a)
		return;
	va_start(args, format);
	a->note.level = level;
	a->note.text = text_of(format, args);
	va_end(args);
	if (!a->note.text)
		actions->count--;
}

void actions_transition(struct actions *actions, const char *subject, uint64_t serial, const char *name,
			const char *from, const char *to, enum reason reason)
{
	struct action *a = actions_add(actions, ACTION_TRANSITION);

	if (!a)
		return;
	snprintf(a->transition.subject, sizeof(a->transition.subject), "%s", subject);
	a->transition.serial = serial;
	snprintf(a->transition.name, sizeof(a->transition.name), "%s", name);
	snprintf(a->transition.from, sizeof(a->transition.from), "%s", from);
	snprintf(a->transition.to, sizeof(a->transition.to), "%s", to);
	a->transition.reason = reason;
}

void actions_send(struct actions *actions, const struct endpoint *local, const struct endpoint *remote,
		  bool encapsulated, struct bytes data)
{
	struct action *a = actions_add(actions, ACTION_SEND);

	if (!a)
		return;
	a->send.local = *local;
	a->send.remote = *remote;
	a->send.encapsulated = encapsulated;
	if (!blob_copy(&a->send.data, data)) {
		actions->count--;
		actions->failed = true;
	}
}

struct report *actions_report(struct actions *actions, uint64_t command, const char *kind)
{
	struct report *report = calloc(1, sizeof(*report));
	struct action *a = report ? actions_add(actions, ACTION_REPORT) : NULL;

	if (!a) {
		free(report);
		return NULL;
	}
	report->command = command;
	snprintf(report->kind, sizeof(report->kind), "%s", kind);
	a->report = report;
	return report;
}

static void add_field(struct report *report, const char *key, char *value, bool number)
{
	struct report_field *f;

	if (!report || !value || report->count == REPORT_FIELDS) {
		free(value);
		return;
	}
	f = &report->field[report->count++];
	snprintf(f->key, sizeof(f->key), "%s", key);
	f->value = value;
	f->number = number;
}

void report_text(struct report *report, const char *key, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_field(report, key, text_of(format, args), false);
	va_end(args);
}

void report_number(struct report *report, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	add_field(report, key, strdup(text), true);
}

void actions_result(struct actions *actions, uint64_t command, int status, enum reason reason,
		    const char *format, ...)
{
	struct report *report = command ? actions_report(actions, command, "result") : NULL;
	va_list args;

	if (!report) {
		actions->unanswered = command ? command : actions->unanswered;
		return;
	}
	report->final = true;
	report->status = status;
	report_text(report, "reason", "%s", reason_word(reason));
	va_start(args, format);
	add_field(report, "text", text_of(format, args), false);
	va_end(args);
}
