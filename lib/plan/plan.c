/* Making and discarding a plan (plan.h): the order of work, and who owns what while it is done. */
#include <stdlib.h>
#include <string.h>

#include "maker.h"
#include "sources.h"

static const char nowhere[] = "";

/* Everything but the numbers; the problems say whether it went well. */
static void plan_read(struct maker *m)
{
	struct source_request request = {
		.pattern = m->places->config,
		.kind = SOURCE_CONFIG,
		.at = { nowhere, 0, 0 },
		.must = true,
		.read = config_read,
	};

	sources_read(m, &request);
	setup_make(m);
	conns_make(m);
	if (m->places->secrets) {
		request.pattern = m->places->secrets;
		request.kind = SOURCE_SECRETS;
		request.must = false;
		request.read = secrets_read;
		sources_read(m, &request);
	}
	if (serials_give(m))
		groups_make(m);
}

struct plan *plan_make(const struct plan_places *places, const struct plan_loader *loader,
		       const struct plan *previous, struct plan_problems *problems)
{
	struct maker m = { .plan = calloc(1, sizeof(struct plan)),
			   .previous = previous,
			   .problems = problems,
			   .loader = loader,
			   .places = places };
	struct plan *plan = m.plan;

	memset(problems, 0, sizeof(*problems));
	if (!plan) {
		complain_memory(problems);
		return NULL;
	}
	plan_read(&m);
	maker_discard(&m);
	if (problems->errors) {
		plan_discard(plan);
		return NULL;
	}
	return plan;
}

struct plan *plan_make_from_sources(const struct plan_source *sources, size_t count,
				    const struct plan_places *places, const struct plan *previous,
				    struct plan_problems *problems)
{
	struct memory_sources memory = { sources, count };
	struct plan_loader loader = { &memory, memory_load };

	return plan_make(places, &loader, previous, problems);
}

static void setup_clear(struct setup *s)
{
	free(s->logfile);
	free(s->nssdir);
	free(s->dnssec_anchors);
	free(s->listen);
}

void plan_discard(struct plan *plan)
{
	if (!plan)
		return;
	setup_clear(&plan->setup);
	for (size_t i = 0; i < plan->conn_count; i++)
		conn_clear(&plan->conns[i]);
	free(plan->conns);
	free(plan->by_name);
	free(plan->by_serial);
	free(plan->by_reqid);
	groups_clear(plan);
	secrets_clear(plan);
	for (size_t i = 0; i < plan->source_count; i++) {
		/* The text of ipsec.secrets is as secret as what was read from it. */
		wipe(plan->sources[i].text, plan->sources[i].len);
		free(plan->sources[i].text);
		free(plan->sources[i].name);
	}
	free(plan->sources);
	free(plan);
}
