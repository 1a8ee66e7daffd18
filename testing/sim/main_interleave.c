/*
 * interleave [--depth N] [--apart] [--only A B [--path N.N.N [--trace FILE]]]: two nodes, two exchanges that are begun at the same time, and every order in which what is under way can arrive: to the depth, each message or job is
 * the next or not, one message may be lost, one may come twice. Then everything arrives in order and 300 s pass, and
 * the nodes must agree: one pair of SAs for each pair of selectors, none for what was deleted, one IKE SA. A search
 * without memory: each order is played from the start.
 *
 * --apart: the second exchange begins at any moment of the first. --path with --only plays one order, and says it.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/ike/wire/message.h"
#include "oe.h"
#include "world_inside.h"

#define DEPTH 16
#define PENDING 32
#define OPTIONS (3 * PENDING + 2)
#define CONNS 3
#define RETRANSMISSION SECONDS(2) /* what is due within it is sent again before anything comes */

/* What an exchange begins with. */
enum base {
	BASE_FRESH = 0, /* nothing; the number is that of Child SAs */
	BASE_ONE, /* one IKE SA with one Child SA, made by node 0 */
	BASE_TWO, /* the same with two */
	BASES,
};

struct deed {
	enum command_kind command;
	unsigned conn;
};

static const struct starter {
	const char *name;
	enum base base;
	unsigned count;
	struct deed deed[2];
	unsigned up, down; /* bit n: from now on the node wants connection n, or does not */
	bool to_auth; /* IKE_SA_INIT is over when the search begins */
} starters[] = {
	{ "init", BASE_FRESH, 1, { { COMMAND_UP, 0 } }, 1, 0, false },
	{ "auth", BASE_FRESH, 1, { { COMMAND_UP, 0 } }, 1, 0, true },
	{ "create", BASE_ONE, 1, { { COMMAND_UP, 1 } }, 2, 0, false },
	{ "create-other", BASE_ONE, 1, { { COMMAND_UP, 2 } }, 4, 0, false },
	{ "rekey-child", BASE_ONE, 1, { { COMMAND_REKEY_CHILD, 0 } }, 0, 0, false },
	{ "rekey-ike", BASE_ONE, 1, { { COMMAND_REKEY_IKE, 0 } }, 0, 0, false },
	{ "delete-child", BASE_ONE, 1, { { COMMAND_DELETE_CHILD, 0 } }, 0, 1, false },
	{ "down", BASE_ONE, 1, { { COMMAND_DOWN, 0 } }, 0, 1, false },
	{ "delete-ike", BASE_ONE, 1, { { COMMAND_DELETE_IKE, 0 } }, 0, 1, false },
	{ "liveness", BASE_ONE, 1, { { COMMAND_LIVENESS, 0 } }, 0, 0, false },
	{ "rekey-two", BASE_TWO, 2, { { COMMAND_REKEY_CHILD, 0 }, { COMMAND_REKEY_CHILD, 1 } }, 0, 0, false },
	{ "rekey-ike-two", BASE_TWO, 1, { { COMMAND_REKEY_IKE, 1 } }, 0, 0, false },
	{ "down-one", BASE_TWO, 1, { { COMMAND_DOWN, 0 } }, 0, 1, false },
	{ "down-two", BASE_TWO, 2, { { COMMAND_DOWN, 0 }, { COMMAND_DOWN, 1 } }, 0, 3, false },
	{ "rekey-and-down", BASE_TWO, 2, { { COMMAND_REKEY_CHILD, 0 }, { COMMAND_DOWN, 1 } }, 0, 2, false },
};

#define STARTERS ARRAY_LENGTH(starters)

static const char config[] = "config setup\n ike-quiet=60s\n"
			     "conn %default\n left=10.0.0.1\n right=10.0.0.2\n authby=secret\n auto=add\n"
			     "conn t0\n"
			     "conn t1\n leftsubnet=10.1.1.0/24\n rightsubnet=10.2.1.0/24\n"
			     "conn t2\n leftsubnet=10.1.2.0/24\n rightsubnet=10.2.2.0/24\n";
static const char secrets[] = ": PSK \"a secret of two nodes\"\n";
static const char *const conns[CONNS] = { "t0", "t1", "t2" };
static const char *const behind[CONNS][2] = { { "10.0.0.1", "10.0.0.2" },
					      { "10.1.1.9", "10.2.1.9" },
					      { "10.1.2.9", "10.2.2.9" } };

/* One choice of a path, and how many there were. */
struct choice {
	unsigned taken, of;
};

struct search {
	struct world w;
	const struct starter *start[2]; /* of node 0 and node 1 */
	struct choice path[DEPTH];
	unsigned faults; /* how many of an order may be lost, repeated, late */
	unsigned depth, fixed; /* the choices of the path that are given; the first is taken after them */
	unsigned length; /* of the path as it was played */
	bool apart, told; /* told: say what is done */
	bool begun; /* node 1 has begun */
	bool lost, repeated, late; /* each at most once */
	struct address at[CONNS][2];
	unsigned long played, failed;
	FILE *trace;
};

/* What may come next. */
struct option {
	enum {
		OPTION_ITEM,
		OPTION_BEGIN, /* node 1 begins */
		OPTION_TIME, /* nothing comes before a retransmission is due */
	} kind;
	struct sim_item *item;
	enum sim_choice choice;
};

static size_t options(struct search *s, struct option out[OPTIONS])
{
	struct sim_item *items[PENDING];
	size_t pending = sim_pending(&s->w, items, PENDING), count = 0;
	bool more = (unsigned)s->lost + s->repeated + s->late < s->faults;

	for (size_t i = 0; i < pending; i++)
		out[count++] = (struct option){ OPTION_ITEM, items[i], SIM_DELIVER };
	if (!s->begun)
		out[count++] = (struct option){ OPTION_BEGIN, NULL, SIM_DELIVER };
	for (size_t i = 0; i < pending; i++) {
		if (items[i]->kind != SIM_PACKET || !more)
			continue;
		if (!s->lost)
			out[count++] = (struct option){ OPTION_ITEM, items[i], SIM_LOSE };
		if (!s->repeated)
			out[count++] = (struct option){ OPTION_ITEM, items[i], SIM_REPEAT };
	}
	if (pending && more && !s->late && sim_next_due(&s->w) <= s->w.now + RETRANSMISSION)
		out[count++] = (struct option){ OPTION_TIME, NULL, SIM_DELIVER };
	return count;
}

static const char *name_of_exchange(uint8_t exchange)
{
	return exchange == IKE_SA_INIT       ? "IKE_SA_INIT"
	       : exchange == IKE_AUTH        ? "IKE_AUTH"
	       : exchange == CREATE_CHILD_SA ? "CREATE_CHILD_SA"
					     : "INFORMATIONAL";
}

static void say(const struct search *s, const struct option *o)
{
	static const char *const what[] = { "comes", "is lost", "comes, and will again" };
	struct ike_header h;

	if (o->kind == OPTION_BEGIN) {
		printf("#   node 1 begins %s\n", s->start[1]->name);
	} else if (o->kind == OPTION_TIME) {
		printf("#   everything is late: what is due is sent again\n");
	} else if (o->item->kind == SIM_JOB) {
		printf("#   node %zu: its job (%s) is done\n", o->item->node,
		       job_kind_name(o->item->job->kind));
	} else if (o->item->kind == SIM_PACKET && header_read(bytes_of_blob(&o->item->data), &h)) {
		printf("#   node %zu: %s %s %u of %016llx %s\n", o->item->node, name_of_exchange(h.exchange),
		       h.flags & FLAG_RESPONSE ? "answer" : "request", h.message_id,
		       (unsigned long long)h.spi_i, what[o->choice]);
	} else {
		printf("#   node %zu: its kernel speaks\n", o->item->node);
	}
}

/* Nothing but rekeys and new connections goes on: then no packet may be lost, and none may leave in clear. */
static bool is_gentle(const struct search *s)
{
	return s->start[0]->base != BASE_FRESH && !s->start[0]->down && !s->start[1]->down;
}

static void send_both(struct search *s, unsigned conn)
{
	world_send_from(&s->w, 0, &s->at[conn][0], &s->at[conn][1]);
	world_send_from(&s->w, 1, &s->at[conn][1], &s->at[conn][0]);
}

static void begin(struct search *s, size_t node)
{
	const struct starter *st = s->start[node];

	for (unsigned i = 0; i < st->count; i++)
		world_command(&s->w, node, st->deed[i].command, conns[st->deed[i].conn]);
	s->begun = s->begun || node == 1;
}

static bool is_auth(const struct sim_item *item)
{
	struct ike_header h;

	return item->kind == SIM_PACKET && header_read(bytes_of_blob(&item->data), &h) &&
	       h.exchange == IKE_AUTH;
}

/* Everything but IKE_AUTH arrives in order. */
static void go_to_auth(struct search *s)
{
	struct sim_item *items[PENDING];
	size_t count, i;

	do {
		count = sim_pending(&s->w, items, PENDING);
		for (i = 0; i < count && is_auth(items[i]); i++)
			;
		if (i < count)
			sim_choose(&s->w, items[i], SIM_DELIVER);
	} while (i < count);
}

static void make_base(struct search *s)
{
	world_init(&s->w, 1, 2, s->trace);
	s->w.delay = 0;
	for (size_t i = 0; i < 2; i++)
		world_configure(&s->w, i, config, secrets, NULL, NULL);
	for (unsigned c = 0; c < s->start[0]->base; c++) {
		world_command(&s->w, 0, COMMAND_UP, conns[c]);
		world_run(&s->w, SECONDS(2));
	}
	for (size_t i = 0; i < 2; i++) {
		if (!s->start[i]->to_auth)
			continue;
		begin(s, i);
		go_to_auth(s);
	}
	if (!s->start[0]->to_auth)
		begin(s, 0);
	if (!s->start[1]->to_auth && !s->apart)
		begin(s, 1);
}

/* One choice; false when there is nothing to choose from any more. */
static bool choose(struct search *s)
{
	struct option all[OPTIONS], *o;
	size_t count = options(s, all);
	unsigned at = s->length;

	/* All is quiet: what was lost is sent again when its time comes. */
	while (!count && sim_pass_time(&s->w, RETRANSMISSION))
		count = options(s, all);
	if (!count)
		return false;
	if (at >= s->fixed)
		s->path[at].taken = 0;
	s->path[at].of = (unsigned)count;
	o = &all[s->path[at].taken];
	s->length++;
	if (s->told)
		say(s, o);
	s->lost = s->lost || o->choice == SIM_LOSE;
	s->repeated = s->repeated || o->choice == SIM_REPEAT;
	s->late = s->late || o->kind == OPTION_TIME;
	s->w.now++;
	if (o->kind == OPTION_ITEM)
		sim_choose(&s->w, o->item, o->choice);
	else if (o->kind == OPTION_BEGIN)
		begin(s, 1);
	else
		sim_pass_time(&s->w, RETRANSMISSION);
	if (is_gentle(s)) {
		send_both(s, 0);
		sim_deliver_esp(&s->w);
	}
	return !s->w.fault[0];
}

/* What must be in the end: who wants a connection has it, and what nobody wants is gone. */
static bool is_wanted(const struct search *s, unsigned conn)
{
	/* Node 0 has made what there is in the beginning. */
	bool kept = conn < s->start[0]->base && !(s->start[0]->down >> conn & 1);

	return kept || ((s->start[0]->up | s->start[1]->up) >> conn & 1);
}

static void judge_conn(struct search *s, unsigned conn)
{
	const uint64_t *f = s->w.fates;
	uint64_t delivered = f[FATE_DELIVERED], clear = f[FATE_CLEAR];
	bool wanted = is_wanted(s, conn);

	send_both(s, conn);
	sim_deliver_esp(&s->w);
	delivered = f[FATE_DELIVERED] - delivered;
	clear = f[FATE_CLEAR] - clear;
	if (wanted && delivered != 2)
		SIM_FAULT(&s->w, "%s is wanted, and only %llu packets of 2 come through", conns[conn],
			  (unsigned long long)delivered);
	if (!wanted && clear != 2)
		SIM_FAULT(&s->w, "%s is not wanted by anybody, and still there", conns[conn]);
}

/* The nodes agree: one pair of SAs for each connection that is wanted, none else, and nothing is half done. */
static void judge_state(struct search *s)
{
	size_t wanted = 0, pairs = world_pairs(&s->w, 0, 1), ike = world_ike_sas(&s->w, 0, 1);
	const char *why;

	for (unsigned c = 0; c < CONNS; c++)
		wanted += is_wanted(s, c);
	for (size_t i = 0; i < 2; i++) {
		if (!world_at_rest(&s->w, i, &why))
			SIM_FAULT(&s->w, "node %zu is not at rest: %s", i, why);
	}
	if (pairs == SIZE_MAX)
		SIM_FAULT(&s->w, "the nodes do not agree on their Child SAs");
	if (pairs != wanted)
		SIM_FAULT(&s->w, "there are %zu pairs of Child SAs, wanted are %zu", pairs, wanted);
	if (ike == SIZE_MAX)
		SIM_FAULT(&s->w, "the nodes do not agree on their IKE SAs");
	/* Two connections that are made anew at one moment have an IKE SA each. */
	if (ike > wanted || (wanted && !ike))
		SIM_FAULT(&s->w, "there are %zu IKE SAs for %zu connections", ike, wanted);
	for (unsigned c = 0; c < CONNS; c++)
		judge_conn(s, c);
}

/* What is there works: each side asks the other, and is answered. */
static void judge_liveness(struct search *s)
{
	for (size_t i = 0; i < 2; i++) {
		for (unsigned c = 0; c < CONNS; c++) {
			if (is_wanted(s, c))
				world_command(&s->w, i, COMMAND_LIVENESS, conns[c]);
		}
	}
	world_run(&s->w, SECONDS(1));
	judge_state(s);
}

/* A stop is confirmed and clean. */
static void judge_stop(struct search *s)
{
	for (size_t i = 0; i < 2; i++) {
		world_command(&s->w, i, COMMAND_SHUTDOWN, "");
		world_run(&s->w, SECONDS(6));
		if (!s->w.nodes[i].stopped || s->w.nodes[i].unanswered)
			SIM_FAULT(&s->w, "the stop of node %zu was not confirmed", i);
	}
	world_run(&s->w, SECONDS(6));
	for (size_t i = 0; i < 2; i++) {
		if (s->w.nodes[i].sas || s->w.nodes[i].policies)
			SIM_FAULT(&s->w, "node %zu stopped and left something in its kernel", i);
	}
}

/* @rfc-test 7296-2.3-4 */
static void judge_end(struct search *s)
{
	const uint64_t *f = s->w.fates;

	if (is_gentle(s) && (f[FATE_CLEAR] || f[FATE_HELD] || f[FATE_MISSING] || f[FATE_UNWANTED]))
		SIM_FAULT(&s->w, "packets: %llu in clear, %llu held, %llu without SA, %llu unwanted",
			  (unsigned long long)f[FATE_CLEAR], (unsigned long long)f[FATE_HELD],
			  (unsigned long long)f[FATE_MISSING], (unsigned long long)f[FATE_UNWANTED]);
	judge_state(s);
	judge_liveness(s);
	judge_stop(s);
}

/* One order from the beginning to the end; true when all is as it must be. */
static bool play(struct search *s)
{
	bool ok = true;

	s->length = 0;
	s->begun = s->lost = s->repeated = s->late = false;
	make_base(s);
	while (s->length < s->depth && choose(s))
		;
	if (!s->begun)
		begin(s, 1);
	for (unsigned i = 0; i < 40 && is_gentle(s); i++) {
		send_both(s, 0);
		world_run(&s->w, 200);
	}
	world_run(&s->w, SECONDS(300));
	judge_end(s);
	ok = world_end(&s->w);
	s->played++;
	s->failed += !ok;
	return ok;
}

static void print_path(const struct search *s)
{
	printf("#   interleave%s --depth %u --faults %u --only %s %s --path ", s->apart ? " --apart" : "",
	       s->depth, s->faults, s->start[0]->name, s->start[1]->name);
	for (unsigned i = 0; i < s->length; i++)
		printf("%s%u", i ? "." : "", s->path[i].taken);
	printf("\n");
}

/* Plays the order again, and says what is done. */
static void tell(struct search *s)
{
	char fault[sizeof(s->w.fault)];

	memcpy(fault, s->w.fault, sizeof(fault));
	print_path(s);
	s->fixed = s->length;
	s->told = true;
	play(s);
	s->told = false;
	printf("#   in the end: %s%s\n", fault,
	       strcmp(fault, s->w.fault) ? " (and another time it went another way)" : "");
}

/* The next path in depth-first order; false: that was the last. */
static bool step_on(struct search *s)
{
	unsigned n = s->length;

	while (n && s->path[n - 1].taken + 1 == s->path[n - 1].of)
		n--;
	if (!n)
		return false;
	s->path[n - 1].taken++;
	s->fixed = n;
	return true;
}

static void search(struct search *s, unsigned test)
{
	unsigned long played, failed;
	clock_t begun = clock();

	s->played = s->failed = 0;
	s->fixed = 0;
	do {
		if (play(s) || s->failed > 1)
			continue;
		played = s->played;
		failed = s->failed;
		tell(s);
		s->played = played;
		s->failed = failed;
	} while (step_on(s));
	printf("%sok %u - %s x %s%s: %lu orders, %lu failed (%.0f us an order)\n", s->failed ? "not " : "",
	       test, s->start[0]->name, s->start[1]->name, s->apart ? ", one after the other" : "", s->played,
	       s->failed, (double)(clock() - begun) * 1e6 / CLOCKS_PER_SEC / (double)s->played);
	fflush(stdout);
}

static const struct starter *starter_of(const char *name)
{
	for (size_t i = 0; i < STARTERS; i++) {
		if (!strcmp(starters[i].name, name))
			return &starters[i];
	}
	fprintf(stderr, "interleave: there is no %s\n", name);
	exit(2);
}

static void read_path(struct search *s, const char *text)
{
	char *end;

	for (s->fixed = 0; *text && s->fixed < DEPTH; text = *end ? end + 1 : end)
		s->path[s->fixed++].taken = (unsigned)strtoul(text, &end, 10);
}

static bool search_all(struct search *s)
{
	unsigned test = 0, bad = 0;
	unsigned long orders = 0;

	for (size_t a = 0; a < STARTERS; a++) {
		for (size_t b = 0; b < STARTERS; b++) {
			if (starters[a].base != starters[b].base)
				continue;
			s->start[0] = &starters[a];
			s->start[1] = &starters[b];
			search(s, ++test);
			orders += s->played;
			bad += s->failed > 0;
		}
	}
	printf("1..%u\n# %u pairs of exchanges, %lu orders, to depth %u, %u pairs failed\n", test, test,
	       orders, s->depth, bad);
	return !bad;
}

int main(int argc, char **argv)
{
	static struct search s;
	const char *path = NULL;
	bool ok;

	s.depth = 6;
	s.faults = 1;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--depth") && i + 1 < argc) {
			s.depth = (unsigned)strtoul(argv[++i], NULL, 10);
		} else if (!strcmp(argv[i], "--faults") && i + 1 < argc) {
			s.faults = (unsigned)strtoul(argv[++i], NULL, 10);
		} else if (!strcmp(argv[i], "--apart")) {
			s.apart = true;
		} else if (!strcmp(argv[i], "--only") && i + 2 < argc) {
			s.start[0] = starter_of(argv[++i]);
			s.start[1] = starter_of(argv[++i]);
		} else if (!strcmp(argv[i], "--path") && i + 1 < argc) {
			path = argv[++i];
		} else if (!strcmp(argv[i], "--trace") && i + 1 < argc) {
			s.trace = fopen(argv[++i], "w");
		} else {
			fprintf(stderr, "interleave: %s?\n", argv[i]);
			return 2;
		}
	}
	if (s.depth > DEPTH)
		s.depth = DEPTH;
	for (unsigned c = 0; c < CONNS; c++) {
		for (unsigned i = 0; i < 2; i++) {
			if (!address_parse(&s.at[c][i], behind[c][i]))
				return 2;
		}
	}
	if (s.start[0] && path) {
		read_path(&s, path);
		s.told = true;
		if (s.trace)
			fprintf(s.trace, "# cygnet-trace 1 crypto=sim\n");
		ok = play(&s);
		printf("# in the end: %s\n", ok ? "all agree" : s.w.fault);
	} else if (s.start[0]) {
		search(&s, 1);
		ok = !s.failed;
	} else {
		ok = search_all(&s);
	}
	if (s.trace)
		fclose(s.trace);
	return ok ? 0 : 1;
}
