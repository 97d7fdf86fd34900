/*
 * Long TCP segments to this very machine: the receiver reads them in the sender's memory.
 *
 *	the sender's segment    [headers|data ...]     its count: lwIP's until all is acknowledged, and the packet's
 *	the packet that comes   [headers] ── [  ]      the headers a copy, the other parts point at the data
 *
 * OWNS     struct borrowed, the loopback's counts.
 * WHY      lwIP's own loopback copies every packet, because headers are changed by both: taken off where it comes in, and written
 *          anew for a retransmission. Data are not, so only headers have to be copied.
 * I1       a segment with a second reference is not sent again (lwIP looks), nor are its bytes written; what is added to it goes behind.
 * I2       counts of packets change under the core lock: inet_msgs_free takes it for packets of several parts.
 * LOCKS    core lock.
 * FAILS    ERR_MEM: the packet is lost, TCP sends it again.
 * SOURCES  lwIP's netif.c and tcp_out.c.   TESTED BY  tests/guest/net_inet.c
 */
#include "lib/string.h"
#include "mm/slab.h"
#include "net/inet_impl.h"
#include "net/netdev.h"

#include <lwip/prot/ip4.h>

enum {
	LONG = 1024,
	PARTS_MAX = 4,
	IPV4_PROTOCOL = 9,
	IPV6_NEXT = 6,
	IPV6_HEADER = 40,
	TCP_OFFSET = 12
};

struct borrowed {
	struct pbuf_custom part;
	struct pbuf *whole;
};

/* How long the headers of the IP packet @p are, if it is a TCP segment and its first part has them; else 0. */
static u16_t headers_of(const struct pbuf *p)
{
	const u8_t *h = p->payload;
	bool v4 = h[0] >> 4 == 4;
	size_t ip = v4 ? (h[0] & 15U) * 4 : IPV6_HEADER, all;

	if (p->len <= ip + TCP_OFFSET || h[v4 ? IPV4_PROTOCOL : IPV6_NEXT] != IP_PROTO_NUMBER_TCP)
		return 0;
	all = ip + (h[ip + TCP_OFFSET] >> 4) * 4U;
	return p->len < all ? 0 : (u16_t)all;
}

static void give_back(struct pbuf *p)
{
	struct borrowed *b = container_of(p, struct borrowed, part.pbuf);

	(void)pbuf_free(b->whole);
	inet_free(b);
}

/* The bytes of @part of @whole from @off on. NULL: no memory. */
static struct pbuf *borrow(struct pbuf *whole, struct pbuf *part, u16_t off)
{
	struct borrowed *b = inet_malloc(sizeof(*b));
	u16_t len = (u16_t)(part->len - off);

	if (!b)
		return NULL;
	pbuf_ref(whole);
	b->whole = whole;
	b->part.custom_free_function = give_back;
	return pbuf_alloced_custom(PBUF_RAW, len, PBUF_REF, &b->part, (char *)part->payload + off,
				   len);
}

/* The packet with the first @len bytes of @p copied and the rest borrowed. Return: its last part; NULL: no memory. */
static struct pbuf *packet_of(struct pbuf *p, u16_t len, struct pbuf **out)
{
	struct pbuf *head = pbuf_alloc(PBUF_RAW, len, PBUF_RAM), *last = head;

	if (!head)
		return NULL;
	memcpy(head->payload, p->payload, len);
	for (struct pbuf *q = p; q; q = q->next) {
		u16_t off = q == p ? len : 0;

		if (q->len == off)
			continue;
		last = borrow(p, q, off);
		if (!last) {
			(void)pbuf_free(head);
			return NULL;
		}
		pbuf_cat(head, last);
	}
	*out = head;
	return last;
}

/* Only its counts: what is sent over the loopback has come by that. Core lock. */
static struct netdev lo;

const struct netdev *inet_loop_counts(void)
{
	return &lo;
}

/* A packet whose headers, @len bytes, are copied and whose data are borrowed. */
static err_t lend(struct netif *n, struct pbuf *p, u16_t len)
{
	struct pbuf *head, *last = packet_of(p, len, &head);

	if (!last)
		return ERR_MEM;
	if (n->loop_first)
		n->loop_last->next = head;
	else
		n->loop_first = head;
	n->loop_last = last;
	return ERR_OK;
}

/* All of 127.0.0.0/8 is this machine, but lwIP takes packets in for the one address that the loopback has. It asks, for another one,
   whether that is a broadcast address of the interface: for the destination first, later for the source. */
static bool
	asks_destination; /* c: the next question of ip4.c is about the loopback's destination */

int inet_loop_input(const struct pbuf *p, const struct netif *n)
{
	const struct ip_hdr *h = p->payload;

	asks_destination = n->name[0] == 'l' && p->len >= sizeof(*h) &&
			   ip4_addr_isloopback(&h->dest) && h->dest.addr != netif_ip4_addr(n)->addr;
	return 0;
}

u8_t inet_is_broadcast(u32_t addr, const struct netif *n)
{
	bool mine = asks_destination && n->name[0] == 'l';

	asks_destination = false;
	return mine || ip4_addr_isbroadcast_u32(addr, n);
}

/* As netif_loop_output, which it stands for in lwIP's files ip4.c and ip6.c. */
err_t inet_loop_output(struct netif *n, struct pbuf *p)
{
	u16_t len = p->tot_len < LONG || pbuf_clen(p) > PARTS_MAX ? 0 : headers_of(p);
	err_t err = len ? lend(n, p, len) : netif_loop_output(n, p);

	if (err == ERR_OK) {
		lo.rx_frames = ++lo.tx_frames;
		lo.rx_bytes = lo.tx_bytes += p->tot_len;
	}
	return err;
}
