/* What the rooms of the impairments share (impair.h). */
#ifndef CYGNET_IMPAIR_INSIDE_H
#define CYGNET_IMPAIR_INSIDE_H

#include "impair.h"
#include "lib/ike/wire/build.h"

#define IMPAIR_ARMED 32
#define IMPAIR_WORDS 8
#define IMPAIR_PIECES 96
#define IMPAIR_SEEN 512
#define IMPAIR_MEMOS 128
#define IMPAIR_KEYS 64
#define IMPAIR_RECORD 32

/* MESSAGE: init-request, auth, answer, any ...; with "/PAYLOAD" only if it bears that. */
struct impair_which {
	uint8_t exchange; /* 0: any */
	bool request, answer;
	bool keepalive; /* the one octet of RFC 3948, and nothing else */
	uint8_t payload; /* 0: does not matter */
};

struct armed {
	const struct impair_row *row;
	struct impair_which which;
	uint8_t payload[8];
	size_t payload_count;
	long number[3];
	size_t number_count;
	struct blob hex;
	bool has_hex;
	char word[32];
	msec span;
	struct address address;
	unsigned from, to; /* occasions, from 1 */
	unsigned occasions, met;
};

/* One payload of a message that is taken apart. */
struct piece {
	uint8_t type, flags;
	bool outer; /* beside SK, not in it */
	long length; /* what its length field says, or -1: the truth */
	struct blob body;
};

struct draft {
	struct ike_header header;
	int next_payload; /* -1: the truth */
	long length;
	bool sealed;
	const struct sealing_key *key;
	uint64_t iv;
	struct piece piece[IMPAIR_PIECES];
	size_t count;
};

struct datagram {
	struct endpoint local, remote;
	bool encapsulated;
	struct blob data;
};

struct datagrams {
	struct datagram *at;
	size_t count, room;
};

/* Something that waits: a datagram to go out, or an event to be fed. */
struct later {
	struct later *next;
	msec at; /* MSEC_NEVER: until it is let go by drip-... */
	bool outbound, kept; /* kept: by block-... */
	struct datagram datagram; /* outbound, or the packet of event */
	struct event event;
};

struct impair {
	struct crypto crypto; /* lent to the node */
	const struct crypto *inner;
	struct armed armed[IMPAIR_ARMED];
	size_t armed_count;
	struct later *later; /* in order of arrival */
	msec ahead;
	msec asleep; /* until then nothing is heard; 0: awake */
	bool dead;
	uint16_t port, port_was; /* change-port: what the peer's port seems to be */
	struct event_addresses *addresses; /* the last told */
	struct {
		uint64_t print;
		unsigned times;
	} seen[IMPAIR_SEEN];
	size_t seen_count;
	struct {
		struct blob node, wire; /* as the node knows it, as it is on the wire */
	} memo[IMPAIR_MEMOS];
	size_t memo_count;
	struct {
		uint64_t spi_i, spi_r;
		struct sealing_key key_i, key_r;
	} keys[IMPAIR_KEYS];
	size_t key_count;
	struct datagrams record[2]; /* inbound, outbound */
	struct {
		char name[32];
		unsigned met;
	} tally[64];
	size_t tally_count;
};

#define INBOUND 0
#define OUTBOUND 1

/* arm.c */
bool impair_parse(struct armed *a, const char *text, char why[160]);
bool impair_is(const struct armed *a, const char *name);
/* Another occasion: whether the impairment takes it. */
bool impair_takes(struct impair *im, struct armed *a);
/* The next occasion of whatever is armed by that name and word (NULL: any); NULL: nothing is, or it does not take it. */
struct armed *impair_ask(struct impair *im, const char *name, const char *word);
/* The same, but only whether something is armed. */
bool impair_armed(const struct impair *im, const char *name);

/* draft.c */
bool draft_open(struct impair *im, struct bytes data, struct draft *d);
bool draft_write(struct impair *im, struct draft *d, struct blob *out);
void draft_discard(struct draft *d);
bool draft_insert(struct draft *d, size_t at, uint8_t type, uint8_t flags, bool outer, struct bytes body);
void draft_remove(struct draft *d, size_t at);
bool draft_bears(const struct draft *d, uint8_t payload);

/* edit.c, proposal.c: changes of one message. False when there was nothing to change. */
bool impair_edit(struct armed *a, struct draft *d);
bool impair_edit_proposal(struct armed *a, struct draft *d);
bool impair_is_edit(const struct armed *a);

/* message.c: from the node's view to the wire's, or back. */
void impair_learn_keys(struct impair *im, const struct action *a);
void impair_rewrite(struct impair *im, int direction, struct blob *data);
bool impair_matches(struct impair *im, const struct impair_which *which, struct bytes data);
/* Octets that begin with a first message as the node knows it: the same with that of the wire. False: none, or no memory. */
bool impair_substitute(const struct impair *im, struct bytes octets, struct blob *out);

/* flow.c: what becomes of a datagram (adopted). */
void impair_flow(struct impair *im, msec now, int direction, struct datagram *in, struct datagrams *out);
void datagrams_add(struct datagrams *list, const struct datagram *d, struct bytes data);
void datagrams_discard(struct datagrams *list);

/* crypto.c */
void impair_crypto_init(struct impair *im);

/* events.c: faults of what comes in; false: it is not fed (and was adopted). */
bool impair_inside(struct impair *im, msec now, struct event *event);
/* The addresses of the host, as last told. */
bool impair_learn_addresses(struct impair *im, const struct event_addresses *addresses);
/* A fault that begins with its arming. */
void impair_at_once(struct impair *im, msec now, struct armed *a);

/* later.c: the row of what waits. */
struct later *impair_later(struct impair *im, msec at);
void impair_later_event(struct impair *im, msec at, const struct event *event);
void impair_later_discard(struct impair *im, struct later *l);
void impair_feed(struct impair_events *in, const struct event *event, struct bytes data);

/* alloc.c: the Nth to the Mth allocation from now on, within steps, fails. Both 0: none. */
void impair_allocation_arm(unsigned from, unsigned to);
void impair_allocation_window(bool open);
unsigned impair_allocation_met(void);

/* system.c, and nowhere but in the test build: whether it can fail that call. */
struct impair_system {
	bool (*arm)(const char *error, const char *name, unsigned from, unsigned to);
	void (*off)(void);
	unsigned (*met)(const char *name);
};
extern const struct impair_system *impair_system;

#endif
