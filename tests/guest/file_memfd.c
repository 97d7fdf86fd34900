/* memfd_create and seals: names, flags, every seal against every way of changing bytes and size, mappings, exec. */
#include "mem.h"

#include <setjmp.h>

enum { CLOEXEC = 1, SEALING = 2, HUGETLB = 4, NOEXEC = 8, EXEC = 16 };
enum { ADD = 1033, GET = 1034 };
enum { S_SEAL = 1, S_SHRINK = 2, S_GROW = 4, S_WRITE = 8, S_FUTURE = 16, S_EXEC = 32 };
enum { KEEP = 1, PUNCH = 2 };

static int memfd(const char *name, unsigned flags)
{
	return (int)syscall(SYS_memfd_create, name, flags);
}

/* One of @pages pages, filled with 'd'. */
static int filled(unsigned flags, unsigned pages)
{
	int fd = memfd("t", flags);
	char buf[4096];

	memset(buf, 'd', sizeof(buf));
	for (unsigned i = 0; fd >= 0 && i < pages; i++)
		if (write(fd, buf, sizeof(buf)) != sizeof(buf))
			return -1;
	return fd;
}

static long falloc(int fd, unsigned mode, off_t off, off_t len)
{
	if (IS64)
		return syscall(SYS_fallocate, fd, mode, off, len);
	return syscall(SYS_fallocate, fd, mode, off, 0, len, 0);
}

static off_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_size;
}

static const char *link_of(int fd)
{
	static char buf[400];
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, buf, sizeof(buf) - 1);
	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

static int reopen(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags);
}

/* ---- creation ---- */

static void names_and_modes(void)
{
	struct stat st, st2;
	int fd = memfd("hello", 0), ex, no, other;
	char c;

	NEED(fd >= 0);
	STREQ(link_of(fd), "/memfd:hello (deleted)");
	EQ(fcntl(fd, F_GETFD), 0);
	EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	EQ(fcntl(fd, GET), S_SEAL);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_mode, S_IFREG | 0777);
	EQ(st.st_size, 0);
	EQ(st.st_blocks, 0);
	EQ(st.st_nlink, 0);
	EQ(st.st_uid, getuid());
	EQ(read(fd, &c, 1), 0);
	ex = memfd("hello", CLOEXEC | EXEC);
	EQ(fcntl(ex, F_GETFD), FD_CLOEXEC);
	EQ(fstat(ex, &st2), 0);
	EQ(st2.st_mode, S_IFREG | 0777);
	CHECK(st2.st_ino != st.st_ino);
	EQ(st2.st_dev, st.st_dev);
	EQ(fcntl(ex, GET), S_SEAL);
	no = memfd("", NOEXEC);
	STREQ(link_of(no), "/memfd: (deleted)");
	EQ(fstat(no, &st), 0);
	EQ(st.st_mode, S_IFREG | 0666);
	EQ(fcntl(no, GET), S_EXEC);
	FAILS(fchmod(no, 0777), EPERM);
	EQ(fchmod(no, 0600), 0);
	other = memfd("a/b", SEALING);
	STREQ(link_of(other), "/memfd:a/b (deleted)");
	EQ(fcntl(other, GET), 0);
	close(fd);
	close(ex);
	close(no);
	close(other);
}

static void creation_errors(void)
{
	char name[300];
	struct {
		int fd;
	} f;

	FAILS(memfd(NULL, 0), EFAULT);
	FAILS(memfd((char *)1, 0), EFAULT);
	FAILS(memfd("x", 0x20), EINVAL);
	FAILS(memfd("x", 0x80000000U), EINVAL);
	FAILS(memfd(NULL, 0x20), EINVAL); /* flags come first */
	FAILS(memfd("x", NOEXEC | EXEC), EINVAL);
	FAILS(memfd("x", HUGETLB | 0x20), EINVAL);
	memset(name, 'n', sizeof(name));
	name[250] = '\0';
	FAILS(memfd(name, 0), EINVAL);
	name[249] = '\0';
	f.fd = memfd(name, 0);
	CHECK(f.fd >= 0);
	EQ(strlen(link_of(f.fd)), 249 + strlen("/memfd: (deleted)"));
	close(f.fd);
}

/* The text of the line of /proc/self/maps that shows @p, from the rights on. */
static const char *maps_of(const void *p)
{
	static char line[500];
	unsigned long start, end;
	FILE *f = fopen("/proc/self/maps", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		if (start <= (unsigned long)p && (unsigned long)p < end) {
			fclose(f);
			line[strcspn(line, "\n")] = '\0';
			return strchr(line, ' ') + 1;
		}
	}
	if (f)
		fclose(f);
	return "";
}

static void shown_in_maps(void)
{
	int fd = filled(0, 2);
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, PAGE);
	const char *line;

	NEED(p != MAP_FAILED);
	line = maps_of(p);
	CHECK(strncmp(line, "rw-s 00001000 00:01 ", 20) == 0);
	CHECK(strstr(line, " /memfd:t (deleted)") != NULL);
	close(fd);
	EQ(p[0], 'd'); /* the mapping keeps it */
	CHECK(strstr(maps_of(p), " /memfd:t (deleted)") != NULL);
	EQ(munmap(p, PAGE), 0);
}

static void an_ordinary_file_otherwise(void)
{
	int fd = filled(0, 3), again;
	char *p, *q, c = 0;

	NEED(fd >= 0);
	EQ(lseek(fd, 0, SEEK_CUR), 3 * PAGE);
	EQ(ftruncate(fd, 5 * PAGE), 0);
	EQ(lseek(fd, 0, SEEK_HOLE), 3 * PAGE);
	EQ(falloc(fd, PUNCH | KEEP, PAGE, PAGE), 0);
	EQ(pread(fd, &c, 1, PAGE), 1);
	EQ(c, 0);
	again = reopen(fd, O_RDONLY);
	CHECK(again >= 0);
	EQ(pread(again, &c, 1, 0), 1);
	EQ(c, 'd');
	p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	q = mmap(NULL, PAGE, RW, MAP_PRIVATE, again, 0);
	NEED(p != MAP_FAILED && q != MAP_FAILED);
	p[0] = 'p';
	EQ(q[0], 'p');
	q[0] = 'q';
	EQ(p[0], 'p');
	EQ(fsync(fd), 0);
	EQ(munmap(p, PAGE), 0);
	EQ(munmap(q, PAGE), 0);
	close(again);
	close(fd);
}

static int child_writes(void *arg)
{
	((char *)arg)[5] = 'c';
	return 0;
}

static void shared_with_children(void)
{
	int fd = filled(0, 1);
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);

	NEED(p != MAP_FAILED);
	EQ(tap_child(child_writes, p), 0);
	EQ(p[5], 'c');
	EQ(munmap(p, PAGE), 0);
	close(fd);
}

/* ---- seals: adding ---- */

static void add_and_get(void)
{
	int fd = filled(SEALING, 1), ro, plain = filled(0, 1), path;
	int fds[2];

	NEED(fd >= 0 && plain >= 0);
	FAILS(fcntl(plain, ADD, S_GROW), EPERM); /* sealing was not asked for */
	FAILS(fcntl(fd, ADD, 0x40), EINVAL);
	FAILS(fcntl(fd, ADD, -1), EINVAL);
	ro = reopen(fd, O_RDONLY);
	FAILS(fcntl(ro, ADD, S_GROW), EPERM);
	FAILS(fcntl(ro, ADD, 0x40), EPERM); /* the right comes first */
	EQ(fcntl(ro, GET), 0);
	EQ(fcntl(fd, ADD, 0), 0);
	EQ(fcntl(fd, ADD, S_GROW), 0);
	EQ(fcntl(fd, GET), S_GROW);
	EQ(fcntl(fd, ADD, S_GROW | S_SHRINK), 0);
	EQ(fcntl(ro, GET), S_GROW | S_SHRINK);
	EQ(fcntl(fd, ADD, S_SEAL), 0);
	FAILS(fcntl(fd, ADD, S_WRITE), EPERM);
	FAILS(fcntl(fd, ADD, 0), EPERM);
	EQ(fcntl(fd, GET), S_SEAL | S_GROW | S_SHRINK);
	EQ(pipe(fds), 0);
	FAILS(fcntl(fds[1], ADD, S_GROW), EINVAL);
	FAILS(fcntl(fds[1], GET), EINVAL);
	path = reopen(fd, O_PATH);
	FAILS(fcntl(path, GET), EBADF);
	FAILS(fcntl(path, ADD, 0), EBADF);
	FAILS(fcntl(-1, GET), EBADF);
	close(fds[0]);
	close(fds[1]);
	close(path);
	close(ro);
	close(fd);
	close(plain);
}

/* Every tmpfs file has seals; those with a name have the seal against more. */
static void named_files(void)
{
	int fd = open("f", O_CREAT | O_RDWR, 0600);

	NEED(fd >= 0);
	EQ(fcntl(fd, GET), S_SEAL);
	FAILS(fcntl(fd, ADD, S_GROW), EPERM);
	close(fd);
	unlink("f");
}

/* ---- seals: what they forbid ---- */

static void shrink(void)
{
	int fd = filled(SEALING, 2);

	NEED(fd >= 0);
	EQ(fcntl(fd, ADD, S_SHRINK), 0);
	FAILS(ftruncate(fd, PAGE), EPERM);
	FAILS(ftruncate(fd, 0), EPERM);
	FAILS(reopen(fd, O_RDWR | O_TRUNC), EPERM);
	EQ(ftruncate(fd, 2 * PAGE), 0);
	EQ(ftruncate(fd, 3 * PAGE), 0);
	EQ(pwrite(fd, "x", 1, 4 * PAGE), 1);
	EQ(falloc(fd, PUNCH | KEEP, 0, PAGE), 0);
	EQ(size_of(fd), 4 * PAGE + 1);
	close(fd);
}

static void grow(void)
{
	int fd = filled(SEALING, 2);
	static char buf[3 * 4096];

	NEED(fd >= 0);
	EQ(ftruncate(fd, PAGE + 100), 0);
	EQ(fcntl(fd, ADD, S_GROW), 0);
	FAILS(ftruncate(fd, PAGE + 101), EPERM);
	FAILS(pwrite(fd, buf, 1, PAGE + 100), EPERM);
	FAILS(pwrite(fd, buf, 1, 10 * PAGE), EPERM);
	FAILS(falloc(fd, 0, 0, 2 * PAGE), EPERM);
	FAILS(falloc(fd, KEEP, 0, 2 * PAGE), EPERM);
	EQ(pwrite(fd, buf, 100, PAGE), 100);
	EQ(pwrite(fd, buf, 3 * PAGE, 10), PAGE - 10); /* up to the last page that stays within */
	FAILS(pwrite(fd, buf, 101, PAGE), EPERM);
	EQ(pwrite(fd, buf, 0, 10 * PAGE), 0);
	EQ(falloc(fd, 0, 0, PAGE + 100), 0);
	EQ(falloc(fd, PUNCH | KEEP, 0, 100 * PAGE), 0);
	EQ(size_of(fd), PAGE + 100);
	EQ(ftruncate(fd, PAGE), 0);
	EQ(size_of(fd), PAGE);
	close(fd);
}

static void write_seal(void)
{
	int fd = filled(SEALING, 2);
	char *p, c = 'x';

	NEED(fd >= 0);
	EQ(fcntl(fd, ADD, S_WRITE), 0);
	FAILS(write(fd, &c, 1), EPERM);
	FAILS(pwrite(fd, &c, 1, 0), EPERM);
	EQ(pwrite(fd, &c, 0, 0), 0);
	FAILS(falloc(fd, PUNCH | KEEP, 0, PAGE), EPERM);
	EQ(falloc(fd, 0, 2 * PAGE, PAGE), 0); /* size and room are other seals' affair */
	EQ(ftruncate(fd, 2 * PAGE), 0);
	EQ(pread(fd, &c, 1, 5), 1);
	EQ(c, 'd');
	CHECK(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EPERM);
	CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EPERM);
	p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0); /* a copy of one's own */
	CHECK(p != MAP_FAILED);
	p[0] = 'p';
	EQ(munmap(p, PAGE), 0);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	EQ(p[0], 'd');
	FAILS(mprotect(p, PAGE, RW), EACCES);
	FAILS(madvise(p, PAGE, MADV_REMOVE), EACCES);
	EQ(munmap(p, PAGE), 0);
	close(fd);
}

static void write_seal_against_mappings(void)
{
	int fd = filled(SEALING, 4), ro = reopen(fd, O_RDONLY);
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0), *q;

	NEED(p != MAP_FAILED && ro >= 0);
	FAILS(fcntl(fd, ADD, S_WRITE), EBUSY);
	FAILS(fcntl(fd, ADD, S_WRITE | S_GROW), EBUSY);
	EQ(fcntl(fd, GET), 0); /* all or nothing */
	EQ(mprotect(p, 4 * PAGE, PROT_READ), 0);
	FAILS(fcntl(fd, ADD, S_WRITE), EBUSY); /* it could be made writable again */
	EQ(munmap(p, PAGE), 0);
	EQ(munmap(p + 2 * PAGE, PAGE), 0); /* two pieces are left */
	FAILS(fcntl(fd, ADD, S_WRITE), EBUSY);
	EQ(munmap(p + PAGE, PAGE), 0);
	q = mremap(p + 3 * PAGE, PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED);
	FAILS(fcntl(fd, ADD, S_WRITE), EBUSY);
	EQ(munmap(q, 8 * PAGE), 0);
	/* these two cannot write */
	p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
	CHECK(p != MAP_FAILED && q != MAP_FAILED);
	EQ(fcntl(fd, ADD, S_WRITE), 0);
	p[0] = 'p';
	EQ(q[0], 'd');
	EQ(munmap(p, PAGE), 0);
	EQ(munmap(q, PAGE), 0);
	close(ro);
	close(fd);
}

/* A mapping of another process counts until that process is gone. */
static void write_seal_against_others(void)
{
	int fd = filled(SEALING, 1), to[2], from[2];
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), c;
	pid_t pid;

	NEED(p != MAP_FAILED && pipe(to) == 0 && pipe(from) == 0);
	pid = fork();
	if (pid == 0) {
		int bad = write(from[1], "", 1) != 1 || read(to[0], &c, 1) != 1;

		_exit(bad);
	}
	EQ(read(from[0], &c, 1), 1);
	EQ(munmap(p, PAGE), 0);
	FAILS(fcntl(fd, ADD, S_WRITE), EBUSY);
	EQ(write(to[1], "", 1), 1);
	EQ(tap_wait(pid), 0);
	EQ(fcntl(fd, ADD, S_WRITE), 0);
	for (unsigned i = 0; i < 2; i++) {
		close(to[i]);
		close(from[i]);
	}
	close(fd);
}

static void future_write(void)
{
	int fd = filled(SEALING, 2);
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0), *q, c = 'x';

	NEED(p != MAP_FAILED);
	EQ(fcntl(fd, ADD, S_FUTURE), 0); /* what is mapped may go on */
	p[0] = 'p';
	EQ(pread(fd, &c, 1, 0), 1);
	EQ(c, 'p');
	FAILS(pwrite(fd, &c, 1, 0), EPERM);
	FAILS(falloc(fd, PUNCH | KEEP, 0, PAGE), EPERM);
	FAILS(madvise(p, PAGE, MADV_REMOVE), EPERM);
	CHECK(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EPERM);
	q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(q != MAP_FAILED);
	EQ(q[0], 'p');
	FAILS(mprotect(q, PAGE, RW), EACCES);
	FAILS(fcntl(fd, ADD, S_WRITE), EBUSY);
	EQ(munmap(p, 2 * PAGE), 0);
	EQ(fcntl(fd, ADD, S_WRITE), 0); /* the other one never could write */
	EQ(munmap(q, PAGE), 0);
	close(fd);
}

static void exec_seal(void)
{
	int fd = memfd("x", SEALING), no = memfd("x", NOEXEC);

	NEED(fd >= 0 && no >= 0);
	EQ(write(fd, "x", 1), 1);
	EQ(fcntl(fd, ADD, S_EXEC), 0);
	/* what may be executed is not to be changed at all */
	EQ(fcntl(fd, GET), S_EXEC | S_SHRINK | S_GROW | S_WRITE | S_FUTURE);
	FAILS(fchmod(fd, 0666), EPERM);
	EQ(fchmod(fd, 0711), 0);
	FAILS(fchmod(fd, 0700), EPERM);
	FAILS(write(fd, "y", 1), EPERM);
	EQ(fcntl(no, GET), S_EXEC);
	EQ(write(no, "y", 1), 1);
	EQ(fcntl(no, ADD, S_EXEC), 0);
	EQ(fcntl(no, GET), S_EXEC);
	close(fd);
	close(no);
}

/* ---- exec ---- */

static int copy_of_self(int to)
{
	static char buf[65536];
	int from = open("/proc/self/exe", O_RDONLY);
	ssize_t n;

	while (from >= 0 && (n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			return -1;
	close(from);
	return from < 0 ? -1 : 0;
}

static int run_fd(void *arg)
{
	char *argv[] = { (char *)"memfd", (char *)"no_such_test", NULL }, *envp[] = { NULL };

	syscall(SYS_execveat, *(int *)arg, "", argv, envp, 0x1000);
	return errno;
}

static void programs_in_memory(void)
{
	int fd = memfd("prog", SEALING | CLOEXEC), no = memfd("prog", NOEXEC | CLOEXEC), wr;

	NEED(fd >= 0 && no >= 0);
	EQ(copy_of_self(fd), 0);
	EQ(copy_of_self(no), 0);
	EQ(fcntl(fd, ADD, S_WRITE | S_SHRINK | S_GROW | S_SEAL), 0);
	EQ(tap_child(run_fd, &fd), 0);
	EQ(tap_child(run_fd, &no), EXITED(EACCES));
	wr = reopen(fd, O_RDWR); /* a writer by name keeps it from being run */
	CHECK(wr >= 0);
	EQ(tap_child(run_fd, &fd), EXITED(ETXTBSY));
	close(wr);
	close(fd);
	close(no);
}

/* ---- /proc/sys/vm/memfd_noexec ---- */

static int set_noexec(const char *value)
{
	int fd = open("/proc/sys/vm/memfd_noexec", O_WRONLY), r;

	if (fd < 0)
		return -1;
	r = write(fd, value, strlen(value)) == (ssize_t)strlen(value) ? 0 : -1;
	close(fd);
	return r;
}

static int mode_of(int fd)
{
	struct stat st;
	int r = fd < 0 ? -errno : fstat(fd, &st) ? -1 : (int)(st.st_mode & 07777);

	if (fd >= 0)
		close(fd);
	return r;
}

static void noexec_sysctl(void)
{
	char text[16] = "";

	if (tap_read("/proc/sys/vm/memfd_noexec", text, sizeof(text)) < 0)
		SKIP("an older kernel");
	STREQ(text, "0\n");
	if (set_noexec("1"))
		SKIP("no right to change it");
	EQ(mode_of(memfd("x", 0)), 0666);
	EQ(mode_of(memfd("x", EXEC)), 0777);
	EQ(set_noexec("2"), 0);
	EQ(mode_of(memfd("x", 0)), 0666);
	EQ(mode_of(memfd("x", NOEXEC)), 0666);
	EQ(mode_of(memfd("x", EXEC)), -EACCES);
	FAILS(set_noexec("3"), EINVAL);
	EQ(set_noexec("0"), 0);
	EQ(mode_of(memfd("x", 0)), 0777);
}

/* ---- memory ---- */

static long free_kb(void)
{
	char text[4096];
	const char *p;

	if (tap_read("/proc/meminfo", text, sizeof(text)) < 0 || !(p = strstr(text, "Shmem:")))
		return -1;
	return atol(p + 6);
}

static void pages_are_counted_and_freed(void)
{
	long before = free_kb(), with;
	int fd = filled(0, 256);

	NEED(fd >= 0 && before >= 0);
	with = free_kb();
	CHECK(with - before >= 512 && with - before < 1500);
	close(fd);
	CHECK(free_kb() - before < 512);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(names_and_modes),
						 T(creation_errors),
						 T(shown_in_maps),
						 T(an_ordinary_file_otherwise),
						 T(shared_with_children),
						 T(add_and_get),
						 T(named_files),
						 T(shrink),
						 T(grow),
						 T(write_seal),
						 T(write_seal_against_mappings),
						 T(write_seal_against_others),
						 T(future_write),
						 T(exec_seal),
						 T(programs_in_memory),
						 T(noexec_sysctl),
						 T(pages_are_counted_and_freed),
						 TEND };

	return tap_main(argc, argv, tests);
}
