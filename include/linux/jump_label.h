/* Static keys: here they are variables, read each time. */
#ifndef _LINUX_JUMP_LABEL_H
#define _LINUX_JUMP_LABEL_H

#include <linux/atomic.h>

struct static_key {
	atomic_t enabled;
};
struct static_key_true {
	struct static_key key;
};
struct static_key_false {
	struct static_key key;
};

#define STATIC_KEY_SET(n) .key = { .enabled = { n } }
#define STATIC_KEY_INIT_TRUE                                                                       \
	{                                                                                          \
		.enabled = { 1 }                                                                   \
	}
#define STATIC_KEY_INIT_FALSE                                                                      \
	{                                                                                          \
		.enabled = { 0 }                                                                   \
	}
#define DEFINE_STATIC_KEY_TRUE(name)   struct static_key_true name = { STATIC_KEY_SET(1) }
#define DEFINE_STATIC_KEY_FALSE(name)  struct static_key_false name = { STATIC_KEY_SET(0) }
#define DECLARE_STATIC_KEY_TRUE(name)  extern struct static_key_true name
#define DECLARE_STATIC_KEY_FALSE(name) extern struct static_key_false name
#define static_key_enabled(k)	       (atomic_read(&((struct static_key *)(k))->enabled) > 0)
#define static_branch_likely(k)	       likely(static_key_enabled(k))
#define static_branch_unlikely(k)      unlikely(static_key_enabled(k))
#define static_key_true(k)	       static_branch_likely(k)
#define static_key_false(k)	       static_branch_unlikely(k)
#define static_branch_enable(k)	       atomic_set(&((struct static_key *)(k))->enabled, 1)
#define static_branch_disable(k)       atomic_set(&((struct static_key *)(k))->enabled, 0)
#define static_branch_inc(k)	       atomic_inc(&((struct static_key *)(k))->enabled)
#define static_branch_dec(k)	       atomic_dec(&((struct static_key *)(k))->enabled)
#define static_key_slow_inc	       static_branch_inc
#define static_key_slow_dec	       static_branch_dec

#endif
