/* Linux's names of integers. */
#ifndef _LINUX_TYPES_H
#define _LINUX_TYPES_H

#include <linux/compiler.h>

#include "base/types.h"
#include "lib/list.h"
#include "mm/gfp.h"

#undef bool
typedef _Bool bool; /* the word itself: a macro would get lost in module_param(x, bool, 0) */

typedef unsigned char u8, __u8, unchar, u_char, u_int8_t;
typedef signed char s8, __s8;
typedef unsigned short u16, __u16, ushort, u_short, u_int16_t, __le16, __be16;
typedef short s16, __s16;
typedef unsigned int u32, __u32, uint, u_int, u_int32_t, __le32, __be32;
typedef int s32, __s32;
typedef unsigned long long u64, __u64, u_int64_t, __le64, __be64;
typedef long long s64, __s64;
typedef unsigned long ulong, u_long;

typedef long ssize_t, __kernel_long_t;
typedef long long loff_t;
typedef long off_t;
typedef int pid_t, __kernel_pid_t;
typedef unsigned int uid_t, gid_t;
typedef unsigned short umode_t;
typedef unsigned int mode_t, fmode_t;
typedef unsigned int dev_t;
typedef unsigned long ino_t;
typedef unsigned long long sector_t, blkcnt_t;
typedef long time_t, clock_t;
typedef long long time64_t, ktime_t;

/* As wide as the machine's physical addresses. */
#if defined(__x86_64__) || defined(MODULE_PAE)
typedef u64 phys_addr_t;
#else
typedef u32 phys_addr_t;
#endif
typedef phys_addr_t resource_size_t, dma_addr_t;

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

typedef unsigned int __poll_t;

#endif
