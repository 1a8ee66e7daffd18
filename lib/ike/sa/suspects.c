/* A small hash with a few places for each address (suspects.h). Whole keys are compared: nobody can make another suspect. */
#include "suspects.h"

#define PROBES 8

static uint64_t key_of(const struct address *a)
{
	size_t octets = a->family == ADDRESS_V4 ? 4 : 8;
	uint64_t key = 0;

	for (size_t i = 0; i < octets; i++)
		key = key << 8 | a->octet[i];
	return key;
}

static size_t at(uint64_t key, size_t probe)
{
	key *= 0x9e3779b97f4a7c15u;
	return ((size_t)(key >> 32) + probe) % LIMIT_SUSPECTS;
}

static const struct suspect *find(const struct suspects *s, const struct address *a)
{
	uint64_t key = key_of(a);

	for (size_t i = 0; i < PROBES; i++) {
		const struct suspect *p = &s->place[at(key, i)];

		if (p->until && p->key == key && p->family == a->family)
			return p;
	}
	return NULL;
}

static struct suspect *place_for(struct suspects *s, uint64_t key)
{
	struct suspect *first = &s->place[at(key, 0)];

	for (size_t i = 1; i < PROBES; i++) {
		struct suspect *p = &s->place[at(key, i)];

		if (p->until < first->until)
			first = p;
	}
	return first;
}

void suspects_began(struct suspects *s, msec now, const struct address *a)
{
	const struct suspect *known = find(s, a);
	struct suspect *p = known ? &s->place[known - s->place] : place_for(s, key_of(a));

	if (!known || p->until <= now)
		*p = (struct suspect){ key_of(a), msec_after(now, LIMIT_SUSPECT_TIME), (uint16_t)a->family,
				       0 };
	if (p->unfinished < UINT16_MAX)
		p->unfinished++;
}

void suspects_finished(struct suspects *s, const struct address *a)
{
	const struct suspect *known = find(s, a);

	if (known && known->unfinished)
		s->place[known - s->place].unfinished--;
}

bool suspects_has(const struct suspects *s, msec now, const struct address *a)
{
	const struct suspect *p = find(s, a);

	return p && p->until > now && p->unfinished >= LIMIT_SUSPECT;
}
