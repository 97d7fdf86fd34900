/*
 * Names of AF_UNIX sockets: paths in file systems, and abstract ones, which begin with a NUL and are in no directory.
 *
 * OWNS     struct unix_addr; the table of bound sockets.
 * I1       a socket is bound once, for life; then it is in one bucket: by the inode of its path, or by its abstract name.
 * I2       an abstract name belongs to one socket of its type.
 * LOCKS    unix_lock for table, addr and path of a socket. Making the name in the file system comes before, without it: a
 *          name whose socket lost the race for being bound is removed again.
 * FAILS    EADDRINUSE, EINVAL, ECONNREFUSED, EPROTOTYPE, and what path_resolution(7) says.
 * SOURCES  unix(7), bind(2), connect(2).   TESTED BY  tests/guest/net_unix.c
 */
#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/unix_impl.h"

enum { NR_BUCKETS = 64, PATH_AT = 2 /* offset of sun_path */ };
static struct list_head buckets[NR_BUCKETS];

static struct list_head *bucket(uint32_t hash)
{
	struct list_head *b = &buckets[hash % NR_BUCKETS];

	if (!b->next)
		list_init(b);
	return b;
}

static struct list_head *bucket_of(const struct unix_addr *a, const struct inode *inode)
{
	uintptr_t v = (uintptr_t)inode;
	uint32_t h = 5381;

	if (inode)
		return bucket((uint32_t)(v >> 6));
	for (unsigned i = 0; i < a->len; i++)
		h = h * 33 + (unsigned char)a->path[i];
	return bucket(h);
}

struct unix_addr *addr_get(struct unix_addr *a)
{
	if (a)
		atomic_inc(&a->refs);
	return a;
}

void addr_put(struct unix_addr *a)
{
	if (a && atomic_dec_and_test(&a->refs))
		kfree(a);
}

struct unix_addr *sock_addr_ref(struct sock *s)
{
	struct unix_addr *a;

	spin_lock(&unix_lock);
	a = addr_get(s->addr);
	spin_unlock(&unix_lock);
	return a;
}

void addr_show(const struct unix_addr *a, struct sock_addr *out)
{
	memset(out->bytes, 0, sizeof(out->bytes));
	out->family = AF_UNIX;
	out->len = PATH_AT;
	if (!a)
		return;
	memcpy(out->path, a->path, a->len);
	out->len += (int)a->len;
}

/* A checked copy of a name that has bytes. 0, -EINVAL, -ENOMEM. */
static int addr_make(const struct sock_addr *from, struct unix_addr **out)
{
	unsigned n = (unsigned)from->len - PATH_AT;
	struct unix_addr *a;

	if (from->len <= PATH_AT || n > sizeof(from->path) || from->family != AF_UNIX)
		return -EINVAL;
	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	atomic_set(&a->refs, 1);
	memcpy(a->path, from->path, n);
	a->len = a->path[0] ? (unsigned)strlen(a->path) + 1 : n;
	*out = a;
	return 0;
}

/* ---- who has it ---- */

static bool same_name(const struct unix_addr *a, const struct unix_addr *b)
{
	return a->len == b->len && !memcmp(a->path, b->path, a->len);
}

/* u held. */
static struct sock *find_locked(const struct unix_addr *a, const struct inode *inode, int type)
{
	struct list_head *head = bucket_of(a, inode);
	struct sock *s;

	list_for_each_entry (s, head, bound) {
		if (inode ? s->path.dentry && s->path.dentry->inode == inode
			  : !s->path.dentry && s->type == type && same_name(s->addr, a))
			return s;
	}
	return NULL;
}

static struct sock *find_ref(const struct unix_addr *a, const struct inode *inode, int type)
{
	struct sock *s;

	spin_lock(&unix_lock);
	s = find_locked(a, inode, type);
	if (s)
		sock_get(s);
	spin_unlock(&unix_lock);
	return s;
}

static int find_by_path(const struct unix_addr *a, int type, struct sock **out)
{
	struct path_ref p;
	int err = path_lookup(AT_FDCWD, a->path, LOOKUP_FOLLOW, &p);

	if (err)
		return err;
	err = inode_permission(p.dentry->inode, MAY_WRITE);
	if (!err) {
		*out = S_ISSOCK(p.dentry->inode->mode) ? find_ref(a, p.dentry->inode, type) : NULL;
		err = *out ? 0 : -ECONNREFUSED;
	}
	path_put(&p);
	if (!err && (*out)->type != type) {
		sock_put(*out);
		err = -EPROTOTYPE;
	}
	return err;
}

int unix_find(const struct sock_addr *to, int type, struct sock **out)
{
	struct unix_addr *a;
	int err = addr_make(to, &a);

	if (err)
		return err;
	if (a->path[0]) {
		err = find_by_path(a, type, out);
	} else {
		*out = find_ref(a, NULL, type);
		err = *out ? 0 : -ECONNREFUSED;
	}
	addr_put(a);
	return err;
}

/* ---- bind ---- */

/* @s is called @a now. 0, -EINVAL (it has a name), -EADDRINUSE; 0: @a and @path belong to it. */
static int install(struct sock *s, struct unix_addr *a, const struct path_ref *path)
{
	const struct inode *inode = path ? path->dentry->inode : NULL;
	int err = 0;

	spin_lock(&unix_lock);
	if (s->addr)
		err = -EINVAL;
	else if (!inode && find_locked(a, NULL, s->type))
		err = -EADDRINUSE;
	if (!err) {
		if (path)
			s->path = *path;
		s->addr = a;
		list_add(&s->bound, bucket_of(a, inode));
	}
	spin_unlock(&unix_lock);
	return err;
}

static int bind_path(struct sock *s, struct unix_addr *a)
{
	struct path_ref p;
	/* the umask counts even where new files get a default access list */
	int err = vfs_mknod(AT_FDCWD, a->path, S_IFSOCK | (0777 & ~current_umask()), 0);

	if (err)
		return err == -EEXIST ? -EADDRINUSE : err;
	err = path_lookup(AT_FDCWD, a->path, 0, &p);
	if (err)
		return err;
	err = install(s, a, &p);
	if (err) {
		path_put(&p);
		(void)!vfs_unlink(AT_FDCWD, a->path);
	}
	return err;
}

int unix_autobind(struct sock *s)
{
	static atomic_t next;
	struct unix_addr *a;
	int err = -EADDRINUSE;

	if (READ_ONCE(s->addr))
		return 0;
	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	atomic_set(&a->refs, 1);
	a->len = 6;
	for (unsigned tries = 0; tries < 0x100000 && err == -EADDRINUSE; tries++) {
		(void)fmt_scnprintf(a->path + 1, 6, "%05x",
				    (unsigned)atomic_add_return(&next, 1) & 0xfffff);
		err = install(s, a, NULL);
	}
	if (err)
		addr_put(a);
	return err == -EINVAL ? 0 : err; /* somebody was faster */
}

int unix_bind(struct sock *s, const struct sock_addr *from)
{
	struct unix_addr *a;
	int err;

	if (from->len == PATH_AT && from->family == AF_UNIX)
		return unix_autobind(s);
	err = addr_make(from, &a);
	if (err)
		return err;
	if (a->path[0])
		err = bind_path(s, a); /* a name that is there is said first */
	else
		err = READ_ONCE(s->addr) ? -EINVAL : install(s, a, NULL);
	if (err)
		addr_put(a);
	return err;
}

void unix_unbind(struct sock *s, struct path_ref *path)
{
	*path = s->path;
	s->path = (struct path_ref){ 0 };
	if (s->addr && !list_empty(&s->bound))
		list_del_init(&s->bound);
}
