/*
 * A job: slow cryptography that leaves the core as an action and returns as an event. It owns all that it
 * carries, is handed from owner to owner (core, worker, core), and is found again by its number: when
 * nobody waits for that number any more the result is thrown away (libreswan's CVE-2011-4073 class).
 */
#ifndef CYGNET_JOB_H
#define CYGNET_JOB_H

#include "crypto.h"

enum job_kind {
	JOB_KE_MAKE, /* group -> secret, public_value */
	JOB_KE_SHARE, /* group, secret, peer_value -> shared */
	JOB_KE_ANSWER, /* group, peer_value -> public_value, shared: the responder's half in one */
	JOB_SIGN, /* ckaid, scheme, data -> signature */
	JOB_VERIFY, /* keys, scheme, data, signature -> ok, key_index: all keys are tried (roll-over) */
};

struct job {
	uint64_t number; /* who waits */
	enum job_kind kind;
	bool ok; /* result: whether the rest of the result is valid */
	uint16_t group;
	enum signature_scheme scheme;
	uint8_t ckaid[CKAID_OCTETS];
	struct ke_secret *secret;
	struct blob peer_value, public_value, shared;
	struct blob data, signature;
	struct public_key *keys; /* malloc'ed array, owned */
	size_t key_count;
	size_t key_index; /* result of JOB_VERIFY: which key it was */
};

/* A zeroed job, or NULL. The caller owns it. */
struct job *job_new(enum job_kind kind, uint64_t number);
/* Does the work, whoever's thread it is. Sets ok and the results. */
void job_run(const struct crypto *crypto, struct job *job);
/* Wipes and frees (NULL is allowed). */
void job_discard(const struct crypto *crypto, struct job *job);
const char *job_kind_name(enum job_kind kind); /* "ke-make", "ke-share", "ke-answer", "sign", "verify" */

#endif
