/* The context's small services (context.h). */
#include "context.h"

#include <stdlib.h>
#include <string.h>

#include "ike_sa.h"

uint64_t context_serial(struct ike_context *c)
{
	return ++c->last_serial;
}

bool context_news_grow(struct ike_context *c)
{
	size_t room = c->news_room ? c->news_room * 2 : LIMIT_STEP_NEWS;
	struct ike_news *news = calloc(room, sizeof(*news));

	if (!news)
		return false;
	for (size_t i = 0; i < c->news_count; i++)
		news[i] = c->news[(c->news_first + i) % c->news_room];
	free(c->news);
	c->news = news;
	c->news_room = room;
	c->news_first = 0;
	return true;
}

struct ike_news *context_news(struct ike_context *c, enum ike_news_kind kind)
{
	struct ike_news *news;

	if (c->news_count == c->news_room && !context_news_grow(c))
		return NULL;
	news = &c->news[(c->news_first + c->news_count++) % c->news_room];
	memset(news, 0, sizeof(*news));
	news->kind = kind;
	return news;
}

msec context_jitter(struct ike_context *c, msec span, unsigned percent)
{
	uint32_t draw;
	msec width = span * percent / 100;

	if (width <= 0 || !c->crypto->random(c->crypto->self, &draw, sizeof(draw)))
		return span;
	return span - width + (msec)(draw % (uint64_t)(2 * width + 1));
}

msec context_liveness(const struct ike_context *c, uint32_t serial)
{
	const struct conn *conn = plan_conn(c->plan, serial);

	return conn && conn->liveness ? conn->liveness : LIMIT_LIVENESS;
}

msec context_replaced(const struct ike_context *c, uint32_t serial)
{
	const struct conn *conn = plan_conn(c->plan, serial);
	msec patience = conn ? conn->retransmit_timeout : LIMIT_RETRANSMIT_TIMEOUT;

	return patience > LIMIT_REKEYED ? patience : LIMIT_REKEYED;
}

void context_half_open(struct ike_context *c, struct ike_sa *sa, bool there)
{
	const struct address *remote = &sa->first_remote.address;

	sa->half_open = there;
	c->half_open += there ? 1 : -1;
	c->answering += there ? 1 : 0;
	list_remove(&sa->in_half_opens);
	if (there)
		list_append(&c->half_opens, &sa->in_half_opens);
	sa->half_open_since = c->now;
	if (there) {
		crowd_add(c->crowd, remote);
		suspects_began(c->suspects, c->now, remote);
	} else
		crowd_remove(c->crowd, remote);
}

void context_proved(struct ike_context *c, struct ike_sa *sa)
{
	list_remove(&sa->in_half_opens);
	list_append(&c->half_opens, &sa->in_half_opens);
	sa->half_open_since = c->now;
}

bool context_has_room(const struct ike_context *c, struct ike_sa **gives_way)
{
	struct ike_sa *oldest;

	*gives_way = NULL;
	if (c->answering >= LIMIT_ANSWERING)
		return false;
	if (c->half_open < (c->plan ? c->plan->setup.max_half_open : LIMIT_HALF_OPEN))
		return true;
	if (list_empty(&c->half_opens))
		return false;
	oldest = LIST_ENTRY(c->half_opens.next, struct ike_sa, in_half_opens);
	if (c->now - oldest->half_open_since < LIMIT_HALF_OPEN_STALE)
		return false;
	*gives_way = oldest;
	return true;
}

void context_look_at(struct ike_context *c, uint64_t serial)
{
	if (!deadlines_set(&c->deadlines, serial, c->now))
		actions_note(c->actions, NOTE_ERROR, "#%llu: no memory for a deadline",
			     (unsigned long long)serial);
}

void context_ended(struct ike_context *c, uint64_t our_spi)
{
	c->ended[c->ended_next++ % LIMIT_ENDED] = our_spi;
}

bool context_has_ended(const struct ike_context *c, uint64_t our_spi)
{
	for (size_t i = 0; i < LIMIT_ENDED; i++) {
		if (c->ended[i] == our_spi)
			return true;
	}
	return false;
}
