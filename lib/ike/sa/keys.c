/* Key derivation (keys.h), RFC 7296 2.13, 2.14, 2.17; RFC 5282 7.1 for the salt of AEADs. */
#include "keys.h"

#include <string.h>

#include "reader.h"
#include "writer.h"

/* @rfc 7296-2.13-1 7296-2.13-2 */
bool keys_prf_plus(const struct crypto *crypto, uint16_t prf, struct bytes key, struct bytes seed,
		   uint8_t *out, size_t out_len)
{
	const struct prf_row *row = prf_find(prf);
	uint8_t block[PRF_OCTETS_MAX], count = 0;
	struct writer w = writer_into(out, out_len);
	bool ok = row != NULL;

	while (ok && w.used < out_len) {
		const struct bytes parts[] = {
			bytes_of(block, count ? row->octets : 0),
			seed,
			bytes_of(&count, 1),
		};
		size_t want = out_len - w.used;

		/* The counter is one octet: RFC 7296 2.13 ends prf+ at 255 blocks. */
		if (count == UINT8_MAX) {
			ok = false;
			break;
		}
		count++;
		ok = crypto->prf(crypto->self, prf, key, parts, ARRAY_LENGTH(parts), block);
		writer_bytes(&w, bytes_of(block, want < row->octets ? want : row->octets));
	}
	wipe(block, sizeof(block));
	return ok && writer_ok(&w);
}

/* Takes one direction's two keys from the stream, in the order that the caller reads them. */
static void take_integ(struct reader *r, struct sealing_key *key)
{
	reader_copy(r, key->integ_key, key->integ->key_octets);
}

static void take_encr(struct reader *r, struct sealing_key *key)
{
	reader_copy(r, key->encr_key, (size_t)key->encr->key_octets + key->encr->salt_octets);
}

/* The seven keys from SKEYSEED (2.14, 2.18): proof is NULL where nothing is to be proven. */
/* @rfc 7296-2.13-3 7296-2.13-4 7296-2.14-2 7296-2.14-4 */
static bool expand(const struct crypto *crypto, const struct suite *suite, struct bytes skeyseed,
		   struct bytes nonce_i, struct bytes nonce_r, uint64_t spi_i, uint64_t spi_r,
		   struct ike_keys *keys, struct proof_keys *proof)
{
	const struct prf_row *prf = prf_find(suite->prf);
	const struct encr_row *encr = encr_find(suite->encr, suite->encr_bits);
	const struct integ_row *integ = integ_find(suite->integ);
	uint8_t seed[2 * LIMIT_NONCE_MAX + 16];
	uint8_t stream[3 * PRF_OCTETS_MAX + 2 * INTEG_KEY_OCTETS_MAX + 2 * ENCR_KEY_OCTETS_MAX];
	struct writer s = writer_into(seed, sizeof(seed));
	struct reader r;
	size_t need;
	bool ok;

	if (!prf || !encr || !integ)
		return false;
	writer_bytes(&s, nonce_i);
	writer_bytes(&s, nonce_r);
	writer_u64(&s, spi_i);
	writer_u64(&s, spi_r);
	need = 3u * prf->octets + 2u * integ->key_octets +
	       2u * ((size_t)encr->key_octets + encr->salt_octets);
	ok = writer_ok(&s) && keys_prf_plus(crypto, suite->prf, skeyseed, writer_written(&s), stream, need);
	if (ok) {
		keys->i.encr = keys->r.encr = encr;
		keys->i.integ = keys->r.integ = integ;
		r = reader_of(bytes_of(stream, need));
		reader_copy(&r, keys->sk_d, prf->octets);
		take_integ(&r, &keys->i);
		take_integ(&r, &keys->r);
		take_encr(&r, &keys->i);
		take_encr(&r, &keys->r);
		if (proof)
			reader_copy(&r, proof->pi, prf->octets);
		if (proof)
			reader_copy(&r, proof->pr, prf->octets);
		ok = reader_ok(&r);
	}
	wipe(stream, sizeof(stream));
	return ok;
}

/* @rfc 7296-2.14-1 */
bool keys_derive(const struct crypto *crypto, const struct suite *suite, struct bytes shared,
		 struct bytes nonce_i, struct bytes nonce_r, uint64_t spi_i, uint64_t spi_r,
		 struct ike_keys *keys, struct proof_keys *proof)
{
	const struct prf_row *prf = prf_find(suite->prf);
	uint8_t nonces[2 * LIMIT_NONCE_MAX], skeyseed[PRF_OCTETS_MAX];
	struct writer n = writer_into(nonces, sizeof(nonces));
	bool ok;

	writer_bytes(&n, nonce_i);
	writer_bytes(&n, nonce_r);
	ok = prf && writer_ok(&n) &&
	     crypto->prf(crypto->self, suite->prf, writer_written(&n), &shared, 1, skeyseed) &&
	     expand(crypto, suite, bytes_of(skeyseed, prf->octets), nonce_i, nonce_r, spi_i, spi_r, keys,
		    proof);
	wipe(skeyseed, sizeof(skeyseed));
	return ok;
}

/* @rfc 7296-2.18-1 7296-2.18-2 */
bool keys_rekey(const struct crypto *crypto, uint16_t old_prf, const uint8_t *old_sk_d,
		const struct suite *suite, struct bytes shared, struct bytes nonce_i, struct bytes nonce_r,
		uint64_t spi_i, uint64_t spi_r, struct ike_keys *keys)
{
	const struct prf_row *prf = prf_find(old_prf);
	const struct bytes parts[] = { shared, nonce_i, nonce_r };
	uint8_t skeyseed[PRF_OCTETS_MAX];
	bool ok = prf &&
		  crypto->prf(crypto->self, old_prf, bytes_of(old_sk_d, prf->octets), parts,
			      ARRAY_LENGTH(parts), skeyseed) &&
		  expand(crypto, suite, bytes_of(skeyseed, prf->octets), nonce_i, nonce_r, spi_i, spi_r, keys,
			 NULL);

	wipe(skeyseed, sizeof(skeyseed));
	return ok;
}

/* @rfc 7296-2.17-4 */
static void take_child(struct reader *r, const struct encr_row *encr, const struct integ_row *integ,
		       struct kernel_sa *sa)
{
	sa->encr = encr->id;
	sa->encr_bits = encr->key_bits;
	sa->integ = integ->id;
	sa->encr_key_len = (uint8_t)(encr->key_octets + encr->salt_octets);
	sa->integ_key_len = integ->key_octets;
	reader_copy(r, sa->encr_key, sa->encr_key_len);
	reader_copy(r, sa->integ_key, sa->integ_key_len);
}

/* @rfc 7296-2.17-1 7296-2.17-3 */
bool keys_child(const struct crypto *crypto, uint16_t prf, const uint8_t *sk_d, const struct suite *esp,
		struct bytes shared, struct bytes nonce_i, struct bytes nonce_r, struct kernel_sa *i,
		struct kernel_sa *r)
{
	const struct prf_row *row = prf_find(prf);
	const struct encr_row *encr = encr_find(esp->encr, esp->encr_bits);
	const struct integ_row *integ = integ_find(esp->integ);
	uint8_t seed[KE_OCTETS_MAX + 2 * LIMIT_NONCE_MAX];
	uint8_t stream[2 * (INTEG_KEY_OCTETS_MAX + ENCR_KEY_OCTETS_MAX)];
	struct writer s = writer_into(seed, sizeof(seed));
	struct reader in;
	size_t need;
	bool ok;

	if (!row || !encr || !integ)
		return false;
	need = 2u * ((size_t)encr->key_octets + encr->salt_octets + integ->key_octets);
	writer_bytes(&s, shared);
	writer_bytes(&s, nonce_i);
	writer_bytes(&s, nonce_r);
	ok = writer_ok(&s) &&
	     keys_prf_plus(crypto, prf, bytes_of(sk_d, row->octets), writer_written(&s), stream, need);
	if (ok) {
		in = reader_of(bytes_of(stream, need));
		take_child(&in, encr, integ, i);
		take_child(&in, encr, integ, r);
		ok = reader_done(&in);
	}
	wipe(seed, sizeof(seed));
	wipe(stream, sizeof(stream));
	return ok;
}
