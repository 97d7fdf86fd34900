/*
 * More than memory has room for: private memory over swap on a disk, in a file and compressed, files, names. Every byte is
 * checked; afterwards every slot and page is back.
 *
 *   disk_press        little, pushed out of memory by MADV_PAGEOUT and drop_caches
 *   disk_press all    by hand (tools/stress.py, which brings the disks): twice the RAM, 4 times the RAM, a million names
 */
#define _FILE_OFFSET_BITS 64
#include "disk.h"
#include "free_pages.h"
#include "give_up.h"

#include <sys/swap.h>

#define ZRAM "/sys/block/zram0/"
enum {
	PROCS = 2,
	SHORT_PAGES = 1200,
	SHORT_NAMES = 2000,
	ALL_NAMES = 1000000,
	NAMES_AT_ONCE = 50,
	SLACK = 64, /* pages of caches that a first use fills */
	SLAB_KB = 4096,
	ROUNDS = 3
};

static int all; /* the long run */
static unsigned long ram_pages;

/* ---- pages that can be known again ---- */

/* One of four does not compress. */
static uint32_t word_of(uint32_t key, unsigned i)
{
	return key >> 16 & 3 ? key + i % 8 : (key ^ i) * 2246822519U + i;
}

static uint32_t key_of(unsigned who, unsigned long page, unsigned version)
{
	return ((uint32_t)page * 64 + who * 16 + version) * 2654435761U;
}

static void fill(void *page, uint32_t key)
{
	uint32_t *w = page;

	for (unsigned i = 0; i < PAGE / 4; i++)
		w[i] = word_of(key, i);
}

static int is_filled(const void *page, uint32_t key)
{
	const uint32_t *w = page;

	for (unsigned i = 0; i < PAGE / 4; i++)
		if (w[i] != word_of(key, i))
			return 0;
	return 1;
}

static void expect(const void *p, uint32_t key, unsigned long page)
{
	if (!is_filled(p, key) && tap_failed())
		tap_note("# page %lu is not what it was", page);
}

/* ---- memory over swap ---- */

static void look(const char *p, unsigned who, unsigned long page, unsigned version)
{
	expect(p + page * PAGE, key_of(who, page, version), page);
}

/* Fills @n pages, and reads them: in order, then in any order and again written; a child has its own half of the truth. */
static int fill_and_verify(unsigned who, unsigned long n)
{
	unsigned char *version = calloc(n, 1);
	char *p = anon(n, RW);
	uint64_t random = who;

	NEED_IN_CHILD(version && p != MAP_FAILED);
	for (unsigned long i = 0; i < n; i++)
		fill(p + i * PAGE, key_of(who, i, 0));
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (!all)
			OK(madvise(p, n * PAGE, MADV_PAGEOUT));
		for (unsigned long i = 0; i < n; i++)
			look(p, who, i, version[i]);
		for (unsigned long k = 0; k < n / 2; k++) {
			unsigned long i = tap_random(&random) % n;

			look(p, who, i, version[i]);
			version[i] = (version[i] + 1) % 16;
			fill(p + i * PAGE, key_of(who, i, version[i]));
		}
	}
	for (unsigned long i = 0; i < n; i++)
		look(p, who, i, version[i]);
	return tap_failures != 0;
}

/* What swap holds is read and written by several at once. */
static void press(const char *area)
{
	unsigned long n = (all ? 2 * ram_pages : SHORT_PAGES) / PROCS;
	long out = vmstat("pswpout"), in = vmstat("pswpin"), kills = vmstat("oom_kill");
	pid_t pid[PROCS];

	OK(swapon(area, 0));
	for (unsigned i = 0; i < PROCS; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(fill_and_verify(i, n));
	}
	for (unsigned i = 0; i < PROCS; i++)
		EQ(tap_wait(pid[i]), 0);
	CHECK(vmstat("pswpout") - out >= (long)n && vmstat("pswpin") - in >= (long)n);
	EQ(vmstat("oom_kill"), kills);
	if (all)
		tap_note("# %s: %lu pages each: %ld out, %ld in", area, n, vmstat("pswpout") - out,
			 vmstat("pswpin") - in);
	OK(swapoff(area)); /* what is left is others' */
	EQ(meminfo_kb("SwapTotal:"), 0);
	EQ(meminfo_kb("SwapCached:"), 0);
}

/* @what twice: what the first run leaves in caches is there before the second; then not a page may be missing. */
static void without_loss(void (*what)(void))
{
	int whole = all;
	long before, after;

	all = 0;
	what();
	all = whole;
	before = free_pages();
	what();
	after = free_pages();
	for (int i = 0; i < 50 && after < before - SLACK; i++) {
		tap_sleep_ms(10);
		after = free_pages();
	}
	CHECK(after >= before - SLACK);
	if (after < before || all)
		tap_note("# free pages: %ld, then %ld", before, after);
}

/* What mkswap writes. Return: 0, or -1. */
static int put_header(const char *path, unsigned long pages)
{
	static unsigned char page[4096];
	uint32_t words[3] = { 1, (uint32_t)pages - 1, 0 };

	memcpy(page + 1024, words, sizeof(words));
	memcpy(page + sizeof(page) - 10, "SWAPSPACE2", 10);
	return tap_write_flags(path, 0, 0, page, sizeof(page));
}

static void on_disk(void)
{
	const char *area = all ? "/dev/vdi" : "/dev/vdh1";

	OK(put_header(area, all ? 4 * ram_pages : 4096));
	press(area);
}

static const char *disk_of_files(void)
{
	return access("/dev/vdj", F_OK) ? "/dev/vdb" : "/dev/vdj";
}

static void in_file(void)
{
	static const char zeroes[65536];
	unsigned long pages = all ? 3 * ram_pages : 2048;
	int fd;

	mkdir("mnt", 0755);
	OK(mount(disk_of_files(), "mnt", "ext2", 0, NULL));
	fd = open("mnt/swap", O_CREAT | O_TRUNC | O_RDWR, 0600);
	for (unsigned long i = 0; i < pages; i += sizeof(zeroes) / PAGE)
		EQ(write(fd, zeroes, sizeof(zeroes)), (long)sizeof(zeroes));
	OK(close(fd));
	OK(put_header("mnt/swap", pages));
	press("mnt/swap");
	OK(unlink("mnt/swap"));
	OK(umount("mnt"));
}

static void compressed(void)
{
	unsigned long pages = all ? 3 * ram_pages : 4096;
	char size[24];

	snprintf(size, sizeof(size), "%llu", (unsigned long long)pages * PAGE);
	OK(tap_put(ZRAM "disksize", size));
	OK(put_header("/dev/zram0", pages));
	press("/dev/zram0");
	OK(tap_put(ZRAM "reset", "1"));
}

/* ---- files ---- */

static void write_file(const char *name, unsigned long n)
{
	static uint32_t page[PAGE / 4];
	int fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0600);

	for (unsigned long i = 0; i < n; i++) {
		fill(page, key_of(9, i, 0));
		EQ(write(fd, page, PAGE), (long)PAGE);
	}
	OK(fsync(fd));
	for (unsigned round = 0; round < 2; round++) {
		if (!all)
			OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
		for (unsigned long i = 0; i < n; i++) {
			EQ(pread(fd, page, PAGE, (off_t)i * (off_t)PAGE), (long)PAGE);
			expect(page, key_of(9, i, 0), i);
		}
	}
	OK(close(fd));
}

/* Written and read twice; who is there meanwhile keeps what he has, and nobody is killed. */
static void file_in_little_memory(void)
{
	long kills = vmstat("oom_kill"), own = status_kb("VmRSS:");

	mkdir("mnt", 0755);
	OK(mount(disk_of_files(), "mnt", "ext2", 0, NULL));
	write_file("mnt/big", all ? 4 * ram_pages : SHORT_PAGES);
	CHECK(status_kb("VmRSS:") <= own + 64);
	EQ(vmstat("oom_kill"), kills);
	OK(unlink("mnt/big"));
	OK(umount("mnt"));
}

/* ---- names ---- */

static void make_and_remove(const char *dir, unsigned names)
{
	long slab = meminfo_kb("Slab:"), most = 0;
	char name[64];

	for (unsigned i = 0; i < names; i++) {
		snprintf(name, sizeof(name), "%s/%u", dir, i);
		OK(mknod(name, S_IFREG | 0600, 0));
		if (i >= NAMES_AT_ONCE) {
			snprintf(name, sizeof(name), "%s/%u", dir, i - NAMES_AT_ONCE);
			OK(unlink(name));
		}
		if (i % 10000 == 0) {
			long now = meminfo_kb("Slab:");

			most = now > most ? now : most;
		}
	}
	for (unsigned i = names - NAMES_AT_ONCE; i < names; i++) {
		snprintf(name, sizeof(name), "%s/%u", dir, i);
		OK(unlink(name));
	}
	CHECK(most <= slab + SLAB_KB);
	if (all)
		tap_note("# %s: %u names: Slab %ld kB, at most %ld kB", dir, names, slab, most);
}

static void names_come_and_go(void)
{
	unsigned names = all ? ALL_NAMES : SHORT_NAMES;

	mkdir("mnt", 0755);
	OK(mount(disk_of_files(), "mnt", "ext2", 0, NULL));
	make_and_remove("mnt", names);
	OK(umount("mnt"));
	OK(mount("none", "mnt", "tmpfs", 0, NULL));
	make_and_remove("mnt", names);
	OK(umount("mnt"));
}

struct names {
	long all, unused, negative;
};

static struct names names_now(void)
{
	struct names n = { -1, -1, -1 };
	char text[128];

	if (tap_read("/proc/sys/fs/dentry-state", text, sizeof(text)) > 0)
		EQ(sscanf(text, "%ld\t%ld\t45\t0\t%ld\t0\n", &n.all, &n.unused, &n.negative), 3);
	return n;
}

#define POOL "/proc/sys/vm/nr_hugepages"

/* Most of memory goes to the pool of huge pages. Return: free pages. */
static size_t leave_little(void)
{
	enum { LEFT_KB = 48 << 10 };
	long free_kb = meminfo_kb("MemFree:");
	char text[32];

	if (free_kb > LEFT_KB) {
		snprintf(text, sizeof(text), "%ld",
			 (free_kb - LEFT_KB) / meminfo_kb("Hugepagesize:"));
		OK(tap_put(POOL, text));
	}
	free_kb = meminfo_kb("MemFree:");
	CHECK(free_kb < 2 * LEFT_KB);
	return (size_t)free_kb / 4;
}

/* vfs_cache_pressure: 0, and memory goes by without taking a name of the cache; more, and they go. */
static void cached_names_go_by_pressure(void)
{
	enum { NAMES = 4000 };
	size_t pages = leave_little();
	struct names n;
	char name[64];

	mkdir("mnt", 0755);
	OK(mount(disk_of_files(), "mnt", "ext2", 0, NULL));
	OK(tap_put("/proc/sys/vm/drop_caches", "2"));
	EQ(names_now().negative, 0);
	OK(tap_put("/proc/sys/vm/vfs_cache_pressure", "0"));
	for (unsigned i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "mnt/no-such-name-%u", i);
		FAILS(access(name, F_OK), ENOENT);
	}
	n = names_now();
	EQ(n.negative, NAMES);
	CHECK(n.unused >= n.negative && n.all > n.unused);
	EQ(tap_child(fill_and_give_up, &pages), 0);
	EQ(names_now().negative, n.negative);
	OK(tap_put("/proc/sys/vm/vfs_cache_pressure", "1000"));
	EQ(tap_child(fill_and_give_up, &pages), 0);
	CHECK(names_now().negative < n.negative - NAMES / 8);
	OK(tap_put("/proc/sys/vm/vfs_cache_pressure", "100"));
	OK(tap_put("/proc/sys/vm/drop_caches", "2"));
	EQ(names_now().negative, 0);
	OK(umount("mnt"));
	OK(tap_put(POOL, "0"));
}

/* ---- the tests ---- */

#define TEST(name, what)                                                                           \
	static void name(void)                                                                     \
	{                                                                                          \
		NEED_DISKS();                                                                      \
		without_loss(what);                                                                \
	}
TEST(swap_on_disk, on_disk)
TEST(swap_in_file, in_file)
TEST(swap_compressed, compressed)
TEST(files, file_in_little_memory)
TEST(names, names_come_and_go)
TEST(cached_names, cached_names_go_by_pressure)

int main(int argc, char **argv)
{
	enum { LONG = 3600 };
	struct tap_test tests[] = { T(swap_on_disk),
				    T(swap_in_file),
				    T(swap_compressed),
				    T(files),
				    T(names),
				    T(cached_names),
				    TEND };

	ram_pages = (unsigned long)meminfo_kb("MemTotal:") / 4;
	if (argc > 1 && !strcmp(argv[1], "all")) {
		all = 1;
		for (unsigned i = 0; tests[i].name; i++)
			tests[i].seconds = LONG;
		argv[1] = argv[0];
		argc--;
		argv++;
	}
	return tap_main(argc, argv, tests);
}
