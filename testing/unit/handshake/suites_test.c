/*
 * Every algorithm that can be offered completes a handshake: two whole nodes, NSS between them, a link in
 * memory. One test a suite, made from the tables: a new row is tested by being there.
 *
 *   IKE: every cipher x integrity x prf; every group; every group asked for after a wrong guess
 *   ESP: every cipher x integrity, with and without extended sequence numbers
 *
 * A handshake is good when both ends name exactly the suite asked for, hold the same keys for each
 * direction, of the right lengths, and take the pair down again by a sealed exchange.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore.h"
#include "node.h"

#define CASES_MAX 256
#define STEPS_MAX 200

/* What is to be negotiated; want is what must result. */
struct handshake_case {
	char name[160];
	struct suite ike[2], ike_answer, esp;
	size_t ike_count; /* the initiator's; the responder has ike_answer alone */
	bool esn; /* both kernels can */
};

/* A packet or a finished job on its way to an end. */
struct coming {
	size_t to;
	struct blob data;
	struct job *job;
};

struct end_of_link {
	struct node *node;
	struct sealing_key key_i, key_r; /* of the IKE SA */
	struct kernel_sa in, out;
	size_t installed, removed;
	char ike_suite[80], esp_suite[80];
	int status; /* of the last result; -1: none yet */
};

struct link {
	struct end_of_link ends[2];
	struct endpoint at[2];
	struct coming queue[STEPS_MAX];
	size_t first, count;
	msec now;
	size_t longest; /* octets of the longest datagram */
	unsigned first_requests; /* IKE_SA_INIT requests: two after a wrong guess */
};

static struct handshake_case cases[CASES_MAX];
static struct CMUnitTest tests[CASES_MAX + 1];
static size_t case_count;
static struct keystore *store;

static const char config[] = "conn t\n left=10.0.0.1\n right=10.0.0.2\n authby=secret\n auto=add\n";
static const char secrets[] = ": PSK \"a secret of two nodes in one program\"\n";

/* ---- the link ---- */

static struct coming *come(struct link *l, size_t to)
{
	struct coming *c = &l->queue[l->count];

	assert_true(l->count < STEPS_MAX);
	l->count++;
	c->to = to;
	return c;
}

static void see_report(struct end_of_link *e, const struct report *r)
{
	if (r->final)
		e->status = r->status;
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->field[i].key, "suite") == 0)
			snprintf(e->ike_suite, sizeof(e->ike_suite), "%s", r->field[i].value);
		if (strcmp(r->field[i].key, "esp") == 0)
			snprintf(e->esp_suite, sizeof(e->esp_suite), "%s", r->field[i].value);
	}
}

static void carry_out(struct link *l, size_t who, struct action *a)
{
	struct end_of_link *e = &l->ends[who];

	switch (a->kind) {
	case ACTION_SEND:
		if (a->send.data.len > l->longest)
			l->longest = a->send.data.len;
		/* RFC 7296 3.1: the exchange type, and the flag of an answer */
		assert_true(a->send.data.len > 19);
		l->first_requests += a->send.data.data[18] == 34 && !(a->send.data.data[19] & 0x20);
		blob_move(&come(l, 1 - who)->data, &a->send.data);
		break;
	case ACTION_JOB:
		job_run(keystore_crypto(store), a->job);
		come(l, who)->job = a->job;
		a->job = NULL;
		break;
	case ACTION_KEYS:
		e->key_i = a->keys.key_i;
		e->key_r = a->keys.key_r;
		break;
	case ACTION_SA_INSTALL:
		e->installed++;
		*(a->sa.sa.inbound ? &e->in : &e->out) = a->sa.sa;
		break;
	case ACTION_SA_REMOVE:
		e->removed++;
		break;
	case ACTION_REPORT:
		see_report(e, a->report);
		break;
	default:
		break;
	}
}

static void step(struct link *l, size_t who, struct event *event)
{
	struct actions actions;

	actions_init(&actions);
	node_step(l->ends[who].node, l->now, event, &actions);
	assert_false(actions.failed);
	for (size_t i = 0; i < actions.count; i++)
		carry_out(l, who, &actions.at[i]);
	actions_discard(keystore_crypto(store), &actions);
}

/* All that is on its way arrives, in order; nothing is lost, so no time needs to pass. */
static void run(struct link *l)
{
	for (; l->first < l->count; l->first++) {
		struct coming *c = &l->queue[l->first];
		struct event event = { .kind = c->job ? EVENT_JOB_DONE : EVENT_PACKET };

		l->now++;
		if (c->job) {
			event.job = c->job;
			c->job = NULL;
		} else {
			event.packet.local = l->at[c->to];
			event.packet.remote = l->at[1 - c->to];
			event.packet.data = bytes_of_blob(&c->data);
		}
		step(l, c->to, &event);
		blob_discard(&c->data);
	}
	l->first = l->count = 0;
}

static void command(struct link *l, size_t who, enum command_kind kind)
{
	struct event event = { .kind = EVENT_COMMAND };

	event.command.number = 1;
	event.command.kind = kind;
	snprintf(event.command.name, sizeof(event.command.name), "t");
	l->ends[who].status = -1;
	step(l, who, &event);
	run(l);
}

/* ---- the nodes ---- */

static struct plan *plan_of(const struct suite *ike, size_t ike_count, const struct suite *esp)
{
	static struct plan_problems problems;
	const struct plan_places places = { "conf", "secrets", NULL };
	char name[2][8] = { "conf", "secrets" }, text[2][128];
	struct plan_source sources[] = {
		{ name[0], text[0], sizeof(config) - 1, SOURCE_CONFIG },
		{ name[1], text[1], sizeof(secrets) - 1, SOURCE_SECRETS },
	};
	struct plan *plan;

	snprintf(text[0], sizeof(text[0]), "%s", config);
	snprintf(text[1], sizeof(text[1]), "%s", secrets);
	plan = plan_make_from_sources(sources, 2, &places, NULL, &problems);
	assert_non_null(plan);
	assert_int_equal(plan->conn_count, 1);
	if (ike_count) {
		memcpy(plan->conns[0].ike, ike, ike_count * sizeof(*ike));
		plan->conns[0].ike_count = ike_count;
		plan->conns[0].esp[0] = *esp;
		plan->conns[0].esp_count = 1;
	}
	return plan;
}

/* Adopts the plan. */
static void start(struct link *l, size_t who, struct plan *plan, bool esn)
{
	struct event_addresses *addresses = calloc(1, sizeof(*addresses));
	struct event event = { .kind = EVENT_ADDRESSES };

	assert_non_null(addresses);
	assert_true(address_parse(&l->at[who].address, who ? "10.0.0.2" : "10.0.0.1"));
	l->at[who].port = 500;
	l->ends[who].node = node_new(keystore_crypto(store));
	assert_non_null(l->ends[who].node);
	addresses->at[0] = l->at[who].address;
	addresses->count = 1;
	event.addresses = addresses;
	step(l, who, &event);
	free(addresses);
	event = (struct event){ .kind = EVENT_ABILITIES,
				.abilities = { "memory", true, true, true, esn, 128 } };
	step(l, who, &event);
	event = (struct event){ .kind = EVENT_PLAN, .plan = plan };
	step(l, who, &event);
}

static bool all_zero(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (at[i])
			return false;
	}
	return true;
}

/* What one end sends by, the other end receives by. */
static void check_direction(const struct kernel_sa *out, const struct kernel_sa *in,
			    const struct handshake_case *h)
{
	const struct encr_row *encr = encr_find(h->esp.encr, h->esp.encr_bits);
	const struct integ_row *integ = integ_find(h->esp.integ);

	assert_int_equal(out->spi, in->spi);
	assert_int_equal(out->encr, h->esp.encr);
	assert_int_equal(out->encr_bits, h->esp.encr_bits);
	assert_int_equal(out->integ, h->esp.integ);
	assert_int_equal(in->encr, h->esp.encr);
	assert_int_equal(in->encr_bits, h->esp.encr_bits);
	assert_int_equal(in->integ, h->esp.integ);
	assert_int_equal(out->esn, h->esn);
	assert_int_equal(in->esn, h->esn);
	assert_int_equal(out->encr_key_len, encr->key_octets + encr->salt_octets);
	assert_int_equal(in->encr_key_len, out->encr_key_len);
	assert_memory_equal(in->encr_key, out->encr_key, out->encr_key_len);
	assert_false(all_zero(out->encr_key + out->encr_key_len - 4, 4));
	assert_int_equal(out->integ_key_len, integ->key_octets);
	assert_int_equal(in->integ_key_len, out->integ_key_len);
	if (integ->key_octets) {
		assert_memory_equal(in->integ_key, out->integ_key, out->integ_key_len);
		assert_false(all_zero(out->integ_key + integ->key_octets - 4, 4));
	}
}

/* The two directions of the IKE SA: alike at both ends, unlike each other, filled to the last octet. */
static void check_ike_keys(const struct end_of_link *a, const struct end_of_link *b,
			   const struct handshake_case *h)
{
	const struct encr_row *encr = encr_find(h->ike_answer.encr, h->ike_answer.encr_bits);
	const struct integ_row *integ = integ_find(h->ike_answer.integ);
	const size_t encr_octets = (size_t)encr->key_octets + encr->salt_octets;

	assert_ptr_equal(a->key_i.encr, encr);
	assert_ptr_equal(a->key_i.integ, integ);
	assert_memory_equal(&a->key_i, &b->key_i, sizeof(a->key_i));
	assert_memory_equal(&a->key_r, &b->key_r, sizeof(a->key_r));
	assert_memory_not_equal(a->key_i.encr_key, a->key_r.encr_key, encr_octets);
	assert_false(all_zero(a->key_i.encr_key + encr_octets - 4, 4));
	assert_false(all_zero(a->key_r.encr_key + encr_octets - 4, 4));
	if (integ->key_octets) {
		assert_memory_not_equal(a->key_i.integ_key, a->key_r.integ_key, integ->key_octets);
		assert_false(all_zero(a->key_i.integ_key + integ->key_octets - 4, 4));
		assert_false(all_zero(a->key_r.integ_key + integ->key_octets - 4, 4));
	}
}

static void check_suites(struct link *l, size_t who, const struct handshake_case *h)
{
	char text[80];

	command(l, who, COMMAND_SHOW);
	assert_string_equal(l->ends[who].ike_suite, suite_print(&h->ike_answer, text));
	assert_string_equal(l->ends[who].esp_suite, suite_print(&h->esp, text));
}

static void shake_hands(struct link *l, const struct handshake_case *h)
{
	char why[160];

	command(l, 0, COMMAND_UP);
	assert_int_equal(l->ends[0].status, 0);
	assert_int_equal(l->first_requests, h->ike_count == 2 ? 2 : 1);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(l->ends[i].installed, 2);
		assert_true(node_check(l->ends[i].node, l->now, why));
		check_suites(l, i, h);
	}
	check_ike_keys(&l->ends[0], &l->ends[1], h);
	check_direction(&l->ends[0].out, &l->ends[1].in, h);
	check_direction(&l->ends[1].out, &l->ends[0].in, h);
	assert_memory_not_equal(l->ends[0].out.encr_key, l->ends[0].in.encr_key, l->ends[0].out.encr_key_len);
	assert_in_range(l->longest, 1, LIMIT_MESSAGE);
	command(l, 1, COMMAND_DOWN);
	assert_int_equal(l->ends[1].status, 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(l->ends[i].removed, 2);
}

static void completes(void **state)
{
	const struct handshake_case *h = *state;
	struct link *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	l->now = SECONDS(1000);
	start(l, 0, plan_of(h->ike, h->ike_count, &h->esp), h->esn);
	start(l, 1, plan_of(&h->ike_answer, h->ike_count ? 1 : 0, &h->esp), h->esn);
	shake_hands(l, h);
	for (size_t i = 0; i < 2; i++)
		node_discard(l->ends[i].node);
	wipe(l, sizeof(*l));
	free(l);
}

/* ---- the cases ---- */

static struct suite suite_of(const struct encr_row *encr, const struct integ_row *integ, uint16_t prf,
			     uint16_t ke)
{
	return (struct suite){ encr->id, encr->key_bits, prf, integ->id, ke, false };
}

static struct handshake_case *add_case(void)
{
	struct handshake_case *h = &cases[case_count];

	if (case_count == CASES_MAX)
		abort();
	tests[case_count++] = (struct CMUnitTest){ h->name, completes, NULL, NULL, h };
	h->ike[0] = h->ike_answer = suite_of(encr_find(ENCR_AES_GCM_16, 128), integ_find(INTEG_NONE),
					     PRF_HMAC_SHA2_256, KE_CURVE25519);
	h->ike_count = 1;
	h->esp = suite_of(encr_find(ENCR_AES_GCM_16, 128), integ_find(INTEG_NONE), 0, KE_NONE);
	return h;
}

static bool fit(const struct encr_row *encr, const struct integ_row *integ)
{
	return encr->aead == (integ->id == INTEG_NONE);
}

static void add_ciphers(void)
{
	char text[80];

	for (size_t e = 0; e < encr_count; e++) {
		for (size_t i = 0; i < integ_count; i++) {
			for (size_t p = 0; fit(&encr_table[e], &integ_table[i]) && p < prf_count; p++) {
				struct handshake_case *h = add_case();

				h->ike[0] = h->ike_answer = suite_of(&encr_table[e], &integ_table[i],
								     prf_table[p].id, KE_CURVE25519);
				snprintf(h->name, sizeof(h->name), "ike=%s",
					 suite_print(&h->ike_answer, text));
			}
			for (unsigned esn = 0; fit(&encr_table[e], &integ_table[i]) && esn < 2; esn++) {
				struct handshake_case *h = add_case();

				h->esp = suite_of(&encr_table[e], &integ_table[i], 0, KE_NONE);
				h->esn = esn;
				snprintf(h->name, sizeof(h->name), "esp=%s, %s", suite_print(&h->esp, text),
					 esn ? "extended sequence numbers" : "32-bit sequence numbers");
			}
		}
	}
}

/* With AES-256 and SHA2-384, as those who ask for a large group do; then as a second choice (RFC 7296 2.7). */
static void add_groups(void)
{
	char text[80];

	for (size_t g = 0; g < 2 * group_count; g++) {
		struct handshake_case *h = add_case();
		uint16_t id = group_table[g / 2].id;

		h->ike[0] = h->ike_answer =
			suite_of(encr_find(ENCR_AES_CBC, 256), integ_find(INTEG_HMAC_SHA2_384_192),
				 PRF_HMAC_SHA2_384, id);
		if (g % 2) {
			h->ike[1] = h->ike[0];
			h->ike[0].ke = id == KE_CURVE25519 ? KE_MODP_4096 : KE_CURVE25519;
			h->ike_count = 2;
		}
		snprintf(h->name, sizeof(h->name), "ike=%s%s", suite_print(&h->ike_answer, text),
			 g % 2 ? ", after a wrong guess" : "");
	}
}

/* What two nodes agree on that were told nothing. */
static void add_default(void)
{
	struct handshake_case *h = add_case();

	h->ike_count = 0;
	h->ike_answer = suite_of(encr_find(ENCR_AES_GCM_16, 256), integ_find(INTEG_NONE), PRF_HMAC_SHA2_512,
				 KE_CURVE25519);
	h->esp = suite_of(encr_find(ENCR_AES_GCM_16, 256), integ_find(INTEG_NONE), 0, KE_NONE);
	h->esn = true;
	snprintf(h->name, sizeof(h->name), "the default offer");
}

/* The count is of the tables: were a row left out above, this would notice. */
static void no_row_is_left_out(void **state)
{
	bool encr[64] = { false }, prf[64] = { false }, integ[64] = { false }, group[64] = { false };
	size_t used = 0;

	for (size_t i = 0; i < case_count; i++) {
		const struct suite *s = &cases[i].ike_answer;

		prf[prf_find(s->prf) - prf_table] = true;
		group[group_find(s->ke) - group_table] = true;
		encr[encr_find(s->encr, s->encr_bits) - encr_table] = true;
		integ[integ_find(s->integ) - integ_table] = true;
	}
	for (size_t i = 0; i < 64; i++)
		used += (size_t)encr[i] + prf[i] + integ[i] + group[i];
	assert_int_equal(used, encr_count + prf_count + integ_count + group_count);
}

int main(void)
{
	char why[256];
	int failed;

	store = keystore_open(NULL, false, why);
	if (!store) {
		fprintf(stderr, "NSS does not open: %s\n", why);
		return 1;
	}
	add_ciphers();
	add_groups();
	add_default();
	tests[case_count] = (struct CMUnitTest)cmocka_unit_test(no_row_is_left_out);
	failed = _cmocka_run_group_tests("suites", tests, case_count + 1, NULL, NULL);
	keystore_close(store);
	return failed;
}
