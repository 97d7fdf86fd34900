/*
 * Sockets as files: descriptors, read and write, poll, and what /proc says of them.
 *
 * OWNS     socket_fops; struct sock, what all families share of it; the limits under /proc/sys/net/core.
 * I1       a socket's file has one sock from birth to release; an accepted one gets it before anybody knows the file.
 * LOCKS    none of its own.   CONTEXT  tasks; may sleep.
 * FAILS    EAFNOSUPPORT, ESOCKTNOSUPPORT, EPROTONOSUPPORT, EMFILE, ENFILE, ENOMEM.
 * NOT HERE what a family does: unix.c, inet.c; options (sockopt.c).
 * SOURCES  socket(2), socketpair(2), accept(2).   TESTED BY  tests/guest/net_unix.c, tests/guest/net_inet.c
 */
#include "base/errno.h"
#include "fs/anon_file.h"
#include "fs/sysctl.h"
#include "mm/slab.h"
#include "net/netlink_note.h"
#include "net/unix_impl.h"
#include "sync/failpoint.h"

int net_somaxconn = 4096;
int net_wmem_max = 212992, net_rmem_max = 212992, net_wmem_default = 212992,
    net_rmem_default = 212992;

/* ---- life ---- */

struct sock *sock_new(const struct sock_ops *ops, int type)
{
	struct sock *s = failpoint("socket") ? NULL : kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->ops = ops;
	atomic_set(&s->refs, 1);
	s->type = type;
	s->lock = (struct spinlock)SPINLOCK_INIT(RANK_OBJECT);
	waitq_init(&s->wait);
	mutex_init(&s->receive, RANK_FS_FILE);
	list_init(&s->queue);
	list_init(&s->accept);
	s->rcvtimeo = s->sndtimeo = PARK_FOREVER;
	s->sndbuf = READ_ONCE(net_wmem_default);
	s->rcvbuf = READ_ONCE(net_rmem_default);
	s->rcvlowat = 1;
	s->linger = -1;
	return s;
}

struct sock *sock_get(struct sock *s)
{
	atomic_inc(&s->refs);
	return s;
}

void sock_put(struct sock *s)
{
	if (!s || !atomic_dec_and_test(&s->refs))
		return;
	kassert(s->state == SS_DEAD && list_empty(&s->queue));
	s->ops->free(s);
	kfree(s);
}

/* ---- waiting ---- */

uint64_t sock_deadline(uint64_t timeo, bool nonblock)
{
	uint64_t now = clock_ns();

	if (nonblock)
		return 0;
	return timeo >= PARK_FOREVER - now ? PARK_FOREVER : now + timeo;
}

int sock_wait_error(uint64_t timeo, int err)
{
	if (err == -ETIMEDOUT)
		return -EAGAIN;
	return timeo == PARK_FOREVER ? -ERESTARTSYS : -EINTR;
}

int sock_take_error(struct sock *s)
{
	return -__atomic_exchange_n(&s->err, 0, __ATOMIC_SEQ_CST);
}

bool file_is_socket(const struct file *f)
{
	return f->ops == &socket_fops;
}

/* ---- what comes with messages ---- */

struct scm *scm_new(void)
{
	struct scm *scm = kmalloc(sizeof(*scm), GFP_KERNEL);

	if (scm) {
		scm->has_creds = false;
		scm->nr = 0;
		scm->items = NULL;
	}
	return scm;
}

void scm_free(struct scm *scm)
{
	if (!scm)
		return;
	scm_put_files(scm);
	kfree(scm->items);
	kfree(scm);
}

/* ---- reading and writing ---- */

static bool nonblocking(const struct file *f, const struct sock_msg *m)
{
	return (f->flags & O_NONBLOCK) || (m->flags & MSG_DONTWAIT);
}

long socket_send(struct file *f, struct sock_msg *m)
{
	struct sock *s = sock_of(f);

	return s->ops->send(s, m, nonblocking(f, m));
}

long socket_receive(struct file *f, struct sock_msg *m)
{
	struct sock *s = sock_of(f);

	return s->ops->receive(s, m, nonblocking(f, m));
}

/* Bytes alone: what came with them is let go of. */
static long receive_bytes(struct file *f, const struct sock_iter *to)
{
	struct sock_msg m = { .data = *to, .scm = scm_new() };
	long ret;

	if (!m.scm)
		return -ENOMEM;
	ret = socket_receive(f, &m);
	scm_free(m.scm);
	return ret;
}

static long send_bytes(struct file *f, const struct sock_iter *from)
{
	struct sock_msg m = { .data = *from };

	return socket_send(f, &m);
}

static long socket_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	const struct iovec_k v = { buf, len };
	const struct sock_iter to = { .iov = &v, .left = len };

	(void)pos;
	return len ? receive_bytes(f, &to) : 0;
}

static long socket_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	const struct iovec_k v = { buf, len };
	const struct sock_iter from = { .iov = &v, .left = len };

	(void)pos;
	return send_bytes(f, &from);
}

static long socket_vector(struct file *f, const struct iovec_k *v, size_t len, bool is_write)
{
	const struct sock_iter it = { .iov = v, .left = len };

	if (is_write)
		return send_bytes(f, &it);
	return len ? receive_bytes(f, &it) : 0;
}

static long socket_read_kernel(struct file *f, void *buf, size_t len, uint64_t *pos)
{
	const struct sock_iter to = { .kernel = buf, .left = len };

	(void)pos;
	return receive_bytes(f, &to);
}

static long socket_write_kernel(struct file *f, const void *buf, size_t len, uint64_t *pos)
{
	const struct sock_iter from = { .kernel = (char *)(uintptr_t)buf, .left = len };

	(void)pos;
	return send_bytes(f, &from);
}

/* ---- as a file ---- */

static unsigned socket_poll(struct file *f, struct poll_table *pt)
{
	struct sock *s = sock_of(f);

	return s->ops->poll(s, pt);
}

static void socket_closed(struct file *f)
{
	struct sock *s = f->private;

	if (s)
		s->ops->release(s);
}

const struct file_ops socket_fops = {
	.release = socket_closed,
	.read = socket_read,
	.write = socket_write,
	.vector = socket_vector,
	.read_kernel = socket_read_kernel,
	.write_kernel = socket_write_kernel,
	.poll = socket_poll,
	.ioctl = socket_ioctl,
	.is_stream = true,
};

/* ---- descriptors ---- */

/* Of a new file without a socket yet. Return: number, or -errno. */
static int new_descriptor(unsigned flags, struct file **f)
{
	int fd = fd_reserve(0, flags & O_CLOEXEC);

	if (fd < 0)
		return fd;
	*f = socket_file_alloc(&socket_fops, flags & O_NONBLOCK);
	if (*f)
		return fd;
	fd_unreserve(fd);
	return file_error();
}

static int give_up(int fd, struct file *f, int err)
{
	fd_unreserve(fd);
	fput(f);
	return err;
}

/* The family, and the type without its flags; NULL: *err is what socket(2) says. */
static const struct sock_ops *family_of(int family, int *type, int *err)
{
	*err = -EINVAL;
	if (*type & ~(0xf | O_CLOEXEC | O_NONBLOCK))
		return NULL;
	*type &= 0xf;
	*err = -EAFNOSUPPORT;
	if (family != AF_UNIX &&
	    !(CFG_INET && (family == AF_INET || family == AF_INET6 || family == AF_NETLINK)))
		return NULL;
	*err = -EINVAL;
	if (*type >= SOCK_TYPE_MAX)
		return NULL;
	if (CFG_INET && family == AF_NETLINK)
		return &netlink_ops;
	if (CFG_INET && family != AF_UNIX)
		return family == AF_INET ? &inet_ops : &inet6_ops;
	return &unix_ops;
}

/* A descriptor that is not installed yet. */
static int make(const struct sock_ops *ops, int type, int protocol, unsigned flags, struct file **f)
{
	struct sock *s = NULL;
	int fd, err = ops->create(type, protocol, &s);

	if (err)
		return err;
	fd = new_descriptor(flags, f);
	if (fd < 0) {
		ops->release(s);
		return fd;
	}
	(*f)->private = s;
	ops->attach(s, *f);
	return fd;
}

int socket_create(int family, int type, int protocol)
{
	unsigned flags = (unsigned)type;
	struct file *f;
	int fd, err;
	const struct sock_ops *ops = family_of(family, &type, &err);

	if (!ops)
		return err;
	fd = make(ops, type, protocol, flags, &f);
	if (fd >= 0)
		fd_install(fd, f);
	return fd;
}

int socket_pair(int family, int type, int protocol, int fds[2])
{
	unsigned flags = (unsigned)type;
	struct file *a, *b;
	int err;
	const struct sock_ops *ops = family_of(family, &type, &err);

	if (!ops)
		return err;
	fds[0] = make(ops, type, protocol, flags, &a);
	if (fds[0] < 0)
		return fds[0];
	if (family != AF_UNIX)
		return give_up(fds[0], a, -EOPNOTSUPP);
	fds[1] = make(ops, type, protocol, flags, &b);
	if (fds[1] < 0)
		return give_up(fds[0], a, fds[1]);
	unix_join_pair(sock_of(a), sock_of(b));
	fd_install(fds[0], a);
	fd_install(fds[1], b);
	return 0;
}

int netlink_note_make(int fd, const void *text, unsigned len, struct nl_msg **out)
{
	struct file *f = fd_file(fd);
	int err = -EINVAL;

	if (!f)
		return -EBADF;
	if (!file_is_socket(f))
		err = -ENOTSOCK;
	else if (CFG_INET && sock_of(f)->ops == &netlink_ops)
		err = nl_note_make(sock_of(f), text, len, out);
	fput(f);
	return err;
}

void netlink_note_send(struct nl_msg *note, char last)
{
	if (CFG_INET)
		nl_note_send(note, last);
}

void netlink_note_drop(struct nl_msg *note)
{
	if (CFG_INET)
		nl_note_drop(note);
}

/* ---- calls ---- */

int socket_bind(struct file *f, const struct sock_addr *a)
{
	struct sock *s = sock_of(f);

	return s->ops->bind(s, a);
}

int socket_connect(struct file *f, const struct sock_addr *a)
{
	struct sock *s = sock_of(f);

	return a->len < 2 ? -EINVAL : s->ops->connect(s, a, f->flags & O_NONBLOCK);
}

int socket_listen(struct file *f, int backlog)
{
	struct sock *s = sock_of(f);

	if ((unsigned)backlog > (unsigned)READ_ONCE(net_somaxconn))
		backlog = READ_ONCE(net_somaxconn);
	return s->ops->listen(s, backlog);
}

int socket_shutdown(struct file *f, int how)
{
	struct sock *s = sock_of(f);

	return how < 0 || how > 2 ? -EINVAL : s->ops->shutdown(s, (unsigned)how + 1);
}

int socket_name(struct file *f, bool peer, struct sock_addr *out)
{
	struct sock *s = sock_of(f);

	return s->ops->name(s, peer, out);
}

static bool may_accept(const struct sock *l)
{
	return !list_empty(&l->queue) || READ_ONCE(l->state) != SS_LISTENING ||
	       (READ_ONCE(l->shutdown) & RCV_SHUTDOWN);
}

/* The next connection for @f. 0 or what accept(2) says. */
static int wait_connection(struct file *lf, struct file *f)
{
	struct sock *l = sock_of(lf), *s;
	uint64_t timeo = READ_ONCE(l->rcvtimeo);
	uint64_t until = sock_deadline(timeo, lf->flags & O_NONBLOCK);
	int err = 0;

	if (!sock_has_connections(l))
		return -EOPNOTSUPP;
	while (!(s = l->ops->accept(l, f))) {
		if (READ_ONCE(l->state) != SS_LISTENING || (READ_ONCE(l->shutdown) & RCV_SHUTDOWN))
			return -EINVAL;
		if (lf->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_exclusive(&l->wait, may_accept(l), PARK_INTERRUPTIBLE, until);
		if (err)
			return sock_wait_error(timeo, err);
	}
	f->private = s;
	return 0;
}

int socket_accept(struct file *lf, unsigned flags, struct sock_addr *peer)
{
	struct file *f;
	int fd, err;

	if (flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	fd = new_descriptor(flags, &f);
	if (fd < 0)
		return fd;
	err = wait_connection(lf, f);
	if (err)
		return give_up(fd, f, err);
	if (peer)
		(void)!socket_name(f, true, peer);
	fd_install(fd, f);
	return fd;
}

/* ---- boot ---- */

void net_init(void)
{
	static const struct sysctl limits[] = {
		{ .path = "net/core/wmem_max",
		  .number = &net_wmem_max,
		  .min = 4608,
		  .max = INT_MAX },
		{ .path = "net/core/rmem_max",
		  .number = &net_rmem_max,
		  .min = 2304,
		  .max = INT_MAX },
		{ .path = "net/core/wmem_default",
		  .number = &net_wmem_default,
		  .min = 4608,
		  .max = INT_MAX },
		{ .path = "net/core/rmem_default",
		  .number = &net_rmem_default,
		  .min = 2304,
		  .max = INT_MAX },
		{ .path = "net/core/somaxconn", .number = &net_somaxconn, .max = INT_MAX },
	};

	boot_need(sysctl_register(limits, ARRAY_SIZE(limits)), "sysctls of ", "socket");
	unix_init();
	if (CFG_INET)
		inet_init();
}
