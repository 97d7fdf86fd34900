/* The daemon that merges pages with the same contents. */
#ifndef KERNEL_KSMD_H
#define KERNEL_KSMD_H

/* There may be work, or its pace has changed: it is started if it was not. Without memory for it: nothing. */
void ksmd_wake(void);

#endif
