/* Traffic selector payloads (RFC 7296 3.13): a count, then ranges of addresses, ports and a protocol. */
#ifndef CYGNET_IKE_WIRE_TS_H
#define CYGNET_IKE_WIRE_TS_H

#include "address.h"
#include "limits.h"
#include "writer.h"

/*
 * Reads up to LIMIT_SELECTORS selectors of a TSi or TSr body. Types that we do not know are passed over
 * (3.13.1); ranges that run backwards and counts that lie are malformed: false.
 */
MUST_USE bool ts_read(struct bytes body, struct selector out[LIMIT_SELECTORS], size_t *count);
void ts_write(struct writer *w, const struct selector *selectors, size_t count);

#endif
