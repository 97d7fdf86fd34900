/*
 * Rows of memory that is short: pages to swap and back, clean pages of a disk given up, twice the memory in use. /dev/vda is for swap,
 * /dev/vdb has something to read.
 *
 * A disk's time is not counted: what is, is the processor time of all threads, to the nanosecond (/proc/PID/schedstat), which
 * under -icount is their instructions. I/O and faults have rows of their own.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { AWAY = 2048, SQUEEZE = 30000, ADVICE_PAGEOUT = 21, ACCESSES = 16384, PATIENCE = 2000 };

/* ---- figures ---- */

static long read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	long n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

static unsigned long long vmstat(const char *name)
{
	static char text[16384];
	char *p = text;
	size_t len = strlen(name);

	read_text("/proc/vmstat", text, sizeof(text));
	while (p && (strncmp(p, name, len) || p[len] != ' ')) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	return p ? strtoull(p + len, NULL, 10) : 0;
}

/* Of the process @dir: of /proc. */
static unsigned long long time_of(const char *dir)
{
	char path[300], text[100];

	snprintf(path, sizeof(path), "/proc/%s/schedstat", dir);
	return read_text(path, text, sizeof(text)) > 0 ? strtoull(text, NULL, 10) : 0;
}

static unsigned long long own_time(void)
{
	struct timespec ts;

	syscall(CLOCK_GETTIME, CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (unsigned long long)ts.tv_sec * 1000000000ULL + (unsigned long long)ts.tv_nsec;
}

/* Of kswapd; @all: of all threads. */
static unsigned long long others_time(int all)
{
	unsigned long long sum = 0;
	struct dirent *e;
	DIR *d = opendir("/proc");
	char name[32], path[300], own[16];

	snprintf(own, sizeof(own), "%d", (int)getpid());
	while (d && (e = readdir(d))) {
		if (e->d_name[0] < '0' || e->d_name[0] > '9' || !strcmp(e->d_name, own))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		if (all || (read_text(path, name, sizeof(name)) > 0 && !strncmp(name, "kswapd", 6)))
			sum += time_of(e->d_name);
	}
	if (d)
		closedir(d);
	return sum;
}

/* What a stretch has cost so far. */
struct cost {
	unsigned long long own, others, faults, io;
};

static struct cost cost_now(void)
{
	struct cost c = { .others = others_time(1) };
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	c.faults = (unsigned long long)(r.ru_minflt + r.ru_majflt);
	c.io = vmstat("pswpin") + vmstat("pswpout");
	c.own = own_time();
	return c;
}

/* What is on its way arrives. */
static void settle(void)
{
	struct timespec t = { 0, 300000000 };

	nanosleep(&t, NULL);
}

static void report(const char *row, const struct cost *before, unsigned long n, int counts)
{
	unsigned long long own = own_time();
	struct cost now;
	char name[64];

	settle();
	now = cost_now();
	figure(row, own - before->own + now.others - before->others, n);
	if (!counts)
		return;
	snprintf(name, sizeof(name), "%s_faults", row);
	figure(name, now.faults - before->faults, n);
	snprintf(name, sizeof(name), "%s_io", row);
	figure(name, now.io - before->io, n);
}

/* ---- the place ---- */

/* Linux's drivers are modules, as Debian ships it; the image has them in order. */
static void load_modules(void)
{
	char path[32];

	for (char c = 'a'; c <= 'z'; c++) {
		int fd;

		snprintf(path, sizeof(path), "/modules/%c.ko", c);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		if (syscall(SYS_finit_module, fd, "", 0))
			give_up(path);
		close(fd);
	}
}

static void set_up(void)
{
	struct timespec moment = { 0, 1000000 };

	load_modules();
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	for (int i = 0; access("/dev/vdb", R_OK) && i < PATIENCE; i++)
		nanosleep(&moment, NULL);
	if (swapon("/dev/vda", 0))
		give_up("swapon");
}

/* ---- rows ---- */

static size_t scattered(size_t i, size_t n)
{
	return (i * 40503) % n; /* n: a power of two */
}

/* What has been written goes from memory, too: Linux keeps it in its swap cache until somebody needs the frames. */
static void squeeze(void)
{
	settle();
	munmap(map_touched(SQUEEZE), SQUEEZE * PAGE);
	settle();
}

static void page_out(char *p)
{
	if (madvise(p, AWAY * PAGE, ADVICE_PAGEOUT))
		give_up("madvise");
}

static void one_page_rows(void)
{
	char *p = map_touched(AWAY);
	struct cost c = cost_now();

	page_out(p);
	report("swap_out", &c, AWAY, 0);
	squeeze();
	c = cost_now();
	touch(p, AWAY, PAGE);
	report("swap_in", &c, AWAY, 1);
	page_out(p);
	squeeze();
	c = cost_now();
	for (size_t i = 0; i < AWAY; i++)
		*(volatile char *)(p + scattered(i, AWAY) * PAGE) = 1;
	report("swap_in_random", &c, AWAY, 1);
	munmap(p, AWAY * PAGE);
}

/* More of a disk than there is memory: kswapd gives up clean pages all the time. */
static void clean_row(void)
{
	static char buf[16 * PAGE];
	int fd = open("/dev/vdb", O_RDONLY);
	unsigned long long t = others_time(0), n = vmstat("pgsteal_kswapd");

	if (fd < 0)
		give_up("/dev/vdb");
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	close(fd);
	settle();
	n = vmstat("pgsteal_kswapd") - n;
	if (n)
		figure("kswapd_clean", others_time(0) - t, (unsigned long)n);
}

static size_t sweep_seq(size_t i, size_t n)
{
	return i & (n - 1);
}

static unsigned long long seed = 1;

static unsigned long long next_random(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return seed >> 33;
}

static size_t sweep_random(size_t i, size_t n)
{
	(void)i;
	return (size_t)next_random() & (n - 1);
}

/* Page k about as often as 1/k: an even choice of the power of two, then of the page in it. Scattered over the memory. */
static size_t sweep_zipf(size_t i, size_t n)
{
	unsigned bits = (unsigned)__builtin_ctzl(n);
	size_t k = (size_t)1 << next_random() % bits;

	(void)i;
	return scattered(k + ((size_t)next_random() & (k - 1)), n);
}

static void sweep(const char *row, char *p, size_t pages, size_t (*which)(size_t, size_t))
{
	struct cost c = cost_now();

	for (size_t i = 0; i < ACCESSES; i++)
		*(volatile char *)(p + which(i, pages) * PAGE) = 1;
	report(row, &c, ACCESSES, 1);
}

void bench_swap(void)
{
	const size_t pages = 65536; /* twice the 128 MiB of the machine; a power of two */
	char *p;

	set_up();
	one_page_rows();
	clean_row();
	p = map_touched(pages);
	sweep("sweep_seq", p, pages, sweep_seq);
	sweep("sweep_random", p, pages, sweep_random);
	sweep("sweep_zipf", p, pages, sweep_zipf);
	munmap(p, pages * PAGE);
	swapoff("/dev/vda");
}
