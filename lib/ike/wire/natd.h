/*
 * NAT detection (RFC 7296 2.23): both ends hash the addresses and ports that they see themselves; what does not
 * match was changed on the way. A hint from IKE_SA_INIT, proven with it by AUTH: pure, it changes nothing itself.
 */
#ifndef CYGNET_IKE_WIRE_NATD_H
#define CYGNET_IKE_WIRE_NATD_H

#include "address.h"
#include "build.h"

#define NATD_OCTETS 20 /* SHA-1 */

/* What a message says of NATs; all false without both kinds of notifications, or when the hash failed. */
struct natd {
	bool present;
	bool we_are_behind;
	bool peer_is_behind;
};

/*
 * SHA-1(SPIi | SPIr | address | port); the SPIs as they stand in the message's header: SPIr is 0 in the first
 * request. False when crypto fails.
 */
MUST_USE bool natd_hash(const struct crypto *crypto, uint64_t spi_i, uint64_t spi_r,
			const struct endpoint *endpoint, uint8_t hash[NATD_OCTETS]);

/*
 * Writes one NAT_DETECTION_SOURCE_IP for each source (several when it is not known which one will be used) and
 * one NAT_DETECTION_DESTINATION_IP. A source that is not ours (0.0.0.0:0) makes the peer believe in a NAT, which
 * is how UDP encapsulation is forced. False when crypto fails; what does not fit fails as b does.
 */
MUST_USE bool natd_write(struct build *b, const struct crypto *crypto, uint64_t spi_i, uint64_t spi_r,
			 const struct endpoint *sources, size_t count, const struct endpoint *destination);

/* What m says; local and remote are the endpoints that it came to and from, the SPIs those of its header. */
struct natd natd_read(const struct message *m, const struct crypto *crypto, uint64_t spi_i, uint64_t spi_r,
		      const struct endpoint *local, const struct endpoint *remote);

#endif
