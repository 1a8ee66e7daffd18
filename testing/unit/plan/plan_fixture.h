/* Making plans from texts in a test: short names, and the problems as one text. */
#ifndef TESTING_PLAN_FIXTURE_H
#define TESTING_PLAN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "plan.h"

#define CONF "/etc/ipsec.conf"
#define SECRETS "/etc/ipsec.secrets"
#define POLICIES "/etc/ipsec.d/policies"
#define ENDS " left=192.0.2.1\n right=192.0.2.2\n"

struct texts {
	struct plan_source at[32];
	size_t count;
};

static inline void texts_add_raw(struct texts *t, const char *name, const char *text, size_t len,
				 enum plan_source_kind kind)
{
	assert_true(t->count < ARRAY_LENGTH(t->at));
	t->at[t->count].name = (char *)(uintptr_t)name;
	t->at[t->count].text = (char *)(uintptr_t)text;
	t->at[t->count].len = len;
	t->at[t->count++].kind = kind;
}

static inline void texts_add(struct texts *t, const char *name, const char *text, enum plan_source_kind kind)
{
	texts_add_raw(t, name, text, strlen(text), kind);
}

static struct plan_problems problems; /* of the last plan made */

static inline struct plan *make_texts(const struct texts *t, const struct plan *previous)
{
	const struct plan_places places = { CONF, SECRETS, POLICIES };

	return plan_make_from_sources(t->at, t->count, &places, previous, &problems);
}

/* A plan of one ipsec.conf (and one ipsec.secrets, or NULL). */
static inline struct plan *make_both(const char *conf, const char *secrets, const struct plan *previous)
{
	struct texts t = { .count = 0 };

	texts_add(&t, CONF, conf, SOURCE_CONFIG);
	texts_add(&t, SECRETS, secrets ? secrets : "", SOURCE_SECRETS);
	return make_texts(&t, previous);
}

static inline struct plan *make(const char *conf)
{
	return make_both(conf, NULL, NULL);
}

/* All problems, one a line. */
static inline const char *told(void)
{
	static char all[PLAN_PROBLEMS * 640];
	char line[640];
	size_t used = 0;

	all[0] = '\0';
	for (size_t i = 0; i < problems.count && i < PLAN_PROBLEMS; i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s\n",
					 plan_problem_print(&problems.at[i], line));
	return all;
}

#define assert_told(part)                                                  \
	do {                                                               \
		if (!strstr(told(), part))                                 \
			fail_msg("expected \"%s\" in:\n%s", part, told()); \
	} while (0)

/* The text is wrong, and the problems say part. */
#define assert_refused(conf, part)                           \
	do {                                                 \
		struct plan *refused_plan = make(conf);      \
		if (refused_plan)                            \
			fail_msg("was accepted:\n%s", conf); \
		assert_true(problems.errors > 0);            \
		assert_told(part);                           \
	} while (0)

/* The plan of a text without any problem. */
static inline struct plan *make_well(const char *conf)
{
	struct plan *plan = make(conf);

	if (!plan || problems.count)
		fail_msg("problems of\n%s\n%s", conf, told());
	return plan;
}

#endif
