/*
 * The reading cursor: the one way by which octets from outside become values.
 *
 * A short read sticks: it yields zeros, and so does everything after it. The reader is asked once, at
 * the end, whether all went well. It borrows the octets that it walks over.
 */
#ifndef CYGNET_READER_H
#define CYGNET_READER_H

#include "bytes.h"

struct reader {
	const uint8_t *at;
	size_t left;
	bool failed;
};

/* A reader at the first octet of what b views. Borrows. */
struct reader reader_of(struct bytes b);

/* One octet; two, four and eight in network order. Zero, and failed, when there are too few left. */
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);

/* A view of the next n octets; empty, and failed, when there are fewer. Borrows. */
struct bytes reader_take(struct reader *r, size_t n);

/* A view of all that is left; the reader is then at its end. Borrows. */
struct bytes reader_rest(struct reader *r);

/* A reader of the next n octets only; failed like its parent when there are fewer. */
struct reader reader_sub(struct reader *r, size_t n);

/* Copies n octets to out (zeros when there are fewer, and failed). */
void reader_copy(struct reader *r, void *out, size_t n);

void reader_skip(struct reader *r, size_t n);

/* Marks the reader failed: what was read makes no sense. */
void reader_fail(struct reader *r);

/* Whether nothing failed so far. */
MUST_USE bool reader_ok(const struct reader *r);

/* Whether nothing failed and every octet was read: trailing octets are an error too. */
MUST_USE bool reader_done(const struct reader *r);

#endif
