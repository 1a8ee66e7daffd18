/*
 * Preloaded into a daemon by torture.py: kills it at the CYGNET_KILL_AT-th request to the kernel's XFRM, when it
 * has been sent: so the kernel is left between any two of the changes that belong together.
 */
#include <dlfcn.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

ssize_t send(int fd, const void *data, size_t len, int flags)
{
	static long left = -1;
	ssize_t (*real)(int, const void *, size_t, int) =
		(ssize_t(*)(int, const void *, size_t, int))dlsym(RTLD_NEXT, "send");
	const char *at = getenv("CYGNET_KILL_AT");
	int family = 0, protocol = 0;
	socklen_t room = sizeof(family);
	ssize_t n = real(fd, data, len, flags);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &room);
	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &room);
	if (!at || family != AF_NETLINK || protocol != NETLINK_XFRM)
		return n;
	if (left < 0)
		left = atol(at);
	if (left > 0 && --left == 0)
		raise(SIGKILL);
	return n;
}
