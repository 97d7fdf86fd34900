/* Signals for who does not wait: O_ASYNC, fcntl(2) F_SETOWN and F_SETSIG. */
#ifndef FS_FASYNC_H
#define FS_FASYNC_H

#include "fs/file.h"

enum fasync_owner { FASYNC_TID, FASYNC_PID, FASYNC_PGRP };
/* Who gets the signal. 0; -ESRCH: there is no such; -EINVAL; -ENOMEM. @id 0: nobody. */
int must_check fasync_set_owner(struct file *f, enum fasync_owner kind, int id);
int fasync_owner(const struct file *f, enum fasync_owner *kind);
/* The same as numbers of fcntl(2): below 0, a process group. */
int must_check file_set_owner(struct file *f, int id);
int file_owner(const struct file *f);
void fasync_owner_uids(const struct file *f, uint32_t ids[2]); /* real, effective: of who said so */
/* 0: SIGIO, without a word about why. -EINVAL, -ENOMEM. */
int must_check fasync_set_signal(struct file *f, unsigned long sig);
int fasync_signal(const struct file *f);
bool fasync_can(const struct file *f);
/* O_ASYNC on or off; @fd: what the signal will say. 0, -ENOMEM, -ENOTTY (a file that has none). */
int must_check fasync_enable(struct file *f, int fd, bool on);
/* @why: POLL_IN, ... 6: its owner is told now. The file stays meanwhile. For files with an operation of their own. Any context. */
void fasync_send(struct file *f, int why);
void fasync_free(struct file *f);
/* The last reference is gone. */
static inline void fasync_file_gone(struct file *f)
{
	if (unlikely(f->async != NULL))
		fasync_free(f);
}

#endif
