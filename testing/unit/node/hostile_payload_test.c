/*
 * Each payload of each message left out, repeated, emptied, cut, renumbered, made critical, with a length that lies; in
 * IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA for all its purposes, INFORMATIONAL; at both ends. It is the product that is
 * tested, not the cases that were reported somewhere (docs/security.md).
 */
#include "hostile.h"

struct deed {
	const char *name;
	bool breaks; /* whatever payload it is done to, the message is malformed: INVALID_SYNTAX (2.21.2) */
	void (*change)(struct hostile *h, struct forged *f);
};

static void leave_as_is(struct hostile *h, struct forged *f)
{
}

static void leave_out(struct hostile *h, struct forged *f)
{
	forge_remove(f, h->index);
}

static void repeat(struct hostile *h, struct forged *f)
{
	forge_insert(f, h->index, f->payload[h->index].type, forge_body(f, h->index));
}

static void make_empty(struct hostile *h, struct forged *f)
{
	f->payload[h->index].len = 0;
}

static void make_one_octet(struct hostile *h, struct forged *f)
{
	f->payload[h->index].len = 1;
}

static void cut_last_octet(struct hostile *h, struct forged *f)
{
	f->payload[h->index].len -= f->payload[h->index].len > 0;
}

static void cut_in_half(struct hostile *h, struct forged *f)
{
	f->payload[h->index].len /= 2;
}

static void add_octet(struct hostile *h, struct forged *f)
{
	struct bytes body = forge_body(f, h->index);
	uint8_t room[4096] = { 0 };

	memcpy(room, body.at, body.len);
	forge_replace(f, h->index, bytes_of(room, body.len + 1));
}

static void fill_with_zeros(struct hostile *h, struct forged *f)
{
	forge_fill(f, h->index, 0, f->payload[h->index].len);
}

static void fill_with_ones(struct hostile *h, struct forged *f)
{
	forge_fill(f, h->index, 0xff, f->payload[h->index].len);
}

static void make_huge(struct hostile *h, struct forged *f)
{
	forge_fill(f, h->index, 0x41, 12000);
}

static void make_critical(struct hostile *h, struct forged *f)
{
	f->payload[h->index].critical = true;
}

static void lie(struct forged *f, size_t i, uint16_t length)
{
	f->payload[i].lies = true;
	f->payload[i].length = length;
}

static void lie_none(struct hostile *h, struct forged *f)
{
	lie(f, h->index, 0);
}

static void lie_three(struct hostile *h, struct forged *f)
{
	lie(f, h->index, 3);
}

static void lie_most(struct hostile *h, struct forged *f)
{
	lie(f, h->index, UINT16_MAX);
}

static void lie_beyond_the_end(struct hostile *h, struct forged *f)
{
	size_t left = 1;

	for (size_t i = h->index; i < f->count; i++)
		left += PAYLOAD_HEADER + f->payload[i].len;
	lie(f, h->index, (uint16_t)left);
}

static void move_to_the_end(struct hostile *h, struct forged *f)
{
	struct forged_payload p = f->payload[h->index];

	forge_remove(f, h->index);
	f->payload[f->count++] = p;
}

static const struct deed deeds[] = {
	{ "left out", false, leave_out },
	{ "repeated", false, repeat },
	{ "emptied", false, make_empty },
	{ "cut to one octet", false, make_one_octet },
	{ "without its last octet", false, cut_last_octet },
	{ "cut in half", false, cut_in_half },
	{ "one octet longer", false, add_octet },
	{ "of zeros", false, fill_with_zeros },
	{ "of ones", false, fill_with_ones },
	{ "of 12000 octets", false, make_huge },
	{ "critical", false, make_critical },
	{ "of length 0", true, lie_none },
	{ "of length 3", true, lie_three },
	{ "of length 65535", true, lie_most },
	{ "longer than what is left", true, lie_beyond_the_end },
	{ "at the end", false, move_to_the_end },
};

/* What a message must bear (RFC 7296 1.2, 1.3): written down here once more, as the tests see it. */
static bool must_have(const struct place *p, uint8_t type)
{
	bool keys = type == PAYLOAD_SA || type == PAYLOAD_NONCE;

	switch (p->exchange) {
	case IKE_SA_INIT:
		return keys || type == PAYLOAD_KE;
	case IKE_AUTH:
		return type == PAYLOAD_SA || type == PAYLOAD_TSI || type == PAYLOAD_TSR ||
		       type == PAYLOAD_AUTH || type == (p->response ? PAYLOAD_IDR : PAYLOAD_IDI);
	case CREATE_CHILD_SA:
		return keys || (p->story == STORY_REKEY_IKE ? type == PAYLOAD_KE
							    : type == PAYLOAD_TSI || type == PAYLOAD_TSR);
	default:
		return false;
	}
}

static bool is_bare(uint8_t type)
{
	return type == PAYLOAD_SA || type == PAYLOAD_V || type == PAYLOAD_N;
}

/* Whether nothing may be made of the message. */
static bool must_fail(const struct place *p, const struct deed *d, uint8_t type)
{
	if (d->breaks)
		return true;
	if (d->change == leave_out || d->change == repeat)
		return must_have(p, type) || (d->change == repeat && type != PAYLOAD_N && type != PAYLOAD_D);
	if (d->change == make_empty || d->change == make_one_octet)
		return must_have(p, type) || type == PAYLOAD_KE ||
		       (!is_bare(type) && d->change == make_empty);
	if (d->change == cut_last_octet || d->change == cut_in_half || d->change == add_octet)
		return type == PAYLOAD_SA || type == PAYLOAD_TSI || type == PAYLOAD_TSR ||
		       type == PAYLOAD_KE || (type == PAYLOAD_AUTH);
	return false;
}

/* Whether its answer can only be INVALID_SYNTAX. */
static bool is_syntax(const struct place *p, const struct deed *d, uint8_t type)
{
	if (d->change == leave_out)
		return must_have(p, type) && type != PAYLOAD_AUTH && type != PAYLOAD_KE;
	if (d->change == repeat)
		return must_fail(p, d, type);
	return d->breaks || (d->change == make_empty && must_have(p, type) && !is_bare(type));
}

static void demand(struct hostile *h, const struct deed *d, uint8_t type)
{
	const struct place *p = h->place;

	if (must_fail(p, d, type)) {
		hostile_assert(h, h->made == 0);
		if (p->story == STORY_REKEY_IKE)
			hostile_assert(h, !p->response || hostile_count(h, 0).established <= 1);
		if (!p->response)
			hostile_assert(h, h->error != NO_ERROR);
	}
	if (p->response)
		return;
	if (is_syntax(p, d, type) && p->exchange != IKE_SA_INIT)
		hostile_assert(h, h->error == INVALID_SYNTAX);
	if (is_syntax(p, d, type) && p->exchange == IKE_SA_INIT)
		hostile_assert(h, h->error == INVALID_SYNTAX || h->error == NO_ANSWER);
	if (p->exchange == IKE_SA_INIT && h->error != NO_ERROR)
		hostile_assert(h, hostile_count(h, 1).half_open == 0);
	/* Whatever it was, one answer each, and no longer than what asked for it, when it is an error. */
	hostile_assert(h, h->answers <= h->taken);
	if (h->error != NO_ERROR && h->error != NO_ANSWER)
		hostile_assert(h, h->answered_octets <= h->taken_octets || h->taken_octets < 120);
}

static void try(struct hostile *h, const struct place *p, const struct deed *d, size_t index, uint8_t type)
{
	hostile_prepare(h, p);
	h->index = index;
	h->deed = d->name;
	h->change = d->change;
	hostile_play(h, p);
	demand(h, d, type);
	hostile_after(h);
}

/* What the message looks like when nobody meddles: its payload types. */
static size_t look(struct hostile *h, const struct place *p, uint8_t types[FORGED_PAYLOADS])
{
	size_t count;

	hostile_prepare(h, p);
	h->change = leave_as_is;
	h->deed = "as it is";
	hostile_play(h, p);
	hostile_assert(h, h->taken == 1 && (p->response || (h->answers == 1 && h->error == NO_ERROR)));
	count = h->forged.count;
	for (size_t i = 0; i < count; i++)
		types[i] = h->forged.payload[i].type;
	hostile_after(h);
	return count;
}

static void every_deed_to_every_payload(void **state)
{
	struct hostile *h = hostile_new();
	uint8_t types[FORGED_PAYLOADS];
	size_t cases = 0;

	for (size_t k = 0; k < ARRAY_LENGTH(places); k++) {
		size_t count = look(h, &places[k], types);

		for (size_t i = 0; i < count; i++) {
			for (size_t d = 0; d < ARRAY_LENGTH(deeds); d++, cases++)
				try(h, &places[k], &deeds[d], i, types[i]);
		}
	}
	print_message("%zu cases\n", cases);
	hostile_discard(h);
}

/* ---- other types in a payload's place, and beside it ---- */

static void renumber(struct hostile *h, struct forged *f)
{
	f->payload[h->index].type = (uint8_t)h->value;
}

static void renumber_critical(struct hostile *h, struct forged *f)
{
	renumber(h, f);
	f->payload[h->index].critical = true;
}

static bool is_known(uint8_t type)
{
	return (type >= PAYLOAD_FIRST && type <= PAYLOAD_LAST) || type == PAYLOAD_SKF;
}

static void demand_of_renumbered(struct hostile *h, uint8_t was, uint8_t is)
{
	const struct place *p = h->place;
	bool critical = h->change == renumber_critical && !is_known(is) && is != PAYLOAD_NONE;

	if (critical || (must_have(p, was) && was != PAYLOAD_AUTH && was != PAYLOAD_KE))
		hostile_assert(h, h->made == 0);
	if (p->response)
		return;
	hostile_assert(h, h->answers <= h->taken);
	if (critical)
		hostile_assert(h, h->error == UNSUPPORTED_CRITICAL_PAYLOAD);
	else if (must_have(p, was) && p->exchange == IKE_SA_INIT)
		hostile_assert(h, h->error == INVALID_SYNTAX || h->error == NO_ANSWER);
	else if (must_have(p, was) && was != PAYLOAD_AUTH && was != PAYLOAD_KE)
		hostile_assert(h, h->error == INVALID_SYNTAX);
	else if (was == PAYLOAD_AUTH)
		hostile_assert(h, h->error != NO_ERROR);
}

static void every_payload_renumbered(void **state)
{
	static const uint8_t types[] = { 0,  1,  13, 32, 33, 34, 35, 36, 37, 38, 39,  40,
					 41, 42, 43, 44, 45, 46, 47, 48, 49, 53, 128, 255 };
	struct hostile *h = hostile_new();
	uint8_t was[FORGED_PAYLOADS];

	for (size_t k = 0; k < ARRAY_LENGTH(places); k++) {
		size_t count = look(h, &places[k], was);

		for (size_t i = 0; i < count * ARRAY_LENGTH(types) * 2; i++) {
			uint8_t is = types[i / 2 % ARRAY_LENGTH(types)];

			h->index = i / 2 / ARRAY_LENGTH(types);
			h->value = is;
			h->deed = "renumbered";
			h->change = i % 2 ? renumber_critical : renumber;
			if (is == was[h->index] || (i % 2 && is_known(is)))
				continue;
			hostile_prepare(h, &places[k]);
			hostile_play(h, &places[k]);
			demand_of_renumbered(h, was[h->index], is);
			hostile_after(h);
		}
	}
	hostile_discard(h);
}

static void add_critical(struct hostile *h, struct forged *f)
{
	forge_insert(f, 0, (uint8_t)h->value, BYTES_NONE);
	f->payload[0].critical = true;
}

/* The types of IKEv1 (1 to 32 among them) mean nothing here (RFC 7296 3.2). */
static void types_of_the_other_version_when_critical(void **state)
{
	struct hostile *h = hostile_new();

	h->deed = "another, critical, added";
	h->change = add_critical;
	for (size_t k = 0; k < ARRAY_LENGTH(places); k++) {
		for (h->value = 1; h->value <= 256; h->value += h->value < 32    ? 1
								: h->value < 255 ? 223
										 : 1) {
			if (h->value == 256 || is_known((uint8_t)h->value))
				continue;
			hostile_prepare(h, &places[k]);
			hostile_play(h, &places[k]);
			hostile_assert(h, h->made == 0);
			if (!places[k].response)
				hostile_assert(h, h->error == UNSUPPORTED_CRITICAL_PAYLOAD &&
							  h->answers == h->taken);
			hostile_after(h);
		}
	}
	hostile_discard(h);
}

static void add_many(struct hostile *h, struct forged *f)
{
	static const uint8_t octets[] = { 0x41, 0x41, 0x41 };
	size_t added = 0;

	for (unsigned type = 1; type < 256 && added < h->value; type++) {
		if (is_known((uint8_t)type))
			continue;
		forge_insert(f, added * (type % 2), (uint8_t)type, bytes_of(octets, type % 4));
		added++;
	}
}

/*
 * Unknown payloads that are not critical are passed over, up to as many payloads as a message may have; one more, and
 * it is malformed. In what is sealed the unknown ones count, beside it they do, too.
 */
static void unknown_payloads_around_the_limit(void **state)
{
	struct hostile *h = hostile_new();
	uint8_t types[FORGED_PAYLOADS];

	for (size_t k = 0; k < ARRAY_LENGTH(places); k++) {
		size_t count = look(h, &places[k], types), limit = LIMIT_PAYLOADS - count;

		h->deed = "unknown ones added";
		h->change = add_many;
		for (h->value = limit - 2; h->value <= limit + 2; h->value++) {
			bool fits = h->value <= limit;

			hostile_prepare(h, &places[k]);
			hostile_play(h, &places[k]);
			if (!fits)
				hostile_assert(h, h->made == 0);
			if (!places[k].response && places[k].exchange == IKE_SA_INIT)
				hostile_assert(h, h->error == (fits ? NO_ERROR : NO_ANSWER));
			else if (!places[k].response)
				hostile_assert(h, h->error == (fits ? NO_ERROR : INVALID_SYNTAX));
			hostile_after(h);
		}
	}
	hostile_discard(h);
}

static void add_many_beside(struct hostile *h, struct forged *f)
{
	for (size_t i = 0; i < h->value; i++)
		forge_add_outer(f, (uint8_t)(200 + i % 50), BYTES_NONE);
}

static void unknown_payloads_beside_the_sealed_part(void **state)
{
	struct hostile *h = hostile_new();

	h->deed = "unknown ones beside SK";
	h->change = add_many_beside;
	for (size_t k = 2; k < ARRAY_LENGTH(places); k++) {
		for (h->value = LIMIT_PAYLOADS - 3; h->value <= LIMIT_PAYLOADS + 1; h->value++) {
			bool fits = h->value + 1 <= LIMIT_PAYLOADS;

			hostile_prepare(h, &places[k]);
			hostile_play(h, &places[k]);
			/* Outside of what is sealed anybody may have put them there: nothing is said, nothing ends. */
			if (!fits)
				hostile_assert(h, h->made == 0 && h->error == NO_ANSWER);
			else if (!places[k].response)
				hostile_assert(h, h->error == NO_ERROR);
			hostile_after(h);
		}
	}
	hostile_discard(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_deed_to_every_payload),
		cmocka_unit_test(every_payload_renumbered),
		cmocka_unit_test(types_of_the_other_version_when_critical),
		cmocka_unit_test(unknown_payloads_around_the_limit),
		cmocka_unit_test(unknown_payloads_beside_the_sealed_part),
	};

	return cmocka_run_group_tests_name("node/hostile_payload", tests, NULL, NULL);
}
