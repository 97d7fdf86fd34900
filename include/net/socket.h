/*
 * Sockets, as system calls see them: a descriptor, an address, a message. Families: AF_UNIX (net/unix.c),
 * AF_INET and AF_INET6 (net/inet.c) where the kernel was built with lwIP.
 * Functions take a file that is_socket() and return what the call of their name does: a result or -errno.
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include "fs/file.h"
#include "fs/iovec.h"

struct sock;

enum { AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6 = 10, AF_NETLINK = 16 };
enum { SOCK_STREAM = 1, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, SOCK_TYPE_MAX = 11 };
enum { SOL_SOCKET = 1, SCM_RIGHTS = 1, SCM_CREDENTIALS = 2, SCM_MAX_FD = 253 };
enum { SCM_ITEMS_MAX = 6, SCM_ITEM_BYTES = 48 };
enum {
	MSG_OOB = 1,
	MSG_PEEK = 2,
	MSG_CTRUNC = 8,
	MSG_TRUNC = 0x20,
	MSG_DONTWAIT = 0x40,
	MSG_WAITALL = 0x100,
	MSG_ERRQUEUE = 0x2000,
	MSG_NOSIGNAL = 0x4000,
	MSG_WAITFORONE = 0x10000,
	MSG_CMSG_CLOEXEC = 0x40000000
};

/* struct sockaddr_un, _in, _in6, and how many of its bytes count. */
struct sock_addr {
	int len;
	union {
		struct {
			uint16_t family;
			char path[108];
		};
		char bytes[128]; /* struct sockaddr_storage */
	};
};

struct ucred {
	int pid;
	uint32_t uid, gid;
};

/* Control messages of a protocol, as they stand in user memory behind their headers. */
struct scm_items {
	unsigned nr;
	struct scm_item {
		int level, type;
		unsigned len;
		char bytes[SCM_ITEM_BYTES];
	} item[SCM_ITEMS_MAX];
};

/* What comes with a message besides bytes. */
struct scm {
	bool has_creds;
	struct ucred creds;
	unsigned nr;
	struct file *files[SCM_MAX_FD]; /* referenced */
	struct scm_items *items;	/* or NULL */
};
struct scm *must_check scm_new(void); /* empty; NULL: no memory */
void scm_free(struct scm *scm);	      /* NULL legal */
void scm_put_files(struct scm *scm);

/* Where bytes come from or go to. */
struct sock_iter {
	const struct iovec_k *iov; /* of user memory; or */
	char *kernel;
	size_t skip; /* bytes of the first piece that are done */
	size_t left;
};

struct sock_msg {
	struct sock_iter data;
	struct sock_addr
		*addr;	 /* to send to, or NULL; receiving: the sender's, or NULL: not wanted */
	struct scm *scm; /* sending: or NULL; its files go. Receiving: never NULL */
	unsigned flags;	 /* MSG_* of the call; received: msg_flags */
};

bool file_is_socket(const struct file *f);
/* @type with SOCK_CLOEXEC and SOCK_NONBLOCK, which are O_CLOEXEC and O_NONBLOCK. A descriptor. */
int socket_create(int family, int type, int protocol);
int socket_pair(int family, int type, int protocol, int fds[2]);
int socket_bind(struct file *f, const struct sock_addr *a);
int socket_connect(struct file *f, const struct sock_addr *a);
int socket_listen(struct file *f, int backlog);
int socket_accept(struct file *f, unsigned flags, struct sock_addr *peer);
int socket_name(struct file *f, bool peer, struct sock_addr *out);
int socket_shutdown(struct file *f, int how);
long socket_send(struct file *f, struct sock_msg *m);
long socket_receive(struct file *f, struct sock_msg *m);
/* Option values are user memory. */
int socket_set_option(struct file *f, int level, int name, uaddr_t value, int len);
int socket_get_option(struct file *f, int level, int name, uaddr_t value, uaddr_t ulen);
struct ucred socket_caller(void);

void net_init(void); /* boot: after fs_init */

#endif
