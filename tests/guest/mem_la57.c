/*
 * Addresses above the 47 bits that programs get by themselves: with 5 levels to those who ask by a hint, without to nobody.
 * Runs on both kinds of CPU; on i386 there is nothing to see.
 */
#include "mem.h"

#define WINDOW 0x7ffffffff000UL
#define TOP57  0xfffffffffff000UL /* the end of user space with 5 levels */

#ifdef __x86_64__

static char *map(unsigned long at, size_t len, int flags)
{
	return mmap((void *)at, len, RW, ANON | flags, -1, 0);
}

static volatile unsigned long fault_addr;
static volatile int fault_code, fault_sig;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	fault_sig = sig;
	fault_code = info->si_code;
	fault_addr = (unsigned long)info->si_addr;
	_exit((fault_code == SEGV_MAPERR ? 1
	       : fault_code == SI_KERNEL ? 2
					 : 3) +
	      (fault_addr ? 10 : 0));
}

static int touch(void *at)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &sa, NULL);
	*(volatile char *)at = 1;
	return 0;
}

static void nothing_high_without_asking(void)
{
	char *p = map(0, 1UL << 45, MAP_NORESERVE), *q = map(0x10000000000UL, PAGE, 0);

	NEED(p != MAP_FAILED && q != MAP_FAILED);
	CHECK((unsigned long)p + (1UL << 45) <= WINDOW);
	EQ(q, 0x10000000000UL);
	CHECK((unsigned long)&p < WINDOW);
	CHECK((unsigned long)sbrk(0) < WINDOW);
	/* Full below: not even then. */
	EQ(map(0, 1UL << 47, MAP_NORESERVE), MAP_FAILED);
	EQ(errno, ENOMEM);
}

static void hints_above(void)
{
	static const unsigned long hints[] = { 1UL << 47, (1UL << 47) + 64 * PAGE,
					       1UL << 48, 0x123456789a000,
					       1UL << 55, TOP57 - 4 * PAGE };

	if (!five_levels()) {
		char *top = map(0, PAGE, 0);

		for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
			char *p = map(hints[i], 4 * PAGE, 0);

			NEED(p != MAP_FAILED);
			CHECK((unsigned long)p + 4 * PAGE <= WINDOW);
			CHECK(p < top && top - p < 1L << 30); /* from the top, as without it */
			EQ(map(hints[i], 4 * PAGE, MAP_FIXED), MAP_FAILED);
			EQ(errno, ENOMEM);
		}
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
		char *p = map(hints[i], 4 * PAGE, 0);

		EQ(p, hints[i]);
		for (size_t k = 0; k < 4; k++) {
			EQ(p[k * PAGE], 0);
			p[k * PAGE] = (char)(i + k);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
		for (size_t k = 0; k < 4; k++)
			EQ(((char *)hints[i])[k * PAGE], (char)(i + k));
		EQ(munmap((void *)hints[i], 4 * PAGE), 0);
	}
	EQ(map(TOP57 - PAGE, 2 * PAGE, MAP_FIXED), MAP_FAILED);
	EQ(errno, ENOMEM);
	EQ(map(TOP57, PAGE, MAP_FIXED), MAP_FAILED);
	EQ(errno, ENOMEM);
}

/* A hint that is taken already: the search begins at the end of the whole space; one across the border counts for nothing. */
static void searching_above(void)
{
	char *a, *b, *c;

	if (!five_levels())
		SKIP("the CPU has 4 levels");
	a = map(1UL << 50, PAGE, 0);
	EQ(a, 1UL << 50);
	b = map(1UL << 50, PAGE, 0);
	CHECK(b != MAP_FAILED && b != a && (unsigned long)b > WINDOW);
	c = map(WINDOW - PAGE, 2 * PAGE, 0);
	CHECK(c != MAP_FAILED && (unsigned long)c + 2 * PAGE <= WINDOW);
	/* More than the window holds, for who asks. */
	c = map(1UL << 48, 1UL << 54, MAP_NORESERVE);
	CHECK(c != MAP_FAILED && (unsigned long)c > WINDOW);
	*c = 1;
	c[(1UL << 54) - 1] = 2;
	EQ(munmap(c, 1UL << 54), 0);
}

static int child_writes(void *arg)
{
	volatile char *p = arg;

	for (int i = 0; i < 64; i++) {
		if (p[i * PAGE] != i)
			return 1;
		p[i * PAGE] = (char)(i + 1);
	}
	return 0;
}

static void every_call(void)
{
	unsigned char vec[64];
	unsigned long at = 0xabcde12345000, to = 0xf00000000000;
	char *p, byte;
	uint64_t entry = 0;
	int fd;

	if (!five_levels())
		SKIP("the CPU has 4 levels");
	p = map(at, 64 * PAGE, 0);
	NEED((unsigned long)p == at);
	for (int i = 0; i < 64; i++)
		p[i * PAGE] = (char)i;
	EQ(tap_child(child_writes, p), EXITED(0));
	for (int i = 0; i < 64; i++)
		EQ(p[i * PAGE], i);
	EQ(mincore(p, 64 * PAGE, vec), 0);
	EQ(vec[0] & vec[63], 1);
	EQ(mprotect(p + 10 * PAGE, PAGE, PROT_READ), 0);
	EQ(tap_child(touch, p + 10 * PAGE), EXITED(13));
	EQ(mprotect(p + 10 * PAGE, PAGE, RW), 0);
	EQ(madvise(p + PAGE, PAGE, MADV_DONTNEED), 0);
	EQ(p[PAGE], 0);
	fd = open("/proc/self/pagemap", O_RDONLY);
	EQ(pread(fd, &entry, 8, (off_t)(at / PAGE * 8)), 8);
	EQ(entry >> 63, 1);
	close(fd);
	fd = open("/proc/self/mem", O_RDWR);
	EQ(pread(fd, &byte, 1, (off_t)(at + 7 * PAGE)), 1);
	EQ(byte, 7);
	close(fd);
	p = mremap(p, 64 * PAGE, 128 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)to);
	EQ(p, to);
	for (int i = 2; i < 64; i++)
		EQ(p[i * PAGE], i);
	EQ(p[127 * PAGE], 0);
	EQ(tap_child(touch, (void *)at), EXITED(11));
	p = mremap(p, 128 * PAGE, 64 * PAGE, 0);
	EQ(p, to);
	EQ(munmap(p, 64 * PAGE), 0);
}

/* Tables of every level come and go with what is mapped. */
static void tables_come_back(void)
{
	long before, now;
	char *p;

	if (!five_levels())
		SKIP("the CPU has 4 levels");
	before = status_kb("VmPTE:");
	p = map(3UL << 53, PAGE, 0);
	NEED((unsigned long)p == 3UL << 53);
	*p = 1;
	now = status_kb("VmPTE:");
	EQ(now - before, 16); /* P4D, PUD, PMD, PTE */
	EQ(munmap(p, PAGE), 0);
	EQ(status_kb("VmPTE:"), before);
}

/* What is no address at all is a general protection fault: no address in the signal. */
static void not_canonical(void)
{
	unsigned long hole = five_levels() ? 1UL << 57 : 1UL << 47;
	unsigned long kernel = 0xffff888000000000UL;
	char c;
	int fd = open("/dev/zero", O_RDONLY);

	EQ(tap_child(touch, (void *)hole), EXITED(2));
	EQ(tap_child(touch, (void *)(hole << 1)), EXITED(2));
	EQ(tap_child(touch, (void *)kernel), EXITED(11));
	if (five_levels())
		EQ(tap_child(touch, (void *)(1UL << 50)), EXITED(11));
	else
		EQ(tap_child(touch, (void *)(1UL << 50)), EXITED(2));
	FAILS(read(fd, (void *)hole, 1), EFAULT);
	FAILS(read(fd, (void *)(1UL << 50), 1), EFAULT);
	FAILS(read(fd, (void *)kernel, 1), EFAULT);
	FAILS(write(1, (void *)(1UL << 62), 1), EFAULT);
	EQ(read(fd, &c, 1), 1);
	close(fd);
}
#endif

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
#ifdef __x86_64__
		T(nothing_high_without_asking),
		T(hints_above),
		T(searching_above),
		T(every_call),
		T(tables_come_back),
		T(not_canonical),
#endif
		TEND
	};

	return tap_main(argc, argv, tests);
}
