/*
 * Traffic selector payloads (RFC 7296 3.13): there and back, counts and lengths that lie, ranges that run
 * backwards, types that nobody knows, 255 selectors (2023-23009).
 */
#include "wire_fixture.h"

static uint8_t room[255 * 40 + 64];
static struct selector out[LIMIT_SELECTORS];
static size_t count;

static bool read_copy(struct bytes body)
{
	uint8_t *copy = exactly(body);
	bool ok;

	count = 999;
	ok = ts_read(bytes_of(copy, body.len), out, &count);
	free(copy);
	assert_true(count <= LIMIT_SELECTORS);
	return ok;
}

static struct bytes written(const struct selector *s, size_t n)
{
	struct writer w = writer_into(room, sizeof(room));

	ts_write(&w, s, n);
	return writer_written(&w);
}

static struct bytes digits(const char *text)
{
	return hex_into(room, sizeof(room), text);
}

/* @rfc-test 7296-3.13-1 7296-3.13.1-1 */
static void selectors_go_there_and_back(void **state)
{
	static const char *const texts[] = {
		"192.0.2.0/24",           "0.0.0.0/0", "192.0.2.1-192.0.2.9;17/53",
		"2001:db8::/32;6/1-1023", "::/0",      "::1/128;58/0-65534"
	};
	struct selector s[ARRAY_LENGTH(texts)];

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
		assert_true(selector_parse(&s[i], texts[i]));
	for (size_t n = 1; n <= ARRAY_LENGTH(texts); n++) {
		assert_true(read_copy(written(s, n)));
		assert_int_equal(count, n);
		for (size_t i = 0; i < n; i++)
			assert_true(selector_equal(&out[i], &s[i]));
	}
}

/* @rfc-test 7296-3.13-1 7296-3.13.1-1 7296-3.13.1-2 7296-3.13.1-5 */
static void the_octets_are_those_of_the_figure(void **state)
{
	struct selector s;
	uint8_t want[64];

	assert_true(selector_parse(&s, "192.0.2.0-192.0.2.255;17/53"));
	assert_bytes(written(&s, 1),
		     hex_into(want, sizeof(want), "01000000 07110010 00350035 c0000200 c00002ff"));
	assert_true(selector_parse(&s, "2001:db8::1"));
	assert_bytes(written(&s, 1), hex_into(want, sizeof(want),
					      "01000000 08000028 0000ffff 20010db8000000000000000000000001"
					      "20010db8000000000000000000000001"));
}

static void every_truncation_is_malformed(void **state)
{
	struct selector s[2];
	struct bytes body;

	assert_true(selector_parse(&s[0], "192.0.2.0/24") && selector_parse(&s[1], "2001:db8::/32"));
	body = written(s, 2);
	for (size_t n = 0; n < body.len; n++)
		assert_false(read_copy(bytes_of(body.at, n)));
	room[body.len] = 0;
	assert_false(read_copy(bytes_of(body.at, body.len + 1)));
	assert_true(read_copy(body));
}

static void counts_must_not_lie(void **state)
{
	struct selector s[3];

	assert_true(selector_parse(&s[0], "192.0.2.0/24"));
	s[1] = s[2] = s[0];
	for (size_t n = 0; n <= 3; n++) {
		for (unsigned announced = 0; announced < 256; announced++) {
			struct bytes body = written(s, n);

			room[0] = (uint8_t)announced;
			/* None at all is malformed too: the least is one (3.13). */
			assert_int_equal(read_copy(body), announced == n && n > 0);
		}
	}
}

static void lengths_must_not_lie(void **state)
{
	for (unsigned family = 0; family < 2; family++) {
		for (unsigned length = 0; length <= UINT16_MAX; length += length < 300 ? 1 : 509) {
			struct selector s;
			struct bytes body;

			assert_true(selector_parse(&s, family ? "2001:db8::/32" : "192.0.2.0/24"));
			body = written(&s, 1);
			room[6] = (uint8_t)(length >> 8);
			room[7] = (uint8_t)length;
			assert_int_equal(read_copy(body), length == (family ? 40 : 16));
		}
	}
	/* The length of the other family, and octets enough for it. */
	assert_false(read_copy(digits("01000000 08000010 0000ffff c0000200 c00002ff")));
	assert_false(read_copy(digits("01000000 07000028 0000ffff 20010db8000000000000000000000001"
				      "20010db8000000000000000000000001")));
}

static void ranges_run_forward(void **state)
{
	assert_true(read_copy(digits("01000000 07000010 0000ffff c0000209 c0000209")));
	assert_false(read_copy(digits("01000000 07000010 0000ffff c0000209 c0000208")));
	assert_false(read_copy(digits("01000000 07110010 00360035 c0000200 c00002ff")));
	assert_false(read_copy(digits("01000000 07110010 ffff0001 c0000200 c00002ff")));
	assert_false(read_copy(digits("01000000 08000028 0000ffff 20010db8000000000000000000000002"
				      "20010db8000000000000000000000001")));
	/* A backward range anywhere spoils the whole. */
	assert_false(read_copy(
		digits("02000000 07000010 0000ffff c0000200 c00002ff 07000010 0000ffff c0000209 c0000208")));
}

static void opaque_ports_match_nothing_of_ours(void **state)
{
	assert_true(read_copy(digits("01000000 07110010 ffff0000 c0000200 c00002ff")));
	assert_int_equal(count, 0);
	assert_true(read_copy(
		digits("02000000 07110010 ffff0000 c0000200 c00002ff 07000010 0000ffff c0000200 c00002ff")));
	assert_int_equal(count, 1);
}

/* @rfc-test 7296-2.9-3 */
static void types_that_nobody_knows_are_passed_over(void **state)
{
	for (unsigned type = 0; type < 256; type++) {
		for (size_t more = 0; more < 40; more++) {
			struct writer w = writer_into(room, sizeof(room));
			bool known = type == 7 || type == 8;

			if (known)
				continue;
			writer_u32(&w, 0x02000000);
			writer_u8(&w, (uint8_t)type);
			writer_u8(&w, 0);
			writer_u16(&w, (uint16_t)(4 + more));
			writer_zeros(&w, more);
			hex_into(room + w.used, 16, "07000010 0000ffff c0000200 c00002ff");
			assert_true(read_copy(bytes_of(room, w.used + 16)));
			assert_int_equal(count, 1);
			for (unsigned lie = 0; lie < 4; lie++) {
				room[7] = (uint8_t)lie;
				assert_false(read_copy(bytes_of(room, w.used + 16)));
			}
		}
	}
}

static void as_many_as_we_look_at_are_kept(void **state)
{
	static struct selector s[256];
	struct bytes body;

	assert_true(selector_parse(&s[0], "192.0.2.0/24"));
	for (size_t i = 1; i < ARRAY_LENGTH(s); i++)
		s[i] = s[0];
	for (size_t n = LIMIT_SELECTORS - 2; n <= 255; n++) {
		assert_true(read_copy(written(s, n)));
		assert_int_equal(count, n < LIMIT_SELECTORS ? n : LIMIT_SELECTORS);
	}
	/* What is beyond the limit is not kept, but it must be sound. */
	body = written(s, 255);
	room[body.len - 8] = 0xff;
	assert_false(read_copy(body));
	assert_int_equal(written(s, 256).len, 0);
}

static void every_octet_with_every_value_is_survived(void **state)
{
	struct selector s[2];
	struct bytes body;

	assert_true(selector_parse(&s[0], "192.0.2.0/24;17/53") && selector_parse(&s[1], "2001:db8::/32"));
	body = written(s, 2);
	for (size_t i = 0; i < body.len; i++) {
		uint8_t kept = room[i];

		for (unsigned v = 0; v < 256; v++) {
			room[i] = (uint8_t)v;
			if (!read_copy(body))
				continue;
			for (size_t k = 0; k < count; k++) {
				assert_true(out[k].port_first <= out[k].port_last);
				assert_true(address_compare(&out[k].first, &out[k].last) <= 0);
				assert_int_equal(out[k].first.family, out[k].last.family);
			}
		}
		room[i] = kept;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors_go_there_and_back),
		cmocka_unit_test(the_octets_are_those_of_the_figure),
		cmocka_unit_test(every_truncation_is_malformed),
		cmocka_unit_test(counts_must_not_lie),
		cmocka_unit_test(lengths_must_not_lie),
		cmocka_unit_test(ranges_run_forward),
		cmocka_unit_test(opaque_ports_match_nothing_of_ours),
		cmocka_unit_test(types_that_nobody_knows_are_passed_over),
		cmocka_unit_test(as_many_as_we_look_at_are_kept),
		cmocka_unit_test(every_octet_with_every_value_is_survived),
	};
	return cmocka_run_group_tests_name("ts", tests, NULL, NULL);
}
