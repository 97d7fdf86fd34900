/*
 * A block is allocated, touched page by page, and freed; after each step /proc says what has changed.
 *
 * The story is told twice and the second time counts: by then all code and data of this program are in memory, so that what is seen
 * is the block's alone. Nothing is printed or allocated on the way.
 */
#include "tap.h"

#include <setjmp.h>
#include <sys/prctl.h>

#include "demand.h"

static struct story story;
static sigjmp_buf back;

static void look(enum when w, unsigned long address)
{
	struct moment *m = &story.now[w];

	if (!vtop_ask(&m->at, getpid(), address))
		story.error = "/proc/PID/vtop does not answer";
	counts_read(&m->counts);
}

static void touch_read(unsigned long address)
{
	(void)*(volatile char *)address;
}

static void touch_write(unsigned long address)
{
	*(volatile char *)address = 7;
}

/* The first page of the block that no table maps yet: a table's share lies in the block as a whole. */
static unsigned long first_without_table(unsigned long block)
{
	const unsigned long share = sizeof(long) == 4 && story.now[BEFORE].at.level[0].digits == 8
					    ? 4UL << 20
					    : 2UL << 20;

	return (block + share - 1) & ~(share - 1);
}

static void handler(int sig, siginfo_t *info, void *context)
{
	story.signal = sig;
	story.code = info->si_code;
	story.fault_address = (unsigned long)info->si_addr;
	siglongjmp(back, 1);
}

static void touch_freed(unsigned long address)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO }, old;

	sigaction(SIGSEGV, &sa, &old);
	if (sigsetjmp(back, 1) == 0)
		touch_read(address);
	sigaction(SIGSEGV, &old, NULL);
}

static void touch_pages(void)
{
	touch_read(story.a);
	look(READ_ONE, story.a);
	touch_read(story.b);
	look(READ_TWO, story.b);
	touch_write(story.a);
	look(WRITTEN, story.a);
	story.a_frame = story.now[WRITTEN].at.pfn;
	story.a_flags = word_of("/proc/kpageflags", story.a_frame);
	touch_write(story.c);
	look(FRESH, story.c);
	for (int i = MANY - 1; i >= 0; i--)
		touch_write(story.d + (unsigned long)i * PAGE);
	look(SIXTEEN, story.d);
	madvise((void *)story.d, MANY * PAGE, MADV_DONTNEED);
	look(DROPPED, story.d);
}

static void tell(void)
{
	void *block;

	look(BEFORE, (unsigned long)&story);
	block = malloc(BLOCK);
	if (!block) {
		story.error = "malloc";
		return;
	}
	story.block = (unsigned long)block;
	story.a = first_without_table(story.block) + 0x30 * PAGE;
	story.b = story.a + 0x10 * PAGE;
	story.c = story.a + 0x20 * PAGE;
	story.d = story.a + 0x40 * PAGE;
	look(ALLOCATED, story.a);
	touch_pages();
	story.zero_frame = story.now[READ_ONE].at.pfn;
	free(block);
	look(FREED, story.a);
	story.freed_flags = word_of("/proc/kpageflags", story.a_frame);
	touch_freed(story.a);
}

const struct story *demand_story(void)
{
	/* What the C library does for its first large block is not the story's. */
	free(malloc(256 << 10));
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	memset(&story, 1, sizeof(story));
	story.error = NULL;
	for (int i = 0; i < 2 && !story.error; i++)
		tell();
	return &story;
}
