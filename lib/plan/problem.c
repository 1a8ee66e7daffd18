/* Problems with their places (plan.h). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "inside.h"
#include "note.h"

struct plan_problem *problem(struct making *m, const struct place *at, bool warning, const char *word,
			     const char *format, ...)
{
	struct plan_problem *p;
	struct text shown;
	va_list args;

	m->problems->errors += !warning;
	if (m->problems->count++ >= PLAN_PROBLEMS)
		return NULL;
	p = &m->problems->at[m->problems->count - 1];
	memset(p, 0, sizeof(*p));
	snprintf(p->file, sizeof(p->file), "%s", at->file ? at->file : "");
	p->line = at->line;
	p->column = at->column;
	p->warning = warning;
	text_clear(&shown);
	text_add_escaped(&shown, bytes_of_text(word));
	snprintf(p->word, sizeof(p->word), "%.60s%s", shown.at, strlen(shown.at) > 60 ? "..." : "");
	va_start(args, format);
	vsnprintf(p->what, sizeof(p->what), format, args);
	va_end(args);
	return p;
}

const char *plan_problem_print(const struct plan_problem *p, char text[640])
{
	int used = snprintf(text, 640, "%s:%u:%u: %s%s", p->file, p->line, p->column, p->warning ? "warning: " : "",
			    p->what);

	if (p->word[0] && used > 0 && used < 640)
		used += snprintf(text + used, 640 - (size_t)used, ": '%s'", p->word);
	if (p->expected[0] && used > 0 && used < 640)
		used += snprintf(text + used, 640 - (size_t)used, "; expected %s", p->expected);
	if (p->nearest[0] && used > 0 && used < 640)
		snprintf(text + used, 640 - (size_t)used, "; did you mean '%s'?", p->nearest);
	return text;
}
