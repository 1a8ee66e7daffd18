/* A datagram's way to its exchange (receive.c); part of the face. */
#ifndef CYGNET_IKE_RECEIVE_H
#define CYGNET_IKE_RECEIVE_H

#include "sa/context.h"

/* One datagram from outside. Borrows data. Returns the IKE SA that was touched (to be settled), or NULL. */
struct ike_sa *receive_packet(struct ike_context *c, const struct endpoint *local,
			      const struct endpoint *remote, bool encapsulated, struct bytes data);

#endif
