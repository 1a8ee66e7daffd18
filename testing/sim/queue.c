/* What will happen in a simulated world, by time; equal times keep their order of scheduling. A binary heap. */
#include <stdlib.h>

#include "world_inside.h"

static bool is_before(const struct sim_item *a, const struct sim_item *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void sift_up(struct world *w, size_t i)
{
	struct sim_item *item = w->heap[i];

	for (; i && is_before(item, w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = item;
}

static void sift_down(struct world *w, size_t i)
{
	struct sim_item *item = w->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= w->heap_count)
			break;
		if (child + 1 < w->heap_count && is_before(w->heap[child + 1], w->heap[child]))
			child++;
		if (!is_before(w->heap[child], item))
			break;
		w->heap[i] = w->heap[child];
		i = child;
	}
	w->heap[i] = item;
}

struct sim_item *sim_item_new(enum sim_item_kind kind, size_t node)
{
	struct sim_item *item = calloc(1, sizeof(*item));

	if (!item)
		abort();
	item->kind = kind;
	item->node = node;
	return item;
}

void sim_schedule(struct world *w, struct sim_item *item, msec at)
{
	item->at = at;
	item->order = ++w->scheduled;
	if (w->heap_count == w->heap_room) {
		w->heap_room = w->heap_room ? w->heap_room * 2 : 64;
		w->heap = realloc(w->heap, w->heap_room * sizeof(struct sim_item *));
		if (!w->heap)
			abort();
	}
	w->heap[w->heap_count] = item;
	sift_up(w, w->heap_count++);
}

void sim_unschedule(struct world *w, const struct sim_item *item)
{
	size_t i = 0;

	while (w->heap[i] != item)
		i++;
	w->heap[i] = w->heap[--w->heap_count];
	if (i == w->heap_count)
		return;
	sift_up(w, i);
	sift_down(w, i);
}

/* ---- for whoever chooses what happens next himself, instead of time ---- */

size_t sim_pending(struct world *w, struct sim_item **items, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < w->heap_count; i++) {
		struct sim_item *item = w->heap[i];
		size_t at = count;

		if (item->kind == SIM_ESP || item->kind == SIM_EXPIRE || count == room)
			continue;
		for (; at && items[at - 1]->order > item->order; at--)
			items[at] = items[at - 1];
		items[at] = item;
		count++;
	}
	return count;
}

void sim_choose(struct world *w, struct sim_item *item, enum sim_choice choice)
{
	if (choice != SIM_REPEAT)
		sim_unschedule(w, item);
	if (choice != SIM_LOSE)
		sim_happen(w, item);
	if (choice != SIM_REPEAT)
		sim_item_discard(w, item);
}

void sim_deliver_esp(struct world *w)
{
	for (size_t i = 0; i < w->heap_count;) {
		struct sim_item *item = w->heap[i];

		if (item->kind != SIM_ESP) {
			i++;
			continue;
		}
		sim_choose(w, item, SIM_DELIVER);
		i = 0;
	}
}

static size_t first_due(const struct world *w)
{
	size_t who = 0;

	for (size_t i = 1; i < w->node_count; i++) {
		if (w->nodes[i].due < w->nodes[who].due)
			who = i;
	}
	return who;
}

msec sim_next_due(const struct world *w)
{
	return w->nodes[first_due(w)].due;
}

bool sim_pass_time(struct world *w, msec span)
{
	struct event time = { .kind = EVENT_TIME };
	size_t who = first_due(w);

	if (w->nodes[who].due > w->now + span)
		return false;
	if (w->nodes[who].due > w->now)
		w->now = w->nodes[who].due;
	sim_step(w, who, &time);
	return true;
}
