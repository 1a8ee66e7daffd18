/* Who is refused in need (RFC 8019 3): networks that hold many half-open IKE SAs, addresses that do not finish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/ike/sa/crowd.h"
#include "lib/ike/sa/suspects.h"

static struct address v4(uint32_t n)
{
	return (struct address){ .family = ADDRESS_V4,
				 .octet = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
					    (uint8_t)n } };
}

static struct address v6(uint8_t network, uint8_t host)
{
	return (struct address){ .family = ADDRESS_V6, .octet = { 0x20, 1, [7] = network, [15] = host } };
}

static void a_prefix_is_counted_as_one(void **state)
{
	struct crowd *c = calloc(1, sizeof(*c));
	struct address a = v4(0xc0000201), b = v4(0xc00002ff), far = v4(0xc0000301);

	crowd_add(c, &a);
	crowd_add(c, &b);
	assert_int_equal(crowd_count(c, &a), 2);
	assert_int_equal(crowd_count(c, &far), 0);
	crowd_remove(c, &a);
	assert_int_equal(crowd_count(c, &b), 1);
	crowd_remove(c, &b);
	crowd_remove(c, &b);
	assert_int_equal(crowd_count(c, &a), 0);
	free(c);
}

static void a_full_crowd_keeps_its_counts(void **state)
{
	struct crowd *c = calloc(1, sizeof(*c));
	struct address first = v4(0);

	for (uint32_t i = 0; i < 3 * LIMIT_PREFIXES; i++) {
		struct address a = v4(i << 8);

		crowd_add(c, &a);
	}
	assert_int_equal(crowd_count(c, &first), 1);
	for (uint32_t i = 0; i < 3 * LIMIT_PREFIXES; i++) {
		struct address a = v4(i << 8);

		crowd_remove(c, &a);
	}
	for (size_t i = 0; i < LIMIT_PREFIXES; i++)
		assert_int_equal(c->place[i].key, 0);
	free(c);
}

static void who_does_not_finish_is_suspect(void **state)
{
	struct suspects *s = calloc(1, sizeof(*s));
	struct address a = v4(0xc0000201), beside = v4(0xc0000202);

	for (int i = 0; i < LIMIT_SUSPECT; i++) {
		assert_false(suspects_has(s, 1000, &a));
		suspects_began(s, 1000 + i, &a);
	}
	assert_true(suspects_has(s, 1000, &a));
	assert_false(suspects_has(s, 1000, &beside));
	assert_true(suspects_has(s, 1000 + LIMIT_SUSPECT_TIME - 1, &a));
	assert_false(suspects_has(s, 1000 + LIMIT_SUSPECT_TIME, &a));
	/* The time runs from the first; then it begins anew. */
	suspects_began(s, 1000 + LIMIT_SUSPECT_TIME, &a);
	assert_false(suspects_has(s, 1000 + LIMIT_SUSPECT_TIME, &a));
	free(s);
}

static void who_finishes_is_cleared(void **state)
{
	struct suspects *s = calloc(1, sizeof(*s));
	struct address a = v4(0xc0000201);

	for (int i = 0; i < 100; i++) {
		suspects_began(s, 1000, &a);
		assert_false(suspects_has(s, 1000, &a));
		suspects_finished(s, &a);
	}
	suspects_finished(s, &a);
	for (int i = 0; i < LIMIT_SUSPECT; i++)
		suspects_began(s, 1000, &a);
	assert_true(suspects_has(s, 1000, &a));
	suspects_finished(s, &a);
	assert_false(suspects_has(s, 1000, &a));
	free(s);
}

static void an_ipv6_network_is_one_stranger(void **state)
{
	struct suspects *s = calloc(1, sizeof(*s));
	struct address other = v6(2, 1), first = v6(1, 1);

	for (uint8_t i = 0; i < LIMIT_SUSPECT; i++) {
		struct address a = v6(1, i);

		suspects_began(s, 1000, &a);
	}
	assert_true(suspects_has(s, 1000, &first));
	assert_false(suspects_has(s, 1000, &other));
	free(s);
}

/* More addresses than there are places: whoever came last is known, nothing else is harmed. */
static void the_oldest_is_forgotten(void **state)
{
	struct suspects *s = calloc(1, sizeof(*s));
	size_t known = 0;

	for (uint32_t i = 0; i < 2 * LIMIT_SUSPECTS; i++) {
		struct address a = v4(i * 7);

		for (int k = 0; k < LIMIT_SUSPECT; k++)
			suspects_began(s, 1000 + (msec)(i / 100), &a);
		assert_true(suspects_has(s, 1000 + (msec)(i / 100), &a));
	}
	for (uint32_t i = LIMIT_SUSPECTS * 7 / 4; i < 2 * LIMIT_SUSPECTS; i++) {
		struct address a = v4(i * 7);

		known += suspects_has(s, 2000, &a);
	}
	assert_true(known > LIMIT_SUSPECTS / 5);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_is_counted_as_one),
		cmocka_unit_test(a_full_crowd_keeps_its_counts),
		cmocka_unit_test(who_does_not_finish_is_suspect),
		cmocka_unit_test(who_finishes_is_cleared),
		cmocka_unit_test(an_ipv6_network_is_one_stranger),
		cmocka_unit_test(the_oldest_is_forgotten),
	};

	return cmocka_run_group_tests_name("ike/strangers", tests, NULL, NULL);
}
