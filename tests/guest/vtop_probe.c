/*
 * As /init: makes an address space with everything in it, asks /proc/self/vtop about many addresses, and stays in user mode for
 * ever with the answers in its memory, so that tools/vtop_check.py can compare each with the emulator's own translation.
 *
 *   # HOLD ADDRESS LENGTH COUNT    the text of the answers, in this process's memory
 *
 * The addresses are the same at every run: no clock, no random numbers of the machine.
 */
#include "tap.h"

#include <sys/mount.h>
#include <sys/reboot.h>

enum {
	MAPS = 48,
	MAP_PAGES = 48,
	FILE_PAGES = 40,
	MOST_PROBES = 10000,
	PER_QUERY = 160,
	ROOM = 12 << 20
};

static uint64_t seed = 7;
static char *text;
static size_t used;
static unsigned long area[MAPS];
static unsigned nr_areas, asked;

static uint64_t below(uint64_t n)
{
	return tap_random(&seed) % n;
}

static void die(const char *what)
{
	tap_note("# vtop_probe: %s: %s", what, strerror(errno));
	reboot(RB_POWER_OFF);
	_exit(1);
}

/* ---- memory of every kind ---- */

static unsigned long random_place(void)
{
	unsigned long top = IS64 ? 0x7fff00000000UL : 0xb0000000UL;

	return (0x1000000UL + (unsigned long)below(top - 0x2000000UL)) & ~(PAGE - 1);
}

static void touch(unsigned long at, int write)
{
	volatile char *p = (volatile char *)at;

	if (write)
		*p = 1;
	else
		(void)*p;
}

static void add_area(unsigned i)
{
	static const int late_prot[] = { PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
					 PROT_READ | PROT_EXEC,
					 PROT_READ | PROT_WRITE | PROT_EXEC };
	char *p = mmap((void *)random_place(), MAP_PAGES * PAGE, PROT_READ | PROT_WRITE,
		       (i % 3 ? MAP_PRIVATE : MAP_SHARED) | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	for (unsigned n = 0; n < MAP_PAGES; n++)
		if (below(4))
			touch((unsigned long)p + n * PAGE, (int)below(2));
	mprotect(p + 8 * PAGE, 24 * PAGE, late_prot[i % ARRAY_LEN(late_prot)]);
	area[nr_areas++] = (unsigned long)p;
}

static void add_file(int fd, int prot)
{
	char *p = mmap((void *)random_place(), MAP_PAGES * PAGE, prot, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		die("mmap of a file");
	for (unsigned n = 0; n < FILE_PAGES; n += 3)
		touch((unsigned long)p + n * PAGE, prot & PROT_WRITE);
	area[nr_areas++] = (unsigned long)p;
}

/* Where the kernel gives large pages they are looked at, too. */
static void add_large(void)
{
	size_t len = 16 << 20;
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return;
	madvise(p, len, MADV_HUGEPAGE);
	for (size_t at = 0; at < len; at += 64 * PAGE)
		touch((unsigned long)p + at, 1);
	for (unsigned i = 0; i < 4 && nr_areas < MAPS; i++)
		area[nr_areas++] = (unsigned long)p + i * (len / 4);
}

static void make_memory(void)
{
	int fd = open("/file", O_CREAT | O_RDWR, 0600);

	if (fd < 0 || ftruncate(fd, FILE_PAGES * PAGE))
		die("/file");
	while (nr_areas < MAPS - 8)
		add_area(nr_areas);
	for (unsigned i = 0; i < 4; i++)
		add_file(fd, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE);
	add_large();
}

/* ---- addresses ---- */

static uint64_t kernel_place(void)
{
	static const uint64_t wide[] = { 0xffff888000000000, 0xffffc90000000000, 0xffffea0000000000,
					 0xffffffff80000000, 0xffffffffff000000, 0xff11000000000000,
					 0xffa0000000000000, 0xffd4000000000000 };

	if (!IS64)
		return 0xc0000000 + below(0x40000000);
	return wide[below(ARRAY_LEN(wide))] + below(below(2) ? 64 << 20 : 1 << 20);
}

static uint64_t next_address(unsigned n)
{
	switch (n % 8) {
	case 0:
		return kernel_place();
	case 1:
		return IS64 ? tap_random(&seed) : below(1ULL << 32);
	case 2:
		return (uint64_t)(uintptr_t)&n - 4 * PAGE + below(8 * PAGE);
	case 3:
		return (uint64_t)(uintptr_t)text + below(ROOM);
	case 4:
		return (uint64_t)(uintptr_t)next_address - 16 * PAGE + below(64 * PAGE);
	default:
		return area[below(nr_areas)] + below((MAP_PAGES + 8) * PAGE);
	}
}

static void ask(int fd, unsigned count)
{
	char query[PER_QUERY * 20 + 1];
	size_t n = 0;
	ssize_t r;

	while (count--)
		n += (size_t)snprintf(query + n, sizeof(query) - n, "%llx ",
				      (unsigned long long)next_address(asked++));
	if (write(fd, query, n) != (ssize_t)n)
		die("asking");
	while ((r = read(fd, text + used, ROOM - used)) > 0)
		used += (size_t)r;
	if (r < 0 || used == ROOM)
		die("reading");
	text[used++] = '\n';
}

int main(int argc, char **argv)
{
	unsigned probes = argc > 1 ? (unsigned)atoi(argv[1]) : MOST_PROBES;
	int fd;

	mkdir("/proc", 0755);
	if (mount("proc", "/proc", "proc", 0, NULL) && errno != EBUSY)
		die("mount");
	text = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (text == MAP_FAILED)
		die("mmap");
	memset(text, 0, ROOM);
	make_memory();
	fd = open("/proc/self/vtop", O_RDWR);
	if (fd < 0)
		die("/proc/self/vtop");
	tap_note("# asking"); /* what the C library does at the first output is done */
	while (asked < probes)
		ask(fd, probes - asked < PER_QUERY ? probes - asked : PER_QUERY);
	tap_note("# HOLD %#llx %zu %u", (unsigned long long)(uintptr_t)text, used, asked);
	for (;;)
		__asm__ volatile("pause");
}
