/* 32-bit machines with more memory than the kernel's linear map: user pages lie in HIGHMEM, and come back. */
#include "tap.h"

enum { MANY = 60000 }; /* 234 MiB */

static char text[65536];

static long long value(const char *label)
{
	char *at;

	return tap_read("/proc/meminfo", text, sizeof(text)) > 0 && (at = strstr(text, label))
		       ? strtoll(at + strlen(label), NULL, 10)
		       : -1;
}

/* First frame of zone HighMem, from /proc/zoneinfo; -1: none. */
static long long high_start(void)
{
	char *at;

	if (tap_read("/proc/zoneinfo", text, sizeof(text)) < 0 ||
	    !(at = strstr(text, "zone  HighMem")))
		return -1;
	at = strstr(at, "start_pfn:");
	return at ? strtoll(at + 10, NULL, 10) : -1;
}

static long long pfn_of(volatile char *p)
{
	uint64_t e = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0 || pread(fd, &e, 8, (off_t)((uintptr_t)p / PAGE * 8)) != 8 || !(e >> 63))
		e = (uint64_t)-1;
	close(fd);
	return (long long)(e & ((1ull << 55) - 1));
}

static void totals(void)
{
	CHECK(value("HighTotal:") > 1000000); /* 2 GiB less 896 MiB */
	CHECK(value("HighFree:") > 900000);
	EQ(value("HighTotal:") + value("LowTotal:"), value("MemTotal:"));
	EQ(high_start(), 0x38000); /* 896 MiB */
}

static void user_pages(void)
{
	volatile char *p =
		mmap(NULL, MANY * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long long high = high_start(), before = value("HighFree:"), low = value("LowFree:"),
		  in_high = 0, flags_bad = 0;
	int kf = open("/proc/kpageflags", O_RDONLY);

	NEED(p != MAP_FAILED && high > 0);
	for (size_t i = 0; i < MANY; i++)
		p[i * PAGE] = (char)(i * 7);
	CHECK(before - value("HighFree:") >= MANY * 4 - 2048);
	CHECK(low - value("LowFree:") < 4096); /* page tables and the like */
	for (size_t i = 0; i < MANY; i += 500) {
		long long pfn = pfn_of(p + i * PAGE);
		uint64_t flags = 0;

		in_high += pfn >= high;
		if (kf >= 0 && pread(kf, &flags, 8, (off_t)pfn * 8) == 8)
			flags_bad += !(flags >> 12 & 1);
	}
	EQ(in_high, MANY / 500);
	EQ(flags_bad, 0);
	for (size_t i = 0; i < MANY; i++)
		if (!EQ(p[i * PAGE], (char)(i * 7)))
			break;
	munmap((void *)p, MANY * PAGE);
	CHECK(llabs(before - value("HighFree:")) < 256);
}

static int child(void *arg)
{
	volatile char *p = arg;

	for (size_t i = 0; i < 2000; i++)
		if (p[i * PAGE] != (char)i)
			return 1;
	for (size_t i = 0; i < 2000; i++)
		p[i * PAGE] = (char)~i;
	return 0;
}

static void copies(void)
{
	volatile char *p =
		mmap(NULL, 2000 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEED(p != MAP_FAILED);
	for (size_t i = 0; i < 2000; i++)
		p[i * PAGE] = (char)i;
	EQ(tap_child(child, (void *)p), 0);
	for (size_t i = 0; i < 2000; i++)
		if (!EQ(p[i * PAGE], (char)i))
			break;
}

static void files(void)
{
	static char block[64 * 1024];
	long long high = high_start(), before = value("HighFree:");
	int fd = open("f", O_CREAT | O_RDWR, 0600);
	char *p;

	for (int i = 0; i < 500; i++) {
		memset(block, i, sizeof(block));
		NEED(write(fd, block, sizeof(block)) == sizeof(block));
	}
	CHECK(before - value("HighFree:") >= 500 * 64 - 1024);
	p = mmap(NULL, 500 * sizeof(block), PROT_READ, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	for (int i = 0; i < 500; i++)
		if (!EQ(p[(size_t)i * sizeof(block) + 77], (char)i))
			break;
	CHECK(pfn_of(p + 100 * sizeof(block)) >= high);
	unlink("f");
}

static void most_of_it(void)
{
	size_t pages = (size_t)value("HighFree:") / 4 / 10 * 9;
	volatile unsigned *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t bad = 0;

	NEED(p != MAP_FAILED);
	for (size_t i = 0; i < pages; i++)
		p[i * PAGE / sizeof(*p)] = (unsigned)i;
	for (size_t i = 0; i < pages; i++)
		bad += p[i * PAGE / sizeof(*p)] != (unsigned)i;
	EQ(bad, 0);
	CHECK(value("LowFree:") > 100000);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(totals), T(user_pages), T(copies),
						 T(files),  T(most_of_it), TEND };

	return tap_main(argc, argv, tests);
}
