/* Tables of entries as numbers, lines written in pieces, stacks, hash tables that grow, intervals. Figures are those of Linux 6.1. */
#include <linux/interval_tree.h>
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rhashtable.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>

#include "want.h"

/* ---- entries ---- */

#define LOW(prot) ((unsigned)(pgprot_val(prot) & 0xfff))

static void rights(void)
{
	struct vm_area_struct *vma;
	pte_t e = native_make_pte(0x1067);

	WANT(LOW(PAGE_SHARED) == 0x27 && LOW(PAGE_COPY) == 0x25 && LOW(PAGE_READONLY) == 0x25);
	WANT(LOW(PAGE_NONE) == 0x120 && LOW(PAGE_KERNEL_RO) == 0x61);
	WANT(LOW(vm_get_page_prot(VM_READ | VM_WRITE)) == 0x25);
	WANT(LOW(vm_get_page_prot(VM_READ | VM_WRITE | VM_SHARED)) == 0x27);
	WANT(LOW(vm_get_page_prot(0)) == 0x120);
	WANT(native_pte_val(e) == 0x1067 && pte_write(e) == 2 && pte_dirty(e) == 0x40);
	WANT(pte_young(e) == 0x20 && !pte_huge(e) && !pte_global(e) && !pte_soft_dirty(e));
	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, current->mm->start_stack);
	WANT(vma && LOW(vma->vm_page_prot) == 0x25); /* private: written to by copying */
	mmap_read_unlock(current->mm);
}

/* ---- the log ---- */

static void pieces(void)
{
	printk(KERN_INFO "course_more: one");
	printk(KERN_CONT " two");
	pr_cont(" three\n");
	pr_cont("course_more: four\n"); /* nothing to go on with */
	printk(KERN_INFO "course_more: five");
	printk(KERN_INFO "course_more: six\n");
	pr_cont("course_more: seven\n");
}

/* ---- stacks ---- */

static noinline void stacks(void)
{
	unsigned long trace[8], two[2], skipped[8];
	unsigned n = stack_trace_save(trace, 8, 0), m = stack_trace_save(skipped, 8, 1);
	struct stack_trace old = { .max_entries = 2, .entries = two };
	char text[80], want[80];

	WANT(n >= 3 && m >= 2);
	WANT(trace[0] - (unsigned long)stacks < 400);
	save_stack_trace(&old);
	WANT(old.nr_entries == 2 && two[0] - (unsigned long)stacks < 400);
	snprintf(want, sizeof(want), "    %pS\n", (void *)trace[0]);
	WANT(stack_trace_snprint(text, sizeof(text), trace, 1, 3) == (int)strlen(want));
	WANT(!strcmp(text, want) && strstr(text, "stacks+0x") != NULL);
	WANT(stack_trace_snprint(text, 10, trace, 1, 3) == (int)strlen(want) && strlen(text) == 9);
	stack_trace_print(trace, 1, 0);
	WANT(object_is_on_stack(&n) && !object_is_on_stack(&failures));
	dump_stack();
}

/* ---- hash tables ---- */

struct item {
	int key, value;
	struct rhash_head node;
};
static const struct rhashtable_params params = { .key_len = sizeof(int),
						 .key_offset = offsetof(struct item, key),
						 .head_offset = offsetof(struct item, node) };
static int freed;

static void item_free(void *item, void *arg)
{
	(*(int *)arg)++;
	kfree(item);
}

static struct item *item_new(int key)
{
	struct item *i = kzalloc(sizeof(*i), GFP_KERNEL);

	i->key = key;
	i->value = 2 * key;
	return i;
}

static int sum_of(struct rhashtable *ht)
{
	struct rhashtable_iter it;
	struct item *i;
	int sum = 0;

	rhashtable_walk_enter(ht, &it);
	rhashtable_walk_start(&it);
	while ((i = rhashtable_walk_next(&it)))
		sum += i->value;
	rhashtable_walk_stop(&it);
	rhashtable_walk_exit(&it);
	return sum;
}

static void growing(void)
{
	struct rhashtable ht;
	struct item *i, *other;
	int key = 42;

	WANT(rhashtable_init(&ht, &params) == 0);
	for (int k = 0; k < 200; k++)
		WANT(rhashtable_insert_fast(&ht, &item_new(k)->node, params) == 0);
	WANT(atomic_read(&ht.nelems) == 200 && ht.size == 512);
	i = rhashtable_lookup_fast(&ht, &key, params);
	WANT(i && i->value == 84);
	other = item_new(42);
	WANT(rhashtable_lookup_insert_fast(&ht, &other->node, params) == -EEXIST);
	WANT(rhashtable_lookup_get_insert_fast(&ht, &other->node, params) == i);
	WANT(rhashtable_replace_fast(&ht, &i->node, &other->node, params) == 0);
	WANT(rhashtable_lookup_fast(&ht, &key, params) == other);
	WANT(sum_of(&ht) == 39800);
	WANT(rhashtable_remove_fast(&ht, &i->node, params) == -ENOENT);
	WANT(rhashtable_remove_fast(&ht, &other->node, params) == 0);
	WANT(rhashtable_lookup_fast(&ht, &key, params) == NULL && sum_of(&ht) == 39716);
	kfree(i);
	kfree(other);
	rhashtable_free_and_destroy(&ht, item_free, &freed);
	WANT(freed == 199);
}

static void hashes(void)
{
	static const u32 words[] = { 1, 2, 3, 4, 5, 6, 7 };
	unsigned char bytes[40];

	for (unsigned k = 0; k < sizeof(bytes); k++)
		bytes[k] = (unsigned char)(k * 7);
	WANT(jhash(bytes, 0, 5) == 0xdeadbef4 && jhash(bytes, 1, 5) == 0x23700e53);
	WANT(jhash(bytes, 12, 5) == 0x75c0d096 && jhash(bytes, 13, 5) == 0xd57028d2);
	WANT(jhash(bytes, 39, 5) == 0x523d9db6);
	WANT(jhash2(words, 0, 9) == 0xdeadbef8 && jhash2(words, 3, 9) == 0xb9bfee10);
	WANT(jhash2(words, 4, 9) == 0x85c83829 && jhash2(words, 7, 9) == 0x4504206b);
	WANT(jhash_1word(1, 2) == 0xf1524a01 && jhash_2words(1, 2, 3) == 0x252781b5);
	WANT(jhash_3words(1, 2, 3, 4) == 0x8103143f);
}

/* ---- intervals ---- */

static void intervals(void)
{
	static struct interval_tree_node n[] = { { .start = 0, .last = 9 },
						 { .start = 5, .last = 14 },
						 { .start = 20, .last = 29 },
						 { .start = 25, .last = 25 },
						 { .start = 100, .last = 200 } };
	struct rb_root_cached root = RB_ROOT_CACHED;
	struct interval_tree_node *at;
	unsigned long sum = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(n); i++)
		interval_tree_insert(&n[i], &root);
	for (at = interval_tree_iter_first(&root, 8, 25); at;
	     at = interval_tree_iter_next(at, 8, 25))
		sum = sum * 100 + at->start;
	WANT(sum == 52025); /* 0, 5, 20, 25 */
	interval_tree_remove(&n[2], &root);
	WANT(interval_tree_iter_first(&root, 15, 99) == &n[3]);
	WANT(interval_tree_iter_next(&n[3], 15, 99) == NULL);
	WANT(interval_tree_iter_first(&root, 30, 99) == NULL);
	WANT(interval_tree_iter_first(&root, 200, 300) == &n[4]);
}

static int __init more_init(void)
{
	rights();
	pieces();
	stacks();
	growing();
	hashes();
	intervals();
	pr_info("course_more: %d failures\n", failures);
	printk(KERN_INFO "course_more: unfinished");
	return 0;
}

static void __exit more_exit(void)
{
	pr_info("course_more: gone\n");
}
module_init(more_init);
module_exit(more_exit);
MODULE_LICENSE("GPL");
