/* Timers: timer_setup() (Linux 4.15 on), init_timer() and setup_timer() (before). Their functions run in a thread. */
#ifndef _LINUX_TIMER_H
#define _LINUX_TIMER_H

#include <linux/jiffies.h>
#include <linux/mm_types.h>

bool module_later_cancel(struct later_view *l, bool sync);
int mod_timer(struct timer_list *timer, unsigned long expires); /* 1: it was pending */

#define TIMER_DEFERRABLE 0x00080000
#define TIMER_PINNED	 0x00100000
#define TIMER_IRQSAFE	 0x00200000

#define TIMER_FORM(a, b, c, d, e, ...) e
#define DEFINE_TIMER_2(name, fn)                                                                   \
	struct timer_list name = { .function = (void *)(fn), .data = (unsigned long)&name }
#define DEFINE_TIMER_4(name, fn, when, arg)                                                        \
	struct timer_list name = { .function = (void *)(fn), .expires = (when), .data = (arg) }
#define DEFINE_TIMER(...) TIMER_FORM(__VA_ARGS__, DEFINE_TIMER_4, , DEFINE_TIMER_2, )(__VA_ARGS__)
#define TIMER_INITIALIZER(fn, when, arg)                                                           \
	{                                                                                          \
		.function = (void *)(fn), .expires = (when), .data = (arg)                         \
	}

#define init_timer(t) ((void)(*(t) = (struct timer_list){ .function = NULL }))
#define module_timer_set(t, fn, arg, flags_)                                                       \
	((void)(*(t) = (struct timer_list){ .function = (void *)(fn),                              \
					    .data = (unsigned long)(arg),                          \
					    .flags = (flags_) }))
#define setup_timer(t, fn, arg)		 module_timer_set(t, fn, arg, 0)
#define setup_deferrable_timer(t, fn, d) module_timer_set(t, fn, d, TIMER_DEFERRABLE)
#define timer_setup(t, fn, flags_)                                                                 \
	do {                                                                                       \
		void (*timer_fn_)(struct timer_list *) = (fn);                                     \
		module_timer_set(t, timer_fn_, t, flags_);                                         \
	} while (0)
#define timer_setup_on_stack(t, fn, flags)     timer_setup(t, fn, flags)
#define destroy_timer_on_stack(t)	       ((void)(t))
#define from_timer(var, timer, member)	       container_of(timer, __typeof__(*(var)), member)
#define timer_container_of(var, timer, member) from_timer(var, timer, member)

#define timer_pending(t)     ((int)READ_ONCE((t)->later.queued))
#define add_timer(t)	     ((void)mod_timer(t, (t)->expires))
#define add_timer_on(t, cpu) add_timer(t)
#define mod_timer_pinned     mod_timer

static inline int mod_timer_pending(struct timer_list *t, unsigned long expires)
{
	return timer_pending(t) ? mod_timer(t, expires) : 0;
}

/* 1: it was pending. _sync: on return it does not run. */
#define del_timer(t)		     module_later_cancel(&(t)->later, false)
#define del_timer_sync(t)	     module_later_cancel(&(t)->later, true)
#define try_to_del_timer_sync(t)     del_timer_sync(t)
#define del_singleshot_timer_sync(t) del_timer_sync(t)
#define timer_delete(t)		     del_timer(t)
#define timer_delete_sync(t)	     del_timer_sync(t)
#define timer_shutdown(t)	     del_timer(t)
#define timer_shutdown_sync(t)	     del_timer_sync(t)

#endif
