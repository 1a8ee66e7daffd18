/* Problems of a configuration as a list, and as lines (problem.h, plan.h). */
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Copies what was written in the file so that it can be printed: escaped, and cut where one sees it. */
static void copy_escaped(char *out, size_t room, const char *from)
{
	size_t used = 0;

	for (; *from; from++) {
		unsigned char c = (unsigned char)*from;
		size_t need = c >= 0x20 && c < 0x7f ? 1 : 4;

		if (used + need + 4 > room) {
			memcpy(out + used, "...", 3);
			used += 3;
			break;
		}
		if (need == 1)
			out[used] = (char)c;
		else
			snprintf(out + used, 5, "\\x%02x", c);
		used += need;
	}
	out[used] = '\0';
}

static bool problem_same(const struct plan_problem *a, const struct plan_problem *b)
{
	return a->line == b->line && a->column == b->column && a->warning == b->warning &&
	       strcmp(a->file, b->file) == 0 && strcmp(a->what, b->what) == 0 &&
	       strcmp(a->word, b->word) == 0;
}

void complain(struct plan_problems *problems, const struct complaint *c, const char *what, ...)
{
	struct plan_problem p;
	size_t kept = problems->count < PLAN_PROBLEMS ? problems->count : PLAN_PROBLEMS;
	va_list args;

	memset(&p, 0, sizeof(p));
	p.warning = c->warning;
	p.line = c->at.line;
	p.column = c->at.column;
	copy_escaped(p.file, sizeof(p.file), c->at.file ? c->at.file : "");
	copy_escaped(p.word, sizeof(p.word), c->word ? c->word : "");
	copy_escaped(p.nearest, sizeof(p.nearest), c->nearest ? c->nearest : "");
	snprintf(p.expected, sizeof(p.expected), "%s", c->expected ? c->expected : "");
	va_start(args, what);
	vsnprintf(p.what, sizeof(p.what), what, args);
	va_end(args);
	/* A section that several others refer to is read once for each, and need not be told of each time. */
	for (size_t i = 0; i < kept; i++) {
		if (problem_same(&problems->at[i], &p))
			return;
	}
	if (kept < PLAN_PROBLEMS) {
		problems->at[kept] = p;
	} else if (!p.warning) {
		/* An error must not be lost behind warnings. */
		for (size_t i = kept; i-- > 0;) {
			if (problems->at[i].warning) {
				problems->at[i] = p;
				break;
			}
		}
	}
	problems->count++;
	problems->errors += !p.warning;
}

void complain_memory(struct plan_problems *problems)
{
	complain(problems, &(struct complaint){ .warning = false }, "no memory");
}

const char *plan_problem_print(const struct plan_problem *problem, char text[640])
{
	size_t used = 0;

	text[0] = '\0';
	if (problem->file[0])
		used = (size_t)snprintf(text, 640, "%s:", problem->file);
	if (problem->line && problem->column)
		used += (size_t)snprintf(text + used, 640 - used, "%u:%u: ", problem->line, problem->column);
	else if (problem->line)
		used += (size_t)snprintf(text + used, 640 - used, "%u: ", problem->line);
	else if (problem->file[0])
		used += (size_t)snprintf(text + used, 640 - used, " ");
	/* file 256, numbers 24, what 256, word 64: what follows them may be cut, never overrun. */
	used += (size_t)snprintf(text + used, 640 - used, "%s%s", problem->warning ? "warning: " : "",
				 problem->what);
	if (problem->word[0] && used < 640)
		used += (size_t)snprintf(text + used, 640 - used, " '%s'", problem->word);
	if (problem->expected[0] && used < 640)
		used += (size_t)snprintf(text + used, 640 - used, ": expected %s", problem->expected);
	if (problem->nearest[0] && used < 640)
		snprintf(text + used, 640 - used, "; did you mean '%s'?", problem->nearest);
	return text;
}
