/* The words and sentences of reasons (reason.h). */
#include "reason.h"

#include <string.h>

static const struct {
	const char *word, *sentence;
} reasons[REASON_COUNT] = {
#define REASON_ROW(name, word, sentence) [REASON_##name] = { word, sentence },
	REASON_LIST(REASON_ROW)
#undef REASON_ROW
};

const char *reason_word(enum reason reason)
{
	return (unsigned)reason < REASON_COUNT ? reasons[reason].word : "?";
}

const char *reason_sentence(enum reason reason)
{
	return (unsigned)reason < REASON_COUNT ? reasons[reason].sentence : "?";
}

bool reason_parse(const char *word, enum reason *reason)
{
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		if (strcmp(reasons[i].word, word) == 0) {
			*reason = (enum reason)i;
			return true;
		}
	}
	return false;
}
