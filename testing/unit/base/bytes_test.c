/* Views and blobs: equality, order, ownership. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "bytes.h"

static void equality_is_of_length_and_content(void **state)
{
	static const uint8_t a[] = { 1, 2, 3, 4 }, b[] = { 1, 2, 3, 5 };

	for (size_t i = 0; i <= 4; i++) {
		for (size_t k = 0; k <= 4; k++) {
			assert_int_equal(bytes_equal(bytes_of(a, i), bytes_of(a, k)), i == k);
			assert_int_equal(bytes_equal_secret(bytes_of(a, i), bytes_of(a, k)), i == k);
			assert_int_equal(bytes_equal(bytes_of(a, i), bytes_of(b, k)), i == k && i < 4);
			assert_int_equal(bytes_equal_secret(bytes_of(a, i), bytes_of(b, k)), i == k && i < 4);
		}
	}
	assert_true(bytes_equal(BYTES_NONE, bytes_of(a, 0)));
	assert_true(bytes_equal_secret(BYTES_NONE, bytes_of(a, 0)));
}

static void each_changed_bit_is_seen(void **state)
{
	uint8_t a[33], b[33];

	memset(a, 0x5a, sizeof(a));
	for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
		memcpy(b, a, sizeof(b));
		b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		assert_false(bytes_equal(BYTES_OF_ARRAY(a), BYTES_OF_ARRAY(b)));
		assert_false(bytes_equal_secret(BYTES_OF_ARRAY(a), BYTES_OF_ARRAY(b)));
	}
}

static void order_is_that_of_nonces(void **state)
{
	static const uint8_t low[] = { 0x00, 0xff }, high[] = { 0x80 };

	assert_int_equal(bytes_compare(bytes_of(low, 2), bytes_of(high, 1)), -1);
	assert_int_equal(bytes_compare(bytes_of(high, 1), bytes_of(low, 2)), 1);
	assert_int_equal(bytes_compare(bytes_of(low, 1), bytes_of(low, 2)), -1);
	assert_int_equal(bytes_compare(bytes_of(low, 2), bytes_of(low, 1)), 1);
	assert_int_equal(bytes_compare(bytes_of(low, 2), bytes_of(low, 2)), 0);
	assert_int_equal(bytes_compare(BYTES_NONE, BYTES_NONE), 0);
	assert_int_equal(bytes_compare(BYTES_NONE, bytes_of(low, 1)), -1);
}

static void text_is_viewed_without_its_end(void **state)
{
	assert_int_equal(bytes_of_text("").len, 0);
	assert_int_equal(bytes_of_text("abc").len, 3);
}

static void wiping_leaves_zeros_and_nothing_else(void **state)
{
	uint8_t octets[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	wipe(octets + 2, 4);
	assert_memory_equal(octets, "\1\2\0\0\0\0\7\10", 8);
	wipe(octets, 0);
	wipe(NULL, 0);
	assert_int_equal(octets[0], 1);
}

static void a_blob_has_one_owner(void **state)
{
	struct blob a = { NULL, 0 }, b = { NULL, 0 };

	blob_discard(&a);
	assert_true(blob_copy(&a, bytes_of_text("first")));
	assert_true(blob_copy(&a, bytes_of_text("second one")));
	assert_true(bytes_equal(bytes_of_blob(&a), bytes_of_text("second one")));
	assert_true(blob_copy(&b, bytes_of_text("lost")));
	blob_move(&b, &a);
	assert_null(a.data);
	assert_int_equal(a.len, 0);
	assert_true(bytes_equal(bytes_of_blob(&b), bytes_of_text("second one")));
	/* A copy of part of itself is made before what it held is freed. */
	assert_true(blob_copy(&b, bytes_of(b.data + 7, 3)));
	assert_true(bytes_equal(bytes_of_blob(&b), bytes_of_text("one")));
	assert_true(blob_copy(&b, BYTES_NONE));
	assert_int_equal(b.len, 0);
	assert_true(blob_make(&b, 3));
	assert_memory_equal(b.data, "\0\0\0", 3);
	assert_true(blob_make(&b, 0));
	assert_int_equal(b.len, 0);
	blob_discard(&b);
	blob_discard(&b);
}

static void without_memory_nothing_changes(void **state)
{
	static const uint8_t one[1] = { 7 };
	struct blob b = { NULL, 0 };

	assert_true(blob_copy(&b, BYTES_OF_ARRAY(one)));
	assert_false(blob_make(&b, PTRDIFF_MAX));
	assert_false(blob_copy(&b, bytes_of(one, PTRDIFF_MAX)));
	assert_int_equal(b.len, 1);
	assert_int_equal(b.data[0], 7);
	blob_discard(&b);
}

/* What cannot be had must come back as NULL, not end the test. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equality_is_of_length_and_content),
		cmocka_unit_test(each_changed_bit_is_seen),
		cmocka_unit_test(order_is_that_of_nonces),
		cmocka_unit_test(text_is_viewed_without_its_end),
		cmocka_unit_test(wiping_leaves_zeros_and_nothing_else),
		cmocka_unit_test(a_blob_has_one_owner),
		cmocka_unit_test(without_memory_nothing_changes),
	};
	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
