/* Addresses, endpoints, prefixes: text there and back, order, edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "address.h"

static struct address address(const char *text)
{
	struct address a;

	assert_true(address_parse(&a, text));
	return a;
}

static void addresses_read_and_print(void **state)
{
	static const char *const good[] = { "0.0.0.0",
					    "192.0.2.1",
					    "255.255.255.255",
					    "::",
					    "::1",
					    "2001:db8::1",
					    "fe80::1:2",
					    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
					    "::ffff:192.0.2.1" };
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		struct address a = address(good[i]);

		assert_string_equal(address_print(&a, text), good[i]);
		assert_int_equal(address_octets(&a), strchr(good[i], ':') ? 16 : 4);
	}
}

static void what_is_no_address_changes_nothing(void **state)
{
	static const char *const bad[] = { "",
					   " ",
					   "192.0.2",
					   "192.0.2.1 ",
					   " 192.0.2.1",
					   "192.0.2.256",
					   "192.0.2.01",
					   "192.0.2.1.1",
					   "0x7f.0.0.1",
					   "127.1",
					   ":",
					   ":::",
					   "2001:db8::1::",
					   "12345::",
					   "fe80::1%eth0",
					   "[::1]",
					   "192.0.2.1/32",
					   "localhost",
					   "none" };
	struct address a = address("192.0.2.7"), before = a;

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_false(address_parse(&a, bad[i]));
	assert_memory_equal(&a, &before, sizeof(a));
	assert_string_equal(address_print(&(struct address){ 0 }, (char[ADDRESS_TEXT]){ 0 }), "none");
}

static void octets_make_an_address_by_their_number(void **state)
{
	uint8_t octets[20] = { 1, 2, 3, 4, 5 };
	struct address a;

	for (size_t n = 0; n <= sizeof(octets); n++) {
		memset(&a, 0xee, sizeof(a));
		assert_int_equal(address_from_bytes(&a, bytes_of(octets, n)), n == 4 || n == 16);
		if (n != 4 && n != 16)
			continue;
		assert_true(bytes_equal(address_bytes(&a), bytes_of(octets, n)));
		for (size_t i = n; i < 16; i++)
			assert_int_equal(a.octet[i], 0);
	}
}

static void order_is_family_then_octets(void **state)
{
	static const char *const rising[] = {
		"0.0.0.0", "127.255.255.255", "128.0.0.0", "255.255.255.255", "::", "::1", "7fff::", "8000::"
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rising); i++) {
		for (size_t k = 0; k < ARRAY_LENGTH(rising); k++) {
			struct address a = address(rising[i]), b = address(rising[k]);
			int order = address_compare(&a, &b);

			assert_int_equal(order < 0 ? -1 : order > 0, i < k ? -1 : i > k);
			assert_int_equal(address_equal(&a, &b), i == k);
		}
	}
}

static void kinds_of_addresses_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		bool any, loopback, multicast, link_local;
	} rows[] = {
		{ "0.0.0.0", true, false, false, false },
		{ "::", true, false, false, false },
		{ "127.0.0.1", false, true, false, false },
		{ "127.255.255.255", false, true, false, false },
		{ "128.0.0.0", false, false, false, false },
		{ "::1", false, true, false, false },
		{ "::2", false, false, false, false },
		{ "223.255.255.255", false, false, false, false },
		{ "224.0.0.0", false, false, true, false },
		{ "239.255.255.255", false, false, true, false },
		{ "240.0.0.0", false, false, false, false },
		{ "255.255.255.255", false, false, true, false },
		{ "ff00::", false, false, true, false },
		{ "feff::", false, false, false, false },
		{ "169.254.0.1", false, false, false, true },
		{ "169.255.0.1", false, false, false, false },
		{ "fe80::", false, false, false, true },
		{ "febf::1", false, false, false, true },
		{ "fec0::", false, false, false, false },
		{ "2001:db8::1", false, false, false, false },
	};
	struct address none = { 0 };

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct address a = address(rows[i].text);

		assert_int_equal(address_is_any(&a), rows[i].any);
		assert_int_equal(address_is_loopback(&a), rows[i].loopback);
		assert_int_equal(address_is_multicast(&a), rows[i].multicast);
		assert_int_equal(address_is_link_local(&a), rows[i].link_local);
	}
	assert_false(address_is_any(&none) || address_is_loopback(&none) || address_is_multicast(&none));
	none = address_any(ADDRESS_V6);
	assert_true(address_is_any(&none));
}

static void endpoints_read_and_print(void **state)
{
	static const char *const good[] = { "192.0.2.1:500", "192.0.2.1:0", "192.0.2.1:65535",
					    "[2001:db8::1]:4500", "[::]:1" };
	static const char *const bad[] = { "",
					   ":500",
					   "192.0.2.1",
					   "192.0.2.1:",
					   "192.0.2.1:65536",
					   "192.0.2.1:-1",
					   "192.0.2.1:+1",
					   "192.0.2.1: 1",
					   "192.0.2.1:1 ",
					   "::1:500",
					   "[::1]",
					   "[::1]500",
					   "[::1:500",
					   "::1]:500",
					   "[192.0.2.1]:5",
					   "[]:500",
					   "[::1]:x",
					   "192.0.2.1:99999999999999999999" };
	char text[ENDPOINT_TEXT], longest[2 * ENDPOINT_TEXT];
	struct endpoint e, before;

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		assert_true(endpoint_parse(&e, good[i]));
		assert_string_equal(endpoint_print(&e, text), good[i]);
		assert_true(endpoint_equal(&e, &e));
	}
	before = e;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_false(endpoint_parse(&e, bad[i]));
	memset(longest, '1', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_false(endpoint_parse(&e, longest));
	assert_true(endpoint_equal(&e, &before));
	before.port++;
	assert_false(endpoint_equal(&e, &before));
}

static void prefixes_read_and_print(void **state)
{
	static const char *const good[] = { "0.0.0.0/0",       "192.0.2.0/24", "192.0.2.128/25",
					    "192.0.2.1/32",    "::/0",         "2001:db8::/32",
					    "2001:db8::8/125", "::1/128",      "8000::/1" };
	static const char *const bad[] = { "",
					   "/24",
					   "192.0.2.1/24",
					   "192.0.2.0/33",
					   "192.0.2.0/",
					   "192.0.2.0/-1",
					   "192.0.2.0/+24",
					   "192.0.2.0/ 24",
					   "192.0.2.0/x",
					   "2001:db8::1/32",
					   "2001:db8::/129",
					   "192.0.2.0/24/24" };
	char text[PREFIX_TEXT];
	struct prefix p, before;

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		assert_true(prefix_parse(&p, good[i]));
		assert_string_equal(prefix_print(&p, text), good[i]);
		assert_true(prefix_equal(&p, &p));
	}
	before = p;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_false(prefix_parse(&p, bad[i]));
	assert_true(prefix_equal(&p, &before));
	assert_true(prefix_parse(&p, "192.0.2.1"));
	assert_int_equal(p.bits, 32);
	assert_true(prefix_parse(&p, "2001:db8::1"));
	assert_int_equal(p.bits, 128);
}

/* For every length: the range is right at both ends, and the neighbours outside do not belong. */
static void prefixes_know_their_edges(void **state)
{
	for (unsigned family = ADDRESS_V4; family <= ADDRESS_V6; family += 2) {
		size_t octets = family == ADDRESS_V4 ? 4 : 16;

		for (unsigned bits = 0; bits <= 8 * octets; bits++) {
			struct prefix p = { address_any((enum address_family)family), (uint8_t)bits };
			struct address first, last, outside;

			for (unsigned i = 0; i < bits; i += 2)
				p.address.octet[i / 8] |= (uint8_t)(0x80 >> i % 8);
			prefix_range(&p, &first, &last);
			assert_true(address_equal(&first, &p.address));
			for (unsigned i = 0; i < 8 * octets; i++) {
				unsigned low = first.octet[i / 8] >> (7 - i % 8) & 1,
					 high = last.octet[i / 8] >> (7 - i % 8) & 1;

				assert_int_equal(low, i < bits && i % 2 == 0);
				assert_int_equal(high, i >= bits || i % 2 == 0);
			}
			assert_true(prefix_contains(&p, &first) && prefix_contains(&p, &last));
			if (!bits)
				continue;
			outside = first;
			outside.octet[(bits - 1) / 8] ^= (uint8_t)(0x80 >> (bits - 1) % 8);
			assert_false(prefix_contains(&p, &outside));
		}
	}
}

static void families_do_not_mix(void **state)
{
	struct prefix all4 = { address_any(ADDRESS_V4), 0 }, all6 = { address_any(ADDRESS_V6), 0 };
	struct address a4 = address("192.0.2.1"), a6 = address("2001:db8::1");

	assert_true(prefix_contains(&all4, &a4) && prefix_contains(&all6, &a6));
	assert_false(prefix_contains(&all4, &a6) || prefix_contains(&all6, &a4));
	assert_false(prefix_equal(&all4, &all6));
	assert_int_equal(prefix_of_host(&a4).bits, 32);
	assert_int_equal(prefix_of_host(&a6).bits, 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_read_and_print),
		cmocka_unit_test(what_is_no_address_changes_nothing),
		cmocka_unit_test(octets_make_an_address_by_their_number),
		cmocka_unit_test(order_is_family_then_octets),
		cmocka_unit_test(kinds_of_addresses_are_told_apart),
		cmocka_unit_test(endpoints_read_and_print),
		cmocka_unit_test(prefixes_read_and_print),
		cmocka_unit_test(prefixes_know_their_edges),
		cmocka_unit_test(families_do_not_mix),
	};
	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
