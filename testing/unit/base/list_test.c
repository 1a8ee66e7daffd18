/* The intrusive list: order, removal during a walk, splice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "list.h"

struct item {
	int value;
	struct list link;
};

static void keeps_order_and_survives_removal(void **state)
{
	struct list head, *pos, *next;
	struct item items[4];
	int seen = 0;

	list_init(&head);
	assert_true(list_empty(&head));
	for (int i = 0; i < 4; i++) {
		items[i].value = i;
		list_append(&head, &items[i].link);
	}
	LIST_FOR_EACH (pos, next, &head) {
		struct item *item = LIST_ENTRY(pos, struct item, link);

		assert_int_equal(item->value, seen++);
		list_remove(pos);
		list_remove(pos);
	}
	assert_int_equal(seen, 4);
	assert_true(list_empty(&head));
}

static void splice_moves_all_in_order(void **state)
{
	struct list a, b;
	struct item items[4];

	list_init(&a);
	list_init(&b);
	list_splice(&a, &b);
	assert_true(list_empty(&a));
	for (int i = 0; i < 4; i++) {
		items[i].value = i;
		list_append(i < 2 ? &a : &b, &items[i].link);
	}
	list_splice(&a, &b);
	assert_true(list_empty(&b));
	assert_int_equal(LIST_ENTRY(a.next, struct item, link)->value, 0);
	assert_int_equal(LIST_ENTRY(a.prev, struct item, link)->value, 3);
	list_prepend(&a, &(struct item){ .value = 9 }.link);
	assert_int_equal(LIST_ENTRY(a.next, struct item, link)->value, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_order_and_survives_removal),
		cmocka_unit_test(splice_moves_all_in_order),
	};
	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
