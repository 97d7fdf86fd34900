/* Folders of the host by 9P: bytes, names, attributes, mappings, what changes on the other side, errors, no memory. */
#include "disk.h"
#include "failpoint.h"

#include <dirent.h>
#include <sys/statfs.h>

#define M     "/tmp/share"
#define OTHER "/tmp/other"
enum { TREE_FILES = 200, BIG_SECTORS = 2048, TREE_TIME = 1000000000, RENAME_EXCHANGE_K = 2 };

/* Mounts @tag at @where. Return: errno, 0. */
static int mount_at(const char *tag, const char *where, unsigned long flags)
{
	mkdir(where, 0755);
	return mount(tag, where, "9p", flags, "trans=virtio,version=9p2000.L") ? errno : 0;
}

#define NEED_SHARE()                                                                               \
	do {                                                                                       \
		int e_ = mount_at("share", M, 0);                                                  \
		if (e_ == ENOENT)                                                                  \
			SKIP("no shared folder");                                                  \
		NEED(e_ == 0);                                                                     \
	} while (0)

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	EQ(write(fd, text, strlen(text)), strlen(text));
	OK(close(fd));
}

static const char *get(int fd)
{
	static char buf[64];
	ssize_t n = pread(fd, buf, sizeof(buf) - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static const char *get_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	const char *text = fd < 0 ? "?" : get(fd);

	if (fd >= 0)
		close(fd);
	return text;
}

/* ---- what the host has put there ---- */

static void contents(void)
{
	static char buf[BIG_SECTORS * SECTOR];
	struct stat st, hard;
	struct statfs fs;
	char link[300];
	int fd;

	NEED_SHARE();
	fd = open(M "/big", O_RDONLY);
	NEED(fd >= 0);
	EQ(read(fd, buf, sizeof(buf)), sizeof(buf));
	CHECK(is_pattern(buf, BIG_SECTORS, 0, 0));
	EQ(pread(fd, buf, SECTOR, 99 * SECTOR), SECTOR);
	CHECK(is_pattern(buf, 1, 99, 0));
	EQ(pread(fd, buf, 10, sizeof(buf)), 0);
	OK(fstat(fd, &st));
	EQ(st.st_size, sizeof(buf));
	EQ(st.st_mtime, 1234567890);
	OK(close(fd));
	OK(stat(M "/odd", &st));
	EQ(st.st_size, 9999);
	OK(stat(M "/dir/hello", &st));
	OK(stat(M "/hard", &hard));
	EQ(hard.st_ino, st.st_ino);
	EQ(hard.st_nlink, 2);
	STREQ(get_file(M "/fast"), "hello\n");
	STREQ(get_file(M "/slow"), "hello\n");
	EQ(readlink(M "/fast", link, sizeof(link)), 9);
	EQ(readlink(M "/slow", link, sizeof(link)), 4 + 120 + 5);
	OK(lstat(M "/slow", &st));
	EQ(st.st_size, 129);
	OK(statfs(M, &fs));
	CHECK(fs.f_blocks > 0 && fs.f_namelen == 255);
	OK(umount(M));
}

static void listing(void)
{
	char seen[TREE_FILES] = { 0 }, want[64];
	int dots = 0, others = 0;
	struct dirent *e;
	DIR *d;

	NEED_SHARE();
	d = opendir(M "/dir/deep");
	NEED(d != NULL);
	for (int pass = 0; pass < 2; pass++, rewinddir(d)) {
		while ((e = readdir(d)) != NULL) {
			int i = atoi(e->d_name + 5);

			if (e->d_name[0] == '.') {
				dots++;
				continue;
			}
			sprintf(want, "entry%03d%.*s", i, i % 40,
				"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
			others += i < 0 || i >= TREE_FILES || strcmp(want, e->d_name) != 0 ||
				  seen[i] != pass || e->d_type != DT_REG;
			seen[i]++;
		}
	}
	EQ(dots, 4);
	EQ(others, 0);
	for (int i = 0; i < TREE_FILES; i++)
		EQ(seen[i], 2);
	closedir(d);
	OK(umount(M));
}

/* ---- changes ---- */

static void bytes(void)
{
	static char buf[3 * PAGE + 100], back[sizeof(buf)];
	struct stat st;
	int fd;

	NEED_SHARE();
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 7);
	fd = open(M "/new", O_RDWR | O_CREAT | O_EXCL, 0640);
	NEED(fd >= 0);
	EQ(pwrite(fd, buf, sizeof(buf), 0), sizeof(buf));
	EQ(pwrite(fd, "middle", 6, PAGE - 3), 6);
	memcpy(buf + PAGE - 3, "middle", 6);
	EQ(pread(fd, back, sizeof(back), 0), sizeof(back));
	CHECK(!memcmp(buf, back, sizeof(buf)));
	OK(ftruncate(fd, PAGE + 5));
	OK(ftruncate(fd, 2 * PAGE)); /* zeroes behind the cut */
	memset(buf + PAGE + 5, 0, PAGE - 5);
	EQ(pread(fd, back, sizeof(back), 0), 2 * PAGE);
	CHECK(!memcmp(buf, back, 2 * PAGE));
	OK(fsync(fd));
	OK(fdatasync(fd));
	OK(close(fd));
	fd = open(M "/new", O_WRONLY | O_APPEND);
	EQ(write(fd, "end", 3), 3);
	OK(fstat(fd, &st));
	EQ(st.st_size, 2 * PAGE + 3);
	EQ(st.st_mode & 07777, 0640);
	OK(close(fd));
	OK(truncate(M "/new", 4));
	fd = open(M "/new", O_RDONLY);
	EQ(read(fd, back, sizeof(back)), 4);
	CHECK(!memcmp(buf, back, 4));
	OK(close(fd));
	OK(unlink(M "/new"));
	FAILS(open(M "/new", O_RDONLY), ENOENT);
	OK(umount(M));
}

static void names(void)
{
	struct stat st;
	int fd;

	NEED_SHARE();
	OK(mkdir(M "/d", 0750));
	OK(stat(M "/d", &st));
	EQ(st.st_mode, S_IFDIR | 0750);
	put(M "/d/a", "one");
	put(M "/b", "two");
	OK(rename(M "/d/a", M "/d/c"));
	FAILS(stat(M "/d/a", &st), ENOENT);
	STREQ(get_file(M "/d/c"), "one");
	fd = open(M "/b", O_RDONLY);
	OK(rename(M "/d/c", M "/b")); /* over one that is open */
	STREQ(get_file(M "/b"), "one");
	STREQ(get(fd), "two");
	OK(fstat(fd, &st));
	EQ(st.st_nlink, 0);
	OK(close(fd));
	OK(link(M "/b", M "/d/l"));
	OK(stat(M "/d/l", &st));
	EQ(st.st_nlink, 2);
	OK(symlink("../b", M "/d/s"));
	STREQ(get_file(M "/d/s"), "one");
	FAILS(rmdir(M "/d"), ENOTEMPTY);
	OK(unlink(M "/d/s"));
	OK(unlink(M "/d/l"));
	OK(rename(M "/d", M "/e"));
	OK(rmdir(M "/e"));
	OK(unlink(M "/b"));
	OK(umount(M));
}

static void attributes(void)
{
	struct timespec ts[2] = { { 0, UTIME_OMIT }, { TREE_TIME, 5000 } };
	struct stat st;

	NEED_SHARE();
	put(M "/f", "x");
	OK(chmod(M "/f", 0604));
	OK(chown(M "/f", 12, 34));
	OK(utimensat(AT_FDCWD, M "/f", ts, 0));
	OK(stat(M "/f", &st));
	EQ(st.st_mode & 07777, 0604);
	EQ(st.st_mtim.tv_sec, TREE_TIME);
	EQ(st.st_mtim.tv_nsec, 5000);
	CHECK(st.st_atim.tv_sec > TREE_TIME);
	OK(unlink(M "/f"));
	OK(umount(M));
}

/* For who looks when the machine has ended. */
static void for_the_host(void)
{
	static char buf[20 * SECTOR];
	struct timespec ts[2] = { { TREE_TIME, 0 }, { 1234567890, 0 } };
	int fd;

	NEED_SHARE();
	fd = open(M "/for_the_host", O_WRONLY | O_CREAT, 0640);
	NEED(fd >= 0);
	put_pattern(buf, 20, 3, 0);
	EQ(write(fd, buf, 9999), 9999);
	OK(futimens(fd, ts));
	OK(close(fd));
	OK(umount(M));
}

/* ---- memory ---- */

static void mapped(void)
{
	char *p, *q;
	int fd;

	NEED_SHARE();
	fd = open(M "/m", O_RDWR | O_CREAT | O_TRUNC, 0644);
	NEED(fd >= 0);
	OK(ftruncate(fd, 3 * PAGE));
	p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	memcpy(p + PAGE, "by memory", 9);
	OK(msync(p, 3 * PAGE, MS_SYNC));
	NEED(!mount_at("other", OTHER, 0));
	q = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, open(OTHER "/m", O_RDONLY), PAGE);
	NEED(q != MAP_FAILED);
	EQ(memcmp(q, "by memory", 9), 0);
	EQ(pwrite(fd, "by a call", 9, PAGE), 9);
	EQ(memcmp(p + PAGE, "by a call", 9), 0);
	p[2 * PAGE] = 'z';
	OK(munmap(p, 3 * PAGE)); /* is told to the host */
	OK(munmap(q, PAGE));
	q = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, open(OTHER "/m", O_RDONLY), 2 * PAGE);
	NEED(q != MAP_FAILED);
	EQ(q[0], 'z');
	OK(munmap(q, PAGE));
	for (int i = 3; i < 20; i++)
		close(i);
	OK(unlink(M "/m"));
	OK(umount(OTHER));
	OK(umount(M));
}

/* ---- the other side ---- */

static void changed_elsewhere(void)
{
	struct stat st;
	int fd;

	NEED_SHARE();
	NEED(!mount_at("other", OTHER, 0));
	FAILS(stat(M "/f", &st), ENOENT);
	put(OTHER "/f", "first"); /* a name that was not there is not remembered */
	STREQ(get_file(M "/f"), "first");
	fd = open(M "/f", O_RDONLY);
	STREQ(get(fd), "first");
	put(OTHER "/f", "second and longer");
	STREQ(get_file(M "/f"), "second and longer");
	OK(stat(M "/f", &st));
	EQ(st.st_size, 17);
	put(OTHER "/g", "replaced");
	OK(rename(OTHER "/g", OTHER "/f"));
	STREQ(get_file(M "/f"), "replaced"); /* though the old one is open */
	STREQ(get(fd), "second and longer");
	OK(fstat(fd, &st));
	OK(unlink(OTHER "/f"));
	FAILS(stat(M "/f", &st), ENOENT);
	OK(close(fd));
	OK(mkdir(OTHER "/d", 0755));
	put(OTHER "/d/x", "in");
	STREQ(get_file(M "/d/x"), "in");
	OK(rename(OTHER "/d", OTHER "/d2"));
	FAILS(open(M "/d/x", O_RDONLY), ENOENT);
	STREQ(get_file(M "/d2/x"), "in");
	OK(unlink(OTHER "/d2/x"));
	OK(rmdir(M "/d2"));
	FAILS(stat(OTHER "/d2", &st), ENOENT);
	OK(umount(OTHER));
	OK(umount(M));
}

/* ---- errors ---- */

static void refused(void)
{
	char name[300] = M "/";
	int fd;

	NEED_SHARE();
	EQ(mount_at("share", OTHER, 0), EBUSY);
	EQ(mount_at("nobody", OTHER, 0), ENOENT);
	FAILS(mount("other", OTHER, "9p", 0, "trans=tcp"), EINVAL);
	FAILS(mount("other", OTHER, "9p", 0, "what"), EINVAL);
	put(M "/f", "x");
	FAILS(mkdir(M "/f", 0755), EEXIST);
	FAILS(mkdir(M "/f/d", 0755), ENOTDIR);
	FAILS(mkdir(M "/no/d", 0755), ENOENT);
	FAILS(open(M "/f", O_CREAT | O_EXCL, 0644), EEXIST);
	FAILS(rmdir(M "/f"), ENOTDIR);
	FAILS(unlink(M "/dir"), EISDIR);
	FAILS(link(M "/dir", M "/hard_dir"), EPERM);
	FAILS(rename(M "/f", "/tmp/f"), EXDEV);
	FAILS(rename(M "/dir", M "/dir/deep/d"), EINVAL);
	FAILS(syscall(SYS_renameat2, AT_FDCWD, M "/f", AT_FDCWD, M "/odd", RENAME_EXCHANGE_K),
	      EINVAL);
	memset(name + strlen(M) + 1, 'n', 256);
	FAILS(mkdir(name, 0755), ENAMETOOLONG);
	fd = open(M "/f", O_RDONLY);
	FAILS(write(fd, "x", 1), EBADF);
	FAILS(fallocate(fd, 0, 0, 10), EBADF);
	close(fd);
	OK(unlink(M "/f"));
	OK(umount(M));
	NEED(!mount_at("fixed", M, 0));
	FAILS(open(M "/odd", O_RDWR), EROFS); /* says the host */
	FAILS(mkdir(M "/d", 0755), EROFS);
	STREQ(get_file(M "/dir/hello"), "hello\n");
	OK(umount(M));
	NEED(!mount_at("share", M, MS_RDONLY));
	FAILS(open(M "/odd", O_RDWR), EROFS); /* say we */
	FAILS(unlink(M "/odd"), EROFS);
	OK(umount(M));
}

/* ---- no memory ---- */

static int file;

static int op_mount(void)
{
	return mount("share", M, "9p", 0, NULL);
}

static void undo_mount(void)
{
	OK(umount(M));
}

static int op_create(void)
{
	return file = open(M "/f", O_RDWR | O_CREAT, 0644);
}

static void undo_create(void)
{
	OK(close(file));
	OK(unlink(M "/f"));
}

static int op_mkdir(void)
{
	return mkdir(M "/d", 0755);
}

static void undo_mkdir(void)
{
	OK(rmdir(M "/d"));
}

static int op_list(void)
{
	char buf[2048];
	int fd = open(M "/dir", O_RDONLY | O_DIRECTORY), err;
	long n;

	if (fd < 0)
		return -1;
	n = syscall(SYS_getdents64, fd, buf, sizeof(buf));
	err = errno;
	close(fd);
	errno = err;
	return (int)n;
}

static int op_stat(void)
{
	struct stat st;

	return stat(M "/dir/hello", &st);
}

static void nothing(void)
{
}

static void without_memory(void)
{
	if (!failpoints_open())
		SKIP("a kernel without failpoints");
	NEED_SHARE();
	every_failure("create", op_create, undo_create);
	every_failure("mkdir", op_mkdir, undo_mkdir);
	every_failure("list", op_list, nothing);
	every_failure("stat", op_stat, nothing);
	OK(umount(M));
	every_failure("mount", op_mount, undo_mount);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = {
		T(contents),   T(listing),	  T(bytes),  T(names),
		T(attributes), T(for_the_host),	  T(mapped), T(changed_elsewhere),
		T(refused),    T(without_memory), TEND
	};

	return tap_main(argc, argv, t);
}
