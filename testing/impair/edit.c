/* Changes of one message that is taken apart: header, payloads, notifications, selectors (table.c has what each does). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include "reader.h"

/* Octets of a payload's body that say what it is, and stay: group, ID type, method, count. */
static size_t fixed_of(const struct piece *p)
{
	return p->type == PAYLOAD_NONCE ? 0 : p->type == PAYLOAD_CERT ? 1 : 4;
}

static bool is_chosen(const struct armed *a, const struct piece *p)
{
	for (size_t i = 0; i < a->payload_count; i++) {
		if (a->payload[i] == p->type)
			return true;
	}
	return false;
}

/* Cut, or with zeros behind. */
static bool resize(struct blob *b, size_t len)
{
	struct blob made = { NULL, 0 };

	if (!blob_make(&made, len))
		return false;
	if (b->len && len)
		memcpy(made.data, b->data, b->len < len ? b->len : len);
	blob_move(b, &made);
	return true;
}

static bool add_octets(struct blob *b, struct bytes more)
{
	size_t len = b->len;

	if (!resize(b, len + more.len))
		return false;
	if (more.len)
		memcpy(b->data + len, more.at, more.len);
	return true;
}

/* ---- header ---- */

static bool edit_header(struct armed *a, struct draft *d)
{
	struct ike_header *h = &d->header;
	long v = a->number[0];

	if (!strcmp(a->word, "spi-i"))
		h->spi_i = (uint64_t)v;
	else if (!strcmp(a->word, "spi-r"))
		h->spi_r = (uint64_t)v;
	else if (!strcmp(a->word, "major"))
		h->version = (uint8_t)(v << 4 | (h->version & 15));
	else if (!strcmp(a->word, "minor"))
		h->version = (uint8_t)((h->version & 0xf0) | v);
	else if (!strcmp(a->word, "exchange"))
		h->exchange = (uint8_t)v;
	else if (!strcmp(a->word, "flags"))
		h->flags ^= (uint8_t)v;
	else if (!strcmp(a->word, "message-id"))
		h->message_id = (uint32_t)v;
	else if (!strcmp(a->word, "next-payload"))
		d->next_payload = (int)v;
	else
		d->length = v;
	return true;
}

/* ---- payloads ---- */

static bool edit_add(struct armed *a, struct draft *d)
{
	uint8_t flags = !strcmp(a->word, "critical") ? 0x80 : 0;
	bool outer = !d->sealed || impair_is(a, "add-payload-outside");

	return draft_insert(d, d->count, a->payload[0], flags, outer, bytes_of_blob(&a->hex));
}

static bool edit_pad(struct armed *a, struct draft *d)
{
	while (d->count < (size_t)a->number[0]) {
		if (!draft_insert(d, d->count, 240, 0, !d->sealed, BYTES_NONE))
			return false;
	}
	return true;
}

static bool edit_omit(struct armed *a, struct draft *d)
{
	bool any = false;

	for (size_t i = d->count; i--;) {
		if (!is_chosen(a, &d->piece[i]))
			continue;
		draft_remove(d, i);
		any = true;
	}
	return any;
}

static bool edit_repeat(struct armed *a, struct draft *d)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct piece *p = &d->piece[i];

		if (is_chosen(a, p))
			return draft_insert(d, i + 1, p->type, p->flags, p->outer, bytes_of_blob(&p->body));
	}
	return false;
}

/* From the last to the first. */
static bool edit_reverse(struct armed *a, struct draft *d)
{
	for (size_t i = 0; i < d->count / 2; i++) {
		struct piece p = d->piece[i];

		d->piece[i] = d->piece[d->count - 1 - i];
		d->piece[d->count - 1 - i] = p;
	}
	return d->count > 1;
}

static bool edit_piece(struct armed *a, struct piece *p)
{
	size_t fixed = fixed_of(p);
	long n = a->number[0];

	if (impair_is(a, "empty-payload"))
		return resize(&p->body, p->body.len < fixed ? p->body.len : fixed);
	if (impair_is(a, "resize-payload"))
		return resize(&p->body, (size_t)n);
	if (impair_is(a, "fill-payload")) {
		if (p->body.len > fixed)
			memset(p->body.data + fixed, (int)n, p->body.len - fixed);
	} else if (impair_is(a, "set-octet")) {
		size_t at = n < 0 ? p->body.len - (size_t)-n : (size_t)n;

		if (at >= p->body.len)
			return false;
		p->body.data[at] = (uint8_t)a->number[1];
	} else if (impair_is(a, "payload-flags")) {
		p->flags ^= (uint8_t)n;
	} else if (impair_is(a, "payload-length")) {
		p->length = n;
	} else if (impair_is(a, "rename-payload")) {
		p->type = (uint8_t)n;
	} else {
		return blob_copy(&p->body, bytes_of_blob(&a->hex));
	}
	return true;
}

static bool edit_payloads(struct armed *a, struct draft *d)
{
	bool any = false;

	for (size_t i = 0; i < d->count; i++) {
		if (is_chosen(a, &d->piece[i]))
			any = edit_piece(a, &d->piece[i]) || any;
	}
	return any;
}

/* ---- notifications ---- */

static uint16_t notify_of(const struct armed *a)
{
	for (unsigned t = 1; t < UINT16_MAX; t++) {
		if (notify_is_known((uint16_t)t) && !strcmp(notify_name((uint16_t)t), a->word))
			return (uint16_t)t;
	}
	return (uint16_t)strtol(a->word, NULL, 0);
}

static bool edit_add_notify(struct armed *a, struct draft *d)
{
	uint16_t type = notify_of(a);
	struct blob body = { NULL, 0 };
	const uint8_t head[] = { 0, 0, (uint8_t)(type >> 8), (uint8_t)type };
	/* A cookie stands first (RFC 7296 2.6). */
	bool ok = blob_copy(&body, BYTES_OF_ARRAY(head)) && add_octets(&body, bytes_of_blob(&a->hex)) &&
		  draft_insert(d, type == COOKIE ? 0 : d->count, PAYLOAD_N, 0, !d->sealed,
			       bytes_of_blob(&body));

	blob_discard(&body);
	return ok;
}

/* omit-, ignore-, set-notify and notify-protocol: of each notification of that type. */
static bool edit_notify(struct armed *a, struct draft *d)
{
	uint16_t type = notify_of(a);
	bool any = false;

	for (size_t i = d->count; i--;) {
		struct piece *p = &d->piece[i];
		struct notify n;

		if (p->type != PAYLOAD_N || !notify_read(bytes_of_blob(&p->body), &n) || n.type != type)
			continue;
		any = true;
		if (impair_is(a, "set-notify")) {
			if (!resize(&p->body, 4 + n.spi.len) || !add_octets(&p->body, bytes_of_blob(&a->hex)))
				return false;
		} else if (impair_is(a, "notify-protocol")) {
			p->body.data[0] = (uint8_t)a->number[0];
		} else {
			draft_remove(d, i);
		}
	}
	return any;
}

/* ---- traffic selectors (RFC 7296 3.13): the first is the pattern ---- */

#define TS_HEAD 4

static size_t first_selector(const struct blob *b)
{
	size_t len = b->len < TS_HEAD + 4 ? 0 : (size_t)(b->data[TS_HEAD + 2] << 8 | b->data[TS_HEAD + 3]);

	return len >= 8 && len <= b->len - TS_HEAD ? len : 0;
}

static bool many_selectors(struct blob *b, long count)
{
	size_t len = first_selector(b);
	struct blob one = { NULL, 0 };
	bool ok = len && blob_copy(&one, bytes_of(b->data + TS_HEAD, len)) && resize(b, TS_HEAD);

	for (long i = 0; ok && i < count; i++)
		ok = add_octets(b, bytes_of_blob(&one));
	if (ok)
		b->data[0] = (uint8_t)count;
	blob_discard(&one);
	return ok;
}

/* Ranges over all (supernet), or over their first address alone (subnet). */
static bool change_ranges(struct blob *b, bool wider)
{
	size_t at = TS_HEAD, len;

	for (; at + 8 <= b->len; at += len) {
		size_t octets;

		len = (size_t)(b->data[at + 2] << 8 | b->data[at + 3]);
		if (len < 16 || len > b->len - at)
			return false;
		octets = (len - 8) / 2;
		if (wider) {
			memset(b->data + at + 8, 0, octets);
			memset(b->data + at + 8 + octets, 0xff, octets);
		} else {
			memcpy(b->data + at + 8 + octets, b->data + at + 8, octets);
		}
	}
	return at > TS_HEAD;
}

static bool edit_selectors(struct armed *a, struct draft *d)
{
	bool any = false;

	for (size_t i = 0; i < d->count; i++) {
		struct piece *p = &d->piece[i];

		if (!is_chosen(a, p))
			continue;
		if (impair_is(a, "selector-count"))
			any = many_selectors(&p->body, a->number[0]) || any;
		else
			any = change_ranges(&p->body, !strcmp(a->word, "supernet")) || any;
	}
	return any;
}

/* ---- which does what ---- */

static const struct {
	const char *name;
	bool (*edit)(struct armed *a, struct draft *d);
} edits[] = {
	{ "header", edit_header },
	{ "add-payload", edit_add },
	{ "add-payload-outside", edit_add },
	{ "pad-payloads", edit_pad },
	{ "omit-payload", edit_omit },
	{ "repeat-payload", edit_repeat },
	{ "reverse-payloads", edit_reverse },
	{ "empty-payload", edit_payloads },
	{ "resize-payload", edit_payloads },
	{ "fill-payload", edit_payloads },
	{ "set-octet", edit_payloads },
	{ "set-payload", edit_payloads },
	{ "payload-flags", edit_payloads },
	{ "payload-length", edit_payloads },
	{ "rename-payload", edit_payloads },
	{ "add-notify", edit_add_notify },
	{ "omit-notify", edit_notify },
	{ "ignore-notify", edit_notify },
	{ "set-notify", edit_notify },
	{ "notify-protocol", edit_notify },
	{ "selector-count", edit_selectors },
	{ "selector-range", edit_selectors },
	{ "key-length", impair_edit_proposal },
	{ "add-transform", impair_edit_proposal },
	{ "omit-transform", impair_edit_proposal },
	{ "set-transform", impair_edit_proposal },
	{ "proposal-protocol", impair_edit_proposal },
	{ "proposal-number", impair_edit_proposal },
};

bool impair_is_edit(const struct armed *a)
{
	return a->row->kind == IMPAIR_MESSAGE;
}

bool impair_edit(struct armed *a, struct draft *d)
{
	for (size_t i = 0; i < ARRAY_LENGTH(edits); i++) {
		if (impair_is(a, edits[i].name))
			return edits[i].edit(a, d);
	}
	return false;
}
