/* Swap on disks, partitions and files of ext2: errors, what is forbidden meanwhile, priorities, bad transfers. Disks: tools/disks.py. */
#define _FILE_OFFSET_BITS 64
#include "disk.h"
#include "failpoint.h"
#include "swap.h"

#include <setjmp.h>

#define PART  "/dev/vdh1"
#define OTHER "/dev/vdh2"
#define FAULT "/sys/kernel/debug/fail_make_request/"
enum { SLOTS = 2048 }; /* of the areas here, with the header */

/* The figures of the area whose line of /proc/swaps begins with @name. Return: there is one. */
static int area(const char *name, char *type, long *size, long *used, int *prio)
{
	char text[1000], *line;

	if (tap_read("/proc/swaps", text, sizeof(text)) <= 0)
		return 0;
	line = strstr(text, name);
	return line && sscanf(line + strlen(name), " %9s %ld %ld %d", type, size, used, prio) == 4;
}

static long used_kb(const char *name)
{
	char type[10];
	long size, used = -1;
	int prio;

	return area(name, type, &size, &used, &prio) ? used : -1;
}

static void partition(void)
{
	char type[10];
	long size = 0, used = 0;
	int prio = 0;

	NEED_DISKS();
	make_header(PART, SLOTS);
	OK(swapon(PART, 0));
	CHECK(area(PART " ", type, &size, &used, &prio));
	STREQ(type, "partition");
	EQ(size, (SLOTS - 1) * 4);
	EQ(used, 0);
	EQ(prio, -2);
	round_trip(700);
	OK(swapoff(PART));
	EQ(meminfo_kb("SwapTotal:"), 0);
}

static void whole_disk(void)
{
	NEED_DISKS();
	make_header("/dev/vdh", SLOTS); /* the kernel has read the table */
	OK(swapon("/dev/vdh", 0));
	FAILS(swapon(PART, 0), EBUSY);
	round_trip(100);
	OK(swapoff("/dev/vdh"));
}

/* Who has a device or file for himself keeps it so. */
static void exclusive(void)
{
	int fd;

	NEED_DISKS();
	make_header(PART, SLOTS);
	fd = open(PART, O_RDWR);
	NEED(fd >= 0);
	OK(swapon(PART, 0));
	FAILS(swapon(PART, 0), EBUSY);
	FAILS(swapon("/dev/vdh", 0), EBUSY);
	mkdir("mnt", 0755);
	FAILS(mount(PART, "mnt", "ext2", 0, NULL), EBUSY);
	FAILS(pwrite(fd, "x", 1, 8192), ETXTBSY);
	EQ(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0) == MAP_FAILED, 1);
	EQ(errno, ETXTBSY);
	OK(close(fd));
	fd = open(PART, O_WRONLY);
	FAILS(write(fd, "x", 1), ETXTBSY);
	OK(close(fd));
	OK(swapoff(PART));
	FAILS(swapoff(PART), EINVAL);
	fd = open(PART, O_RDWR);
	EQ(pwrite(fd, "x", 1, 8192), 1);
	OK(close(fd));
	OK(mount("/dev/vdb", "mnt", "ext2", 0, NULL));
	FAILS(swapon("/dev/vdb", 0), EBUSY);
	OK(umount("mnt"));
	FAILS(swapon("/dev/vde", 0), EACCES); /* read-only */
	FAILS(swapon("/dev/vdb", 0), EINVAL); /* no header */
}

/* A file of @pages that are all there, on the disk. */
static void make_file(const char *path, unsigned pages)
{
	static char zeroes[65536];
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	NEED(fd >= 0);
	for (unsigned i = 0; i < pages; i += 16)
		EQ(write(fd, zeroes, sizeof(zeroes)), sizeof(zeroes));
	OK(close(fd));
	make_header(path, pages);
}

static void forbidden_on_a_file(const char *path)
{
	int fd = open(path, O_RDWR);

	FAILS(write(fd, "x", 1), ETXTBSY);
	FAILS(pwrite(fd, "x", 1, 1 << 20), ETXTBSY);
	FAILS(ftruncate(fd, 4096), ETXTBSY);
	FAILS(open(path, O_RDWR | O_TRUNC), ETXTBSY);
	EQ(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0) == MAP_FAILED, 1);
	EQ(errno, ETXTBSY);
	OK(close(fd));
	FAILS(unlink(path), EPERM);
	FAILS(rename(path, "mnt/elsewhere"), EPERM);
	FAILS(swapon(path, 0), EBUSY);
	FAILS(umount("mnt"), EBUSY);
}

static void file_on(const char *disk, int whole)
{
	char type[10] = "";
	long size = 0, used = 0;
	int prio = 0;

	mkdir("mnt", 0755);
	NEED(mount(disk, "mnt", "ext2", 0, NULL) == 0);
	make_file("mnt/swap", 1024);
	OK(swapon("mnt/swap", SWAP_FLAG_PREFER | 3));
	CHECK(area("mnt/swap ", type, &size, &used, &prio));
	STREQ(type, "file");
	EQ(prio, 3);
	if (whole)
		EQ(size, 1023 * 4);
	CHECK(size > 1000 * 4); /* pages with a block of pointers inside are left out */
	forbidden_on_a_file("mnt/swap");
	round_trip(700);
	OK(swapoff("mnt/swap"));
	OK(truncate("mnt/swap", 100));
	OK(unlink("mnt/swap"));
	OK(umount("mnt"));
}

static void file(void)
{
	NEED_DISKS();
	file_on("/dev/vdb", 1);
	file_on("/dev/vdc", 0);
}

static void bad_files(void)
{
	char *p;
	int fd;

	NEED_DISKS();
	mkdir("mnt", 0755);
	NEED(mount("/dev/vdb", "mnt", "ext2", 0, NULL) == 0);
	fd = open("mnt/holes", O_RDWR | O_CREAT, 0600);
	OK(ftruncate(fd, 64 * PAGE));
	make_header("mnt/holes", 64);
	FAILS(swapon("mnt/holes", 0), EINVAL);
	OK(ftruncate(fd, 100));
	FAILS(swapon("mnt/holes", 0), EINVAL); /* not a page */
	OK(close(fd));
	OK(unlink("mnt/holes"));
	make_file("mnt/short", 16);
	make_header("mnt/short", 17);
	FAILS(swapon("mnt/short", 0), EINVAL);
	make_header("mnt/short", 16);
	fd = open("mnt/short", O_RDWR);
	p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	FAILS(swapon("mnt/short", 0), EBUSY);
	OK(munmap(p, PAGE));
	OK(close(fd));
	OK(swapon("mnt/short", 0));
	OK(swapoff("mnt/short"));
	OK(unlink("mnt/short"));
	OK(umount("mnt"));
	fd = open("memory", O_RDWR | O_CREAT, 0600); /* on tmpfs */
	OK(ftruncate(fd, 64 * PAGE));
	make_header("memory", 64);
	FAILS(swapon("memory", 0), EINVAL);
	OK(close(fd));
	OK(unlink("memory"));
}

/* The higher priority first; equal ones in turn. */
static void priorities(void)
{
	enum { N = 1200 };
	unsigned char *p;

	NEED_DISKS();
	make_header(PART, SLOTS);
	make_header(OTHER, SLOTS);
	p = filled(N);
	NEED(p != MAP_FAILED);
	OK(swapon(PART, SWAP_FLAG_PREFER | 1));
	OK(swapon(OTHER, SWAP_FLAG_PREFER | 9));
	OK(page_out(p, N));
	EQ(used_kb(PART " "), 0);
	EQ(used_kb(OTHER " "), N * 4);
	OK(swapoff(OTHER)); /* comes back, or goes to the other one: nothing is lost */
	EQ(spoilt(p, N), 0);
	OK(swapon(OTHER, SWAP_FLAG_PREFER | 1));
	for (unsigned i = 0; i < N; i++)
		p[i * PAGE] ^= 0; /* written: no page has its slot any more */
	OK(page_out(p, N));
	CHECK(used_kb(PART " ") > N);
	CHECK(used_kb(OTHER " ") > N);
	EQ(used_kb(PART " ") + used_kb(OTHER " "), N * 4);
	EQ(spoilt(p, N), 0);
	OK(munmap(p, N * PAGE));
	OK(swapoff(PART));
	OK(swapoff(OTHER));
}

/* Discards that ended, in sectors. */
static unsigned long discarded(void)
{
	char text[300];
	unsigned long v[15] = { 0 };
	char *at = text;

	if (tap_read("/sys/block/vdh/stat", text, sizeof(text)) <= 0)
		return 0;
	for (int i = 0; i < 15; i++)
		v[i] = strtoul(at, &at, 10);
	return v[13];
}

static void discard(void)
{
	unsigned long before;

	NEED_DISKS();
	make_header(PART, SLOTS);
	before = discarded();
	OK(swapon(PART, 0));
	OK(swapoff(PART));
	EQ(discarded() - before, 0);
	OK(swapon(PART, SWAP_FLAG_DISCARD | 0x20000)); /* all of it, once */
	EQ(discarded() - before, (SLOTS - 1) * 8);
	round_trip(50);
	OK(swapoff(PART));
	OK(swapon(PART, SWAP_FLAG_DISCARD | 0x40000)); /* what gets free only */
	EQ(discarded() - before, (SLOTS - 1) * 8);
	OK(swapoff(PART));
	FAILS(swapon(PART, 0x80000), EINVAL);
}

/* ---- transfers that fail ---- */

static int put(const char *name, int value)
{
	char path[80], text[16];

	snprintf(path, sizeof(path), FAULT "%s", name);
	return tap_write(path, text, (size_t)sprintf(text, "%d\n", value), 0);
}

/* @times transfers of the partition fail, after the next @good of a page each. */
static void fail_after(unsigned good, int times)
{
	mkdir("/sys/kernel/debug", 0700);
	(void)mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
	OK(tap_write("/sys/block/vdh/vdh1/make-it-fail", times ? "1\n" : "0\n", 2, 0));
	OK(put("interval", 1));
	OK(put("space", (int)(good * PAGE + (good > 0))));
	OK(put("times", times ? times : -1));
	OK(put("probability", times ? 100 : 0));
	if (!times)
		(void)umount("/sys/kernel/debug");
}

static sigjmp_buf back;
static volatile sig_atomic_t bus_at;

static void on_bus(int sig, siginfo_t *info, void *context)
{
	bus_at = (sig_atomic_t)((uintptr_t)info->si_addr / PAGE & 0xffff);
	siglongjmp(back, info->si_code);
}

static void catch_bus(void)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO | SA_NODEFER };

	sa.sa_sigaction = on_bus;
	OK(sigaction(SIGBUS, &sa, NULL));
}

/* Pages of @p that cannot be read; the others are what they were. */
static unsigned unreadable(const unsigned char *p, unsigned pages)
{
	volatile unsigned bad = 0;

	for (volatile unsigned i = 0; i < pages; i++) {
		int code = sigsetjmp(back, 1);

		if (!code) {
			CHECK(is_filled(p + i * PAGE, i));
			continue;
		}
		EQ(code, BUS_ADRERR);
		EQ(bus_at, (uintptr_t)(p + i * PAGE) / PAGE & 0xffff);
		bad++;
	}
	return bad;
}

/* One transfer fails: its page, and no other, is SIGBUS until it can be read. */
static void failing_read(void)
{
	enum { N = 32 };
	unsigned char *p;
	char old[16] = "";

	NEED_DISKS();
	make_header(PART, SLOTS);
	OK(swapon(PART, 0));
	OK(tap_read("/proc/sys/vm/page-cluster", old, sizeof(old)) > 0 ? 0 : -1);
	OK(tap_write("/proc/sys/vm/page-cluster", "0", 1, 0)); /* each page by itself */
	p = filled(N);
	OK(page_out(p, N));
	catch_bus();
	fail_after(5, 3);
	EQ(unreadable(p, N), 3);
	fail_after(0, 0);
	EQ(unreadable(p, N), 0);
	OK(tap_write("/proc/sys/vm/page-cluster", old, strlen(old), 0));
	OK(munmap(p, N * PAGE));
	OK(swapoff(PART));
}

/* page-cluster: a read brings a page and its neighbours, 1 << page-cluster together; 0: the page alone. */
static void reads_ahead_by_page_cluster(void)
{
	enum { N = 256 };

	NEED_DISKS();
	for (unsigned cluster = 0; cluster <= 4; cluster++) {
		long most = 0, ahead = vmstat("swap_ra"), in, before;
		char text[16];
		unsigned char *p;

		make_header(PART,
			    SLOTS); /* an empty area: what leaves together has neighbouring slots */
		OK(swapon(PART, 0));
		snprintf(text, sizeof(text), "%u", cluster);
		OK(tap_put("/proc/sys/vm/page-cluster", text));
		p = filled(N);
		OK(page_out(p, N));
		EQ(resident(p, N), 0);
		in = before = vmstat("pswpin");
		for (unsigned i = 0; i < N; i++) {
			CHECK(is_filled(p + i * PAGE, i));
			most = vmstat("pswpin") - before > most ? vmstat("pswpin") - before : most;
			before = vmstat("pswpin");
		}
		EQ(before - in, N);
		EQ(most, 1 << cluster);
		if (!cluster)
			EQ(vmstat("swap_ra"), ahead);
		OK(munmap(p, N * PAGE));
		OK(swapoff(PART));
	}
	OK(tap_put("/proc/sys/vm/page-cluster", "3"));
}

/* What cannot be written stays in memory. */
static void failing_write(void)
{
	enum { N = 32 };
	unsigned char *p;

	NEED_DISKS();
	make_header(PART, SLOTS);
	OK(swapon(PART, 0));
	p = filled(N);
	fail_after(3, 1000);
	OK(page_out(p, N));
	EQ(used_kb(PART " "), N * 4); /* they have their slots, and are cached */
	EQ(resident(p, N), N - 3);
	fail_after(0, 0);
	EQ(spoilt(p, N), 0);
	OK(munmap(p, N * PAGE));
	OK(swapoff(PART));
}

/* swapoff of what cannot be read: gone all the same, and who wants a lost page is told. */
static void swapoff_unreadable(void)
{
	enum { N = 8 };
	unsigned char *p;

	NEED_DISKS();
	make_header(PART, SLOTS);
	OK(swapon(PART, 0));
	p = filled(N);
	OK(page_out(p, N));
	fail_after(0, 1000);
	OK(swapoff(PART));
	fail_after(0, 0);
	EQ(meminfo_kb("SwapTotal:"), 0);
	catch_bus();
	EQ(unreadable(p, N), N);
	OK(munmap(p, N * PAGE));
}

static void header_unreadable(void)
{
	NEED_DISKS();
	make_header(PART, SLOTS);
	fail_after(0, 1);
	FAILS(swapon(PART, 0), EIO);
	fail_after(0, 0);
	OK(swapon(PART, 0));
	OK(swapoff(PART));
}

static const char *target;

static int area_on(void)
{
	return swapon(target, 0);
}

static void area_off(void)
{
	OK(swapoff(target));
}

static void no_memory(void)
{
	NEED_DISKS(); /* for swapon/ENOMEM */
	if (!failpoints_open())
		SKIP("no failpoints");
	make_header(PART, SLOTS);
	target = PART;
	every_failure("swapon of a partition", area_on, area_off);
	mkdir("mnt", 0755);
	NEED(mount("/dev/vdc", "mnt", "ext2", 0, NULL) == 0);
	make_file("mnt/swap", 1024);
	target = "mnt/swap";
	every_failure("swapon of a file", area_on, area_off);
	OK(unlink("mnt/swap"));
	OK(umount("mnt"));
}

/* What a shell does. */
static void tools(void)
{
	static const char script[] =
		"set -e; b=/bin/busybox; $b mkswap " PART " >/dev/null; $b swapon -d " PART
		"; $b grep -q '^" PART " .*partition.*16380.*0.*-2$' /proc/swaps; $b swapoff " PART
		"; $b mount -t ext2 /dev/vdb mnt; $b dd if=/dev/zero of=mnt/s bs=4096 count=512 2>/dev/null;"
		"$b mkswap mnt/s >/dev/null; $b swapon mnt/s; $b grep -q 'mnt/s .*file.*2044' /proc/swaps;"
		"! $b swapon mnt/s 2>/dev/null; ! $b dd if=/dev/zero of=mnt/s count=1 conv=notrunc 2>/dev/null;"
		"$b swapoff mnt/s; $b rm mnt/s; $b umount mnt";

	NEED_DISKS();
	NEED(access("/bin/busybox", X_OK) == 0);
	mkdir("mnt", 0755);
	EQ(run_shell(script), 0);
	EQ(meminfo_kb("SwapTotal:"), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(partition),
						 T(exclusive),
						 T(file),
						 T(bad_files),
						 T(priorities),
						 T(discard),
						 T(failing_read),
						 T(failing_write),
						 T(reads_ahead_by_page_cluster),
						 T(swapoff_unreadable),
						 T(header_unreadable),
						 T(no_memory),
						 T(tools),
						 T(whole_disk),
						 TEND };

	return tap_main(argc, argv, tests);
}
