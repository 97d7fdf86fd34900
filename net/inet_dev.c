/*
 * Ethernet devices under lwIP: eth0 and on.
 *
 *	lwIP ── linkoutput ── room, copy, send ──> driver
 *	driver's interrupt ── thread "inet" ── receive, copy, done ── ethernet_input ──> lwIP
 *
 * OWNS     the struct netif of every device.
 * WHY      frames are copied: a driver's buffers stay its own, and lwIP's packets need not live until the device has read them.
 * I1       a device is made ready (address, gateway) before it is up; with DHCP the address comes later, by lwIP.
 * LOCKS    core lock.   CONTEXT  netdev_add: boot. netdev_wake: any.
 * FAILS    -ENOMEM. A frame for which there is no room is lost.
 * SOURCES  Linux's kernel-parameters and nfsroot texts, "ip=".   TESTED BY  tests/guest/net_inet.c
 */
#include "arch/machine.h"
#include "base/errno.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/inet_impl.h"
#include "net/netdev.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <netif/ethernet.h>

enum { IP_FIELDS = 10, F_CLIENT = 0, F_GATEWAY = 2, F_MASK = 3, F_DEVICE = 5, F_AUTO = 6 };

static unsigned nr_devices; /* c */

bool netdev_exists(void)
{
	return nr_devices;
}

void netdev_wake(void)
{
	inet_kick();
}

static err_t link_output(struct netif *n, struct pbuf *p)
{
	struct netdev *dev = n->state;
	char *frame;

	if (p->tot_len > FRAME_MAX)
		return ERR_IF;
	frame = dev->ops->room(dev);
	if (!frame)
		return ERR_MEM;
	(void)pbuf_copy_partial(p, frame, p->tot_len, 0);
	dev->ops->send(dev, p->tot_len);
	dev->tx_frames++;
	dev->tx_bytes += p->tot_len;
	return ERR_OK;
}

static void poll_one(struct netif *n)
{
	struct netdev *dev = n->state;
	const void *frame;
	unsigned len;

	while ((len = dev->ops->receive(dev, &frame)) != 0) {
		struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);

		if (p)
			(void)pbuf_take(p, frame, (u16_t)len);
		dev->ops->done(dev);
		dev->rx_frames++;
		dev->rx_bytes += len;
		if (p && n->input(p, n) != ERR_OK)
			pbuf_free(p);
	}
}

void netdev_poll(void)
{
	for (struct netif *n = netif_list; n; n = n->next) {
		if (n->state)
			poll_one(n);
	}
}

static err_t start(struct netif *n)
{
	struct netdev *dev = n->state;

	n->name[0] = 'e';
	n->name[1] = 't';
	n->output = etharp_output;
	n->output_ip6 = ethip6_output;
	n->linkoutput = link_output;
	n->mtu = (u16_t)dev->mtu;
	n->hwaddr_len = sizeof(dev->mac);
	memcpy(n->hwaddr, dev->mac, sizeof(dev->mac));
	n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
	return ERR_OK;
}

/* ---- the boot word ip= ---- */

struct boot_ip {
	char text[128];
	char *field[IP_FIELDS]; /* empty ones too */
	unsigned nr;
};

/* ip=CLIENT:SERVER:GATEWAY:MASK:HOST:DEVICE:AUTO, or AUTO alone. Return: false: there is no such word. */
static bool read_boot_ip(struct boot_ip *b)
{
	char *p = b->text;

	b->nr = 0;
	if (!cmdline_get(boot_info.cmdline, "ip", b->text, sizeof(b->text)))
		return false;
	while (b->nr < IP_FIELDS) {
		char *end = strchr(p, ':');

		b->field[b->nr++] = p;
		if (!end)
			break;
		*end = '\0';
		p = end + 1;
	}
	return true;
}

static bool field_address(const struct boot_ip *b, unsigned i, ip4_addr_t *out)
{
	ip4_addr_set_zero(out);
	return i < b->nr && b->field[i][0] && ip4addr_aton(b->field[i], out);
}

static bool is_word(const struct boot_ip *b, unsigned i, const char *word)
{
	return i < b->nr && !strcmp(b->field[i], word);
}

/* The mask of a class of old, for who gives none. */
static void class_mask(const ip4_addr_t *ip, ip4_addr_t *mask)
{
	uint32_t host = lwip_ntohl(ip->addr);

	ip4_addr_set_u32(mask, lwip_htonl(host < 0x80000000   ? 0xff000000
					  : host < 0xc0000000 ? 0xffff0000
							      : 0xffffff00));
}

static void configure(struct netif *n)
{
	struct boot_ip b;
	ip4_addr_t ip, mask, gateway;
	bool said = read_boot_ip(&b);

	netif_set_link_up(n);
	netif_set_up(n);
	if (n->num != 1)
		return; /* the first alone */
	if (said && (is_word(&b, 0, "off") || is_word(&b, 0, "none")))
		return;
	if (said && b.nr > 1 && field_address(&b, F_CLIENT, &ip)) {
		if (!field_address(&b, F_MASK, &mask))
			class_mask(&ip, &mask);
		(void)field_address(&b, F_GATEWAY, &gateway);
		netif_set_addr(n, &ip, &mask, &gateway);
		return;
	}
	(void)dhcp_start(n);
}

int netdev_add(struct netdev *dev)
{
	struct netif *n;
	unsigned nr;
	int err = inet_start();

	if (err)
		return err;
	n = failpoint("netdev") ? NULL : kzalloc(sizeof(*n), GFP_KERNEL);
	if (!n)
		return -ENOMEM;
	inet_lock();
	(void)netif_add_noaddr(n, dev, start, ethernet_input);
	netif_create_ip6_linklocal_address(n, 1);
	n->ip6_autoconfig_enabled = 1;
	if (!nr_devices++)
		netif_set_default(n);
	configure(n);
	nr = n->num;
	inet_unlock();
	inet_kick(); /* timers */
	if (inet_sysfs_add(nr))
		pr_warn("eth%u: not in /sys: no memory", nr - 1);
	return 0;
}
