/* Sections by name, and their end (maker.h). */
#include <stdlib.h>
#include <string.h>

#include "maker.h"

static int order_of_sections(const void *a, const void *b, void *context)
{
	const struct section *sections = context;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = strcmp(sections[x].name, sections[y].name);

	return order ? order : x < y ? -1 : x > y;
}

bool sections_sort(struct maker *m)
{
	size_t count = 0;

	m->by_name = calloc(m->section_count + 1, sizeof(*m->by_name));
	m->defaults = calloc(m->section_count + 1, sizeof(*m->defaults));
	if (!m->by_name || !m->defaults) {
		complain_memory(m->problems);
		return false;
	}
	for (size_t i = 0; i < m->section_count; i++) {
		if (m->sections[i].kind == SECTION_CONN)
			m->by_name[count++] = i;
		else if (m->sections[i].kind == SECTION_DEFAULT)
			m->defaults[m->default_count++] = i;
	}
	qsort_r(m->by_name, count, sizeof(*m->by_name), order_of_sections, m->sections);
	m->by_name_count = count;
	for (size_t i = 1; i < count; i++) {
		const struct section *first = &m->sections[m->by_name[i - 1]],
				     *second = &m->sections[m->by_name[i]];

		if (strcmp(first->name, second->name) == 0)
			complain(m->problems, &(struct complaint){ .at = second->at, .word = second->name },
				 "second conn of that name, the other is at %.120s:%u:", first->at.file,
				 first->at.line);
	}
	return true;
}

struct section *section_find(struct maker *m, const char *name)
{
	size_t low = 0, high = m->by_name_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(m->sections[m->by_name[middle]].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < m->by_name_count && strcmp(m->sections[m->by_name[low]].name, name) == 0)
		return &m->sections[m->by_name[low]];
	return NULL;
}

void maker_discard(struct maker *m)
{
	for (size_t i = 0; i < m->section_count; i++) {
		for (size_t k = 0; k < m->sections[i].count; k++)
			free(m->sections[i].parameters[k].value);
		free(m->sections[i].parameters);
		free(m->sections[i].name);
	}
	free(m->sections);
	free(m->by_name);
	free(m->defaults);
}
