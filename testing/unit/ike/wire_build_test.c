/*
 * Building, sealing and opening (RFC 7296 3.2, 3.14; RFC 5282): there and back with every cipher and length,
 * every bit changed, every truncation, padding of every size, rooms that are too small, failures of crypto.
 */
#include "wire_fixture.h"

static uint8_t room[2048];

static struct sealing_key keys[4];
static size_t key_count;

static int make_keys(void **state)
{
	key_count = 0;
	keys[key_count++] = fake_key(ENCR_AES_GCM_16, 256, INTEG_NONE);
	keys[key_count++] = fake_key(ENCR_CHACHA20_POLY1305, 0, INTEG_NONE);
	keys[key_count++] = fake_key(ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_256_128);
	keys[key_count++] = fake_key(ENCR_AES_CBC, 256, INTEG_HMAC_SHA2_512_256);
	return 0;
}

static size_t icv_octets(const struct sealing_key *key)
{
	return key->encr->aead ? key->encr->icv_octets : key->integ->icv_octets;
}

/* A sealed message with a V payload of so many octets, in so much room. */
static struct bytes sealed_in(const struct sealing_key *key, size_t octets, size_t size,
			      const struct crypto *crypto)
{
	struct build b;
	struct writer *w;

	build_begin(&b, room, size, &test_header);
	build_seal(&b, key);
	w = build_payload(&b, PAYLOAD_V);
	for (size_t i = 0; i < octets; i++)
		writer_u8(w, (uint8_t)(i + 1));
	build_end(&b);
	build_notify(&b, PROTOCOL_NONE, INITIAL_CONTACT, BYTES_NONE, BYTES_NONE);
	return build_finish_sealed(&b, crypto, key, 0x0a0b0c0d0e0f1011);
}

static enum reason open_copy(struct bytes packet, const struct sealing_key *key, struct blob *plain,
			     struct message *m)
{
	uint8_t *copy = exactly(packet);
	enum reason reason = message_read(bytes_of(copy, packet.len), m);

	if (reason == REASON_OK)
		reason = message_open(m, &fake_crypto, key, plain);
	free(copy);
	return reason;
}

/* @rfc-test 7296-3.14-2 7296-3.14-5 7296-3.14-7 */
static void what_is_sealed_comes_out(void **state)
{
	for (size_t k = 0; k < key_count; k++) {
		for (size_t n = 0; n < 70; n++) {
			struct blob plain = { NULL, 0 };
			struct bytes packet = sealed_in(&keys[k], n, sizeof(room), &fake_crypto);
			size_t block = keys[k].encr->block_octets;
			struct message m;

			assert_true(packet.len > 0);
			assert_int_equal(open_copy(packet, &keys[k], &plain, &m), REASON_OK);
			assert_int_equal(plain.len, PAYLOAD_HEADER + n + PAYLOAD_HEADER + 4);
			assert_int_equal(
				(m.sealed_body.len - keys[k].encr->iv_octets - icv_octets(&keys[k])) % block,
				0);
			assert_true(m.sealed_body.len <=
				    keys[k].encr->iv_octets + plain.len + block + icv_octets(&keys[k]));
			assert_int_equal(message_read_inner(m.inner_first, bytes_of_blob(&plain), &m),
					 REASON_OK);
			assert_int_equal(m.count, 2);
			assert_int_equal(m.payload[0].type, PAYLOAD_V);
			assert_int_equal(m.payload[0].body.len, n);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(m.payload[0].body.at[i], (uint8_t)(i + 1));
			assert_true(message_notify(&m, INITIAL_CONTACT, &(struct notify){ 0 }));
			blob_discard(&plain);
		}
	}
}

/* @rfc-test 7296-3.14-3 */
static void the_iv_is_that_of_the_caller_or_random(void **state)
{
	for (size_t k = 0; k < key_count; k++) {
		struct bytes packet = sealed_in(&keys[k], 5, sizeof(room), &fake_crypto);
		struct message m;
		struct reader r;

		assert_int_equal(message_read(packet, &m), REASON_OK);
		r = reader_of(m.sealed_body);
		if (keys[k].encr->aead)
			assert_true(reader_u64(&r) == 0x0a0b0c0d0e0f1011);
		else
			for (size_t i = 0; i < keys[k].encr->iv_octets; i++)
				assert_int_equal(reader_u8(&r), 0x77);
	}
}

static void an_empty_sealed_message_is_a_message(void **state)
{
	for (size_t k = 0; k < key_count; k++) {
		struct blob plain = { NULL, 0 };
		struct bytes packet;
		struct message m;
		struct build b;

		build_begin(&b, room, sizeof(room), &test_header);
		build_seal(&b, &keys[k]);
		packet = build_finish_sealed(&b, &fake_crypto, &keys[k], 1);
		assert_int_equal(open_copy(packet, &keys[k], &plain, &m), REASON_OK);
		assert_int_equal(m.inner_first, PAYLOAD_NONE);
		assert_int_equal(plain.len, 0);
		assert_int_equal(message_read_inner(m.inner_first, bytes_of_blob(&plain), &m), REASON_OK);
		assert_int_equal(m.count, 0);
		blob_discard(&plain);
	}
}

/* Header, SK header, IV, text and ICV: each bit counts (2019-10155). */
/* @rfc-test 7296-3.14-9 */
static void every_changed_bit_is_noticed(void **state)
{
	for (size_t k = 0; k < key_count; k++) {
		struct bytes packet = sealed_in(&keys[k], 9, sizeof(room), &fake_crypto);

		for (size_t bit = 0; bit < 8 * packet.len; bit++) {
			struct blob plain = { NULL, 0 };
			struct message m;

			room[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_not_equal(open_copy(packet, &keys[k], &plain, &m), REASON_OK);
			assert_null(plain.data);
			room[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
}

/*
 * Lengths that cannot be right are a wrong ICV, never "malformed": malformed means that the peer itself made
 * the nonsense, and ends the IKE SA.
 */
static void no_length_is_believed_before_the_icv(void **state)
{
	for (size_t k = 0; k < key_count; k++) {
		for (size_t n = 0; n < 120; n++) {
			static const uint8_t zeros[120];
			struct blob plain = { NULL, 0 };
			struct bytes packet;
			struct message m;
			struct build b;

			build_begin(&b, room, sizeof(room), &test_header);
			build_body(&b, PAYLOAD_SK, bytes_of(zeros, n));
			packet = build_finish(&b);
			assert_int_equal(open_copy(packet, &keys[k], &plain, &m), REASON_INTEGRITY);
			assert_null(plain.data);
		}
	}
}

static void a_message_without_sealed_part_opens_to_nothing(void **state)
{
	struct blob plain = { NULL, 0 };
	struct message m;
	struct build b;

	build_begin(&b, room, sizeof(room), &test_header);
	build_body(&b, PAYLOAD_V, BYTES_NONE);
	assert_int_equal(message_read(build_finish(&b), &m), REASON_OK);
	assert_int_equal(message_open(&m, &fake_crypto, &keys[0], &plain), REASON_INTEGRITY);
	assert_null(plain.data);
}

static void another_key_opens_nothing(void **state)
{
	for (size_t k = 0; k < key_count; k++) {
		struct bytes packet = sealed_in(&keys[k], 9, sizeof(room), &fake_crypto);
		struct blob plain = { NULL, 0 };
		struct sealing_key other = keys[k];
		struct message m;

		other.encr_key[0] ^= 1;
		assert_int_equal(open_copy(packet, &other, &plain, &m), REASON_INTEGRITY);
		other = keys[k];
		other.integ_key[0] ^= 1;
		assert_int_equal(open_copy(packet, &other, &plain, &m), REASON_INTEGRITY);
		assert_int_equal(open_copy(packet, &keys[(k + 1) % key_count], &plain, &m), REASON_INTEGRITY);
		assert_null(plain.data);
	}
}

/* A peer may pad as it likes, 0 to 255 octets of anything; the length must fit into what was sealed. */
/* @rfc-test 7296-3.14-8 */
static void padding_of_every_size_is_taken_off(void **state)
{
	for (unsigned text = 1; text <= 300; text += text < 20 ? 1 : 37) {
		for (unsigned padding = 0; padding < 256; padding++) {
			struct sealing_key *key = &keys[0];
			uint8_t body[400], icv[ICV_OCTETS_MAX];
			struct blob plain = { NULL, 0 };
			struct writer w = writer_into(body, sizeof(body));
			struct message m;
			struct build b;

			writer_u64(&w, 42);
			for (unsigned i = 0; i + 1 < text; i++)
				writer_u8(&w, 0xaa);
			writer_u8(&w, (uint8_t)padding);
			writer_zeros(&w, icv_octets(key));
			build_begin(&b, room, sizeof(room), &test_header);
			build_body(&b, PAYLOAD_SK, writer_written(&w));
			build_finish(&b);
			fake_seal(NULL, key, bytes_of(room, HEADER_OCTETS + PAYLOAD_HEADER),
				  bytes_of(body, 8), room + HEADER_OCTETS + PAYLOAD_HEADER + 8, text, icv);
			memcpy(room + b.w.used - icv_octets(key), icv, icv_octets(key));
			assert_int_equal(open_copy(bytes_of(room, b.w.used), key, &plain, &m),
					 padding + 1 <= text ? REASON_OK : REASON_MALFORMED);
			assert_non_null(plain.data); /* malformed under a right ICV: the sender is proven */
			if (padding + 1 <= text)
				assert_int_equal(plain.len, text - 1 - padding);
			blob_discard(&plain);
		}
	}
}

static void a_room_too_small_fails_as_a_whole(void **state)
{
	for (size_t k = 0; k < key_count; k++) {
		size_t whole = sealed_in(&keys[k], 9, sizeof(room), &fake_crypto).len;

		for (size_t size = 0; size <= whole; size++) {
			memset(room, 0xee, sizeof(room));
			assert_int_equal(sealed_in(&keys[k], 9, size, &fake_crypto).len,
					 size == whole ? whole : 0);
			for (size_t i = size; i < sizeof(room); i++)
				assert_int_equal(room[i], 0xee);
		}
	}
}

static void nothing_is_sent_when_crypto_fails(void **state)
{
	const struct crypto no_random = { .random = broken_random, .seal = fake_seal };
	const struct crypto no_seal = { .random = fake_random, .seal = broken_seal };

	for (size_t k = 0; k < key_count; k++) {
		assert_int_equal(sealed_in(&keys[k], 9, sizeof(room), &no_seal).len, 0);
		/* Only CBC needs random octets (checklist D6). */
		assert_int_equal(sealed_in(&keys[k], 9, sizeof(room), &no_random).len == 0,
				 !keys[k].encr->aead);
	}
}

static void a_payload_too_long_for_its_field_is_not_written(void **state)
{
	static uint8_t large[70000], body[65536];

	for (size_t n = 65530; n <= 65536; n++) {
		struct build b;

		build_begin(&b, large, sizeof(large), &test_header);
		build_body(&b, PAYLOAD_V, bytes_of(body, n));
		assert_int_equal(build_finish(&b).len,
				 n + PAYLOAD_HEADER <= UINT16_MAX ? HEADER_OCTETS + PAYLOAD_HEADER + n : 0);
		build_begin(&b, large, sizeof(large), &test_header);
		build_seal(&b, &keys[0]);
		writer_bytes(&b.w, bytes_of(body, n));
		assert_int_equal(build_finish_sealed(&b, &fake_crypto, &keys[0], 1).len, 0);
	}
}

/* The AAD is the message up to the IV (RFC 5282 5.1): with what stands in clear beside the SK payload. */
/* @rfc-test 7296-3.14-9 */
static void what_stands_beside_is_authenticated(void **state)
{
	struct blob plain = { NULL, 0 };
	struct bytes packet;
	struct message m;
	struct build b;

	build_begin(&b, room, sizeof(room), &test_header);
	build_body(&b, PAYLOAD_V, bytes_of_text("beside"));
	build_seal(&b, &keys[0]);
	build_body(&b, PAYLOAD_V, bytes_of_text("inside"));
	packet = build_finish_sealed(&b, &fake_crypto, &keys[0], 3);
	assert_int_equal(open_copy(packet, &keys[0], &plain, &m), REASON_OK);
	assert_bytes(bytes_of(plain.data + PAYLOAD_HEADER, 6), bytes_of_text("inside"));
	blob_discard(&plain);
	room[HEADER_OCTETS + PAYLOAD_HEADER] ^= 1;
	assert_int_equal(open_copy(packet, &keys[0], &plain, &m), REASON_INTEGRITY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sealed_comes_out),
		cmocka_unit_test(the_iv_is_that_of_the_caller_or_random),
		cmocka_unit_test(an_empty_sealed_message_is_a_message),
		cmocka_unit_test(every_changed_bit_is_noticed),
		cmocka_unit_test(no_length_is_believed_before_the_icv),
		cmocka_unit_test(a_message_without_sealed_part_opens_to_nothing),
		cmocka_unit_test(another_key_opens_nothing),
		cmocka_unit_test(padding_of_every_size_is_taken_off),
		cmocka_unit_test(a_room_too_small_fails_as_a_whole),
		cmocka_unit_test(nothing_is_sent_when_crypto_fails),
		cmocka_unit_test(a_payload_too_long_for_its_field_is_not_written),
		cmocka_unit_test(what_stands_beside_is_authenticated),
	};
	return cmocka_run_group_tests_name("build", tests, make_keys, NULL);
}
