/* userfaultfd(2), ioctl_userfaultfd(2): numbers and structures of Linux 6.1, the same on i386 and x86_64. */
#ifndef UAPI_USERFAULTFD_H
#define UAPI_USERFAULTFD_H

#include "base/types.h"

#define UFFD_API	    0xAAULL
#define UFFD_USER_MODE_ONLY 1

/* ioctl requests: direction, size of the argument, 0xAA, number. */
#define UFFDIO_REGISTER	    0xc020aa00u
#define UFFDIO_UNREGISTER   0x8010aa01u
#define UFFDIO_WAKE	    0x8010aa02u
#define UFFDIO_COPY	    0xc028aa03u
#define UFFDIO_ZEROPAGE	    0xc020aa04u
#define UFFDIO_WRITEPROTECT 0xc018aa06u
#define UFFDIO_CONTINUE	    0xc020aa07u
#define UFFDIO_API	    0xc018aa3fu
#define USERFAULTFD_IOC_NEW 0xaa00u /* of /dev/userfaultfd */

enum {
	UFFD_BIT_REGISTER = 1 << 0,
	UFFD_BIT_UNREGISTER = 1 << 1,
	UFFD_BIT_WAKE = 1 << 2,
	UFFD_BIT_COPY = 1 << 3,
	UFFD_BIT_ZEROPAGE = 1 << 4,
	UFFD_BIT_WRITEPROTECT = 1 << 6,
	UFFD_BIT_CONTINUE = 1 << 7,
};
#define UFFD_BIT_API	(1ULL << 0x3f)
#define UFFD_API_IOCTLS (UFFD_BIT_API | UFFD_BIT_REGISTER | UFFD_BIT_UNREGISTER)
#define UFFD_RANGE_IOCTLS                                                                          \
	(UFFD_BIT_WAKE | UFFD_BIT_COPY | UFFD_BIT_ZEROPAGE | UFFD_BIT_WRITEPROTECT |               \
	 UFFD_BIT_CONTINUE)

enum {
	UFFD_FEATURE_PAGEFAULT_FLAG_WP = 1 << 0,
	UFFD_FEATURE_EVENT_FORK = 1 << 1,
	UFFD_FEATURE_EVENT_REMAP = 1 << 2,
	UFFD_FEATURE_EVENT_REMOVE = 1 << 3,
	UFFD_FEATURE_MISSING_HUGETLBFS = 1 << 4,
	UFFD_FEATURE_MISSING_SHMEM = 1 << 5,
	UFFD_FEATURE_EVENT_UNMAP = 1 << 6,
	UFFD_FEATURE_SIGBUS = 1 << 7,
	UFFD_FEATURE_THREAD_ID = 1 << 8,
	UFFD_FEATURE_MINOR_HUGETLBFS = 1 << 9,
	UFFD_FEATURE_MINOR_SHMEM = 1 << 10,
	UFFD_FEATURE_EXACT_ADDRESS = 1 << 11,
	UFFD_FEATURE_WP_HUGETLBFS_SHMEM = 1 << 12,
	UFFD_FEATURES = (1 << 13) - 1,
};

enum {
	UFFDIO_REGISTER_MODE_MISSING = 1,
	UFFDIO_REGISTER_MODE_WP = 2,
	UFFDIO_REGISTER_MODE_MINOR = 4,
	UFFDIO_MODE_DONTWAKE = 1, /* COPY, ZEROPAGE, CONTINUE */
	UFFDIO_COPY_MODE_WP = 2,
	UFFDIO_WRITEPROTECT_MODE_WP = 1,
	UFFDIO_WRITEPROTECT_MODE_DONTWAKE = 2,
};

enum {
	UFFD_EVENT_PAGEFAULT = 0x12,
	UFFD_EVENT_FORK = 0x13,
	UFFD_EVENT_REMAP = 0x14,
	UFFD_EVENT_REMOVE = 0x15,
	UFFD_EVENT_UNMAP = 0x16,
	UFFD_PAGEFAULT_FLAG_WRITE = 1,
	UFFD_PAGEFAULT_FLAG_WP = 2,
	UFFD_PAGEFAULT_FLAG_MINOR = 4,
};

struct uffd_msg { /* what read(2) gives */
	uint8_t event;
	uint8_t reserved[7];
	/* PAGEFAULT: flags, address, thread id; FORK: descriptor; REMAP: from, to, len; REMOVE, UNMAP: start, end */
	uint64_t arg[3];
} packed_;

struct uffdio_api {
	uint64_t api, features, ioctls;
};

struct uffdio_range {
	uint64_t start, len;
};

struct uffdio_register {
	struct uffdio_range range;
	uint64_t mode, ioctls;
};

struct uffdio_copy {
	uint64_t dst, src, len, mode;
	int64_t copy;
};

struct uffdio_fill { /* uffdio_zeropage, uffdio_continue */
	struct uffdio_range range;
	uint64_t mode;
	int64_t done;
};

struct uffdio_writeprotect {
	struct uffdio_range range;
	uint64_t mode;
};

#endif
