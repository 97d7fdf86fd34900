/* Lists as sequences, and text of other forms; included by linux/seq_file.h. */
#ifndef _LINUX_SEQ_LISTS_H
#define _LINUX_SEQ_LISTS_H

#include <linux/seq_file.h>

/* What comes next is filled up to @width by seq_pad. */
static inline void seq_setwidth(struct seq_file *m, size_t width)
{
	m->pad_until = m->count + width;
}

static inline void seq_pad(struct seq_file *m, char c)
{
	while (m->count < m->pad_until && !m->err)
		seq_putc(m, ' ');
	if (c)
		seq_putc(m, c);
}

/* @s with those of @esc and backslashes as octal numbers. */
static inline void seq_escape(struct seq_file *m, const char *s, const char *esc)
{
	for (; *s; s++)
		if (strchr(esc, *s) || *s == '\\')
			seq_printf(m, "\\%03o", (unsigned char)*s);
		else
			seq_putc(m, *s);
}

static inline void seq_put_decimal_ull(struct seq_file *m, const char *before, unsigned long long n)
{
	seq_printf(m, "%s%llu", before ? before : "", n);
}

static inline void seq_put_decimal_ll(struct seq_file *m, const char *before, long long n)
{
	seq_printf(m, "%s%lld", before ? before : "", n);
}

static inline void seq_hex_dump(struct seq_file *m, const char *before, int offsets, int row,
				int group, const void *buf, size_t len, bool ascii)
{
	for (size_t at = 0; at < len; at += (size_t)row) {
		size_t n = len - at < (size_t)row ? len - at : (size_t)row;
		char line[200];

		hex_dump_to_buffer((const char *)buf + at, n, row, group, line, sizeof(line),
				   ascii);
		if (offsets == DUMP_PREFIX_OFFSET)
			seq_printf(m, "%s%.8zx: %s\n", before, at, line);
		else if (offsets == DUMP_PREFIX_ADDRESS)
			seq_printf(m, "%s%p: %s\n", before, (const char *)buf + at, line);
		else
			seq_printf(m, "%s%s\n", before, line);
	}
}

static inline int seq_path(struct seq_file *m, const struct path *path, const char *esc)
{
	seq_escape(m, path->dentry->full, esc);
	return 0;
}
#define seq_file_path(m, file, esc) seq_path(m, &(file)->f_path, esc)
#define seq_has_overflowed(m)	    false
#define seq_user_ns(m)		    (&init_user_ns)

static inline void *seq_list_at(struct list_head *head, loff_t pos)
{
	struct list_head *at;

	list_for_each (at, head)
		if (!pos--)
			return at;
	return NULL;
}
#define seq_list_start(head, pos)	   seq_list_at(head, pos)
#define seq_list_start_head(head, pos)	   ((pos) ? seq_list_at(head, (pos)-1) : (void *)(head))
#define seq_list_start_rcu(head, pos)	   seq_list_at(head, pos)
#define seq_list_start_head_rcu(head, pos) seq_list_start_head(head, pos)

static inline void *seq_list_next(void *v, struct list_head *head, loff_t *pos)
{
	struct list_head *at = ((struct list_head *)v)->next;

	++*pos;
	return at == head ? NULL : at;
}
#define seq_list_next_rcu(v, head, pos) seq_list_next(v, head, pos)

static inline struct hlist_node *seq_hlist_start(struct hlist_head *head, loff_t pos)
{
	struct hlist_node *at;

	hlist_for_each(at, head) if (!pos--) return at;
	return NULL;
}

static inline struct hlist_node *seq_hlist_next(void *v, struct hlist_head *head, loff_t *pos)
{
	++*pos;
	return v == SEQ_START_TOKEN ? head->first : ((struct hlist_node *)v)->next;
}
#define seq_hlist_start_head(head, pos)                                                            \
	((pos) ? (void *)seq_hlist_start(head, (pos)-1) : SEQ_START_TOKEN)

#endif
