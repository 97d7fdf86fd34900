/*
 * execve(2): replace the calling process's program.
 *
 * OWNS     struct exec_ctx for the time of one call.
 * WHY      everything that can fail is done on a fresh mm_struct first (arguments copied, segments mapped, stack laid
 *          out); the old program is given up only when the new one is whole. So a failed execve costs an errno.
 *
 *   exec_open ── exec_script (#!, at most 4 times) ── exec_parse ── exec_new_mm ── exec_strings ── exec_load ──
 *   exec_stack ═ commit: exec_commit ═ return to user mode at the new entry
 *
 *   The stack, from the top (grows down):
 *     | 8 zero bytes | file name | environment strings | argument strings | platform | random 16 | auxv | envp | argv | argc |
 *                                                                                                      sp, 16-aligned ^
 * I1       before exec_commit nothing of the caller changes. After group_become_single the call cannot fail.
 * I2       the program's inode denies writers from exec_open until the new mm drops it (ETXTBSY).
 * LOCKS    none held here.   CONTEXT  a task; sleeps.
 * FAILS    as execve(2): E2BIG EACCES EFAULT EINVAL ELOOP ENOENT ENOEXEC ENOMEM ENOTDIR ETXTBSY.
 * SOURCES  execve(2), getauxval(3), System V ABI (process initialisation).
 */
#include "sys/exec_impl.h"

#include "arch/vdso.h"
#include "fs/file.h"
#include "fs/random.h"
#include "kernel/posix_timer.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "mm/slab.h"
#include "uapi/mman.h"
#include "uapi/personality.h"

/* Kernel strings stand in for user arrays when init is started. */
static long string_ptr(const struct exec_strings *s, unsigned i, uaddr_t *user, const char **kernel)
{
	if (s->kernel) {
		*kernel = s->kernel[i];
		return *kernel != NULL;
	}
	if (!s->user)
		return 0;
	if (get_abi(user, s->user + i * abi_word(), "p"))
		return -EFAULT;
	return *user != 0;
}

static long strings_count(const struct exec_strings *s)
{
	uaddr_t u;
	const char *k;

	for (unsigned i = 0;; i++) {
		long more = string_ptr(s, i, &u, &k);

		if (more < 0)
			return more;
		if (!more)
			return i;
		if (i >= EXEC_MAX_STRINGS)
			return -E2BIG;
		if (fatal_signal_pending())
			return -EINTR;
	}
}

/* Put @len bytes just below x->p in the new stack. */
static int push_bytes(struct exec_ctx *x, const void *data, size_t len)
{
	if (x->p - x->p_limit < len)
		return -E2BIG;
	x->p -= len;
	return exec_put(x, x->p, data, len);
}

static int push_kernel_string(struct exec_ctx *x, const char *s)
{
	return push_bytes(x, s, strlen(s) + 1);
}

/* A user string of more than one buffer: its length first, then the copy; the last byte is NUL whatever happens to it. */
static int push_long_string(struct exec_ctx *x, uaddr_t u)
{
	size_t len = 0;
	long n;

	do {
		n = strncpy_from_user(x->buf, u + len, PAGE_SIZE);
		if (n < 0)
			return (int)n;
		len += (size_t)n;
		if (len >= EXEC_MAX_STRING)
			return -E2BIG;
	} while ((size_t)n == PAGE_SIZE);
	if (x->p - x->p_limit < len + 1)
		return -E2BIG;
	x->p -= len + 1;
	for (size_t done = 0; done <= len;) {
		size_t part = min_of(size_t, PAGE_SIZE, len + 1 - done);

		if (copy_from_user(x->buf, u + done, part))
			return -EFAULT;
		if (done + part == len + 1)
			x->buf[part - 1] = '\0';
		if (exec_put(x, x->p + done, x->buf, part))
			return -ENOMEM;
		done += part;
	}
	return 0;
}

static int push_user_string(struct exec_ctx *x, uaddr_t u)
{
	long n = strncpy_from_user(x->buf, u, PAGE_SIZE);

	if (n < 0)
		return (int)n;
	if ((size_t)n == PAGE_SIZE)
		return push_long_string(x, u);
	x->buf[n] = '\0';
	return push_bytes(x, x->buf, (size_t)n + 1);
}

/* The strings of @s from the last to number @from. */
static int push_strings(struct exec_ctx *x, const struct exec_strings *s, unsigned count,
			unsigned from)
{
	for (unsigned i = count; i-- > from;) {
		uaddr_t u = 0;
		const char *k = NULL;
		long more = string_ptr(s, i, &u, &k);
		int err;

		if (more <= 0)
			return more < 0 ? (int)more : -EFAULT;
		err = k ? push_kernel_string(x, k) : push_user_string(x, u);
		if (err)
			return err;
		if (fatal_signal_pending())
			return -EINTR;
	}
	return 0;
}

/* File name, environment and arguments; what a #! line brought replaces argv[0]. */
static int exec_strings_copy(struct exec_ctx *x)
{
	static const char zero[8];
	int err = push_bytes(x, zero, x->abi->word);

	if (!err)
		err = push_kernel_string(x, x->filename);
	x->execfn = x->p;
	x->mm->env_end = x->p;
	if (!err)
		err = push_strings(x, &x->envp, x->envc, 0);
	x->mm->env_start = x->mm->arg_end = x->p;
	if (!err && x->nr_script_args)
		err = push_strings(x, &x->argv, x->argc, 1);
	else if (!err)
		err = push_strings(x, &x->argv, x->argc, 0);
	for (unsigned i = x->nr_script_args; !err && i-- > 0;)
		err = push_kernel_string(x, x->script_args[i]);
	/* Linux: a program never starts with argc 0. */
	if (!err && !x->argc && !x->nr_script_args)
		err = push_kernel_string(x, "");
	x->mm->arg_start = x->p;
	if (x->nr_script_args)
		x->argc = x->nr_script_args + (x->argc ? x->argc - 1 : 0);
	else if (!x->argc)
		x->argc = 1;
	return err;
}

/* ---- the file ---- */

static void exec_close(struct exec_ctx *x)
{
	if (!x->file)
		return;
	if (x->deny_write)
		atomic_inc(&x->file->inode->writers);
	fput(x->file);
	x->file = NULL;
	x->deny_write = false;
}

/* Open for execution: a regular file with the x right that nobody writes; nobody may from here on. */
static int exec_open(struct exec_ctx *x, int dirfd, const char *name, unsigned lookup)
{
	struct path_ref p;
	struct inode *inode;
	int err = path_lookup(dirfd, name, lookup, &p);

	if (err)
		return err;
	inode = p.dentry->inode;
	if (S_ISLNK(inode->mode))
		err = -ELOOP;
	else if (!S_ISREG(inode->mode) || (p.mnt->flags & EXEC_MS_NOEXEC))
		err = -EACCES;
	else
		err = file_open_exec(&p, &x->file);
	path_put(&p);
	if (err)
		return err;
	for (int n = atomic_read(&inode->writers);; n = atomic_read(&inode->writers)) {
		if (n > 0) {
			exec_close(x);
			return -ETXTBSY;
		}
		if (atomic_cmpxchg(&inode->writers, n, n - 1))
			break;
	}
	x->deny_write = true;
	return 0;
}

/* Read the head of the file into x->head. */
static int exec_read_head(struct exec_ctx *x)
{
	long n;

	n = kernel_read(x->file, x->head, sizeof(x->head), 0);
	if (n < 0)
		return (int)n;
	x->head_len = (size_t)n;
	memset(x->head + n, 0, sizeof(x->head) - x->head_len);
	return 0;
}

/**
 * exec_script - the file begins with "#!": interpreter and optional argument come before the script's name.
 * Return: 0 and the interpreter opened in x->file; -ENOEXEC for a line without a name or too long.
 */
static int exec_script(struct exec_ctx *x)
{
	char *line = x->script_lines[x->script_depth], *name, *arg, *end;

	memcpy(line, x->head, EXEC_HEAD);
	line[EXEC_HEAD - 1] = '\0';
	end = strchr(line, '\n');
	if (!end && x->head_len >= EXEC_HEAD)
		return -ENOEXEC;
	if (end)
		*end = '\0';
	for (name = line + 2; *name == ' ' || *name == '\t'; name++)
		;
	if (!*name)
		return -ENOEXEC;
	for (end = name + strlen(name); end > name && (end[-1] == ' ' || end[-1] == '\t'); end--)
		end[-1] = '\0';
	for (arg = name; *arg && *arg != ' ' && *arg != '\t'; arg++)
		;
	if (*arg) {
		*arg++ = '\0';
		while (*arg == ' ' || *arg == '\t')
			arg++;
	}
	/* In front of what is there: interpreter, argument, script. The innermost script keeps its name. */
	if (!x->nr_script_args) {
		x->script_args[EXEC_MAX_SCRIPT_ARGS - 1] = x->filename;
		x->nr_script_args = 1;
	}
	if (*arg)
		x->script_args[EXEC_MAX_SCRIPT_ARGS - ++x->nr_script_args] = arg;
	x->script_args[EXEC_MAX_SCRIPT_ARGS - ++x->nr_script_args] = name;
	exec_close(x);
	return exec_open(x, AT_FDCWD, name, LOOKUP_FOLLOW);
}

/* Open the program behind @name, through scripts. On success x->head is the head of an ELF candidate. */
static int exec_find(struct exec_ctx *x, int dirfd, const char *name, unsigned lookup)
{
	int err = exec_open(x, dirfd, name, lookup);

	for (;;) {
		if (!err)
			err = exec_read_head(x);
		if (err || x->head[0] != '#' || x->head[1] != '!')
			break;
		if (x->script_depth == EXEC_MAX_SCRIPTS)
			return -ELOOP;
		err = exec_script(x);
		x->script_depth++;
	}
	if (err || !x->nr_script_args)
		return err;
	memmove(x->script_args, x->script_args + EXEC_MAX_SCRIPT_ARGS - x->nr_script_args,
		x->nr_script_args * sizeof(x->script_args[0]));
	return 0;
}

/* ---- the new address space ---- */

/*
 * The flags of personality(2) for the new program: a set-user-ID one inherits none; 64-bit programs never execute what
 * they only read, 32-bit ones do unless their header says what their stack needs.
 */
static unsigned long exec_personality(const struct exec_ctx *x, unsigned long old)
{
	unsigned long p = x->set_id ? old & ~PER_CLEAR_ON_SETID : old;

	if (x->abi->word == 8)
		return p & ~READ_IMPLIES_EXEC;
	return x->prog.stack_unspecified ? p | READ_IMPLIES_EXEC : p;
}

static unsigned long random_pages(unsigned long mask)
{
	unsigned long r;

	random_bytes(&r, sizeof(r));
	return (r & mask) << PAGE_SHIFT;
}

unsigned long exec_random_mmap(const struct abi *abi)
{
	int bits = abi->word == sizeof(long) ? mmap_rnd_bits : mmap_rnd_compat_bits;

	return random_pages((1UL << bits) - 1);
}

static int exec_new_mm(struct exec_ctx *x)
{
	struct mm_ctx *ctx = &current_task()->mm_ctx;
	unsigned long top = x->abi->top ? x->abi->top : MAP_WINDOW;
	struct mm_layout l = { .stack_limit = ctx->limits->stack, .top = x->abi->top };

	x->mm = mm_alloc();
	if (!x->mm)
		return -ENOMEM;
	x->old_personality = ctx->personality;
	ctx->personality = exec_personality(x, ctx->personality);
	x->randomize = exec_randomize && !(ctx->personality & ADDR_NO_RANDOMIZE);
	x->mm->thp_disable = ctx->mm && ctx->mm->thp_disable;
	x->mm->oom_score_adj = current_task()->signal->oom_score_adj;
	x->mm->oom_init = current_task()->signal->unkillable;
	l.bottom_up = (ctx->personality & ADDR_COMPAT_LAYOUT) || sysctl_legacy_va_layout;
	if (x->randomize) {
		l.stack_random = (unsigned long)x->abi->stack_random_pages << PAGE_SHIFT;
		l.random = exec_random_mmap(x->abi);
		l.random_low = random_pages(MIB(32) / PAGE_SIZE - 1);
		top -= random_pages(x->abi->stack_random_pages);
	}
	mm_set_layout(x->mm, &l);
	x->p = top;
	/* Strings may take a quarter of the stack limit, at most 6 MiB, at least 128 KiB. */
	x->p_limit = top - max_of(unsigned long, KIB(128),
				  min_of(unsigned long, l.stack_limit / 4, MIB(6)));
	return vm_stack_setup(x->mm, top, x->prog.exec_stack);
}

/* Behind the interpreter, so that this one is at the top of the mappings. A 32-bit program of x86_64 has none. */
static int exec_vdso(struct exec_ctx *x)
{
	unsigned long rnd = 0;

	if (x->abi != &abis[0])
		return 0;
	if (!ABI_32)
		random_bytes(&rnd, sizeof(rnd));
	return vdso_map(x->mm, x->p, rnd);
}

/* argc, argv, envp, auxv below the strings. */
static int exec_stack(struct exec_ctx *x)
{
	unsigned char rnd[16];
	unsigned long nr_words, words_bytes;
	int err;

	/* As Linux: 128 KiB below the strings at once; /proc/PID/maps and VmStk show it. */
	err = vm_stack_expand(x->mm, x->p, KIB(128));
	if (err)
		return err;
	if (x->randomize) { /* within a page or two: the low bits of the stack pointer, too */
		random_bytes(rnd, 2);
		x->p -= (rnd[0] | (unsigned)rnd[1] << 8) % (2 * PAGE_SIZE);
	}
	random_bytes(rnd, sizeof(rnd));
	x->p &= ~15UL;
	err = push_kernel_string(x, x->abi->machine);
	x->platform = x->p;
	if (!err)
		err = push_bytes(x, rnd, sizeof(rnd));
	x->random = x->p;
	if (err)
		return err;
	exec_auxv(x);
	nr_words = 1 + x->argc + 1 + x->envc + 1 + x->nr_auxv;
	words_bytes = nr_words * x->abi->word;
	x->p_limit = 0; /* the table's size follows from the strings, whose sum was limited */
	x->p = ((x->p & ~15UL) - words_bytes) & ~15UL;
	err = exec_tables(x, x->p);
	exec_stack_done(x);
	return err;
}

/* ---- commit ---- */

/* Everything that is the old program's goes. Cannot fail but for a concurrent group exit. */
static void exec_rights_let(struct exec_ctx *x)
{
	if (x->holds_rights)
		ptrace_rights_let();
	x->holds_rights = false;
}

static int exec_commit(struct exec_ctx *x)
{
	struct task *t = current_task();
	const char *base = strrchr(x->filename, '/');
	struct mm_struct *old;
	int err = sighand_unshare();

	if (!err)
		err = group_become_single();
	if (err)
		return err;
	futex_exit_thread(t, false);
	t->rseq = (struct task_rseq){ 0 };
	old = sched_use_mm(x->mm);
	x->mm = NULL;
	if (old) {
		frames_exec(t->mm_ctx.mm, old);
		mmput(old);
	}
	str_copy(t->comm, base ? base + 1 : x->filename, sizeof(t->comm));
	t->signal->has_execed = true;
	signal_exec_reset(t);
	posix_timers_exit(t->signal);
	files_close_on_exec(t->files);
	t->signal->dumpable =
		(uint8_t)(x->dumpable ? SUID_DUMP_USER : READ_ONCE(sysctl_suid_dumpable));
	if (x->cred)
		cred_commit(x->cred);
	x->cred = NULL;
	exec_rights_let(x);
	arch_thread_exec(&t->thread.arch, x->start, x->p, x->abi->word == 4);
	arch_thread_set_vdso(&t->thread.arch, t->mm_ctx.mm->vdso);
	vfork_release(t);
	if (t->mm_ctx.personality &
	    MMAP_PAGE_ZERO) /* page 0 reads as zeroes, for what was written for old systems */
		(void)vm_map(t->mm_ctx.mm, &(struct vm_map_args){ .len = PAGE_SIZE,
								  .prot = PROT_READ | PROT_EXEC,
								  .flags = MAP_FIXED | MAP_PRIVATE |
									   MAP_ANONYMOUS });
	return 0;
}

static void exec_free(struct exec_ctx *x)
{
	exec_close(x);
	exec_stack_done(x);
	if (x->mm)
		mmput(x->mm);
	if (x->cred)
		cred_put(x->cred);
	exec_rights_let(x);
	kfree(x->buf);
	kfree(x);
}

static int exec_run(struct exec_ctx *x, int dirfd, const char *name, unsigned lookup)
{
	long argc, envc;
	int err;

	argc = strings_count(&x->argv);
	if (argc < 0)
		return (int)argc;
	envc = strings_count(&x->envp);
	if (envc < 0)
		return (int)envc;
	x->argc = (unsigned)argc;
	x->envc = (unsigned)envc;
	err = exec_find(x, dirfd, name, lookup);
	if (!err)
		err = exec_parse(x);
	if (!err)
		err = exec_creds_prepare(x);
	if (!err)
		err = exec_new_mm(x);
	if (!err)
		err = exec_strings_copy(x);
	if (!err)
		err = exec_load(x);
	if (!err)
		err = exec_vdso(x);
	if (!err)
		err = exec_stack(x);
	if (!err)
		err = exec_commit(x);
	if (err && x->mm) /* the old program goes on as it was */
		current_task()->mm_ctx.personality = x->old_personality;
	return err;
}

static int do_exec(int dirfd, char *name, const struct exec_strings *argv,
		   const struct exec_strings *envp, unsigned flags)
{
	unsigned lookup = (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
			  (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	struct exec_ctx *x = kmalloc(sizeof(*x), GFP_KERNEL);
	int err = -ENOMEM;

	if (!x)
		return -ENOMEM;
	memset(x, 0, offsetof(struct exec_ctx, head));
	x->argv = *argv;
	x->envp = *envp;
	x->filename = name;
	x->buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (x->buf)
		err = exec_run(x, dirfd, name, lookup);
	exec_free(x);
	return err;
}

static long exec_user(int dirfd, uaddr_t uname, uaddr_t argv, uaddr_t envp, unsigned flags)
{
	struct exec_strings a = { .user = argv }, e = { .user = envp };
	int old_tid = current_task()->pid;
	char *name;
	long err = name_get(uname, flags & AT_EMPTY_PATH, &name);

	if (err)
		return err;
	err = do_exec(dirfd, name, &a, &e, flags);
	name_put(name);
	if (!err)
		ptrace_exec(old_tid);
	return err ? err : (long)current_regs()->ax;
}

SYS(execve)
{
	return exec_user(AT_FDCWD, a0, a1, a2, 0);
}

SYS(execveat)
{
	if (a4 & ~(unsigned long)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return exec_user((int)a0, a1, a2, a3, (unsigned)a4);
}

int exec_kernel(const char *path, const char *const *argv, const char *const *envp)
{
	struct exec_strings a = { .kernel = argv }, e = { .kernel = envp };
	char *name = kstrdup(path, GFP_KERNEL);
	int err;

	if (!name)
		return -ENOMEM;
	err = do_exec(AT_FDCWD, name, &a, &e, 0);
	kfree(name);
	return err;
}
