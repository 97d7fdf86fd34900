/*
 * /proc/PID/clear_refs and the soft-dirty bit of pagemap: which pages were written since, to the page, whatever happens to
 * the mapping; and what each other number does.
 */
#include "mem.h"

#include "pagemap.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/uio.h>

enum { MAX = 512 };

static char *map(size_t pages, int flags)
{
	return mmap(NULL, pages * PAGE, RW, flags | MAP_ANONYMOUS, -1, 0);
}

/* Answer 0 or errno. */
static int clear_refs(const char *pid, const char *what)
{
	char path[64];
	ssize_t n;
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%s/clear_refs", pid);
	fd = open(path, O_WRONLY);
	n = write(fd, what, strlen(what));
	err = n == (ssize_t)strlen(what) ? 0 : errno;
	close(fd);
	return err;
}

static void forget(void)
{
	EQ(clear_refs("self", "4"), 0);
}

static void pagemap_of(const char *pid, const void *p, size_t n, uint64_t *out)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/pagemap", pid);
	fd = open(path, O_RDONLY | O_LARGEFILE);
	EQ(pread64(fd, out, n * 8, (off64_t)((uintptr_t)p / PAGE * 8)), n * 8);
	close(fd);
}

/* A digit for each of the @n pages from @p on. */
static const char *soft(const void *p, size_t n)
{
	static char text[MAX + 1];
	uint64_t v[MAX] = { 0 };

	pagemap_of("self", p, n, v);
	for (size_t i = 0; i < n; i++)
		text[i] = v[i] & PM_SOFT_DIRTY ? '1' : '0';
	text[n] = '\0';
	return text;
}

static void peek(const char *p)
{
	(void)*(const volatile char *)p;
}

/* ---- the bit ---- */

/* What exec makes of a stack is not written as a whole, only its pages are. */
static void a_stack(void)
{
	static char maps[65536];
	unsigned long start = 0;
	char *line;

	NEED(tap_read("/proc/self/maps", maps, sizeof(maps)) > 0);
	line = strstr(maps, "[stack]");
	NEED(line);
	*line = '\0';
	line = strrchr(maps, '\n');
	NEED(line && sscanf(line, "%lx-", &start) == 1);
	EQ(has_vmflag((void *)start, "sd"), 0);
	EQ(has_vmflag((void *)start, "gd"), 1);
}

static void new_memory_counts_as_written(void)
{
	char *p = map(8, MAP_PRIVATE);

	STREQ(soft(p, 8), "11111111");
	EQ(has_vmflag(p, "sd"), 1);
	forget();
	EQ(has_vmflag(p, "sd"), 0);
	STREQ(soft(p, 8), "00000000");
	peek(p + 3 * PAGE);
	p[PAGE] = 1;
	p[2 * PAGE] = 1; /* one after the other */
	p[3 * PAGE] = 1;
	p[7 * PAGE] = 1;
	STREQ(soft(p, 8), "01110001");
	peek(p + 4 * PAGE);
	STREQ(soft(p, 8), "01110001");
	forget();
	STREQ(soft(p, 8), "00000000");
	EQ(pagemap(p + PAGE) & PM_PRESENT, PM_PRESENT);
	p[2 * PAGE] = 2;
	STREQ(soft(p, 8), "00100000");
	munmap(p, 8 * PAGE);
	NEED(mmap(p, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == p);
	STREQ(soft(p, 8), "11111111"); /* another mapping at the same place */
	munmap(p, 8 * PAGE);
}

static void shared_and_file_memory(void)
{
	char *s = map(8, MAP_SHARED), *f, *g;
	int fd = open("/tmp/softdirty-file", O_CREAT | O_RDWR | O_TRUNC, 0600);

	NEED(fd >= 0 && ftruncate(fd, 8 * PAGE) == 0);
	f = mmap(NULL, 8 * PAGE, RW, MAP_PRIVATE, fd, 0);
	g = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0);
	for (int i = 0; i < 8; i++)
		s[i * PAGE] = f[i * PAGE] = g[i * PAGE] = 1;
	forget();
	s[2 * PAGE] = 1;
	f[3 * PAGE] = 1;
	g[4 * PAGE] = 1;
	peek(f + 5 * PAGE);
	EQ(pwrite(fd, "x", 1, 6 * PAGE), 1); /* not through a mapping */
	STREQ(soft(s, 8), "00100000");
	STREQ(soft(f, 8), "00010000");
	STREQ(soft(g, 8), "00001000");
	munmap(s, 8 * PAGE);
	munmap(f, 8 * PAGE);
	munmap(g, 8 * PAGE);
	unlink("/tmp/softdirty-file");
	close(fd);
}

static void the_kernels_writes_count(void)
{
	char *p = map(8, MAP_PRIVATE), c = 'x';
	struct iovec from = { &c, 1 }, to = { p + 4 * PAGE, 1 };
	int fds[2], mem;

	memset(p, 1, 8 * PAGE);
	NEED(pipe(fds) == 0);
	forget();
	EQ(write(fds[1], "abc", 3), 3);
	EQ(read(fds[0], p + PAGE - 1, 2), 2); /* over a border */
	EQ(process_vm_writev(getpid(), &from, 1, &to, 1, 0), 1);
	mem = open("/proc/self/mem", O_RDWR | O_LARGEFILE);
	EQ(pwrite64(mem, "y", 1, (off64_t)(uintptr_t)(p + 6 * PAGE)), 1);
	EQ(write(fds[1], p + 7 * PAGE, 1), 1); /* only read */
	STREQ(soft(p, 8), "11001010");
	/* A debugger writes what the program may only read. */
	NEED(mprotect(p, 8 * PAGE, PROT_READ) == 0);
	forget();
	EQ(pwrite64(mem, "z", 1, (off64_t)(uintptr_t)(p + 3 * PAGE)), 1);
	EQ(p[3 * PAGE], 'z');
	STREQ(soft(p, 8), "00010000");
	close(mem);
	close(fds[0]);
	close(fds[1]);
	munmap(p, 8 * PAGE);
}

/* ---- what happens to mappings ---- */

static void rights_taken_and_given_back(void)
{
	char *p = map(8, MAP_PRIVATE), *s = map(8, MAP_SHARED);

	memset(p, 1, 8 * PAGE);
	memset(s, 1, 8 * PAGE);
	forget();
	p[PAGE] = 2;
	s[2 * PAGE] = 2;
	EQ(mprotect(p, 8 * PAGE, PROT_READ), 0);
	EQ(mprotect(s, 8 * PAGE, PROT_NONE), 0);
	EQ(mprotect(p, 8 * PAGE, RW), 0);
	EQ(mprotect(s, 8 * PAGE, RW), 0);
	STREQ(soft(p, 8), "01000000");
	STREQ(soft(s, 8), "00100000");
	p[4 * PAGE] = 3;
	s[5 * PAGE] = 3;
	STREQ(soft(p, 8), "01001000");
	STREQ(soft(s, 8), "00100100");
	munmap(p, 8 * PAGE);
	munmap(s, 8 * PAGE);
}

static void moved_and_grown(void)
{
	char *area = map(64, MAP_PRIVATE), *p = area, *to = area + 32 * PAGE;

	munmap(area, 64 * PAGE);
	NEED(mmap(p, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == p);
	memset(p, 1, 8 * PAGE);
	forget();
	NEED(mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	STREQ(soft(to, 4), "1111");
	STREQ(soft(p + 4 * PAGE, 4), "0000");
	NEED(mremap(p + 4 * PAGE, 4 * PAGE, 6 * PAGE, 0) == p + 4 * PAGE);
	STREQ(soft(p + 4 * PAGE, 6), "000000"); /* what it gained was never written */
	EQ(has_vmflag(p + 4 * PAGE, "sd"), 0);
	peek(p + 8 * PAGE);
	STREQ(soft(p + 4 * PAGE, 6), "000000");
	p[9 * PAGE] = 1;
	STREQ(soft(p + 4 * PAGE, 6), "000001");
	forget();
	NEED(mremap(p + 4 * PAGE, 6 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	STREQ(soft(to, 8), "11111100"); /* it moved, and longer by two */
	EQ(has_vmflag(to, "sd"), 0);
	munmap(area, 64 * PAGE);
}

/* The heap that has grown counts as written whole; one that has shrunk as before. */
static void a_heap_that_grows(void)
{
	uintptr_t now = ((uintptr_t)syscall(SYS_brk, 0) + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
	char *p = (char *)now;

	NEED((uintptr_t)syscall(SYS_brk, p + 4 * PAGE) == now + 4 * PAGE);
	memset(p, 1, 4 * PAGE);
	forget();
	STREQ(soft(p, 4), "0000");
	EQ((uintptr_t)syscall(SYS_brk, p + 8 * PAGE), now + 8 * PAGE);
	STREQ(soft(p, 8), "11111111");
	EQ(has_vmflag(p, "sd"), 1);
	forget();
	p[PAGE] = 1;
	EQ((uintptr_t)syscall(SYS_brk, p + 2 * PAGE), now + 2 * PAGE);
	STREQ(soft(p, 2), "01");
	EQ((uintptr_t)syscall(SYS_brk, p), now);
}

static void advice(void)
{
	char *p = map(8, MAP_PRIVATE);

	memset(p, 1, 8 * PAGE);
	forget();
	p[0] = p[PAGE] = p[2 * PAGE] = 2;
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(madvise(p + PAGE, 2 * PAGE, 8 /* MADV_FREE */), 0);
	EQ(madvise(p + 4 * PAGE, 2 * PAGE, 20 /* MADV_COLD */), 0);
	EQ(madvise(p + 6 * PAGE, PAGE, MADV_DONTNEED), 0);
	STREQ(soft(p, 8), "01100000");
	peek(p + 6 * PAGE);
	STREQ(soft(p, 8), "01100000");
	p[6 * PAGE] = 1;
	STREQ(soft(p, 8), "01100010");
	munmap(p, 8 * PAGE);
}

/* Page 2 is written before the fork, 4 after it. */
static int child_of_fork(void *arg)
{
	char *p = arg;

	if (strcmp(soft(p, 8), "00100000"))
		return 1;
	p[4 * PAGE] = 1;
	if (strcmp(soft(p, 8), "00101000"))
		return 2;
	forget();
	return strcmp(soft(p, 8), "00000000") ? 3 : tap_failures;
}

static void a_fork_has_the_bits_too(void)
{
	char *p = map(8, MAP_PRIVATE);

	memset(p, 1, 8 * PAGE);
	forget();
	p[2 * PAGE] = 2;
	EQ(tap_child(child_of_fork, p), 0);
	STREQ(soft(p, 8), "00100000");
	p[5 * PAGE] = 2; /* was write-protected by the fork as well */
	STREQ(soft(p, 8), "00100100");
	munmap(p, 8 * PAGE);
}

static void huge_pages(void)
{
	static char text[64];
	size_t size;
	char *area, *p;

	if (tap_read("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", text, sizeof(text)) < 0)
		SKIP("no transparent huge pages");
	size = strtoul(text, NULL, 10);
	area = mmap(NULL, 3 * size, RW, ANON, -1, 0);
	NEED(area != MAP_FAILED);
	p = (char *)(((uintptr_t)area + size - 1) & ~(size - 1));
	EQ(madvise(p, size, 14 /* MADV_HUGEPAGE */), 0);
	*p = 1;
	if (strtoul(smaps_field(p, "AnonHugePages:"), NULL, 10) * 1024 != size)
		SKIP("no block of memory is free");
	EQ(madvise(p, size, 15 /* MADV_NOHUGEPAGE */), 0); /* cut up, khugepaged leaves it so */
	forget();
	peek(p + PAGE);
	STREQ(soft(p, 4), "0000");
	p[2 * PAGE] = 1; /* one entry, one bit */
	STREQ(soft(p, 4), "1111");
	EQ(strtoul(smaps_field(p, "AnonHugePages:"), NULL, 10) * 1024, size);
	forget();
	EQ(madvise(p + 3 * PAGE, PAGE, MADV_DONTNEED), 0); /* cut up */
	p[PAGE] = 1;
	STREQ(soft(p, 4), "0100");
	munmap(area, 3 * size);
}

/* ---- what it is for ---- */

enum { DUMP_PAGES = 64, DUMP_ROUNDS = 6 };

/* The program that is being copied: in each round it writes some pages, in every way, then waits. */
static void victim(char *p, int go, int done)
{
	uint64_t rnd = 7;
	char c;

	while (read(go, &c, 1) == 1) {
		for (int i = 0; i < 9; i++) {
			size_t at = tap_random(&rnd) % (DUMP_PAGES * PAGE);

			p[at] = (char)tap_random(&rnd);
		}
		madvise(p + tap_random(&rnd) % DUMP_PAGES * PAGE, PAGE, MADV_DONTNEED);
		if (mremap(p + 3 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 9 * PAGE) ==
		    MAP_FAILED)
			_exit(1);
		if (mmap(p + 3 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED)
			_exit(2);
		p[3 * PAGE + 1] = c;
		if (write(done, &c, 1) != 1)
			_exit(3);
	}
	_exit(0);
}

/* Copy the pages of @pid that are there and soft-dirty; those that are not there are zeroes. Return: how many were copied. */
static unsigned dump(const char *pid, int mem, const char *p, char *copy)
{
	uint64_t v[DUMP_PAGES];
	unsigned n = 0;

	pagemap_of(pid, p, DUMP_PAGES, v);
	for (size_t i = 0; i < DUMP_PAGES; i++) {
		off64_t at = (off64_t)(uintptr_t)(p + i * PAGE);

		if (!(v[i] & PM_PRESENT)) {
			memset(copy + i * PAGE, 0, PAGE);
		} else if (v[i] & PM_SOFT_DIRTY) {
			EQ(pread64(mem, copy + i * PAGE, PAGE, at), PAGE);
			n++;
		}
	}
	return n;
}

/* A checkpoint in several rounds: after the first, only what was written is copied; the copy is the memory. */
static void copies_of_a_running_program(void)
{
	char *p = map(DUMP_PAGES, MAP_PRIVATE), *copy = malloc(DUMP_PAGES * PAGE),
	     *now = malloc(DUMP_PAGES * PAGE), name[24], path[64], c = 1;
	int go[2], done[2], mem;
	unsigned n = 0;
	pid_t pid;

	memset(p, 1, DUMP_PAGES * PAGE);
	memset(copy, 0xee, DUMP_PAGES * PAGE);
	NEED(pipe(go) == 0 && pipe(done) == 0);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		victim(p, go[0], done[1]);
	}
	snprintf(name, sizeof(name), "%d", (int)pid);
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	mem = open(path, O_RDONLY | O_LARGEFILE);
	EQ(dump(name, mem, p, copy), DUMP_PAGES);
	for (int round = 0; round < DUMP_ROUNDS; round++) {
		EQ(clear_refs(name, "4"), 0);
		EQ(write(go[1], &c, 1), 1);
		EQ(read(done[0], &c, 1), 1);
		n = dump(name, mem, p, copy);
		EQ(pread64(mem, now, DUMP_PAGES * PAGE, (off64_t)(uintptr_t)p), DUMP_PAGES * PAGE);
		EQ(memcmp(copy, now, DUMP_PAGES * PAGE), 0);
	}
	CHECK(n >= 2);
	close(go[1]);
	EQ(tap_wait(pid), 0);
	close(go[0]);
	close(done[0]);
	close(done[1]);
	close(mem);
	free(now);
	free(copy);
	munmap(p, DUMP_PAGES * PAGE);
}

static struct {
	volatile unsigned *words;
	volatile int stop;
} race;

static void *race_writer(void *arg)
{
	uint64_t rnd = (uintptr_t)arg;

	while (!race.stop) {
		size_t page = tap_random(&rnd) % DUMP_PAGES;

		__atomic_fetch_add(&race.words[page * PAGE / 4 + (uintptr_t)arg], 1,
				   __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void read_words(unsigned words[DUMP_PAGES][2])
{
	for (size_t i = 0; i < DUMP_PAGES; i++)
		for (size_t k = 0; k < 2; k++)
			words[i][k] = race.words[i * PAGE / 4 + k];
}

/* No write after the clearing is missed, on whatever CPU it is. */
static void threads_that_write_meanwhile(void)
{
	static unsigned before[DUMP_PAGES][2], after[DUMP_PAGES][2];
	unsigned missed = 0, changed = 0;
	char *p = map(DUMP_PAGES, MAP_PRIVATE);
	uint64_t v[DUMP_PAGES];
	pthread_t t[2];

	race.words = (unsigned *)p;
	memset(p, 0, DUMP_PAGES * PAGE);
	for (uintptr_t i = 0; i < 2; i++)
		NEED(pthread_create(&t[i], NULL, race_writer, (void *)i) == 0);
	/* On a busy host the writers' processors may stand still for all of these rounds: then there are more. */
	for (int round = 0; round < (tap_quick() ? 20 : 100) || (!changed && round < 20000);
	     round++) {
		forget();
		read_words(before);
		sched_yield();
		read_words(after);
		pagemap_of("self", p, DUMP_PAGES, v);
		for (size_t i = 0; i < DUMP_PAGES; i++) {
			int differs = memcmp(before[i], after[i], sizeof(before[i])) != 0;

			changed += differs;
			missed += differs && !(v[i] & PM_SOFT_DIRTY);
		}
	}
	race.stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	EQ(missed, 0);
	CHECK(changed > 0);
	munmap(p, DUMP_PAGES * PAGE);
}

/* ---- the other numbers ---- */

static unsigned long referenced(const void *p)
{
	char *kb = smaps_field(p, "Referenced:");

	return kb ? strtoul(kb, NULL, 10) : ~0UL;
}

static void what_each_number_clears(void)
{
	static const char *const wrong[] = { "0", "6", "-1", "x", "4x", "99999999999" };
	char *p = map(8, MAP_PRIVATE), *f, *big;
	int fd = open("/tmp/softdirty-file", O_CREAT | O_RDWR | O_TRUNC, 0600);

	NEED(fd >= 0 && ftruncate(fd, 8 * PAGE) == 0);
	f = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0);
	forget();
	memset(p, 1, 8 * PAGE);
	memset(f, 1, 8 * PAGE);
	EQ(referenced(p), 32);
	EQ(referenced(f), 32);
	EQ(clear_refs("self", "4"), 0);
	EQ(referenced(p), 32);
	p[PAGE] = 1;
	EQ(clear_refs("self", "2\n"), 0); /* anonymous */
	EQ(referenced(p), 0);
	EQ(referenced(f), 32);
	EQ(clear_refs("self", "3"), 0); /* of files */
	EQ(referenced(f), 0);
	p[0] = f[0] = 1;
	EQ(referenced(p), 4);
	EQ(clear_refs("self", " 1 "), 0); /* all */
	EQ(referenced(p), 0);
	EQ(referenced(f), 0);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		CHECK(clear_refs("self", wrong[i]) != 0);
	EQ(clear_refs("self", "0"), EINVAL);
	EQ(clear_refs("self", "6"), EINVAL);
	STREQ(soft(p, 8), "11000000"); /* only 4 touches these */
	big = map(256, MAP_PRIVATE);
	memset(big, 1, 256 * PAGE);
	munmap(big, 256 * PAGE);
	CHECK(status_kb("VmHWM:") >= status_kb("VmRSS:") + 900);
	EQ(clear_refs("self", "5"), 0);
	CHECK(status_kb("VmHWM:") < status_kb("VmRSS:") + 100);
	munmap(p, 8 * PAGE);
	munmap(f, 8 * PAGE);
	unlink("/tmp/softdirty-file");
	close(fd);
}

/* Does a mapping of the caller's begin at @p and end at @p + @pages? */
static bool one_mapping(const char *p, size_t pages)
{
	char line[256], want[64];
	FILE *f = fopen("/proc/self/maps", "re");
	bool found = false;

	snprintf(want, sizeof(want), "%08lx-%08lx ", (unsigned long)p,
		 (unsigned long)(p + pages * PAGE));
	while (f && fgets(line, sizeof(line), f))
		found |= !strncmp(line, want, strlen(want));
	if (f)
		fclose(f);
	return found;
}

/* A new mapping counts as written and the one beside it does not: with equal rights they become one all the same. */
static void tracked_and_new_become_one(void)
{
	char *hole = mmap(NULL, 6 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p = hole + PAGE;

	NEED(hole != MAP_FAILED);
	OK(mprotect(p, 2 * PAGE, RW | PROT_EXEC));
	p[0] = p[PAGE] = 1;
	forget();
	NEED(mmap(p + 2 * PAGE, 2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	     p + 2 * PAGE);
	p[2 * PAGE] = p[3 * PAGE] = 1;
	CHECK(one_mapping(p, 2));
	OK(mprotect(p, 2 * PAGE, RW));
	CHECK(one_mapping(p, 4));
	munmap(hole, 6 * PAGE);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(a_stack),
						 T(new_memory_counts_as_written),
						 T(shared_and_file_memory),
						 T(the_kernels_writes_count),
						 T(rights_taken_and_given_back),
						 T(moved_and_grown),
						 T(a_heap_that_grows),
						 T(advice),
						 T(a_fork_has_the_bits_too),
						 T(huge_pages),
						 T(copies_of_a_running_program),
						 T(threads_that_write_meanwhile),
						 T(what_each_number_clears),
						 T(tracked_and_new_become_one),
						 TEND };

	return tap_main(argc, argv, tests);
}
