/* Core files: what is in them, when they are made, how they are called. */
#include "tap.h"

#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/procfs.h>
#include <sys/resource.h>

#ifndef MADV_DONTDUMP
enum { MADV_DONTDUMP = 16, MADV_DODUMP = 17 };
#endif
#ifdef __x86_64__
enum { REG_IP = 16, REG_MARK = 5 }; /* rip, rbx */
#else
enum { REG_IP = 12, REG_MARK = 0 }; /* eip, ebx */
#endif
enum { DUMPED = 0x80, MARK = 0x5ca1ab1e, FILLED = 0xa5, NR_THREADS = 3, NOTE_FILE = 0x46494c45 };

static const char dir[] = "/tmp/cores";

/* ---- the process that ends ---- */

struct plan {
	rlim_t limit;
	void (*prepare)(void);
	void (*end)(void);
};

/* A page of the program's own, and nothing else on it: written, then only to read, it is a mapping of one page. */
static char own_page[4096] __attribute__((aligned(4096))) = { 1 };

static char *area; /* three pages: filled, not to be dumped, dumped again */
static volatile int nr_ready;

/* void crash_here(void): the mark in a register, then an access to address 16 at crash_at. */
#ifdef __x86_64__
asm(".text\ncrash_here: mov $0x5ca1ab1e, %ebx\ncrash_at: movl $1, 16\nret\n");
#else
asm(".text\ncrash_here: mov $0x5ca1ab1e, %ebx\ncrash_at: movl $1, 16\nret\n");
#endif
extern void crash_here(void);
extern const char crash_at[];

static void *sleep_in_thread(void *arg)
{
	__atomic_fetch_add(&nr_ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
	return NULL;
}

static void *spin_in_thread(void *arg)
{
	__atomic_fetch_add(&nr_ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		;
	return NULL;
}

static void make_threads(void)
{
	pthread_t t;

	for (int i = 0; i < NR_THREADS; i++)
		pthread_create(&t, NULL, i ? sleep_in_thread : spin_in_thread, NULL);
	while (nr_ready < NR_THREADS)
		tap_sleep_ms(1);
}

static void fill_area(void)
{
	memset(area, FILLED, 3 * PAGE);
	madvise(area + PAGE, 2 * PAGE, MADV_DONTDUMP);
	madvise(area + 2 * PAGE, PAGE, MADV_DODUMP);
}

static void fill_own_page(void)
{
	memset(own_page, FILLED, PAGE);
	mprotect(own_page, PAGE, PROT_READ);
}

static void no_filter(void)
{
	fill_area();
	tap_put("/proc/self/coredump_filter", "0");
}

static void not_dumpable(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

static void sparse(void)
{
	char *p = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	p[33 << 20] = FILLED;
}

static void by_quit(void)
{
	kill(getpid(), SIGQUIT);
}

static void by_term(void)
{
	kill(getpid(), SIGTERM);
}

static int end_by_plan(void *arg)
{
	const struct plan *p = arg;
	struct rlimit l = { p->limit, RLIM_INFINITY };

	if (chdir(dir) || setrlimit(RLIMIT_CORE, &l))
		return 1;
	if (p->prepare)
		p->prepare();
	p->end();
	return 2;
}

/* Return: the wait status. */
static int run(rlim_t limit, void (*prepare)(void), void (*end)(void), pid_t *pid_out)
{
	struct plan p = { limit, prepare, end };
	pid_t pid;

	mkdir(dir, 0755);
	pid = fork();
	if (pid == 0)
		_exit(end_by_plan(&p));
	if (pid_out)
		*pid_out = pid;
	return tap_wait(pid);
}

/* ---- the file ---- */

static char *core;
static size_t core_len;

static int load_core(const char *name)
{
	char path[200];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	fstat(fd, &st);
	core_len = (size_t)st.st_size;
	core = mmap(NULL, core_len, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	unlink(path);
	return core != MAP_FAILED;
}

static const ElfW(Phdr) * segment(unsigned n)
{
	const ElfW(Ehdr) *e = (const void *)core;

	return (const void *)(core + e->e_phoff + n * e->e_phentsize);
}

/* The segment that has @addr; NULL. */
static const ElfW(Phdr) * segment_of(const void *at)
{
	const ElfW(Ehdr) *e = (const void *)core;
	uintptr_t addr = (uintptr_t)at;

	for (unsigned i = 1; i < e->e_phnum; i++)
		if (addr >= segment(i)->p_vaddr && addr - segment(i)->p_vaddr < segment(i)->p_memsz)
			return segment(i);
	return NULL;
}

/* The bytes of @addr; NULL: not in the file. */
static const char *memory(const void *addr)
{
	const ElfW(Phdr) *p = segment_of(addr);
	size_t off = p ? (uintptr_t)addr - p->p_vaddr : 0;

	return p && off < p->p_filesz ? core + p->p_offset + off : NULL;
}

/* The @nth note of @type; NULL. */
static const void *note(unsigned type, int nth, size_t *len)
{
	const ElfW(Phdr) *p = segment(0);
	size_t at = p->p_offset, end = p->p_offset + p->p_filesz;

	while (at + sizeof(ElfW(Nhdr)) <= end) {
		const ElfW(Nhdr) *n = (const void *)(core + at);
		size_t desc = at + sizeof(*n) + ((n->n_namesz + 3) & ~3U);

		if (n->n_type == type && nth-- == 0) {
			*len = n->n_descsz;
			return core + desc;
		}
		at = desc + ((n->n_descsz + 3) & ~3U);
	}
	return NULL;
}

static void close_core(void)
{
	munmap(core, core_len);
	core = NULL;
}

static void make_area(void)
{
	area = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* ---- tests ---- */

static void contents(void)
{
	const ElfW(Ehdr) * e;
	const struct elf_prstatus *st;
	const struct elf_prpsinfo *ps;
	const int *info;
	size_t len = 0;
	pid_t pid;

	make_area();
	EQ(run(RLIM_INFINITY, fill_area, crash_here, &pid), SIGSEGV | DUMPED);
	NEED(load_core("core"));
	e = (const void *)core;
	EQ(memcmp(e->e_ident, ELFMAG, SELFMAG), 0);
	EQ(e->e_ident[EI_CLASS], IS64 ? ELFCLASS64 : ELFCLASS32);
	EQ(e->e_type, ET_CORE);
	EQ(e->e_machine, IS64 ? EM_X86_64 : EM_386);
	EQ(segment(0)->p_type, PT_NOTE);
	EQ(segment(1)->p_type, PT_LOAD);
	st = note(NT_PRSTATUS, 0, &len);
	NEED(st && len == sizeof(*st));
	EQ(st->pr_pid, pid);
	EQ(st->pr_ppid, getpid());
	EQ(st->pr_cursig, SIGSEGV);
	EQ(st->pr_reg[REG_IP], (uintptr_t)crash_at);
	EQ(st->pr_reg[REG_MARK], MARK);
	CHECK(!note(NT_PRSTATUS, 1, &len));
	ps = note(NT_PRPSINFO, 0, &len);
	NEED(ps && len == sizeof(*ps));
	STREQ(ps->pr_fname, "core_file");
	EQ(ps->pr_pid, pid);
	CHECK(strstr(ps->pr_psargs, "core_file"));
	info = note(NT_SIGINFO, 0, &len);
	NEED(info && len == sizeof(siginfo_t));
	EQ(((const siginfo_t *)(const void *)info)->si_signo, SIGSEGV);
	EQ((uintptr_t)((const siginfo_t *)(const void *)info)->si_addr, 16);
	CHECK(note(NT_AUXV, 0, &len));
	CHECK(len > 20 * sizeof(long));
	CHECK(note(NT_FPREGSET, 0, &len));
	EQ(len, IS64 ? 512 : 108);
	/* Memory: what is to be there, byte for byte; what is not; the program's own head. */
	NEED(memory(area) && memory(area + 2 * PAGE));
	EQ(memory(area)[5], (char)FILLED);
	EQ(memory(area + 2 * PAGE)[PAGE - 1], (char)FILLED);
	CHECK(segment_of(area + PAGE));
	CHECK(!memory(area + PAGE));
	EQ(memcmp(memory((const void *)&area), &area, sizeof(area)), 0);
	CHECK(memory(&st)); /* the stack */
	close_core();
}

/* A written page of a file's mapping is there, however small the mapping; also what does not begin as a program does. */
static void one_page(void)
{
	EQ(run(RLIM_INFINITY, fill_own_page, crash_here, NULL), SIGSEGV | DUMPED);
	NEED(load_core("core"));
	NEED(segment_of(own_page));
	EQ(segment_of(own_page)->p_memsz, PAGE);
	EQ(segment_of(own_page)->p_filesz, PAGE);
	NEED(memory(own_page));
	EQ(memory(own_page)[PAGE - 1], (char)FILLED);
	close_core();
}

static int names_its_program(void)
{
	size_t len = 0;
	const long *f = note(NOTE_FILE, 0, &len);
	const char *name = f ? (const char *)(f + 2 + 3 * f[0]) : NULL;

	for (long i = 0; f && i < f[0]; i++, name += strlen(name) + 1)
		if (strstr(name, "core_file") && (uintptr_t)crash_at >= (uintptr_t)f[2 + 3 * i] &&
		    (uintptr_t)crash_at < (uintptr_t)f[3 + 3 * i])
			return f[1] == (long)PAGE;
	return 0;
}

static void threads(void)
{
	const struct elf_prstatus *st;
	size_t len;
	pid_t pid;
	int n = 0;

	EQ(run(RLIM_INFINITY, make_threads, crash_here, &pid), SIGSEGV | DUMPED);
	NEED(load_core("core"));
	for (; (st = note(NT_PRSTATUS, n, &len)); n++) {
		EQ(st->pr_pid == pid, n == 0);
		EQ(st->pr_sid, getsid(0));
		CHECK(st->pr_reg[REG_IP] != 0);
		CHECK(note(NT_FPREGSET, n, &len));
	}
	EQ(n, NR_THREADS + 1);
	CHECK(names_its_program());
	close_core();
}

static void holes(void)
{
	struct stat st;

	EQ(run(RLIM_INFINITY, sparse, crash_here, NULL), SIGSEGV | DUMPED);
	EQ(stat("/tmp/cores/core", &st), 0);
	CHECK(st.st_size > 64 << 20);
	CHECK(st.st_blocks < 8192);
	EQ(st.st_mode, S_IFREG | 0600);
	unlink("/tmp/cores/core");
}

static void limits(void)
{
	struct stat st;

	EQ(run(0, NULL, crash_here, NULL), SIGSEGV);
	EQ(run(PAGE - 1, NULL, crash_here, NULL), SIGSEGV);
	FAILS(stat("/tmp/cores/core", &st), ENOENT);
	EQ(run(2 * PAGE, NULL, crash_here, NULL), SIGSEGV | DUMPED);
	EQ(stat("/tmp/cores/core", &st), 0);
	CHECK(st.st_size <= 2 * (off_t)PAGE);
	/* An old one is replaced. */
	EQ(run(RLIM_INFINITY, NULL, crash_here, NULL), SIGSEGV | DUMPED);
	EQ(stat("/tmp/cores/core", &st), 0);
	CHECK(st.st_size > 2 * (off_t)PAGE);
	unlink("/tmp/cores/core");
}

static void which_signals(void)
{
	struct stat st;

	EQ(run(RLIM_INFINITY, NULL, by_quit, NULL), SIGQUIT | DUMPED);
	EQ(unlink("/tmp/cores/core"), 0);
	EQ(run(RLIM_INFINITY, NULL, abort, NULL), SIGABRT | DUMPED);
	EQ(unlink("/tmp/cores/core"), 0);
	EQ(run(RLIM_INFINITY, NULL, by_term, NULL), SIGTERM);
	EQ(run(RLIM_INFINITY, not_dumpable, crash_here, NULL), SIGSEGV);
	FAILS(stat("/tmp/cores/core", &st), ENOENT);
}

/* Not through a link, not over another name of the file, not over another user's. */
static void what_is_there_gives_way(void)
{
	struct stat st;

	mkdir(dir, 0755);
	EQ(symlink("/tmp/cores/other", "/tmp/cores/core"), 0);
	EQ(run(RLIM_INFINITY, NULL, crash_here, NULL), SIGSEGV | DUMPED);
	FAILS(stat("/tmp/cores/other", &st), ENOENT); /* the link gave way */
	CHECK(lstat("/tmp/cores/core", &st) == 0 && S_ISREG(st.st_mode));
	unlink("/tmp/cores/core");
	EQ(tap_write("/tmp/cores/core", "x", 1, 0600), 0);
	EQ(link("/tmp/cores/core", "/tmp/cores/other"), 0);
	EQ(run(RLIM_INFINITY, NULL, crash_here, NULL), SIGSEGV | DUMPED);
	EQ(stat("/tmp/cores/other", &st), 0);
	EQ(st.st_size, 1); /* its other name */
	EQ(unlink("/tmp/cores/other"), 0);
	EQ(chown("/tmp/cores/core", 77, 77), 0);
	EQ(run(RLIM_INFINITY, NULL, crash_here, NULL), SIGSEGV | DUMPED);
	EQ(stat("/tmp/cores/core", &st), 0);
	EQ(st.st_uid, 0);
	unlink("/tmp/cores/core");
	EQ(mkdir("/tmp/cores/core", 0700), 0);
	EQ(run(RLIM_INFINITY, NULL, crash_here, NULL), SIGSEGV);
	EQ(rmdir("/tmp/cores/core"), 0);
}

static void filters(void)
{
	make_area();
	EQ(run(RLIM_INFINITY, no_filter, crash_here, NULL), SIGSEGV | DUMPED);
	NEED(load_core("core"));
	CHECK(segment_of(area));
	CHECK(!memory(area));
	CHECK(!memory(crash_at));
	close_core();
}

static void patterns(void)
{
	char want[200], buf[200];
	pid_t pid;

	CHECK(tap_read("/proc/sys/kernel/core_pattern", buf, sizeof(buf)) > 0);
	STREQ(buf, "core\n");
	EQ(tap_put("/proc/sys/kernel/core_pattern", "c.%e.%p.%s.%u.%g.%%.%d.%z%"), 0);
	EQ(run(RLIM_INFINITY, NULL, crash_here, &pid), SIGSEGV | DUMPED);
	snprintf(want, sizeof(want), "/tmp/cores/c.core_file.%d.11.0.0.%%.1.", pid);
	EQ(unlink(want), 0);
	EQ(tap_put("/proc/sys/kernel/core_pattern", "core\n"), 0);
	EQ(tap_put("/proc/sys/kernel/core_uses_pid", "1"), 0);
	EQ(run(RLIM_INFINITY, NULL, crash_here, &pid), SIGSEGV | DUMPED);
	snprintf(want, sizeof(want), "/tmp/cores/core.%d", pid);
	EQ(unlink(want), 0);
	EQ(tap_put("/proc/sys/kernel/core_uses_pid", "0"), 0);
	rmdir(dir);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(contents),
						 T(one_page),
						 T(threads),
						 T(holes),
						 T(limits),
						 T(which_signals),
						 T(what_is_there_gives_way),
						 T(filters),
						 T(patterns),
						 TEND };

	return tap_main(argc, argv, tests);
}
