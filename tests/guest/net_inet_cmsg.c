/* What comes with datagrams and goes with them, all of 127.0.0.0/8, options that are kept, held-back segments. */
#include "inet.h"

static int udp_at(uint32_t host, struct sockaddr_in *where)
{
	struct sockaddr_in a = at(host, 0);
	socklen_t len = sizeof(*where);
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK(s >= 0);
	OK(bind(s, (void *)&a, sizeof(a)));
	OK(getsockname(s, (void *)where, &len));
	return s;
}

/* One datagram with its control messages. Return: its length. */
static ssize_t receive(int s, struct msghdr *h, void *control, size_t room)
{
	static char bytes[16];
	static struct iovec iov = { bytes, sizeof(bytes) };

	memset(control, 0, room);
	*h = (struct msghdr){
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room
	};
	return recvmsg(s, h, 0);
}

/* The data of the message's control message; NULL: it has none such. */
static void *cmsg(struct msghdr *h, int level, int type, size_t len)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == level && c->cmsg_type == type) {
			EQ(c->cmsg_len, CMSG_LEN(len));
			return CMSG_DATA(c);
		}
	}
	return NULL;
}

static void how_it_came(void)
{
	union {
		struct cmsghdr align;
		char bytes[256];
	} c;
	struct sockaddr_in a;
	struct in_pktinfo *info;
	struct msghdr h;
	unsigned char *tos;
	int s, t, *ttl;

	NEED_INET();
	s = udp_at(INADDR_LOOPBACK, &a);
	t = udp_at(INADDR_ANY, &a);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 4);
	set(t, IPPROTO_IP, IP_PKTINFO, 1);
	set(t, IPPROTO_IP, IP_RECVTTL, 1);
	set(t, IPPROTO_IP, IP_RECVTOS, 1);
	EQ(option(t, IPPROTO_IP, IP_PKTINFO), 1);
	set(s, IPPROTO_IP, IP_TTL, 33);
	set(s, IPPROTO_IP, IP_TOS, 8);
	EQ(sendto(s, "abc", 3, 0, (void *)&a, sizeof(a)), 3);
	EQ(receive(t, &h, &c, sizeof(c)), 3);
	EQ(h.msg_flags, 0);
	info = cmsg(&h, IPPROTO_IP, IP_PKTINFO, sizeof(*info));
	ttl = cmsg(&h, IPPROTO_IP, IP_TTL, sizeof(int));
	tos = cmsg(&h, IPPROTO_IP, IP_TOS, 1);
	CHECK(info && ttl && tos);
	EQ(info->ipi_ifindex, 1);
	EQ(ntohl(info->ipi_addr.s_addr), INADDR_LOOPBACK + 4);
	EQ(*ttl, 33);
	EQ(*tos, 8);
	/* What does not fit is cut, and said to be. */
	EQ(sendto(s, "abc", 3, 0, (void *)&a, sizeof(a)), 3);
	EQ(receive(t, &h, &c, CMSG_LEN(4)), 3);
	EQ(h.msg_flags, MSG_CTRUNC);
	EQ(h.msg_controllen, CMSG_LEN(4));
	set(t, IPPROTO_IP, IP_PKTINFO, 0);
	set(t, IPPROTO_IP, IP_RECVTTL, 0);
	set(t, IPPROTO_IP, IP_RECVTOS, 0);
	EQ(sendto(s, "abc", 3, 0, (void *)&a, sizeof(a)), 3);
	EQ(receive(t, &h, &c, sizeof(c)), 3);
	EQ(h.msg_controllen, 0);
	close(s);
	close(t);
}

static void how_it_came_v6(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t len = sizeof(a);
	union {
		struct cmsghdr align;
		char bytes[256];
	} c;
	struct in6_pktinfo *info;
	struct msghdr h;
	int s, t, *hops, *class;

	NEED_INET();
	s = socket(AF_INET6, SOCK_DGRAM, 0);
	t = socket(AF_INET6, SOCK_DGRAM, 0);
	OK(bind(t, (void *)&a, sizeof(a)));
	OK(getsockname(t, (void *)&a, &len));
	set(t, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	set(t, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	set(t, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	set(s, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 7);
	EQ(sendto(s, "abcd", 4, 0, (void *)&a, sizeof(a)), 4);
	EQ(receive(t, &h, &c, sizeof(c)), 4);
	info = cmsg(&h, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(*info));
	hops = cmsg(&h, IPPROTO_IPV6, IPV6_HOPLIMIT, sizeof(int));
	class = cmsg(&h, IPPROTO_IPV6, IPV6_TCLASS, sizeof(int));
	CHECK(info && hops && class);
	EQ(info->ipi6_ifindex, 1);
	CHECK(IN6_IS_ADDR_LOOPBACK(&info->ipi6_addr));
	EQ(*hops, 7);
	EQ(*class, 0);
	close(s);
	close(t);
}

/* The time of its coming lies between what the clock says before and after. */
static void when_it_came(void)
{
	union {
		struct cmsghdr align;
		char bytes[128];
	} c;
	struct timespec before, after, *ns;
	struct sockaddr_in a;
	struct timeval *us;
	struct msghdr h;
	int s;

	NEED_INET();
	s = udp_at(INADDR_LOOPBACK, &a);
	set(s, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	EQ(option(s, SOL_SOCKET, SO_TIMESTAMPNS), 1);
	OK(clock_gettime(CLOCK_REALTIME, &before));
	EQ(sendto(s, "x", 1, 0, (void *)&a, sizeof(a)), 1);
	OK(clock_gettime(CLOCK_REALTIME, &after));
	EQ(receive(s, &h, &c, sizeof(c)), 1);
	ns = cmsg(&h, SOL_SOCKET, SCM_TIMESTAMPNS, sizeof(*ns));
	CHECK(ns != NULL);
	CHECK(ns->tv_sec > before.tv_sec ||
	      (ns->tv_sec == before.tv_sec && ns->tv_nsec >= before.tv_nsec));
	CHECK(ns->tv_sec < after.tv_sec ||
	      (ns->tv_sec == after.tv_sec && ns->tv_nsec <= after.tv_nsec));
	set(s, SOL_SOCKET, SO_TIMESTAMP, 1); /* instead */
	EQ(option(s, SOL_SOCKET, SO_TIMESTAMPNS), 0);
	EQ(sendto(s, "x", 1, 0, (void *)&a, sizeof(a)), 1);
	EQ(receive(s, &h, &c, sizeof(c)), 1);
	us = cmsg(&h, SOL_SOCKET, SCM_TIMESTAMP, sizeof(*us));
	CHECK(us && us->tv_sec >= before.tv_sec && us->tv_usec < 1000000);
	close(s);
}

static ssize_t send_with(int s, const struct sockaddr_in *to, int type, const void *data,
			 size_t len)
{
	union {
		struct cmsghdr align;
		char bytes[64];
	} c = { 0 };
	struct iovec iov = { (char *)"abc", 3 };
	struct msghdr h = { .msg_name = (void *)(uintptr_t)to,
			    .msg_namelen = sizeof(*to),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &c,
			    .msg_controllen = CMSG_SPACE(len) };

	c.align = (struct cmsghdr){ .cmsg_len = CMSG_LEN(len),
				    .cmsg_level = IPPROTO_IP,
				    .cmsg_type = type };
	memcpy(CMSG_DATA(&c.align), data, len);
	return sendmsg(s, &h, 0);
}

static void how_it_goes(void)
{
	struct in_pktinfo info = { .ipi_spec_dst = { htonl(INADDR_LOOPBACK + 8) } };
	struct sockaddr_in a, from;
	socklen_t len = sizeof(from);
	char buf[8];
	int s, t, ttl = 0;

	NEED_INET();
	s = udp_at(INADDR_ANY, &a);
	t = udp_at(INADDR_LOOPBACK, &a);
	EQ(send_with(s, &a, IP_PKTINFO, &info, sizeof(info)), 3);
	EQ(recvfrom(t, buf, sizeof(buf), 0, (void *)&from, &len), 3);
	EQ(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK + 8);
	EQ(ntohs(from.sin_port), port_of(s));
	info.ipi_spec_dst.s_addr = htonl(0x08080808); /* somebody else's */
	FAILS(send_with(s, &a, IP_PKTINFO, &info, sizeof(info)), EINVAL);
	FAILS(send_with(s, &a, IP_PKTINFO, &info, 4), EINVAL);
	FAILS(send_with(s, &a, IP_TTL, &ttl, sizeof(ttl)), EINVAL);
	FAILS(send_with(s, &a, 77, &ttl, sizeof(ttl)), EINVAL);
	info = (struct in_pktinfo){ .ipi_ifindex = 200 };
	FAILS(send_with(s, &a, IP_PKTINFO, &info, sizeof(info)), ENODEV);
	FAILS(recv(t, buf, 1, MSG_DONTWAIT), EAGAIN);
	close(s);
	close(t);
}

/* Every address of 127.0.0.0/8 is this machine: datagrams and connections, with either end there. */
static void whole_net_127(void)
{
	struct sockaddr_in a, b, from;
	socklen_t len = sizeof(from);
	char buf[4];
	int l, s, c;

	NEED_INET();
	s = udp_at(0x7f050505, &a);
	EQ(sendto(s, "me", 2, 0, (void *)&a, sizeof(a)),
	   2); /* to itself: one address at both ends */
	EQ(recvfrom(s, buf, sizeof(buf), 0, (void *)&from, &len), 2);
	EQ(ntohl(from.sin_addr.s_addr), 0x7f050505);
	close(s);
	l = socket(AF_INET, SOCK_STREAM, 0);
	a = at(0x7f000002, 0);
	OK(bind(l, (void *)&a, sizeof(a)));
	OK(listen(l, 4));
	OK(getsockname(l, (void *)&a, &len));
	s = socket(AF_INET, SOCK_STREAM, 0);
	b = at(0x7f000002, 0); /* the client's too */
	OK(bind(s, (void *)&b, sizeof(b)));
	OK(connect(s, (void *)&a, sizeof(a)));
	c = accept(l, (void *)&from, &len);
	EQ(ntohl(from.sin_addr.s_addr), 0x7f000002);
	EQ(write(s, "hi", 2), 2);
	EQ(read(c, buf, sizeof(buf)), 2);
	gone((int[2]){ s, c });
	s = socket(AF_INET, SOCK_STREAM, 0);
	b = at(0x7f000003, ntohs(a.sin_port)); /* nobody's */
	FAILS(connect(s, (void *)&b, sizeof(b)), ECONNREFUSED);
	close(s);
	close(l);
}

static void kept_options(void)
{
	static const struct {
		int level, name, first, good, bad;
	} all[] = {
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, 0, 5000, -1 },
		{ IPPROTO_TCP, TCP_SYNCNT, 6, 3, 128 },
		{ IPPROTO_TCP, TCP_LINGER2, 60, 30, 0 },
		{ IPPROTO_TCP, TCP_FASTOPEN, 0, 5, -1 },
		{ IPPROTO_TCP, TCP_MAXSEG, 536, 1000, 87 },
		{ IPPROTO_IP, IP_MTU_DISCOVER, 1, 2, 6 },
		{ IPPROTO_IP, IP_MULTICAST_TTL, 1, 4, 256 },
		{ IPPROTO_TCP, TCP_CORK, 0, 1, 0 },
	};
	char name[16] = "reno";
	socklen_t len = sizeof(name);
	int s;

	NEED_INET();
	s = socket(AF_INET, SOCK_STREAM, 0);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		EQ(option(s, all[i].level, all[i].name), all[i].first);
		set(s, all[i].level, all[i].name, all[i].good);
		if (all[i].bad)
			FAILS(setsockopt(s, all[i].level, all[i].name, &all[i].bad, sizeof(int)),
			      EINVAL);
		EQ(option(s, all[i].level, all[i].name), all[i].good);
	}
	OK(setsockopt(s, IPPROTO_TCP, TCP_CONGESTION, name, 4));
	FAILS(setsockopt(s, IPPROTO_TCP, TCP_CONGESTION, "nosuch", 6), ENOENT);
	OK(setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	OK(getsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
	EQ(len, 3);
	CHECK(!strcmp(name, "lo"));
	FAILS(setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "none", 5), ENODEV);
	OK(setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, "", 0));
	/* A level that is nobody's. */
	len = sizeof(int);
	FAILS(getsockopt(s, 1000, 1, name, &len), EOPNOTSUPP);
	FAILS(getsockopt(s, IPPROTO_UDP, 1, name, &len), EOPNOTSUPP);
	FAILS(setsockopt(s, 1000, 1, name, sizeof(int)), ENOPROTOOPT);
	close(s);
	s = socket(AF_INET6, SOCK_STREAM, 0);
	FAILS(getsockopt(s, 1000, 1, name, &len), ENOPROTOOPT);
	close(s);
	s = socket(AF_INET, SOCK_DGRAM, 0);
	FAILS(recv(s, name, 1, MSG_ERRQUEUE), EAGAIN); /* does not wait */
	close(s);
}

static unsigned long lo_packets(void)
{
	char text[2048], *line;
	unsigned long n = 0;

	CHECK(tap_read("/proc/net/dev", text, sizeof(text)) > 0);
	line = strstr(text, " lo:");
	EQ(sscanf(line ? line : "", " lo: %*u %lu", &n), 1);
	return n;
}

/* 2000 bytes, one at a time, of which more is said to come: not 2000 segments; and the last goes without more to come. */
static void held_back(void)
{
	static char got[2000];
	unsigned long before;
	int v[2];

	NEED_INET();
	connection(v);
	before = lo_packets();
	for (int i = 0; i < 1999; i++)
		EQ(send(v[0], "m", 1, MSG_MORE), 1);
	EQ(send(v[0], "e", 1, 0), 1);
	EQ(recv(v[1], got, sizeof(got), MSG_WAITALL), 2000);
	EQ(got[1999], 'e');
	CHECK(lo_packets() - before < 1000);
	before = lo_packets();
	set(v[0], IPPROTO_TCP, TCP_CORK, 1);
	for (int i = 0; i < 2000; i++)
		EQ(send(v[0], "c", 1, 0), 1);
	set(v[0], IPPROTO_TCP, TCP_CORK, 0);
	EQ(recv(v[1], got, sizeof(got), MSG_WAITALL), 2000);
	CHECK(lo_packets() - before < 1000);
	gone(v);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = {
		T(how_it_came),	  T(how_it_came_v6), T(when_it_came), T(how_it_goes),
		T(whole_net_127), T(kept_options),   T(held_back),    TEND,
	};

	return tap_main(argc, argv, t);
}
