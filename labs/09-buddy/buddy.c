/* Lab 9: how the buddy allocator splits, merges and keeps reserves. What is seen, why, and the checks of it. */
#include "tap.h"

#include "buddy.h"

static const struct story *s;

/* ---- blocks ---- */

static const char *number(long v)
{
	return lab_f("%ld", v);
}

static const char *change(long before, long after)
{
	return after == before ? "" : lab_f("%+ld", after - before);
}

/* Free blocks by order at two moments. */
static void orders_table(const char *title, enum when from, enum when to)
{
	const char *cell[4 * (ORDERS + 1)] = { "order", "before", "after", "change" };

	for (int i = 0; i < ORDERS; i++) {
		cell[4 * i + 4] = number(i);
		cell[4 * i + 5] = number(s->now[from].blocks[i]);
		cell[4 * i + 6] = number(s->now[to].blocks[i]);
		cell[4 * i + 7] = change(s->now[from].blocks[i], s->now[to].blocks[i]);
	}
	lab_table(title, 4, cell, ORDERS + 1);
}

static void draw(const char *title, enum when w)
{
	lab_buddy(title, s->now[w].layout, (size_t)s->now[w].nr_layout);
}

static void show_zones(void)
{
	const char *cell[8 * (MAX_ZONES + 1)] = { "zone", "first frame", "pages", "free",
						  "min",  "low",	 "high",  "protection" };

	for (int i = 0; i < s->nr_zones; i++) {
		const struct zone *z = &s->zone[i];
		const char **c = cell + 8 * (i + 1), *p = "";

		for (int k = 0; k < z->nr_protection; k++)
			p = lab_f("%s%s%ld", p, k ? ", " : "", z->protection[k]);
		c[0] = lab_f("%s", z->name);
		c[1] = lab_f("%lx", z->start);
		c[2] = number(z->managed);
		c[3] = number(z->free);
		c[4] = number(z->min);
		c[5] = number(z->low);
		c[6] = number(z->high);
		c[7] = p;
	}
	lab_step(
		"The zones of this machine",
		"Zone DMA is the first 16 MiB, for devices with 24 address bits. Nobody takes from it what others "
		"can give: it is a laboratory of our own, and the module takes its blocks there.");
	lab_table("/proc/zoneinfo, in pages", 8, cell, (size_t)s->nr_zones + 1);
}

static void show_splitting(void)
{
	lab_step(
		"A block of order 4 is taken",
		"alloc_pages looks for the smallest free block that is large enough. There was none of the "
		"orders 4 to 9 of its migrate type (the program has taken those away), so a block of order 10, "
		"1024 frames from %lx on, is halved again and again: 9, 8, 7, 6, 5, 4. Of each pair the lower "
		"half goes on, the upper one becomes a free block. The request gets frames %lx to %lx.",
		s->base, s->block[0], s->block[0] + (1 << ORDER) - 1);
	orders_table("Free blocks of zone DMA", START, TAKE_1);
	draw("The block of order 10 now", TAKE_1);
	lab_step("Three more",
		 "The second request gets the half that was left, %lx: no split. The third halves "
		 "the block of order 5 behind it, the fourth gets that one's other half.",
		 s->block[1]);
	orders_table("Free blocks of zone DMA", TAKE_1, TAKE_4);
	draw("The block of order 10 now", TAKE_4);
}

static void show_merging(void)
{
	lab_step(
		"Blocks 1 and 3 are given back",
		"The buddy of a block has the same number with bit %d turned over: %lx ^ %x = %lx, block 2, "
		"which is in use; so is block 4. Nothing merges: two more free blocks of order 4.",
		ORDER, s->block[0], 1 << ORDER, s->block[0] ^ (1ul << ORDER));
	orders_table("Free blocks of zone DMA", TAKE_4, GIVE_3);
	draw("The block of order 10 now", GIVE_3);
	lab_step(
		"Block 2 is given back",
		"Its buddy, block 1, is free and of the same order: they become one block of order 5. That "
		"one's buddy begins at %lx and is not free as a whole (block 4): here it ends.",
		s->block[0] ^ (2ul << ORDER));
	orders_table("Free blocks of zone DMA", GIVE_3, GIVE_2);
	draw("The block of order 10 now", GIVE_2);
	lab_step(
		"Block 4 is given back",
		"It merges with block 3 to order 5, that with blocks 1 and 2 to order 6, and so on up to "
		"order 10: all is as it was before.");
	orders_table("Free blocks of zone DMA", GIVE_2, GIVE_4);
	draw("The block of order 10 now", GIVE_4);
}

/* ---- single pages ---- */

static void show_pcp(void)
{
	static const char *const what[NR_PCP] = { "in the beginning", "a page is taken",
						  "it is given back", "a page is taken",
						  "all are given back" };
	const char *cell[3 * (NR_PCP + 1)] = { "", "free in the buddy", "on the CPU's list" };

	for (int i = 0; i < NR_PCP; i++) {
		cell[3 * i + 3] =
			i == PCP_FULL ? lab_f("%ld pages are given back", s->singles) : what[i];
		cell[3 * i + 4] = number(s->pcp[i].free);
		cell[3 * i + 5] = number(s->pcp[i].count);
	}
	lab_step(
		"Single pages: the list of each CPU",
		"Most requests are for one page. So that they need neither the zone's lock nor splitting, each CPU "
		"keeps a list of single pages in front of the buddy. A page that is given back stays there, and is the "
		"next one to be taken: last in, first out. When the list has more than %ld (high), the oldest go "
		"back to the buddy, %ld at a time (batch). Of %ld pages given back at once %ld stay on the list.",
		s->pcp_high, s->pcp_batch, s->singles, s->pcp[PCP_FULL].count);
	lab_table("Zone DMA", 3, cell, NR_PCP + 1);
}

/* ---- watermarks ---- */

/* What is left in zone DMA when a stage can get no more. */
static long left_after(int stage)
{
	const long got[] = { s->normal.dma, s->high.dma, s->atomic.dma };
	long left = s->before_dma.free;

	for (int i = 0; i <= stage; i++)
		left -= got[i];
	return left;
}

static void show_watermarks(void)
{
	const char *cell[] = {
		"who asks",
		"gets pages",
		"leaves free",
		"may go down to",
		"GFP_DMA",
		number(s->normal.dma),
		number(left_after(0)),
		lab_f("min, %ld", s->before_dma.min),
		"with __GFP_HIGH",
		number(s->high.dma),
		number(left_after(1)),
		"half of min",
		"GFP_ATOMIC",
		number(s->atomic.dma),
		number(left_after(2)),
		"three quarters of that",
	};

	lab_step(
		"Watermarks: all of zone DMA",
		"The module takes what it can get, until the zone refuses. An ordinary request must leave "
		"the min watermark: the last pages are for those who cannot wait (interrupts) and for "
		"those who are about to free memory. Higher, at low, kswapd would be woken and free some; "
		"these requests do not wake it. Then all goes back.");
	lab_table("Zone DMA", 4, cell, 4);
}

static void show_fallback(void)
{
	const struct zone *first = &s->before_kernel, *dma = &s->before_kernel_dma;
	const long reserve = dma->protection[first->start >= 1 << 20 ? 2 : 1];
	const long left = dma->free + dma->pcp_count - s->kernel.dma;
	const char *cell[] = {
		"",
		"zone",
		"pages",
		"",
		"first",
		lab_f("%s", first->name),
		number(s->kernel.first),
		lab_f("of %ld free: down to about its low watermark, %ld", first->free, first->low),
		"then also",
		"DMA",
		number(s->kernel.dma),
		lab_f("of %ld free: %ld are left", dma->free, left),
		"in all",
		lab_f("%s", first->name),
		number(s->kernel.other),
		lab_f("down to about min, %ld", first->min),
	};

	lab_step(
		"Zone fallback: all that GFP_KERNEL gets",
		"A request names the highest zone it can use, here %s; the list of zones goes down from there. The "
		"first round respects low in each zone: %s gives %ld pages, and only then zone DMA is asked. But "
		"zone DMA keeps a reserve against those who could have used a higher zone: %ld pages on "
		"top of its watermark (protection in /proc/zoneinfo), so that devices still get theirs. "
		"%ld pages are left there when GFP_KERNEL gets nothing any more.",
		first->name, first->name, s->kernel.first, reserve, left);
	lab_table("Pages that GFP_KERNEL got", 4, cell, 4);
}

static bool begin(void)
{
	s = buddy_story(ALL);
	return lab_told(s->error);
}

static void show(void)
{
	if (!begin())
		return;
	show_zones();
	show_splitting();
	show_merging();
	show_pcp();
	show_watermarks();
	show_fallback();
}

/* ---- answers ---- */

/* How many blocks became of one, or one of how many: the steps between two moments. */
static unsigned steps(enum when from, enum when to)
{
	unsigned n = 0;

	for (int i = ORDER + 1; i < ORDERS; i++)
		n += s->now[from].blocks[i] != s->now[to].blocks[i];
	return n;
}

static void answers(void)
{
	unsigned long long base;

	if (!begin())
		return;
	base = lab_given_number("first_frame", 16, s->block[0]);
	lab_answer_given("first_frame", 16, "step 2: where the block of order 4 begins");
	lab_answer_number("second_frame", 16, base ^ (s->block[0] ^ s->block[1]), "step 3");
	lab_answer_number("buddy_of_third", 16, base ^ (s->block[0] ^ s->block[2]) ^ (1u << ORDER),
			  "the third block begins 2 blocks after the first; turn bit 4 over");
	lab_answer_number("splits", 10, steps(START, TAKE_1), "step 2: from order 10 to order 4");
	lab_answer_number("order_after_2", 10,
			  s->now[GIVE_2].blocks[5] > s->now[GIVE_3].blocks[5] ? 5 : 4,
			  "step 5: the order that has one block more");
	lab_answer_number("merges_of_4", 10, steps(GIVE_2, GIVE_4),
			  "step 6: from order 4 to order 10");
	lab_answer_number("on_list", 10, (unsigned long long)s->pcp[PCP_FULL].count,
			  "step 7, last row");
	lab_answer_number("kept", 10, (unsigned long long)left_after(0), "step 8, first row");
	lab_answer_word("fallback", "DMA", "step 9: second row");
}

/* ---- checks ---- */

/* A machine on which others have used zone DMA up has nothing to show. */
#define BEGIN(parts)                                                                               \
	do {                                                                                       \
		s = buddy_story(parts);                                                            \
		if (s->worn)                                                                       \
			SKIP("no free block of order 10 in zone DMA");                             \
		NEED(!s->error);                                                                   \
	} while (0)

/* The change of free blocks at each order is @want[order]; orders that are not asked about (below ORDER) may do as they like. */
static void changes(enum when from, enum when to, const long *want)
{
	for (int i = ORDER; i < ORDERS; i++)
		EQ(s->now[to].blocks[i] - s->now[from].blocks[i], want[i]);
}

static void splits_block_by_block(void)
{
	static const long first[ORDERS] = { [4] = 1, 1, 1, 1, 1, 1, -1 };
	static const long second[ORDERS] = { [4] = -1 }, third[ORDERS] = { [4] = 1, -1 };

	BEGIN(BLOCKS);
	changes(START, TAKE_1, first);
	changes(TAKE_1, TAKE_2, second);
	changes(TAKE_2, TAKE_3, third);
	changes(TAKE_3, TAKE_4, second);
	EQ(s->block[0], s->base);
	for (int i = 1; i < TAKEN; i++)
		EQ(s->block[i], s->block[0] + ((unsigned)i << ORDER));
}

static void merges_block_by_block(void)
{
	static const long one[ORDERS] = { [4] = 1 }, two[ORDERS] = { [4] = -1, 1 };
	static const long last[ORDERS] = { [4] = -1, -1, -1, -1, -1, -1, 1 };

	BEGIN(BLOCKS);
	changes(TAKE_4, GIVE_1, one);
	changes(GIVE_1, GIVE_3, one);
	changes(GIVE_3, GIVE_2, two);
	changes(GIVE_2, GIVE_4, last);
	EQ(s->now[GIVE_4].nr_layout, 1);
	EQ(s->now[GIVE_4].layout[0].order, TOP);
	EQ(s->now[GIVE_4].layout[0].state, LAB_FREE);
	EQ(s->now[TAKE_4].nr_layout, 4 + 4); /* four of ours; 6, 7, 8, 9 */
}

static void single_pages_have_a_list(void)
{
	const struct pcp_moment *p;

	BEGIN(SINGLES);
	p = s->pcp;
	EQ(p[PCP_TAKE].free, p[PCP_EMPTY].free - s->pcp_batch);
	EQ(p[PCP_TAKE].count, p[PCP_EMPTY].count + s->pcp_batch - 1);
	EQ(p[PCP_GIVE].free, p[PCP_TAKE].free);
	EQ(p[PCP_GIVE].count, p[PCP_TAKE].count + 1);
	EQ(p[PCP_AGAIN].free, p[PCP_TAKE].free);
	EQ(p[PCP_AGAIN].count, p[PCP_TAKE].count);
	EQ(p[PCP_FULL].count, s->pcp_high);
	EQ(p[PCP_FULL].free + p[PCP_FULL].count,
	   p[PCP_EMPTY].free + p[PCP_EMPTY].count + s->on_list);
}

static void watermarks_hold(void)
{
	long min;

	BEGIN(FILL_DMA);
	min = s->before_dma.min;
	EQ(left_after(0), min);
	EQ(left_after(1), min - min / 2);
	EQ(left_after(2), min - min / 2 - (min - min / 2) / 4);
}

/* A CPU's list holds some pages: within a few batches. With a second CPU others would find no memory for that moment. */
static void falls_back_and_keeps_a_reserve(void)
{
	const struct zone *first, *dma;
	long left, reserve, left_first;

	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		SKIP("others need memory, too");
	BEGIN(FILL_KERNEL);
	first = &s->before_kernel;
	dma = &s->before_kernel_dma;
	left_first = first->free + first->pcp_count - s->kernel.first;
	CHECK(left_first >= first->low - 64 &&
	      left_first <= first->low + 4 * first->pcp_batch + 64);
	left = dma->free + dma->pcp_count - s->kernel.dma;
	reserve = dma->protection[1] ? dma->protection[1] : dma->protection[2];
	CHECK(left >= dma->min + reserve - 64 && left <= dma->min + reserve);
	CHECK(s->kernel.other >= s->kernel.first);
	CHECK(s->kernel.dma > 0);
}

static void module_refuses(void)
{
	FAILS(buddy_command("take 11"), EINVAL);
	FAILS(buddy_command("give 123456"), ENOENT);
	FAILS(buddy_command("nonsense"), EINVAL);
	FAILS(buddy_command("take"), EINVAL);
	FAILS(buddy_command("fill all"), EINVAL);
}

/* ---- the exercise: /proc/buddy_of ---- */

static long buddy_of(const char *question)
{
	char text[64];
	const int fd = open("/proc/buddy_of", O_RDWR);
	ssize_t n = -1;

	if (fd >= 0 && write(fd, question, strlen(question)) > 0)
		n = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return strtol(text, NULL, 16);
}

static void module_knows_the_buddy(void)
{
	EQ(buddy_of("100 4"), 0x110);
	EQ(buddy_of("110 4"), 0x100);
	EQ(buddy_of("0 10"), 0x400);
	EQ(buddy_of("1235 0"), 0x1234);
	EQ(buddy_of("c00 9"), 0xe00);
}

int main(int argc, char **argv)
{
	static const char *const modules[] = { "buddy_lab", NULL };
	static const char *const files[] = { "/proc/buddy_lab", NULL };
	static const struct tap_test checks[] = { T(splits_block_by_block),
						  T(merges_block_by_block),
						  T(single_pages_have_a_list),
						  T(watermarks_hold),
						  T(falls_back_and_keeps_a_reserve),
						  T(module_refuses),
						  TEND };
	static const struct tap_test exercise[] = { T(module_knows_the_buddy), TEND };
	static const struct lab lab = {
		9, "The buddy allocator watched", modules, show, answers, checks, exercise, files
	};

	return lab_main(argc, argv, &lab);
}
