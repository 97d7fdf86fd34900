/* userfaultfd(2) in tests: its calls as ioctl_userfaultfd(2) has them; 0 or more, or -errno. */
#ifndef UFFD_H
#define UFFD_H

#include "tap.h"

#include <sys/ioctl.h>

struct api {
	uint64_t api, features, ioctls;
};
struct range {
	uint64_t start, len;
};
struct reg {
	struct range range;
	uint64_t mode, ioctls;
};
struct copy {
	uint64_t dst, src, len, mode;
	int64_t copy;
};
struct fill {
	struct range range;
	uint64_t mode;
	int64_t done;
};
struct wp {
	struct range range;
	uint64_t mode;
};
struct msg {
	uint8_t event, reserved[7];
	uint64_t arg[3];
} __attribute__((packed));

#define API	     _IOWR(0xAA, 0x3f, struct api)
#define REGISTER     _IOWR(0xAA, 0, struct reg)
#define UNREGISTER   _IOR(0xAA, 1, struct range)
#define WAKE	     _IOR(0xAA, 2, struct range)
#define COPY	     _IOWR(0xAA, 3, struct copy)
#define ZEROPAGE     _IOWR(0xAA, 4, struct fill)
#define WRITEPROTECT _IOWR(0xAA, 6, struct wp)
#define CONTINUE     _IOWR(0xAA, 7, struct fill)
enum { MISSING = 1, WP = 2, MINOR = 4, DONTWAKE = 1, COPY_WP = 2 };
enum { PAGEFAULT = 0x12, FORK, REMAP, REMOVE, UNMAP };
enum {
	F_FORK = 2,
	F_REMAP = 4,
	F_REMOVE = 8,
	F_UNMAP = 64,
	F_SIGBUS = 128,
	F_TID = 256,
	F_EXACT = 2048
};

static int uffd; /* the one that the calls below are for */

static int open_uffd(int flags, uint64_t features)
{
	int fd = syscall(SYS_userfaultfd, flags);
	struct api a = { 0xAA, features, 0 };

	if (fd >= 0 && ioctl(fd, API, &a)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int reg(void *at, size_t pages, uint64_t mode)
{
	struct reg r = { { (uintptr_t)at, pages * PAGE }, mode, 0 };

	return ioctl(uffd, REGISTER, &r) ? -errno : (int)r.ioctls;
}

static int copy(void *to, const void *from, size_t pages, uint64_t mode)
{
	struct copy c = { (uintptr_t)to, (uintptr_t)from, pages * PAGE, mode, 77 };

	return ioctl(uffd, COPY, &c) ? -errno : (int)(c.copy / (int64_t)PAGE);
}

static int fill(unsigned long what, void *at, size_t pages)
{
	struct fill f = { { (uintptr_t)at, pages * PAGE }, 0, 77 };

	return ioctl(uffd, what, &f) ? -errno : (int)(f.done / (int64_t)PAGE);
}

static int protect(void *at, size_t pages, uint64_t mode)
{
	struct wp w = { { (uintptr_t)at, pages * PAGE }, mode };

	return ioctl(uffd, WRITEPROTECT, &w) ? -errno : 0;
}

#endif
