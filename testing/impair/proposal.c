/*
 * Changes of an SA payload (RFC 7296 3.3): each transform is kept as its octets, so that what the codec would not
 * write (a key length that stands twice or is empty) can be written.
 */
#include <string.h>

#include "inside.h"
#include "reader.h"

#define TRANSFORMS 64
#define TRANSFORM_ROOM 32

struct raw_transform {
	uint8_t type;
	uint16_t id;
	uint8_t attributes[TRANSFORM_ROOM];
	size_t len;
};

struct raw_proposal {
	uint8_t number, protocol;
	struct bytes spi;
	struct raw_transform transform[TRANSFORMS];
	size_t count;
};

static bool read_transform(struct reader *r, struct raw_proposal *p)
{
	struct raw_transform *t = &p->transform[p->count];
	uint16_t length;
	struct reader in;

	reader_skip(r, 2);
	length = reader_u16(r);
	in = reader_sub(r, length < 8 ? 0 : length - 4u);
	t->type = reader_u8(&in);
	reader_skip(&in, 1);
	t->id = reader_u16(&in);
	t->len = in.left;
	if (p->count == TRANSFORMS - 1 || t->len > TRANSFORM_ROOM - 8 || !reader_ok(&in))
		return false;
	reader_copy(&in, t->attributes, t->len);
	p->count++;
	return true;
}

static bool read_proposal(struct reader *r, struct raw_proposal *p)
{
	uint16_t length;
	struct reader in;
	size_t spi_len;

	memset(p, 0, sizeof(*p));
	reader_skip(r, 2);
	length = reader_u16(r);
	in = reader_sub(r, length < 8 ? 0 : length - 4u);
	p->number = reader_u8(&in);
	p->protocol = reader_u8(&in);
	spi_len = reader_u8(&in);
	reader_skip(&in, 1);
	p->spi = reader_take(&in, spi_len);
	while (reader_ok(&in) && in.left) {
		if (!read_transform(&in, p))
			return false;
	}
	return reader_ok(&in) && length >= 8;
}

static void write_proposal(struct writer *w, const struct raw_proposal *p, bool more)
{
	size_t begin = writer_mark(w);

	writer_u8(w, more ? 2 : 0);
	writer_u8(w, 0);
	writer_u16(w, 0);
	writer_u8(w, p->number);
	writer_u8(w, p->protocol);
	writer_u8(w, (uint8_t)p->spi.len);
	writer_u8(w, (uint8_t)p->count);
	writer_bytes(w, p->spi);
	for (size_t i = 0; i < p->count; i++) {
		const struct raw_transform *t = &p->transform[i];

		writer_u8(w, i + 1 < p->count ? 3 : 0);
		writer_u8(w, 0);
		writer_u16(w, (uint16_t)(8 + t->len));
		writer_u8(w, t->type);
		writer_u8(w, 0);
		writer_u16(w, t->id);
		writer_bytes(w, bytes_of(t->attributes, t->len));
	}
	writer_patch_length(w, begin + 2, begin);
}

/* ---- changes ---- */

static void put_attribute(struct raw_transform *t, uint16_t type, uint16_t value)
{
	const uint8_t octets[] = { (uint8_t)(type >> 8), (uint8_t)type, (uint8_t)(value >> 8),
				   (uint8_t)value };

	if (t->len + sizeof(octets) > TRANSFORM_ROOM)
		return;
	memcpy(t->attributes + t->len, octets, sizeof(octets));
	t->len += sizeof(octets);
}

/* Of encryption transforms: omit, empty (the long form, without octets), twice, or another number of bits. */
static bool key_length(const struct armed *a, struct raw_transform *t)
{
	if (t->type != TRANSFORM_ENCR || t->len < 4)
		return false;
	if (!strcmp(a->word, "omit")) {
		t->len = 0;
	} else if (!strcmp(a->word, "empty")) {
		t->len = 0;
		put_attribute(t, 14, 0);
	} else if (!strcmp(a->word, "twice")) {
		put_attribute(t, 0x8000 | 14, (uint16_t)(t->attributes[2] << 8 | t->attributes[3]));
	} else {
		t->len = 0;
		put_attribute(t, 0x8000 | 14, (uint16_t)a->number[0]);
	}
	return true;
}

static bool change_transforms(const struct armed *a, struct raw_proposal *p)
{
	bool any = false;

	if (impair_is(a, "add-transform")) {
		p->transform[p->count++] = (struct raw_transform){
			.type = (uint8_t)a->number[0],
			.id = (uint16_t)a->number[1],
		};
		return true;
	}
	for (size_t i = p->count; i--;) {
		struct raw_transform *t = &p->transform[i];

		if (impair_is(a, "key-length")) {
			any = key_length(a, t) || any;
		} else if (t->type == a->number[0]) {
			any = true;
			t->id = (uint16_t)a->number[1];
			if (impair_is(a, "omit-transform"))
				memmove(t, t + 1, (--p->count - i) * sizeof(*t));
		}
	}
	return any;
}

static bool change_proposal(const struct armed *a, struct raw_proposal *p)
{
	if (impair_is(a, "proposal-protocol"))
		p->protocol = (uint8_t)a->number[0];
	else if (impair_is(a, "proposal-number"))
		p->number = (uint8_t)a->number[0];
	else
		return change_transforms(a, p);
	return true;
}

static bool change_sa(const struct armed *a, struct piece *piece)
{
	static const size_t room = 16384;
	struct blob made = { NULL, 0 };
	struct reader r = reader_of(bytes_of_blob(&piece->body));
	struct writer w;
	bool any = false, ok = blob_make(&made, room);

	w = writer_into(made.data, made.len);
	while (ok && r.left) {
		struct raw_proposal p;

		ok = read_proposal(&r, &p);
		if (ok) {
			any = change_proposal(a, &p) || any;
			write_proposal(&w, &p, r.left > 0);
		}
	}
	ok = ok && any && writer_ok(&w) && blob_copy(&piece->body, writer_written(&w));
	blob_discard(&made);
	return ok;
}

bool impair_edit_proposal(struct armed *a, struct draft *d)
{
	for (size_t i = 0; i < d->count; i++) {
		if (d->piece[i].type == PAYLOAD_SA)
			return change_sa(a, &d->piece[i]);
	}
	return false;
}
