/*
 * After the start: three capabilities are left (policies, ports below 1024, raw sockets); the user stays
 * root, who owns the 0600 files that a reload reads, so that no right to override modes is needed.
 */
#include <cap-ng.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "daemon.h"

bool privileges_drop(char why[256])
{
	const struct rlimit no_core = { 0, 0 };

	/* Secrets stay out of core files and away from debuggers (checklist P1). */
	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN, CAP_NET_BIND_SERVICE,
			  CAP_NET_RAW, -1) ||
	    capng_apply(CAPNG_SELECT_BOTH)) {
		snprintf(why, 256, "capabilities cannot be dropped");
		return false;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		snprintf(why, 256, "no_new_privs cannot be set");
		return false;
	}
	return true;
}
