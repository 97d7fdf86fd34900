/*
 * Errors that happen behind the back of who caused them, told once to each who asks: a number in the object (a
 * mapping, a super block) and a sample of it in each open file. Linux's errseq_t.
 *   bits 0-11  the last error    bit 12  somebody has seen it    above  how often a seen error was followed by another
 */
#ifndef MM_ERRSEQ_H
#define MM_ERRSEQ_H

#include "base/compiler.h"
#include "base/types.h"

typedef uint32_t errseq_t;

enum { ERRSEQ_ERRNO = 0xfff, ERRSEQ_SEEN = 0x1000, ERRSEQ_COUNT = 0x2000 };

/* @err, negative, has happened. Any context. */
static inline void errseq_set(errseq_t *e, int err)
{
	errseq_t old = READ_ONCE(*e), new_value;

	do {
		new_value = (old & ~(errseq_t)(ERRSEQ_ERRNO | ERRSEQ_SEEN)) | (errseq_t)-err;
		if (old & ERRSEQ_SEEN)
			new_value += ERRSEQ_COUNT;
		if (new_value == old)
			return;
	} while (!__atomic_compare_exchange_n(e, &old, new_value, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
}

/* From now on: what nobody has seen yet is news to the one who samples. */
static inline errseq_t errseq_sample(const errseq_t *e)
{
	errseq_t old = READ_ONCE(*e);

	return old & ERRSEQ_SEEN ? old : 0;
}

/* Return: 0, or the last error when there was one since the sample *@since, which moves on: it is told once. */
static inline int must_check errseq_check_and_advance(errseq_t *e, errseq_t *since)
{
	errseq_t old = READ_ONCE(*e);

	if (old == *since)
		return 0;
	while (!(old & ERRSEQ_SEEN)) {
		if (__atomic_compare_exchange_n(e, &old, old | ERRSEQ_SEEN, false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			old |= ERRSEQ_SEEN;
	}
	if (old == *since)
		return 0;
	*since = old;
	return -(int)(old & ERRSEQ_ERRNO);
}

#endif
