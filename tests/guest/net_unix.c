/* AF_UNIX sockets: pairs, names, connections, datagrams, what comes with messages, and that nothing stays. */
#include "tap.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

static struct sockaddr_un name(const char *path, socklen_t *len)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(path[0] ? path : path + 1) + 1;

	memcpy(a.sun_path, path, n);
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return a;
}

static int bound(int type, const char *path)
{
	socklen_t len;
	struct sockaddr_un a = name(path, &len);
	int s = socket(AF_UNIX, type, 0);

	CHECK(s >= 0);
	OK(bind(s, (void *)&a, len));
	return s;
}

static int join(int s, const char *path)
{
	socklen_t len;
	struct sockaddr_un a = name(path, &len);

	return connect(s, (void *)&a, len);
}

static int pending(int s)
{
	int n = -1;

	OK(ioctl(s, FIONREAD, &n));
	return n;
}

static short ready(int s)
{
	struct pollfd p = { s, POLLIN | POLLOUT | POLLRDHUP, 0 };

	CHECK(poll(&p, 1, 0) >= 0);
	return p.revents;
}

/* ---- pairs ---- */

static void pair_stream(void)
{
	char buf[64];
	struct stat st;
	int s[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	OK(fstat(s[0], &st));
	CHECK(S_ISSOCK(st.st_mode));
	EQ(ready(s[0]), POLLOUT);
	EQ(write(s[0], "hello ", 6), 6);
	EQ(write(s[0], "world", 5), 5);
	EQ(pending(s[1]), 11);
	EQ(ready(s[1]), POLLIN | POLLOUT);
	EQ(recv(s[1], buf, 4, MSG_PEEK), 4);
	EQ(recv(s[1], buf, sizeof(buf), MSG_PEEK), 11);
	EQ(read(s[1], buf, sizeof(buf)), 11);
	CHECK(!memcmp(buf, "hello world", 11));
	FAILS(recv(s[1], buf, 1, MSG_DONTWAIT), EAGAIN);
	FAILS(lseek(s[1], 0, SEEK_CUR), ESPIPE);
	FAILS(pread(s[1], buf, 1, 0), ESPIPE);
	EQ(read(s[1], buf, 0), 0);
	close(s[0]);
	EQ(ready(s[1]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	EQ(read(s[1], buf, 1), 0);
	FAILS(send(s[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	close(s[1]);
}

static volatile int pipes;
static void on_pipe(int sig)
{
	pipes += sig == SIGPIPE;
}

static void shutdowns(void)
{
	char c;
	int s[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	signal(SIGPIPE, on_pipe);
	FAILS(shutdown(s[0], 3), EINVAL);
	OK(shutdown(s[0], SHUT_WR));
	pipes = 0;
	FAILS(write(s[0], "x", 1), EPIPE);
	EQ(pipes, 1);
	EQ(read(s[1], &c, 1), 0);
	EQ(write(s[1], "y", 1), 1);
	EQ(read(s[0], &c, 1), 1);
	EQ(ready(s[1]), POLLIN | POLLOUT | POLLRDHUP);
	signal(SIGPIPE, SIG_DFL);
	close(s[0]);
	close(s[1]);
	/* unread bytes at the end of one side are a reset for the other */
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	EQ(write(s[0], "lost", 4), 4);
	close(s[1]);
	FAILS(read(s[0], &c, 1), ECONNRESET);
	EQ(read(s[0], &c, 1), 0);
	close(s[0]);
}

/* The sender's buffer is the limit: what it holds, and that room comes back. */
static void room(void)
{
	static char block[4096];
	int s[2], size = 0, sent = 0, more = 0;
	socklen_t len = sizeof(size);

	NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) == 0);
	size = 8192;
	OK(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	OK(getsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &size, &len));
	EQ(size, 16384);
	while (write(s[0], block, sizeof(block)) == (ssize_t)sizeof(block))
		sent++;
	EQ(errno, EAGAIN);
	EQ(sent, 4);
	EQ(ready(s[0]), 0);
	OK(ioctl(s[0], TIOCOUTQ, &more));
	CHECK(more >= sent * (int)sizeof(block));
	EQ(read(s[1], block, sizeof(block)), sizeof(block));
	EQ(write(s[0], block, sizeof(block)), sizeof(block));
	close(s[0]);
	close(s[1]);
}

static void pair_packets(void)
{
	char buf[8];
	struct iovec v[2] = { { "ab", 2 }, { "cd", 2 } };
	struct msghdr h = { .msg_iov = v, .msg_iovlen = 1 };
	static const int types[] = { SOCK_SEQPACKET, SOCK_DGRAM };

	for (int i = 0; i < 2; i++) {
		int s[2];

		NEED(socketpair(AF_UNIX, types[i], 0, s) == 0);
		EQ(writev(s[0], v, 2), 4);
		EQ(send(s[0], "", 0, 0), 0);
		EQ(send(s[0], "xyz", 3, 0), 3);
		EQ(pending(s[1]), types[i] == SOCK_DGRAM ? 4 : 7);
		v[0] = (struct iovec){ buf, 3 };
		EQ(recvmsg(s[1], &h, MSG_PEEK | MSG_TRUNC), 4);
		EQ(h.msg_flags, MSG_TRUNC);
		EQ(recvmsg(s[1], &h, 0), 3);
		EQ(h.msg_flags, MSG_TRUNC);
		CHECK(!memcmp(buf, "abc", 3));
		EQ(recv(s[1], buf, 8, 0), 0);
		EQ(recv(s[1], buf, 8, 0), 3);
		EQ(h.msg_flags, MSG_TRUNC);
		v[0] = (struct iovec){ "ab", 2 };
		close(s[0]);
		close(s[1]);
	}
}

/* ---- names ---- */

static void names(void)
{
	struct sockaddr_un a;
	socklen_t len = sizeof(a);
	struct stat st;
	int s, t;

	umask(022);
	unlink("/tmp/sock");
	s = bound(SOCK_STREAM, "/tmp/sock");
	OK(stat("/tmp/sock", &st));
	EQ(st.st_mode, S_IFSOCK | 0755);
	OK(getsockname(s, (void *)&a, &len));
	EQ(len, offsetof(struct sockaddr_un, sun_path) + 10);
	STREQ(a.sun_path, "/tmp/sock");
	t = socket(AF_UNIX, SOCK_STREAM, 0);
	a = name("/tmp/sock", &len);
	FAILS(bind(t, (void *)&a, len), EADDRINUSE);
	FAILS(bind(s, (void *)&a, len), EADDRINUSE);
	a = name("/tmp/sock2", &len);
	FAILS(bind(s, (void *)&a, len), EINVAL); /* it has a name */
	FAILS(stat("/tmp/sock2", &st), ENOENT);
	FAILS(join(t, "/tmp/sock"), ECONNREFUSED); /* nobody listens */
	FAILS(join(t, "/tmp/nothing"), ENOENT);
	FAILS(join(t, "/proc/version"), EACCES + (geteuid() == 0) * (ECONNREFUSED - EACCES));
	FAILS(open("/tmp/sock", O_RDWR), ENXIO);
	close(s);
	FAILS(join(t, "/tmp/sock"), ECONNREFUSED); /* the name outlives the socket */
	OK(unlink("/tmp/sock"));
	len = sizeof(a);
	OK(getsockname(t, (void *)&a, &len));
	EQ(len, 2);
	FAILS(getpeername(t, (void *)&a, &len), ENOTCONN);
	a.sun_family = AF_UNIX;
	OK(bind(t, (void *)&a, 2)); /* a name of its own */
	len = sizeof(a);
	OK(getsockname(t, (void *)&a, &len));
	EQ(len, 2 + 6);
	EQ(a.sun_path[0], 0);
	close(t);
	s = bound(SOCK_DGRAM, "\0abstract");
	t = socket(AF_UNIX, SOCK_DGRAM, 0);
	a = name("\0abstract", &len);
	FAILS(bind(t, (void *)&a, len), EADDRINUSE);
	close(s);
	OK(bind(t, (void *)&a, len));
	close(t);
}

static void kinds(void)
{
	int s;

	FAILS(socket(AF_UNIX, 77, 0), EINVAL);
	FAILS(socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
	FAILS(socket(AF_UNIX, SOCK_STREAM, 99), EPROTONOSUPPORT);
	FAILS(socket(45, SOCK_STREAM, 0), EAFNOSUPPORT);
	FAILS(listen(0, 1), ENOTSOCK);
	FAILS(listen(999, 1), EBADF);
	s = open("/tmp", O_PATH);
	FAILS(listen(s, 1), EBADF);
	close(s);
}

/* ---- connections ---- */

static void connection(void)
{
	struct sockaddr_un a;
	struct ucred u;
	socklen_t len = sizeof(u);
	char buf[16];
	int l = bound(SOCK_STREAM, "\0server"), c = socket(AF_UNIX, SOCK_STREAM, 0), s;

	FAILS(accept(l, NULL, NULL), EINVAL);
	OK(listen(l, 1));
	FAILS(connect(l, (void *)&a, 1), EINVAL);
	EQ(ready(c), POLLOUT | POLLHUP);
	FAILS(recv(c, buf, 1, 0), EINVAL);
	FAILS(send(c, buf, 1, MSG_NOSIGNAL), ENOTCONN);
	EQ(ready(l), 0);
	OK(join(c, "\0server"));
	EQ(ready(l), POLLIN);
	FAILS(join(c, "\0server"), EISCONN);
	EQ(write(c, "early", 5), 5);
	len = sizeof(a);
	s = accept4(l, (void *)&a, &len, SOCK_CLOEXEC);
	NEED(s >= 0);
	EQ(len, 2);
	EQ(fcntl(s, F_GETFD), FD_CLOEXEC);
	EQ(read(s, buf, sizeof(buf)), 5);
	len = sizeof(a);
	OK(getpeername(c, (void *)&a, &len));
	EQ(len, 2 + 7);
	CHECK(!memcmp(a.sun_path, "\0server", 7));
	len = sizeof(u);
	OK(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &u, &len));
	EQ(u.pid, getpid());
	EQ(u.uid, geteuid());
	close(s);
	EQ(read(c, buf, 1), 0);
	close(c);
	close(l);
}

/* A queue of connections that nobody accepts is finite; closing the listener resets them. */
static void backlog(void)
{
	int l = bound(SOCK_STREAM, "\0queue"), c[4];
	char b;

	OK(listen(l, 1));
	for (int i = 0; i < 4; i++)
		c[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	OK(join(c[0], "\0queue"));
	OK(join(c[1], "\0queue"));
	FAILS(join(c[2], "\0queue"), EAGAIN);
	close(accept(l, NULL, NULL));
	OK(join(c[2], "\0queue"));
	close(l);
	FAILS(join(c[3], "\0queue"), ECONNREFUSED);
	FAILS(read(c[1], &b, 1), ECONNRESET);
	for (int i = 0; i < 4; i++)
		close(c[i]);
}

static void *serve(void *arg)
{
	int l = *(int *)arg;

	for (int i = 0; i < 20; i++) {
		int s = accept(l, NULL, NULL);
		char buf[100];
		ssize_t n;

		while ((n = read(s, buf, sizeof(buf))) > 0) {
			if (write(s, buf, (size_t)n) != n)
				break;
		}
		close(s);
	}
	return NULL;
}

static void echo_threads(void)
{
	int l = bound(SOCK_STREAM, "\0echo");
	pthread_t t;

	OK(listen(l, 0));
	NEED(pthread_create(&t, NULL, serve, &l) == 0);
	for (int i = 0; i < 20; i++) {
		int c = socket(AF_UNIX, SOCK_STREAM, 0);
		char buf[100];
		ssize_t got = 0;

		OK(join(c, "\0echo"));
		for (int k = 0; k < 10; k++) {
			memset(buf, i + k, sizeof(buf));
			EQ(send(c, buf, 100, 0), 100);
			memset(buf, 0, sizeof(buf));
			got = recv(c, buf, 100, MSG_WAITALL);
			EQ(got, 100);
			EQ(buf[99], i + k);
		}
		close(c);
	}
	pthread_join(t, NULL);
	close(l);
}

/* ---- datagrams ---- */

static void datagrams(void)
{
	struct sockaddr_un a;
	socklen_t len;
	char buf[8];
	int a1 = bound(SOCK_DGRAM, "\0one"), b = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0),
	    n = 0;
	int third = socket(AF_UNIX, SOCK_DGRAM, 0), stream = socket(AF_UNIX, SOCK_STREAM, 0);

	FAILS(send(b, "x", 1, 0), ENOTCONN);
	FAILS(join(stream, "\0one"), ECONNREFUSED); /* abstract names are of one type each */
	a = name("\0one", &len);
	EQ(sendto(b, "to", 2, 0, (void *)&a, len), 2);
	len = sizeof(a);
	EQ(recvfrom(a1, buf, 8, 0, (void *)&a, &len), 2);
	EQ(len, 0); /* the sender has no name */
	OK(join(b, "\0one"));
	while (send(b, "m", 1, 0) == 1)
		n++;
	EQ(errno, EAGAIN);
	EQ(n, 11); /* max_dgram_qlen and one */
	EQ(ready(b), 0);
	while (recv(a1, buf, 8, MSG_DONTWAIT) == 1)
		n--;
	EQ(n, 0);
	EQ(ready(b), POLLOUT);
	close(a1);
	FAILS(send(b, "x", 1, 0), ECONNREFUSED);
	FAILS(send(b, "x", 1, 0), ENOTCONN);
	a1 = bound(SOCK_DGRAM, "\0one");
	OK(bind(b, (void *)&(struct sockaddr_un){ AF_UNIX, "" }, 2));
	OK(join(b, "\0one"));
	len = sizeof(a);
	OK(getsockname(b, (void *)&a, &len));
	OK(connect(a1, (void *)&a, len));
	FAILS(join(third, "\0one"), EPERM); /* it hears only from its peer */
	a.sun_family = AF_UNSPEC;
	OK(connect(a1, (void *)&a, 2));
	OK(join(third, "\0one"));
	close(a1);
	close(b);
	close(third);
	close(stream);
}

static void timeouts(void)
{
	struct timeval tv = { 0, 50000 };
	socklen_t len = sizeof(tv);
	char c;
	int s[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	OK(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	FAILS(recv(s[0], &c, 1, 0), EAGAIN);
	tv.tv_usec = 0;
	OK(getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, &len));
	EQ(tv.tv_usec, 50000);
	tv.tv_usec = 1000000;
	FAILS(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), EDOM);
	FAILS(setsockopt(s[0], SOL_SOCKET, 999, &tv, sizeof(tv)), ENOPROTOOPT);
	FAILS(getsockopt(s[0], 6, 1, &tv, &len), EOPNOTSUPP);
	close(s[0]);
	close(s[1]);
}

/* ---- what comes with messages ---- */

static ssize_t send_fds(int s, const int *fds, unsigned n)
{
	char control[CMSG_SPACE(sizeof(int) * 300)] = { 0 };
	struct iovec v = { "f", 1 };
	struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *c = (struct cmsghdr *)control;

	h.msg_controllen = CMSG_SPACE(n * sizeof(int));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	return syscall(SYS_sendmsg, s, &h, 0); /* the library's own limit is lower */
}

/* Return: how many descriptors came, in @fds; -1: none could be read. */
static int recv_fds(int s, int *fds, unsigned room, int flags, int *msg_flags)
{
	char control[CMSG_SPACE(sizeof(int) * 300)], b;
	struct iovec v = { &b, 1 };
	struct msghdr h = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = CMSG_LEN(room * sizeof(int)) };
	struct cmsghdr *c;

	if (recvmsg(s, &h, flags) != 1)
		return -1;
	*msg_flags = h.msg_flags;
	c = CMSG_FIRSTHDR(&h);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return 0;
	memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	return (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
}

static void rights(void)
{
	int s[2], p[2], got[4], flags = 0, many[254];
	char b;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && pipe(p) == 0);
	EQ(send_fds(s[0], p, 2), 1);
	close(p[0]);
	close(p[1]);
	EQ(recv_fds(s[1], got, 4, MSG_PEEK, &flags), 2);
	close(got[0]);
	close(got[1]);
	EQ(recv_fds(s[1], got, 4, MSG_CMSG_CLOEXEC, &flags), 2);
	EQ(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	EQ(write(got[1], "z", 1), 1);
	EQ(read(got[0], &b, 1), 1);
	/* those without room are closed */
	EQ(send_fds(s[0], got, 2), 1);
	close(got[1]);
	EQ(recv_fds(s[1], got + 2, 1, 0, &flags), 1);
	EQ(flags & MSG_CTRUNC, MSG_CTRUNC);
	EQ(read(got[0], &b, 1), 0); /* no writer is left */
	close(got[0]);
	close(got[2]);
	/* read(2) takes the bytes and drops the files */
	NEED(pipe(p) == 0);
	EQ(send_fds(s[0], &p[1], 1), 1);
	close(p[1]);
	EQ(read(s[1], &b, 1), 1);
	EQ(read(p[0], &b, 1), 0);
	close(p[0]);
	for (int i = 0; i < 254; i++)
		many[i] = s[0];
	FAILS(send_fds(s[0], many, 254), EINVAL);
	EQ(send_fds(s[0], many, 253), 1);
	many[0] = 777;
	FAILS(send_fds(s[0], many, 1), EBADF);
	close(s[0]);
	close(s[1]);
}

/* Bytes in front of files, and behind them, are not read together with them. */
static void borders(void)
{
	char buf[8];
	int s[2], got[2], flags;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	EQ(write(s[0], "ab", 2), 2);
	EQ(send_fds(s[0], s, 1), 1);
	EQ(write(s[0], "cd", 2), 2);
	EQ(recv(s[1], buf, 2, 0), 2);
	EQ(recv_fds(s[1], got, 1, 0, &flags), 1);
	close(got[0]);
	EQ(recv(s[1], buf, 8, 0), 2);
	close(s[0]);
	close(s[1]);
}

static void credentials(void)
{
	char control[CMSG_SPACE(sizeof(struct ucred))], b;
	struct iovec v = { &b, 1 };
	struct msghdr h = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct ucred u;
	int s[2], on = 1;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	OK(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	EQ(write(s[0], "1", 1), 1);
	EQ(recvmsg(s[1], &h, 0), 1);
	NEED(CMSG_FIRSTHDR(&h));
	EQ(CMSG_FIRSTHDR(&h)->cmsg_type, SCM_CREDENTIALS);
	memcpy(&u, CMSG_DATA(CMSG_FIRSTHDR(&h)), sizeof(u));
	EQ(u.pid, getpid());
	EQ(u.gid, getegid());
	close(s[0]);
	close(s[1]);
}

/* Sockets in their own queues: nobody holds them, and they go. */
static void cycles(void)
{
	for (int i = 0; i < 50; i++) {
		int s[2], t[2];

		NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
		NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, t) == 0);
		EQ(send_fds(s[0], s, 2), 1);
		EQ(send_fds(t[0], s, 2), 1);
		EQ(send_fds(s[0], t, 2), 1);
		close(s[0]);
		close(s[1]);
		close(t[0]);
		close(t[1]);
	}
	/* and so does a chain, each in the queue of the next, however long */
	{
		int last[2], next[2];

		NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, last) == 0);
		for (int i = 0; i < 200; i++) {
			NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, next) == 0);
			EQ(send_fds(next[0], last, 2), 1);
			close(last[0]);
			close(last[1]);
			memcpy(last, next, sizeof(last));
		}
		close(last[0]);
		close(last[1]);
	}
}

static void bulk(void)
{
	enum { TOTAL = 1 << 20 };
	static char out[65536], in[65536];
	int s[2], status;
	size_t got = 0;
	unsigned wrong = 0;
	pid_t pid;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 7 + (i >> 8));
	pid = fork();
	if (!pid) {
		close(s[0]);
		for (int i = 0; i < TOTAL / (int)sizeof(out); i++) {
			if (write(s[1], out, sizeof(out)) != (ssize_t)sizeof(out))
				_exit(1);
		}
		_exit(0);
	}
	close(s[1]);
	for (;;) {
		ssize_t n = read(s[0], in, 10000);

		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			wrong += in[i] != out[(got + (size_t)i) % sizeof(out)];
		got += (size_t)n;
	}
	EQ(got, TOTAL);
	EQ(wrong, 0);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	close(s[0]);
}

static void many_at_once(void)
{
	struct mmsghdr m[3] = { 0 };
	struct iovec v[3] = { { "a", 1 }, { "bc", 2 }, { "def", 3 } };
	char buf[3][4];
	int s[2];

	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0);
	for (int i = 0; i < 3; i++)
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &v[i], .msg_iovlen = 1 };
	EQ(sendmmsg(s[0], m, 3, 0), 3);
	EQ(m[2].msg_len, 3);
	for (int i = 0; i < 3; i++)
		v[i] = (struct iovec){ buf[i], 4 };
	EQ(recvmmsg(s[1], m, 3, MSG_WAITFORONE, NULL), 3);
	EQ(m[1].msg_len, 2);
	EQ(buf[2][2], 'f');
	close(s[0]);
	close(s[1]);
}

static void in_proc(void)
{
	char text[4096], link[64], path[64];
	struct stat st;
	int s = bound(SOCK_STREAM, "\0seen");
	ssize_t n;

	OK(fstat(s, &st));
	CHECK(st.st_ino >= 10); /* netstat -p does not see it otherwise */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s);
	n = readlink(path, link, sizeof(link) - 1);
	NEED(n > 0);
	link[n] = '\0';
	snprintf(text, sizeof(text), "socket:[%lu]", (unsigned long)st.st_ino);
	STREQ(link, text);
	NEED(tap_read("/proc/net/unix", text, sizeof(text)) > 0);
	snprintf(path, sizeof(path), " %5lu @seen\n", (unsigned long)st.st_ino);
	CHECK(strstr(text, path) != NULL);
	close(s);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(pair_stream),	 T(shutdowns),	 T(room),	T(pair_packets),
		T(names),	 T(kinds),	 T(connection), T(backlog),
		T(echo_threads), T(datagrams),	 T(timeouts),	T(rights),
		T(borders),	 T(credentials), T(cycles),	T(bulk),
		T(many_at_once), T(in_proc),	 TEND
	};

	return tap_main(argc, argv, tests);
}
