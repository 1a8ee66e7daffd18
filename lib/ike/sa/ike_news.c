/* What the node is told of an IKE SA (ike_sa.h). */
#include "ike_sa.h"

void ike_sa_fill_news(const struct ike_sa *sa, struct ike_news *news)
{
	news->ike_sa = sa->serial;
	news->owner = sa->owner;
	news->conn = sa->conn;
	news->initiator = sa->initiator;
	news->level = sa->level;
	news->local = sa->local;
	news->remote = sa->remote;
	identity_print(&sa->remote_id, news->peer_id);
}

void ike_sa_attempt_failed(struct ike_context *c, struct ike_sa *sa, enum reason reason, uint16_t notify,
			   bool proven)
{
	struct ike_news *news;

	if (!sa->initiator || sa->told_failed)
		return;
	sa->told_failed = true;
	news = context_news(c, NEWS_ATTEMPT_FAILED);
	if (!news)
		return;
	ike_sa_fill_news(sa, news);
	news->reason = reason;
	news->notify = notify;
	news->proven = proven;
}

void ike_sa_want_reauth(struct ike_context *c, struct ike_sa *sa)
{
	struct ike_news *news = sa->reauth_told ? NULL : context_news(c, NEWS_REAUTH_WANTED);

	if (!news)
		return;
	ike_sa_fill_news(sa, news);
	news->reason = REASON_REKEY;
	sa->reauth_told = true;
}
