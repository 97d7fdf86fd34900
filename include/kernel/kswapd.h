/* The threads that keep some memory free, and large blocks in it. */
#ifndef KERNEL_KSWAPD_H
#define KERNEL_KSWAPD_H

/* kswapd and kcompactd of each node. Boot, after kthreadd_start. */
void kswapd_start(void);

#endif
