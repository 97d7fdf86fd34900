/* AF_INET sockets without memory: each allocation fails once. What makes a socket says so; a lost packet is sent again. */
#include "failpoint.h"
#include "inet.h"

static int fd;

static int op_socket(void)
{
	return fd = socket(AF_INET, SOCK_STREAM, 0);
}

static int op_datagram_socket(void)
{
	return fd = socket(AF_INET6, SOCK_DGRAM, 0);
}

static void close_fd(void)
{
	close(fd);
}

static int op_listen(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0), r, err;

	if (s < 0)
		return -1;
	r = listen(s, 5);
	err = errno;
	close(s);
	errno = err;
	return r;
}

static void nothing(void)
{
}

/* A datagram to oneself with the address to come from, taken with the address it was for. A failure in between leaves it queued: it is
   thrown away first. */
static int op_control(void)
{
	union {
		struct cmsghdr align;
		char bytes[64];
	} c = { 0 };
	struct in_pktinfo info = { .ipi_spec_dst = { htonl(INADDR_LOOPBACK + 1) } };
	struct sockaddr_in a = at(INADDR_LOOPBACK, port_of(fd));
	char text[4] = "abc";
	struct iovec iov = { text, 3 };
	struct msghdr h = { .msg_name = &a,
			    .msg_namelen = sizeof(a),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &c,
			    .msg_controllen = CMSG_SPACE(sizeof(info)) };

	while (recv(fd, text, 1, MSG_DONTWAIT) >= 0)
		;
	c.align = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(info)),
				    .cmsg_level = IPPROTO_IP,
				    .cmsg_type = IP_PKTINFO };
	memcpy(CMSG_DATA(&c.align), &info, sizeof(info));
	if (sendmsg(fd, &h, 0) < 0)
		return -1;
	return recvmsg(fd, &h, MSG_DONTWAIT) == 3 && h.msg_controllen ? 0 : -1;
}

/* @op on fd, a datagram socket at @to, fails once at each allocation (one that was lost for want of memory: EAGAIN); then it works. */
static void each_failure(in_addr_t to, int option, int (*op)(void))
{
	struct sockaddr_in a = at(to, 0);
	int hit = 1, n;

	NEED_INET();
	if (!failpoints_open())
		SKIP("a kernel without failpoints");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	OK(bind(fd, (void *)&a, sizeof(a)));
	if (option)
		set(fd, IPPROTO_IP, option, 1);
	else
		OK(join(fd, port_of(fd)));
	for (n = 1; hit && n < 30; n++) {
		int err;

		arm(n);
		err = op() ? errno : 0;
		hit = fired();
		CHECK(!err || (hit && (err == ENOMEM || err == ENOBUFS || err == EAGAIN)));
		OK(op());
	}
	CHECK(n > 4 && n < 30);
	close(fd);
	close(points);
}

static void control_messages(void)
{
	each_failure(INADDR_ANY, IP_PKTINFO, op_control);
}

/* A datagram of two calls, to oneself. What failed is dropped whole: what comes is complete. */
static int op_corked(void)
{
	char text[8];

	while (recv(fd, text, 1, MSG_DONTWAIT) >= 0)
		;
	if (send(fd, "ab", 2, MSG_MORE) != 2 || send(fd, "cd", 2, 0) != 2)
		return -1;
	return recv(fd, text, 8, MSG_DONTWAIT) == 4 && !memcmp(text, "abcd", 4) ? 0 : -1;
}

static void corked(void)
{
	each_failure(INADDR_LOOPBACK, 0, op_corked);
}

static void making(void)
{
	NEED_INET();
	if (!failpoints_open())
		SKIP("a kernel without failpoints");
	close(socket(AF_INET, SOCK_STREAM, 0)); /* the stack is there */
	every_failure("socket", op_socket, close_fd);
	every_failure("socket of datagrams", op_datagram_socket, close_fd);
	every_failure("listen", op_listen, nothing);
	close(points);
}

/* A connection to @l, a message each way. Return: 0, or what failed. */
static int talk(int l, unsigned port)
{
	int s = socket(AF_INET, SOCK_STREAM, 0), c = -1, err = 0;
	char buf[8] = "";

	if (s < 0)
		return errno;
	if (join(s, port) < 0)
		err = errno;
	if (!err && (c = accept(l, NULL, NULL)) < 0)
		err = errno;
	if (!err && send(s, "there", 5, MSG_NOSIGNAL) != 5)
		err = errno;
	if (!err && recv(c, buf, 5, MSG_WAITALL) != 5)
		err = errno ? errno : EPIPE;
	if (!err && send(c, "back", 4, MSG_NOSIGNAL) != 4)
		err = errno;
	if (!err && recv(s, buf, 4, MSG_WAITALL) != 4)
		err = errno ? errno : EPIPE;
	if (!err)
		CHECK(!memcmp(buf, "backe", 5));
	reset(s);
	if (c >= 0)
		reset(c);
	return err;
}

/* The listener is new each time: a connection that its client gave up may still wait for accept. */
static int talk_failing(int nth, int *hit)
{
	struct timeval tv = { 2, 0 };
	unsigned port;
	int l = listener(&port), err;

	OK(setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	arm(nth);
	err = talk(l, port);
	*hit = fired();
	close(l);
	return err;
}

static void talking(void)
{
	int n, err, hit = 1;

	NEED_INET();
	if (!failpoints_open())
		SKIP("a kernel without failpoints");
	for (n = 1; hit && n < 100; n += 3) { /* a lost packet takes a second */
		err = talk_failing(n, &hit);
		CHECK(!err || (hit && (err == ENOMEM || err == ENOBUFS || err == ECONNRESET ||
				       err == EAGAIN)));
	}
	CHECK(n > 10 && n < 100);
	close(points);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = { T(making), T(control_messages), T(corked),
					     T_FOR(talking, 90), TEND };

	return tap_main(argc, argv, t);
}
