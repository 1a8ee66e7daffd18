/*
 * An intrusive, doubly linked list: the link lies inside what is listed, so that adding and removing
 * never asks for memory. The list does not own its members; whoever owns the head does.
 */
#ifndef CYGNET_LIST_H
#define CYGNET_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

/* Puts item at the end of the list; item must be in no list. */
static inline void list_append(struct list *head, struct list *item)
{
	item->prev = head->prev;
	item->next = head;
	head->prev->next = item;
	head->prev = item;
}

/* Puts item at the beginning of the list; item must be in no list. */
static inline void list_prepend(struct list *head, struct list *item)
{
	list_append(head->next, item);
}

/* Takes item out of its list and leaves it as a list of its own, so that a second removal is harmless. */
static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

/* Moves all members of from to the end of to; from is left empty. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

/* The member whose link is at `link`. */
#define LIST_ENTRY(link, type, member) ((type *)((uintptr_t)(link)-offsetof(type, member)))

/* Walks the links; `next` keeps the walk safe when the present member is removed. */
#define LIST_FOR_EACH(pos, nxt, head) \
	for ((pos) = (head)->next, (nxt) = (pos)->next; (pos) != (head); (pos) = (nxt), (nxt) = (pos)->next)

#endif
