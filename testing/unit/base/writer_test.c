/* The writing cursor: every operation in every room, patches, and errors that stick. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "writer.h"

#define OCTETS 24

enum operation {
	U8,
	U16,
	U32,
	U64,
	BYTES,
	ZEROS,
	RESERVE,
	OPERATIONS
};

static const uint8_t source[OCTETS + 2] = { 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18 };

static size_t wants(enum operation op, size_t n)
{
	static const size_t fixed[] = { 1, 2, 4, 8 };

	return op <= U64 ? fixed[op] : n;
}

static void perform(struct writer *w, enum operation op, size_t n)
{
	uint8_t *at;

	switch (op) {
	case U8:
		writer_u8(w, 0x11);
		break;
	case U16:
		writer_u16(w, 0x1112);
		break;
	case U32:
		writer_u32(w, 0x11121314);
		break;
	case U64:
		writer_u64(w, 0x1112131415161718u);
		break;
	case BYTES:
		writer_bytes(w, bytes_of(source, n));
		break;
	case ZEROS:
		writer_zeros(w, n);
		break;
	default:
		at = writer_reserve(w, n);
		assert_int_equal(at != NULL, writer_ok(w));
		if (at && n)
			memcpy(at, source, n);
		break;
	}
}

static void every_operation_in_every_room(void **state)
{
	static const uint8_t zeros[OCTETS + 2];

	for (size_t room = 0; room <= OCTETS; room++) {
		uint8_t *octets = malloc(room ? room : 1);

		assert_non_null(octets);
		for (unsigned op = 0; op < OPERATIONS; op++) {
			for (size_t n = 0; n <= OCTETS + 1; n++) {
				struct writer w = writer_into(octets, room);
				size_t want = wants(op, n);

				memset(octets, 0xee, room);
				perform(&w, op, n);
				assert_int_equal(writer_ok(&w), want <= room);
				assert_int_equal(writer_written(&w).len, want <= room ? want : 0);
				if (want <= room && want)
					assert_memory_equal(octets, op == ZEROS ? zeros : source, want);
				/* What does not fit writes nothing, not a part of it. */
				for (size_t i = want <= room ? want : 0; i < room; i++)
					assert_int_equal(octets[i], 0xee);
			}
		}
		free(octets);
	}
}

static void a_failure_sticks(void **state)
{
	uint8_t octets[4] = { 0xee, 0xee, 0xee, 0xee };

	for (unsigned op = 0; op < OPERATIONS; op++) {
		struct writer w = writer_into(octets, sizeof(octets));

		writer_u64(&w, 1);
		assert_false(writer_ok(&w));
		perform(&w, op, 1);
		writer_patch_u8(&w, 0, 1);
		writer_patch_length(&w, 0, 0);
		assert_false(writer_ok(&w));
		assert_int_equal(writer_written(&w).len, 0);
		assert_memory_equal(octets, "\xee\xee\xee\xee", 4);
	}
}

static void patches_stay_within_what_was_written(void **state)
{
	for (size_t used = 0; used <= 8; used++) {
		for (size_t mark = 0; mark <= 9; mark++) {
			uint8_t octets[10] = { 0 };
			struct writer w8 = writer_into(octets, 8), w16, w32;

			writer_zeros(&w8, used);
			w16 = w32 = w8;
			writer_patch_u8(&w8, mark, 0xa1);
			assert_int_equal(writer_ok(&w8), mark + 1 <= used);
			assert_int_equal(octets[mark], mark + 1 <= used ? 0xa1 : 0);
			writer_patch_u16(&w16, mark, 0xb1b2);
			assert_int_equal(writer_ok(&w16), mark + 2 <= used);
			if (writer_ok(&w16))
				assert_memory_equal(octets + mark, "\xb1\xb2", 2);
			writer_patch_u32(&w32, mark, 0xc1c2c3c4);
			assert_int_equal(writer_ok(&w32), mark + 4 <= used);
			if (writer_ok(&w32))
				assert_memory_equal(octets + mark, "\xc1\xc2\xc3\xc4", 4);
			assert_int_equal(octets[8], 0);
		}
	}
}

static void a_patch_at_no_place_fails(void **state)
{
	uint8_t octets[4];
	struct writer w = writer_into(octets, sizeof(octets));

	writer_u32(&w, 0);
	writer_patch_u32(&w, SIZE_MAX - 1, 7);
	assert_false(writer_ok(&w));
}

static void lengths_are_counted_from_the_mark(void **state)
{
	static uint8_t octets[70000];
	struct writer w = writer_into(octets, sizeof(octets)), full;
	size_t mark;

	writer_u8(&w, 9);
	mark = writer_mark(&w);
	writer_u16(&w, 0);
	writer_zeros(&w, 65533);
	full = w;
	writer_patch_length(&w, mark, mark);
	assert_true(writer_ok(&w));
	assert_memory_equal(octets, "\x09\xff\xff\0", 4);
	writer_u8(&full, 0);
	writer_patch_length(&full, mark, mark);
	assert_false(writer_ok(&full)); /* 65536 does not fit into the field */
	writer_patch_length(&w, mark, writer_mark(&w) + 1);
	assert_false(writer_ok(&w));
}

static void saying_so_fails_it(void **state)
{
	uint8_t octets[4];
	struct writer w = writer_into(octets, sizeof(octets));

	writer_u8(&w, 1);
	writer_fail(&w);
	assert_false(writer_ok(&w));
	assert_int_equal(writer_written(&w).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_in_every_room),
		cmocka_unit_test(a_failure_sticks),
		cmocka_unit_test(patches_stay_within_what_was_written),
		cmocka_unit_test(a_patch_at_no_place_fails),
		cmocka_unit_test(lengths_are_counted_from_the_mark),
		cmocka_unit_test(saying_so_fails_it),
	};
	return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
