/* What the files of AF_UNIX share: messages and names. */
#ifndef NET_UNIX_IMPL_H
#define NET_UNIX_IMPL_H

#include "net/sock_impl.h"

struct unix_addr {
	atomic_t refs;
	unsigned
		len; /* i: bytes of path that count: a name's with its NUL, an abstract one's with its first */
	char path[109];
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
extern int unix_max_dgram_qlen;

struct sock *sock_peer(struct sock *s);		     /* referenced, or NULL */
void unix_join_pair(struct sock *a, struct sock *b); /* socketpair */

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

/* files under way (unix_scm.c) */
int must_check scm_attach(struct unix_msg *m,
			  struct scm *scm); /* takes the files. 0, -ENOMEM, -ETOOMANYREFS */
/* The files of @m are the caller's, or (@peek) he gets references of his own. */
void scm_take(struct unix_msg *m, struct scm *to, bool peek);
void msgs_bury(struct list_head *msgs); /* free them, files and all */
void scm_collect(void);
#endif
