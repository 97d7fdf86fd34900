/*
 * The model's madvise, mlock, mincore and msync.
 *
 * I1       advice over a hole is done to all the rest, and then ENOMEM; what a vma refuses ends the call there.
 * SOURCES  madvise(2), mlock(2), mincore(2), msync(2)
 */
#include "base/errno.h"
#include "mm/shmem.h"
#include "mm/swap.h"
#include "sim/model.h"

static const int advices[] = {
	MADV_NORMAL,   MADV_RANDOM,	   MADV_SEQUENTIAL,	MADV_WILLNEED,	      MADV_DONTNEED,
	MADV_DONTNEED, MADV_DONTNEED,	   MADV_FREE,		MADV_REMOVE,	      MADV_REMOVE,
	MADV_DONTFORK, MADV_DOFORK,	   MADV_DOFORK,		MADV_DONTDUMP,	      MADV_DODUMP,
	MADV_DODUMP,   MADV_WIPEONFORK,	   MADV_KEEPONFORK,	MADV_KEEPONFORK,      MADV_COLD,
	MADV_PAGEOUT,  MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_DONTNEED_LOCKED,
};

static long advice_allowed(const struct model_page *m, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_COLD:
	case MADV_PAGEOUT:
		return m->flags & VM_LOCKED ? -EINVAL : 0;
	case MADV_FREE:
		return m->obj < 0 && !(m->flags & VM_LOCKED) ? 0 : -EINVAL;
	case MADV_WIPEONFORK:
		return m->obj < 0 ? 0 : -EINVAL;
	case MADV_REMOVE:
		if ((m->flags & VM_LOCKED) || m->obj < 0 || model.obj[m->obj].store)
			return -EINVAL;
		return (m->flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE)
			       ? 0
			       : -EACCES;
	default:
		return 0;
	}
}

static void advise_page(struct model_page *m, int advice)
{
	const unsigned long reading = VM_SEQ_READ | VM_RAND_READ;

	switch (advice) {
	case MADV_NORMAL:
		m->flags &= ~reading;
		break;
	case MADV_RANDOM:
		m->flags = (m->flags & ~reading) | VM_RAND_READ;
		break;
	case MADV_SEQUENTIAL:
		m->flags = (m->flags & ~reading) | VM_SEQ_READ;
		break;
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
		model_page_gone(m);
		break;
	case MADV_FREE:
		m->lazy = m->have == HAVE_ANON;
		break;
	case MADV_PAGEOUT:
		if (m->have == HAVE_FILE)
			model_obj_goes(&model.obj[m->obj], m->pgoff);
		break;
	case MADV_DONTFORK:
		m->flags |= VM_DONTCOPY;
		break;
	case MADV_DOFORK:
		m->flags &= ~(unsigned long)VM_DONTCOPY;
		break;
	case MADV_DONTDUMP:
		m->flags |= VM_DONTDUMP;
		break;
	case MADV_DODUMP:
		m->flags &= ~(unsigned long)VM_DONTDUMP;
		break;
	case MADV_WIPEONFORK:
		m->flags |= VM_WIPEONFORK;
		break;
	case MADV_KEEPONFORK:
		m->flags &= ~(unsigned long)VM_WIPEONFORK;
		break;
	default:
		break;
	}
}

/* Page by page is vma by vma: all pages of one are refused alike. */
static long advise_pages(struct model_proc *p, const struct model_range *r, int advice)
{
	long result = 0;

	for (unsigned i = r->first; i < r->first + r->nr; i++) {
		struct model_page *m = &p->page[i];
		long err;

		if (!m->mapped) {
			result = -ENOMEM;
			continue;
		}
		err = advice_allowed(m, advice);
		if (err)
			return err;
		advise_page(m, advice);
		if (advice == MADV_FREE && pte_is_swapped(model_entry(p, i)))
			model_page_gone(m); /* at once: it is in nobody's way */
	}
	return result;
}

/* A hole in what the range shows; it ends at the first page that cannot be. */
static long remove_pages(struct model_proc *p, const struct model_range *r)
{
	long result = 0;

	for (unsigned i = r->first; i < r->first + r->nr; i++) {
		struct model_page *m = &p->page[i];
		long err = m->mapped ? advice_allowed(m, MADV_REMOVE) : 0;

		if (err)
			return err;
		result = m->mapped ? result : -ENOMEM;
		if (!m->mapped)
			continue;
		model_obj_hole(&model.obj[m->obj], (uint64_t)m->pgoff << PAGE_SHIFT,
			       (uint64_t)(m->pgoff + 1) << PAGE_SHIFT);
	}
	return result;
}

/* A hole does not end it, what a page does not allow does. */
static long populate_pages(struct model_proc *p, const struct model_range *r, bool write)
{
	long result = 0;

	for (unsigned i = r->first; i < r->first + r->nr; i++) {
		if (!p->page[i].mapped) {
			result = -ENOMEM;
			continue;
		}
		if (!(p->page[i].flags & (write ? VM_WRITE : VM_READ)))
			return -EINVAL;
		if (model_fault(p, i, write ? MODEL_WRITE : MODEL_READ) != FAULT_OK)
			return -EFAULT;
	}
	return result;
}

void model_advise(struct model_proc *p)
{
	int advice = advices[model_rnd(sizeof(advices) / sizeof(advices[0]))];
	struct model_range r = model_some_range();
	long want;

	if (model_one_in(40))
		advice = model_one_in(2) ? -1 : 5; /* neither exists */
	model_note("madvise(%#lx, %#lx, %d)", r.addr, r.len, advice);
	if (advice == -1 || advice == 5 || r.kind == RANGE_UNALIGNED || r.kind == RANGE_HUGE)
		want = -EINVAL;
	else if (r.kind != RANGE_SANE)
		want = r.kind == RANGE_EMPTY ? 0 : -ENOMEM;
	else if (advice == MADV_REMOVE)
		want = remove_pages(p, &r);
	else if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		want = populate_pages(p, &r, advice == MADV_POPULATE_WRITE);
	else
		want = advise_pages(p, &r, advice);
	model_expect("madvise", want, vm_advise(p->mm, r.addr, r.len, advice));
}

/* ---- mlock ---- */

static long lock_pages(struct model_proc *p, unsigned first, unsigned nr, unsigned long lock)
{
	for (unsigned i = first; i < first + nr; i++) {
		struct model_page *m = &p->page[i];

		if (!m->mapped)
			return -ENOMEM;
		m->flags = (m->flags & ~(unsigned long)VM_LOCKED_ANY) | lock;
	}
	return 0;
}

void model_lock(struct model_proc *p)
{
	unsigned first = model_some_page(), nr = 1 + model_rnd(MODEL_RUN_MAX / 2);
	unsigned off = model_one_in(4) ? model_rnd(PAGE_SIZE) : 0;
	static const unsigned long locks[] = {
		0, 0, 0, 0, VM_LOCKED, VM_LOCKED, VM_LOCKED | VM_LOCKONFAULT
	};
	unsigned long lock = locks[model_rnd(7)];
	long want, got;

	nr = min_of(unsigned, nr, MODEL_PAGES - first);
	model_note("%s(%#lx, %u pages)", lock ? "mlock" : "munlock", model_addr(first) + off, nr);
	want = lock_pages(p, first, nr, lock);
	got = vm_lock(p->mm, model_addr(first) + off, ((unsigned long)nr << PAGE_SHIFT) - off,
		      lock);
	/* After the call: what lies around a fault is of the vma that has become one with its neighbours. */
	if (!want && lock && model_populate(p, first, nr, false) != FAULT_OK)
		want = -ENOMEM;
	model_expect(lock ? "mlock" : "munlock", want, got);
}

/* Not MCL_CURRENT: it would lock what stands around the window. */
void model_lock_all(struct model_proc *p)
{
	static const int flags[] = {
		0, 0, 0, 0, MCL_FUTURE, MCL_FUTURE | MCL_ONFAULT, MCL_ONFAULT, MCL_FUTURE | 8
	};
	unsigned i = model_rnd(sizeof(flags) / sizeof(flags[0]));
	long want = i < 6 ? 0 : -EINVAL;

	model_note("mlockall(%d)", flags[i]);
	model_expect("mlockall", want, vm_lock_all(p->mm, flags[i]));
	if (want)
		return;
	p->def_flags = !flags[i] ? 0 : VM_LOCKED | (flags[i] & MCL_ONFAULT ? VM_LOCKONFAULT : 0);
	for (unsigned k = 0; !flags[i] && k < MODEL_PAGES; k++)
		p->page[k].flags &= ~(unsigned long)VM_LOCKED_ANY;
}

/* ---- mincore, msync ---- */

static bool in_core(const struct model_proc *p, unsigned page)
{
	const struct model_page *m = &p->page[page];
	pte_t e = model_entry(p, page);
	bool cached;

	if (pte_is_swapped(e))
		return swap_is_cached(pte_swp_entry(e));
	if (m->have != HAVE_NONE)
		return true;
	return m->obj >= 0 && m->pgoff < MODEL_OBJ_PAGES && model.obj[m->obj].cached[m->pgoff] &&
	       (!shmem_swapped(model.obj[m->obj].m, m->pgoff, &cached) || cached);
}

static void compare_vec(struct model_proc *p, const struct model_range *r)
{
	uint8_t vec[MODEL_PAGES];

	model_expect("reading the vector", 0, sim_read(p->mm, MODEL_SCRATCH, vec, r->nr));
	for (unsigned i = 0; i < r->nr; i++) {
		if ((vec[i] & 1) != in_core(p, r->first + i))
			model_differs("mincore of page %u says %u", r->first + i, vec[i]);
	}
}

void model_mincore(struct model_proc *p)
{
	struct model_range r = model_some_range();
	unsigned long vec = model_one_in(40) ? USER_TOP : MODEL_SCRATCH;
	long want = 0;

	model_note("mincore(%#lx, %#lx)", r.addr, r.len);
	if (r.kind == RANGE_UNALIGNED)
		want = -EINVAL;
	else if (r.kind == RANGE_HUGE || r.kind == RANGE_OUTSIDE)
		want = -ENOMEM;
	else if (vec == USER_TOP && r.kind == RANGE_SANE)
		want = -EFAULT;
	for (unsigned i = r.first; r.kind == RANGE_SANE && !want && i < r.first + r.nr; i++)
		want = p->page[i].mapped ? 0 : -ENOMEM;
	if (r.kind == RANGE_EMPTY)
		vec = MODEL_SCRATCH;
	sim_use_mm(p->mm);
	model_expect("mincore", want, vm_mincore(p->mm, r.addr, r.len, vec));
	if (r.kind == RANGE_SANE && !want)
		compare_vec(p, &r);
}

static long sync_pages(const struct model_proc *p, const struct model_range *r, int flags)
{
	long result = 0;

	for (unsigned i = r->first; i < r->first + r->nr; i++) {
		if (!p->page[i].mapped)
			result = -ENOMEM;
		else if ((flags & MS_INVALIDATE) && (p->page[i].flags & VM_LOCKED))
			return -EBUSY;
	}
	return result;
}

void model_msync(struct model_proc *p)
{
	static const int some[] = { MS_ASYNC, MS_SYNC, MS_SYNC | MS_INVALIDATE, MS_ASYNC | MS_SYNC,
				    8 };
	struct model_range r = model_some_range();
	int flags = some[model_rnd(sizeof(some) / sizeof(some[0]))];
	long want = -ENOMEM;

	model_note("msync(%#lx, %#lx, %d)", r.addr, r.len, flags);
	if (r.kind == RANGE_UNALIGNED || flags == (MS_ASYNC | MS_SYNC) || flags == 8)
		want = -EINVAL;
	else if (r.kind == RANGE_EMPTY)
		want = 0;
	else if (r.kind == RANGE_SANE)
		want = sync_pages(p, &r, flags);
	model_expect("msync", want, vm_sync(p->mm, r.addr, r.len, flags));
}
