/*
 * The AUTH payload: what is signed, and how it is written (RFC 7296 2.15, 2.16; RFC 7427; RFC 7619 2.1).
 */
#ifndef CYGNET_IKE_EXCHANGES_PROOF_H
#define CYGNET_IKE_EXCHANGES_PROOF_H

#include "../sa/ike_sa.h"
#include "crypto.h"
#include "writer.h"

/*
 * <InitiatorSignedOctets> or <ResponderSignedOctets>: the first message, the other's nonce, the MACed identity with the
 * reserved octets of its payload as they were sent (2.15); ours are zeros.
 */
MUST_USE bool proof_octets(struct ike_context *c, const struct ike_sa *sa, bool initiator,
			   const struct identity *id, const uint8_t reserved[3], struct blob *octets);
extern const uint8_t proof_no_reserved[3];

/* prf(prf(secret, "Key Pad for IKEv2"), octets): for a shared key, and with SK_p as the secret for NULL. */
MUST_USE bool proof_mac(struct ike_context *c, const struct ike_sa *sa, struct bytes secret,
			struct bytes octets, uint8_t mac[PRF_OCTETS_MAX]);

/* SK_pi or SK_pr. Lends. */
struct bytes proof_key(const struct ike_sa *sa, bool initiator);

/* The scheme that we sign with: by method, kind of key and the hashes that the peer announced; SIGN_NONE: none. */
enum signature_scheme proof_scheme(enum auth_method method, enum key_kind kind, uint32_t peer_hashes);
/* Whether the peer may sign with that scheme under that method. */
bool proof_allowed(enum auth_method method, enum signature_scheme scheme);

/* AUTH data of method 14: length, AlgorithmIdentifier, signature. */
void proof_write(struct writer *w, enum signature_scheme scheme, struct bytes signature);
/* The reverse; SIGN_NONE for an AlgorithmIdentifier that is not exactly one of ours. */
enum signature_scheme proof_read(struct bytes data, struct bytes *signature);

/* The data of our SIGNATURE_HASH_ALGORITHMS, and the reading of a peer's. */
struct bytes proof_our_hashes(void);
uint32_t proof_peer_hashes(struct bytes data);

#endif
