/* Watched address spaces: nothing changes before the watcher was told, from whatever side the change comes. */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/migrate.h"
#include "mm/notify.h"
#include "mm/oom.h"
#include "sim/fakestore.h"
#include "sim/mm_test.h"

enum { MANY = 12 };
_Static_assert((int)MANY > (int)NOTIFY_SET_MAX, "more than one round");

static struct watcher {
	struct mmu_notify face;
	struct mm_struct *mm;
	uaddr_t addr; /* a page that is looked at */
	unsigned starts, ends, flushes, releases, destroyed;
	enum mmu_notify_event last;
	bool was_mapped, refuses, young;
} watchers[MANY];

static struct watcher *watcher_of(struct mm_struct *mm)
{
	return container_of(mm->notify, struct watcher, face);
}

static int on_start(struct mmu_notify_range *r)
{
	struct watcher *w = watcher_of(r->mm);

	assert_true(r->start < r->end);
	assert_int_equal(w->starts, w->ends);
	if (w->refuses && !r->blockable)
		return -EAGAIN;
	might_sleep();
	w->starts++;
	w->last = r->event;
	w->was_mapped = w->addr && page_at(r->mm, w->addr);
	return 0;
}

static void on_end(struct mmu_notify_range *r)
{
	struct watcher *w = watcher_of(r->mm);

	might_sleep();
	w->ends++;
	assert_int_equal(w->starts, w->ends);
}

static void on_flush(struct mm_struct *mm, uaddr_t start, uaddr_t end)
{
	struct watcher *w = watcher_of(mm);

	w->flushes++;
	assert_int_equal(w->starts, w->ends + 1);
}

static void on_change(struct mm_struct *mm, uaddr_t addr, pte_t e)
{
	assert_int_equal(watcher_of(mm)->addr, addr);
	assert_true(pte_present(e));
}

static bool on_young(struct mm_struct *mm, uaddr_t start, uaddr_t end, enum mmu_notify_young how)
{
	bool young = watcher_of(mm)->young;

	if (how != MMU_TEST_YOUNG)
		watcher_of(mm)->young = false;
	return young;
}

static void on_release(struct mm_struct *mm)
{
	watcher_of(mm)->releases++;
}

static void on_destroy(struct mm_struct *mm)
{
	watcher_of(mm)->destroyed++;
}

static const struct mmu_notify_ops ops = { on_start, on_end,	 on_flush,  on_change,
					   on_young, on_release, on_destroy };

/* @mm is watched by number @i, which looks at the page of @addr. */
static struct watcher *watch(unsigned i, struct mm_struct *mm, uaddr_t addr)
{
	struct watcher *w = &watchers[i];

	memset(w, 0, sizeof(*w));
	w->face.ops = &ops;
	w->mm = mm;
	w->addr = addr;
	rwsem_down_write(&mm->mmap_lock);
	mmu_notify_attach(mm, &w->face);
	rwsem_up_write(&mm->mmap_lock);
	return w;
}

/* The page was there at the start, @n ranges have begun and ended since the last look. */
static void told(struct watcher *w, unsigned n, enum mmu_notify_event event)
{
	assert_int_equal(w->starts, n);
	assert_int_equal(w->ends, n);
	assert_int_equal(w->last, event);
	assert_true(w->was_mapped);
	w->starts = w->ends = 0;
}

static void from_system_calls(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct watcher *w = watch(0, mm, BASE);

	(void)state;
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	assert_int_equal(w->starts, 0);
	assert_int_equal(mm_dup(mm, &child), 0);
	told(w, 1, MMU_NOTIFY_PROTECTION_PAGE);
	sim_poke(mm, BASE, 2);
	told(w, 1, MMU_NOTIFY_CLEAR);
	sim_poke(child, BASE, 2); /* nobody's business */
	assert_int_equal(vm_protect(mm, BASE, P(1), PROT_READ), 0);
	told(w, 1, MMU_NOTIFY_PROTECTION_VMA);
	assert_int_equal(vm_protect(mm, BASE, P(1), RW), 0);
	told(w, 1, MMU_NOTIFY_PROTECTION_VMA);
	assert_int_equal(vm_unmap(mm, BASE, P(1)), 0);
	told(w, 1, MMU_NOTIFY_UNMAP);
	assert_true(w->flushes >= 3);
	assert_false(child->notify);
	end_mm(child);
	end_mm(mm);
	assert_int_equal(w->releases, 1);
	assert_int_equal(w->destroyed, 1);
	assert_int_equal(atomic_read(&mmu_notify_watched), 0);
}

static void reaping_does_not_wait(void **state)
{
	struct mm_struct *mm = new_mm();
	struct watcher *w = watch(0, mm, BASE);

	(void)state;
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	w->refuses = true;
	assert_int_equal(mm_reap(mm), 0);
	assert_int_equal(mm_rss(mm), 1); /* it stays */
	assert_int_equal(w->starts, 0);
	w->refuses = false;
	assert_int_equal(mm_reap(mm), 0);
	assert_int_equal(mm_rss(mm), 0);
	told(w, 1, MMU_NOTIFY_UNMAP);
	end_mm(mm);
}

/* ---- many programs map the same page of an object ---- */

static struct mm_struct *mms[MANY];

static void begin_many(struct address_space *m, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		mms[i] = new_mm();
		map_file(mms[i], BASE, P(4), RW, MAP_SHARED | MAP_FIXED, m, 0);
		sim_poke(mms[i], BASE + P(2), (uint8_t)(i + 1));
		(void)watch(i, mms[i], BASE + P(2));
	}
}

static void end_many(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		end_mm(mms[i]);
	assert_int_equal(atomic_read(&mmu_notify_watched), 0);
}

static bool unmap(struct page *page)
{
	bool gone;

	lock_page(page);
	gone = try_to_unmap(page);
	unlock_page(page);
	return gone;
}

static void reclaim_tells_or_leaves(void **state)
{
	struct address_space *m = shmem_anon_create(P(4), false);
	struct page *page;

	(void)state;
	begin_many(m, NOTIFY_SET_MAX);
	page = mapping_find(m, 2);
	assert_true(unmap(page));
	for (unsigned i = 0; i < NOTIFY_SET_MAX; i++)
		told(&watchers[i], 1, MMU_NOTIFY_CLEAR);
	put_page(page);
	end_many(NOTIFY_SET_MAX);
	begin_many(m, MANY);
	page = mapping_find(m, 2);
	assert_false(unmap(page)); /* too many: what is left is as it was */
	for (unsigned i = 0; i < MANY; i++) {
		struct watcher *w = &watchers[i];

		assert_int_equal(!w->starts, page_at(mms[i], BASE + P(2)) != NULL);
		assert_int_equal(w->starts, w->ends);
		assert_int_equal(sim_peek(mms[i], BASE + P(2)), MANY);
	}
	put_page(page);
	end_many(MANY);
	m->ops->drop(m);
}

static void write_back_tells_all(void **state)
{
	static struct fake_store store;
	struct page *page;

	(void)state;
	fake_store_begin(&store, 4);
	begin_many(&store.m, MANY);
	page = page_at(mms[0], BASE + P(2));
	lock_page(page);
	page_clear(page, PG_dirty);
	assert_int_equal(page_mkclean(page), MANY);
	for (unsigned i = 0; i < MANY; i++)
		told(&watchers[i], 1, MMU_NOTIFY_PROTECTION_PAGE);
	assert_int_equal(page_mkclean(page), 0);
	unlock_page(page);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(watchers[i].starts, 0);
	end_many(MANY);
	fake_store_end(&store);
}

static void truncation_tells_all(void **state)
{
	struct address_space *m = shmem_anon_create(P(4), false);

	(void)state;
	begin_many(m, MANY);
	mapping_unmap_pages(m, 0, 1, true); /* nothing is mapped there */
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(watchers[i].starts, 0);
	mapping_unmap_pages(m, 2, 3, true);
	for (unsigned i = 0; i < MANY; i++) {
		told(&watchers[i], 1, MMU_NOTIFY_CLEAR);
		assert_null(page_at(mms[i], BASE + P(2)));
	}
	end_many(MANY);
	m->ops->drop(m);
}

static int move(struct page *page)
{
	const struct migrate_control c = { .mode = MIGRATE_SYNC };
	int status = 1;

	get_page(page);
	(void)migrate_pages(&page, &status, 1, &c);
	return status;
}

static void migration_tells_or_leaves(void **state)
{
	struct address_space *m = shmem_anon_create(P(4), false);

	(void)state;
	begin_many(m, 2);
	assert_int_equal(move(page_at(mms[0], BASE + P(2))), 0);
	told(&watchers[0], 1, MMU_NOTIFY_CLEAR);
	told(&watchers[1], 1, MMU_NOTIFY_CLEAR);
	assert_int_equal(sim_peek(mms[0], BASE + P(2)), 2);
	end_many(2);
	begin_many(m, MANY);
	assert_int_equal(move(page_at(mms[0], BASE + P(2))), -EAGAIN);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(sim_peek(mms[i], BASE + P(2)), MANY);
		assert_int_equal(watchers[i].starts, watchers[i].ends);
	}
	end_many(MANY);
	m->ops->drop(m);
}

static void watchers_say_what_is_in_use(void **state)
{
	struct mm_struct *mm = new_mm();
	unsigned long flags;
	struct page *page;

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	page = page_at(mm, BASE);
	(void)watch(0, mm, BASE);
	watchers[0].young = true;
	lock_page(page);
	(void)page_referenced(page, &flags);
	assert_false(watchers[0].young);
	assert_int_equal(page_referenced(page, &flags), 0);
	watchers[0].young = true; /* the program has not used it */
	assert_int_equal(page_referenced(page, &flags), 1);
	unlock_page(page);
	end_mm(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(from_system_calls),		T(reaping_does_not_wait),
		T(reclaim_tells_or_leaves),	T(write_back_tells_all),
		T(truncation_tells_all),	T(migration_tells_or_leaves),
		T(watchers_say_what_is_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
