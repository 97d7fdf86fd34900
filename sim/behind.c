/*
 * What tests and fuzzers do behind a program's back: its pages change while it sees no difference.
 *
 * OWNS     nothing.   LOCKS  none held at the call; what the functions of mm take.
 * TESTED BY migrate_test.c, model_test.c
 */
#include "mm/migrate.h"
#include "mm/mm.h"
#include "mm/pt.h"
#include "sim/sim.h"

/* The page that @mm has at @va, with a reference; NULL: none, or a special one. */
static struct page *page_of(struct mm_struct *mm, uaddr_t va)
{
	pte_t e = pt_peek_page(&mm->root, va);

	return pte_present(e) ? page_get_by_pfn(pte_pfn(e)) : NULL;
}

int sim_migrate(struct mm_struct *mm, uaddr_t va, bool wait)
{
	const struct migrate_control c = { .mode = wait ? MIGRATE_SYNC : MIGRATE_ASYNC };
	struct page *page = page_of(mm, va);
	int status = 0;

	if (page)
		(void)migrate_pages(&page, &status, 1, &c);
	return status;
}
