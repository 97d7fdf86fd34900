/*
 * /proc/PID/vtop and /proc/mnemos/vtop: any address of a process or of the kernel explained.
 *
 * FORMAT   write one or more addresses (hexadecimal, 0x or not, blanks between), then read; the next write asks anew. The
 *          file is a stream: the position does not matter. Lines are "KEY" padded to 11 columns and a value; an empty
 *          line between two addresses. Keys, in order: address, vma or region, a line per level (PGD .. PTE: physical
 *          address of the entry [index] the entry, its bits), then page, physical, or physical "none" and reason; of
 *          a frame with a descriptor pfn, state, flags, counts, owner, and a line "mapped by" for each entry that maps it.
 * WHY      a write that asks and a read that answers work from a shell: exec 3<>/proc/1/vtop; echo 8048000 >&3; cat <&3
 *          Physical addresses are root's: CAP_SYS_ADMIN at open, and the right to inspect the process (ptrace(2)).
 * OWNS     struct vtop_file: the answer of one open file.
 * LOCKS    its mutex (rank FS_FILE), then mmap_lock for read while one address is looked at.
 * CONTEXT  tasks; may sleep.
 * FAILS    -EPERM, -EACCES; -EINVAL for what is no address; -ESRCH for a process that is gone.
 * NOT HERE the walk and the frame (mm/obs/vtop.c); /bin/vtop (user/vtop.c).   TESTED BY proc_vtop.c, tools/vtop_check.py
 */
#include "mm/vtop.h"

#include "arch/pt.h"
#include "arch/uaccess.h"
#include "base/errno.h"
#include "kernel/task.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "mm/swapped.h"
#include "mm/zone.h"
#include "proc_impl.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

enum { QUERY_MAX = 4096, WORD = 2 * sizeof(long), MAX_USERS = 16 };

struct vtop_file {
	struct mutex lock;
	struct seq_file m; /* lock: the answer */
	size_t pos;	   /* lock: what of it has been read */
	struct task *task; /* referenced by the inode; NULL: the kernel */
};

/* ---- the text ---- */

static void put_steps(struct seq_file *m, const struct vtop *v)
{
	char bits[120];

	for (unsigned i = 0; i < v->nr_steps; i++) {
		const struct vtop_step *s = &v->steps[i];

		vtop_bits(s->entry, s->level, bits, sizeof(bits));
		seq_printf(m, "%-10s 0x%0*llx [%3u] 0x%0*llx%s\n", pt_level_name(s->level), WORD,
			   (unsigned long long)s->entry_pa, s->index, (int)(2 * sizeof(pte_t)),
			   (unsigned long long)pte_raw(s->entry), bits);
	}
}

static void put_size(struct seq_file *m, uint64_t bytes)
{
	if (bytes >> 30)
		seq_printf(m, "%u GiB", (unsigned)(bytes >> 30));
	else if (bytes >> 20)
		seq_printf(m, "%u MiB", (unsigned)(bytes >> 20));
	else
		seq_printf(m, "%u KiB", (unsigned)(bytes >> 10));
}

static void put_swap(struct seq_file *m, pte_t e)
{
	unsigned type = pte_swap_type(e);
	unsigned long offset = pte_swap_offset(e);

	if (type < MAX_SWAPFILES)
		seq_printf(m, "swapped out: area %u, slot %lu\n", type,
			   swp_offset(pte_swp_entry(e)));
	else if (type == SWP_LOST)
		seq_puts(m, "lost: its swap area could not be read\n");
	else if (pte_is_migration(e))
		seq_printf(m, "pfn %#lx is being moved\n", (unsigned long)migration_pfn(e));
	else if (type == SWP_HWPOISON)
		seq_printf(m, "pfn %#lx is broken\n", offset);
	else
		seq_printf(m, "marker %#lx, no page\n", offset);
}

static void put_reason(struct seq_file *m, const struct vtop *v)
{
	const struct vtop_step *last = v->nr_steps ? &v->steps[v->nr_steps - 1] : NULL;

	seq_puts(m, "physical   none\nreason     ");
	if (!last)
		seq_printf(m, "not canonical: %d address bits, the others must equal the last\n",
			   VA_BITS);
	else if (v->end == VTOP_PROT_NONE)
		seq_puts(m, "PROT_NONE: the CPU faults, the frame stays\n");
	else if (v->end == VTOP_NOT_PRESENT)
		put_swap(m, last->entry);
	else
		seq_printf(m, "the %s entry is empty\n", pt_level_name(last->level));
}

/* The processes that live in @mm. */
static void put_processes(struct seq_file *m, const struct mm_struct *mm)
{
	const char *comma = "";
	struct task *t;
	int pid = 1;

	for (; (t = task_next(&pid, true)) != NULL; pid++) {
		if (READ_ONCE(t->mm_ctx.mm) == mm) {
			seq_printf(m, "%s%d (%s)", comma, t->pid, t->comm);
			comma = ", ";
		}
		task_put(t);
	}
	if (!*comma)
		seq_puts(m, "ended");
}

static void put_users(struct seq_file *m, pfn_t pfn)
{
	struct vtop_user users[MAX_USERS];
	unsigned nr = vtop_page_users(pfn, users, MAX_USERS);

	for (unsigned i = 0; i < nr && i < MAX_USERS; i++) {
		seq_printf(m, "mapped by  0x%0*lx of ", WORD, users[i].addr);
		put_processes(m, users[i].mm);
		seq_putc(m, '\n');
		mmdrop(users[i].mm);
	}
	if (nr > MAX_USERS)
		seq_printf(m, "mapped by  %u more\n", nr - MAX_USERS);
}

static void put_frame(struct seq_file *m, pfn_t pfn)
{
	char text[320];
	struct page *page = pfn_to_page(pfn);
	const struct zone *z = page_zone(page);

	seq_printf(m, "pfn        %#lx node %u zone %s\nstate      %s", pfn, page_node_id(page),
		   z ? z->name : "none", page_state_name(page_state(page)));
	if (page_head(page) != page || page_test(page, PG_head))
		seq_printf(m, ", block of %u pages at pfn %#lx", 1U << page_order(page_head(page)),
			   page_to_pfn(page_head(page)));
	vtop_page_flags(page, text, sizeof(text));
	seq_printf(m, "\nflags     %s\ncounts     refcount %d mapcount %d\n", text[0] ? text : " -",
		   page_ref_count(page_head(page)), page_mapcount(page));
	vtop_page_owner(page, text, sizeof(text));
	seq_printf(m, "owner      %s\n", text);
	put_users(m, pfn);
}

static void put_answer(struct seq_file *m, const struct vtop *v)
{
	put_steps(m, v);
	if (v->end == VTOP_MAPPED) {
		seq_puts(m, "page       ");
		put_size(m, v->page_size);
		seq_printf(m, " %s r%c%c\nphysical   0x%0*llx\n", v->user ? "user" : "kernel",
			   v->write ? 'w' : '-', v->exec ? 'x' : '-', WORD,
			   (unsigned long long)v->pa);
	} else {
		put_reason(m, v);
	}
	if (v->end != VTOP_MAPPED && v->end != VTOP_PROT_NONE)
		return;
	if (pfn_valid(phys_to_pfn(v->pa)))
		put_frame(m, phys_to_pfn(v->pa));
	else
		seq_puts(m, "pfn        no descriptor: a device's memory\n");
}

/* Part of the kernel's half, by address. */
static const char *kernel_region(uaddr_t va)
{
	if (va >= PAGE_OFFSET && va - PAGE_OFFSET < pfn_to_phys(lowmem_end_pfn))
		return PAGE_OFFSET == KERNEL_BASE ? "linear map, kernel image" : "linear map";
	if (va >= VMALLOC_START && va < VMALLOC_END)
		return "vmalloc";
	if (va >= MEMMAP_BASE && va < MEMMAP_END)
		return "mem_map";
	if (va >= FIXMAP_BASE && va < FIXMAP_END)
		return "fixed mappings";
	if (va >= KMAP_BASE && va < KMAP_BASE + CFG_NR_CPUS * KMAP_SLOTS * PAGE_SIZE)
		return "windows on high memory";
	return va >= KERNEL_BASE ? "kernel image" : "hole";
}

static void put_region(struct seq_file *m, uaddr_t va)
{
	if (va >= USER_TOP)
		seq_printf(m, "region     %s\n", kernel_region(va));
	else
		seq_puts(m, "vma        none\n");
}

/* ---- one address ---- */

static void explain_kernel(struct seq_file *m, uaddr_t va)
{
	struct vtop v;

	vtop_walk(&kernel_root, va, &v);
	seq_printf(m, "address    0x%0*lx of the kernel\n", WORD, va);
	put_region(m, va);
	put_answer(m, &v);
}

static void explain_user(struct seq_file *m, struct task *t, struct mm_struct *mm, uaddr_t va,
			 char *name)
{
	struct vm_area_struct *vma;
	struct vtop v;

	seq_printf(m, "address    0x%0*lx of process %d (%s)\n", WORD, va, t->pid, t->comm);
	rwsem_down_read(&mm->mmap_lock);
	vma = va < mm->task_size ? find_vma(mm, va) : NULL;
	if (vma && vma->vm_start <= va) {
		seq_puts(m, "vma        ");
		proc_put_vma(m, vma, name);
	} else {
		put_region(m, va);
	}
	vtop_walk(&mm->root, va, &v);
	put_answer(m, &v);
	rwsem_up_read(&mm->mmap_lock);
}

/* ---- the question ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next address of *text. Return: 1, 0 at the end, -EINVAL. */
static int next_address(const char **text, uaddr_t *out)
{
	const char *p = *text;
	unsigned digits = 0;

	while (*p == ' ' || *p == '\n' || *p == '\t')
		p++;
	if (!*p)
		return 0;
	if (p[0] == '0' && (p[1] | 0x20) == 'x')
		p += 2;
	for (*out = 0; hex_digit(*p) >= 0; p++, digits++) {
		if (*out >> (WORD * 4 - 4))
			return -EINVAL;
		*out = *out << 4 | (uaddr_t)hex_digit(*p);
	}
	*text = p;
	return digits && (!*p || *p == ' ' || *p == '\n' || *p == '\t') ? 1 : -EINVAL;
}

static int explain_all(struct vtop_file *v, struct mm_struct *mm, const char *text)
{
	char *name = kmalloc(VFS_PATH_MAX, GFP_KERNEL);
	uaddr_t va;
	int r;

	if (!name)
		return -ENOMEM;
	while ((r = next_address(&text, &va)) > 0 && !v->m.err) {
		if (v->m.len)
			seq_putc(&v->m, '\n');
		if (mm)
			explain_user(&v->m, v->task, mm, va, name);
		else
			explain_kernel(&v->m, va);
	}
	kfree(name);
	return r ? r : v->m.err;
}

static int answer(struct vtop_file *v, const char *text)
{
	struct mm_struct *mm = NULL;
	int err = 0;

	v->m.len = 0;
	v->m.err = 0;
	v->pos = 0;
	if (v->task && task_is_dead(v->task))
		return -ESRCH;
	if (v->task)
		err = task_mm_inspect(v->task, &mm);
	if (err)
		return err;
	err = explain_all(v, mm, text);
	if (mm)
		mmput(mm);
	return err;
}

/* ---- the file ---- */

static int vtop_open_for(struct file *f, struct task *t)
{
	struct vtop_file *v;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	v = failpoint("vtop_file") ? NULL : kzalloc(sizeof(*v), GFP_KERNEL);
	if (!v)
		return -ENOMEM;
	mutex_init(&v->lock, RANK_FS_FILE);
	v->task = t;
	f->private = v;
	return 0;
}

static int pid_vtop_open(struct inode *inode, struct file *f)
{
	return vtop_open_for(f, proc_task_of(inode));
}

static int kernel_vtop_open(struct inode *inode, struct file *f)
{
	return vtop_open_for(f, NULL);
}

static void vtop_release(struct file *f)
{
	struct vtop_file *v = f->private;

	seq_free(&v->m);
	kfree(v);
}

static long vtop_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct vtop_file *v = f->private;
	size_t n;

	mutex_lock(&v->lock);
	n = min_of(size_t, len, v->m.len - v->pos);
	len = n;
	n -= copy_to_user(buf, v->m.buf + v->pos, n);
	v->pos += n;
	mutex_unlock(&v->lock);
	return n || !len ? (long)n : -EFAULT;
}

static long vtop_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct vtop_file *v = f->private;
	char *text;
	int err;

	if (len > QUERY_MAX)
		return -EINVAL;
	text = failpoint("vtop_query") ? NULL : kmalloc(len + 1, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	err = copy_from_user(text, buf, len) ? -EFAULT : 0;
	text[len] = '\0';
	if (!err) {
		mutex_lock(&v->lock);
		err = answer(v, text);
		mutex_unlock(&v->lock);
	}
	kfree(text);
	return err ? err : (long)len;
}

const struct file_ops pid_vtop_fops = { .open = pid_vtop_open,
					.release = vtop_release,
					.read = vtop_read,
					.write = vtop_write,
					.is_stream = true };
static const struct file_ops kernel_vtop_fops = { .open = kernel_vtop_open,
						  .release = vtop_release,
						  .read = vtop_read,
						  .write = vtop_write,
						  .is_stream = true };

void proc_vtop_init(void)
{
	static struct proc_entry entry = { .fops = &kernel_vtop_fops };

	boot_need(proc_register("mnemos/vtop", 0600, &entry), "/proc/", "mnemos/vtop");
}
