/*
 * How lwIP is built into the kernel (lwIP includes this by that name); docs/book/net.md says why.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

/* One lock of our own around every call (net/inet/core.c), our own socket layer above. */
#define NO_SYS		      1
#define SYS_LIGHTWEIGHT_PROT  0
#define LWIP_SOCKET	      0
#define LWIP_NETCONN	      0
#define LWIP_ERRNO_STDINCLUDE 0

/* All memory is kmalloc's. */
void *inet_malloc(unsigned long size);
void *inet_calloc(unsigned long n, unsigned long size);
void inet_free(void *p);
void inet_move(void *to, const void *from, unsigned long n);
#define MEMCPY		   inet_move
#define MEM_LIBC_MALLOC	   1
#define MEMP_MEM_MALLOC	   1
#define MEM_ALIGNMENT	   8
#define mem_clib_malloc	   inet_malloc
#define mem_clib_calloc	   inet_calloc
#define mem_clib_free	   inet_free
#define PBUF_POOL_BUFSIZE  1792 /* a frame of an Ethernet device in one piece */
#define LWIP_TIMERS_CUSTOM 1	/* net/inet_core.c */

/* Only RFC 1213's counters, for /proc/net/snmp. */
#define LWIP_STATS     1
#define MIB2_STATS     1
#define LINK_STATS     0
#define ETHARP_STATS   0
#define IP_STATS       0
#define IPFRAG_STATS   0
#define ICMP_STATS     0
#define UDP_STATS      0
#define TCP_STATS      0
#define MEM_STATS      0
#define MEMP_STATS     0
#define SYS_STATS      0
#define IP6_STATS      0
#define ICMP6_STATS    0
#define IP6_FRAG_STATS 0
#define ND6_STATS      0

/* What there is. */
#define LWIP_IPV4		      1
#define IP_DEFAULT_TTL		      64 /* as Linux; also of echo replies */
#define LWIP_ICMP6_HL		      64
#define LWIP_IPV6		      1
#define LWIP_RAW		      1
#define LWIP_UDP		      1
#define LWIP_UDPLITE		      1
#define LWIP_TCP		      1
#define LWIP_ARP		      1
#define LWIP_ETHERNET		      1
#define LWIP_DHCP		      1
#define LWIP_DHCP_DOES_ACD_CHECK      0
#define DHCP_DOES_ARP_CHECK	      0
#define LWIP_DHCP_PROVIDE_DNS_SERVERS 0
#define LWIP_DNS		      0
#define LWIP_IGMP		      0
#define LWIP_IPV6_MLD		      0
#define LWIP_IPV6_SCOPES	      0
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 0
#define LWIP_HAVE_LOOPIF	      1
#define LWIP_NETIF_LOOPBACK	      1
#define LWIP_LOOPBACK_MAX_PBUFS	      0
#define LWIP_CHECKSUM_CTRL_PER_NETIF  1
#define LWIP_MULTICAST_TX_OPTIONS     0
#define IP_REASSEMBLY		      1
#define IP_FRAG			      1
#define IPV6_FRAG_COPYHEADER	      1
#define IP_REASS_MAX_PBUFS	      64
#define ARP_QUEUEING		      1
#define ETHARP_SUPPORT_STATIC_ENTRIES 0
#define IP_SOF_BROADCAST	      1
#define SO_REUSE		      1
#define SO_REUSE_RXTOALL	      0

/* TCP: segments that fit an allocation of 32 KiB on the loopback, the MTU decides elsewhere; windows as Linux starts with. */
#define TCP_MSS			       32640
#define TCP_CALCULATE_EFF_SEND_MSS     1
#define LWIP_WND_SCALE		       1
#define TCP_RCV_SCALE		       3
#define TCP_WND			       (16 * TCP_MSS)
#define TCP_SND_BUF		       (8 * TCP_MSS)
#define TCP_SND_QUEUELEN	       2048
#define TCP_SNDLOWAT		       1024 /* of a layer that is not built, but 4 * TCP_MSS is checked for it */
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
#define TCP_SNDQUEUELOWAT	       1024
#define TCP_QUEUE_OOSEQ		       1
#define TCP_OVERSIZE		       256
#define TCP_LISTEN_BACKLOG	       1
#define TCP_DEFAULT_LISTEN_BACKLOG     0xff
#define LWIP_TCP_KEEPALIVE	       1
#define LWIP_TCP_TIMESTAMPS	       0
#define LWIP_TCP_SACK_OUT	       1
#define TCP_MAXRTX		       12
#define TCP_SYNMAXRTX		       6
#define TCP_TMR_INTERVAL                                                                           \
	50 /* ms: a late ACK waits no longer; twice that is a tick of the retransmission clock */
#define TCP_MSL 30000UL /* TIME-WAIT lasts a minute, as Linux's */
/* A peer that does not scale windows knows of 64 KiB: with a threshold near that it would stand still until it probes. */
#define TCP_WND_UPDATE_THRESHOLD	   LWIP_MIN(2 * TCP_MSS, TCP_WND_MAX(pcb) / 4)
#define LWIP_TCP_RTO_TIME		   1000
#define TCP_LOCAL_PORT_RANGE_START	   32768
#define TCP_LOCAL_PORT_RANGE_END	   60999
#define TCP_ENSURE_LOCAL_PORT_RANGE(p)	   ((u16_t)((p) % 28232 + 32768))
#define UDP_LOCAL_PORT_RANGE_START	   32768
#define UDP_LOCAL_PORT_RANGE_END	   60999
#define UDP_ENSURE_LOCAL_PORT_RANGE(p)	   ((u16_t)((p) % 28232 + 32768))
#define LWIP_RANDOMIZE_INITIAL_LOCAL_PORTS 1
struct pbuf;
struct netif;
int inet_loop_input(const struct pbuf *p, const struct netif *n);
#define LWIP_HOOK_IP4_INPUT(p, n)		  inet_loop_input(p, n)
#define LWIP_HOOK_TCP_ISN(lip, lport, rip, rport) inet_random()

#endif
