/* Mounts of tmpfs with limits, bind and move; FIFOs; sizes and packets of pipes. As root, in the guest only. */
#include "dir.h"
#include "figure.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/uio.h>

/* The memory of the initramfs's image is free before the first program starts, and counts. */
static void the_root_has_the_usual_limits(void)
{
	struct statfs root, other;

	enter(__func__);
	OK(mkdir("m", 0755));
	NEED(mount("none", "m", "tmpfs", 0, NULL) == 0);
	OK(statfs("/", &root));
	OK(statfs("m", &other));
	EQ(root.f_blocks, other.f_blocks);
	EQ(root.f_files, other.f_files);
	OK(umount("m"));
}

/* Names are followed on it, but for symlinks. */
static void without_symlinks(void)
{
	struct statfs s;
	char text[20];
	int fd;

	enter(__func__);
	OK(mkdir("m", 0755));
	NEED(mount("none", "m", "tmpfs", 0, NULL) == 0);
	OK(statfs("m", &s));
	EQ(s.f_flags, 0x1020); /* valid, relatime */
	OK(mkdir("m/dir", 0755));
	OK(close(open("m/file", O_CREAT | O_RDWR, 0600)));
	OK(symlink("file", "m/link"));
	OK(symlink("dir", "m/way"));
	OK(symlink("m/file", "outside"));
	OK(access("m/link", F_OK));
	NEED(mount("none", "m", NULL, MS_REMOUNT | 256 | MS_NOSUID | MS_NODEV | MS_NOATIME, NULL) ==
	     0);
	OK(statfs("m", &s));
	EQ(s.f_flags, 0x2020 | 0x400 | 2 | 4);
	NEED((fd = open("m/file", O_RDONLY)) >= 0);
	OK(fstatfs(fd, &s));
	EQ(s.f_flags, 0x2020 | 0x400 | 2 | 4);
	close(fd);
	FAILS(open("m/link", O_RDONLY), ELOOP);
	FAILS(access("m/way/x", F_OK), ELOOP);
	FAILS(chdir("m/way"), ELOOP);
	OK(access("outside", F_OK)); /* one that lies elsewhere */
	EQ(readlink("m/link", text, sizeof(text)), 4);
	OK(unlink("m/link"));
	OK(rename("m/way", "m/other"));
	NEED(mount("none", "m", NULL, MS_REMOUNT, NULL) == 0);
	OK(chdir("m/other"));
	OK(chdir("../.."));
	OK(umount("m"));
	FAILS(mount(NULL, "m", "ext2", 0, NULL), EINVAL);
	FAILS(mount("", "m", "ext2", 0, NULL), EINVAL);
	FAILS(mount(NULL, "m", NULL, MS_BIND, NULL), EINVAL);
	FAILS(mount(NULL, "m", NULL, MS_MOVE, NULL), EINVAL);
	OK(mount(NULL, "m", "tmpfs", 0, NULL));
	OK(umount("m"));
}

static int has_line(const char *file, const char *name, long long value)
{
	char text[4096], want[64];

	snprintf(want, sizeof(want), "%s%lld\n", name, value);
	return tap_read(file, text, sizeof(text)) > 0 && strstr(text, want) != NULL;
}

struct statx_head {
	unsigned mask, blksize;
	unsigned long long attributes;
	unsigned nlink, uid, gid;
	unsigned short mode, pad;
	unsigned long long ino, size, blocks, attributes_mask;
	char times[64];
	unsigned dev[4];
	unsigned long long mnt_id, spare[13];
};

static struct statx_head statx_of(int fd, const char *name)
{
	struct statx_head s;

	memset(&s, 0x55, sizeof(s));
	EQ(syscall(SYS_statx, fd, name, 0x1000 /* AT_EMPTY_PATH */, 0x17ff, &s), 0);
	return s;
}

/* statx(2) tells a mount's root, and which mount it is. */
static void places_of_mounts(void)
{
	struct statx_head out, root, in;
	char info[64];
	int fd;

	enter(__func__);
	OK(mkdir("m", 0755));
	out = statx_of(AT_FDCWD, "m");
	NEED(mount("none", "m", "tmpfs", 0, NULL) == 0);
	OK(mkdir("m/d", 0755));
	root = statx_of(AT_FDCWD, "m");
	in = statx_of(AT_FDCWD, "m/d");
	EQ(out.attributes & 0x2000, 0);
	EQ(in.attributes & 0x2000, 0);
	EQ(root.attributes & 0x2000, 0x2000);
	EQ(root.attributes_mask & 0x203000, 0x203000);
	EQ(root.mask & 0x1000, 0x1000);
	EQ(root.mnt_id, in.mnt_id);
	CHECK(root.mnt_id != out.mnt_id);
	NEED((fd = open("m", O_RDONLY)) >= 0);
	EQ(statx_of(fd, "").mnt_id, root.mnt_id);
	EQ(statx_of(fd, "").attributes & 0x2000, 0x2000);
	sprintf(info, "/proc/self/fdinfo/%d", fd);
	CHECK(has_line(info, "mnt_id:\t", (long long)root.mnt_id));
	close(fd);
	OK(umount("m"));
}

static void tmpfs_limits(void)
{
	static char page[4096];
	struct statfs s;
	struct stat st;
	int fd, n = 0;

	enter(__func__);
	OK(mkdir("m", 0755));
	OK(touch("m/below"));
	NEED(mount("none", "m", "tmpfs", 0, "size=64k,nr_inodes=5,mode=1750,uid=3,gid=4") == 0);
	OK(stat("m", &st));
	EQ(st.st_mode & 07777, 01750);
	EQ(st.st_uid, 3);
	EQ(st.st_gid, 4);
	CHECK(!there("m/below"));
	OK(statfs("m", &s));
	EQ(s.f_type, 0x01021994);
	EQ(s.f_blocks, 16);
	EQ(s.f_bfree, 16);
	EQ(s.f_files, 5);
	EQ(s.f_ffree, 4);
	NEED((fd = open("m/f", O_CREAT | O_RDWR, 0600)) >= 0);
	while (write(fd, page, sizeof(page)) == sizeof(page))
		n++;
	EQ(errno, ENOSPC);
	EQ(n, 16);
	OK(statfs("m", &s));
	EQ(s.f_bfree, 0);
	OK(ftruncate(fd, 4096));
	OK(statfs("m", &s));
	EQ(s.f_bfree, 15);
	OK(touch("m/1") || touch("m/2") || touch("m/3"));
	FAILS(open("m/4", O_CREAT | O_RDWR, 0600), ENOSPC);
	FAILS(mkdir("m/4", 0600), ENOSPC);
	FAILS(umount("m"), EBUSY);
	OK(mount("none", "m", NULL, MS_REMOUNT, "size=128k"));
	OK(statfs("m", &s));
	EQ(s.f_blocks, 32);
	close(fd);
	OK(umount("m"));
	CHECK(there("m/below"));
	FAILS(mount("none", "m", "tmpfs", 0, "size=nonsense"), EINVAL);
	FAILS(mount("none", "m", "tmpfs", 0, "huge=always"), EINVAL); /* it could not be done */
	OK(mount("none", "m", "tmpfs", 0, "huge=never"));
	OK(umount("m"));
	FAILS(mount("none", "m", "nosuchfs", 0, NULL), ENODEV);
	FAILS(mount("none", "nothing", "tmpfs", 0, NULL), ENOENT);
	FAILS(mount("none", "m/below", "tmpfs", 0, NULL), ENOTDIR);
	FAILS(umount("m"), EINVAL);
}

static void mounted_places(void)
{
	char buf[300];
	int fd;
	char *p;

	enter(__func__);
	OK(mkdir("m", 0755));
	NEED(mount("none", "m", "tmpfs", 0, NULL) == 0);
	FAILS(rmdir("m"), EBUSY);
	FAILS(rename("m", "n"), EBUSY);
	OK(touch("m/f"));
	OK(touch("f"));
	FAILS(rename("m/f", "g"), EXDEV);
	FAILS(link("f", "m/g"), EXDEV);
	OK(chdir("m"));
	OK(access("../f", F_OK));
	FAILS(umount("../m"), EBUSY);
	OK(chdir(".."));
	NEED((fd = open("m/f", O_RDWR)) >= 0);
	OK(ftruncate(fd, 4096));
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	close(fd);
	FAILS(umount("m"), EBUSY);
	OK(munmap(p, 4096));
	OK(mount("none", "m", "tmpfs", 0, NULL)); /* on top of it */
	CHECK(!there("m/f"));
	OK(umount("m"));
	CHECK(there("m/f"));
	OK(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	FAILS(open("m/new", O_CREAT | O_RDWR, 0600), EROFS);
	FAILS(open("m/f", O_RDWR), EROFS);
	FAILS(unlink("m/f"), EROFS);
	FAILS(mkdir("m/d", 0700), EROFS);
	FAILS(chmod("m/f", 0700), EROFS);
	FAILS(access("m/f", W_OK), EROFS);
	OK(open("m/f", O_RDONLY));
	OK(umount2("m", MNT_DETACH));
	CHECK(!there("m/f"));
	CHECK(tap_read("/proc/self/mounts", buf, sizeof(buf)) > 0);
}

static int changes_of(int fd)
{
	struct pollfd p = { fd, POLLPRI, 0 };

	return poll(&p, 1, 0) == 1 ? p.revents : 0;
}

/* /proc/mounts tells each open file once that there was a change. */
static void mounts_are_polled(void)
{
	struct epoll_event e = { EPOLLPRI, { .u32 = 7 } }, got;
	int fd, info, ep = epoll_create1(0);
	struct pollfd p;

	enter(__func__);
	OK(mkdir("m", 0755));
	NEED((fd = open("/proc/mounts", O_RDONLY)) >= 0);
	NEED((info = open("/proc/self/mountinfo", O_RDONLY)) >= 0);
	p = (struct pollfd){ fd, POLLIN, 0 };
	EQ(poll(&p, 1, 0), 1);
	EQ(p.revents, POLLIN);
	EQ(changes_of(fd), 0);
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, info, &e));
	EQ(epoll_wait(ep, &got, 1, 0), 0);
	NEED(mount("none", "m", "tmpfs", 0, NULL) == 0);
	EQ(changes_of(fd), POLLPRI | POLLERR);
	EQ(changes_of(fd), 0);
	EQ(epoll_wait(ep, &got, 1, 0), 1);
	EQ(got.events, EPOLLPRI | EPOLLERR);
	EQ(epoll_wait(ep, &got, 1, 0), 0);
	FAILS(mount("none", "m", "nothing", 0, NULL), ENODEV);
	EQ(changes_of(fd), 0);
	OK(umount("m"));
	EQ(changes_of(fd), POLLPRI | POLLERR);
	EQ(changes_of(info), POLLPRI | POLLERR);
	EQ(epoll_wait(ep, &got, 1, 0), 0); /* the file has been asked since */
	OK(rmdir("m"));
	close(ep);
	close(fd);
	close(info);
}

static void bind_and_move(void)
{
	struct stat a, b;

	enter(__func__);
	OK(mkdir("src", 0755) || mkdir("src/sub", 0755) || mkdir("dst", 0755) ||
	   mkdir("other", 0755));
	OK(touch("src/f"));
	NEED(mount("src", "dst", NULL, MS_BIND, NULL) == 0);
	OK(stat("src/f", &a));
	OK(stat("dst/f", &b));
	EQ(a.st_ino, b.st_ino);
	EQ(a.st_dev, b.st_dev);
	OK(stat("dst/..", &b));
	OK(stat(".", &a));
	EQ(a.st_ino, b.st_ino);
	FAILS(rename("dst/f", "src/g"), EXDEV);
	FAILS(rename("src/f", "dst/g"), EXDEV);
	NEED(mount("dst", "other", NULL, MS_MOVE, NULL) == 0);
	CHECK(there("other/f") && !there("dst/f"));
	FAILS(umount("dst"), EINVAL);
	FAILS(mount("other", "other/sub", NULL, MS_MOVE, NULL), ELOOP);
	OK(umount("other"));
	OK(mount("none", "src/sub", "tmpfs", 0, NULL));
	OK(touch("src/sub/inner"));
	NEED(mount("src", "dst", NULL, MS_BIND | MS_REC, NULL) == 0);
	CHECK(there("dst/sub/inner"));
	FAILS(umount("dst"), EBUSY);
	OK(umount2("dst", MNT_DETACH));
	OK(umount("src/sub"));
	OK(mount("src", "src", NULL, MS_BIND, NULL)); /* onto itself */
	CHECK(there("src/f"));
	OK(umount("src"));
}

/* Every clone of a recursive one can be taken off by itself. */
static void recursive_binds_come_off(void)
{
	enter(__func__);
	NEED(mkdir("src", 0755) == 0 && mkdir("dst", 0755) == 0);
	NEED(mount("none", "src", "tmpfs", 0, NULL) == 0 && mkdir("src/sub", 0755) == 0);
	NEED(mount("none", "src/sub", "tmpfs", 0, NULL) == 0);
	NEED(mount("src", "dst", NULL, MS_BIND | MS_REC, NULL) == 0);
	OK(umount("dst/sub"));
	OK(umount("dst"));
	OK(umount("src/sub"));
	OK(umount("src"));
}

static int lines_in_new_root(void *unused)
{
	static char text[4096];
	int lines = 0;

	NEED_IN_CHILD(chroot("root") == 0 && chdir("/") == 0);
	NEED_IN_CHILD(tap_read("/proc/self/mountinfo", text, sizeof(text)) > 0);
	for (char *p = text; *p; p++)
		lines += *p == '\n';
	CHECK(strstr(text, " / / rw") && strstr(text, " / /proc rw"));
	NEED_IN_CHILD(tap_read("/proc/mounts", text, sizeof(text)) > 0);
	CHECK(!strncmp(text, "below / tmpfs ", 14));
	NEED_IN_CHILD(chroot("proc") == 0);
	NEED_IN_CHILD(tap_read("/mounts", text, sizeof(text)) == 0 ||
		      !strncmp(text, "proc / proc ", 12));
	return lines;
}

/* With another root directory one sees the mounts at and below it. */
static void mounts_below_the_root(void)
{
	enter(__func__);
	NEED(mkdir("root", 0755) == 0);
	NEED(mount("below", "root", "tmpfs", 0, NULL) == 0 && mkdir("root/proc", 0755) == 0);
	NEED(mount("proc", "root/proc", "proc", 0, NULL) == 0);
	EQ(tap_child(lines_in_new_root, NULL), EXITED(2));
	OK(umount("root/proc"));
	OK(umount("root"));
}

/* The kernel's own trees are one file system each, however often they are mounted: not twice in one place, though. */
static void trees_of_the_kernel(void)
{
	static const char *const types[] = { "proc", "sysfs" }, *const places[] = { "/proc",
										    "/sys" };
	struct stat st, other;

	enter(__func__);
	OK(mkdir("m", 0755));
	OK(mkdir("bound", 0755));
	for (int i = 0; i < 2; i++) {
		FAILS(mount("none", places[i], types[i], 0, NULL), EBUSY);
		NEED(mount("none", "m", types[i], MS_RDONLY, NULL) == 0);
		FAILS(mount("none", "m", types[i], 0, NULL), EBUSY);
		OK(stat("m", &st));
		OK(stat(places[i], &other));
		EQ(st.st_dev, other.st_dev);
		EQ(st.st_ino, other.st_ino);
		NEED(mount("m", "bound", NULL, MS_BIND, NULL) == 0);
		FAILS(mount("none", "bound", types[i], 0, NULL), EBUSY);
		OK(umount("bound"));
		OK(umount("m"));
	}
	OK(mkdir("m2", 0755));
	NEED(mount("none", "m", "proc", MS_RDONLY, NULL) == 0);
	FAILS(open("m/sys/vm/swappiness", O_WRONLY), EROFS);
	OK(close(open("/proc/sys/vm/swappiness", O_WRONLY))); /* that one place alone */
	OK(umount("m"));
	/* Others are new each time. */
	NEED(mount("none", "m2", "tmpfs", 0, NULL) == 0);
	OK(stat("m2", &st));
	NEED(mount("none", "m2", "tmpfs", 0, NULL) == 0);
	OK(stat("m2", &other));
	CHECK(st.st_dev != other.st_dev);
	OK(umount("m2"));
	OK(umount("m2"));
}

static void sizes_of_directories(void)
{
	struct stat st;

	enter(__func__);
	NEED(mkdir("d", 0755) == 0 && stat("d", &st) == 0);
	EQ(st.st_size, 40); /* 20 for each entry, and for . and .. */
	NEED(touch("d/one") == 0 && mkdir("d/two", 0755) == 0 && stat("d", &st) == 0);
	EQ(st.st_size, 80);
	NEED(unlink("d/one") == 0 && rmdir("d/two") == 0 && stat("d", &st) == 0);
	EQ(st.st_size, 40);
}

static void devices_and_their_flags(void)
{
	char buf[16];
	int fd;

	enter(__func__);
	OK(mknod("null", S_IFCHR | 0666, 0x103));
	NEED((fd = open("null", O_RDWR)) >= 0);
	EQ(write(fd, "x", 1), 1);
	EQ(read(fd, buf, 1), 0);
	close(fd);
	OK(mknod("zero", S_IFCHR | 0666, 0x105) || mknod("full", S_IFCHR | 0666, 0x107) ||
	   mknod("random", S_IFCHR | 0666, 0x109) || mknod("strange", S_IFCHR | 0666, 0xf063));
	NEED((fd = open("zero", O_RDWR)) >= 0);
	memset(buf, 1, sizeof(buf));
	EQ(read(fd, buf, sizeof(buf)), sizeof(buf));
	EQ(buf[7], 0);
	NEED((fd = open("full", O_RDWR)) >= 0);
	FAILS(write(fd, "x", 1), ENOSPC);
	FAILS(open("strange", O_RDWR), ENXIO);
	OK(mkdir("m", 0755));
	NEED(mount("none", "m", "tmpfs", MS_NODEV, NULL) == 0);
	OK(mknod("m/null", S_IFCHR | 0666, 0x103));
	FAILS(open("m/null", O_RDWR), EACCES);
	OK(umount("m"));
	NEED(mount("none", "m", "devtmpfs", 0, NULL) == 0);
	CHECK(there("m/null") && there("m/zero") && there("m/urandom") && there("m/console") &&
	      there("m/tty"));
	OK(umount("m"));
}

/* Nobody may be writing when a file system becomes read-only: not by a file, nor by memory, nor to what has no name. */
static void read_only_when_nobody_writes(void)
{
	char *p;
	int fd;

	enter(__func__);
	OK(mkdir("m", 0755) || mkdir("b", 0755));
	NEED(mount("none", "m", "tmpfs", 0, NULL) == 0);
	NEED((fd = open("m/f", O_CREAT | O_RDWR, 0600)) >= 0);
	OK(ftruncate(fd, 4096));
	FAILS(mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, NULL), EBUSY);
	FAILS(mount("none", "m", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), EBUSY);
	EQ(write(fd, "x", 1), 1);
	OK(touch("m/g"));
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	close(fd);
	FAILS(mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, NULL), EBUSY);
	p[0] = 1;
	OK(munmap(p, 4096));
	NEED((fd = open("m/f", O_RDONLY)) >= 0);
	OK(unlink("m/f"));
	FAILS(mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, NULL), EBUSY);
	close(fd);
	NEED((fd = open("m", O_TMPFILE | O_RDWR, 0600)) >= 0);
	close(fd);
	NEED((fd = open("m/g", O_RDONLY)) >= 0); /* readers may stay */
	OK(mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	FAILS(open("m/g", O_WRONLY), EROFS);
	FAILS(open("m/h", O_CREAT | O_RDONLY, 0600), EROFS);
	FAILS(unlink("m/g"), EROFS);
	close(fd);
	OK(mount("none", "m", NULL, MS_REMOUNT, NULL));
	OK(touch("m/h"));
	OK(umount("m"));
}

/* One mount of several: the others' writers do not matter to it. */
static void read_only_places(void)
{
	int fd;

	enter(__func__);
	OK(mkdir("m", 0755) || mkdir("b", 0755));
	NEED(mount("none", "m", "tmpfs", 0, NULL) == 0);
	NEED((fd = open("m/f", O_CREAT | O_RDWR, 0600)) >= 0);
	NEED(mount("m", "b", NULL, MS_BIND, NULL) == 0);
	OK(mount("none", "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	FAILS(open("b/f", O_RDWR), EROFS);
	EQ(write(fd, "x", 1), 1);
	FAILS(mount("none", "b", NULL, MS_REMOUNT | MS_RDONLY, NULL), EBUSY);
	FAILS(mount("none", "m/f", NULL, MS_REMOUNT | MS_RDONLY, NULL), EINVAL);
	close(fd);
	OK(mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	FAILS(open("m/f", O_RDWR), EROFS);
	OK(umount("b") || umount("m"));
}

/* ---- FIFOs ---- */

static void fifo_opens(void)
{
	char c;
	pid_t pid;
	int fd, rd;

	enter(__func__);
	NEED(mkfifo("p", 0600) == 0);
	FAILS(open("p", O_WRONLY | O_NONBLOCK), ENXIO);
	NEED((rd = open("p", O_RDONLY | O_NONBLOCK)) >= 0);
	EQ(read(rd, &c, 1), 0);
	NEED((fd = open("p", O_WRONLY | O_NONBLOCK)) >= 0);
	FAILS(read(rd, &c, 1), EAGAIN);
	EQ(write(fd, "a", 1), 1);
	EQ(read(rd, &c, 1), 1);
	FAILS(lseek(rd, 0, SEEK_SET), ESPIPE);
	FAILS(pread(rd, &c, 1, 0), ESPIPE);
	close(rd);
	signal(SIGPIPE, SIG_IGN);
	FAILS(write(fd, "a", 1), EPIPE);
	close(fd);
	pid = fork();
	if (pid == 0) { /* blocking opens meet */
		fd = open("p", O_WRONLY);
		tap_sleep_ms(20);
		_exit(fd >= 0 && write(fd, "b", 1) == 1 ? 0 : 1);
	}
	NEED((rd = open("p", O_RDONLY)) >= 0);
	EQ(read(rd, &c, 1), 1);
	EQ(c, 'b');
	EQ(read(rd, &c, 1), 0);
	EQ(tap_wait(pid), 0);
	close(rd);
	NEED((fd = open("p", O_RDWR)) >= 0);
	EQ(write(fd, "cd", 2), 2);
	EQ(read(fd, &c, 1), 1);
	close(fd);
	NEED((rd = open("p", O_RDONLY | O_NONBLOCK)) >= 0);
	EQ(read(rd, &c, 1), 0); /* what was left is gone with the last end */
}

static void pipe_sizes(void)
{
	static char big[1 << 17];
	int p[2], n;

	enter(__func__);
	NEED(pipe2(p, O_NONBLOCK) == 0);
	EQ(fcntl(p[0], F_GETPIPE_SZ), 65536);
	EQ(write(p[1], big, sizeof(big)), 65536);
	FAILS(write(p[1], big, 1), EAGAIN);
	FAILS(fcntl(p[0], F_SETPIPE_SZ, 4096), EBUSY);
	EQ(fcntl(p[1], F_SETPIPE_SZ, 100000), 131072);
	EQ(write(p[1], big, 4096), 4096);
	OK(ioctl(p[0], FIONREAD, &n));
	EQ(n, 65536 + 4096);
	EQ(read(p[0], big, sizeof(big)), 65536 + 4096);
	EQ(fcntl(p[1], F_SETPIPE_SZ, 1), 4096);
	EQ(write(p[1], big, 8192), 4096);
	EQ(read(p[0], big, 100), 100);
	FAILS(write(p[1], big, 4096), EAGAIN); /* a small write goes whole or not at all */
	FAILS(fcntl(0, F_SETPIPE_SZ, 4096), EBADF);
}

/* Pipes of one user: their number in @arg pages of pipe-user-pages-soft, then of -hard. */
static int pipes_of_nobody(void *arg)
{
	int p[2], q[2], r[2], s[2];

	if (setgid(65534) || setuid(65534) || pipe(p) || pipe(q) || pipe(r))
		return 1;
	if (fcntl(p[0], F_GETPIPE_SZ) != 65536 || fcntl(q[0], F_GETPIPE_SZ) != 65536)
		return 2;
	if (fcntl(r[0], F_GETPIPE_SZ) != 8192) /* over the soft limit */
		return 3;
	if (fcntl(r[0], F_SETPIPE_SZ, 16384) != -1 || errno != EPERM)
		return 4;
	if (fcntl(p[0], F_SETPIPE_SZ, (1 << 20) + 1) != -1 || errno != EPERM)
		return 5;
	if (pipe(s) != -1 || errno != ENFILE) /* and over the hard one */
		return 6;
	if (fcntl(p[0], F_SETPIPE_SZ, 4096) != 4096)
		return 7;
	return fcntl(r[0], F_SETPIPE_SZ, 16384) == 16384 && !pipe(s) ? 0 : 8;
}

static int smallest_pipe(void *arg)
{
	int p[2];

	return setgid(65534) || setuid(65534) || pipe(p) || fcntl(p[0], F_GETPIPE_SZ) != 4096;
}

static void pipe_limits(void)
{
	char soft[32], hard[32], max[32];
	int p[2];

	NEED(tap_read("/proc/sys/fs/pipe-user-pages-soft", soft, sizeof(soft)) > 0);
	NEED(tap_read("/proc/sys/fs/pipe-user-pages-hard", hard, sizeof(hard)) > 0);
	NEED(tap_read("/proc/sys/fs/pipe-max-size", max, sizeof(max)) > 0);
	STREQ(soft, "16384\n");
	STREQ(hard, "0\n");
	STREQ(max, "1048576\n");
	OK(tap_put("/proc/sys/fs/pipe-user-pages-soft", "33"));
	OK(tap_put("/proc/sys/fs/pipe-user-pages-hard", "35"));
	EQ(tap_child(pipes_of_nobody, NULL), 0);
	OK(tap_put("/proc/sys/fs/pipe-user-pages-soft", soft));
	OK(tap_put("/proc/sys/fs/pipe-user-pages-hard", hard));
	OK(tap_put("/proc/sys/fs/pipe-max-size", "4096"));
	EQ(tap_child(smallest_pipe, NULL), 0);
	NEED(pipe(p) == 0);
	EQ(fcntl(p[0], F_GETPIPE_SZ), 65536); /* root's */
	OK(tap_put("/proc/sys/fs/pipe-max-size", "0"));
	EQ(figure_after("/proc/sys/fs/pipe-max-size", NULL, ""), 4096);
	OK(tap_put("/proc/sys/fs/pipe-max-size", max));
	FAILS(tap_put("/proc/sys/fs/pipe-max-size", "-1"), EINVAL);
	FAILS(fcntl(p[0], F_SETPIPE_SZ, (1U << 31) + 1), EINVAL);
}

static void pipe_content_survives_resizing(void)
{
	static unsigned char data[60000], got[60000];
	int p[2];
	ssize_t n;
	size_t done = 0;

	enter(__func__);
	NEED(pipe(p) == 0);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7 + i / 251);
	EQ(write(p[1], data, 30000), 30000);
	EQ(read(p[0], got, 10000), 10000);
	EQ(fcntl(p[1], F_SETPIPE_SZ, 1 << 18), 1 << 18);
	EQ(write(p[1], data + 30000, 30000), 30000);
	EQ(fcntl(p[1], F_SETPIPE_SZ, 1 << 16), 1 << 16);
	for (done = 10000; done < sizeof(got) && (n = read(p[0], got + done, 777)) > 0;
	     done += (size_t)n)
		;
	EQ(done, sizeof(got));
	EQ(memcmp(data, got, sizeof(got)), 0);
}

static void packets(void)
{
	char buf[64];
	int p[2];

	enter(__func__);
	NEED(pipe2(p, O_DIRECT | O_NONBLOCK) == 0);
	EQ(write(p[1], "first", 5), 5);
	EQ(write(p[1], "second", 6), 6);
	EQ(read(p[0], buf, sizeof(buf)), 5);
	EQ(read(p[0], buf, 3), 3); /* the rest of the packet is lost */
	FAILS(read(p[0], buf, sizeof(buf)), EAGAIN);
}

static void pipe_polls(void)
{
	struct pollfd f[2];
	static char page[4096];
	int p[2];

	enter(__func__);
	NEED(pipe2(p, O_NONBLOCK) == 0);
	f[0] = (struct pollfd){ p[0], POLLIN, 0 };
	f[1] = (struct pollfd){ p[1], POLLOUT, 0 };
	EQ(poll(f, 2, 0), 1);
	EQ(f[1].revents, POLLOUT);
	while (write(p[1], page, sizeof(page)) > 0)
		;
	EQ(poll(f, 2, 0), 1);
	EQ(f[0].revents, POLLIN);
	close(p[1]);
	EQ(poll(f, 1, 0), 1);
	EQ(f[0].revents, POLLIN | POLLHUP);
	NEED(pipe(p) == 0);
	close(p[0]);
	f[0] = (struct pollfd){ p[1], POLLOUT, 0 };
	EQ(poll(f, 1, 0), 1);
	CHECK(f[0].revents & POLLERR);
}

/* Several writers of whole records, several readers: none is torn, none is lost. */
static void records_are_not_mixed(void)
{
	enum { WRITERS = 4, RECORDS = 200, SIZE = 512 };
	unsigned char rec[SIZE];
	int p[2], counts[WRITERS] = { 0 };

	enter(__func__);
	NEED(pipe(p) == 0);
	for (int w = 0; w < WRITERS; w++) {
		if (fork() == 0) {
			memset(rec, w, SIZE);
			for (int i = 0; i < RECORDS; i++)
				if (write(p[1], rec, SIZE) != SIZE)
					_exit(1);
			_exit(0);
		}
	}
	close(p[1]);
	for (;;) {
		size_t n = 0;
		ssize_t r = 0;

		while (n < SIZE && (r = read(p[0], rec + n, SIZE - n)) > 0)
			n += (size_t)r;
		if (n == 0)
			break;
		EQ(n, SIZE);
		NEED(rec[0] < WRITERS);
		for (int i = 1; i < SIZE; i++)
			NEED(rec[i] == rec[0]);
		counts[rec[0]]++;
	}
	for (int w = 0; w < WRITERS; w++) {
		EQ(counts[w], RECORDS);
		EQ(tap_wait(-1), 0);
	}
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(the_root_has_the_usual_limits),
						 T(without_symlinks),
						 T(places_of_mounts),
						 T(tmpfs_limits),
						 T(mounted_places),
						 T(bind_and_move),
						 T(mounts_are_polled),
						 T(recursive_binds_come_off),
						 T(mounts_below_the_root),
						 T(trees_of_the_kernel),
						 T(sizes_of_directories),
						 T(devices_and_their_flags),
						 T(read_only_when_nobody_writes),
						 T(read_only_places),
						 T(fifo_opens),
						 T(pipe_sizes),
						 T(pipe_limits),
						 T(pipe_content_survives_resizing),
						 T(packets),
						 T(pipe_polls),
						 T(records_are_not_mixed),
						 TEND };

	return tap_main(argc, argv, tests);
}
