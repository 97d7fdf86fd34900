/*
 * UDP-Lite: datagrams whose checksum covers only as much as their sender says.
 *
 *	[from, to: ports][coverage][checksum] covered ... │ what may arrive damaged
 *
 * WHY      to lwIP such a socket is a UDP one with a flag, which decides how it sends. What else there is to it is here: whose a datagram
 *          is that has come, and how much of it the receiver wants covered.
 * NOT HERE ports of its own: lwIP keeps one list, so a port of the one protocol is taken for the other (EADDRINUSE; on Linux it is
 *          free). Counters of its own: /proc/net/snmp counts these datagrams with UDP's.
 * LOCKS    core lock.   COST  two comparisons for each datagram of UDP.
 * SOURCES  RFC 3828, udplite(7).   TESTED BY  tests/guest/net_inet_lite.c
 */
#include "base/errno.h"
#include "net/inet_impl.h"

#include <lwip/icmp.h>

enum { OPT_SEND_COVER = 10, OPT_RECV_COVER = 11 };

/* How many bytes of the datagram, its header among them, the checksum covers: lwIP has just taken that header off @p. */
static unsigned covered(const struct pbuf *p)
{
	const struct udp_hdr *h = (const void *)((const char *)p->payload - UDP_HLEN);
	unsigned said = lwip_ntohs(h->len), whole = p->tot_len + UDP_HLEN;

	return said ? said : whole;
}

static bool covered_enough(const struct sock *s, const struct pbuf *p)
{
	unsigned want = s->in.udp->chksum_len_rx, has = covered(p), whole = p->tot_len + UDP_HLEN;

	return !s->in.wants_cover || has >= whole || (want && has >= want);
}

/* As if no socket had been there. */
static void nobody_there(struct pbuf *p)
{
	if (ip_addr_ismulticast(ip_current_dest_addr()) ||
	    ip_addr_isbroadcast(ip_current_dest_addr(), ip_current_netif()))
		return;
	pbuf_header_force(p, (s16_t)(ip_current_header_tot_len() + UDP_HLEN));
	icmp_port_unreach(ip_current_is_v6(), p);
}

bool inet_lite_refused(const struct sock *s, struct pbuf *p)
{
	if (ip_current_header_proto() != s->in.protocol)
		nobody_there(p);
	else if (!inet_is_lite(s) || covered_enough(s, p))
		return false;
	pbuf_free(p);
	return true;
}

int inet_lite_set(struct sock *s, int name, int v)
{
	uint16_t bytes = v && v < UDP_HLEN ? UDP_HLEN : (uint16_t)min_of(int, v, UINT16_MAX);

	if (!inet_is_lite(s) || (name != OPT_SEND_COVER && name != OPT_RECV_COVER))
		return -ENOPROTOOPT;
	if (name == OPT_SEND_COVER) {
		s->in.udp->chksum_len_tx = bytes;
	} else {
		s->in.udp->chksum_len_rx = bytes;
		s->in.wants_cover = true;
	}
	return 0;
}

int inet_lite_get(const struct sock *s, int name, int *v)
{
	if (!inet_is_lite(s) || (name != OPT_SEND_COVER && name != OPT_RECV_COVER))
		return -ENOPROTOOPT;
	*v = name == OPT_SEND_COVER ? s->in.udp->chksum_len_tx : s->in.udp->chksum_len_rx;
	return 0;
}
