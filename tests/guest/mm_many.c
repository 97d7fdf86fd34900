/* An address space of 100,000 mappings: made, shown, faulted in, and taken down again. */
#include "mem.h"

#define MAX_MAP_COUNT "/proc/sys/vm/max_map_count"

static char old_limit[32];

static long lines_of_maps(void)
{
	static char buf[1 << 16];
	int fd = open("/proc/self/maps", O_RDONLY);
	long lines = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++)
			lines += buf[i] == '\n';
	close(fd);
	return n < 0 ? -1 : lines;
}

/* Every other page of @p gets other rights: two mappings more for each, but for the last. Return: the first error. */
static int cut_up(char *p, size_t pages)
{
	for (size_t i = 1; i < pages; i += 2)
		if (mprotect(p + i * PAGE, PAGE, PROT_READ))
			return errno;
	return 0;
}

/* A page in every thousandth mapping; they are all there, and all others still read as 0. */
static void touch_some(char *p, size_t pages)
{
	for (size_t i = 0; i < pages; i += 1000)
		p[i * PAGE] = (char)(i / 1000 + 1);
	for (size_t i = 0; i < pages; i += 500)
		EQ(p[i * PAGE], (char)(i % 1000 ? 0 : i / 1000 + 1));
}

static void hundred_thousand(void)
{
	const size_t pages = tap_quick() ? 20000 : 100000;
	long before, slab;
	char *p = anon(pages, RW);

	if (p == MAP_FAILED && errno == ENOMEM)
		SKIP("so much is not promised by so little memory");
	NEED(p != MAP_FAILED);
	if (tap_read(MAX_MAP_COUNT, old_limit, sizeof(old_limit)) < 0 ||
	    tap_put(MAX_MAP_COUNT, "200000"))
		SKIP("may not raise vm.max_map_count");
	before = lines_of_maps() - 1; /* p's */
	slab = meminfo_kb("Slab:");
	EQ(cut_up(p, pages), 0);
	EQ(lines_of_maps() - before, pages);
	touch_some(p, pages);
	/* A mapping in the middle of them finds its place and goes. */
	EQ(munmap(p + pages / 2 * PAGE, PAGE), 0);
	CHECK(mmap(p + pages / 2 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) ==
	      p + pages / 2 * PAGE);
	/* One call joins half of them, but for those with private pages, which stand alone between others. */
	EQ(mprotect(p, pages / 2 * PAGE, PROT_READ), 0);
	CHECK(lines_of_maps() - before <= (long)(pages / 2 + pages / 1000 + 4));
	EQ(munmap(p, pages * PAGE), 0);
	EQ(lines_of_maps(), before);
	CHECK(meminfo_kb("Slab:") < slab + 2048); /* of tens of MiB */
	EQ(tap_put(MAX_MAP_COUNT, old_limit), 0);
}

/* The limit is what stops, with ENOMEM and what was there left alone. */
static void the_limit_holds(void)
{
	size_t pages = 4000;
	long before, stopped;
	char *p = anon(pages, RW);

	NEED(p != MAP_FAILED);
	if (tap_read(MAX_MAP_COUNT, old_limit, sizeof(old_limit)) < 0 ||
	    tap_put(MAX_MAP_COUNT, "1000"))
		SKIP("may not set vm.max_map_count");
	before = lines_of_maps();
	EQ(cut_up(p, pages), ENOMEM);
	stopped = lines_of_maps();
	CHECK(stopped > before && stopped >= 998 && stopped <= 1003);
	EQ(tap_put(MAX_MAP_COUNT, old_limit), 0);
	EQ(cut_up(p, pages), 0);
	EQ(lines_of_maps(), before + (long)pages - 1);
	EQ(munmap(p, pages * PAGE), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = { T(hundred_thousand), T(the_limit_holds), TEND };

	return tap_main(argc, argv, t);
}
