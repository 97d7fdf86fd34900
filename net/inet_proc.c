/*
 * /proc/net of AF_INET: tcp, udp, their IPv6 twins, dev, route, arp, if_inet6, sockstat.
 *
 * WHY      lwIP's lists are the truth: lines are printed from them under the core lock.
 * LOCKS    core lock.   CONTEXT  tasks.   FAILS  -ENOMEM (seq_file).
 * SOURCES  proc(5), /proc/net.   TESTED BY  tests/guest/net_inet_dgram.c
 */
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/proc.h"
#include "net/inet_impl.h"
#include "net/netdev.h"

#include <lwip/etharp.h>
#include <lwip/priv/tcp_priv.h>

enum { LINE_V4 = 149 };

static void show_end(struct seq_file *m, const struct inet_end *e, bool v6)
{
	if (v6)
		seq_printf(m, "%08X%08X%08X%08X:%04X", e->addr[0], e->addr[1], e->addr[2],
			   e->addr[3], e->port);
	else
		seq_printf(m, "%08X:%04X", e->addr[3], e->port);
}

static void show_line(struct seq_file *m, const struct inet_line *l, bool v6, bool tcp)
{
	size_t start = m->len;
	const struct file *f = l->s ? l->s->file : NULL;

	seq_printf(m, tcp ? "%4u: " : "%5u: ", l->nr);
	show_end(m, &l->local, v6);
	seq_putc(m, ' ');
	show_end(m, &l->remote, v6);
	seq_printf(m, " %02X %08X:%08X 00:00000000 00000000 %5u %8d %lu %d %016lx", l->state, l->tx,
		   l->rx, f ? f->inode->uid : 0, 0, f ? (unsigned long)f->inode->ino : 0UL,
		   l->s ? 1 : 0, 0UL);
	if (!tcp)
		seq_puts(m, " 0");
	if (!v6)
		seq_pad(m, start, LINE_V4);
	seq_putc(m, '\n');
}

static bool is_v6(const ip_addr_t *local, const struct sock *s)
{
	return s ? inet_is_v6(s) : IP_IS_V6(local) || IP_IS_ANY_TYPE_VAL(*local);
}

static void each_of(struct tcp_pcb *list, bool v6, unsigned *nr, inet_line_fn *f, void *arg)
{
	static const uint8_t states[] = { 7, 10, 2, 3, 1, 4, 5, 8, 11, 9, 6 };

	for (struct tcp_pcb *p = list; p; p = p->next) {
		const struct sock *s = p->callback_arg;
		struct inet_line l = { .nr = *nr, .state = states[p->state], .s = s };

		if (is_v6(&p->local_ip, s) != v6)
			continue;
		(*nr)++;
		inet_end_set(&l.local, &p->local_ip, p->local_port);
		if (p->state == LISTEN) {
			l.rx = s ? s->nr_queued : 0;
			l.backlog =
				((struct tcp_pcb_listen *)p)->backlog - 1U; /* inet_tcp_listen */
		} else {
			inet_end_set(&l.remote, &p->remote_ip, p->remote_port);
			l.tx = (unsigned)(TCP_SND_BUF - p->snd_buf);
			l.rx = s ? (unsigned)s->nr_bytes : 0;
		}
		f(arg, &l);
	}
}

void inet_each_tcp(bool v6, inet_line_fn *f, void *arg)
{
	unsigned nr = 0;

	each_of(tcp_listen_pcbs.pcbs, v6, &nr, f, arg);
	each_of(tcp_active_pcbs, v6, &nr, f, arg);
	each_of(tcp_tw_pcbs, v6, &nr, f, arg);
}

void inet_each_udp(bool v6, int protocol, inet_line_fn *f, void *arg)
{
	unsigned nr = 0;

	for (struct udp_pcb *p = udp_pcbs; p; p = p->next) {
		const struct sock *s = p->recv_arg;
		struct inet_line l = { .nr = nr, .s = s, .state = 7 };

		if (!s || inet_is_v6(s) != v6 || s->in.protocol != protocol)
			continue;
		nr++;
		l.local = s->in.local;
		l.remote = s->in.remote;
		l.state = s->state == SS_CONNECTED ? 1 : 7;
		l.rx = (unsigned)s->nr_bytes;
		f(arg, &l);
	}
}

struct lines {
	struct seq_file *m;
	bool v6, tcp;
};

static void show_one(void *arg, const struct inet_line *l)
{
	const struct lines *all = arg;

	show_line(all->m, l, all->v6, all->tcp);
}

static int show_tcp(struct seq_file *m, bool v6)
{
	struct lines all = { m, v6, true };

	if (v6)
		seq_puts(
			m,
			"  sl  local_address                         remote_address                        st "
			"tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n");
	else
		seq_puts(
			m,
			"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
			"timeout inode                                                     \n");
	inet_lock();
	inet_each_tcp(v6, show_one, &all);
	inet_unlock();
	return 0;
}

static int show_udp(struct seq_file *m, bool v6, int protocol)
{
	struct lines all = { m, v6, false };

	if (v6)
		seq_puts(
			m,
			"  sl  local_address                         remote_address                        st "
			"tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n");
	else
		seq_puts(
			m,
			"   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
			"timeout inode ref pointer drops             \n");
	inet_lock();
	inet_each_udp(v6, protocol, show_one, &all);
	inet_unlock();
	return 0;
}

static int tcp_show(struct seq_file *m)
{
	return show_tcp(m, false);
}

static int tcp6_show(struct seq_file *m)
{
	return show_tcp(m, true);
}

static int udp_show(struct seq_file *m)
{
	return show_udp(m, false, IP_PROTO_NUMBER_UDP);
}

static int udp6_show(struct seq_file *m)
{
	return show_udp(m, true, IP_PROTO_NUMBER_UDP);
}

static int lite_show(struct seq_file *m)
{
	return show_udp(m, false, IP_PROTO_NUMBER_LITE);
}

static int lite6_show(struct seq_file *m)
{
	return show_udp(m, true, IP_PROTO_NUMBER_LITE);
}

static int dev_show(struct seq_file *m)
{
	const struct netdev *d;
	char name[16];
	int err = inet_start();

	if (err)
		return err;
	seq_puts(
		m,
		"Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
		"fifo colls carrier compressed\n");
	inet_lock();
	for (unsigned i = 1; i < 255; i++) {
		struct netif *n = netif_get_by_index((u8_t)i);

		if (!n)
			break;
		inet_if_name(n, name);
		d = n->state ? n->state : inet_loop_counts();
		seq_printf(
			m,
			"%6s: %7lu %7lu    0    0    0     0          0         0 %8lu %7lu    0    0    0     0       0          0\n",
			name, d->rx_bytes, d->rx_frames, d->tx_bytes, d->tx_frames);
	}
	inet_unlock();
	return 0;
}

static int route_show(struct seq_file *m)
{
	char name[16];

	seq_puts(
		m,
		"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
		"                                                       \n");
	inet_lock();
	for (struct netif *n = netif_list; n; n = n->next) {
		uint32_t addr = netif_ip4_addr(n)->addr, mask = netif_ip4_netmask(n)->addr;

		if (n->name[0] == 'l' || !addr)
			continue;
		inet_if_name(n, name);
		if (n == netif_default && netif_ip4_gw(n)->addr)
			seq_printf(m, "%s\t%08X\t%08X\t%04X\t%d\t%u\t%d\t%08X\t%d\t%u\t%u\n", name,
				   0U, netif_ip4_gw(n)->addr, 3U, 0, 0U, 0, 0U, 0, 0U, 0U);
		seq_printf(m, "%s\t%08X\t%08X\t%04X\t%d\t%u\t%d\t%08X\t%d\t%u\t%u\n", name,
			   addr & mask, 0U, 1U, 0, 0U, 0, mask, 0, 0U, 0U);
	}
	inet_unlock();
	return 0;
}

static int if_inet6_show(struct seq_file *m)
{
	char name[16];
	int err = inet_start();

	if (err)
		return err;

	inet_lock();
	for (struct netif *n = netif_list; n; n = n->next) {
		inet_if_name(n, name);
		for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
			const uint32_t *a = netif_ip6_addr(n, i)->addr;
			bool lo = n->name[0] == 'l';

			if (!ip6_addr_isvalid(netif_ip6_addr_state(n, i)))
				continue;
			seq_printf(m, "%08x%08x%08x%08x %02x %02x %02x %02x %8s\n",
				   lwip_ntohl(a[0]), lwip_ntohl(a[1]), lwip_ntohl(a[2]),
				   lwip_ntohl(a[3]), netif_get_index(n), lo ? 128 : 64,
				   lo ? 0x10 : 0x20, 0x80, name);
		}
	}
	inet_unlock();
	return 0;
}

static int arp_show(struct seq_file *m)
{
	struct eth_addr *mac;
	ip4_addr_t *ip;
	struct netif *n;
	char name[16], text[16];

	seq_puts(
		m,
		"IP address       HW type     Flags       HW address            Mask     Device\n");
	inet_lock();
	for (size_t i = 0; i < ARP_TABLE_SIZE; i++) {
		if (!etharp_get_entry(i, &ip, &n, &mac))
			continue;
		inet_if_name(n, name);
		(void)ip4addr_ntoa_r(ip, text, sizeof(text));
		seq_printf(m, "%-16s 0x%-10x0x%-10x%02x:%02x:%02x:%02x:%02x:%02x     *        %s\n",
			   text, 1U, 2U, mac->addr[0], mac->addr[1], mac->addr[2], mac->addr[3],
			   mac->addr[4], mac->addr[5], name);
	}
	inet_unlock();
	return 0;
}

static unsigned count(const struct tcp_pcb *list)
{
	unsigned n = 0;

	for (; list; list = list->next)
		n++;
	return n;
}

static int sockstat_show(struct seq_file *m)
{
	unsigned tcp, waiting, udp[2] = { 0 }, raw = 0;

	inet_lock();
	tcp = count(tcp_active_pcbs) + count(tcp_listen_pcbs.pcbs) + count(tcp_bound_pcbs);
	waiting = count(tcp_tw_pcbs);
	for (const struct udp_pcb *p = udp_pcbs; p; p = p->next)
		udp[udp_is_flag_set(p, UDP_FLAGS_UDPLITE) != 0]++;
	inet_unlock();
	seq_printf(m, "sockets: used %u\nTCP: inuse %u orphan 0 tw %u alloc %u mem 0\n",
		   tcp + udp[0] + udp[1], tcp, waiting, tcp);
	seq_printf(
		m,
		"UDP: inuse %u mem 0\nUDPLITE: inuse %u\nRAW: inuse %u\nFRAG: inuse 0 memory 0\n",
		udp[0], udp[1], raw);
	return 0;
}

void inet_proc_init(void)
{
	static struct {
		const char *path;
		struct proc_entry entry;
	} files[] = {
		{ "net/tcp", { .show = tcp_show } },
		{ "net/tcp6", { .show = tcp6_show } },
		{ "net/udp", { .show = udp_show } },
		{ "net/udp6", { .show = udp6_show } },
		{ "net/udplite", { .show = lite_show } },
		{ "net/udplite6", { .show = lite6_show } },
		{ "net/dev", { .show = dev_show } },
		{ "net/route", { .show = route_show } },
		{ "net/if_inet6", { .show = if_inet6_show } },
		{ "net/arp", { .show = arp_show } },
		{ "net/sockstat", { .show = sockstat_show } },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(files); i++)
		boot_need(proc_register(files[i].path, 0444, &files[i].entry), "/proc/",
			  files[i].path);
}
