/*
 * Address spaces and vmas as modules see them.
 *
 * OWNS     struct mm_view, one for each mm that a module can reach through a task's view, and its list of struct vma_view.
 * WHY      modules read members of structures: mm->mmap, vma->vm_next, mm->total_vm, mm->pgd. The kernel's own structures have
 *          neither a list of vmas nor these layouts, and do not pay for them. So members are copied at the moments when a
 *          module looks: it finds a task, takes mm's lock, asks for a vma. Under mmap_lock, taken through the view, vmas cannot
 *          change, so what it sees then is exact as long as it holds the lock; pgd is the hardware's table itself.
 * I1       a view holds its mm_struct lazily: the pointer and its top table stay while the view is there.
 * I2       vma views of an unchanged mm keep their addresses from one filling to the next.
 * LOCKS    the view lock, under it mmap_lock by try only; module_mmap_* take mmap_lock, then the view lock.
 * CONTEXT  tasks; sleeps.   COST  O(vmas) each time.
 * FAILS    without memory a list ends early, and map_count says how long it should be.   TESTED BY  module_labs (guest)
 */
#include "module/api.h"
#include "module/module_impl.h"
#include "module/view_impl.h"

#include "arch/tlb.h"
#include "base/errno.h"
#include "fs/inode.h"
#include "fs/path.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

struct mm_view module_init_mm = { .link = LIST_HEAD_INIT(module_init_mm.link) };
static struct list_head mm_views = LIST_HEAD_INIT(mm_views);

static struct mm_struct *real_of(const struct mm_view *v)
{
	return v->real;
}

/* ---- vmas ---- */

static void vma_view_free(struct vma_view *v)
{
	kfree(v->mapped);
	kfree(v);
}

static void free_from(struct vma_view *v)
{
	while (v) {
		struct vma_view *next = v->vm_next;

		vma_view_free(v);
		v = next;
	}
}

/* The file's name, for vm_file->f_path. */
static void fill_file(struct vma_view *v, struct vm_area_struct *vma)
{
	struct mapped_file_view *f = v->mapped;
	char name[sizeof(f->name)];
	struct path_ref path;

	v->vm_file = NULL;
	if (!vma->mapping || !vma_name(vma, name, sizeof(name)) || name[0] != '/')
		return;
	if (!f)
		f = v->mapped = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return;
	if (inode_map_path(vma->mapping, &path))
		return;
	view_path_fill(f, &path);
	path_put(&path);
	v->vm_file = &f->file;
}

/* The program's file, when it is another one than before. */
static void fill_exe(struct mm_view *v)
{
	struct mm_struct *mm = v->real;
	struct path_ref path;

	if (v->exe_of == mm->exe)
		return;
	v->exe_of = mm->exe;
	v->exe_file = NULL;
	if (!mm->exe || inode_map_path(mm->exe, &path))
		return;
	if (!v->exe)
		v->exe = failpoint("module_exe") ? NULL : kzalloc(sizeof(*v->exe), GFP_KERNEL);
	if (v->exe) {
		view_path_fill(v->exe, &path);
		v->exe_file = &v->exe->file;
	}
	path_put(&path);
}

/* As Linux's: an entry is born accessed; one without any right has the bits of PROT_NONE. */
uint64_t view_page_prot(const struct vm_area_struct *vma)
{
	const uint64_t accessed = 0x20, prot_none = 0x100, rights = 0x1f | 1ULL << 63;

	if (!(vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return accessed | prot_none;
	return accessed | (pte_raw(vma->vm_page_prot) & rights);
}

static void fill_vma(struct vma_view *v, struct mm_view *mm, struct vm_area_struct *vma)
{
	v->vm_start = vma->vm_start;
	v->vm_end = vma->vm_end;
	v->vm_mm = mm;
	v->vm_page_prot.pgprot = view_page_prot(vma);
	v->vm_flags = vma->vm_flags;
	v->anon_vma = vma->anon_vma;
	v->vm_ops = NULL;
	v->vm_pgoff = vma->vm_pgoff;
	v->vm_private_data = vma->vm_private_data;
	fill_file(v, vma);
}

/* The list as a search tree: each vma is the right child of the one before it. */
static void link_tree(struct mm_view *mm)
{
	struct rb_node_view **link = &mm->mm_rb.rb_node, *up = NULL;

	for (struct vma_view *v = mm->mmap; v; v = v->vm_next) {
		v->vm_rb.__rb_parent_color = (unsigned long)up | 1;
		v->vm_rb.rb_left = NULL;
		*link = up = &v->vm_rb;
		link = &up->rb_right;
	}
	*link = NULL;
}

/* mmap_lock held: the list becomes as the tree is, views used again in order. */
static void fill_vmas(struct mm_view *mm)
{
	struct vm_area_struct *vma;
	struct vma_view **link = &mm->mmap, *prev = NULL;

	for (vma = vma_first(mm->real); vma; vma = vma_next(mm->real, vma)) {
		if (!*link)
			*link = failpoint("vma_view") ? NULL : kzalloc(sizeof(**link), GFP_KERNEL);
		if (!*link)
			break;
		fill_vma(*link, mm, vma);
		(*link)->vm_prev = prev;
		prev = *link;
		link = &prev->vm_next;
	}
	free_from(*link);
	*link = NULL;
	link_tree(mm);
	mm->highest_vm_end = prev ? prev->vm_end : 0;
}

/* ---- figures ---- */

static void fill_figures(struct mm_view *v)
{
	struct mm_struct *mm = v->real;

	v->pgd = mm->root.top;
	v->mmap_base = mm->mmap_base;
	v->mmap_legacy_base = mm->mmap_legacy_base;
	v->task_size = mm->task_size;
	v->mm_users.counter = atomic_read(&mm->mm_users);
	v->mm_count.counter = atomic_read(&mm->mm_count) - 1; /* without the view's own */
	v->pgtables_bytes.counter = atomic_long_read(&mm->pgtables_bytes);
	v->nr_ptes.counter = v->pgtables_bytes.counter / (long)PAGE_SIZE;
	v->map_count = mm->map_count;
	v->hiwater_rss = max_of(unsigned long, mm->hiwater_rss, mm_rss(mm));
	v->hiwater_vm = max_of(unsigned long, mm->hiwater_vm, mm->total_vm);
	v->total_vm = mm->total_vm;
	v->locked_vm = mm->locked_vm;
	v->data_vm = mm->data_vm;
	v->exec_vm = mm->exec_vm;
	v->stack_vm = mm->stack_vm;
	v->shared_vm = mm->total_vm - mm->data_vm - mm->stack_vm;
	v->def_flags = mm->def_flags;
	v->start_code = mm->start_code;
	v->end_code = mm->end_code;
	v->start_data = mm->start_data;
	v->end_data = mm->end_data;
	v->start_brk = mm->start_brk;
	v->brk = mm->brk;
	v->start_stack = mm->start_stack;
	v->arg_start = mm->arg_start;
	v->arg_end = mm->arg_end;
	v->env_start = mm->env_start;
	v->env_end = mm->env_end;
	memcpy(v->saved_auxv, mm->saved_auxv, sizeof(v->saved_auxv));
	for (unsigned i = 0; i < VIEW_RSS; i++)
		v->rss_stat.count[i].counter = atomic_long_read(&mm->rss_stat[i]);
}

void view_mm_figures(struct mm_view *v, struct mm_struct *mm)
{
	*v = (struct mm_view){ .real = mm };
	fill_figures(v);
	v->mm_count.counter++; /* no view has it */
}

void view_mm_fill(struct mm_view *v) no_lock_analysis
{
	fill_figures(v);
	fill_exe(v);
	/* Where a module has the lock, the list was made when it took it, and nothing can have changed. */
	if (!v->locked && rwsem_try_read(&real_of(v)->mmap_lock)) {
		fill_vmas(v);
		rwsem_up_read(&real_of(v)->mmap_lock);
	}
}

/* The kernel's own. */
void module_init_mm_fill(void)
{
	module_init_mm.pgd = kernel_root.top;
	module_init_mm.mm_users.counter = 2;
	module_init_mm.mm_count.counter = 1;
}

/* ---- life ---- */

void view_mm_init(void)
{
	module_init_mm.pgd = kernel_root.top;
}

struct mm_view *view_mm_get(struct mm_struct *mm)
{
	struct mm_view *v;

	list_for_each_entry (v, &mm_views, link)
		if (v->real == mm)
			return v;
	v = failpoint("mm_view") ? NULL : kzalloc(sizeof(*v), GFP_KERNEL);
	if (!v)
		return NULL;
	mmgrab(mm);
	v->real = mm;
	v->mm_mt.mm = v;
	v->mmap_lock.mm = v;
	list_add(&v->link, &mm_views);
	return v;
}

void view_mm_sweep(unsigned round)
{
	struct mm_view *v, *next;

	list_for_each_entry_safe (v, next, &mm_views, link) {
		if (v->watched || (round && (v->seen == round || v->locked)))
			continue;
		list_del(&v->link);
		free_from(v->mmap);
		kfree(v->exe);
		mmdrop(v->real);
		kfree(v);
	}
}

/* ---- what modules call ---- */

static void refill(struct mm_view *v)
{
	view_lock();
	view_mm_fill(v);
	view_unlock();
}

/* The module has mmap_lock from now on: what it will read. */
static void got_lock(struct mm_view *v)
{
	view_lock();
	fill_figures(v);
	if (!v->locked++)
		fill_vmas(v);
	view_unlock();
}

static void gives_lock(struct mm_view *v)
{
	view_lock();
	v->locked--;
	view_unlock();
}

void module_mmap_read_lock(struct mm_view *v) no_lock_analysis
{
	rwsem_down_read(&real_of(v)->mmap_lock);
	got_lock(v);
}

bool module_mmap_read_trylock(struct mm_view *v) no_lock_analysis
{
	if (!rwsem_try_read(&real_of(v)->mmap_lock))
		return false;
	got_lock(v);
	return true;
}

void module_mmap_read_unlock(struct mm_view *v) no_lock_analysis
{
	gives_lock(v);
	rwsem_up_read(&real_of(v)->mmap_lock);
}

void module_mmap_write_lock(struct mm_view *v) no_lock_analysis
{
	rwsem_down_write(&real_of(v)->mmap_lock);
	got_lock(v);
}

bool module_mmap_write_trylock(struct mm_view *v) no_lock_analysis
{
	if (!rwsem_try_write(&real_of(v)->mmap_lock))
		return false;
	got_lock(v);
	return true;
}

void module_mmap_write_unlock(struct mm_view *v) no_lock_analysis
{
	gives_lock(v);
	rwsem_up_write(&real_of(v)->mmap_lock);
}

/* The first vma that ends above @addr, as find_vma(9). */
struct vma_view *module_find_vma(struct mm_view *mm, unsigned long addr)
{
	struct vma_view *v;

	if (!mm->locked)
		refill(mm);
	for (v = mm->mmap; v && v->vm_end <= addr; v = v->vm_next)
		;
	return v;
}

void module_mmgrab(struct mm_view *v)
{
	mmgrab(v->real);
}

void module_mmdrop(struct mm_view *v)
{
	mmdrop(v->real);
}

void module_mmput(struct mm_view *v)
{
	mmput(v->real);
}
