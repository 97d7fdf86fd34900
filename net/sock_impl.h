/* A socket of any family, as the files of net/ share it, and what a family does for socket.c and sockopt.c. */
#ifndef NET_SOCK_IMPL_H
#define NET_SOCK_IMPL_H

#include "fs/path.h"
#include "fs/poll.h"
#include "kernel/task.h"
#include "lib/list.h"
#include "net/socket.h"

enum sock_state { SS_UNCONNECTED, SS_LISTENING, SS_CONNECTING, SS_CONNECTED, SS_DEAD };
enum { RCV_SHUTDOWN = 1, SEND_SHUTDOWN = 2, SHUTDOWN_BOTH = 3 };

struct sock_ops {
	int family;
	/* A socket of a type and protocol that may be (create's own errors): refs 1, in *out. */
	int (*create)(int type, int protocol, struct sock **out);
	void (*attach)(struct sock *s, struct file *f); /* its file, from now on */
	void (*release)(struct sock *s);		/* its file is gone */
	void (*free)(struct sock *s);			/* the last reference is gone */
	int (*bind)(struct sock *s, const struct sock_addr *a);
	int (*connect)(struct sock *s, const struct sock_addr *a, bool nonblock);
	int (*listen)(struct sock *s, int backlog);
	/* The next connection of @l becomes @f's: its reference; NULL: none is waiting. */
	struct sock *(*accept)(struct sock *l, struct file *f);
	int (*name)(struct sock *s, bool peer, struct sock_addr *out);
	int (*shutdown)(struct sock *s, unsigned how); /* RCV_SHUTDOWN, SEND_SHUTDOWN */
	long (*send)(struct sock *s, struct sock_msg *m, bool nonblock);
	long (*receive)(struct sock *s, struct sock_msg *m, bool nonblock);
	unsigned (*poll)(struct sock *s, struct poll_table *pt);
	/* Options that are not SOL_SOCKET's; NULL: there are none. */
	int (*set_option)(struct sock *s, int level, int name, uaddr_t value, int len);
	int (*get_option)(struct sock *s, int level, int name, uaddr_t value, uaddr_t ulen);
	void (*flags_changed)(struct sock *s); /* SKF_*, linger; may be NULL */
	int (*bytes_to_read)(struct sock *s);
	int (*bytes_to_send)(struct sock *s);
};

struct tcp_pcb;
struct udp_pcb;
struct raw_pcb;
struct inet_corked;

enum { INET_KEPT_MAX = 18 };
struct inet_end {
	uint32_t addr[4]; /* in network order; IPv4: the last, behind ::ffff */
	uint16_t port;
};

struct sock {
	const struct sock_ops *ops; /* i */
	atomic_t refs;		/* its file, its peers, a listener's queue, messages under way */
	int type;		/* i */
	struct spinlock lock;	/* rank OBJECT */
	struct waitq wait;	/* anything changes: state, bytes, room */
	struct mutex receive;	/* rank FS_FILE: one reader of a stream at a time */
	enum sock_state state;	/* l; written under u too */
	struct list_head queue; /* l: messages; of a listener: sockets nobody has accepted */
	unsigned nr_queued;	/* l */
	size_t nr_bytes;	/* l: in queue */
	unsigned shutdown;	/* l; read without */
	int err;		/* a: SO_ERROR, 0 or a positive errno */
	int backlog;		/* l */
	struct file *file;	/* u: NULL: nobody has accepted it, or closed */
	unsigned flags;		/* l: SKF_* */
	int sndbuf, rcvbuf, rcvlowat; /* l; read without */
	int linger;		      /* l: seconds; -1: not asked for */
	uint64_t rcvtimeo, sndtimeo;  /* l: ns; PARK_FOREVER: none */
	struct list_head accept;      /* the listener's lock: in its queue */
	struct sock *listener;	      /* u: in whose queue it is */

	union {
		struct {		    /* AF_UNIX */
			struct sock *peer;  /* l; written under u too; referenced */
			atomic_long_t sent; /* bytes of messages that it sent and nobody has read */
			struct ucred peer_cred; /* u */
			struct unix_addr *addr; /* u: NULL until bound */
			struct path_ref path; /* u: of a name in a file system; dentry NULL: none */
			struct list_head all, bound; /* u */
			unsigned inflight;	     /* u: how many messages carry its file */
			unsigned
				gc_left; /* u, a collection's: references that no known queue explains */
			bool gc_maybe;	     /* u, a collection's: nobody seems to reach it */
			struct list_head gc; /* u, a collection's */
		};
		struct inet_part { /* AF_INET, AF_INET6; c: the core lock of inet_core.c */
			union {
				struct tcp_pcb *tcp; /* c: NULL: none yet, or no more */
				struct udp_pcb *udp; /* c */
				struct raw_pcb *raw; /* c */
			};
			int protocol;	 /* i */
			uint32_t groups; /* netlink: that it listens to; inet_netlink.c's lock */
			struct inet_end local, remote; /* c */
			bool connecting;       /* c: a connect() has not been told how it ended */
			bool no_delay, v6only; /* c */
			uint8_t ttl, tos;      /* c */
			int keep_idle, keep_interval, keep_count; /* c: seconds, times */
			unsigned tell;				  /* c; read without: TELL_* */
			uint8_t ifindex;			  /* c: SO_BINDTODEVICE; 0: any */
			bool cork;				  /* c; read without */
			bool wants_cover;	    /* c: UDPLITE_RECV_CSCOV was asked for */
			struct inet_corked *corked; /* c; read without: inet_cork.c's */
			int max_segment;	    /* c: TCP_MAXSEG; 0: not asked for */
			struct list_head hears;	 /* c: inet_error.c's list of those with errors */
			struct list_head errors; /* l: that nobody has read */
			size_t error_bytes;	 /* l: of them */
			uint32_t icmp_filter[8]; /* c: a bit for each type that is not wanted */
			int kept[INET_KEPT_MAX]; /* c: inet_opt.c's */
			size_t room;		 /* c; read without: bytes that may be sent */
			unsigned space; /* c; read without: of them, behind the last segment */
			size_t unrecved; /* r: sock->receive, or the last user: bytes read that the peer has not been told of */
			bool got_fin, sent_fin; /* c: the peer sends no more; we do not */
		} in;
	};
};
enum {
	SKF_PASSCRED = 1,
	SKF_REUSEADDR = 2,
	SKF_KEEPALIVE = 4,
	SKF_BROADCAST = 8,
	SKF_OOBINLINE = 16,
	SKF_REUSEPORT = 32,
	SKF_TIMESTAMP = 64,    /* messages come with their time: microseconds, or ... */
	SKF_TIMESTAMPNS = 128, /* ... nanoseconds */
	SKF_WIDE_TIME = 256    /* of 64 bits, whoever asks */
};

extern int net_somaxconn, net_wmem_max, net_rmem_max, net_wmem_default, net_rmem_default;
extern const struct file_ops socket_fops;
extern const struct sock_ops unix_ops, inet_ops, inet6_ops, netlink_ops;
struct nl_msg;
/* What net/netlink_note.h's calls do where there are such sockets. 0, -EAGAIN, -ENOMEM. */
int must_check nl_note_make(struct sock *s, const void *text, unsigned len, struct nl_msg **out);
void nl_note_send(struct nl_msg *note, char last);
void nl_note_drop(struct nl_msg *note);

static inline struct sock *sock_of(const struct file *f)
{
	return f->private;
}
static inline bool sock_is_stream(const struct sock *s)
{
	return s->type == SOCK_STREAM;
}
static inline bool sock_has_connections(const struct sock *s)
{
	return s->type == SOCK_STREAM || s->type == SOCK_SEQPACKET;
}

struct sock *must_check sock_new(const struct sock_ops *ops,
				 int type); /* refs 1; NULL: no memory */
struct sock *sock_get(struct sock *s);
void sock_put(struct sock *s); /* NULL legal; any context but under locks of rank SLAB on */
uint64_t sock_deadline(uint64_t timeo, bool nonblock);
int sock_wait_error(uint64_t timeo, int err); /* what a call says whose wait ended by @err */
int must_check sock_take_error(struct sock *s);
int iter_read(struct sock_iter *it, void *to, size_t n);
int iter_write(struct sock_iter *it, const void *from, size_t n);

/* boot */
void unix_init(void);
void inet_init(void);

/* interfaces, by a socket of any family (inet_if.c) */
long inet_ioctl(unsigned cmd, unsigned long arg);

/* options (sockopt.c) */
long socket_ioctl(struct file *f, unsigned cmd, unsigned long arg);
#endif
