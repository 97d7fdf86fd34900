/* MMU notifiers of modules: each change of a program's page is told before and after, in Linux 6.1's order and by its names. */
#include "tap.h"

#include "modules.h"

#include <sys/ioctl.h>
#include <sys/wait.h>

enum { REGISTER = 0x100, UNREGISTER, GET, PUT, INSERT, REMOVE, UNCHANGED, WAIT, REFUSE, COUNTS };
/* What the module says: a digit, the event, at the start; a dot at the end. */
#define UNMAP	"0."
#define CLEAR	"1."
#define PROTECT "2."
#define FORK	"3."

static int dev;

static const char *said(void)
{
	static char text[256];
	ssize_t n = read(dev, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void come(void)
{
	NEED(module_in("watch", "") == 0);
	dev = open("/dev/watch", O_RDONLY | O_CLOEXEC);
	NEED(dev >= 0);
}

static void go(void)
{
	close(dev);
	EQ(module_out("watch"), 0);
	CHECK(log_has("watch: 0 failures"));
}

/* Three pages, the one in the middle watched. */
static char *three(int flags, int fd)
{
	char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (CHECK(p != MAP_FAILED))
		memset(p, 1, 3 * PAGE);
	return p;
}

static long counts(void)
{
	return ioctl(dev, COUNTS, 0);
}

/* ---- each way to change an entry ---- */

static void changes_of_a_mapping(void)
{
	char *p, *q;

	come();
	p = three(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	EQ(ioctl(dev, REGISTER, p + PAGE), 0);
	STREQ(said(), "");
	EQ(madvise(p + 2 * PAGE, PAGE, MADV_DONTNEED), 0);
	STREQ(said(), ""); /* of another page */
	EQ(madvise(p, 3 * PAGE, MADV_DONTNEED), 0);
	STREQ(said(), CLEAR);
	p[PAGE] = 1; /* what comes is not told */
	STREQ(said(), "");
	EQ(mprotect(p + PAGE, PAGE, PROT_READ), 0);
	STREQ(said(), PROTECT);
	EQ(mprotect(p, 3 * PAGE, PROT_READ | PROT_WRITE), 0);
	STREQ(said(), PROTECT);
	EQ(madvise(p + PAGE, PAGE, MADV_FREE), 0);
	STREQ(said(), CLEAR);
	q = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(q != MAP_FAILED);
	EQ(mremap(p, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q, 1);
	STREQ(said(), UNMAP UNMAP); /* moved, then unmapped */
	EQ(ioctl(dev, UNREGISTER, 0), 0);
	STREQ(said(), "r");
	EQ(munmap(q, 3 * PAGE), 0);
	STREQ(said(), "");
	go();
}

static void unmapping(void)
{
	char *p;

	come();
	p = three(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	EQ(ioctl(dev, REGISTER, p + PAGE), 0);
	EQ(munmap(p + PAGE, PAGE), 0);
	STREQ(said(), UNMAP);
	NEED(mmap(p + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	     p + PAGE);
	STREQ(said(), "");
	EQ(munmap(p, 3 * PAGE), 0); /* never touched */
	STREQ(said(), UNMAP);
	EQ(ioctl(dev, UNREGISTER, 0), 0);
	go();
}

/* Wait for the child's end. */
static void reap(pid_t child)
{
	int status;

	EQ(waitpid(child, &status, 0), child);
	EQ(status, 0);
}

static void fork_and_copies(void)
{
	int up[2];
	char *p, c;
	pid_t child;

	come();
	NEED(pipe(up) == 0);
	p = three(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	EQ(ioctl(dev, REGISTER, p + PAGE), 0);
	child = fork();
	if (!child) {
		close(up[1]);
		_exit(read(up[0], &c, 1)); /* 0: until the parent closes it */
	}
	STREQ(said(), FORK);
	p[PAGE] = 2;
	STREQ(said(), CLEAR);
	CHECK((counts() & 0xff) > 0);
	EQ(counts() >> 8 & 0xff, 1);
	p[PAGE] = 3;
	STREQ(said(), "");
	close(up[1]);
	reap(child);
	p[0] = 2; /* the only owner again */
	STREQ(said(), "");
	EQ(ioctl(dev, UNREGISTER, 0), 0);
	munmap(p, 3 * PAGE);
	close(up[0]);
	go();
}

static void a_file_gets_shorter(void)
{
	int fd = memfd_create("watched", MFD_CLOEXEC);
	char *p;

	come();
	NEED(fd >= 0 && ftruncate(fd, 3 * PAGE) == 0);
	p = three(MAP_SHARED, fd);
	EQ(ioctl(dev, REGISTER, p + PAGE), 0);
	EQ(ftruncate(fd, 2 * PAGE), 0);
	STREQ(said(), "");
	EQ(ftruncate(fd, PAGE), 0);
	EQ(strncmp(said(), CLEAR, 2), 0); /* Linux looks twice */
	EQ(ioctl(dev, UNREGISTER, 0), 0);
	munmap(p, 3 * PAGE);
	close(fd);
	go();
}

/* ---- the end of the program; get and put ---- */

static void the_end(void)
{
	pid_t child;

	come();
	child = fork();
	if (!child) {
		char *p = three(MAP_PRIVATE | MAP_ANONYMOUS, -1);

		_exit(ioctl(dev, REGISTER, p + PAGE) || ioctl(dev, GET, 0) != 1 ||
		      ioctl(dev, GET, 0) != 2 || ioctl(dev, INSERT, p) || ioctl(dev, WAIT, 0));
	}
	reap(child);
	STREQ(said(), "aRrri"); /* intervals first; they hear of the unmapping, too */
	EQ(ioctl(dev, UNCHANGED, 0), 0);
	EQ(ioctl(dev, UNREGISTER, 0), 0);
	EQ(ioctl(dev, REMOVE, 0), 0);
	EQ(ioctl(dev, PUT, 1), 0);
	EQ(ioctl(dev, PUT, 1), 1);
	STREQ(said(), "f");
	go();
}

static void intervals(void)
{
	char *p;

	come();
	p = three(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	FAILS(ioctl(dev, INSERT, 0), EOVERFLOW);
	EQ(ioctl(dev, INSERT, p + PAGE), 0);
	EQ(ioctl(dev, WAIT, 0), 0);
	EQ(ioctl(dev, UNCHANGED, 0), 1);
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(madvise(p + 2 * PAGE, PAGE, MADV_DONTNEED), 0);
	STREQ(said(), "");
	EQ(ioctl(dev, UNCHANGED, 0), 1);
	EQ(madvise(p, 3 * PAGE, MADV_DONTNEED), 0);
	STREQ(said(), "i");
	EQ(ioctl(dev, UNCHANGED, 0), 0);
	EQ(ioctl(dev, WAIT, 0), 0);
	EQ(ioctl(dev, UNCHANGED, 0), 1);
	EQ(ioctl(dev, REMOVE, 0), 0);
	munmap(p, 3 * PAGE);
	STREQ(said(), "");
	go();
}

/* What a module forgets goes with it; a program that ends later finds nobody. */
static void a_forgotten_one(void)
{
	char *p;

	come();
	p = three(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	EQ(ioctl(dev, REGISTER, p + PAGE), 0);
	EQ(ioctl(dev, INSERT, p + PAGE), 0);
	go();
	CHECK(log_has("watch: an mmu notifier was left behind; removed"));
	CHECK(log_has("watch: an mmu interval notifier was left behind; removed"));
	EQ(munmap(p, 3 * PAGE), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(changes_of_a_mapping), T(unmapping), T(fork_and_copies),
		T(a_file_gets_shorter),	 T(the_end),   T(intervals),
		T(a_forgotten_one),	 TEND
	};

	return tap_main(argc, argv, tests);
}
