/* A peer that lacks a Child SA says so under the IKE SA (RFC 7296 1.5; initiator diagram A16): it is made anew. */
#include "hostile.h"

static uint32_t outbound_spi(const struct hostile *h, size_t node)
{
	const struct sim_sa *sa = h->w.nodes[node].sas;

	while (sa && sa->sa.inbound)
		sa = sa->next;
	return sa ? sa->sa.spi : 0;
}

static void say_lacking(struct hostile *h, uint32_t spi, size_t octets)
{
	struct forged *f = hostile_ask_begin(h, 0, INFORMATIONAL);
	uint8_t room[8] = { (uint8_t)(spi >> 24), (uint8_t)(spi >> 16), (uint8_t)(spi >> 8), (uint8_t)spi };

	forge_add_notify(f, PROTOCOL_NONE, INVALID_SPI, BYTES_NONE, bytes_of(room, octets));
	hostile_ask(h, 0);
	h->cut = false; /* the peer hears what we do about it */
	hostile_run(h, SECONDS(8));
}

/* @rfc-test 7296-1.5-1 */
static void what_is_lacking_is_made_anew(void **state)
{
	struct hostile *h = hostile_new();
	uint32_t before;

	hostile_session(h);
	before = outbound_spi(h, 1);
	say_lacking(h, before, 4);
	hostile_assert(h, outbound_spi(h, 1) != 0 && outbound_spi(h, 1) != before);
	hostile_assert(h, hostile_count(h, 1).children == 1 && hostile_count(h, 0).children == 1);
	hostile_discard(h);
}

static void nothing_else_is(void **state)
{
	struct hostile *h = hostile_new();
	uint32_t before;

	hostile_session(h);
	before = outbound_spi(h, 1);
	say_lacking(h, before ^ 1, 4);
	say_lacking(h, before, 3);
	say_lacking(h, before, 8);
	say_lacking(h, before, 0);
	hostile_assert(h, outbound_spi(h, 1) == before);
	hostile_discard(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_lacking_is_made_anew),
		cmocka_unit_test(nothing_else_is),
	};

	return cmocka_run_group_tests_name("node/lacking", tests, NULL, NULL);
}
