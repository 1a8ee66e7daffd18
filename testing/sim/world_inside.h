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

/* A packet of an application. */
struct sim_packet {
	struct address from, to;
	uint8_t protocol;
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
	struct sim_packet packet; /* inside ESP */
	bool hard;
	struct dns_answer *answer;
	struct event event;
};

/* What is wrong with a world is said once: the first thing is the cause. */
#define SIM_FAULT(w, ...)                                                      \
	do {                                                                   \
		if (!(w)->fault[0])                                            \
			snprintf((w)->fault, sizeof((w)->fault), __VA_ARGS__); \
	} while (0)

/* queue.c */
struct sim_item *sim_item_new(enum sim_item_kind kind, size_t node);
void sim_schedule(struct world *w, struct sim_item *item, msec at); /* adopts */
void sim_unschedule(struct world *w, const struct sim_item *item); /* hands it back */
/* Messages, jobs and the like that are under way, by order of scheduling; lends. Encrypted packets and lives are not. */
size_t sim_pending(struct world *w, struct sim_item **items, size_t room);
enum sim_choice {
	SIM_DELIVER, /* it happens, and is gone */
	SIM_LOSE,
	SIM_REPEAT, /* it happens, and will once more */
};
void sim_choose(struct world *w, struct sim_item *item, enum sim_choice choice);
msec sim_next_due(const struct world *w); /* what the nodes wait for */
/* What a node waits for is due, the earliest, if that is within the span; nothing else happens. */
bool sim_pass_time(struct world *w, msec span);
/* All encrypted packets that are under way arrive now. */
void sim_deliver_esp(struct world *w);

/*
 * tap.c: the wiretap. In each IKE SA nobody overtakes, nobody exceeds the window, what is sent again is the same
 * (RFC 7296 2.1 to 2.3), and no SA's delete is asked for in two requests.
 */
void sim_tap_sent(struct world *w, size_t from, struct bytes data);
void sim_tap_delivered(struct world *w, size_t to, struct bytes data);
void sim_tap_keys(struct world *w, const struct action *a);
void sim_tap_discard(struct world *w);

/* Whether a node's tables were led to a cell that only a bug of ours can reach. */
bool sim_met_impossible(const struct world *w, size_t node);

void sim_happen(struct world *w, struct sim_item *item);
void sim_item_discard(struct world *w, struct sim_item *item);
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
struct kernel_state *sim_kernel_state(const struct sim_node *n); /* what stands in it; the caller owns it */
void sim_trace_event(struct world *w, size_t node, const struct event *event);
/* The random octets that the node drew in the step. */
void sim_trace_random(struct world *w, size_t node);
void sim_trace_action(struct world *w, size_t node, const struct action *action);

#endif
