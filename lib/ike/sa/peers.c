/* Connections by peer (peers.h): a chained hash over an array, because thousands are usual. */
#include "peers.h"

#include <stdlib.h>
#include <string.h>

/* states of a walk beyond the rows */
#define WALK_GROUP SIZE_MAX
#define WALK_END (SIZE_MAX - 1)

static size_t bucket_of(const struct peers *p, const struct address *a)
{
	uint64_t key = a->family;

	for (size_t i = 0; i < sizeof(a->octet); i++)
		key = key * 0x100000001b3u + a->octet[i];
	return (size_t)(key ^ key >> 17) & (p->buckets - 1);
}

void peers_discard(struct peers *p)
{
	free(p->row);
	free(p->bucket);
	free(p->of_conn);
	memset(p, 0, sizeof(*p));
}

static bool is_usable(const struct conn *conn)
{
	return conn->type == CONN_TUNNEL || conn->type == CONN_TRANSPORT;
}

bool peers_make(struct peers *p, const struct plan *plan, const struct event_addresses *addresses)
{
	peers_discard(p);
	if (!plan || !addresses)
		return true;
	p->default_v4 = addresses->default_v4;
	p->default_v6 = addresses->default_v6;
	p->buckets = 64;
	while (p->buckets < plan->conn_count)
		p->buckets *= 2;
	p->row = calloc(plan->conn_count + 1, sizeof(*p->row));
	p->bucket = calloc(p->buckets, sizeof(*p->bucket));
	p->of_conn = calloc(plan->conn_count + 1, sizeof(*p->of_conn));
	p->plan = plan;
	if (!p->row || !p->bucket || !p->of_conn) {
		peers_discard(p);
		return false;
	}
	/* From the last to the first, so that chains keep the order of the file. */
	for (size_t i = plan->conn_count; i > 0; i--) {
		struct peer *row = &p->row[p->count];
		size_t *chain = &p->any;

		row->conn = &plan->conns[i - 1];
		if (!is_usable(row->conn) ||
		    !conn_orient(row->conn, addresses->at, addresses->count, &addresses->default_v4,
				 &addresses->default_v6, &row->local, &row->remote, &row->address))
			continue;
		p->count++;
		p->of_conn[i - 1] = p->count;
		if (row->remote->host == HOST_GROUP || row->remote->host == HOST_OPPORTUNISTICGROUP)
			continue;
		if (row->remote->host == HOST_ADDRESS)
			chain = &p->bucket[bucket_of(p, &row->remote->address)];
		row->next = *chain;
		*chain = p->count;
	}
	return true;
}

/* A group on %defaultroute is there in both families: its entries say which. */
static bool is_own_default(const struct peers *p, const struct peer *row, const struct address *local)
{
	return row->conn->group != CLASS_NONE && row->local->host == HOST_DEFAULTROUTE &&
	       (address_equal(local, &p->default_v4) || address_equal(local, &p->default_v6));
}

static bool fits(const struct peers *p, const struct peer *row, const struct address *local,
		 const struct address *remote)
{
	if (is_own_default(p, row, local))
		return true;
	if (row->address.family != ADDRESS_NONE && !address_equal(&row->address, local))
		return false;
	return row->remote->host != HOST_ADDRESS || address_equal(&row->remote->address, remote);
}

static const struct peer *of_group(const struct peers *p, const struct plan *plan,
				   const struct address *local, const struct address *remote)
{
	const struct group_entry *entry = plan ? plan_group(plan, remote) : NULL;
	const struct peer *row = entry ? peers_of_conn(p, entry->conn) : NULL;

	return row && fits(p, row, local, remote) ? row : NULL;
}

const struct peer *peers_next(const struct peers *p, const struct plan *plan, const struct address *local,
			      const struct address *remote, size_t *state)
{
	size_t at;
	bool in_any = false;

	if (*state == WALK_END || !p->buckets)
		return NULL;
	if (*state == WALK_GROUP) {
		*state = WALK_END;
		return of_group(p, plan, local, remote);
	}
	at = *state ? p->row[*state - 1].next : p->bucket[bucket_of(p, remote)];
	in_any = *state && p->row[*state - 1].remote->host != HOST_ADDRESS;
	for (;;) {
		for (; at; at = p->row[at - 1].next) {
			if (fits(p, &p->row[at - 1], local, remote)) {
				*state = at;
				return &p->row[at - 1];
			}
		}
		if (in_any)
			break;
		in_any = true;
		at = p->any;
	}
	*state = WALK_GROUP;
	return peers_next(p, plan, local, remote, state);
}

const struct peer *peers_of_conn(const struct peers *p, uint32_t conn)
{
	const struct conn *found = p->plan ? plan_conn(p->plan, conn) : NULL;
	size_t place = found && p->of_conn ? p->of_conn[found - p->plan->conns] : 0;

	return place ? &p->row[place - 1] : NULL;
}

bool peers_are_same(const struct conn *a, const struct conn *b)
{
	return a == b || plan_conn_same_peer(a, b);
}
