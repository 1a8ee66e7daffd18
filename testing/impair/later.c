/* What waits (inside.h): datagrams to go out, events to be fed. */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

struct later *impair_later(struct impair *im, msec at)
{
	struct later *l = calloc(1, sizeof(*l)), **end = &im->later;

	if (!l)
		abort();
	l->at = at;
	while (*end)
		end = &(*end)->next;
	*end = l;
	return l;
}

void impair_later_event(struct impair *im, msec at, const struct event *event)
{
	impair_later(im, at)->event = *event;
}

void impair_later_discard(struct impair *im, struct later *l)
{
	blob_discard(&l->datagram.data);
	if (!l->outbound)
		event_discard(im->inner, &l->event);
	free(l);
}

void impair_feed(struct impair_events *in, const struct event *event, struct bytes data)
{
	struct impair_fed *fed;

	if (in->count == in->room) {
		in->room = in->room ? in->room * 2 : 4;
		in->at = realloc(in->at, in->room * sizeof(*in->at));
		if (!in->at)
			abort();
	}
	fed = &in->at[in->count++];
	fed->event = *event;
	fed->data = (struct blob){ NULL, 0 };
	if (event->kind != EVENT_PACKET)
		return;
	if (!blob_copy(&fed->data, data))
		abort();
	fed->event.packet.data = bytes_of_blob(&fed->data);
}

void impair_events_discard(struct impair_events *in)
{
	for (size_t i = 0; i < in->count; i++)
		blob_discard(&in->at[i].data);
	free(in->at);
	memset(in, 0, sizeof(*in));
}
