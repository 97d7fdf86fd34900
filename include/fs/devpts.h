/* devpts: the names of pseudo-terminals, one for each whose master is open. */
#ifndef FS_DEVPTS_H
#define FS_DEVPTS_H

#include "fs/fs.h"

void devpts_init(void); /* boot: registers the type */
/* The node @index for @dev appears, the caller's own. 0, -ENOMEM, -ENOSPC. */
int must_check devpts_create(unsigned index, dev_k dev);
void devpts_remove(unsigned index);
/* Open @index's node, as the caller sees it in /dev/pts if it is there, without asking for permission. 0 or -errno. */
int must_check devpts_open(unsigned index, dev_k dev, unsigned flags, struct file **out);

#endif
