/*
 * Why: every decision of the house carries one of these. A reason has a number that never changes its
 * meaning, a word for machines and one sentence for people. The list is the one source for explain, logs,
 * events and docs/reasons.md (generated).
 */
#ifndef CYGNET_REASON_H
#define CYGNET_REASON_H

#include "bytes.h"

/* X(NAME, word, sentence) */
#define REASON_LIST(X)                                                                                       \
	X(NONE, "none", "No reason is needed.")                                                              \
	X(OK, "ok", "All went well.")                                                                        \
	/* messages */                                                                                       \
	X(MALFORMED, "malformed", "The message does not follow RFC 7296.")                                   \
	X(UNKNOWN_CRITICAL, "unknown-critical", "The message has a critical payload that we do not know.")   \
	X(LAW, "payload-law", "A payload is missing, repeated or misplaced for this exchange.")              \
	X(STATE, "wrong-state", "The IKE SA is in no state for this exchange.")                              \
	X(INTEGRITY, "integrity", "The message was not sealed with the keys of this IKE SA.")                \
	X(REPEATED, "repeated", "The request was answered before; the same answer was sent again.")          \
	X(OUT_OF_WINDOW, "out-of-window", "The message ID is outside the window.")                           \
	X(STRAY, "stray", "The message belongs to no exchange that we have.")                                \
	X(VERSION, "version", "The major version of the message is not 2.")                                  \
	X(UNKNOWN_SPI, "unknown-spi", "We have no IKE SA with these SPIs.")                                  \
	X(FRAGMENT, "fragment", "The fragment does not fit those gathered before.")                          \
	/* negotiation */                                                                                    \
	X(NO_PROPOSAL, "no-proposal", "No proposal suited both sides.")                                      \
	X(INVALID_KE, "invalid-ke", "The peer wants another key exchange group.")                            \
	X(COOKIE, "cookie", "The peer wants its cookie back before it works for us.")                        \
	X(TOO_MANY_RETRIES, "too-many-retries", "The peer asked for another first message too often.")       \
	X(BAD_KE, "bad-ke", "The peer's public key exchange value is not acceptable.")                       \
	X(TS_UNACCEPTABLE, "ts-unacceptable", "The traffic selectors do not fit the policy.")                \
	X(AUTH_FAILED, "auth-failed", "The peer's proof of identity is wrong.")                              \
	X(AUTH_REFUSED, "auth-refused", "The peer says that our proof of identity is wrong.")                \
	X(AUTH_METHOD, "auth-method", "The peer proved itself by a method that is not the one configured.")  \
	X(ID_MISMATCH, "id-mismatch", "The peer's identity is not the one configured.")                      \
	X(NO_SECRET, "no-secret", "We have no shared secret for these identities.")                          \
	X(NO_KEY, "no-key", "We have no public key for the peer's identity.")                                \
	X(NO_PRIVATE_KEY, "no-private-key", "Our own private key is not in the NSS database.")               \
	X(NO_CONNECTION, "no-connection", "No connection is configured for these addresses and identities.") \
	X(PEER_REFUSED, "peer-refused", "The peer refused with an error notification.")                      \
	X(PEER_SILENT, "peer-silent", "The peer did not answer in time.")                                    \
	X(PEER_DELETED, "peer-deleted", "The peer deleted the SA.")                                          \
	X(WE_DELETED, "we-deleted", "We deleted the SA.")                                                    \
	X(DELETE_UNANSWERED, "delete-unanswered", "The peer did not confirm the delete in time.")            \
	X(REPLACED, "replaced", "A newer SA took its place.")                                                \
	X(REDUNDANT, "redundant", "Both sides made an SA at the same time; the other one stays.")            \
	X(COLLISION, "collision", "The peer or we are at something that this request must wait for.")        \
	X(CHILD_NOT_FOUND, "child-not-found", "The Child SA that a request was about is not there.")         \
	X(REKEY, "rekey", "The SA is renewed before its life ends.")                                         \
	X(QUIET, "quiet", "The IKE SA had no Child SA for its quiet time.")                                  \
	X(MOVED, "moved", "The peer behind a NAT is reached at another address or port now.")                \
	X(INITIAL_CONTACT, "initial-contact", "The peer says that it knows of no older SA.")                 \
	X(WAITED, "waited", "A request waited too long for its turn.")                                       \
	X(EXPIRED, "expired", "The SA reached the end of its life.")                                         \
	X(HALF_OPEN, "half-open", "The peer did not finish the handshake in time.")                          \
	X(LIMIT, "limit", "A limit of this host was reached.")                                               \
	X(RANDOM, "random", "The random number generator failed.")                                           \
	X(CRYPTO, "crypto", "A cryptographic operation failed.")                                             \
	X(MEMORY, "memory", "There was no memory.")                                                          \
	X(KERNEL, "kernel", "The kernel refused an SA or a policy.")                                         \
	X(OPERATOR, "operator", "An operator asked for it.")                                                 \
	X(STOPPING, "stopping", "The daemon is stopping.")                                                   \
	X(CONFIG, "config", "The configuration changed.")                                                    \
	X(UP, "up", "The SA is up.")                                                                         \
	X(LIVENESS, "liveness", "The peer gave no sign of life.")                                            \
	X(NO_ADDRESS, "no-address", "This host has none of the connection's addresses.")                     \
	/* opportunism */                                                                                    \
	X(OE_ACQUIRE, "oe-acquire", "A packet asked for it.")                                                \
	X(OE_CLASS_CLEAR, "oe-class-clear", "The group says: in clear.")                                     \
	X(OE_CLASS_BLOCK, "oe-class-block", "The group says: not at all.")                                   \
	X(OE_CLASS_PASSIVE, "oe-class-passive", "The group says: in clear, unless the peer asks.")           \
	X(OE_NO_GROUP, "oe-no-group", "No group contains the destination.")                                  \
	X(OE_OWN_ADDRESS, "oe-own-address", "The destination is one of our own addresses.")                  \
	X(OE_LOOKUP, "oe-lookup", "The destination is being looked up in DNS.")                              \
	X(OE_RECORD_SECURE, "oe-record-secure", "DNS has a key, proven by DNSSEC.")                          \
	X(OE_RECORD_INSECURE, "oe-record-insecure", "DNS has a key, in an unsigned zone.")                   \
	X(OE_NO_RECORD_SECURE, "oe-no-record-secure", "DNS proves that the destination has no key.")         \
	X(OE_NO_RECORD_INSECURE, "oe-no-record-insecure", "DNS has no key for the destination (unproven).")  \
	X(OE_DNS_FAILED, "oe-dns-failed", "The DNS servers failed to answer.")                               \
	X(OE_DNS_TIMEOUT, "oe-dns-timeout", "DNS did not answer in time.")                                   \
	X(OE_DNS_BOGUS, "oe-dns-bogus", "The DNS answer failed its DNSSEC validation.")                      \
	X(OE_RECORD_MALFORMED, "oe-record-malformed", "Every key record of the destination is malformed.")   \
	X(OE_WRONG_GATEWAY, "oe-wrong-gateway", "The gateway that DNS names cannot be used.")                \
	X(OE_NEGOTIATING, "oe-negotiating", "IKE is negotiating with the peer.")                             \
	X(OE_KEYED, "oe-keyed", "The pair is encrypted.")                                                    \
	X(OE_PEER_STARTED, "oe-peer-started", "The peer started the negotiation.")                           \
	X(OE_SILENT, "oe-silent", "The peer did not answer IKE.")                                            \
	X(OE_REFUSED, "oe-refused", "The peer refused, and proved who it is.")                               \
	X(OE_UNPROVEN_REFUSAL, "oe-unproven-refusal", "Somebody refused, who did not prove to be the peer.") \
	X(OE_BAD_SIGNATURE, "oe-bad-signature", "The peer's signature does not fit its published key.")      \
	X(OE_INSECURE_KEY, "oe-insecure-key", "The key is from an unsigned zone and the group wants proof.") \
	X(OE_USED, "oe-used", "The pair was used lately.")                                                   \
	X(OE_IDLE, "oe-idle", "The pair was idle.")                                                          \
	X(OE_LIFESPAN, "oe-lifespan", "The time of the decision is over.")                                   \
	X(OE_ADDRESS_GONE, "oe-address-gone", "The local address went away.")                                \
	X(OE_LIMIT, "oe-limit", "Too many destinations are being tried.")                                    \
	X(OE_HINT, "oe-hint", "An unproven message was counted and changed nothing.")                        \
	X(OE_LATE, "oe-late", "The answer came too late and changed nothing.")                               \
	X(OE_NEXT_GATEWAY, "oe-next-gateway", "One gateway failed, and DNS names another.")                  \
	X(OE_ASKED_AGAIN, "oe-asked-again", "It is in use, and DNS is asked again.")                         \
	X(OE_WITHDRAWN, "oe-withdrawn", "The record that it was keyed by is withdrawn, which DNS proves.")   \
	X(OE_PINNED, "oe-pinned", "An operator pinned it.")

enum reason {
#define REASON_ENUM(name, word, sentence) REASON_##name,
	REASON_LIST(REASON_ENUM)
#undef REASON_ENUM
	REASON_COUNT
};

/* The word and the sentence of a reason ("?" for a number that is none). */
const char *reason_word(enum reason reason);
const char *reason_sentence(enum reason reason);
/* The reason of a word; false when there is none. */
MUST_USE bool reason_parse(const char *word, enum reason *reason);

#endif
