/*
 * impairments --write FILE | --check FILE USER...: docs/impairments.md from the tables of testing/impair. The check is
 * that the file is what would be written, that what the catalogue names can be armed, and that each impairment stands
 * in one of the users: scenarios ("impair N NAME") or tests of the daemon (alice="NAME ARGUMENT..."). Prints TAP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testing/impair/impair.h"
#include "testing/sim/sim_crypto.h"

static unsigned test;

static bool result(bool good, const char *what)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++test, what);
	return good;
}

/* A bar would end the cell. */
static void cell(FILE *out, const char *text)
{
	for (; *text; text++)
		fprintf(out, *text == '|' ? "\\|" : "%c", *text);
}

static void write_rows(FILE *out)
{
	const struct impair_row *row;
	int kind = -1;

	for (size_t i = 0; (row = impair_row(i)) != NULL; i++) {
		if ((int)row->kind != kind)
			fprintf(out, "\n### %s\n\n| name and arguments | does |\n|---|---|\n",
				impair_kind_name(row->kind));
		kind = (int)row->kind;
		fprintf(out, "| `%s%s", row->name, row->form[0] ? " " : "");
		cell(out, row->form);
		fprintf(out, "` | %s |\n", row->does);
	}
}

static void write_all(FILE *out)
{
	const struct impair_fault *f;

	fprintf(out, "# Impairments\n\n"
		     "Faults by name, for tests. They stand between a node and its world: what they do, they "
		     "do to events and\n"
		     "actions, and to the provider of cryptography (`testing/impair`). `cygnetd`, as it is "
		     "shipped, holds\n"
		     "nothing of them (`testing/tools/symbols`). This page is printed from the tables: `make "
		     "impairments`.\n\n"
		     "| where | how |\n|---|---|\n"
		     "| a scenario | `impair 1 NAME ARGUMENT...`, `impair 1 off`, `expect impaired 1 NAME "
		     "COUNT` |\n"
		     "| the simulator | `sim --impair \"NAME ARGUMENT...\"`: at a node of each world, armed "
		     "and disarmed by chance |\n"
		     "| the test build of the daemon | `make build/asan/cygnetd-impair`; `cygnet impair NAME "
		     "ARGUMENT...`, `cygnet impair off` |\n\n"
		     "After the arguments may stand `N` or `N-M`: the Nth to the Mth occasion from now on; "
		     "without it all of\n"
		     "them. MESSAGE is `any`, `request`, `answer`, `keepalive`, or `init`, `auth`, `create`, "
		     "`informational`, each with\n"
		     "`-request` or `-answer` if only that is meant; `/PAYLOAD` behind it: only such as bear "
		     "that payload. A PAYLOAD\n"
		     "is a name (`KE`, `TSi`) or a number, PAYLOADS several with commas; a SPAN is `500ms`, "
		     "`3s`, `2m`; HEX begins\n"
		     "with `0x`. A message that was rewritten is rewritten in the same way when it is sent "
		     "again. AUTH is made and\n"
		     "checked over the first messages as they were on the wire, so that a fault in one of "
		     "them is that fault alone.\n"
		     "Messages in fragments are not opened.\n\n## By name\n");
	write_rows(out);
	fprintf(out, "\n## The catalogue\n\n"
		     "libreswan's impairments by their names there, and `ours`: what it lacks.\n\n"
		     "| fault | of | provided by |\n|---|---|---|\n");
	for (size_t i = 0; (f = impair_fault(i)) != NULL; i++) {
		fprintf(out, "| %s | %s | ", f->fault, f->list);
		if (f->by)
			fprintf(out, "`%s`", f->by);
		else
			cell(out, f->note);
		fprintf(out, " |\n");
	}
}

static char *read_all(const char *name)
{
	FILE *in = fopen(name, "r");
	char *text = NULL;
	size_t room = 0;

	if (in && getdelim(&text, &room, '\0', in) < 0) {
		free(text);
		text = NULL;
	}
	if (in)
		fclose(in);
	return text;
}

static bool same_as(const char *name)
{
	char *there = read_all(name), *made = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&made, &len);
	bool same;

	if (!out)
		return false;
	write_all(out);
	fclose(out);
	same = there && !strcmp(there, made);
	free(there);
	free(made);
	return same;
}

/* What the catalogue names can be armed; system calls only by name. */
static bool check_catalogue(void)
{
	struct sim_crypto crypto;
	const struct impair_fault *f;
	bool good = true;
	char why[160];

	sim_crypto_init(&crypto, 1);
	for (size_t i = 0; (f = impair_fault(i)) != NULL; i++) {
		struct impair *im = impair_new(&crypto.crypto);

		if (!f->by == !f->note) {
			printf("# %s: either an impairment or a note\n", f->fault);
			good = false;
		} else if (f->by && im && !impair_arm(im, 0, f->by, why) && !strstr(why, "test build")) {
			printf("# %s: %s: %s\n", f->fault, f->by, why);
			good = false;
		}
		impair_discard(im);
	}
	return good;
}

static bool is_used(const char *name, char **texts, int count)
{
	char step[2][80];

	snprintf(step[0], sizeof(step[0]), " %s", name);
	snprintf(step[1], sizeof(step[1]), "=\"%s ", name);
	for (int i = 0; i < count; i++) {
		const char *at = texts[i];

		if (at && strstr(at, step[1]))
			return true;
		while (at && (at = strstr(at, "\nimpair ")) != NULL) {
			at += strlen("\nimpair 1");
			if (!strncmp(at, step[0], strlen(step[0])) && strchr(" \n", at[strlen(step[0])]))
				return true;
		}
	}
	return false;
}

static bool check_users(char **names, int count)
{
	char **texts = calloc((size_t)count + 1, sizeof(*texts));
	const struct impair_row *row;
	bool good = texts != NULL;

	for (int i = 0; texts && i < count; i++)
		texts[i] = read_all(names[i]);
	for (size_t i = 0; texts && (row = impair_row(i)) != NULL; i++) {
		if (is_used(row->name, texts, count))
			continue;
		printf("# no test uses %s\n", row->name);
		good = false;
	}
	for (int i = 0; texts && i < count; i++)
		free(texts[i]);
	free(texts);
	return good;
}

int main(int argc, char **argv)
{
	FILE *out = argc == 3 && !strcmp(argv[1], "--write") ? fopen(argv[2], "w") : NULL;
	bool good;

	if (out) {
		write_all(out);
		return fclose(out) != 0;
	}
	if (argc < 3 || strcmp(argv[1], "--check") != 0)
		return 2;
	good = result(same_as(argv[2]), "the page of the impairments is what their tables say");
	good = result(check_catalogue(),
		      "each fault of the catalogue has an impairment that can be armed, or its reason") &&
	       good;
	good = result(check_users(argv + 3, argc - 3), "each impairment is used by a test") && good;
	printf("1..%u\n", test);
	return !good;
}
