/*
 * Key derivation (RFC 7296 2.13 to 2.17). Pure functions over struct crypto's prf; what they make is
 * wiped by whoever owns it.
 */
#ifndef CYGNET_IKE_SA_KEYS_H
#define CYGNET_IKE_SA_KEYS_H

#include "crypto.h"
#include "kernel.h"
#include "limits.h"

/* What an IKE SA keeps: SK_d for its children, one sealing key each way. */
struct ike_keys {
	uint8_t sk_d[PRF_OCTETS_MAX];
	struct sealing_key i, r; /* SK_ai with SK_ei; SK_ar with SK_er */
};

/* What the handshake needs besides, and nobody afterwards. */
struct proof_keys {
	uint8_t pi[PRF_OCTETS_MAX], pr[PRF_OCTETS_MAX];
};

/* prf+ (2.13): out_len octets; false when the prf fails or more than 255 blocks are asked for. */
MUST_USE bool keys_prf_plus(const struct crypto *crypto, uint16_t prf, struct bytes key, struct bytes seed,
			    uint8_t *out, size_t out_len);

/* SKEYSEED and the seven keys of a new IKE SA (2.14). */
MUST_USE bool keys_derive(const struct crypto *crypto, const struct suite *suite, struct bytes shared,
			  struct bytes nonce_i, struct bytes nonce_r, uint64_t spi_i, uint64_t spi_r,
			  struct ike_keys *keys, struct proof_keys *proof);

/*
 * SKEYSEED and the keys of an IKE SA that replaces another (2.18): prf and SK_d are the old one's, the suite,
 * nonces and SPIs the new one's. There is nothing to prove.
 */
MUST_USE bool keys_rekey(const struct crypto *crypto, uint16_t old_prf, const uint8_t *old_sk_d,
			 const struct suite *suite, struct bytes shared, struct bytes nonce_i,
			 struct bytes nonce_r, uint64_t spi_i, uint64_t spi_r, struct ike_keys *keys);

/*
 * KEYMAT of a Child SA (2.17); shared: of its own KE, or empty. Fills the keys of both directions; encr, integ and
 * lengths of `i` and `r` are set from the suite. i carries traffic from the initiator of the exchange.
 */
MUST_USE bool keys_child(const struct crypto *crypto, uint16_t prf, const uint8_t *sk_d,
			 const struct suite *esp, struct bytes shared, struct bytes nonce_i,
			 struct bytes nonce_r, struct kernel_sa *i, struct kernel_sa *r);

#endif
