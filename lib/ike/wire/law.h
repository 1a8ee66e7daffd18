/*
 * The payload law: for each exchange and direction, how often each payload may stand in a message, and
 * whether the message must be sealed. Checked before any handler runs. RFC 7296 1.2 to 1.4, appendix C.
 */
#ifndef CYGNET_IKE_WIRE_LAW_H
#define CYGNET_IKE_WIRE_LAW_H

#include "message.h"

/*
 * Whether m (its inner payloads, for a sealed exchange) keeps the law: REASON_OK or REASON_LAW with *which
 * the payload at fault. An answer that bears an error notification may leave out everything else.
 */
enum reason law_check(const struct message *m, bool response, uint8_t *which);

/*
 * Whether messages of this exchange must be sealed, as a whole (SK) or in fragments (SKF). IKE_SA_INIT may be
 * neither (RFC 7383 2.2). *known: whether it is an exchange that we know.
 */
bool law_sealed(uint8_t exchange, bool *known);

#endif
