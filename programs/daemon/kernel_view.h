/* What stands in the kernel about an address, as rows for `explain`: so that the kernel's view stands beside ours. */
#ifndef CYGNET_DAEMON_KERNEL_VIEW_H
#define CYGNET_DAEMON_KERNEL_VIEW_H

#include <jansson.h>

#include "kernel_port.h"

/*
 * Our policies about packets to and from the address, in the order in which the kernel tries them, and our SAs from or
 * to it. row adopts each. Reads everything of ours, so not to be called often.
 */
void kernel_view(struct kernel_port *port, const struct address *about,
		 void (*row)(void *context, json_t *row), void *context);

#endif
