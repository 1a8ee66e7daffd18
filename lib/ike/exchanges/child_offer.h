/*
 * The payloads by which a Child SA is agreed: SA, TSi, TSr and USE_TRANSPORT_MODE (RFC 7296 1.2, 1.3.1,
 * 2.7, 2.9). They are the same in IKE_AUTH and CREATE_CHILD_SA.
 */
#ifndef CYGNET_IKE_EXCHANGES_CHILD_OFFER_H
#define CYGNET_IKE_EXCHANGES_CHILD_OFFER_H

#include "../sa/child_sa.h"
#include "../sa/ike_sa.h"
#include "../wire/build.h"

/* We ask: writes what a larval child wants. */
void child_offer_write(struct ike_context *c, struct build *b, const struct conn *conn,
		       const struct child_sa *child);

/*
 * We asked: reads the answer into the child. The answer's selectors must lie within ours (M13), its mode
 * must be the one asked for. REASON_OK, or why not.
 */
enum reason child_offer_confirm(struct ike_context *c, const struct conn *conn, const struct message *m,
				struct child_sa *child);

/*
 * They ask: chooses and narrows into the child. peer is the connection's row. *notify is the error to send
 * when the reason is not REASON_OK.
 */
enum reason child_offer_answer(struct ike_context *c, const struct ike_sa *sa, const struct peer *peer,
			       const struct message *m, struct child_sa *child, uint8_t *proposal,
			       uint16_t *notify);
/* They ask: writes what was chosen. */
void child_offer_reply(struct build *b, const struct child_sa *child, uint8_t proposal);

#endif
