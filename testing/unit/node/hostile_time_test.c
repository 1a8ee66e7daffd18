/*
 * What goes wrong at home while a peer is waiting: jobs that end after their SA, cryptography that fails at any call,
 * clocks that jump; and what very many hostile packets leave behind.
 */
#include "hostile.h"

#include "lib/ike/wire/proposal.h"

/* ---- work that comes home late ---- */

static void end_by_command(struct hostile *h, size_t way)
{
	static const enum command_kind kinds[] = { COMMAND_DOWN, COMMAND_DELETE_IKE, COMMAND_DELETE_CHILD };

	world_command(&h->w, way % 2, kinds[way / 2 % 3], "a");
	world_command(&h->w, way % 2, kinds[way / 2 % 3], "b");
}

/* Another configuration, without the connections. */
static void end_by_plan(struct hostile *h, size_t way)
{
	static const char other[] = "conn c\n left=10.0.0.1\n right=10.0.0.3\n authby=secret\n auto=add\n";

	assert_true(world_configure(&h->w, way % 2, other, hostile_secrets, NULL, NULL));
}

/*
 * Each job takes half a second. Every 180 ms of an exchange an end comes from each side: by command, by a plan without
 * the connection, by a stop of the daemon. What the job brings home is thrown away.
 */
static void jobs_that_end_after_their_sa(void **state)
{
	static const size_t stories[] = { 0, 4, 6, 8, 10, 12 };

	for (size_t k = 0; k < ARRAY_LENGTH(stories); k++) {
		const struct place *p = &places[stories[k]];

		for (size_t i = 0; i < 8 * 16; i++) {
			struct hostile *h = hostile_new();
			size_t way = i % 8;

			hostile_prepare(h, p);
			h->w.job_delay = 500;
			h->index = i;
			hostile_tell(h, p->story, p->who);
			hostile_run(h, (msec)(i / 8 * 180));
			if (way < 6)
				end_by_command(h, way);
			else
				end_by_plan(h, way);
			hostile_run(h, SECONDS(100));
			h->w.job_delay = 0;
			for (size_t n = 0; n < 2; n++)
				assert_true(world_configure(&h->w, n, hostile_config, hostile_secrets, NULL,
							    NULL));
			hostile_after(h);
			hostile_discard(h);
		}
	}
}

static void a_stop_while_jobs_are_under_way(void **state)
{
	static const size_t stories[] = { 0, 4, 8, 10 };

	for (size_t k = 0; k < ARRAY_LENGTH(stories); k++) {
		const struct place *p = &places[stories[k]];

		for (size_t i = 0; i < 2 * 16; i++) {
			struct hostile *h = hostile_new();
			struct ike_counts n;

			hostile_prepare(h, p);
			h->w.job_delay = 500;
			hostile_tell(h, p->story, p->who);
			hostile_run(h, (msec)(i / 2 * 180));
			world_stop(&h->w, i % 2, false);
			hostile_run(h, SECONDS(30));
			n = hostile_count(h, i % 2);
			/* What lingers answers repeats until the process ends. */
			hostile_assert(h, h->w.nodes[i % 2].stopped && n.ike_sas == n.lingering);
			hostile_discard(h);
		}
	}
}

/* ---- cryptography that fails ---- */

static struct {
	struct crypto right;
	unsigned left; /* calls until one fails */
	bool failed;
} failing;

static bool fails_now(void)
{
	failing.failed = failing.failed || !failing.left;
	return failing.left-- == 0;
}

static bool failing_random(void *self, void *out, size_t len)
{
	return !fails_now() && failing.right.random(self, out, len);
}

static bool failing_prf(void *self, uint16_t prf, struct bytes key, const struct bytes *parts, size_t count,
			uint8_t *out)
{
	return !fails_now() && failing.right.prf(self, prf, key, parts, count, out);
}

static bool failing_hash(void *self, enum hash_id hash, const struct bytes *parts, size_t count, uint8_t *out)
{
	return !fails_now() && failing.right.hash(self, hash, parts, count, out);
}

static bool failing_seal(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
			 uint8_t *text, size_t len, uint8_t *icv)
{
	return !fails_now() && failing.right.seal(self, key, aad, iv, text, len, icv);
}

static bool failing_open(void *self, const struct sealing_key *key, struct bytes aad, struct bytes iv,
			 uint8_t *text, size_t len, struct bytes icv)
{
	return !fails_now() && failing.right.open(self, key, aad, iv, text, len, icv);
}

static bool failing_make(void *self, uint16_t group, struct ke_secret **secret, struct blob *public_value)
{
	return !fails_now() && failing.right.ke_make(self, group, secret, public_value);
}

static bool failing_share(void *self, uint16_t group, const struct ke_secret *secret, struct bytes peer,
			  struct blob *shared)
{
	return !fails_now() && failing.right.ke_share(self, group, secret, peer, shared);
}

static void let_fail(struct crypto *c, unsigned what, unsigned call)
{
	failing.right = *c;
	failing.left = call;
	failing.failed = false;
	switch (what) {
	case 0:
		c->random = failing_random;
		break;
	case 1:
		c->prf = failing_prf;
		break;
	case 2:
		c->hash = failing_hash;
		break;
	case 3:
		c->seal = failing_seal;
		break;
	case 4:
		c->open = failing_open;
		break;
	case 5:
		c->ke_make = failing_make;
		break;
	default:
		c->ke_share = failing_share;
	}
}

/* Each call of each function fails once, at each end: the exchange fails or goes on, and nothing is left. */
static void cryptography_that_fails_at_any_call(void **state)
{
	static const size_t stories[] = { 0, 4, 8, 10, 13, 15, 17 };
	size_t cases = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(stories) * 2 * 7; i++) {
		const struct place *p = &places[stories[i / 14]];
		unsigned call = 0;

		do {
			struct hostile *h = hostile_new();
			struct crypto *c = &h->w.nodes[i % 2].crypto.crypto;

			hostile_prepare(h, p);
			h->index = i;
			h->value = call;
			let_fail(c, (unsigned)(i / 2 % 7), call++);
			hostile_tell(h, p->story, p->who);
			hostile_run(h, SECONDS(8));
			*c = failing.right;
			cases++;
			hostile_after(h);
			hostile_discard(h);
		} while (failing.failed && call < 200);
		assert_true(call < 200);
	}
	print_message("%zu cases\n", cases);
	assert_true(cases > 200);
}

/* No secret at the responder: refused; the request again, many times, gets the same octets or nothing. */
static void a_secret_that_is_missing(void **state)
{
	struct hostile *h = hostile_new();
	struct bytes auth;
	uint8_t raw[2048];

	assert_true(world_configure(&h->w, 1, hostile_config, ": PSK \"0\"\n", NULL, NULL));
	assert_true(world_configure(&h->w, 1, hostile_config, "@other : PSK \"a secret of somebody else\"\n",
				    NULL, NULL));
	hostile_play(h, &places[2]);
	hostile_assert(h, h->error == AUTHENTICATION_FAILED && h->made == 0);
	auth = bytes_of(raw, h->taken_octets);
	memcpy(raw, h->raw, h->taken_octets);
	h->cut = true;
	for (unsigned i = 0; i < 100; i++) {
		hostile_forget(h);
		hostile_inject(h, 1, auth);
		hostile_run(h, SECONDS(1));
		hostile_assert(h, h->sent[1].messages <= 1 && hostile_count(h, 1).established == 0);
	}
	hostile_assert(h, hostile_count(h, 1).ike_sas == 0);
	assert_true(world_configure(&h->w, 1, hostile_config, hostile_secrets, NULL, NULL));
	hostile_after(h);
	hostile_discard(h);
}

/* ---- time ---- */

/* Ten years pass in a moment, at one end or both, in the midst of each story: afterwards all is as at the beginning. */
static void a_clock_that_jumps_ten_years(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(places) * 4; i++) {
		const struct place *p = &places[i / 4];
		struct hostile *h = hostile_new();

		hostile_prepare(h, p);
		h->index = i;
		hostile_tell(h, p->story, p->who);
		hostile_run(h, i % 2 ? 30 : SECONDS(3));
		for (size_t n = 0; n < 2; n++) {
			if (i / 2 % 2 || n == i % 2)
				world_sleep(&h->w, n, HOURS(24L * 3653));
		}
		hostile_run(h, SECONDS(100));
		hostile_after(h);
		hostile_discard(h);
	}
}

/* The proposals of a request name nothing that there is. */
static void unknown_to_all(struct hostile *h, struct forged *f)
{
	static struct proposal_list list;
	uint8_t room[4096];
	struct writer w = writer_into(room, sizeof(room));
	size_t at = forge_find(f, PAYLOAD_SA, 0);

	if (at == f->count)
		return;
	assert_true(proposals_read(forge_body(f, at), &list));
	for (size_t i = 0; i < list.count; i++) {
		for (size_t k = 0; k < list.at[i].count; k++)
			list.at[i].transform[k].id = 1023;
		proposal_write(&w, &list.at[i], i + 1 < list.count);
	}
	forge_replace(f, at, writer_written(&w));
}

/*
 * A peer that does not rekey its IKE SA is met by a new handshake; the IKE SA before ends soon when the other serves, and is
 * not rekeyed on its way out (RFC 7296 2.8.3). Else a refusal would leave one more for half an hour, each time.
 */
static void what_is_made_anew_goes(void **state)
{
	static const char config[] = "conn a\n left=10.0.0.1\n right=10.0.0.2\n auto=add\n authby=secret\n"
				     " rightprotoport=udp/53\n";
	struct hostile *h = hostile_new_with(config, hostile_secrets);

	h->change = unknown_to_all;
	for (unsigned i = 0; i < 4; i++) {
		const struct place *p = &places[10 + i % 2 * 2];

		hostile_prepare(h, p);
		hostile_play(h, p);
		hostile_assert(h, h->error == NO_PROPOSAL_CHOSEN);
		hostile_run(h, SECONDS(40));
		hostile_assert(h, world_ike_sas(&h->w, 0, 1) == 1 && world_agree(&h->w, 0, 1));
		world_command(&h->w, 0, COMMAND_DOWN, "a");
		hostile_run(h, SECONDS(40));
		hostile_assert(h, hostile_count(h, 0).ike_sas == 0 && hostile_count(h, 1).ike_sas == 0);
	}
	hostile_discard(h);
}

/* ---- memory ---- */

#if defined(__SANITIZE_ADDRESS__)
size_t __sanitizer_get_current_allocated_bytes(void);

/* What is allocated, without what belongs to the simulator's own books. */
static size_t allocated(struct hostile *h)
{
	sim_tap_discard(&h->w);
	return __sanitizer_get_current_allocated_bytes() - h->w.heap_room * sizeof(struct sim_item *) -
	       h->w.heap_count * sizeof(struct sim_item);
}

static void spoil(struct hostile *h, uint8_t *data, size_t *len)
{
	for (uint64_t n = 1 + world_draw(&h->w, 4); n && *len; n--)
		data[world_draw(&h->w, *len)] = (uint8_t)world_draw(&h->w, 256);
	if (world_draw(&h->w, 4) == 0)
		*len = (size_t)world_draw(&h->w, *len + 1);
}

/* Hostile packets after a message that was taken: spoiled copies, and spoiled contents under the right keys. */
static void rain(struct hostile *h, const struct forged *f, size_t to, size_t count)
{
	uint8_t data[4096];

	for (size_t i = 0; i < count; i++) {
		struct bytes made;
		size_t len;

		memcpy(&h->forged, f, sizeof(*f));
		h->forged.header.message_id += (uint32_t)(i / 4);
		if (i % 2 && h->forged.used) {
			size_t used = h->forged.used;

			spoil(h, h->forged.room, &used);
		}
		made = forge_close(&h->w, &h->forged, h->raw, sizeof(h->raw));
		len = made.len;
		memcpy(data, made.at, len);
		if (i % 2 == 0)
			spoil(h, data, &len);
		hostile_inject(h, to, bytes_of(data, len));
		if (i % 16 == 0)
			hostile_run(h, 1);
	}
}

static void shower(struct hostile *h, size_t each)
{
	struct forged *f = malloc(sizeof(*f));

	assert_non_null(f);
	for (size_t k = 0; k < ARRAY_LENGTH(places); k++) {
		const struct place *p = &places[k];

		hostile_prepare(h, p);
		h->cut = false;
		hostile_play(h, p);
		memcpy(f, &h->forged, sizeof(*f));
		h->cut = true;
		rain(h, f, p->response ? p->who : 1 - p->who, each);
		hostile_run(h, SECONDS(40));
		hostile_clean(h);
	}
	free(f);
}

/* A hundred thousand of them, in four showers: the last leaves no more than the second did. */
static void memory_after_a_hundred_thousand_packets(void **state)
{
	struct hostile *h = hostile_new();
	size_t after[4];

	for (size_t i = 0; i < 4; i++) {
		shower(h, 100000 / 4 / ARRAY_LENGTH(places) + 1);
		after[i] = allocated(h);
	}
	print_message("%zu %zu %zu %zu octets\n", after[0], after[1], after[2], after[3]);
	assert_in_range(after[3], 0, after[1] + 1024);
	hostile_after(h);
	hostile_discard(h);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_that_end_after_their_sa),
		cmocka_unit_test(a_stop_while_jobs_are_under_way),
		cmocka_unit_test(cryptography_that_fails_at_any_call),
		cmocka_unit_test(a_secret_that_is_missing),
		cmocka_unit_test(a_clock_that_jumps_ten_years),
		cmocka_unit_test(what_is_made_anew_goes),
#if defined(__SANITIZE_ADDRESS__)
		cmocka_unit_test(memory_after_a_hundred_thousand_packets),
#endif
	};

	return cmocka_run_group_tests_name("node/hostile_time", tests, NULL, NULL);
}
