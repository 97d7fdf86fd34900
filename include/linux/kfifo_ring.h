/* The ring below linux/kfifo.h. */
#ifndef _LINUX_KFIFO_RING_H
#define _LINUX_KFIFO_RING_H

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

/* in and out count elements from the beginning on; a place is their remainder. */
struct __kfifo {
	unsigned int in, out, mask, esize;
	void *data;
};
static inline int module_kfifo_init(struct __kfifo *f, void *data, size_t n, size_t esize)
{
	n = n ? 1UL << ilog2(n) : 0;
	*f = (struct __kfifo){ .mask = (unsigned int)n - 1,
			       .esize = (unsigned int)esize,
			       .data = data };
	return n < 2 ? -EINVAL : 0;
}

static inline int module_kfifo_alloc(struct __kfifo *f, size_t n, size_t esize, gfp_t gfp)
{
	void *data;

	n = roundup_pow_of_two(n);
	if (n < 2)
		return -EINVAL;
	data = kmalloc_array(n, esize, gfp);
	return data ? module_kfifo_init(f, data, n, esize) : -ENOMEM;
}

static inline void module_kfifo_free(struct __kfifo *f)
{
	kfree(f->data);
	*f = (struct __kfifo){ .data = NULL };
}

static inline void *module_kfifo_place(const struct __kfifo *f, unsigned int at)
{
	return (char *)f->data + (size_t)(at & f->mask) * f->esize;
}

static inline unsigned int module_kfifo_in(struct __kfifo *f, const void *from, unsigned int n)
{
	const unsigned int room = f->mask + 1 - (f->in - f->out);

	n = n < room ? n : room;
	for (unsigned int i = 0; i < n; i++)
		__builtin_memcpy(module_kfifo_place(f, f->in + i),
				 (const char *)from + i * f->esize, f->esize);
	smp_store_release(&f->in, f->in + n);
	return n;
}

static inline unsigned int module_kfifo_peek(const struct __kfifo *f, void *to, unsigned int n)
{
	const unsigned int there = smp_load_acquire(&f->in) - f->out;

	n = n < there ? n : there;
	for (unsigned int i = 0; i < n; i++)
		__builtin_memcpy((char *)to + i * f->esize, module_kfifo_place(f, f->out + i),
				 f->esize);
	return n;
}

static inline unsigned int module_kfifo_out(struct __kfifo *f, void *to, unsigned int n)
{
	n = module_kfifo_peek(f, to, n);
	smp_store_release(&f->out, f->out + n);
	return n;
}

static inline int module_kfifo_user(struct __kfifo *f, void __user *user, unsigned long bytes,
				    unsigned int *copied, bool in)
{
	unsigned long n = bytes / f->esize, have = f->in - f->out;
	unsigned int *at = in ? &f->in : &f->out;

	have = in ? f->mask + 1 - have : have;
	*copied = 0;
	for (n = n < have ? n : have; n; n--) {
		char __user *u = (char __user *)user + *copied;
		void *place = module_kfifo_place(f, *at);

		if (in ? copy_from_user(place, u, f->esize) : copy_to_user(u, place, f->esize))
			return -EFAULT;
		smp_store_release(at, *at + 1);
		*copied += f->esize;
	}
	return 0;
}

#endif
