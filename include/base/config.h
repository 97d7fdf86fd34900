/* Every switch of the build in one table. 0/1 constants are tested in C, so all branches compile. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#ifndef CFG_DEBUG
#define CFG_DEBUG                                                                                  \
	0 /* kassert, lock ranks, slab red zones and poison; make DEBUG=1, always in the simulator */
#endif

#ifndef CFG_INET
#define CFG_INET 0 /* 1: lwIP's sources were there (make setup): AF_INET and AF_INET6 */
#endif

enum {
	CFG_NR_CPUS = 8,	      /* most CPUs one kernel uses */
	CFG_MAX_NODES = 4,	      /* most NUMA nodes */
	CFG_KLOG_SIZE = 65536,	      /* bytes of kernel log kept for dmesg */
	CFG_TRACE_EVENTS = 256,	      /* events kept per CPU for the panic report */
	CFG_HZ = 100,		      /* USER_HZ, and the scheduler's tick */
	CFG_NUMA = sizeof(long) == 8, /* what Debian's kernels show of nodes: nothing on 32 bits */
};

#endif
