/*
 * SA payloads (RFC 7296 3.3): there and back, every truncation, lengths and counts that lie, every key length
 * (2011-3380), attributes that cannot be understood (2005-3671, A5), the limits.
 */
#include "wire_fixture.h"

#define ROOM (LIMIT_PROPOSALS + 2) * (LIMIT_TRANSFORMS + 2) * 12

static uint8_t room[ROOM];
static struct proposal_list list;

static bool read_copy(struct bytes body)
{
	uint8_t *copy = exactly(body);
	bool ok;

	memset(&list, 0xee, sizeof(list));
	ok = proposals_read(bytes_of(copy, body.len), &list);
	free(copy);
	return ok;
}

static struct bytes two_proposals(void)
{
	static struct proposal ike = { .number = 1, .protocol = PROTOCOL_IKE },
			       esp = { .number = 2, .protocol = PROTOCOL_ESP };
	struct writer w = writer_into(room, sizeof(room));

	ike.count = esp.count = 0;
	assert_true(proposal_add(&ike, TRANSFORM_ENCR, ENCR_AES_GCM_16, 256) &&
		    proposal_add(&ike, TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0) &&
		    proposal_add(&ike, TRANSFORM_KE, KE_CURVE25519, 0));
	esp.spi = 0xc1c2c3c4;
	esp.spi_len = 4;
	assert_true(proposal_add(&esp, TRANSFORM_ENCR, ENCR_CHACHA20_POLY1305, 0) &&
		    proposal_add(&esp, TRANSFORM_ESN, ESN_NO, 0));
	proposal_write(&w, &ike, true);
	proposal_write(&w, &esp, false);
	return writer_written(&w);
}

/* @rfc-test 7296-2.7-1 7296-3.3.1-1 7296-3.3.1-5 7296-3.3.1-7 7296-3.3.2-1 7296-3.3.5-1 */
/* @rfc-test 7296-3.3.5-2 7296-3.3.5-3 */
static void proposals_go_there_and_back(void **state)
{
	static const char octets[] =
		"02000024 01010003 0300000c 01000014 800e0100 03000008 02000005 00000008 0400001f"
		"0000001c 02030402 c1c2c3c4 03000008 0100001c 00000008 05000000";
	uint8_t expected[256];
	struct bytes body = two_proposals();

	/* The octets by hand from the figures of 3.3.1 to 3.3.5. */
	assert_int_equal(body.len, 36 + 28);
	hex_into(expected, sizeof(expected), octets);
	assert_bytes(body, bytes_of(expected, body.len));
	assert_true(read_copy(body));
	assert_int_equal(list.count, 2);
	assert_int_equal(list.at[0].number, 1);
	assert_int_equal(list.at[0].protocol, PROTOCOL_IKE);
	assert_int_equal(list.at[0].spi_len, 0);
	assert_int_equal(list.at[0].count, 3);
	assert_int_equal(list.at[0].transform[0].type, TRANSFORM_ENCR);
	assert_int_equal(list.at[0].transform[0].id, ENCR_AES_GCM_16);
	assert_int_equal(list.at[0].transform[0].key_bits, 256);
	assert_int_equal(list.at[0].transform[2].id, KE_CURVE25519);
	assert_int_equal(list.at[1].spi_len, 4);
	assert_true(list.at[1].spi == 0xc1c2c3c4);
	assert_int_equal(list.at[1].transform[1].type, TRANSFORM_ESN);
}

static void every_truncation_is_malformed(void **state)
{
	struct bytes body = two_proposals();

	for (size_t n = 0; n < body.len; n++)
		assert_false(read_copy(bytes_of(body.at, n)));
	room[body.len] = 0;
	assert_false(read_copy(bytes_of(body.at, body.len + 1)));
	assert_true(read_copy(body));
}

/* Every octet with every value: read or refused; and what is read stays within the limits. */
static void every_octet_with_every_value_is_survived(void **state)
{
	struct bytes body = two_proposals();

	for (size_t i = 0; i < body.len; i++) {
		uint8_t kept = room[i];

		for (unsigned v = 0; v < 256; v++) {
			room[i] = (uint8_t)v;
			if (!read_copy(body))
				continue;
			assert_true(list.count <= LIMIT_PROPOSALS);
			for (size_t p = 0; p < list.count; p++)
				assert_true(list.at[p].count <= LIMIT_TRANSFORMS);
		}
		room[i] = kept;
	}
}

/* @rfc-test 7296-3.3.1-1 7296-3.3.1-7 7296-3.3.2-1 */
static void structure_must_not_lie(void **state)
{
	/* offset and value of one octet that makes the whole malformed */
	static const struct {
		size_t at;
		uint8_t value;
	} lies[] = {
		{ 0, 0 }, /* last proposal, yet another follows */
		{ 0, 1 },  { 0, 3 },   { 36, 2 },  { 36, 255 }, { 3, 0 },   { 3, 7 },
		{ 3, 35 }, { 3, 37 },  { 2, 1 },   { 39, 0 },   { 39, 27 }, { 39, 29 },
		{ 6, 1 },  { 6, 255 }, { 42, 3 },  { 42, 5 }, /* SPI size */
		{ 7, 2 },  { 7, 4 },   { 7, 255 }, { 43, 0 }, /* number of transforms */
		{ 8, 0 },  { 8, 2 },   { 20, 0 },  { 28, 3 }, /* last transform, or not */
		{ 11, 0 }, { 11, 7 },  { 11, 8 },  { 11, 11 },  { 11, 13 }, { 10, 255 },
	};
	struct bytes body = two_proposals();

	for (size_t i = 0; i < ARRAY_LENGTH(lies); i++) {
		uint8_t kept = room[lies[i].at];

		room[lies[i].at] = lies[i].value;
		if (read_copy(body))
			fail_msg("octet %zu with value %u was believed", lies[i].at, lies[i].value);
		room[lies[i].at] = kept;
	}
}

/* One ENCR transform with the attributes given; the transform that was read. */
static struct transform with_attributes(struct bytes attributes)
{
	struct writer w = writer_into(room, sizeof(room));

	writer_bytes(&w, bytes_of("\0\0\0\0\1\1\0\1\0\0\0\0\1\0\0\x14", 16));
	writer_bytes(&w, attributes);
	writer_patch_u16(&w, 2, (uint16_t)w.used);
	writer_patch_u16(&w, 10, (uint16_t)(w.used - 8));
	assert_true(read_copy(writer_written(&w)));
	assert_int_equal(list.count, 1);
	assert_int_equal(list.at[0].count, 1);
	assert_int_equal(list.at[0].transform[0].type, TRANSFORM_ENCR);
	return list.at[0].transform[0];
}

/* @rfc-test 7296-3.3.5-3 7296-3.3.5-5 */
static void every_key_length_is_read(void **state)
{
	for (unsigned bits = 0; bits <= UINT16_MAX; bits++) {
		uint8_t attribute[4] = { 0x80, 14, (uint8_t)(bits >> 8), (uint8_t)bits };
		struct transform t = with_attributes(BYTES_OF_ARRAY(attribute));

		if (bits == 0) {
			assert_int_equal(t.id, TRANSFORM_UNUSABLE);
			continue;
		}
		assert_int_equal(t.id, ENCR_AES_GCM_16);
		assert_int_equal(t.key_bits, bits);
		/* And only the two that the table has are a cipher of ours. */
		assert_int_equal(encr_find(t.id, t.key_bits) != NULL, bits == 128 || bits == 256);
		assert_null(encr_find(ENCR_CHACHA20_POLY1305, (uint16_t)bits));
	}
	assert_int_equal(with_attributes(BYTES_NONE).key_bits, 0);
	assert_null(encr_find(ENCR_AES_GCM_16, 0));
}

/* @rfc-test 7296-3.3.6-5 */
static void odd_attributes_make_a_transform_unusable_not_the_message_malformed(void **state)
{
	static const struct {
		const char *at;
		size_t len;
	} odd[] = {
		{ "\x80\x0e\1\0\x80\x0e\1\0", 8 }, /* key length twice */
		{ "\x80\x0e\1\0\x80\x0e\0\0", 8 },
		{ "\x80\x0e\0\0\x80\x0e\1\0", 8 },
		{ "\0\x0e\0\2\1\0", 6 }, /* key length in the long form */
		{ "\0\x0e\0\0", 4 }, /* of length 0 */
		{ "\0\x0e\0\4\0\0\1\0", 8 },
		{ "\x80\x0f\1\0", 4 }, /* attributes that nobody knows */
		{ "\x80\x0e\1\0\x80\x01\1\0", 8 },
		{ "\0\1\0\3abc\x80\x0e\1\0", 11 },
		{ "\x80\x0e\1\0\0\1\0\3abc", 11 },
		{ "\xff\xff\1\0", 4 },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(odd); i++)
		assert_int_equal(with_attributes(bytes_of(odd[i].at, odd[i].len)).id, TRANSFORM_UNUSABLE);
	assert_int_equal(with_attributes(bytes_of("\x80\x0e\1\0", 4)).id, ENCR_AES_GCM_16);
}

static void attributes_that_lie_are_malformed(void **state)
{
	static const struct {
		const char *at;
		size_t len;
	} lies[] = { { "\x80", 1 },         { "\x80\x0e", 2 },       { "\x80\x0e\1", 3 },
		     { "\0\x0e\0\1", 4 },   { "\0\x0e\xff\xff", 4 }, { "\0\x0e\0\3ab", 6 },
		     { "\x80\x0e\1\0z", 5 } };

	for (size_t i = 0; i < ARRAY_LENGTH(lies); i++) {
		struct writer w = writer_into(room, sizeof(room));

		writer_bytes(&w, bytes_of("\0\0\0\0\1\1\0\1\0\0\0\0\1\0\0\x14", 16));
		writer_bytes(&w, bytes_of(lies[i].at, lies[i].len));
		writer_patch_u16(&w, 2, (uint16_t)w.used);
		writer_patch_u16(&w, 10, (uint16_t)(w.used - 8));
		assert_false(read_copy(writer_written(&w)));
	}
}

static void types_that_nobody_knows_are_kept(void **state)
{
	for (unsigned type = 0; type < 256; type++) {
		struct writer w = writer_into(room, sizeof(room));

		writer_bytes(&w, bytes_of("\0\0\0\x10\1\1\0\1\0\0\0\x08\0\0\0\x14", 16));
		writer_patch_u8(&w, 12, (uint8_t)type);
		assert_true(read_copy(writer_written(&w)));
		assert_int_equal(list.at[0].transform[0].type, type);
	}
}

static void spis_of_every_size(void **state)
{
	for (size_t size = 0; size <= 255; size++) {
		struct writer w = writer_into(room, sizeof(room));
		uint64_t want = 0;

		writer_bytes(&w, bytes_of("\0\0\0\0\1\3\0\0", 8));
		writer_patch_u8(&w, 6, (uint8_t)size);
		for (size_t i = 0; i < size; i++)
			writer_u8(&w, (uint8_t)(i + 1));
		for (size_t i = 0; i < size && size <= 8; i++)
			want = want << 8 | (i + 1);
		writer_patch_u16(&w, 2, (uint16_t)w.used);
		assert_true(read_copy(writer_written(&w)));
		assert_int_equal(list.at[0].spi_len, size);
		assert_true(list.at[0].spi == want);
		assert_int_equal(list.at[0].count, 0);
	}
}

static void only_spis_of_ikev2_are_written(void **state)
{
	for (unsigned size = 0; size < 256; size++) {
		struct proposal p = { .number = 1,
				      .protocol = PROTOCOL_IKE,
				      .spi = 0x0102030405060708,
				      .spi_len = (uint8_t)size };
		struct writer w = writer_into(room, sizeof(room));

		proposal_write(&w, &p, false);
		assert_int_equal(writer_ok(&w), size == 0 || size == 4 || size == 8);
		if (!writer_ok(&w))
			continue;
		assert_true(read_copy(writer_written(&w)));
		assert_true(list.at[0].spi == (size == 8 ? p.spi : size ? 0x05060708u : 0));
	}
}

static void limits_hold(void **state)
{
	for (size_t count = LIMIT_PROPOSALS - 2; count <= LIMIT_PROPOSALS + 2; count++) {
		struct proposal p = { .number = 1, .protocol = PROTOCOL_IKE };
		struct writer w = writer_into(room, sizeof(room));

		assert_true(proposal_add(&p, TRANSFORM_ENCR, ENCR_AES_GCM_16, 256));
		for (size_t i = 0; i < count; i++)
			proposal_write(&w, &p, i + 1 < count);
		assert_int_equal(read_copy(writer_written(&w)), count <= LIMIT_PROPOSALS);
	}
	for (size_t count = LIMIT_TRANSFORMS - 2; count <= 255; count++) {
		struct writer w = writer_into(room, sizeof(room));

		writer_bytes(&w, bytes_of("\0\0\0\0\1\1\0\0", 8));
		writer_patch_u8(&w, 7, (uint8_t)count);
		for (size_t i = 0; i < count; i++)
			writer_bytes(
				&w,
				bytes_of(i + 1 < count ? "\3\0\0\x08\1\0\0\x14" : "\0\0\0\x08\1\0\0\x14", 8));
		writer_patch_u16(&w, 2, (uint16_t)w.used);
		assert_int_equal(read_copy(writer_written(&w)), count <= LIMIT_TRANSFORMS);
	}
	assert_false(read_copy(BYTES_NONE));
}

static void a_proposal_holds_a_transform_once(void **state)
{
	struct proposal p = { .number = 1 };

	for (unsigned i = 0; i < LIMIT_TRANSFORMS; i++) {
		assert_true(proposal_add(&p, TRANSFORM_KE, (uint16_t)i, 0));
		assert_true(proposal_add(&p, TRANSFORM_KE, (uint16_t)i, 0));
		assert_int_equal(p.count, i + 1);
	}
	assert_false(proposal_add(&p, TRANSFORM_KE, LIMIT_TRANSFORMS, 0));
	assert_true(proposal_add(&p, TRANSFORM_KE, 0, 0));
	assert_int_equal(p.count, LIMIT_TRANSFORMS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proposals_go_there_and_back),
		cmocka_unit_test(every_truncation_is_malformed),
		cmocka_unit_test(every_octet_with_every_value_is_survived),
		cmocka_unit_test(structure_must_not_lie),
		cmocka_unit_test(every_key_length_is_read),
		cmocka_unit_test(odd_attributes_make_a_transform_unusable_not_the_message_malformed),
		cmocka_unit_test(attributes_that_lie_are_malformed),
		cmocka_unit_test(types_that_nobody_knows_are_kept),
		cmocka_unit_test(spis_of_every_size),
		cmocka_unit_test(only_spis_of_ikev2_are_written),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(a_proposal_holds_a_transform_once),
	};
	return cmocka_run_group_tests_name("proposal", tests, NULL, NULL);
}
