/*
 * Asynchronous I/O: contexts of io_setup(2).
 *
 *   io_submit ── aio_reserve ── the work ── aio_complete ──> ring (user memory) ──> io_getevents, or the program by itself
 *
 * OWNS     struct aio_ctx, and its ring: an object of mm/backing that is mapped into the program: a head of 32 bytes, then events.
 * WHY      libaio and others look at the ring before they ask the kernel, and take events off it by moving its head: so it is
 *          where Linux has it, in Linux's layout. The number of a context is the address of its ring. A vma keeps its
 *          context: exit, exec and munmap end it without anybody keeping a list.
 * I1       aio_nr is the sum of counted of all contexts that are not dead.
 * LOCKS    ctx->lock (mutex, rank FS_FILE) for dead; nr_lock for aio_nr.
 * CONTEXT  tasks; may sleep. vm_open, vm_close: with mmap_lock held.
 * FAILS    as io_setup(2), io_destroy(2).
 * NOT HERE events (aio_ring.c), what a request does (sys/sys_aio.c), those that wait for a file (aio_poll.c).
 * SOURCES  io_setup(2), libaio's ring; proc(5) /proc/sys/fs/aio-nr.   TESTED BY  tests/guest/file_aio.c
 */
#include "fs/aio.h"

#include "aio_impl.h"
#include "base/errno.h"
#include "fs/sysctl.h"
#include "kernel/task.h"
#include "mm/mm.h"
#include "mm/shmem.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/percpu.h"
#include "uapi/mman.h"

enum { MAX_NR = 65536, MOST_EVENTS = 0x10000000 / sizeof(struct aio_event) };
#define RING_MAGIC 0xa10a10a1U

static struct spinlock nr_lock = SPINLOCK_INIT(RANK_OBJECT);
static unsigned long aio_nr, aio_max_nr = MAX_NR; /* nr_lock */
static const struct vma_ops ring_vm_ops;

/* ---- life ---- */

static bool count_nr(unsigned n)
{
	bool fits;

	spin_lock(&nr_lock);
	fits = aio_nr + n <= READ_ONCE(aio_max_nr);
	if (fits)
		aio_nr += n;
	spin_unlock(&nr_lock);
	return fits;
}

static void uncount_nr(unsigned n)
{
	spin_lock(&nr_lock);
	aio_nr -= n;
	spin_unlock(&nr_lock);
}

void aio_get(struct aio_ctx *ctx)
{
	atomic_inc(&ctx->refs);
}

static void ctx_free(struct aio_ctx *ctx)
{
	mmdrop(ctx->mm);
	kfree(ctx);
}

void aio_put(struct aio_ctx *ctx)
{
	if (!atomic_dec_and_test(&ctx->refs))
		return;
	if (!ctx->dead)
		uncount_nr(ctx->counted);
	ctx->mapping->ops->drop(ctx->mapping);
	ctx_free(ctx);
}

static void vm_open(struct vm_area_struct *vma)
{
	struct aio_ctx *ctx = vma->vm_private_data;

	atomic_inc(&ctx->vmas);
	aio_get(ctx);
}

static void vm_close(struct vm_area_struct *vma)
{
	struct aio_ctx *ctx = vma->vm_private_data;

	if (atomic_dec_and_test(&ctx->vmas)) {
		WRITE_ONCE(ctx->gone, true);
		aio_poll_gone();
	}
	aio_put(ctx);
}

static const struct vma_ops ring_vm_ops = { .open = vm_open, .close = vm_close };

/* Its pages are made now and stay: an event must not fail for want of one. */
static int make_ring(struct aio_ctx *ctx, size_t size)
{
	struct aio_ring head = {
		.nr = ctx->nr, .magic = RING_MAGIC, .compat = 1, .header = sizeof(head)
	};
	int err;

	ctx->mapping = failpoint("aio_ring") ? NULL : shmem_named_create("[aio]", size, true);
	if (!ctx->mapping)
		return -ENOMEM;
	shmem_lock(ctx->mapping, true);
	err = mapping_allocate(ctx->mapping, 0, size);
	if (!err && mapping_write_kernel(ctx->mapping, &head, sizeof(head), 0) != sizeof(head))
		err = -ENOMEM;
	if (err)
		ctx->mapping->ops->drop(ctx->mapping);
	return err;
}

static int map_ring(struct aio_ctx *ctx, size_t size, uaddr_t *id)
{
	struct vm_map_args a = { .len = size,
				 .prot = PROT_READ | PROT_WRITE,
				 .flags = MAP_SHARED,
				 .mapping = ctx->mapping,
				 .may_flags = VM_MAYREAD | VM_MAYWRITE | VM_DONTEXPAND,
				 .vm_ops = &ring_vm_ops,
				 .vm_private_data = ctx };
	long at = vm_map(ctx->mm, &a);

	if (at < 0 && at >= -4095)
		return -ENOMEM;
	*id = (uaddr_t)at;
	return 0;
}

/* Half of the places may be out of use in batches on Linux, which doubles what was asked for: programs have seen that room. */
static size_t ring_size(unsigned nr_events, unsigned *nr)
{
	size_t least = max_of(unsigned, nr_events, nr_cpus * 4) * 2 + 2, size;

	size = round_up_pow2(sizeof(struct aio_ring) + least * sizeof(struct aio_event), PAGE_SIZE);
	*nr = (unsigned)((size - sizeof(struct aio_ring)) / sizeof(struct aio_event));
	return size;
}

int aio_create(unsigned nr_events, uaddr_t *id)
{
	struct aio_ctx *ctx;
	size_t size;
	int err;

	if (!nr_events || nr_events > MOST_EVENTS)
		return -EINVAL;
	if (!count_nr(nr_events))
		return -EAGAIN;
	ctx = failpoint("aio_ctx") ? NULL : kzalloc(sizeof(*ctx), GFP_KERNEL);
	err = -ENOMEM;
	if (!ctx)
		goto uncount;
	size = ring_size(nr_events, &ctx->nr);
	ctx->mm = current_task()->mm_ctx.mm;
	mmgrab(ctx->mm);
	ctx->counted = nr_events;
	atomic_set(&ctx->refs, 1); /* both the vma's, from the moment there is one */
	atomic_set(&ctx->vmas, 1);
	mutex_init(&ctx->lock, RANK_FS_FILE);
	waitq_init(&ctx->wait);
	err = make_ring(ctx, size);
	if (err)
		goto free;
	err = map_ring(ctx, size, id);
	if (!err)
		return 0;
	ctx->mapping->ops->drop(ctx->mapping);
free:
	ctx_free(ctx);
uncount:
	uncount_nr(nr_events);
	return err;
}

struct aio_ctx *aio_find(uaddr_t id)
{
	struct mm_struct *mm = current_task()->mm_ctx.mm;
	struct aio_ctx *ctx = NULL;
	struct vm_area_struct *vma;

	rwsem_down_read(&mm->mmap_lock);
	vma = find_vma(mm, id);
	if (vma && vma->vm_start == id && vma->vm_ops == &ring_vm_ops && !vma->vm_pgoff)
		ctx = vma->vm_private_data;
	if (ctx && (ctx->mm != mm || READ_ONCE(ctx->dead)))
		ctx = NULL;
	if (ctx)
		aio_get(ctx);
	rwsem_up_read(&mm->mmap_lock);
	return ctx;
}

static bool none_pending(struct aio_ctx *ctx)
{
	bool none;

	mutex_lock(&ctx->lock);
	none = !ctx->pending;
	mutex_unlock(&ctx->lock);
	return none;
}

int aio_destroy(struct aio_ctx *ctx, uaddr_t id)
{
	bool was;

	mutex_lock(&ctx->lock);
	was = ctx->dead;
	WRITE_ONCE(ctx->dead, true);
	mutex_unlock(&ctx->lock);
	if (was)
		return -EINVAL;
	uncount_nr(ctx->counted);
	aio_poll_drop(ctx);
	waitq_wake_all(&ctx->wait);
	wait_event(&ctx->wait, none_pending(ctx));
	return vm_unmap(ctx->mm, id, mapping_size(ctx->mapping));
}

unsigned aio_room(const struct aio_ctx *ctx)
{
	return ctx->nr;
}

void aio_init(void)
{
	static const struct sysctl table[] = {
		{ "fs/aio-nr", .word = &aio_nr, .mode = 0444 },
		{ "fs/aio-max-nr", .word = &aio_max_nr },
	};

	boot_need(sysctl_register(table, ARRAY_SIZE(table)), "sysctls of ", "aio");
}
