/*
 * Faults on entries that are neither none nor present.
 *
 *   migration   the page is just being moved: wait until whoever moves it unlocks it, then look again
 *   hwpoison    the frame is broken
 *
 * WHY      the waiter takes no reference: the mover must see none but its own to know that nobody uses the page.
 * I1       while a migration entry stands, its page is locked, and the mover cannot unlock it without this table's lock:
 *          so who queues himself with the table locked is woken.
 * LOCKS    table lock at the call. Sleeps.
 * FAILS    FAULT_HWPOISON for a broken frame.   TESTED BY migrate_test.c, poison_test.c
 */
#include "mm/aspace/aspace_impl.h"
#include "mm/pt.h"
#include "mm/swap_entry.h"

static int wait_for_move(struct fault_ctx *f)
{
	struct page_wait w;

	page_wait_begin(pfn_to_page(migration_pfn(f->entry)), &w);
	pt_unlock(f->table);
	page_wait_end(&w);
	return STAGE_RETRY;
}

int fault_swap(struct fault_ctx *f)
{
	unsigned type = pte_swap_type(f->entry);

	if (pte_is_migration(f->entry))
		return wait_for_move(f);
	kassert(type == SWP_HWPOISON);
	pt_unlock(f->table);
	return FAULT_HWPOISON;
}
