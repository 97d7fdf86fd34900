/* Memory out of use: MADV_HWPOISON, MADV_SOFT_OFFLINE, and debugfs hwpoison, which brings it back. */
#include "mem.h"

#include "pagemap.h"

#include <setjmp.h>
#include <sys/klog.h>
#include <sys/mount.h>

enum { ADV_HWPOISON = 100, ADV_SOFT_OFFLINE, CODE_MCEERR_AR = 4 };
#define UNPOISON "/sys/kernel/debug/hwpoison/unpoison-pfn"

static sigjmp_buf back;
static siginfo_t seen;

static void on_bus(int sig, siginfo_t *info, void *context)
{
	seen = *info;
	siglongjmp(back, 1);
}

/* SIGBUS, or 0 if the access goes well. */
static int bus(volatile char *p, int write)
{
	struct sigaction sa = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };

	sigaction(SIGBUS, &sa, NULL);
	memset(&seen, 0, sizeof(seen));
	if (sigsetjmp(back, 1) == 0) {
		if (write)
			*p = 1;
		else
			(void)*p;
	}
	return seen.si_signo;
}

static int unpoison(uint64_t pfn)
{
	char text[32];

	snprintf(text, sizeof(text), "%#llx", (unsigned long long)pfn);
	return tap_write(UNPOISON, text, strlen(text), 0);
}

static int touch(void *p)
{
	signal(SIGBUS, SIG_DFL);
	return *(volatile char *)p;
}

/* How often the kernel's log says so of this process at @p. */
static int told_in_log(const void *p)
{
	static char log[1 << 17];
	int len = klogctl(3, log, sizeof(log) - 1), n = 0;
	char line[128];

	CHECK(len >= 0);
	log[len < 0 ? 0 : len] = '\0';
	snprintf(line, sizeof(line), ":%d due to hardware memory corruption fault at %lx\n",
		 getpid(), (unsigned long)p);
	for (const char *at = log; (at = strstr(at, line)); at++)
		n++;
	return n;
}

static void a_broken_page_is_sigbus(void)
{
	long broken = meminfo_kb("HardwareCorrupted:");
	char *p = anon(3, RW);
	int pipe_fd[2];
	uint64_t pfn;

	NEED(p != MAP_FAILED);
	memset(p, 5, 3 * PAGE);
	pfn = pfn_of(p + PAGE);
	OK(madvise(p + PAGE, PAGE, ADV_HWPOISON));
	EQ(meminfo_kb("HardwareCorrupted:") - broken, 4);
	EQ(word_at("/proc/kpageflags", pfn) & BIT(KPF_HWPOISON), BIT(KPF_HWPOISON));
	EQ(bus(p + PAGE + 8, 1), SIGBUS);
	EQ(told_in_log(p + PAGE + 8), 1);
	EQ(seen.si_code, CODE_MCEERR_AR);
	EQ((uintptr_t)seen.si_addr, (uintptr_t)p + PAGE + 8);
	EQ(seen.si_addr_lsb, 12);
	EQ(bus(p + PAGE, 0), SIGBUS);
	EQ(p[PAGE - 1] + p[2 * PAGE], 10);
	NEED(pipe(pipe_fd) == 0);
	FAILS(write(pipe_fd[1], p + PAGE, 1), EFAULT);
	FAILS(madvise(p + PAGE, PAGE, ADV_HWPOISON), EFAULT);
	FAILS(madvise(p, 3 * PAGE, 22 /* MADV_POPULATE_READ */), EHWPOISON);
	FAILS(madvise(p, 3 * PAGE, 23 /* MADV_POPULATE_WRITE */), EHWPOISON);
	EQ(tap_child(touch, p + PAGE), SIGBUS); /* a child as well */
	OK(munmap(p, 3 * PAGE));
	EQ(meminfo_kb("HardwareCorrupted:") - broken, 4);
	EQ(unpoison(pfn), 0);
	EQ(unpoison(pfn), 0);
	EQ(meminfo_kb("HardwareCorrupted:") - broken, 0);
	EQ(word_at("/proc/kpageflags", pfn) & BIT(KPF_HWPOISON), 0);
}

static void a_shared_page_is_lost_for_all(void)
{
	int fd = open("/dev/shm/poison", O_CREAT | O_RDWR | O_TRUNC, 0600);
	char *p, *q, byte;
	uint64_t pfn;

	NEED(fd >= 0 && ftruncate(fd, (off_t)(2 * PAGE)) == 0);
	p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	q = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0);
	NEED(p != MAP_FAILED && q != MAP_FAILED);
	memset(p, 6, 2 * PAGE);
	EQ(q[0], 6);
	pfn = pfn_of(p);
	OK(madvise(p, PAGE, ADV_HWPOISON));
	EQ(bus(p, 0), SIGBUS);
	EQ(bus(q, 0), SIGBUS);
	EQ(seen.si_code, CODE_MCEERR_AR);
	FAILS(pread(fd, &byte, 1, 10), EIO);
	FAILS(pwrite(fd, &byte, 1, 10), EIO);
	EQ(pread(fd, &byte, 1, (off_t)PAGE), 1);
	FAILS(tap_write(UNPOISON, "x", 1, 0), EINVAL);
	EQ(unpoison(pfn) != 0 && errno == EBUSY, 1); /* the file still has it */
	OK(ftruncate(fd, 0));
	OK(ftruncate(fd, (off_t)PAGE));
	EQ(bus(p, 1), 0);
	EQ(p[0], 1);
	EQ(unpoison(pfn), 0);
	unlink("/dev/shm/poison");
}

static void doubtful_pages_move(void)
{
	long broken = meminfo_kb("HardwareCorrupted:"), moved = vmstat("pgmigrate_success");
	char *p = anon(4, RW);
	char *q = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t pfn[8];

	NEED(p != MAP_FAILED && q != MAP_FAILED);
	for (int i = 0; i < 4; i++) {
		memset(p + i * PAGE, i + 1, PAGE);
		memset(q + i * PAGE, i + 9, PAGE);
		pfn[i] = pfn_of(p + i * PAGE);
		pfn[4 + i] = pfn_of(q + i * PAGE);
	}
	OK(madvise(p, 4 * PAGE, ADV_SOFT_OFFLINE));
	OK(madvise(q, 4 * PAGE, ADV_SOFT_OFFLINE));
	EQ(meminfo_kb("HardwareCorrupted:") - broken, 32);
	CHECK(vmstat("pgmigrate_success") - moved >= 8);
	for (int i = 0; i < 4; i++) {
		EQ(bus(p + i * PAGE, 0), 0);
		EQ(p[i * PAGE], i + 1);
		EQ(p[i * PAGE + PAGE - 1], i + 1);
		EQ(q[i * PAGE], i + 9);
		CHECK(pfn_of(p + i * PAGE) != pfn[i]);
		CHECK(pfn_of(q + i * PAGE) != pfn[4 + i]);
	}
	OK(munmap(p, 4 * PAGE));
	OK(munmap(q, 4 * PAGE));
	for (int i = 0; i < 8; i++) {
		EQ(word_at("/proc/kpageflags", pfn[i]) >> KPF_HWPOISON & 1, 1);
		EQ(unpoison(pfn[i]), 0);
	}
	EQ(meminfo_kb("HardwareCorrupted:") - broken, 0);
}

static void pages_that_stay(void)
{
	char *p = anon(2, RW);

	NEED(p != MAP_FAILED);
	EQ(p[0], 0);
	FAILS(madvise(p, PAGE, ADV_HWPOISON), EBUSY); /* the page of zeroes */
	FAILS(madvise(p, PAGE, ADV_SOFT_OFFLINE), EBUSY);
	EQ(p[0], 0);
	FAILS(madvise(p + 1, PAGE, ADV_HWPOISON), EINVAL);
	OK(madvise(p, 0, ADV_HWPOISON));
	OK(munmap(p, PAGE));
	FAILS(madvise(p, PAGE, ADV_SOFT_OFFLINE), EFAULT);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(a_broken_page_is_sigbus),
						 T(a_shared_page_is_lost_for_all),
						 T(doubtful_pages_move), T(pages_that_stay), TEND };

	if (access("/sys/kernel/debug/hwpoison", F_OK)) /* once: the run before left it */
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	return tap_main(argc, argv, tests);
}
