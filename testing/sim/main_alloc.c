/*
 * alloc [--every N] [--only STORY ASKS FAILS K one|step|while]: want of memory, everywhere. A story (a handshake, a rekey, a delete ...) is told once
 * to count the allocations that one node makes in its steps. Then it is told again for each of them, which fails; all after it
 * succeed. Five minutes later both ends must agree, with nothing half done; whoever asked must have been answered; everything
 * that is asked for again must succeed; a stop must be clean, and no octet may be left.
 *
 * The linker leads malloc and its like, and node_step, through here: only what lib/ asks for within a step of that node counts.
 */
#include <stdlib.h>
#include <string.h>

#include "world_inside.h"

#define CONNS 2
#define WANT_LASTS SECONDS(3)

/* ---- an allocator that fails once ---- */

static struct {
	const struct node *node; /* whose steps count */
	bool within; /* a step of it */
	unsigned long steps; /* of all nodes */
	msec now;
	bool told; /* where it fails is printed */
	unsigned long count, fails; /* the number of the first that fails; 0: none */
	enum want {
		WANT_ONE, /* only that one */
		WANT_STEP, /* and all others of the step */
		WANT_WHILE, /* and all others of some seconds */
		WANTS,
	} want;
	unsigned long step; /* that it was in; 0: not yet */
	msec until;
	long live; /* blocks that were given and not yet taken back */
} memory;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *p);
void __real_node_step(struct node *node, msec now, struct event *event, struct actions *actions);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *p);
void __wrap_node_step(struct node *node, msec now, struct event *event, struct actions *actions);

/* The sanitizers' own, where they are linked. */
void __sanitizer_print_stack_trace(void) __attribute__((weak));

static bool is_refused(void)
{
	bool refused;

	if (!memory.within)
		return false;
	memory.count++;
	if (memory.count == memory.fails) {
		memory.step = memory.steps;
		memory.until = msec_after(memory.now, WANT_LASTS);
	}
	refused = memory.count == memory.fails || (memory.want == WANT_STEP && memory.step == memory.steps) ||
		  (memory.want == WANT_WHILE && memory.step && memory.now < memory.until);
	if (refused && memory.told && __sanitizer_print_stack_trace)
		__sanitizer_print_stack_trace();
	return refused;
}

void *__wrap_malloc(size_t size)
{
	void *p = is_refused() ? NULL : __real_malloc(size);

	memory.live += p != NULL;
	return p;
}

void *__wrap_calloc(size_t count, size_t size)
{
	void *p = is_refused() ? NULL : __real_calloc(count, size);

	memory.live += p != NULL;
	return p;
}

void *__wrap_realloc(void *p, size_t size)
{
	void *q = is_refused() ? NULL : __real_realloc(p, size);

	memory.live += !p && q;
	return q;
}

char *__wrap_strdup(const char *text)
{
	char *p = is_refused() ? NULL : __real_strdup(text);

	memory.live += p != NULL;
	return p;
}

void __wrap_free(void *p)
{
	memory.live -= p != NULL;
	__real_free(p);
}

void __wrap_node_step(struct node *node, msec now, struct event *event, struct actions *actions)
{
	memory.within = node == memory.node;
	memory.now = now;
	memory.steps++;
	__real_node_step(node, now, event, actions);
	memory.within = false;
}

/* ---- the stories ---- */

static const struct story {
	const char *name;
	unsigned base; /* connections that are up before it begins, made by node 0 */
	enum command_kind command;
	unsigned conn;
	unsigned after; /* bits: what may be up in the end. It may also have come to nothing */
	unsigned kept; /* bits: what must be up in the end */
} stories[] = {
	{ "handshake", 0, COMMAND_UP, 0, 1, 0 },
	{ "create-child", 1, COMMAND_UP, 1, 3, 1 },
	{ "rekey-child", 1, COMMAND_REKEY_CHILD, 0, 1, 1 },
	{ "rekey-ike", 2, COMMAND_REKEY_IKE, 0, 3, 3 },
	{ "delete-child", 2, COMMAND_DOWN, 0, 2, 2 },
	{ "delete-ike", 1, COMMAND_DOWN, 0, 0, 0 },
	{ "liveness", 1, COMMAND_LIVENESS, 0, 1, 1 },
};

static const char config[] = "config setup\n ike-quiet=60s\n"
			     "conn %default\n left=10.0.0.1\n right=10.0.0.2\n authby=secret\n auto=add\n"
			     "conn t0\n"
			     "conn t1\n leftsubnet=10.1.1.0/24\n rightsubnet=10.2.1.0/24\n";
static const char secrets[] = ": PSK \"a secret of two nodes\"\n";
static const char *const conns[CONNS] = { "t0", "t1" };
static const char *const behind[CONNS][2] = { { "10.0.0.1", "10.0.0.2" }, { "10.1.1.9", "10.2.1.9" } };

struct told {
	struct world w;
	const struct story *story;
	size_t asks, fails; /* nodes: who begins, whose memory fails */
	bool answered; /* whoever asked, so far as he was to be */
};

/* Which connections carry packets both ways: bits. */
static unsigned carrying(struct told *t)
{
	unsigned bits = 0;

	for (unsigned c = 0; c < CONNS; c++) {
		uint64_t before = t->w.fates[FATE_DELIVERED];
		struct address at[2];

		for (int i = 0; i < 2; i++) {
			if (!address_parse(&at[i], behind[c][i]))
				abort();
		}
		world_send_from(&t->w, 0, &at[0], &at[1]);
		world_send_from(&t->w, 1, &at[1], &at[0]);
		sim_deliver_esp(&t->w);
		before = t->w.fates[FATE_DELIVERED] - before;
		if (before == 1)
			SIM_FAULT(&t->w, "%s carries packets one way only", conns[c]);
		bits |= (unsigned)(before == 2) << c;
	}
	return bits;
}

static unsigned bits_of(unsigned long bits)
{
	return (unsigned)__builtin_popcountl(bits);
}

static unsigned judge(struct told *t, const char *when)
{
	unsigned up = carrying(t);
	size_t pairs = world_pairs(&t->w, 0, 1), ike = world_ike_sas(&t->w, 0, 1);
	const char *why;

	for (size_t i = 0; i < 2; i++) {
		if (!world_at_rest(&t->w, i, &why))
			SIM_FAULT(&t->w, "%s, node %zu is not at rest: %s", when, i, why);
	}
	if (pairs == SIZE_MAX || pairs != bits_of(up))
		SIM_FAULT(&t->w, "%s, %zd pairs of Child SAs, %u carry packets", when, (ssize_t)pairs,
			  bits_of(up));
	if (ike == SIZE_MAX || (ike > 0) != (pairs > 0))
		SIM_FAULT(&t->w, "%s, %zd IKE SAs for %zu pairs", when, (ssize_t)ike, pairs);
	return up;
}

static void begin(struct told *t)
{
	world_init(&t->w, 1, 2, NULL);
	t->w.memory_fails = true;
	for (size_t i = 0; i < 2; i++)
		world_configure(&t->w, i, config, secrets, NULL, NULL);
	for (unsigned c = 0; c < t->story->base; c++) {
		world_command(&t->w, 0, COMMAND_UP, conns[c]);
		world_run(&t->w, SECONDS(2));
	}
}

static void end_all(struct told *t)
{
	for (size_t i = 0; i < 2; i++) {
		world_command(&t->w, i, COMMAND_SHUTDOWN, "");
		world_run(&t->w, SECONDS(6));
		if (!t->w.nodes[i].stopped || t->w.nodes[i].unanswered)
			SIM_FAULT(&t->w, "the stop of node %zu was not confirmed", i);
	}
	for (size_t i = 0; i < 2; i++) {
		if (t->w.nodes[i].sas || t->w.nodes[i].policies)
			SIM_FAULT(&t->w, "node %zu stopped and left something in its kernel", i);
	}
}

/* In a calm everything that is asked for again comes. */
static void again(struct told *t)
{
	for (unsigned c = 0; c < CONNS; c++) {
		world_command(&t->w, t->asks, COMMAND_UP, conns[c]);
		world_run(&t->w, SECONDS(100));
		if (t->w.nodes[t->asks].up_status != 0)
			SIM_FAULT(&t->w, "%s was asked for again and did not come: %d", conns[c],
				  t->w.nodes[t->asks].up_status);
	}
	for (size_t i = 0; i < 2; i++)
		world_command(&t->w, i, COMMAND_LIVENESS, conns[0]);
	world_run(&t->w, SECONDS(5));
	if (judge(t, "asked again") != 3)
		SIM_FAULT(&t->w, "asked again, not everything carries packets");
}

/* The story, with the allocation of that number failing (0: none). How many the node made in it. */
static unsigned long tell(struct told *t, unsigned long fails)
{
	const struct story *s = t->story;
	long before = memory.live;
	unsigned long count;
	unsigned up, after;

	begin(t);
	memory.node = t->w.nodes[t->fails].node;
	memory.count = 0;
	memory.fails = fails;
	memory.step = 0;
	world_command(&t->w, t->asks, s->command, conns[s->conn]);
	world_run(&t->w, SECONDS(10));
	count = memory.count;
	if (fails)
		world_run(&t->w, SECONDS(290));
	memory.node = NULL;
	if (t->w.nodes[t->asks].up_status == -1)
		SIM_FAULT(&t->w, "whoever asked was never answered");
	world_run(&t->w, SECONDS(100));
	up = judge(t, "later");
	/* Node 0 has made what there was, and makes again what the other takes down. */
	after = s->command == COMMAND_DOWN && t->asks ? (1u << s->base) - 1 : s->after;
	if ((up & ~after) || (s->kept & ~up))
		SIM_FAULT(&t->w, "later, connections %x carry packets", up);
	if (!fails && up != after)
		SIM_FAULT(&t->w, "a story without a failure does not end well");
	again(t);
	end_all(t);
	world_end(&t->w);
	if (memory.live != before)
		SIM_FAULT(&t->w, "%ld blocks of memory were left", memory.live - before);
	return count;
}

static const char *const wants[WANTS] = { "one", "step", "while" };

struct sums {
	unsigned long allocations, runs, failed;
	unsigned tests, stories;
};

/* Each allocation of a story fails in turn (each EVERYth of them). */
static void tell_each(struct told *t, unsigned long every, struct sums *sums)
{
	unsigned long count = tell(t, 0), runs = 0, failed = 0;

	if (t->w.fault[0]) {
		printf("# %s, asked by node %zu: %s\n", t->story->name, t->asks, t->w.fault);
		failed++;
	}
	for (unsigned long k = 1; k <= count; k += every) {
		tell(t, k);
		runs++;
		if (!t->w.fault[0])
			continue;
		printf("# --only %s %zu %zu %lu %s: %s\n", t->story->name, t->asks, t->fails, k,
		       wants[memory.want], t->w.fault);
		failed++;
	}
	printf("%sok %u - %s, asked by node %zu, node %zu fails, %s: %lu allocations, %lu runs, %lu failed\n",
	       failed ? "not " : "", ++sums->tests, t->story->name, t->asks, t->fails, wants[memory.want],
	       count, runs, failed);
	fflush(stdout);
	sums->allocations += count;
	sums->runs += runs;
	sums->failed += failed;
}

static int tell_one(struct told *t, const char *name, size_t asks, size_t fails, unsigned long k)
{
	for (size_t i = 0; i < ARRAY_LENGTH(stories); i++) {
		if (strcmp(stories[i].name, name))
			continue;
		t->story = &stories[i];
		t->asks = asks;
		t->fails = fails;
		memory.told = true;
		tell(t, k);
		printf("# in the end: %s\n", t->w.fault[0] ? t->w.fault : "all agree");
		return t->w.fault[0] != 0;
	}
	fprintf(stderr, "alloc: there is no %s\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	static struct told t;
	struct sums sums = { 0 };
	unsigned long every = 1;

	if (argc == 7 && !strcmp(argv[1], "--only")) {
		while (memory.want < WANTS - 1 && strcmp(wants[memory.want], argv[6]))
			memory.want++;
		return tell_one(&t, argv[2], strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10),
				strtoul(argv[5], NULL, 10));
	}
	if (argc == 3 && !strcmp(argv[1], "--every"))
		every = strtoul(argv[2], NULL, 10);
	if (!every || (argc != 1 && argc != 3)) {
		fprintf(stderr, "alloc [--every N] [--only STORY ASKS FAILS K one|step|while]\n");
		return 2;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(stories); i++) {
		for (size_t n = 0; n < 4; n++) {
			t.story = &stories[i];
			t.asks = n >> 1;
			t.fails = n & 1;
			for (memory.want = 0; memory.want < WANTS; memory.want++)
				tell_each(&t, every, &sums);
		}
	}
	printf("1..%u\n# %zu stories, %lu allocations, %lu runs, %lu failed\n", sums.tests,
	       ARRAY_LENGTH(stories), sums.allocations, sums.runs, sums.failed);
	return sums.failed > 0;
}
