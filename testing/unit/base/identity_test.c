/* Identities: spelling, comparison by type, strangers' octets of every length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "limits.h"

static struct identity identity(const char *text)
{
	struct identity id = { 0, { NULL, 0 } };

	assert_true(identity_parse(&id, text));
	return id;
}

/* @rfc-test 7296-3.5-2 7296-3.5-3 7296-3.5-4 7296-3.5-5 7296-3.5-6 */
static void every_spelling_has_its_type(void **state)
{
	static const struct {
		const char *text;
		uint8_t type;
		const char *data;
		size_t len;
		const char *printed;
	} rows[] = {
		{ "192.0.2.1", ID_IPV4_ADDR, "\xc0\0\2\1", 4, "192.0.2.1" },
		{ "2001:db8::1", ID_IPV6_ADDR, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16,
		  "2001:db8::1" },
		{ "@alice.example", ID_FQDN, "alice.example", 13, "@alice.example" },
		{ "alice.example", ID_FQDN, "alice.example", 13, "@alice.example" },
		{ "alice@example.org", ID_RFC822_ADDR, "alice@example.org", 17, "alice@example.org" },
		{ "@#0a0B", ID_KEY_ID, "\x0a\x0b", 2, "@#0a0b" },
		{ "@#0x0a0b", ID_KEY_ID, "\x0a\x0b", 2, "@#0a0b" },
		{ "%null", ID_NULL, "", 0, "%null" },
	};
	char text[IDENTITY_TEXT];

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct identity id = identity(rows[i].text), again;

		assert_int_equal(id.type, rows[i].type);
		assert_true(bytes_equal(bytes_of_blob(&id.data), bytes_of(rows[i].data, rows[i].len)));
		assert_string_equal(identity_print(&id, text), rows[i].printed);
		again = identity(text);
		assert_true(identity_equal(&id, &again));
		identity_discard(&id);
		identity_discard(&again);
	}
}

static void what_names_nobody_changes_nothing(void **state)
{
	static const char *const bad[] = { "", "@", "%any", "%none", "%", "@#", "@#0", "@#0x", "@#xyz" };
	struct identity id = identity("@alice"), before = identity("@alice");

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_false(identity_parse(&id, bad[i]));
	assert_true(identity_equal(&id, &before));
	identity_discard(&id);
	identity_discard(&before);
}

static void equality_is_by_type_first(void **state)
{
	static const uint8_t types[] = { ID_NONE,        ID_IPV4_ADDR, ID_FQDN,
					 ID_RFC822_ADDR, ID_IPV6_ADDR, ID_DER_ASN1_DN,
					 ID_KEY_ID,      ID_NULL,      200 };

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		for (size_t k = 0; k < ARRAY_LENGTH(types); k++) {
			struct identity a = { 0, { NULL, 0 } }, b = a;

			assert_true(identity_set(&a, types[i], bytes_of_text("abcd")));
			assert_true(identity_set(&b, types[k], bytes_of_text("abcd")));
			assert_int_equal(identity_equal(&a, &b), i == k && types[i] != ID_NONE);
			assert_true(identity_set(&b, types[k], bytes_of_text("ABCD")));
			assert_int_equal(identity_equal(&a, &b),
					 i == k && (types[i] == ID_FQDN || types[i] == ID_RFC822_ADDR));
			assert_true(identity_set(&b, types[k], bytes_of_text("abcde")));
			assert_false(identity_equal(&a, &b));
			identity_discard(&a);
			identity_discard(&b);
		}
	}
}

/* Identities of 0 to 3 octets with the first octets of DER among them (2013-5018, 2013-6075), and long ones. */
static void strangers_of_every_length_are_harmless(void **state)
{
	static const uint8_t firsts[] = { 0x00, 0x30, 0x31, 0x80, 0xff, '\\', '"', '\n', 'a' };
	uint8_t octets[LIMIT_IDENTITY + 1];
	char text[IDENTITY_TEXT];
	struct address address;

	for (unsigned type = 0; type < 256; type++) {
		for (size_t f = 0; f < ARRAY_LENGTH(firsts); f++) {
			memset(octets, firsts[f], sizeof(octets));
			for (size_t n = 0; n <= sizeof(octets); n += n < 18 ? 1 : 101) {
				struct identity id = { 0, { NULL, 0 } };

				assert_int_equal(identity_set(&id, (uint8_t)type, bytes_of(octets, n)),
						 n <= LIMIT_IDENTITY);
				memset(text, 'z', sizeof(text));
				identity_print(&id, text);
				assert_true(memchr(text, '\0', sizeof(text)) != NULL);
				assert_null(strchr(text, '\n'));
				assert_int_equal(identity_address(&id, &address),
						 (type == ID_IPV4_ADDR && n == 4) ||
							 (type == ID_IPV6_ADDR && n == 16));
				identity_discard(&id);
			}
		}
	}
}

static void long_ones_are_cut_where_one_sees_it(void **state)
{
	char name[2 * IDENTITY_TEXT], text[IDENTITY_TEXT];
	struct identity id;

	for (size_t n = 1; n < sizeof(name); n++) {
		memset(name, 'a', n);
		name[n] = '\0';
		id = identity(name);
		identity_print(&id, text);
		assert_true(strlen(text) < sizeof(text));
		assert_int_equal(strstr(text, "...") != NULL, n + 1 > IDENTITY_TEXT - 4);
		identity_discard(&id);
	}
}

static void copies_are_their_own(void **state)
{
	struct identity a = identity("@alice"), b = identity("@bob");
	struct address v6 = address_any(ADDRESS_V6), none = { 0 };

	assert_true(identity_copy(&b, &a));
	assert_ptr_not_equal(a.data.data, b.data.data);
	assert_true(identity_equal(&a, &b));
	assert_true(identity_copy(&b, &b)); /* of itself */
	assert_true(identity_equal(&a, &b));
	assert_true(identity_of_address(&b, &v6));
	assert_int_equal(b.type, ID_IPV6_ADDR);
	assert_false(identity_of_address(&b, &none));
	assert_int_equal(b.type, ID_IPV6_ADDR);
	identity_discard(&a);
	identity_discard(&b);
	identity_discard(&b);
	assert_int_equal(b.type, ID_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling_has_its_type),
		cmocka_unit_test(what_names_nobody_changes_nothing),
		cmocka_unit_test(equality_is_by_type_first),
		cmocka_unit_test(strangers_of_every_length_are_harmless),
		cmocka_unit_test(long_ones_are_cut_where_one_sees_it),
		cmocka_unit_test(copies_are_their_own),
	};
	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
