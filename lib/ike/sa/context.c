/* The context's small services (context.h). */
#include "context.h"

#include <stdlib.h>
#include <string.h>

uint64_t context_serial(struct ike_context *c)
{
	return ++c->last_serial;
}

static bool news_grow(struct ike_context *c)
{
	size_t room = c->news_room ? c->news_room * 2 : 8;
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

	if (c->news_count == c->news_room && !news_grow(c))
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

void context_half_open(struct ike_context *c, const struct address *remote, bool there)
{
	c->half_open += there ? 1 : -1;
	if (c->crowd && there)
		crowd_add(c->crowd, remote);
	else if (c->crowd)
		crowd_remove(c->crowd, remote);
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
