/* mremap(2) of several MiB: what moves with its tables is there without a fault, and everything else is as with small moves. */
#include "mem.h"

#include <pthread.h>
#include <setjmp.h>

enum { MOVE = MREMAP_MAYMOVE | MREMAP_FIXED };
#define MIB ((size_t)1 << 20)
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static const size_t len = 8 << 20,
		    block = 4 << 20; /* a table of i386 covers 4 MiB, of the others 2 */

/* Minor faults so far: the field after the name, state, and six more. */
static long minor_faults(void)
{
	char text[1024];
	const char *p;
	long n = -1;

	if (tap_read("/proc/self/stat", text, sizeof(text)) < 0 || !(p = strrchr(text, ')')))
		return -1;
	sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %ld", &n);
	return n;
}

/* Figures without the faults of asking for them: what is asked for a second time touches no new page of ours. */
static void warm_up(void)
{
	(void)minor_faults();
	(void)status_kb("VmRSS:");
	(void)figure_after("/proc/self/smaps_rollup", NULL, "AnonHugePages:");
	(void)figure_after("/proc/vmstat", NULL, "thp_split_pmd ");
}

/* Two places for len bytes, alike in their tables, the upper ones too: no border of a GiB is near. *room is all of it. */
static size_t two_places(char **room, char **a, char **b)
{
	const size_t span = 2 * len + 2 * block, size = 2 * span + block;
	uintptr_t at;

	*room = mmap(NULL, size, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	at = ((uintptr_t)*room + block - 1) & -(uintptr_t)block;
	if (at >> 30 != (at + span - 1) >> 30)
		at = (at + span) >> 30 << 30;
	*a = (char *)at;
	*b = *a + len + block;
	return *room == MAP_FAILED ? 0 : size;
}

static void number(char *p, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		*(unsigned *)(p + i) = (unsigned)(i / PAGE + 1);
}

/* Return: pages that do not have their number. */
static long wrong(const char *p, size_t size)
{
	long n = 0;

	for (size_t i = 0; i < size; i += PAGE)
		n += *(const unsigned *)(p + i) != i / PAGE + 1;
	return n;
}

static sigjmp_buf escape;
static siginfo_t caught;

static void on_fault(int sig, siginfo_t *info, void *ctx)
{
	caught = *info;
	siglongjmp(escape, sig);
}

static unsigned got; /* what reading() read last */

/* The signal that reading the word at @p brings, 0 for none. */
static int reading(const void *p)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	int sig;

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	sig = sigsetjmp(escape, 1);
	if (!sig)
		got = *(const volatile unsigned *)p;
	return sig;
}

/* @shift: how far the new place lies off; @ends: bytes at each end that share a table with something else. */
static void moves(int flags, size_t shift, size_t ends)
{
	char *room, *a, *b;
	size_t size = two_places(&room, &a, &b), n = len - 2 * ends;
	long tables, rss, faults;

	NEED(size && madvise(room, size, MADV_NOHUGEPAGE) == 0);
	a += ends;
	b += ends + shift;
	NEED(mmap(a, n, RW, flags | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == a);
	NEED(madvise(a, n, MADV_NOHUGEPAGE) == 0);
	number(a, n);
	warm_up();
	tables = status_kb("VmPTE:");
	rss = status_kb("VmRSS:");
	NEED(mremap(a, n, n, MOVE, b) == b);
	faults = minor_faults();
	EQ(wrong(b, n), 0);
	EQ(minor_faults(), faults);
	EQ(status_kb("VmRSS:"), rss);
	/* neighbours may keep the tables of both ends, and the new place may touch one more */
	CHECK(labs(status_kb("VmPTE:") - tables) <= 4 * (!!ends * 2 + !!shift));
	EQ(reading(a), SIGSEGV);
	EQ(caught.si_code, SEGV_MAPERR);
	EQ(reading(a + n - PAGE), SIGSEGV);
	number(b, n);
	EQ(munmap(room, size), 0);
}

static void tables_move(void)
{
	moves(MAP_PRIVATE, 0, 0);
	moves(MAP_SHARED, 0, 0);
}

static void tables_move_between_ends(void)
{
	moves(MAP_PRIVATE, 0, 3 * PAGE);
	moves(MAP_SHARED, 0, MIB + PAGE);
}

static void entries_move_where_tables_cannot(void)
{
	moves(MAP_PRIVATE, PAGE, 0);
	moves(MAP_SHARED, 5 * PAGE, 2 * PAGE);
}

/* What a child shares stays the child's at the old place. */
static int child_sees_its_own(void *arg)
{
	char *a = arg;
	char byte;
	long bad;

	if (read(0, &byte, 1) != 1)
		return 1;
	bad = wrong(a, len);
	number(a, len);
	return bad != 0;
}

static void a_child_keeps_the_old_place(void)
{
	char *room, *a, *b;
	size_t size = two_places(&room, &a, &b);
	int go[2];
	pid_t pid;

	NEED(size && pipe(go) == 0);
	NEED(mmap(a, len, RW, ANON | MAP_FIXED, -1, 0) == a);
	number(a, len);
	pid = fork();
	if (pid == 0) {
		dup2(go[0], 0);
		_exit(child_sees_its_own(a));
	}
	NEED(mremap(a, len, len, MOVE, b) == b);
	memset(b, 0xff, 2 * MIB);
	EQ(write(go[1], "x", 1), 1);
	EQ(tap_wait(pid), 0);
	EQ(*(unsigned *)b, 0xffffffff);
	for (size_t i = 2 * MIB; i < len; i += PAGE)
		EQ(*(unsigned *)(b + i), i / PAGE + 1);
	number(b, len);
	EQ(munmap(room, size), 0);
}

/* Huge pages stay huge where they fit. */
static void huge_pages_move_whole(void)
{
	char *room, *a, *b, mode[100] = "";
	size_t size = two_places(&room, &a, &b);
	long splits, huge_kb, faults;

	NEED(size);
	tap_read("/sys/kernel/mm/transparent_hugepage/enabled", mode, sizeof(mode));
	if (!mode[0] || strstr(mode, "[never]"))
		SKIP("no transparent huge pages");
	NEED(mmap(a, len, RW, ANON | MAP_FIXED, -1, 0) == a);
	NEED(madvise(a, len, MADV_HUGEPAGE) == 0);
	number(a, len);
	warm_up();
	huge_kb = figure_after("/proc/self/smaps_rollup", NULL, "AnonHugePages:");
	if (!huge_kb)
		SKIP("memory in pieces");
	splits = figure_after("/proc/vmstat", NULL, "thp_split_pmd ");
	NEED(mremap(a, len, len, MOVE, b) == b);
	faults = minor_faults();
	EQ(wrong(b, len), 0);
	EQ(minor_faults(), faults);
	EQ(figure_after("/proc/self/smaps_rollup", NULL, "AnonHugePages:"), huge_kb);
	EQ(figure_after("/proc/vmstat", NULL, "thp_split_pmd "), splits);
	NEED(madvise(b, len, MADV_NOHUGEPAGE) == 0); /* else khugepaged may be quick */
	NEED(mremap(b, len, len, MOVE, a + PAGE) == a + PAGE);
	EQ(wrong(a + PAGE, len), 0);
	EQ(figure_after("/proc/self/smaps_rollup", NULL, "AnonHugePages:"), 0);
	CHECK(figure_after("/proc/vmstat", NULL, "thp_split_pmd ") > splits);
	EQ(munmap(room, size), 0);
}

static void the_old_place_may_stay(void)
{
	char *room, *a, *b;
	size_t size = two_places(&room, &a, &b);

	NEED(size && mmap(a, len, RW, ANON | MAP_FIXED, -1, 0) == a);
	number(a, len);
	NEED(mremap(a, len, len, MOVE | MREMAP_DONTUNMAP, b) == b);
	EQ(wrong(b, len), 0);
	for (size_t i = 0; i < len; i += PAGE)
		EQ(*(unsigned *)(a + i), 0);
	number(a, len);
	NEED(mremap(a, len, len, MOVE, b) == b);
	EQ(wrong(b, len), 0);
	EQ(munmap(room, size), 0);
}

static void locked_pages_stay_locked(void)
{
	char *room, *a, *b;
	size_t size = two_places(&room, &a, &b);
	long locked, mlocked;

	NEED(size && mmap(a, len, RW, ANON | MAP_FIXED, -1, 0) == a);
	number(a, len);
	if (mlock(a, len))
		SKIP("may not lock");
	locked = status_kb("VmLck:");
	mlocked = figure_after("/proc/meminfo", NULL, "Mlocked:");
	EQ(locked, len / 1024);
	NEED(mremap(a, len, len, MOVE, b) == b);
	EQ(status_kb("VmLck:"), locked);
	EQ(figure_after("/proc/meminfo", NULL, "Mlocked:"), mlocked);
	EQ(munmap(b, len), 0);
	EQ(status_kb("VmLck:"), 0);
	EQ(figure_after("/proc/meminfo", NULL, "Mlocked:"), mlocked - locked);
}

/* ---- against those who find pages through the file ---- */

static int file;
static uint64_t seeds = 5;
static volatile int stop;

static void *truncating(void *arg)
{
	uint64_t seed = *(uint64_t *)arg;

	while (!stop) {
		if (ftruncate(file, (off_t)(tap_random(&seed) % (len / PAGE) * PAGE)) ||
		    ftruncate(file, (off_t)len))
			return arg;
	}
	return NULL;
}

/* The file is cut and grows again, under its mapping that moves to and fro: no page shows what it never had. */
static void moving_against_truncation(void)
{
	char *room, *a, *b, *from, *to;
	size_t size = two_places(&room, &a, &b);
	int rounds = tap_quick() ? 40 : 150;
	pthread_t t;
	void *bad;

	file = memfd_create("move", 0);
	NEED(size && file >= 0 && ftruncate(file, (off_t)len) == 0);
	NEED(mmap(a, len, RW, MAP_SHARED | MAP_FIXED, file, 0) == a);
	NEED(pthread_create(&t, NULL, truncating, &seeds) == 0);
	from = a;
	to = b;
	for (int i = 0; i < rounds; i++) {
		char *was = from;
		unsigned page = (unsigned)i * 37 % (unsigned)(len / PAGE);

		NEED(mremap(from, len, len, MOVE, to) == to);
		from = to;
		to = was;
		if (pwrite(file, &page, sizeof(page), (off_t)(page * PAGE)) != sizeof(page))
			break;
		CHECK(reading(from + page * PAGE) || got == 0 || got == page);
		EQ(reading(to), SIGSEGV);
	}
	stop = 1;
	NEED(pthread_join(t, &bad) == 0);
	CHECK(!bad);
	close(file);
	EQ(munmap(room, size), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = { T(tables_move),
					     T(tables_move_between_ends),
					     T(entries_move_where_tables_cannot),
					     T(a_child_keeps_the_old_place),
					     T(huge_pages_move_whole),
					     T(the_old_place_may_stay),
					     T(locked_pages_stay_locked),
					     T(moving_against_truncation),
					     TEND };

	return tap_main(argc, argv, t);
}
