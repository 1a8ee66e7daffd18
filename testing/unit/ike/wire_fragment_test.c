/*
 * IKE fragmentation (RFC 7383): there and back with every cipher and many sizes, every order, repetitions, each
 * rule of gathering, limits, forgeries, and work that stays linear (2016-10396).
 */
#include "../../../lib/ike/wire/fragment.h"
#include "wire_fixture.h"

#define KEYS_MAX 64

static struct sealing_key keys[KEYS_MAX];
static size_t key_count;
static uint8_t inner[LIMIT_MESSAGE + 1024];

/* Every cipher of the table, with every integrity algorithm that it needs. */
static int make_keys(void **state)
{
	key_count = 0;
	for (size_t e = 0; e < encr_count; e++) {
		for (size_t i = 0; i < integ_count; i++) {
			if (encr_table[e].aead != (integ_table[i].id == INTEG_NONE))
				continue;
			assert_true(key_count < KEYS_MAX);
			keys[key_count++] =
				fake_key(encr_table[e].id, encr_table[e].key_bits, integ_table[i].id);
		}
	}
	for (size_t i = 0; i < sizeof(inner); i++)
		inner[i] = (uint8_t)(i * 7 + i / 251);
	return 0;
}

/* ---- crypto that counts ---- */

static size_t opens, octets_opened;

static bool counting_open(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
			  uint8_t *text, size_t len, struct bytes icv)
{
	opens++;
	octets_opened += len;
	return fake_open(self, key, aad, iv, text, len, icv);
}

static const struct crypto counting = { .random = fake_random, .seal = fake_seal, .open = counting_open };

static struct blob split(const struct sealing_key *key, size_t octets, size_t largest)
{
	struct blob parcel = { NULL, 0 };
	uint64_t iv = 100;

	assert_true(fragment_split(&test_header, PAYLOAD_IDI, bytes_of(inner, octets), &fake_crypto, key, &iv,
				   largest, &parcel));
	return parcel;
}

static size_t list_of(const struct blob *parcel, struct bytes *list)
{
	struct bytes rest = bytes_of_blob(parcel), one;
	size_t count = 0;

	while ((one = parcel_next(&rest)).len) {
		assert_true(count < LIMIT_FRAGMENTS);
		list[count++] = one;
	}
	return count;
}

static struct gathered take(struct gather *g, const struct sealing_key *key, struct bytes packet, msec now)
{
	uint8_t *copy = exactly(packet);
	struct gathered got = { GATHER_DROP, REASON_NONE };
	struct message m;

	if (message_read(bytes_of(copy, packet.len), &m) == REASON_OK)
		got = gather_take(g, &counting, key, &m, now);
	free(copy);
	return got;
}

static void assert_gathered(struct gathered got, enum gather_verdict verdict, enum reason reason)
{
	assert_int_equal(got.verdict, verdict);
	assert_int_equal(got.reason, reason);
}

/* A fragment as a peer might make it, right or wrong, under the right key. */
struct craft {
	uint16_t number, total;
	uint8_t first;
	size_t octets;
	uint32_t message_id; /* 0: that of the others */
	uint8_t exchange, flags;
};

#define PIECE(number_, total_, first_, octets_)         \
	((struct craft){ .number = (uint16_t)(number_), \
			 .total = (uint16_t)(total_),   \
			 .first = (first_),             \
			 .octets = (octets_) })

static uint8_t crafted[2 * LIMIT_MESSAGE];

static struct bytes craft(struct craft c)
{
	struct ike_header header = test_header;
	struct bytes packet;
	struct build b;

	header.message_id = c.message_id ? c.message_id : header.message_id;
	header.exchange = c.exchange ? c.exchange : header.exchange;
	header.flags = c.flags ? c.flags : header.flags;
	build_begin(&b, crafted, sizeof(crafted), &header);
	build_seal_fragment(&b, &keys[0], PAYLOAD_NONE, (struct fragment){ c.number, c.total });
	writer_patch_u8(&b.w, b.sealed_at, c.first);
	writer_bytes(&b.w, bytes_of(inner, c.octets));
	packet = build_finish_sealed(&b, &fake_crypto, &keys[0], 9);
	assert_true(packet.len > 0);
	return packet;
}

static struct gathered take_crafted(struct gather *g, struct craft c)
{
	return take(g, &keys[0], craft(c), 0);
}

/* ---- splitting ---- */

static void one_round(const struct sealing_key *key, size_t octets, size_t largest)
{
	struct blob parcel = split(key, octets, largest);
	struct bytes list[LIMIT_FRAGMENTS];
	size_t count = list_of(&parcel, list), sum = 0;
	struct gather g = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct gathered got = take(&g, key, list[i], (msec)(1000 + i));
		struct message m;
		struct reader r;

		assert_true(list[i].len <= largest);
		/* None but the last has room left for one more block. */
		assert_true(i + 1 == count || largest - list[i].len < key->encr->block_octets);
		assert_int_equal(message_read(list[i], &m), REASON_OK);
		assert_true(m.header.spi_i == test_header.spi_i && m.header.spi_r == test_header.spi_r);
		assert_int_equal(m.header.exchange, test_header.exchange);
		assert_int_equal(m.header.flags, test_header.flags);
		assert_int_equal(m.header.message_id, test_header.message_id);
		assert_int_equal(m.header.length, list[i].len);
		assert_int_equal(m.fragment.number, i + 1);
		assert_int_equal(m.fragment.total, count);
		assert_int_equal(m.inner_first, i ? PAYLOAD_NONE : PAYLOAD_IDI);
		r = reader_of(m.sealed_body);
		if (key->encr->aead)
			assert_true(reader_u64(&r) == 100 + i);
		assert_gathered(got, i + 1 == count ? GATHER_WHOLE : GATHER_MORE, REASON_OK);
		assert_int_equal(g.began, 1000);
		sum += list[i].len;
	}
	assert_int_equal(sum, parcel.len);
	assert_bytes(bytes_of_blob(&g.plain), bytes_of(inner, octets));
	assert_int_equal(g.first, PAYLOAD_IDI);
	gather_discard(&g);
	blob_discard(&parcel);
}

/* @rfc-test 7383-2.1-1 7383-2.5-2 7383-2.5-4 7383-2.5-6 7383-2.6-6 */
static void what_is_split_is_gathered(void **state)
{
	static const size_t sizes[] = { 101, 110, 128, 200, 576 - 28, 1280 - 48, 65507 };

	assert_true(key_count >= 9);
	for (size_t k = 0; k < key_count; k++) {
		for (size_t s = 0; s < ARRAY_LENGTH(sizes); s++) {
			for (size_t octets = 0; octets < 700; octets += octets < 80 ? 1 : 61)
				one_round(&keys[k], octets, sizes[s]);
		}
		one_round(&keys[k], 16000, 548);
		for (size_t largest = 120; largest < 160; largest++)
			one_round(&keys[k], 333, largest);
	}
}

/* @rfc-test 7383-2.5-3 */
static void each_fragment_has_an_iv_of_its_own(void **state)
{
	for (size_t k = 0; k < key_count; k++) {
		struct bytes list[LIMIT_FRAGMENTS];
		struct blob parcel = { NULL, 0 };
		uint64_t iv = 0xfffffffffffffff0;

		assert_true(fragment_split(&test_header, PAYLOAD_IDI, bytes_of(inner, 1000), &fake_crypto,
					   &keys[k], &iv, 200, &parcel));
		assert_true(iv - 0xfffffffffffffff0 == list_of(&parcel, list));
		blob_discard(&parcel);
	}
}

/* @rfc-test 7383-5-1 */
static void no_more_than_the_limit_is_made(void **state)
{
	for (size_t k = 0; k < key_count; k++) {
		struct blob parcel = { NULL, 0 };
		struct bytes list[LIMIT_FRAGMENTS];
		uint64_t iv = 1;
		size_t each;

		/* What one fragment of so many octets takes. */
		for (each = 0; each < 200; each++) {
			if (HEADER_OCTETS + PAYLOAD_HEADER + 4 + sealed_octets(&keys[k], each + 1) > 200)
				break;
		}
		parcel = split(&keys[k], LIMIT_FRAGMENTS * each, 200);
		assert_int_equal(list_of(&parcel, list), LIMIT_FRAGMENTS);
		assert_false(fragment_split(&test_header, PAYLOAD_IDI,
					    bytes_of(inner, LIMIT_FRAGMENTS * each + 1), &fake_crypto,
					    &keys[k], &iv, 200, &parcel));
		assert_true(iv == 1);
		assert_int_equal(list_of(&parcel, list), LIMIT_FRAGMENTS); /* unchanged */
		blob_discard(&parcel);
	}
}

static void a_size_that_holds_nothing_is_refused(void **state)
{
	for (size_t k = 0; k < key_count; k++) {
		size_t least = HEADER_OCTETS + PAYLOAD_HEADER + 4 + sealed_octets(&keys[k], 1);

		for (size_t largest = 0; largest <= least; largest++) {
			struct blob parcel = { NULL, 0 };
			uint64_t iv = 1;

			assert_int_equal(fragment_split(&test_header, PAYLOAD_V, bytes_of(inner, 1),
							&fake_crypto, &keys[k], &iv, largest, &parcel),
					 largest == least);
			blob_discard(&parcel);
		}
	}
}

static size_t seals_left;

static bool tiring_seal(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
			uint8_t *text, size_t len, uint8_t *icv)
{
	return seals_left && seals_left-- && fake_seal(self, key, aad, iv, text, len, icv);
}

static void nothing_is_made_when_crypto_fails(void **state)
{
	const struct crypto no_random = { .random = broken_random, .seal = fake_seal };
	const struct crypto tiring = { .random = fake_random, .seal = tiring_seal };

	for (size_t k = 0; k < key_count; k++) {
		struct bytes list[LIMIT_FRAGMENTS], text = bytes_of(inner, 900);
		struct blob parcel = split(&keys[k], 900, 300);
		size_t count = list_of(&parcel, list);

		for (size_t left = 0; left <= count; left++) {
			uint64_t iv = 1;

			blob_discard(&parcel);
			seals_left = left;
			assert_int_equal(fragment_split(&test_header, PAYLOAD_V, text, &tiring, &keys[k], &iv,
							300, &parcel),
					 left == count);
			assert_int_equal(parcel.len > 0, left == count);
			/* An IV that was given out once is never given out again. */
			assert_true(iv == 1 + (left == count ? count : left + 1));
		}
		blob_discard(&parcel);
		assert_int_equal(fragment_split(&test_header, PAYLOAD_V, text, &no_random, &keys[k],
						&(uint64_t){ 1 }, 300, &parcel),
				 keys[k].encr->aead);
		blob_discard(&parcel);
	}
}

/* What the engine does at the end of a message: seal it as one, or take its inside and split it. */
static void a_build_is_finished_or_split(void **state)
{
	static uint8_t room[4096];

	for (size_t k = 0; k < key_count; k++) {
		for (size_t octets = 0; octets < 600; octets += 13) {
			struct blob parcel = { NULL, 0 };
			struct bytes list[LIMIT_FRAGMENTS], plain, packet;
			struct gather g = { 0 };
			struct message m;
			struct build b;
			uint8_t first;
			size_t count, whole;

			build_begin(&b, room, sizeof(room), &test_header);
			build_seal(&b, &keys[k]);
			plain = build_plain(&b, &first);
			assert_int_equal(plain.len, 0);
			assert_int_equal(first, PAYLOAD_NONE);
			build_body(&b, PAYLOAD_V, bytes_of(inner, octets));
			build_notify(&b, 0, INITIAL_CONTACT, BYTES_NONE, BYTES_NONE);
			plain = build_plain(&b, &first);
			assert_int_equal(plain.len, 4 + octets + 8);
			assert_int_equal(first, PAYLOAD_V);
			assert_true(fragment_split(&test_header, first, plain, &fake_crypto, &keys[k],
						   &(uint64_t){ 1 }, 300, &parcel));
			count = list_of(&parcel, list);
			for (size_t i = 0; i < count; i++)
				take(&g, &keys[k], list[i], 0);
			assert_int_equal(message_read(list[count - 1], &m), REASON_OK);
			assert_int_equal(message_read_inner(g.first, bytes_of_blob(&g.plain), &m), REASON_OK);
			assert_int_equal(m.count, 2);
			assert_bytes(m.payload[0].body, bytes_of(inner, octets));
			assert_true(message_notify(&m, INITIAL_CONTACT, &(struct notify){ 0 }));
			gather_discard(&g);
			blob_discard(&parcel);
			whole = build_sealed_octets(&b, &keys[k]);
			packet = build_finish_sealed(&b, &fake_crypto, &keys[k], 1);
			assert_int_equal(packet.len, whole);
		}
	}
}

static void a_build_that_failed_lends_nothing(void **state)
{
	uint8_t room[128], first = 9;
	struct build b;

	build_begin(&b, room, sizeof(room), &test_header);
	build_body(&b, PAYLOAD_V, BYTES_NONE);
	assert_int_equal(build_plain(&b, &first).len, 0); /* not sealed at all */
	assert_int_equal(first, PAYLOAD_NONE);
	build_begin(&b, room, sizeof(room), &test_header);
	build_seal(&b, &keys[0]);
	build_body(&b, PAYLOAD_V, bytes_of(inner, 200));
	assert_int_equal(build_plain(&b, &first).len, 0);
	assert_int_equal(build_finish_sealed(&b, &fake_crypto, &keys[0], 1).len, 0);
}

static void a_parcel_is_walked_whatever_it_holds(void **state)
{
	for (size_t len = 0; len < 200; len++) {
		for (unsigned fill = 0; fill < 256; fill += 51) {
			uint8_t octets[200];
			struct bytes rest = bytes_of(octets, len), one;
			size_t sum = 0, steps = 0;

			memset(octets, (int)fill, sizeof(octets));
			if (len > 28 && fill == 51)
				memcpy(octets + 24, "\0\0\0\x1d", 4); /* 29 */
			while ((one = parcel_next(&rest)).len) {
				assert_ptr_equal(one.at, octets + sum);
				sum += one.len;
				steps++;
			}
			assert_int_equal(sum, len);
			assert_int_equal(steps, len == 0 ? 0 : fill == 51 && len > 29 ? 2 : 1);
		}
	}
}

/* ---- gathering ---- */

/* @rfc-test 7383-2.6-2 7383-2.6-7 */
static void every_order_completes(void **state)
{
	struct blob parcel = split(&keys[0], 2000, 120);
	struct bytes list[LIMIT_FRAGMENTS];
	size_t count = list_of(&parcel, list);
	uint64_t seed = 1;

	assert_true(count > 20);
	for (unsigned round = 0; round < 60; round++) {
		size_t order[LIMIT_FRAGMENTS];
		struct gather g = { 0 };

		for (size_t i = 0; i < count; i++)
			order[i] = round == 0 ? count - 1 - i : i;
		for (size_t i = count; round && --i;) {
			size_t other =
				(size_t)((seed = seed * 6364136223846793005u + 1442695040888963407u) >> 33) %
				(i + 1);
			size_t held = order[i];

			order[i] = order[other];
			order[other] = held;
		}
		for (size_t i = 0; i < count; i++) {
			struct gathered got = take(&g, &keys[0], list[order[i]], 0);

			assert_gathered(got, i + 1 == count ? GATHER_WHOLE : GATHER_MORE, REASON_OK);
			assert_int_equal(g.count, i + 1);
			/* Each is repeated at once, the one that completed it too. */
			assert_gathered(take(&g, &keys[0], list[order[i]], 0), GATHER_DROP, REASON_FRAGMENT);
			assert_gathered(take(&g, &keys[0], list[order[0]], 0), GATHER_DROP, REASON_FRAGMENT);
			assert_int_equal(g.plain.len, i + 1 == count ? 2000 : 0);
		}
		assert_bytes(bytes_of_blob(&g.plain), bytes_of(inner, 2000));
		gather_discard(&g);
	}
	blob_discard(&parcel);
}

/* The last fragment many times first: a repetition neither completes nor hinders (2016-10396, second part). */
static void a_repeated_last_fragment_still_completes(void **state)
{
	struct blob parcel = split(&keys[0], 500, 200);
	struct bytes list[LIMIT_FRAGMENTS];
	size_t count = list_of(&parcel, list);
	struct gather g = { 0 };

	assert_gathered(take(&g, &keys[0], list[count - 1], 0), GATHER_MORE, REASON_OK);
	for (unsigned i = 0; i < 100; i++)
		assert_gathered(take(&g, &keys[0], list[count - 1], 0), GATHER_DROP, REASON_FRAGMENT);
	for (size_t i = 0; i + 1 < count; i++)
		assert_gathered(take(&g, &keys[0], list[i], 0), i + 2 == count ? GATHER_WHOLE : GATHER_MORE,
				REASON_OK);
	assert_bytes(bytes_of_blob(&g.plain), bytes_of(inner, 500));
	gather_discard(&g);
	blob_discard(&parcel);
}

static void work_is_linear_whatever_the_order(void **state)
{
	struct gather g = { 0 };

	/* 65535 fragments in reverse: each is opened once, none is kept. */
	opens = octets_opened = 0;
	for (unsigned number = UINT16_MAX; number >= 1; number--) {
		assert_gathered(take_crafted(&g, PIECE(number, UINT16_MAX, 0, 16)), GATHER_DROP,
				REASON_LIMIT);
		assert_true(!g.count && !g.part && !g.octets);
	}
	assert_int_equal(opens, UINT16_MAX);
	assert_int_equal(octets_opened, UINT16_MAX * 17);
	/* As many as we take, in reverse, each 200 times: no more work for any of them. */
	opens = octets_opened = 0;
	for (unsigned number = LIMIT_FRAGMENTS; number >= 1; number--) {
		for (unsigned i = 0; i < 200; i++)
			take_crafted(&g, PIECE(number, LIMIT_FRAGMENTS, 0, 16));
	}
	assert_int_equal(opens, 200 * LIMIT_FRAGMENTS);
	assert_int_equal(octets_opened, 200 * LIMIT_FRAGMENTS * 17);
	assert_int_equal(g.plain.len, 16 * LIMIT_FRAGMENTS);
	gather_discard(&g);
}

/* Every bit of a fragment changed, in the middle of gathering: not one changes what is there. */
/* @rfc-test 7383-2.6-5 7383-5-2 7383-2.5-11 */
static void nothing_is_kept_of_what_does_not_open(void **state)
{
	for (size_t k = 0; k < key_count; k++) {
		struct blob parcel = split(&keys[k], 150, 150);
		struct bytes list[LIMIT_FRAGMENTS];
		size_t count = list_of(&parcel, list), at = (size_t)(list[1].at - parcel.data);
		struct gather g = { 0 }, before;
		struct sealing_key other = keys[k];

		assert_true(count >= 2);
		take(&g, &keys[k], list[0], 5);
		before = g;
		for (size_t bit = 0; bit < 8 * list[1].len; bit++) {
			struct gathered got;

			parcel.data[at + bit / 8] ^= (uint8_t)(1u << bit % 8);
			got = take(&g, &keys[k], list[1], 6);
			assert_int_equal(got.verdict, GATHER_DROP);
			assert_memory_equal(&g, &before, sizeof(g));
			parcel.data[at + bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		other.encr_key[0] ^= 1;
		assert_gathered(take(&g, &other, list[1], 6), GATHER_DROP, REASON_INTEGRITY);
		assert_memory_equal(&g, &before, sizeof(g));
		for (size_t i = 1; i < count; i++)
			take(&g, &keys[k], list[i], 6);
		assert_bytes(bytes_of_blob(&g.plain), bytes_of(inner, 150));
		gather_discard(&g);
		blob_discard(&parcel);
	}
}

/* No length is believed: SKF payloads of zeros, from nothing to more than a block (2009-1574). */
static void texts_that_are_too_short_do_not_open(void **state)
{
	for (size_t k = 0; k < key_count; k++) {
		for (size_t n = 0; n < 120; n++) {
			uint8_t body[124] = { 0, 1, 0, 2 };
			struct gather g = { 0 };
			struct gathered got;
			struct build b;

			build_begin(&b, crafted, sizeof(crafted), &test_header);
			build_body(&b, PAYLOAD_SKF, bytes_of(body, 4 + n));
			got = take(&g, &keys[k], build_finish(&b), 0);
			/* Without an octet it is not even a fragment. */
			assert_gathered(got, GATHER_DROP, n ? REASON_INTEGRITY : REASON_NONE);
			assert_true(!g.count && !g.part);
		}
	}
}

/* @rfc-test 7383-5-1 */
static void the_total_is_limited(void **state)
{
	for (unsigned total = LIMIT_FRAGMENTS - 1; total <= LIMIT_FRAGMENTS + 1; total++) {
		struct gather g = { 0 };
		struct gathered got = { GATHER_DROP, REASON_NONE };

		for (unsigned i = 1; i <= total; i++)
			got = take_crafted(&g, PIECE(i, total, 0, 3));
		if (total <= LIMIT_FRAGMENTS)
			assert_gathered(got, GATHER_WHOLE, REASON_OK);
		else
			assert_gathered(got, GATHER_DROP, REASON_LIMIT);
		gather_discard(&g);
	}
}

/* message_read refuses them before; should a caller ask all the same, they are refused here too. */
/* @rfc-test 7383-2.6-1 */
static void numbers_must_be_possible(void **state)
{
	static const struct fragment wrong[] = { { 0, 0 }, { 0, 2 }, { 3, 2 }, { 2, 1 }, { 65535, 64 } };

	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		struct bytes packet = craft(PIECE(wrong[i].number, wrong[i].total, PAYLOAD_NONE, 8));
		struct gather g = { 0 };
		struct message m;
		struct gathered got;

		assert_int_equal(message_read(packet, &m), REASON_MALFORMED);
		m.sealed = true;
		m.fragment = wrong[i];
		m.sealed_at = HEADER_OCTETS + PAYLOAD_HEADER + 4;
		m.sealed_body = bytes_of(packet.at + m.sealed_at, packet.len - m.sealed_at);
		got = gather_take(&g, &fake_crypto, &keys[0], &m, 0);
		assert_gathered(got, GATHER_DROP, wrong[i].total ? REASON_MALFORMED : REASON_INTEGRITY);
		assert_true(!g.count && !g.part);
	}
}

/* @rfc-test 7383-2.5-7 */
static void only_the_first_names_a_payload(void **state)
{
	struct gather g = { 0 };

	assert_gathered(take_crafted(&g, PIECE(2, 3, PAYLOAD_IDI, 8)), GATHER_DROP, REASON_MALFORMED);
	assert_false(g.count || g.part);
	assert_gathered(take_crafted(&g, PIECE(2, 3, PAYLOAD_NONE, 8)), GATHER_MORE, REASON_OK);
	assert_gathered(take_crafted(&g, PIECE(3, 3, PAYLOAD_V, 8)), GATHER_DROP, REASON_MALFORMED);
	assert_gathered(take_crafted(&g, PIECE(1, 3, PAYLOAD_V, 8)), GATHER_MORE, REASON_OK);
	assert_gathered(take_crafted(&g, PIECE(3, 3, PAYLOAD_NONE, 8)), GATHER_WHOLE, REASON_OK);
	assert_int_equal(g.first, PAYLOAD_V);
	assert_int_equal(g.plain.len, 24);
	gather_discard(&g);
	/* An empty message, as one fragment: there is nothing to name. */
	assert_gathered(take_crafted(&g, PIECE(1, 1, PAYLOAD_NONE, 0)), GATHER_WHOLE, REASON_OK);
	assert_int_equal(g.first, PAYLOAD_NONE);
	assert_int_equal(g.plain.len, 0);
	gather_discard(&g);
}

/* @rfc-test 7383-2.6-3 7383-2.6-4 */
static void a_bigger_total_begins_anew_and_a_smaller_is_dropped(void **state)
{
	struct blob large = split(&keys[0], 900, 400), small = split(&keys[0], 900, 200);
	struct bytes few[LIMIT_FRAGMENTS], many[LIMIT_FRAGMENTS];
	size_t few_count = list_of(&large, few), many_count = list_of(&small, many);
	struct gather g = { 0 };

	assert_true(few_count >= 3 && many_count > few_count);
	take(&g, &keys[0], few[0], 10);
	take(&g, &keys[0], few[1], 11);
	assert_int_equal(g.count, 2);
	assert_gathered(take(&g, &keys[0], many[1], 20), GATHER_MORE, REASON_OK);
	assert_int_equal(g.count, 1);
	assert_int_equal(g.total, many_count);
	assert_true(g.received == 2);
	assert_int_equal(g.began, 20);
	assert_int_equal(g.first, PAYLOAD_NONE); /* the old first fragment is forgotten with the rest */
	for (size_t i = 0; i < few_count; i++)
		assert_gathered(take(&g, &keys[0], few[i], 21), GATHER_DROP, REASON_FRAGMENT);
	for (size_t i = 0; i < many_count; i++)
		take(&g, &keys[0], many[i], 22);
	assert_bytes(bytes_of_blob(&g.plain), bytes_of(inner, 900));
	assert_int_equal(g.began, 20);
	/* What is whole is not begun anew by anything. */
	assert_gathered(take_crafted(&g, PIECE(1, LIMIT_FRAGMENTS, PAYLOAD_V, 8)), GATHER_DROP,
			REASON_FRAGMENT);
	assert_int_equal(g.plain.len, 900);
	gather_discard(&g);
	/* A bigger total that is too big replaces nothing. */
	take(&g, &keys[0], few[0], 30);
	assert_gathered(take_crafted(&g, PIECE(1, LIMIT_FRAGMENTS + 1, PAYLOAD_V, 8)), GATHER_DROP,
			REASON_LIMIT);
	assert_gathered(take_crafted(&g, PIECE(2, few_count + 1, PAYLOAD_V, 8)), GATHER_DROP,
			REASON_MALFORMED);
	assert_int_equal(g.total, few_count);
	gather_discard(&g);
	blob_discard(&large);
	blob_discard(&small);
}

static void messages_are_not_mixed(void **state)
{
	static const struct craft others[] = {
		{ .message_id = 2 },
		{ .exchange = INFORMATIONAL },
		{ .flags = FLAG_INITIATOR | FLAG_RESPONSE },
	};
	struct gather g = { 0 };
	struct craft other;

	take_crafted(&g, PIECE(1, 2, PAYLOAD_V, 8));
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		struct craft c = others[i];

		c.number = 2;
		c.total = 2;
		c.octets = 8;
		assert_gathered(take_crafted(&g, c), GATHER_DROP, REASON_FRAGMENT);
		c.total = 3;
		assert_gathered(take_crafted(&g, c), GATHER_DROP, REASON_FRAGMENT);
		assert_int_equal(g.count, 1);
		assert_int_equal(g.total, 2);
	}
	/* Only who owns it decides that another message is gathered. */
	gather_discard(&g);
	other = PIECE(2, 3, PAYLOAD_NONE, 8);
	other.message_id = 2;
	assert_gathered(take_crafted(&g, other), GATHER_MORE, REASON_OK);
	assert_int_equal(g.message_id, 2);
	gather_discard(&g);
}

/* @rfc-test 7383-5-1 */
static void no_message_grows_beyond_the_limit(void **state)
{
	struct gather g = { 0 };

	assert_gathered(take_crafted(&g, PIECE(1, 3, PAYLOAD_V, 12000)), GATHER_MORE, REASON_OK);
	assert_gathered(take_crafted(&g, PIECE(2, 3, PAYLOAD_NONE, LIMIT_MESSAGE - 12000 + 1)), GATHER_DROP,
			REASON_LIMIT);
	assert_int_equal(g.octets, 12000);
	assert_gathered(take_crafted(&g, PIECE(2, 3, PAYLOAD_NONE, LIMIT_MESSAGE - 12000)), GATHER_MORE,
			REASON_OK);
	assert_gathered(take_crafted(&g, PIECE(3, 3, PAYLOAD_NONE, 1)), GATHER_DROP, REASON_LIMIT);
	assert_gathered(take_crafted(&g, PIECE(3, 3, PAYLOAD_NONE, 0)), GATHER_WHOLE, REASON_OK);
	assert_int_equal(g.plain.len, LIMIT_MESSAGE);
	gather_discard(&g);
	/* What is replaced does not count. */
	take_crafted(&g, PIECE(1, 2, PAYLOAD_V, 12000));
	assert_gathered(take_crafted(&g, PIECE(1, 3, PAYLOAD_V, 12001)), GATHER_MORE, REASON_OK);
	assert_int_equal(g.octets, 12001);
	gather_discard(&g);
}

static void fragments_and_whole_messages_are_not_confused(void **state)
{
	struct blob parcel = split(&keys[0], 20, 400), plain = { NULL, 0 };
	struct gather g = { 0 };
	struct bytes packet;
	struct message m;
	struct build b;

	/* Even a fragment that is alone is none for message_open: nobody has looked at its numbers. */
	assert_int_equal(message_read(bytes_of_blob(&parcel), &m), REASON_OK);
	assert_int_equal(message_open(&m, &fake_crypto, &keys[0], &plain), REASON_INTEGRITY);
	assert_null(plain.data);
	build_begin(&b, crafted, sizeof(crafted), &test_header);
	build_seal(&b, &keys[0]);
	build_body(&b, PAYLOAD_V, bytes_of(inner, 20));
	packet = build_finish_sealed(&b, &fake_crypto, &keys[0], 1);
	assert_gathered(take(&g, &keys[0], packet, 0), GATHER_DROP, REASON_INTEGRITY);
	assert_true(!g.count && !g.part);
	blob_discard(&parcel);
}

/* The sender is proven but pads by more than there is. */
static void wrong_padding_is_dropped(void **state)
{
	for (unsigned padding = 0; padding < 256; padding++) {
		uint8_t *text = crafted + HEADER_OCTETS + PAYLOAD_HEADER + 4 + 8;
		struct gather g = { 0 };
		uint8_t body[4 + 8 + 32 + 16] = { 0, 1, 0, 1 }, icv[ICV_OCTETS_MAX];
		struct build b;

		body[4 + 8 + 31] = (uint8_t)padding;
		build_begin(&b, crafted, sizeof(crafted), &test_header);
		build_body(&b, PAYLOAD_SKF, BYTES_OF_ARRAY(body));
		build_finish(&b);
		fake_seal(NULL, &keys[0], bytes_of(crafted, HEADER_OCTETS + PAYLOAD_HEADER + 4),
			  bytes_of(text - 8, 8), text, 32, icv);
		memcpy(text + 32, icv, 16);
		if (padding <= 31)
			assert_gathered(take(&g, &keys[0], bytes_of(crafted, b.w.used), 0), GATHER_WHOLE,
					REASON_OK);
		else
			assert_gathered(take(&g, &keys[0], bytes_of(crafted, b.w.used), 0), GATHER_DROP,
					REASON_MALFORMED);
		assert_int_equal(g.octets, padding <= 31 ? 31 - padding : 0);
		gather_discard(&g);
	}
}

static void discarding_leaves_it_as_new(void **state)
{
	static const struct gather empty;
	struct gather g = { 0 };

	gather_discard(&g);
	assert_memory_equal(&g, &empty, sizeof(g));
	take_crafted(&g, PIECE(1, 2, PAYLOAD_V, 8));
	gather_discard(&g);
	assert_memory_equal(&g, &empty, sizeof(g));
	take_crafted(&g, PIECE(1, 1, PAYLOAD_V, 8));
	assert_int_equal(g.plain.len, 8);
	gather_discard(&g);
	assert_memory_equal(&g, &empty, sizeof(g));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_split_is_gathered),
		cmocka_unit_test(each_fragment_has_an_iv_of_its_own),
		cmocka_unit_test(no_more_than_the_limit_is_made),
		cmocka_unit_test(a_size_that_holds_nothing_is_refused),
		cmocka_unit_test(nothing_is_made_when_crypto_fails),
		cmocka_unit_test(a_build_is_finished_or_split),
		cmocka_unit_test(a_build_that_failed_lends_nothing),
		cmocka_unit_test(a_parcel_is_walked_whatever_it_holds),
		cmocka_unit_test(every_order_completes),
		cmocka_unit_test(a_repeated_last_fragment_still_completes),
		cmocka_unit_test(work_is_linear_whatever_the_order),
		cmocka_unit_test(nothing_is_kept_of_what_does_not_open),
		cmocka_unit_test(texts_that_are_too_short_do_not_open),
		cmocka_unit_test(the_total_is_limited),
		cmocka_unit_test(numbers_must_be_possible),
		cmocka_unit_test(only_the_first_names_a_payload),
		cmocka_unit_test(a_bigger_total_begins_anew_and_a_smaller_is_dropped),
		cmocka_unit_test(messages_are_not_mixed),
		cmocka_unit_test(no_message_grows_beyond_the_limit),
		cmocka_unit_test(fragments_and_whole_messages_are_not_confused),
		cmocka_unit_test(wrong_padding_is_dropped),
		cmocka_unit_test(discarding_leaves_it_as_new),
	};
	return cmocka_run_group_tests_name("fragment", tests, make_keys, NULL);
}
