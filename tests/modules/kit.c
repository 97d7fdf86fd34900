/* Numbers and queues, copies for each processor, notifiers, walks, claims, interrupts: what Linux's headers promise. */
#include <linux/hashtable.h>
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/ioport.h>
#include <linux/jump_label.h>
#include <linux/kfifo.h>
#include <linux/llist.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pagewalk.h>
#include <linux/percpu.h>
#include <linux/radix-tree.h>
#include <linux/rwlock.h>
#include <linux/seqlock.h>
#include <linux/signal.h>
#include <linux/utsname.h>
#include <linux/version.h>
#include <linux/xarray.h>

#include <asm/atomic.h>

static int failures, forget;
module_param(forget, int, 0);
#define EXPECT(c)                                                                                  \
	do {                                                                                       \
		if (!(c)) {                                                                        \
			pr_err("kit: line %d: %s\n", __LINE__, #c);                                \
			failures++;                                                                \
		}                                                                                  \
	} while (0)

/* ---- pointers by number ---- */

static void arrays(void)
{
	static DEFINE_XARRAY(xa);
	static RADIX_TREE(tree, GFP_KERNEL);
	unsigned long index, sum = 0;
	void *entry, *found[4];

	EXPECT(xa_empty(&xa) && xa_load(&xa, 5) == NULL);
	EXPECT(xa_store(&xa, 5, xa_mk_value(50), GFP_KERNEL) == NULL);
	EXPECT(xa_to_value(xa_store(&xa, 5, xa_mk_value(51), GFP_KERNEL)) == 50);
	EXPECT(xa_insert(&xa, 5, xa_mk_value(1), GFP_KERNEL) == -EBUSY);
	EXPECT(xa_insert(&xa, ~0UL, xa_mk_value(2), GFP_KERNEL) == 0);
	EXPECT(xa_insert(&xa, 1000, xa_mk_value(3), GFP_KERNEL) == 0);
	xa_set_mark(&xa, 1000, XA_MARK_1);
	EXPECT(xa_get_mark(&xa, 1000, XA_MARK_1) && !xa_get_mark(&xa, 5, XA_MARK_1));
	xa_for_each(&xa, index, entry) sum += xa_to_value(entry);
	EXPECT(sum == 56 && index == 0);
	xa_for_each_marked(&xa, index, entry, XA_MARK_1) EXPECT(index == 1000);
	EXPECT(xa_to_value(xa_erase(&xa, 1000)) == 3 && !xa_marked(&xa, XA_MARK_1));
	xa_destroy(&xa);
	EXPECT(xa_empty(&xa));

	EXPECT(radix_tree_insert(&tree, 7, &xa) == 0 &&
	       radix_tree_insert(&tree, 7, &xa) == -EEXIST);
	EXPECT(radix_tree_insert(&tree, 9, &tree) == 0);
	(void)radix_tree_tag_set(&tree, 9, 0);
	EXPECT(radix_tree_gang_lookup(&tree, found, 0, 4) == 2 && found[1] == &tree);
	EXPECT(radix_tree_gang_lookup_tag(&tree, found, 0, 4, 0) == 1 && found[0] == &tree);
	EXPECT(radix_tree_delete(&tree, 7) == &xa && radix_tree_lookup(&tree, 7) == NULL);
	EXPECT(radix_tree_delete(&tree, 9) == &tree);
}

static void numbers(void)
{
	static DEFINE_IDR(idr);
	static DEFINE_IDA(ida);
	int id, seen = 0;
	int *p;

	EXPECT(idr_alloc(&idr, &seen, 1, 3, GFP_KERNEL) == 1);
	EXPECT(idr_alloc(&idr, &id, 1, 3, GFP_KERNEL) == 2);
	EXPECT(idr_alloc(&idr, &id, 1, 3, GFP_KERNEL) == -ENOSPC);
	EXPECT(idr_find(&idr, 1) == &seen && idr_find(&idr, 3) == NULL);
	idr_for_each_entry(&idr, p, id) seen += id;
	EXPECT(seen == 3);
	EXPECT(idr_remove(&idr, 1) == &seen);
	EXPECT(idr_alloc_cyclic(&idr, &id, 1, 0, GFP_KERNEL) == 1);
	EXPECT(idr_alloc_cyclic(&idr, &id, 1, 0, GFP_KERNEL) == 3);
	idr_destroy(&idr);
	EXPECT(idr_is_empty(&idr));
	EXPECT(ida_alloc(&ida, GFP_KERNEL) == 0 && ida_alloc_min(&ida, 5, GFP_KERNEL) == 5);
	EXPECT(ida_alloc_range(&ida, 5, 5, GFP_KERNEL) == -ENOSPC);
	ida_destroy(&ida);
}

/* ---- queues, tables, stacks ---- */

struct thing {
	int key;
	struct hlist_node node;
	struct llist_node link;
};

static void queues(void)
{
	static DEFINE_KFIFO(ring, int, 8);
	static DEFINE_HASHTABLE(table, 4);
	static LLIST_HEAD(stack);
	struct kfifo bytes;
	struct thing things[40], *t;
	int v, sum = 0, bkt;
	char text[8];

	for (v = 0; v < 10; v++)
		EXPECT(kfifo_put(&ring, v) == (v < 8));
	EXPECT(kfifo_is_full(&ring) && kfifo_len(&ring) == 8);
	EXPECT(kfifo_get(&ring, &v) == 1 && v == 0 && kfifo_avail(&ring) == 1);
	EXPECT(kfifo_alloc(&bytes, 5, GFP_KERNEL) == 0 && kfifo_size(&bytes) == 8);
	EXPECT(kfifo_in(&bytes, "abcdef", 6) == 6 && kfifo_out(&bytes, text, 4) == 4);
	EXPECT(kfifo_in(&bytes, "ghijklm", 7) == 6 && kfifo_out(&bytes, text, 8) == 8);
	EXPECT(memcmp(text, "efghijkl", 8) == 0 && kfifo_is_empty(&bytes));
	kfifo_free(&bytes);
	for (v = 0; v < 40; v++) {
		things[v].key = v;
		hash_add(table, &things[v].node, things[v].key);
		EXPECT(llist_add(&things[v].link, &stack) == (v == 0));
	}
	hash_for_each(table, bkt, t, node) sum += t->key;
	EXPECT(sum == 780);
	hash_for_each_possible(table, t, node, 17) if (t->key == 17) sum = 0;
	EXPECT(sum == 0);
	for (v = 0; v < 40; v++)
		hash_del(&things[v].node);
	EXPECT(hash_empty(table));
	t = llist_entry(llist_reverse_order(llist_del_all(&stack)), struct thing, link);
	EXPECT(t->key == 0 && llist_empty(&stack));
}

/* ---- processors, keys, sequences ---- */

static DEFINE_PER_CPU(int, counter)
= 5;
static DEFINE_STATIC_KEY_FALSE(key);
static DEFINE_SEQLOCK(sequence);

static void processors(void)
{
	long *each = alloc_percpu(long);
	unsigned int cpu, n = 0, at;

	for_each_online_cpu (cpu) {
		EXPECT(per_cpu(counter, cpu) == 5);
		per_cpu(counter, cpu) += (int)cpu;
		*per_cpu_ptr(each, cpu) = 7;
	}
	this_cpu_inc(counter);
	this_cpu_add(*each, 3);
	for_each_online_cpu (cpu)
		n += (unsigned int)per_cpu(counter, cpu) - cpu +
		     (unsigned int)*per_cpu_ptr(each, cpu);
	EXPECT(n == 12 * num_online_cpus() + 4);
	free_percpu(each);
	EXPECT(!static_branch_unlikely(&key));
	static_branch_enable(&key);
	EXPECT(static_branch_unlikely(&key));
	at = read_seqbegin(&sequence);
	EXPECT(!read_seqretry(&sequence, at));
	write_seqlock(&sequence);
	write_sequnlock(&sequence);
	EXPECT(read_seqretry(&sequence, at));
}

/* ---- notifiers, pools, names ---- */

static int told[3], nr_told;

static int low(struct notifier_block *nb, unsigned long action, void *data)
{
	told[nr_told++] = 1;
	return NOTIFY_OK;
}

static int high(struct notifier_block *nb, unsigned long action, void *data)
{
	told[nr_told++] = (int)action;
	return data ? NOTIFY_STOP : NOTIFY_OK;
}

static void chains_and_pools(void)
{
	static BLOCKING_NOTIFIER_HEAD(chain);
	static struct notifier_block a = { .notifier_call = low },
				     b = { .notifier_call = high, .priority = 5 };
	mempool_t *pool = mempool_create_kmalloc_pool(3, 64);
	void *p;

	blocking_notifier_chain_register(&chain, &a);
	blocking_notifier_chain_register(&chain, &b);
	EXPECT(blocking_notifier_call_chain(&chain, 42, NULL) == NOTIFY_OK);
	EXPECT(nr_told == 2 && told[0] == 42 && told[1] == 1);
	EXPECT(blocking_notifier_call_chain(&chain, 43, &a) == NOTIFY_STOP && nr_told == 3);
	EXPECT(blocking_notifier_chain_unregister(&chain, &b) == 0);
	EXPECT(blocking_notifier_chain_unregister(&chain, &b) == -ENOENT);
	EXPECT(pool && pool->curr_nr == 3);
	p = mempool_alloc(pool, GFP_KERNEL);
	EXPECT(p != NULL);
	mempool_free(p, pool);
	mempool_destroy(pool);
	EXPECT(strcmp(utsname()->sysname, "Linux") == 0);
	EXPECT(strcmp(init_uts_ns.name.release, "6.1.0-mnemos") == 0);
	EXPECT(LINUX_VERSION_CODE == KERNEL_VERSION(6, 1, 0));
	EXPECT(SIGKILL == 9 && virt_to_phys(&told) == __pa(&told));
}

/* ---- a walk ---- */

struct seen {
	unsigned long present, holes;
};

static int see_pte(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct seen *s = walk->private;

	s->present += pte_present(*pte);
	s->holes += pte_none(*pte);
	return 0;
}

static int see_pmd(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct seen *s = walk->private;

	if (pmd_large(*pmd))
		s->present += (next - addr) >> PAGE_SHIFT;
	return 0;
}

static int see_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	struct seen *s = walk->private;

	s->holes += (next - addr) >> PAGE_SHIFT;
	return 0;
}

static void walks(void)
{
	static const struct mm_walk_ops ops = { .pmd_entry = see_pmd,
						.pte_entry = see_pte,
						.pte_hole = see_hole };
	struct mm_struct *mm = get_task_mm(current);
	struct seen all = { 0 }, by_vma = { 0 };
	struct vm_area_struct *vma;
	unsigned long pages = 0;

	EXPECT(mm != NULL);
	if (!mm)
		return;
	mmap_read_lock(mm);
	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		EXPECT(walk_page_vma(vma, &ops, &by_vma) == 0);
		pages += vma_pages(vma);
	}
	EXPECT(by_vma.present > 0 && by_vma.present + by_vma.holes == pages);
	EXPECT(walk_page_range(mm, 0, TASK_SIZE, &ops, &all) == 0);
	EXPECT(all.present == by_vma.present);
	EXPECT(all.present + all.holes == TASK_SIZE >> PAGE_SHIFT);
	EXPECT(walk_page_range(mm, 5, 5, &ops, &all) == -EINVAL);
	mmap_read_unlock(mm);
	mmput(mm);
}

/* ---- tasks, from init_task on, by hand ---- */

static void tasks(void)
{
	struct task_struct *p;
	int n = 0, me = 0;

	for (p = &init_task; (p = next_task(p)) != &init_task;) {
		n++;
		me += p->pid == current->pid;
	}
	EXPECT(n > 2 && me == 1);
}

/* ---- claims and interrupts ---- */

static struct resource *ports;
static DECLARE_COMPLETION(spoke);
static atomic_t in_thread = ATOMIC_INIT(0);
static bool as_interrupt;

static irqreturn_t hear(int irq, void *dev)
{
	as_interrupt = in_interrupt() && irq == 10 && dev == &ports;
	return IRQ_WAKE_THREAD;
}

static irqreturn_t hear_more(int irq, void *dev)
{
	atomic_set(&in_thread, !in_interrupt());
	complete(&spoke);
	return IRQ_HANDLED;
}

static irqreturn_t deaf(int irq, void *dev)
{
	return IRQ_NONE;
}

static void claims(void)
{
	ports = request_region(0x300, 0x10, "kit");
	EXPECT(ports && ports->start == 0x300 && ports->end == 0x30f);
	EXPECT(request_region(0x30f, 1, "other") == NULL);
	EXPECT(request_region(0x20, 1, "other") == NULL);
	EXPECT(request_mem_region(0x100000, 0x1000, "ram") == NULL);
	EXPECT(request_mem_region(0xfd000000, 0x1000, "kit") != NULL);
}

static void interrupts(void)
{
	EXPECT(request_irq(99, deaf, 0, "kit", NULL) == -EINVAL);
	EXPECT(request_irq(10, NULL, 0, "kit", NULL) == -EINVAL);
	EXPECT(request_irq(10, deaf, IRQF_SHARED, "kit", NULL) == -EINVAL);
	EXPECT(request_irq(0, deaf, 0, "kit", NULL) == -EBUSY);
	EXPECT(request_irq(4, deaf, IRQF_SHARED, "kit", &ports) == -EBUSY);
	EXPECT(request_threaded_irq(10, hear, hear_more, IRQF_SHARED, "kit", &ports) == 0);
	EXPECT(request_irq(10, deaf, 0, "alone", &failures) == -EBUSY);
	EXPECT(request_irq(10, deaf, IRQF_SHARED, "deaf", &failures) == 0);
	EXPECT(strcmp(free_irq(10, &failures), "deaf") == 0);
	__asm__ volatile("int $0x3a"); /* what the device of line 10 does: vector 0x30 + 10 */
	wait_for_completion(&spoke);
	EXPECT(as_interrupt && atomic_read(&in_thread) == 1);
	if (!forget)
		EXPECT(strcmp(free_irq(10, &ports), "kit") == 0);
}

static int __init kit_init(void)
{
	tasks();
	arrays();
	numbers();
	queues();
	processors();
	chains_and_pools();
	walks();
	claims();
	interrupts();
	pr_info("kit: %d failures\n", failures);
	return forget ? -EINTR : failures ? -EINVAL : 0;
}

static void __exit kit_exit(void)
{
	release_region(0x300, 0x10);
	release_mem_region(0xfd000000, 0x1000);
}

module_init(kit_init) module_exit(kit_exit) MODULE_LICENSE("GPL");
