/* The dump of a table against single look-ups. */
#include "sim/mm_test.h"

#include "mm/pt.h"
#include "mm/ptdump.h"

struct seen {
	struct mm_struct *mm;
	uaddr_t next; /* where the next entry must begin */
	unsigned long present, young;
};

static void check_entry(void *arg, uaddr_t va, int level, pte_t e)
{
	struct seen *s = arg;

	assert_true(va == s->next);
	assert_int_equal(pte_raw(e), pte_raw(pt_peek(&s->mm->root, va, level)));
	s->next = (va | (pt_span(level) - 1)) + 1;
	s->present += pte_present(e);
	s->young += pte_present(e) && pte_young(e);
}

static void ptdump_I1_covers_the_range_once(void **state)
{
	struct seen s = { .next = 0 };

	(void)state;
	sim_world_begin(NULL);
	s.mm = new_mm();
	for (unsigned i = 0; i < 30; i++) {
		unsigned long at = (USER_TOP / 31 * (i + 1)) & PAGE_MASK;

		map_at(s.mm, at, P(4), RW, ANON | MAP_FIXED);
		sim_poke(s.mm, at + P(i % 4), 1);
	}
	ptdump_walk(&s.mm->root, 0, USER_TOP - 1, check_entry, &s);
	assert_true(s.next >= USER_TOP);
	assert_int_equal(s.present, 30);
	assert_int_equal(s.young, 30);
	/* A part, not at a table's beginning. */
	s = (struct seen){ .mm = s.mm, .next = P(3) };
	ptdump_walk(&s.mm->root, P(3), USER_TOP / 2 - 1, check_entry, &s);
	assert_true(s.next >= USER_TOP / 2);
	end_mm(s.mm);
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(ptdump_I1_covers_the_range_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
