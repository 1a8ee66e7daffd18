/* What create_child.c and rekey_child.c share: one ladder, two kinds (create_child.c says which). */
#ifndef CYGNET_IKE_EXCHANGES_CHILD_EXCHANGE_H
#define CYGNET_IKE_EXCHANGES_CHILD_EXCHANGE_H

#include "child_offer.h"
#include "making.h"

/* create_child.c: the functions of both kinds. */
struct verdict child_ask(struct ike_context *c, struct exchange *x);
struct verdict child_conclude(struct ike_context *c, struct exchange *x, const struct message *m);
struct verdict child_answer(struct ike_context *c, struct exchange *x, const struct message *m);
struct verdict child_job_done(struct ike_context *c, struct exchange *x, struct job *job);
/* Tells that no child came of a wish. */
void create_child_failed(struct ike_context *c, struct exchange *x, enum reason reason, uint16_t notify);

/* rekey_child.c */

/* Whether a CREATE_CHILD_SA request wants to replace a child. */
bool message_has_rekey(const struct message *m);
/* We ask: N(REKEY_SA); false when the child is not to be replaced any more. */
MUST_USE bool rekey_child_write(struct build *b, const struct exchange *x);
/* Whether the child that ours replaces is still to be replaced, or was by the peer's. */
bool rekey_child_is_wanted(struct ike_context *c, const struct exchange *x);
/* The selectors of a successor are those of the one it replaces (2.9.2, checklist M12). */
enum reason rekey_child_fits(const struct exchange *x);
/* We asked, and the successor serves: the old one is retired. */
void rekey_child_done(struct ike_context *c, struct exchange *x);
/* We asked, and were refused: what follows from the error. */
void rekey_child_refused(struct ike_context *c, struct exchange *x, uint16_t notify);
/* We asked in vain: another try, later. */
void rekey_child_again(struct ike_context *c, const struct exchange *x);
/* They ask: which child, and whether it may be replaced now. */
struct verdict rekey_child_aim(struct ike_context *c, struct exchange *x, const struct message *m);
/* They asked, and a job was out: whether it may still be replaced. */
struct verdict rekey_child_recheck(struct ike_context *c, struct exchange *x);

#endif
