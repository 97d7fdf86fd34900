/* What module/exports.inc gives to modules from the files of module/. Modules see these under Linux's names and types. */
#ifndef MODULE_API_H
#define MODULE_API_H

#include "fs/seq_file.h"
#include "module/calls.h"

struct module_seq_calls;

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
unsigned long module_simple_strtoul(const char *s, char **end, unsigned base);
long module_simple_strtol(const char *s, char **end, unsigned base);
void module_spin_lock(struct lock_view *l);
void module_spin_unlock(struct lock_view *l);
unsigned long module_irq_save(void);
void module_irq_restore(unsigned long flags);
long module_strncpy_from_user(char *to, uaddr_t from, long n);
void module_msleep(unsigned ms);
unsigned long module_jiffies(void);
int module_cond_resched(void);
int module_access_process_vm(struct task_view *task, unsigned long addr, void *buf, int len,
			     unsigned flags);
extern struct lock_view module_tasklist_lock;
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

#endif
