/* What time.c calls in timer.c. */
#ifndef KERNEL_TIMER_IMPL_H
#define KERNEL_TIMER_IMPL_H

void timers_start(void);

#endif
