/* The look-ups of IKE SAs (table.h). Keys are random SPIs or counters, mixed once more for the buckets. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "child_sa.h"
#include "ike_sa.h"

#define BUCKETS_FIRST 64

static uint64_t mix(uint64_t v)
{
	v ^= v >> 31;
	v *= 0x9e3779b97f4a7c15u;
	return v ^ (v >> 29);
}

static uint64_t peer_key(const struct endpoint *remote, uint64_t spi_i)
{
	uint64_t key = spi_i ^ remote->port;

	for (size_t i = 0; i < sizeof(remote->address.octet); i++)
		key = key * 31 + remote->address.octet[i];
	return key;
}

static bool index_make(struct table_index *x, size_t size)
{
	x->bucket = malloc(size * sizeof(*x->bucket));
	if (!x->bucket)
		return false;
	x->size = size;
	for (size_t i = 0; i < size; i++)
		list_init(&x->bucket[i]);
	return true;
}

static struct list *bucket_of(const struct table_index *x, uint64_t key)
{
	return &x->bucket[mix(key) & (x->size - 1)];
}

bool table_init(struct ike_table *t)
{
	memset(t, 0, sizeof(*t));
	list_init(&t->all);
	list_init(&t->larval);
	if (index_make(&t->by_spi, BUCKETS_FIRST) && index_make(&t->by_serial, BUCKETS_FIRST) &&
	    index_make(&t->by_peer, BUCKETS_FIRST) && index_make(&t->by_address, BUCKETS_FIRST) &&
	    index_make(&t->by_name, BUCKETS_FIRST) && index_make(&t->child_serial, BUCKETS_FIRST) &&
	    index_make(&t->child_in, BUCKETS_FIRST) && index_make(&t->child_out, BUCKETS_FIRST))
		return true;
	table_discard(t);
	return false;
}

void table_discard(struct ike_table *t)
{
	free(t->by_spi.bucket);
	free(t->by_serial.bucket);
	free(t->by_peer.bucket);
	free(t->by_address.bucket);
	free(t->by_name.bucket);
	free(t->child_serial.bucket);
	free(t->child_in.bucket);
	free(t->child_out.bucket);
	memset(t, 0, sizeof(*t));
	list_init(&t->all);
	list_init(&t->larval);
}

struct list *table_peer_list(const struct ike_table *t, const struct address *remote)
{
	const struct endpoint e = { *remote, 0 };

	return bucket_of(&t->by_address, peer_key(&e, 0));
}

struct list *table_name_list(const struct ike_table *t, const struct identity *name)
{
	uint64_t key = name->type;

	for (size_t i = 0; i < name->data.len; i++)
		key = (key ^ name->data.data[i]) * 0x100000001b3u;
	return bucket_of(&t->by_name, key);
}

void table_enter_name(struct ike_table *t, struct ike_sa *sa)
{
	list_remove(&sa->in_name);
	list_append(table_name_list(t, &sa->remote_id), &sa->in_name);
}

static void enter(struct ike_table *t, struct ike_sa *sa)
{
	list_append(bucket_of(&t->by_spi, ike_sa_our_spi(sa)), &sa->in_spi);
	list_append(bucket_of(&t->by_serial, sa->serial), &sa->in_serial);
	list_append(table_peer_list(t, &sa->first_remote.address), &sa->in_address);
	if (sa->established)
		list_append(table_name_list(t, &sa->remote_id), &sa->in_name);
	if (!sa->initiator)
		list_append(bucket_of(&t->by_peer, peer_key(&sa->first_remote, sa->spi_i)), &sa->in_peer);
}

static void leave(struct ike_sa *sa)
{
	list_remove(&sa->in_spi);
	list_remove(&sa->in_serial);
	list_remove(&sa->in_peer);
	list_remove(&sa->in_address);
	list_remove(&sa->in_name);
}

/* Doubles the hashes when there are more IKE SAs than buckets; without memory they just stay crowded. */
static void grow(struct ike_table *t)
{
	struct table_index spi, serial, peer, address, name;
	struct list *pos, *next;
	size_t size = t->by_spi.size * 2;

	memset(&spi, 0, sizeof(spi));
	serial = peer = address = name = spi;
	if (!index_make(&spi, size) || !index_make(&serial, size) || !index_make(&peer, size) ||
	    !index_make(&address, size) || !index_make(&name, size)) {
		free(spi.bucket);
		free(serial.bucket);
		free(peer.bucket);
		free(address.bucket);
		free(name.bucket);
		return;
	}
	LIST_FOR_EACH (pos, next, &t->all)
		leave(LIST_ENTRY(pos, struct ike_sa, link));
	LIST_FOR_EACH (pos, next, &t->larval)
		leave(LIST_ENTRY(pos, struct ike_sa, link));
	free(t->by_spi.bucket);
	free(t->by_serial.bucket);
	free(t->by_peer.bucket);
	free(t->by_address.bucket);
	free(t->by_name.bucket);
	t->by_spi = spi;
	t->by_serial = serial;
	t->by_peer = peer;
	t->by_address = address;
	t->by_name = name;
	LIST_FOR_EACH (pos, next, &t->all)
		enter(t, LIST_ENTRY(pos, struct ike_sa, link));
	LIST_FOR_EACH (pos, next, &t->larval)
		enter(t, LIST_ENTRY(pos, struct ike_sa, link));
}

bool table_add(struct ike_table *t, struct ike_sa *sa)
{
	if (t->count >= LIMIT_IKE_SAS)
		return false;
	if (t->count >= t->by_spi.size)
		grow(t);
	if (sa->larval) {
		list_remove(&sa->link);
		leave(sa);
		sa->larval = false;
	}
	list_append(&t->all, &sa->link);
	enter(t, sa);
	t->count++;
	return true;
}

void table_add_larval(struct ike_table *t, struct ike_sa *sa)
{
	sa->larval = true;
	list_append(&t->larval, &sa->link);
	enter(t, sa);
}

void table_remove(struct ike_table *t, struct ike_sa *sa)
{
	if (list_empty(&sa->link))
		return;
	list_remove(&sa->link);
	leave(sa);
	if (!sa->larval)
		t->count--;
}

/* @rfc 7296-2.6-3 */
struct ike_sa *table_by_spi(const struct ike_table *t, uint64_t our_spi)
{
	struct list *pos, *next, *head = bucket_of(&t->by_spi, our_spi);

	LIST_FOR_EACH (pos, next, head) {
		struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, in_spi);

		if (ike_sa_our_spi(sa) == our_spi)
			return sa;
	}
	return NULL;
}

struct ike_sa *table_by_serial(const struct ike_table *t, uint64_t serial)
{
	struct list *pos, *next, *head = bucket_of(&t->by_serial, serial);

	LIST_FOR_EACH (pos, next, head) {
		struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, in_serial);

		if (sa->serial == serial)
			return sa;
	}
	return NULL;
}

struct ike_sa *table_by_peer(const struct ike_table *t, const struct endpoint *remote, uint64_t spi_i)
{
	struct list *pos, *next, *head = bucket_of(&t->by_peer, peer_key(remote, spi_i));

	LIST_FOR_EACH (pos, next, head) {
		struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, in_peer);

		if (sa->spi_i == spi_i && endpoint_equal(&sa->first_remote, remote))
			return sa;
	}
	return NULL;
}

/* ---- Child SAs ---- */

static void enter_child(struct ike_table *t, struct child_sa *child)
{
	list_append(bucket_of(&t->child_serial, child->serial), &child->in_serial);
	list_append(bucket_of(&t->child_in, child->spi_in), &child->in_spi);
	list_append(bucket_of(&t->child_out, child->spi_out), &child->out_spi);
}

static void leave_child(struct child_sa *child)
{
	list_remove(&child->in_serial);
	list_remove(&child->in_spi);
	list_remove(&child->out_spi);
}

/* Walks the old hash by serial: every agreed child is in it. */
static void grow_children(struct ike_table *t)
{
	struct table_index serial, in, out, old = t->child_serial;
	size_t size = old.size * 2;

	memset(&serial, 0, sizeof(serial));
	in = out = serial;
	if (!index_make(&serial, size) || !index_make(&in, size) || !index_make(&out, size)) {
		free(serial.bucket);
		free(in.bucket);
		free(out.bucket);
		return;
	}
	free(t->child_in.bucket);
	free(t->child_out.bucket);
	t->child_serial = serial;
	t->child_in = in;
	t->child_out = out;
	for (size_t i = 0; i < old.size; i++) {
		while (!list_empty(&old.bucket[i])) {
			struct child_sa *child = LIST_ENTRY(old.bucket[i].next, struct child_sa, in_serial);

			list_remove(&child->in_serial);
			list_init(&child->in_spi);
			list_init(&child->out_spi);
			enter_child(t, child);
		}
	}
	free(old.bucket);
}

void table_add_child(struct ike_table *t, struct child_sa *child)
{
	if (t->child_count >= t->child_serial.size)
		grow_children(t);
	enter_child(t, child);
	t->child_count++;
}

void table_remove_child(struct ike_table *t, struct child_sa *child)
{
	if (list_empty(&child->in_serial))
		return;
	leave_child(child);
	t->child_count--;
}

struct child_sa *table_child_by_serial(const struct ike_table *t, uint64_t serial)
{
	struct list *pos, *next, *head = bucket_of(&t->child_serial, serial);

	LIST_FOR_EACH (pos, next, head) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, in_serial);

		if (child->serial == serial)
			return child;
	}
	return NULL;
}

struct child_sa *table_child_by_spi_in(const struct ike_table *t, uint32_t spi)
{
	struct list *pos, *next, *head = bucket_of(&t->child_in, spi);

	LIST_FOR_EACH (pos, next, head) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, in_spi);

		if (child->spi_in == spi)
			return child;
	}
	return NULL;
}

struct child_sa *table_child_by_spi_out(const struct ike_table *t, uint32_t spi, const struct address *far)
{
	struct list *pos, *next, *head = bucket_of(&t->child_out, spi);

	LIST_FOR_EACH (pos, next, head) {
		struct child_sa *child = LIST_ENTRY(pos, struct child_sa, out_spi);

		if (child->spi_out == spi && address_equal(&child->far, far))
			return child;
	}
	return NULL;
}
