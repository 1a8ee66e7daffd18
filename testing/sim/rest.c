/* Whether nodes are at rest (world.h): nothing waits, nothing is half done, both ends know the same IKE SAs. */
#include "lib/ike/ike_inside.h"
#include "lib/ike/sa/child_sa.h"
#include "lib/ike/sa/exchange.h"
#include "lib/ike/sa/ike_sa.h"
#include "world_inside.h"

static const char *unrest_of_child(const struct child_sa *child)
{
	if (child->state == CHILD_INSTALLED)
		return child->in || child->out ? "a Child SA serves and is not installed" : NULL;
	if (child->due == MSEC_NEVER)
		return "a Child SA is between states, and nothing will end that";
	return child->state == CHILD_DRAINING ? NULL : "a Child SA is between states";
}

static const char *unrest_of(const struct ike_sa *sa)
{
	if (sa->state == IKE_DELETED)
		return sa->linger_due == MSEC_NEVER ? "a deleted IKE SA lingers for ever" : NULL;
	if (sa->state != IKE_ESTABLISHED)
		return "an IKE SA is neither established nor gone";
	if (sa->queued)
		return "a request waits";
	for (const struct list *at = sa->live.next; at != &sa->live; at = at->next) {
		if (LIST_ENTRY(at, struct exchange, link)->step != EXCHANGE_ANSWERED)
			return "an exchange is under way";
	}
	for (const struct list *at = sa->children.next; at != &sa->children; at = at->next) {
		const char *why = unrest_of_child(LIST_ENTRY(at, struct child_sa, link));

		if (why)
			return why;
	}
	return NULL;
}

bool world_at_rest(const struct world *w, size_t node, const char **why)
{
	const struct ike_context *c = ike_inside(node_ike(w->nodes[node].node));

	*why = list_empty(&c->table.larval) ? NULL : "a successor is under way";
	for (const struct list *at = c->table.all.next; at != &c->table.all && !*why; at = at->next)
		*why = unrest_of(LIST_ENTRY(at, struct ike_sa, link));
	return !*why;
}

static bool lives_between(const struct ike_sa *sa, const struct address *far)
{
	return sa->state != IKE_DELETED && address_equal(&sa->remote.address, far);
}

static const struct ike_sa *same_sa(const struct ike_context *c, const struct ike_sa *sa)
{
	for (const struct list *at = c->table.all.next; at != &c->table.all; at = at->next) {
		const struct ike_sa *other = LIST_ENTRY(at, struct ike_sa, link);

		if (other->spi_i == sa->spi_i && other->spi_r == sa->spi_r &&
		    other->initiator != sa->initiator)
			return other;
	}
	return NULL;
}

static size_t known_to_both(const struct world *w, size_t a, size_t b)
{
	const struct ike_context *near = ike_inside(node_ike(w->nodes[a].node));
	const struct ike_context *far = ike_inside(node_ike(w->nodes[b].node));
	size_t count = 0;

	for (const struct list *at = near->table.all.next; at != &near->table.all; at = at->next) {
		const struct ike_sa *sa = LIST_ENTRY(at, struct ike_sa, link), *other;

		if (!lives_between(sa, &w->nodes[b].address))
			continue;
		other = same_sa(far, sa);
		if (!other || !lives_between(other, &w->nodes[a].address))
			return SIZE_MAX;
		count++;
	}
	return count;
}

size_t world_ike_sas(const struct world *w, size_t a, size_t b)
{
	size_t there = known_to_both(w, a, b), back = known_to_both(w, b, a);

	return there == back ? there : SIZE_MAX;
}

bool sim_met_impossible(const struct world *w, size_t node)
{
	return ike_inside(node_ike(w->nodes[node].node))->impossible != 0;
}
