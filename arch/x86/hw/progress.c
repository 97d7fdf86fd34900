/*
 * How far the running program has come: its registers as one number.
 *
 * SOURCES  Fowler, Noll, Vo: FNV-1a, here by words.   TESTED BY mem_frames.c
 */
#include "arch/progress.h"

#include "arch/thread.h"

unsigned long thread_progress(void)
{
	const unsigned long *word = (const unsigned long *)current_regs();
	unsigned long h = 2166136261UL;

	for (unsigned i = 0; i < sizeof(struct pt_regs) / sizeof(*word); i++) {
		h = (h ^ word[i]) * 16777619UL;
		h ^= h >> (4 * sizeof(h) - 3); /* high bits of a word count, too */
	}
	return h;
}
