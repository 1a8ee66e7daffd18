/* The world's trace: each event, at the time of its node, and each action as one line, by lib/node's printer. */
#include <stdlib.h>

#include "world_inside.h"

void sim_trace_event(struct world *w, size_t node, const struct event *event)
{
	char *line = event_print(event);

	fprintf(w->trace, "E %zu %lld %s\n", node,
		(long long)(impair_now(w->nodes[node].impair, w->now) + w->nodes[node].ahead),
		line ? line : "?");
	free(line);
}

void sim_trace_action(struct world *w, size_t node, const struct action *action)
{
	char *line = action_print(action);

	fprintf(w->trace, "A %zu %s\n", node, line ? line : "?");
	free(line);
}

void sim_trace_random(struct world *w, size_t node)
{
	const struct tape *t = &w->nodes[node].tape;

	fprintf(w->trace, "R %zu ", node);
	for (size_t i = 0; i < t->used; i++)
		fprintf(w->trace, "%02x", t->octets[i]);
	fprintf(w->trace, "\n");
}
