/*
 * The model's processes: birth, fork, death, and what their programs do to their memory.
 *
 *   | wall, PROT_NONE | scratch page | wall |   window of MODEL_PAGES   | wall |
 *
 * WHY      the walls leave the window as the only free place, so that mm must put there what it places itself, and nothing
 *          grows out of it. They are shared, so nothing in the window is ever like them and merges.
 * I1       a process has MODEL_WALLS vmas outside the window; one page there is resident, that of the scratch page.
 */
#include "base/errno.h"
#include "lib/string.h"
#include "sim/model.h"
#include "sync/failpoint.h"

static void build(struct model_proc *p, unsigned long start, unsigned long end, unsigned prot)
{
	struct vm_map_args a = { .addr = start,
				 .len = end - start,
				 .prot = prot,
				 .flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED };

	if (prot)
		a.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	model_expect("mmap of a wall", (long)start, vm_map(p->mm, &a));
}

struct model_proc *model_proc_begin(void)
{
	struct model_proc *p = &model.proc[0];

	p->mm = mm_alloc();
	if (!p->mm)
		model_differs("no address space to begin with");
	p->mm->mmap_base = MODEL_END;
	p->mm->mmap_legacy_base = p->mm->task_size; /* nothing is to be had above */
	build(p, page_align(mmap_min_addr), MODEL_SCRATCH, PROT_NONE);
	build(p, MODEL_SCRATCH, MODEL_SCRATCH + PAGE_SIZE, PROT_READ | PROT_WRITE);
	build(p, MODEL_SCRATCH + PAGE_SIZE, MODEL_BASE, PROT_NONE);
	build(p, MODEL_END, MODEL_END + MODEL_RUN_MAX * PAGE_SIZE, PROT_NONE);
	sim_poke(p->mm, MODEL_SCRATCH, 1);
	return p;
}

void model_proc_end(struct model_proc *p)
{
	bool last = model.step & 1; /* the descriptor may be open a while longer */

	if (!last)
		model_uffd_close(p);
	sim_use_mm(NULL);
	mmput(p->mm);
	p->mm = NULL;
	model_uffd_close(p);
}

/* Another process lives? Then @p dies. */
void model_exit(struct model_proc *p)
{
	unsigned alive = 0;

	for (unsigned k = 0; k < MODEL_PROCS; k++)
		alive += model.proc[k].mm != NULL;
	if (alive == 1)
		return;
	model_note("exit");
	model_proc_end(p);
}

/* What a child begins with. Entries that a fault can bring back may be missing. */
static void inherit(struct model_page *c)
{
	c->flags &= ~(unsigned long)(VM_LOCKED_ANY | VM_UFFD_ANY);
	c->wp = false;
	if (c->flags & VM_DONTCOPY)
		*c = (struct model_page){ .mapped = false };
	else if (c->flags & (VM_SHARED | VM_WIPEONFORK))
		model_page_gone(c);
	else if (c->have == HAVE_FILE || c->have == HAVE_ZERO)
		c->maybe = true;
}

void model_fork(struct model_proc *p)
{
	struct model_proc *child = &model.proc[model_rnd(MODEL_PROCS)];
	bool failed;
	int err;

	if (child == p)
		return;
	model_note("fork to process %u", (unsigned)(child - model.proc));
	if (child->mm)
		model_proc_end(child);
	failpoint_arm(model_one_in(10) ? 1 + model_rnd(40) : 0);
	err = mm_dup(p->mm, &child->mm);
	failed = failpoint_fired() && err == -ENOMEM;
	failpoint_arm(0);
	if (failed)
		return;
	model_expect("fork", 0, err);
	child->def_flags = 0;
	for (unsigned i = 0; i < MODEL_PAGES; i++) {
		child->page[i] = p->page[i];
		if (p->page[i].have == HAVE_ANON)
			memcpy(child->bytes[i], p->bytes[i], PAGE_SIZE);
		inherit(&child->page[i]);
	}
}

/* ---- accesses ---- */

/* The bytes of [off, off + len) from @page on, as far as @access goes. Return: why it ended; *done: before that. */
static int touch_pages(struct model_proc *p, unsigned page, unsigned off, size_t len,
		       enum model_access access, uint8_t *buf, size_t *done)
{
	bool write = access == MODEL_WRITE || access == MODEL_POKE;

	for (*done = 0; *done < len; page++, off = 0) {
		size_t n = min_of(size_t, len - *done, PAGE_SIZE - off);
		int r = page < MODEL_PAGES ? model_fault(p, page, access) : FAULT_ACCERR;
		uint8_t *bytes;

		if (r != FAULT_OK)
			return r;
		bytes = (uint8_t *)(uintptr_t)model_bytes(p, page) + off;
		if (write)
			memcpy(bytes, buf + *done, n);
		else
			memcpy(buf + *done, bytes, n);
		*done += n;
	}
	return FAULT_OK;
}

static void compare(const uint8_t *want, const uint8_t *got, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (want[i] != got[i])
			model_differs("byte %zu of the access is %u, not %u", i, got[i], want[i]);
	}
}

enum { TOUCH_MAX = 2 * PAGE_SIZE };

static size_t some_length(void)
{
	return model_one_in(6) ? 1 + model_rnd(TOUCH_MAX) : 1 + model_rnd(16);
}

/* An allocation was made to fail, and so did the access: nothing is written, but the object may have the page now. */
static bool out_of_memory(const struct model_proc *p, unsigned page, int r)
{
	/* A shared page that cannot be promised is SIGBUS. */
	bool failed = failpoint_fired() && (r == FAULT_OOM || r == FAULT_BUS);

	failpoint_arm(0);
	if (failed && p->page[page].obj >= 0)
		model.obj[p->page[page].obj].unsure = true;
	return failed;
}

void model_touch(struct model_proc *p)
{
	unsigned page = model_some_page(), off = model_rnd(PAGE_SIZE);
	size_t len = some_length(), done;
	uint8_t want[TOUCH_MAX] = { 0 }, got[TOUCH_MAX];
	bool write = model_rnd(3);
	int r;

	model_note("%s of %zu bytes at page %u+%u", write ? "write" : "read", len, page, off);
	if (write) {
		memset(want, (int)model_rnd(256), len);
		failpoint_arm(off + len <= PAGE_SIZE && model_one_in(30) ? 1 + model_rnd(4) : 0);
		r = sim_write(p->mm, model_addr(page) + off, want, len);
		if (out_of_memory(p, page, r))
			return;
		model_expect("write", touch_pages(p, page, off, len, MODEL_WRITE, want, &done), r);
		return;
	}
	r = sim_read(p->mm, model_addr(page) + off, got, len);
	model_expect("read", touch_pages(p, page, off, len, MODEL_READ, want, &done), r);
	compare(want, got, done);
}

/* One byte of a page from CPU after CPU, written once on the way: none may see what was. */
void model_look(struct model_proc *p)
{
	unsigned page = model_some_page(), off = model_rnd(PAGE_SIZE);
	uint8_t byte;

	model_note("look at page %u+%u from several CPUs", page, off);
	for (unsigned i = 0; i < 8; i++) {
		bool write = i == 4;
		int r = model_fault(p, page, write ? MODEL_WRITE : MODEL_READ);

		byte = (uint8_t)model_rnd(256);
		model_hop();
		if (write)
			model_expect("write", r,
				     sim_write(p->mm, model_addr(page) + off, &byte, 1));
		else
			model_expect("read", r, sim_read(p->mm, model_addr(page) + off, &byte, 1));
		if (r != FAULT_OK)
			continue;
		if (write)
			((uint8_t *)(uintptr_t)model_bytes(p, page))[off] = byte;
		else
			compare(model_bytes(p, page) + off, &byte, 1);
	}
}

void model_fetch(struct model_proc *p)
{
	unsigned page = model_some_page();

	model_note("fetch at page %u", page);
	model_expect("fetch", model_fault(p, page, MODEL_EXEC), sim_exec(p->mm, model_addr(page)));
}

/* clear_refs 4: what is written from now on must be seen. */
void model_forget_writes(struct model_proc *p)
{
	model_note("clear soft-dirty");
	mm_clear_soft_dirty(p->mm);
	for (unsigned i = 0; i < MODEL_PAGES; i++)
		p->page[i].written = false;
}

/* As a debugger does. */
void model_access(struct model_proc *p)
{
	unsigned page = model_some_page(), off = model_rnd(PAGE_SIZE);
	size_t len = some_length(), done, n;
	uint8_t want[TOUCH_MAX] = { 0 }, got[TOUCH_MAX];
	bool write = model_one_in(2);

	model_note("mm_access, %s of %zu bytes at page %u+%u", write ? "write" : "read", len, page,
		   off);
	len = min_of(size_t, len,
		     MODEL_END - model_addr(page) - off); /* walls are not to be touched */
	if (write)
		memset(want, (int)model_rnd(256), len);
	memcpy(got, want, len);
	n = mm_access(p->mm, model_addr(page) + off, got, len, write);
	(void)touch_pages(p, page, off, len, write ? MODEL_POKE : MODEL_PEEK, want, &done);
	model_expect("mm_access", (long)done, (long)n);
	compare(want, got, done);
}

/* The page moves to another frame: nobody sees a difference. */
void model_migrate(struct model_proc *p)
{
	unsigned page = model_some_page();
	int status;

	model_note("migration of page %u", page);
	status = sim_migrate(p->mm, model_addr(page), model_one_in(2));
	if (status != -EBUSY) /* the page of zeroes */
		model_expect("migration", 0, status);
}
