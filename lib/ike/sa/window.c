/* Message numbers and who holds them (window.h). Pure arithmetic over a small ring. */
#include "window.h"

#include <string.h>

#include "exchange.h"

/* @rfc 7296-2.2-3 */
void window_init(struct window *w, unsigned size)
{
	memset(w, 0, sizeof(*w));
	w->size = size < 1 ? 1 : size > LIMIT_WINDOW ? LIMIT_WINDOW : size;
}

/* A slot is shared by numbers that are size apart: what waits longest keeps the slot of the one that may not yet be sent. */
/* @rfc 7296-2.3-2 7296-2.3-5 */
bool window_has_room(const struct window *w)
{
	return w->next < UINT32_MAX && !w->slot[w->next % w->size];
}

/* @rfc 7296-2.2-4 */
uint32_t window_take(struct window *w, struct exchange *x)
{
	uint32_t number = w->next++;

	w->slot[number % w->size] = x;
	return number;
}

struct exchange *window_awaiting(const struct window *w, uint32_t number)
{
	struct exchange *x = w->slot[number % w->size];

	return x && x->message_id == number ? x : NULL;
}

void window_release(struct window *w, const struct exchange *x, uint32_t number)
{
	if (w->slot[number % w->size] == x)
		w->slot[number % w->size] = NULL;
}

bool window_give_back(struct window *w, const struct exchange *x)
{
	if (x->message_id + 1 != w->next)
		return false;
	window_release(w, x, x->message_id);
	w->next--;
	return true;
}

/* @rfc 7296-2.1-6 7296-2.3-8 */
enum window_place window_place(const struct window *w, uint32_t number, struct exchange **holder)
{
	struct exchange *x = w->slot[number % w->size];

	*holder = NULL;
	if (x && x->message_id == number) {
		*holder = x;
		return WINDOW_REPEATED;
	}
	if (number < w->next || number - w->next >= w->size)
		return WINDOW_OUTSIDE;
	return x && x->step != EXCHANGE_ANSWERED ? WINDOW_OUTSIDE : WINDOW_NEW;
}

/* @rfc 7296-2.1-4 7296-2.3-7 */
struct exchange *window_accept(struct window *w, struct exchange *x, uint32_t number)
{
	struct exchange **slot = &w->slot[number % w->size], *old = *slot;

	*slot = x;
	while (w->slot[w->next % w->size] && w->slot[w->next % w->size]->message_id == w->next)
		w->next++;
	return old;
}
