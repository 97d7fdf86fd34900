/*
 * A channel to a server of files, as a device's driver gives it to the file system "9p" (fs/p9_*.c). It is named by a tag, which
 * mount(2) calls the source.
 */
#ifndef FS_P9_H
#define FS_P9_H

#include "base/types.h"
#include "lib/list.h"
#include "sync/spinlock.h"

enum { P9_TAG_MAX = 32, P9_SLOTS = 8, P9_PIECES = 4 };

/* Memory that the server reads, or (@write) writes. */
struct p9_piece {
	phys_t addr;
	uint32_t len;
	bool write;
};

struct p9_client;
struct p9_channel {
	char tag[P9_TAG_MAX + 1];
	/* Message @slot goes to the server: @nr pieces. The lock is held; there is always room for P9_SLOTS messages. */
	void (*send)(struct p9_channel *c, unsigned slot, const struct p9_piece *pieces,
		     unsigned nr);
	struct spinlock lock; /* irqsave; rank OBJECT: send, and the driver's own */
	struct list_head link;
	struct p9_client *client; /* fs/p9_client.c; NULL: not mounted */
};

void p9_channel_add(struct p9_channel *c); /* it lives for ever */
/* The server has answered @slot with @len bytes. Interrupt; without the lock. */
void p9_answered(struct p9_channel *c, unsigned slot, uint32_t len);

#endif
