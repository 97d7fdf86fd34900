/* System V message queues: msgget(2), msgop(2), msgctl(2). */
#ifndef IPC_MSG_H
#define IPC_MSG_H

#include "ipc/ipc.h"

enum { MSG_NOERROR = 010000, MSG_EXCEPT = 020000, MSG_COPY = 040000 };
enum { MSG_STAT = 11, MSG_INFO, MSG_STAT_ANY };

struct msg_stat {
	struct ipc_perm_stat perm;
	int64_t stime, rtime, ctime; /* seconds */
	unsigned long cbytes, qnum, qbytes;
	int lspid, lrpid;
};

struct msg_limits {
	int max_bytes, queue_bytes, queues; /* msgmax, msgmnb, msgmni */
};

struct msg_totals {
	int used_ids, messages, bytes;
};

/* Identifier, -EACCES, -EEXIST, -ENOENT, -ENOMEM, -ENOSPC. */
int must_check msg_get(int key, int flags);
/* @text: the bytes; the type went before. 0, -EACCES, -EAGAIN, -EFAULT, -EIDRM, -EINVAL, -ENOMEM, -ERESTARTNOHAND. */
int must_check msg_send(int id, long type, uaddr_t text, size_t size, int flags);
/* @buf: struct msgbuf, a long and the bytes. Return: bytes, -E2BIG, -ENOMSG, and as above. */
long must_check msg_receive(int id, uaddr_t buf, size_t size, long type, int flags);
int must_check msg_stat(int id, enum ipc_which which, struct msg_stat *out);
int must_check msg_set(int id, const struct ipc_set *set, unsigned long qbytes);
int must_check msg_remove(int id);
int msg_info(struct msg_limits *limits, struct msg_totals *totals);

#endif
