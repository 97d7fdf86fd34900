/*
 * A shell script in a machine in which one thing fails: the n-th allocation (debug kernels), the n-th transfer of a disk. The
 * script may go wrong; the machine goes on, the script succeeds again afterwards, and nothing is lost.
 *
 *   fail_loops            some n, of all that the script comes to
 *   fail_loops N [STEP]   by hand: from N on every STEP-th, until none is reached; who loses memory is named
 */
#include "disk.h"
#include "failpoint.h"
#include "figure.h"
#include "free_pages.h"

enum { TRIES = 3, SLACK = 4, HANG_S = 60 };

/* What may fail, and what is done meanwhile. */
struct loop {
	const char *name, *script, *undo;
	int apart;	    /* each n is so much of itself more than the last */
	void (*arm)(int n); /* 0: nothing fails */
	int (*fired)(void); /* did it? Disarms */
};

static int first, step; /* by hand; 0: not */

/* ---- memory ---- */

/* What ends late has ended when there are @want or when it does not change. */
static long settled(long want)
{
	long last = -1, now = free_pages();

	for (int i = 0; i < 40 && now < want && (now != last || i < 8); i++) {
		tap_sleep_ms(5);
		last = now;
		now = free_pages();
	}
	return now;
}

/* ---- the script ---- */

static void shell(const char *script)
{
	int null = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3; i++)
		dup2(null, i);
	execl("/bin/busybox", "sh", "-c", script, (char *)NULL);
	_exit(127);
}

/* @script to its end. Return: its wait status; -1: it could not be begun. */
static int run(const char *script)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		shell(script);
	}
	if (pid < 0)
		return -1;
	setpgid(pid, pid);
	for (long ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms++) {
		if (step && ms == HANG_S * 1000)
			tap_check(__FILE__, __LINE__, "the script does not end", 0);
		if (step && ms == HANG_S * 1000)
			kill(-pid, SIGKILL);
		tap_sleep_ms(1);
	}
	kill(-pid, SIGKILL); /* what it left in the background */
	return status;
}

/* The n-th fails. Return: 0: none was the n-th. */
static int once(const struct loop *l, int n)
{
	int hit;

	l->arm(n);
	(void)run(l->script);
	hit = l->fired();
	(void)run(l->undo);
	return hit;
}

/* The first, and others further and further on, until none is reached. */
static void few(const struct loop *l)
{
	for (int n = 1; once(l, n); n += n / l->apart + 1)
		continue;
}

/* What is lost is lost each time. */
static void some(const struct loop *l)
{
	long before, after = 0;

	for (int tries = 0; tries < TRIES; tries++) {
		before = settled(0);
		few(l);
		after = settled(before);
		if (after >= before - SLACK)
			break;
	}
	CHECK(after >= before - SLACK);
	EQ(run(l->script), 0);
	EQ(run(l->undo), 0);
}

/* Does the n-th lose memory each time? */
static int loses(const struct loop *l, int n, long low)
{
	for (int i = 0; i < 4; i++) {
		long now;

		(void)once(l, n);
		now = settled(low);
		if (now >= low)
			return 0;
		low = now;
	}
	return 1;
}

static void all(const struct loop *l)
{
	long start, low;
	int n = first;

	(void)once(l, 0);
	start = low = settled(0);
	for (; once(l, n); n += step) {
		long now = settled(low);

		if (now < low && loses(l, n, now))
			tap_note("# %s: with the %d-th memory is lost", l->name, n);
		if (now < low)
			low = settled(0);
		if (n / step % 50 == 0)
			tap_note("# %s: %d, %ld pages free", l->name, n, low);
	}
	tap_note("# %s: %d-th and further are not reached; free pages: %ld, %ld in the end",
		 l->name, n, start, settled(start));
	EQ(run(l->script), 0);
	EQ(run(l->undo), 0);
}

static void play(const struct loop *l)
{
	EQ(run(l->undo), 0);
	EQ(run(l->script), 0);
	EQ(run(l->undo), 0);
	mlockall(MCL_CURRENT);
	(step ? all : some)(l);
}

/* ---- allocations ---- */

static void arm_allocation(int n)
{
	arm(n);
}

static void allocations(void)
{
	static const struct loop loop = {
		.name = "allocation",
		.apart = 1,
		.script =
			"set -e; echo 1M >/sys/block/zram0/disksize; mkswap /dev/zram0; swapon /dev/zram0;"
			"mkdir d; for i in 1 2 3; do echo $i >d/f$i; done; cat d/* | sort | md5sum;"
			"ln -s d/f1 l; mv d/f1 d/g; cp -r d e; (ls -l d e; cat /proc/self/maps /proc/meminfo) >out;"
			"mkdir m; mount -t tmpfs none m; echo x >m/y; umount m; sleep 0.01 & wait;"
			"swapoff /dev/zram0; rm -r d e l out",
		.undo = "umount m; swapoff /dev/zram0; echo 1 >/sys/block/zram0/reset; rm -rf d e l out m; true",
		.arm = arm_allocation,
		.fired = fired,
	};

	if (!failpoints_open())
		SKIP("no failpoints");
	play(&loop);
}

/* ---- transfers ---- */

#define FAULT "/sys/kernel/debug/fail_make_request/"

static void put_number(const char *path, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", value);
	OK(tap_put(path, text));
}

static void arm_transfer(int n)
{
	put_number(FAULT "times", 1);
	put_number(FAULT "interval", n ? n : 1);
	put_number(FAULT "probability", n ? 100 : 0);
}

static int transfer_fired(void)
{
	long left = figure_after(FAULT "times", NULL, "");

	arm_transfer(0);
	return left == 0;
}

static void transfers(void)
{
	static const struct loop loop = {
		.name = "transfer",
		.apart = 2,
		.script =
			"set -e; mke2fs -b 1024 /dev/vdh2 1024; mkdir m; mount -t ext2 /dev/vdh2 m; mkdir m/d;"
			"for i in 1 2 3 4 5; do echo $i >m/d/$i; done;"
			"dd if=/dev/zero of=m/big bs=4k count=60; sync; rm m/d/3; mv m/d/4 m/x; ln -s x m/y;"
			"umount m; mount -t ext2 /dev/vdh2 m; cat m/d/* m/y m/big; echo 1 >>m/big; rm -r m/d; umount m;"
			"mkswap /dev/vdh1; swapon /dev/vdh1; swapoff /dev/vdh1",
		.undo = "umount m || umount -l m; swapoff /dev/vdh1; rm -rf m; true",
		.arm = arm_transfer,
		.fired = transfer_fired,
	};

	NEED_DISKS();
	mkdir("/sys/kernel/debug", 0700);
	(void)mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
	put_number(FAULT "space", 0);
	OK(tap_put("/sys/block/vdh/make-it-fail", "1\n"));
	play(&loop);
	arm_transfer(0);
	OK(tap_put("/sys/block/vdh/make-it-fail", "0\n"));
	(void)umount("/sys/kernel/debug");
}

int main(int argc, char **argv)
{
	struct tap_test tests[] = { T_FOR(allocations, 140), T_FOR(transfers, 140), TEND };

	first = argc > 1 ? atoi(argv[1]) : 0;
	if (first > 0) {
		step = argc > 2 ? atoi(argv[2]) : 1;
		tests[0].seconds = tests[1].seconds = 100000;
		argc = 1;
	}
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	return tap_main(argc, argv, tests);
}
