/*
 * Private memory with so many frames of its own, in which every reference is seen: a range, or all that a program has.
 *
 *      reference ──► is the page open? ──yes──► unseen: it is the one used last
 *                       │ no: fault
 *                       ▼
 *      what is open is closed ──► in a frame? ──yes──► hit: opened
 *                                   │ no: miss; no frame free: the policy's victim goes to swap, gone
 *                                   ▼
 *                                 add; then the ordinary fault brings it in: first touch, or from swap
 *
 * OWNS     mm->frames. A page that is closed is in place, but its entry has no rights (PROT_NONE's form).
 * WHY      policies in books see every reference, a machine tells of faults and accessed bits. So only what was used last may be used
 *          without a fault. Stepping over each instruction would see repeats, too; it costs a trap more for each, belongs to debuggers,
 *          and tells policies nothing that a string without repeats has.
 * I1       open: the pages that one instruction needs, mostly one. The registers of the program tell instructions from each other:
 *          an access that was made again has them unchanged, so both pages of a move stay open, and it ends.
 * I2       at most as many pages of the range as there are frames are mapped, those with a slot.
 * I3       all of a program: what is mapped private and without a file, and not wired, when it is used. Frames of what is unmapped are
 *          free again. The next program that the process becomes begins with as many frames, empty ones; so does the first, when the
 *          limit was set for it (exec). None of it is made of huge pages.
 * I4       a child of fork has entries that are closed, but no frames: its first access opens them (MM_CLOSED).
 * LOCKS    mmap_lock for write to come and go; frames->lock (rank FRAMES) for all else.
 * COST     nothing for processes without: they are told by the bits of mm->unusual, which a fault looks at anyway.
 * FAILS    without memory or swap at exec there is no limit: /proc/PID/frames is empty. A victim that cannot leave (swap is full, somebody shares it) stays mapped, closed; the counts are the policy's.
 * NOT HERE tables (frames_table.c). Several threads: what one has open the others use unseen. Repeats of the page used last:
 *          unseen, so exact for every string without repeats, and for FIFO, LRU, OPT and CLOCK with the bit set on load always.
 *          What mprotect opens is unseen until it is used and closed again; what mremap moves is new.
 * SOURCES  the counts: sim/replay/replay_test.c.   TESTED BY mem_frames.c
 */
#include "mm/frames.h"

#include "arch/progress.h"
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/frames_table.h"
#include "mm/policy.h"
#include "mm/range.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"
#include "sync/mutex.h"
#include "sync/trace.h"

enum { MAX_OPEN = 8, MAX_PAGES = 65536 };

/* i: immutable. All else: lock. Pages are numbered from the start on. */
struct frames {
	struct mutex lock;
	struct policy_set set;
	struct page *page; /* stand-ins of the frames */
	bool *used;	   /* of each frame: since the policy asked */
	struct frame_table in;
	struct page_set seen;
	uint32_t *
		next; /* i: when the page that is used now is used next, by place in the string; NULL */
	unsigned nr_next;
	unsigned long start, end; /* i; for the next program: both 0 */
	bool whole;		  /* i: what a program has, not a range of it */
	unsigned long progress;	  /* the instruction that the open pages are for */
	unsigned long open[MAX_OPEN];
	unsigned nr_open;
	uint64_t references, faults, cold;
};

static struct spinlock totals_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct frames_figures totals; /* totals_lock: of limits that have ended */

static bool referenced(struct policy_set *s, struct page *page)
{
	struct frames *k = container_of(s, struct frames, set);
	unsigned long slot = policy_slot(s, page);
	bool was = k->used[slot];

	k->used[slot] = false;
	return was;
}

/* ---- entries ---- */

static void set_rights(struct mm_struct *mm, uaddr_t va, bool open)
{
	struct vm_area_struct *vma = find_vma(mm, va);

	if (vma && vma->vm_start <= va)
		(void)!range_protect_page(vma, va, open ? vma->vm_page_prot : PTE_PROT_NONE_);
}

static uaddr_t place_of(const struct frames *k, unsigned long n)
{
	return k->start + ((uaddr_t)n << PAGE_SHIFT);
}

static void close_all(struct frames *k, struct mm_struct *mm)
{
	while (k->nr_open)
		set_rights(mm, place_of(k, k->open[--k->nr_open]), false);
}

static bool is_open(const struct frames *k, unsigned long n)
{
	for (unsigned i = 0; i < k->nr_open; i++)
		if (k->open[i] == n)
			return true;
	return false;
}

/* ---- a reference ---- */

static void evict(struct frames *k, struct mm_struct *mm, unsigned long n)
{
	uaddr_t va = place_of(k, n);
	struct vm_area_struct *vma = find_vma(mm, va);

	if (vma && vma->vm_start <= va)
		vma_page_out(vma, va, va + PAGE_SIZE);
	set_rights(mm, va, false);
}

static struct page *free_frame(struct frames *k, struct mm_struct *mm)
{
	const struct policy *p = k->set.policy;
	uint32_t frame = frame_take(&k->in);
	struct page *si;

	if (frame != FRAME_NONE)
		return &k->page[frame];
	si = p->victim(&k->set);
	if (p->gone)
		p->gone(&k->set, si);
	frame_lose_page(&k->in, (uint32_t)policy_slot(&k->set, si));
	evict(k, mm, si->index);
	return si;
}

static unsigned long next_use(const struct frames *k)
{
	return k->references <= k->nr_next ? k->next[k->references - 1] : ULONG_MAX;
}

static void miss(struct frames *k, struct mm_struct *mm, unsigned long n)
{
	const struct policy *p = k->set.policy;
	struct page *si;
	uint32_t frame;

	k->faults++;
	k->cold += page_set_add(&k->seen, n);
	if (p->miss)
		p->miss(&k->set, n);
	si = free_frame(k, mm);
	frame = (uint32_t)policy_slot(&k->set, si);
	si->index = n;
	si->private = next_use(k);
	policy_set_tag(si, 0);
	k->used[frame] = false;
	frame_put_page(&k->in, frame, n);
	p->add(&k->set, si);
}

static void hit(struct frames *k, uint32_t frame)
{
	struct page *si = &k->page[frame];

	k->used[frame] = true;
	if (!k->set.policy->hit)
		return;
	si->private = next_use(k);
	k->set.policy->hit(&k->set, si);
}

/* mmap_lock held for read. */
static void reference(struct frames *k, const struct fault_ctx *f)
{
	unsigned long progress = thread_progress(), n = (f->addr - k->start) >> PAGE_SHIFT;
	uint32_t frame;

	if (is_open(k, n))
		return; /* a write to what was read: the ordinary fault's matter */
	if (progress != k->progress || k->nr_open == MAX_OPEN)
		close_all(k, f->mm);
	k->progress = progress;
	k->references++;
	frame = frame_of(&k->in, n);
	tracepoint(page_reference, f->addr, f->access.write, frame == FRAME_NONE);
	if (frame != FRAME_NONE)
		hit(k, frame);
	else
		miss(k, f->mm, n);
	k->open[k->nr_open++] = n;
}

static bool is_ours(const struct vm_area_struct *vma)
{
	return vma_is_anon(vma) && !(vma->vm_flags & (VM_SHARED | VM_LOCKED_ANY | VM_UFFD_ANY));
}

void fault_closed(struct fault_ctx *f)
{
	struct frames *k = f->mm->frames;

	if (k && f->addr >= k->start && f->addr < k->end && (!k->whole || is_ours(f->vma))) {
		f->stop = f->addr + PAGE_SIZE;
		mutex_lock(&k->lock);
		reference(k, f);
		mutex_unlock(&k->lock);
	}
	set_rights(f->mm, f->addr, true);
}

static void forget(struct frames *k, uint32_t frame)
{
	struct page *si = &k->page[frame];

	if (!k->set.policy->remove)
		return;
	k->set.policy->remove(&k->set, si);
	frame_lose_page(&k->in, frame);
	frame_free(&k->in, frame);
}

/* What is open in [first, last) is so no longer. */
static void forget_open(struct frames *k, unsigned long first, unsigned long last)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < k->nr_open; i++)
		if (k->open[i] < first || k->open[i] >= last)
			k->open[kept++] = k->open[i];
	k->nr_open = kept;
}

void frames_unmapped(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct frames *k = mm->frames;
	unsigned long first, last;
	uint32_t frame;

	if (!k->whole || start < k->start)
		return;
	first = (start - k->start) >> PAGE_SHIFT;
	last = (end - k->start) >> PAGE_SHIFT;
	mutex_lock(&k->lock);
	forget_open(k, first, last);
	if (last - first < k->in.nr_taken) {
		for (unsigned long n = first; n < last; n++)
			if ((frame = frame_of(&k->in, n)) != FRAME_NONE)
				forget(k, frame);
	} else {
		for (frame = 0; frame < k->in.nr; frame++)
			if (k->in.page[frame] >= first && k->in.page[frame] < last &&
			    frame_of(&k->in, k->in.page[frame]) == frame)
				forget(k, frame);
	}
	mutex_unlock(&k->lock);
}

/* ---- life ---- */

static void discard(struct frames *k)
{
	policy_set_end(&k->set);
	frame_table_end(&k->in);
	page_set_end(&k->seen);
	kvfree(k->page);
	kvfree(k->used);
	kvfree(k->next);
	kfree(k);
}

static void end(struct frames *k)
{
	if (!k)
		return;
	spin_lock(&totals_lock);
	totals.references += k->references;
	totals.faults += k->faults;
	totals.cold += k->cold;
	spin_unlock(&totals_lock);
	discard(k);
}

void frames_totals(struct frames_figures *out)
{
	spin_lock(&totals_lock);
	*out = totals;
	spin_unlock(&totals_lock);
}

/* For each place of the string, where its page comes next. */
static void find_next(struct frames *k, const struct frames_request *r)
{
	for (unsigned i = 0; i < r->nr_future; i++) {
		unsigned j = i + 1;

		while (j < r->nr_future && r->future[j] != r->future[i])
			j++;
		k->next[i] = j < r->nr_future ? j : UINT32_MAX;
	}
	k->nr_next = r->nr_future;
}

static struct frames *begin(const struct frames_request *r)
{
	struct frames *k = kzalloc(sizeof(*k), GFP_KERNEL);

	if (!k)
		return NULL;
	mutex_init(&k->lock, RANK_FRAMES);
	k->start = r->start;
	k->end = r->end;
	k->whole = r->start == r->end || r->whole;
	k->page = kvzalloc(r->frames * sizeof(*k->page));
	k->used = kvzalloc(r->frames * sizeof(*k->used));
	k->next = kvzalloc((r->nr_future + 1) * sizeof(*k->next));
	k->set = (struct policy_set){ .base = k->page,
				      .frames = r->frames,
				      .referenced = referenced };
	if (!frame_table_init(&k->in, (uint32_t)r->frames) && k->page && k->used && k->next &&
	    !policy_set_begin(&k->set, r->policy)) {
		find_next(k, r);
		return k;
	}
	discard(k);
	return NULL;
}

static bool may_be(const struct frames_request *r)
{
	if (!r->policy || !r->frames || r->frames > MAX_PAGES)
		return false;
	if (!r->for_exec && !r->whole &&
	    (r->start >= r->end || ((r->start | r->end) & ~PAGE_MASK) ||
	     (r->end - r->start) >> PAGE_SHIFT > MAX_PAGES))
		return false;
	return r->future || !(r->policy->flags & POLICY_NEEDS_FUTURE);
}

static void every_page(struct mm_struct *mm, uaddr_t start, uaddr_t end, bool open)
{
	for (uaddr_t va = start; va < end; va += PAGE_SIZE)
		set_rights(mm, va, open);
}

/* mmap_lock held for write. 0 or -errno; then nothing has changed. */
static int install_range(struct mm_struct *mm, struct frames *k)
{
	struct vm_area_struct *vma = find_vma(mm, k->start);
	int err;

	if (!vma || vma->vm_start > k->start || vma->vm_end < k->end || !is_ours(vma))
		return -EINVAL;
	if (range_count_huge(mm, k->start, k->end))
		return -EBUSY;
	WRITE_ONCE(vma->populated, true);
	err = range_populate_tables(mm, k->start, k->end); /* so that no huge page comes */
	if (err)
		return err;
	vma_page_out(vma, k->start, k->end);
	every_page(mm, k->start, k->end, false);
	return 0;
}

/* The same of all that there is now; what comes is empty, so its first use is a fault. */
static int install_whole(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	mm->thp_disable = true;
	for (vma = find_vma(mm, 0); vma; vma = find_vma(mm, vma->vm_end))
		if (is_ours(vma)) {
			vma_page_out(vma, vma->vm_start, vma->vm_end);
			every_page(mm, vma->vm_start, vma->vm_end, false);
		}
	return 0;
}

static int install(struct mm_struct *mm, struct frames *k)
{
	int err = 0;

	if (k->end)
		err = k->whole ? install_whole(mm) : install_range(mm, k);
	if (!err && k->end)
		(void)__atomic_fetch_or(&mm->unusual, MM_CLOSED, __ATOMIC_SEQ_CST);
	return err;
}

int frames_set(struct mm_struct *mm, const struct frames_request *r)
{
	struct frames *k, *old;
	int err;

	if (!may_be(r))
		return -EINVAL;
	if (!swap_space_left())
		return -ENOSPC;
	frames_clear(mm);
	k = begin(r);
	if (!k)
		return -ENOMEM;
	rwsem_down_write(&mm->mmap_lock);
	err = install(mm, k);
	old = err ? k : mm->frames;
	if (!err)
		mm->frames = k;
	rwsem_up_write(&mm->mmap_lock);
	end(old);
	return err;
}

static void open_all(struct mm_struct *mm, const struct frames *k)
{
	struct vm_area_struct *vma;

	if (!k->whole)
		every_page(mm, k->start, k->end, true);
	for (vma = find_vma(mm, 0); k->whole && k->end && vma; vma = find_vma(mm, vma->vm_end))
		if (is_ours(vma))
			every_page(mm, vma->vm_start, vma->vm_end, true);
}

void frames_clear(struct mm_struct *mm)
{
	struct frames *k;

	rwsem_down_write(&mm->mmap_lock);
	k = mm->frames;
	mm->frames = NULL;
	if (k)
		open_all(mm, k);
	rwsem_up_write(&mm->mmap_lock);
	end(k);
}

void frames_exec(struct mm_struct *mm, const struct mm_struct *old)
{
	const struct frames *k = old->frames;
	struct frames_request r = { .end = mm->task_size, .whole = true };

	if (!k || !k->whole || atomic_read(&old->mm_users) != 1)
		return;
	r.frames = k->set.frames;
	r.policy = k->set.policy;
	(void)!frames_set(mm, &r);
}

void frames_exit(struct mm_struct *mm)
{
	end(mm->frames);
	mm->frames = NULL;
}

bool frames_read(struct mm_struct *mm, struct frames_figures *out)
{
	struct frames *k;

	rwsem_down_read(&mm->mmap_lock);
	k = mm->frames;
	if (k) {
		mutex_lock(&k->lock);
		*out = (struct frames_figures){ k->set.policy->name, k->start,	     k->end,
						k->set.frames,	     k->in.nr_taken, k->references,
						k->faults,	     k->cold };
		mutex_unlock(&k->lock);
	}
	rwsem_up_read(&mm->mmap_lock);
	return k;
}
