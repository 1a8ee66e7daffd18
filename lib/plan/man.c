/* The keyword table as manual page text (plan.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

static void add(FILE *out, const char *section)
{
	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keywords[i];

		if (strcmp(k->section, section) != 0 || k->kind == VALUE_IGNORED || k->kind == VALUE_REFUSED)
			continue;
		fprintf(out, ".TP\n.B %s%s\n%s.", k->sided ? "left" : "", k->name, k->meaning);
		if (k->fallback[0])
			fprintf(out, " Default: %s.", k->fallback);
		if (k->sided)
			fprintf(out, " Also right%s.", k->name);
		fprintf(out, "\n");
	}
}

char *plan_man_page(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fprintf(out, ".TH ipsec.conf 5 \"\" Cygnet\n.SH NAME\nipsec.conf \\- connections of Cygnet\n.SH CONFIG SETUP\n");
	add(out, "setup");
	fprintf(out, ".SH CONN\n");
	add(out, "conn");
	fclose(out);
	return text;
}
