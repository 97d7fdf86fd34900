/* Raw IP: filters of ICMP messages, headers made here, sums of ICMPv6. */
#include "inet.h"

#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>

#ifndef ICMP_FILTER
#define ICMP_FILTER 1
#endif

static int raw(int family, int protocol)
{
	int s = socket(family, SOCK_RAW, protocol);

	CHECK(s >= 0);
	return s;
}

/* An echo request to oneself passes by, and its reply; the filter takes the first away. */
static void icmp_filter(void)
{
	unsigned char echo[8] = { ICMP_ECHO, 0, 0, 0, 0x12, 0x34, 0, 1 }, buf[64];
	struct sockaddr_in a = at(INADDR_LOOPBACK, 0);
	unsigned sum = 0x0800 + 0x1234 + 1, filter = 1U << ICMP_ECHO, got = 0;
	socklen_t len = sizeof(got);
	int s;

	NEED_INET();
	s = raw(AF_INET, IPPROTO_ICMP);
	EQ(option(s, SOL_RAW, ICMP_FILTER), 0);
	OK(setsockopt(s, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter)));
	OK(getsockopt(s, SOL_RAW, ICMP_FILTER, &got, &len));
	EQ(got, filter);
	echo[2] = (unsigned char)(~sum >> 8);
	echo[3] = (unsigned char)~sum;
	EQ(sendto(s, echo, 8, 0, (void *)&a, sizeof(a)), 8);
	EQ(recv(s, buf, sizeof(buf), 0), 28);
	EQ(buf[20], ICMP_ECHOREPLY);
	EQ(buf[8], 64); /* its time to live */
	FAILS(recv(s, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	close(s);
	s = raw(AF_INET, 200); /* another protocol's has no such option */
	FAILS(setsockopt(s, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter)), ENOPROTOOPT);
	close(s);
}

/* The kernel sums it; no header of IPv6 is in what comes. */
static void icmpv6(void)
{
	struct icmp6_hdr echo = { .icmp6_type = ICMP6_ECHO_REQUEST }, got;
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct icmp6_filter filter;
	int s;

	NEED_INET();
	s = raw(AF_INET6, IPPROTO_ICMPV6);
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
	OK(setsockopt(s, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)));
	set(s, SOL_RAW, IPV6_CHECKSUM, 2);
	EQ(option(s, SOL_RAW, IPV6_CHECKSUM), 2);
	FAILS(setsockopt(s, IPPROTO_IPV6, IPV6_CHECKSUM, &(int){ 2 }, sizeof(int)), EINVAL);
	FAILS(setsockopt(s, SOL_RAW, IPV6_CHECKSUM, &(int){ 3 }, sizeof(int)), EINVAL);
	echo.icmp6_id = htons(0x4321);
	echo.icmp6_seq = htons(7);
	FAILS(sendto(s, &echo, 3, 0, (void *)&a, sizeof(a)), EINVAL); /* no place for the sum */
	EQ(sendto(s, &echo, sizeof(echo), 0, (void *)&a, sizeof(a)), sizeof(echo));
	EQ(recv(s, &got, sizeof(got), 0), sizeof(got));
	EQ(got.icmp6_type, ICMP6_ECHO_REPLY);
	EQ(ntohs(got.icmp6_id), 0x4321);
	EQ(ntohs(got.icmp6_seq), 7);
	FAILS(recv(s, &got, sizeof(got), MSG_DONTWAIT), EAGAIN);
	close(s);
}

/* A datagram of UDP with a header of our own, from a port that nobody has. */
static void own_header(void)
{
	struct {
		struct iphdr ip;
		struct udphdr udp;
		char text[4];
	} p;
	struct sockaddr_in a = at(INADDR_LOOPBACK, 0), from;
	socklen_t len = sizeof(from);
	char buf[8];
	int s, t;

	NEED_INET();
	t = socket(AF_INET, SOCK_DGRAM, 0);
	OK(bind(t, (void *)&a, sizeof(a)));
	memset(&p, 0, sizeof(p));
	p.ip = (struct iphdr){ .version = 4,
			       .ihl = 5,
			       .ttl = 9,
			       .protocol = IPPROTO_UDP,
			       .daddr = htonl(INADDR_LOOPBACK) };
	p.udp = (struct udphdr){ .source = htons(777),
				 .dest = htons((uint16_t)port_of(t)),
				 .len = htons(12) };
	memcpy(p.text, "own", 4);
	s = raw(AF_INET, IPPROTO_RAW);
	EQ(option(s, IPPROTO_IP, IP_HDRINCL), 1);
	EQ(sendto(s, &p, sizeof(p), 0, (void *)&a, sizeof(a)), sizeof(p));
	EQ(recvfrom(t, buf, sizeof(buf), 0, (void *)&from, &len), 4);
	CHECK(!memcmp(buf, "own", 4));
	EQ(ntohs(from.sin_port), 777);
	EQ(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
	FAILS(sendto(s, &p, 19, 0, (void *)&a, sizeof(a)), EINVAL);
	p.ip.ihl = 4;
	FAILS(sendto(s, &p, sizeof(p), 0, (void *)&a, sizeof(a)), EINVAL);
	p.ip.ihl = 15; /* longer than all */
	FAILS(sendto(s, &p, sizeof(p), 0, (void *)&a, sizeof(a)), EINVAL);
	set(s, IPPROTO_IP, IP_HDRINCL, 0);
	EQ(option(s, IPPROTO_IP, IP_HDRINCL), 0);
	close(s);
	close(t);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = { T(icmp_filter), T(icmpv6), T(own_header), TEND };

	return tap_main(argc, argv, t);
}
