/* Messages of System V and of POSIX queues: bytes in pieces of at most a page. */
#ifndef IPC_MESSAGE_H
#define IPC_MESSAGE_H

#include "base/compiler.h"
#include "base/types.h"
#include "lib/list.h"

struct msg_piece;

struct msg_msg {
	struct list_head link;
	long type;   /* or priority */
	size_t size; /* bytes of text */
	struct msg_piece *more;
	char text[];
};

int must_check message_alloc(size_t size, struct msg_msg **out); /* 0, -ENOMEM */
void message_free(struct msg_msg *m);
int must_check message_load(uaddr_t text, size_t size, struct msg_msg **out); /* also -EFAULT */
int must_check message_store(uaddr_t text, const struct msg_msg *m,
			     size_t size); /* the first @size bytes. 0, -EFAULT */
int must_check message_copy(struct msg_msg *to,
			    const struct msg_msg *from); /* 0; -EINVAL: @to is shorter */

#endif
