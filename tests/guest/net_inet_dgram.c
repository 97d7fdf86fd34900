/* UDP and raw IP over the loopback, IPv6 of all kinds, interfaces, /proc/net. */
#include "inet.h"

#include <netinet/udp.h>

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

/* One datagram of several calls: MSG_MORE until a call without it, UDP_CORK until it is drawn. */
static void corked(void)
{
	static char large[65507];
	struct sockaddr_in other;
	unsigned pa, pb, pc;
	char buf[16];
	int s, t, u;

	NEED_INET();
	s = udp(&pa);
	t = udp(&pb);
	u = udp(&pc);
	other = at(INADDR_LOOPBACK, pc);
	OK(join(s, pb));
	EQ(send(s, "ab", 2, MSG_MORE), 2);
	FAILS(recv(t, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	EQ(send(s, "cd", 2, 0), 2);
	EQ(recv(t, buf, sizeof(buf), MSG_DONTWAIT), 4);
	CHECK(!memcmp(buf, "abcd", 4));
	EQ(option(s, IPPROTO_UDP, UDP_CORK), 0);
	set(s, IPPROTO_UDP, UDP_CORK, 1);
	EQ(option(s, IPPROTO_UDP, UDP_CORK), 1);
	EQ(send(s, "ab", 2, 0), 2);
	EQ(sendto(s, "zz", 2, 0, (void *)&other, sizeof(other)), 2); /* for the first's */
	FAILS(recv(t, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	set(s, IPPROTO_UDP, UDP_CORK, 0);
	EQ(recv(t, buf, sizeof(buf), MSG_DONTWAIT), 4);
	CHECK(!memcmp(buf, "abzz", 4));
	FAILS(recv(u, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	/* What becomes too long is dropped, all of it. */
	EQ(send(s, "a", 1, MSG_MORE), 1);
	FAILS(send(s, large, sizeof(large), MSG_MORE), EMSGSIZE);
	EQ(send(s, "", 0, 0), 0);
	EQ(recv(t, buf, sizeof(buf), MSG_DONTWAIT), 0);
	EQ(send(s, "a", 1, MSG_MORE), 1);
	EQ(send(s, large, sizeof(large) - 1, 0), sizeof(large) - 1);
	EQ(recv(t, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC), sizeof(large));
	EQ(send(s, "left", 4, MSG_MORE), 4); /* close frees it */
	FAILS(setsockopt(s, IPPROTO_UDP, 999, &pa, sizeof(pa)), ENOPROTOOPT);
	close(s);
	FAILS(recv(t, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	close(t);
	close(u);
}

static void large_datagram(void)
{
	static unsigned char buf[65508];
	struct sockaddr_in a;
	unsigned port, own;
	size_t wrong = 0;
	int s, t, came = 0;

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
	while (recv(t, buf, sizeof(buf), MSG_DONTWAIT) == 1000)
		came++;
	EQ(errno, EAGAIN);
	CHECK(came > 0 && came < 20);
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

/* Nobody there: the next call says it, over IPv6 as well. */
static void ipv6_refused(void)
{
	struct sockaddr_in6 a = at6("::1", 0);
	socklen_t len = sizeof(a);
	int s, t;

	NEED_INET();
	s = socket(AF_INET6, SOCK_DGRAM, 0);
	t = socket(AF_INET6, SOCK_DGRAM, 0);
	OK(bind(t, (void *)&a, sizeof(a)));
	OK(getsockname(t, (void *)&a, &len));
	close(t);
	OK(connect(s, (void *)&a, sizeof(a)));
	EQ(send(s, "x", 1, 0), 1);
	EQ(ready(s), POLLOUT | POLLERR);
	FAILS(send(s, "x", 1, 0), ECONNREFUSED);
	EQ(ready(s), POLLOUT);
	close(s);
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

struct counts {
	unsigned long rx_bytes, rx_packets, tx_bytes, tx_packets;
};

static struct counts lo_counts(void)
{
	struct counts c = { 0 };
	char text[2048], *line;

	CHECK(tap_read("/proc/net/dev", text, sizeof(text)) > 0);
	line = strstr(text, " lo:");
	CHECK(line != NULL);
	EQ(sscanf(line ? line : "", " lo: %lu %lu %*u %*u %*u %*u %*u %*u %lu %lu", &c.rx_bytes,
		  &c.rx_packets, &c.tx_bytes, &c.tx_packets),
	   4);
	return c;
}

/* Each datagram with its headers of 28 bytes; connections of other tests may say a last word meanwhile. */
static void loopback_counts(void)
{
	static const char hundred[100];
	struct counts before, after;
	struct sockaddr_in a;
	unsigned port;
	int s;

	NEED_INET();
	s = udp(&port);
	a = at(INADDR_LOOPBACK, port);
	before = lo_counts();
	for (int i = 0; i < 50; i++)
		EQ(sendto(s, hundred, sizeof(hundred), 0, (void *)&a, sizeof(a)), 100);
	after = lo_counts();
	CHECK(after.tx_packets >= before.tx_packets + 50 &&
	      after.tx_packets < before.tx_packets + 70);
	CHECK(after.tx_bytes >= before.tx_bytes + 50 * 128 &&
	      after.tx_bytes < before.tx_bytes + 50 * 128 + 20 * 128);
	EQ(after.rx_packets, after.tx_packets);
	EQ(after.rx_bytes, after.tx_bytes);
	close(s);
}

/* ---- /proc/net/snmp ---- */

/* The counter @name of @group; -1: there is none. */
static long snmp(const char *group, const char *name)
{
	static char text[8192];
	char *names, *values, *save_n, *save_v, *n, *v;
	size_t len = strlen(group);

	if (tap_read("/proc/net/snmp", text, sizeof(text)) < 0)
		return -1;
	for (names = text; strncmp(names, group, len) || names[len] != ':';) {
		names = strchr(names, '\n');
		if (!names++)
			return -1;
	}
	values = strchr(names, '\n');
	*values++ = '\0';
	*strchr(values, '\n') = '\0';
	n = strtok_r(names, " ", &save_n);
	v = strtok_r(values, " ", &save_v);
	for (; n && v && strcmp(n, name); n = strtok_r(NULL, " ", &save_n))
		v = strtok_r(NULL, " ", &save_v);
	return n && v ? strtol(v, NULL, 10) : -1;
}

static void counters(void)
{
	static const struct {
		const char *group, *name;
		long more;
	} want[] = {
		{ "Udp", "OutDatagrams", 3 },	 { "Udp", "InDatagrams", 2 },
		{ "Udp", "NoPorts", 1 },	 { "Icmp", "OutDestUnreachs", 1 },
		{ "Icmp", "InDestUnreachs", 1 }, { "Tcp", "ActiveOpens", 2 },
		{ "Tcp", "PassiveOpens", 1 },	 { "Tcp", "AttemptFails", 1 },
		{ "Tcp", "CurrEstab", 2 },	 { "Tcp", "OutRsts", 1 },
		{ "Tcp", "RetransSegs", 0 },	 { "Ip", "OutNoRoutes", 0 },
	};
	long before[12];
	struct sockaddr_in a;
	unsigned pa, pb;
	char buf[16];
	int s, t, l, c, r;

	NEED_INET();
	s = udp(&pa);
	t = udp(&pb);
	for (int i = 0; i < 12; i++)
		before[i] = snmp(want[i].group, want[i].name);
	a = at(INADDR_LOOPBACK, pb);
	for (int i = 0; i < 2; i++) {
		EQ(sendto(s, "hello", 5, 0, (void *)&a, sizeof(a)), 5);
		EQ(recv(t, buf, sizeof(buf), 0), 5);
	}
	close(t);
	EQ(sendto(s, "hello", 5, 0, (void *)&a, sizeof(a)), 5); /* nobody is there */
	l = socket(AF_INET, SOCK_STREAM, 0);
	a = at(INADDR_LOOPBACK, 0);
	OK(bind(l, (void *)&a, sizeof(a)));
	OK(listen(l, 1));
	c = socket(AF_INET, SOCK_STREAM, 0);
	a = at(INADDR_LOOPBACK, port_of(l));
	OK(connect(c, (void *)&a, sizeof(a)));
	r = accept(l, NULL, NULL);
	CHECK(r >= 0);
	close(l);
	l = socket(AF_INET, SOCK_STREAM, 0);
	FAILS(connect(l, (void *)&a, sizeof(a)), ECONNREFUSED);
	for (int i = 0; i < 12; i++) {
		if (snmp(want[i].group, want[i].name) - before[i] != want[i].more)
			tap_eq(__FILE__, __LINE__, want[i].name,
			       snmp(want[i].group, want[i].name) - before[i], want[i].more);
	}
	EQ(snmp("Ip", "DefaultTTL"), 64);
	EQ(snmp("Tcp", "MaxConn"), -1);
	CHECK(snmp("Ip", "InReceives") >= 5);
	CHECK(snmp("Tcp", "InSegs") >= 5);
	close(c);
	close(r);
	close(l);
	close(s);
}

/* What a full socket does not take is counted, and not as received. */
static void lost_ones_are_counted(void)
{
	static const char *const names[] = { "InDatagrams", "InErrors", "RcvbufErrors" };
	long before[3], got = 0;
	char buf[1000] = "";
	struct sockaddr_in a;
	int s, t, small = 4096;
	unsigned pa, pb;

	NEED_INET();
	s = udp(&pa);
	t = udp(&pb);
	OK(setsockopt(t, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	for (int i = 0; i < 3; i++)
		before[i] = snmp("Udp", names[i]);
	a = at(INADDR_LOOPBACK, pb);
	for (int i = 0; i < 40; i++)
		EQ(sendto(s, buf, sizeof(buf), 0, (void *)&a, sizeof(a)), (long)sizeof(buf));
	while (recv(t, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		got++;
	CHECK(got > 0 && got < 40);
	EQ(snmp("Udp", names[0]) - before[0], got);
	EQ(snmp("Udp", names[1]) - before[1], 40 - got);
	EQ(snmp("Udp", names[2]) - before[2], 40 - got);
	close(s);
	close(t);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = {
		T(datagrams),
		T(large_datagram),
		T(many_messages),
		T(raw),
		T(ipv6),
		T(ipv6_datagrams),
		T(corked),
		T(ipv6_refused),
		T(interfaces),
		T(in_proc),
		T(loopback_counts),
		T(counters),
		T(lost_ones_are_counted),
		TEND,
	};

	return tap_main(argc, argv, t);
}
