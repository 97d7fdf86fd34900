/*
 * A process's memory seen through /proc: resident pages and their peak, faults, bytes through mem, references forgotten,
 * files behind mappings, and the words of the OOM killer. Exact numbers before and after.
 */
#define _FILE_OFFSET_BITS 64 /* offsets are addresses */
#include "tap.h"

#include <dirent.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static char text[1 << 17];

/* kB after @label in /proc/self/status; -1: not there. */
static long status_kb(const char *label)
{
	char key[40], *at;

	if (tap_read("/proc/self/status", text, sizeof(text)) <= 0)
		return -1;
	snprintf(key, sizeof(key), "\n%s:", label);
	at = strstr(text, key);
	return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

static void load(const char *path)
{
	CHECK(tap_read(path, text, sizeof(text)) >= 0);
}

static char *anon(size_t pages, int flags)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

/* From the last page down, so that no fault maps more than its own. */
static void touch_down(char *p, size_t pages)
{
	while (pages-- > 0)
		p[pages * PAGE] = 1;
}

/* All of the program is in memory from here on: what it touches later is what the test touches. */
static void all_resident(void)
{
	static char stack[64 * 1024];
	volatile char deep[64 * 1024];

	memset((char *)deep, 1, sizeof(deep));
	memset(stack, 1, sizeof(stack));
	mlockall(MCL_CURRENT);
	munlockall();
}

/* ---- resident pages ---- */

static void rss_is_exact_by_kind(void)
{
	long rss, an, sh;
	char *a, *s;

	all_resident();
	a = anon(64, MAP_PRIVATE);
	s = anon(32, MAP_SHARED);
	rss = status_kb("VmRSS");
	an = status_kb("RssAnon");
	sh = status_kb("RssShmem");
	touch_down(a, 50);
	EQ(status_kb("RssAnon"), an + 200);
	EQ(status_kb("VmRSS"), rss + 200);
	touch_down(s, 20);
	EQ(status_kb("RssShmem"), sh + 80);
	EQ(status_kb("RssAnon"), an + 200);
	EQ(status_kb("VmRSS"), rss + 280);
	/* the zero page is nobody's */
	for (int i = 50; i < 64; i++)
		(void)*(volatile char *)(a + i * PAGE);
	EQ(status_kb("VmRSS"), rss + 280);
	madvise(a + 10 * PAGE, 10 * PAGE, MADV_DONTNEED);
	EQ(status_kb("RssAnon"), an + 160);
	munmap(a, 64 * PAGE);
	munmap(s, 32 * PAGE);
	EQ(status_kb("VmRSS"), rss);
}

static void status_and_statm_agree(void)
{
	char *a = anon(16, MAP_PRIVATE);
	long n[7];

	all_resident();
	touch_down(a, 16);
	load("/proc/self/statm");
	EQ(sscanf(text, "%ld %ld %ld %ld %ld %ld %ld", n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6),
	   7);
	EQ(status_kb("VmSize"), n[0] * 4);
	EQ(status_kb("VmRSS"), n[1] * 4);
	EQ(status_kb("RssFile") + status_kb("RssShmem"), n[2] * 4);
	EQ(n[4], 0);
	EQ(status_kb("VmData") + status_kb("VmStk"), n[5] * 4);
	EQ(n[6], 0);
}

static void the_peak_stays_until_it_is_reset(void)
{
	long rss, size, peak;
	char *a;

	all_resident();
	a = anon(512, MAP_PRIVATE);
	OK(tap_put("/proc/self/clear_refs", "5"));
	rss = status_kb("VmRSS");
	size = status_kb("VmSize");
	peak = status_kb("VmPeak");
	touch_down(a, 512);
	EQ(status_kb("VmHWM"), rss + 2048);
	munmap(a, 512 * PAGE);
	EQ(status_kb("VmRSS"), rss);
	EQ(status_kb("VmHWM"), rss + 2048);
	EQ(status_kb("VmSize"), size - 2048);
	EQ(status_kb("VmPeak"), peak);
	OK(tap_put("/proc/self/clear_refs", "5"));
	EQ(status_kb("VmHWM"), rss);
	EQ(status_kb("VmPeak"), peak);
	a = anon(64, MAP_PRIVATE);
	touch_down(a, 64);
	madvise(a, 64 * PAGE, MADV_DONTNEED);
	EQ(status_kb("VmHWM"), rss + 256);
}

/* Pages can go without the process's doing. */
static void the_peak_survives_a_truncation(void)
{
	int fd = open("/tmp/proc-mem", O_CREAT | O_RDWR | O_TRUNC, 0600);
	long rss;
	char *p;

	all_resident();
	NEED(fd >= 0 && ftruncate(fd, 64 * PAGE) == 0);
	p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	OK(tap_put("/proc/self/clear_refs", "5"));
	rss = status_kb("VmRSS");
	touch_down(p, 64);
	EQ(status_kb("VmRSS"), rss + 256);
	OK(ftruncate(fd, 0));
	EQ(status_kb("VmRSS"), rss);
	EQ(status_kb("VmHWM"), rss + 256);
	munmap(p, 64 * PAGE);
	close(fd);
	unlink("/tmp/proc-mem");
}

/* ---- faults ---- */

static void faults_are_counted_one_by_one(void)
{
	char *a = anon(200, MAP_PRIVATE);
	unsigned long stat_min = 0, stat_maj = 0;
	struct rusage before, after;
	char *end;

	tap_read("/proc/self/stat", text, sizeof(text)); /* everything needed is there */
	getrusage(RUSAGE_SELF, &before);
	getrusage(RUSAGE_SELF, &before);
	touch_down(a, 200);
	getrusage(RUSAGE_SELF, &after);
	EQ(after.ru_minflt - before.ru_minflt, 200);
	EQ(after.ru_majflt - before.ru_majflt, 0);
	touch_down(a, 200);
	getrusage(RUSAGE_SELF, &before);
	EQ(after.ru_minflt, before.ru_minflt);
	for (int i = 0; i < 10;
	     i++) { /* reclaim may take a page of this program meanwhile: then it is read again */
		getrusage(RUSAGE_SELF, &before);
		load("/proc/self/stat");
		getrusage(RUSAGE_SELF, &after);
		if (before.ru_minflt == after.ru_minflt)
			break;
	}
	end = strrchr(text, ')');
	EQ(sscanf(end, ") %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu", &stat_min, &stat_maj), 2);
	EQ(after.ru_minflt, before.ru_minflt);
	EQ(stat_min, before.ru_minflt);
	EQ(stat_maj, before.ru_majflt);
}

/* ---- mem ---- */

static void mem_reads_and_writes_through(void)
{
	char *p = anon(3, MAP_PRIVATE), buf[8192];
	int fd = open("/proc/self/mem", O_RDWR);

	NEED(fd >= 0);
	memcpy(p + PAGE - 4, "pagepage", 8);
	EQ(pread(fd, buf, 8, (off_t)(uintptr_t)(p + PAGE - 4)), 8);
	EQ(memcmp(buf, "pagepage", 8), 0);
	EQ(pwrite(fd, "PAGE", 4, (off_t)(uintptr_t)(p + PAGE - 2)), 4);
	EQ(memcmp(p + PAGE - 4, "paPAGEge", 8), 0);
	/* what the program may not write, a debugger may, in a copy of its own */
	mprotect(p, 2 * PAGE, PROT_READ);
	EQ(pwrite(fd, "x", 1, (off_t)(uintptr_t)p), 1);
	EQ(*p, 'x');
	munmap(p + PAGE, PAGE);
	EQ(pread(fd, buf, 8192, (off_t)(uintptr_t)p), PAGE); /* as far as there is memory */
	FAILS(pread(fd, buf, 1, (off_t)(uintptr_t)(p + PAGE)), EIO);
	FAILS(pwrite(fd, buf, 1, 16), EIO);
	FAILS(pread(fd, (void *)8, 8, (off_t)(uintptr_t)p), EFAULT);
	close(fd);
}

static void mem_is_an_address_space_to_seek_in(void)
{
	static const char word[] = "here";
	int fd = open("/proc/self/mem", O_RDONLY);
	char c;

	EQ(lseek(fd, (off_t)(uintptr_t)word, SEEK_SET), (off_t)(uintptr_t)word);
	EQ(read(fd, &c, 1), 1);
	EQ(c, 'h');
	EQ(lseek(fd, 1, SEEK_CUR), (off_t)(uintptr_t)word + 2);
	EQ(read(fd, &c, 1), 1);
	EQ(c, 'r');
	FAILS(lseek(fd, 0, SEEK_END), EINVAL);
	close(fd);
}

static void mem_of_another_process(void)
{
	volatile char *p = anon(1, MAP_PRIVATE);
	int down[2], fd, status;
	char path[40], c;
	pid_t pid;

	*p = 'a';
	NEED(pipe(down) == 0);
	pid = fork();
	if (pid == 0) {
		close(down[1]);
		(void)!read(down[0], &c, 1);
		_exit(*p);
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	EQ(pwrite(fd, "b", 1, (off_t)(uintptr_t)p), 1);
	EQ(*p, 'a'); /* copied on that write */
	close(down[1]);
	status = tap_wait(pid);
	EQ(status, EXITED('b'));
	EQ(read(fd, &c, 1), 0); /* it is gone: nothing there, no error */
	close(fd);
}

static int as_nobody(void *arg)
{
	static const char *const closed[] = { "mem",  "maps",	 "smaps",     "pagemap",
					      "auxv", "environ", "clear_refs" };
	char path[40];

	if (setgid(65534) || setuid(65534))
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(closed); i++) {
		snprintf(path, sizeof(path), "/proc/1/%s", closed[i]);
		if (open(path, strcmp(closed[i], "clear_refs") ? O_RDONLY : O_WRONLY) >= 0 ||
		    errno != EACCES)
			return 2 + (int)i;
	}
	return 0;
}

static void others_memory_is_closed_at_open(void)
{
	EQ(tap_child(as_nobody, NULL), 0);
}

/* ---- references ---- */

/* A field of smaps of the mapping that begins at @p, in kB. */
static long smaps_kb(const void *p, const char *field)
{
	char key[40], *at;

	if (tap_read("/proc/self/smaps", text, sizeof(text)) <= 0)
		return -1;
	snprintf(key, sizeof(key), "%08lx-", (unsigned long)p);
	at = strstr(text, key);
	snprintf(key, sizeof(key), "\n%s:", field);
	at = at ? strstr(at, key) : NULL;
	return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

static void references_are_forgotten_by_kind(void)
{
	char *a = anon(8, MAP_PRIVATE), *s = anon(8, MAP_SHARED);

	mprotect(a, PAGE, PROT_READ | PROT_WRITE);
	touch_down(a, 8);
	touch_down(s, 8);
	EQ(smaps_kb(a, "Referenced"), 32);
	EQ(smaps_kb(s, "Referenced"), 32);
	OK(tap_put("/proc/self/clear_refs", "2"));
	EQ(smaps_kb(a, "Referenced"), 0);
	EQ(smaps_kb(s, "Referenced"), 32);
	OK(tap_put("/proc/self/clear_refs", "3\n"));
	EQ(smaps_kb(s, "Referenced"), 0);
	a[3 * PAGE] = 2;
	(void)*(volatile char *)(s + 5 * PAGE);
	EQ(smaps_kb(a, "Referenced"), 4);
	EQ(smaps_kb(s, "Referenced"), 4);
	OK(tap_put("/proc/self/clear_refs", "1"));
	EQ(smaps_kb(a, "Referenced"), 0);
	EQ(smaps_kb(s, "Referenced"), 0);
	EQ(smaps_kb(a, "Rss"), 32);
	madvise(a + PAGE, 4 * PAGE, MADV_FREE);
	EQ(smaps_kb(a, "LazyFree"), 16);
	a[2 * PAGE] = 3; /* taken back */
	EQ(smaps_kb(a, "LazyFree"), 12);
	FAILS(tap_put("/proc/self/clear_refs", "0"), EINVAL);
	FAILS(tap_put("/proc/self/clear_refs", "6"), EINVAL);
	FAILS(tap_put("/proc/self/clear_refs", "all"), EINVAL);
}

/* ---- files behind mappings ---- */

static void map_files_lead_to_the_files(void)
{
	int fd = open("/tmp/proc-mem", O_CREAT | O_RDWR | O_TRUNC, 0600), again;
	char path[80], target[80], *p;
	struct stat a, b;
	ssize_t n;

	NEED(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0);
	p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)p,
		 (unsigned long)p + 2 * PAGE);
	n = readlink(path, target, sizeof(target) - 1);
	NEED(n > 0);
	target[n] = '\0';
	STREQ(target, "/tmp/proc-mem");
	unlink("/tmp/proc-mem"); /* the name goes, the file stays */
	again = open(path, O_RDONLY);
	CHECK(again >= 0);
	fstat(fd, &a);
	fstat(again, &b);
	EQ(a.st_ino, b.st_ino);
	close(again);
	FAILS(open("/proc/self/map_files/0-1000", O_RDONLY), ENOENT);
	FAILS(open("/proc/self/map_files/junk", O_RDONLY), ENOENT);
	munmap(p, 2 * PAGE);
	FAILS(readlink(path, target, sizeof(target)), ENOENT);
	close(fd);
}

static void map_files_lists_what_maps_shows(void)
{
	unsigned long inodes = 0, names = 0;
	DIR *d = opendir("/proc/self/map_files");
	struct dirent *e;
	char *save = NULL;

	NEED(d);
	while ((e = readdir(d)))
		names += e->d_name[0] != '.';
	closedir(d);
	load("/proc/self/maps");
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		unsigned long ino = 0;

		sscanf(l, "%*s %*s %*s %*s %lu", &ino);
		inodes += ino != 0;
	}
	EQ(names, inodes);
	CHECK(names > 0);
}

static void numa_maps_counts_by_kind(void)
{
	char *a = anon(8, MAP_PRIVATE), *s = anon(8, MAP_SHARED), key[40], *at, want[120];

	if (access("/proc/self/numa_maps", F_OK))
		SKIP("no nodes on this build");
	touch_down(a, 3);
	touch_down(s, 2);
	load("/proc/self/numa_maps");
	CHECK(strstr(text, " heap anon=") || strstr(text, " stack anon="));
	snprintf(key, sizeof(key), "\n%08lx default", (unsigned long)a);
	at = strstr(text, key);
	NEED(at);
	at[1 + strcspn(at + 1, "\n")] = '\0';
	CHECK(strstr(at, " anon=3 dirty=3 "));
	CHECK(strstr(at, " kernelpagesize_kB=4"));
	load("/proc/self/numa_maps");
	snprintf(want, sizeof(want), "\n%08lx default file=/dev/zero\\040(deleted) dirty=2 ",
		 (unsigned long)s);
	CHECK(strstr(text, want));
}

/* What was only read holds zeroes: it is clean, and goes as it came. What was written is dirty, by whom ever. */
static void read_shared_memory_is_clean(void)
{
	int fd = (int)syscall(SYS_memfd_create, "clean", 0);
	char *s;
	long in_object = 0;

	NEED(fd >= 0 && ftruncate(fd, (off_t)(8 * PAGE)) == 0);
	EQ(pwrite(fd, "x", 1, (off_t)PAGE), 1);
	EQ(fallocate(fd, 0, (off_t)(2 * PAGE), (off_t)PAGE), 0);
	s = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(s != MAP_FAILED);
	for (size_t i = 6; i-- > 0;)
		(void)((volatile char *)s)[i * PAGE];
	EQ(smaps_kb(s, "Rss"), 24);
	EQ(smaps_kb(s, "Private_Clean"), 16); /* 0, 3, 4, 5 */
	EQ(smaps_kb(s, "Private_Dirty"), 8);
	s[4 * PAGE] = 1;
	EQ(smaps_kb(s, "Private_Clean"), 12);
	EQ(smaps_kb(s, "Private_Dirty"), 12);
	EQ(munmap(s, 8 * PAGE), 0); /* the entry's bit is the page's then */
	s = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(s != MAP_FAILED);
	for (size_t i = 6; i-- > 0;)
		(void)((volatile char *)s)[i * PAGE];
	EQ(smaps_kb(s, "Private_Clean"), 12);
	EQ(madvise(s, 8 * PAGE, MADV_PAGEOUT), 0);
	EQ(smaps_kb(s, "Rss"), 0);
	for (off_t at = 0; (at = lseek(fd, at, SEEK_DATA)) >= 0; at += (off_t)PAGE)
		in_object += 1L << at / (off_t)PAGE;
	EQ(in_object, 1 << 1 | 1 << 2 | 1 << 4);
	EQ(s[0], 0);
	EQ(s[PAGE], 'x');
	EQ(s[2 * PAGE], 0);
	EQ(s[4 * PAGE], 1);
	EQ(munmap(s, 8 * PAGE), 0);
	EQ(close(fd), 0);
}

/* ---- small words ---- */

static int oom_as_nobody(void *arg)
{
	/* up is free, down only to where the administrator left it */
	if (setgid(65534) || setuid(65534) || prctl(PR_SET_DUMPABLE, 1) ||
	    tap_put("/proc/self/oom_score_adj", "500"))
		return 1;
	if (tap_put("/proc/self/oom_score_adj", "100"))
		return 2;
	return tap_put("/proc/self/oom_score_adj", "99") == 0 || errno != EACCES ? 3 : 0;
}

static size_t read_on(int fd, char *buf, size_t size, size_t piece)
{
	size_t len = 0;
	ssize_t n;

	while (len < size && (n = read(fd, buf + len, piece < size - len ? piece : size - len)) > 0)
		len += (size_t)n;
	return len;
}

/* The list of mappings is printed as it is read: what comes behind the first piece is of later. */
static void maps_come_in_pieces(void)
{
	enum { PIECES = 200, ROOM = 64 << 10 };
	static char whole[ROOM], parts[ROOM];
	size_t len, before;
	char *p, last[40];
	int fd;

	p = mmap(NULL, PIECES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(p != MAP_FAILED);
	for (int i = 0; i < PIECES; i += 2)
		NEED(mprotect(p + (size_t)i * PAGE, PAGE, PROT_READ) == 0);
	NEED((fd = open("/proc/self/maps", O_RDONLY)) >= 0);
	len = read_on(fd, whole, ROOM, ROOM);
	CHECK(len > 2 * PAGE && len < ROOM);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	EQ(read_on(fd, parts, ROOM, 100), len);
	CHECK(!memcmp(parts, whole, len));
	EQ(pread(fd, parts, 50, (off_t)len - 50), 50);
	CHECK(!memcmp(parts, whole + len - 50, 50));
	EQ(pread(fd, parts, 1, (off_t)len), 0);

	snprintf(last, sizeof(last), "%08lx-", (unsigned long)(p + (PIECES - 2) * PAGE));
	CHECK(strstr(whole, last));
	EQ(lseek(fd, 0, SEEK_SET), 0);
	before = (size_t)read(fd, parts, 100);
	EQ(before, 100);
	EQ(munmap(p + (PIECES - 2) * PAGE, PAGE), 0);
	len = read_on(fd, parts + before, ROOM - before - 1, PAGE);
	parts[before + len] = '\0';
	CHECK(!strstr(parts, last));
	close(fd);
	munmap(p, PIECES * PAGE);
}

/* A read of a list of mappings ends behind one of them: a page of text at most, and whoever wants less gets what he wants. */
static void reads_end_behind_a_mapping(void)
{
	enum { PIECES = 1000 };
	static const char *const files[] = { "/proc/self/maps", "/proc/self/smaps",
					     "/proc/self/numa_maps" };
	static char buf[64 << 10];
	ssize_t n;
	char *p;
	int fd;

	p = mmap(NULL, PIECES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(p != MAP_FAILED);
	for (int i = 0; i < PIECES; i += 2)
		NEED(mprotect(p + (size_t)i * PAGE, PAGE, PROT_READ) == 0);
	for (size_t f = 0; f < sizeof(files) / sizeof(*files); f++) {
		if ((fd = open(files[f], O_RDONLY)) < 0 && errno == ENOENT)
			continue; /* numa_maps is not everywhere */
		NEED(fd >= 0);
		for (int i = 0; i < 3; i++) {
			n = read(fd, buf, i ? PAGE : sizeof(buf));
			CHECK(n > (long)PAGE / 2);
			CHECK(n < (long)PAGE);
			EQ(buf[n - 1], '\n');
		}
		EQ(read(fd, buf, 10), 10);
		CHECK(buf[9] != '\n');
		n = read(fd, buf, sizeof(buf)); /* the rest of the mapping, others */
		CHECK(n > (long)PAGE / 2);
		CHECK(n < 2 * (long)PAGE);
		EQ(buf[n - 1], '\n');
		EQ(close(fd), 0);
	}
	munmap(p, PIECES * PAGE);
}

/* Who asks for nothing gets it, and changes nothing for who reads after him. */
static void reads_of_nothing(void)
{
	static char whole[2 * 4096], rest[2 * 4096];
	ssize_t n;
	int fd;

	fd = open("/proc/self/smaps_rollup", O_RDONLY);
	NEED(fd >= 0);
	n = pread(fd, whole, sizeof(whole), 0);
	CHECK(n > 100);
	EQ(close(fd), 0);
	fd = open("/proc/self/smaps_rollup", O_RDONLY);
	NEED(fd >= 0);
	EQ(pread(fd, rest, 0, 5), 0);
	EQ(pread(fd, rest, sizeof(rest), 5), n - 5);
	CHECK(!memcmp(rest, whole + 5, 60)); /* the same range */
	EQ(close(fd), 0);
}

static void oom_words(void)
{
	OK(tap_put("/proc/self/oom_score_adj", "100"));
	load("/proc/self/oom_score_adj");
	STREQ(text, "100\n");
	load("/proc/self/oom_adj");
	STREQ(text, "1\n");
	EQ(tap_child(oom_as_nobody, NULL), 0);
	OK(tap_put("/proc/self/oom_adj", "15"));
	load("/proc/self/oom_score_adj");
	STREQ(text, "1000\n");
	load("/proc/self/oom_adj");
	STREQ(text, "15\n");
	OK(tap_put("/proc/self/oom_adj", "-17"));
	load("/proc/self/oom_score_adj");
	STREQ(text, "-1000\n");
	load("/proc/self/oom_score");
	STREQ(text, "0\n");
	FAILS(tap_put("/proc/self/oom_adj", "16"), EINVAL);
	FAILS(tap_put("/proc/self/oom_adj", "-18"), EINVAL);
	FAILS(tap_put("/proc/self/oom_score_adj", "1001"), EINVAL);
	FAILS(tap_put("/proc/self/oom_score_adj", "-1001"), EINVAL);
	OK(tap_put("/proc/self/oom_score_adj", "0"));
	load("/proc/1/oom_score");
	STREQ(text, "0\n"); /* init is never chosen */
}

static int filter_in_child(void *arg)
{
	tap_read("/proc/self/coredump_filter", text, sizeof(text));
	return strcmp(text, "00000021\n") != 0;
}

static void dump_filter_and_slack(void)
{
	load("/proc/self/coredump_filter");
	STREQ(text, "00000033\n");
	OK(tap_put("/proc/self/coredump_filter", "0x21"));
	EQ(tap_child(filter_in_child, NULL), 0);
	load("/proc/self/timerslack_ns");
	STREQ(text, "50000\n");
	OK(tap_put("/proc/self/timerslack_ns", "70000"));
	EQ(prctl(PR_GET_TIMERSLACK), 70000);
	EQ(prctl(PR_SET_TIMERSLACK, 1234L), 0);
	load("/proc/self/timerslack_ns");
	STREQ(text, "1234\n");
	OK(tap_put("/proc/self/timerslack_ns", "0"));
	EQ(prctl(PR_GET_TIMERSLACK), 50000);
}

static int sleeper(void *arg)
{
	return (int)syscall(SYS_rt_sigtimedwait, arg, NULL, NULL, 8L); /* for no signal: for ever */
}

static char state_of(pid_t pid)
{
	char path[40], *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	load(path);
	at = strrchr(text, ')');
	return at ? at[2] : '?';
}

/* Leaves a process asleep in an address space without any mapping: *@arg is its number. */
static int empty_its_memory(void *arg)
{
	static uint64_t no_signals;
	char *stack = anon(16, MAP_PRIVATE);
	volatile pid_t *pid = arg;

	*pid = clone(sleeper, stack + 16 * PAGE, CLONE_VM | CLONE_PARENT | SIGCHLD, &no_signals);
	while (*pid > 0 && state_of(*pid) != 'S')
		sched_yield();
	syscall(SYS_munmap, 0UL, IS64 ? 0x7ffffffff000UL : 0xc0000000UL);
	return 99; /* nobody comes here */
}

static const char *of_process(pid_t pid, const char *file)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	load(path);
	return text;
}

static void a_program_without_any_mapping(void)
{
	pid_t *pid = (pid_t *)(void *)anon(1, MAP_SHARED);
	char *line;

	EQ(tap_child(empty_its_memory, pid), KILLED(SIGSEGV));
	NEED(*pid > 0);
	EQ(state_of(*pid), 'S');
	STREQ(of_process(*pid, "maps"), "");
	STREQ(of_process(*pid, "smaps"), "");
	if (IS64)
		STREQ(of_process(*pid, "numa_maps"), "");
	CHECK(strncmp(of_process(*pid, "statm"), "0 0 0 ", 6) == 0);
	line = strchr(of_process(*pid, "smaps_rollup"), '\n');
	NEED(line != NULL);
	*line = '\0';
	STREQ(text,
	      IS64 ? "00000000-00000000 ---p 00000000 00:00 0                                  [rollup]"
		   : "00000000-00000000 ---p 00000000 00:00 0          [rollup]");
	EQ(strncmp(line + 1, "Rss:                   0 kB\n", 28), 0);
	kill(*pid, SIGKILL);
	EQ(tap_wait(*pid), SIGKILL);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(rss_is_exact_by_kind),
						 T(status_and_statm_agree),
						 T(the_peak_stays_until_it_is_reset),
						 T(the_peak_survives_a_truncation),
						 T(faults_are_counted_one_by_one),
						 T(mem_reads_and_writes_through),
						 T(mem_is_an_address_space_to_seek_in),
						 T(mem_of_another_process),
						 T(others_memory_is_closed_at_open),
						 T(references_are_forgotten_by_kind),
						 T(map_files_lead_to_the_files),
						 T(map_files_lists_what_maps_shows),
						 T(numa_maps_counts_by_kind),
						 T(read_shared_memory_is_clean),
						 T(maps_come_in_pieces),
						 T(reads_end_behind_a_mapping),
						 T(reads_of_nothing),
						 T(oom_words),
						 T(dump_filter_and_slack),
						 T(a_program_without_any_mapping),
						 TEND };

	return tap_main(argc, argv, tests);
}
