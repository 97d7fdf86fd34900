/* Waiting for many files at once. */
#ifndef _LINUX_POLL_H
#define _LINUX_POLL_H

#include <linux/fs.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#define POLLIN	    0x0001
#define POLLPRI	    0x0002
#define POLLOUT	    0x0004
#define POLLERR	    0x0008
#define POLLHUP	    0x0010
#define POLLNVAL    0x0020
#define POLLRDNORM  0x0040
#define POLLWRNORM  0x0100
#define EPOLLIN	    POLLIN
#define EPOLLPRI    POLLPRI
#define EPOLLOUT    POLLOUT
#define EPOLLERR    POLLERR
#define EPOLLHUP    POLLHUP
#define EPOLLRDNORM POLLRDNORM
#define EPOLLWRNORM POLLWRNORM

typedef struct poll_table_struct poll_table;

void module_poll_wait(struct wait_queue_head *q, struct poll_table_struct *pt);

static inline void poll_wait(struct file *file, struct wait_queue_head *q, poll_table *pt)
{
	(void)file;
	module_poll_wait(q, pt);
}

#define EPOLLNVAL	 POLLNVAL
#define DEFAULT_POLLMASK (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

#endif
