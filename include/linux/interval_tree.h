/* Trees of intervals of unsigned longs. Who changes one keeps others out. */
#ifndef _LINUX_INTERVAL_TREE_H
#define _LINUX_INTERVAL_TREE_H

#include <linux/interval_tree_generic.h>

struct interval_tree_node {
	struct rb_node rb;
	unsigned long start, last; /* both belong to it */
	unsigned long __subtree_last;
};

#define INTERVAL_START(n) ((n)->start)
#define INTERVAL_LAST(n)  ((n)->last)
INTERVAL_TREE_DEFINE(struct interval_tree_node, rb, unsigned long, __subtree_last, INTERVAL_START,
		     INTERVAL_LAST, static inline __attribute__((unused)), interval_tree)

#endif
