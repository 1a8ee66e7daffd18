/*
 * Group files (policies/NAME): one destination a line, "CIDR [protocol source-port destination-port]".
 * A destination in two groups belongs to the safer one, and that is said.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lex.h"
#include "maker.h"
#include "values.h"

void groups_clear(struct plan *plan)
{
	for (size_t i = 0; i < plan->group_count; i++)
		free(plan->groups[i].file);
	free(plan->groups);
}

static bool refuse(struct maker *m, struct slice word, const char *expected, const char *what)
{
	char text[64];

	complain(
		m->problems,
		&(struct complaint){ .at = word.place, .word = slice_text(word, text), .expected = expected },
		"%s", what);
	return false;
}

/* The words of one line into an entry; false: it complained. */
static bool entry_read(struct maker *m, struct slice line, struct group_entry *entry)
{
	struct slice words[4], more;
	char text[4][64] = { "", "", "", "" };
	size_t count = 0;

	while (count < 4 && lex_word(&line, &words[count])) {
		if (words[count].len >= sizeof(text[0]))
			return refuse(m, words[count], NULL, "word is too long");
		slice_text(words[count], text[count]);
		count++;
	}
	if (!value_subnet(text[0], &entry->prefix))
		return refuse(m, words[0], "a subnet like 192.0.2.0/24",
			      "not a subnet, or bits are set behind its prefix");
	if (count > 1 && !value_protocol(text[1], &entry->protocol))
		return refuse(m, words[1], "a protocol like udp, or a number", "not a protocol");
	if (count > 2 && !value_port(text[2], &entry->source_port))
		return refuse(m, words[2], "a port, or 0 for all", "not a source port");
	if (count > 3 && !value_port(text[3], &entry->destination_port))
		return refuse(m, words[3], "a port, or 0 for all", "not a destination port");
	if ((entry->source_port || entry->destination_port) && !entry->protocol)
		return refuse(m, words[1], "a protocol before ports", "ports of no protocol");
	if (lex_word(&line, &more))
		return refuse(m, more, "CIDR protocol source-port destination-port", "too many words");
	return true;
}

static void group_read(struct maker *m, const struct plan_source *source, void *context)
{
	const size_t *place = context;
	const struct conn *conn = &m->plan->conns[*place];
	struct lex lex = lex_of(source->name, source->text, source->len, m->problems);
	struct plan *plan = m->plan;
	struct lex_line line;

	while (lex_next(&lex, &line)) {
		struct group_entry entry;
		void *groups = plan->groups;

		memset(&entry, 0, sizeof(entry));
		entry.conn = conn->serial;
		entry.group = conn->group;
		entry.line = line.text.place.line;
		if (line.broken || !entry_read(m, line.text, &entry))
			continue;
		entry.file = strdup(source->name);
		if (!entry.file ||
		    !maker_grow(m, &groups, plan->group_count, &m->group_room, sizeof(entry))) {
			free(entry.file);
			complain_memory(m->problems);
			return;
		}
		plan->groups = groups;
		plan->groups[plan->group_count++] = entry;
	}
}

/* block > private > private-or-clear > clear-or-private > clear: the order of the enumeration. */
static bool is_safer(const struct group_entry *a, const struct group_entry *b)
{
	return a->group > b->group;
}

/* Equal destinations beside each other, the safest first. */
static int order_of_entries(const void *a, const void *b, void *context)
{
	const struct group_entry *entries = context;
	const struct group_entry *x = &entries[*(const size_t *)a], *y = &entries[*(const size_t *)b];
	int order = address_compare(&x->prefix.address, &y->prefix.address);

	if (!order)
		order = (int)x->prefix.bits - (int)y->prefix.bits;
	if (!order)
		order = (int)x->protocol - (int)y->protocol;
	if (!order)
		order = (int)x->source_port - (int)y->source_port;
	if (!order)
		order = (int)x->destination_port - (int)y->destination_port;
	if (!order)
		order = is_safer(x, y) ? -1 : is_safer(y, x);
	return order ? order : x < y ? -1 : x > y;
}

static bool same_destination(const struct group_entry *a, const struct group_entry *b)
{
	return prefix_equal(&a->prefix, &b->prefix) && a->protocol == b->protocol &&
	       a->source_port == b->source_port && a->destination_port == b->destination_port;
}

/* Says which destinations are in two groups, and keeps only the safer entry of each. */
static void groups_settle(struct maker *m)
{
	struct plan *plan = m->plan;
	size_t *order = calloc(plan->group_count + 1, sizeof(*order)), first = 0, kept = 0;

	if (!order) {
		complain_memory(m->problems);
		return;
	}
	for (size_t i = 0; i < plan->group_count; i++)
		order[i] = i;
	qsort_r(order, plan->group_count, sizeof(*order), order_of_entries, plan->groups);
	for (size_t i = 1; i < plan->group_count; i++) {
		const struct group_entry *a = &plan->groups[order[first]];
		struct group_entry *b = &plan->groups[order[i]];
		char text[PREFIX_TEXT];

		if (!same_destination(a, b)) {
			first = i;
			continue;
		}
		complain(m->problems,
			 &(struct complaint){ .warning = true,
					      .at = { b->file, b->line, 1 },
					      .word = prefix_print(&b->prefix, text) },
			 a->group == b->group
				 ? "destination stands twice in %s, also at %.100s:%u:"
				 : "destination is in a safer group too, %s, which wins (%.100s:%u):",
			 group_class_name(a->group), a->file, a->line);
		b->line = 0; /* to be removed; a line of a file is never 0 */
	}
	free(order);
	for (size_t i = 0; i < plan->group_count; i++) {
		if (plan->groups[i].line)
			plan->groups[kept++] = plan->groups[i];
		else
			free(plan->groups[i].file);
	}
	plan->group_count = kept;
}

void groups_make(struct maker *m)
{
	for (size_t i = 0; m->places->policies && i < m->plan->conn_count; i++) {
		const struct conn *conn = &m->plan->conns[i];
		struct source_request request = {
			.kind = SOURCE_GROUP,
			.at = { conn->file, conn->line, 1 },
			.read = group_read,
			.context = &i,
		};
		char path[1024];

		/* A connection that is not loaded decides nothing; a slash in a name would lead elsewhere. */
		if (conn->group == CLASS_NONE || conn->start == AUTO_IGNORE || strchr(conn->name, '/'))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", m->places->policies, conn->name) >=
		    (int)sizeof(path))
			continue;
		request.pattern = path;
		sources_read(m, &request);
	}
	groups_settle(m);
}

const struct group_entry *plan_group(const struct plan *plan, const struct address *destination)
{
	const struct group_entry *best = NULL;

	for (size_t i = 0; i < plan->group_count; i++) {
		const struct group_entry *e = &plan->groups[i];

		if (!prefix_contains(&e->prefix, destination))
			continue;
		if (!best || e->prefix.bits > best->prefix.bits ||
		    (e->prefix.bits == best->prefix.bits && is_safer(e, best)))
			best = e;
	}
	return best;
}
