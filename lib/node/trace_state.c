/* Reading back what a trace says of an earlier run's kernel state (trace_read.c). */
#include <stdlib.h>
#include <string.h>

#include "trace_inside.h"

static void *grown(void *array, size_t count, size_t size)
{
	void *more = realloc(array, (count + 1) * size);

	if (more)
		memset((char *)more + count * size, 0, size);
	return more;
}

static bool begin_sa(struct kernel_state *state, uint32_t spi)
{
	struct kernel_sa *more = grown(state->sas, state->sa_count, sizeof(*more));

	if (!more)
		return false;
	state->sas = more;
	more[state->sa_count++].spi = spi;
	return true;
}

static bool begin_policy(struct kernel_state *state, uint64_t direction)
{
	struct kernel_policy *more;

	if (direction > KERNEL_FORWARD)
		return false;
	more = grown(state->policies, state->policy_count, sizeof(*more));
	if (!more)
		return false;
	state->policies = more;
	more[state->policy_count++].direction = (enum kernel_direction)direction;
	return true;
}

static bool read_of_sa(const struct walk *w, struct kernel_sa *sa)
{
	if (trace_is(w, "reqid"))
		sa->reqid = (uint32_t)trace_number(w);
	else if (trace_is(w, "from"))
		return trace_address(w, &sa->src);
	else if (trace_is(w, "to"))
		return trace_address(w, &sa->dst);
	return true;
}

bool trace_read_policy(const struct walk *w, struct kernel_policy *p)
{
	if (trace_is(w, "policy"))
		p->direction = (enum kernel_direction)trace_number(w);
	else if (trace_is(w, "action"))
		p->action = (enum kernel_policy_action)trace_number(w);
	else if (trace_is(w, "mode"))
		p->mode = (enum kernel_mode)trace_number(w);
	else if (trace_is(w, "reqid"))
		p->reqid = (uint32_t)trace_number(w);
	else if (trace_is(w, "priority"))
		p->priority = (uint32_t)trace_number(w);
	else if (trace_is(w, "from"))
		return trace_address(w, &p->tunnel_src);
	else if (trace_is(w, "to"))
		return trace_address(w, &p->tunnel_dst);
	else if (trace_is(w, "src"))
		return selector_parse(&p->src, w->value);
	else if (trace_is(w, "dst"))
		return selector_parse(&p->dst, w->value);
	return true;
}

bool trace_read_state(struct walk *w, struct kernel_state **out)
{
	struct kernel_state *state = calloc(1, sizeof(*state));
	bool ok = state != NULL;

	*out = state;
	while (ok && trace_next(w)) {
		if (trace_is(w, "adopt"))
			state->adopt = trace_number(w) != 0;
		else if (trace_is(w, "sa"))
			ok = begin_sa(state, (uint32_t)strtoul(w->value, NULL, 16));
		else if (trace_is(w, "policy"))
			ok = begin_policy(state, trace_number(w));
		else if (state->policy_count)
			ok = trace_read_policy(w, &state->policies[state->policy_count - 1]);
		else if (state->sa_count)
			ok = read_of_sa(w, &state->sas[state->sa_count - 1]);
	}
	return ok;
}
