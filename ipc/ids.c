/*
 * Identifiers, keys and rights of System V objects.
 *
 * OWNS     struct ipc_ids: index -> object and key -> object of one kind.
 * WHY      an identifier is an index and how often the indices have come round (seq << 15 | index): an old one of a removed
 *          object does not name its successor. Indices are given in a circle that is half as large again as what is in use,
 *          at least 64, as Linux does: the same programs see the same identifiers.
 * I1       an object in the table has refs >= 1; in keys it is exactly while its key is not IPC_PRIVATE.
 * I2       whoever removes an object has set deleted under its lock first, so of two removals one finds it.
 * LOCKS    create_lock (rank IPC_CREATE), then an object's lock (rank IPC), then the table's (rank OBJECT).
 * CONTEXT  tasks. ipc_put may sleep (free).
 * COST     by index O(1), by key O(log n); a new index O(1) but for a table that is nearly full.
 * FAILS    -ENOSPC (max_ids), -ENOMEM; as the man pages say.
 * SOURCES  sysvipc(7), shmget(2), semget(2), msgget(2), proc(5).   TESTED BY  tests/guest/ipc_shm.c
 */
#include "ipc_impl.h"

#include "base/errno.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"

enum { SMALL_MAX = 16384, CLASS_BITS = 0777 };

void ipc_ids_init(struct ipc_ids *ids, int max_ids, void (*free_fn)(struct ipc_object *o))
{
	mutex_init(&ids->create_lock, RANK_IPC_CREATE);
	spin_init(&ids->lock, RANK_OBJECT);
	xindex_init(&ids->index);
	ids->last = -1;
	ids->max_ids = max_ids;
	ids->next_id = -1;
	ids->free = free_fn;
}

int64_t ipc_seconds(void)
{
	return (int64_t)(realtime_coarse_ns() / NSEC_PER_SEC);
}

void *ipc_alloc(size_t size)
{
	if (failpoint("ipc"))
		return NULL;
	return size <= SMALL_MAX ? kzalloc(size, GFP_KERNEL) : vzalloc(size);
}

void ipc_free(void *p, size_t size)
{
	if (size <= SMALL_MAX)
		kfree(p);
	else
		vfree(p);
}

/* ---- rights ---- */

void ipc_object_init(struct ipc_object *o, int key, int flags)
{
	const struct cred *c = current_task()->cred;

	atomic_set(&o->refs, 1);
	spin_init(&o->lock, RANK_IPC);
	o->key = key;
	o->uid = o->cuid = c->euid;
	o->gid = o->cgid = c->egid;
	o->mode = (uint32_t)flags & CLASS_BITS;
}

int ipc_permission(const struct ipc_object *o, int flags)
{
	const struct cred *c = current_task()->cred;
	unsigned wanted = (unsigned)(flags >> 6 | flags >> 3 | flags), granted = o->mode;

	if (c->euid == o->cuid || c->euid == o->uid)
		granted >>= 6;
	else if (cred_in_group(c, o->cgid) || cred_in_group(c, o->gid))
		granted >>= 3;
	return (wanted & ~granted & 7) && !capable(CAP_IPC_OWNER) ? -EACCES : 0;
}

int ipc_owner_ok(const struct ipc_object *o)
{
	uint32_t euid = current_task()->cred->euid;

	return euid == o->cuid || euid == o->uid || capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

void ipc_perm_stat(const struct ipc_object *o, struct ipc_perm_stat *out)
{
	*out = (struct ipc_perm_stat){ .key = o->key,
				       .uid = o->uid,
				       .gid = o->gid,
				       .cuid = o->cuid,
				       .cgid = o->cgid,
				       .mode = o->mode,
				       .seq = o->seq };
}

void ipc_perm_set(struct ipc_object *o, const struct ipc_set *set)
{
	o->uid = set->uid;
	o->gid = set->gid;
	o->mode = (o->mode & ~(uint32_t)CLASS_BITS) | (set->mode & CLASS_BITS);
}

/* ---- the table ---- */

static void *node_alloc(void)
{
	return failpoint("ipc_node") ? NULL : kmalloc(xindex_node_size, GFP_KERNEL);
}

static void node_free(void *node)
{
	kfree(node);
}

static struct ipc_object *of_node(struct rb_node *n)
{
	return container_of(n, struct ipc_object, key_node);
}

static struct ipc_object *find_key(struct ipc_ids *ids, int key) must_hold(ids->lock)
{
	struct rb_node *n = ids->keys.node;

	while (n && of_node(n)->key != key)
		n = n->child[of_node(n)->key < key];
	return n ? of_node(n) : NULL;
}

static void insert_key(struct ipc_ids *ids, struct ipc_object *o) must_hold(ids->lock)
{
	struct rb_node *n = ids->keys.node, *parent = NULL;
	int side = 0;

	while (n) {
		parent = n;
		side = of_node(n)->key < o->key;
		n = n->child[side];
	}
	rbtree_insert(&ids->keys, parent, side, &o->key_node);
}

/* The first free index in [from, end), or -1. */
static int free_index(const struct ipc_ids *ids, int from, int end)
{
	for (; from < end; from++) {
		unsigned long at = (unsigned long)from;

		if (!xindex_next(&ids->index, &at) || at > (unsigned long)from)
			return from;
	}
	return -1;
}

static int choose_index(const struct ipc_ids *ids) must_hold(ids->lock)
{
	int end = max_of(int, (int)(ids->in_use * 3 / 2), IPC_MIN_CYCLE), index;

	end = min_of(int, end, IPC_MAX_IDS);
	index = free_index(ids, ids->next, end);
	return index < 0 ? free_index(ids, 0, end) : index;
}

/* The index, and the sequence number for it. -1: the table is full. */
static int choose(struct ipc_ids *ids, unsigned *seq) must_hold(ids->lock)
{
	int index, wanted = READ_ONCE(ids->next_id);

	if (wanted >= 0) {
		*seq = (unsigned)wanted >> IPC_SEQ_SHIFT;
		return free_index(ids, wanted % IPC_MAX_IDS, IPC_MAX_IDS);
	}
	index = choose_index(ids);
	*seq = ids->seq;
	if (index <= ids->last && ++*seq >= IPC_SEQ_MAX)
		*seq = 0;
	return index;
}

/* Under the lock: 0, -ENOSPC, or -ENOMEM: @r has too few nodes. */
static int enter_locked(struct ipc_ids *ids, const struct ipc_get *g, struct ipc_object *o,
			struct xindex_reserve *r) must_hold(ids->lock)
{
	unsigned seq;
	int index, err;

	if (ids->in_use >= (unsigned)READ_ONCE(ids->max_ids))
		return -ENOSPC;
	index = choose(ids, &seq);
	if (index < 0)
		return -ENOSPC;
	err = xindex_insert(&ids->index, (unsigned long)index, o, r);
	if (err)
		return err;
	if (ids->next_id < 0) {
		ids->seq = seq;
		ids->last = index;
		ids->next = index + 1;
	}
	ids->next_id = -1;
	ids->in_use++;
	o->seq = (uint16_t)seq;
	o->id = (int)(seq << IPC_SEQ_SHIFT) | index;
	if (o->key != IPC_PRIVATE)
		insert_key(ids, o);
	if (g->named)
		g->named(o);
	return 0;
}

/* The object's reference becomes the table's. */
static int enter(struct ipc_ids *ids, const struct ipc_get *g, struct ipc_object *o)
{
	struct xindex_reserve r;
	int err;

	xindex_reserve_init(&r);
	do {
		spin_lock(&ids->lock);
		err = enter_locked(ids, g, o, &r);
		spin_unlock(&ids->lock);
	} while (err == -ENOMEM && !xindex_reserve_fill(&r, node_alloc, node_free));
	xindex_reserve_drop(&r, node_free);
	return err;
}

struct ipc_object *ipc_find(struct ipc_ids *ids, int id, enum ipc_which which)
{
	unsigned index = which == IPC_BY_ID ? (unsigned)id % IPC_MAX_IDS : (unsigned)id;
	struct ipc_object *o;

	if (id < 0)
		return NULL;
	spin_lock(&ids->lock);
	o = xindex_find(&ids->index, index);
	if (o && which == IPC_BY_ID && o->id != id)
		o = NULL;
	if (o)
		atomic_inc(&o->refs);
	spin_unlock(&ids->lock);
	return o;
}

struct ipc_object *ipc_next(struct ipc_ids *ids, int *index)
{
	unsigned long at = (unsigned long)*index;
	struct ipc_object *o;

	spin_lock(&ids->lock);
	o = xindex_next(&ids->index, &at);
	if (o)
		atomic_inc(&o->refs);
	spin_unlock(&ids->lock);
	*index = (int)at;
	return o;
}

void ipc_put(struct ipc_ids *ids, struct ipc_object *o)
{
	if (atomic_dec_and_test(&o->refs))
		ids->free(o);
}

static void forget_key_locked(struct ipc_ids *ids, struct ipc_object *o) must_hold(ids->lock)
{
	if (o->key == IPC_PRIVATE)
		return;
	rbtree_remove(&ids->keys, &o->key_node);
	o->key = IPC_PRIVATE;
}

void ipc_forget_key(struct ipc_ids *ids, struct ipc_object *o)
{
	spin_lock(&ids->lock);
	forget_key_locked(ids, o);
	spin_unlock(&ids->lock);
}

void ipc_remove(struct ipc_ids *ids, struct ipc_object *o)
{
	spin_lock(&ids->lock);
	forget_key_locked(ids, o);
	(void)xindex_remove(&ids->index, (unsigned)o->id % IPC_MAX_IDS, node_free);
	ids->in_use--;
	spin_unlock(&ids->lock);
	ipc_put(ids, o);
}

int ipc_highest_index(struct ipc_ids *ids)
{
	unsigned long at = 0, last = 0;

	spin_lock(&ids->lock);
	while (xindex_next(&ids->index, &at))
		last = at++;
	spin_unlock(&ids->lock);
	return (int)last;
}

unsigned ipc_count(struct ipc_ids *ids)
{
	return READ_ONCE(ids->in_use);
}

/* ---- the *get calls ---- */

static struct ipc_object *ref_by_key(struct ipc_ids *ids, int key)
{
	struct ipc_object *o;

	spin_lock(&ids->lock);
	o = find_key(ids, key);
	if (o)
		atomic_inc(&o->refs);
	spin_unlock(&ids->lock);
	return o;
}

static int use_existing(struct ipc_get *g, struct ipc_object *o)
{
	int err;

	if ((g->flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL))
		return -EEXIST;
	spin_lock(&o->lock);
	err = g->check ? g->check(g, o) : 0;
	if (!err)
		err = ipc_permission(o, g->flags);
	spin_unlock(&o->lock);
	return err ? err : o->id;
}

static int make(struct ipc_ids *ids, struct ipc_get *g)
{
	struct ipc_object *o;
	int err = g->create(g, &o);

	if (err)
		return err;
	atomic_inc(&o->refs); /* it may be removed as soon as it is entered */
	err = enter(ids, g, o);
	if (err)
		ipc_put(ids, o);
	else
		err = o->id;
	ipc_put(ids, o);
	return err;
}

int ipc_get(struct ipc_ids *ids, struct ipc_get *g)
{
	struct ipc_object *o = NULL;
	int ret;

	mutex_lock(&ids->create_lock);
	if (g->key != IPC_PRIVATE)
		o = ref_by_key(ids, g->key);
	if (o)
		ret = use_existing(g, o);
	else
		ret = g->key != IPC_PRIVATE && !(g->flags & IPC_CREAT) ? -ENOENT : make(ids, g);
	mutex_unlock(&ids->create_lock);
	if (o)
		ipc_put(ids, o);
	return ret;
}

/* ---- finding and locking ---- */

int ipc_lock(struct ipc_ids *ids, int id, struct ipc_object **out)
{
	struct ipc_object *o = ipc_find(ids, id, IPC_BY_ID);

	if (!o)
		return -EINVAL;
	spin_lock(&o->lock);
	*out = o;
	if (!o->deleted)
		return 0;
	ipc_unlock_put(ids, o);
	return -EIDRM;
}

void ipc_unlock_put(struct ipc_ids *ids, struct ipc_object *o)
{
	spin_unlock(&o->lock);
	ipc_put(ids, o);
}

int ipc_lock_stat(struct ipc_ids *ids, int id, enum ipc_which which, struct ipc_object **out)
{
	struct ipc_object *o = ipc_find(ids, id, which);
	int err = 0;

	if (!o)
		return -EINVAL;
	spin_lock(&o->lock);
	*out = o;
	if (which != IPC_BY_INDEX_ANY)
		err = ipc_permission(o, 0444);
	if (!err && o->deleted)
		err = -EIDRM;
	if (!err)
		return which == IPC_BY_ID ? 0 : o->id;
	ipc_unlock_put(ids, o);
	return err;
}

int ipc_lock_owned(struct ipc_ids *ids, int id, struct ipc_object **out)
{
	int err = ipc_lock(ids, id, out);

	if (err)
		return err == -EIDRM ? -EINVAL : err;
	err = ipc_owner_ok(*out);
	if (err)
		ipc_unlock_put(ids, *out);
	return err;
}
