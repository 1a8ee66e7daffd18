/*
 * The right message at the wrong time: every exchange in every state of an IKE SA, deletes in every order, work that comes
 * home when its SA is gone, local failures, clocks that jump, and memory after very many hostile packets.
 */
#include "hostile.h"

/* ---- before anybody has proved anything ---- */

/* The messages that an established peer may send, taken from good runs. */
enum {
	GOOD_AUTH,
	GOOD_CHILD,
	GOOD_REKEY_CHILD,
	GOOD_REKEY_IKE,
	GOOD_DELETE_CHILD,
	GOOD_DELETE_IKE,
	GOOD_EMPTY,
	GOODS
};

static struct forged *goods;

static void keep_good(struct hostile *h, struct forged *f)
{
	memcpy(&goods[h->index], f, sizeof(*f));
}

static void collect_goods(struct hostile *h)
{
	static const size_t from[GOODS] = { 2, 4, 8, 10, 13, 15, 17 };

	goods = calloc(GOODS, sizeof(*goods));
	assert_non_null(goods);
	for (h->index = 0; h->index < GOODS; h->index++) {
		hostile_prepare(h, &places[from[h->index]]);
		h->change = keep_good;
		hostile_play(h, &places[from[h->index]]);
		hostile_after(h);
	}
	h->change = NULL;
}

/*
 * Under the right keys, in the place of IKE_AUTH (value % GOODS: what it says; index: as which exchange; answer or
 * request, and its number).
 */
static void say_early(struct hostile *h, struct forged *f)
{
	struct ike_header head = f->header;

	memcpy(f, &goods[h->value % GOODS], sizeof(*f));
	f->header = head;
	f->header.exchange = (uint8_t)h->index;
	if (h->value / GOODS % 2)
		f->header.flags ^= FLAG_RESPONSE;
	f->header.message_id = (uint32_t)(h->value / GOODS / 2);
}

/*
 * To a responder whose IKE_AUTH request is still to come, and to an initiator that awaits the answer: everything but
 * IKE_AUTH is passed over. No answer, nothing made; and then the good message is taken.
 */
static void nothing_but_auth_before_the_proof(void **state)
{
	static const uint8_t exchanges[] = { 0, 1, 2, 4, 5, 6, 32, 33, 34, 36, 37, 38, 43, 44, 255 };
	struct hostile *h = hostile_new();

	collect_goods(h);
	h->deed = "another exchange in IKE_AUTH's place";
	h->once = true;
	for (size_t k = 2; k < 4; k++) {
		for (size_t i = 0; i < ARRAY_LENGTH(exchanges); i++) {
			h->index = exchanges[i];
			h->change = say_early;
			for (h->value = 0; h->value < GOODS * 2 * 3; h->value++) {
				size_t to = k == 2;

				hostile_forget(h);
				hostile_play(h, &places[k]);
				hostile_assert(h, h->taken == 1 && h->made == 0);
				/* The one answer is that to the good message. */
				hostile_assert(h, h->sent[to].sealed_answers == (k == 2));
				hostile_assert(h, hostile_succeeded(h, &places[k]));
				hostile_clean(h);
			}
		}
	}
	h->change = NULL;
	hostile_after(h);
	hostile_discard(h);
	free(goods);
}

/* The responder's keys are there before its initiator has proved anything: requests by it are no proof either. */
static void requests_of_a_responder_before_its_proof(void **state)
{
	struct hostile *h = hostile_new();

	collect_goods(h);
	h->place = NULL;
	hostile_forget(h);
	for (size_t i = 0; i < GOODS * 4; i++) {
		struct ike_header head;

		h->value = i;
		h->cut = false;
		world_command(&h->w, 0, COMMAND_UP, "a");
		/* IKE_SA_INIT passes, IKE_AUTH is kept from the responder. */
		do {
			hostile_run(h, 1);
		} while (!header_read(bytes_of(h->sent[0].last, h->sent[0].last_len), &head) ||
			 head.exchange != IKE_AUTH);
		h->cut = true;
		memcpy(&h->forged, &goods[i % GOODS], sizeof(h->forged));
		head.flags = 0;
		head.exchange = (uint8_t)(CREATE_CHILD_SA + i / GOODS % 2);
		head.message_id = (uint32_t)(i / GOODS / 2);
		h->forged.header = head;
		hostile_forget(h);
		hostile_inject(h, 0, forge_close(&h->w, &h->forged, h->raw, sizeof(h->raw)));
		hostile_run(h, 100);
		hostile_assert(h, h->sent[0].answers == 0 && hostile_count(h, 0).established == 0);
		hostile_assert(h, h->w.nodes[0].sas == NULL);
		hostile_run(h, SECONDS(6));
		hostile_after(h);
		hostile_forget(h);
	}
	hostile_discard(h);
	free(goods);
}

/* ---- what was refused is not there any more ---- */

static void other_proof(struct hostile *h, struct forged *f)
{
	size_t i = forge_find(f, PAYLOAD_AUTH, 0);

	if (i < f->count)
		forge_octets(f, i)[4] ^= 1;
}

static void no_groups(struct hostile *h, struct forged *f)
{
	size_t i = forge_find(f, PAYLOAD_KE, 0);

	forge_octets(f, i)[0] = 4; /* group 1025 and more */
}

/* A refused IKE_SA_INIT or IKE_AUTH, then all that an established peer may say, with its SPIs: only silence or strays. */
static void refused_exchanges_leave_nothing_to_ask(void **state)
{
	struct hostile *h = hostile_new();

	collect_goods(h);
	for (size_t k = 0; k < 3; k += 2) {
		struct ike_header head;

		h->once = false;
		h->change = k ? other_proof : no_groups;
		hostile_play(h, &places[k]);
		hostile_assert(h,
			       h->error == (k ? AUTHENTICATION_FAILED : INVALID_KE_PAYLOAD) && h->made == 0);
		hostile_assert(h, hostile_count(h, 1).established == 0 && hostile_count(h, 1).children == 0);
		head = h->taken_header;
		h->cut = true;
		for (h->value = 0; h->value < GOODS * 4; h->value++) {
			memcpy(&h->forged, &goods[h->value % GOODS], sizeof(h->forged));
			head.message_id = (uint32_t)(2 + h->value / GOODS);
			head.exchange = (uint8_t)(h->value < GOODS       ? IKE_AUTH
						  : h->value < 2 * GOODS ? INFORMATIONAL
									 : CREATE_CHILD_SA);
			h->forged.header = head;
			h->forged.sealed = k != 0;
			hostile_forget(h);
			hostile_inject(h, 1, forge_close(&h->w, &h->forged, h->raw, sizeof(h->raw)));
			hostile_run(h, 100);
			hostile_assert(h, h->sent[1].sealed_answers == 0 && h->sent[1].answers <= 1);
			hostile_assert(h, hostile_count(h, 1).established == 0 && h->w.nodes[1].sas == NULL);
		}
		h->change = NULL;
		hostile_after(h);
	}
	hostile_discard(h);
	free(goods);
}

/* ---- afterwards ---- */

static uint16_t ask_good(struct hostile *h, size_t good, uint8_t exchange)
{
	struct forged *f = hostile_ask_begin(h, 0, exchange);
	struct ike_header head = f->header;

	memcpy(f, &goods[good], sizeof(*f));
	f->header = head;
	return hostile_ask(h, 0);
}

enum later {
	LATER_ESTABLISHED,
	LATER_REKEYED,
	LATER_DELETING,
	LATER_DELETED,
	LATERS
};

static void come_to(struct hostile *h, enum later state)
{
	hostile_session(h);
	if (state == LATER_REKEYED)
		hostile_assert(h, ask_good(h, GOOD_REKEY_IKE, CREATE_CHILD_SA) == NO_ERROR);
	if (state == LATER_DELETING)
		world_command(&h->w, 1, COMMAND_DELETE_IKE, "a");
	if (state == LATER_DELETED)
		hostile_assert(h, ask_good(h, GOOD_DELETE_IKE, INFORMATIONAL) == NO_ERROR);
}

/* What an IKE SA in that state answers to that exchange, when its contents are of that exchange. */
static uint16_t answer_in(enum later state, uint8_t exchange)
{
	if (state == LATER_DELETED || (exchange != CREATE_CHILD_SA && exchange != INFORMATIONAL))
		return NO_ANSWER;
	return exchange == CREATE_CHILD_SA && state != LATER_ESTABLISHED ? TEMPORARY_FAILURE : NO_ERROR;
}

/* Each exchange with the contents of each, under the right keys, in each state after the proof. */
static void every_exchange_in_every_later_state(void **state)
{
	static const uint8_t exchanges[] = {
		0, 1, 33, IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL, 38, 43, 255
	};
	struct hostile *h = hostile_new();

	collect_goods(h);
	for (size_t i = 0; i < LATERS * ARRAY_LENGTH(exchanges) * GOODS; i++) {
		enum later later = i % LATERS;
		size_t good = i / LATERS % GOODS;
		uint8_t exchange = exchanges[i / LATERS / GOODS];
		uint8_t own = good == GOOD_AUTH          ? IKE_AUTH
			      : good < GOOD_DELETE_CHILD ? CREATE_CHILD_SA
							 : INFORMATIONAL;
		uint16_t wanted = answer_in(later, exchange), error;
		size_t before;

		come_to(h, later);
		before = hostile_count(h, 1).children;
		h->index = good;
		h->value = exchange;
		error = ask_good(h, good, exchange);
		if (wanted == NO_ANSWER)
			hostile_assert(h, error == NO_ANSWER);
		else if (own == exchange && good != GOOD_REKEY_CHILD)
			hostile_assert(h, error == wanted);
		if (wanted != NO_ERROR)
			hostile_assert(h, hostile_count(h, 1).children <= before);
		hostile_clean(h);
	}
	hostile_after(h);
	hostile_discard(h);
	free(goods);
}

/* ---- deletes ---- */

static struct bytes delete_of(uint8_t room[64], uint8_t protocol, const uint32_t *spis, size_t count)
{
	struct writer w = writer_into(room, 64);

	writer_u8(&w, protocol);
	writer_u8(&w, protocol == PROTOCOL_IKE ? 0 : 4);
	writer_u16(&w, (uint16_t)count);
	for (size_t i = 0; i < count; i++)
		writer_u32(&w, spis[i]);
	assert_true(writer_ok(&w));
	return writer_written(&w);
}

static uint32_t outbound_spi(const struct hostile *h, size_t node)
{
	const struct sim_sa *sa = h->w.nodes[node].sas;

	while (sa && sa->sa.inbound)
		sa = sa->next;
	return sa ? sa->sa.spi : 0;
}

/*
 * A delete of the IKE SA, of its Child SA, the same again, of an SPI that is none, notifications: four in one message, in
 * every order of six, by both ends. Each is done once, and nothing is touched after the IKE SA is gone.
 */
static void deletes_in_every_order(void **state)
{
	struct hostile *h = hostile_new();
	uint8_t room[64];

	for (size_t i = 0; i < 6 * 6 * 6 * 6; i++) {
		size_t from = i % 2, left = i;
		uint32_t spi, twice[2];
		bool whole = false, child = false;
		struct forged *f;

		hostile_session(h);
		spi = outbound_spi(h, 1 - from);
		twice[0] = twice[1] = spi;
		f = hostile_ask_begin(h, from, INFORMATIONAL);
		for (size_t k = 0; k < 4; k++, left /= 6) {
			const uint32_t none = 0x01020304;

			switch (left % 6) {
			case 0:
				forge_add(f, PAYLOAD_D, delete_of(room, PROTOCOL_IKE, NULL, 0));
				whole = true;
				break;
			case 1:
				forge_add(f, PAYLOAD_D, delete_of(room, PROTOCOL_ESP, &spi, 1));
				child = true;
				break;
			case 2:
				forge_add(f, PAYLOAD_D, delete_of(room, PROTOCOL_ESP, twice, 2));
				child = true;
				break;
			case 3:
				forge_add(f, PAYLOAD_D, delete_of(room, PROTOCOL_ESP, &none, 1));
				break;
			case 4:
				forge_add(f, PAYLOAD_D, delete_of(room, PROTOCOL_AH, &spi, 1));
				break;
			default:
				forge_add_notify(f, PROTOCOL_NONE, i % 3 ? INITIAL_CONTACT : INVALID_SYNTAX,
						 BYTES_NONE, BYTES_NONE);
			}
		}
		h->index = i;
		hostile_assert(h, hostile_ask(h, from) == NO_ERROR);
		hostile_assert(h, hostile_count(h, 1 - from).established == !whole);
		hostile_run(h, SECONDS(6));
		if (whole || child)
			hostile_assert(h, h->w.nodes[1 - from].sas == NULL);
		else
			hostile_assert(h, h->w.nodes[1 - from].sas != NULL);
		hostile_clean(h);
	}
	hostile_after(h);
	hostile_discard(h);
}

/* Counts and sizes of SPIs that are not what the payload holds: malformed, and nothing is deleted on the way there. */
static void deletes_that_lie(void **state)
{
	static const uint16_t counts[] = { 0, 1, 2, 3, 255, 256, 257, 4096, 16384, 65535 };
	static const uint8_t sizes[] = { 0, 1, 3, 4, 5, 8, 16, 255 };
	struct hostile *h = hostile_new();
	uint8_t room[64];

	for (size_t i = 0; i < ARRAY_LENGTH(counts) * ARRAY_LENGTH(sizes) * 4; i++) {
		uint16_t count = counts[i % ARRAY_LENGTH(counts)];
		uint8_t size = sizes[i / ARRAY_LENGTH(counts) % ARRAY_LENGTH(sizes)];
		uint8_t protocol = (uint8_t)(i / ARRAY_LENGTH(counts) / ARRAY_LENGTH(sizes));
		struct forged *f;
		uint32_t spi;
		uint16_t error;
		bool sound;

		hostile_session(h);
		spi = outbound_spi(h, 1);
		f = hostile_ask_begin(h, 0, INFORMATIONAL);
		forge_add(f, PAYLOAD_D, delete_of(room, PROTOCOL_ESP, &spi, 1));
		delete_of(room, protocol, &spi, 1);
		room[0] = protocol;
		room[1] = size;
		room[2] = (uint8_t)(count >> 8);
		room[3] = (uint8_t)count;
		forge_add(f, PAYLOAD_D, bytes_of(room, 8));
		sound = protocol != PROTOCOL_IKE && size == 4 && count == 1;
		h->index = i;
		error = hostile_ask(h, 0);
		hostile_assert(h, error == (sound ? NO_ERROR : INVALID_SYNTAX));
		hostile_clean(h);
	}
	hostile_after(h);
	hostile_discard(h);
}

/* ---- REKEY_SA ---- */

/* Every protocol, SPIs of every size, of ours, of nobody: CHILD_SA_NOT_FOUND or INVALID_SYNTAX, never a new Child SA. */
static void rekeys_of_what_is_not_there(void **state)
{
	struct hostile *h = hostile_new();
	uint8_t body[64] = { 0 };

	collect_goods(h);
	for (size_t i = 0; i < 256 * 6; i++) {
		uint8_t protocol = (uint8_t)(i % 256), size = (uint8_t[]){ 0, 1, 4, 8, 16, 4 }[i / 256];
		struct forged *f;
		struct ike_header head;
		uint16_t error;
		size_t n, before;

		if (!(protocol <= 4 || protocol > 250 || protocol % 16 == 0) ||
		    (i / 256 == 5 && protocol == PROTOCOL_ESP))
			continue;
		hostile_session(h);
		before = hostile_count(h, 1).children;
		f = hostile_ask_begin(h, 0, CREATE_CHILD_SA);
		head = f->header;
		memcpy(f, &goods[GOOD_REKEY_CHILD], sizeof(*f));
		f->header = head;
		n = forge_find_notify(f, REKEY_SA);
		assert_true(n < f->count);
		body[0] = protocol;
		body[1] = size;
		body[2] = REKEY_SA >> 8;
		body[3] = REKEY_SA & 0xff;
		for (size_t k = 0; k < size; k++)
			body[4 + k] = 0x77;
		if (i / 256 == 5) {
			uint32_t spi = outbound_spi(h, 1);

			for (size_t k = 0; k < 4; k++)
				body[4 + k] = (uint8_t)(spi >> (24 - 8 * k));
		}
		forge_replace(f, n, bytes_of(body, 4 + (size_t)size));
		h->index = i;
		h->value = protocol;
		error = hostile_ask(h, 0);
		hostile_assert(h, error == CHILD_SA_NOT_FOUND || error == INVALID_SYNTAX);
		hostile_assert(h, hostile_count(h, 1).children <= before);
		hostile_clean(h);
	}
	hostile_after(h);
	hostile_discard(h);
	free(goods);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_but_auth_before_the_proof),
		cmocka_unit_test(requests_of_a_responder_before_its_proof),
		cmocka_unit_test(refused_exchanges_leave_nothing_to_ask),
		cmocka_unit_test(every_exchange_in_every_later_state),
		cmocka_unit_test(deletes_in_every_order),
		cmocka_unit_test(deletes_that_lie),
		cmocka_unit_test(rekeys_of_what_is_not_there),
	};

	return cmocka_run_group_tests_name("node/hostile_state", tests, NULL, NULL);
}
