/* Opening what is sealed, whole or in fragments (opening.h). */
#include "opening.h"

/* Opens a sealed message: afterwards m holds the inner payloads, which lie in *plain. */
static enum reason open_message(struct ike_context *c, const struct ike_sa *sa, struct message *m,
				struct blob *plain)
{
	const struct sealing_key *key = sa->initiator ? &sa->keys.r : &sa->keys.i;
	enum reason reason;

	if (!sa->keyed || !m->sealed)
		return REASON_STATE;
	reason = message_open(m, c->crypto, key, plain);
	return reason == REASON_OK ? message_read_inner(m->inner_first, bytes_of_blob(plain), m) : reason;
}

/*
 * A fragment (RFC 7383 2.6): opened for itself, kept until all are here. Nothing of a stranger's is kept. REASON_OK:
 * the message is whole; REASON_FRAGMENT: it was kept, or is of no use.
 */
/* @rfc 7383-2.4-4 7383-2.6-8 7383-5-1 */
static enum reason gather_fragment(struct ike_context *c, struct ike_sa *sa, struct message *m,
				   struct blob *plain)
{
	const struct sealing_key *key = sa->initiator ? &sa->keys.r : &sa->keys.i;
	struct gather *g = &sa->gather[message_is_response(m)];
	struct gathered taken;
	size_t before = g->octets;

	if (!sa->keyed || !sa->fragments)
		return REASON_STATE;
	if (g->count && c->now - g->began > LIMIT_GATHER_TIME) {
		c->gathered -= g->octets;
		gather_discard(g);
		before = 0;
	}
	if (c->gathered >= LIMIT_GATHERED)
		return REASON_LIMIT;
	taken = gather_take(g, c->crypto, key, m, c->now);
	c->gathered += g->octets - before;
	if (taken.verdict != GATHER_WHOLE)
		return taken.verdict == GATHER_DROP ? taken.reason : REASON_FRAGMENT;
	blob_move(plain, &g->plain);
	m->inner_first = g->first;
	c->gathered -= g->octets;
	gather_discard(g);
	return message_read_inner(m->inner_first, bytes_of_blob(plain), m);
}

enum reason opening_take(struct ike_context *c, struct ike_sa *sa, struct message *m, struct blob *plain)
{
	return m->fragment.total ? gather_fragment(c, sa, m, plain) : open_message(c, sa, m, plain);
}

bool opening_is_nothing(enum reason reason, const struct blob *plain)
{
	return reason == REASON_INTEGRITY || reason == REASON_STATE || reason == REASON_MEMORY ||
	       reason == REASON_LIMIT || reason == REASON_FRAGMENT ||
	       (reason == REASON_MALFORMED && !plain->data);
}
