/* Messages of an exchange (packet.h). */
#include "packet.h"

#include "../wire/fragment.h"
#include "ike_sa.h"

#define IP4_UDP_OCTETS 28
#define IP6_UDP_OCTETS 48
#define MARKER_OCTETS 4

static const struct sealing_key *our_key(const struct ike_sa *sa)
{
	return sa->initiator ? &sa->keys.i : &sa->keys.r;
}

/* @rfc 7296-3.1-8 7296-3.1-10 7296-3.1-12 7296-3.1-14 */
static struct ike_header header_of(const struct exchange *x)
{
	const struct ike_sa *sa = x->owner;

	return (struct ike_header){
		.spi_i = sa->spi_i,
		.spi_r = sa->spi_r,
		.exchange = x->kind->wire,
		.flags = (uint8_t)((sa->initiator ? FLAG_INITIATOR : 0) | (x->ours ? 0 : FLAG_RESPONSE)),
		.message_id = x->message_id,
	};
}

/* @rfc 7296-1.2-3 7383-2.5-1 */
void packet_begin(struct packet *p, const struct exchange *x)
{
	const struct ike_header header = header_of(x);

	build_begin(&p->build, p->room, sizeof(p->room), &header);
	if (x->kind->wire != IKE_SA_INIT)
		build_seal(&p->build, our_key(x->owner));
}

/* The largest message that goes into one datagram; 0: fragments are not to be made (RFC 7383 2.5.1). */
/* @rfc 7383-2.3-3 7383-2.5.1-1 7383-2.5.1-3 */
static size_t largest(const struct ike_context *c, const struct ike_sa *sa, bool small)
{
	const struct conn *conn = plan_conn(c->plan, sa->conn);
	size_t size = conn && conn->fragment_size ? conn->fragment_size : LIMIT_FRAGMENT_SIZE;
	size_t around = (sa->remote.address.family == ADDRESS_V4 ? IP4_UDP_OCTETS : IP6_UDP_OCTETS) +
			(sa->encapsulated ? MARKER_OCTETS : 0);

	if (!sa->fragments || (conn && conn->fragmentation == WHEN_NEVER))
		return 0;
	if ((small || (conn && conn->fragmentation == WHEN_ALWAYS)) && size > LIMIT_FRAGMENT_SIZE_SMALL)
		size = LIMIT_FRAGMENT_SIZE_SMALL;
	return size > around ? size - around : 0;
}

static bool split(struct ike_context *c, struct exchange *x, uint8_t first, struct bytes inner, size_t size)
{
	struct ike_sa *sa = x->owner;
	const struct ike_header header = header_of(x);
	struct blob parcel = { NULL, 0 };

	if (!fragment_split(&header, first, inner, c->crypto, our_key(sa), &sa->next_iv, size, &parcel))
		return false;
	blob_discard(&x->parcel);
	blob_move(&x->parcel, &parcel);
	return true;
}

/* A sealed message: whole, or in fragments where it does not fit. The contents are kept while they may have to shrink. */
/* @rfc 7383-2.4-1 7383-2.4-3 */
static bool finish_sealed(struct ike_context *c, struct packet *p, struct exchange *x)
{
	struct ike_sa *sa = x->owner;
	size_t size = largest(c, sa, false), small = largest(c, sa, true);
	size_t octets = build_sealed_octets(&p->build, our_key(sa));
	uint8_t first;
	struct bytes inner = build_plain(&p->build, &first), whole;

	/* What is small from the first is sent again as it is. */
	if (x->ours && small < size && octets > small) {
		x->inner_first = first;
		if (!blob_copy(&x->inner, inner))
			return false;
	}
	if (size && octets > size)
		return split(c, x, first, inner, size);
	/* The IV is taken whether or not sealing works: it must never be used twice with one key. */
	whole = build_finish_sealed(&p->build, c->crypto, our_key(sa), sa->next_iv++);
	return whole.len && blob_copy(&x->parcel, whole);
}

bool packet_finish(struct ike_context *c, struct packet *p, struct exchange *x)
{
	struct bytes whole;
	bool ok;

	if (x->kind->wire == IKE_SA_INIT) {
		whole = build_finish(&p->build);
		ok = whole.len && blob_copy(&x->parcel, whole);
	} else {
		ok = finish_sealed(c, p, x);
	}
	wipe(p->room, p->build.w.used);
	return ok;
}

/* @rfc 7383-2.4-2 7383-2.5.2-1 7383-2.5.2-2 7383-2.5.2-3 */
void packet_shrink(struct ike_context *c, struct exchange *x)
{
	size_t size = largest(c, x->owner, true);

	if (!x->inner.len || !size)
		return;
	/* What cannot be split is sent again as it is. */
	if (split(c, x, x->inner_first, bytes_of_blob(&x->inner), size))
		blob_discard(&x->inner);
}

/* @rfc 7296-3.10-4 7296-3.10-6 */
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
