/* Modules as courses write them: files of tasks, names, memory, SIGIO, files without a name. */
#include "tap.h"

#include "inet.h"
#include "modules.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

enum { FD = 20 };

static void prepare(void)
{
	const struct rlimit files = { 64, 64 };
	sigset_t set;
	int fd = open("/tmp/course-file", O_RDWR | O_CREAT | O_TRUNC, 0600);

	NEED(fd >= 0 && dup2(fd, FD) == FD);
	close(fd);
	NEED(write(FD, "course", 6) == 6 && lseek(FD, 3, SEEK_SET) == 3);
	NEED(chdir("/tmp") == 0 && setrlimit(RLIMIT_NOFILE, &files) == 0);
	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* The module looks at this process from its init. */
static void sees_its_program(void)
{
	char text[128];

	prepare();
	if (!CHECK(module_in("course", "fd=20") == 0))
		log_show("course");
	CHECK(log_has("course: 0 failures"));
	log_show("course: line");
	NEED(tap_read("/proc/course", text, sizeof(text)) > 0);
	STREQ(text, "private 7\na\\040b  |\nnumber 42\n");
	EQ(module_out("course"), 0);
	close(FD);
	unlink("/tmp/course-file");
	unlink("/tmp/course-own");
	EQ(chdir("/"), 0);
}

static volatile sig_atomic_t told;

static void on_io(int sig)
{
	told++;
}

/* kill_fasync reaches who has asked for it, until it does not any more. */
static void tells_by_signal(void)
{
	int fd;

	prepare();
	NEED(module_in("course", "fd=20") == 0);
	fd = open("/dev/course", O_RDWR);
	NEED(fd >= 0);
	signal(SIGIO, on_io);
	EQ(write(fd, "x", 1), 1);
	EQ(told, 0);
	EQ(fcntl(fd, F_SETOWN, getpid()), 0);
	EQ(fcntl(fd, F_SETFL, O_RDWR | O_ASYNC), 0);
	EQ(write(fd, "x", 1), 1);
	EQ(told, 1);
	EQ(fcntl(fd, F_SETFL, O_RDWR), 0);
	EQ(write(fd, "x", 1), 1);
	EQ(told, 1);
	EQ(fcntl(fd, F_SETFL, O_RDWR | O_ASYNC), 0);
	close(fd); /* leaves the list */
	fd = open("/dev/course", O_RDWR);
	EQ(write(fd, "x", 1), 1);
	EQ(told, 1);
	close(fd);
	EQ(module_out("course"), 0);
	close(FD);
}

/* An open file without a name holds the module. */
static void gives_a_nameless_file(void)
{
	char text[16] = "", name[32], path[64] = "";
	int fd, nameless;

	prepare();
	NEED(module_in("course", "fd=20") == 0);
	fd = open("/dev/course", O_RDWR);
	nameless = ioctl(fd, 1);
	NEED(nameless >= 0);
	EQ(fcntl(nameless, F_GETFD), FD_CLOEXEC);
	EQ(read(nameless, text, sizeof(text)), 8);
	STREQ(text, "nameless");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", nameless);
	NEED(readlink(name, path, sizeof(path) - 1) > 0);
	STREQ(path, "anon_inode:[course]");
	close(fd);
	FAILS(module_out("course"), EAGAIN);
	close(nameless);
	EQ(module_out("course"), 0);
	close(FD);
}

/* Sets, links, bytes and attributes of classes; what preempt_count() says is looked at by the module itself. */
static void shows_its_objects(void)
{
	char text[128] = "";
	int fd;

	if (!CHECK(module_in("course_sys", "") == 0))
		log_show("course_sys");
	CHECK(log_has("course_sys: 0 failures"));
	log_show("course_sys: line");
	NEED(tap_read("/sys/class/course_class/value", text, sizeof(text)) > 0);
	STREQ(text, "course_class 5\n");
	NEED(tap_read("/sys/kernel/course_set/class/value", text, sizeof(text)) > 0);
	STREQ(text, "course_class 5\n");
	memset(text, 0, sizeof(text));
	NEED(readlink("/sys/kernel/course_set/class", text, sizeof(text) - 1) > 0);
	STREQ(text, "../../class/course_class");
	NEED(tap_read("/sys/class/course_own/value", text, sizeof(text)) > 0);
	STREQ(text, "course_own 5\n");
	NEED(tap_read("/sys/kernel/course_set/member1/shy/open", text, sizeof(text)) > 0);
	STREQ(text, "open\n");
	FAILS(open("/sys/kernel/course_set/member1/shy/secret", O_RDONLY), ENOENT);
	fd = open("/proc/course_link", O_RDWR);
	NEED(fd >= 0);
	EQ(pwrite(fd, "XYZ", 3, 14), 2); /* its size is 16 */
	FAILS((int)pwrite(fd, "X", 1, 16), EFBIG);
	EQ(pread(fd, text, sizeof(text), 12), 4);
	text[4] = '\0';
	STREQ(text, "cdXY");
	EQ(pread(fd, text, sizeof(text), 16), 0);
	close(fd);
	EQ(module_out("course_sys"), 0);
	CHECK(log_has("course_sys: released 1"));
	FAILS(access("/proc/course_link", F_OK), ENOENT);
	FAILS(access("/sys/kernel/course_set", F_OK), ENOENT);
	FAILS(access("/sys/class/course_class", F_OK), ENOENT);
}

static void is_link(const char *path, const char *to)
{
	char text[128] = "";

	NEED(readlink(path, text, sizeof(text) - 1) > 0);
	STREQ(text, to);
}

static void has_text(const char *path, const char *want)
{
	char text[64] = "";

	NEED(tap_read(path, text, sizeof(text)) > 0);
	STREQ(text, want);
}

#define PLATFORM "/sys/bus/platform/"

/* Devices find their drivers, in either order; /sys shows who has whom. */
static void binds_drivers(void)
{
	if (!CHECK(module_in("course_bus", "") == 0))
		log_show("course_bus");
	CHECK(log_has("course_bus: 0 failures"));
	log_show("course_bus: line");
	CHECK(log_has("course-driver: probe of course-part.9 failed with error -5"));
	is_link(PLATFORM "devices/course-part.2", "../../../devices/platform/course-part.2");
	is_link(PLATFORM "drivers/course-driver/course-part",
		"../../../../devices/platform/course-part");
	is_link("/sys/devices/platform/course-part/driver",
		"../../../bus/platform/drivers/course-driver");
	FAILS(access("/sys/devices/platform/course-part.9/driver", F_OK), ENOENT);
	has_text("/sys/devices/platform/course-part.2/number", "42\n");
	has_text("/sys/bus/course_bus/version", "course_bus 1.0\n");
	has_text("/sys/bus/course_bus/drivers/thing/state", "thing 1\n");
	is_link("/sys/bus/course_bus/devices/thing3", "../../../devices/thing3");
	EQ(module_out("course_bus"), 0);
	CHECK(log_has("course_bus: exit 0 failures"));
	FAILS(access("/sys/bus/course_bus", F_OK), ENOENT);
	FAILS(access(PLATFORM "drivers/course-driver", F_OK), ENOENT);
	FAILS(access(PLATFORM "devices/course-part.2", F_OK), ENOENT);
	FAILS(access("/sys/devices/thing3", F_OK), ENOENT);
}

/* What a module does not unregister goes with it. */
static void takes_forgotten_drivers(void)
{
	NEED(module_in("course_bus", "forget=1") == 0);
	EQ(module_out("course_bus"), 0);
	CHECK(log_has("course_bus: device thing3 was left behind; removed"));
	CHECK(log_has("course_bus: driver thing was left behind; removed"));
	CHECK(log_has("course_bus: bus course_bus was left behind; removed"));
	CHECK(log_has("course_bus: driver course-driver was left behind; removed"));
	FAILS(access("/sys/bus/course_bus", F_OK), ENOENT);
	binds_drivers();
}

/* Programs, letters, attributes of files; the module is told of others that come and go. */
static void calls_and_is_told(void)
{
	char text[32] = "";

	if (!CHECK(module_in("course_calls", "") == 0))
		log_show("course_calls");
	CHECK(log_has("course_calls: 0 failures"));
	log_show("course_calls: line");
	NEED(tap_read("/tmp/umh", text, sizeof(text)) > 0);
	STREQ(text, "/root arg\n");
	unlink("/tmp/umh");
	NEED(module_in("empty-one", "") == 0);
	CHECK(log_has("course_calls: module empty_one 1") &&
	      log_has("course_calls: module empty_one 0"));
	EQ(module_out("empty_one"), 0);
	CHECK(log_has("course_calls: module empty_one 2"));
	EQ(module_out("course_calls"), 0);
	CHECK(log_has("course_calls: exit 0 failures, 0 closed"));
}

/* A number shows a file from the moment at which it is installed. */
static void installs_files(void)
{
	char text[16] = "";
	int dev, fd;

	NEED(module_in("course_calls", "") == 0);
	unlink("/tmp/umh");
	dev = open("/dev/course_calls", O_RDWR);
	NEED(dev >= 0);
	fd = ioctl(dev, 0);
	NEED(fd >= 0);
	EQ(read(fd, text, sizeof(text)), 5);
	STREQ(text, "12345");
	EQ(access("/sys/class/misc/course_calls/dev", F_OK), 0);
	close(fd);
	EQ(ioctl(dev, 3), 2); /* the closed one and the one never installed */
	fd = ioctl(dev, 1);
	NEED(fd >= 0);
	CHECK(read(fd, text, sizeof(text)) > 4);
	close(fd);
	close(dev);
	EQ(module_out("course_calls"), 0);
}

/* Files of /proc that are open: their release is called before the module goes, once each. */
static void closes_what_is_open(const char *arg)
{
	char c;
	int fd[3];

	NEED(module_in("course_calls", arg) == 0);
	unlink("/tmp/umh");
	for (int i = 0; i < 3; i++)
		NEED((fd[i] = open("/proc/course_note", O_RDONLY)) >= 0);
	close(fd[0]);
	CHECK(log_has("course_calls: release 1 of note"));
	EQ(module_out("course_calls"), 0);
	CHECK(log_has("course_calls: release 3 of note"));
	FAILS((int)read(fd[1], &c, 1), EIO);
	FAILS((int)lseek(fd[1], 0, SEEK_SET), EINVAL);
	FAILS(ioctl(fd[1], 0), ENOTTY);
	close(fd[1]);
	close(fd[2]);
	CHECK(!log_has("course_calls: release 4"));
}

static void releases_on_removal(void)
{
	closes_what_is_open("");
	CHECK(log_has("course_calls: exit 0 failures, 3 closed"));
}

static void releases_what_is_forgotten(void)
{
	closes_what_is_open("forget=1");
	CHECK(log_has("course_calls: /proc/course_note was left behind; removed"));
	CHECK(log_has("course_calls: its reboot notifier was left behind; removed"));
	CHECK(log_has("course_calls: its panic notifier was left behind; removed"));
}

/* ---- netlink ---- */

struct nl_header {
	uint32_t len;
	uint16_t type, flags;
	uint32_t seq, pid;
};
struct nl_address {
	uint16_t family, pad;
	uint32_t pid, groups;
};
struct nl_text {
	struct nl_header h;
	char text[64];
};
enum { NETLINK = 16, NL_PROTOCOL = 31, NL_GROUP = 3, NL_DONE = 3 };

static void hears(int s, const char *text, uint32_t groups)
{
	struct nl_text m = { 0 };
	struct nl_address from = { 0 };
	socklen_t len = sizeof(from);

	EQ(recvfrom(s, &m, sizeof(m), MSG_DONTWAIT, (void *)&from, &len),
	   (ssize_t)((sizeof(m.h) + strlen(text) + 1 + 3) & ~3UL));
	STREQ(m.text, text);
	EQ(m.h.type, NL_DONE);
	EQ(m.h.seq, 7);
	EQ(from.pid, 0);
	EQ(from.groups, groups);
}

static void talks_by_netlink(void)
{
	struct nl_address to = { .family = NETLINK }, me = { .family = NETLINK, .pid = 4711 };
	struct nl_text m = { { sizeof(m), 0, 1, 7, 4711 }, "hello" };
	int s, l, group = NL_GROUP, none = 33;

	NEED_INET();
	FAILS(socket(NETLINK, SOCK_RAW, NL_PROTOCOL), EPROTONOSUPPORT);
	if (!CHECK(module_in("course_net", "") == 0))
		log_show("course_net");
	CHECK(log_has("course_net: 0 failures"));
	NEED((s = socket(NETLINK, SOCK_RAW, NL_PROTOCOL)) >= 0);
	NEED((l = socket(NETLINK, SOCK_DGRAM, NL_PROTOCOL)) >= 0);
	EQ(bind(s, (void *)&me, sizeof(me)), 0);
	FAILS(bind(l, (void *)&me, sizeof(me)), EADDRINUSE);
	EQ(sendto(s, &m, sizeof(m), 0, (void *)&to, sizeof(to)), sizeof(m));
	CHECK(log_has("course_net: module_course says hello from 4711, 80 bytes, uid 0"));
	hears(s, "kernel: hello", 0);
	me = (struct nl_address){ .family = NETLINK };
	EQ(bind(l, (void *)&me, sizeof(me)), 0);
	FAILS(setsockopt(l, 270, 1, &none, sizeof(none)), EINVAL);
	EQ(setsockopt(l, 270, 1, &group, sizeof(group)), 0);
	EQ(send(s, &m, sizeof(m), 0), sizeof(m));
	hears(l, "kernel: hello", 1 << (NL_GROUP - 1));
	hears(s, "kernel: hello", 0);
	EQ(setsockopt(l, 270, 2, &group, sizeof(group)), 0);
	EQ(send(s, &m, sizeof(m), 0), sizeof(m));
	FAILS((int)recv(l, &m, sizeof(m), MSG_DONTWAIT), EAGAIN);
	FAILS((int)send(s, &m, 0, 0), ENODATA);
	to.pid = 1;
	FAILS((int)sendto(s, &m, sizeof(m), 0, (void *)&to, sizeof(to)), ECONNREFUSED);
	EQ(module_out("course_net"), 0);
	CHECK(log_has("course_net: exit 0 failures"));
	FAILS((int)send(s, &m, sizeof(m), 0), ECONNREFUSED);
	close(s);
	close(l);
	NEED(module_in("course_net", "forget=1") == 0);
	EQ(module_out("course_net"), 0);
	CHECK(log_has("course_net: netlink protocol 31 was left behind; removed"));
	FAILS(socket(NETLINK, SOCK_RAW, NL_PROTOCOL), EPROTONOSUPPORT);
}

/* A line that a module has not ended is not there for readers before something is written after it, as on Linux 6.1. */
static void counts_and_continues(void)
{
	EQ(klogctl(5, NULL, 0), 0); /* this may be the second time */
	if (!CHECK(module_in("course_more", "") == 0))
		log_show("course_more");
	CHECK(log_has("course_more: 0 failures"));
	log_show("course_more: line");
	CHECK(log_has("] course_more: one two three\n"));
	CHECK(log_has("] course_more: four\n"));
	CHECK(log_has("] course_more: five\n"));
	CHECK(log_has("] course_more: six\n"));
	CHECK(log_has("] course_more: seven\n"));
	CHECK(log_has(" Comm: insmod ") || log_has(" Comm: module_course "));
	CHECK(!log_has("course_more: unfinished"));
	EQ(module_out("course_more"), 0);
	CHECK(log_has("] course_more: unfinished\n"));
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(sees_its_program),
						 T(tells_by_signal),
						 T(gives_a_nameless_file),
						 T(shows_its_objects),
						 T(binds_drivers),
						 T(takes_forgotten_drivers),
						 T(calls_and_is_told),
						 T(installs_files),
						 T(releases_on_removal),
						 T(releases_what_is_forgotten),
						 T(talks_by_netlink),
						 T(counts_and_continues),
						 TEND };

	return tap_main(argc, argv, tests);
}
