/* The nearest spelling that we know: edit distance (Levenshtein) over words of bounded length. */
#include "problem.h"

#include <ctype.h>
#include <string.h>

#define WORD_LONGEST 48

unsigned spelling_distance(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	unsigned row[WORD_LONGEST + 1];

	if (a_len > WORD_LONGEST || b_len > WORD_LONGEST)
		return WORD_LONGEST;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
			unsigned change = diagonal + !same;
			unsigned least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

			diagonal = row[j];
			row[j] = change < least ? change : least;
		}
	}
	return row[b_len];
}

struct nearest nearest_of(const char *word)
{
	size_t len = strlen(word);

	return (struct nearest){ word, NULL, len < 3 ? 2 : (unsigned)(len / 3 + 2) };
}

void nearest_try(struct nearest *n, const char *candidate)
{
	unsigned distance = spelling_distance(n->word, candidate);

	if (distance < n->distance) {
		n->distance = distance;
		n->best = candidate;
	}
}
