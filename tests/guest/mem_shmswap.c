/* Shared memory in swap: every kind of it out and in, calls on files of it, System V segments, fork, swapoff, read-ahead. */
#include "zram.h"

#include "pagemap.h"
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>

enum { N = 40 };

static long used_kb(void)
{
	return meminfo_kb("SwapTotal:") - meminfo_kb("SwapFree:");
}

static long majors(void)
{
	struct rusage r;

	EQ(getrusage(RUSAGE_SELF, &r), 0);
	return r.ru_majflt;
}

/* Page i full of i + 1. */
static void put(char *p)
{
	for (int i = 0; i < N; i++)
		memset(p + i * PAGE, i + 1, PAGE);
}

static int differing(const char *p)
{
	int bad = 0;

	for (int i = 0; i < N; i++)
		for (size_t k = 0; k < PAGE; k++)
			bad += p[i * PAGE + k] != i + 1;
	return bad;
}

static char *map_shared(int fd)
{
	return mmap(NULL, N * PAGE, RW, fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
}

static int sized_memfd(void)
{
	int fd = memfd_create("x", 0);

	EQ(ftruncate(fd, N * PAGE), 0);
	return fd;
}

static void out_and_in(char *p)
{
	long shmem, out = vmstat("pswpout"), in, major;

	put(p);
	shmem = meminfo_kb("Shmem:");
	OK(page_out(p, N));
	EQ(resident(p, N), 0);
	EQ(used_kb(), N * 4);
	EQ(vmstat("pswpout") - out, N);
	EQ(shmem - meminfo_kb("Shmem:"), N * 4);
	EQ(status_kb("VmSwap:"), 0); /* what programs have alone */
	EQ(atol(smaps_field(p, "Swap:")), N * 4);
	EQ(atol(smaps_field(p, "SwapPss:")), 0);
	in = vmstat("pswpin");
	major = majors();
	EQ(differing(p), 0);
	EQ(majors() - major, N);
	EQ(vmstat("pswpin") - in, N);
	EQ(used_kb(), 0);
	EQ(meminfo_kb("Shmem:"), shmem);
	EQ(atol(smaps_field(p, "Swap:")), 0);
	OK(page_out(p, N));
	put(p); /* writes bring it back, too */
	EQ(differing(p), 0);
}

static void kinds(void)
{
	int id = shmget(IPC_PRIVATE, N * PAGE, IPC_CREAT | 0600), fd = sized_memfd(), file;
	char *p;

	begin("4M\n", 1024);
	file = open("/tmp/swapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	OK(file);
	OK(ftruncate(file, N * PAGE));
	for (int i = 0; i < 4; i++) {
		p = i == 3 ? shmat(id, NULL, 0) : map_shared(i == 0 ? -1 : i == 1 ? fd : file);
		NEED(p != MAP_FAILED);
		out_and_in(p);
		OK(page_out(p, N)); /* what goes while it is in swap frees it */
		OK(i == 3 ? shmdt(p) : munmap(p, N * PAGE));
		if (i == 1)
			OK(close(fd));
		if (i == 2) {
			OK(close(file));
			OK(unlink("/tmp/swapped"));
		}
		if (i == 3)
			OK(shmctl(id, IPC_RMID, NULL));
		EQ(used_kb(), 0);
	}
	end();
}

static void calls_on_a_file(void)
{
	int fd = sized_memfd();
	char *p = map_shared(fd), buf[3];
	struct stat st;

	begin("4M\n", 1024);
	put(p);
	OK(page_out(p, N));
	OK(fstat(fd, &st));
	EQ(st.st_blocks, N * 8);
	EQ(pread(fd, buf, 2, 5 * PAGE - 1), 2); /* of two pages */
	EQ(buf[0], 5);
	EQ(buf[1], 6);
	EQ(pwrite(fd, "ab", 2, 8 * PAGE - 1), 2);
	EQ(p[8 * PAGE - 2], 8);
	EQ(p[8 * PAGE - 1], 'a');
	EQ(p[8 * PAGE], 'b');
	EQ(p[8 * PAGE + 1], 9);
	EQ(used_kb(), (N - 4) * 4);
	EQ(lseek(fd, 10 * PAGE, SEEK_DATA), 10 * PAGE);
	EQ(lseek(fd, 10 * PAGE, SEEK_HOLE), N * PAGE);
	OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, N * PAGE)); /* has all of them */
	EQ(used_kb(), 0);
	for (int i = 0; i < N; i++) /* only what is mapped goes */
		EQ(p[i * PAGE + 1], i + 1);
	OK(page_out(p, N));
	OK(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 10 * PAGE, 3 * PAGE + 1));
	EQ(used_kb(), (N - 4) * 4);
	OK(fstat(fd, &st));
	EQ(st.st_blocks, (N - 3) * 8);
	EQ(p[11 * PAGE], 0);
	EQ(p[13 * PAGE], 0);
	EQ(p[13 * PAGE + 1], 14);
	OK(ftruncate(fd, 30 * PAGE + 7));
	OK(ftruncate(fd, N * PAGE));
	EQ(p[30 * PAGE + 6], 31);
	EQ(p[30 * PAGE + 7], 0);
	EQ(p[31 * PAGE], 0);
	OK(munmap(p, N * PAGE));
	OK(close(fd));
	EQ(used_kb(), 0);
	end();
}

static void segments(void)
{
	struct shm_info before, now;
	char text[2000], want[40];
	char *p;
	int id;

	begin("4M\n", 1024);
	id = shmget(IPC_PRIVATE, N * PAGE, IPC_CREAT | 0600);
	p = shmat(id, NULL, 0);
	NEED(p != MAP_FAILED);
	put(p);
	CHECK(shmctl(0, SHM_INFO, (struct shmid_ds *)&before) >= 0);
	OK(shmctl(id, SHM_LOCK, NULL));
	OK(page_out(p, N));
	EQ(resident(p, N), N);
	OK(shmctl(id, SHM_UNLOCK, NULL));
	OK(page_out(p, N));
	CHECK(shmctl(0, SHM_INFO, (struct shmid_ds *)&now) >= 0);
	EQ(now.shm_swp - before.shm_swp, N);
	EQ(before.shm_rss - now.shm_rss, N);
	EQ(now.shm_tot, before.shm_tot);
	CHECK(tap_read("/proc/sysvipc/shm", text, sizeof(text)) > 0);
	snprintf(want, sizeof(want), " %d\n", (int)(N * PAGE));
	CHECK(strstr(text, want) != NULL);
	EQ(differing(p), 0);
	OK(shmdt(p));
	OK(shmctl(id, IPC_RMID, NULL));
	end();
}

static void seen_by_all(void)
{
	int fd = sized_memfd();
	char *p = map_shared(fd), *own = mmap(NULL, N * PAGE, RW, MAP_PRIVATE, fd, 0);
	pid_t pid;

	begin("4M\n", 1024);
	put(p);
	own[0] = 77; /* a page of its own: only the object's go */
	OK(page_out(p, N));
	EQ(own[0], 77);
	EQ(own[1], 1);
	EQ(atol(smaps_field(own, "Swap:")), (N - 1) * 4);
	pid = fork();
	if (!pid) {
		int bad = differing(p);

		p[3 * PAGE] = 99;
		_exit(bad != 0);
	}
	EQ(tap_wait(pid), 0);
	EQ(p[3 * PAGE], 99);
	p[3 * PAGE] = 4;
	OK(page_out(p, N));
	end(); /* swapoff brings all back */
	EQ(differing(p), 0);
	OK(munmap(p, N * PAGE));
	OK(munmap(own, N * PAGE));
	OK(close(fd));
}

/* Asked for before it is used. */
static void willneed(void)
{
	char *p = map_shared(-1);
	long major;

	begin("4M\n", 1024);
	put(p);
	OK(page_out(p, N));
	OK(madvise(p, N / 2 * PAGE, MADV_WILLNEED));
	EQ(resident(p, N), N / 2);
	EQ(meminfo_kb("SwapCached:"), N / 2 * 4);
	major = majors();
	EQ(differing(p), 0);
	EQ(majors() - major, N / 2);
	EQ(meminfo_kb("SwapCached:"), 0);
	OK(munmap(p, N * PAGE));
	end();
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(kinds),	 T(calls_on_a_file), T(segments),
						 T(seen_by_all), T(willneed),	     TEND };

	return tap_main(argc, argv, tests);
}
