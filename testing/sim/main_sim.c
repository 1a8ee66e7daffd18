/*
 * sim [--seed N] [--worlds N] [--trace FILE] [--tap]: seeded worlds, each with its own mix of loss, repeats,
 * delays, restarts, commands, configured and opportunistic pairs. After a calm every pair must agree. A
 * failing seed is printed; the same seed is the same history.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "world.h"

static const char group_conf[] =
	"conn private-or-clear\n"
	" left=%%defaultroute\n right=%%opportunisticgroup\n authby=null\n auto=ondemand\n"
	" type=transport\n";

/* A configuration for one node: a tunnel to each other node, and perhaps a group for the rest. */
static void configure(struct world *w, size_t me, bool opportunistic)
{
	char config[8192], secrets[512];
	size_t used = 0;

	if (opportunistic) {
		snprintf(config, sizeof(config), group_conf);
		world_configure(w, me, config, NULL, "private-or-clear", "10.0.0.0/24\n");
		return;
	}
	for (size_t other = 0; other < w->node_count; other++) {
		size_t low = me < other ? me : other, high = me < other ? other : me;

		if (other != me)
			used += (size_t)snprintf(config + used, sizeof(config) - used,
						 "conn c%zu-%zu\n left=10.0.0.%zu\n right=10.0.0.%zu\n "
						 "authby=secret\n auto=add\n"
						 " retransmit-timeout=30s\n keyingtries=3\n",
						 low, high, low + 1, high + 1);
	}
	snprintf(secrets, sizeof(secrets), ": PSK \"a secret of the simulated world\"\n");
	world_configure(w, me, config, secrets, NULL, NULL);
}

static void act(struct world *w, bool opportunistic)
{
	size_t a = world_draw(w, w->node_count), b = world_draw(w, w->node_count);
	char name[64];
	uint8_t noise[64];
	struct endpoint from = { w->nodes[b].address, 500 };

	if (a == b)
		return;
	snprintf(name, sizeof(name), "c%zu-%zu", a < b ? a : b, a < b ? b : a);
	switch (world_draw(w, 8)) {
	case 0:
		world_restart(w, a);
		configure(w, a, opportunistic);
		break;
	case 1:
		if (!opportunistic)
			world_command(w, a, COMMAND_DOWN, name);
		break;
	case 2:
		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (uint8_t)world_draw(w, 256);
		world_inject(w, a, &from, bytes_of(noise, world_draw(w, sizeof(noise) + 1)));
		break;
	default:
		if (opportunistic)
			world_send(w, a, &w->nodes[b].address);
		else
			world_command(w, a, COMMAND_UP, name);
		break;
	}
}

static void fault(struct world *w, const char *what, size_t a, size_t b)
{
	if (!w->fault[0])
		snprintf(w->fault, sizeof(w->fault), "seed %llu at %lld ms: %s (nodes %zu, %zu)",
			 (unsigned long long)w->seed, (long long)w->now, what, a, b);
}

/* After the storm: no loss; everything is asked for once more, and must be there, alike at both ends. */
static void calm(struct world *w, bool opportunistic)
{
	char name[64];

	w->loss = w->duplication = w->kernel_refusals = 0;
	/* Traffic goes on: a peer that lost everything is found out by output without input. */
	for (unsigned i = 0; i < 30; i++) {
		for (size_t a = 0; a < w->node_count; a++) {
			for (size_t b = 0; b < w->node_count; b++) {
				if (a != b)
					world_send(w, a, &w->nodes[b].address);
			}
		}
		world_run(w, SECONDS(10));
	}
	for (size_t a = 0; a < w->node_count; a++) {
		for (size_t b = a + 1; b < w->node_count; b++) {
			snprintf(name, sizeof(name), "c%zu-%zu", a, b);
			if (opportunistic)
				world_send(w, a, &w->nodes[b].address);
			else
				world_command(w, a, COMMAND_UP, name);
			world_run(w, SECONDS(5));
			if (!opportunistic && !world_agree(w, a, b))
				fault(w, "the pair does not agree on one pair of SAs", a, b);
		}
	}
}

static void stop_all(struct world *w)
{
	for (size_t i = 0; i < w->node_count; i++) {
		world_command(w, i, COMMAND_SHUTDOWN, "");
		world_run(w, SECONDS(6));
		if (!w->nodes[i].stopped)
			fault(w, "a stop did not end", i, i);
		if (w->nodes[i].unanswered)
			fault(w, "a stop on a calm net was not confirmed", i, i);
	}
	for (size_t i = 0; i < w->node_count; i++) {
		if (w->nodes[i].sas)
			fault(w, "SAs are left after the stop", i, i);
		if (w->nodes[i].policies)
			fault(w, "policies are left after the stop", i, i);
	}
}

static bool one_world(uint64_t seed, FILE *trace, uint64_t *checks, uint64_t *steps)
{
	struct world w;
	uint64_t draw = seed * 2654435761u + 17;
	bool opportunistic = sim_random_next(&draw) % 3 == 0;
	bool ok;

	world_init(&w, seed, 2 + sim_random_next(&draw) % 3, trace);
	w.loss = (unsigned)(sim_random_next(&draw) % 31);
	w.duplication = (unsigned)(sim_random_next(&draw) % 11);
	w.delay = (msec)(1 + sim_random_next(&draw) % 200);
	w.kernel_refusals = sim_random_next(&draw) % 4 == 0 ? 10 : 0;
	for (size_t i = 0; i < w.node_count; i++)
		configure(&w, i, opportunistic);
	for (unsigned i = 0; i < 12 && !w.fault[0]; i++) {
		act(&w, opportunistic);
		world_run(&w, (msec)world_draw(&w, 5000));
	}
	calm(&w, opportunistic);
	stop_all(&w);
	ok = world_end(&w);
	if (!ok)
		fprintf(stderr, "%s\n", w.fault);
	*checks += w.checks;
	*steps += w.steps;
	return ok;
}

static FILE *open_trace(const char *name)
{
	FILE *f = fopen(name, "w");

	if (f)
		fprintf(f, "# cygnet-trace 1 crypto=sim\n");
	return f;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, worlds = 1, checks = 0, steps = 0, failed = 0, first = 0;
	FILE *trace = NULL;
	bool tap = false;
	double cpu;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--worlds") && i + 1 < argc)
			worlds = strtoull(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--trace") && i + 1 < argc)
			trace = open_trace(argv[++i]);
		else if (!strcmp(argv[i], "--tap"))
			tap = true;
	}
	for (uint64_t i = 0; i < worlds; i++) {
		if (!one_world(seed + i, trace, &checks, &steps) && !failed++)
			first = seed + i;
	}
	cpu = (double)clock() / CLOCKS_PER_SEC * 1000 / (double)worlds;
	if (trace)
		fclose(trace);
	printf("%s%s %llu worlds from seed %llu: %llu steps, %llu checks of invariants, %llu failed, %.2f ms "
	       "CPU a world\n",
	       tap ? (failed ? "not " : "") : "", tap ? "ok 1 -" : "sim:", (unsigned long long)worlds,
	       (unsigned long long)seed, (unsigned long long)steps, (unsigned long long)checks,
	       (unsigned long long)failed, cpu);
	if (failed)
		printf("%sfirst failing seed: %llu\n", tap ? "# " : "", (unsigned long long)first);
	return failed ? 1 : 0;
}
