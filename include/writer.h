/*
 * The writing cursor: the one way by which values become octets for outside.
 *
 * It writes into room that the caller owns. Writing past the end sticks as failed and writes nothing
 * more; the caller asks once, at the end. Lengths that are known only later are patched at a mark.
 */
#ifndef CYGNET_WRITER_H
#define CYGNET_WRITER_H

#include "bytes.h"

struct writer {
	uint8_t *base;
	size_t room;
	size_t used;
	bool failed;
};

/* A writer into room octets at base. Borrows base. */
struct writer writer_into(void *base, size_t room);

void writer_u8(struct writer *w, uint8_t v);
void writer_u16(struct writer *w, uint16_t v);
void writer_u32(struct writer *w, uint32_t v);
void writer_u64(struct writer *w, uint64_t v);
void writer_bytes(struct writer *w, struct bytes b);
void writer_zeros(struct writer *w, size_t n);

/* n octets of room to be filled by the caller at once; NULL, and failed, when there is no room. */
uint8_t *writer_reserve(struct writer *w, size_t n);

/* Where the next octet goes, as an offset for a later patch. */
size_t writer_mark(const struct writer *w);

/* Overwrites octets written before; failed when the place was not yet written. */
void writer_patch_u8(struct writer *w, size_t mark, uint8_t v);
void writer_patch_u16(struct writer *w, size_t mark, uint16_t v);
void writer_patch_u32(struct writer *w, size_t mark, uint32_t v);

/* Writes, at a mark, the number of octets written since the mark (16 bits): a payload's own length. */
void writer_patch_length(struct writer *w, size_t at, size_t since);

/* Marks the writer failed. */
void writer_fail(struct writer *w);

MUST_USE bool writer_ok(const struct writer *w);

/* What was written, or an empty view when the writer failed. Borrows. */
struct bytes writer_written(const struct writer *w);

#endif
