/*
 * Words of those who have proved nothing: unprotected or under a wrong key, in a good message's place and in every
 * state. They delete nothing, end nothing and authenticate nobody; the good message that comes later is taken.
 */
#include "hostile.h"

static const char hostile_patient_config[] =
	"config setup\n ike-quiet=10s\n"
	"conn %default\n left=10.0.0.1\n right=10.0.0.2\n auto=add\n keyingtries=1\n authby=secret\n"
	"conn a\n rightprotoport=udp/53\n"
	"conn b\n rightprotoport=tcp/80\n";

/* Each sealed message is first replaced by a bad one; repeated, it passes. */
static void try_once(struct hostile *h, const struct place *p)
{
	hostile_prepare(h, p);
	h->once = true;
	hostile_play(h, p);
	hostile_assert(h, h->taken == 1);
	hostile_assert(h, h->made == 0 || p->exchange == IKE_SA_INIT);
	hostile_assert(h, hostile_succeeded(h, p));
	h->once = false;
	hostile_after(h);
}

static void seal_wrongly(struct hostile *h, struct forged *f)
{
	f->wrong_key = true;
}

static void unseal(struct hostile *h, struct forged *f)
{
	f->sealed = false;
}

static void under_a_wrong_key_or_none(void **state)
{
	struct hostile *h = hostile_new();

	for (size_t k = 2; k < ARRAY_LENGTH(places); k++) {
		h->deed = "under a wrong key";
		h->change = seal_wrongly;
		try_once(h, &places[k]);
		h->deed = "in clear";
		h->change = unseal;
		try_once(h, &places[k]);
	}
	hostile_discard(h);
}

/* The n-th of the notifications that somebody could wish to forge: all errors, and status types of every range. */
static uint16_t notify_of(size_t n)
{
	return (uint16_t)(n < 64 ? n : n < 128 ? 16384 + n - 64 : n == 128 ? 8192 : n == 129 ? 16383 : 40960);
}

static void only_notify(struct hostile *h, struct forged *f)
{
	static const uint8_t data[] = { 0, 31 };
	struct ike_header head = f->header;

	forge_begin(f, &head, false);
	forge_add_notify(f, PROTOCOL_NONE, notify_of(h->value), BYTES_NONE,
			 bytes_of(data, h->value % 3 ? 0 : sizeof(data)));
}

static void clear_notifications_end_nothing(void **state)
{
	struct hostile *h = hostile_new();

	h->deed = "an unprotected notification";
	h->change = only_notify;
	for (size_t k = 1; k < ARRAY_LENGTH(places); k++) {
		for (h->value = 0; h->value <= 130; h->value++)
			try_once(h, &places[k]);
	}
	hostile_discard(h);
}

static void put_spi(uint8_t *at, uint32_t spi)
{
	at[0] = (uint8_t)(spi >> 24);
	at[1] = (uint8_t)(spi >> 16);
	at[2] = (uint8_t)(spi >> 8);
	at[3] = (uint8_t)spi;
}

/* A delete of the IKE SA and of every SPI that stands anywhere, and INITIAL_CONTACT. */
static void add_deletes(struct hostile *h, struct forged *f, bool outer)
{
	static const uint8_t whole[] = { PROTOCOL_IKE, 0, 0, 0 };
	static const uint8_t contact[] = { PROTOCOL_NONE, 0, INITIAL_CONTACT >> 8, INITIAL_CONTACT & 0xff };
	void (*add)(struct forged *, uint8_t, struct bytes) = outer ? forge_add_outer : forge_add;

	add(f, PAYLOAD_D, BYTES_OF_ARRAY(whole));
	add(f, PAYLOAD_N, BYTES_OF_ARRAY(contact));
	for (size_t i = 0; i < 2; i++) {
		for (const struct sim_sa *sa = h->w.nodes[i].sas; sa; sa = sa->next) {
			uint8_t one[8] = { PROTOCOL_ESP, 4, 0, 1 };

			put_spi(one + 4, sa->sa.spi);
			add(f, PAYLOAD_D, BYTES_OF_ARRAY(one));
		}
	}
}

static void only_deletes(struct hostile *h, struct forged *f)
{
	struct ike_header head = f->header;

	forge_begin(f, &head, h->value == 1);
	f->wrong_key = h->value == 1;
	f->header.exchange = h->index ? INFORMATIONAL : f->header.exchange;
	add_deletes(h, f, false);
}

static void deletes_beside(struct hostile *h, struct forged *f)
{
	add_deletes(h, f, true);
}

/* In clear, under a wrong key, as the exchange that is awaited and as INFORMATIONAL; and outside of what is sealed. */
static void unproven_deletes_delete_nothing(void **state)
{
	struct hostile *h = hostile_new();

	for (size_t k = 1; k < ARRAY_LENGTH(places); k++) {
		h->deed = "deletes of all, in clear or under a wrong key";
		h->change = only_deletes;
		for (size_t i = 0; i < 4; i++) {
			h->value = places[k].exchange == IKE_SA_INIT ? 0 : i % 2;
			h->index = i / 2;
			try_once(h, &places[k]);
		}
		if (places[k].exchange == IKE_SA_INIT)
			continue;
		h->deed = "deletes beside the sealed part";
		h->change = deletes_beside;
		h->once = false;
		hostile_prepare(h, &places[k]);
		hostile_play(h, &places[k]);
		hostile_assert(h, hostile_succeeded(h, &places[k]));
		hostile_after(h);
	}
	hostile_discard(h);
}

/* The same against what is established and idle, at both ends, with every message number. */
static void unproven_deletes_of_what_is_idle(void **state)
{
	struct hostile *h = hostile_new();
	struct ike_header head;
	uint64_t before[2];

	hostile_up(h, 0, "a");
	hostile_up(h, 1, "b");
	assert_true(header_read(bytes_of(h->sent[0].last, h->sent[0].last_len), &head));
	before[0] = hostile_print(h, 0);
	before[1] = hostile_print(h, 1);
	hostile_forget(h);
	for (size_t i = 0; i < 2 * 256 * 4; i++) {
		struct bytes made;
		size_t to = i % 2;

		head.exchange = INFORMATIONAL;
		head.flags = (uint8_t)(i / 2 % 256);
		head.message_id = (uint32_t)(i / 512);
		forge_begin(&h->forged, &head, i % 3 == 0);
		h->forged.wrong_key = true;
		add_deletes(h, &h->forged, false);
		made = forge_close(&h->w, &h->forged, h->raw, sizeof(h->raw));
		h->index = i;
		hostile_inject(h, to, made);
		hostile_assert(h, before[0] == hostile_print(h, 0) && before[1] == hostile_print(h, 1));
	}
	hostile_run(h, SECONDS(20));
	hostile_assert(h, before[0] == hostile_print(h, 0) && before[1] == hostile_print(h, 1));
	hostile_assert(h, h->sent[0].sealed_answers <= 3 &&
				  h->sent[1].sealed_answers <= 3); /* of signs of life */
	hostile_after(h);
	hostile_discard(h);
}

/* ---- IKE_SA_INIT answered by demands ---- */

/* In the request's place its sender gets a demand; the responder never sees the request. */
static void put_demand(struct hostile *h, uint8_t *data, size_t *len)
{
	static const uint16_t types[] = { INVALID_KE_PAYLOAD, COOKIE };
	static uint8_t room[1024];
	uint8_t body[300] = { 0 };
	struct ike_header head = h->forged.header;
	size_t extra = h->value % 3, octets = (size_t[]){ 0, 1, 2, 3, 64, 65, 300 }[h->value / 3 % 7];

	/* Another group each time, of those that were offered. */
	body[1] = (uint8_t[]){ 14, 19, 31 }[h->taken % 3];
	head.flags = FLAG_RESPONSE;
	head.spi_r = h->index;
	forge_begin(&h->seen, &head, false);
	forge_add_notify(&h->seen, PROTOCOL_NONE, types[h->value / 21], BYTES_NONE, bytes_of(body, octets));
	if (extra)
		forge_add(&h->seen, extra == 1 ? PAYLOAD_NONCE : PAYLOAD_KE, BYTES_OF_ARRAY(body));
	hostile_post(h, 0, forge_close(&h->w, &h->seen, room, sizeof(room)));
	*len = 1;
}

/* Demands for ever: the initiator begins anew a few times at most, waits, and gives up. */
static void demands_without_end(void **state)
{
	struct hostile *h = hostile_new();

	h->deed = "INVALID_KE_PAYLOAD or COOKIE alone or with more";
	for (h->index = 0; h->index < 2; h->index++) {
		for (h->value = 0; h->value < 42; h->value++) {
			hostile_forget(h);
			h->bend = put_demand;
			hostile_play(h, &places[0]);
			h->bend = NULL;
			/* 500 ms, doubled, for 4 s are four messages; each demand that is followed draws one more. */
			hostile_assert(h,
				       h->sent[0].messages <= 5u + (h->value < 21 ? 1 : LIMIT_INIT_RETRIES));
			hostile_assert(h, h->w.nodes[0].up_status != 0 && hostile_count(h, 0).ike_sas == 0);
			hostile_after(h);
		}
	}
	hostile_discard(h);
}

static void put_group(struct hostile *h, struct forged *f)
{
	const uint8_t data[] = { (uint8_t)(h->value >> 8), (uint8_t)h->value };
	struct ike_header head = f->header;

	head.spi_r = 0;
	forge_begin(f, &head, false);
	forge_add_notify(f, PROTOCOL_NONE, INVALID_KE_PAYLOAD, BYTES_NONE, BYTES_OF_ARRAY(data));
}

/*
 * A demand for any group at all: one that was offered is tried, once, and when the responder has forgotten the first
 * request (30 s) it answers the other; all else is passed over.
 */
static void demands_for_every_group(void **state)
{
	struct hostile *h = hostile_new_with(hostile_patient_config, hostile_secrets);

	h->deed = "INVALID_KE_PAYLOAD";
	h->change = put_group;
	h->once = true;
	for (h->value = 0; h->value < 65536; h->value += h->value < 64 || h->value % 1024 < 4 ? 1 : 251) {
		hostile_play(h, &places[1]);
		hostile_run(h, SECONDS(52));
		hostile_assert(h, h->taken == 1 && hostile_succeeded(h, &places[1]));
		hostile_clean(h);
	}
	hostile_discard(h);
}

/* ---- what comes back ---- */

static void reflect(struct hostile *h, uint8_t *data, size_t *len)
{
	size_t from = h->place->response ? 1 - h->place->who : h->place->who;

	for (unsigned i = 0; i < 8 && h->taken == 0; i++) {
		uint8_t copy[2048];

		assert_true(*len <= sizeof(copy));
		memcpy(copy, data, *len);
		if (i & 4) {
			memcpy(copy, data + 8, 8);
			memcpy(copy + 8, data, 8);
		}
		copy[19] ^= (uint8_t)((i & 1 ? FLAG_INITIATOR : 0) | (i & 2 ? FLAG_RESPONSE : 0));
		hostile_post(h, from, bytes_of(copy, *len));
	}
}

/* Each message returns to its sender, its SPIs and flags as they were or turned: it is of no use there. */
static void messages_that_return_to_their_sender(void **state)
{
	struct hostile *h = hostile_new();

	h->deed = "returned to its sender";
	h->bend = reflect;
	for (size_t k = 0; k < ARRAY_LENGTH(places); k++) {
		hostile_prepare(h, &places[k]);
		hostile_play(h, &places[k]);
		hostile_assert(h, hostile_succeeded(h, &places[k]));
		hostile_assert(h,
			       hostile_count(h, 0).established <= 1 && hostile_count(h, 1).established <= 1);
		hostile_after(h);
	}
	hostile_discard(h);
}

/* A first message whose sender then keeps silent: one answer, no longer than the question, never sent again. */
static void nothing_is_sent_to_a_stranger_twice(void **state)
{
	struct hostile *h = hostile_new();
	uint8_t raw[2048];
	struct bytes first = hostile_first(h, raw);

	h->cut = true;
	hostile_inject(h, 1, first);
	hostile_run(h, SECONDS(100));
	hostile_assert(h, h->sent[1].messages == 1 && h->sent[1].octets <= first.len);
	hostile_assert(h, hostile_count(h, 1).ike_sas == 0);
	h->cut = false;
	hostile_after(h);
	hostile_discard(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(under_a_wrong_key_or_none),
		cmocka_unit_test(clear_notifications_end_nothing),
		cmocka_unit_test(unproven_deletes_delete_nothing),
		cmocka_unit_test(unproven_deletes_of_what_is_idle),
		cmocka_unit_test(demands_without_end),
		cmocka_unit_test(demands_for_every_group),
		cmocka_unit_test(messages_that_return_to_their_sender),
		cmocka_unit_test(nothing_is_sent_to_a_stranger_twice),
	};

	return cmocka_run_group_tests_name("node/hostile_unproven", tests, NULL, NULL);
}
