/*
 * scenario [--trace] FILE...: runs readable step files on simulated nodes (testing/scenarios/README.md), one TAP line a
 * file. Always checked besides what a file expects: the invariants after every step, and what the wiretap sees.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/ike/wire/message.h"
#include "names.h"
#include "oe.h"
#include "world.h"

#define LINE 1024
#define RULES 16
#define SEEN 512

struct rule {
	uint8_t exchange; /* 0: any */
	bool response, both;
	long tamper; /* not lost, but the lowest bit of this octet is turned; negative: from the end */
	unsigned from, to; /* the nth to the mth such message is lost, from 1 */
	unsigned met;
};

struct seen {
	uint64_t spi_i;
	uint32_t message_id;
	uint8_t exchange, flags;
	size_t from;
	struct blob data;
	unsigned times;
};

struct scenario {
	struct world w;
	char config[WORLD_NODES][4096], secrets[WORLD_NODES][1024], group_name[64], group_text[512];
	struct rule rules[RULES];
	size_t rule_count;
	struct seen seen[SEEN];
	size_t seen_count;
	char dns[32];
	unsigned line;
	const char *file;
};

static bool tracing; /* --trace: every event and action to standard error */

static bool fail(struct scenario *s, const char *what)
{
	if (!s->w.fault[0])
		snprintf(s->w.fault, sizeof(s->w.fault), "%s:%u: %s", s->file, s->line, what);
	return false;
}

static uint8_t exchange_of(const char *word)
{
	return strcmp(word, "init") == 0            ? IKE_SA_INIT
	       : strcmp(word, "auth") == 0          ? IKE_AUTH
	       : strcmp(word, "create") == 0        ? CREATE_CHILD_SA
	       : strcmp(word, "informational") == 0 ? INFORMATIONAL
						    : 0;
}

/* ---- the wire ---- */

/* Remembers each message, so that they can be counted and copied. */
static void remember(struct scenario *s, size_t from, const struct ike_header *h, struct bytes data)
{
	for (size_t i = 0; i < s->seen_count; i++) {
		struct seen *k = &s->seen[i];

		if (k->spi_i != h->spi_i || k->message_id != h->message_id || k->exchange != h->exchange ||
		    k->flags != h->flags || k->from != from)
			continue;
		k->times++;
		return;
	}
	if (s->seen_count == SEEN)
		return;
	s->seen[s->seen_count] =
		(struct seen){ h->spi_i, h->message_id, h->exchange, h->flags, from, { NULL, 0 }, 1 };
	if (blob_copy(&s->seen[s->seen_count].data, data))
		s->seen_count++;
}

static bool filter(struct world *w, size_t from, size_t to, struct bytes data)
{
	struct scenario *s = w->context;
	struct ike_header h;

	if (!header_read(data, &h))
		return true;
	remember(s, from, &h, data);
	for (size_t i = 0; i < s->rule_count; i++) {
		struct rule *r = &s->rules[i];

		if ((r->exchange && r->exchange != h.exchange) ||
		    (!r->both && r->response != ((h.flags & FLAG_RESPONSE) != 0)))
			continue;
		r->met++;
		if (r->met < r->from || r->met > r->to)
			continue;
		if (!r->tamper)
			return false;
		/* The world hands its own copy of the packet out as a view: the test writes into it. */
		((uint8_t *)(uintptr_t)
			 data.at)[r->tamper > 0 ? (size_t)r->tamper : data.len - (size_t)-r->tamper] ^= 1;
	}
	return true;
}

/* ---- DNS ---- */

static struct dns_answer *answer(struct world *w, size_t node, const struct dns_question *q)
{
	const struct scenario *s = w->context;

	return names_answer(q, s->dns);
}

/* ---- steps ---- */

/* "$KEY1" in a configuration is node 1's public key as leftrsasigkey wants it. */
static void append(char *to, size_t room, const char *text)
{
	const char *key = strstr(text, "$KEY");
	char *named;
	size_t used = strlen(to);

	if (!key) {
		snprintf(to + used, room - used, "%s\n", text);
		return;
	}
	named = names_key_text((size_t)(key[4] - '1'));
	snprintf(to + used, room - used, "%.*s%s%s\n", (int)(key - text), text, named ? named : "", key + 5);
	free(named);
}

static void each_node(struct scenario *s, const char *who, const char *text, bool secret)
{
	for (size_t i = 0; i < s->w.node_count; i++) {
		if (who[0] != '*' && (size_t)(who[0] - '1') != i)
			continue;
		if (secret)
			append(s->secrets[i], sizeof(s->secrets[i]), text);
		else
			append(s->config[i], sizeof(s->config[i]), text);
	}
}

static msec span_of(const char *word)
{
	char *end;
	long n = strtol(word, &end, 10);

	return strcmp(end, "ms") == 0 ? n : strcmp(end, "m") == 0 ? MINUTES(n) : SECONDS(n);
}

static bool start(struct scenario *s)
{
	for (size_t i = 0; i < s->w.node_count; i++) {
		if (!world_configure(&s->w, i, s->config[i], s->secrets[i],
				     s->group_name[0] ? s->group_name : NULL, s->group_text))
			return fail(s, "the configuration is wrong");
	}
	return true;
}

static unsigned sent(const struct scenario *s, uint8_t exchange, bool response)
{
	unsigned count = 0;

	for (size_t i = 0; i < s->seen_count; i++) {
		if (s->seen[i].exchange == exchange && ((s->seen[i].flags & FLAG_RESPONSE) != 0) == response)
			count += s->seen[i].times;
	}
	return count;
}

static bool expect_number(struct scenario *s, const char *what, long is, long wanted)
{
	char text[160];

	if (is == wanted)
		return true;
	snprintf(text, sizeof(text), "%s is %ld, expected %ld", what, is, wanted);
	return fail(s, text);
}

static bool expect(struct scenario *s, char **word, int count)
{
	bool of_node = count > 3 && strcmp(word[1], "sent") != 0;
	size_t node = of_node ? (size_t)(word[2][0] - '1') : 0;
	struct ike_counts n;
	struct oe_counts oe;

	if (node >= s->w.node_count)
		return fail(s, "no such node");
	n = ike_count(node_ike(s->w.nodes[node].node));
	if (count == 4 && !strcmp(word[1], "children"))
		return expect_number(s, "the number of children", (long)world_children(&s->w, node),
				     atol(word[3]));
	if (count == 4 && !strcmp(word[1], "ike"))
		return expect_number(s, "the number of IKE SAs", (long)(n.ike_sas - n.lingering),
				     atol(word[3]));
	if (count == 4 && !strcmp(word[1], "lingering"))
		return expect_number(s, "the number of lingering IKE SAs", (long)n.lingering, atol(word[3]));
	if (count == 4 && !strcmp(word[1], "status"))
		return expect_number(s, "the status", s->w.nodes[node].up_status, atol(word[3]));
	if (count == 4 && !strcmp(word[1], "agree"))
		return world_agree(&s->w, node, (size_t)(word[3][0] - '1')) ||
		       fail(s, "the nodes do not agree");
	if (count == 5 && !strcmp(word[1], "sent"))
		return expect_number(s, "the number of messages",
				     (long)sent(s, exchange_of(word[2]), !strcmp(word[3], "answer")),
				     atol(word[4]));
	if (count == 4 && !strcmp(word[1], "flow")) {
		static const char *const names[] = { "NONE",  "POTENTIAL", "AUTHTXT",  "PENDING", "KEYED",
						     "CLEAR", "DENY",      "EXPIRING", "EXPIRED" };

		oe = oe_count(node_oe(s->w.nodes[node].node));
		for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
			if (!strcmp(names[i], word[3]))
				return oe.by_state[i] == 1 || fail(s, "the pair is in another state");
		}
		return expect_number(s, "the number of pairs", (long)oe.flows, atol(word[3]));
	}
	if (count == 3 && !strcmp(word[1], "clear"))
		return expect_number(s, "the number of clear packets", (long)s->w.fates[FATE_CLEAR],
				     atol(word[2]));
	if (count == 3 && !strcmp(word[1], "missing"))
		return expect_number(s, "the number of ESP packets that met no SA",
				     (long)s->w.fates[FATE_MISSING], atol(word[2]));
	if (count == 5 && !strcmp(word[1], "impaired"))
		return expect_number(s, "the number of occasions",
				     (long)impair_met(s->w.nodes[node].impair, word[3]), atol(word[4]));
	if (count == 5 && !strcmp(word[1], "stopped"))
		return (s->w.nodes[node].stopped || fail(s, "the node has not stopped")) &&
		       expect_number(s, "confirmed", s->w.nodes[node].confirmed, atol(word[3])) &&
		       expect_number(s, "unanswered", s->w.nodes[node].unanswered, atol(word[4]));
	return fail(s, "no such expectation");
}

static bool lose(struct scenario *s, char **word, int count)
{
	struct rule *r = &s->rules[s->rule_count];
	char *dash;

	if (count != 4 || s->rule_count == RULES)
		return fail(s, "lose EXCHANGE request|answer|both N[-M]");
	s->rule_count++;
	r->exchange = exchange_of(word[1]);
	r->response = !strcmp(word[2], "answer");
	r->both = !strcmp(word[2], "both");
	r->from = (unsigned)strtoul(word[3], &dash, 10);
	r->to = *dash == '-' ? (unsigned)strtoul(dash + 1, NULL, 10) : r->from;
	return true;
}

static bool tamper(struct scenario *s, char **word, int count)
{
	if (count != 5 || !lose(s, word, 4))
		return fail(s, "tamper EXCHANGE request|answer N OCTET");
	s->rules[s->rule_count - 1].tamper = atol(word[4]);
	return true;
}

static bool inject(struct scenario *s, char **word, int count)
{
	struct blob raw = { NULL, 0 };
	struct endpoint from = { s->w.nodes[1].address, 500 };
	size_t node = (size_t)(word[1][0] - '1');
	bool ok = count == 3 && node < s->w.node_count && hex_decode(&raw, bytes_of_text(word[2]));

	if (ok)
		world_inject(&s->w, node, &from, bytes_of_blob(&raw));
	blob_discard(&raw);
	return ok || fail(s, "inject NODE HEX");
}

/* First messages of strangers: copies of one that was seen, each with an SPI and a port of its own. */
static bool flood(struct scenario *s, size_t node, unsigned count)
{
	struct blob copy = { NULL, 0 };
	const struct seen *init = NULL;

	for (size_t i = 0; i < s->seen_count && !init; i++) {
		if (s->seen[i].exchange == IKE_SA_INIT && !(s->seen[i].flags & FLAG_RESPONSE))
			init = &s->seen[i];
	}
	if (!init || !blob_copy(&copy, bytes_of_blob(&init->data)))
		return fail(s, "no first message was seen that could be copied");
	for (unsigned i = 0; i < count; i++) {
		struct endpoint from = { s->w.nodes[node ? 0 : 1].address, (uint16_t)(1000 + i) };

		copy.data[0] = (uint8_t)(i >> 8);
		copy.data[1] = (uint8_t)i;
		copy.data[2] = 0x77;
		world_inject(&s->w, node, &from, bytes_of_blob(&copy));
	}
	blob_discard(&copy);
	return true;
}

/* One way. */
static bool cut(struct scenario *s, size_t node, char **word)
{
	s->w.partition.from = node;
	s->w.partition.to = (size_t)(word[2][0] - '1');
	s->w.partition.until = s->w.now + span_of(word[3]);
	return true;
}

/* Packets both ways, one after the other. */
static bool talk(struct scenario *s, size_t node, char **word)
{
	size_t other = (size_t)(word[2][0] - '1');
	msec end = s->w.now + span_of(word[3]);

	while (s->w.now < end && !s->w.fault[0]) {
		world_send(&s->w, node, &s->w.nodes[other].address);
		world_send(&s->w, other, &s->w.nodes[node].address);
		world_run(&s->w, 10);
	}
	return !s->w.fault[0];
}

/* The daemon ends, or has ended, and the next finds what is in the kernel. */
static bool begin_again(struct scenario *s, size_t node, bool adopt)
{
	world_restart_daemon(&s->w, node, adopt);
	return world_configure(&s->w, node, s->config[node], s->secrets[node],
			       s->group_name[0] ? s->group_name : NULL, s->group_text);
}

static bool act(struct scenario *s, char **word, int count)
{
	size_t node = count > 1 ? (size_t)(word[1][0] - '1') : 0;
	enum command_kind kind;

	if (!strcmp(word[0], "run") && count == 2)
		return world_run(&s->w, span_of(word[1]));
	if (!strcmp(word[0], "expect"))
		return expect(s, word, count);
	if (!strcmp(word[0], "lose"))
		return lose(s, word, count);
	if (!strcmp(word[0], "tamper"))
		return tamper(s, word, count);
	if (!strcmp(word[0], "start"))
		return start(s);
	if (!strcmp(word[0], "dns") && count == 2) {
		snprintf(s->dns, sizeof(s->dns), "%s", word[1]);
		return true;
	}
	if (!strcmp(word[0], "duplicate") && count == 2)
		s->w.duplication = (unsigned)atoi(word[1]);
	else if (!strcmp(word[0], "refuse") && count == 2)
		s->w.kernel_refusals = (unsigned)atoi(word[1]);
	else if (!strcmp(word[0], "inject"))
		return inject(s, word, count);
	else if (count < 2 || node >= s->w.node_count)
		return fail(s, "no such step, or no such node");
	else if (!strcmp(word[0], "stop"))
		world_command(&s->w, node, COMMAND_SHUTDOWN, "");
	else if (!strcmp(word[0], "send") && count == 3)
		world_send(&s->w, node, &s->w.nodes[word[2][0] - '1'].address);
	else if (!strcmp(word[0], "flood") && count == 3)
		return flood(s, node, (unsigned)atoi(word[2]));
	else if (!strcmp(word[0], "sleep") && count == 3)
		world_sleep(&s->w, node, span_of(word[2]));
	else if (!strcmp(word[0], "partition") && count == 4)
		return cut(s, node, word);
	else if (!strcmp(word[0], "talk") && count == 4)
		return talk(s, node, word);
	else if (!strcmp(word[0], "leave"))
		world_stop(&s->w, node, true);
	else if (!strcmp(word[0], "adopt") || !strcmp(word[0], "replace"))
		return begin_again(s, node, !strcmp(word[0], "adopt"));
	else if (!strcmp(word[0], "vanish"))
		world_vanish(&s->w, node);
	else if (!strcmp(word[0], "restart"))
		world_restart(&s->w, node);
	else if (!strncmp(word[0], "oe-", 3) && command_kind_parse(word[0], &kind) && count == 3)
		world_order(&s->w, node, kind, &s->w.nodes[word[2][0] - '1'].address);
	else if (command_kind_parse(word[0], &kind) && count == 3)
		world_command(&s->w, node, kind, word[2]);
	else
		return fail(s, "no such step");
	return !s->w.fault[0];
}

/* config and secret take the rest of the line as it is. */
static bool literal(struct scenario *s, char *line)
{
	char who[8], *rest;
	int used = 0;

	if (sscanf(line, "config %7s %n", who, &used) == 1 && used) {
		rest = strchr(line + 7, ' ');
		each_node(s, who, rest ? rest + 1 : "", false);
	} else if (sscanf(line, "secret %7s %n", who, &used) == 1 && used) {
		each_node(s, who, line + used, true);
	} else if (sscanf(line, "group %63s %n", s->group_name, &used) == 1 && used) {
		append(s->group_text, sizeof(s->group_text), line + used);
	} else {
		return false;
	}
	return true;
}

/* impair NODE NAME ARG...: the rest of the line is the impairment's. */
static bool impair(struct scenario *s, const char *line)
{
	size_t node = (size_t)(line[0] - '1');

	if (node >= s->w.node_count || line[1] != ' ')
		return fail(s, "impair NODE NAME [ARG...] [N[-M]]");
	return world_impair(&s->w, node, line + 2) || fail(s, "no such impairment");
}

static bool step(struct scenario *s, char *line)
{
	char *word[8], *save = NULL;
	int count = 0;

	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "impair ", 7) == 0)
		return impair(s, line + 7);
	if (!line[0] || line[0] == '#' || literal(s, line))
		return true;
	for (char *w = strtok_r(line, " \t", &save); w && count < 8; w = strtok_r(NULL, " \t", &save))
		word[count++] = w;
	return !count || act(s, word, count);
}

static bool run(struct scenario *s, const char *file, char title[LINE])
{
	FILE *f = fopen(file, "r");
	char line[LINE];
	bool ok = f != NULL;
	unsigned nodes = 2;

	s->file = file;
	snprintf(title, LINE, "%s", file);
	if (f && fgets(title, LINE, f)) {
		title[strcspn(title, "\n")] = '\0';
		s->line = 1;
	}
	if (sscanf(title, "# %u nodes", &nodes) != 1 || nodes > WORLD_NODES)
		nodes = 2;
	world_init(&s->w, 42, nodes, tracing ? stderr : NULL);
	s->w.name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	s->w.context = s;
	s->w.filter = filter;
	s->w.dns = answer;
	snprintf(s->dns, sizeof(s->dns), "secure");
	while (ok && fgets(line, sizeof(line), f)) {
		s->line++;
		ok = step(s, line);
	}
	if (f)
		fclose(f);
	return world_end(&s->w) && ok;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc > 1 && strcmp(argv[1], "--trace") == 0) {
		tracing = true;
		argv++;
		argc--;
	}
	for (int i = 1; i < argc; i++) {
		struct scenario *s = calloc(1, sizeof(*s));
		char title[LINE] = "";
		bool ok = s && run(s, argv[i], title);

		printf("%sok %d - %s\n", ok ? "" : "not ", i, title[0] == '#' ? title + 2 : title);
		if (s && !ok)
			printf("# %s\n", s->w.fault);
		for (size_t k = 0; s && k < s->seen_count; k++)
			blob_discard(&s->seen[k].data);
		failed += !ok;
		free(s);
	}
	printf("1..%d\n", argc - 1);
	return failed != 0;
}
