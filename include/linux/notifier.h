/* Chains of functions that are told of something. */
#ifndef _LINUX_NOTIFIER_H
#define _LINUX_NOTIFIER_H

#include <linux/errno.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>

#define NOTIFY_DONE	 0x0000
#define NOTIFY_OK	 0x0001
#define NOTIFY_STOP_MASK 0x8000
#define NOTIFY_BAD	 (NOTIFY_STOP_MASK | 2)
#define NOTIFY_STOP	 (NOTIFY_STOP_MASK | NOTIFY_OK)

struct notifier_block;
typedef int (*notifier_fn_t)(struct notifier_block *nb, unsigned long action, void *data);
struct notifier_block {
	notifier_fn_t notifier_call;
	struct notifier_block *next; /* of lower or equal priority */
	int priority;
};
struct raw_notifier_head {
	struct notifier_block *head;
};
struct atomic_notifier_head {
	spinlock_t lock;
	struct notifier_block *head;
};
struct blocking_notifier_head {
	struct rw_semaphore rwsem;
	struct notifier_block *head;
};

#define RAW_NOTIFIER_HEAD(name)	   struct raw_notifier_head name = { NULL }
#define ATOMIC_NOTIFIER_HEAD(name) struct atomic_notifier_head name = { { 0 }, NULL }
#define BLOCKING_NOTIFIER_HEAD(name)                                                               \
	struct blocking_notifier_head name = { __RWSEM_INITIALIZER((name).rwsem), NULL }
#define RAW_INIT_NOTIFIER_HEAD(h)    ((void)((h)->head = NULL))
#define ATOMIC_INIT_NOTIFIER_HEAD(h) (spin_lock_init(&(h)->lock), (void)((h)->head = NULL))
#define BLOCKING_INIT_NOTIFIER_HEAD(h)                                                             \
	do {                                                                                       \
		init_rwsem(&(h)->rwsem);                                                           \
		(h)->head = NULL;                                                                  \
	} while (0)

static inline int module_notifier_add(struct notifier_block **at, struct notifier_block *nb)
{
	for (; *at && (*at)->priority >= nb->priority; at = &(*at)->next)
		if (*at == nb)
			return -EEXIST;
	nb->next = *at;
	*at = nb;
	return 0;
}

static inline int module_notifier_del(struct notifier_block **at, struct notifier_block *nb)
{
	for (; *at; at = &(*at)->next)
		if (*at == nb) {
			*at = nb->next;
			return 0;
		}
	return -ENOENT;
}

static inline int module_notifier_call(struct notifier_block *nb, unsigned long action, void *data)
{
	int ret = NOTIFY_DONE;

	for (struct notifier_block *next; nb && !(ret & NOTIFY_STOP_MASK); nb = next) {
		next = nb->next;
		ret = nb->notifier_call(nb, action, data);
	}
	return ret;
}

#define NOTIFIER_LOCKED(lock, unlock, call)                                                        \
	({                                                                                         \
		int notifier_ret_;                                                                 \
		lock;                                                                              \
		notifier_ret_ = call;                                                              \
		unlock;                                                                            \
		notifier_ret_;                                                                     \
	})
#define raw_notifier_chain_register(h, nb)	module_notifier_add(&(h)->head, nb)
#define raw_notifier_chain_unregister(h, nb)	module_notifier_del(&(h)->head, nb)
#define raw_notifier_call_chain(h, v, data)	module_notifier_call((h)->head, v, data)
#define ATOMIC_CHAIN(h, call)			NOTIFIER_LOCKED(spin_lock(&(h)->lock), spin_unlock(&(h)->lock), call)
#define atomic_notifier_chain_register(h, nb)	ATOMIC_CHAIN(h, module_notifier_add(&(h)->head, nb))
#define atomic_notifier_chain_unregister(h, nb) ATOMIC_CHAIN(h, module_notifier_del(&(h)->head, nb))
#define atomic_notifier_call_chain(h, v, data)                                                     \
	ATOMIC_CHAIN(h, module_notifier_call((h)->head, v, data))
#define BLOCKING_CHAIN(h, way, call)                                                               \
	NOTIFIER_LOCKED(down_##way(&(h)->rwsem), up_##way(&(h)->rwsem), call)
#define blocking_notifier_chain_register(h, nb)                                                    \
	BLOCKING_CHAIN(h, write, module_notifier_add(&(h)->head, nb))
#define blocking_notifier_chain_unregister(h, nb)                                                  \
	BLOCKING_CHAIN(h, write, module_notifier_del(&(h)->head, nb))
#define blocking_notifier_call_chain(h, v, data)                                                   \
	BLOCKING_CHAIN(h, read, module_notifier_call((h)->head, v, data))

#endif
