/*
 * The layout of Linux in its first year: process n has a data segment of 64 MiB at linear address n x 0x4000000.
 *
 * Both processes use the logical address 000f:00000300 (entry 1 of the LDT, ring 3, offset 0x300) and never another one. What
 * differs is the base in each one's LDT. What paging makes of the linear addresses, /proc/PID/vtop tells.
 */
#include "tap.h"

#include "descriptor.h"
#include "relocation.h"

/* The segment of process @n, in the register that the C library leaves alone. */
static int segment_make(unsigned n)
{
	const struct seg_desc d = seg_at(ENTRY, SEG_DATA, (unsigned long)n * SPAN, SPAN / PAGE);

	if (ldt_set(&d))
		return -1;
	selector_load(FREE_SEG, SELECTOR);
	return 0;
}

static int look(struct view *v, unsigned n)
{
	uint64_t table[ENTRY + 1] = { 0 };

	ldt_call(LDT_READ, table, sizeof(table));
	v->n = n;
	v->pid = getpid();
	v->descriptor = table[ENTRY];
	v->base = desc_base(v->descriptor);
	v->linear = v->base + OFFSET;
	v->value = seg_read32(OFFSET);
	return vtop_ask(&v->walk, v->pid, v->linear) ? 0 : -1;
}

/* The child's page goes from the parent's 64 MiB to its own: the entry of the table moves, the frame stays. */
static int move_to_own_segment(void)
{
	void *from = (void *)((unsigned long)PARENT * SPAN),
	     *to = (void *)((unsigned long)CHILD * SPAN);

	if (mremap(from, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		return -1;
	return segment_make(CHILD);
}

static int child_side(struct story *s)
{
	if (look(&s->inherited, PARENT) || move_to_own_segment() || look(&s->child, CHILD))
		return 1;
	seg_write32(OFFSET, NEW_VALUE);
	return look(&s->child_later, CHILD) ? 1 : 0;
}

static int tell(struct story *s)
{
	void *at = (void *)((unsigned long)PARENT * SPAN);
	pid_t pid;

	if (mmap(at, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != at ||
	    segment_make(PARENT))
		return __LINE__;
	seg_write32(OFFSET, OLD_VALUE);
	if (look(&s->parent, PARENT))
		return __LINE__;
	pid = fork();
	if (pid == 0)
		_exit(child_side(s));
	if (pid < 0 || tap_wait(pid) != 0)
		return __LINE__;
	return look(&s->parent_later, PARENT) ? __LINE__ : 0;
}

const struct story *relocation_story(void)
{
	struct story *s =
		mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED)
		return NULL;
	s->error = tell(s);
	selector_load(FREE_SEG, 0);
	return s;
}
