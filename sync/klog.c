/*
 * The kernel log: a byte ring of records, oldest thrown away first; dmesg and /dev/kmsg read it.
 *
 * OWNS     the ring (CFG_KLOG_SIZE bytes), the sequence numbers, the console sink and level.
 * I1       records lie in [tail, head), 8-byte aligned, in the order of their sequence numbers first_seq..next_seq-1;
 *          a record never wraps: a gap at the ring's end is marked by a header of length GAP.
 * I2       head and tail are running byte counts; head - tail <= CFG_KLOG_SIZE.
 * I3       unfinished: the newest record, at newest, may become longer; it has not been printed, and nobody reads it.
 * LOCKS    log_lock (rank LOG, the highest), interrupts off. After klog_panic() it is taken by force.
 * CONTEXT  any.
 * COST     write: O(length) plus throwing away what it overwrites. klog_next: O(records before it) — readers go
 *          forward once, and the ring holds under 2,000 records.
 */
#include "sync/klog.h"
#include "base/config.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sync/spinlock.h"
#include "sync/thread.h"

struct record_head {
	uint64_t time_ns;
	uint16_t len; /* text bytes; GAP: rest of the ring is unused */
	uint8_t level;
};
enum { GAP = 0xffff, LIMIT_RECORDS = 10 };
#define LIMIT_NS 5000000000ULL

static union {
	char bytes[CFG_KLOG_SIZE];
	struct record_head align;
} ring;
static struct spinlock log_lock = SPINLOCK_INIT(RANK_LOG);
static uint64_t head, tail;	       /* l: running positions */
static uint64_t first_seq, next_seq;   /* l: of the records at tail and head */
static uint64_t newest;		       /* l: position of the record that was written last */
static bool unfinished;		       /* l: I3 */
static uint64_t clear_seq;	       /* l: klog_clear's mark */
static klog_sink_fn sink_fn;	       /* l */
static int console_level = KLOG_DEBUG; /* a */
int klog_restricted;
static bool panicking; /* a: set once, by the CPU that panics */

static irqflags_t log_acquire(void) no_lock_analysis
{
	irqflags_t flags = irq_save();
	unsigned spins = 0;

	if (!READ_ONCE(panicking)) {
		spin_lock(&log_lock);
		return flags;
	}
	/* The machine is ending: the holder may be the very code that failed. */
	while (!spin_trylock(&log_lock) && spins++ < 100000)
		cpu_relax();
	if (spins > 100000) {
		spin_init(&log_lock, RANK_LOG);
		spin_lock(&log_lock);
	}
	return flags;
}

static void log_release(irqflags_t flags) no_lock_analysis
{
	spin_unlock_irqrestore(&log_lock, flags);
}

static struct record_head *record_at(uint64_t pos)
{
	return (struct record_head *)(void *)&ring.bytes[pos % CFG_KLOG_SIZE];
}

static size_t record_size(size_t text_len)
{
	return round_up_pow2(sizeof(struct record_head) + text_len, (size_t)8);
}

/* Bytes from @pos to the ring's end. */
static size_t room_to_end(uint64_t pos)
{
	return CFG_KLOG_SIZE - (size_t)(pos % CFG_KLOG_SIZE);
}

/* Position of the next record after the one, or the gap, at @pos; *seq goes on if it was a record. */
static uint64_t step(uint64_t pos, uint64_t *seq)
{
	const struct record_head *r = record_at(pos);

	if (room_to_end(pos) < sizeof(*r) || r->len == GAP)
		return pos + room_to_end(pos);
	(*seq)++;
	return pos + record_size(r->len);
}

static bool is_gap(uint64_t pos)
{
	return room_to_end(pos) < sizeof(struct record_head) || record_at(pos)->len == GAP;
}

static void make_room(size_t size)
{
	while (head + size - tail > CFG_KLOG_SIZE)
		tail = step(tail, &first_seq);
}

static void store_record(enum klog_level level, const char *text, size_t len)
{
	size_t size = record_size(len);
	struct record_head *r;

	if (room_to_end(head) < size) {
		size_t gap = room_to_end(head);

		make_room(gap);
		if (gap >= sizeof(*r))
			record_at(head)->len = GAP;
		head += gap;
	}
	make_room(size);
	r = record_at(head);
	r->time_ns = clock_ns();
	r->len = (uint16_t)len;
	r->level = (uint8_t)level;
	memcpy(r + 1, text, len);
	newest = head;
	head += size;
	next_seq++;
}

static void print_newest(void)
{
	const struct record_head *r = record_at(newest);
	char stamp[32];
	uint64_t us = r->time_ns / NSEC_PER_USEC;

	if (!sink_fn || (int)r->level >= console_level)
		return;
	sink_fn(stamp, fmt_scnprintf(stamp, sizeof(stamp), "[%5llu.%06llu] ",
				     (unsigned long long)(us / 1000000),
				     (unsigned long long)(us % 1000000)));
	sink_fn((const char *)(r + 1), r->len);
	sink_fn("\n", 1);
}

static void finish(void)
{
	if (unfinished)
		print_newest();
	unfinished = false;
}

/* I3: the newest record becomes longer. False: too long, or there is no place behind it. */
static bool extend(const char *text, size_t len)
{
	struct record_head *r = record_at(newest);
	size_t old = record_size(r->len), size = record_size(r->len + len);

	if (r->len + len > KLOG_TEXT || room_to_end(newest) < size)
		return false;
	make_room(size - old);
	memcpy((char *)(r + 1) + r->len, text, len);
	r->len = (uint16_t)(r->len + len);
	head += size - old;
	return true;
}

void klog_piece(enum klog_level level, const char *text, size_t len, bool cont, bool ends)
{
	irqflags_t flags = log_acquire();

	len = min_of(size_t, len, KLOG_TEXT);
	if (!cont || !unfinished || !extend(text, len)) {
		finish();
		store_record(level, text, len);
		unfinished = true;
	}
	if (ends)
		finish();
	log_release(flags);
}

void klog(enum klog_level level, const char *fmt, ...)
{
	char text[KLOG_TEXT];
	irqflags_t flags;
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	len = fmt_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	while (len > 0 && text[len - 1] == '\n')
		len--;
	flags = log_acquire();
	finish();
	store_record(level, text, len);
	print_newest();
	log_release(flags);
}

void klog_panic(void)
{
	WRITE_ONCE(panicking, true);
}

void klog_set_sink(klog_sink_fn sink)
{
	irqflags_t flags = log_acquire();

	sink_fn = sink;
	log_release(flags);
}

/* Two that begin a period at once may say one record too many between them. */
bool klog_may(struct klog_limit *limit, const char *who)
{
	int period = 1 + (int)(clock_ns() / LIMIT_NS), old = atomic_read(&limit->period);

	if (period != old && atomic_cmpxchg(&limit->period, old, period)) {
		int left = atomic_read(&limit->left);

		atomic_set(&limit->left, LIMIT_RECORDS);
		if (left < 0)
			klog(KLOG_WARN, "%s: %d callbacks suppressed", who, -left);
	}
	return atomic_add_return(&limit->left, -1) >= 0;
}

void klog_set_console_level(int level)
{
	WRITE_ONCE(console_level, level);
}

int klog_console_level(void)
{
	return READ_ONCE(console_level);
}

bool klog_next(uint64_t *seq, struct klog_record *out)
{
	irqflags_t flags = log_acquire();
	uint64_t pos = tail, at = first_seq;

	const uint64_t end = unfinished ? newest : head;

	while (pos < end && (is_gap(pos) || at < *seq))
		pos = step(pos, &at);
	if (pos < end) {
		const struct record_head *r = record_at(pos);

		out->seq = at;
		out->time_ns = r->time_ns;
		out->level = r->level;
		out->len = r->len;
		memcpy(out->text, r + 1, r->len);
		*seq = at + 1;
	}
	log_release(flags);
	return pos < end;
}

uint64_t klog_first_seq(void)
{
	irqflags_t flags = log_acquire();
	uint64_t seq = max_of(uint64_t, first_seq, clear_seq);

	log_release(flags);
	return seq;
}

uint64_t klog_end_seq(void)
{
	irqflags_t flags = log_acquire();
	uint64_t seq = next_seq - unfinished;

	log_release(flags);
	return seq;
}

void klog_clear(void)
{
	irqflags_t flags = log_acquire();

	clear_seq = next_seq - unfinished;
	log_release(flags);
}
