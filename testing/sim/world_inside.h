/* What the rooms of the simulator share. */
#ifndef CYGNET_SIM_WORLD_INSIDE_H
#define CYGNET_SIM_WORLD_INSIDE_H

#include "world.h"

enum sim_item_kind {
	SIM_PACKET,
	SIM_JOB,
	SIM_RESOLVED,
	SIM_EVENT,
	SIM_ESP, /* an encrypted packet arrives */
	SIM_EXPIRE, /* an SA's time is over, if it is still that one */
};

struct sim_item {
	msec at;
	uint64_t order;
	enum sim_item_kind kind;
	size_t node;
	struct endpoint local, remote;
	bool encapsulated;
	struct blob data;
	struct job *job;
	uint64_t number;
	uint32_t spi;
	bool hard;
	struct dns_answer *answer;
	struct event event;
};

void sim_step(struct world *w, size_t node, struct event *event);
/* An event that owns nothing, after a while. */
void sim_later(struct world *w, size_t node, const struct event *event, msec after);
void sim_kernel_action(struct world *w, size_t node, struct action *a);
void sim_kernel_later(struct world *w, enum sim_item_kind kind, size_t node, uint32_t spi, uint64_t number,
		      bool hard, msec at);
/* SIM_ESP and SIM_EXPIRE. */
void sim_kernel_item(struct world *w, const struct sim_item *item);
msec sim_delay(struct world *w);
size_t sim_node_of(const struct world *w, const struct address *address);
/* What the node waits for may have changed. */
void sim_look(struct world *w, size_t node);
void sim_kernel_clear(struct sim_node *n);
void sim_trace_event(struct world *w, size_t node, const struct event *event);
/* The random octets that the node drew in the step. */
void sim_trace_random(struct world *w, size_t node);
void sim_trace_action(struct world *w, size_t node, const struct action *action);

#endif
