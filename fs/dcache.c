/*
 * The dentry cache: every name that was looked up, found by (parent, name) in one hash table.
 *
 * OWNS     struct dentry; the tree links; the LRU list of unused dentries.
 * WHY      a walk asks for one name per component: a hit costs a hash and a compare, no file system is asked, nothing
 *          is allocated. One lock, taken once per walk, is cheaper than a lock or count per component.
 * I1       hashed dentries have a parent that is not being freed: each holds a reference on it.
 * I2       child_link is in parent->children exactly while hashed.
 * I3       refs == 0 only under dcache_lock or on the LRU; a dentry on the LRU may have got references since (lazy).
 * I4       a positive dentry holds one reference of its inode; it loses it only when it is freed.
 * I5       inode->alias is NULL or a dentry whose inode is that inode.
 * LOCKS    dcache_lock (rank DCACHE). Names and links are stable under it, and under the parent inode's lock.
 * CONTEXT  tasks; dput may sleep (inode eviction). Never from interrupts.
 * COST     find: O(1). free: O(1) per level of the tree.
 * FAILS    dentry_alloc: NULL without memory.
 * NOT HERE which names exist (inode_ops), walking (namei.c), mounts (mount.c), the hash table (dentry_hash.c).
 */
#include "vfs_impl.h"

#include "base/errno.h"
#include "dentry_hash.h"
#include "fs/notify.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

struct spinlock dcache_lock = SPINLOCK_INIT(RANK_DCACHE);

static struct kmem_cache *dentry_cache;
static struct list_head lru = LIST_HEAD_INIT(lru); /* d: refs were 0 when put here; oldest first */
static atomic_long_t nr_dentries;
static unsigned long nr_unused, nr_negative; /* d: on the LRU; of them without an inode */

void dcache_init(void)
{
	dentry_cache = kmem_cache_create("dentry", sizeof(struct dentry), 0,
					 SLAB_RECLAIM_ACCOUNT | SLAB_PANIC, NULL);
	dentry_hash_init();
}

uint32_t name_hash(const char *name, unsigned len)
{
	uint32_t h = HASH_SEED;

	while (len--)
		h = hash_step(h, (unsigned char)*name++);
	return h;
}

static inline uint32_t load_u32(const char *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

/* memcmp() != 0 for the few bytes of a name, a word at a time; the last word may overlap the one before. */
static inline bool names_differ(const char *a, const char *b, unsigned len)
{
	unsigned i;

	if (likely(len >= sizeof(uint32_t))) {
		for (i = 0; i + sizeof(uint32_t) < len; i += sizeof(uint32_t))
			if (load_u32(a + i) != load_u32(b + i))
				return true;
		return load_u32(a + len - sizeof(uint32_t)) != load_u32(b + len - sizeof(uint32_t));
	}
	for (i = 0; i < len; i++)
		if (a[i] != b[i])
			return true;
	return false;
}

struct dentry *dcache_find(struct dentry *parent, const struct qstr *name)
{
	struct list_head *bucket = dentry_bucket(parent, name->hash), *l;

	for (l = bucket->next; l != bucket; l = l->next) {
		struct dentry *d = list_entry(l, struct dentry, hash_link);

		if (d->hash == name->hash && d->parent == parent && d->len == name->len &&
		    !names_differ(d->name, name->name, name->len))
			return d;
	}
	return NULL;
}

static int name_set(struct dentry *d, const struct qstr *name)
{
	d->name = d->inline_name;
	if (name->len >= DENTRY_INLINE) {
		d->name = failpoint("dentry_name") ? NULL : kmalloc(name->len + 1, GFP_KERNEL);
		if (!d->name)
			return -ENOMEM;
	}
	memcpy(d->name, name->name, name->len);
	d->name[name->len] = '\0';
	d->len = (uint8_t)name->len;
	d->hash = name->hash;
	return 0;
}

struct dentry *dentry_alloc(struct dentry *parent, struct super_block *sb, const struct qstr *name)
{
	struct dentry *d = failpoint("dentry") ? NULL : kmem_cache_alloc(dentry_cache, GFP_KERNEL);

	if (!d)
		return NULL;
	if (unlikely(READ_ONCE(dentry_hash.wants_room)))
		dentry_hash_extend();
	if (name_set(d, name)) {
		kmem_cache_free(dentry_cache, d);
		return NULL;
	}
	atomic_set(&d->refs, 1);
	d->parent = parent ? parent : d;
	d->inode = NULL;
	d->sb = sb;
	d->hashed = d->mounted = d->deleted = false;
	d->cookie = 0;
	list_init(&d->hash_link);
	list_init(&d->child_link);
	list_init(&d->children);
	list_init(&d->lru_link);
	if (parent)
		dget(parent);
	atomic_long_add(&nr_dentries, 1);
	return d;
}

void dget(struct dentry *d)
{
	atomic_inc(&d->refs);
}

static void hash_locked(struct dentry *d) must_hold(dcache_lock)
{
	dentry_hash_add(d);
	list_add_tail(&d->child_link, &d->parent->children);
	d->hashed = true;
}

static void unhash_locked(struct dentry *d) must_hold(dcache_lock)
{
	if (!d->hashed)
		return;
	dentry_hash_del(d);
	list_del_init(&d->child_link);
	d->hashed = false;
}

static void lru_del(struct dentry *d) must_hold(dcache_lock)
{
	if (list_empty(&d->lru_link))
		return;
	list_del_init(&d->lru_link);
	nr_unused--;
	nr_negative -= !d->inode;
}

/* Nobody can find @d any more. refs is 0. */
static void detach_locked(struct dentry *d) must_hold(dcache_lock)
{
	unhash_locked(d);
	lru_del(d);
	atomic_long_add(&nr_dentries, -1);
	if (d->inode && d->inode->alias == d)
		d->inode->alias = NULL;
}

/* Free a detached dentry. Return: its parent, whose reference the caller now owns; NULL for a root. */
static struct dentry *dentry_free(struct dentry *d)
{
	struct dentry *parent = d->parent == d ? NULL : d->parent;

	if (notify_wanted() && d->inode && !d->inode->nlink)
		notify_deleted(d->inode);
	iput(d->inode);
	if (d->name != d->inline_name)
		kfree(d->name);
	kmem_cache_free(dentry_cache, d);
	if (unlikely(READ_ONCE(dentry_hash.has_spare)))
		dentry_hash_trim();
	return parent;
}

/* Drop a reference that is not the last. */
static inline bool put_not_last(struct dentry *d)
{
	int old = atomic_read(&d->refs);

	while (old > 1) {
		if (__atomic_compare_exchange_n(&d->refs.v, &old, old - 1, false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return true;
	}
	return false;
}

static noinline_ void dput_slow(struct dentry *d)
{
	while (d) {
		if (put_not_last(d))
			return;
		spin_lock(&dcache_lock);
		if (!atomic_dec_and_test(&d->refs)) {
			spin_unlock(&dcache_lock);
			return;
		}
		if (d->hashed && !d->sb->no_keep) {
			if (list_empty(&d->lru_link)) {
				list_add_tail(&d->lru_link, &lru);
				nr_unused++;
				nr_negative += !d->inode;
			}
			spin_unlock(&dcache_lock);
			return;
		}
		detach_locked(d);
		spin_unlock(&dcache_lock);
		d = dentry_free(d);
	}
}

void dput(struct dentry *d)
{
	if (d && unlikely(!put_not_last(d)))
		dput_slow(d);
}

struct dentry *dentry_make_root(struct super_block *sb, struct inode *inode)
{
	struct qstr name = { "/", 1, name_hash("/", 1) };
	struct dentry *d = dentry_alloc(NULL, sb, &name);

	if (!d) {
		iput(inode);
		return NULL;
	}
	d->inode = inode;
	inode->alias = d;
	return d;
}

void dentry_instantiate(struct dentry *d, struct inode *inode)
{
	spin_lock(&dcache_lock);
	must(!d->inode);
	nr_negative -= !list_empty(&d->lru_link);
	d->inode = inode;
	if (!inode->alias)
		inode->alias = d;
	if (!d->hashed)
		hash_locked(d);
	spin_unlock(&dcache_lock);
}

void dentry_linked(struct inode *dir, struct dentry *d, struct inode *target)
{
	inode_set_nlink(target, target->nlink + 1);
	inode_touch(target, TOUCH_C);
	inode_touch(dir, TOUCH_M | TOUCH_C);
	iget(target);
	dentry_instantiate(d, target);
}

int dentry_root_of(struct super_block *sb, struct inode *root)
{
	if (!S_ISDIR(root->mode)) {
		iput(root);
		return -ENOTDIR;
	}
	sb->root = dentry_make_root(sb, root);
	return sb->root ? 0 : -ENOMEM;
}

struct dentry *dentry_add(struct dentry *d, struct inode *inode)
{
	struct qstr name = { d->name, d->len, d->hash };
	struct dentry *other;

	spin_lock(&dcache_lock);
	other = dcache_find(d->parent, &name);
	if (!other) {
		d->inode = inode;
		if (inode && !inode->alias)
			inode->alias = d;
		hash_locked(d);
	} else {
		dget(other);
	}
	spin_unlock(&dcache_lock);
	if (!other)
		return d;
	iput(inode);
	dput(d);
	return other;
}

void dentry_forget(struct dentry *d)
{
	spin_lock(&dcache_lock);
	unhash_locked(d);
	d->deleted = true;
	spin_unlock(&dcache_lock);
}

struct dentry *dentry_lookup_cached(struct dentry *parent, const struct qstr *name)
{
	struct dentry *d;

	spin_lock(&dcache_lock);
	d = dcache_find(parent, name);
	if (d)
		dget(d);
	spin_unlock(&dcache_lock);
	return d;
}

void dentry_forget_alias(struct inode *inode)
{
	struct dentry *d;

	spin_lock(&dcache_lock);
	d = inode->alias;
	if (d) {
		unhash_locked(d);
		d->deleted = true;
	}
	spin_unlock(&dcache_lock);
}

static void swap_names(struct dentry *a, struct dentry *b) must_hold(dcache_lock)
{
	char *an = a->name == a->inline_name ? NULL : a->name,
	     *bn = b->name == b->inline_name ? NULL : b->name;
	char tmp[DENTRY_INLINE];
	uint32_t hash = a->hash;
	uint8_t len = a->len;

	memcpy(tmp, a->inline_name, sizeof(tmp));
	memcpy(a->inline_name, b->inline_name, sizeof(tmp));
	memcpy(b->inline_name, tmp, sizeof(tmp));
	a->name = bn ? bn : a->inline_name;
	b->name = an ? an : b->inline_name;
	a->len = b->len;
	a->hash = b->hash;
	b->len = len;
	b->hash = hash;
}

/*
 * The references on the parents swap with the parents, so nothing is put here. The loser of a plain move keeps the old
 * name of the winner: what still holds it open sees a deleted name either way.
 */
void dentry_move(struct dentry *o, struct dentry *n, bool exchange)
{
	struct dentry *old_parent;

	spin_lock(&dcache_lock);
	old_parent = o->parent;
	unhash_locked(o);
	unhash_locked(n);
	swap_names(o, n);
	o->parent = n->parent;
	n->parent = old_parent;
	hash_locked(o);
	if (exchange)
		hash_locked(n);
	else
		n->deleted = true;
	spin_unlock(&dcache_lock);
}

bool dentry_is_below_locked(const struct dentry *d, const struct dentry *top)
{
	while (d != top && d->parent != d)
		d = d->parent;
	return d == top;
}

bool dentry_is_below(const struct dentry *d, const struct dentry *top)
{
	bool below;

	spin_lock(&dcache_lock);
	below = dentry_is_below_locked(d, top);
	spin_unlock(&dcache_lock);
	return below;
}

/* The oldest unused dentry (of @sb, when not NULL), detached; NULL when there is none. Those in use again leave the
 * list on the way. */
static struct dentry *take_unused(const struct super_block *sb)
{
	struct dentry *d, *tmp, *found = NULL;

	spin_lock(&dcache_lock);
	list_for_each_entry_safe (d, tmp, &lru, lru_link) {
		if (sb && d->sb != sb)
			continue;
		lru_del(d);
		if (atomic_read(&d->refs) == 0) {
			found = d;
			detach_locked(d);
			break;
		}
	}
	spin_unlock(&dcache_lock);
	return found;
}

void dcache_forget_sb(const struct super_block *sb)
{
	struct dentry *d;

	while ((d = take_unused(sb)) != NULL)
		dput(dentry_free(d));
}

/* The first child of @parent that nobody uses, detached; NULL: none. */
static struct dentry *take_unused_child(struct dentry *parent)
{
	struct dentry *d, *found = NULL;

	spin_lock(&dcache_lock);
	list_for_each_entry (d, &parent->children, child_link) {
		if (atomic_read(&d->refs) == 0) {
			found = d;
			detach_locked(d);
			break;
		}
	}
	spin_unlock(&dcache_lock);
	return found;
}

void dcache_forget_children(struct dentry *parent)
{
	struct dentry *d;

	while ((d = take_unused_child(parent)) != NULL)
		dput(dentry_free(d));
}

unsigned long dcache_shrink(unsigned long nr)
{
	unsigned long done = 0;

	while (done < nr) {
		struct dentry *d = take_unused(NULL);

		if (!d)
			break;
		dput(dentry_free(d));
		done++;
	}
	return done;
}

struct dentry_counts dcache_count(void)
{
	struct dentry_counts c = { .all = (unsigned long)atomic_long_read(&nr_dentries) };

	spin_lock(&dcache_lock);
	c.unused = nr_unused;
	c.negative = nr_negative;
	spin_unlock(&dcache_lock);
	return c;
}
