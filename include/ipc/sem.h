/* System V semaphores: semget(2), semop(2), semctl(2). */
#ifndef IPC_SEM_H
#define IPC_SEM_H

#include "ipc/ipc.h"

enum { SEM_UNDO = 0x1000 };
enum {
	GETPID = 11,
	GETVAL,
	GETALL,
	GETNCNT,
	GETZCNT,
	SETVAL,
	SETALL,
	SEM_STAT,
	SEM_INFO,
	SEM_STAT_ANY
};
enum { SEMVMX = 32767, SEMAEM = SEMVMX };

struct sembuf_k {
	uint16_t num;
	int16_t op, flags;
};

struct sem_stat {
	struct ipc_perm_stat perm;
	int64_t otime, ctime; /* seconds */
	unsigned long nsems;
};

/* The four numbers of /proc/sys/kernel/sem. */
struct sem_limits {
	int per_set, all, ops, sets;
};

struct sem_totals {
	int used_ids, used_sems;
};

/* Identifier, -EACCES, -EEXIST, -EINVAL, -ENOENT, -ENOMEM, -ENOSPC. */
int must_check sem_get(int key, int nsems, int flags);
/* @deadline_ns: PARK_FOREVER: none. 0, -E2BIG, -EACCES, -EAGAIN, -EFAULT, -EFBIG, -EIDRM, -EINTR, -EINVAL, -ENOMEM, -ERANGE. */
int must_check sem_op(int id, uaddr_t sops, unsigned nsops, uint64_t deadline_ns);
int must_check sem_stat(int id, enum ipc_which which, struct sem_stat *out);
int must_check sem_set(int id, const struct ipc_set *set);
int must_check sem_remove(int id);
/* GETPID, GETVAL, GETNCNT, GETZCNT: the number. -EACCES, -EINVAL, -EIDRM. */
int must_check sem_get_one(int id, int num, int cmd);
int must_check sem_set_value(int id, int num, int value); /* SETVAL; also -ERANGE */
/* GETALL and SETALL, of 16-bit numbers at @array. */
int must_check sem_get_all(int id, uaddr_t array);
int must_check sem_set_all(int id, uaddr_t array);
int sem_info(struct sem_limits *limits, struct sem_totals *totals);

#endif
