/*
 * The look-ups of IKE SAs: by our own SPI, by serial, and, for a peer's first message repeated, by the
 * peer's address and SPI. Chained hashes that grow; the table owns the IKE SAs.
 */
#ifndef CYGNET_IKE_SA_TABLE_H
#define CYGNET_IKE_SA_TABLE_H

#include "address.h"
#include "identity.h"
#include "list.h"

struct child_sa;
struct ike_sa;

struct table_index {
	struct list *bucket; /* array of heads, owned */
	size_t size; /* a power of two */
};

struct ike_table {
	struct list all; /* in order of making */
	size_t count;
	struct list larval; /* successors under way: found by SPI only; each owned by its exchange */
	struct table_index by_spi, by_serial, by_peer, by_address, by_name;
	struct table_index child_serial, child_in, child_out; /* agreed Child SAs, by serial and SPIs */
	size_t child_count;
};

MUST_USE bool table_init(struct ike_table *t);
/* Frees the hashes; the IKE SAs must be gone. */
void table_discard(struct ike_table *t);

/* Enters an IKE SA whose SPIs and serial are set; false without memory. */
MUST_USE bool table_add(struct ike_table *t, struct ike_sa *sa);
/* Takes it out; harmless when it is not in. */
void table_remove(struct ike_table *t, struct ike_sa *sa);

/* Enters a larval successor, so that its SPI is taken and found; table_add makes it one of all. */
void table_add_larval(struct ike_table *t, struct ike_sa *sa);

/* The bucket of IKE SAs whose peer has that address (and others: look), linked by in_address. Lends. */
struct list *table_peer_list(const struct ike_table *t, const struct address *remote);

/* An IKE SA whose peer has proven its name is found by it, linked by in_name. */
void table_enter_name(struct ike_table *t, struct ike_sa *sa);
struct list *table_name_list(const struct ike_table *t, const struct identity *name);

/* Agreed Child SAs. Without memory for larger hashes they only stay crowded. */
void table_add_child(struct ike_table *t, struct child_sa *child);
void table_remove_child(struct ike_table *t, struct child_sa *child);
struct child_sa *table_child_by_serial(const struct ike_table *t, uint64_t serial);
struct child_sa *table_child_by_spi_in(const struct ike_table *t, uint32_t spi);
/* By the SPI that the peer chose, and its address: several peers may choose the same. */
struct child_sa *table_child_by_spi_out(const struct ike_table *t, uint32_t spi, const struct address *far);

/* Lend; NULL when there is none. */
struct ike_sa *table_by_spi(const struct ike_table *t, uint64_t our_spi);
struct ike_sa *table_by_serial(const struct ike_table *t, uint64_t serial);
/* The IKE SA that answers the IKE_SA_INIT of this peer with this initiator SPI. */
struct ike_sa *table_by_peer(const struct ike_table *t, const struct endpoint *remote, uint64_t spi_i);

#endif
