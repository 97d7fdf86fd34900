/* What can be set about the page cache: limits and times of write-back, how much a fault maps. */
#include "mem.h"

#include <sys/mount.h>

static int set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY), r, err;

	if (fd < 0)
		return -1;
	r = write(fd, value, strlen(value)) == (ssize_t)strlen(value) ? 0 : -1;
	err = errno;
	close(fd);
	errno = err;
	return r;
}

static const char *get(const char *path)
{
	static char text[64];

	if (tap_read(path, text, sizeof(text)) < 0)
		return "?";
	text[strcspn(text, "\n")] = '\0';
	return text;
}

#define VM "/proc/sys/vm/"

static void limits_of_dirty_memory(void)
{
	if (getuid() != 0)
		SKIP("not root");
	STREQ(get(VM "dirty_ratio"), "20");
	STREQ(get(VM "dirty_background_ratio"), "10");
	STREQ(get(VM "dirty_bytes"), "0");
	STREQ(get(VM "dirty_background_bytes"), "0");
	/* bytes and percent exclude each other */
	EQ(set(VM "dirty_bytes", "1048576"), 0);
	STREQ(get(VM "dirty_bytes"), "1048576");
	STREQ(get(VM "dirty_ratio"), "0");
	EQ(set(VM "dirty_ratio", "20"), 0);
	STREQ(get(VM "dirty_bytes"), "0");
	EQ(set(VM "dirty_background_bytes", "65536"), 0);
	STREQ(get(VM "dirty_background_ratio"), "0");
	EQ(set(VM "dirty_background_ratio", "10"), 0);
	STREQ(get(VM "dirty_background_bytes"), "0");
	FAILS(set(VM "dirty_ratio", "101"), EINVAL);
	FAILS(set(VM "dirty_ratio", "-1"), EINVAL);
	FAILS(set(VM "dirty_bytes", "8191"), EINVAL); /* two pages at least */
	FAILS(set(VM "dirty_background_bytes", "0"), EINVAL);
	FAILS(set(VM "dirty_ratio", "many"), EINVAL);
	STREQ(get(VM "dirty_ratio"), "20");
}

static void times_of_write_back(void)
{
	if (getuid() != 0)
		SKIP("not root");
	STREQ(get(VM "dirty_expire_centisecs"), "3000");
	STREQ(get(VM "dirty_writeback_centisecs"), "500");
	EQ(set(VM "dirty_expire_centisecs", "100"), 0);
	EQ(set(VM "dirty_writeback_centisecs", "0"), 0);
	STREQ(get(VM "dirty_writeback_centisecs"), "0");
	FAILS(set(VM "dirty_expire_centisecs", "-5"), EINVAL);
	EQ(set(VM "dirty_expire_centisecs", "3000"), 0);
	EQ(set(VM "dirty_writeback_centisecs", "500"), 0);
	sync();
}

static void thresholds_follow(void)
{
	long thresh = vmstat("nr_dirty_threshold"), back = vmstat("nr_dirty_background_threshold");

	if (getuid() != 0)
		SKIP("not root");
	CHECK(thresh > back && back > 0);
	EQ(set(VM "dirty_bytes", "4194304"), 0);
	EQ(set(VM "dirty_background_bytes", "1048576"), 0);
	EQ(vmstat("nr_dirty_threshold"), 1024);
	EQ(vmstat("nr_dirty_background_threshold"), 256);
	EQ(set(VM "dirty_background_bytes", "8388608"), 0);
	EQ(vmstat("nr_dirty_background_threshold"), 512); /* never at or above the other */
	EQ(set(VM "dirty_ratio", "20"), 0);
	EQ(set(VM "dirty_background_ratio", "10"), 0);
}

#define DEBUG "/sys/kernel/debug/"

static long minor_faults_of(volatile char *p, unsigned pages, int write)
{
	char text[600];
	const char *s;
	long before, after;

	tap_read("/proc/self/stat", text, sizeof(text));
	s = strrchr(text, ')');
	sscanf(s + 2, "%*c %*d %*d %*d %*d %*d %*u %ld", &before);
	for (unsigned i = 0; i < pages; i++) {
		if (write)
			p[i * PAGE] = 1;
		else
			(void)p[i * PAGE];
	}
	tap_read("/proc/self/stat", text, sizeof(text));
	s = strrchr(text, ')');
	sscanf(s + 2, "%*c %*d %*d %*d %*d %*d %*u %ld", &after);
	return after - before;
}

static void fault_around(void)
{
	enum { N = 64 };
	static char buf[N * 4096];
	int fd = open("f", O_CREAT | O_TRUNC | O_RDWR, 0600);
	char *p;
	long n;

	NEED(fd >= 0);
	EQ(write(fd, buf, sizeof(buf)), sizeof(buf));
	if (access(DEBUG "fault_around_bytes", F_OK) != 0)
		SKIP("debugfs is not mounted");
	STREQ(get(DEBUG "fault_around_bytes"), "65536");
	p = mmap(NULL, N * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	n = minor_faults_of(p, N, 0);
	CHECK(n >= 4 && n < 10);
	EQ(munmap(p, N * PAGE), 0);
	EQ(set(DEBUG "fault_around_bytes", "4096"), 0);
	STREQ(get(DEBUG "fault_around_bytes"), "4096");
	p = mmap(NULL, N * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	n = minor_faults_of(p, N, 0);
	CHECK(n >= N && n < N + 6);
	EQ(munmap(p, N * PAGE), 0);
	EQ(set(DEBUG "fault_around_bytes", "20000"), 0); /* rounded down to a power of two */
	STREQ(get(DEBUG "fault_around_bytes"), "16384");
	FAILS(set(DEBUG "fault_around_bytes", "x"), EINVAL);
	EQ(set(DEBUG "fault_around_bytes", "65536"), 0);
	close(fd);
	unlink("f");
}

static void fault_batches(void)
{
	enum { N = 64 };
	char *p;
	long n;

	if (access(DEBUG "fault_batch_bytes", F_OK) != 0)
		SKIP("debugfs is not mounted, or this is Linux");
	STREQ(get(DEBUG "fault_batch_bytes"), "65536");
	p = mmap(NULL, N * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(p != MAP_FAILED);
	n = minor_faults_of(p, N, 1);
	CHECK(n < N / 2);
	EQ(resident(p, N), N);
	EQ(munmap(p, N * PAGE), 0);
	EQ(set(DEBUG "fault_batch_bytes", "0"), 0);
	p = mmap(NULL, N * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	n = minor_faults_of(p, N, 1);
	CHECK(n >= N && n < N + 6);
	EQ(munmap(p, N * PAGE), 0);
	EQ(set(DEBUG "fault_batch_bytes", "65536"), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(limits_of_dirty_memory), T(times_of_write_back),
						 T(thresholds_follow),	    T(fault_around),
						 T(fault_batches),	    TEND };

	return tap_main(argc, argv, tests);
}
