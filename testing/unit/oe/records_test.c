/* The grammars of TXT X-IPsec-Server and IPSECKEY records (records.h; RFC 4025 2, RFC 3110, RFC 6605). */
#include "fixture.h"

static enum record_verdict read_txt(struct dns_answer *a, struct delegation *d, const char **why)
{
	return record_read_txt(bytes_of_blob(&a->records[0].rdata), d, why);
}

static struct dns_answer *txt(const char *text)
{
	struct dns_answer *a = answer_new(DNS_TXT, DNS_SECURE, 1000);

	add_txt(a, text);
	return a;
}

static void end(struct dns_answer *a)
{
	dns_answer_discard(a);
	free(a);
}

static void assert_malformed(const char *text, const char *expected)
{
	struct dns_answer *a = txt(text);
	struct delegation d;
	const char *why = NULL;

	if (read_txt(a, &d, &why) != RECORD_MALFORMED)
		fail_msg("was accepted or ignored: %s", text);
	assert_string_equal(why, expected);
	assert_int_equal(d.key.kind, KEY_NONE);
	end(a);
}

static void assert_not_ours(const char *text)
{
	struct dns_answer *a = txt(text);
	struct delegation d;
	const char *why;

	if (read_txt(a, &d, &why) != RECORD_NOT_OURS)
		fail_msg("was taken for ours: %s", text);
	end(a);
}

static void assert_gateway(const char *text, unsigned precedence, const char *gateway)
{
	struct dns_answer *a = txt(text);
	struct delegation d;
	const char *why = "";
	char print[ADDRESS_TEXT];

	if (read_txt(a, &d, &why) != RECORD_GOOD)
		fail_msg("%s: %s", text, why);
	assert_int_equal(d.precedence, precedence);
	assert_int_equal(d.gateway, gateway ? GATEWAY_ADDRESS : GATEWAY_NAME);
	if (gateway)
		assert_string_equal(address_print(&d.address, print), gateway);
	assert_int_equal(d.key.kind, KEY_NONE);
	end(a);
}

static void txt_gateways(void **state)
{
	assert_gateway("X-IPsec-Server(10)=198.51.100.1", 10, "198.51.100.1");
	assert_gateway("x-ipsec-SERVER(0)=198.51.100.1", 0, "198.51.100.1");
	assert_gateway("X-IPsec-Server(65535)=198.51.100.1", 65535, "198.51.100.1");
	assert_gateway(" X-IPsec-Server \t( 10 ) = 198.51.100.1 ", 10, "198.51.100.1");
	assert_gateway("X-IPsec-Server(10)=2001:db8::1", 10, "2001:db8::1");
	assert_gateway("X-IPsec-Server(10)=@sga.example.org", 10, NULL);
}

static void txt_of_others_is_ignored(void **state)
{
	assert_not_ours("");
	assert_not_ours("v=spf1 -all");
	assert_not_ours("X-IPsec-Serve");
	assert_not_ours("X-IPsec");
}

static void txt_near_misses_are_malformed(void **state)
{
	static const char precedence[] = "the precedence in parentheses is missing";
	static const char gateway[] = "the gateway is neither an address nor @name";
	static const char nobody[] = "the gateway's address can be nobody's";

	assert_malformed("X-IPsec-Gateway(10)=198.51.100.1", "the attribute is called X-IPsec-Server");
	assert_malformed("X-IPsec-Server", precedence);
	assert_malformed("X-IPsec-Server=198.51.100.1", precedence);
	assert_malformed("X-IPsec-Server()=198.51.100.1", precedence);
	assert_malformed("X-IPsec-Server(-1)=198.51.100.1", precedence);
	assert_malformed("X-IPsec-Server10=198.51.100.1", precedence);
	assert_malformed("X-IPsec-Server(10=198.51.100.1", "the precedence in parentheses is not closed");
	assert_malformed("X-IPsec-Server(1x)=198.51.100.1", "the precedence in parentheses is not closed");
	assert_malformed("X-IPsec-Server(65536)=198.51.100.1", "precedence over 65535");
	assert_malformed("X-IPsec-Server(70000)=198.51.100.20 AQ", "precedence over 65535");
	assert_malformed("X-IPsec-Server(000010)=198.51.100.1", "precedence over 65535");
	assert_malformed("X-IPsec-Server(99999999999999999999)=198.51.100.1", "precedence over 65535");
	assert_malformed("X-IPsec-Server(10)", "'=' is missing");
	assert_malformed("X-IPsec-Server(10) 198.51.100.1", "'=' is missing");
	assert_malformed("X-IPsec-Server(10)=", gateway);
	assert_malformed("X-IPsec-Server(10)=@", gateway);
	assert_malformed("X-IPsec-Server(10)=@sga example", "the key is not base64");
	assert_malformed("X-IPsec-Server(10)=@sga,example", gateway);
	assert_malformed("X-IPsec-Server(10)=sga.example.org", gateway);
	assert_malformed("X-IPsec-Server(10)=198.51.100", gateway);
	assert_malformed("X-IPsec-Server(10)=198.51.100.256", gateway);
	assert_malformed("X-IPsec-Server(10)=0.0.0.0", nobody);
	assert_malformed("X-IPsec-Server(10)=::", nobody);
	assert_malformed("X-IPsec-Server(10)=127.0.0.1", nobody);
	assert_malformed("X-IPsec-Server(10)=::1", nobody);
	assert_malformed("X-IPsec-Server(10)=224.0.0.1", nobody);
	assert_malformed("X-IPsec-Server(10)=ff02::1", nobody);
	assert_malformed("X-IPsec-Server(10)=255.255.255.255", nobody);
	assert_malformed("X-IPsec-Server(10)=198.51.100.1 not-base64!", "the key is not base64");
	assert_malformed("X-IPsec-Server(10)=198.51.100.1 AQ==", "the RSA key data are cut short");
}

static void txt_with_a_nul_is_malformed(void **state)
{
	static const uint8_t data[] = "\x20X-IPsec-Server(10)=198.51.100.1\0";
	struct delegation d;
	const char *why;

	assert_int_equal(record_read_txt(bytes_of(data, 33), &d, &why), RECORD_MALFORMED);
	assert_string_equal(why, "a NUL octet stands in it");
}

/* Strings are joined without anything between them, wherever they break. */
static void txt_strings_are_joined(void **state)
{
	static const uint8_t data[] = "\x07X-IPsec\x09-Server(1\x10"
				      "0)=198.51.100.1 ";
	struct delegation d;
	const char *why;

	assert_int_equal(record_read_txt(bytes_of(data, sizeof(data) - 1), &d, &why), RECORD_GOOD);
	assert_int_equal(d.precedence, 10);
}

static void txt_cut_strings_are_malformed(void **state)
{
	static const uint8_t data[] = "\x21X-IPsec-Server(10)=198.51.100.1";
	struct delegation d;
	const char *why;

	for (size_t len = 1; len < sizeof(data); len++)
		assert_int_equal(record_read_txt(bytes_of(data, len), &d, &why), RECORD_MALFORMED);
}

/* A key is broken into strings and blanks at will: the blanks do not count. */
static void txt_keys(void **state)
{
	struct dns_answer *a = answer_new(DNS_TXT, DNS_SECURE, 1000);
	uint8_t key[RSA_OCTETS], data[1024];
	struct public_key expected = { 0 };
	struct delegation d;
	const char *why;
	char *base64;
	size_t used;

	rsa_key(key, 5);
	assert_true(public_key_from_rfc3110(&expected, BYTES_OF_ARRAY(key), &why));
	add_server(a, "X-IPsec-Server(10)=198.51.100.1", 5);
	assert_int_equal(read_txt(a, &d, &why), RECORD_GOOD);
	assert_true(public_key_equal(&d.key, &expected));
	public_key_discard(&d.key);
	base64 = base64_encode(BYTES_OF_ARRAY(key));
	assert_non_null(base64);
	/* The old resolvers' extra blank at the seam of two strings. */
	used = (size_t)snprintf((char *)data + 1, sizeof(data) - 1, "X-IPsec-Server(10)=198.51.100.1 %.100s ",
				base64);
	data[0] = (uint8_t)used++;
	data[used] = (uint8_t)(strlen(base64) - 100);
	memcpy(data + used + 1, base64 + 100, strlen(base64) - 100);
	used += 1u + strlen(base64) - 100;
	assert_int_equal(record_read_txt(bytes_of(data, used), &d, &why), RECORD_GOOD);
	assert_true(public_key_equal(&d.key, &expected));
	public_key_discard(&d.key);
	public_key_discard(&expected);
	free(base64);
	end(a);
}

static void txt_weak_keys_are_malformed(void **state)
{
	uint8_t key[RSA_OCTETS];
	char *base64, text[1024];

	rsa_key(key, 1);
	key[4] = 0x45; /* 2047 bits */
	base64 = base64_encode(BYTES_OF_ARRAY(key));
	assert_non_null(base64);
	snprintf(text, sizeof(text), "X-IPsec-Server(10)=198.51.100.1 %s", base64);
	free(base64);
	assert_malformed(text, "the RSA modulus is shorter than 2048 bits");
}

/* More than LIMIT_DNS_TEXT octets are nobody's key. */
static void txt_has_a_limit(void **state)
{
	size_t len = LIMIT_DNS_TEXT + 256;
	uint8_t *data = malloc(len);
	struct delegation d;
	const char *why;

	assert_non_null(data);
	memset(data, ' ', len);
	for (size_t i = 0; i < len; i += 256)
		data[i] = 255;
	assert_int_equal(record_read_txt(bytes_of(data, len), &d, &why), RECORD_MALFORMED);
	assert_string_equal(why, "the record is too long or its strings are cut");
	free(data);
}

/* ---- IPSECKEY ---- */

static enum record_verdict read_key(const void *data, size_t len, struct delegation *d)
{
	const char *why = NULL;
	enum record_verdict v = record_read_ipseckey(bytes_of(data, len), d, &why);

	if (v == RECORD_MALFORMED) {
		assert_non_null(why);
		assert_int_equal(d->key.kind, KEY_NONE);
	}
	return v;
}

static void ipseckey_gateways(void **state)
{
	struct delegation d;
	char text[ADDRESS_TEXT];

	assert_int_equal(read_key("\x0a\0\0", 3, &d), RECORD_GOOD);
	assert_int_equal(d.precedence, 10);
	assert_int_equal(d.gateway, GATEWAY_SELF);
	assert_int_equal(read_key("\x0a\x01\0\xc6\x33\x64\x01", 7, &d), RECORD_GOOD);
	assert_int_equal(d.gateway, GATEWAY_ADDRESS);
	assert_string_equal(address_print(&d.address, text), "198.51.100.1");
	assert_int_equal(read_key("\x0a\x02\0\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 19, &d),
			 RECORD_GOOD);
	assert_string_equal(address_print(&d.address, text), "2001:db8::1");
	assert_int_equal(read_key("\x0a\x03\0\x03sga\x07"
				  "example\0",
				  16, &d),
			 RECORD_GOOD);
	assert_int_equal(d.gateway, GATEWAY_NAME);
}

static void ipseckey_wrong_gateways(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} wrong[] = {
		{ "\x0a\x04\0", 3 }, /* no such type */
		{ "\x0a\x01\0\xc6\x33\x64", 6 }, /* cut */
		{ "\x0a\x02\0\x20\x01\x0d\xb8", 7 },
		{ "\x0a\x01\0\0\0\0\0", 7 }, /* nobody's */
		{ "\x0a\x01\0\x7f\0\0\x01", 7 },
		{ "\x0a\x01\0\xe0\0\0\x01", 7 },
		{ "\x0a\x03\0\x03sga", 7 }, /* a name without its root */
		{ "\x0a\x03\0\xc0\x0c", 5 }, /* compressed: RFC 4025 2.3 forbids it */
		{ "\x0a\x03\0\x40", 4 }, /* label of 64 */
		{ "\x0a\0\0\x01", 4 }, /* key octets without an algorithm */
		{ "", 0 },
		{ "\x0a", 1 },
		{ "\x0a\0", 2 },
	};
	struct delegation d;

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		if (read_key(wrong[i].data, wrong[i].len, &d) != RECORD_MALFORMED)
			fail_msg("record %zu was accepted", i);
	}
}

/* A name of more than 255 octets cannot be (RFC 1035 3.1). */
static void ipseckey_names_end(void **state)
{
	uint8_t data[3 + 400] = { 10, 3, 0 };
	struct delegation d;

	for (size_t i = 3; i < sizeof(data); i += 4)
		memcpy(data + i,
		       "\x03"
		       "abc",
		       4);
	data[sizeof(data) - 1] = 0;
	assert_int_equal(read_key(data, sizeof(data), &d), RECORD_MALFORMED);
}

static void ipseckey_keys(void **state)
{
	uint8_t data[3 + RSA_OCTETS] = { 10, 0, 2 };
	uint8_t ec[3 + 64] = { 10, 0, 3, 1, 2, 3, 4 };
	struct delegation d;

	rsa_key(data + 3, 1);
	assert_int_equal(read_key(data, sizeof(data), &d), RECORD_GOOD);
	assert_int_equal(d.key.kind, KEY_RSA);
	public_key_discard(&d.key);
	assert_int_equal(read_key(ec, sizeof(ec), &d), RECORD_GOOD);
	assert_int_equal(d.key.kind, KEY_ECDSA_P256);
	public_key_discard(&d.key);
	assert_int_equal(read_key(ec, sizeof(ec) - 1, &d), RECORD_MALFORMED);
	data[2] = 1; /* DSA */
	assert_int_equal(read_key(data, sizeof(data), &d), RECORD_MALFORMED);
	data[2] = 4;
	assert_int_equal(read_key(data, sizeof(data), &d), RECORD_MALFORMED);
	data[2] = 2;
	for (size_t len = 3; len < sizeof(data); len++)
		assert_int_equal(read_key(data, len, &d), RECORD_MALFORMED);
}

/* ---- names ---- */

static void reverse_names(void **state)
{
	char name[DNS_NAME_TEXT];
	struct address a = ip(BOB);

	reverse_name(&a, name);
	assert_string_equal(name, BOB_NAME);
	a = ip("0.0.0.255");
	reverse_name(&a, name);
	assert_string_equal(name, "255.0.0.0.in-addr.arpa.");
	/* The example of RFC 3596 2.5. */
	a = ip("4321:0:1:2:3:4:567:89ab");
	reverse_name(&a, name);
	assert_string_equal(name,
			    "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa.");
}

/*
 * A record as long as DNS can make it, and shorter ones: each octet value throughout, and at each of the first places of
 * what was right. Rejected or ignored, never with a key that is none; the sanitizers watch the ends.
 */
static void records_of_every_octet_up_to_64_kib(void **state)
{
	static const size_t lengths[] = { 0, 1, 2, 3, 4, 255, 256, 257, 4096, 65534, 65535 };
	static const char good[] = "X-IPsec-Server(10)=@gate.example.net AQOF8tZ2m";
	struct delegation d;
	const char *why;

	for (size_t i = 0; i < ARRAY_LENGTH(lengths) * 256; i++) {
		size_t len = lengths[i / 256];
		uint8_t *data = malloc(len ? len : 1);

		assert_non_null(data);
		memset(data, (int)(i % 256), len);
		assert_int_not_equal(record_read_txt(bytes_of(data, len), &d, &why), RECORD_GOOD);
		/* Three zeros are an IPSECKEY record: without gateway, without key. */
		if (record_read_ipseckey(bytes_of(data, len), &d, &why) == RECORD_GOOD)
			assert_int_equal(d.key.kind, KEY_NONE);
		free(data);
	}
	for (size_t i = 0; i < sizeof(good) * 256; i++) {
		uint8_t *data = malloc(sizeof(good));

		assert_non_null(data);
		data[0] = sizeof(good) - 1;
		memcpy(data + 1, good, sizeof(good) - 1);
		data[i / 256] = (uint8_t)i;
		if (record_read_txt(bytes_of(data, sizeof(good)), &d, &why) == RECORD_GOOD)
			public_key_discard(&d.key);
		(void)!record_read_ipseckey(bytes_of(data, sizeof(good)), &d, &why);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(txt_gateways),
		cmocka_unit_test(txt_of_others_is_ignored),
		cmocka_unit_test(txt_near_misses_are_malformed),
		cmocka_unit_test(txt_with_a_nul_is_malformed),
		cmocka_unit_test(txt_strings_are_joined),
		cmocka_unit_test(txt_cut_strings_are_malformed),
		cmocka_unit_test(txt_keys),
		cmocka_unit_test(txt_weak_keys_are_malformed),
		cmocka_unit_test(txt_has_a_limit),
		cmocka_unit_test(ipseckey_gateways),
		cmocka_unit_test(ipseckey_wrong_gateways),
		cmocka_unit_test(ipseckey_names_end),
		cmocka_unit_test(ipseckey_keys),
		cmocka_unit_test(reverse_names),
		cmocka_unit_test(records_of_every_octet_up_to_64_kib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
