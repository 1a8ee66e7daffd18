/*
 * A bench for lib/oe without lib/plan and without a node: a plan made by hand, what oe does as short
 * lines, and DNS records made of octets.
 */
#ifndef TESTING_OE_FIXTURE_H
#define TESTING_OE_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oe.h"
#include "../../../lib/oe/inside.h"
#include "../../cells.h"

#define ALICE "192.0.2.10"
#define BOB "198.51.100.20"
#define BOB_NAME "20.100.51.198.in-addr.arpa."

/* ---- the plan: the look-ups of plan.h over a hand-made array ---- */

const struct conn *plan_conn(const struct plan *plan, uint32_t serial)
{
	for (size_t i = 0; i < plan->conn_count; i++) {
		if (plan->conns[i].serial == serial)
			return &plan->conns[i];
	}
	return NULL;
}

const struct conn *plan_conn_by_reqid(const struct plan *plan, uint32_t reqid)
{
	for (size_t i = 0; i < plan->conn_count; i++) {
		if (plan->conns[i].reqid == reqid)
			return &plan->conns[i];
	}
	return NULL;
}

const struct group_entry *plan_group(const struct plan *plan, const struct address *destination)
{
	const struct group_entry *best = NULL;

	for (size_t i = 0; i < plan->group_count; i++) {
		const struct group_entry *e = &plan->groups[i];

		if (prefix_contains(&e->prefix, destination) && (!best || e->prefix.bits > best->prefix.bits))
			best = e;
	}
	return best;
}

/* The left end is ours; %defaultroute unless it has an address. */
bool conn_orient(const struct conn *conn, const struct address *addresses, size_t count,
		 const struct address *default_v4, const struct address *default_v6, const struct end **local,
		 const struct end **remote, struct address *address)
{
	*local = &conn->left;
	*remote = &conn->right;
	*address = conn->left.host == HOST_ADDRESS      ? conn->left.address
		   : default_v4->family != ADDRESS_NONE ? *default_v4
							: *default_v6;
	return count > 0;
}

static inline struct address ip(const char *text)
{
	struct address a;

	assert_true(address_parse(&a, text));
	return a;
}

struct bench {
	struct plan plan;
	struct conn conns[5];
	struct group_entry groups[8];
	struct event_addresses addresses;
	struct oe *oe;
	struct actions actions;
	msec now;
	uint64_t next_serial; /* of IKE SAs and children that the test hands out */
	char told[16384];
	char questions[2][DNS_NAME_TEXT];
	uint64_t numbers[2]; /* of the last two questions: IPSECKEY, TXT */
	uint64_t flow, ike_sa, child; /* of the last wish */
	void (*seen)(struct bench *b); /* looks at the actions of a step, or NULL */
	void *context;
	bool muted;
};

static inline struct conn *bench_conn(struct bench *b, enum group_class group, enum auth_method auth,
				      enum conn_type type)
{
	struct conn *c = &b->conns[b->plan.conn_count++];

	assert_true(b->plan.conn_count <= ARRAY_LENGTH(b->conns));
	memset(c, 0, sizeof(*c));
	c->serial = (uint32_t)b->plan.conn_count;
	c->reqid = KERNEL_REQID_FIRST + c->serial;
	c->group = group;
	c->type = type;
	c->left.host = HOST_DEFAULTROUTE;
	c->right.host = HOST_OPPORTUNISTICGROUP;
	c->left.auth = c->right.auth = auth;
	c->right.key_source = auth == AUTH_NULL ? KEY_SOURCE_NONE : KEY_SOURCE_DNS;
	return c;
}

static inline void bench_entry(struct bench *b, const char *prefix, const struct conn *conn)
{
	struct group_entry *e = &b->groups[b->plan.group_count++];
	static char file[] = "/etc/ipsec.d/policies/group";

	assert_true(b->plan.group_count <= ARRAY_LENGTH(b->groups));
	memset(e, 0, sizeof(*e));
	assert_true(prefix_parse(&e->prefix, prefix));
	e->conn = conn->serial;
	e->group = conn->group;
	e->file = file;
	e->line = (unsigned)b->plan.group_count;
}

/* An empty bench; entries are added, then bench_start. */
static inline struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct setup *s;

	assert_non_null(b);
	b->now = 1000000;
	b->next_serial = 100;
	b->plan.conns = b->conns;
	b->plan.groups = b->groups;
	s = &b->plan.setup;
	s->dnssec_enable = true;
	s->oe_dns_timeout_permissive = SECONDS(5);
	s->oe_dns_timeout_paranoid = SECONDS(15);
	s->oe_ike_timeout_permissive = SECONDS(4);
	s->oe_ike_timeout_paranoid = SECONDS(30);
	s->oe_short_timeout = SECONDS(60);
	s->oe_normal_timeout = MINUTES(15);
	s->oe_initial_lifespan = SECONDS(60);
	s->oe_lifespan = MINUTES(20);
	b->addresses.at[0] = b->addresses.default_v4 = ip(ALICE);
	b->addresses.at[1] = b->addresses.default_v6 = ip("2001:db8:a::10");
	b->addresses.count = 2;
	b->oe = oe_new(NULL);
	assert_non_null(b->oe);
	actions_init(&b->actions);
	return b;
}

/* ---- what oe did, as lines ---- */

static inline void say(struct bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void say(struct bench *b, const char *format, ...)
{
	size_t used = strlen(b->told);
	va_list args;

	va_start(args, format);
	vsnprintf(b->told + used, sizeof(b->told) - used, format, args);
	va_end(args);
}

static inline void say_policy(struct bench *b, const char *verb, const struct kernel_policy *p)
{
	char src[SELECTOR_TEXT], dst[SELECTOR_TEXT];

	/* The exemptions have a test of their own. */
	if (p->priority < KERNEL_PRIORITY_FIRST + 0x10000u)
		return;
	say(b, "%s %s %s %s>%s\n", verb, kernel_direction_name(p->direction),
	    kernel_policy_action_name(p->action), selector_print(&p->src, src), selector_print(&p->dst, dst));
}

static inline void say_report(struct bench *b, const struct report *r)
{
	say(b, "%s", r->kind);
	if (r->final)
		say(b, " status=%d", r->status);
	for (size_t i = 0; i < r->count; i++)
		say(b, " %s=%s", r->field[i].key, r->field[i].value);
	say(b, "\n");
}

static inline void say_action(struct bench *b, const struct action *a)
{
	unsigned which = a->kind == ACTION_RESOLVE && a->resolve.question.type == DNS_TXT;

	if (a->kind == ACTION_RESOLVE) {
		b->numbers[which] = a->resolve.number;
		memcpy(b->questions[which], a->resolve.question.name, DNS_NAME_TEXT);
		say(b, "ask %s %s\n", a->resolve.question.name, dns_type_name(a->resolve.question.type));
	} else if (a->kind == ACTION_POLICY_PUT || a->kind == ACTION_POLICY_REMOVE) {
		say_policy(b, a->kind == ACTION_POLICY_PUT ? "put" : "remove", &a->policy);
	} else if (a->kind == ACTION_TRANSITION) {
		say(b, "%s>%s %s\n", a->transition.from, a->transition.to, reason_word(a->transition.reason));
	} else if (a->kind == ACTION_SA_QUERY) {
		say(b, "query %08x\n", a->sa.sa.spi);
	} else if (a->kind == ACTION_POLICY_QUERY) {
		say_policy(b, "query", &a->policy);
	} else if (a->kind == ACTION_REPORT) {
		say_report(b, a->report);
	}
}

static inline void say_wish(struct bench *b, const struct oe_wish *w)
{
	char local[ADDRESS_TEXT], gateway[ADDRESS_TEXT];

	b->flow = w->flow;
	if (w->kind == WISH_CONNECT)
		say(b, "connect %s>%s keys=%zu %s %s %lldms\n", address_print(&w->local, local),
		    address_print(&w->gateway, gateway), w->key_count, key_level_name(w->level),
		    kernel_mode_name(w->mode), (long long)w->timeout);
	else if (w->kind == WISH_DELETE_CHILD)
		say(b, "delete child %llu %s\n", (unsigned long long)w->child, reason_word(w->reason));
	else if (w->kind == WISH_REDUNDANT_CHILD)
		say(b, "drain child %llu %s\n", (unsigned long long)w->child, reason_word(w->reason));
	else if (w->kind == WISH_YIELD)
		say(b, "yield %llu\n", (unsigned long long)w->ike_sa);
	else if (w->kind == WISH_ABANDON)
		say(b, "abandon %llu %s\n", (unsigned long long)w->ike_sa, reason_word(w->reason));
	else
		say(b, "answer %llu %s %s %s keys=%zu\n", (unsigned long long)w->ike_sa,
		    w->allowed ? "yes" : "no", reason_word(w->reason), key_level_name(w->level),
		    w->key_count);
}

static inline void bench_forget(struct bench *b)
{
	b->told[0] = '\0';
}

/* After every call: the invariants hold; actions and wishes become lines. A wish to connect is fulfilled. */
static inline void bench_look(struct bench *b)
{
	struct oe_wish wish;
	char why[160] = "";

	for (size_t i = 0; i < b->actions.count; i++)
		say_action(b, &b->actions.at[i]);
	if (b->seen)
		b->seen(b);
	assert_false(b->actions.failed);
	actions_discard(NULL, &b->actions);
	while (oe_next_wish(b->oe, &wish)) {
		say_wish(b, &wish);
		if (wish.kind != WISH_CONNECT)
			continue;
		b->ike_sa = ++b->next_serial;
		oe_connecting(b->oe, b->now, wish.flow, b->ike_sa, REASON_OK, &b->actions);
	}
	if (b->muted)
		bench_forget(b);
	if (!oe_check(b->oe, b->now, why))
		fail_msg("%s\nafter:\n%s", why, b->told);
	if (b->actions.count)
		bench_look(b);
}

/* What was done since the last time is exactly that. */
static inline void bench_said(struct bench *b, const char *expected)
{
	if (strcmp(b->told, expected) != 0)
		fail_msg("expected:\n%sbut it was:\n%s", expected, b->told);
	b->told[0] = '\0';
}

#define assert_said(b, part)                                                  \
	do {                                                                  \
		if (!strstr((b)->told, part))                                 \
			fail_msg("expected \"%s\" in:\n%s", part, (b)->told); \
	} while (0)

#define assert_not_said(b, part)                                                  \
	do {                                                                      \
		if (strstr((b)->told, part))                                      \
			fail_msg("not expected \"%s\" in:\n%s", part, (b)->told); \
	} while (0)

/* ---- what happens outside ---- */

static inline void bench_plan(struct bench *b)
{
	assert_true(oe_set_plan(b->oe, b->now, &b->plan, &b->addresses, &b->actions));
	bench_look(b);
}

static inline void bench_start(struct bench *b)
{
	bench_plan(b);
	bench_forget(b);
}

static inline void bench_event(struct bench *b, struct event *event)
{
	oe_event(b->oe, b->now, event, &b->actions);
	bench_look(b);
}

static inline void bench_acquire(struct bench *b, const char *from, const char *to)
{
	struct event event = { .kind = EVENT_ACQUIRE };
	struct address src = ip(from), dst = ip(to);

	event.acquire.seq = 7;
	event.acquire.inner_src = selector_of_host(&src);
	event.acquire.inner_dst = selector_of_host(&dst);
	bench_event(b, &event);
}

/* The kernel says of the pair's policy when a packet met it last. */
static inline void bench_policy_use(struct bench *b, bool found, uint64_t used)
{
	struct event event = { .kind = EVENT_POLICY_USE };
	struct address src = ip(ALICE), dst = ip(BOB);

	event.policy_use.src = selector_of_host(&src);
	event.policy_use.dst = selector_of_host(&dst);
	event.policy_use.found = found;
	event.policy_use.used = used;
	bench_event(b, &event);
}

/* Time passes, stopping at every deadline on the way. */
static inline void bench_wait(struct bench *b, msec span)
{
	msec end = b->now + span;
	struct event event = { .kind = EVENT_TIME };

	while (oe_deadline(b->oe) <= end) {
		msec due = oe_deadline(b->oe);

		b->now = due > b->now ? due : b->now;
		bench_event(b, &event);
		assert_true(oe_deadline(b->oe) > b->now);
	}
	b->now = end;
}

static inline struct dns_answer *answer_new(enum dns_type type, enum dns_verdict verdict, msec ttl)
{
	struct dns_answer *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	a->question.type = type;
	snprintf(a->question.name, sizeof(a->question.name), "%s", BOB_NAME);
	a->verdict = verdict;
	a->ttl = ttl;
	return a;
}

static inline void answer_add(struct dns_answer *a, const void *data, size_t len)
{
	assert_true(a->count < LIMIT_DNS_RECORDS);
	assert_true(blob_copy(&a->records[a->count++].rdata, bytes_of(data, len)));
}

static inline void bench_resolved(struct bench *b, struct dns_answer *answer)
{
	struct event event = { .kind = EVENT_RESOLVED };

	event.resolved.number = b->numbers[answer->question.type == DNS_TXT];
	event.resolved.answer = answer;
	bench_event(b, &event);
	assert_null(event.resolved.answer);
}

/* ---- records ---- */

#define RSA_OCTETS (1 + 3 + 256)

/* An RSA-2048 key in RFC 3110's form; each salt is another key. */
static inline void rsa_key(uint8_t out[RSA_OCTETS], uint8_t salt)
{
	memset(out, 0xc5, RSA_OCTETS);
	memcpy(out, "\x03\x01\x00\x01", 4);
	out[100] = salt;
}

/* IPSECKEY with an RSA key: gateway NULL for none, else an address. */
static inline void add_ipseckey(struct dns_answer *a, uint8_t precedence, const char *gateway, uint8_t salt)
{
	uint8_t room[3 + 16 + RSA_OCTETS];
	struct address address;
	size_t octets = 0;

	room[0] = precedence;
	room[1] = 0;
	room[2] = 2;
	if (gateway) {
		address = ip(gateway);
		octets = address_octets(&address);
		room[1] = octets == 4 ? 1 : 2;
		memcpy(room + 3, address.octet, octets);
	}
	rsa_key(room + 3 + octets, salt);
	answer_add(a, room, 3 + octets + RSA_OCTETS);
}

/* TXT of any text, cut into strings of at most 255 octets. */
static inline void add_txt(struct dns_answer *a, const char *text)
{
	uint8_t room[LIMIT_DNS_TEXT];
	size_t used = 0, len = strlen(text);

	while (len > 0) {
		size_t piece = len < 255 ? len : 255;

		room[used++] = (uint8_t)piece;
		memcpy(room + used, text, piece);
		used += piece;
		text += piece;
		len -= piece;
	}
	answer_add(a, room, used);
}

/* The text of a delegation with an RSA key. */
static inline void add_server(struct dns_answer *a, const char *before, uint8_t salt)
{
	uint8_t key[RSA_OCTETS];
	char text[1024], *base64;

	rsa_key(key, salt);
	base64 = base64_encode(BYTES_OF_ARRAY(key));
	assert_non_null(base64);
	snprintf(text, sizeof(text), "%s %s", before, base64);
	free(base64);
	add_txt(a, text);
}

/* Both answers to the last questions; NULL records: none. */
static inline void bench_answers(struct bench *b, enum dns_verdict verdict, msec ttl, bool key)
{
	struct dns_answer *ipseckey = answer_new(DNS_IPSECKEY, verdict, ttl);

	if (key)
		add_ipseckey(ipseckey, 10, NULL, 1);
	bench_resolved(b, ipseckey);
	bench_resolved(b, answer_new(DNS_TXT, verdict, ttl));
}

/* ---- IKE's part ---- */

static inline struct oe_child bench_child(struct bench *b, uint64_t flow, enum key_level level)
{
	struct oe_child c = { .flow = flow,
			      .ike_sa = flow ? b->ike_sa : ++b->next_serial,
			      .local = ip(ALICE),
			      .remote = ip(BOB),
			      .gateway = ip(BOB),
			      .mode = KERNEL_TRANSPORT,
			      .spi_in = 0x1111,
			      .spi_out = 0x2222,
			      .level = level };

	c.child = b->child = ++b->next_serial;
	snprintf(c.peer_id, sizeof(c.peer_id), BOB);
	return c;
}

static inline void bench_child_up(struct bench *b, uint64_t flow, enum key_level level)
{
	struct oe_child c = bench_child(b, flow, level);

	oe_child_up(b->oe, b->now, &c, &b->actions);
	bench_look(b);
}

static inline void bench_child_down(struct bench *b, enum reason reason)
{
	oe_child_down(b->oe, b->now, b->child, reason, &b->actions);
	bench_look(b);
}

static inline void bench_failed(struct bench *b, enum reason reason, bool proven)
{
	oe_attempt_failed(b->oe, b->now, b->flow, reason, 0, proven, &b->actions);
	bench_look(b);
}

/* A bench with one group for everything. */
static inline struct bench *bench_of(enum group_class group)
{
	struct bench *b = bench_new();

	bench_entry(b, "0.0.0.0/0", bench_conn(b, group, AUTH_RSA, CONN_TRANSPORT));
	bench_start(b);
	return b;
}

/* The same, with bob asked for and his key found. */
static inline struct bench *bench_pending(enum group_class group)
{
	struct bench *b = bench_of(group);

	bench_acquire(b, ALICE, BOB);
	bench_answers(b, DNS_SECURE, HOURS(1), true);
	bench_forget(b);
	return b;
}

static inline struct bench *bench_keyed(enum group_class group)
{
	struct bench *b = bench_pending(group);

	bench_child_up(b, b->flow, LEVEL_DNS_SECURE);
	bench_forget(b);
	return b;
}

static inline void bench_end(struct bench *b)
{
	cells_note(b->oe, program_invocation_short_name);
	oe_discard(b->oe);
	actions_discard(NULL, &b->actions);
	free(b);
}

static inline struct flow *bench_flow(struct bench *b)
{
	struct address local = ip(ALICE), remote = ip(BOB);

	return flow_find(b->oe, &local, &remote);
}

#endif
