/* Tasks, address spaces and vmas under Linux's names: what they hold is said in module/views.h. */
#ifndef _LINUX_MM_TYPES_H
#define _LINUX_MM_TYPES_H

#include <linux/types.h>

#define counter_view	  atomic_counter
#define long_counter_view atomic_long_counter
#define name_view	  qstr
#define inode_view	  inode
#define dentry_view	  dentry
#define path_view	  path
#define time_view	  timespec64
#define mount_view	  vfsmount
#define kstat_view	  kstat
#define file_view	  file
#define rwsem_view	  rw_semaphore
#define id_view		  module_kid
#define fs_type_view	  file_system_type
#define super_view	  super_block
#define uts_ns_view	  uts_namespace
#define nsproxy_view	  nsproxy
#define fdtable_view	  fdtable
#define files_view	  files_struct
#define fs_view		  fs_struct
#define rb_node_view	  rb_node
#define rb_root_view	  rb_root
#define cap_view	  module_caps
#define rlimit_view	  rlimit
#define sigset_view	  module_sigset
#define sighand_view	  sighand_struct
#define cpumask_view	  cpumask
#define thread_info_view  thread_info
#define lock_view	  spinlock
#define vma_view	  vm_area_struct
#define mm_view		  mm_struct
#define cred_view	  cred
#define signal_view	  signal_struct
#define pid_view	  pid
#define task_view	  task_struct
#define waitq_view	  wait_queue_head
#define waiter_view	  wait_queue_entry
#define mutex_view	  mutex
#define sema_view	  semaphore
#define completion_view	  completion
#define rwlock_view	  rwlock
#define timer_view	  timer_list
#define hrtimer_view	  hrtimer
#define tasklet_view	  tasklet_struct
#define work_view	  work_struct
#define delayed_work_view delayed_work

#define page_view      page
#define free_area_view free_area
#define zone_view      zone
#define node_view      pglist_data
#define sysinfo_view   sysinfo
#define vm_fault_view  vm_fault
#define vm_ops_view    vm_operations_struct

#include "module/page_view.h"

typedef struct atomic_counter atomic_t;
typedef struct atomic_long_counter atomic_long_t;
typedef struct spinlock spinlock_t, raw_spinlock_t;
typedef struct rwlock rwlock_t;
typedef struct module_kid kuid_t, kgid_t;
typedef struct module_caps kernel_cap_t;
typedef struct module_sigset sigset_t;
typedef struct cpumask cpumask_t, *cpumask_var_t;

enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

#endif
