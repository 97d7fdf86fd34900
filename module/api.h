/* What module/exports.inc gives to modules from the files of module/. Modules see these under Linux's names and types. */
#ifndef MODULE_API_H
#define MODULE_API_H

#include "fs/seq_file.h"
#include "module/calls.h"
#include "module/resource_view.h"

struct module_seq_calls;

/* ---- netlink.c ---- */
struct skb_view;
struct netlink_cfg_view;
struct netlink_end;
struct skb_view *module_alloc_skb(unsigned size, unsigned gfp);
void module_kfree_skb(struct skb_view *skb); /* NULL legal */
void module_skb_over(const struct skb_view *skb, unsigned len);
struct netlink_end *module_netlink_create(int protocol, const struct netlink_cfg_view *cfg);
void module_netlink_release(struct netlink_end *e); /* NULL legal */
int module_netlink_unicast(struct netlink_end *e, struct skb_view *skb, unsigned port);
int module_netlink_broadcast(struct netlink_end *e, struct skb_view *skb, unsigned except,
			     unsigned group);
bool module_netlink_has_listeners(const struct netlink_end *e, unsigned group);
/* ---- misc.c ---- */
char *module_strcpy(char *to, const char *from);
char *module_strncpy(char *to, const char *from, size_t n);
char *module_strcat(char *to, const char *from);
size_t module_strlcpy(char *to, const char *from, size_t size);
long module_strscpy(char *to, const char *from, size_t size);
int module_kstrtoull(const char *s, unsigned base, unsigned long long *res);
int module_kstrtoll(const char *s, unsigned base, long long *res);
int module_kstrtoul(const char *s, unsigned base, unsigned long *res);
int module_kstrtol(const char *s, unsigned base, long *res);
int module_kstrtouint(const char *s, unsigned base, unsigned *res);
int module_kstrtoint(const char *s, unsigned base, int *res);
int module_kstrtou8(const char *s, unsigned base, uint8_t *res);
int module_kstrtos8(const char *s, unsigned base, int8_t *res);
int module_kstrtou16(const char *s, unsigned base, uint16_t *res);
int module_kstrtos16(const char *s, unsigned base, int16_t *res);
int module_kstrtobool(const char *s, bool *res);
int module_kstrto_from_user(uaddr_t from, size_t n, unsigned base, void *res,
			    int (*convert)(const char *s, unsigned base, void *res));
unsigned long module_simple_strtoul(const char *s, char **end, unsigned base);
long module_simple_strtol(const char *s, char **end, unsigned base);
unsigned long module_irq_save(void);
void module_irq_restore(unsigned long flags);
long module_strncpy_from_user(char *to, uaddr_t from, long n);
void module_msleep(unsigned ms);
int module_cond_resched(void);
int module_access_process_vm(struct task_view *task, unsigned long addr, void *buf, int len,
			     unsigned flags);
/* ---- oops.c ---- */
void module_warn(const char *file, int line, const char *fmt, ...);
/* ---- files.c ---- */
struct file_view *module_filp_open(const char *name, int flags, unsigned mode);
int module_filp_close(struct file_view *v);
struct file_view *module_fget(int fd);
struct file_view *module_exe_file(struct mm_view *mm);
int module_kern_path(const char *name, unsigned flags, struct path_view *out);
void module_path_get(const struct path_view *p);
void module_path_put(const struct path_view *p);
void module_mmgrab(struct mm_view *v);
void module_mmdrop(struct mm_view *v);
struct file_view *module_get_file(struct file_view *v);
int module_fd_reserve(unsigned flags);
void module_fd_install(unsigned fd, struct file_view *v);
int module_getattr(const struct path_view *p, struct kstat_view *s);
struct file_view *module_anon_file(const char *name, const struct module_calls *calls, void *data,
				   int flags);
int module_anon_fd(const char *name, const struct module_calls *calls, void *data, int flags);
struct fasync_view;
int module_fasync_helper(int fd, struct file_view *file, int on, struct fasync_view **list);
void module_kill_fasync(struct fasync_view **list, int sig, int band);
long module_kernel_read(struct file_view *v, void *buf, size_t n, long long *pos);
long module_kernel_write(struct file_view *v, const void *buf, size_t n, long long *pos);
unsigned long module_vm_mmap(unsigned long addr, unsigned long len, unsigned long prot,
			     unsigned long flags);
int module_vm_munmap(unsigned long addr, unsigned long len);
/* ---- names.c ---- */
unsigned long module_kallsyms_lookup_name(const char *name);
/* ---- seq.c ---- */
int module_seq_open(struct file_view *file, const struct module_seq_calls *calls);
void *module_seq_open_private(struct file_view *file, const struct module_seq_calls *calls,
			      int size);
int module_seq_release(struct inode_view *inode, struct file_view *file);
long module_seq_read(struct file_view *file, uaddr_t buf, size_t len, long long *pos);
long long module_seq_lseek(struct file_view *file, long long off, int whence);
void module_seq_vprintf(struct seq_file *m, const char *fmt, va_list ap);
void module_seq_printf(struct seq_file *m, const char *fmt, ...);
int module_seq_write(struct seq_file *m, const void *data, size_t len);
/* ---- view_mm.c ---- */
void module_mmap_read_lock(struct mm_view *v);
bool module_mmap_read_trylock(struct mm_view *v);
void module_mmap_read_unlock(struct mm_view *v);
void module_mmap_write_lock(struct mm_view *v);
bool module_mmap_write_trylock(struct mm_view *v);
void module_mmap_write_unlock(struct mm_view *v);
struct vma_view *module_find_vma(struct mm_view *mm, unsigned long addr);
void module_mmput(struct mm_view *v);
/* ---- view_task.c ---- */
void module_look(void);
struct task_view *module_current(void);
struct task_view *module_find_task(int pid);
struct task_view *module_first_task(void);
struct pid_view *module_find_pid(int nr);
struct pid_view *module_find_get_pid(int nr);
void module_put_pid(struct pid_view *p);
struct task_view *module_pid_task(struct pid_view *p);
struct mm_view *module_get_task_mm(struct task_view *v);
struct pt_regs *module_task_regs(struct task_view *v);
/* ---- sync.c ---- */
void module_waitq_init(struct waitq_view *q);
void module_wait_add(struct waitq_view *q, struct waiter_view *w);
void module_wait_del(struct waitq_view *q, struct waiter_view *w);
int module_wait_park(int mode, unsigned long long deadline_ns);
void module_wake_one(struct waitq_view *q);
void module_wake_all(struct waitq_view *q);
extern struct rwlock_view module_tasklist_lock;
void module_spin_lock(struct lock_view *l);
unsigned long module_spin_lock_irqsave(struct lock_view *l);
bool module_spin_trylock(struct lock_view *l);
void module_spin_unlock(struct lock_view *l);
void module_read_lock(struct rwlock_view *l);
void module_write_lock(struct rwlock_view *l);
bool module_read_trylock(struct rwlock_view *l);
bool module_write_trylock(struct rwlock_view *l);
void module_rw_unlock(struct rwlock_view *l);
int module_mutex_lock(struct mutex_view *m, int mode);
bool module_mutex_trylock(struct mutex_view *m);
void module_mutex_unlock(struct mutex_view *m);
bool module_sema_try(struct sema_view *s);
int module_sema_down(struct sema_view *s, int mode, unsigned long long deadline_ns);
void module_sema_up(struct sema_view *s);
bool module_rwsem_try(struct rwsem_view *s, bool write);
void module_rwsem_down(struct rwsem_view *s, bool write);
void module_rwsem_up(struct rwsem_view *s, bool write);
void module_rwsem_downgrade(struct rwsem_view *s);
bool module_completion_try(struct completion_view *c);
int module_completion_wait(struct completion_view *c, int mode, unsigned long long deadline_ns);
void module_complete(struct completion_view *c, bool all);
extern unsigned long module_ticks;
void module_tick(void); /* jiffies as the clock is */
unsigned long module_jiffies(void);
unsigned long long module_jiffies64(void);
unsigned long long module_jiffies_ns(unsigned long jiffies);
unsigned long long module_deadline(long timeout);
long module_left(unsigned long long deadline_ns);
/* ---- kthread.c ---- */
struct task_view *module_kthread_create(int (*fn)(void *data), void *data, const char *fmt, ...);
int module_kthread_stop(struct task_view *view);
bool module_kthread_should_stop(void);
void module_kthread_bind(struct task_view *view, unsigned cpu);
noreturn_ void module_do_exit(long code);
void module_set_state(unsigned state);
unsigned module_get_state(void);
void module_schedule(void);
long module_schedule_timeout(long timeout);
int module_wake_up_process(struct task_view *view);
bool module_signal_pending(struct task_view *view);
int module_send_sig(int sig, struct task_view *view);
void module_allow_signal(int sig, int allowed);
/* ---- notify.c ---- */
struct notifier_view;
int module_register_notifier(struct notifier_view *nb);
int module_unregister_notifier(struct notifier_view *nb);
/* ---- irq.c ---- */
void module_irq_run_pending(void); /* the thread of timers */
/* ---- claims.c ---- */
struct resource_view *module_claim(unsigned long long start, unsigned long long n, const char *name,
				   bool memory);
void module_unclaim(unsigned long long start, unsigned long long n, bool memory);
/* ---- mmu_notifier.c ---- */
struct mmu_watch_view;
struct mmu_ops_view;
struct mmu_interval_view;
struct mmu_interval_ops_view;
int module_mmu_register(struct mmu_watch_view *n, struct mm_view *v);
int module_mmu_register_locked(struct mmu_watch_view *n, struct mm_view *v);
void module_mmu_unregister(struct mmu_watch_view *n, struct mm_view *v);
struct mmu_watch_view *module_mmu_get(const struct mmu_ops_view *ops, struct mm_view *v);
struct mmu_watch_view *module_mmu_get_locked(const struct mmu_ops_view *ops, struct mm_view *v);
void module_mmu_put(struct mmu_watch_view *n);
void module_mmu_synchronize(void);
int module_mm_has_notifiers(struct mm_view *v);
int module_mmu_interval_insert(struct mmu_interval_view *n, struct mm_view *v, unsigned long start,
			       unsigned long length, const struct mmu_interval_ops_view *ops);
int module_mmu_interval_insert_locked(struct mmu_interval_view *n, struct mm_view *v,
				      unsigned long start, unsigned long length,
				      const struct mmu_interval_ops_view *ops);
void module_mmu_interval_remove(struct mmu_interval_view *n);
unsigned long module_mmu_interval_read_begin(struct mmu_interval_view *n);
/* ---- adapt.c ---- */
struct uts_view *module_utsname(void);
/* ---- later.c ---- */
void module_later_kick(void); /* it looks whether there is something to do; any context */
bool module_in_softirq(void);
void module_preempt_add(int n);
int module_preempt_count(void);
bool module_later_runs(void);
bool module_later_arm(struct later_view *l, unsigned long long when_ns);
bool module_later_cancel(struct later_view *l, bool sync);
void module_timer_run(struct later_view *l);
int module_mod_timer(struct timer_view *t, unsigned long expires);
void module_hrtimer_start(struct hrtimer_view *t, long long ns, bool relative);
unsigned long long module_hrtimer_forward(struct hrtimer_view *t, long long now,
					  long long interval);
void module_tasklet_schedule(struct tasklet_view *t);
void module_tasklet_kill(struct tasklet_view *t);
void module_tasklet_enable(struct tasklet_view *t);
/* ---- work.c ---- */
struct workqueue;
extern struct workqueue *module_system_wq;
struct workqueue *module_workqueue_alloc(unsigned max);
void module_workqueue_destroy(struct workqueue *q);
void module_workqueue_flush(struct workqueue *q);
bool module_queue_work(struct workqueue *q, struct work_view *w);
bool module_queue_delayed_work(struct workqueue *q, struct delayed_work_view *d,
			       unsigned long delay);
bool module_flush_work(struct work_view *w);
bool module_flush_delayed_work(struct delayed_work_view *d);
bool module_cancel_work(struct work_view *w, bool sync);
bool module_cancel_delayed_work(struct delayed_work_view *d, bool sync);

#endif
