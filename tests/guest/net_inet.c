/* AF_INET and AF_INET6 sockets over the loopback: connections, datagrams, names, options, errors, what is there to wait for. */
#include "tap.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifndef SIOCOUTQ
#define SIOCOUTQ 0x5411
#endif

/* The kernel was built without lwIP: nothing of this is there. */
static int without_inet(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0);

	if (s >= 0)
		close(s);
	return s < 0 && errno == EAFNOSUPPORT;
}
#define NEED_INET()                                                                                \
	do {                                                                                       \
		if (without_inet())                                                                \
			SKIP("the kernel was built without lwIP (make setup fetches it)");         \
	} while (0)

static struct sockaddr_in at(uint32_t host, unsigned port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons((uint16_t)port),
				     .sin_addr = { htonl(host) } };
}

static unsigned port_of(int s)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	OK(getsockname(s, (void *)&a, &len));
	return ntohs(a.sin_port);
}

static int listener(unsigned *port)
{
	struct sockaddr_in a = at(INADDR_LOOPBACK, 0);
	int s = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(s >= 0);
	OK(bind(s, (void *)&a, sizeof(a)));
	OK(listen(s, 16));
	*port = port_of(s);
	return s;
}

static int join(int s, unsigned port)
{
	struct sockaddr_in a = at(INADDR_LOOPBACK, port);

	return connect(s, (void *)&a, sizeof(a));
}

/* The two ends of a connection. No TIME-WAIT is left when both are reset (gone). */
static void connection(int v[2])
{
	unsigned port;
	int l = listener(&port);

	v[0] = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(v[0] >= 0);
	OK(join(v[0], port));
	v[1] = accept(l, NULL, NULL);
	CHECK(v[1] >= 0);
	close(l);
}

static void reset(int s)
{
	struct linger lg = { 1, 0 };

	OK(setsockopt(s, SOL_SOCKET, SO_LINGER, &lg, sizeof(lg)));
	close(s);
}

static void gone(int v[2])
{
	reset(v[0]);
	reset(v[1]);
}

static int option(int s, int level, int name)
{
	int v = -1;
	socklen_t len = sizeof(v);

	OK(getsockopt(s, level, name, &v, &len));
	EQ(len, sizeof(v));
	return v;
}

static void set(int s, int level, int name, int v)
{
	OK(setsockopt(s, level, name, &v, sizeof(v)));
}

static short ready(int s)
{
	struct pollfd p = { s, POLLIN | POLLOUT | POLLRDHUP, 0 };

	CHECK(poll(&p, 1, 0) >= 0);
	return p.revents;
}

static int pending(int s)
{
	int n = -1;

	OK(ioctl(s, FIONREAD, &n));
	return n;
}

static unsigned char byte_at(size_t i)
{
	return (unsigned char)(i * 131 + (i >> 8) * 7 + (i >> 16));
}

/* ---- streams ---- */

static void exchange(void)
{
	char buf[64];
	int v[2];

	NEED_INET();
	connection(v);
	EQ(send(v[0], "hello ", 6, 0), 6);
	EQ(write(v[0], "world", 5), 5);
	EQ(pending(v[1]), 11);
	EQ(recv(v[1], buf, 5, MSG_PEEK), 5);
	EQ(pending(v[1]), 11);
	EQ(recv(v[1], buf, sizeof(buf), MSG_DONTWAIT), 11);
	CHECK(!memcmp(buf, "hello world", 11));
	FAILS(recv(v[1], buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	EQ(pending(v[1]), 0);
	EQ(write(v[1], "back", 4), 4);
	EQ(read(v[0], buf, sizeof(buf)), 4);
	CHECK(!memcmp(buf, "back", 4));
	EQ(send(v[0], "abcdef", 6, 0), 6);
	EQ(recv(v[1], buf, 4, MSG_TRUNC), 4); /* thrown away */
	EQ(recv(v[1], buf, 4, 0), 2);
	CHECK(!memcmp(buf, "ef", 2));
	EQ(send(v[0], "", 0, 0), 0);
	FAILS(recv(v[1], buf, 1, MSG_DONTWAIT), EAGAIN);
	gone(v);
}

static void vectors(void)
{
	char a[3], b[8] = { 0 };
	struct iovec out[2] = { { "abc", 3 }, { "defgh", 5 } }, in[2] = { { a, 3 }, { b, 8 } };
	struct msghdr h = { .msg_iov = out, .msg_iovlen = 2 };
	struct sockaddr_in from;
	int v[2];

	NEED_INET();
	connection(v);
	EQ(sendmsg(v[0], &h, 0), 8);
	h = (struct msghdr){
		.msg_iov = in, .msg_iovlen = 2, .msg_name = &from, .msg_namelen = sizeof(from)
	};
	EQ(recvmsg(v[1], &h, 0), 8);
	CHECK(!memcmp(a, "abc", 3) && !memcmp(b, "defgh", 5));
	EQ(h.msg_namelen, 0);
	EQ(h.msg_flags, 0);
	EQ(writev(v[1], out, 2), 8);
	EQ(readv(v[0], in, 2), 8);
	CHECK(!memcmp(a, "abc", 3) && !memcmp(b, "defgh", 5));
	FAILS(send(v[0], (void *)8, 5, 0), EFAULT);
	EQ(send(v[0], "x", 1, 0), 1);
	FAILS(recv(v[1], (void *)8, 5, 0), EFAULT);
	EQ(recv(v[1], b, 5, 0), 1); /* still there */
	gone(v);
}

enum { MUCH = 3 << 20 };

static void *sends_much(void *arg)
{
	size_t done = 0, n;
	unsigned char buf[40000];

	while (done < MUCH) {
		n = MUCH - done < sizeof(buf) ? MUCH - done : sizeof(buf);
		for (size_t i = 0; i < n; i++)
			buf[i] = byte_at(done + i);
		EQ(send(*(int *)arg, buf, n, 0), n);
		done += n;
	}
	OK(shutdown(*(int *)arg, SHUT_WR));
	return NULL;
}

/* More than all windows and buffers: sender and receiver wait for one another; then the end. */
static void much(void)
{
	unsigned char buf[30000];
	size_t done = 0, wrong = 0;
	pthread_t t;
	ssize_t n;
	int v[2];

	NEED_INET();
	connection(v);
	EQ(pthread_create(&t, NULL, sends_much, &v[0]), 0);
	while ((n = recv(v[1], buf, sizeof(buf), 0)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			wrong += buf[i] != byte_at(done + (size_t)i);
		done += (size_t)n;
	}
	EQ(n, 0);
	EQ(done, MUCH);
	EQ(wrong, 0);
	EQ(pthread_join(t, NULL), 0);
	EQ(recv(v[1], buf, 1, 0), 0); /* the end stays */
	gone(v);
}

/* Without waiting: as much as goes, then what was sent comes out. */
static void full(void)
{
	static unsigned char buf[65536];
	size_t in = 0, out = 0, wrong = 0;
	ssize_t n;
	int v[2];

	NEED_INET();
	connection(v);
	OK(fcntl(v[0], F_SETFL, O_NONBLOCK));
	EQ(ready(v[0]), POLLOUT);
	for (;;) {
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = byte_at(in + i);
		n = send(v[0], buf, sizeof(buf), 0);
		if (n < 0)
			break;
		in += (size_t)n;
	}
	EQ(errno, EAGAIN);
	CHECK(in > 65536);
	EQ(ready(v[0]), 0);
	while (out < in && (n = recv(v[1], buf, sizeof(buf), 0)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			wrong += buf[i] != byte_at(out + (size_t)i);
		out += (size_t)n;
	}
	EQ(out, in);
	EQ(wrong, 0);
	EQ(ready(v[0]), POLLOUT);
	gone(v);
}

static void *sends_three(void *arg)
{
	for (int i = 0; i < 3; i++) {
		usleep(20000);
		EQ(send(*(int *)arg, "0123456789", 10, 0), 10);
	}
	return NULL;
}

static void wait_all(void)
{
	char buf[40];
	pthread_t t;
	int v[2];

	NEED_INET();
	connection(v);
	EQ(pthread_create(&t, NULL, sends_three, &v[0]), 0);
	EQ(recv(v[1], buf, 30, MSG_WAITALL), 30);
	EQ(pthread_join(t, NULL), 0);
	EQ(send(v[0], "tail", 4, 0), 4);
	OK(shutdown(v[0], SHUT_WR));
	EQ(recv(v[1], buf, 40, MSG_WAITALL), 4); /* the end comes first */
	gone(v);
}

static void half_closed(void)
{
	char buf[16];
	int v[2];

	NEED_INET();
	connection(v);
	EQ(send(v[0], "last", 4, 0), 4);
	OK(shutdown(v[0], SHUT_WR));
	EQ(ready(v[1]), POLLIN | POLLOUT | POLLRDHUP);
	EQ(recv(v[1], buf, sizeof(buf), 0), 4);
	EQ(recv(v[1], buf, sizeof(buf), 0), 0);
	EQ(send(v[1], "answer", 6, 0), 6); /* the other way is open */
	EQ(recv(v[0], buf, sizeof(buf), 0), 6);
	signal(SIGPIPE, SIG_IGN);
	FAILS(send(v[0], "x", 1, 0), EPIPE);
	signal(SIGPIPE, SIG_DFL);
	FAILS(send(v[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(shutdown(v[0], 3), EINVAL);
	gone(v);
}

static volatile int pipes;

static void count_pipe(int sig)
{
	pipes++;
}

static void broken(void)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	char buf[4];
	int v[2];

	NEED_INET();
	connection(v);
	signal(SIGPIPE, count_pipe);
	reset(v[0]);
	EQ(ready(v[1]), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	FAILS(recv(v[1], buf, 4, 0), ECONNRESET);
	EQ(recv(v[1], buf, 4, 0), 0); /* said once */
	FAILS(send(v[1], "x", 1, 0), EPIPE);
	EQ(pipes, 1);
	FAILS(send(v[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	EQ(pipes, 1);
	FAILS(getpeername(v[1], (void *)&a, &len), ENOTCONN);
	FAILS(shutdown(v[1], SHUT_WR), ENOTCONN);
	close(v[1]);
	connection(v); /* unread bytes: a reset as well */
	EQ(send(v[0], "lost", 4, 0), 4);
	close(v[1]);
	EQ(option(v[0], SOL_SOCKET, SO_ERROR), ECONNRESET);
	EQ(option(v[0], SOL_SOCKET, SO_ERROR), 0);
	close(v[0]);
}

/* ---- connecting ---- */

static void refused(void)
{
	unsigned port;
	int l, s;

	NEED_INET();
	l = listener(&port);
	s = socket(AF_INET, SOCK_STREAM, 0);
	close(l);
	FAILS(join(s, port), ECONNREFUSED);
	FAILS(join(s, port), ECONNREFUSED); /* it may be tried again */
	close(s);
	s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	FAILS(join(s, port), EINPROGRESS);
	EQ(ready(s), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	EQ(option(s, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	FAILS(join(s, port), ECONNABORTED);
	close(s);
}

static void in_progress(void)
{
	struct sockaddr_in none = { .sin_family = AF_UNSPEC };
	unsigned port;
	int l, s, c;

	NEED_INET();
	l = listener(&port);
	s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	EQ(ready(s), POLLOUT | POLLHUP);
	EQ(ready(l), 0);
	FAILS(syscall(SYS_accept4, l, NULL, NULL, 99), EINVAL);
	FAILS(join(s, port), EINPROGRESS);
	EQ(ready(s), POLLOUT);
	EQ(option(s, SOL_SOCKET, SO_ERROR), 0);
	OK(join(s, port)); /* how it ended is said once */
	FAILS(join(s, port), EISCONN);
	EQ(ready(l), POLLIN);
	c = accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	CHECK(c >= 0);
	EQ(fcntl(c, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	EQ(fcntl(c, F_GETFD), FD_CLOEXEC);
	EQ(ready(l), 0);
	FAILS(join(l, port), EISCONN);
	OK(connect(s, (void *)&none, sizeof(none))); /* as new */
	EQ(option(c, SOL_SOCKET, SO_ERROR), ECONNRESET);
	close(c);
	FAILS(join(s, port), EINPROGRESS);
	OK(join(s, port));
	c = accept(l, NULL, NULL);
	reset(s);
	reset(c);
	OK(fcntl(l, F_SETFL, O_NONBLOCK));
	FAILS(accept(l, NULL, NULL), EAGAIN);
	close(l);
}

static void unconnected(void)
{
	struct sockaddr_in a = at(INADDR_LOOPBACK, 0);
	socklen_t len = sizeof(a);
	char c;
	int s;

	NEED_INET();
	s = socket(AF_INET, SOCK_STREAM, 0);
	FAILS(recv(s, &c, 1, 0), ENOTCONN);
	FAILS(send(s, &c, 1, MSG_NOSIGNAL), EPIPE);
	FAILS(getpeername(s, (void *)&a, &len), ENOTCONN);
	FAILS(shutdown(s, SHUT_RD), ENOTCONN);
	FAILS(accept(s, NULL, NULL), EINVAL);
	OK(getsockname(s, (void *)&a, &len));
	EQ(a.sin_family, AF_INET);
	EQ(a.sin_port, 0);
	EQ(a.sin_addr.s_addr, 0);
	EQ(len, sizeof(a));
	FAILS(connect(s, (void *)&a, 8), EINVAL);
	a.sin_family = 77;
	FAILS(connect(s, (void *)&a, sizeof(a)), EAFNOSUPPORT);
	a = at(0xc6336401, 9); /* nobody knows the way to TEST-NET-2 */
	if (!getenv("TAP_NETWORK"))
		FAILS(connect(s, (void *)&a, sizeof(a)), ENETUNREACH);
	close(s);
}

static void *accepts(void *arg)
{
	int s = accept(*(int *)arg, NULL, NULL);

	CHECK(s >= 0);
	return (void *)(long)s;
}

/* Four threads in accept(): each connection wakes one of them. */
static void accepted_once(void)
{
	pthread_t t[4];
	unsigned port;
	void *s;
	int l, c[4];

	NEED_INET();
	l = listener(&port);
	for (int i = 0; i < 4; i++)
		EQ(pthread_create(&t[i], NULL, accepts, &l), 0);
	for (int i = 0; i < 4; i++) {
		c[i] = socket(AF_INET, SOCK_STREAM, 0);
		OK(join(c[i], port));
	}
	for (int i = 0; i < 4; i++) {
		EQ(pthread_join(t[i], &s), 0);
		reset((int)(long)s);
	}
	for (int i = 0; i < 4; i++)
		reset(c[i]);
	close(l);
}

/* A listener that closes resets who was not accepted; shutdown ends listening. */
static void closed_listener(void)
{
	unsigned port;
	int l, s;

	NEED_INET();
	l = listener(&port);
	s = socket(AF_INET, SOCK_STREAM, 0);
	OK(join(s, port));
	close(l);
	EQ(option(s, SOL_SOCKET, SO_ERROR), ECONNRESET);
	close(s);
	l = listener(&port);
	OK(shutdown(l, SHUT_RD));
	FAILS(accept(l, NULL, NULL), EINVAL);
	s = socket(AF_INET, SOCK_STREAM, 0);
	FAILS(join(s, port), ECONNREFUSED);
	close(s);
	close(l);
}

static void timeouts(void)
{
	struct timeval tv = { 0, 30000 };
	char c;
	int v[2];

	NEED_INET();
	connection(v);
	OK(setsockopt(v[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	FAILS(recv(v[0], &c, 1, 0), EAGAIN);
	gone(v);
}

/* ---- names ---- */

static void names(void)
{
	struct sockaddr_in a = at(INADDR_LOOPBACK, 0), b;
	socklen_t len = sizeof(b);
	unsigned port;
	int l, s, c, t;

	NEED_INET();
	l = listener(&port);
	CHECK(port >= 32768 && port <= 60999);
	s = socket(AF_INET, SOCK_STREAM, 0);
	OK(bind(s, (void *)&a, sizeof(a)));
	FAILS(bind(s, (void *)&a, sizeof(a)), EINVAL);
	OK(join(s, port));
	c = accept(l, (void *)&b, &len);
	CHECK(c >= 0);
	EQ(len, sizeof(b));
	EQ(ntohs(b.sin_port), port_of(s));
	EQ(ntohl(b.sin_addr.s_addr), INADDR_LOOPBACK);
	OK(getpeername(s, (void *)&b, &len));
	EQ(ntohs(b.sin_port), port);
	EQ(port_of(c), port);
	t = socket(AF_INET, SOCK_STREAM, 0);
	a = at(INADDR_ANY, port);
	FAILS(bind(t, (void *)&a, sizeof(a)), EADDRINUSE);
	a = at(0xc6336401, 0);
	FAILS(bind(t, (void *)&a, sizeof(a)), EADDRNOTAVAIL);
	FAILS(bind(t, (void *)&a, 15), EINVAL);
	a.sin_family = AF_INET6;
	FAILS(bind(t, (void *)&a, sizeof(a)), EAFNOSUPPORT);
	reset(s);
	reset(c);
	close(l);
	a = at(INADDR_LOOPBACK, port);
	OK(bind(t, (void *)&a, sizeof(a))); /* free again */
	close(t);
}

static void privileged(void)
{
	struct sockaddr_in a = at(INADDR_LOOPBACK, 80);
	int s;

	NEED_INET();
	s = socket(AF_INET, SOCK_STREAM, 0);
	OK(bind(s, (void *)&a, sizeof(a)));
	close(s);
	OK(setuid(1000));
	s = socket(AF_INET, SOCK_STREAM, 0);
	FAILS(bind(s, (void *)&a, sizeof(a)), EACCES);
	close(s);
	FAILS(socket(AF_INET, SOCK_RAW, 1), EPERM);
}

static void kinds(void)
{
	int s;

	NEED_INET();
	FAILS(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
	FAILS(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP), EPROTONOSUPPORT);
	FAILS(socket(AF_INET, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT);
	FAILS(socket(AF_INET, SOCK_RAW, 0), EPROTONOSUPPORT);
	FAILS(socket(AF_INET, 15, 0), EINVAL);
	FAILS(socketpair(AF_INET, SOCK_STREAM, 0, (int[2]){ 0 }), EOPNOTSUPP);
	s = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	CHECK(s >= 0);
	EQ(option(s, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	EQ(option(s, SOL_SOCKET, SO_DOMAIN), AF_INET6);
	EQ(option(s, SOL_SOCKET, SO_PROTOCOL), IPPROTO_UDP);
	FAILS(listen(s, 1), EOPNOTSUPP);
	FAILS(accept(s, NULL, NULL), EOPNOTSUPP);
	close(s);
}

/* ---- options ---- */

static void options(void)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int v[2], n = 0;

	NEED_INET();
	connection(v);
	EQ(option(v[0], SOL_SOCKET, SO_ACCEPTCONN), 0);
	EQ(option(v[0], SOL_SOCKET, SO_KEEPALIVE), 0);
	set(v[0], SOL_SOCKET, SO_KEEPALIVE, 1);
	EQ(option(v[0], SOL_SOCKET, SO_KEEPALIVE), 1);
	set(v[0], SOL_SOCKET, SO_REUSEADDR, 1);
	EQ(option(v[0], SOL_SOCKET, SO_REUSEADDR), 1);
	EQ(option(v[0], IPPROTO_TCP, TCP_NODELAY), 0);
	set(v[0], IPPROTO_TCP, TCP_NODELAY, 1);
	EQ(option(v[0], IPPROTO_TCP, TCP_NODELAY), 1);
	EQ(option(v[0], IPPROTO_TCP, TCP_KEEPIDLE), 7200);
	set(v[0], IPPROTO_TCP, TCP_KEEPIDLE, 60);
	EQ(option(v[0], IPPROTO_TCP, TCP_KEEPIDLE), 60);
	EQ(option(v[0], IPPROTO_TCP, TCP_KEEPINTVL), 75);
	EQ(option(v[0], IPPROTO_TCP, TCP_KEEPCNT), 9);
	FAILS(setsockopt(v[0], IPPROTO_TCP, TCP_KEEPCNT, &n, sizeof(n)), EINVAL);
	FAILS(setsockopt(v[0], IPPROTO_TCP, TCP_NODELAY, &n, 1), EINVAL);
	FAILS(setsockopt(v[0], IPPROTO_TCP, 999, &n, sizeof(n)), ENOPROTOOPT);
	FAILS(setsockopt(v[0], IPPROTO_IPV6, IPV6_V6ONLY, &n, sizeof(n)), ENOPROTOOPT);
	EQ(option(v[0], IPPROTO_IP, IP_TTL), 64);
	set(v[0], IPPROTO_IP, IP_TTL, 9);
	EQ(option(v[0], IPPROTO_IP, IP_TTL), 9);
	n = 256;
	FAILS(setsockopt(v[0], IPPROTO_IP, IP_TTL, &n, sizeof(n)), EINVAL);
	set(v[0], IPPROTO_IP, IP_TOS, 0x10);
	EQ(option(v[0], IPPROTO_IP, IP_TOS), 0x10);
	set(v[0], SOL_SOCKET, SO_RCVBUF, 20000);
	EQ(option(v[0], SOL_SOCKET, SO_RCVBUF), 40000);
	memset(&info, 0, sizeof(info));
	OK(getsockopt(v[0], IPPROTO_TCP, TCP_INFO, &info, &len));
	EQ(info.tcpi_state, TCP_ESTABLISHED);
	gone(v);
}

static void reuse(void)
{
	struct sockaddr_in a;
	unsigned port;
	int l, s, c, t;

	NEED_INET();
	l = socket(AF_INET, SOCK_STREAM, 0);
	set(l, SOL_SOCKET, SO_REUSEADDR, 1);
	OK(listen(l, 5)); /* a port of its own */
	port = port_of(l);
	s = socket(AF_INET, SOCK_STREAM, 0);
	OK(join(s, port));
	c = accept(l, NULL, NULL);
	EQ(option(c, SOL_SOCKET, SO_REUSEADDR), 1); /* as its listener */
	close(l);
	a = at(INADDR_ANY, port);
	t = socket(AF_INET, SOCK_STREAM, 0);
	FAILS(bind(t, (void *)&a, sizeof(a)), EADDRINUSE);
	set(t, SOL_SOCKET, SO_REUSEADDR, 1);
	OK(bind(t, (void *)&a, sizeof(a)));
	OK(listen(t, 5));
	l = socket(AF_INET, SOCK_STREAM, 0);
	set(l, SOL_SOCKET, SO_REUSEADDR, 1);
	FAILS(bind(l, (void *)&a, sizeof(a)) ?: listen(l, 5), EADDRINUSE);
	close(l);
	close(t);
	reset(s);
	reset(c);
}

/* ---- datagrams ---- */

static int udp(unsigned *port)
{
	struct sockaddr_in a = at(INADDR_LOOPBACK, 0);
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK(s >= 0);
	OK(bind(s, (void *)&a, sizeof(a)));
	*port = port_of(s);
	return s;
}

static void datagrams(void)
{
	struct sockaddr_in a, from;
	socklen_t len = sizeof(from);
	unsigned pa, pb;
	char buf[16];
	int s, t;

	NEED_INET();
	s = udp(&pa);
	t = udp(&pb);
	a = at(INADDR_LOOPBACK, pb);
	FAILS(send(s, "x", 1, 0), EDESTADDRREQ);
	EQ(sendto(s, "one", 3, 0, (void *)&a, sizeof(a)), 3);
	EQ(sendto(s, "", 0, 0, (void *)&a, sizeof(a)), 0);
	EQ(sendto(s, "three", 5, 0, (void *)&a, sizeof(a)), 5);
	EQ(ready(t), POLLIN | POLLOUT);
	EQ(pending(t), 3);
	EQ(recvfrom(t, buf, sizeof(buf), MSG_PEEK, (void *)&from, &len), 3);
	EQ(recvfrom(t, buf, sizeof(buf), 0, (void *)&from, &len), 3);
	CHECK(!memcmp(buf, "one", 3));
	EQ(ntohs(from.sin_port), pa);
	EQ(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
	EQ(recv(t, buf, sizeof(buf), 0), 0);
	EQ(recv(t, buf, 2, MSG_TRUNC), 5); /* the rest is lost */
	CHECK(!memcmp(buf, "th", 2));
	FAILS(recv(t, buf, 2, MSG_DONTWAIT), EAGAIN);
	OK(connect(s, (void *)&a, sizeof(a)));
	EQ(send(s, "four", 4, 0), 4);
	EQ(read(t, buf, sizeof(buf)), 4);
	a = at(INADDR_LOOPBACK, pa);
	EQ(sendto(t, "five", 4, 0, (void *)&a, sizeof(a)), 4);
	EQ(read(s, buf, sizeof(buf)), 4);
	close(t);
	EQ(send(s, "x", 1, 0), 1);
	EQ(option(s, SOL_SOCKET, SO_ERROR), ECONNREFUSED); /* nobody is there */
	close(s);
}

static void large_datagram(void)
{
	static unsigned char buf[65508];
	struct sockaddr_in a;
	unsigned port, own;
	size_t wrong = 0;
	int s, t;

	NEED_INET();
	s = udp(&own);
	t = udp(&port);
	a = at(INADDR_LOOPBACK, port);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = byte_at(i);
	FAILS(sendto(s, buf, 65508, 0, (void *)&a, sizeof(a)), EMSGSIZE);
	EQ(sendto(s, buf, 65507, 0, (void *)&a, sizeof(a)), 65507);
	memset(buf, 0, sizeof(buf));
	EQ(recv(t, buf, sizeof(buf), 0), 65507);
	for (size_t i = 0; i < 65507; i++)
		wrong += buf[i] != byte_at(i);
	EQ(wrong, 0);
	/* What is over SO_RCVBUF is lost; what is below stays. */
	set(t, SOL_SOCKET, SO_RCVBUF, 4096);
	for (int i = 0; i < 20; i++)
		EQ(sendto(s, buf, 1000, 0, (void *)&a, sizeof(a)), 1000);
	for (int i = 0; i < 6; i++)
		EQ(recv(t, buf, sizeof(buf), MSG_DONTWAIT), 1000);
	FAILS(recv(t, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	close(s);
	close(t);
}

static void many_messages(void)
{
	char a[2][8], out[2][3] = { "ab", "cd" };
	struct iovec in[2] = { { a[0], 8 }, { a[1], 8 } },
		     iov[2] = { { out[0], 2 }, { out[1], 2 } };
	struct mmsghdr h[2];
	unsigned pa, pb;
	int s, t;

	NEED_INET();
	s = udp(&pa);
	t = udp(&pb);
	OK(join(s, pb));
	memset(h, 0, sizeof(h));
	for (int i = 0; i < 2; i++)
		h[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	EQ(sendmmsg(s, h, 2, 0), 2);
	for (int i = 0; i < 2; i++)
		h[i].msg_hdr = (struct msghdr){ .msg_iov = &in[i], .msg_iovlen = 1 };
	EQ(recvmmsg(t, h, 2, 0, NULL), 2);
	EQ(h[1].msg_len, 2);
	CHECK(!memcmp(a[0], "ab", 2) && !memcmp(a[1], "cd", 2));
	close(s);
	close(t);
}

/* An echo request to oneself: request and reply pass by a raw socket. */
static void raw(void)
{
	unsigned char echo[8] = { 8, 0, 0, 0, 0x12, 0x34, 0, 1 }, buf[64];
	struct sockaddr_in a = at(INADDR_LOOPBACK, 0), from;
	socklen_t len = sizeof(from);
	unsigned sum = 0x0800 + 0x1234 + 1;
	int s;

	NEED_INET();
	s = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	CHECK(s >= 0);
	echo[2] = (unsigned char)(~sum >> 8);
	echo[3] = (unsigned char)~sum;
	EQ(sendto(s, echo, 8, 0, (void *)&a, sizeof(a)), 8);
	EQ(recv(s, buf, sizeof(buf), 0), 28);
	EQ(buf[20], 8);
	EQ(recvfrom(s, buf, sizeof(buf), 0, (void *)&from, &len), 28);
	EQ(buf[0], 0x45);
	EQ(buf[20], 0);
	CHECK(!memcmp(buf + 24, echo + 4, 4));
	EQ(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
	close(s);
}

/* ---- IPv6 ---- */

static struct sockaddr_in6 at6(const char *text, unsigned port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };

	EQ(inet_pton(AF_INET6, text, &a.sin6_addr), 1);
	return a;
}

static void ipv6(void)
{
	struct sockaddr_in6 a = at6("::", 0), b;
	socklen_t len = sizeof(b);
	char buf[8];
	unsigned port;
	int l, s, c;

	NEED_INET();
	l = socket(AF_INET6, SOCK_STREAM, 0);
	EQ(option(l, IPPROTO_IPV6, IPV6_V6ONLY), 0);
	OK(bind(l, (void *)&a, sizeof(a)));
	OK(listen(l, 5));
	OK(getsockname(l, (void *)&b, &len));
	EQ(len, sizeof(b));
	port = ntohs(b.sin6_port);
	s = socket(AF_INET6, SOCK_STREAM, 0);
	a = at6("::1", port);
	OK(connect(s, (void *)&a, sizeof(a)));
	c = accept(l, (void *)&b, &len);
	CHECK(IN6_IS_ADDR_LOOPBACK(&b.sin6_addr));
	EQ(write(s, "six", 3), 3);
	EQ(read(c, buf, sizeof(buf)), 3);
	reset(s);
	reset(c);
	s = socket(AF_INET, SOCK_STREAM, 0); /* of the older kind, to the same listener */
	OK(join(s, port));
	c = accept(l, (void *)&b, &len);
	CHECK(IN6_IS_ADDR_V4MAPPED(&b.sin6_addr));
	EQ(ntohs(b.sin6_port), port_of(s));
	reset(s);
	reset(c);
	close(l);
	l = socket(AF_INET6, SOCK_STREAM, 0);
	set(l, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	a = at6("::", 0);
	OK(bind(l, (void *)&a, sizeof(a)));
	OK(listen(l, 5));
	OK(getsockname(l, (void *)&b, &len));
	s = socket(AF_INET, SOCK_STREAM, 0);
	FAILS(join(s, ntohs(b.sin6_port)), ECONNREFUSED);
	close(s);
	close(l);
}

static void ipv6_datagrams(void)
{
	struct sockaddr_in6 a = at6("::1", 0), from;
	socklen_t len = sizeof(a);
	char buf[8];
	int s, t;

	NEED_INET();
	s = socket(AF_INET6, SOCK_DGRAM, 0);
	t = socket(AF_INET6, SOCK_DGRAM, 0);
	OK(bind(t, (void *)&a, sizeof(a)));
	OK(getsockname(t, (void *)&a, &len));
	EQ(sendto(s, "abc", 3, 0, (void *)&a, sizeof(a)), 3);
	EQ(recvfrom(t, buf, sizeof(buf), 0, (void *)&from, &len), 3);
	CHECK(IN6_IS_ADDR_LOOPBACK(&from.sin6_addr));
	close(s);
	close(t);
}

/* ---- waiting ---- */

static void *sends_late(void *arg)
{
	usleep(30000);
	EQ(send(*(int *)arg, "x", 1, 0), 1);
	return NULL;
}

static void epolled(void)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET }, got;
	pthread_t t;
	char c;
	int v[2], e;

	NEED_INET();
	connection(v);
	e = epoll_create1(0);
	OK(epoll_ctl(e, EPOLL_CTL_ADD, v[1], &ev));
	EQ(epoll_wait(e, &got, 1, 0), 0);
	EQ(pthread_create(&t, NULL, sends_late, &v[0]), 0);
	EQ(epoll_wait(e, &got, 1, -1), 1);
	EQ(got.events, EPOLLIN);
	EQ(epoll_wait(e, &got, 1, 0), 0); /* once for each arrival */
	EQ(pthread_join(t, NULL), 0);
	EQ(read(v[1], &c, 1), 1);
	OK(shutdown(v[0], SHUT_WR));
	EQ(epoll_wait(e, &got, 1, -1), 1);
	EQ(got.events, EPOLLIN | EPOLLRDHUP);
	close(e);
	gone(v);
}

/* A child has the descriptors, too: the connection ends with the last of them. */
static void forked(void)
{
	char buf[8];
	int v[2], status;
	pid_t pid;

	NEED_INET();
	connection(v);
	pid = fork();
	if (!pid) {
		EQ(write(v[1], "child", 5), 5);
		_exit(tap_failures);
	}
	OK(waitpid(pid, &status, 0) == pid ? 0 : -1);
	EQ(status, 0);
	EQ(read(v[0], buf, sizeof(buf)), 5);
	FAILS(recv(v[0], buf, 1, MSG_DONTWAIT), EAGAIN);
	gone(v);
}

static void from_file(void)
{
	static unsigned char buf[100000];
	size_t done = 0, wrong = 0;
	off_t off = 0;
	ssize_t n;
	int v[2], fd;

	NEED_INET();
	fd = open("inet.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = byte_at(i);
	EQ(write(fd, buf, sizeof(buf)), sizeof(buf));
	memset(buf, 0, sizeof(buf));
	connection(v);
	EQ(sendfile(v[0], fd, &off, sizeof(buf)), sizeof(buf));
	OK(shutdown(v[0], SHUT_WR));
	while ((n = read(v[1], buf + done, sizeof(buf) - done)) > 0)
		done += (size_t)n;
	EQ(done, sizeof(buf));
	for (size_t i = 0; i < sizeof(buf); i++)
		wrong += buf[i] != byte_at(i);
	EQ(wrong, 0);
	gone(v);
	close(fd);
	unlink("inet.tmp");
}

/* ---- interfaces, /proc ---- */

static void interfaces(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	struct ifconf c = { 0 };
	int s;

	NEED_INET();
	s = socket(AF_INET, SOCK_DGRAM, 0);
	OK(ioctl(s, SIOCGIFFLAGS, &r));
	EQ(r.ifr_flags, IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
	OK(ioctl(s, SIOCGIFADDR, &r));
	EQ(ntohl(((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr), INADDR_LOOPBACK);
	OK(ioctl(s, SIOCGIFNETMASK, &r));
	EQ(ntohl(((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr), 0xff000000);
	OK(ioctl(s, SIOCGIFMTU, &r));
	EQ(r.ifr_mtu, 65536);
	OK(ioctl(s, SIOCGIFINDEX, &r));
	EQ(r.ifr_ifindex, 1);
	OK(ioctl(s, SIOCGIFCONF, &c));
	CHECK(c.ifc_len >= (int)sizeof(r));
	EQ(if_nametoindex("lo"), 1);
	strcpy(r.ifr_name, "none");
	FAILS(ioctl(s, SIOCGIFFLAGS, &r), ENODEV);
	FAILS(ioctl(s, 0x1234, &r), ENOTTY);
	close(s);
}

static int listed(const char *file, const char *what)
{
	char line[256];
	FILE *f = fopen(file, "r");
	int n = 0;

	CHECK(f);
	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, what) != NULL;
	if (f)
		fclose(f);
	return n;
}

static void in_proc(void)
{
	char text[64];
	unsigned port, u;
	int l, s;

	NEED_INET();
	l = listener(&port);
	s = udp(&u);
	snprintf(text, sizeof(text), "0100007F:%04X 00000000:0000 0A", port);
	EQ(listed("/proc/net/tcp", text), 1);
	EQ(listed("/proc/net/tcp6", text), 0);
	snprintf(text, sizeof(text), "0100007F:%04X 00000000:0000 07", u);
	EQ(listed("/proc/net/udp", text), 1);
	EQ(listed("/proc/net/dev", "lo:"), 1);
	EQ(listed("/proc/net/if_inet6", "00000000000000000000000000000001 01 80 10 80"), 1);
	close(l);
	close(s);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = {
		T(exchange),	  T(vectors),	  T(much),	    T(full),
		T(wait_all),	  T(half_closed), T(broken),	    T(refused),
		T(in_progress),	  T(unconnected), T(accepted_once), T(closed_listener),
		T(timeouts),	  T(names),	  T(privileged),    T(kinds),
		T(options),	  T(reuse),	  T(datagrams),	    T(large_datagram),
		T(many_messages), T(raw),	  T(ipv6),	    T(ipv6_datagrams),
		T(epolled),	  T(forked),	  T(from_file),	    T(interfaces),
		T(in_proc),	  TEND,
	};

	return tap_main(argc, argv, t);
}
