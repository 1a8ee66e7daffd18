/* The wiretap of a simulated world (world_inside.h): it reads what nodes send, with the keys that they tell the key log. */
#include <stdlib.h>
#include <string.h>

#include "lib/ike/wire/build.h"
#include "reader.h"
#include "world_inside.h"

#define FRAGMENTS 64 /* of one message that are compared */
#define DELETES 64 /* of one sender in one IKE SA that are remembered */

/* The octets of a message that was sent: of each fragment, where it came in such. */
struct prints {
	bool any;
	uint32_t id;
	uint16_t total; /* fragments; 0: it came whole */
	uint64_t of[FRAGMENTS];
};

/* What one side of an IKE SA sent. */
struct side {
	size_t sender; /* + 1; 0: nobody yet */
	struct prints request, answer;
	bool answered; /* an answer to the newest request has been delivered */
	bool deleted_ike;
	uint32_t deleted[DELETES];
	size_t deleted_count;
};

struct sim_wire {
	struct sim_wire *next;
	uint64_t spi_i, spi_r; /* an initiator that is answered twice, late, has two of them */
	bool keyed;
	struct sealing_key key_i, key_r;
	struct side side[2];
};

static struct sim_wire *wire_of(struct world *w, uint64_t spi_i, uint64_t spi_r)
{
	struct sim_wire **at = &w->wires[(spi_i * 0x9e3779b97f4a7c15u >> 40) % WORLD_WIRES];

	while (*at && ((*at)->spi_i != spi_i || (*at)->spi_r != spi_r))
		at = &(*at)->next;
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (!*at)
			abort();
		(*at)->spi_i = spi_i;
		(*at)->spi_r = spi_r;
	}
	return *at;
}

static struct side *side_of(struct sim_wire *wire, size_t sender)
{
	struct side *s = &wire->side[wire->side[0].sender && wire->side[0].sender != sender + 1];

	s->sender = sender + 1;
	return s;
}

void sim_tap_keys(struct world *w, const struct action *a)
{
	struct sim_wire *wire = wire_of(w, a->keys.spi_i, a->keys.spi_r);

	wire->keyed = true;
	wire->key_i = a->keys.key_i;
	wire->key_r = a->keys.key_r;
}

bool world_keys(struct world *w, uint64_t spi_i, uint64_t spi_r, struct sealing_key *i, struct sealing_key *r)
{
	const struct sim_wire *wire = wire_of(w, spi_i, spi_r);

	*i = wire->key_i;
	*r = wire->key_r;
	return wire->keyed;
}

void sim_tap_discard(struct world *w)
{
	for (size_t i = 0; i < WORLD_WIRES; i++) {
		while (w->wires[i]) {
			struct sim_wire *next = w->wires[i]->next;

			free(w->wires[i]);
			w->wires[i] = next;
		}
	}
}

static uint64_t print_of(struct bytes data)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < data.len; i++)
		hash = (hash ^ data.at[i]) * 0x100000001b3u;
	return hash ? hash : 1;
}

/* Notes a message; false when it is one that was sent before, with other octets. Cut anew, it may differ. */
static bool note_prints(struct prints *p, const struct ike_header *h, struct bytes data)
{
	struct reader r = reader_of(data);
	bool fragment = h->next_payload == PAYLOAD_SKF;
	uint64_t print = print_of(data);
	uint16_t number = 1, total = 0;

	/* SKF begins with its number and how many there are (RFC 7383 2.5). */
	reader_skip(&r, HEADER_OCTETS + 4);
	if (fragment) {
		number = reader_u16(&r);
		total = reader_u16(&r);
	}
	if (!p->any || p->id != h->message_id || p->total != total)
		*p = (struct prints){ .any = true, .id = h->message_id, .total = total };
	if (!number || number > FRAGMENTS)
		return true;
	if (!p->of[number - 1])
		p->of[number - 1] = print;
	return p->of[number - 1] == print;
}

/* ---- deletes: each SA's is asked for in one request of a side ---- */

static bool note_delete(struct side *s, uint32_t spi)
{
	for (size_t i = 0; i < s->deleted_count; i++) {
		if (s->deleted[i] == spi)
			return false;
	}
	s->deleted[s->deleted_count % DELETES] = spi;
	s->deleted_count += s->deleted_count < DELETES;
	return true;
}

static bool note_deletes(struct side *s, const struct message *m)
{
	const struct payload *d;

	for (size_t i = 0; (d = message_find(m, PAYLOAD_D, i)) != NULL; i++) {
		struct reader r = reader_of(d->body);
		uint8_t protocol = reader_u8(&r);
		uint16_t count;

		reader_skip(&r, 1);
		count = reader_u16(&r);
		if (protocol == PROTOCOL_IKE && s->deleted_ike)
			return false;
		s->deleted_ike = s->deleted_ike || protocol == PROTOCOL_IKE;
		for (uint16_t k = 0; k < count; k++) {
			if (!note_delete(s, reader_u32(&r)))
				return false;
		}
	}
	return true;
}

/* A fresh INFORMATIONAL request, opened. It is never so long that it comes in fragments. */
static void read_informational(struct world *w, size_t from, struct sim_wire *wire, struct side *s,
			       struct bytes data)
{
	struct blob plain = { NULL, 0 };
	struct message *m = malloc(sizeof(*m));
	const struct sealing_key *key;

	if (!m)
		abort();
	if (message_read(data, m) == REASON_OK && m->sealed && wire->keyed) {
		key = m->header.flags & FLAG_INITIATOR ? &wire->key_i : &wire->key_r;
		if (message_open(m, &w->nodes[from].crypto.crypto, key, &plain) != REASON_OK) {
			if (!w->forging)
				SIM_FAULT(w, "seed %llu at %lld ms, node %zu: a request does not open",
					  (unsigned long long)w->seed, (long long)w->now, from);
		} else if (message_read_inner(m->inner_first, bytes_of_blob(&plain), m) == REASON_OK &&
			   !note_deletes(s, m))
			SIM_FAULT(w, "seed %llu at %lld ms, node %zu: one delete is asked for twice",
				  (unsigned long long)w->seed, (long long)w->now, from);
	}
	blob_discard(&plain);
	free(m);
}

/* ---- the window ---- */

/* @rfc-test 7296-2.1-9 7296-2.2-1 7296-2.2-4 7296-2.3-2 7296-2.3-5 */
static void tap_request(struct world *w, size_t from, const struct ike_header *h, struct bytes data)
{
	struct sim_wire *wire = wire_of(w, h->spi_i, h->spi_r);
	struct side *s = side_of(wire, from);
	bool fresh = !s->request.any || s->request.id != h->message_id;
	const char *fault = NULL;

	w->tapped++;
	/* The first is 1 after IKE_SA_INIT, 0 for the responder and after a rekey (2.2). */
	if (!s->request.any ? h->message_id > 1 : fresh && h->message_id != s->request.id + 1)
		fault = "its number does not follow the one before";
	else if (s->request.any && fresh && !s->answered)
		fault = "the one before is not answered";
	if (fresh)
		s->answered = false;
	if (!note_prints(&s->request, h, data))
		fault = "it was sent again with other octets";
	if (fault)
		SIM_FAULT(w, "seed %llu at %lld ms, node %zu: request %u of exchange %u: %s",
			  (unsigned long long)w->seed, (long long)w->now, from, h->message_id, h->exchange,
			  fault);
	if (fresh && h->exchange == INFORMATIONAL)
		read_informational(w, from, wire, s, data);
}

static bool is_tapped(struct bytes data, struct ike_header *h)
{
	return header_read(data, h) && h->exchange != IKE_SA_INIT &&
	       (h->next_payload == PAYLOAD_SK || h->next_payload == PAYLOAD_SKF);
}

void sim_tap_sent(struct world *w, size_t from, struct bytes data)
{
	struct ike_header h;

	if (!is_tapped(data, &h))
		return;
	if (!(h.flags & FLAG_RESPONSE))
		tap_request(w, from, &h, data);
	else if (!note_prints(&side_of(wire_of(w, h.spi_i, h.spi_r), from)->answer, &h, data))
		SIM_FAULT(w, "seed %llu at %lld ms, node %zu: answer %u was sent again with other octets",
			  (unsigned long long)w->seed, (long long)w->now, from, h.message_id);
}

void sim_tap_delivered(struct world *w, size_t to, struct bytes data)
{
	struct ike_header h;
	struct side *s;

	/* A forged one may have payloads before its sealed part. */
	if (!header_read(data, &h) || h.exchange == IKE_SA_INIT || !(h.flags & FLAG_RESPONSE))
		return;
	s = side_of(wire_of(w, h.spi_i, h.spi_r), to);
	if (s->request.any && s->request.id == h.message_id)
		s->answered = true;
}
