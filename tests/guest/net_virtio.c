/* A virtio network device on QEMU's own network (tools/guest-tests.py): addresses by DHCP and by the router's advertisements, echoes of
   the gateway, bytes to port 7 of 10.0.2.100 and back. */
#include "inet.h"

#include "config.h"

#include <netinet/ip_icmp.h>

enum {
	ADDRESS = 0x0a00020f,
	GATEWAY = 0x0a000202,
	ECHO = 0x0a000264,
	ECHO_PORT = 7,
	BYTES = 1 << 20
};

/* Until the file has the text: the alarm of the test ends a wait in vain. */
static void until_listed(const char *file, const char *what)
{
	char text[4096];

	for (;;) {
		CHECK(tap_read(file, text, sizeof(text)) > 0);
		if (strstr(text, what))
			return;
		usleep(10000);
	}
}

/* The address by DHCP: its route is there, and the gateway's. */
static void configured(void)
{
	struct ifreq r = { .ifr_name = "eth0" };
	int s;

	NEED_INET();
	until_listed("/proc/net/route", "eth0\t00000000\t0202000A");
	s = socket(AF_INET, SOCK_DGRAM, 0);
	OK(ioctl(s, SIOCGIFADDR, &r));
	EQ(ntohl(((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr), ADDRESS);
	OK(ioctl(s, SIOCGIFNETMASK, &r));
	EQ(ntohl(((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr), 0xffffff00);
	OK(ioctl(s, SIOCGIFFLAGS, &r));
	EQ(r.ifr_flags, IFF_UP | IFF_BROADCAST | IFF_MULTICAST | IFF_RUNNING);
	close(s);
}

/* By the router's advertisement: its prefix and the device's own number (QEMU's first is 52:54:00:12:34:56). */
static void configured_v6(void)
{
	NEED_INET();
	until_listed("/proc/net/if_inet6", "fe80000000000000505400fffe123456 02 40 20 80     eth0");
	until_listed("/proc/net/if_inet6", "fec0000000000000505400fffe123456 02 40");
}

static void in_sys(void)
{
	char text[64], want[64];
	struct ifreq r = { .ifr_name = "eth0" };
	const unsigned char *mac = (unsigned char *)r.ifr_hwaddr.sa_data;
	int s;

	NEED_INET();
	s = socket(AF_INET, SOCK_DGRAM, 0);
	OK(ioctl(s, SIOCGIFHWADDR, &r));
	snprintf(want, sizeof(want), "%02x:%02x:%02x:%02x:%02x:%02x\n", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	CHECK(tap_read("/sys/class/net/eth0/address", text, sizeof(text)) > 0);
	STREQ(text, want);
	CHECK(tap_read("/sys/class/net/eth0/broadcast", text, sizeof(text)) > 0);
	STREQ(text, "ff:ff:ff:ff:ff:ff\n");
	CHECK(tap_read("/sys/class/net/eth0/operstate", text, sizeof(text)) > 0);
	STREQ(text, "up\n");
	CHECK(tap_read("/sys/class/net/eth0/flags", text, sizeof(text)) > 0);
	STREQ(text, "0x1003\n");
	CHECK(tap_read("/sys/class/net/eth0/speed", text, sizeof(text)) > 0);
	STREQ(text, "-1\n");
	CHECK(tap_read("/sys/class/net/eth0/statistics/rx_packets", text, sizeof(text)) > 0);
	CHECK(strtol(text, NULL, 10) > 0);
	close(s);
}

static void gateway_answers(void)
{
	unsigned char echo[64] = { ICMP_ECHO, 0, 0, 0, 0x12, 0x34, 0, 1 }, buf[128];
	struct sockaddr_in a = at(GATEWAY, 0), from;
	unsigned sum = 0x0800 + 0x1234 + 1;
	socklen_t len = sizeof(from);
	int s;

	NEED_INET();
	until_listed("/proc/net/route", "eth0\t00000000\t0202000A");
	echo[2] = (unsigned char)(~sum >> 8);
	echo[3] = (unsigned char)~sum;
	s = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	CHECK(s >= 0);
	EQ(sendto(s, echo, sizeof(echo), 0, (void *)&a, sizeof(a)), sizeof(echo));
	EQ(recvfrom(s, buf, sizeof(buf), 0, (void *)&from, &len), 20 + sizeof(echo));
	EQ(buf[20], ICMP_ECHOREPLY);
	EQ(ntohl(from.sin_addr.s_addr), GATEWAY);
	close(s);
	until_listed("/proc/net/arp", "10.0.2.2         0x1         0x2         52:55:0a:00:02:02");
}

/* Does a message of rtnetlink's list @type hold these bytes? */
static int listed(int type, const void *what, size_t len)
{
	struct {
		uint32_t len;
		uint16_t type, flags;
		uint32_t seq, pid;
		uint8_t body[12];
	} q = { sizeof(q), (uint16_t)type, 0x301, 1, 0, { 0 } };
	static char buf[8192];
	int s = socket(16, SOCK_RAW, 0);
	ssize_t n;

	CHECK(s >= 0);
	EQ(send(s, &q, sizeof(q), 0), sizeof(q));
	n = recv(s, buf, sizeof(buf), 0);
	CHECK(n >= 0);
	close(s);
	return memmem(buf, (size_t)n, what, len) != NULL;
}

/* The gateway as a neighbour, IPv6's router as a route, as ip(8) asks for them: attributes with their heads. */
static void by_netlink(void)
{
	static const unsigned char neighbour[] = { 8, 0, 1, 0,	  10,	0,  2, 2, 10,
						   0, 2, 0, 0x52, 0x55, 10, 0, 2, 2 };
	static const unsigned char router[] = { 20, 0, 5, 0, 0xfe, 0x80, 0, 0, 0, 0,
						0,  0, 0, 0, 0,	   0,	 0, 0, 0, 2 };
	static const unsigned char prefix[] = { 20, 0, 1, 0, 0xfe, 0xc0, 0, 0, 0, 0,
						0,  0, 0, 0, 0,	   0,	 0, 0, 0, 0 };

	NEED_INET();
	until_listed("/proc/net/arp", "10.0.2.2 ");
	EQ(listed(30, neighbour, sizeof(neighbour)), 1);
	until_listed("/proc/net/if_inet6", "fec0000000000000505400fffe123456 02 40");
	EQ(listed(26, router, sizeof(router)), 1);
	EQ(listed(26, prefix, sizeof(prefix)), 1);
}

static void *write_all(void *arg)
{
	static unsigned char buf[BYTES];
	size_t done = 0;
	int s = *(int *)arg;

	for (size_t i = 0; i < BYTES; i++)
		buf[i] = byte_at(i);
	while (done < BYTES) {
		ssize_t n = write(s, buf + done, BYTES - done);

		if (n <= 0)
			return (void *)1;
		done += (size_t)n;
	}
	return (void *)(intptr_t)shutdown(s, SHUT_WR);
}

static void there_and_back(void)
{
	static unsigned char buf[BYTES];
	struct sockaddr_in a = at(ECHO, ECHO_PORT);
	size_t done = 0, wrong = 0;
	pthread_t t;
	ssize_t n;
	void *failed;
	int s;

	NEED_INET();
	until_listed("/proc/net/route", "eth0\t00000000\t0202000A");
	s = socket(AF_INET, SOCK_STREAM, 0);
	OK(connect(s, (void *)&a, sizeof(a)));
	EQ(pthread_create(&t, NULL, write_all, &s), 0);
	while (done < BYTES && (n = read(s, buf + done, BYTES - done)) > 0)
		done += (size_t)n;
	EQ(done, BYTES);
	for (size_t i = 0; i < done; i++)
		wrong += buf[i] != byte_at(i);
	EQ(wrong, 0);
	EQ(pthread_join(t, &failed), 0);
	CHECK(!failed);
	reset(s);
}

/* Short messages to and fro. */
static void ping_pong(void)
{
	struct sockaddr_in a = at(ECHO, ECHO_PORT);
	char buf[16];
	int s;

	NEED_INET();
	until_listed("/proc/net/route", "eth0\t00000000\t0202000A");
	s = socket(AF_INET, SOCK_STREAM, 0);
	OK(connect(s, (void *)&a, sizeof(a)));
	for (unsigned i = 0; i < 200; i++) {
		unsigned got = 0;

		EQ(write(s, &i, sizeof(i)), sizeof(i));
		EQ(recv(s, &got, sizeof(got), MSG_WAITALL), sizeof(got));
		EQ(got, i);
	}
	FAILS(recv(s, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	reset(s);
	s = socket(AF_INET, SOCK_STREAM, 0);
	a = at(INADDR_LOOPBACK, ECHO_PORT);
	FAILS(connect(s, (void *)&a, sizeof(a)), ECONNREFUSED);
	close(s);
}

static uint32_t address_of_eth0(void)
{
	struct ifreq r = { .ifr_name = "eth0" };
	int s = socket(AF_INET, SOCK_DGRAM, 0), err = ioctl(s, SIOCGIFADDR, &r);

	close(s);
	return err ? 0 : ntohl(((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr);
}

/* Another address, the old one, and all that goes with it. The last test: DHCP has no say any more. */
static void changed(void)
{
	struct ifreq r = { .ifr_name = "eth0" };
	struct {
		uint32_t cmd;
		char driver[32], rest[160];
	} info = { .cmd = 3 };
	int s;

	NEED_INET();
	s = socket(AF_INET, SOCK_DGRAM, 0);
	EQ(nl_gateway(RTM_NEWROUTE, "\x0a\0\2\2"), -EEXIST);
	*(struct sockaddr_in *)&r.ifr_addr = at(0x0a09090a, 0);
	OK(ioctl(s, SIOCSIFADDR, &r));
	EQ(address_of_eth0(), 0x0a09090a);
	OK(ioctl(s, SIOCGIFNETMASK, &r));
	EQ(ntohl(((struct sockaddr_in *)&r.ifr_addr)->sin_addr.s_addr), 0xff000000);
	*(struct sockaddr_in *)&r.ifr_addr = at(0xffffff00, 0);
	OK(ioctl(s, SIOCSIFNETMASK, &r));
	until_listed("/proc/net/route", "eth0\t0009090A\t00000000\t0001\t0\t0\t0\t00FFFFFF");
	EQ(nl_gateway(RTM_DELROUTE, "\x0a\0\2\2"), -ESRCH); /* went with the address */
	EQ(nl_gateway(RTM_NEWROUTE, "\x0a\0\2\2"), -ENETUNREACH);
	EQ(nl_address(RTM_DELADDR, 2, AF_INET, "\x0a\x09\x09\x0a", 24), 0);
	EQ(address_of_eth0(), 0);
	EQ(nl_address(RTM_NEWADDR, 2, AF_INET, "\x0a\0\2\x0f", 24), 0);
	EQ(address_of_eth0(), ADDRESS);
	EQ(nl_gateway(RTM_NEWROUTE, "\x0a\0\2\2"), 0);
	until_listed("/proc/net/route", "eth0\t00000000\t0202000A");
	r.ifr_mtu = 1400;
	OK(ioctl(s, SIOCSIFMTU, &r));
	r.ifr_mtu = 0;
	OK(ioctl(s, SIOCGIFMTU, &r));
	EQ(r.ifr_mtu, 1400);
	r.ifr_mtu = 67;
	FAILS(ioctl(s, SIOCSIFMTU, &r), EINVAL);
	r.ifr_mtu = 1500;
	OK(ioctl(s, SIOCSIFMTU, &r));
	r.ifr_data = (void *)&info;
	OK(ioctl(s, 0x8946, &r));
	STREQ(info.driver, "virtio_net");
	close(s);
	gateway_answers();
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = {
		T(configured),	    T(configured_v6), T(in_sys),
		T(gateway_answers), T(by_netlink),    T(there_and_back),
		T(ping_pong),	    T(changed),	      TEND,
	};

	return tap_main(argc, argv, t);
}
