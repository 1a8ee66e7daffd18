/*
 * A simulated world: many nodes, one clock, one seeded source of all chance. The network delays, loses,
 * repeats and reorders; jobs come home late; DNS is slow, silent, bogus; the kernel is a book of SAs and
 * policies. One seed is one history.
 */
#ifndef CYGNET_SIM_WORLD_H
#define CYGNET_SIM_WORLD_H

#include <stdio.h>

#include "ike.h"
#include "node.h"
#include "sim_crypto.h"
#include "testing/impair/impair.h"

#define WORLD_NODES 50
#define WORLD_WIRES 512

struct sim_sa {
	struct kernel_sa sa;
	uint64_t child;
	uint64_t order; /* of installation: names it, and the newest is used */
	uint64_t octets, packets;
	bool softly; /* its soft expiry was told */
	struct sim_sa *next;
};

struct sim_policy {
	struct kernel_policy policy;
	msec used; /* the world's time; MSEC_NEVER: not since it was put */
	struct sim_policy *next;
};

struct sim_node {
	struct node *node;
	const struct plan *plan; /* in force; the node's */
	struct sim_crypto crypto;
	struct tape tape; /* over crypto: what the node draws is in the trace */
	struct impair *impair; /* between the node and this world, over tape; gone with the daemon */
	struct address address;
	struct sim_sa *sas;
	struct sim_policy *policies;
	msec ahead; /* of the world's time: its clock was stepped, or it slept */
	msec due; /* what the node waits for, in the world's time */
	bool stopped;
	unsigned confirmed, unanswered;
	uint64_t dropped_in_kernel;
	int up_status; /* of the last result, -1 none */
};

struct sim_item; /* something that will happen */

struct sim_wire; /* what the wiretap knows of an IKE SA */

/* How the packets of applications ended. */
enum sim_fate {
	FATE_CLEAR,
	FATE_HELD, /* met a trap, and asked for keys */
	FATE_BLOCKED,
	FATE_ESP, /* sent encrypted */
	FATE_DELIVERED, /* and opened by the other side */
	FATE_LOST, /* on the way, encrypted */
	FATE_MISSING, /* the other side lacks the SA */
	FATE_UNWANTED, /* opened, but no policy of the other side wants it so */
	FATES,
};

struct world {
	uint64_t seed, chance;
	const char *name; /* of the test, for testing/cells.h; NULL: nobody asks */
	msec now;
	struct sim_node nodes[WORLD_NODES];
	size_t node_count;
	struct actions actions; /* of the step; its room is kept, as the daemon does */
	struct sim_item **heap; /* by time, then by order of scheduling */
	size_t heap_count, heap_room;
	uint64_t scheduled, installed;
	unsigned loss, duplication; /* percent */
	bool forging; /* somebody changes messages under the nodes' keys: what is derived may differ */
	bool uneven; /* from one node to another, less is lost: as the seed says */
	unsigned esp_loss; /* percent */
	unsigned long_delays; /* per mille of messages take up to 5 s */
	struct {
		size_t from, to;
		msec until;
	} partition; /* one way; until 0: none */
	msec delay; /* mean */
	msec job_delay; /* 0: up to 20 ms, as chance will */
	unsigned kernel_refusals; /* percent of SA installs */
	bool (*filter)(struct world *w, size_t from, size_t to, struct bytes data); /* false: lost */
	struct dns_answer *(*dns)(struct world *w, size_t node,
				  const struct dns_question *question); /* malloc'ed, NULL: silence */
	uint64_t steps, packets, lost, checks, fates[FATES];
	struct sim_wire *wires[WORLD_WIRES]; /* by SPI, chained */
	uint64_t tapped; /* messages that were checked against the window */
	void (*transition)(struct world *w, const struct action *a);
	uint64_t acquire_seq;
	bool memory_fails; /* a step may lose actions: what follows from it is looked at */
	FILE *trace;
	char fault[256]; /* the first violation, or empty */
	void *context;
};

/* node_count nodes at 10.0.0.1 onwards, without plans. */
void world_init(struct world *w, uint64_t seed, size_t node_count, FILE *trace);
/* Ends all nodes; false with w->fault when something was left behind. */
bool world_end(struct world *w);

/* Text of a configuration for one node; parsed and put into force. secrets and group may be NULL. */
bool world_configure(struct world *w, size_t node, const char *config, const char *secrets,
		     const char *group_name, const char *group_text);
void world_command(struct world *w, size_t node, enum command_kind kind, const char *name);
/* An order about a destination. */
void world_order(struct world *w, size_t node, enum command_kind kind, const struct address *destination);
/* The node is to stop; leave: at once, and what is in its kernel stays. */
void world_stop(struct world *w, size_t node, bool leave);
/* An application on a node sends one packet to an address: by the node's policies. */
void world_send(struct world *w, size_t node, const struct address *to);
/* The same from an address behind the node. */
void world_send_from(struct world *w, size_t node, const struct address *from, const struct address *to);
/* A datagram to a node as if from an address. */
void world_inject(struct world *w, size_t node, const struct endpoint *from, struct bytes data);
/* The kernel of a node drops its SAs and its words are lost: the node only learns that something was. */
void world_vanish(struct world *w, size_t node);
/* Arms an impairment at a node; a daemon that begins again has none. */
bool world_impair(struct world *w, size_t node, const char *text);
/* The clock of a node steps forward, as after a sleep. */
void world_sleep(struct world *w, size_t node, msec span);
/* A crash: everything the node knew is gone, its kernel too; then it starts with nothing. */
void world_restart(struct world *w, size_t node);
/* The daemon alone ends and starts: it finds what it left in the kernel, to be adopted or replaced. */
void world_restart_daemon(struct world *w, size_t node, bool adopt);

/* Lets time pass; false as soon as an invariant is violated. */
bool world_run(struct world *w, msec span);
uint64_t world_draw(struct world *w, uint64_t below);
size_t world_children(const struct world *w, size_t node);
/* Whether both nodes hold exactly one pair of SAs for each other, and the same. */
bool world_agree(struct world *w, size_t a, size_t b);
/* How many pairs of selectors a and b have SAs for, each exactly one pair and the same; SIZE_MAX: they do not agree. */
size_t world_pairs(struct world *w, size_t a, size_t b);
/* How many IKE SAs a and b have with each other, by the same SPIs at both; SIZE_MAX: they do not agree. */
size_t world_ike_sas(const struct world *w, size_t a, size_t b);
/* The keys of an IKE SA, as the nodes told the key log; false: there are none. */
bool world_keys(struct world *w, uint64_t spi_i, uint64_t spi_r, struct sealing_key *i,
		struct sealing_key *r);
/* Whether nothing waits or is half done at a node; else what is. */
bool world_at_rest(const struct world *w, size_t node, const char **why);

#endif
