/*
 * Building a message: payloads one after the other, the chain of next-payload fields and all lengths
 * filled in, and, for a sealed message, padding, encryption and ICV at the end (RFC 7296 3.2, 3.14).
 *
 *   build_begin(&b, room, sizeof(room), &header);
 *   build_seal(&b, key);                         only for sealed messages, once, before the payloads
 *   w = build_payload(&b, PAYLOAD_N); writer_...(w, ...); build_end(&b);
 *   message = build_finish(&b) or build_finish_sealed(&b, crypto, key, iv)
 *
 * A message that does not fit fails as a whole, at the end.
 */
#ifndef CYGNET_IKE_WIRE_BUILD_H
#define CYGNET_IKE_WIRE_BUILD_H

#include "crypto.h"
#include "message.h"
#include "writer.h"

struct build {
	struct writer w;
	size_t next_field; /* where the type of the next payload is to be written */
	size_t payload_at; /* where the open payload begins */
	size_t sealed_at; /* where the SK or SKF payload begins, 0 for none */
	size_t inner_at; /* where its plaintext begins */
	uint8_t iv_octets;
};

/* Begins with a header; length and next payload are filled in later. Borrows room. */
void build_begin(struct build *b, uint8_t *room, size_t size, const struct ike_header *header);
/* What follows goes into an SK payload sealed with that key. */
void build_seal(struct build *b, const struct sealing_key *key);
/*
 * The same for one fragment (RFC 7383 2.5): an SKF payload, into which its part of the inner octets is then
 * written as it is. first: the type of the first inner payload, which only the first fragment names.
 */
void build_seal_fragment(struct build *b, const struct sealing_key *key, uint8_t first,
			 struct fragment which);
/* Opens a payload: write its body into the writer that is returned (lent), then build_end. */
struct writer *build_payload(struct build *b, uint8_t type);
void build_end(struct build *b);
/* A whole notification. */
void build_notify(struct build *b, uint8_t protocol, uint16_t type, struct bytes spi, struct bytes data);
/* A payload whose body is given. */
void build_body(struct build *b, uint8_t type, struct bytes body);

/* The finished message, empty when something did not fit. Borrows the room. */
struct bytes build_finish(struct build *b);
/* iv: a number never used before with this key (AEAD); CBC draws its IV from crypto's random. */
struct bytes build_finish_sealed(struct build *b, const struct crypto *crypto, const struct sealing_key *key,
				 uint64_t iv);

/*
 * Instead of finishing a sealed build: its inner payloads as they are so far and the type of the first, for
 * fragment_split. Lends the octets; empty too when something did not fit (then build_finish_sealed fails).
 */
struct bytes build_plain(const struct build *b, uint8_t *first);
/* How many octets the sealed message would have, if it were finished now. */
size_t build_sealed_octets(const struct build *b, const struct sealing_key *key);
/* The octets of IV, text, padding and ICV for so much text. */
size_t sealed_octets(const struct sealing_key *key, size_t text);

/*
 * Opens the sealed part of a message: plain (adopted contents, to be discarded by the caller) holds the
 * inner payloads without padding. REASON_OK; REASON_INTEGRITY for whatever does not prove its sender, lengths
 * that cannot be right among it; REASON_MALFORMED only for padding that is wrong under a right ICV; or
 * REASON_MEMORY. plain stays empty but for REASON_OK and REASON_MALFORMED. A fragment is no message: it is
 * REASON_INTEGRITY here, and opened for itself by message_open_fragment, which takes nothing else.
 */
enum reason message_open(const struct message *m, const struct crypto *crypto, const struct sealing_key *key,
			 struct blob *plain);
enum reason message_open_fragment(const struct message *m, const struct crypto *crypto,
				  const struct sealing_key *key, struct blob *plain);

#endif
