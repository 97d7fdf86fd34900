/*
 * The model's mmap, munmap and mprotect.
 *
 * WHY      each draws its arguments so that all flags, places and mistakes come, mostly one mistake at a time: which of two
 *          errors is reported first no man page says.
 * I1       a call that fails leaves everything as it was, but for mprotect, which has done what came before.
 * SOURCES  mmap(2), munmap(2), mprotect(2)
 */
#include "base/errno.h"
#include "sim/model.h"
#include "sync/failpoint.h"

struct map_wish {
	struct vm_map_args a;
	unsigned nr; /* pages */
	int obj;     /* a file; -1: anonymous */
	bool shared;
	long mistake; /* what one wrong argument must lead to; 0: none */
};

static unsigned some_prot(void)
{
	static const unsigned prots[] = {
		PROT_NONE,
		PROT_READ,
		PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE,
		PROT_READ | PROT_EXEC,
		PROT_WRITE,
		PROT_READ | PROT_WRITE | PROT_EXEC,
	};

	return prots[model_rnd(sizeof(prots) / sizeof(prots[0]))];
}

/* What the file was opened for. */
static unsigned long some_may(void)
{
	static const unsigned long mays[] = {
		VM_MAYREAD | VM_MAYEXEC,  /* read only */
		VM_MAYREAD | VM_MAYWRITE, /* on a mount without exec */
		VM_MAYWRITE | VM_MAYEXEC, /* write only */
	};

	return model_one_in(4) ? mays[model_rnd(3)] : VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
}

static unsigned some_map_flags(void)
{
	unsigned flags = 0;

	if (model_one_in(8))
		flags |= MAP_POPULATE;
	if (model_one_in(16))
		flags |= MAP_LOCKED;
	if (model_one_in(8))
		flags |= MAP_NORESERVE;
	if (model_one_in(16)) /* these change nothing */
		flags |= MAP_STACK | MAP_DENYWRITE | MAP_EXECUTABLE;
	if (model_one_in(16))
		flags |= MAP_NONBLOCK;
	return flags;
}

/* Where: mostly fixed, because a fixed place makes things meet. */
static unsigned some_place(void)
{
	unsigned r = model_rnd(10);

	return r < 6 ? MAP_FIXED : r == 6 ? MAP_FIXED_NOREPLACE : 0;
}

/* One argument becomes wrong. */
static void make_mistake(struct map_wish *w)
{
	w->a.flags = (w->a.flags & ~(unsigned)MAP_FIXED_NOREPLACE) | MAP_FIXED;
	w->a.addr = w->a.addr ? w->a.addr : MODEL_BASE;
	switch (model_rnd(6)) {
	case 0:
		w->a.len = 0;
		w->mistake = -EINVAL;
		break;
	case 1:
		w->a.len = ULONG_MAX - model_rnd(PAGE_SIZE - 1);
		w->mistake = -ENOMEM;
		break;
	case 2:
		w->a.pgoff = ULONG_MAX - w->nr + 1 + model_rnd(w->nr);
		w->mistake = -EOVERFLOW;
		break;
	case 3:
		w->a.flags &= ~(unsigned)MAP_TYPE;
		w->mistake = -EINVAL;
		break;
	case 4:
		w->a.addr++;
		w->mistake = -EINVAL;
		break;
	default:
		w->a.addr = PAGE_SIZE;
		w->mistake = -EPERM;
		break;
	}
}

static struct map_wish some_wish(void)
{
	struct model_range r = model_some_range();
	struct map_wish w = { .obj = -1, .nr = r.kind == RANGE_SANE ? r.nr : 1 };

	if (r.kind != RANGE_SANE) {
		r.addr = MODEL_BASE;
		r.len = PAGE_SIZE;
	}
	w.shared = model_one_in(3);
	w.a = (struct vm_map_args){ .addr = r.addr, .len = r.len, .prot = some_prot() };
	w.a.flags = (w.shared ? MAP_SHARED : MAP_PRIVATE) | some_map_flags() | some_place();
	if (!(w.a.flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) && model_one_in(2))
		w.a.addr = 0; /* no hint */
	if (model_one_in(2) || (w.shared && !model_obj_room())) {
		w.obj = (int)model_rnd(MODEL_FILES);
		w.a.mapping = model.obj[w.obj].m;
		w.a.may_flags = some_may();
		w.a.pgoff = model_rnd(MODEL_OBJ_PAGES);
		if (w.shared && !(w.a.flags & MAP_FIXED_NOREPLACE) && model_one_in(4))
			w.a.flags |= MAP_SHARED_VALIDATE; /* which does not know the other */
	} else {
		w.a.flags |= MAP_ANONYMOUS;
	}
	if (model_one_in(30))
		make_mistake(&w);
	return w;
}

/* May the file be mapped like that? 0 or -errno. */
static long access_result(const struct map_wish *w)
{
	if (w->obj < 0)
		return 0;
	if (w->shared && (w->a.prot & PROT_WRITE) && !(w->a.may_flags & VM_MAYWRITE))
		return -EACCES;
	if (!(w->a.may_flags & VM_MAYREAD))
		return -EACCES;
	return (w->a.prot & PROT_EXEC) && !(w->a.may_flags & VM_MAYEXEC) ? -EPERM : 0;
}

/* The first page, or -errno. */
static long place_result(const struct model_proc *p, const struct map_wish *w)
{
	unsigned page = (unsigned)((w->a.addr - MODEL_BASE) >> PAGE_SHIFT);

	if (w->a.flags & MAP_FIXED)
		return page;
	if (w->a.flags & MAP_FIXED_NOREPLACE)
		return model_is_free(p, page, w->nr) ? (long)page : -EEXIST;
	if (w->a.addr && model_is_free(p, page, w->nr))
		return page;
	return model_highest_gap(p, w->nr, &page) ? (long)page : -ENOMEM;
}

static unsigned long flags_result(const struct model_proc *p, const struct map_wish *w)
{
	unsigned long flags = (w->a.prot & PROT_READ ? VM_READ : 0) |
			      (w->a.prot & PROT_WRITE ? VM_WRITE : 0) |
			      (w->a.prot & PROT_EXEC ? VM_EXEC : 0) | p->def_flags | VM_MAYREAD |
			      VM_MAYWRITE | VM_MAYEXEC;

	if (w->shared)
		flags |= VM_SHARED | VM_MAYSHARE;
	if (w->obj >= 0 && w->shared && !(w->a.may_flags & VM_MAYWRITE))
		flags &= ~(unsigned long)(VM_SHARED | VM_MAYWRITE);
	if (w->obj >= 0 && !(w->a.may_flags & VM_MAYEXEC))
		flags &= ~(unsigned long)VM_MAYEXEC;
	if (w->a.flags & MAP_LOCKED)
		flags |= VM_LOCKED;
	if (w->a.flags & MAP_NORESERVE)
		flags |= VM_NORESERVE;
	if ((flags & (VM_WRITE | VM_SHARED | VM_NORESERVE)) == VM_WRITE)
		flags |= VM_ACCOUNT;
	return flags;
}

static void map_done(struct model_proc *p, const struct map_wish *w, unsigned page)
{
	struct model_page m = { .mapped = true, .obj = (int16_t)w->obj, .pgoff = w->a.pgoff };

	m.flags = flags_result(p, w);
	model_drop_pages(p, page, w->nr);
	if (w->obj < 0 && w->shared) {
		m.obj = (int16_t)model_obj_adopt(find_vma(p->mm, model_addr(page))->mapping, w->nr,
						 !(m.flags & VM_NORESERVE));
		m.pgoff = 0;
	} else if (w->obj < 0) {
		m.pgoff = model_addr(page) >> PAGE_SHIFT;
	}
	for (unsigned i = 0; i < w->nr; i++, m.pgoff++)
		p->page[page + i] = m;
	if ((m.flags & VM_LOCKED) || (w->a.flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE)
		(void)model_populate(p, page, w->nr, true);
}

/* One allocation fails: then the call does, and has changed nothing; or it finds another way. Return: did it fail? */
static bool fails_for_memory(long got)
{
	bool fired = failpoint_fired();

	failpoint_arm(0);
	return fired && got == -ENOMEM;
}

void model_map(struct model_proc *p)
{
	struct map_wish w = some_wish();
	long want = w.mistake, got;
	bool inject = !want && !(w.a.flags & (MAP_POPULATE | MAP_LOCKED)) && !p->def_flags &&
		      model_one_in(20);

	model_note("mmap(%#lx, %#lx, prot %u, flags %#x, object %d, page %lu, may %#lx)", w.a.addr,
		   w.a.len, w.a.prot, w.a.flags, w.obj, w.a.pgoff, w.a.may_flags);
	if (!want)
		want = place_result(p, &w);
	if (want >= 0 && access_result(&w))
		want = access_result(&w);
	failpoint_arm(inject ? 1 + model_rnd(4) : 0);
	got = vm_map(p->mm, &w.a);
	if (fails_for_memory(got))
		return;
	if (w.mistake || want < 0) {
		model_expect("mmap", want, got);
		return;
	}
	model_expect("mmap", (long)model_addr((unsigned)want), got);
	map_done(p, &w, (unsigned)want);
}

void model_unmap(struct model_proc *p)
{
	struct model_range r = model_some_range();
	long got;

	model_note("munmap(%#lx, %#lx)", r.addr, r.len);
	failpoint_arm(r.kind == RANGE_SANE && model_one_in(20) ? 1 + model_rnd(3) : 0);
	got = vm_unmap(p->mm, r.addr, r.len);
	if (fails_for_memory(got))
		return;
	model_expect("munmap", r.kind == RANGE_SANE ? 0 : -EINVAL, got);
	if (r.kind == RANGE_SANE)
		model_drop_pages(p, r.first, r.nr);
}

/* The rights of one page, whose vma may have them. */
static void protect_page(struct model_page *m, unsigned prot)
{
	const unsigned long promised = VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE;
	unsigned long old = m->flags;

	m->flags &= ~(unsigned long)(VM_READ | VM_WRITE | VM_EXEC);
	m->flags |= (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) |
		    (prot & PROT_EXEC ? VM_EXEC : 0);
	if ((m->flags & VM_WRITE) && !(old & promised))
		m->flags |= VM_ACCOUNT;
}

static long protect_pages(struct model_proc *p, const struct model_range *r, unsigned prot)
{
	unsigned long need = (prot & PROT_READ ? VM_MAYREAD : 0) |
			     (prot & PROT_WRITE ? VM_MAYWRITE : 0) |
			     (prot & PROT_EXEC ? VM_MAYEXEC : 0);
	unsigned end;
	bool copy;

	for (unsigned i = r->first; i < r->first + r->nr; i++) {
		struct model_page *m = &p->page[i];

		if (!m->mapped)
			return -ENOMEM;
		if (need & ~m->flags)
			return -EACCES;
		/* Locked memory that has become writable is copied at once. */
		copy = (prot & PROT_WRITE) && !(m->flags & (VM_WRITE | VM_SHARED)) &&
		       (m->flags & VM_LOCKED);
		end = model_run_end(p, i);
		end = min_of(unsigned, end, r->first + r->nr);
		for (unsigned k = i; k < end; k++)
			protect_page(&p->page[k], prot);
		if (copy)
			(void)model_populate(p, i, end - i, false);
		i = end - 1;
	}
	return 0;
}

/* A flag of mprotect that nothing in the window can have: it has no stacks. */
static unsigned some_wrong_prot(const struct model_proc *p, const struct model_range *r)
{
	static const unsigned wrong[] = { PROT_GROWSDOWN, PROT_GROWSUP, 0x10 };

	if (r->kind != RANGE_SANE || !p->page[r->first].mapped || !model_one_in(40))
		return 0;
	return wrong[model_rnd(3)];
}

void model_protect(struct model_proc *p)
{
	struct model_range r = model_some_range();
	unsigned prot = some_prot(), wrong = some_wrong_prot(p, &r);
	long want = -ENOMEM;

	model_note("mprotect(%#lx, %#lx, %#x)", r.addr, r.len, prot | wrong);
	if (wrong || r.kind == RANGE_UNALIGNED)
		want = -EINVAL;
	else if (r.kind == RANGE_EMPTY)
		want = 0;
	else if (r.kind == RANGE_SANE)
		want = protect_pages(p, &r, prot);
	model_expect("mprotect", want, vm_protect(p->mm, r.addr, r.len, prot | wrong));
}
