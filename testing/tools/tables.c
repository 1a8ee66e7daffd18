/*
 * tables --check DIR | --write DIR: proves that the state tables are total and connected, counts
 * their cells, and draws them into docs/states. CI fails when the committed drawings differ. Prints TAP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ike/sa/child_states.h"
#include "lib/ike/sa/collide.h"
#include "lib/oe/table.h"

static unsigned test, failed;

static void result(bool ok, const char *what)
{
	test++;
	failed += !ok;
	printf("%sok %u - %s\n", ok ? "" : "not ", test, what);
}

/* ---- drawings ---- */

static void draw_ike(FILE *out)
{
	fprintf(out, "# States of an IKE SA\n\nDrawn by `make diagrams` from lib/ike/sa/states.c; do not "
		     "edit.\n\n");
	fprintf(out, "```mermaid\nstateDiagram-v2\n");
	for (int s = IKE_OPENING; s < IKE_STATES; s++) {
		for (int h = 0; h < IKE_HAPPENINGS; h++) {
			const struct ike_cell *c = ike_cell((enum ike_state)s, (enum ike_happening)h);

			if (c->sort == CELL_DO && c->next != (enum ike_state)s)
				fprintf(out, "  %s --> %s : %s\n", ike_state_name((enum ike_state)s),
					ike_state_name(c->next), ike_happening_name((enum ike_happening)h));
		}
	}
	fprintf(out, "```\n\n| state | happening | cell | why | source |\n|---|---|---|---|---|\n");
	for (int s = IKE_OPENING; s < IKE_STATES; s++) {
		for (int h = 0; h < IKE_HAPPENINGS; h++) {
			const struct ike_cell *c = ike_cell((enum ike_state)s, (enum ike_happening)h);

			fprintf(out, "| %s | %s | %s%s%s | %s | %s |\n", ike_state_name((enum ike_state)s),
				ike_happening_name((enum ike_happening)h), cell_sort_name(c->sort),
				c->sort == CELL_DO ? " " : "",
				c->sort == CELL_DO ? ike_state_name(c->next) : "", c->what, c->source);
		}
	}
}

static void draw_child(FILE *out)
{
	fprintf(out,
		"# States of a Child SA\n\nDrawn by `make diagrams` from lib/ike/sa/child_states.c; do not "
		"edit.\n\n| state | inbound SA | outbound SA |\n|---|---|---|\n");
	for (int s = CHILD_LARVAL; s < CHILD_STATES; s++)
		fprintf(out, "| %s | %s | %s |\n", child_state_name((enum child_state)s),
			child_state_holds_in((enum child_state)s) ? "installed" : "",
			child_state_holds_out((enum child_state)s) ? "installed" : "");
	fprintf(out, "\n```mermaid\nstateDiagram-v2\n");
	for (int s = CHILD_LARVAL; s < CHILD_STATES; s++) {
		for (int h = 0; h < CHILD_HAPPENINGS; h++) {
			const struct child_cell *c = child_cell((enum child_state)s, (enum child_happening)h);

			if (c->sort == CELL_DO)
				fprintf(out, "  %s --> %s : %s\n", child_state_name((enum child_state)s),
					child_state_name(c->next),
					child_happening_name((enum child_happening)h));
		}
	}
	fprintf(out, "```\n\n| state | happening | cell | why | source |\n|---|---|---|---|---|\n");
	for (int s = CHILD_LARVAL; s < CHILD_STATES; s++) {
		for (int h = 0; h < CHILD_HAPPENINGS; h++) {
			const struct child_cell *c = child_cell((enum child_state)s, (enum child_happening)h);

			fprintf(out, "| %s | %s | %s%s%s | %s | %s |\n",
				child_state_name((enum child_state)s),
				child_happening_name((enum child_happening)h), cell_sort_name(c->sort),
				c->sort == CELL_DO ? " " : "",
				c->sort == CELL_DO ? child_state_name(c->next) : "", c->what, c->source);
		}
	}
}

static void draw_collisions(FILE *out)
{
	fprintf(out,
		"# Both sides at once\n\nDrawn by `make diagrams` from lib/ike/sa/collide.c; do not edit.\n\n"
		"| we are at | the peer asks for | it is answered | then | because | source |\n"
		"|---|---|---|---|---|---|\n");
	for (int ours = 0; ours < COLLIDE_CLASSES; ours++) {
		for (int theirs = COLLIDE_CREATE_CHILD; theirs < COLLIDE_CLASSES; theirs++) {
			const struct collision *k =
				collide((enum collide_class)ours, (enum collide_class)theirs);

			fprintf(out, "| %s | %s | %s | %s | %s | %s |\n",
				collide_class_name((enum collide_class)ours),
				collide_class_name((enum collide_class)theirs),
				collide_answer_name(k->answer), collide_follow_name(k->follow), k->what,
				k->source);
		}
	}
}

/* How many events lead from one state to another: too many to be named in a picture. */
static unsigned ways(int from, int to, bool paranoid)
{
	unsigned count = 0;

	for (int e = 0; e < FLOW_EVENTS; e++) {
		const struct oe_cell *c = oe_cell((enum flow_state)from, (enum flow_event)e);

		count += c->sort == OE_DO && (int)(paranoid ? c->paranoid : c->permissive) == to;
	}
	return count;
}

static void picture_oe(FILE *out, bool paranoid)
{
	fprintf(out, "## %s\n\n```mermaid\nstateDiagram-v2\n", paranoid ? "private" : "private-or-clear");
	for (int from = 0; from < FLOW_STATES; from++) {
		for (int to = 0; to < FLOW_STATES; to++) {
			unsigned count = ways(from, to, paranoid);

			if (count && from != to)
				fprintf(out, "  %s --> %s : %u event%s\n",
					flow_state_name((enum flow_state)from),
					flow_state_name((enum flow_state)to), count, count == 1 ? "" : "s");
		}
	}
	fprintf(out, "```\n\n");
}

static void draw_oe(FILE *out)
{
	fprintf(out, "# States of an opportunistic pair\n\nDrawn by `make diagrams` from lib/oe/table.c; do "
		     "not edit.\n\n");
	fprintf(out, "Cells: do %zu, stay %zu, ignore %zu.\n\n", oe_cells_count(OE_DO),
		oe_cells_count(OE_STAY), oe_cells_count(OE_IGNORE));
	picture_oe(out, false);
	picture_oe(out, true);
	fprintf(out, "| state | event | cell | permissive | paranoid | reason | what | source |\n");
	fprintf(out, "|---|---|---|---|---|---|---|---|\n");
	for (int s = 0; s < FLOW_STATES; s++) {
		for (int e = 0; e < FLOW_EVENTS; e++) {
			const struct oe_cell *c = oe_cell((enum flow_state)s, (enum flow_event)e);
			bool does = c->sort == OE_DO;

			fprintf(out, "| %s | %s | %s | %s | %s | %s | %s | %s |\n",
				flow_state_name((enum flow_state)s), flow_event_name((enum flow_event)e),
				oe_sort_name(c->sort), does ? flow_state_name(c->permissive) : "",
				does ? flow_state_name(c->paranoid) : "", does ? reason_word(c->reason) : "",
				c->what, c->source);
		}
	}
}

static void draw_reasons(FILE *out)
{
	fprintf(out, "# Reasons\n\nDrawn by `make diagrams` from include/reason.h; do not edit.\n\n");
	fprintf(out, "| word | what it means |\n|---|---|\n");
	for (int r = 0; r < REASON_COUNT; r++)
		fprintf(out, "| %s | %s |\n", reason_word((enum reason)r), reason_sentence((enum reason)r));
}

static const struct drawing {
	const char *name;
	void (*draw)(FILE *out);
} drawings[] = { { "ike.md", draw_ike },
		 { "child.md", draw_child },
		 { "collisions.md", draw_collisions },
		 { "oe.md", draw_oe },
		 { "reasons.md", draw_reasons } };

static char *text_of(FILE *f)
{
	char *text = NULL;
	size_t room = 0;

	if (!f || getdelim(&text, &room, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	return text;
}

static bool same_drawing(const struct drawing *d, const char *folder)
{
	char path[512], *now = NULL, *kept;
	size_t len;
	FILE *memory = open_memstream(&now, &len), *file;
	bool same;

	d->draw(memory);
	fclose(memory);
	snprintf(path, sizeof(path), "%s/%s", folder, d->name);
	file = fopen(path, "r");
	kept = text_of(file);
	same = kept && strcmp(now, kept) == 0;
	if (file)
		fclose(file);
	free(now);
	free(kept);
	return same;
}

/* ---- proofs ---- */

static bool ike_is_total(void)
{
	for (int s = 0; s < IKE_STATES; s++) {
		for (int h = 0; h < IKE_HAPPENINGS; h++) {
			const struct ike_cell *c = ike_cell((enum ike_state)s, (enum ike_happening)h);

			if (c->sort == CELL_NONE || !c->what || !c->source)
				return false;
			if (c->sort == CELL_NEVER && ike_happening_is_peers((enum ike_happening)h))
				return false;
		}
	}
	return true;
}

/* Whether `to` can be reached from `from`. */
static bool ike_leads(int from, int to)
{
	bool seen[IKE_STATES] = { false };
	bool grew = true;

	seen[from] = true;
	while (grew) {
		grew = false;
		for (int s = 0; s < IKE_STATES; s++) {
			for (int h = 0; seen[s] && h < IKE_HAPPENINGS; h++) {
				const struct ike_cell *c = ike_cell((enum ike_state)s, (enum ike_happening)h);

				if (c->sort == CELL_DO && !seen[c->next])
					grew = seen[c->next] = true;
			}
		}
	}
	return seen[to];
}

static bool ike_is_connected(void)
{
	for (int s = IKE_OPENING; s < IKE_STATES; s++) {
		if (!ike_leads(IKE_OPENING, s) || !ike_leads(s, IKE_GONE))
			return false;
	}
	return true;
}

static bool child_is_total(void)
{
	for (int s = 0; s < CHILD_STATES; s++) {
		for (int h = 0; h < CHILD_HAPPENINGS; h++) {
			const struct child_cell *c = child_cell((enum child_state)s, (enum child_happening)h);

			if (c->sort == CELL_NONE || !c->what || !c->source)
				return false;
			if (c->sort == CELL_NEVER && child_happening_is_peers((enum child_happening)h))
				return false;
			/* Nothing sends that does not receive. */
			if (child_state_holds_out((enum child_state)s) &&
			    !child_state_holds_in((enum child_state)s))
				return false;
		}
	}
	return true;
}

/* Whether `to` can be reached from `from` in the life of a child. */
static bool child_leads(int from, int to)
{
	bool seen[CHILD_STATES] = { false };
	bool grew = true;

	seen[from] = true;
	while (grew) {
		grew = false;
		for (int s = 0; s < CHILD_STATES; s++) {
			for (int h = 0; seen[s] && h < CHILD_HAPPENINGS; h++) {
				const struct child_cell *c =
					child_cell((enum child_state)s, (enum child_happening)h);

				if (c->sort == CELL_DO && !seen[c->next])
					grew = seen[c->next] = true;
			}
		}
	}
	return seen[to];
}

static bool child_is_connected(void)
{
	for (int s = CHILD_LARVAL; s < CHILD_STATES; s++) {
		if (!child_leads(CHILD_LARVAL, s) || !child_leads(s, CHILD_GONE))
			return false;
	}
	return true;
}

/* One side decides by nonces or addresses: so does the other, or it gives its own up, and nothing is left to decide. */
static bool is_fair(enum collide_follow one, enum collide_follow other)
{
	return (one != FOLLOW_NONCES && one != FOLLOW_ADDRESSES) || other == one || other == FOLLOW_FORGET;
}

/* Total, and fair. */
static bool collisions_are_total(void)
{
	for (int ours = 0; ours < COLLIDE_CLASSES; ours++) {
		for (int theirs = 0; theirs < COLLIDE_CLASSES; theirs++) {
			const struct collision *k =
				collide((enum collide_class)ours, (enum collide_class)theirs);
			const struct collision *back =
				collide((enum collide_class)theirs, (enum collide_class)ours);

			if (!k->answer || !k->follow || !k->what || !k->source)
				return false;
			if (!is_fair(k->follow, back->follow))
				return false;
		}
	}
	return true;
}

static bool oe_is_total(void)
{
	return oe_cells_count(OE_ILLEGAL) == 0;
}

/* A permissive or a paranoid pair never leaves a state that holds packets for CLEAR when it is private. */
static bool oe_private_never_clear(void)
{
	for (int s = 0; s < FLOW_STATES; s++) {
		for (int e = 0; e < FLOW_EVENTS; e++) {
			const struct oe_cell *c = oe_cell((enum flow_state)s, (enum flow_event)e);

			/* The classes clear and clear-or-private are no private pairs. */
			if (c->sort == OE_DO && c->paranoid == FLOW_CLEAR &&
			    c->reason != REASON_OE_CLASS_CLEAR && c->reason != REASON_OE_CLASS_PASSIVE &&
			    c->reason != REASON_OE_PINNED)
				return false;
			if (c->sort == OE_DO && c->reason == REASON_NONE)
				return false;
			if (c->sort == OE_IGNORE && !c->source[0])
				return false;
		}
	}
	return true;
}

static int check(const char *folder)
{
	char text[160];

	result(ike_is_total(),
	       "every cell of the IKE SA's table says what and why; no peer can reach a 'never'");
	result(ike_is_connected(), "every state of an IKE SA can be reached, and its end from each");
	result(child_is_total(), "the same of a Child SA's table; nothing sends that does not receive");
	result(child_is_connected(), "every state of a Child SA can be reached, and its end from each");
	result(collisions_are_total(),
	       "the table of collisions is total, and both sides decide by the same rule");
	result(oe_is_total(), "no cell of the opportunistic table is empty");
	result(oe_private_never_clear(), "no cell leads a private pair into clear; each move has a reason");
	snprintf(text, sizeof(text), "opportunistic cells: do %zu, stay %zu, ignore %zu",
		 oe_cells_count(OE_DO), oe_cells_count(OE_STAY), oe_cells_count(OE_IGNORE));
	result(oe_cells_count(OE_DO) + oe_cells_count(OE_STAY) + oe_cells_count(OE_IGNORE) ==
		       FLOW_STATES * FLOW_EVENTS,
	       text);
	for (size_t i = 0; i < ARRAY_LENGTH(drawings); i++) {
		snprintf(text, sizeof(text), "docs/states/%s is drawn from the table (make diagrams)",
			 drawings[i].name);
		result(same_drawing(&drawings[i], folder), text);
	}
	printf("1..%u\n", test);
	return failed != 0;
}

static int write_all(const char *folder)
{
	for (size_t i = 0; i < ARRAY_LENGTH(drawings); i++) {
		char path[512];
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", folder, drawings[i].name);
		f = fopen(path, "w");
		if (!f) {
			perror(path);
			return 1;
		}
		drawings[i].draw(f);
		fclose(f);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--check") == 0)
		return check(argv[2]);
	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		return write_all(argv[2]);
	fprintf(stderr, "tables --check DIR | --write DIR\n");
	return 2;
}
