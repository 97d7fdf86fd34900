/*
 * Cached pages of a file on a disk that are sent out of memory: MADV_PAGEOUT, MADV_COLD, process_madvise; what is
 * remembered of them (refault distances), by exact counts.
 */
#include "disk.h"
#include "mem.h"

#include <sys/prctl.h>
#include <sys/uio.h>

enum { ADV_COLD = 20, ADV_PAGEOUT, FILE_PAGES = 256, LEAF_PAGES = 64, OTHERS_PAGES = 2048 };
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#define FILE_NAME "mnt/pages"

static char byte_of(size_t page)
{
	return (char)(page * 7 + 3);
}

/* A file of so many pages, on the disk and in no cache. Its descriptor; -1: there is no disk. */
static int make_file(const char *name, size_t pages)
{
	static char buf[4096];
	int fd;

	if (!have_disks())
		return -1;
	mkdir("mnt", 0755);
	if (mount("/dev/vdb", "mnt", "ext2", 0, NULL) && errno != EBUSY)
		return -1;
	fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0644);
	for (size_t i = 0; i < pages; i++) {
		memset(buf, byte_of(i), sizeof(buf));
		EQ(write(fd, buf, sizeof(buf)), (long)sizeof(buf));
	}
	OK(fsync(fd));
	OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	return fd;
}

static void drop_file(const char *name, int fd)
{
	OK(close(fd));
	OK(unlink(name));
	OK(umount("mnt"));
}

/* All of it, without reading ahead. */
static char *map_all(int fd, size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, RW, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return NULL;
	OK(madvise(p, pages * PAGE, MADV_RANDOM));
	return p;
}

/* Each page is used. Return: those whose bytes are wrong. */
static unsigned use_all(const char *p, size_t pages)
{
	unsigned bad = 0;

	for (size_t i = 0; i < pages; i++)
		bad += p[i * PAGE + i] != byte_of(i);
	return bad;
}

#define BEGIN_FILE(fd, p, pages)                                                                   \
	int fd = make_file(FILE_NAME, pages);                                                      \
	char *p;                                                                                   \
                                                                                                   \
	if (fd < 0)                                                                                \
		SKIP("no disks");                                                                  \
	p = map_all(fd, pages);                                                                    \
	NEED(p)

static void end_file(int fd, char *p, size_t pages)
{
	OK(munmap(p, pages * PAGE));
	drop_file(FILE_NAME, fd);
}

static void clean_pages_leave(void)
{
	long read;

	BEGIN_FILE(fd, p, FILE_PAGES);
	EQ(use_all(p, FILE_PAGES), 0);
	EQ(resident(p, FILE_PAGES), FILE_PAGES);
	OK(madvise(p + 16 * PAGE, 32 * PAGE, ADV_PAGEOUT));
	EQ(resident(p, FILE_PAGES), FILE_PAGES - 32);
	EQ(resident(p + 16 * PAGE, 32), 0);
	read = vmstat("pgpgin");
	EQ(use_all(p, FILE_PAGES), 0);
	EQ(vmstat("pgpgin") - read, 32 * (long)PAGE / 1024);
	end_file(fd, p, FILE_PAGES);
}

static void dirty_pages_wait_for_their_write(void)
{
	BEGIN_FILE(fd, p, FILE_PAGES);
	EQ(use_all(p, FILE_PAGES), 0);
	for (size_t i = 0; i < FILE_PAGES; i += 4)
		p[i * PAGE + i] = byte_of(i);
	OK(madvise(p, FILE_PAGES * PAGE, ADV_PAGEOUT));
	EQ(resident(p, FILE_PAGES), FILE_PAGES / 4);
	OK(msync(p, FILE_PAGES * PAGE, MS_SYNC));
	for (size_t i = 0; i < FILE_PAGES; i += 4) /* a page without an entry is nobody's to send */
		EQ(p[i * PAGE + i], byte_of(i));
	OK(madvise(p, FILE_PAGES * PAGE, ADV_PAGEOUT));
	EQ(resident(p, FILE_PAGES), 0);
	EQ(use_all(p, FILE_PAGES), 0);
	end_file(fd, p, FILE_PAGES);
}

/* Return: 0 when it went as far as it should. As somebody who may not write the file. */
static int as_nobody(void *arg)
{
	char *p = map_all(*(int *)arg, FILE_PAGES);

	if (!p || use_all(p, FILE_PAGES) || setgid(65534) || setuid(65534))
		return 1;
	if (madvise(p, FILE_PAGES * PAGE, ADV_PAGEOUT))
		return 2;
	return 0;
}

/* Sent out by who maps them alone, and may write the file: else others' use of it would be seen. */
static void others_pages_stay(void)
{
	const size_t half = FILE_PAGES / 2 * PAGE;

	BEGIN_FILE(fd, p, FILE_PAGES);
	EQ(tap_child(as_nobody, &fd), 0); /* alone, and not allowed */
	EQ(resident(p, FILE_PAGES), FILE_PAGES);
	OK(munmap(p + half, half)); /* where a fault would map neighbours that are there */
	EQ(use_all(p, FILE_PAGES / 2), 0);
	if (fork() == 0) {
		char *mine = map_all(fd, FILE_PAGES);

		if (use_all(mine, FILE_PAGES))
			_exit(1);
		_exit(madvise(mine, FILE_PAGES * PAGE, ADV_PAGEOUT) != 0);
	}
	EQ(tap_wait(-1), 0);
	EQ(resident(p, FILE_PAGES / 2), FILE_PAGES / 2);
	OK(munmap(p, half));
	p = map_all(fd, FILE_PAGES);
	NEED(p);
	EQ(resident(p, FILE_PAGES), FILE_PAGES / 2);
	end_file(fd, p, FILE_PAGES);
}

static void cold_pages_are_inactive(void)
{
	static char buf[FILE_PAGES * 4096];
	long active;

	BEGIN_FILE(fd, p, FILE_PAGES);
	for (int twice = 0; twice < 2; twice++)
		EQ(pread(fd, buf, sizeof(buf), 0), (long)sizeof(buf));
	active = vmstat("nr_active_file");
	CHECK(active >= FILE_PAGES);
	EQ(use_all(p, FILE_PAGES), 0);
	OK(madvise(p, FILE_PAGES * PAGE, ADV_COLD));
	EQ(vmstat("nr_active_file"), active - FILE_PAGES);
	EQ(resident(p, FILE_PAGES), FILE_PAGES);
	end_file(fd, p, FILE_PAGES);
}

/* Another process has the pages, and this one sends them out. */
static void of_another_process(void)
{
	struct iovec v;
	int fd_of, ready[2], go[2], status;
	char c = 0;
	pid_t pid;

	BEGIN_FILE(fd, p, FILE_PAGES);
	OK(pipe(ready));
	OK(pipe(go));
	pid = fork();
	if (pid == 0) {
		unsigned bad = use_all(p, FILE_PAGES);

		if (write(ready[1], &c, 1) != 1 || read(go[0], &c, 1) != 1)
			_exit(1);
		_exit(bad || use_all(p, FILE_PAGES) ? 2 : 0);
	}
	EQ(read(ready[0], &c, 1), 1);
	fd_of = (int)syscall(SYS_pidfd_open, pid, 0);
	v = (struct iovec){ p, FILE_PAGES * PAGE };
	EQ(syscall(SYS_process_madvise, fd_of, &v, 1UL, ADV_PAGEOUT, 0), FILE_PAGES * (long)PAGE);
	EQ(resident(p, FILE_PAGES), 0);
	EQ(write(go[1], &c, 1), 1);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	EQ(resident(p, FILE_PAGES), FILE_PAGES);
	for (int i = 0; i < 2; i++)
		OK(close(ready[i]) | close(go[i]));
	OK(close(fd_of));
	end_file(fd, p, FILE_PAGES);
}

/* Pages of another file leave, so many that the age of what left before is more than there are active pages. */
static void let_others_leave(size_t pages)
{
	int fd = make_file("mnt/others", OTHERS_PAGES);
	char *p = fd < 0 ? NULL : map_all(fd, OTHERS_PAGES);

	NEED(p);
	for (size_t left = 0; left < pages; left += OTHERS_PAGES) {
		EQ(use_all(p, OTHERS_PAGES), 0);
		OK(madvise(p, OTHERS_PAGES * PAGE, ADV_PAGEOUT));
	}
	OK(munmap(p, OTHERS_PAGES * PAGE));
	OK(close(fd));
	OK(unlink("mnt/others"));
}

struct figures {
	long nodes, refault, activate, restore;
};

static struct figures figures(void)
{
	return (struct figures){ vmstat("workingset_nodes"), vmstat("workingset_refault_file"),
				 vmstat("workingset_activate_file"),
				 vmstat("workingset_restore_file") };
}

/* What came since @old, in pages: leaves of nothing but shadows, come back, soon enough, and active before. */
static void came(const struct figures *old, long nodes, long refault, long activate, long restore)
{
	struct figures now = figures();

	EQ(now.nodes - old->nodes, nodes);
	EQ(now.refault - old->refault, refault);
	EQ(now.activate - old->activate, activate);
	EQ(now.restore - old->restore, restore);
}

static void what_left_is_remembered(void)
{
	struct figures old;
	char *heap = anon(4 * FILE_PAGES, RW);

	BEGIN_FILE(fd, p, FILE_PAGES);
	(void)heap;
	old = figures();
	EQ(use_all(p, FILE_PAGES), 0);
	came(&old, 0, 0, 0, 0); /* it is new */
	OK(madvise(p, (FILE_PAGES - 1) * PAGE, ADV_PAGEOUT));
	came(&old, FILE_PAGES / LEAF_PAGES - 1, 0, 0, 0); /* one leaf has a page */
	OK(madvise(p, FILE_PAGES * PAGE, ADV_PAGEOUT));
	came(&old, FILE_PAGES / LEAF_PAGES, 0, 0, 0);
	let_others_leave((size_t)vmstat("nr_active_file") + OTHERS_PAGES);
	came(&old, FILE_PAGES / LEAF_PAGES, figures().refault - old.refault,
	     figures().activate - old.activate, 0);
	old = figures();
	EQ(use_all(p, FILE_PAGES), 0);
	came(&old, -FILE_PAGES / LEAF_PAGES, FILE_PAGES, 0, 0); /* too late to be active */
	end_file(fd, p, FILE_PAGES);
}

/* Pages that were active leave and come back while there are enough other active ones. */
static void what_comes_soon_is_active(void)
{
	static char buf[OTHERS_PAGES * 4096];
	struct figures old;
	int others, i;

	BEGIN_FILE(fd, p, FILE_PAGES);
	others = make_file("mnt/others", OTHERS_PAGES);
	for (i = 0; i < 2; i++) {
		EQ(pread(others, buf, sizeof(buf), 0), (long)sizeof(buf));
		EQ(pread(fd, buf, FILE_PAGES * PAGE, 0), FILE_PAGES * (long)PAGE);
	}
	EQ(use_all(p, FILE_PAGES), 0);
	old = figures();
	OK(madvise(p, FILE_PAGES * PAGE, ADV_PAGEOUT));
	EQ(use_all(p, FILE_PAGES), 0);
	came(&old, 0, FILE_PAGES, FILE_PAGES, 0);
	OK(madvise(p, FILE_PAGES * PAGE, ADV_PAGEOUT));
	OK(ftruncate(fd, 0)); /* what is cut off is not remembered */
	came(&old, 0, FILE_PAGES, FILE_PAGES, 0);
	OK(close(others));
	OK(unlink("mnt/others"));
	end_file(fd, p, FILE_PAGES);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(clean_pages_leave),	      T(dirty_pages_wait_for_their_write),
		T(others_pages_stay),	      T(cold_pages_are_inactive),
		T(of_another_process),	      T(what_left_is_remembered),
		T(what_comes_soon_is_active), TEND
	};

	return tap_main(argc, argv, tests);
}
