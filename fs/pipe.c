/*
 * Pipes and FIFOs: a ring of bytes between processes.
 *
 * OWNS     struct pipe; one per pipe(2), one per FIFO inode while somebody has it open.
 * WHY      bytes are addressed by two counters that only grow; byte n lies in slot (n / page) % slots. A page is taken at
 *          the first byte written to a slot and given back behind the last one read; an emptied pipe goes back to the
 *          start of its page, so that a pair of processes that exchange small messages reuses one warm page for ever.
 * I1       head - tail bytes are in the pipe, at most size; slots without bytes of [tail, head) have no page, but for
 *          the slot of tail, and one whose first bytes could not be copied; one page more may wait in `spare`.
 * I2       readers and writers count open ends; files counts open files (a file open for both counts once).
 * I3       packet mode (O_DIRECT at birth): each packet is a 16-bit length and its bytes; nr_packets of them, at most one for
 *          each page of the size the pipe is said to have. The ring is twice as large, for the lengths.
 * I4       sleeper is a reader that is parked or about to park; it takes itself out with the lock held, so who finds it
 *          there may wake it. Data left over is for the queue: every writer, and every reader that slept, looks when it is
 *          done.
 * LOCKS    pipe->lock (mutex, rank FS_FILE) for everything in it; ends_lock for inode->pipe and files. Those in a queue
 *          test without the lock and again with it.
 * CONTEXT  tasks; may sleep.
 * COST     a small message: one lock, one copy, one wake-up of one sleeper.
 * FAILS    EPIPE with SIGPIPE, EAGAIN, ENOMEM, EFAULT, ERESTARTSYS.
 * SOURCES  pipe(7), fifo(7), pipe(2), fcntl(2) F_SETPIPE_SZ; POSIX: writes up to PIPE_BUF are not mixed.
 */
#include "vfs_impl.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/file.h"
#include "fs/poll.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/slab.h"
#include "pipe_impl.h"
#include "sync/failpoint.h"

enum { FIONREAD = 0x541b, PACKET_HEAD = 2 };

static struct kmem_cache *pipe_cache;
static struct spinlock ends_lock = SPINLOCK_INIT(RANK_OBJECT);

void pipe_init(void)
{
	pipe_cache = kmem_cache_create("pipe_inode_info", sizeof(struct pipe), 0, SLAB_PANIC, NULL);
}

/* 0, -ENOMEM, or -ENFILE: the user has as much in pipes as is allowed. */
static int pipe_alloc(bool packets, struct pipe **out)
{
	struct pipe *p = failpoint("pipe") ? NULL : kmem_cache_zalloc(pipe_cache, GFP_KERNEL);
	int err = -ENOMEM;

	if (!p)
		return err;
	if (!pipe_quota_begin(&p->quota)) {
		err = -ENFILE;
		goto free;
	}
	mutex_init(&p->lock, RANK_FS_FILE);
	waitq_init(&p->rd_wait);
	waitq_init(&p->wr_wait);
	p->packets = packets;
	pipe_set_ring(p, packets ? kzalloc(2 * sizeof(p->inline_page), GFP_KERNEL) : p->inline_page,
		      p->quota.slots * PAGE_SIZE * (packets ? 2 : 1));
	*out = p;
	if (p->page)
		return 0;
	pipe_quota_end(&p->quota);
free:
	kmem_cache_free(pipe_cache, p);
	return err;
}

static void pipe_free(struct pipe *p)
{
	unsigned i;

	for (i = 0; i < p->size / PAGE_SIZE; i++)
		if (p->page[i])
			free_page((unsigned long)p->page[i]);
	if (p->spare)
		free_page((unsigned long)p->spare);
	if (p->page != p->inline_page)
		kfree(p->page);
	pipe_quota_end(&p->quota);
	kmem_cache_free(pipe_cache, p);
}

/* ---- the ring ---- */

static inline unsigned room_of(const struct pipe *p)
{
	return p->size - used_of(p);
}

/* A packet takes a page of the pipe, however short it is. */
static bool has_room(const struct pipe *p, unsigned need)
{
	return room_of(p) >= need &&
	       (!p->packets || READ_ONCE(p->nr_packets) < said_size(p) / PAGE_SIZE);
}

/* The page under the head, made when missing. NULL: no memory. */
static char *head_page(struct pipe *p)
{
	char **slot = slot_of(p, p->head);

	if (likely(*slot))
		return *slot;
	*slot = p->spare;
	p->spare = NULL;
	if (!*slot && !failpoint("pipe_page"))
		*slot = (char *)__get_free_page(GFP_KERNEL);
	return *slot;
}

/* Give back the pages of the bytes read since @from. */
static void tail_moved(struct pipe *p, unsigned from)
{
	for (; unlikely(from / PAGE_SIZE != p->tail / PAGE_SIZE);
	     from = (from | (PAGE_SIZE - 1)) + 1) {
		char **slot = slot_of(p, from);

		/* A full ring begins and ends in one slot: the head's bytes are still there. */
		if (slot == slot_of(p, p->head) && p->head & (PAGE_SIZE - 1))
			continue;
		if (!p->spare)
			p->spare = *slot;
		else
			free_page((unsigned long)*slot);
		*slot = NULL;
	}
	if (p->head == p->tail)
		p->head = p->tail = p->tail & ~(unsigned)(PAGE_SIZE - 1);
}

/* @user: copy to user memory at @dst; else dst is kernel memory or 0 to skip. Return: bytes, short at a fault. */
static unsigned ring_get(struct pipe *p, bool user, unsigned long dst, unsigned len)
{
	unsigned done = 0, from = p->tail;

	while (done < len) {
		unsigned off = p->tail & (PAGE_SIZE - 1),
			 n = min_of(unsigned, len - done, PAGE_SIZE - off), left = 0;
		const char *src = *slot_of(p, p->tail) + off;

		if (user)
			left = (unsigned)copy_to_user(dst + done, src, n);
		else if (dst)
			memcpy((char *)dst + done, src, n);
		p->tail += n - left;
		done += n - left;
		if (left)
			break;
	}
	tail_moved(p, from);
	return done;
}

/* The caller has checked the room. Return: bytes; 0 with *err set when not one could be put. */
static unsigned ring_put(struct pipe *p, bool user, unsigned long src, unsigned len, int *err)
{
	unsigned done = 0, at = p->head & (PAGE_SIZE - 1);
	char *first = *slot_of(p, p->head);

	if (likely(at + len <= PAGE_SIZE && user &&
		   (first || (first = head_page(p))))) { /* into one page */
		if (unlikely(copy_from_user(first + at, src, len))) {
			*err = -EFAULT;
			return 0;
		}
		p->head += len;
		return len;
	}

	while (done < len) {
		unsigned off = p->head & (PAGE_SIZE - 1),
			 n = min_of(unsigned, len - done, PAGE_SIZE - off), left = 0;
		char *page = head_page(p);

		if (!page) {
			*err = -ENOMEM;
			break;
		}
		if (user)
			left = (unsigned)copy_from_user(page + off, src + done, n);
		else
			memcpy(page + off, (const char *)src + done, n);
		if (left) {
			*err = -EFAULT;
			break;
		}
		p->head += n;
		done += n;
	}
	return done;
}

/* One packet, or what fits of it; the rest of the packet is lost. */
static long packet_get(struct pipe *p, uaddr_t buf, size_t len)
{
	uint16_t size;
	unsigned n, done;

	ring_get(p, false, (unsigned long)&size, PACKET_HEAD);
	n = min_of(unsigned, size, len);
	done = ring_get(p, true, buf, n);
	ring_get(p, false, 0, size - done);
	p->nr_packets--;
	return done < n && !done ? -EFAULT : (long)done;
}

static long packet_put(struct pipe *p, uaddr_t buf, unsigned len, int *err)
{
	uint16_t size = (uint16_t)len;
	unsigned start = p->head, done;

	if (ring_put(p, false, (unsigned long)&size, PACKET_HEAD, err) == PACKET_HEAD) {
		done = ring_put(p, true, buf, len, err);
		if (done == len) {
			p->nr_packets++;
			return (long)done;
		}
	}
	p->head = start; /* all or nothing */
	return 0;
}

/* ---- reading ---- */

static bool can_read(const struct pipe *p, unsigned need)
{
	return used_of(p) || !READ_ONCE(p->writers);
}

static noinline_ long take_parts(struct pipe *p, uaddr_t buf, unsigned len)
{
	unsigned done;

	if (p->packets)
		return packet_get(p, buf, len);
	done = ring_get(p, true, buf, len);
	return done ? (long)done : -EFAULT;
}

/* Take of what is there. Return: bytes, -EFAULT. */
static inline long take(struct pipe *p, uaddr_t buf, size_t len)
{
	unsigned from = p->tail, off = from & (PAGE_SIZE - 1), n = p->head - from;

	if (len < n)
		n = (unsigned)len;
	if (unlikely(p->packets || off + n > PAGE_SIZE))
		return take_parts(p, buf, n);
	if (unlikely(copy_to_user(buf, *slot_of(p, from) + off, n)))
		return -EFAULT;
	p->tail = from + n;
	if (p->head == from + n) /* all of it: the page stays */
		p->head = p->tail = from - off;
	else if (off + n == PAGE_SIZE)
		tail_moved(p, from);
	return (long)n;
}

/*
 * Sleep as an exclusive waiter of @q until @ready says so; it is asked without the lock, so the caller asks again with it.
 * 0, or -ERESTARTSYS.
 */
static int pipe_wait(const struct pipe *p, struct waitq *q,
		     bool (*ready)(const struct pipe *p, unsigned need), unsigned need)
{
	struct waiter w;
	int err = 0;

	waitq_add_exclusive(q, &w);
	while (!ready(p, need)) {
		err = thread_park(PARK_INTERRUPTIBLE, PARK_FOREVER);
		if (err || ready(p, need))
			break;
		waitq_rearm(q, &w); /* woken in vain: ready for the next wake-up */
	}
	waitq_del(q, &w);
	if (unlikely(err)) {
		if (ready(p, need))
			return 0;
		if (w.woken)
			waitq_wake_one(q);
	}
	return err ? -ERESTARTSYS : 0;
}

/*
 * After the lock is dropped. A reader that made room in a full pipe wakes a writer, a writer the readers; who slept himself
 * leaves what is left to the next of his kind. That keeps a chain of wake-ups going and wakes nobody for nothing: an
 * edge-triggered epoll set sees an event only when something has changed for it. Wrong only when others change the pipe,
 * and then they do the same.
 */
static inline void wake_writer(struct pipe *p)
{
	if (unlikely(waitq_active(&p->wr_wait)) && has_room(p, PIPE_BUF))
		waitq_wake_one(&p->wr_wait);
}

static noinline_ void wake_queued_reader(struct pipe *p)
{
	if (used_of(p))
		waitq_wake_one(&p->rd_wait);
}

static inline void wake_reader(struct pipe *p)
{
	if (unlikely(waitq_active(&p->rd_wait)))
		wake_queued_reader(p);
}

/* Nothing to read: sleep, pipe->lock dropped meanwhile. The first reader stands in `sleeper`, where a writer finds it
 * with the lock held; only more of them pay for the queue. 0, or -ERESTARTSYS. */
static always_inline_ int read_wait(struct pipe *p) must_hold(p->lock)
{
	int err;

	if (unlikely(p->sleeper)) {
		mutex_unlock(&p->lock);
		err = pipe_wait(p, &p->rd_wait, can_read, 0);
		mutex_lock(&p->lock);
		return err;
	}
	p->sleeper = thread_self();
	mutex_unlock(&p->lock);
	err = thread_park(PARK_INTERRUPTIBLE, PARK_FOREVER);
	mutex_lock(&p->lock);
	p->sleeper = NULL;
	return err ? -ERESTARTSYS : 0;
}

/* What a reader wants: bytes in its memory, or an actor (NULL: none) that takes them; @keep: they stay. */
struct reading {
	uaddr_t buf;
	size_t len;
	bool keep;
	pipe_actor actor;
	void *arg;
};

/* What the actor takes of the bytes behind the tail. pipe->lock held. */
static long drain(struct pipe *p, const struct reading *r)
{
	unsigned from = p->tail, at = from,
		 left = min_of(unsigned, used_of(p), min_of(size_t, r->len, INT_MAX));
	long n = 0;

	while (left) {
		unsigned off = at & (PAGE_SIZE - 1), give = min_of(unsigned, left, PAGE_SIZE - off);

		n = r->actor(r->arg, *slot_of(p, at) + off, give);
		if (n <= 0)
			break;
		at += (unsigned)n;
		left -= (unsigned)n;
		if ((unsigned)n < give)
			break;
	}
	if (at == from)
		return n;
	if (!r->keep) {
		p->tail = at;
		tail_moved(p, from);
	}
	return (long)(at - from);
}

/* pipe->lock held, dropped. @slept: the caller has, and @err is what came of it. */
static always_inline_ long do_read_locked(struct pipe *p, const struct reading *r, bool nonblock,
					  bool slept, int err) releases(p->lock)
{
	bool was_full = false;
	long ret = 0;

	while (p->head == p->tail && p->writers) {
		ret = nonblock ? -EAGAIN : err;
		if (ret)
			goto out;
		slept = true;
		err = read_wait(p);
	}
	if (p->head != p->tail) {
		was_full = p->packets ? !has_room(p, PIPE_BUF)
				      : p->head - p->tail > p->size - PIPE_BUF;
		ret = r->actor ? drain(p, r) : take(p, r->buf, r->len);
	}
out:
	mutex_unlock(&p->lock);
	if (unlikely(was_full))
		wake_writer(p);
	if (slept)
		wake_reader(p);
	return ret;
}

static always_inline_ long do_read(struct pipe *p, const struct reading *r, bool nonblock)
{
	mutex_lock(&p->lock);
	return do_read_locked(p, r, nonblock, false, 0);
}

static noinline_ long do_drain(struct pipe *p, const struct reading *r, bool nonblock)
{
	return do_read(p, r, nonblock);
}

static inline long read_user(struct pipe *p, uaddr_t buf, size_t len, bool nonblock)
{
	const struct reading r = { .buf = buf, .len = len };

	return likely(len) ? do_read(p, &r, nonblock) : 0;
}

/* What most reads take: bytes of one page of a pipe that has room for writers. Return: bytes; 0: it is not so, or a fault. */
static always_inline_ unsigned take_at_once(struct pipe *p, uaddr_t buf, size_t len)
{
	unsigned from = p->tail, n = p->head - from, end;

	if (unlikely(n - 1 >= p->many)) /* none, too */
		return 0;
	if (len < n)
		n = (unsigned)len;
	end = from + n;
	if (unlikely((from ^ (end - 1)) >= PAGE_SIZE) ||
	    copy_to_user(buf, *slot_of(p, from) + from % PAGE_SIZE, n))
		return 0;
	p->tail = end;
	if (p->head == end)
		p->head = p->tail = from & ~(unsigned)(PAGE_SIZE - 1);
	else if (end % PAGE_SIZE == 0)
		tail_moved(p, from);
	return n;
}

enum { NOT_SLEPT = 1 }; /* in place of what came of sleeping */

/* The rest of pipe_read, which has slept or will not. */
static noinline_ long read_rest(struct pipe *p, uaddr_t buf, size_t len, int slept)
	releases(p->lock)
{
	const struct reading r = { .buf = buf, .len = len };
	bool awake = slept == NOT_SLEPT;

	return do_read_locked(p, &r, awake, !awake, awake ? 0 : slept);
}

static long pipe_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct pipe *p = f->private;
	int slept = NOT_SLEPT;
	unsigned n;

	if (unlikely(!len))
		return 0;
	mutex_lock(&p->lock);
	if (p->head == p->tail && p->writers && !(f->flags & O_NONBLOCK))
		slept = read_wait(p);
	n = take_at_once(p, buf, len);
	if (unlikely(!n))
		return read_rest(p, buf, len, slept);
	mutex_unlock(&p->lock);
	if (slept != NOT_SLEPT)
		wake_reader(p);
	return n;
}

/* ---- writing ---- */

static bool can_write(const struct pipe *p, unsigned need)
{
	return has_room(p, need) || !READ_ONCE(p->readers);
}

/* Bytes that must fit at once: small writes are not mixed with others. */
static unsigned write_need(const struct pipe *p, size_t len)
{
	unsigned n = min_of(unsigned, PIPE_BUF, len);

	return n + (p->packets ? PACKET_HEAD : 0);
}

/* Put as much as fits. Return: bytes; with *err set when something went wrong. */
static unsigned put(struct pipe *p, uaddr_t buf, size_t len, int *err)
{
	if (p->packets)
		return (unsigned)packet_put(p, buf, write_need(p, len) - PACKET_HEAD, err);
	return ring_put(p, true, buf, min_of(unsigned, room_of(p), min_of(size_t, len, INT_MAX)),
			err);
}

/* One round under the lock. Return: bytes; *err: -EPIPE, -EAGAIN (no room), -ENOMEM, -EFAULT. */
static unsigned write_some(struct pipe *p, uaddr_t buf, size_t len, int *err)
{
	unsigned n = 0;

	mutex_lock(&p->lock);
	if (!p->readers)
		*err = -EPIPE;
	else if (!has_room(p, write_need(p, len)))
		*err = -EAGAIN;
	else
		n = put(p, buf, len, err);
	if (n && p->sleeper)
		thread_unpark(p->sleeper);
	mutex_unlock(&p->lock);
	if (n)
		wake_reader(p);
	return n;
}

/* For what a write waits when there is no room. */
enum write_waits {
	WAIT_ALL,   /* until all is in */
	WAIT_FIRST, /* until something is in */
	WAIT_NEVER,
};

static long do_write(struct pipe *p, uaddr_t buf, size_t len, enum write_waits waits)
{
	size_t done = 0;
	bool slept = false;
	int err = 0;

	while (done < len) {
		unsigned need;

		done += write_some(p, buf + done, len - done, &err);
		if (!err)
			continue;
		if (err != -EAGAIN || waits == WAIT_NEVER || (done && waits == WAIT_FIRST))
			break;
		need = write_need(p, len - done);
		slept = true;
		if (pipe_wait(p, &p->wr_wait, can_write, need)) {
			err = -ERESTARTSYS;
			break;
		}
		err = 0;
	}
	if (slept)
		wake_writer(p);
	if (err == -EPIPE)
		signal_send_thread(current_task(), SIGPIPE, NULL);
	return done ? (long)done : err;
}

/* The whole of a write that has room in the page under the head. Return: false: it has not, nothing is done. */
static inline bool write_at_once(struct pipe *p, uaddr_t buf, size_t len)
{
	unsigned head, at;
	char *page;
	bool done;

	mutex_lock(&p->lock);
	head = p->head;
	at = head & (PAGE_SIZE - 1);
	page = *slot_of(p, head);
	done = page && !p->packets && p->readers && at + len <= PAGE_SIZE &&
	       len <= p->size - (head - p->tail) && !copy_from_user_keep(page + at, buf, len);
	if (likely(done)) {
		p->head = head + (unsigned)len;
		if (p->sleeper)
			thread_unpark(p->sleeper);
	}
	mutex_unlock(&p->lock);
	return done;
}

static long pipe_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct pipe *p = f->private;

	if (unlikely(!len || !write_at_once(p, buf, len)))
		return do_write(p, buf, len, f->flags & O_NONBLOCK ? WAIT_NEVER : WAIT_ALL);
	wake_reader(p);
	return (long)len;
}

/* ---- splicing: kernel memory, under the lock ---- */

long pipe_copy(struct file *f, uaddr_t buf, size_t len, bool nonblock, bool write)
{
	nonblock |= (f->flags & O_NONBLOCK) != 0;
	return write ? do_write(f->private, buf, len, nonblock ? WAIT_NEVER : WAIT_FIRST)
		     : read_user(f->private, buf, len, nonblock);
}

static long broken_pipe(void)
{
	signal_send_thread(current_task(), SIGPIPE, NULL);
	return -EPIPE;
}

/* What @actor puts into the pages behind the head, at most @len bytes and the room there is. pipe->lock held. */
static long fill(struct pipe *p, size_t len, pipe_actor actor, void *arg)
{
	long n = 0, done = 0;

	while ((size_t)done < len && room_of(p)) {
		unsigned off = p->head & (PAGE_SIZE - 1),
			 want = min_of(unsigned, room_of(p),
				       min_of(size_t, len - (size_t)done, PAGE_SIZE - off));
		char *page = head_page(p);

		n = page ? actor(arg, page + off, want) : -ENOMEM;
		if (n <= 0)
			break;
		p->head += (unsigned)n;
		done += n;
		if ((unsigned)n < want)
			break;
	}
	return done ? done : n;
}

long pipe_fill(struct file *f, size_t len, bool nonblock, pipe_actor actor, void *arg)
{
	struct pipe *p = f->private;
	long ret;

	if (p->packets)
		return -EINVAL;
	nonblock |= (f->flags & O_NONBLOCK) != 0;
	for (;;) {
		mutex_lock(&p->lock);
		if (!p->readers)
			ret = broken_pipe();
		else
			ret = has_room(p, PIPE_BUF) ? fill(p, len, actor, arg) : -EAGAIN;
		if (ret > 0 && p->sleeper)
			thread_unpark(p->sleeper);
		mutex_unlock(&p->lock);
		if (ret != -EAGAIN || nonblock)
			break;
		if (pipe_wait(p, &p->wr_wait, can_write, PIPE_BUF))
			return -ERESTARTSYS;
	}
	if (ret > 0)
		wake_reader(p);
	return ret;
}

long pipe_drain(struct file *f, size_t len, unsigned flags, pipe_actor actor, void *arg)
{
	const struct reading r = {
		.len = len, .keep = flags & PIPE_KEEP, .actor = actor, .arg = arg
	};
	struct pipe *p = f->private;

	if (p->packets)
		return -EINVAL;
	return do_drain(p, &r, (flags & PIPE_NONBLOCK) || (f->flags & O_NONBLOCK));
}

/* Bytes from another pipe, which is locked: so this one's lock is only tried. Return: bytes, -EAGAIN: no room, -EBUSY: the
 * lock, -EPIPE. */
long pipe_put(struct file *f, const char *mem, size_t len)
{
	struct pipe *p = f->private;
	int err = 0;
	long n;

	if (!mutex_trylock(&p->lock))
		return -EBUSY;
	if (!p->readers)
		err = -EPIPE;
	else if (!has_room(p, PIPE_BUF))
		err = -EAGAIN;
	n = err ? err
		: (long)ring_put(p, false, (unsigned long)mem, min_of(unsigned, room_of(p), len),
				 &err);
	if (n > 0 && p->sleeper)
		thread_unpark(p->sleeper);
	mutex_unlock(&p->lock);
	if (n > 0)
		wake_reader(p);
	return n ? n : err;
}

int pipe_wait_room(struct file *f)
{
	struct pipe *p = f->private;

	return pipe_wait(p, &p->wr_wait, can_write, PIPE_BUF);
}

bool pipe_has_packets(const struct file *f)
{
	const struct pipe *p = f->private;

	return p->packets;
}

/* ---- state ---- */

/* pipe->lock held: head and tail go back together when the pipe runs empty. */
static unsigned pipe_events(const struct pipe *p, unsigned acc, bool had_writer)
{
	unsigned ev = 0;

	if (acc != O_WRONLY) {
		if (used_of(p))
			ev |= POLLIN | POLLRDNORM;
		if (!p->writers && had_writer)
			ev |= POLLHUP;
	}
	if (acc != O_RDONLY) {
		if (has_room(p, write_need(p, PIPE_BUF)))
			ev |= POLLOUT | POLLWRNORM;
		if (!p->readers)
			ev |= POLLERR;
	}
	return ev;
}

static unsigned pipe_poll(struct file *f, struct poll_table *pt)
{
	struct pipe *p = f->private;
	unsigned acc = f->flags & O_ACCMODE, ev;

	if (acc != O_WRONLY)
		poll_wait_for(pt, &p->rd_wait, POLLIN | POLLRDNORM | POLLHUP);
	if (acc != O_RDONLY)
		poll_wait_for(pt, &p->wr_wait, POLLOUT | POLLWRNORM | POLLERR);
	mutex_lock(&p->lock);
	ev = pipe_events(p, acc, f->pos != p->w_opens);
	mutex_unlock(&p->lock);
	return ev;
}

static long pipe_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct pipe *p = f->private;
	int n;

	if (cmd != FIONREAD)
		return -ENOTTY;
	mutex_lock(&p->lock);
	n = (int)(used_of(p) - p->nr_packets * PACKET_HEAD);
	mutex_unlock(&p->lock);
	return put_user(arg, &n);
}

/* ---- opening and closing ends ---- */

/* The pipe of a FIFO, made by the first to open it. files is raised. NULL: no memory. */
static struct pipe *pipe_of(struct inode *inode)
{
	struct pipe *fresh = NULL, *p;

	for (;;) {
		spin_lock(&ends_lock);
		if (!inode->pipe)
			inode->pipe = fresh;
		p = inode->pipe;
		if (p)
			p->files++;
		spin_unlock(&ends_lock);
		if (p)
			break;
		if (pipe_alloc(false, &fresh))
			return NULL;
	}
	if (fresh && p != fresh)
		pipe_free(fresh);
	return p;
}

static void ends_put(struct inode *inode, struct pipe *p)
{
	bool last;

	spin_lock(&ends_lock);
	last = --p->files == 0;
	if (last)
		inode->pipe = NULL;
	spin_unlock(&ends_lock);
	if (last)
		pipe_free(p);
}

static void ends_count_locked(struct pipe *p, unsigned acc, int by) must_hold(p->lock)
{
	if (acc != O_WRONLY) {
		p->readers += (unsigned)by;
		p->r_opens += by > 0;
	}
	if (acc != O_RDONLY) {
		p->writers += (unsigned)by;
		p->w_opens += by > 0;
	}
	if (p->sleeper)
		thread_unpark(p->sleeper);
}

static void ends_count(struct pipe *p, unsigned acc, int by)
{
	mutex_lock(&p->lock);
	ends_count_locked(p, acc, by);
	mutex_unlock(&p->lock);
	waitq_wake_all(&p->rd_wait);
	waitq_wake_all(&p->wr_wait);
}

/*
 * Count the opener of a FIFO in. *@wait: it has to wait until the other side's count of opens is no longer *@seen. That
 * is settled in one section with the counting: who is on the other side may be woken by it, do all its work and be gone
 * before we run again, and then it was there. 0, or -ENXIO.
 */
static int ends_join(struct file *f, struct pipe *p, unsigned acc, bool *wait, unsigned *seen)
{
	bool again = f->inode->sb == pipe_sb; /* a pipe(2), through /proc/PID/fd */
	int err = 0;

	mutex_lock(&p->lock);
	*wait = !again && acc != O_RDWR && !(acc == O_RDONLY ? p->writers : p->readers);
	*seen = acc == O_RDONLY ? p->w_opens : p->r_opens;
	if (*wait && (f->flags & O_NONBLOCK)) {
		*wait = false;
		if (acc == O_RDONLY)
			f->pos = *seen; /* no POLLHUP before a first writer */
		else
			err = -ENXIO;
	}
	if (!err)
		ends_count_locked(p, acc, 1);
	mutex_unlock(&p->lock);
	return err;
}

/* fifo(7): an open waits until the other side is, or has been, open. A pipe(2) that is opened again does not. */
static int fifo_open(struct inode *inode, struct file *f)
{
	unsigned acc = f->flags & O_ACCMODE, seen;
	struct pipe *p;
	bool wait;
	int err;

	if (acc == O_ACCMODE)
		return -EINVAL;
	p = pipe_of(inode);
	if (!p)
		return -ENOMEM;
	f->private = p;
	f->pos = UINT64_MAX;
	err = ends_join(f, p, acc, &wait, &seen);
	if (err) {
		ends_put(inode, p);
		return err;
	}
	waitq_wake_all(&p->rd_wait);
	waitq_wake_all(&p->wr_wait);
	if (wait && acc == O_RDONLY)
		err = wait_event_interruptible(&p->rd_wait, READ_ONCE(p->w_opens) != seen);
	else if (wait)
		err = wait_event_interruptible(&p->wr_wait, READ_ONCE(p->r_opens) != seen);
	if (!err)
		return 0;
	ends_count(p, acc, -1);
	ends_put(inode, p);
	return -ERESTARTSYS;
}

static void fifo_release(struct file *f)
{
	ends_count(f->private, f->flags & O_ACCMODE, -1);
	ends_put(f->inode, f->private);
}

void fifo_evict(struct inode *inode)
{
	if (inode->pipe)
		pipe_free(inode->pipe);
}

const struct file_ops fifo_fops = {
	.open = fifo_open,
	.release = fifo_release,
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.is_stream = true,
};

bool file_is_pipe(const struct file *f)
{
	return f->ops == &fifo_fops;
}

/* ---- pipe(2) ---- */

/* An inode with a pipe of no open ends. */
static int pipe_inode(unsigned flags, struct path_ref *out)
{
	static const struct qstr name = { "", 0, 0 }; /* made of the inode number when asked for */
	struct inode *inode = inode_alloc(pipe_sb, S_IFIFO | 0600);
	struct pipe *p;
	int err;

	if (!inode)
		return -ENOMEM;
	err = pipe_alloc(flags & O_DIRECT, &p);
	if (err) {
		iput(inode);
		return err;
	}
	inode->pipe = p;
	inode_init_owner(inode, NULL);
	return anon_path(inode, &name, out);
}

static struct file *pipe_end(const struct path_ref *path, unsigned acc, unsigned flags)
{
	struct file *f = file_alloc_path(path, acc | (flags & (O_NONBLOCK | O_DIRECT)));
	struct pipe *p;

	if (!f)
		return NULL;
	p = pipe_of(f->inode);
	ends_count(p, acc, 1);
	f->private = p;
	f->pos = UINT64_MAX;
	f->ops = &fifo_fops;
	return f;
}

int pipe_create(struct file **rd, struct file **wr, unsigned flags)
{
	struct path_ref path;
	int err = pipe_inode(flags, &path);

	if (err)
		return err;
	*rd = pipe_end(&path, O_RDONLY, flags);
	*wr = *rd ? pipe_end(&path, O_WRONLY, flags) : NULL;
	err = *wr ? 0 : file_error();
	if (err && *rd)
		fput(*rd);
	path_put(&path);
	return err;
}
