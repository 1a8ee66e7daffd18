/*
 * sim [--seed N] [--worlds N] [--trace FILE] [--tap] [--gentle|--hand-overs] [--impair "NAME ARG..."|any]: seeded worlds, each with
 * its own mix of faults and of things that nodes do (with --gentle: nothing but rekeys, so that no packet may be lost or go in
 * clear; with --hand-overs also daemons that end and leave their SAs to the next).
 * After a calm every pair of nodes must agree on its SAs, what was taken down must be gone, and every stop must be
 * confirmed. A failing seed is printed; the same seed is the same history.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mix.h"

#define CELLS 65536 /* places of the set of transitions that were seen */

struct tally {
	uint64_t worlds, failed, first, steps, checks, tapped, simulated_s, fates[FATES], packets, lost;
	uint64_t cell[CELLS];
	unsigned cells;
};

static struct tally tally;

/* The set of transitions that any world made: from, to and why. */
static void see_transition(struct world *w, const struct action *a)
{
	uint64_t hash = (uint64_t)a->transition.reason + 0xcbf29ce484222325u;
	const char *const parts[] = { a->transition.subject, a->transition.from, a->transition.to };

	for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
		for (const char *p = parts[i]; *p; p++)
			hash = (hash ^ (uint8_t)*p) * 0x100000001b3u;
		hash = hash * 31 + i;
	}
	for (size_t i = 0; i < CELLS; i++) {
		uint64_t *place = &tally.cell[(hash + i) % CELLS];

		if (*place == hash)
			return;
		if (!*place) {
			*place = hash;
			tally.cells++;
			return;
		}
	}
}

static bool one_world(uint64_t seed, enum mix_kind kind, const char *impair, FILE *trace)
{
	static struct world w;
	struct mix mix;
	bool ok;

	mix_draw(&mix, seed, kind);
	if (impair)
		mix_impair(&mix, impair);
	world_init(&w, seed, mix.nodes, trace);
	w.transition = see_transition;
	mix_begin(&w, &mix);
	mix_storm(&w, &mix);
	mix_calm(&w, &mix);
	mix_stop(&w, &mix);
	tally.simulated_s += (uint64_t)(w.now / 1000 - 1000);
	ok = world_end(&w);
	if (!ok)
		fprintf(stderr, "%s\n", w.fault);
	tally.checks += w.checks;
	tally.steps += w.steps;
	tally.tapped += w.tapped;
	tally.packets += w.packets;
	tally.lost += w.lost;
	for (int i = 0; i < FATES; i++)
		tally.fates[i] += w.fates[i];
	return ok;
}

static FILE *open_trace(const char *name)
{
	FILE *f = fopen(name, "w");

	if (f)
		fprintf(f, "# cygnet-trace 1 crypto=sim\n");
	return f;
}

static void print_tally(uint64_t seed, bool tap)
{
	const char *lead = tap ? "# " : "";
	const uint64_t *f = tally.fates;
	double cpu = (double)clock() / CLOCKS_PER_SEC * 1000 / (double)tally.worlds;

	printf("%s%s %llu worlds from seed %llu: %llu h simulated, %llu steps, %llu checks of invariants, %u "
	       "transitions "
	       "seen, %llu failed, %.2f ms CPU a world\n",
	       tap ? (tally.failed ? "not " : "") : "",
	       tap ? "ok 1 -" : "sim:", (unsigned long long)tally.worlds, (unsigned long long)seed,
	       (unsigned long long)tally.simulated_s / 3600, (unsigned long long)tally.steps,
	       (unsigned long long)tally.checks, tally.cells, (unsigned long long)tally.failed, cpu);
	printf("%smessages: %llu sent, %llu lost, %llu requests held against the window\n", lead,
	       (unsigned long long)tally.packets, (unsigned long long)tally.lost,
	       (unsigned long long)tally.tapped);
	printf("%spackets: %llu encrypted (%llu opened, %llu lost, %llu without SA, %llu without policy), "
	       "%llu held, "
	       "%llu blocked, %llu in clear\n",
	       lead, (unsigned long long)f[FATE_ESP], (unsigned long long)f[FATE_DELIVERED],
	       (unsigned long long)f[FATE_LOST], (unsigned long long)f[FATE_MISSING],
	       (unsigned long long)f[FATE_UNWANTED], (unsigned long long)f[FATE_HELD],
	       (unsigned long long)f[FATE_BLOCKED], (unsigned long long)f[FATE_CLEAR]);
	if (tally.failed)
		printf("%sfirst failing seed: %llu\n", lead, (unsigned long long)tally.first);
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, worlds = 1;
	FILE *trace = NULL;
	enum mix_kind kind = MIX_ANY;
	const char *impair = NULL;
	bool tap = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--worlds") && i + 1 < argc)
			worlds = strtoull(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "--trace") && i + 1 < argc)
			trace = open_trace(argv[++i]);
		else if (!strcmp(argv[i], "--tap"))
			tap = true;
		else if (!strcmp(argv[i], "--hand-overs"))
			kind = MIX_HAND_OVERS;
		else if (!strcmp(argv[i], "--gentle"))
			kind = MIX_GENTLE;
		else if (!strcmp(argv[i], "--impair") && i + 1 < argc)
			impair = argv[++i];
	}
	tally.worlds = worlds;
	for (uint64_t i = 0; i < worlds; i++) {
		if (!one_world(seed + i, kind, impair, trace) && !tally.failed++)
			tally.first = seed + i;
	}
	if (trace)
		fclose(trace);
	print_tally(seed, tap);
	return tally.failed ? 1 : 0;
}
