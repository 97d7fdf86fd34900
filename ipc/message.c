/*
 * Messages: bytes in a chain of pieces, none larger than a page, so that long ones need no contiguous memory.
 *
 * OWNS     struct msg_msg, struct msg_piece.
 * I1       the pieces' lengths follow from size: the first holds FIRST_MAX bytes, the others PIECE_MAX, the last the rest.
 * CONTEXT  tasks; may sleep.   FAILS  -ENOMEM, -EFAULT; then nothing is left.
 * SOURCES  msgop(2).   TESTED BY  tests/guest/ipc_msg.c
 */
#include "message.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

struct msg_piece {
	struct msg_piece *next;
	char text[];
};

enum {
	FIRST_MAX = PAGE_SIZE - sizeof(struct msg_msg),
	PIECE_MAX = PAGE_SIZE - sizeof(struct msg_piece)
};

/* One piece of the text: where it is and how long. */
struct part {
	char *text;
	size_t len;
};

/* The next part of a message of which @done bytes are behind us. @p: where we are; NULL: the first part. */
static struct part next_part(const struct msg_msg *m, struct msg_piece **p, size_t done)
{
	struct part part;

	if (!done) {
		part = (struct part){ (char *)(uintptr_t)m->text,
				      min_of(size_t, m->size, FIRST_MAX) };
		*p = m->more;
		return part;
	}
	part = (struct part){ (*p)->text, min_of(size_t, m->size - done, PIECE_MAX) };
	*p = (*p)->next;
	return part;
}

int message_alloc(size_t size, struct msg_msg **out)
{
	size_t first = min_of(size_t, size, FIRST_MAX), done, n;
	struct msg_msg *m = failpoint("message") ? NULL : kmalloc(sizeof(*m) + first, GFP_KERNEL);
	struct msg_piece **tail, *p;

	if (!m)
		return -ENOMEM;
	m->size = size;
	m->more = NULL;
	tail = &m->more;
	for (done = first; done < size; done += n) {
		n = min_of(size_t, size - done, PIECE_MAX);
		p = failpoint("message_piece") ? NULL : kmalloc(sizeof(*p) + n, GFP_KERNEL);
		if (!p) {
			message_free(m);
			return -ENOMEM;
		}
		p->next = NULL;
		*tail = p;
		tail = &p->next;
	}
	*out = m;
	return 0;
}

void message_free(struct msg_msg *m)
{
	while (m->more) {
		struct msg_piece *p = m->more;

		m->more = p->next;
		kfree(p);
	}
	kfree(m);
}

int message_load(uaddr_t text, size_t size, struct msg_msg **out)
{
	struct msg_piece *p = NULL;
	struct msg_msg *m;
	struct part part;
	size_t done;
	int err = message_alloc(size, &m);

	if (err)
		return err;
	for (done = 0; done < size; done += part.len) {
		part = next_part(m, &p, done);
		if (copy_from_user(part.text, text + done, part.len)) {
			message_free(m);
			return -EFAULT;
		}
	}
	*out = m;
	return 0;
}

int message_store(uaddr_t text, const struct msg_msg *m, size_t size)
{
	struct msg_piece *p = NULL;
	struct part part;
	size_t done;

	for (done = 0; done < size; done += part.len) {
		part = next_part(m, &p, done);
		part.len = min_of(size_t, part.len, size - done);
		if (copy_to_user(text + done, part.text, part.len))
			return -EFAULT;
	}
	return 0;
}

int message_copy(struct msg_msg *to, const struct msg_msg *from)
{
	struct msg_piece *p = NULL, *q = NULL;
	struct part part;
	size_t done;

	if (from->size > to->size)
		return -EINVAL;
	/* The parts of both are as long as their sizes say: cut at the same places. */
	for (done = 0; done < from->size; done += part.len) {
		part = next_part(from, &p, done);
		memcpy(next_part(to, &q, done).text, part.text, part.len);
	}
	to->type = from->type;
	to->size = from->size;
	return 0;
}
