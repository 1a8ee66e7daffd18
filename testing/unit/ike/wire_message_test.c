/*
 * Header and payload chain (RFC 7296 2.5, 3.1, 3.2): good ones, every truncation, lengths that lie, unknown and
 * critical payloads, the limit of payloads, versions, notifications, one line for the log.
 */
#include "wire_fixture.h"

static uint8_t room[LIMIT_MESSAGE + 64];

static struct bytes plain_message(void)
{
	struct build b;

	build_begin(&b, room, sizeof(room), &test_header);
	build_body(&b, PAYLOAD_SA, bytes_of_text("proposals"));
	build_body(&b, PAYLOAD_KE, bytes_of_text("\x1f....public"));
	build_body(&b, PAYLOAD_V, BYTES_NONE);
	build_notify(&b, PROTOCOL_ESP, REKEY_SA, bytes_of_text("spi4"), bytes_of_text("data"));
	build_body(&b, PAYLOAD_NONCE, bytes_of_text("nonce"));
	return build_finish(&b);
}

static enum reason read_copy(struct bytes packet, struct message *m)
{
	uint8_t *copy = exactly(packet);
	enum reason reason = message_read(bytes_of(copy, packet.len), m);

	free(copy);
	return reason;
}

/* @rfc-test 7296-3.1-1 7296-3.1-4 7296-3.1-6 */
static void header_goes_there_and_back(void **state)
{
	struct ike_header h;
	struct bytes packet = plain_message();

	assert_true(header_read(packet, &h));
	assert_true(h.spi_i == test_header.spi_i && h.spi_r == test_header.spi_r);
	assert_int_equal(h.next_payload, PAYLOAD_SA);
	assert_int_equal(h.version, 0x20);
	assert_int_equal(h.exchange, IKE_AUTH);
	assert_int_equal(h.flags, FLAG_INITIATOR);
	assert_int_equal(h.message_id, 1);
	assert_int_equal(h.length, packet.len);
	for (size_t n = 0; n < HEADER_OCTETS; n++) {
		uint8_t *copy = exactly(bytes_of(packet.at, n));
		struct message m;

		assert_false(header_read(bytes_of(copy, n), &h));
		assert_int_equal(message_read(bytes_of(copy, n), &m), REASON_MALFORMED);
		free(copy);
	}
}

/* @rfc-test 7296-3.2-1 7296-3.2-6 7296-3.10-1 */
static void payloads_go_there_and_back(void **state)
{
	struct bytes packet = plain_message();
	struct message m;
	struct notify n;

	assert_int_equal(message_read(packet, &m), REASON_OK);
	assert_int_equal(m.count, 5);
	assert_false(m.sealed || m.opened);
	assert_bytes(message_find(&m, PAYLOAD_SA, 0)->body, bytes_of_text("proposals"));
	assert_bytes(message_find(&m, PAYLOAD_KE, 0)->body, bytes_of_text("\x1f....public"));
	assert_int_equal(message_find(&m, PAYLOAD_V, 0)->body.len, 0);
	assert_null(message_find(&m, PAYLOAD_V, 1));
	assert_null(message_find(&m, PAYLOAD_EAP, 0));
	assert_int_equal(message_count(&m, PAYLOAD_NONCE), 1);
	assert_int_equal(message_count(&m, PAYLOAD_D), 0);
	assert_true(message_notify(&m, REKEY_SA, &n));
	assert_int_equal(n.protocol, PROTOCOL_ESP);
	assert_bytes(n.spi, bytes_of_text("spi4"));
	assert_bytes(n.data, bytes_of_text("data"));
	assert_false(message_notify(&m, 0, &n));
	assert_false(message_is_response(&m));
}

static void every_truncation_is_malformed(void **state)
{
	struct bytes packet = plain_message();
	struct message m;

	for (size_t n = HEADER_OCTETS; n < packet.len; n++) {
		struct writer w = writer_into(room, packet.len);

		/* The header lies about the length, then tells the truth of what is left. */
		assert_int_equal(read_copy(bytes_of(room, n), &m), REASON_MALFORMED);
		w.used = packet.len;
		writer_patch_u32(&w, 24, (uint32_t)n);
		assert_int_equal(read_copy(bytes_of(room, n), &m), REASON_MALFORMED);
		plain_message();
	}
	room[packet.len] = 0;
	assert_int_equal(read_copy(bytes_of(room, packet.len + 1), &m), REASON_MALFORMED);
}

static void trailing_octets_are_malformed(void **state)
{
	struct message m;

	for (size_t more = 1; more < 40; more++) {
		struct bytes packet = plain_message();
		struct writer w = { room, sizeof(room), packet.len, false };

		writer_zeros(&w, more);
		writer_patch_u32(&w, 24, (uint32_t)w.used);
		assert_int_equal(read_copy(writer_written(&w), &m), REASON_MALFORMED);
	}
}

/* @rfc-test 7296-3.1-15 */
static void the_length_field_must_be_that_of_the_datagram(void **state)
{
	static const uint32_t lies[] = { 0, 1, 27, 28, 29, 0x7fffffff, 0x80000000, 0xffffffff };
	struct bytes packet = plain_message();
	struct message m;

	for (size_t i = 0; i < ARRAY_LENGTH(lies); i++) {
		struct writer w = { room, sizeof(room), packet.len, false };

		writer_patch_u32(&w, 24, lies[i]);
		assert_int_equal(read_copy(packet, &m), REASON_MALFORMED);
	}
}

/* Every value of every payload's length field: only the true one is read as this message. */
/* @rfc-test 7296-3.2-6 */
static void payload_lengths_must_not_lie(void **state)
{
	size_t at = HEADER_OCTETS, payloads = 0;
	struct bytes packet = plain_message();
	struct message m;

	while (at < packet.len) {
		unsigned truth = (unsigned)room[at + 2] << 8 | room[at + 3];

		for (unsigned lie = 0; lie <= UINT16_MAX; lie += lie < 300 ? 1 : 251) {
			struct writer w = { room, sizeof(room), packet.len, false };
			enum reason reason;

			if (lie == truth)
				continue;
			writer_patch_u16(&w, at + 2, (uint16_t)lie);
			reason = message_read(packet, &m);
			/* A lie may happen to end where another chain makes sense; never with these payloads. */
			assert_true(reason != REASON_OK || m.count != 5);
			if (lie < PAYLOAD_HEADER || at + lie > packet.len)
				assert_int_equal(reason, REASON_MALFORMED);
		}
		room[at + 2] = (uint8_t)(truth >> 8);
		room[at + 3] = (uint8_t)truth;
		at += truth;
		payloads++;
	}
	assert_int_equal(payloads, 5);
	assert_int_equal(message_read(packet, &m), REASON_OK);
}

static bool known(unsigned type)
{
	return (type >= PAYLOAD_SA && type <= PAYLOAD_EAP) || type == PAYLOAD_SKF;
}

/* All 255 types, critical and not, types of IKEv1 (1 to 32) among them (2015-3991). */
/* @rfc-test 7296-2.5-7 7296-2.5-8 7296-2.5-9 7296-2.5-11 7296-3.2-3 7296-3.2-5 7296-3.2-7 */
static void unknown_types_are_skipped_or_refused(void **state)
{
	for (unsigned type = 1; type < 256; type++) {
		for (unsigned critical = 0; critical < 2; critical++) {
			struct message m;
			struct build b;
			enum reason reason;

			if (type == PAYLOAD_SK || type == PAYLOAD_SKF)
				continue;
			build_begin(&b, room, sizeof(room), &test_header);
			build_body(&b, (uint8_t)type, bytes_of_text("eight..."));
			build_body(&b, PAYLOAD_NONCE, bytes_of_text("nonce"));
			build_finish(&b);
			room[HEADER_OCTETS + 1] = critical ? 0x80 : 0x7f; /* reserved bits mean nothing */
			reason = read_copy(bytes_of(room, b.w.used), &m);
			if (known(type)) {
				/* The critical bit of a payload that we know is ignored (3.2). */
				assert_int_equal(reason, REASON_OK);
				assert_int_equal(m.count, 2);
			} else if (critical) {
				assert_int_equal(reason, REASON_UNKNOWN_CRITICAL);
				assert_int_equal(m.unknown_critical, type);
			} else {
				assert_int_equal(reason, REASON_OK);
				assert_int_equal(m.count, 1);
				assert_int_equal(m.payload[0].type, PAYLOAD_NONCE);
			}
		}
	}
}

static void payloads_are_counted_whatever_they_are(void **state)
{
	static const uint8_t types[] = { PAYLOAD_V, PAYLOAD_N, 200, PAYLOAD_NONE };
	struct message m;

	for (size_t t = 0; types[t]; t++) {
		for (size_t count = LIMIT_PAYLOADS - 2; count <= LIMIT_PAYLOADS + 2; count++) {
			struct build b;
			enum reason want = count <= LIMIT_PAYLOADS ? REASON_OK : REASON_MALFORMED;
			struct bytes packet;

			build_begin(&b, room, sizeof(room), &test_header);
			for (size_t i = 0; i < count; i++)
				build_body(&b, types[t], bytes_of_text("1234"));
			packet = build_finish(&b);
			assert_int_equal(read_copy(packet, &m), want);
			/* And inside, where the chain is the same but for the header. */
			assert_int_equal(message_read_inner(types[t],
							    bytes_of(packet.at + HEADER_OCTETS,
								     packet.len - HEADER_OCTETS),
							    &m),
					 want);
			/* And beside a sealed part, which is a payload too. */
			writer_patch_u8(&b.w, b.next_field, PAYLOAD_SK);
			writer_bytes(&b.w, bytes_of("\0\0\0\x08....", 8));
			packet = build_finish(&b);
			assert_int_equal(message_read(packet, &m),
					 count < LIMIT_PAYLOADS ? REASON_OK : REASON_MALFORMED);
		}
	}
}

static void a_payload_without_length_is_no_endless_loop(void **state)
{
	struct message m;

	memset(room, 0, sizeof(room));
	for (unsigned type = 1; type < 256; type++) {
		struct build b;

		build_begin(&b, room, sizeof(room), &test_header);
		writer_patch_u8(&b.w, 16, (uint8_t)type);
		for (unsigned i = 0; i < 1000; i++)
			writer_u32(&b.w, type << 24);
		build_finish(&b);
		assert_int_equal(message_read(bytes_of(room, b.w.used), &m), REASON_MALFORMED);
	}
}

static void bodies_have_a_least_size(void **state)
{
	for (unsigned type = PAYLOAD_FIRST; type <= PAYLOAD_LAST; type++) {
		size_t least = payload_least((uint8_t)type);

		for (size_t n = 0; n <= 6; n++) {
			struct message m;
			struct build b;

			if (type == PAYLOAD_SK)
				continue;
			build_begin(&b, room, sizeof(room), &test_header);
			build_body(&b, (uint8_t)type, bytes_of("\0\0\0\0\0\0", n));
			assert_int_equal(read_copy(build_finish(&b), &m),
					 n < least ? REASON_MALFORMED : REASON_OK);
		}
	}
}

/* @rfc-test 7296-3.14-1 7296-3.2-1 */
static void the_sealed_part_is_the_last(void **state)
{
	struct message m;
	struct build b;
	struct bytes packet;

	build_begin(&b, room, sizeof(room), &test_header);
	build_body(&b, PAYLOAD_V, bytes_of_text("beside"));
	build_body(&b, PAYLOAD_SK, bytes_of_text("sealed octets"));
	writer_patch_u8(&b.w, b.next_field, PAYLOAD_IDI); /* the type of the first payload inside (3.14) */
	packet = build_finish(&b);
	assert_int_equal(read_copy(packet, &m), REASON_OK);
	assert_int_equal(message_read(packet, &m), REASON_OK);
	assert_true(m.sealed && !m.opened);
	assert_int_equal(m.inner_first, PAYLOAD_IDI);
	assert_bytes(m.sealed_body, bytes_of_text("sealed octets"));
	assert_ptr_equal(packet.at + m.sealed_at, m.sealed_body.at);
	/* Something after it, or a second one: the chain ends with SK. */
	build_begin(&b, room, sizeof(room), &test_header);
	build_body(&b, PAYLOAD_SK, bytes_of_text("sealed octets"));
	build_body(&b, PAYLOAD_SK, bytes_of_text("sealed octets"));
	assert_int_equal(read_copy(build_finish(&b), &m), REASON_MALFORMED);
	/* Within a sealed part there is none. */
	assert_int_equal(message_read_inner(PAYLOAD_SK, bytes_of("\0\0\0\x08....", 8), &m), REASON_MALFORMED);
	assert_int_equal(message_read_inner(PAYLOAD_SKF, bytes_of("\0\0\0\x08....", 8), &m),
			 REASON_MALFORMED);
}

/* A message with an SKF payload of that body, whose inner payloads begin with an IDi. */
static struct bytes fragment_message(struct bytes body)
{
	struct build b;

	build_begin(&b, room, sizeof(room), &test_header);
	build_body(&b, PAYLOAD_V, bytes_of_text("beside"));
	build_body(&b, PAYLOAD_SKF, body);
	writer_patch_u8(&b.w, b.next_field, PAYLOAD_IDI);
	return build_finish(&b);
}

static void a_fragment_is_read_as_sealed(void **state)
{
	struct message m;
	struct bytes packet = fragment_message(bytes_of("\0\2\1\3sealed", 10));

	assert_int_equal(message_read(packet, &m), REASON_OK);
	assert_true(m.sealed && !m.opened);
	assert_int_equal(m.fragment.number, 2);
	assert_int_equal(m.fragment.total, 0x103);
	assert_int_equal(m.inner_first, PAYLOAD_IDI);
	assert_int_equal(m.count, 1);
	assert_bytes(m.sealed_body, bytes_of_text("sealed"));
	/* What is authenticated beside goes up to the IV: both numbers are in it (RFC 7383 2.5). */
	assert_int_equal(m.sealed_at, packet.len - 6);
	/* The next message that is read into the same struct is whole again. */
	assert_int_equal(message_read(plain_message(), &m), REASON_OK);
	assert_int_equal(m.fragment.total, 0);
}

static void fragments_of_no_text_are_malformed(void **state)
{
	struct message m;

	for (size_t n = 0; n < 12; n++) {
		enum reason reason = read_copy(fragment_message(bytes_of("\0\1\0\1........", n)), &m);

		assert_int_equal(reason, n > 4 ? REASON_OK : REASON_MALFORMED); /* 2009-1574 */
		assert_int_equal(m.sealed, n > 4);
	}
}

/* @rfc-test 7383-2.6-1 */
static void numbers_of_fragments_must_be_possible(void **state)
{
	static const uint16_t values[] = { 0, 1, 2, 3, 63, 64, 65, 255, 256, 32767, 32768, 65534, 65535 };
	struct message m;

	for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
		for (size_t k = 0; k < ARRAY_LENGTH(values); k++) {
			unsigned number = values[i], total = values[k];
			uint8_t body[] = { (uint8_t)(number >> 8), (uint8_t)number, (uint8_t)(total >> 8),
					   (uint8_t)total, 'x' };
			enum reason reason = read_copy(fragment_message(BYTES_OF_ARRAY(body)), &m);

			assert_int_equal(reason,
					 number >= 1 && number <= total ? REASON_OK : REASON_MALFORMED);
		}
	}
}

/* @rfc-test 7383-2.5-5 */
static void a_fragment_is_the_last_too(void **state)
{
	static const uint8_t types[] = { PAYLOAD_SK, PAYLOAD_SKF, PAYLOAD_V };
	struct message m;
	struct build b;

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		build_begin(&b, room, sizeof(room), &test_header);
		build_body(&b, PAYLOAD_SKF, bytes_of("\0\1\0\1sealed", 10));
		build_body(&b, types[i], bytes_of("\0\1\0\1sealed", 10));
		assert_int_equal(read_copy(build_finish(&b), &m), REASON_MALFORMED);
	}
}

static void what_was_beside_the_sealed_part_is_gone_when_it_is_opened(void **state)
{
	struct message m;
	struct build b;

	build_begin(&b, room, sizeof(room), &test_header);
	build_body(&b, PAYLOAD_D, bytes_of("\1\0\0\0", 4));
	build_body(&b, PAYLOAD_SK, bytes_of_text("sealed octets"));
	assert_int_equal(message_read(build_finish(&b), &m), REASON_OK);
	assert_int_equal(message_count(&m, PAYLOAD_D), 1);
	assert_int_equal(message_read_inner(PAYLOAD_NONE, BYTES_NONE, &m), REASON_OK);
	assert_true(m.opened);
	assert_int_equal(m.count, 0); /* 2007-1841: nothing in clear is acted upon */
	/* What is gathered begins with another type than the fragment that came last. */
	assert_int_equal(message_read_inner(PAYLOAD_V, bytes_of("\0\0\0\4", 4), &m), REASON_OK);
	assert_int_equal(m.inner_first, PAYLOAD_V);
	assert_int_equal(message_read_inner(PAYLOAD_NONE, bytes_of_text("x"), &m), REASON_MALFORMED);
	assert_int_equal(message_read_inner(PAYLOAD_V, BYTES_NONE, &m), REASON_MALFORMED);
}

/* @rfc-test 7296-2.5-1 7296-3.1-5 7296-3.1-7 */
static void only_version_two_is_read(void **state)
{
	struct message m;

	for (unsigned version = 0; version < 256; version++) {
		struct bytes packet = plain_message();

		room[17] = (uint8_t)version;
		assert_int_equal(read_copy(packet, &m), version >> 4 == 2 ? REASON_OK : REASON_VERSION);
		assert_int_equal(m.header.version, version);
	}
}

/* @rfc-test 7296-2-2 7296-2-3 */
static void messages_have_a_greatest_size(void **state)
{
	for (size_t size = LIMIT_MESSAGE - 1; size <= LIMIT_MESSAGE + 1; size++) {
		struct message m;
		struct build b;
		struct writer *w;

		build_begin(&b, room, sizeof(room), &test_header);
		w = build_payload(&b, PAYLOAD_V);
		writer_zeros(w, size - HEADER_OCTETS - PAYLOAD_HEADER);
		build_end(&b);
		assert_int_equal(message_read(build_finish(&b), &m),
				 size <= LIMIT_MESSAGE ? REASON_OK : REASON_MALFORMED);
	}
}

/* Flips of every bit of a good message: read or refused, never beyond its octets (the sanitizers look). */
static void every_flipped_bit_is_survived(void **state)
{
	struct bytes packet = plain_message();

	for (size_t bit = 0; bit < 8 * packet.len; bit++) {
		struct message m;
		struct text text;

		room[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (read_copy(packet, &m) == REASON_OK)
			assert_true(m.count <= LIMIT_PAYLOADS);
		if (message_read(packet, &m) == REASON_OK)
			assert_true(strlen(message_describe(&m, &text)) > 0);
		room[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_goes_there_and_back),
		cmocka_unit_test(payloads_go_there_and_back),
		cmocka_unit_test(every_truncation_is_malformed),
		cmocka_unit_test(trailing_octets_are_malformed),
		cmocka_unit_test(the_length_field_must_be_that_of_the_datagram),
		cmocka_unit_test(payload_lengths_must_not_lie),
		cmocka_unit_test(unknown_types_are_skipped_or_refused),
		cmocka_unit_test(payloads_are_counted_whatever_they_are),
		cmocka_unit_test(a_payload_without_length_is_no_endless_loop),
		cmocka_unit_test(bodies_have_a_least_size),
		cmocka_unit_test(the_sealed_part_is_the_last),
		cmocka_unit_test(a_fragment_is_read_as_sealed),
		cmocka_unit_test(fragments_of_no_text_are_malformed),
		cmocka_unit_test(numbers_of_fragments_must_be_possible),
		cmocka_unit_test(a_fragment_is_the_last_too),
		cmocka_unit_test(what_was_beside_the_sealed_part_is_gone_when_it_is_opened),
		cmocka_unit_test(only_version_two_is_read),
		cmocka_unit_test(messages_have_a_greatest_size),
		cmocka_unit_test(every_flipped_bit_is_survived),
	};
	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
