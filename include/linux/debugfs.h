/* Files below /sys/kernel/debug. */
#ifndef _LINUX_DEBUGFS_H
#define _LINUX_DEBUGFS_H

#include <linux/err.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>

struct dentry *module_debugfs_file(const char *name, umode_t mode, struct dentry *parent,
				   const struct module_calls *calls, void *data);
struct dentry *debugfs_create_dir(const char *name, struct dentry *parent);
void debugfs_remove(struct dentry *d); /* with what is below */
enum { DEBUGFS_HEX = 16, DEBUGFS_SIGNED = 32, DEBUGFS_BOOL = 64 };
/* @kind: bytes and flags. */
struct dentry *module_debugfs_number(const char *name, umode_t mode, struct dentry *parent,
				     void *value, unsigned int kind);

/* A link named @name to @target, as in a shell: from the folder that it is in. */
struct dentry *debugfs_create_symlink(const char *name, struct dentry *parent, const char *target);

#define debugfs_remove_recursive(d) debugfs_remove(d)
/* NULL: there is none. */
struct dentry *debugfs_lookup(const char *name, struct dentry *parent);

static inline void debugfs_lookup_and_remove(const char *name, struct dentry *parent)
{
	debugfs_remove(debugfs_lookup(name, parent));
}

struct debugfs_blob_wrapper {
	void *data;
	unsigned long size;
};
struct dentry *module_debugfs_blob(const char *name, umode_t mode, struct dentry *parent,
				   void *blob);
#define debugfs_create_blob(name, mode, parent, blob) module_debugfs_blob(name, mode, parent, blob)
#define debugfs_initialized()			      true

static inline struct dentry *debugfs_create_file(const char *name, umode_t mode,
						 struct dentry *parent, void *data,
						 const struct file_operations *ops)
{
	const struct module_calls calls = file_calls(ops);

	return module_debugfs_file(name, mode, parent, &calls, data);
}
#define debugfs_create_file_unsafe debugfs_create_file

#define debugfs_create_u8(n, m, p, v)	  ((void)module_debugfs_number(n, m, p, v, 1))
#define debugfs_create_u16(n, m, p, v)	  ((void)module_debugfs_number(n, m, p, v, 2))
#define debugfs_create_u32(n, m, p, v)	  ((void)module_debugfs_number(n, m, p, v, 4))
#define debugfs_create_u64(n, m, p, v)	  ((void)module_debugfs_number(n, m, p, v, 8))
#define debugfs_create_x8(n, m, p, v)	  ((void)module_debugfs_number(n, m, p, v, 1 | DEBUGFS_HEX))
#define debugfs_create_x16(n, m, p, v)	  ((void)module_debugfs_number(n, m, p, v, 2 | DEBUGFS_HEX))
#define debugfs_create_x32(n, m, p, v)	  ((void)module_debugfs_number(n, m, p, v, 4 | DEBUGFS_HEX))
#define debugfs_create_x64(n, m, p, v)	  ((void)module_debugfs_number(n, m, p, v, 8 | DEBUGFS_HEX))
#define debugfs_create_ulong(n, m, p, v)  ((void)module_debugfs_number(n, m, p, v, sizeof(long)))
#define debugfs_create_size_t(n, m, p, v) ((void)module_debugfs_number(n, m, p, v, sizeof(long)))
#define debugfs_create_atomic_t(n, m, p, v)                                                        \
	((void)module_debugfs_number(n, m, p, v, 4 | DEBUGFS_SIGNED))
#define debugfs_create_bool(n, m, p, v) ((void)module_debugfs_number(n, m, p, v, 1 | DEBUGFS_BOOL))

#include <linux/fs_attr.h>

#endif
