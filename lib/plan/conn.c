/*
 * Sections into connections. A connection's own keywords win over those of the sections that it names by
 * also= (of these the first named wins), and all win over every conn %default, wherever that stands.
 * A section without both ends is a part for others to use, not a connection.
 */
#include <stdlib.h>
#include <string.h>

#include "maker.h"
#include "suites.h"

/* Which keywords a draft has already: one bit for each slot and side. */
struct taken {
	uint8_t sides[512];
};
_Static_assert(SIDE_RIGHT == 2, "a side is a bit number");

static bool take(struct taken *t, const struct parameter *p)
{
	size_t slot = word_slot(p->row);
	uint8_t bit = (uint8_t)(1u << p->side);

	if (slot >= sizeof(t->sides) || (t->sides[slot] & bit))
		return false;
	t->sides[slot] |= bit;
	return true;
}

/* The last one of a section counts; it was warned of. */
static void section_apply(struct maker *m, const struct section *section, struct draft *draft,
			  struct taken *taken)
{
	for (size_t i = section->count; i-- > 0;) {
		const struct parameter *p = &section->parameters[i];

		if (p->row && take(taken, p))
			(void)!parameter_apply(m, p, draft);
	}
}

/* Follows also=. A section that was met before on another way is not read again; one above us is a circle. */
static void section_follow(struct maker *m, struct section *section, struct draft *draft, struct taken *taken,
			   unsigned depth)
{
	section->visited = m->conn_number;
	section->entered = true;
	section_apply(m, section, draft, taken);
	for (size_t i = 0; i < section->count; i++) {
		const struct parameter *p = &section->parameters[i];
		struct section *other = p->row ? NULL : section_find(m, p->value);
		struct complaint c = { .at = { p->at.file, p->at.line, p->value_column }, .word = p->value };

		if (p->row || (other && other->visited == m->conn_number && !other->entered))
			continue;
		draft->refused = draft->refused || !other || other->entered || depth >= LIMIT_ALSO_DEPTH;
		if (!other)
			complain(m->problems, &c, "also= names no conn");
		else if (other->entered)
			complain(m->problems, &c, "also= goes in a circle");
		else if (depth >= LIMIT_ALSO_DEPTH)
			complain(m->problems, &c, "also= is nested more than %d deep", LIMIT_ALSO_DEPTH);
		else
			section_follow(m, other, draft, taken, depth + 1);
	}
	section->entered = false;
}

/* Later sections of conn %default override earlier ones. */
static void defaults_apply(struct maker *m, struct draft *draft, struct taken *taken)
{
	for (size_t i = m->default_count; i-- > 0;)
		section_apply(m, &m->sections[m->defaults[i]], draft, taken);
}

static void draft_begin(struct draft *draft, const struct section *section)
{
	struct conn *conn = &draft->conn;

	memset(draft, 0, sizeof(*draft));
	draft->at = section->at;
	conn->line = section->at.line;
	conn->left.client.port_last = conn->right.client.port_last = UINT16_MAX;
	conn->left.ikeport = conn->right.ikeport = 500;
	conn->retransmit_interval = LIMIT_RETRANSMIT_INTERVAL;
	conn->retransmit_timeout = LIMIT_RETRANSMIT_TIMEOUT;
	conn->ike_lifetime = LIMIT_IKE_LIFETIME;
	conn->sa_lifetime = LIMIT_SA_LIFETIME;
	conn->rekey = conn->nat_keepalive = conn->initial_contact = true;
	conn->rekey_margin = LIMIT_REKEY_MARGIN;
	conn->rekey_fuzz = LIMIT_REKEY_FUZZ;
}

static void end_clear(struct end *end)
{
	identity_discard(&end->id);
	public_key_discard(&end->key);
}

void conn_clear(struct conn *conn)
{
	free(conn->name);
	free(conn->file);
	end_clear(&conn->left);
	end_clear(&conn->right);
}

/* The plan adopts what the draft owns. */
static bool draft_keep(struct maker *m, struct draft *draft, const struct section *section)
{
	void *conns = m->plan->conns;

	if (!maker_grow(m, &conns, m->plan->conn_count, &m->conn_room, sizeof(draft->conn)))
		return false;
	m->plan->conns = conns;
	draft->conn.name = strdup(section->name);
	draft->conn.file = strdup(section->at.file);
	if (!draft->conn.name || !draft->conn.file) {
		complain_memory(m->problems);
		return false;
	}
	m->plan->conns[m->plan->conn_count++] = draft->conn;
	return true;
}

static void conn_make(struct maker *m, struct section *section)
{
	struct taken taken;
	struct draft draft;
	bool whole;

	memset(&taken, 0, sizeof(taken));
	m->conn_number++;
	draft_begin(&draft, section);
	section_follow(m, section, &draft, &taken, 0);
	defaults_apply(m, &draft, &taken);
	whole = draft.conn.left.host != HOST_NONE && draft.conn.right.host != HOST_NONE;
	if (!whole && !draft.refused && draft.start_given && draft.conn.start != AUTO_IGNORE &&
	    !section->shared)
		complain(m->problems, &(struct complaint){ .at = section->at, .word = section->name },
			 "connection has no %s=", draft.conn.left.host == HOST_NONE ? "left" : "right");
	if (!whole || draft.refused || !draft_finish(m, &draft, section->name) ||
	    !draft_keep(m, &draft, section))
		conn_clear(&draft.conn);
}

/* The keywords of conn %default are checked even if there is no connection. */
static void defaults_check(struct maker *m)
{
	struct section empty = { .kind = SECTION_DEFAULT };
	struct taken taken;
	struct draft draft;

	memset(&taken, 0, sizeof(taken));
	draft_begin(&draft, &empty);
	defaults_apply(m, &draft, &taken);
	conn_clear(&draft.conn);
}

/* Marks what also= refers to: such a section need not be a connection itself. */
static void shared_mark(struct maker *m)
{
	for (size_t i = 0; i < m->section_count; i++) {
		for (size_t k = 0; k < m->sections[i].count; k++) {
			const struct parameter *p = &m->sections[i].parameters[k];
			struct section *other = p->row ? NULL : section_find(m, p->value);

			if (other)
				other->shared = true;
		}
	}
}

void conns_make(struct maker *m)
{
	if (!sections_sort(m))
		return;
	shared_mark(m);
	defaults_check(m);
	for (size_t i = 0; i < m->section_count; i++) {
		if (m->sections[i].kind == SECTION_CONN)
			conn_make(m, &m->sections[i]);
	}
}
