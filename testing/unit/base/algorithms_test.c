/* The tables of algorithms: sizes that the RFCs give, numbers and names that find their row and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "algorithms.h"

static void numbers_find_their_row_and_no_other(void **state)
{
	size_t encr = 0, prf = 0, integ = 0, group = 0;

	for (unsigned id = 0; id <= UINT16_MAX; id++) {
		const struct prf_row *p = prf_find((uint16_t)id);
		const struct integ_row *i = integ_find((uint16_t)id);
		const struct group_row *g = group_find((uint16_t)id);

		assert_true(!p || p->id == id);
		assert_true(!i || i->id == id);
		assert_true(!g || g->id == id);
		prf += p != NULL;
		integ += i != NULL;
		group += g != NULL;
	}
	assert_int_equal(prf, prf_count);
	assert_int_equal(integ, integ_count);
	assert_int_equal(group, group_count);
	/* All 65,536 key lengths of each cipher. */
	for (unsigned id = 0; id < 64; id++) {
		for (unsigned bits = 0; bits <= UINT16_MAX; bits++) {
			const struct encr_row *e = encr_find((uint16_t)id, (uint16_t)bits);

			assert_true(!e || (e->id == id && e->key_bits == bits));
			encr += e != NULL;
		}
	}
	assert_int_equal(encr, encr_count);
}

static void names_find_their_row(void **state)
{
	for (size_t i = 0; i < encr_count; i++)
		assert_ptr_equal(encr_find_name(encr_table[i].name), &encr_table[i]);
	for (size_t i = 0; i < prf_count; i++)
		assert_ptr_equal(prf_find_name(prf_table[i].name), &prf_table[i]);
	for (size_t i = 0; i < integ_count; i++)
		assert_ptr_equal(integ_find_name(integ_table[i].name), &integ_table[i]);
	for (size_t i = 0; i < group_count; i++) {
		assert_ptr_equal(group_find_name(group_table[i].name), &group_table[i]);
		assert_ptr_equal(group_find_name(group_table[i].other_name), &group_table[i]);
	}
}

static void other_spellings_are_accepted(void **state)
{
	static const struct {
		const char *name;
		uint16_t id, bits;
	} encr[] = {
		{ "aes_gcm256", ENCR_AES_GCM_16, 256 },
		{ "AES_GCM_16_256", ENCR_AES_GCM_16, 256 },
		{ "aes_gcm", ENCR_AES_GCM_16, 256 },
		{ "aes_gcm_c_128", ENCR_AES_GCM_16, 128 },
		{ "aes256", ENCR_AES_CBC, 256 },
		{ "aes", ENCR_AES_CBC, 256 },
		{ "aes_cbc_128", ENCR_AES_CBC, 128 },
		{ "chacha20_poly1305", ENCR_CHACHA20_POLY1305, 0 },
		{ "chacha20poly1305", ENCR_CHACHA20_POLY1305, 0 },
	};
	static const struct {
		const char *name;
		uint16_t id;
	} group[] = {
		{ "dh14", KE_MODP_2048 },     { "MODP3072", KE_MODP_3072 }, { "dh15", KE_MODP_3072 },
		{ "modp4096", KE_MODP_4096 }, { "dh16", KE_MODP_4096 },     { "ecp256", KE_ECP_256 },
		{ "ECP_256", KE_ECP_256 },    { "ecp384", KE_ECP_384 },     { "dh20", KE_ECP_384 },
		{ "ecp_384", KE_ECP_384 },    { "ecp521", KE_ECP_521 },     { "DH21", KE_ECP_521 },
		{ "ecp_521", KE_ECP_521 },    { "x25519", KE_CURVE25519 },
	};
	static const char *const unknown[] = {
		"", "3des", "aes_gcm512", "aes ", "des", "null", "aes_ccm256"
	};

	for (size_t i = 0; i < ARRAY_LENGTH(encr); i++)
		assert_ptr_equal(encr_find_name(encr[i].name), encr_find(encr[i].id, encr[i].bits));
	assert_ptr_equal(prf_find_name("SHA256"), prf_find(PRF_HMAC_SHA2_256));
	assert_ptr_equal(prf_find_name("hmac_sha2_512"), prf_find(PRF_HMAC_SHA2_512));
	assert_ptr_equal(integ_find_name("sha2_384"), integ_find(INTEG_HMAC_SHA2_384_192));
	assert_ptr_equal(integ_find_name("sha2_256_128"), integ_find(INTEG_HMAC_SHA2_256_128));
	assert_ptr_equal(integ_find_name("SHA384"), integ_find(INTEG_HMAC_SHA2_384_192));
	assert_ptr_equal(integ_find_name("hmac_sha2_384_192"), integ_find(INTEG_HMAC_SHA2_384_192));
	assert_ptr_equal(integ_find_name("sha2_512"), integ_find(INTEG_HMAC_SHA2_512_256));
	assert_ptr_equal(integ_find_name("sha2_512_256"), integ_find(INTEG_HMAC_SHA2_512_256));
	assert_ptr_equal(group_find_name("curve25519"), group_find(KE_CURVE25519));
	assert_ptr_equal(group_find_name("DH31"), group_find(KE_CURVE25519));
	assert_ptr_equal(group_find_name("modp2048"), group_find(KE_MODP_2048));
	for (size_t i = 0; i < ARRAY_LENGTH(group); i++)
		assert_ptr_equal(group_find_name(group[i].name), group_find(group[i].id));
	for (size_t i = 0; i < ARRAY_LENGTH(unknown); i++) {
		assert_null(encr_find_name(unknown[i]));
		assert_null(prf_find_name(unknown[i]));
		assert_null(integ_find_name(unknown[i]));
		assert_null(group_find_name(unknown[i]));
	}
	assert_null(prf_find_name("md5"));
	assert_null(integ_find_name("sha1"));
	assert_null(group_find_name("modp1024"));
}

/* @rfc-test 7296-2.13-3 */
static void rows_fit_their_rooms_and_rfcs(void **state)
{
	static const struct {
		uint16_t id, public_octets, shared_octets;
	} groups[] = {
		{ 14, 256, 256 }, { 15, 384, 384 }, { 16, 512, 512 }, { 19, 64, 32 },
		{ 20, 96, 48 },   { 21, 132, 66 },  { 31, 32, 32 },
	};

	for (size_t i = 0; i < encr_count; i++) {
		const struct encr_row *e = &encr_table[i];

		assert_true(e->key_octets + e->salt_octets <= ENCR_KEY_OCTETS_MAX);
		assert_true(e->iv_octets <= IV_OCTETS_MAX && e->icv_octets <= ICV_OCTETS_MAX);
		assert_true(e->key_bits == 0 || e->key_bits == e->key_octets * 8);
		assert_true(e->aead == (e->icv_octets > 0) && e->aead == (e->salt_octets > 0));
		assert_true(!e->aead || e->salt_octets + e->iv_octets == 12);
		assert_true(e->block_octets >= 1);
	}
	for (size_t i = 0; i < prf_count; i++)
		assert_true(prf_table[i].octets == hash_octets(prf_table[i].hash) &&
			    prf_table[i].octets <= PRF_OCTETS_MAX);
	for (size_t i = 0; i < integ_count; i++) {
		const struct integ_row *r = &integ_table[i];

		assert_true(r->key_octets <= INTEG_KEY_OCTETS_MAX && r->icv_octets * 2 == r->key_octets);
		assert_true(r->id == INTEG_NONE || r->key_octets == hash_octets(r->hash));
	}
	/* RFC 4868 2.6: the ICV is the first half of the HMAC's output. */
	assert_int_equal(integ_find(INTEG_HMAC_SHA2_256_128)->icv_octets, 16);
	assert_int_equal(integ_find(INTEG_HMAC_SHA2_384_192)->icv_octets, 24);
	assert_int_equal(integ_find(INTEG_HMAC_SHA2_512_256)->icv_octets, 32);
	/* RFC 7296 2.14 and 3.4, RFC 5903 7, RFC 8031 3. */
	for (size_t i = 0; i < ARRAY_LENGTH(groups); i++) {
		const struct group_row *g = group_find(groups[i].id);

		assert_non_null(g);
		assert_int_equal(g->public_octets, groups[i].public_octets);
		assert_int_equal(g->shared_octets, groups[i].shared_octets);
		assert_true(g->public_octets <= KE_OCTETS_MAX && g->shared_octets <= KE_OCTETS_MAX);
	}
	assert_int_equal(ARRAY_LENGTH(groups), group_count);
	assert_int_equal(hash_octets(HASH_SHA1), 20);
	assert_int_equal(hash_octets((enum hash_id)0), 0);
	assert_int_equal(hash_octets((enum hash_id)5), 0);
}

static void suites_print_and_compare(void **state)
{
	const struct suite ike = {
		ENCR_AES_GCM_16, 256, PRF_HMAC_SHA2_256, INTEG_NONE, KE_CURVE25519, false
	};
	const struct suite cbc = { ENCR_AES_CBC, 256,  PRF_HMAC_SHA2_512, INTEG_HMAC_SHA2_256_128,
				   KE_MODP_2048, false };
	const struct suite esp = { ENCR_CHACHA20_POLY1305, 0, 0, INTEG_NONE, KE_NONE, true };
	const struct suite unknown = { 999, 1, 0, 0, 0, false };
	struct suite other;
	char text[80];

	assert_string_equal(suite_print(&ike, text), "aes_gcm256-sha2_256-dh31");
	assert_string_equal(suite_print(&cbc, text), "aes256-sha2_256;sha2_512-modp2048");
	assert_string_equal(suite_print(&esp, text), "chacha20_poly1305");
	assert_string_equal(suite_print(&unknown, text), "?");
	assert_true(suite_equal(&ike, &ike));
	for (int field = 0; field < 6; field++) {
		other = ike;
		other.encr += field == 0;
		other.encr_bits += field == 1;
		other.prf += field == 2;
		other.integ += field == 3;
		other.ke += field == 4;
		other.esn ^= field == 5;
		assert_false(suite_equal(&ike, &other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_find_their_row_and_no_other),
		cmocka_unit_test(names_find_their_row),
		cmocka_unit_test(other_spellings_are_accepted),
		cmocka_unit_test(rows_fit_their_rooms_and_rfcs),
		cmocka_unit_test(suites_print_and_compare),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
