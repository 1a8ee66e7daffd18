/* Notifications (RFC 7296 3.10), the names of everything, and the one line that the log shows of a message. */
#include "wire_fixture.h"

static uint8_t room[4096];

/* @rfc-test 7296-3.10-1 */
static void notifications_go_there_and_back(void **state)
{
	for (size_t spi = 0; spi <= 255; spi++) {
		uint8_t octets[255];
		struct message m;
		struct notify n;
		struct build b;

		memset(octets, (int)spi, sizeof(octets));
		build_begin(&b, room, sizeof(room), &test_header);
		build_notify(&b, 3, 40000, bytes_of(octets, spi), bytes_of_text("the data"));
		assert_int_equal(message_read(build_finish(&b), &m), REASON_OK);
		assert_true(notify_read(m.payload[0].body, &n));
		assert_int_equal(n.protocol, 3);
		assert_int_equal(n.type, 40000);
		assert_bytes(n.spi, bytes_of(octets, spi));
		assert_bytes(n.data, bytes_of_text("the data"));
	}
}

static void an_spi_that_is_too_long_is_not_written(void **state)
{
	static uint8_t octets[256];
	struct build b;

	build_begin(&b, room, sizeof(room), &test_header);
	build_notify(&b, 0, COOKIE, BYTES_OF_ARRAY(octets), BYTES_NONE);
	assert_int_equal(build_finish(&b).len, 0);
}

static void spi_sizes_must_not_lie(void **state)
{
	for (unsigned size = 0; size < 256; size++) {
		for (size_t len = 0; len < 24; len++) {
			uint8_t body[24] = { 1, (uint8_t)size, 0x40, 0x06 },
				*copy = exactly(bytes_of(body, len));
			struct notify n;

			assert_int_equal(notify_read(bytes_of(copy, len), &n), len >= 4 && size <= len - 4);
			free(copy);
		}
	}
}

static struct bytes with_notifies(const uint16_t *types)
{
	struct build b;

	build_begin(&b, room, sizeof(room), &test_header);
	for (size_t i = 0; types[i]; i++)
		build_notify(&b, 0, types[i], BYTES_NONE, bytes_of(&types[i], 1));
	return build_finish(&b);
}

/* @rfc-test 7296-3.10.1-1 7296-3.10.1-2 */
static void errors_are_found_among_the_rest(void **state)
{
	static const uint16_t quiet[] = { INITIAL_CONTACT, COOKIE, 40000, 16384, 65535, 0 };
	static const uint16_t loud[] = { INITIAL_CONTACT, NOTIFY_LAST_ERROR, TS_UNACCEPTABLE, 0 };
	struct message m;
	struct notify n;

	assert_int_equal(message_read(with_notifies(quiet), &m), REASON_OK);
	assert_false(message_notify(&m, 0, &n));
	assert_true(message_notify(&m, COOKIE, &n));
	assert_true(message_notify(&m, 40000, &n));
	assert_false(message_notify(&m, REKEY_SA, &n));
	assert_int_equal(message_read(with_notifies(loud), &m), REASON_OK);
	assert_true(message_notify(&m, 0, &n));
	assert_int_equal(n.type, NOTIFY_LAST_ERROR); /* an error that we do not know is an error */
	assert_true(message_notify(&m, TS_UNACCEPTABLE, &n));
}

static void a_malformed_one_is_passed_over(void **state)
{
	struct message m;
	struct notify n;
	struct build b;

	build_begin(&b, room, sizeof(room), &test_header);
	build_body(&b, PAYLOAD_N, bytes_of("\0\xff\0\x0e", 4));
	build_notify(&b, 0, INVALID_SYNTAX, BYTES_NONE, BYTES_NONE);
	assert_int_equal(message_read(build_finish(&b), &m), REASON_OK);
	assert_true(message_notify(&m, 0, &n));
	assert_int_equal(n.type, INVALID_SYNTAX);
	assert_false(message_notify(&m, NO_PROPOSAL_CHOSEN, &n));
}

static void errors_end_where_status_begins(void **state)
{
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		const char *name = notify_name((uint16_t)type);

		assert_int_equal(notify_is_error((uint16_t)type), type > 0 && type < 16384);
		assert_non_null(name);
		assert_int_equal(notify_is_known((uint16_t)type), strcmp(name, "notify") != 0);
	}
	assert_string_equal(notify_name(14), "NO_PROPOSAL_CHOSEN");
	assert_string_equal(notify_name(16388), "NAT_DETECTION_SOURCE_IP");
	assert_string_equal(notify_name(16389), "NAT_DETECTION_DESTINATION_IP");
	assert_string_equal(notify_name(16418), "CHILDLESS_IKEV2_SUPPORTED");
	assert_string_equal(notify_name(16430), "IKEV2_FRAGMENTATION_SUPPORTED");
	assert_string_equal(notify_name(16431), "SIGNATURE_HASH_ALGORITHMS");
}

static void every_payload_has_a_name(void **state)
{
	for (unsigned type = 0; type < 256; type++) {
		bool known = (type >= PAYLOAD_FIRST && type <= PAYLOAD_LAST) || type == PAYLOAD_SKF;

		assert_int_equal(payload_name((uint8_t)type) != NULL, known);
		assert_non_null(exchange_name((uint8_t)type));
	}
	assert_string_equal(exchange_name(34), "IKE_SA_INIT");
	assert_string_equal(exchange_name(37), "INFORMATIONAL");
}

static void one_line_says_what_a_message_is(void **state)
{
	struct ike_header header = test_header;
	struct message m;
	struct build b;
	struct text text;

	build_begin(&b, room, sizeof(room), &header);
	build_body(&b, PAYLOAD_IDI, bytes_of_text("....secret"));
	build_notify(&b, 0, USE_TRANSPORT_MODE, BYTES_NONE, BYTES_NONE);
	build_notify(&b, 0, 40000, BYTES_NONE, BYTES_NONE);
	build_body(&b, PAYLOAD_N, bytes_of("\0\xff\0\x0e", 4));
	assert_int_equal(message_read(build_finish(&b), &m), REASON_OK);
	assert_string_equal(message_describe(&m, &text),
			    "IKE_AUTH request 1: IDi N(USE_TRANSPORT_MODE) N(40000) N(malformed)");
	assert_int_equal(message_read_inner(PAYLOAD_V, bytes_of("\x2b\0\0\4\0\0\0\4", 8), &m), REASON_OK);
	assert_string_equal(message_describe(&m, &text), "IKE_AUTH request 1: SK{V V}");
	assert_int_equal(message_read_inner(PAYLOAD_NONE, BYTES_NONE, &m), REASON_OK);
	assert_string_equal(message_describe(&m, &text), "IKE_AUTH request 1: SK{}");
	header.exchange = 99;
	header.flags = FLAG_RESPONSE;
	header.message_id = 0xffffffff;
	build_begin(&b, room, sizeof(room), &header);
	build_body(&b, PAYLOAD_SK, bytes_of_text("sealed"));
	assert_int_equal(message_read(build_finish(&b), &m), REASON_OK);
	assert_string_equal(message_describe(&m, &text), "exchange 99 answer 4294967295: SK(6 octets)");
	header = test_header;
	build_begin(&b, room, sizeof(room), &header);
	build_body(&b, PAYLOAD_SKF, bytes_of("\0\2\0\3sealed", 10));
	assert_int_equal(message_read(build_finish(&b), &m), REASON_OK);
	assert_string_equal(message_describe(&m, &text), "IKE_AUTH request 1: SKF 2/3 6 octets");
	assert_int_equal(message_read_inner(PAYLOAD_V, bytes_of("\0\0\0\4", 4), &m), REASON_OK);
	assert_string_equal(message_describe(&m, &text), "IKE_AUTH request 1: SKF of 3{V}");
}

static void the_line_is_bounded(void **state)
{
	static uint16_t types[LIMIT_PAYLOADS + 1];
	struct message m;
	struct text text;

	for (size_t i = 0; i < LIMIT_PAYLOADS; i++)
		types[i] = NAT_DETECTION_DESTINATION_IP;
	assert_int_equal(message_read(with_notifies(types), &m), REASON_OK);
	assert_int_equal(strlen(message_describe(&m, &text)), LIMIT_NOTE_TEXT - 1);
	assert_true(text.cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notifications_go_there_and_back),
		cmocka_unit_test(an_spi_that_is_too_long_is_not_written),
		cmocka_unit_test(spi_sizes_must_not_lie),
		cmocka_unit_test(errors_are_found_among_the_rest),
		cmocka_unit_test(a_malformed_one_is_passed_over),
		cmocka_unit_test(errors_end_where_status_begins),
		cmocka_unit_test(every_payload_has_a_name),
		cmocka_unit_test(one_line_says_what_a_message_is),
		cmocka_unit_test(the_line_is_bounded),
	};
	return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
