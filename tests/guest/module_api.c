/* What modules use of the kernel: each family has a module of ours that tries it, and counts what went wrong. */
#include "modules.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

/* A module whose init does it all. */
static void tries(const char *name)
{
	char line[64];

	snprintf(line, sizeof(line), "%s: 0 failures", name);
	if (!CHECK(module_in(name, "") == 0))
		log_show(name);
	CHECK(log_has(line));
	EQ(module_out(name), 0);
	STREQ(module_line(name), "");
}

static void pages_zones_trees(void)
{
	tries("memory");
}

static void maple_trees(void)
{
	tries("trees");
}

static void threads_timers_work(void)
{
	tries("threads");
}

static void probes_of_code(void)
{
	tries("probes");
	NEED(module_in("probes", "forget=1") == 0);
	EQ(module_out("probes"), 0);
	CHECK(log_has("probes: it has not unregistered its probe of vmalloc+0x0/"));
}

#define LAB "/proc/sys/kernel/mnemos_lab/deep/"

static const char *sysctl(const char *name)
{
	static char text[64];
	char path[96];

	snprintf(path, sizeof(path), LAB "%s", name);
	text[0] = '\0';
	(void)!tap_read(path, text, sizeof(text));
	return text;
}

static void variables_of_proc_sys(void)
{
	NEED(module_in("tunables", "") == 0);
	STREQ(sysctl("one"), "1\n");
	STREQ(sysctl("three"), "1\t-2\t3\n");
	STREQ(sysctl("positive"), "4000000000\n");
	STREQ(sysctl("wide"), "7\n");
	STREQ(sysctl("text"), "abc\n");
	EQ(tap_put(LAB "one", "0x10\n"), 0);
	STREQ(sysctl("fixed"), "16\n");
	EQ(tap_put(LAB "three", "7 8"), 0);
	STREQ(sysctl("three"), "7\t8\t3\n");
	EQ(tap_put(LAB "bounded", "10"), 0);
	FAILS(tap_put(LAB "bounded", "11"), EINVAL);
	FAILS(tap_put(LAB "bounded", "1"), EINVAL);
	FAILS(tap_put(LAB "one", "many"), EINVAL);
	FAILS(tap_put(LAB "one", "2147483648"), EINVAL);
	FAILS(tap_put(LAB "positive", "-1"), EINVAL);
	FAILS(tap_put(LAB "wide", "101"), EINVAL);
	STREQ(sysctl("bounded"), "10\n");
	EQ(tap_put(LAB "text", "longer than it\n"), 0);
	STREQ(sysctl("text"), "longer \n");
	EQ(tap_put("/proc/sys/dev/mnemos_lab/leaf", "-5"), 0);
	STREQ(sysctl("fixed"), "-5\n");
	EQ(tap_put("/proc/sys/vm/drop_caches", "2"), 0);
	EQ(module_out("tunables"), 0);
	CHECK(log_has("tunables: 3 writes, 0 objects after 8 scans"));
	FAILS(access("/proc/sys/kernel/mnemos_lab", F_OK), ENOENT);
	FAILS(access("/proc/sys/dev/mnemos_lab", F_OK), ENOENT);
}

/* kit.ko's claims are seen while it is there, and not when it is gone. */
static void numbers_queues_interrupts(void)
{
	char text[8192];

	if (!CHECK(module_in("kit", "") == 0))
		log_show("kit");
	CHECK(log_has("kit: 0 failures"));
	NEED(tap_read("/proc/ioports", text, sizeof(text)) > 0);
	CHECK(strstr(text, "00a0-00a1 : pic2\n0300-030f : kit\n03f8-03ff : serial\n") != NULL);
	NEED(tap_read("/proc/iomem", text, sizeof(text)) > 0);
	CHECK(strstr(text, "fd000000-fd000fff : kit\n") != NULL);
	EQ(module_out("kit"), 0);
	NEED(tap_read("/proc/ioports", text, sizeof(text)) > 0);
	CHECK(strstr(text, "kit") == NULL);
	FAILS(module_in("kit", "forget=1"), EINTR);
	CHECK(log_has("kit: it has not freed IRQ 10"));
	CHECK(log_has("kit: it has not released 300-30f"));
	CHECK(log_has("kit: it has not released fd000000-fd000fff"));
	NEED(tap_read("/proc/iomem", text, sizeof(text)) > 0);
	CHECK(strstr(text, "kit") == NULL);
}

/* ---- devices.ko ---- */

#define LAB_CLEAR      _IO('L', 1)
#define LAB_GET_LEN    _IOR('L', 2, int)
#define LAB_MAP_MODE   _IOW('L', 3, int)
#define LAB_GET_COUNTS _IOR('L', 4, int[5])

static dev_t lab_number(void)
{
	struct stat st;

	return stat("/dev/lab0", &st) ? 0 : st.st_rdev;
}

/* /proc/misc has its name and minor number, /proc/devices one line for all of them. */
static void misc_has(const char *name)
{
	char text[1024], want[64], path[64];
	struct stat st;
	char *line;

	snprintf(path, sizeof(path), "/dev/%s", name);
	NEED(stat(path, &st) == 0);
	EQ(major(st.st_rdev), 10);
	snprintf(want, sizeof(want), "%3u %s\n", minor(st.st_rdev), name);
	NEED(tap_read("/proc/misc", text, sizeof(text)) > 0);
	CHECK(strstr(text, want) != NULL);
	NEED(tap_read("/proc/devices", text, sizeof(text)) > 0);
	NEED((line = strstr(text, " 10 misc\n")) != NULL);
	CHECK(strstr(line + 1, " 10 ") == NULL);
	CHECK(strstr(text, name) == NULL);
}

static void device_nodes_come_and_go(void)
{
	char text[128], want[64];
	dev_t dev;
	int fd;

	NEED(module_in("devices", "") == 0);
	NEED((dev = lab_number()) != 0);
	NEED(tap_read("/proc/devices", text, sizeof(text)) > 0);
	snprintf(want, sizeof(want), "%3u lab_dev\n", major(dev));
	NEED(tap_read("/sys/class/lab_class/lab0/dev", text, sizeof(text)) > 0);
	snprintf(want, sizeof(want), "%u:%u\n", major(dev), minor(dev));
	STREQ(text, want);
	NEED(tap_read("/sys/class/lab_class/lab0/opens", text, sizeof(text)) > 0);
	STREQ(text, "lab0 0 1\n");
	NEED(tap_read("/sys/class/lab_class/lab0/uevent", text, sizeof(text)) > 0);
	CHECK(strstr(text, "DEVNAME=lab0\n") != NULL);
	NEED(tap_read("/dev/lab_misc", text, sizeof(text)) == 6);
	STREQ(text, "hello\n");
	misc_has("lab_misc");
	NEED(mknod("own_node", S_IFCHR | 0600, makedev(major(dev), 1)) == 0);
	NEED((fd = open("own_node", O_RDWR)) >= 0);
	EQ(write(fd, "x", 1), 1);
	FAILS(module_out("devices"), EWOULDBLOCK);
	close(fd);
	EQ(module_out("devices"), 0);
	FAILS(access("/dev/lab0", F_OK), ENOENT);
	FAILS(access("/dev/lab_misc", F_OK), ENOENT);
	FAILS(access("/sys/class/lab_class", F_OK), ENOENT);
	FAILS(open("own_node", O_RDWR), ENXIO);
	unlink("own_node");
}

static void device_reads_and_writes(void)
{
	char buf[128] = "";
	struct pollfd p;
	pid_t child;
	int fd, len = 0;

	NEED(module_in("devices", "") == 0);
	NEED((fd = open("/dev/lab0", O_RDWR | O_NONBLOCK)) >= 0);
	FAILS(read(fd, buf, 10), EAGAIN);
	p = (struct pollfd){ fd, POLLIN | POLLOUT, 0 };
	EQ(poll(&p, 1, 0), 1);
	EQ(p.revents, POLLOUT);
	EQ(write(fd, "hello, device", 13), 13);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	EQ(poll(&p, 1, 0), 1);
	EQ(p.revents, POLLIN | POLLOUT);
	EQ(read(fd, buf, 5), 5);
	EQ(lseek(fd, 2, SEEK_CUR), 7);
	EQ(read(fd, buf, sizeof(buf)), 6);
	CHECK(!memcmp(buf, "device", 6));
	FAILS(lseek(fd, 14, SEEK_SET), EINVAL);
	FAILS(read(fd, NULL, 0) == 0 ? -1 : lseek(fd, -1, SEEK_SET), EINVAL);
	EQ(ioctl(fd, LAB_GET_LEN, &len), 0);
	EQ(len, 13);
	FAILS(ioctl(fd, LAB_GET_LEN, NULL), EFAULT);
	FAILS(ioctl(fd, _IO('L', 9)), ENOTTY);
	EQ(ioctl(fd, LAB_CLEAR), 0);
	FAILS(write(fd, NULL, 5), EFAULT);
	EQ(write(fd, buf, 128), 100);
	FAILS(write(fd, buf, 1), ENOSPC);
	EQ(ioctl(fd, LAB_CLEAR), 0);
	fflush(stdout);
	child = fork();
	if (child == 0) { /* sleeps until something is written */
		int own = open("/dev/lab0", O_RDWR);

		_exit(own >= 0 && read(own, buf, 10) == 4 ? 0 : 1);
	}
	tap_sleep_ms(20);
	EQ(write(fd, "wake", 4), 4);
	NEED(waitpid(child, &len, 0) == child);
	EQ(len, 0);
	close(fd);
	EQ(module_out("devices"), 0);
}

static void map_and_look(int fd, int mode)
{
	char *p, *q, *far;
	int status;

	NEED(ioctl(fd, LAB_MAP_MODE, &mode) == 0);
	p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	EQ(strncmp(p, "first", 5), mode ? 0 : -'f');
	strcpy(p, "first page");
	if (mode == 1) { /* only the first has been given */
		munmap(p, 2 * PAGE);
		return;
	}
	STREQ(p + PAGE, "second page");
	q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
	NEED(q != MAP_FAILED);
	STREQ(q, "second page");
	p[PAGE] = 'S';
	EQ(q[0], 'S');
	p[PAGE] = 's';
	far = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 101 * PAGE);
	NEED(far != MAP_FAILED);
	STREQ(far, "second page");
	munmap(far, PAGE);
	if (fork() == 0)
		_exit(strcmp(p, "first page") || strcmp(q, "second page"));
	NEED(wait(&status) > 0);
	EQ(status, 0);
	EQ(munmap(p, PAGE), 0);
	STREQ(p + PAGE, "second page");
	munmap(p + PAGE, PAGE);
	munmap(q, PAGE);
}

struct counts {
	int opens, closes, flags, from, to;
};

/* What the device has been told since @old, which becomes that. */
static struct counts counts_since(int fd, struct counts *old)
{
	struct counts now = { 0 }, d;

	EQ(ioctl(fd, LAB_GET_COUNTS, &now), 0);
	d = now;
	d.opens -= old->opens;
	d.closes -= old->closes;
	*old = now;
	return d;
}

static void told(struct counts c, int opens, int closes, int from, int to)
{
	EQ(c.opens, opens);
	EQ(c.closes, closes);
	EQ(c.from, from);
	EQ(c.to, to);
}

/* What Linux 6.1 tells a device: cutting opens the parts, then what goes is closed. (Seen there with this sequence.) */
static void device_hears_of_parts_and_writes(void)
{
	struct counts old = { 0 };
	int fd, mode = 2;
	volatile char *p;

	NEED(module_in("devices", "") == 0);
	NEED((fd = open("/dev/lab0", O_RDWR)) >= 0);
	NEED(ioctl(fd, LAB_MAP_MODE, &mode) == 0);
	p = mmap(NULL, 6 * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	told(counts_since(fd, &old), 1, 0, 0, 6);
	EQ(p[0], 0);
	EQ(counts_since(fd, &old).flags, 0x254);
	p[PAGE] = 's';
	EQ(counts_since(fd, &old).flags & 0x7ff, 0x255);
	p[0] = 0; /* it has its entry */
	EQ(counts_since(fd, &old).flags & 0x7ff, 0x255);
	NEED(munmap((char *)p, PAGE) == 0);
	told(counts_since(fd, &old), 1, 1, 0, 1);
	NEED(munmap((char *)p + 5 * PAGE, PAGE) == 0);
	told(counts_since(fd, &old), 1, 1, 5, 6);
	NEED(munmap((char *)p + 2 * PAGE, PAGE) == 0);
	told(counts_since(fd, &old), 2, 1, 2, 3);
	NEED(mprotect((char *)p + 3 * PAGE, PAGE, PROT_READ) == 0);
	EQ(counts_since(fd, &old).opens, 1);
	NEED(munmap((char *)p, 6 * PAGE) == 0);
	EQ(counts_since(fd, &old).closes, 3);
	EQ(old.opens, old.closes);
	close(fd);
	EQ(module_out("devices"), 0);
}

/* A write of one byte to @at: the signal that it ends a child with. */
static int dies_writing(volatile char *at)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		*at = 1;
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* page_mkwrite, pfn_mkwrite and may_split as Linux 6.1 calls them. (Seen there with this sequence.) */
static void device_is_asked_for_writes(void)
{
	struct counts c, old = { 0 };
	int fd, mode = 4;
	volatile char *p;

	NEED(module_in("devices", "") == 0);
	NEED((fd = open("/dev/lab0", O_RDWR)) >= 0);
	NEED(ioctl(fd, LAB_MAP_MODE, &mode) == 0);
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	told(counts_since(fd, &old), 1, 0, 0, 4);
	EQ(p[0], 0);
	told(counts_since(fd, &old), 0, 0, 0, 4); /* to read it asks nobody */
	p[0] = 'm';
	c = counts_since(fd, &old);
	told(c, 0, 0, 0, 1);
	EQ(c.flags, 0x3);
	p[PAGE] = 'n'; /* the first touch writes: fault, then this */
	c = counts_since(fd, &old);
	told(c, 0, 0, 1, 1);
	EQ(c.flags, 0x3);
	EQ(p[2 * PAGE], 'm');
	p[1] = 'o'; /* it may be written already */
	told(counts_since(fd, &old), 0, 0, 1, 1);
	EQ(dies_writing(p + 3 * PAGE), SIGBUS);
	EQ(p[3 * PAGE], 'n');
	(void)counts_since(fd, &old);
	FAILS(munmap((char *)p + PAGE, PAGE), EACCES);
	FAILS(munmap((char *)p, PAGE), EACCES);
	FAILS(mprotect((char *)p, PAGE, PROT_READ), EACCES);
	FAILS(mlock((char *)p + 3 * PAGE, PAGE), EACCES);
	CHECK(mmap((char *)p, PAGE, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED && errno == EACCES);
	CHECK(mremap((char *)p, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EACCES);
	EQ(p[0], 'm');
	EQ(mprotect((char *)p + 2 * PAGE, 2 * PAGE, PROT_READ), 0);
	EQ(counts_since(fd, &old).opens, 1);
	EQ(munmap((char *)p, 4 * PAGE), 0);
	EQ(counts_since(fd, &old).closes, 2);
	p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	NEED(p != MAP_FAILED);
	p[0] = 'z'; /* a copy */
	told(counts_since(fd, &old), 1, 0, 0, 1);
	munmap((char *)p, PAGE);
	mode = 5;
	NEED(ioctl(fd, LAB_MAP_MODE, &mode) == 0);
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	(void)counts_since(fd, &old);
	EQ(p[2 * PAGE], 'm');
	p[2 * PAGE] = 'q';
	c = counts_since(fd, &old);
	told(c, 0, 0, 2, 2);
	EQ(c.flags & 0x7ff, 0x257); /* 0x800 is between parts of Linux */
	EQ(p[0], 'q');
	EQ(dies_writing(p + 3 * PAGE), SIGBUS);
	munmap((char *)p, 4 * PAGE);
	(void)counts_since(fd, &old);
	EQ(old.opens, old.closes);
	close(fd);
	EQ(module_out("devices"), 0);
}

static void device_maps_memory(void)
{
	char text[4096], private;
	char *p;
	int fd, mode = 2;

	NEED(module_in("devices", "") == 0);
	NEED((fd = open("/dev/lab0", O_RDWR)) >= 0);
	for (int m = 0; m < 4; m++)
		map_and_look(fd, m);
	p = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0);
	NEED(p != MAP_FAILED);
	private = p[PAGE];
	p[PAGE] = '!';
	EQ(private, 's');
	munmap(p, 2 * PAGE);
	NEED(ioctl(fd, LAB_MAP_MODE, &mode) == 0);
	p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	NEED(tap_read("/proc/self/maps", text, sizeof(text)) > 0);
	CHECK(strstr(text, " /dev/lab0\n") != NULL);
	close(fd);
	STREQ(p, "first page");
	FAILS(module_out("devices"), EWOULDBLOCK); /* the mapping holds the file */
	munmap(p, 2 * PAGE);
	EQ(module_out("devices"), 0);
}

static void attributes_and_debug_files(void)
{
	char text[128];

	mkdir("debug", 0755);
	NEED(mount("debugfs", "debug", "debugfs", 0, NULL) == 0);
	NEED(module_in("devices", "") == 0);
	NEED(tap_read("/sys/kernel/lab_object/value", text, sizeof(text)) > 0);
	STREQ(text, "lab_object value 5\n");
	EQ(tap_put("/sys/kernel/lab_object/more/value", "0x10\n"), 0);
	NEED(tap_read("/sys/kernel/lab_object/value", text, sizeof(text)) > 0);
	STREQ(text, "lab_object value 16\n");
	FAILS(tap_put("/sys/kernel/lab_object/value", "many"), EINVAL);
	NEED(tap_read("debug/lab_debug/number", text, sizeof(text)) > 0);
	STREQ(text, "77\n");
	EQ(tap_put("debug/lab_debug/number", "78\n"), 0);
	NEED(tap_read("debug/lab_debug/number", text, sizeof(text)) > 0);
	STREQ(text, "78\n");
	EQ(tap_put("debug/lab_debug/on", "n"), 0);
	NEED(tap_read("debug/lab_debug/on", text, sizeof(text)) > 0);
	STREQ(text, "N\n");
	NEED(tap_read("debug/lab_debug/counts", text, sizeof(text)) > 0);
	STREQ(text, "opens 0 closes 0 faults 0\n");
	EQ(module_out("devices"), 0);
	FAILS(access("debug/lab_debug", F_OK), ENOENT);
	FAILS(access("/sys/kernel/lab_object", F_OK), ENOENT);
	EQ(umount("debug"), 0);
	rmdir("debug");
}

static void what_is_left_behind_goes(void)
{
	FAILS(module_in("devices", "refuse=5"), EIO);
	CHECK(log_has("devices: class lab_class was left behind; removed"));
	FAILS(access("/dev/lab0", F_OK), ENOENT);
	FAILS(access("/sys/kernel/lab_object", F_OK), ENOENT);
	STREQ(module_line("devices"), "");
}

static void many_times(void)
{
	NEED(module_in("empty-one", "") == 0); /* what modules share stays */
	for (int i = 0; i < (tap_quick() ? 10 : 1000); i++) {
		NEED(module_in("basic", "") == 0);
		NEED(module_out("basic") == 0);
	}
	NEED(module_out("empty_one") == 0);
	for (int i = 0; i < (tap_quick() ? 3 : 30); i++) {
		NEED(module_in("devices", "") == 0);
		NEED(module_out("devices") == 0);
	}
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(threads_timers_work),
						 T(pages_zones_trees),
						 T(maple_trees),
						 T(numbers_queues_interrupts),
						 T(probes_of_code),
						 T(variables_of_proc_sys),
						 T(device_nodes_come_and_go),
						 T(device_reads_and_writes),
						 T(device_is_asked_for_writes),
						 T(device_maps_memory),
						 T(device_hears_of_parts_and_writes),
						 T(attributes_and_debug_files),
						 T(what_is_left_behind_goes),
						 T(many_times),
						 TEND };
	return tap_main(argc, argv, tests);
}
