/*
 * The life of an address space.
 *
 *   mm_users  tasks that run in it; the last mmput unmaps everything (sleeps)
 *   mm_count  1 for all users together, plus lazy references (a CPU that keeps the tables, /proc); the last mmdrop
 *             frees the top table and the struct
 *
 * OWNS     struct mm_struct, the list of all of them, the layout of a new program.
 * I1       mm_users > 0 implies mm_count > 0; with mm_users 0 there is no vma and no user page table.
 * I2       every mm is on mm_list from mm_alloc to the last mmdrop.
 * LOCKS    mm_list_lock (rank OBJECT) for the list.
 * CONTEXT  mmput may sleep; mmdrop any thread.
 * FAILS    mm_alloc: NULL.
 * NOT HERE vmas (vma.c), duplication (fork.c).
 * SOURCES  layout: mmap_base and its gap as in Linux 6.1 (128 MiB .. 5/6 of the address space).   TESTED BY mmap_test.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/frames.h"
#include "mm/gather.h"
#include "mm/hugetlb.h"
#include "mm/imports.h"
#include "mm/ksm.h"
#include "mm/slab.h"
#include "mm/thp.h"
#include "sync/failpoint.h"

int sysctl_legacy_va_layout;
int mmap_rnd_bits = MMAP_RND_BITS_MIN, mmap_rnd_compat_bits = MMAP_RND_COMPAT_BITS_MIN;

static struct kmem_cache *mm_cache;
static struct list_head mm_list;
static struct spinlock mm_list_lock = SPINLOCK_INIT(RANK_OBJECT);

void mm_init(void)
{
	mm_cache = kmem_cache_create("mm_struct", sizeof(struct mm_struct), 64, SLAB_PANIC, NULL);
	list_init(&mm_list);
	commit_boot();
	mapping_boot();
	hugetlb_boot();
	thp_zero_boot();
	vma_boot();
	fault_boot();
	ksm_boot();
}

enum {
	DUMP_FILTER_DEFAULT = 0x33
}; /* private and shared anonymous memory, ELF headers, private huge pages: core(5) */

static void mm_init_fields(struct mm_struct *mm)
{
	const struct mm_struct *cur = mm_ctx_current()->mm;

	mm->dump_filter = cur ? READ_ONCE(cur->dump_filter) : DUMP_FILTER_DEFAULT;
	rangetree_init(&mm->vmas, vma_node_alloc, vma_node_free);
	rwsem_init(&mm->mmap_lock, RANK_MM_MAP);
	spin_init(&mm->page_table_lock, RANK_MM_ANON);
	list_init(&mm->userfault_events);
	atomic_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	mm->task_size = USER_TOP;
	mm_set_layout(mm, &(struct mm_layout){ .stack_limit = MIB(8) });
}

struct mm_struct *mm_alloc(void)
{
	struct mm_struct *mm =
		failpoint("mm_alloc") ? NULL : kmem_cache_zalloc(mm_cache, GFP_KERNEL);

	if (!mm)
		return NULL;
	mm_init_fields(mm);
	if (pt_root_alloc(&mm->root)) {
		kmem_cache_free(mm_cache, mm);
		return NULL;
	}
	spin_lock(&mm_list_lock);
	list_add_tail(&mm->mm_list, &mm_list);
	spin_unlock(&mm_list_lock);
	return mm;
}

void mmget(struct mm_struct *mm)
{
	kassert(atomic_read(&mm->mm_users) > 0);
	atomic_inc(&mm->mm_users);
}

bool mmget_not_zero(struct mm_struct *mm)
{
	return atomic_inc_not_zero(&mm->mm_users);
}

void mmgrab(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_count);
}

void mmdrop(struct mm_struct *mm)
{
	if (!atomic_dec_and_test(&mm->mm_count))
		return;
	spin_lock(&mm_list_lock);
	list_del(&mm->mm_list);
	spin_unlock(&mm_list_lock);
	pt_root_free(&mm->root);
	if (unlikely(mm->notify))
		mmu_notify_detach(mm);
	kmem_cache_free(mm_cache, mm);
}

struct mm_struct *mm_list_next(struct mm_struct *mm)
{
	struct mm_struct *next = NULL;
	struct list_head *at;

	spin_lock(&mm_list_lock);
	at = mm ? mm->mm_list.next : mm_list.next;
	for (; at != &mm_list && !next; at = at->next) {
		next = list_entry(at, struct mm_struct, mm_list);
		if (!atomic_inc_not_zero(&next->mm_count)) /* on its way out */
			next = NULL;
	}
	spin_unlock(&mm_list_lock);
	if (mm)
		mmdrop(mm);
	return next;
}

void mmput(struct mm_struct *mm)
{
	might_sleep();
	if (!atomic_dec_and_test(&mm->mm_users))
		return;
	if (unlikely(mm->notify))
		mm->notify->ops->release(mm);
	vm_unmap_all(mm);
	frames_exit(mm);
	thp_zero_put(mm);
	ksm_exit(mm);
	if (mm->exe)
		mm->exe->ops->drop(mm->exe);
	mm->exe = NULL;
	WRITE_ONCE(mm->oom_done, true);
	mmdrop(mm);
}

unsigned long mm_rss(const struct mm_struct *mm)
{
	long n = atomic_long_read(&mm->rss_stat[MM_FILEPAGES]) +
		 atomic_long_read(&mm->rss_stat[MM_ANONPAGES]) +
		 atomic_long_read(&mm->rss_stat[MM_SHMEMPAGES]);

	return n > 0 ? (unsigned long)n : 0;
}

/* Pages may go while others do, truncation without mmap_lock: the peak only rises. */
void mm_update_hiwater_rss(struct mm_struct *mm)
{
	unsigned long rss = mm_rss(mm), peak = READ_ONCE(mm->hiwater_rss);

	while (peak < rss && !__atomic_compare_exchange_n(&mm->hiwater_rss, &peak, rss, false,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

void mm_update_hiwater(struct mm_struct *mm)
{
	mm_update_hiwater_rss(mm);
	if (mm->hiwater_vm < mm->total_vm)
		mm->hiwater_vm = mm->total_vm;
}

/* Room below the window's end: the stack's limit, how far its top may move, its guard gap; 128 MiB to 5/6 of the window. */
static unsigned long stack_room(const struct mm_layout *l, unsigned long window)
{
	unsigned long max = window / 6 * 5, min = MIB(128);
	unsigned long pad = ((unsigned long)STACK_GUARD_PAGES << PAGE_SHIFT) + l->stack_random;
	unsigned long room = l->stack_limit + pad < pad ? l->stack_limit : l->stack_limit + pad;

	return room < min ? min : room > max ? max : room;
}

void mm_set_layout(struct mm_struct *mm, const struct mm_layout *l)
{
	const unsigned long top = l->top ? l->top : USER_TOP,
			    window = min_of(unsigned long, MAP_WINDOW, top);

	mm->task_size = top;
	mm->mmap_legacy_base = page_align(window / 3) + (l->random & PAGE_MASK);
	mm->low_2g_base = LOW_2G_START + (l->random_low & PAGE_MASK);
	mm->mmap_topdown = !l->bottom_up;
	mm->gap_len = 0; /* nothing is known */
	mm->mmap_base = mm->mmap_legacy_base;
	if (mm->mmap_topdown)
		mm->mmap_base =
			page_align(window - stack_room(l, window) - (l->random & PAGE_MASK));
}
