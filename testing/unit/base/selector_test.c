/* Traffic selectors as ranges: text, containment, intersection, covering prefix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "address.h"

static struct selector selector(const char *text)
{
	struct selector s;

	assert_true(selector_parse(&s, text));
	return s;
}

static void selectors_read_and_print(void **state)
{
	static const char *const good[] = { "192.0.2.0/24",
					    "192.0.2.1/32",
					    "0.0.0.0/0",
					    "192.0.2.1-192.0.2.9",
					    "192.0.2.0/24;17",
					    "192.0.2.0/24;17/53",
					    "192.0.2.0/24;6/1-1023",
					    "192.0.2.0/24;0/7",
					    "192.0.2.0/24;255/0-65534",
					    "2001:db8::/32",
					    "2001:db8::1-2001:db8::3;58/128-255",
					    "::/0" };
	char text[SELECTOR_TEXT];

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		struct selector s = selector(good[i]);

		assert_string_equal(selector_print(&s, text), good[i]);
		assert_true(selector_equal(&s, &s));
	}
}

static void the_longest_text_fits(void **state)
{
	char text[SELECTOR_TEXT];
	struct selector s = { .protocol = 255, .port_first = 60000, .port_last = 60001 };

	memset(&s.first, 0xaa, sizeof(s.first));
	memset(&s.last, 0xee, sizeof(s.last));
	s.first.family = s.last.family = ADDRESS_V6;
	selector_print(&s, text);
	assert_non_null(strstr(text, ";255/60000-60001"));
}

static void what_is_no_selector_changes_nothing(void **state)
{
	static const char *const bad[] = { "",
					   "192.0.2.1/24",
					   "192.0.2.9-192.0.2.1",
					   "192.0.2.1-2001:db8::1",
					   "192.0.2.1-",
					   "-192.0.2.1",
					   "192.0.2.0/24;",
					   "192.0.2.0/24;256",
					   "192.0.2.0/24;17/65536",
					   "192.0.2.0/24;17/2-1",
					   "192.0.2.0/24;17/",
					   "192.0.2.0/24;17/1-",
					   "192.0.2.0/24; 17/1",
					   "192.0.2.0/24;17/ 1",
					   "192.0.2.0/24;17/1- 2",
					   "192.0.2.0/24;-1",
					   "192.0.2.0/24;17/-1",
					   "192.0.2.0/24;+17",
					   "192.0.2.0/24;17/1-2-3",
					   "192.0.2.0/24;17;18" };
	struct selector s = selector("192.0.2.0/24"), before = s;

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		if (selector_parse(&s, bad[i]))
			fail_msg("%s was taken", bad[i]);
	}
	assert_true(selector_equal(&s, &before));
}

static void intersection_is_the_common_part(void **state)
{
	static const struct {
		const char *a, *b, *common;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.0/24", "192.0.2.0/24" },
		{ "192.0.2.0/24", "192.0.2.128/25", "192.0.2.128/25" },
		{ "192.0.2.0/24", "198.51.100.0/24", NULL },
		{ "192.0.2.0-192.0.2.9", "192.0.2.9-192.0.2.20", "192.0.2.9/32" },
		{ "192.0.2.0-192.0.2.9", "192.0.2.10-192.0.2.20", NULL },
		{ "0.0.0.0/0;17", "192.0.2.1/32", "192.0.2.1/32;17" },
		{ "0.0.0.0/0;17", "192.0.2.1/32;6", NULL },
		{ "0.0.0.0/0;17/53", "192.0.2.1/32;17/1-1023", "192.0.2.1/32;17/53" },
		{ "0.0.0.0/0;17/53", "192.0.2.1/32;17/54", NULL },
		{ "0.0.0.0/0", "::/0", NULL },
		{ "2001:db8::/32", "::/0;58", "2001:db8::/32;58" },
	};
	char text[SELECTOR_TEXT];

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct selector a = selector(rows[i].a), b = selector(rows[i].b), ab = a, ba = a;
		bool meets = rows[i].common != NULL;

		assert_int_equal(selector_intersect(&a, &b, &ab), meets);
		assert_int_equal(selector_intersect(&b, &a, &ba), meets);
		assert_true(selector_equal(&ab, &ba));
		assert_string_equal(selector_print(&ab, text), meets ? rows[i].common : rows[i].a);
		if (meets)
			assert_true(selector_contains(&a, &ab) && selector_contains(&b, &ab));
		assert_int_equal(selector_contains(&a, &b), meets && strcmp(rows[i].common, rows[i].b) == 0);
	}
}

static void addresses_lie_within_or_not(void **state)
{
	struct selector s = selector("192.0.2.5-192.0.2.9");
	struct address a;

	assert_true(address_parse(&a, "192.0.2.0"));
	for (unsigned i = 0; i < 256; i++) {
		a.octet[3] = (uint8_t)i;
		assert_int_equal(selector_has_address(&s, &a), i >= 5 && i <= 9);
	}
	assert_true(address_parse(&a, "::"));
	assert_false(selector_has_address(&s, &a));
}

/* Every range of one octet against a search through all prefixes. */
static void the_covering_prefix_is_the_narrowest(void **state)
{
	for (unsigned low = 0; low < 256; low++) {
		for (unsigned high = low; high < 256; high++) {
			struct selector s = selector("192.0.2.0/24");
			unsigned bits = 32, base;
			struct prefix p;
			bool exact;

			s.first.octet[3] = (uint8_t)low;
			s.last.octet[3] = (uint8_t)high;
			while ((low >> (32 - bits)) != (high >> (32 - bits)))
				bits--;
			base = low >> (32 - bits) << (32 - bits);
			p = selector_prefix(&s, &exact);
			assert_int_equal(p.bits, bits);
			assert_int_equal(p.address.octet[3], base);
			assert_int_equal(exact, low == base && high - low + 1 == 1u << (32 - bits));
		}
	}
}

/* @rfc-test 7296-3.13.1-2 */
static void hosts_and_prefixes_become_selectors(void **state)
{
	struct selector s = selector("0.0.0.0-255.255.255.255");
	char text[SELECTOR_TEXT];
	struct address a;
	bool exact;

	assert_int_equal(selector_prefix(&s, &exact).bits, 0);
	assert_true(exact);
	assert_true(address_parse(&a, "2001:db8::7"));
	s = selector_of_host(&a);
	assert_string_equal(selector_print(&s, text), "2001:db8::7/128");
	assert_true(s.port_first == 0 && s.port_last == 65535 && s.protocol == 0);
	assert_true(selector_has_address(&s, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors_read_and_print),
		cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(what_is_no_selector_changes_nothing),
		cmocka_unit_test(intersection_is_the_common_part),
		cmocka_unit_test(addresses_lie_within_or_not),
		cmocka_unit_test(the_covering_prefix_is_the_narrowest),
		cmocka_unit_test(hosts_and_prefixes_become_selectors),
	};
	return cmocka_run_group_tests_name("selector", tests, NULL, NULL);
}
