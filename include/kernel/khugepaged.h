/* The daemon that makes huge pages of small ones. */
#ifndef KERNEL_KHUGEPAGED_H
#define KERNEL_KHUGEPAGED_H

/* Somebody may want it now: it is started if it was not, and looks for work at once. Without memory for it: nothing. */
void khugepaged_wake(void);

#endif
