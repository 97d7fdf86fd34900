/* The kernel log: a ring that dmesg reads, copied to the console. Any context. */
#ifndef SYNC_KLOG_H
#define SYNC_KLOG_H

#include "base/atomic.h"
#include "base/compiler.h"
#include "base/types.h"

enum klog_level {
	KLOG_EMERG,
	KLOG_ALERT,
	KLOG_CRIT,
	KLOG_ERR,
	KLOG_WARN,
	KLOG_NOTICE,
	KLOG_INFO,
	KLOG_DEBUG
};

enum { KLOG_TEXT = 480 }; /* the longest record */

/* Format one record (a line without its newline); fmt as lib/fmt.h. Truncated at 480 bytes. */
void klog(enum klog_level level, const char *fmt, ...) printf_(2, 3);
/*
 * As klog, for who writes a line piece by piece: @ends is false while more may come, and @cont asks to go on with what came last,
 * if nobody else has written meanwhile. A line that has not ended is neither read nor printed before anything is written after it.
 */
void klog_piece(enum klog_level level, const char *text, size_t len, bool cont, bool ends);
#define pr_err(...)    klog(KLOG_ERR, __VA_ARGS__)
#define pr_warn(...)   klog(KLOG_WARN, __VA_ARGS__)
#define pr_notice(...) klog(KLOG_NOTICE, __VA_ARGS__)
#define pr_info(...)   klog(KLOG_INFO, __VA_ARGS__)
#define pr_debug(...)  klog(KLOG_DEBUG, __VA_ARGS__)

/* What one place may say of what can go wrong thousands of times: 10 records in 5 seconds. Zeroes at first. */
struct klog_limit {
	atomic_t period, left; /* a */
};
/* Return: it may say it now. The first of a period tells how many were not said in the last. Any context. */
bool must_check klog_may(struct klog_limit *limit, const char *who);

/* Where records go besides the ring; NULL for nowhere. Called with the log lock held, any context. */
typedef void (*klog_sink_fn)(const char *text, size_t len);
void klog_set_sink(klog_sink_fn sink);
/* Only records with level < @level reach the sink (loglevel=, quiet; default 7). */
void klog_set_console_level(int level);
int klog_console_level(void);

/* Reading: a record's sequence number never changes. */
struct klog_record {
	uint64_t seq;
	uint64_t time_ns;
	uint8_t level;
	uint16_t len;
	char text[KLOG_TEXT];
};
/* Copy record *seq or the oldest after it to @out, advance *seq past it. Return: false at the end. */
bool klog_next(uint64_t *seq, struct klog_record *out);
uint64_t klog_first_seq(void); /* oldest kept, after klog_clear: first since */
uint64_t klog_end_seq(void);   /* the next to be written */
void klog_clear(void);
extern int klog_restricted; /* only root may read it: /proc/sys/kernel/dmesg_restrict */
/* From now on the log is written even if its lock is held by code that will not go on. For panic(). */
void klog_panic(void);

#endif
