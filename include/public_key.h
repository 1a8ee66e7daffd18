/*
 * Public keys in one form: the DER SubjectPublicKeyInfo (RFC 5280 4.1), whatever form they came in.
 * Pure conversions; no mathematics. Sizes are checked here (checklist U6): RSA 2048 to 8192 bits, an odd
 * modulus, an odd exponent of at least 65537; P-256 points uncompressed, exactly 64 octets.
 */
#ifndef CYGNET_PUBLIC_KEY_H
#define CYGNET_PUBLIC_KEY_H

#include "bytes.h"

enum key_kind {
	KEY_NONE = 0,
	KEY_RSA,
	KEY_ECDSA_P256,
};

/* How sure we are that the key is its owner's; higher is better, the order is the order of RFC 7619's rule. */
enum key_level {
	LEVEL_NONE = 0, /* in clear */
	LEVEL_NULL, /* encrypted, nobody proved anything */
	LEVEL_DNS_INSECURE,
	LEVEL_DNS_SECURE,
	LEVEL_CERTIFICATE,
	LEVEL_PINNED, /* configured by the operator: shared key, raw key */
};

/* CKA_ID of a private key in the store: SHA-1 of the public value as NSS makes it. */
#define CKAID_OCTETS 20

struct public_key {
	enum key_kind kind;
	struct blob spki;
};

const char *key_kind_name(enum key_kind kind); /* "RSA", "ECDSA" */
const char *key_level_name(
	enum key_level level); /* "none", "null", "dns-insecure", "dns-secure", "certificate", "pinned" */

/*
 * Each fills *key (which must be empty or owned, and is replaced) or returns false, *key unchanged, with
 * *why (a static text) saying what is wrong.
 */
MUST_USE bool public_key_from_rfc3110(struct public_key *key, struct bytes data,
				      const char **why); /* RSA in DNS, leftrsasigkey */
MUST_USE bool public_key_from_rfc6605(struct public_key *key, struct bytes data,
				      const char **why); /* P-256 in DNS: X | Y */
MUST_USE bool public_key_from_spki(struct public_key *key, struct bytes der, const char **why);
/* PEM text of "PUBLIC KEY", or its base64 body alone (leftpubkey, leftecdsakey). */
MUST_USE bool public_key_from_pem(struct public_key *key, const char *text, const char **why);

/* The RFC 3110 or RFC 6605 form, for DNS records; false for another kind or no memory. */
MUST_USE bool public_key_to_dns(const struct public_key *key, struct blob *out);
/* The modulus of an RSA key, the X|Y of an EC key, as views into key->spki. */
MUST_USE bool public_key_rsa_parts(const struct public_key *key, struct bytes *modulus,
				   struct bytes *exponent);

MUST_USE bool public_key_copy(struct public_key *to, const struct public_key *from);
bool public_key_equal(const struct public_key *a, const struct public_key *b);
void public_key_discard(struct public_key *key);

/* base64 (RFC 4648 4), white space ignored on reading. Encoding returns a malloc'ed text (the caller owns) or NULL. */
MUST_USE bool base64_decode(struct blob *out, struct bytes text);
char *base64_encode(struct bytes data);
/* hex both ways */
MUST_USE bool hex_decode(struct blob *out, struct bytes text);

#endif
