/*
 * File-descriptor tables.
 *
 * OWNS     struct files_struct: number -> open file, with bitmaps of used numbers and of close-on-exec.
 * I1       used[n] is set from fd_reserve to fd_close; file[n] may be NULL meanwhile (an open under way).
 * I2       file[n] != NULL implies used[n]; a close-on-exec bit is set only for used numbers.
 * I3       all numbers below next are used.
 * LOCKS    files->lock (rank FILES). While refs == 1 only the owner changes the table, so the owner reads without it.
 *          files of another task: under tasklist_lock a reference is taken first.
 * CONTEXT  tasks; may sleep where the table grows or files are put.
 * WHY      fd_lend takes no reference while refs == 1: the only thread that could close the number is in this very call, and
 *          who shares the table later is made by that thread, too.
 * COST     fd_file: a bounds check and one atomic operation; fd_lend: the check. fd_reserve: one word scan, mostly.
 * SOURCES  open(2) (lowest number), dup(2), close_range(2), getrlimit(2) RLIMIT_NOFILE.
 */
#include "fs/fd_lend.h"

#include "base/errno.h"
#include "fs/lock.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

enum { BITS = sizeof(long) * 8, INLINE_FDS = BITS, FD_LIMIT = 1 << 20 };

struct files_struct {
	atomic_t refs;	    /* to file: struct files_head */
	unsigned size;	    /* f: a multiple of BITS */
	struct file **file; /* f */
	struct spinlock lock;
	unsigned next;		       /* f: hint, see I3 */
	unsigned long *used, *cloexec; /* f */
	struct file *inline_file[INLINE_FDS];
	unsigned long inline_used[1], inline_cloexec[1];
};

_Static_assert(offsetof(struct files_struct, size) == offsetof(struct files_head, size) &&
		       offsetof(struct files_struct, file) == offsetof(struct files_head, file),
	       "fd_lend() looks there");

static struct kmem_cache *files_cache;

void fdtable_init(void)
{
	files_cache =
		kmem_cache_create("files_cache", sizeof(struct files_struct), 0, SLAB_PANIC, NULL);
}

static inline bool bit_get(const unsigned long *map, unsigned n)
{
	return map[n / BITS] >> n % BITS & 1;
}

static inline void bit_put(unsigned long *map, unsigned n, bool on)
{
	unsigned long bit = 1UL << n % BITS;

	map[n / BITS] = on ? map[n / BITS] | bit : map[n / BITS] & ~bit;
}

struct files_struct *files_alloc(void)
{
	struct files_struct *fs =
		failpoint("files") ? NULL : kmem_cache_alloc(files_cache, GFP_KERNEL);

	if (!fs)
		return NULL;
	atomic_set(&fs->refs, 1);
	spin_init(&fs->lock, RANK_FILES);
	fs->size = INLINE_FDS;
	fs->next = 0;
	fs->file = fs->inline_file;
	fs->used = fs->inline_used;
	fs->cloexec = fs->inline_cloexec;
	memset(fs->inline_file, 0, sizeof(fs->inline_file));
	fs->inline_used[0] = fs->inline_cloexec[0] = 0;
	return fs;
}

int sysctl_nr_open = 1048576;

/* ---- growing ---- */

struct fd_arrays {
	unsigned size;
	struct file **file;
	unsigned long *used, *cloexec;
};

static void arrays_free(struct fd_arrays *a)
{
	kvfree(a->file); /* one block */
}

static int arrays_alloc(struct fd_arrays *a, unsigned size)
{
	size_t words = size / BITS, bytes = size * sizeof(struct file *) + 2 * words * sizeof(long);
	char *p = failpoint("fd_arrays") ? NULL : kvzalloc(bytes);

	if (!p)
		return -ENOMEM;
	a->size = size;
	a->file = (struct file **)p;
	a->used = (unsigned long *)(p + size * sizeof(struct file *));
	a->cloexec = a->used + words;
	return 0;
}

/* Put the arrays @a in place of the smaller ones; @a gets what is to be freed (file NULL: nothing). */
static void arrays_install(struct files_struct *fs, struct fd_arrays *a) must_hold(fs->lock)
{
	struct fd_arrays old = { fs->size, fs->file, fs->used, fs->cloexec };

	memcpy(a->file, old.file, old.size * sizeof(struct file *));
	memcpy(a->used, old.used, old.size / 8);
	memcpy(a->cloexec, old.cloexec, old.size / 8);
	fs->file = a->file;
	fs->used = a->used;
	fs->cloexec = a->cloexec;
	fs->size = a->size;
	*a = old;
	if (old.file == fs->inline_file)
		a->file = NULL;
}

/* Make room for number @fd. */
static int grow(struct files_struct *fs, unsigned fd)
{
	struct fd_arrays a;
	unsigned size = INLINE_FDS;

	while (size <= fd)
		size *= 2;
	if (arrays_alloc(&a, size))
		return -ENOMEM;
	spin_lock(&fs->lock);
	if (fs->size < size)
		arrays_install(fs, &a);
	spin_unlock(&fs->lock);
	arrays_free(&a);
	return 0;
}

/* ---- copies and ends ---- */

static unsigned highest_used(const struct files_struct *fs) must_hold(fs->lock)
{
	unsigned w = fs->size / BITS;

	while (w && !fs->used[w - 1])
		w--;
	return w * BITS;
}

static void copy_files(struct files_struct *to, struct files_struct *from, unsigned nr)
	must_hold(from->lock)
{
	unsigned w, i;

	to->next = from->next;
	for (w = 0; w < nr / BITS; w++) {
		unsigned long set = from->used[w];

		to->cloexec[w] = from->cloexec[w];
		to->used[w] = set;
		for (i = w * BITS; set; set >>= 1, i++) {
			if (!(set & 1))
				continue;
			to->file[i] = from->file[i];
			if (to->file[i]) {
				fget_file(to->file[i]);
			} else { /* an open under way in another thread */
				bit_put(to->used, i, false);
				bit_put(to->cloexec, i, false);
				to->next = min_of(unsigned, to->next, i);
			}
		}
	}
}

struct files_struct *files_dup(struct files_struct *from)
{
	struct files_struct *fs = files_alloc();
	unsigned nr;

	if (!fs)
		return NULL;
	for (;;) {
		spin_lock(&from->lock);
		nr = highest_used(from);
		if (nr <= fs->size) {
			copy_files(fs, from, nr);
			spin_unlock(&from->lock);
			return fs;
		}
		spin_unlock(&from->lock);
		if (grow(fs, nr - 1)) {
			files_put(fs);
			return NULL;
		}
	}
}

bool files_shared(const struct files_struct *fs)
{
	return atomic_read(&fs->refs) > 1;
}

void files_get(struct files_struct *fs)
{
	atomic_inc(&fs->refs);
}

/* A descriptor of the table goes: so do the process's record locks on the file. */
static inline void close_file(struct files_struct *fs, struct file *f)
{
	if (f->ops->flush)
		f->ops->flush(f);
	lock_close(f, fs);
	fput(f);
}

static void close_all(struct files_struct *fs)
{
	unsigned w, i;

	for (w = 0; w < fs->size / BITS; w++) {
		unsigned long set = fs->used[w];

		for (i = w * BITS; set; set >>= 1, i++)
			if ((set & 1) && fs->file[i])
				close_file(fs, fs->file[i]);
	}
}

void files_put(struct files_struct *fs)
{
	if (!fs || !atomic_dec_and_test(&fs->refs))
		return;
	close_all(fs);
	if (fs->file != fs->inline_file)
		kvfree(fs->file);
	kmem_cache_free(files_cache, fs);
}

/* ---- numbers of the calling task ---- */

struct file *fd_file(int fd)
{
	struct files_struct *fs = current_task()->files;
	struct file *f = NULL;

	if (unlikely(!fs))
		return NULL;
	if (likely(atomic_read(&fs->refs) == 1)) {
		if ((unsigned)fd < fs->size)
			f = fs->file[fd];
		if (f)
			fget_file(f);
		return f;
	}
	spin_lock(&fs->lock);
	if ((unsigned)fd < fs->size)
		f = fs->file[fd];
	if (f)
		fget_file(f);
	spin_unlock(&fs->lock);
	return f;
}

/* The lowest free number >= @min; fs->size when the table is full. */
static unsigned find_free(const struct files_struct *fs, unsigned min) must_hold(fs->lock)
{
	unsigned w = min / BITS;
	unsigned long free_bits;

	if (min >= fs->size)
		return min;
	free_bits = ~fs->used[w] & (~0UL << min % BITS);
	while (!free_bits) {
		if (++w == fs->size / BITS)
			return fs->size;
		free_bits = ~fs->used[w];
	}
	return w * BITS + (unsigned)__builtin_ctzl(free_bits);
}

/* Read without its lock: a limit that changes at this very moment may count before or after. */
static inline unsigned fd_limit(void)
{
	uint64_t limit = READ_ONCE(current_task()->signal->rlim[RLIMIT_NOFILE].rlim_cur);

	return (unsigned)min_of(uint64_t, limit, FD_LIMIT);
}

int fd_reserve(int min, bool cloexec)
{
	struct files_struct *fs = current_task()->files;
	unsigned limit = fd_limit(), fd;

	if (min < 0)
		return -EINVAL;
	for (;;) {
		spin_lock(&fs->lock);
		fd = find_free(fs, max_of(unsigned, min, fs->next));
		if (fd < fs->size || fd >= limit)
			break;
		spin_unlock(&fs->lock);
		if (grow(fs, fd))
			return -ENOMEM;
	}
	if (fd < limit) {
		bit_put(fs->used, fd, true);
		bit_put(fs->cloexec, fd, cloexec);
		if ((unsigned)min <= fs->next)
			fs->next = fd + 1;
	}
	spin_unlock(&fs->lock);
	return fd < limit ? (int)fd : -EMFILE;
}

void fd_install(int fd, struct file *f)
{
	struct files_struct *fs = current_task()->files;

	spin_lock(&fs->lock);
	kassert(bit_get(fs->used, (unsigned)fd) && !fs->file[fd]);
	fs->file[fd] = f;
	spin_unlock(&fs->lock);
}

static void release_number(struct files_struct *fs, unsigned fd) must_hold(fs->lock)
{
	bit_put(fs->used, fd, false);
	bit_put(fs->cloexec, fd, false);
	fs->next = min_of(unsigned, fs->next, fd);
}

void fd_unreserve(int fd)
{
	struct files_struct *fs = current_task()->files;

	spin_lock(&fs->lock);
	release_number(fs, (unsigned)fd);
	spin_unlock(&fs->lock);
}

int fd_close(int fd)
{
	struct files_struct *fs = current_task()->files;
	struct file *f = NULL;

	spin_lock(&fs->lock);
	if ((unsigned)fd < fs->size)
		f = fs->file[fd];
	if (f) {
		fs->file[fd] = NULL;
		release_number(fs, (unsigned)fd);
	}
	spin_unlock(&fs->lock);
	if (!f)
		return -EBADF;
	close_file(fs, f);
	return 0;
}

int fd_dup_to(struct file *f, int fd, bool cloexec)
{
	struct files_struct *fs = current_task()->files;
	struct file *old;

	if (fd < 0 || (unsigned)fd >= fd_limit())
		return -EBADF;
	for (;;) {
		spin_lock(&fs->lock);
		if ((unsigned)fd < fs->size)
			break;
		spin_unlock(&fs->lock);
		if (grow(fs, (unsigned)fd))
			return -ENOMEM;
	}
	old = fs->file[fd];
	if (!old && bit_get(fs->used, (unsigned)fd)) { /* another thread is opening it */
		spin_unlock(&fs->lock);
		return -EBUSY;
	}
	fget_file(f);
	fs->file[fd] = f;
	bit_put(fs->used, (unsigned)fd, true);
	bit_put(fs->cloexec, (unsigned)fd, cloexec);
	if ((unsigned)fd == fs->next)
		fs->next++;
	spin_unlock(&fs->lock);
	if (old)
		close_file(fs, old);
	return 0;
}

bool fd_cloexec(int fd)
{
	struct files_struct *fs = current_task()->files;
	bool on;

	spin_lock(&fs->lock);
	on = (unsigned)fd < fs->size && bit_get(fs->cloexec, (unsigned)fd);
	spin_unlock(&fs->lock);
	return on;
}

void fd_set_cloexec(int fd, bool on)
{
	struct files_struct *fs = current_task()->files;

	spin_lock(&fs->lock);
	if ((unsigned)fd < fs->size && bit_get(fs->used, (unsigned)fd))
		bit_put(fs->cloexec, (unsigned)fd, on);
	spin_unlock(&fs->lock);
}

/* Take the next open file with a number in [*fd, last] out of the table; NULL at the end. */
static struct file *take_next(struct files_struct *fs, unsigned *fd, unsigned last,
			      bool cloexec_only)
{
	struct file *f = NULL;

	spin_lock(&fs->lock);
	for (; *fd < fs->size && *fd <= last && !f; (*fd)++) {
		const unsigned long *wanted = cloexec_only ? fs->cloexec : fs->used;

		if (!wanted[*fd / BITS]) {
			*fd |= BITS - 1;
			continue;
		}
		if (!bit_get(wanted, *fd))
			continue;
		f = fs->file[*fd];
		if (f) {
			fs->file[*fd] = NULL;
			release_number(fs, *fd);
		}
	}
	spin_unlock(&fs->lock);
	return f;
}

void files_close_on_exec(struct files_struct *fs)
{
	struct file *f;
	unsigned fd = 0;

	while ((f = take_next(fs, &fd, UINT_MAX, true)) != NULL)
		close_file(fs, f);
}

int fd_close_range(unsigned first, unsigned last, bool cloexec_only)
{
	struct files_struct *fs = current_task()->files;
	struct file *f;
	unsigned fd = first;

	if (!cloexec_only) {
		while ((f = take_next(fs, &fd, last, false)) != NULL)
			close_file(fs, f);
		return 0;
	}
	spin_lock(&fs->lock);
	for (; fd < fs->size && fd <= last; fd++)
		if (fs->file[fd])
			bit_put(fs->cloexec, fd, true);
	spin_unlock(&fs->lock);
	return 0;
}

/* ---- of another task ---- */

static struct files_struct *task_files(struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct files_struct *fs = t->files;

	if (fs)
		files_get(fs);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return fs;
}

struct file *task_file_next(struct task *t, int *fd)
{
	struct files_struct *fs = task_files(t);
	struct file *f = NULL;

	if (!fs)
		return NULL;
	spin_lock(&fs->lock);
	for (; (unsigned)*fd < fs->size; (*fd)++) {
		f = fs->file[*fd];
		if (f)
			break;
	}
	if (f)
		fget_file(f);
	spin_unlock(&fs->lock);
	files_put(fs);
	return f;
}

struct file *task_file(struct task *t, int fd)
{
	int at = fd;
	struct file *f = fd < 0 ? NULL : task_file_next(t, &at);

	if (f && at != fd) {
		fput(f);
		return NULL;
	}
	return f;
}

unsigned task_files_users(struct task *t)
{
	struct files_struct *fs = task_files(t);
	int users = fs ? atomic_read(&fs->refs) - 1 : 0;

	files_put(fs);
	return (unsigned)users;
}

unsigned task_fd_size(struct task *t)
{
	struct files_struct *fs = task_files(t);
	unsigned size = fs ? fs->size : 0;

	files_put(fs);
	return size;
}
