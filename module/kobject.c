/*
 * Attributes of modules in /sys: kobjects, and the calls behind their files.
 *
 * OWNS     the path of each kobject that is in /sys.
 * WHY      a kobject here is its directory's path: what hangs below it is a name more. An attribute's file is one like a module's
 *          in /proc (procfs.c), with calls of ours that turn reading and writing into the attribute's show and store.
 * I1       kobj->path is set exactly while the directory is there.
 * CONTEXT  threads; sleeps.   FAILS  -ENOMEM, -EEXIST.
 * SOURCES  sysfs(5); Linux Documentation/core-api/kobject.rst, filesystems/sysfs.rst.   TESTED BY  module_api, module_course (guest)
 */
#include "module/device.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "module/api.h"
#include "module/module.h"
#include "module/text.h"
#include "sync/failpoint.h"
#include "uapi/stat.h"

enum { PATH_ROOM = 160 };

struct kobject_view module_kernel_kobj = { .name = "kernel", .path = (char *)"kernel" };

/* ---- one attribute ---- */

/* By the object's own type, or, of one without, by the attribute's. */
static long call_show(struct kobject_view *k, struct attribute_view *a, char *buf)
{
	struct attr_view *attr = container_of(a, struct attr_view, attr);

	if (k->ktype && k->ktype->sysfs_ops)
		return k->ktype->sysfs_ops->show ? k->ktype->sysfs_ops->show(k, a, buf) : -EIO;
	return attr->show ? attr->show(k, attr, buf) : -EIO;
}

static long call_store(struct kobject_view *k, struct attribute_view *a, const char *buf, size_t n)
{
	struct attr_view *attr = container_of(a, struct attr_view, attr);

	if (k->ktype && k->ktype->sysfs_ops)
		return k->ktype->sysfs_ops->store ? k->ktype->sysfs_ops->store(k, a, buf, n) : -EIO;
	return attr->store ? attr->store(k, attr, buf, n) : -EIO;
}

static long attr_read(struct file_view *f, char *buf, size_t len, long long *pos)
{
	char *page = failpoint("module_attr") ? NULL : kzalloc(PAGE_SIZE, GFP_KERNEL);
	long n = -ENOMEM;

	if (!page)
		return n;
	n = call_show(f->f_inode->pde_data, f->f_inode->i_private, page);
	if (n > 0) {
		n = *pos < n ? min_of(long, (long)len, n - (long)*pos) : 0;
		if (n && copy_to_user((uaddr_t)buf, page + *pos, (size_t)n))
			n = -EFAULT;
	}
	if (n > 0)
		*pos += n;
	kfree(page);
	return n;
}

static long attr_write(struct file_view *f, const char *buf, size_t len, long long *pos)
{
	char *text = kmalloc(PAGE_SIZE, GFP_KERNEL);
	long n = -ENOMEM;

	len = min_of(size_t, len, PAGE_SIZE - 1);
	if (!text)
		return n;
	if (copy_from_user(text, (uaddr_t)buf, len)) {
		n = -EFAULT;
	} else {
		text[len] = '\0';
		n = call_store(f->f_inode->pde_data, f->f_inode->i_private, text, len);
	}
	if (n > 0)
		*pos += n;
	kfree(text);
	return n;
}

static const struct module_calls attr_calls = { .read = attr_read, .write = attr_write };

static bool path_of(const struct kobject_view *k, const char *name, char *path)
{
	return k->path && fmt_snprintf(path, PATH_ROOM, "%s/%s", k->path, name) < PATH_ROOM;
}

int module_sysfs_create_file(struct kobject_view *k, const struct attribute_view *a)
{
	char path[PATH_ROOM];

	if (!path_of(k, a->name, path))
		return -EINVAL;
	return module_tree_file(IN_SYSFS, path, S_IFREG | a->mode, &attr_calls, (void *)a, k,
				(kaddr_t)a);
}

void module_sysfs_remove_file(struct kobject_view *k, const struct attribute_view *a)
{
	char path[PATH_ROOM];

	if (path_of(k, a->name, path))
		module_tree_remove(IN_SYSFS, path);
}

/* ---- bytes ---- */

/* How much of @n at @pos, where @size is the end if it is known. */
static size_t bin_room(const struct bin_attr_view *a, long long pos, size_t n)
{
	n = min_of(size_t, n, PAGE_SIZE);
	if (!a->size)
		return n;
	return pos < (long long)a->size ? min_of(size_t, n, a->size - (size_t)pos) : 0;
}

static long bin_move(struct file_view *f, uaddr_t user, size_t len, long long *pos, bool write)
{
	struct bin_attr_view *a = f->f_inode->i_private;
	struct kobject_view *k = f->f_inode->pde_data;
	size_t room = *pos < 0 ? 0 : bin_room(a, *pos, len);
	char *page;
	long n;

	if (!room)
		return write && len ? -EFBIG : 0;
	if (write ? !a->write : !a->read)
		return -EIO;
	page = failpoint("module_attr") ? NULL : kzalloc(PAGE_SIZE, GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	if (write && copy_from_user(page, user, room))
		n = -EFAULT;
	else
		n = (write ? a->write : a->read)(f, k, a, page, *pos, room);
	if (n > 0 && !write && copy_to_user(user, page, min_of(size_t, (size_t)n, room)))
		n = -EFAULT;
	if (n > 0)
		*pos += n;
	kfree(page);
	return n;
}

static long bin_read(struct file_view *f, char *buf, size_t len, long long *pos)
{
	return bin_move(f, (uaddr_t)buf, len, pos, false);
}

static long bin_write(struct file_view *f, const char *buf, size_t len, long long *pos)
{
	return bin_move(f, (uaddr_t)buf, len, pos, true);
}

int module_sysfs_create_bin_file(struct kobject_view *k, const struct bin_attr_view *a)
{
	static const struct module_calls calls = { .read = bin_read, .write = bin_write };
	char path[PATH_ROOM];

	if (!path_of(k, a->attr.name, path))
		return -EINVAL;
	return module_tree_file(IN_SYSFS, path, S_IFREG | a->attr.mode, &calls, (void *)a, k,
				(kaddr_t)a);
}

void module_sysfs_remove_bin_file(struct kobject_view *k, const struct bin_attr_view *a)
{
	module_sysfs_remove_file(k, &a->attr);
}

/* ---- links ---- */

int module_sysfs_create_link(struct kobject_view *k, struct kobject_view *target, const char *name)
{
	char path[PATH_ROOM], to[PATH_ROOM];
	size_t n = 0;

	if (!target->path || !path_of(k, name, path))
		return -EINVAL;
	for (const char *c = path; *c && n + 3 < sizeof(to); c++)
		if (*c == '/')
			n += fmt_snprintf(to + n, sizeof(to) - n, "../");
	n += fmt_snprintf(to + n, sizeof(to) - n, "%s", target->path);
	return n < sizeof(to) ? module_tree_link(IN_SYSFS, path, to, (kaddr_t)name) : -EINVAL;
}

void module_sysfs_remove_link(struct kobject_view *k, const char *name)
{
	char path[PATH_ROOM];

	if (path_of(k, name, path))
		module_tree_remove(IN_SYSFS, path);
}

/* ---- groups ---- */

/* All of a group, in a directory of its own where it has a name. */
int module_sysfs_create_group(struct kobject_view *k, const struct group_view *g)
{
	char path[PATH_ROOM];
	int err = 0;

	if (g->name && !path_of(k, g->name, path))
		return -EINVAL;
	for (unsigned i = 0; g->attrs && g->attrs[i] && !err; i++) {
		struct attribute_view *a = g->attrs[i];
		unsigned mode = g->is_visible ? g->is_visible(k, a, (int)i) : a->mode;
		char leaf[PATH_ROOM];
		size_t n = fmt_snprintf(leaf, sizeof(leaf), "%s%s%s/%s", k->path,
					g->name ? "/" : "", g->name ? g->name : "", a->name);

		if (!mode)
			continue;
		err = n < sizeof(leaf) ? module_tree_file(IN_SYSFS, leaf, S_IFREG | (mode & 0777),
							  &attr_calls, a, k, (kaddr_t)a)
				       : -EINVAL;
	}
	for (unsigned i = 0; !g->name && g->bin_attrs && g->bin_attrs[i] && !err; i++)
		err = module_sysfs_create_bin_file(k, g->bin_attrs[i]);
	if (err)
		module_sysfs_remove_group(k, g);
	return err;
}

void module_sysfs_remove_group(struct kobject_view *k, const struct group_view *g)
{
	char path[PATH_ROOM];

	if (g->name && path_of(k, g->name, path)) {
		module_tree_remove(IN_SYSFS, path);
		return;
	}
	for (unsigned i = 0; g->attrs && g->attrs[i]; i++)
		module_sysfs_remove_file(k, g->attrs[i]);
	for (unsigned i = 0; g->bin_attrs && g->bin_attrs[i]; i++)
		module_sysfs_remove_bin_file(k, g->bin_attrs[i]);
}

/* ---- kobjects ---- */

static int add_groups(struct kobject_view *k)
{
	const struct kobj_type_view *t = k->ktype;
	int err = 0;

	for (unsigned i = 0; t && t->default_attrs && t->default_attrs[i] && !err; i++)
		err = module_sysfs_create_file(k, t->default_attrs[i]);
	for (unsigned i = 0; t && t->default_groups && t->default_groups[i] && !err; i++)
		err = module_sysfs_create_group(k, t->default_groups[i]);
	return err;
}

/* Its directory below @parent's (NULL: the top of /sys). @name is copied. */
int module_kobject_add(struct kobject_view *k, struct kobject_view *parent, const char *name)
{
	size_t n;
	int err;

	if (!parent && k->kset)
		parent = &k->kset->kobj;
	k->path = failpoint("module_kobject") ? NULL : kmalloc(PATH_ROOM, GFP_KERNEL);
	if (!k->path)
		return -ENOMEM;
	n = fmt_snprintf(k->path, PATH_ROOM, "%s%s%s", parent ? parent->path : "",
			 parent ? "/" : "", name);
	err = n < PATH_ROOM ? module_tree_dir(IN_SYSFS, k->path,
					      module_of((kaddr_t)name) ? (kaddr_t)name : (kaddr_t)k)
			    : -EINVAL;
	if (err) {
		kfree(k->path);
		k->path = NULL;
		return err;
	}
	k->name = k->path + n - strlen(name);
	k->parent = parent;
	err = add_groups(k);
	if (err)
		module_kobject_del(k);
	return err;
}

void module_kobject_init(struct kobject_view *k, const struct kobj_type_view *type)
{
	k->refs.counter = 1;
	k->ktype = type;
	list_init(&k->entry);
}

static struct kobject_view *create(size_t size, const char *name, struct kobject_view *parent)
{
	struct kobject_view *k = kzalloc(size, GFP_KERNEL);

	if (!k)
		return NULL;
	module_kobject_init(k, NULL);
	k->own = true;
	if (!module_kobject_add(k, parent, name))
		return k;
	kfree(k);
	return NULL;
}

struct kobject_view *module_kobject_create(const char *name, struct kobject_view *parent)
{
	return create(sizeof(struct kobject_view), name, parent);
}

struct kset_view *module_kset_create(const char *name, struct kobject_view *parent)
{
	_Static_assert(offsetof(struct kset_view, kobj) == 0, "NULL stays NULL");
	return container_of(create(sizeof(struct kset_view), name, parent), struct kset_view, kobj);
}

/* Return: what its name is in, to be freed. */
static char *take_out(struct kobject_view *k)
{
	char *path = k->path;

	if (path)
		module_tree_remove(IN_SYSFS, path);
	k->path = NULL;
	return path;
}

void module_kobject_del(struct kobject_view *k)
{
	char *path = take_out(k);

	if (!path)
		return;
	k->name = "";
	kfree(path);
}

struct kobject_view *module_kobject_get(struct kobject_view *k)
{
	if (k)
		(void)__atomic_fetch_add(&k->refs.counter, 1, __ATOMIC_SEQ_CST);
	return k;
}

void module_kobject_put(struct kobject_view *k)
{
	char *path;

	if (!k || __atomic_sub_fetch(&k->refs.counter, 1, __ATOMIC_SEQ_CST))
		return;
	path = take_out(k); /* the name is there until release has run */
	if (k->ktype && k->ktype->release)
		k->ktype->release(k);
	else if (k->own)
		kfree(k);
	kfree(path);
}

/* ---- numbers in debugfs ---- */

enum { KIND_BYTES = 15, KIND_HEX = 16, KIND_SIGNED = 32, KIND_BOOL = 64 };

static long number_read(struct file_view *f, char *buf, size_t len, long long *pos)
{
	const unsigned kind = (unsigned)(uintptr_t)f->f_inode->pde_data;
	const void *at = f->f_inode->i_private;
	unsigned long long v = 0;
	char text[32];
	long n;

	memcpy(&v, at, kind & KIND_BYTES);
	if (kind & KIND_BOOL)
		n = module_scnprintf(text, sizeof(text), "%c\n", v ? 'Y' : 'N');
	else if (kind & KIND_HEX)
		n = module_scnprintf(text, sizeof(text), "0x%0*llx\n", (int)(kind & KIND_BYTES) * 2,
				     v);
	else if (kind & KIND_SIGNED)
		n = module_scnprintf(text, sizeof(text), "%d\n", (int)v);
	else
		n = module_scnprintf(text, sizeof(text), "%llu\n", v);
	n = *pos < n ? min_of(long, (long)len, n - (long)*pos) : 0;
	if (n && copy_to_user((uaddr_t)buf, text + *pos, (size_t)n))
		return -EFAULT;
	*pos += n;
	return n;
}

static long number_write(struct file_view *f, const char *buf, size_t len, long long *pos)
{
	const unsigned kind = (unsigned)(uintptr_t)f->f_inode->pde_data;
	size_t n = min_of(size_t, len, 31);
	unsigned long long v;
	char text[32];
	bool on = false;
	int err;

	if (copy_from_user(text, (uaddr_t)buf, n))
		return -EFAULT;
	text[n] = '\0';
	err = kind & KIND_BOOL ? module_kstrtobool(text, &on) : module_kstrtoull(text, 0, &v);
	if (err)
		return err;
	if (kind & KIND_BOOL)
		v = on;
	memcpy(f->f_inode->i_private, &v, kind & KIND_BYTES);
	return (long)len;
}

struct module_proc *module_debugfs_number(const char *name, unsigned mode,
					  struct module_proc *parent, void *value, unsigned kind)
{
	const struct module_calls calls = { .read = number_read, .write = number_write };

	return module_debugfs_new(name, mode, parent, &calls, value, (void *)(uintptr_t)kind);
}

/* ---- bytes in debugfs ---- */

struct blob_view { /* struct debugfs_blob_wrapper */
	const char *data;
	unsigned long size;
};

static long blob_read(struct file_view *f, char *buf, size_t len, long long *pos)
{
	const struct blob_view *b = f->f_inode->i_private;
	long n = *pos >= 0 && (unsigned long)*pos < b->size
			 ? min_of(long, (long)len, (long)b->size - (long)*pos)
			 : 0;

	if (n && copy_to_user((uaddr_t)buf, b->data + *pos, (size_t)n))
		return -EFAULT;
	*pos += n;
	return n;
}

struct module_proc *module_debugfs_blob(const char *name, unsigned mode, struct module_proc *parent,
					void *blob)
{
	const struct module_calls calls = { .read = blob_read };

	return module_debugfs_new(name, mode, parent, &calls, blob, blob);
}
