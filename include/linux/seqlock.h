/* Readers that look again when a writer was there meanwhile. */
#ifndef _LINUX_SEQLOCK_H
#define _LINUX_SEQLOCK_H

#include <linux/atomic.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

typedef struct {
	unsigned int sequence; /* odd: a writer is at work */
} seqcount_t;
typedef struct {
	seqcount_t seqcount;
	spinlock_t lock;
} seqlock_t;

#define SEQCNT_ZERO(name)                                                                          \
	{                                                                                          \
		0                                                                                  \
	}
#define DEFINE_SEQLOCK(name)		     seqlock_t name = { { 0 }, { 0 } }
#define seqcount_init(s)		     ((void)((s)->sequence = 0))
#define seqlock_init(l)			     (seqcount_init(&(l)->seqcount), spin_lock_init(&(l)->lock))
#define read_seqbegin(l)		     read_seqcount_begin(&(l)->seqcount)
#define read_seqretry(l, start)		     read_seqcount_retry(&(l)->seqcount, start)
#define write_seqlock(l)		     (spin_lock(&(l)->lock), write_seqcount_begin(&(l)->seqcount))
#define write_sequnlock(l)		     (write_seqcount_end(&(l)->seqcount), spin_unlock(&(l)->lock))
#define write_seqlock_irqsave(l, flags)	     ((void)((flags) = 0), write_seqlock(l))
#define write_sequnlock_irqrestore(l, flags) ((void)(flags), write_sequnlock(l))
#define write_seqlock_irq		     write_seqlock
#define write_sequnlock_irq		     write_sequnlock
#define write_seqlock_bh		     write_seqlock
#define write_sequnlock_bh		     write_sequnlock
#define read_seqlock_excl(l)		     spin_lock(&(l)->lock)
#define read_sequnlock_excl(l)		     spin_unlock(&(l)->lock)

static inline unsigned int read_seqcount_begin(const seqcount_t *s)
{
	unsigned int v;

	while ((v = __atomic_load_n(&s->sequence, __ATOMIC_ACQUIRE)) & 1)
		(void)cond_resched();
	return v;
}

static inline int read_seqcount_retry(const seqcount_t *s, unsigned int start)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&s->sequence, __ATOMIC_RELAXED) != start;
}

static inline void write_seqcount_begin(seqcount_t *s)
{
	__atomic_store_n(&s->sequence, s->sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void write_seqcount_end(seqcount_t *s)
{
	__atomic_store_n(&s->sequence, s->sequence + 1, __ATOMIC_RELEASE);
}

#endif
