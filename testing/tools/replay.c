/*
 * replay TRACE: feeds the events of a trace (of the simulator, or of `cygnetd --trace`) to fresh nodes, with
 * the random octets of that time, and compares every action with the one that was written down. Prints TAP.
 *
 *   # cygnet-trace 1 crypto=sim|nss
 *   E NODE MILLISECONDS EVENT      A NODE ACTION ...      R NODE RANDOM-OCTETS      N NODE (it began anew)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore.h"
#include "node.h"
#include "testing/sim/sim_crypto.h"

#define NODES 64

struct player {
	struct node *node;
	struct tape tape;
	const struct plan *plan; /* the node's */
};

struct step {
	size_t node;
	msec now;
	char *event;
	char **actions;
	size_t count, room;
	struct blob random;
	unsigned line;
};

static struct player players[NODES];
static const struct crypto *inner;
static unsigned long steps, actions_seen, differences;

static void begin(size_t n)
{
	struct player *p = &players[n];

	node_discard(p->node);
	tape_discard(&p->tape);
	tape_init(&p->tape, inner, true);
	p->node = node_new(&p->tape.crypto);
	p->plan = NULL;
}

static void differ(const struct step *s, const char *then, const char *now)
{
	if (differences++)
		return;
	printf("# first difference, event at line %u: %.120s\n# then: %.400s\n# now:  %.400s\n", s->line,
	       s->event, then ? then : "(no action)", now ? now : "(no action)");
}

static void compare(const struct step *s, const struct actions *list)
{
	for (size_t i = 0; i < s->count || i < list->count; i++) {
		char *now = i < list->count ? action_print(&list->at[i]) : NULL;
		const char *then = i < s->count ? s->actions[i] : NULL;

		actions_seen++;
		if (!now || !then || strcmp(now, then) != 0)
			differ(s, then, now);
		free(now);
	}
}

static void play(struct step *s)
{
	struct player *p = &players[s->node];
	struct blob room = { NULL, 0 };
	struct actions list;
	struct event event;
	const struct plan *plan;
	struct event_addresses *addresses;
	char why[160];

	if (!s->event)
		return;
	if (!p->node)
		begin(s->node);
	steps++;
	actions_init(&list);
	if (!event_parse(s->event, &event, p->plan, &room, why) ||
	    !tape_load(&p->tape, bytes_of_blob(&s->random))) {
		printf("# line %u: %s\n", s->line, why);
		differences++;
	} else {
		plan = event.kind == EVENT_PLAN ? event.plan : p->plan;
		addresses = event.kind == EVENT_ADDRESSES ? event.addresses : NULL;
		node_step(p->node, s->now, &event, &list);
		p->plan = plan;
		free(addresses);
		compare(s, &list);
	}
	actions_discard(&p->tape.crypto, &list);
	blob_discard(&room);
}

static void forget(struct step *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->actions[i]);
	free(s->actions);
	free(s->event);
	blob_discard(&s->random);
	memset(s, 0, sizeof(*s));
}

static void add_action(struct step *s, const char *text)
{
	if (s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 8;
		char **grown = realloc(s->actions, room * sizeof(*grown));

		if (!grown)
			return;
		s->actions = grown;
		s->room = room;
	}
	s->actions[s->count] = strdup(text);
	s->count += s->actions[s->count] != NULL;
}

/* One line of the trace: gathered into the step until the next event begins. */
static void take(struct step *s, char *line, unsigned number)
{
	char *at;
	size_t node = strtoul(line + 1, &at, 10);

	line[strcspn(line, "\n")] = '\0';
	if (node >= NODES || !strchr("EARN", line[0]))
		return;
	if (line[0] == 'E' || line[0] == 'N') {
		play(s);
		forget(s);
	}
	if (line[0] == 'N') {
		begin(node);
	} else if (line[0] == 'E') {
		s->node = node;
		s->now = strtoll(at, &at, 10);
		s->event = strdup(at + (*at == ' '));
		s->line = number;
	} else if (line[0] == 'A') {
		add_action(s, at + (*at == ' '));
	} else if (!hex_decode(&s->random, bytes_of_text(at + (*at == ' ')))) {
		differences++;
	}
}

int main(int argc, char **argv)
{
	FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
	struct sim_crypto sim;
	struct keystore *store = NULL;
	struct step s = { 0 };
	char *line = NULL, why[256];
	size_t room = 0;
	unsigned number = 0;

	if (!f || getline(&line, &room, f) < 0 || strncmp(line, "# cygnet-trace 1 ", 17) != 0) {
		fprintf(stderr, "replay TRACE (a file that begins with '# cygnet-trace 1')\n");
		return 2;
	}
	sim_crypto_init(&sim, 1);
	inner = &sim.crypto;
	if (strstr(line, "crypto=nss")) {
		store = keystore_open(NULL, false, why);
		if (!store) {
			fprintf(stderr, "%s\n", why);
			return 1;
		}
		inner = keystore_crypto(store);
	}
	for (number = 2; getline(&line, &room, f) > 0; number++)
		take(&s, line, number);
	play(&s);
	forget(&s);
	for (size_t i = 0; i < NODES; i++) {
		node_discard(players[i].node);
		tape_discard(&players[i].tape);
	}
	free(line);
	fclose(f);
	keystore_close(store);
	printf("%sok 1 - replay of %s: %lu events, %lu actions, %lu differences\n",
	       differences || !steps ? "not " : "", argv[1], steps, actions_seen, differences);
	return differences || !steps;
}
