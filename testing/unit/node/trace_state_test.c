/* What an earlier run left, as a line of a trace and back: a replay begins with it (trace.c, trace_state.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "node.h"

static struct address address(const char *text)
{
	struct address a;

	assert_true(address_parse(&a, text));
	return a;
}

static struct selector selector(const char *text)
{
	struct selector s;

	assert_true(selector_parse(&s, text));
	return s;
}

static struct event a_state(size_t sas, size_t policies)
{
	struct event event = { .kind = EVENT_KERNEL_STATE,
			       .kernel_state = calloc(1, sizeof(struct kernel_state)) };
	struct kernel_state *s = event.kernel_state;

	assert_non_null(s);
	s->sas = calloc(sas + 1, sizeof(*s->sas));
	s->policies = calloc(policies + 1, sizeof(*s->policies));
	assert_true(s->sas && s->policies);
	s->sa_count = sas;
	s->policy_count = policies;
	for (size_t i = 0; i < sas; i++)
		s->sas[i] = (struct kernel_sa){ .spi = (uint32_t)(0xf0000001 + i),
						.reqid = KERNEL_REQID_FIRST + (uint32_t)i,
						.src = address("192.0.2.10"),
						.dst = address("2001:db8::1") };
	for (size_t i = 0; i < policies; i++)
		s->policies[i] = (struct kernel_policy){ .direction = (enum kernel_direction)(i % 3),
							 .action = (enum kernel_policy_action)(i % 5),
							 .mode = i % 2 ? KERNEL_TUNNEL : KERNEL_TRANSPORT,
							 .priority = KERNEL_PRIORITY_FIRST + (uint32_t)i,
							 .reqid = KERNEL_REQID_FIRST,
							 .src = selector("192.0.2.0/24;6/80"),
							 .dst = selector("198.51.100.20;6"),
							 .tunnel_src = address("203.0.113.1"),
							 .tunnel_dst = address("2001:db8::2") };
	return event;
}

static void assert_same(const struct kernel_state *a, const struct kernel_state *b)
{
	assert_int_equal(a->adopt, b->adopt);
	assert_int_equal(a->sa_count, b->sa_count);
	assert_int_equal(a->policy_count, b->policy_count);
	for (size_t i = 0; i < a->sa_count; i++) {
		assert_int_equal(a->sas[i].spi, b->sas[i].spi);
		assert_int_equal(a->sas[i].reqid, b->sas[i].reqid);
		assert_true(address_equal(&a->sas[i].src, &b->sas[i].src));
		assert_true(address_equal(&a->sas[i].dst, &b->sas[i].dst));
	}
	for (size_t i = 0; i < a->policy_count; i++) {
		const struct kernel_policy *p = &a->policies[i], *q = &b->policies[i];

		assert_true(p->direction == q->direction && p->action == q->action && p->mode == q->mode);
		assert_true(p->priority == q->priority && p->reqid == q->reqid);
		assert_true(selector_equal(&p->src, &q->src) && selector_equal(&p->dst, &q->dst));
		assert_true(address_equal(&p->tunnel_src, &q->tunnel_src));
		assert_true(address_equal(&p->tunnel_dst, &q->tunnel_dst));
	}
}

static void a_state_comes_back(void **state)
{
	static const size_t counts[][2] = { { 0, 0 }, { 1, 0 }, { 0, 1 }, { 2, 7 }, { 300, 900 } };

	for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
		struct event event = a_state(counts[i][0], counts[i][1]), back;
		struct blob room = { NULL, 0 };
		char why[160] = "";
		char *line, *again;

		event.kernel_state->adopt = i % 2 == 1;
		line = event_print(&event);
		assert_non_null(line);
		assert_true(event_parse(line, &back, NULL, &room, why));
		assert_int_equal(back.kind, EVENT_KERNEL_STATE);
		assert_same(event.kernel_state, back.kernel_state);
		again = event_print(&back);
		assert_string_equal(line, again);
		free(line);
		free(again);
		event_discard(NULL, &event);
		event_discard(NULL, &back);
		blob_discard(&room);
	}
}

static void odd_lines_are_refused(void **state)
{
	static const char *const odd[] = {
		"kernel-state adopt=0 sa=00000001 reqid=1 from=nowhere to=192.0.2.1",
		"kernel-state adopt=0 policy=3 action=0",
		"kernel-state adopt=0 policy=0 action=0 src=192.0.2.0/33",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(odd); i++) {
		struct blob room = { NULL, 0 };
		struct event event;
		char why[160];

		memset(&event, 0, sizeof(event));
		assert_false(event_parse(odd[i], &event, NULL, &room, why));
		event_discard(NULL, &event);
		blob_discard(&room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_comes_back),
		cmocka_unit_test(odd_lines_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
