/* Agreeing on a Child SA (child_offer.h). */
#include "child_offer.h"

#include "../wire/ts.h"
#include "choose.h"

static void write_ts(struct build *b, uint8_t type, const struct selector *s)
{
	ts_write(build_payload(b, type), s, 1);
	build_end(b);
}

/* @rfc 7296-1.2-9 7296-1.2-10 */
const struct child_groups child_groups_none = { { 0 }, 0 };

struct child_groups child_groups_of(const struct ike_sa *sa, const struct conn *conn)
{
	struct child_groups groups;

	groups.count = choose_esp_groups(conn, sa->suite.ke, groups.at);
	return groups;
}

/* @rfc 7296-1.3.1-2 7296-3.3.1-6 */
void child_offer_write(struct ike_context *c, struct build *b, const struct conn *conn,
		       const struct child_groups *groups, const struct child_sa *child)
{
	struct suite suites[ESP_SUITES];
	size_t count = choose_esp_suites(conn, &c->abilities, groups->at, groups->count, suites);

	if (child->mode == KERNEL_TRANSPORT)
		build_notify(b, PROTOCOL_NONE, USE_TRANSPORT_MODE, BYTES_NONE, BYTES_NONE);
	choose_offer(build_payload(b, PAYLOAD_SA), PROTOCOL_ESP, child->spi_in, suites, count);
	build_end(b);
}

/* @rfc 7296-2.9-1 7296-2.9.1-1 */
void child_offer_write_ts(struct build *b, const struct child_sa *child)
{
	write_ts(b, PAYLOAD_TSI, &child->ts_local);
	write_ts(b, PAYLOAD_TSR, &child->ts_remote);
}

/*
 * Transport mode through a NAT: a selector of one address says what its sender sees there. Packets have, and policies want,
 * what we see: our own address, and the one that the peer's messages come from. NULL: nobody is in between. The kernel
 * checks no sums of what came in ESP in UDP, so the other address is not kept.
 */
/* @rfc 7296-2.23.1-1 7296-2.23.1-2 */
static const struct address *seen_here(const struct ike_sa *sa, bool transport)
{
	return transport && sa->we_are_behind ? &sa->local.address : NULL;
}

static const struct address *seen_there(const struct ike_sa *sa, bool transport)
{
	return transport && sa->peer_is_behind ? &sa->remote.address : NULL;
}

static bool read_ts(const struct message *m, uint8_t type, const struct address *seen,
		    struct selector read[LIMIT_SELECTORS], size_t *count)
{
	const struct payload *p = message_find(m, type, 0);

	if (!p || !ts_read(p->body, read, count) || !*count)
		return false;
	for (size_t i = 0; seen && i < *count; i++) {
		if (read[i].first.family == seen->family && address_equal(&read[i].first, &read[i].last))
			read[i].first = read[i].last = *seen;
	}
	return true;
}

/* The first selector of an answer's TS that is a prefix (as policies must be) within what we asked for. */
static bool confirm_ts(const struct message *m, uint8_t type, const struct address *seen,
		       struct selector *ours)
{
	struct selector read[LIMIT_SELECTORS];
	size_t count;
	bool exact;

	if (!read_ts(m, type, seen, read, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!selector_contains(ours, &read[i]))
			return false;
	}
	selector_prefix(&read[0], &exact);
	if (exact)
		*ours = read[0];
	return exact;
}

/* @rfc 7296-1.3.1-4 7296-3.3.6-3 */
enum reason child_offer_confirm(struct ike_context *c, const struct ike_sa *ike, const struct conn *conn,
				const struct child_groups *groups, const struct message *m,
				struct child_sa *child)
{
	bool transport = child->mode == KERNEL_TRANSPORT;
	const struct payload *sa = message_find(m, PAYLOAD_SA, 0);
	struct suite suites[ESP_SUITES];
	size_t count = choose_esp_suites(conn, &c->abilities, groups->at, groups->count, suites);
	struct selector local = child->ts_local, remote = child->ts_remote;
	struct proposal_list list;
	struct choice choice;
	struct notify n;

	if (!sa || !proposals_read(sa->body, &list))
		return REASON_MALFORMED;
	if (!choose_confirm(&list, PROTOCOL_ESP, suites, count, &choice))
		return REASON_NO_PROPOSAL;
	/* Known from here on: what the peer made can be named in a delete. */
	child->spi_out = (uint32_t)choice.spi;
	if (!confirm_ts(m, PAYLOAD_TSI, seen_here(ike, transport), &local) ||
	    !confirm_ts(m, PAYLOAD_TSR, seen_there(ike, transport), &remote))
		return REASON_TS_UNACCEPTABLE;
	/* A responder that wants tunnel mode leaves the notification out (1.3.1); the policy decides, so it ends here. */
	if (message_notify(m, USE_TRANSPORT_MODE, &n) != transport)
		return REASON_TS_UNACCEPTABLE;
	child->ts_local = local;
	child->ts_remote = remote;
	child->esp = choice.suite;
	return REASON_OK;
}

/* How much a selector covers, roughly: for preferring the widest. */
static unsigned narrowness(const struct selector *s)
{
	bool exact;

	return selector_prefix(s, &exact).bits * 4u + (s->protocol ? 2 : 0) +
	       (s->port_first == s->port_last ? 1 : 0);
}

/*
 * The widest common part of the peer's selectors and ours that is a prefix (2.9). Its first may be the packet that waits
 * at the peer: where we allow that, only a part that contains it will do.
 */
/* @rfc 7296-2.9-2 7296-2.9-6 7296-2.9-7 7296-2.9-8 */
static bool narrow(const struct message *m, uint8_t type, const struct address *seen,
		   const struct selector *ours, struct selector *out)
{
	struct selector read[LIMIT_SELECTORS], common, first;
	bool found = false, exact, allowed;
	size_t count;

	if (!read_ts(m, type, seen, read, &count))
		return false;
	allowed = selector_intersect(&read[0], ours, &first);
	if (allowed)
		selector_prefix(&first,
				&allowed); /* a range is more than a policy can say: narrower is all we can */
	for (size_t i = 0; i < count; i++) {
		if (!selector_intersect(&read[i], ours, &common) ||
		    (allowed && !selector_contains(&common, &first)))
			continue;
		selector_prefix(&common, &exact);
		if (!exact || (found && narrowness(&common) >= narrowness(out)))
			continue;
		*out = common;
		found = true;
	}
	return found;
}

const struct peer *child_offer_select(struct ike_context *c, const struct ike_sa *sa, const struct message *m)
{
	const struct conn *own = plan_conn(c->plan, sa->conn);
	const struct peer *peer, *first = NULL;
	struct selector local, remote, ours, theirs;
	size_t walk = 0;
	bool transport;

	while (own && (peer = peers_next(&c->peers, c->plan, &sa->local.address, &sa->remote.address,
					 &walk)) != NULL) {
		local = end_selector(peer->local, &sa->local.address);
		remote = end_selector(peer->remote, &sa->remote.address);
		transport = peer->conn->type == CONN_TRANSPORT;
		if (!peers_are_same(own, peer->conn) ||
		    !narrow(m, PAYLOAD_TSI, seen_there(sa, transport), &remote, &theirs) ||
		    !narrow(m, PAYLOAD_TSR, seen_here(sa, transport), &local, &ours))
			continue;
		if (selector_equal(&ours, &local) && selector_equal(&theirs, &remote))
			return peer;
		if (!first)
			first = peer;
	}
	return first;
}

/* @rfc 7296-2.7-6 7296-2.9-5 7296-3.10.1-6 */
enum reason child_offer_answer(struct ike_context *c, const struct ike_sa *ike, const struct conn *conn,
			       const struct child_groups *groups, uint16_t preferred, const struct message *m,
			       struct child_sa *child, uint8_t *proposal, uint16_t *notify)
{
	const struct payload *offer = message_find(m, PAYLOAD_SA, 0);
	struct suite suites[ESP_SUITES];
	size_t count = choose_esp_suites(conn, &c->abilities, groups->at, groups->count, suites);
	struct selector local, remote;
	struct proposal_list list;
	struct choice choice;
	struct notify n;
	bool transport;

	*notify = NO_PROPOSAL_CHOSEN;
	if (!offer || !proposals_read(offer->body, &list)) {
		*notify = INVALID_SYNTAX;
		return REASON_MALFORMED;
	}
	if (!choose_suite(&list, PROTOCOL_ESP, suites, count, preferred, &choice))
		return REASON_NO_PROPOSAL;
	/* The mode is policy: transport only where both want it (1.3.1). */
	child->mode = conn->type == CONN_TRANSPORT ? KERNEL_TRANSPORT : KERNEL_TUNNEL;
	if (child->mode == KERNEL_TRANSPORT && !message_notify(m, USE_TRANSPORT_MODE, &n))
		return REASON_NO_PROPOSAL;
	*notify = TS_UNACCEPTABLE;
	transport = child->mode == KERNEL_TRANSPORT;
	if (!narrow(m, PAYLOAD_TSI, seen_there(ike, transport), &child->ts_remote, &remote) ||
	    !narrow(m, PAYLOAD_TSR, seen_here(ike, transport), &child->ts_local, &local))
		return REASON_TS_UNACCEPTABLE;
	child->ts_local = local;
	child->ts_remote = remote;
	child->esp = choice.suite;
	child->spi_out = (uint32_t)choice.spi;
	*proposal = choice.number;
	*notify = 0;
	return REASON_OK;
}

/* @rfc 7296-1.3.1-3 7296-3.3.1-6 */
void child_offer_reply(struct build *b, const struct child_sa *child, uint8_t proposal)
{
	struct choice choice = { child->esp, proposal, 0 };

	if (child->mode == KERNEL_TRANSPORT)
		build_notify(b, PROTOCOL_NONE, USE_TRANSPORT_MODE, BYTES_NONE, BYTES_NONE);
	choose_reply(build_payload(b, PAYLOAD_SA), PROTOCOL_ESP, child->spi_in, &choice);
	build_end(b);
}

void child_offer_reply_ts(struct build *b, const struct child_sa *child)
{
	write_ts(b, PAYLOAD_TSI, &child->ts_remote);
	write_ts(b, PAYLOAD_TSR, &child->ts_local);
}
