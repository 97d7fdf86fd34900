/*
 * Vectors of user memory.
 *
 * LOCKS    none.   CONTEXT  a task; sleeps.   FAILS  -EINVAL, -EFAULT, -ENOMEM; then nothing is kept.
 * SOURCES  readv(2) ERRORS.   TESTED BY  tests/guest/mm_remote.c
 */
#include "sys/iovec.h"

#include "arch/abi.h"
#include "base/errno.h"
#include "mm/slab.h"

int iovec_read(uaddr_t uiov, unsigned long nr, struct iovec_k **out)
{
	struct iovec_k *v;
	int err = -EFAULT;

	if (nr > IOVEC_MAX)
		return -EINVAL;
	v = kmalloc((nr ? nr : 1) * sizeof(*v), GFP_KERNEL);
	if (!v)
		return -ENOMEM;
	if (abi_get_array(v, uiov, nr, sizeof(*v), "pl"))
		goto free;
	err = -EINVAL;
	for (unsigned long i = 0; i < nr; i++) {
		if ((long)v[i].len < 0)
			goto free;
	}
	*out = v;
	return 0;
free:
	kfree(v);
	return err;
}

long iovec_import(uaddr_t uiov, unsigned long nr, struct iovec_k **out)
{
	struct iovec_k *v;
	long total = 0;
	int err = iovec_read(uiov, nr, &v);

	if (err)
		return err;
	for (unsigned long i = 0; i < nr; i++) {
		if (!access_ok(v[i].base, v[i].len)) {
			total = -EFAULT;
			break;
		}
		if (v[i].len > (size_t)(IOVEC_MAX_BYTES - total))
			v[i].len = (size_t)(IOVEC_MAX_BYTES - total);
		total += (long)v[i].len;
	}
	if (total <= 0)
		kfree(v);
	else
		*out = v;
	return total;
}
