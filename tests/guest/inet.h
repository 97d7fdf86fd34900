/* AF_INET for guest tests: addresses, connected pairs, options. */
#ifndef GUEST_INET_H
#define GUEST_INET_H

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

#endif
