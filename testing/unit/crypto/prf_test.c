/* Hashes, HMAC and randomness: RFC 4231, FIPS 180 examples, and what makes a key or a part odd. */
#include "fixture.h"

struct hmac_vector {
	const char *key, *data, *sha256, *sha384, *sha512;
};

/* RFC 4231 4.2 to 4.8; test case 5 is of a cut output and is left to the ICVs of aead_test. */
static const struct hmac_vector vectors[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
	  "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
	  "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4"
	  "be9d914eeb61f1702e696c203a126854" },
	{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
	  "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
	  "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"
	  "caeab1a34d4a6b4b636e070a38bce737" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	  "dddd",
	  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
	  "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
	  "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807"
	  "b946a337bee8942674278859e13292fb" },
	{ "0102030405060708090a0b0c0d0e0f10111213141516171819",
	  "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	  "cdcd",
	  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
	  "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb",
	  "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063"
	  "a5f19741120c4f2de2adebeb10a298dd" },
};

/* RFC 4231 4.7: a key longer than any block, so HMAC hashes it first. */
static const struct hmac_vector long_key = {
	NULL,
	"54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579"
	"204669727374",
	"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
	"4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
	"80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e52"
	"95e64f73f63f0aec8b915a985d786598"
};

static void check_hmac(const struct crypto *c, struct bytes key, const struct hmac_vector *v)
{
	struct bytes data = hex(v->data);
	uint8_t out[PRF_OCTETS_MAX];

	assert_true(c->prf(c->self, PRF_HMAC_SHA2_256, key, &data, 1, out));
	assert_bytes(bytes_of(out, 32), hex(v->sha256));
	assert_true(c->prf(c->self, PRF_HMAC_SHA2_384, key, &data, 1, out));
	assert_bytes(bytes_of(out, 48), hex(v->sha384));
	assert_true(c->prf(c->self, PRF_HMAC_SHA2_512, key, &data, 1, out));
	assert_bytes(bytes_of(out, 64), hex(v->sha512));
}

static void prf_is_hmac_of_rfc_4231(void **state)
{
	const struct crypto *c = keystore_crypto(*state);
	uint8_t key[131];

	for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++)
		check_hmac(c, hex(vectors[i].key), &vectors[i]);
	memset(key, 0xaa, sizeof(key));
	check_hmac(c, bytes_of(key, sizeof(key)), &long_key);
}

static void parts_are_one_text(void **state)
{
	const struct crypto *c = keystore_crypto(*state);
	struct bytes whole = hex(vectors[1].data), key = hex(vectors[1].key);

	for (size_t cut = 0; cut <= whole.len; cut++) {
		struct bytes parts[] = { bytes_of(whole.at, cut), BYTES_NONE,
					 bytes_of(whole.at + cut, whole.len - cut) };
		uint8_t out[PRF_OCTETS_MAX];

		assert_true(c->prf(c->self, PRF_HMAC_SHA2_256, key, parts, 3, out));
		assert_bytes(bytes_of(out, 32), hex(vectors[1].sha256));
	}
}

static void empty_key_and_empty_text_have_their_value(void **state)
{
	const struct crypto *c = keystore_crypto(*state);
	uint8_t out[PRF_OCTETS_MAX];

	/* HMAC-SHA-256 with neither key nor text. */
	assert_true(c->prf(c->self, PRF_HMAC_SHA2_256, BYTES_NONE, NULL, 0, out));
	assert_bytes(bytes_of(out, 32),
		     hex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
}

static void only_known_prfs_are_computed(void **state)
{
	const struct crypto *c = keystore_crypto(*state);
	struct bytes key = hex("00");
	uint8_t out[PRF_OCTETS_MAX];

	for (unsigned id = 0; id <= UINT16_MAX; id++)
		assert_true(c->prf(c->self, (uint16_t)id, key, &key, 1, out) == (id >= 5 && id <= 7));
}

static void hashes_are_those_of_fips_180(void **state)
{
	static const struct {
		enum hash_id id;
		const char *abc, *empty;
	} rows[] = {
		{ HASH_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d",
		  "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
		{ HASH_SHA2_256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ HASH_SHA2_384,
		  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134"
		  "c825a7",
		  "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f148"
		  "98b95b" },
		{ HASH_SHA2_512,
		  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3"
		  "feebbd"
		  "454d4423643ce80e2a9ac94fa54ca49f",
		  "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d287"
		  "7eec2f"
		  "63b931bd47417a81a538327af927da3e" },
	};
	const struct crypto *c = keystore_crypto(*state);
	struct bytes parts[] = { bytes_of_text("a"), bytes_of_text(""), bytes_of_text("bc") };
	uint8_t out[HASH_OCTETS_MAX];

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		assert_true(c->hash(c->self, rows[i].id, parts, 3, out));
		assert_bytes(bytes_of(out, hash_octets(rows[i].id)), hex(rows[i].abc));
		assert_true(c->hash(c->self, rows[i].id, NULL, 0, out));
		assert_bytes(bytes_of(out, hash_octets(rows[i].id)), hex(rows[i].empty));
	}
	assert_false(c->hash(c->self, (enum hash_id)0, parts, 3, out));
	assert_false(c->hash(c->self, (enum hash_id)99, parts, 3, out));
}

static void random_fills_every_octet(void **state)
{
	const struct crypto *c = keystore_crypto(*state);
	uint8_t out[64], seen[64] = { 0 }, first[64];

	/* Each octet differs from zero at least once in 32 draws, or the source is broken: (1/256)^32. */
	for (int draw = 0; draw < 32; draw++) {
		memset(out, 0, sizeof(out));
		assert_true(c->random(c->self, out, sizeof(out)));
		for (size_t i = 0; i < sizeof(out); i++)
			seen[i] |= out[i];
		if (draw == 0)
			memcpy(first, out, sizeof(first));
		else
			assert_memory_not_equal(first, out, sizeof(first));
	}
	for (size_t i = 0; i < sizeof(seen); i++)
		assert_int_not_equal(seen[i], 0);
	assert_false(c->random(c->self, out, SIZE_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prf_is_hmac_of_rfc_4231),
		cmocka_unit_test(parts_are_one_text),
		cmocka_unit_test(empty_key_and_empty_text_have_their_value),
		cmocka_unit_test(only_known_prfs_are_computed),
		cmocka_unit_test(hashes_are_those_of_fips_180),
		cmocka_unit_test(random_fills_every_octet),
	};
	return cmocka_run_group_tests(tests, open_plain, close_store);
}
