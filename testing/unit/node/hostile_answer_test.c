/*
 * Answers that choose what was not offered, more than one thing, or nothing: no key is made of them (RFC 7296 2.7, 3.3.6).
 */
#include "hostile.h"

#include "lib/ike/wire/proposal.h"

static struct proposal_list list; /* large; of the case at hand */

static void read_list(const struct forged *f)
{
	size_t i = forge_find(f, PAYLOAD_SA, 0);

	assert_true(i < f->count);
	assert_true(proposals_read(forge_body(f, i), &list));
}

static void write_list(struct forged *f)
{
	struct writer w = writer_into((uint8_t[4096]){ 0 }, 4096);

	for (size_t i = 0; i < list.count; i++)
		proposal_write(&w, &list.at[i], i + 1 < list.count);
	assert_true(writer_ok(&w));
	forge_replace(f, forge_find(f, PAYLOAD_SA, 0), writer_written(&w));
}

/* Takes all transforms of a type out of all proposals. */
static void drop_type(uint8_t type)
{
	for (size_t i = 0; i < list.count; i++) {
		struct proposal *p = &list.at[i];
		size_t kept = 0;

		for (size_t k = 0; k < p->count; k++) {
			if (p->transform[k].type != type)
				p->transform[kept++] = p->transform[k];
		}
		p->count = kept;
	}
}

/* One transform of the type, in all proposals. */
static void only(uint8_t type, uint16_t id, uint16_t key_bits)
{
	drop_type(type);
	for (size_t i = 0; i < list.count; i++)
		assert_true(proposal_add(&list.at[i], type, id, key_bits));
}

/* Whether a transform is of our tables. */
static bool is_ours(uint8_t type, uint16_t id)
{
	switch (type) {
	case TRANSFORM_ENCR:
		return id == ENCR_AES_CBC || id == ENCR_AES_GCM_16 || id == ENCR_CHACHA20_POLY1305;
	case TRANSFORM_PRF:
		return prf_find(id) != NULL;
	case TRANSFORM_INTEG:
		return integ_find(id) != NULL;
	case TRANSFORM_KE:
		return !id || group_find(id) != NULL;
	default:
		return id <= ESN_YES;
	}
}

static void answer_with(struct hostile *h, struct forged *f)
{
	if (forge_find(f, PAYLOAD_SA, 0) == f->count)
		return;
	read_list(f);
	only((uint8_t)h->index, (uint16_t)h->value, h->index == TRANSFORM_ENCR ? 256 : 0);
	write_list(f);
}

static void answer_without(struct hostile *h, struct forged *f)
{
	if (forge_find(f, PAYLOAD_SA, 0) == f->count)
		return;
	read_list(f);
	drop_type((uint8_t)h->index);
	write_list(f);
}

static void answer_with_two(struct hostile *h, struct forged *f)
{
	if (forge_find(f, PAYLOAD_SA, 0) == f->count)
		return;
	read_list(f);
	list.at[list.count] = list.at[0];
	list.at[list.count++].number = 2;
	write_list(f);
}

/* The responder chooses what was not offered: no key is made of it. */
static void answers_that_were_not_offered(void **state)
{
	static const size_t answered[] = { 1, 3, 5, 9, 11 };
	struct hostile *h = hostile_new();

	for (size_t k = 0; k < ARRAY_LENGTH(answered); k++) {
		const struct place *p = &places[answered[k]];
		bool ike = p->exchange == IKE_SA_INIT || p->story == STORY_REKEY_IKE;

		for (size_t i = 0; i < 5 * 48; i++) {
			h->index = 1 + i / 48;
			h->value = i % 48;
			h->deed = h->value == 46   ? "answered with two proposals"
				  : h->value == 47 ? "answered without a type"
						   : "answered with another transform";
			h->change = h->value == 46   ? answer_with_two
				    : h->value == 47 ? answer_without
						     : answer_with;
			/* What may stand there, or may be missing. */
			if (h->value < 46 && is_ours((uint8_t)h->index, (uint16_t)h->value))
				continue;
			if (h->value == 47 && (h->index == TRANSFORM_INTEG ||
					       h->index == (ike ? TRANSFORM_ESN : TRANSFORM_PRF) ||
					       (!ike && h->index == TRANSFORM_KE)))
				continue;
			hostile_prepare(h, p);
			hostile_play(h, p);
			hostile_assert(h, h->made == 0);
			if (p->exchange == IKE_SA_INIT)
				hostile_assert(h, h->w.nodes[0].up_status != 0);
			hostile_after(h);
		}
	}
	hostile_discard(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_that_were_not_offered),
	};

	return cmocka_run_group_tests_name("node/hostile_answer", tests, NULL, NULL);
}
