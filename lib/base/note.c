/* Text in a fixed buffer, cut visibly, escaped (note.h). */
#include "note.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_clear(struct text *t)
{
	t->at[0] = '\0';
	t->used = 0;
	t->cut = false;
}

/* The end of a text that is too long says so. */
static void mark_cut(struct text *t)
{
	t->cut = true;
	t->used = sizeof(t->at) - 1;
	memcpy(t->at + sizeof(t->at) - 4, "...", 4);
}

void text_add(struct text *t, const char *format, ...)
{
	size_t room = sizeof(t->at) - t->used;
	va_list args;
	int wanted;

	if (t->cut)
		return;
	va_start(args, format);
	wanted = vsnprintf(t->at + t->used, room, format, args);
	va_end(args);
	/* vsnprintf says what it wanted to write, not what it wrote (CVE-2010-2628's lesson). */
	if (wanted < 0 || (size_t)wanted >= room)
		mark_cut(t);
	else
		t->used += (size_t)wanted;
}

void text_add_escaped(struct text *t, struct bytes b)
{
	for (size_t i = 0; i < b.len && !t->cut; i++) {
		uint8_t c = b.at[i];

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
			text_add(t, "%c", c);
		else
			text_add(t, "\\x%02x", c);
	}
}

void text_add_hex(struct text *t, struct bytes b)
{
	for (size_t i = 0; i < b.len && !t->cut; i++)
		text_add(t, "%02x", b.at[i]);
}

static const char *const level_names[] = { "error", "warning", "info", "debug" };

const char *note_level_name(enum note_level level)
{
	return (unsigned)level < ARRAY_LENGTH(level_names) ? level_names[level] : "?";
}

bool note_level_parse(const char *name, enum note_level *level)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(level_names); i++) {
		if (strcmp(level_names[i], name) == 0) {
			*level = (enum note_level)i;
			return true;
		}
	}
	return false;
}
