/* What the rooms of lib/oe share: a flow, the table of flows, the wishes. */
#ifndef CYGNET_OE_INSIDE_H
#define CYGNET_OE_INSIDE_H

#include "deadlines.h"
#include "list.h"
#include "oe.h"
#include "records.h"
#include "table.h"

struct step_back {
	msec at;
	enum flow_state from, to;
	enum reason reason;
};

/* One pair and what is to become of it. */
struct flow {
	struct list link, in_pair, in_serial, in_child; /* all flows; the buckets of its keys */
	uint64_t serial;
	struct address local, remote; /* the pair */
	struct address outer; /* our own address towards the gateway: local, unless we are a gateway */
	uint32_t conn; /* of its group */
	enum group_class group;
	enum flow_state state;
	enum reason reason;
	enum key_level level;
	msec since, until;
	enum lifespan life; /* of the state: why it ends then */
	unsigned shorts; /* short lifespans in a row: each is twice the one before */
	struct dns_answer *answers
		[4]; /* IPSECKEY, TXT; the same of a gateway without a key; owned, NULL while awaited */
	struct finding finding; /* of the last look-up */
	struct address gateway;
	struct gateways tried; /* of this life: those before the present one */
	enum reason tried_why[LIMIT_GATEWAYS];
	uint64_t ike_sa, child; /* serials; 0: none */
	bool child_initiator; /* we made the child that serves */
	msec child_since;
	uint32_t spi_in, spi_out, reqid, acquire_seq;
	enum kernel_mode mode;
	bool pinned; /* by an operator: only an operator, or a reload that takes its group away, ends it */
	bool pair_policy; /* a policy of its own stands in the kernel */
	enum kernel_policy_action stands; /* and does this */
	bool inbound_policy; /* and inbound ones too */
	bool counting; /* the kernel was asked whether it is used */
	bool looked; /* CLEAR, DENY: and half-way, when its policy was last used */
	uint64_t used; /* the kernel's stamp of that */
	bool asking; /* KEYED: DNS is asked again */
	msec true_until; /* what DNS said of it holds so long; MSEC_NEVER: nothing was asked */
	uint64_t bytes; /* at the last look */
	uint64_t acquires;
	char peer_id[128];
	struct step_back history[LIMIT_FLOW_HISTORY];
	size_t steps;
};

/* A responder's question that waits for DNS. */
struct asker {
	struct list link;
	uint64_t number, ike_sa;
	uint32_t conn;
	struct address local, remote;
	struct dns_answer *answers[2];
};

/* A hash of flows by one of their keys. */
struct flow_buckets {
	struct list *at; /* owned */
};

struct template
{
	struct kernel_policy policy;
	bool kept; /* still wanted, during a reload */
};

struct oe {
	const struct crypto *crypto;
	const struct plan *plan; /* borrowed */
	struct event_addresses *addresses; /* owned */
	struct list flows, askers;
	struct flow_buckets pairs, serials, children;
	size_t flow_count, asker_count;
	uint64_t last_serial;
	struct deadlines deadlines;
	struct oe_wish *wishes; /* ring, owned */
	size_t wish_first, wish_count, wish_room;
	struct public_key null_keys[1];
	struct template *templates; /* owned */
	size_t template_count;
	bool lacks_templates; /* for want of memory */
	struct finding answer; /* keys lent by a PEER_ANSWER until the next one */
	struct oe_counts counts;
	uint32_t met[FLOW_STATES][FLOW_EVENTS]; /* how often each cell of the table was met */
	bool stopping;
	/* valid during a step */
	msec now;
	struct actions *actions;
};

/* flows.c */
struct flow *flow_find(const struct oe *oe, const struct address *local, const struct address *remote);
struct flow *flow_by_serial(const struct oe *oe, uint64_t serial);
struct flow *flow_by_child(const struct oe *oe, uint64_t child);
struct flow *flow_make(struct oe *oe, const struct address *local, const struct address *remote,
		       const struct group_entry *entry);
/* Takes class, connection and mode from its group's entry, anew after a reload. */
void flow_settle(struct oe *oe, struct flow *flow, const struct group_entry *entry);
/* Forgets what DNS said: a new life begins. */
void flow_forget(struct flow *flow);
void flow_forget_answers(struct flow *flow); /* but not what they were weighed to */
void flow_set_child(struct oe *oe, struct flow *flow, uint64_t ike_sa, uint64_t child);
void flow_discard(struct oe *oe, struct flow *flow);
bool flows_init(struct oe *oe);
void flows_discard(struct oe *oe);

/* flow.c: the machine. Returns whether the flow is still there. */
/* Wishes that what IKE does for it ends: the delete of its Child SA, or the end of the attempt. */
void flow_end(struct oe *oe, struct flow *flow, enum reason reason);
bool flow_happens(struct oe *oe, struct flow *flow, enum flow_event event);
bool oe_wishes_grow(struct oe *oe); /* before the first: so many as a step usually brings */
struct oe_wish *oe_wish_add(struct oe *oe, enum oe_wish_kind kind);
void flow_pair_text(const struct flow *flow, char text[96]);

/* pair.c: kernel policies of a pair */
void pair_put(struct oe *oe, struct flow *flow, enum kernel_policy_action action);
void pair_remove(struct oe *oe, struct flow *flow);
void pair_query(struct oe *oe, struct flow *flow); /* whether a packet met it: EVENT_POLICY_USE */
void pair_again(struct oe *oe, struct flow *flow); /* what is decided, once more: somebody took it away */
void policy_put(struct oe *oe, const struct kernel_policy *policy);
void policy_remove(struct oe *oe, const struct kernel_policy *policy);

/* templates.c */
MUST_USE bool templates_put(struct oe *oe); /* false: some were left out for want of memory */
void templates_again(struct oe *oe, const struct flow *flow); /* re-issue: releases what its queue holds */
void templates_remove(struct oe *oe);

/* responder.c */
void responder_answer(struct oe *oe, uint64_t number, struct dns_answer *answer);
void responder_due(struct oe *oe, uint64_t number); /* an asker's patience is over */
void askers_discard(struct oe *oe);

/* Numbers of look-ups: a flow's or an asker's, and which of the four questions: IPSECKEY or TXT, of the pair or its gateway. */
#define QUERY_ASKER ((uint64_t)1 << 62)
#define ASKER (QUERY_ASKER >> 2) /* in an asker's own number */
static inline uint64_t query_number(uint64_t serial, int which)
{
	return serial << 2 | (uint64_t)which;
}

/* answers.c */
void answers_resolved(struct oe *oe, struct event *event);
void answers_weigh_key(struct oe *oe, struct flow *flow); /* the same of its gateway's key */
void answers_weigh(struct oe *oe, struct flow *flow); /* what came, or that nothing came in time */
/* An attempt failed by this event: there may be another gateway to try. */
void answers_failed(struct oe *oe, struct flow *flow, enum flow_event event, enum reason reason);

/* looks.c */
void looks_counted(struct oe *oe, const struct event *event);
void looks_policy_used(struct oe *oe, const struct event *event);
void looks_due(struct oe *oe, struct flow *flow);
msec looks_next(const struct oe *oe, const struct flow *flow); /* when it is to be looked at */

/* oe.c */
/* A new life of a pair that is NONE or EXPIRED, as if a packet had asked. */
void oe_begin(struct oe *oe, struct flow *flow, const struct group_entry *entry);
size_t oe_trying(const struct oe *oe);
bool oe_needs_dns(const struct oe *oe, const struct flow *flow);

bool is_paranoid(enum group_class group);
bool oe_has_address(const struct oe *oe, const struct address *address);
/* Our end and theirs of a group's connection, and our address of that family. */
bool oe_sides(const struct oe *oe, const struct conn *conn, uint8_t family, const struct end **local,
	      const struct end **remote, struct address *address);
/* What DNS said of a destination, weighed into a finding (which is replaced). */
void oe_weigh(struct oe *oe, struct dns_answer *const answers[2], const struct address *local,
	      const struct address *remote, const struct gateways *tried, struct finding *finding);
/* Asks for both types of an address: of the pair's destination, or (second) of its gateway. */
void ask_dns(struct oe *oe, uint64_t serial, bool second, const struct address *address);

#endif
