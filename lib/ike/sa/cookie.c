/* Cookies (cookie.h): version | prf(secret, address | port | SPI | nonce), RFC 7296 2.6. */
#include "cookie.h"

#include <string.h>

#include "limits.h"
#include "reader.h"
#include "writer.h"

/* Turns the secret when it is old; the one before stays good for one more life. */
/* @rfc 7296-2.6-10 */
static bool jar_turn(struct cookie_jar *jar, const struct crypto *crypto, msec now)
{
	uint8_t fresh[32];

	if (jar->version && now - jar->made < LIMIT_COOKIE_SECRET_LIFE)
		return true;
	if (!crypto->random(crypto->self, fresh, sizeof(fresh)))
		return false;
	memcpy(jar->secret[1], jar->secret[0], sizeof(fresh));
	memcpy(jar->secret[0], fresh, sizeof(fresh));
	/* After a long quiet time the previous secret is too old to be good. */
	jar->version += jar->version && now - jar->made >= 2 * LIMIT_COOKIE_SECRET_LIFE ? 2 : 1;
	jar->made = now;
	return true;
}

/* @rfc 7296-2.6-6 7296-2.6-9 */
static bool bake(const struct crypto *crypto, const uint8_t secret[32], uint32_t version,
		 const struct endpoint *remote, uint64_t spi_i, struct bytes nonce,
		 uint8_t cookie[COOKIE_OCTETS])
{
	uint8_t fixed[16 + 2 + 8];
	struct writer in = writer_into(fixed, sizeof(fixed)), out = writer_into(cookie, COOKIE_OCTETS);
	uint8_t mac[PRF_OCTETS_MAX];
	struct bytes parts[2];

	writer_bytes(&in, bytes_of(remote->address.octet, sizeof(remote->address.octet)));
	writer_u16(&in, remote->port);
	writer_u64(&in, spi_i);
	parts[0] = writer_written(&in);
	parts[1] = nonce;
	if (crypto->stamp
		    ? !crypto->stamp(crypto->self, secret, parts, 2, mac)
		    : !crypto->prf(crypto->self, PRF_HMAC_SHA2_256, bytes_of(secret, 32), parts, 2, mac))
		return false;
	writer_u32(&out, version);
	writer_bytes(&out, bytes_of(mac, 32));
	return writer_ok(&out);
}

bool cookie_make(struct cookie_jar *jar, const struct crypto *crypto, msec now, const struct endpoint *remote,
		 uint64_t spi_i, struct bytes nonce, uint8_t cookie[COOKIE_OCTETS])
{
	return jar_turn(jar, crypto, now) &&
	       bake(crypto, jar->secret[0], jar->version, remote, spi_i, nonce, cookie);
}

/* @rfc 7296-2.6-11 7296-2.6-12 */
bool cookie_check(struct cookie_jar *jar, const struct crypto *crypto, msec now,
		  const struct endpoint *remote, uint64_t spi_i, struct bytes nonce, struct bytes cookie)
{
	struct reader r = reader_of(cookie);
	uint32_t version = reader_u32(&r);
	uint8_t right[COOKIE_OCTETS];

	if (!reader_ok(&r) || !jar_turn(jar, crypto, now))
		return false;
	if (version != jar->version && version + 1 != jar->version)
		return false;
	return bake(crypto, jar->secret[jar->version - version], version, remote, spi_i, nonce, right) &&
	       bytes_equal_secret(BYTES_OF_ARRAY(right), cookie);
}
