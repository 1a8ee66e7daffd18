/* The table of pairs: look-up by pair, serial and child, making, discarding; bounded (LIMIT_FLOWS). */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

#define BUCKETS 4096
#define EVICTION_LOOKS 64 /* flows looked at for one that may be forgotten */

static struct list *pair_bucket(const struct oe *oe, const struct address *local,
				const struct address *remote)
{
	uint64_t key = local->family;

	for (size_t i = 0; i < sizeof(local->octet); i++)
		key = (key * 31 + local->octet[i]) * 31 + remote->octet[i];
	return &oe->pairs.at[(key ^ key >> 23) % BUCKETS];
}

static struct list *number_bucket(const struct flow_buckets *buckets, uint64_t number)
{
	return &buckets->at[number % BUCKETS];
}

static bool buckets_init(struct flow_buckets *buckets)
{
	buckets->at = malloc(BUCKETS * sizeof(*buckets->at));
	for (size_t i = 0; buckets->at && i < BUCKETS; i++)
		list_init(&buckets->at[i]);
	return buckets->at != NULL;
}

bool flows_init(struct oe *oe)
{
	list_init(&oe->flows);
	list_init(&oe->askers);
	return buckets_init(&oe->pairs) && buckets_init(&oe->serials) && buckets_init(&oe->children);
}

void flows_discard(struct oe *oe)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &oe->flows)
		flow_discard(oe, LIST_ENTRY(pos, struct flow, link));
	free(oe->pairs.at);
	free(oe->serials.at);
	free(oe->children.at);
}

struct flow *flow_find(const struct oe *oe, const struct address *local, const struct address *remote)
{
	struct list *pos, *next, *head = pair_bucket(oe, local, remote);

	LIST_FOR_EACH (pos, next, head) {
		struct flow *f = LIST_ENTRY(pos, struct flow, in_pair);

		if (address_equal(&f->local, local) && address_equal(&f->remote, remote))
			return f;
	}
	return NULL;
}

struct flow *flow_by_serial(const struct oe *oe, uint64_t serial)
{
	struct list *pos, *next, *head = number_bucket(&oe->serials, serial);

	LIST_FOR_EACH (pos, next, head) {
		struct flow *f = LIST_ENTRY(pos, struct flow, in_serial);

		if (f->serial == serial)
			return f;
	}
	return NULL;
}

struct flow *flow_by_child(const struct oe *oe, uint64_t child)
{
	struct list *pos, *next, *head = number_bucket(&oe->children, child);

	LIST_FOR_EACH (pos, next, head) {
		struct flow *f = LIST_ENTRY(pos, struct flow, in_child);

		if (child && f->child == child)
			return f;
	}
	return NULL;
}

/* A flow that is only remembered makes room for one that is wanted; false when none is near. */
static bool evict(struct oe *oe)
{
	struct list *pos, *next;
	unsigned looks = 0;

	LIST_FOR_EACH (pos, next, &oe->flows) {
		struct flow *f = LIST_ENTRY(pos, struct flow, link);

		if (f->state == FLOW_EXPIRED && !f->child) {
			flow_discard(oe, f);
			return true;
		}
		if (++looks == EVICTION_LOOKS)
			return false;
	}
	return false;
}

void flow_settle(struct oe *oe, struct flow *f, const struct group_entry *entry)
{
	const struct conn *conn = plan_conn(oe->plan, entry->conn);
	const struct end *local, *remote;
	struct address address;

	f->conn = entry->conn;
	f->group = entry->group;
	f->outer = f->local;
	if (!conn)
		return;
	f->reqid = conn->reqid;
	f->mode = conn->type == CONN_TRANSPORT ? KERNEL_TRANSPORT : KERNEL_TUNNEL;
	if (oe_sides(oe, conn, f->remote.family, &local, &remote, &address) && local->has_client &&
	    address.family != ADDRESS_NONE)
		f->outer = address;
}

struct flow *flow_make(struct oe *oe, const struct address *local, const struct address *remote,
		       const struct group_entry *entry)
{
	bool room = oe->flow_count < LIMIT_FLOWS || evict(oe);
	/* With room for its deadline: without one it could live for ever. */
	bool due = room && deadlines_reserve(&oe->deadlines, oe->flow_count + oe->asker_count + 1);
	struct flow *f = due ? calloc(1, sizeof(*f)) : NULL;

	if (!f)
		return NULL;
	f->serial = ++oe->last_serial;
	f->local = *local;
	f->remote = *remote;
	flow_settle(oe, f, entry);
	f->until = MSEC_NEVER;
	f->since = oe->now;
	list_append(&oe->flows, &f->link);
	list_append(pair_bucket(oe, local, remote), &f->in_pair);
	list_append(number_bucket(&oe->serials, f->serial), &f->in_serial);
	list_init(&f->in_child);
	oe->flow_count++;
	oe->counts.by_state[f->state]++;
	return f;
}

void flow_set_child(struct oe *oe, struct flow *f, uint64_t ike_sa, uint64_t child)
{
	list_remove(&f->in_child);
	list_init(&f->in_child);
	f->ike_sa = ike_sa;
	f->child = child;
	if (child)
		list_append(number_bucket(&oe->children, child), &f->in_child);
}

void flow_forget_answers(struct flow *f)
{
	for (size_t i = 0; i < ARRAY_LENGTH(f->answers); i++) {
		if (f->answers[i])
			dns_answer_discard(f->answers[i]);
		free(f->answers[i]);
		f->answers[i] = NULL;
	}
}

void flow_forget(struct flow *f)
{
	flow_forget_answers(f);
	finding_discard(&f->finding);
	memset(&f->finding, 0, sizeof(f->finding));
	f->tried.count = 0;
}

void flow_discard(struct oe *oe, struct flow *f)
{
	deadlines_remove(&oe->deadlines, f->serial);
	list_remove(&f->link);
	list_remove(&f->in_pair);
	list_remove(&f->in_serial);
	list_remove(&f->in_child);
	oe->flow_count--;
	oe->counts.by_state[f->state]--;
	flow_forget(f);
	free(f);
}
