/*
 * Lab 9: blocks of the buddy allocator, taken and given back one at a time.
 *
 * All blocks are of ZONE_DMA: hardly anybody uses it, so that what changes in /proc/buddyinfo there is what was done here.
 *     echo take 4 > /proc/buddy_lab      one block of 2^4 pages
 *     echo give 1f0 > /proc/buddy_lab    the block that begins at frame 1f0
 *     echo drop > /proc/buddy_lab        all blocks
 *     echo fill dma > /proc/buddy_lab    all that ZONE_DMA gives: to whom how much? Then it all goes back
 *     echo fill kernel > /proc/buddy_lab the same for GFP_KERNEL, which may use more zones
 * Reading it: "linear ADDRESS", where the kernel has frame 0; "block FRAME ORDER" for each block held, in the order of taking; and the
 * lines of the last fill: pages from ZONE_DMA, from other zones, and how many of these before the first from ZONE_DMA.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define TOP_ORDER     10
#define DMA_END_FRAME ((16UL << 20) >> PAGE_SHIFT)

struct held {
	struct list_head link;
	unsigned long frame;
	unsigned int order;
};

static LIST_HEAD(blocks);

static unsigned long frame_of(unsigned long address)
{
	return (unsigned long)(__pa(address) >> PAGE_SHIFT);
}

static unsigned long address_of(unsigned long frame)
{
	return (unsigned long)__va(PFN_PHYS(frame));
}

/* ---- blocks that are held ---- */

static int take(unsigned int order)
{
	struct held *h;
	unsigned long address;

	if (order > TOP_ORDER)
		return -EINVAL;
	h = kmalloc(sizeof(*h), GFP_KERNEL);
	if (!h)
		return -ENOMEM;
	address = __get_free_pages(GFP_DMA | __GFP_NOWARN, order);
	if (!address) {
		kfree(h);
		return -ENOMEM;
	}
	h->frame = frame_of(address);
	h->order = order;
	list_add_tail(&h->link, &blocks);
	return 0;
}

static void give_block(struct held *h)
{
	list_del(&h->link);
	free_pages(address_of(h->frame), h->order);
	kfree(h);
}

static int give(unsigned long frame)
{
	struct held *h;

	list_for_each_entry (h, &blocks, link) {
		if (h->frame == frame) {
			give_block(h);
			return 0;
		}
	}
	return -ENOENT;
}

static void drop_all(void)
{
	struct held *h, *next;

	list_for_each_entry_safe (h, next, &blocks, link)
		give_block(h);
}

/* ---- filling: until a request fails ---- */

struct stage {
	const char *name;
	gfp_t gfp;
	int from_order;		    /* of the requests, down to 0 */
	unsigned long dma, other;   /* pages it got from ZONE_DMA and from higher zones */
	unsigned long others_first; /* of these, before the first from ZONE_DMA */
};

/* No request waits, reclaims, or wakes kswapd: only what is free is given. */
static struct stage dma_stages[] = {
	{ .name = "normal", .gfp = GFP_DMA | __GFP_NOWARN, .from_order = TOP_ORDER },
	{ .name = "high", .gfp = GFP_DMA | __GFP_NOWARN | __GFP_HIGH },
	{ .name = "atomic", .gfp = (GFP_DMA | __GFP_NOWARN | GFP_ATOMIC) & ~__GFP_RECLAIM },
};
static struct stage kernel_stages[] = {
	{ .name = "kernel", .gfp = (GFP_KERNEL | __GFP_NOWARN) & ~__GFP_RECLAIM },
};
static struct stage *filled;
static int nr_filled;

/*
 * What is got is noted in some of it: a note page has the address of the note page before it, how many notes it has, and the
 * notes. A note is a block's address with its order in the low bits. The first page of a block that finds no room is the next note
 * page, and its first note is the block itself.
 */
struct filling {
	unsigned long *notes;
};
#define MAX_NOTES (PAGE_SIZE / sizeof(unsigned long) - 2)

static void note(struct filling *f, unsigned long *block, int order)
{
	if (!f->notes || f->notes[1] == MAX_NOTES) {
		block[0] = (unsigned long)f->notes;
		block[1] = 0;
		f->notes = block;
	}
	f->notes[2 + f->notes[1]++] = (unsigned long)block | (unsigned long)order;
}

static bool fill_one(struct filling *f, struct stage *s, int order)
{
	unsigned long *page = (unsigned long *)__get_free_pages(s->gfp, (unsigned int)order);
	unsigned long nr = 1UL << order;

	if (!page)
		return false;
	note(f, page, order);
	if (frame_of((unsigned long)page) < DMA_END_FRAME) {
		s->dma += nr;
	} else {
		s->other += nr;
		s->others_first += s->dma ? 0 : nr;
	}
	return true;
}

static void fill_stage(struct filling *f, struct stage *s)
{
	int order;

	s->dma = s->other = s->others_first = 0;
	for (order = s->from_order; order >= 0; order--)
		while (fill_one(f, s, order))
			;
}

static void give_note(unsigned long n)
{
	free_pages(n & PAGE_MASK, (unsigned int)(n & ~PAGE_MASK));
}

/* The last note first; the first of a note page is that page. */
static void empty(struct filling *f)
{
	while (f->notes) {
		unsigned long *notes = f->notes, i = notes[1];

		f->notes = (unsigned long *)notes[0];
		while (i-- > 0)
			give_note(notes[2 + i]);
	}
}

static int fill(struct stage *stages, int nr)
{
	struct filling f = { 0 };
	int i;

	for (i = 0; i < nr; i++)
		fill_stage(&f, &stages[i]);
	empty(&f);
	filled = stages;
	nr_filled = nr;
	return 0;
}

/* ---- /proc/buddy_lab ---- */

static int command(char *text)
{
	unsigned long number = 0;
	char *arg = strchr(text, ' ');

	if (arg)
		*arg++ = '\0';
	if (!strcmp(text, "drop")) {
		drop_all();
		return 0;
	}
	if (!strcmp(text, "fill") && arg && !strcmp(arg, "dma"))
		return fill(dma_stages, ARRAY_SIZE(dma_stages));
	if (!strcmp(text, "fill") && arg && !strcmp(arg, "kernel"))
		return fill(kernel_stages, ARRAY_SIZE(kernel_stages));
	if (!arg || kstrtoul(arg, strcmp(text, "take") ? 16 : 10, &number))
		return -EINVAL;
	if (!strcmp(text, "take"))
		return take((unsigned int)number);
	return strcmp(text, "give") ? -EINVAL : give(number);
}

static ssize_t buddy_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	char text[32];
	int err;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, len))
		return -EFAULT;
	text[len] = '\0';
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	err = command(text);
	return err ? err : (ssize_t)len;
}

static int buddy_show(struct seq_file *m, void *v)
{
	struct held *h;
	int i;

	seq_printf(m, "linear %lx\n", (unsigned long)__va(0)); /* of frame 0 */
	list_for_each_entry (h, &blocks, link)
		seq_printf(m, "block %lx %u\n", h->frame, h->order);
	for (i = 0; i < nr_filled; i++)
		seq_printf(m, "fill %s dma %lu other %lu first %lu\n", filled[i].name,
			   filled[i].dma, filled[i].other, filled[i].others_first);
	return 0;
}

static int buddy_open(struct inode *inode, struct file *file)
{
	return single_open(file, buddy_show, NULL);
}

static const struct proc_ops buddy_ops = {
	.proc_open = buddy_open,
	.proc_read = seq_read,
	.proc_write = buddy_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init buddy_init(void)
{
	return proc_create("buddy_lab", 0600, NULL, &buddy_ops) ? 0 : -ENOMEM;
}

static void __exit buddy_exit(void)
{
	remove_proc_entry("buddy_lab", NULL);
	drop_all();
}

module_init(buddy_init);
module_exit(buddy_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab 9: the buddy allocator");
