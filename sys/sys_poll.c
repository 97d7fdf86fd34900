/*
 * poll(2) and select(2) and their p-forms: user arrays in, fs/poll.c waits, user arrays out; and epoll(7).
 *
 * WHY      select is poll with another notation: its sets are turned into an array of pollfd of the set bits only.
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.
 * FAILS    -EFAULT, -EINVAL (nfds over RLIMIT_NOFILE), -ENOMEM, -EINTR.
 * SOURCES  poll(2), select(2), select_tut(2), epoll_create(2), epoll_ctl(2), epoll_wait(2).
 */
#include "sys/sys.h"

#include "fs/epoll.h"
#include "fs/file.h"
#include "fs/poll.h"
#include "kernel/time.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "uapi/personality.h"

enum { NR_INLINE = 16 };

static void *small_or_kmalloc(void *small, size_t small_size, size_t size)
{
	return size <= small_size ? small : kmalloc(size, GFP_KERNEL);
}

static long do_poll(uaddr_t ufds, unsigned long nr, uint64_t deadline)
{
	struct pollfd_k small[NR_INLINE], *fds;
	size_t bytes = nr * sizeof(*fds);
	long ret;

	if (nr > rlimit_cur(RLIMIT_NOFILE))
		return -EINVAL;
	fds = small_or_kmalloc(small, sizeof(small), bytes);
	if (!fds)
		return -ENOMEM;
	if (copy_from_user(fds, ufds, bytes)) {
		ret = -EFAULT;
		goto out;
	}
	ret = poll_files(fds, (unsigned)nr, deadline);
	if (ret < 0)
		goto out;
	for (unsigned long i = 0; i < nr; i++) {
		if (put_user(ufds + i * sizeof(*fds) + offsetof(struct pollfd_k, revents),
			     &fds[i].revents)) {
			ret = -EFAULT;
			break;
		}
	}
out:
	if (fds != small)
		kfree(fds);
	return ret;
}

static uint64_t deadline_after_ms(int ms)
{
	return ms < 0 ? PARK_FOREVER : clock_ns() + (uint64_t)ms * NSEC_PER_MSEC;
}

static long poll_restart(struct restart_block *r)
{
	long ret = do_poll(r->addr, r->a, r->deadline_ns);

	return ret == -EINTR ? -ERESTART_RESTARTBLOCK : ret;
}

SYS(poll)
{
	struct restart_block *r = &current_task()->restart;
	uint64_t deadline = deadline_after_ms((int)a2);
	long ret = do_poll(a0, a1, deadline);

	if (ret != -EINTR)
		return ret;
	*r = (struct restart_block){
		.fn = poll_restart, .deadline_ns = deadline, .addr = a0, .a = a1
	};
	return -ERESTART_RESTARTBLOCK;
}

/* Optional timespec and signal mask of ppoll and pselect; the mask is in force until the call ends. */
static long get_wait_args(uaddr_t uts, bool time64, uaddr_t umask, size_t size, uint64_t *deadline)
{
	struct timespec64_k ts;
	sigset_k mask;
	long err;

	*deadline = PARK_FOREVER;
	if (uts) {
		err = get_timespec(uts, time64, &ts);
		if (err)
			return err;
		*deadline = deadline_after(&ts);
	}
	if (umask) {
		err = get_sigset(umask, size, &mask);
		if (err)
			return err;
		signal_set_temp_mask(mask);
	}
	return 0;
}

/* personality(2): the time left is not written back. */
static bool keeps_timeout(void)
{
	return current_task()->mm_ctx.personality & STICKY_TIMEOUTS;
}

/* ppoll and pselect write back the time left, and a signal restarts them only without a handler. */
static long finish_wait(long ret, uaddr_t uts, bool time64, uint64_t deadline)
{
	uint64_t now = clock_ns();

	if (ret != -EINTR)
		signal_end_temp_mask();
	if (uts && !keeps_timeout() &&
	    put_timespec(uts, time64, deadline > now ? deadline - now : 0) && ret >= 0)
		return ret; /* the result stands: Linux ignores a timeout it cannot write */
	return ret == -EINTR ? -ERESTARTNOHAND : ret;
}

static long do_ppoll(uaddr_t ufds, unsigned long nr, uaddr_t uts, uaddr_t umask, size_t size,
		     bool time64)
{
	uint64_t deadline;
	long ret = get_wait_args(uts, time64, umask, size, &deadline);

	return ret ? ret : finish_wait(do_poll(ufds, nr, deadline), uts, time64, deadline);
}

SYS(ppoll)
{
	return do_ppoll(a0, a1, a2, a3, a4, false);
}

SYS(ppoll_time64)
{
	return do_ppoll(a0, a1, a2, a3, a4, true);
}

/* ---- epoll ---- */

SYS(epoll_create)
{
	return (int)a0 <= 0 ? -EINVAL : epoll_create_fd(0);
}

SYS(epoll_create1)
{
	return epoll_create_fd((unsigned)a0);
}

SYS(epoll_ctl)
{
	struct epoll_event_k ev = { 0 };

	if (a1 != EPOLL_CTL_DEL && get_user(&ev, a3))
		return -EFAULT;
	return epoll_control((int)a0, (int)a1, (int)a2, &ev);
}

static uint64_t epoll_deadline(int ms)
{
	return ms ? deadline_after_ms(ms) : 0;
}

SYS(epoll_wait)
{
	return epoll_wait_events((int)a0, a1, (int)a2, epoll_deadline((int)a3));
}

static long epoll_set_mask(uaddr_t umask, size_t size)
{
	sigset_k mask;
	int err;

	if (!umask)
		return 0;
	err = get_sigset(umask, size, &mask);
	if (!err)
		signal_set_temp_mask(mask);
	return err;
}

static long do_epoll_pwait(SYS_ARGS, uint64_t deadline)
{
	long ret = epoll_set_mask(a4, a5);

	if (!ret)
		ret = epoll_wait_events((int)a0, a1, (int)a2, deadline);
	if (ret != -EINTR)
		signal_end_temp_mask();
	return ret;
}

SYS(epoll_pwait)
{
	return do_epoll_pwait(a0, a1, a2, a3, a4, a5, epoll_deadline((int)a3));
}

/* The timeout is a timespec of 64-bit fields on both ABIs. */
SYS(epoll_pwait2)
{
	struct timespec64_k ts;
	uint64_t deadline = PARK_FOREVER;
	long err;

	if (a3) {
		err = get_timespec(a3, true, &ts);
		if (err)
			return err;
		deadline = ts.tv_sec || ts.tv_nsec ? deadline_after(&ts) : 0;
	}
	return do_epoll_pwait(a0, a1, a2, a3, a4, a5, deadline);
}

/* ---- select ---- */

enum {
	SEL_IN = POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
	SEL_OUT = POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
	SEL_EX = POLLPRI
};

struct fd_sets {
	unsigned nr;	       /* descriptors, 0..nr-1 */
	size_t bytes;	       /* of one set */
	size_t user_bytes;     /* of one set of the caller, whose longs may be shorter */
	unsigned long *set[3]; /* read, write, except; zero when the user gave none */
	uaddr_t user[3];
	struct pollfd_k *fds;
	unsigned nr_fds;
};

static bool set_has(const unsigned long *set, unsigned fd)
{
	return set[fd / (8 * sizeof(long))] >> fd % (8 * sizeof(long)) & 1;
}

/* Which events of @fd are asked for. */
static short select_events(const struct fd_sets *s, unsigned fd)
{
	short ev = 0;

	if (set_has(s->set[0], fd))
		ev |= POLLIN | POLLRDNORM | POLLRDBAND;
	if (set_has(s->set[1], fd))
		ev |= POLLOUT | POLLWRNORM | POLLWRBAND;
	if (set_has(s->set[2], fd))
		ev |= POLLPRI;
	return ev;
}

static long sets_get(struct fd_sets *s)
{
	for (int i = 0; i < 3; i++) {
		if (s->user[i] && copy_from_user(s->set[i], s->user[i], s->user_bytes))
			return -EFAULT;
	}
	for (unsigned fd = 0; fd < s->nr; fd++) {
		short ev = select_events(s, fd);

		if (ev)
			s->fds[s->nr_fds++] = (struct pollfd_k){ .fd = (int)fd, .events = ev };
	}
	return 0;
}

/* Return: bits set in the results, or -EBADF, -EFAULT. */
static long sets_put(struct fd_sets *s)
{
	static const short mask[3] = { SEL_IN, SEL_OUT, SEL_EX };
	long bits = 0;

	for (unsigned n = 0; n < s->nr_fds; n++) {
		unsigned fd = (unsigned)s->fds[n].fd;

		if (s->fds[n].revents & POLLNVAL)
			return -EBADF;
		for (int i = 0; i < 3; i++) {
			unsigned long bit = 1UL << fd % (8 * sizeof(long));

			if (!set_has(s->set[i], fd))
				continue;
			if (s->fds[n].revents & mask[i])
				bits++;
			else
				s->set[i][fd / (8 * sizeof(long))] &= ~bit;
		}
	}
	for (int i = 0; i < 3; i++) {
		if (s->user[i] && copy_to_user(s->user[i], s->set[i], s->user_bytes))
			return -EFAULT;
	}
	return bits;
}

static long do_select(int n, uaddr_t in, uaddr_t out, uaddr_t ex, uint64_t deadline)
{
	struct fd_sets s = { .user = { in, out, ex } };
	char *mem;
	long ret;

	if (n < 0)
		return -EINVAL;
	s.nr = (unsigned)min_of(uint64_t, (unsigned)n, rlimit_cur(RLIMIT_NOFILE));
	s.bytes = div_round_up(s.nr, 8 * sizeof(long)) * sizeof(long);
	s.user_bytes = div_round_up(s.nr, 8 * abi_word()) * abi_word();
	mem = kzalloc(3 * s.bytes + s.nr * sizeof(*s.fds) + sizeof(long), GFP_KERNEL);
	if (!mem)
		return -ENOMEM;
	for (unsigned i = 0; i < 3; i++)
		s.set[i] = (unsigned long *)(mem + i * s.bytes);
	s.fds = (struct pollfd_k *)(mem + 3 * s.bytes);
	ret = sets_get(&s);
	if (!ret)
		ret = poll_files(s.fds, s.nr_fds, deadline);
	if (ret >= 0)
		ret = sets_put(&s);
	kfree(mem);
	return ret;
}

/* select(2): a timeval, updated with the time left as Linux does. */
SYS(select)
{
	uint64_t deadline = PARK_FOREVER, now, left;
	struct timeval_k tv;
	long ret;

	if (a4) {
		if (get_abi(&tv, a4, "2l"))
			return -EFAULT;
		if (tv.tv_sec < 0 || tv.tv_usec < 0)
			return -EINVAL;
		struct timespec64_k ts = { tv.tv_sec + tv.tv_usec / 1000000,
					   tv.tv_usec % 1000000 * 1000 };

		deadline = deadline_after(&ts);
	}
	ret = do_select((int)a0, a1, a2, a3, deadline);
	if (a4 && !keeps_timeout()) {
		now = clock_ns();
		left = deadline > now ? deadline - now : 0;
		tv.tv_sec = (long)(left / NSEC_PER_SEC);
		tv.tv_usec = (long)(left % NSEC_PER_SEC / NSEC_PER_USEC);
		if (put_abi(a4, &tv, "2l"))
			return ret == -EINTR ? -EINTR : ret;
	}
	return ret == -EINTR ? -ERESTARTNOHAND : ret;
}

/* i386 call 82: the arguments lie in memory. */
SYS(select_old)
{
	unsigned long a[5];

	if (get_abi(&a, a0, "5p"))
		return -EFAULT;
	return sys_select(a[0], a[1], a[2], a[3], a[4], 0);
}

static long do_pselect(SYS_ARGS, bool time64)
{
	struct {
		uaddr_t mask;
		size_t size;
	} sig = { 0, 0 };
	uint64_t deadline;
	long ret;

	if (a5 && get_abi(&sig, a5, "2p"))
		return -EFAULT;
	ret = get_wait_args(a4, time64, sig.mask, sig.size, &deadline);
	if (ret)
		return ret;
	return finish_wait(do_select((int)a0, a1, a2, a3, deadline), a4, time64, deadline);
}

SYS(pselect6)
{
	return do_pselect(a0, a1, a2, a3, a4, a5, false);
}

SYS(pselect6_time64)
{
	return do_pselect(a0, a1, a2, a3, a4, a5, true);
}
