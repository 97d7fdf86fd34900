/* POSIX shared memory: shm_open(3) over the tmpfs on /dev/shm. */
#include "tap.h"

#include <sys/statfs.h>

static void directory(void)
{
	struct statfs fs;
	struct stat st;

	NEED(stat("/dev/shm", &st) == 0 && statfs("/dev/shm", &fs) == 0);
	EQ(st.st_mode, S_IFDIR | 01777);
	EQ(fs.f_type, 0x01021994);
}

static void shared(void)
{
	int fd = shm_open("/mnemos_test", O_CREAT | O_EXCL | O_RDWR, 0600), other;
	char *p, *q;
	struct stat st;
	int pid;

	NEED(fd >= 0);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	EQ(ftruncate(fd, 3 * (off_t)PAGE), 0);
	p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	strcpy(p + PAGE, "hello");
	other = shm_open("/mnemos_test", O_RDWR, 0);
	NEED(other >= 0);
	EQ(fstat(other, &st), 0);
	EQ(st.st_size, 3 * PAGE);
	q = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, other, PAGE);
	NEED(q != MAP_FAILED);
	STREQ(q, "hello");
	pid = fork();
	if (!pid) {
		strcpy(q, "child");
		_exit(0);
	}
	EQ(tap_wait(pid), EXITED(0));
	STREQ(p + PAGE, "child");
	EQ(shm_unlink("/mnemos_test"), 0);
	FAILS(shm_open("/mnemos_test", O_RDWR, 0), ENOENT);
	FAILS(shm_unlink("/mnemos_test"), ENOENT);
	STREQ(q, "child"); /* what is mapped stays */
	close(fd);
	close(other);
	munmap(p, 3 * PAGE);
	munmap(q, PAGE);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(directory), T(shared), TEND };

	return tap_main(argc, argv, tests);
}
