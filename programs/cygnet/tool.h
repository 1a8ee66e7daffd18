/* What the tool's files share. */
#ifndef CYGNET_TOOL_H
#define CYGNET_TOOL_H

#include <jansson.h>

#include "bytes.h"

struct tool {
	const char *rundir, *nssdir;
	bool json;
};

/* main.c: a request of one command; sends one (which it adopts) and renders the answers; the exit status. */
json_t *tool_request(const char *command);
int tool_ask(const struct tool *t, json_t *request, bool forever);
/* oe.c: the verbs about opportunistic pairs. */
int tool_oe(const struct tool *t, int argc, char **argv);
/* check.c: 0 when a configuration is right, 8 when it is not. */
int tool_check(const struct tool *t, const char *file);
/* key.c: keys of the NSS database. */
int tool_key(const struct tool *t, int argc, char **argv);

#endif
