/* Messages of an exchange: begun with its header, sealed with its IKE SA's keys, kept as its parcel. */
#ifndef CYGNET_IKE_SA_PACKET_H
#define CYGNET_IKE_SA_PACKET_H

#include "../wire/build.h"
#include "exchange.h"

/* Room for one message under construction. */
struct packet {
	struct build build;
	uint8_t room[LIMIT_MESSAGE];
};

/* Begins the exchange's next message: request when ours, answer when theirs; sealed unless it is IKE_SA_INIT. */
void packet_begin(struct packet *p, const struct exchange *x);
/* Finishes it into x->parcel; false when it does not fit or sealing failed. */
MUST_USE bool packet_finish(struct ike_context *c, struct packet *p, struct exchange *x);
/* Our request was lost a few times: its parcel becomes smaller fragments, where that is possible (RFC 7383 2.5.1). */
void packet_shrink(struct ike_context *c, struct exchange *x);
/* A whole message that bears one notification. */
MUST_USE bool packet_notify(struct ike_context *c, struct exchange *x, uint16_t type, struct bytes data);
/* An empty message. */
MUST_USE bool packet_empty(struct ike_context *c, struct exchange *x);

#endif
