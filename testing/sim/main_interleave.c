/*
 * interleave [--depth N] [--tap] [--pair X Y] [--path N,N..]: every order of two things begun at the same time, one at
 * each end, both ends ours: which message or job comes next, and, once, which message is lost. After depth choices all
 * goes its way, and time passes. Then both ends must agree, what is asked for again must come, and both must stop clean
 * (RFC 7296 2.8, 2.25; checklist M10). Nothing is copied: each path is lived from the beginning.
 */
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define DEPTH_MOST 12

struct starter {
	const char *name;
	enum command_kind kind;
	const char *conn;
	bool fresh; /* begins with no IKE SA at all */
};

static const struct starter starters[] = {
	{ "create child", COMMAND_UP, "b", false },
	{ "rekey child", COMMAND_REKEY_CHILD, "a", false },
	{ "rekey IKE", COMMAND_REKEY_IKE, "a", false },
	{ "delete child", COMMAND_DELETE_CHILD, "a", false },
	{ "delete IKE", COMMAND_DELETE_IKE, "a", false },
	{ "IKE_SA_INIT", COMMAND_UP, "a", true },
	{ "IKE_AUTH", COMMAND_UP, "a", true },
};

struct path {
	unsigned choice[DEPTH_MOST]; /* 2 * k + lose */
	unsigned options[DEPTH_MOST]; /* how many there were */
	uint64_t messages[DEPTH_MOST]; /* bit k: the kth can be lost, it is no job */
	unsigned length, depth;
};

static const char config[] =
	"config setup\n ike-quiet=60s\n"
	"conn a\n left=10.0.0.1\n right=10.0.0.2\n authby=secret\n auto=add\n retransmit-timeout=30s\n"
	"conn b\n left=10.0.0.1\n right=10.0.0.2\n rightprotoport=udp/53\n authby=secret\n auto=add\n"
	" retransmit-timeout=30s\n";

static void begin(struct world *w, const struct starter *x, const struct starter *y)
{
	world_init(w, 7, 2, NULL);
	w->delay = 1;
	for (size_t i = 0; i < 2; i++)
		world_configure(w, i, config, ": PSK \"a secret of the simulated world\"\n", NULL, NULL);
	if (!x->fresh) {
		world_command(w, 0, COMMAND_UP, "a");
		world_run(w, SECONDS(2));
	}
	world_command(w, 0, x->kind, x->conn);
	/* For IKE_AUTH the first end is two messages and three jobs further on: its IKE_AUTH is under way. */
	for (unsigned i = 0; i < 5 && !strcmp(x->name, "IKE_AUTH"); i++)
		world_choose(w, 0, false);
	world_command(w, 1, y->kind, y->conn);
}

/* One step of a path: what was chosen, or, beyond its end, the first choice of all. */
static bool step(struct world *w, struct path *p, unsigned at, bool *lost)
{
	size_t under_way = world_under_way(w);
	unsigned choice;

	p->options[at] = (unsigned)under_way * 2;
	p->messages[at] = 0;
	for (size_t k = 0; k < under_way && k < 64; k++)
		p->messages[at] |= (uint64_t)world_is_message(w, k) << k;
	if (!under_way)
		return false;
	if (at >= p->length)
		p->choice[p->length++] = 0;
	choice = p->choice[at];
	*lost = *lost || choice % 2;
	world_choose(w, choice / 2, choice % 2);
	return !w->fault[0];
}

static void fault(struct world *w, const char *what)
{
	if (!w->fault[0])
		snprintf(w->fault, sizeof(w->fault), "%s", what);
}

static bool agree(struct world *w, size_t least, size_t most)
{
	for (unsigned i = 0; i < 40; i++) {
		size_t pairs = world_pairs(w, 0, 1);

		if (pairs >= least && pairs <= most)
			return true;
		world_run(w, SECONDS(1));
	}
	return false;
}

static void conclude(struct world *w)
{
	struct ike_counts a, b;

	for (unsigned i = 0; i < 10; i++) {
		world_send(w, 0, &w->nodes[1].address);
		world_send(w, 1, &w->nodes[0].address);
		world_run(w, SECONDS(30));
	}
	if (!agree(w, 0, 2))
		fault(w, "after 300 s the two ends do not agree");
	a = ike_count(node_ike(w->nodes[0].node));
	b = ike_count(node_ike(w->nodes[1].node));
	if (a.established != b.established || a.ike_sas - a.lingering != a.established ||
	    b.ike_sas - b.lingering != b.established)
		fault(w, "after 300 s an IKE SA is left over, or under way");
	world_command(w, 0, COMMAND_UP, "a");
	world_run(w, SECONDS(3));
	if (!agree(w, 1, 2))
		fault(w, "what was asked for again did not come");
	for (size_t i = 0; i < 2; i++) {
		world_command(w, i, COMMAND_SHUTDOWN, "");
		world_run(w, SECONDS(7));
		if (!w->nodes[i].stopped || w->nodes[i].unanswered)
			fault(w, "a stop was not confirmed");
	}
}

static bool live(const struct starter *x, const struct starter *y, struct path *p, char why[256])
{
	static struct world w;
	bool lost = false, ok;
	unsigned at = 0;

	begin(&w, x, y);
	while (at < p->depth && step(&w, p, at, &lost))
		at++;
	p->length = at;
	conclude(&w);
	ok = world_end(&w);
	snprintf(why, 256, "%s", w.fault);
	return ok;
}

/* The next path in order: the last choice that has another is changed, what follows is chosen anew. One loss at most. */
static bool advance(struct path *p)
{
	while (p->length) {
		unsigned last = p->length - 1, next = p->choice[last] + 1;
		bool lost_before = false;

		for (unsigned i = 0; i < last; i++)
			lost_before = lost_before || p->choice[i] % 2;
		while (next < p->options[last] && next % 2 &&
		       (lost_before || !(p->messages[last] >> next / 2 & 1)))
			next++;
		if (next < p->options[last]) {
			p->choice[last] = next;
			return true;
		}
		p->length--;
	}
	return false;
}

static void print_path(const struct path *p)
{
	printf("#   path ");
	for (unsigned i = 0; i < p->length; i++)
		printf("%s%u", i ? "," : "", p->choice[i]);
	printf("\n");
}

static unsigned long explore(const struct starter *x, const struct starter *y, unsigned depth,
			     unsigned long *failed)
{
	struct path p = { .depth = depth };
	unsigned long count = 0;
	char why[256];

	*failed = 0;
	do {
		count++;
		if (live(x, y, &p, why))
			continue;
		if ((*failed)++ < 3) {
			printf("# %s against %s: %s\n", x->name, y->name, why);
			print_path(&p);
		}
	} while (advance(&p));
	return count;
}

static const struct starter *starter_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(starters); i++) {
		if (!strcmp(starters[i].name, name))
			return &starters[i];
	}
	fprintf(stderr, "interleave: no '%s'\n", name);
	exit(2);
}

static int one_path(const struct starter *x, const struct starter *y, char *text)
{
	struct path p = { 0 };
	char why[256], *word, *save = NULL;

	for (word = strtok_r(text, ",", &save); word && p.length < DEPTH_MOST;
	     word = strtok_r(NULL, ",", &save))
		p.choice[p.length++] = (unsigned)atoi(word);
	p.depth = p.length;
	printf("%s\n", live(x, y, &p, why) ? "well" : why);
	return 0;
}

int main(int argc, char **argv)
{
	const struct starter *x = NULL, *y = NULL;
	unsigned long all = 0, bad = 0;
	unsigned depth = 6, test = 0;
	char *path = NULL;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--depth") && i + 1 < argc)
			depth = (unsigned)atoi(argv[++i]);
		else if (!strcmp(argv[i], "--path") && i + 1 < argc)
			path = argv[++i];
		else if (!strcmp(argv[i], "--pair") && i + 2 < argc) {
			x = starter_of(argv[++i]);
			y = starter_of(argv[++i]);
		}
	}
	if (depth > DEPTH_MOST)
		depth = DEPTH_MOST;
	if (path && x)
		return one_path(x, y, path);
	for (size_t i = 0; i < ARRAY_LENGTH(starters); i++) {
		for (size_t k = 0; k < ARRAY_LENGTH(starters); k++) {
			unsigned long count, failed;

			if (starters[i].fresh != starters[k].fresh ||
			    (x && (x != &starters[i] || y != &starters[k])))
				continue;
			count = explore(&starters[i], &starters[k], depth, &failed);
			printf("%sok %u - %s against %s: %lu interleavings to depth %u with one loss, %lu "
			       "failed\n",
			       failed ? "not " : "", ++test, starters[i].name, starters[k].name, count, depth,
			       failed);
			fflush(stdout);
			all += count;
			bad += failed;
		}
	}
	printf("1..%u\n# %lu interleavings, %lu failed\n", test, all, bad);
	return bad != 0;
}
