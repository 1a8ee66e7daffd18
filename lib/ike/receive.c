/*
 * A datagram's way: header, IKE SA, opening, window, law, state, kind (RFC 7296 2.1 to 2.5, 2.21). No step
 * goes back up. Nothing of a peer is believed before its message is opened; a repeat never reaches a
 * handler.
 */
#include "receive.h"

#include "exchanges/kinds.h"
#include "ike.h"
#include "note.h"
#include "reader.h"
#include "opening.h"
#include "sa/child_sa.h"
#include "sa/packet.h"
#include "wire/law.h"

struct arrival {
	struct endpoint local, remote;
	bool encapsulated;
	struct message m;
};

/* Unprotected errors are rare by design: so many a second over all addresses (checklist M5). */
/* @rfc 7296-2.1-12 7296-2.4-9 7296-2.21.4-1 */
static bool may_answer_stray(struct ike_context *c)
{
	if (c->now - c->stray_since >= SECONDS(1)) {
		c->stray_since = c->now;
		c->stray_count = 0;
	}
	return c->stray_count++ < LIMIT_STRAY_ANSWERS_PER_SECOND;
}

/* An error outside any IKE SA: an answer to a request, never to an answer (2.21.4). */
/* @rfc 7296-1.5-5 7296-2.21.4-2 7296-2.21.4-3 7296-2.21.4-4 7296-2.21.4-5 7296-3.1-11 */
static void answer_stray(struct ike_context *c, const struct arrival *a, uint16_t notify, struct bytes data)
{
	const struct ike_header header = {
		.spi_i = a->m.header.spi_i,
		.spi_r = a->m.header.spi_r,
		.exchange = a->m.header.exchange,
		.flags = (uint8_t)(FLAG_RESPONSE | ((a->m.header.flags & FLAG_INITIATOR) ^ FLAG_INITIATOR)),
		.message_id = a->m.header.message_id,
	};
	uint8_t room[64];
	struct build b;

	if (message_is_response(&a->m) || !may_answer_stray(c))
		return;
	build_begin(&b, room, sizeof(room), &header);
	build_notify(&b, PROTOCOL_NONE, notify, BYTES_NONE, data);
	actions_send(c->actions, &a->local, &a->remote, a->encapsulated, build_finish(&b));
}

static void note_dropped(struct ike_context *c, const struct arrival *a, enum reason reason)
{
	char remote[ENDPOINT_TEXT];

	actions_note(c->actions, NOTE_DEBUG, "message from %s dropped: %s",
		     endpoint_print(&a->remote, remote), reason_sentence(reason));
}

/* ---- a first message ---- */

bool ike_is_first_message(struct bytes datagram)
{
	const uint8_t *header = datagram.at;

	return datagram.len > 19 && header[18] == IKE_SA_INIT && !(header[19] & FLAG_RESPONSE) &&
	       header[16] != PAYLOAD_N;
}

/* Where the answer goes (2.11): a request, or its repetition, may come another way than the one before. */
/* @rfc 7296-2.11-2 7296-2.11-3 */
static void note_source(struct exchange *x, const struct arrival *a)
{
	x->came_from = a->remote;
	x->came_to = a->local;
	x->came_encapsulated = a->encapsulated;
}

static struct ike_sa *begin_answer(struct ike_context *c, const struct arrival *a)
{
	struct ike_sa *sa, *oldest;
	struct exchange *x;

	/* Whoever holds a place and proves nothing makes room for the next, who has shown a cookie. */
	if (!context_has_room(c, &oldest))
		return NULL;
	if (oldest) {
		ike_sa_happens(c, oldest, HAPPENED_HALF_OPEN_OVER, REASON_LIMIT);
		ike_sa_settle(c, oldest);
	}
	sa = ike_sa_new(c, false, a->m.header.spi_i, &a->local, &a->remote);
	if (!sa)
		return NULL;
	sa->encapsulated = a->encapsulated;
	x = exchange_new(&kind_init, sa, false);
	if (!x || !blob_copy(&x->request, a->m.packet)) {
		if (x)
			exchange_discard(c, x);
		ike_sa_happens(c, sa, HAPPENED_FAILED, REASON_MEMORY);
		return sa;
	}
	window_accept(&sa->theirs, x, 0);
	list_append(&sa->live, &x->link);
	note_source(x, a);
	exchange_apply(c, x, x->kind->answer(c, x, &a->m));
	return sa;
}

/* The same first message again gets the same answer; another with the same SPI is not ours to answer. */
/* @rfc 7296-2.1-10 7296-2.1-11 */
static void repeat_first(struct ike_context *c, const struct ike_sa *sa, const struct arrival *a)
{
	struct exchange *x;

	if (window_place(&sa->theirs, 0, &x) == WINDOW_REPEATED && x->step == EXCHANGE_ANSWERED &&
	    bytes_equal(bytes_of_blob(&x->request), a->m.packet)) {
		note_source(x, a);
		exchange_transmit(c, x);
	}
}

static struct ike_sa *receive_first(struct ike_context *c, const struct arrival *a)
{
	struct ike_sa *sa = table_by_peer(&c->table, &a->remote, a->m.header.spi_i), *mirrored;
	struct blob reply = { NULL, 0 };
	char remote[ENDPOINT_TEXT];
	enum init_outcome outcome;
	enum reason reason;
	uint8_t which;

	if (sa) {
		repeat_first(c, sa, a);
		return NULL;
	}
	if (a->m.header.message_id != 0 || a->m.header.spi_i == 0 || a->m.sealed)
		return NULL;
	/* Our own request came back to us: it is worth no key exchange and no place among the half-open ones. */
	mirrored = table_by_spi(&c->table, a->m.header.spi_i);
	if (mirrored && mirrored->initiator)
		return NULL;
	if (law_check(&a->m, false, &which) != REASON_OK) {
		answer_stray(c, a, INVALID_SYNTAX, BYTES_NONE);
		return NULL;
	}
	outcome = init_screen(c, &a->local, &a->remote, &a->m, &reply, &reason);
	if (outcome == INIT_ACCEPT)
		return begin_answer(c, a);
	actions_note(c->actions, reason == REASON_COOKIE ? NOTE_DEBUG : NOTE_INFO,
		     "IKE_SA_INIT from %s refused: %s: %s", endpoint_print(&a->remote, remote),
		     reason_word(reason), reason_sentence(reason));
	if (outcome == INIT_REPLY &&
	    (reason == REASON_COOKIE || reason == REASON_INVALID_KE || may_answer_stray(c)))
		actions_send(c->actions, &a->local, &a->remote, a->encapsulated, bytes_of_blob(&reply));
	blob_discard(&reply);
	return NULL;
}

/* ---- an IKE SA that we have ---- */

/* The IKE SA, when both SPIs and the direction are right (reflection: U9). */
/* @rfc 7296-2.6-3 7296-2.6-4 */
static struct ike_sa *find_sa(struct ike_context *c, const struct ike_header *h)
{
	bool from_initiator = h->flags & FLAG_INITIATOR;
	struct ike_sa *sa = table_by_spi(&c->table, from_initiator ? h->spi_r : h->spi_i);

	if (!sa || sa->initiator == from_initiator)
		return NULL;
	if (sa->initiator ? sa->spi_r && sa->spi_r != h->spi_r : sa->spi_i != h->spi_i)
		return NULL;
	return sa;
}

/*
 * A fresh protected message came from elsewhere (2.23): only the side behind a NAT moves; during the handshake the
 * initiator does, because that is when it changes to port 4500.
 */
/* @rfc 7296-2.23-15 7296-2.23-17 */
static void follow(struct ike_context *c, struct ike_sa *sa, const struct arrival *a)
{
	bool opening = sa->state == IKE_AUTHENTICATING && !sa->initiator;

	if (endpoint_equal(&sa->remote, &a->remote) && endpoint_equal(&sa->local, &a->local))
		return;
	if (opening) {
		sa->local = a->local;
		sa->remote = a->remote;
		sa->encapsulated = a->encapsulated;
	} else if (sa->peer_is_behind && sa->encapsulated && a->encapsulated &&
		   address_equal(&sa->local.address, &a->local.address)) {
		ike_sa_moved(c, sa, &a->remote);
	}
}

/* What may stand in any protected message. */
/* @rfc 7296-2.3-1 */
static void read_asides(struct ike_sa *sa, const struct message *m)
{
	struct notify n;
	struct reader r;

	if (!message_notify(m, SET_WINDOW_SIZE, &n))
		return;
	r = reader_of(n.data);
	sa->peer_window = reader_u32(&r);
}

static void describe(struct ike_context *c, const struct ike_sa *sa, const struct message *m)
{
	struct text text;

	actions_note(c->actions, NOTE_DEBUG, "#%llu: received %s", (unsigned long long)sa->serial,
		     message_describe(m, &text));
}

/* A message under valid keys that makes no sense ends the IKE SA (2.21.3, checklist M1). */
/* @rfc 7296-1.4.1-12 7296-2.21-2 */
static void end_insane(struct ike_context *c, struct ike_sa *sa, enum reason reason)
{
	if (sa->state == IKE_ESTABLISHED)
		delete_ike(c, sa, reason);
	else
		ike_sa_happens(c, sa, HAPPENED_FAILED, reason);
}

/*
 * Somebody says without proof that our SAs are not known (2.21, 1.5): that starts a question, and not often; an IKE SA
 * never ends by it.
 */
/* @rfc 7296-2.4-5 7296-2.4-7 7296-2.4-9 7296-2.21.4-8 7296-2.21.4-9 7296-2.21.4-10 */
static void take_hint(struct ike_context *c, struct ike_sa *sa)
{
	if (sa->state != IKE_ESTABLISHED || (sa->checked && c->now - sa->checked < LIMIT_HINT))
		return;
	sa->checked = c->now;
	liveness_begin(c, sa, REASON_OE_HINT);
}

/* @rfc 7296-2.4-16 7296-2.21.3-2 7296-2.21.3-3 7296-2.21.4-7 */
static void receive_answer(struct ike_context *c, struct ike_sa *sa, struct arrival *a)
{
	struct exchange *x = window_awaiting(&sa->ours, a->m.header.message_id);
	struct blob plain = { NULL, 0 };
	enum reason reason = REASON_OK;
	struct notify fatal;
	uint8_t which;

	if (!x || x->step != EXCHANGE_WAITING || x->kind->wire != a->m.header.exchange ||
	    ike_cell(sa->state, HAPPENED_ANSWER)->sort != CELL_DO) {
		note_dropped(c, a, REASON_STRAY);
		return;
	}
	if (x->kind->wire != IKE_SA_INIT)
		reason = opening_take(c, sa, &a->m, &plain);
	else if (a->m.sealed)
		reason = REASON_MALFORMED;
	if (opening_is_nothing(reason, &plain) ||
	    (x->kind->wire == IKE_SA_INIT &&
	     (reason != REASON_OK || law_check(&a->m, true, &which) != REASON_OK))) {
		if (reason != REASON_FRAGMENT)
			note_dropped(c, a, reason == REASON_OK ? REASON_LAW : reason);
		if (!a->m.sealed && x->kind->wire != IKE_SA_INIT)
			take_hint(c, sa);
		blob_discard(&plain);
		return;
	}
	describe(c, sa, &a->m);
	sa->last_heard = c->now;
	if (x->kind->wire != IKE_SA_INIT) {
		follow(c, sa, a);
		read_asides(sa, &a->m);
	}
	if (reason == REASON_OK)
		reason = law_check(&a->m, true, &which);
	if (reason != REASON_OK) {
		blob_discard(&plain);
		exchange_abandon(c, x, reason, INVALID_SYNTAX);
		end_insane(c, sa, reason);
		return;
	}
	blob_move(&x->request, &plain);
	x->first_payload = a->m.inner_first;
	if (sa->state == IKE_ESTABLISHED && message_notify(&a->m, INVALID_SYNTAX, &fatal)) {
		/* The peer cannot read what we send, and holds the IKE SA for ended (2.21.3). */
		exchange_abandon(c, x, REASON_PEER_REFUSED, INVALID_SYNTAX);
		end_insane(c, sa, REASON_PEER_REFUSED);
		return;
	}
	exchange_apply(c, x, x->kind->conclude(c, x, &a->m));
}

/* What the state says to this request: handled, refused or ignored. */
static enum ike_happening happening_of(uint8_t exchange)
{
	return exchange == IKE_SA_INIT       ? HAPPENED_INIT_REQUEST
	       : exchange == IKE_AUTH        ? HAPPENED_AUTH_REQUEST
	       : exchange == CREATE_CHILD_SA ? HAPPENED_CREATE_REQUEST
					     : HAPPENED_INFORMATIONAL_REQUEST;
}

/* An opened request takes its number; then the law, the state and the kind decide what is answered. */
/* @rfc 7296-2.5-9 7296-2.5-10 7296-2.21-1 7296-2.21.2-4 7296-2.21.2-5 7296-2.21.3-1 */
/* @rfc 7296-3.10.1-5 */
static void admit_request(struct ike_context *c, struct ike_sa *sa, struct arrival *a, struct blob *plain,
			  enum reason reason)
{
	const struct exchange_kind *kind = kind_of_request(&a->m);
	const struct ike_cell *cell;
	struct exchange *x, *old;
	uint8_t which = 0;

	/* An SA that lost a crossing is only ever deleted. */
	if (kind && (kind->wire == CREATE_CHILD_SA || kind == &kind_delete_children))
		rekey_ike_chosen(c, sa);
	cell = ike_cell(sa->state, happening_of(a->m.header.exchange));
	/* A peer that has forgotten this IKE SA asks for nothing on it: this was under way when it began anew. */
	if (!kind || (cell->sort != CELL_DO && cell->sort != CELL_REFUSE) ||
	    (sa->forgotten && kind->wire == CREATE_CHILD_SA)) {
		note_dropped(c, a, REASON_STATE);
		return;
	}
	x = exchange_new(kind, sa, false);
	if (!x)
		return;
	x->message_id = a->m.header.message_id;
	old = window_accept(&sa->theirs, x, x->message_id);
	if (old)
		exchange_discard(c, old);
	list_append(&sa->live, &x->link);
	note_source(x, a);
	if (sa->half_open)
		context_proved(c, sa);
	blob_move(&x->request, plain);
	x->first_payload = a->m.inner_first;
	if (reason == REASON_OK)
		reason = law_check(&a->m, false, &which);
	if (reason == REASON_UNKNOWN_CRITICAL) {
		which = a->m.unknown_critical;
		if (packet_notify(c, x, UNSUPPORTED_CRITICAL_PAYLOAD, bytes_of(&which, 1))) {
			x->step = EXCHANGE_ANSWERED;
			exchange_transmit(c, x);
		}
	} else if (reason != REASON_OK) {
		exchange_apply(c, x, verdict_refuse(reason, INVALID_SYNTAX));
		if (sa->state == IKE_ESTABLISHED)
			delete_ike(c, sa, reason);
	} else if (cell->sort == CELL_REFUSE) {
		exchange_apply(c, x, verdict_refuse(REASON_STATE, cell->notify));
	} else {
		exchange_apply(c, x, kind->answer(c, x, &a->m));
	}
}

/* The stored answer, byte for byte; of fragments the first one asks for it (RFC 7383 2.6.1). While we work: patience. */
/* @rfc 7296-2.1-1 7296-2.1-2 */
static void repeat_answer(struct ike_context *c, struct ike_sa *sa, struct exchange *holder,
			  const struct arrival *a)
{
	note_source(holder, a);
	sa->last_heard = c->now;
	/* It has not heard that its rekey is done, so it has no successor yet, and cannot delete this one. */
	if (sa->state == IKE_REKEYED && sa->quiet_due != MSEC_NEVER)
		sa->quiet_due = msec_after(c->now, context_replaced(c, sa->conn));
	if (holder->step != EXCHANGE_ANSWERED)
		return;
	child_sa_newcomer(c, sa, false);
	exchange_transmit(c, holder);
}

/* A fragment of a request that we have already: it is not gathered again. */
/* @rfc 7383-2.6.1-1 7383-2.6.1-2 7383-2.6.1-3 */
static bool is_repeated_fragment(struct ike_context *c, struct ike_sa *sa, const struct arrival *a)
{
	const struct sealing_key *key = sa->initiator ? &sa->keys.r : &sa->keys.i;
	struct blob plain = { NULL, 0 };
	struct exchange *holder;

	if (!a->m.fragment.total || !sa->keyed ||
	    window_place(&sa->theirs, a->m.header.message_id, &holder) != WINDOW_REPEATED)
		return false;
	if (a->m.fragment.number == 1 && message_open_fragment(&a->m, c->crypto, key, &plain) == REASON_OK)
		repeat_answer(c, sa, holder, a);
	blob_discard(&plain);
	return true;
}

/* @rfc 7296-2.3-4 7296-2.3-9 7296-2.4-12 */
static void receive_request(struct ike_context *c, struct ike_sa *sa, struct arrival *a)
{
	struct blob plain = { NULL, 0 };
	struct exchange *holder;
	enum reason reason;

	if (is_repeated_fragment(c, sa, a))
		return;
	reason = opening_take(c, sa, &a->m, &plain);
	if (opening_is_nothing(reason, &plain)) {
		if (reason != REASON_FRAGMENT)
			note_dropped(c, a, reason);
		blob_discard(&plain);
		return;
	}
	describe(c, sa, &a->m);
	switch (window_place(&sa->theirs, a->m.header.message_id, &holder)) {
	case WINDOW_REPEATED:
		repeat_answer(c, sa, holder, a);
		break;
	case WINDOW_NEW:
		sa->last_heard = c->now;
		follow(c, sa, a);
		read_asides(sa, &a->m);
		child_sa_newcomer(c, sa, true);
		admit_request(c, sa, a, &plain, reason);
		break;
	case WINDOW_OUTSIDE:
		note_dropped(c, a, REASON_OUT_OF_WINDOW);
		break;
	}
	blob_discard(&plain);
}

/* INVALID_SPI outside any IKE SA (1.5): a peer got ESP that it does not know. Only a hint. */
/* @rfc 7296-1.5-3 7296-1.5-4 */
static bool hint_of_spi(struct ike_context *c, const struct arrival *a)
{
	struct child_sa *child;
	struct notify n;
	struct reader r;

	if (a->m.header.exchange != INFORMATIONAL || a->m.sealed || !message_notify(&a->m, INVALID_SPI, &n))
		return false;
	r = reader_of(n.data);
	child = table_child_by_spi_out(&c->table, reader_u32(&r), &a->remote.address);
	if (child) {
		take_hint(c, child->ike);
		ike_sa_arm(c, child->ike);
	}
	return true;
}

/* @rfc 7296-2.5-1 7296-2.5-2 7296-2.5-4 7296-2.21.4-6 */
struct ike_sa *receive_packet(struct ike_context *c, const struct endpoint *local,
			      const struct endpoint *remote, bool encapsulated, struct bytes data)
{
	struct arrival a;
	enum reason reason;
	struct ike_sa *sa;
	uint8_t type;
	bool known;

	if (data.len < HEADER_OCTETS)
		return NULL;
	a.local = *local;
	a.remote = *remote;
	a.encapsulated = encapsulated;
	reason = message_read(data, &a.m);
	type = a.m.unknown_critical;
	if (reason == REASON_VERSION && a.m.header.version >> 4 > 2)
		answer_stray(c, &a, INVALID_MAJOR_VERSION, BYTES_NONE);
	law_sealed(a.m.header.exchange, &known);
	if (reason == REASON_VERSION || reason == REASON_MALFORMED || !known) {
		note_dropped(c, &a, reason == REASON_OK ? REASON_STRAY : reason);
		return NULL;
	}
	if (a.m.header.exchange == IKE_SA_INIT && !message_is_response(&a.m) &&
	    (a.m.header.flags & FLAG_INITIATOR) && a.m.header.spi_r == 0) {
		if (reason != REASON_UNKNOWN_CRITICAL)
			return receive_first(c, &a);
		answer_stray(c, &a, UNSUPPORTED_CRITICAL_PAYLOAD, bytes_of(&type, 1));
		return NULL;
	}
	sa = find_sa(c, &a.m.header);
	if (!sa) {
		if (hint_of_spi(c, &a))
			return NULL;
		note_dropped(c, &a, REASON_UNKNOWN_SPI);
		if (a.m.header.exchange != IKE_SA_INIT && a.m.sealed &&
		    !context_has_ended(c, a.m.header.flags & FLAG_INITIATOR ? a.m.header.spi_r
									    : a.m.header.spi_i))
			answer_stray(c, &a, INVALID_IKE_SPI, BYTES_NONE);
		return NULL;
	}
	if (reason == REASON_UNKNOWN_CRITICAL)
		return NULL; /* outside the sealed part anybody may have put it there */
	if (message_is_response(&a.m))
		receive_answer(c, sa, &a);
	else if (a.m.header.exchange != IKE_SA_INIT)
		receive_request(c, sa, &a);
	return sa;
}
