/*
 * Key exchange: RFC 7748 6.1, RFC 5903 8.1, agreement in every group, leading zeros kept, and the values
 * that a peer must not get away with (checklist D1, D2; RFC 6989).
 */
#include "fixture.h"

#include <pthread.h>

#include "../../../lib/crypto/provider.h"

/* g = 2, exponents of 256 bits; the shared secret begins with a zero octet. Computed with Python's integers. */
static const char modp_a[] = "b266973fd21c1a3c69905d5c6c401bb8e91e16ed7661dcd84a3677c3e152e914";
static const char modp_b_public[] =
	"eb983fd1c2a15a6863435bcc39544021193aaf6e4bdee6052df864c85d325908581d46c4c2ea82143cbfb2eab58efd06"
	"485015938992e61d6750f1c1d989ac5f8eb56ca2e91c310fd4ac7263f23b04eaca66a19d5025ad39e3d7773aee0c7067"
	"f5d54cf2b2d843e61acb0d38a81403bf15bf115c17f5834884923a0ec96dab8c77af2da66703c2db4b71d6252e492904"
	"384d86e3dc1b11e2ad1baaec456bc9ab8ab6bd860edd287df10af1cc20f51adbc4c826324c9020a4d366b1a1caf8ef09"
	"b607e2aaf28440e5b786375f0a691cc16998157681c84d89bfb1bec7a07d015a3a2260f4ce9f3c40a49f3ff6eab4ea67"
	"1608a23c039a5b1d2734f056869f913a";
static const char modp_shared[] =
	"00c6e94ee513628dfa437e03de551b9d60c8b1d319e374547b1400676aeab893fcf082836c408ebf4cbec83802aa7b02"
	"d74df0777dc0eaa06ee36bbd6ed64e2338d792b5b7d9226f02552a8153b4fe147d62bb6f4ecd899d1c7e23e05a2cd9ea"
	"18080f3bc7eff5c39d05b54e64edceb65beffc8c0861c745464b4cb9601e107d597d25b93cd4faabbcb4b439960da053"
	"afa733a7f071729ff753ad160979847dd32280a6911d170fc18f146b40af017a01bbf36c96d643082a323c28a46fea92"
	"444f2f1f8b44fdb61d583d18bd67eca8b2f88c45292532b3725c7ea113d992da1434d23d5406c1856e5e83bb3030e4c4"
	"52dbd1a2aefc58e024d90fac2394ca85";
static const char modp_prime[] =
	"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd"
	"ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
	"ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f"
	"83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b"
	"e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510"
	"15728e5a8aacaa68ffffffffffffffff";

/* RFC 5903 8.1 */
static const char p256_i[] = "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433";
static const char p256_gi[] = "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
			      "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3";
static const char p256_r[] = "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53";
static const char p256_gr[] = "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
			      "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab";
static const char p256_gir[] = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";
static const char p256_base[] = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
				"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

/* RFC 7748 6.1 */
static const char x25519_a[] = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
static const char x25519_ga[] = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
static const char x25519_b[] = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
static const char x25519_gb[] = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
static const char x25519_gab[] = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

static const char p256_name[] = "06082a8648ce3d030107";
static const char curve25519_name[] = "06092b06010401da470f01";

#define ATTRIBUTE(type, b)                               \
	{                                                \
		type, (void *)(uintptr_t)(b).at, (b).len \
	}

/* A private key that NSS did not make. curve is empty for MODP 2048. The caller discards it. */
static struct ke_secret *secret_of(struct keystore *store, uint16_t group, struct bytes value,
				   struct bytes curve)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = curve.len ? CKK_EC : CKK_DH;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	struct bytes id = hex("0102030405060708090a0b0c0d0e0f1011121314"), prime = hex(modp_prime),
		     base = hex("02");
	CK_ATTRIBUTE attributes[] = {
		ATTRIBUTE(CKA_CLASS, bytes_of(&class, sizeof(class))),
		ATTRIBUTE(CKA_KEY_TYPE, bytes_of(&type, sizeof(type))),
		ATTRIBUTE(CKA_TOKEN, bytes_of(&no, 1)),
		ATTRIBUTE(CKA_SENSITIVE, bytes_of(&no, 1)),
		ATTRIBUTE(CKA_DERIVE, bytes_of(&yes, 1)),
		ATTRIBUTE(CKA_ID, id),
		ATTRIBUTE(CKA_VALUE, value),
		ATTRIBUTE(curve.len ? CKA_EC_PARAMS : CKA_PRIME, curve.len ? curve : prime),
		ATTRIBUTE(CKA_BASE, base),
	};
	PK11GenericObject *object =
		PK11_CreateGenericObject(store->work, attributes, curve.len ? 8 : 9, PR_FALSE);
	struct ke_secret *secret = calloc(1, sizeof(*secret));
	SECItem wanted = nss_item(id);

	assert_non_null(object);
	assert_non_null(secret);
	secret->group = group;
	secret->key = PK11_FindKeyByKeyID(store->work, &wanted, NULL);
	assert_non_null(secret->key);
	PK11_DestroyGenericObject(object); /* the object itself now goes with the key */
	return secret;
}

/* Whether the share is made; it must be the expected octets. */
static void check_share(const struct crypto *c, const struct ke_secret *secret, uint16_t group,
			struct bytes peer, struct bytes expected)
{
	struct blob shared = { NULL, 0 };

	assert_true(c->ke_share(c->self, group, secret, peer, &shared));
	assert_bytes(bytes_of_blob(&shared), expected);
	blob_discard(&shared);
}

static void check_refused(const struct crypto *c, const struct ke_secret *secret, uint16_t group,
			  struct bytes peer)
{
	struct blob shared = { NULL, 0 };

	assert_false(c->ke_share(c->self, group, secret, peer, &shared));
	assert_null(shared.data);
}

static void vectors_of_the_rfcs(void **state)
{
	const struct {
		uint16_t group;
		const char *secret, *curve, *peer, *shared;
	} rows[] = {
		{ KE_ECP_256, p256_i, p256_name, p256_gr, p256_gir },
		{ KE_ECP_256, p256_r, p256_name, p256_gi, p256_gir },
		{ KE_CURVE25519, x25519_a, curve25519_name, x25519_gb, x25519_gab },
		{ KE_CURVE25519, x25519_b, curve25519_name, x25519_ga, x25519_gab },
	};
	const struct crypto *c = keystore_crypto(*state);

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct ke_secret *secret =
			secret_of(*state, rows[i].group, hex(rows[i].secret), hex(rows[i].curve));

		check_share(c, secret, rows[i].group, hex(rows[i].peer), hex(rows[i].shared));
		c->ke_discard(c->self, secret);
	}
}

/* RFC 7296 2.14: the secret is as long as the modulus, whatever its first octets are. */
static void leading_zeros_of_the_secret_are_kept(void **state)
{
	const struct crypto *c = keystore_crypto(*state);
	struct ke_secret *secret = secret_of(*state, KE_MODP_2048, hex(modp_a), BYTES_NONE);

	check_share(c, secret, KE_MODP_2048, hex(modp_b_public), hex(modp_shared));
	c->ke_discard(c->self, secret);
	secret = secret_of(*state, KE_ECP_256, hex(p256_i), hex(p256_name));
	check_share(c, secret, KE_ECP_256,
		    hex("f62bc8ba4e6dd8b0da4a567a1bf34d83ee8a6e2bd910a99c4ca99f0cd5604053"
			"301fe2ec25d5038ff6ffab0ebf4c5041fe64c14d4d5f4cdd794a9875f3972e9e"),
		    hex("0067e43311997ef87f69a8469b5f40e08401c151c2387880a6982827d677c450"));
	c->ke_discard(c->self, secret);
}

/* The peer's value is the base, so the secret is our own public value: both are padded the same way. */
static void leading_zeros_of_the_public_value_are_kept(void **state)
{
	const struct crypto *c = keystore_crypto(*state);
	uint8_t two[256] = { 0 };
	bool seen = false;

	two[255] = 2;
	for (int tries = 0; tries < 5000 && !seen; tries++) {
		struct ke_secret *secret = NULL;
		struct blob value = { NULL, 0 };

		assert_true(c->ke_make(c->self, KE_MODP_2048, &secret, &value));
		assert_int_equal(value.len, 256);
		if (value.data[0] == 0) {
			check_share(c, secret, KE_MODP_2048, BYTES_OF_ARRAY(two), bytes_of_blob(&value));
			seen = true;
		}
		c->ke_discard(c->self, secret);
		blob_discard(&value);
	}
	assert_true(seen);
}

static void both_sides_agree_in_every_group(void **state)
{
	const struct crypto *c = keystore_crypto(*state);

	for (size_t i = 0; i < 3 * group_count; i++) {
		const struct group_row *g = &group_table[i % group_count];
		struct ke_secret *a = NULL, *b = NULL;
		struct blob a_value = { NULL, 0 }, b_value = { NULL, 0 }, shared = { NULL, 0 };

		assert_true(c->ke_make(c->self, g->id, &a, &a_value));
		assert_true(c->ke_make(c->self, g->id, &b, &b_value));
		assert_int_equal(a_value.len, g->public_octets);
		assert_false(bytes_equal(bytes_of_blob(&a_value), bytes_of_blob(&b_value)));
		assert_true(c->ke_share(c->self, g->id, a, bytes_of_blob(&b_value), &shared));
		assert_int_equal(shared.len, g->shared_octets);
		check_share(c, b, g->id, bytes_of_blob(&a_value), bytes_of_blob(&shared));
		/* A secret of one group is none of another. */
		for (size_t other = 0; other < group_count; other++) {
			if (group_table[other].id != g->id)
				check_refused(c, a, group_table[other].id, bytes_of_blob(&b_value));
		}
		c->ke_discard(c->self, a);
		c->ke_discard(c->self, b);
		blob_discard(&a_value);
		blob_discard(&b_value);
		blob_discard(&shared);
	}
	c->ke_discard(c->self, NULL);
}

static void only_known_groups_are_made(void **state)
{
	const struct crypto *c = keystore_crypto(*state);

	for (unsigned id = 0; id <= UINT16_MAX; id++) {
		struct ke_secret *secret = NULL;
		struct blob value = { NULL, 0 };

		if (group_find((uint16_t)id))
			continue;
		assert_false(c->ke_make(c->self, (uint16_t)id, &secret, &value));
		assert_null(secret);
		assert_null(value.data);
	}
}

static void wrong_lengths_are_refused(void **state)
{
	const struct crypto *c = keystore_crypto(*state);

	for (size_t i = 0; i < group_count; i++) {
		const struct group_row *g = &group_table[i];
		struct ke_secret *secret = NULL;
		struct blob value = { NULL, 0 };
		uint8_t longer[300] = { 0 };

		assert_true(c->ke_make(c->self, g->id, &secret, &value));
		memcpy(longer, value.data, value.len);
		for (size_t len = 0; len < sizeof(longer); len++) {
			if (len != g->public_octets)
				check_refused(c, secret, g->id, bytes_of(longer, len));
		}
		/* The same number with zeros before it is no other spelling of it. */
		memset(longer, 0, sizeof(longer));
		memcpy(longer + 1, value.data, value.len);
		check_refused(c, secret, g->id, bytes_of(longer, value.len + 1));
		c->ke_discard(c->self, secret);
		blob_discard(&value);
	}
}

/* 0, 1, p-1, p, p+1 and the largest number; 2 and the value beside the edge are taken. */
static void modp_values_out_of_range_are_refused(void **state)
{
	const struct crypto *c = keystore_crypto(*state);
	struct ke_secret *secret = NULL;
	struct blob ours = { NULL, 0 };
	uint8_t value[256];

	assert_true(c->ke_make(c->self, KE_MODP_2048, &secret, &ours));
	memset(value, 0, sizeof(value));
	check_refused(c, secret, KE_MODP_2048, BYTES_OF_ARRAY(value));
	value[255] = 1;
	check_refused(c, secret, KE_MODP_2048, BYTES_OF_ARRAY(value));
	value[255] = 2;
	check_share(c, secret, KE_MODP_2048, BYTES_OF_ARRAY(value), bytes_of_blob(&ours));
	memcpy(value, hex(modp_prime).at, sizeof(value));
	check_refused(c, secret, KE_MODP_2048, BYTES_OF_ARRAY(value));
	value[255] = 0xfe;
	check_refused(c, secret, KE_MODP_2048, BYTES_OF_ARRAY(value));
	memcpy(value, hex(modp_prime).at, sizeof(value));
	memset(value + 248, 0, 8); /* p + 1: the last 64 bits of p are ones */
	value[247]++;
	check_refused(c, secret, KE_MODP_2048, BYTES_OF_ARRAY(value));
	memset(value, 0xff, sizeof(value));
	check_refused(c, secret, KE_MODP_2048, BYTES_OF_ARRAY(value));
	c->ke_discard(c->self, secret);
	blob_discard(&ours);
}

static void points_that_are_none_are_refused(void **state)
{
	static const char *const wrong[] = {
		/* nothing, everything, the field's prime */
		"0000000000000000000000000000000000000000000000000000000000000000"
		"0000000000000000000000000000000000000000000000000000000000000000",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
		"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
		/* a point whose x is 5, written as 5 + p */
		"ffffffff00000001000000000000000000000001000000000000000000000004"
		"459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
		/* x and y exchanged */
		"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
		"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
	};
	const struct crypto *c = keystore_crypto(*state);
	struct ke_secret *secret = NULL;
	struct blob ours = { NULL, 0 };
	uint8_t point[64];

	assert_true(c->ke_make(c->self, KE_ECP_256, &secret, &ours));
	check_share(c, secret, KE_ECP_256, hex(p256_base), bytes_of(ours.data, 32));
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		check_refused(c, secret, KE_ECP_256, hex(wrong[i]));
	memcpy(point, hex(p256_gr).at, sizeof(point));
	for (size_t bit = 0; bit < 512; bit++) {
		point[bit / 8] ^= (uint8_t)(1u << bit % 8);
		check_refused(c, secret, KE_ECP_256, BYTES_OF_ARRAY(point));
		point[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	c->ke_discard(c->self, secret);
	blob_discard(&ours);
	/* The same point with its right x is taken: the refusal above is of the spelling. */
	secret = secret_of(*state, KE_ECP_256,
			   hex("0000000000000000000000000000000000000000000000000000000000000001"),
			   hex(p256_name));
	check_share(c, secret, KE_ECP_256,
		    hex("0000000000000000000000000000000000000000000000000000000000000005"
			"459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc"),
		    hex("0000000000000000000000000000000000000000000000000000000000000005"));
	c->ke_discard(c->self, secret);
}

/* RFC 8031 5, RFC 7748 6.1: the points of low order give a secret of zeros, and it is refused. */
static void low_order_points_are_refused(void **state)
{
	static const char *const wrong[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	const struct crypto *c = keystore_crypto(*state);
	struct ke_secret *secret = NULL;
	struct blob ours = { NULL, 0 }, high = { NULL, 0 };

	assert_true(c->ke_make(c->self, KE_CURVE25519, &secret, &ours));
	check_share(c, secret, KE_CURVE25519,
		    hex("0900000000000000000000000000000000000000000000000000000000000000"),
		    bytes_of_blob(&ours));
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		assert_true(blob_copy(&high, hex(wrong[i])));
		check_refused(c, secret, KE_CURVE25519, bytes_of_blob(&high));
		high.data[31] |= 0x80; /* the top bit is not looked at (RFC 7748 5) */
		check_refused(c, secret, KE_CURVE25519, bytes_of_blob(&high));
	}
	c->ke_discard(c->self, secret);
	secret = secret_of(*state, KE_CURVE25519, hex(x25519_a), hex(curve25519_name));
	assert_true(blob_copy(&high, hex(x25519_gb)));
	high.data[31] |= 0x80;
	check_share(c, secret, KE_CURVE25519, bytes_of_blob(&high), hex(x25519_gab));
	c->ke_discard(c->self, secret);
	blob_discard(&ours);
	blob_discard(&high);
}

/* What a worker does, again and again; the result is whether all was right. */
static void *exchange_many(void *store)
{
	const struct crypto *c = keystore_crypto(store);
	bool ok = true;

	for (size_t i = 0; ok && i < 60; i++) {
		uint16_t group = i % 10 ? KE_CURVE25519 : group_table[i / 10 % group_count].id;
		struct ke_secret *a = NULL, *b = NULL;
		struct blob a_value = { NULL, 0 }, b_value = { NULL, 0 }, one = { NULL, 0 },
			    other = { NULL, 0 };

		ok = c->ke_make(c->self, group, &a, &a_value) && c->ke_make(c->self, group, &b, &b_value) &&
		     c->ke_share(c->self, group, a, bytes_of_blob(&b_value), &one) &&
		     c->ke_share(c->self, group, b, bytes_of_blob(&a_value), &other) &&
		     bytes_equal(bytes_of_blob(&one), bytes_of_blob(&other));
		c->ke_discard(c->self, a);
		c->ke_discard(c->self, b);
		blob_discard(&a_value);
		blob_discard(&b_value);
		blob_discard(&one);
		blob_discard(&other);
	}
	return ok ? store : NULL;
}

static void workers_do_not_disturb_each_other(void **state)
{
	pthread_t threads[4];

	for (size_t i = 0; i < ARRAY_LENGTH(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, exchange_many, *state), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(threads); i++) {
		void *result = NULL;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_non_null(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_the_rfcs),
		cmocka_unit_test(leading_zeros_of_the_secret_are_kept),
		cmocka_unit_test(leading_zeros_of_the_public_value_are_kept),
		cmocka_unit_test(both_sides_agree_in_every_group),
		cmocka_unit_test(only_known_groups_are_made),
		cmocka_unit_test(wrong_lengths_are_refused),
		cmocka_unit_test(modp_values_out_of_range_are_refused),
		cmocka_unit_test(points_that_are_none_are_refused),
		cmocka_unit_test(low_order_points_are_refused),
		cmocka_unit_test(workers_do_not_disturb_each_other),
	};
	return cmocka_run_group_tests(tests, open_plain, close_store);
}
