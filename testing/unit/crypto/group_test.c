/*
 * Key exchange: RFC 7748 6.1, RFC 5903 8.1, agreement in every group, leading zeros kept, and the values
 * that a peer must not get away with (checklist D1, D2; RFC 6989).
 */
#include "fixture.h"

#include <pthread.h>

#include "../../../lib/crypto/provider.h"
#include "group_vectors.h"

/* One MODP group, and one exchange in it whose secret begins with a zero octet. */
static const struct modp {
	uint16_t group;
	const char *prime, *a, *b_public, *shared;
} modp_rows[] = {
	{ KE_MODP_2048, modp2048_prime, modp2048_a, modp2048_b_public, modp2048_shared },
	{ KE_MODP_3072, modp3072_prime, modp3072_a, modp3072_b_public, modp3072_shared },
	{ KE_MODP_4096, modp4096_prime, modp4096_a, modp4096_b_public, modp4096_shared },
};

/* One ECP group, the vector of RFC 5903 8, and points at the edges. */
static const struct ecp {
	uint16_t group;
	const char *name; /* as a DER object identifier */
	const char *prime, *base;
	const char *i, *gi, *r, *gr, *gir;
	const char *zero_peer, *zero_shared, *small, *small_plus;
} ecp_rows[] = {
	{ KE_ECP_256, "06082a8648ce3d030107", p256_prime, p256_base, p256_i, p256_gi, p256_r, p256_gr,
	  p256_gir, p256_zero_peer, p256_zero_shared, p256_small, p256_small_plus },
	{ KE_ECP_384, "06052b81040022", p384_prime, p384_base, p384_i, p384_gi, p384_r, p384_gr, p384_gir,
	  p384_zero_peer, p384_zero_shared, p384_small, p384_small_plus },
	{ KE_ECP_521, "06052b81040023", p521_prime, p521_base, p521_i, p521_gi, p521_r, p521_gr, p521_gir,
	  p521_zero_peer, p521_zero_shared, p521_small, p521_small_plus },
};

static const char curve25519_name[] = "06092b06010401da470f01";

static struct bytes modp_prime(uint16_t group)
{
	for (size_t i = 0; i < ARRAY_LENGTH(modp_rows); i++) {
		if (modp_rows[i].group == group)
			return hex(modp_rows[i].prime);
	}
	return BYTES_NONE;
}

#define ATTRIBUTE(type, b)                               \
	{                                                \
		type, (void *)(uintptr_t)(b).at, (b).len \
	}

/* A private key that NSS did not make. curve is empty for MODP. The caller discards it. */
static struct ke_secret *secret_of(struct keystore *store, uint16_t group, struct bytes value,
				   struct bytes curve)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = curve.len ? CKK_EC : CKK_DH;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	struct bytes id = hex("0102030405060708090a0b0c0d0e0f1011121314"), prime = modp_prime(group),
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
	const struct crypto *c = keystore_crypto(*state);
	struct ke_secret *secret;

	for (size_t i = 0; i < ARRAY_LENGTH(ecp_rows); i++) {
		const struct ecp *row = &ecp_rows[i];

		secret = secret_of(*state, row->group, hex(row->i), hex(row->name));
		check_share(c, secret, row->group, hex(row->gr), hex(row->gir));
		c->ke_discard(c->self, secret);
		secret = secret_of(*state, row->group, hex(row->r), hex(row->name));
		check_share(c, secret, row->group, hex(row->gi), hex(row->gir));
		/* The peer's value is the base: the secret is x of our own public value. */
		check_share(c, secret, row->group, hex(row->base),
			    bytes_of(hex(row->gr).at, hex(row->gr).len / 2));
		c->ke_discard(c->self, secret);
	}
	secret = secret_of(*state, KE_CURVE25519, hex(x25519_a), hex(curve25519_name));
	check_share(c, secret, KE_CURVE25519, hex(x25519_gb), hex(x25519_gab));
	c->ke_discard(c->self, secret);
	secret = secret_of(*state, KE_CURVE25519, hex(x25519_b), hex(curve25519_name));
	check_share(c, secret, KE_CURVE25519, hex(x25519_ga), hex(x25519_gab));
	c->ke_discard(c->self, secret);
}

/* RFC 7296 2.14: the secret is as long as the modulus, whatever its first octets are. */
/* @rfc-test 7296-2.14-3 */
static void leading_zeros_of_the_secret_are_kept(void **state)
{
	const struct crypto *c = keystore_crypto(*state);
	struct ke_secret *secret;

	for (size_t i = 0; i < ARRAY_LENGTH(modp_rows); i++) {
		const struct modp *row = &modp_rows[i];

		secret = secret_of(*state, row->group, hex(row->a), BYTES_NONE);
		check_share(c, secret, row->group, hex(row->b_public), hex(row->shared));
		c->ke_discard(c->self, secret);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(ecp_rows); i++) {
		const struct ecp *row = &ecp_rows[i];

		secret = secret_of(*state, row->group, hex(row->i), hex(row->name));
		check_share(c, secret, row->group, hex(row->zero_peer), hex(row->zero_shared));
		c->ke_discard(c->self, secret);
	}
}

/* The peer's value is the base, so the secret is our own public value: both are padded the same way. */
/* @rfc-test 7296-3.4-2 */
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

/* @rfc-test 7296-3.4-2 */
static void wrong_lengths_are_refused(void **state)
{
	const struct crypto *c = keystore_crypto(*state);

	for (size_t i = 0; i < group_count; i++) {
		const struct group_row *g = &group_table[i];
		struct ke_secret *secret = NULL;
		struct blob value = { NULL, 0 };
		uint8_t longer[KE_OCTETS_MAX + 50] = { 0 };

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

/* 0, 1, p-1, p, p+1 and the largest number; 2 and p-2 are taken. */
static void modp_values_out_of_range_are_refused(void **state)
{
	const struct crypto *c = keystore_crypto(*state);

	for (size_t i = 0; i < ARRAY_LENGTH(modp_rows); i++) {
		const uint16_t group = modp_rows[i].group;
		const struct bytes prime = hex(modp_rows[i].prime);
		const size_t last = prime.len - 1;
		struct ke_secret *secret = NULL;
		struct blob ours = { NULL, 0 }, shared = { NULL, 0 };
		uint8_t room[KE_OCTETS_MAX] = { 0 };
		struct bytes value = bytes_of(room, prime.len);

		assert_true(c->ke_make(c->self, group, &secret, &ours));
		check_refused(c, secret, group, value);
		room[last] = 1;
		check_refused(c, secret, group, value);
		room[last] = 2;
		check_share(c, secret, group, value, bytes_of_blob(&ours));
		memcpy(room, prime.at, prime.len);
		check_refused(c, secret, group, value);
		room[last] = 0xfe;
		check_refused(c, secret, group, value);
		room[last] = 0xfd;
		assert_true(c->ke_share(c->self, group, secret, value, &shared));
		assert_int_equal(shared.len, prime.len);
		blob_discard(&shared);
		memcpy(room, prime.at, prime.len);
		memset(room + last - 7, 0, 8); /* p + 1: the last 64 bits of p are ones */
		room[last - 8]++;
		check_refused(c, secret, group, value);
		memset(room, 0xff, prime.len);
		check_refused(c, secret, group, value);
		c->ke_discard(c->self, secret);
		blob_discard(&ours);
	}
}

/* Nothing, everything, the field's prime, x and y exchanged, one coordinate too large by p. */
static void points_at_the_edge(const struct crypto *c, const struct ke_secret *secret, const struct ecp *row)
{
	const struct bytes prime = hex(row->prime), base = hex(row->base);
	uint8_t room[KE_OCTETS_MAX] = { 0 };
	struct bytes point = bytes_of(room, base.len);

	check_refused(c, secret, row->group, point);
	memset(room, 0xff, point.len);
	check_refused(c, secret, row->group, point);
	memcpy(room, prime.at, prime.len);
	memcpy(room + prime.len, prime.at, prime.len);
	check_refused(c, secret, row->group, point);
	memcpy(room, base.at + prime.len, prime.len);
	memcpy(room + prime.len, base.at, prime.len);
	check_refused(c, secret, row->group, point);
	check_refused(c, secret, row->group, hex(row->small_plus));
}

static void points_that_are_none_are_refused(void **state)
{
	const struct crypto *c = keystore_crypto(*state);

	for (size_t i = 0; i < ARRAY_LENGTH(ecp_rows); i++) {
		const struct ecp *row = &ecp_rows[i];
		const struct bytes good = hex(row->gr), small = hex(row->small);
		struct ke_secret *secret = NULL;
		struct blob ours = { NULL, 0 };
		uint8_t room[KE_OCTETS_MAX] = { 0 };

		assert_true(c->ke_make(c->self, row->group, &secret, &ours));
		check_share(c, secret, row->group, hex(row->base), bytes_of(ours.data, ours.len / 2));
		points_at_the_edge(c, secret, row);
		/* Every single bit of a good point changed: the point is beside the curve. */
		memcpy(room, good.at, good.len);
		for (size_t bit = 0; bit < good.len * 8; bit++) {
			room[bit / 8] ^= (uint8_t)(1u << bit % 8);
			check_refused(c, secret, row->group, bytes_of(room, good.len));
			room[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		check_refused(c, secret, row->group, hex(row->prime)); /* one coordinate alone */
		c->ke_discard(c->self, secret);
		blob_discard(&ours);
		/* The small point with its right x is taken: the refusal above is of the spelling. */
		memset(room, 0, sizeof(room));
		room[small.len / 2 - 1] = 1;
		secret = secret_of(*state, row->group, bytes_of(room, small.len / 2), hex(row->name));
		check_share(c, secret, row->group, small, bytes_of(small.at, small.len / 2));
		c->ke_discard(c->self, secret);
	}
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

	for (size_t i = 0; ok && i < 10 * group_count; i++) {
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
