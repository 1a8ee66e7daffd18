/*
 * The addresses of a pretended host: two daemons on one loopback must not both own both ends. Takes the
 * place of programs/daemon/addresses.c in the bench's daemon. CYGNET_RECORD_ADDRESSES lists them, separated
 * by commas; the first of each family is also the default route's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs/daemon/daemon.h"

static void take(struct event_addresses *all, const char *word)
{
	struct address a;

	if (all->count == EVENT_ADDRESS_LIMIT || !address_parse(&a, word)) {
		log_write(NOTE_ERROR, "'%s' cannot be taken as an address of this host", word);
		return;
	}
	all->at[all->count++] = a;
	if (a.family == ADDRESS_V4 && all->default_v4.family == ADDRESS_NONE)
		all->default_v4 = a;
	if (a.family == ADDRESS_V6 && all->default_v6.family == ADDRESS_NONE)
		all->default_v6 = a;
}

bool addresses_open(struct daemon *d, char why[256])
{
	const char *given = getenv("CYGNET_RECORD_ADDRESSES");
	char *list = strdup(given ? given : "127.0.0.1"), *rest = list, *word;
	struct event event = { .kind = EVENT_ADDRESSES };

	d->addresses = calloc(1, sizeof(*d->addresses));
	if (!list || !d->addresses) {
		snprintf(why, 256, "no memory");
		free(list);
		return false;
	}
	while ((word = strsep(&rest, ",")) != NULL)
		take(d->addresses, word);
	free(list);
	sockets_follow(d->sockets, d->addresses);
	event.addresses = d->addresses;
	daemon_feed(d, &event);
	return true;
}

void addresses_close(struct daemon *d)
{
	free(d->addresses);
	d->addresses = NULL;
}
