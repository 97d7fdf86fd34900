/*
 * The model's mremap.
 *
 *   shrink          the tail goes
 *   grow in place   the range is the end of its vma and the pages behind are free
 *   move            to a place given or found; what is mapped where it goes, goes
 *
 * I1       a call that fails has changed nothing: an error is found before the target is unmapped; but for one, when the
 *          source, of length 0, is its beginning.
 * SOURCES  mremap(2)
 */
#include "base/errno.h"
#include "lib/string.h"
#include "sim/model.h"

struct remap {
	struct model_proc *p;
	unsigned from, to; /* pages; to: with MREMAP_FIXED, and what came out */
	unsigned old, new; /* lengths in pages */
	unsigned flags;
	unsigned long new_addr;
};

static bool is_locked(const struct model_page *m)
{
	return m->flags & VM_LOCKED;
}

/* @old pages from c->from on: 0, or what is wrong with them. */
static long source_result(const struct remap *c, unsigned old)
{
	const struct model_page *m = &c->p->page[c->from];

	if (!m->mapped)
		return -EFAULT;
	if (!old && !(m->flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	return c->from + old > model_run_end(c->p, c->from) ? -EFAULT : 0;
}

/* The pages that the new place shows: those of the old one, then fresh ones of the same kind. */
static void move_pages(struct remap *c)
{
	static struct model_page moved[MODEL_PAGES];
	static uint8_t bytes[MODEL_PAGES][PAGE_SIZE];
	unsigned keep = min_of(unsigned, c->old, c->new);
	struct model_page m = c->p->page[c->from];

	model_page_gone(&m);
	m.flags &= ~(unsigned long)VM_UFFD_ANY; /* it does not follow */
	if (m.obj < 0 && !find_vma(c->p->mm, model_addr(c->from))->anon_vma)
		m.pgoff = model_addr(c->to) >> PAGE_SHIFT; /* never touched: as if mapped there */
	for (unsigned i = 0; i < c->new; i++, m.pgoff++) {
		moved[i] = i < keep ? c->p->page[c->from + i] : m;
		moved[i].pgoff = m.pgoff;
		moved[i].flags = m.flags;
		moved[i].wp = false;
		if (i < keep)
			memcpy(bytes[i], c->p->bytes[c->from + i], PAGE_SIZE);
	}
	if (c->flags & MREMAP_DONTUNMAP) {
		for (unsigned i = c->from; i < c->from + c->old; i++) {
			model_page_gone(&c->p->page[i]);
			c->p->page[i].flags &= ~(unsigned long)VM_LOCKED_ANY;
		}
	} else {
		model_drop_pages(c->p, c->from, c->old);
	}
	model_drop_pages(c->p, c->to, c->new);
	for (unsigned i = 0; i < c->new; i++) {
		c->p->page[c->to + i] = moved[i];
		memcpy(c->p->bytes[c->to + i], bytes[i], PAGE_SIZE);
	}
}

/* MREMAP_FIXED, MREMAP_DONTUNMAP: 0 and c->to, or an error. */
static long place_given(struct remap *c)
{
	unsigned keep = min_of(unsigned, c->old, c->new);
	long err;

	if (c->from + c->old > c->to && c->to + c->new > c->from)
		return -EINVAL;
	/* What is replaced and what is cut off goes, whatever it is, and whatever is wrong with the source. */
	if (c->flags & MREMAP_FIXED)
		model_drop_pages(c->p, c->to, c->new);
	model_drop_pages(c->p, c->from + keep, c->old - keep);
	c->old = keep;
	err = source_result(c, keep);
	if (err)
		return err;
	if ((c->flags & MREMAP_FIXED) || model_is_free(c->p, c->to, c->new)) /* else a hint */
		return 0;
	return model_highest_gap(c->p, c->new, &c->to) ? 0 : -ENOMEM;
}

static bool grow_in_place(struct remap *c)
{
	struct model_page m = c->p->page[c->from];

	if (c->from + c->old != model_run_end(c->p, c->from) ||
	    !model_is_free(c->p, c->from + c->old, c->new - c->old))
		return false;
	model_page_gone(&m);
	m.pgoff += c->old;
	for (unsigned i = c->old; i < c->new; i++, m.pgoff++)
		c->p->page[c->from + i] = m;
	c->to = c->from;
	return true;
}

/* The whole call. Return: 0 and c->to, or an error. */
static long remap(struct remap *c)
{
	long err;

	if (!c->p->page[c->from].mapped)
		return -EFAULT;
	if (c->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
		err = place_given(c);
		if (!err)
			move_pages(c);
		return err;
	}
	c->to = c->from;
	if (c->old >= c->new) { /* what is cut off goes, whatever it is */
		model_drop_pages(c->p, c->from + c->new, c->old - c->new);
		return 0;
	}
	err = source_result(c, c->old);
	if (err)
		return err;
	if (c->old && grow_in_place(c))
		return 0;
	if (!(c->flags & MREMAP_MAYMOVE) || !model_highest_gap(c->p, c->new, &c->to))
		return -ENOMEM;
	move_pages(c);
	return 0;
}

static struct remap some_remap(struct model_proc *p)
{
	struct remap c = { .p = p, .from = model_some_page(), .to = model_some_page() };
	unsigned left = model_run_end(p, c.from) - c.from;

	/* Mostly inside one vma, to its end as often as not. */
	c.old = 1 + model_rnd(min_of(unsigned, left, MODEL_RUN_MAX));
	if (model_one_in(2))
		c.old = min_of(unsigned, left, MODEL_RUN_MAX);
	if (model_one_in(12))
		c.old = model_rnd(MODEL_RUN_MAX);
	c.old = min_of(unsigned, c.old, MODEL_PAGES - c.from);
	c.new = model_one_in(2) ? c.old : 1 + model_rnd(MODEL_RUN_MAX);
	c.flags = model_one_in(3) ? 0 : MREMAP_MAYMOVE;
	if (c.flags && model_one_in(2))
		c.flags |= MREMAP_FIXED;
	if (c.flags && model_one_in(6)) {
		c.flags |= MREMAP_DONTUNMAP;
		c.new = c.old;
	}
	c.new = c.new ? c.new : 1;
	if (c.flags & MREMAP_DONTUNMAP)
		c.old = c.new;
	c.to = min_of(unsigned, c.to, MODEL_PAGES - c.new);
	c.new_addr = model_addr(c.to);
	return c;
}

/* Arguments that are wrong whatever is mapped. Return: false when this call shall be a good one. */
static bool wrong_remap(struct model_proc *p)
{
	static const struct {
		unsigned long addr, old, new;
		unsigned flags;
		long want;
	} calls[] = {
		{ MODEL_BASE, PAGE_SIZE, PAGE_SIZE, 8, -EINVAL },
		{ MODEL_BASE + 1, PAGE_SIZE, PAGE_SIZE, 0, -EINVAL },
		{ MODEL_BASE, PAGE_SIZE, 0, 0, -EINVAL },
		{ MODEL_BASE, PAGE_SIZE, PAGE_SIZE, MREMAP_FIXED, -EINVAL },
		{ MODEL_BASE, PAGE_SIZE, PAGE_SIZE, MREMAP_DONTUNMAP, -EINVAL },
		{ MODEL_BASE, PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_DONTUNMAP | MREMAP_MAYMOVE,
		  -EINVAL },
		{ MODEL_BASE, PAGE_SIZE, ULONG_MAX, MREMAP_MAYMOVE, -EINVAL },
		{ USER_TOP - PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE, -EFAULT },
	};
	unsigned i = model_rnd(sizeof(calls) / sizeof(calls[0]));

	if (!model_one_in(40))
		return false;
	model_note("mremap(%#lx, %#lx, %#lx, %u)", calls[i].addr, calls[i].old, calls[i].new,
		   calls[i].flags);
	model_expect("mremap", calls[i].want,
		     vm_remap(p->mm, calls[i].addr, calls[i].old, calls[i].new, calls[i].flags, 0));
	return true;
}

/* Private memory that was never touched may take the page numbers of its new place: Linux does so that it merges there. */
static void renumber(struct model_proc *p, unsigned to, unsigned nr)
{
	const struct vm_area_struct *vma = find_vma(p->mm, model_addr(to));
	unsigned long here = model_addr(to) >> PAGE_SHIFT;

	if (p->page[to].obj >= 0 || p->page[to].pgoff == here || !vma ||
	    vma->vm_pgoff + ((model_addr(to) - vma->vm_start) >> PAGE_SHIFT) != here)
		return;
	for (unsigned i = to; i < to + nr; i++) {
		if (p->page[i].have == HAVE_ANON)
			model_differs("page %u has been touched, and changed its number", i);
		p->page[i].pgoff = here + i - to;
	}
}

void model_remap(struct model_proc *p)
{
	struct remap c = some_remap(p);
	unsigned old = c.old, new = c.new;
	bool locked = is_locked(&p->page[c.from]);
	unsigned long hint = c.new_addr;
	long want, got;

	if (wrong_remap(p))
		return;
	model_note("mremap(%#lx, %u pages, %u pages, %u, %#lx)", model_addr(c.from), c.old, c.new,
		   c.flags, hint);
	want = remap(&c);
	got = vm_remap(p->mm, model_addr(c.from), (unsigned long)old << PAGE_SHIFT,
		       (unsigned long)new << PAGE_SHIFT, c.flags, hint);
	model_expect("mremap", want ? want : (long)model_addr(c.to), got);
	if (want)
		return;
	if (c.to != c.from)
		renumber(p, c.to, new);
	if (locked && new > old)
		(void)model_populate(p, c.to + old, new - old, true);
}
