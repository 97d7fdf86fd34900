/*
 * System calls of sockets: addresses and messages from and to user memory.
 *
 * WHY      i386 has each call twice: under its own number, and behind socketcall(2), whose arguments lie in memory.
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.
 * FAILS    EBADF, ENOTSOCK, EFAULT, EINVAL, EMSGSIZE, ENOBUFS, and what net/ says.
 * SOURCES  socket(2), sendmsg(2), recvmsg(2), recvmmsg(2), cmsg(3), socketcall(2).   TESTED BY  tests/guest/net_unix.c
 */
#include "sys/sys.h"

#include "kernel/time.h"
#include "lib/layout32.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/socket.h"
#include "sync/failpoint.h"
#include "sys/iovec.h"

struct msghdr_k {
	uaddr_t name;
	int namelen;
	uaddr_t iov;
	size_t iovlen;
	uaddr_t control;
	size_t controllen;
	unsigned flags;
};
struct mmsghdr_k {
	struct msghdr_k hdr;
	unsigned len;
};
struct cmsghdr_k {
	size_t len;
	int level, type;
};
enum { CMSG_MAX = 4096 };

/* Of the caller, whose longs may be shorter than ours: layouts (lib/layout32.h), sizes and offsets. */
#define MSGHDR	"pi4pi"
#define CMSGHDR "p2i"

static size_t cmsg_align(size_t n)
{
	return (n + abi_word() - 1) & ~(size_t)(abi_word() - 1);
}

static size_t cmsg_head(void)
{
	return abi_narrow() ? layout32_size(CMSGHDR) : sizeof(struct cmsghdr_k);
}

static size_t narrow_or(size_t narrow, size_t native)
{
	return abi_narrow() ? narrow : native;
}

static size_t mmsg_size(void)
{
	return narrow_or(layout32_size(MSGHDR "i"), sizeof(struct mmsghdr_k));
}

static size_t mmsg_len_at(void)
{
	return narrow_or(layout32_size(MSGHDR), offsetof(struct mmsghdr_k, len));
}

/* ---- descriptors and addresses ---- */

/* Referenced; NULL: *err is -EBADF or -ENOTSOCK. */
static struct file *socket_of(int fd, int *err)
{
	struct file *f = fd_file(fd);

	*err = !f || (f->flags & O_PATH) ? -EBADF : file_is_socket(f) ? 0 : -ENOTSOCK;
	if (f && *err) {
		fput(f);
		f = NULL;
	}
	return f;
}

static int addr_in(uaddr_t addr, int len, struct sock_addr *out)
{
	if (len < 0 || len > (int)sizeof(out->bytes))
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	out->len = len;
	return copy_from_user(out->bytes, addr, (size_t)len) ? -EFAULT : 0;
}

/* As much as *ulen allows; *ulen becomes the whole length. */
static int addr_out(const struct sock_addr *a, uaddr_t addr, uaddr_t ulen)
{
	int room;

	if (get_user(&room, ulen))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (copy_to_user(addr, a->bytes, (size_t)min_of(int, room, a->len)))
		return -EFAULT;
	return put_user(ulen, &a->len);
}

SYS(socket)
{
	return socket_create((int)a0, (int)a1, (int)a2);
}

SYS(socketpair)
{
	int fds[2], err = socket_pair((int)a0, (int)a1, (int)a2, fds);

	if (!err && put_user(a3, &fds)) {
		(void)!fd_close(fds[0]);
		(void)!fd_close(fds[1]);
		err = -EFAULT;
	}
	return err;
}

static long with_address(int fd, uaddr_t addr, int len,
			 int (*fn)(struct file *f, const struct sock_addr *a))
{
	struct sock_addr a;
	int err;
	struct file *f = socket_of(fd, &err);

	if (!f)
		return err;
	err = addr_in(addr, len, &a);
	if (!err)
		err = fn(f, &a);
	fput(f);
	return err;
}

SYS(bind)
{
	return with_address((int)a0, a1, (int)a2, socket_bind);
}

SYS(connect)
{
	return with_address((int)a0, a1, (int)a2, socket_connect);
}

SYS(listen)
{
	int err;
	struct file *f = socket_of((int)a0, &err);

	if (!f)
		return err;
	err = socket_listen(f, (int)a1);
	fput(f);
	return err;
}

static long do_accept(int fd, uaddr_t addr, uaddr_t ulen, unsigned flags)
{
	struct sock_addr a = { .len = 0 };
	int err, new;
	struct file *f = socket_of(fd, &err);

	if (!f)
		return err;
	new = socket_accept(f, flags, addr ? &a : NULL);
	fput(f);
	if (new >= 0 && addr) {
		err = addr_out(&a, addr, ulen);
		if (err) {
			(void)!fd_close(new);
			new = err;
		}
	}
	return new;
}

SYS(accept)
{
	return do_accept((int)a0, a1, a2, 0);
}

SYS(accept4)
{
	return do_accept((int)a0, a1, a2, (unsigned)a3);
}

static long do_name(int fd, bool peer, uaddr_t addr, uaddr_t ulen)
{
	struct sock_addr a;
	int err;
	struct file *f = socket_of(fd, &err);

	if (!f)
		return err;
	err = socket_name(f, peer, &a);
	fput(f);
	return err ? err : addr_out(&a, addr, ulen);
}

SYS(getsockname)
{
	return do_name((int)a0, false, a1, a2);
}

SYS(getpeername)
{
	return do_name((int)a0, true, a1, a2);
}

SYS(shutdown)
{
	int err;
	struct file *f = socket_of((int)a0, &err);

	if (!f)
		return err;
	err = socket_shutdown(f, (int)a1);
	fput(f);
	return err;
}

SYS(setsockopt)
{
	int err;
	struct file *f = socket_of((int)a0, &err);

	if (!f)
		return err;
	err = socket_set_option(f, (int)a1, (int)a2, a3, (int)a4);
	fput(f);
	return err;
}

SYS(getsockopt)
{
	int err;
	struct file *f = socket_of((int)a0, &err);

	if (!f)
		return err;
	err = socket_get_option(f, (int)a1, (int)a2, a3, a4);
	fput(f);
	return err;
}

/* ---- control messages in ---- */

static int rights_in(const int *fds, unsigned nr, struct scm *scm)
{
	if (nr > SCM_MAX_FD - scm->nr)
		return -EINVAL;
	for (unsigned i = 0; i < nr; i++) {
		struct file *f = fd_file(fds[i]);

		if (f && (f->flags & O_PATH)) {
			fput(f);
			f = NULL;
		}
		if (!f)
			return -EBADF;
		scm->files[scm->nr++] = f;
	}
	return 0;
}

/* unix(7): only root may say he is somebody else. */
static int creds_in(const struct ucred *u, struct scm *scm)
{
	const struct cred *c = current_task()->cred;

	if (u->pid != current_task()->tgid && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (u->uid != c->uid && u->uid != c->euid && u->uid != c->suid && !capable(CAP_SETUID))
		return -EPERM;
	if (u->gid != c->gid && u->gid != c->egid && u->gid != c->sgid && !capable(CAP_SETGID))
		return -EPERM;
	scm->creds = *u;
	scm->has_creds = true;
	return 0;
}

/* Of a protocol: for it to judge. */
static int item_in(const struct cmsghdr_k *h, const void *data, size_t len, struct scm *scm)
{
	struct scm_item *item;

	if (!scm->items)
		scm->items =
			failpoint("scm_items") ? NULL : kzalloc(sizeof(*scm->items), GFP_KERNEL);
	if (!scm->items)
		return -ENOMEM;
	if (len > SCM_ITEM_BYTES || scm->items->nr == SCM_ITEMS_MAX)
		return -EINVAL;
	item = &scm->items->item[scm->items->nr++];
	*item = (struct scm_item){ .level = h->level, .type = h->type, .len = (unsigned)len };
	memcpy(item->bytes, data, len);
	return 0;
}

static int cmsg_in(const struct cmsghdr_k *h, const void *data, size_t len, struct scm *scm)
{
	if (h->level != SOL_SOCKET)
		return item_in(h, data, len, scm);
	if (h->type == SCM_RIGHTS)
		return rights_in(data, (unsigned)(len / sizeof(int)), scm);
	if (h->type == SCM_CREDENTIALS && len == sizeof(struct ucred))
		return creds_in(data, scm);
	return -EINVAL;
}

/* The control messages of @h. 0 or -errno; files in @scm are the caller's in both cases. */
static int control_in(const struct msghdr_k *h, struct scm *scm)
{
	size_t len = h->controllen, at = 0;
	char *buf;
	int err = 0;

	if (len > CMSG_MAX)
		return -ENOBUFS;
	buf = kmalloc(len ? len : 1, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	if (copy_from_user(buf, h->control, len))
		err = -EFAULT;
	while (!err && len - at >= cmsg_head()) {
		struct cmsghdr_k c;

		if (abi_narrow())
			layout32_widen(&c, buf + at, CMSGHDR);
		else
			memcpy(&c, buf + at, sizeof(c));
		if (c.len < cmsg_head() || c.len > len - at)
			err = -EINVAL;
		else
			err = cmsg_in(&c, buf + at + cmsg_head(), c.len - cmsg_head(), scm);
		at += err ? 0 : min_of(size_t, cmsg_align(c.len), len - at);
	}
	kfree(buf);
	return err;
}

/* ---- sending ---- */

/* What a message in user memory is made of, in kernel memory. */
struct message {
	struct sock_msg m;
	struct sock_addr addr;
	struct iovec_k *iov;
	struct scm *scm;
};

static void message_end(struct message *msg)
{
	scm_free(msg->scm);
	kfree(msg->iov);
}

/* Where the bytes are. 0 or -errno. */
static int message_iov(const struct msghdr_k *h, struct message *msg)
{
	long total;

	if (h->iovlen > IOVEC_MAX)
		return -EMSGSIZE;
	total = iovec_import(h->iov, h->iovlen, &msg->iov);
	if (total <= 0)
		msg->iov = NULL;
	if (total < 0)
		return (int)total;
	msg->m.data = (struct sock_iter){ .iov = msg->iov, .left = (size_t)total };
	return 0;
}

static int message_scm(struct message *msg)
{
	msg->scm = scm_new();
	msg->m.scm = msg->scm;
	return msg->scm ? 0 : -ENOMEM;
}

static long send_message(struct file *f, const struct msghdr_k *h, unsigned flags)
{
	struct message msg = { .m = { .flags = flags } };
	long ret = message_iov(h, &msg);

	if (!ret && h->name && h->namelen) {
		ret = addr_in(h->name, min_of(int, h->namelen, (int)sizeof(msg.addr.bytes)),
			      &msg.addr);
		msg.m.addr = &msg.addr;
	}
	if (!ret && h->control && h->controllen) {
		ret = message_scm(&msg);
		if (!ret)
			ret = control_in(h, msg.scm);
	}
	if (!ret)
		ret = socket_send(f, &msg.m);
	message_end(&msg);
	return ret;
}

static long do_send(int fd, const struct msghdr_k *h, unsigned flags)
{
	int err;
	struct file *f = socket_of(fd, &err);
	long ret;

	if (!f)
		return err;
	ret = send_message(f, h, flags);
	fput(f);
	return ret;
}

static long do_sendto(int fd, uaddr_t buf, size_t len, unsigned flags, uaddr_t addr, int alen)
{
	struct iovec_k v = { buf, min_of(size_t, len, IOVEC_MAX_BYTES) };
	struct sock_addr a;
	struct sock_msg m = { .data = { .iov = &v, .left = v.len }, .flags = flags };
	int err;
	struct file *f = socket_of(fd, &err);
	long ret;

	if (!f)
		return err;
	if (addr) {
		err = addr_in(addr, alen, &a);
		m.addr = &a;
	}
	ret = err ? err : socket_send(f, &m);
	fput(f);
	return ret;
}

SYS(sendto)
{
	return do_sendto((int)a0, a1, a2, (unsigned)a3, a4, (int)a5);
}

SYS(sendmsg)
{
	struct msghdr_k h;

	return get_abi(&h, a1, MSGHDR) ? -EFAULT : do_send((int)a0, &h, (unsigned)a2);
}

SYS(sendmmsg)
{
	unsigned n = (unsigned)min_of(unsigned long, a2, IOVEC_MAX), done = 0;
	long ret = 0;

	for (; done < n; done++) {
		uaddr_t at = a1 + done * mmsg_size();
		struct mmsghdr_k mm;

		if (get_abi(&mm.hdr, at, MSGHDR)) {
			ret = -EFAULT;
			break;
		}
		ret = do_send((int)a0, &mm.hdr, (unsigned)a3);
		if (ret < 0)
			break;
		mm.len = (unsigned)ret;
		if (put_user(at + mmsg_len_at(), &mm.len)) {
			ret = -EFAULT;
			break;
		}
	}
	return done ? (long)done : ret < 0 ? ret : 0;
}

/* ---- receiving ---- */

struct control {
	uaddr_t at;
	size_t left;
	bool cut;
};

/* One control message of @len bytes; what does not fit is cut. Return: bytes of @data that fitted, or -EFAULT. */
static long cmsg_out(struct control *c, int level, int type, const void *data, size_t len)
{
	struct cmsghdr_k h = { cmsg_head() + len, level, type };
	size_t n = len;

	if (c->left < cmsg_head()) {
		c->cut = true;
		return 0;
	}
	if (c->left < h.len) {
		c->cut = true;
		h.len = c->left;
		n = c->left - cmsg_head();
	}
	if (put_abi(c->at, &h, CMSGHDR) || copy_to_user(c->at + cmsg_head(), data, n))
		return -EFAULT;
	c->at += min_of(size_t, cmsg_align(h.len), c->left);
	c->left -= min_of(size_t, cmsg_align(h.len), c->left);
	return (long)n;
}

/* Descriptors for the files that fit; the rest is put. */
static int rights_out(struct control *c, struct scm *scm, bool cloexec)
{
	size_t room = c->left < cmsg_head() ? 0 : (c->left - cmsg_head()) / sizeof(int);
	int fds[SCM_MAX_FD], err = 0;
	unsigned n = 0, want = scm->nr;

	while (n < want && n < room) {
		fds[n] = fd_reserve(0, cloexec);
		if (fds[n] < 0)
			break;
		n++;
	}
	if (n < want)
		c->cut = true;
	if (n) {
		long fit = cmsg_out(c, SOL_SOCKET, SCM_RIGHTS, fds, n * sizeof(int));

		err = fit < 0 ? (int)fit : 0;
	}
	for (unsigned i = 0; i < n; i++) {
		if (err) {
			fd_unreserve(fds[i]);
			continue;
		}
		fget_file(scm->files[i]);
		fd_install(fds[i], scm->files[i]);
	}
	return err;
}

/* What came with the bytes, into user memory. */
static int control_out(struct control *c, struct scm *scm, unsigned flags)
{
	long err = 0;

	for (unsigned i = 0; err >= 0 && scm->items && i < scm->items->nr; i++) {
		const struct scm_item *item = &scm->items->item[i];

		err = cmsg_out(c, item->level, item->type, item->bytes, item->len);
	}
	if (err >= 0 && scm->has_creds)
		err = cmsg_out(c, SOL_SOCKET, SCM_CREDENTIALS, &scm->creds, sizeof(scm->creds));
	if (err >= 0 && scm->nr)
		err = rights_out(c, scm, flags & MSG_CMSG_CLOEXEC);
	return err < 0 ? (int)err : 0;
}

static int header_out(uaddr_t uhdr, const struct msghdr_k *h, const struct message *msg,
		      struct control *c, unsigned flags)
{
	unsigned out = msg->m.flags | (c->cut ? MSG_CTRUNC : 0) | (flags & MSG_CMSG_CLOEXEC);
	size_t used = h->control ? c->at - h->control : 0;

	if (h->name &&
	    put_user(uhdr + narrow_or(4, offsetof(struct msghdr_k, namelen)), &msg->addr.len))
		return -EFAULT;
	if (put_user(uhdr + narrow_or(24, offsetof(struct msghdr_k, flags)), &out))
		return -EFAULT;
	return put_abi(uhdr + narrow_or(20, offsetof(struct msghdr_k, controllen)), &used, "p");
}

static long receive_message(struct file *f, const struct msghdr_k *h, uaddr_t uhdr, unsigned flags)
{
	struct control c = { h->control, h->control ? h->controllen : 0, false };
	struct message msg = { .m = { .flags = flags } };
	long ret = h->namelen < 0 ? -EINVAL : message_iov(h, &msg);
	int err;

	if (!ret)
		ret = message_scm(&msg);
	if (!ret) {
		msg.m.addr = h->name ? &msg.addr : NULL;
		ret = socket_receive(f, &msg.m);
	}
	if (ret >= 0) {
		err = control_out(&c, msg.scm, flags);
		if (!err && h->name &&
		    copy_to_user(h->name, msg.addr.bytes,
				 (size_t)min_of(int, h->namelen, msg.addr.len)))
			err = -EFAULT;
		if (!err)
			err = header_out(uhdr, h, &msg, &c, flags);
		ret = err ? err : ret;
	}
	message_end(&msg);
	return ret;
}

static long do_receive(int fd, uaddr_t uhdr, unsigned flags)
{
	struct msghdr_k h;
	int err;
	struct file *f = socket_of(fd, &err);
	long ret;

	if (!f)
		return err;
	ret = get_abi(&h, uhdr, MSGHDR) ? -EFAULT : receive_message(f, &h, uhdr, flags);
	fput(f);
	return ret;
}

SYS(recvmsg)
{
	return do_receive((int)a0, a1, (unsigned)a2);
}

static long do_recvfrom(int fd, uaddr_t buf, size_t len, unsigned flags, uaddr_t addr, uaddr_t ulen)
{
	struct iovec_k v = { buf, min_of(size_t, len, IOVEC_MAX_BYTES) };
	struct message msg = { .m = { .data = { .iov = &v, .left = v.len }, .flags = flags } };
	int err;
	struct file *f = socket_of(fd, &err);
	long ret;

	if (!f)
		return err;
	ret = message_scm(&msg);
	if (!ret) {
		msg.m.addr = addr ? &msg.addr : NULL;
		ret = socket_receive(f, &msg.m);
	}
	if (ret >= 0 && addr) {
		err = addr_out(&msg.addr, addr, ulen);
		ret = err ? err : ret;
	}
	message_end(&msg);
	fput(f);
	return ret;
}

SYS(recvfrom)
{
	return do_recvfrom((int)a0, a1, a2, (unsigned)a3, a4, a5);
}

static long receive_many(unsigned long a0, uaddr_t vec, unsigned n, unsigned flags, uint64_t until)
{
	unsigned done = 0;
	long ret = 0;

	while (done < n) {
		uaddr_t at = vec + done * mmsg_size();
		unsigned len;

		ret = do_receive((int)a0, at, flags & ~(unsigned)MSG_WAITFORONE);
		if (ret < 0)
			break;
		len = (unsigned)ret;
		if (put_user(at + mmsg_len_at(), &len)) {
			ret = -EFAULT;
			break;
		}
		done++;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (clock_ns() >= until)
			break;
	}
	return done ? (long)done : ret < 0 ? ret : 0;
}

static long do_recvmmsg(SYS_ARGS, bool time64)
{
	struct timespec64_k ts;
	uint64_t until = PARK_FOREVER, now;
	unsigned n = (unsigned)min_of(unsigned long, a2, IOVEC_MAX);
	long ret;

	(void)a5;
	if (a4) {
		ret = get_timespec(a4, time64, &ts);
		if (ret)
			return ret;
		until = deadline_after(&ts);
	}
	ret = receive_many(a0, a1, n, (unsigned)a3, until);
	now = clock_ns();
	if (a4 && ret > 0 && put_timespec(a4, time64, until > now ? until - now : 0))
		return -EFAULT;
	return ret;
}

SYS(recvmmsg)
{
	return do_recvmmsg(a0, a1, a2, a3, a4, a5, false);
}

SYS(recvmmsg_time64)
{
	return do_recvmmsg(a0, a1, a2, a3, a4, a5, true);
}

/* ---- socketcall ---- */

static long plain_send(SYS_ARGS)
{
	(void)a4;
	(void)a5;
	return do_sendto((int)a0, a1, a2, (unsigned)a3, 0, 0);
}

static long plain_receive(SYS_ARGS)
{
	(void)a4;
	(void)a5;
	return do_recvfrom((int)a0, a1, a2, (unsigned)a3, 0, 0);
}

SYS(socketcall)
{
	static const struct {
		long (*fn)(SYS_ARGS);
		unsigned nr;
	} calls[] = {
		[1] = { sys_socket, 3 },      [2] = { sys_bind, 3 },
		[3] = { sys_connect, 3 },     [4] = { sys_listen, 2 },
		[5] = { sys_accept, 3 },      [6] = { sys_getsockname, 3 },
		[7] = { sys_getpeername, 3 }, [8] = { sys_socketpair, 4 },
		[9] = { plain_send, 4 },      [10] = { plain_receive, 4 },
		[11] = { sys_sendto, 6 },     [12] = { sys_recvfrom, 6 },
		[13] = { sys_shutdown, 2 },   [14] = { sys_setsockopt, 5 },
		[15] = { sys_getsockopt, 5 }, [16] = { sys_sendmsg, 3 },
		[17] = { sys_recvmsg, 3 },    [18] = { sys_accept4, 4 },
		[19] = { sys_recvmmsg, 5 },   [20] = { sys_sendmmsg, 4 },
	};
	unsigned long a[6] = { 0 };

	if (a0 < 1 || a0 >= ARRAY_SIZE(calls))
		return -EINVAL;
	if (abi_get_array(a, a1, calls[a0].nr, sizeof(a[0]), "p"))
		return -EFAULT;
	return calls[a0].fn(a[0], a[1], a[2], a[3], a[4], a[5]);
}
