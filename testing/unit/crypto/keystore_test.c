/*
 * The NSS database as operators use it: made, filled, closed, opened again, with and without a password.
 * Names of keys are those that NSS's own tools show (certutil -K).
 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <nss.h>

#include "../../../lib/crypto/provider.h"

struct folder {
	char path[64];
};

static int folder_open(void **state)
{
	static struct folder folder;

	folder_make(folder.path);
	*state = &folder;
	return 0;
}

/* Also the test that nothing of NSS was kept: it refuses to shut down while something is in use. */
static int folder_close(void **state)
{
	struct folder *folder = *state;

	folder_remove(folder->path);
	return NSS_IsInitialized() ? -1 : 0;
}

static struct keystore *open_store(const struct folder *f, bool writable)
{
	char why[256] = "";
	struct keystore *store = keystore_open(f->path, writable, why);

	if (!store)
		print_error("%s\n", why);
	assert_non_null(store);
	return store;
}

static void check_refused_open(const char *dir, bool writable, const char *reason)
{
	char why[256] = "";

	assert_null(keystore_open(dir, writable, why));
	assert_non_null(strstr(why, reason));
	assert_false(NSS_IsInitialized());
}

static void generate(struct keystore *store, enum key_kind kind, unsigned bits, const char *nickname,
		     struct keystore_key *key)
{
	char why[256] = "";
	uint8_t ckaid[CKAID_OCTETS];
	const struct crypto *c = keystore_crypto(store);

	assert_true(keystore_generate(store, kind, bits, nickname, key, why));
	assert_int_equal(key->kind, kind);
	assert_int_equal(key->public_key.kind, kind);
	assert_int_equal(key->bits, kind == KEY_RSA ? bits : 256);
	assert_true(c->key_ckaid(c->self, &key->public_key, ckaid));
	assert_memory_equal(ckaid, key->ckaid, CKAID_OCTETS);
	assert_int_equal(c->key_kind(c->self, BYTES_OF_ARRAY(key->ckaid)), kind);
}

static bool signs(struct keystore *store, const struct keystore_key *key)
{
	const struct crypto *c = keystore_crypto(store);
	enum signature_scheme scheme = key->kind == KEY_RSA ? SIGN_RSA_PSS_SHA2_512 : SIGN_ECDSA_SHA2_256;
	struct bytes data = bytes_of_text("the text");
	struct blob signature = { NULL, 0 };
	bool ok = c->sign(c->self, BYTES_OF_ARRAY(key->ckaid), scheme, data, &signature) &&
		  c->verify(c->self, &key->public_key, scheme, data, bytes_of_blob(&signature));

	blob_discard(&signature);
	return ok;
}

/* The listed key of that CKAID, or NULL. */
static const struct keystore_key *listed(const struct keystore_key *keys, size_t count,
					 const struct keystore_key *key)
{
	for (size_t i = 0; i < count; i++) {
		if (memcmp(keys[i].ckaid, key->ckaid, CKAID_OCTETS) == 0)
			return &keys[i];
	}
	return NULL;
}

static void keys_survive_closing(void **state)
{
	const struct folder *f = *state;
	struct keystore *store = open_store(f, true);
	struct keystore_key made[3] = { { 0 } }, *keys = NULL;
	size_t count = 99;

	assert_true(keystore_list(store, &keys, &count));
	assert_int_equal(count, 0);
	keystore_keys_discard(keys, count);
	generate(store, KEY_RSA, 2048, "gate", &made[0]);
	generate(store, KEY_ECDSA_P256, 0, "door", &made[1]);
	generate(store, KEY_ECDSA_P256, 0, "", &made[2]);
	keystore_close(store);

	store = open_store(f, false);
	assert_true(keystore_list(store, &keys, &count));
	assert_int_equal(count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct keystore_key *found = listed(keys, count, &made[i]);

		assert_non_null(found);
		assert_int_equal(found->kind, made[i].kind);
		assert_int_equal(found->bits, made[i].bits);
		assert_string_equal(found->nickname, i == 0 ? "gate" : i == 1 ? "door" : "");
		assert_true(public_key_equal(&found->public_key, &made[i].public_key));
		assert_true(signs(store, found));
		public_key_discard(&made[i].public_key);
	}
	keystore_keys_discard(keys, count);
	keystore_close(store);
}

static void files_are_the_owners_only(void **state)
{
	static const char *const names[] = { "cert9.db", "key4.db", "pkcs11.txt" };
	const struct folder *f = *state;

	keystore_close(open_store(f, true));
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		char path[128];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", f->path, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 077, 0);
	}
}

static void keys_are_made_only_where_they_can_be_kept(void **state)
{
	const struct folder *f = *state;
	struct keystore *store = open_store(f, true);
	struct keystore_key key = { 0 }, *keys = NULL;
	static const unsigned bits[] = { 0, 1024, 2047, 2049, 2052, 4097, 8192, 4294967295u };
	char why[256];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(bits); i++)
		assert_false(keystore_generate(store, KEY_RSA, bits[i], "x", &key, why));
	assert_false(keystore_generate(store, KEY_NONE, 2048, "x", &key, why));
	assert_false(keystore_generate(store, (enum key_kind)77, 2048, "x", &key, why));
	assert_true(keystore_list(store, &keys, &count));
	assert_int_equal(count, 0);
	keystore_keys_discard(keys, count);
	keystore_close(store);

	store = open_store(f, false);
	assert_false(keystore_generate(store, KEY_ECDSA_P256, 0, "x", &key, why));
	assert_non_null(strstr(why, "not open for writing"));
	keystore_close(store);

	store = keystore_open(NULL, true, why);
	assert_non_null(store);
	assert_false(keystore_generate(store, KEY_ECDSA_P256, 0, "x", &key, why));
	assert_non_null(strstr(why, "not open for writing"));
	assert_true(keystore_list(store, &keys, &count));
	assert_int_equal(count, 0);
	keystore_keys_discard(keys, count);
	keystore_close(store);
	assert_null(key.public_key.spki.data);
}

static void long_names_are_cut_and_odd_ones_kept(void **state)
{
	struct keystore *store = open_store(*state, true);
	struct keystore_key key = { 0 };
	char name[300];

	memset(name, 'n', sizeof(name));
	name[299] = '\0';
	generate(store, KEY_ECDSA_P256, 0, name, &key);
	assert_int_equal(strlen(key.nickname), sizeof(key.nickname) - 1);
	public_key_discard(&key.public_key);
	generate(store, KEY_ECDSA_P256, 0, "T\xc3\xbcr: %s", &key);
	assert_string_equal(key.nickname, "T\xc3\xbcr: %s");
	public_key_discard(&key.public_key);
	keystore_close(store);
}

static void folders_that_are_none_are_refused(void **state)
{
	const struct folder *f = *state;
	char path[5000], why[256];
	struct keystore *store;

	snprintf(path, sizeof(path), "%s/not-there", f->path);
	check_refused_open(path, false, "cannot be opened");
	check_refused_open(path, true, "cannot be opened");
	memset(path, 'a', sizeof(path));
	path[4999] = '\0';
	check_refused_open(path, true, "cannot be opened");
	check_refused_open(f->path, false, "cannot be opened"); /* there is none yet, and none is made */
	store = open_store(f, true);
	assert_null(keystore_open(f->path, true, why));
	assert_non_null(strstr(why, "already open"));
	keystore_close(store);
	keystore_close(NULL);
}

/* Keys of other users of the same database are no keys of ours. */
static void other_kinds_are_left_out(void **state)
{
	static const uint8_t p384_name[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };
	struct keystore *store = open_store(*state, true);
	const struct crypto *c = keystore_crypto(store);
	SECItem curve = nss_item(BYTES_OF_ARRAY(p384_name)), *id;
	PK11RSAGenParams small = { 1024, 65537 };
	SECKEYPublicKey *public_key = NULL;
	SECKEYPrivateKey *key;
	struct keystore_key ours = { 0 }, *keys = NULL;
	size_t count = 0;

	key = PK11_GenerateKeyPair(store->keys, CKM_EC_KEY_PAIR_GEN, &curve, &public_key, PR_TRUE, PR_TRUE,
				   NULL);
	assert_non_null(key);
	id = PK11_GetLowLevelKeyIDForPrivateKey(key);
	assert_non_null(id);
	assert_int_equal(c->key_kind(c->self, nss_bytes(id)), KEY_NONE);
	SECITEM_FreeItem(id, PR_TRUE);
	SECKEY_DestroyPrivateKey(key);
	SECKEY_DestroyPublicKey(public_key);
	key = PK11_GenerateKeyPair(store->keys, CKM_RSA_PKCS_KEY_PAIR_GEN, &small, &public_key, PR_TRUE,
				   PR_TRUE, NULL);
	assert_non_null(key);
	SECKEY_DestroyPrivateKey(key);
	SECKEY_DestroyPublicKey(public_key);
	generate(store, KEY_ECDSA_P256, 0, "ours", &ours);
	assert_true(keystore_list(store, &keys, &count));
	assert_int_equal(count, 1);
	assert_string_equal(keys[0].nickname, "ours");
	keystore_keys_discard(keys, count);
	public_key_discard(&ours.public_key);
	keystore_close(store);
}

static void write_password_file(const struct folder *f, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/nsspassword", f->path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
}

static void a_password_is_read_from_its_file(void **state)
{
	static const char *const right[] = {
		"open sesame", "open sesame\n", "open sesame\r\n\n", "NSS Certificate DB:open sesame\n",
		"NSS FIPS 140-2 Certificate DB:wrong\nNSS Certificate DB:open sesame\n"
	};
	static const char *const wrong[] = { "",
					     "\n",
					     "open",
					     "Other Token:open sesame\n",
					     "NSS Certificate DB:",
					     "NSS Certificate DB:wrong\nopen sesame\n" };
	const struct folder *f = *state;
	struct keystore *store = open_store(f, true);
	struct keystore_key key = { 0 };

	generate(store, KEY_ECDSA_P256, 0, "locked", &key);
	assert_int_equal(PK11_ChangePW(store->keys, "", "open sesame"), SECSuccess);
	keystore_close(store);
	check_refused_open(f->path, false, "no nsspassword to read");
	for (size_t i = 0; i < ARRAY_LENGTH(right); i++) {
		write_password_file(f, right[i]);
		store = open_store(f, i % 2);
		assert_true(signs(store, &key));
		assert_null(store->password);
		keystore_close(store);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		write_password_file(f, wrong[i]);
		check_refused_open(f->path, i % 2, "does not open");
	}
	public_key_discard(&key.public_key);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_open, folder_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_survive_closing),
		TEST(files_are_the_owners_only),
		TEST(keys_are_made_only_where_they_can_be_kept),
		TEST(long_names_are_cut_and_odd_ones_kept),
		TEST(folders_that_are_none_are_refused),
		TEST(other_kinds_are_left_out),
		TEST(a_password_is_read_from_its_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
