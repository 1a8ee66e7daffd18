/* `cygnet check FILE`: reads a configuration as the daemon would and says what is wrong, where and what was meant. */
#include <errno.h>
#include <glob.h>
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

int tool_check(const struct tool *t, const char *file)
{
	static struct plan_problems problems;
	const struct plan_loader loader = { NULL, load };
	const struct plan_places places = { file, NULL, NULL };
	struct plan *plan = plan_make(&places, &loader, NULL, &problems);
	char text[640];

	for (size_t i = 0; i < problems.count && i < PLAN_PROBLEMS; i++)
		fprintf(stderr, "%s\n", plan_problem_print(&problems.at[i], text));
	if (problems.count > PLAN_PROBLEMS)
		fprintf(stderr, "and %zu more\n", problems.count - PLAN_PROBLEMS);
	if (!plan) {
		fprintf(stderr, "%s: %zu errors\n", file, problems.errors);
		return 8;
	}
	printf("%s: %zu connections, no errors\n", file, plan->conn_count);
	plan_discard(plan);
	return 0;
}
