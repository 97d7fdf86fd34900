/*
 * Options of sockets, and ioctl.
 *
 * WHY      many options say something about networks that a connection inside one machine has not: they are kept and given
 *          back, as programs expect.
 * LOCKS    sock->lock for what is set; single words are read without.
 * CONTEXT  tasks.   FAILS  ENOPROTOOPT, EINVAL, EFAULT, EDOM, EPERM, EOPNOTSUPP.
 * SOURCES  socket(7), unix(7), getsockopt(2).   TESTED BY  tests/guest/net_unix.c
 */
#include "arch/abi.h"
#include "base/errno.h"
#include "fs/fasync.h"
#include "lib/string.h"
#include "net/unix_impl.h"

enum {
	SO_DEBUG = 1,
	SO_REUSEADDR,
	SO_TYPE,
	SO_ERROR,
	SO_DONTROUTE,
	SO_BROADCAST,
	SO_SNDBUF,
	SO_RCVBUF,
	SO_KEEPALIVE,
	SO_OOBINLINE,
	SO_NO_CHECK,
	SO_PRIORITY,
	SO_LINGER,
	SO_BSDCOMPAT,
	SO_REUSEPORT,
	SO_PASSCRED,
	SO_PEERCRED,
	SO_RCVLOWAT,
	SO_SNDLOWAT,
	SO_RCVTIMEO,
	SO_SNDTIMEO,
	SO_BINDTODEVICE = 25,
	SO_TIMESTAMP = 29,
	SO_ACCEPTCONN = 30,
	SO_SNDBUFFORCE = 32,
	SO_RCVBUFFORCE,
	SO_TIMESTAMPNS = 35,
	SO_PROTOCOL = 38,
	SO_DOMAIN,
	SO_TIMESTAMP_NEW = 63,
	SO_TIMESTAMPNS_NEW,
	SO_RCVTIMEO_NEW = 66,
	SO_SNDTIMEO_NEW
};
enum { MIN_SNDBUF = 4608, MIN_RCVBUF = 2304 };
enum { FIONREAD = 0x541b, SIOCOUTQ = 0x5411, FIOSETOWN = 0x8901, SIOCSPGRP, FIOGETOWN, SIOCGPGRP };

/* ---- flags ---- */

/* 0: none of the flags. */
static unsigned flag_of(int name)
{
	switch (name) {
	case SO_PASSCRED:
		return SKF_PASSCRED;
	case SO_REUSEADDR:
		return SKF_REUSEADDR;
	case SO_KEEPALIVE:
		return SKF_KEEPALIVE;
	case SO_BROADCAST:
		return SKF_BROADCAST;
	case SO_OOBINLINE:
		return SKF_OOBINLINE;
	case SO_REUSEPORT:
		return SKF_REUSEPORT;
	default:
		return 0;
	}
}

/* Which time comes with messages; 0: not such an option. */
static unsigned stamp_of(int name)
{
	switch (name) {
	case SO_TIMESTAMP:
		return SKF_TIMESTAMP;
	case SO_TIMESTAMPNS:
		return SKF_TIMESTAMPNS;
	case SO_TIMESTAMP_NEW:
		return SKF_TIMESTAMP | SKF_WIDE_TIME;
	case SO_TIMESTAMPNS_NEW:
		return SKF_TIMESTAMPNS | SKF_WIDE_TIME;
	default:
		return 0;
	}
}

/* One of the four at a time. */
static void set_stamp(struct sock *s, unsigned stamp, bool on)
{
	spin_lock(&s->lock);
	s->flags &= ~(unsigned)(SKF_TIMESTAMP | SKF_TIMESTAMPNS | SKF_WIDE_TIME);
	if (on)
		s->flags |= stamp;
	spin_unlock(&s->lock);
}

/* ---- sizes ---- */

/* What is asked for counts twice, as on Linux: the other half is for what a message needs besides its bytes. */
static int buffer_size(int asked, int max, int min)
{
	if (asked > max)
		asked = max;
	return asked > INT_MAX / 2 ? INT_MAX : asked * 2 < min ? min : asked * 2;
}

static int set_buffer(struct sock *s, int name, int value)
{
	bool force = name == SO_SNDBUFFORCE || name == SO_RCVBUFFORCE;
	bool send = name == SO_SNDBUF || name == SO_SNDBUFFORCE;

	if (force && !capable(CAP_NET_ADMIN))
		return -EPERM;
	if (force && value < 0)
		value = 0;
	if (send)
		WRITE_ONCE(s->sndbuf,
			   buffer_size(value, force ? INT_MAX : net_wmem_max, MIN_SNDBUF));
	else
		WRITE_ONCE(s->rcvbuf,
			   buffer_size(value, force ? INT_MAX : net_rmem_max, MIN_RCVBUF));
	waitq_wake_all(&s->wait);
	return 0;
}

/* ---- time ---- */

struct socket_time {
	int64_t sec, usec;
};
struct linger_k {
	int on, seconds;
};

/* A struct timeval of longs, or of 64-bit numbers. 0, -EINVAL, -EFAULT. */
static int time_get(uaddr_t value, int len, bool wide, struct socket_time *out)
{
	long pair[2];

	if (len < (int)(wide ? sizeof(*out) : 2 * abi_word()))
		return -EINVAL;
	if (wide)
		return get_user(out, value);
	if (get_abi(&pair, value, "2l"))
		return -EFAULT;
	*out = (struct socket_time){ pair[0], pair[1] };
	return 0;
}

static int set_timeout(struct sock *s, int name, uaddr_t value, int len)
{
	bool wide = name >= SO_RCVTIMEO_NEW;
	struct socket_time t;
	uint64_t ns;
	int err = time_get(value, len, wide, &t);

	if (err)
		return err;
	if (t.usec < 0 || t.usec >= 1000000)
		return -EDOM;
	if (t.sec < 0)
		ns = 0;
	else if ((!t.sec && !t.usec) || (uint64_t)t.sec >= PARK_FOREVER / NSEC_PER_SEC - 1)
		ns = PARK_FOREVER;
	else
		ns = (uint64_t)t.sec * NSEC_PER_SEC + (uint64_t)t.usec * NSEC_PER_USEC;
	spin_lock(&s->lock);
	if (name == SO_RCVTIMEO || name == SO_RCVTIMEO_NEW)
		s->rcvtimeo = ns;
	else
		s->sndtimeo = ns;
	spin_unlock(&s->lock);
	return 0;
}

static struct socket_time timeout_of(struct sock *s, int name)
{
	uint64_t ns, sec;

	spin_lock(&s->lock);
	ns = name == SO_RCVTIMEO || name == SO_RCVTIMEO_NEW ? s->rcvtimeo : s->sndtimeo;
	spin_unlock(&s->lock);
	if (ns == PARK_FOREVER)
		return (struct socket_time){ 0, 0 };
	sec = ns / NSEC_PER_SEC;
	return (struct socket_time){ (int64_t)sec,
				     (int64_t)((ns - sec * NSEC_PER_SEC) / NSEC_PER_USEC) };
}

/* ---- set ---- */

static int set_number(struct sock *s, int name, int value)
{
	unsigned flag = flag_of(name), stamp = stamp_of(name);

	if (stamp) {
		set_stamp(s, stamp, value);
		return 0;
	}
	if (flag) {
		spin_lock(&s->lock);
		s->flags = value ? s->flags | flag : s->flags & ~flag;
		spin_unlock(&s->lock);
		if (s->ops->flags_changed)
			s->ops->flags_changed(s);
		return 0;
	}
	switch (name) {
	case SO_SNDBUF:
	case SO_RCVBUF:
	case SO_SNDBUFFORCE:
	case SO_RCVBUFFORCE:
		return set_buffer(s, name, value);
	case SO_RCVLOWAT:
		WRITE_ONCE(s->rcvlowat, value < 0 ? INT_MAX : value ? value : 1);
		return 0;
	case SO_DEBUG:
	case SO_DONTROUTE:
	case SO_NO_CHECK:
	case SO_PRIORITY:
	case SO_BSDCOMPAT:
		return 0; /* nothing here that they could change */
	default:
		return -ENOPROTOOPT;
	}
}

static int set_linger(struct sock *s, uaddr_t value, int len)
{
	struct linger_k v;

	if (len < (int)sizeof(v))
		return -EINVAL;
	if (get_user(&v, value))
		return -EFAULT;
	spin_lock(&s->lock);
	s->linger = !v.on ? -1 : v.seconds < 0 ? INT_MAX : v.seconds;
	spin_unlock(&s->lock);
	return 0;
}

int socket_set_option(struct file *f, int level, int name, uaddr_t value, int len)
{
	struct sock *s = sock_of(f);
	int number;

	if (len < 0)
		return -EINVAL;
	if (level != SOL_SOCKET)
		return s->ops->set_option ? s->ops->set_option(s, level, name, value, len)
					  : -EOPNOTSUPP;
	if (name == SO_LINGER)
		return set_linger(s, value, len);
	if (name == SO_BINDTODEVICE && s->ops->set_option)
		return s->ops->set_option(s, level, name, value, len);
	if (name == SO_RCVTIMEO || name == SO_SNDTIMEO || name == SO_RCVTIMEO_NEW ||
	    name == SO_SNDTIMEO_NEW)
		return set_timeout(s, name, value, len);
	if (len < (int)sizeof(number))
		return -EINVAL;
	if (get_user(&number, value))
		return -EFAULT;
	return set_number(s, name, number);
}

/* ---- get ---- */

union option {
	int number;
	struct ucred creds;
	struct socket_time time;
	long pair[2];
	struct linger_k linger;
};

/* Return: bytes, or -ENOPROTOOPT. */
static int number_of(struct sock *s, int name, int *out)
{
	unsigned flag = flag_of(name), stamp = stamp_of(name);
	const unsigned stamps = SKF_TIMESTAMP | SKF_TIMESTAMPNS | SKF_WIDE_TIME;

	*out = 0;
	if (stamp)
		*out = (READ_ONCE(s->flags) & stamps) == stamp;
	else if (flag)
		*out = (READ_ONCE(s->flags) & flag) != 0;
	else if (name == SO_TYPE)
		*out = s->type;
	else if (name == SO_DOMAIN)
		*out = s->ops->family;
	else if (name == SO_PROTOCOL)
		*out = s->ops == &unix_ops ? 0 : s->in.protocol;
	else if (name == SO_ERROR)
		*out = -sock_take_error(s);
	else if (name == SO_ACCEPTCONN)
		*out = READ_ONCE(s->state) == SS_LISTENING;
	else if (name == SO_SNDBUF)
		*out = READ_ONCE(s->sndbuf);
	else if (name == SO_RCVBUF)
		*out = READ_ONCE(s->rcvbuf);
	else if (name == SO_RCVLOWAT)
		*out = READ_ONCE(s->rcvlowat);
	else if (name == SO_SNDLOWAT)
		*out = 1;
	else if (name != SO_DEBUG && name != SO_DONTROUTE && name != SO_NO_CHECK &&
		 name != SO_PRIORITY && name != SO_BSDCOMPAT)
		return -ENOPROTOOPT;
	return sizeof(*out);
}

/* A timeval of the caller's longs. Return: bytes. */
static int put_pair(union option *v, const struct socket_time *t)
{
	const int32_t narrow[2] = { (int32_t)t->sec, (int32_t)t->usec };

	v->pair[0] = (long)t->sec;
	v->pair[1] = (long)t->usec;
	if (abi_narrow())
		memcpy(v, narrow, sizeof(narrow));
	return (int)(2 * abi_word());
}

/* Return: bytes of @v, or -ENOPROTOOPT. */
static int option_of(struct sock *s, int name, union option *v)
{
	struct socket_time t;

	memset(v, 0, sizeof(*v));
	switch (name) {
	case SO_PEERCRED:
		v->creds = (struct ucred){ 0, UINT32_MAX, UINT32_MAX };
		if (s->ops != &unix_ops)
			return sizeof(v->creds);
		spin_lock(&unix_lock);
		v->creds = s->peer_cred;
		spin_unlock(&unix_lock);
		if (!v->creds.pid)
			v->creds.uid = v->creds.gid = UINT32_MAX;
		return sizeof(v->creds);
	case SO_LINGER:
		v->linger.on = READ_ONCE(s->linger) >= 0;
		v->linger.seconds = v->linger.on ? READ_ONCE(s->linger) : 0;
		return sizeof(v->linger);
	case SO_RCVTIMEO:
	case SO_SNDTIMEO:
		t = timeout_of(s, name);
		return put_pair(v, &t);
	case SO_RCVTIMEO_NEW:
	case SO_SNDTIMEO_NEW:
		v->time = timeout_of(s, name);
		return sizeof(v->time);
	default:
		return number_of(s, name, &v->number);
	}
}

int socket_get_option(struct file *f, int level, int name, uaddr_t value, uaddr_t ulen)
{
	struct sock *s = sock_of(f);
	union option v;
	int len, n;

	if (level != SOL_SOCKET || (name == SO_BINDTODEVICE && s->ops->get_option))
		return s->ops->get_option ? s->ops->get_option(s, level, name, value, ulen)
					  : -EOPNOTSUPP;
	if (get_user(&len, ulen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	n = option_of(s, name, &v);
	if (n < 0)
		return n;
	if (len > n)
		len = n;
	if (copy_to_user(value, &v, (size_t)len))
		return -EFAULT;
	return put_user(ulen, &len);
}

/* ---- ioctl ---- */

long socket_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct sock *s = sock_of(f);
	int n;

	switch (cmd) {
	case FIOSETOWN:
	case SIOCSPGRP:
		return get_user(&n, (uaddr_t)arg) ? -EFAULT : file_set_owner(f, n);
	case FIOGETOWN:
	case SIOCGPGRP:
		n = file_owner(f);
		break;
	case FIONREAD:
		if (READ_ONCE(s->state) == SS_LISTENING)
			return -EINVAL;
		n = s->ops->bytes_to_read(s);
		break;
	case SIOCOUTQ:
		if (READ_ONCE(s->state) == SS_LISTENING)
			return -EINVAL;
		n = s->ops->bytes_to_send(s);
		break;
	default:
		return CFG_INET ? inet_ioctl(cmd, arg) : -ENOTTY;
	}
	return put_user((uaddr_t)arg, &n);
}
