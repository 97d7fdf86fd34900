/*
 * Sockets as files: descriptors, read and write, poll, and what /proc says of them.
 *
 * OWNS     socket_fops; the limits under /proc/sys/net.
 * I1       a socket's file has one sock from birth to release; an accepted one gets it before anybody knows the file.
 * LOCKS    none of its own.   CONTEXT  tasks; may sleep.
 * FAILS    EAFNOSUPPORT, ESOCKTNOSUPPORT, EPROTONOSUPPORT, EMFILE, ENFILE, ENOMEM.
 * SOURCES  socket(2), socketpair(2), accept(2), unix(7), proc(5) /proc/net/unix.   TESTED BY  tests/guest/net_unix.c
 */
#include "base/errno.h"
#include "fs/anon_file.h"
#include "fs/seq_file.h"
#include "fs/sysctl.h"
#include "mm/slab.h"
#include "net/unix_impl.h"

int unix_max_dgram_qlen = 10, net_somaxconn = 4096;
int net_wmem_max = 212992, net_rmem_max = 212992, net_wmem_default = 212992,
    net_rmem_default = 212992;

bool file_is_socket(const struct file *f)
{
	return f->ops == &socket_fops;
}

/* ---- reading and writing ---- */

static bool nonblocking(const struct file *f, const struct sock_msg *m)
{
	return (f->flags & O_NONBLOCK) || (m->flags & MSG_DONTWAIT);
}

long socket_send(struct file *f, struct sock_msg *m)
{
	return unix_send(sock_of(f), m, nonblocking(f, m));
}

long socket_receive(struct file *f, struct sock_msg *m)
{
	return unix_receive(sock_of(f), m, nonblocking(f, m));
}

/* Bytes alone: what came with them is let go of. */
static long receive_bytes(struct file *f, const struct sock_iter *to)
{
	struct scm *scm = kzalloc(sizeof(*scm), GFP_KERNEL);
	struct sock_msg m = { .data = *to, .scm = scm };
	long ret;

	if (!scm)
		return -ENOMEM;
	ret = socket_receive(f, &m);
	scm_put_files(scm);
	kfree(scm);
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

/* ---- poll ---- */

static void keep(struct waitq *q)
{
	sock_get(container_of(q, struct sock, wait));
}

static void unkeep(struct waitq *q)
{
	sock_put(container_of(q, struct sock, wait));
}

static const struct poll_keeper keeper = { keep, unkeep };

/* May a datagram be sent to the peer? It is asked, and waited for, when it is what stands in the way. */
static bool peer_has_room(struct sock *s, struct poll_table *pt)
{
	struct sock *p = sock_has_connections(s) ? NULL : sock_peer(s);
	bool room = true;

	if (p && READ_ONCE(p->peer) != s) {
		poll_wait_kept(pt, &p->wait, POLLOUT | POLLWRNORM, &keeper);
		room = (int)READ_ONCE(p->nr_queued) <= READ_ONCE(unix_max_dgram_qlen);
	}
	sock_put(p);
	return room;
}

static unsigned socket_poll(struct file *f, struct poll_table *pt)
{
	struct sock *s = sock_of(f);
	unsigned ready = 0, shutdown;
	enum sock_state state;

	poll_wait(pt, &s->wait);
	spin_lock(&s->lock);
	shutdown = s->shutdown;
	state = s->state;
	if (!list_empty(&s->queue))
		ready |= POLLIN | POLLRDNORM;
	spin_unlock(&s->lock);
	if (READ_ONCE(s->err))
		ready |= POLLERR;
	if (shutdown == SHUTDOWN_BOTH)
		ready |= POLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		ready |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (state == SS_LISTENING)
		return ready;
	if (sock_has_connections(s) && state == SS_UNCONNECTED)
		ready |= POLLHUP;
	if (4 * atomic_long_read(&s->sent) <= READ_ONCE(s->sndbuf) && peer_has_room(s, pt))
		ready |= POLLOUT | POLLWRNORM | POLLWRBAND;
	return ready;
}

static void socket_closed(struct file *f)
{
	if (f->private)
		sock_release(f->private);
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

static void attach(struct sock *s, struct file *f)
{
	f->private = s;
	spin_lock(&unix_lock);
	s->file = f;
	spin_unlock(&unix_lock);
}

/* 0 and the type of socket; or what socket(2) says. */
static int check_kind(int family, int *type, int protocol)
{
	if (*type & ~(0xf | O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	*type &= 0xf;
	if (family != AF_UNIX)
		return -EAFNOSUPPORT;
	if (*type >= SOCK_TYPE_MAX)
		return -EINVAL;
	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (*type == SOCK_RAW)
		*type = SOCK_DGRAM;
	return *type == SOCK_STREAM || *type == SOCK_DGRAM || *type == SOCK_SEQPACKET
		       ? 0
		       : -ESOCKTNOSUPPORT;
}

/* A descriptor that is not installed yet. */
static int make(int type, unsigned flags, struct file **f)
{
	struct sock *s;
	int fd = new_descriptor(flags, f);

	if (fd < 0)
		return fd;
	s = sock_alloc(type);
	if (!s)
		return give_up(fd, *f, -ENOMEM);
	attach(s, *f);
	return fd;
}

int socket_create(int family, int type, int protocol)
{
	unsigned flags = (unsigned)type;
	struct file *f;
	int fd, err = check_kind(family, &type, protocol);

	if (err)
		return err;
	fd = make(type, flags, &f);
	if (fd >= 0)
		fd_install(fd, f);
	return fd;
}

int socket_pair(int family, int type, int protocol, int fds[2])
{
	unsigned flags = (unsigned)type;
	struct file *a, *b;
	int err = check_kind(family, &type, protocol);

	if (err)
		return err;
	fds[0] = make(type, flags, &a);
	if (fds[0] < 0)
		return fds[0];
	fds[1] = make(type, flags, &b);
	if (fds[1] < 0)
		return give_up(fds[0], a, fds[1]);
	unix_join_pair(sock_of(a), sock_of(b));
	fd_install(fds[0], a);
	fd_install(fds[1], b);
	return 0;
}

int socket_bind(struct file *f, const struct sock_addr *a)
{
	return unix_bind(sock_of(f), a);
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
	while (!(s = unix_accept(l, f))) {
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

/* ---- /proc ---- */

static unsigned long ino_of(const struct sock *s)
{
	unsigned long ino;

	spin_lock(&unix_lock);
	ino = s->file ? s->file->inode->ino : 0;
	spin_unlock(&unix_lock);
	return ino;
}

static void show_one(struct seq_file *m, struct sock *s)
{
	enum sock_state state = READ_ONCE(s->state);
	struct unix_addr *a = sock_addr_ref(s);

	seq_printf(m, "%016lx: %08X %08X %08X %04X %02X %5lu", 0UL,
		   (unsigned)atomic_read(&s->refs) - 1, 0, state == SS_LISTENING ? 0x10000U : 0U,
		   (unsigned)s->type, state == SS_CONNECTED ? 3U : 1U, ino_of(s));
	if (a) {
		seq_putc(m, ' ');
		for (unsigned i = 0; i < a->len - (a->path[0] != '\0'); i++)
			seq_putc(m, a->path[i] ? a->path[i] : '@');
	}
	seq_putc(m, '\n');
	addr_put(a);
}

/* References to all sockets, for what may sleep. Return: how many; -ENOMEM. */
static int snapshot(struct sock ***out)
{
	unsigned room = 0, n;
	struct sock **all = NULL, *s;

	for (;;) {
		n = 0;
		spin_lock(&unix_lock);
		list_for_each_entry (s, &unix_sockets, all)
			n++;
		if (n <= room) {
			n = 0;
			list_for_each_entry (s, &unix_sockets, all)
				all[n++] = sock_get(s);
			room = UINT_MAX;
		}
		spin_unlock(&unix_lock);
		if (room == UINT_MAX)
			break;
		kfree(all);
		room = n + 16;
		all = kmalloc(room * sizeof(struct sock *), GFP_KERNEL);
		if (!all)
			return -ENOMEM;
	}
	*out = all;
	return (int)n;
}

static int sockets_show(struct seq_file *m)
{
	struct sock **all;
	int n = snapshot(&all);

	if (n < 0)
		return n;
	seq_puts(m, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	for (int i = 0; i < n; i++) {
		show_one(m, all[i]);
		sock_put(all[i]);
	}
	kfree(all);
	return 0;
}

void net_init(void)
{
	static struct proc_entry entry = { .show = sockets_show };
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
		{ .path = "net/unix/max_dgram_qlen",
		  .number = &unix_max_dgram_qlen,
		  .max = INT_MAX },
	};

	must(proc_register("net/unix", 0444, &entry) == 0);
	must(sysctl_register(limits, ARRAY_SIZE(limits)) == 0);
}
