/*
 * Proposals and key exchange values that no honest peer sends: types left out, of NONE, of every number; key lengths;
 * groups; answers that choose what was not offered. Refused with the right error, and nothing is made of them.
 */
#include "hostile.h"

#include "lib/ike/exchanges/choose.h"

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

static void without_type(struct hostile *h, struct forged *f)
{
	read_list(f);
	drop_type((uint8_t)h->value);
	write_list(f);
}

static void with_type_of_none(struct hostile *h, struct forged *f)
{
	read_list(f);
	only((uint8_t)h->value, 0, 0);
	write_list(f);
}

static void with_type_unknown(struct hostile *h, struct forged *f)
{
	read_list(f);
	only((uint8_t)h->value, 1023, 0);
	write_list(f);
}

static void with_type_of_no_transform(struct hostile *h, struct forged *f)
{
	read_list(f);
	for (size_t i = 0; i < list.count; i++)
		assert_true(proposal_add(&list.at[i], (uint8_t)(h->value + 6), 1, 0));
	write_list(f);
}

/* Every place where a proposal is asked for, each type left out, of NONE, unknown: NO_PROPOSAL_CHOSEN, nothing else. */
static void types_left_out_of_none_and_unknown(void **state)
{
	static void (*const changes[])(struct hostile *, struct forged *) = { without_type, with_type_of_none,
									      with_type_unknown,
									      with_type_of_no_transform };
	static const size_t asked[] = { 0, 2, 4, 6, 8, 10, 12 };
	struct hostile *h = hostile_new();

	for (size_t i = 0; i < ARRAY_LENGTH(asked) * 4 * 5; i++) {
		const struct place *p = &places[asked[i / 20]];
		bool ike = p->exchange == IKE_SA_INIT || p->story == STORY_REKEY_IKE;

		h->index = i / 5 % 4;
		h->value = 1 + i % 5;
		h->deed = "a transform type left out, of NONE, unknown";
		h->change = changes[h->index];
		/* An AEAD needs no INTEG, ESP no PRF, its own groups are a wish, ESN may be NO. */
		if ((h->value == TRANSFORM_INTEG || (!ike && h->value == TRANSFORM_KE)) && h->index < 2)
			continue;
		if (h->index < 3 && (ike ? h->value == TRANSFORM_ESN : h->value == TRANSFORM_PRF))
			continue;
		if (h->value == TRANSFORM_ESN && h->index == 1)
			continue;
		hostile_prepare(h, p);
		hostile_play(h, p);
		hostile_assert(h, h->error == NO_PROPOSAL_CHOSEN && h->made == 0);
		hostile_assert(h, p->exchange != IKE_SA_INIT || hostile_count(h, 1).ike_sas == 0);
		hostile_after(h);
	}
	hostile_discard(h);
}

/* ---- groups ---- */

static void put_ke_group(struct forged *f, uint16_t group)
{
	uint8_t *ke = forge_octets(f, forge_find(f, PAYLOAD_KE, 0));

	ke[0] = (uint8_t)(group >> 8);
	ke[1] = (uint8_t)group;
}

static uint16_t of_stranger(struct hostile *h, const struct forged *f, size_t number)
{
	struct bytes made = forge_close(&h->w, f, h->raw, sizeof(h->raw));

	assert_true(made.len > 0);
	h->raw[0] = (uint8_t)(number >> 16);
	h->raw[1] = (uint8_t)(number >> 8);
	h->raw[2] = (uint8_t)number;
	hostile_forget(h);
	hostile_inject(h, 1, made);
	if (h->sent[1].messages == 0)
		hostile_run(h, 40);
	hostile_assert(h, h->sent[1].messages <= 1);
	/* Time for the next unprotected error, and for what was begun to end. */
	h->w.now += 200;
	return h->sent[1].messages ? h->sent[1].error : NO_ANSWER;
}

/* Whether the connection has the group: then it is the value's length that is wrong. */
static bool offered(const struct forged *first, uint16_t group)
{
	read_list(first);
	for (size_t i = 0; i < list.count; i++) {
		for (size_t k = 0; k < list.at[i].count; k++) {
			if (list.at[i].transform[k].type == TRANSFORM_KE &&
			    list.at[i].transform[k].id == group)
				return true;
		}
	}
	return false;
}

/* In the KE payload, and there and in the proposals: all 65,536 numbers, with a value of the length of group 31. */
static void every_group_of_a_stranger(void **state)
{
	struct hostile *h = hostile_new();
	struct forged *f = calloc(2, sizeof(*f));
	uint8_t raw[2048];
	uint16_t own;

	assert_non_null(f);
	assert_true(forge_open(&h->w, hostile_first(h, raw), &f[0]));
	own = (uint16_t)(forge_octets(&f[0], forge_find(&f[0], PAYLOAD_KE, 0))[1]);
	h->cut = true;
	for (size_t i = 0; i < 2 * 65536; i++) {
		uint16_t group = (uint16_t)(i / 2), error;

		memcpy(&f[1], &f[0], sizeof(f[1]));
		put_ke_group(&f[1], group);
		if (i % 2) {
			read_list(&f[1]);
			only(TRANSFORM_KE, group, 0);
			write_list(&f[1]);
		}
		h->index = i % 2;
		h->value = group;
		error = of_stranger(h, &f[1], i + 1);
		if (group == own)
			hostile_assert(h, error == NO_ERROR);
		else if (i % 2 == 0)
			hostile_assert(h, error == INVALID_KE_PAYLOAD || (error == INVALID_SYNTAX &&
									  (!group || offered(&f[0], group))));
		else
			hostile_assert(h, error == (offered(&f[0], group) ? INVALID_SYNTAX
						    : group               ? NO_PROPOSAL_CHOSEN
									  : INVALID_SYNTAX));
		hostile_assert(h, hostile_count(h, 1).ike_sas <= 2);
	}
	free(f);
	hostile_after(h);
	hostile_discard(h);
}

/* What a rekey of the IKE SA bears, kept for the tests that ask for one. */
static void keep(struct hostile *h, struct forged *f)
{
	memcpy((void *)(uintptr_t)h->what, f, sizeof(*f));
}

static void look_at(struct hostile *h, size_t place, struct forged *into)
{
	hostile_prepare(h, &places[place]);
	h->change = keep;
	h->what = into;
	hostile_play(h, &places[place]);
	h->change = NULL;
	hostile_after(h);
}

static void take_payloads(struct forged *f, const struct forged *from)
{
	struct ike_header head = f->header;

	memcpy(f, from, sizeof(*f));
	f->header = head;
}

/* By one who is authenticated: for a Child SA and for the IKE SA, in the payload and in both places. */
static void every_group_of_a_peer(void **state)
{
	static const size_t asked[] = { 4, 10 };
	struct hostile *h = hostile_new();
	struct forged *good = calloc(1, sizeof(*good)), *f;

	assert_non_null(good);
	for (size_t k = 0; k < ARRAY_LENGTH(asked); k++) {
		look_at(h, asked[k], good);
		hostile_session(h);
		for (size_t i = 0; i < 2 * 65536; i += i < 256 || i / 2 == 1025 ? 1 : 37) {
			uint16_t group = (uint16_t)(i / 2), error;

			if (group == KE_CURVE25519 || (group == KE_NONE && !k))
				continue;
			f = hostile_ask_begin(h, 0, CREATE_CHILD_SA);
			take_payloads(f, good);
			if (forge_find(f, PAYLOAD_KE, 0) == f->count)
				forge_add(f, PAYLOAD_KE, bytes_of((uint8_t[36]){ 0 }, 36));
			put_ke_group(f, group);
			if (i % 2) {
				read_list(f);
				only(TRANSFORM_KE, group, 0);
				write_list(f);
			}
			h->value = group;
			h->index = i % 2;
			error = hostile_ask(h, 0);
			hostile_assert(h, error == NO_PROPOSAL_CHOSEN || error == INVALID_KE_PAYLOAD ||
						  (error == INVALID_SYNTAX && (group_find(group) || !group)));
			if (error == INVALID_SYNTAX) {
				hostile_after(h);
				hostile_session(h);
			}
			hostile_assert(h,
				       hostile_count(h, 1).children == 1 && hostile_count(h, 1).ike_sas == 1);
		}
		hostile_after(h);
	}
	free(good);
	hostile_discard(h);
}

/* ---- key lengths ---- */

/* All of them for each cipher, for IKE and ESP: none but those of the table is taken, none where there is none. */
static void every_key_length(void **state)
{
	for (size_t row = 0; row < encr_count; row++) {
		const struct encr_row *e = &encr_table[row];
		struct suite s = { e->id,
				   e->key_bits,
				   PRF_HMAC_SHA2_256,
				   e->aead ? INTEG_NONE : INTEG_HMAC_SHA2_256_128,
				   KE_CURVE25519,
				   false };
		struct choice choice;

		for (uint32_t bits = 0; bits < 2 * 65536; bits++) {
			struct proposal *p = &list.at[0];
			bool ike = bits % 2;

			memset(&list.at[0], 0, sizeof(list.at[0]));
			list.count = 1;
			p->protocol = ike ? PROTOCOL_IKE : PROTOCOL_ESP;
			p->spi_len = ike ? 0 : 4;
			p->spi = ike ? 0 : 4711;
			(void)!(proposal_add(p, TRANSFORM_ENCR, s.encr, (uint16_t)(bits / 2)) &&
				(e->aead || proposal_add(p, TRANSFORM_INTEG, s.integ, 0)) &&
				proposal_add(p, TRANSFORM_KE, s.ke, 0) &&
				proposal_add(p, ike ? TRANSFORM_PRF : TRANSFORM_ESN, ike ? s.prf : ESN_NO,
					     0));
			assert_int_equal(choose_suite(&list, p->protocol, &s, 1, 0, &choice),
					 bits / 2 == e->key_bits);
		}
	}
}

/* The same by messages, for the lengths about which one could be wrong. */
static void key_lengths_of_a_stranger(void **state)
{
	static const uint16_t ids[] = {
		ENCR_AES_CBC, ENCR_AES_GCM_16, ENCR_CHACHA20_POLY1305, 3, 11, 23, 1023
	};
	struct hostile *h = hostile_new();
	struct forged *f = calloc(2, sizeof(*f));
	uint8_t raw[2048];

	assert_non_null(f);
	assert_true(forge_open(&h->w, hostile_first(h, raw), &f[0]));
	h->cut = true;
	for (size_t i = 0; i < ARRAY_LENGTH(ids) * 65536; i += i % 65536 < 520 || i % 256 < 2 ? 1 : 63) {
		uint16_t bits = (uint16_t)(i % 65536), id = ids[i / 65536], error;

		memcpy(&f[1], &f[0], sizeof(f[1]));
		read_list(&f[1]);
		only(TRANSFORM_ENCR, id, bits);
		write_list(&f[1]);
		h->index = id;
		h->value = bits;
		error = of_stranger(h, &f[1], i + 1);
		hostile_assert(h, error == NO_PROPOSAL_CHOSEN || (error == NO_ERROR && encr_find(id, bits)));
	}
	free(f);
	hostile_after(h);
	hostile_discard(h);
}

/* ---- ESP ---- */

/*
 * Every cipher and INTEG that a peer can name, those without keys (NULL, GMAC) among them: what is taken has keys of
 * the right length on both sides, and a replay window.
 */
static void every_esp_transform_of_a_peer(void **state)
{
	static const uint16_t bits[] = { 0, 128, 192, 256 };
	struct hostile *h = hostile_new();
	struct forged *good = calloc(1, sizeof(*good)), *f;
	size_t taken = 0;

	assert_non_null(good);
	look_at(h, 4, good);
	hostile_session(h);
	for (size_t i = 0; i < 40 * 4 * 18; i++) {
		uint16_t id = (uint16_t)(i % 40), key_bits = bits[i / 40 % 4], integ = (uint16_t)(i / 160),
			 error;
		const struct encr_row *row = encr_find(id, key_bits);

		f = hostile_ask_begin(h, 0, CREATE_CHILD_SA);
		take_payloads(f, good);
		read_list(f);
		drop_type(TRANSFORM_KE);
		only(TRANSFORM_ENCR, id, key_bits);
		drop_type(TRANSFORM_INTEG);
		if (integ)
			only(TRANSFORM_INTEG, integ, 0);
		write_list(f);
		if (forge_find(f, PAYLOAD_KE, 0) < f->count)
			forge_remove(f, forge_find(f, PAYLOAD_KE, 0));
		h->index = id;
		h->value = key_bits;
		error = hostile_ask(h, 0);
		hostile_assert(h, error == NO_PROPOSAL_CHOSEN || error == NO_ERROR);
		if (error != NO_ERROR)
			continue;
		taken++;
		hostile_assert(h, row && (row->aead ? !integ : integ && integ_find(integ)));
		for (const struct sim_sa *sa = h->w.nodes[1].sas; sa; sa = sa->next) {
			row = encr_find(sa->sa.encr, sa->sa.encr_bits);
			hostile_assert(h, row && sa->sa.encr_key_len == row->key_octets + row->salt_octets &&
						  sa->sa.encr_key_len >= 16);
			hostile_assert(h, sa->sa.integ_key_len ==
						  (row->aead ? 0 : integ_find(sa->sa.integ)->key_octets));
			hostile_assert(h, !sa->sa.inbound || sa->sa.replay_window >= 64);
		}
		hostile_after(h);
		hostile_session(h);
	}
	assert_true(taken >= 2);
	free(good);
	hostile_after(h);
	hostile_discard(h);
}

/* SPIs that nobody may have, and of sizes that are none. */
static void spis_of_a_peer(void **state)
{
	static const size_t asked[] = { 4, 10 };
	struct hostile *h = hostile_new();
	struct forged *good = calloc(1, sizeof(*good)), *f;

	assert_non_null(good);
	for (size_t k = 0; k < ARRAY_LENGTH(asked); k++) {
		look_at(h, asked[k], good);
		hostile_session(h);
		for (size_t i = 0; i < 3 * 257; i++) {
			/* What is right: 4 octets and above 255 for ESP, 8 and not zero for IKE. */
			if (i / 257 == 1 + k && (k ? i % 257 != 0 : i % 257 == 256))
				continue;
			f = hostile_ask_begin(h, 0, CREATE_CHILD_SA);
			take_payloads(f, good);
			read_list(f);
			for (size_t p = 0; p < list.count; p++) {
				list.at[p].spi_len = (uint8_t[]){ 0, 4, 8 }[i / 257];
				list.at[p].spi = i % 257 < 256 ? i % 257 : UINT32_MAX;
			}
			write_list(f);
			h->index = i / 257;
			h->value = i % 257;
			hostile_assert(h, hostile_ask(h, 0) == NO_PROPOSAL_CHOSEN);
			hostile_assert(h,
				       hostile_count(h, 1).children == 1 && hostile_count(h, 1).ike_sas == 1);
		}
		hostile_after(h);
	}
	free(good);
	hostile_discard(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_left_out_of_none_and_unknown),
		cmocka_unit_test(every_group_of_a_stranger),
		cmocka_unit_test(every_group_of_a_peer),
		cmocka_unit_test(every_key_length),
		cmocka_unit_test(key_lengths_of_a_stranger),
		cmocka_unit_test(every_esp_transform_of_a_peer),
		cmocka_unit_test(spis_of_a_peer),
	};

	return cmocka_run_group_tests_name("node/hostile_proposal", tests, NULL, NULL);
}
