/* The reading cursor: every operation at every length, and errors that stick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "reader.h"

#define OCTETS 24

/* One operation of each kind; what it wants to consume, and what it read, as a number. */
enum operation {
	U8,
	U16,
	U32,
	U64,
	TAKE,
	SUB,
	COPY,
	SKIP,
	OPERATIONS
};

static size_t wants(enum operation op, size_t n)
{
	static const size_t fixed[] = { 1, 2, 4, 8 };

	return op <= U64 ? fixed[op] : n;
}

static uint64_t number_of(const uint8_t *at, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | at[i];
	return v;
}

static uint64_t perform(struct reader *r, enum operation op, size_t n)
{
	uint8_t out[OCTETS + 2];
	struct bytes b;
	struct reader sub;

	switch (op) {
	case U8:
		return reader_u8(r);
	case U16:
		return reader_u16(r);
	case U32:
		return reader_u32(r);
	case U64:
		return reader_u64(r);
	case TAKE:
		b = reader_take(r, n);
		assert_int_equal(b.len, reader_ok(r) ? n : 0);
		return number_of(b.at, b.len);
	case SUB:
		sub = reader_sub(r, n);
		assert_int_equal(reader_ok(&sub), reader_ok(r));
		assert_int_equal(sub.left, reader_ok(r) ? n : 0);
		return number_of(sub.at, sub.left);
	case COPY:
		memset(out, 0xee, sizeof(out));
		reader_copy(r, out, n);
		assert_int_equal(out[n], 0xee);
		return number_of(out, n);
	default:
		reader_skip(r, n);
		return 0;
	}
}

static void every_operation_at_every_length(void **state)
{
	for (size_t len = 0; len <= OCTETS; len++) {
		/* On the heap and exactly as long, so that one octet too far is seen. */
		uint8_t *octets = malloc(len ? len : 1);

		assert_non_null(octets);
		for (size_t i = 0; i < len; i++)
			octets[i] = (uint8_t)(0x11 + i);
		for (unsigned op = 0; op < OPERATIONS; op++) {
			for (size_t n = 0; n <= OCTETS + 1; n++) {
				struct reader r = reader_of(bytes_of(octets, len));
				size_t want = wants(op, n);
				uint64_t read = perform(&r, op, n);

				assert_int_equal(reader_ok(&r), want <= len);
				assert_int_equal(reader_done(&r), want == len);
				assert_int_equal(r.left, want <= len ? len - want : 0);
				if (op != SKIP)
					assert_true(read == (want <= len ? number_of(octets, want) : 0));
			}
		}
		free(octets);
	}
}

static void a_failure_sticks(void **state)
{
	static const uint8_t octets[OCTETS] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

	for (unsigned op = 0; op < OPERATIONS; op++) {
		struct reader r = reader_of(BYTES_OF_ARRAY(octets));

		assert_int_equal(reader_u8(&r), 1);
		reader_skip(&r, OCTETS);
		assert_false(reader_ok(&r));
		for (size_t n = 0; n <= 2; n++) {
			assert_true(perform(&r, op, n) == 0);
			assert_false(reader_ok(&r));
			assert_false(reader_done(&r));
			assert_int_equal(reader_rest(&r).len, 0);
			assert_false(reader_ok(&r));
		}
	}
}

static void saying_so_fails_it(void **state)
{
	static const uint8_t octets[4] = { 1, 2, 3, 4 };
	struct reader r = reader_of(BYTES_OF_ARRAY(octets));

	reader_fail(&r);
	assert_false(reader_ok(&r));
	assert_false(reader_done(&r));
	assert_int_equal(reader_u8(&r), 0);
}

static void the_rest_is_the_end(void **state)
{
	static const uint8_t octets[4] = { 1, 2, 3, 4 };
	struct reader r = reader_of(BYTES_OF_ARRAY(octets));
	struct bytes rest;

	reader_skip(&r, 1);
	rest = reader_rest(&r);
	assert_int_equal(rest.len, 3);
	assert_ptr_equal(rest.at, octets + 1);
	assert_true(reader_done(&r));
	assert_int_equal(reader_rest(&r).len, 0);
	assert_true(reader_done(&r));
}

static void nothing_at_all_can_be_read(void **state)
{
	struct reader r = reader_of(BYTES_NONE);

	assert_true(reader_done(&r));
	assert_int_equal(reader_rest(&r).len, 0);
	assert_int_equal(reader_take(&r, 0).len, 0);
	assert_true(reader_done(&r));
	assert_int_equal(reader_u8(&r), 0);
	assert_false(reader_ok(&r));
}

static void a_sub_reader_keeps_to_its_part(void **state)
{
	static const uint8_t octets[4] = { 1, 2, 3, 4 };
	struct reader r = reader_of(BYTES_OF_ARRAY(octets));
	struct reader in = reader_sub(&r, 2);

	assert_int_equal(reader_u32(&in), 0);
	assert_false(reader_ok(&in));
	assert_true(reader_ok(&r));
	assert_int_equal(reader_u16(&r), 0x0304);
	assert_true(reader_done(&r));
	assert_int_equal(reader_take(&r, SIZE_MAX).len, 0);
	assert_false(reader_ok(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_at_every_length),
		cmocka_unit_test(a_failure_sticks),
		cmocka_unit_test(saying_so_fails_it),
		cmocka_unit_test(the_rest_is_the_end),
		cmocka_unit_test(nothing_at_all_can_be_read),
		cmocka_unit_test(a_sub_reader_keeps_to_its_part),
	};
	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
