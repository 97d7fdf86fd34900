/*
 * The notes of a core file: who the process was, its threads' registers, its mapped files.
 *
 * OWNS     the layout of elf_prstatus, elf_prpsinfo and NT_FILE.
 * WHY      the same code runs twice, first to count, so that the program headers are known before anything is written. The
 *          process rests: both runs see the same, but for names of files, which others may change; what then does not fit
 *          is left out.
 * FORMAT   the thread that took the signal first; for each thread NT_PRSTATUS, then its other registers.
 * LOCKS    mmap_lock for the names of files; tasklist_lock for ids.   CONTEXT  the dying thread; sleeps.
 * SOURCES  core(5), elf(5); Linux uapi/linux/elfcore.h.   TESTED BY  tests/guest/core_file.c
 */
#include "arch/ptrace.h"
#include "fs/path.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/vma.h"
#include "sys/core_impl.h"

enum {
	NT_PRSTATUS = 1,
	NT_PRFPREG = 2,
	NT_PRPSINFO = 3,
	NT_AUXV = 6,
	NT_FILE = 0x46494c45,
	NT_PRXFPREG = 0x46e62b7f,
	NT_SIGINFO = 0x53494749,
	PSARGS = 80,
	NAME_MAX_BYTES = 4096
};

struct timeval_core {
	long sec, usec;
};

struct prstatus {
	int signo, code, error;
	short cursig;
	unsigned long sigpend, sighold;
	int pid, ppid, pgrp, sid;
	struct timeval_core utime, stime, cutime, cstime;
	unsigned long regs[USER_REGS];
	int fpvalid;
};

struct prpsinfo {
	char state, sname, zomb, nice;
	unsigned long flag;
	core_uid_t uid, gid;
	int pid, ppid, pgrp, sid;
	char fname[16], psargs[PSARGS];
};

struct nhdr {
	uint32_t namesz, descsz, type;
};

struct notes {
	char *buf;
	size_t len, size;
};

/* ---- notes ---- */

static void put(struct notes *n, const void *data, size_t len)
{
	if (n->buf && n->len + len <= n->size)
		memcpy(n->buf + n->len, data, len);
	n->len += len;
}

static void put_padding(struct notes *n)
{
	static const char zero[4];

	put(n, zero, -n->len % 4);
}

static void put_head(struct notes *n, const char *name, uint32_t type, size_t len)
{
	const struct nhdr h = { (uint32_t)strlen(name) + 1, (uint32_t)len, type };

	put(n, &h, sizeof(h));
	put(n, name, h.namesz);
	put_padding(n);
}

static void put_note(struct notes *n, const char *name, uint32_t type, const void *data, size_t len)
{
	put_head(n, name, type, len);
	put(n, data, len);
	put_padding(n);
}

/* ---- the process ---- */

static struct timeval_core timeval_of(uint64_t ns)
{
	return (struct timeval_core){ (long)(ns / 1000000000), (long)(ns % 1000000000 / 1000) };
}

static void put_prstatus(struct notes *n, const struct core *c, struct task *t)
{
	const struct signal_struct *s = t->signal;
	struct prstatus p;
	uint64_t utime, stime;

	memset(&p, 0, sizeof(p));
	task_times(t, &utime, &stime);
	p.signo = p.cursig = (short)c->sig;
	p.sigpend = (unsigned long)t->pending.set;
	p.sighold = (unsigned long)t->blocked;
	p.pid = t->pid;
	p.ppid = s->parent_tgid;
	p.pgrp = s->pgrp;
	p.sid = s->session;
	p.utime = timeval_of(utime);
	p.stime = timeval_of(stime);
	p.cutime = timeval_of(s->cutime_ns);
	p.cstime = timeval_of(s->cstime_ns);
	for (unsigned i = 0; i < USER_REGS; i++)
		p.regs[i] = arch_user_reg(&t->thread.arch, i);
	p.fpvalid = 1;
	put_note(n, "CORE", NT_PRSTATUS, &p, sizeof(p));
}

/* The command line, its strings joined by spaces. */
static void take_psargs(const struct core *c, char args[PSARGS])
{
	size_t len = min_of(size_t, c->mm->arg_end - c->mm->arg_start, PSARGS - 1);

	len = mm_access(c->mm, c->mm->arg_start, args, len, false);
	for (size_t i = 0; i < len; i++)
		if (!args[i])
			args[i] = ' ';
	args[len] = '\0';
}

static void put_prpsinfo(struct notes *n, const struct core *c)
{
	const struct task *t = current_task();
	struct prpsinfo p;

	memset(&p, 0, sizeof(p));
	p.sname = 'R';
	p.nice = (char)t->thread.nice;
	p.uid = (core_uid_t)t->cred->uid;
	p.gid = (core_uid_t)t->cred->gid;
	p.pid = t->tgid;
	p.ppid = t->signal->parent_tgid;
	p.pgrp = t->signal->pgrp;
	p.sid = t->signal->session;
	memcpy(p.fname, t->comm, sizeof(p.fname));
	take_psargs(c, p.psargs);
	put_note(n, "CORE", NT_PRPSINFO, &p, sizeof(p));
}

static void put_fpregs(struct notes *n, struct task *t)
{
	char area[USER_FXREGS_SIZE] aligned_(16);

	arch_user_fpregs(&t->thread.arch, area);
	put_note(n, "CORE", NT_PRFPREG, area, USER_FPREGS_SIZE);
	if (sizeof(long) == 8)
		return;
	arch_user_fxregs(&t->thread.arch, area);
	put_note(n, "LINUX", NT_PRXFPREG, area, USER_FXREGS_SIZE);
}

static void put_auxv(struct notes *n, const struct core *c)
{
	const unsigned long *v = c->mm->saved_auxv;
	size_t words = 0;

	while (words + 2 < ARRAY_SIZE(c->mm->saved_auxv) && v[words])
		words += 2;
	put_note(n, "CORE", NT_AUXV, v, (words + 2) * sizeof(*v));
}

/* ---- mapped files: count, page size; start, end, offset in pages of each; their names ---- */

static void put_file_names(struct notes *n, struct core *c)
{
	for (unsigned i = 0; i < c->nr_maps; i++) {
		struct vm_area_struct *vma;
		size_t len = 0;

		if (!c->maps[i].is_file)
			continue;
		rwsem_down_read(&c->mm->mmap_lock);
		vma = find_vma(c->mm, c->maps[i].start);
		if (vma)
			len = vma_name(vma, c->page, NAME_MAX_BYTES);
		rwsem_up_read(&c->mm->mmap_lock);
		c->page[min_of(size_t, len, NAME_MAX_BYTES - 1)] = '\0';
		put(n, c->page, strlen(c->page) + 1);
	}
}

static void put_file_table(struct notes *n, struct core *c)
{
	unsigned long head[2] = { 0, PAGE_SIZE };

	for (unsigned i = 0; i < c->nr_maps; i++)
		head[0] += c->maps[i].is_file;
	put(n, head, sizeof(head));
	for (unsigned i = 0; i < c->nr_maps; i++) {
		const struct core_map *m = &c->maps[i];

		if (m->is_file)
			put(n, (unsigned long[]){ m->start, m->end, m->pgoff },
			    3 * sizeof(unsigned long));
	}
	put_file_names(n, c);
}

static void put_files(struct notes *n, struct core *c)
{
	struct notes sizer = { 0 };

	put_file_table(&sizer, c);
	put_head(n, "CORE", NT_FILE, sizer.len);
	put_file_table(n, c);
	put_padding(n);
}

size_t core_notes(struct core *c, char *buf, size_t size)
{
	struct notes n = { buf, 0, size };
	struct task *me = current_task(), *t;
	int pid = 0;

	put_prstatus(&n, c, me);
	put_prpsinfo(&n, c);
	put_note(&n, "CORE", NT_SIGINFO, c->info, sizeof(*c->info));
	put_auxv(&n, c);
	put_files(&n, c);
	put_fpregs(&n, me);
	while ((t = task_next_thread(me->signal->leader, &pid))) {
		if (t != me && !t->exiting) {
			put_prstatus(&n, c, t);
			put_fpregs(&n, t);
		}
		task_put(t);
		pid++;
	}
	return n.len;
}
