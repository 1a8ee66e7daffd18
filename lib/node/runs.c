/* The look-ups of runs: by connection, by serial, by the IKE SA that serves; and when each is to be tried again. */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

static int by_serial(const void *a, const void *b)
{
	const struct run_serial *x = a, *y = b;

	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

struct run *run_of_conn(const struct node *n, uint32_t serial)
{
	const struct conn *conn = plan_conn(n->plan, serial);
	size_t place;

	if (!conn || !n->run_places)
		return NULL;
	place = n->run_places[conn - n->plan->conns];
	return place ? &n->runs[place - 1] : NULL;
}

struct run_serial *runs_by_conn(const struct node *n)
{
	struct run_serial *sorted = calloc(n->run_count + 1, sizeof(*sorted));

	for (size_t i = 0; sorted && i < n->run_count; i++)
		sorted[i] = (struct run_serial){ n->runs[i].conn, i };
	if (sorted)
		qsort(sorted, n->run_count, sizeof(*sorted), by_serial);
	return sorted;
}

const struct run *runs_kept(const struct node *n, const struct run_serial *sorted, uint32_t conn)
{
	const struct run_serial key = { conn, 0 };
	const struct run_serial *found =
		n->run_count ? bsearch(&key, sorted, n->run_count, sizeof(key), by_serial) : NULL;

	return found ? &n->runs[found->place] : NULL;
}

struct run *run_of_serial(const struct node *n, uint64_t serial)
{
	const struct run_serial key = { serial, 0 };
	const struct run_serial *found =
		n->run_count ? bsearch(&key, n->run_serials, n->run_count, sizeof(key), by_serial) : NULL;

	return found ? &n->runs[found->place] : NULL;
}

static size_t bucket_of(const struct node *n, uint64_t ike_sa)
{
	return (size_t)(ike_sa * 0x9e3779b97f4a7c15u >> 32) & (n->run_buckets - 1);
}

static void unlink_run(struct node *n, const struct run *run)
{
	size_t *at = &n->run_bucket[bucket_of(n, run->ike_sa)], place = (size_t)(run - n->runs) + 1;

	while (*at && *at != place)
		at = &n->runs[*at - 1].next_of_ike;
	if (*at)
		*at = run->next_of_ike;
}

void run_set_ike_sa(struct node *n, struct run *run, uint64_t ike_sa)
{
	size_t *head;

	if (run->ike_sa == ike_sa)
		return;
	if (run->ike_sa)
		unlink_run(n, run);
	run->ike_sa = ike_sa;
	if (!ike_sa)
		return;
	head = &n->run_bucket[bucket_of(n, ike_sa)];
	run->next_of_ike = *head;
	*head = (size_t)(run - n->runs) + 1;
}

struct run *run_next_of_ike(const struct node *n, uint64_t ike_sa, const struct run *before)
{
	size_t at;

	if (!n->run_buckets || !ike_sa)
		return NULL;
	for (at = before ? before->next_of_ike : n->run_bucket[bucket_of(n, ike_sa)]; at;
	     at = n->runs[at - 1].next_of_ike) {
		if (n->runs[at - 1].ike_sa == ike_sa)
			return &n->runs[at - 1];
	}
	return NULL;
}

void run_set_retry(struct node *n, struct run *run, msec at)
{
	run->retry_due = at;
	if (!deadlines_set(&n->retries, run->serial, at))
		run->retry_due = MSEC_NEVER;
}

bool runs_replace(struct node *n, struct run *runs, size_t count)
{
	size_t buckets = 16, *places = calloc(n->plan->conn_count + 1, sizeof(*places)), *bucket;
	struct run_serial *serials = calloc(count + 1, sizeof(*serials));

	while (buckets < count)
		buckets *= 2;
	bucket = calloc(buckets, sizeof(*bucket));
	if (!places || !serials || !bucket || !deadlines_reserve(&n->retries, count)) {
		free(places);
		free(serials);
		free(bucket);
		return false;
	}
	runs_forget(n);
	n->runs = runs;
	n->run_count = count;
	n->run_places = places;
	n->run_serials = serials;
	n->run_bucket = bucket;
	n->run_buckets = buckets;
	for (size_t i = 0; i < count; i++) {
		const struct conn *conn = plan_conn(n->plan, runs[i].conn);
		uint64_t ike_sa = runs[i].ike_sa;

		serials[i] = (struct run_serial){ runs[i].serial, i };
		if (conn)
			places[conn - n->plan->conns] = i + 1;
		runs[i].ike_sa = 0;
		run_set_ike_sa(n, &runs[i], ike_sa);
	}
	qsort(serials, count, sizeof(*serials), by_serial);
	return true;
}

void runs_forget(struct node *n)
{
	free(n->runs);
	free(n->run_places);
	free(n->run_serials);
	free(n->run_bucket);
	n->runs = NULL;
	n->run_places = NULL;
	n->run_serials = NULL;
	n->run_bucket = NULL;
	n->run_count = n->run_buckets = 0;
}
