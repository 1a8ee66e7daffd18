/* cygnet oe: what an operator may ask about opportunistic pairs, and order for a destination (docs/commands.md). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define USAGE 2 /* exit status */

static const char usage[] = "cygnet oe list [--state STATE] [--level LEVEL] [--since TIME]\n"
			    "cygnet oe initiate|retry|forget|unpin ADDRESS [--src ADDRESS]\n"
			    "cygnet oe pin clear|deny ADDRESS [--src ADDRESS]\n";

static int wrong(json_t *request)
{
	fputs(usage, stderr);
	json_decref(request);
	return USAGE;
}

/* "90", "90s", "15m", "2h", "1d" in milliseconds; 0: none of these. */
static json_int_t span_of(const char *text)
{
	static const struct {
		const char *unit;
		json_int_t milliseconds;
	} units[] = { { "", 1000 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
	char *end;
	long n = strtol(text, &end, 10);

	for (size_t i = 0; n > 0 && n < 1000000 && i < ARRAY_LENGTH(units); i++) {
		if (!strcmp(end, units[i].unit))
			return n * units[i].milliseconds;
	}
	return 0;
}

static int list(const struct tool *t, int argc, char **argv)
{
	json_t *o = tool_request("oe-list");

	for (int i = 0; i < argc; i += 2) {
		json_int_t span = i + 1 < argc ? span_of(argv[i + 1]) : 0;

		if (i + 1 < argc && !strcmp(argv[i], "--state"))
			json_object_set_new(o, "state", json_string(argv[i + 1]));
		else if (i + 1 < argc && !strcmp(argv[i], "--level"))
			json_object_set_new(o, "level", json_string(argv[i + 1]));
		else if (span && !strcmp(argv[i], "--since"))
			json_object_set_new(o, "within-ms", json_integer(span));
		else
			return wrong(o);
	}
	return tool_ask(t, o, false);
}

/* ADDRESS [--src ADDRESS] */
static int order(const struct tool *t, const char *command, int argc, char **argv)
{
	json_t *o = tool_request(command);

	if (argc != 1 && !(argc == 3 && !strcmp(argv[1], "--src")))
		return wrong(o);
	json_object_set_new(o, "address", json_string(argv[0]));
	if (argc == 3)
		json_object_set_new(o, "source", json_string(argv[2]));
	return tool_ask(t, o, false);
}

int tool_oe(const struct tool *t, int argc, char **argv)
{
	static const struct {
		const char *verb, *command;
	} verbs[] = { { "initiate", "oe-initiate" },
		      { "retry", "oe-initiate" },
		      { "forget", "oe-forget" },
		      { "unpin", "oe-unpin" } };

	if (argc && !strcmp(argv[0], "list"))
		return list(t, argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[0], "pin") && !strcmp(argv[1], "clear"))
		return order(t, "oe-pin-clear", argc - 2, argv + 2);
	if (argc > 1 && !strcmp(argv[0], "pin") && !strcmp(argv[1], "deny"))
		return order(t, "oe-pin-deny", argc - 2, argv + 2);
	for (size_t i = 0; argc && i < ARRAY_LENGTH(verbs); i++) {
		if (!strcmp(argv[0], verbs[i].verb))
			return order(t, verbs[i].command, argc - 1, argv + 1);
	}
	return wrong(NULL);
}
