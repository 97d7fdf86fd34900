/* Where things go: personality(2), randomize_va_space, both layouts; overcommit modes and their reserves; remap_file_pages. */
#include "mem.h"

#include <sys/personality.h>
#include <sys/resource.h>

#define WINDOW (IS64 ? 0x7ffffffff000ul : 0xc0000000ul)

/* What the program of the same file says when it runs again as "where": break, a mapping, the stack. */
struct places {
	unsigned long brk, map, stack, stack_end;
	char heap_perms[5];
};

static int where(void)
{
	static char text[65536];
	struct places w = { .brk = (unsigned long)syscall(SYS_brk, 0) };
	char perms[5], *at;
	unsigned long s, e;

	w.map = (unsigned long)anon(1, PROT_READ);
	w.stack = (unsigned long)&w;
	if (tap_read("/proc/self/maps", text, sizeof(text)) < 0)
		return 1;
	for (char *l = strtok(text, "\n"); l; l = strtok(NULL, "\n")) {
		if (sscanf(l, "%lx-%lx %4s", &s, &e, perms) == 3 && (at = strstr(l, "[stack]"))) {
			w.stack_end = e;
			strcpy(w.heap_perms, perms);
		}
	}
	return write(1, &w, sizeof(w)) != sizeof(w);
}

struct wish {
	unsigned long persona;
	int unlimited_stack;
};

static int run(const struct wish *w, struct places *out)
{
	int p[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe(p))
		return -1;
	pid = fork();
	if (pid == 0) {
		struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

		dup2(p[1], 1);
		personality(w->persona);
		if (w->unlimited_stack)
			setrlimit(RLIMIT_STACK, &r);
		execl("/proc/self/exe", "mm_layout", "--where", NULL);
		_exit(99);
	}
	close(p[1]);
	n = read(p[0], out, sizeof(*out));
	close(p[0]);
	status = tap_wait(pid);
	return n == sizeof(*out) ? status : -1;
}

static int set(const char *file, const char *value)
{
	return tap_write(file, value, strlen(value), 0);
}

static void without_chance(void)
{
	struct wish w = { ADDR_NO_RANDOMIZE, 0 };
	struct places a, b;

	EQ(run(&w, &a), 0);
	EQ(run(&w, &b), 0);
	EQ(memcmp(&a, &b, sizeof(a)), 0);
	EQ(a.stack_end, WINDOW);
	/* 128 MiB are kept for the stack; mappings lie below. */
	CHECK(a.map < WINDOW - (128ul << 20) && a.map > WINDOW - (256ul << 20));
}

static void by_chance(void)
{
	struct wish w = { 0, 0 };
	struct places a, b;
	int same_map = 0, same_stack = 0, same_brk = 0;

	EQ(run(&w, &a), 0);
	for (int i = 0; i < 4; i++) {
		EQ(run(&w, &b), 0);
		same_map += a.map == b.map;
		same_stack += a.stack == b.stack;
		same_brk += a.brk == b.brk;
		CHECK(b.stack_end <= WINDOW && b.map < b.stack);
	}
	CHECK(same_map < 3 && same_stack < 3 && same_brk < 3);
	/* 1: all but the heap; 0: nothing. */
	if (set("/proc/sys/kernel/randomize_va_space", "1"))
		SKIP("randomize_va_space cannot be written");
	EQ(run(&w, &a), 0);
	EQ(run(&w, &b), 0);
	CHECK(a.map != b.map || a.stack != b.stack);
	set("/proc/sys/kernel/randomize_va_space", "0");
	EQ(run(&w, &a), 0);
	EQ(run(&w, &b), 0);
	EQ(memcmp(&a, &b, sizeof(a)), 0);
	EQ(a.stack_end, WINDOW);
	set("/proc/sys/kernel/randomize_va_space", "2");
}

static void bottom_up(void)
{
	struct wish w = { ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT, 0 };
	struct places a;
	unsigned long third = (WINDOW / 3 + PAGE - 1) & -PAGE;

	EQ(run(&w, &a), 0);
	CHECK(a.map >= third && a.map < third + (64ul << 20));
	w.persona = ADDR_NO_RANDOMIZE;
	if (set("/proc/sys/vm/legacy_va_layout", "1"))
		SKIP("legacy_va_layout cannot be written");
	EQ(run(&w, &a), 0);
	CHECK(a.map >= third && a.map < third + (64ul << 20));
	set("/proc/sys/vm/legacy_va_layout", "0");
	/* A stack without limit keeps five sixths of the window for itself. */
	w.unlimited_stack = 1;
	EQ(run(&w, &a), 0);
	CHECK(a.map <= WINDOW / 6 + PAGE && a.map > WINDOW / 6 - (64ul << 20));
}

static int executes(void *p)
{
	((void (*)(void))p)();
	return 0;
}

static void reading_implies_executing(void)
{
	struct wish w = { READ_IMPLIES_EXEC, 0 };
	struct places a;
	char *p, line[200], *text;
	static char maps[65536];

	OK(personality(READ_IMPLIES_EXEC));
	p = anon(2, PROT_READ | PROT_WRITE);
	p[0] = (char)0xc3; /* ret */
	EQ(tap_child(executes, p), 0);
	CHECK(tap_read("/proc/self/maps", maps, sizeof(maps)) > 0);
	snprintf(line, sizeof(line), "%08lx-", (unsigned long)p);
	text = strstr(maps, line);
	CHECK(text && strstr(text, " rwxp ") && strstr(text, " rwxp ") < strchr(text, '\n'));
	OK(mprotect(p, 2 * PAGE, PROT_READ));
	CHECK(tap_read("/proc/self/maps", maps, sizeof(maps)) > 0);
	text = strstr(maps, line);
	CHECK(text && strstr(text, " r-xp ") && strstr(text, " r-xp ") < strchr(text, '\n'));
	/* 64-bit programs lose it at exec; i386 ones keep it, and their stacks with it. */
	EQ(run(&w, &a), 0);
	if (!tap_compat())
		STREQ(a.heap_perms, IS64 ? "rw-p" : "rwxp");
	OK(personality(0));
}

/* ---- overcommit ---- */

static void promises(void)
{
	long before = meminfo_kb("Committed_AS:");
	char *p = anon(100, RW), *r = anon(100, PROT_READ), *s;

	NEED(p != MAP_FAILED && r != MAP_FAILED);
	EQ(meminfo_kb("Committed_AS:") - before, 400);
	s = mmap(NULL, 50 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	EQ(meminfo_kb("Committed_AS:") - before, 600);
	CHECK(mmap(NULL, 50 * PAGE, RW, ANON | MAP_NORESERVE, -1, 0) != MAP_FAILED);
	EQ(meminfo_kb("Committed_AS:") - before, 600);
	OK(mprotect(r, 10 * PAGE, RW)); /* may be written from now on */
	EQ(meminfo_kb("Committed_AS:") - before, 640);
	OK(mprotect(r, 10 * PAGE, PROT_READ)); /* its dirty pages stay promised */
	EQ(meminfo_kb("Committed_AS:") - before, 640);
	CHECK(mmap(p, 100 * PAGE, RW, ANON | MAP_FIXED, -1, 0) ==
	      p); /* what is replaced is given back */
	EQ(meminfo_kb("Committed_AS:") - before, 640);
	OK(munmap(p, 100 * PAGE));
	OK(munmap(s, 50 * PAGE));
	OK(munmap(r, 100 * PAGE));
	EQ(meminfo_kb("Committed_AS:") - before, 0);
}

static size_t largest_promise(void *unused)
{
	size_t ok = 0, no = (size_t)meminfo_kb("CommitLimit:") / 4 + 1;

	while (no - ok > 1) {
		size_t mid = ok + (no - ok) / 2;
		char *p = anon(mid, RW);

		if (p == MAP_FAILED) {
			no = mid;
		} else {
			munmap(p, mid * PAGE);
			ok = mid;
		}
	}
	return ok;
}

static int promise_as_nobody(void *arg)
{
	size_t as_root = largest_promise(NULL), admin = *(size_t *)arg, as_nobody;

	if (setgid(65534) || setuid(65534))
		return 1;
	as_nobody = largest_promise(NULL);
	return as_root - as_nobody == admin ? 0 : 2;
}

static void modes(void)
{
	const char *mode = "/proc/sys/vm/overcommit_memory";
	size_t limit = (size_t)meminfo_kb("CommitLimit:") / 4, admin = 100;
	size_t ram = (size_t)meminfo_kb("MemTotal:") / 4;

	if (meminfo_kb("MemTotal:") > 900 * 1024)
		SKIP("much memory");
	FAILS((long)anon(ram + 1, RW), ENOMEM); /* 0: not more than there is */
	EQ(set(mode, "1"), 0);
	OK(munmap(anon(ram + 1, RW), (ram + 1) * PAGE));
	EQ(set(mode, "2"), 0);
	FAILS((long)anon(limit + 1, RW), ENOMEM);
	FAILS((long)mmap(NULL, (limit + 1) * PAGE, RW, ANON | MAP_NORESERVE, -1, 0), ENOMEM);
	EQ(set("/proc/sys/vm/overcommit_kbytes", "200000"), 0);
	EQ(meminfo_kb("CommitLimit:"), 200000);
	EQ(set("/proc/sys/vm/overcommit_ratio", "50"), 0); /* the last one counts */
	EQ(meminfo_kb("CommitLimit:"), limit * 4);
	EQ(set("/proc/sys/vm/user_reserve_kbytes", "0"), 0);
	EQ(set("/proc/sys/vm/admin_reserve_kbytes", "400"), 0);
	EQ(set("/proc/sys/vm/overcommit_ratio", "100"), 0);
	EQ(tap_child(promise_as_nobody, &admin), 0);
	EQ(set("/proc/sys/vm/overcommit_ratio", "50"), 0);
	EQ(set("/proc/sys/vm/user_reserve_kbytes", "15000"), 0);
	EQ(set("/proc/sys/vm/admin_reserve_kbytes", "8192"), 0);
	EQ(set(mode, "0"), 0);
	FAILS(set(mode, "3"), EINVAL);
}

/* ---- remap_file_pages ---- */

static long remap_pages(void *p, size_t len, long prot, size_t pgoff, long flags)
{
	return syscall(SYS_remap_file_pages, p, len, prot, pgoff, flags);
}

static void other_pages_of_a_file(void)
{
	int fd = open("f", O_CREAT | O_RDWR, 0600);
	char *p, *a = anon(4, RW);

	NEED(fd >= 0 && ftruncate(fd, 8 * (off_t)PAGE) == 0);
	p = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED && a != MAP_FAILED);
	for (int i = 0; i < 8; i++)
		p[i * PAGE] = (char)i;
	OK(remap_pages(p + PAGE, PAGE, 0, 6, 0));
	EQ(p[PAGE], 6);
	EQ(p[2 * PAGE], 2);
	OK(remap_pages(p, 2 * PAGE, 0, 3, MAP_NONBLOCK));
	EQ(p[0] * 10 + p[PAGE], 34);
	p[0] = 77;
	EQ(p[3 * PAGE], 77);
	FAILS(remap_pages(p, PAGE, PROT_READ, 0, 0), EINVAL);
	FAILS(remap_pages(p, 0, 0, 0, 0), EINVAL);
	FAILS(remap_pages(a, PAGE, 0, 0, 0), EINVAL);
	FAILS(remap_pages(p + 7 * PAGE, 2 * PAGE, 0, 0, 0), EINVAL);
	FAILS(remap_pages(p, PAGE, 0, ~0ul, 0), EINVAL);
	OK(mlock(p + 6 * PAGE, PAGE));
	OK(remap_pages(p + 6 * PAGE, PAGE, 0, 1, 0));
	EQ(p[6 * PAGE], 1);
	EQ(status_kb("VmLck:"), 4); /* the new mapping, as the old */
	OK(munlock(p + 6 * PAGE, PAGE));
	OK(munmap(p + 4 * PAGE, PAGE));
	FAILS(remap_pages(p + 3 * PAGE, 3 * PAGE, 0, 0, 0), EINVAL);
	close(fd);
	unlink("f");
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(without_chance),
		T(by_chance),
		T(bottom_up),
		T(reading_implies_executing),
		T(promises),
		T(modes),
		T(other_pages_of_a_file),
		TEND,
	};

	if (argc > 1 && strcmp(argv[1], "--where") == 0)
		return where();
	return tap_main(argc, argv, tests);
}
