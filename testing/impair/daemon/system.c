/*
 * System calls that fail by name, in the test build of the daemon: -Wl,--wrap=sendmsg,--wrap=recvmmsg,--wrap=write.
 * Counted from the arming on. The workers' way home is a write, so the counters are atomic.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testing/impair/inside.h"

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
int __real_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout);
ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout);
ssize_t __wrap_write(int fd, const void *data, size_t len);

enum {
	SENDMSG,
	RECVMMSG,
	WRITE,
	CALLS
};

#define SHORT (-1) /* instead of an error: half of it is done */

static const char *const names[CALLS] = { "fail-sendmsg", "fail-recvmmsg", "fail-write" };
static struct {
	atomic_int error; /* 0: not armed */
	atomic_uint occasions;
	unsigned from, to;
} armed[CALLS];

static const struct {
	const char *name;
	int number;
} errors[] = {
	{ "EPERM", EPERM },
	{ "EAGAIN", EAGAIN },
	{ "EINTR", EINTR },
	{ "ENOBUFS", ENOBUFS },
	{ "ENOSPC", ENOSPC },
	{ "EIO", EIO },
	{ "ENETUNREACH", ENETUNREACH },
	{ "ENOMEM", ENOMEM },
	{ "ECONNREFUSED", ECONNREFUSED },
	{ "SHORT", SHORT },
};

static bool arm(const char *error, const char *call, unsigned from, unsigned to)
{
	for (size_t c = 0; c < CALLS; c++) {
		for (size_t i = 0; i < ARRAY_LENGTH(errors) && !strcmp(names[c], call); i++) {
			if (strcmp(errors[i].name, error) != 0)
				continue;
			armed[c].from = from;
			armed[c].to = to;
			armed[c].occasions = 0;
			armed[c].error = errors[i].number;
			return true;
		}
	}
	return false;
}

static void off(void)
{
	for (size_t c = 0; c < CALLS; c++)
		armed[c].error = 0;
}

static unsigned met(const char *call)
{
	for (size_t c = 0; c < CALLS; c++) {
		unsigned n = armed[c].occasions;

		if (strcmp(names[c], call) == 0)
			return n < armed[c].from ? 0
						 : (n < armed[c].to ? n : armed[c].to) - armed[c].from + 1;
	}
	return 0;
}

static const struct impair_system system_calls = { arm, off, met };

__attribute__((constructor)) static void offer(void)
{
	impair_system = &system_calls;
}

/* The error of this call of it, SHORT, or 0. */
static int fault_of(int call)
{
	int error = armed[call].error;
	unsigned nth;

	if (!error)
		return 0;
	nth = ++armed[call].occasions;
	if (nth < armed[call].from || nth > armed[call].to)
		return 0;
	if (error != SHORT)
		errno = error;
	return error;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	int fault = fault_of(SENDMSG);
	struct msghdr half = *message;
	struct iovec part = message->msg_iov[message->msg_iovlen - 1];

	if (fault && fault != SHORT)
		return -1;
	if (fault != SHORT)
		return __real_sendmsg(fd, message, flags);
	part.iov_len /= 2;
	half.msg_iov = &part;
	half.msg_iovlen = 1;
	return __real_sendmsg(fd, &half, flags);
}

int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
	return fault_of(RECVMMSG) ? -1 : __real_recvmmsg(fd, messages, count, flags, timeout);
}

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	int fault = fault_of(WRITE);

	if (fault && fault != SHORT)
		return -1;
	return __real_write(fd, data, fault ? len / 2 : len);
}
