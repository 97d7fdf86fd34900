/* What the files of AF_INET and AF_INET6 share: the lock around lwIP, its callers' helpers. */
#ifndef NET_INET_IMPL_H
#define NET_INET_IMPL_H

#include "net/sock_impl.h"

#include <lwip/ip.h>
#include <lwip/raw.h>
#include <lwip/tcp.h>
#include <lwip/udp.h>

enum {
	IP_PROTO_NUMBER_TCP = 6,
	IP_PROTO_NUMBER_UDP = 17,
	IP_PROTO_NUMBER_LITE = 136,
	UDP_MAX = 65507,
	MSG_MORE = 0x8000
};

/* A datagram, or a piece of a stream, that has come and nobody has read. */
struct inet_msg {
	struct list_head link;
	struct pbuf *p;
	unsigned off; /* the reader's */
	struct inet_end from;
};

/* A datagram with what may be told of it. */
struct inet_dgram {
	struct inet_msg m;
	struct inet_end to;
	int ifindex;
	uint8_t ttl, tos;
	uint64_t when; /* since 1970, ns; 0: nobody had asked */
};

/* How a datagram is to go, as its control messages say. */
struct inet_how {
	ip_addr_t from; /* any type's any: nothing was said */
	bool has_from;
	int ifindex;  /* 0: nothing was said */
	int ttl, tos; /* -1: nothing was said */
};

/* sock->in.tell: control messages that come with datagrams. */
enum {
	TELL_PKTINFO = 1,
	TELL_TTL = 2,
	TELL_TOS = 4,
	TELL_PKTINFO6 = 8,
	TELL_HOPLIMIT6 = 16,
	TELL_TCLASS6 = 32,
	TELL_WAY = 63,	  /* any of these */
	TELL_ERRORS = 64, /* IP_RECVERR */
	TELL_ERRORS6 = 128
};

/* ---- inet_core.c ---- */
/* Everything of lwIP is under this lock (rank NET, sleeps). Letting go of it delivers what the loopback holds. */
void inet_lock(void);
void inet_unlock(void);
/* 0 when the stack runs; -ENOMEM. Sleeps. */
int must_check inet_start(void);
void inet_kick(void);	 /* a device has something; any context */
int inet_errno(err_t e); /* 0 or -errno */
/* A packet of lwIP's for bytes of a TCP segment, its first or (@more) behind others: where its data are. */
static inline size_t inet_packet_head(bool more)
{
	return LWIP_MEM_ALIGN_SIZE(sizeof(struct pbuf)) +
	       (more ? 0 : LWIP_MEM_ALIGN_SIZE(PBUF_TRANSPORT));
}
/* lwIP's next allocation of @size gets @block, until the caller asks whether it was taken. The core lock is held. */
void inet_offer(void *block, size_t size);
bool inet_taken(void);

/* ---- inet_loop.c ---- */
void inet_free(void *p);
err_t inet_loop_output(struct netif *n, struct pbuf *p);
u8_t inet_is_broadcast(u32_t addr, const struct netif *n); /* for ip4.c alone */
const struct netdev *inet_loop_counts(void);		   /* core lock */

/* ---- inet.c ---- */
static inline bool inet_is_v6(const struct sock *s)
{
	return s->ops == &inet6_ops;
}
static inline bool inet_is_tcp(const struct sock *s)
{
	return s->type == SOCK_STREAM;
}
static inline bool inet_is_udp(const struct sock *s) /* UDP-Lite, too */
{
	return s->type == SOCK_DGRAM;
}
static inline bool inet_is_lite(const struct sock *s)
{
	return inet_is_udp(s) && s->in.protocol == IP_PROTO_NUMBER_LITE;
}
bool inet_is_mapped(const uint32_t a[4]); /* an IPv4 address as an IPv6 one */
void inet_end_set(struct inet_end *e, const ip_addr_t *ip, uint16_t port);
/* @a as lwIP has it; an IPv6 socket's own kind (any, or IPv6 alone) for the unspecified address. 0 or -errno. */
int must_check inet_parse(const struct sock *s, const struct sock_addr *a, ip_addr_t *ip,
			  uint16_t *port);
void inet_show(const struct sock *s, const struct inet_end *e, struct sock_addr *out);
uint8_t inet_ip_type(const struct sock *s);
bool inet_is_ours(
	const ip_addr_t *ip); /* one of this machine's, or of nobody's in particular; core lock */
/* An address that a packet can go to: the unspecified one means this machine. 0, -ENETUNREACH, and the address to come from. */
int must_check inet_route(const struct sock *s, ip_addr_t *to, ip_addr_t *from);
void inet_msgs_free(struct list_head *msgs);
void inet_bury(struct list_head *embryos); /* unaccepted connections, by sock->accept */
/* s->lock is not held. Return: the number of bytes queued now. */
void inet_queue(struct sock *s, struct inet_msg *m);
bool inet_may_read(const struct sock *s);
int must_check inet_copy_out(const struct inet_msg *m, unsigned off, struct sock_iter *to,
			     size_t n);
extern struct sock *inet_alloc(const struct sock_ops *ops, int type, int protocol);

/* ---- inet_tcp.c ---- */
struct tcp_pcb *must_check
inet_tcp_pcb(struct sock *s);	       /* made when there is none; NULL: no memory */
void inet_tcp_options(struct sock *s); /* the socket's own to its pcb's */
int inet_tcp_connect(struct sock *s, const struct sock_addr *a, bool nonblock);
int inet_tcp_listen(struct sock *s, int backlog);
struct sock *inet_accept(struct sock *l, struct file *f);
int inet_tcp_shutdown(struct sock *s, unsigned mode);
void inet_tcp_end(struct sock *s, struct list_head *embryos);
bool inet_may_send(const struct sock *s);

/* ---- inet_io.c ---- */
long inet_tcp_send(struct sock *s, struct sock_msg *m, bool nonblock);
long inet_tcp_receive(struct sock *s, struct sock_msg *m, bool nonblock);

/* ---- inet_dgram.c ---- */
int must_check inet_dgram_open(struct sock *s); /* the pcb. 0, -ENOMEM */
int inet_dgram_bind(struct sock *s, const ip_addr_t *ip, uint16_t port);
int inet_dgram_connect(struct sock *s, const struct sock_addr *a);
long inet_dgram_send(struct sock *s, struct sock_msg *m, bool nonblock);
long inet_dgram_receive(struct sock *s, struct sock_msg *m, bool nonblock);

bool inet_dgram_deliver(struct sock *s, struct pbuf *p, const ip_addr_t *addr,
			uint16_t port); /* from a callback of lwIP's; takes @p. false: lost */
extern unsigned inet_udp_lost; /* core lock: datagrams for which their socket had no room */

bool inet_has_room(struct sock *s, size_t n); /* for so many bytes more that nobody has read */
void inet_note_way(const struct sock *s,
		   struct inet_dgram *d); /* how the packet came that lwIP is at */
/* The core lock is held; @p stays the caller's. 0 or -errno. */
int must_check inet_dgram_out(struct sock *s, struct pbuf *p, const struct inet_how *how,
			      ip_addr_t *to, uint16_t port);

/* ---- inet_error.c ---- */
void inet_errors_init(struct sock *s);	/* a new one has none */
bool must_check inet_hear_errors(void); /* core lock. False: no memory */
/* From now on, until inet_errors_end, what ICMP says of packets of @s is its. Core lock, both. */
void inet_errors_of(struct sock *s);
void inet_errors_end(struct sock *s);
void inet_errors_drop(struct sock *s); /* what nobody has read */
bool inet_has_errors(struct sock *s);
long inet_error_receive(struct sock *s,
			struct sock_msg *m); /* the next one. Its length or -errno */

/* ---- inet_cork.c ---- */
/* All but inet_corked_for: the core lock is held. */
bool inet_corked_for(struct sock *s, ip_addr_t *to,
		     uint16_t *port); /* is a datagram begun, and for whom? */
/* @p is sent, or (@more, or one is begun) added to what is not sent yet. @p stays the caller's. 0 or -errno. */
int must_check inet_cork(struct sock *s, struct pbuf *p, const struct inet_how *how, ip_addr_t *to,
			 uint16_t port, bool more);
int inet_uncork(struct sock *s); /* what is begun is sent. 0 or -errno */
void inet_cork_drop(struct sock *s);

/* ---- inet_lite.c ---- */
/* Is @p, of which lwIP's callback is told, of the other protocol, or too little of it covered? Then it is gone. Core lock. */
bool inet_lite_refused(const struct sock *s, struct pbuf *p);
int inet_lite_set(struct sock *s, int name, int v); /* 0, -ENOPROTOOPT; core lock, both */
int inet_lite_get(const struct sock *s, int name, int *v);

/* ---- inet_port.c ---- */
/* May @s not have it beside those who do? The core lock is held. */
bool inet_port_taken(const struct sock *s, const ip_addr_t *ip, uint16_t port);
/* Whose a connection to @l is, by SO_REUSEPORT; the core lock is held. */
struct sock *inet_port_listener(struct sock *l, struct tcp_pcb *child);

/* ---- inet_raw.c ---- */
struct raw_pcb *must_check inet_raw_open(struct sock *s); /* NULL: no memory */
int inet_raw_send(struct sock *s, struct pbuf *p, const ip_addr_t *to, struct netif *n,
		  const ip_addr_t *from);
bool inet_raw_has_option(const struct sock *s, int level, int name);
int inet_raw_set_option(struct sock *s, int level, int name, uaddr_t value, int len);
int inet_raw_value(const struct sock *s, int level, int name, void *out); /* bytes, 32 at most */

/* ---- inet_cmsg.c ---- */
/* What the socket wants to hear of @d, into @scm. 0 or -ENOMEM. */
int must_check inet_tell(const struct sock *s, const struct inet_dgram *d, struct scm *scm);
/* One more, behind those: @len <= SCM_ITEM_BYTES. 0 or -ENOMEM. */
int must_check inet_tell_more(struct scm *scm, int level, int type, const void *data, unsigned len);
int must_check inet_told(const struct scm *scm, struct inet_how *how); /* 0 or -EINVAL */

/* ---- inet_opt.c ---- */
int inet_set_option(struct sock *s, int level, int name, uaddr_t value, int len);
int inet_get_option(struct sock *s, int level, int name, uaddr_t value, uaddr_t ulen);
void inet_flags_changed(struct sock *s);
int inet_tcp_state(const struct sock *s); /* as Linux numbers them; the core lock is held */

/* Linux's struct tcp_info, as of 6.1. What lwIP does not count is 0. */
struct tcp_info_k {
	uint8_t state, ca_state, retransmits, probes, backoff, options, wscale, flags;
	uint32_t rto, ato, snd_mss, rcv_mss, unacked, sacked, lost, retrans, fackets;
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
	uint32_t rcv_rtt, rcv_space, total_retrans;
	uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
	uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
	uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
	uint32_t delivered, delivered_ce;
	uint64_t bytes_sent, bytes_retrans;
	uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd;
};

_Static_assert(sizeof(struct tcp_info_k) == 232, "Linux's");
enum { TCPI_WSCALE = 4 };
void inet_tcp_info(const struct sock *s, struct tcp_info_k *out); /* core lock */

/* ---- inet_sysfs.c ---- */

int must_check inet_sysfs_add(unsigned nr); /* 0: the loopback; N: ethN-1. 0, -ENOMEM. Sleeps. */

/* ---- inet_if.c ---- */
/* A name as Linux gives it (lo, eth0), IFF_*. */
void inet_if_name(const struct netif *n, char name[16]);
unsigned inet_if_flags(const struct netif *n);
struct netif *inet_if_find(const char name[16]); /* NULL: none; core lock */

/* ---- inet_config.c ---- */
/* All: the core lock is held. Addresses as in packets. */
int must_check inet_set_address(struct netif *n,
				uint32_t addr); /* with its class's mask; 0: none. 0, -EINVAL */
int must_check inet_set_mask(struct netif *n, uint32_t mask); /* 0, -EADDRNOTAVAIL, -EINVAL */
int must_check inet_set_mtu(struct netif *n, long mtu);	      /* 0, -EINVAL */
void inet_set_up(struct netif *n, bool up);
/* The default route by @n (NULL: whoever has the gateway's network). 0, -ENETUNREACH, -EEXIST, -EOPNOTSUPP; 0, -ESRCH. */
int must_check inet_set_gateway(struct netif *n, uint32_t gateway, bool replace);
int must_check inet_drop_gateway(const struct netif *n, uint32_t gateway); /* NULL, 0: whichever */

/* ---- inet_dev.c ---- */
bool netdev_exists(void); /* besides the loopback */
void netdev_poll(void);	  /* what has come, to lwIP; the core lock is held */

/* ---- inet_proc.c ---- */
struct inet_line { /* of /proc/net/tcp, udp */
	unsigned nr;
	struct inet_end local, remote;
	unsigned state; /* as Linux numbers them */
	unsigned tx, rx, backlog;
	const struct sock *s; /* NULL: nobody has it any more */
};
typedef void inet_line_fn(void *arg, const struct inet_line *l);
/* All sockets of that kind; the core lock is held. */
void inet_each_tcp(bool v6, inet_line_fn *f, void *arg);
void inet_each_udp(bool v6, int protocol, inet_line_fn *f, void *arg);
void inet_proc_init(void);
void inet_diag_init(void); /* inet_diag.c */
void inet_snmp_init(void); /* inet_snmp.c */
#endif
