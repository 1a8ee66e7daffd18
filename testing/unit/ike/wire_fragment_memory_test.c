/*
 * Fragments without memory: every allocation of splitting and gathering fails once. Nothing leaks (the sanitizer
 * looks), nothing that was gathered is lost, and the fragment that failed is taken when it comes again.
 */
#include <stdlib.h>

#include "bytes.h"

static void *scarce_calloc(size_t count, size_t size);
static bool scarce_blob_make(struct blob *b, size_t len);
static bool scarce_blob_copy(struct blob *b, struct bytes from);

/* The two files under test, with allocations that can be told to fail. */
#define calloc scarce_calloc
#define blob_make scarce_blob_make
#define blob_copy scarce_blob_copy
#include "../../../lib/ike/wire/build.c"
#include "../../../lib/ike/wire/fragment.c"
#undef calloc
#undef blob_make
#undef blob_copy

#include "wire_fixture.h"

static size_t allocations, failing; /* the one that fails, from 1; 0: none */

static bool scarce(void)
{
	return ++allocations == failing;
}

static void *scarce_calloc(size_t count, size_t size)
{
	return scarce() ? NULL : calloc(count, size);
}

static bool scarce_blob_make(struct blob *b, size_t len)
{
	return !scarce() && blob_make(b, len);
}

static bool scarce_blob_copy(struct blob *b, struct bytes from)
{
	return !scarce() && blob_copy(b, from);
}

static uint8_t inner[1000];

static bool split_into(struct blob *parcel, const struct sealing_key *key, size_t octets, size_t largest)
{
	uint64_t iv = 1;

	return fragment_split(&test_header, PAYLOAD_V, bytes_of(inner, octets), &fake_crypto, key, &iv,
			      largest, parcel);
}

static void splitting_fails_as_a_whole(void **state)
{
	struct sealing_key key = fake_key(ENCR_AES_GCM_16, 256, INTEG_NONE);
	struct blob parcel = { NULL, 0 };

	allocations = 0;
	failing = 1;
	assert_false(split_into(&parcel, &key, 500, 200));
	assert_null(parcel.data);
	assert_int_equal(allocations, 1); /* it has no other */
	failing = 0;
	assert_true(split_into(&parcel, &key, 500, 200));
	blob_discard(&parcel);
}

/* Gathers all of a parcel; what is dropped for want of memory comes again at once. How many were. */
static size_t gather_all(struct gather *g, const struct sealing_key *key, const struct blob *parcel)
{
	struct bytes rest = bytes_of_blob(parcel), one;
	struct gathered got = { GATHER_DROP, REASON_NONE };
	size_t dropped = 0;

	while ((one = parcel_next(&rest)).len) {
		struct message m;

		assert_int_equal(message_read(one, &m), REASON_OK);
		got = gather_take(g, &fake_crypto, key, &m, 0);
		if (got.verdict == GATHER_DROP) {
			assert_int_equal(got.reason, REASON_MEMORY);
			dropped++;
			got = gather_take(g, &fake_crypto, key, &m, 0);
		}
		assert_int_not_equal(got.verdict, GATHER_DROP);
	}
	assert_int_equal(got.verdict, GATHER_WHOLE);
	return dropped;
}

static void a_fragment_without_memory_may_come_again(void **state)
{
	static const size_t sizes[] = { 1000, 200 }; /* one fragment, and several */
	struct sealing_key key = fake_key(ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_256_128);

	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		struct blob parcel = { NULL, 0 };
		struct gather g = { 0 };
		size_t all;

		failing = allocations = 0;
		assert_true(split_into(&parcel, &key, 500, sizes[i]));
		allocations = 0;
		assert_int_equal(gather_all(&g, &key, &parcel), 0);
		gather_discard(&g);
		all = allocations;
		assert_true(all >= 3);
		for (size_t n = 1; n <= all; n++) {
			allocations = 0;
			failing = n;
			assert_int_equal(gather_all(&g, &key, &parcel), 1);
			assert_bytes(bytes_of_blob(&g.plain), bytes_of(inner, 500));
			gather_discard(&g);
		}
		failing = 0;
		blob_discard(&parcel);
	}
}

/* A bigger total that finds no memory leaves the smaller one as it was. */
static void what_cannot_be_replaced_stays(void **state)
{
	struct sealing_key key = fake_key(ENCR_AES_GCM_16, 256, INTEG_NONE);
	struct blob large = { NULL, 0 }, small = { NULL, 0 };
	struct gather g = { 0 }, before;
	struct bytes rest;
	struct message m;

	failing = 0;
	assert_true(split_into(&large, &key, 500, 400) && split_into(&small, &key, 500, 200));
	rest = bytes_of_blob(&large);
	assert_int_equal(message_read(parcel_next(&rest), &m), REASON_OK);
	assert_int_equal(gather_take(&g, &fake_crypto, &key, &m, 0).verdict, GATHER_MORE);
	before = g;
	rest = bytes_of_blob(&small);
	assert_int_equal(message_read(parcel_next(&rest), &m), REASON_OK);
	for (failing = 1; failing <= 2; failing++) {
		allocations = 0;
		assert_int_equal(gather_take(&g, &fake_crypto, &key, &m, 0).reason, REASON_MEMORY);
		assert_memory_equal(&g, &before, sizeof(g));
	}
	failing = 0;
	assert_int_equal(gather_all(&g, &key, &small), 0);
	gather_discard(&g);
	blob_discard(&large);
	blob_discard(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splitting_fails_as_a_whole),
		cmocka_unit_test(a_fragment_without_memory_may_come_again),
		cmocka_unit_test(what_cannot_be_replaced_stays),
	};
	return cmocka_run_group_tests_name("fragment-memory", tests, NULL, NULL);
}
