/* A small open hash, probed a few places far (crowd.h). Places are given back when their count is 0. */
#include "crowd.h"

#define PROBES 8

static uint64_t key_of(const struct address *a)
{
	size_t octets = a->family == ADDRESS_V4 ? 3 : 8;
	uint64_t key = a->family + 1;

	for (size_t i = 0; i < octets; i++)
		key = (key ^ a->octet[i]) * 0x100000001b3u;
	key ^= key >> 29;
	return key ? key : 1;
}

static struct crowd_place *find(const struct crowd *c, uint64_t key)
{
	for (size_t i = 0; i < PROBES; i++) {
		const struct crowd_place *p = &c->place[(key + i) % LIMIT_PREFIXES];

		if (p->key == key)
			return (struct crowd_place *)(uintptr_t)p;
	}
	return NULL;
}

void crowd_add(struct crowd *c, const struct address *a)
{
	uint64_t key = key_of(a);
	struct crowd_place *p = find(c, key);

	for (size_t i = 0; !p && i < PROBES; i++) {
		p = &c->place[(key + i) % LIMIT_PREFIXES];
		if (p->key)
			p = NULL;
	}
	if (!p)
		return;
	p->key = key;
	p->count++;
}

void crowd_remove(struct crowd *c, const struct address *a)
{
	struct crowd_place *p = find(c, key_of(a));

	if (p && --p->count == 0)
		p->key = 0;
}

unsigned crowd_count(const struct crowd *c, const struct address *a)
{
	const struct crowd_place *p = find(c, key_of(a));

	return p ? p->count : 0;
}
