/* The simulator's kernels: a book of SAs and policies, acquires for packets that meet a trap, counters. */
#include <stdlib.h>
#include <string.h>

#include "world_inside.h"

static bool same_policy(const struct kernel_policy *a, const struct kernel_policy *b)
{
	return a->direction == b->direction && selector_equal(&a->src, &b->src) &&
	       selector_equal(&a->dst, &b->dst);
}

static struct sim_policy **find_policy(struct sim_node *n, const struct kernel_policy *p)
{
	struct sim_policy **at = &n->policies;

	while (*at && !same_policy(&(*at)->policy, p))
		at = &(*at)->next;
	return at;
}

static struct sim_sa **find_sa(struct sim_node *n, uint32_t spi, const struct address *dst)
{
	struct sim_sa **at = &n->sas;

	while (*at && !((*at)->sa.spi == spi && address_equal(&(*at)->sa.dst, dst)))
		at = &(*at)->next;
	return at;
}

static void install(struct world *w, size_t node, const struct action *a)
{
	struct sim_node *n = &w->nodes[node];
	struct sim_sa **at = find_sa(n, a->sa.sa.spi, &a->sa.sa.dst);
	struct event failed = { .kind = EVENT_KERNEL_FAILED };

	if (*at || world_draw(w, 100) < w->kernel_refusals) {
		failed.kernel_failed.child = a->sa.child;
		snprintf(failed.kernel_failed.why, sizeof(failed.kernel_failed.why), "refused by the world");
		sim_later(w, node, &failed, 0);
		return;
	}
	*at = calloc(1, sizeof(**at));
	if (!*at)
		abort();
	(*at)->sa = a->sa.sa;
	(*at)->child = a->sa.child;
}

static void put(struct world *w, size_t node, const struct action *a)
{
	struct sim_policy **at = find_policy(&w->nodes[node], &a->policy);

	if (!*at)
		*at = calloc(1, sizeof(**at));
	if (!*at)
		abort();
	(*at)->policy = a->policy;
}

static void query(struct world *w, size_t node, const struct action *a)
{
	struct sim_sa *sa = *find_sa(&w->nodes[node], a->sa.sa.spi, &a->sa.sa.dst);
	struct event counters = { .kind = EVENT_COUNTERS };

	counters.counters.spi = a->sa.sa.spi;
	counters.counters.dst = a->sa.sa.dst;
	counters.counters.found = sa != NULL;
	counters.counters.counters.bytes = sa ? sa->sa.soft_bytes : 0; /* the world counts here */
	sim_later(w, node, &counters, 1);
}

void sim_kernel_action(struct world *w, size_t node, struct action *a)
{
	struct sim_node *n = &w->nodes[node];

	if (a->kind == ACTION_SA_INSTALL) {
		install(w, node, a);
	} else if (a->kind == ACTION_SA_REMOVE) {
		struct sim_sa **at = find_sa(n, a->sa.sa.spi, &a->sa.sa.dst), *gone = *at;

		if (gone)
			*at = gone->next;
		free(gone);
	} else if (a->kind == ACTION_SA_QUERY) {
		query(w, node, a);
	} else if (a->kind == ACTION_POLICY_PUT) {
		put(w, node, a);
	} else if (a->kind == ACTION_POLICY_REMOVE) {
		struct sim_policy **at = find_policy(n, &a->policy), *gone = *at;

		if (gone)
			*at = gone->next;
		free(gone);
	}
}

void sim_kernel_clear(struct sim_node *n)
{
	while (n->sas) {
		struct sim_sa *next = n->sas->next;

		free(n->sas);
		n->sas = next;
	}
	while (n->policies) {
		struct sim_policy *next = n->policies->next;

		free(n->policies);
		n->policies = next;
	}
}

static const struct kernel_policy *best_policy(const struct sim_node *n, const struct address *from,
					       const struct address *to)
{
	const struct kernel_policy *best = NULL;

	for (const struct sim_policy *p = n->policies; p; p = p->next) {
		if (p->policy.direction == KERNEL_OUT && selector_has_address(&p->policy.src, from) &&
		    selector_has_address(&p->policy.dst, to) &&
		    (!best || p->policy.priority < best->priority))
			best = &p->policy;
	}
	return best;
}

static void raise_acquire(struct world *w, size_t node, const struct kernel_policy *p,
			  const struct address *to)
{
	struct event event = { .kind = EVENT_ACQUIRE };

	event.acquire.seq = (uint32_t)++w->acquire_seq;
	event.acquire.reqid = p->reqid;
	event.acquire.src = w->nodes[node].address;
	event.acquire.dst = *to;
	event.acquire.inner_src = selector_of_host(&w->nodes[node].address);
	event.acquire.inner_dst = selector_of_host(to);
	sim_step(w, node, &event);
}

void world_send(struct world *w, size_t node, const struct address *to)
{
	struct sim_node *n = &w->nodes[node];
	const struct kernel_policy *p = best_policy(n, &n->address, to);

	if (!p || p->action == KERNEL_PASS) {
		w->clear_packets++;
		return;
	}
	if (p->action == KERNEL_BLOCK) {
		n->dropped_in_kernel++;
		return;
	}
	for (struct sim_sa *sa = n->sas; p->action == KERNEL_IPSEC && sa; sa = sa->next) {
		if (!sa->sa.inbound && sa->sa.reqid == p->reqid &&
		    selector_has_address(&sa->sa.inner_dst, to)) {
			sa->sa.soft_bytes += 100;
			w->esp_packets++;
			return;
		}
	}
	w->held_packets++;
	raise_acquire(w, node, p, to);
}

/* The one outbound SA towards b, and whether b has exactly that one inbound with the same key. */
static size_t matches(struct sim_node *a, struct sim_node *b)
{
	size_t good = 0, count = 0;

	for (struct sim_sa *out = a->sas; out; out = out->next) {
		struct sim_sa *in = *find_sa(b, out->sa.spi, &b->address);

		if (out->sa.inbound || !address_equal(&out->sa.dst, &b->address))
			continue;
		count++;
		good += in && in->sa.inbound &&
			memcmp(in->sa.encr_key, out->sa.encr_key, out->sa.encr_key_len) == 0;
	}
	return good == count ? count : SIZE_MAX;
}

bool world_agree(struct world *w, size_t a, size_t b)
{
	return matches(&w->nodes[a], &w->nodes[b]) == 1 && matches(&w->nodes[b], &w->nodes[a]) == 1;
}

void world_vanish(struct world *w, size_t node)
{
	struct sim_node *n = &w->nodes[node];
	struct event event = { .kind = EVENT_RESYNC };

	while (n->sas) {
		struct sim_sa *next = n->sas->next;

		free(n->sas);
		n->sas = next;
	}
	sim_step(w, node, &event);
}
