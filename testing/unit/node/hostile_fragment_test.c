/*
 * Fragments (RFC 7383) under the right keys, with numbers and totals that cannot be, in any order, beside other payloads,
 * without octets: at a node, as IKE_AUTH and as INFORMATIONAL. What is wrong gets silence; then the good message is taken.
 */
#include <time.h>

#include "hostile.h"

static const uint16_t numbers[] = { 0, 1, 2, 3, 63, 64, 65, 256, 32768, 65535 };

/* Delivers a fragment to the other end of who asks, and says how many answers there are by now. */
static unsigned deliver(struct hostile *h, size_t from, uint16_t number, uint16_t total, uint8_t first,
			struct bytes text)
{
	struct bytes made = forge_fragment(&h->w, &h->forged, first, (struct fragment){ number, total }, text,
					   h->raw, sizeof(h->raw));

	assert_true(made.len > 0);
	hostile_inject(h, 1 - from, made);
	hostile_run(h, 1);
	return h->sent[1 - from].answers;
}

/* A sign of life with a large V, so that it can be cut into many. */
static struct bytes long_request(struct hostile *h, size_t from, size_t octets, uint8_t *room, uint8_t *first)
{
	struct forged *f = hostile_ask_begin(h, from, INFORMATIONAL);

	forge_add(f, PAYLOAD_V, BYTES_NONE);
	forge_fill(f, 0, 0x5a, octets);
	hostile_forget(h);
	return forge_inner(f, room, FORGED_ROOM, first);
}

static uint8_t plain_room[FORGED_ROOM];

/* One fragment of every number and total: only 1 of 1 is a message. Then the same, whole, is answered. */
static void odd_numbers_and_totals(void **state)
{
	struct hostile *h = hostile_new();

	for (size_t i = 0; i < 2 * ARRAY_LENGTH(numbers) * ARRAY_LENGTH(numbers); i++) {
		size_t from = i % 2;
		uint16_t number = numbers[i / 2 % ARRAY_LENGTH(numbers)];
		uint16_t total = numbers[i / 2 / ARRAY_LENGTH(numbers)];
		struct bytes plain;
		unsigned answers;
		uint8_t first;

		hostile_session(h);
		plain = long_request(h, from, 20, plain_room, &first);
		h->index = number;
		h->value = total;
		answers = deliver(h, from, number, total, first, plain);
		hostile_assert(h, answers == (number == 1 && total == 1));
		/* Once more, as if it named no payload. */
		answers = deliver(h, from, number, total, PAYLOAD_NONE, plain) - answers;
		hostile_assert(h, answers == (number == 1 && total == 1));
		hostile_assert(h, hostile_count(h, 1 - from).established == 1);
		hostile_forget(h);
		hostile_assert(h, hostile_ask(h, from) == NO_ERROR);
		hostile_clean(h);
	}
	hostile_after(h);
	hostile_discard(h);
}

static uint16_t number_of(uint32_t order, size_t i, size_t total)
{
	/* Forward, backward, and by a stride that meets all. */
	return (uint16_t)(1 + (order == 0 ? i : order == 1 ? total - 1 - i : (i * 37 + 11) % total));
}

/* The largest message in 64 pieces, forward, backward, mixed; each piece twice: answered once, at the last, quickly. */
static void fragments_in_reverse_order(void **state)
{
	struct hostile *h = hostile_new();
	clock_t begin = clock();

	for (uint32_t order = 0; order < 3; order++) {
		for (size_t total = 2; total <= LIMIT_FRAGMENTS; total *= 2) {
			struct bytes plain;
			size_t each;
			uint8_t first;

			hostile_session(h);
			plain = long_request(h, 0, LIMIT_MESSAGE - 200, plain_room, &first);
			each = (plain.len + total - 1) / total;
			h->index = order;
			for (size_t i = 0; i < 2 * total; i++) {
				uint16_t number = number_of(order, i / 2, total);
				size_t at = (size_t)(number - 1) * each;
				struct bytes part = bytes_of(plain.at + at,
							     plain.len - at < each ? plain.len - at : each);
				unsigned answers = deliver(h, 0, number, (uint16_t)total,
							   number == 1 ? first : PAYLOAD_NONE, part);

				h->value = i;
				/* The first fragment, repeated when all are there, asks for the answer again (2.6.1). */
				hostile_assert(
					h, answers == (i < 2 * total - 2 ? 0 : 1u + (i % 2 && number == 1)));
			}
			/* All of it again: the first alone draws the answer. */
			hostile_forget(h);
			for (size_t i = 0; i < total; i++)
				deliver(h, 0, (uint16_t)(i + 1), (uint16_t)total, i ? PAYLOAD_NONE : first,
					plain);
			hostile_assert(h, h->sent[1].answers == 1);
			hostile_clean(h);
		}
	}
	hostile_assert(h, (clock() - begin) / CLOCKS_PER_SEC < 20);
	hostile_after(h);
	hostile_discard(h);
}

/* The total grows and shrinks, a number comes twice with other octets: what began first, or is in more pieces, counts. */
static void totals_that_change(void **state)
{
	struct hostile *h = hostile_new();
	struct bytes plain, part[3];
	uint8_t first, junk[100] = { 0 };

	hostile_session(h);
	plain = long_request(h, 0, 296, plain_room, &first);
	assert_int_equal(plain.len, 300);
	for (size_t i = 0; i < 3; i++)
		part[i] = bytes_of(plain.at + 100 * i, 100);
	/* Pieces of two, then of three: those begin anew. */
	assert_int_equal(deliver(h, 0, 1, 2, first, BYTES_OF_ARRAY(junk)), 0);
	assert_int_equal(deliver(h, 0, 2, 3, PAYLOAD_NONE, part[1]), 0);
	/* The other of two is of no use any more. */
	assert_int_equal(deliver(h, 0, 2, 2, PAYLOAD_NONE, BYTES_OF_ARRAY(junk)), 0);
	/* The same number with other octets changes nothing. */
	assert_int_equal(deliver(h, 0, 2, 3, PAYLOAD_NONE, BYTES_OF_ARRAY(junk)), 0);
	/* A later one that names a payload is none. */
	assert_int_equal(deliver(h, 0, 3, 3, first, part[2]), 0);
	assert_int_equal(deliver(h, 0, 1, 3, first, part[0]), 0);
	assert_int_equal(deliver(h, 0, 3, 3, PAYLOAD_NONE, part[2]), 1);
	hostile_assert(h, hostile_count(h, 1).established == 1);
	hostile_after(h);
	hostile_discard(h);
}

/* Unknown payloads before the fragment: up to as many as a message may have; they are no part of it. */
static void unknown_payloads_beside_fragments(void **state)
{
	struct hostile *h = hostile_new();

	for (size_t beside = LIMIT_PAYLOADS - 3; beside <= LIMIT_PAYLOADS + 2; beside++) {
		struct bytes plain;
		uint8_t first;

		hostile_session(h);
		plain = long_request(h, 0, 20, plain_room, &first);
		for (size_t i = 0; i < beside; i++)
			forge_add_outer(&h->forged, (uint8_t)(200 + i % 50), BYTES_NONE);
		h->value = beside;
		deliver(h, 0, 1, 2, first, bytes_of(plain.at, 10));
		hostile_assert(h,
			       deliver(h, 0, 2, 2, PAYLOAD_NONE, bytes_of(plain.at + 10, plain.len - 10)) ==
				       (beside < LIMIT_PAYLOADS));
		hostile_clean(h);
	}
	/* And within: the limit is that of the whole message, however it was cut. */
	for (size_t inside = LIMIT_PAYLOADS - 2; inside <= LIMIT_PAYLOADS + 2; inside++) {
		struct bytes plain;
		uint8_t first;

		hostile_session(h);
		long_request(h, 0, 4, plain_room, &first);
		for (size_t i = 1; i < inside; i++)
			forge_add(&h->forged, (uint8_t)(200 + i % 50), BYTES_NONE);
		plain = forge_inner(&h->forged, plain_room, sizeof(plain_room), &first);
		h->value = inside;
		h->heard = 1;
		h->taken = 1;
		h->answers = 0;
		h->taken_header = h->forged.header;
		deliver(h, 0, 2, 2, PAYLOAD_NONE, bytes_of(plain.at + 50, plain.len - 50));
		hostile_assert(h, deliver(h, 0, 1, 2, first, bytes_of(plain.at, 50)) == 1);
		hostile_assert(h, h->error == (inside <= LIMIT_PAYLOADS ? NO_ERROR : INVALID_SYNTAX));
		hostile_clean(h);
	}
	hostile_after(h);
	hostile_discard(h);
}

/* Unsealed without text, of every length: silence. Under the right keys: no message. */
static void fragments_without_text(void **state)
{
	struct hostile *h = hostile_new();

	for (size_t from = 0; from < 2; from++) {
		uint8_t first, body[64] = { 0, 1, 0, 1 };
		struct forged *f = &h->forged;

		hostile_session(h);
		long_request(h, from, 4, plain_room, &first);
		for (size_t len = 0; len <= sizeof(body); len++) {
			struct bytes made;

			h->asks[from].message_id--;
			f = hostile_ask_begin(h, from, INFORMATIONAL);
			f->sealed = false;
			forge_add(f, PAYLOAD_SKF, bytes_of(body, len));
			made = forge_close(&h->w, f, h->raw, sizeof(h->raw));
			hostile_inject(h, 1 - from, made);
			hostile_assert(h, h->sent[1 - from].answers == 0);
		}
		hostile_assert(h, hostile_count(h, 1 - from).established == 1);
		/* A message whose payload is not there is malformed, also in two pieces. */
		h->asks[from].message_id--;
		long_request(h, from, 4, plain_room, &first);
		h->heard = 1 - from;
		h->taken = 1;
		h->answers = 0;
		h->taken_header = h->forged.header;
		assert_int_equal(deliver(h, from, 1, 2, PAYLOAD_V, BYTES_NONE), 0);
		assert_int_equal(deliver(h, from, 2, 2, PAYLOAD_NONE, BYTES_NONE), 1);
		hostile_assert(h, h->error == INVALID_SYNTAX);
		hostile_clean(h);
	}
	hostile_after(h);
	hostile_discard(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_numbers_and_totals), cmocka_unit_test(fragments_in_reverse_order),
		cmocka_unit_test(totals_that_change),     cmocka_unit_test(unknown_payloads_beside_fragments),
		cmocka_unit_test(fragments_without_text),
	};

	return cmocka_run_group_tests_name("node/hostile_fragment", tests, NULL, NULL);
}
