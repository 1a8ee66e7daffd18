/*
 * Which cells of the opportunistic table a test met: one line each, to the file that CYGNET_CELLS names (testing/tools/cells). To be
 * called before an oe is discarded.
 */
#ifndef CYGNET_TESTING_CELLS_H
#define CYGNET_TESTING_CELLS_H

#include <stdio.h>
#include <stdlib.h>

#include "lib/oe/inside.h"

static inline void cells_note(const struct oe *oe, const char *test)
{
	const char *name = getenv("CYGNET_CELLS");
	FILE *f = name && oe ? fopen(name, "a") : NULL;

	for (int s = 0; f && s < FLOW_STATES; s++) {
		for (int e = 0; e < FLOW_EVENTS; e++) {
			if (oe->met[s][e])
				fprintf(f, "%s|%s|%s\n", flow_state_name((enum flow_state)s),
					flow_event_name((enum flow_event)e), test);
		}
	}
	if (f)
		fclose(f);
}

#endif
