/*
 * A fast, seeded, worthless provider of struct crypto for the simulator: nothing is secret, everything is
 * checked. A wrong key, a changed octet or another's signature is noticed as real cryptography would.
 */
#ifndef CYGNET_SIM_CRYPTO_H
#define CYGNET_SIM_CRYPTO_H

#include "crypto.h"

struct sim_crypto {
	struct crypto crypto;
	uint64_t random_state;
	long live_secrets; /* ke_secrets not yet discarded: a leak when the world ends */
};

void sim_crypto_init(struct sim_crypto *s, uint64_t seed);
uint64_t sim_random_next(uint64_t *state);

#endif
