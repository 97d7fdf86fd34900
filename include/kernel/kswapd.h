/* The threads that keep some memory free. */
#ifndef KERNEL_KSWAPD_H
#define KERNEL_KSWAPD_H

/* One for each node. Boot, after kthreadd_start. */
void kswapd_start(void);

#endif
