/* What is told of IKE SAs and Child SAs, and the checks of their invariants (ike.h). Reads only. */
#include <stdio.h>

#include "ike_inside.h"
#include "sa/child_sa.h"
#include "sa/exchange.h"
#include "sa/ike_sa.h"

static void report_child(const struct child_sa *child, msec now, uint64_t command, struct actions *actions)
{
	struct report *r = actions_report(actions, command, "child");
	char text[SELECTOR_TEXT], suite[80];

	report_number(r, "child", (int64_t)child->serial);
	report_text(r, "state", "%s", child_state_name(child->state));
	report_text(r, "local", "%s", selector_print(&child->ts_local, text));
	report_text(r, "remote", "%s", selector_print(&child->ts_remote, text));
	report_text(r, "mode", "%s", kernel_mode_name(child->mode));
	report_text(r, "esp", "%s", suite_print(&child->esp, suite));
	report_text(r, "spi-in", "%08x", child->spi_in);
	report_text(r, "spi-out", "%08x", child->spi_out);
	report_number(r, "reqid", child->reqid);
	report_number(r, "since-s", (now - child->installed) / 1000);
}

static void report_sa(const struct ike_sa *sa, msec now, uint64_t command, struct actions *actions)
{
	struct report *r = actions_report(actions, command, "ike");
	char endpoint[ENDPOINT_TEXT], id[IDENTITY_TEXT], suite[80];

	report_number(r, "ike", (int64_t)sa->serial);
	report_text(r, "state", "%s", ike_state_name(sa->state));
	report_text(r, "local", "%s", endpoint_print(&sa->local, endpoint));
	report_text(r, "remote", "%s", endpoint_print(&sa->remote, endpoint));
	report_text(r, "local-id", "%s", identity_print(&sa->local_id, id));
	report_text(r, "remote-id", "%s", identity_print(&sa->remote_id, id));
	report_text(r, "role", "%s", sa->initiator ? "initiator" : "responder");
	report_text(r, "suite", "%s", suite_print(&sa->suite, suite));
	report_text(r, "level", "%s", key_level_name(sa->level));
	report_text(r, "spi-i", "%016llx", (unsigned long long)sa->spi_i);
	report_text(r, "spi-r", "%016llx", (unsigned long long)sa->spi_r);
	report_number(r, "since-s", (now - sa->made) / 1000);
}

void ike_report(const struct ike *ike, msec now, uint64_t command, uint32_t conn, struct actions *actions)
{
	const struct list *all = &ike_inside(ike)->table.all;

	for (const struct list *pos = all->next; pos != all; pos = pos->next) {
		const struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, link);

		if (conn && sa->conn != conn)
			continue;
		report_sa(sa, now, command, actions);
		for (const struct list *at = sa->children.next; at != &sa->children; at = at->next)
			report_child(LIST_ENTRY(at, struct child_sa, link), now, command, actions);
	}
}

void ike_each_child(const struct ike *ike, void (*see)(void *context, const struct ike_child_view *view),
		    void *context)
{
	const struct list *all = &ike_inside(ike)->table.all;

	for (const struct list *pos = all->next; pos != all; pos = pos->next) {
		const struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, link);

		for (const struct list *at = sa->children.next; at != &sa->children; at = at->next) {
			const struct child_sa *child = LIST_ENTRY(at, struct child_sa, link);
			const struct ike_child_view view = {
				.ike_sa = sa->serial,
				.child = child->serial,
				.owner = child->owner,
				.conn = child->conn,
				.spi_in = child->spi_in,
				.spi_out = child->spi_out,
				.ts_local = child->ts_local,
				.ts_remote = child->ts_remote,
				.local = sa->local,
				.remote = sa->remote,
				.ike_state = ike_state_name(sa->state),
			};

			if (child->state == CHILD_INSTALLED)
				see(context, &view);
		}
	}
}

/* What must hold of one IKE SA between steps. */
static const char *fault_of(const struct ike_context *c, const struct ike_sa *sa)
{
	size_t waiting = 0, children = 0, queued = 0;

	for (const struct list *at = sa->live.next; at != &sa->live; at = at->next) {
		const struct exchange *x = LIST_ENTRY(at, struct exchange, link);

		if (x->owner != sa)
			return "an exchange does not belong to its IKE SA";
		waiting += x->ours;
	}
	for (const struct list *at = sa->queue.next; at != &sa->queue; at = at->next)
		queued++;
	for (const struct list *at = sa->children.next; at != &sa->children; at = at->next)
		children++;
	if (waiting > sa->ours.size)
		return "more requests are on the wire than the window holds";
	if (queued != sa->queued || queued > LIMIT_QUEUE)
		return "the queue's count is wrong";
	if (children != sa->child_count)
		return "the count of children is wrong";
	if (sa->state == IKE_GONE)
		return "an IKE SA is gone and still there";
	if (sa->state == IKE_DELETED && (children || queued))
		return "a deleted IKE SA has children or requests";
	if ((sa->state == IKE_OPENING || sa->state == IKE_AUTHENTICATING) && children)
		return "a Child SA stands before authentication";
	if (sa->state == IKE_ESTABLISHED && (sa->handshake || !sa->keyed))
		return "an established IKE SA has no keys, or keeps its handshake";
	if (table_by_serial(&c->table, sa->serial) != sa)
		return "an IKE SA is not found by its serial";
	return NULL;
}

bool ike_check(const struct ike *ike, char why[160])
{
	const struct ike_context *c = ike_inside(ike);
	size_t count = 0, half_open = 0, answering = 0, lingering = 0;

	for (const struct list *pos = c->table.all.next; pos != &c->table.all; pos = pos->next) {
		const struct ike_sa *sa = LIST_ENTRY(pos, struct ike_sa, link);
		const char *fault = fault_of(c, sa);

		count++;
		half_open += sa->half_open;
		answering += sa->half_open && sa->state == IKE_OPENING;
		lingering += sa->state == IKE_DELETED;
		if (fault) {
			snprintf(why, 160, "#%llu %s: %s", (unsigned long long)sa->serial,
				 ike_state_name(sa->state), fault);
			return false;
		}
	}
	if (count != c->table.count || half_open != c->half_open || answering != c->answering ||
	    lingering != c->lingering || c->impossible) {
		snprintf(why, 160,
			 "counts of IKE SAs are wrong: %zu/%zu, half-open %zu/%zu, or a cell that cannot be "
			 "was reached: %llu",
			 count, c->table.count, half_open, c->half_open, (unsigned long long)c->impossible);
		return false;
	}
	return true;
}
