/* config setup, and the applying of keywords one by one (maker.h). */
#include <string.h>

#include "maker.h"

bool parameter_apply(struct maker *m, const struct parameter *p, struct draft *draft)
{
	struct setting s = {
		.row = p->row,
		.value = p->value,
		.at = { p->at.file, p->at.line, p->value_column },
		.draft = draft,
		.problems = m->problems,
	};
	bool ok;

	if (p->row->status != WORD_ACTS)
		return true;
	if (p->row->place == PLACE_SETUP)
		s.base = &m->plan->setup;
	else if (p->row->place == PLACE_CONN)
		s.base = draft;
	else
		s.base = p->side == SIDE_LEFT ? &draft->conn.left : &draft->conn.right;
	ok = p->row->set(&s);
	if (!ok && draft)
		draft->refused = true;
	return ok;
}

static void setup_defaults(struct setup *s)
{
	s->dnssec_enable = true;
	s->unique_ids = true;
	s->oe_dns_timeout_permissive = LIMIT_OE_DNS_PERMISSIVE;
	s->oe_dns_timeout_paranoid = LIMIT_OE_DNS_PARANOID;
	s->oe_ike_timeout_permissive = LIMIT_OE_IKE_PERMISSIVE;
	s->oe_ike_timeout_paranoid = LIMIT_OE_IKE_PARANOID;
	s->oe_short_timeout = LIMIT_OE_SHORT;
	s->oe_normal_timeout = LIMIT_OE_NORMAL;
	s->oe_initial_lifespan = LIMIT_OE_INITIAL_LIFESPAN;
	s->oe_lifespan = LIMIT_OE_LIFESPAN;
	s->stop_deadline = LIMIT_STOP_DEADLINE;
	s->keep_alive = LIMIT_KEEPALIVE;
	s->ike_quiet = LIMIT_IKE_QUIET;
	s->ddos_threshold = LIMIT_HALF_OPEN_COOKIE;
	s->max_half_open = LIMIT_HALF_OPEN;
}

void setup_make(struct maker *m)
{
	setup_defaults(&m->plan->setup);
	for (size_t i = 0; i < m->section_count; i++) {
		const struct section *section = &m->sections[i];

		/* In the order of the files: what comes later overrides. */
		for (size_t k = 0; section->kind == SECTION_SETUP && k < section->count; k++)
			(void)!parameter_apply(m, &section->parameters[k], NULL);
	}
}
