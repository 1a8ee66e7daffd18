/* INITIAL_CONTACT, said and heard (contact.h). */
#include "contact.h"

/* @rfc 7296-2.4-1 7296-2.4-2 */
bool contact_is_initial(struct ike_context *c, const struct ike_sa *sa, const struct peer *peer)
{
	struct list *pos, *next;

	if (peer->conn->group != CLASS_NONE || peer->local->auth == AUTH_NULL ||
	    peer->remote->auth == AUTH_NULL)
		return false;
	LIST_FOR_EACH (pos, next, table_peer_list(&c->table, &sa->remote.address)) {
		const struct ike_sa *other = LIST_ENTRY(pos, struct ike_sa, in_address);

		if (other != sa && other->state != IKE_DELETED &&
		    address_equal(&other->first_remote.address, &sa->first_remote.address))
			return false;
	}
	return true;
}

/* @rfc 7296-2.4-1 7296-2.4-4 */
void contact_take(struct ike_context *c, struct ike_sa *sa, const struct message *m)
{
	struct list *pos, *next, *same = table_name_list(&c->table, &sa->remote_id);
	struct notify n;

	if (!message_notify(m, INITIAL_CONTACT, &n) || sa->level == LEVEL_NULL ||
	    sa->remote_id.type == ID_NULL)
		return;
	LIST_FOR_EACH (pos, next, same) {
		struct ike_sa *other = LIST_ENTRY(pos, struct ike_sa, in_name);

		/*
		 * One that was established only after this handshake had begun was made at the same time, and the peer,
		 * when it asked, could not know of it.
		 */
		if (other == sa || other->forgotten ||
		    (other->state != IKE_ESTABLISHED && other->state != IKE_REKEYED) ||
		    other->established >= sa->made || !identity_equal(&other->remote_id, &sa->remote_id) ||
		    !identity_equal(&other->local_id, &sa->local_id))
			continue;
		/* Its children receive a while longer: a peer that adopts them (or this is the first of several) sends yet. */
		other->forgotten = true;
		other->quiet_due = msec_after(c->now, LIMIT_CONTACT);
		/* Armed by its own deadline, at once: the walk goes on over this list. */
		context_look_at(c, other->serial);
	}
}
