/*
 * Structures whose layout differs between the i386 and the x86_64 system-call ABI, and the few facts of the ABI
 * that code above arch/ needs as constants. stat(2), statfs(2), getdents(2).
 */
#ifndef ARCH_ABI_H
#define ARCH_ABI_H

#include "arch/thread.h"
#include "arch/uaccess.h"
#include "base/compiler.h"
#include "base/types.h"

/* The kernel's own ABI is i386's: a constant. */
#ifdef __x86_64__
enum { ABI_32 = 0, NR_ABIS = 2 };
#define ABI_MACHINE  "x86_64"
#define ABI_ELFCLASS 2
#define ABI_EM	     62 /* EM_X86_64 */
#else
enum { ABI_32 = 1, NR_ABIS = 1 };
#define ABI_MACHINE  "i686"
#define ABI_ELFCLASS 1
#define ABI_EM	     3 /* EM_386 */
#endif

/* What the programs of one ABI are, and where their parts go. */
struct abi {
	uint8_t elf_class; /* ELFCLASS32 1, ELFCLASS64 2 */
	uint8_t word;	   /* bytes of a long and of a pointer */
	uint16_t elf_machine;
	char machine[8]; /* AT_PLATFORM */
	uint32_t stack_random_pages;
	uaddr_t pie_base;
	uaddr_t top; /* user space ends there; 0: at USER_TOP */
};

/* The first is the kernel's own. */
extern const struct abi abis[NR_ABIS];

/*
 * Is the system call of this thread one of i386's? On x86_64 those of 32-bit programs are, and whatever comes by int 0x80.
 * It decides how wide a long in user memory is, nothing else.
 */
static inline bool abi_32(void)
{
#ifdef __x86_64__
	return this_cpu(current_arch_thread)->abi32;
#else
	return true;
#endif
}

/* User memory has longs that are narrower than the kernel's. */
static inline bool abi_narrow(void)
{
	return !ABI_32 && unlikely(abi_32());
}

/*
 * Structures with longs and pointers, whose layout is that of lib/layout32.h. get_abi(&kernel_var, uaddr, layout),
 * put_abi(uaddr, &kernel_var, layout): 0 or -EFAULT. May sleep.
 */
int must_check abi_get_narrow(void *to, uaddr_t from, const char *layout);
int must_check abi_put_narrow(uaddr_t to, const void *from, const char *layout);
#define get_abi(ptr, uaddr, layout)                                                                \
	(abi_narrow() ? abi_get_narrow((ptr), (uaddr), (layout)) : get_user((ptr), (uaddr)))
#define put_abi(uaddr, ptr, layout)                                                                \
	(abi_narrow() ? abi_put_narrow((uaddr), (ptr), (layout)) : put_user((uaddr), (ptr)))
/* siginfo_t of a program whose longs are narrow: 128 bytes; and back. */
struct siginfo_k;
void siginfo_narrow(void *to, const struct siginfo_k *from);
void siginfo_widen(struct siginfo_k *to, const void *from);
/* One in user memory. 0 or -EFAULT. */
int must_check get_siginfo(struct siginfo_k *to, uaddr_t from);
int must_check put_siginfo(uaddr_t to, const struct siginfo_k *from);
/* An array of @nr of them at @from. */
int must_check abi_get_array(void *to, uaddr_t from, unsigned long nr, size_t size,
			     const char *layout);

/* Bytes of a long and of a pointer of the caller. */
static inline unsigned abi_word(void)
{
	return abi_32() ? 4 : 8;
}

/* The number of restart_syscall(2) in the ABI of a call that is @narrow. */
static inline unsigned abi_sys_restart(bool narrow)
{
	return ABI_32 || narrow ? 0 : 219;
}

/* A long argument in a register of the caller: with its sign. */
static inline long abi_long(unsigned long v)
{
	return abi_narrow() ? (int32_t)v : (long)v;
}

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
	return abi_32() ? arg3 : arg4;
}

static inline unsigned long abi_clone_child_tid(unsigned long arg3, unsigned long arg4)
{
	return abi_32() ? arg4 : arg3;
}

#endif
