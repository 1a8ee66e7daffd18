/* The writing cursor (writer.h). */
#include "writer.h"

#include <string.h>

struct writer writer_into(void *base, size_t room)
{
	return (struct writer){ base, room, 0, false };
}

uint8_t *writer_reserve(struct writer *w, size_t n)
{
	uint8_t *at;

	if (w->failed || n > w->room - w->used) {
		w->failed = true;
		return NULL;
	}
	at = w->base + w->used;
	w->used += n;
	return at;
}

static void put_number(struct writer *w, uint64_t v, size_t n)
{
	uint8_t *at = writer_reserve(w, n);

	for (size_t i = n; at && i > 0; i--, v >>= 8)
		at[i - 1] = (uint8_t)v;
}

void writer_u8(struct writer *w, uint8_t v)
{
	put_number(w, v, 1);
}

void writer_u16(struct writer *w, uint16_t v)
{
	put_number(w, v, 2);
}

void writer_u32(struct writer *w, uint32_t v)
{
	put_number(w, v, 4);
}

void writer_u64(struct writer *w, uint64_t v)
{
	put_number(w, v, 8);
}

void writer_bytes(struct writer *w, struct bytes b)
{
	uint8_t *at = writer_reserve(w, b.len);

	if (at && b.len)
		memcpy(at, b.at, b.len);
}

void writer_zeros(struct writer *w, size_t n)
{
	uint8_t *at = writer_reserve(w, n);

	if (at)
		memset(at, 0, n);
}

size_t writer_mark(const struct writer *w)
{
	return w->used;
}

static void patch_number(struct writer *w, size_t mark, uint64_t v, size_t n)
{
	if (w->failed || mark > w->used || n > w->used - mark) {
		w->failed = true;
		return;
	}
	for (size_t i = n; i > 0; i--, v >>= 8)
		w->base[mark + i - 1] = (uint8_t)v;
}

void writer_patch_u8(struct writer *w, size_t mark, uint8_t v)
{
	patch_number(w, mark, v, 1);
}

void writer_patch_u16(struct writer *w, size_t mark, uint16_t v)
{
	patch_number(w, mark, v, 2);
}

void writer_patch_u32(struct writer *w, size_t mark, uint32_t v)
{
	patch_number(w, mark, v, 4);
}

void writer_patch_length(struct writer *w, size_t at, size_t since)
{
	if (since > w->used || w->used - since > UINT16_MAX)
		w->failed = true;
	else
		writer_patch_u16(w, at, (uint16_t)(w->used - since));
}

void writer_fail(struct writer *w)
{
	w->failed = true;
}

bool writer_ok(const struct writer *w)
{
	return !w->failed;
}

struct bytes writer_written(const struct writer *w)
{
	return w->failed ? BYTES_NONE : bytes_of(w->base, w->used);
}
