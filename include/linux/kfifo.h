/* Queues in a ring whose size is a power of two; one writer and one reader need no lock. */
#ifndef _LINUX_KFIFO_H
#define _LINUX_KFIFO_H

#include <linux/kfifo_ring.h>
#include <linux/spinlock.h>

struct kfifo {
	struct __kfifo kfifo;
	unsigned char type[0];
};

#define STRUCT_KFIFO(type_, size)                                                                  \
	struct {                                                                                   \
		struct __kfifo kfifo;                                                              \
		type_ type[0];                                                                     \
		type_ buf[size];                                                                   \
	}
#define STRUCT_KFIFO_PTR(type_)                                                                    \
	struct {                                                                                   \
		struct __kfifo kfifo;                                                              \
		type_ type[0];                                                                     \
	}
#define DECLARE_KFIFO(name, type, size) STRUCT_KFIFO(type, size) name
#define DECLARE_KFIFO_PTR(name, type)	STRUCT_KFIFO_PTR(type) name
#define DEFINE_KFIFO(name, type, size)                                                             \
	STRUCT_KFIFO(type, size)                                                                   \
	name = { .kfifo = { .mask = (size)-1, .esize = sizeof(type), .data = name.buf } }
#define INIT_KFIFO(f)                                                                              \
	((void)((f).kfifo = (struct __kfifo){ .mask = ARRAY_SIZE((f).buf) - 1,                     \
					      .esize = sizeof((f).buf[0]),                         \
					      .data = (f).buf }))

#define kfifo_size(f)	       ((f)->kfifo.mask + 1)
#define kfifo_esize(f)	       ((unsigned int)sizeof((f)->type[0]))
#define kfifo_len(f)	       ((f)->kfifo.in - (f)->kfifo.out)
#define kfifo_avail(f)	       (kfifo_size(f) - kfifo_len(f))
#define kfifo_is_empty(f)      (kfifo_len(f) == 0)
#define kfifo_is_full(f)       (kfifo_len(f) > (f)->kfifo.mask)
#define kfifo_initialized(f)   ((f)->kfifo.mask != 0)
#define kfifo_reset(f)	       ((void)((f)->kfifo.in = (f)->kfifo.out = 0))
#define kfifo_reset_out(f)     ((void)((f)->kfifo.out = (f)->kfifo.in))
#define kfifo_skip(f)	       ((void)((f)->kfifo.out++))
#define kfifo_alloc(f, n, gfp) module_kfifo_alloc(&(f)->kfifo, n, kfifo_esize(f), gfp)
#define kfifo_free(f)	       module_kfifo_free(&(f)->kfifo)
#define kfifo_init(f, buffer, bytes)                                                               \
	module_kfifo_init(&(f)->kfifo, buffer, (bytes) / kfifo_esize(f), kfifo_esize(f))
/* Elements that fitted, or were there. */
#define kfifo_in(f, from, n)	 module_kfifo_in(&(f)->kfifo, from, n)
#define kfifo_out_peek(f, to, n) module_kfifo_peek(&(f)->kfifo, to, n)
#define kfifo_out(f, to, n)	 module_kfifo_out(&(f)->kfifo, to, n)
#define kfifo_put(f, v)                                                                            \
	({                                                                                         \
		__typeof__((f)->type[0]) kfifo_v_ = (v);                                           \
		kfifo_in(f, &kfifo_v_, 1);                                                         \
	})
#define kfifo_get(f, p)	 kfifo_out(f, p, 1)
#define kfifo_peek(f, p) kfifo_out_peek(f, p, 1)
#define KFIFO_LOCKED(lock, call)                                                                   \
	({                                                                                         \
		unsigned long kfifo_flags_;                                                        \
		unsigned int kfifo_n_;                                                             \
		spin_lock_irqsave(lock, kfifo_flags_);                                             \
		kfifo_n_ = call;                                                                   \
		spin_unlock_irqrestore(lock, kfifo_flags_);                                        \
		kfifo_n_;                                                                          \
	})
#define kfifo_in_spinlocked(f, from, n, lock) KFIFO_LOCKED(lock, kfifo_in(f, from, n))
#define kfifo_out_spinlocked(f, to, n, lock)  KFIFO_LOCKED(lock, kfifo_out(f, to, n))
#define kfifo_in_locked			      kfifo_in_spinlocked
#define kfifo_out_locked		      kfifo_out_spinlocked
/* 0 or -EFAULT; *copied: bytes, of whole elements. */
#define kfifo_from_user(f, from, bytes, copied)                                                    \
	module_kfifo_user(&(f)->kfifo, (void __user *)(from), bytes, copied, true)
#define kfifo_to_user(f, to, bytes, copied) module_kfifo_user(&(f)->kfifo, to, bytes, copied, false)

#endif
