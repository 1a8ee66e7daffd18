/*
 * What is decided on a stranger's first message without keeping anything of it (RFC 7296 2.6, 2.7, checklist F): silence, an
 * answer that costs us nothing, or an IKE SA and a key exchange.
 */
#include "../sa/packet.h"
#include "choose.h"
#include "kinds.h"
#include "making.h"

/* The suite for a stranger's first message over all connections that it may mean. */
bool init_choose(struct ike_context *c, const struct endpoint *local, const struct endpoint *remote,
		 const struct proposal_list *list, uint16_t group, struct choice *choice, bool *known)
{
	const struct peer *peer;
	size_t walk = 0;
	struct choice other;
	bool found = false;

	*known = false;
	while ((peer = peers_next(&c->peers, c->plan, &local->address, &remote->address, &walk)) != NULL) {
		if (peer->conn->group == CLASS_BLOCK || peer->conn->group == CLASS_CLEAR)
			continue;
		/* In need, strangers are refused before those whom the operator has named (RFC 8019). */
		if (c->half_open >= LIMIT_HALF_OPEN_BUSY && peer->conn->group != CLASS_NONE)
			continue;
		*known = true;
		if (!choose_suite(list, PROTOCOL_IKE, peer->conn->ike, peer->conn->ike_count, group, &other))
			continue;
		if (!found || (choice->suite.ke != group && other.suite.ke == group))
			*choice = other;
		found = true;
	}
	return found;
}

/* An unprotected answer that leaves no state behind. */
/* @rfc 7296-2.6-8 7296-2.7-9 */
static enum init_outcome reply_notify(const struct message *m, uint16_t type, struct bytes data,
				      struct blob *reply)
{
	const struct ike_header header = { .spi_i = m->header.spi_i,
					   .exchange = IKE_SA_INIT,
					   .flags = FLAG_RESPONSE,
					   .message_id = m->header.message_id };
	uint8_t room[128];
	struct build b;

	build_begin(&b, room, sizeof(room), &header);
	build_notify(&b, PROTOCOL_NONE, type, BYTES_NONE, data);
	return blob_copy(reply, build_finish(&b)) ? INIT_REPLY : INIT_SILENCE;
}

/* @rfc 7296-2.6-5 */
static bool must_show_address(const struct ike_context *c, const struct endpoint *remote)
{
	enum ddos_mode mode = c->plan ? c->plan->setup.ddos_mode : DDOS_AUTO;

	if (mode != DDOS_AUTO)
		return mode == DDOS_BUSY;
	return c->half_open >= (c->plan ? c->plan->setup.ddos_threshold : LIMIT_HALF_OPEN_COOKIE) ||
	       crowd_count(c->crowd, &remote->address) >= LIMIT_PREFIX_COOKIE;
}

/* Above the threshold a stranger must first show that it receives at its address (2.6). */
/* @rfc 7296-2.6-13 */
static bool cookie_missing(struct ike_context *c, const struct endpoint *remote, const struct message *m,
			   struct bytes nonce)
{
	struct notify n;

	return must_show_address(c, remote) &&
	       !(message_notify(m, COOKIE, &n) &&
		 cookie_check(&c->cookies, c->crypto, c->now, remote, m->header.spi_i, nonce, n.data));
}

/* One network cannot take the room of all others, nor can those that begin and do not finish. */
static bool must_wait(const struct ike_context *c, const struct address *remote)
{
	struct ike_sa *gives_way;

	return crowd_count(c->crowd, remote) >= LIMIT_HALF_OPEN_PREFIX ||
	       (c->half_open >= LIMIT_HALF_OPEN_BUSY && suspects_has(c->suspects, c->now, remote)) ||
	       !context_has_room(c, &gives_way);
}

/* @rfc 7296-2.7-6 7296-3.4-6 */
enum init_outcome init_screen(struct ike_context *c, const struct endpoint *local,
			      const struct endpoint *remote, const struct message *m, struct blob *reply,
			      enum reason *reason)
{
	uint8_t cookie[COOKIE_OCTETS], group[2];
	struct proposal_list list;
	struct parts p;
	struct choice choice;
	struct writer w = writer_into(group, sizeof(group));
	bool known;

	*reason = REASON_MALFORMED;
	if (!parts_read(m, &p))
		return reply_notify(m, INVALID_SYNTAX, BYTES_NONE, reply);
	*reason = REASON_STOPPING;
	if (c->stopping)
		return INIT_SILENCE;
	*reason = REASON_COOKIE;
	if (cookie_missing(c, remote, m, p.nonce))
		return cookie_make(&c->cookies, c->crypto, c->now, remote, m->header.spi_i, p.nonce, cookie)
			       ? reply_notify(m, COOKIE, BYTES_OF_ARRAY(cookie), reply)
			       : INIT_SILENCE;
	*reason = REASON_LIMIT;
	if (must_wait(c, &remote->address))
		return INIT_SILENCE;
	*reason = REASON_MALFORMED;
	if (!proposals_read(p.sa, &list))
		return reply_notify(m, INVALID_SYNTAX, BYTES_NONE, reply);
	if (!init_choose(c, local, remote, &list, p.group, &choice, &known)) {
		*reason = known ? REASON_NO_PROPOSAL : REASON_NO_CONNECTION;
		return reply_notify(m, NO_PROPOSAL_CHOSEN, BYTES_NONE, reply);
	}
	*reason = REASON_INVALID_KE;
	writer_u16(&w, choice.suite.ke);
	if (choice.suite.ke != p.group)
		return reply_notify(m, INVALID_KE_PAYLOAD, writer_written(&w), reply);
	*reason = REASON_BAD_KE;
	if (p.ke.len != group_find(p.group)->public_octets ||
	    !nonce_is_long_enough(p.nonce, choice.suite.prf))
		return reply_notify(m, INVALID_SYNTAX, BYTES_NONE, reply);
	*reason = REASON_OK;
	return INIT_ACCEPT;
}
