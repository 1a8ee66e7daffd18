/*
 * Choosing between proposals: ours from a connection's suites, the common one from a peer's. Pure
 * (RFC 7296 2.7, 3.3).
 */
#ifndef CYGNET_IKE_EXCHANGES_CHOOSE_H
#define CYGNET_IKE_EXCHANGES_CHOOSE_H

#include "../wire/proposal.h"
#include "kernel.h"
#include "plan.h"

/* What is chosen: the suite, the number and SPI of the peer's proposal. */
struct choice {
	struct suite suite;
	uint8_t number;
	uint64_t spi;
};

/*
 * Writes the SA payload's body that offers suites: one proposal for each row of suites that differ in
 * group (or ESN) only. protocol: IKE (spi 0: a first message) or ESP.
 */
void choose_offer(struct writer *w, uint8_t protocol, uint64_t spi, const struct suite *suites, size_t count);
/* Writes the one proposal that answers a choice; spi: ours (ESP, or IKE at a rekey), 0: none. */
void choose_reply(struct writer *w, uint8_t protocol, uint64_t spi, const struct choice *choice);

/*
 * The first of our suites that a proposal of the peer contains. preferred_ke (0: none) is the group of the
 * peer's KE payload: a suite with it wins over an earlier one, because it saves a round trip.
 */
MUST_USE bool choose_suite(const struct proposal_list *list, uint8_t protocol, const struct suite *suites,
			   size_t count, uint16_t preferred_ke, struct choice *choice);

/* Whether an answer's single proposal is one suite that we offered (4: "a transform that was not offered" ends it). */
MUST_USE bool choose_confirm(const struct proposal_list *list, uint8_t protocol, const struct suite *suites,
			     size_t count, struct choice *choice);

#define ESP_GROUPS 8
#define ESP_SUITES (2 * CONN_SUITES * (ESP_GROUPS + 1))

/* The groups that a Child SA of its own exchange may use, the preferred one first (PFS); at most ESP_GROUPS. */
size_t choose_esp_groups(const struct conn *conn, uint16_t of_ike_sa, uint16_t *groups);

/*
 * The ESP suites of a connection cut to what the kernel can, with ESN rows added where it can: with each group
 * (0: the first Child SA, which has none), then, unless PFS is insisted on, without one. At most ESP_SUITES.
 */
size_t choose_esp_suites(const struct conn *conn, const struct kernel_abilities *abilities,
			 const uint16_t *groups, size_t count_of_groups, struct suite *out);

#endif
