/*
 * Random histories (seeded) against a model of the kernel: after every step each pair has exactly the
 * policy that its state means, a private destination never one that lets it out in clear, and everything
 * that is held ends.
 */
#include "fixture.h"

#define DESTINATIONS 6
#define POLICIES 512

/* The kernel's book of policies. */
struct book {
	struct kernel_policy at[POLICIES];
	size_t count;
	uint64_t chance;
	uint64_t children[DESTINATIONS];
};

static const char *const destinations[DESTINATIONS] = {
	"198.51.100.1", "198.51.100.2", "198.51.100.3", /* private */
	"203.0.113.1",  "203.0.113.2", /* private-or-clear */
	"100.64.0.1", /* clear-or-private */
};

static uint64_t draw(struct book *k, uint64_t below)
{
	k->chance ^= k->chance << 13;
	k->chance ^= k->chance >> 7;
	k->chance ^= k->chance << 17;
	return k->chance % below;
}

static struct kernel_policy *book_find(struct book *k, const struct kernel_policy *p)
{
	for (size_t i = 0; i < k->count; i++) {
		if (k->at[i].direction == p->direction && selector_equal(&k->at[i].src, &p->src) &&
		    selector_equal(&k->at[i].dst, &p->dst))
			return &k->at[i];
	}
	return NULL;
}

/* In the node's order: what is put comes before what is removed. */
static void carry_out(struct bench *b)
{
	struct book *k = b->context;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < b->actions.count; i++) {
			const struct action *a = &b->actions.at[i];
			struct kernel_policy *found;

			if (a->kind != (round ? ACTION_POLICY_REMOVE : ACTION_POLICY_PUT))
				continue;
			found = book_find(k, &a->policy);
			if (round) {
				/* Nothing is removed that is not there. */
				assert_non_null(found);
				*found = k->at[--k->count];
			} else {
				assert_true(found || k->count < POLICIES);
				*(found ? found : &k->at[k->count++]) = a->policy;
			}
		}
	}
}

static const struct kernel_policy *book_best(const struct book *k, enum kernel_direction direction,
					     const struct address *src, const struct address *dst)
{
	const struct kernel_policy *best = NULL;

	for (size_t i = 0; i < k->count; i++) {
		const struct kernel_policy *p = &k->at[i];

		if (p->direction == direction && selector_has_address(&p->src, src) &&
		    selector_has_address(&p->dst, dst) && (!best || p->priority < best->priority))
			best = p;
	}
	return best;
}

static enum kernel_policy_action expected(const struct flow *f, enum group_class group)
{
	if (!f || f->state == FLOW_NONE || f->state == FLOW_EXPIRED)
		return group == CLASS_PRIVATE || group == CLASS_PRIVATE_OR_CLEAR ? KERNEL_TRAP : KERNEL_PASS;
	if (f->state == FLOW_KEYED)
		return KERNEL_IPSEC;
	if (f->state == FLOW_CLEAR)
		return KERNEL_PASS;
	return f->state == FLOW_DENY ? KERNEL_BLOCK : KERNEL_HOLD;
}

static void look_at_all(struct bench *b)
{
	struct book *k = b->context;
	struct address local = ip(ALICE);

	for (size_t i = 0; i < DESTINATIONS; i++) {
		struct address remote = ip(destinations[i]);
		const struct flow *f = flow_find(b->oe, &local, &remote);
		enum group_class group = plan_group(&b->plan, &remote)->group;
		const struct kernel_policy *out = book_best(k, KERNEL_OUT, &local, &remote);
		const struct kernel_policy *in = book_best(k, KERNEL_IN, &remote, &local);

		assert_non_null(out);
		if (out->action != expected(f, group))
			fail_msg("%s is %s, its policy %s", destinations[i],
				 f ? flow_state_name(f->state) : "unknown",
				 kernel_policy_action_name(out->action));
		if (group == CLASS_PRIVATE)
			assert_true(out->action != KERNEL_PASS && in &&
				    in->action ==
					    (f && f->state == FLOW_KEYED ? KERNEL_IPSEC : KERNEL_BLOCK));
		if (f && f->state == FLOW_KEYED)
			assert_true(in && in->action == KERNEL_IPSEC);
	}
}

static void answer_something(struct bench *b)
{
	struct book *k = b->context;
	struct dns_answer *a;

	/* Sometimes of a question long ago. */
	if (draw(k, 4) == 0)
		b->numbers[0] = draw(k, 40);
	a = answer_new(draw(k, 2) ? DNS_TXT : DNS_IPSECKEY, (enum dns_verdict)draw(k, DNS_TIMEOUT + 1),
		       (msec)draw(k, HOURS(2)));
	if (draw(k, 2) && a->question.type == DNS_IPSECKEY)
		add_ipseckey(a, (uint8_t)draw(k, 256), draw(k, 2) ? NULL : "198.51.100.9", 1);
	else if (draw(k, 2) && a->question.type == DNS_TXT)
		add_txt(a, draw(k, 2) ? "X-IPsec-Server(1)" : "something else");
	bench_resolved(b, a);
}

static void child_something(struct bench *b, size_t which)
{
	struct book *k = b->context;
	struct address local = ip(ALICE), remote = ip(destinations[which]);
	const struct flow *f = flow_find(b->oe, &local, &remote);
	struct oe_child c = bench_child(b, 0, (enum key_level)(LEVEL_NULL + draw(k, 3)));

	if (f && f->state == FLOW_PENDING && draw(k, 2)) {
		c.flow = f->serial;
		c.ike_sa = f->ike_sa;
	}
	c.remote = c.gateway = remote;
	oe_child_up(b->oe, b->now, &c, &b->actions);
	k->children[which] = c.child;
	bench_look(b);
}

/* Old and new within one step, as when a peer comes back before its old SAs are gone. */
static void replace_in_one_step(struct bench *b, size_t which)
{
	struct book *k = b->context;

	oe_child_down(b->oe, b->now, k->children[which], REASON_PEER_DELETED, &b->actions);
	child_something(b, which);
}

static void lose_something(struct bench *b, size_t which)
{
	static const enum reason reasons[] = { REASON_PEER_DELETED, REASON_EXPIRED, REASON_LIVENESS,
					       REASON_WE_DELETED };
	struct book *k = b->context;

	oe_child_down(b->oe, b->now, k->children[which], reasons[draw(k, ARRAY_LENGTH(reasons))],
		      &b->actions);
	bench_look(b);
}

static void fail_something(struct bench *b, size_t which)
{
	static const enum reason reasons[] = { REASON_PEER_SILENT, REASON_AUTH_FAILED, REASON_AUTH_REFUSED,
					       REASON_NO_PROPOSAL };
	struct book *k = b->context;
	struct address local = ip(ALICE), remote = ip(destinations[which]);
	const struct flow *f = flow_find(b->oe, &local, &remote);

	oe_attempt_failed(b->oe, b->now, f ? f->serial : 12345, reasons[draw(k, ARRAY_LENGTH(reasons))], 0,
			  draw(k, 3) == 0, &b->actions);
	bench_look(b);
}

static void count_something(struct bench *b)
{
	struct book *k = b->context;
	struct event event = { .kind = EVENT_COUNTERS };

	event.counters.spi = 0x2222;
	event.counters.dst = ip(destinations[draw(k, DESTINATIONS)]);
	event.counters.found = draw(k, 2);
	event.counters.counters.bytes = draw(k, 100000);
	bench_event(b, &event);
}

static void use_something(struct bench *b)
{
	struct book *k = b->context;
	struct event event = { .kind = EVENT_POLICY_USE };
	struct address src = ip(ALICE), dst = ip(destinations[draw(k, DESTINATIONS)]);

	event.policy_use.src = selector_of_host(&src);
	event.policy_use.dst = selector_of_host(&dst);
	event.policy_use.found = draw(k, 4) != 0;
	event.policy_use.used = draw(k, 3);
	bench_event(b, &event);
}

static void one_step(struct bench *b)
{
	struct book *k = b->context;
	size_t which = draw(k, DESTINATIONS);

	switch (draw(k, 13)) {
	case 0:
	case 1:
		bench_acquire(b, ALICE, destinations[which]);
		break;
	case 2:
	case 3:
	case 4:
		answer_something(b);
		break;
	case 5:
		child_something(b, which);
		break;
	case 6:
		lose_something(b, which);
		break;
	case 7:
		fail_something(b, which);
		break;
	case 8:
		count_something(b);
		break;
	case 12:
		use_something(b);
		break;
	case 9:
		replace_in_one_step(b, which);
		break;
	case 10:
		/* A reload: one range changes its class, and perhaps changes it back. */
		b->groups[1].group = draw(k, 2) ? CLASS_PRIVATE : CLASS_PRIVATE_OR_CLEAR;
		b->conns[1].group = b->groups[1].group;
		bench_plan(b);
		break;
	default:
		bench_wait(b, (msec)draw(k, SECONDS(200)));
		break;
	}
}

static void run(uint64_t seed, bool null_auth)
{
	struct bench *b = bench_new();
	struct book *k = calloc(1, sizeof(*k));
	enum auth_method auth = null_auth ? AUTH_NULL : AUTH_RSA;

	assert_non_null(k);
	k->chance = seed * 0x9e3779b97f4a7c15u + 1;
	b->context = k;
	b->seen = carry_out;
	b->muted = true;
	bench_entry(b, "198.51.100.0/24",
		    bench_conn(b, CLASS_PRIVATE, auth, null_auth ? CONN_TRANSPORT : CONN_TUNNEL));
	bench_entry(b, "203.0.113.0/24", bench_conn(b, CLASS_PRIVATE_OR_CLEAR, auth, CONN_TRANSPORT));
	bench_entry(b, "100.64.0.0/10", bench_conn(b, CLASS_CLEAR_OR_PRIVATE, auth, CONN_TRANSPORT));
	bench_plan(b);
	for (int i = 0; i < 400; i++) {
		one_step(b);
		look_at_all(b);
	}
	/* Left alone, everything comes to an end but what is keyed and used. */
	for (size_t i = 0; i < DESTINATIONS; i++)
		lose_something(b, i);
	bench_wait(b, HOURS(7));
	assert_int_equal(oe_count(b->oe).by_state[FLOW_POTENTIAL], 0);
	assert_int_equal(oe_count(b->oe).by_state[FLOW_PENDING], 0);
	assert_int_equal(oe_count(b->oe).by_state[FLOW_CLEAR], 0);
	assert_int_equal(oe_count(b->oe).by_state[FLOW_DENY], 0);
	oe_stop(b->oe, b->now, &b->actions);
	bench_look(b);
	assert_int_equal(k->count, 0);
	bench_end(b);
	free(k);
}

static void random_histories(void **state)
{
	for (uint64_t seed = 1; seed <= 150; seed++)
		run(seed, seed % 4 == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
