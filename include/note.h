/*
 * A note: one log line, made in a fixed buffer. What does not fit is cut where one sees it ("..."),
 * and octets of strangers are escaped, so that no peer can write lines of its own (checklist F6).
 */
#ifndef CYGNET_NOTE_H
#define CYGNET_NOTE_H

#include "bytes.h"
#include "limits.h"

enum note_level {
	NOTE_ERROR, /* something does not work and somebody must act */
	NOTE_WARNING, /* something is not as it should be */
	NOTE_INFO, /* one line a decision */
	NOTE_DEBUG, /* what a developer wants to see */
};

struct text {
	char at[LIMIT_NOTE_TEXT];
	size_t used;
	bool cut;
};

/* Empties t. */
void text_clear(struct text *t);
/* Appends as printf does; never more than fits. */
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends octets of a stranger: printable ASCII but '"' and '\\' as they are, others as \xNN. */
void text_add_escaped(struct text *t, struct bytes b);
/* Appends octets as hexadecimal digits. */
void text_add_hex(struct text *t, struct bytes b);

/* "error", "warning", "info", "debug"; and back (false for another word). */
const char *note_level_name(enum note_level level);
MUST_USE bool note_level_parse(const char *name, enum note_level *level);

#endif
