/* System V shared memory: shmget(2), shmop(2), shmctl(2). */
#ifndef IPC_SHM_H
#define IPC_SHM_H

#include "ipc/ipc.h"

enum { SHM_HUGETLB = 04000, SHM_NORESERVE = 010000 }; /* shmget */
enum { SHM_RDONLY = 010000, SHM_RND = 020000, SHM_REMAP = 040000, SHM_EXEC = 0100000 };
enum { SHM_DEST = 01000, SHM_LOCKED = 02000 };			      /* in shm_perm.mode */
enum { SHM_LOCK = 11, SHM_UNLOCK, SHM_STAT, SHM_INFO, SHM_STAT_ANY }; /* shmctl */

struct shm_stat {
	struct ipc_perm_stat perm;
	size_t size;
	int64_t atime, dtime, ctime; /* seconds */
	int cpid, lpid;
	unsigned long nattch;
};

struct shm_totals {
	int used_ids;
	unsigned long pages, resident, swapped;
};

struct shm_limits {
	unsigned long max_bytes, all_pages;
	int max_ids;
};

/* Identifier, -EACCES, -EEXIST, -EINVAL, -ENOENT, -ENOMEM, -ENOSPC, -EPERM. */
int must_check shm_get(int key, size_t size, int flags);
/* Address, -EACCES, -EIDRM, -EINVAL, -ENOMEM. */
long must_check shm_attach(int id, uaddr_t addr, int flags);
int must_check shm_detach(uaddr_t addr); /* 0, -EINVAL */
/* Return: 0 (IPC_BY_ID) or the identifier; -EINVAL, -EACCES. */
int must_check shm_stat(int id, enum ipc_which which, struct shm_stat *out);
int must_check shm_set(int id, const struct ipc_set *set); /* 0, -EINVAL, -EPERM */
int must_check shm_remove(int id);
int must_check shm_lock(int id, bool lock); /* 0, -EINVAL, -EPERM, -ENOMEM (RLIMIT_MEMLOCK) */
/* Return: highest index in use, 0 when there is none. */
int shm_info(struct shm_limits *limits, struct shm_totals *totals);

#endif
