/* Cookies (RFC 7296 2.6): good for the one who asked, from where he asked, for two lives of the secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/ike/sa/cookie.h"
#include "limits.h"

static uint8_t drawn;
static bool broken;

static bool fake_random(void *self, void *out, size_t len)
{
	memset(out, ++drawn, len);
	return !broken;
}

/* Not a MAC, but different for different keys and parts. */
static bool fake_prf(void *self, uint16_t prf, struct bytes key, const struct bytes *parts, size_t count,
		     uint8_t *out)
{
	uint64_t h = 5;

	for (size_t i = 0; i < key.len; i++)
		h = h * 31 + key.at[i];
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < parts[i].len; k++)
			h = h * 31 + parts[i].at[k];
	for (size_t i = 0; i < 32; i++)
		out[i] = (uint8_t)(h >> (i % 8 * 8));
	return !broken;
}

static const struct crypto fake = { .name = "fake", .random = fake_random, .prf = fake_prf };

/* @rfc-test 7296-2.6-6 7296-2.6-9 */
static void a_cookie_is_good_for_its_owner_only(void **state)
{
	struct cookie_jar jar = { 0 };
	struct endpoint a = { .port = 500 }, b;
	struct bytes nonce = bytes_of_text("a nonce of sixteen"), other = bytes_of_text("a nonce of sixteeN");
	uint8_t cookie[COOKIE_OCTETS];

	assert_true(address_parse(&a.address, "192.0.2.1"));
	b = a;
	b.address.octet[3] = 2;
	assert_true(cookie_make(&jar, &fake, 0, &a, 77, nonce, cookie));
	assert_true(cookie_check(&jar, &fake, 1, &a, 77, nonce, BYTES_OF_ARRAY(cookie)));
	assert_false(cookie_check(&jar, &fake, 1, &b, 77, nonce, BYTES_OF_ARRAY(cookie)));
	assert_false(cookie_check(&jar, &fake, 1, &a, 78, nonce, BYTES_OF_ARRAY(cookie)));
	assert_false(cookie_check(&jar, &fake, 1, &a, 77, other, BYTES_OF_ARRAY(cookie)));
	b = a;
	b.port = 501;
	assert_false(cookie_check(&jar, &fake, 1, &b, 77, nonce, BYTES_OF_ARRAY(cookie)));
	for (size_t i = 0; i < sizeof(cookie); i++) {
		cookie[i] ^= 1;
		assert_false(cookie_check(&jar, &fake, 1, &a, 77, nonce, BYTES_OF_ARRAY(cookie)));
		cookie[i] ^= 1;
		assert_false(cookie_check(&jar, &fake, 1, &a, 77, nonce, bytes_of(cookie, i)));
	}
}

/* @rfc-test 7296-2.6-10 7296-2.6-11 7296-2.6-12 */
static void the_secret_turns(void **state)
{
	struct cookie_jar jar = { 0 };
	struct endpoint a = { .port = 500 };
	struct bytes nonce = bytes_of_text("a nonce of sixteen");
	uint8_t cookie[COOKIE_OCTETS], later[COOKIE_OCTETS];
	msec life = LIMIT_COOKIE_SECRET_LIFE;

	assert_true(address_parse(&a.address, "2001:db8::1"));
	assert_true(cookie_make(&jar, &fake, 0, &a, 1, nonce, cookie));
	assert_true(cookie_check(&jar, &fake, life + 1, &a, 1, nonce, BYTES_OF_ARRAY(cookie)));
	assert_true(cookie_make(&jar, &fake, life + 2, &a, 1, nonce, later));
	assert_memory_not_equal(cookie, later, sizeof(cookie));
	assert_false(cookie_check(&jar, &fake, 2 * life + 2, &a, 1, nonce, BYTES_OF_ARRAY(cookie)));
	assert_true(cookie_check(&jar, &fake, 2 * life + 2, &a, 1, nonce, BYTES_OF_ARRAY(later)));
	/* After a long quiet time nothing old is good, not even one turn old. */
	assert_false(cookie_check(&jar, &fake, 10 * life, &a, 1, nonce, BYTES_OF_ARRAY(later)));
}

static void without_randomness_there_is_no_cookie(void **state)
{
	struct cookie_jar jar = { 0 };
	struct endpoint a = { .port = 500 };
	uint8_t cookie[COOKIE_OCTETS] = { 0 };

	broken = true;
	assert_false(cookie_make(&jar, &fake, 0, &a, 1, BYTES_NONE, cookie));
	assert_false(cookie_check(&jar, &fake, 0, &a, 1, BYTES_NONE, BYTES_OF_ARRAY(cookie)));
	broken = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_is_good_for_its_owner_only),
		cmocka_unit_test(the_secret_turns),
		cmocka_unit_test(without_randomness_there_is_no_cookie),
	};
	return cmocka_run_group_tests_name("cookie", tests, NULL, NULL);
}
