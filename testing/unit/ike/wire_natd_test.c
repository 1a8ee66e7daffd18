/*
 * NAT detection (RFC 7296 2.23): what is hashed, octet for octet; every pair of NATs; several sources; what is
 * missing, malformed or alone; crypto that fails.
 */
#include "../../../lib/ike/wire/natd.h"
#include "wire_fixture.h"

static uint8_t room[LIMIT_MESSAGE];

/* A hash that remembers what it was given. */
static uint8_t hashed[64];
static size_t hashed_octets;
static unsigned hashes_left;

static bool fake_hash(void *self, enum hash_id hash, const struct bytes *parts, size_t count, uint8_t *out)
{
	uint64_t sum = 7;

	assert_int_equal(hash, HASH_SHA1);
	if (!hashes_left)
		return false;
	hashes_left--;
	hashed_octets = 0;
	for (size_t i = 0; i < count; i++) {
		assert_true(hashed_octets + parts[i].len <= sizeof(hashed));
		memcpy(hashed + hashed_octets, parts[i].at, parts[i].len);
		hashed_octets += parts[i].len;
	}
	for (size_t i = 0; i < NATD_OCTETS; i++) {
		sum = mix(sum, bytes_of(hashed, hashed_octets));
		out[i] = (uint8_t)(sum >> 24);
	}
	return true;
}

static const struct crypto hashing = { .name = "hashing", .hash = fake_hash };

static struct endpoint at(const char *text)
{
	struct endpoint e;

	assert_true(endpoint_parse(&e, text));
	return e;
}

static int many_hashes(void **state)
{
	hashes_left = 1000;
	return 0;
}

/* @rfc-test 7296-2.23-7 */
static void exactly_these_octets_are_hashed(void **state)
{
	struct endpoint v4 = at("192.0.2.1:500"), v6 = at("[2001:db8::17]:4500");
	uint8_t hash[NATD_OCTETS], want[64];

	assert_true(natd_hash(&hashing, 0x0102030405060708, 0x1112131415161718, &v4, hash));
	assert_bytes(bytes_of(hashed, hashed_octets),
		     hex_into(want, sizeof(want), "0102030405060708 1112131415161718 c0000201 01f4"));
	assert_true(natd_hash(&hashing, 0x0102030405060708, 0, &v6, hash));
	assert_bytes(bytes_of(hashed, hashed_octets),
		     hex_into(want, sizeof(want),
			      "0102030405060708 0000000000000000 20010db8000000000000000000000017 1194"));
}

/* A first request: SPIr is 0. */
static struct message written(const struct endpoint *sources, size_t count,
			      const struct endpoint *destination)
{
	struct ike_header header = test_header;
	struct message m;
	struct build b;

	header.spi_r = 0;
	header.exchange = IKE_SA_INIT;
	build_begin(&b, room, sizeof(room), &header);
	assert_true(natd_write(&b, &hashing, header.spi_i, 0, sources, count, destination));
	assert_int_equal(message_read(build_finish(&b), &m), REASON_OK);
	return m;
}

static struct natd seen(const struct message *m, const char *local, const char *remote)
{
	struct endpoint here = at(local), there = at(remote);

	return natd_read(m, &hashing, m->header.spi_i, m->header.spi_r, &here, &there);
}

static void what_is_written_is_what_the_rfc_says(void **state)
{
	struct endpoint source = at("192.0.2.1:500"), destination = at("192.0.2.2:500");
	struct message m = written(&source, 1, &destination);
	uint8_t hash[NATD_OCTETS];
	struct notify n;

	assert_int_equal(m.count, 2);
	assert_true(message_notify(&m, NAT_DETECTION_SOURCE_IP, &n));
	assert_int_equal(n.protocol, PROTOCOL_NONE);
	assert_int_equal(n.spi.len, 0);
	assert_true(natd_hash(&hashing, test_header.spi_i, 0, &source, hash));
	assert_bytes(n.data, BYTES_OF_ARRAY(hash));
	assert_true(message_notify(&m, NAT_DETECTION_DESTINATION_IP, &n));
	assert_true(natd_hash(&hashing, test_header.spi_i, 0, &destination, hash));
	assert_bytes(n.data, BYTES_OF_ARRAY(hash));
}

/* @rfc-test 7296-2.23-11 */
static void every_pair_of_nats_is_seen(void **state)
{
	static const struct {
		const char *local, *remote; /* as the receiver sees them */
		bool we, peer;
	} rows[] = {
		{ "192.0.2.2:500", "192.0.2.1:500", false, false },
		{ "192.0.2.2:500", "192.0.2.9:500", false, true },
		{ "192.0.2.2:500", "192.0.2.1:1025", false, true }, /* the port alone */
		{ "10.0.0.2:500", "192.0.2.1:500", true, false },
		{ "192.0.2.2:4500", "192.0.2.1:500", true, false },
		{ "10.0.0.2:500", "192.0.2.9:4501", true, true },
		{ "192.0.2.1:500", "192.0.2.2:500", true,
		  true }, /* source and destination are not confused */
		{ "[2001:db8::2]:500", "[2001:db8::1]:500", true, true },
	};
	struct endpoint source = at("192.0.2.1:500"), destination = at("192.0.2.2:500");
	struct message m = written(&source, 1, &destination);

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct natd natd = seen(&m, rows[i].local, rows[i].remote);

		assert_true(natd.present);
		assert_int_equal(natd.we_are_behind, rows[i].we);
		assert_int_equal(natd.peer_is_behind, rows[i].peer);
	}
}

static void v6_is_detected_too(void **state)
{
	struct endpoint source = at("[2001:db8::1]:500"), destination = at("[2001:db8::2]:500");
	struct message m = written(&source, 1, &destination);
	struct natd natd = seen(&m, "[2001:db8::2]:500", "[2001:db8::1]:500");

	assert_true(natd.present && !natd.we_are_behind && !natd.peer_is_behind);
	natd = seen(&m, "[2001:db8::2]:500", "[2001:db8::3]:500");
	assert_true(natd.present && !natd.we_are_behind && natd.peer_is_behind);
}

/* @rfc-test 7296-2.23-8 */
static void one_source_of_several_is_enough(void **state)
{
	struct endpoint sources[] = { at("192.0.2.1:500"), at("198.51.100.1:500"), at("[2001:db8::1]:500") };
	struct endpoint destination = at("192.0.2.2:500");
	struct message m = written(sources, ARRAY_LENGTH(sources), &destination);

	assert_int_equal(m.count, 4);
	assert_false(seen(&m, "192.0.2.2:500", "192.0.2.1:500").peer_is_behind);
	assert_false(seen(&m, "192.0.2.2:500", "198.51.100.1:500").peer_is_behind);
	assert_false(seen(&m, "192.0.2.2:500", "[2001:db8::1]:500").peer_is_behind);
	assert_true(seen(&m, "192.0.2.2:500", "192.0.2.3:500").peer_is_behind);
}

static void a_source_that_is_not_ours_forces_encapsulation(void **state)
{
	struct endpoint destination = at("192.0.2.2:500"), nobody = at("0.0.0.0:0");
	struct message m = written(&nobody, 1, &destination);
	struct natd natd = seen(&m, "192.0.2.2:500", "192.0.2.1:500");

	assert_true(natd.present && natd.peer_is_behind && !natd.we_are_behind);
}

static void the_spis_count(void **state)
{
	struct endpoint source = at("192.0.2.1:500"), destination = at("192.0.2.2:500");
	struct message m = written(&source, 1, &destination);
	struct natd natd;

	natd = natd_read(&m, &hashing, test_header.spi_i, 1, &destination, &source);
	assert_true(natd.present && natd.we_are_behind && natd.peer_is_behind);
	natd = natd_read(&m, &hashing, test_header.spi_i + 1, 0, &destination, &source);
	assert_true(natd.present && natd.we_are_behind && natd.peer_is_behind);
	natd = natd_read(&m, &hashing, test_header.spi_i, 0, &destination, &source);
	assert_true(natd.present && !natd.we_are_behind && !natd.peer_is_behind);
}

/* One kind alone, none, or hashes of other sizes: an empty one, a short one, one too long. */
static void what_is_missing_or_malformed_is_no_match(void **state)
{
	struct endpoint source = at("192.0.2.1:500"), destination = at("192.0.2.2:500");
	uint8_t good[2][NATD_OCTETS + 1] = { { 0 } };
	struct message m;
	struct natd natd;
	struct build b;

	assert_true(natd_hash(&hashing, test_header.spi_i, test_header.spi_r, &source, good[0]));
	assert_true(natd_hash(&hashing, test_header.spi_i, test_header.spi_r, &destination, good[1]));
	for (unsigned which = 0; which < 4; which++) {
		build_begin(&b, room, sizeof(room), &test_header);
		if (which & 1)
			build_notify(&b, 0, NAT_DETECTION_SOURCE_IP, BYTES_NONE, bytes_of(good[0], 20));
		if (which & 2)
			build_notify(&b, 0, NAT_DETECTION_DESTINATION_IP, BYTES_NONE, bytes_of(good[1], 20));
		assert_int_equal(message_read(build_finish(&b), &m), REASON_OK);
		natd = seen(&m, "192.0.2.2:500", "192.0.2.1:500");
		assert_int_equal(natd.present, which == 3);
		assert_false(natd.we_are_behind || natd.peer_is_behind);
	}
	for (size_t n = 0; n <= NATD_OCTETS + 1; n++) {
		build_begin(&b, room, sizeof(room), &test_header);
		build_body(&b, PAYLOAD_N, bytes_of("\0\xff\x40\x04", 4)); /* malformed: passed over */
		build_notify(&b, 0, NAT_DETECTION_SOURCE_IP, BYTES_NONE, bytes_of(good[0], n));
		build_notify(&b, 0, NAT_DETECTION_DESTINATION_IP, BYTES_NONE, bytes_of(good[1], n));
		assert_int_equal(message_read(build_finish(&b), &m), REASON_OK);
		natd = seen(&m, "192.0.2.2:500", "192.0.2.1:500");
		assert_true(natd.present);
		assert_int_equal(natd.we_are_behind, n != NATD_OCTETS);
		assert_int_equal(natd.peer_is_behind, n != NATD_OCTETS);
	}
}

static void nothing_is_said_when_the_hash_fails(void **state)
{
	struct endpoint source = at("192.0.2.1:500"), destination = at("192.0.2.2:500"), none;
	struct message m = written(&source, 1, &destination);
	uint8_t hash[NATD_OCTETS];

	memset(&none, 0, sizeof(none));
	for (unsigned left = 0; left <= 2; left++) {
		static uint8_t other[512];
		struct natd natd;
		struct build b;

		hashes_left = left;
		natd = seen(&m, "192.0.2.2:500", "192.0.2.3:500");
		assert_int_equal(natd.present, left == 2);
		assert_int_equal(natd.peer_is_behind, left == 2);
		hashes_left = left;
		build_begin(&b, other, sizeof(other), &test_header);
		assert_int_equal(natd_write(&b, &hashing, 1, 2, &source, 1, &destination), left == 2);
	}
	hashes_left = 0;
	assert_false(natd_hash(&hashing, 1, 2, &source, hash));
}

static void a_room_too_small_fails_with_the_message(void **state)
{
	struct endpoint source = at("192.0.2.1:500"), destination = at("192.0.2.2:500");
	size_t whole = written(&source, 1, &destination).packet.len;

	for (size_t size = HEADER_OCTETS; size <= whole; size++) {
		struct build b;

		build_begin(&b, room, size, &test_header);
		assert_true(natd_write(&b, &hashing, 1, 2, &source, 1, &destination));
		assert_int_equal(build_finish(&b).len, size == whole ? whole : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(exactly_these_octets_are_hashed, many_hashes),
		cmocka_unit_test_setup(what_is_written_is_what_the_rfc_says, many_hashes),
		cmocka_unit_test_setup(every_pair_of_nats_is_seen, many_hashes),
		cmocka_unit_test_setup(v6_is_detected_too, many_hashes),
		cmocka_unit_test_setup(one_source_of_several_is_enough, many_hashes),
		cmocka_unit_test_setup(a_source_that_is_not_ours_forces_encapsulation, many_hashes),
		cmocka_unit_test_setup(the_spis_count, many_hashes),
		cmocka_unit_test_setup(what_is_missing_or_malformed_is_no_match, many_hashes),
		cmocka_unit_test_setup(nothing_is_said_when_the_hash_fails, many_hashes),
		cmocka_unit_test_setup(a_room_too_small_fails_with_the_message, many_hashes),
	};
	return cmocka_run_group_tests_name("natd", tests, NULL, NULL);
}
