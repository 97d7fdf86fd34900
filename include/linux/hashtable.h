/* Tables of hash lists whose size is a power of two. */
#ifndef _LINUX_HASHTABLE_H
#define _LINUX_HASHTABLE_H

#include <linux/hash.h>
#include <linux/list.h>

#define DEFINE_HASHTABLE(name, bits)  struct hlist_head name[1 << (bits)] = { { NULL } }
#define DECLARE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)]
#define DEFINE_READ_MOSTLY_HASHTABLE  DEFINE_HASHTABLE
#define HASH_SIZE(name)		      (sizeof(name) / sizeof((name)[0]))
#define HASH_BITS(name)		      ((unsigned int)__builtin_ctzl(HASH_SIZE(name)))
#define hash_min(v, bits)                                                                          \
	(sizeof(v) <= 4 ? hash_32((u32)(v), bits) : hash_long((unsigned long)(v), bits))
#define hash_init(t)	       ((void)__builtin_memset(t, 0, sizeof(t)))
#define hash_add(t, node, key) hlist_add_head(node, &(t)[hash_min(key, HASH_BITS(t))])
#define hash_add_rcu	       hash_add
#define hash_hashed(node)      (!hlist_unhashed(node))
#define hash_del(node)	       hlist_del_init(node)
#define hash_del_rcu	       hash_del
#define hash_empty(t)	       module_hash_empty(t, HASH_SIZE(t))
#define hash_for_each(t, bkt, obj, member)                                                         \
	for ((bkt) = 0, obj = NULL; obj == NULL && (size_t)(bkt) < HASH_SIZE(t); (bkt)++)          \
	hlist_for_each_entry(obj, &(t)[bkt], member)
#define hash_for_each_safe(t, bkt, tmp, obj, member)                                               \
	for ((bkt) = 0, obj = NULL; obj == NULL && (size_t)(bkt) < HASH_SIZE(t); (bkt)++)          \
	hlist_for_each_entry_safe(obj, tmp, &(t)[bkt], member)
#define hash_for_each_rcu hash_for_each
#define hash_for_each_possible(t, obj, member, key)                                                \
	hlist_for_each_entry(obj, &(t)[hash_min(key, HASH_BITS(t))], member)
#define hash_for_each_possible_safe(t, obj, tmp, member, key)                                      \
	hlist_for_each_entry_safe(obj, tmp, &(t)[hash_min(key, HASH_BITS(t))], member)
#define hash_for_each_possible_rcu hash_for_each_possible

static inline bool module_hash_empty(const struct hlist_head *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!hlist_empty(&t[i]))
			return false;
	return true;
}

#endif
