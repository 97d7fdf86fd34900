/* Files that are events: eventfd(2), timerfd_create(2), signalfd(2). Each call makes a descriptor of the calling task. */
#ifndef FS_EVENT_H
#define FS_EVENT_H

#include "base/compiler.h"
#include "base/types.h"

enum { EFD_SEMAPHORE = 1 };
enum { TFD_TIMER_ABSTIME = 1, TFD_TIMER_CANCEL_ON_SET = 2 };

/* @flags: EFD_SEMAPHORE, O_CLOEXEC, O_NONBLOCK. Descriptor, -EINVAL, -EMFILE, -ENOMEM. */
int must_check eventfd_create(unsigned count, unsigned flags);
struct file;
int must_check eventfd_file(int fd, struct file **out); /* referenced; 0, -EBADF, -EINVAL: none */
void eventfd_signal(struct file *f); /* 1 more, unless the count is at its limit; any context */

/* Times in ns; 0 disarms; interval 0: once. */
struct timerfd_spec {
	uint64_t interval_ns, value_ns;
};
/* @flags: O_CLOEXEC, O_NONBLOCK. Descriptor, -EINVAL (clock, flags), -EPERM (an alarm clock without CAP_WAKE_ALARM), … */
int must_check timerfd_create(int clock, unsigned flags);
/* @flags: TFD_TIMER_*. *old: what it was. 0, -EBADF, -EINVAL (no timerfd). */
int must_check timerfd_settime(int fd, unsigned flags, const struct timerfd_spec *spec,
			       struct timerfd_spec *old);
int must_check timerfd_gettime(int fd, struct timerfd_spec *now);

/* @fd: -1 for a new one, or one whose set of signals changes. Descriptor, -EBADF, -EINVAL, -EMFILE, -ENOMEM. */
int must_check signalfd_create(int fd, uint64_t mask, unsigned flags);

/* userfaultfd(2). @flags: O_CLOEXEC, O_NONBLOCK, UFFD_USER_MODE_ONLY. Descriptor, -EINVAL, -EMFILE, -ENOMEM, -EPERM. */
int must_check userfaultfd_create(unsigned flags);
void userfaultfd_init(void); /* /dev/userfaultfd, /proc/sys/vm/unprivileged_userfaultfd */

#endif
