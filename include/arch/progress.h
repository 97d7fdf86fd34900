/* How far a program has come: tells an access that is made again from the next one. */
#ifndef ARCH_PROGRESS_H
#define ARCH_PROGRESS_H

/* A number made of the running thread's user registers. As long as they do not change, it does not; when they do, it does, but for
 * one case in 2^32. The simulator has none: each time another. */
unsigned long thread_progress(void);

#endif
