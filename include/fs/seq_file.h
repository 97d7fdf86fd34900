/*
 * Generated files of /proc and /sys: a show function prints the whole text into a growing buffer at the first read of
 * an open; reads then copy from it. Numbers are taken once, so a file read in pieces is consistent; only long lists of mappings
 * are printed as they are read.
 */
#ifndef FS_SEQ_FILE_H
#define FS_SEQ_FILE_H

#include "base/compiler.h"
#include "base/types.h"

struct seq_file {
	char *buf; /* kmalloc'ed or vmalloc'ed, by size */
	size_t len, size;
	int err; /* -ENOMEM once growing failed */
	/* A long text may come in pieces: show stops once len reaches @want (1 or more) or the next part is not within a page, says
	 * @more, and notes where it is to go on. Others leave them alone: @from is 0 at the first piece. */
	size_t want;
	uint64_t from;
	bool more;
	void *private; /* of the entry, or struct task * in /proc/PID */
};

void seq_printf(struct seq_file *m, const char *fmt, ...) printf_(2, 3);
void seq_puts(struct seq_file *m, const char *s);
void seq_putc(struct seq_file *m, char c);
void seq_write(struct seq_file *m, const void *data, size_t len);
/* @v with blanks before it, up to @width characters: "%*lu", for long texts of many numbers. */
void seq_put_decimal(struct seq_file *m, unsigned long v, unsigned width);
/* @v with zeroes before it, up to @digits (16 at most): "%0*llx". */
void seq_put_hex(struct seq_file *m, uint64_t v, unsigned digits);
/* Path text with \n, space, tab, backslash as octal escapes. */
void seq_escape(struct seq_file *m, const char *s);
/* Blanks until the line that began at offset @line_start is @column characters long. */
void seq_pad(struct seq_file *m, size_t line_start, size_t column);
/* A line of meminfo and smaps: "Label:             123 kB". */
void seq_put_kb(struct seq_file *m, const char *label, unsigned long kb);
void seq_free(struct seq_file *m);

#endif
