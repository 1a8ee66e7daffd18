/* Opening sealed messages that come for an IKE SA: whole ones, and fragments (RFC 7296 3.14, RFC 7383 2.6). */
#ifndef CYGNET_IKE_OPENING_H
#define CYGNET_IKE_OPENING_H

#include "sa/ike_sa.h"

/*
 * Opens a message, or keeps a fragment of it until all are here (REASON_FRAGMENT: not yet). Afterwards m holds the inner
 * payloads, which lie in *plain; the caller owns *plain, whatever is returned.
 */
enum reason opening_take(struct ike_context *c, struct ike_sa *sa, struct message *m, struct blob *plain);
/* Whether nothing can be made of it: it proves no sender, or is not whole, or there was no memory. */
bool opening_is_nothing(enum reason reason, const struct blob *plain);

#endif
