/*
 * Answers given without memory (RFC 7296 2.6): from a threshold of half-open IKE SAs on, a stranger must
 * show that it receives at its address before anything is kept or computed for it.
 */
#ifndef CYGNET_IKE_SA_COOKIE_H
#define CYGNET_IKE_SA_COOKIE_H

#include "address.h"
#include "crypto.h"
#include "instant.h"

#define COOKIE_OCTETS 36 /* version of the secret, then the hash */

struct cookie_jar {
	uint8_t secret[2][32]; /* present, previous */
	uint32_t version; /* of the present one; 0: none was made */
	msec made;
};

/* The cookie for a first message; false when randomness or hashing failed. */
MUST_USE bool cookie_make(struct cookie_jar *jar, const struct crypto *crypto, msec now,
			  const struct endpoint *remote, uint64_t spi_i, struct bytes nonce,
			  uint8_t cookie[COOKIE_OCTETS]);

/* Whether a cookie that came back is ours and fits (the previous secret is good too). Constant time. */
MUST_USE bool cookie_check(struct cookie_jar *jar, const struct crypto *crypto, msec now,
			   const struct endpoint *remote, uint64_t spi_i, struct bytes nonce,
			   struct bytes cookie);

#endif
