/*
 * The payloads by which a Child SA is agreed: SA, TSi, TSr and USE_TRANSPORT_MODE (RFC 7296 1.2, 1.3.1,
 * 2.7, 2.9). They are the same in IKE_AUTH and CREATE_CHILD_SA.
 */
#ifndef CYGNET_IKE_EXCHANGES_CHILD_OFFER_H
#define CYGNET_IKE_EXCHANGES_CHILD_OFFER_H

#include "../sa/child_sa.h"
#include "../sa/ike_sa.h"
#include "../wire/build.h"
#include "choose.h"

/* The groups that may be used, none for the first Child SA, which takes its keys from the IKE SA (1.2). */
struct child_groups {
	uint16_t at[ESP_GROUPS];
	size_t count;
};
struct child_groups child_groups_of(const struct ike_sa *sa, const struct conn *conn);
extern const struct child_groups child_groups_none;

/* We ask: writes what a larval child wants: mode and SA; then, after nonce and KE, the selectors. */
void child_offer_write(struct ike_context *c, struct build *b, const struct conn *conn,
		       const struct child_groups *groups, const struct child_sa *child);
void child_offer_write_ts(struct build *b, const struct child_sa *child);

/*
 * We asked: reads the answer into the child. The answer's selectors must lie within ours (M13), its mode
 * must be the one asked for. REASON_OK, or why not.
 */
enum reason child_offer_confirm(struct ike_context *c, const struct ike_sa *ike, const struct conn *conn,
				const struct child_groups *groups, const struct message *m,
				struct child_sa *child);

/*
 * They ask: chooses and narrows into the child, whose selectors say how far it may go. preferred: the group of
 * the peer's KE payload, 0 for none. *notify is the error to send when the reason is not REASON_OK.
 */
enum reason child_offer_answer(struct ike_context *c, const struct ike_sa *ike, const struct conn *conn,
			       const struct child_groups *groups, uint16_t preferred, const struct message *m,
			       struct child_sa *child, uint8_t *proposal, uint16_t *notify);
/*
 * They ask: the connection of a new child. One whose children may share this IKE SA: best, one whose selectors are just
 * those that are asked for; else the first that has anything in common with them. NULL: none. Lends.
 */
const struct peer *child_offer_select(struct ike_context *c, const struct ike_sa *sa,
				      const struct message *m);
/* They ask: writes what was chosen; then, after nonce and KE, the selectors. */
void child_offer_reply(struct build *b, const struct child_sa *child, uint8_t proposal);
void child_offer_reply_ts(struct build *b, const struct child_sa *child);

#endif
