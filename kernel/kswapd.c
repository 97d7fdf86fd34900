/*
 * kswapd, kcompactd: threads of each node that loop mm's background reclaim and compaction.
 *
 * OWNS     the threads, kswapd0, kcompactd0 and so on.
 * WHY      mm makes no threads; a step is bounded and says whether there is more.
 * CONTEXT  kswapd_start: boot, after kthreadd.
 * FAILS    panic: without memory for a thread at boot nothing will run.
 * NOT HERE when and what (mm/reclaim/kswapd.c, kcompactd.c).   TESTED BY mem_reclaim.c, mem_compact.c
 */
#include "kernel/kswapd.h"
#include "base/errno.h"

#include "kernel/kthread.h"
#include "kernel/sched.h"
#include "lib/fmt.h"
#include "mm/compact.h"
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

static void kcompactd_main(void *arg)
{
	int node = (int)(uintptr_t)arg;

	for (;;) {
		kcompactd_wait(node);
		kcompactd_step(node);
	}
}

static void start(void (*loop)(void *), const char *what, unsigned node)
{
	char name[16];

	fmt_snprintf(name, sizeof(name), "%s%u", what, node);
	boot_need(kthread_run(loop, (void *)(uintptr_t)node, name) ? 0 : -ENOMEM, "thread ", name);
}

void kswapd_start(void)
{
	for (unsigned n = 0; n < nr_nodes; n++) {
		start(kswapd_main, "kswapd", n);
		start(kcompactd_main, "kcompactd", n);
	}
}
