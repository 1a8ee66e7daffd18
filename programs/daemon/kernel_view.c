/* Rows of what the kernel has (kernel_view.h). */
#include "kernel_view.h"

#include <stdio.h>
#include <stdlib.h>

#define ROWS 32 /* of each kind */

static int by_priority(const void *a, const void *b)
{
	const struct kernel_policy *p = a, *q = b;

	if (p->direction != q->direction)
		return p->direction < q->direction ? -1 : 1;
	return p->priority < q->priority ? -1 : p->priority > q->priority;
}

/* Packets to it, or from it. What passes whatever comes from link-local addresses and the like is about those. */
static bool is_about(const struct kernel_policy *p, const struct address *address)
{
	const struct selector *far = p->direction == KERNEL_OUT ? &p->dst : &p->src;
	bool exact;

	return selector_has_address(far, address) &&
	       (p->action != KERNEL_PASS || selector_prefix(far, &exact).bits > 0);
}

static json_t *policy_row(const struct kernel_policy *p)
{
	char src[SELECTOR_TEXT], dst[SELECTOR_TEXT];

	/* A trap and a policy of a keyed pair look alike there: both want an SA with this reqid. */
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "row", "kernel-policy", "direction",
			 kernel_direction_name(p->direction), "action", kernel_policy_action_name(p->action),
			 "src", selector_print(&p->src, src), "dst", selector_print(&p->dst, dst), "reqid",
			 (json_int_t)p->reqid, "priority", (json_int_t)p->priority);
}

static json_t *sa_row(const struct kernel_sa *sa)
{
	char src[ADDRESS_TEXT], dst[ADDRESS_TEXT], spi[16];

	snprintf(spi, sizeof(spi), "%08x", sa->spi);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "row", "kernel-sa", "spi", spi, "src",
			 address_print(&sa->src, src), "dst", address_print(&sa->dst, dst), "mode",
			 kernel_mode_name(sa->mode), "reqid", (json_int_t)sa->reqid);
}

void kernel_view(struct kernel_port *port, const struct address *about,
		 void (*row)(void *context, json_t *row), void *context)
{
	struct kernel_state *state = kernel_port_state(port);
	size_t told = 0;

	if (!state)
		return;
	if (state->policy_count)
		qsort(state->policies, state->policy_count, sizeof(*state->policies), by_priority);
	for (size_t i = 0; i < state->policy_count && told < ROWS; i++) {
		const struct kernel_policy *p = &state->policies[i];

		if (!is_about(p, about))
			continue;
		row(context, policy_row(p));
		told++;
	}
	told = 0;
	for (size_t i = 0; i < state->sa_count && told < ROWS; i++) {
		const struct kernel_sa *sa = &state->sas[i];

		if (!address_equal(&sa->src, about) && !address_equal(&sa->dst, about))
			continue;
		row(context, sa_row(sa));
		told++;
	}
	kernel_state_discard(state);
}
