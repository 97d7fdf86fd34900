/* Shared by the files of module/ only: views of tasks and address spaces. */
#ifndef MODULE_VIEW_IMPL_H
#define MODULE_VIEW_IMPL_H

#include "module/views.h"

void view_lock(void); /* every view, and which there are. Sleeps. */
void view_unlock(void);
struct mm_struct;
struct task;
struct path_ref;
struct inode;

/* ---- view_files.c ---- */
/* What @p and its inode say; the file's own members are left. */
void view_path_fill(struct mapped_file_view *v, const struct path_ref *p);
void view_files_fill(struct task_view *v, struct task *t); /* view lock */
void view_files_free(struct task_view *v);		   /* view lock */

extern struct task_view module_init_task;
extern struct mm_view module_init_mm;

void module_init_mm_fill(void);

/* The view of @mm, made when it is new; NULL: no memory. View lock held. */
void view_mm_init(void); /* init_mm, before any module */
struct mm_view *view_mm_get(struct mm_struct *mm);
/* Figures and vmas as they are now; the list is left as it was where mmap_lock cannot be had at once. View lock held. */
void view_mm_fill(struct mm_view *v);
/* As much of @mm, the running task's, as needs no lock: figures, no vmas. Any context. */
void view_mm_figures(struct mm_view *v, struct mm_struct *mm);
void view_mm_sweep(unsigned round); /* views that this round did not see go; 0: all. view lock */
void module_views_drop(void);	    /* no module is left: all views go */

#endif
