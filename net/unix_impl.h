/* What the files of net/ share: the socket, its messages, its name. */
#ifndef NET_UNIX_IMPL_H
#define NET_UNIX_IMPL_H

#include "fs/path.h"
#include "fs/poll.h"
#include "kernel/task.h"
#include "lib/list.h"
#include "net/socket.h"

enum sock_state { SS_UNCONNECTED, SS_LISTENING, SS_CONNECTED, SS_DEAD };
enum { RCV_SHUTDOWN = 1, SEND_SHUTDOWN = 2, SHUTDOWN_BOTH = 3 };

struct unix_addr {
	atomic_t refs;
	unsigned
		len; /* i: bytes of path that count: a name's with its NUL, an abstract one's with its first */
	char path[109];
};

struct sock {
	atomic_t refs;		/* its file, its peers, a listener's queue, messages under way */
	int type;		/* i */
	struct spinlock lock;	/* rank OBJECT */
	struct waitq wait;	/* anything changes: state, bytes, room */
	struct mutex receive;	/* rank FS_FILE: one reader of a stream at a time */
	enum sock_state state;	/* l; written under u too */
	struct sock *peer;	/* l; written under u too; referenced */
	struct list_head queue; /* l: messages; of a listener: sockets nobody has accepted */
	unsigned nr_queued;	/* l */
	size_t nr_bytes;	/* l: in queue */
	unsigned shutdown;	/* l; read without */
	int err;		/* a: SO_ERROR, 0 or a positive errno */
	int backlog;		/* l */
	atomic_long_t sent;	/* bytes of memory of messages that it sent and nobody has read */
	struct ucred peer_cred; /* u */
	struct file *file;	/* u: NULL: nobody has accepted it, or closed */
	unsigned flags;		/* l: SOF_* */
	int sndbuf, rcvbuf, rcvlowat; /* l; read without */
	uint64_t rcvtimeo, sndtimeo;  /* l: ns; PARK_FOREVER: none */

	struct unix_addr *addr;	     /* u: NULL until bound */
	struct path_ref path;	     /* u: of a name in a file system; dentry NULL: none */
	struct list_head all, bound; /* u */
	struct list_head accept;     /* the listener's lock: in its queue */
	struct sock *listener;	     /* u: in whose queue it is */

	unsigned inflight;   /* u: how many messages carry its file */
	unsigned gc_left;    /* u, a collection's: references that no known queue explains */
	bool gc_maybe;	     /* u, a collection's: nobody seems to reach it */
	struct list_head gc; /* u, a collection's */
};
enum {
	SOF_PASSCRED = 1,
	SOF_REUSEADDR = 2,
	SOF_KEEPALIVE = 4,
	SOF_BROADCAST = 8,
	SOF_OOBINLINE = 16
};

struct unix_msg {
	struct list_head link;
	struct sock *from;	   /* i: referenced */
	struct unix_addr *addr;	   /* i: referenced; NULL: the sender had none */
	struct ucred creds;	   /* i */
	struct file **files;	   /* u: NULL: none (any more) */
	unsigned nr_files;	   /* u */
	struct user_account *user; /* charged for the files */
	size_t charge;		   /* i: bytes of memory, counted in from->sent */
	size_t len, off;	   /* off: read so far; the reader's */
	char *data;
};

/* Guards names, the list of all sockets, who is connected to whom, and files under way. Rank IPC, outside sock->lock. */
extern struct spinlock unix_lock;
extern struct list_head unix_sockets; /* u */
extern int unix_max_dgram_qlen, net_somaxconn, net_wmem_max, net_rmem_max, net_wmem_default,
	net_rmem_default;
extern const struct file_ops socket_fops;

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
	return s->type != SOCK_DGRAM;
}

struct sock *must_check sock_alloc(int type); /* refs 1; NULL: no memory */
struct sock *sock_get(struct sock *s);
void sock_put(struct sock *s);	   /* NULL legal; any context but under locks of rank SLAB on */
void sock_release(struct sock *s); /* its file is gone */
struct sock *sock_peer(struct sock *s);		     /* referenced, or NULL */
void unix_join_pair(struct sock *a, struct sock *b); /* socketpair */
/* The next connection of @l becomes @f's: its reference; NULL: none is waiting. */
struct sock *must_check unix_accept(struct sock *l, struct file *f);
uint64_t sock_deadline(uint64_t timeo, bool nonblock);
int sock_wait_error(uint64_t timeo, int err); /* what a call says whose wait ended by @err */
int must_check sock_take_error(struct sock *s);

/* names (unix_name.c) */
struct unix_addr *addr_get(struct unix_addr *a); /* NULL legal */
void addr_put(struct unix_addr *a);
void addr_show(const struct unix_addr *a, struct sock_addr *out);
struct unix_addr *must_check sock_addr_ref(struct sock *s); /* referenced, or NULL */
int must_check unix_bind(struct sock *s, const struct sock_addr *a);
int must_check unix_autobind(struct sock *s);
/* Who has the name: referenced in *out. 0, -ECONNREFUSED, -EPROTOTYPE, -EINVAL or of the path. */
int must_check unix_find(const struct sock_addr *a, int type, struct sock **out);
void unix_unbind(struct sock *s, struct path_ref *path); /* u held; the caller puts @path */

/* messages (unix_io.c) */
void msg_free(struct unix_msg *m);
long unix_send(struct sock *s, struct sock_msg *m, bool nonblock);
long unix_receive(struct sock *s, struct sock_msg *m, bool nonblock);
int iter_read(struct sock_iter *it, void *to, size_t n);
int iter_write(struct sock_iter *it, const void *from, size_t n);

/* files under way (unix_scm.c) */
int must_check scm_attach(struct unix_msg *m,
			  struct scm *scm); /* takes the files. 0, -ENOMEM, -ETOOMANYREFS */
/* The files of @m are the caller's, or (@peek) he gets references of his own. */
void scm_take(struct unix_msg *m, struct scm *to, bool peek);
void msgs_bury(struct list_head *msgs); /* free them, files and all */
void scm_collect(void);

/* options (sockopt.c) */
long socket_ioctl(struct file *f, unsigned cmd, unsigned long arg);
#endif
