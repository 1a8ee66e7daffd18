/*
 * Seal and open: the GCM specification's cases, RFC 7539 2.8.2, RFC 7634 appendix B, RFC 3602 and
 * SP 800-38A for CBC, and for every combination each bit changed that could be.
 */
#include "fixture.h"

#include "limits.h"

struct vector {
	uint16_t encr, bits, integ;
	const char *key, *integ_key; /* the key with its salt */
	const char *aad, *iv, *text, *sealed, *icv;
};

static const struct vector vectors[] = {
	/* The Galois/Counter Mode of Operation (GCM), test cases 4 and 16: nonce = salt | IV. */
	{ ENCR_AES_GCM_16, 128, INTEG_NONE, "feffe9928665731c6d6a8f9467308308cafebabe", "",
	  "feedfacedeadbeeffeedfacedeadbeefabaddad2", "facedbaddecaf888",
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	  "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
	  "5bc94fbc3221a5db94fae95ae7121a47" },
	{ ENCR_AES_GCM_16, 256, INTEG_NONE,
	  "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308cafebabe", "",
	  "feedfacedeadbeeffeedfacedeadbeefabaddad2", "facedbaddecaf888",
	  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
	  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
	  "76fc6ece0f4e1768cddf8853bb2d551b" },
	/* RFC 7539 2.8.2 */
	{ ENCR_CHACHA20_POLY1305, 0, INTEG_NONE,
	  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f07000000", "",
	  "50515253c0c1c2c3c4c5c6c7", "4041424344454647",
	  "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f"
	  "756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e736372"
	  "65656e20776f756c642062652069742e",
	  "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a"
	  "71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4"
	  "def08e4b7a9de576d26586cec64b6116",
	  "1ae10b594f09e26a7e902ecbd0600691" },
	/* RFC 7634 appendix B: an INFORMATIONAL request with N(SET_WINDOW_SIZE). */
	{ ENCR_CHACHA20_POLY1305, 0, INTEG_NONE,
	  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3", "",
	  "c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e202500000000090000004529000029", "1011121314151617",
	  "0000000c000040010000000a00", "610394701f8d017f7c12924889", "6b71bfe25236efd7cdc67066906315b2" },
	/* RFC 3602 4, case 1, and SP 800-38A F.2.5; the ICV (RFC 4868) is of aad | IV | ciphertext. */
	{ ENCR_AES_CBC, 128, INTEG_HMAC_SHA2_256_128, "06a9214036b8a15b512e03d534120006",
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "cafe",
	  "3dafba429d9eb430b422da802c9fac41", "53696e676c6520626c6f636b206d7367",
	  "e353779c1079aeb82708942dbe77181a", NULL },
	{ ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_256_128,
	  "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "cafe",
	  "000102030405060708090a0b0c0d0e0f",
	  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
	  "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
	  "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
	  "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
	  NULL },
	/* The same ciphertexts under the longer hashes; the ICVs, 192 and 256 bits, by Python's hmac. */
	{ ENCR_AES_CBC, 128, INTEG_HMAC_SHA2_384_192, "06a9214036b8a15b512e03d534120006",
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f",
	  "cafe", "3dafba429d9eb430b422da802c9fac41", "53696e676c6520626c6f636b206d7367",
	  "e353779c1079aeb82708942dbe77181a", "8eeef583abc739c6503d89bd311b65e55265687209793cd8" },
	{ ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_512_256,
	  "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
	  "cafe", "000102030405060708090a0b0c0d0e0f",
	  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
	  "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
	  "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
	  "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
	  "cb92ca4b045b92fbd308066ee4adc0fe83700a8e24b431477ffb7bce2e80e294" },
};

static struct sealing_key key_of(uint16_t encr, uint16_t bits, uint16_t integ, struct bytes key,
				 struct bytes integ_key)
{
	struct sealing_key k = { encr_find(encr, bits), integ_find(integ), { 0 }, { 0 } };

	assert_non_null(k.encr);
	assert_non_null(k.integ);
	assert_int_equal(key.len, k.encr->key_octets + k.encr->salt_octets);
	assert_int_equal(integ_key.len, k.integ->key_octets);
	memcpy(k.encr_key, key.at, key.len);
	if (integ_key.len)
		memcpy(k.integ_key, integ_key.at, integ_key.len);
	return k;
}

static size_t icv_octets(const struct sealing_key *k)
{
	return k->encr->aead ? k->encr->icv_octets : k->integ->icv_octets;
}

static void vectors_seal_and_open(void **state)
{
	const struct crypto *c = keystore_crypto(*state);

	for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct sealing_key k = key_of(v->encr, v->bits, v->integ, hex(v->key), hex(v->integ_key));
		struct bytes aad = hex(v->aad), iv = hex(v->iv), plain = hex(v->text),
			     sealed = hex(v->sealed);
		uint8_t text[256], icv[ICV_OCTETS_MAX], expected[HASH_OCTETS_MAX];

		memcpy(text, plain.at, plain.len);
		assert_true(c->seal(c->self, &k, aad, iv, text, plain.len, icv));
		assert_bytes(bytes_of(text, plain.len), sealed);
		if (v->icv) {
			assert_bytes(bytes_of(icv, icv_octets(&k)), hex(v->icv));
		} else {
			struct bytes parts[] = { aad, iv, sealed };

			assert_true(
				c->prf(c->self, PRF_HMAC_SHA2_256, hex(v->integ_key), parts, 3, expected));
			assert_memory_equal(icv, expected, icv_octets(&k));
		}
		assert_true(c->open(c->self, &k, aad, iv, text, plain.len, bytes_of(icv, icv_octets(&k))));
		assert_bytes(bytes_of(text, plain.len), plain);
	}
}

/* One of every cipher with every INTEG that it may have. */
static size_t all_keys(const struct crypto *c, struct sealing_key keys[32])
{
	size_t count = 0;

	for (size_t e = 0; e < encr_count; e++) {
		for (size_t i = 0; i < integ_count; i++) {
			struct sealing_key *k = &keys[count];

			if (encr_table[e].aead != (integ_table[i].id == INTEG_NONE))
				continue;
			assert_true(++count < 32);
			k->encr = &encr_table[e];
			k->integ = &integ_table[i];
			assert_true(c->random(c->self, k->encr_key, sizeof(k->encr_key)));
			assert_true(c->random(c->self, k->integ_key, sizeof(k->integ_key)));
		}
	}
	return count;
}

static void every_combination_returns_what_it_sealed(void **state)
{
	static const size_t lengths[] = { 0, 16, 32, 48, 1024, LIMIT_MESSAGE };
	static uint8_t text[LIMIT_MESSAGE], plain[LIMIT_MESSAGE];
	const struct crypto *c = keystore_crypto(*state);
	struct sealing_key keys[32];
	size_t count = all_keys(c, keys);
	uint8_t iv[IV_OCTETS_MAX], icv[ICV_OCTETS_MAX], aad[32];

	assert_int_equal(count, 3 + 2 * 3);
	assert_true(c->random(c->self, plain, sizeof(plain)) && c->random(c->self, iv, sizeof(iv)) &&
		    c->random(c->self, aad, sizeof(aad)));
	for (size_t i = 0; i < count * ARRAY_LENGTH(lengths); i++) {
		const struct sealing_key *k = &keys[i % count];
		size_t len = lengths[i / count];
		struct bytes iv_view = bytes_of(iv, k->encr->iv_octets);

		memcpy(text, plain, len);
		assert_true(c->seal(c->self, k, BYTES_OF_ARRAY(aad), iv_view, text, len, icv));
		assert_true(len == 0 || memcmp(text, plain, len) != 0);
		assert_true(c->open(c->self, k, BYTES_OF_ARRAY(aad), iv_view, text, len,
				    bytes_of(icv, icv_octets(k))));
		assert_memory_equal(text, plain, len);
	}
}

/* Any length is sealed by an AEAD: its cipher is a stream. */
static void every_short_length_passes_an_aead(void **state)
{
	const struct crypto *c = keystore_crypto(*state);
	struct sealing_key keys[32];
	size_t count = all_keys(c, keys);
	uint8_t plain[130], text[130], icv[ICV_OCTETS_MAX];
	struct bytes iv = hex("0102030405060708"), aad = hex("aabbcc");

	memset(plain, 0x5a, sizeof(plain));
	for (size_t i = 0; i < count; i++) {
		for (size_t len = 0; keys[i].encr->aead && len <= sizeof(plain); len++) {
			memcpy(text, plain, sizeof(text));
			assert_true(c->seal(c->self, &keys[i], aad, iv, text, len, icv));
			assert_memory_equal(text + len, plain + len, sizeof(text) - len);
			assert_true(c->open(c->self, &keys[i], aad, iv, text, len, bytes_of(icv, 16)));
			assert_memory_equal(text, plain, sizeof(text));
		}
	}
}

/* One message of one key, and the attempt to open it after a bit of one of its parts was changed. */
struct message {
	uint8_t aad[32], iv[IV_OCTETS_MAX], text[64], icv[ICV_OCTETS_MAX];
	struct sealing_key key;
};

static bool opens(const struct crypto *c, const struct message *m)
{
	struct message copy = *m;

	return c->open(c->self, &copy.key, bytes_of(copy.aad, 32),
		       bytes_of(copy.iv, copy.key.encr->iv_octets), copy.text, 64,
		       bytes_of(copy.icv, icv_octets(&copy.key)));
}

static void refuses_changed_bits(const struct crypto *c, struct message *m, uint8_t *part, size_t octets)
{
	for (size_t bit = 0; bit < octets * 8; bit++) {
		part[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(opens(c, m));
		part[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void each_changed_bit_is_noticed(void **state)
{
	const struct crypto *c = keystore_crypto(*state);
	struct sealing_key keys[32];
	size_t count = all_keys(c, keys);

	for (size_t i = 0; i < count; i++) {
		struct message m = { { 1 }, { 2 }, { 3 }, { 0 }, keys[i] };
		const struct encr_row *encr = m.key.encr;

		assert_true(c->seal(c->self, &m.key, bytes_of(m.aad, 32), bytes_of(m.iv, encr->iv_octets),
				    m.text, sizeof(m.text), m.icv));
		assert_true(opens(c, &m));
		refuses_changed_bits(c, &m, m.aad, sizeof(m.aad));
		refuses_changed_bits(c, &m, m.iv, encr->iv_octets);
		refuses_changed_bits(c, &m, m.text, sizeof(m.text));
		refuses_changed_bits(c, &m, m.icv, icv_octets(&m.key));
		if (encr->aead)
			refuses_changed_bits(c, &m, m.key.encr_key,
					     (size_t)encr->key_octets + encr->salt_octets);
		else
			refuses_changed_bits(c, &m, m.key.integ_key, m.key.integ->key_octets);
		assert_true(opens(c, &m));
	}
}

static void lengths_that_do_not_fit_are_refused(void **state)
{
	const struct crypto *c = keystore_crypto(*state);
	static uint8_t text[LIMIT_MESSAGE + 16];
	uint8_t iv[IV_OCTETS_MAX + 1] = { 0 }, icv[ICV_OCTETS_MAX + 1] = { 0 };
	struct sealing_key keys[32];
	size_t count = all_keys(c, keys);

	for (size_t i = 0; i < count; i++) {
		const struct sealing_key *k = &keys[i];
		struct bytes right = bytes_of(iv, k->encr->iv_octets);

		for (size_t len = 0; len < sizeof(iv); len++) {
			if (len != right.len) {
				assert_false(
					c->seal(c->self, k, BYTES_NONE, bytes_of(iv, len), text, 16, icv));
				assert_false(c->open(c->self, k, BYTES_NONE, bytes_of(iv, len), text, 16,
						     bytes_of(icv, icv_octets(k))));
			}
		}
		assert_false(c->seal(c->self, k, BYTES_NONE, right, text, LIMIT_MESSAGE + 16, icv));
		assert_true(c->seal(c->self, k, BYTES_NONE, right, text, 16, icv));
		for (size_t len = 0; len <= ICV_OCTETS_MAX + 1; len++) {
			uint8_t copy[16];

			memcpy(copy, text, sizeof(copy));
			assert_true(c->open(c->self, k, BYTES_NONE, right, copy, 16, bytes_of(icv, len)) ==
				    (len == icv_octets(k)));
		}
		for (size_t len = 1; !k->encr->aead && len < 16; len++)
			assert_false(c->seal(c->self, k, BYTES_NONE, right, text, len, icv));
	}
}

/* A refused seal has written neither text nor ICV. */
static void an_aead_takes_no_integ_and_cbc_wants_one(void **state)
{
	const struct crypto *c = keystore_crypto(*state);
	uint8_t text[16] = { 7 }, icv[ICV_OCTETS_MAX] = { 9 };
	struct sealing_key gcm = {
		encr_find(ENCR_AES_GCM_16, 256), integ_find(INTEG_HMAC_SHA2_256_128), { 0 }, { 0 }
	};
	struct sealing_key cbc = { encr_find(ENCR_AES_CBC, 256), integ_find(INTEG_NONE), { 0 }, { 0 } };

	assert_false(c->seal(c->self, &gcm, BYTES_NONE, hex("0102030405060708"), text, 16, icv));
	assert_false(
		c->seal(c->self, &cbc, BYTES_NONE, hex("01020304050607080102030405060708"), text, 16, icv));
	assert_int_equal(text[0], 7);
	assert_int_equal(icv[0], 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_seal_and_open),
		cmocka_unit_test(every_combination_returns_what_it_sealed),
		cmocka_unit_test(every_short_length_passes_an_aead),
		cmocka_unit_test(each_changed_bit_is_noticed),
		cmocka_unit_test(lengths_that_do_not_fit_are_refused),
		cmocka_unit_test(an_aead_takes_no_integ_and_cbc_wants_one),
	};
	return cmocka_run_group_tests(tests, open_plain, close_store);
}
