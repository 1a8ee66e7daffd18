/* The weather of simulated worlds (mix.h). */
#include "mix.h"
#include "names.h"

#include <stdlib.h>
#include <string.h>

#define FAULT(w, ...)                                                                        \
	do {                                                                                 \
		char what_[160];                                                             \
		snprintf(what_, sizeof(what_), __VA_ARGS__);                                 \
		if (!(w)->fault[0])                                                          \
			snprintf((w)->fault, sizeof((w)->fault), "seed %llu at %lld ms: %s", \
				 (unsigned long long)(w)->seed, (long long)(w)->now, what_); \
	} while (0)

#define PATIENCE_S 150

/* What stands empty goes before the calm is over. */
#define QUIET "config setup\n ike-quiet=60s\n"

void mix_draw(struct mix *m, uint64_t seed, enum mix_kind kind)
{
	uint64_t draw = seed * 2654435761u + 17;

	memset(m, 0, sizeof(*m));
	m->opportunistic = sim_random_next(&draw) % 4 == 0;
	m->nodes = 2 + sim_random_next(&draw) % 5;
	if (sim_random_next(&draw) % 25 == 0)
		m->nodes = 10 + sim_random_next(&draw) % 41;
	m->star = m->nodes > 6 && sim_random_next(&draw) % 2;
	m->ring = m->nodes > 6 && !m->star;
	m->uneven = sim_random_next(&draw) % 2;
	/* Each world without some of the deeds: what others would cover up comes out (swarm testing). */
	m->deeds_left_out = (uint32_t)(sim_random_next(&draw) & sim_random_next(&draw));
	m->conns = 1 + sim_random_next(&draw) % 3;
	m->gentle = !m->opportunistic && sim_random_next(&draw) % 5 == 0;
	if (kind != MIX_ANY) {
		m->opportunistic = false;
		m->gentle = true;
		m->hand_overs = kind == MIX_HAND_OVERS;
	}
	m->short_lives = sim_random_next(&draw) % 3 == 0;
	m->deeds = 12 + sim_random_next(&draw) % 60;
	m->loss = sim_random_next(&draw) % 4 ? (unsigned)(sim_random_next(&draw) % 31) : 0;
	/* Lives so short end before a rekey has come through heavy loss: packets then are lost rightly. */
	if (m->gentle && m->short_lives)
		m->loss /= 6;
	m->duplication = (unsigned)(sim_random_next(&draw) % 11);
	m->delay = (msec)(1 + sim_random_next(&draw) % 200);
	m->long_delays = sim_random_next(&draw) % 3 == 0 ? 20 : 0;
	m->restarts = !m->gentle && sim_random_next(&draw) % 2;
	m->sleeps = !m->gentle && sim_random_next(&draw) % 3 == 0;
	m->partitions = !m->gentle && sim_random_next(&draw) % 3 == 0;
	m->vanishings = !m->gentle && sim_random_next(&draw) % 4 == 0;
	m->refusals = !m->gentle && sim_random_next(&draw) % 4 == 0 ? 10 : 0;
	m->noise = sim_random_next(&draw) % 2;
	m->downs = !m->gentle;
	m->by_dns = m->opportunistic && sim_random_next(&draw) % 2;
	m->class = m->opportunistic && sim_random_next(&draw) % 2 ? "private" : "private-or-clear";
}

static bool are_paired(const struct mix *m, size_t a, size_t b)
{
	size_t apart = a < b ? b - a : a - b;

	return apart && (!m->ring || apart == 1 || apart == m->nodes - 1) && (!m->star || !a || !b);
}

static size_t add_conn(const struct mix *m, char *text, size_t room, size_t low, size_t high, unsigned k)
{
	static const char *const ports[] = { "", " rightprotoport=udp/53\n", " rightprotoport=tcp/80\n" };

	return (size_t)snprintf(
		text, room,
		"conn c%zu-%zu-%u\n left=10.0.0.%zu\n right=10.0.0.%zu\n%s authby=secret\n auto=add\n"
		" retransmit-timeout=%s\n keyingtries=3\n%s",
		low, high, k, low + 1, high + 1, ports[k], m->gentle ? "4m" : "30s",
		m->short_lives ? " salifetime=90s\n ikelifetime=3m\n rekeymargin=20s\n" : "");
}

/* A configuration for one node: tunnels to the nodes that it is paired with, or a group for all. */
static void configure(struct world *w, const struct mix *m, size_t me)
{
	static char config[WORLD_NODES * 3 * 400];
	size_t used = 0;
	char *key;

	if (m->opportunistic) {
		key = m->by_dns ? names_key_text(me) : NULL;
		snprintf(config, sizeof(config),
			 QUIET "conn %s\n left=%%defaultroute\n right=%%opportunisticgroup\n"
			       " authby=%s\n auto=ondemand\n type=transport\n%s%s\n",
			 m->class, key ? "rsa-sha2" : "null", key ? " leftrsasigkey=" : "", key ? key : "");
		free(key);
		world_configure(w, me, config, NULL, m->class, "10.0.0.0/24\n");
		return;
	}
	used = (size_t)snprintf(config, sizeof(config), QUIET);
	for (size_t other = 0; other < w->node_count; other++) {
		for (unsigned k = 0; k < m->conns && are_paired(m, me, other); k++)
			used += add_conn(m, config + used, sizeof(config) - used, me < other ? me : other,
					 me < other ? other : me, k);
	}
	world_configure(w, me, config, ": PSK \"a secret of the simulated world\"\n", NULL, NULL);
}

/* What DNS says, question by question; on a calm day it says what is so. */
static struct dns_answer *answer(struct world *w, size_t node, const struct dns_question *question)
{
	static const char *const words[] = { "secure",    "secure",    "secure",       "secure", "secure",
					     "insecure",  "none",      "bogus",        "failed", "silent",
					     "malformed", "wrong-key", "none-insecure" };

	return names_answer(question, words[world_draw(w, ARRAY_LENGTH(words))]);
}

static struct dns_answer *true_answer(struct world *w, size_t node, const struct dns_question *question)
{
	return names_answer(question, "secure");
}

/* What an operator may order about a destination. */
static void order(struct world *w, size_t a, size_t b)
{
	static const enum command_kind kinds[] = { COMMAND_OE_INITIATE, COMMAND_OE_FORGET,
						   COMMAND_OE_PIN_DENY, COMMAND_OE_UNPIN, COMMAND_OE_UNPIN };

	world_order(w, a, kinds[world_draw(w, ARRAY_LENGTH(kinds))], &w->nodes[b].address);
}

static void set_weather(struct world *w, const struct mix *m)
{
	w->loss = m->loss;
	w->uneven = m->uneven;
	w->duplication = m->duplication;
	w->delay = m->delay;
	w->long_delays = m->long_delays;
	w->kernel_refusals = m->refusals;
	w->esp_loss = m->gentle ? 0 : m->loss;
}

static void name_of(char name[64], size_t a, size_t b, unsigned k)
{
	snprintf(name, 64, "c%zu-%zu-%u", a < b ? a : b, a < b ? b : a, k);
}

void mix_begin(struct world *w, const struct mix *m)
{
	char name[64];

	w->dns = answer;
	for (size_t i = 0; i < w->node_count; i++)
		configure(w, m, i);
	/* A gentle world begins with everything up. */
	for (size_t a = 0; a < w->node_count && m->gentle; a++) {
		for (size_t b = a + 1; b < w->node_count; b++) {
			for (unsigned k = 0; k < m->conns && are_paired(m, a, b); k++) {
				name_of(name, a, b, k);
				world_command(w, a, COMMAND_UP, name);
			}
		}
	}
	if (m->gentle)
		world_run(w, SECONDS(20));
	set_weather(w, m);
}

/* What a node may be asked to do; the world draws one. */
static const struct {
	enum command_kind kind;
	bool gentle; /* breaks nothing */
} deeds[] = {
	{ COMMAND_REKEY_CHILD, true }, { COMMAND_REKEY_CHILD, true },   { COMMAND_REKEY_IKE, true },
	{ COMMAND_LIVENESS, true },    { COMMAND_DELETE_CHILD, false }, { COMMAND_DELETE_IKE, false },
	{ COMMAND_DOWN, false },       { COMMAND_UP, false },           { COMMAND_UP, false },
	{ COMMAND_UP, false },         { COMMAND_ROUTE, false },        { COMMAND_UNROUTE, false },
	{ COMMAND_ADD, false },        { COMMAND_DELETE, false },
};

#define GENTLE_DEEDS 4

static size_t draw_deed(struct world *w, const struct mix *m)
{
	return world_draw(w, m->gentle ? GENTLE_DEEDS : ARRAY_LENGTH(deeds));
}

static bool is_done(const struct mix *m, size_t deed)
{
	return m->gentle ? deeds[deed].gentle
			 : deeds[deed].kind == COMMAND_UP || !(m->deeds_left_out >> deed & 1);
}

static void command(struct world *w, const struct mix *m, size_t a, size_t b)
{
	size_t i = draw_deed(w, m);
	char name[64];

	if (!is_done(m, i) || !are_paired(m, a, b))
		return;
	name_of(name, a, b, (unsigned)world_draw(w, m->conns));
	world_command(w, a, deeds[i].kind, name);
	/* Often both sides at once, or nearly so. */
	if (world_draw(w, 2)) {
		world_run(w, (msec)world_draw(w, 3) * w->delay / 2);
		i = draw_deed(w, m);
		if (is_done(m, i))
			world_command(w, b, deeds[i].kind, name);
	}
}

static void make_noise(struct world *w, size_t a, size_t b)
{
	uint8_t noise[64];
	struct endpoint from = { w->nodes[b].address, 500 };

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)world_draw(w, 256);
	world_inject(w, a, &from, bytes_of(noise, world_draw(w, sizeof(noise) + 1)));
}

/* The daemon ends and leaves everything to the next, which adopts it, and keys what it was to have anew. */
static void hand_over(struct world *w, const struct mix *m, size_t node)
{
	char name[64];

	world_stop(w, node, true);
	world_restart_daemon(w, node, true);
	configure(w, m, node);
	for (size_t other = 0; other < w->node_count && !m->opportunistic; other++) {
		for (unsigned k = 0; k < m->conns && are_paired(m, node, other); k++) {
			name_of(name, node, other, k);
			world_command(w, node, COMMAND_UP, name);
		}
	}
}

/* A reboot; or the daemon alone ends, and what it left in the kernel is replaced, or adopted. */
static void restart(struct world *w, const struct mix *m, size_t node)
{
	switch (world_draw(w, 5)) {
	case 0:
		world_restart(w, node);
		break;
	case 1:
		world_restart_daemon(w, node, true);
		break;
	case 2:
		world_restart_daemon(w, node, false);
		break;
	case 3:
		hand_over(w, m, node);
		return;
	default:
		world_stop(w, node, false);
		world_run(w, SECONDS(6));
		world_restart_daemon(w, node, false);
		break;
	}
	configure(w, m, node);
}

static void break_something(struct world *w, const struct mix *m, size_t a, size_t b)
{
	switch (world_draw(w, 5)) {
	case 0:
		if (m->restarts)
			restart(w, m, a);
		else if (m->hand_overs)
			hand_over(w, m, a);
		break;
	case 1:
		if (m->sleeps)
			world_sleep(w, a, (msec)world_draw(w, 60000));
		break;
	case 2:
		if (m->partitions) {
			w->partition.from = a;
			w->partition.to = b;
			w->partition.until = w->now + (msec)world_draw(w, 20000);
		}
		break;
	case 3:
		if (m->vanishings)
			world_vanish(w, a);
		break;
	default:
		if (m->noise)
			make_noise(w, a, b);
		break;
	}
}

/* Applications speak, both ways, so that silence can be noticed. */
static void speak(struct world *w, const struct mix *m)
{
	for (size_t a = 0; a < w->node_count; a++) {
		for (size_t b = 0; b < w->node_count; b++) {
			if (are_paired(m, a, b))
				world_send(w, a, &w->nodes[b].address);
		}
	}
}

/* The same all the time. */
static void speak_on(struct world *w, const struct mix *m, msec span)
{
	msec slice = m->nodes > 6 ? 200 : 25, end = w->now + span;

	while (w->now < end && !w->fault[0]) {
		speak(w, m);
		world_run(w, slice);
	}
}

/* Two neighbours; in a gentle world often the same as before, so that one deed meets the next. */
static void draw_pair(struct world *w, const struct mix *m, size_t *a, size_t *b)
{
	size_t before = *a;

	if (m->gentle && *a != *b && world_draw(w, 2)) {
		*a = world_draw(w, 2) ? *b : before;
		*b = *a == before ? *b : before;
		return;
	}
	*a = world_draw(w, w->node_count);
	*b = m->ring ? (*a + 1) % w->node_count : world_draw(w, w->node_count);
	if (m->star && world_draw(w, 2))
		*b = 0;
	else if (m->star)
		*a = 0;
}

/* ---- impairments (testing/impair) ---- */

void mix_impair(struct mix *m, const char *text)
{
	m->impair = text;
	m->gentle = m->hand_overs = false;
}

/*
 * What a world is not judged by: a kernel that keeps what is to be removed has something left at the end; a delete that names another protocol than it means deletes nothing, and is not repeated;
 * with chance that stands still an SPI comes twice, and so does its delete; memory is all nodes' together; and system
 * calls are the daemon's.
 */
static bool is_fair(const char *text)
{
	return !strstr(text, "-remove") && !strstr(text, "fail-allocation") &&
	       !strstr(text, "stuck-random") && !strstr(text, " D ") &&
	       strncmp(text, "fail-sendmsg", 12) != 0 && strncmp(text, "fail-recvmmsg", 13) != 0 &&
	       strncmp(text, "fail-write", 10) != 0;
}

static const char *draw_impairment(struct world *w, const struct mix *m)
{
	size_t count = 0;

	if (strcmp(m->impair, "any") != 0)
		return m->impair;
	while (impair_fault(count))
		count++;
	for (;;) {
		const char *by = impair_fault(world_draw(w, count))->by;

		if (by && is_fair(by))
			return by;
	}
}

/* A daemon that was killed begins again, with what is in its kernel. */
static void raise_dead(struct world *w, const struct mix *m, size_t node)
{
	if (!impair_died(w->nodes[node].impair))
		return;
	world_restart_daemon(w, node, world_draw(w, 2));
	configure(w, m, node);
}

static void impair_someone(struct world *w, const struct mix *m)
{
	size_t node = world_draw(w, w->node_count);

	raise_dead(w, m, node);
	if (world_draw(w, 3) == 0 || !world_impair(w, node, draw_impairment(w, m)))
		(void)world_impair(w, node, "off");
}

static void heal_all(struct world *w, const struct mix *m)
{
	for (size_t i = 0; i < w->node_count; i++) {
		raise_dead(w, m, i);
		(void)(world_impair(w, i, "off") && world_impair(w, i, "drip-inbound 0") &&
		       world_impair(w, i, "drip-outbound 0"));
	}
}

/* ---- */

void mix_storm(struct world *w, const struct mix *m)
{
	size_t a = 0, b = 0;

	for (unsigned i = 0; i < m->deeds && !w->fault[0]; i++) {
		draw_pair(w, m, &a, &b);
		if (a == b)
			continue;
		if (m->impair)
			impair_someone(w, m);
		if (world_draw(w, 4) == 0)
			break_something(w, m, a, b);
		else if (m->opportunistic && world_draw(w, 6) == 0)
			order(w, a, b);
		else if (m->opportunistic)
			world_send(w, a, &w->nodes[b].address);
		else
			command(w, m, a, b);
		/* Often the next deed comes while the last one is still under way. */
		if (m->gentle)
			speak_on(w, m, (msec)world_draw(w, world_draw(w, 2) ? 300 : 5000));
		else if (world_draw(w, 2))
			speak(w, m);
		if (!m->gentle)
			world_run(w, (msec)world_draw(w, 5000));
	}
}

/*
 * The least and the most pairs of SAs. With short lives a rekey may be under way at any instant: within a while. It is
 * long, because an IKE SA that lost a crossing, and whose maker never learned of it, is closed by the patience of the other.
 */
static bool comes_to_agree(struct world *w, size_t a, size_t b, size_t least, size_t most)
{
	for (unsigned i = 0; i < PATIENCE_S && !w->fault[0]; i++) {
		size_t pairs = world_pairs(w, a, b), ike = world_ike_sas(w, a, b);

		if (pairs >= least && pairs <= most && ike != SIZE_MAX && ike <= most + 1)
			return true;
		world_run(w, SECONDS(1));
	}
	return false;
}

/* Nothing waits and nothing is half done, at some moment of a while. */
static void comes_to_rest(struct world *w, size_t node)
{
	const char *why = "";

	for (unsigned i = 0; i < PATIENCE_S && !w->fault[0]; i++) {
		if (world_at_rest(w, node, &why))
			return;
		world_run(w, SECONDS(1));
	}
	FAULT(w, "node %zu does not come to rest: %s", node, why);
}

static void settle_pair(struct world *w, const struct mix *m, size_t a, size_t b)
{
	char name[64];

	for (unsigned k = 0; k < m->conns; k++) {
		name_of(name, a, b, k);
		world_command(w, a, COMMAND_UP, name);
	}
	world_run(w, SECONDS(5));
	if (!comes_to_agree(w, a, b, m->conns, m->conns))
		FAULT(w, "nodes %zu and %zu do not agree on %u pairs of SAs", a, b, m->conns);
	if (world_draw(w, 3) == 0 && m->downs) {
		/* Both let it go: it is gone at both. */
		for (unsigned k = 0; k < m->conns; k++) {
			name_of(name, a, b, k);
			world_command(w, a, COMMAND_DELETE, name);
			world_command(w, b, COMMAND_DELETE, name);
		}
		if (!comes_to_agree(w, a, b, 0, 0))
			FAULT(w, "nodes %zu and %zu were taken down and have SAs", a, b);
	}
}

/* Where nothing but rekeying goes on, every packet comes through. What is private never goes in clear, unless a host reboots. */
static void judge_packets(struct world *w, const struct mix *m)
{
	const uint64_t *f = w->fates;

	if (m->opportunistic && !strcmp(m->class, "private") && !m->restarts && f[FATE_CLEAR])
		FAULT(w, "%llu packets of private pairs went in clear", (unsigned long long)f[FATE_CLEAR]);

	if (m->gentle && (f[FATE_MISSING] || f[FATE_UNWANTED] || f[FATE_CLEAR] || f[FATE_HELD]))
		FAULT(w,
		      "packets in a gentle world: %llu met no SA, %llu no policy, %llu went in clear, %llu "
		      "were held",
		      (unsigned long long)f[FATE_MISSING], (unsigned long long)f[FATE_UNWANTED],
		      (unsigned long long)f[FATE_CLEAR], (unsigned long long)f[FATE_HELD]);
}

void mix_calm(struct world *w, const struct mix *m)
{
	w->uneven = false;
	w->loss = w->duplication = w->kernel_refusals = w->long_delays = w->esp_loss = 0;
	w->partition.until = 0;
	w->dns = true_answer;
	if (m->impair)
		heal_all(w, m);
	for (unsigned i = 0; i < 30 && !w->fault[0]; i++) {
		speak(w, m);
		world_run(w, SECONDS(10));
	}
	for (size_t a = 0; a < w->node_count && !w->fault[0]; a++) {
		comes_to_rest(w, a);
		for (size_t b = a + 1; b < w->node_count; b++) {
			if (!comes_to_agree(w, a, b, 0, m->opportunistic ? 1 : m->conns))
				FAULT(w, "nodes %zu and %zu do not agree on what they have", a, b);
		}
	}
	judge_packets(w, m);
	for (size_t a = 0; a < w->node_count && !w->fault[0] && !m->opportunistic; a++) {
		for (size_t b = a + 1; b < w->node_count; b++) {
			if (are_paired(m, a, b))
				settle_pair(w, m, a, b);
		}
	}
}

void mix_stop(struct world *w, const struct mix *m)
{
	for (size_t i = 0; i < w->node_count && !w->fault[0]; i++) {
		world_stop(w, i, false);
		world_run(w, SECONDS(6));
		if (!w->nodes[i].stopped)
			FAULT(w, "the stop of node %zu did not end", i);
		if (w->nodes[i].unanswered)
			FAULT(w, "the stop of node %zu was not confirmed on a calm net", i);
	}
	/* Five seconds more for what drains at those who stopped last. */
	world_run(w, SECONDS(6));
	for (size_t i = 0; i < w->node_count; i++) {
		if (w->nodes[i].sas || w->nodes[i].policies)
			FAULT(w, "node %zu stopped and left something in its kernel", i);
	}
}
