/*
 * Memory that a module's device maps into programs: mmap of its files, remap_pfn_range, vm_insert_page, vm_operations.
 *
 * OWNS     struct devmap: what one mmap(2) has been given, shared by all vmas that come of it (fork, munmap of a part).
 * WHY      the module's mmap() runs when the vma has its place (vma_ops.mapped), so the addresses it sees are true. What it maps is
 *          noted, frame by frame or as a run, and the entries are made at the first touch; a page that the module gives is held until
 *          the last vma is gone. Old and new forms of vm_operations.fault are served by one call: struct vm_fault begins with
 *          the vma, and comes as both arguments.
 * I1       a devmap holds its file while it has a vma, and so the module. The last vma goes with mmap_lock held, under which no
 *          file may be released: the thread of timers does that, or whoever unloads a module.
 * LOCKS    devmap->lock (rank OBJECT, leaf) for runs; gone_lock (the same) for those without a vma; mmap_lock is held in every call of vma_ops.
 * CONTEXT  faults, mmap(2); sleeps, but not in devmap_pfn.   FAILS  -ENOMEM; what the module says; SIGBUS.
 * SOURCES  Linux Documentation/core-api/mm-api.rst, remap_pfn_range's contract.   TESTED BY  module_api (guest)
 */
#include "module/devmap.h"
#include "module/cdev.h"
#include "module/module_impl.h"

#include "base/errno.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "module/api.h"
#include "sync/failpoint.h"

struct run { /* @nr pages of the mapping from @index on are the frames from @pfn on */
	struct run *next;
	unsigned long index, nr;
	pfn_t pfn;
	struct page *held; /* NULL: frames that nobody counts */
	bool early;	   /* the module's mmap has mapped it */
};

struct devmap {
	atomic_t refs; /* vmas */
	struct open_chr *o;
	const struct vm_ops_view *ops; /* the module's; NULL: none */
	void *private;
	bool in_mmap;	     /* the module's mmap is running */
	unsigned long shift; /* what the module's vm_pgoff is more than the vma's */
	struct spinlock lock;
	struct run *runs;    /* d: lock */
	struct devmap *next; /* g: of those that have no vma any more */
};

static struct mm_view *unknown_mm; /* views here know no mm_struct */

static void view_of(const struct vm_area_struct *vma, const struct devmap *d, struct vma_view *v)
{
	*v = (struct vma_view){ .vm_start = vma->vm_start,
				.vm_end = vma->vm_end,
				.vm_mm = unknown_mm,
				.vm_page_prot.pgprot = view_page_prot(vma),
				.vm_flags = vma->vm_flags,
				.vm_ops = d->ops,
				.vm_pgoff = vma->vm_pgoff + d->shift,
				.map_pgoff = vma->vm_pgoff,
				.vm_file = &d->o->file,
				.vm_private_data = d->private,
				.map = (void *)d };
}

/* ---- runs ---- */

static int add_run(struct devmap *d, unsigned long index, unsigned long nr, pfn_t pfn,
		   struct page *held)
{
	struct run *r = failpoint("devmap_run") ? NULL : kmalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	*r = (struct run){ NULL, index, nr, pfn, held, d->in_mmap };
	if (held)
		get_page(page_head(held));
	spin_lock(&d->lock);
	r->next = d->runs;
	d->runs = r;
	spin_unlock(&d->lock);
	return 0;
}

/* The run with @index, NULL. Runs stay until the last vma goes. */
static const struct run *run_of(struct devmap *d, unsigned long index)
{
	const struct run *r;

	spin_lock(&d->lock);
	for (r = d->runs; r && index - r->index >= r->nr;)
		r = r->next;
	spin_unlock(&d->lock);
	return r;
}

static bool devmap_pfn(struct vm_area_struct *vma, unsigned long index, unsigned long *out)
{
	const struct run *r = run_of(vma->vm_private_data, index);

	if (r)
		*out = r->pfn + (index - r->index);
	return r != NULL;
}

static unsigned long index_of(const struct vma_view *v, unsigned long addr)
{
	return ((addr - v->vm_start) >> PAGE_SHIFT) + v->map_pgoff;
}

int module_remap_pfn_range(struct vma_view *v, unsigned long addr, unsigned long pfn,
			   unsigned long size)
{
	unsigned long nr = page_align(size) >> PAGE_SHIFT;

	if (!v->map || addr & ~PAGE_MASK || addr < v->vm_start || size > v->vm_end - addr)
		return -EINVAL;
	v->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
	return add_run(v->map, index_of(v, addr), nr, pfn, NULL);
}

int module_insert_page(struct vma_view *v, unsigned long addr, struct page *page)
{
	if (!v->map || addr < v->vm_start || addr >= v->vm_end)
		return -EFAULT;
	return add_run(v->map, index_of(v, addr), 1, page_to_pfn(page), page);
}

/* ---- life ---- */

static void devmap_free(struct devmap *d)
{
	struct run *r;

	while ((r = d->runs)) {
		d->runs = r->next;
		if (r->held)
			put_page(page_head(r->held));
		kfree(r);
	}
	kfree(d);
}

static struct spinlock gone_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct devmap *gone; /* g: gone_lock */

static struct devmap *take_gone(void)
{
	struct devmap *d;

	spin_lock(&gone_lock);
	d = gone;
	if (d)
		gone = d->next;
	spin_unlock(&gone_lock);
	return d;
}

static void release_gone(struct later_view *l)
{
	struct devmap *d;

	while ((d = take_gone())) {
		struct file *f = d->o->real;

		devmap_free(d);
		fput(f);
	}
}

static struct later_view gone_later = { .run = release_gone };

void devmap_settle(void)
{
	(void)module_later_cancel(&gone_later, true);
	release_gone(&gone_later);
}

/* @v of a part. */
static void view_part(struct vma_view *v, unsigned long start, unsigned long end)
{
	unsigned long skipped = (start - v->vm_start) >> PAGE_SHIFT;

	v->vm_start = start;
	v->vm_end = end;
	v->vm_pgoff += skipped;
	v->map_pgoff += skipped;
}

typedef void (*vma_call)(struct vma_view *v);

/* Call @call for [start, end) of @vma. */
static void tell(struct vm_area_struct *vma, unsigned long start, unsigned long end, vma_call call)
{
	struct devmap *d = vma->vm_private_data;
	struct vma_view v;

	if (!call || !open_chr_enter(d->o))
		return;
	view_of(vma, d, &v);
	view_part(&v, start, end);
	call(&v);
	d->private = v.vm_private_data;
	open_chr_leave(d->o);
}

static void devmap_open(struct vm_area_struct *vma)
{
	struct devmap *d = vma->vm_private_data;

	atomic_inc(&d->refs);
	tell(vma, vma->vm_start, vma->vm_end, d->ops ? d->ops->open : NULL);
}

static void devmap_close(struct vm_area_struct *vma)
{
	struct devmap *d = vma->vm_private_data;

	tell(vma, vma->vm_start, vma->vm_end, d->ops ? d->ops->close : NULL);
	if (!atomic_dec_and_test(&d->refs))
		return;
	spin_lock(&gone_lock);
	d->next = gone;
	gone = d;
	spin_unlock(&gone_lock);
	if (module_later_runs())
		(void)module_later_arm(&gone_later, 0);
}

/* As Linux: what is cut off at @from is opened, then what is cut off below @to, and this is closed. */
static void devmap_parted(struct vm_area_struct *vma, unsigned long from, unsigned long to,
			  bool two)
{
	struct devmap *d = vma->vm_private_data;

	if (two)
		atomic_inc(&d->refs);
	if (!d->ops)
		return;
	if (from > vma->vm_start)
		tell(vma, from, vma->vm_end, d->ops->open);
	if (to < vma->vm_end)
		tell(vma, from, to, d->ops->open);
	tell(vma, from, to, d->ops->close);
}

static int devmap_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	struct devmap *d = vma->vm_private_data;
	struct vma_view v;
	int err;

	if (!open_chr_enter(d->o))
		return 0;
	view_of(vma, d, &v);
	err = d->ops->may_split(&v, addr);
	open_chr_leave(d->o);
	return err;
}

/* What the module made of the flags. */
static void take_flags(struct vm_area_struct *vma, const struct vma_view *v)
{
	const unsigned long add = VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY;
	const unsigned long rights = VM_WRITE | VM_EXEC | VM_MAYWRITE | VM_MAYEXEC;

	vma->vm_flags |= v->vm_flags & add;
	vma->vm_flags &= ~rights | v->vm_flags;
}

static const struct vma_ops *ops_for(const struct vm_ops_view *ops);

static int devmap_mapped(struct vm_area_struct *vma)
{
	struct open_chr *o = vma->vm_private_data;
	struct devmap *d = failpoint("devmap") ? NULL : kzalloc(sizeof(*d), GFP_KERNEL);
	struct vma_view v;
	int err = -EIO;

	if (!d)
		return -ENOMEM;
	atomic_set(&d->refs, 1);
	spin_init(&d->lock, RANK_OBJECT);
	d->o = o;
	view_of(vma, d, &v);
	d->in_mmap = true;
	if (open_chr_enter(o)) {
		err = o->calls.mmap(&o->file, &v);
		open_chr_leave(o);
	}
	d->in_mmap = false;
	if (err) {
		devmap_free(d);
		return err;
	}
	d->ops = v.vm_ops;
	d->private = v.vm_private_data;
	d->shift = v.vm_pgoff - vma->vm_pgoff;
	take_flags(vma, &v);
	vma->vm_private_data = d;
	vma->vm_ops = ops_for(d->ops);
	fget_file(o->real);
	return 0;
}

/* ---- faults ---- */

enum { /* of vm_operations.fault */
       VM_FAULT_OOM = 1,
       VM_FAULT_NOPAGE = 0x100,
       VM_FAULT_LOCKED = 0x200,
       VM_FAULT_WRONG = 1 | 2 | 0x10 | 0x40
};

enum { /* of vm_fault.flags */
       FLAG_WRITE = 0x1,
       FLAG_MKWRITE = 0x2,
       FLAG_USER = 0x40,
       FLAG_INSTRUCTION = 0x100,
       FLAG_DEFAULT = 0x214 /* may be tried again, killed, interrupted */
};

static unsigned fault_flags(struct fault_access a)
{
	return FLAG_DEFAULT | (a.write ? FLAG_WRITE : 0) | (a.exec ? FLAG_INSTRUCTION : 0) |
	       (a.user ? FLAG_USER : 0);
}

/* What a call for @index is told, from @flags on. */
static void fill_vmf(struct vm_fault_view *vmf, const struct vm_area_struct *vma,
		     unsigned long index, unsigned flags)
{
	const struct devmap *d = vma->vm_private_data;

	*vmf = (struct vm_fault_view){ .vma = &vmf->self,
				       .flags = flags,
				       .pgoff = index + d->shift };
	view_of(vma, d, &vmf->self);
	vmf->address = vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT);
	vmf->virtual_address = (void *)vmf->address;
}

/* Call @handler, of the old or the new form. Return: what it says, VM_FAULT_*. */
static unsigned ask(struct devmap *d, const void *handler, struct vm_fault_view *vmf)
{
	unsigned (*call)(struct vm_fault_view *, struct vm_fault_view *) =
		(unsigned (*)(struct vm_fault_view *, struct vm_fault_view *))handler;
	unsigned ret = VM_FAULT_WRONG;

	if (open_chr_enter(d->o)) {
		ret = call(vmf, vmf);
		open_chr_leave(d->o);
	}
	return ret;
}

static int error_of(unsigned ret)
{
	return ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT;
}

/* Ask the module. The page becomes a run. -EAGAIN: there is one for @index now. */
static int devmap_fault(struct vm_area_struct *vma, unsigned long index, struct fault_access access,
			struct page **out)
{
	struct devmap *d = vma->vm_private_data;
	struct vm_fault_view vmf;
	unsigned ret;
	int err;

	if (!d->ops || !d->ops->fault)
		return -EFAULT;
	fill_vmf(&vmf, vma, index, fault_flags(access));
	ret = ask(d, d->ops->fault, &vmf);
	if (ret & VM_FAULT_WRONG)
		return error_of(ret);
	if (ret & VM_FAULT_NOPAGE)
		return run_of(d, index) ? -EAGAIN : -EFAULT;
	if (!vmf.page)
		return -EFAULT;
	if (ret & VM_FAULT_LOCKED)
		unlock_page(vmf.page);
	err = add_run(d, index, 1, page_to_pfn(vmf.page), vmf.page);
	put_page(page_head(vmf.page)); /* the module's reference; the run has its own */
	return err ? err : -EAGAIN;
}

/* As on Linux what mmap itself has mapped may be written at once, and a page's flags here say MKWRITE and no more. */
static int devmap_mkwrite(struct vm_area_struct *vma, unsigned long index,
			  struct fault_access access)
{
	struct devmap *d = vma->vm_private_data;
	const struct run *r = run_of(d, index);
	struct vm_fault_view vmf;
	const void *handler;
	unsigned ret;

	if (!r)
		return -EAGAIN;
	handler = r->held ? d->ops->page_mkwrite : d->ops->pfn_mkwrite;
	if (r->early || !handler)
		return 0;
	fill_vmf(&vmf, vma, index,
		 FLAG_MKWRITE | (r->held ? (unsigned)FLAG_WRITE : fault_flags(access)));
	vmf.page = r->held;
	ret = ask(d, handler, &vmf);
	if (ret & VM_FAULT_WRONG)
		return error_of(ret);
	if (ret & VM_FAULT_LOCKED)
		unlock_page(vmf.page);
	return ret & VM_FAULT_NOPAGE ? -EAGAIN : 0;
}

static const char *devmap_name(struct vm_area_struct *vma)
{
	const struct devmap *d = vma->vm_private_data;

	return d->o->path;
}

static void devmap_ident(struct vm_area_struct *vma, unsigned *major, unsigned *minor,
			 unsigned long *ino)
{
	const struct devmap *d = vma->vm_private_data;
	const struct inode *inode = d->o->real->inode;

	*major = MAJOR(inode->sb->dev);
	*minor = MINOR(inode->sb->dev);
	*ino = inode->ino;
}

#define DEVMAP_OPS                                                                                 \
	.open = devmap_open, .close = devmap_close, .parted = devmap_parted,                       \
	.fault = devmap_fault, .pfn = devmap_pfn, .mapped = devmap_mapped, .name = devmap_name,    \
	.ident = devmap_ident

/* What the module wants to be asked: whether its memory may be cut, written. */
static const struct vma_ops devmap_ops[2][2] = {
	{ { DEVMAP_OPS }, { DEVMAP_OPS, .mkwrite = devmap_mkwrite } },
	{ { DEVMAP_OPS, .may_split = devmap_may_split },
	  { DEVMAP_OPS, .may_split = devmap_may_split, .mkwrite = devmap_mkwrite } }
};

static const struct vma_ops *ops_for(const struct vm_ops_view *ops)
{
	return &devmap_ops[ops && ops->may_split][ops && (ops->page_mkwrite || ops->pfn_mkwrite)];
}

int devmap_mmap(struct file *f, struct vm_map_args *args)
{
	struct open_chr *o = f->private;

	if (!o->calls.mmap)
		return -ENODEV;
	args->mapping = NULL;
	args->vm_ops = ops_for(NULL);
	args->vm_private_data = o;
	return 0;
}
