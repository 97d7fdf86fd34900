/*
 * Structures of System V IPC in user memory. "64": 32-bit ids, what all programs use; longs are the native ones, and on
 * i386 a time is two of them. "old": those of ipc(2) without IPC_64, i386 only. shmctl(2), semctl(2), msgctl(2).
 */
#ifndef ARCH_IPC_ABI_H
#define ARCH_IPC_ABI_H

#include "arch/abi.h"

#ifdef __x86_64__
typedef uint32_t abi_mode_t;
struct abi_time {
	long sec;
};
#define ABI_TIME(s)                                                                                \
	{                                                                                          \
		(s)                                                                                \
	}
#define ABI_HIGH(s) 0
#else
typedef uint16_t abi_mode_t;
struct abi_time {
	unsigned long sec, high;
};
#define ABI_TIME(s)                                                                                \
	{                                                                                          \
		(unsigned long)(s), (unsigned long)((s) >> 32)                                     \
	}
#define ABI_HIGH(s) ((unsigned long)((s) >> 32))
#endif

struct ipc64_perm_k {
	int key;
	uint32_t uid, gid, cuid, cgid;
	abi_mode_t mode;
	uint8_t pad1[4 - sizeof(abi_mode_t)];
	uint16_t seq, pad2;
	unsigned long unused[2];
};

struct shmid64_ds_k {
	struct ipc64_perm_k perm;
	size_t segsz;
	struct abi_time atime, dtime, ctime;
	int cpid, lpid;
	unsigned long nattch, unused[2];
};

struct semid64_ds_k {
	struct ipc64_perm_k perm;
	long otime;
	unsigned long otime_high; /* unused on x86_64 */
	long ctime;
	unsigned long ctime_high;
	unsigned long nsems, unused[2];
};

struct msqid64_ds_k {
	struct ipc64_perm_k perm;
	struct abi_time stime, rtime, ctime;
	unsigned long cbytes, qnum, qbytes;
	int lspid, lrpid;
	unsigned long unused[2];
};

struct ipc_perm_old {
	int key;
	uint16_t uid, gid, cuid, cgid, mode, seq;
};

struct shmid_ds_old {
	struct ipc_perm_old perm;
	int segsz;
	int32_t atime, dtime, ctime;
	uint16_t cpid, lpid, nattch, unused;
	uint32_t unused2, unused3;
};

struct semid_ds_old {
	struct ipc_perm_old perm;
	int32_t otime, ctime;
	uint32_t base, pending, pending_last, undo;
	uint16_t nsems;
};

struct msqid_ds_old {
	struct ipc_perm_old perm;
	uint32_t first, last;
	int32_t stime, rtime, ctime;
	uint32_t lcbytes, lqbytes;
	uint16_t cbytes, qnum, qbytes, lspid, lrpid;
};

_Static_assert(sizeof(struct ipc64_perm_k) == (ABI_32 ? 36 : 48), "ipc64_perm");
_Static_assert(sizeof(struct shmid64_ds_k) == (ABI_32 ? 84 : 112), "shmid64_ds");
_Static_assert(sizeof(struct semid64_ds_k) == (ABI_32 ? 64 : 104), "semid64_ds");
_Static_assert(sizeof(struct msqid64_ds_k) == (ABI_32 ? 88 : 120), "msqid64_ds");

#endif
