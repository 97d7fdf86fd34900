/* Between pipe.c and pipe_limit.c. */
#ifndef FS_PIPE_IMPL_H
#define FS_PIPE_IMPL_H

#include "kernel/cred.h"

#define PIPE_BYTES_MAX (1L << 30)

/* Pages of a pipe that its maker's account is charged for. */
struct pipe_quota {
	struct user_account *user;
	unsigned slots;
};
/* For a new pipe: how many pages it has. Return: false: over the hard limit. */
bool must_check pipe_quota_begin(struct pipe_quota *q);
/* To @slots pages, more than now, on behalf of the calling task. 0, or -EPERM: nothing has changed. */
int must_check pipe_quota_grow(struct pipe_quota *q, unsigned slots);
void pipe_quota_shrink(struct pipe_quota *q, unsigned slots);
void pipe_quota_end(struct pipe_quota *q);

#endif
