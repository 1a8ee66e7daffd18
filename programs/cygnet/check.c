/* `cygnet check FILE`: reads a configuration as the daemon would and says what is wrong, where and what was meant. */
#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "tool.h"

static char *read_file(const char *name, size_t *len)
{
	FILE *f = fopen(name, "re");
	char *text = NULL;
	size_t room = 0;
	ssize_t n;

	if (!f)
		return NULL;
	n = getdelim(&text, &room, '\0', f);
	*len = n > 0 ? (size_t)n : 0;
	if (!text)
		text = strdup("");
	fclose(f);
	return text;
}

static bool load(void *context, const char *pattern, const char *includer, void *sink,
		 bool (*add)(void *sink, const char *name, const char *text, size_t len), char why[160])
{
	char path[1024], folder[512];
	glob_t found;
	bool ok = true;

	snprintf(folder, sizeof(folder), "%s", includer ? includer : "");
	if (includer && pattern[0] != '/')
		snprintf(path, sizeof(path), "%s/%s", dirname(folder), pattern);
	else
		snprintf(path, sizeof(path), "%s", pattern);
	if (glob(path, GLOB_BRACE | (includer ? 0 : GLOB_NOMAGIC), NULL, &found)) {
		snprintf(why, 160, "no such file");
		return false;
	}
	for (size_t i = 0; ok && i < found.gl_pathc; i++) {
		size_t len = 0;
		char *text = read_file(found.gl_pathv[i], &len);

		if (!text)
			snprintf(why, 160, "%s", strerror(errno));
		ok = text && add(sink, found.gl_pathv[i], text, len);
		free(text);
	}
	globfree(&found);
	return ok;
}

/* One object on standard output; releases it. */
static void print_object(json_t *o)
{
	if (!o)
		return;
	json_dumpf(o, stdout, JSON_COMPACT);
	printf("\n");
	json_decref(o);
}

/* The same rows that `reload` answers. */
static void print_problem(const struct tool *t, const struct plan_problem *p)
{
	char text[640];

	plan_problem_print(p, text);
	if (!t->json)
		fprintf(stderr, "%s\n", text);
	else
		print_object(json_pack("{s:i, s:s, s:s, s:i, s:i, s:b, s:s}", "v", 1, "row", "problem",
				       "file", p->file, "line", (int)p->line, "column", (int)p->column,
				       "warning", (int)p->warning, "text", text));
}

static int verdict(const struct tool *t, int status, const char *text)
{
	if (t->json)
		print_object(json_pack("{s:i, s:b, s:i, s:s, s:s}", "v", 1, "done", 1, "status", status,
				       "reason", status ? "config" : "ok", "text", text));
	else
		fprintf(status ? stderr : stdout, "%s\n", text);
	return status;
}

int tool_check(const struct tool *t, const char *file)
{
	static struct plan_problems problems;
	const struct plan_loader loader = { NULL, load };
	const struct plan_places places = { file, NULL, NULL };
	struct plan *plan = plan_make(&places, &loader, NULL, &problems);
	char text[640];

	for (size_t i = 0; i < problems.count && i < PLAN_PROBLEMS; i++)
		print_problem(t, &problems.at[i]);
	if (!plan) {
		snprintf(text, sizeof(text), "%.400s: %zu errors", file, problems.errors);
		return verdict(t, 8, text);
	}
	snprintf(text, sizeof(text), "%.400s: %zu connections, no errors", file, plan->conn_count);
	plan_discard(plan);
	return verdict(t, 0, text);
}
