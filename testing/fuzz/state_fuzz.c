/*
 * Fuzzes a whole node with state: two nodes do a good handshake, as far as the input says, and go on by their own; in
 * between the input speaks with the peer's keys. It makes messages of payloads that are right, nearly right or arbitrary,
 * seals them, whole or in fragments of any number, under any number near the window, and has them come once, twice, or in
 * the midst of what the nodes send each other. Then the peer falls silent: an open IKE SA must answer a good request or have
 * ended, all that is half done must come to its end, and a stop must be clean. The world's invariants hold after each step.
 *
 * The input: role, stage, then deeds, each an octet and what it wants (state_message.c).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ike/ike_inside.h"
#include "lib/ike/sa/child_sa.h"
#include "lib/ike/sa/exchange.h"
#include "state_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEEDS 48
#define CONNS 2

static const char config[] = "config setup\n ike-quiet=60s\n"
			     "conn %default\n left=10.0.0.1\n right=10.0.0.2\n authby=secret\n auto=add\n"
			     " keyingtries=1\n retransmit-timeout=20s\n dpddelay=1h\n"
			     "conn t0\n"
			     "conn t1\n leftsubnet=10.1.1.0/24\n rightsubnet=10.2.1.0/24\n";
static const char secrets[] = ": PSK \"a secret of the fuzzer\"\n";
static const char *const conns[CONNS] = { "t0", "t1" };

static void require(struct state *s, bool so, const char *what)
{
	if (so && !s->w.fault[0])
		return;
	fprintf(stderr, "state_fuzz: %s\n", s->w.fault[0] ? s->w.fault : what);
	__builtin_trap();
}

/* ---- the net ---- */

/* Everything arrives, unless the peer is silent; the victim's newest answer is noted. */
static bool filter(struct world *w, size_t from, size_t to, struct bytes data)
{
	struct state *s = w->context;
	struct ike_header h;

	if (from == s->victim && header_read(data, &h) && h.flags & FLAG_RESPONSE)
		s->answer = h;
	return !s->silent;
}

void state_arrives(struct state *s, struct bytes data)
{
	struct endpoint from = { s->w.nodes[!s->victim].address, 500 };

	sim_tap_delivered(&s->w, s->victim, data);
	world_inject(&s->w, s->victim, &from, data);
}

/* ---- how far the good handshake has come ---- */

static bool is_auth(const struct sim_item *item)
{
	struct ike_header h;

	return item->kind == SIM_PACKET && header_read(bytes_of_blob(&item->data), &h) &&
	       h.exchange == IKE_AUTH;
}

/* Everything but IKE_AUTH arrives in order. */
static void go_to_auth(struct state *s)
{
	struct sim_item *items[32];
	size_t count, i;

	do {
		count = sim_pending(&s->w, items, ARRAY_LENGTH(items));
		for (i = 0; i < count && is_auth(items[i]); i++)
			;
		if (i < count)
			sim_choose(&s->w, items[i], SIM_DELIVER);
	} while (i < count);
}

static void go_to(struct state *s, unsigned stage)
{
	static const enum command_kind begun[] = { COMMAND_REKEY_CHILD,  COMMAND_REKEY_IKE,
						   COMMAND_DELETE_CHILD, COMMAND_DELETE_IKE,
						   COMMAND_LIVENESS,     COMMAND_UP };
	size_t who = stage & 1, first = stage >> 1 & 1;

	stage = (stage >> 2) % 10;
	if (stage == 0)
		return;
	world_command(&s->w, first, COMMAND_UP, conns[0]);
	if (stage == 2)
		go_to_auth(s);
	if (stage < 3)
		return;
	world_run(&s->w, SECONDS(1));
	if (stage > 3)
		world_command(&s->w, who, begun[stage - 4], conns[begun[stage - 4] == COMMAND_UP]);
}

/* ---- what happens ---- */

static void command(struct state *s)
{
	static const enum command_kind kinds[] = { COMMAND_UP,           COMMAND_DOWN,
						   COMMAND_REKEY_IKE,    COMMAND_REKEY_CHILD,
						   COMMAND_DELETE_IKE,   COMMAND_LIVENESS,
						   COMMAND_DELETE_CHILD, COMMAND_UP };
	uint8_t what = state_octet(s);

	world_command(&s->w, what & 1, kinds[what >> 2 & 7], conns[what >> 1 & 1]);
}

/* Something that is under way comes, comes twice, or is lost. */
static void choose(struct state *s)
{
	struct sim_item *items[32];
	size_t count = sim_pending(&s->w, items, ARRAY_LENGTH(items));
	uint8_t what = state_octet(s);
	struct sim_item *item = count ? items[(what >> 2) % count] : NULL;

	s->w.now++;
	if (item && item->kind == SIM_PACKET && what & 1)
		sim_choose(&s->w, item, what & 2 ? SIM_LOSE : SIM_REPEAT);
	else if (item)
		sim_choose(&s->w, item, SIM_DELIVER);
}

static void do_one(struct state *s)
{
	static const msec spans[] = { 20, 100, 600, SECONDS(6), SECONDS(16), SECONDS(31), SECONDS(70), 1 };
	uint8_t deed = state_octet(s);

	switch (deed & 7) {
	case 0:
		world_run(&s->w, spans[deed >> 3 & 7]);
		break;
	case 1:
		command(s);
		break;
	case 2:
		choose(s);
		break;
	case 3:
		state_again(s);
		break;
	case 4:
		sim_pass_time(&s->w, SECONDS(20));
		break;
	default:
		state_message(s, deed >> 3);
		break;
	}
}

/* ---- what must hold in the end ---- */

/* The nth IKE SA that a good request can be sent in; false: there are no more. */
static bool open_sa(const struct state *s, size_t n, uint64_t *serial)
{
	const struct ike_context *c = ike_inside(node_ike(s->w.nodes[s->victim].node));

	for (const struct list *at = c->table.all.next; at != &c->table.all; at = at->next) {
		const struct ike_sa *sa = LIST_ENTRY(at, struct ike_sa, link);

		if (sa->state != IKE_ESTABLISHED && sa->state != IKE_REKEYED)
			continue;
		*serial = sa->serial;
		if (!n--)
			return true;
	}
	return false;
}

/* Each open IKE SA answers a sign of life, or has ended, with a reason. */
static void ask_each(struct state *s)
{
	struct ike_sa *sa;
	uint64_t serial;
	uint32_t id;

	for (size_t n = 0; open_sa(s, n, &serial); n++) {
		const struct ike_context *c = ike_inside(node_ike(s->w.nodes[s->victim].node));

		sa = table_by_serial(&c->table, serial);
		id = sa->theirs.next;
		memset(&s->answer, 0, sizeof(s->answer));
		state_liveness(s, sa);
		world_run(&s->w, 100);
		sa = table_by_serial(&c->table, serial);
		require(s,
			!sa || sa->state == IKE_DELETED || sa->end_reason ||
				(s->answer.message_id == id && s->answer.exchange == INFORMATIONAL &&
				 s->answer.flags & FLAG_RESPONSE),
			"an open IKE SA answers no request any more");
	}
}

/*
 * What is still half done; NULL: nothing. As world_at_rest, but for a successor that answers a rekey: while its peer says
 * nothing it waits, looked at now and then, and the old one serves to its end.
 */
static const char *unrest(const struct state *s)
{
	const struct ike_context *c = ike_inside(node_ike(s->w.nodes[s->victim].node));
	const char *why;

	if (world_at_rest(&s->w, s->victim, &why))
		return NULL;
	for (const struct list *at = c->table.all.next; at != &c->table.all; at = at->next) {
		const struct ike_sa *sa = LIST_ENTRY(at, struct ike_sa, link);
		bool other = sa->state != IKE_ESTABLISHED || sa->queued;

		if (sa->state == IKE_DELETED && sa->linger_due != MSEC_NEVER)
			continue;
		for (const struct list *p = sa->live.next; p != &sa->live; p = p->next)
			other = other || LIST_ENTRY(p, struct exchange, link)->step != EXCHANGE_ANSWERED;
		for (const struct list *p = sa->children.next; p != &sa->children; p = p->next) {
			const struct child_sa *child = LIST_ENTRY(p, struct child_sa, link);

			other = other || (child->state != CHILD_INSTALLED &&
					  (child->state != CHILD_INBOUND || child->due == MSEC_NEVER));
		}
		if (other)
			return why;
	}
	return list_empty(&c->table.larval) ? NULL : why;
}

static void judge(struct state *s)
{

	world_run(&s->w, SECONDS(1)); /* jobs come home */
	s->silent = true;
	world_run(&s->w, SECONDS(2)); /* what was under way has come */
	ask_each(s);
	world_run(&s->w, SECONDS(240));
	require(s, !unrest(s), unrest(s));
	world_command(&s->w, s->victim, COMMAND_SHUTDOWN, "");
	world_run(&s->w, SECONDS(8));
	require(s, s->w.nodes[s->victim].stopped, "a stop does not end");
	require(s, world_end(&s->w), "the end is not clean");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct state s;
	const char *trace = getenv("TRACE"); /* a file: what happens is written into it */
	FILE *to = trace ? fopen(trace, "w") : NULL;

	if (to)
		setvbuf(to, NULL, _IOLBF, BUFSIZ);
	memset(&s, 0, sizeof(s));
	s.input = reader_of(bytes_of(data, size));
	world_init(&s.w, 1, 2, to);
	s.victim = state_octet(&s) & 1;
	s.w.context = &s;
	s.w.filter = filter;
	s.w.delay = 2;
	s.iv = (uint64_t)1 << 40; /* none of the real peer's */
	for (size_t i = 0; i < 2; i++)
		require(&s, world_configure(&s.w, i, config, secrets, NULL, NULL), "configuration");
	go_to(&s, state_octet(&s));
	for (unsigned i = 0; i < DEEDS && s.input.left; i++) {
		do_one(&s);
		require(&s, true, "");
	}
	judge(&s);
	state_forget(&s);
	if (to)
		fclose(to);
	return 0;
}
