/* What the tool's files share. */
#ifndef CYGNET_TOOL_H
#define CYGNET_TOOL_H

#include "bytes.h"

struct tool {
	const char *rundir, *nssdir;
	bool json;
};

/* check.c: 0 when a configuration is right, 8 when it is not. */
int tool_check(const struct tool *t, const char *file);
/* key.c: keys of the NSS database. */
int tool_key(const struct tool *t, int argc, char **argv);

#endif
