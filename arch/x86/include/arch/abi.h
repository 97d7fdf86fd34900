/*
 * Structures whose layout differs between the i386 and the x86_64 system-call ABI, and the few facts of the ABI
 * that code above arch/ needs as constants. stat(2), statfs(2), getdents(2).
 */
#ifndef ARCH_ABI_H
#define ARCH_ABI_H

#include "base/compiler.h"
#include "base/types.h"

#ifdef __x86_64__
enum { ABI_32 = 0 };
#define ABI_MACHINE	"x86_64"
#define ABI_ELFCLASS	2
#define ABI_EM		62 /* EM_X86_64 */
#define ABI_PIE_BASE	0x555555554000UL
#define ABI_SYS_RESTART 219
#else
enum { ABI_32 = 1 };
#define ABI_MACHINE	"i686"
#define ABI_ELFCLASS	1
#define ABI_EM		3 /* EM_386 */
#define ABI_PIE_BASE	0x00400000UL
#define ABI_SYS_RESTART 0
#endif

/* x86_64 struct stat; i386 has no such call. */
struct stat_x64 {
	uint64_t st_dev, st_ino, st_nlink;
	uint32_t st_mode, st_uid, st_gid, pad0;
	uint64_t st_rdev;
	int64_t st_size, st_blksize, st_blocks;
	uint64_t st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec;
	int64_t unused[3];
};

/* i386 struct stat64. */
struct packed_ stat64_i386 {
	uint64_t st_dev;
	uint32_t pad0, ino32, st_mode, st_nlink, st_uid, st_gid;
	uint64_t st_rdev;
	uint32_t pad3;
	int64_t st_size;
	uint32_t st_blksize;
	uint64_t st_blocks;
	uint32_t st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec;
	uint64_t st_ino;
};

/* i386 struct stat of the calls 106 to 108. */
struct stat_i386 {
	uint32_t st_dev, st_ino;
	uint16_t st_mode, st_nlink, st_uid, st_gid;
	uint32_t st_rdev, st_size, st_blksize, st_blocks;
	uint32_t st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec;
	uint32_t unused[2];
};

/* struct statfs: the words are native longs. */
struct statfs_native {
	long f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	int f_fsid[2];
	long f_namelen, f_frsize, f_flags, f_spare[4];
};

/* i386 struct statfs64. */
struct packed_ statfs64_i386 {
	uint32_t f_type, f_bsize;
	uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	int f_fsid[2];
	uint32_t f_namelen, f_frsize, f_flags, f_spare[4];
};

_Static_assert(sizeof(struct stat_x64) == 144, "stat");
_Static_assert(sizeof(struct stat64_i386) == 96, "stat64");
_Static_assert(sizeof(struct stat_i386) == 64, "stat");
_Static_assert(sizeof(struct statfs64_i386) == 84, "statfs64");

/* clone(2): the two ABIs order tls and child_tid differently. @n: 3 or 4, as the caller passed them. */
static inline unsigned long abi_clone_tls(unsigned long arg3, unsigned long arg4)
{
	return ABI_32 ? arg3 : arg4;
}

static inline unsigned long abi_clone_child_tid(unsigned long arg3, unsigned long arg4)
{
	return ABI_32 ? arg4 : arg3;
}

#endif
