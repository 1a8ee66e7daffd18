/*
 * Proofs and names that are none, under the right keys of IKE_AUTH: AUTH of every method, kind and length; signatures
 * with an octet changed; identities of every type and length, read and printed; CERT payloads; INITIAL_CONTACT of who
 * proved nothing. Both ends.
 */
#include "hostile.h"

#include "public_key.h"

enum method {
	BY_SECRET,
	BY_NULL,
	BY_SIGNATURE,
	METHODS
};

/* The worthless RSA key of a node, RFC 3110, in base64. */
static char *key_of_node(uint8_t n)
{
	uint8_t raw[260] = { 3, 1, 0, 1 };

	memset(raw + 4, 0xa0 + n, 256);
	raw[259] |= 1;
	return base64_encode(BYTES_OF_ARRAY(raw));
}

/* The configuration of both, by that method. */
static void write_config(char config[4096], enum method method)
{
	static const char *const words[METHODS] = { "secret", "null", "rsa-sha2" };
	char *left = key_of_node(0), *right = key_of_node(1);

	assert_true(left && right);
	snprintf(config, 4096,
		 "config setup\n ike-quiet=10s\n"
		 "conn %%default\n left=10.0.0.1\n right=10.0.0.2\n auto=add\n keyingtries=1\n "
		 "retransmit-timeout=4s\n"
		 " authby=%s\n leftrsasigkey=0s%s\n rightrsasigkey=0s%s\n"
		 "conn a\n rightprotoport=udp/53\nconn b\n rightprotoport=tcp/80\n",
		 words[method], left, right);
	free(left);
	free(right);
}

static struct hostile *hostile_new_by(enum method method)
{
	char config[4096];

	write_config(config, method);
	return hostile_new_with(config, hostile_secrets);
}

/* The message is refused, whatever it says: nobody is proven by it at either end. */
static void try_proof(struct hostile *h, const struct place *p)
{
	hostile_play(h, p);
	hostile_assert(h, h->made == 0);
	if (!p->response)
		hostile_assert(h, h->error == AUTHENTICATION_FAILED || h->error == INVALID_SYNTAX);
	hostile_assert(h, hostile_count(h, p->response ? 0 : 1).established == 0);
	hostile_clean(h);
}

/* ---- AUTH ---- */

/* Its data: no octets, few, many; as they are but cut or longer; of zeros. index: of what method it says it is. */
static void put_proof(struct hostile *h, struct forged *f)
{
	static const size_t lengths[] = {
		0, 1, 2, 15, 16, 20, 31, 32, 33, 63, 64, 65, 255, 256, 1024, 12000
	};
	size_t at = forge_find(f, PAYLOAD_AUTH, 0), octets = lengths[h->value % 10];
	uint8_t room[12004] = { 0 };
	struct bytes good;

	if (at == f->count)
		return;
	good = forge_body(f, at);
	room[0] = h->index < 256 ? (uint8_t)h->index : good.at[0];
	if (h->value / 10 == 1)
		memset(room + 4, 255, octets);
	if (h->value / 10 == 2)
		memcpy(room + 4, good.at + 4, octets < good.len - 4 ? octets : good.len - 4);
	forge_replace(f, at, bytes_of(room, 4 + octets));
}

static bool is_as_it_was(const struct hostile *h, enum method method)
{
	/* The MAC of the PRF of the default suite has 64 octets, and so has a signature with its identifier more. */
	return (h->index == 256 || h->index == (method == BY_NULL ? 13 : 2)) && h->value == 2 * 10 + 6 &&
	       method != BY_SIGNATURE;
}

static void proofs_of_every_length_and_kind(void **state)
{
	for (enum method m = 0; m < METHODS; m++) {
		struct hostile *h = hostile_new_by(m);

		for (size_t k = 2; k < 4; k++) {
			hostile_play(h, &places[k]);
			hostile_assert(h, hostile_succeeded(h, &places[k]));
			hostile_clean(h);
			h->deed = "another proof";
			h->change = put_proof;
			for (h->index = 0; h->index <= 256;
			     h->index += h->index < 16 || h->index == 255 ? 1 : 239) {
				for (h->value = 0; h->value < 30; h->value++) {
					if (!is_as_it_was(h, m))
						try_proof(h, &places[k]);
				}
			}
			h->change = NULL;
		}
		hostile_after(h);
		hostile_discard(h);
	}
}

static void spoil_octet(struct hostile *h, struct forged *f)
{
	size_t at = forge_find(f, PAYLOAD_AUTH, 0), octet = 4 + h->value;
	uint8_t room[512];
	struct bytes good;

	if (at == f->count)
		return;
	good = forge_body(f, at);
	assert_true(good.len < sizeof(room) && octet < good.len);
	memcpy(room, good.at, good.len);
	if (h->index < 8)
		room[octet] ^= (uint8_t)(1u << h->index);
	else if (h->index == 8) /* taken out */
		memmove(room + octet, good.at + octet + 1, good.len - octet - 1);
	else if (h->index == 9) /* put in */
		memmove(room + octet + 1, good.at + octet, good.len - octet);
	else /* cut off here */
		good.len = octet + 1;
	forge_replace(f, at, bytes_of(room, good.len - (h->index == 8) + (h->index == 9)));
}

/*
 * What RFC 7427 puts into AUTH: the length of the AlgorithmIdentifier, it itself with all its fields, the signature.
 * Each octet with a bit turned, taken out, doubled, the last.
 */
static void each_octet_of_a_signature(void **state)
{
	struct hostile *h = hostile_new_by(BY_SIGNATURE);

	h->deed = "an octet of the signature or of its AlgorithmIdentifier";
	for (size_t k = 2; k < 4; k++) {
		size_t octets;

		h->change = NULL;
		hostile_play(h, &places[k]);
		octets = forge_body(&h->forged, forge_find(&h->forged, PAYLOAD_AUTH, 0)).len - 4;
		hostile_assert(h, octets > 100);
		hostile_clean(h);
		h->change = spoil_octet;
		for (h->value = 0; h->value < octets; h->value++) {
			for (h->index = h->value % 8; h->index < 11;
			     h->index = h->index < 8 ? 8 : h->index + 1) {
				/* The last octet, cut off after it, is the whole. */
				if (h->index != 10 || h->value + 1 != octets)
					try_proof(h, &places[k]);
			}
		}
	}
	h->change = NULL;
	hostile_after(h);
	hostile_discard(h);
}

/* ---- identities ---- */

static const size_t id_lengths[] = { 0, 1, 2, 3, 4, 5, 255, 1025, 12000 };
static const uint8_t id_octets[] = { 0x00, 0x30, '%', '\n', 0xff };

static void put_identity(struct hostile *h, struct forged *f)
{
	uint8_t type = h->place->response ? PAYLOAD_IDR : PAYLOAD_IDI, room[12004] = { 0 };
	size_t at = forge_find(f, type, 0), len = id_lengths[h->value % ARRAY_LENGTH(id_lengths)];

	if (at == f->count)
		return;
	room[0] = (uint8_t)h->index;
	memset(room + 4, id_octets[h->value / ARRAY_LENGTH(id_lengths)], len);
	/* As DER: a length that says more, or less, than there is. */
	if (len > 1)
		room[5] = (uint8_t)(h->value % 2 ? len : len - 3);
	forge_replace(f, at, bytes_of(room, 4 + len));
}

/* Nobody is known by any of these names; they are printed, for the log and the trace. */
static void identities_of_every_type_and_length(void **state)
{
	for (enum method m = BY_SECRET; m <= BY_SIGNATURE; m += BY_SIGNATURE - BY_SECRET) {
		struct hostile *h = hostile_new_by(m);
		FILE *nowhere = fopen("/dev/null", "w");

		assert_non_null(nowhere);
		h->w.trace = nowhere;
		h->deed = "another identity";
		h->change = put_identity;
		for (size_t k = 2; k < 4; k++) {
			for (h->index = 0; h->index < 256; h->index += h->index < 13 ? 1 : 121) {
				for (h->value = 0; h->value < ARRAY_LENGTH(id_lengths) * sizeof(id_octets);
				     h->value += m == BY_SECRET ? 1 : 4)
					try_proof(h, &places[k]);
			}
		}
		h->change = NULL;
		hostile_after(h);
		h->w.trace = NULL;
		fclose(nowhere);
		hostile_discard(h);
	}
}

static void add_wanted_identity(struct hostile *h, struct forged *f)
{
	uint8_t room[12004] = { 0 };
	size_t len = id_lengths[h->value % ARRAY_LENGTH(id_lengths)];

	room[0] = (uint8_t)h->index;
	memset(room + 4, id_octets[h->value / ARRAY_LENGTH(id_lengths)], len);
	forge_insert(f, 1, PAYLOAD_IDR, bytes_of(room, 4 + len));
}

/* The initiator asks for somebody else (IDr): refused, but for ID_NULL, which asks for nobody. */
static void wanted_identities_of_every_type_and_length(void **state)
{
	struct hostile *h = hostile_new();

	h->deed = "an identity that is asked for";
	h->change = add_wanted_identity;
	for (h->index = 0; h->index < 256; h->index += h->index < 13 ? 1 : 121) {
		for (h->value = 0; h->value < ARRAY_LENGTH(id_lengths) * sizeof(id_octets); h->value++) {
			if (h->index != 13)
				try_proof(h, &places[2]);
		}
	}
	h->change = NULL;
	hostile_after(h);
	hostile_discard(h);
}

/* ---- certificates ---- */

static void add_certificate(struct hostile *h, struct forged *f)
{
	uint8_t room[4001] = { 0 };
	size_t len = (size_t[]){ 0, 1, 3, 4000 }[h->value % 4];

	room[0] = (uint8_t)h->index;
	memset(room + 1, h->value / 4 ? 0x30 : 0, len);
	for (size_t i = 0; i <= h->value % 3; i++)
		forge_insert(f, 1, i == 2 && !h->place->response ? PAYLOAD_CERTREQ : PAYLOAD_CERT,
			     bytes_of(room, 1 + len));
}

/* Of every encoding: passed over by type, never read; the proof decides. */
static void certificates_of_every_encoding(void **state)
{
	struct hostile *h = hostile_new();

	h->deed = "a certificate";
	h->change = add_certificate;
	for (size_t k = 2; k < 4; k++) {
		for (h->index = 0; h->index < 256; h->index += h->index < 16 ? 1 : 48) {
			for (h->value = 0; h->value < 8; h->value++) {
				hostile_play(h, &places[k]);
				hostile_assert(h, k == 2 || h->made > 0);
				hostile_assert(h,
					       k == 3 || h->error == NO_ERROR || h->error == INVALID_SYNTAX);
				hostile_clean(h);
			}
		}
	}
	h->change = NULL;
	hostile_after(h);
	hostile_discard(h);
}

/* ---- INITIAL_CONTACT ---- */

static void contact_without_proof(struct hostile *h, struct forged *f)
{
	size_t at = forge_find(f, PAYLOAD_AUTH, 0);

	if (at == f->count)
		return;
	if (h->value)
		forge_octets(f, at)[4] ^= 1;
	if (forge_find_notify(f, INITIAL_CONTACT) == f->count)
		forge_add_notify(f, PROTOCOL_NONE, INITIAL_CONTACT, BYTES_NONE, BYTES_NONE);
}

/*
 * A peer that was restarted begins anew and says INITIAL_CONTACT. With a wrong proof, by whatever method, the IKE SA
 * before and its Child SA stay; with none to give (NULL), too, until the new Child SA takes the old one's place; with a
 * right one the IKE SA goes.
 */
static void initial_contact_of_who_proved_nothing(void **state)
{
	for (unsigned i = 0; i < 2 * METHODS; i++) {
		struct hostile *h;
		char config[4096];

		write_config(config, i / 2);
		/* A name is only a remark of who proves nothing (RFC 7619 2.2), and yet it is the same name. */
		assert_non_null(strstr(config, "conn b\n"));
		strcpy(strstr(config, "conn b\n"), " leftid=@alice\n rightid=@bob\n");
		h = hostile_new_with(config, hostile_secrets);
		hostile_up(h, 0, "a");
		world_restart(&h->w, 0);
		assert_true(world_configure(&h->w, 0, config, hostile_secrets, NULL, NULL));
		h->index = i;
		h->value = i % 2;
		h->change = contact_without_proof;
		h->place = &places[2];
		h->heard = 1;
		h->armed = true;
		hostile_tell(h, STORY_UP, 0);
		hostile_run(h, SECONDS(2));
		hostile_assert(h, h->taken == 1 && h->error == (h->value ? AUTHENTICATION_FAILED : NO_ERROR));
		hostile_assert(h, hostile_count(h, 1).established == (h->value ? 1 : 2));
		hostile_assert(h, world_children(&h->w, 1) >= 1);
		/* What its peer has forgotten is kept for five seconds. */
		hostile_run(h, SECONDS(5));
		if (i / 2 == BY_NULL && !h->value)
			hostile_assert(h, hostile_count(h, 1).established == 2);
		hostile_run(h, SECONDS(5));
		if (h->value)
			hostile_assert(h,
				       hostile_count(h, 1).established == 1 && world_children(&h->w, 1) == 1);
		else if (i / 2 != BY_NULL)
			hostile_assert(h, hostile_count(h, 1).established == 1);
		h->change = NULL;
		hostile_discard(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proofs_of_every_length_and_kind),
		cmocka_unit_test(each_octet_of_a_signature),
		cmocka_unit_test(identities_of_every_type_and_length),
		cmocka_unit_test(wanted_identities_of_every_type_and_length),
		cmocka_unit_test(certificates_of_every_encoding),
		cmocka_unit_test(initial_contact_of_who_proved_nothing),
	};

	return cmocka_run_group_tests_name("node/hostile_proof", tests, NULL, NULL);
}
