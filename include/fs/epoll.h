/* epoll(7): a set of files that are waited for, kept by the kernel. */
#ifndef FS_EPOLL_H
#define FS_EPOLL_H

#include "fs/fs.h"

/* The low bits of events are those of fs/poll.h. */
#define EPOLLEXCLUSIVE (1U << 28)
#define EPOLLWAKEUP    (1U << 29)
#define EPOLLONESHOT   (1U << 30)
#define EPOLLET	       (1U << 31)
enum { EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL, EPOLL_CTL_MOD };

/* As user space has it, on both ABIs. */
struct packed_ epoll_event_k {
	uint32_t events;
	uint64_t data;
};

void epoll_init(void);
int must_check epoll_create_fd(unsigned flags); /* @flags: O_CLOEXEC. Descriptor or -errno. */
/* epoll_ctl(2). @ev: not looked at by EPOLL_CTL_DEL. */
int must_check epoll_control(int epfd, int op, int fd, const struct epoll_event_k *ev);
/* epoll_wait(2): events to user memory. @deadline_ns: absolute; 0: do not wait. Return: how many, 0 at the deadline, or
 * -EBADF, -EFAULT, -EINTR, -EINVAL. */
long epoll_wait_events(int epfd, uaddr_t events, int max, uint64_t deadline_ns);
/* The file that set @set watches as number @fd, the @nth of those that were called so, in *out: to compare it, not to use it.
 * 0, -EINVAL (no set), -ENOENT. */
int must_check epoll_watched(struct file *set, int fd, unsigned nth, const struct file **out);
/* The last reference of @f is gone: every set forgets it. */
void epoll_forget_file(struct file *f);
static inline void epoll_file_gone(struct file *f)
{
	/* A set that is forgetting @f right now writes both links, and nothing of @f after that. */
	if (READ_ONCE(f->ep_items.next) != &f->ep_items ||
	    READ_ONCE(f->ep_items.prev) != &f->ep_items)
		epoll_forget_file(f);
}

#endif
