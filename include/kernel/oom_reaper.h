/* The thread that takes the memory of who was killed for want of it and does not end. */
#ifndef KERNEL_OOM_REAPER_H
#define KERNEL_OOM_REAPER_H

/* Boot, after kthreadd_start. */
void oom_reaper_start(void);
/* There is a new victim. Any context. */
void oom_reaper_wake(void);

#endif
