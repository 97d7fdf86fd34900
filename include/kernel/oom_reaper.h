/* The thread that takes the memory of who was killed for want of it. */
#ifndef KERNEL_OOM_REAPER_H
#define KERNEL_OOM_REAPER_H

struct mm_struct;

/* A victim: its memory, and what the log calls it. */
struct oom_reaped {
	struct mm_struct *mm;
	int pid;
	char comm[16];
};

/* Boot, after kthreadd_start. */
void oom_reaper_start(void);
/* All of @victim's threads are being killed, as far as they can be. Takes its own reference. No lock held. */
void oom_reaper_wake(const struct oom_reaped *victim);

#endif
