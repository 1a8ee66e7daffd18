/*
 * Bytes: a view (borrowed) and a blob (owned), and the few things done to them.
 *
 * A view never owns; it is valid only while its owner keeps the memory. A blob owns its memory, which
 * came from malloc and is wiped before it is freed, because nearly every blob of this house is a secret
 * or lies beside one.
 */
#ifndef CYGNET_BYTES_H
#define CYGNET_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))
#define ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* A view of somebody else's octets. */
struct bytes {
	const uint8_t *at;
	size_t len;
};

/* Octets that the holder owns. A zeroed blob is empty and valid. */
struct blob {
	uint8_t *data;
	size_t len;
};

#define BYTES_NONE ((struct bytes){ NULL, 0 })
#define BYTES_OF_ARRAY(a) ((struct bytes){ (const uint8_t *)(a), sizeof(a) })

/* The view of len octets at p. Borrows. */
static inline struct bytes bytes_of(const void *p, size_t len)
{
	return (struct bytes){ (const uint8_t *)p, len };
}

/* The view of a blob's octets. Borrows. */
static inline struct bytes bytes_of_blob(const struct blob *b)
{
	return (struct bytes){ b->data, b->len };
}

/* The view of a C string without its final NUL. Borrows. */
struct bytes bytes_of_text(const char *text);

/* Equality whose time depends on the content: never for secrets, MACs or cookies. */
bool bytes_equal(struct bytes a, struct bytes b);

/* Equality in constant time for a given length (a difference of length shows at once). */
bool bytes_equal_secret(struct bytes a, struct bytes b);

/* Order as memcmp, the shorter first where one begins the other: -1, 0 or 1 (RFC 7296 2.8 nonces). */
int bytes_compare(struct bytes a, struct bytes b);

/* Overwrites with zeros in a way that the compiler may not leave out. */
void wipe(void *p, size_t len);

/* Replaces what b held by a copy of from; on false (no memory) b is unchanged. */
MUST_USE bool blob_copy(struct blob *b, struct bytes from);

/* Replaces what b held by len zero octets; on false (no memory) b is unchanged. */
MUST_USE bool blob_make(struct blob *b, size_t len);

/* Wipes and frees what b owns and leaves it empty. Correct for an empty blob. */
void blob_discard(struct blob *b);

/* Moves: *to adopts what *from owned, *from is left empty; what *to held is discarded. */
void blob_move(struct blob *to, struct blob *from);

#endif
