/*
 * The control socket (docs/commands.md): one JSON object a line, versioned. A client that is slow or silent
 * blocks nobody: what it does not read is kept up to a limit, then it is dropped.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <grp.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon.h"
#include "kernel_view.h"
#include "list.h"

#define VERSION 1

struct client {
	struct list link;
	struct control *owner;
	struct bufferevent *stream;
	uint64_t command; /* the node's number of the command that is waited for, 0 none */
	json_int_t id; /* the client's own number of it */
	bool subscribed;
	bool dropped; /* to be closed as soon as nobody up the stack holds it */
};

struct control {
	struct daemon *d;
	struct list clients;
	size_t count;
	uint64_t last_command;
	int fd;
	struct event *event, *sweep;
	char path[240];
};

static void client_close(struct client *cl)
{
	list_remove(&cl->link);
	cl->owner->count--;
	bufferevent_free(cl->stream);
	free(cl);
}

/* What is written already leaves before the socket goes, as far as it goes without waiting. */
static void flush(struct client *cl)
{
	struct evbuffer *out = bufferevent_get_output(cl->stream);

	evbuffer_unfreeze(out, 1);
	while (evbuffer_get_length(out) && evbuffer_write(out, bufferevent_getfd(cl->stream)) > 0)
		;
}

/* Callers above still hold the client: it is closed when the loop comes round. */
static void drop(struct client *cl, const char *why)
{
	const struct timeval now = { 0, 0 };

	if (cl->dropped)
		return;
	log_write(NOTE_WARNING, "a control client is dropped: %s", why);
	cl->dropped = true;
	cl->command = 0;
	cl->subscribed = false;
	bufferevent_disable(cl->stream, EV_READ | EV_WRITE);
	event_add(cl->owner->sweep, &now);
}

static void sweep(evutil_socket_t fd, short what, void *context)
{
	struct control *c = context;
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &c->clients) {
		struct client *cl = LIST_ENTRY(pos, struct client, link);

		if (!cl->dropped)
			continue;
		flush(cl);
		client_close(cl);
	}
}

/* Writes one object and releases it; a client that does not read is dropped. */
static void tell(struct client *cl, json_t *object)
{
	struct evbuffer *out = bufferevent_get_output(cl->stream);
	char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	if (line && evbuffer_get_length(out) + strlen(line) > LIMIT_CONTROL_BACKLOG)
		drop(cl, "it does not read");
	if (line && !cl->dropped) {
		evbuffer_add(out, line, strlen(line));
		evbuffer_add(out, "\n", 1);
	}
	free(line);
}

static json_t *reply(json_int_t id)
{
	return json_pack("{s:i, s:I}", "v", VERSION, "id", id);
}

static void finish(struct client *cl, json_int_t id, int status, const char *reason, const char *text)
{
	json_t *o = reply(id);

	json_object_set_new(o, "done", json_true());
	json_object_set_new(o, "status", json_integer(status));
	json_object_set_new(o, "reason", json_string(reason));
	json_object_set_new(o, "text", json_string(text));
	tell(cl, o);
}

static json_t *value_of(const struct report_field *f)
{
	json_t *text;

	if (f->number)
		return json_integer(strtoll(f->value, NULL, 10));
	text = json_string(f->value);
	return text ? text : json_string("(not UTF-8)");
}

void control_report(struct control *c, const struct report *report)
{
	struct list *pos, *next;

	if (!c || !report)
		return;
	LIST_FOR_EACH (pos, next, &c->clients) {
		struct client *cl = LIST_ENTRY(pos, struct client, link);
		json_t *o;

		if (!cl->command || cl->command != report->command)
			continue;
		o = reply(cl->id);
		json_object_set_new(o, report->final ? "done" : "row",
				    report->final ? json_true() : json_string(report->kind));
		if (report->final)
			json_object_set_new(o, "status", json_integer(report->status));
		for (size_t i = 0; i < report->count; i++)
			json_object_set_new(o, report->field[i].key, value_of(&report->field[i]));
		if (report->final)
			cl->command = 0;
		tell(cl, o);
		return;
	}
}

void control_unanswered(struct control *c, uint64_t command)
{
	struct list *pos, *next;

	if (!c)
		return;
	LIST_FOR_EACH (pos, next, &c->clients) {
		struct client *cl = LIST_ENTRY(pos, struct client, link);

		if (cl->command != command)
			continue;
		cl->command = 0;
		finish(cl, cl->id, 1, reason_word(REASON_MEMORY), reason_sentence(REASON_MEMORY));
	}
}

void control_transition(struct control *c, const struct action *a)
{
	struct list *pos, *next;

	if (!c)
		return;
	LIST_FOR_EACH (pos, next, &c->clients) {
		struct client *cl = LIST_ENTRY(pos, struct client, link);

		if (cl->subscribed)
			tell(cl, json_pack("{s:i, s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s}", "v", VERSION,
					   "event", "transition", "subject", a->transition.subject, "serial",
					   (json_int_t)a->transition.serial, "name", a->transition.name,
					   "from", a->transition.from, "to", a->transition.to, "reason",
					   reason_word(a->transition.reason), "why",
					   reason_sentence(a->transition.reason)));
	}
}

/* ---- requests ---- */

static void problems_told(struct client *cl, json_int_t id, const struct plan_problems *problems)
{
	for (size_t i = 0; i < problems->count && i < PLAN_PROBLEMS; i++) {
		const struct plan_problem *p = &problems->at[i];
		char text[640];
		json_t *o = reply(id);

		json_object_set_new(o, "row", json_string("problem"));
		json_object_set_new(o, "file", json_string(p->file));
		json_object_set_new(o, "line", json_integer(p->line));
		json_object_set_new(o, "column", json_integer(p->column));
		json_object_set_new(o, "warning", json_boolean(p->warning));
		json_object_set_new(o, "text", json_string(plan_problem_print(p, text)));
		tell(cl, o);
	}
}

static bool reload(struct client *cl, json_int_t id)
{
	static struct plan_problems problems;
	bool ok = config_reload(cl->owner->d, &problems);

	problems_told(cl, id, &problems);
	if (!ok)
		finish(cl, id, 8, "config", "the configuration has errors: nothing was changed");
	return ok;
}

static bool take_address(json_t *request, const char *key, struct address *address)
{
	const char *text = json_string_value(json_object_get(request, key));

	return !text || address_parse(address, text);
}

/* A word that is too long is none of ours, and cut it is none either. */
static void take_filter(json_t *request, const char *key, char word[16])
{
	const char *text = json_string_value(json_object_get(request, key));

	snprintf(word, 16, "%s", text ? text : "");
}

static void tell_kernel_row(void *context, json_t *row)
{
	struct client *cl = context;

	if (!row)
		return;
	json_object_set_new(row, "v", json_integer(VERSION));
	json_object_set_new(row, "id", json_integer(cl->id));
	tell(cl, row);
}

static void command(struct client *cl, json_t *request, json_int_t id, enum command_kind kind)
{
	struct event event = { .kind = EVENT_COMMAND };
	const char *name = json_string_value(json_object_get(request, "name"));

	if (!take_address(request, "address", &event.command.address) ||
	    !take_address(request, "source", &event.command.source)) {
		finish(cl, id, 2, "malformed", "an address is neither IPv4 nor IPv6 text");
		return;
	}
	if ((kind == COMMAND_EXPLAIN || (kind > COMMAND_OE_LIST && kind <= COMMAND_OE_UNPIN)) &&
	    event.command.address.family == ADDRESS_NONE) {
		finish(cl, id, 2, "malformed", "this command needs an address");
		return;
	}
	if (name && strlen(name) >= sizeof(event.command.name)) {
		finish(cl, id, 6, "no-connection", "the name is too long for any connection");
		return;
	}
	if (kind == COMMAND_ADD && !reload(cl, id))
		return;
	cl->command = event.command.number = ++cl->owner->last_command;
	cl->id = id;
	event.command.kind = kind;
	event.command.deadline = json_integer_value(json_object_get(request, "deadline-ms"));
	take_filter(request, "state", event.command.state);
	take_filter(request, "level", event.command.level);
	event.command.within = json_integer_value(json_object_get(request, "within-ms"));
	event.command.leave_state = json_is_true(json_object_get(request, "leave-state"));
	if (!event.command.deadline)
		event.command.deadline = cl->owner->d->options.stop_deadline;
	snprintf(event.command.name, sizeof(event.command.name), "%s", name ? name : "");
	if (kind == COMMAND_EXPLAIN)
		kernel_view(cl->owner->d->kernel, &event.command.address, tell_kernel_row, cl);
	daemon_feed(cl->owner->d, &event);
}

static void request(struct client *cl, const char *line, size_t len)
{
	json_error_t error;
	json_t *o = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	json_int_t id = json_integer_value(json_object_get(o, "id"));
	const char *word = json_string_value(json_object_get(o, "command"));
	enum command_kind kind;
	char text[160];

	if (!json_is_object(o)) {
		snprintf(text, sizeof(text), "not a JSON object: %.100s", o ? "another value" : error.text);
		finish(cl, id, 2, "malformed", text);
	} else if (json_integer_value(json_object_get(o, "v")) != VERSION) {
		finish(cl, id, 2, "version", "this daemon speaks version 1");
	} else if (!word) {
		finish(cl, id, 2, "malformed", "no command");
	} else if (cl->command) {
		finish(cl, id, 2, "malformed", "one command at a time");
	} else if (strcmp(word, "subscribe") == 0) {
		cl->subscribed = true;
		finish(cl, id, 0, "ok", "");
	} else if (strcmp(word, "reload") == 0) {
		if (reload(cl, id))
			finish(cl, id, 0, "ok", "the configuration is in force");
	} else if (command_kind_parse(word, &kind)) {
		command(cl, o, id, kind);
	} else {
		snprintf(text, sizeof(text), "unknown command '%.60s'", word);
		finish(cl, id, 2, "malformed", text);
	}
	json_decref(o);
}

static void too_long(struct client *cl)
{
	finish(cl, 0, 2, "malformed", "the line is too long");
	drop(cl, "its line is too long");
}

static void readable(struct bufferevent *stream, void *context)
{
	struct client *cl = context;
	struct evbuffer *in = bufferevent_get_input(stream);
	char *line;
	size_t len;

	while (!cl->dropped && (line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF)) != NULL) {
		if (len <= LIMIT_CONTROL_LINE)
			request(cl, line, len);
		else
			too_long(cl);
		free(line);
	}
	if (!cl->dropped && evbuffer_get_length(in) > LIMIT_CONTROL_LINE)
		too_long(cl);
}

static void gone(struct bufferevent *stream, short what, void *context)
{
	client_close(context);
}

/* Root, our own user, or a member of the socket's group: the file's mode has let nobody else in. */
static bool is_allowed(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid() || getgrnam("cygnet") != NULL);
}

/* Before there is a client: one line that says why there will be none. */
static void refuse(int fd, int status, const char *reason, const char *text)
{
	dprintf(fd, "{\"v\":%d,\"id\":0,\"done\":true,\"status\":%d,\"reason\":\"%s\",\"text\":\"%s\"}\n",
		VERSION, status, reason, text);
	close(fd);
}

static void accept_client(evutil_socket_t fd, short what, void *context)
{
	struct control *c = context;
	int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *cl;

	if (peer < 0)
		return;
	if (!is_allowed(peer)) {
		refuse(peer, 4, "not-permitted", "only root and the group cygnet may speak with the daemon");
		return;
	}
	cl = c->count < LIMIT_CONTROL_CLIENTS ? calloc(1, sizeof(*cl)) : NULL;
	if (cl)
		cl->stream = bufferevent_socket_new(c->d->base, peer, BEV_OPT_CLOSE_ON_FREE);
	if (!cl || !cl->stream) {
		free(cl);
		refuse(peer, 1, "limit", "the daemon has as many clients as it takes");
		return;
	}
	cl->owner = c;
	list_append(&c->clients, &cl->link);
	c->count++;
	bufferevent_setcb(cl->stream, readable, NULL, gone, cl);
	bufferevent_setwatermark(cl->stream, EV_READ, 0, LIMIT_CONTROL_LINE * 2);
	bufferevent_enable(cl->stream, EV_READ | EV_WRITE);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct group *group = getgrnam("cygnet");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mode_t mask = umask(0117);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		errno = fd < 0 ? errno : ENAMETOOLONG;
	memcpy(address.sun_path, path, strnlen(path, sizeof(address.sun_path) - 1));
	unlink(path);
	if (fd >= 0 && (strlen(path) >= sizeof(address.sun_path) ||
			bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
			listen(fd, LIMIT_CONTROL_CLIENTS) < 0)) {
		close(fd);
		fd = -1;
	}
	umask(mask);
	if (fd >= 0 && group && chown(path, (uid_t)-1, group->gr_gid) < 0)
		log_write(NOTE_DEBUG, "the socket's group stays: %s", strerror(errno));
	return fd;
}

struct control *control_open(struct daemon *d, char why[256])
{
	struct control *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->d = d;
	list_init(&c->clients);
	snprintf(c->path, sizeof(c->path), "%.200s/ctl", d->options.rundir);
	c->fd = listen_at(c->path);
	c->sweep = evtimer_new(d->base, sweep, c);
	c->event = c->fd < 0 ? NULL : event_new(d->base, c->fd, EV_READ | EV_PERSIST, accept_client, c);
	if (!c->event || !c->sweep) {
		snprintf(why, 256, "%.120s: %.100s", c->path, strerror(errno));
		control_close(c);
		return NULL;
	}
	event_add(c->event, NULL);
	return c;
}

void control_close(struct control *c)
{
	struct list *pos, *next;

	if (!c)
		return;
	LIST_FOR_EACH (pos, next, &c->clients) {
		flush(LIST_ENTRY(pos, struct client, link));
		client_close(LIST_ENTRY(pos, struct client, link));
	}
	if (c->event)
		event_free(c->event);
	if (c->sweep)
		event_free(c->sweep);
	if (c->fd >= 0) {
		close(c->fd);
		unlink(c->path);
	}
	free(c);
}
