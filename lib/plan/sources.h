/* Texts of a configuration that lie in memory, as a loader (tests, traces, replays). */
#ifndef CYGNET_PLAN_SOURCES_H
#define CYGNET_PLAN_SOURCES_H

#include "maker.h"

/* The context of memory_load. Borrows. */
struct memory_sources {
	const struct plan_source *sources;
	size_t count;
};

/* plan_loader's load over texts in memory; patterns match as the shell's do. */
bool memory_load(void *context, const char *pattern, const char *includer, void *sink,
		 bool (*add)(void *sink, const char *name, const char *text, size_t len), char why[160]);

#endif
