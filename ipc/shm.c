/*
 * System V shared memory.
 *
 * OWNS     struct shm: a segment; its pages are an object of mm/backing.
 * WHY      a mapping of a segment is an ordinary shared mapping whose open and close count attachments, so fork, exec, exit,
 *          munmap of parts and mremap count themselves.
 * I1       nattch is the number of vmas of the segment, plus one for each shmat under way.
 * I2       a segment with SHM_DEST goes with its last attachment; it has no key any more. While it has attachments it can
 *          still be attached by its identifier.
 * I3       total_pages is the sum of the segments' sizes, at most shm_limits.all_pages when one is made.
 * LOCKS    object lock (rank IPC) for all that changes; vm_open and vm_close come with mmap_lock held.
 * CONTEXT  tasks; may sleep.
 * FAILS    as shmget(2), shmop(2), shmctl(2); a failed call leaves nothing.
 * NOT HERE pages (mm/backing/shmem.c; SHM_HUGETLB: hugetlb_object.c).
 * SOURCES  shmget(2), shmop(2), shmctl(2), proc(5) /proc/sys/kernel/shm*.   TESTED BY  tests/guest/ipc_shm.c
 */
#include "ipc/shm.h"
#include "ipc_impl.h"

#include "base/errno.h"
#include "fs/seq_file.h"
#include "kernel/task.h"
#include "lib/fmt.h"
#include "mm/hugetlb.h"
#include "mm/mm.h"
#include "mm/shmem.h"
#include "mm/slab.h"
#include "uapi/mman.h"

enum { SHM_MNI = 4096 };

struct shm {
	struct ipc_object obj;
	struct address_space *mapping; /* i: referenced */
	size_t size;		       /* i */
	/* o: obj.lock */
	unsigned long nattch;
	int64_t atime, dtime, ctime;
	int cpid, lpid;
	struct task *creator;	     /* only compared; NULL: it has ended */
	struct user_account *locker; /* who pays for SHM_LOCK; referenced */
};

struct ipc_ids shm_ids;
struct shm_limits shm_limits = { ULONG_MAX - (1UL << 24), ULONG_MAX - (1UL << 24), SHM_MNI };
int shm_rmid_forced;
static atomic_long_t total_pages;
static const struct vma_ops shm_vm_ops;

static struct shm *shm_of(struct ipc_object *o)
{
	return container_of(o, struct shm, obj);
}

static unsigned long pages_of(size_t size)
{
	return (size >> PAGE_SHIFT) + ((size & ~PAGE_MASK) != 0);
}

static int my_pid(void)
{
	return current_task()->tgid;
}

/* ---- shmget(2) ---- */

static int check_size(size_t size)
{
	unsigned long pages = pages_of(size);
	unsigned long total = (unsigned long)atomic_long_read(&total_pages);

	if (!size || size > READ_ONCE(shm_limits.max_bytes))
		return -EINVAL;
	if (total + pages < total || total + pages > READ_ONCE(shm_limits.all_pages))
		return -ENOSPC;
	return 0;
}

/* Who may set huge pages aside for a segment: 0, -EINVAL (no such size), -EPERM. */
static int check_huge(const struct ipc_get *g)
{
	if (!(g->flags & SHM_HUGETLB))
		return 0;
	if (!hugetlb_size_ok((unsigned)g->flags))
		return -EINVAL;
	if (capable(CAP_IPC_LOCK))
		return 0;
	return cred_in_group(current_task()->cred, (uint32_t)sysctl_hugetlb_shm_group) ? 0 : -EPERM;
}

static struct address_space *make_mapping(const struct ipc_get *g)
{
	bool reserve = !(g->flags & SHM_NORESERVE);
	char name[16];

	fmt_scnprintf(name, sizeof(name), "SYSV%08x", (unsigned)g->key);
	if (!(g->flags & SHM_HUGETLB))
		return shmem_named_create(name, g->size, reserve);
	return hugetlb_named_create(name, round_up_pow2((uint64_t)g->size, (uint64_t)HPAGE_SIZE),
				    reserve);
}

static int make_segment(struct ipc_get *g, struct ipc_object **out)
{
	int err = check_size(g->size);
	struct shm *s;

	if (!err)
		err = check_huge(g);
	if (err)
		return err;
	s = ipc_alloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->mapping = make_mapping(g);
	if (!s->mapping) {
		ipc_free(s, sizeof(*s));
		return -ENOMEM;
	}
	ipc_object_init(&s->obj, g->key, g->flags);
	s->size = g->size;
	s->ctime = ipc_seconds();
	s->cpid = my_pid();
	s->creator = current_task();
	current_task()->made_shm = true;
	atomic_long_add(&total_pages, (long)pages_of(g->size));
	*out = &s->obj;
	return 0;
}

static int check_segment(struct ipc_get *g, const struct ipc_object *o)
{
	return container_of(o, const struct shm, obj)->size < g->size ? -EINVAL : 0;
}

/* maps shows the identifier as the inode's number. */
static void name_segment(struct ipc_object *o)
{
	struct address_space *m = shm_of(o)->mapping;

	(mapping_is_hugetlb(m) ? hugetlb_set_ino : shmem_set_ino)(m, (unsigned long)o->id);
}

int shm_get(int key, size_t size, int flags)
{
	struct ipc_get g = { key, flags, make_segment, check_segment, name_segment, size };

	return ipc_get(&shm_ids, &g);
}

static void unlock_pages(struct shm *s, struct user_account *locker)
{
	if (!locker)
		return;
	shmem_lock(s->mapping, false);
	user_account_uncharge(locker, USER_LOCKED_SHM, pages_of(s->size));
	user_account_put(locker);
}

static void shm_free(struct ipc_object *o)
{
	struct shm *s = shm_of(o);

	unlock_pages(s, s->locker);
	atomic_long_add(&total_pages, -(long)pages_of(s->size));
	s->mapping->ops->drop(s->mapping);
	ipc_free(s, sizeof(*s));
}

/* ---- attachments ---- */

/* Lock held. */
static bool goes_unattached(const struct shm *s)
{
	return shm_rmid_forced || (s->obj.mode & SHM_DEST);
}

/* The segment is not attached and nobody wants it: it goes. Unlocks. The caller has a reference. */
static void unlock_or_destroy(struct shm *s) releases(s->obj.lock) no_lock_analysis
{
	bool gone = !s->nattch && !s->obj.deleted && goes_unattached(s);

	if (gone)
		s->obj.deleted = true;
	spin_unlock(&s->obj.lock);
	if (gone)
		ipc_remove(&shm_ids, &s->obj);
}

static void attached_now(struct shm *s)
{
	s->atime = ipc_seconds();
	s->lpid = my_pid();
}

static void vm_open(struct vm_area_struct *vma)
{
	struct shm *s = vma->vm_private_data;

	spin_lock(&s->obj.lock);
	s->nattch++;
	attached_now(s);
	spin_unlock(&s->obj.lock);
}

static void vm_close(struct vm_area_struct *vma) no_lock_analysis
{
	struct shm *s = vma->vm_private_data;

	atomic_inc(&s->obj.refs);
	spin_lock(&s->obj.lock);
	s->nattch--;
	s->dtime = ipc_seconds();
	s->lpid = my_pid();
	unlock_or_destroy(s);
	ipc_put(&shm_ids, &s->obj);
}

/* A removed segment goes with its last mapping: one that is put in the place of that comes too late. */
static int vm_remapped(struct vm_area_struct *vma)
{
	struct shm *s = vma->vm_private_data;
	bool late;

	spin_lock(&s->obj.lock);
	late = s->nattch == 1 && goes_unattached(s);
	spin_unlock(&s->obj.lock);
	return late ? -EINVAL : 0;
}

static const struct vma_ops shm_vm_ops = { .open = vm_open,
					   .close = vm_close,
					   .remapped = vm_remapped };

/* shmop(2): where the segment is to go. 0, -EINVAL. */
static int attach_address(struct vm_map_args *a, int flags)
{
	if (!a->addr)
		return flags & SHM_REMAP ? -EINVAL : 0;
	if (a->addr & ~PAGE_MASK) {
		if (!(flags & SHM_RND))
			return -EINVAL;
		a->addr &= PAGE_MASK;
		if (!a->addr && (flags & SHM_REMAP))
			return -EINVAL;
	}
	a->flags |= MAP_FIXED | (flags & SHM_REMAP ? 0 : MAP_FIXED_NOREPLACE);
	return 0;
}

static int attach_rights(struct vm_map_args *a, int flags)
{
	int mode = 0444;

	a->prot = PROT_READ;
	a->may_flags = VM_MAYREAD | VM_MAYEXEC;
	if (!(flags & SHM_RDONLY)) {
		a->prot |= PROT_WRITE;
		a->may_flags |= VM_MAYWRITE;
		mode |= 0222;
	}
	if (flags & SHM_EXEC) {
		a->prot |= PROT_EXEC;
		mode |= 0111;
	}
	return mode;
}

static long map_segment(struct shm *s, struct vm_map_args *a)
{
	long addr;

	if (a->addr && a->addr + s->size < a->addr)
		return -EINVAL;
	a->len = s->size;
	a->mapping = s->mapping;
	a->vm_ops = &shm_vm_ops;
	a->vm_private_data = s;
	addr = vm_map(current_task()->mm_ctx.mm, a);
	return addr == -EEXIST ? -EINVAL : addr;
}

long shm_attach(int id, uaddr_t at, int flags) no_lock_analysis
{
	struct vm_map_args a = { .addr = at, .flags = MAP_SHARED };
	int mode, err = id < 0 ? -EINVAL : attach_address(&a, flags);
	struct ipc_object *o;
	struct shm *s;
	long addr;

	if (err)
		return err;
	mode = attach_rights(&a, flags);
	err = ipc_lock(&shm_ids, id, &o);
	if (err)
		return err;
	s = shm_of(o);
	err = ipc_permission(o, mode);
	if (err) {
		ipc_unlock_put(&shm_ids, o);
		return err;
	}
	s->nattch++; /* the vma's, from the moment there is one */
	spin_unlock(&o->lock);
	addr = map_segment(s, &a);
	spin_lock(&o->lock);
	if (addr < 0 && addr >= -4095)
		s->nattch--;
	else
		attached_now(s);
	unlock_or_destroy(s);
	ipc_put(&shm_ids, o);
	return addr;
}

int shm_detach(uaddr_t addr)
{
	return vm_unmap_attached(current_task()->mm_ctx.mm, addr, &shm_vm_ops);
}

/* ---- shmctl(2) ---- */

static void fill_stat(const struct shm *s, struct shm_stat *out)
{
	*out = (struct shm_stat){ .size = s->size,
				  .atime = s->atime,
				  .dtime = s->dtime,
				  .ctime = s->ctime,
				  .cpid = s->cpid,
				  .lpid = s->lpid,
				  .nattch = s->nattch };
	ipc_perm_stat(&s->obj, &out->perm);
}

int shm_stat(int id, enum ipc_which which, struct shm_stat *out)
{
	struct ipc_object *o;
	int ret = ipc_lock_stat(&shm_ids, id, which, &o);

	if (ret < 0)
		return ret;
	fill_stat(shm_of(o), out);
	ipc_unlock_put(&shm_ids, o);
	return ret;
}

int shm_set(int id, const struct ipc_set *set)
{
	struct ipc_object *o;
	int err = ipc_lock_owned(&shm_ids, id, &o);

	if (err)
		return err;
	ipc_perm_set(o, set);
	shm_of(o)->ctime = ipc_seconds();
	ipc_unlock_put(&shm_ids, o);
	return 0;
}

int shm_remove(int id) no_lock_analysis
{
	struct ipc_object *o;
	int err = ipc_lock_owned(&shm_ids, id, &o);

	if (err)
		return err;
	o->mode |= SHM_DEST;
	ipc_forget_key(&shm_ids, o);
	unlock_or_destroy(shm_of(o));
	ipc_put(&shm_ids, o);
	return 0;
}

/* Who may lock or unlock: shmctl(2) EPERM. @limit: RLIMIT_MEMLOCK. */
static int lock_allowed(const struct ipc_object *o, bool lock, uint64_t limit)
{
	uint32_t euid = current_task()->cred->euid;

	if (capable(CAP_IPC_LOCK))
		return 0;
	if (euid != o->uid && euid != o->cuid)
		return -EPERM;
	return lock && !limit ? -EPERM : 0;
}

/* The caller's account pays for @pages. NULL: over the limit. */
static struct user_account *charge_locked(unsigned long pages, uint64_t limit)
{
	struct user_account *u = current_task()->account;

	limit = capable(CAP_IPC_LOCK) ? UINT64_MAX : limit >> PAGE_SHIFT;
	return user_account_charge(u, USER_LOCKED_SHM, pages, limit) ? user_account_ref(u) : NULL;
}

static int lock_pages(struct shm *s, uint64_t limit)
{
	if (s->locker)
		return 0;
	s->locker = charge_locked(pages_of(s->size), limit);
	if (!s->locker)
		return -ENOMEM;
	shmem_lock(s->mapping, true);
	s->obj.mode |= SHM_LOCKED;
	return 0;
}

int shm_lock(int id, bool lock) no_lock_analysis
{
	uint64_t limit = rlimit_cur(RLIMIT_MEMLOCK);
	struct user_account *old = NULL;
	struct ipc_object *o;
	struct shm *s;
	int err = ipc_lock(&shm_ids, id, &o);

	if (err)
		return err;
	s = shm_of(o);
	err = lock_allowed(o, lock, limit);
	if (err || mapping_is_hugetlb(s->mapping)) {
		; /* huge pages stay in memory anyway */
	} else if (lock) {
		err = lock_pages(s, limit);
	} else {
		old = s->locker;
		s->locker = NULL;
		o->mode &= ~(uint32_t)SHM_LOCKED;
	}
	spin_unlock(&o->lock);
	unlock_pages(s, old);
	ipc_put(&shm_ids, o);
	return err;
}

int shm_info(struct shm_limits *limits, struct shm_totals *totals)
{
	int index = 0;
	struct ipc_object *o;

	*limits = shm_limits;
	limits->max_ids = READ_ONCE(shm_ids.max_ids);
	*totals = (struct shm_totals){ .used_ids = (int)ipc_count(&shm_ids),
				       .pages = (unsigned long)atomic_long_read(&total_pages) };
	for (; (o = ipc_next(&shm_ids, &index)); index++) {
		totals->resident += mapping_small_pages(shm_of(o)->mapping);
		totals->swapped += shmem_nr_swapped(shm_of(o)->mapping);
		ipc_put(&shm_ids, o);
	}
	return ipc_highest_index(&shm_ids);
}

/* ---- the end of a task ---- */

/* Segments that @t made have no maker any more; with shm_rmid_forced those that nobody has attached go. @t NULL: all that
 * have lost theirs already. */
static void orphan(const struct task *t) no_lock_analysis
{
	struct ipc_object *o;
	int index = 0;

	for (; (o = ipc_next(&shm_ids, &index)); index++) {
		struct shm *s = shm_of(o);

		spin_lock(&o->lock);
		if (s->creator == t) {
			s->creator = NULL;
			unlock_or_destroy(s);
		} else {
			spin_unlock(&o->lock);
		}
		ipc_put(&shm_ids, o);
	}
}

void shm_exit(struct task *t)
{
	if (t->made_shm)
		orphan(t);
}

void shm_destroy_orphans(void)
{
	orphan(NULL);
}

void shm_show_one(struct seq_file *m, struct ipc_object *o)
{
	struct shm *s = shm_of(o);
	struct shm_stat st;
	const int w = sizeof(long) == 8 ? 21 : 10;

	spin_lock(&o->lock);
	fill_stat(s, &st);
	spin_unlock(&o->lock);
	seq_printf(m, "%10d %10d  %4o %*lu %5u %5u  %5lu %5u %5u %5u %5u ", st.perm.key, o->id,
		   st.perm.mode, w, (unsigned long)st.size, (unsigned)st.cpid, (unsigned)st.lpid,
		   st.nattch, st.perm.uid, st.perm.gid, st.perm.cuid, st.perm.cgid);
	seq_printf(m, "%10llu %10llu %10llu %*lu %*lu\n", (unsigned long long)st.atime,
		   (unsigned long long)st.dtime, (unsigned long long)st.ctime, w,
		   mapping_small_pages(s->mapping) << PAGE_SHIFT, w,
		   shmem_nr_swapped(s->mapping) << PAGE_SHIFT);
}

void shm_init(void)
{
	ipc_ids_init(&shm_ids, SHM_MNI, shm_free);
}
