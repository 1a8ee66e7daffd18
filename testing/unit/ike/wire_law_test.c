/*
 * The payload law (RFC 7296 1.2 to 1.4, appendix C). The lawful messages are written here once more, in the
 * RFC's own words; each is then tried with every payload left out, doubled, and added (2013-6467, 2014-2037).
 */
#include "wire_fixture.h"

struct lawful {
	uint8_t exchange;
	bool response;
	const char *must; /* "SA KE": exactly once */
	const char *may; /* at most once */
	const char *many; /* any number */
};

static const struct lawful lawful[] = {
	{ IKE_SA_INIT, false, "SA KE Ni/Nr", "", "N V" },
	{ IKE_SA_INIT, true, "SA KE Ni/Nr", "", "CERTREQ N V" },
	{ IKE_AUTH, false, "IDi", "IDr AUTH CP SA TSi TSr", "CERT CERTREQ N V" },
	{ IKE_AUTH, true, "IDr AUTH", "CP SA TSi TSr", "CERT N V" },
	{ CREATE_CHILD_SA, false, "SA Ni/Nr", "KE TSi TSr CP", "N V" },
	{ CREATE_CHILD_SA, true, "SA Ni/Nr", "KE TSi TSr CP", "N V" },
	{ INFORMATIONAL, false, "", "CP", "D N V" },
	{ INFORMATIONAL, true, "", "CP", "D N V" },
};

static bool names(const char *list, uint8_t type)
{
	const char *name = payload_name(type);
	size_t len = name ? strlen(name) : 0;

	for (const char *at = list; len && (at = strstr(at, name)) != NULL; at += len) {
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

static void add(struct message *m, uint8_t type, unsigned times)
{
	while (times--)
		m->payload[m->count++] = (struct payload){ type, bytes_of("\0\0\x40\0", 4) };
}

/* The least lawful message, with one payload a given number of times instead. */
static struct message message_with(const struct lawful *l, uint8_t type, unsigned times)
{
	struct message m;

	memset(&m, 0, sizeof(m));
	m.header.exchange = l->exchange;
	m.header.flags = l->response ? FLAG_RESPONSE : 0;
	for (unsigned t = PAYLOAD_FIRST; t <= PAYLOAD_LAST; t++) {
		if (names(l->must, (uint8_t)t) && t != type)
			add(&m, (uint8_t)t, 1);
	}
	add(&m, type, times);
	return m;
}

/* @rfc-test 7296-1.2-1 7296-1.2-4 7296-1.3.1-1 7296-1.4-3 7296-3.10.1-3 7296-3.12-2 */
static void every_payload_left_out_doubled_and_added(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(lawful); i++) {
		const struct lawful *l = &lawful[i];

		for (unsigned type = PAYLOAD_FIRST; type <= PAYLOAD_LAST; type++) {
			for (unsigned times = 0; times <= 3; times++) {
				struct message m = message_with(l, (uint8_t)type, times);
				bool must = names(l->must, (uint8_t)type), may = names(l->may, (uint8_t)type);
				bool many = names(l->many, (uint8_t)type);
				bool good = must ? times == 1 : may ? times <= 1 : many || times == 0;
				uint8_t which = 0;

				if (type == PAYLOAD_SK)
					continue;
				assert_int_equal(law_check(&m, l->response, &which),
						 good ? REASON_OK : REASON_LAW);
				if (!good)
					assert_int_equal(which, type);
			}
		}
	}
}

static void an_answer_may_be_an_error_alone(void **state)
{
	static const struct {
		uint16_t type;
		bool alone;
	} rows[] = {
		{ NO_PROPOSAL_CHOSEN, true },    { INVALID_KE_PAYLOAD, true },
		{ AUTHENTICATION_FAILED, true }, { TS_UNACCEPTABLE, true },
		{ NOTIFY_LAST_ERROR, true },     { COOKIE, true },
		{ INITIAL_CONTACT, false },      { 40000, false },
		{ NOTIFY_NONE, false },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(lawful); i++) {
		const struct lawful *l = &lawful[i];

		for (size_t r = 0; r < ARRAY_LENGTH(rows); r++) {
			uint8_t body[4] = { 0, 0, (uint8_t)(rows[r].type >> 8), (uint8_t)rows[r].type },
				which;
			struct message m = { .header.exchange = l->exchange };
			bool good = l->must[0] == '\0' || (l->response && rows[r].alone);

			m.payload[m.count++] = (struct payload){ PAYLOAD_N, BYTES_OF_ARRAY(body) };
			assert_int_equal(law_check(&m, l->response, &which), good ? REASON_OK : REASON_LAW);
		}
	}
}

/* @rfc-test 7296-2.21.2-6 */
static void an_error_excuses_what_lacks_not_what_is_wrong(void **state)
{
	uint8_t body[4] = { 0, 0, 0, TS_UNACCEPTABLE }, which = 0;
	struct message m = { .header.exchange = IKE_AUTH };

	/* The IKE SA stands, the Child SA does not: IDr, AUTH and the error (1.2). */
	m.payload[m.count++] = (struct payload){ PAYLOAD_N, BYTES_OF_ARRAY(body) };
	add(&m, PAYLOAD_IDR, 1);
	add(&m, PAYLOAD_AUTH, 1);
	assert_int_equal(law_check(&m, true, &which), REASON_OK);
	add(&m, PAYLOAD_AUTH, 1);
	assert_int_equal(law_check(&m, true, &which), REASON_LAW);
	assert_int_equal(which, PAYLOAD_AUTH);
	m.count--;
	add(&m, PAYLOAD_IDI, 1);
	assert_int_equal(law_check(&m, true, &which), REASON_LAW);
	assert_int_equal(which, PAYLOAD_IDI);
}

/* @rfc-test 7296-2.5-15 */
static void order_does_not_matter(void **state)
{
	uint8_t which;

	for (size_t i = 0; i < ARRAY_LENGTH(lawful); i++) {
		struct message m = message_with(&lawful[i], PAYLOAD_N, 2), back = m;

		for (size_t k = 0; k < m.count; k++)
			back.payload[k] = m.payload[m.count - 1 - k];
		assert_int_equal(law_check(&back, lawful[i].response, &which), REASON_OK);
	}
}

static void as_many_as_a_message_holds(void **state)
{
	uint8_t which;

	for (size_t i = 0; i < ARRAY_LENGTH(lawful); i++) {
		for (unsigned type = PAYLOAD_FIRST; type <= PAYLOAD_LAST; type++) {
			struct message m = message_with(&lawful[i], 0, 0);

			add(&m, (uint8_t)type, LIMIT_PAYLOADS - (unsigned)m.count);
			assert_int_equal(m.count, LIMIT_PAYLOADS);
			assert_int_equal(law_check(&m, lawful[i].response, &which),
					 names(lawful[i].many, (uint8_t)type) ? REASON_OK : REASON_LAW);
		}
	}
}

static void all_but_the_first_exchange_is_sealed(void **state)
{
	for (unsigned exchange = 0; exchange < 256; exchange++) {
		bool known, sealed = law_sealed((uint8_t)exchange, &known);

		assert_int_equal(known, exchange >= 34 && exchange <= 37);
		assert_int_equal(sealed, exchange != 34);
	}
}

/* SK and SKF are wrappings: no law names them among the payloads of any exchange, IKE_SA_INIT's least of all. */
static void wrappings_are_no_payloads(void **state)
{
	static const uint8_t types[] = { PAYLOAD_SK, PAYLOAD_SKF };

	for (size_t i = 0; i < ARRAY_LENGTH(lawful); i++) {
		for (size_t t = 0; t < ARRAY_LENGTH(types); t++) {
			struct message m = message_with(&lawful[i], types[t], 1);
			uint8_t which = 0;

			assert_int_equal(law_check(&m, lawful[i].response, &which), REASON_LAW);
			assert_int_equal(which, types[t]);
		}
	}
}

static void an_exchange_without_law_allows_nothing(void **state)
{
	for (unsigned exchange = 0; exchange < 256; exchange++) {
		struct message m = { .header.exchange = (uint8_t)exchange };
		uint8_t which;

		if (exchange >= 34 && exchange <= 37)
			continue;
		add(&m, PAYLOAD_SA, 1);
		assert_int_equal(law_check(&m, false, &which), REASON_LAW);
		assert_int_equal(law_check(&m, true, &which), REASON_LAW);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_payload_left_out_doubled_and_added),
		cmocka_unit_test(an_answer_may_be_an_error_alone),
		cmocka_unit_test(an_error_excuses_what_lacks_not_what_is_wrong),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(as_many_as_a_message_holds),
		cmocka_unit_test(all_but_the_first_exchange_is_sealed),
		cmocka_unit_test(wrappings_are_no_payloads),
		cmocka_unit_test(an_exchange_without_law_allows_nothing),
	};
	return cmocka_run_group_tests_name("law", tests, NULL, NULL);
}
