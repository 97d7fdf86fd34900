/* POSIX message queues: mq_overview(7). */
#ifndef IPC_MQUEUE_H
#define IPC_MQUEUE_H

#include "base/compiler.h"
#include "base/types.h"
#include "net/netlink_note.h"

enum { MQ_PRIO_MAX = 32768 };

/* struct mq_attr of both ABIs. */
struct mq_attr_k {
	long flags, maxmsg, msgsize, curmsgs, reserved[4];
};

/*
 * How a process is told of a message (struct sigevent). SIGEV_THREAD: signo is a netlink socket's descriptor, value the
 * address of MQ_COOKIE bytes that come there, the last of them MQ_WOKEN or MQ_REMOVED.
 */
enum { SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD };
struct mq_notify_k {
	int how, signo;
	long value;
	struct nl_msg *note; /* mqueue_notify's own */
};
enum { MQ_COOKIE = 32, MQ_WOKEN = 1, MQ_REMOVED = 2 };

void mqueue_init(void);
/* @attr: NULL: the defaults. Descriptor or as mq_open(3) says. */
int must_check mqueue_open(const char *name, unsigned flags, uint32_t mode,
			   const struct mq_attr_k *attr);
int must_check mqueue_unlink(const char *name);
/* @deadline_ns: on clock_ns. 0; -EAGAIN, -EBADF, -EMSGSIZE, -ENOMEM, -EFAULT, -ETIMEDOUT, -ERESTARTSYS. */
int must_check mqueue_send(int fd, uaddr_t text, size_t size, unsigned prio, uint64_t deadline_ns);
/* Return: bytes; *prio is set. */
long mqueue_receive(int fd, uaddr_t buf, size_t size, unsigned *prio, uint64_t deadline_ns);
/* @n NULL: no more. 0; as mq_notify(3) and netlink_note_make say; -EFAULT. */
int must_check mqueue_notify(int fd, const struct mq_notify_k *n);
/* @set: NULL, or new flags. *old: what it was. */
int must_check mqueue_attr(int fd, const struct mq_attr_k *set, struct mq_attr_k *old);

#endif
