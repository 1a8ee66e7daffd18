/*
 * What the kernel says of our SAs: they expire, softly or for good; they are not there; a peer behind a NAT sends from
 * elsewhere; an installation was refused (said.h).
 */
#include "said.h"

#include "due.h"
#include "exchanges/kinds.h"
#include "sa/child_sa.h"

/* By its inbound SPI, or by its outbound one and the peer's address. */
static struct child_sa *child_of_spi(struct ike_context *c, uint32_t spi, const struct address *dst)
{
	struct child_sa *child = table_child_by_spi_in(&c->table, spi);

	return child && address_equal(&child->near, dst) ? child
							 : table_child_by_spi_out(&c->table, spi, dst);
}

/*
 * A child ends by our side's doing. When it is the last one the IKE SA goes with it: one exchange instead of two. It
 * stays where something else is to come.
 */
/* @rfc 7296-2.4-18 7296-2.4-19 */
void said_end_child(struct ike_context *c, struct child_sa *child, enum reason reason)
{
	struct ike_sa *sa = child->ike;
	struct child_sa *successor = child->state == CHILD_INSTALLED ? child_sa_successor(child) : NULL;
	struct list *pos, *next;
	bool last = sa->state == IKE_ESTABLISHED && list_empty(&sa->queue) && !successor &&
		    !exchange_under_way(sa, COLLIDE_CREATE_CHILD, 0) &&
		    !exchange_under_way(sa, COLLIDE_REKEY_CHILD, child->serial) &&
		    !exchange_under_way(sa, COLLIDE_REKEY_IKE, 0);

	LIST_FOR_EACH (pos, next, &sa->children) {
		const struct child_sa *other = LIST_ENTRY(pos, struct child_sa, link);

		last = last && (other == child || !child_state_is_live(other->state) ||
				other->state == CHILD_REPLACED);
	}
	if (last && child->state == CHILD_INSTALLED)
		delete_ike(c, sa, reason);
	else
		delete_child(c, child, reason);
	due_settle(c, sa);
}

/* @rfc 7296-2.8-1 7296-2.8-3 */
static void expired(struct ike_context *c, const struct kernel_expire *e)
{
	struct child_sa *child = child_of_spi(c, e->spi, &e->dst);

	if (!child || !child_state_is_live(child->state))
		return;
	if (e->hard) {
		said_end_child(c, child, REASON_EXPIRED);
		return;
	}
	rekey_child_begin(c, child->ike, child, REASON_REKEY);
	due_settle(c, child->ike);
}

static void counted(struct ike_context *c, const struct event *event)
{
	struct child_sa *child = child_of_spi(c, event->counters.spi, &event->counters.dst);

	if (!child)
		return;
	/* Asked for after messages were lost, too: an SA that is not there any more has expired unheard. */
	if (!event->counters.found) {
		if (child_state_is_live(child->state))
			said_end_child(c, child, REASON_EXPIRED);
		return;
	}
	due_counted(c, child, child->spi_in == event->counters.spi, event->counters.counters.bytes);
	due_settle(c, child->ike);
}

static void kernel_failed(struct ike_context *c, uint64_t serial)
{
	struct child_sa *child = table_child_by_serial(&c->table, serial);

	if (child && child->state != CHILD_GONE)
		said_end_child(c, child, REASON_KERNEL);
}

/* @rfc 7296-2.23-15 7296-2.23-17 */
static void mapping_changed(struct ike_context *c, uint32_t spi, const struct endpoint *remote)
{
	struct child_sa *child = table_child_by_spi_in(&c->table, spi);

	/* Only the side behind its NAT moves, and only what the kernel has opened says so (2.23). */
	if (!child || !child->ike->peer_is_behind || child->ike->state != IKE_ESTABLISHED)
		return;
	ike_sa_moved(c, child->ike, remote);
	due_settle(c, child->ike);
}

/* Kernel messages were lost: each Child SA is looked up, and what is gone is found so. */
static void query_children(struct ike_context *c)
{
	struct list *pos, *next, *at, *after;

	LIST_FOR_EACH (pos, next, &c->table.all) {
		struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, link);

		LIST_FOR_EACH (at, after, &sa->children) {
			const struct child_sa *child = LIST_ENTRY(at, struct child_sa, link);
			struct action *a = child->state == CHILD_INSTALLED
						   ? actions_add(c->actions, ACTION_SA_QUERY)
						   : NULL;

			if (!a)
				continue;
			a->sa.child = child->serial;
			a->sa.sa.spi = child->spi_in;
			a->sa.sa.src = child->far;
			a->sa.sa.dst = child->near;
			a->sa.sa.reqid = child->reqid;
			a->sa.sa.inbound = true;
		}
	}
}

void said_by_kernel(struct ike_context *c, const struct event *event)
{
	if (event->kind == EVENT_EXPIRE)
		expired(c, &event->expire);
	else if (event->kind == EVENT_RESYNC)
		query_children(c);
	else if (event->kind == EVENT_COUNTERS)
		counted(c, event);
	else if (event->kind == EVENT_MAPPING)
		mapping_changed(c, event->mapping.spi, &event->mapping.remote);
	else if (event->kind == EVENT_KERNEL_FAILED && event->kernel_failed.child)
		kernel_failed(c, event->kernel_failed.child);
}
