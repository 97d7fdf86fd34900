/*
 * /init of tools/fail_boot.py: a machine in which one thing failed while it came to life, or fails in the shell script that is
 * run here. The script may go wrong once; then it must succeed, and as much memory be free as ever.
 */
#include "figure.h"
#include "free_pages.h"

#include <sys/mount.h>
#include <sys/reboot.h>

enum { TRIES = 3 };

/* "" without disks. */
static const char script[] =
	"set -e; cd /tmp; mkdir d; for i in 1 2 3; do echo $i >d/f$i; done; cat d/* | sort | md5sum;"
	"ln -s d/f1 l; mv d/f1 d/g; cp -r d e; (ls -l d e; cat /proc/self/maps /proc/meminfo) >out;"
	"mkdir m; mount -t tmpfs none m; echo x >m/y; umount m; sleep 0.01 & wait; rm -r d e l out m;"
	"echo 1M >/sys/block/zram0/disksize; mkswap /dev/zram0; swapon /dev/zram0; swapoff /dev/zram0;"
	"echo 1 >/sys/block/zram0/reset; [ -b /dev/vda ] || exit 0; mke2fs -b 1024 /dev/vda 1024; mkdir m;"
	"mount -t ext2 /dev/vda m; mkdir m/d; for i in 1 2 3; do echo $i >m/d/$i; done;"
	"dd if=/dev/zero of=m/big bs=4k count=60; sync; umount m; mount -t ext2 /dev/vda m; cat m/d/* m/big >/dev/null;"
	"rm -r m/d; umount m; mkswap /dev/vda; swapon /dev/vda; swapoff /dev/vda; rmdir m";
static const char undo[] =
	"cd /tmp; umount m; umount m; swapoff /dev/zram0; swapoff /dev/vda; echo 1 >/sys/block/zram0/reset;"
	"rm -rf d e l out m; true";

/* Return: its wait status; -1: it could not be begun. */
static int run(const char *text, int show)
{
	int status = -1, null;
	pid_t pid = fork();

	if (pid == 0) {
		null = open("/dev/null", O_RDWR);
		for (int i = 0; i < (show ? 1 : 3); i++)
			dup2(null, i);
		execl("/bin/busybox", "sh", "-c", text, (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	return status;
}

static void mount_all(void)
{
	static const char *const types[] = { "proc", "sysfs", "devtmpfs", "debugfs" };
	static const char *const dirs[] = { "/proc", "/sys", "/dev", "/sys/kernel/debug" };

	for (int i = 0; i < 4; i++)
		for (int tries = 0; tries < TRIES; tries++)
			if (!mount("none", dirs[i], types[i], 0, NULL) || errno == EBUSY)
				break;
}

int main(void)
{
	char text[128] = "";
	int last = -1, tries;
	long now = 0, low = 0;

	for (int i = 0; i < 3; i++)
		if (fcntl(i, F_GETFD) < 0)
			(void)open("/dev/console", O_RDWR);
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	mlockall(MCL_CURRENT);
	mount_all();
	run(script, 0);
	run(undo, 0);
	for (tries = 0; tries < TRIES && last; tries++) {
		last = run(script, 1);
		run(undo, 0);
	}
	for (int i = 0; i < 20; i++) { /* what ends late has ended */
		tap_sleep_ms(5);
		now = free_pages();
		low = now > low ? now : low;
	}
	(void)tap_read("/proc/mnemos/failpoint", text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	tap_note("# fail_boot: script %#x after %d, free pages %ld; transfers to fail %ld; %s",
		 (unsigned)last, tries, low,
		 figure_after("/sys/kernel/debug/fail_make_request/times", NULL, ""), text);
	reboot(RB_POWER_OFF);
	return 0;
}
