/* What becomes of whole datagrams: dropped, held, doubled, spoilt (table.c has what each impairment does). */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

void datagrams_add(struct datagrams *list, const struct datagram *d, struct bytes data)
{
	struct datagram copy = *d;

	if (list->count == list->room) {
		list->room = list->room ? list->room * 2 : 8;
		list->at = realloc(list->at, list->room * sizeof(*list->at));
		if (!list->at)
			abort();
	}
	copy.data = (struct blob){ NULL, 0 };
	if (!blob_copy(&copy.data, data))
		abort();
	list->at[list->count++] = copy;
}

void datagrams_discard(struct datagrams *list)
{
	for (size_t i = 0; i < list->count; i++)
		blob_discard(&list->at[i].data);
	free(list->at);
	memset(list, 0, sizeof(*list));
}

static void add(struct datagrams *list, const struct datagram *d)
{
	datagrams_add(list, d, bytes_of_blob(&d->data));
}

/* The armed impairment "NAME-inbound" or "NAME-outbound" that takes this datagram, or NULL. */
static struct armed *taking(struct impair *im, const char *name, int direction, struct bytes data)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < im->armed_count; i++) {
		struct armed *a = &im->armed[i];

		if (strncmp(a->row->name, name, len) == 0 &&
		    !strcmp(a->row->name + len, direction == INBOUND ? "-inbound" : "-outbound") &&
		    impair_matches(im, &a->which, data) && impair_takes(im, a))
			return a;
	}
	return NULL;
}

/* ---- repetitions ---- */

static uint64_t print_of(struct bytes data)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < data.len; i++)
		hash = (hash ^ data.at[i]) * 0x100000001b3u;
	return hash;
}

/* How often it was sent before. */
static unsigned note_sent(struct impair *im, struct bytes data)
{
	uint64_t print = print_of(data);
	size_t count = im->seen_count < IMPAIR_SEEN ? im->seen_count : IMPAIR_SEEN;

	for (size_t i = 0; i < count; i++) {
		if (im->seen[i].print == print)
			return im->seen[i].times++;
	}
	im->seen[im->seen_count % IMPAIR_SEEN].print = print;
	im->seen[im->seen_count++ % IMPAIR_SEEN].times = 1;
	return 0;
}

static bool is_request(struct bytes data)
{
	struct ike_header h;

	return header_read(data, &h) && !(h.flags & FLAG_RESPONSE);
}

static bool is_suppressed(struct impair *im, struct bytes data)
{
	unsigned before = note_sent(im, data);
	struct armed *a;

	if (!before || !is_request(data))
		return false;
	a = impair_ask(im, "timeout-on-retransmit", NULL);
	if (a)
		im->ahead += a->span;
	return impair_ask(im, "suppress-retransmits", NULL) != NULL || a;
}

/* ---- one datagram ---- */

/* A bit of what is sealed; of an open message, its last. */
static void spoil(struct blob *data)
{
	if (data->len > HEADER_OCTETS)
		data->data[data->len - (data->len > HEADER_OCTETS + 16 ? 9 : 1)] ^= 1;
}

static void replay(struct impair *im, int direction, const struct armed *a, struct datagrams *out)
{
	const struct datagrams *all = &im->record[direction];

	for (size_t i = 0; i < all->count; i++)
		add(out, &all->at[strcmp(a->word, "newest-first") ? i : all->count - 1 - i]);
}

static void keep_record(struct datagrams *all, const struct datagram *d)
{
	if (all->count == IMPAIR_RECORD) {
		blob_discard(&all->at[0].data);
		memmove(&all->at[0], &all->at[1], --all->count * sizeof(all->at[0]));
	}
	add(all, d);
}

static void keep(struct impair *im, msec at, int direction, struct datagram *d, bool kept)
{
	struct later *l = impair_later(im, at);

	l->outbound = direction == OUTBOUND;
	l->kept = kept;
	l->datagram = *d;
	d->data = (struct blob){ NULL, 0 };
	if (!l->outbound) {
		l->event.kind = EVENT_PACKET;
		l->event.packet.local = d->local;
		l->event.packet.remote = d->remote;
		l->event.packet.encapsulated = d->encapsulated;
	}
}

/* reorder-: what waits for others goes behind this one. */
static void let_go(struct impair *im, int direction, struct datagrams *out)
{
	for (struct later **at = &im->later; *at;) {
		struct later *l = *at;

		if (l->kept || l->at != MSEC_NEVER || l->outbound != (direction == OUTBOUND)) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		add(out, &l->datagram);
		impair_later_discard(im, l);
	}
}

static void emit(struct impair *im, int direction, struct datagram *d, struct bytes data,
		 struct datagrams *out)
{
	struct armed *a;
	struct blob spoilt = { NULL, 0 };

	if (taking(im, "corrupt", direction, data)) {
		spoil(&d->data);
	} else if ((a = taking(im, "truncate", direction, data)) != NULL) {
		if ((size_t)a->number[0] < d->data.len)
			d->data.len = (size_t)a->number[0];
	}
	add(out, d);
	if (taking(im, "duplicate", direction, data))
		add(out, d);
	if (taking(im, "duplicate-corrupted", direction, data) && blob_copy(&spoilt, data)) {
		spoil(&spoilt);
		datagrams_add(out, d, bytes_of_blob(&spoilt));
		blob_discard(&spoilt);
	}
	keep_record(&im->record[direction], d);
	a = taking(im, "replay", direction, data);
	if (a)
		replay(im, direction, a, out);
	let_go(im, direction, out);
}

void impair_flow(struct impair *im, msec now, int direction, struct datagram *in, struct datagrams *out)
{
	struct blob as_it_was = { NULL, 0 };
	struct armed *a;
	struct bytes data;

	if (!blob_copy(&as_it_was, bytes_of_blob(&in->data)))
		abort();
	data = bytes_of_blob(&as_it_was);
	if ((direction == OUTBOUND && is_suppressed(im, data)) || taking(im, "drop", direction, data))
		;
	else if (taking(im, "block", direction, data))
		keep(im, MSEC_NEVER, direction, in, true);
	else if ((a = taking(im, "delay", direction, data)) != NULL)
		keep(im, now + a->span, direction, in, false);
	else if (taking(im, "reorder", direction, data))
		keep(im, MSEC_NEVER, direction, in, false);
	else
		emit(im, direction, in, data, out);
	blob_discard(&as_it_was);
	blob_discard(&in->data);
}
