/*
 * /proc/net/snmp and netstat: what the protocols have done, RFC 1213's counters.
 *
 * WHY      lwIP counts them (MIB2_STATS); this prints them as Linux does. Tools ask for them by name, so what is not counted here has
 *          no name in netstat; those that are there belong to features that this stack does not have: they are 0 for ever.
 * LOCKS    core lock.   CONTEXT  tasks.   FAILS  -ENOMEM (seq_file).
 * SOURCES  RFC 1213, RFC 4113, RFC 4022, proc(5).   TESTED BY  tests/guest/net_inet_dgram.c
 */
#include "fs/proc.h"
#include "net/inet_impl.h"

#include <lwip/priv/tcp_priv.h>
#include <lwip/stats.h>

/* The fastest and the slowest retransmission, in ms: lwIP counts ticks in 15 bits. The algorithm is other(1). */
enum {
	RTO_ALGORITHM = 1,
	RTO_MIN = TCP_SLOW_INTERVAL,
	RTO_MAX = 0x7fff * TCP_SLOW_INTERVAL,
	FORWARDING_NOT = 2
};

static void show_ip(struct seq_file *m, const struct stats_mib2 *s)
{
	seq_puts(
		m,
		"Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers "
		"OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates\n");
	seq_printf(m, "Ip: %d %d %u %u %u %u %u %u %u %u %u %u", FORWARDING_NOT, IP_DEFAULT_TTL,
		   s->ipinreceives, s->ipinhdrerrors, s->ipinaddrerrors, s->ipforwdatagrams,
		   s->ipinunknownprotos, s->ipindiscards, s->ipindelivers, s->ipoutrequests,
		   s->ipoutdiscards, s->ipoutnoroutes);
	seq_printf(m, " 0 %u %u %u %u %u %u\n", s->ipreasmreqds, s->ipreasmoks, s->ipreasmfails,
		   s->ipfragoks, s->ipfragfails, s->ipfragcreates);
}

static void show_icmp(struct seq_file *m, const struct stats_mib2 *s)
{
	seq_puts(
		m,
		"Icmp: InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs InRedirects InEchos "
		"InEchoReps InTimestamps InTimestampReps InAddrMasks InAddrMaskReps OutMsgs OutErrors OutRateLimitGlobal "
		"OutRateLimitHost OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects OutEchos OutEchoReps "
		"OutTimestamps OutTimestampReps OutAddrMasks OutAddrMaskReps\n");
	seq_printf(m, "Icmp: %u %u 0 %u %u %u %u %u %u %u %u %u %u %u", s->icmpinmsgs,
		   s->icmpinerrors, s->icmpindestunreachs, s->icmpintimeexcds, s->icmpinparmprobs,
		   s->icmpinsrcquenchs, s->icmpinredirects, s->icmpinechos, s->icmpinechoreps,
		   s->icmpintimestamps, s->icmpintimestampreps, s->icmpinaddrmasks,
		   s->icmpinaddrmaskreps);
	seq_printf(m, " %u %u 0 0 %u %u 0 0 0 %u %u 0 0 0 0\n", s->icmpoutmsgs, s->icmpouterrors,
		   s->icmpoutdestunreachs, s->icmpouttimeexcds, s->icmpoutechos,
		   s->icmpoutechoreps);
}

/* Connections that are there now: established, or closed by the peer alone. */
static unsigned established(void)
{
	unsigned n = 0;

	for (const struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next)
		n += p->state == ESTABLISHED || p->state == CLOSE_WAIT;
	return n;
}

static void show_tcp(struct seq_file *m, const struct stats_mib2 *s)
{
	seq_puts(
		m,
		"Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab "
		"InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors\n");
	seq_printf(m, "Tcp: %d %d %d %d %u %u %u %u %u %u %u %u %u %u 0\n", RTO_ALGORITHM, RTO_MIN,
		   RTO_MAX, -1, s->tcpactiveopens, s->tcppassiveopens, s->tcpattemptfails,
		   s->tcpestabresets, established(), s->tcpinsegs, s->tcpoutsegs, s->tcpretranssegs,
		   s->tcpinerrs, s->tcpoutrsts);
}

static void show_udp(struct seq_file *m, const struct stats_mib2 *s)
{
	static const char names[] = "InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors "
				    "SndbufErrors InCsumErrors IgnoredMulti MemErrors\n";

	seq_printf(m, "Udp: %s", names);
	seq_printf(m, "Udp: %u %u %u %u %u 0 0 0 0\n", s->udpindatagrams - inet_udp_lost,
		   s->udpnoports, s->udpinerrors + inet_udp_lost, s->udpoutdatagrams,
		   inet_udp_lost);
	seq_printf(m, "UdpLite: %s", names);
	seq_puts(m, "UdpLite: 0 0 0 0 0 0 0 0 0\n");
}

static int snmp_show(struct seq_file *m)
{
	const struct stats_mib2 *s = &lwip_stats.mib2;
	int err = inet_start();

	if (err)
		return err;
	inet_lock();
	show_ip(m, s);
	show_icmp(m, s);
	show_tcp(m, s);
	show_udp(m, s);
	inet_unlock();
	return 0;
}

static int netstat_show(struct seq_file *m)
{
	seq_puts(
		m,
		"TcpExt: SyncookiesSent SyncookiesRecv SyncookiesFailed PAWSActive PAWSEstab TCPFastOpenActive TCPFastOpenPassive "
		"TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure BusyPollRxPackets\n"
		"TcpExt: 0 0 0 0 0 0 0 0 0 0 0\n"
		"IpExt: InMcastPkts OutMcastPkts InMcastOctets OutMcastOctets\n"
		"IpExt: 0 0 0 0\n");
	return 0;
}

void inet_snmp_init(void)
{
	static struct proc_entry snmp = { .show = snmp_show }, netstat = { .show = netstat_show };

	boot_need(proc_register("net/snmp", 0444, &snmp), "/proc/", "net/snmp");
	boot_need(proc_register("net/netstat", 0444, &netstat), "/proc/", "net/netstat");
}
