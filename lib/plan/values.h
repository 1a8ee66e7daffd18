/*
 * Typed values of ipsec.conf: each reads one whole text or says no; *out is then unchanged. Pure.
 */
#ifndef CYGNET_PLAN_VALUES_H
#define CYGNET_PLAN_VALUES_H

#include "address.h"
#include "instant.h"
#include "public_key.h"

/* "30s", "5m", "8h", "500ms", "1d", "1w", "1.5h"; a bare number counts in unit milliseconds. */
MUST_USE bool value_time(const char *text, msec unit, msec *out);
/* yes, y, true, on, 1; no, n, false, off, 0. */
MUST_USE bool value_bool(const char *text, bool *out);
/* A decimal number of at most max. */
MUST_USE bool value_number(const char *text, unsigned long max, unsigned long *out);
/* An address with or without "/bits"; "0/0" and "::/0" are everything. */
MUST_USE bool value_subnet(const char *text, struct prefix *out);
/* A protocol by name or number, "%any" for 0. */
MUST_USE bool value_protocol(const char *text, uint8_t *out);
/* A port by number or by one of the names that configurations use, "%any" for 0. */
MUST_USE bool value_port(const char *text, uint16_t *out);
/* leftprotoport: "udp", "tcp/22", "17/1701", "udp/%any", "tcp/8000-8010". Sets protocol and ports only. */
MUST_USE bool value_protoport(const char *text, struct selector *out);
/* Octets as "0sBASE64" or "0xHEX" ('_' between digits is allowed). */
MUST_USE bool value_octets(const char *text, struct blob *out);

#endif
