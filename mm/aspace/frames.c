/*
 * A range of private memory with so many frames of its own, in which every reference is seen.
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
 * I3       a child of fork has entries that are closed, but no frames: its first access opens them (MM_CLOSED).
 * LOCKS    mmap_lock for write to come and go; frames->lock (rank FRAMES) for all else.
 * COST     nothing for processes without: they are told by the bits of mm->unusual, which a fault looks at anyway.
 * FAILS    a victim that cannot leave (swap is full, somebody shares it) stays mapped, closed; the counts are the policy's.
 * NOT HERE several threads: what one has open the others use unseen. Repeats of the page used last: unseen, so exact for every
 *          string without repeats, and for FIFO, LRU, OPT and CLOCK with the bit set on load always.
 * SOURCES  the counts: sim/replay/replay_test.c.   TESTED BY mem_frames.c
 */
#include "mm/frames.h"

#include "arch/progress.h"
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/policy.h"
#include "mm/range.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"
#include "sync/mutex.h"

enum { MAX_OPEN = 8, MAX_PAGES = 65536 };
#define IN_PAST 0x80000000U

/* i: immutable. All else: lock. */
struct frames {
	struct mutex lock;
	struct policy_set set;
	struct page *page; /* stand-ins of the frames */
	bool *used;	   /* of each frame: since the policy asked */
	uint32_t *where; /* of each page of the range: frame + 1, 0: never; IN_PAST: not any more */
	uint32_t *
		next; /* i: when the page that is used now is used next, by place in the string; NULL */
	unsigned nr_next;
	unsigned long start, end; /* i */
	unsigned long taken;	  /* frames */
	unsigned long progress;	  /* the instruction that the open pages are for */
	uint32_t open[MAX_OPEN];
	unsigned nr_open;
	uint64_t references, faults, cold;
};

static unsigned long pages_of(const struct frames *k)
{
	return (k->end - k->start) >> PAGE_SHIFT;
}

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

static uaddr_t place_of(const struct frames *k, uint32_t n)
{
	return k->start + ((uaddr_t)n << PAGE_SHIFT);
}

static void close_all(struct frames *k, struct mm_struct *mm)
{
	while (k->nr_open)
		set_rights(mm, place_of(k, k->open[--k->nr_open]), false);
}

static bool is_open(const struct frames *k, uint32_t n)
{
	for (unsigned i = 0; i < k->nr_open; i++)
		if (k->open[i] == n)
			return true;
	return false;
}

/* ---- a reference ---- */

static void evict(struct frames *k, struct mm_struct *mm, uint32_t n)
{
	uaddr_t va = place_of(k, n);
	struct vm_area_struct *vma = find_vma(mm, va);

	k->where[n] = IN_PAST;
	if (vma && vma->vm_start <= va)
		vma_page_out(vma, va, va + PAGE_SIZE);
	set_rights(mm, va, false);
}

static struct page *free_frame(struct frames *k, struct mm_struct *mm)
{
	const struct policy *p = k->set.policy;
	struct page *si;

	if (k->taken < k->set.frames)
		return &k->page[k->taken++];
	si = p->victim(&k->set);
	if (p->gone)
		p->gone(&k->set, si);
	evict(k, mm, (uint32_t)si->index);
	return si;
}

static unsigned long next_use(const struct frames *k)
{
	return k->references <= k->nr_next ? k->next[k->references - 1] : ULONG_MAX;
}

static void miss(struct frames *k, struct mm_struct *mm, uint32_t n)
{
	const struct policy *p = k->set.policy;
	struct page *si;

	k->faults++;
	k->cold += !k->where[n];
	if (p->miss)
		p->miss(&k->set, n);
	si = free_frame(k, mm);
	si->index = n;
	si->private = next_use(k);
	policy_set_tag(si, 0);
	k->used[policy_slot(&k->set, si)] = false;
	k->where[n] = (uint32_t)policy_slot(&k->set, si) + 1;
	p->add(&k->set, si);
}

static void hit(struct frames *k, uint32_t n)
{
	struct page *si = &k->page[k->where[n] - 1];

	k->used[k->where[n] - 1] = true;
	if (!k->set.policy->hit)
		return;
	si->private = next_use(k);
	k->set.policy->hit(&k->set, si);
}

/* mmap_lock held for read. */
static void reference(struct frames *k, struct mm_struct *mm, uint32_t n)
{
	unsigned long progress = thread_progress();

	if (is_open(k, n))
		return; /* a write to what was read: the ordinary fault's matter */
	if (progress != k->progress || k->nr_open == MAX_OPEN)
		close_all(k, mm);
	k->progress = progress;
	k->references++;
	if (k->where[n] && !(k->where[n] & IN_PAST))
		hit(k, n);
	else
		miss(k, mm, n);
	k->open[k->nr_open++] = n;
}

void fault_closed(struct fault_ctx *f)
{
	struct frames *k = f->mm->frames;

	if (k && f->addr >= k->start && f->addr < k->end) {
		f->stop = f->addr + PAGE_SIZE;
		mutex_lock(&k->lock);
		reference(k, f->mm, (uint32_t)((f->addr - k->start) >> PAGE_SHIFT));
		mutex_unlock(&k->lock);
	}
	set_rights(f->mm, f->addr, true);
}

/* ---- life ---- */

static void end(struct frames *k)
{
	if (!k)
		return;
	policy_set_end(&k->set);
	kvfree(k->page);
	kvfree(k->used);
	kvfree(k->where);
	kvfree(k->next);
	kfree(k);
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
	k->page = kvzalloc(r->frames * sizeof(*k->page));
	k->used = kvzalloc(r->frames * sizeof(*k->used));
	k->where = kvzalloc(pages_of(k) * sizeof(*k->where));
	k->next = kvzalloc((r->nr_future + 1) * sizeof(*k->next));
	k->set = (struct policy_set){ .base = k->page,
				      .frames = r->frames,
				      .referenced = referenced };
	if (k->page && k->used && k->where && k->next && !policy_set_begin(&k->set, r->policy)) {
		find_next(k, r);
		return k;
	}
	end(k);
	return NULL;
}

static bool may_be(const struct frames_request *r)
{
	if (!r->policy || !r->frames || r->frames > MAX_PAGES || r->start >= r->end ||
	    ((r->start | r->end) & ~PAGE_MASK) || (r->end - r->start) >> PAGE_SHIFT > MAX_PAGES)
		return false;
	return r->future || !(r->policy->flags & POLICY_NEEDS_FUTURE);
}

static void every_page(struct mm_struct *mm, const struct frames *k, bool open)
{
	for (uaddr_t va = k->start; va < k->end; va += PAGE_SIZE)
		set_rights(mm, va, open);
}

/* mmap_lock held for write. 0 or -errno; then nothing has changed. */
static int install(struct mm_struct *mm, struct frames *k)
{
	struct vm_area_struct *vma = find_vma(mm, k->start);
	int err;

	if (!vma || vma->vm_start > k->start || vma->vm_end < k->end || !vma_is_anon(vma) ||
	    (vma->vm_flags & (VM_SHARED | VM_LOCKED_ANY | VM_UFFD_ANY)))
		return -EINVAL;
	if (range_count_huge(mm, k->start, k->end))
		return -EBUSY;
	err = range_populate_tables(mm, k->start, k->end); /* so that no huge page comes */
	if (err)
		return err;
	vma_page_out(vma, k->start, k->end);
	every_page(mm, k, false);
	return 0;
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
	if (!err) {
		mm->frames = k;
		(void)__atomic_fetch_or(&mm->unusual, MM_CLOSED, __ATOMIC_SEQ_CST);
	}
	rwsem_up_write(&mm->mmap_lock);
	end(old);
	return err;
}

void frames_clear(struct mm_struct *mm)
{
	struct frames *k;

	rwsem_down_write(&mm->mmap_lock);
	k = mm->frames;
	mm->frames = NULL;
	if (k)
		every_page(mm, k, true);
	rwsem_up_write(&mm->mmap_lock);
	end(k);
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
		*out = (struct frames_figures){ k->set.policy->name, k->start, k->end,
						k->set.frames,	     k->taken, k->references,
						k->faults,	     k->cold };
		mutex_unlock(&k->lock);
	}
	rwsem_up_read(&mm->mmap_lock);
	return k;
}
