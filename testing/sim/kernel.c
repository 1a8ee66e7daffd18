/* The simulator's kernels: a book of SAs and policies, acquires for packets that meet a trap, counters. */
#include <stdlib.h>
#include <string.h>

#include "world_inside.h"

#define SIM_PACKET_OCTETS 100

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
	(*at)->order = ++w->installed;
	for (int hard = 0; hard < 2; hard++) {
		msec life = hard ? a->sa.sa.hard_life : a->sa.sa.soft_life;

		if (life != MSEC_NEVER && life)
			sim_kernel_later(w, SIM_EXPIRE, node, a->sa.sa.spi, (*at)->order, hard,
					 msec_after(w->now, life));
	}
}

static void expire(struct world *w, size_t node, struct sim_sa *sa, bool hard)
{
	struct sim_node *n = &w->nodes[node];
	struct event event = { .kind = EVENT_EXPIRE };

	event.expire.spi = sa->sa.spi;
	event.expire.dst = sa->sa.dst;
	event.expire.hard = hard;
	if (hard) {
		struct sim_sa **at = find_sa(n, sa->sa.spi, &sa->sa.dst);

		*at = sa->next;
		free(sa);
	} else {
		if (sa->softly)
			return;
		sa->softly = true;
	}
	sim_later(w, node, &event, 0);
}

/* A packet under an SA: its counts, and its limits. */
static void count(struct world *w, size_t node, struct sim_sa *sa)
{
	bool soft, hard;

	sa->octets += SIM_PACKET_OCTETS;
	sa->packets++;
	soft = (sa->sa.soft_bytes && sa->octets >= sa->sa.soft_bytes) ||
	       (sa->sa.soft_packets && sa->packets >= sa->sa.soft_packets);
	hard = (sa->sa.hard_bytes && sa->octets >= sa->sa.hard_bytes) ||
	       (sa->sa.hard_packets && sa->packets >= sa->sa.hard_packets);
	if (hard || soft)
		expire(w, node, sa, hard);
}

struct kernel_state *sim_kernel_state(const struct sim_node *n)
{
	struct kernel_state *state = calloc(1, sizeof(*state));
	size_t sas = 0, policies = 0;

	for (const struct sim_sa *sa = n->sas; sa; sa = sa->next)
		sas++;
	for (const struct sim_policy *p = n->policies; p; p = p->next)
		policies++;
	if (state) {
		state->sas = calloc(sas + 1, sizeof(*state->sas));
		state->policies = calloc(policies + 1, sizeof(*state->policies));
	}
	if (!state || !state->sas || !state->policies)
		abort();
	for (const struct sim_sa *sa = n->sas; sa; sa = sa->next) {
		struct kernel_sa *to = &state->sas[state->sa_count++];

		/* What names it: keys and lives are not read. */
		to->spi = sa->sa.spi;
		to->src = sa->sa.src;
		to->dst = sa->sa.dst;
		to->reqid = sa->sa.reqid;
	}
	for (const struct sim_policy *p = n->policies; p; p = p->next)
		state->policies[state->policy_count++] = p->policy;
	return state;
}

/* The worlds' connections are for all, or for one protocol. */
static bool takes(const struct selector *s, const struct address *a, uint8_t protocol)
{
	return selector_has_address(s, a) && (!s->protocol || s->protocol == protocol);
}

static struct sim_policy *best_entry(const struct sim_node *n, enum kernel_direction direction,
				     const struct sim_packet *packet)
{
	struct sim_policy *best = NULL;

	for (struct sim_policy *p = n->policies; p; p = p->next) {
		if (p->policy.direction == direction &&
		    takes(&p->policy.src, &packet->from, packet->protocol) &&
		    takes(&p->policy.dst, &packet->to, packet->protocol) &&
		    (!best || p->policy.priority < best->policy.priority))
			best = p;
	}
	return best;
}

static const struct kernel_policy *best_policy(const struct sim_node *n, enum kernel_direction direction,
					       const struct sim_packet *packet)
{
	const struct sim_policy *p = best_entry(n, direction, packet);

	return p ? &p->policy : NULL;
}

/* As Linux looks: what came through a tunnel needs a policy that wants it so; a policy wants its own SAs. */
static bool is_wanted(const struct sim_node *n, const struct sim_sa *sa, const struct sim_packet *packet)
{
	bool ours = address_equal(&packet->to, &n->address);
	const struct kernel_policy *p = best_policy(n, ours ? KERNEL_IN : KERNEL_FORWARD, packet);

	if (!p)
		return sa->sa.mode == KERNEL_TRANSPORT;
	return p->action == KERNEL_PASS ||
	       (p->action == KERNEL_IPSEC && p->reqid == sa->sa.reqid && p->mode == sa->sa.mode);
}

static void arrive(struct world *w, const struct sim_item *item)
{
	struct sim_node *n = &w->nodes[item->node];
	struct sim_sa *sa = n->sas;
	bool wanted;

	while (sa && !(sa->sa.inbound && sa->sa.spi == item->spi))
		sa = sa->next;
	wanted = sa && is_wanted(n, sa, &item->packet);
	w->fates[wanted ? FATE_DELIVERED : sa ? FATE_UNWANTED : FATE_MISSING]++;
	if (sa)
		count(w, item->node, sa);
}

void sim_kernel_item(struct world *w, const struct sim_item *item)
{
	struct sim_node *n = &w->nodes[item->node];
	struct sim_sa *sa = n->sas;

	if (item->kind == SIM_ESP) {
		arrive(w, item);
		return;
	}
	while (sa && sa->order != item->number)
		sa = sa->next;
	if (sa)
		expire(w, item->node, sa, item->hard);
}

static void put(struct world *w, size_t node, const struct action *a)
{
	struct sim_policy **at = find_policy(&w->nodes[node], &a->policy);

	if (!*at)
		*at = calloc(1, sizeof(**at));
	if (!*at)
		abort();
	(*at)->policy = a->policy;
	(*at)->used = MSEC_NEVER;
}

static void query(struct world *w, size_t node, const struct action *a)
{
	struct sim_sa *sa = *find_sa(&w->nodes[node], a->sa.sa.spi, &a->sa.sa.dst);
	struct event counters = { .kind = EVENT_COUNTERS };

	counters.counters.spi = a->sa.sa.spi;
	counters.counters.dst = a->sa.sa.dst;
	counters.counters.found = sa != NULL;
	counters.counters.counters.bytes = sa ? sa->octets : 0;
	sim_later(w, node, &counters, 1);
}

static void query_policy(struct world *w, size_t node, const struct action *a)
{
	const struct sim_policy *p = *find_policy(&w->nodes[node], &a->policy);
	struct event use = { .kind = EVENT_POLICY_USE };

	use.policy_use.src = a->policy.src;
	use.policy_use.dst = a->policy.dst;
	use.policy_use.found = p != NULL;
	use.policy_use.used = p && p->used != MSEC_NEVER ? (uint64_t)(p->used / 1000) : 0;
	sim_later(w, node, &use, 1);
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
	} else if (a->kind == ACTION_POLICY_QUERY) {
		query_policy(w, node, a);
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

static void raise_acquire(struct world *w, size_t node, const struct kernel_policy *p,
			  const struct sim_packet *packet)
{
	struct event event = { .kind = EVENT_ACQUIRE };

	event.acquire.seq = (uint32_t)++w->acquire_seq;
	event.acquire.reqid = p->reqid;
	event.acquire.src = w->nodes[node].address;
	event.acquire.dst = packet->to;
	event.acquire.inner_src = selector_of_host(&packet->from);
	event.acquire.inner_dst = selector_of_host(&packet->to);
	sim_step(w, node, &event);
}

/* As Linux chooses: of the SAs that the policy's template means, the newest. */
static struct sim_sa *best_sa(struct sim_node *n, const struct kernel_policy *p,
			      const struct sim_packet *packet)
{
	struct sim_sa *best = NULL;

	for (struct sim_sa *sa = n->sas; sa; sa = sa->next) {
		if (!sa->sa.inbound && sa->sa.reqid == p->reqid &&
		    selector_has_address(&sa->sa.inner_dst, &packet->to) &&
		    (!best || sa->order > best->order))
			best = sa;
	}
	return best;
}

static void send_esp(struct world *w, size_t node, struct sim_sa *sa, const struct sim_packet *packet)
{
	size_t to = sim_node_of(w, &sa->sa.dst);
	struct sim_item *item;

	w->fates[FATE_ESP]++;
	if (to == SIZE_MAX || world_draw(w, 100) < w->esp_loss) {
		w->fates[FATE_LOST]++;
	} else {
		item = sim_item_new(SIM_ESP, to);
		item->spi = sa->sa.spi;
		item->packet = *packet;
		sim_schedule(w, item, w->now + sim_delay(w));
	}
	count(w, node, sa);
}

static void leave(struct world *w, size_t node, const struct sim_packet *packet)
{
	struct sim_node *n = &w->nodes[node];
	struct sim_policy *entry = best_entry(n, KERNEL_OUT, packet);
	const struct kernel_policy *p = entry ? &entry->policy : NULL;
	struct sim_sa *sa;

	if (entry)
		entry->used = w->now;

	if (!p || p->action == KERNEL_PASS) {
		w->fates[FATE_CLEAR]++;
		return;
	}
	if (p->action == KERNEL_BLOCK) {
		n->dropped_in_kernel++;
		w->fates[FATE_BLOCKED]++;
		return;
	}
	sa = p->action == KERNEL_IPSEC ? best_sa(n, p, packet) : NULL;
	if (sa) {
		send_esp(w, node, sa, packet);
		return;
	}
	w->fates[FATE_HELD]++;
	raise_acquire(w, node, p, packet);
}

void world_send(struct world *w, size_t node, const struct address *to)
{
	static const uint8_t protocols[] = { 1, 6, 17 };
	const struct sim_packet packet = { w->nodes[node].address, *to,
					   protocols[world_draw(w, ARRAY_LENGTH(protocols))] };

	leave(w, node, &packet);
}

void world_send_from(struct world *w, size_t node, const struct address *from, const struct address *to)
{
	const struct sim_packet packet = { *from, *to, 1 };

	leave(w, node, &packet);
}

static bool same_pair(const struct kernel_sa *a, const struct kernel_sa *b)
{
	return selector_equal(&a->inner_src, &b->inner_src) && selector_equal(&a->inner_dst, &b->inner_dst);
}

/* The outbound SAs towards b: each the only one for its pair, and known to b with the same key. */
static size_t matches(struct sim_node *a, struct sim_node *b)
{
	size_t count = 0, inbound = 0;

	for (struct sim_sa *in = b->sas; in; in = in->next)
		inbound += in->sa.inbound && address_equal(&in->sa.src, &a->address);
	for (struct sim_sa *out = a->sas; out; out = out->next) {
		struct sim_sa *in = *find_sa(b, out->sa.spi, &b->address);

		if (out->sa.inbound || !address_equal(&out->sa.dst, &b->address))
			continue;
		count++;
		if (!in || !in->sa.inbound ||
		    memcmp(in->sa.encr_key, out->sa.encr_key, out->sa.encr_key_len) != 0)
			return SIZE_MAX;
		for (struct sim_sa *other = out->next; other; other = other->next) {
			if (!other->sa.inbound && same_pair(&other->sa, &out->sa))
				return SIZE_MAX;
		}
	}
	return inbound == count ? count : SIZE_MAX;
}

size_t world_pairs(struct world *w, size_t a, size_t b)
{
	size_t there = matches(&w->nodes[a], &w->nodes[b]), back = matches(&w->nodes[b], &w->nodes[a]);

	return there == back ? there : SIZE_MAX;
}

bool world_agree(struct world *w, size_t a, size_t b)
{
	return world_pairs(w, a, b) == 1;
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
