/*
 * Interfaces, as ioctl(2) shows and changes them: names, addresses, flags, the gateway, what ethtool(8) asks.
 *
 * LOCKS    core lock while lwIP's list is read.   CONTEXT  tasks.   FAILS  ENODEV, EADDRNOTAVAIL, ENOTTY, EFAULT, EINVAL, EPERM.
 * SOURCES  netdevice(7).   TESTED BY  tests/guest/net_inet_dgram.c, net_config.c
 */
#include "arch/uaccess.h"
#include "base/errno.h"
#include "lib/string.h"
#include "net/inet_impl.h"

enum {
	SIOCADDRT = 0x890b,
	SIOCDELRT = 0x890c,
	SIOCSIFFLAGS = 0x8914,
	SIOCSIFADDR = 0x8916,
	SIOCSIFBRDADDR = 0x891a,
	SIOCSIFNETMASK = 0x891c,
	SIOCSIFMTU = 0x8922,
	SIOCETHTOOL = 0x8946,
	SIOCGIFNAME = 0x8910,
	SIOCGIFCONF = 0x8912,
	SIOCGIFFLAGS = 0x8913,
	SIOCGIFADDR = 0x8915,
	SIOCGIFBRDADDR = 0x8919,
	SIOCGIFNETMASK = 0x891b,
	SIOCGIFMETRIC = 0x891d,
	SIOCGIFMTU = 0x8921,
	SIOCGIFHWADDR = 0x8927,
	SIOCGIFINDEX = 0x8933,
	SIOCGIFTXQLEN = 0x8942,
	SIOCATMARK = 0x8905
};
enum {
	IFF_UP = 1,
	IFF_BROADCAST = 2,
	IFF_LOOPBACK = 8,
	IFF_RUNNING = 0x40,
	IFF_MULTICAST = 0x1000
};
enum { ARPHRD_ETHER = 1, ARPHRD_LOOPBACK = 772 };

struct ifreq_k {
	char name[16];
	union {
		struct {
			uint16_t family, port;
			uint32_t addr;
			char rest[8];
		} in;
		int number;
		short flags;
		char bytes[24 - 8 * (sizeof(long) == 4)]; /* of a struct ifmap */
	};
};
struct ifconf_k {
	int len;
	uaddr_t buf;
};

static bool is_loopback(const struct netif *n)
{
	return n->name[0] == 'l';
}

void inet_if_name(const struct netif *n, char name[16])
{
	memset(name, 0, 16);
	(void)str_copy(name, is_loopback(n) ? "lo" : "eth0", 16);
	if (!is_loopback(n))
		name[3] = (char)('0' + n->num - 1);
}

unsigned inet_if_flags(const struct netif *n)
{
	unsigned flags = is_loopback(n) ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST;

	if (netif_is_up(n))
		flags |= IFF_UP;
	return netif_is_up(n) && netif_is_link_up(n) ? flags | IFF_RUNNING : flags;
}

struct netif *inet_if_find(const char name[16])
{
	char mine[16];

	for (struct netif *n = netif_list; n; n = n->next) {
		inet_if_name(n, mine);
		if (!strncmp(mine, name, 16))
			return n;
	}
	return NULL;
}

static int address(struct ifreq_k *r, uint32_t addr)
{
	r->in.family = AF_INET;
	r->in.addr = addr;
	return 0;
}

static int answer(const struct netif *n, unsigned cmd, struct ifreq_k *r)
{
	uint32_t addr = netif_ip4_addr(n)->addr, mask = netif_ip4_netmask(n)->addr;

	memset(r->bytes, 0, sizeof(r->bytes));
	switch (cmd) {
	case SIOCGIFFLAGS:
		r->flags = (short)inet_if_flags(n);
		return 0;
	case SIOCGIFADDR:
		return addr ? address(r, addr) : -EADDRNOTAVAIL;
	case SIOCGIFNETMASK:
		return addr ? address(r, mask) : -EADDRNOTAVAIL;
	case SIOCGIFBRDADDR:
		return addr ? address(r, is_loopback(n) ? 0 : addr | ~mask) : -EADDRNOTAVAIL;
	case SIOCGIFMTU:
		r->number = is_loopback(n) ? 65536 : n->mtu;
		return 0;
	case SIOCGIFINDEX:
		r->number = netif_get_index(n);
		return 0;
	case SIOCGIFHWADDR:
		r->in.family = is_loopback(n) ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
		memcpy(r->bytes + 2, n->hwaddr, 6);
		return 0;
	case SIOCGIFTXQLEN:
		r->number = 1000;
		return 0;
	case SIOCGIFMETRIC:
		return 0;
	default:
		return -ENOTTY;
	}
}

static bool is_change(unsigned cmd)
{
	return cmd == SIOCSIFFLAGS || cmd == SIOCSIFADDR || cmd == SIOCSIFBRDADDR ||
	       cmd == SIOCSIFNETMASK || cmd == SIOCSIFMTU;
}

static int change(struct netif *n, unsigned cmd, const struct ifreq_k *r)
{
	uint32_t addr = netif_ip4_addr(n)->addr, mask = netif_ip4_netmask(n)->addr;

	if (cmd == SIOCSIFFLAGS) {
		inet_set_up(n, r->flags & IFF_UP);
		return 0;
	}
	if (cmd == SIOCSIFMTU)
		return inet_set_mtu(n, r->number);
	if (r->in.family != AF_INET)
		return -EINVAL;
	if (cmd == SIOCSIFADDR)
		return inet_set_address(n, r->in.addr);
	if (cmd == SIOCSIFNETMASK)
		return inet_set_mask(n, r->in.addr);
	if (!addr)
		return -EADDRNOTAVAIL;
	return r->in.addr == (addr | ~mask) ? 0 : -EOPNOTSUPP; /* lwIP has no other */
}

/* ---- the gateway ---- */

struct rtentry_k {
	unsigned long pad1;
	struct {
		uint16_t family, port;
		uint32_t addr;
		char rest[8];
	} dst, gateway, mask;
	uint16_t flags, pad2;
	unsigned long pad3;
	uaddr_t pad4;
	short metric;
	uaddr_t device;
};

static long route_ioctl(unsigned cmd, unsigned long arg)
{
	struct rtentry_k r;
	char name[16] = { 0 };
	struct netif *n = NULL;
	long err;

	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	if (get_user(&r, (uaddr_t)arg))
		return -EFAULT;
	if (r.device) {
		err = strncpy_from_user(name, r.device, sizeof(name) - 1);
		if (err < 0)
			return err;
	}
	if (r.dst.family != AF_INET)
		return -EAFNOSUPPORT;
	if (r.dst.addr || r.mask.addr)
		return cmd == SIOCADDRT ? -EOPNOTSUPP : -ESRCH; /* the default route alone */
	inet_lock();
	if (r.device)
		n = inet_if_find(name);
	if (r.device && !n)
		err = -ENODEV;
	else if (cmd == SIOCADDRT)
		err = inet_set_gateway(n, r.gateway.addr, false);
	else
		err = inet_drop_gateway(n, r.gateway.addr);
	inet_unlock();
	return err;
}

/* ---- ethtool(8) ---- */

enum { ETHTOOL_GDRVINFO = 3, ETHTOOL_GLINK = 10, ETHTOOL_GET_TS_INFO = 0x41 };
enum { RX_SOFTWARE = 8, SOFTWARE = 16 };

union ethtool_k {
	uint32_t cmd;
	struct {
		uint32_t cmd;
		char driver[32], version[32], rest[128];
	} info;
	struct {
		uint32_t cmd, up;
	} link;
	struct {
		uint32_t cmd, stamps;
		int32_t clock;
		uint32_t rest[8];
	} time;
};

/* What @e asks of @n, into it. Return: bytes, or -EOPNOTSUPP. */
static int ethtool_answer(const struct netif *n, union ethtool_k *e)
{
	uint32_t cmd = e->cmd;

	memset(e, 0, sizeof(*e));
	e->cmd = cmd;
	switch (cmd) {
	case ETHTOOL_GDRVINFO:
		if (is_loopback(n))
			return -EOPNOTSUPP;
		(void)str_copy(e->info.driver, "virtio_net", sizeof(e->info.driver));
		(void)str_copy(e->info.version, "1.0.0", sizeof(e->info.version));
		return sizeof(e->info);
	case ETHTOOL_GLINK:
		e->link.up = netif_is_link_up(n);
		return sizeof(e->link);
	case ETHTOOL_GET_TS_INFO:
		e->time.stamps = RX_SOFTWARE | SOFTWARE;
		e->time.clock = -1;
		return sizeof(e->time);
	default:
		return -EOPNOTSUPP;
	}
}

static long ethtool(const struct ifreq_k *r)
{
	union ethtool_k e;
	struct netif *n;
	uaddr_t at;
	int len;

	memcpy(&at, r->bytes, sizeof(at));
	if (get_user(&e.cmd, at))
		return -EFAULT;
	inet_lock();
	n = inet_if_find(r->name);
	len = n ? ethtool_answer(n, &e) : -ENODEV;
	inet_unlock();
	if (len < 0)
		return len;
	return copy_to_user(at, &e, (size_t)len) ? -EFAULT : 0;
}

static long list_all(unsigned long arg)
{
	struct ifconf_k c;
	struct ifreq_k all[4];
	unsigned n = 0;
	int room;

	if (get_user(&c, (uaddr_t)arg))
		return -EFAULT;
	memset(all, 0, sizeof(all));
	inet_lock();
	for (unsigned i = 1; i < 255 && n < ARRAY_SIZE(all); i++) {
		struct netif *f = netif_get_by_index((u8_t)i);

		if (!f)
			break;
		if (netif_ip4_addr(f)->addr) {
			inet_if_name(f, all[n].name);
			(void)address(&all[n++], netif_ip4_addr(f)->addr);
		}
	}
	inet_unlock();
	room = (int)(n * sizeof(all[0]));
	if (c.buf) {
		if (c.len < 0)
			return -EINVAL;
		room = min_of(int, room, c.len - c.len % (int)sizeof(all[0]));
		if (copy_to_user(c.buf, all, (size_t)room))
			return -EFAULT;
	}
	c.len = room;
	return put_user((uaddr_t)arg, &c);
}

long inet_ioctl(unsigned cmd, unsigned long arg)
{
	struct ifreq_k r;
	struct netif *n;
	int err = (cmd & ~0xffU) == 0x8900 ? inet_start() : -ENOTTY, zero = 0;

	if (err)
		return err;
	if (cmd == SIOCGIFCONF)
		return list_all(arg);
	if (cmd == SIOCATMARK)
		return put_user((uaddr_t)arg, &zero);
	if (cmd == SIOCADDRT || cmd == SIOCDELRT)
		return route_ioctl(cmd, arg);
	if (get_user(&r, (uaddr_t)arg))
		return -EFAULT;
	if (cmd == SIOCETHTOOL)
		return ethtool(&r);
	if (is_change(cmd) && !capable(CAP_NET_ADMIN))
		return -EPERM;
	err = -ENODEV;
	inet_lock();
	n = cmd == SIOCGIFNAME ? netif_get_by_index((u8_t)r.number) : inet_if_find(r.name);
	if (n && cmd == SIOCGIFNAME) {
		inet_if_name(n, r.name);
		err = 0;
	} else if (n) {
		err = is_change(cmd) ? change(n, cmd, &r) : answer(n, cmd, &r);
	}
	inet_unlock();
	return err || is_change(cmd) ? err : put_user((uaddr_t)arg, &r);
}
