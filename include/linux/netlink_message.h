/* How messages of netlink lie in memory: what programs and modules have in common. */
#ifndef _LINUX_NETLINK_MESSAGE_H
#define _LINUX_NETLINK_MESSAGE_H

#include <linux/types.h>

#define NETLINK_ROUTE	       0
#define NETLINK_USERSOCK       2
#define NETLINK_KOBJECT_UEVENT 15
#define NETLINK_GENERIC	       16
#define MAX_LINKS	       32

#define NLM_F_REQUEST 1
#define NLM_F_MULTI   2
#define NLM_F_ACK     4
#define NLM_F_ECHO    8
#define NLM_F_ROOT    0x100
#define NLM_F_MATCH   0x200
#define NLM_F_DUMP    (NLM_F_ROOT | NLM_F_MATCH)

#define NLMSG_NOOP     1
#define NLMSG_ERROR    2
#define NLMSG_DONE     3
#define NLMSG_MIN_TYPE 16

struct nlmsghdr {
	u32 nlmsg_len;
	u16 nlmsg_type, nlmsg_flags;
	u32 nlmsg_seq, nlmsg_pid;
};
struct nlmsgerr {
	int error;
	struct nlmsghdr msg;
};
struct sockaddr_nl {
	u16 nl_family, nl_pad;
	u32 nl_pid, nl_groups;
};
#define NLMSG_ALIGNTO	    4U
#define NLMSG_ALIGN(n)	    (((n) + NLMSG_ALIGNTO - 1) & ~(NLMSG_ALIGNTO - 1))
#define NLMSG_HDRLEN	    ((int)NLMSG_ALIGN(sizeof(struct nlmsghdr)))
#define NLMSG_LENGTH(n)	    ((n) + NLMSG_HDRLEN)
#define NLMSG_SPACE(n)	    NLMSG_ALIGN(NLMSG_LENGTH(n))
#define NLMSG_DATA(h)	    ((void *)((char *)(h) + NLMSG_HDRLEN))
#define NLMSG_PAYLOAD(h, n) ((h)->nlmsg_len - NLMSG_SPACE(n))
#define NLMSG_OK(h, n)                                                                             \
	((n) >= (int)sizeof(struct nlmsghdr) && (h)->nlmsg_len >= sizeof(struct nlmsghdr) &&       \
	 (h)->nlmsg_len <= (u32)(n))
#define NLMSG_NEXT(h, n)                                                                           \
	((n) -= NLMSG_ALIGN((h)->nlmsg_len),                                                       \
	 (struct nlmsghdr *)((char *)(h) + NLMSG_ALIGN((h)->nlmsg_len)))
#define NLMSG_GOODSIZE	   (PAGE_SIZE - 320) /* a page with what a buffer has besides */
#define NLMSG_DEFAULT_SIZE (NLMSG_GOODSIZE - NLMSG_HDRLEN)

#endif
