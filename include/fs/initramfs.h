/* Unpacking cpio archives, plain or gzip, several in a row, into the root file system. */
#ifndef FS_INITRAMFS_H
#define FS_INITRAMFS_H

#include "base/compiler.h"
#include "base/types.h"

/**
 * initramfs_unpack - make the files of the archives.
 * @read: gives the next bytes of the image: at most @size into @buf. Return: how many, 0 at the end. The buffer is a page.
 * Errors are logged with their offset; what came before stays. Return: 0, -EINVAL (broken or unknown), -EIO (cut off),
 * -ENOSPC, -ENOMEM.   Context: a task (init's), before user space.
 */
int must_check initramfs_unpack(size_t (*read)(void *arg, void *buf, size_t size), void *arg);

/**
 * root_limit - from now on the root holds no more than half of the memory, as a tmpfs without options; what is there stays.
 * Context: boot, when every image is unpacked and its memory is free.
 */
void root_limit(void);

#endif
