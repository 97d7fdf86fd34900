/*
 * The flusher: the thread that loops mm's write-back.
 *
 * OWNS     the thread. One for all devices: a step is bounded and goes round them.
 * WHY      it is started with the first file system that has a store; a machine that lives in memory has no such thread.
 * LOCKS    none: who turns @started on starts it.
 * CONTEXT  flusher_start: a thread that may sleep.
 * FAILS    -ENOMEM; then the next call tries again.
 * NOT HERE what is written when (mm/backing/writeback.c).
 */
#include "kernel/flusher.h"

#include "base/atomic.h"
#include "base/errno.h"
#include "kernel/kthread.h"
#include "mm/writeback.h"

static atomic_t started;

static void flusher_main(void *unused)
{
	for (;;) {
		while (writeback_step())
			;
		writeback_wait();
	}
}

int flusher_start(void)
{
	if (!atomic_cmpxchg(&started, 0, 1))
		return 0;
	if (kthread_run(flusher_main, NULL, "writeback"))
		return 0;
	atomic_set(&started, 0);
	return -ENOMEM;
}
