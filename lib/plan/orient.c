/* Which end of a connection we are (conn_orient of plan.h). */
#include <string.h>

#include "plan.h"

/* What decides: our addresses. */
struct here {
	const struct address *addresses;
	size_t count;
	const struct address *default_v4, *default_v6;
};

static const struct address *known(const struct address *a)
{
	return a && a->family != ADDRESS_NONE ? a : NULL;
}

/* The address of the default route in the connection's family; of either where it has none. */
static const struct address *default_route(const struct here *here, const struct conn *conn)
{
	const struct address *v4 = known(here->default_v4), *v6 = known(here->default_v6);

	if (conn->family == ADDRESS_V6)
		return v6;
	return v4 || conn->family == ADDRESS_V4 ? v4 : v6;
}

/* Our address at an end that can only be ours, or NULL. */
static const struct address *end_address(const struct here *here, const struct conn *conn,
					 const struct end *end)
{
	if (end->host == HOST_DEFAULTROUTE)
		return default_route(here, conn);
	for (size_t i = 0; end->host == HOST_ADDRESS && i < here->count; i++) {
		if (address_equal(&here->addresses[i], &end->address))
			return &here->addresses[i];
	}
	return NULL;
}

bool conn_orient(const struct conn *conn, const struct address *addresses, size_t count,
		 const struct address *default_v4, const struct address *default_v6, const struct end **local,
		 const struct end **remote, struct address *address)
{
	const struct here here = { addresses, count, default_v4, default_v6 };
	const struct address *left = end_address(&here, conn, &conn->left);
	const struct address *right = end_address(&here, conn, &conn->right);
	bool ours_is_left;

	if (left && right)
		return false;
	if (left || right)
		ours_is_left = left != NULL;
	else if (conn->left.host == HOST_ANY && conn->right.host != HOST_ANY &&
		 conn->right.host != HOST_DEFAULTROUTE)
		ours_is_left = true;
	else if (conn->right.host == HOST_ANY && conn->left.host != HOST_ANY &&
		 conn->left.host != HOST_DEFAULTROUTE)
		ours_is_left = false;
	else
		return false;
	*local = ours_is_left ? &conn->left : &conn->right;
	*remote = ours_is_left ? &conn->right : &conn->left;
	if (left || right)
		*address = left ? *left : *right;
	else
		memset(address, 0, sizeof(*address));
	return true;
}

struct selector end_selector(const struct end *end, const struct address *host)
{
	struct selector s = end->client, narrow;

	if (end->has_client)
		return s;
	narrow = selector_of_host(host);
	narrow.protocol = s.protocol;
	if (s.protocol) {
		narrow.port_first = s.port_first;
		narrow.port_last = s.port_last;
	}
	return narrow;
}
