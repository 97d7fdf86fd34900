/* Tables of partitions: MBR with logical partitions, GPT. Pure: it reads through a call, and believes nothing. */
#ifndef BLOCK_PARTITION_H
#define BLOCK_PARTITION_H

#include "base/compiler.h"
#include "base/types.h"

enum { PARTITIONS_MAX = 15 };

struct partition_range {
	uint64_t start, nr; /* sectors of 512 bytes; nr 0: there is none of this number */
};

struct partition_source {
	/* Sector @sector, SECTOR_SIZE bytes into @buf. 0 or -errno. */
	int (*read)(void *arg, uint64_t sector, void *buf);
	void *arg;
	uint64_t nr_sectors;
	unsigned block_size; /* what the table's numbers count: 512 to 4096 */
};

/* out[n - 1] is partition n. 0: read, maybe none; or read's error. Every range lies on the disk. */
int must_check partitions_read(const struct partition_source *src,
			       struct partition_range out[PARTITIONS_MAX]);

#endif
