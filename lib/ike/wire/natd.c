/* NAT detection (natd.h). */
#include "natd.h"

/* @rfc 7296-2.23-7 */
bool natd_hash(const struct crypto *crypto, uint64_t spi_i, uint64_t spi_r, const struct endpoint *endpoint,
	       uint8_t hash[NATD_OCTETS])
{
	uint8_t room[8 + 8 + 16 + 2];
	struct writer w = writer_into(room, sizeof(room));
	struct bytes part;

	writer_u64(&w, spi_i);
	writer_u64(&w, spi_r);
	writer_bytes(&w, address_bytes(&endpoint->address));
	writer_u16(&w, endpoint->port);
	part = writer_written(&w);
	return part.len && crypto->hash(crypto->self, HASH_SHA1, &part, 1, hash);
}

static bool write_one(struct build *b, const struct crypto *crypto, uint16_t type, uint64_t spi_i,
		      uint64_t spi_r, const struct endpoint *endpoint)
{
	uint8_t hash[NATD_OCTETS];

	if (!natd_hash(crypto, spi_i, spi_r, endpoint, hash))
		return false;
	build_notify(b, PROTOCOL_NONE, type, BYTES_NONE, BYTES_OF_ARRAY(hash));
	return true;
}

/* @rfc 7296-2.23-8 */
bool natd_write(struct build *b, const struct crypto *crypto, uint64_t spi_i, uint64_t spi_r,
		const struct endpoint *sources, size_t count, const struct endpoint *destination)
{
	for (size_t i = 0; i < count; i++) {
		if (!write_one(b, crypto, NAT_DETECTION_SOURCE_IP, spi_i, spi_r, &sources[i]))
			return false;
	}
	return write_one(b, crypto, NAT_DETECTION_DESTINATION_IP, spi_i, spi_r, destination);
}

/* Whether there is a notification of that type, and whether one of them has that hash. */
static bool look_for(const struct message *m, uint16_t type, const uint8_t *hash, bool *match)
{
	const struct payload *p;
	bool present = false;

	*match = false;
	for (size_t i = 0; (p = message_find(m, PAYLOAD_N, i)) != NULL; i++) {
		struct notify n;

		if (!notify_read(p->body, &n) || n.type != type)
			continue;
		present = true;
		*match = *match || bytes_equal(n.data, bytes_of(hash, NATD_OCTETS));
	}
	return present;
}

/* @rfc 7296-2.23-8 7296-2.23-11 */
struct natd natd_read(const struct message *m, const struct crypto *crypto, uint64_t spi_i, uint64_t spi_r,
		      const struct endpoint *local, const struct endpoint *remote)
{
	uint8_t here[NATD_OCTETS], there[NATD_OCTETS];
	struct natd natd = { false, false, false };
	bool source, destination;

	if (!natd_hash(crypto, spi_i, spi_r, local, here) || !natd_hash(crypto, spi_i, spi_r, remote, there))
		return natd;
	/* Any source that matches is enough: the peer may not have known which one it would use (2.23). */
	if (look_for(m, NAT_DETECTION_SOURCE_IP, there, &source) &&
	    look_for(m, NAT_DETECTION_DESTINATION_IP, here, &destination)) {
		natd.present = true;
		natd.peer_is_behind = !source;
		natd.we_are_behind = !destination;
	}
	return natd;
}
