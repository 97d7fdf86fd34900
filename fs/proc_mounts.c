/*
 * /proc/PID/mounts, mountinfo and mountstats: what of the mount tree the reader's root directory has below it.
 *
 * OWNS     mount_event: how often the tree has changed; who polls mounts or mountinfo is told by POLLPRI and POLLERR.
 * LOCKS    dcache_lock around links of the tree; a mount is referenced while it is shown.   CONTEXT  tasks; may sleep.
 * SOURCES  proc(5) /proc/PID/mounts, mountinfo, mountstats.   TESTED BY  tests/guest/fs_mount.c
 */
#include "proc_impl.h"

#include "base/errno.h"
#include "fs/path.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "vfs_impl.h"

static struct proc_event mount_event = { .waiters = WAITQ_INIT(mount_event.waiters) };

void mount_changed(void)
{
	proc_event_tell(&mount_event);
}

static void show_flags(struct seq_file *s, unsigned long flags)
{
	static const struct {
		unsigned long bit;
		const char *text;
	} names[] = { { MS_NOSUID, ",nosuid" },		 { MS_NODEV, ",nodev" },
		      { MS_NOEXEC, ",noexec" },		 { MS_NOATIME, ",noatime" },
		      { MS_NODIRATIME, ",nodiratime" },	 { MS_RELATIME, ",relatime" },
		      { MS_NOSYMFOLLOW, ",nosymfollow" } };
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].bit)
			seq_puts(s, names[i].text);
}

static void show_options(struct seq_file *s, struct super_block *sb)
{
	char opts[128];

	if (!sb->ops->show_options)
		return;
	sb->ops->show_options(sb, opts, sizeof(opts));
	seq_puts(s, opts);
}

/* @buf: VFS_PATH_MAX bytes. */
static void show_mount(struct seq_file *s, struct vfsmount *m, char *buf)
{
	struct path_ref p = { m, m->root };

	if (path_format(&p, buf, VFS_PATH_MAX) < 0)
		return;
	seq_escape(s, m->source);
	seq_putc(s, ' ');
	seq_escape(s, buf);
	seq_printf(s, " %s %s", m->sb->type->name, mount_readonly(m) ? "ro" : "rw");
	show_flags(s, m->flags);
	show_options(s, m->sb);
	seq_puts(s, " 0 0\n");
}

static void show_mountinfo(struct seq_file *s, struct vfsmount *m, char *buf)
{
	struct path_ref p = { m, m->root }, inner = { NULL, m->root };
	int parent_id;

	spin_lock(&dcache_lock);
	parent_id = m->parent ? m->parent->id : m->id;
	path_format_locked(&inner, NULL, buf, VFS_PATH_MAX);
	spin_unlock(&dcache_lock);
	seq_printf(s, "%d %d %u:%u ", m->id, parent_id, MAJOR(m->sb->dev), MINOR(m->sb->dev));
	seq_escape(s, m->root == m->sb->root ? "/" : buf);
	if (path_format(&p, buf, VFS_PATH_MAX) < 0)
		str_copy(buf, "/", 2);
	seq_putc(s, ' ');
	seq_escape(s, buf);
	seq_printf(s, " %s", m->flags & MS_RDONLY ? "ro" : "rw");
	show_flags(s, m->flags);
	seq_printf(s, " - %s ", m->sb->type->name);
	seq_escape(s, m->source);
	seq_puts(s, m->sb->flags & MS_RDONLY ? " ro" : " rw");
	show_options(s, m->sb);
	seq_putc(s, '\n');
}

static void show_mountstats(struct seq_file *s, struct vfsmount *m, char *buf)
{
	struct path_ref p = { m, m->root };

	if (path_format(&p, buf, VFS_PATH_MAX) < 0)
		return;
	seq_puts(s, "device ");
	seq_escape(s, m->source);
	seq_puts(s, " mounted on ");
	seq_escape(s, buf);
	seq_printf(s, " with fstype %s\n", m->sb->type->name);
}

/* Does one get to the root of @m from @root? */
static bool mount_is_seen(const struct vfsmount *m, const struct path_ref *root)
{
	const struct dentry *d = m->root;

	spin_lock(&dcache_lock);
	for (; m && m != root->mnt; m = m->parent)
		d = m->mountpoint;
	while (m && d != root->dentry && d->parent != d)
		d = d->parent;
	spin_unlock(&dcache_lock);
	return m && d == root->dentry;
}

/* Those that the caller's root directory has at or below it. */
static void show_all(struct seq_file *s, void (*show)(struct seq_file *, struct vfsmount *, char *))
{
	char *buf = kmalloc(VFS_PATH_MAX, GFP_KERNEL);
	const struct fs_struct *fs = current_task()->fs;
	struct vfsmount *m;
	int id = 0;

	if (!buf) {
		s->err = -ENOMEM;
		return;
	}
	while ((m = mount_next(&id)) != NULL) {
		if (!fs || mount_is_seen(m, &fs->root))
			show(s, m, buf);
		mnt_put(m);
	}
	kfree(buf);
}

int pid_mounts_show(struct seq_file *m, struct task *t)
{
	show_all(m, show_mount);
	return 0;
}

int pid_mountinfo_show(struct seq_file *m, struct task *t)
{
	show_all(m, show_mountinfo);
	return 0;
}

int pid_mountstats_show(struct seq_file *m, struct task *t)
{
	show_all(m, show_mountstats);
	return 0;
}

/* ---- poll(2) ---- */

static int mounts_open(struct inode *inode, struct file *f)
{
	int err = proc_pid_text_open(inode, f);

	if (!err)
		proc_event_seen(f, &mount_event);
	return err;
}

static unsigned mounts_poll(struct file *f, struct poll_table *pt)
{
	return proc_event_poll(f, pt, &mount_event);
}

const struct file_ops pid_mounts_fops = {
	.open = mounts_open,
	.release = proc_text_release,
	.read = proc_text_read,
	.write = proc_text_write,
	.read_kernel = proc_text_read_kernel,
	.own_locks = true,
	.poll = mounts_poll,
};
