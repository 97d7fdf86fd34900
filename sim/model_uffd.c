/*
 * The model's userfaultfd: who is registered, pages that the monitor brings, pages that are protected.
 *
 * WHY      the descriptor is one that asks for SIGBUS: one thread does all steps, so nobody could bring what it waits for.
 *          Events are not asked for: what moves or forks is not registered any more.
 * I1       one descriptor for a process, and every range that is registered wants missing pages; protection only of private
 *          memory without an object, where an entry that is none has no mark.
 * SOURCES  userfaultfd(2), ioctl_userfaultfd(2)
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/userfault.h"
#include "sim/model.h"

static bool has_store(const struct model_page *m)
{
	return m->obj >= 0 && model.obj[m->obj].store;
}

/* A range as the ioctls take it; @nr pages of it are in the window, 0: it is none that they like. */
static struct uffdio_range some_place(unsigned *first, unsigned *nr)
{
	struct model_range r = model_some_range();

	*first = r.first;
	*nr = r.kind == RANGE_SANE && !(r.len & ~PAGE_MASK) ? r.nr : 0;
	return (struct uffdio_range){ r.addr, r.len };
}

static bool any_mapped(const struct model_proc *p, unsigned first, unsigned nr)
{
	return !model_is_free(p, first, nr);
}

/* ---- register, unregister, close ---- */

static long register_result(const struct model_proc *p, unsigned first, unsigned nr)
{
	for (unsigned i = first; i < first + nr; i++) {
		if (!p->page[i].mapped)
			continue;
		if (has_store(&p->page[i]))
			return -EINVAL;
		if (!(p->page[i].flags & VM_MAYWRITE))
			return -EPERM;
	}
	return 0;
}

static bool all_private(const struct model_proc *p, unsigned first, unsigned nr)
{
	for (unsigned i = first; i < first + nr; i++) {
		if (p->page[i].mapped && p->page[i].obj >= 0)
			return false;
	}
	return true;
}

static void uffd_register(struct model_proc *p)
{
	unsigned first, nr;
	struct uffdio_range r = some_place(&first, &nr);
	uint64_t mode = model_one_in(30) ? 0 : UFFDIO_REGISTER_MODE_MISSING, calls;
	unsigned long flags = VM_UFFD_MISSING;
	long want = -EINVAL;

	if (mode && nr && all_private(p, first, nr) && model_one_in(2)) {
		mode |= UFFDIO_REGISTER_MODE_WP;
		flags |= VM_UFFD_WP;
	}
	model_note("uffd register(%#llx, %#llx, %llu)", (unsigned long long)r.start,
		   (unsigned long long)r.len, (unsigned long long)mode);
	if (mode && nr && any_mapped(p, first, nr))
		want = register_result(p, first, nr);
	model_expect("register", want, userfault_register(p->uf, &r, mode, &calls));
	for (unsigned i = first; !want && i < first + nr; i++) {
		if (p->page[i].mapped)
			p->page[i].flags |= flags;
	}
}

static void forget(struct model_page *m)
{
	m->flags &= ~(unsigned long)VM_UFFD_ANY;
	m->wp = false;
}

static void uffd_unregister(struct model_proc *p)
{
	unsigned first, nr;
	struct uffdio_range r = some_place(&first, &nr);
	long want = nr && any_mapped(p, first, nr) ? 0 : -EINVAL;

	model_note("uffd unregister(%#llx, %#llx)", (unsigned long long)r.start,
		   (unsigned long long)r.len);
	for (unsigned i = first; i < first + nr; i++) {
		if (p->page[i].mapped && has_store(&p->page[i]))
			want = -EINVAL;
	}
	model_expect("unregister", want, userfault_unregister(p->uf, &r));
	for (unsigned i = first; !want && i < first + nr; i++)
		forget(&p->page[i]);
}

void model_uffd_close(struct model_proc *p)
{
	if (!p->uf)
		return;
	userfault_release(p->uf);
	p->uf = NULL;
	for (unsigned i = 0; i < MODEL_PAGES; i++)
		forget(&p->page[i]);
}

/* ---- filling ---- */

/* The page of a shared object that has none: it gets @bytes. 0 or -errno. */
static long fill_shared(struct model_page *m, const uint8_t *bytes)
{
	struct model_obj *o = &model.obj[m->obj];

	if (m->pgoff >= model_obj_pages(o))
		return -EFAULT;
	if (o->cached[m->pgoff])
		return -EEXIST;
	o->cached[m->pgoff] = true;
	memcpy(o->bytes[m->pgoff], bytes, PAGE_SIZE);
	m->have = HAVE_FILE;
	return 0;
}

static long fill_page(struct model_proc *p, unsigned page, const uint8_t *bytes, bool zero, bool wp)
{
	struct model_page *m = &p->page[page];

	if (m->flags & VM_SHARED)
		return fill_shared(m, bytes);
	if (m->obj >= 0 && m->pgoff >= model_obj_pages(&model.obj[m->obj]))
		return -EFAULT;
	if (m->have != HAVE_NONE)
		return -EEXIST;
	m->have = zero ? HAVE_ZERO : HAVE_ANON;
	m->lazy = false;
	memcpy(p->bytes[page], bytes, PAGE_SIZE);
	m->wp = wp;
	return 0;
}

/* Are all of one vma that is registered? 0 or -errno. */
static long fill_place(const struct model_proc *p, unsigned page, unsigned nr, bool wp)
{
	const struct model_page *m = &p->page[page];

	if (!m->mapped || !(m->flags & VM_UFFD_ANY) || model_run_end(p, page) < page + nr)
		return -ENOENT;
	return wp && !(m->flags & VM_UFFD_WP) ? -EINVAL : 0;
}

static void uffd_fill(struct model_proc *p, bool zero)
{
	unsigned page = model_some_page(), nr = zero ? 1 + model_rnd(4) : 1, done = 0;
	struct userfault_fill f = { .kind = zero ? USERFAULT_ZERO : USERFAULT_COPY,
				    .src = MODEL_SCRATCH };
	bool wp = !zero && model_one_in(4);
	uint8_t bytes[PAGE_SIZE] = { 0 };
	int64_t got_done = 0;
	long want;

	nr = min_of(unsigned, nr, MODEL_PAGES - page);
	if (zero && p->page[page].obj >= 0 && !(p->page[page].flags & VM_SHARED))
		return; /* the zero page among an object's: the model has no word for it */
	f.range = (struct uffdio_range){ model_addr(page), (uint64_t)nr << PAGE_SHIFT };
	f.mode = wp ? UFFDIO_COPY_MODE_WP : 0;
	model_note("uffd %s(%#lx, %u pages, mode %u)", zero ? "zeropage" : "copy", model_addr(page),
		   nr, (unsigned)f.mode);
	if (!zero)
		model_expect("reading the source", 0,
			     sim_read(p->mm, MODEL_SCRATCH, bytes, PAGE_SIZE));
	want = fill_place(p, page, nr, wp);
	while (!want && done < nr) {
		want = fill_page(p, page + done, bytes, zero, wp);
		done += !want;
	}
	sim_use_mm(p->mm);
	model_expect("arguments of filling", 0, userfault_check_fill(p->uf, &f));
	model_expect("filling", done && done < nr ? -EAGAIN : want,
		     userfault_fill(p->uf, &f, &got_done));
	model_expect("bytes filled", done ? (long)done << PAGE_SHIFT : want, (long)got_done);
}

static void uffd_protect(struct model_proc *p)
{
	unsigned first, nr;
	struct uffdio_range r = some_place(&first, &nr);
	bool protect = model_rnd(3);
	long want = nr ? -ENOENT : -EINVAL;

	model_note("uffd writeprotect(%#llx, %#llx, %u)", (unsigned long long)r.start,
		   (unsigned long long)r.len, protect);
	if (nr && p->page[first].mapped && (p->page[first].flags & VM_UFFD_WP) &&
	    model_run_end(p, first) >= first + nr)
		want = 0;
	model_expect("writeprotect", want, userfault_protect(p->uf, &r, protect));
	for (unsigned i = first; !want && i < first + nr; i++)
		p->page[i].wp = protect && p->page[i].have != HAVE_NONE;
}

void model_uffd(struct model_proc *p)
{
	if (!p->uf) {
		sim_use_mm(p->mm);
		p->uf = userfault_alloc(false);
		if (!p->uf)
			model_differs("no userfaultfd");
		atomic_set(&p->uf->features, USERFAULT_READY | UFFD_FEATURE_SIGBUS);
	}
	switch (model_rnd(10)) {
	case 0 ... 2:
		uffd_register(p);
		break;
	case 3:
		uffd_unregister(p);
		break;
	case 4:
	case 5:
		uffd_fill(p, false);
		break;
	case 6:
		uffd_fill(p, true);
		break;
	case 7:
	case 8:
		uffd_protect(p);
		break;
	default:
		model_note("uffd close");
		model_uffd_close(p);
		break;
	}
}
