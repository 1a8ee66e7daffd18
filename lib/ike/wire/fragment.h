/*
 * IKE fragmentation (RFC 7383): splitting a sealed message into SKF messages, and gathering those of the peer.
 * Pure: when to split, how large fragments may be and how long to wait is the engine's.
 *
 * Each fragment is sealed and opened for itself, so nothing is kept of a stranger's. What is kept is bounded by
 * LIMIT_FRAGMENTS and LIMIT_MESSAGE, and the work is the same for each fragment, whatever their order.
 */
#ifndef CYGNET_IKE_WIRE_FRAGMENT_H
#define CYGNET_IKE_WIRE_FRAGMENT_H

#include "build.h"
#include "instant.h"

/*
 * Splits a message (inner payloads and the type of the first: build_plain) into fragments of at most `largest`
 * octets each, header and all. They lie one behind the other in *parcel, each with its own header and length
 * (parcel_next). Takes one IV for each from *next_iv, which it leaves advanced even when it fails. False, *parcel
 * unchanged, when more than LIMIT_FRAGMENTS were needed, or crypto or memory failed.
 */
MUST_USE bool fragment_split(const struct ike_header *header, uint8_t first, struct bytes inner,
			     const struct crypto *crypto, const struct sealing_key *key, uint64_t *next_iv,
			     size_t largest, struct blob *parcel);

/* Takes the next message off a parcel (one message, or fragments one behind the other); empty at its end. Lends. */
struct bytes parcel_next(struct bytes *rest);

/* The fragments of one message while they come in. Zeroed it is empty and valid. */
struct gather {
	/* that message: what the fragment that began it said */
	uint32_t message_id;
	uint8_t exchange, flags;
	uint16_t total;
	uint16_t count; /* fragments that are here; 0: nothing is gathered */
	uint64_t received; /* bit number - 1 of each */
	struct blob *part; /* total of them, owned */
	size_t octets; /* of all parts */
	uint8_t first; /* type of the first inner payload */
	msec began; /* when the first fragment of this total came */
	struct blob plain; /* when whole: the inner payloads in order, owned */
};

enum gather_verdict {
	GATHER_MORE, /* kept; others lack */
	GATHER_WHOLE, /* plain and first hold the message: take them, then gather_discard */
	GATHER_DROP, /* nothing was kept or changed */
};

struct gathered {
	enum gather_verdict verdict;
	enum reason reason; /* of a drop */
};

/*
 * Takes a fragment (m as message_read left it). Dropped are: REASON_INTEGRITY, what the key does not open;
 * REASON_MALFORMED, wrong numbers or padding, or a first payload's type where none may be; REASON_LIMIT, more
 * fragments or octets than we take; REASON_FRAGMENT, what does not fit what is gathered: a number that is there,
 * a smaller total, another message; REASON_MEMORY, as if it had never come. A larger total begins anew, because
 * the peer has made smaller fragments (2.6). Another message is taken up only after gather_discard.
 */
struct gathered gather_take(struct gather *g, const struct crypto *crypto, const struct sealing_key *key,
			    const struct message *m, msec now);

/* Wipes and forgets all; what comes next begins anew, whatever message it is of. */
void gather_discard(struct gather *g);

#endif
