/* Root and working directory of a task: task->fs. */
#ifndef _LINUX_FS_STRUCT_H
#define _LINUX_FS_STRUCT_H

#include <linux/fdtable.h>

static inline void get_fs_root(struct fs_struct *fs, struct path *root)
{
	*root = fs->root;
	path_get(root);
}

static inline void get_fs_pwd(struct fs_struct *fs, struct path *pwd)
{
	*pwd = fs->pwd;
	path_get(pwd);
}

static inline void get_fs_root_and_pwd(struct fs_struct *fs, struct path *root, struct path *pwd)
{
	get_fs_root(fs, root);
	get_fs_pwd(fs, pwd);
}
#define current_umask() (current->fs->umask)

#endif
