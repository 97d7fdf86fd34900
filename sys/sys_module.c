/*
 * System calls on modules: init_module, finit_module, delete_module.
 *
 * OWNS     the copy of the file and of the parameters for the time of one call.
 * CONTEXT  a task in a system call; sleeps.
 * FAILS    as init_module(2) and delete_module(2).
 * NOT HERE what is done with the bytes (module/load.c).   TESTED BY  module_basic, module_refused (guest)
 */
#include "sys/sys.h"

#include "fs/file.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "module/module.h"
#include "sync/failpoint.h"

enum { EHDR_SIZE = ABI_ELFCLASS == 2 ? 64 : 52, PARAMS_ROOM = 4096 };

/* A page of text at most: longer words on a command line do not exist. */
static int copy_params(uaddr_t from, char **out)
{
	char *text = failpoint("module_args") ? NULL : kmalloc(PARAMS_ROOM, GFP_KERNEL);
	long len;

	if (!text)
		return -ENOMEM;
	len = strncpy_from_user(text, from, PARAMS_ROOM);
	if (len >= 0 && len < PARAMS_ROOM) {
		*out = text;
		return 0;
	}
	kfree(text);
	return len < 0 ? (int)len : -EINVAL;
}

/* Consumes @image, which has @len bytes. */
static long load(void *image, size_t len, uaddr_t params, unsigned flags)
{
	char *text = NULL;
	long err = copy_params(params, &text);

	if (!err)
		err = module_load(image, len, text, flags);
	kfree(text);
	vfree(image);
	return err;
}

SYS(init_module)
{
	void *image;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	if (a1 < EHDR_SIZE)
		return -ENOEXEC;
	image = access_ok(a0, a1) ? vmalloc(a1) : NULL;
	if (!image)
		return access_ok(a0, a1) ? -ENOMEM : -EFAULT;
	if (copy_from_user(image, a0, a1)) {
		vfree(image);
		return -EFAULT;
	}
	return load(image, a1, a2, 0);
}

/* The whole file in memory. Return: its length or -errno. */
static long read_whole(struct file *f, void **out)
{
	uint64_t size = mapping_size(&f->inode->mapping);
	long n;

	if (!S_ISREG(f->inode->mode) || !size)
		return -EINVAL;
	if (size > INT_MAX)
		return -EFBIG;
	*out = vmalloc((size_t)size);
	if (!*out)
		return -ENOMEM;
	n = kernel_read(f, *out, (size_t)size, 0);
	if (n == (long)size)
		return n;
	vfree(*out);
	return n < 0 ? n : -EIO;
}

SYS(finit_module)
{
	const unsigned known = MODULE_LOAD_IGNORE_MODVERSIONS | MODULE_LOAD_IGNORE_VERMAGIC;
	struct file *f;
	void *image = NULL;
	long len;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	if ((unsigned)a2 & ~known)
		return -EINVAL;
	f = fd_file((int)a0);
	if (!f || (f->flags & O_PATH) || (f->flags & O_ACCMODE) == O_WRONLY) {
		if (f)
			fput(f);
		return -EBADF;
	}
	/* While it is read nobody may be writing it. */
	len = inode_deny_write(f->inode);
	if (!len) {
		len = read_whole(f, &image);
		inode_allow_write(f->inode);
	}
	fput(f);
	return len < 0 ? len : load(image, (size_t)len, a1, (unsigned)a2);
}

SYS(delete_module)
{
	char name[MODULE_NAME_LEN];
	long len;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	len = strncpy_from_user(name, a0, sizeof(name));
	if (len < 0)
		return -EFAULT;
	if ((size_t)len >= sizeof(name)) /* no module has such a name */
		return -ENOENT;
	return module_unload(name);
}
