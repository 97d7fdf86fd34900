/* UDP-Lite: IPPROTO_UDPLITE, how much of a datagram its checksum covers. */
#include "inet.h"

enum { SEND_COVER = 10, RECV_COVER = 11, LITE = 136 }; /* UDPLITE_SEND_CSCOV, UDPLITE_RECV_CSCOV */

static int lite(unsigned *port)
{
	struct sockaddr_in a = at(INADDR_LOOPBACK, 0);
	int s = socket(AF_INET, SOCK_DGRAM, LITE);

	CHECK(s >= 0);
	OK(bind(s, (void *)&a, sizeof(a)));
	*port = port_of(s);
	return s;
}

/* Is there a line of a socket with that port in the file? */
static int listed(const char *path, unsigned port)
{
	char line[256], want[16];
	int found = 0;
	FILE *f = fopen(path, "r");

	CHECK(f);
	snprintf(want, sizeof(want), ":%04X ", port);
	while (fgets(line, sizeof(line), f))
		found = found || strstr(line, want);
	fclose(f);
	return found;
}

static void datagrams(void)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	unsigned pa, pb;
	char buf[16];
	int s, t;

	NEED_INET();
	s = lite(&pa);
	t = lite(&pb);
	EQ(option(s, SOL_SOCKET, SO_PROTOCOL), LITE);
	EQ(option(s, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	OK(join(s, pb));
	EQ(send(s, "light", 5, 0), 5);
	EQ(recvfrom(t, buf, sizeof(buf), 0, (void *)&from, &len), 5);
	CHECK(!memcmp(buf, "light", 5));
	EQ(ntohs(from.sin_port), pa);
	EQ(send(s, "ab", 2, MSG_MORE), 2);
	EQ(send(s, "cd", 2, 0), 2);
	EQ(recv(t, buf, sizeof(buf), MSG_DONTWAIT), 4);
	CHECK(listed("/proc/net/udplite", pb));
	CHECK(!listed("/proc/net/udp", pb));
	close(t);
	EQ(send(s, "x", 1, 0), 1);
	EQ(option(s, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	close(s);
}

static void not_udp(void)
{
	unsigned port;
	char buf[4];
	int l, u;

	NEED_INET();
	l = lite(&port);
	u = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK(u >= 0);
	OK(join(u, port));
	EQ(send(u, "x", 1, 0), 1);
	FAILS(recv(l, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	EQ(option(u, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	FAILS(setsockopt(u, LITE, SEND_COVER, &port, sizeof(port)), ENOPROTOOPT);
	close(u);
	FAILS(socket(AF_INET, SOCK_STREAM, LITE), EPROTONOSUPPORT);
	close(l);
}

static void coverage(void)
{
	unsigned pa, pb;
	char buf[64] = { 0 };
	int s, t;

	NEED_INET();
	s = lite(&pa);
	t = lite(&pb);
	OK(join(s, pb));
	EQ(option(s, LITE, SEND_COVER), 0);
	EQ(option(s, LITE, RECV_COVER), 0);
	set(s, LITE, SEND_COVER, 3);
	EQ(option(s, LITE, SEND_COVER), 8);
	set(s, LITE, SEND_COVER, -1);
	EQ(option(s, LITE, SEND_COVER), 8);
	set(s, LITE, SEND_COVER, 100000);
	EQ(option(s, LITE, SEND_COVER), 65535);
	set(s, LITE, SEND_COVER, 12);
	EQ(option(s, LITE, SEND_COVER), 12);
	FAILS(setsockopt(s, LITE, 999, &pa, sizeof(pa)), ENOPROTOOPT);

	/* Who says nothing takes any; who does takes what has so much covered, or all of it. */
	EQ(send(s, buf, 20, 0), 20);
	EQ(recv(t, buf, sizeof(buf), MSG_DONTWAIT), 20);
	set(t, LITE, RECV_COVER, 12);
	EQ(send(s, buf, 21, 0), 21);
	EQ(recv(t, buf, sizeof(buf), MSG_DONTWAIT), 21);
	set(t, LITE, RECV_COVER, 13);
	EQ(send(s, buf, 22, 0), 22);
	FAILS(recv(t, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	EQ(send(s, buf, 4, 0), 4); /* 12 with its header: all */
	EQ(recv(t, buf, sizeof(buf), MSG_DONTWAIT), 4);
	set(t, LITE, RECV_COVER, 0); /* all of it alone */
	EQ(send(s, buf, 23, 0), 23);
	FAILS(recv(t, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	set(s, LITE, SEND_COVER, 0);
	EQ(send(s, buf, 24, 0), 24);
	EQ(recv(t, buf, sizeof(buf), MSG_DONTWAIT), 24);
	close(s);
	close(t);
}

static void over_ipv6(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t len = sizeof(a);
	char buf[16];
	int s, t;

	NEED_INET();
	s = socket(AF_INET6, SOCK_DGRAM, LITE);
	t = socket(AF_INET6, SOCK_DGRAM, LITE);
	CHECK(s >= 0 && t >= 0);
	OK(bind(t, (void *)&a, sizeof(a)));
	OK(getsockname(t, (void *)&a, &len));
	set(s, LITE, SEND_COVER, 8);
	EQ(sendto(s, "six", 3, 0, (void *)&a, sizeof(a)), 3);
	EQ(recv(t, buf, sizeof(buf), 0), 3);
	CHECK(listed("/proc/net/udplite6", ntohs(a.sin6_port)));
	CHECK(!listed("/proc/net/udplite", ntohs(a.sin6_port)));
	close(s);
	close(t);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = { T(datagrams), T(not_udp), T(coverage), T(over_ipv6),
					     TEND };

	return tap_main(argc, argv, t);
}
