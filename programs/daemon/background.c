/*
 * Going to the background: the command returns when the daemon is ready, with 0, or when it could not
 * start, with 1. NSS refuses to work in a forked child, so this comes before it is opened. The working
 * folder and standard error stay, because files may be named relative to the one and a log file is optional.
 */
#include <fcntl.h>
#include <unistd.h>

#include "daemon.h"

static int ready = -1;

bool background_go(void)
{
	int ends[2];
	pid_t child;
	char octet;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	child = fork();
	if (child < 0)
		return false;
	if (child > 0) {
		close(ends[1]);
		_exit(read(ends[0], &octet, 1) == 1 ? 0 : 1);
	}
	close(ends[0]);
	ready = ends[1];
	return setsid() >= 0;
}

void background_ready(void)
{
	int null = ready < 0 ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		close(null);
	}
	if (ready >= 0) {
		if (write(ready, "", 1) < 0)
			log_write(NOTE_DEBUG, "nobody waits for the start");
		close(ready);
	}
	ready = -1;
}
