/* Modules as courses write them: files of tasks, names, memory, SIGIO, files without a name. */
#include "tap.h"

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

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(sees_its_program), T(tells_by_signal),
						 T(gives_a_nameless_file), T(shows_its_objects),
						 TEND };

	return tap_main(argc, argv, tests);
}
