/*
 * The trace simulator: reads a trace of page references once and plays it to many memories at the same time, each with its own
 * policy (mm/reclaim/policy) and number of frames. A program of the host; `mnemos sim` is its face.
 *
 *   table     memory of the host for large tables
 *   input     bytes of a file, gzip and zstd undone           trace     references out of bytes, ten formats
 *   ids       page numbers -> 0, 1, 2 ...                     future    when each page is used next (for opt)
 *   memory    frames, a policy, and what it cost              curve     LRU at all sizes at once; working sets
 *
 * Memory used is that of the distinct pages, not of the references.   TESTED BY replay_test.c
 */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCK = 16384 }; /* references handed on at a time */
#define NEVER UINT64_MAX

/* ---- bytes ---- */
struct input;
/* @path, or "-" for standard input. NULL: errno. */
struct input *input_open(const char *path);
/* Up to @n bytes; 0 at the end; -1: input_error() says why. */
long input_read(struct input *in, void *buf, size_t n);
const char *input_error(const struct input *in);
/* How far the file has been read, of its size (0: not known); for the progress bar. */
void input_progress(const struct input *in, uint64_t *done, uint64_t *size);
void input_close(struct input *in);

/* ---- references ---- */
struct ref {
	uint64_t page;
	uint64_t next; /* number of the next reference to it, NEVER, or 0: not known */
	bool write;
};

struct columns { /* of csv, from 1; 0: there is none */
	unsigned page, addr, size, op;
	char delim;
	bool header;
};

struct trace;
/* @format NULL: found out from the first bytes. NULL: *error is a message for people (static). */
struct trace *trace_open(const char *path, const char *format, const struct columns *c,
			 unsigned page_shift, const char **error);
/* Up to @max references; 0 at the end, if there were any before; -1: trace_error() says which line, and what is wrong with it. */
int trace_next(struct trace *t, struct ref *out, int max);
const char *trace_error(const struct trace *t);
const char *trace_format(const struct trace *t);
bool trace_knows_future(const struct trace *t);
uint64_t
trace_lost(const struct trace *t); /* events that it says itself were lost when it was recorded */
void trace_progress(const struct trace *t, uint64_t *done, uint64_t *size);
void trace_close(struct trace *t);
const char *trace_formats(void); /* their names, for people */

/* ---- tables ---- */
/* @bytes, zeroed; NULL: no memory. What grows keeps what it has, the rest is zeroed; NULL: the old one is as it was. */
void *table_new(size_t bytes);
void *table_grow(void *old, size_t old_bytes, size_t bytes);
void table_free(void *p, size_t bytes); /* NULL: nothing */

/* ---- page numbers ---- */
struct ids;
struct ids *ids_new(void);
/* The number of @page, a new one when it was not seen before; UINT32_MAX: no memory, or 2^31 pages. */
uint32_t ids_of(struct ids *ids, uint64_t page);
/* @page will soon be asked for: a hint. */
void ids_expect(const struct ids *ids, uint64_t page);
uint32_t ids_count(const struct ids *ids);
void ids_free(struct ids *ids);

/* What is played: references by number of their page. */
struct block {
	uint32_t nr;
	uint32_t id[BLOCK];
	bool write[BLOCK];
	uint64_t next[BLOCK];
};

/* ---- memories ---- */
struct counts {
	uint64_t faults, cold, refaults, writebacks; /* faults = cold + refaults */
};

struct policy;
struct memory;
/* NULL: no memory. */
struct memory *memory_new(const struct policy *policy, unsigned long frames);
/* Play @b. false: no memory. */
bool memory_play(struct memory *m, const struct block *b);
const struct counts *memory_counts(const struct memory *m);
const struct policy *memory_policy(const struct memory *m);
unsigned long memory_frames(const struct memory *m);
void memory_free(struct memory *m);

/* ---- curves ---- */
struct curve;
struct curve *curve_new(void);
bool curve_play(struct curve *c, const struct block *b);
/* Faults of LRU with @frames. */
uint64_t curve_faults(const struct curve *c, uint64_t frames);
/* Mean number of pages used in a window of @refs references, by Denning and Schwartz. */
double curve_working_set(const struct curve *c, uint64_t refs);
/* Pages used in each of up to @max windows, all of *refs references: how the working set goes. Return: how many. */
unsigned curve_windows(const struct curve *c, uint32_t *pages, unsigned max, uint64_t *refs);
uint64_t curve_references(const struct curve *c);
void curve_free(struct curve *c);

/* ---- the future ---- */
struct future;
/* A file without a name in $TMPDIR keeps the references, 12 bytes each. NULL: errno. */
struct future *future_new(void);
bool future_keep(struct future *f, const struct block *b);
/* After the last one was kept: find when each is used next, and go to the first. false: errno. */
bool future_turn(struct future *f, uint32_t pages);
/* The next block. false: that was all. */
bool future_next(struct future *f, struct block *b);
uint64_t future_references(const struct future *f);
void future_free(struct future *f);

#endif
