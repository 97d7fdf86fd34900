/* Changing interfaces, by ioctl and by rtnetlink: what the loopback has of it. net_virtio.c: an Ethernet device. */
#include "inet.h"

#include "config.h"

#include <net/route.h>

static int is_up(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	OK(ioctl(s, SIOCGIFFLAGS, &r));
	close(s);
	return (r.ifr_flags & IFF_UP) != 0;
}

static void refused(void)
{
	struct ifreq r = { .ifr_name = "nope0" };
	struct rtentry e = { 0 };
	int s;

	NEED_INET();
	s = socket(AF_INET, SOCK_DGRAM, 0);
	r.ifr_addr.sa_family = AF_INET;
	FAILS(ioctl(s, SIOCSIFADDR, &r), ENODEV);
	FAILS(ioctl(s, SIOCSIFFLAGS, &r), ENODEV);
	strcpy(r.ifr_name, "lo");
	r.ifr_addr.sa_family = AF_INET6;
	FAILS(ioctl(s, SIOCSIFNETMASK, &r), EINVAL);
	*(struct sockaddr_in *)&r.ifr_addr = at(0xe0000001, 0);
	FAILS(ioctl(s, SIOCSIFADDR, &r), EINVAL);
	*(struct sockaddr_in *)&r.ifr_addr = at(0xff00ff00, 0);
	FAILS(ioctl(s, SIOCSIFNETMASK, &r), EINVAL);
	r.ifr_mtu = -1;
	FAILS(ioctl(s, SIOCSIFMTU, &r), EINVAL);
	FAILS(ioctl(s, SIOCSIFADDR, NULL), EFAULT);
	e.rt_dst.sa_family = AF_INET;
	FAILS(ioctl(s, SIOCDELRT, &e), ESRCH);
	FAILS(ioctl(s, SIOCDELRT, NULL), EFAULT);
	close(s);
}

static int unprivileged(void *arg)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = 0 };
	struct rtentry e = { 0 };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	if (setuid(1000))
		return 1;
	if (ioctl(s, SIOCSIFFLAGS, &r) != -1 || errno != EPERM)
		return 2;
	if (ioctl(s, SIOCADDRT, &e) != -1 || errno != EPERM)
		return 3;
	if (nl_address(RTM_NEWADDR, 1, AF_INET, "\x0a\1\2\3", 24) != -EPERM)
		return 4;
	return 0;
}

static void not_for_all(void)
{
	NEED_INET();
	EQ(tap_child(unprivileged, NULL), 0);
	CHECK(is_up());
}

static void down_and_up(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = 0 };
	int s, v[2];

	NEED_INET();
	s = socket(AF_INET, SOCK_DGRAM, 0);
	OK(ioctl(s, SIOCSIFFLAGS, &r));
	CHECK(!is_up());
	EQ(nl_link(1, IFF_UP, IFF_UP), 0);
	CHECK(is_up());
	connection(v);
	gone(v);
	EQ(nl_link(1, 0, IFF_UP), 0);
	CHECK(!is_up());
	r.ifr_flags = IFF_UP;
	OK(ioctl(s, SIOCSIFFLAGS, &r));
	CHECK(is_up());
	EQ(nl_link(77, IFF_UP, IFF_UP), -ENODEV);
	close(s);
}

static void addresses(void)
{
	static const char v6[16] = { (char)0xfd, [15] = 5 };
	char text[4096];

	NEED_INET();
	EQ(nl_address(RTM_NEWADDR, 1, AF_INET, "\x7f\0\0\1", 8), -EEXIST);
	EQ(nl_address(RTM_DELADDR, 1, AF_INET, "\x0a\1\2\3", 24), -EADDRNOTAVAIL);
	EQ(nl_address(RTM_NEWADDR, 77, AF_INET, "\x0a\1\2\3", 24), -ENODEV);
	EQ(nl_address(RTM_NEWADDR, 1, AF_INET, "\x0a\1\2\3", 33), -EINVAL);
	EQ(nl_address(RTM_NEWADDR, 1, AF_INET, NULL, 24), -EINVAL);
	EQ(nl_address(RTM_NEWADDR, 1, AF_INET6, v6, 64), 0);
	EQ(nl_address(RTM_NEWADDR, 1, AF_INET6, v6, 64), -EEXIST);
	CHECK(tap_read("/proc/net/if_inet6", text, sizeof(text)) > 0);
	CHECK(strstr(text, "fd000000000000000000000000000005 01"));
	EQ(nl_address(RTM_DELADDR, 1, AF_INET6, v6, 64), 0);
	EQ(nl_address(RTM_DELADDR, 1, AF_INET6, v6, 64), -EADDRNOTAVAIL);
}

static void gateways(void)
{
	NEED_INET();
	EQ(nl_gateway(RTM_NEWROUTE, "\x0a\x63\0\1"), -ENETUNREACH);
	EQ(nl_gateway(RTM_DELROUTE, "\x0a\x63\0\1"), -ESRCH);
}

static void asked_by_ethtool(void)
{
	struct {
		uint32_t cmd, up;
	} link = { 10, 0 };
	struct {
		uint32_t cmd, stamps;
		int32_t clock;
		uint32_t rest[8];
	} time = { .cmd = 0x41 };
	struct ifreq r = { .ifr_name = "lo", .ifr_data = (void *)&link };
	int s;

	NEED_INET();
	s = socket(AF_INET, SOCK_DGRAM, 0);
	OK(ioctl(s, 0x8946, &r));
	EQ(link.up, 1);
	r.ifr_data = (void *)&time;
	OK(ioctl(s, 0x8946, &r));
	CHECK(time.stamps & 16);
	EQ(time.clock, -1);
	link.cmd = 5; /* wake on LAN */
	r.ifr_data = (void *)&link;
	FAILS(ioctl(s, 0x8946, &r), EOPNOTSUPP);
	r.ifr_data = NULL;
	FAILS(ioctl(s, 0x8946, &r), EFAULT);
	strcpy(r.ifr_name, "nope0");
	r.ifr_data = (void *)&link;
	FAILS(ioctl(s, 0x8946, &r), ENODEV);
	close(s);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = { T(refused),   T(not_for_all), T(down_and_up),
					     T(addresses), T(gateways),	   T(asked_by_ethtool),
					     TEND };

	return tap_main(argc, argv, t);
}
