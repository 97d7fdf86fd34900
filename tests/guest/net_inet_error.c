/* Errors of packets: what ICMP says, with IP_RECVERR and MSG_ERRQUEUE and without. */
#include "failpoint.h"
#include "inet.h"

#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>

enum { SO_EE_ORIGIN_ICMP = 2, SO_EE_ORIGIN_ICMP6 = 3 };
struct sock_extended_err {
	uint32_t ee_errno;
	uint8_t ee_origin, ee_type, ee_code, ee_pad;
	uint32_t ee_info, ee_data;
};

/* One report and all that came with it. */
struct report {
	char data[64];
	ssize_t len;
	struct sockaddr_in6 to; /* of either family */
	struct sock_extended_err said;
	struct sockaddr_in6 by;
	int ttl; /* of the ICMP message; -1: not told */
	int flags;
	socklen_t control;
};

static ssize_t report_of(int s, struct report *r, size_t room, int level, int type)
{
	union {
		struct cmsghdr align;
		char bytes[256];
	} c;
	struct iovec iov = { r->data, room };
	struct msghdr h = { .msg_name = &r->to,
			    .msg_namelen = sizeof(r->to),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &c,
			    .msg_controllen = sizeof(c) };

	memset(&c, 0, sizeof(c));
	memset(r, 0, sizeof(*r));
	r->ttl = -1;
	r->len = recvmsg(s, &h, MSG_ERRQUEUE);
	r->flags = h.msg_flags;
	if (r->len < 0)
		return r->len;
	for (struct cmsghdr *p = CMSG_FIRSTHDR(&h); p; p = CMSG_NXTHDR(&h, p)) {
		if (p->cmsg_level == IPPROTO_IP && p->cmsg_type == IP_TTL)
			memcpy(&r->ttl, CMSG_DATA(p), sizeof(r->ttl));
		if (p->cmsg_level != level || p->cmsg_type != type)
			continue;
		r->control = (socklen_t)(p->cmsg_len - CMSG_LEN(0));
		memcpy(&r->said, CMSG_DATA(p), sizeof(r->said));
		memcpy(&r->by, CMSG_DATA(p) + sizeof(r->said), r->control - sizeof(r->said));
	}
	return r->len;
}

/* A port of the loopback that nobody has. */
static struct sockaddr_in nobody(void)
{
	struct sockaddr_in a = at(INADDR_LOOPBACK, 0);
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	OK(bind(s, (void *)&a, sizeof(a)));
	a.sin_port = htons((uint16_t)port_of(s));
	close(s);
	return a;
}

static void port_unreachable(void)
{
	struct sockaddr_in a, *to, *by;
	struct report r;
	int s;

	NEED_INET();
	a = nobody();
	s = socket(AF_INET, SOCK_DGRAM, 0);
	EQ(option(s, IPPROTO_IP, IP_RECVERR), 0);
	set(s, IPPROTO_IP, IP_RECVERR, 7);
	EQ(option(s, IPPROTO_IP, IP_RECVERR), 1);
	FAILS(report_of(s, &r, 64, IPPROTO_IP, IP_RECVERR), EAGAIN);
	/* Not connected: who has asked hears of it all the same. */
	EQ(sendto(s, "words", 5, 0, (void *)&a, sizeof(a)), 5);
	EQ(ready(s), POLLOUT | POLLERR);
	CHECK(report_of(s, &r, 64, IPPROTO_IP, IP_RECVERR) >= 0);
	EQ(r.flags, MSG_ERRQUEUE);
	EQ(r.control, sizeof(r.said) + sizeof(a));
	EQ(r.said.ee_errno, ECONNREFUSED);
	EQ(r.said.ee_origin, SO_EE_ORIGIN_ICMP);
	EQ(r.said.ee_type, ICMP_DEST_UNREACH);
	EQ(r.said.ee_code, ICMP_PORT_UNREACH);
	EQ(r.said.ee_info, 0);
	to = (void *)&r.to;
	EQ(to->sin_family, AF_INET);
	EQ(to->sin_port, a.sin_port);
	EQ(to->sin_addr.s_addr, a.sin_addr.s_addr);
	by = (void *)&r.by;
	EQ(by->sin_family, AF_INET);
	EQ(by->sin_port, 0);
	EQ(by->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	EQ(r.ttl, -1);
	/* That was the error, too. */
	EQ(ready(s), POLLOUT);
	EQ(option(s, SOL_SOCKET, SO_ERROR), 0);
	close(s);
}

/* The error is told once, the reports stay; each that is taken makes the next one's the error. */
static void several(void)
{
	struct sockaddr_in a, b;
	struct report r;
	char c;
	int s;

	NEED_INET();
	a = nobody();
	b = nobody();
	s = socket(AF_INET, SOCK_DGRAM, 0);
	set(s, IPPROTO_IP, IP_RECVERR, 1);
	set(s, IPPROTO_IP, IP_RECVTTL, 1);
	EQ(sendto(s, "a", 1, 0, (void *)&a, sizeof(a)), 1);
	FAILS(recv(s, &c, 1, MSG_DONTWAIT), ECONNREFUSED);
	FAILS(recv(s, &c, 1, MSG_DONTWAIT), EAGAIN);
	EQ(ready(s), POLLOUT | POLLERR);
	EQ(sendto(s, "b", 1, 0, (void *)&b, sizeof(b)), 1);
	FAILS(sendto(s, "c", 1, 0, (void *)&b, sizeof(b)), ECONNREFUSED);
	CHECK(report_of(s, &r, 64, IPPROTO_IP, IP_RECVERR) >= 0);
	EQ(((struct sockaddr_in *)&r.to)->sin_port, a.sin_port);
	EQ(r.ttl, 64);
	EQ(option(s, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	EQ(option(s, SOL_SOCKET, SO_ERROR), 0);
	EQ(ready(s), POLLOUT | POLLERR);
	/* Without the option they are gone. */
	set(s, IPPROTO_IP, IP_RECVERR, 0);
	EQ(ready(s), POLLOUT);
	FAILS(report_of(s, &r, 64, IPPROTO_IP, IP_RECVERR), EAGAIN);
	/* And nobody who is not connected hears of anything. */
	EQ(sendto(s, "d", 1, 0, (void *)&a, sizeof(a)), 1);
	EQ(ready(s), POLLOUT);
	/* Reports that nobody reads have an end, and one. */
	set(s, IPPROTO_IP, IP_RECVERR, 1);
	set(s, SOL_SOCKET, SO_RCVBUF, 1);
	for (int i = 0; i < 1000; i++)
		(void)!sendto(s, "e", 1, 0, (void *)&a, sizeof(a));
	for (int i = 0; i < 1000 && report_of(s, &r, 64, IPPROTO_IP, IP_RECVERR) >= 0; i++)
		CHECK(i < 100);
	FAILS(report_of(s, &r, 64, IPPROTO_IP, IP_RECVERR), EAGAIN);
	close(s);
}

static unsigned short sum(const void *p, size_t n)
{
	const unsigned char *b = p;
	unsigned total = 0;

	for (size_t i = 0; i < n; i += 2)
		total += (unsigned)b[i] << 8 | b[i + 1];
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return htons((unsigned short)~total);
}

/* As a router would say it: of a datagram from @from to @to. */
static void say(int type, int code, uint32_t rest, unsigned from, const struct sockaddr_in *to)
{
	struct {
		struct icmphdr icmp;
		struct iphdr ip;
		struct udphdr udp;
		char data[4];
	} m = { .icmp = { .type = (uint8_t)type, .code = (uint8_t)code },
		.ip = { .version = 4,
			.ihl = 5,
			.ttl = 1,
			.protocol = IPPROTO_UDP,
			.saddr = htonl(INADDR_LOOPBACK),
			.daddr = to->sin_addr.s_addr },
		.udp = { .source = htons((uint16_t)from), .dest = to->sin_port, .len = htons(12) },
		.data = "said" };
	struct sockaddr_in here = at(INADDR_LOOPBACK, 0);
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

	CHECK(raw >= 0);
	m.icmp.un.gateway = htonl(rest);
	m.ip.tot_len = htons(sizeof(m) - sizeof(m.icmp));
	m.ip.check = sum(&m.ip, sizeof(m.ip));
	m.icmp.checksum = sum(&m, sizeof(m));
	EQ(sendto(raw, &m, sizeof(m), 0, (void *)&here, sizeof(here)), (ssize_t)sizeof(m));
	close(raw);
}

static void what_routers_say(void)
{
	static const struct {
		int type, code;
		uint32_t rest;
		unsigned err, info;
		int hard;
	} all[] = {
		{ ICMP_TIME_EXCEEDED, 0, 0, EHOSTUNREACH, 0, 0 },
		{ ICMP_DEST_UNREACH, ICMP_NET_UNREACH, 0, ENETUNREACH, 0, 0 },
		{ ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0, EHOSTUNREACH, 0, 0 },
		{ ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0, ENOPROTOOPT, 0, 1 },
		{ ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1400, EMSGSIZE, 1400, 1 },
		{ ICMP_DEST_UNREACH, ICMP_HOST_UNKNOWN, 0, EHOSTDOWN, 0, 1 },
		{ ICMP_DEST_UNREACH, ICMP_HOST_ISOLATED, 0, ENONET, 0, 1 },
		{ ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, 0, EHOSTUNREACH, 0, 1 },
		{ ICMP_PARAMETERPROB, 0, 20U << 24, EPROTO, 20, 1 },
	};
	struct sockaddr_in to = at(INADDR_LOOPBACK, 0), other = at(INADDR_LOOPBACK, 0);
	int there, deaf, asked, s;
	struct report r;

	NEED_INET();
	there = socket(AF_INET, SOCK_DGRAM, 0);
	OK(bind(there, (void *)&to, sizeof(to)));
	to.sin_port = htons((uint16_t)port_of(there));
	deaf = socket(AF_INET, SOCK_DGRAM, 0);
	asked = socket(AF_INET, SOCK_DGRAM, 0);
	set(asked, IPPROTO_IP, IP_RECVERR, 1);
	OK(connect(deaf, (void *)&to, sizeof(to)));
	OK(connect(asked, (void *)&to, sizeof(to)));
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		say(all[i].type, all[i].code, all[i].rest, port_of(deaf), &to);
		EQ(option(deaf, SOL_SOCKET, SO_ERROR), all[i].hard ? (int)all[i].err : 0);
		FAILS(report_of(deaf, &r, 64, IPPROTO_IP, IP_RECVERR), EAGAIN);
		say(all[i].type, all[i].code, all[i].rest, port_of(asked), &to);
		EQ(option(asked, SOL_SOCKET, SO_ERROR), (int)all[i].err);
		EQ(report_of(asked, &r, i ? 64 : 2, IPPROTO_IP, IP_RECVERR), i ? 4 : 2);
		EQ(memcmp(r.data, "said", (size_t)r.len), 0);
		EQ(r.flags, i ? MSG_ERRQUEUE : MSG_ERRQUEUE | MSG_TRUNC);
		EQ(r.said.ee_errno, all[i].err);
		EQ(r.said.ee_type, all[i].type);
		EQ(r.said.ee_code, all[i].code);
		EQ(r.said.ee_info, all[i].info);
	}
	/* Of datagrams that nobody here sent. */
	other.sin_port = nobody().sin_port;
	say(ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0, port_of(asked), &other);
	say(ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0, port_of(there), &to);
	say(ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0, ntohs(other.sin_port), &to);
	say(ICMP_DEST_UNREACH, 16, 0, port_of(asked), &to);
	say(ICMP_ECHOREPLY, 0, 0, port_of(asked), &to);
	EQ(ready(asked), POLLOUT);
	EQ(ready(there), POLLOUT);
	/* Who is connected comes before who has the same port and is not. */
	other.sin_port = htons((uint16_t)port_of(asked));
	s = socket(AF_INET, SOCK_DGRAM, 0);
	set(s, IPPROTO_IP, IP_RECVERR, 1);
	set(s, SOL_SOCKET, SO_REUSEADDR, 1);
	set(asked, SOL_SOCKET, SO_REUSEADDR, 1);
	OK(bind(s, (void *)&other, sizeof(other)));
	say(ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0, port_of(asked), &to);
	EQ(ready(s), POLLOUT);
	EQ(option(asked, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	close(s);
	close(there);
	close(deaf);
	close(asked);
}

/* A raw socket hears of its protocol, and sees what was behind the IP header. */
static void raw_sockets(void)
{
	struct sockaddr_in to = at(INADDR_LOOPBACK, 9);
	struct report r;
	struct udphdr udp;
	int icmp, s;

	NEED_INET();
	icmp = socket(AF_INET, SOCK_RAW, IPPROTO_IGMP);
	s = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	set(icmp, IPPROTO_IP, IP_RECVERR, 1);
	set(s, IPPROTO_IP, IP_RECVERR, 1);
	say(ICMP_TIME_EXCEEDED, 0, 0, 7, &to);
	EQ(report_of(s, &r, 64, IPPROTO_IP, IP_RECVERR), (ssize_t)sizeof(udp) + 4);
	memcpy(&udp, r.data, sizeof(udp));
	EQ(udp.source, htons(7));
	EQ(udp.dest, htons(9));
	EQ(((struct sockaddr_in *)&r.to)->sin_port, 0);
	EQ(r.said.ee_errno, EHOSTUNREACH);
	FAILS(report_of(icmp, &r, 64, IPPROTO_IP, IP_RECVERR), EAGAIN);
	close(icmp);
	close(s);
}

static void over_ipv6(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in v4;
	socklen_t len = sizeof(a);
	struct report r;
	int s, t;

	NEED_INET();
	t = socket(AF_INET6, SOCK_DGRAM, 0);
	OK(bind(t, (void *)&a, sizeof(a)));
	OK(getsockname(t, (void *)&a, &len));
	close(t);
	s = socket(AF_INET6, SOCK_DGRAM, 0);
	set(s, IPPROTO_IPV6, IPV6_RECVERR, 1);
	EQ(option(s, IPPROTO_IPV6, IPV6_RECVERR), 1);
	EQ(sendto(s, "words", 5, 0, (void *)&a, sizeof(a)), 5);
	CHECK(report_of(s, &r, 64, IPPROTO_IPV6, IPV6_RECVERR) >= 0);
	EQ(r.control, sizeof(r.said) + sizeof(a));
	EQ(r.said.ee_errno, ECONNREFUSED);
	EQ(r.said.ee_origin, SO_EE_ORIGIN_ICMP6);
	EQ(r.said.ee_type, 1);
	EQ(r.said.ee_code, 4);
	EQ(r.to.sin6_family, AF_INET6);
	EQ(r.to.sin6_port, a.sin6_port);
	EQ(memcmp(&r.to.sin6_addr, &a.sin6_addr, 16), 0);
	EQ(r.by.sin6_family, AF_INET6);
	EQ(memcmp(&r.by.sin6_addr, &a.sin6_addr, 16), 0);
	/* IPv4's errors are asked for by themselves. */
	v4 = nobody();
	a = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = v4.sin_port };
	OK(inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.sin6_addr) - 1);
	EQ(sendto(s, "words", 5, 0, (void *)&a, sizeof(a)), 5);
	EQ(ready(s), POLLOUT);
	set(s, IPPROTO_IP, IP_RECVERR, 1);
	EQ(sendto(s, "words", 5, 0, (void *)&a, sizeof(a)), 5);
	CHECK(report_of(s, &r, 64, IPPROTO_IPV6, IPV6_RECVERR) >= 0);
	EQ(r.said.ee_origin, SO_EE_ORIGIN_ICMP);
	EQ(r.said.ee_errno, ECONNREFUSED);
	EQ(memcmp(&r.to.sin6_addr, &a.sin6_addr, 16), 0);
	EQ(memcmp(&r.by.sin6_addr, &a.sin6_addr, 16), 0);
	close(s);
}

static int asked;
static struct sockaddr_in closed;

/* A report may be lost for want of memory; what is left of it is not. */
static int op_report(void)
{
	struct report r;

	if (sendto(asked, "x", 1, 0, (void *)&closed, sizeof(closed)) < 0)
		(void)option(asked, SOL_SOCKET, SO_ERROR);
	if (report_of(asked, &r, 64, IPPROTO_IP, IP_RECVERR) < 0)
		CHECK(errno == ENOMEM || errno == EAGAIN);
	return 0;
}

static void nothing(void)
{
}

static void without_memory(void)
{
	NEED_INET();
	if (!failpoints_open())
		SKIP("a kernel without failpoints");
	closed = nobody();
	asked = socket(AF_INET, SOCK_DGRAM, 0);
	set(asked, IPPROTO_IP, IP_RECVERR, 1);
	set(asked, IPPROTO_IP, IP_RECVTTL, 1);
	every_failure_is(ENOMEM, "report", op_report, nothing);
	close(asked);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = {
		T(port_unreachable), T(several), T(what_routers_say), T(raw_sockets), T(over_ipv6),
		T(without_memory),   TEND,
	};

	return tap_main(argc, argv, t);
}
