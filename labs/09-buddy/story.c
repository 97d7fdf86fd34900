/*
 * Four blocks of zone DMA are taken and given back, then single pages, then all there is.
 *
 * What the free lists looked like before must not matter: first, free blocks of the orders in question are taken as ballast, so that
 * the first request has to split a block of the highest order. Nobody else takes pages of zone DMA while other zones have free ones.
 */
#include "tap.h"

#include <sched.h>

#include "buddy.h"

static struct story story;
static unsigned long linear; /* where the kernel has frame 0 */
static bool ours[TAKEN];     /* story.block[i] is held */

/* ---- the module ---- */

int buddy_command(const char *format, ...)
{
	char line[32];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	return tap_put("/proc/buddy_lab", line);
}

static void need(int ok, const char *what)
{
	if (!ok && !story.error)
		story.error = what;
}

/* What /proc/buddy_lab says; the blocks' frames go to @frame. Return: how many. */
static int held(unsigned long *frame, int max)
{
	static char text[1 << 15];
	char *save = NULL;
	unsigned order;
	int n = 0;

	need(tap_read("/proc/buddy_lab", text, sizeof(text)) >= 0,
	     "/proc/buddy_lab does not answer");
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (n < max && sscanf(l, "block %lx %u", &frame[n], &order) == 2)
			n++;
		sscanf(l, "linear %lx", &linear);
	}
	return n;
}

static void fill_of(struct fill *f, const char *name)
{
	static char text[1 << 15];
	char head[24];
	char *at;

	snprintf(head, sizeof(head), "fill %s ", name);
	need(tap_read("/proc/buddy_lab", text, sizeof(text)) >= 0,
	     "/proc/buddy_lab does not answer");
	at = strstr(text, head);
	need(at && sscanf(at + strlen(head), "dma %ld other %ld first %ld", &f->dma, &f->other,
			  &f->first) == 3,
	     "the module did not fill");
}

/* ---- blocks ---- */

static struct zone dma_now(void)
{
	struct zone z[MAX_ZONES];
	const struct zone *dma = zone_named(z, zones_read(z), "DMA");

	need(dma != NULL, "there is no zone DMA");
	return dma ? *dma : (struct zone){ 0 };
}

/* What is free of the smaller orders is taken, and a block of the highest order has been in unmovable use once. */
static void ballast(void)
{
	const struct zone dma = dma_now();

	for (int order = ORDER; order < TOP; order++)
		for (long i = 0; i < dma.unmovable[order]; i++)
			need(buddy_command("take %d", order) == 0, "take");
	story.worn = buddy_command("take %d", TOP) != 0;
	need(!story.worn, "no free block of order 10 in zone DMA");
}

/* The block that begins at @frame as the module or vtop has it. */
static struct lab_block block_at(unsigned long frame)
{
	struct lab_block b = { .first = frame, .state = LAB_USED };
	struct vtop v;

	for (int i = 0; i < TAKEN; i++) {
		if (ours[i] && story.block[i] == frame) {
			b.order = ORDER;
			b.note = lab_f("block %d", i + 1);
			return b;
		}
	}
	if (vtop_ask(&v, 0, linear + frame * PAGE) &&
	    sscanf(v.owner, "free, first page of a block of order %u", &b.order) == 1)
		b.state = LAB_FREE;
	return b;
}

static void look(enum when w, bool draw)
{
	struct moment *m = &story.now[w];
	const struct zone dma = dma_now();

	memcpy(m->blocks, dma.blocks, sizeof(m->blocks));
	m->nr_layout = 0;
	for (unsigned long f = story.base; draw && f < story.base + (1UL << TOP);) {
		if (m->nr_layout == MAX_LAYOUT)
			break;
		m->layout[m->nr_layout] = block_at(f);
		f += 1UL << m->layout[m->nr_layout++].order;
	}
}

/* The block that was taken last. */
static unsigned long last_held(void)
{
	unsigned long frame[512];
	const int n = held(frame, 512);

	return n ? frame[n - 1] : 0;
}

static void take(int i)
{
	need(buddy_command("take %d", ORDER) == 0, "take");
	story.block[i] = last_held();
	story.base = story.block[0] & ~((1UL << TOP) - 1);
	ours[i] = true;
	look(TAKE_1 + i, true);
}

static void give(int i, enum when w)
{
	need(buddy_command("give %lx", story.block[i]) == 0, "give");
	ours[i] = false;
	look(w, true);
}

static void blocks(void)
{
	ballast();
	need(buddy_command("give %lx", last_held()) == 0, "give");
	look(START, false);
	for (int i = 0; i < TAKEN && !story.error; i++)
		take(i);
	give(0, GIVE_1);
	give(2, GIVE_3);
	give(1, GIVE_2);
	give(3, GIVE_4);
	buddy_command("drop");
}

/* ---- single pages ---- */

static void look_pcp(enum pcp_when w)
{
	const struct zone dma = dma_now();

	story.pcp[w] = (struct pcp_moment){ dma.free, dma.pcp_count };
	story.pcp_high = dma.pcp_high;
	story.pcp_batch = dma.pcp_batch;
}

/* What the CPU's list has is taken, so that the next page comes from the buddy. Return: how many. */
static long empty_list(void)
{
	const long on_list = dma_now().pcp_count;

	for (long i = 0; i < on_list; i++)
		need(buddy_command("take 0") == 0, "take");
	return on_list;
}

static void singles(void)
{
	const long on_list = empty_list();
	unsigned long one;

	story.on_list = on_list;
	look_pcp(PCP_EMPTY);
	need(buddy_command("take 0") == 0, "take");
	look_pcp(PCP_TAKE);
	one = last_held();
	buddy_command("give %lx", one);
	look_pcp(PCP_GIVE);
	need(buddy_command("take 0") == 0, "take");
	look_pcp(PCP_AGAIN);
	need(last_held() == one, "the page on the list was not the next one given");
	story.singles = on_list + 1;
	for (; story.singles < story.pcp_high + SINGLES_MORE; story.singles++)
		need(buddy_command("take 0") == 0, "take");
	buddy_command("drop");
	look_pcp(PCP_FULL);
}

/* ---- all there is ---- */

static void fill_dma(void)
{
	(void)empty_list(); /* or they would be left over: they do not count as free */
	story.before_dma = dma_now();
	need(buddy_command("fill dma") == 0, "fill dma");
	fill_of(&story.normal, "normal");
	fill_of(&story.high, "high");
	fill_of(&story.atomic, "atomic");
	buddy_command("drop");
}

static void fill_kernel(void)
{
	struct zone z[MAX_ZONES];
	const int n = zones_read(z);

	for (int i = 0; i < n; i++) { /* the highest zone that GFP_KERNEL may use */
		if (!strcmp(z[i].name, "DMA"))
			story.before_kernel_dma = z[i];
		else if (strcmp(z[i].name, "HighMem") != 0 && strcmp(z[i].name, "Movable") != 0)
			story.before_kernel = z[i];
	}
	need(story.before_kernel.managed > 0, "only one zone");
	need(buddy_command("fill kernel") == 0, "fill kernel");
	fill_of(&story.kernel, "kernel");
}

/* ---- all of it ---- */

static void on_cpu_0(void)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
}

const struct story *buddy_story(int parts)
{
	memset(&story, 0, sizeof(story));
	memset(ours, 0, sizeof(ours));
	on_cpu_0();
	buddy_command("drop");
	story.nr_zones = zones_read(story.zone);
	if (parts & BLOCKS)
		blocks();
	if (parts & SINGLES && !story.error)
		singles();
	if (parts & FILL_DMA && !story.error)
		fill_dma();
	if (parts & FILL_KERNEL && !story.error)
		fill_kernel();
	buddy_command("drop");
	return &story;
}
