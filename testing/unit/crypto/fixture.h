/*
 * What the tests of lib/crypto share: octets written as hexadecimal text, the store without a database,
 * a folder for a database. The tests go through struct crypto only, as the daemon does, and name NSS only
 * where a vector needs a private key that NSS did not make.
 */
#ifndef CYGNET_TESTING_CRYPTO_FIXTURE_H
#define CYGNET_TESTING_CRYPTO_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keystore.h"

/* Octets of a text in hexadecimal; they stay until the program ends. */
static inline struct bytes hex(const char *text)
{
	static uint8_t room[1 << 20];
	static size_t used;
	struct blob made = { NULL, 0 };
	struct bytes view;

	assert_true(hex_decode(&made, bytes_of_text(text)));
	assert_true(made.len <= sizeof(room) - used);
	memcpy(room + used, made.data, made.len);
	view = bytes_of(room + used, made.len);
	used += made.len;
	blob_discard(&made);
	return view;
}

static inline void assert_bytes(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.len, expected.len);
	if (found.len)
		assert_memory_equal(found.at, expected.at, found.len);
}

/* Group set-up and tear-down with a store that has no database; *state is the store. */
static inline int open_plain(void **state)
{
	char why[256];

	*state = keystore_open(NULL, false, why);
	return *state ? 0 : -1;
}

static inline int close_store(void **state)
{
	keystore_close(*state);
	return 0;
}

/* A new folder under the build's temporary place; removed by folder_remove. */
static inline void folder_make(char path[64])
{
	snprintf(path, 64, "/tmp/cygnet-keystore-XXXXXX");
	assert_non_null(mkdtemp(path));
}

static inline void folder_remove(const char *path)
{
	static const char *const names[] = { "cert9.db", "key4.db", "pkcs11.txt", "nsspassword" };

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		char file[128];

		snprintf(file, sizeof(file), "%s/%s", path, names[i]);
		unlink(file);
	}
	rmdir(path);
}

#endif
