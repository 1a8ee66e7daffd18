/*
 * The responder's question (docs/opportunistic.md): a peer of a group has named itself; who is it, by which
 * keys, and may it have this pair? Answered at once where no key is to be proven, else after DNS.
 */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

#define LIMIT_ASKERS 1024

static void answer(struct oe *oe, uint64_t ike_sa, bool allowed, enum reason reason, enum key_level level)
{
	struct oe_wish *w = oe_wish_add(oe, WISH_PEER_ANSWER);

	if (!w)
		return;
	w->ike_sa = ike_sa;
	w->allowed = allowed;
	w->reason = reason;
	w->level = level;
	w->keys = oe->answer.keys;
	w->key_count = allowed ? oe->answer.key_count : 0;
}

static void asker_discard(struct oe *oe, struct asker *a)
{
	for (int i = 0; i < 2; i++) {
		if (a->answers[i])
			dns_answer_discard(a->answers[i]);
		free(a->answers[i]);
	}
	deadlines_remove(&oe->deadlines, a->number);
	list_remove(&a->link);
	oe->asker_count--;
	free(a);
}

void askers_discard(struct oe *oe)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &oe->askers)
		asker_discard(oe, LIST_ENTRY(pos, struct asker, link));
}

/* A pair that is keyed at a higher level is not taken over by a lower one (RFC 7619 3.3). */
static bool would_lower(const struct oe *oe, const struct address *local, const struct address *remote,
			enum key_level level)
{
	const struct flow *f = flow_find(oe, local, remote);

	return f && f->state == FLOW_KEYED && f->level > level;
}

static void decide(struct oe *oe, struct asker *a)
{
	const struct conn *conn = plan_conn(oe->plan, a->conn);
	struct finding *f = &oe->answer;

	oe_weigh(oe, a->answers, &a->local, &a->remote, NULL, f);
	if (!conn)
		answer(oe, a->ike_sa, false, REASON_CONFIG, LEVEL_NONE);
	else if (f->event == E09_BOGUS)
		answer(oe, a->ike_sa, false, REASON_OE_DNS_BOGUS, LEVEL_NONE);
	else if (!f->key_count || !address_equal(&f->gateway, &a->remote))
		answer(oe, a->ike_sa, false, REASON_NO_KEY, LEVEL_NONE);
	else if (f->event == E04_RECORD_INSECURE && is_paranoid(conn->group))
		answer(oe, a->ike_sa, false, REASON_OE_INSECURE_KEY, LEVEL_NONE);
	else if (would_lower(oe, &a->local, &a->remote, f->level))
		answer(oe, a->ike_sa, false, REASON_AUTH_METHOD, LEVEL_NONE);
	else
		answer(oe, a->ike_sa, true, REASON_OK, f->level);
	asker_discard(oe, a);
}

void responder_answer(struct oe *oe, uint64_t number, struct dns_answer *dns)
{
	uint64_t serial = number >> 2;
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &oe->askers) {
		struct asker *a = LIST_ENTRY(pos, struct asker, link);

		if (a->number != serial || number & 2 || a->answers[number & 1])
			continue;
		a->answers[number & 1] = dns;
		if (a->answers[0] && a->answers[1])
			decide(oe, a);
		return;
	}
	dns_answer_discard(dns);
	free(dns);
}

void responder_due(struct oe *oe, uint64_t number)
{
	struct list *pos, *next;

	LIST_FOR_EACH (pos, next, &oe->askers) {
		struct asker *a = LIST_ENTRY(pos, struct asker, link);

		if (a->number == number) {
			decide(oe, a);
			return;
		}
	}
}

static bool is_pinned(const struct oe *oe, const struct address *local, const struct address *remote)
{
	const struct flow *f = flow_find(oe, local, remote);

	return f && f->pinned;
}

static enum reason refusal(const struct oe *oe, const struct conn *conn, const struct identity *id,
			   bool null_auth, const struct address *local, const struct address *remote)
{
	const struct end *l, *r;
	struct address stated, ours;

	if (!conn || conn->group == CLASS_BLOCK || conn->group == CLASS_CLEAR ||
	    !oe_sides(oe, conn, remote->family, &l, &r, &ours))
		return REASON_NO_CONNECTION;
	if (is_pinned(oe, local, remote))
		return REASON_OE_PINNED;
	/* Nobody may leave out the proof that the group asks for (RFC 7619 2). */
	if (null_auth != (r->auth == AUTH_NULL))
		return REASON_AUTH_METHOD;
	if (null_auth)
		return would_lower(oe, local, remote, LEVEL_NULL) ? REASON_AUTH_METHOD : REASON_OK;
	/* The name must be the address it speaks from; other names need look-ups that are not built. */
	if (!identity_address(id, &stated) || !address_equal(&stated, remote))
		return REASON_ID_MISMATCH;
	return REASON_OK;
}

void oe_peer_wanted(struct oe *oe, msec now, uint64_t ike_sa, uint32_t conn, const struct identity *id,
		    bool null_auth, const struct address *local, const struct address *remote,
		    struct actions *actions)
{
	const struct conn *c = plan_conn(oe->plan, conn);
	enum reason no = refusal(oe, c, id, null_auth, local, remote);
	const struct end *l, *r;
	struct address ours;
	struct asker *a;
	msec patience;

	oe->now = now;
	oe->actions = actions;
	finding_discard(&oe->answer);
	if (no != REASON_OK || null_auth) {
		answer(oe, ike_sa, no == REASON_OK, no, LEVEL_NULL);
		return;
	}
	if (oe_sides(oe, c, remote->family, &l, &r, &ours) && r->key_source != KEY_SOURCE_DNS) {
		answer(oe, ike_sa, true, REASON_OK, LEVEL_PINNED);
		return;
	}
	a = oe->asker_count < LIMIT_ASKERS &&
			    deadlines_reserve(&oe->deadlines, oe->flow_count + oe->asker_count + 1)
		    ? calloc(1, sizeof(*a))
		    : NULL;
	if (!a) {
		answer(oe, ike_sa, false, REASON_OE_LIMIT, LEVEL_NONE);
		return;
	}
	a->number = ASKER | ++oe->last_serial;
	a->ike_sa = ike_sa;
	a->conn = conn;
	a->local = *local;
	a->remote = *remote;
	list_append(&oe->askers, &a->link);
	oe->asker_count++;
	/* The peer will not wait longer than that either; what is in by then decides. */
	patience = is_paranoid(c->group) ? oe->plan->setup.oe_dns_timeout_paranoid
					 : oe->plan->setup.oe_dns_timeout_permissive;
	if (!deadlines_set(&oe->deadlines, a->number, msec_after(now, patience)))
		actions_note(actions, NOTE_ERROR, "no memory for a deadline");
	ask_dns(oe, a->number, false, remote);
}
