/*
 * One daemon at a place: RUNDIR/pid is locked as long as it runs. Without this a second start would take
 * away the control socket and the kernel state of the first.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"

static struct {
	int fd;
	char path[240];
} held = { -1, "" };

/* Whether the locked file still is the one of that name: the last daemon may have removed it meanwhile. */
static bool is_current(int fd, const char *path)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_ino == named.st_ino &&
	       ours.st_dev == named.st_dev;
}

/* The group of the control socket must reach it. */
static void share(const char *rundir)
{
	const struct group *group = getgrnam("cygnet");

	if (group && chown(rundir, (uid_t)-1, group->gr_gid) < 0)
		log_write(NOTE_DEBUG, "%s keeps its group: %s", rundir, strerror(errno));
}

bool instance_open(const struct options *options, char why[256])
{
	char text[24];
	int len;

	if (mkdir(options->rundir, 0750) == 0) {
		share(options->rundir);
	} else if (errno != EEXIST) {
		snprintf(why, 256, "%.150s: %.80s", options->rundir, strerror(errno));
		return false;
	}
	snprintf(held.path, sizeof(held.path), "%.200s/pid", options->rundir);
	do {
		if (held.fd >= 0)
			close(held.fd);
		held.fd = open(held.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (held.fd < 0 || flock(held.fd, LOCK_EX | LOCK_NB) < 0) {
			snprintf(why, 256, "%.150s: %.80s", held.path,
				 errno == EWOULDBLOCK ? "another cygnetd runs here" : strerror(errno));
			if (held.fd >= 0)
				close(held.fd);
			held.fd = -1;
			return false;
		}
	} while (!is_current(held.fd, held.path));
	len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(held.fd, 0) < 0 || write(held.fd, text, (size_t)len) != len)
		log_write(NOTE_WARNING, "%s cannot be written: %s", held.path, strerror(errno));
	return true;
}

void instance_close(void)
{
	if (held.fd < 0)
		return;
	unlink(held.path);
	close(held.fd);
	held.fd = -1;
}
