/*
 * /proc/PID: the directories of processes and threads.
 *
 * OWNS     struct pid_inode behind every inode of a process.
 * WHY      processes come and go, so nothing of theirs is kept in the dentry cache: each lookup makes an inode that holds
 *          the task, and the last user frees both. A dead process answers -ESRCH.
 * LOCKS    tasklist_lock, taken inside the calls of kernel/.
 * CONTEXT  tasks; may sleep.
 * SOURCES  proc(5); ptrace(2) "Ptrace access mode checking".
 */
#include "proc_impl.h"

#include "base/errno.h"
#include "fs/file.h"
#include "kernel/task.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "pseudo.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

enum pid_kind {
	KIND_DIR,
	KIND_THREAD,
	KIND_FILE,
	KIND_LINK,
	KIND_FD_DIR,
	KIND_FD_LINK,
	KIND_FDINFO_DIR,
	KIND_FDINFO,
	KIND_TASK_DIR,
	KIND_NET_DIR, /* no inode of this file's */
	KIND_MAP_DIR,
	KIND_MAP_LINK
};

struct pid_inode {
	struct task *task; /* referenced */
	enum pid_kind kind;
	const struct proc_pid_entry *entry;
	int fd;
	bool of_thread;		/* below task/TID */
	struct map_range range; /* of a KIND_MAP_LINK */
};

enum { MAX_TABLES = 8, INO_PER_PID = 4096, INO_MAP = 255, INO_FD = 256, INO_FDINFO = 2048 };

static struct {
	const struct proc_pid_entry *entries;
	unsigned nr;
} tables[MAX_TABLES];
static unsigned nr_tables; /* boot */

static const struct inode_ops dir_iops, fd_dir_iops, link_iops, file_iops;
static const struct file_ops dir_fops;

void proc_register_pid(const struct proc_pid_entry *entries, unsigned nr)
{
	must(nr_tables < MAX_TABLES);
	tables[nr_tables].entries = entries;
	tables[nr_tables].nr = nr;
	nr_tables++;
}

static struct pid_inode *pid_of(const struct inode *inode)
{
	return inode->private;
}

struct task *proc_task_of(const struct inode *inode)
{
	return pid_of(inode)->task;
}

/* ---- facts about a task ---- */

struct cred *task_cred_get(struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct cred *c = cred_get(t->cred);

	spin_unlock_irqrestore(&tasklist_lock, flags);
	return c;
}

bool task_is_dead(struct task *t)
{
	return READ_ONCE(t->exit_state) == EXIT_DEAD;
}

bool task_may_inspect(struct task *t)
{
	const struct cred *me = current_task()->cred;
	struct cred *c;
	bool same;

	if (t->signal == current_task()->signal || !me)
		return true;
	c = task_cred_get(t);
	same = me->fsuid == c->uid && me->fsuid == c->euid && me->fsuid == c->suid &&
	       me->fsgid == c->gid && me->fsgid == c->egid && me->fsgid == c->sgid &&
	       t->signal->dumpable == SUID_DUMP_USER;
	cred_put(c);
	return same || capable(CAP_SYS_PTRACE);
}

int task_mm_inspect(struct task *t, struct mm_struct **out)
{
	if (!task_may_inspect(t))
		return -EACCES;
	*out = task_mm_get(t);
	return 0;
}

/* ---- inodes ---- */

static unsigned long ino_of(const struct task *t, unsigned index)
{
	return (unsigned long)t->pid * INO_PER_PID + index + 1;
}

/* Consumes the reference of @t. */
static struct inode *new_inode(struct super_block *sb, struct task *t, uint32_t mode,
			       enum pid_kind kind, unsigned index)
{
	struct pid_inode *p = failpoint("pid_inode") ? NULL : kzalloc(sizeof(*p), GFP_KERNEL);
	struct inode *inode = p ? inode_alloc(sb, mode) : NULL;
	struct cred *c;

	if (!inode) {
		kfree(p);
		task_put(t);
		return NULL;
	}
	p->task = t;
	p->kind = kind;
	p->fd = -1;
	inode->uncached = true;
	inode->private = p;
	inode->ino = ino_of(t, index);
	inode->ops = S_ISDIR(mode) ? &dir_iops : S_ISLNK(mode) ? &link_iops : &file_iops;
	inode->fops = S_ISDIR(mode) ? &dir_fops : NULL;
	inode->nlink = S_ISDIR(mode) ? 2 : 1;
	if (t->signal->dumpable == SUID_DUMP_USER || (S_ISDIR(mode) && (mode & 0777) == 0555)) {
		c = task_cred_get(t);
		inode->uid = c->euid;
		inode->gid = c->egid;
		cred_put(c);
	}
	return inode;
}

void proc_pid_evict(struct inode *inode)
{
	task_put(pid_of(inode)->task);
	kfree(inode->private);
}

struct inode *proc_pid_inode(struct super_block *sb, struct task *t, bool is_thread)
{
	return new_inode(sb, t, S_IFDIR | 0555, is_thread ? KIND_THREAD : KIND_DIR, 0);
}

int proc_pid_lookup(struct inode *root, const struct qstr *name, struct inode **out)
{
	int pid = proc_parse_number(name);
	struct task *t = pid > 0 ? task_find(pid) : NULL;

	if (!t)
		return -ENOENT;
	*out = proc_pid_inode(root->sb, t, false);
	return *out ? 0 : -ENOMEM;
}

static enum pid_kind kind_of(const struct proc_pid_entry *e)
{
	if (S_ISLNK(e->mode))
		return KIND_LINK;
	if (!S_ISDIR(e->mode))
		return KIND_FILE;
	if (!strcmp(e->name, "fd"))
		return KIND_FD_DIR;
	if (!strcmp(e->name, "map_files"))
		return KIND_MAP_DIR;
	if (!strcmp(e->name, "net"))
		return KIND_NET_DIR;
	return strcmp(e->name, "fdinfo") ? KIND_TASK_DIR : KIND_FDINFO_DIR;
}

static const struct file_ops pid_text_fops;

/* Entry number @index of a process's directory; NULL past the last. */
static const struct proc_pid_entry *entry_at(unsigned index)
{
	unsigned i;

	for (i = 0; i < nr_tables; i++) {
		if (index < tables[i].nr)
			return &tables[i].entries[index];
		index -= tables[i].nr;
	}
	return NULL;
}

static bool entry_hidden(const struct proc_pid_entry *e, enum pid_kind dir)
{
	return e->where == (dir == KIND_THREAD ? PID_ONLY : TASK_ONLY);
}

static struct inode *entry_inode(struct inode *dir, const struct proc_pid_entry *e, unsigned index)
{
	struct task *t = proc_task_of(dir);
	uint32_t mode = e->mode & S_IFMT ? e->mode : e->mode | S_IFREG;
	struct inode *inode;

	if (kind_of(e) == KIND_NET_DIR)
		return proc_net_inode(dir->sb);
	task_get(t);
	inode = new_inode(dir->sb, t, mode, kind_of(e), index + 1);
	if (!inode)
		return NULL;
	if (pid_of(inode)->kind == KIND_FD_DIR)
		inode->ops = &fd_dir_iops;
	pid_of(inode)->entry = e;
	pid_of(inode)->of_thread = pid_of(dir)->kind == KIND_THREAD;
	if (S_ISREG(mode))
		inode->fops = e->fops ? e->fops : &pid_text_fops;
	return inode;
}

static int lookup_entry(struct inode *dir, const struct qstr *name, struct inode **out)
{
	const struct proc_pid_entry *e;
	unsigned i;

	for (i = 0; (e = entry_at(i)) != NULL; i++) {
		if (e->name[0] != name->name[0] || strncmp(e->name, name->name, name->len) ||
		    e->name[name->len])
			continue;
		if (entry_hidden(e, pid_of(dir)->kind))
			return -ENOENT;
		*out = entry_inode(dir, e, i);
		return *out ? 0 : -ENOMEM;
	}
	return -ENOENT;
}

enum { LINK_SIZE = 64 }; /* what lstat(2) says of the links to open files and to mapped ones */

static uint32_t fd_link_mode(const struct file *f)
{
	static const uint32_t by_mode[] = { 0500, 0300, 0700, 0700 };

	return S_IFLNK | (f->flags & O_PATH ? 0 : by_mode[f->flags & O_ACCMODE]);
}

static int lookup_fd(struct inode *dir, const struct qstr *name, struct inode **out)
{
	struct task *t = proc_task_of(dir);
	bool info = pid_of(dir)->kind == KIND_FDINFO_DIR;
	int fd = proc_parse_number(name);
	struct file *f = task_file(t, fd);
	uint32_t mode;

	if (!f)
		return -ENOENT;
	mode = info ? S_IFREG | 0444 : fd_link_mode(f);
	fput(f);
	task_get(t);
	*out = new_inode(dir->sb, t, mode, info ? KIND_FDINFO : KIND_FD_LINK,
			 (unsigned)(info ? INO_FDINFO : INO_FD) + (unsigned)fd);
	if (!*out)
		return -ENOMEM;
	pid_of(*out)->fd = fd;
	if (info)
		(*out)->fops = &pid_text_fops;
	else
		(*out)->mapping.size = LINK_SIZE;
	return 0;
}

static int lookup_map(struct inode *dir, const struct qstr *name, struct inode **out)
{
	struct task *t = proc_task_of(dir);
	struct map_range r;
	int err;

	if (!map_files_parse(name, &r))
		return -ENOENT;
	err = map_files_find(t, &r, NULL);
	if (err)
		return err;
	task_get(t);
	*out = new_inode(dir->sb, t, r.mode, KIND_MAP_LINK, INO_MAP);
	if (!*out)
		return -ENOMEM;
	pid_of(*out)->range = r;
	(*out)->mapping.size = LINK_SIZE;
	return 0;
}

static int lookup_thread(struct inode *dir, const struct qstr *name, struct inode **out)
{
	int tid = proc_parse_number(name);
	struct task *t = tid > 0 ? task_find(tid) : NULL;

	if (!t)
		return -ENOENT;
	if (t->signal != proc_task_of(dir)->signal) {
		task_put(t);
		return -ENOENT;
	}
	*out = proc_pid_inode(dir->sb, t, true);
	return *out ? 0 : -ENOMEM;
}

static int pid_lookup(struct inode *dir, const struct qstr *name, struct inode **out)
{
	switch (pid_of(dir)->kind) {
	case KIND_FD_DIR:
	case KIND_FDINFO_DIR:
		return lookup_fd(dir, name, out);
	case KIND_TASK_DIR:
		return lookup_thread(dir, name, out);
	case KIND_MAP_DIR:
		return lookup_map(dir, name, out);
	default:
		return task_is_dead(proc_task_of(dir)) ? -ENOENT : lookup_entry(dir, name, out);
	}
}

/* ---- symlinks ---- */

static int link_target(struct inode *inode, struct path_ref *out)
{
	struct pid_inode *p = pid_of(inode);
	struct file *f;

	if (!task_may_inspect(p->task))
		return -EACCES;
	if (p->kind == KIND_LINK)
		return p->entry->link(p->task, out);
	if (p->kind == KIND_MAP_LINK)
		return map_files_find(p->task, &p->range, out);
	f = task_file(p->task, p->fd);
	if (!f)
		return -ENOENT;
	*out = f->path;
	path_get(out);
	fput(f);
	return 0;
}

/* The name in map_files leads past all rights of directories: not for everybody. */
static int link_follow(struct inode *inode, struct path_ref *out)
{
	if (pid_of(inode)->kind == KIND_MAP_LINK && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	return link_target(inode, out);
}

static int link_readlink(struct inode *inode, char *buf, size_t size)
{
	struct path_ref p;
	char *text;
	long len;
	int err = link_target(inode, &p);

	if (err)
		return err;
	text = kmalloc(VFS_PATH_MAX, GFP_KERNEL);
	len = text ? path_format(&p, text, VFS_PATH_MAX) : -ENOMEM;
	path_put(&p);
	if (len > 0) {
		len = min_of(long, len, (long)size);
		memcpy(buf, text, (size_t)len);
	}
	kfree(text);
	return (int)len;
}

/* ---- reading directories ---- */

void proc_pid_emit(struct dir_context *c, int first)
{
	struct task *t;
	char name[12];
	bool more = true;
	int pid = first;

	while (more && (t = task_next(&pid, true)) != NULL) {
		fmt_snprintf(name, sizeof(name), "%d", pid);
		more = proc_emit(c, (uint64_t)PSEUDO_MORE_POS + (unsigned)pid + 1, name,
				 ino_of(t, 0), DT_DIR);
		task_put(t);
		pid++;
	}
}

static void emit_entries(const struct pid_inode *p, struct dir_context *c)
{
	const struct proc_pid_entry *e;

	while ((e = entry_at((unsigned)c->pos - 2)) != NULL) {
		uint32_t mode = e->mode & S_IFMT ? e->mode : S_IFREG;
		unsigned index = (unsigned)c->pos - 1;

		if (entry_hidden(e, p->kind))
			c->pos++;
		else if (!proc_emit(c, c->pos + 1, e->name,
				    kind_of(e) == KIND_NET_DIR ? PROC_NET_INO
							       : ino_of(p->task, index),
				    mode_to_dtype(mode)))
			return;
	}
}

static void emit_fds(const struct pid_inode *p, struct dir_context *c)
{
	bool info = p->kind == KIND_FDINFO_DIR;
	struct file *f;
	char name[12];
	bool more = true;
	int fd = (int)c->pos - 2;

	while (more && (f = task_file_next(p->task, &fd)) != NULL) {
		fput(f);
		fmt_snprintf(name, sizeof(name), "%d", fd);
		more = proc_emit(
			c, (uint64_t)(unsigned)fd + 3, name,
			ino_of(p->task, (unsigned)(info ? INO_FDINFO : INO_FD) + (unsigned)fd),
			info ? DT_REG : DT_LNK);
		fd++;
	}
}

static void emit_threads(const struct pid_inode *p, struct dir_context *c)
{
	struct task *t;
	char name[12];
	bool more = true;
	int tid = (int)c->pos - 2;

	while (more && (t = task_next_thread(p->task, &tid)) != NULL) {
		fmt_snprintf(name, sizeof(name), "%d", tid);
		more = proc_emit(c, (uint64_t)(unsigned)tid + 3, name, ino_of(t, 0), DT_DIR);
		task_put(t);
		tid++;
	}
}

static void emit_maps(const struct pid_inode *p, struct dir_context *c)
{
	char name[40];
	struct map_range r;

	while (map_files_next(p->task, (unsigned long)c->pos - 2, &r)) {
		fmt_snprintf(name, sizeof(name), "%lx-%lx", r.start, r.end);
		if (!proc_emit(c, (uint64_t)r.start + 3, name, ino_of(p->task, INO_MAP), DT_LNK))
			return;
	}
}

static int pid_iterate(struct file *f, struct dir_context *c)
{
	const struct pid_inode *p = pid_of(f->inode);

	if (task_is_dead(p->task))
		return -ENOENT;
	if (!proc_emit_dots(f, c))
		return 0;
	if (p->kind == KIND_FD_DIR || p->kind == KIND_FDINFO_DIR)
		emit_fds(p, c);
	else if (p->kind == KIND_TASK_DIR)
		emit_threads(p, c);
	else if (p->kind == KIND_MAP_DIR)
		emit_maps(p, c);
	else
		emit_entries(p, c);
	return 0;
}

/* A process has its own descriptors also when the rest of its files are root's. */
static int fd_dir_permission(struct inode *inode, unsigned mask)
{
	if (pid_of(inode)->task->signal == current_task()->signal)
		return 0;
	return generic_permission(inode, mask);
}

static const struct inode_ops dir_iops = { .lookup = pid_lookup };
static const struct inode_ops fd_dir_iops = { .lookup = pid_lookup,
					      .permission = fd_dir_permission };
static const struct inode_ops link_iops = { .readlink = link_readlink, .follow = link_follow };
static const struct inode_ops file_iops;
static const struct file_ops dir_fops = { .iterate = pid_iterate };

struct task *proc_dir_process(const struct file *f)
{
	if (f->ops != &dir_fops || pid_of(f->inode)->kind != KIND_DIR)
		return NULL;
	task_get(pid_of(f->inode)->task);
	return pid_of(f->inode)->task;
}

/* ---- text files ---- */

int proc_pid_text_open(struct inode *inode, struct file *f)
{
	const struct proc_pid_entry *e = pid_of(inode)->entry;
	struct proc_file *pf;

	if (e && e->inspect && !task_may_inspect(proc_task_of(inode)))
		return -EACCES;
	pf = proc_file_new(f);
	if (!pf)
		return -ENOMEM;
	pf->pid_entry = e;
	pf->task = pid_of(inode)->task;
	pf->fd = pid_of(inode)->fd;
	pf->of_thread = pid_of(inode)->of_thread;
	pf->m.private = pf->task;
	return 0;
}

bool proc_of_thread(const struct seq_file *m)
{
	return container_of(m, struct proc_file, m)->of_thread;
}

static int fdinfo_show(struct seq_file *m, struct task *t, int fd)
{
	struct file *f;

	if (!task_may_inspect(t))
		return -EACCES;
	f = task_file(t, fd);
	if (!f)
		return -ENOENT;
	seq_printf(m, "pos:\t%llu\nflags:\t0%o\nmnt_id:\t%d\nino:\t%lu\n",
		   (unsigned long long)f->pos, f->flags, f->path.mnt->id, f->inode->ino);
	if (f->ops->show_fdinfo)
		f->ops->show_fdinfo(f, m);
	fput(f);
	return 0;
}

int proc_fill_pid(struct proc_file *pf)
{
	if (task_is_dead(pf->task))
		return -ESRCH;
	if (!pf->pid_entry)
		return fdinfo_show(&pf->m, pf->task, pf->fd);
	return pf->pid_entry->show ? pf->pid_entry->show(&pf->m, pf->task) : -EINVAL;
}

static const struct file_ops pid_text_fops = {
	.open = proc_pid_text_open,
	.release = proc_text_release,
	.read = proc_text_read,
	.write = proc_text_write,
	.read_kernel = proc_text_read_kernel,
	.write_kernel = proc_text_write_kernel,
	.own_locks = true,
};
