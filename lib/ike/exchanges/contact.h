/*
 * INITIAL_CONTACT (RFC 7296 2.4): the sender knows of no other IKE SA between the two names. NULL names nobody, and a
 * stranger's name is believed for its own pair only, so it says nothing there (RFC 7619 2.2).
 */
#ifndef CYGNET_IKE_EXCHANGES_CONTACT_H
#define CYGNET_IKE_EXCHANGES_CONTACT_H

#include "kinds.h"

/* Whether we may say it to the peer that an IKE_AUTH of ours goes to. */
bool contact_is_initial(struct ike_context *c, const struct ike_sa *sa, const struct peer *peer);

/*
 * The peer, proven, has just begun: what we still have of it is gone there. Only for the very same two names; and not
 * what was made a moment ago, since both sides may have begun at once.
 */
void contact_take(struct ike_context *c, struct ike_sa *sa, const struct message *m);

#endif
