/*
 * Telling watchers of address spaces what is about to change (mm/notify.h).
 *
 * WHY      a device, or a hypervisor, has tables of its own that say what a program's do: it must have let go of a page before the
 *          page is another's. Its calls sleep, and reclaim, migration, write-back and truncation come to a program's entries with
 *          spinlocks held: so they look twice. First who maps the page is noted (at most NOTIFY_SET_MAX) and told; then the entries
 *          change, but only of those that were told.
 * I1       between start and end of a range nobody begins to watch: mmap_lock keeps him out, or (sets) the watcher itself knows
 *          by the range's age that he came later.
 * I2       an entry of a watched address space changes only between start and end of a range that covers it, from pages too: who
 *          begins to watch in between has his entries left alone, and made his own translations after that, from the tables.
 * LOCKS    none of its own. i_mmap_lock, rmap's while vmas are looked at.
 * COST     nobody watches anything: one test. Else a second walk for each page.
 * FAILS    a page that more than NOTIFY_SET_MAX watched programs map stays mapped (reclaim, migration). What may not stay (truncation,
 *          write-back) goes on round by round.
 * NOT HERE who watches (module/mmu_notifier.c).   TESTED BY notify_test.c, module_watch (guest)
 */
#include "mm/aspace/aspace_impl.h"
#include "mm/range.h"

atomic_t mmu_notify_watched;

void mmu_notify_attach(struct mm_struct *mm, struct mmu_notify *n)
{
	kassert(!mm->notify);
	atomic_inc(&mmu_notify_watched);
	__atomic_store_n(&mm->notify, n, __ATOMIC_SEQ_CST);
}

void mmu_notify_detach(struct mm_struct *mm)
{
	mm->notify->ops->destroy(mm);
	mm->notify = NULL;
	atomic_dec(&mmu_notify_watched);
}

static int start(struct mmu_notify_range *r, struct mm_struct *mm, uaddr_t from, uaddr_t to,
		 enum mmu_notify_event event, bool blockable)
{
	int err;

	*r = (struct mmu_notify_range){
		.mm = mm, .start = from, .end = to, .event = event, .blockable = blockable
	};
	err = mm->notify->ops->start(r);
	if (err)
		r->mm = NULL;
	return err;
}

void mmu_notify_start(struct mmu_notify_range *r, struct mm_struct *mm, uaddr_t from, uaddr_t to,
		      enum mmu_notify_event event)
{
	(void)start(r, mm, from, to, event, true);
}

bool mmu_notify_try_start(struct mmu_notify_range *r, struct mm_struct *mm, uaddr_t from,
			  uaddr_t to, enum mmu_notify_event event)
{
	r->mm = NULL;
	return likely(!mm->notify) || !start(r, mm, from, to, event, false);
}

/* ---- sets ---- */

bool mmu_notify_told(const struct mmu_notify_set *set, const struct mm_struct *mm, uaddr_t from,
		     uaddr_t to)
{
	if (likely(!__atomic_load_n(&mm->notify, __ATOMIC_SEQ_CST)))
		return true;
	for (unsigned i = 0; set && i < set->nr; i++) {
		const struct mmu_notify_range *r = &set->r[i];

		if (r->mm == mm && r->start <= from && to <= r->end)
			return true;
	}
	return false;
}

void mmu_notify_add(struct mmu_notify_set *set, struct mm_struct *mm, uaddr_t from, uaddr_t to)
{
	if (mmu_notify_told(set, mm, from, to))
		return;
	if (set->nr == NOTIFY_SET_MAX) {
		set->more = true;
		return;
	}
	mmgrab(mm);
	set->r[set->nr++] = (struct mmu_notify_range){ .mm = mm, .start = from, .end = to };
}

void mmu_notify_set_start(struct mmu_notify_set *set, enum mmu_notify_event event)
{
	for (unsigned i = 0; i < set->nr; i++) {
		struct mmu_notify_range r = set->r[i];

		mmu_notify_start(&set->r[i], r.mm, r.start, r.end, event);
	}
}

void mmu_notify_set_end(struct mmu_notify_set *set)
{
	for (unsigned i = 0; set && i < set->nr; i++) {
		struct mm_struct *mm = set->r[i].mm;

		mmu_notify_end(&set->r[i]);
		mmdrop(mm);
	}
}

/* ---- from a page ---- */

static int note_entry(const struct rmap_entry *e, void *arg)
{
	mmu_notify_add(arg, e->vma->vm_mm, e->addr, e->addr + PAGE_SIZE);
	return 0;
}

void mmu_notify_page(struct mmu_notify_set *set, struct page *page, enum mmu_notify_event event)
{
	set->nr = 0;
	set->more = false;
	(void)rmap_walk(page, 0, note_entry, set);
	mmu_notify_set_start(set, event);
}

/* ---- from an object ---- */

/* Does @vma map anything there that goes? Private pages may stay, and entries without a page with them. */
static bool has_entries(const struct vm_area_struct *vma, uaddr_t from, uaddr_t to, bool keep_anon)
{
	struct range_counts c = { 0 };

	range_count(vma->vm_mm, from, to, &c);
	return c.file || c.shmem || (!keep_anon && (c.present || c.swap));
}

/* Watched vmas, as many as there is room for. */
static void note_vmas(struct address_space *m, const struct mmu_notify_vmas *v,
		      struct mmu_notify_set *set)
{
	struct ivtree_node *n;

	spin_lock(&m->i_mmap_lock);
	ivtree_for_each (n, &m->i_mmap, v->first, v->last) {
		struct vm_area_struct *vma = container_of(n, struct vm_area_struct, i_mmap_node);
		uaddr_t from, to;

		if (v->part(vma, v->arg, &from, &to) && vma->vm_mm->notify &&
		    has_entries(vma, from, to, v->keep_anon))
			mmu_notify_add(set, vma->vm_mm, from, to);
	}
	spin_unlock(&m->i_mmap_lock);
}

/*
 * Change all vmas that nobody watches or whose watchers were told, and leave those that have nothing there. Return: true: some are
 * left, who were not told.
 */
static bool change_told(struct address_space *m, const struct mmu_notify_vmas *v,
			const struct mmu_notify_set *set)
{
	struct ivtree_node *n;
	bool left = false;

	spin_lock(&m->i_mmap_lock);
	ivtree_for_each (n, &m->i_mmap, v->first, v->last) {
		struct vm_area_struct *vma = container_of(n, struct vm_area_struct, i_mmap_node);
		uaddr_t from, to;

		if (!v->part(vma, v->arg, &from, &to))
			continue;
		if (mmu_notify_told(set, vma->vm_mm, from, to))
			v->change(vma, v->arg, from, to);
		else
			left |= has_entries(vma, from, to, v->keep_anon);
	}
	spin_unlock(&m->i_mmap_lock);
	return left;
}

static noinline_ bool each_round(struct address_space *m, const struct mmu_notify_vmas *v)
{
	struct mmu_notify_set set = { .nr = 0 };
	bool left;

	note_vmas(m, v, &set);
	mmu_notify_set_start(&set, MMU_NOTIFY_CLEAR);
	left = change_told(m, v, &set);
	mmu_notify_set_end(&set);
	return left;
}

void mmu_notify_each(struct address_space *m, const struct mmu_notify_vmas *v)
{
	if (likely(!mmu_notify_any()) && likely(!change_told(m, v, NULL)))
		return;
	while (each_round(m, v))
		;
}
