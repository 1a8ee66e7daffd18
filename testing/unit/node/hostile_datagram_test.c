/*
 * What anybody can send, without a key: scraps, headers of every kind, messages of strangers, sealed ones with a bit
 * changed, unprotected errors and deletes. Nothing of it changes what is there (RFC 7296 2.4, 2.21).
 */
#include <time.h>

#include "hostile.h"

#define NEXT_PAYLOAD 16 /* offsets in the header */
#define VERSION 17
#define EXCHANGE 18
#define FLAGS 19
#define LENGTH 24

static void put_length(uint8_t *header, uint32_t length)
{
	header[LENGTH] = (uint8_t)(length >> 24);
	header[LENGTH + 1] = (uint8_t)(length >> 16);
	header[LENGTH + 2] = (uint8_t)(length >> 8);
	header[LENGTH + 3] = (uint8_t)length;
}

static void every_short_length_and_every_version(void **state)
{
	struct hostile *h = hostile_new();
	uint8_t raw[2048], cut[2048];
	size_t whole = hostile_first(h, raw).len;

	for (size_t len = 0; len <= 29; len++) {
		for (unsigned version = 0; version < 256; version += version % 16 ? 1 : 15) {
			size_t octets = len == 29 ? whole : len;

			memcpy(cut, raw, whole);
			cut[0] = (uint8_t)(version + 1); /* a stranger each */
			cut[VERSION] = (uint8_t)version;
			if (len == HEADER_OCTETS)
				cut[NEXT_PAYLOAD] = PAYLOAD_NONE;
			put_length(cut, (uint32_t)octets);
			hostile_forget(h);
			hostile_inject(h, 1, bytes_of(cut, octets));
			h->index = len;
			h->value = version;
			if (len < HEADER_OCTETS || version >> 4 < 2) {
				hostile_assert(h, h->sent[1].messages == 0);
			} else if (version >> 4 > 2) {
				hostile_assert(h, h->sent[1].messages == 1 &&
							  h->sent[1].error == INVALID_MAJOR_VERSION);
			} else if (len == HEADER_OCTETS) {
				hostile_assert(h, h->sent[1].messages == 1 &&
							  h->sent[1].error == INVALID_SYNTAX);
			} else {
				hostile_run(h, 100);
				hostile_assert(h, h->sent[1].messages == 1 && h->sent[1].error == NO_ERROR);
			}
			hostile_assert(h, len == 29 || hostile_count(h, 1).ike_sas == 0);
			hostile_run(h, SECONDS(len == 29 ? 40 : 1));
		}
	}
	hostile_after(h);
	hostile_discard(h);
}

/* What is allocated follows what was received: a length that is not the datagram's is malformed, and met by silence. */
static void lengths_of_the_header_that_lie(void **state)
{
	static const uint32_t odd[] = {
		0, 1, 27, 28, 29, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff
	};
	struct hostile *h = hostile_new();
	uint8_t raw[2048];
	struct bytes first = hostile_first(h, raw);

	for (size_t i = 0; i < ARRAY_LENGTH(odd) + 4; i++) {
		static const int beside[] = { -2, -1, 1, 2 };

		put_length(raw, i < ARRAY_LENGTH(odd)
					? odd[i]
					: (uint32_t)((int)first.len + beside[i - ARRAY_LENGTH(odd)]));
		hostile_inject(h, 1, first);
		hostile_run(h, SECONDS(1));
		hostile_assert(h, h->sent[1].messages == 0 && hostile_count(h, 1).ike_sas == 0);
	}
	hostile_after(h);
	hostile_discard(h);
}

/* Payloads of length 0, to the end of the datagram and beyond: a thousand of them, quickly. */
static void payloads_of_length_zero_are_no_loop(void **state)
{
	struct hostile *h = hostile_new();
	uint8_t raw[2048];
	struct bytes first = hostile_first(h, raw);
	clock_t begin = clock();

	memset(raw + HEADER_OCTETS, 0, first.len - HEADER_OCTETS);
	for (unsigned i = 0; i < 1000; i++) {
		raw[0] = (uint8_t)i;
		raw[NEXT_PAYLOAD] = (uint8_t)(i % 60);
		for (size_t k = HEADER_OCTETS; k < first.len; k += 4)
			raw[k] = (uint8_t)(i % 60);
		hostile_inject(h, 1, first);
	}
	hostile_assert(h, (clock() - begin) * 1000 / CLOCKS_PER_SEC < 1000);
	hostile_assert(h, h->sent[1].answers == 0 && hostile_count(h, 1).ike_sas == 0);
	hostile_after(h);
	hostile_discard(h);
}

/* ---- strangers with every header ---- */

/* What stands behind the header of a stranger: nothing, what looks sealed, a notification, a delete. */
static size_t put_body(uint8_t *at, unsigned which, uint8_t *next)
{
	static const uint8_t sealed[] = { [3] = 44, [4] = 9, [40] = 7, [43] = 1 };
	static const uint8_t notify[] = { 0, 0, 0, 8, 0, 0, 0, INVALID_SYNTAX };
	static const uint8_t delete[] = { 0, 0, 0, 8, PROTOCOL_IKE, 0, 0, 0 };
	static const struct {
		uint8_t next;
		struct bytes body;
	} bodies[] = {
		{ PAYLOAD_NONE, { NULL, 0 } },
		{ PAYLOAD_SK, { sealed, sizeof(sealed) } },
		{ PAYLOAD_N, { notify, sizeof(notify) } },
		{ PAYLOAD_D, { delete, sizeof(delete) } },
		{ PAYLOAD_SKF, { sealed, sizeof(sealed) } },
	};

	*next = bodies[which].next;
	if (bodies[which].body.len)
		memcpy(at, bodies[which].body.at, bodies[which].body.len);
	return bodies[which].body.len;
}

/*
 * Unknown SPIs, the SPIs of an IKE SA, none; every kind of exchange, every flag: silence, or one unprotected error
 * that is no longer than what drew it, and never one in answer to an answer.
 */
static void every_exchange_and_flag_of_a_stranger(void **state)
{
	static const uint8_t exchanges[] = { 0,  1,  2,  4,  5,  6,  32, 33,  34,
					     35, 36, 37, 38, 39, 43, 44, 128, 255 };
	struct hostile *h = hostile_new();
	uint8_t raw[128], spis[16];
	uint64_t before[2];

	hostile_up(h, 0, "a");
	memcpy(spis, h->sent[0].last, sizeof(spis));
	before[0] = hostile_print(h, 0);
	before[1] = hostile_print(h, 1);
	for (unsigned i = 0; i < ARRAY_LENGTH(exchanges) * 256 * 5 * 5; i++) {
		unsigned spi = i % 5, body = i / 5 % 5, flags = i / 25 % 256;
		size_t len;

		memset(raw, 0, sizeof(raw));
		memset(raw, 0x5a, spi < 3 ? 16 : 0);
		if (spi == 1 || spi == 2)
			memset(raw + (spi == 1 ? 8 : 0), 0, 8);
		if (spi == 4)
			memcpy(raw, spis, sizeof(spis));
		raw[VERSION] = 0x20;
		raw[EXCHANGE] = exchanges[i / 25 / 256];
		raw[FLAGS] = (uint8_t)flags;
		raw[23] = (uint8_t)(i % 3);
		len = HEADER_OCTETS + put_body(raw + HEADER_OCTETS, body, raw + NEXT_PAYLOAD);
		put_length(raw, (uint32_t)len);
		hostile_forget(h);
		h->index = i;
		h->value = flags;
		h->cut = true;
		hostile_inject(h, 1, bytes_of(raw, len));
		h->cut = false;
		hostile_assert(h, h->sent[1].sealed_answers == 0 && h->sent[1].answers <= 1);
		if (flags & FLAG_RESPONSE)
			hostile_assert(h, h->sent[1].answers == 0);
		hostile_assert(h, h->sent[1].longest <= (len > 36 ? len : 36));
		if (i % 10 == 0)
			h->w.now += SECONDS(1);
		hostile_assert(h, hostile_count(h, 1).ike_sas <= 1);
	}
	hostile_run(h, SECONDS(2));
	hostile_assert(h, before[0] == hostile_print(h, 0) && before[1] == hostile_print(h, 1));
	hostile_after(h);
	hostile_discard(h);
}

/* ---- what is sealed, with one bit changed ---- */

/* All copies with one bit changed arrive before the good one. */
static void flip_every_bit(struct hostile *h, uint8_t *data, size_t *len)
{
	size_t to = h->place->response ? h->place->who : 1 - h->place->who;

	if (h->taken)
		return;
	for (size_t bit = 0; bit < *len * 8; bit++) {
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		hostile_post(h, to, bytes_of(data, *len));
		data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	hostile_forget(h);
	h->cut = true;
}

static void each_bit_of_what_is_sealed(void **state)
{
	struct hostile *h = hostile_new();

	h->deed = "one bit changed";
	h->bend = flip_every_bit;
	for (size_t k = 2; k < ARRAY_LENGTH(places); k++) {
		const struct place *p = &places[k];
		size_t to = p->response ? p->who : 1 - p->who;
		uint64_t before;

		hostile_prepare(h, p);
		h->place = p;
		h->taken = 0;
		h->armed = true;
		before = hostile_print(h, to);
		hostile_tell(h, p->story, p->who);
		while (!h->taken)
			hostile_run(h, 1);
		/* The world is stepped until the copies have come; the good one was posted after them. */
		for (bool good = false; !good;) {
			struct sim_item *item = h->w.heap[0];

			assert_int_equal(item->kind, SIM_PACKET);
			good = bytes_equal(bytes_of_blob(&item->data), bytes_of(h->raw, h->taken_octets));
			if (good) {
				if (!p->response && p->story != STORY_UP)
					hostile_assert(h, before == hostile_print(h, to));
				hostile_assert(h,
					       h->sent[to].sealed_answers == 0 && h->sent[to].answers <= 10);
				h->cut = false;
			}
			sim_choose(&h->w, item, SIM_DELIVER);
		}
		h->once = true;
		hostile_run(h, SECONDS(5));
		h->once = h->armed = false;
		hostile_assert(h, h->taken >= 1);
		if (p->story == STORY_UP)
			hostile_assert(h, world_agree(&h->w, 0, 1));
		if (p->story == STORY_SECOND)
			hostile_assert(h, world_pairs(&h->w, 0, 1) == 2);
		hostile_after(h);
	}
	hostile_discard(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_short_length_and_every_version),
		cmocka_unit_test(lengths_of_the_header_that_lie),
		cmocka_unit_test(payloads_of_length_zero_are_no_loop),
		cmocka_unit_test(every_exchange_and_flag_of_a_stranger),
		cmocka_unit_test(each_bit_of_what_is_sealed),
	};

	return cmocka_run_group_tests_name("node/hostile_datagram", tests, NULL, NULL);
}
