/*
 * Signatures: keys of a new database sign and are verified in every scheme, signatures of another
 * implementation and of RFC 6979 are taken, and everything that is not quite a signature is refused
 * (checklist U6, U7).
 */
#include "fixture.h"

#include <pthread.h>
#include <nss.h>

#include "../../../lib/crypto/provider.h"
#include "rsa_vectors.h"

/* RFC 6979 A.2.5 */
static const char p256_public[] = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
				  "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";

enum {
	RSA,
	RSA_OTHER,
	EC,
	EC_OTHER,
	KEYS
};

struct house {
	char path[64];
	struct keystore *store;
	const struct crypto *c;
	struct keystore_key keys[KEYS];
};

static int house_open(void **state)
{
	static struct house house;
	char why[256];

	*state = &house;
	folder_make(house.path);
	house.store = keystore_open(house.path, true, why);
	if (!house.store)
		return -1;
	house.c = keystore_crypto(house.store);
	for (int i = 0; i < KEYS; i++) {
		if (!keystore_generate(house.store, i < EC ? KEY_RSA : KEY_ECDSA_P256, 2048, "",
				       &house.keys[i], why))
			return -1;
	}
	return 0;
}

static int house_close(void **state)
{
	struct house *house = *state;

	for (int i = 0; i < KEYS; i++)
		public_key_discard(&house->keys[i].public_key);
	keystore_close(house->store);
	folder_remove(house->path);
	return NSS_IsInitialized() ? -1 : 0; /* something of NSS was not given back */
}

static enum key_kind scheme_kind(int scheme)
{
	return scheme >= SIGN_ECDSA_SHA2_256 ? KEY_ECDSA_P256 : KEY_RSA;
}

static const struct keystore_key *scheme_key(const struct house *h, int scheme)
{
	return &h->keys[scheme_kind(scheme) == KEY_RSA ? RSA : EC];
}

static bool verifies(const struct house *h, const struct public_key *key, int scheme, const char *data,
		     struct bytes signature)
{
	return h->c->verify(h->c->self, key, (enum signature_scheme)scheme, bytes_of_text(data), signature);
}

/* A signature over "sample" by the first key of the scheme's kind; the caller discards it. */
static struct blob sign_sample(const struct house *h, int scheme)
{
	struct blob signature = { NULL, 0 };

	assert_true(h->c->sign(h->c->self, BYTES_OF_ARRAY(scheme_key(h, scheme)->ckaid),
			       (enum signature_scheme)scheme, bytes_of_text("sample"), &signature));
	return signature;
}

static void every_scheme_signs_and_verifies(void **state)
{
	const struct house *h = *state;

	for (int scheme = SIGN_NONE + 1; scheme < SIGN_SCHEMES; scheme++) {
		struct blob signature = sign_sample(h, scheme);
		struct bytes view = bytes_of_blob(&signature);

		for (int i = 0; i < KEYS; i++)
			assert_true(verifies(h, &h->keys[i].public_key, scheme, "sample", view) ==
				    (i == (scheme_kind(scheme) == KEY_RSA ? RSA : EC)));
		for (int other = -1; other <= SIGN_SCHEMES + 1; other++)
			assert_true(verifies(h, &scheme_key(h, scheme)->public_key, other, "sample", view) ==
				    (other == scheme));
		assert_false(verifies(h, &scheme_key(h, scheme)->public_key, scheme, "Sample", view));
		assert_false(verifies(h, &scheme_key(h, scheme)->public_key, scheme, "sample ", view));
		assert_false(verifies(h, &scheme_key(h, scheme)->public_key, scheme, "", view));
		blob_discard(&signature);
	}
}

static void only_the_right_key_signs(void **state)
{
	const struct house *h = *state;
	struct blob signature = { NULL, 0 };
	uint8_t unknown[CKAID_OCTETS + 1] = { 1 };

	for (int scheme = -1; scheme <= SIGN_SCHEMES; scheme++) {
		for (size_t len = 0; len <= sizeof(unknown); len++)
			assert_false(h->c->sign(h->c->self, bytes_of(unknown, len),
						(enum signature_scheme)scheme, bytes_of_text("sample"),
						&signature));
		for (int i = 0; i < KEYS; i++) {
			bool fits = scheme > SIGN_NONE && scheme < SIGN_SCHEMES &&
				    h->keys[i].kind == scheme_kind(scheme);

			assert_true(h->c->sign(h->c->self, BYTES_OF_ARRAY(h->keys[i].ckaid),
					       (enum signature_scheme)scheme, bytes_of_text("sample"),
					       &signature) == fits);
			assert_true(fits == (signature.data != NULL));
			blob_discard(&signature);
		}
	}
}

static void each_changed_bit_is_noticed(void **state)
{
	const struct house *h = *state;

	for (int scheme = SIGN_NONE + 1; scheme < SIGN_SCHEMES; scheme++) {
		struct blob s = sign_sample(h, scheme);

		for (size_t bit = 0; bit < s.len * 8; bit += scheme == SIGN_ECDSA_SHA2_256 ? 1 : 5) {
			s.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_false(verifies(h, &scheme_key(h, scheme)->public_key, scheme, "sample",
					      bytes_of_blob(&s)));
			s.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		assert_true(
			verifies(h, &scheme_key(h, scheme)->public_key, scheme, "sample", bytes_of_blob(&s)));
		blob_discard(&s);
	}
}

/* Empty, one octet, all lengths about the right one, 64 K; zeros, ones, and the right octets cut or followed. */
static void signatures_of_odd_lengths_are_refused(void **state)
{
	const struct house *h = *state;
	static uint8_t room[65536];

	for (int scheme = SIGN_NONE + 1; scheme < SIGN_SCHEMES; scheme++) {
		struct blob s = sign_sample(h, scheme);
		const struct public_key *key = &scheme_key(h, scheme)->public_key;

		for (int fill = 0; fill < 3; fill++) {
			memset(room, fill == 1 ? 0xff : 0, sizeof(room));
			if (fill == 2)
				memcpy(room, s.data, s.len);
			for (size_t len = 0; len <= 300; len++) {
				if (fill < 2 || len != s.len)
					assert_false(verifies(h, key, scheme, "sample", bytes_of(room, len)));
			}
			assert_false(verifies(h, key, scheme, "sample", BYTES_OF_ARRAY(room)));
		}
		/* The right number with a zero octet before it. */
		memset(room, 0, sizeof(room));
		memcpy(room + 1, s.data, s.len);
		assert_false(verifies(h, key, scheme, "sample", bytes_of(room, s.len + 1)));
		blob_discard(&s);
	}
}

static void signatures_of_another_implementation_are_taken(void **state)
{
	const struct house *h = *state;
	const struct {
		int scheme;
		const char *signature;
	} rows[] = {
		{ SIGN_RSA_PSS_SHA2_256, known_pss_256 }, { SIGN_RSA_PKCS1_SHA2_256, known_pkcs1_256 },
		{ SIGN_RSA_PSS_SHA2_384, known_pss_384 }, { SIGN_RSA_PKCS1_SHA2_384, known_pkcs1_384 },
		{ SIGN_RSA_PSS_SHA2_512, known_pss_512 }, { SIGN_RSA_PKCS1_SHA2_512, known_pkcs1_512 },
	};
	struct public_key key = { KEY_NONE, { NULL, 0 } };
	const char *why;

	assert_true(public_key_from_spki(&key, hex(known_spki), &why));
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		for (int scheme = SIGN_NONE + 1; scheme < SIGN_SCHEMES; scheme++)
			assert_true(verifies(h, &key, scheme, "sample", hex(rows[i].signature)) ==
				    (scheme == rows[i].scheme));
	}
	public_key_discard(&key);
}

/* The modulus added to a signature gives the same power; it is no signature all the same. */
static void numbers_not_below_the_modulus_are_refused(void **state)
{
	const struct house *h = *state;
	const struct public_key *key = &h->keys[RSA].public_key;
	struct bytes n, e;
	bool tried = false;

	assert_true(public_key_rsa_parts(key, &n, &e));
	for (int tries = 0; tries < 64 && !tried; tries++) {
		struct blob s = { NULL, 0 };
		unsigned carry = 0;

		assert_true(h->c->sign(h->c->self, BYTES_OF_ARRAY(h->keys[RSA].ckaid), SIGN_RSA_PSS_SHA2_256,
				       bytes_of_text("sample"), &s));
		for (size_t i = n.len; i-- > 0; carry >>= 8) {
			carry += s.data[i] + n.at[i];
			s.data[i] = (uint8_t)carry;
		}
		tried = carry == 0; /* the sum still has as many octets as the modulus */
		if (tried)
			assert_false(verifies(h, key, SIGN_RSA_PSS_SHA2_256, "sample", bytes_of_blob(&s)));
		blob_discard(&s);
	}
	for (int scheme = SIGN_NONE + 1; scheme < SIGN_ECDSA_SHA2_256; scheme++)
		assert_false(verifies(h, key, scheme, "sample", n));
}

/* What the private key makes of any octets: s with s ^ e = encoded. */
static bool raw_verifies(const struct house *h, const uint8_t encoded[256], int scheme)
{
	SECItem id = nss_item(BYTES_OF_ARRAY(h->keys[RSA].ckaid));
	SECKEYPrivateKey *key = PK11_FindKeyByKeyID(h->store->keys, &id, NULL);
	uint8_t signature[256];
	unsigned made = 0;

	assert_non_null(key);
	assert_int_equal(PK11_PrivDecryptRaw(key, signature, &made, sizeof(signature), encoded, 256),
			 SECSuccess);
	assert_int_equal(made, 256);
	SECKEY_DestroyPrivateKey(key);
	return verifies(h, &h->keys[RSA].public_key, scheme, "sample", BYTES_OF_ARRAY(signature));
}

/* 0 1 ff.. 0 | info | hash | rest, with room for rest made by shorter padding. */
static void encode(uint8_t encoded[256], struct bytes info, struct bytes hash, struct bytes rest)
{
	size_t used = info.len + hash.len + rest.len;

	memset(encoded, 0xff, 256);
	encoded[0] = 0;
	encoded[1] = 1;
	encoded[255 - used] = 0;
	memcpy(encoded + 256 - used, info.at, info.len);
	memcpy(encoded + 256 - used + info.len, hash.at, hash.len);
	if (rest.len)
		memcpy(encoded + 256 - rest.len, rest.at, rest.len);
}

static void pkcs1_has_one_encoding(void **state)
{
	static const char *const infos[] = {
		"3031300d060960864801650304020105000420", /* the right one */
		"302f300b0609608648016503040201", /* parameters absent, nothing else changed */
		"302f300b06096086480165030402010420", /* parameters absent, lengths agree */
		"3031300d060960864801650304020205000420", /* the name of SHA-384 */
		"3021300906052b0e03021a05000420", /* the name of SHA-1 */
		"308131300d060960864801650304020105000420", /* a long form of a short length */
		"3032300d06096086480165030402010500048120", /* a long form of the length of the hash */
		"", /* the hash alone */
		"0420", /* the OCTET STRING alone */
		"3032300e06096086480165030402010501000420", /* NULL with content */
	};
	const struct house *h = *state;
	uint8_t hash[32], encoded[256];
	struct bytes text = bytes_of_text("sample");

	assert_true(h->c->hash(h->c->self, HASH_SHA2_256, &text, 1, hash));
	for (size_t i = 0; i < ARRAY_LENGTH(infos); i++) {
		struct bytes info = hex(infos[i]);

		encode(encoded, info, BYTES_OF_ARRAY(hash), BYTES_NONE);
		assert_true(raw_verifies(h, encoded, SIGN_RSA_PKCS1_SHA2_256) == (i == 0));
	}
	/* The hash cut short at either end, and octets after it, by one and by as many as there is room for. */
	for (size_t cut = 1; cut <= 32; cut++) {
		encode(encoded, hex(infos[0]), bytes_of(hash, 32 - cut), BYTES_NONE);
		assert_false(raw_verifies(h, encoded, SIGN_RSA_PKCS1_SHA2_256));
		encode(encoded, hex(infos[0]), bytes_of(hash + cut, 32 - cut), BYTES_NONE);
		assert_false(raw_verifies(h, encoded, SIGN_RSA_PKCS1_SHA2_256));
	}
	for (size_t rest = 1; rest <= 194; rest += rest < 8 ? 1 : 31) {
		static const uint8_t zeros[194];

		encode(encoded, hex(infos[0]), BYTES_OF_ARRAY(hash), bytes_of(zeros, rest));
		assert_false(raw_verifies(h, encoded, SIGN_RSA_PKCS1_SHA2_256));
	}
}

static void pkcs1_padding_is_whole(void **state)
{
	const struct house *h = *state;
	struct bytes info = hex("3031300d060960864801650304020105000420"), text = bytes_of_text("sample");
	uint8_t hash[32], right[256], wrong[256];

	assert_true(h->c->hash(h->c->self, HASH_SHA2_256, &text, 1, hash));
	encode(right, info, BYTES_OF_ARRAY(hash), BYTES_NONE);
	assert_true(raw_verifies(h, right, SIGN_RSA_PKCS1_SHA2_256));
	assert_false(raw_verifies(h, right, SIGN_RSA_PKCS1_SHA2_384));
	assert_false(raw_verifies(h, right, SIGN_RSA_PSS_SHA2_256));
	for (size_t i = 1; i < sizeof(right); i += 3) {
		memcpy(wrong, right, sizeof(wrong));
		wrong[i] ^= 1;
		assert_false(raw_verifies(h, wrong, SIGN_RSA_PKCS1_SHA2_256));
	}
	/* Block type 2, and padding that ends early and leaves room behind its zero. */
	memcpy(wrong, right, sizeof(wrong));
	wrong[1] = 2;
	assert_false(raw_verifies(h, wrong, SIGN_RSA_PKCS1_SHA2_256));
	for (size_t end = 2; end < 204; end += 9) {
		memcpy(wrong, right, sizeof(wrong));
		wrong[end] = 0;
		assert_false(raw_verifies(h, wrong, SIGN_RSA_PKCS1_SHA2_256));
	}
}

static void pss_salt_is_as_long_as_the_hash(void **state)
{
	const struct house *h = *state;
	SECItem id = nss_item(BYTES_OF_ARRAY(h->keys[RSA].ckaid));
	SECKEYPrivateKey *key = PK11_FindKeyByKeyID(h->store->keys, &id, NULL);
	struct bytes text = bytes_of_text("sample");
	uint8_t hash[32], room[256];
	SECItem in = nss_item(BYTES_OF_ARRAY(hash)), out = { siBuffer, room, sizeof(room) };

	assert_non_null(key);
	assert_true(h->c->hash(h->c->self, HASH_SHA2_256, &text, 1, hash));
	for (unsigned salt = 0; salt <= 222; salt += salt >= 34 ? 47 : 1) {
		for (int mgf = 0; mgf < 2; mgf++) {
			CK_RSA_PKCS_PSS_PARAMS pss = { CKM_SHA256, mgf ? CKG_MGF1_SHA1 : CKG_MGF1_SHA256,
						       salt };
			SECItem parameters = { siBuffer, (unsigned char *)&pss, sizeof(pss) };

			out.len = sizeof(room);
			assert_int_equal(
				PK11_SignWithMechanism(key, CKM_RSA_PKCS_PSS, &parameters, &out, &in),
				SECSuccess);
			assert_true(verifies(h, &h->keys[RSA].public_key, SIGN_RSA_PSS_SHA2_256, "sample",
					     nss_bytes(&out)) == (salt == 32 && !mgf));
		}
	}
	SECKEY_DestroyPrivateKey(key);
}

static bool ecdsa_verifies(const struct house *h, int scheme, const char *der)
{
	struct public_key key = { KEY_NONE, { NULL, 0 } };
	const char *why;
	bool ok;

	assert_true(public_key_from_rfc6605(&key, hex(p256_public), &why));
	ok = verifies(h, &key, scheme, "sample", hex(der));
	public_key_discard(&key);
	return ok;
}

static void ecdsa_vectors_of_rfc_6979(void **state)
{
	const struct house *h = *state;

	assert_true(ecdsa_verifies(h, SIGN_ECDSA_SHA2_256,
				   "3046"
				   "022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
				   "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"));
	assert_true(ecdsa_verifies(h, SIGN_ECDSA_SHA2_384,
				   "3044"
				   "02200eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719"
				   "02204861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954"));
	assert_true(ecdsa_verifies(h, SIGN_ECDSA_SHA2_512,
				   "3045"
				   "0221008496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00"
				   "02202362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe"));
}

#define R384 "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719"
#define S384 "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954"

static void ecdsa_der_has_one_form(void **state)
{
	static const char *const wrong[] = {
		"",
		"30",
		"3000",
		"3080",
		"30800000",
		"300402000200",
		"3006020100020100",
		"3006020101020100",
		"3006020100020101", /* zeros */
		"3044"
		"0220" R384 "0220" S384 "00", /* an octet after it */
		"3045"
		"0220" R384 "0220" S384 "00", /* an octet at its end */
		"3047"
		"0220" R384 "0220" S384 "020101", /* three numbers */
		"3022"
		"0220" R384, /* one number */
		"3043"
		"0220" R384 "0220" S384, /* too short by one */
		"3045"
		"0220" R384 "0220" S384, /* too long by one */
		"308144"
		"0220" R384 "0220" S384, /* a long form of a short length */
		"30820044"
		"0220" R384 "0220" S384,
		"3080"
		"0220" R384 "0220" S384 "0000", /* no length */
		"3045"
		"028120" R384 "0220" S384,
		"3045"
		"022100" R384 "0220" S384, /* a zero too many */
		"3045"
		"0220" R384 "022100" S384,
		"3043"
		"0220" R384 "021f"
		"61f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954", /* cut */
		"3144"
		"0220" R384 "0220" S384, /* a SET */
		"3044"
		"0420" R384 "0220" S384, /* an OCTET STRING */
		"3044"
		"0220" S384 "0220" R384, /* exchanged */
		"3044"
		"0220"
		"8eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719"
		"0220" S384, /* negative */
		R384 S384, /* as in JOSE */
		/* the order itself, more than it, more than 32 octets */
		"3045"
		"022100"
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
		"0220" S384,
		"3045"
		"0220" R384 "022100"
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
		"3045"
		"0220" R384 "022100"
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"3045"
		"022101" R384 "0220" S384,
		/* r + n: the same remainder, 33 octets */
		"3045"
		"022101"
		"0eafea029b20e9b52309fb1d89e2130539a691eb67e767761da7a88afd529c6a"
		"0220" S384,
	};
	const struct house *h = *state;

	assert_true(ecdsa_verifies(h, SIGN_ECDSA_SHA2_384,
				   "3044"
				   "0220" R384 "0220" S384));
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		assert_false(ecdsa_verifies(h, SIGN_ECDSA_SHA2_384, wrong[i]));
}

/* A key that no constructor made: its kind and octets are looked at again before NSS sees them. */
static void keys_that_are_none_verify_nothing(void **state)
{
	const struct house *h = *state;
	struct blob rsa = sign_sample(h, SIGN_RSA_PSS_SHA2_256), ec = sign_sample(h, SIGN_ECDSA_SHA2_256);
	struct public_key key = { KEY_NONE, { NULL, 0 } };
	uint8_t ckaid[CKAID_OCTETS];
	const char *why;

	assert_false(verifies(h, &key, SIGN_RSA_PSS_SHA2_256, "sample", bytes_of_blob(&rsa)));
	assert_true(public_key_copy(&key, &h->keys[RSA].public_key));
	for (size_t len = 0; len < key.spki.len; len++) {
		struct public_key cut = { KEY_RSA, { key.spki.data, len } };

		assert_false(verifies(h, &cut, SIGN_RSA_PSS_SHA2_256, "sample", bytes_of_blob(&rsa)));
		assert_false(h->c->key_ckaid(h->c->self, &cut, ckaid));
	}
	key.kind = KEY_ECDSA_P256;
	assert_false(verifies(h, &key, SIGN_ECDSA_SHA2_256, "sample", bytes_of_blob(&ec)));
	/* A point that is not on the curve. */
	assert_true(public_key_from_rfc6605(
		&key,
		hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
		    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f6"),
		&why));
	assert_false(verifies(h, &key, SIGN_ECDSA_SHA2_256, "sample", bytes_of_blob(&ec)));
	public_key_discard(&key);
	blob_discard(&rsa);
	blob_discard(&ec);
}

/* What a worker does; the result is whether all was right. */
static void *sign_many(void *house)
{
	const struct house *h = house;
	bool ok = true;

	for (int i = 0; ok && i < 24; i++) {
		int scheme = i % (SIGN_SCHEMES - 1) + 1;
		const struct keystore_key *key = scheme_key(h, scheme);
		struct blob s = { NULL, 0 };

		ok = h->c->sign(h->c->self, BYTES_OF_ARRAY(key->ckaid), (enum signature_scheme)scheme,
				bytes_of_text("sample"), &s) &&
		     verifies(h, &key->public_key, scheme, "sample", bytes_of_blob(&s)) &&
		     !verifies(h, &key->public_key, scheme, "simple", bytes_of_blob(&s)) &&
		     h->c->key_kind(h->c->self, BYTES_OF_ARRAY(key->ckaid)) == key->kind;
		blob_discard(&s);
	}
	return ok ? house : NULL;
}

static void workers_do_not_disturb_each_other(void **state)
{
	pthread_t threads[4];

	for (size_t i = 0; i < ARRAY_LENGTH(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_many, *state), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(threads); i++) {
		void *result = NULL;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_non_null(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scheme_signs_and_verifies),
		cmocka_unit_test(only_the_right_key_signs),
		cmocka_unit_test(each_changed_bit_is_noticed),
		cmocka_unit_test(signatures_of_odd_lengths_are_refused),
		cmocka_unit_test(signatures_of_another_implementation_are_taken),
		cmocka_unit_test(numbers_not_below_the_modulus_are_refused),
		cmocka_unit_test(pkcs1_has_one_encoding),
		cmocka_unit_test(pkcs1_padding_is_whole),
		cmocka_unit_test(pss_salt_is_as_long_as_the_hash),
		cmocka_unit_test(ecdsa_vectors_of_rfc_6979),
		cmocka_unit_test(ecdsa_der_has_one_form),
		cmocka_unit_test(keys_that_are_none_verify_nothing),
		cmocka_unit_test(workers_do_not_disturb_each_other),
	};
	return cmocka_run_group_tests(tests, house_open, house_close);
}
