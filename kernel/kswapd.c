/*
 * kswapd: a thread for each node that loops mm's background reclaim.
 *
 * OWNS     the threads, kswapd0 and so on.
 * WHY      mm makes no threads; a step is bounded and says whether there is more.
 * CONTEXT  kswapd_start: boot, after kthreadd.
 * FAILS    panic: without memory for a thread at boot nothing will run.
 * NOT HERE when and what (mm/reclaim/kswapd.c).   TESTED BY mem_reclaim.c
 */
#include "kernel/kswapd.h"

#include "kernel/kthread.h"
#include "kernel/sched.h"
#include "lib/fmt.h"
#include "mm/vmscan.h"

static void kswapd_main(void *arg)
{
	int node = (int)(uintptr_t)arg;

	for (;;) {
		while (kswapd_step(node))
			cond_resched();
		kswapd_wait(node);
	}
}

void kswapd_start(void)
{
	char name[16];

	for (unsigned n = 0; n < nr_nodes; n++) {
		fmt_snprintf(name, sizeof(name), "kswapd%u", n);
		must(kthread_run(kswapd_main, (void *)(uintptr_t)n, name) != NULL);
	}
}
