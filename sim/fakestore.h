/* A store for tests: an object whose pages are on a disk that delays, reorders and fails. */
#ifndef SIM_FAKESTORE_H
#define SIM_FAKESTORE_H

#include "mm/writeback.h"
#include "sim/fakequeue.h"
#include "sync/mutex.h"

enum { FAKE_PAGES = 256, FAKE_NEVER = -1 };

struct fake_store {
	struct address_space m;
	struct backing_dev_info bdi;
	struct mutex lock; /* plays the inode's */
	uint8_t *disk;	   /* FAKE_PAGES pages */
	struct fake_queue queue;
	long fail_read, fail_write; /* page whose requests fail, FAKE_NEVER: none */
	long refuse_read;	    /* page whose fill answers -EIO itself, FAKE_NEVER: none */
	int write_error;	    /* with what */
	int refuse;		    /* so many stores answer -ENOMEM */
	long room;		    /* reserve answers -ENOSPC after so many; FAKE_NEVER: never */
	unsigned reads, writes, kicks;
	unsigned read_of[FAKE_PAGES]; /* how often */
};

/* @pages: size of the object; the disk has random bytes. */
void fake_store_begin(struct fake_store *s, unsigned pages);
void fake_store_end(struct fake_store *s); /* its pages are gone, the disk too */

#endif
