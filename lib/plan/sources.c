/*
 * Texts of a configuration: asked of the loader, kept by the plan (so that a trace can hold them), read
 * one inside the other where they include each other.
 */
#include "sources.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool maker_grow(struct maker *m, void **items, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 8;
	void *grown;

	if (count < *room)
		return true;
	grown = realloc(*items, more * size);
	if (!grown) {
		complain_memory(m->problems);
		return false;
	}
	*items = grown;
	*room = more;
	return true;
}

/* What the loader's add is called with. */
struct collector {
	struct maker *m;
	const struct source_request *request;
	size_t *found; /* places in plan->sources */
	size_t count, room;
};

static bool source_is(const struct plan_source *source, const char *name, enum plan_source_kind kind)
{
	return source->kind == kind && strcmp(source->name, name) == 0;
}

/* Keeps a text in the plan; its place, or SIZE_MAX. A text that two files include is kept once. */
static size_t source_keep(struct maker *m, enum plan_source_kind kind, const char *name, const char *text,
			  size_t len)
{
	struct plan *plan = m->plan;
	struct plan_source s = { NULL, NULL, len, kind };
	void *sources = plan->sources;

	for (size_t i = 0; i < plan->source_count; i++) {
		if (source_is(&plan->sources[i], name, kind))
			return i;
	}
	if (plan->source_count >= LIMIT_CONFIG_FILES || len > LIMIT_CONFIG_FILE) {
		complain(m->problems, &(struct complaint){ .at = { name, 0, 0 } },
			 len > LIMIT_CONFIG_FILE ? "file is too long" : "too many files");
		return SIZE_MAX;
	}
	if (!maker_grow(m, &sources, plan->source_count, &m->source_room, sizeof(s)))
		return SIZE_MAX;
	plan->sources = sources;
	s.name = strdup(name);
	s.text = malloc(len + 1);
	if (!s.name || !s.text) {
		free(s.name);
		free(s.text);
		complain_memory(m->problems);
		return SIZE_MAX;
	}
	if (len)
		memcpy(s.text, text, len);
	s.text[len] = '\0';
	plan->sources[plan->source_count] = s;
	return plan->source_count++;
}

static bool collect(void *sink, const char *name, const char *text, size_t len)
{
	struct collector *c = sink;
	void *found = c->found;
	size_t at = source_keep(c->m, c->request->kind, name, text, len);

	if (at == SIZE_MAX || !maker_grow(c->m, &found, c->count, &c->room, sizeof(*c->found)))
		return false;
	c->found = found;
	c->found[c->count++] = at;
	return true;
}

/* Reads one text unless it is being read already. */
static void source_enter(struct maker *m, const struct source_request *request, size_t at)
{
	/* A copy: the array moves when the text includes more; the name and text themselves stay. */
	struct plan_source source = m->plan->sources[at];

	for (size_t i = 0; i < m->depth; i++) {
		if (strcmp(m->including[i], source.name) == 0) {
			complain(m->problems,
				 &(struct complaint){ .at = request->at, .word = request->pattern },
				 "include goes in a circle");
			return;
		}
	}
	if (m->depth >= LIMIT_INCLUDE_DEPTH) {
		complain(m->problems, &(struct complaint){ .at = request->at, .word = request->pattern },
			 "include is nested more than %d deep", LIMIT_INCLUDE_DEPTH);
		return;
	}
	m->including[m->depth++] = source.name;
	request->read(m, &source, request->context);
	m->depth--;
}

void sources_read(struct maker *m, const struct source_request *request)
{
	struct collector c = { m, request, NULL, 0, 0 };
	struct complaint missing = { .warning = !request->must, .at = request->at, .word = request->pattern };
	char why[160] = "cannot be read";

	if (!m->loader->load(m->loader->context, request->pattern, request->includer, &c, collect, why))
		complain(m->problems, &missing, "%s", why);
	else if (c.count == 0 && !strpbrk(request->pattern, "*?["))
		complain(m->problems, &missing, "no such file");
	for (size_t i = 0; i < c.count; i++)
		source_enter(m, request, c.found[i]);
	free(c.found);
}

/* ---- texts in memory ------------------------------------------------------------------------------------------ */

/* A relative pattern counts from the folder of the text that includes. false: too long. */
static bool pattern_resolve(const char *pattern, const char *includer, char out[4096])
{
	const char *slash = includer && pattern[0] != '/' ? strrchr(includer, '/') : NULL;
	int len = snprintf(out, 4096, "%.*s%s", slash ? (int)(slash - includer) + 1 : 0,
			   slash ? includer : "", pattern);

	return len >= 0 && len < 4096;
}

bool memory_load(void *context, const char *pattern, const char *includer, void *sink,
		 bool (*add)(void *sink, const char *name, const char *text, size_t len), char why[160])
{
	const struct memory_sources *memory = context;
	char path[4096];

	if (!pattern_resolve(pattern, includer, path)) {
		snprintf(why, 160, "file name is too long");
		return false;
	}
	for (size_t i = 0; i < memory->count; i++) {
		const struct plan_source *s = &memory->sources[i];

		if (strcmp(s->name, path) != 0 && fnmatch(path, s->name, FNM_PATHNAME | FNM_PERIOD) != 0)
			continue;
		if (!add(sink, s->name, s->text, s->len)) {
			snprintf(why, 160, "cannot be kept");
			return false;
		}
	}
	return true;
}
