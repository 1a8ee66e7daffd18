/* A binary heap with a hash from number to place (deadlines.h). */
#include "deadlines.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 64

static size_t slot_of(const struct deadlines *d, uint64_t number)
{
	size_t mask = d->places - 1;
	size_t i = (size_t)((number * 0x9e3779b97f4a7c15u) >> 20) & mask;

	while (d->place[i] && d->heap[d->place[i] - 1].number != number)
		i = (i + 1) & mask;
	return i;
}

void deadlines_discard(struct deadlines *d)
{
	free(d->heap);
	free(d->place);
	memset(d, 0, sizeof(*d));
}

static bool grow(struct deadlines *d)
{
	size_t room = d->room ? d->room * 2 : ROOM_FIRST;
	struct deadline *heap = malloc(room * sizeof(*heap));
	size_t *place = calloc(room * 2, sizeof(*place));

	if (!heap || !place) {
		free(heap);
		free(place);
		return false;
	}
	if (d->count)
		memcpy(heap, d->heap, d->count * sizeof(*heap));
	free(d->heap);
	free(d->place);
	d->heap = heap;
	d->place = place;
	d->room = room;
	d->places = room * 2;
	for (size_t i = 0; i < d->count; i++)
		d->place[slot_of(d, d->heap[i].number)] = i + 1;
	return true;
}

bool deadlines_reserve(struct deadlines *d, size_t count)
{
	while (d->room < count) {
		if (!grow(d))
			return false;
	}
	return true;
}

static void swap(struct deadlines *d, size_t a, size_t b)
{
	struct deadline kept = d->heap[a];
	size_t place_a = slot_of(d, d->heap[a].number), place_b = slot_of(d, d->heap[b].number);

	d->heap[a] = d->heap[b];
	d->heap[b] = kept;
	d->place[place_a] = b + 1;
	d->place[place_b] = a + 1;
}

static size_t rise(struct deadlines *d, size_t i)
{
	while (i && d->heap[i].at < d->heap[(i - 1) / 2].at) {
		swap(d, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
	return i;
}

static void sink(struct deadlines *d, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < d->count && d->heap[child + 1].at < d->heap[child].at)
			child++;
		if (child >= d->count || d->heap[i].at <= d->heap[child].at)
			return;
		swap(d, i, child);
		i = child;
	}
}

/* Empties a place and moves what collided with it, so that no look-up meets a hole. */
static void forget_place(struct deadlines *d, size_t hole)
{
	size_t mask = d->places - 1;

	d->place[hole] = 0;
	for (size_t i = (hole + 1) & mask; d->place[i]; i = (i + 1) & mask) {
		size_t moved = d->place[i];

		d->place[i] = 0;
		d->place[slot_of(d, d->heap[moved - 1].number)] = moved;
	}
}

void deadlines_remove(struct deadlines *d, uint64_t number)
{
	size_t index, last;

	if (!d->count)
		return;
	index = d->place[slot_of(d, number)];
	if (!index)
		return;
	index--;
	last = d->count - 1;
	if (index != last)
		swap(d, index, last);
	forget_place(d, slot_of(d, number));
	d->count--;
	if (index != last)
		sink(d, rise(d, index));
}

bool deadlines_set(struct deadlines *d, uint64_t number, msec at)
{
	size_t index;

	if (at == MSEC_NEVER) {
		deadlines_remove(d, number);
		return true;
	}
	if (!d->room && !grow(d))
		return false;
	index = d->place[slot_of(d, number)];
	if (!index) {
		if (d->count == d->room && !grow(d))
			return false;
		d->heap[d->count] = (struct deadline){ at, number };
		d->place[slot_of(d, number)] = d->count + 1;
		index = ++d->count;
		/* slot_of compared against a heap entry that was not there yet: enter it by its final place. */
	}
	d->heap[index - 1].at = at;
	sink(d, rise(d, index - 1));
	return true;
}

msec deadlines_first(const struct deadlines *d, uint64_t *number)
{
	if (!d->count)
		return MSEC_NEVER;
	if (number)
		*number = d->heap[0].number;
	return d->heap[0].at;
}
