/* Views and blobs (bytes.h). */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

struct bytes bytes_of_text(const char *text)
{
	return bytes_of(text, strlen(text));
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool bytes_equal_secret(struct bytes a, struct bytes b)
{
	volatile uint8_t difference = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		difference = (uint8_t)(difference | (a.at[i] ^ b.at[i]));
	return difference == 0;
}

int bytes_compare(struct bytes a, struct bytes b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.at, b.at, common) : 0;

	if (order)
		return order < 0 ? -1 : 1;
	return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

void wipe(void *p, size_t len)
{
	if (len)
		explicit_bzero(p, len);
}

bool blob_copy(struct blob *b, struct bytes from)
{
	uint8_t *data = NULL;

	if (from.len) {
		data = malloc(from.len);
		if (!data)
			return false;
		memcpy(data, from.at, from.len);
	}
	blob_discard(b);
	b->data = data;
	b->len = from.len;
	return true;
}

bool blob_make(struct blob *b, size_t len)
{
	uint8_t *data = calloc(1, len ? len : 1);

	if (!data)
		return false;
	blob_discard(b);
	b->data = data;
	b->len = len;
	return true;
}

void blob_discard(struct blob *b)
{
	if (b->data)
		wipe(b->data, b->len);
	free(b->data);
	b->data = NULL;
	b->len = 0;
}

void blob_move(struct blob *to, struct blob *from)
{
	blob_discard(to);
	*to = *from;
	from->data = NULL;
	from->len = 0;
}
