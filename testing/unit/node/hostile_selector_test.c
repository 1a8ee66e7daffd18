/*
 * Traffic selectors that lie, under the right keys: in IKE_AUTH and CREATE_CHILD_SA, asked and answered, with a proof and
 * with none (NULL: there anybody is "authenticated"). Whatever comes of them is within what the connection allows.
 */
#include "hostile.h"

#include "lib/ike/wire/ts.h"

static const char null_config[] =
	"config setup\n ike-quiet=10s\n"
	"conn %default\n left=10.0.0.1\n right=10.0.0.2\n auto=add\n keyingtries=1\n"
	" retransmit-timeout=4s\n authby=null\n"
	"conn a\n rightprotoport=udp/53\n"
	"conn b\n rightprotoport=tcp/80\n";

/* Child SAs never cover more than the connection says: the two hosts, and the port at the responder's end. */
static void see_child(void *context, const struct ike_child_view *view)
{
	struct hostile *h = context;
	bool near = address_equal(&view->local.address, &h->w.nodes[0].address);
	const struct selector *initiator = near ? &view->ts_local : &view->ts_remote;
	const struct selector *responder = near ? &view->ts_remote : &view->ts_local;
	struct selector host = { .port_last = UINT16_MAX }, service = { .protocol = responder->protocol };

	host.first = host.last = h->w.nodes[0].address;
	service.first = service.last = h->w.nodes[1].address;
	service.port_first = service.port_last = service.protocol == 17 ? 53 : 80;
	hostile_assert(h, service.protocol == 17 || service.protocol == 6);
	hostile_assert(h, selector_contains(&host, initiator) && selector_contains(&service, responder));
}

static void see_children(struct hostile *h)
{
	for (size_t i = 0; i < 2; i++)
		ike_each_child(node_ike(h->w.nodes[i].node), see_child, h);
}

/* The n-th lie of one selector list. Kept by value; index: TSi or TSr. */
static struct bytes lie_of(size_t n, struct bytes good, uint8_t room[8192])
{
	static const uint8_t v6[] = { 1, 0, 0, 0, 8, 0, 0, 40, 0, 0, 255, 255 };
	static const uint16_t lengths[] = { 0, 3, 4, 7, 8, 15, 17, 40, 255, 65535 };
	static const uint8_t counts[] = { 0, 2, 3, 254, 255 };
	size_t len = good.len;

	memset(room, 0, 8192);
	memcpy(room, good.at, good.len);
	if (n < 10) {
		room[6] = (uint8_t)(lengths[n] >> 8);
		room[7] = (uint8_t)lengths[n];
	} else if (n < 15) {
		room[0] = counts[n - 10];
	} else if (n == 15) { /* the range runs backward */
		memset(room + 12, 255, 4);
		memset(room + 16, 0, 4);
	} else if (n == 16) { /* so do the ports */
		room[8] = room[9] = 2;
		room[10] = room[11] = 1;
	} else if (n == 17) { /* a type of its own length, or of none */
		room[4] = 255;
	} else if (n == 18) { /* IPv6's number, IPv4's length */
		room[4] = 8;
	} else if (n == 19) { /* the other family */
		memcpy(room, v6, sizeof(v6));
		memset(room + 28, 255, 16);
		len = 44;
	} else if (n == 20) { /* 255 selectors, all there */
		room[0] = 255;
		len = 4;
		for (size_t i = 0; i < 255; i++, len += 16)
			memcpy(room + len, good.at + 4, 16);
	} else if (n == 21) { /* the same, of a type that nobody knows */
		room[0] = 255;
		len = 4;
		for (size_t i = 0; i < 255; i++, len += 4)
			memcpy(room + len, (uint8_t[]){ 255, 0, 0, 4 }, 4);
	} else if (n == 22) { /* all addresses, all ports, all protocols */
		memset(room + 8, 0, 2);
		memset(room + 10, 255, 2);
		memset(room + 12, 0, 4);
		memset(room + 16, 255, 4);
		room[5] = 0;
	} else { /* opaque ports */
		room[8] = room[9] = 255;
		room[10] = room[11] = 0;
	}
	return bytes_of(room, len);
}

#define LIES 24
#define WHOLE 22 /* the one that is no lie */

static void put_lie(struct hostile *h, struct forged *f)
{
	uint8_t room[8192];
	size_t at = forge_find(f, h->index ? PAYLOAD_TSR : PAYLOAD_TSI, 0);

	if (at < f->count)
		forge_replace(f, at, lie_of(h->value, forge_body(f, at), room));
}

static void try_selectors(struct hostile *h, const struct place *p, bool refused)
{
	hostile_prepare(h, p);
	hostile_play(h, p);
	if (refused)
		hostile_assert(h, h->made == 0);
	if (!p->response && refused)
		hostile_assert(h, h->error == TS_UNACCEPTABLE || h->error == INVALID_SYNTAX);
	if (!p->response)
		hostile_assert(h, h->error == NO_ERROR || h->error == TS_UNACCEPTABLE ||
					  h->error == INVALID_SYNTAX);
	see_children(h);
	hostile_after(h);
}

static void lie_everywhere(struct hostile *h)
{
	static const size_t asked[] = { 2, 3, 4, 5, 6, 7, 8, 9 };

	h->deed = "selectors that lie";
	h->change = put_lie;
	for (size_t k = 0; k < ARRAY_LENGTH(asked); k++) {
		for (h->index = 0; h->index < 2; h->index++) {
			for (h->value = 0; h->value < LIES; h->value++)
				/* Who asks for all is given what the connection allows; who answers so is not believed. */
				try_selectors(h, &places[asked[k]],
					      (h->value != WHOLE || places[asked[k]].response) &&
						      h->value != 20);
		}
	}
}

static void selectors_that_lie(void **state)
{
	struct hostile *h = hostile_new();

	lie_everywhere(h);
	hostile_discard(h);
}

static void selectors_that_lie_without_any_proof(void **state)
{
	struct hostile *h = hostile_new_with(null_config, hostile_secrets);

	lie_everywhere(h);
	hostile_discard(h);
}

static void put_octet(struct hostile *h, struct forged *f)
{
	static const uint8_t values[] = { 0, 1, 7, 8, 9, 127, 128, 255 };
	size_t at = forge_find(f, h->index ? PAYLOAD_TSR : PAYLOAD_TSI, 0);

	if (at < f->count && h->value / 8 < f->payload[at].len)
		forge_octets(f, at)[h->value / 8] = values[h->value % 8];
}

/* Each octet of both lists with each of some values; with a proof and without. */
static void every_octet_of_the_selectors(void **state)
{
	static const size_t asked[] = { 2, 3, 4, 5 };

	for (size_t way = 0; way < 2; way++) {
		struct hostile *h = way ? hostile_new_with(null_config, hostile_secrets) : hostile_new();

		h->deed = "an octet of the selectors";
		h->change = put_octet;
		for (size_t k = 0; k < ARRAY_LENGTH(asked); k++) {
			for (h->index = 0; h->index < 2; h->index++) {
				for (h->value = 0; h->value < 20 * 8; h->value++)
					try_selectors(h, &places[asked[k]], false);
			}
		}
		hostile_discard(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors_that_lie),
		cmocka_unit_test(selectors_that_lie_without_any_proof),
		cmocka_unit_test(every_octet_of_the_selectors),
	};

	return cmocka_run_group_tests_name("node/hostile_selector", tests, NULL, NULL);
}
