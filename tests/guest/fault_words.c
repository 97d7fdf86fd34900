/* The boot words fault_batch= and fault_around=: how many pages one fault maps, seen in the number of faults.
 * The machines have 1, 4 or the default there. */
#include "mem.h"

#include <sys/resource.h>

enum { PAGES = 64, DEFAULT = 16 };

/* The number of @word in the kernel's command line, at least 1. */
static long pages_per_fault(const char *word)
{
	char text[4096], *at;
	long n;

	if (tap_read("/proc/cmdline", text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, word);
	n = at ? strtol(at + strlen(word), NULL, 10) : DEFAULT;
	return n < 1 ? 1 : n > DEFAULT ? DEFAULT : n;
}

static long minor_faults(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_minflt;
}

enum way { WRITE_UPWARDS, READ_UPWARDS, READ_DOWNWARDS };

/* Faults of going once over PAGES pages from an address that is a multiple of their size on. */
static long faults_of(volatile char *p, enum way way)
{
	long before = minor_faults();

	before = minor_faults();
	for (size_t i = 0; i < PAGES; i++) {
		if (way == WRITE_UPWARDS)
			p[i * PAGE] = 1;
		else
			(void)p[(way == READ_UPWARDS ? i : PAGES - 1 - i) * PAGE];
	}
	return minor_faults() - before;
}

static char *aligned_room(void)
{
	char *p = anon(2 * PAGES, PROT_NONE);

	return (char *)(((uintptr_t)p + PAGES * PAGE - 1) & -(uintptr_t)(PAGES * PAGE));
}

/* A fault for each page when it is off; or else about one for @n of them: fewer at the beginning of a run. */
static void expect(long faults, long n)
{
	if (n == 1)
		EQ(faults, PAGES);
	CHECK(faults >= PAGES / n);
	CHECK(faults <= PAGES * 2 / n + 2 || n == 1);
}

static void batch(void)
{
	long n = pages_per_fault("fault_batch=");
	char *p = aligned_room();

	NEED(n > 0 && mmap(p, PAGES * PAGE, RW, ANON | MAP_FIXED, -1, 0) == p);
	madvise(p, PAGES * PAGE, MADV_NOHUGEPAGE);
	expect(faults_of(p, WRITE_UPWARDS), n);
	EQ(resident(p, PAGES), PAGES);
}

static void around(void)
{
	long n = pages_per_fault("fault_around=");
	int fd = memfd_create("around", 0);
	char *p = aligned_room();

	NEED(n > 0 && fd >= 0 && ftruncate(fd, PAGES * PAGE) == 0);
	for (size_t i = 0; i < PAGES; i++)
		EQ(pwrite(fd, "x", 1, (off_t)(i * PAGE)), 1);
	NEED(mmap(p, PAGES * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == p);
	expect(faults_of(p, READ_DOWNWARDS), n);
	NEED(mmap(p, PAGES * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == p);
	/* Windows double while they are walked upwards: 16, 16, 32; 4, 4, 8, 16, 32. */
	EQ(faults_of(p, READ_UPWARDS), n == 1 ? PAGES : n == 4 ? 5 : 3);
	EQ(munmap(p, PAGES * PAGE), 0);
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = { T(batch), T(around), TEND };

	return tap_main(argc, argv, t);
}
