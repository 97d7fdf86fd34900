/* TCP over the loopback: connections, their bytes and ends, names, options, what there is to wait for. */
#include "inet.h"

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

/* The stream's bytes from its start to its end, which must be @len of them. */
static void take_all(int fd, size_t len)
{
	static unsigned char buf[4777];
	size_t out = 0, wrong = 0;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			wrong += buf[i] != byte_at(out + (size_t)i);
		out += (size_t)n;
	}
	EQ(n, 0);
	EQ(out, len);
	EQ(wrong, 0);
}

/* Pieces of all sizes, whose sender has closed before they are read: looked at first, then taken in odd steps. */
static void left_behind(void)
{
	static const size_t sizes[] = { 1, 5000, 300, 40000, 70, 33000, 32640, 9, 65536 };
	static unsigned char buf[65536];
	size_t in = 0, wrong = 0;
	int v[2];

	NEED_INET();
	connection(v);
	for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
		for (size_t i = 0; i < sizes[k]; i++)
			buf[i] = byte_at(in + i);
		EQ(send(v[0], buf, sizes[k], 0), sizes[k]);
		in += sizes[k];
	}
	OK(close(v[0]));
	EQ(recv(v[1], buf, 50000, MSG_PEEK), 50000);
	for (size_t i = 0; i < 50000; i++)
		wrong += buf[i] != byte_at(i);
	EQ(wrong, 0);
	take_all(v[1], in);
	close(v[1]);
}

/* Small pieces and large ones in turn, until no more goes: those that wait for the peer share packets. */
static void held_back(void)
{
	static const size_t sizes[] = { 100, 3000, 1, 20000, 70, 200, 9 };
	static unsigned char buf[20000];
	size_t in = 0;
	ssize_t n = 0;
	int v[2];

	NEED_INET();
	connection(v);
	OK(fcntl(v[0], F_SETFL, O_NONBLOCK));
	for (size_t k = 0; n >= 0; k++, in += (size_t)n) {
		size_t len = sizes[k % ARRAY_LEN(sizes)];

		for (size_t i = 0; i < len; i++)
			buf[i] = byte_at(in + i);
		n = send(v[0], buf, len, MSG_MORE);
		if (n < 0)
			break;
	}
	EQ(errno, EAGAIN);
	CHECK(in > 300000);
	OK(close(v[0]));
	take_all(v[1], in);
	close(v[1]);
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
	EQ(ready(s), POLLOUT | POLLHUP);    /* as if it had not */
	close(s);
	s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	FAILS(join(s, port), EINPROGRESS);
	EQ(ready(s), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	EQ(option(s, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	EQ(ready(s), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	FAILS(join(s, port), ECONNABORTED);
	EQ(ready(s), POLLOUT | POLLHUP);
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
	FAILS(socketpair(AF_INET, SOCK_DGRAM, IPPROTO_TCP, (int[2]){ 0 }), EPROTONOSUPPORT);
	FAILS(socketpair(AF_INET, SOCK_STREAM, IPPROTO_ICMP, (int[2]){ 0 }), EPROTONOSUPPORT);
	FAILS(socketpair(AF_INET, SOCK_RAW, 0, (int[2]){ 0 }), EPROTONOSUPPORT);
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
	char long_info[256];
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
	EQ(len, sizeof(info));
	EQ(info.tcpi_state, TCP_ESTABLISHED);
	EQ(info.tcpi_options & TCPI_OPT_WSCALE, TCPI_OPT_WSCALE);
	EQ(info.tcpi_rcv_wscale, info.tcpi_snd_wscale);
	len = 232; /* Linux 6.1's; this header's may be shorter */
	OK(getsockopt(v[0], IPPROTO_TCP, TCP_INFO, long_info, &len));
	EQ(len, 232);
	memcpy(&n, long_info + 228, 4); /* tcpi_snd_wnd */
	CHECK(n >= 65535);
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

static int bound(unsigned flag, uint32_t host, unsigned port, int *err)
{
	struct sockaddr_in a = at(host, port);
	int s = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(s >= 0);
	if (flag)
		set(s, SOL_SOCKET, (int)flag, 1);
	*err = bind(s, (void *)&a, sizeof(a)) ? errno : 0;
	return s;
}

/* SO_REUSEADDR: a port for many as long as nobody listens there. */
static void beside_listener(void)
{
	int a, b, c, err;
	unsigned port;

	NEED_INET();
	a = bound(SO_REUSEADDR, INADDR_LOOPBACK, 0, &err);
	EQ(err, 0);
	port = port_of(a);
	b = bound(SO_REUSEADDR, INADDR_LOOPBACK, port, &err);
	EQ(err, 0);
	OK(listen(a, 1));
	FAILS(listen(b, 1), EADDRINUSE);
	close(bound(SO_REUSEADDR, INADDR_LOOPBACK, port, &err));
	EQ(err, EADDRINUSE);
	close(bound(SO_REUSEADDR, INADDR_ANY, port, &err));
	EQ(err, EADDRINUSE);
	close(bound(SO_REUSEPORT, INADDR_LOOPBACK, port, &err));
	EQ(err, EADDRINUSE);
	c = bound(0, INADDR_LOOPBACK + 1, port, &err);
	EQ(err, 0);
	close(a);
	OK(listen(b, 1));
	close(b);
	close(c);
}

enum { SPREAD = 32 };

/* SO_REUSEPORT: one user's listeners, each of which gets a part of what comes. */
static void spread(void)
{
	int l[2], c[SPREAD], s[SPREAD], err, nr[2] = { 0, 0 };
	unsigned port;

	NEED_INET();
	l[0] = bound(SO_REUSEPORT, INADDR_LOOPBACK, 0, &err);
	EQ(err, 0);
	port = port_of(l[0]);
	OK(listen(l[0], SPREAD));
	l[1] = bound(SO_REUSEPORT, INADDR_LOOPBACK, port, &err);
	EQ(err, 0);
	OK(listen(l[1], SPREAD));
	close(bound(SO_REUSEADDR, INADDR_LOOPBACK, port, &err));
	EQ(err, EADDRINUSE);
	if (!geteuid()) {
		OK(seteuid(1000));
		close(bound(SO_REUSEPORT, INADDR_LOOPBACK, port, &err));
		OK(seteuid(0));
		EQ(err, EADDRINUSE);
	}
	for (int i = 0; i < SPREAD; i++) {
		c[i] = socket(AF_INET, SOCK_STREAM, 0);
		OK(join(c[i], port));
	}
	for (int i = 0; i < SPREAD; i++) {
		int which = ready(l[0]) == POLLIN ? 0 : 1;

		s[i] = accept4(l[which], NULL, NULL, 0);
		CHECK(s[i] >= 0);
		nr[which]++;
	}
	EQ(nr[0] + nr[1], SPREAD);
	CHECK(nr[0] > 0 && nr[1] > 0);
	EQ(ready(l[0]), 0);
	EQ(ready(l[1]), 0);
	for (int i = 0; i < SPREAD; i++) {
		reset(c[i]);
		reset(s[i]);
	}
	close(l[0]); /* all go to who is left */
	c[0] = socket(AF_INET, SOCK_STREAM, 0);
	OK(join(c[0], port));
	s[0] = accept4(l[1], NULL, NULL, 0);
	CHECK(s[0] >= 0);
	reset(c[0]);
	reset(s[0]);
	close(l[1]);
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

int main(int argc, char **argv)
{
	static const struct tap_test t[] = {
		T(exchange),
		T(vectors),
		T(much),
		T(full),
		T(left_behind),
		T(held_back),
		T(wait_all),
		T(half_closed),
		T(broken),
		T(refused),
		T(in_progress),
		T(unconnected),
		T(accepted_once),
		T(closed_listener),
		T(timeouts),
		T(names),
		T(privileged),
		T(kinds),
		T(options),
		T(reuse),
		T(beside_listener),
		T(spread),
		T(epolled),
		T(forked),
		T(from_file),
		TEND,
	};

	return tap_main(argc, argv, t);
}
