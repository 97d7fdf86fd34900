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
		to; /* a note of the kernel's (net/netlink.h): whose, referenced until it is queued */
	char data[NL_MESSAGE];
};

/* A message begins in @m: header (of the request @q) and @body. Return: where it began; nl_end gives it its length. */
unsigned nl_begin(struct nl_msg *m, const struct nl_header *q, unsigned type, const void *body,
		  unsigned len);
void nl_attr(struct nl_msg *m, unsigned type, const void *value, unsigned len);
void nl_end(struct nl_msg *m, unsigned start);

/* ---- inet_route.c ---- */
/* What NETLINK_ROUTE says to @q, with @len bytes behind its header. 0, or the error for its NLMSG_ERROR. */
int must_check route_answer(struct nl_msg *m, const struct nl_header *q, const void *body,
			    unsigned len);

#endif
