/*
 * Interfaces, as ioctl(2) shows them: names, addresses, flags.
 *
 * LOCKS    core lock while lwIP's list is read.   CONTEXT  tasks.   FAILS  ENODEV, EADDRNOTAVAIL, ENOTTY, EFAULT, EINVAL.
 * SOURCES  netdevice(7).   TESTED BY  tests/guest/net_inet_dgram.c
 */
#include "arch/uaccess.h"
#include "base/errno.h"
#include "lib/string.h"
#include "net/inet_impl.h"

enum {
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
	if (get_user(&r, (uaddr_t)arg))
		return -EFAULT;
	err = -ENODEV;
	inet_lock();
	n = cmd == SIOCGIFNAME ? netif_get_by_index((u8_t)r.number) : inet_if_find(r.name);
	if (n && cmd == SIOCGIFNAME) {
		inet_if_name(n, r.name);
		err = 0;
	} else if (n) {
		err = answer(n, cmd, &r);
	}
	inet_unlock();
	return err ? err : put_user((uaddr_t)arg, &r);
}
