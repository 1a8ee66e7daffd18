/* The reading cursor (reader.h): the one place where a length from outside meets a pointer. */
#include "reader.h"

#include <string.h>

struct reader reader_of(struct bytes b)
{
	return (struct reader){ b.at, b.len, false };
}

struct bytes reader_take(struct reader *r, size_t n)
{
	struct bytes taken;

	if (r->failed || n > r->left) {
		reader_fail(r);
		return BYTES_NONE;
	}
	taken = bytes_of(r->at, n);
	if (n)
		r->at += n;
	r->left -= n;
	return taken;
}

/* n octets, at most eight, in network order. */
static uint64_t take_number(struct reader *r, size_t n)
{
	struct bytes b = reader_take(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < b.len; i++)
		v = v << 8 | b.at[i];
	return v;
}

uint8_t reader_u8(struct reader *r)
{
	return (uint8_t)take_number(r, 1);
}

uint16_t reader_u16(struct reader *r)
{
	return (uint16_t)take_number(r, 2);
}

uint32_t reader_u32(struct reader *r)
{
	return (uint32_t)take_number(r, 4);
}

uint64_t reader_u64(struct reader *r)
{
	return take_number(r, 8);
}

struct bytes reader_rest(struct reader *r)
{
	return reader_take(r, r->failed ? 0 : r->left);
}

struct reader reader_sub(struct reader *r, size_t n)
{
	struct reader sub = reader_of(reader_take(r, n));

	sub.failed = r->failed;
	return sub;
}

void reader_copy(struct reader *r, void *out, size_t n)
{
	struct bytes b = reader_take(r, n);

	memset(out, 0, n);
	if (b.len)
		memcpy(out, b.at, b.len);
}

void reader_skip(struct reader *r, size_t n)
{
	reader_take(r, n);
}

void reader_fail(struct reader *r)
{
	r->failed = true;
	r->left = 0;
}

bool reader_ok(const struct reader *r)
{
	return !r->failed;
}

bool reader_done(const struct reader *r)
{
	return !r->failed && r->left == 0;
}
