/* Maple trees of a module's own, and that of an address space by the same calls. What is wanted is what Linux 6.1 answers. */
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "want.h"

static DEFINE_MTREE(tree);
static int things[5];

static void *thing(int n)
{
	return &things[n];
}

static void *at(unsigned long index)
{
	return mtree_load(&tree, index);
}

static void stores(void)
{
	WANT(mtree_empty(&tree) && !at(0));
	WANT(mtree_store_range(&tree, 10, 19, thing(1), GFP_KERNEL) == 0);
	WANT(mtree_store_range(&tree, 30, 39, thing(3), GFP_KERNEL) == 0);
	WANT(mtree_insert_range(&tree, 15, 35, thing(2), GFP_KERNEL) == -EEXIST);
	WANT(mtree_insert(&tree, 25, thing(2), GFP_KERNEL) == 0);
	WANT(mtree_store_range(&tree, 9, 8, thing(2), GFP_KERNEL) == -EINVAL);
	WANT(at(10) == thing(1) && at(19) == thing(1) && !at(9) && !at(20));
	WANT(at(25) == thing(2) && !at(26) && at(39) == thing(3) && !at(ULONG_MAX));
}

static void walks(void)
{
	static const unsigned long behind[] = { 20, 26, 40 };
	unsigned long index = 0;
	void *entry;
	int n = 0;

	mt_for_each(&tree, entry, index, ULONG_MAX)
	{
		WANT(n < 3 && entry == thing(n + 1) && index == behind[n]);
		n++;
	}
	WANT(n == 3);
	index = 0;
	WANT(!mt_find(&tree, &index, 9));
	WANT(mt_next(&tree, 12, ULONG_MAX) == thing(2) && !mt_next(&tree, 12, 24));
	WANT(mt_prev(&tree, 30, 0) == thing(2) && mt_prev(&tree, 25, 0) == thing(1));
	WANT(!mt_prev(&tree, 10, 0));
}

static struct maple_tree gaps = MTREE_INIT(gaps, MT_FLAGS_ALLOC_RANGE);

/* Where @size numbers are free in [min, max], from below (@up) or above; ULONG_MAX: nowhere. */
static unsigned long gap(unsigned long min, unsigned long max, unsigned long size, int up)
{
	int err;

	MA_STATE(mas, &gaps, 0, 0);
	mas_lock(&mas);
	err = up ? mas_empty_area(&mas, min, max, size) : mas_empty_area_rev(&mas, min, max, size);
	mas_unlock(&mas);
	WANT(err == -EBUSY || (!err && mas.last - mas.index == size - 1));
	return err ? ULONG_MAX : mas.index;
}

/* As Linux 6.1 answers. */
static void free_ranges(void)
{
	WANT(mtree_store_range(&gaps, 10, 19, thing(1), GFP_KERNEL) == 0);
	WANT(mtree_store_range(&gaps, 30, 39, thing(2), GFP_KERNEL) == 0);
	WANT(mtree_store_range(&gaps, 45, 99, thing(3), GFP_KERNEL) == 0);
	WANT(gap(0, 1000, 10, 1) == 0 && gap(0, 1000, 11, 1) == 100);
	WANT(gap(0, 1000, 10, 0) == 991 && gap(12, 50, 5, 0) == 40 && gap(12, 50, 10, 0) == 20);
	WANT(gap(12, 50, 10, 1) == 20 && gap(12, 50, 11, 1) == ULONG_MAX);
	WANT(gap(12, 50, 11, 0) == ULONG_MAX && gap(22, 28, 5, 1) == 22 && gap(22, 28, 5, 0) == 24);
	WANT(gap(22, 28, 7, 0) == 22 && gap(22, 28, 8, 1) == ULONG_MAX);
	WANT(gap(50, 90, 1, 1) == ULONG_MAX && gap(50, 90, 1, 0) == ULONG_MAX);
	WANT(gap(95, 200, 101, 0) == 100 && gap(95, 200, 102, 1) == ULONG_MAX);
	mtree_destroy(&gaps);
}

static void cuts(void)
{
	static const unsigned long want[][2] = { { 10, 11 }, { 12, 13 }, { 14, 33 }, { 34, 39 } };
	static const int whose[] = { 1, 2, 4, 3 };
	MA_STATE(mas, &tree, 0, 0);
	void *entry;
	int n = 0;

	WANT(mtree_store_range(&tree, 14, 33, thing(4), GFP_KERNEL) == 0); /* over three */
	mas_lock(&mas);
	mas_set_range(&mas, 12, 13);
	WANT(mas_store_gfp(&mas, thing(2), GFP_ATOMIC) == 0);
	mas_set(&mas, 0);
	mas_for_each(&mas, entry, ULONG_MAX)
	{
		WANT(n < 4 && mas.index == want[n][0] && mas.last == want[n][1]);
		WANT(n < 4 && entry == thing(whose[n]));
		n++;
	}
	WANT(n == 4);
	mas_set(&mas, 20);
	WANT(mas_walk(&mas) == thing(4) && mas.index == 14 && mas.last == 33);
	WANT(mas_next(&mas, ULONG_MAX) == thing(3) && mas.index == 34);
	WANT(mas_prev(&mas, 0) == thing(4) && mas.last == 33);
	mas_unlock(&mas);
	WANT(mtree_erase(&tree, 20) == thing(4));
	WANT(!mtree_erase(&tree, 20));
	WANT(mtree_store_range(&tree, 36, 37, NULL, GFP_KERNEL) == 0); /* a hole in the middle */
	WANT(at(35) == thing(3) && !at(36) && !at(37) && at(38) == thing(3));
	WANT(mtree_store_range(&tree, 0, ULONG_MAX, thing(0), GFP_KERNEL) == 0);
	WANT(at(0) == thing(0) && at(ULONG_MAX) == thing(0));
	mtree_destroy(&tree);
	WANT(mtree_empty(&tree) && !at(25));
}

/* The vmas: by iterator, by state, by index, all the same. */
static void spaces(void)
{
	struct mm_struct *mm = current->mm;
	VMA_ITERATOR(vmi, mm, 0);
	MA_STATE(mas, &mm->mm_mt, 0, 0);
	struct vm_area_struct *vma, *same;
	unsigned long index = 0;
	int n = 0;

	mmap_read_lock(mm);
	for_each_vma(vmi, vma)
	{
		same = mas_find(&mas, ULONG_MAX);
		WANT(same == vma && mas.index == vma->vm_start && mas.last == vma->vm_end - 1);
		WANT(mt_find(&mm->mm_mt, &index, ULONG_MAX) == vma && index == vma->vm_end);
		WANT(mtree_load(&mm->mm_mt, vma->vm_start) == vma);
		n++;
	}
	WANT(n == mm->map_count && !mas_find(&mas, ULONG_MAX));
	mmap_read_unlock(mm);
}

static int __init trees_init(void)
{
	stores();
	walks();
	cuts();
	free_ranges();
	spaces();
	pr_info("trees: %d failures\n", failures);
	return 0;
}

static void __exit trees_exit(void)
{
}

module_init(trees_init);
module_exit(trees_exit);
MODULE_LICENSE("GPL");
