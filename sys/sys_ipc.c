/*
 * System calls of System V IPC: structures of the ABIs in and out, commands to the functions of ipc/.
 *
 * WHY      the structures with 32-bit ids and 64-bit times ("IPC_64") differ between i386 and x86_64 only in the width of
 *          long and of mode_t, so one description serves both. The old ones of i386, of 16-bit fields, are reached through
 *          ipc(2) alone: its commands say which they mean by IPC_64.
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  shmget(2), shmop(2), shmctl(2), semget(2), semop(2), semctl(2), msgget(2), msgop(2), msgctl(2), ipc(2).
 */
#include "sys/sys.h"

#include "arch/ipc_abi.h"
#include "ipc/msg.h"
#include "ipc/sem.h"
#include "ipc/shm.h"
#include "kernel/time.h"

enum { IPC_64 = 0x100 };

/* Layouts (lib/layout32.h). A time is one long, or two of i386: 64 bits in both. */
#define PERM  "5ii2s2p"
#define MSQID PERM "3q3p2i2p"

static struct ipc64_perm_k perm_out(const struct ipc_perm_stat *p)
{
	return (struct ipc64_perm_k){ .key = p->key,
				      .uid = p->uid,
				      .gid = p->gid,
				      .cuid = p->cuid,
				      .cgid = p->cgid,
				      .mode = (abi_mode_t)p->mode,
				      .seq = p->seq };
}

static struct ipc_perm_old old_perm_out(const struct ipc_perm_stat *p)
{
	return (struct ipc_perm_old){ .key = p->key,
				      .uid = (uint16_t)p->uid,
				      .gid = (uint16_t)p->gid,
				      .cuid = (uint16_t)p->cuid,
				      .cgid = (uint16_t)p->cgid,
				      .mode = (uint16_t)p->mode,
				      .seq = p->seq };
}

/* A count in a field of 16 bits. */
static uint16_t clamp16(unsigned long n)
{
	return (uint16_t)min_of(unsigned long, n, UINT16_MAX);
}

static int clamp_int(unsigned long n)
{
	return (int)min_of(unsigned long, n, INT_MAX);
}

/* The owner and mode of IPC_SET: first in every structure. */
static int get_set(uaddr_t buf, bool old, struct ipc_set *set)
{
	struct ipc_perm_old o;
	struct ipc64_perm_k p;

	if (old) {
		if (get_user(&o, buf))
			return -EFAULT;
		*set = (struct ipc_set){ o.uid, o.gid, o.mode };
		return 0;
	}
	if (get_abi(&p, buf, PERM))
		return -EFAULT;
	*set = (struct ipc_set){ p.uid, p.gid, p.mode };
	return 0;
}

/* Return @ret when the structure could be written. */
#define PUT_OR_FAULT(buf, what, ret)		 (put_user(buf, &(what)) ? -EFAULT : (ret))
#define PUT_ABI_OR_FAULT(buf, what, layout, ret) (put_abi(buf, &(what), layout) ? -EFAULT : (ret))

/* ---- shared memory ---- */

SYS(shmget)
{
	return shm_get((int)a0, a1, (int)a2);
}

SYS(shmat)
{
	return shm_attach((int)a0, a1, (int)a2);
}

SYS(shmdt)
{
	return shm_detach(a0);
}

static long shmctl_stat(int id, enum ipc_which which, uaddr_t buf, bool old)
{
	struct shm_stat s;
	int ret = shm_stat(id, which, &s);

	if (ret < 0)
		return ret;
	if (old) {
		struct shmid_ds_old o = { .perm = old_perm_out(&s.perm),
					  .segsz = clamp_int(s.size),
					  .atime = (int32_t)s.atime,
					  .dtime = (int32_t)s.dtime,
					  .ctime = (int32_t)s.ctime,
					  .cpid = (uint16_t)s.cpid,
					  .lpid = (uint16_t)s.lpid,
					  .nattch = clamp16(s.nattch) };

		return PUT_OR_FAULT(buf, o, ret);
	}
	struct shmid64_ds_k d = { .perm = perm_out(&s.perm),
				  .segsz = s.size,
				  .atime = ABI_TIME(s.atime),
				  .dtime = ABI_TIME(s.dtime),
				  .ctime = ABI_TIME(s.ctime),
				  .cpid = s.cpid,
				  .lpid = s.lpid,
				  .nattch = s.nattch };

	return PUT_ABI_OR_FAULT(buf, d, PERM "p3q2i3p", ret);
}

static long shmctl_info(uaddr_t buf, bool old)
{
	struct shm_totals t;
	struct shm_limits l;
	int ret = shm_info(&l, &t);

	if (old) {
		int o[5] = { clamp_int(l.max_bytes), 1, l.max_ids, l.max_ids,
			     clamp_int(l.all_pages) };

		return PUT_OR_FAULT(buf, o, ret);
	}
	unsigned long n[9] = { l.max_bytes, 1, (unsigned long)l.max_ids, (unsigned long)l.max_ids,
			       l.all_pages };

	return PUT_ABI_OR_FAULT(buf, n, "9p", ret);
}

static long shmctl_totals(uaddr_t buf)
{
	struct shm_totals t;
	struct shm_limits l;
	int ret = shm_info(&l, &t);
	struct {
		int used_ids;
		unsigned long tot, rss, swp, swap_attempts, swap_successes;
	} i = { t.used_ids, t.pages, t.resident, t.swapped, 0, 0 };

	return PUT_ABI_OR_FAULT(buf, i, "i5p", ret);
}

static long do_shmctl(int id, int cmd, uaddr_t buf, bool old)
{
	struct ipc_set set;

	if (id < 0 || cmd < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
		return shmctl_info(buf, old);
	case SHM_INFO:
		return shmctl_totals(buf);
	case IPC_STAT:
		return shmctl_stat(id, IPC_BY_ID, buf, old);
	case SHM_STAT:
		return shmctl_stat(id, IPC_BY_INDEX, buf, old);
	case SHM_STAT_ANY:
		return shmctl_stat(id, IPC_BY_INDEX_ANY, buf, old);
	case IPC_SET:
		return get_set(buf, old, &set) ? -EFAULT : shm_set(id, &set);
	case IPC_RMID:
		return shm_remove(id);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return shm_lock(id, cmd == SHM_LOCK);
	default:
		return -EINVAL;
	}
}

SYS(shmctl)
{
	return do_shmctl((int)a0, (int)a1, a2, false);
}

/* ---- semaphores ---- */

SYS(semget)
{
	return sem_get((int)a0, (int)a1, (int)a2);
}

SYS(semop)
{
	return sem_op((int)a0, a1, (unsigned)a2, PARK_FOREVER);
}

static long do_semtimedop(int id, uaddr_t ops, unsigned nr, uaddr_t uts, bool time64)
{
	struct timespec64_k ts;
	int err;

	if (!uts)
		return sem_op(id, ops, nr, PARK_FOREVER);
	err = get_timespec(uts, time64, &ts);
	return err ? err : sem_op(id, ops, nr, deadline_after(&ts));
}

SYS(semtimedop)
{
	return do_semtimedop((int)a0, a1, (unsigned)a2, a3, false);
}

SYS(semtimedop_time64)
{
	return do_semtimedop((int)a0, a1, (unsigned)a2, a3, true);
}

static long semctl_stat(int id, enum ipc_which which, uaddr_t buf, bool old)
{
	struct sem_stat s;
	int ret = sem_stat(id, which, &s);

	if (ret < 0)
		return ret;
	if (old) {
		struct semid_ds_old o = { .perm = old_perm_out(&s.perm),
					  .otime = (int32_t)s.otime,
					  .ctime = (int32_t)s.ctime,
					  .nsems = clamp16(s.nsems) };

		return PUT_OR_FAULT(buf, o, ret);
	}
	struct semid64_ds_k d = { .perm = perm_out(&s.perm),
				  .otime = (long)s.otime,
				  .otime_high = ABI_HIGH(s.otime),
				  .ctime = (long)s.ctime,
				  .ctime_high = ABI_HIGH(s.ctime),
				  .nsems = s.nsems };

	return PUT_ABI_OR_FAULT(buf, d, PERM "lplp3p", ret);
}

/* struct seminfo. What the kernel has no use for shows Linux's constants. */
static long semctl_info(uaddr_t buf, bool totals)
{
	struct sem_limits l;
	struct sem_totals t;
	int ret = sem_info(&l, &t);
	struct {
		int map, sets, sems, undos, per_set, ops, undo_entries, undo_size, max, max_adjust;
	} i = { .map = l.all,
		.sets = l.sets,
		.sems = l.all,
		.undos = l.all,
		.per_set = l.per_set,
		.ops = l.ops,
		.undo_entries = 500,
		.undo_size = totals ? t.used_ids : 20,
		.max = SEMVMX,
		.max_adjust = totals ? t.used_sems : SEMAEM };

	return PUT_OR_FAULT(buf, i, ret);
}

static long do_semctl(int id, int num, int cmd, unsigned long arg, bool old)
{
	struct ipc_set set;

	if (id < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case SEM_INFO:
		return semctl_info(arg, cmd == SEM_INFO);
	case IPC_STAT:
		return semctl_stat(id, IPC_BY_ID, arg, old);
	case SEM_STAT:
		return semctl_stat(id, IPC_BY_INDEX, arg, old);
	case SEM_STAT_ANY:
		return semctl_stat(id, IPC_BY_INDEX_ANY, arg, old);
	case GETALL:
		return sem_get_all(id, arg);
	case SETALL:
		return sem_set_all(id, arg);
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
		return sem_get_one(id, num, cmd);
	case SETVAL:
		return sem_set_value(id, num, (int)arg);
	case IPC_SET:
		return get_set(arg, old, &set) ? -EFAULT : sem_set(id, &set);
	case IPC_RMID:
		return sem_remove(id);
	default:
		return -EINVAL;
	}
}

SYS(semctl)
{
	return do_semctl((int)a0, (int)a1, (int)a2, a3, false);
}

/* ---- message queues ---- */

SYS(msgget)
{
	return msg_get((int)a0, (int)a1);
}

SYS(msgsnd)
{
	long type;

	if (get_abi(&type, a1, "l"))
		return -EFAULT;
	return msg_send((int)a0, type, a1 + abi_word(), (size_t)abi_long(a2), (int)a3);
}

SYS(msgrcv)
{
	return msg_receive((int)a0, a1, (size_t)abi_long(a2), abi_long(a3), (int)a4);
}

static long msgctl_stat(int id, enum ipc_which which, uaddr_t buf, bool old)
{
	struct msg_stat s;
	int ret = msg_stat(id, which, &s);

	if (ret < 0)
		return ret;
	if (old) {
		struct msqid_ds_old o = { .perm = old_perm_out(&s.perm),
					  .stime = (int32_t)s.stime,
					  .rtime = (int32_t)s.rtime,
					  .ctime = (int32_t)s.ctime,
					  .lcbytes = (uint32_t)s.cbytes,
					  .lqbytes = (uint32_t)s.qbytes,
					  .cbytes = clamp16(s.cbytes),
					  .qnum = clamp16(s.qnum),
					  .qbytes = clamp16(s.qbytes),
					  .lspid = (uint16_t)s.lspid,
					  .lrpid = (uint16_t)s.lrpid };

		return PUT_OR_FAULT(buf, o, ret);
	}
	struct msqid64_ds_k d = { .perm = perm_out(&s.perm),
				  .stime = ABI_TIME(s.stime),
				  .rtime = ABI_TIME(s.rtime),
				  .ctime = ABI_TIME(s.ctime),
				  .cbytes = s.cbytes,
				  .qnum = s.qnum,
				  .qbytes = s.qbytes,
				  .lspid = s.lspid,
				  .lrpid = s.lrpid };

	return PUT_ABI_OR_FAULT(buf, d, MSQID, ret);
}

/* struct msginfo. */
static long msgctl_info(uaddr_t buf, bool totals)
{
	struct msg_limits l;
	struct msg_totals t;
	int ret = msg_info(&l, &t);
	struct {
		int pool, map, max, mnb, mni, ssz, tql;
		uint16_t seg;
	} i = { .pool = totals ? t.used_ids : 512000,
		.map = totals ? t.messages : 16384,
		.max = l.max_bytes,
		.mnb = l.queue_bytes,
		.mni = l.queues,
		.ssz = 16,
		.tql = totals ? t.bytes : 16384,
		.seg = UINT16_MAX };

	return PUT_OR_FAULT(buf, i, ret);
}

/* IPC_SET also gives the queue's size: old structures have it in 16 bits, and more of it in another field. */
static long msgctl_set(int id, uaddr_t buf, bool old)
{
	struct msqid64_ds_k d;
	struct msqid_ds_old o;
	struct ipc_set set;

	if (get_set(buf, old, &set))
		return -EFAULT;
	if (old)
		return get_user(&o, buf) ? -EFAULT
					 : msg_set(id, &set, o.qbytes ? o.qbytes : o.lqbytes);
	return get_abi(&d, buf, MSQID) ? -EFAULT : msg_set(id, &set, d.qbytes);
}

static long do_msgctl(int id, int cmd, uaddr_t buf, bool old)
{
	if (id < 0 || cmd < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case MSG_INFO:
		return msgctl_info(buf, cmd == MSG_INFO);
	case IPC_STAT:
		return msgctl_stat(id, IPC_BY_ID, buf, old);
	case MSG_STAT:
		return msgctl_stat(id, IPC_BY_INDEX, buf, old);
	case MSG_STAT_ANY:
		return msgctl_stat(id, IPC_BY_INDEX_ANY, buf, old);
	case IPC_SET:
		return msgctl_set(id, buf, old);
	case IPC_RMID:
		return msg_remove(id);
	default:
		return -EINVAL;
	}
}

SYS(msgctl)
{
	return do_msgctl((int)a0, (int)a1, a2, false);
}

/* ---- ipc(2): i386 call 117, everything through one number ---- */

enum {
	CALL_SEMOP = 1,
	CALL_SEMGET,
	CALL_SEMCTL,
	CALL_SEMTIMEDOP,
	CALL_MSGSND = 11,
	CALL_MSGRCV,
	CALL_MSGGET,
	CALL_MSGCTL,
	CALL_SHMAT = 21,
	CALL_SHMDT,
	CALL_SHMGET,
	CALL_SHMCTL
};

/* Version 0: buffer and type lie in memory at @ptr. */
static long ipc_msgrcv(unsigned version, int id, unsigned long size, int flags, uaddr_t ptr,
		       long fifth)
{
	struct {
		uaddr_t buf;
		long type;
	} k;

	if (version)
		return msg_receive(id, ptr, size, fifth, flags);
	if (!ptr)
		return -EINVAL;
	return get_abi(&k, ptr, "pl") ? -EFAULT : msg_receive(id, k.buf, size, k.type, flags);
}

/* The address goes to user memory; the result is an errno or 0. */
static long ipc_shmat(unsigned version, int id, int flags, uaddr_t result, uaddr_t addr)
{
	long at;

	if (version == 1)
		return -EINVAL; /* iBCS2's */
	at = shm_attach(id, addr, flags);
	if ((unsigned long)at > (unsigned long)-4096)
		return at;
	return put_abi(result, &at, "l");
}

static long ipc_semctl(int id, int num, int cmd, uaddr_t ptr)
{
	unsigned long arg;

	if (!ptr)
		return -EINVAL;
	if (get_abi(&arg, ptr, "p"))
		return -EFAULT;
	return do_semctl(id, num, cmd & ~IPC_64, arg, !(cmd & IPC_64));
}

SYS(ipc)
{
	unsigned version = (unsigned)a0 >> 16, call = (unsigned)a0 & 0xffff;

	switch (call) {
	case CALL_SEMOP:
		return sem_op((int)a1, a4, (unsigned)a2, PARK_FOREVER);
	case CALL_SEMTIMEDOP:
		return do_semtimedop((int)a1, a4, (unsigned)a2, a5, false);
	case CALL_SEMGET:
		return sem_get((int)a1, (int)a2, (int)a3);
	case CALL_SEMCTL:
		return ipc_semctl((int)a1, (int)a2, (int)a3, a4);
	case CALL_MSGSND:
		return sys_msgsnd(a1, a4, a2, a3, 0, 0);
	case CALL_MSGRCV:
		return ipc_msgrcv(version, (int)a1, (size_t)abi_long(a2), (int)a3, a4,
				  abi_long(a5));
	case CALL_MSGGET:
		return msg_get((int)a1, (int)a2);
	case CALL_MSGCTL:
		return do_msgctl((int)a1, (int)a2 & ~IPC_64, a4, !(a2 & IPC_64));
	case CALL_SHMAT:
		return ipc_shmat(version, (int)a1, (int)a2, a3, a4);
	case CALL_SHMDT:
		return shm_detach(a4);
	case CALL_SHMGET:
		return shm_get((int)a1, a2, (int)a3);
	case CALL_SHMCTL:
		return do_shmctl((int)a1, (int)a2 & ~IPC_64, a4, !(a2 & IPC_64));
	default:
		return -ENOSYS;
	}
}
