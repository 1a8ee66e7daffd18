/*
 * Fuzz target of lib/ike/wire: octets from anybody through every reader there is. The first octet chooses, by
 * its remainder of 4: 1, 3: the rest is a datagram; 0: the rest is the opened inside of a sealed message, whose
 * exchange, direction and first payload the next three octets say; 2: fragments (try_fragments). What is read is
 * checked, described, and, where a writer exists, written and read again: the second reading must say what the
 * first one said.
 */
#include <stdlib.h>
#include <string.h>

#include "../../lib/ike/wire/fragment.h"
#include "../../lib/ike/wire/law.h"
#include "../../lib/ike/wire/natd.h"
#include "../../lib/ike/wire/proposal.h"
#include "../../lib/ike/wire/ts.h"
#include "identity.h"
#include "note.h"
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static uint8_t room[2 * LIMIT_MESSAGE];

/* SPIs of other sizes than 0, 4 and 8 are read but never written. */
static bool can_be_written(const struct proposal_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->at[i].spi_len != 0 && list->at[i].spi_len != 4 && list->at[i].spi_len != 8)
			return false;
	}
	return true;
}

static void try_proposals(struct bytes body)
{
	static struct proposal_list list, again;
	struct writer w = writer_into(room, sizeof(room));

	if (!proposals_read(body, &list))
		return;
	REQUIRE(list.count >= 1 && list.count <= LIMIT_PROPOSALS);
	if (!can_be_written(&list))
		return;
	for (size_t i = 0; i < list.count; i++)
		proposal_write(&w, &list.at[i], i + 1 < list.count);
	REQUIRE(writer_ok(&w) && proposals_read(writer_written(&w), &again) && again.count == list.count);
	for (size_t i = 0; i < list.count; i++) {
		const struct proposal *p = &list.at[i], *q = &again.at[i];

		REQUIRE(p->number == q->number && p->protocol == q->protocol && p->spi_len == q->spi_len);
		REQUIRE(p->spi == q->spi && p->count == q->count && p->count <= LIMIT_TRANSFORMS);
		for (size_t k = 0; k < p->count; k++)
			REQUIRE(p->transform[k].type == q->transform[k].type &&
				p->transform[k].id == q->transform[k].id &&
				p->transform[k].key_bits == q->transform[k].key_bits);
	}
}

static void try_selectors(struct bytes body)
{
	struct selector s[LIMIT_SELECTORS], again[LIMIT_SELECTORS];
	size_t count, again_count;
	struct writer w = writer_into(room, sizeof(room));

	if (!ts_read(body, s, &count) || !count)
		return;
	REQUIRE(count <= LIMIT_SELECTORS);
	ts_write(&w, s, count);
	REQUIRE(writer_ok(&w) && ts_read(writer_written(&w), again, &again_count) && again_count == count);
	for (size_t i = 0; i < count; i++) {
		char text[SELECTOR_TEXT];
		struct selector parsed;

		REQUIRE(selector_equal(&s[i], &again[i]));
		REQUIRE(selector_parse(&parsed, selector_print(&s[i], text)) &&
			selector_equal(&s[i], &parsed));
		REQUIRE(selector_contains(&s[i], &s[i]));
	}
}

static void try_identity(struct bytes body)
{
	struct identity id = { ID_NONE, { NULL, 0 } };
	struct reader r = reader_of(body);
	uint8_t type = reader_u8(&r);
	char text[IDENTITY_TEXT];

	reader_skip(&r, 3);
	if (!identity_set(&id, type, reader_rest(&r)))
		return;
	identity_print(&id, text);
	REQUIRE(memchr(text, '\0', sizeof(text)) != NULL);
	for (const char *c = text; *c; c++)
		REQUIRE(*c >= 0x20 && *c < 0x7f);
	identity_discard(&id);
}

static void try_payloads(const struct message *m)
{
	struct notify n;
	struct text text;

	REQUIRE(m->count <= LIMIT_PAYLOADS);
	for (size_t i = 0; i < m->count; i++) {
		struct bytes body = m->payload[i].body;

		REQUIRE(body.len >= payload_least(m->payload[i].type));
		switch (m->payload[i].type) {
		case PAYLOAD_SA:
			try_proposals(body);
			break;
		case PAYLOAD_TSI:
		case PAYLOAD_TSR:
			try_selectors(body);
			break;
		case PAYLOAD_IDI:
		case PAYLOAD_IDR:
			try_identity(body);
			break;
		case PAYLOAD_N:
			if (notify_read(body, &n))
				REQUIRE(n.spi.len + n.data.len + 4 == body.len);
			break;
		default:
			break;
		}
	}
	message_describe(m, &text);
	REQUIRE(strlen(text.at) == text.used);
}

static void try_law(const struct message *m)
{
	uint8_t which = 0;

	for (unsigned response = 0; response < 2; response++) {
		if (law_check(m, response, &which) == REASON_LAW)
			REQUIRE(which != PAYLOAD_NONE);
	}
}

/* Any message whose reading went well is made again of its payloads and must read the same. */
static void try_again(const struct message *m)
{
	struct message again;
	struct build b;
	struct bytes packet;

	build_begin(&b, room, sizeof(room), &m->header);
	for (size_t i = 0; i < m->count; i++)
		build_body(&b, m->payload[i].type, m->payload[i].body);
	packet = build_finish(&b);
	REQUIRE(packet.len > 0);
	if (packet.len > LIMIT_MESSAGE)
		return;
	REQUIRE(message_read(packet, &again) == REASON_OK && again.count == m->count);
	for (size_t i = 0; i < m->count; i++)
		REQUIRE(again.payload[i].type == m->payload[i].type &&
			bytes_equal(again.payload[i].body, m->payload[i].body));
}

/* Any hash will do: what is compared are octets of the sender's. */
static bool hash_anything(void *self, enum hash_id hash, const struct bytes *parts, size_t count,
			  uint8_t *out)
{
	memset(out, (int)parts[0].at[parts[0].len - 1], NATD_OCTETS);
	return true;
}

static void try_natd(const struct message *m)
{
	const struct crypto crypto = { .hash = hash_anything };
	const struct endpoint local = { { ADDRESS_V4, { 1 } }, 500 },
			      remote = { { ADDRESS_V6, { 2 } }, 4500 };
	struct natd natd = natd_read(m, &crypto, m->header.spi_i, m->header.spi_r, &local, &remote);

	REQUIRE(natd.present || (!natd.we_are_behind && !natd.peer_is_behind));
}

/* With a cipher that takes everything, so that what comes after the ICV is reached. */
static bool open_anything(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
			  uint8_t *text, size_t len, struct bytes icv)
{
	return true;
}

static void try_opening(struct message *m)
{
	static const struct {
		uint16_t encr, bits, integ;
	} suites[] = { { ENCR_AES_GCM_16, 128, INTEG_NONE }, { ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_256_128 } };
	const struct crypto crypto = { .open = open_anything };

	for (size_t i = 0; i < ARRAY_LENGTH(suites); i++) {
		struct sealing_key key = {
			encr_find(suites[i].encr, suites[i].bits), integ_find(suites[i].integ), { 0 }, { 0 }
		};
		struct blob plain = { NULL, 0 };
		struct message inner = *m;
		enum reason reason;

		reason = m->fragment.total ? message_open_fragment(m, &crypto, &key, &plain)
					   : message_open(m, &crypto, &key, &plain);
		if (reason == REASON_OK &&
		    message_read_inner(m->inner_first, bytes_of_blob(&plain), &inner) == REASON_OK) {
			try_payloads(&inner);
			try_law(&inner);
		}
		blob_discard(&plain);
	}
}

static void try_inside(struct bytes input)
{
	struct reader r = reader_of(input);
	struct message m;
	uint8_t first;

	memset(&m, 0, sizeof(m));
	m.header.exchange = reader_u8(&r);
	m.header.flags = reader_u8(&r);
	first = reader_u8(&r);
	if (!reader_ok(&r) || message_read_inner(first, reader_rest(&r), &m) != REASON_OK)
		return;
	try_payloads(&m);
	try_law(&m);
	try_again(&m);
}

/* ---- fragments: a key that the fuzzer has, because it seals by an ICV that is a sum ---- */

static bool sum_seal(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
		     uint8_t *text, size_t len, uint8_t *icv)
{
	uint8_t sum = 0x5a;

	for (size_t i = 0; i < aad.len; i++)
		sum = (uint8_t)(sum * 3 + aad.at[i]);
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum * 3 + text[i]);
	memset(icv, sum, key->encr->icv_octets);
	return true;
}

static bool sum_open(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
		     uint8_t *text, size_t len, struct bytes icv)
{
	uint8_t want[ICV_OCTETS_MAX];

	sum_seal(self, key, aad, iv, text, len, want);
	return bytes_equal(icv, bytes_of(want, icv.len));
}

static const struct crypto sum_crypto = { .seal = sum_seal, .open = sum_open };

static void check_gather(const struct gather *g)
{
	size_t octets = 0, count = 0;

	for (size_t i = 0; i < g->total; i++) {
		bool here = g->received >> i & 1;

		REQUIRE(here || !g->part[i].data);
		count += here;
		octets += g->part[i].len;
	}
	REQUIRE(count == g->count && count <= LIMIT_FRAGMENTS && octets == g->octets);
	REQUIRE(octets <= LIMIT_MESSAGE && g->total <= LIMIT_FRAGMENTS);
}

static void take_packet(struct gather *g, const struct sealing_key *key, struct bytes packet, msec now)
{
	struct gather before = *g;
	struct gathered got;
	struct message m;

	if (message_read(packet, &m) != REASON_OK)
		return;
	got = gather_take(g, &sum_crypto, key, &m, now);
	check_gather(g);
	if (got.verdict == GATHER_DROP) {
		REQUIRE(got.reason != REASON_OK && memcmp(&before, g, sizeof(*g)) == 0);
		return;
	}
	REQUIRE(got.reason == REASON_OK && (got.verdict == GATHER_WHOLE) == (g->count == g->total));
	if (got.verdict != GATHER_WHOLE)
		return;
	REQUIRE(g->plain.len == g->octets);
	if (message_read_inner(g->first, bytes_of_blob(&g->plain), &m) == REASON_OK) {
		try_payloads(&m);
		try_law(&m);
	}
	gather_discard(g);
}

/* Splits what is left of the input and gathers it again, in an order that the input says. */
static void try_splitting(struct reader *r, const struct sealing_key *key)
{
	const struct ike_header header = { .spi_i = 1, .spi_r = 2, .exchange = IKE_AUTH, .message_id = 3 };
	size_t largest = reader_u8(r) * 2u, step = reader_u8(r) | 1u, count = 0;
	struct bytes inner = reader_rest(r), rest, one, list[LIMIT_FRAGMENTS];
	struct blob parcel = { NULL, 0 };
	struct gather g = { 0 };
	uint64_t iv = 7;

	if (inner.len > LIMIT_MESSAGE ||
	    !fragment_split(&header, PAYLOAD_V, inner, &sum_crypto, key, &iv, largest, &parcel))
		return;
	rest = bytes_of_blob(&parcel);
	while ((one = parcel_next(&rest)).len) {
		REQUIRE(count < LIMIT_FRAGMENTS && one.len <= largest);
		list[count++] = one;
	}
	REQUIRE(count == iv - 7);
	/* Every fragment once for sure, after as many steps of an odd width through all of them. */
	for (size_t i = 0; i < 2 * count; i++) {
		struct message m;
		struct gathered got;

		one = list[i < count ? i * step % count : i - count];
		REQUIRE(message_read(one, &m) == REASON_OK && m.fragment.total == count);
		got = gather_take(&g, &sum_crypto, key, &m, 0);
		check_gather(&g);
		REQUIRE(got.verdict != GATHER_DROP || got.reason == REASON_FRAGMENT);
	}
	REQUIRE(g.count == g.total && g.first == PAYLOAD_V && bytes_equal(bytes_of_blob(&g.plain), inner));
	gather_discard(&g);
	blob_discard(&parcel);
}

/*
 * Steps, by their first octet: 0: a datagram as it is (its length in two octets before it); 1: what was gathered
 * is discarded; 2: all the rest is split and gathered; others: a fragment is made and sealed of what follows:
 * number, total, first payload, low octet of the message ID, length of the text in two octets, text.
 */
static void try_fragments(struct bytes input)
{
	struct sealing_key key = { encr_find(ENCR_AES_GCM_16, 256), integ_find(INTEG_NONE), { 0 }, { 0 } };
	struct reader r = reader_of(input);
	struct gather g = { 0 };

	for (msec now = 0; r.left && reader_ok(&r); now++) {
		uint8_t what = reader_u8(&r);

		if (what == 0) {
			take_packet(&g, &key, reader_take(&r, reader_u16(&r)), now);
		} else if (what == 1) {
			gather_discard(&g);
		} else if (what == 2) {
			try_splitting(&r, &key);
		} else {
			struct ike_header header = { .spi_i = 1, .spi_r = 2, .exchange = IKE_AUTH };
			struct fragment which = { 0, 0 };
			struct build b;
			uint8_t first;

			which.number = reader_u8(&r);
			which.total = reader_u8(&r);
			first = reader_u8(&r);
			header.message_id = reader_u8(&r);
			build_begin(&b, room, sizeof(room), &header);
			build_seal_fragment(&b, &key, first, which);
			writer_patch_u8(&b.w, b.sealed_at, first);
			writer_bytes(&b.w, reader_take(&r, reader_u16(&r)));
			take_packet(&g, &key, build_finish_sealed(&b, &sum_crypto, &key, 1), now);
		}
	}
	gather_discard(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_of(bytes_of(data, size));
	uint8_t mode = reader_u8(&r);
	struct message m;

	if (!reader_ok(&r))
		return 0;
	if (mode % 4 == 2) {
		try_fragments(reader_rest(&r));
		return 0;
	}
	if (mode % 4 == 0) {
		try_inside(reader_rest(&r));
		return 0;
	}
	if (message_read(reader_rest(&r), &m) != REASON_OK)
		return 0;
	try_payloads(&m);
	try_law(&m);
	try_natd(&m);
	if (m.sealed)
		try_opening(&m);
	else
		try_again(&m);
	return 0;
}
