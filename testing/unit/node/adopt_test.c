/* What an earlier run left: what stays, what waits, what goes, and when (adopt.c). Then a whole node with leftovers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../lib/node/adopt.h"
#include "limits.h"
#include "node.h"
#include "testing/sim/sim_crypto.h"

#define OURS "192.0.2.10"
#define PEER "198.51.100.20"
#define OTHER "198.51.100.21"
#define CONN_REQID 0x43000001u
#define GROUP_REQID 0x43000002u
#define STALE_REQID 0x43000003u
#define CONFIGURED KERNEL_PRIORITY_CONFIGURED
#define PAIR KERNEL_PRIORITY_PAIR
#define TEMPLATE KERNEL_PRIORITY_TEMPLATE

static struct address address(const char *text)
{
	struct address a;

	assert_true(address_parse(&a, text));
	return a;
}

static bool is_address(const struct address *a, const char *text)
{
	struct address b = address(text);

	return address_equal(a, &b);
}

static struct selector selector(const char *text)
{
	struct selector s;

	assert_true(selector_parse(&s, text));
	return s;
}

static struct kernel_policy policy(enum kernel_direction direction, enum kernel_policy_action action,
				   uint32_t reqid, enum kernel_priority_kind kind, const char *src,
				   const char *dst)
{
	struct kernel_policy p = { .direction = direction,
				   .action = action,
				   .reqid = reqid,
				   .src = selector(src),
				   .dst = selector(dst) };

	p.priority = kernel_priority(kind, &p.src, &p.dst);
	return p;
}

/* ---- a bench: leftovers, a plan of two connections, the actions of a step as text ---- */

struct bench {
	struct kernel_state *state;
	struct adopt *adopt;
	struct plan plan;
	struct conn conns[2];
	uint32_t by_reqid[2];
	struct actions actions;
	msec now;
	char text[4096];
};

static struct bench *bench_new(bool keeps)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->state = calloc(1, sizeof(*b->state));
	assert_non_null(b->state);
	b->state->adopt = keeps;
	b->conns[0].reqid = CONN_REQID;
	b->conns[1].reqid = GROUP_REQID;
	b->by_reqid[1] = 1;
	b->plan.conns = b->conns;
	b->plan.conn_count = 2;
	b->plan.by_reqid = b->by_reqid;
	b->now = 1000;
	actions_init(&b->actions);
	return b;
}

static void left_sa(struct bench *b, uint32_t spi, uint32_t reqid, const char *src, const char *dst)
{
	struct kernel_state *s = b->state;

	s->sas = realloc(s->sas, (s->sa_count + 1) * sizeof(*s->sas));
	assert_non_null(s->sas);
	s->sas[s->sa_count++] =
		(struct kernel_sa){ .spi = spi, .reqid = reqid, .src = address(src), .dst = address(dst) };
}

static void left(struct bench *b, struct kernel_policy p)
{
	struct kernel_state *s = b->state;

	s->policies = realloc(s->policies, (s->policy_count + 1) * sizeof(*s->policies));
	assert_non_null(s->policies);
	s->policies[s->policy_count++] = p;
}

/* A pair in transport mode, both SAs and policies; SPIs: spi in, spi + 1 out. */
static void left_pair(struct bench *b, uint32_t spi, uint32_t reqid, enum kernel_priority_kind kind,
		      const char *peer)
{
	left_sa(b, spi, reqid, peer, OURS);
	left_sa(b, spi + 1, reqid, OURS, peer);
	left(b, policy(KERNEL_OUT, KERNEL_IPSEC, reqid, kind, OURS, peer));
	left(b, policy(KERNEL_IN, KERNEL_IPSEC, reqid, kind, peer, OURS));
}

static void put(struct bench *b, struct kernel_policy p)
{
	struct action *a = actions_add(&b->actions, ACTION_POLICY_PUT);

	assert_non_null(a);
	a->policy = p;
}

static void take(struct bench *b, struct kernel_policy p)
{
	put(b, p);
	b->actions.at[b->actions.count - 1].kind = ACTION_POLICY_REMOVE;
}

static void install(struct bench *b, uint32_t spi, uint32_t reqid, const char *src, const char *dst)
{
	struct action *a = actions_add(&b->actions, ACTION_SA_INSTALL);

	assert_non_null(a);
	a->sa.sa = (struct kernel_sa){ .spi = spi,
				       .reqid = reqid,
				       .src = address(src),
				       .dst = address(dst),
				       .inbound = strcmp(dst, OURS) == 0 };
}

/* What `show` says of it, each row as its values. */
static void told(struct bench *b, const char *expected)
{
	adopt_report(b->adopt, 1, &b->actions);
	b->text[0] = '\0';
	for (size_t i = 0; i < b->actions.count; i++) {
		const struct report *r = b->actions.at[i].report;
		size_t used = strlen(b->text);

		assert_int_equal(b->actions.at[i].kind, ACTION_REPORT);
		used += (size_t)snprintf(b->text + used, sizeof(b->text) - used, "%s", r->kind);
		for (size_t k = 0; k < 4; k++)
			used += (size_t)snprintf(b->text + used, sizeof(b->text) - used, " %s",
						 r->field[k].value);
		snprintf(b->text + used, sizeof(b->text) - used, "\n");
	}
	assert_string_equal(b->text, expected);
	actions_discard(NULL, &b->actions);
	actions_init(&b->actions);
}

static void write(char text[4096], const struct action *a)
{
	char src[SELECTOR_TEXT], dst[SELECTOR_TEXT];
	size_t used = strlen(text);

	if (a->kind == ACTION_SA_INSTALL || a->kind == ACTION_SA_REMOVE)
		snprintf(text + used, 4096 - used, "%cSA %x\n", a->kind == ACTION_SA_INSTALL ? '+' : '-',
			 a->sa.sa.spi);
	else if (a->kind == ACTION_POLICY_PUT || a->kind == ACTION_POLICY_REMOVE)
		snprintf(text + used, 4096 - used, "%c%s %s %s>%s\n",
			 a->kind == ACTION_POLICY_PUT ? '+' : '-', kernel_direction_name(a->policy.direction),
			 kernel_policy_action_name(a->policy.action), selector_print(&a->policy.src, src),
			 selector_print(&a->policy.dst, dst));
	else if (a->kind == ACTION_NOTE)
		snprintf(text + used, 4096 - used, "%s\n", a->note.text);
}

/* The step that the bench's actions are of ends; then it is told what must have become of them. */
static void step(struct bench *b, const struct plan *plan, const char *expected)
{
	bool failed = false;

	if (b->state)
		b->adopt = adopt_new(b->state, &failed);
	b->state = NULL;
	assert_false(failed);
	adopt_look(b->adopt, plan, b->now, 0, &b->actions);
	b->text[0] = '\0';
	for (size_t i = 0; i < b->actions.count; i++)
		write(b->text, &b->actions.at[i]);
	assert_string_equal(b->text, expected);
	actions_discard(NULL, &b->actions);
	actions_init(&b->actions);
}

static void bench_end(struct bench *b, bool over)
{
	assert_int_equal(adopt_is_over(b->adopt), over);
	adopt_discard(b->adopt);
	actions_discard(NULL, &b->actions);
	free(b);
}

static void nothing_left_is_nothing(void **state)
{
	bool failed = true;

	assert_null(adopt_new(NULL, &failed));
	assert_false(failed);
	assert_null(adopt_new(calloc(1, sizeof(struct kernel_state)), &failed));
	assert_false(failed);
	assert_int_equal(adopt_deadline(NULL), MSEC_NEVER);
	adopt_look(NULL, NULL, 1, 0, NULL);
	adopt_end(NULL, NULL);
	adopt_report(NULL, 1, NULL);
	adopt_discard(NULL);
}

/* Without --adopt: nothing before the plan; with it, what was put again is not removed. */
static void policies_stay_until_the_plans_own_stand(void **state)
{
	struct bench *b = bench_new(false);
	struct kernel_acquire acquire;

	left_pair(b, 0x10, GROUP_REQID, PAIR, PEER);
	left(b, policy(KERNEL_OUT, KERNEL_IPSEC, GROUP_REQID, TEMPLATE, OURS, "198.51.100.0/24"));
	left(b, policy(KERNEL_IN, KERNEL_BLOCK, 0, TEMPLATE, "198.51.100.0/24", OURS));
	step(b, NULL, "");
	assert_int_equal(adopt_deadline(b->adopt), MSEC_NEVER);
	assert_false(adopt_next(b->adopt, &b->plan, &acquire));
	put(b, policy(KERNEL_OUT, KERNEL_TRAP, GROUP_REQID, TEMPLATE, OURS, "198.51.100.0/24"));
	step(b, &b->plan,
	     "+out trap 192.0.2.10/32>198.51.100.0/24\n"
	     "-out ipsec 192.0.2.10/32>198.51.100.20/32\n"
	     "-in block 198.51.100.0/24>192.0.2.10/32\n"
	     "-in ipsec 198.51.100.20/32>192.0.2.10/32\n"
	     "-SA 10\n-SA 11\n");
	bench_end(b, true);
}

/* The same selectors, the other direction or protocol: another place. */
static void a_place_is_direction_and_selectors(void **state)
{
	struct bench *b = bench_new(false);

	left(b, policy(KERNEL_OUT, KERNEL_BLOCK, 0, TEMPLATE, OURS, PEER));
	left(b, policy(KERNEL_OUT, KERNEL_BLOCK, 0, TEMPLATE, OURS ";17/53", PEER ";17"));
	put(b, policy(KERNEL_IN, KERNEL_BLOCK, 0, TEMPLATE, OURS, PEER));
	put(b, policy(KERNEL_OUT, KERNEL_BLOCK, 0, TEMPLATE, OURS ";6/53", PEER ";6"));
	put(b, policy(KERNEL_OUT, KERNEL_BLOCK, 0, TEMPLATE, OURS, PEER));
	step(b, &b->plan,
	     "+in block 192.0.2.10/32>198.51.100.20/32\n"
	     "+out block 192.0.2.10/32;6/53>198.51.100.20/32;6\n"
	     "+out block 192.0.2.10/32>198.51.100.20/32\n"
	     "-out block 192.0.2.10/32;17/53>198.51.100.20/32;17\n");
	bench_end(b, true);
}

static void what_serves_no_connection_goes_at_once(void **state)
{
	struct bench *b = bench_new(true);
	struct kernel_acquire acquire;

	left_pair(b, 0x10, STALE_REQID, CONFIGURED, PEER);
	left(b, policy(KERNEL_OUT, KERNEL_IPSEC, CONN_REQID, CONFIGURED, OURS, OTHER)); /* a trap: no SA */
	left(b, policy(KERNEL_OUT, KERNEL_PASS, 0, PAIR, OURS, "198.51.100.30"));
	step(b, &b->plan,
	     "-out ipsec 192.0.2.10/32>198.51.100.20/32\n"
	     "-out trap 192.0.2.10/32>198.51.100.21/32\n"
	     "-out pass 192.0.2.10/32>198.51.100.30/32\n"
	     "-in ipsec 198.51.100.20/32>192.0.2.10/32\n"
	     "-SA 10\n-SA 11\n"
	     "2 SAs and 4 policies of an earlier run serve no connection now: removed\n");
	assert_false(adopt_next(b->adopt, &b->plan, &acquire));
	bench_end(b, true);
}

static void an_adopted_pair_is_keyed_anew(void **state)
{
	struct bench *b = bench_new(true);
	struct kernel_acquire acquire;

	left_pair(b, 0x10, CONN_REQID, CONFIGURED, PEER);
	step(b, NULL, "");
	assert_true(adopt_next(b->adopt, &b->plan, &acquire));
	assert_int_equal(acquire.reqid, CONN_REQID);
	assert_true(is_address(&acquire.dst, PEER));
	assert_true(is_address(&acquire.src, OURS));
	assert_false(adopt_next(b->adopt, &b->plan, &acquire));
	put(b, policy(KERNEL_OUT, KERNEL_TRAP, CONN_REQID, CONFIGURED, OURS, PEER));
	step(b, &b->plan, "");
	told(b, "left-sa kept 198.51.100.20 192.0.2.10 00000010\n"
		"left-sa kept 192.0.2.10 198.51.100.20 00000011\n"
		"left-policy out 192.0.2.10/32 198.51.100.20/32 1124073473\n"
		"left-policy in 198.51.100.20/32 192.0.2.10/32 1124073473\n");
	assert_int_equal(adopt_deadline(b->adopt), 1000 + LIMIT_ADOPT);
	/* The new inbound SA alone replaces nothing. */
	b->now += 100;
	install(b, 0x20, CONN_REQID, PEER, OURS);
	step(b, &b->plan, "+SA 20\n");
	install(b, 0x21, CONN_REQID, OURS, PEER);
	put(b, policy(KERNEL_IN, KERNEL_IPSEC, CONN_REQID, CONFIGURED, PEER, OURS));
	put(b, policy(KERNEL_OUT, KERNEL_IPSEC, CONN_REQID, CONFIGURED, OURS, PEER));
	step(b, &b->plan,
	     "+SA 21\n"
	     "+in ipsec 198.51.100.20/32>192.0.2.10/32\n"
	     "+out ipsec 192.0.2.10/32>198.51.100.20/32\n"
	     "-SA 11\n");
	told(b, "left-sa draining 198.51.100.20 192.0.2.10 00000010\n");
	assert_int_equal(adopt_deadline(b->adopt), 1100 + LIMIT_DRAIN);
	b->now = 1100 + LIMIT_DRAIN - 1;
	step(b, &b->plan, "");
	b->now++;
	step(b, &b->plan, "-SA 10\n");
	bench_end(b, true);
}

/* Of two pairs of a group only the one that was keyed loses its old SAs. */
static void pairs_of_a_group_are_told_apart(void **state)
{
	struct bench *b = bench_new(true);
	struct kernel_acquire acquire;
	unsigned asked = 0;

	left_pair(b, 0x10, GROUP_REQID, PAIR, PEER);
	left_pair(b, 0x30, GROUP_REQID, PAIR, OTHER);
	step(b, &b->plan, "");
	while (adopt_next(b->adopt, &b->plan, &acquire))
		asked++;
	assert_int_equal(asked, 2);
	/* The same peer, by another connection. */
	install(b, 0x21, CONN_REQID, OURS, OTHER);
	step(b, &b->plan, "+SA 21\n");
	install(b, 0x22, GROUP_REQID, OURS, OTHER);
	step(b, &b->plan, "+SA 22\n-SA 31\n");
	/* Again, as a rekey does: what drains is not removed earlier, nor later. */
	b->now += 1000;
	install(b, 0x23, GROUP_REQID, OURS, OTHER);
	step(b, &b->plan, "+SA 23\n");
	b->now += LIMIT_DRAIN - 1000;
	step(b, &b->plan, "-SA 30\n");
	bench_end(b, false);
}

/* An entry of a single host has the place of its pair: none of its policies may displace what carries traffic. */
static void templates_of_a_single_host_wait(void **state)
{
	static const enum kernel_policy_action outward[] = { KERNEL_TRAP, KERNEL_PASS };

	for (size_t i = 0; i < ARRAY_LENGTH(outward); i++) {
		struct bench *b = bench_new(true);

		left_pair(b, 0x10, GROUP_REQID, PAIR, PEER);
		put(b, policy(KERNEL_IN, KERNEL_BLOCK, 0, TEMPLATE, PEER, OURS));
		put(b, policy(KERNEL_FORWARD, KERNEL_BLOCK, 0, TEMPLATE, PEER, OURS));
		put(b, policy(KERNEL_OUT, outward[i], GROUP_REQID, TEMPLATE, OURS, PEER));
		put(b, policy(KERNEL_OUT, KERNEL_HOLD, GROUP_REQID, PAIR, OURS, PEER));
		step(b, &b->plan, "+fwd block 198.51.100.20/32>192.0.2.10/32\n");
		/* Denied: that is put at once, and inbound the entry's word counts again. */
		put(b, policy(KERNEL_OUT, KERNEL_BLOCK, 0, PAIR, OURS, PEER));
		step(b, &b->plan,
		     "+out block 192.0.2.10/32>198.51.100.20/32\n"
		     "+in block 198.51.100.20/32>192.0.2.10/32\n");
		bench_end(b, false);
	}
}

static void what_is_not_keyed_in_time_goes(void **state)
{
	struct bench *b = bench_new(true);

	left_pair(b, 0x10, CONN_REQID, CONFIGURED, PEER);
	left_pair(b, 0x30, GROUP_REQID, PAIR, OTHER);
	put(b, policy(KERNEL_OUT, KERNEL_TRAP, CONN_REQID, CONFIGURED, OURS, PEER));
	step(b, &b->plan, "");
	b->now += LIMIT_ADOPT - 1;
	step(b, &b->plan, "");
	b->now++;
	step(b, &b->plan,
	     "4 SAs of an earlier run were not keyed anew within 60 s: removed\n"
	     "+out trap 192.0.2.10/32>198.51.100.20/32\n"
	     "-out ipsec 192.0.2.10/32>198.51.100.21/32\n"
	     "-in ipsec 198.51.100.20/32>192.0.2.10/32\n"
	     "-in ipsec 198.51.100.21/32>192.0.2.10/32\n"
	     "-SA 10\n-SA 11\n-SA 30\n-SA 31\n");
	bench_end(b, true);
}

/* What waits is taken back: then nothing is put when the time is over, and the old policy is not cut short. */
static void what_waits_can_be_taken_back(void **state)
{
	struct bench *b = bench_new(true);
	struct kernel_policy trap = policy(KERNEL_OUT, KERNEL_TRAP, CONN_REQID, CONFIGURED, OURS, PEER);

	left_pair(b, 0x10, CONN_REQID, CONFIGURED, PEER);
	put(b, trap);
	step(b, &b->plan, "");
	take(b, trap);
	step(b, &b->plan, "");
	/* Once more: now it is the old one that the node wants away, and with it goes the other direction. */
	take(b, trap);
	step(b, &b->plan,
	     "-out trap 192.0.2.10/32>198.51.100.20/32\n"
	     "-in ipsec 198.51.100.20/32>192.0.2.10/32\n");
	b->now += LIMIT_ADOPT;
	step(b, &b->plan,
	     "2 SAs of an earlier run were not keyed anew within 60 s: removed\n"
	     "-SA 10\n-SA 11\n");
	bench_end(b, true);
}

static void a_new_plan_without_the_connection_ends_it(void **state)
{
	struct bench *b = bench_new(true);
	struct plan without = b->plan;

	without.conn_count = 1;
	left_pair(b, 0x10, CONN_REQID, CONFIGURED, PEER);
	left_pair(b, 0x30, GROUP_REQID, PAIR, OTHER);
	step(b, &b->plan, "");
	step(b, &without,
	     "-out ipsec 192.0.2.10/32>198.51.100.21/32\n"
	     "-in ipsec 198.51.100.21/32>192.0.2.10/32\n"
	     "-SA 30\n-SA 31\n"
	     "2 SAs and 2 policies of an earlier run serve no connection now: removed\n");
	bench_end(b, false);
}

static void a_clean_stop_takes_all(void **state)
{
	struct bench *b = bench_new(true);

	left_pair(b, 0x10, CONN_REQID, CONFIGURED, PEER);
	put(b, policy(KERNEL_OUT, KERNEL_TRAP, CONN_REQID, CONFIGURED, OURS, PEER));
	step(b, &b->plan, "");
	adopt_end(b->adopt, &b->actions);
	step(b, &b->plan,
	     "-out ipsec 192.0.2.10/32>198.51.100.20/32\n"
	     "-in ipsec 198.51.100.20/32>192.0.2.10/32\n"
	     "-SA 10\n-SA 11\n");
	bench_end(b, true);
}

/* A tunnel's policy has its SAs at the outer addresses; many, in any order, are found. */
static void tunnels_and_many(void **state)
{
	struct bench *b = bench_new(true);
	struct kernel_policy out, in;
	struct kernel_acquire acquire;
	char peer[ADDRESS_TEXT], net[SELECTOR_TEXT], expected[64];
	unsigned asked = 0;

	for (unsigned i = 0; i < 200; i++) {
		unsigned k = i * 77 % 200;

		snprintf(peer, sizeof(peer), "203.0.113.%u", k);
		snprintf(net, sizeof(net), "10.%u.0.0/16", k);
		left_sa(b, 1000 + 2 * k, GROUP_REQID, peer, OURS);
		left_sa(b, 1001 + 2 * k, GROUP_REQID, OURS, peer);
		out = policy(KERNEL_OUT, KERNEL_IPSEC, GROUP_REQID, PAIR, "10.255.0.0/16", net);
		out.mode = KERNEL_TUNNEL;
		out.tunnel_src = address(OURS);
		out.tunnel_dst = address(peer);
		in = policy(KERNEL_IN, KERNEL_IPSEC, GROUP_REQID, PAIR, net, "10.255.0.0/16");
		in.mode = KERNEL_TUNNEL;
		in.tunnel_src = out.tunnel_dst;
		in.tunnel_dst = out.tunnel_src;
		left(b, out);
		left(b, in);
	}
	step(b, &b->plan, "");
	while (adopt_next(b->adopt, &b->plan, &acquire))
		asked++;
	assert_int_equal(asked, 200);
	for (unsigned k = 0; k < 200; k++) {
		snprintf(peer, sizeof(peer), "203.0.113.%u", k);
		install(b, 1, GROUP_REQID, OURS, peer);
		snprintf(expected, sizeof(expected), "+SA 1\n-SA %x\n", 1001 + 2 * k);
		step(b, &b->plan, expected);
	}
	bench_end(b, false);
}

/* ---- a node ---- */

static const char secrets[] = ": PSK \"a shared key of a unit test\"\n";
static const char private_conf[] =
	"conn private\n left=%defaultroute\n right=%opportunisticgroup\n authby=null\n"
	" type=transport\n auto=ondemand\n"
	"conn t\n left=" OURS "\n right=" OTHER "\n authby=secret\n type=transport\n"
	" auto=add\n";

struct whole {
	struct sim_crypto crypto;
	struct node *node;
	struct plan *plan;
	struct actions actions;
	char text[4096];
};

static void feed(struct whole *w, msec now, struct event *event)
{
	actions_discard(&w->crypto.crypto, &w->actions);
	actions_init(&w->actions);
	node_step(w->node, now, event, &w->actions);
	w->text[0] = '\0';
	for (size_t i = 0; i < w->actions.count; i++) {
		if (w->actions.at[i].kind != ACTION_NOTE)
			write(w->text, &w->actions.at[i]);
	}
}

static unsigned jobs(const struct whole *w)
{
	unsigned n = 0;

	for (size_t i = 0; i < w->actions.count; i++)
		n += w->actions.at[i].kind == ACTION_JOB;
	return n;
}

static char *text(const char *constant)
{
	return (char *)(uintptr_t)constant;
}

static struct plan *plan_of(const char *group)
{
	static struct plan_problems problems;
	const struct plan_places places = { "/etc/ipsec.conf", "/etc/ipsec.secrets",
					    "/etc/ipsec.d/policies" };
	struct plan_source sources[] = {
		{ text("/etc/ipsec.conf"), text(private_conf), strlen(private_conf), SOURCE_CONFIG },
		{ text("/etc/ipsec.secrets"), text(secrets), strlen(secrets), SOURCE_SECRETS },
		{ text("/etc/ipsec.d/policies/private"), text(group), strlen(group), SOURCE_GROUP },
	};
	struct plan *plan = plan_make_from_sources(sources, 3, &places, NULL, &problems);

	assert_non_null(plan);
	return plan;
}

static struct whole *whole_new(const char *group)
{
	static struct event_addresses addresses;
	struct event event = { .kind = EVENT_ADDRESSES };
	struct whole *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	sim_crypto_init(&w->crypto, 1);
	actions_init(&w->actions);
	w->node = node_new(&w->crypto.crypto);
	assert_non_null(w->node);
	w->plan = plan_of(group);
	addresses.at[0] = addresses.default_v4 = address(OURS);
	addresses.count = 1;
	event.addresses = &addresses;
	feed(w, 1, &event);
	return w;
}

static void whole_leave(struct whole *w, struct bench *b)
{
	struct event event = { .kind = EVENT_KERNEL_STATE, .kernel_state = b->state };

	b->state = NULL;
	free(b);
	feed(w, 2, &event);
	assert_string_equal(w->text, "");
}

static void whole_end(struct whole *w)
{
	actions_discard(&w->crypto.crypto, &w->actions);
	node_discard(w->node);
	free(w);
}

static uint32_t reqid_of(const struct whole *w, const char *name)
{
	for (size_t i = 0; i < w->plan->conn_count; i++) {
		if (strcmp(w->plan->conns[i].name, name) == 0)
			return w->plan->conns[i].reqid;
	}
	fail();
	return 0;
}

/* kill -9 of a daemon with a keyed private pair: the trap stands before, and instead of, what is removed. */
static void a_killed_private_pair_is_never_open(void **state)
{
	struct whole *w = whole_new(PEER "/32\n");
	struct bench *b = bench_new(false);
	struct event event = { .kind = EVENT_PLAN, .plan = w->plan };
	const char *trap, *gone;

	left_pair(b, 0x10, reqid_of(w, "private"), PAIR, PEER);
	whole_leave(w, b);
	feed(w, 3, &event);
	trap = strstr(w->text, "+out trap 192.0.2.10/32>198.51.100.20/32\n");
	gone = strstr(w->text, "-SA 11\n");
	assert_non_null(trap);
	assert_non_null(gone);
	assert_true(trap < gone);
	assert_null(strstr(w->text, "-out"));
	assert_non_null(strstr(w->text, "+in block 198.51.100.20/32>192.0.2.10/32\n"));
	assert_null(strstr(w->text, "-in"));
	assert_int_equal(jobs(w), 0);
	whole_end(w);
}

static void adopted_pairs_of_both_sorts_are_begun(void **state)
{
	struct whole *w = whole_new(PEER "/32\n");
	struct bench *b = bench_new(true);
	struct event event = { .kind = EVENT_PLAN, .plan = w->plan };

	left_pair(b, 0x10, reqid_of(w, "private"), PAIR, PEER);
	left_pair(b, 0x30, reqid_of(w, "t"), CONFIGURED, OTHER);
	whole_leave(w, b);
	feed(w, 3, &event);
	/* Not a word about the two pairs, but two handshakes begin. */
	assert_null(strstr(w->text, ">198.51.100.20/32"));
	assert_null(strstr(w->text, "+in block 198.51.100.20/32"));
	assert_null(strstr(w->text, OTHER));
	assert_null(strstr(w->text, "SA"));
	assert_int_equal(jobs(w), 2);
	assert_true(node_deadline(w->node) <= 3 + LIMIT_ADOPT);
	/* Nobody answers. At the end nothing of the earlier run is left, and nothing is open: the private pair is trapped or denied. */
	event = (struct event){ .kind = EVENT_TIME };
	feed(w, 3 + LIMIT_ADOPT, &event);
	assert_non_null(strstr(w->text, "-SA 10\n-SA 11\n-SA 30\n-SA 31\n"));
	assert_non_null(strstr(w->text, "-out ipsec 192.0.2.10/32>198.51.100.21/32\n"));
	assert_non_null(strstr(w->text, "+out "));
	assert_null(strstr(w->text, "-out ipsec 192.0.2.10/32>198.51.100.20/32\n"));
	assert_non_null(strstr(w->text, "+in block 198.51.100.20/32>192.0.2.10/32\n"));
	whole_end(w);
}

/* A stop that leaves all to the next run says nothing to the kernel, also while the former run's is still there. */
static void leaving_leaves_the_leftovers_too(void **state)
{
	struct whole *w = whole_new(PEER "/32\n");
	struct bench *b = bench_new(true);
	struct event event = { .kind = EVENT_PLAN, .plan = w->plan };

	left_pair(b, 0x10, reqid_of(w, "private"), PAIR, PEER);
	whole_leave(w, b);
	feed(w, 3, &event);
	event = (struct event){ .kind = EVENT_COMMAND };
	event.command.kind = COMMAND_SHUTDOWN;
	event.command.leave_state = true;
	feed(w, 4, &event);
	assert_string_equal(w->text, "");
	assert_int_equal(w->actions.at[w->actions.count - 1].kind, ACTION_STOPPED);
	assert_true(w->actions.at[w->actions.count - 1].stopped.left);
	whole_end(w);
}

static void a_clean_stop_of_a_node_takes_the_leftovers(void **state)
{
	struct whole *w = whole_new(PEER "/32\n");
	struct bench *b = bench_new(true);
	struct event event = { .kind = EVENT_PLAN, .plan = w->plan };

	left_pair(b, 0x10, reqid_of(w, "private"), PAIR, PEER);
	whole_leave(w, b);
	feed(w, 3, &event);
	event = (struct event){ .kind = EVENT_COMMAND };
	event.command.kind = COMMAND_SHUTDOWN;
	feed(w, 4, &event);
	assert_non_null(strstr(w->text, "-SA 10\n-SA 11\n"));
	assert_non_null(strstr(w->text, "-out ipsec 192.0.2.10/32>198.51.100.20/32\n"));
	assert_non_null(strstr(w->text, "-in ipsec 198.51.100.20/32>192.0.2.10/32\n"));
	assert_null(strstr(w->text, "+"));
	whole_end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_left_is_nothing),
		cmocka_unit_test(policies_stay_until_the_plans_own_stand),
		cmocka_unit_test(a_place_is_direction_and_selectors),
		cmocka_unit_test(what_serves_no_connection_goes_at_once),
		cmocka_unit_test(an_adopted_pair_is_keyed_anew),
		cmocka_unit_test(pairs_of_a_group_are_told_apart),
		cmocka_unit_test(templates_of_a_single_host_wait),
		cmocka_unit_test(what_is_not_keyed_in_time_goes),
		cmocka_unit_test(what_waits_can_be_taken_back),
		cmocka_unit_test(a_new_plan_without_the_connection_ends_it),
		cmocka_unit_test(a_clean_stop_takes_all),
		cmocka_unit_test(tunnels_and_many),
		cmocka_unit_test(a_killed_private_pair_is_never_open),
		cmocka_unit_test(adopted_pairs_of_both_sorts_are_begun),
		cmocka_unit_test(leaving_leaves_the_leftovers_too),
		cmocka_unit_test(a_clean_stop_of_a_node_takes_the_leftovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
