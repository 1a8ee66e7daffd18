/*
 * alloc [--every N] [--only WAY STORY ASKS FAILS K one|step|while]: want of memory, everywhere. A story (a handshake, a rekey, a delete ...) is told once
 * to count the allocations that one node makes in its steps. Then it is told again for each of them, which fails; all after it
 * succeed. Five minutes later both ends must agree, with nothing half done; whoever asked must have been answered; everything
 * that is asked for again must succeed; a stop must be clean, and no octet may be left.
 *
 * The linker leads malloc and its like, and node_step, through here: only what lib/ asks for within a step of that node counts.
 */
#include <stdlib.h>
#include <string.h>

#include "public_key.h"
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
	bool opportunistic; /* it is one of packets, too */
	bool reload; /* no command, but a plan with more connections, and more groups */
	bool both; /* the other node asks for the same at the same time */
} stories[] = {
	{ "handshake", 0, COMMAND_UP, 0, 1, 0, true, false, false },
	{ "reload", 1, COMMAND_STATUS, 0, 1, 1, true, true, false },
	{ "create-child", 1, COMMAND_UP, 1, 3, 1, false, false, false },
	{ "rekey-child", 1, COMMAND_REKEY_CHILD, 0, 1, 1, false, false, false },
	{ "rekey-ike", 2, COMMAND_REKEY_IKE, 0, 3, 3, false, false, false },
	{ "delete-child", 2, COMMAND_DOWN, 0, 2, 2, false, false, false },
	{ "delete-ike", 1, COMMAND_DOWN, 0, 0, 0, false, false, false },
	{ "liveness", 1, COMMAND_LIVENESS, 0, 1, 1, false, false, false },
	{ "handshake-both", 0, COMMAND_UP, 0, 1, 0, false, false, true },
	{ "rekey-child-both", 1, COMMAND_REKEY_CHILD, 0, 1, 1, false, false, true },
	{ "rekey-ike-both", 2, COMMAND_REKEY_IKE, 0, 3, 3, false, false, true },
	{ "delete-ike-both", 1, COMMAND_DOWN, 0, 0, 0, false, false, true },
};

/* How the nodes prove themselves, and what their messages look like. */
static const struct way {
	const char *name, *lines;
	bool raw; /* raw keys: signatures are jobs */
	const char *far; /* lines of node 1; NULL: the same */
} ways[] = {
	{ "secret", " authby=secret\n", false, NULL },
	{ "raw-key", " authby=rsa-sha2\n", true, NULL },
	{ "fragments", " authby=secret\n fragmentation=force\n fragment-size=576\n", false, NULL },
	{ "childless", " authby=secret\n childless=prefer\n", false, NULL },
	/* Each begins with a group that the other refuses: INVALID_KE_PAYLOAD. */
	{ "groups", " authby=secret\n ike=aes_gcm256-sha2_256-dh31,aes_gcm256-sha2_256-dh19\n", false,
	  " authby=secret\n ike=aes_gcm256-sha2_256-dh20,aes_gcm256-sha2_256-dh19\n" },
	{ "opportunistic", NULL, true, NULL },
};

#define CONNS_TEXT  \
	"conn t0\n" \
	"conn t1\n leftsubnet=10.1.1.0/24\n rightsubnet=10.2.1.0/24\n"
#define MORE_TEXT                                              \
	"conn a0\n right=10.0.0.7\nconn a1\n right=10.0.0.8\n" \
	"conn a2\n right=10.0.0.9\n auto=route\n"
static const char secrets[] = ": PSK \"a secret of two nodes\"\n";
static const char *const conns[CONNS] = { "t0", "t1" };
static const char *const behind[CONNS][2] = { { "10.0.0.1", "10.0.0.2" }, { "10.1.1.9", "10.2.1.9" } };

struct told {
	struct world w;
	const struct story *story;
	const struct way *way;
	size_t asks, fails; /* nodes: who begins, whose memory fails */
	bool answered; /* whoever asked, so far as he was to be */
};

static bool is_opportunistic(const struct told *t)
{
	return !t->way->lines;
}

static unsigned conn_count(const struct told *t)
{
	return is_opportunistic(t) ? 1 : CONNS;
}

/* Which connections carry packets both ways: bits. */
static unsigned carrying(struct told *t)
{
	unsigned bits = 0;

	for (unsigned c = 0; c < conn_count(t); c++) {
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

/* Whether both ends agree and are at rest; the connections that carry packets, if that is tried: a packet may begin one. */
static unsigned judge(struct told *t, const char *when, bool tried)
{
	unsigned up = tried ? carrying(t) : 0;
	size_t pairs = world_pairs(&t->w, 0, 1), ike = world_ike_sas(&t->w, 0, 1);
	const char *why;

	for (size_t i = 0; i < 2; i++) {
		if (!world_at_rest(&t->w, i, &why))
			SIM_FAULT(&t->w, "%s, node %zu is not at rest: %s", when, i, why);
	}
	if (pairs == SIZE_MAX || (tried && pairs != bits_of(up)))
		SIM_FAULT(&t->w, "%s, %zd pairs of Child SAs, %u carry packets", when, (ssize_t)pairs,
			  bits_of(up));
	if (ike == SIZE_MAX || (ike > 0) != (pairs > 0))
		SIM_FAULT(&t->w, "%s, %zd IKE SAs for %zu pairs", when, (ssize_t)ike, pairs);
	return up;
}

/* The RSA key of a node, RFC 3110: worthless, but of the right shape. */
static void node_key(size_t node, uint8_t out[260])
{
	static const uint8_t exponent[] = { 3, 1, 0, 1 };

	memcpy(out, exponent, sizeof(exponent));
	memset(out + 4, 0xa0 + (int)node, 256);
	out[259] |= 1;
}

static const char *key_line(size_t node, const char *side, char text[400])
{
	uint8_t key[260];
	char *encoded;

	node_key(node, key);
	encoded = base64_encode(BYTES_OF_ARRAY(key));
	snprintf(text, 400, " %srsasigkey=0s%s\n", side, encoded);
	free(encoded);
	return text;
}

static struct dns_answer *dns(struct world *w, size_t node, const struct dns_question *q)
{
	struct dns_answer *a = calloc(1, sizeof(*a));
	uint8_t rdata[3 + 260] = { 10, 0, 2 };

	if (!a)
		abort();
	a->ttl = SECONDS(60);
	a->verdict = DNS_SECURE;
	if (q->type != DNS_IPSECKEY)
		return a;
	node_key((size_t)atoi(q->name) - 1, rdata + 3);
	a->count = blob_copy(&a->records[0].rdata, BYTES_OF_ARRAY(rdata));
	return a;
}

/* The plan, or the one after it: more connections, which stand first, and more groups. */
static void configure(struct told *t, size_t node, bool again)
{
	char text[2048], keys[2][400] = { "", "" };

	if (is_opportunistic(t)) {
		snprintf(text, sizeof(text),
			 "conn private-or-clear\n left=%%defaultroute\n right=%%opportunisticgroup\n"
			 " authby=rsa-sha2\n%s type=transport\n auto=ondemand\n",
			 key_line(node, "left", keys[0]));
		world_configure(&t->w, node, text, NULL, "private-or-clear",
				again ? "10.9.0.0/16\n10.0.0.0/24\n10.8.0.0/16\n" : "10.0.0.0/24\n");
		return;
	}
	if (t->way->raw) {
		key_line(0, "left", keys[0]);
		key_line(1, "right", keys[1]);
	}
	snprintf(text, sizeof(text),
		 "config setup\n ike-quiet=60s\n"
		 "conn %%default\n left=10.0.0.1\n right=10.0.0.2\n auto=add\n%s%s%s%s" CONNS_TEXT,
		 node && t->way->far ? t->way->far : t->way->lines, keys[0], keys[1], again ? MORE_TEXT : "");
	world_configure(&t->w, node, text, secrets, NULL, NULL);
}

/* A connection is asked for: by its name, or by a packet. */
static void ask(struct told *t, size_t node, enum command_kind command, unsigned conn)
{
	if (is_opportunistic(t)) {
		world_send(&t->w, node, &t->w.nodes[!node].address);
		t->w.nodes[node].up_status = 0;
	} else {
		world_command(&t->w, node, command, conns[conn]);
	}
}

static void begin(struct told *t)
{
	world_init(&t->w, 1, 2, NULL);
	t->w.memory_fails = true;
	t->w.dns = dns;
	for (size_t i = 0; i < 2; i++)
		configure(t, i, false);
	for (unsigned c = 0; c < t->story->base; c++) {
		ask(t, 0, COMMAND_UP, c);
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
	for (unsigned c = 0; c < conn_count(t); c++) {
		ask(t, t->asks, COMMAND_UP, c);
		world_run(&t->w, is_opportunistic(t) ? SECONDS(10) : SECONDS(100));
		if (t->w.nodes[t->asks].up_status != 0)
			SIM_FAULT(&t->w, "%s was asked for again and did not come: %d", conns[c],
				  t->w.nodes[t->asks].up_status);
	}
	for (size_t i = 0; i < 2 && !is_opportunistic(t); i++)
		world_command(&t->w, i, COMMAND_LIVENESS, conns[0]);
	world_run(&t->w, SECONDS(1));
	if (judge(t, "asked again", true) != (1u << conn_count(t)) - 1)
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
	if (s->reload) {
		configure(t, t->asks, true);
		t->w.nodes[t->asks].up_status = 0;
	} else {
		ask(t, t->asks, s->command, s->conn);
		if (s->both)
			ask(t, !t->asks, s->command, s->conn);
	}
	world_run(&t->w, SECONDS(10));
	count = memory.count;
	if (fails)
		world_run(&t->w, SECONDS(290));
	memory.node = NULL;
	if (t->w.nodes[t->asks].up_status == -1)
		SIM_FAULT(&t->w, "whoever asked was never answered");
	world_run(&t->w, SECONDS(100));
	up = judge(t, "later", !is_opportunistic(t));
	/* Node 0 has made what there was, and makes again what the other takes down. */
	after = s->command == COMMAND_DOWN && t->asks && !s->both ? (1u << s->base) - 1 : s->after;
	if ((up & ~after) || (s->kept & ~up && !is_opportunistic(t)))
		SIM_FAULT(&t->w, "later, connections %x carry packets", up);
	if (!fails && !is_opportunistic(t) && up != after)
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
		printf("# --only %s %s %zu %zu %lu %s: %s\n", t->way->name, t->story->name, t->asks, t->fails,
		       k, wants[memory.want], t->w.fault);
		failed++;
	}
	printf("%sok %u - %s, %s, asked by node %zu, node %zu fails, %s: %lu allocations, %lu runs, %lu "
	       "failed\n",
	       failed ? "not " : "", ++sums->tests, t->way->name, t->story->name, t->asks, t->fails,
	       wants[memory.want], count, runs, failed);
	fflush(stdout);
	sums->allocations += count;
	sums->runs += runs;
	sums->failed += failed;
}

static int tell_one(struct told *t, char **word)
{
	for (size_t i = 0; i < ARRAY_LENGTH(stories); i++)
		t->story = strcmp(stories[i].name, word[1]) ? t->story : &stories[i];
	for (size_t i = 0; i < ARRAY_LENGTH(ways); i++)
		t->way = strcmp(ways[i].name, word[0]) ? t->way : &ways[i];
	while (memory.want < WANTS - 1 && strcmp(wants[memory.want], word[5]))
		memory.want++;
	if (!t->story || !t->way) {
		fprintf(stderr, "alloc: there is no %s %s\n", word[0], word[1]);
		return 2;
	}
	t->asks = strtoul(word[2], NULL, 10);
	t->fails = strtoul(word[3], NULL, 10);
	memory.told = true;
	tell(t, strtoul(word[4], NULL, 10));
	printf("# in the end: %s\n", t->w.fault[0] ? t->w.fault : "all agree");
	return t->w.fault[0] != 0;
}

static void tell_all(struct told *t, unsigned long every, struct sums *sums)
{
	for (size_t w = 0; w < ARRAY_LENGTH(ways); w++) {
		t->way = &ways[w];
		for (size_t i = 0; i < ARRAY_LENGTH(stories); i++) {
			if (is_opportunistic(t) && !stories[i].opportunistic)
				continue;
			sums->stories++;
			for (size_t n = 0; n < 4; n++) {
				t->story = &stories[i];
				t->asks = n >> 1;
				t->fails = n & 1;
				for (memory.want = 0; memory.want < WANTS; memory.want++)
					tell_each(t, every, sums);
			}
		}
	}
}

int main(int argc, char **argv)
{
	static struct told t;
	struct sums sums = { 0 };
	unsigned long every = 1;

	if (argc == 8 && !strcmp(argv[1], "--only"))
		return tell_one(&t, argv + 2);
	if (argc == 3 && !strcmp(argv[1], "--every"))
		every = strtoul(argv[2], NULL, 10);
	if (!every || (argc != 1 && argc != 3)) {
		fprintf(stderr, "alloc [--every N] [--only WAY STORY ASKS FAILS K one|step|while]\n");
		return 2;
	}
	tell_all(&t, every, &sums);
	printf("1..%u\n# %u stories, %lu allocations, %lu runs, %lu failed\n", sums.tests, sums.stories,
	       sums.allocations, sums.runs, sums.failed);
	return sums.failed > 0;
}
