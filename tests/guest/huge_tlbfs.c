/* hugetlbfs: mounts and their limits, files, holes, reservations; memfd_create and shmget on huge pages; mremap. */
#define _FILE_OFFSET_BITS 64
#include "failpoint.h"
#include "huge.h"
#include "segments.h"
#include <grp.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#ifndef MFD_HUGETLB
#define MFD_HUGETLB 4U
#endif
#ifndef SHM_HUGETLB
#define SHM_HUGETLB 04000
#endif
#ifndef FALLOC_FL_KEEP_SIZE
#define FALLOC_FL_KEEP_SIZE  1
#define FALLOC_FL_PUNCH_HOLE 2
#endif
#define F_ADD_SEALS_ 1033
#define F_GET_SEALS_ 1034
#define PUNCH	     (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)
#define DIR	     "/tmp/huge_tlbfs"
#define FILE_	     DIR "/f"

enum { HUGETLBFS = (int)0x958458f6 };

static int mount_with(const char *options)
{
	mkdir(DIR, 0755);
	return mount("none", DIR, "hugetlbfs", 0, options);
}

static void unmount(void)
{
	EQ(umount(DIR), 0);
	EQ(rmdir(DIR), 0);
}

static int new_file(void)
{
	return open(FILE_, O_RDWR | O_CREAT | O_EXCL, 0600);
}

static void *map_file(int fd, size_t n, int flags)
{
	return mmap(NULL, n * huge, RW, flags, fd, 0);
}

static int memfd(unsigned flags)
{
	return (int)syscall(SYS_memfd_create, "huge", flags);
}

/* ---- mounts ---- */

static void option_errors(void)
{
	static const char *const bad[] = { "size=x",	  "min_size=",	 "nr_inodes=a",
					   "pagesize=4k", "pagesize=1G", "mode=9",
					   "uid=a",	  "gid=-1",	 "nonsense=1" };

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		FAILS(mount_with(bad[i]), EINVAL);
	FAILS(mount_with("size=2G,min_size=4G"), EINVAL);
	FAILS(mount_with("nr_inodes=0"), ENOMEM);
	FAILS(mount_with("min_size=1G"), ENOMEM); /* the pool is empty */
	rmdir(DIR);
}

static const char *mount_line(void)
{
	static char text[8192];
	char *p, *end;

	if (tap_read("/proc/mounts", text, sizeof(text)) < 0)
		return "";
	p = strstr(text, " " DIR " ");
	end = p ? strchr(p, '\n') : NULL;
	if (!end)
		return "";
	*end = '\0';
	return p + sizeof(" " DIR);
}

static void mounts(void)
{
	char text[4096], options[128], want[160];
	struct statfs fs;
	struct stat st;

	CHECK(tap_read("/proc/filesystems", text, sizeof(text)) > 0 &&
	      strstr(text, "nodev\thugetlbfs\n"));
	option_errors();
	set_vm("nr_hugepages", 4);
	NEED(mount_with(NULL) == 0);
	snprintf(want, sizeof(want), "hugetlbfs rw,relatime,pagesize=%zuM 0 0", huge >> 20);
	STREQ(mount_line(), want);
	EQ(statfs(DIR, &fs), 0);
	EQ((int)fs.f_type, HUGETLBFS);
	EQ(fs.f_bsize, huge);
	EQ(fs.f_blocks, 0);
	EQ(fs.f_files, 0);
	EQ(fs.f_namelen, 255);
	EQ(stat(DIR, &st), 0);
	EQ(st.st_mode, S_IFDIR | 0755);
	EQ(st.st_size, 0);
	EQ(st.st_blksize, huge);
	EQ(st.st_nlink, 2);
	unmount();
	snprintf(options, sizeof(options),
		 "size=%zuM,min_size=25%%,nr_inodes=3,mode=1770,uid=5,gid=6,pagesize=%zuM",
		 3 * (huge >> 20), huge >> 20);
	NEED(mount_with(options) == 0);
	snprintf(
		want, sizeof(want),
		"hugetlbfs rw,relatime,uid=5,gid=6,mode=1770,nr_inodes=3,pagesize=%zuM,size=%zu,min_size=%zu 0 0",
		huge >> 20, 3 * huge, huge);
	STREQ(mount_line(), want);
	pool(4, 4, 1, 0);
	EQ(stat(DIR, &st), 0);
	EQ(st.st_mode, S_IFDIR | 01770);
	CHECK(st.st_uid == 5 && st.st_gid == 6);
	EQ(statfs(DIR, &fs), 0);
	EQ(fs.f_blocks, 3);
	EQ(fs.f_bfree, 3);
	EQ(fs.f_bavail, 3);
	EQ(fs.f_files, 3);
	EQ(fs.f_ffree, 2);
	EQ(mkdir(DIR "/d", 0700), 0);
	EQ(symlink("d", DIR "/l"), 0);
	FAILS(new_file(), ENOSPC);
	EQ(unlink(DIR "/l"), 0);
	EQ(rmdir(DIR "/d"), 0);
	unmount();
	pool(4, 4, 0, 0);
	set_vm("nr_hugepages", 0);
}

/* ---- files ---- */

static void files(void)
{
	static char buf[PAGE];
	struct stat st;
	char *p;
	int fd;

	set_vm("nr_hugepages", 4);
	NEED(mount_with(NULL) == 0);
	fd = new_file();
	NEED(fd >= 0);
	FAILS(write(fd, "x", 1), EINVAL);
	FAILS(pwrite(fd, "x", 1, 0), EINVAL);
	FAILS(ftruncate(fd, PAGE), EINVAL);
	FAILS(ftruncate(fd, (off_t)huge + 1), EINVAL);
	EQ(fsync(fd), 0);
	EQ(read(fd, buf, 1), 0);
	EQ(ftruncate(fd, 2 * (off_t)huge), 0);
	memset(buf, 1, sizeof(buf));
	EQ(pread(fd, buf, sizeof(buf), (off_t)huge - 5), sizeof(buf));
	EQ(buf[0] | buf[PAGE - 1], 0); /* a hole */
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 2 * huge);
	EQ(st.st_blocks, 0);
	p = map_file(fd, 2, MAP_SHARED);
	NEED(p != MAP_FAILED);
	pool(4, 4, 2, 0);
	p[huge + 3] = 7;
	pool(4, 3, 1, 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_blocks, huge / 512);
	EQ(pread(fd, buf, 10, (off_t)huge), 10);
	EQ(buf[3], 7);
	EQ(pread(fd, buf, sizeof(buf), 2 * (off_t)huge - 7), 7);
	EQ(munmap(p, 2 * huge), 0);
	pool(4, 3, 1, 0); /* promises are the file's */
	CHECK(mmap(NULL, huge, RW, MAP_SHARED, fd, PAGE) == MAP_FAILED && errno == EINVAL);
	p = mmap(NULL, 100, PROT_READ, MAP_SHARED, fd, (off_t)huge); /* the length is rounded */
	NEED(p != MAP_FAILED);
	EQ(p[3], 7);
	FAILS(munmap(p, PAGE), EINVAL);
	EQ(munmap(p, huge), 0);
	EQ(lseek(fd, 0, SEEK_END), 2 * huge);
	FAILS(syscall(451 /* cachestat */, fd, (uint64_t[2]){ 0 }, (uint64_t[5]){ 0 }, 0),
	      EOPNOTSUPP);
	EQ(close(fd), 0);
	fd = open(FILE_, O_RDWR | O_TRUNC);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 0);
	pool(4, 4, 0, 0);
	p = map_file(fd, 3, MAP_SHARED); /* a mapping that may write makes the file longer */
	NEED(p != MAP_FAILED);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 3 * huge);
	pool(4, 4, 3, 0);
	EQ(close(fd), 0);
	EQ(unlink(FILE_), 0);
	p[0] = 1;
	pool(4, 3, 2, 0);
	EQ(munmap(p, 3 * huge), 0);
	pool(4, 4, 0, 0);
	unmount();
	set_vm("nr_hugepages", 0);
}

static int reads(void *arg)
{
	return *(volatile char *)arg;
}

static void shrinking(void)
{
	char *p, *q;
	int fd;

	set_vm("nr_hugepages", 6);
	NEED(mount_with(NULL) == 0);
	fd = new_file();
	p = map_file(fd, 3, MAP_SHARED);
	NEED(p != MAP_FAILED);
	p[0] = 1;
	p[2 * huge] = 3;
	q = map_file(fd, 3, MAP_PRIVATE);
	NEED(q != MAP_FAILED);
	pool(6, 4, 1 + 3, 0);
	EQ(q[2 * huge], 3);
	q[0] = 9;
	EQ(p[0], 1);
	pool(6, 3, 1 + 2, 0);
	EQ(ftruncate(fd, (off_t)huge), 0);
	pool(6, 4, 2, 0); /* the last page, and the promise for the one before, are gone */
	EQ(tap_child(reads, p + huge), KILLED(SIGBUS));
	EQ(tap_child(reads, q + 2 * huge), KILLED(SIGBUS));
	EQ(q[0], 9);
	EQ(ftruncate(fd, 3 * (off_t)huge), 0);
	EQ(p[2 * huge], 0);
	pool(6, 3, 2, 0); /* it was never promised again, but there is one */
	EQ(munmap(q, 3 * huge), 0);
	EQ(munmap(p, 3 * huge), 0);
	pool(6, 4, 0, 0);
	EQ(close(fd), 0);
	EQ(unlink(FILE_), 0);
	pool(6, 6, 0, 0);
	unmount();
	set_vm("nr_hugepages", 0);
}

static void holes(void)
{
	off_t h = (off_t)huge;
	struct stat st;
	char *p;
	int fd;

	set_vm("nr_hugepages", 4);
	NEED(mount_with(NULL) == 0);
	fd = new_file();
	FAILS(fallocate(fd, 0, 0, 0), EINVAL);
	FAILS(fallocate(fd, 0x10, 0, h), EOPNOTSUPP);
	EQ(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, h), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 0);
	pool(4, 3, 0, 0);
	EQ(fallocate(fd, 0, 1, 2 * h), 0); /* bytes 1 to 2h: three pages */
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 2 * h + 1);
	pool(4, 1, 0, 0);
	FAILS(fallocate(fd, 0, 0, 5 * h), ENOSPC); /* what there was is made */
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 2 * h + 1);
	pool(4, 0, 0, 0);
	EQ(fallocate(fd, PUNCH, 3 * h, h), 0);
	pool(4, 1, 0, 0);
	p = mmap(NULL, 3 * huge, PROT_READ, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	EQ(p[h], 0);
	EQ(tap_child(reads, p + 2 * h), KILLED(SIGBUS)); /* a page that is not wholly in the file */
	EQ(munmap(p, 3 * huge), 0);
	p = map_file(fd, 3, MAP_SHARED);
	NEED(p != MAP_FAILED);
	memset(p, 5, 3 * huge);
	EQ(fallocate(fd, PUNCH, h / 2, 2 * h), 0);
	pool(4, 2, 0, 0);
	EQ(p[h / 2 - 1], 5);
	EQ(p[h / 2], 0);
	EQ(p[2 * h + h / 2 - 1], 0);
	EQ(p[2 * h + h / 2], 5);
	EQ(p[h + 9], 0); /* made again */
	pool(4, 1, 0, 0);
	EQ(fallocate(fd, PUNCH, h + 10, 10), 0); /* within one */
	pool(4, 1, 0, 0);
	EQ(madvise(p + h, huge, MADV_REMOVE), 0);
	pool(4, 2, 0, 0);
	EQ(munmap(p, 3 * huge), 0);
	EQ(close(fd), 0);
	EQ(unlink(FILE_), 0);
	pool(4, 4, 0, 0);
	unmount();
	set_vm("nr_hugepages", 0);
}

static void limits(void)
{
	off_t h = (off_t)huge;
	char options[64], *p, *q;
	struct statfs fs;
	int fd;

	set_vm("nr_hugepages", 4);
	snprintf(options, sizeof(options), "size=%zuM,min_size=%zuM", huge >> 19, huge >> 20);
	NEED(mount_with(options) == 0);
	pool(4, 4, 1, 0);
	fd = new_file();
	EQ(ftruncate(fd, 3 * h), 0);
	CHECK(map_file(fd, 3, MAP_SHARED) == MAP_FAILED && errno == ENOMEM);
	p = map_file(fd, 1, MAP_SHARED);
	NEED(p != MAP_FAILED);
	pool(4, 4, 1, 0); /* promised already */
	EQ(statfs(DIR, &fs), 0);
	EQ(fs.f_bfree, 1);
	q = mmap(NULL, huge, RW, MAP_PRIVATE, fd, h);
	NEED(q != MAP_FAILED);
	pool(4, 4, 2, 0);
	p[0] = q[0] = 1;
	pool(4, 2, 0, 0);
	EQ(statfs(DIR, &fs), 0);
	EQ(fs.f_bfree, 0);
	FAILS(fallocate(fd, 0, 0, 2 * h), ENOSPC);
	EQ(munmap(q, huge), 0);
	pool(4, 3, 0, 0);
	EQ(munmap(p, huge), 0);
	EQ(ftruncate(fd, 0), 0);
	pool(4, 4, 1, 0);
	EQ(close(fd), 0);
	unmount();
	pool(4, 4, 0, 0);
	set_vm("nr_hugepages", 0);
}

/* ---- memfd, shm ---- */

static void memory_files(void)
{
	unsigned bits = (unsigned)__builtin_ctzl(huge) << MAP_HUGE_SHIFT;
	char line[64], link[64] = "";
	struct stat st;
	char *p;
	int fd;

	set_vm("nr_hugepages", 2);
	FAILS(memfd(MFD_HUGETLB | 16U << MAP_HUGE_SHIFT), ENODEV);
	FAILS(memfd(MFD_HUGETLB | 34U << MAP_HUGE_SHIFT), ENODEV);
	FAILS(memfd(16U << MAP_HUGE_SHIFT), EINVAL);
	fd = memfd(MFD_HUGETLB | bits);
	NEED(fd >= 0);
	EQ(fcntl(fd, F_GET_SEALS_), 1);
	FAILS(fcntl(fd, F_ADD_SEALS_, 2), EPERM);
	close(fd);
	fd = memfd(MFD_HUGETLB | 2);
	NEED(fd >= 0);
	EQ(fcntl(fd, F_GET_SEALS_), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_mode, S_IFREG | 0777);
	EQ(st.st_blksize, huge);
	snprintf(line, sizeof(line), "/proc/self/fd/%d", fd);
	CHECK(readlink(line, link, sizeof(link) - 1) > 0);
	STREQ(link, "/memfd:huge (deleted)");
	FAILS(ftruncate(fd, PAGE), EINVAL);
	EQ(ftruncate(fd, (off_t)huge), 0);
	pool(2, 2, 0, 0);
	p = map_file(fd, 1, MAP_SHARED);
	NEED(p != MAP_FAILED);
	p[5] = 5;
	pool(2, 1, 0, 0);
	EQ(fcntl(fd, F_ADD_SEALS_, 2 | 4), 0); /* SHRINK, GROW */
	FAILS(ftruncate(fd, 0), EPERM);
	FAILS(ftruncate(fd, 2 * (off_t)huge), EPERM);
	FAILS(fallocate(fd, 0, 0, 2 * (off_t)huge), EPERM);
	FAILS(fcntl(fd, F_ADD_SEALS_, 8), EBUSY);
	EQ(munmap(p, huge), 0);
	EQ(fcntl(fd, F_ADD_SEALS_, 8), 0); /* WRITE */
	FAILS(fallocate(fd, PUNCH, 0, (off_t)huge), EPERM);
	CHECK(map_file(fd, 1, MAP_SHARED) == MAP_FAILED && errno == EPERM);
	close(fd);
	pool(2, 2, 0, 0);
	set_vm("nr_hugepages", 0);
}

static int shm_without_right(void *arg)
{
	if (arg && setgroups(1, (gid_t[]){ 77 }))
		return 2;
	if (!arg && setgroups(0, NULL))
		return 2;
	if (setgid(5) || setuid(5))
		return 2;
	return shmget(IPC_PRIVATE, huge, SHM_HUGETLB | 0600) < 0 ? errno : 0;
}

static void segments(void)
{
	struct shmid_ds ds;
	char *p;
	int id;

	set_vm("nr_hugepages", 3);
	set_vm("hugetlb_shm_group", 77);
	EQ(tap_child(shm_without_right, NULL), EXITED(EPERM));
	FAILS(shmget(IPC_PRIVATE, huge, SHM_HUGETLB | 16 << MAP_HUGE_SHIFT | 0600), EINVAL);
	FAILS(shmget(IPC_PRIVATE, 4 * huge, SHM_HUGETLB | 0600), ENOMEM);
	id = shmget(IPC_PRIVATE, huge + 1, SHM_HUGETLB | 0600);
	NEED(id >= 0);
	pool(3, 3, 2, 0);
	EQ(shmctl(id, IPC_STAT, &ds), 0);
	EQ(ds.shm_segsz, huge + 1);
	p = shmat(id, NULL, 0);
	NEED(p != MAP_FAILED);
	EQ((uintptr_t)p % huge, 0);
	p[huge] = 1;
	pool(3, 2, 1, 0);
	FAILS((long)shmat(id, p + 16 * huge + PAGE, 0), EINVAL);
	EQ(shmctl(id, 11 /* SHM_LOCK */, NULL), 0);
	EQ(tap_child(reads, p + huge), EXITED(1));
	EQ(shmctl(id, IPC_STAT, &ds), 0);
	EQ(ds.shm_nattch, 1);
	EQ(smaps(p, "KernelPageSize:"), (long)(huge >> 10));
	EQ(shmctl(id, IPC_RMID, NULL), 0);
	EQ(p[huge], 1);
	EQ(shmdt(p), 0);
	pool(3, 3, 0, 0);
	EQ(tap_child(shm_without_right, ""), EXITED(0)); /* of the group */
	EQ(remove_segments(), 1);
	set_vm("hugetlb_shm_group", 0);
	pool(3, 3, 0, 0);
	set_vm("nr_hugepages", 0);
}

/* ---- mappings that move, split, are advised ---- */

static void moving(void)
{
	unsigned char vec[1];
	char *p, *q, *at;

	set_vm("nr_hugepages", 6);
	at = mmap(NULL, 16 * huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	NEED(at != MAP_FAILED);
	at = (char *)(((uintptr_t)at + huge - 1) & ~(huge - 1));
	p = mmap(NULL, 4 * huge, RW, ANON_HUGE, -1, 0);
	NEED(p != MAP_FAILED);
	p[0] = 1;
	p[huge] = 2;
	pool(6, 4, 2, 0);
	FAILS((long)mremap(p, 4 * huge, 5 * huge, MREMAP_MAYMOVE), EINVAL);
	FAILS((long)mremap(p + PAGE, huge, huge, MREMAP_MAYMOVE), EINVAL);
	FAILS((long)mremap(p, huge, huge, MREMAP_MAYMOVE | MREMAP_FIXED, at + PAGE), EINVAL);
	FAILS((long)mremap(p, huge, huge, MREMAP_MAYMOVE | 4, at), EINVAL); /* DONTUNMAP */
	FAILS((long)mremap(p, 0, huge, MREMAP_MAYMOVE | MREMAP_FIXED, at), EINVAL);
	CHECK(mremap(p, 4 * huge, 4 * huge - PAGE, 0) == p); /* rounded: as before */
	pool(6, 4, 2, 0);
	q = mremap(p + huge, 2 * huge, 2 * huge, MREMAP_MAYMOVE | MREMAP_FIXED, at + huge);
	CHECK(q == at + huge);
	pool(6, 4, 2, 0);
	EQ(q[0], 2);
	EQ(p[0], 1);
	FAILS(mincore(p + huge, huge, vec), ENOMEM);
	q[huge] = 3;
	p[3 * huge] = 4;
	pool(6, 2, 0, 0);
	CHECK(mremap(q, 2 * huge, huge, 0) == q); /* shorter */
	pool(6, 3, 0, 0);
	CHECK(mremap(p, huge, huge, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
	pool(6, 4, 0, 0);
	EQ(q[0], 1);
	EQ(munmap(q, huge), 0);
	EQ(munmap(p + 3 * huge, huge), 0);
	pool(6, 6, 0, 0);
	set_vm("nr_hugepages", 0);
}

static void advice(void)
{
	unsigned char vec[2];
	char *p;
	int fd;

	set_vm("nr_hugepages", 4);
	fd = memfd(MFD_HUGETLB);
	EQ(ftruncate(fd, 2 * (off_t)huge), 0);
	p = map_file(fd, 2, MAP_SHARED);
	NEED(p != MAP_FAILED);
	p[0] = 1;
	p[huge] = 2;
	EQ(madvise(p, huge, MADV_DONTNEED), 0);
	pool(4, 2, 0, 0); /* the file has it */
	EQ(mincore(p, PAGE, vec), 0);
	EQ(vec[0] & 1, 0);
	EQ(p[0], 1);
	FAILS(madvise(p + PAGE, huge, MADV_DONTNEED), EINVAL);
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0); /* rounded down: nothing */
	EQ(mincore(p, PAGE, vec), 0);
	EQ(vec[0] & 1, 1);
	EQ(madvise(p, huge, MADV_REMOVE), 0);
	pool(4, 3, 0, 0);
	EQ(p[0], 0);
	FAILS(madvise(p, huge, MADV_FREE), EINVAL);
	FAILS(madvise(p, huge, 20 /* COLD */), EINVAL);
	FAILS(madvise(p, huge, 21 /* PAGEOUT */), EINVAL);
	FAILS(madvise(p, huge, MADV_HUGEPAGE), EINVAL);
	FAILS(madvise(p, PAGE, MADV_DONTFORK), EINVAL);
	EQ(madvise(p, huge, MADV_DONTFORK), 0);
	EQ(tap_child(reads, p), KILLED(SIGSEGV));
	EQ(tap_child(reads, p + huge), EXITED(2));
	EQ(madvise(p, 2 * huge, MADV_DOFORK), 0);
	FAILS(mprotect(p, PAGE, PROT_READ), EINVAL);
	EQ(mprotect(p, huge, PROT_NONE), 0);
	EQ(tap_child(reads, p), KILLED(SIGSEGV));
	EQ(mlock(p + huge, huge), 0);
	EQ(figure_after("/proc/self/status", NULL, "VmLck:"), 0);
	EQ(mlock(p + huge, PAGE), 0);
	EQ(munmap(p, 2 * huge), 0);
	close(fd);
	pool(4, 4, 0, 0);
	set_vm("nr_hugepages", 0);
}

/* ---- races ---- */

static char *shared;
static volatile int stop;

static void *toucher(void *arg)
{
	uint64_t seed = (uintptr_t)arg;

	while (!stop)
		shared[(tap_random(&seed) % 4) * huge + (tap_random(&seed) & 1023)]++;
	return NULL;
}

/* Two threads fault, two processes cut and punch: nothing is lost, nothing is promised twice. */
static void faults_against_holes(void)
{
	int rounds = tap_quick() ? 20 : 60;
	pthread_t t[2];
	pid_t pid;
	int fd;

	set_vm("nr_hugepages", 5);
	fd = memfd(MFD_HUGETLB);
	EQ(ftruncate(fd, 4 * (off_t)huge), 0);
	shared = map_file(fd, 4, MAP_SHARED);
	NEED(shared != MAP_FAILED);
	pid = fork();
	if (pid == 0) {
		uint64_t seed = 5;

		for (int i = 0; i < rounds; i++)
			fallocate(fd, PUNCH, (off_t)(tap_random(&seed) % 4 * huge), (off_t)huge);
		_exit(0);
	}
	for (uintptr_t i = 0; i < 2; i++)
		EQ(pthread_create(&t[i], NULL, toucher, (void *)(i + 1)), 0);
	for (int i = 0; i < rounds; i++)
		EQ(madvise(shared + i % 4 * huge, huge, i & 4 ? MADV_REMOVE : MADV_DONTNEED), 0);
	EQ(tap_wait(pid), 0);
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	EQ(munmap(shared, 4 * huge), 0);
	close(fd);
	pool(5, 5, 0, 0);
	set_vm("nr_hugepages", 0);
}

static sigjmp_buf beyond_end;

static void on_sigbus(int sig)
{
	siglongjmp(beyond_end, 1);
}

static int map_and_touch(int fd, int rounds)
{
	signal(SIGBUS, on_sigbus);
	for (volatile int i = 0; i < rounds; i++) {
		volatile char *p = map_file(fd, 4, MAP_SHARED);

		if (p == MAP_FAILED && errno == ENOMEM)
			continue; /* the other promises the same places now, or still holds pages that were cut */
		if (p == MAP_FAILED)
			return 1;
		for (volatile size_t n = 0; n < 4 && !sigsetjmp(beyond_end, 1); n++)
			p[(n + (size_t)i) % 4 * huge] = 1;
		if (munmap((void *)p, 4 * huge))
			return 2;
	}
	return 0;
}

/* Two processes map, fault and unmap what a third cuts. */
static void mappings_against_truncate(void)
{
	int rounds = tap_quick() ? 20 : 60, fd, done = 0;
	pid_t pid[2];

	set_vm("nr_hugepages", 5);
	fd = memfd(MFD_HUGETLB);
	NEED(fd >= 0);
	for (int i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(map_and_touch(fd, rounds));
	}
	for (int i = 0; i < rounds; i++) {
		EQ(ftruncate(fd, (off_t)((size_t)i % 5 * huge)), 0);
		done++;
	}
	EQ(tap_wait(pid[0]), 0);
	EQ(tap_wait(pid[1]), 0);
	EQ(done, rounds);
	EQ(ftruncate(fd, 0), 0);
	pool(5, 5, 0, 0);
	close(fd);
	set_vm("nr_hugepages", 0);
}

/* The owner of the promise writes while a child cuts its mapping to pieces: the child sees its page, or SIGBUS, no zeroes. */
static int child_of_owner(char *p, int go)
{
	char c;

	if (read(go, &c, 1) != 1)
		return 1;
	mprotect(p + huge, huge, PROT_READ);
	mprotect(p, huge, PROT_READ);
	c = *(volatile char *)p;
	return c == 1 ? 0 : 2;
}

static void owner_against_child(void)
{
	int rounds = tap_quick() ? 10 : 30;

	set_vm("nr_hugepages", 2);
	for (int i = 0; i < rounds; i++) {
		char *p = mmap(NULL, 2 * huge, RW, ANON_HUGE, -1, 0);
		int go[2], status;
		pid_t pid;

		NEED(p != MAP_FAILED && pipe(go) == 0);
		p[0] = p[huge] = 1;
		pid = fork();
		if (pid == 0)
			_exit(child_of_owner(p, go[0]));
		EQ(write(go[1], "x", 1), 1);
		p[0] = 2;
		EQ(p[0], 2);
		status = tap_wait(pid) & ~0x80;
		CHECK(status == KILLED(SIGBUS) || status == EXITED(0));
		EQ(munmap(p, 2 * huge), 0);
		close(go[0]);
		close(go[1]);
		pool(2, 2, 0, 0);
	}
	set_vm("nr_hugepages", 0);
}

/* ---- no memory ---- */

static void *held;
static int held_fd;

static int op_mount(void)
{
	return mount("none", DIR, "hugetlbfs", 0, "size=100%,min_size=50%");
}

static void undo_mount(void)
{
	umount(DIR);
}

static int op_memfd(void)
{
	return held_fd = memfd(MFD_HUGETLB);
}

static void undo_memfd(void)
{
	close(held_fd);
}

static int op_map(void)
{
	held = map_file(held_fd, 2, MAP_SHARED);
	return held == MAP_FAILED ? -1 : 0;
}

static void undo_map(void)
{
	munmap(held, 2 * huge);
	EQ(ftruncate(held_fd, 0), 0);
}

static int op_shm(void)
{
	return held_fd = shmget(IPC_PRIVATE, huge, SHM_HUGETLB | 0600);
}

static void undo_shm(void)
{
	shmctl(held_fd, IPC_RMID, NULL);
}

static void without_memory(void)
{
	if (!failpoints_open())
		SKIP("no failpoints in this kernel");
	set_vm("nr_hugepages", 2);
	mkdir(DIR, 0755);
	every_failure("mount", op_mount, undo_mount);
	rmdir(DIR);
	pool(2, 2, 0, 0);
	every_failure("memfd_create", op_memfd, undo_memfd);
	held_fd = memfd(MFD_HUGETLB);
	every_failure("mmap", op_map, undo_map);
	close(held_fd);
	pool(2, 2, 0, 0);
	every_failure("shmget", op_shm, undo_shm);
	pool(2, 2, 0, 0);
	set_vm("nr_hugepages", 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(mounts),
						 T(files),
						 T(shrinking),
						 T(holes),
						 T(limits),
						 T(memory_files),
						 T(segments),
						 T(moving),
						 T(advice),
						 T(faults_against_holes),
						 T(mappings_against_truncate),
						 T(owner_against_child),
						 T(without_memory),
						 TEND };

	huge_init();
	return tap_main(argc, argv, tests);
}
