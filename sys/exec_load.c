/*
 * Mapping an ELF program and its interpreter into a new address space.
 *
 * WHY      on the new mm_struct, before the old program goes: what fails here is an errno of execve.
 * I1       mm->start_brk is page aligned, above the program's last segment.
 * LOCKS    none held.   CONTEXT  a task; sleeps.
 * FAILS    -ENOEXEC, -EINVAL, -ENOMEM; errors of opening the interpreter, -ELIBBAD or -EIO when it is none.
 * SOURCES  elf(5), execve(2).
 */
#include "sys/exec_impl.h"

#include "fs/file.h"
#include "fs/random.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "uapi/mman.h"

enum { ELF_HEADER32 = 52, ELF_HEADER64 = 64 };

int exec_randomize = 2;

/* Parse @file, whose first bytes are in @head, as one of @abi. */
static int parse_file(struct file *f, const char *head, size_t head_len, const struct abi *abi,
		      struct elf_program *out)
{
	uint64_t off, file_size = mapping_size(&f->inode->mapping);
	size_t size;
	char *phdrs;
	const struct elf_target target = { abi->elf_class, abi->elf_machine,
					   abi->top ? abi->top : USER_TOP };
	int err = elf_check_header(head, head_len, &target, &off, &size);

	if (err)
		return err;
	phdrs = kmalloc(size, GFP_KERNEL);
	if (!phdrs)
		return -ENOMEM;
	err = off <= INT64_MAX && kernel_read(f, phdrs, size, off) == (long)size
		      ? elf_parse(head, head_len, phdrs, size, file_size, &target, out)
		      : -ENOEXEC;
	kfree(phdrs);
	return err;
}

/* Open the interpreter named in the program. Return: 0 and a reference in *out. */
static int interp_open(struct exec_ctx *x, struct file **out)
{
	char *name = kzalloc(ELF_INTERP_MAX + 1, GFP_KERNEL);
	struct path_ref p;
	int err = -ENOEXEC;

	if (!name)
		return -ENOMEM;
	if (kernel_read(x->file, name, x->prog.interp_len, x->prog.interp_off) !=
		    (long)x->prog.interp_len ||
	    name[x->prog.interp_len - 1])
		goto out;
	err = path_lookup(AT_FDCWD, name, LOOKUP_FOLLOW, &p);
	if (err)
		goto out;
	err = S_ISREG(p.dentry->inode->mode) ? file_open_exec(&p, out) : -EACCES;
	path_put(&p);
out:
	kfree(name);
	return err;
}

int exec_parse(struct exec_ctx *x)
{
	int err = -ENOEXEC;

	for (unsigned i = 0; err == -ENOEXEC && i < NR_ABIS; i++) {
		x->abi = &abis[i];
		err = parse_file(x->file, x->head, x->head_len, x->abi, &x->prog);
	}
	return err;
}

/* ---- mapping ---- */

static unsigned segment_prot(const struct elf_segment *s)
{
	return (s->rights & ELF_SEG_READ ? PROT_READ : 0) |
	       (s->rights & ELF_SEG_WRITE ? PROT_WRITE : 0) |
	       (s->rights & ELF_SEG_EXEC ? PROT_EXEC : 0);
}

/* Zero [start, end), which lies in one page. */
static int clear_tail(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct page *page;
	char *p;
	int err = get_user_page(mm, start, true, &page);

	if (err)
		return err;
	p = kmap_local_page(page);
	memset(p + (start & ~PAGE_MASK), 0, end - start);
	kunmap_local(p);
	put_page(page);
	return 0;
}

/* Zero the rest of the last file page, and map anonymous memory for what lies beyond it. */
static int map_bss(struct mm_struct *mm, const struct elf_segment *s, unsigned long bias)
{
	unsigned long file_end = (unsigned long)(s->vaddr + s->filesz) + bias;
	unsigned long mem_end = (unsigned long)(s->vaddr + s->memsz) + bias;
	/* A segment without file bytes has no file page: its first page is anonymous too. */
	unsigned long page_end = s->filesz ? page_align(file_end) : file_end & PAGE_MASK;
	struct vm_map_args args = { .addr = page_end,
				    .len = page_align(mem_end) - page_end,
				    .prot = segment_prot(s),
				    .flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
				    .may_flags = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC };

	/* A tail in a page that may not be written belongs to nobody's data: Linux leaves it as well. */
	if (s->filesz && (s->rights & ELF_SEG_WRITE) && file_end < page_end) {
		int err = clear_tail(mm, file_end, page_end);

		if (err)
			return err;
	}
	if (!args.len || (long)args.len < 0)
		return 0;
	long ret = vm_map(mm, &args);

	return ret < 0 && ret > -4096 ? (int)ret : 0;
}

static int map_segment(struct mm_struct *mm, struct file *f, const struct elf_segment *s,
		       unsigned long bias)
{
	unsigned long start = ((unsigned long)s->vaddr + bias) & PAGE_MASK;
	struct vm_map_args args = {
		.addr = start,
		.len = page_align((unsigned long)(s->vaddr + s->filesz) + bias) - start,
		.prot = segment_prot(s),
		.flags = MAP_PRIVATE | MAP_FIXED,
		.pgoff = (unsigned long)(s->offset >> PAGE_SHIFT),
		.may_flags = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC
	};
	int err;

	if (s->filesz) {
		err = f->ops->mmap ? f->ops->mmap(f, &args) : -ENODEV;
		if (err)
			return err;
		long ret = vm_map(mm, &args);

		if (ret < 0 && ret > -4096)
			return (int)ret;
	}
	return s->memsz > s->filesz ? map_bss(mm, s, bias) : 0;
}

static unsigned long program_span(const struct elf_program *prog)
{
	const struct elf_segment *last = &prog->seg[prog->nr_segments - 1];

	return page_align((unsigned long)(last->vaddr + last->memsz)) -
	       ((unsigned long)prog->seg[0].vaddr & PAGE_MASK);
}

/* Where an ET_DYN file goes. Reserve its whole span, so that the pieces cannot meet another mapping. */
static int choose_bias(struct mm_struct *mm, const struct elf_program *prog, unsigned long hint,
		       unsigned long *bias)
{
	unsigned long first = (unsigned long)prog->seg[0].vaddr & PAGE_MASK,
		      align = (unsigned long)prog->max_align;
	struct vm_map_args args = { .addr = hint,
				    .len = program_span(prog) + (align - PAGE_SIZE),
				    .prot = PROT_NONE,
				    .flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
					     (hint ? MAP_FIXED_NOREPLACE : 0),
				    .may_flags = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC };
	long at = vm_map(mm, &args);

	if (at < 0 && at > -4096)
		return (int)at;
	*bias = round_up_pow2((unsigned long)at, align) - first;
	return vm_unmap(mm, (unsigned long)at, args.len);
}

static int map_program(struct mm_struct *mm, struct file *f, const struct elf_program *prog,
		       unsigned long hint, unsigned long *bias)
{
	int err = 0;

	*bias = 0;
	if (prog->is_dyn)
		err = choose_bias(mm, prog, hint, bias);
	for (unsigned i = 0; !err && i < prog->nr_segments; i++)
		err = map_segment(mm, f, &prog->seg[i], *bias);
	return err;
}

/* Code, data and break of the program, as /proc/PID/stat shows them. */
static void set_ranges(struct exec_ctx *x)
{
	struct mm_struct *mm = x->mm;
	const struct elf_segment *last = &x->prog.seg[x->prog.nr_segments - 1];
	unsigned long rnd = 0;

	mm->start_code = ULONG_MAX;
	for (unsigned i = 0; i < x->prog.nr_segments; i++) {
		const struct elf_segment *s = &x->prog.seg[i];
		unsigned long start = (unsigned long)s->vaddr + x->bias,
			      end = start + (unsigned long)s->filesz;

		if (s->rights & ELF_SEG_EXEC) {
			mm->start_code = min_of(unsigned long, mm->start_code, start);
			mm->end_code = max_of(unsigned long, mm->end_code, end);
		}
		mm->start_data = max_of(unsigned long, mm->start_data, start);
		mm->end_data = max_of(unsigned long, mm->end_data, end);
	}
	if (x->randomize && exec_randomize > 1)
		random_bytes(&rnd, sizeof(rnd));
	mm->start_brk = page_align((unsigned long)(last->vaddr + last->memsz) + x->bias);
	/* A PIE that mmap has placed keeps its heap out of mmap's way: where PIEs with an interpreter are. */
	if (x->randomize && exec_randomize > 1 && x->prog.is_dyn && !x->prog.interp_len)
		mm->start_brk = x->abi->pie_base;
	mm->start_brk += rnd % MIB(32) & PAGE_MASK;
	mm->brk = mm->start_brk;
}

/* 0, -EIO (the file ends in its header), -ELIBBAD (it is no program of this machine), -ENOMEM. */
static int interp_parse(struct file *f, const char *head, size_t n, const struct abi *abi,
			struct elf_program *out)
{
	int err;

	if (n < (abi->word == 8 ? ELF_HEADER64 : ELF_HEADER32))
		return -EIO;
	err = parse_file(f, head, n, abi, out);
	return err == -ENOEXEC ? -ELIBBAD : err;
}

static int load_interp(struct exec_ctx *x)
{
	char head[EXEC_HEAD];
	struct file *f;
	long n;
	int err = interp_open(x, &f);

	if (err)
		return err;
	n = kernel_read(f, head, sizeof(head), 0);
	err = n < 0 ? (int)n : interp_parse(f, head, (size_t)n, x->abi, &x->interp);
	if (!err)
		err = map_program(x->mm, f, &x->interp, 0, &x->interp_bias);
	if (!err) {
		x->has_interp = true;
		x->start = (uaddr_t)x->interp.entry + x->interp_bias;
	}
	fput(f);
	return err;
}

int exec_load(struct exec_ctx *x)
{
	unsigned long hint = 0;
	int err;

	/* A PIE with an interpreter goes to its usual place; one without (static-pie, the interpreter itself) where mmap puts it. */
	if (x->prog.is_dyn && x->prog.interp_len)
		hint = x->abi->pie_base + (x->randomize ? exec_random_mmap(x->abi) : 0);
	err = map_program(x->mm, x->file, &x->prog, hint, &x->bias);
	if (err)
		return err;
	set_ranges(x);
	x->start = (uaddr_t)x->prog.entry + x->bias;
	if (x->prog.interp_len)
		err = load_interp(x);
	if (!err && x->start >= x->mm->task_size)
		err = -ENOEXEC;
	x->mm->exe = &x->file->inode->mapping;
	x->mm->exe->ops->hold(x->mm->exe);
	return err;
}
