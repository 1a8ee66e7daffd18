/*
 * The messages of state_fuzz: which IKE SA, exchange, number and flags, then payloads until one says that it is the last,
 * then what is changed in the finished plaintext, then how it is cut. Each choice is an octet of the input.
 */
#include "state_fuzz.h"

#include <string.h>

#include "lib/ike/exchanges/choose.h"
#include "lib/ike/ike_inside.h"
#include "lib/ike/sa/child_sa.h"
#include "lib/ike/wire/build.h"
#include "lib/ike/wire/ts.h"

#define PLAIN 4096

/* What a message is made for. */
struct aim {
	const struct ike_context *c;
	const struct ike_sa *sa;
	const struct conn *conn;
	const struct sealing_key *key; /* the peer's */
	bool answer;
};

static const struct ike_context *victims(const struct state *s)
{
	return ike_inside(node_ike(s->w.nodes[s->victim].node));
}

static struct ike_sa *pick_sa(const struct state *s, size_t which)
{
	const struct ike_context *c = victims(s);
	struct ike_sa *sa = NULL;
	size_t count = 0;

	for (const struct list *at = c->table.all.next; at != &c->table.all; at = at->next)
		count++;
	which = count ? which % count : 0;
	for (const struct list *at = c->table.all.next; at != &c->table.all; at = at->next) {
		sa = LIST_ENTRY(at, struct ike_sa, link);
		if (!which--)
			break;
	}
	return count ? sa : NULL;
}

static const struct child_sa *pick_child(const struct aim *a, size_t which)
{
	const struct child_sa *child = NULL;

	for (const struct list *at = a->sa->children.next; at != &a->sa->children; at = at->next) {
		child = LIST_ENTRY(at, struct child_sa, link);
		if (!which--)
			break;
	}
	return child;
}

/* ---- payloads ---- */

static void put_number(struct writer *w, struct state *s, unsigned octets)
{
	while (octets--)
		writer_u8(w, state_octet(s));
}

/* SA: what would be offered, or the one that is chosen; for ESP or for the IKE SA. */
static void put_sa(struct state *s, const struct aim *a, struct build *b, uint8_t how)
{
	struct suite esp[64];
	uint16_t group = a->sa->suite.ke;
	size_t count = choose_esp_suites(a->conn, &a->c->abilities, &group, how & 1 && group ? 1 : 0, esp);
	uint8_t protocol = how & 2 ? PROTOCOL_IKE : PROTOCOL_ESP;
	uint64_t spi = how & 2 ? 0x1122334455667700u + (how >> 2) : 0x70000100u + (how >> 2);
	struct choice choice = { how & 2 ? a->conn->ike[0] : esp[0], 1, 0 };
	struct writer *w = build_payload(b, PAYLOAD_SA);

	if (a->answer)
		choose_reply(w, protocol, spi, &choice);
	else if (how & 2)
		choose_offer(w, protocol, spi, a->conn->ike, a->conn->ike_count);
	else
		choose_offer(w, protocol, spi, esp, count);
	build_end(b);
}

static void put_ke(struct state *s, const struct aim *a, struct build *b, uint8_t how)
{
	uint16_t group = how & 1 ? state_octet(s) : a->conn->ike[0].ke;
	const struct group_row *row = group_find(group);
	struct writer *w = build_payload(b, PAYLOAD_KE);

	writer_u16(w, group);
	writer_u16(w, 0);
	writer_u8(w, (uint8_t)(how | 1));
	writer_zeros(w, row && !(how & 2) ? row->public_octets - 1u : 3u);
	build_end(b);
}

static void put_ts(const struct aim *a, struct build *b, uint8_t how)
{
	const struct child_sa *child = pick_child(a, how >> 1);
	struct selector any[2], *i = &any[0], *r = &any[1];
	bool we_are_i = !a->answer;

	if (!selector_parse(&any[0], how & 1 ? "10.1.1.0/24" : "10.0.0.1/32") ||
	    !selector_parse(&any[1], how & 1 ? "10.2.1.0/24" : "10.0.0.2/32"))
		return;
	if (child) {
		any[0] = child->ts_local;
		any[1] = child->ts_remote;
	}
	/* The peer's own first, when it asks. */
	if (we_are_i && child) {
		i = &any[1];
		r = &any[0];
	}
	ts_write(build_payload(b, PAYLOAD_TSI), i, 1);
	build_end(b);
	ts_write(build_payload(b, PAYLOAD_TSR), r, 1);
	build_end(b);
}

static void put_rekey(const struct aim *a, struct build *b, uint8_t how)
{
	const struct child_sa *child = pick_child(a, how);
	uint8_t room[4];
	struct writer w = writer_into(room, sizeof(room));

	writer_u32(&w, child ? child->spi_out : 0x99990000u + how);
	build_notify(b, PROTOCOL_ESP, REKEY_SA, writer_written(&w), BYTES_NONE);
}

static void put_delete(struct state *s, const struct aim *a, struct build *b, uint8_t how)
{
	struct writer *w = build_payload(b, PAYLOAD_D);
	unsigned count = how & 1 ? 0 : 1 + (how >> 1 & 3);

	writer_u8(w, how & 1 ? PROTOCOL_IKE : PROTOCOL_ESP);
	writer_u8(w, how & 1 ? 0 : 4);
	writer_u16(w, (uint16_t)count);
	for (unsigned i = 0; i < count; i++) {
		const struct child_sa *child = pick_child(a, i + (how >> 3));

		writer_u32(w, child ? child->spi_out : 0x70000100u + state_octet(s));
	}
	build_end(b);
}

static void put_notify(struct state *s, struct build *b, uint8_t how)
{
	static const uint16_t types[] = {
		NO_PROPOSAL_CHOSEN,
		INVALID_KE_PAYLOAD,
		TEMPORARY_FAILURE,
		CHILD_SA_NOT_FOUND,
		INITIAL_CONTACT,
		SET_WINDOW_SIZE,
		NO_ADDITIONAL_SAS,
		TS_UNACCEPTABLE,
		INVALID_SYNTAX,
		USE_TRANSPORT_MODE,
		AUTHENTICATION_FAILED,
		INVALID_SPI,
		INVALID_IKE_SPI,
		COOKIE,
		REKEY_SA,
		UNSUPPORTED_CRITICAL_PAYLOAD,
	};
	uint8_t room[8];
	struct writer w = writer_into(room, sizeof(room));

	put_number(&w, s, how >> 4 & 7);
	build_notify(b, PROTOCOL_NONE, types[how & 15], BYTES_NONE, writer_written(&w));
}

static void put_raw(struct state *s, struct build *b)
{
	uint8_t type = state_octet(s);
	size_t len = state_octet(s);
	struct bytes body = reader_take(&s->input, len < s->input.left ? len : s->input.left);

	build_body(b, type, body);
}

/* One payload, or two that belong together. */
static void put_one(struct state *s, const struct aim *a, struct build *b, uint8_t kind)
{
	static const uint8_t nonce[40] = { 7 };
	uint8_t how;

	if (kind == 0) {
		put_raw(s, b);
		return;
	}
	how = state_octet(s);
	if (kind == 1)
		put_sa(s, a, b, how);
	else if (kind == 2)
		build_body(b, PAYLOAD_NONCE, bytes_of(nonce + (how & 7), 40u - (how & 31)));
	else if (kind == 3)
		put_ke(s, a, b, how);
	else if (kind == 4)
		put_ts(a, b, how);
	else if (kind == 5)
		put_rekey(a, b, how);
	else if (kind == 6)
		put_delete(s, a, b, how);
	else
		put_notify(s, b, how);
}

/* The whole request or answer of a CREATE_CHILD_SA, right in all. */
static void put_create(struct state *s, const struct aim *a, struct build *b, uint8_t how)
{
	static const uint8_t nonce[32] = { 9 };

	if (how & 4 && !(how & 2) && !a->answer)
		put_rekey(a, b, how >> 5);
	put_sa(s, a, b, how);
	build_body(b, PAYLOAD_NONCE, BYTES_OF_ARRAY(nonce));
	if (how & 3)
		put_ke(s, a, b, 4);
	if (!(how & 2))
		put_ts(a, b, (uint8_t)(how >> 3 & 1));
}

/* ---- the message ---- */

static struct ike_header header_for(struct state *s, const struct aim *a, uint8_t where)
{
	static const uint8_t exchanges[] = { INFORMATIONAL, CREATE_CHILD_SA, IKE_AUTH, IKE_SA_INIT };
	const struct ike_sa *sa = a->sa;
	struct ike_header h = { .spi_i = sa->spi_i, .spi_r = sa->spi_r };

	h.exchange = where & 0x20 ? state_octet(s) : exchanges[where & 3];
	h.flags = (uint8_t)((sa->initiator ? 0 : FLAG_INITIATOR) | (a->answer ? FLAG_RESPONSE : 0));
	if (where & 0x40)
		h.flags ^= state_octet(s);
	h.message_id = a->answer ? sa->ours.next - 1 : sa->theirs.next;
	if ((where >> 3 & 3) == 1)
		h.message_id--;
	else if ((where >> 3 & 3) == 2)
		h.message_id++;
	else if ((where >> 3 & 3) == 3)
		h.message_id = state_octet(s);
	return h;
}

static void keep(struct state *s, struct bytes whole)
{
	if (whole.len && s->said_count < STATE_FRAGMENTS && blob_copy(&s->said[s->said_count], whole))
		s->said_count++;
}

/* In one piece. The first payload's type is the input's word. */
static void seal_whole(struct state *s, const struct aim *a, const struct ike_header *h, uint8_t first,
		       struct bytes inner)
{
	uint8_t room[PLAIN + 256];
	struct build b;

	build_begin(&b, room, sizeof(room), h);
	build_seal(&b, a->key);
	writer_patch_u8(&b.w, b.next_field, first);
	writer_bytes(&b.w, inner);
	keep(s, build_finish_sealed(&b, a->c->crypto, a->key, s->iv++));
}

/* Fragments: how many, and of each which number of how many it says it is, and whether it is made at all. */
static void seal_fragments(struct state *s, const struct aim *a, const struct ike_header *h, uint8_t first,
			   struct bytes inner, uint8_t cut)
{
	uint16_t total = 1 + (cut & 7);
	size_t each = inner.len / total + 1;
	uint8_t room[PLAIN + 256];

	for (uint16_t i = 0; i < total; i++) {
		struct fragment which = { (uint16_t)(i + 1), total };
		size_t from = each * i < inner.len ? each * i : inner.len;
		uint8_t odd = cut & 0x40 ? state_octet(s) : 0;
		struct build b;

		if (odd & 1)
			which.number = odd >> 4;
		if (odd & 2)
			which.total = odd >> 2;
		if (cut & 0x20)
			from = each * (total - 1u - i) < inner.len ? each * (total - 1u - i) : inner.len;
		if (cut & 0x20 && !(odd & 1))
			which.number = (uint16_t)(total - i);
		build_begin(&b, room, sizeof(room), h);
		build_seal_fragment(&b, a->key, first, which);
		writer_bytes(&b.w,
			     bytes_of(inner.at + from, inner.len - from < each ? inner.len - from : each));
		if (odd != 4)
			keep(s, build_finish_sealed(&b, a->c->crypto, a->key, s->iv++));
	}
}

/* Makes the plaintext; what is changed in it at last, nobody but a peer that has the keys could write. */
static struct bytes fill(struct state *s, const struct aim *a, struct build *b, uint8_t how, uint8_t *first)
{
	static uint8_t plain[PLAIN];
	struct bytes inner;
	uint8_t kind;

	if (how & 4)
		put_create(s, a, b, state_octet(s));
	for (unsigned i = 0; i < 12 && s->input.left && !(how & 8); i++) {
		kind = state_octet(s);
		put_one(s, a, b, kind & 7);
		if (kind & 8)
			break;
	}
	inner = build_plain(b, first);
	if (inner.len > sizeof(plain))
		return bytes_of(plain, 0);
	if (inner.len)
		memcpy(plain, inner.at, inner.len);
	for (unsigned i = how & 16 ? 1 + (state_octet(s) & 3) : 0; i && inner.len; i--) {
		size_t at = state_octet(s) % inner.len;

		plain[at] = state_octet(s);
	}
	return bytes_of(plain, inner.len);
}

static void say(struct state *s)
{
	for (size_t i = 0; i < s->said_count; i++)
		state_arrives(s, bytes_of_blob(&s->said[i]));
}

static bool aim_at(const struct state *s, struct aim *a, struct ike_sa *sa, bool answer)
{
	*a = (struct aim){ .c = victims(s), .sa = sa, .answer = answer };
	if (!sa)
		return false;
	a->conn = sa->conn ? plan_conn(a->c->plan, sa->conn) : NULL;
	a->conn = a->conn ? a->conn : &a->c->plan->conns[0];
	a->key = sa->initiator ? &sa->keys.r : &sa->keys.i;
	return true;
}

/* how: bit 0 an answer, bit 1 in fragments or unsealed, bit 2 all of CREATE_CHILD_SA first, bit 3 nothing else, bit 4 changed. */
void state_message(struct state *s, uint8_t how)
{
	uint8_t where = state_octet(s), cut = how & 2 ? state_octet(s) : 0, first;
	uint8_t room[PLAIN + 256];
	struct ike_header h;
	struct bytes inner;
	struct build b;
	struct aim a;

	if (!aim_at(s, &a, pick_sa(s, where >> 2 & 1 ? state_octet(s) : 0), how & 1))
		return;
	state_forget(s);
	h = header_for(s, &a, where);
	build_begin(&b, room, sizeof(room), &h);
	if (!a.sa->keyed || cut == 0xff) {
		fill(s, &a, &b, how, &first);
		keep(s, build_finish(&b));
	} else {
		build_seal(&b, a.key);
		inner = fill(s, &a, &b, how, &first);
		if (where & 0x80)
			first = state_octet(s);
		if (how & 2)
			seal_fragments(s, &a, &h, first, inner, cut);
		else
			seal_whole(s, &a, &h, first, inner);
	}
	say(s);
}

void state_again(struct state *s)
{
	uint8_t which = state_octet(s);

	if (which & 1)
		say(s);
	else if (s->said_count)
		state_arrives(s, bytes_of_blob(&s->said[(which >> 1) % s->said_count]));
}

void state_liveness(struct state *s, struct ike_sa *sa)
{
	struct ike_header h;
	struct aim a;

	if (!aim_at(s, &a, sa, false))
		return;
	state_forget(s);
	h = header_for(s, &a, 0);
	seal_whole(s, &a, &h, PAYLOAD_NONE, BYTES_NONE);
	say(s);
}

void state_forget(struct state *s)
{
	for (size_t i = 0; i < s->said_count; i++)
		blob_discard(&s->said[i]);
	s->said_count = 0;
}
