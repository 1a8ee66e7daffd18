/*
 * Any octets as ipsec.conf, ipsec.secrets and a group file at once: no crash, no leak, a plan or errors,
 * and every problem can be printed. The input is cut at the first two 0x1e octets into the three texts.
 */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A copy of the octets before the next separator. */
static struct plan_source take(const uint8_t **data, size_t *len, char *name, enum plan_source_kind kind)
{
	const uint8_t *end = *len ? memchr(*data, 0x1e, *len) : NULL;
	struct plan_source s = { name, NULL, end ? (size_t)(end - *data) : *len, kind };

	s.text = malloc(s.len + 1);
	if (!s.text)
		abort();
	if (s.len)
		memcpy(s.text, *data, s.len);
	*data += end ? s.len + 1 : s.len;
	*len -= end ? s.len + 1 : s.len;
	return s;
}

static void check(const struct plan *plan, const struct plan_problems *problems)
{
	char text[640];

	for (size_t i = 0; i < problems->count && i < PLAN_PROBLEMS; i++) {
		plan_problem_print(&problems->at[i], text);
		if (strlen(text) >= sizeof(text))
			abort();
		for (const char *p = text; *p; p++) {
			if (*p < 0x20 || *p > 0x7e)
				abort();
		}
	}
	if ((plan != NULL) != (problems->errors == 0))
		abort();
	for (size_t i = 0; plan && i < plan->conn_count; i++) {
		const struct conn *c = &plan->conns[i];

		if (!c->serial || !c->ike_count || !c->esp_count || plan_conn(plan, c->serial) != c ||
		    plan_conn_by_name(plan, c->name) != c || c->left.auth == AUTH_DEFAULT ||
		    c->right.auth == AUTH_DEFAULT)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char conf[] = "/etc/ipsec.conf", secrets[] = "/etc/ipsec.secrets", group[] = "/p/private";
	const struct plan_places places = { conf, secrets, "/p" };
	struct plan_problems *problems = calloc(1, sizeof(*problems));
	struct plan_source sources[3];
	struct plan *plan, *again = NULL;

	if (!problems)
		abort();
	sources[0] = take(&data, &len, conf, SOURCE_CONFIG);
	sources[1] = take(&data, &len, secrets, SOURCE_SECRETS);
	sources[2] = take(&data, &len, group, SOURCE_GROUP);
	plan = plan_make_from_sources(sources, 3, &places, NULL, problems);
	check(plan, problems);
	/* The same again must keep every serial. */
	if (plan) {
		again = plan_make_from_sources(sources, 3, &places, plan, problems);
		check(again, problems);
		for (size_t i = 0; again && i < plan->conn_count; i++) {
			if (again->conns[i].serial != plan->conns[i].serial)
				abort();
		}
	}
	plan_discard(plan);
	plan_discard(again);
	for (size_t i = 0; i < 3; i++)
		free(sources[i].text);
	free(problems);
	return 0;
}
