/* Jobs: made by the core, done by whoever has the time (job.h). */
#include "job.h"

#include <stdlib.h>

struct job *job_new(enum job_kind kind, uint64_t number)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job) {
		job->kind = kind;
		job->number = number;
	}
	return job;
}

static bool ke_answer(const struct crypto *crypto, struct job *job)
{
	return crypto->ke_make(crypto->self, job->group, &job->secret, &job->public_value) &&
	       crypto->ke_share(crypto->self, job->group, job->secret, bytes_of_blob(&job->peer_value),
				&job->shared);
}

/* All keys are tried: a peer in the middle of a key roll-over publishes two. */
static bool verify_any(const struct crypto *crypto, struct job *job)
{
	for (size_t i = 0; i < job->key_count; i++) {
		if (crypto->verify(crypto->self, &job->keys[i], job->scheme, bytes_of_blob(&job->data),
				   bytes_of_blob(&job->signature))) {
			job->key_index = i;
			return true;
		}
	}
	return false;
}

void job_run(const struct crypto *crypto, struct job *job)
{
	switch (job->kind) {
	case JOB_KE_MAKE:
		job->ok = crypto->ke_make(crypto->self, job->group, &job->secret, &job->public_value);
		break;
	case JOB_KE_SHARE:
		job->ok = crypto->ke_share(crypto->self, job->group, job->secret,
					   bytes_of_blob(&job->peer_value), &job->shared);
		break;
	case JOB_KE_ANSWER:
		job->ok = ke_answer(crypto, job);
		break;
	case JOB_SIGN:
		job->ok = crypto->sign(crypto->self, bytes_of(job->ckaid, sizeof(job->ckaid)), job->scheme,
				       bytes_of_blob(&job->data), &job->signature);
		break;
	case JOB_VERIFY:
		job->ok = verify_any(crypto, job);
		break;
	}
}

void job_discard(const struct crypto *crypto, struct job *job)
{
	if (!job)
		return;
	crypto->ke_discard(crypto->self, job->secret);
	blob_discard(&job->peer_value);
	blob_discard(&job->public_value);
	blob_discard(&job->shared);
	blob_discard(&job->data);
	blob_discard(&job->signature);
	for (size_t i = 0; i < job->key_count; i++)
		public_key_discard(&job->keys[i]);
	free(job->keys);
	wipe(job, sizeof(*job));
	free(job);
}
