/* Group files (policies/NAME): one destination a line, perhaps with protocol and ports; and the longest match. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

static const struct conn *conn_of_file(const struct making *m, const char *name)
{
	const char *slash = strrchr(name, '/');

	return plan_conn_by_name(m->plan, slash ? slash + 1 : name);
}

static void entry(struct making *m, const struct conn *conn, char *line, const struct place *at)
{
	struct group_entry e = { .conn = conn->serial, .group = conn->group, .line = at->line }, *grown;
	unsigned protocol = 0, source = 0, destination = 0;
	char prefix[PREFIX_TEXT + 1], rest;
	int words = sscanf(line, "%52s %u %u %u %c", prefix, &protocol, &source, &destination, &rest);
	struct plan_problem *p;

	if ((words != 1 && words != 4) || protocol > UINT8_MAX || source > UINT16_MAX || destination > UINT16_MAX ||
	    !prefix_parse(&e.prefix, prefix)) {
		p = problem(m, at, false, line, "this is no destination");
		if (p)
			snprintf(p->expected, sizeof(p->expected),
				 "a prefix such as 192.0.2.0/24, perhaps with protocol, source and destination port");
		return;
	}
	for (size_t i = 0; i < m->plan->group_count; i++) {
		if (prefix_equal(&m->plan->groups[i].prefix, &e.prefix) && m->plan->groups[i].group != e.group)
			problem(m, at, true, prefix, "this destination is also in group %s: the safer group wins",
				group_class_name(m->plan->groups[i].group));
	}
	e.protocol = (uint8_t)protocol;
	e.source_port = (uint16_t)source;
	e.destination_port = (uint16_t)destination;
	e.file = strdup(at->file);
	grown = realloc(m->plan->groups, (m->plan->group_count + 1) * sizeof(*grown));
	if (grown)
		m->plan->groups = grown;
	if (!grown || !e.file) {
		free(e.file);
		return;
	}
	grown[m->plan->group_count++] = e;
}

bool parse_group(struct making *m, const char *name, const char *text, size_t len)
{
	const struct conn *conn = conn_of_file(m, name);
	struct place at = { NULL, 0, 1 };

	if (!conn || conn->group == CLASS_NONE)
		return true;
	if (!keep_source(m, name, text, len, SOURCE_GROUP))
		return false;
	at.file = kept_name(m);
	for (const char *p = text, *end = text + len; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t length = (size_t)((newline ? newline : end) - p);
		char *line = strndup(p, length), *comment;

		p += length + 1;
		at.line++;
		if (!line)
			return false;
		comment = strchr(line, '#');
		if (comment)
			*comment = '\0';
		if (line[strspn(line, " \t\r")])
			entry(m, conn, line, &at);
		free(line);
	}
	return true;
}

const struct group_entry *plan_group(const struct plan *plan, const struct address *destination)
{
	const struct group_entry *best = NULL;

	for (size_t i = 0; plan && i < plan->group_count; i++) {
		const struct group_entry *e = &plan->groups[i];

		if (!prefix_contains(&e->prefix, destination))
			continue;
		/* The classes are numbered by safety: block wins over private, private over the rest. */
		if (!best || e->prefix.bits > best->prefix.bits ||
		    (e->prefix.bits == best->prefix.bits && e->group > best->group))
			best = e;
	}
	return best;
}
