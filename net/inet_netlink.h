/* Between a netlink socket and what answers it. */
#ifndef NET_INET_NETLINK_H
#define NET_INET_NETLINK_H

#include "net/inet_impl.h"

enum { NL_MESSAGE = 3072, NL_HEADER = 16, SOL_NETLINK = 270 };
enum { NLM_F_REQUEST = 1, NLM_F_MULTI = 2, NLM_F_ACK = 4, NLM_F_DUMP = 0x300 };
enum { NLMSG_NOOP = 1, NLMSG_ERROR, NLMSG_DONE };

struct nl_header {
	uint32_t len;
	uint16_t type, flags;
	uint32_t seq, pid;
};

/* A datagram for the reader. */
struct nl_msg {
	struct list_head link;
	unsigned len;
	bool full; /* something had no room: it is not in it */
	struct sock *
		to; /* a note of the kernel's (net/netlink_note.h): whose, referenced until it is queued */
	unsigned group;	       /* 1 to 32: it was for all that listen to this; 0: for this socket */
	char data[NL_MESSAGE]; /* of a module's as many as it has */
};

/* A message begins in @m: header (of the request @q) and @body. Return: where it began; nl_end gives it its length. */
unsigned nl_begin(struct nl_msg *m, const struct nl_header *q, unsigned type, const void *body,
		  unsigned len);
void nl_attr(struct nl_msg *m, unsigned type, const void *value, unsigned len);
void nl_attr32(struct nl_msg *m, unsigned type, uint32_t v);
void nl_end(struct nl_msg *m, unsigned start);
/* How the request @q with @len bytes at @rest ends: NLMSG_DONE of a list, NLMSG_ERROR of what failed, with all of it, or wanted to know. */
void nl_close_answer(struct nl_msg *m, const struct nl_header *q, int err, const void *rest,
		     unsigned len);
/* The value of the first attribute @type of a request with @len bytes at @body, where attributes begin at @at. NULL: none. */
const char *nl_find(const char *body, unsigned len, unsigned at, unsigned type, unsigned *size);

/* ---- routes ---- */
enum { RTM_NEWROUTE = 24, RTM_GETROUTE = 26 };
enum {
	RTA_DST = 1,
	RTA_SRC,
	RTA_IIF,
	RTA_OIF,
	RTA_GATEWAY,
	RTA_PREFSRC = 7,
	RTA_CACHEINFO = 12,
	RTA_TABLE = 15,
	RTA_UID = 25
};
enum { RT_TABLE_MAIN = 254, RTPROT_KERNEL = 2, RTPROT_BOOT, RTPROT_RA = 9 };
enum { RTN_UNICAST = 1, RTN_LOCAL, RTN_BROADCAST, RTN_MULTICAST = 5 };

struct route_body {
	uint8_t family, dst_len, src_len, tos, table, protocol, scope, type;
	uint32_t flags;
};

/* ---- inet_netlink.c, for units ---- */
struct sock *nl_find_socket(int protocol, uint32_t port); /* referenced; NULL */
/* The first @max that listen to @group, referenced. Return: how many there are. */
unsigned nl_listeners(int protocol, unsigned group, struct sock **out, unsigned max);
/* 0; -EAGAIN: it is full; -ENOMEM. One for a @group tells the socket that it has lost something: ENOBUFS. */
int must_check nl_datagram(struct sock *s, const void *data, unsigned len, unsigned group);

/* ---- inet_netlink_unit.c ---- */
bool nl_unit_known(int protocol);
/* What @s has sent. 0, -ECONNREFUSED, or what the unit says. */
int must_check nl_unit_input(struct sock *s, const void *data, unsigned len);

/* ---- inet_route.c ---- */
/* What NETLINK_ROUTE says to @q, with @len bytes behind its header. 0, or the error for its NLMSG_ERROR. */
int must_check route_answer(struct nl_msg *m, const struct nl_header *q, const void *body,
			    unsigned len);

/* ---- inet_config.c ---- */
/* What rtnetlink asks to be changed, by who may. Core lock held. 0 or -errno. */
int must_check route_change(const struct nl_header *q, const char *body, unsigned len);

/* ---- inet_route_find.c ---- */
/* RTM_GETROUTE of one destination. Core lock held. 0, -EINVAL, -ERANGE, -ENODEV, -ENETUNREACH, -EOPNOTSUPP. */
int must_check route_find(struct nl_msg *m, const struct nl_header *q, const char *body,
			  unsigned len);

#endif
