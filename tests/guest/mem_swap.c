/* Swap on compressed memory: swapon and swapoff with their errors, pages out and in, fork, mprotect, mremap, figures, tools. */
#include "zram.h"

#include "pagemap.h"

#include <poll.h>

#define OVERCOMMIT "/proc/sys/vm/overcommit_"

static void out_and_in(void)
{
	enum { N = 700 };

	begin("8M\n", 2048);
	EQ(meminfo_kb("SwapTotal:"), 2047 * 4);
	round_trip(N);
	end();
}

static void shared_by_fork(void)
{
	enum { N = 64 };
	unsigned char *p;
	pid_t pid;
	int status;

	begin("4M\n", 1024);
	p = filled(N);
	OK(page_out(p, N));
	pid = fork();
	if (!pid) {
		unsigned bad = 0;

		for (unsigned i = 0; i < N; i += 2)
			bad += !is_filled(p + i * PAGE, i);
		for (unsigned i = 0; i < N; i += 3)
			fill(p + i * PAGE, i + 1000);
		for (unsigned i = 0; i < N; i++)
			bad += !is_filled(p + i * PAGE, i % 3 ? i : i + 1000);
		_exit(bad != 0);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	for (unsigned i = 0; i < N; i++)
		CHECK(is_filled(p + i * PAGE, i));
	OK(munmap(p, N * PAGE));
	end();
}

static void rights_and_places(void)
{
	unsigned char *p, *q;

	begin("4M\n", 1024);
	p = filled(8);
	OK(page_out(p, 8));
	EQ((word_at("/proc/self/pagemap", (uintptr_t)p / PAGE) & (PM_SWAP | PM_PRESENT)), PM_SWAP);
	OK(mprotect(p, 4 * PAGE, PROT_READ));
	CHECK(is_filled(p, 0));
	OK(mprotect(p, 4 * PAGE, RW));
	fill(p + PAGE, 77);
	CHECK(is_filled(p + PAGE, 77));
	q = mremap(p + 4 * PAGE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 64 * PAGE);
	NEED(q != MAP_FAILED);
	EQ(resident(q, 4), 0);
	for (unsigned i = 0; i < 4; i++)
		CHECK(is_filled(q + i * PAGE, i + 4));
	OK(page_out(p, 4));
	OK(madvise(p, 2 * PAGE, MADV_DONTNEED));
	EQ(p[0] | p[PAGE], 0);
	OK(madvise(p + 2 * PAGE, PAGE, MADV_FREE));
	EQ(p[2 * PAGE], 0);
	CHECK(is_filled(p + 3 * PAGE, 3));
	OK(munmap(p, 4 * PAGE));
	OK(munmap(q, 4 * PAGE));
	end();
}

static void swapoff_brings_back(void)
{
	enum { N = 300 };
	unsigned char *p;

	begin("4M\n", 1024);
	p = filled(N);
	OK(page_out(p, N));
	OK(mprotect(p, 10 * PAGE, PROT_NONE));
	end();
	OK(mprotect(p, 10 * PAGE, RW));
	EQ(resident(p, N), N);
	EQ(spoilt(p, N), 0);
	OK(munmap(p, N * PAGE));
}

/* What is promised does not fit without it: it stays in use, with all that is there. */
static void swapoff_without_memory(void)
{
	enum { N = 300 };
	unsigned char *p;
	char mode[16], ratio[16];

	begin("4M\n", 1024);
	NEED(tap_read(OVERCOMMIT "memory", mode, sizeof(mode)) > 0);
	NEED(tap_read(OVERCOMMIT "ratio", ratio, sizeof(ratio)) > 0);
	p = filled(N);
	OK(page_out(p, N));
	OK(tap_put(OVERCOMMIT "ratio", "0\n"));
	OK(tap_put(OVERCOMMIT "memory", "2\n"));
	FAILS(swapoff(DEV), ENOMEM);
	OK(tap_put(OVERCOMMIT "memory", mode));
	OK(tap_put(OVERCOMMIT "ratio", ratio));
	EQ(meminfo_kb("SwapTotal:"), 1023 * 4);
	EQ(status_kb("VmSwap:"), N * 4);
	EQ(spoilt(p, N), 0);
	for (unsigned i = 0; i < N; i++)
		p[i * PAGE] ^= 0; /* written: it needs a slot anew */
	OK(page_out(p, N));
	EQ(status_kb("VmSwap:"), N * 4);
	end();
	EQ(spoilt(p, N), 0);
	OK(munmap(p, N * PAGE));
}

static void errors(void)
{
	struct pollfd pri = { -1, POLLPRI, 0 };
	char text[400];
	int fd;

	NEED(access(SYS "disksize", F_OK) == 0);
	FAILS(swapon(DEV, 0), EINVAL); /* no size yet */
	FAILS(swapon("/nowhere", 0), ENOENT);
	FAILS(swapoff("/nowhere"), ENOENT);
	FAILS(swapon("/dev/null", 0), EINVAL);
	FAILS(swapon("/proc", 0), EINVAL);
	FAILS(swapon((char *)1, 0), EFAULT);
	FAILS(swapon(DEV, 0x80000), EINVAL);
	OK(set("disksize", "1M\n"));
	FAILS(set("disksize", "2M\n"), EBUSY);
	FAILS(set("disksize", "x\n"), EINVAL);
	FAILS(swapon(DEV, 0), EINVAL); /* no header */
	make_header(DEV, 257);
	FAILS(swapon(DEV, 0), EINVAL); /* shorter than it says */
	make_header(DEV, 256);
	FAILS(swapoff(DEV), EINVAL);
	pri.fd = open("/proc/swaps", O_RDONLY);
	EQ(poll(&pri, 1, 0), 0);
	OK(swapon(DEV, SWAP_FLAG_PREFER | 7));
	EQ(poll(&pri, 1, 0), 1);
	EQ(pri.revents, POLLPRI | POLLERR);
	EQ(poll(&pri, 1, 0), 0);
	FAILS(swapon(DEV, 0), EBUSY);
	FAILS(set("reset", "1\n"), EBUSY);
	CHECK(tap_read("/proc/swaps", text, sizeof(text)) > 0);
	STREQ(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
		    "/dev/zram0                              partition\t1020\t\t0\t\t7\n");
	fd = open(DEV, O_RDONLY);
	OK(fd);
	FAILS(set("reset", "1\n"), EBUSY);
	OK(close(fd));
	OK(swapoff(DEV));
	EQ(poll(&pri, 1, 0), 1);
	OK(close(pri.fd));
	OK(set("reset", "1\n"));
	OK(setuid(65534));
	FAILS(swapon(DEV, 0), EPERM);
	FAILS(swapoff(DEV), EPERM);
}

/* What a shell does. */
static void tools(void)
{
	static const char script[] =
		"set -e; b=/bin/busybox; echo 4M >" SYS "disksize; $b mkswap " DEV
		" >/dev/null; $b swapon " DEV "; "
		"$b free; $b free | $b grep -q '^Swap: *4092 *0 *4092'; "
		"$b grep -q 'zram0.*partition.*4092.*0.*-2' /proc/swaps; $b swapoff " DEV
		"; echo 1 >" SYS "reset";
	int status;

	NEED(access(SYS "disksize", F_OK) == 0);
	NEED(access("/bin/busybox", X_OK) == 0);
	status = run_shell(script);
	EQ(status, 0);
	if (status) { /* nothing of it for the tests to come */
		(void)swapoff(DEV);
		(void)set("reset", "1\n");
	}
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(out_and_in),
						 T(shared_by_fork),
						 T(rights_and_places),
						 T(swapoff_brings_back),
						 T(swapoff_without_memory),
						 T(errors),
						 T(tools),
						 TEND };

	return tap_main(argc, argv, tests);
}
