/*
 * Memory that runs out: with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup the objects of a program ask
 * here. Only within a step of a node, and only what is counted from the arming on. What a library allocates by itself
 * is not seen. One counter for all nodes of a program; the window is open on the main thread alone. Weak: testing/sim/main_alloc.c
 * has counters of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

extern void *__real_malloc(size_t size) __attribute__((weak));
extern void *__real_calloc(size_t count, size_t size) __attribute__((weak));
extern void *__real_realloc(void *old, size_t size) __attribute__((weak));
extern char *__real_strdup(const char *text) __attribute__((weak));
void *__wrap_malloc(size_t size) __attribute__((weak));
void *__wrap_calloc(size_t count, size_t size) __attribute__((weak));
void *__wrap_realloc(void *old, size_t size) __attribute__((weak));
char *__wrap_strdup(const char *text) __attribute__((weak));

static unsigned from, to, occasions, met;
static _Thread_local bool window;

void impair_allocation_arm(unsigned first, unsigned last)
{
	from = first;
	to = last;
	occasions = 0;
}

void impair_allocation_window(bool open)
{
	window = open;
}

unsigned impair_allocation_met(void)
{
	return met;
}

static bool fails(void)
{
	if (!window || !from || ++occasions < from || occasions > to)
		return false;
	met++;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}
