/*
 * cygnet: the operator's tool. It asks the daemon over the control socket and only renders what it says;
 * `check` and `key` do their work without a daemon. docs/commands.md describes the verbs and exit statuses.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tool.h"

static const char usage[] =
	"cygnet [--rundir D] [--nssdir D] [--json] VERB\n"
	"  status                     counts\n"
	"  show [CONN]                connections and their SAs\n"
	"  up|down CONN               and wait for the result\n"
	"  add|delete CONN            load (the files are read again), unload\n"
	"  route|unroute CONN         start by traffic, or no more\n"
	"  explain ADDRESS [--src A]  encrypted or not, and why\n"
	"  oe list [--state S] [--level L] [--since T]   opportunistic pairs\n"
	"  oe initiate|retry|forget|unpin ADDRESS [--src A]   begin anew, let the next packet decide\n"
	"  oe pin clear|deny ADDRESS [--src A]   whatever its group says, until unpinned\n"
	"  events                     every change of state as it happens\n"
	"  reload                     read the files again\n"
	"  check [FILE]               whether a configuration is right\n"
	"  key new|list|show [--type rsa|ecdsa] [--bits N] [--name N] [--txt ADDRESS] [--ipseckey]\n"
	"  rekey-ike|rekey-child CONN renew its SAs now\n"
	"  delete-ike|delete-child CONN  delete just these; what is wanted comes again\n"
	"  liveness CONN              ask the peer for a sign of life\n"
	"  impair [NAME [ARG...]|off] faults on purpose: only in a daemon built for tests\n"
	"  shutdown [--deadline S]    delete every SA, wait for the peers, end\n"
	"  shutdown --leave-state     end and leave the kernel's SAs to the next run (cygnetd --adopt)\n";

/* What failed on this side of the socket, in the form that was asked for. */
static int fail(const struct tool *t, int status, const char *reason, const char *text)
{
	json_t *o = t->json ? json_pack("{s:i, s:b, s:i, s:s, s:s}", "v", 1, "done", 1, "status", status,
					"reason", reason, "text", text)
			    : NULL;

	if (o)
		json_dumpf(o, stdout, JSON_COMPACT);
	if (o)
		printf("\n");
	else
		fprintf(stderr, "%s\n", text);
	json_decref(o);
	return status;
}

static int connect_to(const struct tool *t, int *status)
{
	char text[512];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/ctl", t->rundir) >=
	    (int)sizeof(address.sun_path))
		errno = ENAMETOOLONG;
	else if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	*status = errno == EACCES || errno == EPERM ? 4 : 3;
	snprintf(text, sizeof(text), "cannot reach the daemon at %s/ctl: %s%s", t->rundir, strerror(errno),
		 *status == 4 ? " (only root and the group cygnet may)"
			      : " (is it running?)\n  -> systemctl start cygnet");
	fail(t, *status, *status == 4 ? "not-permitted" : "daemon-not-running", text);
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool is_frame(const char *key)
{
	return !strcmp(key, "v") || !strcmp(key, "id") || !strcmp(key, "row") || !strcmp(key, "done") ||
	       !strcmp(key, "status");
}

static void print_value(const char *key, const json_t *value)
{
	const char *text = json_string_value(value);
	const char *quote = text && strchr(text, ' ') ? "\"" : "";

	if (text)
		printf(" %s=%s%s%s", key, quote, text, quote);
	else if (json_is_boolean(value))
		printf(" %s=%s", key, json_is_true(value) ? "yes" : "no");
	else
		printf(" %s=%" JSON_INTEGER_FORMAT, key, json_integer_value(value));
}

/* How far a stop is: one line that is written over, where somebody looks on. *shown: it stands there now. */
static bool render_progress(const json_t *o, bool *shown)
{
	const char *row = json_string_value(json_object_get(o, "row"));
	bool is_progress = row && !strcmp(row, "stopping") && isatty(STDERR_FILENO);

	if (*shown)
		fprintf(stderr, "\r\033[K");
	*shown = is_progress;
	if (is_progress)
		fprintf(stderr,
			"stopping: %" JSON_INTEGER_FORMAT " peers confirmed, %" JSON_INTEGER_FORMAT " to go",
			json_integer_value(json_object_get(o, "confirmed")),
			json_integer_value(json_object_get(o, "waiting")));
	fflush(stderr);
	return is_progress;
}

static void render(const json_t *o)
{
	const char *row = json_string_value(json_object_get(o, "row")), *key;
	const char *text = json_string_value(json_object_get(o, "text"));
	const json_t *value;
	json_t *walk = (json_t *)(uintptr_t)o;

	/* A problem's text says its place itself. */
	if (json_is_true(json_object_get(o, "done")) || (row && !strcmp(row, "problem"))) {
		json_int_t status = json_integer_value(json_object_get(o, "status"));

		/* From 10 on a status is explain's answer, no failure. */
		if (text && text[0])
			fprintf((status && status < 10) || row ? stderr : stdout, "%s\n", text);
		return;
	}
	printf("%-8s", row ? row : "event");
	json_object_foreach(walk, key, value)
	{
		if (!is_frame(key))
			print_value(key, value);
	}
	printf("\n");
	fflush(stdout);
}

/* Reads answers until the last one; its status is ours. */
static int follow(const struct tool *t, FILE *in, bool forever)
{
	char *line = NULL;
	size_t room = 0;
	int status = -1;
	bool shown = false;

	while (getline(&line, &room, in) > 0) {
		json_t *o = json_loads(line, 0, NULL);
		bool done = json_is_true(json_object_get(o, "done"));

		if (t->json)
			printf("%s", line);
		else if (o && !(forever && done) && !render_progress(o, &shown))
			render(o);
		if (done)
			status = (int)json_integer_value(json_object_get(o, "status"));
		json_decref(o);
		if (done && (!forever || status))
			break;
	}
	free(line);
	if (status < 0 || (forever && !status))
		return fail(t, 3, "daemon-not-running", "the daemon ended before its answer was complete");
	return status;
}

int tool_ask(const struct tool *t, json_t *request, bool forever)
{
	int status = 3, fd = connect_to(t, &status);
	char *line = json_dumps(request, JSON_COMPACT);
	FILE *in;

	json_decref(request);
	if (fd < 0 || !line) {
		free(line);
		if (fd >= 0)
			close(fd);
		return status;
	}
	if (dprintf(fd, "%s\n", line) < 0) {
		free(line);
		close(fd);
		return 3;
	}
	free(line);
	in = fdopen(fd, "r");
	status = in ? follow(t, in, forever) : 3;
	if (in)
		fclose(in);
	return status;
}

json_t *tool_request(const char *command)
{
	return json_pack("{s:i, s:i, s:s}", "v", 1, "id", 1, "command", command);
}

static int named(const struct tool *t, const char *verb, int argc, char **argv, bool optional)
{
	json_t *o;

	if (argc > 1 || (argc == 0 && !optional)) {
		fprintf(stderr, "cygnet %s needs the name of a connection\n", verb);
		return 2;
	}
	o = tool_request(verb);
	if (argc)
		json_object_set_new(o, "name", json_string(argv[0]));
	return tool_ask(t, o, false);
}

static int explain(const struct tool *t, int argc, char **argv)
{
	json_t *o = tool_request("explain");

	if (argc != 1 && !(argc == 3 && !strcmp(argv[1], "--src"))) {
		fprintf(stderr, "cygnet explain ADDRESS [--src A]\n");
		json_decref(o);
		return 2;
	}
	json_object_set_new(o, "address", json_string(argv[0]));
	if (argc == 3)
		json_object_set_new(o, "source", json_string(argv[2]));
	return tool_ask(t, o, false);
}

static int shut_down(const struct tool *t, int argc, char **argv)
{
	json_t *o = tool_request("shutdown");

	for (int i = 0; i < argc; i++) {
		char *end = NULL;
		long seconds = i + 1 < argc ? strtol(argv[i + 1], &end, 10) : 0;

		if (!strcmp(argv[i], "--leave-state")) {
			json_object_set_new(o, "leave-state", json_true());
		} else if (!strcmp(argv[i], "--deadline") && end && !*end && seconds > 0 && seconds <= 3600) {
			json_object_set_new(o, "deadline-ms", json_integer(seconds * 1000));
			i++;
		} else {
			fprintf(stderr, "cygnet shutdown [--leave-state] [--deadline SECONDS]\n");
			json_decref(o);
			return 2;
		}
	}
	return tool_ask(t, o, false);
}

/* Faults by name, or their list. A daemon that is not built for tests does not know the word. */
static int impair(const struct tool *t, int argc, char **argv)
{
	json_t *o = tool_request("impair");
	char name[128] = "";
	size_t used = 0;
	int status;

	for (int i = 0; i < argc && used < sizeof(name); i++)
		used += (size_t)snprintf(name + used, sizeof(name) - used, "%s%s", i ? " " : "", argv[i]);
	json_object_set_new(o, "name", json_string(name));
	status = used < sizeof(name) ? tool_ask(t, o, false) : 2;
	if (used >= sizeof(name))
		fprintf(stderr, "cygnet impair: the arguments are too long\n");
	else if (status == 2 && !t->json)
		fprintf(stderr, "this daemon has no impairments: it is not the one built for tests "
				"(cygnetd-impair)\n");
	return status;
}

static int run(const struct tool *t, const char *verb, int argc, char **argv)
{
	static const char *const with_name[] = { "up",         "down",         "add",       "delete",
						 "route",      "unroute",      "rekey-ike", "rekey-child",
						 "delete-ike", "delete-child", "liveness" };

	for (size_t i = 0; i < ARRAY_LENGTH(with_name); i++) {
		if (strcmp(verb, with_name[i]) == 0)
			return named(t, verb, argc, argv, false);
	}
	if (!strcmp(verb, "show"))
		return named(t, verb, argc, argv, true);
	if (!strcmp(verb, "explain"))
		return explain(t, argc, argv);
	if (!strcmp(verb, "check"))
		return tool_check(t, argc ? argv[0] : "/etc/ipsec.conf");
	if (!strcmp(verb, "key"))
		return tool_key(t, argc, argv);
	if (!strcmp(verb, "events"))
		return tool_ask(t, tool_request("subscribe"), true);
	if (!strcmp(verb, "oe"))
		return tool_oe(t, argc, argv);
	if (!strcmp(verb, "impair"))
		return impair(t, argc, argv);
	if (!strcmp(verb, "shutdown"))
		return shut_down(t, argc, argv);
	if (!strcmp(verb, "status") || !strcmp(verb, "reload"))
		return tool_ask(t, tool_request(verb), false);
	fprintf(stderr, "cygnet: no verb '%s'\n%s", verb, usage);
	return 2;
}

int main(int argc, char **argv)
{
	struct tool t = { .rundir = "/run/cygnet", .nssdir = "/var/lib/ipsec/nss" };
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--json"))
			t.json = true;
		else if (!strcmp(argv[i], "--rundir") && i + 1 < argc)
			t.rundir = argv[++i];
		else if (!strcmp(argv[i], "--nssdir") && i + 1 < argc)
			t.nssdir = argv[++i];
		else
			break;
	}
	if (i >= argc || !strcmp(argv[i], "help") || !strcmp(argv[i], "--help")) {
		printf("%s", usage);
		return i >= argc ? 2 : 0;
	}
	return run(&t, argv[i], argc - i - 1, argv + i + 1);
}
