/*
 * What the hostile tests share: two honest nodes with two connections between them, and somebody on the way who holds
 * their keys. One message of a good story is taken, changed and delivered in the original's place; then the demands of
 * every case are checked: what was answered, that nothing was made of it, that nothing is left, and that the next good
 * request succeeds. The simulator checks the invariants of both nodes after every step, the sanitizers the rest.
 */
#ifndef CYGNET_TESTING_HOSTILE_H
#define CYGNET_TESTING_HOSTILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testing/sim/forge.h"
#include "testing/sim/world_inside.h"

#define NO_ERROR 0
#define NO_ANSWER 0xffff /* no notification has this number here */

enum story {
	STORY_UP, /* IKE_SA_INIT, IKE_AUTH; from nothing */
	STORY_SECOND, /* CREATE_CHILD_SA: another Child SA; the others begin with connection a up */
	STORY_REKEY_CHILD,
	STORY_REKEY_IKE,
	STORY_DELETE_CHILD, /* of the second of two */
	STORY_DELETE_IKE,
	STORY_LIVENESS,
};

/* A message of a story, and who sends it. */
struct place {
	const char *name;
	enum story story;
	size_t who; /* begins the exchange */
	uint8_t exchange;
	bool response;
};

static const struct place places[] = {
	{ "IKE_SA_INIT request", STORY_UP, 0, IKE_SA_INIT, false },
	{ "IKE_SA_INIT answer", STORY_UP, 0, IKE_SA_INIT, true },
	{ "IKE_AUTH request", STORY_UP, 0, IKE_AUTH, false },
	{ "IKE_AUTH answer", STORY_UP, 0, IKE_AUTH, true },
	{ "CREATE_CHILD_SA request, new", STORY_SECOND, 0, CREATE_CHILD_SA, false },
	{ "CREATE_CHILD_SA answer, new", STORY_SECOND, 0, CREATE_CHILD_SA, true },
	{ "CREATE_CHILD_SA request, new, by the responder", STORY_SECOND, 1, CREATE_CHILD_SA, false },
	{ "CREATE_CHILD_SA answer, new, by the initiator", STORY_SECOND, 1, CREATE_CHILD_SA, true },
	{ "CREATE_CHILD_SA request, rekey", STORY_REKEY_CHILD, 0, CREATE_CHILD_SA, false },
	{ "CREATE_CHILD_SA answer, rekey", STORY_REKEY_CHILD, 0, CREATE_CHILD_SA, true },
	{ "CREATE_CHILD_SA request, rekey of the IKE SA", STORY_REKEY_IKE, 0, CREATE_CHILD_SA, false },
	{ "CREATE_CHILD_SA answer, rekey of the IKE SA", STORY_REKEY_IKE, 0, CREATE_CHILD_SA, true },
	{ "CREATE_CHILD_SA request, rekey of the IKE SA, by the responder", STORY_REKEY_IKE, 1,
	  CREATE_CHILD_SA, false },
	{ "INFORMATIONAL request, delete of a child", STORY_DELETE_CHILD, 0, INFORMATIONAL, false },
	{ "INFORMATIONAL answer, delete of a child", STORY_DELETE_CHILD, 0, INFORMATIONAL, true },
	{ "INFORMATIONAL request, delete of the IKE SA", STORY_DELETE_IKE, 1, INFORMATIONAL, false },
	{ "INFORMATIONAL answer, delete of the IKE SA", STORY_DELETE_IKE, 0, INFORMATIONAL, true },
	{ "INFORMATIONAL request, liveness", STORY_LIVENESS, 0, INFORMATIONAL, false },
	{ "INFORMATIONAL answer, liveness", STORY_LIVENESS, 1, INFORMATIONAL, true },
};

struct hostile {
	struct world w;
	const struct place *place;
	bool armed;
	bool cut; /* nothing arrives, but what the test delivers */
	bool once; /* repetitions pass unchanged */
	void (*change)(struct hostile *h, struct forged *f);
	void (*bend)(struct hostile *h, uint8_t *data,
		     size_t *len); /* after it was put together; room FORGED_ROOM */
	/* the case, as its test likes */
	const void *what;
	size_t index, value;
	const char *deed;
	/* what came of it */
	unsigned taken; /* messages that were changed and delivered */
	struct ike_header taken_header;
	size_t heard; /* the node whose answers count */
	unsigned answers; /* to those */
	uint16_t error; /* the first error of the first answer, NO_ERROR, or NO_ANSWER */
	size_t made; /* SAs that the receiver put into its kernel, a while after the first was delivered */
	uint64_t installed; /* SAs in the world before the story */
	bool still; /* meanwhile nobody begins anew */
	size_t answered_octets, taken_octets;
	/* all that a node sent */
	struct {
		unsigned messages, answers, sealed_answers;
		size_t octets, longest; /* the longest answer */
		uint16_t error; /* in the last, unsealed one */
		uint8_t last[2048]; /* request: kept for the tests */
		size_t last_len;
	} sent[2];
	struct ike_header asks[2]; /* of the last request that a node asked as the test wished */
	struct forged forged, seen;
	uint8_t raw[FORGED_ROOM];
};

static const char hostile_config[] =
	"config setup\n ike-quiet=10s\n"
	"conn %default\n left=10.0.0.1\n right=10.0.0.2\n auto=add\n keyingtries=1\n retransmit-timeout=4s\n"
	" authby=secret\n"
	"conn a\n rightprotoport=udp/53\n"
	"conn b\n rightprotoport=tcp/80\n";
static const char hostile_secrets[] = ": PSK \"a secret of the hostile tests\"\n";

/* What the other end answers to what was taken. */
static inline void hostile_listen(struct hostile *h, const struct ike_header *head, struct bytes data)
{
	struct notify n;

	if (!h->taken || head->exchange != h->taken_header.exchange || !(head->flags & FLAG_RESPONSE) ||
	    head->message_id != h->taken_header.message_id || head->spi_i != h->taken_header.spi_i)
		return;
	if (h->answers++)
		return;
	h->answered_octets = data.len;
	h->error = NO_ERROR;
	if (!forge_open(&h->w, data, &h->seen))
		return;
	for (size_t i = 0; i < h->seen.count && !h->error; i++) {
		if (h->seen.payload[i].type == PAYLOAD_N && notify_read(forge_body(&h->seen, i), &n) &&
		    notify_is_error(n.type))
			h->error = n.type;
	}
}

/* Books what a node sends. */
static inline void hostile_book(struct hostile *h, size_t from, const struct ike_header *head,
				struct bytes data)
{
	bool sealed = head->next_payload == PAYLOAD_SK || head->next_payload == PAYLOAD_SKF;
	struct message *m = malloc(sizeof(*m));
	struct notify n;

	assert_non_null(m);
	h->sent[from].messages++;
	h->sent[from].octets += data.len;
	h->sent[from].error = NO_ERROR;
	if (!sealed && message_read(data, m) == REASON_OK && message_notify(m, 0, &n))
		h->sent[from].error = n.type;
	free(m);
	if (head->flags & FLAG_RESPONSE) {
		h->sent[from].answers++;
		h->sent[from].sealed_answers += sealed;
		if (data.len > h->sent[from].longest)
			h->sent[from].longest = data.len;
	}
	if (data.len <= sizeof(h->sent[from].last)) {
		memcpy(h->sent[from].last, data.at, data.len);
		h->sent[from].last_len = data.len;
	}
}

static inline void hostile_forget(struct hostile *h)
{
	memset(h->sent, 0, sizeof(h->sent));
}

/* Delivers octets to a node as if from the other, soon. */
static inline void hostile_post(struct hostile *h, size_t to, struct bytes data)
{
	struct sim_item *item = sim_item_new(SIM_PACKET, to);

	item->local = (struct endpoint){ h->w.nodes[to].address, 500 };
	item->remote = (struct endpoint){ h->w.nodes[1 - to].address, 500 };
	assert_true(blob_copy(&item->data, data));
	sim_schedule(&h->w, item, h->w.now + 1);
}

static inline bool hostile_filter(struct world *w, size_t from, size_t to, struct bytes data)
{
	struct hostile *h = w->context;
	const struct place *p = h->place;
	struct ike_header head;
	struct bytes made;
	size_t len;

	if (!header_read(data, &head))
		return true;
	hostile_book(h, from, &head, data);
	if (from == h->heard)
		hostile_listen(h, &head, data);
	if (h->cut)
		return false;
	if (h->still && p && p->story != STORY_UP && head.exchange == IKE_SA_INIT)
		return false;
	if (!h->armed || !p || head.exchange != p->exchange || from != (p->response ? 1 - p->who : p->who) ||
	    ((head.flags & FLAG_RESPONSE) != 0) != p->response || (h->once && h->taken))
		return true;
	/* A message that was lost twice comes in fragments: they are lost, too. */
	if (!forge_open(w, data, &h->forged))
		return false;
	if (h->change)
		h->change(h, &h->forged);
	made = forge_close(w, &h->forged, h->raw, sizeof(h->raw));
	assert_true(made.len > 0);
	len = made.len;
	if (h->bend)
		h->bend(h, h->raw, &len);
	h->taken++;
	h->taken_octets = len;
	h->taken_header = head;
	hostile_post(h, to, bytes_of(h->raw, len));
	return false;
}

static inline struct hostile *hostile_new_with(const char *config, const char *secrets)
{
	struct hostile *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	world_init(&h->w, 7, 2, NULL);
	h->w.context = h;
	h->w.forging = true;
	h->w.filter = hostile_filter;
	for (size_t i = 0; i < 2; i++)
		assert_true(world_configure(&h->w, i, config, secrets, NULL, NULL));
	return h;
}

static inline struct hostile *hostile_new(void)
{
	return hostile_new_with(hostile_config, hostile_secrets);
}

static inline void hostile_say(const struct hostile *h)
{
	print_error("%s: payload %zu, %s, value %zu: %u taken, %u answers, error %u\n",
		    h->place ? h->place->name : "-", h->index, h->deed ? h->deed : "-", h->value, h->taken,
		    h->answers, h->error);
	if (h->w.fault[0])
		print_error("%s\n", h->w.fault);
}

/* Fails with the case named. */
#define hostile_assert(h, what)                \
	do {                                   \
		if (!(what)) {                 \
			hostile_say(h);        \
			fail_msg("%s", #what); \
		}                              \
	} while (0)

static inline void hostile_run(struct hostile *h, msec span)
{
	hostile_assert(h, world_run(&h->w, span));
}

static inline void hostile_discard(struct hostile *h)
{
	hostile_assert(h, world_end(&h->w));
	free(h);
}

static inline struct ike_counts hostile_count(const struct hostile *h, size_t node)
{
	return ike_count(node_ike(h->w.nodes[node].node));
}

/* SAs in the kernel of a node that were installed after so many others. */
static inline size_t hostile_newer(const struct hostile *h, size_t node, uint64_t installed)
{
	size_t count = 0;

	for (const struct sim_sa *sa = h->w.nodes[node].sas; sa; sa = sa->next)
		count += sa->order > installed;
	return count;
}

/* What a node holds, as one number: its counts and which SAs stand in its kernel. */
static inline uint64_t hostile_print(const struct hostile *h, size_t node)
{
	struct ike_counts n = hostile_count(h, node);
	uint64_t print = n.ike_sas + 1000 * n.established + 1000000 * n.children + 100 * n.half_open;

	for (const struct sim_sa *sa = h->w.nodes[node].sas; sa; sa = sa->next)
		print = print * 0x100000001b3u + sa->order;
	return print;
}

/* Octets arrive at a node now, as if from the other. */
static inline void hostile_inject(struct hostile *h, size_t to, struct bytes data)
{
	struct endpoint from = { h->w.nodes[1 - to].address, 500 };
	uint8_t *copy = malloc(data.len ? data.len : 1);

	/* Exactly as long as it is, so that the sanitizer sees one octet too far. */
	assert_non_null(copy);
	if (data.len)
		memcpy(copy, data.at, data.len);
	world_inject(&h->w, to, &from, bytes_of(copy, data.len));
	free(copy);
	hostile_assert(h, !h->w.fault[0]);
}

/* A connection comes up, as if nothing had been. */
static inline void hostile_up(struct hostile *h, size_t who, const char *name)
{
	size_t before = world_pairs(&h->w, 0, 1);

	world_command(&h->w, who, COMMAND_UP, name);
	hostile_run(h, SECONDS(2));
	hostile_assert(h, h->w.nodes[who].up_status == 0);
	hostile_assert(h, world_pairs(&h->w, 0, 1) == before + 1);
}

/* The first message of the initiator, as it sends it; nothing comes of it. */
static inline struct bytes hostile_first(struct hostile *h, uint8_t room[2048])
{
	size_t len;

	h->cut = true;
	world_command(&h->w, 0, COMMAND_UP, "a");
	hostile_run(h, 60);
	len = h->sent[0].last_len;
	memcpy(room, h->sent[0].last, len);
	hostile_run(h, SECONDS(10));
	h->cut = false;
	hostile_forget(h);
	return bytes_of(room, len);
}

/*
 * A session: connection a is up, and the test speaks for both. hostile_ask_begin makes a request of node `from` in the
 * forged message, hostile_ask delivers it and says with which error it was answered. What the nodes say to each other
 * meanwhile is lost.
 */
static inline void hostile_session(struct hostile *h)
{
	struct ike_header head;

	h->place = NULL;
	hostile_up(h, 0, "a");
	assert_true(header_read(bytes_of(h->sent[0].last, h->sent[0].last_len), &head));
	head.flags = FLAG_INITIATOR;
	head.message_id = 1;
	h->asks[0] = head;
	head.flags = 0;
	head.message_id = UINT32_MAX;
	h->asks[1] = head;
	h->cut = true;
}

static inline struct forged *hostile_ask_begin(struct hostile *h, size_t from, uint8_t exchange)
{
	h->asks[from].exchange = exchange;
	h->asks[from].message_id++;
	forge_begin(&h->forged, &h->asks[from], true);
	return &h->forged;
}

static inline uint16_t hostile_ask(struct hostile *h, size_t from)
{
	struct bytes made = forge_close(&h->w, &h->forged, h->raw, sizeof(h->raw));

	assert_true(made.len > 0);
	h->heard = 1 - from;
	h->taken = 1;
	h->answers = 0;
	h->error = NO_ANSWER;
	h->taken_header = h->forged.header;
	hostile_inject(h, 1 - from, made);
	for (unsigned i = 0; i < 100 && !h->answers; i++)
		hostile_run(h, 1);
	return h->error;
}

/* All goes down; when time has passed, nothing is left at either. */
static inline void hostile_clean(struct hostile *h)
{
	h->cut = false;
	for (size_t i = 0; i < 2; i++) {
		world_command(&h->w, i, COMMAND_DOWN, "a");
		world_command(&h->w, i, COMMAND_DOWN, "b");
	}
	hostile_run(h, LIMIT_REKEYED + SECONDS(15)); /* what a peer replaced waits so long for its delete */
	for (size_t i = 0; i < 2; i++) {
		struct ike_counts n = hostile_count(h, i);

		hostile_assert(h, n.ike_sas == 0 && n.children == 0 && n.half_open == 0);
		hostile_assert(h, h->w.nodes[i].sas == NULL);
		hostile_assert(h, h->w.nodes[i].crypto.live_secrets == 0);
	}
}

static inline void hostile_tell(struct hostile *h, enum story story, size_t who)
{
	static const struct {
		enum command_kind kind;
		const char *name;
	} commands[] = {
		[STORY_UP] = { COMMAND_UP, "a" },
		[STORY_SECOND] = { COMMAND_UP, "b" },
		[STORY_REKEY_CHILD] = { COMMAND_REKEY_CHILD, "a" },
		[STORY_REKEY_IKE] = { COMMAND_REKEY_IKE, "a" },
		[STORY_DELETE_CHILD] = { COMMAND_DELETE_CHILD, "b" },
		[STORY_DELETE_IKE] = { COMMAND_DELETE_IKE, "a" },
		[STORY_LIVENESS] = { COMMAND_LIVENESS, "a" },
	};

	world_command(&h->w, who, commands[story].kind, commands[story].name);
}

/* Everything before the story. */
static inline void hostile_prepare(struct hostile *h, const struct place *p)
{
	h->armed = false;
	h->place = NULL;
	if (p->story != STORY_UP)
		hostile_up(h, 0, "a");
	if (p->story == STORY_DELETE_CHILD)
		hostile_up(h, 0, "b");
}

/* The story itself, with its message taken; for a while, so that repetitions are over. */
static inline void hostile_play(struct hostile *h, const struct place *p)
{
	h->place = p;
	h->taken = h->answers = 0;
	h->error = NO_ANSWER;
	h->heard = p->response ? p->who : 1 - p->who;
	h->armed = true;
	h->installed = h->w.installed;
	hostile_tell(h, p->story, p->who);
	for (msec end = h->w.now + SECONDS(2); !h->taken && h->w.now < end;)
		hostile_run(h, 1);
	hostile_assert(h, h->taken > 0);
	h->still = true;
	hostile_run(h, 150);
	h->made = hostile_newer(h, p->response ? p->who : 1 - p->who, h->installed);
	h->still = false;
	hostile_run(h, SECONDS(8));
	h->armed = false;
}

/* Whether the story ended as a good one does. */
static inline bool hostile_succeeded(struct hostile *h, const struct place *p)
{
	size_t pairs = world_pairs(&h->w, 0, 1), ikes = world_ike_sas(&h->w, 0, 1);

	switch (p->story) {
	case STORY_SECOND:
		return pairs == 2 && ikes == 1;
	case STORY_DELETE_IKE:
		/* Who wants it up may have begun anew. */
		for (size_t i = 0; i < 2; i++) {
			for (const struct sim_sa *sa = h->w.nodes[i].sas; sa; sa = sa->next) {
				if (sa->order <= h->installed)
					return false;
			}
		}
		return ikes <= 1;
	default:
		return pairs == 1 && ikes == 1;
	}
}

/* What holds after every case: nothing is left, and a good request succeeds. */
static inline void hostile_after(struct hostile *h)
{
	hostile_clean(h);
	hostile_up(h, 0, "a");
	hostile_clean(h);
}

#endif
