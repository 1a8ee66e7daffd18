/* Messages of an exchange (packet.h). */
#include "packet.h"

#include "ike_sa.h"

static const struct sealing_key *our_key(const struct ike_sa *sa)
{
	return sa->initiator ? &sa->keys.i : &sa->keys.r;
}

void packet_begin(struct packet *p, const struct exchange *x)
{
	const struct ike_sa *sa = x->owner;
	const struct ike_header header = {
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.exchange = x->kind->wire,
		.flags = (uint8_t)((sa->initiator ? FLAG_INITIATOR : 0) | (x->ours ? 0 : FLAG_RESPONSE)),
		.message_id = x->message_id,
	};

	build_begin(&p->build, p->room, sizeof(p->room), &header);
	if (x->kind->wire != IKE_SA_INIT)
		build_seal(&p->build, our_key(sa));
}

bool packet_finish(struct ike_context *c, struct packet *p, struct exchange *x)
{
	struct ike_sa *sa = x->owner;
	struct bytes whole;
	bool ok;

	/* The IV is taken whether or not sealing works: it must never be used twice with one key. */
	if (x->kind->wire == IKE_SA_INIT)
		whole = build_finish(&p->build);
	else
		whole = build_finish_sealed(&p->build, c->crypto, our_key(sa), sa->next_iv++);
	ok = whole.len && blob_copy(&x->parcel, whole);
	wipe(p->room, p->build.w.used);
	return ok;
}

bool packet_notify(struct ike_context *c, struct exchange *x, uint16_t type, struct bytes data)
{
	struct packet p;

	packet_begin(&p, x);
	build_notify(&p.build, PROTOCOL_NONE, type, BYTES_NONE, data);
	return packet_finish(c, &p, x);
}

bool packet_empty(struct ike_context *c, struct exchange *x)
{
	struct packet p;

	packet_begin(&p, x);
	return packet_finish(c, &p, x);
}
