/*
 * The NSS database as operators see it: opened once a process; keys made, listed and shown. Implemented
 * in lib/crypto, used by programs/daemon (start-up) and programs/cygnet (`cygnet key`).
 */
#ifndef CYGNET_KEYSTORE_H
#define CYGNET_KEYSTORE_H

#include "crypto.h"

struct keystore;

/*
 * Opens the NSS database of a folder ("sql:DIR"), or NSS without a database when dir is NULL. writable
 * also creates a database with an empty password when there is none. A password is read by NSS from
 * DIR/nsspassword where that exists. NULL on failure, with the reason in why.
 */
struct keystore *keystore_open(const char *dir, bool writable, char why[256]);
void keystore_close(struct keystore *store);

/* The provider over an open store. Lends: valid until keystore_close. */
const struct crypto *keystore_crypto(struct keystore *store);

/* One private key of the store. */
struct keystore_key {
	enum key_kind kind;
	unsigned bits;
	uint8_t ckaid[CKAID_OCTETS];
	char nickname[128];
	struct public_key public_key; /* owned by whoever holds this */
};

/* Makes a key pair kept in the database; fills *key. bits counts for RSA only (2048 to 4096). */
MUST_USE bool keystore_generate(struct keystore *store, enum key_kind kind, unsigned bits,
				const char *nickname, struct keystore_key *key, char why[256]);

/* All private keys: a malloc'ed array that the caller discards with keystore_keys_discard. */
MUST_USE bool keystore_list(struct keystore *store, struct keystore_key **keys, size_t *count);
void keystore_keys_discard(struct keystore_key *keys, size_t count);

#endif
