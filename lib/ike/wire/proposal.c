/* Reading and writing SA payloads (proposal.h). */
#include "proposal.h"

#include "reader.h"

#define ATTRIBUTE_KEY_LENGTH 14 /* RFC 7296 3.3.5 */
#define ATTRIBUTE_SHORT 0x8000 /* type and value, no length */
#define LAST 0
#define MORE_PROPOSALS 2
#define MORE_TRANSFORMS 3

/*
 * The attributes of one transform. Key length twice, in the long form, zero, or any attribute that we do
 * not know: the transform is not usable, because we cannot tell what it asks for (3.3.6).
 */
/* @rfc 7296-3.3.5-1 7296-3.3.5-3 7296-3.3.6-5 */
static bool read_attributes(struct reader *r, uint16_t *key_bits)
{
	bool usable = true;

	*key_bits = 0;
	while (reader_ok(r) && !reader_done(r)) {
		uint16_t type = reader_u16(r), value = reader_u16(r);

		if (!(type & ATTRIBUTE_SHORT)) {
			reader_skip(r, value);
			usable = false;
		} else if ((type & ~ATTRIBUTE_SHORT) != ATTRIBUTE_KEY_LENGTH || *key_bits || !value) {
			usable = false;
		} else {
			*key_bits = value;
		}
	}
	return usable;
}

/* @rfc 7296-3.3.2-1 */
static void read_transform(struct reader *r, struct transform *t, bool *last)
{
	uint8_t more = reader_u8(r);
	uint16_t length;
	struct reader in;
	bool usable;

	reader_skip(r, 1);
	length = reader_u16(r);
	if ((more != LAST && more != MORE_TRANSFORMS) || length < 8)
		reader_fail(r);
	in = reader_sub(r, length >= 4 ? length - 4u : 0u);
	t->type = reader_u8(&in);
	reader_skip(&in, 1);
	t->id = reader_u16(&in);
	usable = read_attributes(&in, &t->key_bits);
	if (!reader_ok(&in))
		reader_fail(r);
	/* The type stays: "an INTEG that we do not understand" is not "no INTEG" (3.3.6). */
	if (!usable)
		t->id = TRANSFORM_UNUSABLE;
	*last = more == LAST;
}

/* @rfc 7296-3.3.1-1 7296-3.3.1-7 */
static void read_proposal(struct reader *r, struct proposal *p, bool *last)
{
	uint8_t more = reader_u8(r), transforms;
	uint16_t length;
	struct reader in;
	struct bytes spi;
	bool last_transform = true;

	reader_skip(r, 1);
	length = reader_u16(r);
	if ((more != LAST && more != MORE_PROPOSALS) || length < 8)
		reader_fail(r);
	in = reader_sub(r, length >= 4 ? length - 4u : 0u);
	p->number = reader_u8(&in);
	p->protocol = reader_u8(&in);
	p->spi_len = reader_u8(&in);
	transforms = reader_u8(&in);
	spi = reader_take(&in, p->spi_len);
	p->spi = 0;
	for (size_t i = 0; i < spi.len && spi.len <= 8; i++)
		p->spi = p->spi << 8 | spi.at[i];
	p->count = 0;
	if (transforms > LIMIT_TRANSFORMS)
		reader_fail(&in);
	for (unsigned i = 0; i < transforms && reader_ok(&in); i++) {
		read_transform(&in, &p->transform[p->count++], &last_transform);
		if (last_transform != (i + 1u == transforms))
			reader_fail(&in);
	}
	if (!reader_done(&in))
		reader_fail(r);
	*last = more == LAST;
}

bool proposals_read(struct bytes body, struct proposal_list *list)
{
	struct reader r = reader_of(body);
	bool last = false;

	list->count = 0;
	while (!last && reader_ok(&r)) {
		if (list->count == LIMIT_PROPOSALS)
			return false;
		read_proposal(&r, &list->at[list->count++], &last);
	}
	return reader_done(&r);
}

/* @rfc 7296-3.3.2-1 7296-3.3.5-2 7296-3.3.5-3 */
static void write_transform(struct writer *w, const struct transform *t, bool more)
{
	writer_u8(w, more ? MORE_TRANSFORMS : LAST);
	writer_u8(w, 0);
	writer_u16(w, t->key_bits ? 12 : 8);
	writer_u8(w, t->type);
	writer_u8(w, 0);
	writer_u16(w, t->id);
	if (t->key_bits) {
		writer_u16(w, ATTRIBUTE_SHORT | ATTRIBUTE_KEY_LENGTH);
		writer_u16(w, t->key_bits);
	}
}

/* @rfc 7296-2.7-1 7296-3.3.1-1 7296-3.3.1-5 7296-3.3.1-7 */
void proposal_write(struct writer *w, const struct proposal *p, bool more)
{
	size_t begin = writer_mark(w);

	writer_u8(w, more ? MORE_PROPOSALS : LAST);
	writer_u8(w, 0);
	writer_u16(w, 0);
	writer_u8(w, p->number);
	writer_u8(w, p->protocol);
	writer_u8(w, p->spi_len);
	writer_u8(w, (uint8_t)p->count);
	if (p->spi_len == 4)
		writer_u32(w, (uint32_t)p->spi);
	else if (p->spi_len == 8)
		writer_u64(w, p->spi);
	else if (p->spi_len)
		writer_fail(w);
	for (size_t i = 0; i < p->count; i++)
		write_transform(w, &p->transform[i], i + 1 < p->count);
	writer_patch_length(w, begin + 2, begin);
}

bool proposal_add(struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->transform[i].type == type && p->transform[i].id == id &&
		    p->transform[i].key_bits == key_bits)
			return true;
	}
	if (p->count == LIMIT_TRANSFORMS)
		return false;
	p->transform[p->count++] = (struct transform){ type, id, key_bits };
	return true;
}
