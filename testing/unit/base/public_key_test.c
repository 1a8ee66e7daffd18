/*
 * Public keys in all the forms that they come in, and in the many that are none; base64 and hexadecimal
 * text (RFC 4648 10). Checklist U6.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "public_key.h"

/* Keys that OpenSSL wrote; the private halves were thrown away. */
static const char rsa_spki[] =
	"30820122300d06092a864886f70d01010105000382010f003082010a02820101009b0a46af3afe344c325cd5678329d0f1"
	"1a2deea2063eff6e660ae79130a6e0fe03f8896cce73c4d9b43974c68eeeca43bd81f1bda3272ef58712144dce6d2c1f48"
	"2ff48c1ec02e3a4b13825bc2852c1027050565e2e5d0d4be8832fd370ddb833fa130e742193cf41f20255783ab67780734"
	"b69e85b70bf2996af43709c5a6cdd4d18551c8e754d297479e088c763b56b700f95573459cd86987d810f086f7f5130c4f"
	"7056e078e4eab7e7fce70e18005e4a43e0851cb885317c7d932bf2871017accf761c50ec37b12bde073efc12b54a8474b5"
	"04c211d1f7e69599a6d3a7aadee8c082ce03f5e39f1fbedc04ca8a74459f3541d5eef4da8c76a9c878eaf7b70203010001";
static const char rsa_pem[] = "-----BEGIN PUBLIC KEY-----\n"
			      "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAmwpGrzr+NEwyXNVngynQ\n"
			      "8Rot7qIGPv9uZgrnkTCm4P4D+IlsznPE2bQ5dMaO7spDvYHxvaMnLvWHEhRNzm0s\n"
			      "H0gv9IwewC46SxOCW8KFLBAnBQVl4uXQ1L6IMv03DduDP6Ew50IZPPQfICVXg6tn\n"
			      "eAc0tp6FtwvymWr0NwnFps3U0YVRyOdU0pdHngiMdjtWtwD5VXNFnNhph9gQ8Ib3\n"
			      "9RMMT3BW4Hjk6rfn/OcOGABeSkPghRy4hTF8fZMr8ocQF6zPdhxQ7DexK94HPvwS\n"
			      "tUqEdLUEwhHR9+aVmabTp6re6MCCzgP1458fvtwEyop0RZ81QdXu9NqMdqnIeOr3\n"
			      "twIDAQAB\n"
			      "-----END PUBLIC KEY-----\n";
static const char ec_spki[] =
	"3059301306072a8648ce3d020106082a8648ce3d0301070342000485b4a2b6f4cf6e69d6aedbc8ece1935e92dbb2a4fe11"
	"b9249843c5de0bcf695b1079508543365831fe70b6aca6d76dc47ea7d2ca3f2d540021ef9102a3b713e6";
static const char ec_body[] = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhbSitvTPbmnWrtvI7OGTXpLbsqT+"
			      "EbkkmEPF3gvPaVsQeVCFQzZYMf5wtqym123EfqfSyj8tVAAh75ECo7cT5g==";
static const char ec_xy[] = "85b4a2b6f4cf6e69d6aedbc8ece1935e92dbb2a4fe11b9249843c5de0bcf695b"
			    "1079508543365831fe70b6aca6d76dc47ea7d2ca3f2d540021ef9102a3b713e6";

static struct blob unhex(const char *text)
{
	struct blob b = { NULL, 0 };

	assert_true(hex_decode(&b, bytes_of_text(text)));
	return b;
}

static struct public_key key_of(const char *spki)
{
	struct public_key key = { KEY_NONE, { NULL, 0 } };
	struct blob der = unhex(spki);
	const char *why = "unset";

	assert_true(public_key_from_spki(&key, bytes_of_blob(&der), &why));
	assert_null(why);
	assert_true(bytes_equal(bytes_of_blob(&key.spki), bytes_of_blob(&der)));
	blob_discard(&der);
	return key;
}

/* A refused key leaves what was there and says why. */
static void check_refused(bool (*from)(struct public_key *, struct bytes, const char **), struct bytes data)
{
	struct public_key key = key_of(ec_spki), same = key_of(ec_spki);
	const char *why = NULL;

	assert_false(from(&key, data, &why));
	assert_non_null(why);
	assert_true(public_key_equal(&key, &same));
	public_key_discard(&key);
	public_key_discard(&same);
}

static void forms_agree(void **state)
{
	struct public_key rsa = key_of(rsa_spki), ec = key_of(ec_spki), other = { KEY_NONE, { NULL, 0 } };
	struct blob dns = { NULL, 0 }, xy = unhex(ec_xy);
	struct bytes n, e;
	const char *why;

	assert_int_equal(rsa.kind, KEY_RSA);
	assert_int_equal(ec.kind, KEY_ECDSA_P256);
	assert_true(public_key_from_pem(&other, rsa_pem, &why));
	assert_true(public_key_equal(&other, &rsa));
	assert_true(public_key_to_dns(&rsa, &dns));
	assert_int_equal(dns.len, 1 + 3 + 256);
	assert_memory_equal(dns.data, "\x03\x01\x00\x01\x9b", 5);
	assert_true(public_key_from_rfc3110(&other, bytes_of_blob(&dns), &why));
	assert_true(public_key_equal(&other, &rsa));
	assert_true(public_key_rsa_parts(&rsa, &n, &e));
	assert_int_equal(n.len, 256);
	assert_true(bytes_equal(e, bytes_of("\x01\x00\x01", 3)));
	assert_false(public_key_rsa_parts(&ec, &n, &e));

	assert_true(public_key_from_pem(&other, ec_body, &why));
	assert_true(public_key_equal(&other, &ec));
	assert_true(public_key_to_dns(&ec, &dns));
	assert_true(bytes_equal(bytes_of_blob(&dns), bytes_of_blob(&xy)));
	assert_true(public_key_from_rfc6605(&other, bytes_of_blob(&xy), &why));
	assert_true(public_key_equal(&other, &ec));
	assert_false(public_key_equal(&rsa, &ec));
	blob_discard(&dns);
	blob_discard(&xy);
	public_key_discard(&other);
	assert_false(public_key_to_dns(&other, &dns));
	assert_false(public_key_equal(&other, &ec));
	assert_true(public_key_copy(&other, &rsa));
	assert_true(public_key_equal(&other, &rsa));
	public_key_discard(&other);
	public_key_discard(&rsa);
	public_key_discard(&ec);
}

/* An RFC 3110 key of n_octets with chosen first and last octets and exponent. */
static struct bytes rsa_data(uint8_t *room, struct bytes e, size_t n_octets, uint8_t first, uint8_t last)
{
	size_t used = 0;

	room[used++] = (uint8_t)e.len;
	memcpy(room + used, e.at, e.len);
	used += e.len;
	memset(room + used, 0x5a, n_octets);
	room[used] = first;
	room[used + n_octets - 1] = last;
	return bytes_of(room, used + n_octets);
}

static bool rsa_taken(const char *exponent, size_t n_octets, uint8_t first, uint8_t last)
{
	uint8_t room[2048];
	struct blob e = unhex(exponent);
	struct bytes data = rsa_data(room, bytes_of_blob(&e), n_octets, first, last), n, back;
	struct public_key key = { KEY_NONE, { NULL, 0 } }, again = { KEY_NONE, { NULL, 0 } };
	const char *why;
	bool ok = public_key_from_rfc3110(&key, data, &why);

	if (ok) {
		/* What was taken is the same key in its other forms. */
		assert_true(public_key_rsa_parts(&key, &n, &back));
		assert_int_equal(n.len, n_octets);
		assert_true(bytes_equal(back, bytes_of_blob(&e)));
		assert_true(public_key_from_spki(&again, bytes_of_blob(&key.spki), &why));
		assert_true(public_key_equal(&key, &again));
	} else {
		check_refused(public_key_from_rfc3110, data);
	}
	public_key_discard(&key);
	public_key_discard(&again);
	blob_discard(&e);
	return ok;
}

static void sizes_of_rsa_keys(void **state)
{
	assert_true(rsa_taken("010001", 256, 0x80, 1));
	assert_true(rsa_taken("010001", 257, 0x01, 1));
	assert_true(rsa_taken("010001", 512, 0xff, 0xff));
	assert_true(rsa_taken("010001", 1024, 0xff, 1));
	assert_false(rsa_taken("010001", 1025, 0x01, 1));
	assert_false(rsa_taken("010001", 256, 0x7f, 1)); /* 2047 bits */
	assert_false(rsa_taken("010001", 255, 0xff, 1));
	assert_false(rsa_taken("010001", 128, 0xff, 1));
	assert_false(rsa_taken("010001", 1, 0xff, 0xff));
	assert_false(rsa_taken("010001", 257, 0x00, 1)); /* leading zeros are prohibited (RFC 3110 2) */
	assert_false(rsa_taken("010001", 256, 0x80, 0x10)); /* even */
}

static void exponents_of_rsa_keys(void **state)
{
	static const char *const wrong[] = { "",
					     "00",
					     "01",
					     "02",
					     "03",
					     "11",
					     "0101",
					     "ffff",
					     "010000",
					     "000101",
					     "00010001",
					     "fffffffffffffffe",
					     "010000000000000001" };
	static const char *const right[] = { "010001", "010003", "ffffff", "80000001", "ffffffffffffffff" };

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		assert_false(rsa_taken(wrong[i], 256, 0x80, 1));
	for (size_t i = 0; i < ARRAY_LENGTH(right); i++)
		assert_true(rsa_taken(right[i], 256, 0x80, 1));
}

static void rfc3110_lengths_that_lie(void **state)
{
	uint8_t room[2048], longer[2048];
	struct bytes whole = rsa_data(room, bytes_of("\x01\x00\x01", 3), 256, 0x80, 1);
	struct public_key key = { KEY_NONE, { NULL, 0 } };
	const char *why;

	for (size_t len = 0; len < whole.len; len++)
		check_refused(public_key_from_rfc3110, bytes_of(whole.at, len));
	/* The long form of the exponent's length: zero and two octets. */
	memcpy(longer, "\x00\x00\x03", 3);
	memcpy(longer + 3, room + 1, whole.len - 1);
	assert_true(public_key_from_rfc3110(&key, bytes_of(longer, whole.len + 2), &why));
	public_key_discard(&key);
	memcpy(longer, "\x00\xff\xff", 3);
	check_refused(public_key_from_rfc3110, bytes_of(longer, whole.len + 2));
	memcpy(longer, "\x00\x00\x00", 3);
	check_refused(public_key_from_rfc3110, bytes_of(longer, whole.len + 2));
}

static void p256_keys_are_64_octets(void **state)
{
	uint8_t room[80] = { 4 };

	for (size_t len = 0; len < sizeof(room); len++) {
		struct public_key key = { KEY_NONE, { NULL, 0 } };
		const char *why;

		if (len != 64) {
			check_refused(public_key_from_rfc6605, bytes_of(room, len));
			continue;
		}
		assert_true(public_key_from_rfc6605(&key, bytes_of(room, len), &why));
		public_key_discard(&key);
	}
}

static void spki_is_der_and_nothing_more(void **state)
{
	static const char *const texts[] = { rsa_spki, ec_spki };

	for (size_t t = 0; t < ARRAY_LENGTH(texts); t++) {
		struct blob der = unhex(texts[t]), longer = { NULL, 0 };

		for (size_t len = 0; len < der.len; len++)
			check_refused(public_key_from_spki, bytes_of_blob(&(struct blob){ der.data, len }));
		assert_true(blob_make(&longer, der.len + 1));
		memcpy(longer.data, der.data, der.len);
		check_refused(public_key_from_spki, bytes_of_blob(&longer));
		/* Any bit of the frame changed: another object, or none. The digits of the key are not the frame. */
		for (size_t bit = 0; bit < (t == 0 ? 32u : 27u) * 8; bit++) {
			der.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			check_refused(public_key_from_spki, bytes_of_blob(&der));
			der.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		blob_discard(&der);
		blob_discard(&longer);
	}
}

static void other_keys_are_refused(void **state)
{
	static const char *const wrong[] = {
		/* RSA of 1024 bits */
		"30819f300d06092a864886f70d010101050003818d0030818902818100e0af9ac402c358583c09bf5908e44ba43b"
		"9fa43522"
		"da33ab7bc9b3db1e393f404a143ebb3ddde8d1e50fcb23d73328c0ea9d3eb091871bc50b495d555fbd50ead8637d"
		"db76e30b"
		"819df59b34a17cbe334788ee41e80973c6337ce18ea4746b1e0538da692aaa4b01580cc9f2edf3a7430ba4c9bae4"
		"1bf996ab"
		"3eb5245da6078b0203010001",
		/* P-384 */
		"3076301006072a8648ce3d020106052b8104002203620004f3e39adc35990f4406f1e0fcc2409aab1ccd4165d7a7"
		"d1daf4f3"
		"e90260ab80a586f74b29af709d00ccf191ee78a03f763b26d8edc880b5626a1e950cbb8fe2f98e530c24b67f858d"
		"9a33c2be"
		"c4d7761557b91af1b8fe6920cdcb1cf11fb6aa83",
		/* P-256, compressed */
		"3039301306072a8648ce3d020106082a8648ce3d0301070322000285b4a2b6f4cf6e69d6aedbc8ece1935e92dbb2"
		"a4fe11b9"
		"249843c5de0bcf695b",
		/* P-256, hybrid */
		"3059301306072a8648ce3d020106082a8648ce3d0301070342000685b4a2b6f4cf6e69d6aedbc8ece1935e92dbb2"
		"a4fe11b9"
		"249843c5de0bcf695b1079508543365831fe70b6aca6d76dc47ea7d2ca3f2d540021ef9102a3b713e6",
		/* a long form of a short length */
		"308159301306072a8648ce3d020106082a8648ce3d0301070342000485b4a2b6f4cf6e69d6aedbc8ece1935e92db"
		"b2a4fe11"
		"b9249843c5de0bcf695b1079508543365831fe70b6aca6d76dc47ea7d2ca3f2d540021ef9102a3b713e6",
		"30",
		"3080",
		"3000",
		"30820000",
		"3084ffffffff",
		"30ffffffffffffffffff",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		struct blob der = unhex(wrong[i]);

		check_refused(public_key_from_spki, bytes_of_blob(&der));
		blob_discard(&der);
	}
}

static void pem_texts(void **state)
{
	static const char *const wrong[] = { "",
					     " ",
					     "=",
					     "-----BEGIN PUBLIC KEY-----",
					     "AAAA",
					     "M*kw",
					     "-----BEGIN CERTIFICATE-----\nMFkw\n-----END CERTIFICATE-----\n",
					     "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n" };
	struct public_key key = { KEY_NONE, { NULL, 0 } };
	const char *why;

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		why = NULL;
		assert_false(public_key_from_pem(&key, wrong[i], &why));
		assert_non_null(why);
		assert_int_equal(key.kind, KEY_NONE);
	}
}

static void base64_of_rfc_4648(void **state)
{
	static const struct {
		const char *plain, *coded;
	} rows[] = { { "", "" },
		     { "f", "Zg==" },
		     { "fo", "Zm8=" },
		     { "foo", "Zm9v" },
		     { "foob", "Zm9vYg==" },
		     { "fooba", "Zm9vYmE=" },
		     { "foobar", "Zm9vYmFy" } };
	struct blob out = { NULL, 0 };

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char *coded = base64_encode(bytes_of_text(rows[i].plain));

		assert_non_null(coded);
		assert_string_equal(coded, rows[i].coded);
		free(coded);
		assert_true(base64_decode(&out, bytes_of_text(rows[i].coded)));
		assert_true(bytes_equal(bytes_of_blob(&out), bytes_of_text(rows[i].plain)));
	}
	assert_true(base64_decode(&out, bytes_of_text(" Zm9\n\tvYg\r\n= = \f\v")));
	assert_true(bytes_equal(bytes_of_blob(&out), bytes_of_text("foob")));
	blob_discard(&out);
}

static void base64_has_one_spelling(void **state)
{
	static const char *const wrong[] = { "Z",        "Zg",   "Zm8",   "Zg=",     "Z===",     "====",
					     "=",        "==",   "Zm8==", "Zm9v=",   "Zm9v====", "Zg==Zg==",
					     "Zg==Zm9v", "Zh==", "Zm9=",  "Zm-v",    "Zm_v",     "Z,9v",
					     "Zg\x80=",  "Zm=v", "=Zm9",  "Zm8=\x01" };
	struct blob out = { NULL, 0 };

	assert_true(blob_copy(&out, bytes_of_text("kept")));
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		assert_false(base64_decode(&out, bytes_of_text(wrong[i])));
		assert_true(bytes_equal(bytes_of_blob(&out), bytes_of_text("kept")));
	}
	assert_false(base64_decode(&out, bytes_of("Zm9\0", 4)));
	blob_discard(&out);
}

static void base64_returns_every_octet(void **state)
{
	uint8_t octets[256];
	struct blob out = { NULL, 0 };

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 7 + 3);
	for (size_t len = 0; len <= sizeof(octets); len++) {
		char *coded = base64_encode(bytes_of(octets, len));

		assert_non_null(coded);
		assert_int_equal(strlen(coded), (len + 2) / 3 * 4);
		assert_true(base64_decode(&out, bytes_of_text(coded)));
		assert_true(bytes_equal(bytes_of_blob(&out), bytes_of(octets, len)));
		free(coded);
	}
	blob_discard(&out);
}

static void hexadecimal_text(void **state)
{
	static const char *const wrong[] = { "0", "0g", "g0", "0x00", " 00", "00 ", "-1", "0\x80" };
	struct blob out = { NULL, 0 };

	assert_true(hex_decode(&out, bytes_of_text("")));
	assert_int_equal(out.len, 0);
	assert_true(hex_decode(&out, bytes_of_text("00ffAbcDeF9a")));
	assert_true(bytes_equal(bytes_of_blob(&out), bytes_of("\x00\xff\xab\xcd\xef\x9a", 6)));
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		assert_false(hex_decode(&out, bytes_of_text(wrong[i])));
	assert_int_equal(out.len, 6);
	blob_discard(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_agree),
		cmocka_unit_test(sizes_of_rsa_keys),
		cmocka_unit_test(exponents_of_rsa_keys),
		cmocka_unit_test(rfc3110_lengths_that_lie),
		cmocka_unit_test(p256_keys_are_64_octets),
		cmocka_unit_test(spki_is_der_and_nothing_more),
		cmocka_unit_test(other_keys_are_refused),
		cmocka_unit_test(pem_texts),
		cmocka_unit_test(base64_of_rfc_4648),
		cmocka_unit_test(base64_has_one_spelling),
		cmocka_unit_test(base64_returns_every_octet),
		cmocka_unit_test(hexadecimal_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
