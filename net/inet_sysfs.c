/*
 * /sys/class/net: a directory for each interface.
 *
 *	/sys/class/net/lo     -> ../../devices/virtual/net/lo
 *	/sys/class/net/eth0   -> ../../devices/net/eth0
 *
 * OWNS     the names; what is in the files is read of lwIP's list and of the device's counts when it is asked for.
 * WHY      scripts and monitors (psutil, ethtool's callers) look for interfaces here rather than ask netlink.
 * I1       interfaces never go, and the one that lwIP calls N stays N: a file knows its interface by this number.
 * LOCKS    core lock while an interface is looked at.   CONTEXT  boot; tasks.
 * FAILS    -EINVAL: the loopback has no speed and no duplex. -ENOMEM.
 * SOURCES  Linux Documentation/ABI/testing/sysfs-class-net, sysfs-class-net-statistics.   TESTED BY  tests/guest/proc_sysfs.c, net_virtio.c
 */
#include "base/errno.h"
#include "fs/sysfs.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "net/inet_impl.h"
#include "net/netdev.h"

enum { NAME_ROOM = 8, PATH_ROOM = 48, LO_MTU = 65536, QUEUE_LEN = 1000, MAC_LEN = 6 };
enum { ARPHRD_ETHER = 1, ARPHRD_LOOPBACK = 772, IFF_RUNNING = 0x40 };

/* What is asked for of one interface. */
struct face {
	unsigned index, mtu, flags;
	bool lo, running;
	uint8_t mac[MAC_LEN];
	struct netdev counts;
};

/* The interface that m->private numbers, as it is now. 0, -ENOMEM: no network yet. */
static int look(struct seq_file *m, struct face *f)
{
	u8_t index = (u8_t)((uintptr_t)m->private + 1);
	int err = inet_start();
	struct netif *n;

	if (err)
		return err;
	inet_lock();
	n = netif_get_by_index(index);
	if (n) {
		const struct netdev *d = n->state ? n->state : inet_loop_counts();

		*f = (struct face){ .index = index, .lo = !n->state, .counts = *d };
		f->mtu = f->lo ? LO_MTU : n->mtu;
		f->flags = inet_if_flags(n);
		f->running = f->flags & IFF_RUNNING;
		if (!f->lo)
			memcpy(f->mac, n->hwaddr, MAC_LEN);
	}
	inet_unlock();
	return n ? 0 : -ENODEV;
}

static int say_mac(struct seq_file *m, const uint8_t mac[MAC_LEN])
{
	seq_printf(m, "%02x:%02x:%02x:%02x:%02x:%02x\n", mac[0], mac[1], mac[2], mac[3], mac[4],
		   mac[5]);
	return 0;
}

static int say_number(struct seq_file *m, unsigned long n)
{
	seq_printf(m, "%lu\n", n);
	return 0;
}

static int say_word(struct seq_file *m, const char *word)
{
	seq_printf(m, "%s\n", word);
	return 0;
}

/* name_show: what look() found, or its error. */
#define SHOW(name, say)                                                                            \
	static int name##_show(struct seq_file *m)                                                 \
	{                                                                                          \
		struct face f;                                                                     \
		int err = look(m, &f);                                                             \
                                                                                                   \
		return err ? err : (say);                                                          \
	}

static const uint8_t all_ones[MAC_LEN] = { 255, 255, 255, 255, 255, 255 };

SHOW(address, say_mac(m, f.mac))
SHOW(broadcast, say_mac(m, f.lo ? f.mac : all_ones))
SHOW(mtu, say_number(m, f.mtu))
SHOW(ifindex, say_number(m, f.index))
SHOW(type, say_number(m, f.lo ? ARPHRD_LOOPBACK : ARPHRD_ETHER))
SHOW(carrier, say_number(m, f.running))
SHOW(operstate, say_word(m, f.lo ? "unknown" : f.running ? "up" : "down"))
SHOW(speed, f.lo ? -EINVAL : say_word(m, "-1"))
SHOW(duplex, f.lo ? -EINVAL : say_word(m, "unknown"))
SHOW(rx_bytes, say_number(m, f.counts.rx_bytes))
SHOW(rx_packets, say_number(m, f.counts.rx_frames))
SHOW(tx_bytes, say_number(m, f.counts.tx_bytes))
SHOW(tx_packets, say_number(m, f.counts.tx_frames))

/* IFF_RUNNING is not the interface's own: it is what ioctl(2) makes of the carrier. */
static int flags_show(struct seq_file *m)
{
	struct face f;
	int err = look(m, &f);

	if (!err)
		seq_printf(m, "0x%x\n", f.flags & ~(unsigned)IFF_RUNNING);
	return err;
}

static void name_of(unsigned nr, char name[NAME_ROOM])
{
	(void)str_copy(name, "lo", NAME_ROOM);
	if (nr)
		fmt_snprintf(name, NAME_ROOM, "eth%u", nr - 1);
}

static int uevent_show(struct seq_file *m)
{
	unsigned nr = (unsigned)(uintptr_t)m->private;
	char name[NAME_ROOM];

	name_of(nr, name);
	seq_printf(m, "INTERFACE=%s\nIFINDEX=%u\n", name, nr + 1);
	return 0;
}

static int len_show(struct seq_file *m)
{
	return say_number(m, MAC_LEN);
}

static int queue_len_show(struct seq_file *m)
{
	return say_number(m, QUEUE_LEN);
}

/* What never happens here. */
static int zero_show(struct seq_file *m)
{
	return say_number(m, 0);
}

#define RO(n, fn)                                                                                  \
	{                                                                                          \
		.name = (n), .mode = 0444, .show = (fn)                                            \
	}
static const struct sysfs_attr attrs[] = {
	RO("addr_len", len_show),
	RO("address", address_show),
	RO("broadcast", broadcast_show),
	RO("carrier", carrier_show),
	RO("duplex", duplex_show),
	RO("flags", flags_show),
	RO("dormant", zero_show),
	RO("ifindex", ifindex_show),
	RO("iflink", ifindex_show),
	RO("link_mode", zero_show),
	RO("mtu", mtu_show),
	RO("operstate", operstate_show),
	RO("speed", speed_show),
	RO("type", type_show),
	RO("uevent", uevent_show),
	RO("carrier_changes", zero_show),
	RO("tx_queue_len", queue_len_show),
};
static const struct sysfs_attr counts[] = {
	RO("collisions", zero_show),	    RO("multicast", zero_show),
	RO("rx_bytes", rx_bytes_show),	    RO("rx_compressed", zero_show),
	RO("rx_crc_errors", zero_show),	    RO("rx_dropped", zero_show),
	RO("rx_errors", zero_show),	    RO("rx_fifo_errors", zero_show),
	RO("rx_frame_errors", zero_show),   RO("rx_length_errors", zero_show),
	RO("rx_missed_errors", zero_show),  RO("rx_nohandler", zero_show),
	RO("rx_over_errors", zero_show),    RO("rx_packets", rx_packets_show),
	RO("tx_aborted_errors", zero_show), RO("tx_bytes", tx_bytes_show),
	RO("tx_carrier_errors", zero_show), RO("tx_compressed", zero_show),
	RO("tx_dropped", zero_show),	    RO("tx_errors", zero_show),
	RO("tx_fifo_errors", zero_show),    RO("tx_heartbeat_errors", zero_show),
	RO("tx_packets", tx_packets_show),  RO("tx_window_errors", zero_show),
};

int inet_sysfs_add(unsigned nr)
{
	char name[NAME_ROOM], dir[PATH_ROOM], path[PATH_ROOM], target[PATH_ROOM];
	void *which = (void *)(uintptr_t)nr;
	int err;

	name_of(nr, name);
	fmt_snprintf(dir, sizeof(dir), "devices/%s/%s", nr ? "net" : "virtual/net", name);
	err = sysfs_create_files(dir, attrs, ARRAY_SIZE(attrs), which);
	fmt_snprintf(path, sizeof(path), "%s/subsystem", dir);
	if (!err)
		err = sysfs_create_link(path, nr ? "../../../class/net" : "../../../../class/net");
	fmt_snprintf(path, sizeof(path), "%s/statistics", dir);
	if (!err)
		err = sysfs_create_files(path, counts, ARRAY_SIZE(counts), which);
	fmt_snprintf(path, sizeof(path), "class/net/%s", name);
	fmt_snprintf(target, sizeof(target), "../../%s", dir);
	return err ? err : sysfs_create_link(path, target);
}
