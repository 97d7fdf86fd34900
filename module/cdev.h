/* Character devices of modules; shared by the files of module/ only. */
#ifndef MODULE_CDEV_H
#define MODULE_CDEV_H

#include "fs/file.h"
#include "fs/path.h"
#include "module/device_view.h"

struct module;

/* One open file. The module's struct file is the first member. */
struct open_chr {
	struct file_view file;
	struct inode_view inode;
	struct dentry_view dentry;
	struct mount_view mount;
	struct module_calls calls; /* i */
	struct module *owner;	   /* i: held; NULL: it did not say */
	struct file *real;	   /* i */
	struct list_head link;	   /* chrs_lock */
	atomic_t users;		   /* calls that run */
	bool dead;		   /* its module has gone */
	char path[128];
};

/* Around every call into the module. False: it has gone. */
bool must_check open_chr_enter(struct open_chr *o);
void open_chr_leave(struct open_chr *o);

/* ---- devmap.c ---- */
int devmap_mmap(struct file *f, struct vm_map_args *args);

/* ---- for modules ---- */
void module_poll_wait(struct waitq_view *q, struct poll_table *pt);
int module_region_add(unsigned major, unsigned minor, unsigned nr, const char *name);
void module_region_remove(unsigned major, unsigned minor, unsigned nr);
int module_cdev_add(struct cdev_view *c, const struct module_calls *calls, unsigned dev,
		    unsigned nr);
struct cdev_view *module_cdev_alloc(void);
void module_cdev_del(struct cdev_view *c);
int module_register_chrdev(unsigned major, const char *name, const struct module_calls *calls,
			   const void *ops);
void module_unregister_chrdev(unsigned major);

#endif
