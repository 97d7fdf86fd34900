/* /proc/PID/vtop: what it says against maps, pagemap and what the program did; what it refuses. */
#include "tap.h"

static char text[1 << 16];

/* The answer about @query into text. Return: its length, -1 with errno. */
static long ask(const char *path, const char *query)
{
	int fd = open(path, O_RDWR);
	size_t n = 0;
	ssize_t r;

	if (fd < 0)
		return -1;
	text[0] = '\0';
	r = write(fd, query, strlen(query));
	while (r > 0 && (r = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)r;
	text[n] = '\0';
	close(fd);
	return r < 0 ? -1 : (long)n;
}

static long ask_address(const void *p)
{
	char query[32];

	snprintf(query, sizeof(query), "%lx", (unsigned long)p);
	return ask("/proc/self/vtop", query);
}

/* The value after @key at the start of a line; "" when there is none. */
static const char *value(const char *key)
{
	static char line[512];
	char want[24];
	const char *at;
	size_t n;

	snprintf(want, sizeof(want), "\n%-11s", key);
	at = strstr(text, want);
	if (!at)
		return "";
	n = strcspn(at + 12, "\n");
	snprintf(line, sizeof(line), "%.*s", (int)n, at + 12);
	return line;
}

/* Does the answer say that @pid maps the page at @p? */
static int is_user(const void *p, int pid)
{
	char want[80];

	snprintf(want, sizeof(want), "\nmapped by  0x%0*lx of %d (", (int)(2 * sizeof(long)),
		 (unsigned long)p, pid);
	return strstr(text, want) != NULL;
}

static uint64_t pagemap(const void *p)
{
	uint64_t e = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	CHECK(pread(fd, &e, 8, (off_t)((unsigned long)p / PAGE * 8)) == 8);
	close(fd);
	return e;
}

static char *anon(size_t pages, int prot)
{
	return mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void physical_is_that_of_pagemap(void)
{
	char *p = anon(4, PROT_READ | PROT_WRITE);
	unsigned long long want;

	p[5] = 1;
	NEED(ask_address(p + 5) > 0);
	want = (pagemap(p) & ((1ULL << 55) - 1)) * PAGE + 5;
	EQ(strtoull(value("physical"), NULL, 16), want);
	EQ(strtoull(value("pfn"), NULL, 16), want / PAGE);
	CHECK(strncmp(value("page"), "4 KiB user rw", 13) == 0);
	CHECK(strncmp(value("state"), "anon", 4) == 0);
	STREQ(value("counts"), "refcount 1 mapcount 1");
	CHECK(strstr(value("vma"), " rw-p 00000000 00:00 0 "));
	CHECK(strstr(value("PTE"), " P RW US A D"));
}

static void untouched_read_and_forbidden(void)
{
	char *p = anon(3, PROT_READ | PROT_WRITE);
	volatile char *v = p;

	v[0] = 1;
	(void)v[PAGE];
	v[2 * PAGE] = 1;
	mprotect(p + 2 * PAGE, PAGE, PROT_NONE);
	NEED(ask_address(p + PAGE) > 0); /* the zero page: no owner, read-only */
	CHECK(strstr(value("PTE"), " special"));
	CHECK(strstr(value("page"), "user r-"));
	NEED(ask_address(p + 2 * PAGE) > 0);
	STREQ(value("physical"), "none");
	STREQ(value("reason"), "PROT_NONE: the CPU faults, the frame stays");
	CHECK(strstr(value("PTE"), " PROT_NONE"));
	STREQ(value("counts"), "refcount 1 mapcount 1");
	munmap(p, 3 * PAGE);
	NEED(ask_address(p) > 0);
	STREQ(value("vma"), "none");
	STREQ(value("physical"), "none");
	CHECK(strstr(value("reason"), "entry is empty"));
}

static void a_file_page_has_its_owner(void)
{
	struct stat st;
	char want[80], *p;
	int fd = open("/tmp/vtop-file", O_CREAT | O_RDWR | O_TRUNC, 0600);

	NEED(fd >= 0 && ftruncate(fd, 3 * PAGE) == 0 && fstat(fd, &st) == 0);
	p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	p[2 * PAGE] = 1;
	NEED(ask_address(p + 2 * PAGE) > 0);
	CHECK(strstr(value("vma"), "/tmp/vtop-file"));
	CHECK(strncmp(value("state"), "file", 4) == 0);
	CHECK(is_user(p + 2 * PAGE, getpid()));
	snprintf(want, sizeof(want), "inode %lu, page 0x2 of it", (unsigned long)st.st_ino);
	CHECK(strstr(value("owner"), want));
	unlink("/tmp/vtop-file");
}

static void fork_shares_and_counts(void)
{
	char *p = anon(1, PROT_READ | PROT_WRITE);
	int go[2];
	pid_t pid;

	*p = 1;
	NEED(pipe(go) == 0);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		_exit(read(go[0], text, 1) != 0);
	}
	NEED(ask_address(p) > 0);
	STREQ(value("counts"), "refcount 2 mapcount 2");
	CHECK(is_user(p, getpid()));
	CHECK(is_user(p, pid));
	close(go[1]);
	EQ(tap_wait(pid), 0);
	NEED(ask_address(p) > 0);
	STREQ(value("counts"), "refcount 1 mapcount 1");
	CHECK(is_user(p, getpid()));
	CHECK(!is_user(p, pid));
}

static void kernel_addresses(void)
{
	/* In the kernel's image, which is mapped on every build; 0 is nowhere. */
	const char *linear = IS64 ? "ffff888000100000" : "c0100000";

	NEED(ask("/proc/mnemos/vtop", linear) > 0);
	STREQ(value("physical"), IS64 ? "0x0000000000100000" : "0x00100000");
	CHECK(strstr(value("region"), "linear map"));
	CHECK(strstr(value("page"), "kernel r"));
	NEED(ask("/proc/self/vtop", linear) > 0);
	STREQ(value("physical"), IS64 ? "0x0000000000100000" : "0x00100000");
	NEED(ask("/proc/mnemos/vtop", "0") > 0);
	STREQ(value("physical"), "none");
	NEED(ask("/proc/2/vtop", linear) > 0); /* a kernel thread: the kernel's tables */
	CHECK(strstr(text, "of the kernel"));
}

static void several_and_again(void)
{
	int fd = open("/proc/self/vtop", O_RDWR);
	char small[8];
	ssize_t n;

	NEED(fd >= 0);
	EQ(read(fd, small, sizeof(small)), 0); /* nothing was asked */
	EQ(write(fd, "0x1000 2000\n3000", 16), 16);
	n = read(fd, text, sizeof(text) - 1);
	NEED(n > 0);
	text[n] = '\0';
	CHECK(strncmp(text, "address    0x", 13) == 0);
	CHECK(strstr(text, "\n\naddress"));
	CHECK(strstr(strstr(text, "\n\naddress") + 2, "\n\naddress"));
	EQ(write(fd, "4000", 4), 4); /* a new question: what was not read is gone */
	EQ(read(fd, small, 8), 8);
	EQ(memcmp(small, "address ", 8), 0);
	FAILS(lseek(fd, 0, SEEK_SET), ESPIPE);
	close(fd);
}

static void nonsense_is_refused(void)
{
	FAILS(ask("/proc/self/vtop", "x"), EINVAL);
	FAILS(ask("/proc/self/vtop", "12 zz"), EINVAL);
	FAILS(ask("/proc/self/vtop", "0x"), EINVAL);
	FAILS(ask("/proc/self/vtop", IS64 ? "11112222333344445" : "123456789"), EINVAL);
	if (IS64) {
		NEED(ask("/proc/self/vtop", "800000000000000") > 0);
		CHECK(strstr(value("reason"), "not canonical"));
	}
}

static int as_nobody(void *arg)
{
	if (setgid(65534) || setuid(65534))
		return 1;
	if (open("/proc/self/vtop", O_RDWR) >= 0 || (errno != EPERM && errno != EACCES))
		return 2;
	if (open("/proc/1/vtop", O_RDWR) >= 0)
		return 3;
	return open("/proc/mnemos/vtop", O_RDWR) >= 0 ? 4 : 0;
}

static void only_root_may_ask(void)
{
	EQ(tap_child(as_nobody, NULL), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(physical_is_that_of_pagemap),
						 T(untouched_read_and_forbidden),
						 T(a_file_page_has_its_owner),
						 T(fork_shares_and_counts),
						 T(kernel_addresses),
						 T(several_and_again),
						 T(nonsense_is_refused),
						 T(only_root_may_ask),
						 TEND };

	return tap_main(argc, argv, tests);
}
