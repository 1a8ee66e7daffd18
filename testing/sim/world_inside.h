/* What the rooms of the simulator share. */
#ifndef CYGNET_SIM_WORLD_INSIDE_H
#define CYGNET_SIM_WORLD_INSIDE_H

#include "world.h"

enum sim_item_kind {
	SIM_PACKET,
	SIM_JOB,
	SIM_RESOLVED,
	SIM_EVENT,
};

struct sim_item {
	struct sim_item *next;
	msec at;
	enum sim_item_kind kind;
	size_t node;
	struct endpoint local, remote;
	bool encapsulated;
	struct blob data;
	struct job *job;
	uint64_t number;
	struct dns_answer *answer;
	struct event event;
};

void sim_step(struct world *w, size_t node, struct event *event);
/* An event that owns nothing, after a while. */
void sim_later(struct world *w, size_t node, const struct event *event, msec after);
void sim_kernel_action(struct world *w, size_t node, struct action *a);
void sim_kernel_clear(struct sim_node *n);
void sim_trace_event(struct world *w, size_t node, const struct event *event);
/* The random octets that the node drew in the step. */
void sim_trace_random(struct world *w, size_t node);
void sim_trace_action(struct world *w, size_t node, const struct action *action);

#endif
