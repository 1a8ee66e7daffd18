/*
 * Numbers of connections: an unchanged one keeps its serial over a reload, a new or changed one gets a
 * serial that was not used before, so that a late answer for the old one finds nothing. And the look-ups
 * by number and by name.
 */
#include <stdlib.h>
#include <string.h>

#include "maker.h"

#define SERIAL_LAST (KERNEL_REQID_LAST - KERNEL_REQID_FIRST)

static bool identity_same(const struct identity *a, const struct identity *b)
{
	return a->type == b->type && bytes_equal(bytes_of_blob(&a->data), bytes_of_blob(&b->data));
}

static bool key_same(const struct public_key *a, const struct public_key *b)
{
	return a->kind == b->kind && bytes_equal(bytes_of_blob(&a->spki), bytes_of_blob(&b->spki));
}

static bool end_same(const struct end *a, const struct end *b)
{
	return a->host == b->host && address_equal(&a->address, &b->address) &&
	       identity_same(&a->id, &b->id) && a->has_client == b->has_client &&
	       selector_equal(&a->client, &b->client) && a->auth == b->auth &&
	       a->key_source == b->key_source && key_same(&a->key, &b->key) && a->has_ckaid == b->has_ckaid &&
	       memcmp(a->ckaid, b->ckaid, sizeof(a->ckaid)) == 0 && a->ikeport == b->ikeport;
}

static bool suites_same(const struct suite *a, size_t a_count, const struct suite *b, size_t b_count)
{
	bool same = a_count == b_count;

	for (size_t i = 0; same && i < a_count; i++)
		same = suite_equal(&a[i], &b[i]);
	return same;
}

static bool life_same(const struct conn *a, const struct conn *b)
{
	return a->rekey == b->rekey && a->reauth == b->reauth && a->rekey_margin == b->rekey_margin &&
	       a->rekey_fuzz == b->rekey_fuzz && a->sa_max_bytes == b->sa_max_bytes &&
	       a->sa_max_packets == b->sa_max_packets && a->pfs == b->pfs &&
	       a->fragmentation == b->fragmentation && a->fragment_size == b->fragment_size &&
	       a->encapsulation == b->encapsulation && a->nat_keepalive == b->nat_keepalive &&
	       a->initial_contact == b->initial_contact && a->childless == b->childless &&
	       a->liveness == b->liveness;
}

/* An end as its peer sees it: who it is, not what lies behind it. */
static bool host_same(const struct end *a, const struct end *b)
{
	return a->host == b->host && address_equal(&a->address, &b->address) &&
	       identity_same(&a->id, &b->id) && a->auth == b->auth && a->key_source == b->key_source &&
	       key_same(&a->key, &b->key) && a->has_ckaid == b->has_ckaid &&
	       memcmp(a->ckaid, b->ckaid, sizeof(a->ckaid)) == 0 && a->ikeport == b->ikeport;
}

static bool speaks_ike(const struct conn *conn)
{
	return conn->group == CLASS_NONE && (conn->type == CONN_TUNNEL || conn->type == CONN_TRANSPORT);
}

bool plan_conn_same_peer(const struct conn *a, const struct conn *b)
{
	return speaks_ike(a) && speaks_ike(b) && host_same(&a->left, &b->left) &&
	       host_same(&a->right, &b->right) && suites_same(a->ike, a->ike_count, b->ike, b->ike_count) &&
	       a->ike_lifetime == b->ike_lifetime && a->rekey == b->rekey && a->reauth == b->reauth &&
	       a->rekey_margin == b->rekey_margin && a->fragmentation == b->fragmentation &&
	       a->fragment_size == b->fragment_size && a->encapsulation == b->encapsulation &&
	       a->childless == b->childless && a->liveness == b->liveness;
}

/* Whether nothing that acts differs; where it stands in the file does not act. */
static bool conn_same(const struct conn *a, const struct conn *b)
{
	return end_same(&a->left, &b->left) && end_same(&a->right, &b->right) && a->type == b->type &&
	       a->start == b->start && a->group == b->group && a->family == b->family &&
	       suites_same(a->ike, a->ike_count, b->ike, b->ike_count) &&
	       suites_same(a->esp, a->esp_count, b->esp, b->esp_count) && a->keyingtries == b->keyingtries &&
	       a->retransmit_interval == b->retransmit_interval &&
	       a->retransmit_timeout == b->retransmit_timeout && a->ike_lifetime == b->ike_lifetime &&
	       a->sa_lifetime == b->sa_lifetime && life_same(a, b) &&
	       a->negotiation_shunt == b->negotiation_shunt && a->failure_shunt == b->failure_shunt;
}

static uint32_t serial_new(const struct maker *m)
{
	struct plan *plan = m->plan;
	uint32_t serial;

	do {
		serial = plan->next_serial++;
		if (plan->next_serial > SERIAL_LAST)
			plan->next_serial = 1;
	} while (m->previous && plan_conn(m->previous, serial));
	return serial;
}

static int order_by_name(const void *a, const void *b, void *context)
{
	const struct conn *conns = context;

	return strcmp(conns[*(const uint32_t *)a].name, conns[*(const uint32_t *)b].name);
}

static int order_by_serial(const void *a, const void *b, void *context)
{
	const struct conn *conns = context;
	uint32_t x = conns[*(const uint32_t *)a].serial, y = conns[*(const uint32_t *)b].serial;

	return x < y ? -1 : x > y;
}

static int order_by_reqid(const void *a, const void *b, void *context)
{
	const struct conn *conns = context;
	uint32_t x = conns[*(const uint32_t *)a].reqid, y = conns[*(const uint32_t *)b].reqid;

	return x < y ? -1 : x > y;
}

/* FNV-1a, folded to the range of reqids. */
static uint32_t reqid_of_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
	return KERNEL_REQID_FIRST + 1 + (uint32_t)((hash ^ hash >> 32) % SERIAL_LAST);
}

/* The plan in force has it: the kernel may hold SAs by its reqid, which must not move. */
static bool is_kept(const struct maker *m, const struct conn *conn)
{
	return m->previous && plan_conn_by_name(m->previous, conn->name);
}

/*
 * A connection has the same reqid after a restart, so that what the kernel still holds of it is known by it: it comes
 * from the name. Two names that meet (one in sixteen million) are told apart in the order of names.
 */
static void reqids_give(struct maker *m)
{
	struct plan *plan = m->plan;

	for (size_t i = 0; i < plan->conn_count; i++) {
		struct conn *conn = &plan->conns[plan->by_name[i]];
		const struct conn *before = m->previous ? plan_conn_by_name(m->previous, conn->name) : NULL;

		conn->reqid = before ? before->reqid : reqid_of_name(conn->name);
		plan->by_reqid[i] = plan->by_name[i];
	}
	/* Only neighbours in order can be equal: it is sorted, moved apart, and sorted again. */
	for (bool met = true; met;) {
		qsort_r(plan->by_reqid, plan->conn_count, sizeof(*plan->by_reqid), order_by_reqid,
			plan->conns);
		met = false;
		for (size_t i = 1; i < plan->conn_count; i++) {
			struct conn *a = &plan->conns[plan->by_reqid[i - 1]];
			struct conn *b = &plan->conns[plan->by_reqid[i]];

			if (a->reqid != b->reqid)
				continue;
			met = true;
			if (is_kept(m, b) ? !is_kept(m, a) : !is_kept(m, a) && strcmp(a->name, b->name) > 0)
				b = a;
			b->reqid = b->reqid == KERNEL_REQID_LAST ? KERNEL_REQID_FIRST + 1 : b->reqid + 1;
		}
	}
}

bool serials_give(struct maker *m)
{
	struct plan *plan = m->plan;
	size_t count = plan->conn_count;

	plan->next_serial = m->previous ? m->previous->next_serial : 1;
	plan->by_name = calloc(count + 1, sizeof(*plan->by_name));
	plan->by_serial = calloc(count + 1, sizeof(*plan->by_serial));
	plan->by_reqid = calloc(count + 1, sizeof(*plan->by_reqid));
	if (!plan->by_name || !plan->by_serial || !plan->by_reqid) {
		complain_memory(m->problems);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct conn *conn = &plan->conns[i];
		const struct conn *before = m->previous ? plan_conn_by_name(m->previous, conn->name) : NULL;

		conn->serial = before && conn_same(before, conn) ? before->serial : serial_new(m);
		plan->by_name[i] = plan->by_serial[i] = (uint32_t)i;
	}
	qsort_r(plan->by_name, count, sizeof(*plan->by_name), order_by_name, plan->conns);
	qsort_r(plan->by_serial, count, sizeof(*plan->by_serial), order_by_serial, plan->conns);
	reqids_give(m);
	return true;
}

const struct conn *plan_conn(const struct plan *plan, uint32_t serial)
{
	size_t low = 0, high = plan->conn_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct conn *conn = &plan->conns[plan->by_serial[middle]];

		if (conn->serial == serial)
			return conn;
		if (conn->serial < serial)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct conn *plan_conn_by_name(const struct plan *plan, const char *name)
{
	size_t low = 0, high = plan->conn_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct conn *conn = &plan->conns[plan->by_name[middle]];
		int order = strcmp(conn->name, name);

		if (order == 0)
			return conn;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct conn *plan_conn_by_reqid(const struct plan *plan, uint32_t reqid)
{
	size_t low = 0, high = plan->conn_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct conn *conn = &plan->conns[plan->by_reqid[middle]];

		if (conn->reqid == reqid)
			return conn;
		if (conn->reqid < reqid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
