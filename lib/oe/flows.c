/* The table of pairs: look-up by pair and by serial, making, discarding; bounded (LIMIT_FLOWS). */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

#define BUCKETS 4096

static struct list *bucket_of(const struct oe *oe, const struct address *local, const struct address *remote)
{
	uint64_t key = local->family;

	for (size_t i = 0; i < sizeof(local->octet); i++)
		key = (key * 31 + local->octet[i]) * 31 + remote->octet[i];
	return &oe->bucket[(key ^ key >> 23) & (oe->buckets - 1)];
}

bool flows_init(struct oe *oe)
{
	list_init(&oe->flows);
	list_init(&oe->askers);
	oe->buckets = BUCKETS;
	oe->bucket = malloc(BUCKETS * sizeof(*oe->bucket));
	for (size_t i = 0; oe->bucket && i < BUCKETS; i++)
		list_init(&oe->bucket[i]);
	return oe->bucket != NULL;
}

struct flow *flow_find(const struct oe *oe, const struct address *local, const struct address *remote)
{
	struct list *pos, *next, *head = bucket_of(oe, local, remote);

	LIST_FOR_EACH (pos, next, head) {
		struct flow *f = LIST_ENTRY(pos, struct flow, in_pair);

		if (address_equal(&f->local, local) && address_equal(&f->remote, remote))
			return f;
	}
	return NULL;
}

struct flow *flow_by_serial(const struct oe *oe, uint64_t serial)
{
	struct list *pos;

	for (pos = oe->flows.next; serial && pos != &oe->flows; pos = pos->next) {
		struct flow *f = LIST_ENTRY(pos, struct flow, link);

		if (f->serial == serial)
			return f;
	}
	return NULL;
}

struct flow *flow_by_child(const struct oe *oe, uint64_t child)
{
	struct list *pos;

	for (pos = oe->flows.next; child && pos != &oe->flows; pos = pos->next) {
		struct flow *f = LIST_ENTRY(pos, struct flow, link);

		if (f->child == child)
			return f;
	}
	return NULL;
}

struct flow *flow_make(struct oe *oe, const struct address *local, const struct address *remote,
		       const struct group_entry *entry)
{
	const struct conn *conn = plan_conn(oe->plan, entry->conn);
	struct flow *f = oe->flow_count < LIMIT_FLOWS && conn ? calloc(1, sizeof(*f)) : NULL;

	if (!f)
		return NULL;
	f->serial = ++oe->last_serial;
	f->local = *local;
	f->remote = *remote;
	f->conn = entry->conn;
	f->group = entry->group;
	f->reqid = conn->reqid;
	f->mode = conn->type == CONN_TRANSPORT ? KERNEL_TRANSPORT : KERNEL_TUNNEL;
	f->until = MSEC_NEVER;
	f->since = oe->now;
	list_append(&oe->flows, &f->link);
	list_append(bucket_of(oe, local, remote), &f->in_pair);
	oe->flow_count++;
	return f;
}

static void forget_answers(struct flow *f)
{
	for (int i = 0; i < 2; i++) {
		if (f->answers[i])
			dns_answer_discard(f->answers[i]);
		free(f->answers[i]);
		f->answers[i] = NULL;
	}
}

void flow_discard(struct oe *oe, struct flow *f)
{
	deadlines_remove(&oe->deadlines, f->serial);
	list_remove(&f->link);
	list_remove(&f->in_pair);
	oe->flow_count--;
	forget_answers(f);
	finding_discard(&f->finding);
	free(f);
}
